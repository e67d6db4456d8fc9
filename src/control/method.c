/*
 * method - reference 4.8.
 */
#include "control/method.h"
#include "control/handlers.h"

static fg_status_t refuse(fg_call_t *call, const char *field, const char *message)
{
    return fg_error_set(call->error, FG_BAD_REQUEST, field, "%s", message);
}

static fg_status_t no_memory(fg_call_t *call)
{
    return fg_error_set(call->error, FG_NO_MEMORY, "", "out of memory");
}

/* ---- the place ---- */

void fg_method_done(fg_method_place_t *place)
{
    json_decref(place->resource);
}

fg_status_t fg_method_find(fg_call_t *call, fg_method_place_t *ret_place)
{
    fg_method_place_t place = {.verb = fg_arena_text(call->arena, call->path_part[2])};
    if (!place.verb)
        return no_memory(call);
    fg_status_t status = fg_document_load(call, FG_DOCUMENT_RESOURCE, call->path_part[0],
                                          call->path_part[1], &place.resource);
    if (status == FG_NOT_FOUND)
        return fg_error_set(call->error, FG_NOT_FOUND, "", "Invalid Resource identifier specified");
    if (status != FG_OK)
        return status;
    place.method = json_object_get(json_object_get(place.resource, "resourceMethods"), place.verb);
    place.integration = json_object_get(place.method, "methodIntegration");
    *ret_place = place;
    return FG_OK;
}

fg_status_t fg_method_load(fg_call_t *call, fg_method_place_t *ret_place)
{
    fg_status_t status = fg_method_find(call, ret_place);
    if (status == FG_OK && !ret_place->method)
        return fg_error_set(call->error, FG_NOT_FOUND, "", "Invalid Method identifier specified");
    return status;
}

fg_status_t fg_integration_load(fg_call_t *call, fg_method_place_t *ret_place)
{
    fg_status_t status = fg_method_load(call, ret_place);
    if (status == FG_OK && !ret_place->integration)
        return fg_error_set(call->error, FG_NOT_FOUND, "",
                            "Invalid Integration identifier specified");
    return status;
}

fg_status_t fg_method_save(fg_call_t *call, const fg_method_place_t *place)
{
    fg_str_t parent_id = fg_member_str(place->resource, "parentId");
    return fg_document_save(call, FG_DOCUMENT_RESOURCE, call->path_part[0], call->path_part[1],
                            parent_id.at ? parent_id : FG_STR(""), place->resource);
}

fg_status_t fg_method_verb_check(fg_call_t *call, fg_str_t verb)
{
    static const char *const verbs[] = {"GET",   "PUT",     "POST", "DELETE",
                                        "PATCH", "OPTIONS", "HEAD", "ANY"};
    for (size_t i = 0; i < FG_COUNT_OF(verbs); i++) {
        if (fg_str_is(verb, verbs[i]))
            return FG_OK;
    }
    return refuse(call, "httpMethod",
                  "Invalid HttpMethod specified. Valid options are "
                  "GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY");
}

fg_status_t fg_method_models_check(fg_call_t *call, json_t *models)
{
    const char *type;
    json_t *model;
    json_object_foreach(models, type, model)
    {
        fg_str_t name = fg_json_str(model);
        fg_status_t status = fg_document_has(call, FG_DOCUMENT_MODEL, call->path_part[0], name);
        if (status == FG_NOT_FOUND)
            return fg_error_set(call->error, FG_BAD_REQUEST, "models",
                                "Invalid model identifier specified: %.*s", FG_STR_ARG(name));
        if (status != FG_OK)
            return status;
    }
    return FG_OK;
}

/* ---- all methods ---- */

static fg_status_t each_of(fg_call_t *call, const json_t *resource, fg_method_each_t *each,
                           void *ctx)
{
    const char *path = json_string_value(json_object_get(resource, "path")), *verb;
    fg_status_t status = FG_OK;
    json_t *method;
    json_object_foreach(json_object_get(resource, "resourceMethods"), verb, method)
    {
        if (status == FG_OK)
            status = each(call, ctx, path ? path : "", verb, method);
    }
    return status;
}

fg_status_t fg_methods_each(fg_call_t *call, fg_str_t api_id, fg_method_each_t *each, void *ctx)
{
    FG_JSON_SCOPED *resources = NULL;
    fg_status_t status =
        fg_document_all(call, FG_DOCUMENT_RESOURCE, api_id, FG_STR_NONE, &resources);
    for (size_t i = 0; status == FG_OK && i < json_array_size(resources); i++)
        status = each_of(call, json_array_get(resources, i), each, ctx);
    return status;
}

/* ---- responses ---- */

static json_t *response_of(fg_call_t *call, const json_t *owner, const char *map_name)
{
    fg_str_t code = call->path_part[3];
    return json_object_getn(json_object_get(owner, map_name), code.at, code.len);
}

bool fg_response_has(fg_call_t *call, const json_t *owner, const char *map_name)
{
    return response_of(call, owner, map_name) != NULL;
}

fg_status_t fg_response_find(fg_call_t *call, const json_t *owner, const char *map_name,
                             json_t **ret_response)
{
    json_t *response = response_of(call, owner, map_name);
    if (!response)
        return fg_error_set(call->error, FG_NOT_FOUND, "",
                            "Invalid Response status code specified");
    *ret_response = response;
    return FG_OK;
}

fg_status_t fg_response_set(fg_call_t *call, json_t *owner, const char *map_name, json_t *response)
{
    FG_JSON_SCOPED *owned = response;
    fg_str_t code = call->path_part[3];
    json_t *map = json_object_get(owner, map_name);
    if (!map) {
        map = json_object();
        if (!fg_member_set(owner, map_name, map))
            return no_memory(call);
    }
    return json_object_setn(map, code.at, code.len, owned) == 0 ? FG_OK : no_memory(call);
}

fg_status_t fg_response_delete(fg_call_t *call, json_t *owner, const char *map_name)
{
    json_t *response;
    fg_status_t status = fg_response_find(call, owner, map_name, &response);
    if (status != FG_OK)
        return status;
    json_t *map = json_object_get(owner, map_name);
    json_object_deln(map, call->path_part[3].at, call->path_part[3].len);
    if (json_object_size(map) == 0)
        json_object_del(owner, map_name);
    return FG_OK;
}

/* ---- checks of a method ---- */

static bool has_authorizer(const json_t *method)
{
    fg_str_t type = fg_member_str(method, "authorizationType");
    return fg_str_is(type, "CUSTOM") || fg_str_is(type, "COGNITO_USER_POOLS");
}

/* `none` in lower case is accepted. */
static fg_status_t settle_authorization(fg_call_t *call, json_t *method)
{
    static const char *const types[] = {"NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS"};
    fg_str_t type = fg_member_str(method, "authorizationType");
    for (size_t i = 0; i < FG_COUNT_OF(types); i++) {
        if (fg_str_eq_nocase(type, fg_str(types[i])))
            return fg_member_set_str(method, "authorizationType", fg_str(types[i]))
                       ? FG_OK
                       : no_memory(call);
    }
    return refuse(call, "authorizationType",
                  "Invalid Authorization type specified. Valid options are "
                  "NONE,AWS_IAM,CUSTOM,COGNITO_USER_POOLS");
}

/* Rule AU10: it is there, and of the kind that the method asks for. */
static fg_status_t find_authorizer(fg_call_t *call, const json_t *method)
{
    FG_JSON_SCOPED *authorizer = NULL;
    fg_str_t id = fg_member_str(method, "authorizerId");
    if (fg_str_is_empty(id))
        return FG_NOT_FOUND;
    fg_status_t status =
        fg_document_load(call, FG_DOCUMENT_AUTHORIZER, call->path_part[0], id, &authorizer);
    bool is_pool = fg_str_is(fg_member_str(authorizer, "type"), "COGNITO_USER_POOLS");
    bool is_pool_wanted =
        fg_str_is(fg_member_str(method, "authorizationType"), "COGNITO_USER_POOLS");
    return status == FG_OK && is_pool != is_pool_wanted ? FG_NOT_FOUND : status;
}

/* An authorizer that is not called for is dropped in silence. */
static fg_status_t check_authorizer(fg_call_t *call, json_t *method)
{
    if (!has_authorizer(method)) {
        json_object_del(method, "authorizerId");
        return FG_OK;
    }
    fg_status_t status = find_authorizer(call, method);
    if (status == FG_NOT_FOUND)
        return refuse(
            call, "authorizerId",
            "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or "
            "COGNITO_USER_POOLS requires a valid authorizer.");
    return status;
}

static fg_status_t check_scopes(fg_call_t *call, json_t *method)
{
    if (json_array_size(json_object_get(method, "authorizationScopes")) == 0) {
        json_object_del(method, "authorizationScopes");
        return FG_OK;
    }
    if (fg_str_is(fg_member_str(method, "authorizationType"), "COGNITO_USER_POOLS"))
        return FG_OK;
    return refuse(call, "authorizationScopes",
                  "Authorization Scopes are only valid for COGNITO_USER_POOLS authorization type");
}

static fg_status_t check_validator(fg_call_t *call, json_t *method)
{
    fg_str_t id = fg_member_str(method, "requestValidatorId");
    if (fg_str_is_empty(id)) {
        json_object_del(method, "requestValidatorId");
        return FG_OK;
    }
    fg_status_t status =
        fg_document_has(call, FG_DOCUMENT_REQUEST_VALIDATOR, call->path_part[0], id);
    if (status == FG_NOT_FOUND)
        return refuse(call, "requestValidatorId", "Invalid Request Validator identifier specified");
    return status;
}

/* The bare name behind method.request.{querystring,header,path}.; FG_STR_NONE when the key is none.
 */
static fg_str_t parameter_name(fg_str_t key)
{
    static const char *const prefixes[] = {"method.request.querystring.", "method.request.header.",
                                           "method.request.path."};
    for (size_t i = 0; i < FG_COUNT_OF(prefixes); i++) {
        fg_str_t prefix = fg_str(prefixes[i]);
        if (fg_str_starts_with(key, prefix) && key.len > prefix.len)
            return fg_str_of(key.at + prefix.len, key.len - prefix.len);
    }
    return FG_STR_NONE;
}

static fg_status_t check_parameters(fg_call_t *call, json_t *parameters)
{
    FG_JSON_SCOPED *seen = json_object();
    const char *key;
    json_t *is_needed;
    json_object_foreach(parameters, key, is_needed)
    {
        fg_str_t name = parameter_name(fg_str(key));
        if (!name.at)
            return fg_error_set(call->error, FG_BAD_REQUEST, "requestParameters",
                                "Invalid mapping expression parameter specified: %s", key);
        if (json_object_get(seen, name.at))
            return refuse(call, "requestParameters",
                          "Parameter names must be unique across querystring, header and path");
        if (!fg_member_set(seen, name.at, json_true()))
            return no_memory(call);
    }
    return FG_OK;
}

static fg_status_t check_method(fg_call_t *call, json_t *method)
{
    fg_status_t status = settle_authorization(call, method);
    if (status == FG_OK)
        status = check_authorizer(call, method);
    if (status == FG_OK)
        status = check_scopes(call, method);
    if (status == FG_OK)
        status = check_validator(call, method);
    if (status == FG_OK)
        status = fg_method_models_check(call, json_object_get(method, "requestModels"));
    if (status == FG_OK)
        status = check_parameters(call, json_object_get(method, "requestParameters"));
    return status;
}

/* ---- operations ---- */

static const fg_field_t fields[] = {
    {"authorizationType", FG_FIELD_TEXT, true, NULL},
    {"authorizerId", FG_FIELD_TEXT, false, NULL},
    {"apiKeyRequired", FG_FIELD_BOOL, false, NULL},
    {"operationName", FG_FIELD_TEXT, false, NULL},
    {"requestParameters", FG_FIELD_BOOL_MAP, false, NULL},
    {"requestModels", FG_FIELD_TEXT_MAP, false, NULL},
    {"requestValidatorId", FG_FIELD_TEXT, false, NULL},
    {"authorizationScopes", FG_FIELD_TEXT_LIST, false, NULL},
};

static fg_status_t attach(fg_call_t *call, fg_method_place_t *place, json_t *method)
{
    json_t *methods = json_object_get(place->resource, "resourceMethods");
    if (!methods) {
        methods = json_object();
        if (!fg_member_set(place->resource, "resourceMethods", methods))
            return no_memory(call);
    }
    return fg_member_set(methods, place->verb, json_incref(method)) ? FG_OK : no_memory(call);
}

fg_status_t fg_method_put(fg_call_t *call)
{
    FG_METHOD_SCOPED place = {0};
    FG_JSON_SCOPED *method = json_object();
    fg_status_t status = fg_fields_read(call, call->input, fields, FG_COUNT_OF(fields), method);
    if (status == FG_OK)
        status = fg_method_verb_check(call, call->path_part[2]);
    if (status == FG_OK)
        status = fg_method_find(call, &place);
    if (status == FG_OK && place.method)
        status =
            fg_error_set(call->error, FG_CONFLICT, "", "Method already exists for this resource");
    if (status == FG_OK)
        status = check_method(call, method);
    if (status == FG_OK && !json_object_get(method, "apiKeyRequired") &&
        !fg_member_set(method, "apiKeyRequired", json_false()))
        status = no_memory(call);
    if (status == FG_OK && !fg_member_set_str(method, "httpMethod", call->path_part[2]))
        status = no_memory(call);
    if (status == FG_OK)
        status = attach(call, &place, method);
    if (status == FG_OK)
        status = fg_method_save(call, &place);
    if (status == FG_OK)
        call->output = json_incref(method);
    return status;
}

fg_status_t fg_method_get(fg_call_t *call)
{
    FG_METHOD_SCOPED place = {0};
    fg_status_t status = fg_method_load(call, &place);
    if (status == FG_OK)
        call->output = json_incref(place.method);
    return status;
}

fg_status_t fg_method_delete(fg_call_t *call)
{
    FG_METHOD_SCOPED place = {0};
    fg_status_t status = fg_method_load(call, &place);
    if (status != FG_OK)
        return status;
    json_object_del(json_object_get(place.resource, "resourceMethods"), place.verb);
    return fg_method_save(call, &place);
}

static fg_status_t edit_parameter(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    fg_status_t status = FG_OK;
    if (patch->op == FG_PATCH_REMOVE)
        status = fg_edit_needs_entry(call, noun, patch, "Invalid parameter name specified");
    return status == FG_OK ? fg_edit_bool_map(call, noun, patch) : status;
}

static fg_status_t edit_model(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    fg_status_t status = FG_OK;
    if (patch->op == FG_PATCH_REMOVE)
        status = fg_edit_needs_entry(call, noun, patch, "Content-Type specified was not found");
    return status == FG_OK ? fg_edit_text_map(call, noun, patch) : status;
}

fg_status_t fg_method_update(fg_call_t *call)
{
    static const fg_patch_row_t rows[] = {
        {"/authorizationType", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
        {"/authorizerId", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
        {"/apiKeyRequired", FG_PATCH_MAY(REPLACE), fg_edit_bool, false},
        {"/operationName", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
        {"/requestValidatorId", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
        {"/requestParameters/{}", FG_PATCH_MAY_ANY, edit_parameter, false},
        {"/requestModels/{}", FG_PATCH_MAY_ANY, edit_model, false},
        {"/authorizationScopes", FG_PATCH_MAY(ADD) | FG_PATCH_MAY(REMOVE), fg_edit_list_values,
         false},
    };
    static const fg_patch_table_t table = {rows, FG_COUNT_OF(rows), fg_patch_refuse_b};
    FG_METHOD_SCOPED place = {0};
    fg_status_t status = fg_method_load(call, &place);
    if (status == FG_OK)
        status = fg_patch_apply(call, &table, place.method);
    if (status == FG_OK)
        status = check_method(call, place.method);
    if (status == FG_OK)
        status = fg_method_save(call, &place);
    if (status == FG_OK)
        call->output = json_incref(place.method);
    return status;
}
