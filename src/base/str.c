#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum { NUMBER_BYTES_MAX = 400 };

static unsigned char lower(char byte)
{
    return (unsigned char)(byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte);
}

bool fg_str_eq_nocase(fg_str_t a, fg_str_t b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.at[i]) != lower(b.at[i]))
            return false;
    return true;
}

int fg_str_cmp(fg_str_t a, fg_str_t b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = shared ? memcmp(a.at, b.at, shared) : 0;
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

size_t fg_str_find(fg_str_t s, char byte)
{
    const char *found = s.len ? memchr(s.at, byte, s.len) : NULL;
    return found ? (size_t)(found - s.at) : s.len;
}

fg_str_t fg_str_cut(fg_str_t *s, char byte)
{
    size_t at = fg_str_find(*s, byte);
    fg_str_t head = {s->at, at};
    *s = at < s->len ? (fg_str_t){s->at + at + 1, s->len - at - 1} : FG_STR_NONE;
    return head;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

fg_str_t fg_str_trim(fg_str_t s)
{
    while (s.len > 0 && is_blank(s.at[0])) {
        s.at++;
        s.len--;
    }
    while (s.len > 0 && is_blank(s.at[s.len - 1]))
        s.len--;
    return s;
}

bool fg_str_to_i64(fg_str_t s, int64_t *ret_value)
{
    bool is_negative = s.len > 0 && s.at[0] == '-';
    int64_t value = 0;
    size_t digits = s.len - is_negative;
    if (s.len == 0 || digits == 0)
        return false;
    for (size_t i = is_negative; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9')
            return false;
        int digit = s.at[i] - '0';
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, is_negative ? -digit : digit, &value))
            return false;
    }
    *ret_value = value;
    return true;
}

bool fg_str_to_double(fg_str_t s, double *ret_value)
{
    char text[NUMBER_BYTES_MAX + 1];
    if (s.len == 0 || s.len > NUMBER_BYTES_MAX)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!isdigit((unsigned char)s.at[i]) && !strchr("+-.eE", s.at[i]))
            return false;
    memcpy(text, s.at, s.len);
    text[s.len] = '\0';
    char *end;
    double value = strtod(text, &end);
    if (end != text + s.len || !isfinite(value))
        return false;
    *ret_value = value;
    return true;
}

/* Bytes of the well-formed sequence at `at`, 0 when there is none (RFC 3629). */
static size_t sequence_bytes(const unsigned char *at, size_t left)
{
    size_t bytes = at[0] < 0x80 ? 1 : at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : at[0] >= 0xc2 ? 2 : 0;
    if (bytes == 0 || bytes > left || at[0] > 0xf4 || at[0] == 0)
        return 0;
    for (size_t i = 1; i < bytes; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    bool is_overlong = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xf0 && at[1] < 0x90);
    bool is_surrogate = at[0] == 0xed && at[1] > 0x9f;
    bool is_beyond = at[0] == 0xf4 && at[1] > 0x8f;
    return is_overlong || is_surrogate || is_beyond ? 0 : bytes;
}

bool fg_str_is_utf8(fg_str_t s)
{
    for (size_t i = 0; i < s.len;) {
        size_t bytes = sequence_bytes((const unsigned char *)s.at + i, s.len - i);
        if (bytes == 0)
            return false;
        i += bytes;
    }
    return true;
}

size_t fg_text_length(fg_str_t text)
{
    size_t length = 0;
    for (size_t i = 0; i < text.len; i++)
        length += ((unsigned char)text.at[i] & 0xC0) != 0x80;
    return length;
}
