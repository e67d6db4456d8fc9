/*
 * write - a definition as a document: the same API gives the same text, paths and names in their order. Rule OA10.
 */
#include "openapi/context.h"

#define PREFIX   "x-amazon-apigateway-"
#define ENDPOINT PREFIX "endpoint-configuration"

/* ---- the API itself ---- */

static void write_info(fg_openapi_t *context, json_t *document)
{
    const json_t *api = json_object_get(context->source, "restApi");
    json_t *info = fg_openapi_child(context, document, "info");
    fg_str_t version = fg_openapi_text(api, "version");
    fg_str_t name = fg_openapi_text(api, "name");
    fg_openapi_put_str(context, info, "title", name.at ? name : FG_STR(""));
    fg_openapi_copy(context, info, "description", api);
    fg_openapi_put_str(context, info, "version", version.at ? version : context->options->version);
}

static void write_server(fg_openapi_t *context, json_t *document)
{
    const fg_openapi_write_options_t *options = context->options;
    if (!options->host.at)
        return;
    if (!context->is_3) {
        fg_openapi_put_str(context, document, "host", options->host);
        fg_openapi_put_str(context, document, "basePath", options->base_path);
        fg_openapi_put(context, document, "schemes", json_pack("[s]", "https"));
        return;
    }
    const char *url =
        fg_openapi_printf(context, "https://%.*s/{basePath}", FG_STR_ARG(options->host));
    fg_openapi_put(context, document, "servers",
                   json_pack("[{ss, s{s{ss%}}}]", "url", url, "variables", "basePath", "default",
                             options->base_path.at, options->base_path.len));
}

/* What a new API has anyway is left out. */
static bool is_default_endpoint(const json_t *endpoint)
{
    return fg_str_is(fg_json_str(json_array_get(json_object_get(endpoint, "types"), 0)), "EDGE") &&
           fg_str_is(fg_openapi_text(endpoint, "ipAddressType"), "ipv4") &&
           !json_object_get(endpoint, "vpcEndpointIds");
}

static void write_endpoint(fg_openapi_t *context, const json_t *api, json_t *document)
{
    static const char *const members[] = {"types", "ipAddressType", "vpcEndpointIds"};
    const json_t *endpoint = json_object_get(api, "endpointConfiguration");
    FG_JSON_SCOPED *extension = json_object();
    if (endpoint && !is_default_endpoint(endpoint))
        fg_openapi_copy_all(context, extension, endpoint, members, FG_COUNT_OF(members));
    if (json_is_true(json_object_get(api, "disableExecuteApiEndpoint")))
        fg_openapi_copy(context, extension, "disableExecuteApiEndpoint", api);
    if (json_object_size(extension))
        fg_openapi_put(context, document, ENDPOINT, json_incref(extension));
}

static void write_policy(fg_openapi_t *context, const json_t *api, json_t *document)
{
    fg_error_t ignored = {0};
    fg_str_t text = fg_openapi_text(api, "policy");
    json_t *policy = text.at ? fg_json_parse(text, &ignored) : NULL;
    if (policy)
        fg_openapi_put(context, document, PREFIX "policy", policy);
    else if (text.at)
        fg_openapi_put_str(context, document, PREFIX "policy", text);
}

static void write_extensions(fg_openapi_t *context, json_t *document)
{
    const json_t *api = json_object_get(context->source, "restApi");
    static const char *const members[][2] = {
        {"apiKeySource", PREFIX "api-key-source"},
        {"binaryMediaTypes", PREFIX "binary-media-types"},
        {"minimumCompressionSize", PREFIX "minimum-compression-size"},
        {"securityPolicy", PREFIX "security-policy"},
        {"endpointAccessMode", PREFIX "endpoint-access-mode"},
    };
    static const char *const maps[][2] = {
        {"requestValidators", PREFIX "request-validators"},
        {"gatewayResponses", PREFIX "gateway-responses"},
    };
    for (size_t i = 0; i < FG_COUNT_OF(members); i++) {
        const json_t *value = json_object_get(api, members[i][0]);
        if (value && !fg_str_is(fg_json_str(value), "HEADER"))
            fg_openapi_put(context, document, members[i][1], json_deep_copy(value));
    }
    for (size_t i = 0; i < FG_COUNT_OF(maps); i++) {
        const json_t *map = json_object_get(context->source, maps[i][0]);
        const char **names = fg_openapi_sorted(context, map);
        for (size_t j = 0; names && names[j]; j++)
            fg_openapi_copy(context, fg_openapi_child(context, document, maps[i][1]), names[j],
                            map);
    }
    write_policy(context, api, document);
    write_endpoint(context, api, document);
}

/* ---- paths ---- */

static const char *const verbs[][2] = {
    {"GET", "get"},         {"PUT", "put"},   {"POST", "post"},   {"DELETE", "delete"},
    {"OPTIONS", "options"}, {"HEAD", "head"}, {"PATCH", "patch"}, {"ANY", PREFIX "any-method"},
};

/* Does the next path in order, which stands right behind, lie below? */
static bool has_child(const char *path, const char *next)
{
    size_t len = strlen(path);
    return next && strncmp(path, next, len) == 0 && (next[len] == '/' || path[len - 1] == '/');
}

static void write_paths(fg_openapi_t *context, json_t *document)
{
    const json_t *resources = json_object_get(context->source, "resources");
    const char **names = fg_openapi_sorted(context, resources);
    json_t *paths = fg_openapi_child(context, document, "paths");
    for (size_t i = 0; names && names[i]; i++) {
        const json_t *methods = json_object_get(resources, names[i]);
        if (json_object_size(methods) == 0 && has_child(names[i], names[i + 1]))
            continue; /* it comes to be with its child */
        if (json_object_size(methods) == 0 && strcmp(names[i], "/") == 0)
            continue; /* every API has it */
        json_t *item = fg_openapi_child(context, paths, names[i]);
        for (size_t j = 0; j < FG_COUNT_OF(verbs); j++) {
            const json_t *method = json_object_get(methods, verbs[j][0]);
            fg_openapi_place_t place = {names[i], verbs[j][0]};
            if (method)
                fg_openapi_put(context, item, verbs[j][1],
                               fg_openapi_operation_write(context, method, &place));
        }
    }
}

/* ---- the document ---- */

static void write_document(fg_openapi_t *context, json_t *document)
{
    if (context->is_3)
        fg_openapi_put(context, document, "openapi", json_string("3.0.1"));
    else
        fg_openapi_put(context, document, "swagger", json_string("2.0"));
    write_info(context, document);
    write_server(context, document);
    fg_openapi_child(context, document, "paths");
    fg_openapi_schemes_write(context, document); /* before the methods, which name them */
    write_paths(context, document);
    fg_openapi_models_write(context, document);
    if (context->options->has_rest)
        write_extensions(context, document);
    fg_openapi_documentation_write(context, document);
}

fg_status_t fg_openapi_write(const json_t *definition, const fg_openapi_write_options_t *options,
                             fg_arena_t *arena, json_t **ret_document, fg_error_t *reterr)
{
    FG_JSON_SCOPED *document = json_object();
    FG_JSON_SCOPED *documentation =
        json_copy((json_t *)(uintptr_t)json_object_get(definition, "documentation"));
    fg_openapi_t context = {.is_3 = options->is_3,
                            .options = options,
                            .source = definition,
                            .documentation = documentation,
                            .arena = arena,
                            .error = reterr,
                            .is_out_of_memory = !document};
    write_document(&context, document);
    if (context.is_out_of_memory)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "%s", fg_status_text(FG_NO_MEMORY));
    *ret_document = json_incref(document);
    return FG_OK;
}
