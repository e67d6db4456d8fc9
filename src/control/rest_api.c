/*
 * rest_api - reference 4.6. The document is the wire shape but for the policy, which is kept as it
 * was given and escaped on the way out, and the tags, which each answer shows by its own rule
 * (reference 3.5).
 */
#include "control/rest_api.h"
#include "control/document.h"
#include "control/endpoint.h"
#include "control/handlers.h"
#include "control/noun.h"

#include <stdio.h>

enum { COMPRESSION_BYTES_MAX = 10485760 };

#define EMPTY_SCHEMA                                                                               \
    "{\n  \"$schema\": \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Empty "       \
    "Schema\",\n"                                                                                  \
    "  \"type\" : \"object\"\n}"
#define ERROR_SCHEMA                                                                               \
    "{\n  \"$schema\" : \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Error "      \
    "Schema\",\n"                                                                                  \
    "  \"type\" : \"object\",\n  \"properties\" : {\n    \"message\" : { \"type\" : \"string\" "   \
    "}\n  }\n}"

/* Rule K4: QUERY is ours. */
#define KEY_SOURCES "HEADER, AUTHORIZER, QUERY"

static const fg_field_t fields[] = {
    {"name", FG_FIELD_TEXT, true, NULL},
    {"description", FG_FIELD_TEXT, false, NULL},
    {"version", FG_FIELD_TEXT, false, NULL},
    {"binaryMediaTypes", FG_FIELD_TEXT_LIST, false, NULL},
    {"minimumCompressionSize", FG_FIELD_INTEGER, false, NULL},
    {"apiKeySource", FG_FIELD_TEXT, false, KEY_SOURCES},
    {"endpointConfiguration", FG_FIELD_OBJECT, false, NULL},
    {"policy", FG_FIELD_TEXT, false, NULL},
    {"tags", FG_FIELD_TEXT_MAP, false, NULL},
    {"disableExecuteApiEndpoint", FG_FIELD_BOOL, false, NULL},
    {"securityPolicy", FG_FIELD_TEXT, false, NULL},
    {"endpointAccessMode", FG_FIELD_TEXT, false, NULL},
};
static fg_status_t refuse(fg_call_t *call, const char *field, const char *message)
{
    return fg_error_set(call->error, FG_BAD_REQUEST, field, "%s", message);
}

static fg_status_t no_memory(fg_call_t *call)
{
    return fg_error_set(call->error, FG_NO_MEMORY, "", "out of memory");
}

/* ---- rendering ---- */

/* The text as it stands between the quotes of a JSON string. */
static fg_str_t escaped(fg_call_t *call, fg_str_t text)
{
    char *out = fg_arena_alloc(call->arena, text.len * 6 + 1);
    if (!out)
        return FG_STR_NONE;
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        if (byte == '"' || byte == '\\') {
            out[len++] = '\\';
            out[len++] = (char)byte;
        } else if (byte == '\n') {
            out[len++] = '\\';
            out[len++] = 'n';
        } else if (byte < 0x20) {
            len += (size_t)snprintf(out + len, 7, "\\u%04x", byte);
        } else {
            out[len++] = (char)byte;
        }
    }
    return fg_str_of(out, len);
}

/* The policy is escaped twice on the wire: once here, once by the codec. Reference 1.2. */
static fg_status_t escape_policy(fg_call_t *call, json_t *api)
{
    fg_str_t policy = fg_member_str(api, "policy");
    if (policy.at && !fg_member_set_str(api, "policy", escaped(call, policy)))
        return no_memory(call);
    return FG_OK;
}

static fg_status_t view_listed(fg_call_t *call, json_t *api)
{
    fg_status_t status = fg_view_listed(call, api);
    return status == FG_OK ? escape_policy(call, api) : status;
}

static fg_status_t view_single(fg_call_t *call, json_t *api)
{
    fg_status_t status = fg_view_single(call, api);
    return status == FG_OK ? escape_policy(call, api) : status;
}

/* ---- checks ---- */

static bool is_json_object(fg_str_t text)
{
    fg_error_t ignored;
    FG_JSON_SCOPED *value = fg_json_parse(text, &ignored);
    return json_is_object(value);
}

fg_status_t fg_policy_check(fg_call_t *call, fg_str_t policy)
{
    if (fg_str_is_empty(policy) || is_json_object(policy))
        return FG_OK;
    return refuse(call, "policy",
                  "Invalid policy document. Please check the policy syntax and ensure that "
                  "Principals are valid.");
}

static fg_status_t check_compression(fg_call_t *call, int64_t bytes)
{
    if (bytes >= 0 && bytes <= COMPRESSION_BYTES_MAX)
        return FG_OK;
    return refuse(call, "minimumCompressionSize",
                  "Invalid minimum compression size, must be between 0 and 10485760");
}

/* ---- create ---- */

/* Semantic checks in the order of the recordings: description, compression, endpoint, policy. */
static fg_status_t check_new(fg_call_t *call, json_t *api, json_t *endpoint)
{
    fg_str_t description = fg_member_str(api, "description");
    if (fg_str_is_empty(fg_member_str(api, "name")))
        return refuse(call, "name", "Name cannot be an empty string");
    if (description.at && description.len == 0)
        return refuse(call, "description", "Description cannot be an empty string");
    json_t *compression = json_object_get(api, "minimumCompressionSize");
    fg_status_t status =
        compression ? check_compression(call, json_integer_value(compression)) : FG_OK;
    if (status == FG_OK)
        status = fg_endpoint_settle(call, endpoint);
    if (status == FG_OK)
        status = fg_policy_check(call, fg_member_str(api, "policy"));
    return status == FG_OK ? fg_tags_check(call, json_object_get(api, "tags"))
                           : status; /* Rule C7 */
}

/* Put the members that every API has; what is empty is dropped. */
static fg_status_t fill_defaults(fg_call_t *call, json_t *api, json_t *endpoint, fg_str_t id,
                                 fg_str_t root_id)
{
    if (json_array_size(json_object_get(api, "binaryMediaTypes")) == 0)
        json_object_del(api, "binaryMediaTypes");
    if (fg_str_is_empty(fg_member_str(api, "policy")))
        json_object_del(api, "policy");
    bool is_ok = fg_member_set_str(api, "id", id) &&
                 fg_member_set_str(api, "rootResourceId", root_id) &&
                 fg_member_set(api, "createdDate", json_integer(call->now.wall.s)) &&
                 fg_member_set(api, "endpointConfiguration", json_incref(endpoint));
    if (!json_object_get(api, "apiKeySource"))
        is_ok = is_ok && fg_member_set_str(api, "apiKeySource", FG_STR("HEADER"));
    if (!json_object_get(api, "disableExecuteApiEndpoint"))
        is_ok = is_ok && fg_member_set(api, "disableExecuteApiEndpoint", json_false());
    return is_ok ? FG_OK : no_memory(call);
}

static fg_status_t save_model(fg_call_t *call, fg_str_t api_id, const char *name,
                              const char *description, const char *schema)
{
    fg_str_t id;
    fg_status_t status = fg_call_new_id(call, FG_ID_SHORT_BYTES, &id);
    if (status != FG_OK)
        return status;
    FG_JSON_SCOPED *model =
        json_pack("{ss%, ss, ss, ss, ss}", "id", id.at, id.len, "name", name, "description",
                  description, "schema", schema, "contentType", "application/json");
    if (!model)
        return no_memory(call);
    return fg_document_save(call, FG_DOCUMENT_MODEL, api_id, fg_str(name), FG_STR(""), model);
}

/* The root resource and the two models that a new API has. */
static fg_status_t save_first_documents(fg_call_t *call, fg_str_t api_id, fg_str_t root_id)
{
    FG_JSON_SCOPED *root = json_pack("{ss%, ss}", "id", root_id.at, root_id.len, "path", "/");
    if (!root)
        return no_memory(call);
    fg_status_t status =
        fg_document_save(call, FG_DOCUMENT_RESOURCE, api_id, root_id, FG_STR(""), root);
    if (status == FG_OK)
        status =
            save_model(call, api_id, "Empty", "This is a default empty schema model", EMPTY_SCHEMA);
    if (status == FG_OK)
        status =
            save_model(call, api_id, "Error", "This is a default error schema model", ERROR_SCHEMA);
    return status;
}

fg_status_t fg_rest_api_create(fg_call_t *call)
{
    FG_JSON_SCOPED *api = json_object();
    FG_JSON_SCOPED *endpoint = json_object();
    fg_str_t id, root_id, clone_from = FG_STR_NONE;
    fg_status_t status = fg_fields_read(call, call->input, fields, FG_COUNT_OF(fields), api);
    if (status == FG_OK)
        status = fg_endpoint_read(call, api, endpoint);
    if (status == FG_OK)
        status = fg_input_str(call, call->input, "cloneFrom", &clone_from);
    if (status == FG_OK)
        status = check_new(call, api, endpoint);
    if (status == FG_OK)
        status = fg_call_new_id(call, FG_ID_LONG_BYTES, &id);
    if (status == FG_OK)
        status = fg_call_new_id(call, FG_ID_LONG_BYTES, &root_id);
    if (status == FG_OK)
        status = fill_defaults(call, api, endpoint, id, root_id);
    if (status == FG_OK)
        status = fg_document_save(call, FG_DOCUMENT_REST_API, FG_STR(""), id, FG_STR(""), api);
    if (status == FG_OK && clone_from.len)
        status = fg_rest_api_clone(call, clone_from, id, root_id);
    else if (status == FG_OK)
        status = save_first_documents(call, id, root_id);
    if (status != FG_OK)
        return status;
    call->output = json_incref(api); /* tags only if they were given */
    return escape_policy(call, call->output);
}

/* ---- get, list, delete ---- */

fg_status_t fg_rest_api_get(fg_call_t *call)
{
    fg_status_t status = fg_call_api(call, call->path_part[0], &call->output);
    return status == FG_OK ? view_single(call, call->output) : status;
}

fg_status_t fg_rest_api_list(fg_call_t *call)
{
    return fg_document_page(call, FG_DOCUMENT_REST_API, FG_STR(""), view_listed);
}

/* Rule BP5 */
static fg_status_t check_unmapped(fg_call_t *call, fg_str_t id)
{
    fg_document_t *mappings = NULL;
    size_t count = 0;
    fg_status_t status =
        fg_store_document_mentions(call->store, FG_DOCUMENT_BASE_PATH, "restApiId", id, call->arena,
                                   &mappings, &count, call->error);
    if (status == FG_OK && count > 0)
        return refuse(call, "restApiId",
                      "Please remove all base path mappings related to your API");
    return status;
}

fg_status_t fg_rest_api_delete(fg_call_t *call)
{
    fg_status_t status = fg_call_api(call, call->path_part[0], NULL);
    if (status == FG_OK)
        status = check_unmapped(call, call->path_part[0]);
    return status == FG_OK ? fg_store_api_delete(call->store, call->path_part[0], call->error)
                           : status;
}

/* ---- update ---- */

static fg_status_t replace_name(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    if (fg_str_is_empty(patch->value))
        return refuse(call, "name", "Name cannot be an empty string");
    return fg_edit_text(call, noun, patch);
}

static fg_status_t replace_key_source(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    if (!fg_str_is(patch->value, "HEADER") && !fg_str_is(patch->value, "AUTHORIZER") &&
        !fg_str_is(patch->value, "QUERY"))
        return refuse(call, "apiKeySource",
                      "Invalid ApiKeySourceType specified. Valid options are " KEY_SOURCES);
    return fg_edit_text(call, noun, patch);
}

static fg_status_t replace_policy(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    fg_status_t status = fg_policy_check(call, patch->value);
    return status == FG_OK ? fg_edit_text(call, noun, patch) : status;
}

/* An absent value turns compression off, 0 is kept. */
static fg_status_t replace_compression(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    json_t *api = noun;
    int64_t bytes = -1;
    if (!patch->value.at || fg_str_is_empty(patch->value)) {
        json_object_del(api, "minimumCompressionSize");
        return FG_OK;
    }
    if (!fg_str_to_i64(patch->value, &bytes))
        bytes = -1;
    fg_status_t status = check_compression(call, bytes);
    if (status == FG_OK && !fg_member_set(api, "minimumCompressionSize", json_integer(bytes)))
        return no_memory(call);
    return status;
}

/* The type is in the path; a list that became empty leaves the answer. */
static fg_status_t edit_media_type(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    json_t *api = noun;
    fg_status_t status = fg_edit_list(call, api, patch);
    if (json_array_size(json_object_get(api, "binaryMediaTypes")) == 0)
        json_object_del(api, "binaryMediaTypes");
    return status;
}

static const fg_patch_row_t patch_rows[] = {
    {"/name", FG_PATCH_MAY(REPLACE), replace_name, false},
    {"/description", FG_PATCH_MAY_ANY, fg_edit_text, false},
    {"/apiKeySource", FG_PATCH_MAY(REPLACE), replace_key_source, false},
    {"/policy", FG_PATCH_MAY(REPLACE), replace_policy, false},
    {"/disableExecuteApiEndpoint", FG_PATCH_MAY(REPLACE), fg_edit_bool, false},
    {"/endpointAccessMode", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
    {"/securityPolicy", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
    {"/minimumCompressionSize", FG_PATCH_MAY(REPLACE), replace_compression, false},
    {"/binaryMediaTypes/{}", FG_PATCH_MAY_ANY, edit_media_type, false},
    {"/endpointConfiguration/types/{}", ~0u, fg_endpoint_edit_type, false},
    {"/endpointConfiguration/ipAddressType", FG_PATCH_MAY(REPLACE), fg_endpoint_replace_ip_type,
     false},
    {"/endpointConfiguration/vpcEndpointIds", FG_PATCH_MAY(ADD) | FG_PATCH_MAY(REMOVE),
     fg_endpoint_edit_vpc, false},
};
static const fg_patch_table_t patches = {patch_rows, FG_COUNT_OF(patch_rows), fg_patch_refuse_b};

fg_status_t fg_rest_api_update(fg_call_t *call)
{
    FG_JSON_SCOPED *api = NULL;
    fg_str_t id = call->path_part[0];
    fg_status_t status = fg_call_api(call, id, &api);
    if (status == FG_OK)
        status = fg_patch_apply(call, &patches, api);
    if (status == FG_OK)
        status = fg_document_save(call, FG_DOCUMENT_REST_API, FG_STR(""), id, FG_STR(""), api);
    if (status != FG_OK)
        return status;
    call->output = json_incref(api);
    return view_single(call, call->output);
}
