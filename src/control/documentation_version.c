/*
 * documentation_version - docs/rules/documentation.md. The document holds the parts as they were;
 * answers leave them out.
 */
#include "control/document.h"
#include "control/documentation.h"
#include "control/handlers.h"
#include "control/noun.h"
#include "control/stage.h"

static fg_status_t load(fg_call_t *call, json_t **ret_version)
{
    fg_status_t status = fg_document_load(call, FG_DOCUMENTATION_VERSION, call->path_part[0],
                                          call->path_part[1], ret_version);
    if (status == FG_NOT_FOUND)
        return fg_error_set(call->error, FG_NOT_FOUND, "",
                            "Invalid Documentation version specified");
    return status;
}

static fg_status_t save(fg_call_t *call, const json_t *version)
{
    return fg_document_save(call, FG_DOCUMENTATION_VERSION, call->path_part[0],
                            fg_member_str(version, "version"), FG_STR(""), version);
}

static fg_status_t view(fg_call_t *call, json_t *version)
{
    (void)call;
    json_object_del(version, "parts");
    return FG_OK;
}

/* Rule DP8 */
static fg_status_t check_name(fg_call_t *call, fg_str_t name)
{
    if (name.len == 0 || name.len > FG_DOCUMENTATION_VERSION_BYTES_MAX)
        return fg_error_set(call->error, FG_BAD_REQUEST, "documentationVersion",
                            "A documentation version has 1 to %d bytes",
                            FG_DOCUMENTATION_VERSION_BYTES_MAX);
    fg_status_t status = fg_document_has(call, FG_DOCUMENTATION_VERSION, call->path_part[0], name);
    if (status == FG_OK)
        return fg_error_set(call->error, FG_CONFLICT, "documentationVersion",
                            "Documentation version already exists: %.*s", FG_STR_ARG(name));
    return status == FG_NOT_FOUND ? FG_OK : status;
}

/* The version with the parts as they are now. */
static fg_status_t take_snapshot(fg_call_t *call, const json_t *given, json_t *version)
{
    FG_JSON_SCOPED *parts = NULL;
    fg_status_t status =
        fg_document_all(call, FG_DOCUMENT_PART, call->path_part[0], FG_STR_NONE, &parts);
    if (status != FG_OK)
        return status;
    json_t *description = json_object_get(given, "description");
    bool is_ok =
        fg_member_set_str(version, "version", fg_member_str(given, "documentationVersion")) &&
        fg_member_set(version, "createdDate", json_integer(call->now.wall.s)) &&
        (!description || json_object_set(version, "description", description) == 0) &&
        json_object_set(version, "parts", parts) == 0;
    return is_ok ? FG_OK : fg_call_no_memory(call);
}

fg_status_t fg_documentation_version_create(fg_call_t *call)
{
    static const fg_field_t fields[] = {
        {"documentationVersion", FG_FIELD_TEXT, true, NULL},
        {"stageName", FG_FIELD_TEXT, false, NULL},
        {"description", FG_FIELD_TEXT, false, NULL},
    };
    FG_JSON_SCOPED *given = json_object();
    FG_JSON_SCOPED *version = json_object();
    fg_status_t status = fg_fields_read(call, call->input, fields, FG_COUNT_OF(fields), given);
    fg_str_t name = fg_member_str(given, "documentationVersion"),
             stage_name = fg_member_str(given, "stageName");
    if (status == FG_OK)
        status = fg_call_api(call, call->path_part[0], NULL);
    if (status == FG_OK)
        status = check_name(call, name);
    if (status == FG_OK)
        status = fg_document_room_check(call, FG_DOCUMENTATION_VERSION, call->path_part[0],
                                        FG_DOCUMENTATION_VERSIONS_MAX, "documentation versions");
    if (status == FG_OK && !fg_str_is_empty(stage_name))
        status = fg_stage_document(call, stage_name, name);
    if (status == FG_OK)
        status = take_snapshot(call, given, version);
    if (status == FG_OK)
        status = save(call, version);
    if (status != FG_OK)
        return status;
    call->output = json_incref(version);
    return view(call, call->output);
}

/* ---- get, list, update, delete ---- */

fg_status_t fg_documentation_version_get(fg_call_t *call)
{
    fg_status_t status = load(call, &call->output);
    return status == FG_OK ? view(call, call->output) : status;
}

fg_status_t fg_documentation_version_list(fg_call_t *call)
{
    fg_status_t status = fg_call_api(call, call->path_part[0], NULL);
    return status == FG_OK
               ? fg_document_page(call, FG_DOCUMENTATION_VERSION, call->path_part[0], view)
               : status;
}

fg_status_t fg_documentation_version_update(fg_call_t *call)
{
    static const fg_patch_row_t rows[] = {
        {"/description", FG_PATCH_MAY(REPLACE), fg_edit_text, false}};
    static const fg_patch_table_t table = {rows, FG_COUNT_OF(rows), fg_patch_refuse_a};
    FG_JSON_SCOPED *version = NULL;
    fg_status_t status = load(call, &version);
    if (status == FG_OK)
        status = fg_patch_apply(call, &table, version);
    if (status == FG_OK)
        status = save(call, version);
    if (status != FG_OK)
        return status;
    call->output = json_incref(version);
    return view(call, call->output);
}

fg_status_t fg_documentation_version_delete(fg_call_t *call)
{
    FG_JSON_SCOPED *version = NULL;
    fg_status_t status = load(call, &version);
    if (status != FG_OK)
        return status;
    return fg_store_document_delete(call->store, FG_DOCUMENTATION_VERSION, call->path_part[0],
                                    call->path_part[1], call->error);
}

/* ---- for exports ---- */

/* The parts as an OpenAPI document has them: without ids, properties as objects. NULL on lack of
 * memory. */
static json_t *exported_parts(fg_call_t *call, const json_t *version)
{
    FG_JSON_SCOPED *parts = json_array();
    json_t *part;
    size_t index;
    json_array_foreach(json_object_get(version, "parts"), index, part)
    {
        json_t *properties = fg_json_parse(fg_member_str(part, "properties"), call->error);
        json_t *exported = json_pack("{sO, so}", "location", json_object_get(part, "location"),
                                     "properties", properties);
        if (json_array_append_new(parts, exported) != 0)
            return NULL;
    }
    return json_incref(parts);
}

fg_status_t fg_documentation_of_version(fg_call_t *call, fg_str_t api_id, fg_str_t version,
                                        json_t **ret_documentation)
{
    FG_JSON_SCOPED *document = NULL;
    fg_status_t status =
        fg_document_load(call, FG_DOCUMENTATION_VERSION, api_id, version, &document);
    if (status != FG_OK)
        return status;
    *ret_documentation = json_pack("{sO, so}", "version", json_object_get(document, "version"),
                                   "documentationParts", exported_parts(call, document));
    return *ret_documentation ? FG_OK : fg_call_no_memory(call);
}
