/*
 * integration_response - reference 4.9. Absent and empty differ: a selectionPattern of "" is
 * echoed, one that was not sent is not; a template given as null or "" comes back as null.
 */
#include "control/handlers.h"
#include "control/integration.h"
#include "control/method.h"

static const fg_field_t fields[] = {
    {"selectionPattern", FG_FIELD_TEXT, false, NULL},
    {"responseParameters", FG_FIELD_TEXT_MAP, false, NULL},
    {"responseTemplates", FG_FIELD_TEXT_MAP, false, NULL},
    {"contentHandling", FG_FIELD_TEXT, false, "CONVERT_TO_BINARY, CONVERT_TO_TEXT"},
};

static fg_status_t no_memory(fg_call_t *call)
{
    return fg_error_set(call->error, FG_NO_MEMORY, "", "out of memory");
}

static fg_status_t load(fg_call_t *call, fg_method_place_t *ret_place)
{
    fg_status_t status = fg_status_code_check(call, call->path_part[3]);
    return status == FG_OK ? fg_integration_load(call, ret_place) : status;
}

/* ---- checks ---- */

/* A pattern that no regular expression can be: brackets that do not pair, a repetition of nothing.
 * The dialect is Java's on AWS, so no more than that is held against it. */
static bool is_pattern(fg_str_t pattern)
{
    int depth = 0;
    bool is_in_class = false, has_atom = false;
    for (size_t i = 0; i < pattern.len; i++) {
        char c = pattern.at[i];
        bool is_repeat = c == '*' || c == '+';
        if (c == '\\') {
            if (++i == pattern.len)
                return false;
        } else if (is_in_class) {
            is_in_class = c != ']';
        } else if (c == '[') {
            is_in_class = true;
        } else if (c == '(') {
            depth++;
        } else if (c == ')' && --depth < 0) {
            return false;
        } else if (is_repeat && !has_atom) {
            return false;
        }
        has_atom = c != '(' && c != '|' && c != '^';
    }
    return depth == 0 && !is_in_class;
}

static bool is_source(fg_str_t source)
{
    return fg_mapping_is_static(source) ||
           fg_str_starts_with(source, FG_STR("integration.response.")) ||
           fg_str_starts_with(source, FG_STR("context.")) ||
           fg_str_starts_with(source, FG_STR("stageVariables."));
}

static fg_status_t check_parameters(fg_call_t *call, json_t *parameters)
{
    fg_str_t prefix = FG_STR("method.response.header.");
    const char *key;
    json_t *value;
    json_object_foreach(parameters, key, value)
    {
        const char *source = json_string_value(value);
        if (!fg_str_starts_with(fg_str(key), prefix) || strlen(key) == prefix.len)
            return fg_mapping_refuse(call, "responseParameters", "", key);
        if (!source || !is_source(fg_str(source)))
            return fg_mapping_refuse(call, "responseParameters", "", source ? source : "null");
    }
    return FG_OK;
}

/* Checks a response. */
static fg_status_t settle_response(fg_call_t *call, json_t *response)
{
    if (!is_pattern(fg_member_str(response, "selectionPattern")))
        return fg_error_set(call->error, FG_BAD_REQUEST, "selectionPattern",
                            "Invalid regex pattern specified");
    fg_status_t status = fg_templates_settle(call, json_object_get(response, "responseTemplates"));
    if (status == FG_OK)
        status = check_parameters(call, json_object_get(response, "responseParameters"));
    return status;
}

/* ---- operations ---- */

fg_status_t fg_integration_response_put(fg_call_t *call)
{
    FG_METHOD_SCOPED place = {0};
    FG_JSON_SCOPED *response = json_object();
    fg_status_t status = fg_fields_read(call, call->input, fields, FG_COUNT_OF(fields), response);
    if (status == FG_OK)
        status = load(call, &place);
    if (status == FG_OK)
        status = settle_response(call, response);
    if (status == FG_OK && !fg_member_set_str(response, "statusCode", call->path_part[3]))
        status = no_memory(call);
    if (status == FG_OK) /* a second put overwrites */
        status =
            fg_response_set(call, place.integration, "integrationResponses", json_incref(response));
    if (status == FG_OK)
        status = fg_method_save(call, &place);
    if (status == FG_OK)
        call->output = json_incref(response);
    return status;
}

fg_status_t fg_integration_response_get(fg_call_t *call)
{
    FG_METHOD_SCOPED place = {0};
    json_t *response = NULL;
    fg_status_t status = load(call, &place);
    if (status == FG_OK)
        status = fg_response_find(call, place.integration, "integrationResponses", &response);
    if (status == FG_OK)
        call->output = json_incref(response);
    return status;
}

/* An unknown method is told as a missing integration here, unlike on get. */
fg_status_t fg_integration_response_delete(fg_call_t *call)
{
    FG_METHOD_SCOPED place = {0};
    fg_status_t status = fg_status_code_check(call, call->path_part[3]);
    if (status == FG_OK)
        status = fg_method_find(call, &place);
    if (status == FG_OK && !place.integration)
        status =
            fg_error_set(call->error, FG_NOT_FOUND, "", "Invalid Integration identifier specified");
    if (status == FG_OK)
        status = fg_response_delete(call, place.integration, "integrationResponses");
    return status == FG_OK ? fg_method_save(call, &place) : status;
}

static fg_status_t replace_pattern(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    if (!patch->value.at)
        return fg_edit_text(call, noun, patch);
    return fg_member_set_str(noun, "selectionPattern", patch->value) ? FG_OK : no_memory(call);
}

fg_status_t fg_integration_response_update(fg_call_t *call)
{
    static const fg_patch_row_t rows[] = {
        {"/selectionPattern", FG_PATCH_MAY(REPLACE), replace_pattern, false},
        {"/contentHandling", FG_PATCH_MAY(REPLACE), fg_integration_replace_content_handling, false},
        {"/responseParameters/{}", FG_PATCH_MAY_ANY, fg_integration_edit_parameter, false},
        {"/responseTemplates/{}", FG_PATCH_MAY_ANY, fg_integration_edit_template, false},
    };
    static const fg_patch_table_t table = {rows, FG_COUNT_OF(rows), fg_patch_refuse_b};
    FG_METHOD_SCOPED place = {0};
    json_t *response = NULL;
    fg_status_t status = load(call, &place);
    if (status == FG_OK)
        status = fg_response_find(call, place.integration, "integrationResponses", &response);
    if (status == FG_OK)
        status = fg_patch_apply(call, &table, response);
    if (status == FG_OK)
        status = settle_response(call, response);
    if (status == FG_OK)
        status = fg_method_save(call, &place);
    if (status == FG_OK)
        call->output = json_incref(response);
    return status;
}
