/*
 * authorizer - reference 4.14; docs/rules/authorizers.md.
 */
#include "control/authorizer.h"
#include "control/handlers.h"
#include "control/noun.h"

#include "route/pattern.h"

enum { TTL_MAX_S = 3600 };

static const fg_field_t fields[] = {
    {"name", FG_FIELD_TEXT, true, NULL},
    {"type", FG_FIELD_TEXT, true, "TOKEN, REQUEST, COGNITO_USER_POOLS"},
    {"providerARNs", FG_FIELD_TEXT_LIST, false, NULL},
    {"authType", FG_FIELD_TEXT, false, NULL},
    {"authorizerUri", FG_FIELD_TEXT, false, NULL},
    {"authorizerCredentials", FG_FIELD_TEXT, false, NULL},
    {"identitySource", FG_FIELD_TEXT, false, NULL},
    {"identityValidationExpression", FG_FIELD_TEXT, false, NULL},
    {"authorizerResultTtlInSeconds", FG_FIELD_INTEGER, false, NULL},
};

static fg_status_t refuse(fg_call_t *call, const char *field, const char *message)
{
    return fg_error_set(call->error, FG_BAD_REQUEST, field, "%s", message);
}

fg_status_t fg_authorizer_load(fg_call_t *call, json_t **ret_authorizer)
{
    fg_status_t status = fg_document_load(call, FG_DOCUMENT_AUTHORIZER, call->path_part[0],
                                          call->path_part[1], ret_authorizer);
    if (status == FG_NOT_FOUND)
        return fg_error_set(call->error, FG_NOT_FOUND, "",
                            "Invalid Authorizer identifier specified");
    return status;
}

static fg_status_t save(fg_call_t *call, fg_str_t id, const json_t *authorizer)
{
    return fg_document_save(call, FG_DOCUMENT_AUTHORIZER, call->path_part[0], id, FG_STR(""),
                            authorizer);
}

static bool is_type(const json_t *authorizer, const char *type)
{
    return fg_str_is(fg_member_str(authorizer, "type"), type);
}

/* ---- checks ---- */

/* Rule AU3: the name is there, and nobody else's in this API. */
static fg_status_t check_name(fg_call_t *call, const json_t *authorizer)
{
    FG_JSON_SCOPED *others = NULL;
    fg_str_t name = fg_member_str(authorizer, "name");
    size_t index;
    json_t *other;
    if (fg_str_is_empty(fg_str_trim(name)))
        return refuse(call, "name", "Authorizer name must be non-empty");
    fg_status_t status =
        fg_document_all(call, FG_DOCUMENT_AUTHORIZER, call->path_part[0], FG_STR_NONE, &others);
    json_array_foreach(others, index, other)
    {
        bool is_same = fg_str_eq(fg_member_str(other, "id"), fg_member_str(authorizer, "id"));
        if (!is_same && fg_str_eq(fg_member_str(other, "name"), name))
            return fg_error_set(call->error, FG_BAD_REQUEST, "name",
                                "Authorizer name must be unique. Authorizer %.*s already exists "
                                "in this RestApi.",
                                FG_STR_ARG(name));
    }
    return status;
}

/* Rule AU5: arn:aws:apigateway:<region>:lambda:path/<version>/functions/<function>/invocations;
 * the function may hold stage variables. */
static fg_status_t check_uri(fg_call_t *call, const json_t *authorizer)
{
    fg_str_t uri = fg_member_str(authorizer, "authorizerUri"), rest = uri;
    const fg_str_t tail = FG_STR("/invocations");
    bool is_good = fg_str_is(fg_str_cut(&rest, ':'), "arn") &&
                   fg_str_starts_with(fg_str_cut(&rest, ':'), FG_STR("aws")) &&
                   fg_str_is(fg_str_cut(&rest, ':'), "apigateway") &&
                   fg_str_cut(&rest, ':').len > 0 && fg_str_is(fg_str_cut(&rest, ':'), "lambda") &&
                   fg_str_starts_with(rest, FG_STR("path/2015-03-31/functions/")) &&
                   fg_str_eq(fg_str_of(uri.at + uri.len - tail.len, tail.len), tail);
    if (is_good)
        return FG_OK;
    return fg_error_set(call->error, FG_BAD_REQUEST, "authorizerUri",
                        "Invalid Authorizer URI: %.*s. Authorizer URI should be a valid API "
                        "Gateway ARN that represents a Lambda function invocation.",
                        FG_STR_ARG(uri));
}

static bool is_source(fg_str_t source, const json_t *authorizer)
{
    static const char *const prefixes[] = {"method.request.header.", "method.request.querystring.",
                                           "context.", "stageVariables."};
    size_t count = is_type(authorizer, "REQUEST") ? FG_COUNT_OF(prefixes) : 1;
    for (size_t i = 0; i < count; i++) {
        fg_str_t prefix = fg_str(prefixes[i]);
        if (fg_str_starts_with(source, prefix) && source.len > prefix.len)
            return true;
    }
    return false;
}

/* Rule AU6. */
static fg_status_t check_sources(fg_call_t *call, const json_t *authorizer)
{
    fg_str_t sources = fg_member_str(authorizer, "identitySource");
    json_t *ttl = json_object_get(authorizer, "authorizerResultTtlInSeconds");
    bool is_list = is_type(authorizer, "REQUEST");
    if (fg_str_is_empty(sources)) {
        if (is_list && ttl && json_integer_value(ttl) == 0)
            return FG_OK;
        return refuse(call, "identitySource", "IdentitySource cannot be empty");
    }
    for (fg_str_t rest = sources; rest.at;) {
        fg_str_t source = fg_str_trim(fg_str_cut(&rest, is_list ? ',' : '\0'));
        if (!is_source(source, authorizer))
            return fg_error_set(call->error, FG_BAD_REQUEST, "identitySource",
                                "Invalid %sidentity source expression: %.*s",
                                is_list ? "request " : "", FG_STR_ARG(source));
    }
    return FG_OK;
}

/* Rule AU4. */
static fg_status_t check_ttl(fg_call_t *call, const json_t *authorizer)
{
    json_t *ttl = json_object_get(authorizer, "authorizerResultTtlInSeconds");
    if (!ttl || (json_integer_value(ttl) >= 0 && json_integer_value(ttl) <= TTL_MAX_S))
        return FG_OK;
    return refuse(call, "authorizerResultTtlInSeconds",
                  "Authorizer result TTL outside allowable range. TTL must be between 0 and 3600 "
                  "seconds.");
}

/* Rule AU11. */
static fg_status_t check_expression(fg_call_t *call, const json_t *authorizer)
{
    fg_str_t expression = fg_member_str(authorizer, "identityValidationExpression");
    if (fg_str_is_empty(expression) || fg_pattern_is_good(expression))
        return FG_OK;
    return refuse(call, "identityValidationExpression", "Invalid regex pattern specified");
}

/* Rule AU7: arn:aws:cognito-idp:<region>:<account>:userpool/<pool> */
static fg_status_t check_providers(fg_call_t *call, const json_t *authorizer)
{
    json_t *arns = json_object_get(authorizer, "providerARNs");
    size_t index;
    json_t *arn;
    if (json_array_size(arns) == 0)
        return refuse(call, "providerARNs", "Authorizer provider ARNs must be non-empty");
    json_array_foreach(arns, index, arn)
    {
        fg_str_t text = fg_json_str(arn), rest = text;
        bool is_good = fg_str_is(fg_str_cut(&rest, ':'), "arn") &&
                       fg_str_starts_with(fg_str_cut(&rest, ':'), FG_STR("aws")) &&
                       fg_str_is(fg_str_cut(&rest, ':'), "cognito-idp") &&
                       fg_str_cut(&rest, ':').len > 0 && fg_str_cut(&rest, ':').len > 0 &&
                       fg_str_starts_with(rest, FG_STR("userpool/"));
        if (!is_good)
            return fg_error_set(call->error, FG_BAD_REQUEST, "providerARNs",
                                "Invalid ARN specified in the request: %.*s", FG_STR_ARG(text));
    }
    return FG_OK;
}

/* Rule AU2. */
static fg_status_t settle_auth_type(fg_call_t *call, json_t *authorizer)
{
    bool is_pool = is_type(authorizer, "COGNITO_USER_POOLS");
    if (json_object_get(authorizer, "authType") ||
        fg_member_set_str(authorizer, "authType",
                          is_pool ? FG_STR("cognito_user_pools") : FG_STR("custom")))
        return FG_OK;
    return fg_call_no_memory(call);
}

static fg_status_t check_authorizer(fg_call_t *call, const json_t *authorizer)
{
    bool is_pool = is_type(authorizer, "COGNITO_USER_POOLS");
    fg_status_t status = check_name(call, authorizer);
    if (status == FG_OK)
        status = is_pool ? check_providers(call, authorizer) : check_uri(call, authorizer);
    if (status == FG_OK)
        status = check_ttl(call, authorizer);
    if (status == FG_OK)
        status = check_sources(call, authorizer);
    return status == FG_OK ? check_expression(call, authorizer) : status;
}

/* ---- operations ---- */

/* Rule AU1: an unknown API is a conflict here. */
static fg_status_t check_api(fg_call_t *call)
{
    fg_status_t status = fg_call_api(call, call->path_part[0], NULL);
    if (status == FG_NOT_FOUND)
        return fg_error_set(call->error, FG_CONFLICT, "restApiId",
                            "Unable to complete operation due to concurrent modification. Please "
                            "try again later.");
    return status;
}

fg_status_t fg_authorizer_create(fg_call_t *call)
{
    FG_JSON_SCOPED *authorizer = json_object();
    fg_str_t id = FG_STR_NONE;
    fg_status_t status = fg_call_new_id(call, FG_ID_SHORT_BYTES, &id);
    if (status == FG_OK && !fg_member_set_str(authorizer, "id", id))
        status = fg_call_no_memory(call);
    if (status == FG_OK)
        status = fg_fields_read(call, call->input, fields, FG_COUNT_OF(fields), authorizer);
    if (status == FG_OK)
        status = check_api(call);
    if (status == FG_OK)
        status = fg_document_room_check(call, FG_DOCUMENT_AUTHORIZER, call->path_part[0],
                                        FG_AUTHORIZERS_PER_API_MAX, "authorizers");
    if (status == FG_OK)
        status = settle_auth_type(call, authorizer);
    if (status == FG_OK)
        status = check_authorizer(call, authorizer);
    if (status == FG_OK)
        status = save(call, id, authorizer);
    if (status == FG_OK)
        call->output = json_incref(authorizer);
    return status;
}

fg_status_t fg_authorizer_get(fg_call_t *call)
{
    return fg_authorizer_load(call, &call->output);
}

fg_status_t fg_authorizer_list(fg_call_t *call)
{
    fg_status_t status = fg_call_api(call, call->path_part[0], NULL);
    return status == FG_OK
               ? fg_document_page(call, FG_DOCUMENT_AUTHORIZER, call->path_part[0], NULL)
               : status;
}

static fg_status_t replace_type(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    if (!fg_str_is(patch->value, "TOKEN") && !fg_str_is(patch->value, "REQUEST") &&
        !fg_str_is(patch->value, "COGNITO_USER_POOLS"))
        return refuse(call, "type",
                      "Invalid authorizer type specified. Valid options are "
                      "TOKEN,REQUEST,COGNITO_USER_POOLS");
    return fg_edit_text(call, noun, patch);
}

static fg_status_t replace_ttl(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    int64_t ttl_s = -1; /* no number: refused with what is out of range */
    if (!fg_str_to_i64(patch->value, &ttl_s))
        ttl_s = -1;
    return fg_member_set(noun, "authorizerResultTtlInSeconds", json_integer(ttl_s))
               ? FG_OK
               : fg_call_no_memory(call);
}

/* Rule AU8. */
fg_status_t fg_authorizer_update(fg_call_t *call)
{
    static const fg_patch_row_t rows[] = {
        {"/name", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
        {"/type", FG_PATCH_MAY(REPLACE), replace_type, false},
        {"/authType", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
        {"/authorizerUri", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
        {"/authorizerCredentials", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
        {"/authorizerResultTtlInSeconds", FG_PATCH_MAY(REPLACE), replace_ttl, false},
        {"/identityValidationExpression", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
        {"/identitySource", FG_PATCH_MAY_ANY, fg_edit_text, false},
        {"/providerARNs", FG_PATCH_MAY(ADD) | FG_PATCH_MAY(REMOVE), fg_edit_list_values, false},
    };
    static const fg_patch_table_t table = {rows, FG_COUNT_OF(rows), fg_patch_refuse_a};
    FG_JSON_SCOPED *authorizer = NULL;
    fg_status_t status = fg_authorizer_load(call, &authorizer);
    if (status == FG_OK)
        status = fg_patch_apply(call, &table, authorizer);
    if (status == FG_OK)
        status = settle_auth_type(call, authorizer);
    if (status == FG_OK)
        status = check_authorizer(call, authorizer);
    if (status == FG_OK)
        status = save(call, call->path_part[1], authorizer);
    if (status == FG_OK)
        call->output = json_incref(authorizer);
    return status;
}

/* Rule AU9: not while a method asks it. */
static fg_status_t check_unused(fg_call_t *call, const json_t *authorizer)
{
    FG_JSON_SCOPED *resources = NULL;
    fg_str_t id = call->path_part[1], name = fg_member_str(authorizer, "name");
    fg_status_t status =
        fg_document_all(call, FG_DOCUMENT_RESOURCE, call->path_part[0], FG_STR_NONE, &resources);
    size_t index;
    json_t *resource, *method;
    const char *verb;
    json_array_foreach(resources, index, resource)
    {
        json_object_foreach(json_object_get(resource, "resourceMethods"), verb, method)
        {
            if (fg_str_eq(fg_member_str(method, "authorizerId"), id))
                return fg_error_set(call->error, FG_CONFLICT, "",
                                    "Cannot delete authorizer '%.*s', is referenced in method: "
                                    "%s/%.*s",
                                    FG_STR_ARG(name), verb,
                                    FG_STR_ARG(fg_member_str(resource, "path")));
        }
    }
    return status;
}

fg_status_t fg_authorizer_delete(fg_call_t *call)
{
    FG_JSON_SCOPED *authorizer = NULL;
    fg_status_t status = fg_authorizer_load(call, &authorizer);
    if (status == FG_OK)
        status = check_unused(call, authorizer);
    if (status != FG_OK)
        return status;
    return fg_store_document_delete(call->store, FG_DOCUMENT_AUTHORIZER, call->path_part[0],
                                    call->path_part[1], call->error);
}
