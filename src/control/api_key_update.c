/*
 * UpdateApiKey: one PATCH is applied to a copy of the key, checked as a whole, then stored. Rules
 * K6, K11; reference 4.1.
 */
#include "control/document.h"
#include "control/extension.h"
#include "control/handlers.h"
#include "control/key_noun.h"
#include "control/patch_table.h"

/* The key as it will be, and what happens to its values. */
typedef struct change {
    fg_api_key_t key;
    fg_str_t new_value;
    fg_wall_t previous_expires; /* the replaced value stays good until then; 0: it does not */
    bool are_all_removed;       /* of the further values, and those named below */
    fg_digest_t removed[FG_KEY_VALUES_MAX];
    size_t removed_count;
} change_t;

static fg_status_t set_name(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    change_t *change = noun;
    change->key.name = patch->value;
    return fg_key_texts_check(call, &change->key);
}

static fg_status_t set_description(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    change_t *change = noun;
    change->key.description = patch->value;
    return fg_key_texts_check(call, &change->key);
}

static fg_status_t set_customer(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    (void)call;
    ((change_t *)noun)->key.customer_id = patch->value;
    return FG_OK;
}

static fg_status_t set_enabled(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    (void)call;
    ((change_t *)noun)->key.is_enabled = fg_patch_bool(patch->value);
    return FG_OK;
}

/* Rule K6: beyond AWS; an empty or absent value asks for a generated one. */
static fg_status_t set_value(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    change_t *change = noun;
    change->new_value = patch->value;
    return fg_key_value_settle(call, &change->new_value);
}

/* ---- further values. Rule K11 ---- */

static fg_status_t set_previous_expires(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    return fg_until_parse(call, "faregate.previousValueExpiresAt", patch->value,
                          &((change_t *)noun)->previous_expires);
}

static fg_status_t remove_values(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    (void)call;
    (void)patch;
    ((change_t *)noun)->are_all_removed = true;
    return FG_OK;
}

static fg_status_t remove_value(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    change_t *change = noun;
    fg_key_value_t *values;
    size_t count;
    fg_status_t status = fg_store_key_value_list(call->store, change->key.id, false, call->arena,
                                                 &values, &count, call->error);
    for (size_t i = 0; status == FG_OK && i < count; i++) {
        char id[FG_KEY_VALUE_ID_BYTES + 1];
        fg_key_value_id(values[i].digest, id);
        if (!fg_str_is(patch->part[2], id) || change->removed_count == FG_KEY_VALUES_MAX)
            continue;
        change->removed[change->removed_count++] = values[i].digest;
        return FG_OK;
    }
    return status != FG_OK
               ? status
               : fg_error_set(call->error, FG_NOT_FOUND, "faregate.values",
                              "The API Key has no further value %.*s", FG_STR_ARG(patch->part[2]));
}

static fg_status_t values_apply(fg_call_t *call, const change_t *change)
{
    fg_status_t status = FG_OK;
    for (size_t i = 0; status == FG_OK && i < change->removed_count; i++)
        status = fg_store_key_value_delete(call->store, change->key.id, &change->removed[i],
                                           call->error);
    if (status == FG_NOT_FOUND) /* the same one twice */
        status = FG_OK;
    if (status == FG_OK && change->are_all_removed)
        status = fg_store_key_values_delete(call->store, change->key.id, call->error);
    if (status != FG_OK || change->previous_expires.s == 0)
        return status;
    if (!change->new_value.at)
        return fg_error_set(call->error, FG_BAD_REQUEST, "faregate.previousValueExpiresAt",
                            "faregate.previousValueExpiresAt needs a replace of /value beside it");
    if (call->control->agent)
        status = fg_gate_has_room(fg_agent_writer(call->control->agent), 1, 0, call->error);
    return status == FG_OK ? fg_store_key_value_keep(call->store, change->key.id, call->now.wall,
                                                     change->previous_expires, call->error)
                           : status;
}

static fg_status_t set_extension(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    return fg_extension_patch(call, fg_key_extension_form, patch,
                              &((change_t *)noun)->key.extension);
}

/* "api/stage" in and out of the list of stage keys. */
static fg_status_t set_stage(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    fg_str_t *stage_keys = &((change_t *)noun)->key.stage_keys;
    if (fg_str_find(patch->value, '/') == patch->value.len)
        return fg_error_set(call->error, FG_BAD_REQUEST, "patchOperations",
                            "Invalid stage key specified");
    FG_JSON_SCOPED *list = stage_keys->at ? fg_json_parse(*stage_keys, call->error) : json_array();
    if (!list)
        return fg_call_no_memory(call);
    for (size_t i = json_array_size(list); i-- > 0;) {
        if (fg_str_eq(fg_json_str(json_array_get(list, i)), patch->value))
            json_array_remove(list, i);
    }
    if (patch->op == FG_PATCH_ADD &&
        json_array_append_new(list, fg_json_new_str(patch->value)) != 0)
        return fg_call_no_memory(call);
    *stage_keys = fg_json_render(list, call->arena);
    return stage_keys->at ? FG_OK : fg_call_no_memory(call);
}

static fg_status_t set_label(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    (void)call;
    (void)noun;
    (void)patch; /* documented by the service, shown by none of its answers */
    return FG_OK;
}

static const fg_patch_row_t patch_rows[] = {
    {"/description", FG_PATCH_MAY(REPLACE), set_description, false},
    {"/enabled", FG_PATCH_MAY(REPLACE), set_enabled, false},
    {"/name", FG_PATCH_MAY(REPLACE), set_name, false},
    {"/customerId", FG_PATCH_MAY(REPLACE), set_customer, false},
    {"/value", FG_PATCH_MAY(REPLACE), set_value, true},
    {"/stages", FG_PATCH_MAY(ADD) | FG_PATCH_MAY(REMOVE), set_stage, true},
    {"/labels", FG_PATCH_MAY(ADD) | FG_PATCH_MAY(REMOVE), set_label, true},
    {"/faregate/previousValueExpiresAt", FG_PATCH_MAY(ADD) | FG_PATCH_MAY(REPLACE),
     set_previous_expires, true},
    {"/faregate/values", FG_PATCH_MAY(REMOVE), remove_values, true},
    {"/faregate/values/{}", FG_PATCH_MAY(REMOVE), remove_value, true},
    {"/faregate", FG_PATCH_MAY_ANY, set_extension, true},
    {"/faregate/{}", FG_PATCH_MAY_ANY, set_extension, true},
    {"/faregate/{}/{}", FG_PATCH_MAY_ANY, set_extension, true},
};
static const fg_patch_table_t patch_table = {patch_rows, FG_COUNT_OF(patch_rows),
                                             fg_patch_refuse_a};

/* Rule C6: an empty list changes nothing, the date neither. */
static fg_status_t change_store(fg_call_t *call, change_t *change, fg_str_t extension_before)
{
    if (fg_call_patches_nothing(call))
        return FG_OK;
    change->key.updated_at = call->now.wall;
    fg_status_t status = fg_key_extension_check(call, extension_before, change->key.extension);
    if (status == FG_OK)
        status = values_apply(call, change);
    if (status != FG_OK)
        return status;
    status = fg_store_key_update(call->store, &change->key, change->new_value, call->error);
    return status == FG_CONFLICT ? fg_key_exists(call) : status;
}

fg_status_t fg_api_key_update(fg_call_t *call)
{
    change_t change = {.new_value = FG_STR_NONE};
    fg_status_t status = fg_store_key_get(call->store, call->path_part[0], false, call->arena,
                                          &change.key, call->error);
    if (status == FG_NOT_FOUND)
        return fg_key_absent(call);
    fg_str_t extension = status == FG_OK ? change.key.extension : FG_STR_NONE;
    if (status == FG_OK)
        status = fg_patch_apply(call, &patch_table, &change);
    if (status == FG_OK)
        status = change_store(call, &change, extension);
    if (status != FG_OK)
        return status;
    change.key.value = change.new_value; /* shown only when it was regenerated */
    return fg_key_render(call, &change.key, FG_TAGS_ALWAYS, &call->output);
}
