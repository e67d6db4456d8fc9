#include "model/usage_plan.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <math.h>

static void rates_are_cut_to_what_the_units_hold(void **state)
{
    (void)state;
    static const struct {
        const char *because;
        double rate;
        uint64_t milli_rps;
    } rows[] = {
        {"no rate lets nothing pass", 0, 0},
        {"a rate below zero is none", -1, 0},
        {"no number is none", NAN, 0},
        {"thousandths are kept", 0.5, 500},
        {"a fraction is rounded, not cut", 0.29, 290},
        {"the least rate is not none", 0.0000001, 1},
        {"the account's default", 10000, 10000000},
        {"beyond the units is the highest", 1e300, INT64_MAX},
        {"without end is the highest", INFINITY, INT64_MAX},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_usage_plan_t plan = {.has_throttle = true, .rate_limit = rows[i].rate, .burst_limit = 1};
        if (fg_usage_plan_throttle(&plan).rate_milli_rps != rows[i].milli_rps)
            fail_msg("%s", rows[i].because);
    }
}

static void bursts_are_cut_to_what_the_units_hold(void **state)
{
    (void)state;
    static const int64_t rows[][2] = {{-1, 0},
                                      {0, 0},
                                      {5, 5},
                                      {UINT32_MAX, UINT32_MAX},
                                      {(int64_t)UINT32_MAX + 1, UINT32_MAX},
                                      {INT64_MAX, UINT32_MAX}};
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_usage_plan_t plan = {.has_throttle = true, .rate_limit = 1, .burst_limit = rows[i][0]};
        assert_int_equal(fg_usage_plan_throttle(&plan).burst, rows[i][1]);
    }
}

static void quotas_are_cut_to_what_the_word_holds(void **state)
{
    (void)state;
    fg_usage_plan_t plan = {.has_quota = true,
                            .quota_limit = (int64_t)FG_QUOTA_USED_MAX,
                            .quota_offset = 27,
                            .quota_period = FG_PERIOD_MONTH};
    fg_quota_t quota = fg_usage_plan_quota(&plan);
    assert_true(quota.is_set && quota.limit == FG_QUOTA_USED_MAX && quota.offset_days == 27);
    assert_int_equal(quota.period, FG_PERIOD_MONTH);
    plan.quota_limit++;
    plan.quota_offset = 28;
    quota = fg_usage_plan_quota(&plan);
    assert_true(quota.limit == FG_QUOTA_USED_MAX && quota.offset_days == 27);
    plan.quota_limit = -1;
    assert_int_equal(fg_usage_plan_quota(&plan).limit, 0);
}

/* Rule P1: each is optional. */
static void a_plan_may_have_neither(void **state)
{
    (void)state;
    fg_usage_plan_t plan = {.rate_limit = 5, .quota_limit = 5};
    assert_false(fg_usage_plan_throttle(&plan).is_set);
    assert_false(fg_usage_plan_quota(&plan).is_set);
}

/* Rule Q1. */
static void periods_have_texts(void **state)
{
    (void)state;
    assert_int_equal(fg_period_of(FG_STR("DAY")), FG_PERIOD_DAY);
    assert_int_equal(fg_period_of(FG_STR("WEEK")), FG_PERIOD_WEEK);
    assert_int_equal(fg_period_of(FG_STR("MONTH")), FG_PERIOD_MONTH);
    assert_int_equal(fg_period_of(FG_STR("day")), FG_PERIOD_NONE);
    assert_int_equal(fg_period_of(FG_STR("NONE")), FG_PERIOD_NONE);
    assert_int_equal(fg_period_of(FG_STR_NONE), FG_PERIOD_NONE);
    for (fg_period_t period = FG_PERIOD_DAY; period <= FG_PERIOD_MONTH; period++)
        assert_int_equal(fg_period_of(fg_str(fg_period_text(period))), period);
    assert_string_equal(fg_period_text((fg_period_t)99), "NONE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_are_cut_to_what_the_units_hold),
        cmocka_unit_test(bursts_are_cut_to_what_the_units_hold),
        cmocka_unit_test(quotas_are_cut_to_what_the_word_holds),
        cmocka_unit_test(a_plan_may_have_neither),
        cmocka_unit_test(periods_have_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
