/* Any bytes as the body of a PATCH, held against a table with every kind of row: applied or refused
 * with a text. */
#include "control/patch_table.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static fg_status_t count_one(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    (void)call;
    if (patch->part_count > FG_PATCH_PARTS_MAX)
        abort();
    for (size_t i = 0; i < patch->part_count; i++) {
        if (!patch->part[i].at)
            abort();
    }
    ++*(size_t *)noun;
    return FG_OK;
}

#define ANY (FG_PATCH_MAY(ADD) | FG_PATCH_MAY(REPLACE))
static const fg_patch_row_t rows[] = {
    {"/name", ANY, count_one, false},
    {"/map/{}", ANY | FG_PATCH_MAY(REMOVE), count_one, false},
    {"/stages/{}/throttle/{*}", ANY, count_one, true},
};

static void apply(fg_str_t body, fg_patch_refuse_t *refuse)
{
    const fg_operation_t operation = {.name = "UpdateThing"};
    const fg_patch_table_t table = {rows, FG_COUNT_OF(rows), refuse};
    fg_error_t error = {0};
    fg_arena_t *arena = fg_arena_new();
    FG_JSON_SCOPED *input = fg_json_parse(body, &error);
    size_t applied = 0;
    if (json_is_object(input)) {
        error = (fg_error_t){0};
        fg_call_t call = {.arena = arena, .operation = &operation, .input = input, .error = &error};
        if (fg_patch_apply(&call, &table, &applied) != FG_OK && !error.message[0])
            abort();
    }
    fg_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    fg_str_t body = fg_str_of((const char *)bytes, count);
    apply(body, fg_patch_refuse_a);
    apply(body, fg_patch_refuse_b);
    return 0;
}
