/*
 * The decision on a request, and its wait for a grant (rule L3).
 *
 * A quota that may be spent no further until faregated has written the next grant does not refuse
 * the request: it is parked, as limit_req delays one, and asks again after 1, 2, 4, 8, 16, 16, ...
 * milliseconds. When faregate_grant_timeout has passed, the plan's outage policy decides (rule L4).
 * The worker serves others meanwhile; nothing is taken before the request is admitted.
 */
#include "ngx_http_faregate_module.h"


#define NGX_HTTP_FAREGATE_PARK_MIN  1    /* milliseconds until the first look, */
#define NGX_HTTP_FAREGATE_PARK_MAX  16   /* and between two later ones */


static void ngx_http_faregate_unpark(ngx_http_request_t *r);


static fg_gateway_response_type_t
ngx_http_faregate_response_type(fg_verdict_kind_t kind)
{
    switch (kind) {

    case FG_VERDICT_QUOTA_EXCEEDED:
        return FG_GATEWAY_RESPONSE_QUOTA_EXCEEDED;

    case FG_VERDICT_THROTTLED_PLAN:
    case FG_VERDICT_THROTTLED_PLAN_METHOD:
    case FG_VERDICT_THROTTLED_METHOD:
    case FG_VERDICT_THROTTLED_ACCOUNT:
    case FG_VERDICT_THROTTLED_ADDRESS:
    case FG_VERDICT_CONTENDED:
    case FG_VERDICT_BUCKETS_FULL:
        return FG_GATEWAY_RESPONSE_THROTTLED;

    case FG_VERDICT_ADDRESS_DENIED:
        return FG_GATEWAY_RESPONSE_WAF_FILTERED;

    default:
        return FG_GATEWAY_RESPONSE_INVALID_API_KEY;
    }
}


/* Once a millisecond is enough: who asks again in the same one asks for the same grant. */
static void
ngx_http_faregate_want(ngx_http_faregate_main_conf_t *fmcf, fg_gate_t *gate,
    uint32_t slot_index)
{
    if (fmcf->wanted_slot == slot_index && fmcf->wanted_at == ngx_current_msec) {
        return;
    }

    fmcf->wanted_slot = slot_index;
    fmcf->wanted_at = ngx_current_msec;

    fg_gate_want(gate, slot_index);
}


/* False when the time is up. */
static ngx_uint_t
ngx_http_faregate_may_wait(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx)
{
    ngx_http_faregate_loc_conf_t  *flcf;

    if (!ctx->is_parked) {
        flcf = ngx_http_get_module_loc_conf(r, ngx_http_faregate_module);

        ctx->grant_deadline = ngx_current_msec + flcf->grant_timeout;
        ctx->grant_delay = NGX_HTTP_FAREGATE_PARK_MIN;
    }

    return (ngx_msec_int_t) (ctx->grant_deadline - ngx_current_msec) > 0;
}


static ngx_int_t
ngx_http_faregate_park(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx,
    fg_gate_t *gate)
{
    ngx_msec_t  left;

    ngx_http_faregate_want(ctx->conf, gate, ctx->verdict.quota_slot_index);

    if (ngx_handle_read_event(r->connection->read, 0) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->is_parked = 1;
    left = ctx->grant_deadline - ngx_current_msec;

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_faregate_unpark;

    r->connection->write->delayed = 1;
    ngx_add_timer(r->connection->write, ngx_min(ctx->grant_delay, left));

    ctx->grant_delay = ngx_min(2 * ctx->grant_delay, NGX_HTTP_FAREGATE_PARK_MAX);

    return NGX_AGAIN;
}


/* The phase handler runs again; a client that has gone was seen by ngx_http_test_reading. */
static void
ngx_http_faregate_unpark(ngx_http_request_t *r)
{
    ngx_event_t  *wev;

    wev = r->connection->write;

    if (wev->delayed) {
        if (ngx_handle_write_event(wev, 0) != NGX_OK) {
            ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        }

        return;
    }

    if (ngx_handle_read_event(r->connection->read, 0) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_core_run_phases;

    ngx_http_core_run_phases(r);
}


static ngx_int_t
ngx_http_faregate_conclude(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx)
{
    fg_verdict_kind_t              kind;
    ngx_http_faregate_loc_conf_t  *flcf;

    kind = ctx->verdict.kind;

    ctx->is_parked = 0;
    ctx->is_decided = 1;
    ctx->gate_number = ctx->conf->gate_number;
    ctx->reason = (kind == FG_VERDICT_GRANT_PENDING) ? "grant-unavailable"
                                                     : fg_verdict_reason(kind);

    if (kind == FG_VERDICT_ADMITTED) {
        return NGX_OK;
    }

    flcf = ngx_http_get_module_loc_conf(r, ngx_http_faregate_module);

    if (flcf->dry_run) {
        ctx->is_refused = 1;
        ctx->is_dry_run = 1;
        return NGX_OK;
    }

    if (kind == FG_VERDICT_GRANT_PENDING) {
        return ngx_http_faregate_refuse_unavailable(r, ctx, ctx->reason);
    }

    return ngx_http_faregate_refuse(r, ctx, ngx_http_faregate_response_type(kind),
                                    ctx->reason);
}


/* Rule L3, L4. */
static ngx_int_t
ngx_http_faregate_ask(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx,
    fg_gate_t *gate)
{
    ctx->verdict = fg_gate_decide(gate, &ctx->asked, fg_now());

    if (ctx->verdict.kind == FG_VERDICT_GRANT_PENDING) {

        if (ngx_http_faregate_may_wait(r, ctx)) {
            return ngx_http_faregate_park(r, ctx, gate);
        }

        ctx->asked.is_outage = true;
        ctx->verdict = fg_gate_decide(gate, &ctx->asked, fg_now());
    }

    return ngx_http_faregate_conclude(r, ctx);
}


ngx_int_t
ngx_http_faregate_decide(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx,
    fg_gate_t *gate, ngx_http_faregate_facts_t *facts)
{
    facts->has_key = 0;
    facts->key_value = FG_STR_NONE;

    if (ctx->entry.is_key_required
        && ngx_http_faregate_find_key(r, fg_route_key_source(ctx->route), facts)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->asked.is_key_required = ctx->entry.is_key_required;
    ctx->asked.has_key = facts->has_key;
    ctx->asked.key_value = facts->key_value;
    ctx->asked.method_throttle = ctx->entry.throttle;
    ctx->asked.method_id = ctx->entry.method_id;
    ctx->asked.has_address = ngx_http_faregate_client_address(r, ctx->asked.address);
    ctx->asked.is_outage = false;

    return ngx_http_faregate_ask(r, ctx, gate);
}


/* The gate may be another one by now, and the stage stand elsewhere in it. */
ngx_int_t
ngx_http_faregate_decide_again(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx)
{
    fg_gate_t  *gate;

    gate = ngx_http_faregate_gate(ctx->conf, r->connection->log);
    if (gate == NULL) {
        return ngx_http_faregate_refuse_unavailable(r, ctx, "gate-missing");
    }

    ctx->asked.stage_index = fg_gate_stage_find(gate, ctx->api_id, ctx->stage_name);

    if (ctx->asked.stage_index == FG_GATE_NONE) {
        return ngx_http_faregate_refuse_forbidden(r, ctx, "stage-unknown");
    }

    return ngx_http_faregate_ask(r, ctx, gate);
}
