/*
 * quota - calendar windows and the counting word.
 *
 * Shape      One 64-bit word: the day number on which the running window opened (24 bits, high) and
 *            the requests used in it (40 bits, low), so that opening a window and counting is one
 *            exchange.
 * Units      Day numbers since 1970-01-01 UTC, seconds UTC, requests.
 * Threads    Any number of worker processes; lock-free.
 * Rule       docs/rules/quota.md Q1: DAY opens at 00:00 UTC, WEEK on Monday, MONTH on the 1st;
 *            `offset` moves the opening by that many days.
 */
#ifndef FG_LIMIT_QUOTA_H
#define FG_LIMIT_QUOTA_H

#include "base/clock.h"
#include "base/types.h"

#include <stdatomic.h>

typedef enum fg_period {
    FG_PERIOD_NONE,
    FG_PERIOD_DAY,
    FG_PERIOD_WEEK,
    FG_PERIOD_MONTH
} fg_period_t;

typedef _Atomic uint64_t fg_quota_word_t;

enum { FG_QUOTA_USED_BITS = 40 };
#define FG_QUOTA_USED_MAX              ((UINT64_C(1) << FG_QUOTA_USED_BITS) - 1)
#define FG_QUOTA_WORD(start_day, used) (((uint64_t)(start_day) << FG_QUOTA_USED_BITS) | (used))
#define FG_QUOTA_WORD_DAY(word)        ((uint32_t)((word) >> FG_QUOTA_USED_BITS))
#define FG_QUOTA_WORD_USED(word)       ((word)&FG_QUOTA_USED_MAX)

typedef struct fg_quota {
    uint64_t limit; /* requests per window, at most FG_QUOTA_USED_MAX */
    fg_period_t period;
    uint8_t offset_days;
    bool is_set;           /* false: no quota, calls are still counted */
    bool is_closed;        /* nothing may be spent, granted or not (rule L6) */
    uint64_t beyond_grant; /* requests that may be spent beyond the lease, never beyond the limit */
    /* The limit that UpdateUsage gave one window: its day and, in the low 40 bits, the effective
     * limit; 0 for none. */
    uint64_t extension_word;
} fg_quota_t;

/* A window: [start_day, end_day) in day numbers. */
typedef struct fg_quota_window {
    uint32_t start_day;
    uint32_t end_day;
} fg_quota_window_t;

typedef struct fg_quota_take {
    bool is_granted;
    bool is_contended;
    bool is_dry;        /* refused by the lease alone: the limit has room */
    uint32_t start_day; /* of the window that counted */
    uint64_t limit;     /* effective: with the extension of UpdateUsage */
    uint64_t used;      /* after this request when granted */
    fg_wall_t reset_at; /* when the next window opens */
} fg_quota_take_t;

/* The window that holds `now`. */
fg_quota_window_t fg_quota_window_at(fg_period_t period, uint8_t offset_days, fg_wall_t now);

/* Would one request pass? `granted` is a word of the same shape whose low 40 bits say how far the
 * window of its day may be spent (lease.h); a window that it does not name has its first grant.
 * NULL: the limit alone bounds. Changes nothing. */
FG_MUST_USE fg_quota_take_t fg_quota_check(const fg_quota_word_t *word,
                                           const fg_quota_word_t *granted, fg_quota_t quota,
                                           fg_wall_t now);
/* Count one request. A clock earlier than the window seen last counts in that window: a step back
 * admits nothing. */
FG_MUST_USE fg_quota_take_t fg_quota_take(fg_quota_word_t *word, const fg_quota_word_t *granted,
                                          fg_quota_t quota, fg_wall_t now);
/* Take one request back out of the window it was counted in; nothing when that window has passed.
 * */
void fg_quota_give_back(fg_quota_word_t *word, uint32_t start_day);
/* Count without a limit: one word per day (or window) as above. Returns the day that counted: a
 * later one when the word had gone on. */
uint32_t fg_quota_count(fg_quota_word_t *word, uint32_t day);

#endif
