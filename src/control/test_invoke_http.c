/*
 * HTTP and HTTP_PROXY, run once. Reference 6.9 and 6.10.
 */
#include "control/test_invoke.h"

#include "mapping/backend_uri.h"
#include "mapping/header_rules.h"

enum { URL_BYTES_MAX = 16 * 1024 };

typedef struct http {
    fg_invocation_t *run;
    const fg_test_integration_t *integration;
    bool is_proxy;
    fg_str_t verb, url, body;
    fg_pair_t headers[FG_EXCHANGE_HEADERS_MAX];
    size_t header_count;
} http_t;

static void fail_configuration(fg_invocation_t *run, const char *what, fg_str_t detail)
{
    fg_invocation_refuse(run, FG_GATEWAY_RESPONSE_API_CONFIGURATION_ERROR,
                         fg_invocation_text(run,
                                            "Execution failed due to configuration error: %.*s%s",
                                            FG_STR_ARG(detail), what));
}

/* ---- the URL ---- */

/* Bytes of scheme and authority; 0 when it is no URL, or its host holds a variable. */
static size_t origin_bytes(fg_str_t uri)
{
    size_t at = fg_str_starts_with(uri, FG_STR("https://"))  ? 8
                : fg_str_starts_with(uri, FG_STR("http://")) ? 7
                                                             : 0;
    size_t end = at;
    while (at && end < uri.len && uri.at[end] != '/' && uri.at[end] != '?') {
        if (uri.at[end] == '{' || uri.at[end] == '@' || (unsigned char)uri.at[end] <= ' ')
            return 0;
        end++;
    }
    return end > at ? end : 0;
}

/* Rule TI5: as the data plane composes it. */
static bool compose_url(http_t *http)
{
    fg_invocation_t *run = http->run;
    json_t *parameters = json_object_get(http->integration->document, "requestParameters");
    fg_str_t uri = http->integration->uri;
    size_t origin = origin_bytes(uri), len = 0;
    char *text = fg_arena_alloc(run->call->arena, URL_BYTES_MAX);
    fg_lambda_pairs_t path = fg_invocation_pairs(run, parameters, "integration.request.path.");
    fg_lambda_pairs_t query =
        fg_invocation_pairs(run, parameters, "integration.request.querystring.");
    fg_mapping_source_t source = fg_invocation_source(run);
    fg_str_t own_path = fg_str_of(uri.at + origin, uri.len - origin);
    if (!fg_str_starts_with(own_path, FG_STR("/")))
        own_path = fg_invocation_text(run, "/%.*s", FG_STR_ARG(own_path));
    fg_backend_uri_own_t own = {own_path, path.at, query.at, path.count, query.count};
    fg_backend_uri_request_t request = {
        .client_query = http->is_proxy ? run->query : FG_STR(""), .source = &source, .own = &own};
    run->is_out_of_memory = run->is_out_of_memory || !text;
    if (!text || !origin ||
        fg_backend_uri_compose(&request, text, URL_BYTES_MAX, &len) != FG_BACKEND_URI_OK) {
        fail_configuration(run, "Invalid endpoint address", FG_STR(""));
        return false;
    }
    http->url = fg_invocation_text(run, "%.*s%.*s", (int)origin, uri.at, (int)len, text);
    return true;
}

/* ---- headers ---- */

static fg_pair_t *header_of(http_t *http, fg_str_t name)
{
    for (size_t i = 0; i < http->header_count; i++) {
        if (fg_str_eq_nocase(http->headers[i].name, name))
            return &http->headers[i];
    }
    return NULL;
}

static void add_header(http_t *http, fg_str_t name, fg_str_t value)
{
    if (http->header_count < FG_EXCHANGE_HEADERS_MAX)
        http->headers[http->header_count++] = (fg_pair_t){name, value};
}

static void add_default(http_t *http, const char *name, fg_str_t value)
{
    if (!header_of(http, fg_str(name)))
        add_header(http, fg_str(name), value);
}

/* A mapped header takes the place of the client's. False for one that may not be set. */
static bool add_mapped(http_t *http)
{
    fg_lambda_pairs_t mapped = fg_invocation_pairs(
        http->run, json_object_get(http->integration->document, "requestParameters"),
        "integration.request.header.");
    for (size_t i = 0; i < mapped.count; i++) {
        fg_str_t name = mapped.at[i].name;
        fg_str_t value = fg_invocation_evaluate(http->run, mapped.at[i].value);
        if (fg_header_is_reserved(name, false)) {
            fail_configuration(http->run, " header already present", name);
            return false;
        }
        if (!value.len || fg_header_is_unheard(name))
            continue;
        fg_pair_t *there = header_of(http, name);
        if (there)
            *there = (fg_pair_t){name, value};
        else
            add_header(http, name, value);
    }
    return true;
}

static bool has_no_body(fg_str_t verb)
{
    return fg_str_is(verb, "GET") || fg_str_is(verb, "HEAD") || fg_str_is(verb, "OPTIONS");
}

static bool add_headers(http_t *http)
{
    fg_invocation_t *run = http->run;
    fg_str_t type = fg_invocation_header(run, "Content-Type");
    for (size_t i = 0; http->is_proxy && i < run->headers.count; i++) {
        if (!fg_header_is_kept_back(run->headers.at[i].name))
            add_header(http, run->headers.at[i].name, run->headers.at[i].value);
    }
    if (!add_mapped(http))
        return false;
    add_default(http, "Accept", FG_STR("application/json"));
    add_default(
        http, "User-Agent",
        fg_invocation_text(run, "AmazonAPIGateway_%.*s", FG_STR_ARG(run->call->path_part[0])));
    if (!http->is_proxy && !has_no_body(http->verb) && (type.len || http->body.len))
        add_default(http, "Content-Type", type.len ? type : FG_STR("application/json"));
    add_header(http, FG_STR("X-Amzn-Apigateway-Api-Id"), run->call->path_part[0]);
    add_header(http, FG_STR("X-Amzn-Trace-Id"), run->trace_id);
    return true;
}

/* ---- the answer ---- */

/* Rule TI6: HTTP_PROXY hands status, headers and body on. */
static void pass(fg_invocation_t *run, const fg_exchange_answer_t *answer)
{
    run->status = answer->status;
    run->answer_body = answer->body;
    for (size_t i = 0; i < answer->header_count; i++) {
        fg_str_t name = answer->headers[i].name;
        if (fg_header_is_left_out(name, FG_HEADER_PROXY))
            continue;
        if (fg_header_is_remapped(name, FG_HEADER_PROXY))
            name = fg_invocation_text(run, FG_HEADER_REMAPPED "%.*s", FG_STR_ARG(name));
        fg_invocation_answer_header(run, name, answer->headers[i].value);
    }
}

static void take_answer(http_t *http, const fg_exchange_answer_t *answer)
{
    fg_invocation_t *run = http->run;
    if (answer->outcome == FG_EXCHANGE_TIMED_OUT) {
        fg_invocation_refuse(run, FG_GATEWAY_RESPONSE_INTEGRATION_TIMEOUT,
                             FG_STR("Execution failed due to a timeout error"));
        return;
    }
    if (answer->outcome != FG_EXCHANGE_ANSWERED) {
        fg_invocation_refuse(run, FG_GATEWAY_RESPONSE_INTEGRATION_FAILURE,
                             fg_invocation_text(run,
                                                "Execution failed due to a network error "
                                                "communicating with endpoint: %.*s",
                                                FG_STR_ARG(answer->reason)));
        return;
    }
    if (http->is_proxy) {
        pass(run, answer);
        return;
    }
    fg_test_backend_t backend = {
        .subject = fg_invocation_text(run, "%d", answer->status),
        .status = answer->status,
        .headers = fg_invocation_headers(run, answer->headers, answer->header_count),
        .body = answer->body,
    };
    fg_test_respond(run, http->integration, &backend);
    if (!run->is_refused)
        fg_invocation_answer_header(run, FG_STR("X-Amzn-Trace-Id"), run->trace_id);
}

void fg_test_http(fg_invocation_t *run, const fg_test_integration_t *integration)
{
    fg_str_t verb = fg_member_str(integration->document, "httpMethod"), template;
    http_t http = {.run = run,
                   .integration = integration,
                   .is_proxy = fg_str_is(integration->type, "HTTP_PROXY"),
                   .verb = !verb.len || fg_str_is(verb, "ANY") ? run->verb : verb,
                   .body = run->body};
    if (!http.is_proxy && !fg_test_request_body(run, integration, &http.body, &template))
        return;
    if (!compose_url(&http) || !add_headers(&http))
        return;
    fg_exchange_request_t request = {
        .verb = http.verb,
        .url = http.url,
        .headers = http.headers,
        .header_count = http.header_count,
        .body = has_no_body(http.verb) || !http.body.len ? FG_STR_NONE : http.body,
        .timeout_ms = integration->timeout_ms,
        .is_tls_unverified = fg_member_is_true(json_object_get(integration->document, "tlsConfig"),
                                               "insecureSkipVerification"),
    };
    fg_exchange_answer_t answer;
    fg_invocation_ask(run, &request, &answer);
    take_answer(&http, &answer);
}
