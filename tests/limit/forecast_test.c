/*
 * When a quota ends, at the pace that was seen. Rule AL2.
 */
#include "words.h"

#include "limit/forecast.h"

#define HOUR 3600

typedef struct row {
    const char *given;
    fg_pace_t pace;
    uint64_t remaining;
    int64_t now, end;
    int64_t expected; /* -1: not before the window ends */
} row_t;

static const row_t rows[] = {
    {"80 in 8 hours leave 2 hours for 20", {80, 8 * HOUR}, 20, 8 * HOUR, 24 * HOUR, 10 * HOUR},
    {"the pace lasts longer than the window", {80, 20 * HOUR}, 20, 20 * HOUR, 24 * HOUR, -1},
    {"the last one goes in the very second the window ends", {10, 10}, 5, 5, 10, -1},
    {"one second before that it runs out", {10, 10}, 4, 5, 10, 9},
    {"nothing remains: now", {100, HOUR}, 0, HOUR, 24 * HOUR, HOUR},
    {"nothing remains, and nothing was asked for: now", {0, HOUR}, 0, HOUR, 24 * HOUR, HOUR},
    {"nobody asks", {0, HOUR}, 20, HOUR, 24 * HOUR, -1},
    {"a part of a second counts as one", {3, 1}, 1, 100, 200, 101},
    {"the first second of a window", {80, 0}, 20, 0, 24 * HOUR, 1},
    {"a clock that stepped back", {80, -50}, 20, 0, 24 * HOUR, 1},
    {"a window that has passed tells nothing", {80, HOUR}, 0, 25 * HOUR, 24 * HOUR, -1},
    {"figures at their ends do not overflow",
     {1, 31 * 24 * HOUR},
     UINT64_MAX,
     0,
     31 * 24 * HOUR,
     -1},
    {"and the largest pace is exact",
     {UINT64_MAX, 31 * 24 * HOUR},
     UINT64_MAX / 2,
     0,
     INT64_MAX,
     31 * 12 * HOUR},
};

static void a_forecast_by_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_wall_t at = {-1};
        bool is_before_end =
            fg_forecast_runs_out(rows[i].pace, rows[i].remaining, (fg_wall_t){rows[i].now},
                                 (fg_wall_t){rows[i].end}, &at);
        if (at.s != rows[i].expected || is_before_end != (rows[i].expected >= 0))
            fail_msg("%s: %lld", rows[i].given, (long long)at.s);
    }
}

/* Whatever the pace, the forecast is the first second by which that many more have come. */
static void a_forecast_is_the_first_second(void **state)
{
    (void)state;
    for (uint64_t requests = 1; requests < 40; requests++)
        for (int64_t seconds = 1; seconds < 40; seconds++)
            for (uint64_t remaining = 1; remaining < 40; remaining++) {
                fg_wall_t at;
                fg_pace_t pace = {requests, seconds};
                assert_true(fg_forecast_runs_out(pace, remaining, (fg_wall_t){0},
                                                 (fg_wall_t){INT64_MAX}, &at));
                assert_true((uint64_t)at.s * requests >= remaining * (uint64_t)seconds);
                assert_true((uint64_t)(at.s - 1) * requests < remaining * (uint64_t)seconds);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_forecast_by_table),
        cmocka_unit_test(a_forecast_is_the_first_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
