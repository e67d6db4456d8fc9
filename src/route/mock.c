#include "route/layout.h"

static const fg_route_method_record_t *method_of(const fg_route_t *route, uint32_t method_index)
{
    FG_ASSERT(method_index < fg_route_header_of(route)->methods.count);
    return &route->methods[method_index];
}

static const fg_route_request_t *request_of(const fg_route_t *route, fg_route_span_t requests,
                                            fg_str_t media_type)
{
    for (uint32_t i = 0; i < requests.count; i++) {
        const fg_route_request_t *request = &route->requests[requests.first + i];
        if (fg_str_eq_nocase(fg_route_text_of(route, request->media_type), media_type))
            return request;
    }
    return NULL;
}

/* Rule 6.9: by the request's type, absent meaning application/json, then $default. */
static const fg_route_request_t *request_select(const fg_route_t *route, fg_route_span_t requests,
                                                fg_str_t content_type)
{
    fg_str_t bare = fg_media_type_bare(content_type);
    const fg_route_request_t *request =
        request_of(route, requests, bare.len > 0 ? bare : FG_STR("application/json"));
    return request ? request : request_of(route, requests, FG_STR("$default"));
}

/* Without a template the body would pass as it is; whether that is allowed is the passthrough
 * behaviour. A body that passes holds no statusCode that we read, so that is the 500 of a MOCK
 * without one. */
static bool is_passthrough_refused(const fg_route_method_record_t *method)
{
    return method->passthrough == FG_PASSTHROUGH_NEVER ||
           (method->passthrough == FG_PASSTHROUGH_WHEN_NO_TEMPLATES && method->requests.count > 0);
}

fg_route_mock_t fg_route_mock(const fg_route_t *route, uint32_t method_index, fg_str_t content_type,
                              fg_str_t accept)
{
    const fg_route_method_record_t *method = method_of(route, method_index);
    const fg_route_request_t *request = request_select(route, method->requests, content_type);
    if (request == NULL)
        return (fg_route_mock_t){.is_unsupported_media_type = is_passthrough_refused(method)};
    if (request->answer == FG_ROUTE_NONE)
        return (fg_route_mock_t){.is_configured = false};
    const fg_route_answer_record_t *answer =
        &route->answers[method->answers.first + request->answer];
    fg_route_mock_t mock = {
        .is_configured = true,
        .status = (int)answer->status,
        .content_type = FG_STR("application/json"),
        .body = FG_STR(""),
        .answer_index = request->answer,
        .header_count = answer->headers.count,
    };
    uint32_t template = fg_media_template(route, answer->templates, accept);
    if (template != FG_ROUTE_NONE) {
        mock.is_configured = route->templates[template].is_static;
        mock.content_type = fg_route_text_of(route, route->templates[template].media_type);
        mock.body = fg_route_text_of(route, route->templates[template].body);
    }
    return mock;
}

fg_route_pair_t fg_route_mock_header(const fg_route_t *route, uint32_t method_index,
                                     uint32_t answer_index, size_t index)
{
    const fg_route_method_record_t *method = method_of(route, method_index);
    FG_ASSERT(answer_index < method->answers.count);
    return fg_route_pair_of(route, route->answers[method->answers.first + answer_index].headers,
                            index);
}
