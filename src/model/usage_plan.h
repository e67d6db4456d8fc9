/*
 * usage plan - name, throttle, quota, API stages.
 *
 * Ownership  Views and arrays live in the arena they were read or parsed into.
 */
#ifndef FG_MODEL_USAGE_PLAN_H
#define FG_MODEL_USAGE_PLAN_H

#include "base/clock.h"
#include "base/str.h"
#include "limit/quota.h"
#include "limit/throttle.h"

typedef struct fg_api_stage {
    fg_str_t api_id, stage_name;
    /* JSON object "/path/VERB" -> {rateLimit, burstLimit}; FG_STR_NONE when none */
    fg_str_t throttle;
} fg_api_stage_t;

typedef struct fg_usage_plan {
    fg_str_t id; /* FG_ID_SHORT_BYTES */
    fg_str_t name, description, product_code;
    fg_str_t tags; /* JSON object or FG_STR_NONE */
    fg_str_t extension; /* JSON object "faregate" (extension.h) or FG_STR_NONE */
    bool has_throttle, has_quota;
    double rate_limit;   /* requests per second, as given */
    int64_t burst_limit; /* requests */
    int64_t quota_limit, quota_offset;
    fg_period_t quota_period;
    fg_api_stage_t *stages;
    size_t stage_count;
    int64_t ordinal;
} fg_usage_plan_t;

/* What the gate enforces of it. Rates above what the units hold are cut to the highest. */
fg_throttle_t fg_usage_plan_throttle(const fg_usage_plan_t *plan);
fg_quota_t fg_usage_plan_quota(const fg_usage_plan_t *plan);

/* A throttle as the gate has it, from its wire figures. */
fg_throttle_t fg_throttle_of(double rate_limit, int64_t burst_limit);

/* "DAY", "WEEK", "MONTH"; FG_PERIOD_NONE for other texts. */
fg_period_t fg_period_of(fg_str_t text);
const char *fg_period_text(fg_period_t period);

#endif
