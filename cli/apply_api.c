/*
 * apply api - an API, its definition and its stages made as a file has them. Rules AP5, AP6.
 */
#include "apply_run.h"

static const char *api_path(const fg_apply_run_t *run, const char *name)
{
    return fg_text("/restapis/%s", fg_apply_id(run, FG_CONFIG_API, name));
}

/* ---- the API ---- */

static bool create_api(fg_apply_run_t *run, const fg_step_t *step)
{
    static const char *const members[] = {"description", "apiKeySource"};
    FG_JSON_SCOPED *body = fg_apply_body(run, step->wanted, members, FG_COUNT_OF(members));
    json_t *answer;

    json_object_set_new(body, "endpointConfiguration",
                        json_pack("{s:[O]}", "types", fg_member(step->wanted, "endpointType")));
    if (!fg_caller_call(run->caller, "POST", "/restapis", "", body, &answer))
        return false;
    fg_apply_created(run, step, answer);
    json_decref(answer);
    return true;
}

static bool put_definition(fg_apply_run_t *run, const fg_step_t *step)
{
    json_t *answer;

    if (!fg_caller_call(run->caller, "PUT", api_path(run, step->name), "mode=overwrite",
                        json_object_get(step->wanted, "definition"), &answer))
        return false;
    json_array_extend(run->warnings, json_object_get(answer, "warnings"));
    json_decref(answer);
    return true;
}

static void patch_endpoint_type(json_t *operations, const json_t *wanted, const json_t *answer)
{
    const char *type = json_string_value(fg_member(wanted, "endpointType"));
    const char *old = json_string_value(json_array_get(
        json_object_get(json_object_get(answer, "endpointConfiguration"), "types"), 0));

    if (old && strcmp(type, old) != 0)
        fg_patch_add(operations, "replace", fg_text("/endpointConfiguration/types/%s", old), type);
}

/* The API's own members as the file has them, whatever the definition said of them. */
static bool settle_members(fg_apply_run_t *run, const fg_step_t *step)
{
    static const char *const members[] = {"description", "apiKeySource"};
    FG_JSON_SCOPED *operations = json_array();
    const char *path = api_path(run, step->name);
    json_t *answer;

    if (!fg_caller_call(run->caller, "GET", path, "", NULL, &answer))
        return false;
    FG_JSON_SCOPED *found = answer;
    for (size_t i = 0; i < FG_COUNT_OF(members); i++) {
        const char *value = json_string_value(fg_member(step->wanted, members[i]));
        const char *old = fg_entry_text(found, members[i]);
        if (strcmp(value ? value : "", old ? old : "") != 0)
            fg_patch_add(operations, "replace", fg_text("/%s", members[i]), value);
    }
    patch_endpoint_type(operations, step->wanted, found);
    return fg_patch_send(run, path, operations);
}

/* Rule AP5: which definition of the file made which of the API. */
static bool record_definition(fg_apply_run_t *run, const fg_step_t *step)
{
    const char *id = fg_apply_id(run, FG_CONFIG_API, step->name);
    json_t *definition;

    if (!fg_caller_call(run->caller, "GET", fg_text("/faregate/restapis/%s/definition", id),
                        "type=oas30", NULL, &definition))
        return false;
    const char *text =
        fg_text("%s/%s", fg_entry_text(step->wanted, "fileHash"), fg_config_hash(definition));
    json_decref(definition);
    FG_JSON_SCOPED *body = json_pack("{s:{s:s}}", "tags", FG_CONFIG_TAG_DEFINITION, text);
    const char *arn =
        fg_text("arn:aws:apigateway:%s::/restapis/%s", run->caller->context.credentials.region, id);
    return fg_caller_call(run->caller, "PUT", fg_text_of(fg_ask_path("/tags/{}", arn)), "", body,
                          NULL);
}

bool fg_apply_api(fg_apply_run_t *run, const fg_step_t *step)
{
    bool has_definition = json_object_get(step->wanted, "definition") != NULL;

    if (step->kind == FG_STEP_CREATE && !create_api(run, step))
        return false;
    if (fg_step_touches(step, "definition") && !put_definition(run, step))
        return false;
    if (!settle_members(run, step))
        return false;
    if (step->kind == FG_STEP_CHANGE && !fg_apply_tags(run, step, api_path(run, step->name)))
        return false;
    return !has_definition || record_definition(run, step);
}

bool fg_apply_api_drop(fg_apply_run_t *run, const fg_step_t *step)
{
    return fg_caller_call(run->caller, "DELETE",
                          fg_text("/restapis/%s", fg_entry_text(step->found, "id")), "", NULL,
                          NULL);
}

/* ---- stages ---- */

/* "#/restapis/a1b2/stages/prod" */
static const char *stage_path(const fg_apply_run_t *run, const fg_step_t *step)
{
    const char *stage;
    const char *api = fg_config_stage_cut(step->name, &stage);

    return fg_text("%s/stages/%s", api_path(run, api), stage);
}

/* The deployment of this run: one for all stages of an API. NULL with the problem. */
static const char *deploy(fg_apply_run_t *run, const fg_step_t *step)
{
    const char *stage;
    const char *name = fg_config_stage_cut(step->name, &stage);
    json_t *api = fg_installation_find(run->installation, FG_CONFIG_API, name);
    json_t *answer;

    if (!json_object_get(api, "deploymentId")) {
        FG_JSON_SCOPED *body = json_pack("{s:s}", "description", "faregate apply");
        if (!fg_caller_call(run->caller, "POST", fg_text("%s/deployments", api_path(run, name)), "",
                            body, &answer))
            return NULL;
        json_object_set(api, "deploymentId", json_object_get(answer, "id"));
        json_decref(answer);
    }
    return fg_entry_text(api, "deploymentId");
}

/* Settings in PATCH's words. */
static const struct {
    const char *member, *path;
} settings[] = {
    {"metricsEnabled", "metrics/enabled"},
    {"loggingLevel", "logging/loglevel"},
    {"dataTraceEnabled", "logging/dataTrace"},
    {"throttlingBurstLimit", "throttling/burstLimit"},
    {"throttlingRateLimit", "throttling/rateLimit"},
    {"cachingEnabled", "caching/enabled"},
    {"cacheTtlInSeconds", "caching/ttlInSeconds"},
    {"cacheDataEncrypted", "caching/dataEncrypted"},
    {"requireAuthorizationForCacheControl", "caching/requireAuthorizationForCacheControl"},
    {"unauthorizedCacheControlHeaderStrategy", "caching/unauthorizedCacheControlHeaderStrategy"},
};

static void patch_settings(json_t *operations, const fg_step_t *step)
{
    const json_t *wanted = fg_member(step->wanted, "methodSettings");
    const json_t *found = fg_member(step->found, "methodSettings");
    const char *key;
    json_t *setting;

    json_object_foreach((json_t *)(uintptr_t)found, key, setting)
    {
        if (!json_object_get(wanted, key))
            fg_patch_add(operations, "remove", fg_text("/%s", key), NULL);
    }
    json_object_foreach((json_t *)(uintptr_t)wanted, key, setting)
    {
        if (fg_config_same(setting, json_object_get(found, key)))
            continue;
        for (size_t i = 0; i < FG_COUNT_OF(settings); i++)
            fg_patch_add(operations, "replace", fg_text("/%s/%s", key, settings[i].path),
                         fg_patch_text(json_object_get(setting, settings[i].member)));
    }
}

/* A map whose entries have paths of their own: replace what is, remove what is not. */
static void patch_entries(json_t *operations, const fg_step_t *step, const char *map)
{
    const json_t *wanted = fg_member(step->wanted, map), *found = fg_member(step->found, map);
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)found, name, value)
    {
        if (!json_object_get(wanted, name))
            fg_patch_add(operations, "remove", fg_text("/%s/%s", map, name), NULL);
    }
    json_object_foreach((json_t *)(uintptr_t)wanted, name, value)
    {
        if (!fg_config_same(value, json_object_get(found, name)))
            fg_patch_add(operations, "replace", fg_text("/%s/%s", map, name), fg_patch_text(value));
    }
}

static bool create_stage(fg_apply_run_t *run, const fg_step_t *step)
{
    static const char *const members[] = {"description", "variables", "tracingEnabled",
                                          "cacheClusterEnabled", "cacheClusterSize"};
    const char *stage;
    const char *api = fg_config_stage_cut(step->name, &stage);
    const char *deployment_id = deploy(run, step);

    if (!deployment_id)
        return false;
    FG_JSON_SCOPED *body = fg_apply_body(run, step->wanted, members, FG_COUNT_OF(members));
    json_object_del(body, "name");
    json_object_set_new(body, "stageName", json_string(stage));
    json_object_set_new(body, "deploymentId", json_string(deployment_id));
    return fg_caller_call(run->caller, "POST", fg_text("%s/stages", api_path(run, api)), "", body,
                          NULL);
}

bool fg_apply_stage(fg_apply_run_t *run, const fg_step_t *step)
{
    FG_JSON_SCOPED *operations = json_array();
    bool is_new = step->kind == FG_STEP_CREATE;

    if (is_new && !create_stage(run, step))
        return false;
    if (fg_step_touches(step, "deployment")) {
        const char *deployment_id = deploy(run, step);
        if (!deployment_id)
            return false;
        fg_patch_add(operations, "replace", "/deploymentId", deployment_id);
    }
    if (!is_new) {
        fg_patch_member(operations, step, "description");
        fg_patch_member(operations, step, "tracingEnabled");
        fg_patch_member(operations, step, "cacheClusterEnabled");
        fg_patch_member(operations, step, "cacheClusterSize");
        patch_entries(operations, step, "variables");
    }
    patch_entries(operations, step, "accessLogSettings");
    patch_settings(operations, step);
    const char *path = stage_path(run, step);
    return fg_patch_send(run, path, operations) && (is_new || fg_apply_tags(run, step, path));
}

bool fg_apply_stage_drop(fg_apply_run_t *run, const fg_step_t *step)
{
    return fg_caller_call(run->caller, "DELETE", stage_path(run, step), "", NULL, NULL);
}
