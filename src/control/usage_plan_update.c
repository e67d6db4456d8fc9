/*
 * UpdateUsagePlan: one PATCH is applied to a copy of the plan, checked as a whole, then stored.
 * Terraform removes every stage, adds the new ones and sets their throttles in one call, so order
 * matters and the checks come last.
 *
 * The paths below /apiStages/<api>:<stage>/throttle/ hold a resource path with its own slashes,
 * escaped or not: /apiStages/a1b2c3d4e5:prod/throttle//pets/GET/rateLimit      Terraform
 *     /apiStages/a1b2c3d4e5:prod/throttle/~1pets/GET/rateLimit     JSON pointer
 * Both name the entry "/pets/GET"; "//GET" is the root's.
 * Rules P4, P5; reference 4.2.
 */
#include "control/extension.h"
#include "control/handlers.h"
#include "control/patch_table.h"
#include "control/plan_noun.h"

static fg_status_t set_name(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    if (fg_str_is_empty(patch->value))
        return fg_error_set(call->error, FG_BAD_REQUEST, "name", "Usage Plan name cannot be blank");
    ((fg_usage_plan_t *)noun)->name = patch->value;
    return FG_OK;
}

static fg_status_t set_description(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    (void)call;
    ((fg_usage_plan_t *)noun)->description = patch->value;
    return FG_OK;
}

static fg_status_t set_product_code(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    (void)call;
    ((fg_usage_plan_t *)noun)->product_code =
        patch->op == FG_PATCH_REMOVE ? FG_STR_NONE : patch->value;
    return FG_OK;
}

/* ---- throttle and quota ---- */

static fg_status_t number_parse(fg_call_t *call, const fg_patch_t *patch, int64_t *ret_number)
{
    if (fg_str_to_i64(patch->value, ret_number))
        return FG_OK;
    return fg_error_set(call->error, FG_BAD_REQUEST, "patchOperations",
                        "Invalid value for %.*s: '%.*s'", FG_STR_ARG(patch->path),
                        FG_STR_ARG(patch->value));
}

static fg_status_t decimal_parse(fg_call_t *call, const fg_patch_t *patch, double *ret_number)
{
    if (fg_str_to_double(patch->value, ret_number))
        return FG_OK;
    return fg_error_set(call->error, FG_BAD_REQUEST, "patchOperations",
                        "Invalid value for %.*s: '%.*s'", FG_STR_ARG(patch->path),
                        FG_STR_ARG(patch->value));
}

static fg_status_t remove_throttle(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    (void)call;
    (void)patch;
    fg_usage_plan_t *plan = noun;
    plan->has_throttle = false;
    plan->rate_limit = 0;
    plan->burst_limit = 0;
    return FG_OK;
}

static fg_status_t set_rate(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    fg_usage_plan_t *plan = noun;
    plan->has_throttle = true;
    return decimal_parse(call, patch, &plan->rate_limit);
}

static fg_status_t set_burst(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    fg_usage_plan_t *plan = noun;
    plan->has_throttle = true;
    return number_parse(call, patch, &plan->burst_limit);
}

static fg_status_t remove_quota(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    (void)call;
    (void)patch;
    fg_usage_plan_t *plan = noun;
    plan->has_quota = false;
    plan->quota_limit = plan->quota_offset = 0;
    plan->quota_period = FG_PERIOD_NONE;
    return FG_OK;
}

/* What a plan without a quota is given first: limit and period must then both come in this PATCH.
 */
static fg_usage_plan_t *with_quota(void *noun)
{
    fg_usage_plan_t *plan = noun;
    if (!plan->has_quota)
        plan->quota_limit = -1;
    plan->has_quota = true;
    return plan;
}

static fg_status_t set_quota_limit(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    return number_parse(call, patch, &with_quota(noun)->quota_limit);
}

static fg_status_t set_quota_offset(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    return number_parse(call, patch, &with_quota(noun)->quota_offset);
}

static fg_status_t set_quota_period(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    (void)call;
    with_quota(noun)->quota_period = fg_period_of(patch->value);
    return FG_OK;
}

/* ---- API stages ---- */

static fg_status_t stage_absent(fg_call_t *call, const fg_usage_plan_t *plan, fg_str_t api_id,
                                fg_str_t stage_name)
{
    return fg_error_set(call->error, FG_NOT_FOUND, "apiStages",
                        "Invalid API Stage {api: %.*s, stage: %.*s} specified for usageplan %.*s",
                        FG_STR_ARG(api_id), FG_STR_ARG(stage_name), FG_STR_ARG(plan->id));
}

/* "api:stage" */
static fg_status_t stage_cut(fg_call_t *call, fg_str_t text, fg_str_t *ret_api_id,
                             fg_str_t *ret_stage_name)
{
    fg_str_t rest = text;
    *ret_api_id = fg_str_cut(&rest, ':');
    *ret_stage_name = rest;
    if (fg_str_is_empty(*ret_api_id) || fg_str_is_empty(rest) || fg_str_find(rest, ':') < rest.len)
        return fg_error_set(call->error, FG_BAD_REQUEST, "apiStages",
                            "Invalid API Stage specified");
    return FG_OK;
}

/* Rule P5: a key of this plan must not get a second plan for the stage. */
static fg_status_t clash_check(fg_call_t *call, const fg_usage_plan_t *plan, fg_str_t api_id,
                               fg_str_t stage_name)
{
    fg_str_t other;
    fg_status_t status = fg_store_pair_clash(call->store, plan->id, FG_STR_NONE, api_id, stage_name,
                                             call->arena, &other, call->error);
    if (status == FG_NOT_FOUND)
        return FG_OK;
    if (status != FG_OK)
        return status;
    return fg_error_set(
        call->error, FG_CONFLICT, "apiStages",
        "An API Key of Usage Plan %.*s is already in Usage Plan %.*s, which has API Stage "
        "%.*s:%.*s: a key can be on one plan per stage",
        FG_STR_ARG(plan->id), FG_STR_ARG(other), FG_STR_ARG(api_id), FG_STR_ARG(stage_name));
}

static fg_status_t add_stage(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    fg_usage_plan_t *plan = noun;
    fg_api_stage_t stage = {.throttle = FG_STR_NONE};
    fg_status_t status = stage_cut(call, patch->value, &stage.api_id, &stage.stage_name);
    if (status != FG_OK)
        return status;
    if (fg_plan_stage_find(plan, stage.api_id, stage.stage_name))
        return FG_OK;
    status = fg_plan_stage_exists(call, stage.api_id, stage.stage_name);
    if (status == FG_NOT_FOUND)
        return stage_absent(call, plan, stage.api_id, stage.stage_name);
    if (status == FG_OK)
        status = clash_check(call, plan, stage.api_id, stage.stage_name);
    return status == FG_OK ? fg_plan_stage_append(call, plan, stage) : status;
}

static fg_status_t stage_of(fg_call_t *call, const fg_usage_plan_t *plan, fg_str_t text,
                            fg_api_stage_t **ret_stage)
{
    fg_str_t api_id, stage_name;
    fg_status_t status = stage_cut(call, text, &api_id, &stage_name);
    if (status != FG_OK)
        return status;
    *ret_stage = fg_plan_stage_find(plan, api_id, stage_name);
    return *ret_stage ? FG_OK : stage_absent(call, plan, api_id, stage_name);
}

static fg_status_t remove_stage(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    fg_api_stage_t *stage;
    fg_status_t status = stage_of(call, noun, patch->value, &stage);
    if (status == FG_OK)
        fg_plan_stage_remove(noun, stage);
    return status;
}

/* ---- per-method throttles of a stage (rule P4) ---- */

/* The whole map as JSON text. */
static fg_status_t set_throttles(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    fg_api_stage_t *stage;
    fg_status_t status = stage_of(call, noun, patch->part[1], &stage);
    if (status != FG_OK)
        return status;
    if (patch->op == FG_PATCH_REMOVE) {
        stage->throttle = FG_STR_NONE;
        return FG_OK;
    }
    fg_error_t ignored;
    FG_JSON_SCOPED *map = patch->value.at ? fg_json_parse(patch->value, &ignored) : NULL;
    if (!json_is_object(map))
        return fg_error_set(call->error, FG_BAD_REQUEST, "throttle",
                            "Invalid throttle map specified");
    return fg_plan_throttles_set(call, stage, map);
}

static bool take_suffix(fg_str_t *text, const char *suffix)
{
    fg_str_t want = fg_str(suffix);
    if (text->len <= want.len || memcmp(text->at + text->len - want.len, want.at, want.len) != 0)
        return false;
    text->len -= want.len;
    return true;
}

/* The entry's key out of what stands behind "/throttle/": escapes undone, one slash in front. NULL:
 * no memory. */
static char *method_key(fg_call_t *call, fg_str_t text)
{
    char *key = fg_arena_alloc(call->arena, text.len + 2);
    if (!key)
        return NULL;
    size_t length = 0;
    bool is_rooted =
        text.len > 1 && (text.at[0] == '/' || (text.at[0] == '~' && text.at[1] == '1'));
    if (!is_rooted)
        key[length++] = '/';
    for (size_t i = 0; i < text.len; i++) {
        bool is_escape = text.at[i] == '~' && i + 1 < text.len &&
                         (text.at[i + 1] == '1' || text.at[i + 1] == '0');
        key[length++] = !is_escape ? text.at[i] : text.at[i + 1] == '1' ? '/' : '~';
        i += is_escape;
    }
    key[length] = '\0';
    return key;
}

static fg_status_t entry_set(fg_call_t *call, const fg_patch_t *patch, bool is_rate, json_t *map,
                             const char *key)
{
    json_t *entry = json_object_get(map, key); /* borrowed */
    if (!entry) {
        entry = json_pack("{s:i, s:f}", "burstLimit", 0, "rateLimit", 0.0);
        if (json_object_set_new(map, key, entry) != 0)
            return fg_call_no_memory(call);
    }
    double rate_limit = 0;
    int64_t burst_limit = 0;
    fg_status_t status =
        is_rate ? decimal_parse(call, patch, &rate_limit) : number_parse(call, patch, &burst_limit);
    if (status != FG_OK)
        return status;
    json_t *value = is_rate ? json_real(rate_limit) : json_integer(burst_limit);
    if (json_object_set_new(entry, is_rate ? "rateLimit" : "burstLimit", value) != 0)
        return fg_call_no_memory(call);
    return FG_OK;
}

static fg_status_t set_method_throttle(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    fg_api_stage_t *stage;
    fg_status_t status = stage_of(call, noun, patch->part[1], &stage);
    if (status != FG_OK)
        return status;
    fg_str_t rest = patch->path; /* /apiStages/<stage>/throttle/<rest> */
    for (int i = 0; i < 4; i++)
        fg_str_cut(&rest, '/');
    bool is_rate = take_suffix(&rest, "/rateLimit");
    bool is_burst = !is_rate && take_suffix(&rest, "/burstLimit");
    bool is_removal = patch->op == FG_PATCH_REMOVE;
    if (is_removal == (is_rate || is_burst))
        return fg_patch_refuse_b(call, &(fg_patch_table_t){0}, patch);
    const char *key = method_key(call, rest);
    FG_JSON_SCOPED *map =
        stage->throttle.at ? fg_json_parse(stage->throttle, call->error) : json_object();
    if (!key || !map)
        return fg_call_no_memory(call);
    if (is_removal)
        json_object_del(map, key);
    else
        status = entry_set(call, patch, is_rate, map, key);
    return status == FG_OK ? fg_plan_throttles_set(call, stage, map) : status;
}

static fg_status_t set_extension(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    return fg_extension_patch(call, fg_plan_extension_form, patch,
                              &((fg_usage_plan_t *)noun)->extension);
}

#define ADD     FG_PATCH_MAY(ADD)
#define REPLACE FG_PATCH_MAY(REPLACE)
#define REMOVE  FG_PATCH_MAY(REMOVE)
static const fg_patch_row_t rows[] = {
    {"/name", REPLACE, set_name, false},
    {"/description", REPLACE, set_description, false},
    {"/productCode", ADD | REPLACE | REMOVE, set_product_code, false},
    {"/apiStages", ADD, add_stage, false},
    {"/apiStages", REMOVE, remove_stage, false},
    {"/apiStages/{}/throttle", ADD | REPLACE | REMOVE, set_throttles, true},
    {"/apiStages/{}/throttle/{*}", ADD | REPLACE | REMOVE, set_method_throttle, true},
    {"/throttle", REMOVE, remove_throttle, false},
    {"/throttle/rateLimit", ADD | REPLACE, set_rate, false},
    {"/throttle/burstLimit", ADD | REPLACE, set_burst, false},
    {"/quota", REMOVE, remove_quota, false},
    {"/quota/limit", ADD | REPLACE, set_quota_limit, false},
    {"/quota/offset", ADD | REPLACE, set_quota_offset, false},
    {"/quota/period", ADD | REPLACE, set_quota_period, false},
    {"/faregate", ADD | REPLACE | REMOVE, set_extension, true},
    {"/faregate/{}", ADD | REPLACE | REMOVE, set_extension, true},
    {"/faregate/{}/{}", ADD | REPLACE | REMOVE, set_extension, true},
};
static const fg_patch_table_t table = {rows, FG_COUNT_OF(rows), fg_patch_refuse_a};

fg_status_t fg_usage_plan_update(fg_call_t *call)
{
    fg_usage_plan_t plan;
    fg_status_t status = fg_plan_load(call, call->path_part[0], &plan);
    if (status == FG_OK)
        status = fg_patch_apply(call, &table, &plan);
    if (status == FG_OK)
        status = fg_plan_check(call, &plan);
    if (status == FG_OK)
        status = fg_store_plan_update(call->store, &plan, call->error);
    return status == FG_OK ? fg_plan_render(call, &plan, FG_TAGS_ALWAYS, &call->output) : status;
}
