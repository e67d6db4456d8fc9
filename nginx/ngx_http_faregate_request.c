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
    ngx_http_faregate_ctx_t *ctx, fg_gate_t *gate, uint32_t *ret_stage_index)
{
    fg_status_t  status;

    *ret_stage_index = fg_gate_stage_find(gate, ctx->api_id, ctx->stage_name);

    if (*ret_stage_index == FG_GATE_NONE) {
        return ngx_http_faregate_refuse_forbidden(r, ctx, "stage-unknown");
    }

    status = ngx_http_faregate_snapshot(ctx->conf, *ret_stage_index,
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


static fg_gateway_response_type_t
ngx_http_faregate_response_type(fg_verdict_kind_t kind)
{
    switch (kind) {

    case FG_VERDICT_QUOTA_EXCEEDED:
        return FG_GATEWAY_RESPONSE_QUOTA_EXCEEDED;

    case FG_VERDICT_THROTTLED_PLAN:
    case FG_VERDICT_THROTTLED_METHOD:
    case FG_VERDICT_THROTTLED_ACCOUNT:
    case FG_VERDICT_CONTENDED:
    case FG_VERDICT_BUCKETS_FULL:
        return FG_GATEWAY_RESPONSE_THROTTLED;

    default:
        return FG_GATEWAY_RESPONSE_INVALID_API_KEY;
    }
}


/* Key, plan, throttle and quota: one call, K8 included. */
static ngx_int_t
ngx_http_faregate_decide(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx,
    fg_gate_t *gate, uint32_t stage_index, ngx_http_faregate_facts_t *facts)
{
    fg_gate_facts_t                asked;
    ngx_http_faregate_loc_conf_t  *flcf;

    facts->has_key = 0;
    facts->key_value = FG_STR_NONE;

    if (ctx->entry.is_key_required
        && ngx_http_faregate_find_key(r, fg_route_key_source(ctx->route), facts)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    asked.stage_index = stage_index;
    asked.is_key_required = ctx->entry.is_key_required;
    asked.has_key = facts->has_key;
    asked.key_value = facts->key_value;
    asked.method_throttle = ctx->entry.throttle;
    asked.method_id = ctx->entry.throttle.is_set ? ctx->entry.method_id : 0;

    ctx->verdict = fg_gate_decide(gate, &asked, fg_now());
    ctx->is_decided = 1;
    ctx->reason = fg_verdict_reason(ctx->verdict.kind);

    if (ctx->verdict.kind == FG_VERDICT_ADMITTED) {
        return NGX_OK;
    }

    flcf = ngx_http_get_module_loc_conf(r, ngx_http_faregate_module);

    if (flcf->dry_run) {
        ctx->is_refused = 1;
        ctx->is_dry_run = 1;
        return NGX_OK;
    }

    return ngx_http_faregate_refuse(r, ctx,
                                    ngx_http_faregate_response_type(ctx->verdict.kind),
                                    ctx->reason);
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

    return NGX_OK;
}


static ngx_int_t
ngx_http_faregate_walk(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx)
{
    uint32_t                    stage_index;
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

    rc = ngx_http_faregate_find_stage(r, ctx, gate, &stage_index);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_faregate_find_method(r, ctx, &facts);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_faregate_decide(r, ctx, gate, stage_index, &facts);
    if (rc != NGX_OK) {
        return rc;
    }

    return ctx->is_gateway ? ngx_http_faregate_integrate(r, ctx) : NGX_DECLINED;
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

    if (ctx && ngx_http_faregate_is_same_ride(r, ctx, flcf)) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_faregate_ctx_create(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_faregate_walk(r, ctx);
}
