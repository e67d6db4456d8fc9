#include "auth/canonical.h"

#include "base/uri.h"

#include <stdlib.h>

fg_str_t fg_canonical_path(fg_str_t raw_path, fg_arena_t *arena)
{
    char *out = fg_arena_alloc(arena, raw_path.len + 2);
    if (!out)
        return FG_STR_NONE;
    size_t length = 0;
    fg_str_t rest = raw_path;
    while (rest.at) {
        fg_str_t part = fg_str_cut(&rest, '/');
        if (part.len == 0 || fg_str_is(part, "."))
            continue;
        if (fg_str_is(part, "..")) {
            while (length > 0 && out[--length] != '/')
                ;
            continue;
        }
        out[length++] = '/';
        memcpy(out + length, part.at, part.len);
        length += part.len;
    }
    bool ends_in_slash = raw_path.len && raw_path.at[raw_path.len - 1] == '/';
    if (length == 0 || ends_in_slash)
        out[length++] = '/';
    FG_ASSERT(length <= raw_path.len + 2);
    return fg_uri_encode(fg_str_of(out, length), "/", arena);
}

typedef struct parameter {
    fg_str_t name, value;
} parameter_t;

static int compare(const void *left, const void *right)
{
    const parameter_t *a = left, *b = right;
    int order = fg_str_cmp(a->name, b->name);
    return order ? order : fg_str_cmp(a->value, b->value);
}

/* Decoding first makes %7e and ~ the same. */
static fg_str_t normalized(fg_str_t raw, fg_arena_t *arena)
{
    if (fg_str_is_empty(raw))
        return FG_STR("");
    fg_str_t decoded = fg_uri_decode_copy(raw, arena);
    return decoded.at ? fg_uri_encode(decoded, NULL, arena) : FG_STR_NONE;
}

static char *put(char *at, fg_str_t text)
{
    if (text.len)
        memcpy(at, text.at, text.len);
    return at + text.len;
}

fg_str_t fg_canonical_query(fg_str_t raw_query, fg_arena_t *arena)
{
    parameter_t parameters[FG_SIGV4_QUERY_MAX];
    size_t count = 0, bytes = 0;
    for (fg_str_t rest = raw_query, name, value; fg_uri_query_next(&rest, &name, &value);) {
        if (fg_str_is(name, "X-Amz-Signature"))
            continue;
        if (count == FG_SIGV4_QUERY_MAX)
            return FG_STR_NONE;
        parameter_t parameter = {normalized(name, arena), normalized(value, arena)};
        if (!parameter.name.at || !parameter.value.at)
            return FG_STR_NONE;
        bytes += parameter.name.len + parameter.value.len + 2;
        parameters[count++] = parameter;
    }
    qsort(parameters, count, sizeof(parameters[0]), compare);
    char *out = fg_arena_alloc(arena, bytes + 1), *at = out;
    if (!out)
        return FG_STR_NONE;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            *at++ = '&';
        at = put(at, parameters[i].name);
        *at++ = '=';
        at = put(at, parameters[i].value);
    }
    return fg_str_of(out, (size_t)(at - out));
}

/* Without blanks at the ends, and one for each run of them inside. */
static char *put_folded(char *at, fg_str_t value)
{
    value = fg_str_trim(value);
    bool was_blank = false;
    for (size_t i = 0; i < value.len; i++) {
        bool is_blank = value.at[i] == ' ' || value.at[i] == '\t';
        if (!is_blank)
            *at++ = value.at[i];
        else if (!was_blank)
            *at++ = ' ';
        was_blank = is_blank;
    }
    return at;
}

static char *put_header(char *at, const fg_sigv4_request_t *request, fg_str_t name)
{
    bool is_found = false;
    at = put(at, name);
    *at++ = ':';
    for (size_t i = 0; i < request->header_count; i++) {
        if (!fg_str_eq_nocase(request->headers[i].name, name))
            continue;
        if (is_found)
            *at++ = ',';
        is_found = true;
        at = put_folded(at, request->headers[i].value);
    }
    *at++ = '\n';
    return is_found ? at : NULL;
}

/* As put_header finds them, in any case: "Host" after "host" is host again. */
static bool is_repeated(fg_str_t names, fg_str_t name)
{
    size_t count = 0;
    while (names.at)
        count += fg_str_eq_nocase(fg_str_cut(&names, ';'), name);
    return count > 1;
}

fg_str_t fg_canonical_headers(const fg_sigv4_request_t *request, fg_str_t signed_names,
                              fg_arena_t *arena)
{
    size_t bytes = signed_names.len + 1;
    for (size_t i = 0; i < request->header_count; i++)
        bytes += request->headers[i].value.len + 3;
    bytes += FG_SIGV4_SIGNED_HEADERS_MAX * 2;
    char *out = fg_arena_alloc(arena, bytes), *at = out;
    if (!out)
        return FG_STR_NONE;
    size_t count = 0;
    for (fg_str_t rest = signed_names; rest.at;) {
        fg_str_t name = fg_str_cut(&rest, ';');
        if (++count > FG_SIGV4_SIGNED_HEADERS_MAX || is_repeated(signed_names, name))
            return FG_STR_NONE; /* each header is written once, so `bytes` suffices */
        at = put_header(at, request, name);
        if (!at)
            return FG_STR_NONE;
    }
    FG_ASSERT((size_t)(at - out) <= bytes);
    return fg_str_of(out, (size_t)(at - out));
}
