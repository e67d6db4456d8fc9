/*
 * The answer on its way out: rule K7, the gateway's own headers, the remapping of the backend's
 * (reference 6.10), and nginx's own error pages turned into gateway responses.
 *
 * A replaced answer keeps nginx's flow: the header filter writes the refusal's header, the body
 * filter puts the refusal's body in the place of whatever comes.
 */
#include "ngx_http_faregate_module.h"


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


/* In force as "Server:" is to be left out (reference 6.1). */
static ngx_table_elt_t  ngx_http_faregate_no_server;


static ngx_int_t
ngx_http_faregate_replace(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx)
{
    ngx_http_clear_accept_ranges(r);
    ngx_http_clear_last_modified(r);
    ngx_http_clear_etag(r);

    if (ngx_http_faregate_set_answer(r, ctx, &ctx->answer) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->is_replaced = 1;

    return NGX_OK;
}


/* Rule K7: a key that was deleted while its request was under way. */
static ngx_uint_t
ngx_http_faregate_is_key_gone(ngx_http_faregate_ctx_t *ctx)
{
    return ctx->is_decided && ctx->verdict.is_metered && !ctx->is_refused
           && ctx->conf->gate
           && fg_gate_key_state(ctx->conf->gate, ctx->verdict.digest)
              == FG_KEY_DELETED;
}


/*
 * The backend's answer is dropped by telling the content handler that the request ends with 403: it
 * lets go of the backend and nginx comes back here with an error page, which is then replaced.
 */
static ngx_int_t
ngx_http_faregate_drop_answer(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx)
{
    ngx_http_clean_header(r);

    ctx->is_refused = 1;
    ctx->reason = fg_verdict_reason(FG_VERDICT_KEY_DELETED);

    if (ngx_http_faregate_make_refusal(r, ctx, FG_GATEWAY_RESPONSE_INVALID_API_KEY,
                                       &ctx->answer)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (r->err_status) {
        r->err_status = 0;
        return ngx_http_faregate_replace(r, ctx);
    }

    return NGX_HTTP_FORBIDDEN;
}


static fg_gateway_response_type_t
ngx_http_faregate_error_type(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx,
    const char **ret_reason)
{
    switch (r->err_status) {

    case NGX_HTTP_BAD_GATEWAY:
        *ret_reason = "backend-unreachable";
        return FG_GATEWAY_RESPONSE_INTEGRATION_FAILURE;

    case NGX_HTTP_GATEWAY_TIME_OUT:
        *ret_reason = "backend-timeout";
        return FG_GATEWAY_RESPONSE_INTEGRATION_TIMEOUT;

    case NGX_HTTP_REQUEST_ENTITY_TOO_LARGE:
        *ret_reason = "request-too-large";
        return FG_GATEWAY_RESPONSE_REQUEST_TOO_LARGE;

    default:
        *ret_reason = "internal-error";
        return FG_GATEWAY_RESPONSE_API_CONFIGURATION_ERROR;
    }
}


static ngx_uint_t
ngx_http_faregate_is_gateway_error(ngx_uint_t status)
{
    return status >= 500 || status == NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
}


/* An error page of nginx's own in a gateway location. */
static ngx_int_t
ngx_http_faregate_error(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx)
{
    ngx_int_t                   rc;
    fg_gateway_response_type_t  type;

    if (ctx == NULL) {
        ctx = ngx_http_faregate_ctx_create(r);
        if (ctx == NULL) {
            return NGX_ERROR;
        }

        ctx->is_gateway = 1;
        ctx->is_refused = 1;
    }

    ngx_http_faregate_headers_restore(r, ctx);

    if (ngx_http_faregate_is_gateway_error(r->err_status)) {
        type = ngx_http_faregate_error_type(r, ctx, &ctx->reason);
        rc = ngx_http_faregate_make_refusal(r, ctx, type, &ctx->answer);

    } else {
        ctx->reason = "request-invalid";
        ngx_http_faregate_make_bad_request(ctx, r->err_status, &ctx->answer);
        rc = NGX_OK;
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    r->err_status = 0;

    return ngx_http_faregate_replace(r, ctx);
}


static ngx_int_t
ngx_http_faregate_remap_one(ngx_http_request_t *r, ngx_table_elt_t *header,
    const char *name)
{
    if (header == NULL) {
        return NGX_OK;
    }

    return ngx_http_faregate_add_header(r, name, ngx_strlen(name),
                                        header->value.data, header->value.len);
}


/* Via is dropped, the backend's own request id gets out of the way of ours. */
static ngx_int_t
ngx_http_faregate_remap_list(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    for (part = &r->headers_out.headers.part; part; part = part->next) {
        header = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (header[i].key.len == sizeof("Via") - 1
                && ngx_strncasecmp(header[i].key.data, (u_char *) "Via", 3) == 0)
            {
                header[i].hash = 0;
            }

            if (header[i].key.len == sizeof("x-amzn-RequestId") - 1
                && ngx_strncasecmp(header[i].key.data,
                                   (u_char *) "x-amzn-RequestId", 16)
                   == 0)
            {
                ngx_str_set(&header[i].key, "x-amzn-Remapped-x-amzn-RequestId");
            }
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_faregate_remap(ngx_http_request_t *r)
{
    ngx_http_upstream_headers_in_t  *in;

    if (r->upstream == NULL) {
        return NGX_OK;
    }

    in = &r->upstream->headers_in;

    if (ngx_http_faregate_remap_list(r) != NGX_OK
        || ngx_http_faregate_remap_one(r, in->connection,
                                       "x-amzn-Remapped-Connection") != NGX_OK
        || ngx_http_faregate_remap_one(r, in->content_length,
                                       "x-amzn-Remapped-Content-Length") != NGX_OK
        || ngx_http_faregate_remap_one(r, in->date,
                                       "x-amzn-Remapped-Date") != NGX_OK
        || ngx_http_faregate_remap_one(r, in->server,
                                       "x-amzn-Remapped-Server") != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* nginx's own stand in their place, whatever proxy_pass_header says */

    r->headers_out.date = NULL;

    return NGX_OK;
}


static ngx_int_t
ngx_http_faregate_dress(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx)
{
    if (ctx->is_proxied && !ctx->is_answered) {
        if (ngx_http_faregate_remap(r) != NGX_OK
            || ngx_http_faregate_add_ids(r, ctx, NULL) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    r->headers_out.server = &ngx_http_faregate_no_server;

    return NGX_OK;
}


static ngx_int_t
ngx_http_faregate_header_filter(ngx_http_request_t *r)
{
    ngx_int_t                      rc;
    ngx_http_faregate_ctx_t       *ctx;
    ngx_http_faregate_loc_conf_t  *flcf;

    if (r != r->main) {
        return ngx_http_next_header_filter(r);
    }

    ctx = ngx_http_faregate_ctx(r);
    rc = NGX_OK;

    if (ctx && ctx->answer.status && !ctx->is_replaced) {
        /* the page behind ngx_http_faregate_drop_answer */
        r->err_status = 0;
        rc = ngx_http_faregate_replace(r, ctx);

    } else if (ctx && !ctx->is_answered && ngx_http_faregate_is_key_gone(ctx)) {
        rc = ngx_http_faregate_drop_answer(r, ctx);

    } else if (r->err_status && !(ctx && ctx->is_answered)) {
        flcf = ngx_http_get_module_loc_conf(r, ngx_http_faregate_module);

        if (flcf->gateway) {
            rc = ngx_http_faregate_error(r, ctx);
            ctx = ngx_http_faregate_ctx(r);
        }
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (ctx && ctx->is_gateway && ngx_http_faregate_dress(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ctx && ngx_http_faregate_add_limits(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_next_header_filter(r);
}


static void
ngx_http_faregate_swallow(ngx_chain_t *in)
{
    for ( /* void */ ; in; in = in->next) {
        in->buf->pos = in->buf->last;
        in->buf->file_pos = in->buf->file_last;
    }
}


static ngx_int_t
ngx_http_faregate_send_replacement(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx)
{
    ngx_buf_t    *b;
    ngx_chain_t   out;

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = ngx_http_faregate_ngx(ctx->answer.body).data;
    b->last = b->pos + ctx->answer.body.len;
    b->memory = (ctx->answer.body.len != 0);
    b->sync = (ctx->answer.body.len == 0);
    b->last_buf = 1;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    ctx->is_replacement_sent = 1;

    return ngx_http_next_body_filter(r, &out);
}


static ngx_int_t
ngx_http_faregate_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_http_faregate_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_faregate_module);

    if (ctx == NULL || !ctx->is_replaced || in == NULL) {
        return ngx_http_next_body_filter(r, in);
    }

    ngx_http_faregate_swallow(in);

    return ctx->is_replacement_sent ? ngx_http_next_body_filter(r, NULL)
                                    : ngx_http_faregate_send_replacement(r, ctx);
}


void
ngx_http_faregate_filter_init(void)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_faregate_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_faregate_body_filter;
}
