#include "words.h"

#include "base/clock.h"

/* The naive calendar: walk day by day. */
static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && is_leap ? 29 : days[month - 1];
}

static void every_day_of_four_centuries(void **state)
{
    (void)state;
    int year = 1970, month = 1, day = 1;
    for (int64_t number = 0; number < 146097; number++) {
        int y, m, d;
        fg_civil_from_day(number, &y, &m, &d);
        assert_true(y == year && m == month && d == day);
        assert_int_equal(fg_day_from_civil(year, month, day), number);
        if (++day > days_in(year, month)) {
            day = 1;
            if (++month > 12) {
                month = 1;
                year++;
            }
        }
    }
}

static void before_the_epoch(void **state)
{
    (void)state;
    int y, m, d;
    fg_civil_from_day(-1, &y, &m, &d);
    assert_true(y == 1969 && m == 12 && d == 31);
    assert_int_equal(fg_day_from_civil(1969, 12, 31), -1);
}

static void the_clock_moves(void **state)
{
    (void)state;
    fg_now_t before = fg_now(), after = fg_now();
    assert_true(after.mono.us >= before.mono.us);
    assert_true(before.wall.s > 1700000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_of_four_centuries),
        cmocka_unit_test(before_the_epoch),
        cmocka_unit_test(the_clock_moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
