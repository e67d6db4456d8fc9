/*
 * vpc_link - docs/rules/vpc-links.md. There is nothing to wait for: a link is stored available, and
 * only the answer of its creation says that it is pending, as clients expect.
 */
#include "control/vpc_link.h"
#include "control/document.h"
#include "control/handlers.h"
#include "control/noun.h"

static fg_status_t refuse(fg_call_t *call, const char *field, const char *message)
{
    return fg_error_set(call->error, FG_BAD_REQUEST, field, "%s", message);
}

static fg_status_t load(fg_call_t *call, json_t **ret_link)
{
    fg_status_t status =
        fg_document_load(call, FG_DOCUMENT_VPC_LINK, FG_STR(""), call->path_part[0], ret_link);
    if (status == FG_NOT_FOUND)
        return fg_error_set(call->error, FG_NOT_FOUND, "", "Invalid Vpc Link identifier specified");
    return status;
}

static fg_status_t save(fg_call_t *call, const json_t *link)
{
    return fg_document_save(call, FG_DOCUMENT_VPC_LINK, FG_STR(""), fg_member_str(link, "id"),
                            FG_STR(""), link);
}

fg_status_t fg_vpc_link_check(fg_call_t *call, fg_str_t connection_id)
{
    fg_str_t prefix = FG_STR("${stageVariables.");
    if (fg_str_starts_with(connection_id, prefix) && connection_id.len > prefix.len + 1 &&
        fg_str_find(connection_id, '}') == connection_id.len - 1)
        return FG_OK;
    if (fg_str_is_empty(connection_id))
        return FG_NOT_FOUND;
    return fg_document_has(call, FG_DOCUMENT_VPC_LINK, FG_STR(""), connection_id);
}

/* ---- create ---- */

/* arn:<partition>:<service>:<region>:<account>:<resource>; region and account may be empty. */
static bool is_arn(fg_str_t text)
{
    fg_str_t rest = text, part[5];
    for (size_t i = 0; i < FG_COUNT_OF(part); i++)
        part[i] = fg_str_cut(&rest, ':');
    return fg_str_is(part[0], "arn") && part[1].len && part[2].len && rest.len;
}

/* Rule VL2 */
static fg_status_t check_targets(fg_call_t *call, const json_t *targets)
{
    size_t index;
    json_t *target;
    if (json_array_size(targets) == 0)
        return refuse(call, "targetArns", "Target ARNs cannot be empty");
    if (json_array_size(targets) > FG_VPC_LINK_TARGETS_MAX)
        return fg_error_set(call->error, FG_BAD_REQUEST, "targetArns",
                            "A Vpc Link has at most %d target ARNs", FG_VPC_LINK_TARGETS_MAX);
    json_array_foreach(targets, index, target)
    {
        fg_str_t arn = fg_json_str(target);
        if (!is_arn(arn))
            return fg_error_set(call->error, FG_BAD_REQUEST, "targetArns",
                                "Invalid ARN. ARN is not well formed %.*s", FG_STR_ARG(arn));
    }
    return FG_OK;
}

static fg_status_t check_name(fg_call_t *call, fg_str_t name)
{
    return fg_str_is_empty(name) ? refuse(call, "name", "Name cannot be empty") : FG_OK;
}

static fg_status_t store_new(fg_call_t *call, json_t *link)
{
    fg_str_t id;
    fg_status_t status = fg_document_room_check(call, FG_DOCUMENT_VPC_LINK, FG_STR(""),
                                                FG_VPC_LINKS_MAX, "Vpc Links");
    if (status == FG_OK)
        status = fg_call_new_id(call, FG_ID_SHORT_BYTES, &id);
    if (status != FG_OK)
        return status;
    if (!fg_member_set_str(link, "id", id) ||
        !fg_member_set_str(link, "status", FG_STR("AVAILABLE")) ||
        !fg_member_set_str(link, "statusMessage", FG_STR("Your vpc link is ready for use")))
        return fg_call_no_memory(call);
    return save(call, link);
}

fg_status_t fg_vpc_link_create(fg_call_t *call)
{
    static const fg_field_t fields[] = {
        {"name", FG_FIELD_TEXT, true, NULL},
        {"description", FG_FIELD_TEXT, false, NULL},
        {"targetArns", FG_FIELD_TEXT_LIST, true, NULL},
        {"tags", FG_FIELD_TEXT_MAP, false, NULL},
    };
    FG_JSON_SCOPED *link = json_object();
    fg_status_t status = fg_fields_read(call, call->input, fields, FG_COUNT_OF(fields), link);
    if (status == FG_OK)
        status = check_name(call, fg_member_str(link, "name"));
    if (status == FG_OK)
        status = check_targets(call, json_object_get(link, "targetArns"));
    if (status == FG_OK)
        status = fg_tags_check(call, json_object_get(link, "tags"));
    if (status == FG_OK)
        status = store_new(call, link);
    if (status != FG_OK)
        return status;
    json_object_del(link, "statusMessage"); /* Rule VL1 */
    if (!fg_member_set_str(link, "status", FG_STR("PENDING")))
        return fg_call_no_memory(call);
    call->output = json_incref(link);
    return FG_OK;
}

/* ---- get, list, update ---- */

fg_status_t fg_vpc_link_get(fg_call_t *call)
{
    fg_status_t status = load(call, &call->output);
    return status == FG_OK ? fg_view_single(call, call->output) : status;
}

fg_status_t fg_vpc_link_list(fg_call_t *call)
{
    return fg_document_page(call, FG_DOCUMENT_VPC_LINK, FG_STR(""), fg_view_listed);
}

static fg_status_t replace_name(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    fg_status_t status = check_name(call, patch->value);
    return status == FG_OK ? fg_edit_text(call, noun, patch) : status;
}

fg_status_t fg_vpc_link_update(fg_call_t *call)
{
    static const fg_patch_row_t rows[] = {
        {"/name", FG_PATCH_MAY(REPLACE), replace_name, false},
        {"/description", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
    };
    static const fg_patch_table_t table = {rows, FG_COUNT_OF(rows), fg_patch_refuse_a};
    FG_JSON_SCOPED *link = NULL;
    fg_status_t status = load(call, &link);
    if (status == FG_OK)
        status = fg_patch_apply(call, &table, link);
    if (status == FG_OK)
        status = save(call, link);
    if (status != FG_OK)
        return status;
    call->output = json_incref(link);
    return fg_view_single(call, call->output);
}

/* ---- delete ---- */

/* The verb of the method of a resource whose integration goes through the link; NULL: none. */
static const char *verb_of(const json_t *resource, fg_str_t id)
{
    const char *verb;
    json_t *method;
    json_object_foreach(json_object_get(resource, "resourceMethods"), verb, method)
    {
        const json_t *integration = json_object_get(method, "methodIntegration");
        if (fg_str_eq(fg_member_str(integration, "connectionId"), id))
            return verb;
    }
    return NULL;
}

static fg_status_t check_resources(fg_call_t *call, fg_str_t id)
{
    fg_document_t *rows = NULL;
    size_t count = 0;
    fg_status_t status =
        fg_store_document_mentions(call->store, FG_DOCUMENT_RESOURCE, "connectionId", id,
                                   call->arena, &rows, &count, call->error);
    for (size_t i = 0; status == FG_OK && i < count; i++) {
        FG_JSON_SCOPED *resource = NULL;
        status = fg_document_parse(call, &rows[i], &resource);
        const char *verb = verb_of(resource, id);
        if (status == FG_OK && verb)
            return fg_error_set(call->error, FG_BAD_REQUEST, "",
                                "Vpc Link %.*s is used by the method %s %.*s of the API %.*s",
                                FG_STR_ARG(id), verb, FG_STR_ARG(fg_member_str(resource, "path")),
                                FG_STR_ARG(rows[i].api_id));
    }
    return status;
}

/* A deployment that no stage serves uses nothing. */
static fg_status_t check_deployment(fg_call_t *call, fg_str_t id, const fg_document_t *deployment)
{
    fg_document_t *stages = NULL;
    size_t count = 0;
    fg_status_t status =
        fg_store_document_mentions(call->store, FG_DOCUMENT_STAGE, "deploymentId", deployment->id,
                                   call->arena, &stages, &count, call->error);
    for (size_t i = 0; status == FG_OK && i < count; i++) {
        if (fg_str_eq(stages[i].api_id, deployment->api_id))
            return fg_error_set(call->error, FG_BAD_REQUEST, "",
                                "Vpc Link %.*s is used by the stage %.*s of the API %.*s",
                                FG_STR_ARG(id), FG_STR_ARG(stages[i].id),
                                FG_STR_ARG(stages[i].api_id));
    }
    return status;
}

/* Rule VL5 */
static fg_status_t check_unused(fg_call_t *call, fg_str_t id)
{
    fg_document_t *rows = NULL;
    size_t count = 0;
    fg_status_t status = check_resources(call, id);
    if (status == FG_OK)
        status = fg_store_document_mentions(call->store, FG_DOCUMENT_DEPLOYMENT, "connectionId", id,
                                            call->arena, &rows, &count, call->error);
    for (size_t i = 0; status == FG_OK && i < count; i++)
        status = check_deployment(call, id, &rows[i]);
    return status;
}

fg_status_t fg_vpc_link_delete(fg_call_t *call)
{
    FG_JSON_SCOPED *link = NULL;
    fg_status_t status = load(call, &link);
    if (status == FG_OK)
        status = check_unused(call, call->path_part[0]);
    return status == FG_OK ? fg_store_document_delete(call->store, FG_DOCUMENT_VPC_LINK, FG_STR(""),
                                                      call->path_part[0], call->error)
                           : status;
}
