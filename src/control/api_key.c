/*
 * API keys. Rules K2, K3, K6, K9, K10; reference 4.1.
 */
#include "control/handlers.h"
#include "control/noun.h"
#include "control/patch_table.h"

static const fg_noun_field_t fields[] = {
    {"id", FG_NOUN_STR, offsetof(fg_api_key_t, id), FG_NOUN_OUT},
    {"value", FG_NOUN_STR, offsetof(fg_api_key_t, value), FG_NOUN_INOUT},
    {"name", FG_NOUN_STR, offsetof(fg_api_key_t, name), FG_NOUN_INOUT},
    {"customerId", FG_NOUN_STR, offsetof(fg_api_key_t, customer_id), FG_NOUN_INOUT},
    {"description", FG_NOUN_STR, offsetof(fg_api_key_t, description), FG_NOUN_INOUT},
    {"enabled", FG_NOUN_BOOL, offsetof(fg_api_key_t, is_enabled), FG_NOUN_INOUT},
    {"createdDate", FG_NOUN_TIME, offsetof(fg_api_key_t, created_at), FG_NOUN_OUT},
    {"lastUpdatedDate", FG_NOUN_TIME, offsetof(fg_api_key_t, updated_at), FG_NOUN_OUT},
    {"tags", FG_NOUN_TAGS, offsetof(fg_api_key_t, tags), FG_NOUN_IN},
};

static fg_status_t no_key(fg_call_t *call)
{
    return fg_error_set(call->error, FG_NOT_FOUND, "apiKey",
                        "Invalid API Key identifier specified");
}

static fg_status_t exists(fg_call_t *call)
{
    return fg_error_set(call->error, FG_CONFLICT, "value", "API Key already exists"); /* Rule K3 */
}

static fg_status_t key_render(fg_call_t *call, const fg_api_key_t *key, fg_tags_show_t show,
                              json_t **ret_object)
{
    FG_JSON_SCOPED *object = fg_noun_render(fields, FG_COUNT_OF(fields), key);
    json_t *stages =
        key->stage_keys.at ? fg_json_parse(key->stage_keys, call->error) : json_array();
    if (!object || json_object_set_new(object, "stageKeys", stages) != 0 ||
        !fg_tags_render(call, object, key->tags, show))
        return fg_call_no_memory(call);
    *ret_object = json_incref(object);
    return FG_OK;
}

static fg_status_t texts_check(fg_call_t *call, const fg_api_key_t *key)
{
    if (fg_text_length(key->name) > FG_KEY_NAME_BYTES_MAX)
        return fg_error_set(call->error, FG_BAD_REQUEST, "name",
                            "Invalid API Key name, can be at most %d characters.",
                            FG_KEY_NAME_BYTES_MAX);
    if (fg_text_length(key->description) > FG_DESCRIPTION_BYTES_MAX)
        return fg_error_set(call->error, FG_BAD_REQUEST, "description",
                            "Invalid API Key description specified.");
    return FG_OK;
}

/* Rule K2. A value travels in a header, so it is visible ASCII. */
static fg_status_t value_check(fg_call_t *call, fg_str_t value)
{
    if (fg_text_length(value) < FG_KEY_VALUE_BYTES_MIN)
        return fg_error_set(call->error, FG_BAD_REQUEST, "value",
                            "API Key value should be at least %d characters",
                            FG_KEY_VALUE_BYTES_MIN);
    if (fg_text_length(value) > FG_KEY_VALUE_BYTES_MAX)
        return fg_error_set(call->error, FG_BAD_REQUEST, "value",
                            "API Key value exceeds maximum size of %d characters",
                            FG_KEY_VALUE_BYTES_MAX);
    for (size_t i = 0; i < value.len; i++) {
        if (value.at[i] <= ' ' || value.at[i] > '~')
            return fg_error_set(call->error, FG_BAD_REQUEST, "value",
                                "API Key value may hold visible ASCII characters only");
    }
    return FG_OK;
}

/* Checked when given, generated when absent or empty. */
static fg_status_t value_settle(fg_call_t *call, fg_str_t *value)
{
    if (!fg_str_is_empty(*value))
        return value_check(call, *value);
    char *text = fg_arena_alloc(call->arena, FG_KEY_VALUE_GENERATED_BYTES + 1);
    if (!text)
        return fg_call_no_memory(call);
    if (!fg_key_value_make(call->random, text))
        return fg_error_set(call->error, FG_INTERNAL, "", "no randomness for a key value");
    *value = fg_str_of(text, FG_KEY_VALUE_GENERATED_BYTES);
    return FG_OK;
}

static fg_status_t stage_key_parse(fg_call_t *call, const json_t *item, json_t *texts)
{
    fg_str_t api_id, stage_name;
    if (!json_is_object(item))
        return fg_error_set(call->error, FG_SERIALIZATION, "stageKeys",
                            "Expected a structure in stageKeys");
    fg_status_t status = fg_input_str(call, item, "restApiId", &api_id);
    if (status == FG_OK)
        status = fg_input_str(call, item, "stageName", &stage_name);
    if (status == FG_OK)
        status = fg_call_api(call, api_id.at ? api_id : FG_STR("null"), NULL);
    if (status != FG_OK)
        return status;
    fg_str_t text =
        fg_arena_printf(call->arena, "%.*s/%.*s", FG_STR_ARG(api_id), FG_STR_ARG(stage_name));
    if (!text.at || json_array_append_new(texts, fg_json_new_str(text)) != 0)
        return fg_call_no_memory(call);
    return FG_OK;
}

static fg_status_t stage_keys_parse(fg_call_t *call, fg_api_key_t *key)
{
    const json_t *list = json_object_get(call->input, "stageKeys"), *item;
    if (!list || json_is_null(list))
        return FG_OK;
    if (!json_is_array(list))
        return fg_error_set(call->error, FG_SERIALIZATION, "stageKeys",
                            "Expected list or null for stageKeys");
    FG_JSON_SCOPED *texts = json_array();
    size_t index;
    json_array_foreach(list, index, item)
    {
        fg_status_t status = stage_key_parse(call, item, texts);
        if (status != FG_OK)
            return status;
    }
    key->stage_keys = fg_json_render(texts, call->arena);
    return key->stage_keys.at ? FG_OK : fg_call_no_memory(call);
}

/* Rule K10: a setting, and the size of the gate, which is never exceeded by free rides. */
static fg_status_t room_check(fg_call_t *call)
{
    int64_t keys_max = call->control->settings.keys_max;
    if (keys_max > 0) {
        uint64_t count;
        fg_status_t status = fg_store_key_count(call->store, &count, call->error);
        if (status != FG_OK)
            return status;
        if (count >= (uint64_t)keys_max)
            return fg_error_set(call->error, FG_LIMIT, "",
                                "The limit of %lld API keys of this account is reached",
                                (long long)keys_max);
    }
    if (!call->control->agent)
        return FG_OK;
    return fg_gate_has_room(fg_agent_writer(call->control->agent), 1, 0, call->error);
}

fg_status_t fg_api_key_create(fg_call_t *call)
{
    fg_api_key_t key = {.created_at = call->now.wall, .updated_at = call->now.wall};
    bool ignored = false; /* generateDistinctId is deprecated: true is what happens */
    fg_status_t status = fg_noun_parse(call, fields, FG_COUNT_OF(fields), call->input, &key);
    if (status == FG_OK)
        status = fg_input_bool(call, call->input, "generateDistinctId", &ignored);
    if (status == FG_OK)
        status = texts_check(call, &key);
    if (status == FG_OK)
        status = value_settle(call, &key.value);
    if (status == FG_OK)
        status = stage_keys_parse(call, &key);
    if (status == FG_OK)
        status = room_check(call);
    if (status == FG_OK)
        status = fg_call_new_id(call, FG_ID_LONG_BYTES, &key.id);
    if (status != FG_OK)
        return status;
    status = fg_store_key_insert(call->store, &key, call->error);
    if (status == FG_CONFLICT)
        return exists(call);
    return status == FG_OK ? key_render(call, &key, FG_TAGS_IF_GIVEN, &call->output) : status;
}

fg_status_t fg_api_key_get(fg_call_t *call)
{
    fg_api_key_t key;
    bool with_value = fg_patch_bool(fg_call_query(call, "includeValue"));
    fg_status_t status = fg_store_key_get(call->store, call->path_part[0], with_value, call->arena,
                                          &key, call->error);
    if (status == FG_NOT_FOUND)
        return no_key(call);
    return status == FG_OK ? key_render(call, &key, FG_TAGS_ALWAYS, &call->output) : status;
}

fg_status_t fg_api_key_list(fg_call_t *call)
{
    fg_key_query_t query = {.name_prefix = fg_call_query(call, "name"),
                            .customer_id = fg_call_query(call, "customerId"),
                            .with_value = fg_patch_bool(fg_call_query(call, "includeValues"))};
    size_t limit;
    fg_status_t status = fg_call_page(call, &limit, &query.before);
    if (status != FG_OK)
        return status;
    fg_api_key_t *keys;
    size_t count;
    query.limit = limit + 1; /* one more tells whether a next page exists */
    status = fg_store_key_list(call->store, &query, call->arena, &keys, &count, call->error);
    if (status != FG_OK)
        return status;
    bool has_more = count > limit;
    count = has_more ? limit : count;
    FG_JSON_SCOPED *items = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *item;
        status = key_render(call, &keys[i], FG_TAGS_IF_ANY, &item);
        if (status != FG_OK)
            return status;
        if (json_array_append_new(items, item) != 0)
            return fg_call_no_memory(call);
    }
    return fg_call_page_answer(call, json_incref(items), has_more,
                               has_more ? keys[count - 1].ordinal : 0);
}

fg_status_t fg_api_key_delete(fg_call_t *call)
{
    fg_status_t status = fg_store_key_delete(call->store, call->path_part[0], call->error);
    return status == FG_NOT_FOUND ? no_key(call) : status;
}

/* ---- UpdateApiKey ---- */

typedef struct change {
    fg_api_key_t key;
    fg_str_t new_value;
} change_t;

static fg_status_t set_name(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    change_t *change = noun;
    change->key.name = patch->value;
    return texts_check(call, &change->key);
}

static fg_status_t set_description(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    change_t *change = noun;
    change->key.description = patch->value;
    return texts_check(call, &change->key);
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
    return value_settle(call, &change->new_value);
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
};
static const fg_patch_table_t patch_table = {patch_rows, FG_COUNT_OF(patch_rows),
                                             fg_patch_refuse_a};

fg_status_t fg_api_key_update(fg_call_t *call)
{
    change_t change = {.new_value = FG_STR_NONE};
    fg_status_t status = fg_store_key_get(call->store, call->path_part[0], false, call->arena,
                                          &change.key, call->error);
    if (status == FG_NOT_FOUND)
        return no_key(call);
    if (status == FG_OK)
        status = fg_patch_apply(call, &patch_table, &change);
    if (status != FG_OK)
        return status;
    if (json_array_size(json_object_get(call->input, "patchOperations")) > 0) {
        change.key.updated_at = call->now.wall;
        status = fg_store_key_update(call->store, &change.key, change.new_value, call->error);
    } /* Rule C6: an empty list changes nothing, the date neither */
    if (status == FG_CONFLICT)
        return exists(call);
    change.key.value = change.new_value; /* shown only when it was regenerated */
    return status == FG_OK ? key_render(call, &change.key, FG_TAGS_ALWAYS, &call->output) : status;
}
