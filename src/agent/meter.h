/*
 * meter - usage by the minute: what the drain takes, kept until its minute is over, then written.
 *
 * Shape      A table in memory of the pairs that counted in the running minute; when the minute is
 *            over its rows are written in steps with the drains that follow, so that a minute of
 *            100,000 pairs costs each drain a twentieth of them.
 * Units      Totals as the gate has them, not differences (store/usage_minute.h): writing a row
 *            twice changes nothing, and one that a kill forgot shows in the pair's next.
 * Threads    Under faregated's lock.
 * Rule       docs/rules/usage.md U1-U4.
 */
#ifndef FG_AGENT_METER_H
#define FG_AGENT_METER_H

#include "gate/gate.h"
#include "store/usage_minute.h"

enum {
    FG_METER_STEPS = 20,            /* drains over which a minute's rows are spread */
    FG_METER_FLUSH_MAX = 10000,     /* rows that one question may have written at once */
    FG_METER_DAYS_KEPT = 35,        /* of minute rows, unless the operator says otherwise */
    FG_METER_USAGE_DAYS_KEPT = 800, /* of day rows */
};

typedef struct fg_meter fg_meter_t;

/* NULL when out of memory. */
fg_meter_t *fg_meter_new(void);
/* NULL is fine. What is not written is dropped. */
void fg_meter_free(fg_meter_t *meter);

/* What the drain took of a pair. Owners of shared slots are passed over: their keys are metered.
 * False when there is no memory for it: leave it in the gate. */
FG_MUST_USE bool fg_meter_note(fg_meter_t *meter, const fg_gate_usage_t *usage, fg_wall_t now);
/* What backends answered for a pair until the end of `minute`; waits for the pair's next count when
 * it has none. False without memory. */
FG_MUST_USE bool fg_meter_note_answers(fg_meter_t *meter, const fg_gate_answers_t *answers,
                                       uint32_t minute);
/* Is there something to write? */
bool fg_meter_is_due(const fg_meter_t *meter, fg_wall_t now);
/* In the drain's transaction: the next step of what is over. Done again when that is rolled back. */
FG_MUST_USE fg_status_t fg_meter_write(fg_meter_t *meter, fg_store_t *store, fg_wall_t now,
                                       fg_error_t *reterr);
/* The transaction of the last fg_meter_write is durable. */
void fg_meter_committed(fg_meter_t *meter);
/* In a transaction: rows of the running minute as they stand now, of one plan (0: all) and key (0:
 * all), at most FG_METER_FLUSH_MAX unless all. *ret_is_whole is false when there were more. */
FG_MUST_USE fg_status_t fg_meter_flush(fg_meter_t *meter, fg_store_t *store, uint64_t plan_id,
                                       uint64_t key_id, bool *ret_is_whole, fg_error_t *reterr);

#endif
