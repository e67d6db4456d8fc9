#include "agent/stage.h"

#include "base/json.h"
#include "route/method_id.h"
#include "route/variables.h"

#include <stdlib.h>

/* What one compilation carries from step to step. */
typedef struct compiler {
    const fg_stage_compile_t *options;
    fg_arena_t *arena;
    const json_t *stage;    /* the STAGE document */
    const json_t *snapshot; /* of its deployment */
    fg_route_pair_t *variables;
    size_t variable_count;
    bool is_out_of_memory; /* looked at once, before the build */
} compiler_t;

static fg_str_t member(const json_t *object, const char *name)
{
    return fg_json_str(json_object_get(object, name));
}

/* Zeroed room for `count` items; NULL, noted, on lack of memory. */
static void *room_for(compiler_t *compiler, size_t count, size_t item_bytes)
{
    void *room = fg_arena_alloc(compiler->arena, count ? count * item_bytes : 1);
    if (!room)
        compiler->is_out_of_memory = true;
    return room;
}

/* ---- stage variables. Reference 6.17 ---- */

static void read_variables(compiler_t *compiler)
{
    json_t *variables = json_object_get(compiler->stage, "variables");
    const char *name;
    json_t *value;
    compiler->variables = room_for(compiler, json_object_size(variables), sizeof(fg_route_pair_t));
    if (!compiler->variables)
        return;
    json_object_foreach(variables, name, value)
    {
        compiler->variables[compiler->variable_count++] =
            (fg_route_pair_t){fg_str(name), fg_json_str(value)};
    }
}

/* A missing one is an empty text. */
static fg_str_t variable(const compiler_t *compiler, fg_str_t name)
{
    fg_str_t value = fg_variable_find(compiler->variables, compiler->variable_count, name);
    return value.at ? value : FG_STR("");
}

static fg_str_t substituted(compiler_t *compiler, fg_str_t text)
{
    fg_str_t out =
        fg_variables_put(text, compiler->variables, compiler->variable_count, compiler->arena);
    if (!out.at)
        compiler->is_out_of_memory = true;
    return out.at ? out : FG_STR("");
}

/* ---- method settings. Rule T2, reference 4.11 and 6.5 ---- */

/* The key as it is compared: ~1 and ~0 undone, leading slashes dropped, so that "~1pets/GET",
 * "/pets/GET" and "pets/GET" are one. */
static fg_str_t plain_key(compiler_t *compiler, const char *key)
{
    char *out = room_for(compiler, strlen(key) + 1, 1);
    size_t len = 0;
    if (!out)
        return FG_STR("");
    for (const char *at = key; *at; at++) {
        bool is_escape = at[0] == '~' && (at[1] == '0' || at[1] == '1');
        char byte = is_escape ? (at[1] == '1' ? '/' : '~') : at[0];
        at += is_escape;
        if (len || byte != '/')
            out[len++] = byte;
    }
    return fg_str_of(out, len);
}

static const json_t *setting_of(compiler_t *compiler, fg_str_t path, fg_str_t verb)
{
    json_t *settings = json_object_get(compiler->stage, "methodSettings");
    fg_str_t name =
        fg_arena_printf(compiler->arena, "%.*s/%.*s", FG_STR_ARG(path), FG_STR_ARG(verb));
    fg_str_t wanted = name.at ? plain_key(compiler, name.at) : FG_STR("");
    const char *key;
    json_t *entry;
    json_object_foreach(settings, key, entry)
    {
        if (fg_str_eq(plain_key(compiler, key), wanted))
            return entry;
    }
    return json_object_get(settings, "*/*");
}

/* A rate of -1 is no limit of its own; a burst of -1 beside a rate is the service's default burst.
 */
static fg_throttle_t throttle_of(const json_t *setting)
{
    enum { BURST_DEFAULT = 5000 };
    const double rate_max_rps = 1e12;
    json_t *rate = json_object_get(setting, "throttlingRateLimit");
    json_int_t burst = json_integer_value(json_object_get(setting, "throttlingBurstLimit"));
    double rps = json_number_value(rate);
    if (!rate || rps < 0)
        return (fg_throttle_t){0};
    if (rps > rate_max_rps)
        rps = rate_max_rps;
    if (burst < 0)
        burst = BURST_DEFAULT;
    return (fg_throttle_t){
        .rate_milli_rps = (uint64_t)(rps * 1000 + 0.5),
        .burst = burst > UINT32_MAX ? UINT32_MAX : (uint32_t)burst,
        .is_set = true,
    };
}

/* ---- pairs ---- */

typedef struct pairs {
    fg_route_pair_t *at;
    size_t count;
} pairs_t;

/* The texts of `map` under `prefix`, names without it; null ones are left out. */
static pairs_t pairs_under(compiler_t *compiler, json_t *map, fg_str_t prefix)
{
    pairs_t pairs = {.at = room_for(compiler, json_object_size(map), sizeof(fg_route_pair_t))};
    const char *name;
    json_t *value;
    if (!pairs.at)
        return pairs;
    json_object_foreach(map, name, value)
    {
        fg_str_t text = fg_json_str(value), full = fg_str(name);
        if (text.at && fg_str_starts_with(full, prefix) && full.len > prefix.len)
            pairs.at[pairs.count++] =
                (fg_route_pair_t){fg_str_of(full.at + prefix.len, full.len - prefix.len), text};
    }
    return pairs;
}

/* Of those, what is known before any request: 'text' without its quotes, and stage variables. */
static pairs_t static_pairs_under(compiler_t *compiler, json_t *map, fg_str_t prefix)
{
    pairs_t pairs = pairs_under(compiler, map, prefix), kept = {.at = pairs.at};
    const fg_str_t variable_prefix = FG_STR("stageVariables.");
    for (size_t i = 0; i < pairs.count; i++) {
        fg_route_pair_t pair = pairs.at[i];
        fg_str_t source = pair.value;
        if (source.len >= 2 && source.at[0] == '\'' && source.at[source.len - 1] == '\'')
            pair.value = fg_str_of(source.at + 1, source.len - 2);
        else if (fg_str_starts_with(source, variable_prefix))
            pair.value = variable(compiler, fg_str_of(source.at + variable_prefix.len,
                                                      source.len - variable_prefix.len));
        else
            continue;
        kept.at[kept.count++] = pair;
    }
    return kept;
}

/* A status code written as a text or a number; 0 for none. */
static int status_of(const json_t *object)
{
    int64_t status = json_integer_value(json_object_get(object, "statusCode"));
    if (!fg_str_to_i64(member(object, "statusCode"), &status) && status == 0)
        return 0;
    return status >= 100 && status <= 599 ? (int)status : 0;
}

/* ---- MOCK. Reference 6.10, 6.11 ---- */

static fg_route_answer_t answer_of(compiler_t *compiler, const json_t *response)
{
    pairs_t headers = static_pairs_under(compiler, json_object_get(response, "responseParameters"),
                                         FG_STR("method.response.header."));
    pairs_t templates =
        pairs_under(compiler, json_object_get(response, "responseTemplates"), FG_STR(""));
    fg_str_t pattern = member(response, "selectionPattern");
    return (fg_route_answer_t){
        .pattern = pattern.at ? pattern : FG_STR(""),
        .status = status_of(response),
        .headers = headers.at,
        .header_count = headers.count,
        .templates = templates.at,
        .template_count = templates.count,
    };
}

static int passthrough_of(fg_str_t behavior)
{
    if (fg_str_is(behavior, "WHEN_NO_TEMPLATES"))
        return FG_PASSTHROUGH_WHEN_NO_TEMPLATES;
    return fg_str_is(behavior, "NEVER") ? FG_PASSTHROUGH_NEVER : FG_PASSTHROUGH_WHEN_NO_MATCH;
}

static void read_mock(compiler_t *compiler, const json_t *document, fg_route_integration_t *ret)
{
    json_t *responses = json_object_get(document, "integrationResponses");
    pairs_t templates =
        pairs_under(compiler, json_object_get(document, "requestTemplates"), FG_STR(""));
    fg_route_answer_t *answers = room_for(compiler, json_object_size(responses), sizeof(*answers));
    const char *code;
    json_t *response;
    if (!answers)
        return;
    ret->kind = FG_INTEGRATION_MOCK;
    ret->request_templates = templates.at;
    ret->request_template_count = templates.count;
    ret->passthrough = passthrough_of(member(document, "passthroughBehavior"));
    ret->answers = answers;
    json_object_foreach(responses, code, response)
    {
        answers[ret->answer_count++] = answer_of(compiler, response);
    }
}

/* ---- HTTP_PROXY. Reference 6.9 ---- */

/* host, host:port, [v6] or [v6]:port. */
static bool parse_authority(fg_str_t authority, fg_route_integration_t *ret)
{
    int64_t port = ret->is_tls ? 443 : 80;
    fg_str_t host = authority, rest = FG_STR_NONE;
    if (fg_str_starts_with(authority, FG_STR("["))) {
        size_t end = fg_str_find(authority, ']');
        if (end == authority.len)
            return false;
        host.len = end + 1;
        rest = fg_str_of(authority.at + host.len, authority.len - host.len);
        if (rest.len && rest.at[0] != ':')
            return false;
        rest = rest.len ? fg_str_of(rest.at + 1, rest.len - 1) : FG_STR_NONE;
    } else {
        rest = authority;
        host = fg_str_cut(&rest, ':');
    }
    if (rest.at && (!fg_str_to_i64(rest, &port) || port < 1 || port > UINT16_MAX))
        return false;
    for (size_t i = 0; i < host.len; i++) {
        if ((unsigned char)host.at[i] <= ' ' || host.at[i] == 0x7f || host.at[i] == '@' ||
            host.at[i] == '{')
            return false;
    }
    ret->host = host;
    ret->port = (uint16_t)port;
    return host.len > 0;
}

/* Cut the URI into scheme, host, port and path; false when it is none. */
static bool parse_uri(compiler_t *compiler, fg_str_t uri, fg_route_integration_t *ret)
{
    fg_str_t rest = uri;
    fg_str_t scheme = fg_str_cut(&rest, ':');
    ret->is_tls = fg_str_eq_nocase(scheme, FG_STR("https"));
    if ((!ret->is_tls && !fg_str_eq_nocase(scheme, FG_STR("http"))) ||
        !fg_str_starts_with(rest, FG_STR("//")))
        return false;
    rest = fg_str_of(rest.at + 2, rest.len - 2);
    rest.len = fg_str_find(rest, '#');
    size_t end = 0;
    while (end < rest.len && rest.at[end] != '/' && rest.at[end] != '?')
        end++;
    fg_str_t path = fg_str_of(rest.at + end, rest.len - end);
    if (!fg_str_starts_with(path, FG_STR("/")))
        path = fg_arena_printf(compiler->arena, "/%.*s", FG_STR_ARG(path));
    ret->path = path;
    return path.at && parse_authority(fg_str_of(rest.at, end), ret);
}

static void read_parameters(compiler_t *compiler, const json_t *document,
                            fg_route_integration_t *ret)
{
    json_t *map = json_object_get(document, "requestParameters");
    pairs_t path = pairs_under(compiler, map, FG_STR("integration.request.path."));
    pairs_t query = pairs_under(compiler, map, FG_STR("integration.request.querystring."));
    pairs_t header = pairs_under(compiler, map, FG_STR("integration.request.header."));
    ret->path_parameters = path.at;
    ret->path_parameter_count = path.count;
    ret->query_parameters = query.at;
    ret->query_parameter_count = query.count;
    ret->header_parameters = header.at;
    ret->header_parameter_count = header.count;
}

static void read_addresses(compiler_t *compiler, fg_route_integration_t *ret)
{
    const fg_stage_compile_t *options = compiler->options;
    fg_route_address_t *addresses =
        room_for(compiler, FG_BACKEND_ADDRESSES_MAX, sizeof(*addresses));
    if (!options->resolve || !addresses)
        return;
    fg_str_t name = ret->host; /* a resolver takes no brackets */
    if (fg_str_starts_with(name, FG_STR("[")))
        name = fg_str_of(name.at + 1, name.len - 2);
    size_t count = options->resolve(options->resolve_ctx, name, ret->port, addresses,
                                    FG_BACKEND_ADDRESSES_MAX);
    FG_ASSERT(count <= FG_BACKEND_ADDRESSES_MAX);
    ret->addresses = addresses;
    ret->address_count = count;
}

static void read_http_proxy(compiler_t *compiler, const json_t *document,
                            fg_route_integration_t *ret)
{
    fg_route_integration_t parsed = *ret;
    fg_str_t verb = member(document, "httpMethod");
    if (fg_str_is(member(document, "connectionType"), "VPC_LINK") ||
        !parse_uri(compiler, substituted(compiler, member(document, "uri")), &parsed))
        return;
    parsed.kind = FG_INTEGRATION_HTTP_PROXY;
    parsed.is_tls_unverified = json_is_true(
        json_object_get(json_object_get(document, "tlsConfig"), "insecureSkipVerification"));
    parsed.http_method = !verb.at || fg_str_is(verb, "ANY") ? FG_STR("") : verb;
    read_parameters(compiler, document, &parsed);
    read_addresses(compiler, &parsed);
    *ret = parsed;
}

static fg_route_integration_t integration_of(compiler_t *compiler, const json_t *document)
{
    fg_route_integration_t integration = {.kind = FG_INTEGRATION_UNSUPPORTED};
    json_t *timeout = json_object_get(document, "timeoutInMillis");
    integration.timeout_ms =
        timeout ? (uint32_t)json_integer_value(timeout) : FG_INTEGRATION_TIMEOUT_MS_MAX;
    if (fg_str_is(member(document, "type"), "MOCK"))
        read_mock(compiler, document, &integration);
    else if (fg_str_is(member(document, "type"), "HTTP_PROXY"))
        read_http_proxy(compiler, document, &integration);
    return integration;
}

/* ---- methods ---- */

static fg_route_method_t method_of(compiler_t *compiler, const json_t *resource, const char *verb,
                                   const json_t *document)
{
    fg_str_t path = member(resource, "path");
    fg_str_t authorization = member(document, "authorizationType");
    return (fg_route_method_t){
        .resource_id = member(resource, "id"),
        .resource_path = path,
        .verb = fg_verb_of(fg_str(verb)),
        .is_key_required = json_is_true(json_object_get(document, "apiKeyRequired")),
        .is_denied = !fg_str_is(authorization, "NONE"),
        .throttle = throttle_of(setting_of(compiler, path, fg_str(verb))),
        .method_id = fg_method_id(compiler->options->api_id, compiler->options->stage_name, path,
                                  fg_str(verb)),
        .integration = integration_of(compiler, json_object_get(document, "methodIntegration")),
    };
}

static void read_methods(compiler_t *compiler, fg_route_source_t *source)
{
    json_t *resources = json_object_get(compiler->snapshot, "resources");
    size_t index, count = 0;
    json_t *resource, *document;
    const char *verb;
    json_array_foreach(resources, index, resource)
    {
        count += json_object_size(json_object_get(resource, "resourceMethods"));
    }
    fg_route_method_t *methods = room_for(compiler, count, sizeof(*methods));
    if (!methods)
        return;
    source->methods = methods;
    json_array_foreach(resources, index, resource)
    {
        json_object_foreach(json_object_get(resource, "resourceMethods"), verb, document)
        {
            methods[source->method_count++] = method_of(compiler, resource, verb, document);
        }
    }
}

/* ---- gateway responses. Reference 6.8 ---- */

static bool response_type_of(fg_str_t name, fg_gateway_response_type_t *ret_type)
{
    for (unsigned type = 0; type < FG_GATEWAY_RESPONSE_COUNT; type++) {
        if (fg_str_is(name, fg_gateway_response_name((fg_gateway_response_type_t)type))) {
            *ret_type = (fg_gateway_response_type_t)type;
            return true;
        }
    }
    return false;
}

static void read_gateway_responses(compiler_t *compiler, fg_route_source_t *source)
{
    json_t *documents = json_object_get(compiler->snapshot, "gatewayResponses");
    fg_route_gateway_response_t *responses =
        room_for(compiler, json_array_size(documents), sizeof(*responses));
    size_t index;
    json_t *document;
    if (!responses)
        return;
    source->gateway_responses = responses;
    json_array_foreach(documents, index, document)
    {
        fg_route_gateway_response_t *response = &responses[source->gateway_response_count];
        if (!response_type_of(member(document, "responseType"), &response->type))
            continue;
        pairs_t headers = /* Rule GR9: expressions, which the caller's request fills in */
            pairs_under(compiler, json_object_get(document, "responseParameters"),
                        FG_STR("gatewayresponse.header."));
        pairs_t templates =
            pairs_under(compiler, json_object_get(document, "responseTemplates"), FG_STR(""));
        response->status = status_of(document);
        response->headers = headers.at;
        response->header_count = headers.count;
        response->templates = templates.at;
        response->template_count = templates.count;
        source->gateway_response_count++;
    }
}

/* ---- the whole ---- */

/* Rule K4. */
static fg_key_source_t key_source_of(fg_str_t text)
{
    if (fg_str_is(text, "AUTHORIZER"))
        return FG_KEY_SOURCE_AUTHORIZER;
    return fg_str_is(text, "QUERY") ? FG_KEY_SOURCE_QUERY : FG_KEY_SOURCE_HEADER;
}

static fg_status_t read_document(fg_store_t *store, fg_document_kind_t kind, fg_str_t api_id,
                                 fg_str_t id, fg_arena_t *arena, json_t **ret_document,
                                 fg_error_t *reterr)
{
    fg_document_t row;
    fg_status_t status = fg_store_document_get(store, kind, api_id, id, arena, &row, reterr);
    if (status != FG_OK)
        return status;
    *ret_document = fg_json_parse(row.json, reterr);
    if (!*ret_document)
        return fg_error_set(reterr, FG_CORRUPT, "", "document %.*s of API %.*s is no JSON",
                            FG_STR_ARG(id), FG_STR_ARG(api_id));
    return FG_OK;
}

static fg_route_source_t source_of(compiler_t *compiler)
{
    const fg_stage_compile_t *options = compiler->options;
    const json_t *api = json_object_get(compiler->snapshot, "restApi");
    read_variables(compiler);
    fg_route_source_t source = {
        .api_id = options->api_id,
        .stage_name = options->stage_name,
        .deployment_id = member(compiler->stage, "deploymentId"),
        .region = fg_str(options->region),
        .account_id = fg_str(options->account_id),
        .stage_index = options->stage_index,
        .revision = options->revision,
        .key_source = key_source_of(member(api, "apiKeySource")),
        .is_execute_api_disabled = json_is_true(json_object_get(api, "disableExecuteApiEndpoint")),
        .variables = compiler->variables,
        .variable_count = compiler->variable_count,
        .quota_exceeded_status = options->quota_exceeded_status,
    };
    read_methods(compiler, &source);
    read_gateway_responses(compiler, &source);
    return source;
}

fg_status_t fg_stage_compile(fg_store_t *store, const fg_stage_compile_t *options,
                             fg_arena_t *arena, const char *path, fg_error_t *reterr)
{
    FG_JSON_SCOPED *stage = NULL;
    FG_JSON_SCOPED *deployment = NULL;
    fg_status_t status = read_document(store, FG_DOCUMENT_STAGE, options->api_id,
                                       options->stage_name, arena, &stage, reterr);
    if (status == FG_OK)
        status = read_document(store, FG_DOCUMENT_DEPLOYMENT, options->api_id,
                               member(stage, "deploymentId"), arena, &deployment, reterr);
    if (status != FG_OK)
        return status;
    compiler_t compiler = {
        .options = options,
        .arena = arena,
        .stage = stage,
        .snapshot = json_object_get(deployment, "snapshot"),
    };
    fg_route_source_t source = source_of(&compiler);
    if (compiler.is_out_of_memory)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    return fg_route_build(&source, path, reterr);
}
