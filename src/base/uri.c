#include "base/uri.h"

#include "base/checked.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

bool fg_uri_decode(fg_str_t text, char *ret, size_t room, size_t *ret_len)
{
    size_t len = 0;
    for (size_t at = 0; at < text.len; at++) {
        char byte = text.at[at];
        if (byte == '%') {
            if (text.len - at < 3)
                return false;
            int high = hex_digit(text.at[at + 1]);
            int low = hex_digit(text.at[at + 2]);
            if (high < 0 || low < 0)
                return false;
            byte = (char)(unsigned char)(high * 16 + low);
            at += 2;
        }
        if (len == room)
            return false;
        ret[len++] = byte;
    }
    *ret_len = len;
    return true;
}

fg_str_t fg_uri_decode_copy(fg_str_t text, fg_arena_t *arena)
{
    char *bytes = fg_arena_alloc(arena, text.len + 1);
    size_t len;
    if (bytes == NULL || !fg_uri_decode(text, bytes, text.len, &len))
        return FG_STR_NONE;
    return fg_str_of(bytes, len);
}

static bool is_unreserved(char c, const char *extra)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
        return true;
    if (c == '-' || c == '.' || c == '_' || c == '~')
        return true;
    return c != '\0' && extra != NULL && strchr(extra, c) != NULL;
}

fg_str_t fg_uri_encode(fg_str_t text, const char *unreserved_extra, fg_arena_t *arena)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t room;
    if (!fg_mul_size(text.len, 3, &room) || !fg_add_size(room, 1, &room))
        return FG_STR_NONE;
    char *bytes = fg_arena_alloc(arena, room);
    if (bytes == NULL)
        return FG_STR_NONE;
    size_t len = 0;
    for (size_t at = 0; at < text.len; at++) {
        unsigned char byte = (unsigned char)text.at[at];
        if (is_unreserved(text.at[at], unreserved_extra)) {
            bytes[len++] = text.at[at];
            continue;
        }
        bytes[len++] = '%';
        bytes[len++] = digits[byte >> 4];
        bytes[len++] = digits[byte & 15];
    }
    return fg_str_of(bytes, len);
}

bool fg_uri_query_next(fg_str_t *rest, fg_str_t *ret_name, fg_str_t *ret_value)
{
    while (rest->len > 0) {
        fg_str_t piece = fg_str_cut(rest, '&');
        if (piece.len == 0)
            continue;
        *ret_name = fg_str_cut(&piece, '=');
        *ret_value = piece;
        return true;
    }
    return false;
}

fg_str_t fg_uri_query_last(fg_str_t query, fg_str_t name)
{
    fg_str_t last = FG_STR_NONE;
    for (fg_str_t rest = query, at, value; fg_uri_query_next(&rest, &at, &value);) {
        if (fg_str_eq(at, name))
            last = value.at ? value : FG_STR("");
    }
    return last;
}
