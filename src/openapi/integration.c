/*
 * integration - x-amazon-apigateway-integration. Rule OA4. Members go through as they are, but for the enumerations that
 * a document spells in small letters, and the responses, which a document keys by pattern and the service by status.
 */
#include "openapi/context.h"

#define EXTENSION "x-amazon-apigateway-integration"

static const char *const plain_members[] = {
    "httpMethod",           "uri",
    "credentials",          "requestParameters",
    "requestTemplates",     "contentHandling",
    "connectionId",         "tlsConfig",
    "timeoutInMillis",      "cacheNamespace",
    "integrationTarget",    "cacheKeyParameters",
    "responseTransferMode",
};
static const char *const response_members[] = {"responseParameters", "responseTemplates",
                                               "contentHandling"};

/* ---- reading ---- */

static void copy_upper(fg_openapi_t *context, json_t *object, const char *name, const json_t *from)
{
    fg_str_t text = fg_openapi_text(from, name);
    if (text.at)
        fg_openapi_put_str(context, object, name, fg_openapi_upper(context, text));
    else
        fg_openapi_copy(context, object, name, from);
}

/* 200 or "200" */
static const char *code_of(fg_openapi_t *context, const json_t *response)
{
    const json_t *code = json_object_get(response, "statusCode");
    if (json_is_integer(code))
        return fg_openapi_printf(context, "%" JSON_INTEGER_FORMAT, json_integer_value(code));
    return json_string_value(code);
}

static fg_status_t read_responses(fg_openapi_t *context, const json_t *from,
                                  const fg_openapi_place_t *place, json_t *integration)
{
    const char *pattern;
    json_t *response;
    if (json_object_size(from) == 0)
        return FG_OK;
    json_t *responses = fg_openapi_child(context, integration, "integrationResponses");
    json_object_foreach((json_t *)(uintptr_t)from, pattern, response)
    {
        const char *code = code_of(context, response);
        const char *where = fg_openapi_printf(context, "paths.%s(%s)." EXTENSION ".responses.%s",
                                              place->path, place->verb, pattern);
        if (!code)
            return fg_openapi_refuse(context, where, "statusCode is missing");
        if (json_object_get(responses, code)) {
            fg_openapi_warn(context, "%s: the status code %s has a response already", where, code);
            continue;
        }
        json_t *copy = fg_openapi_child(context, responses, code);
        if (strcmp(pattern, "default") != 0)
            fg_openapi_put(context, copy, "selectionPattern", json_string(pattern));
        fg_openapi_copy_all(context, copy, response, response_members,
                            FG_COUNT_OF(response_members));
    }
    return FG_OK;
}

fg_status_t fg_openapi_integration_read(fg_openapi_t *context, const json_t *operation,
                                        const fg_openapi_place_t *place, json_t *method)
{
    const json_t *from = json_object_get(operation, EXTENSION);
    if (!from)
        return FG_OK;
    if (!json_is_object(from))
        return fg_openapi_refuse(
            context,
            fg_openapi_printf(context, "paths.%s(%s)." EXTENSION, place->path, place->verb),
            "is no object");
    json_t *integration = fg_openapi_child(context, method, "methodIntegration");
    copy_upper(context, integration, "type", from);
    copy_upper(context, integration, "passthroughBehavior", from);
    copy_upper(context, integration, "connectionType", from);
    fg_openapi_copy_all(context, integration, from, plain_members, FG_COUNT_OF(plain_members));
    return read_responses(context, json_object_get(from, "responses"), place, integration);
}

/* ---- writing ---- */

static void copy_lower(fg_openapi_t *context, json_t *object, const char *name, const json_t *from)
{
    fg_str_t text = fg_openapi_text(from, name);
    if (text.at)
        fg_openapi_put_str(context, object, name, fg_openapi_lower(context, text));
    else
        fg_openapi_copy(context, object, name, from);
}

static void write_responses(fg_openapi_t *context, const json_t *integration, json_t *to)
{
    const char *code;
    json_t *response;
    const json_t *from = json_object_get(integration, "integrationResponses");
    if (json_object_size(from) == 0)
        return;
    json_t *responses = fg_openapi_child(context, to, "responses");
    json_object_foreach((json_t *)(uintptr_t)from, code, response)
    {
        const char *pattern = json_string_value(json_object_get(response, "selectionPattern"));
        if (!pattern || !pattern[0])
            pattern = "default";
        if (json_object_get(responses,
                            pattern)) /* Rule OA4: never reached, the first one matches */
            continue;
        json_t *copy = fg_openapi_child(context, responses, pattern);
        fg_openapi_put(context, copy, "statusCode", json_string(code));
        fg_openapi_copy_all(context, copy, response, response_members,
                            FG_COUNT_OF(response_members));
    }
}

void fg_openapi_integration_write(fg_openapi_t *context, const json_t *method, json_t *operation)
{
    const json_t *from = json_object_get(method, "methodIntegration");
    if (!from || !context->options->has_integrations)
        return;
    json_t *to = fg_openapi_child(context, operation, EXTENSION);
    copy_lower(context, to, "type", from);
    fg_openapi_copy_all(context, to, from, plain_members, FG_COUNT_OF(plain_members));
    copy_lower(context, to, "passthroughBehavior", from);
    fg_openapi_copy(context, to, "connectionType", from);
    write_responses(context, from, to);
}
