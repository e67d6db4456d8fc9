/*
 * application/problem+json (RFC 9457), for clients that ask for it by name (rules A6, A7).
 *
 * Refusals of keys look alike here as well (rule K5): whoever tries keys learns no more from the
 * reason than from the service's own text.
 */
#include "ngx_http_faregate_module.h"

#include "gate/reason.h"


#define NGX_HTTP_FAREGATE_PROBLEM_LEN  1024

#define NGX_HTTP_FAREGATE_REGISTRY                                            \
    "https://iana.org/assignments/http-problem-types#"


/* Reasons that callers are not to tell apart (rule A7). */
typedef struct {
    const char  *reason;
    const char  *shown;
    const char  *detail;
} ngx_http_faregate_cover_t;


#define ngx_http_faregate_key(reason)                                         \
    { reason, "key-refused", "The API key is missing, or not good for this request." }

#define ngx_http_faregate_stage(reason)                                       \
    { reason, "stage-unknown", "Nothing is served under this name." }


static const ngx_http_faregate_cover_t  ngx_http_faregate_covers[] = {
    ngx_http_faregate_key("key-missing"),
    ngx_http_faregate_key("key-unknown"),
    ngx_http_faregate_key("key-disabled"),
    ngx_http_faregate_key("key-deleted"),
    ngx_http_faregate_key("key-without-plan"),
    ngx_http_faregate_key("plan-not-on-stage"),
    ngx_http_faregate_key("key-expired"),
    ngx_http_faregate_key("key-not-yet-valid"),
    ngx_http_faregate_key("address-denied"),
    ngx_http_faregate_stage("api-unknown"),
    ngx_http_faregate_stage("stage-unknown"),
    ngx_http_faregate_stage("stage-not-deployed"),
    ngx_http_faregate_stage("endpoint-disabled")
};


/* The q of a media range in thousandths: 1000 without one, 0 when it cannot be read. */
static ngx_int_t
ngx_http_faregate_quality(fg_str_t parameters)
{
    double    q;
    fg_str_t  name, value;

    while (parameters.at != NULL) {
        value = fg_str_cut(&parameters, ';');
        name = fg_str_trim(fg_str_cut(&value, '='));

        if (fg_str_eq_nocase(name, FG_STR("q"))) {
            return value.at && fg_str_to_double(fg_str_trim(value), &q)
                   && q >= 0 && q <= 1 ? (ngx_int_t) (q * 1000) : 0;
        }
    }

    return 1000;
}


/* Named as such, and not liked less than plain JSON. */
static ngx_uint_t
ngx_http_faregate_is_problem_wanted(ngx_http_request_t *r)
{
    fg_str_t   accept, range, type;
    ngx_int_t  problem, json;

    accept = ngx_http_faregate_header(r, "accept", sizeof("accept") - 1);
    problem = 0;
    json = 0;

    while (accept.at != NULL) {
        range = fg_str_cut(&accept, ',');
        type = fg_str_trim(fg_str_cut(&range, ';'));

        if (fg_str_eq_nocase(type, FG_STR("application/problem+json"))) {
            problem = ngx_http_faregate_quality(range);

        } else if (fg_str_eq_nocase(type, FG_STR("application/json"))) {
            json = ngx_http_faregate_quality(range);
        }
    }

    return problem > 0 && problem >= json;
}


static ngx_http_faregate_cover_t
ngx_http_faregate_cover(const char *reason)
{
    size_t                     i;
    const fg_reason_t         *known;
    ngx_http_faregate_cover_t  cover;

    for (i = 0; i < FG_COUNT_OF(ngx_http_faregate_covers); i++) {
        if (ngx_strcmp(ngx_http_faregate_covers[i].reason, reason) == 0) {
            return ngx_http_faregate_covers[i];
        }
    }

    known = fg_reason_find(fg_str(reason));

    cover.reason = reason;
    cover.shown = reason;
    cover.detail = known ? known->sentence : "The request was refused.";

    return cover;
}


static const char *
ngx_http_faregate_status_text(ngx_uint_t status)
{
    switch (status) {

    case 400:
        return "Bad Request";

    case 403:
        return "Forbidden";

    case 413:
        return "Content Too Large";

    case 415:
        return "Unsupported Media Type";

    case 429:
        return "Too Many Requests";

    case 503:
        return "Service Unavailable";

    case 504:
        return "Gateway Timeout";

    default:
        return status >= 500 ? "Internal Server Error" : "Bad Request";
    }
}


/* Type and title; the registered ones are of draft-ietf-httpapi-ratelimit-headers. */
static u_char *
ngx_http_faregate_put_type(u_char *p, ngx_http_faregate_ctx_t *ctx, ngx_uint_t status)
{
    ngx_uint_t  is_limit;

    is_limit = ctx->is_decided && ngx_http_faregate_is_limit(ctx->verdict.kind);

    if (status == NGX_HTTP_SERVICE_UNAVAILABLE) {
        return ngx_sprintf(p, "{\"type\":\"" NGX_HTTP_FAREGATE_REGISTRY
                           "temporary-reduced-capacity\",\"title\":\"Request cannot be "
                           "satisfied due to temporary server capacity constraints\"");
    }

    if (is_limit) {
        return ngx_sprintf(p, "{\"type\":\"" NGX_HTTP_FAREGATE_REGISTRY
                           "quota-exceeded\",\"title\":\"Request cannot be satisfied as "
                           "assigned quota has been exceeded\"");
    }

    return ngx_sprintf(p, "{\"type\":\"about:blank\",\"title\":\"%s\"",
                       ngx_http_faregate_status_text(status));
}


static u_char *
ngx_http_faregate_put_policy(u_char *p, ngx_http_faregate_ctx_t *ctx)
{
    const char  *name;

    if (!ctx->is_decided || ctx->verdict.kind == FG_VERDICT_ADMITTED) {
        return p;
    }

    name = ngx_http_faregate_policy_name(ctx->verdict.kind);

    return name ? ngx_sprintf(p, ",\"violated-policies\":[\"%s\"]", name) : p;
}


/* Nothing of what is written comes from the request, so nothing needs escaping. */
ngx_int_t
ngx_http_faregate_make_problem(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx,
    ngx_http_faregate_answer_t *answer)
{
    u_char                        *start, *p;
    ngx_http_faregate_cover_t      cover;
    ngx_http_faregate_loc_conf_t  *flcf;

    flcf = ngx_http_get_module_loc_conf(r, ngx_http_faregate_module);

    if (!flcf->problem_json || answer->is_customised || answer->error_type == NULL
        || ctx->reason == NULL || !ngx_http_faregate_is_problem_wanted(r))
    {
        return NGX_OK;
    }

    start = ngx_pnalloc(r->pool, NGX_HTTP_FAREGATE_PROBLEM_LEN);
    if (start == NULL) {
        return NGX_ERROR;
    }

    ngx_http_faregate_make_ids(ctx);

    cover = ngx_http_faregate_cover(ctx->reason);

    p = ngx_http_faregate_put_type(start, ctx, answer->status);
    p = ngx_sprintf(p, ",\"status\":%ui,\"detail\":\"%s\",\"instance\":\"urn:uuid:%*s\","
                    "\"reason\":\"%s\"",
                    answer->status, cover.detail,
                    (size_t) NGX_HTTP_FAREGATE_REQUEST_ID_LEN, ctx->request_id,
                    cover.shown);
    p = ngx_http_faregate_put_policy(p, ctx);
    *p++ = '}';

    answer->content_type = FG_STR("application/problem+json");
    answer->body = fg_str_of((const char *) start, p - start);

    return NGX_OK;
}
