/*
 * What the client says: the stage it means, the path behind it, its verb and its key.
 *
 * Gateway locations read the request line as the client sent it, as the service does (reference
 * 6.3: nothing is decoded). Guarded locations read nginx's own normalized path, because that is
 * what nginx serves: a raw "/open/%2e%2e/closed" must not be judged as "/open/...".
 */
#include "ngx_http_faregate_module.h"

#include "base/uri.h"


static const fg_str_t  ngx_http_faregate_no_path = { "/", 1 };


fg_str_t
ngx_http_faregate_raw_path(ngx_http_request_t *r)
{
    size_t    i;
    fg_str_t  path;

    path = ngx_http_faregate_fg(r->unparsed_uri);

    for (i = 0; i < path.len; i++) {
        if (path.at[i] == '?' || path.at[i] == '#') {
            path.len = i;
            break;
        }
    }

    return path;
}


static fg_str_t
ngx_http_faregate_skip(fg_str_t s, size_t count)
{
    return fg_str_of(s.at + count, s.len - count);
}


static fg_str_t
ngx_http_faregate_skip_slashes(fg_str_t s)
{
    while (s.len && s.at[0] == '/') {
        s = ngx_http_faregate_skip(s, 1);
    }

    return s;
}


/*
 * The first segment; *path becomes what stands behind it, with its slash. Slashes before it are
 * dropped (reference 6.3).
 */
static fg_str_t
ngx_http_faregate_segment(fg_str_t *path)
{
    size_t    len;
    fg_str_t  rest, segment;

    rest = ngx_http_faregate_skip_slashes(*path);
    len = fg_str_find(rest, '/');
    segment = fg_str_of(rest.at, len);
    *path = ngx_http_faregate_skip(rest, len);

    return segment;
}


static ngx_int_t
ngx_http_faregate_cut(fg_str_t *path, fg_str_t prefix)
{
    if (!fg_str_starts_with(*path, prefix)) {
        return NGX_DECLINED;
    }

    *path = ngx_http_faregate_skip(*path, prefix.len);

    return NGX_OK;
}


/* {api-id}.execute-api.<any suffix> */
static ngx_int_t
ngx_http_faregate_by_host(ngx_http_request_t *r,
    ngx_http_faregate_facts_t *facts, fg_str_t path)
{
    fg_str_t  host, label;

    host = ngx_http_faregate_fg(r->headers_in.server);
    label = fg_str_cut(&host, '.');

    if (host.at == NULL
        || !fg_str_starts_with(host, FG_STR("execute-api."))
        || label.len == 0)
    {
        return NGX_DECLINED;
    }

    facts->api_id = label;
    facts->stage_name = ngx_http_faregate_segment(&path);
    facts->path = path;

    return NGX_OK;
}


/* /_aws/execute-api/{api-id}/{stage}/... */
static ngx_int_t
ngx_http_faregate_by_aws_path(ngx_http_faregate_facts_t *facts, fg_str_t path)
{
    if (ngx_http_faregate_cut(&path, FG_STR("/_aws/execute-api/")) != NGX_OK) {
        return NGX_DECLINED;
    }

    facts->api_id = ngx_http_faregate_segment(&path);
    facts->stage_name = ngx_http_faregate_segment(&path);
    facts->path = path;

    return NGX_OK;
}


/* /restapis/{api-id}/{stage}/_user_request_/... */
static ngx_int_t
ngx_http_faregate_by_user_request(ngx_http_faregate_facts_t *facts,
    fg_str_t path)
{
    if (ngx_http_faregate_cut(&path, FG_STR("/restapis/")) != NGX_OK) {
        return NGX_DECLINED;
    }

    facts->api_id = ngx_http_faregate_segment(&path);
    facts->stage_name = ngx_http_faregate_segment(&path);

    if (!fg_str_eq(ngx_http_faregate_segment(&path), FG_STR("_user_request_"))) {
        return NGX_DECLINED;
    }

    facts->path = path;

    return NGX_OK;
}


/* The verb, or what X-HTTP-Method-Override puts in its place (reference 6.1). */
static fg_verb_t
ngx_http_faregate_verb(ngx_http_request_t *r, ngx_uint_t is_overridable)
{
    fg_str_t  name;

    name = FG_STR_NONE;

    if (is_overridable) {
        name = ngx_http_faregate_header(r, "x-http-method-override",
                                        sizeof("x-http-method-override") - 1);
    }

    if (name.len == 0) {
        name = ngx_http_faregate_fg(r->method_name);
    }

    return fg_verb_of(name);
}


ngx_int_t
ngx_http_faregate_gateway_facts(ngx_http_request_t *r,
    ngx_http_faregate_facts_t *facts)
{
    fg_str_t  path;

    path = ngx_http_faregate_raw_path(r);

    if (ngx_http_faregate_by_host(r, facts, path) != NGX_OK
        && ngx_http_faregate_by_aws_path(facts, path) != NGX_OK
        && ngx_http_faregate_by_user_request(facts, path) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    if (facts->path.len == 0) {
        facts->path = ngx_http_faregate_no_path;
    }

    facts->verb = ngx_http_faregate_verb(r, 1);

    return NGX_OK;
}


/* The override header is not heard here: nginx serves the verb of the request line. */
ngx_int_t
ngx_http_faregate_guard_facts(ngx_http_request_t *r,
    ngx_http_faregate_loc_conf_t *flcf, ngx_http_faregate_facts_t *facts)
{
    ngx_str_t  api, stage;

    if (ngx_http_complex_value(r, flcf->api, &api) != NGX_OK
        || ngx_http_complex_value(r, flcf->stage, &stage) != NGX_OK)
    {
        return NGX_ERROR;
    }

    facts->api_id = ngx_http_faregate_fg(api);
    facts->stage_name = ngx_http_faregate_fg(stage);
    facts->path = ngx_http_faregate_fg(r->uri);
    facts->verb = ngx_http_faregate_verb(r, 0);

    return NGX_OK;
}


bool
ngx_http_faregate_client_address(ngx_http_request_t *r, uint8_t ret_address[16])
{
    u_char               *p;
    struct sockaddr_in   *sin;
    struct sockaddr_in6  *sin6;

    switch (r->connection->sockaddr->sa_family) {

    case AF_INET:
        sin = (struct sockaddr_in *) r->connection->sockaddr;
        ngx_memzero(ret_address, 10);
        p = ngx_cpymem(ret_address + 10, "\xff\xff", 2);
        ngx_memcpy(p, &sin->sin_addr, 4);
        return true;

    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) r->connection->sockaddr;
        ngx_memcpy(ret_address, &sin6->sin6_addr, 16);
        return true;

    default:
        return false;
    }
}


/* Value of the last header of that name, in any case; FG_STR_NONE. */
fg_str_t
ngx_http_faregate_header(ngx_http_request_t *r, const char *lowcase, size_t len)
{
    fg_str_t          value;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    value = FG_STR_NONE;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        header = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (header[i].key.len == len
                && ngx_memcmp(header[i].lowcase_key, lowcase, len) == 0)
            {
                value = ngx_http_faregate_fg(header[i].value);
            }
        }
    }

    return value;
}


/* ?api-key=... or ?apikey=..., the last one; names are compared as they stand. */
static ngx_int_t
ngx_http_faregate_key_of_query(ngx_http_request_t *r,
    ngx_http_faregate_facts_t *facts)
{
    char      *text;
    size_t     len;
    fg_str_t   rest, name, value, found;

    found = FG_STR_NONE;
    rest = ngx_http_faregate_fg(r->args);

    while (fg_uri_query_next(&rest, &name, &value)) {
        if (fg_str_eq(name, FG_STR("api-key")) || fg_str_eq(name, FG_STR("apikey"))) {
            found = value;
        }
    }

    if (found.len == 0) {
        return NGX_OK;
    }

    if (fg_str_find(found, '%') == found.len) {
        facts->key_value = found;
        facts->has_key = 1;
        return NGX_OK;
    }

    text = ngx_pnalloc(r->pool, found.len);
    if (text == NULL) {
        return NGX_ERROR;
    }

    if (fg_uri_decode(found, text, found.len, &len)) {
        facts->key_value = fg_str_of(text, len);
        facts->has_key = 1;
    }

    return NGX_OK;
}


/*
 * Rule K4. A key that only an authorizer could name is missing as long as no authorizer is asked.
 */
ngx_int_t
ngx_http_faregate_find_key(ngx_http_request_t *r, fg_key_source_t source,
    ngx_http_faregate_facts_t *facts)
{
    facts->has_key = 0;
    facts->key_value = FG_STR_NONE;

    switch (source) {

    case FG_KEY_SOURCE_HEADER:
        facts->key_value = ngx_http_faregate_header(r, "x-api-key",
                                                    sizeof("x-api-key") - 1);
        facts->has_key = (facts->key_value.len != 0);
        return NGX_OK;

    case FG_KEY_SOURCE_QUERY:
        return ngx_http_faregate_key_of_query(r, facts);

    case FG_KEY_SOURCE_AUTHORIZER:
        return NGX_OK;
    }

    return NGX_OK;
}
