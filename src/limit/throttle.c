/*
 * A token bucket as one time. The word is the moment at which the bucket will be full again, in
 * ticks of 1/1024 us. Taking a request moves that moment by one interval (the time in which one
 * request flows in); a request is due while the moment lies no further ahead than the whole bucket,
 * burst times interval.
 *
 * The interval is rounded up to a tick, so what is admitted never exceeds burst + rate * time, and
 * stays within 0.1 % of it up to a million requests per second, where the interval is 1024 ticks.
 *
 * Example: 10 requests per second, burst 2, now = 0 s. Interval 100 ms, bucket 200 ms. Two takes
 * move the word to 200 ms; a third would move it to 300 ms, 100 ms beyond the bucket: refused, one
 * is due in 100 ms.
 */
#include "limit/throttle.h"

#include "base/limits.h"

#define TICKS_PER_US UINT64_C(1024)
#define TICKS_MAX    (UINT64_C(1) << 62)

static uint64_t interval_ticks(fg_throttle_t limits)
{
    uint64_t numerator =
        UINT64_C(1000000000) * TICKS_PER_US; /* one request, in milli-requests per microsecond */
    return (numerator + limits.rate_milli_rps - 1) / limits.rate_milli_rps;
}

/* A bucket that does not fit the word is cut: never a request too many. */
static uint64_t capacity_ticks(fg_throttle_t limits, uint64_t interval)
{
    uint64_t capacity;
    if (__builtin_mul_overflow(interval, limits.burst, &capacity) || capacity > TICKS_MAX)
        return TICKS_MAX;
    return capacity;
}

static uint64_t now_ticks(fg_mono_t now)
{
    return now.us > 0 ? (uint64_t)now.us * TICKS_PER_US : 0;
}

static bool is_closed(fg_throttle_t limits)
{
    return limits.rate_milli_rps == 0 || limits.burst == 0;
}

static const fg_take_t granted = {.is_granted = true};
static const fg_take_t never = {.retry_after_us = INT64_MAX};

/* One round of the decision on a word that was read: granted with the next word, or the wait.
 * Rule T1: burst is what the bucket holds, rate what flows in. */
static fg_take_t weigh(uint64_t word, fg_throttle_t limits, fg_mono_t now, uint64_t *ret_next)
{
    uint64_t interval = interval_ticks(limits);
    uint64_t at = now_ticks(now);
    uint64_t next = (word > at ? word : at) + interval;
    uint64_t ahead = next - at;
    uint64_t capacity = capacity_ticks(limits, interval);
    if (ahead > capacity) {
        uint64_t wait = (ahead - capacity + TICKS_PER_US - 1) / TICKS_PER_US;
        return (fg_take_t){.retry_after_us = (int64_t)wait};
    }
    *ret_next = next;
    return granted;
}

fg_take_t fg_throttle_check(const fg_throttle_word_t *word, fg_throttle_t limits, fg_mono_t now)
{
    uint64_t next;
    if (!limits.is_set)
        return granted;
    if (is_closed(limits))
        return never;
    /* relaxed: a stale word only makes the answer a moment old */
    return weigh(atomic_load_explicit(word, memory_order_relaxed), limits, now, &next);
}

fg_take_t fg_throttle_take(fg_throttle_word_t *word, fg_throttle_t limits, fg_mono_t now)
{
    if (!limits.is_set)
        return granted;
    if (is_closed(limits))
        return never;
    uint64_t seen = atomic_load_explicit(word, memory_order_acquire);
    for (int round = 0; round < FG_CAS_MAX; round++) {
        uint64_t next;
        fg_take_t take = weigh(seen, limits, now, &next);
        if (!take.is_granted)
            return take;
        /* release on success orders the count before what follows; on failure `seen` is the newer
         * word */
        if (atomic_compare_exchange_weak_explicit(word, &seen, next, memory_order_acq_rel,
                                                  memory_order_acquire))
            return granted;
    }
    return (fg_take_t){.is_contended = true, .retry_after_us = FG_SECOND_US};
}

void fg_throttle_give_back(fg_throttle_word_t *word, fg_throttle_t limits)
{
    if (!limits.is_set || is_closed(limits))
        return;
    uint64_t interval = interval_ticks(limits);
    uint64_t seen = atomic_load_explicit(word, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(word, &seen,
                                                  seen > interval ? seen - interval : 0,
                                                  memory_order_acq_rel, memory_order_relaxed))
        ; /* a lost round means that another process won one */
}

bool fg_throttle_is_full(const fg_throttle_word_t *word, fg_mono_t now)
{
    /* acquire: who asks has seen what its owners did before */
    return atomic_load_explicit(word, memory_order_acquire) <= now_ticks(now);
}

uint32_t fg_throttle_available(const fg_throttle_word_t *word, fg_throttle_t limits, fg_mono_t now)
{
    if (!limits.is_set || is_closed(limits))
        return 0;
    uint64_t interval = interval_ticks(limits);
    uint64_t capacity = capacity_ticks(limits, interval);
    uint64_t seen = atomic_load_explicit(word, memory_order_relaxed), at = now_ticks(now);
    uint64_t ahead = seen > at ? seen - at : 0;
    return ahead >= capacity ? 0 : (uint32_t)((capacity - ahead) / interval);
}
