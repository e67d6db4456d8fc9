/*
 * Gateway responses (reference 6.8) and how an answer of the gateway's own gets into nginx's hands.
 */
#include "ngx_http_faregate_module.h"
#include "ngx_http_faregate_mapping.h"


/*
 * Reference 6.8: ACCESS_DENIED spells its member with a capital; the service's own 500 has a blank
 * behind the colon.
 */
static const char *
ngx_http_faregate_member(fg_gateway_response_type_t type)
{
    switch (type) {

    case FG_GATEWAY_RESPONSE_ACCESS_DENIED:
        return "{\"Message\":";

    case FG_GATEWAY_RESPONSE_API_CONFIGURATION_ERROR:
        return "{\"message\": ";

    default:
        return "{\"message\":";
    }
}


/* The built-in texts need no escaping, so no template is run for them. */
static fg_str_t
ngx_http_faregate_built_in_body(ngx_pool_t *pool,
    fg_gateway_response_type_t type)
{
    u_char      *p, *last;
    const char  *message, *quote;

    message = fg_gateway_response_message(type);
    quote = message ? "\"" : "";
    message = message ? message : "null";

    p = ngx_pnalloc(pool, ngx_strlen(message) + 32);
    if (p == NULL) {
        return FG_STR_NONE;
    }

    last = ngx_sprintf(p, "%s%s%s%s}", ngx_http_faregate_member(type), quote,
                       message, quote);

    return fg_str_of((const char *) p, last - p);
}


static ngx_int_t
ngx_http_faregate_retry_after(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx)
{
    ngx_http_faregate_loc_conf_t  *flcf;

    flcf = ngx_http_get_module_loc_conf(r, ngx_http_faregate_module);

    return flcf->limit_headers & NGX_HTTP_FAREGATE_LIMITS_ANY
           ? ngx_http_faregate_wait(ctx) : 0;
}


static fg_outcome_t
ngx_http_faregate_outcome_of(fg_gateway_response_type_t type)
{
    switch (type) {

    case FG_GATEWAY_RESPONSE_THROTTLED:
        return FG_OUTCOME_THROTTLED;

    case FG_GATEWAY_RESPONSE_QUOTA_EXCEEDED:
        return FG_OUTCOME_OVER_QUOTA;

    case FG_GATEWAY_RESPONSE_INVALID_API_KEY:
    case FG_GATEWAY_RESPONSE_WAF_FILTERED:
    case FG_GATEWAY_RESPONSE_ACCESS_DENIED:
        return FG_OUTCOME_FORBIDDEN;

    case FG_GATEWAY_RESPONSE_MISSING_AUTHENTICATION_TOKEN:
        return FG_OUTCOME_NOT_FOUND;

    case FG_GATEWAY_RESPONSE_INTEGRATION_FAILURE:
    case FG_GATEWAY_RESPONSE_INTEGRATION_TIMEOUT:
        return FG_OUTCOME_UNAVAILABLE;

    default:
        return FG_OUTCOME_OTHER;
    }
}


static void
ngx_http_faregate_built_in(ngx_http_request_t *r,
    fg_gateway_response_type_t type, ngx_http_faregate_answer_t *answer)
{
    answer->status = fg_gateway_response_status(type);
    answer->content_type = FG_STR("application/json");
    answer->body = ngx_http_faregate_built_in_body(r->pool, type);
}


ngx_int_t
ngx_http_faregate_make_refusal(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, fg_gateway_response_type_t type,
    ngx_http_faregate_answer_t *answer)
{
    fg_str_t            accept;
    fg_route_refusal_t  refusal;

    ngx_memzero(answer, sizeof(ngx_http_faregate_answer_t));

    ctx->outcome = ngx_http_faregate_outcome_of(type);

    ngx_http_faregate_built_in(r, type, answer);
    answer->error_type = fg_gateway_response_error_type(type);
    answer->retry_after = ngx_http_faregate_retry_after(r, ctx);

    if (ctx->route == NULL) {
        return answer->body.at ? NGX_OK : NGX_ERROR;
    }

    accept = ngx_http_faregate_header(r, "accept", sizeof("accept") - 1);
    refusal = fg_route_refusal(ctx->route, type, accept);
    answer->status = refusal.status;

    if (refusal.response_index == FG_ROUTE_BUILT_IN) {
        return answer->body.at ? NGX_OK : NGX_ERROR;
    }

    answer->is_customised = 1;

    return ngx_http_faregate_customised(r, ctx, type, &refusal, answer);
}


static ngx_int_t
ngx_http_faregate_refuse_with(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, ngx_http_faregate_answer_t *answer,
    const char *reason)
{
    ctx->is_refused = 1;
    ctx->reason = reason;

    return ngx_http_faregate_send_answer(r, ctx, answer);
}


ngx_int_t
ngx_http_faregate_refuse(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx,
    fg_gateway_response_type_t type, const char *reason)
{
    ngx_http_faregate_answer_t  answer;

    if (ngx_http_faregate_make_refusal(r, ctx, type, &answer) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_faregate_refuse_with(r, ctx, &answer, reason);
}


/* No API owns this refusal, so no API's gateway responses dress it. */
ngx_int_t
ngx_http_faregate_refuse_forbidden(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, const char *reason)
{
    ngx_http_faregate_answer_t  answer;

    ngx_memzero(&answer, sizeof(ngx_http_faregate_answer_t));

    answer.status = NGX_HTTP_FORBIDDEN;
    answer.content_type = FG_STR("application/json");
    answer.body = FG_STR("{\"message\":\"Forbidden\"}");
    answer.error_type = "ForbiddenException";
    ctx->outcome = FG_OUTCOME_NOT_FOUND;

    return ngx_http_faregate_refuse_with(r, ctx, &answer, reason);
}


void
ngx_http_faregate_make_bad_request(ngx_http_faregate_ctx_t *ctx,
    ngx_uint_t status, ngx_http_faregate_answer_t *answer)
{
    ngx_memzero(answer, sizeof(ngx_http_faregate_answer_t));

    answer->status = status;
    answer->content_type = FG_STR("application/json");
    answer->body = FG_STR("{\"message\":\"Bad Request\"}");
    answer->error_type = "BadRequestException";
    ctx->outcome = FG_OUTCOME_OTHER;
}


ngx_int_t
ngx_http_faregate_refuse_bad_request(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, const char *reason)
{
    ngx_http_faregate_answer_t  answer;

    ngx_http_faregate_make_bad_request(ctx, NGX_HTTP_BAD_REQUEST, &answer);

    return ngx_http_faregate_refuse_with(r, ctx, &answer, reason);
}


ngx_int_t
ngx_http_faregate_refuse_unavailable(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, const char *reason)
{
    ngx_http_faregate_answer_t  answer;

    ngx_memzero(&answer, sizeof(ngx_http_faregate_answer_t));

    answer.status = NGX_HTTP_SERVICE_UNAVAILABLE;
    answer.content_type = FG_STR("application/json");
    answer.body = FG_STR("{\"message\":\"Service Unavailable\"}");
    answer.error_type = "ServiceUnavailableException";
    answer.retry_after = 1;
    ctx->outcome = FG_OUTCOME_UNAVAILABLE;

    return ngx_http_faregate_refuse_with(r, ctx, &answer, reason);
}


/* One that would end its line is not sent: its author could write the rest of the answer. */
ngx_int_t
ngx_http_faregate_add_header(ngx_http_request_t *r, const char *name,
    size_t name_len, const void *value, size_t value_len)
{
    ngx_table_elt_t  *h;

    if (!ngx_http_faregate_is_value(ngx_http_faregate_ngx(fg_str_of(name, name_len)))
        || !ngx_http_faregate_is_value(ngx_http_faregate_ngx(fg_str_of(value, value_len))))
    {
        return NGX_OK;
    }

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    h->key = ngx_http_faregate_ngx(fg_str_of(name, name_len));
    h->value = ngx_http_faregate_ngx(fg_str_of(value, value_len));
    h->lowcase_key = NULL;

    return NGX_OK;
}


#define ngx_http_faregate_add(r, name, value, len)                            \
    ngx_http_faregate_add_header(r, name, sizeof(name) - 1, value, len)


ngx_int_t
ngx_http_faregate_add_ids(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx,
    const char *error_type)
{
    ngx_http_faregate_make_ids(ctx);

    if (ngx_http_faregate_add(r, "x-amzn-RequestId", ctx->request_id,
                              NGX_HTTP_FAREGATE_REQUEST_ID_LEN)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (error_type
        && ngx_http_faregate_add(r, "x-amzn-ErrorType", error_type,
                                 ngx_strlen(error_type))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_faregate_add(r, "x-amz-apigw-id", ctx->extended_id,
                                 NGX_HTTP_FAREGATE_EXTENDED_ID_LEN);
}


static ngx_int_t
ngx_http_faregate_add_retry_after(ngx_http_request_t *r, ngx_int_t seconds)
{
    u_char  *p, *last;

    p = ngx_pnalloc(r->pool, NGX_INT_T_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    last = ngx_sprintf(p, "%i", seconds);

    return ngx_http_faregate_add(r, "Retry-After", p, last - p);
}


ngx_int_t
ngx_http_faregate_set_answer(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, ngx_http_faregate_answer_t *answer)
{
    ctx->is_answered = 1;

    if (answer->error_type) {
        ngx_http_faregate_explain(r, ctx, answer->status);
    }

    if (ngx_http_faregate_make_problem(r, ctx, answer) != NGX_OK) {
        return NGX_ERROR;
    }

    r->headers_out.status = answer->status;
    r->headers_out.status_line.len = 0;
    if (!ngx_http_faregate_is_value(ngx_http_faregate_ngx(answer->content_type))) {
        answer->content_type = FG_STR("application/json");
    }

    r->headers_out.content_type = ngx_http_faregate_ngx(answer->content_type);
    r->headers_out.content_type_len = answer->content_type.len;
    r->headers_out.content_type_lowcase = NULL;
    r->headers_out.charset.len = 0;
    r->headers_out.content_length_n = answer->body.len;

    if (r->headers_out.content_length) {
        r->headers_out.content_length->hash = 0;
        r->headers_out.content_length = NULL;
    }

    if (answer->retry_after
        && ngx_http_faregate_add_retry_after(r, answer->retry_after) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_faregate_add_ids(r, ctx, answer->error_type);
}


static ngx_int_t
ngx_http_faregate_send_body(ngx_http_request_t *r, fg_str_t body)
{
    ngx_buf_t    *b;
    ngx_chain_t   out;

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = ngx_http_faregate_ngx(body).data;
    b->last = b->pos + body.len;
    b->memory = (body.len != 0);
    b->last_buf = 1;
    b->last_in_chain = 1;
    b->sync = (body.len == 0);

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


/*
 * A body in the snapshot stays mapped until the pool of the request dies, after the last byte has
 * left.
 */
ngx_int_t
ngx_http_faregate_send_answer(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, ngx_http_faregate_answer_t *answer)
{
    ngx_int_t  rc;

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_faregate_set_answer(r, ctx, answer) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_OK && !r->header_only) {
        rc = ngx_http_faregate_send_body(r, answer->body);
    }

    ngx_http_finalize_request(r, rc);

    return NGX_DONE;
}
