/*
 * read - a document as a whole: its version, its information, its paths and what stands beside them. Rules OA1, OA8.
 */
#include "openapi/context.h"

#include <stdio.h>

#define PREFIX   "x-amazon-apigateway-"
#define ENDPOINT PREFIX "endpoint-configuration"

/* ---- what the document is ---- */

/* "2.0", or the number that YAML makes of it without quotes. */
static fg_str_t version_text(fg_openapi_t *context, const json_t *value)
{
    return json_is_number(value) ? fg_json_render(value, context->arena) : fg_json_str(value);
}

static fg_status_t read_version(fg_openapi_t *context)
{
    fg_str_t swagger = version_text(context, json_object_get(context->document, "swagger"));
    fg_str_t openapi = version_text(context, json_object_get(context->document, "openapi"));
    context->is_3 = fg_str_is(openapi, "3.0") || fg_str_starts_with(openapi, FG_STR("3.0."));
    if (context->is_3 || fg_str_is(swagger, "2.0"))
        return FG_OK;
    if (openapi.at)
        return fg_openapi_refuse(context, "openapi", "only OpenAPI 3.0 is supported");
    return fg_openapi_refuse(context, "swagger",
                             swagger.at ? "only Swagger 2.0 is supported"
                                        : "neither swagger 2.0 nor openapi 3.0");
}

/* ---- the API itself ---- */

static const json_t *endpoint_of(const fg_openapi_t *context)
{
    const json_t *endpoint = json_object_get(context->document, ENDPOINT);
    const json_t *server = json_array_get(json_object_get(context->document, "servers"), 0);
    return endpoint ? endpoint : json_object_get(server, ENDPOINT);
}

static void read_endpoint(fg_openapi_t *context, json_t *api)
{
    static const char *const members[] = {"types", "ipAddressType", "vpcEndpointIds"};
    const json_t *endpoint = endpoint_of(context);
    FG_JSON_SCOPED *configuration = json_object();
    fg_openapi_copy(context, api, "disableExecuteApiEndpoint", endpoint);
    fg_openapi_copy_all(context, configuration, endpoint, members, FG_COUNT_OF(members));
    if (json_object_get(configuration, "vpcEndpointIds") &&
        !json_object_get(configuration, "types"))
        fg_openapi_put(context, configuration, "types", json_pack("[s]", "PRIVATE"));
    if (json_object_size(configuration))
        fg_openapi_put(context, api, "endpointConfiguration", json_incref(configuration));
}

/* Extensions of the document that are members of the API. */
static const char *const api_extensions[][2] = {
    {PREFIX "api-key-source", "apiKeySource"},
    {PREFIX "binary-media-types", "binaryMediaTypes"},
    {PREFIX "minimum-compression-size", "minimumCompressionSize"},
    {PREFIX "security-policy", "securityPolicy"},
    {PREFIX "endpoint-access-mode", "endpointAccessMode"},
};

static fg_status_t read_api(fg_openapi_t *context)
{
    const json_t *info = json_object_get(context->document, "info");
    json_t *api = fg_openapi_child(context, context->definition, "restApi");
    fg_str_t version = version_text(context, json_object_get(info, "version"));
    fg_str_t description = fg_openapi_text(info, "description");
    if (fg_str_is_empty(fg_openapi_text(info, "title")))
        return fg_openapi_refuse(context, "info.title", "is missing");
    fg_openapi_put_str(context, api, "name", fg_openapi_text(info, "title"));
    if (description.len)
        fg_openapi_put_str(context, api, "description", description);
    if (version.len)
        fg_openapi_put_str(context, api, "version", version);
    for (size_t i = 0; i < FG_COUNT_OF(api_extensions); i++) {
        const json_t *value = json_object_get(context->document, api_extensions[i][0]);
        if (value)
            fg_openapi_put(context, api, api_extensions[i][1], json_deep_copy(value));
    }
    const json_t *policy = json_object_get(context->document, PREFIX "policy");
    if (policy)
        fg_openapi_put_str(context, api, "policy",
                           json_is_string(policy) ? fg_json_str(policy)
                                                  : fg_json_render(policy, context->arena));
    read_endpoint(context, api);
    return FG_OK;
}

/* ---- the base path, rule OA8 ---- */

/* `url` with its {variables} at their defaults. */
static fg_str_t fill_variables(fg_openapi_t *context, fg_str_t url, const json_t *variables)
{
    fg_str_t out = FG_STR("");
    while (url.at) {
        fg_str_t before = fg_str_cut(&url, '{');
        fg_str_t name = url.at ? fg_str_cut(&url, '}') : FG_STR_NONE;
        const char *key = name.at ? fg_openapi_printf(context, "%.*s", FG_STR_ARG(name)) : "";
        fg_str_t value = fg_openapi_text(json_object_get(variables, key), "default");
        out = fg_str(fg_openapi_printf(context, "%.*s%.*s%.*s", FG_STR_ARG(out), FG_STR_ARG(before),
                                       FG_STR_ARG(value)));
    }
    return out;
}

/* "/a/b" without slashes at its end; "" for the root. */
static fg_str_t base_path_of(fg_openapi_t *context)
{
    fg_str_t path = fg_openapi_text(context->document, "basePath");
    const json_t *server = json_array_get(json_object_get(context->document, "servers"), 0);
    fg_str_t url = fg_openapi_text(server, "url");
    if (context->is_3 && url.at) {
        path = fill_variables(context, url, json_object_get(server, "variables"));
        const char *scheme = memmem(path.at, path.len, "://", 3);
        if (scheme) {
            fg_str_t rest = fg_str_of(scheme + 3, (size_t)(path.at + path.len - scheme - 3));
            size_t start = fg_str_find(rest, '/');
            path = fg_str_of(rest.at + start, rest.len - start);
        }
    }
    while (path.len && path.at[0] == '/')
        path = fg_str_of(path.at + 1, path.len - 1);
    while (path.len && path.at[path.len - 1] == '/')
        path.len--;
    return path.len ? fg_str(fg_openapi_printf(context, "/%.*s", FG_STR_ARG(path))) : FG_STR("");
}

static fg_str_t prefix_of(fg_openapi_t *context, fg_openapi_base_path_t use)
{
    if (use == FG_OPENAPI_BASE_PATH_IGNORE)
        return FG_STR("");
    fg_str_t path = base_path_of(context);
    if (use == FG_OPENAPI_BASE_PATH_SPLIT && path.len) {
        size_t first = 1 + fg_str_find(fg_str_of(path.at + 1, path.len - 1), '/');
        path = fg_str_of(path.at + first, path.len - first);
    }
    return path;
}

/* ---- paths ---- */

typedef struct verb {
    const char *name, *verb;
} verb_t;

static const verb_t verbs[] = {
    {"get", "GET"},         {"put", "PUT"},   {"post", "POST"},   {"delete", "DELETE"},
    {"options", "OPTIONS"}, {"head", "HEAD"}, {"patch", "PATCH"}, {PREFIX "any-method", "ANY"},
};

static fg_status_t read_methods(fg_openapi_t *context, const json_t *item, const char *path,
                                json_t *methods)
{
    for (size_t i = 0; i < FG_COUNT_OF(verbs); i++) {
        const json_t *operation = json_object_get(item, verbs[i].name);
        fg_openapi_place_t place = {path, verbs[i].verb};
        if (!operation)
            continue;
        if (!json_is_object(operation))
            return fg_openapi_refuse(
                context, fg_openapi_printf(context, "paths.%s(%s)", path, verbs[i].verb),
                "is no object");
        json_t *method = fg_openapi_child(context, methods, verbs[i].verb);
        fg_status_t status = fg_openapi_operation_read(context, item, operation, &place, method);
        if (status != FG_OK)
            return status;
    }
    if (json_object_get(item, "trace"))
        fg_openapi_warn(context, "paths.%s(TRACE): this verb is not supported", path);
    return FG_OK;
}

static fg_status_t read_path(fg_openapi_t *context, fg_str_t prefix, const char *name,
                             const json_t *item)
{
    fg_str_t full = fg_str(fg_openapi_printf(context, "%.*s%s", FG_STR_ARG(prefix), name));
    while (full.len > 1 && full.at[full.len - 1] == '/')
        full.len--;
    const char *path = fg_openapi_printf(context, "%.*s", FG_STR_ARG(full));
    if (!json_is_object(item))
        return fg_openapi_refuse(context, fg_openapi_printf(context, "paths.%s", name),
                                 "is no object");
    if (json_object_get(item, "$ref"))
        fg_openapi_warn(context, "paths.%s: references are not supported here", name);
    json_t *resources = fg_openapi_child(context, context->definition, "resources");
    return read_methods(context, item, path, fg_openapi_child(context, resources, path));
}

static fg_status_t read_paths(fg_openapi_t *context, fg_openapi_base_path_t use)
{
    const char *name;
    json_t *item;
    json_t *paths = json_object_get(context->document, "paths");
    fg_str_t prefix = prefix_of(context, use);
    if (!json_is_object(paths))
        return fg_openapi_refuse(context, "paths", "is missing");
    json_object_foreach(paths, name, item)
    {
        if (strncmp(name, "x-", 2) == 0)
            continue;
        if (name[0] != '/')
            return fg_openapi_refuse(context, fg_openapi_printf(context, "paths.%s", name),
                                     "does not begin with a slash");
        fg_status_t status = read_path(context, prefix, name, item);
        if (status != FG_OK)
            return status;
    }
    return FG_OK;
}

/* ---- what stands beside them ---- */

/* A gateway response's status may be written as a number. */
static void read_gateway_responses(fg_openapi_t *context)
{
    const char *type;
    json_t *response;
    json_object_foreach(json_object_get(context->definition, "gatewayResponses"), type, response)
    {
        const json_t *code = json_object_get(response, "statusCode");
        if (json_is_integer(code))
            fg_openapi_put(context, response, "statusCode",
                           json_string(fg_openapi_printf(context, "%" JSON_INTEGER_FORMAT,
                                                         json_integer_value(code))));
    }
}

static void copy_map(fg_openapi_t *context, const char *name, const char *member)
{
    const json_t *map = json_object_get(context->document, name);
    if (json_object_size(map))
        fg_openapi_put(context, context->definition, member, json_deep_copy(map));
}

static bool is_known(const char *name)
{
    static const char *const others[] = {
        PREFIX "policy", PREFIX "request-validators", PREFIX "request-validator",
        ENDPOINT,        PREFIX "documentation",      PREFIX "gateway-responses",
    };
    for (size_t i = 0; i < FG_COUNT_OF(others); i++) {
        if (strcmp(name, others[i]) == 0)
            return true;
    }
    for (size_t i = 0; i < FG_COUNT_OF(api_extensions); i++) {
        if (strcmp(name, api_extensions[i][0]) == 0)
            return true;
    }
    return false;
}

static void warn_of_unknown(fg_openapi_t *context)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)context->document, name, value)
    {
        if (strncmp(name, PREFIX, strlen(PREFIX)) == 0 && !is_known(name))
            fg_openapi_warn(context, "%s: this extension is not supported", name);
    }
}

static fg_status_t read_document(fg_openapi_t *context, fg_openapi_base_path_t use)
{
    if (!json_is_object(context->document))
        return fg_openapi_refuse(context, "document", "is no object");
    fg_status_t status = read_version(context);
    if (status == FG_OK)
        status = read_api(context);
    if (status != FG_OK)
        return status;
    warn_of_unknown(context);
    fg_openapi_models_read(context);
    copy_map(context, PREFIX "request-validators", "requestValidators");
    copy_map(context, PREFIX "gateway-responses", "gatewayResponses");
    read_gateway_responses(context);
    status = fg_openapi_authorizers_read(context);
    if (status == FG_OK)
        status = read_paths(context, use);
    if (status == FG_OK)
        fg_openapi_documentation_read(context); /* over what stands at the places themselves */
    return status;
}

fg_status_t fg_openapi_read(const json_t *document, const fg_openapi_read_options_t *options,
                            fg_arena_t *arena, json_t **ret_definition, json_t **ret_warnings,
                            fg_error_t *reterr)
{
    FG_JSON_SCOPED *definition = json_object();
    FG_JSON_SCOPED *warnings = json_array();
    fg_openapi_t context = {.is_documentation_ignored = options->is_documentation_ignored,
                            .document = document,
                            .definition = definition,
                            .warnings = warnings,
                            .arena = arena,
                            .error = reterr,
                            .is_out_of_memory = !definition || !warnings};
    fg_status_t status = read_document(&context, options->base_path);
    if (context.is_out_of_memory)
        status = fg_error_set(reterr, FG_NO_MEMORY, "", "%s", fg_status_text(FG_NO_MEMORY));
    if (status != FG_OK)
        return status;
    *ret_definition = json_incref(definition);
    *ret_warnings = json_incref(warnings);
    return FG_OK;
}
