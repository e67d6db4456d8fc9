#include "ngx_http_faregate_mapping.h"

#include "base/uri.h"
#include "mapping/backend_uri.h"
#include "mapping/template.h"


#define NGX_HTTP_FAREGATE_ROOM  256


typedef struct {
    ngx_http_request_t          *request;
    ngx_http_faregate_ctx_t     *ctx;
    ngx_uint_t                   is_error;
    fg_gateway_response_type_t   type;       /* with is_error */
} ngx_http_faregate_lookup_t;


typedef struct {
    const char                  *name;
    fg_str_t                   (*get)(ngx_http_faregate_lookup_t *lookup);
} ngx_http_faregate_context_t;


static fg_str_t
ngx_http_faregate_context_request_id(ngx_http_faregate_lookup_t *lookup)
{
    ngx_http_faregate_make_ids(lookup->ctx);

    return fg_str_of((const char *) lookup->ctx->request_id,
                     NGX_HTTP_FAREGATE_REQUEST_ID_LEN);
}


static fg_str_t
ngx_http_faregate_context_extended_id(ngx_http_faregate_lookup_t *lookup)
{
    ngx_http_faregate_make_ids(lookup->ctx);

    return fg_str_of((const char *) lookup->ctx->extended_id,
                     NGX_HTTP_FAREGATE_EXTENDED_ID_LEN);
}


static fg_str_t
ngx_http_faregate_context_api_id(ngx_http_faregate_lookup_t *lookup)
{
    return lookup->ctx->api_id;
}


static fg_str_t
ngx_http_faregate_context_stage(ngx_http_faregate_lookup_t *lookup)
{
    return lookup->ctx->stage_name;
}


static fg_str_t
ngx_http_faregate_context_deployment_id(ngx_http_faregate_lookup_t *lookup)
{
    return lookup->ctx->route ? fg_route_deployment_id(lookup->ctx->route)
                              : FG_STR_NONE;
}


static fg_str_t
ngx_http_faregate_context_resource_path(ngx_http_faregate_lookup_t *lookup)
{
    return lookup->ctx->entry.resource_path;
}


static fg_str_t
ngx_http_faregate_context_resource_id(ngx_http_faregate_lookup_t *lookup)
{
    return lookup->ctx->entry.resource_id;
}


/* With the stage in front, as the service shows it. */
static fg_str_t
ngx_http_faregate_context_path(ngx_http_faregate_lookup_t *lookup)
{
    u_char    *p, *text;
    fg_str_t   path, stage;

    path = lookup->ctx->path;
    stage = lookup->ctx->stage_name;

    text = ngx_pnalloc(lookup->request->pool, 1 + stage.len + path.len);
    if (text == NULL) {
        return FG_STR_NONE;
    }

    p = text;
    *p++ = '/';
    p = ngx_cpymem(p, stage.at, stage.len);
    ngx_memcpy(p, path.at, path.len);

    return fg_str_of((const char *) text, 1 + stage.len + path.len);
}


static fg_str_t
ngx_http_faregate_context_method(ngx_http_faregate_lookup_t *lookup)
{
    return ngx_http_faregate_fg(lookup->request->method_name);
}


static fg_str_t
ngx_http_faregate_context_protocol(ngx_http_faregate_lookup_t *lookup)
{
    return ngx_http_faregate_fg(lookup->request->http_protocol);
}


static fg_str_t
ngx_http_faregate_context_domain(ngx_http_faregate_lookup_t *lookup)
{
    return ngx_http_faregate_fg(lookup->request->headers_in.server);
}


static fg_str_t
ngx_http_faregate_context_source_ip(ngx_http_faregate_lookup_t *lookup)
{
    return ngx_http_faregate_fg(lookup->request->connection->addr_text);
}


static fg_str_t
ngx_http_faregate_context_user_agent(ngx_http_faregate_lookup_t *lookup)
{
    ngx_table_elt_t  *header;

    header = lookup->request->headers_in.user_agent;

    return header ? ngx_http_faregate_fg(header->value) : FG_STR_NONE;
}


static fg_str_t
ngx_http_faregate_context_key_id(ngx_http_faregate_lookup_t *lookup)
{
    char  *text;

    text = ngx_pnalloc(lookup->request->pool, FG_ID_BYTES_MAX + 1);
    if (text == NULL || lookup->ctx->verdict.key_id == 0) {
        return FG_STR_NONE;
    }

    return fg_str_of(text, fg_id_unpack(lookup->ctx->verdict.key_id, text));
}


static fg_str_t
ngx_http_faregate_context_time(ngx_http_faregate_lookup_t *lookup)
{
    return ngx_http_faregate_fg(ngx_cached_http_log_time);
}


static fg_str_t
ngx_http_faregate_context_epoch(ngx_http_faregate_lookup_t *lookup)
{
    u_char      *text;
    ngx_time_t  *now;

    text = ngx_pnalloc(lookup->request->pool, NGX_TIME_T_LEN + 3);
    if (text == NULL) {
        return FG_STR_NONE;
    }

    now = ngx_timeofday();

    return fg_str_of((const char *) text,
                     ngx_sprintf(text, "%T%03M", now->sec, now->msec) - text);
}


static fg_str_t
ngx_http_faregate_context_error(ngx_http_faregate_lookup_t *lookup)
{
    return lookup->is_error ? fg_str(fg_gateway_response_message(lookup->type))
                            : FG_STR_NONE;
}


static fg_str_t
ngx_http_faregate_context_error_type(ngx_http_faregate_lookup_t *lookup)
{
    return lookup->is_error ? fg_str(fg_gateway_response_name(lookup->type))
                            : FG_STR_NONE;
}


static const ngx_http_faregate_context_t  ngx_http_faregate_contexts[] = {
    { "apiId", ngx_http_faregate_context_api_id },
    { "deploymentId", ngx_http_faregate_context_deployment_id },
    { "domainName", ngx_http_faregate_context_domain },
    { "error.message", ngx_http_faregate_context_error },
    { "error.responseType", ngx_http_faregate_context_error_type },
    { "extendedRequestId", ngx_http_faregate_context_extended_id },
    { "httpMethod", ngx_http_faregate_context_method },
    { "identity.apiKeyId", ngx_http_faregate_context_key_id },
    { "identity.sourceIp", ngx_http_faregate_context_source_ip },
    { "identity.userAgent", ngx_http_faregate_context_user_agent },
    { "path", ngx_http_faregate_context_path },
    { "protocol", ngx_http_faregate_context_protocol },
    { "requestId", ngx_http_faregate_context_request_id },
    { "requestTime", ngx_http_faregate_context_time },
    { "requestTimeEpoch", ngx_http_faregate_context_epoch },
    { "resourceId", ngx_http_faregate_context_resource_id },
    { "resourcePath", ngx_http_faregate_context_resource_path },
    { "stage", ngx_http_faregate_context_stage },
};


static fg_str_t
ngx_http_faregate_lookup_context(ngx_http_faregate_lookup_t *lookup, fg_str_t name)
{
    ngx_uint_t  i;

    for (i = 0; i < FG_COUNT_OF(ngx_http_faregate_contexts); i++) {
        if (fg_str_is(name, ngx_http_faregate_contexts[i].name)) {
            return ngx_http_faregate_contexts[i].get(lookup);
        }
    }

    return FG_STR_NONE;
}


/* Names are compared with case (reference 6.9), but for HTTP/2, which has small letters only. */
static ngx_uint_t
ngx_http_faregate_is_named(ngx_http_request_t *r, ngx_table_elt_t *header,
    fg_str_t name)
{
    fg_str_t  key;

    key = ngx_http_faregate_fg(header->key);

    return r->http_version >= NGX_HTTP_VERSION_20 ? fg_str_eq_nocase(key, name)
                                                  : fg_str_eq(key, name);
}


static fg_str_t
ngx_http_faregate_join(ngx_pool_t *pool, fg_str_t head, fg_str_t tail)
{
    u_char  *p, *text;

    text = ngx_pnalloc(pool, head.len + 1 + tail.len);
    if (text == NULL) {
        return FG_STR_NONE;
    }

    p = ngx_cpymem(text, head.at, head.len);
    *p++ = ',';
    ngx_memcpy(p, tail.at, tail.len);

    return fg_str_of((const char *) text, head.len + 1 + tail.len);
}


static fg_str_t
ngx_http_faregate_lookup_header(ngx_http_faregate_lookup_t *lookup,
    fg_str_t name, ngx_uint_t is_joined)
{
    fg_str_t             found, value;
    ngx_uint_t           i;
    ngx_list_part_t     *part;
    ngx_table_elt_t     *header;
    ngx_http_request_t  *r;

    r = lookup->request;
    found = FG_STR_NONE;
    part = lookup->ctx->is_rewritten ? &lookup->ctx->client_headers.part
                                     : &r->headers_in.headers.part;

    for ( /* void */ ; part; part = part->next) {
        header = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (!ngx_http_faregate_is_named(r, &header[i], name)) {
                continue;
            }

            value = ngx_http_faregate_fg(header[i].value);
            found = (is_joined && found.at)
                    ? ngx_http_faregate_join(r->pool, found, value) : value;
        }
    }

    return found;
}


static fg_str_t
ngx_http_faregate_lookup_path(ngx_http_faregate_lookup_t *lookup, fg_str_t name)
{
    size_t  i;

    for (i = 0; i < lookup->ctx->match.param_count; i++) {
        if (fg_str_eq(lookup->ctx->match.params[i].name, name)) {
            return lookup->ctx->match.params[i].value;
        }
    }

    return FG_STR_NONE;
}


static ngx_uint_t
ngx_http_faregate_skips(fg_str_t *name, fg_str_t prefix)
{
    if (!fg_str_starts_with(*name, prefix)) {
        return 0;
    }

    name->at += prefix.len;
    name->len -= prefix.len;

    return 1;
}


static fg_str_t
ngx_http_faregate_lookup(void *data, fg_str_t name)
{
    ngx_http_faregate_lookup_t *lookup = data;

    if (ngx_http_faregate_skips(&name, FG_STR("method.request.path."))) {
        return ngx_http_faregate_lookup_path(lookup, name);
    }

    if (ngx_http_faregate_skips(&name, FG_STR("method.request.header."))) {
        return ngx_http_faregate_lookup_header(lookup, name, 0);
    }

    if (ngx_http_faregate_skips(&name, FG_STR("method.request.multivalueheader."))) {
        return ngx_http_faregate_lookup_header(lookup, name, 1);
    }

    if (ngx_http_faregate_skips(&name, FG_STR("method.request.querystring."))
        || ngx_http_faregate_skips(&name, FG_STR("method.request.multivaluequerystring.")))
    {
        return fg_uri_query_last(ngx_http_faregate_fg(lookup->request->args), name);
    }

    if (ngx_http_faregate_skips(&name, FG_STR("context."))) {
        return ngx_http_faregate_lookup_context(lookup, name);
    }

    if (lookup->ctx->route
        && ngx_http_faregate_skips(&name, FG_STR("stageVariables.")))
    {
        return fg_route_variable(lookup->ctx->route, name);
    }

    return FG_STR_NONE;
}


ngx_int_t
ngx_http_faregate_backend_uri(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx)
{
    size_t                       len, room;
    fg_mapping_source_t          source;
    fg_backend_uri_outcome_t     outcome;
    fg_backend_uri_request_t     request;
    ngx_http_faregate_lookup_t   lookup;

    ngx_memzero(&lookup, sizeof(ngx_http_faregate_lookup_t));

    lookup.request = r;
    lookup.ctx = ctx;

    source.lookup = ngx_http_faregate_lookup;
    source.ctx = &lookup;

    request.route = ctx->route;
    request.method_index = ctx->match.method_index;
    request.client_query = ngx_http_faregate_fg(r->args);
    request.source = &source;
    request.own = NULL;

    room = ctx->entry.path.len + ctx->path.len + r->args.len + NGX_HTTP_FAREGATE_ROOM;
    len = 0;

    do {
        ctx->backend_uri.data = ngx_pnalloc(r->pool, room);
        if (ctx->backend_uri.data == NULL) {
            return NGX_ERROR;
        }

        outcome = fg_backend_uri_compose(&request, (char *) ctx->backend_uri.data,
                                         room, &len);
        room = len;

    } while (outcome == FG_BACKEND_URI_TOO_LONG);

    ctx->backend_uri.len = len;

    return outcome == FG_BACKEND_URI_OK ? NGX_OK : NGX_DECLINED;
}


ngx_int_t
ngx_http_faregate_expression(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx,
    fg_str_t expression, ngx_str_t *value)
{
    fg_mapping_source_t          source;
    ngx_http_faregate_lookup_t   lookup;

    ngx_memzero(&lookup, sizeof(ngx_http_faregate_lookup_t));

    lookup.request = r;
    lookup.ctx = ctx;

    source.lookup = ngx_http_faregate_lookup;
    source.ctx = &lookup;

    *value = ngx_http_faregate_ngx(fg_mapping_evaluate(expression, &source));

    return NGX_OK;
}


static ngx_int_t
ngx_http_faregate_refusal_headers(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, const fg_route_refusal_t *refusal,
    const fg_mapping_source_t *source)
{
    size_t           i;
    fg_str_t         value;
    fg_route_pair_t  header;

    for (i = 0; i < refusal->header_count; i++) {
        header = fg_route_refusal_header(ctx->route, refusal->response_index, i);
        value = fg_mapping_evaluate(header.value, source);

        if (value.len == 0) {
            continue;
        }

        if (ngx_http_faregate_add_header(r, header.name.at, header.name.len,
                                         value.at, value.len)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_faregate_customised(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx,
    fg_gateway_response_type_t type, const fg_route_refusal_t *refusal,
    ngx_http_faregate_answer_t *answer)
{
    char                        *body;
    size_t                       len;
    fg_mapping_source_t          source;
    ngx_http_faregate_lookup_t   lookup;

    lookup.request = r;
    lookup.ctx = ctx;
    lookup.is_error = 1;
    lookup.type = type;

    source.lookup = ngx_http_faregate_lookup;
    source.ctx = &lookup;

    len = fg_mapping_render(refusal->template_text, &source, NULL, 0);

    body = ngx_pnalloc(r->pool, len + 1);
    if (body == NULL) {
        return NGX_ERROR;
    }

    answer->content_type = refusal->content_type;
    answer->body = fg_str_of(body, fg_mapping_render(refusal->template_text,
                                                     &source, body, len));

    return ngx_http_faregate_refusal_headers(r, ctx, refusal, &source);
}
