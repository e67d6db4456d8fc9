/*
 * top - which pairs of key and plan stand out: the busiest now, the most used today, the nearest to
 * the end of their quota.
 *
 * Shape      Three rankings of bounded size, fed by the drain with the pairs that counted, so that
 *            nobody ever walks all slots. Figures of a pair are absolute and come with every drain
 *            in which it counted, so a ranking by figure is exact among the pairs seen since the
 *            start; rates are averages over about three seconds.
 * Cost       Per drained pair a few loads from one line of 24 bytes per slot; a pair that stands in
 *            a ranking, or comes in, a pass over that ranking.
 * Ownership  The agent owns it. What is handed out is a copy.
 * Threads    Under faregated's lock.
 * Rule       docs/metrics.md.
 */
#ifndef FG_AGENT_TOP_H
#define FG_AGENT_TOP_H

#include "gate/gate.h"

enum { FG_TOP_LIVE_MAX = 200, FG_TOP_KEYS_DEFAULT = 20, FG_TOP_KEYS_MAX = 1000 };

typedef enum fg_top_rank {
    FG_TOP_LIVE,  /* by requests per second, refused ones too */
    FG_TOP_USED,  /* by requests of the current day */
    FG_TOP_QUOTA, /* by what is left of the quota, the least first */
    FG_TOP_RANKS
} fg_top_rank_t;

typedef struct fg_top_entry {
    uint64_t key_id, plan_id; /* packed; key_id may be a group's */
    uint32_t slot_index;
    double admitted_rps, refused_rps;
    uint64_t used_today, throttled, over_quota; /* refusals wrap in 32 and 31 bits */
    uint64_t quota_limit, quota_remaining;      /* limit 0: no quota */
    fg_wall_t quota_reset_at;
    /* FG_TOP_USED: counted since the pair came in */
    uint64_t counted, counted_throttled, counted_over_quota;
    /* the ranking's own */
    double score;
    uint32_t day;
    uint64_t fresh, fresh_refused; /* since the last step */
} fg_top_entry_t;

/* What pairs outside FG_TOP_USED counted, and those that left it: only rises. */
typedef struct fg_top_other {
    uint64_t counted, throttled, over_quota;
} fg_top_other_t;

typedef struct fg_top fg_top_t;

/* `keys_max`: size of the two rankings that metrics show. `slots_before`: slots in use already, of
 * which it is not known what they counted before. NULL without memory. */
fg_top_t *fg_top_new(size_t keys_max, uint64_t slots_before);
void fg_top_free(fg_top_t *top);
/* A drained pair. False without memory; then its figures are taken next time. */
FG_MUST_USE bool fg_top_note(fg_top_t *top, const fg_gate_usage_t *usage, fg_now_t now);
/* A drain is over: rates are brought up to date, what has passed leaves. */
void fg_top_step(fg_top_t *top, fg_now_t now);
/* Copies, best first, at most `max`; returns how many. */
size_t fg_top_list(const fg_top_t *top, fg_top_rank_t rank, fg_top_entry_t *ret_entries,
                   size_t max);
fg_top_other_t fg_top_other(const fg_top_t *top);

#endif
