/* Rule T1: burst is the bucket's size, rate its refill. Time is a number here; nothing sleeps. */
#include "words.h"

#include "limit/throttle.h"

enum { TAKES = 100000 };

static fg_throttle_t limits_of(uint64_t rate_milli_rps, uint32_t burst)
{
    return (fg_throttle_t){.rate_milli_rps = rate_milli_rps, .burst = burst, .is_set = true};
}

static bool take(fg_throttle_word_t *word, fg_throttle_t limits, int64_t us)
{
    return fg_throttle_take(word, limits, (fg_mono_t){us}).is_granted;
}

/* Requests that may have passed `us` after the start, in thousandths. */
static __int128 due_milli(fg_throttle_t limits, int64_t us)
{
    return (__int128)limits.burst * 1000 + (__int128)limits.rate_milli_rps * us / FG_SECOND_US;
}

/* Somebody who asks again the moment a request is due: never above burst + rate x time, in the end
 * 99 % of it. A bucket of one above 10,000 a second loses what the clock's microsecond rounds up.
 * */
static void saturate(fg_throttle_t limits, int64_t start)
{
    fg_throttle_word_t word = 0;
    int64_t us = 0;
    for (uint64_t admitted = 0; admitted < TAKES;) {
        fg_take_t got = fg_throttle_take(&word, limits, (fg_mono_t){start + us});
        if (!got.is_granted) {
            us += got.retry_after_us;
            continue;
        }
        admitted++;
        assert_true((__int128)admitted * 1000 <= due_milli(limits, us));
        if (admitted == TAKES && (limits.burst > 1 || limits.rate_milli_rps <= 10000000))
            assert_true((__int128)(admitted + 1) * 100000 >= due_milli(limits, us) * 99);
    }
}

static void is_exact_at_every_rate(void **state)
{
    (void)state;
    static const uint64_t rates[] = {1,         7,          100,      999,     1000,
                                     1001,      3333,       100000,   7777777, 10000000,
                                     123456789, 1000000000, 33333333, 10};
    static const uint32_t bursts[] = {1, 2, 5000};
    for (size_t i = 0; i < FG_COUNT_OF(rates); i++)
        for (size_t k = 0; k < FG_COUNT_OF(bursts); k++) {
            saturate(limits_of(rates[i], bursts[k]), 0);
            saturate(limits_of(rates[i], bursts[k]), INT64_C(400) * 86400 * FG_SECOND_US);
        }
}

/* Every rate that an operator would write, for a hundred requests behind the burst. */
static void is_exact_from_1_to_50000_a_second(void **state)
{
    (void)state;
    for (uint64_t rate = 1; rate <= 50000; rate += rate < 1000 ? 1 : 7) {
        fg_throttle_t limits = limits_of(rate * 1000, 2);
        fg_throttle_word_t word = 0;
        int64_t us = 0;
        for (uint64_t admitted = 0; admitted < 102;) {
            fg_take_t got = fg_throttle_take(&word, limits, (fg_mono_t){us});
            us += got.is_granted ? 0 : got.retry_after_us;
            admitted += got.is_granted;
            assert_true((__int128)admitted * 1000 <= due_milli(limits, us));
        }
        assert_true((__int128)103 * 100000 >= due_milli(limits, us) * 99);
    }
}

static void a_burst_passes_at_once_and_no_more(void **state)
{
    (void)state;
    static const uint32_t bursts[] = {1, 2, 100, 100000};
    for (size_t i = 0; i < FG_COUNT_OF(bursts); i++) {
        fg_throttle_word_t word = 0;
        fg_throttle_t limits = limits_of(1000, bursts[i]);
        for (uint32_t k = 0; k < bursts[i]; k++) {
            assert_int_equal(fg_throttle_available(&word, limits, (fg_mono_t){5}), bursts[i] - k);
            assert_true(take(&word, limits, 5));
        }
        uint64_t before = word;
        fg_take_t refused = fg_throttle_take(&word, limits, (fg_mono_t){5});
        assert_false(refused.is_granted);
        assert_int_equal(word, before); /* a refused request spends nothing */
        assert_true(refused.retry_after_us > 0 && refused.retry_after_us <= FG_SECOND_US);
        assert_false(take(&word, limits, 5 + refused.retry_after_us - 1));
        assert_true(take(&word, limits, 5 + refused.retry_after_us));
    }
}

static void the_check_changes_nothing_and_agrees(void **state)
{
    (void)state;
    fg_throttle_word_t word = 0;
    fg_throttle_t limits = limits_of(10000, 3);
    for (int64_t us = 0; us < 2000000; us += 17001) {
        uint64_t before = word;
        bool is_due = fg_throttle_check(&word, limits, (fg_mono_t){us}).is_granted;
        assert_int_equal(word, before);
        assert_int_equal(take(&word, limits, us), is_due);
    }
}

static void a_clock_that_steps_back_admits_nothing_extra(void **state)
{
    (void)state;
    fg_throttle_word_t word = 0;
    fg_throttle_t limits = limits_of(10000, 4);
    int64_t us = 100 * FG_SECOND_US;
    for (int i = 0; i < 4; i++)
        assert_true(take(&word, limits, us));
    static const int64_t earlier[] = {99999999, 50000000, 1, 0, -5};
    for (size_t i = 0; i < FG_COUNT_OF(earlier); i++)
        assert_false(take(&word, limits, earlier[i]));
    assert_false(take(&word, limits, us));
    assert_true(take(&word, limits, us + 100000)); /* and the old time still counts */
}

static void what_is_given_back_can_be_taken_again(void **state)
{
    (void)state;
    fg_throttle_word_t word = 0;
    fg_throttle_t limits = limits_of(1000, 2);
    assert_true(take(&word, limits, 7) && take(&word, limits, 7) && !take(&word, limits, 7));
    fg_throttle_give_back(&word, limits);
    assert_true(take(&word, limits, 7));
    assert_false(take(&word, limits, 7));
    for (int i = 0; i < 100; i++) /* never more than the burst */
        fg_throttle_give_back(&word, limits);
    assert_int_equal(fg_throttle_available(&word, limits, (fg_mono_t){7}), 2);
    assert_true(take(&word, limits, 7) && take(&word, limits, 7) && !take(&word, limits, 7));
}

static void closed_and_absent_limits(void **state)
{
    (void)state;
    fg_throttle_word_t word = 0;
    static const fg_throttle_t closed[] = {
        {.rate_milli_rps = 0, .burst = 5, .is_set = true},
        {.rate_milli_rps = 5, .burst = 0, .is_set = true},
    };
    for (size_t i = 0; i < FG_COUNT_OF(closed); i++) {
        fg_take_t refused = fg_throttle_take(&word, closed[i], (fg_mono_t){9});
        assert_false(refused.is_granted);
        assert_int_equal(refused.retry_after_us, INT64_MAX); /* never */
        assert_false(fg_throttle_check(&word, closed[i], (fg_mono_t){9}).is_granted);
        assert_int_equal(fg_throttle_available(&word, closed[i], (fg_mono_t){9}), 0);
    }
    for (int i = 0; i < 1000; i++)
        assert_true(take(&word, (fg_throttle_t){.is_set = false}, 9));
    assert_int_equal(word, 0);
}

/* A bucket larger than the word: cut, so fewer pass at once, and never one too many. */
static void a_bucket_that_does_not_fit_is_cut(void **state)
{
    (void)state;
    fg_throttle_word_t word = 0;
    fg_throttle_t limits = limits_of(1, UINT32_MAX);
    uint32_t available = fg_throttle_available(&word, limits, (fg_mono_t){0});
    assert_true(available > 4000000 && available < UINT32_MAX);
    assert_true(take(&word, limits, 0));
    assert_int_equal(fg_throttle_available(&word, limits, (fg_mono_t){0}), available - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_exact_at_every_rate),
        cmocka_unit_test(is_exact_from_1_to_50000_a_second),
        cmocka_unit_test(a_burst_passes_at_once_and_no_more),
        cmocka_unit_test(the_check_changes_nothing_and_agrees),
        cmocka_unit_test(a_clock_that_steps_back_admits_nothing_extra),
        cmocka_unit_test(what_is_given_back_can_be_taken_again),
        cmocka_unit_test(closed_and_absent_limits),
        cmocka_unit_test(a_bucket_that_does_not_fit_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
