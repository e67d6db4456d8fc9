/*
 * deployment - reference 4.10: an immutable snapshot of an API, kept inside the deployment's
 * document. Answers leave the snapshot out.
 */
#include "control/document.h"
#include "control/handlers.h"
#include "control/snapshot.h"
#include "control/stage.h"

static fg_status_t no_memory(fg_call_t *call)
{
    return fg_error_set(call->error, FG_NO_MEMORY, "", "out of memory");
}

static fg_status_t load(fg_call_t *call, json_t **ret_deployment)
{
    fg_status_t status = fg_document_load(call, FG_DOCUMENT_DEPLOYMENT, call->path_part[0],
                                          call->path_part[1], ret_deployment);
    if (status == FG_NOT_FOUND)
        return fg_error_set(call->error, FG_NOT_FOUND, "",
                            "Invalid Deployment identifier specified");
    return status;
}

/* ---- rendering ---- */

/* path -> verb -> {authorizationType, apiKeyRequired} of the snapshot. */
static json_t *summary_of(const json_t *deployment)
{
    json_t *summary = json_object();
    size_t index;
    json_t *resource, *method;
    const char *verb;
    json_array_foreach(json_object_get(json_object_get(deployment, "snapshot"), "resources"), index,
                       resource)
    {
        json_t *methods = json_object_get(resource, "resourceMethods");
        const char *path = json_string_value(json_object_get(resource, "path"));
        if (!path || json_object_size(methods) == 0)
            continue;
        json_t *verbs = json_object();
        json_object_foreach(methods, verb, method)
        {
            json_object_set_new(verbs, verb,
                                json_pack("{sO*, sO*}", "authorizationType",
                                          json_object_get(method, "authorizationType"),
                                          "apiKeyRequired",
                                          json_object_get(method, "apiKeyRequired")));
        }
        json_object_set_new(summary, path, verbs);
    }
    return summary;
}

static fg_status_t view(fg_call_t *call, json_t *deployment)
{
    if (fg_str_is(fg_call_query(call, "embed"), "apisummary") &&
        !fg_member_set(deployment, "apiSummary", summary_of(deployment)))
        return no_memory(call);
    json_object_del(deployment, "snapshot");
    return FG_OK;
}

/* ---- create ---- */

/* There is a method, and each has an integration. */
static fg_status_t check_deployable(fg_call_t *call, const json_t *resources)
{
    size_t index, method_count = 0;
    json_t *resource, *method;
    const char *verb;
    json_array_foreach(resources, index, resource)
    {
        json_object_foreach(json_object_get(resource, "resourceMethods"), verb, method)
        {
            if (!json_object_get(method, "methodIntegration"))
                return fg_error_set(call->error, FG_BAD_REQUEST, "",
                                    "No integration defined for method");
            method_count++;
        }
    }
    if (method_count == 0)
        return fg_error_set(call->error, FG_BAD_REQUEST, "",
                            "The REST API doesn't contain any methods");
    return FG_OK;
}

static fg_status_t take_snapshot(fg_call_t *call, const json_t *api, json_t *deployment)
{
    FG_JSON_SCOPED *snapshot = NULL;
    fg_status_t status = fg_snapshot_take(call, call->path_part[0], api, &snapshot);
    if (status == FG_OK)
        status = check_deployable(call, json_object_get(snapshot, "resources"));
    if (status == FG_OK && !fg_member_set(deployment, "snapshot", json_incref(snapshot)))
        status = no_memory(call);
    return status;
}

fg_status_t fg_deployment_create(fg_call_t *call)
{
    static const fg_field_t fields[] = {{"description", FG_FIELD_TEXT, false, NULL}};
    FG_JSON_SCOPED *api = NULL;
    FG_JSON_SCOPED *deployment = json_object();
    fg_str_t id = FG_STR_NONE;
    fg_status_t status = fg_fields_read(call, call->input, fields, FG_COUNT_OF(fields), deployment);
    if (status == FG_OK)
        status = fg_call_api(call, call->path_part[0], &api);
    if (status == FG_OK)
        status = fg_stage_deploy_check(call);
    if (status == FG_OK)
        status = take_snapshot(call, api, deployment);
    if (status == FG_OK)
        status = fg_call_new_id(call, FG_ID_SHORT_BYTES, &id);
    if (status == FG_OK &&
        (!fg_member_set_str(deployment, "id", id) ||
         !fg_member_set(deployment, "createdDate", json_integer(call->now.wall.s))))
        status = no_memory(call);
    if (status == FG_OK)
        status = fg_document_save(call, FG_DOCUMENT_DEPLOYMENT, call->path_part[0], id, FG_STR(""),
                                  deployment);
    if (status == FG_OK)
        status = fg_stage_deploy(call, id);
    if (status != FG_OK)
        return status;
    call->output = json_incref(deployment);
    return view(call, call->output);
}

/* ---- get, list, update, delete ---- */

fg_status_t fg_deployment_get(fg_call_t *call)
{
    fg_status_t status = load(call, &call->output);
    return status == FG_OK ? view(call, call->output) : status;
}

fg_status_t fg_deployment_list(fg_call_t *call)
{
    fg_status_t status = fg_call_api(call, call->path_part[0], NULL);
    return status == FG_OK
               ? fg_document_page(call, FG_DOCUMENT_DEPLOYMENT, call->path_part[0], view)
               : status;
}

fg_status_t fg_deployment_update(fg_call_t *call)
{
    static const fg_patch_row_t rows[] = {
        {"/description", FG_PATCH_MAY(REPLACE), fg_edit_text, false}};
    static const fg_patch_table_t table = {rows, FG_COUNT_OF(rows), fg_patch_refuse_b};
    FG_JSON_SCOPED *deployment = NULL;
    fg_status_t status = load(call, &deployment);
    if (status == FG_OK)
        status = fg_patch_apply(call, &table, deployment);
    if (status == FG_OK)
        status = fg_document_save(call, FG_DOCUMENT_DEPLOYMENT, call->path_part[0],
                                  call->path_part[1], FG_STR(""), deployment);
    if (status != FG_OK)
        return status;
    call->output = json_incref(deployment);
    return view(call, call->output);
}

static fg_status_t check_unused(fg_call_t *call)
{
    FG_JSON_SCOPED *stages = NULL;
    fg_status_t status =
        fg_document_all(call, FG_DOCUMENT_STAGE, call->path_part[0], FG_STR_NONE, &stages);
    size_t index;
    json_t *stage;
    json_array_foreach(stages, index, stage)
    {
        fg_str_t id = call->path_part[1];
        if (fg_str_eq(fg_member_str(stage, "deploymentId"), id))
            return fg_error_set(
                call->error, FG_BAD_REQUEST, "",
                "Active stages pointing to this deployment must be moved or deleted");
        if (fg_str_eq(fg_member_str(json_object_get(stage, "canarySettings"), "deploymentId"), id))
            return fg_error_set(
                call->error, FG_BAD_REQUEST, "",
                "Active stages with canary settings pointing to this deployment must be moved or "
                "deleted");
    }
    return status;
}

fg_status_t fg_deployment_delete(fg_call_t *call)
{
    FG_JSON_SCOPED *deployment = NULL;
    fg_status_t status = load(call, &deployment);
    if (status == FG_OK)
        status = check_unused(call);
    if (status != FG_OK)
        return status;
    return fg_store_document_delete(call->store, FG_DOCUMENT_DEPLOYMENT, call->path_part[0],
                                    call->path_part[1], call->error);
}

/* ---- is a stage's deployment the API as it is? Rule AP6 ---- */

/* Members of an API that change nothing about how it is served. */
static void drop_labels(json_t *snapshot)
{
    static const char *const labels[] = {"name", "description", "version", "tags",
                                         "endpointConfiguration"};
    for (size_t i = 0; i < FG_COUNT_OF(labels); i++)
        json_object_del(json_object_get(snapshot, "restApi"), labels[i]);
}

static fg_status_t is_current(fg_call_t *call, json_t *deployed, bool *ret_is_current)
{
    FG_JSON_SCOPED *api = NULL;
    FG_JSON_SCOPED *now = json_object();
    fg_status_t status = fg_call_api(call, call->path_part[0], &api);
    if (status == FG_OK)
        status = take_snapshot(call, api, now);
    *ret_is_current = false;
    if (status == FG_BAD_REQUEST)
        return FG_OK; /* what cannot be deployed has not been */
    if (status != FG_OK)
        return status;
    json_t *then_snapshot = json_object_get(deployed, "snapshot");
    json_t *now_snapshot = json_object_get(now, "snapshot");
    drop_labels(then_snapshot);
    drop_labels(now_snapshot);
    *ret_is_current = json_equal(then_snapshot, now_snapshot);
    return FG_OK;
}

fg_status_t fg_stage_deployment_get(fg_call_t *call)
{
    FG_JSON_SCOPED *stage = NULL;
    FG_JSON_SCOPED *deployment = NULL;
    bool is_equal = false;
    fg_status_t status = fg_document_load(call, FG_DOCUMENT_STAGE, call->path_part[0],
                                          call->path_part[1], &stage);
    if (status == FG_NOT_FOUND)
        return fg_error_set(call->error, FG_NOT_FOUND, "", "Invalid stage identifier specified");
    if (status == FG_OK)
        status = fg_document_load(call, FG_DOCUMENT_DEPLOYMENT, call->path_part[0],
                                  fg_member_str(stage, "deploymentId"), &deployment);
    if (status == FG_OK)
        status = is_current(call, deployment, &is_equal);
    if (status != FG_OK)
        return status;
    call->output = json_pack("{sO, sb}", "deploymentId", json_object_get(stage, "deploymentId"),
                             "isCurrent", is_equal);
    return call->output ? FG_OK : no_memory(call);
}
