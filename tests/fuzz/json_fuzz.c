/* Any bytes as JSON: parsed or refused with a text, and what was written once is written the same
 * again. */
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
    fg_str_t text = json ? fg_json_render(json, arena) : FG_STR_NONE;
    FG_JSON_SCOPED *again = text.at ? fg_json_parse(text, &error) : NULL;
    /* doubles keep 15 digits, so the largest few are rounded up past what can be read */
    if (json && !again && !memmem(text.at, text.len, "e308", 4))
        abort();
    if (again && !fg_str_eq(text, fg_json_render(again, arena)))
        abort();
    fg_arena_free(arena);
    return 0;
}
