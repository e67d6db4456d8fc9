/*
 * metrics - what each worker counted per method of a stage.
 *
 * Shape      Each worker has a region of geometry.series lines of 512 bytes of its own, found by
 *            hash of method_id, so that no two processes write one line; the daemon sums over
 *            workers. A worker claims its region by its process id in header.worker_pids; that of a
 *            dead one is taken over, counts and all, so that totals only rise.
 * Units      Requests; times in microseconds, histograms in the OpenTelemetry boundaries of seconds
 *            below.
 * Rule       docs/metrics.md; X4.
 */
#ifndef FG_GATE_METRICS_H
#define FG_GATE_METRICS_H

#include "gate/gate.h"

/*    name                     label in Prometheus */
#define FG_OUTCOME_LIST(X)                                                                         \
    X(ADMITTED, "admitted")                                                                        \
    X(THROTTLED, "throttled")                                                                      \
    X(OVER_QUOTA, "over_quota")                                                                    \
    X(FORBIDDEN, "forbidden")     /* key, plan, address, authorization */                          \
    X(NOT_FOUND, "not_found")     /* no such method */                                             \
    X(UNAVAILABLE, "unavailable") /* no gate, no grant, no backend */                              \
    X(OTHER, "other")

typedef enum fg_outcome {
#define FG_OUTCOME_MEMBER(name, label) FG_OUTCOME_##name,
    FG_OUTCOME_LIST(FG_OUTCOME_MEMBER)
#undef FG_OUTCOME_MEMBER
        FG_OUTCOME_COUNT
} fg_outcome_t;

enum { FG_LATENCY_BUCKETS = 15 }; /* 14 boundaries and the rest */
/* Upper bounds in microseconds: 5 ms ... 10 s. */
extern const uint32_t fg_latency_bounds_us[FG_LATENCY_BUCKETS - 1];

typedef struct fg_series {
    uint64_t method_id;           /* 0: requests without a method */
    uint64_t api_id, resource_id; /* packed, 0: unknown */
    uint32_t stage_index;         /* FG_GATE_NONE: unknown */
    uint8_t verb;                 /* fg_verb_t */
    uint64_t outcomes[FG_OUTCOME_COUNT];
    uint64_t statuses[6]; /* of answers sent, by class: [0] none */
    uint64_t latency[FG_LATENCY_BUCKETS], latency_sum_us;
    uint64_t integration_latency[FG_LATENCY_BUCKETS], integration_latency_sum_us;
} fg_series_t;

typedef struct fg_measure {
    uint64_t method_id, api_id, resource_id;
    uint32_t stage_index;
    uint8_t verb;
    fg_outcome_t outcome;
    unsigned status_class; /* 0..5 */
    uint64_t latency_us;
    bool is_integrated; /* a backend was asked: */
    uint64_t integration_latency_us;
} fg_measure_t;

/* This process's region, FG_GATE_NONE when all are taken by living processes. */
uint32_t fg_gate_worker_claim(fg_gate_t *gate);
void fg_gate_worker_release(fg_gate_t *gate, uint32_t worker);
/* Is any process that claimed a region alive? */
bool fg_gate_has_workers(const fg_gate_t *gate);
/* Count one request. Series that do not fit are counted in the one without a method. */
void fg_gate_measure(fg_gate_t *gate, uint32_t worker, const fg_measure_t *measure);
/* Every series, summed over workers, to `each`. FG_NO_MEMORY. */
FG_MUST_USE fg_status_t fg_gate_series_each(const fg_gate_t *gate,
                                            void (*each)(void *ctx, const fg_series_t *series),
                                            void *ctx);
const char *fg_outcome_text(fg_outcome_t outcome);

#endif
