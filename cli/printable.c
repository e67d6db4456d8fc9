#include "printable.h"

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

/* C0, DEL, and the first byte of C1 (U+0080 to U+009F). */
static bool is_control(const char *at)
{
    unsigned char first = (unsigned char)at[0], second = (unsigned char)at[1];

    return first < 0x20 || first == 0x7f || (first == 0xc2 && second >= 0x80 && second < 0xa0);
}

const char *fg_printable(const char *text)
{
    char *copy = fg_text("%s", text), *out = copy;

    for (const char *at = text; *at; at++) {
        *out++ = is_control(at) ? '?' : *at;
        if (is_control(at) && (unsigned char)*at == 0xc2)
            at++;
    }
    *out = '\0';
    return copy;
}

const char *fg_field(const char *text, size_t width)
{
    const char *safe = fg_printable(text), *end = safe;
    size_t count = 0;

    while (*end && (count < width || is_continuation(*end)))
        count += !is_continuation(*end++);
    return fg_text("%.*s%*s", (int)(end - safe), safe, (int)(width - count), "");
}
