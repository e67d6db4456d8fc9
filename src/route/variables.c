#include "route/variables.h"

fg_str_t fg_variable_find(const fg_route_pair_t *variables, size_t count, fg_str_t name)
{
    for (size_t i = 0; i < count; i++) {
        if (fg_str_eq(variables[i].name, name))
            return variables[i].value;
    }
    return FG_STR_NONE;
}

fg_str_t fg_variables_put(fg_str_t text, const fg_route_pair_t *variables, size_t count,
                          fg_arena_t *arena)
{
    static const fg_str_t open = FG_STR("${stageVariables.");
    fg_str_t out = FG_STR("");
    while (out.at && text.len) {
        const char *at = memmem(text.at, text.len, open.at, open.len);
        size_t before = at ? (size_t)(at - text.at) : text.len;
        fg_str_t value = FG_STR("");
        size_t skip = before;
        if (at) {
            fg_str_t name = fg_str_of(at + open.len, text.len - before - open.len);
            name.len = fg_str_find(name, '}');
            value = fg_variable_find(variables, count, name);
            skip = before + open.len + name.len + 1;
            if (skip > text.len) /* never closed: left as it is */
                value = FG_STR(""), skip = before = text.len;
        }
        out = fg_arena_printf(arena, "%.*s%.*s%.*s", FG_STR_ARG(out), (int)before, text.at,
                              FG_STR_ARG(value));
        text = fg_str_of(text.at + skip, text.len - skip);
    }
    return out;
}
