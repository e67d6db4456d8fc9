/*
 * gateway_response - reference 4.13, docs/rules/gateway-responses.md. Only what an API customised is
 * stored, and of that only what was given; an answer shows the rest from where it would come at run
 * time.
 */
#include "control/document.h"
#include "control/handlers.h"
#include "control/integration.h"
#include "control/noun.h"
#include "route/route.h"

#include <ctype.h>

#define DEFAULT_TEMPLATE "{\"message\":$context.error.messageString}"

/* The order in which the service prints the enumeration. */
#define TYPES                                                                                      \
    "REQUEST_TOO_LARGE, RESOURCE_NOT_FOUND, AUTHORIZER_CONFIGURATION_ERROR, "                      \
    "MISSING_AUTHENTICATION_TOKEN, BAD_REQUEST_BODY, INVALID_SIGNATURE, INVALID_API_KEY, "         \
    "BAD_REQUEST_PARAMETERS, AUTHORIZER_FAILURE, UNAUTHORIZED, INTEGRATION_TIMEOUT, "              \
    "ACCESS_DENIED, DEFAULT_4XX, DEFAULT_5XX, WAF_FILTERED, QUOTA_EXCEEDED, THROTTLED, "           \
    "API_CONFIGURATION_ERROR, UNSUPPORTED_MEDIA_TYPE, INTEGRATION_FAILURE, EXPIRED_TOKEN"

static const fg_field_t fields[] = {
    {"statusCode", FG_FIELD_TEXT, false, NULL},
    {"responseParameters", FG_FIELD_TEXT_MAP, false, NULL},
    {"responseTemplates", FG_FIELD_TEXT_MAP, false, NULL},
};

/* ---- types ---- */

/* FG_GATEWAY_RESPONSE_COUNT when there is no such type. */
static fg_gateway_response_type_t type_of(fg_str_t name)
{
    unsigned type = 0;
    while (type < FG_GATEWAY_RESPONSE_COUNT &&
           !fg_str_is(name, fg_gateway_response_name((fg_gateway_response_type_t)type)))
        type++;
    return (fg_gateway_response_type_t)type;
}

static fg_status_t check_type(fg_call_t *call, fg_gateway_response_type_t *ret_type)
{
    fg_str_t name = call->path_part[1];
    *ret_type = type_of(name);
    if (*ret_type < FG_GATEWAY_RESPONSE_COUNT)
        return FG_OK;
    return fg_label_failed(call, "responseType", name,
                           "Member must satisfy enum value set: [" TYPES "]");
}

/* The DEFAULT that shows through an untouched type; the type itself when it is one. */
static fg_gateway_response_type_t class_of(fg_gateway_response_type_t type)
{
    int status = fg_gateway_response_status(type);
    if (status == 0)
        return type;
    return status >= 500 ? FG_GATEWAY_RESPONSE_DEFAULT_5XX : FG_GATEWAY_RESPONSE_DEFAULT_4XX;
}

/* Rules Q2, GR5: over quota is what the operator says as long as the API has nothing of its own. */
static int untouched_status(fg_call_t *call, fg_gateway_response_type_t type)
{
    return type == FG_GATEWAY_RESPONSE_QUOTA_EXCEEDED
               ? call->control->settings.quota_exceeded_status
               : fg_gateway_response_status(type);
}

/* ---- showing ---- */

/* Put the member that is not there; steals `value`. */
static bool fill(json_t *response, const char *name, json_t *value)
{
    FG_JSON_SCOPED *owned = value;
    return json_object_get(response, name) || json_object_set(response, name, owned) == 0;
}

static bool fill_status(fg_call_t *call, json_t *response, int status)
{
    fg_str_t text = fg_arena_printf(call->arena, "%d", status);
    return status == 0 || fill(response, "statusCode", fg_json_new_str(text));
}

/* The whole response from what is stored of the type or, behind it, of its DEFAULT; both may be
 * NULL. Rules GR1, GR2, GR11. */
static fg_status_t show(fg_call_t *call, fg_gateway_response_type_t type, json_t *own,
                        json_t *of_class, json_t **ret_response)
{
    FG_JSON_SCOPED *response = json_object();
    int status = own ? fg_gateway_response_status(type) : untouched_status(call, type);
    json_t *stored = own ? own : of_class;
    bool is_ok =
        response && (!stored || json_object_update(response, stored) == 0) &&
        fg_member_set(response, "responseType", json_string(fg_gateway_response_name(type))) &&
        fill_status(call, response, status) &&
        fill(response, "responseParameters", json_object()) &&
        fill(response, "responseTemplates",
             json_pack("{ss}", "application/json", DEFAULT_TEMPLATE)) &&
        fg_member_set(response, "defaultResponse", json_boolean(!own));
    if (!is_ok)
        return fg_call_no_memory(call);
    *ret_response = json_incref(response);
    return FG_OK;
}

/* NULL in *ret_response when the API has none of its own. */
static fg_status_t load_own(fg_call_t *call, fg_gateway_response_type_t type, json_t **ret_response)
{
    fg_status_t status = fg_document_load(call, FG_DOCUMENT_GATEWAY_RESPONSE, call->path_part[0],
                                          fg_str(fg_gateway_response_name(type)), ret_response);
    return status == FG_NOT_FOUND ? FG_OK : status;
}

/* The call's API and type exist; what the API has of its own for it, NULL for nothing. */
static fg_status_t find(fg_call_t *call, fg_gateway_response_type_t *ret_type, json_t **ret_own)
{
    fg_status_t status = check_type(call, ret_type);
    if (status == FG_OK)
        status = fg_call_api(call, call->path_part[0], NULL);
    return status == FG_OK ? load_own(call, *ret_type, ret_own) : status;
}

fg_status_t fg_gateway_response_get(fg_call_t *call)
{
    FG_JSON_SCOPED *own = NULL;
    FG_JSON_SCOPED *of_class = NULL;
    fg_gateway_response_type_t type;
    fg_status_t status = find(call, &type, &own);
    if (status == FG_OK && !own)
        status = load_own(call, class_of(type), &of_class);
    return status == FG_OK ? show(call, type, own, of_class, &call->output) : status;
}

/* All 21, by name. */
fg_status_t fg_gateway_response_list(fg_call_t *call)
{
    FG_JSON_SCOPED *stored = NULL;
    FG_JSON_SCOPED *shown = json_array();
    json_t *own[FG_GATEWAY_RESPONSE_COUNT + 1] = {NULL};
    fg_str_t api_id = call->path_part[0];
    fg_status_t status = fg_call_api(call, api_id, NULL);
    if (status == FG_OK)
        status = fg_document_all(call, FG_DOCUMENT_GATEWAY_RESPONSE, api_id, FG_STR_NONE, &stored);
    size_t index;
    json_t *response;
    json_array_foreach(stored, index, response)
    {
        own[type_of(fg_member_str(response, "responseType"))] = response;
    }
    for (unsigned i = 0; i < FG_GATEWAY_RESPONSE_COUNT && status == FG_OK; i++) {
        fg_gateway_response_type_t type = (fg_gateway_response_type_t)i;
        status = show(call, type, own[type], own[class_of(type)], &response);
        if (status == FG_OK && json_array_append_new(shown, response) != 0)
            status = fg_call_no_memory(call);
    }
    return status == FG_OK ? fg_call_page_of(call, shown) : status;
}

/* ---- checks ---- */

/* A name that a response may carry: a token of HTTP. */
static bool is_header_name(fg_str_t name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.at[i];
        if (!isalnum(c) && !strchr("!#$%&'*+-.^_`|~", c))
            return false;
    }
    return name.len > 0;
}

/* Rule GR9. */
static bool is_source(fg_str_t source)
{
    return fg_mapping_is_static(source) || fg_str_starts_with(source, FG_STR("method.request.")) ||
           fg_str_starts_with(source, FG_STR("context.")) ||
           fg_str_starts_with(source, FG_STR("stageVariables."));
}

static fg_status_t check_parameters(fg_call_t *call, json_t *parameters)
{
    static const fg_str_t prefix = FG_STR("gatewayresponse.header.");
    const char *key;
    json_t *value;
    json_object_foreach(parameters, key, value)
    {
        fg_str_t name = fg_str(key);
        bool has_prefix = fg_str_starts_with(name, prefix);
        if (!has_prefix || !is_header_name(fg_str_of(key + prefix.len, name.len - prefix.len)))
            return fg_mapping_refuse(call, "responseParameters", "parameter ", key);
        if (!is_source(fg_json_str(value)))
            return fg_mapping_refuse(call, "responseParameters", "", json_string_value(value));
    }
    return FG_OK;
}

static fg_status_t refuse_empty(fg_call_t *call, const char *map_name)
{
    return fg_error_set(call->error, FG_BAD_REQUEST, map_name, "Invalid null or empty value in %s",
                        map_name);
}

static fg_status_t check_entries(fg_call_t *call, const json_t *response, const char *map_name)
{
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(response, map_name), key, value)
    {
        if (fg_str_is_empty(fg_json_str(value)))
            return refuse_empty(call, map_name);
    }
    return FG_OK;
}

static fg_status_t check_response(fg_call_t *call, const json_t *response)
{
    fg_status_t status = check_entries(call, response, "responseParameters");
    if (status == FG_OK)
        status = check_entries(call, response, "responseTemplates");
    if (status == FG_OK)
        status = check_parameters(call, json_object_get(response, "responseParameters"));
    return status == FG_OK
               ? fg_templates_settle(call, json_object_get(response, "responseTemplates"))
               : status;
}

/* ---- put and delete ---- */

static fg_status_t save(fg_call_t *call, json_t *response)
{
    if (!fg_member_set_str(response, "responseType", call->path_part[1]))
        return fg_call_no_memory(call);
    return fg_document_save(call, FG_DOCUMENT_GATEWAY_RESPONSE, call->path_part[0],
                            call->path_part[1], FG_STR(""), response);
}

/* The body, with the constraint that the model puts on the status. */
static fg_status_t read_body(fg_call_t *call, json_t *response)
{
    fg_status_t status = fg_fields_read(call, call->input, fields, FG_COUNT_OF(fields), response);
    fg_str_t code = fg_member_str(response, "statusCode");
    if (status == FG_OK && code.at && !fg_is_status_code(code))
        return fg_constraint_failed(call, "statusCode", code,
                                    "Member must satisfy regular expression pattern: [1-5]\\d\\d");
    return status;
}

fg_status_t fg_gateway_response_put(fg_call_t *call)
{
    FG_JSON_SCOPED *response = json_object();
    fg_gateway_response_type_t type;
    fg_status_t status = read_body(call, response);
    if (status == FG_OK)
        status = check_type(call, &type);
    if (status == FG_OK)
        status = fg_call_api(call, call->path_part[0], NULL);
    if (status == FG_OK)
        status = check_response(call, response);
    if (status == FG_OK)
        status = save(call, response);
    return status == FG_OK ? show(call, type, response, NULL, &call->output) : status;
}

fg_status_t fg_gateway_response_delete(fg_call_t *call)
{
    FG_JSON_SCOPED *own = NULL;
    fg_gateway_response_type_t type;
    fg_status_t status = find(call, &type, &own);
    if (status == FG_OK && !own)
        return fg_error_set(call->error, FG_NOT_FOUND, "",
                            "Gateway response type not defined on api");
    return status == FG_OK
               ? fg_store_document_delete(call->store, FG_DOCUMENT_GATEWAY_RESPONSE,
                                          call->path_part[0], call->path_part[1], call->error)
               : status;
}

/* ---- update ---- */

static fg_status_t replace_status(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    if (!fg_is_status_code(patch->value))
        return fg_error_set(call->error, FG_BAD_REQUEST, "statusCode",
                            "Invalid status code specified, must match [1-5]\\d\\d");
    return fg_edit_text(call, noun, patch);
}

static fg_status_t edit_entry(fg_call_t *call, json_t *response, const fg_patch_t *patch,
                              const char *absent)
{
    if (patch->op != FG_PATCH_REMOVE && fg_str_is_empty(patch->value))
        return refuse_empty(call, fg_str_is(patch->part[0], "responseTemplates")
                                      ? "responseTemplates"
                                      : "responseParameters");
    fg_status_t status = fg_edit_needs_entry(call, response, patch, absent);
    return status == FG_OK ? fg_edit_text_map(call, response, patch) : status;
}

static fg_status_t edit_parameter(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    return edit_entry(call, noun, patch, "Invalid parameter name specified");
}

/* The built-in template can be replaced and removed like a given one. */
static fg_status_t edit_template(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    if (!fill(noun, "responseTemplates", json_pack("{ss}", "application/json", DEFAULT_TEMPLATE)))
        return fg_call_no_memory(call);
    return edit_entry(call, noun, patch, "Content-Type specified was not found");
}

/* What can only be replaced is an unknown path to the other operations. */
static fg_status_t refuse(fg_call_t *call, const fg_patch_table_t *table, const fg_patch_t *patch)
{
    return fg_patch_refuse_b(
        call, fg_patch_fits(patch, "/statusCode") ? &(fg_patch_table_t){0} : table, patch);
}

/* What an update of an untouched type begins with: the status stays. */
static fg_status_t begin(fg_call_t *call, fg_gateway_response_type_t type, json_t **ret_response)
{
    *ret_response = json_object();
    return fill_status(call, *ret_response, untouched_status(call, type)) ? FG_OK
                                                                          : fg_call_no_memory(call);
}

fg_status_t fg_gateway_response_update(fg_call_t *call)
{
    static const fg_patch_row_t rows[] = {
        {"/statusCode", FG_PATCH_MAY(REPLACE), replace_status, false},
        {"/responseParameters/{}", FG_PATCH_MAY_ANY, edit_parameter, false},
        {"/responseTemplates/{}", FG_PATCH_MAY_ANY, edit_template, false},
    };
    static const fg_patch_table_t table = {rows, FG_COUNT_OF(rows), refuse};
    FG_JSON_SCOPED *response = NULL;
    fg_gateway_response_type_t type;
    if (fg_call_patches_nothing(call)) /* Rule C6 */
        return fg_gateway_response_get(call);
    fg_status_t status = find(call, &type, &response);
    if (status == FG_OK && !response)
        status = begin(call, type, &response);
    if (status == FG_OK)
        status = fg_patch_apply(call, &table, response);
    if (status == FG_OK)
        status = check_response(call, response);
    if (status == FG_OK)
        status = save(call, response);
    return status == FG_OK ? show(call, type, response, NULL, &call->output) : status;
}
