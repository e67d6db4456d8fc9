#include "control/plan_noun.h"

#include "control/extension.h"

#include <math.h>

static const fg_noun_field_t plan_fields[] = {
    {"id", FG_NOUN_STR, offsetof(fg_usage_plan_t, id), FG_NOUN_OUT},
    {"name", FG_NOUN_STR, offsetof(fg_usage_plan_t, name), FG_NOUN_OUT},
    {"description", FG_NOUN_STR, offsetof(fg_usage_plan_t, description), FG_NOUN_OUT},
    {"productCode", FG_NOUN_STR, offsetof(fg_usage_plan_t, product_code), FG_NOUN_OUT},
};
static const fg_noun_field_t throttle_fields[] = {
    {"burstLimit", FG_NOUN_I64, offsetof(fg_usage_plan_t, burst_limit), FG_NOUN_OUT},
    {"rateLimit", FG_NOUN_DOUBLE, offsetof(fg_usage_plan_t, rate_limit), FG_NOUN_OUT},
};
static const fg_noun_field_t quota_fields[] = {
    {"limit", FG_NOUN_I64, offsetof(fg_usage_plan_t, quota_limit), FG_NOUN_OUT},
    {"offset", FG_NOUN_I64, offsetof(fg_usage_plan_t, quota_offset), FG_NOUN_OUT},
};
static const fg_noun_field_t stage_fields[] = {
    {"apiId", FG_NOUN_STR, offsetof(fg_api_stage_t, api_id), FG_NOUN_OUT},
    {"stage", FG_NOUN_STR, offsetof(fg_api_stage_t, stage_name), FG_NOUN_OUT},
};

fg_status_t fg_plan_absent(fg_call_t *call)
{
    return fg_error_set(call->error, FG_NOT_FOUND, "usageplanId",
                        "Invalid Usage Plan ID specified");
}

fg_status_t fg_plan_load(fg_call_t *call, fg_str_t id, fg_usage_plan_t *ret_plan)
{
    fg_status_t status = fg_store_plan_get(call->store, id, call->arena, ret_plan, call->error);
    return status == FG_NOT_FOUND ? fg_plan_absent(call) : status;
}

/* ---- showing ---- */

static json_t *stages_render(fg_call_t *call, const fg_usage_plan_t *plan)
{
    FG_JSON_SCOPED *list = json_array();
    for (size_t i = 0; i < plan->stage_count; i++) {
        const fg_api_stage_t *stage = &plan->stages[i];
        json_t *item = fg_noun_render(stage_fields, FG_COUNT_OF(stage_fields), stage);
        if (!item || json_array_append_new(list, item) != 0)
            return NULL;
        if (stage->throttle.at &&
            json_object_set_new(item, "throttle", fg_json_parse(stage->throttle, call->error)) != 0)
            return NULL;
    }
    return json_incref(list);
}

static json_t *quota_render(const fg_usage_plan_t *plan)
{
    json_t *quota = fg_noun_render(quota_fields, FG_COUNT_OF(quota_fields), plan);
    if (quota)
        json_object_set_new(quota, "period", json_string(fg_period_text(plan->quota_period)));
    return quota;
}

fg_status_t fg_plan_render(fg_call_t *call, const fg_usage_plan_t *plan, fg_tags_show_t show,
                           json_t **ret_object)
{
    FG_JSON_SCOPED *object = fg_noun_render(plan_fields, FG_COUNT_OF(plan_fields), plan);
    if (!object || json_object_set_new(object, "apiStages", stages_render(call, plan)) != 0)
        return fg_call_no_memory(call);
    if (plan->has_throttle &&
        json_object_set_new(object, "throttle",
                            fg_noun_render(throttle_fields, FG_COUNT_OF(throttle_fields), plan)) !=
            0)
        return fg_call_no_memory(call);
    if (plan->has_quota && json_object_set_new(object, "quota", quota_render(plan)) != 0)
        return fg_call_no_memory(call);
    if (!fg_tags_render(call, object, plan->tags, show) ||
        !fg_extension_show(object, fg_extension_render(call, plan->extension)))
        return fg_call_no_memory(call);
    *ret_object = json_incref(object);
    return FG_OK;
}

/* ---- checking ---- */

static fg_status_t rates_check(fg_call_t *call, double rate_limit, int64_t burst_limit)
{
    if (!isfinite(rate_limit) || rate_limit < 0)
        return fg_error_set(call->error, FG_BAD_REQUEST, "rateLimit",
                            "Usage Plan throttle rate limit must be a non-negative numeric");
    if (burst_limit < 0 || burst_limit > INT32_MAX)
        return fg_error_set(call->error, FG_BAD_REQUEST, "burstLimit",
                            "Usage Plan throttle burst limit must be a non-negative numeric");
    return FG_OK;
}

static fg_status_t offset_check(fg_call_t *call, const fg_usage_plan_t *plan)
{
    static const struct {
        fg_period_t period;
        int64_t offset_max;
        const char *text;
    } rows[] = {
        {FG_PERIOD_DAY, 0, "Usage Plan quota offset must be zero in the DAY period"},
        {FG_PERIOD_WEEK, 6,
         "Usage Plan quota offset must be between 0 and 6 inclusive in the WEEK period"},
        {FG_PERIOD_MONTH, 27,
         "Usage Plan quota offset must be between 0 and 27 inclusive in the MONTH period"},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        if (rows[i].period == plan->quota_period &&
            (plan->quota_offset < 0 || plan->quota_offset > rows[i].offset_max))
            return fg_error_set(call->error, FG_BAD_REQUEST, "quota", "%s", rows[i].text);
    }
    return FG_OK;
}

/* Rule E3. A shadow counts with limits of its own, so it is another plan, and one that exists. */
static fg_status_t shadow_check(fg_call_t *call, const fg_usage_plan_t *plan, fg_str_t shadow_id)
{
    fg_usage_plan_t shadow;
    if (!shadow_id.at)
        return FG_OK;
    if (fg_str_eq(shadow_id, plan->id))
        return fg_error_set(call->error, FG_BAD_REQUEST, "faregate.shadowPlanId",
                            "faregate.shadowPlanId must be another usage plan");
    fg_status_t status =
        fg_store_plan_get(call->store, shadow_id, call->arena, &shadow, call->error);
    if (status != FG_NOT_FOUND)
        return status;
    return fg_error_set(call->error, FG_BAD_REQUEST, "faregate.shadowPlanId",
                        "faregate.shadowPlanId names no usage plan: %.*s", FG_STR_ARG(shadow_id));
}

static fg_status_t extension_check(fg_call_t *call, const fg_usage_plan_t *plan)
{
    fg_plan_extension_t extension;
    fg_status_t status =
        fg_plan_extension_parse(plan->extension, call->arena, &extension, call->error);
    return status == FG_OK ? shadow_check(call, plan, extension.shadow_plan_id) : status;
}

fg_status_t fg_plan_check(fg_call_t *call, const fg_usage_plan_t *plan)
{
    fg_status_t checked = extension_check(call, plan);
    if (checked != FG_OK)
        return checked;
    if (plan->has_throttle) {
        fg_status_t status = rates_check(call, plan->rate_limit, plan->burst_limit);
        if (status != FG_OK)
            return status;
    }
    if (!plan->has_quota)
        return FG_OK;
    if (plan->quota_limit < 0 || (uint64_t)plan->quota_limit > FG_QUOTA_USED_MAX)
        return fg_error_set(call->error, FG_BAD_REQUEST, "quota",
                            "Usage Plan quota limit must be a non-negative numeric");
    if (plan->quota_period == FG_PERIOD_NONE)
        return fg_error_set(
            call->error, FG_BAD_REQUEST, "quota",
            "Invalid Usage Plan quota period specified. Must be one of [DAY, WEEK, MONTH]");
    return offset_check(call, plan); /* Rule Q1 */
}

/* ---- API stages ---- */

fg_status_t fg_plan_stage_exists(fg_call_t *call, fg_str_t api_id, fg_str_t stage_name)
{
    fg_document_t document;
    return fg_store_document_get(call->store, FG_DOCUMENT_STAGE, api_id, stage_name, call->arena,
                                 &document, call->error);
}

fg_api_stage_t *fg_plan_stage_find(const fg_usage_plan_t *plan, fg_str_t api_id,
                                   fg_str_t stage_name)
{
    for (size_t i = 0; i < plan->stage_count; i++) {
        if (fg_str_eq(plan->stages[i].api_id, api_id) &&
            fg_str_eq(plan->stages[i].stage_name, stage_name))
            return &plan->stages[i];
    }
    return NULL;
}

fg_status_t fg_plan_stage_append(fg_call_t *call, fg_usage_plan_t *plan, fg_api_stage_t stage)
{
    if (plan->stage_count >= FG_STAGES_PER_PLAN_MAX)
        return fg_error_set(call->error, FG_LIMIT, "apiStages",
                            "A usage plan holds at most %d API stages", FG_STAGES_PER_PLAN_MAX);
    fg_api_stage_t *stages = fg_arena_alloc(call->arena, (plan->stage_count + 1) * sizeof(*stages));
    if (!stages)
        return fg_call_no_memory(call);
    if (plan->stage_count)
        memcpy(stages, plan->stages, plan->stage_count * sizeof(*stages));
    stages[plan->stage_count++] = stage;
    plan->stages = stages;
    return FG_OK;
}

void fg_plan_stage_remove(fg_usage_plan_t *plan, fg_api_stage_t *stage)
{
    size_t index = (size_t)(stage - plan->stages);
    FG_ASSERT(index < plan->stage_count);
    plan->stage_count--;
    memmove(stage, stage + 1, (plan->stage_count - index) * sizeof(*stage));
}

/* "<path>/<VERB>": the verb is what stands behind the last slash, the path starts with one ("//GET"
 * is the root's) or is all of them ("*"). */
static bool method_key_is_valid(fg_str_t key)
{
    static const char *const verbs[] = {"GET",     "PUT",  "POST", "DELETE", "PATCH",
                                        "OPTIONS", "HEAD", "ANY",  "*"};
    size_t cut = key.len;
    while (cut > 0 && key.at[cut - 1] != '/')
        cut--;
    if (cut < 2 || (key.at[0] != '/' && key.at[0] != '*'))
        return false;
    fg_str_t verb = fg_str_of(key.at + cut, key.len - cut);
    for (size_t i = 0; i < FG_COUNT_OF(verbs); i++) {
        if (fg_str_is(verb, verbs[i]))
            return true;
    }
    return false;
}

static fg_status_t method_throttle_parse(fg_call_t *call, const char *key, const json_t *value,
                                         json_t *kept)
{
    bool has;
    double rate_limit = 0;
    int64_t burst_limit = 0;
    if (!method_key_is_valid(fg_str(key)))
        return fg_error_set(call->error, FG_BAD_REQUEST, "throttle",
                            "Invalid method {resourcePath: %s,method: } specified", key);
    if (!json_is_object(value))
        return fg_error_set(call->error, FG_SERIALIZATION, "throttle",
                            "Expected a structure for %s", key);
    fg_status_t status = fg_input_double(call, value, "rateLimit", &has, &rate_limit);
    if (status == FG_OK)
        status = fg_input_i64(call, value, "burstLimit", &has, &burst_limit);
    if (status == FG_OK)
        status = rates_check(call, rate_limit, burst_limit);
    if (status != FG_OK)
        return status;
    json_t *entry =
        json_pack("{s:I, s:f}", "burstLimit", (json_int_t)burst_limit, "rateLimit", rate_limit);
    return json_object_set_new(kept, key, entry) == 0 ? FG_OK : fg_call_no_memory(call);
}

fg_status_t fg_plan_throttles_set(fg_call_t *call, fg_api_stage_t *stage, json_t *map)
{
    if (json_object_size(map) > FG_METHOD_THROTTLES_PER_STAGE_MAX)
        return fg_error_set(call->error, FG_LIMIT, "throttle",
                            "A stage of a usage plan holds at most %d method throttles",
                            FG_METHOD_THROTTLES_PER_STAGE_MAX);
    FG_JSON_SCOPED *kept = json_object();
    const char *key;
    json_t *value;
    json_object_foreach(map, key, value)
    {
        fg_status_t status = method_throttle_parse(call, key, value, kept);
        if (status != FG_OK)
            return status;
    }
    stage->throttle = FG_STR_NONE;
    if (json_object_size(kept) == 0)
        return FG_OK;
    stage->throttle = fg_json_render(kept, call->arena);
    return stage->throttle.at ? FG_OK : fg_call_no_memory(call);
}
