/*
 * exchange - one HTTP request to a backend, by whoever carries control's bytes.
 *
 * Shape      A function that control is given; without one (unit tests, fuzzers) every exchange fails.
 * Ownership  The request is the caller's; the answer's texts live in `arena`.
 * Threads    Called with faregated's lock held and returns with it held, but it is given up while
 *            the backend is waited for: whoever calls holds nothing of the store, no statement and
 *            no transaction. Only operations of the WAIT kind may call it (operations.def).
 * Rule       TI9, TI10.
 */
#ifndef FG_CONTROL_EXCHANGE_H
#define FG_CONTROL_EXCHANGE_H

#include "base/arena.h"

struct fg_pair;

enum {
    FG_EXCHANGE_BODY_BYTES_MAX = 10 * 1024 * 1024, /* of an answer: the service's payload limit */
    FG_EXCHANGE_HEADERS_MAX = 100,
};

typedef struct fg_exchange_request {
    fg_str_t verb, url;
    const struct fg_pair *headers;
    size_t header_count;
    fg_str_t body; /* FG_STR_NONE: no body */
    uint32_t timeout_ms;
    bool is_tls_unverified;
} fg_exchange_request_t;

typedef enum fg_exchange_outcome {
    FG_EXCHANGE_ANSWERED,
    FG_EXCHANGE_FAILED, /* no connection, no HTTP, too large */
    FG_EXCHANGE_TIMED_OUT
} fg_exchange_outcome_t;

typedef struct fg_exchange_answer {
    fg_exchange_outcome_t outcome;
    int status;
    struct fg_pair *headers; /* in the order they came, names as they came */
    size_t header_count;
    fg_str_t body;
    fg_str_t reason; /* why it failed, for the log: visible ASCII */
    int64_t latency_us;
} fg_exchange_answer_t;

typedef void fg_exchange_t(void *ctx, const fg_exchange_request_t *request, fg_arena_t *arena,
                           fg_exchange_answer_t *ret_answer);

#endif
