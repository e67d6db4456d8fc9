#include "route/layout.h"

typedef struct row {
    const char *name;
    int status;
    const char *message, *error_type;
} row_t;

static const row_t rows[FG_GATEWAY_RESPONSE_COUNT] = {
#define ROW(name, status, message, error_type) {#name, status, message, error_type},
    FG_GATEWAY_RESPONSE_LIST(ROW)
#undef ROW
};

static const row_t *row_of(fg_gateway_response_type_t type)
{
    FG_ASSERT(type < FG_GATEWAY_RESPONSE_COUNT);
    return &rows[type];
}

const char *fg_gateway_response_name(fg_gateway_response_type_t type)
{
    return row_of(type)->name;
}

int fg_gateway_response_status(fg_gateway_response_type_t type)
{
    return row_of(type)->status;
}

const char *fg_gateway_response_message(fg_gateway_response_type_t type)
{
    return row_of(type)->message;
}

const char *fg_gateway_response_error_type(fg_gateway_response_type_t type)
{
    return row_of(type)->error_type;
}

/* Rule 6.8, as the service's own answers are to the byte: a capital M when access is denied, a
 * blank in the 500. */
static fg_str_t built_in_template(fg_gateway_response_type_t type)
{
    if (type == FG_GATEWAY_RESPONSE_ACCESS_DENIED)
        return FG_STR("{\"Message\":$context.error.messageString}");
    if (type == FG_GATEWAY_RESPONSE_API_CONFIGURATION_ERROR)
        return FG_STR("{\"message\": $context.error.messageString}");
    return FG_STR("{\"message\":$context.error.messageString}");
}

/* Rule Q2: over quota is what the operator says, unless the API has a response of its own for it;
 * then that type's default of the service holds, which is also what the control API shows. */
static int status_in_force(const fg_route_t *route, fg_gateway_response_type_t type,
                           const fg_route_response_t *response)
{
    if (response != NULL && response->status != 0)
        return (int)response->status;
    bool is_own = response != NULL && response->type == (uint32_t)type;
    if (type == FG_GATEWAY_RESPONSE_QUOTA_EXCEEDED && route != NULL && !is_own)
        return fg_route_header_of(route)->quota_exceeded_status;
    return row_of(type)->status;
}

static uint32_t response_index_of(const fg_route_t *route, fg_gateway_response_type_t type)
{
    return route ? fg_route_header_of(route)->response_of[type] : FG_ROUTE_NONE;
}

fg_route_refusal_t fg_route_refusal(const fg_route_t *route, fg_gateway_response_type_t type,
                                    fg_str_t accept)
{
    FG_ASSERT(type < FG_GATEWAY_RESPONSE_COUNT);
    uint32_t index = response_index_of(route, type);
    const fg_route_response_t *response = index == FG_ROUTE_NONE ? NULL : &route->responses[index];
    fg_route_refusal_t refusal = {
        .status = status_in_force(route, type, response),
        .content_type = FG_STR("application/json"),
        .template_text = built_in_template(type),
        .response_index = index,
    };
    if (response == NULL)
        return refusal;
    refusal.header_count = response->headers.count;
    uint32_t template = fg_media_template(route, response->templates, accept);
    if (template != FG_ROUTE_NONE) {
        refusal.content_type = fg_route_text_of(route, route->templates[template].media_type);
        refusal.template_text = fg_route_text_of(route, route->templates[template].body);
    }
    return refusal;
}

fg_route_pair_t fg_route_refusal_header(const fg_route_t *route, uint32_t response_index,
                                        size_t index)
{
    FG_ASSERT(route != NULL && response_index < fg_route_header_of(route)->responses.count);
    return fg_route_pair_of(route, route->responses[response_index].headers, index);
}
