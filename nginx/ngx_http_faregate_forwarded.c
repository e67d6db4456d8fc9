/*
 * What the gateway itself says to a backend (reference 6.9): whose API it is, who asked, by which
 * way, and under which trace id.
 */
#include "ngx_http_faregate_headers.h"


/*
 * A name that no proxy_set_header line of the generated configuration has: its hash is never looked
 * for.
 */
static ngx_table_elt_t *
ngx_http_faregate_push_own(ngx_http_request_t *r, const char *name,
    const char *lowcase, ngx_str_t value)
{
    ngx_str_t  key, low;

    key = ngx_http_faregate_ngx(fg_str(name));
    low = ngx_http_faregate_ngx(fg_str(lowcase));

    return ngx_http_faregate_push(r, key, low.data,
                                  ngx_hash_key(low.data, low.len), value);
}


static ngx_int_t
ngx_http_faregate_push_forwarded_for(ngx_http_request_t *r,
    ngx_table_elt_t *client)
{
    u_char     *p;
    ngx_str_t   value;

    value = r->connection->addr_text;

    if (client && client->value.len) {
        value.len += client->value.len + sizeof(", ") - 1;

        value.data = ngx_pnalloc(r->pool, value.len);
        if (value.data == NULL) {
            return NGX_ERROR;
        }

        p = ngx_cpymem(value.data, client->value.data, client->value.len);
        *p++ = ',';
        *p++ = ' ';
        ngx_memcpy(p, r->connection->addr_text.data, r->connection->addr_text.len);
    }

    return ngx_http_faregate_push_own(r, "X-Forwarded-For", "x-forwarded-for", value)
           ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_faregate_push_forwarded(ngx_http_request_t *r)
{
    u_char     *p;
    ngx_str_t   port, proto;

    if (ngx_connection_local_sockaddr(r->connection, NULL, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    p = ngx_pnalloc(r->pool, sizeof("65535") - 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    port.data = p;
    port.len = ngx_sprintf(p, "%ui",
                           (ngx_uint_t) ngx_inet_get_port(r->connection->local_sockaddr))
               - p;

    ngx_str_set(&proto, "http");

#if (NGX_HTTP_SSL)
    if (r->connection->ssl) {
        ngx_str_set(&proto, "https");
    }
#endif

    return ngx_http_faregate_push_own(r, "X-Forwarded-Port", "x-forwarded-port", port)
           && ngx_http_faregate_push_own(r, "X-Forwarded-Proto", "x-forwarded-proto", proto)
           ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_faregate_push_user_agent(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx)
{
    u_char     *p;
    fg_str_t    api_id;
    ngx_str_t   value;

    api_id = fg_route_api_id(ctx->route);

    value.len = sizeof("AmazonAPIGateway_") - 1 + api_id.len;
    value.data = ngx_pnalloc(r->pool, value.len);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(value.data, "AmazonAPIGateway_", sizeof("AmazonAPIGateway_") - 1);
    ngx_memcpy(p, api_id.at, api_id.len);

    return ngx_http_faregate_push_own(r, "User-Agent", "user-agent", value)
           ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_faregate_push_trace_id(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx)
{
    ngx_str_t  value;

    value.len = NGX_HTTP_FAREGATE_TRACE_ID_LEN;
    value.data = ngx_pnalloc(r->pool, value.len);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    ngx_http_faregate_make_trace_id(ctx->conf, value.data);

    return ngx_http_faregate_push_own(r, "X-Amzn-Trace-Id", "x-amzn-trace-id", value)
           ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_http_faregate_push_defaults(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, ngx_http_faregate_seen_t *seen)
{
    ngx_str_t  json = ngx_string("application/json");

    if (ngx_http_faregate_push_own(r, "X-Amzn-Apigateway-Api-Id",
                                   "x-amzn-apigateway-api-id",
                                   ngx_http_faregate_ngx(fg_route_api_id(ctx->route)))
        == NULL)
    {
        return NGX_ERROR;
    }

    if (!seen->has_accept
        && ngx_http_faregate_push_own(r, "Accept", "accept", json) == NULL)
    {
        return NGX_ERROR;
    }

    if (!seen->has_user_agent
        && ngx_http_faregate_push_user_agent(r, ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (seen->trace_id == NULL
        && ngx_http_faregate_push_trace_id(r, ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_faregate_push_forwarded_for(r, seen->forwarded_for) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_faregate_push_forwarded(r);
}
