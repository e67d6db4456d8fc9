/*
 * Calendar windows and the counting word. The word holds the day on which its window opened and the
 * requests used in it, so that the first request of a new window replaces both in one exchange and
 * every other one only adds.
 *
 * Example: DAY, limit 3, word (day 20000, used 3). At 20001 00:00 UTC the running window opens on
 * day 20001: the word becomes (20001, 1). A worker whose clock is still on day 20000 then counts in
 * the window of day 20001, the newest seen.
 */
#include "limit/quota.h"

#include "base/limits.h"
#include "limit/lease.h"

enum { WEEK_DAYS = 7, EPOCH_WEEKDAY = 3 /* day 0 was a Thursday, weeks open on Monday */ };

static uint32_t month_window_start(int64_t day, int offset, int *ret_year, int *ret_month)
{
    int day_of_month;
    fg_civil_from_day(day - offset, ret_year, ret_month, &day_of_month);
    return (uint32_t)(day - offset - (day_of_month - 1) + offset);
}

/* Rule Q1: offset moves the opening by that many days. */
fg_quota_window_t fg_quota_window_at(fg_period_t period, uint8_t offset_days, fg_wall_t now)
{
    int64_t day = now.s > 0 ? now.s / FG_DAY_S : 0;
    if (day < 62)
        day = 62; /* before March 1970 there is nothing to count, and windows stay above day 0 */
    if (period == FG_PERIOD_WEEK) {
        int64_t weekday = (day - offset_days + EPOCH_WEEKDAY) % WEEK_DAYS;
        return (fg_quota_window_t){(uint32_t)(day - weekday),
                                   (uint32_t)(day - weekday + WEEK_DAYS)};
    }
    if (period == FG_PERIOD_MONTH) {
        int year, month;
        uint32_t start = month_window_start(day, offset_days, &year, &month);
        int64_t next =
            month == 12 ? fg_day_from_civil(year + 1, 1, 1) : fg_day_from_civil(year, month + 1, 1);
        return (fg_quota_window_t){start, (uint32_t)(next + offset_days)};
    }
    return (fg_quota_window_t){(uint32_t)day, (uint32_t)day + 1};
}

/* The window that counts: the clock's, or a later one that somebody has opened already. */
static fg_quota_window_t window_of(uint64_t word, fg_quota_t quota, fg_wall_t now)
{
    fg_quota_window_t window = fg_quota_window_at(quota.period, quota.offset_days, now);
    uint32_t seen = FG_QUOTA_WORD_DAY(word);
    if (seen <= window.start_day)
        return window;
    uint32_t end =
        fg_quota_window_at(quota.period, quota.offset_days, (fg_wall_t){(int64_t)seen * FG_DAY_S})
            .end_day;
    return (fg_quota_window_t){seen, end};
}

static uint64_t limit_in(fg_quota_t quota, uint32_t start_day)
{
    uint64_t word = quota.extension_word;
    return word != 0 && FG_QUOTA_WORD_DAY(word) == start_day ? FG_QUOTA_WORD_USED(word)
                                                             : quota.limit;
}

/* How far the window may be spent before the next grant. */
static uint64_t granted_in(const fg_quota_word_t *granted, fg_quota_t quota, uint32_t start_day,
                           uint64_t limit)
{
    if (!granted)
        return limit;
    if (quota.is_closed)
        return 0;
    /* acquire: a grant is published after its commit; a stale one is only smaller */
    uint64_t word = atomic_load_explicit(granted, memory_order_acquire);
    uint64_t bound =
        FG_QUOTA_WORD_DAY(word) == start_day ? FG_QUOTA_WORD_USED(word) : fg_lease_first(limit);
    bound += quota.beyond_grant; /* both far below 2^63 */
    return bound < limit ? bound : limit;
}

/* One round on a word that was read: granted with the next word, or refused. */
static fg_quota_take_t weigh(uint64_t word, const fg_quota_word_t *granted, fg_quota_t quota,
                             fg_wall_t now, uint64_t *ret_next)
{
    fg_quota_window_t window = window_of(word, quota, now);
    uint64_t used = FG_QUOTA_WORD_DAY(word) == window.start_day ? FG_QUOTA_WORD_USED(word) : 0;
    fg_quota_take_t take = {.limit = limit_in(quota, window.start_day),
                            .start_day = window.start_day,
                            .used = used,
                            .reset_at = {(int64_t)window.end_day * FG_DAY_S}};
    if (used >= take.limit || used >= FG_QUOTA_USED_MAX)
        return take;
    take.is_dry = used >= granted_in(granted, quota, window.start_day, take.limit);
    if (take.is_dry)
        return take;
    take.is_granted = true;
    take.used = used + 1;
    *ret_next = FG_QUOTA_WORD(window.start_day, used + 1);
    return take;
}

fg_quota_take_t fg_quota_check(const fg_quota_word_t *word, const fg_quota_word_t *granted,
                               fg_quota_t quota, fg_wall_t now)
{
    uint64_t next;
    if (!quota.is_set)
        return (fg_quota_take_t){.is_granted = true};
    return weigh(atomic_load_explicit(word, memory_order_relaxed), granted, quota, now, &next);
}

fg_quota_take_t fg_quota_take(fg_quota_word_t *word, const fg_quota_word_t *granted,
                              fg_quota_t quota, fg_wall_t now)
{
    if (!quota.is_set)
        return (fg_quota_take_t){.is_granted = true};
    uint64_t seen = atomic_load_explicit(word, memory_order_acquire);
    for (int round = 0; round < FG_CAS_MAX; round++) {
        uint64_t next;
        fg_quota_take_t take = weigh(seen, granted, quota, now, &next);
        if (!take.is_granted)
            return take;
        /* on failure `seen` is the newer word; a stale one only costs the round */
        if (atomic_compare_exchange_weak_explicit(word, &seen, next, memory_order_acq_rel,
                                                  memory_order_acquire))
            return take;
    }
    return (fg_quota_take_t){.is_contended = true};
}

void fg_quota_give_back(fg_quota_word_t *word, uint32_t start_day)
{
    uint64_t seen = atomic_load_explicit(word, memory_order_relaxed);
    while (FG_QUOTA_WORD_DAY(seen) == start_day && FG_QUOTA_WORD_USED(seen) > 0)
        if (atomic_compare_exchange_weak_explicit(word, &seen, seen - 1, memory_order_acq_rel,
                                                  memory_order_relaxed))
            return;
}

uint32_t fg_quota_count(fg_quota_word_t *word, uint32_t day)
{
    uint64_t seen = atomic_load_explicit(word, memory_order_relaxed);
    for (;;) {
        /* a clock behind the newest day counts there: figures never go back */
        uint64_t next = FG_QUOTA_WORD_DAY(seen) >= day ? seen + 1 : FG_QUOTA_WORD(day, 1);
        if (FG_QUOTA_WORD_USED(next) == 0) /* the day's bits begin behind the last count */
            return FG_QUOTA_WORD_DAY(seen);
        if (atomic_compare_exchange_weak_explicit(word, &seen, next, memory_order_acq_rel,
                                                  memory_order_relaxed))
            return FG_QUOTA_WORD_DAY(next);
    }
}
