#include "control/key_noun.h"

#include "control/extension.h"

#include <stdio.h>

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

fg_status_t fg_key_absent(fg_call_t *call)
{
    return fg_error_set(call->error, FG_NOT_FOUND, "apiKey",
                        "Invalid API Key identifier specified");
}

fg_status_t fg_key_exists(fg_call_t *call)
{
    return fg_error_set(call->error, FG_CONFLICT, "value", "API Key already exists"); /* Rule K3 */
}

fg_status_t fg_key_parse(fg_call_t *call, fg_api_key_t *key)
{
    return fg_noun_parse(call, fields, FG_COUNT_OF(fields), call->input, key);
}

/* ---- showing ---- */

/* When a value was last used, as the gate and the store know it. */
static uint32_t used_minute(const fg_call_t *call, fg_digest_t digest, uint32_t stored)
{
    if (!call->control->agent)
        return stored;
    const fg_gate_t *gate = fg_gate_writer_gate(fg_agent_writer(call->control->agent));
    uint32_t seen = fg_gate_used_minute(gate, digest);
    return seen > stored ? seen : stored;
}

/* One value of several; `key_value` is NULL for the newest. New, NULL without memory. */
static json_t *value_render(const fg_api_key_t *key, const fg_key_value_t *key_value,
                            uint32_t minute)
{
    char id[FG_KEY_VALUE_ID_BYTES + 1];
    fg_digest_t digest = key_value ? key_value->digest : key->digest;
    fg_str_t value = key_value ? key_value->value : key->value;
    fg_key_value_id(digest, id);
    FG_JSON_SCOPED *object = json_pack("{s:s}", "id", id);
    if (!object)
        return NULL;
    int failed = 0;
    if (!key_value)
        failed |= json_object_set_new(object, "current", json_true());
    if (value.at)
        failed |= json_object_set_new(object, "value", fg_json_new_str(value));
    if (key_value) {
        failed |=
            json_object_set_new(object, "replacedDate", json_integer(key_value->replaced_at.s));
        failed |= json_object_set_new(object, "expiresAt", json_integer(key_value->expires.s));
    }
    if (minute)
        failed |= json_object_set_new(object, "lastUsedAt", json_integer((json_int_t)minute * 60));
    return failed ? NULL : json_incref(object);
}

/* The values of a key that has several (rule K11), and when the last of them was used. */
static fg_status_t values_render(fg_call_t *call, const fg_api_key_t *key, json_t *faregate)
{
    fg_key_value_t *values;
    size_t count;
    bool with_value =
        !call->are_values_hidden && (fg_patch_bool(fg_call_query(call, "includeValue")) ||
                                     fg_patch_bool(fg_call_query(call, "includeValues")));
    fg_status_t status = fg_store_key_value_list(call->store, key->id, with_value, call->arena,
                                                 &values, &count, call->error);
    if (status != FG_OK)
        return status;
    uint32_t latest = used_minute(call, key->digest, key->last_used_minute);
    FG_JSON_SCOPED *list = json_array();
    json_array_append_new(list, value_render(key, NULL, latest));
    for (size_t i = 0; i < count; i++) {
        uint32_t minute = used_minute(call, values[i].digest, values[i].last_used_minute);
        latest = minute > latest ? minute : latest;
        if (values[i].expires.s > call->now.wall.s)
            json_array_append_new(list, value_render(key, &values[i], minute));
    }
    if (latest &&
        json_object_set_new(faregate, "lastUsedAt", json_integer((json_int_t)latest * 60)) != 0)
        return fg_call_no_memory(call);
    if (json_array_size(list) > 1 && json_object_set(faregate, "values", list) != 0)
        return fg_call_no_memory(call);
    return FG_OK;
}

fg_status_t fg_key_render(fg_call_t *call, const fg_api_key_t *key, fg_tags_show_t show,
                          json_t **ret_object)
{
    FG_JSON_SCOPED *object = fg_noun_render(fields, FG_COUNT_OF(fields), key);
    FG_JSON_SCOPED *faregate = fg_extension_render(call, key->extension);
    json_t *stages =
        key->stage_keys.at ? fg_json_parse(key->stage_keys, call->error) : json_array();
    if (!object || !faregate || json_object_set_new(object, "stageKeys", stages) != 0)
        return fg_call_no_memory(call);
    fg_status_t status = values_render(call, key, faregate);
    if (status != FG_OK)
        return status;
    if (!fg_extension_show(object, json_incref(faregate)) ||
        !fg_tags_render(call, object, key->tags, show))
        return fg_call_no_memory(call);
    *ret_object = json_incref(object);
    return FG_OK;
}

void fg_key_value_id(fg_digest_t digest, char ret_id[FG_KEY_VALUE_ID_BYTES + 1])
{
    (void)snprintf(ret_id, FG_KEY_VALUE_ID_BYTES + 1, "%016llx",
                   (unsigned long long)digest.word[0]);
}

/* ---- checking ---- */

fg_status_t fg_key_texts_check(fg_call_t *call, const fg_api_key_t *key)
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

fg_status_t fg_key_value_settle(fg_call_t *call, fg_str_t *value)
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

/* Rule E4. The plan of an override exists; the key may join it later. */
static fg_status_t overrides_check(fg_call_t *call, const fg_key_extension_t *before,
                                   const fg_key_extension_t *after)
{
    for (size_t i = 0; i < after->override_count; i++) {
        fg_str_t plan_id = after->overrides[i].plan_id;
        fg_usage_plan_t plan;
        bool is_known = false;
        for (size_t k = 0; k < before->override_count; k++)
            is_known = is_known || fg_str_eq(before->overrides[k].plan_id, plan_id);
        fg_status_t status =
            is_known ? FG_OK
                     : fg_store_plan_get(call->store, plan_id, call->arena, &plan, call->error);
        if (status == FG_NOT_FOUND)
            return fg_error_set(call->error, FG_BAD_REQUEST, "faregate.overrides",
                                "faregate.overrides names no usage plan: %.*s",
                                FG_STR_ARG(plan_id));
        if (status != FG_OK)
            return status;
    }
    return FG_OK;
}

fg_status_t fg_key_extension_check(fg_call_t *call, fg_str_t before, fg_str_t after)
{
    fg_key_extension_t old, new;
    fg_status_t status = fg_key_extension_parse(before, call->arena, &old, call->error);
    if (status == FG_OK)
        status = fg_key_extension_parse(after, call->arena, &new, call->error);
    return status == FG_OK ? overrides_check(call, &old, &new) : status;
}

/* Rule K10: a setting, and the size of the gate, which is never exceeded by free rides. */
fg_status_t fg_key_room_check(fg_call_t *call, uint64_t keys, uint64_t stored, uint64_t pairs)
{
    int64_t keys_max = call->control->settings.keys_max;
    if (keys_max > 0) {
        uint64_t count;
        fg_status_t status = fg_store_key_count(call->store, &count, call->error);
        if (status != FG_OK)
            return status;
        if (count + keys - stored > (uint64_t)keys_max)
            return fg_error_set(call->error, FG_LIMIT, "",
                                "The limit of %lld API keys of this account is reached",
                                (long long)keys_max);
    }
    if (!call->control->agent)
        return FG_OK;
    return fg_gate_has_room(fg_agent_writer(call->control->agent), keys, pairs, call->error);
}
