/*
 * rest_api_clone - CreateRestApi with cloneFrom: the definition of one API under another's id.
 * Resources get ids of their own; what is named, or has an id only within its API, keeps it.
 * Deployments and stages stay behind.
 */
#include "control/document.h"
#include "control/rest_api.h"

static fg_status_t no_memory(fg_call_t *call)
{
    return fg_error_set(call->error, FG_NO_MEMORY, "", "out of memory");
}

/* Copy every document of a kind as it is. */
static fg_status_t copy_kind(fg_call_t *call, fg_document_kind_t kind, fg_str_t from_id,
                             fg_str_t api_id)
{
    fg_document_query_t query = {.kind = kind, .api_id = from_id};
    fg_document_t *rows = NULL;
    size_t row_count = 0;
    fg_status_t status =
        fg_store_document_list(call->store, &query, call->arena, &rows, &row_count, call->error);
    for (size_t i = 0; status == FG_OK && i < row_count; i++) {
        rows[i].api_id = api_id;
        status = fg_store_document_put(call->store, &rows[i], call->error);
    }
    return status;
}

/* Old id -> new id; the root's new id is given. */
static fg_status_t name_resources(fg_call_t *call, const json_t *resources, fg_str_t root_id,
                                  json_t *ids)
{
    size_t index;
    json_t *resource;
    json_array_foreach(resources, index, resource)
    {
        const char *old_id = json_string_value(json_object_get(resource, "id"));
        fg_str_t id = root_id;
        fg_status_t status = FG_OK;
        if (json_object_get(resource, "parentId"))
            status = fg_call_new_id(call, FG_ID_SHORT_BYTES, &id);
        if (status != FG_OK)
            return status;
        if (!old_id || !fg_member_set_str(ids, old_id, id))
            return no_memory(call);
    }
    return FG_OK;
}

/* Write the new id over the member that holds an old one. */
static bool rename_member(json_t *object, const char *name, const json_t *ids)
{
    const char *old_id = json_string_value(json_object_get(object, name));
    json_t *id = old_id ? json_object_get(ids, old_id) : NULL;
    return !id || json_object_set(object, name, id) == 0;
}

static fg_status_t copy_resource(fg_call_t *call, json_t *resource, fg_str_t api_id,
                                 const json_t *ids)
{
    const char *verb;
    json_t *method;
    bool is_ok = rename_member(resource, "id", ids) && rename_member(resource, "parentId", ids);
    json_object_foreach(json_object_get(resource, "resourceMethods"), verb, method)
    {
        json_t *integration = json_object_get(method, "methodIntegration");
        is_ok = is_ok && rename_member(integration, "cacheNamespace", ids);
    }
    if (!is_ok)
        return no_memory(call);
    fg_str_t parent_id = fg_member_str(resource, "parentId");
    return fg_document_save(call, FG_DOCUMENT_RESOURCE, api_id, fg_member_str(resource, "id"),
                            parent_id.at ? parent_id : FG_STR(""), resource);
}

fg_status_t fg_rest_api_clone(fg_call_t *call, fg_str_t from_id, fg_str_t api_id, fg_str_t root_id)
{
    static const fg_document_kind_t kinds[] = {FG_DOCUMENT_MODEL, FG_DOCUMENT_GATEWAY_RESPONSE,
                                               FG_DOCUMENT_AUTHORIZER,
                                               FG_DOCUMENT_REQUEST_VALIDATOR};
    FG_JSON_SCOPED *resources = NULL;
    FG_JSON_SCOPED *ids = json_object();
    fg_status_t status = fg_call_api(call, from_id, NULL);
    for (size_t i = 0; status == FG_OK && i < FG_COUNT_OF(kinds); i++)
        status = copy_kind(call, kinds[i], from_id, api_id);
    if (status == FG_OK)
        status = fg_document_all(call, FG_DOCUMENT_RESOURCE, from_id, FG_STR_NONE, &resources);
    if (status == FG_OK)
        status = name_resources(call, resources, root_id, ids);
    for (size_t i = 0; status == FG_OK && i < json_array_size(resources); i++)
        status = copy_resource(call, json_array_get(resources, i), api_id, ids);
    return status;
}
