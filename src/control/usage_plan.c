/*
 * Usage plans: create, get, list, delete. UpdateUsagePlan has a file of its own. Rules P1-P3;
 * reference 4.2.
 */
#include "control/document.h"
#include "control/extension.h"
#include "control/handlers.h"
#include "control/plan_noun.h"

enum { ID_TRIES = 8 }; /* six characters may meet a plan that exists */

static const fg_noun_field_t input_fields[] = {
    {"name", FG_NOUN_STR, offsetof(fg_usage_plan_t, name), FG_NOUN_IN},
    {"description", FG_NOUN_STR, offsetof(fg_usage_plan_t, description), FG_NOUN_IN},
    {"tags", FG_NOUN_TAGS, offsetof(fg_usage_plan_t, tags), FG_NOUN_IN},
};
static const fg_field_t required_fields[] = {{"name", FG_FIELD_TEXT, true, NULL}};
static const fg_noun_field_t throttle_fields[] = {
    {"burstLimit", FG_NOUN_I64, offsetof(fg_usage_plan_t, burst_limit), FG_NOUN_IN},
    {"rateLimit", FG_NOUN_DOUBLE, offsetof(fg_usage_plan_t, rate_limit), FG_NOUN_IN},
};
static const fg_noun_field_t quota_fields[] = {
    {"limit", FG_NOUN_I64, offsetof(fg_usage_plan_t, quota_limit), FG_NOUN_IN},
    {"offset", FG_NOUN_I64, offsetof(fg_usage_plan_t, quota_offset), FG_NOUN_IN},
};

fg_status_t fg_plan_limits_parse(fg_call_t *call, fg_usage_plan_t *plan)
{
    json_t *throttle, *quota;
    fg_str_t period = FG_STR_NONE;
    fg_status_t status = fg_input_object(call, call->input, "throttle", &throttle);
    if (status == FG_OK)
        status = fg_input_object(call, call->input, "quota", &quota);
    if (status != FG_OK)
        return status;
    plan->has_throttle = throttle != NULL;
    plan->has_quota = quota != NULL;
    plan->quota_limit = quota ? -1 : 0; /* must be given */
    status = fg_noun_parse(call, throttle_fields, FG_COUNT_OF(throttle_fields), throttle, plan);
    if (status == FG_OK)
        status = fg_noun_parse(call, quota_fields, FG_COUNT_OF(quota_fields), quota, plan);
    if (status == FG_OK && quota)
        status = fg_input_str(call, quota, "period", &period);
    plan->quota_period = fg_period_of(period);
    return status == FG_OK ? fg_plan_check(call, plan) : status;
}

static fg_status_t stage_parse(fg_call_t *call, const json_t *item, fg_usage_plan_t *plan)
{
    fg_api_stage_t stage = {.throttle = FG_STR_NONE};
    json_t *throttles;
    if (!json_is_object(item))
        return fg_error_set(call->error, FG_SERIALIZATION, "apiStages",
                            "Expected a structure in apiStages");
    fg_status_t status = fg_input_str(call, item, "apiId", &stage.api_id);
    if (status == FG_OK)
        status = fg_input_str(call, item, "stage", &stage.stage_name);
    if (status == FG_OK)
        status = fg_input_object(call, item, "throttle", &throttles);
    if (status != FG_OK)
        return status;
    if (fg_str_is_empty(stage.api_id) ||
        fg_str_is_empty(stage.stage_name)) /* the service does not fill these in either */
        return fg_error_set(call->error, FG_BAD_REQUEST, "apiStages", "%s",
                            "Invalid API Stage {api: %s, stage: %s} specified for usageplan %s");
    status = fg_plan_stage_exists(call, stage.api_id, stage.stage_name);
    if (status == FG_NOT_FOUND)
        return fg_error_set(call->error, FG_NOT_FOUND, "apiStages",
                            "API Stage not found: %.*s:%.*s", FG_STR_ARG(stage.api_id),
                            FG_STR_ARG(stage.stage_name));
    if (status == FG_OK && fg_plan_stage_find(plan, stage.api_id, stage.stage_name))
        return fg_error_set(call->error, FG_BAD_REQUEST, "apiStages",
                            "API Stage %.*s:%.*s is given twice", FG_STR_ARG(stage.api_id),
                            FG_STR_ARG(stage.stage_name));
    if (status == FG_OK && throttles)
        status = fg_plan_throttles_set(call, &stage, throttles);
    return status == FG_OK ? fg_plan_stage_append(call, plan, stage) : status;
}

static fg_status_t stages_parse(fg_call_t *call, fg_usage_plan_t *plan)
{
    const json_t *list = json_object_get(call->input, "apiStages"), *item;
    if (!list || json_is_null(list))
        return FG_OK;
    if (!json_is_array(list))
        return fg_error_set(call->error, FG_SERIALIZATION, "apiStages",
                            "Expected list or null for apiStages");
    size_t index;
    json_array_foreach(list, index, item)
    {
        fg_status_t status = stage_parse(call, item, plan);
        if (status != FG_OK)
            return status;
    }
    return FG_OK;
}

static fg_status_t id_settle(fg_call_t *call, fg_str_t *ret_id)
{
    fg_usage_plan_t other;
    for (int i = 0; i < ID_TRIES; i++) {
        fg_status_t status = fg_call_new_id(call, FG_ID_SHORT_BYTES, ret_id);
        if (status != FG_OK)
            return status;
        status = fg_store_plan_get(call->store, *ret_id, call->arena, &other, call->error);
        if (status == FG_NOT_FOUND)
            return FG_OK;
        if (status != FG_OK)
            return status;
    }
    return fg_error_set(call->error, FG_INTERNAL, "", "no free usage plan identifier was found");
}

fg_status_t fg_usage_plan_create(fg_call_t *call)
{
    fg_usage_plan_t plan = {0};
    FG_JSON_SCOPED *ignored = json_object();
    fg_status_t status = fg_fields_read(call, call->input, required_fields,
                                        FG_COUNT_OF(required_fields), ignored); /* Rule C4 */
    if (status == FG_OK)
        status = fg_noun_parse(call, input_fields, FG_COUNT_OF(input_fields), call->input, &plan);
    if (status == FG_OK && fg_str_is_empty(plan.name))
        return fg_error_set(call->error, FG_BAD_REQUEST, "name", "Usage Plan name cannot be blank");
    if (status == FG_OK)
        status = fg_extension_parse(call, &plan.extension);
    if (status == FG_OK)
        status = fg_plan_limits_parse(call, &plan);
    if (status == FG_OK)
        status = stages_parse(call, &plan);
    if (status == FG_OK)
        status = id_settle(call, &plan.id);
    if (status == FG_OK)
        status = fg_store_plan_insert(call->store, &plan, call->error);
    return status == FG_OK ? fg_plan_render(call, &plan, FG_TAGS_IF_GIVEN, &call->output) : status;
}

fg_status_t fg_usage_plan_get(fg_call_t *call)
{
    fg_usage_plan_t plan;
    fg_status_t status = fg_plan_load(call, call->path_part[0], &plan);
    return status == FG_OK ? fg_plan_render(call, &plan, FG_TAGS_ALWAYS, &call->output) : status;
}

fg_status_t fg_usage_plan_list(fg_call_t *call)
{
    fg_plan_query_t query = {.key_id = fg_call_query(call, "keyId"), .is_ascending = true};
    size_t limit, count;
    fg_usage_plan_t *plans;
    fg_status_t status = fg_call_page(call, &limit, &query.before);
    if (status != FG_OK)
        return status;
    query.limit = limit + 1; /* one more tells whether a next page exists */
    status = fg_store_plan_list(call->store, &query, call->arena, &plans, &count, call->error);
    if (status != FG_OK)
        return status;
    bool has_more = count > limit;
    count = has_more ? limit : count;
    FG_JSON_SCOPED *items = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *item;
        status = fg_plan_render(call, &plans[i], FG_TAGS_IF_ANY, &item);
        if (status != FG_OK)
            return status;
        if (json_array_append_new(items, item) != 0)
            return fg_call_no_memory(call);
    }
    return fg_call_page_answer(call, json_incref(items), has_more,
                               has_more ? plans[count - 1].ordinal : 0);
}

/* Rule E3. */
static fg_status_t shadow_use_check(fg_call_t *call, fg_str_t plan_id)
{
    fg_str_t other;
    fg_status_t status =
        fg_store_plan_shadowed_by(call->store, plan_id, call->arena, &other, call->error);
    if (status != FG_OK)
        return status == FG_NOT_FOUND ? FG_OK : status;
    return fg_error_set(call->error, FG_CONFLICT, "usageplanId",
                        "Usage Plan %.*s is the shadow of Usage Plan %.*s: remove "
                        "/faregate/shadowPlanId there first",
                        FG_STR_ARG(plan_id), FG_STR_ARG(other));
}

fg_status_t fg_usage_plan_delete(fg_call_t *call)
{
    fg_usage_plan_t plan;
    fg_status_t status = fg_plan_load(call, call->path_part[0], &plan);
    if (status != FG_OK)
        return status;
    if (plan.stage_count > 0)
        return fg_error_set(
            call->error, FG_BAD_REQUEST, "usageplanId",
            "Cannot delete Usage Plan %.*s because there are API Stages associated with it, "
            "including %.*s:%.*s",
            FG_STR_ARG(plan.id), FG_STR_ARG(plan.stages[0].api_id),
            FG_STR_ARG(plan.stages[0].stage_name));
    status = shadow_use_check(call, plan.id);
    return status == FG_OK ? fg_store_plan_delete(call->store, plan.id, call->error) : status;
}
