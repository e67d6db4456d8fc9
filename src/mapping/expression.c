#include "mapping/expression.h"

static bool is_static(fg_str_t expression)
{
    return expression.len >= 2 && expression.at[0] == '\'' &&
           expression.at[expression.len - 1] == '\'';
}

bool fg_mapping_is_reference(fg_str_t name)
{
    static const char *const kinds[] = {"context.",
                                        "stageVariables.",
                                        "method.request.header.",
                                        "method.request.path.",
                                        "method.request.querystring.",
                                        "method.request.multivalueheader.",
                                        "method.request.multivaluequerystring."};
    for (size_t i = 0; i < FG_COUNT_OF(kinds); i++) {
        fg_str_t kind = fg_str(kinds[i]);
        if (name.len > kind.len && fg_str_starts_with(name, kind))
            return true;
    }
    return false;
}

fg_str_t fg_mapping_evaluate(fg_str_t expression, const fg_mapping_source_t *source)
{
    if (is_static(expression))
        return fg_str_of(expression.at + 1, expression.len - 2);
    if (fg_mapping_is_reference(expression))
        return source->lookup(source->ctx, expression);
    return FG_STR_NONE;
}

bool fg_mapping_is_encoded(fg_str_t expression)
{
    return is_static(expression) ||
           fg_str_starts_with(expression, FG_STR("method.request.path.")) ||
           fg_str_starts_with(expression, FG_STR("method.request.querystring.")) ||
           fg_str_starts_with(expression, FG_STR("method.request.multivaluequerystring."));
}
