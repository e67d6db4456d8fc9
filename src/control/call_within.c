#include "control/definition_apply.h"

#include "control/noun.h"

static const fg_operation_t *operation_of(const char *name)
{
    for (size_t i = 0; i < fg_operation_count; i++) {
        if (strcmp(fg_operations[i].name, name) == 0)
            return &fg_operations[i];
    }
    return NULL;
}

fg_status_t fg_call_within(fg_call_t *call, const char *operation, const char *const *parts,
                           json_t *input, fg_arena_t *arena, json_t **ret_output)
{
    FG_JSON_SCOPED *owned = input;
    fg_response_t headers = {0}; /* that nobody sees */
    fg_call_t inner = *call;
    if (!owned)
        return fg_call_no_memory(call);
    fg_arena_reset(arena);
    inner.operation = operation_of(operation);
    FG_ASSERT(inner.operation && inner.operation->handler);
    inner.arena = arena;
    inner.input = owned;
    inner.output = NULL;
    inner.response = &headers;
    inner.query_count = 0;
    for (size_t i = 0; i < FG_PATH_PARTS_MAX && parts[i]; i++)
        inner.path_part[i] = fg_str(parts[i]);
    fg_status_t status = inner.operation->handler(&inner);
    FG_JSON_SCOPED *output = inner.output;
    if (status == FG_OK && ret_output)
        *ret_output = json_incref(output);
    return status;
}
