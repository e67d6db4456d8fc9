/*
 * What a caller is told of his limits: Retry-After, RateLimit and RateLimit-Policy (two lists of
 * RFC 9651, as draft-ietf-httpapi-ratelimit-headers has them) and the older X-RateLimit-* fields.
 *
 * All of them come from the verdict, so they are the figures that decided. Example, a plan of 100 a
 * second (burst 200) and 1,000,000 a month, behind an admitted request:
 *
 *     RateLimit-Policy: "burst";q=200;w=2, "quota";q=1000000;w=2592000
 *     RateLimit: "burst";r=157;t=1, "quota";r=812345;t=1180000
 *
 * docs/rules/answers.md has the rules (A1-A5).
 */
#include "ngx_http_faregate_module.h"


#define NGX_HTTP_FAREGATE_POLICIES_MAX  2

/* the longest name with two numbers of 20 digits, and then some */
#define NGX_HTTP_FAREGATE_POLICY_LEN    64


typedef struct {
    const char  *name;
    uint64_t     limit;
    uint64_t     remaining;
    int64_t      window;    /* seconds; 0: not known */
    int64_t      reset;     /* seconds; negative: not told */
} ngx_http_faregate_policy_t;


static int64_t
ngx_http_faregate_round_up(int64_t value, int64_t unit)
{
    return value > 0 ? (value - 1) / unit + 1 : 0;
}


ngx_uint_t
ngx_http_faregate_is_limit(fg_verdict_kind_t kind)
{
    switch (kind) {

    case FG_VERDICT_THROTTLED_PLAN:
    case FG_VERDICT_THROTTLED_PLAN_METHOD:
    case FG_VERDICT_THROTTLED_METHOD:
    case FG_VERDICT_THROTTLED_ACCOUNT:
    case FG_VERDICT_THROTTLED_ADDRESS:
    case FG_VERDICT_QUOTA_EXCEEDED:
    case FG_VERDICT_GRANT_PENDING:
    case FG_VERDICT_CONTENDED:
    case FG_VERDICT_BUCKETS_FULL:
        return 1;

    default:
        return 0;
    }
}


/* Rule A3: limits that callers share are not shown. */
const char *
ngx_http_faregate_policy_name(fg_verdict_kind_t kind)
{
    switch (kind) {

    case FG_VERDICT_ADMITTED:
    case FG_VERDICT_THROTTLED_PLAN:
        return "burst";

    case FG_VERDICT_THROTTLED_PLAN_METHOD:
        return "method";

    case FG_VERDICT_THROTTLED_ADDRESS:
        return "address";

    case FG_VERDICT_QUOTA_EXCEEDED:
        return "quota";

    default:
        return NULL;
    }
}


/* Rule A1: whole seconds, rounded up; 0 when nobody knows, or nothing was refused. */
ngx_int_t
ngx_http_faregate_wait(ngx_http_faregate_ctx_t *ctx)
{
    int64_t  wait_us;

    wait_us = ctx->verdict.retry_after_us;

    if (!ctx->is_decided || wait_us <= 0 || wait_us == INT64_MAX
        || !ngx_http_faregate_is_limit(ctx->verdict.kind))
    {
        return 0;
    }

    return ngx_http_faregate_round_up(wait_us, FG_SECOND_US);
}


/* Seconds in which a bucket gains `count` requests. */
static int64_t
ngx_http_faregate_refill(fg_throttle_t throttle, uint32_t count)
{
    return ngx_http_faregate_round_up((int64_t) count * 1000, throttle.rate_milli_rps);
}


static ngx_uint_t
ngx_http_faregate_throttle_policy(const fg_verdict_t *verdict,
    ngx_http_faregate_policy_t *policy)
{
    fg_throttle_t  throttle;

    throttle = verdict->throttle;
    policy->name = ngx_http_faregate_policy_name(verdict->kind);

    if (policy->name == NULL || !throttle.is_set) {
        return 0;
    }

    policy->limit = throttle.burst;
    policy->remaining = ngx_min(verdict->throttle_remaining, throttle.burst);
    policy->window = 0;
    policy->reset = -1;

    if (throttle.rate_milli_rps) {
        policy->window = ngx_max(1, ngx_http_faregate_refill(throttle, throttle.burst));
        policy->reset = ngx_http_faregate_refill(throttle,
                                                 throttle.burst - policy->remaining);
    }

    return 1;
}


static ngx_uint_t
ngx_http_faregate_quota_policy(const fg_verdict_t *verdict,
    ngx_http_faregate_policy_t *policy)
{
    if (verdict->quota_reset_at.s == 0) {
        return 0;
    }

    policy->name = "quota";
    policy->limit = verdict->quota_limit;
    policy->remaining = verdict->quota_remaining;
    policy->window = verdict->quota_reset_at.s
                     - (int64_t) verdict->quota_start_day * FG_DAY_S;
    policy->reset = ngx_max(0, verdict->quota_reset_at.s - ngx_time());

    return 1;
}


/*
 * Rule A2: beside Retry-After no policy names a later time, and the one that refused names that
 * same.
 */
static void
ngx_http_faregate_fit(ngx_http_faregate_policy_t *policy, const char *refused,
    ngx_int_t wait)
{
    if (refused && ngx_strcmp(policy->name, refused) == 0) {
        policy->reset = wait ? wait : -1;
        return;
    }

    if (wait && policy->reset > wait) {
        policy->reset = -1;
    }
}


static ngx_uint_t
ngx_http_faregate_policies(ngx_http_faregate_ctx_t *ctx,
    ngx_http_faregate_policy_t *policies)
{
    const char  *refused;
    ngx_int_t    wait;
    ngx_uint_t   i, count;

    count = ngx_http_faregate_throttle_policy(&ctx->verdict, &policies[0]);
    count += ngx_http_faregate_quota_policy(&ctx->verdict, &policies[count]);

    if (ctx->verdict.kind != FG_VERDICT_ADMITTED) {
        wait = ngx_http_faregate_wait(ctx);
        refused = ngx_http_faregate_policy_name(ctx->verdict.kind);

        for (i = 0; i < count; i++) {
            ngx_http_faregate_fit(&policies[i], refused, wait);
        }
    }

    return count;
}


static u_char *
ngx_http_faregate_put_number(u_char *p, uint64_t number)
{
    u_char  digits[NGX_INT64_LEN], *first;

    first = digits + sizeof(digits);

    do {
        *--first = (u_char) ('0' + number % 10);
        number /= 10;
    } while (number);

    return ngx_cpymem(p, first, digits + sizeof(digits) - first);
}


static u_char *
ngx_http_faregate_put_parameter(u_char *p, u_char name, uint64_t number)
{
    *p++ = ';';
    *p++ = name;
    *p++ = '=';

    return ngx_http_faregate_put_number(p, number);
}


static u_char *
ngx_http_faregate_put_name(u_char *p, const char *name, ngx_uint_t index)
{
    if (index) {
        *p++ = ',';
        *p++ = ' ';
    }

    *p++ = '"';
    p = ngx_cpymem(p, name, ngx_strlen(name));
    *p++ = '"';

    return p;
}


#define ngx_http_faregate_add(r, name, value, len)                            \
    ngx_http_faregate_add_header(r, name, sizeof(name) - 1, value, len)


static ngx_int_t
ngx_http_faregate_add_lists(ngx_http_request_t *r,
    const ngx_http_faregate_policy_t *policies, ngx_uint_t count)
{
    u_char      *start, *middle, *p;
    ngx_uint_t   i;

    start = ngx_pnalloc(r->pool, 2 * count * NGX_HTTP_FAREGATE_POLICY_LEN);
    if (start == NULL) {
        return NGX_ERROR;
    }

    p = start;

    for (i = 0; i < count; i++) {
        p = ngx_http_faregate_put_name(p, policies[i].name, i);
        p = ngx_http_faregate_put_parameter(p, 'q', policies[i].limit);

        if (policies[i].window) {
            p = ngx_http_faregate_put_parameter(p, 'w', policies[i].window);
        }
    }

    middle = p;

    for (i = 0; i < count; i++) {
        p = ngx_http_faregate_put_name(p, policies[i].name, i);
        p = ngx_http_faregate_put_parameter(p, 'r', policies[i].remaining);

        if (policies[i].reset >= 0) {
            p = ngx_http_faregate_put_parameter(p, 't', policies[i].reset);
        }
    }

    if (ngx_http_faregate_add(r, "RateLimit-Policy", start, middle - start) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_faregate_add(r, "RateLimit", middle, p - middle);
}


/* The policy that refused; else the quota, which is the one to plan by. */
static const ngx_http_faregate_policy_t *
ngx_http_faregate_tightest(ngx_http_faregate_ctx_t *ctx,
    const ngx_http_faregate_policy_t *policies, ngx_uint_t count)
{
    return ctx->verdict.kind == FG_VERDICT_ADMITTED ? &policies[count - 1]
                                                    : &policies[0];
}


/* Rule A4. */
static ngx_int_t
ngx_http_faregate_add_x(ngx_http_request_t *r,
    const ngx_http_faregate_policy_t *policy)
{
    u_char  *start, *p;

    start = ngx_pnalloc(r->pool, 3 * NGX_INT64_LEN);
    if (start == NULL) {
        return NGX_ERROR;
    }

    p = ngx_http_faregate_put_number(start, policy->limit);

    if (ngx_http_faregate_add(r, "X-RateLimit-Limit", start, p - start) != NGX_OK) {
        return NGX_ERROR;
    }

    start = p;
    p = ngx_http_faregate_put_number(start, policy->remaining);

    if (ngx_http_faregate_add(r, "X-RateLimit-Remaining", start, p - start) != NGX_OK) {
        return NGX_ERROR;
    }

    if (policy->reset < 0) {
        return NGX_OK;
    }

    start = p;
    p = ngx_http_faregate_put_number(start, ngx_time() + policy->reset);

    return ngx_http_faregate_add(r, "X-RateLimit-Reset", start, p - start);
}


ngx_int_t
ngx_http_faregate_add_limits(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx)
{
    ngx_uint_t                     count;
    ngx_http_faregate_policy_t     policies[NGX_HTTP_FAREGATE_POLICIES_MAX];
    ngx_http_faregate_loc_conf_t  *flcf;

    flcf = ngx_http_get_module_loc_conf(r, ngx_http_faregate_module);

    if (!(flcf->limit_headers & NGX_HTTP_FAREGATE_LIMITS_ANY)
        || flcf->dry_run || !ctx->is_decided)
    {
        return NGX_OK;
    }

    count = ngx_http_faregate_policies(ctx, policies);

    if (count == 0) {
        return NGX_OK;
    }

    if ((flcf->limit_headers & NGX_HTTP_FAREGATE_LIMITS_IETF)
        && ngx_http_faregate_add_lists(r, policies, count) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (flcf->limit_headers & NGX_HTTP_FAREGATE_LIMITS_X) {
        return ngx_http_faregate_add_x(r, ngx_http_faregate_tightest(ctx, policies,
                                                                     count));
    }

    return NGX_OK;
}
