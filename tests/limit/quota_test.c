/* Rule Q1: calendar windows, counted exactly. */
#include "words.h"

#include "base/id.h"
#include "limit/quota.h"

#include <stdio.h>
#include <time.h>

static fg_wall_t at_day(int64_t day)
{
    return (fg_wall_t){day * FG_DAY_S};
}

typedef struct window_row {
    const char *why;
    fg_period_t period;
    int offset;
    int now[3], start[3], end[3];
} window_row_t;

static const window_row_t windows[] = {
    {"a day is itself", FG_PERIOD_DAY, 0, {2024, 2, 29}, {2024, 2, 29}, {2024, 3, 1}},
    {"a week opens on Monday", FG_PERIOD_WEEK, 0, {2026, 7, 30}, {2026, 7, 27}, {2026, 8, 3}},
    {"Monday itself", FG_PERIOD_WEEK, 0, {2026, 7, 27}, {2026, 7, 27}, {2026, 8, 3}},
    {"Sunday is the last day", FG_PERIOD_WEEK, 0, {2026, 8, 2}, {2026, 7, 27}, {2026, 8, 3}},
    {"offset 2: Wednesday", FG_PERIOD_WEEK, 2, {2026, 7, 29}, {2026, 7, 29}, {2026, 8, 5}},
    {"offset 2: Tuesday before", FG_PERIOD_WEEK, 2, {2026, 7, 28}, {2026, 7, 22}, {2026, 7, 29}},
    {"a month opens on the 1st", FG_PERIOD_MONTH, 0, {2024, 2, 29}, {2024, 2, 1}, {2024, 3, 1}},
    {"December ends in the next year",
     FG_PERIOD_MONTH,
     0,
     {2025, 12, 31},
     {2025, 12, 1},
     {2026, 1, 1}},
    {"offset 4: the 5th", FG_PERIOD_MONTH, 4, {2026, 7, 5}, {2026, 7, 5}, {2026, 8, 5}},
    {"offset 4: the 4th is the month before",
     FG_PERIOD_MONTH,
     4,
     {2026, 1, 4},
     {2025, 12, 5},
     {2026, 1, 5}},
    {"offset 27 over February", FG_PERIOD_MONTH, 27, {2025, 3, 1}, {2025, 2, 28}, {2025, 3, 28}},
};

static int64_t day_of(const int civil[3])
{
    return fg_day_from_civil(civil[0], civil[1], civil[2]);
}

static void windows_by_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < FG_COUNT_OF(windows); i++) {
        const window_row_t *row = &windows[i];
        for (int64_t s = 0; s < FG_DAY_S; s += FG_DAY_S - 1) { /* first and last second */
            fg_wall_t now = {day_of(row->now) * FG_DAY_S + s};
            fg_quota_window_t got = fg_quota_window_at(row->period, (uint8_t)row->offset, now);
            if (got.start_day != day_of(row->start) || got.end_day != day_of(row->end))
                fail_msg("%s: %u..%u", row->why, got.start_day, got.end_day);
        }
    }
}

/* Does a window open on this day? Asked of the day `offset` days before, as people read a calendar.
 * */
static bool opens_on(fg_period_t period, int offset, int64_t day)
{
    int year, month, day_of_month;
    time_t before = (time_t)(day - offset) * FG_DAY_S;
    struct tm broken;
    gmtime_r(&before, &broken);
    fg_civil_from_day(day - offset, &year, &month, &day_of_month);
    assert_int_equal(day_of_month, broken.tm_mday);
    return period == FG_PERIOD_DAY || (period == FG_PERIOD_WEEK && broken.tm_wday == 1) ||
           (period == FG_PERIOD_MONTH && broken.tm_mday == 1);
}

static uint64_t draw(fg_random_t random, uint64_t below)
{
    uint64_t word = 0;
    assert_true(random.fill(random.ctx, &word, sizeof(word)));
    return word % below;
}

static void random_windows_against_a_walk_over_the_days(void **state)
{
    (void)state;
    uint64_t seed = (uint64_t)time(NULL), generator = seed;
    print_message("seed %llu\n", (unsigned long long)seed);
    fg_random_t random = fg_random_seeded(&generator);
    for (int i = 0; i < 20000; i++) {
        fg_period_t period = (fg_period_t)(FG_PERIOD_DAY + draw(random, 3));
        int offset = period == FG_PERIOD_DAY    ? 0
                     : period == FG_PERIOD_WEEK ? (int)draw(random, 7)
                                                : (int)draw(random, 28);
        int64_t s = (int64_t)(100 * FG_DAY_S + draw(random, UINT64_C(90) * 365 * FG_DAY_S));
        int64_t start = s / FG_DAY_S, end = start + 1;
        while (!opens_on(period, offset, start))
            start--;
        while (!opens_on(period, offset, end))
            end++;
        fg_quota_window_t got = fg_quota_window_at(period, (uint8_t)offset, (fg_wall_t){s});
        assert_int_equal(got.start_day, start);
        assert_int_equal(got.end_day, end);
    }
}

static const fg_quota_t daily = {.limit = 3, .period = FG_PERIOD_DAY, .is_set = true};

static void takes_to_the_limit_and_opens_the_next_window(void **state)
{
    (void)state;
    fg_quota_word_t word = 0;
    for (uint64_t i = 1; i <= 3; i++) {
        fg_quota_take_t take = fg_quota_take(&word, NULL, daily, at_day(20000));
        assert_true(take.is_granted);
        assert_int_equal(take.used, i);
        assert_int_equal(take.limit, 3);
        assert_int_equal(take.reset_at.s, 20001 * FG_DAY_S);
    }
    uint64_t before = word;
    assert_false(fg_quota_take(&word, NULL, daily, at_day(20000)).is_granted);
    assert_false(fg_quota_check(&word, NULL, daily, (fg_wall_t){20001 * FG_DAY_S - 1}).is_granted);
    assert_int_equal(word, before);
    assert_true(fg_quota_take(&word, NULL, daily, at_day(20001)).is_granted);
    assert_int_equal(word, FG_QUOTA_WORD(20001, 1));
}

static void a_clock_that_steps_back_counts_in_the_newest_window(void **state)
{
    (void)state;
    fg_quota_word_t word = FG_QUOTA_WORD(20001, 2);
    fg_quota_take_t take = fg_quota_take(&word, NULL, daily, at_day(20000));
    assert_true(take.is_granted);
    assert_int_equal(word, FG_QUOTA_WORD(20001, 3));
    assert_int_equal(take.reset_at.s, 20002 * FG_DAY_S);
    assert_false(fg_quota_take(&word, NULL, daily, at_day(19000)).is_granted);
}

static void the_extension_counts_in_its_window_only(void **state)
{
    (void)state;
    fg_quota_word_t word = FG_QUOTA_WORD(20000, 3);
    fg_quota_t extended = daily;
    extended.extension_word = FG_QUOTA_WORD(20000, 5);
    assert_true(fg_quota_take(&word, NULL, extended, at_day(20000)).is_granted);
    fg_quota_take_t take = fg_quota_take(&word, NULL, extended, at_day(20000));
    assert_true(take.is_granted && take.limit == 5 && take.used == 5);
    assert_false(fg_quota_take(&word, NULL, extended, at_day(20000)).is_granted);
    assert_int_equal(fg_quota_take(&word, NULL, extended, at_day(20001)).limit, 3);
    extended.extension_word = FG_QUOTA_WORD(20001, 0); /* nothing left: a limit of 0 is one */
    assert_false(fg_quota_take(&word, NULL, extended, at_day(20001)).is_granted);
}

/* Rules L1 and L6: a window is spent as far as its grant; one that no grant names has its first
 * one, 1 % of the limit; a closed gate spends nothing. The limit holds in every case. */
static void a_lease_bounds_what_is_spent(void **state)
{
    (void)state;
    static const struct {
        uint64_t granted_word, limit, beyond;
        bool is_closed;
        uint64_t spent;
        bool is_dry;
    } rows[] = {
        {0, 1000, 0, false, 10, true},                          /* the first grant */
        {0, 50, 0, false, 1, true},                             /* at least one */
        {0, 1000000, 0, false, 16, true},                       /* at most 16 */
        {0, 1000, 0, true, 0, true},                            /* closed */
        {FG_QUOTA_WORD(19999, 900), 1000, 0, false, 10, true},  /* of another window */
        {FG_QUOTA_WORD(20000, 25), 1000, 0, false, 25, true},   /* granted so far */
        {FG_QUOTA_WORD(20000, 25), 1000, 5, true, 0, true},     /* closed, whatever was granted */
        {FG_QUOTA_WORD(20000, 0), 1000, 0, false, 0, true},     /* nothing, and no first grant */
        {FG_QUOTA_WORD(20000, 25), 1000, 7, false, 32, true},   /* an allowance beside it */
        {FG_QUOTA_WORD(20000, 25), 20, 0, false, 20, false},    /* never beyond the limit */
        {FG_QUOTA_WORD(20000, 25), 30, 1000, false, 30, false}, /* with an allowance neither */
        {FG_QUOTA_WORD(20000, 1000), 40, 0, false, 40, false},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_quota_word_t word = 0, granted = rows[i].granted_word;
        fg_quota_t quota = {.limit = rows[i].limit,
                            .period = FG_PERIOD_DAY,
                            .is_set = true,
                            .is_closed = rows[i].is_closed,
                            .beyond_grant = rows[i].beyond};
        fg_quota_take_t take;
        while ((take = fg_quota_take(&word, &granted, quota, at_day(20000))).is_granted)
            ;
        if (take.used != rows[i].spent || take.is_dry != rows[i].is_dry)
            fail_msg("row %zu: %llu", i, (unsigned long long)take.used);
        assert_int_equal(fg_quota_check(&word, &granted, quota, at_day(20000)).is_dry,
                         rows[i].is_dry);
    }
}

static void what_is_given_back_returns_to_its_window(void **state)
{
    (void)state;
    fg_quota_word_t word = FG_QUOTA_WORD(20000, 3);
    fg_quota_give_back(&word, 20000);
    assert_int_equal(word, FG_QUOTA_WORD(20000, 2));
    fg_quota_give_back(&word, 19999);
    assert_int_equal(word, FG_QUOTA_WORD(20000, 2));
    word = FG_QUOTA_WORD(20000, 0);
    fg_quota_give_back(&word, 20000);
    assert_int_equal(word, FG_QUOTA_WORD(20000, 0));
}

static void counting_without_a_limit_never_goes_back(void **state)
{
    (void)state;
    fg_quota_word_t word = 0;
    assert_int_equal(fg_quota_count(&word, 20000), 20000);
    assert_int_equal(fg_quota_count(&word, 20000), 20000);
    assert_int_equal(word, FG_QUOTA_WORD(20000, 2));
    assert_int_equal(fg_quota_count(&word, 20002), 20002);
    assert_int_equal(fg_quota_count(&word, 20000), 20002); /* a clock behind counts there */
    assert_int_equal(word, FG_QUOTA_WORD(20002, 2));
    fg_quota_word_t full = FG_QUOTA_WORD(20000, FG_QUOTA_USED_MAX);
    assert_int_equal(fg_quota_count(&full, 20000), 20000);
    assert_int_equal(full, FG_QUOTA_WORD(20000, FG_QUOTA_USED_MAX)); /* the count ends there */
    assert_true(fg_quota_take(&word, NULL, (fg_quota_t){0}, at_day(20002)).is_granted);
    assert_int_equal(word, FG_QUOTA_WORD(20002, 2)); /* no quota: take leaves it alone */
}

/* A quota that is set later begins with what the last day counted, not with more. */
static void a_later_quota_begins_with_the_last_day(void **state)
{
    (void)state;
    fg_quota_word_t word = 0;
    int64_t tenth = fg_day_from_civil(2026, 7, 10);
    for (int i = 0; i < 50; i++)
        (void)fg_quota_count(&word, (uint32_t)tenth - 1);
    (void)fg_quota_count(&word, (uint32_t)tenth);
    fg_quota_t monthly = {.limit = 4, .period = FG_PERIOD_MONTH, .is_set = true};
    fg_quota_take_t take = fg_quota_take(&word, NULL, monthly, at_day(tenth));
    assert_true(take.is_granted);
    assert_int_equal(take.used, 2);
    assert_int_equal(take.reset_at.s, fg_day_from_civil(2026, 8, 1) * FG_DAY_S);
    assert_int_equal(fg_quota_take(&word, NULL, monthly, at_day(tenth + 25)).used, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_by_table),
        cmocka_unit_test(random_windows_against_a_walk_over_the_days),
        cmocka_unit_test(takes_to_the_limit_and_opens_the_next_window),
        cmocka_unit_test(a_clock_that_steps_back_counts_in_the_newest_window),
        cmocka_unit_test(the_extension_counts_in_its_window_only),
        cmocka_unit_test(a_lease_bounds_what_is_spent),
        cmocka_unit_test(what_is_given_back_returns_to_its_window),
        cmocka_unit_test(counting_without_a_limit_never_goes_back),
        cmocka_unit_test(a_later_quota_begins_with_the_last_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
