/* Any bytes as JSON: parsed or refused with a text, and what was parsed survives being written and parsed again. */
#include "base/json.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    fg_error_t error = {0};
    fg_arena_t *arena = fg_arena_new();
    FG_JSON_SCOPED *json = fg_json_parse(fg_str_of((const char *)bytes, count), &error);
    if (!json && !error.message[0])
        abort();
    if (json) {
        fg_str_t text = fg_json_render(json, arena);
        FG_JSON_SCOPED *again = text.at ? fg_json_parse(text, &error) : NULL;
        if (!again || !json_equal(json, again))
            abort();
    }
    fg_arena_free(arena);
    return 0;
}
