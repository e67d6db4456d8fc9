/*
 * The straight walk of a request: stage, route, key and limits, integration (reference 6.2).
 */
#include "ngx_http_faregate_module.h"


static void
ngx_http_faregate_cleanup(void *data)
{
    ngx_http_faregate_ctx_t *ctx = data;

    if (ctx->route) {
        fg_route_unref(ctx->route);
        ctx->route = NULL;
    }
}


/* An internal redirect (index, try_files, error_page) empties the slot, the pool remembers. */
ngx_http_faregate_ctx_t *
ngx_http_faregate_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t       *cln;
    ngx_http_faregate_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_faregate_module);

    if (ctx || !(r->internal || r->filter_finalize) || r != r->main) {
        return ctx;
    }

    for (cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_http_faregate_cleanup) {
            ngx_http_set_ctx(r, cln->data, ngx_http_faregate_module);
            return cln->data;
        }
    }

    return NULL;
}


ngx_http_faregate_ctx_t *
ngx_http_faregate_ctx_create(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t       *cln;
    ngx_http_faregate_ctx_t  *ctx;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_faregate_ctx_t));
    if (cln == NULL) {
        return NULL;
    }

    ctx = cln->data;

    /* the parameters of the match are written before they are read */
    ngx_memzero(ctx, offsetof(ngx_http_faregate_ctx_t, match));
    ctx->match.param_count = 0;
    ngx_memzero(&ctx->entry, sizeof(ngx_http_faregate_ctx_t)
                             - offsetof(ngx_http_faregate_ctx_t, entry));

    ctx->request = r;
    ctx->conf = ngx_http_get_module_main_conf(r, ngx_http_faregate_module);

    ctx->asked.stage_index = FG_GATE_NONE;

    r->log_handler = ngx_http_faregate_log_error;

    cln->handler = ngx_http_faregate_cleanup;
    ngx_http_set_ctx(r, ctx, ngx_http_faregate_module);

    return ctx;
}


/*
 * An unknown API, an unknown stage and a stage without a deployment look alike: 403 Forbidden
 * (reference 6.1).
 */
static ngx_int_t
ngx_http_faregate_find_stage(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, fg_gate_t *gate)
{
    fg_status_t  status;

    ctx->asked.stage_index = fg_gate_stage_find(gate, ctx->api_id, ctx->stage_name);

    if (ctx->asked.stage_index == FG_GATE_NONE) {
        return ngx_http_faregate_refuse_forbidden(r, ctx, "stage-unknown");
    }

    status = ngx_http_faregate_snapshot(ctx->conf, ctx->asked.stage_index,
                                        r->connection->log, &ctx->route);

    if (status == FG_NOT_FOUND) {
        return ngx_http_faregate_refuse_forbidden(r, ctx, "stage-not-deployed");
    }

    if (status != FG_OK) {
        return ngx_http_faregate_refuse(r, ctx,
                                        FG_GATEWAY_RESPONSE_API_CONFIGURATION_ERROR,
                                        "snapshot-unreadable");
    }

    fg_route_ref(ctx->route);

    return NGX_OK;
}


static ngx_int_t
ngx_http_faregate_find_method(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, ngx_http_faregate_facts_t *facts)
{
    if (ctx->is_gateway && fg_route_is_execute_api_disabled(ctx->route)) {
        return ngx_http_faregate_refuse_forbidden(r, ctx, "endpoint-disabled");
    }

    if (fg_route_find(ctx->route, facts->path, facts->verb, &ctx->match)) {
        ctx->entry = fg_route_entry(ctx->route, ctx->match.method_index);
        ctx->is_matched = 1;

    } else if (ctx->is_gateway) {
        return ngx_http_faregate_refuse(r, ctx,
                                        FG_GATEWAY_RESPONSE_MISSING_AUTHENTICATION_TOKEN,
                                        "method-unknown");

    } else {
        /* a guarded path that the API does not describe is guarded all the same */
        ctx->entry.is_key_required = true;
    }

    if (ctx->entry.is_denied) {
        return ngx_http_faregate_refuse(r, ctx,
                                        FG_GATEWAY_RESPONSE_ACCESS_DENIED,
                                        "authorization-not-served");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_faregate_integrate(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx)
{
    switch (ctx->entry.kind) {

    case FG_INTEGRATION_MOCK:
        return ngx_http_faregate_mock(r, ctx);

    case FG_INTEGRATION_HTTP_PROXY:
        return ngx_http_faregate_proxy(r, ctx);

    default:
        return ngx_http_faregate_refuse(r, ctx,
                                        FG_GATEWAY_RESPONSE_API_CONFIGURATION_ERROR,
                                        "integration-not-served");
    }
}


/* Guarded locations go on to what serves them. */
static ngx_int_t
ngx_http_faregate_serve(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx)
{
    return ctx->is_gateway ? ngx_http_faregate_integrate(r, ctx) : NGX_DECLINED;
}


static ngx_int_t
ngx_http_faregate_read_facts(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx,
    ngx_http_faregate_facts_t *facts)
{
    ngx_int_t                      rc;
    ngx_http_faregate_loc_conf_t  *flcf;

    flcf = ngx_http_get_module_loc_conf(r, ngx_http_faregate_module);

    ctx->is_gateway = flcf->gateway;

    rc = flcf->gateway ? ngx_http_faregate_gateway_facts(r, facts)
                       : ngx_http_faregate_guard_facts(r, flcf, facts);

    if (rc == NGX_DECLINED) {
        return ngx_http_faregate_refuse_forbidden(r, ctx, "api-unknown");
    }

    if (rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->api_id = facts->api_id;
    ctx->stage_name = facts->stage_name;
    ctx->path = facts->path;
    ctx->verb = facts->verb;

    return NGX_OK;
}


static ngx_int_t
ngx_http_faregate_walk(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx)
{
    ngx_int_t                   rc;
    fg_gate_t                  *gate;
    ngx_http_faregate_facts_t   facts;

    rc = ngx_http_faregate_read_facts(r, ctx, &facts);
    if (rc != NGX_OK) {
        return rc;
    }

    gate = ngx_http_faregate_gate(ctx->conf, r->connection->log);
    if (gate == NULL) {
        return ngx_http_faregate_refuse_unavailable(r, ctx, "gate-missing");
    }

    rc = ngx_http_faregate_find_stage(r, ctx, gate);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_faregate_find_method(r, ctx, &facts);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_faregate_decide(r, ctx, gate, &facts);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_faregate_serve(r, ctx);
}


/* Behind the wait for a grant. */
static ngx_int_t
ngx_http_faregate_resume(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_http_faregate_decide_again(r, ctx);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_faregate_serve(r, ctx);
}


/* Whether what was decided holds here as well: by the rules of the same stage, and in earnest. */
static ngx_uint_t
ngx_http_faregate_is_same_ride(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, ngx_http_faregate_loc_conf_t *flcf)
{
    ngx_str_t  api, stage;

    if (ctx->is_dry_run && !flcf->dry_run) {
        return 0;
    }

    if (ctx->is_gateway || flcf->gateway) {
        return ctx->is_gateway && flcf->gateway;
    }

    return ngx_http_complex_value(r, flcf->api, &api) == NGX_OK
           && ngx_http_complex_value(r, flcf->stage, &stage) == NGX_OK
           && fg_str_eq(ctx->api_id, ngx_http_faregate_fg(api))
           && fg_str_eq(ctx->stage_name, ngx_http_faregate_fg(stage));
}


/*
 * A request is decided once for each stage that guards it: what an internal redirect makes of it is
 * still the same ride, and so are its subrequests.
 */
ngx_int_t
ngx_http_faregate_handler(ngx_http_request_t *r)
{
    ngx_http_faregate_ctx_t       *ctx;
    ngx_http_faregate_loc_conf_t  *flcf;

    flcf = ngx_http_get_module_loc_conf(r, ngx_http_faregate_module);

    if ((!flcf->gateway && flcf->api == NULL) || r != r->main) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_faregate_ctx(r);

    if (ctx && ctx->is_parked) {
        return ngx_http_faregate_resume(r, ctx);
    }

    if (ctx && ngx_http_faregate_is_same_ride(r, ctx, flcf)) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_faregate_ctx_create(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_faregate_walk(r, ctx);
}
