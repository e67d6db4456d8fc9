#include "base/json.h"

#include "base/limits.h"

#include <stdlib.h>

void fg_json_release(json_t **json)
{
    json_decref(*json);
}

/* jansson's own limit on nesting is far above ours, so depth is counted before it parses. */
static bool is_too_deep(fg_str_t text)
{
    size_t depth = 0;
    bool is_in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.at[i];
        if (is_in_string) {
            if (byte == '\\')
                i++;
            else if (byte == '"')
                is_in_string = false;
        } else if (byte == '"') {
            is_in_string = true;
        } else if (byte == '{' || byte == '[') {
            if (++depth > FG_JSON_DEPTH_MAX)
                return true;
        } else if ((byte == '}' || byte == ']') && depth > 0) {
            depth--;
        }
    }
    return false;
}

json_t *fg_json_parse(fg_str_t text, fg_error_t *reterr)
{
    if (is_too_deep(text)) {
        fg_error_set(reterr, FG_SERIALIZATION, "", "nested deeper than %d", FG_JSON_DEPTH_MAX);
        return NULL;
    }
    json_error_t trouble;
    json_t *json = json_loadb(text.at ? text.at : "", text.len,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &trouble);
    if (!json && !trouble.text[0]) /* jansson has no word for it */
        fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    else if (!json)
        fg_error_set(reterr, FG_SERIALIZATION, "", "%s at line %d, column %d", trouble.text,
                     trouble.line, trouble.column);
    return json;
}

static fg_str_t render(const json_t *json, size_t layout, fg_arena_t *arena)
{
    size_t flags = layout | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15);
    size_t bytes = json_dumpb(json, NULL, 0, flags);
    char *text = bytes > 0 ? fg_arena_alloc(arena, bytes + 1) : NULL;
    if (!text)
        return FG_STR_NONE;
    return json_dumpb(json, text, bytes, flags) == bytes ? fg_str_of(text, bytes) : FG_STR_NONE;
}

fg_str_t fg_json_render(const json_t *json, fg_arena_t *arena)
{
    return render(json, JSON_COMPACT, arena);
}

fg_str_t fg_json_render_indented(const json_t *json, fg_arena_t *arena)
{
    return render(json, JSON_INDENT(2), arena);
}

fg_str_t fg_json_str(const json_t *json)
{
    return json_is_string(json) ? fg_str_of(json_string_value(json), json_string_length(json))
                                : FG_STR_NONE;
}

json_t *fg_json_new_str(fg_str_t text)
{
    return text.at ? json_stringn(text.at, text.len) : json_null();
}
