/*
 * control - the control API as a function from request to response; it does not know what carries the bytes.
 *
 * Shape      fg_control_handle looks the operation up in operations.def, verifies the signature, opens the transaction,
 *            runs the handler, commits, publishes, renders. A handler says only what is special about its operation.
 * Ownership  Everything in a call lives in the call's arena.
 * Threads    One call at a time (faregated's lock).
 */
#ifndef FG_CONTROL_CONTROL_H
#define FG_CONTROL_CONTROL_H

#include "agent/agent.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "base/status.h"
#include "control/exchange.h"
#include "store/store.h"

typedef struct fg_pair {
    fg_str_t name, value;
} fg_pair_t;

typedef struct fg_request {
    fg_str_t verb;
    fg_str_t target; /* raw: path and query as they came in the request line */
    fg_str_t body;
    const fg_pair_t *headers;
    size_t header_count;
    fg_str_t source_address; /* for logs */
} fg_request_t;

enum { FG_RESPONSE_HEADERS_MAX = 16 };
typedef struct fg_response {
    int status;
    /* Content-Type, x-amzn-RequestId, x-amzn-ErrorType, ... */
    fg_pair_t headers[FG_RESPONSE_HEADERS_MAX];
    size_t header_count;
    fg_str_t body;
    const char *operation; /* name for the log; "" when none matched */
    fg_error_t error;      /* for the log; status FG_OK when it went well */
} fg_response_t;

typedef struct fg_control_settings {
    const char *region;        /* default region of ARNs */
    const char *account_id;    /* 12 digits */
    const char *alert_webhook_url; /* NULL: none */
    const char *lambda_endpoint;   /* where functions are invoked; NULL: nowhere. Rule TI7 */
    int quota_exceeded_status; /* 403 or 429 (rule Q2): what GetGatewayResponse shows later on */
    bool is_one_plan_per_key;  /* plans_per_key one (rule P5) */
    int64_t keys_max;          /* account limit, 0: off (rule K10) */
    bool is_unsigned_allowed;  /* tests and fuzzers only */
} fg_control_settings_t;

typedef struct fg_control {
    fg_store_t *store;
    fg_agent_t *agent; /* NULL in unit tests without a gate: publishing is then skipped */
    fg_control_settings_t settings;
    fg_random_t random;
    fg_exchange_t *exchange; /* NULL: there is no network */
    void *exchange_ctx;
} fg_control_t;

/* May the answer wait for a backend (rule TI9)? Then it is best had in a thread of its own. Looks at
 * verb and path alone, touches nothing. */
bool fg_control_may_wait(fg_str_t verb, fg_str_t target);

/* Answer one request. Cannot fail: trouble is an answer too. Views in the response live in `arena`. */
void fg_control_handle(fg_control_t *control, const fg_request_t *request, fg_now_t now,
                       fg_arena_t *arena, fg_response_t *ret_response);

#endif
