/*
 * apply plan - usage plans and keys made as a file has them. Rules AP8, AP9.
 */
#include "apply_run.h"

/* "a1b2c3:prod" */
static const char *stage_id(const fg_apply_run_t *run, const char *name)
{
    const char *stage;
    const char *api = fg_config_stage_cut(name, &stage);

    return fg_config_stage_name(fg_apply_id(run, FG_CONFIG_API, api), stage);
}

static const char *thing_path(const fg_step_t *step)
{
    const char *list = step->noun == FG_CONFIG_PLAN ? "usageplans" : "apikeys";

    return fg_text("/%s/%s", list, fg_entry_text(step->found, "id"));
}

/* A step's thing, created or found. */
static const char *made_path(const fg_apply_run_t *run, const fg_step_t *step)
{
    if (step->found)
        return thing_path(step);
    return fg_text("/%s/%s", step->noun == FG_CONFIG_PLAN ? "usageplans" : "apikeys",
                   fg_apply_id(run, step->noun, step->name));
}

static bool drop(fg_apply_run_t *run, const char *path)
{
    return fg_caller_call(run->caller, "DELETE", path, "", NULL, NULL);
}

static bool create(fg_apply_run_t *run, const fg_step_t *step, const char *path, const json_t *body)
{
    json_t *answer;

    if (!fg_caller_call(run->caller, "POST", path, "", body, &answer))
        return false;
    fg_apply_created(run, step, answer);
    json_decref(answer);
    return true;
}

/* replace, or remove, the member "faregate" as a whole. */
static void patch_extension(fg_apply_run_t *run, json_t *operations, const fg_step_t *step)
{
    FG_JSON_SCOPED *numbered =
        fg_extension_numbered(run->installation, fg_member(step->wanted, "faregate"));

    if (!fg_step_touches(step, "faregate"))
        return;
    if (json_object_size(numbered) == 0)
        fg_patch_add(operations, "remove", "/faregate", NULL);
    else
        fg_patch_add(operations, "replace", "/faregate", fg_patch_text(numbered));
}

/* ---- plans ---- */

static json_t *stages_body(const fg_apply_run_t *run, const json_t *stages)
{
    json_t *list = json_array(), *stage;
    const char *name;

    json_object_foreach((json_t *)(uintptr_t)stages, name, stage)
    {
        const char *stage_name;
        const char *api = fg_config_stage_cut(stage_id(run, name), &stage_name);
        json_t *throttle = json_object_get(stage, "throttle");
        json_t *item = json_pack("{s:s, s:s}", "apiId", api, "stage", stage_name);
        if (json_object_size(throttle) > 0)
            json_object_set(item, "throttle", throttle);
        json_array_append_new(list, item);
    }
    return list;
}

bool fg_apply_plan_make(fg_apply_run_t *run, const fg_step_t *step)
{
    static const char *const members[] = {"description", "throttle", "quota"};
    FG_JSON_SCOPED *body = fg_apply_body(run, step->wanted, members, FG_COUNT_OF(members));
    json_t *faregate =
        fg_extension_numbered(run->installation, fg_member(step->wanted, "faregate"));

    json_object_del(faregate, "shadowPlanId"); /* it may be one that is not made yet */
    json_object_set_new(body, "faregate", faregate);
    json_object_set_new(body, "apiStages", stages_body(run, fg_member(step->wanted, "apiStages")));
    return create(run, step, "/usageplans", body);
}

bool fg_apply_plan_leave(fg_apply_run_t *run, const fg_step_t *step)
{
    FG_JSON_SCOPED *operations = json_array();
    const json_t *wanted = fg_member(step->wanted, "apiStages");
    const char *name;
    json_t *ignored;

    json_object_foreach(fg_member(step->found, "apiStages"), name, ignored)
    {
        if (!json_object_get(wanted, name))
            fg_patch_add(operations, "remove", "/apiStages", stage_id(run, name));
    }
    return fg_patch_send(run, thing_path(step), operations);
}

static void patch_stages(fg_apply_run_t *run, json_t *operations, const fg_step_t *step)
{
    const json_t *found = fg_member(step->found, "apiStages");
    const char *name;
    json_t *stage;

    json_object_foreach(fg_member(step->wanted, "apiStages"), name, stage)
    {
        const json_t *old = json_object_get(found, name);
        const json_t *throttle = json_object_get(stage, "throttle");
        const char *path = fg_text("/apiStages/%s/throttle", stage_id(run, name));
        if (!old)
            fg_patch_add(operations, "add", "/apiStages", stage_id(run, name));
        if (json_object_size(throttle) > 0 && !fg_config_same(stage, old))
            fg_patch_add(operations, "replace", path, fg_patch_text(throttle));
        else if (old && !fg_config_same(stage, old))
            fg_patch_add(operations, "remove", path, NULL);
    }
}

/* A part with members of its own: remove it, or replace each of `members`. */
static void patch_part(json_t *operations, const fg_step_t *step, const char *part,
                       const char *const *members, size_t count)
{
    const json_t *value = fg_member(step->wanted, part);

    if (!fg_step_touches(step, part))
        return;
    if (!value)
        fg_patch_add(operations, "remove", fg_text("/%s", part), NULL);
    for (size_t i = 0; value && i < count; i++)
        fg_patch_add(operations, "replace", fg_text("/%s/%s", part, members[i]),
                     fg_patch_text(json_object_get(value, members[i])));
}

static bool change_plan(fg_apply_run_t *run, const fg_step_t *step)
{
    static const char *const throttle[] = {"rateLimit", "burstLimit"};
    static const char *const quota[] = {"limit", "period", "offset"};
    FG_JSON_SCOPED *operations = json_array();

    fg_patch_member(operations, step, "description");
    patch_part(operations, step, "throttle", throttle, FG_COUNT_OF(throttle));
    patch_part(operations, step, "quota", quota, FG_COUNT_OF(quota));
    patch_stages(run, operations, step);
    patch_extension(run, operations, step);
    return fg_patch_send(run, thing_path(step), operations) &&
           fg_apply_tags(run, step, thing_path(step));
}

/* Of a new plan, its shadow: now it is there. */
static bool finish_plan(fg_apply_run_t *run, const fg_step_t *step)
{
    const char *shadow = fg_entry_text(fg_member(step->wanted, "faregate"), "shadowPlan");
    FG_JSON_SCOPED *operations = json_array();

    if (shadow)
        fg_patch_add(operations, "replace", "/faregate/shadowPlanId",
                     fg_apply_id(run, FG_CONFIG_PLAN, shadow));
    return fg_patch_send(run, made_path(run, step), operations);
}

bool fg_apply_plan(fg_apply_run_t *run, const fg_step_t *step)
{
    return step->kind == FG_STEP_CREATE ? finish_plan(run, step) : change_plan(run, step);
}

/* Rule P2: a plan with stages is not deleted. */
bool fg_apply_plan_drop(fg_apply_run_t *run, const fg_step_t *step)
{
    FG_JSON_SCOPED *operations = json_array();
    const char *name;
    json_t *ignored;

    json_object_foreach(fg_member(step->found, "apiStages"), name, ignored)
        fg_patch_add(operations, "remove", "/apiStages", stage_id(run, name));
    return fg_patch_send(run, thing_path(step), operations) && drop(run, thing_path(step));
}

/* ---- keys ---- */

static bool leave_plans(fg_apply_run_t *run, const fg_step_t *step)
{
    const char *key_id = fg_entry_text(step->found, "id"), *plan;
    json_t *ignored;

    json_object_foreach(fg_member(step->found, "plans"), plan, ignored)
    {
        if (!json_object_get(fg_member(step->wanted, "plans"), plan) &&
            !drop(run, fg_text("/usageplans/%s/keys/%s", fg_apply_id(run, FG_CONFIG_PLAN, plan),
                               key_id)))
            return false;
    }
    return true;
}

static bool join_plans(fg_apply_run_t *run, const fg_step_t *step)
{
    FG_JSON_SCOPED *body = json_pack("{s:s, s:s}", "keyId",
                                     step->found ? fg_entry_text(step->found, "id")
                                                 : fg_apply_id(run, FG_CONFIG_KEY, step->name),
                                     "keyType", "API_KEY");
    const char *plan;
    json_t *ignored;

    json_object_foreach(fg_member(step->wanted, "plans"), plan, ignored)
    {
        const char *path = fg_text("/usageplans/%s/keys", fg_apply_id(run, FG_CONFIG_PLAN, plan));
        if (!json_object_get(fg_member(step->found, "plans"), plan) &&
            !fg_caller_call(run->caller, "POST", path, "", body, NULL))
            return false;
    }
    return true;
}

static bool create_key(fg_apply_run_t *run, const fg_step_t *step)
{
    static const char *const members[] = {"description", "enabled", "customerId"};
    FG_JSON_SCOPED *body = fg_apply_body(run, step->wanted, members, FG_COUNT_OF(members));
    json_t *value = json_object_get(step->wanted, "value");

    if (value)
        json_object_set(body, "value", value);
    json_object_set_new(
        body, "faregate",
        fg_extension_numbered(run->installation, fg_member(step->wanted, "faregate")));
    return create(run, step, "/apikeys", body);
}

static bool change_key(fg_apply_run_t *run, const fg_step_t *step)
{
    FG_JSON_SCOPED *operations = json_array();

    fg_patch_member(operations, step, "description");
    fg_patch_member(operations, step, "enabled");
    fg_patch_member(operations, step, "customerId");
    if (fg_step_touches(step, "value"))
        fg_patch_add(operations, "replace", "/value", fg_entry_text(step->wanted, "value"));
    patch_extension(run, operations, step);
    return fg_patch_send(run, thing_path(step), operations) &&
           fg_apply_tags(run, step, thing_path(step));
}

bool fg_apply_key_leave(fg_apply_run_t *run, const fg_step_t *step)
{
    return !run->do_keys_leave_first || leave_plans(run, step);
}

bool fg_apply_key(fg_apply_run_t *run, const fg_step_t *step)
{
    if (step->kind == FG_STEP_CREATE ? !create_key(run, step) : !change_key(run, step))
        return false;
    if (step->found && !run->do_keys_leave_first && !leave_plans(run, step))
        return false;
    return join_plans(run, step);
}

bool fg_apply_key_drop(fg_apply_run_t *run, const fg_step_t *step)
{
    return drop(run, thing_path(step));
}
