/*
 * forecast - when a quota ends, if requests go on at a pace that was seen.
 *
 * Shape      A pure function over numbers.
 * Units      Requests, seconds UTC.
 * Rule       docs/rules/alerts.md AL2.
 */
#ifndef FG_LIMIT_FORECAST_H
#define FG_LIMIT_FORECAST_H

#include "base/clock.h"
#include "base/types.h"

/* `requests` in the `seconds` before now. */
typedef struct fg_pace {
    uint64_t requests;
    int64_t seconds; /* less than one counts as one */
} fg_pace_t;

/* True when what remains is spent before the window ends, and then *ret_at is the second in which
 * the last of it goes: `now` when nothing remains. */
FG_MUST_USE bool fg_forecast_runs_out(fg_pace_t pace, uint64_t remaining, fg_wall_t now,
                                      fg_wall_t window_end, fg_wall_t *ret_at);

#endif
