/*
 * str - a view of bytes: pointer and length, no terminator promised.
 *
 * Ownership  A view borrows; what it looks at must outlive it. `FG_STR_NONE` has at == NULL and means absent,
 *            which is not the same as an empty text.
 */
#ifndef FG_BASE_STR_H
#define FG_BASE_STR_H

#include "base/types.h"

#include <string.h>

typedef struct fg_str {
    const char *at;
    size_t len;
} fg_str_t;

#define FG_STR(literal) ((fg_str_t){"" literal, sizeof(literal) - 1})
#define FG_STR_NONE     ((fg_str_t){NULL, 0})
/* For printf's "%.*s". */
#define FG_STR_ARG(view) (int)(view).len, (view).at ? (view).at : ""

static inline fg_str_t fg_str(const char *text)
{
    return text ? (fg_str_t){text, strlen(text)} : FG_STR_NONE;
}

static inline fg_str_t fg_str_of(const char *at, size_t len)
{
    return (fg_str_t){at, len};
}

static inline bool fg_str_is_empty(fg_str_t s)
{
    return s.len == 0;
}

static inline bool fg_str_eq(fg_str_t a, fg_str_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool fg_str_is(fg_str_t a, const char *text)
{
    return fg_str_eq(a, fg_str(text));
}

static inline bool fg_str_starts_with(fg_str_t s, fg_str_t prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.at, prefix.at, prefix.len) == 0);
}

/* ASCII letters compare without case. */
bool fg_str_eq_nocase(fg_str_t a, fg_str_t b);
/* A negative, zero or positive number, bytes compared as unsigned, the shorter first on a tie. */
int fg_str_cmp(fg_str_t a, fg_str_t b);
/* Position of `byte`, or s.len when it is not there. */
size_t fg_str_find(fg_str_t s, char byte);
/* Cut `s` at the first `byte`: the part before is returned, `s` becomes the part after. Without `byte` the whole is
 * returned and `s` becomes FG_STR_NONE. */
fg_str_t fg_str_cut(fg_str_t *s, char byte);
/* The view without blanks and tabs at both ends. */
fg_str_t fg_str_trim(fg_str_t s);
/* A whole decimal number and nothing else; false leaves *ret_value untouched. */
FG_MUST_USE bool fg_str_to_i64(fg_str_t s, int64_t *ret_value);
/* A finite decimal number and nothing else; false leaves *ret_value untouched. */
FG_MUST_USE bool fg_str_to_double(fg_str_t s, double *ret_value);
/* Well-formed UTF-8 without NUL, surrogates or overlong forms. */
bool fg_str_is_utf8(fg_str_t s);
/* Code points of well-formed UTF-8. */
size_t fg_text_length(fg_str_t text);

#endif
