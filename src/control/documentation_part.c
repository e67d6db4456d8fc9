/*
 * documentation_part - docs/rules/documentation.md. A part's parent in the store is the key of its
 * location, so that the part of a place is found without reading the others.
 */
#include "base/yaml.h"
#include "control/documentation.h"
#include "control/documentation_location.h"
#include "control/handlers.h"
#include "control/noun.h"

static const fg_field_t fields[] = {
    {"location", FG_FIELD_OBJECT, true, NULL},
    {"properties", FG_FIELD_TEXT, true, NULL},
};

static fg_status_t load(fg_call_t *call, json_t **ret_part)
{
    fg_status_t status =
        fg_document_load(call, FG_DOCUMENT_PART, call->path_part[0], call->path_part[1], ret_part);
    if (status == FG_NOT_FOUND)
        return fg_error_set(call->error, FG_NOT_FOUND, "",
                            "Invalid Documentation part identifier specified");
    return status;
}

static fg_status_t save(fg_call_t *call, fg_str_t api_id, const json_t *part)
{
    fg_str_t key = fg_documentation_location_key(call, json_object_get(part, "location"));
    if (!key.at)
        return fg_call_no_memory(call);
    return fg_document_save(call, FG_DOCUMENT_PART, api_id, fg_member_str(part, "id"), key, part);
}

/* The id of the part that speaks of the location; FG_STR_NONE when there is none. */
static fg_status_t find(fg_call_t *call, fg_str_t api_id, const json_t *location, fg_str_t *ret_id)
{
    fg_document_query_t query = {.kind = FG_DOCUMENT_PART, .api_id = api_id, .limit = 1};
    query.parent_id = fg_documentation_location_key(call, location);
    if (!query.parent_id.at)
        return fg_call_no_memory(call);
    fg_document_t *rows = NULL;
    size_t count = 0;
    fg_status_t status =
        fg_store_document_list(call->store, &query, call->arena, &rows, &count, call->error);
    *ret_id = status == FG_OK && count ? rows[0].id : FG_STR_NONE;
    return status;
}

/* ---- checks ---- */

/* Rule DP4 */
static fg_status_t check_properties(fg_call_t *call, fg_str_t properties)
{
    fg_error_t ignored;
    FG_JSON_SCOPED *value = fg_json_parse(properties, &ignored);
    if (json_is_object(value))
        return FG_OK;
    return fg_error_set(call->error, FG_BAD_REQUEST, "properties",
                        "The properties of a documentation part must be the text of a JSON object");
}

static fg_status_t check_free(fg_call_t *call, fg_str_t api_id, const json_t *location)
{
    fg_str_t id = FG_STR_NONE;
    fg_status_t status = find(call, api_id, location, &id);
    if (status != FG_OK || !id.at)
        return status;
    fg_str_t place = fg_documentation_location_text(call, location);
    return fg_error_set(call->error, FG_CONFLICT, "location",
                        "Documentation part already exists for the specified location: %.*s.",
                        FG_STR_ARG(place));
}

/* ---- create ---- */

/* Store a new part and hand it back, a new reference. */
static fg_status_t add(fg_call_t *call, fg_str_t api_id, json_t *location, fg_str_t properties,
                       json_t **ret_part)
{
    fg_str_t id;
    fg_status_t status = fg_document_room_check(call, FG_DOCUMENT_PART, api_id,
                                                FG_DOCUMENTATION_PARTS_MAX, "documentation parts");
    if (status == FG_OK)
        status = fg_call_new_id(call, FG_ID_SHORT_BYTES, &id);
    if (status != FG_OK)
        return status;
    FG_JSON_SCOPED *part = json_pack("{ss%, sO, ss%}", "id", id.at, id.len, "location", location,
                                     "properties", properties.at, properties.len);
    if (!part)
        return fg_call_no_memory(call);
    status = save(call, api_id, part);
    if (status == FG_OK)
        *ret_part = json_incref(part);
    return status;
}

fg_status_t fg_documentation_part_create(fg_call_t *call)
{
    fg_str_t api_id = call->path_part[0], properties;
    FG_JSON_SCOPED *given = json_object();
    FG_JSON_SCOPED *location = NULL;
    fg_status_t status = fg_fields_read(call, call->input, fields, FG_COUNT_OF(fields), given);
    if (status == FG_OK)
        status =
            fg_documentation_location_read(call, json_object_get(given, "location"), &location);
    properties = fg_member_str(given, "properties");
    if (status == FG_OK)
        status = fg_call_api(call, api_id, NULL);
    if (status == FG_OK)
        status = fg_documentation_location_check(call, location);
    if (status == FG_OK)
        status = check_properties(call, properties);
    if (status == FG_OK)
        status = check_free(call, api_id, location);
    return status == FG_OK ? add(call, api_id, location, properties, &call->output) : status;
}

/* ---- get, update, delete ---- */

fg_status_t fg_documentation_part_get(fg_call_t *call)
{
    return load(call, &call->output);
}

static fg_status_t replace_properties(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    fg_status_t status = check_properties(call, patch->value);
    return status == FG_OK ? fg_edit_text(call, noun, patch) : status;
}

fg_status_t fg_documentation_part_update(fg_call_t *call)
{
    static const fg_patch_row_t rows[] = {
        {"/properties", FG_PATCH_MAY(REPLACE), replace_properties, false}};
    static const fg_patch_table_t table = {rows, FG_COUNT_OF(rows), fg_patch_refuse_a};
    FG_JSON_SCOPED *part = NULL;
    fg_status_t status = load(call, &part);
    if (status == FG_OK)
        status = fg_patch_apply(call, &table, part);
    if (status == FG_OK)
        status = save(call, call->path_part[0], part);
    if (status == FG_OK)
        call->output = json_incref(part);
    return status;
}

fg_status_t fg_documentation_part_delete(fg_call_t *call)
{
    FG_JSON_SCOPED *part = NULL;
    fg_status_t status = load(call, &part);
    if (status != FG_OK)
        return status;
    return fg_store_document_delete(call->store, FG_DOCUMENT_PART, call->path_part[0],
                                    call->path_part[1], call->error);
}

/* ---- list ---- */

/* Rule DP7 */
static bool is_asked_for(fg_call_t *call, const json_t *part)
{
    const json_t *location = json_object_get(part, "location");
    fg_str_t type = fg_call_query(call, "type"), path = fg_call_query(call, "path"),
             name = fg_call_query(call, "name");
    fg_str_t given = fg_member_str(location, "path");
    if (!given.at)
        given = FG_STR("/");
    return (fg_str_is_empty(type) || fg_str_eq(fg_member_str(location, "type"), type)) &&
           (fg_str_is_empty(path) || fg_str_eq(given, path)) &&
           fg_str_starts_with(fg_member_str(location, "name"), name);
}

/* Locations of the API that have no part, as parts of a location alone. */
static fg_status_t list_undocumented(fg_call_t *call, fg_str_t api_id)
{
    FG_JSON_SCOPED *locations = json_array();
    FG_JSON_SCOPED *parts = json_array();
    size_t index;
    json_t *location;
    fg_status_t status = fg_documentation_locations_of(call, api_id, locations);
    json_array_foreach(locations, index, location)
    {
        fg_str_t id = FG_STR_NONE;
        FG_JSON_SCOPED *part = json_pack("{sO}", "location", location);
        if (status == FG_OK && !part)
            status = fg_call_no_memory(call);
        if (status != FG_OK || !is_asked_for(call, part))
            continue;
        status = find(call, api_id, location, &id);
        if (status == FG_OK && !id.at && json_array_append(parts, part) != 0)
            status = fg_call_no_memory(call);
    }
    return status == FG_OK ? fg_call_page_of(call, parts) : status;
}

fg_status_t fg_documentation_part_list(fg_call_t *call)
{
    fg_str_t api_id = call->path_part[0], which = fg_call_query(call, "locationStatus");
    fg_status_t status = fg_documentation_type_check(call, fg_call_query(call, "type"));
    if (status == FG_OK && which.at && !fg_str_is(which, "DOCUMENTED") &&
        !fg_str_is(which, "UNDOCUMENTED"))
        status = fg_label_failed(call, "locationStatus", which,
                                 "Member must satisfy enum value set: [UNDOCUMENTED, DOCUMENTED]");
    if (status == FG_OK)
        status = fg_call_api(call, api_id, NULL);
    if (status != FG_OK)
        return status;
    return fg_str_is(which, "UNDOCUMENTED")
               ? list_undocumented(call, api_id)
               : fg_document_page_of(call, FG_DOCUMENT_PART, api_id, is_asked_for, fg_view_plain);
}

/* ---- import ---- */

/* Store what an imported part says: over the part at its location, or as a new one. */
static fg_status_t merge_part(fg_call_t *call, fg_str_t api_id, json_t *location,
                              fg_str_t properties, json_t **ret_part)
{
    fg_str_t id = FG_STR_NONE;
    FG_JSON_SCOPED *part = NULL;
    fg_status_t status = find(call, api_id, location, &id);
    if (status == FG_OK && !id.at)
        return add(call, api_id, location, properties, ret_part);
    if (status == FG_OK)
        status = fg_document_load(call, FG_DOCUMENT_PART, api_id, id, &part);
    if (status == FG_OK && !fg_member_set_str(part, "properties", properties))
        status = fg_call_no_memory(call);
    if (status == FG_OK)
        status = save(call, api_id, part);
    if (status == FG_OK)
        *ret_part = json_incref(part);
    return status;
}

static fg_status_t import_part(fg_call_t *call, fg_str_t api_id, const json_t *given, json_t *ids)
{
    FG_JSON_SCOPED *location = NULL;
    FG_JSON_SCOPED *part = NULL;
    json_t *properties = json_object_get(given, "properties");
    fg_status_t status =
        fg_documentation_location_read(call, json_object_get(given, "location"), &location);
    if (status == FG_OK)
        status = fg_documentation_location_check(call, location);
    if (status == FG_OK && !json_is_object(properties))
        status = fg_error_set(call->error, FG_BAD_REQUEST, "properties",
                              "The properties of a documentation part must be an object");
    if (status != FG_OK)
        return status;
    fg_str_t text = fg_json_render(properties, call->arena);
    if (!text.at)
        return fg_call_no_memory(call);
    status = merge_part(call, api_id, location, text, &part);
    if (status == FG_OK && json_array_append(ids, json_object_get(part, "id")) != 0)
        status = fg_call_no_memory(call);
    return status;
}

static bool is_clients_fault(fg_status_t status)
{
    return status == FG_BAD_REQUEST || status == FG_VALIDATION || status == FG_SERIALIZATION;
}

static fg_status_t warn(fg_call_t *call, size_t index, json_t *warnings)
{
    fg_str_t text = fg_arena_printf(call->arena, "Documentation part %zu is left out: %s", index,
                                    call->error->message);
    *call->error = (fg_error_t){0};
    return json_array_append_new(warnings, fg_json_new_str(text)) == 0 ? FG_OK
                                                                       : fg_call_no_memory(call);
}

static fg_status_t delete_all(fg_call_t *call, fg_str_t api_id)
{
    fg_document_query_t query = {.kind = FG_DOCUMENT_PART, .api_id = api_id};
    fg_document_t *rows = NULL;
    size_t count = 0;
    fg_status_t status =
        fg_store_document_list(call->store, &query, call->arena, &rows, &count, call->error);
    for (size_t i = 0; status == FG_OK && i < count; i++)
        status = fg_store_document_delete(call->store, FG_DOCUMENT_PART, api_id, rows[i].id,
                                          call->error);
    return status;
}

fg_status_t fg_documentation_import(fg_call_t *call, fg_str_t api_id, const json_t *documentation,
                                    bool is_overwrite, json_t *ids, json_t *warnings)
{
    size_t index;
    json_t *part;
    fg_status_t status = is_overwrite ? delete_all(call, api_id) : FG_OK;
    json_array_foreach(json_object_get(documentation, "documentationParts"), index, part)
    {
        if (status == FG_OK)
            status = import_part(call, api_id, part, ids);
        if (is_clients_fault(status))
            status = warn(call, index, warnings);
    }
    return status;
}

static fg_status_t parse_definition(fg_call_t *call, json_t **ret_definition)
{
    FG_JSON_SCOPED *definition = NULL;
    fg_status_t status = fg_yaml_parse(call->body, &definition, call->error);
    if (status == FG_NO_MEMORY)
        return status;
    if (!json_object_get(definition, "swagger") && !json_object_get(definition, "openapi"))
        return fg_error_set(call->error, FG_BAD_REQUEST, "body",
                            "Unable to build importer with provided input.");
    *ret_definition = json_incref(definition);
    return FG_OK;
}

/* Rule DP6: failOnWarnings turns the first into a refusal. */
static fg_status_t answer_import(fg_call_t *call, json_t *ids, json_t *warnings)
{
    fg_str_t first = fg_json_str(json_array_get(warnings, 0));
    if (first.at && fg_patch_bool(fg_call_query(call, "failonwarnings")))
        return fg_error_set(call->error, FG_BAD_REQUEST, "body", "%.*s", FG_STR_ARG(first));
    call->output = json_pack("{sO, sO*}", "ids", ids, "warnings", first.at ? warnings : NULL);
    return call->output ? FG_OK : fg_call_no_memory(call);
}

fg_status_t fg_documentation_part_import(fg_call_t *call)
{
    fg_str_t mode = fg_call_query(call, "mode");
    FG_JSON_SCOPED *definition = NULL;
    FG_JSON_SCOPED *ids = json_array();
    FG_JSON_SCOPED *warnings = json_array();
    if (mode.at && !fg_str_is(mode, "merge") && !fg_str_is(mode, "overwrite"))
        return fg_label_failed(call, "mode", mode,
                               "Member must satisfy enum value set: [overwrite, merge]");
    fg_status_t status = fg_call_api(call, call->path_part[0], NULL);
    if (status == FG_OK)
        status = parse_definition(call, &definition);
    if (status == FG_OK)
        status = fg_documentation_import(
            call, call->path_part[0],
            json_object_get(definition, "x-amazon-apigateway-documentation"),
            fg_str_is(mode, "overwrite"), ids, warnings);
    return status == FG_OK ? answer_import(call, ids, warnings) : status;
}
