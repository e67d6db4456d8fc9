/*
 * full_source - a small stage that has one of everything a snapshot can hold.
 */
#ifndef FG_TESTS_FULL_SOURCE_H
#define FG_TESTS_FULL_SOURCE_H

#include "route/route_support.h"

static const fg_route_pair_t full_variables[] = {{FG_STR("lang"), FG_STR("en")},
                                                 {FG_STR("empty"), FG_STR("")}};
static const fg_route_pair_t full_requests[] = {
    {FG_STR("application/json"), FG_STR("{\"statusCode\": 200}")}};
static const fg_route_pair_t full_templates[] = {
    {FG_STR("application/json"), FG_STR("{\"ok\":true}")}};
static const fg_route_pair_t full_headers[] = {{FG_STR("X-Demo"), FG_STR("yes")}};
static const fg_route_pair_t full_path_parameters[] = {
    {FG_STR("id"), FG_STR("method.request.path.id")}};
static const fg_route_answer_t full_answers[] = {{.status = 200,
                                                  .headers = full_headers,
                                                  .header_count = 1,
                                                  .templates = full_templates,
                                                  .template_count = 1}};
static const fg_route_gateway_response_t full_responses[] = {
    {.type = FG_GATEWAY_RESPONSE_DEFAULT_4XX,
     .status = 418,
     .headers = full_headers,
     .header_count = 1,
     .templates = full_templates,
     .template_count = 1}};

typedef struct full_source {
    fg_route_address_t address;
    fg_route_method_t methods[3];
    fg_route_source_t source;
} full_source_t;

static inline const fg_route_source_t *full_source_init(full_source_t *full)
{
    memset(full, 0, sizeof(*full));
    full->address.addr.ss_family = AF_INET;
    full->address.bytes = sizeof(struct sockaddr_in);
    full->methods[0] = method_of_path("/mock", FG_VERB_GET);
    full->methods[0].integration = (fg_route_integration_t){.kind = FG_INTEGRATION_MOCK,
                                                            .request_templates = full_requests,
                                                            .request_template_count = 1,
                                                            .answers = full_answers,
                                                            .answer_count = 1};
    full->methods[1] = method_of_path("/pets/{id}", FG_VERB_ANY);
    full->methods[1].is_key_required = true;
    full->methods[1].throttle = (fg_throttle_t){.rate_milli_rps = 5000, .burst = 9, .is_set = true};
    full->methods[1].method_id = 77;
    full->methods[1].integration = (fg_route_integration_t){.kind = FG_INTEGRATION_HTTP_PROXY,
                                                            .timeout_ms = 29000,
                                                            .is_tls = true,
                                                            .http_method = FG_STR("GET"),
                                                            .host = FG_STR("backend.test"),
                                                            .port = 8443,
                                                            .path = FG_STR("/v1/{id}"),
                                                            .path_parameters = full_path_parameters,
                                                            .path_parameter_count = 1,
                                                            .query_parameters = full_headers,
                                                            .query_parameter_count = 1,
                                                            .header_parameters = full_headers,
                                                            .header_parameter_count = 1,
                                                            .addresses = &full->address,
                                                            .address_count = 1};
    full->methods[2] = method_of_path("/{proxy+}", FG_VERB_POST);
    full->methods[2].is_denied = true;
    full->source = source_of(full->methods, 3);
    full->source.variables = full_variables;
    full->source.variable_count = 2;
    full->source.gateway_responses = full_responses;
    full->source.gateway_response_count = 1;
    return &full->source;
}

/* Read everything that a route offers, so that a sanitizer sees each view; returns a sum that keeps
 * the reads. */
static inline size_t full_read_text(fg_str_t text)
{
    size_t sum = text.len;
    for (size_t at = 0; at < text.len; at++)
        sum += (unsigned char)text.at[at];
    return sum;
}

static inline size_t full_read_pair(fg_route_pair_t pair)
{
    return full_read_text(pair.name) + full_read_text(pair.value);
}

static inline size_t full_read_method(const fg_route_t *route, uint32_t index)
{
    fg_route_entry_t entry = fg_route_entry(route, index);
    size_t sum = full_read_text(entry.resource_id) + full_read_text(entry.resource_path) +
                 full_read_text(entry.http_method) + full_read_text(entry.host) +
                 full_read_text(entry.path);
    for (size_t i = 0; i < entry.path_parameter_count; i++)
        sum += full_read_pair(fg_route_entry_path_parameter(route, index, i));
    for (size_t i = 0; i < entry.query_parameter_count; i++)
        sum += full_read_pair(fg_route_entry_query_parameter(route, index, i));
    for (size_t i = 0; i < entry.header_parameter_count; i++)
        sum += full_read_pair(fg_route_entry_header_parameter(route, index, i));
    for (size_t i = 0; i < entry.address_count; i++) {
        socklen_t bytes;
        sum += full_read_text(
            fg_str_of((const char *)fg_route_entry_address(route, index, i, &bytes), 0));
        sum += bytes;
    }
    fg_route_mock_t mock = fg_route_mock(route, index, FG_STR("application/json"), FG_STR("*/*"));
    sum += full_read_text(mock.body) + full_read_text(mock.content_type);
    for (size_t i = 0; i < mock.header_count; i++)
        sum += full_read_pair(fg_route_mock_header(route, index, mock.answer_index, i));
    return sum;
}

static inline size_t full_read_refusal(const fg_route_t *route, int type)
{
    fg_route_refusal_t refusal =
        fg_route_refusal(route, (fg_gateway_response_type_t)type, FG_STR("text/xml"));
    size_t sum = full_read_text(refusal.template_text) + full_read_text(refusal.content_type);
    for (size_t i = 0; i < refusal.header_count; i++)
        sum += full_read_pair(fg_route_refusal_header(route, refusal.response_index, i));
    return sum;
}

static inline size_t full_read(const fg_route_t *route)
{
    static const char *const paths[] = {"/",      "/mock", "/pets/7", "/pets/7/x",
                                        "/a/b/c", "//",    "/mock/"};
    size_t sum =
        full_read_text(fg_route_api_id(route)) + full_read_text(fg_route_stage_name(route)) +
        full_read_text(fg_route_deployment_id(route)) + full_read_text(fg_route_region(route)) +
        full_read_text(fg_route_account_id(route)) +
        full_read_text(fg_route_variable(route, FG_STR("none"))) + fg_route_key_source(route);
    for (uint32_t i = 0; i < fg_route_method_count(route); i++)
        sum += full_read_method(route, i);
    for (int type = 0; type < FG_GATEWAY_RESPONSE_COUNT; type++)
        sum += full_read_refusal(route, type);
    for (size_t i = 0; i < FG_COUNT_OF(paths); i++) {
        fg_route_match_t match;
        for (int verb = FG_VERB_ANY; verb <= FG_VERB_OTHER; verb++) {
            if (!fg_route_find(route, fg_str(paths[i]), (fg_verb_t)verb, &match))
                continue;
            for (size_t param = 0; param < match.param_count; param++)
                sum += full_read_text(match.params[param].name) +
                       full_read_text(match.params[param].value);
        }
    }
    return sum;
}

#endif
