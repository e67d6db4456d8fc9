/* Any bytes as the member "faregate" of a plan and of a key: read within its bounds, or refused with a text. */
#include "limit/quota.h"
#include "model/extension.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static void check(bool condition)
{
    if (!condition)
        abort();
}

static void check_rules(const fg_cidr_rule_t *rules, size_t count)
{
    fg_cidr_rule_t again;
    check(count <= FG_ADDRESS_RULES_MAX);
    for (size_t i = 0; i < count; i++) {
        check(rules[i].prefix_bits <= 128 && fg_cidr_parse(rules[i].text, &again));
        check(memcmp(again.address, rules[i].address, sizeof(again.address)) == 0);
    }
}

static void parse_plan(fg_str_t json, fg_arena_t *arena)
{
    fg_error_t error = {0};
    fg_plan_extension_t plan;
    fg_status_t status = fg_plan_extension_parse(json, arena, &plan, &error);
    check(status == FG_OK || error.message[0]);
    if (status != FG_OK)
        return;
    check(plan.allowance_percent <= 100 && (plan.counted_statuses & ~0x3eu) == 0);
    check(plan.address_rate_limit >= 0 && plan.address_burst_limit >= 0);
    check_rules(plan.address_rules, plan.address_rule_count);
    for (size_t i = 1; i < plan.alert_threshold_count; i++)
        check(plan.alert_thresholds[i] > plan.alert_thresholds[i - 1]);
}

static void parse_key(fg_str_t json, fg_arena_t *arena)
{
    fg_error_t error = {0};
    fg_key_extension_t key;
    fg_status_t status = fg_key_extension_parse(json, arena, &key, &error);
    check(status == FG_OK || error.message[0]);
    if (status != FG_OK)
        return;
    check(key.not_before.s >= 0 && key.expires.s >= 0 && key.expires.s <= UINT32_MAX);
    check(key.expires.s == 0 || key.expires.s > key.not_before.s);
    check_rules(key.address_rules, key.address_rule_count);
    check(key.override_count <= FG_KEY_OVERRIDES_MAX);
    for (size_t i = 0; i < key.override_count; i++) {
        check(key.overrides[i].has_throttle || key.overrides[i].has_quota);
        check(key.overrides[i].rate_limit >= 0 && key.overrides[i].quota_limit >= 0);
        check((uint64_t)key.overrides[i].quota_limit <= FG_QUOTA_USED_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    fg_str_t text = fg_str_of((const char *)bytes, count);
    fg_arena_t *arena = fg_arena_new();
    parse_plan(text, arena);
    parse_key(text, arena);
    fg_cidr_rule_t rule;
    fg_wall_t time;
    if (fg_cidr_parse(text, &rule))
        check(rule.prefix_bits <= 128);
    if (fg_time_parse(text, &time))
        check(time.s > 0 && time.s <= UINT32_MAX);
    fg_arena_free(arena);
    return 0;
}
