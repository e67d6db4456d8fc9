/*
 * ngx_http_faregate_headers - what the two files that make the backend's request headers share.
 */
#ifndef NGX_HTTP_FAREGATE_HEADERS_H
#define NGX_HTTP_FAREGATE_HEADERS_H

#include "ngx_http_faregate_module.h"


#define NGX_HTTP_FAREGATE_HEADERS_ADDED  8  /* at most, by _push_defaults */


/* What the client's own headers held. */
typedef struct {
    ngx_uint_t        has_accept;
    ngx_uint_t        has_user_agent;
    ngx_table_elt_t  *forwarded_for;
    ngx_table_elt_t  *trace_id;
} ngx_http_faregate_seen_t;


/* ngx_http_faregate_headers.c: one more header for the backend; NULL: no memory. */
ngx_table_elt_t *ngx_http_faregate_push(ngx_http_request_t *r, ngx_str_t name,
    u_char *lowcase, ngx_uint_t hash, ngx_str_t value);

/* ngx_http_faregate_forwarded.c: the gateway's own ones, and those that the client left out. */
ngx_int_t ngx_http_faregate_push_defaults(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, ngx_http_faregate_seen_t *seen);


#endif
