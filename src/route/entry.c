#include "route/layout.h"

fg_str_t fg_route_api_id(const fg_route_t *route)
{
    return fg_route_text_of(route, fg_route_header_of(route)->api_id);
}

fg_str_t fg_route_stage_name(const fg_route_t *route)
{
    return fg_route_text_of(route, fg_route_header_of(route)->stage_name);
}

fg_str_t fg_route_deployment_id(const fg_route_t *route)
{
    return fg_route_text_of(route, fg_route_header_of(route)->deployment_id);
}

fg_str_t fg_route_region(const fg_route_t *route)
{
    return fg_route_text_of(route, fg_route_header_of(route)->region);
}

fg_str_t fg_route_account_id(const fg_route_t *route)
{
    return fg_route_text_of(route, fg_route_header_of(route)->account_id);
}

uint64_t fg_route_revision(const fg_route_t *route)
{
    return fg_route_header_of(route)->revision;
}

fg_key_source_t fg_route_key_source(const fg_route_t *route)
{
    return (fg_key_source_t)fg_route_header_of(route)->key_source;
}

bool fg_route_is_execute_api_disabled(const fg_route_t *route)
{
    return fg_route_header_of(route)->is_execute_api_disabled;
}

fg_str_t fg_route_variable(const fg_route_t *route, fg_str_t name)
{
    fg_route_span_t variables = fg_route_header_of(route)->variables;
    for (uint32_t i = 0; i < variables.count; i++) {
        fg_route_pair_t pair = fg_route_pair_of(route, variables, i);
        if (fg_str_eq(pair.name, name))
            return pair.value;
    }
    return FG_STR_NONE;
}

size_t fg_route_method_count(const fg_route_t *route)
{
    return fg_route_header_of(route)->methods.count;
}

static const fg_route_method_record_t *method_of(const fg_route_t *route, uint32_t method_index)
{
    FG_ASSERT(method_index < fg_route_header_of(route)->methods.count);
    return &route->methods[method_index];
}

fg_route_entry_t fg_route_entry(const fg_route_t *route, uint32_t method_index)
{
    const fg_route_method_record_t *method = method_of(route, method_index);
    return (fg_route_entry_t){
        .resource_id = fg_route_text_of(route, method->resource_id),
        .resource_path = fg_route_text_of(route, method->resource_path),
        .verb = (fg_verb_t)method->verb,
        .is_key_required = method->is_key_required,
        .is_denied = method->is_denied,
        .throttle = {.rate_milli_rps = method->rate_milli_rps,
                     .burst = method->burst,
                     .is_set = method->is_throttled},
        .method_id = method->method_id,
        .kind = (fg_integration_kind_t)method->kind,
        .timeout_ms = method->timeout_ms,
        .is_tls = method->is_tls,
        .is_tls_unverified = method->is_tls_unverified,
        .http_method = fg_route_text_of(route, method->http_method),
        .host = fg_route_text_of(route, method->host),
        .path = fg_route_text_of(route, method->path),
        .port = method->port,
        .address_count = method->addresses.count,
        .path_parameter_count = method->path_parameters.count,
        .query_parameter_count = method->query_parameters.count,
        .header_parameter_count = method->header_parameters.count,
    };
}

const struct sockaddr *fg_route_entry_address(const fg_route_t *route, uint32_t method_index,
                                              size_t index, socklen_t *ret_bytes)
{
    fg_route_span_t span = method_of(route, method_index)->addresses;
    FG_ASSERT(index < span.count);
    const fg_route_address_record_t *address = &route->addresses[span.first + index];
    *ret_bytes = (socklen_t)address->bytes;
    return (const struct sockaddr *)&address->addr;
}

fg_route_pair_t fg_route_entry_path_parameter(const fg_route_t *route, uint32_t method_index,
                                              size_t index)
{
    return fg_route_pair_of(route, method_of(route, method_index)->path_parameters, index);
}

fg_route_pair_t fg_route_entry_query_parameter(const fg_route_t *route, uint32_t method_index,
                                               size_t index)
{
    return fg_route_pair_of(route, method_of(route, method_index)->query_parameters, index);
}

fg_route_pair_t fg_route_entry_header_parameter(const fg_route_t *route, uint32_t method_index,
                                                size_t index)
{
    return fg_route_pair_of(route, method_of(route, method_index)->header_parameters, index);
}
