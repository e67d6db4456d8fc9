/*
 * ngx_http_faregate - what the files of the module share.
 *
 * Shape      One context for each request that came through a faregate location, found by the
 *            request's slot or, after an internal redirect has emptied the slot, by the pool's
 *            cleanup. One gate and one row of snapshots for each worker, kept in the main
 *            configuration.
 * Ownership  The context holds a reference on its snapshot until the request's pool dies.
 * Threads    One: the worker's event loop.
 * Rule       docs/directives.md; reference 6.
 */
#ifndef NGX_HTTP_FAREGATE_MODULE_H
#define NGX_HTTP_FAREGATE_MODULE_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "gate/gate.h"
#include "gate/metrics.h"
#include "route/route.h"


#define NGX_HTTP_FAREGATE_REQUEST_ID_LEN   36
#define NGX_HTTP_FAREGATE_EXTENDED_ID_LEN  16
#define NGX_HTTP_FAREGATE_TRACE_ID_LEN     40   /* Root=1-<8>-<24> */


typedef struct {
    fg_route_t                 *route;      /* NULL: not read yet */
    uint64_t                    revision;
} ngx_http_faregate_snapshot_t;


/* faregate_limit_headers; Retry-After comes with any of them */
#define NGX_HTTP_FAREGATE_LIMITS_OFF       0x0002
#define NGX_HTTP_FAREGATE_LIMITS_IETF      0x0004
#define NGX_HTTP_FAREGATE_LIMITS_X         0x0008
#define NGX_HTTP_FAREGATE_LIMITS_ANY       0x000c


typedef struct {
    ngx_str_t                   gate_path;

    /* the worker's own, empty in the master */

    fg_gate_t                  *gate;
    ngx_uint_t                  gate_number;    /* of this mapping, counted up */
    uint32_t                    worker;         /* region for metrics, */
    time_t                      claimed_at;     /* when it was asked for */
    time_t                      tried_at;   /* of the last attempt to open */
    time_t                      logged_at;  /* of the last complaint about a snapshot */
    ngx_uint_t                  is_missing_logged;
    ngx_http_faregate_snapshot_t *snapshots;
    ngx_uint_t                  snapshot_count;
    ngx_uint_t                  turn;       /* round robin over addresses */
    uint64_t                    random[2];
    uint32_t                    wanted_slot;    /* the last grant asked for, */
    ngx_msec_t                  wanted_at;      /* and when */
} ngx_http_faregate_main_conf_t;


typedef struct {
    ngx_flag_t                  gateway;
    ngx_flag_t                  dry_run;
    ngx_uint_t                  limit_headers;
    ngx_flag_t                  problem_json;
    ngx_msec_t                  grant_timeout;
    ngx_http_complex_value_t   *api;        /* NULL: no guard */
    ngx_http_complex_value_t   *stage;
} ngx_http_faregate_loc_conf_t;


typedef struct {
    fg_str_t                    api_id;
    fg_str_t                    stage_name;
    fg_str_t                    path;       /* behind the stage */
    fg_verb_t                   verb;
    fg_str_t                    key_value;
    ngx_uint_t                  has_key;
} ngx_http_faregate_facts_t;


/* An answer of the gateway's own: refusals and MOCK. */
typedef struct {
    ngx_uint_t                  status;
    fg_str_t                    content_type;   /* empty: none is sent */
    fg_str_t                    body;
    const char                 *error_type;     /* NULL: no error */
    ngx_int_t                   retry_after;    /* seconds; 0: not sent */
    ngx_uint_t                  is_customised;  /* by the API's own gateway response */
} ngx_http_faregate_answer_t;


typedef struct {
    ngx_http_request_t         *request;
    ngx_http_faregate_main_conf_t *conf;

    fg_route_t                 *route;
    fg_route_match_t            match;
    fg_route_entry_t            entry;
    fg_gate_facts_t             asked;          /* views into the request and the snapshot */
    fg_verdict_t                verdict;
    ngx_msec_t                  grant_deadline; /* with is_parked */
    ngx_msec_t                  grant_delay;    /* until the next look, likewise */
    fg_str_t                    api_id;
    fg_str_t                    stage_name;
    fg_str_t                    path;
    fg_verb_t                   verb;

    ngx_uint_t                  gate_number;    /* of the gate that decided */
    fg_outcome_t                outcome;
    const char                 *reason;         /* NULL: nothing was decided */

    ngx_list_t                  client_headers; /* while the backend's stand in their place */
    ngx_str_t                   backend_uri;
    ngx_str_t                   backend_host;   /* for Host: */
    ngx_str_t                   backend_method;
    ngx_uint_t                  first_address;

    ngx_http_faregate_answer_t  answer;         /* with is_replaced */

    unsigned                    is_gateway:1;
    unsigned                    is_matched:1;   /* match and entry are set */
    unsigned                    is_parked:1;    /* waits for a grant */
    unsigned                    is_decided:1;   /* verdict is set */
    unsigned                    is_refused:1;
    unsigned                    is_dry_run:1;
    unsigned                    is_proxied:1;   /* the backend is asked */
    unsigned                    is_rewritten:1; /* client_headers is set */
    unsigned                    is_answered:1;  /* the answer is the module's own, nothing to add */
    unsigned                    is_replaced:1;  /* `answer` stands for the body */
    unsigned                    is_replacement_sent:1;
    unsigned                    has_ids:1;

    u_char                      request_id[NGX_HTTP_FAREGATE_REQUEST_ID_LEN];
    u_char                      extended_id[NGX_HTTP_FAREGATE_EXTENDED_ID_LEN];
} ngx_http_faregate_ctx_t;


/*
 * ngx_http_faregate_gate.c: the worker's mapping, opened again when it is retired; NULL while there
 * is none.
 */
fg_gate_t *ngx_http_faregate_gate(ngx_http_faregate_main_conf_t *fmcf,
    ngx_log_t *log);
/* This worker's region for metrics in it; FG_GATE_NONE while all are taken. */
uint32_t ngx_http_faregate_worker(ngx_http_faregate_main_conf_t *fmcf);
void ngx_http_faregate_gate_close(void *data);

/* ngx_http_faregate_snapshots.c: borrowed from the row; FG_NOT_FOUND when nothing is deployed. */
fg_status_t ngx_http_faregate_snapshot(ngx_http_faregate_main_conf_t *fmcf,
    uint32_t stage_index, ngx_log_t *log, fg_route_t **ret_route);
void ngx_http_faregate_snapshots_drop(ngx_http_faregate_main_conf_t *fmcf);

/* ngx_http_faregate_facts.c: what the client says. */
ngx_int_t ngx_http_faregate_gateway_facts(ngx_http_request_t *r,
    ngx_http_faregate_facts_t *facts);
ngx_int_t ngx_http_faregate_guard_facts(ngx_http_request_t *r,
    ngx_http_faregate_loc_conf_t *flcf, ngx_http_faregate_facts_t *facts);
ngx_int_t ngx_http_faregate_find_key(ngx_http_request_t *r,
    fg_key_source_t source, ngx_http_faregate_facts_t *facts);
ngx_uint_t ngx_http_faregate_is_value(ngx_str_t value);
fg_str_t ngx_http_faregate_raw_path(ngx_http_request_t *r);
/* Of the client, behind realip; IPv4 as ::ffff:a.b.c.d. False: a unix socket. */
bool ngx_http_faregate_client_address(ngx_http_request_t *r,
    uint8_t ret_address[16]);
u_char *ngx_http_faregate_log_error(ngx_http_request_t *r,
    ngx_http_request_t *sr, u_char *buf, size_t len);
fg_str_t ngx_http_faregate_header(ngx_http_request_t *r, const char *lowcase,
    size_t len);

/*
 * ngx_http_faregate_request.c: the PRECONTENT phase, and the context of a request (NULL: it never
 * came through).
 */
ngx_int_t ngx_http_faregate_handler(ngx_http_request_t *r);
ngx_http_faregate_ctx_t *ngx_http_faregate_ctx(ngx_http_request_t *r);
ngx_http_faregate_ctx_t *ngx_http_faregate_ctx_create(ngx_http_request_t *r);

/*
 * ngx_http_faregate_decide.c: NGX_OK when the request may go on, NGX_AGAIN while it waits for a
 * grant (_again then goes on), else what the phase handler returns.
 */
ngx_int_t ngx_http_faregate_decide(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, fg_gate_t *gate,
    ngx_http_faregate_facts_t *facts);
ngx_int_t ngx_http_faregate_decide_again(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx);

/* ngx_http_faregate_ids.c */
ngx_int_t ngx_http_faregate_random_init(ngx_http_faregate_main_conf_t *fmcf);
void ngx_http_faregate_make_ids(ngx_http_faregate_ctx_t *ctx);
void ngx_http_faregate_make_trace_id(ngx_http_faregate_main_conf_t *fmcf,
    u_char *ret_text);

/*
 * ngx_http_faregate_refuse.c: NGX_DONE after the answer is on its way, or what a phase handler
 * returns on failure.
 */
ngx_int_t ngx_http_faregate_refuse(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, fg_gateway_response_type_t type,
    const char *reason);
ngx_int_t ngx_http_faregate_refuse_forbidden(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, const char *reason);
ngx_int_t ngx_http_faregate_refuse_bad_request(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, const char *reason);
/* What cannot be read or passed on, in the gateway's shape; no AWS text fits. */
void ngx_http_faregate_make_bad_request(ngx_http_faregate_ctx_t *ctx,
    ngx_uint_t status, ngx_http_faregate_answer_t *answer);
ngx_int_t ngx_http_faregate_refuse_unavailable(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, const char *reason);
ngx_int_t ngx_http_faregate_send_answer(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, ngx_http_faregate_answer_t *answer);
/* The answer for `type`, its own headers already added to the response. */
ngx_int_t ngx_http_faregate_make_refusal(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, fg_gateway_response_type_t type,
    ngx_http_faregate_answer_t *answer);
/* Status, type, length and the gateway's own headers of `answer` into headers_out. */
ngx_int_t ngx_http_faregate_set_answer(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, ngx_http_faregate_answer_t *answer);
ngx_int_t ngx_http_faregate_add_header(ngx_http_request_t *r, const char *name,
    size_t name_len, const void *value, size_t value_len);
ngx_int_t ngx_http_faregate_add_ids(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, const char *error_type);

/*
 * ngx_http_faregate_limits.c: rules A1-A5. Does the verdict come from a limit? The policy that
 * refused, as callers see it, NULL for one they are not shown. Seconds until they may come back.
 */
ngx_uint_t ngx_http_faregate_is_limit(fg_verdict_kind_t kind);
const char *ngx_http_faregate_policy_name(fg_verdict_kind_t kind);
ngx_int_t ngx_http_faregate_wait(ngx_http_faregate_ctx_t *ctx);
ngx_int_t ngx_http_faregate_add_limits(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx);

/* ngx_http_faregate_log.c: leave a line for `faregate explain`; the LOG phase. */
void ngx_http_faregate_explain(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, ngx_uint_t status);
ngx_int_t ngx_http_faregate_log_handler(ngx_http_request_t *r);
bool ngx_http_faregate_is_counted(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx);

/* ngx_http_faregate_problem.c: dress `answer` as one when the client asks for it. Rule A6. */
ngx_int_t ngx_http_faregate_make_problem(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, ngx_http_faregate_answer_t *answer);

/* ngx_http_faregate_mock.c, ngx_http_faregate_proxy.c: the integrations. */
ngx_int_t ngx_http_faregate_mock(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx);
ngx_int_t ngx_http_faregate_proxy(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx);

/*
 * ngx_http_faregate_headers.c: the backend's request headers in the place of the client's, until
 * _restore.
 */
ngx_int_t ngx_http_faregate_headers_rewrite(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx);
void ngx_http_faregate_headers_restore(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx);

/* ngx_http_faregate_balancer.c */
char *ngx_http_faregate_balancer(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* ngx_http_faregate_filter.c */
void ngx_http_faregate_filter_init(void);

/* ngx_http_faregate_vars.c */
ngx_int_t ngx_http_faregate_add_variables(ngx_conf_t *cf);


static ngx_inline ngx_str_t
ngx_http_faregate_ngx(fg_str_t s)
{
    /* nginx has no view of constant bytes; nothing writes through these */
    ngx_str_t  text = { s.len, (u_char *) (uintptr_t) s.at };

    return text;
}


static ngx_inline fg_str_t
ngx_http_faregate_fg(ngx_str_t s)
{
    return fg_str_of((const char *) s.data, s.len);
}


extern ngx_module_t  ngx_http_faregate_module;


#endif
