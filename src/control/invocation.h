/*
 * invocation - one test run: the request that the caller describes, what it was answered, its log.
 *
 * Shape      fg_invocation_begin reads what TestInvokeMethod and TestInvokeAuthorizer have in
 *            common; the kinds of integration and authorizer carry the run out.
 * Ownership  Texts are the call's input's or its arena's.
 * Failure    Lack of memory is kept in `is_out_of_memory` and told once, by fg_invocation_end.
 * Rule       docs/rules/test-invoke.md.
 */
#ifndef FG_CONTROL_INVOCATION_H
#define FG_CONTROL_INVOCATION_H

#include "control/document.h"
#include "control/execution_log.h"
#include "mapping/expression.h"

typedef struct fg_invocation {
    fg_call_t *call;
    fg_execution_log_t log;
    fg_str_t verb, resource_id, resource_path;
    fg_str_t path, query; /* raw; the query without its question mark */
    fg_str_t body;        /* empty for none */
    fg_lambda_pairs_t headers, query_pairs, path_parameters, variables;
    fg_str_t extended_id, trace_id;
    int64_t latency_us; /* of the backends */
    bool is_out_of_memory;
    /* the answer */
    int status;
    fg_str_t answer_body;
    fg_route_pair_t answer_headers[FG_TEST_PAIRS_MAX];
    size_t answer_header_count;
    bool is_refused; /* by a gateway response */
} fg_invocation_t;

/* Read the call's input and the place; `resource_path` stands in for an absent path. */
FG_MUST_USE fg_status_t fg_invocation_begin(fg_invocation_t *run, fg_call_t *call, fg_str_t verb,
                                            fg_str_t resource_id, fg_str_t resource_path);

/* ---- what mappings ask ---- */

/* By the names of mapping/expression.h. */
fg_mapping_source_t fg_invocation_source(fg_invocation_t *run);
/* An expression's value; method.request.body and its members are known here. */
fg_str_t fg_invocation_evaluate(fg_invocation_t *run, fg_str_t expression);
/* The value of the header, compared without case; FG_STR_NONE. */
fg_str_t fg_invocation_header(const fg_invocation_t *run, const char *name);
/* A member of a JSON text by a dotted path ("a.b.0"), texts bare; FG_STR_NONE. */
fg_str_t fg_json_member_text(fg_str_t json, fg_str_t path, fg_arena_t *arena);
/* The entries of `map` whose names stand behind `prefix`, without it; null ones are left out. */
fg_lambda_pairs_t fg_invocation_pairs(fg_invocation_t *run, json_t *map, const char *prefix);

/* ---- backends ---- */

/* Send the request and tell the log of both. FG_EXCHANGE_FAILED when there is no network. */
void fg_invocation_ask(fg_invocation_t *run, const fg_exchange_request_t *request,
                       fg_exchange_answer_t *ret_answer);

/* An exchange's headers as pairs. */
fg_lambda_pairs_t fg_invocation_headers(fg_invocation_t *run, const fg_pair_t *headers,
                                        size_t count);

typedef enum fg_invoked {
    FG_INVOKED,         /* the answer's body is what the function gave */
    FG_INVOKED_FAILING, /* the same, and it is an error of the function's */
    FG_INVOKED_NOWHERE, /* the URI names no function, or nobody said where functions live */
    FG_INVOKED_DENIED,
    FG_INVOKED_BROKEN,
    FG_INVOKED_TIMED_OUT
} fg_invoked_t;
/* Hand the function of an invocation's URI `payload`. What goes wrong is logged. Rule TI7. */
fg_invoked_t fg_invocation_invoke(fg_invocation_t *run, fg_str_t uri, fg_str_t payload,
                                  uint32_t timeout_ms, fg_exchange_answer_t *ret_answer);
fg_lambda_event_t fg_invocation_event(fg_invocation_t *run, const char *stage);

/* ---- the answer ---- */

void fg_invocation_answer_header(fg_invocation_t *run, fg_str_t name, fg_str_t value);
/* A gateway response in place of an answer; the reason goes to the log. Rule TI12. */
void fg_invocation_refuse(fg_invocation_t *run, fg_gateway_response_type_t type, fg_str_t reason);
/* A text of printf's in the arena; empty, noted, on lack of memory. */
fg_str_t fg_invocation_text(fg_invocation_t *run, const char *format, ...) FG_PRINTF(2, 3);

#endif
