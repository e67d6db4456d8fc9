/*
 * request_validator - reference 4.12, docs/rules/request-validators.md.
 */
#include "control/document.h"
#include "control/handlers.h"
#include "control/method.h"
#include "control/noun.h"

static const fg_field_t fields[] = {
    {"name", FG_FIELD_TEXT, false, NULL},
    {"validateRequestBody", FG_FIELD_BOOL, false, NULL},
    {"validateRequestParameters", FG_FIELD_BOOL, false, NULL},
};

static fg_status_t load(fg_call_t *call, json_t **ret_validator)
{
    fg_status_t status = fg_document_load(call, FG_DOCUMENT_REQUEST_VALIDATOR, call->path_part[0],
                                          call->path_part[1], ret_validator);
    if (status == FG_NOT_FOUND)
        return fg_error_set(call->error, FG_NOT_FOUND, "",
                            "Invalid Request Validator identifier specified");
    return status;
}

static fg_status_t save(fg_call_t *call, const json_t *validator)
{
    return fg_document_save(call, FG_DOCUMENT_REQUEST_VALIDATOR, call->path_part[0],
                            fg_member_str(validator, "id"), FG_STR(""), validator);
}

/* Rule RV2: a name may be left out, but is never blank. */
static fg_status_t check_name(fg_call_t *call, fg_str_t name)
{
    if (name.at && fg_str_is_empty(fg_str_trim(name)))
        return fg_error_set(call->error, FG_BAD_REQUEST, "name",
                            "Request Validator name cannot be blank");
    if (name.len > FG_VALIDATOR_NAME_BYTES_MAX)
        return fg_error_set(call->error, FG_BAD_REQUEST, "name",
                            "Request Validator name must have at most %d bytes",
                            FG_VALIDATOR_NAME_BYTES_MAX);
    return FG_OK;
}

/* Rule RV1: told as a mistake of the caller's, where other nouns answer 404. */
static fg_status_t check_api(fg_call_t *call)
{
    fg_status_t status = fg_call_api(call, call->path_part[0], NULL);
    if (status == FG_NOT_FOUND)
        return fg_error_set(call->error, FG_BAD_REQUEST, "restApiId",
                            "Invalid REST API identifier specified");
    return status;
}

static bool fill_flag(json_t *validator, const char *name)
{
    return json_object_get(validator, name) || fg_member_set(validator, name, json_false());
}

fg_status_t fg_request_validator_create(fg_call_t *call)
{
    FG_JSON_SCOPED *validator = json_object();
    fg_str_t id = FG_STR_NONE;
    fg_status_t status = fg_fields_read(call, call->input, fields, FG_COUNT_OF(fields), validator);
    if (status == FG_OK)
        status = check_api(call);
    if (status == FG_OK)
        status = check_name(call, fg_member_str(validator, "name"));
    if (status == FG_OK)
        status = fg_document_room_check(call, FG_DOCUMENT_REQUEST_VALIDATOR, call->path_part[0],
                                        FG_VALIDATORS_PER_API_MAX, "request validators");
    if (status == FG_OK)
        status = fg_call_new_id(call, FG_ID_SHORT_BYTES, &id);
    if (status == FG_OK &&
        (!fg_member_set_str(validator, "id", id) || !fill_flag(validator, "validateRequestBody") ||
         !fill_flag(validator, "validateRequestParameters")))
        status = fg_call_no_memory(call);
    if (status == FG_OK)
        status = save(call, validator);
    if (status == FG_OK)
        call->output = json_incref(validator);
    return status;
}

fg_status_t fg_request_validator_get(fg_call_t *call)
{
    return load(call, &call->output);
}

fg_status_t fg_request_validator_list(fg_call_t *call)
{
    fg_status_t status = fg_call_api(call, call->path_part[0], NULL);
    return status == FG_OK
               ? fg_document_page(call, FG_DOCUMENT_REQUEST_VALIDATOR, call->path_part[0], NULL)
               : status;
}

static fg_status_t replace_name(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    fg_status_t status = check_name(call, patch->value.at ? patch->value : FG_STR(""));
    return status == FG_OK ? fg_edit_text(call, noun, patch) : status;
}

fg_status_t fg_request_validator_update(fg_call_t *call)
{
    static const fg_patch_row_t rows[] = {
        {"/name", FG_PATCH_MAY(REPLACE), replace_name, false},
        {"/validateRequestParameters", FG_PATCH_MAY(REPLACE), fg_edit_bool, false},
        {"/validateRequestBody", FG_PATCH_MAY(REPLACE), fg_edit_bool, false},
    };
    static const fg_patch_table_t table = {rows, FG_COUNT_OF(rows), fg_patch_refuse_a};
    FG_JSON_SCOPED *validator = NULL;
    fg_status_t status = load(call, &validator);
    if (status == FG_OK)
        status = fg_patch_apply(call, &table, validator);
    if (status == FG_OK)
        status = save(call, validator);
    if (status == FG_OK)
        call->output = json_incref(validator);
    return status;
}

/* Rule RV4. */
static fg_status_t check_unused(fg_call_t *call, void *ctx, const char *path, const char *verb,
                                const json_t *method)
{
    (void)ctx;
    fg_str_t id = call->path_part[1];
    if (!fg_str_eq(fg_member_str(method, "requestValidatorId"), id))
        return FG_OK;
    return fg_error_set(call->error, FG_CONFLICT, "",
                        "Cannot delete validator '%.*s', is referenced in method request: %s/%s",
                        FG_STR_ARG(id), path, verb);
}

fg_status_t fg_request_validator_delete(fg_call_t *call)
{
    FG_JSON_SCOPED *validator = NULL;
    fg_status_t status = load(call, &validator);
    if (status == FG_OK)
        status = fg_methods_each(call, call->path_part[0], check_unused, NULL);
    return status == FG_OK
               ? fg_store_document_delete(call->store, FG_DOCUMENT_REQUEST_VALIDATOR,
                                          call->path_part[0], call->path_part[1], call->error)
               : status;
}
