/*
 * resource - reference 4.7. A resource document holds its methods too; `path` is kept in each, so a
 * rename rewrites the subtree.
 */
#include "control/document.h"
#include "control/handlers.h"

#include <ctype.h>

static fg_status_t refuse(fg_call_t *call, const char *field, const char *message)
{
    return fg_error_set(call->error, FG_BAD_REQUEST, field, "%s", message);
}

static fg_status_t no_memory(fg_call_t *call)
{
    return fg_error_set(call->error, FG_NO_MEMORY, "", "out of memory");
}

static fg_status_t load(fg_call_t *call, fg_str_t id, json_t **ret_resource)
{
    fg_status_t status =
        fg_document_load(call, FG_DOCUMENT_RESOURCE, call->path_part[0], id, ret_resource);
    if (status == FG_NOT_FOUND)
        return fg_error_set(call->error, FG_NOT_FOUND, "", "Invalid Resource identifier specified");
    return status;
}

static fg_status_t save(fg_call_t *call, const json_t *resource)
{
    fg_str_t parent_id = fg_member_str(resource, "parentId");
    return fg_document_save(call, FG_DOCUMENT_RESOURCE, call->path_part[0],
                            fg_member_str(resource, "id"), parent_id.at ? parent_id : FG_STR(""),
                            resource);
}

/* What an answer shows of the methods: all with embed=methods, else their verbs; nothing when there
 * are none. */
static fg_status_t view(fg_call_t *call, json_t *resource)
{
    json_t *methods = json_object_get(resource, "resourceMethods");
    if (json_object_size(methods) == 0) {
        json_object_del(resource, "resourceMethods");
        return FG_OK;
    }
    if (fg_str_is(fg_call_query(call, "embed"), "methods"))
        return FG_OK;
    const char *verb;
    json_t *method;
    void *next;
    json_object_foreach_safe(methods, next, verb, method)
    {
        if (!fg_member_set(methods, verb, json_object()))
            return no_memory(call);
    }
    return FG_OK;
}

/* ---- path parts ---- */

static bool is_variable(fg_str_t part)
{
    return part.len > 2 && part.at[0] == '{' && part.at[part.len - 1] == '}';
}

static bool is_greedy(fg_str_t part)
{
    return is_variable(part) && part.at[part.len - 2] == '+';
}

static bool is_path_part(fg_str_t part)
{
    fg_str_t name = part;
    if (is_greedy(part))
        name = fg_str_of(part.at + 1, part.len - 3);
    else if (is_variable(part))
        name = fg_str_of(part.at + 1, part.len - 2);
    for (size_t i = 0; i < name.len; i++) {
        if (!isalnum((unsigned char)name.at[i]) && !memchr("._-:", name.at[i], 4))
            return false;
    }
    return name.len > 0;
}

static fg_status_t check_path_part(fg_call_t *call, fg_str_t part)
{
    if (is_path_part(part))
        return FG_OK;
    return refuse(
        call, "pathPart",
        "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly "
        "braces at the beginning and the end.");
}

/* May `part` stand under `parent`, beside its other children (`self_id` is not counted)? */
static fg_status_t check_place(fg_call_t *call, const json_t *parent, fg_str_t part,
                               fg_str_t self_id)
{
    fg_str_t parent_part = fg_member_str(parent, "pathPart");
    if (is_greedy(parent_part))
        return fg_error_set(call->error, FG_BAD_REQUEST, "pathPart",
                            "Cannot create a child of a resource with a greedy path variable: %.*s",
                            FG_STR_ARG(parent_part));
    FG_JSON_SCOPED *siblings = NULL;
    fg_status_t status = fg_document_all(call, FG_DOCUMENT_RESOURCE, call->path_part[0],
                                         fg_member_str(parent, "id"), &siblings);
    size_t index;
    json_t *sibling;
    json_array_foreach(siblings, index, sibling)
    {
        fg_str_t other = fg_member_str(sibling, "pathPart");
        if (fg_str_eq(fg_member_str(sibling, "id"), self_id))
            continue;
        if (fg_str_eq(other, part))
            return fg_error_set(call->error, FG_CONFLICT, "pathPart",
                                "Another resource with the same parent already has this name: %.*s",
                                FG_STR_ARG(part));
        if (is_variable(other) && is_variable(part))
            return fg_error_set(
                call->error, FG_BAD_REQUEST, "pathPart",
                "A sibling (%.*s) of this resource already has a variable path part -- only "
                "one is allowed",
                FG_STR_ARG(other));
    }
    return status;
}

/* Path under a parent's; a path deeper or with more variables than the routes hold is refused. */
static fg_status_t child_path(fg_call_t *call, fg_str_t parent_path, fg_str_t part,
                              fg_str_t *ret_path)
{
    bool is_root = fg_str_is(parent_path, "/");
    fg_str_t path = fg_arena_printf(call->arena, "%.*s/%.*s", is_root ? 0 : (int)parent_path.len,
                                    parent_path.at, FG_STR_ARG(part));
    if (!path.at)
        return no_memory(call);
    size_t depth = 0, variables = 0;
    for (size_t i = 0; i < path.len; i++) {
        depth += path.at[i] == '/';
        variables += path.at[i] == '{';
    }
    if (depth > FG_PATH_DEPTH_MAX || variables > FG_PATH_PARAMS_MAX || path.len > FG_PATH_BYTES_MAX)
        return fg_error_set(
            call->error, FG_LIMIT, "pathPart",
            "A resource path has at most %d parts, %d of them variables, and %d bytes",
            FG_PATH_DEPTH_MAX, FG_PATH_PARAMS_MAX, FG_PATH_BYTES_MAX);
    *ret_path = path;
    return FG_OK;
}

/* ---- create ---- */

static fg_status_t check_room(fg_call_t *call)
{
    fg_document_query_t query = {.kind = FG_DOCUMENT_RESOURCE, .api_id = call->path_part[0]};
    fg_document_t *rows;
    size_t count = 0;
    fg_status_t status =
        fg_store_document_list(call->store, &query, call->arena, &rows, &count, call->error);
    if (status == FG_OK && count >= FG_RESOURCES_PER_API_MAX)
        return fg_error_set(call->error, FG_LIMIT, "",
                            "Maximum number of resources for this API has been reached.");
    return status;
}

fg_status_t fg_resource_create(fg_call_t *call)
{
    static const fg_field_t fields[] = {{"pathPart", FG_FIELD_TEXT, true, NULL}};
    FG_JSON_SCOPED *parent = NULL;
    FG_JSON_SCOPED *resource = json_object();
    fg_str_t id, path, part = FG_STR_NONE;
    fg_status_t status = fg_fields_read(call, call->input, fields, FG_COUNT_OF(fields), resource);
    if (status == FG_OK)
        status = load(call, call->path_part[1], &parent);
    if (status == FG_OK)
        status = check_path_part(call, part = fg_member_str(resource, "pathPart"));
    if (status == FG_OK)
        status = check_place(call, parent, part, FG_STR_NONE);
    if (status == FG_OK)
        status = check_room(call);
    if (status == FG_OK)
        status = child_path(call, fg_member_str(parent, "path"), part, &path);
    if (status == FG_OK)
        status = fg_call_new_id(call, FG_ID_SHORT_BYTES, &id);
    if (status != FG_OK)
        return status;
    if (!fg_member_set_str(resource, "id", id) ||
        !fg_member_set_str(resource, "parentId", call->path_part[1]) ||
        !fg_member_set_str(resource, "path", path))
        return no_memory(call);
    call->output = json_incref(resource);
    return save(call, resource);
}

/* ---- get, list ---- */

fg_status_t fg_resource_get(fg_call_t *call)
{
    fg_status_t status = load(call, call->path_part[1], &call->output);
    return status == FG_OK ? view(call, call->output) : status;
}

fg_status_t fg_resource_list(fg_call_t *call)
{
    fg_status_t status = fg_call_api(call, call->path_part[0], NULL);
    return status == FG_OK ? fg_document_page(call, FG_DOCUMENT_RESOURCE, call->path_part[0], view)
                           : status;
}

/* ---- delete ---- */

/* The resource with `id` and all below it, children first. Recursion is bounded by
 * FG_PATH_DEPTH_MAX. */
static fg_status_t delete_subtree(fg_call_t *call, const json_t *all, fg_str_t id)
{
    size_t index;
    json_t *resource;
    json_array_foreach(all, index, resource)
    {
        if (!fg_str_eq(fg_member_str(resource, "parentId"), id))
            continue;
        fg_status_t status = delete_subtree(call, all, fg_member_str(resource, "id"));
        if (status != FG_OK)
            return status;
    }
    return fg_store_document_delete(call->store, FG_DOCUMENT_RESOURCE, call->path_part[0], id,
                                    call->error);
}

fg_status_t fg_resource_delete(fg_call_t *call)
{
    FG_JSON_SCOPED *resource = NULL;
    FG_JSON_SCOPED *all = NULL;
    fg_status_t status = load(call, call->path_part[1], &resource);
    if (status == FG_OK && !fg_member_str(resource, "parentId").at)
        status = refuse(call, "", "Root resource cannot be deleted.");
    if (status == FG_OK)
        status = fg_document_all(call, FG_DOCUMENT_RESOURCE, call->path_part[0], FG_STR_NONE, &all);
    return status == FG_OK ? delete_subtree(call, all, call->path_part[1]) : status;
}

/* ---- update ---- */

static fg_status_t replace_path_part(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    if (!fg_member_str(noun, "parentId").at)
        return refuse(call, "pathPart", "Root resource cannot update its pathPart.");
    fg_status_t status = check_path_part(call, patch->value);
    return status == FG_OK ? fg_edit_text(call, noun, patch) : status;
}

/* Is `id` the resource `ancestor_id` or below it? Climbs at most FG_PATH_DEPTH_MAX steps. */
static fg_status_t check_acyclic(fg_call_t *call, fg_str_t ancestor_id, fg_str_t id)
{
    while (id.at) {
        if (fg_str_eq(id, ancestor_id))
            return refuse(call, "parentId", "Resources cannot be cyclical.");
        FG_JSON_SCOPED *resource = NULL;
        fg_status_t status = load(call, id, &resource);
        if (status != FG_OK)
            return status;
        id = fg_arena_copy(call->arena, fg_member_str(resource, "parentId"));
    }
    return FG_OK;
}

static fg_status_t replace_parent(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    if (!fg_member_str(noun, "parentId").at)
        return refuse(call, "parentId", "Root resource cannot update its parentId.");
    fg_status_t status = check_acyclic(call, fg_member_str(noun, "id"), patch->value);
    return status == FG_OK ? fg_edit_text(call, noun, patch) : status;
}

/* Write new paths below `parent`. Recursion is bounded by FG_PATH_DEPTH_MAX. */
static fg_status_t move_children(fg_call_t *call, const json_t *all, const json_t *parent)
{
    size_t index;
    json_t *child;
    json_array_foreach(all, index, child)
    {
        fg_str_t path;
        if (!fg_str_eq(fg_member_str(child, "parentId"), fg_member_str(parent, "id")))
            continue;
        fg_status_t status = child_path(call, fg_member_str(parent, "path"),
                                        fg_member_str(child, "pathPart"), &path);
        if (status == FG_OK && !fg_member_set_str(child, "path", path))
            status = no_memory(call);
        if (status == FG_OK)
            status = save(call, child);
        if (status == FG_OK)
            status = move_children(call, all, child);
        if (status != FG_OK)
            return status;
    }
    return FG_OK;
}

/* The patched resource at its new place, its subtree with it. */
static fg_status_t settle(fg_call_t *call, json_t *resource)
{
    FG_JSON_SCOPED *parent = NULL;
    FG_JSON_SCOPED *all = NULL;
    fg_str_t path, part = fg_member_str(resource, "pathPart");
    fg_status_t status = load(call, fg_member_str(resource, "parentId"), &parent);
    if (status == FG_OK)
        status = check_place(call, parent, part, fg_member_str(resource, "id"));
    if (status == FG_OK)
        status = child_path(call, fg_member_str(parent, "path"), part, &path);
    if (status == FG_OK && !fg_member_set_str(resource, "path", path))
        status = no_memory(call);
    if (status == FG_OK)
        status = save(call, resource);
    if (status == FG_OK)
        status = fg_document_all(call, FG_DOCUMENT_RESOURCE, call->path_part[0], FG_STR_NONE, &all);
    return status == FG_OK ? move_children(call, all, resource) : status;
}

fg_status_t fg_resource_update(fg_call_t *call)
{
    static const fg_patch_row_t rows[] = {
        {"/parentId", FG_PATCH_MAY(REPLACE), replace_parent, false},
        {"/pathPart", FG_PATCH_MAY(REPLACE), replace_path_part, false},
    };
    static const fg_patch_table_t table = {rows, FG_COUNT_OF(rows), fg_patch_refuse_a};
    FG_JSON_SCOPED *resource = NULL;
    fg_status_t status = load(call, call->path_part[1], &resource);
    if (status == FG_OK)
        status = fg_patch_apply(call, &table, resource);
    if (status == FG_OK && fg_member_str(resource, "parentId").at)
        status = settle(call, resource);
    if (status != FG_OK)
        return status;
    call->output = json_incref(resource);
    return view(call, call->output);
}
