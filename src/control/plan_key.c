/*
 * Usage plan keys: the pair of a plan and a key. Rules P2, P3, P5; reference 4.3.
 */
#include "control/document.h"
#include "control/handlers.h"
#include "control/plan_move.h"
#include "control/plan_noun.h"

static fg_status_t no_key(fg_call_t *call)
{
    return fg_error_set(call->error, FG_NOT_FOUND, "keyId", "Invalid API Key identifier specified");
}

static const fg_noun_field_t fields[] = {
    {"id", FG_NOUN_STR, offsetof(fg_api_key_t, id), FG_NOUN_OUT},
    {"value", FG_NOUN_STR, offsetof(fg_api_key_t, value), FG_NOUN_OUT},
    {"name", FG_NOUN_STR, offsetof(fg_api_key_t, name), FG_NOUN_OUT},
};

/* The value is shown, in lists too. New reference; NULL without memory. */
static json_t *pair_render(const fg_api_key_t *key)
{
    json_t *object = fg_noun_render(fields, FG_COUNT_OF(fields), key);
    if (object && json_object_set_new(object, "type", json_string("API_KEY")) != 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static fg_status_t answer(fg_call_t *call, const fg_api_key_t *key)
{
    call->is_value_withheld |= !key->value.at;
    call->output = pair_render(key);
    return call->output ? FG_OK : fg_call_no_memory(call);
}

static fg_status_t key_load(fg_call_t *call, fg_str_t id, fg_api_key_t *ret_key)
{
    fg_status_t status = fg_store_key_get(call->store, id, !call->are_values_hidden, call->arena,
                                          ret_key, call->error);
    return status == FG_NOT_FOUND ? no_key(call) : status;
}

/* Rule P5, first half: how many plans a key is on. */
static fg_status_t count_check(fg_call_t *call, fg_str_t key_id)
{
    fg_plan_query_t query = {.key_id = key_id, .is_ascending = true, .limit = FG_PLANS_PER_KEY_MAX};
    fg_usage_plan_t *plans;
    size_t count;
    fg_status_t status =
        fg_store_plan_list(call->store, &query, call->arena, &plans, &count, call->error);
    if (status != FG_OK)
        return status;
    if (call->control->settings.is_one_plan_per_key && count > 0)
        return fg_error_set(call->error, FG_CONFLICT, "keyId",
                            "API Key %.*s is already in Usage Plan %.*s: a key can be on one plan",
                            FG_STR_ARG(key_id), FG_STR_ARG(plans[0].id));
    if (count >= FG_PLANS_PER_KEY_MAX)
        return fg_error_set(call->error, FG_LIMIT, "keyId",
                            "API Key %.*s is already in %d usage plans", FG_STR_ARG(key_id),
                            FG_PLANS_PER_KEY_MAX);
    return FG_OK;
}

/* Rule P5, second half: one plan per stage. */
static fg_status_t clash_check(fg_call_t *call, const fg_usage_plan_t *plan, fg_str_t key_id)
{
    for (size_t i = 0; i < plan->stage_count; i++) {
        const fg_api_stage_t *stage = &plan->stages[i];
        fg_str_t other;
        fg_status_t status =
            fg_store_pair_clash(call->store, plan->id, key_id, stage->api_id, stage->stage_name,
                                call->arena, &other, call->error);
        if (status == FG_NOT_FOUND)
            continue;
        if (status != FG_OK)
            return status;
        return fg_error_set(
            call->error, FG_CONFLICT, "keyId",
            "API Key %.*s is already in Usage Plan %.*s, which has API Stage %.*s:%.*s: a "
            "key can be on one plan per stage",
            FG_STR_ARG(key_id), FG_STR_ARG(other), FG_STR_ARG(stage->api_id),
            FG_STR_ARG(stage->stage_name));
    }
    return FG_OK;
}

static const fg_field_t input_fields[] = {
    {"keyId", FG_FIELD_TEXT, true, NULL},
    {"keyType", FG_FIELD_TEXT, true, NULL},
};

static fg_status_t input_parse(fg_call_t *call, fg_str_t *ret_key_id)
{
    FG_JSON_SCOPED *input = json_object();
    fg_status_t status =
        fg_fields_read(call, call->input, input_fields, FG_COUNT_OF(input_fields), input);
    if (status != FG_OK)
        return status;
    *ret_key_id = fg_member_str(call->input, "keyId");
    if (!fg_str_is(fg_member_str(call->input, "keyType"), "API_KEY"))
        return fg_error_set(call->error, FG_BAD_REQUEST, "keyType",
                            "Invalid key type specified. Must be one of [API_KEY]");
    return FG_OK;
}

static fg_status_t pair_check(fg_call_t *call, const fg_usage_plan_t *plan, fg_str_t key_id)
{
    bool has;
    fg_status_t status = fg_store_pair_has(call->store, plan->id, key_id, &has, call->error);
    if (status == FG_OK && has)
        return fg_error_set(call->error, FG_CONFLICT, "keyId",
                            "API Key %.*s is already in Usage Plan %.*s", FG_STR_ARG(key_id),
                            FG_STR_ARG(plan->id));
    if (status == FG_OK)
        status = count_check(call, key_id);
    if (status == FG_OK)
        status = clash_check(call, plan, key_id);
    if (status == FG_OK && call->control->agent)
        status = fg_gate_has_room(fg_agent_writer(call->control->agent), 0, 1, call->error);
    return status;
}

fg_status_t fg_plan_key_attach(fg_call_t *call, const fg_usage_plan_t *plan,
                               const fg_api_key_t *key)
{
    bool is_fresh = false;
    fg_status_t status = fg_plan_move_is_fresh(call, plan, &is_fresh);
    if (status == FG_OK)
        status = pair_check(call, plan, key->id);
    if (status == FG_OK)
        status = fg_store_pair_insert(call->store, plan->id, key->id, call->error);
    if (status == FG_OK && !is_fresh)
        status = fg_plan_move_keep(call, plan, key);
    return status;
}

fg_status_t fg_plan_key_create(fg_call_t *call)
{
    fg_str_t key_id;
    fg_api_key_t key;
    fg_usage_plan_t plan;
    fg_status_t status = input_parse(call, &key_id);
    if (status == FG_OK)
        status = key_load(call, key_id, &key);
    if (status == FG_OK)
        status = fg_plan_load(call, call->path_part[0], &plan);
    if (status == FG_OK)
        status = fg_plan_key_attach(call, &plan, &key);
    return status == FG_OK ? answer(call, &key) : status;
}

fg_status_t fg_plan_key_get(fg_call_t *call)
{
    fg_usage_plan_t plan;
    fg_api_key_t key;
    bool has;
    fg_status_t status = fg_plan_load(call, call->path_part[0], &plan);
    if (status == FG_OK)
        status = fg_store_pair_has(call->store, plan.id, call->path_part[1], &has, call->error);
    if (status == FG_OK && !has)
        return no_key(call);
    if (status == FG_OK)
        status = key_load(call, call->path_part[1], &key);
    return status == FG_OK ? answer(call, &key) : status;
}

/* An unknown plan has no keys: 200. */
fg_status_t fg_plan_key_list(fg_call_t *call)
{
    fg_key_query_t query = {.name_prefix = fg_call_query(call, "name"),
                            .plan_id = call->path_part[0],
                            .with_value = !call->are_values_hidden};
    size_t limit, count;
    fg_api_key_t *keys;
    fg_status_t status = fg_call_page(call, &limit, &query.before);
    if (status != FG_OK)
        return status;
    query.limit = limit + 1; /* one more tells whether a next page exists */
    status = fg_store_key_list(call->store, &query, call->arena, &keys, &count, call->error);
    if (status != FG_OK)
        return status;
    bool has_more = count > limit;
    count = has_more ? limit : count;
    FG_JSON_SCOPED *items = json_array();
    for (size_t i = 0; i < count; i++) {
        call->is_value_withheld |= !keys[i].value.at;
        if (json_array_append_new(items, pair_render(&keys[i])) != 0)
            return fg_call_no_memory(call);
    }
    return fg_call_page_answer(call, json_incref(items), has_more,
                               has_more ? keys[count - 1].ordinal : 0);
}

fg_status_t fg_plan_key_delete(fg_call_t *call)
{
    fg_usage_plan_t plan;
    fg_status_t status = fg_plan_load(call, call->path_part[0], &plan);
    if (status == FG_OK)
        status = fg_store_pair_delete(call->store, plan.id, call->path_part[1], call->error);
    return status == FG_NOT_FOUND && !call->error->message[0] ? no_key(call) : status;
}
