/* Any bytes as a request line "VERB target": matched or refused with a text; every decoded part is
 * well-formed UTF-8. */
#include "control/dispatch.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static void check(const fg_match_t *match)
{
    for (size_t i = 0; i < FG_PATH_PARTS_MAX; i++) {
        if (match->path_part[i].at && !fg_str_is_utf8(match->path_part[i]))
            abort();
    }
    for (size_t i = 0; i < match->query_count; i++) {
        if (!fg_str_is_utf8(match->query[i].name) || !fg_str_is_utf8(match->query[i].value))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    fg_error_t error = {0};
    fg_match_t match = {0};
    fg_arena_t *arena = fg_arena_new();
    fg_str_t target = fg_str_of((const char *)bytes, count);
    fg_str_t verb = fg_str_cut(&target, ' ');
    fg_status_t status = fg_dispatch(verb, target, arena, &match, &error);
    if (status == FG_OK)
        check(&match);
    else if (!error.message[0])
        abort();
    fg_arena_free(arena);
    return 0;
}
