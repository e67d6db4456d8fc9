#include "control/operation.h"

#include <ctype.h>
#include <stdio.h>

/* Order of fg_patch_op_t. */
static const char *const op_texts[] = {"add", "remove", "replace", "move", "copy", "test"};
_Static_assert(FG_COUNT_OF(op_texts) == FG_PATCH_TEST + 1, "an operation lacks its text");

const char *fg_patch_op_text(fg_patch_op_t op)
{
    FG_ASSERT((size_t)op < FG_COUNT_OF(op_texts));
    return op_texts[op];
}

bool fg_patch_bool(fg_str_t value)
{
    return fg_str_eq_nocase(value, FG_STR("true"));
}

static bool op_parse(fg_str_t text, fg_patch_op_t *ret_op)
{
    for (size_t i = 0; i < FG_COUNT_OF(op_texts); i++) {
        if (fg_str_is(text, op_texts[i])) {
            *ret_op = (fg_patch_op_t)i;
            return true;
        }
    }
    return false;
}

/* JSON pointer: ~1 is a slash, ~0 a tilde. */
static fg_str_t unescape(fg_arena_t *arena, fg_str_t part)
{
    if (fg_str_find(part, '~') == part.len)
        return part;
    char *out = fg_arena_alloc(arena, part.len + 1);
    if (!out)
        return FG_STR_NONE;
    size_t length = 0;
    for (size_t i = 0; i < part.len; i++) {
        bool is_escape = part.at[i] == '~' && i + 1 < part.len &&
                         (part.at[i + 1] == '0' || part.at[i + 1] == '1');
        out[length++] = !is_escape ? part.at[i] : part.at[i + 1] == '1' ? '/' : '~';
        i += is_escape;
    }
    return fg_str_of(out, length);
}

/* Cut at slashes; past the last place the rest stays in one part. */
static bool cut_path(fg_arena_t *arena, fg_patch_t *patch)
{
    fg_str_t rest = patch->path;
    if (rest.at && rest.len && rest.at[0] == '/')
        rest = fg_str_of(rest.at + 1, rest.len - 1);
    while (rest.at) {
        bool is_last = patch->part_count == FG_PATCH_PARTS_MAX - 1;
        fg_str_t part = is_last ? rest : fg_str_cut(&rest, '/');
        if (is_last)
            rest = FG_STR_NONE;
        patch->part[patch->part_count] = unescape(arena, part);
        if (!patch->part[patch->part_count++].at)
            return false;
    }
    return true;
}

static fg_status_t patch_parse(fg_call_t *call, const json_t *item, fg_patch_t *ret_patch)
{
    if (!json_is_object(item))
        return fg_error_set(call->error, FG_SERIALIZATION, "patchOperations",
                            "Expected a structure in patchOperations");
    fg_str_t op;
    fg_status_t status = fg_input_str(call, item, "op", &op);
    if (status == FG_OK)
        status = fg_input_str(call, item, "path", &ret_patch->path);
    if (status == FG_OK)
        status = fg_input_str(call, item, "value", &ret_patch->value);
    if (status == FG_OK)
        status = fg_input_str(call, item, "from", &ret_patch->from);
    if (status != FG_OK)
        return status;
    if (!op.at)
        return fg_error_set(call->error, FG_BAD_REQUEST, "patchOperations",
                            "Invalid patch operation null");
    if (!op_parse(op, &ret_patch->op))
        return FG_VALIDATION; /* worded by op_clauses, for all of them at once */
    if (!cut_path(call->arena, ret_patch))
        return fg_error_set(call->error, FG_NO_MEMORY, "", "%s", fg_status_text(FG_NO_MEMORY));
    return FG_OK;
}

/* Every bad op of the list in one ValidationException. Rule C4. */
static fg_status_t refuse_ops(fg_call_t *call, const json_t *list)
{
    char clauses[FG_ERROR_MESSAGE_BYTES_MAX] = "";
    size_t length = 0, count = 0, index;
    const json_t *item;
    const char *name = call->operation->name;
    json_array_foreach(list, index, item)
    {
        fg_str_t op = fg_json_str(json_object_get(item, "op"));
        fg_patch_op_t ignored;
        if (!op.at || op_parse(op, &ignored))
            continue;
        int written = snprintf(
            clauses + length, sizeof(clauses) - length,
            "%sValue '%.*s' at '%c%sInput.patchOperations.%zu.member.op' failed to satisfy "
            "constraint: Member must satisfy enum value set: [add, remove, move, test, "
            "replace, copy]",
            count ? "; " : "", FG_STR_ARG(op), tolower((unsigned char)name[0]), name + 1,
            index + 1);
        count++;
        length += written > 0 ? (size_t)written : 0;
        if (length >= sizeof(clauses))
            length = sizeof(clauses) - 1;
    }
    return fg_error_set(call->error, FG_VALIDATION, "patchOperations",
                        "%zu validation error%s detected: %s", count, count == 1 ? "" : "s",
                        clauses);
}

fg_status_t fg_call_patches(fg_call_t *call, fg_patch_t **ret_patches, size_t *ret_count)
{
    const json_t *list = json_object_get(call->input, "patchOperations");
    *ret_patches = NULL;
    *ret_count = 0;
    if (!list || json_is_null(list))
        return FG_OK;
    if (!json_is_array(list))
        return fg_error_set(call->error, FG_SERIALIZATION, "patchOperations",
                            "Expected list or null for patchOperations");
    size_t count = json_array_size(list);
    if (count > FG_PATCH_OPERATIONS_MAX)
        return fg_error_set(call->error, FG_BAD_REQUEST, "patchOperations",
                            "At most %d patch operations are allowed in one request",
                            FG_PATCH_OPERATIONS_MAX);
    fg_patch_t *patches = fg_arena_alloc(call->arena, (count + 1) * sizeof(*patches));
    if (!patches)
        return fg_error_set(call->error, FG_NO_MEMORY, "", "%s", fg_status_text(FG_NO_MEMORY));
    bool is_op_bad = false;
    for (size_t i = 0; i < count; i++) {
        fg_status_t status = patch_parse(call, json_array_get(list, i), &patches[i]);
        if (status == FG_VALIDATION)
            is_op_bad = true;
        else if (status != FG_OK)
            return status;
    }
    if (is_op_bad)
        return refuse_ops(call, list);
    *ret_patches = patches;
    *ret_count = count;
    return FG_OK;
}

bool fg_call_patches_nothing(const fg_call_t *call)
{
    return json_array_size(json_object_get(call->input, "patchOperations")) == 0;
}
