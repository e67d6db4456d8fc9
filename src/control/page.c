/*
 * A position is "fg1-" and 16 hexadecimal digits: the ordinal of the last row shown. Callers treat
 * it as opaque, so its form may change with the number in front.
 */
#include "control/operation.h"

#include <inttypes.h>
#include <stdio.h>

enum { POSITION_DIGITS = 16 };
#define POSITION_PREFIX FG_STR("fg1-")

static bool position_decode(fg_str_t text, int64_t *ret_ordinal)
{
    if (!fg_str_starts_with(text, POSITION_PREFIX) ||
        text.len != POSITION_PREFIX.len + POSITION_DIGITS)
        return false;
    uint64_t ordinal = 0;
    for (size_t i = POSITION_PREFIX.len; i < text.len; i++) {
        char c = text.at[i];
        bool is_digit = c >= '0' && c <= '9';
        if (!is_digit && !(c >= 'a' && c <= 'f'))
            return false;
        ordinal = ordinal << 4 | (uint64_t)(is_digit ? c - '0' : c - 'a' + 10);
    }
    if (ordinal == 0 || ordinal > INT64_MAX)
        return false;
    *ret_ordinal = (int64_t)ordinal;
    return true;
}

fg_status_t fg_call_page(fg_call_t *call, size_t *ret_limit, int64_t *ret_after)
{
    int64_t limit = FG_PAGE_DEFAULT; /* Rule C5: not a number or out of range is as absent */
    if (!fg_str_to_i64(fg_call_query(call, "limit"), &limit) || limit <= 0 || limit > FG_PAGE_MAX)
        limit = FG_PAGE_DEFAULT;
    int64_t after = 0;
    fg_str_t position = fg_call_query(call, "position");
    if (!fg_str_is_empty(position) && !position_decode(position, &after))
        return fg_error_set(call->error, FG_BAD_REQUEST, "position", "Invalid position specified");
    *ret_limit = (size_t)limit;
    *ret_after = after;
    return FG_OK;
}

json_t *fg_position_new(fg_call_t *call, int64_t ordinal)
{
    (void)call;
    FG_ASSERT(ordinal > 0);
    char text[32];
    snprintf(text, sizeof(text), "fg1-%016" PRIx64, (uint64_t)ordinal);
    return json_string(text);
}
