/*
 * The variables: for logs what was decided and why, for proxy_pass where the request goes.
 */
#include "ngx_http_faregate_module.h"


static ngx_int_t
ngx_http_faregate_set_value(ngx_http_variable_value_t *v, const void *data,
    size_t len)
{
    if (data == NULL || len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->data = (u_char *) (uintptr_t) data;
    v->len = len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_faregate_set_text(ngx_http_variable_value_t *v, const char *text)
{
    return ngx_http_faregate_set_value(v, text, text ? ngx_strlen(text) : 0);
}


static ngx_int_t
ngx_http_faregate_set_view(ngx_http_variable_value_t *v, fg_str_t s)
{
    return ngx_http_faregate_set_value(v, s.at, s.len);
}


static ngx_int_t
ngx_http_faregate_set_id(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uint64_t word)
{
    char    *text;
    size_t   len;

    if (word == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    text = ngx_pnalloc(r->pool, FG_ID_BYTES_MAX + 1);
    if (text == NULL) {
        return NGX_ERROR;
    }

    len = fg_id_unpack(word, text);

    return ngx_http_faregate_set_value(v, text, len);
}


/* The day whose usage the request is in, for those who count a log again. */
static ngx_int_t
ngx_http_faregate_set_day(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    ngx_http_faregate_ctx_t *ctx)
{
    int      year, month, day;
    u_char  *text, *end;

    if (!ctx->is_decided || !ngx_http_faregate_is_counted(r, ctx)) {
        v->not_found = 1;
        return NGX_OK;
    }

    text = ngx_pnalloc(r->pool, sizeof("2026-01-31") - 1);
    if (text == NULL) {
        return NGX_ERROR;
    }

    fg_civil_from_day(ctx->verdict.counted_day, &year, &month, &day);
    end = ngx_sprintf(text, "%04d-%02d-%02d", year, month, day);

    return ngx_http_faregate_set_value(v, text, end - text);
}


static const char *
ngx_http_faregate_verdict_text(ngx_http_faregate_ctx_t *ctx)
{
    if (ctx->reason == NULL) {
        return NULL;
    }

    if (ctx->is_dry_run) {
        return "refused-dry-run";
    }

    return ctx->is_refused ? "refused" : "admitted";
}


typedef enum {
    NGX_HTTP_FAREGATE_VAR_VERDICT,
    NGX_HTTP_FAREGATE_VAR_REASON,
    NGX_HTTP_FAREGATE_VAR_KEY_ID,
    NGX_HTTP_FAREGATE_VAR_PLAN_ID,
    NGX_HTTP_FAREGATE_VAR_COUNTED_DAY,
    NGX_HTTP_FAREGATE_VAR_API_ID,
    NGX_HTTP_FAREGATE_VAR_STAGE,
    NGX_HTTP_FAREGATE_VAR_REQUEST_ID,
    NGX_HTTP_FAREGATE_VAR_UPSTREAM,
    NGX_HTTP_FAREGATE_VAR_SCHEME,
    NGX_HTTP_FAREGATE_VAR_URI,
    NGX_HTTP_FAREGATE_VAR_HOST,
    NGX_HTTP_FAREGATE_VAR_NAME,
    NGX_HTTP_FAREGATE_VAR_METHOD
} ngx_http_faregate_var_t;


static ngx_int_t
ngx_http_faregate_backend_variable(ngx_http_faregate_ctx_t *ctx,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    if (!ctx->is_proxied) {
        v->not_found = 1;
        return NGX_OK;
    }

    switch (data) {

    case NGX_HTTP_FAREGATE_VAR_UPSTREAM:
        return ngx_http_faregate_set_text(v, ctx->entry.is_tls ? "faregate_https"
                                                               : "faregate_http");

    case NGX_HTTP_FAREGATE_VAR_SCHEME:
        return ngx_http_faregate_set_text(v, ctx->entry.is_tls ? "https" : "http");

    case NGX_HTTP_FAREGATE_VAR_URI:
        return ngx_http_faregate_set_value(v, ctx->backend_uri.data,
                                           ctx->backend_uri.len);

    case NGX_HTTP_FAREGATE_VAR_HOST:
        return ngx_http_faregate_set_value(v, ctx->backend_host.data,
                                           ctx->backend_host.len);

    case NGX_HTTP_FAREGATE_VAR_NAME:
        return ngx_http_faregate_set_view(v, ctx->entry.host);

    default:
        return ngx_http_faregate_set_value(v, ctx->backend_method.data,
                                           ctx->backend_method.len);
    }
}


static ngx_int_t
ngx_http_faregate_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_http_faregate_ctx_t  *ctx;

    ctx = ngx_http_faregate_ctx(r->main);

    if (ctx == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    switch (data) {

    case NGX_HTTP_FAREGATE_VAR_VERDICT:
        return ngx_http_faregate_set_text(v, ngx_http_faregate_verdict_text(ctx));

    case NGX_HTTP_FAREGATE_VAR_REASON:
        return ngx_http_faregate_set_text(v, ctx->reason);

    case NGX_HTTP_FAREGATE_VAR_KEY_ID:
        return ngx_http_faregate_set_id(r, v, ctx->verdict.key_id);

    case NGX_HTTP_FAREGATE_VAR_PLAN_ID:
        return ngx_http_faregate_set_id(r, v, ctx->verdict.plan_id);

    case NGX_HTTP_FAREGATE_VAR_COUNTED_DAY:
        return ngx_http_faregate_set_day(r, v, ctx);

    case NGX_HTTP_FAREGATE_VAR_API_ID:
        return ngx_http_faregate_set_view(v, ctx->api_id);

    case NGX_HTTP_FAREGATE_VAR_STAGE:
        return ngx_http_faregate_set_view(v, ctx->stage_name);

    case NGX_HTTP_FAREGATE_VAR_REQUEST_ID:
        ngx_http_faregate_make_ids(ctx);
        return ngx_http_faregate_set_value(v, ctx->request_id,
                                           NGX_HTTP_FAREGATE_REQUEST_ID_LEN);

    default:
        return ngx_http_faregate_backend_variable(ctx, v, data);
    }
}


/* For logs: where the request line leads, without the query, where a key may stand (rule K4). */
static ngx_int_t
ngx_http_faregate_path_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    fg_str_t  path;

    path = ngx_http_faregate_raw_path(r->main);

    return ngx_http_faregate_set_value(v, path.at, path.len);
}


/* What may be asked for before it is known is not kept. */
#define ngx_http_faregate_var(name, id)                                       \
    { ngx_string(name), NULL, ngx_http_faregate_variable,                     \
      NGX_HTTP_FAREGATE_VAR_##id, NGX_HTTP_VAR_NOCACHEABLE, 0 }


/* What error.log says of a request: nginx's own words would hold the query, and with it a key. */
u_char *
ngx_http_faregate_log_error(ngx_http_request_t *r, ngx_http_request_t *sr,
    u_char *buf, size_t len)
{
    u_char               *p;
    ngx_str_t             path;
    ngx_http_upstream_t  *u;

    path = ngx_http_faregate_ngx(ngx_http_faregate_raw_path(r->main));

    p = ngx_snprintf(buf, len, ", request: \"%V %V\", host: \"%V\"", &r->method_name,
                     &path, &r->headers_in.server);

    u = sr->upstream;

    if (u && u->peer.name) {
        p = ngx_snprintf(p, buf + len - p, ", upstream: \"%V%V\"", &u->schema,
                         u->peer.name);
    }

    return p;
}


static ngx_http_variable_t  ngx_http_faregate_variables[] = {
    ngx_http_faregate_var("faregate_verdict", VERDICT),
    ngx_http_faregate_var("faregate_reason", REASON),
    ngx_http_faregate_var("faregate_key_id", KEY_ID),
    ngx_http_faregate_var("faregate_plan_id", PLAN_ID),
    ngx_http_faregate_var("faregate_counted_day", COUNTED_DAY),
    ngx_http_faregate_var("faregate_api_id", API_ID),
    ngx_http_faregate_var("faregate_stage", STAGE),
    ngx_http_faregate_var("faregate_request_id", REQUEST_ID),
    ngx_http_faregate_var("faregate_upstream", UPSTREAM),
    ngx_http_faregate_var("faregate_backend_scheme", SCHEME),
    ngx_http_faregate_var("faregate_backend_uri", URI),
    ngx_http_faregate_var("faregate_backend_host", HOST),
    ngx_http_faregate_var("faregate_backend_name", NAME),
    ngx_http_faregate_var("faregate_backend_method", METHOD),
    { ngx_string("faregate_path"), NULL, ngx_http_faregate_path_variable,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },
      ngx_http_null_variable
};


ngx_int_t
ngx_http_faregate_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_faregate_variables; v->name.len; v++) {

        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}
