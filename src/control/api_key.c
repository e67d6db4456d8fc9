/*
 * API keys: create, get, list, delete. UpdateApiKey has a file of its own. Rules K2, K3, K9, K10;
 * reference 4.1.
 */
#include "control/extension.h"
#include "control/handlers.h"
#include "control/key_noun.h"

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

fg_status_t fg_api_key_create(fg_call_t *call)
{
    fg_api_key_t key = {.created_at = call->now.wall, .updated_at = call->now.wall};
    bool ignored = false; /* generateDistinctId is deprecated: true is what happens */
    fg_status_t status = fg_key_parse(call, &key);
    if (status == FG_OK)
        status = fg_input_bool(call, call->input, "generateDistinctId", &ignored);
    if (status == FG_OK)
        status = fg_key_texts_check(call, &key);
    if (status == FG_OK)
        status = fg_key_value_settle(call, &key.value);
    if (status == FG_OK)
        status = fg_extension_parse(call, &key.extension);
    if (status == FG_OK)
        status = fg_key_extension_check(call, FG_STR_NONE, key.extension);
    if (status == FG_OK)
        status = stage_keys_parse(call, &key);
    if (status == FG_OK)
        status = fg_key_room_check(call, 1, 0, 0);
    if (status == FG_OK)
        status = fg_call_new_id(call, FG_ID_LONG_BYTES, &key.id);
    if (status != FG_OK)
        return status;
    status = fg_store_key_insert(call->store, &key, call->error);
    if (status == FG_CONFLICT)
        return fg_key_exists(call);
    return status == FG_OK ? fg_key_render(call, &key, FG_TAGS_IF_GIVEN, &call->output) : status;
}

fg_status_t fg_api_key_get(fg_call_t *call)
{
    fg_api_key_t key;
    bool with_value = fg_patch_bool(fg_call_query(call, "includeValue"));
    fg_status_t status =
        fg_store_key_get(call->store, call->path_part[0], with_value && !call->are_values_hidden,
                         call->arena, &key, call->error);
    if (status == FG_NOT_FOUND)
        return fg_key_absent(call);
    call->is_value_withheld = status == FG_OK && with_value && !key.value.at;
    return status == FG_OK ? fg_key_render(call, &key, FG_TAGS_ALWAYS, &call->output) : status;
}

fg_status_t fg_api_key_list(fg_call_t *call)
{
    bool is_asked = fg_patch_bool(fg_call_query(call, "includeValues"));
    fg_key_query_t query = {.name_prefix = fg_call_query(call, "name"),
                            .customer_id = fg_call_query(call, "customerId"),
                            .with_value = !call->are_values_hidden && is_asked};
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
        call->is_value_withheld |= is_asked && !keys[i].value.at;
        status = fg_key_render(call, &keys[i], FG_TAGS_IF_ANY, &item);
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
    return status == FG_NOT_FOUND ? fg_key_absent(call) : status;
}
