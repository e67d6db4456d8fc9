/*
 * explain - the latest refusals, for `faregate explain`.
 *
 * Shape      A ring of 256-byte lines in the gate (geometry.explains of them). A worker takes the
 *            next number with one exchange and writes its line with the number and a sum over both;
 *            a reader drops a copy whose sum does not fit. No allocation, no lock; the oldest line
 *            is overwritten.
 * Threads    Any number of workers write, the daemon reads.
 * Rule       docs/rules/explain.md: every refusal leaves one line under its request id.
 */
#ifndef FG_GATE_EXPLAIN_H
#define FG_GATE_EXPLAIN_H

#include "gate/gate.h"

enum { FG_EXPLAIN_ID_BYTES = 36, FG_EXPLAIN_REASON_BYTES = 31, FG_EXPLAIN_PATH_BYTES = 47 };

typedef struct fg_explain {
    char request_id[FG_EXPLAIN_ID_BYTES];
    uint16_t status;                          /* that was answered */
    uint8_t is_dry_run, verb;                 /* verb: fg_verb_t */
    char reason[FG_EXPLAIN_REASON_BYTES + 1]; /* NUL-terminated, cut */
    char path[FG_EXPLAIN_PATH_BYTES + 1];     /* behind the stage, without the query; likewise */
    uint32_t stage_index;                     /* FG_GATE_NONE: unknown stage */
    uint32_t throttle_burst;
    int64_t at_s;                                  /* UTC */
    uint64_t api_id, resource_id, key_id, plan_id; /* packed, 0 for none */
    int64_t retry_after_us;                        /* INT64_MAX: never; 0: not known */
    uint64_t throttle_rate_milli_rps;
    uint64_t quota_limit, quota_remaining;
    int64_t quota_reset_at_s;
    uint8_t address[16];
} fg_explain_t;

/* Leave one line. */
void fg_gate_explain_put(fg_gate_t *gate, const fg_explain_t *explain);
/* The line of a request id. False when there is none, or no more. Reads the whole ring. */
FG_MUST_USE bool fg_gate_explain_find(const fg_gate_t *gate, fg_str_t request_id,
                                      fg_explain_t *ret_explain);
/* The latest lines, newest first, at most `max`; returns how many. */
size_t fg_gate_explain_latest(const fg_gate_t *gate, fg_explain_t *ret_explains, size_t max);
/* Lines that the ring holds. */
uint32_t fg_gate_explain_room(const fg_gate_t *gate);

#endif
