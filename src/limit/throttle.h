/*
 * throttle - token bucket in one word.
 *
 * Shape      The live state is the time (monotonic microseconds, scaled by FG_THROTTLE_SCALE) at
 *            which the bucket will be full again, so that one exchange is a whole update. 0 is a
 *            full bucket.
 * Units      Rate in thousandths of a request per second, burst in requests.
 * Threads    Any number of worker processes; lock-free. After FG_CAS_MAX lost rounds the request is
 *            refused.
 * Rule       docs/rules/throttle.md T1 (burst is capacity, rate is refill).
 */
#ifndef FG_LIMIT_THROTTLE_H
#define FG_LIMIT_THROTTLE_H

#include "base/clock.h"
#include "base/types.h"

#include <stdatomic.h>

typedef _Atomic uint64_t fg_throttle_word_t;

typedef struct fg_throttle {
    uint64_t rate_milli_rps; /* 0 with is_set: nothing passes */
    uint32_t burst;          /* 0 with is_set: nothing passes */
    bool is_set;             /* false: no limit here */
} fg_throttle_t;

typedef struct fg_take {
    bool is_granted;
    bool is_contended;      /* refused because FG_CAS_MAX rounds were lost */
    int64_t retry_after_us; /* when refused: until one is due; INT64_MAX when never */
} fg_take_t;

/* Would one request pass now? Changes nothing. */
FG_MUST_USE fg_take_t fg_throttle_check(const fg_throttle_word_t *word, fg_throttle_t limits,
                                        fg_mono_t now);
/* Spend one request. Granted, or refused with the wait until one is due and the bucket unchanged.
 * A `now` earlier than the last one seen admits nothing extra. */
FG_MUST_USE fg_take_t fg_throttle_take(fg_throttle_word_t *word, fg_throttle_t limits,
                                       fg_mono_t now);
/* Give one request back that was taken and not used. Never makes the bucket hold more than the
 * burst. */
void fg_throttle_give_back(fg_throttle_word_t *word, fg_throttle_t limits);
/* Is the bucket full, whatever its limits? Then it is as good as a new one. */
bool fg_throttle_is_full(const fg_throttle_word_t *word, fg_mono_t now);
/* Whole requests in the bucket now, 0..burst. */
uint32_t fg_throttle_available(const fg_throttle_word_t *word, fg_throttle_t limits, fg_mono_t now);

#endif
