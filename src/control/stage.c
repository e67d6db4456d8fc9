/*
 * stage - reference 4.11. The document is the wire shape; its parent in the store is the deployment
 * it points at.
 */
#include "control/stage.h"
#include "control/document.h"
#include "control/handlers.h"
#include "control/noun.h"

#include <ctype.h>

#define CACHE_SIZES "0.5, 1.6, 6.1, 13.5, 28.4, 58.2, 118, 237"

static const fg_field_t fields[] = {
    {"stageName", FG_FIELD_TEXT, true, NULL},
    {"deploymentId", FG_FIELD_TEXT, true, NULL},
    {"description", FG_FIELD_TEXT, false, NULL},
    {"cacheClusterEnabled", FG_FIELD_BOOL, false, NULL},
    {"cacheClusterSize", FG_FIELD_TEXT, false, CACHE_SIZES},
    {"variables", FG_FIELD_TEXT_MAP, false, NULL},
    {"documentationVersion", FG_FIELD_TEXT, false, NULL},
    {"canarySettings", FG_FIELD_OBJECT, false, NULL},
    {"tracingEnabled", FG_FIELD_BOOL, false, NULL},
    {"tags", FG_FIELD_TEXT_MAP, false, NULL},
};
/* What CreateDeployment says of its stage. */
static const fg_field_t deploy_fields[] = {
    {"stageName", FG_FIELD_TEXT, false, NULL},
    {"stageDescription", FG_FIELD_TEXT, false, NULL},
    {"cacheClusterEnabled", FG_FIELD_BOOL, false, NULL},
    {"cacheClusterSize", FG_FIELD_TEXT, false, CACHE_SIZES},
    {"variables", FG_FIELD_TEXT_MAP, false, NULL},
    {"canarySettings", FG_FIELD_OBJECT, false, NULL},
    {"tracingEnabled", FG_FIELD_BOOL, false, NULL},
};
static const fg_field_t canary_fields[] = {
    {"percentTraffic", FG_FIELD_DOUBLE, false, NULL},
    {"deploymentId", FG_FIELD_TEXT, false, NULL},
    {"stageVariableOverrides", FG_FIELD_TEXT_MAP, false, NULL},
    {"useStageCache", FG_FIELD_BOOL, false, NULL},
};

static fg_status_t refuse(fg_call_t *call, const char *field, const char *message)
{
    return fg_error_set(call->error, FG_BAD_REQUEST, field, "%s", message);
}

static fg_status_t no_memory(fg_call_t *call)
{
    return fg_error_set(call->error, FG_NO_MEMORY, "", "out of memory");
}

static fg_status_t load(fg_call_t *call, fg_str_t name, json_t **ret_stage)
{
    fg_status_t status =
        fg_document_load(call, FG_DOCUMENT_STAGE, call->path_part[0], name, ret_stage);
    if (status == FG_NOT_FOUND)
        return fg_error_set(call->error, FG_NOT_FOUND, "", "Invalid stage identifier specified");
    return status;
}

static fg_status_t save(fg_call_t *call, json_t *stage)
{
    if (!fg_member_set(stage, "lastUpdatedDate", json_integer(call->now.wall.s)))
        return no_memory(call);
    return fg_document_save(call, FG_DOCUMENT_STAGE, call->path_part[0],
                            fg_member_str(stage, "stageName"), fg_member_str(stage, "deploymentId"),
                            stage);
}

/* ---- checks ---- */

static bool is_word(fg_str_t text, const char *extra)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!isalnum((unsigned char)text.at[i]) && !strchr(extra, text.at[i]))
            return false;
    }
    return text.len > 0;
}

static fg_status_t check_name(fg_call_t *call, fg_str_t name)
{
    if (is_word(name, "_-") && name.len <= FG_STAGE_NAME_BYTES_MAX)
        return FG_OK;
    return refuse(call, "stageName", "Stage name only allows a-zA-Z0-9_");
}

static fg_status_t check_variable(fg_call_t *call, fg_str_t name, fg_str_t value)
{
    if (!is_word(name, "_") || name.len > FG_STAGE_VARIABLE_NAME_BYTES_MAX)
        return fg_error_set(
            call->error, FG_BAD_REQUEST, "variables",
            "Invalid stage variable name: %.*s. Please use names with only word characters.",
            FG_STR_ARG(name));
    bool is_value = value.len == 0 || is_word(value, " -._:/?&=,~#");
    if (is_value && value.len <= FG_STAGE_VARIABLE_VALUE_BYTES_MAX)
        return FG_OK;
    return fg_error_set(call->error, FG_BAD_REQUEST, "variables",
                        "Invalid stage variable value of key %.*s.  Please use values with "
                        "alphanumeric characters and "
                        "the symbols ' ', -', '.', '_', ':', '/', '?', '&', '=', and ','.",
                        FG_STR_ARG(name));
}

static fg_status_t check_variables(fg_call_t *call, json_t *variables)
{
    const char *name;
    json_t *value;
    if (json_object_size(variables) > FG_STAGE_VARIABLES_MAX)
        return fg_error_set(call->error, FG_LIMIT, "variables", "A stage has at most %d variables",
                            FG_STAGE_VARIABLES_MAX);
    json_object_foreach(variables, name, value)
    {
        fg_status_t status = check_variable(call, fg_str(name), fg_json_str(value));
        if (status != FG_OK)
            return status;
    }
    return FG_OK;
}

static fg_status_t check_deployment(fg_call_t *call, fg_str_t id)
{
    fg_status_t status = FG_NOT_FOUND;
    if (!fg_str_is_empty(id))
        status = fg_document_has(call, FG_DOCUMENT_DEPLOYMENT, call->path_part[0], id);
    return status == FG_NOT_FOUND ? refuse(call, "deploymentId", "Deployment id does not exist")
                                  : status;
}

/* ---- canary ---- */

static bool set_default(json_t *object, const char *name, json_t *value)
{
    FG_JSON_SCOPED *owned = value;
    return json_object_get(object, name) || json_object_set(object, name, owned) == 0;
}

/* The stage's canary, made with the defaults when there is none; NULL on lack of memory. */
static json_t *canary_of(json_t *stage)
{
    json_t *canary = json_object_get(stage, "canarySettings");
    if (!canary) {
        canary = json_object();
        if (!fg_member_set(stage, "canarySettings", canary))
            return NULL;
    }
    bool is_ok =
        set_default(canary, "percentTraffic", json_real(0)) &&
        set_default(canary, "deploymentId", json_incref(json_object_get(stage, "deploymentId"))) &&
        set_default(canary, "useStageCache", json_false());
    return is_ok ? canary : NULL;
}

/* canarySettings as given -> typed, checked, with defaults. */
static fg_status_t settle_canary(fg_call_t *call, json_t *stage)
{
    json_t *given = json_object_get(stage, "canarySettings");
    if (!given)
        return FG_OK;
    json_t *canary = json_object();
    fg_status_t status =
        fg_fields_read(call, given, canary_fields, FG_COUNT_OF(canary_fields), canary);
    if (!fg_member_set(stage, "canarySettings", canary) || !canary_of(stage))
        return no_memory(call);
    if (status == FG_OK)
        status = check_deployment(call, fg_member_str(canary, "deploymentId"));
    return status == FG_OK
               ? check_variables(call, json_object_get(canary, "stageVariableOverrides"))
               : status;
}

/* ---- create ---- */

/* cacheClusterStatus and a size follow from whether the cluster is on. */
static bool settle_cache(json_t *stage)
{
    bool is_on = fg_member_is_true(stage, "cacheClusterEnabled");
    return fg_member_set(stage, "cacheClusterStatus",
                         json_string(is_on ? "AVAILABLE" : "NOT_AVAILABLE")) &&
           (!is_on || set_default(stage, "cacheClusterSize", json_string("0.5")));
}

static fg_status_t fill_defaults(fg_call_t *call, json_t *stage)
{
    if (json_object_size(json_object_get(stage, "tags")) == 0)
        json_object_del(stage, "tags");
    bool is_ok = set_default(stage, "cacheClusterEnabled", json_false()) &&
                 set_default(stage, "tracingEnabled", json_false()) &&
                 fg_member_set(stage, "methodSettings", json_object()) &&
                 fg_member_set(stage, "createdDate", json_integer(call->now.wall.s)) &&
                 settle_cache(stage);
    return is_ok ? FG_OK : no_memory(call);
}

static fg_status_t check_stage(fg_call_t *call, json_t *stage)
{
    fg_status_t status = check_name(call, fg_member_str(stage, "stageName"));
    if (status == FG_OK)
        status = check_deployment(call, fg_member_str(stage, "deploymentId"));
    if (status == FG_OK)
        status = check_variables(call, json_object_get(stage, "variables"));
    if (status == FG_OK)
        status = fg_tags_check(call, json_object_get(stage, "tags")); /* Rule C7 */
    return status == FG_OK ? settle_canary(call, stage) : status;
}

fg_status_t fg_stage_create(fg_call_t *call)
{
    FG_JSON_SCOPED *stage = json_object();
    fg_status_t status = fg_fields_read(call, call->input, fields, FG_COUNT_OF(fields), stage);
    if (status == FG_OK)
        status = fg_call_api(call, call->path_part[0], NULL);
    if (status == FG_OK)
        status = check_stage(call, stage);
    if (status == FG_OK)
        status = fg_document_has(call, FG_DOCUMENT_STAGE, call->path_part[0],
                                 fg_member_str(stage, "stageName"));
    else
        return status;
    if (status == FG_OK)
        return fg_error_set(call->error, FG_CONFLICT, "stageName", "Stage already exists");
    if (status == FG_NOT_FOUND)
        status = fill_defaults(call, stage);
    if (status == FG_OK)
        status = save(call, stage);
    if (status == FG_OK)
        call->output = json_incref(stage);
    return status;
}

/* ---- the stage of a CreateDeployment ---- */

fg_status_t fg_stage_deploy_check(fg_call_t *call)
{
    FG_JSON_SCOPED *given = json_object();
    fg_status_t status =
        fg_fields_read(call, call->input, deploy_fields, FG_COUNT_OF(deploy_fields), given);
    if (status != FG_OK)
        return status;
    fg_str_t name = fg_member_str(given, "stageName");
    bool has_canary = json_object_get(given, "canarySettings") != NULL;
    if (fg_str_is_empty(name))
        return !has_canary ? FG_OK
                           : fg_error_set(call->error, FG_BAD_REQUEST, "stageName",
                                          "Invalid deployment content specified.Non null and non "
                                          "empty stageName must be "
                                          "provided for canary deployment. Provided value is %.*s",
                                          FG_STR_ARG(name.at ? name : FG_STR("null")));
    status = check_name(call, name);
    if (status == FG_OK)
        status = check_variables(call, json_object_get(given, "variables"));
    if (status != FG_OK || !has_canary)
        return status;
    status = fg_document_has(call, FG_DOCUMENT_STAGE, call->path_part[0], name);
    if (status == FG_NOT_FOUND)
        return fg_error_set(call->error, FG_BAD_REQUEST, "stageName",
                            "Invalid deployment content specified.Stage %.*s must already be "
                            "created before making a "
                            "canary release deployment",
                            FG_STR_ARG(name));
    return status;
}

/* Lay what the call says over the stage. */
static fg_status_t merge_given(fg_call_t *call, json_t *stage, json_t *given,
                               fg_str_t deployment_id)
{
    json_t *description = json_object_get(given, "stageDescription");
    if (description && json_object_set(stage, "description", description) != 0)
        return no_memory(call);
    json_object_del(given, "stageDescription");
    if (json_object_update(stage, given) != 0)
        return no_memory(call);
    json_t *canary = json_object_get(given, "canarySettings");
    json_t *target = canary ? json_object_get(stage, "canarySettings") : stage;
    return fg_member_set_str(target, "deploymentId", deployment_id) ? FG_OK : no_memory(call);
}

fg_status_t fg_stage_deploy(fg_call_t *call, fg_str_t deployment_id)
{
    FG_JSON_SCOPED *given = json_object();
    FG_JSON_SCOPED *stage = NULL;
    fg_status_t status =
        fg_fields_read(call, call->input, deploy_fields, FG_COUNT_OF(deploy_fields), given);
    fg_str_t name = fg_member_str(given, "stageName");
    if (status != FG_OK || fg_str_is_empty(name))
        return status;
    status = fg_document_load(call, FG_DOCUMENT_STAGE, call->path_part[0], name, &stage);
    bool is_new = status == FG_NOT_FOUND;
    if (is_new) {
        stage = json_object();
        status = FG_OK;
    }
    if (status == FG_OK)
        status = merge_given(call, stage, given, deployment_id);
    if (status == FG_OK)
        status = settle_canary(call, stage);
    if (status == FG_OK && is_new)
        status = fill_defaults(call, stage);
    if (status == FG_OK && !settle_cache(stage))
        status = no_memory(call);
    return status == FG_OK ? save(call, stage) : status;
}

fg_status_t fg_stage_document(fg_call_t *call, fg_str_t stage_name, fg_str_t version)
{
    FG_JSON_SCOPED *stage = NULL;
    fg_status_t status = load(call, stage_name, &stage);
    if (status == FG_OK && !fg_member_set_str(stage, "documentationVersion", version))
        status = no_memory(call);
    return status == FG_OK ? save(call, stage) : status;
}

/* ---- get, list, delete ---- */

fg_status_t fg_stage_get(fg_call_t *call)
{
    return load(call, call->path_part[1], &call->output);
}

fg_status_t fg_stage_list(fg_call_t *call)
{
    FG_JSON_SCOPED *stages = NULL;
    fg_str_t deployment_id = fg_call_query(call, "deploymentId");
    if (fg_str_is_empty(deployment_id))
        deployment_id = FG_STR_NONE;
    fg_status_t status = fg_call_api(call, call->path_part[0], NULL);
    if (status == FG_OK)
        status =
            fg_document_all(call, FG_DOCUMENT_STAGE, call->path_part[0], deployment_id, &stages);
    if (status != FG_OK)
        return status;
    call->output = json_pack("{sO}", "item", stages);
    return call->output ? FG_OK : no_memory(call);
}

fg_status_t fg_stage_delete(fg_call_t *call)
{
    FG_JSON_SCOPED *stage = NULL;
    fg_status_t status = load(call, call->path_part[1], &stage);
    if (status != FG_OK)
        return status;
    return fg_store_document_delete(call->store, FG_DOCUMENT_STAGE, call->path_part[0],
                                    call->path_part[1], call->error);
}

/* ---- update: family C ---- */

static fg_status_t replace_deployment(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    fg_status_t status = check_deployment(call, patch->value);
    return status == FG_OK ? fg_edit_text(call, noun, patch) : status;
}

static fg_status_t replace_cache_enabled(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    fg_status_t status = fg_edit_bool(call, noun, patch);
    return status == FG_OK && !settle_cache(noun) ? no_memory(call) : status;
}

static fg_status_t edit_variable(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    fg_status_t status = FG_OK;
    if (patch->op == FG_PATCH_REPLACE)
        status = check_variable(call, patch->part[1], patch->value);
    if (status == FG_OK)
        status = fg_edit_text_map(call, noun, patch);
    return status == FG_OK ? check_variables(call, json_object_get(noun, "variables")) : status;
}

/* Promote what the canary tried. */
static fg_status_t copy_from_canary(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    json_t *stage = noun, *canary = json_object_get(stage, "canarySettings");
    bool is_deployment = fg_str_is(patch->path, "/deploymentId") &&
                         fg_str_is(patch->from, "/canarySettings/deploymentId");
    bool is_variables = fg_str_is(patch->path, "/variables") &&
                        fg_str_is(patch->from, "/canarySettings/stageVariableOverrides");
    if (!is_deployment && !is_variables)
        return fg_error_set(call->error, FG_BAD_REQUEST, "path",
                            "Invalid copy operation with path: %.*s and from %.*s. Valid copy:path "
                            "are [/deploymentId, "
                            "/variables] and valid copy:from are [/canarySettings/deploymentId, "
                            "/canarySettings/stageVariableOverrides]",
                            FG_STR_ARG(patch->path),
                            FG_STR_ARG(patch->from.at ? patch->from : FG_STR("null")));
    if (!canary)
        return refuse(call, "path", "Promotion not available. Canary does not exist.");
    if (is_deployment)
        return json_object_set(stage, "deploymentId", json_object_get(canary, "deploymentId")) == 0
                   ? FG_OK
                   : no_memory(call);
    json_t *overrides = json_object_get(canary, "stageVariableOverrides");
    if (!overrides)
        return FG_OK;
    if (!set_default(stage, "variables", json_object()))
        return no_memory(call);
    return json_object_update(json_object_get(stage, "variables"), overrides) == 0
               ? FG_OK
               : no_memory(call);
}

static fg_status_t bad_access_log(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    (void)noun, (void)patch;
    return refuse(
        call, "path",
        "Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, "
        "/accessLogSettings/format]");
}

static fg_status_t edit_access_log(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    if (patch->op == FG_PATCH_REMOVE)
        return fg_edit_text_map(call, noun, patch);
    if (fg_str_is_empty(patch->value))
        return refuse(call, "value", "Access Log value must not be empty");
    bool has_id = memmem(patch->value.at, patch->value.len, "$context.requestId", 18) ||
                  memmem(patch->value.at, patch->value.len, "$context.extendedRequestId", 26);
    if (fg_str_is(patch->part[1], "format") && !has_id)
        return refuse(
            call, "value",
            "Access Log format must contain $context.requestId or $context.extendedRequestId");
    return fg_edit_text_map(call, noun, patch);
}

static fg_status_t replace_canary(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    json_t *canary = canary_of(noun);
    if (!canary)
        return no_memory(call);
    fg_patch_t member = *patch; /* the same edit, one level down */
    memmove(member.part, member.part + 1, (FG_PATCH_PARTS_MAX - 1) * sizeof(member.part[0]));
    member.part_count--;
    if (fg_str_is(member.part[0], "deploymentId"))
        return replace_deployment(call, canary, &member);
    if (fg_str_is(member.part[0], "useStageCache"))
        return fg_edit_bool(call, canary, &member);
    if (fg_str_is(member.part[0], "stageVariableOverrides")) {
        fg_status_t status = check_variable(call, member.part[1], member.value);
        return status == FG_OK ? fg_edit_text_map(call, canary, &member) : status;
    }
    double percent;
    if (!fg_str_to_double(patch->value, &percent) || percent < 0 || percent > 100)
        return refuse(call, "value", "percentTraffic must be between 0.0 and 100.0");
    return fg_member_set(canary, "percentTraffic", json_real(percent)) ? FG_OK : no_memory(call);
}

static fg_status_t add_canary(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    (void)noun;
    return fg_error_set(call->error, FG_BAD_REQUEST, "op", "Invalid add operation with path: %.*s",
                        FG_STR_ARG(patch->path));
}

static fg_status_t refuse_c(fg_call_t *call, const fg_patch_table_t *table, const fg_patch_t *patch)
{
    (void)table;
    return fg_error_set(
        call->error, FG_BAD_REQUEST, "path",
        "Invalid method setting path: %.*s. Must be one of: [/deploymentId, /description, "
        "/cacheClusterEnabled, "
        "/cacheClusterSize, /clientCertificateId, /accessLogSettings, "
        "/accessLogSettings/destinationArn, "
        "/accessLogSettings/format, /{resourcePath}/{httpMethod}/metrics/enabled, "
        "/{resourcePath}/{httpMethod}/logging/dataTrace, "
        "/{resourcePath}/{httpMethod}/logging/loglevel, "
        "/{resourcePath}/{httpMethod}/throttling/burstLimit, "
        "/{resourcePath}/{httpMethod}/throttling/rateLimit, "
        "/{resourcePath}/{httpMethod}/caching/ttlInSeconds, "
        "/{resourcePath}/{httpMethod}/caching/enabled, "
        "/{resourcePath}/{httpMethod}/caching/dataEncrypted, "
        "/{resourcePath}/{httpMethod}/caching/requireAuthorizationForCacheControl, "
        "/{resourcePath}/{httpMethod}/caching/unauthorizedCacheControlHeaderStrategy, "
        "/*/*/metrics/enabled, "
        "/*/*/logging/dataTrace, /*/*/logging/loglevel, /*/*/throttling/burstLimit, "
        "/*/*/throttling/rateLimit, "
        "/*/*/caching/ttlInSeconds, /*/*/caching/enabled, /*/*/caching/dataEncrypted, "
        "/*/*/caching/requireAuthorizationForCacheControl, "
        "/*/*/caching/unauthorizedCacheControlHeaderStrategy, "
        "/canarySettings/percentTraffic, /canarySettings/deploymentId, "
        "/canarySettings/useStageCache, "
        "/canarySettings/stageVariableOverrides/{variable_name}, /variables/{variable_name}, "
        "/tracingEnabled]",
        FG_STR_ARG(patch->path));
}

/* Rule CC5 */
static fg_status_t replace_certificate(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    fg_status_t status =
        fg_str_is_empty(patch->value)
            ? FG_OK
            : fg_document_has(call, FG_DOCUMENT_CLIENT_CERTIFICATE, FG_STR(""), patch->value);
    if (status == FG_NOT_FOUND)
        return refuse(call, "clientCertificateId", "Client certificate id does not exist");
    return status == FG_OK ? fg_edit_text(call, noun, patch) : status;
}

static fg_status_t replace_setting(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    bool is_path = false;
    fg_status_t status = fg_method_setting_replace(call, noun, patch, &is_path);
    return is_path ? status : refuse_c(call, NULL, patch);
}

static fg_status_t remove_setting(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    return fg_method_setting_remove(call, noun, patch);
}

/* Terraform removes the overrides it no longer has; the last one takes the map along. */
static fg_status_t remove_override(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    json_t *canary = json_object_get(noun, "canarySettings");
    json_t *overrides = json_object_get(canary, "stageVariableOverrides");
    const char *name = fg_arena_text(call->arena, patch->part[2]);
    if (!name)
        return no_memory(call);
    if (json_object_del(overrides, name) != 0)
        return remove_setting(call, noun, patch);
    if (json_object_size(overrides) == 0)
        json_object_del(canary, "stageVariableOverrides");
    return FG_OK;
}

/* Rows are tried in order: what no named path takes is a method setting's. */
static const fg_patch_row_t patch_rows[] = {
    {"/deploymentId", FG_PATCH_MAY(REPLACE), replace_deployment, false},
    {"/description", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
    {"/clientCertificateId", FG_PATCH_MAY(REPLACE), replace_certificate, false},
    {"/documentationVersion", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
    {"/cacheClusterEnabled", FG_PATCH_MAY(REPLACE), replace_cache_enabled, false},
    {"/cacheClusterSize", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
    {"/tracingEnabled", FG_PATCH_MAY(REPLACE), fg_edit_bool, false},
    {"/variables/{}", FG_PATCH_MAY(REPLACE) | FG_PATCH_MAY(REMOVE), edit_variable, false},
    {"/accessLogSettings/destinationArn", FG_PATCH_MAY_ANY, edit_access_log, false},
    {"/accessLogSettings/format", FG_PATCH_MAY_ANY, edit_access_log, false},
    {"/accessLogSettings", FG_PATCH_MAY(REMOVE), fg_edit_text, false},
    {"/accessLogSettings", ~0u, bad_access_log, false},
    {"/accessLogSettings/{*}", ~0u, bad_access_log, false},
    {"/canarySettings", FG_PATCH_MAY(REMOVE), fg_edit_text, false},
    {"/canarySettings/{*}", FG_PATCH_MAY(ADD), add_canary, false},
    {"/canarySettings/deploymentId", FG_PATCH_MAY(REPLACE), replace_canary, false},
    {"/canarySettings/percentTraffic", FG_PATCH_MAY(REPLACE), replace_canary, false},
    {"/canarySettings/useStageCache", FG_PATCH_MAY(REPLACE), replace_canary, false},
    {"/canarySettings/stageVariableOverrides/{}", FG_PATCH_MAY(REPLACE), replace_canary, false},
    {"/canarySettings/stageVariableOverrides/{}", FG_PATCH_MAY(REMOVE), remove_override, false},
    {"/{*}", FG_PATCH_MAY(COPY), copy_from_canary, false},
    {"/{*}", FG_PATCH_MAY(REPLACE), replace_setting, false},
    {"/{*}", FG_PATCH_MAY(REMOVE), remove_setting, false},
};
static const fg_patch_table_t patches = {patch_rows, FG_COUNT_OF(patch_rows), refuse_c};

fg_status_t fg_stage_update(fg_call_t *call)
{
    FG_JSON_SCOPED *stage = NULL;
    fg_status_t status = load(call, call->path_part[1], &stage);
    if (status == FG_OK)
        status = fg_patch_apply(call, &patches, stage);
    if (status == FG_OK)
        status = save(call, stage);
    if (status == FG_OK)
        call->output = json_incref(stage);
    return status;
}
