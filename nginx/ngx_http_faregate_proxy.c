/*
 * The HTTP_PROXY integration, up to the point where nginx's own proxy takes over (reference 6.9).
 *
 * The location's proxy_pass reads $faregate_backend_scheme, $faregate_upstream and
 * $faregate_backend_uri; the balancer of that upstream finds the addresses in this request's
 * snapshot. So buffering, retries, TLS and body handling are nginx's.
 */
#include "ngx_http_faregate_module.h"
#include "ngx_http_faregate_mapping.h"


static ngx_int_t
ngx_http_faregate_backend_host(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx)
{
    u_char    *p;
    in_port_t  usual;

    usual = ctx->entry.is_tls ? 443 : 80;

    if (ctx->entry.port == usual) {
        ctx->backend_host = ngx_http_faregate_ngx(ctx->entry.host);
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, ctx->entry.host.len + sizeof(":65535") - 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ctx->backend_host.data = p;
    p = ngx_cpymem(p, ctx->entry.host.at, ctx->entry.host.len);
    p = ngx_sprintf(p, ":%ui", (ngx_uint_t) ctx->entry.port);
    ctx->backend_host.len = p - ctx->backend_host.data;

    return NGX_OK;
}


/* "httpMethod ANY or absent: the client's verb" */
static void
ngx_http_faregate_backend_method(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx)
{
    fg_str_t  name;

    name = ctx->entry.http_method;

    if (name.len == 0 || fg_str_eq(name, FG_STR("ANY"))) {
        name = ngx_http_faregate_header(r, "x-http-method-override",
                                        sizeof("x-http-method-override") - 1);
    }

    if (name.len == 0) {
        name = ngx_http_faregate_fg(r->method_name);
    }

    ctx->backend_method = ngx_http_faregate_ngx(name);
}


ngx_int_t
ngx_http_faregate_proxy(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx)
{
    ngx_int_t  rc;

    if (r->content_handler == NULL) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "faregate: the location has no proxy_pass for HTTP_PROXY integrations");

        return ngx_http_faregate_refuse(r, ctx,
                                        FG_GATEWAY_RESPONSE_API_CONFIGURATION_ERROR,
                                        "proxy-pass-missing");
    }

    if (ctx->entry.address_count == 0) {
        return ngx_http_faregate_refuse(r, ctx,
                                        FG_GATEWAY_RESPONSE_INTEGRATION_FAILURE,
                                        "backend-unresolved");
    }

    rc = ngx_http_faregate_backend_uri(r, ctx);

    if (rc == NGX_DECLINED) {
        return ngx_http_faregate_refuse_bad_request(r, ctx, "backend-uri-refused");
    }

    if (rc != NGX_OK || ngx_http_faregate_backend_host(r, ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_faregate_backend_method(r, ctx);

    rc = ngx_http_faregate_headers_rewrite(r, ctx);

    if (rc == NGX_DECLINED) {
        return ngx_http_faregate_refuse(r, ctx,
                                        FG_GATEWAY_RESPONSE_API_CONFIGURATION_ERROR,
                                        "mapped-header-invalid");
    }

    if (rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->is_proxied = 1;

    return NGX_DECLINED;
}
