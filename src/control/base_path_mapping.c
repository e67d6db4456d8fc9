/*
 * base_path_mapping - docs/rules/domains.md BP1 to BP5. A mapping is stored under its domain name,
 * with the API as its parent; the empty base path is "(none)".
 */
#include "control/document.h"
#include "control/domain_name.h"
#include "control/handlers.h"
#include "control/noun.h"

#include <ctype.h>

#define NO_BASE_PATH "(none)"

static fg_status_t refuse(fg_call_t *call, const char *field, const char *message)
{
    return fg_error_set(call->error, FG_BAD_REQUEST, field, "%s", message);
}

/* The domain name as it is stored, a view of the arena. */
static fg_status_t domain_of(fg_call_t *call, fg_str_t *ret_name)
{
    FG_JSON_SCOPED *domain = NULL;
    fg_status_t status = fg_domain_name_load(call, &domain);
    if (status != FG_OK)
        return status;
    *ret_name = fg_arena_copy(call->arena, fg_member_str(domain, "domainName"));
    return ret_name->at ? FG_OK : fg_call_no_memory(call);
}

static fg_status_t load(fg_call_t *call, fg_str_t *ret_domain_name, json_t **ret_mapping)
{
    fg_status_t status = domain_of(call, ret_domain_name);
    if (status != FG_OK)
        return status;
    status = fg_document_load(call, FG_DOCUMENT_BASE_PATH, *ret_domain_name, call->path_part[1],
                              ret_mapping);
    if (status == FG_NOT_FOUND)
        return fg_error_set(call->error, FG_NOT_FOUND, "",
                            "Invalid base path mapping identifier specified");
    return status;
}

static fg_status_t save(fg_call_t *call, fg_str_t domain_name, const json_t *mapping)
{
    return fg_document_save(call, FG_DOCUMENT_BASE_PATH, domain_name,
                            fg_member_str(mapping, "basePath"), fg_member_str(mapping, "restApiId"),
                            mapping);
}

/* ---- checks ---- */

/* Rule BP2: the base path as it is stored goes to the mapping. */
static fg_status_t settle_path(fg_call_t *call, json_t *mapping)
{
    fg_str_t path = fg_member_str(mapping, "basePath");
    if (fg_str_find(path, '/') < path.len)
        return refuse(call, "basePath",
                      "API Gateway V1 doesn't support the slash character (/) in base path "
                      "mappings. To create a multi-level base path mapping, use API Gateway V2.");
    for (size_t i = 0; i < path.len; i++) {
        if (!isalnum((unsigned char)path.at[i]) && !strchr("$-_.+!*'()", path.at[i]))
            return refuse(call, "basePath", "A base path has letters, digits and $-_.+!*'() only");
    }
    if (path.len > FG_BASE_PATH_BYTES_MAX)
        return fg_error_set(call->error, FG_BAD_REQUEST, "basePath",
                            "A base path has at most %d bytes", FG_BASE_PATH_BYTES_MAX);
    if (fg_str_is_empty(path) && !fg_member_set_str(mapping, "basePath", FG_STR(NO_BASE_PATH)))
        return fg_call_no_memory(call);
    return FG_OK;
}

/* Rule BP3 */
static fg_status_t check_target(fg_call_t *call, json_t *mapping)
{
    fg_str_t api_id = fg_member_str(mapping, "restApiId"), stage = fg_member_str(mapping, "stage");
    fg_status_t status = FG_NOT_FOUND;
    if (!fg_str_is_empty(api_id))
        status = fg_document_has(call, FG_DOCUMENT_REST_API, FG_STR(""), api_id);
    if (status == FG_NOT_FOUND)
        return refuse(call, "restApiId", "Invalid REST API identifier specified");
    if (fg_str_is_empty(stage)) {
        json_object_del(mapping, "stage");
        return status;
    }
    if (status == FG_OK)
        status = fg_document_has(call, FG_DOCUMENT_STAGE, api_id, stage);
    return status == FG_NOT_FOUND ? refuse(call, "stage", "Invalid stage identifier specified")
                                  : status;
}

/* FG_CONFLICT when the base path is taken. */
static fg_status_t check_free(fg_call_t *call, fg_str_t domain_name, const json_t *mapping)
{
    fg_status_t status = fg_document_has(call, FG_DOCUMENT_BASE_PATH, domain_name,
                                         fg_member_str(mapping, "basePath"));
    if (status == FG_OK)
        return fg_error_set(call->error, FG_CONFLICT, "basePath",
                            "Base path already exists for this domain name");
    return status == FG_NOT_FOUND ? FG_OK : status;
}

/* ---- create, get, list, delete ---- */

fg_status_t fg_base_path_mapping_create(fg_call_t *call)
{
    static const fg_field_t fields[] = {
        {"basePath", FG_FIELD_TEXT, false, NULL},
        {"restApiId", FG_FIELD_TEXT, true, NULL},
        {"stage", FG_FIELD_TEXT, false, NULL},
    };
    FG_JSON_SCOPED *mapping = json_object();
    fg_str_t domain_name;
    fg_status_t status = fg_fields_read(call, call->input, fields, FG_COUNT_OF(fields), mapping);
    if (status == FG_OK)
        status = domain_of(call, &domain_name);
    if (status == FG_OK)
        status = settle_path(call, mapping);
    if (status == FG_OK)
        status = check_target(call, mapping);
    if (status == FG_OK)
        status = check_free(call, domain_name, mapping);
    if (status == FG_OK)
        status = fg_document_room_check(call, FG_DOCUMENT_BASE_PATH, domain_name,
                                        FG_BASE_PATHS_PER_DOMAIN_MAX, "base path mappings");
    if (status == FG_OK)
        status = save(call, domain_name, mapping);
    if (status == FG_OK)
        call->output = json_incref(mapping);
    return status;
}

fg_status_t fg_base_path_mapping_get(fg_call_t *call)
{
    fg_str_t domain_name;
    return load(call, &domain_name, &call->output);
}

fg_status_t fg_base_path_mapping_list(fg_call_t *call)
{
    fg_str_t domain_name;
    fg_status_t status = domain_of(call, &domain_name);
    return status == FG_OK
               ? fg_document_page(call, FG_DOCUMENT_BASE_PATH, domain_name, fg_view_plain)
               : status;
}

fg_status_t fg_base_path_mapping_delete(fg_call_t *call)
{
    FG_JSON_SCOPED *mapping = NULL;
    fg_str_t domain_name;
    fg_status_t status = load(call, &domain_name, &mapping);
    return status == FG_OK ? fg_store_document_delete(call->store, FG_DOCUMENT_BASE_PATH,
                                                      domain_name, call->path_part[1], call->error)
                           : status;
}

/* ---- update ---- */

static fg_status_t replace(fg_call_t *call, json_t *mapping, const fg_patch_t *patch,
                           const char *member)
{
    fg_patch_t named = *patch; /* the paths' spelling is not the members' */
    named.part[0] = fg_str(member);
    return fg_edit_text(call, mapping, &named);
}

static fg_status_t replace_path(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    return replace(call, noun, patch, "basePath");
}

static fg_status_t replace_api(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    return replace(call, noun, patch, "restApiId");
}

static const fg_patch_row_t patch_rows[] = {
    {"/basePath", FG_PATCH_MAY(REPLACE), replace_path, false},
    {"/basepath", FG_PATCH_MAY(REPLACE), replace_path, false},
    {"/restapiId", FG_PATCH_MAY(REPLACE), replace_api, false},
    {"/restApiId", FG_PATCH_MAY(REPLACE), replace_api, false},
    {"/stage", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
};
static const fg_patch_table_t patches = {patch_rows, FG_COUNT_OF(patch_rows), fg_patch_refuse_b};

/* Rule BP4 */
static fg_status_t rename_to(fg_call_t *call, fg_str_t domain_name, const json_t *mapping)
{
    fg_status_t status = check_free(call, domain_name, mapping);
    return status == FG_OK ? fg_store_document_delete(call->store, FG_DOCUMENT_BASE_PATH,
                                                      domain_name, call->path_part[1], call->error)
                           : status;
}

fg_status_t fg_base_path_mapping_update(fg_call_t *call)
{
    FG_JSON_SCOPED *mapping = NULL;
    fg_str_t domain_name;
    fg_status_t status = load(call, &domain_name, &mapping);
    if (status == FG_OK)
        status = fg_patch_apply(call, &patches, mapping);
    if (status == FG_OK)
        status = settle_path(call, mapping);
    if (status == FG_OK)
        status = check_target(call, mapping);
    if (status == FG_OK && !fg_str_eq(fg_member_str(mapping, "basePath"), call->path_part[1]))
        status = rename_to(call, domain_name, mapping);
    if (status == FG_OK)
        status = save(call, domain_name, mapping);
    if (status == FG_OK)
        call->output = json_incref(mapping);
    return status;
}
