/*
 * What is kept of a request: the explanation of a refusal, written before its answer leaves, and,
 * when the request ends, its metrics, the class of its answer, and what does not count given back.
 */
#include "ngx_http_faregate_module.h"

#include "gate/explain.h"


static void
ngx_http_faregate_copy(char *to, size_t room, fg_str_t text)
{
    /* `to` is all zeros: its last byte ends the text */
    if (text.len) {
        ngx_memcpy(to, text.at, ngx_min(text.len, room - 1));
    }
}


static void
ngx_http_faregate_explain_limits(fg_explain_t *explain, const fg_verdict_t *verdict)
{
    explain->key_id = verdict->key_id;
    explain->plan_id = verdict->plan_id;
    explain->retry_after_us = verdict->retry_after_us;
    explain->throttle_rate_milli_rps = verdict->throttle.rate_milli_rps;
    explain->throttle_burst = verdict->throttle.burst;
    explain->quota_limit = verdict->quota_limit;
    explain->quota_remaining = verdict->quota_remaining;
    explain->quota_reset_at_s = verdict->quota_reset_at.s;
}


void
ngx_http_faregate_explain(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx,
    ngx_uint_t status)
{
    fg_explain_t  explain;

    if (ctx->conf->gate == NULL || ctx->reason == NULL) {
        return;
    }

    ngx_http_faregate_make_ids(ctx);
    ngx_memzero(&explain, sizeof(fg_explain_t));

    ngx_memcpy(explain.request_id, ctx->request_id, FG_EXPLAIN_ID_BYTES);
    explain.status = (uint16_t) status;
    explain.is_dry_run = ctx->is_dry_run;
    explain.verb = (uint8_t) ctx->verb;
    explain.stage_index = ctx->asked.stage_index;
    explain.at_s = ngx_time();
    explain.api_id = fg_id_pack(ctx->api_id);
    explain.resource_id = fg_id_pack(ctx->entry.resource_id);

    ngx_http_faregate_copy(explain.reason, sizeof(explain.reason), fg_str(ctx->reason));
    ngx_http_faregate_copy(explain.path, sizeof(explain.path), ctx->path);
    (void) ngx_http_faregate_client_address(r, explain.address);

    if (ctx->is_decided) {
        ngx_http_faregate_explain_limits(&explain, &ctx->verdict);
    }

    fg_gate_explain_put(ctx->conf->gate, &explain);
}


/* As $status has it; 0 when no answer was begun. */
static ngx_uint_t
ngx_http_faregate_status(ngx_http_request_t *r)
{
    if (!r->header_sent) {
        return 0;
    }

    return r->err_status ? r->err_status : r->headers_out.status;
}


static ngx_uint_t
ngx_http_faregate_class(ngx_uint_t status)
{
    return status >= 100 && status < 600 ? status / 100 : 0;
}


static uint64_t
ngx_http_faregate_latency_us(ngx_http_request_t *r)
{
    ngx_time_t      *tp;
    ngx_msec_int_t   ms;

    tp = ngx_timeofday();

    ms = (ngx_msec_int_t) ((tp->sec - r->start_sec) * 1000 + (tp->msec - r->start_msec));

    return (uint64_t) ngx_max(ms, 0) * 1000;
}


/* All attempts together. False: no backend was asked. */
static bool
ngx_http_faregate_backend_us(ngx_http_request_t *r, uint64_t *ret_us)
{
    uint64_t                    ms;
    ngx_uint_t                  i;
    ngx_http_upstream_state_t  *state;

    if (r->upstream_states == NULL || r->upstream_states->nelts == 0) {
        return false;
    }

    ms = 0;
    state = r->upstream_states->elts;

    for (i = 0; i < r->upstream_states->nelts; i++) {
        if (state[i].peer && state[i].response_time != (ngx_msec_t) -1) {
            ms += state[i].response_time;
        }
    }

    *ret_us = ms * 1000;

    return true;
}


static fg_outcome_t
ngx_http_faregate_outcome(ngx_http_faregate_ctx_t *ctx)
{
    /* went away while it waited, or something broke before the decision */
    if (!ctx->is_decided && ctx->outcome == FG_OUTCOME_ADMITTED) {
        return FG_OUTCOME_OTHER;
    }

    return ctx->outcome;
}


static void
ngx_http_faregate_measure(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx,
    ngx_uint_t status)
{
    fg_measure_t  measure;

    measure.method_id = ctx->entry.method_id;
    measure.api_id = fg_id_pack(ctx->api_id);
    measure.resource_id = fg_id_pack(ctx->entry.resource_id);
    measure.stage_index = ctx->asked.stage_index;
    measure.verb = (uint8_t) ctx->entry.verb;
    measure.outcome = ngx_http_faregate_outcome(ctx);
    measure.status_class = ngx_http_faregate_class(status);
    measure.latency_us = ngx_http_faregate_latency_us(r);
    measure.is_integrated = ngx_http_faregate_backend_us(r, &measure.integration_latency_us);

    fg_gate_measure(ctx->conf->gate, ngx_http_faregate_worker(ctx->conf), &measure);
}


/*
 * Rule U5: an answer of a class that the plan does not count is given back. One that never came is
 * counted, or clients could hang up on every answer and ride for nothing.
 */
bool
ngx_http_faregate_is_counted(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx)
{
    ngx_uint_t           class;
    const fg_verdict_t  *verdict;

    verdict = &ctx->verdict;

    if (verdict->kind != FG_VERDICT_ADMITTED || verdict->plan_id == 0) {
        return false;
    }

    class = ngx_http_faregate_class(ngx_http_faregate_status(r));

    return class == 0 || verdict->counted_statuses == 0
           || (verdict->counted_statuses & (1u << class));
}


static void
ngx_http_faregate_settle(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx,
    ngx_uint_t class)
{
    const fg_verdict_t  *verdict;

    verdict = &ctx->verdict;

    if (verdict->kind != FG_VERDICT_ADMITTED || verdict->plan_id == 0) {
        return;
    }

    fg_gate_meter(ctx->conf->gate, verdict, class);

    if (!ngx_http_faregate_is_counted(r, ctx)) {
        fg_gate_give_back(ctx->conf->gate, verdict);
    }
}


ngx_int_t
ngx_http_faregate_log_handler(ngx_http_request_t *r)
{
    ngx_uint_t                status;
    ngx_http_faregate_ctx_t  *ctx;

    ctx = ngx_http_faregate_ctx(r);

    if (ctx == NULL || ctx->conf->gate == NULL) {
        return NGX_OK;
    }

    status = ngx_http_faregate_status(r);

    ngx_http_faregate_measure(r, ctx, status);

    if (ctx->is_decided && ctx->gate_number == ctx->conf->gate_number) {
        ngx_http_faregate_settle(r, ctx, ngx_http_faregate_class(status));
    }

    if (ctx->is_dry_run) {
        ngx_http_faregate_explain(r, ctx, status);
    }

    return NGX_OK;
}
