/*
 * The two halves of a non-proxy integration: the body on the way in (reference 6.9), the integration
 * response on the way out (6.10).
 */
#include "control/test_invoke.h"

#include "mapping/header_rules.h"
#include "route/media.h"
#include "route/pattern.h"
#include "route/static_template.h"

/* ---- templates ---- */

/* The text for a media type, compared without case; FG_STR_NONE for none. */
static fg_str_t template_for(json_t *templates, fg_str_t media_type)
{
    const char *type;
    json_t *text;
    json_object_foreach(templates, type, text)
    {
        if (json_is_string(text) && fg_str_eq_nocase(fg_str(type), media_type))
            return fg_json_str(text);
    }
    return FG_STR_NONE;
}

static size_t template_count(json_t *templates)
{
    const char *type;
    json_t *text;
    size_t count = 0;
    json_object_foreach(templates, type, text)
    {
        count += json_is_string(text);
    }
    return count;
}

/* Rule TI4: what only a run of the template language could tell is not guessed. */
static bool is_refused(fg_invocation_t *run, fg_str_t template, const char *which)
{
    if (fg_template_is_static(template))
        return false;
    fg_invocation_refuse(
        run, FG_GATEWAY_RESPONSE_API_CONFIGURATION_ERROR,
        fg_invocation_text(run,
                           "Execution failed due to configuration error: The %s template uses the "
                           "template language, which is not run yet",
                           which));
    return true;
}

bool fg_test_request_body(fg_invocation_t *run, const fg_test_integration_t *integration,
                          fg_str_t *ret_body, fg_str_t *ret_template)
{
    json_t *templates = json_object_get(integration->document, "requestTemplates");
    fg_str_t behavior = fg_member_str(integration->document, "passthroughBehavior");
    fg_str_t type = fg_invocation_header(run, "Content-Type");
    fg_str_t media_type = type.len ? fg_media_type_bare(type) : FG_STR("application/json");
    fg_str_t template = template_for(templates, media_type);
    if (!template.at)
        template = template_for(templates, FG_STR("$default"));
    bool is_unwanted = !template.at &&
                       (fg_str_is(behavior, "NEVER") || (fg_str_is(behavior, "WHEN_NO_TEMPLATES") &&
                                                         template_count(templates) > 0));
    if (is_unwanted) {
        fg_invocation_refuse(run, FG_GATEWAY_RESPONSE_UNSUPPORTED_MEDIA_TYPE,
                             FG_STR("Execution failed due to configuration error: No template for "
                                    "the request's Content-Type"));
        return false;
    }
    if (template.at && is_refused(run, template, "request"))
        return false;
    *ret_template = template;
    *ret_body = template.at ? template : run->body;
    return true;
}

/* ---- the integration response ---- */

static json_t *response_for(json_t *responses, fg_str_t subject)
{
    const char *code;
    json_t *response, *fallback = NULL;
    json_object_foreach(responses, code, response)
    {
        fg_str_t pattern = fg_member_str(response, "selectionPattern");
        if (fg_pattern_matches(pattern, subject))
            return response;
        if (!pattern.len && !fallback)
            fallback = response;
    }
    return fallback;
}

/* Rule M4: by Accept, else application/json, else the first. */
static fg_str_t response_template(const fg_invocation_t *run, json_t *templates, fg_str_t *ret_type)
{
    fg_str_t accept = fg_invocation_header(run, "Accept"), text = FG_STR_NONE;
    const char *type;
    json_t *value;
    while (accept.at && !text.at) {
        *ret_type = fg_media_type_bare(fg_str_cut(&accept, ','));
        text = template_for(templates, *ret_type);
    }
    if (!text.at) {
        *ret_type = FG_STR("application/json");
        text = template_for(templates, *ret_type);
    }
    if (text.at)
        return text;
    json_object_foreach(templates, type, value)
    {
        if (json_is_string(value)) {
            *ret_type = fg_str(type);
            return fg_json_str(value);
        }
    }
    return FG_STR_NONE;
}

static fg_str_t backend_header(fg_invocation_t *run, const fg_test_backend_t *backend,
                               fg_str_t name, bool are_all)
{
    fg_str_t found = FG_STR_NONE;
    for (size_t i = 0; i < backend->headers.count; i++) {
        if (!fg_str_eq_nocase(backend->headers.at[i].name, name))
            continue;
        found = are_all && found.at ? fg_invocation_text(run, "%.*s,%.*s", FG_STR_ARG(found),
                                                         FG_STR_ARG(backend->headers.at[i].value))
                                    : backend->headers.at[i].value;
    }
    return found;
}

/* integration.response.* of the backend's answer, the rest as in a request. */
static fg_str_t evaluate(fg_invocation_t *run, const fg_test_backend_t *backend, fg_str_t source)
{
    static const fg_str_t header = FG_STR("integration.response.header.");
    static const fg_str_t multi = FG_STR("integration.response.multivalueheader.");
    static const fg_str_t body = FG_STR("integration.response.body.");
    if (fg_str_starts_with(source, header))
        return backend_header(run, backend,
                              fg_str_of(source.at + header.len, source.len - header.len), false);
    if (fg_str_starts_with(source, multi))
        return backend_header(run, backend,
                              fg_str_of(source.at + multi.len, source.len - multi.len), true);
    if (fg_str_is(source, "integration.response.body"))
        return backend->body;
    if (fg_str_starts_with(source, body))
        return fg_json_member_text(backend->body,
                                   fg_str_of(source.at + body.len, source.len - body.len),
                                   run->call->arena);
    return fg_invocation_evaluate(run, source);
}

/* Rule TI6: the gateway's own headers go under another name. */
static void add_headers(fg_invocation_t *run, json_t *response, const fg_test_backend_t *backend,
                        fg_str_t content_type)
{
    fg_lambda_pairs_t mapped = fg_invocation_pairs(
        run, json_object_get(response, "responseParameters"), "method.response.header.");
    for (size_t i = 0; i < mapped.count; i++) {
        fg_str_t name = mapped.at[i].name, value = evaluate(run, backend, mapped.at[i].value);
        if (!value.len || fg_header_is_left_out(name, FG_HEADER_CUSTOM))
            continue;
        if (fg_str_eq_nocase(name, FG_STR("Content-Type"))) {
            content_type = value;
            continue;
        }
        if (fg_header_is_remapped(name, FG_HEADER_CUSTOM))
            name = fg_invocation_text(run, FG_HEADER_REMAPPED "%.*s", FG_STR_ARG(name));
        fg_invocation_answer_header(run, name, value);
    }
    fg_invocation_answer_header(run, FG_STR("Content-Type"), content_type);
}

void fg_test_respond(fg_invocation_t *run, const fg_test_integration_t *integration,
                     const fg_test_backend_t *backend)
{
    json_t *response = response_for(json_object_get(integration->document, "integrationResponses"),
                                    backend->subject);
    int64_t status = 0;
    fg_str_t type = FG_STR("application/json");
    if (!fg_str_to_i64(fg_member_str(response, "statusCode"), &status)) {
        fg_invocation_refuse(
            run, FG_GATEWAY_RESPONSE_API_CONFIGURATION_ERROR,
            fg_invocation_text(
                run,
                "Execution failed due to configuration error: No match for output "
                "mapping and no default output mapping configured. Endpoint Response "
                "Status Code: %d",
                backend->status));
        return;
    }
    fg_str_t template =
        response_template(run, json_object_get(response, "responseTemplates"), &type);
    if (template.at && is_refused(run, template, "response"))
        return;
    run->status = (int)status;
    run->answer_body = template.at ? template : backend->body;
    add_headers(run, response, backend, template.at ? type : FG_STR("application/json"));
}

/* Rule M2. */
void fg_test_mock(fg_invocation_t *run, const fg_test_integration_t *integration)
{
    fg_str_t body, template;
    if (!fg_test_request_body(run, integration, &body, &template))
        return;
    int status = fg_template_status_code(body);
    if (!status) {
        fg_invocation_refuse(run, FG_GATEWAY_RESPONSE_API_CONFIGURATION_ERROR,
                             FG_STR("Execution failed due to configuration error: statusCode "
                                    "should be an integer which defined in request template"));
        return;
    }
    fg_test_backend_t backend = {
        .subject = fg_invocation_text(run, "%d", status),
        .status = status,
        .body = FG_STR(""),
    };
    fg_test_respond(run, integration, &backend);
}
