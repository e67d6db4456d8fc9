/*
 * integration - reference 4.9.
 */
#include "control/integration.h"
#include "control/handlers.h"
#include "control/method.h"
#include "control/vpc_link.h"

static const fg_field_t fields[] = {
    {"type", FG_FIELD_TEXT, true, "HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS"},
    {"httpMethod", FG_FIELD_TEXT, false, NULL},
    {"uri", FG_FIELD_TEXT, false, NULL},
    {"connectionType", FG_FIELD_TEXT, false, "INTERNET, VPC_LINK"},
    {"connectionId", FG_FIELD_TEXT, false, NULL},
    {"credentials", FG_FIELD_TEXT, false, NULL},
    {"requestParameters", FG_FIELD_TEXT_MAP, false, NULL},
    {"requestTemplates", FG_FIELD_TEXT_MAP, false, NULL},
    {"passthroughBehavior", FG_FIELD_TEXT, false, NULL},
    {"contentHandling", FG_FIELD_TEXT, false, "CONVERT_TO_BINARY, CONVERT_TO_TEXT"},
    {"timeoutInMillis", FG_FIELD_INTEGER, false, NULL},
    {"cacheNamespace", FG_FIELD_TEXT, false, NULL},
    {"cacheKeyParameters", FG_FIELD_TEXT_LIST, false, NULL},
    {"tlsConfig", FG_FIELD_OBJECT, false, NULL},
    {"integrationTarget", FG_FIELD_TEXT, false, NULL},
    {"responseTransferMode", FG_FIELD_TEXT, false, NULL},
};

static fg_status_t refuse(fg_call_t *call, const char *field, const char *message)
{
    return fg_error_set(call->error, FG_BAD_REQUEST, field, "%s", message);
}

static fg_status_t no_memory(fg_call_t *call)
{
    return fg_error_set(call->error, FG_NO_MEMORY, "", "out of memory");
}

static bool is_type(const json_t *integration, const char *type)
{
    return fg_str_is(fg_member_str(integration, "type"), type);
}

static bool is_http(const json_t *integration)
{
    return is_type(integration, "HTTP") || is_type(integration, "HTTP_PROXY");
}

static bool has_text(fg_str_t text, const char *part)
{
    return text.len && memmem(text.at, text.len, part, strlen(part)) != NULL;
}

/* ---- checks ---- */

static fg_status_t check_http_method(fg_call_t *call, json_t *integration)
{
    fg_str_t verb = fg_member_str(integration, "httpMethod");
    if (!fg_str_is_empty(verb))
        return fg_method_verb_check(call, verb);
    if (!is_type(integration, "MOCK"))
        return refuse(call, "httpMethod", "Enumeration value for HttpMethod must be non-empty");
    json_object_del(integration, "httpMethod");
    return FG_OK;
}

/* arn:aws:apigateway:<region>:<service>:path|action/... */
static fg_status_t check_arn(fg_call_t *call, const json_t *integration, fg_str_t uri)
{
    if (!fg_str_starts_with(uri, FG_STR("arn:")))
        return refuse(call, "uri", "Invalid ARN specified in the request");
    fg_str_t rest = uri, part = FG_STR_NONE;
    for (int i = 0; i < 6 && rest.at; i++)
        part = i == 5 ? rest : fg_str_cut(&rest, ':');
    bool has_target =
        fg_str_starts_with(part, FG_STR("path/")) || fg_str_starts_with(part, FG_STR("action/"));
    if (!has_target)
        return refuse(call, "uri", "AWS ARN for integration must contain path or action");
    bool is_lambda = has_text(uri, ":lambda:path/");
    if (is_type(integration, "AWS_PROXY") && !has_text(uri, ":firehose:") &&
        !(is_lambda && has_text(uri, "/invocations")))
        return refuse(
            call, "uri",
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose "
            "stream invocations.");
    if (is_type(integration, "AWS") && !is_lambda &&
        fg_str_is_empty(fg_member_str(integration, "credentials")))
        return refuse(call, "credentials", "Role ARN must be specified for AWS integrations");
    return FG_OK;
}

static fg_status_t check_uri(fg_call_t *call, const json_t *integration)
{
    fg_str_t uri = fg_member_str(integration, "uri");
    if (is_type(integration, "MOCK"))
        return FG_OK;
    if (!is_http(integration))
        return check_arn(call, integration, uri);
    bool has_scheme =
        fg_str_starts_with(uri, FG_STR("http://")) || fg_str_starts_with(uri, FG_STR("https://"));
    bool has_host = has_scheme && uri.len > (uri.at[4] == 's' ? 8u : 7u);
    if (has_host || fg_str_starts_with(uri, FG_STR("${stageVariables.")))
        return FG_OK;
    return refuse(call, "uri", "Invalid HTTP endpoint specified for URI");
}

static fg_status_t check_connection(fg_call_t *call, const json_t *integration)
{
    if (!fg_str_is(fg_member_str(integration, "connectionType"), "VPC_LINK"))
        return FG_OK;
    fg_status_t status = fg_vpc_link_check(call, fg_member_str(integration, "connectionId"));
    if (status == FG_NOT_FOUND)
        return refuse(call, "connectionId",
                      "ConnectionId should be set to the vpcLinkId or stage variable on connection "
                      "type VPC_LINK");
    return status;
}

static fg_status_t check_settings(fg_call_t *call, const json_t *integration)
{
    int64_t timeout_ms = json_integer_value(json_object_get(integration, "timeoutInMillis"));
    if (timeout_ms < FG_INTEGRATION_TIMEOUT_MS_MIN || timeout_ms > FG_INTEGRATION_TIMEOUT_MS_MAX)
        return refuse(call, "timeoutInMillis", "Timeout should be between 50 ms and 29000 ms");
    fg_str_t behavior = fg_member_str(integration, "passthroughBehavior");
    if (!fg_str_is(behavior, "WHEN_NO_MATCH") && !fg_str_is(behavior, "WHEN_NO_TEMPLATES") &&
        !fg_str_is(behavior, "NEVER"))
        return refuse(call, "passthroughBehavior",
                      "Invalid passthrough behavior specified. Valid options are "
                      "WHEN_NO_MATCH,WHEN_NO_TEMPLATES,NEVER");
    return FG_OK;
}

/* method.request.X is declared by the method; multivalue forms are declared by their plain name. */
static bool is_declared(fg_call_t *call, const json_t *method, const char *source)
{
    const json_t *parameters = json_object_get(method, "requestParameters");
    if (json_object_get(parameters, source))
        return true;
    fg_str_t prefix = FG_STR("method.request.multivalue");
    if (!fg_str_starts_with(fg_str(source), prefix))
        return false;
    fg_str_t plain = fg_arena_printf(call->arena, "method.request.%s", source + prefix.len);
    return plain.at && json_object_get(parameters, plain.at);
}

fg_status_t fg_mapping_refuse(fg_call_t *call, const char *field, const char *what,
                              const char *expression)
{
    return fg_error_set(
        call->error, FG_BAD_REQUEST, field,
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
        "[Invalid mapping expression %sspecified: %s]",
        what, expression);
}

bool fg_mapping_is_static(fg_str_t source)
{
    return source.len >= 2 && source.at[0] == '\'' && source.at[source.len - 1] == '\'';
}

static fg_status_t check_source(fg_call_t *call, const json_t *method, const char *source)
{
    fg_str_t text = fg_str(source);
    if (fg_mapping_is_static(text) || fg_str_starts_with(text, FG_STR("context.")) ||
        fg_str_starts_with(text, FG_STR("stageVariables.")) ||
        fg_str_is(text, "method.request.body") ||
        fg_str_starts_with(text, FG_STR("method.request.body.")))
        return FG_OK;
    if (!fg_str_starts_with(text, FG_STR("method.request.")))
        return fg_mapping_refuse(call, "requestParameters", "", source);
    return is_declared(call, method, source)
               ? FG_OK
               : fg_mapping_refuse(call, "requestParameters", "parameter ", source);
}

static bool is_target(const char *key)
{
    static const char *const prefixes[] = {"integration.request.path.",
                                           "integration.request.querystring.",
                                           "integration.request.header."};
    for (size_t i = 0; i < FG_COUNT_OF(prefixes); i++) {
        if (fg_str_starts_with(fg_str(key), fg_str(prefixes[i])) && key[strlen(prefixes[i])])
            return true;
    }
    return false;
}

static fg_status_t check_mappings(fg_call_t *call, const fg_method_place_t *place,
                                  const json_t *integration)
{
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(integration, "requestParameters"), key, value)
    {
        const char *source = json_string_value(value);
        if (!is_target(key))
            return fg_mapping_refuse(call, "requestParameters", "parameter ", key);
        fg_status_t status = check_source(call, place->method, source ? source : "null");
        if (status != FG_OK)
            return status;
    }
    json_t *parameters = json_object_get(integration, "requestParameters");
    size_t index;
    json_array_foreach(json_object_get(integration, "cacheKeyParameters"), index, value)
    {
        const char *name = json_string_value(value);
        if (!name ||
            (!is_declared(call, place->method, name) && !json_object_get(parameters, name)))
            return refuse(call, "cacheKeyParameters", "Invalid cache key parameter specified");
    }
    return FG_OK;
}

fg_status_t fg_media_type_check(fg_call_t *call, fg_str_t type)
{
    if (fg_str_find(type, '/') < type.len || fg_str_is(type, "$default"))
        return FG_OK;
    return fg_error_set(
        call->error, FG_BAD_REQUEST, "contentType",
        "Validation Result: warnings : [], errors : [Invalid content type specified: %.*s]",
        FG_STR_ARG(type));
}

fg_status_t fg_templates_settle(fg_call_t *call, json_t *templates)
{
    const char *type;
    json_t *text;
    void *next;
    json_object_foreach_safe(templates, next, type, text)
    {
        fg_status_t status = fg_media_type_check(call, fg_str(type));
        if (status != FG_OK)
            return status;
        if (fg_json_str(text).len > FG_TEMPLATE_BYTES_MAX)
            return fg_error_set(call->error, FG_BAD_REQUEST, "templates",
                                "A mapping template has at most %d bytes", FG_TEMPLATE_BYTES_MAX);
        if (fg_str_is_empty(fg_json_str(text)) && !fg_member_set(templates, type, json_null()))
            return no_memory(call);
    }
    return FG_OK;
}

static fg_status_t check_integration(fg_call_t *call, const fg_method_place_t *place,
                                     json_t *integration)
{
    fg_status_t status = check_http_method(call, integration);
    if (status == FG_OK)
        status = check_uri(call, integration);
    if (status == FG_OK)
        status = check_connection(call, integration);
    if (status == FG_OK)
        status = check_settings(call, integration);
    if (status == FG_OK)
        status = check_mappings(call, place, integration);
    return status == FG_OK
               ? fg_templates_settle(call, json_object_get(integration, "requestTemplates"))
               : status;
}

/* ---- put ---- */

static bool set_default(json_t *object, const char *name, json_t *value)
{
    FG_JSON_SCOPED *owned = value;
    return json_object_get(object, name) || json_object_set(object, name, owned) == 0;
}

/* The members that every integration has; connectionType only over HTTP. */
static fg_status_t fill_defaults(fg_call_t *call, json_t *integration)
{
    bool is_ok =
        set_default(integration, "passthroughBehavior", json_string("WHEN_NO_MATCH")) &&
        set_default(integration, "timeoutInMillis", json_integer(FG_INTEGRATION_TIMEOUT_MS_MAX)) &&
        set_default(integration, "cacheNamespace", fg_json_new_str(call->path_part[1])) &&
        set_default(integration, "cacheKeyParameters", json_array());
    if (is_http(integration))
        is_ok = is_ok && set_default(integration, "connectionType", json_string("INTERNET"));
    else if (!fg_str_is(fg_member_str(integration, "connectionType"), "VPC_LINK"))
        json_object_del(integration, "connectionType");
    return is_ok ? FG_OK : no_memory(call);
}

static fg_status_t check_tls(fg_call_t *call, const json_t *integration)
{
    json_t *tls = json_object_get(integration, "tlsConfig");
    bool flag;
    return tls ? fg_input_bool(call, tls, "insecureSkipVerification", &flag) : FG_OK;
}

fg_status_t fg_integration_put(fg_call_t *call)
{
    FG_METHOD_SCOPED place = {0};
    FG_JSON_SCOPED *integration = json_object();
    fg_status_t status =
        fg_fields_read(call, call->input, fields, FG_COUNT_OF(fields), integration);
    if (status == FG_OK)
        status = check_tls(call, integration);
    if (status == FG_OK)
        status = fg_method_load(call, &place);
    if (status == FG_OK)
        status = fill_defaults(call, integration);
    if (status == FG_OK)
        status = check_integration(call, &place, integration);
    if (status == FG_OK &&
        !fg_member_set(place.method, "methodIntegration", json_incref(integration)))
        status = no_memory(call);
    if (status == FG_OK)
        status = fg_method_save(call, &place);
    if (status == FG_OK)
        call->output = json_incref(integration);
    return status;
}

/* ---- get, delete ---- */

fg_status_t fg_integration_get(fg_call_t *call)
{
    FG_METHOD_SCOPED place = {0};
    fg_status_t status = fg_integration_load(call, &place);
    if (status == FG_OK)
        call->output = json_incref(place.integration);
    return status;
}

fg_status_t fg_integration_delete(fg_call_t *call)
{
    FG_METHOD_SCOPED place = {0};
    fg_status_t status = fg_integration_load(call, &place);
    if (status != FG_OK)
        return status;
    json_object_del(place.method, "methodIntegration");
    return fg_method_save(call, &place);
}

/* ---- update ---- */

static fg_status_t replace_timeout(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    int64_t timeout_ms = 0; /* out of bounds: refused with the rest */
    if (!fg_str_to_i64(patch->value, &timeout_ms))
        timeout_ms = 0;
    return fg_member_set(noun, "timeoutInMillis", json_integer(timeout_ms)) ? FG_OK
                                                                            : no_memory(call);
}

static fg_status_t replace_connection_type(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    if (!fg_str_is(patch->value, "INTERNET") && !fg_str_is(patch->value, "VPC_LINK"))
        return refuse(call, "connectionType",
                      "Invalid ConnectionType specified. Valid options are INTERNET,VPC_LINK");
    return fg_edit_text(call, noun, patch);
}

fg_status_t fg_integration_replace_content_handling(fg_call_t *call, void *noun,
                                                    const fg_patch_t *patch)
{
    fg_str_t value = patch->value;
    if (!fg_str_is_empty(value) && !fg_str_is(value, "CONVERT_TO_BINARY") &&
        !fg_str_is(value, "CONVERT_TO_TEXT"))
        return refuse(call, "contentHandling",
                      "Invalid ContentHandling specified. Valid options are "
                      "CONVERT_TO_BINARY,CONVERT_TO_TEXT");
    return fg_edit_text(call, noun, patch);
}

static fg_status_t replace_tls(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    json_t *tls = json_object_get(noun, "tlsConfig");
    if (!tls) {
        tls = json_object();
        if (!fg_member_set(noun, "tlsConfig", tls))
            return no_memory(call);
    }
    json_t *value = json_boolean(fg_patch_bool(patch->value));
    return fg_member_set(tls, "insecureSkipVerification", value) ? FG_OK : no_memory(call);
}

fg_status_t fg_integration_edit_parameter(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    fg_status_t status = FG_OK;
    if (patch->op == FG_PATCH_REMOVE)
        status = fg_edit_needs_entry(call, noun, patch, "Invalid parameter name specified");
    return status == FG_OK ? fg_edit_text_map(call, noun, patch) : status;
}

fg_status_t fg_integration_edit_template(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    fg_status_t status = FG_OK;
    if (patch->op == FG_PATCH_REMOVE)
        status = fg_edit_needs_entry(call, noun, patch, "Content-Type specified was not found");
    return status == FG_OK ? fg_edit_text_map(call, noun, patch) : status;
}

static const fg_patch_row_t patch_rows[] = {
    {"/httpMethod", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
    {"/uri", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
    {"/passthroughBehavior", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
    {"/timeoutInMillis", FG_PATCH_MAY(REPLACE), replace_timeout, false},
    {"/contentHandling", FG_PATCH_MAY(REPLACE), fg_integration_replace_content_handling, false},
    {"/credentials", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
    {"/cacheNamespace", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
    {"/connectionType", FG_PATCH_MAY(REPLACE), replace_connection_type, false},
    {"/connectionId", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
    {"/tlsConfig/insecureSkipVerification", FG_PATCH_MAY(REPLACE), replace_tls, false},
    {"/integrationTarget", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
    {"/responseTransferMode", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
    {"/requestParameters/{}", FG_PATCH_MAY_ANY, fg_integration_edit_parameter, false},
    {"/requestTemplates/{}", FG_PATCH_MAY_ANY, fg_integration_edit_template, false},
    {"/cacheKeyParameters/{}", FG_PATCH_MAY_ANY, fg_edit_list, false},
};
static const fg_patch_table_t patches = {patch_rows, FG_COUNT_OF(patch_rows), fg_patch_refuse_b};

fg_status_t fg_integration_update(fg_call_t *call)
{
    FG_METHOD_SCOPED place = {0};
    fg_status_t status = fg_integration_load(call, &place);
    if (status == FG_OK)
        status = fg_patch_apply(call, &patches, place.integration);
    if (status == FG_OK)
        status = fill_defaults(call, place.integration);
    if (status == FG_OK)
        status = check_integration(call, &place, place.integration);
    if (status == FG_OK)
        status = fg_method_save(call, &place);
    if (status == FG_OK)
        call->output = json_incref(place.integration);
    return status;
}
