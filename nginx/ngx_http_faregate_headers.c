/*
 * The headers of the backend request (reference 6.9), made in one pass.
 *
 * nginx's proxy copies r->headers_in.headers but for those that its proxy_set_header lines name
 * (Host, Connection, the framing of the body). So the list is exchanged before it runs, and given
 * back as soon as the request is made: logs and the other modules see the client's headers.
 */
#include "ngx_http_faregate_headers.h"
#include "ngx_http_faregate_mapping.h"


typedef struct {
    const char  *lowcase;
    size_t       len;
} ngx_http_faregate_name_t;


#define ngx_http_faregate_name(text)  { text, sizeof(text) - 1 }


/* Not handed on. X-Forwarded-* and X-Amzn-Trace-Id come back with a value of ours. */
static const ngx_http_faregate_name_t  ngx_http_faregate_dropped[] = {
    ngx_http_faregate_name("host"),
    ngx_http_faregate_name("connection"),
    ngx_http_faregate_name("content-length"),
    ngx_http_faregate_name("content-md5"),
    ngx_http_faregate_name("content-encoding"),
    ngx_http_faregate_name("expect"),
    ngx_http_faregate_name("keep-alive"),
    ngx_http_faregate_name("max-forwards"),
    ngx_http_faregate_name("proxy-authenticate"),
    ngx_http_faregate_name("server"),
    ngx_http_faregate_name("te"),
    ngx_http_faregate_name("transfer-encoding"),
    ngx_http_faregate_name("trailer"),
    ngx_http_faregate_name("upgrade"),
    ngx_http_faregate_name("via"),
    ngx_http_faregate_name("www-authenticate"),
    ngx_http_faregate_name("x-amzn-apigateway-api-id"),
    ngx_http_faregate_name("x-forwarded-for"),
    ngx_http_faregate_name("x-forwarded-port"),
    ngx_http_faregate_name("x-forwarded-proto"),
    { NULL, 0 }
};


/* Set by a mapping they are an error at run time. */
static const ngx_http_faregate_name_t  ngx_http_faregate_forbidden[] = {
    ngx_http_faregate_name("content-length"),
    ngx_http_faregate_name("transfer-encoding"),
    ngx_http_faregate_name("x-amzn-apigateway-api-id"),
    ngx_http_faregate_name("x-amzn-trace-id"),
    { NULL, 0 }
};


/* Set by a mapping they never reach the backend. */
static const ngx_http_faregate_name_t  ngx_http_faregate_ignored[] = {
    ngx_http_faregate_name("connection"),
    ngx_http_faregate_name("expect"),
    ngx_http_faregate_name("keep-alive"),
    ngx_http_faregate_name("proxy-authenticate"),
    ngx_http_faregate_name("te"),
    ngx_http_faregate_name("via"),
    { NULL, 0 }
};


static ngx_uint_t
ngx_http_faregate_is_among(const ngx_http_faregate_name_t *names,
    const u_char *lowcase, size_t len)
{
    for ( /* void */ ; names->lowcase; names++) {
        if (names->len == len && names->lowcase[0] == (char) lowcase[0]
            && ngx_memcmp(names->lowcase, lowcase, len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


#define ngx_http_faregate_is(header, text)                                    \
    ((header)->key.len == sizeof(text) - 1                                    \
     && ngx_memcmp((header)->lowcase_key, text, sizeof(text) - 1) == 0)


ngx_table_elt_t *
ngx_http_faregate_push(ngx_http_request_t *r, ngx_str_t name, u_char *lowcase,
    ngx_uint_t hash, ngx_str_t value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_in.headers);

    if (h) {
        h->hash = hash;
        h->key = name;
        h->lowcase_key = lowcase;
        h->value = value;
    }

    return h;
}


/* A backend may take "_" for "-" (CGI does): what only we say is dropped in both spellings. */
static ngx_uint_t
ngx_http_faregate_is_dropped(const ngx_table_elt_t *header)
{
    size_t   i, len;
    u_char  *p, dashed[sizeof("x-amzn-apigateway-api-id")];

    p = header->lowcase_key;
    len = header->key.len;

    if (len >= sizeof(dashed)) {
        return 0;
    }

    for (i = 0; i < len; i++) {
        dashed[i] = (p[i] == '_') ? '-' : p[i];
    }

    return ngx_http_faregate_is_among(ngx_http_faregate_dropped, dashed, len);
}


/* A signature is for the gateway, any other Authorization for the backend. */
static ngx_uint_t
ngx_http_faregate_is_signature(const ngx_table_elt_t *header)
{
    return ngx_http_faregate_is(header, "authorization")
           && header->value.len >= sizeof("AWS4-HMAC-SHA256") - 1
           && ngx_strncmp(header->value.data, "AWS4-HMAC-SHA256",
                          sizeof("AWS4-HMAC-SHA256") - 1)
              == 0;
}


static ngx_uint_t
ngx_http_faregate_is_root(ngx_str_t value)
{
    return ngx_strlcasestrn(value.data, value.data + value.len,
                            (u_char *) "root=", sizeof("root=") - 2)
           != NULL;
}


static ngx_int_t
ngx_http_faregate_copy_client(ngx_http_request_t *r, ngx_list_t *client,
    ngx_http_faregate_seen_t *seen)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    for (part = &client->part; part; part = part->next) {
        header = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (ngx_http_faregate_is(&header[i], "x-forwarded-for")) {
                seen->forwarded_for = &header[i];
            }

            if (header[i].key.len == 0
                || ngx_http_faregate_is_dropped(&header[i])
                || ngx_http_faregate_is_signature(&header[i]))
            {
                continue;
            }

            if (ngx_http_faregate_is(&header[i], "x-amzn-trace-id")) {
                if (!ngx_http_faregate_is_root(header[i].value)) {
                    continue;
                }

                seen->trace_id = &header[i];
            }

            seen->has_accept |= ngx_http_faregate_is(&header[i], "accept");
            seen->has_user_agent |= ngx_http_faregate_is(&header[i], "user-agent");

            if (ngx_http_faregate_push(r, header[i].key, header[i].lowcase_key,
                                       header[i].hash, header[i].value)
                == NULL)
            {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


/* Take every header of that name out of the list that is being made. */
static void
ngx_http_faregate_remove(ngx_http_request_t *r, const u_char *lowcase, size_t len)
{
    ngx_uint_t        i, kept;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        header = part->elts;
        kept = 0;

        for (i = 0; i < part->nelts; i++) {
            if (header[i].key.len != len
                || ngx_memcmp(header[i].lowcase_key, lowcase, len) != 0)
            {
                header[kept++] = header[i];
            }
        }

        part->nelts = kept;
    }
}


/* Nothing that ends a header line, in either direction. */
ngx_uint_t
ngx_http_faregate_is_value(ngx_str_t value)
{
    size_t  i;

    for (i = 0; i < value.len; i++) {
        if (value.data[i] == '\0' || value.data[i] == CR || value.data[i] == LF) {
            return 0;
        }
    }

    return 1;
}


static ngx_int_t
ngx_http_faregate_map_header(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx,
    fg_route_pair_t mapping)
{
    u_char      *lowcase;
    ngx_str_t    name, value;
    ngx_uint_t   hash;

    name = ngx_http_faregate_ngx(mapping.name);

    if (name.len == 0) {
        return NGX_OK;
    }

    lowcase = ngx_pnalloc(r->pool, name.len);
    if (lowcase == NULL) {
        return NGX_ERROR;
    }

    hash = ngx_hash_strlow(lowcase, name.data, name.len);

    if (ngx_http_faregate_is_among(ngx_http_faregate_forbidden, lowcase, name.len)) {
        return NGX_DECLINED;
    }

    if (ngx_http_faregate_is_among(ngx_http_faregate_ignored, lowcase, name.len)) {
        return NGX_OK;
    }

    if (ngx_http_faregate_expression(r, ctx, mapping.value, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    /* absent or empty values are not sent, and one that would end the header line never */
    if (value.len == 0 || !ngx_http_faregate_is_value(value)) {
        return NGX_OK;
    }

    if (name.len == 4 && ngx_memcmp(lowcase, "host", 4) == 0) {
        ctx->backend_host = value;
        return NGX_OK;
    }

    ngx_http_faregate_remove(r, lowcase, name.len);

    return ngx_http_faregate_push(r, name, lowcase, hash, value)
           ? NGX_OK : NGX_ERROR;
}


static ngx_uint_t
ngx_http_faregate_count(const ngx_list_t *list)
{
    ngx_uint_t              count;
    const ngx_list_part_t  *part;

    count = 0;

    for (part = &list->part; part; part = part->next) {
        count += part->nelts;
    }

    return count;
}


/* NGX_DECLINED: a mapping sets what it must not. Mappings read ctx->client_headers. */
ngx_int_t
ngx_http_faregate_headers_rewrite(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx)
{
    size_t                     i;
    ngx_int_t                  rc;
    ngx_uint_t                 room;
    ngx_http_faregate_seen_t   seen;

    ngx_memzero(&seen, sizeof(ngx_http_faregate_seen_t));

    ctx->client_headers = r->headers_in.headers;
    ctx->is_rewritten = 1;

    room = ngx_http_faregate_count(&ctx->client_headers)
           + ctx->entry.header_parameter_count + NGX_HTTP_FAREGATE_HEADERS_ADDED;

    if (ngx_list_init(&r->headers_in.headers, r->pool, room,
                      sizeof(ngx_table_elt_t))
        != NGX_OK)
    {
        ngx_http_faregate_headers_restore(r, ctx);
        return NGX_ERROR;
    }

    rc = ngx_http_faregate_copy_client(r, &ctx->client_headers, &seen);

    if (rc == NGX_OK) {
        rc = ngx_http_faregate_push_defaults(r, ctx, &seen);
    }

    for (i = 0; rc == NGX_OK && i < ctx->entry.header_parameter_count; i++) {
        rc = ngx_http_faregate_map_header(r, ctx,
                                          fg_route_entry_header_parameter(ctx->route,
                                              ctx->match.method_index, i));
    }

    if (rc != NGX_OK) {
        ngx_http_faregate_headers_restore(r, ctx);
    }

    return rc;
}


void
ngx_http_faregate_headers_restore(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx)
{
    if (ctx->is_rewritten) {
        r->headers_in.headers = ctx->client_headers;
        ctx->is_rewritten = 0;
    }
}
