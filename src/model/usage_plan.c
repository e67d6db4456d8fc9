#include "model/usage_plan.h"

#include <math.h>

enum { MILLI = 1000, OFFSET_DAYS_MAX = 27 };

/* 2^63: the first double that an int64_t no longer holds; rates are cut below it. */
static const double rate_milli_end = 9223372036854775808.0;

/* A rate above zero stays above zero, or a plan of one request an hour would let nothing pass. */
static uint64_t rate_milli_rps(double rate)
{
    if (!(rate > 0.0))
        return 0;
    double milli = rint(rate * MILLI);
    if (milli < 1.0)
        return 1;
    return milli >= rate_milli_end ? INT64_MAX : (uint64_t)milli;
}

static uint64_t clamp(int64_t value, uint64_t max)
{
    if (value < 0)
        return 0;
    return (uint64_t)value > max ? max : (uint64_t)value;
}

fg_throttle_t fg_throttle_of(double rate_limit, int64_t burst_limit)
{
    return (fg_throttle_t){
        .rate_milli_rps = rate_milli_rps(rate_limit),
        .burst = (uint32_t)clamp(burst_limit, UINT32_MAX),
        .is_set = true,
    };
}

fg_throttle_t fg_usage_plan_throttle(const fg_usage_plan_t *plan)
{
    return plan->has_throttle ? fg_throttle_of(plan->rate_limit, plan->burst_limit)
                              : (fg_throttle_t){.is_set = false};
}

fg_quota_t fg_usage_plan_quota(const fg_usage_plan_t *plan)
{
    if (!plan->has_quota)
        return (fg_quota_t){.is_set = false};
    return (fg_quota_t){
        .limit = clamp(plan->quota_limit, FG_QUOTA_USED_MAX),
        .period = plan->quota_period,
        .offset_days = (uint8_t)clamp(plan->quota_offset, OFFSET_DAYS_MAX),
        .is_set = true,
    };
}

static const char *const period_texts[] = {
    [FG_PERIOD_NONE] = "NONE",
    [FG_PERIOD_DAY] = "DAY",
    [FG_PERIOD_WEEK] = "WEEK",
    [FG_PERIOD_MONTH] = "MONTH",
};

fg_period_t fg_period_of(fg_str_t text)
{
    for (size_t i = FG_PERIOD_DAY; i < FG_COUNT_OF(period_texts); i++) {
        if (fg_str_is(text, period_texts[i]))
            return (fg_period_t)i;
    }
    return FG_PERIOD_NONE;
}

const char *fg_period_text(fg_period_t period)
{
    return (size_t)period < FG_COUNT_OF(period_texts) ? period_texts[period] : "NONE";
}
