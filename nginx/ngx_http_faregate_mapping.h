/*
 * ngx_http_faregate_mapping - the request as src/mapping sees it, and what comes back, copied into
 * the request's pool.
 */
#ifndef NGX_HTTP_FAREGATE_MAPPING_H
#define NGX_HTTP_FAREGATE_MAPPING_H

#include "ngx_http_faregate_module.h"


/*
 * Path and query of the backend request into ctx->backend_uri. NGX_DECLINED: nothing that may be
 * sent comes of it.
 */
ngx_int_t ngx_http_faregate_backend_uri(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx);

/* The value of a mapping's source expression; empty when absent. */
ngx_int_t ngx_http_faregate_expression(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, fg_str_t expression, ngx_str_t *value);

/* A customised gateway response: its body and headers. */
ngx_int_t ngx_http_faregate_customised(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, fg_gateway_response_type_t type,
    const fg_route_refusal_t *refusal, ngx_http_faregate_answer_t *answer);


#endif
