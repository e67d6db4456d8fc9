/*
 * method_response - reference 4.8. UpdateMethodResponse answers 201.
 */
#include "control/handlers.h"
#include "control/method.h"

static const fg_field_t fields[] = {
    {"responseParameters", FG_FIELD_BOOL_MAP, false, NULL},
    {"responseModels", FG_FIELD_TEXT_MAP, false, NULL},
};

/* Loads the method, after the label is known to be a status code. */
static fg_status_t load(fg_call_t *call, fg_method_place_t *ret_place)
{
    fg_status_t status = fg_status_code_check(call, call->path_part[3]);
    return status == FG_OK ? fg_method_load(call, ret_place) : status;
}

static fg_status_t check_response(fg_call_t *call, const json_t *response)
{
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(response, "responseParameters"), key, value)
    {
        fg_str_t prefix = FG_STR("method.response.header.");
        if (!fg_str_starts_with(fg_str(key), prefix) || strlen(key) == prefix.len)
            return fg_error_set(call->error, FG_BAD_REQUEST, "responseParameters",
                                "Invalid mapping expression parameter specified: %s", key);
    }
    return fg_method_models_check(call, json_object_get(response, "responseModels"));
}

fg_status_t fg_method_response_put(fg_call_t *call)
{
    FG_METHOD_SCOPED place = {0};
    FG_JSON_SCOPED *response = json_object();
    fg_status_t status = fg_fields_read(call, call->input, fields, FG_COUNT_OF(fields), response);
    if (status == FG_OK)
        status = load(call, &place);
    if (status == FG_OK && fg_response_has(call, place.method, "methodResponses"))
        status =
            fg_error_set(call->error, FG_CONFLICT, "", "Response already exists for this resource");
    if (status == FG_OK)
        status = check_response(call, response);
    if (status == FG_OK && !fg_member_set_str(response, "statusCode", call->path_part[3]))
        status = fg_error_set(call->error, FG_NO_MEMORY, "", "out of memory");
    if (status == FG_OK)
        status = fg_response_set(call, place.method, "methodResponses", json_incref(response));
    if (status == FG_OK)
        status = fg_method_save(call, &place);
    if (status == FG_OK)
        call->output = json_incref(response);
    return status;
}

fg_status_t fg_method_response_get(fg_call_t *call)
{
    FG_METHOD_SCOPED place = {0};
    json_t *response = NULL;
    fg_status_t status = load(call, &place);
    if (status == FG_OK)
        status = fg_response_find(call, place.method, "methodResponses", &response);
    if (status == FG_OK)
        call->output = json_incref(response);
    return status;
}

fg_status_t fg_method_response_delete(fg_call_t *call)
{
    FG_METHOD_SCOPED place = {0};
    fg_status_t status = load(call, &place);
    if (status == FG_OK)
        status = fg_response_delete(call, place.method, "methodResponses");
    return status == FG_OK ? fg_method_save(call, &place) : status;
}

static fg_status_t edit_parameter(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    fg_status_t status = fg_edit_needs_entry(call, noun, patch, "Invalid parameter name specified");
    return status == FG_OK ? fg_edit_bool_map(call, noun, patch) : status;
}

static fg_status_t edit_model(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    fg_status_t status =
        fg_edit_needs_entry(call, noun, patch, "Content-Type specified was not found");
    return status == FG_OK ? fg_edit_text_map(call, noun, patch) : status;
}

fg_status_t fg_method_response_update(fg_call_t *call)
{
    static const fg_patch_row_t rows[] = {
        {"/responseParameters/{}", FG_PATCH_MAY_ANY, edit_parameter, false},
        {"/responseModels/{}", FG_PATCH_MAY_ANY, edit_model, false},
    };
    static const fg_patch_table_t table = {rows, FG_COUNT_OF(rows), fg_patch_refuse_b};
    FG_METHOD_SCOPED place = {0};
    json_t *response = NULL;
    fg_status_t status = load(call, &place);
    if (status == FG_OK)
        status = fg_response_find(call, place.method, "methodResponses", &response);
    if (status == FG_OK)
        status = fg_patch_apply(call, &table, response);
    if (status == FG_OK)
        status = check_response(call, response);
    if (status == FG_OK)
        status = fg_method_save(call, &place);
    if (status == FG_OK)
        call->output = json_incref(response);
    return status;
}
