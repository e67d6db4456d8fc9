/*
 * faregate_balancer: the addresses of the upstream are those of the request's integration, resolved
 * by the control plane.
 *
 * The keepalive directive behind it wraps it. nginx's keepalive cache tells connections apart by
 * address alone, so the upstream for https goes without: two names on one address must never share
 * a verified connection.
 */
#include "ngx_http_faregate_module.h"


typedef struct {
    ngx_http_faregate_ctx_t    *ctx;
    ngx_uint_t                  next;
    ngx_str_t                   name;
} ngx_http_faregate_peer_t;


static ngx_int_t
ngx_http_faregate_get_peer(ngx_peer_connection_t *pc, void *data)
{
    ngx_http_faregate_peer_t *peer = data;

    u_char                   *text;
    size_t                    len;
    socklen_t                 socklen;
    ngx_uint_t                index;
    const struct sockaddr    *sockaddr;
    ngx_http_faregate_ctx_t  *ctx;

    ctx = peer->ctx;
    index = (ctx->first_address + peer->next++) % ctx->entry.address_count;

    sockaddr = fg_route_entry_address(ctx->route, ctx->match.method_index,
                                      index, &socklen);

    text = ngx_pnalloc(ctx->request->pool, NGX_SOCKADDR_STRLEN);
    if (text == NULL) {
        return NGX_ERROR;
    }

    /* nginx has no constant addresses; connect() only reads it */
    pc->sockaddr = (struct sockaddr *) (uintptr_t) sockaddr;
    pc->socklen = socklen;

    len = ngx_sock_ntop(pc->sockaddr, socklen, text, NGX_SOCKADDR_STRLEN, 1);
    peer->name.data = text;
    peer->name.len = len;

    pc->name = &peer->name;
    pc->cached = 0;
    pc->connection = NULL;

    return NGX_OK;
}


static void
ngx_http_faregate_free_peer(ngx_peer_connection_t *pc, void *data,
    ngx_uint_t state)
{
    if (pc->tries) {
        pc->tries--;
    }
}


#if (NGX_HTTP_SSL)

/* A session belongs to a name; nothing here would keep two names apart, so none is kept. */

static ngx_int_t
ngx_http_faregate_set_session(ngx_peer_connection_t *pc, void *data)
{
    return NGX_OK;
}


static void
ngx_http_faregate_save_session(ngx_peer_connection_t *pc, void *data)
{
    /* void */
}

#endif


/*
 * The timeout is the integration's, and so is whether a certificate must be good; the location's
 * settings are the default.
 */
static ngx_int_t
ngx_http_faregate_adapt_conf(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx)
{
    ngx_msec_t                 timeout;
    ngx_uint_t                 is_verified;
    ngx_http_upstream_t       *u;
    ngx_http_upstream_conf_t  *conf;

    u = r->upstream;
    timeout = ctx->entry.timeout_ms ? ctx->entry.timeout_ms : u->conf->read_timeout;
    is_verified = 0;

#if (NGX_HTTP_SSL)

    is_verified = u->ssl && !ctx->entry.is_tls_unverified;

    if (is_verified && !u->conf->ssl_verify) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "faregate: no proxy_ssl_trusted_certificate to check backend \"%*s\" against",
                      ctx->entry.host.len, ctx->entry.host.at);
        return NGX_ERROR;
    }

#endif

    if (timeout == u->conf->read_timeout && timeout == u->conf->connect_timeout
        && timeout == u->conf->send_timeout && (!u->ssl || is_verified))
    {
        return NGX_OK;
    }

    conf = ngx_palloc(r->pool, sizeof(ngx_http_upstream_conf_t));
    if (conf == NULL) {
        return NGX_ERROR;
    }

    *conf = *u->conf;
    conf->connect_timeout = timeout;
    conf->send_timeout = timeout;
    conf->read_timeout = timeout;
    conf->next_upstream_timeout = timeout;
#if (NGX_HTTP_SSL)
    conf->ssl_verify = is_verified;
#endif

    u->conf = conf;

    return NGX_OK;
}


static ngx_int_t
ngx_http_faregate_init_peer(ngx_http_request_t *r,
    ngx_http_upstream_srv_conf_t *us)
{
    ngx_http_faregate_ctx_t   *ctx;
    ngx_http_faregate_peer_t  *peer;

    ctx = ngx_http_faregate_ctx(r);

    if (ctx == NULL || !ctx->is_proxied) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "faregate: upstream \"%V\" serves only locations with faregate_gateway",
                      &us->host);
        return NGX_ERROR;
    }

    ngx_http_faregate_headers_restore(r, ctx);

    peer = ngx_palloc(r->pool, sizeof(ngx_http_faregate_peer_t));
    if (peer == NULL || ngx_http_faregate_adapt_conf(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    peer->ctx = ctx;
    peer->next = 0;

    ctx->first_address = ctx->conf->turn++;

    r->upstream->peer.data = peer;
    r->upstream->peer.get = ngx_http_faregate_get_peer;
    r->upstream->peer.free = ngx_http_faregate_free_peer;
    r->upstream->peer.tries = ctx->entry.address_count;
#if (NGX_HTTP_SSL)
    r->upstream->peer.set_session = ngx_http_faregate_set_session;
    r->upstream->peer.save_session = ngx_http_faregate_save_session;
#endif

    return NGX_OK;
}


static ngx_int_t
ngx_http_faregate_init_upstream(ngx_conf_t *cf, ngx_http_upstream_srv_conf_t *us)
{
    us->peer.init = ngx_http_faregate_init_peer;

    return NGX_OK;
}


char *
ngx_http_faregate_balancer(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_upstream_srv_conf_t  *uscf;

    uscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_upstream_module);

    if (uscf->peer.init_upstream) {
        return "must stand before \"keepalive\" and excludes other balancers";
    }

    uscf->peer.init_upstream = ngx_http_faregate_init_upstream;
    uscf->flags = NGX_HTTP_UPSTREAM_CREATE;

    return NGX_CONF_OK;
}
