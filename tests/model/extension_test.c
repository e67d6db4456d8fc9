#include "model/extension.h"

#include "limit/quota.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>

typedef struct row {
    const char *because, *json, *message; /* NULL: accepted */
} row_t;

static int setup(void **state)
{
    *state = fg_arena_new();
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    fg_arena_free(*state);
    return 0;
}

static void expect(const row_t *row, fg_status_t status, const fg_error_t *error)
{
    const char *message = status == FG_OK ? NULL : error->message;
    if (row->message ? !message || strcmp(message, row->message) != 0 || status != FG_BAD_REQUEST
                     : message != NULL)
        fail_msg("%s: %s: %s", row->because, row->json, message ? message : "accepted");
    if (message && strncmp(error->field, "faregate", 8) != 0)
        fail_msg("%s: the field is %s", row->because, error->field);
}

#define WEBHOOK                                                                                    \
    "faregate.alertWebhookUrl must be an http or https URL of visible ASCII characters, without "  \
    "credentials"

static void plans_are_checked(void **state)
{
    static const row_t rows[] = {
        {"nothing is fine", "{}", NULL},
        {"null is as absent", "{\"quotaScope\":null}", NULL},
        {"a list is no object", "[]", "faregate must be an object"},
        {"what nobody knows is refused", "{\"color\":1}", "faregate has no member color"},
        {"a key's member is none of a plan's", "{\"expiresAt\":1}",
         "faregate has no member expiresAt"},
        {"scopes are two", "{\"quotaScope\":\"customer\"}",
         "faregate.quotaScope must be \"KEY\" or \"CUSTOMER\""},
        {"a scope is a text", "{\"quotaScope\":1}",
         "faregate.quotaScope must be \"KEY\" or \"CUSTOMER\""},
        {"moves are two", "{\"usageOnMove\":\"LOSE\"}",
         "faregate.usageOnMove must be \"KEEP\" or \"FRESH\""},
        {"policies are three", "{\"outagePolicy\":\"STRICT\"}",
         "faregate.outagePolicy must be \"strict\", \"allowance\" or \"open\""},
        {"all of the limit is the most", "{\"outageAllowancePercent\":100}", NULL},
        {"more than all is refused", "{\"outageAllowancePercent\":101}",
         "faregate.outageAllowancePercent must be a whole number from 0 to 100"},
        {"half a percent is refused", "{\"outageAllowancePercent\":0.5}",
         "faregate.outageAllowancePercent must be a whole number from 0 to 100"},
        {"classes are five", "{\"countedStatuses\":[\"1xx\",\"5xx\"]}", NULL},
        {"no class counts nothing, which is refused", "{\"countedStatuses\":[]}",
         "faregate.countedStatuses must be a list of \"1xx\" to \"5xx\", with one at least"},
        {"a code is no class", "{\"countedStatuses\":[\"200\"]}",
         "faregate.countedStatuses must be a list of \"1xx\" to \"5xx\""},
        {"a throttle has both", "{\"addressThrottle\":{\"rateLimit\":1}}",
         "faregate.addressThrottle must be an object with rateLimit and burstLimit"},
        {"a throttle has no more",
         "{\"addressThrottle\":{\"rateLimit\":1,\"burstLimit\":1,\"a\":1}}",
         "faregate.addressThrottle has no member a"},
        {"a rate is not below zero", "{\"addressThrottle\":{\"rateLimit\":-0.1,\"burstLimit\":1}}",
         "faregate.addressThrottle must have a rateLimit of 0 or more"},
        {"a burst has an end", "{\"addressThrottle\":{\"rateLimit\":1,\"burstLimit\":2147483648}}",
         "faregate.addressThrottle must have a burstLimit from 0 to 2147483647"},
        {"rules have an action", "{\"addressRules\":[{\"cidr\":\"::1\",\"action\":\"block\"}]}",
         "faregate.addressRules must hold rules with the action \"allow\" or \"deny\""},
        {"rules have a range",
         "{\"addressRules\":[{\"cidr\":\"10.0.0.0/33\",\"action\":\"deny\"}]}",
         "faregate.addressRules has a cidr that is no address range: 10.0.0.0/33"},
        {"rules do not contradict each other",
         "{\"addressRules\":[{\"cidr\":\"10.1.0.0/8\",\"action\":\"deny\"},"
         "{\"cidr\":\"10.2.0.0/8\",\"action\":\"allow\"}]}",
         "faregate.addressRules gives 10.2.0.0/8 twice"},
        {"a shadow is an identifier", "{\"shadowPlanId\":\"\"}",
         "faregate.shadowPlanId must be the identifier of a usage plan"},
        {"an identifier has an end", "{\"shadowPlanId\":\"abcdefghijklm\"}",
         "faregate.shadowPlanId has at most 12 bytes"},
        {"no thresholds are thresholds", "{\"alertThresholds\":[]}", NULL},
        {"beyond the limit nothing is reached", "{\"alertThresholds\":[101]}",
         "faregate.alertThresholds must hold whole percentages from 1 to 100"},
        {"thresholds fire once", "{\"alertThresholds\":[50,50]}",
         "faregate.alertThresholds gives a percentage twice"},
        {"thresholds have an end", "{\"alertThresholds\":[1,2,3,4,5,6,7,8,9]}",
         "faregate.alertThresholds must be a list of at most 8 percentages"},
        {"webhooks speak http", "{\"alertWebhookUrl\":\"ftp://a\"}", WEBHOOK},
        {"a scheme alone is none", "{\"alertWebhookUrl\":\"https://\"}", WEBHOOK},
        {"no line ends in a URL", "{\"alertWebhookUrl\":\"https://a/\\r\\n\"}", WEBHOOK},
        {"a URL is listed, so it has no password", "{\"alertWebhookUrl\":\"http://u:p@a/\"}",
         WEBHOOK},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_plan_extension_t plan;
        fg_error_t error = {0};
        expect(&rows[i], fg_plan_extension_parse(fg_str(rows[i].json), *state, &plan, &error),
               &error);
    }
}

static void plans_are_read(void **state)
{
    fg_plan_extension_t plan;
    fg_error_t error;
    assert_int_equal(fg_plan_extension_parse(FG_STR_NONE, *state, &plan, &error), FG_OK);
    assert_true(!plan.is_quota_shared && !plan.is_fresh_on_move && plan.counted_statuses == 0);
    assert_true(plan.outage == FG_POLICY_STRICT && plan.shadow_plan_id.at == NULL);
    assert_true(plan.alert_threshold_count == 2 && plan.alert_thresholds[0] == 80 &&
                plan.alert_thresholds[1] == 100);
    fg_str_t json = FG_STR("{\"quotaScope\":\"CUSTOMER\",\"usageOnMove\":\"FRESH\","
                           "\"outagePolicy\":\"open\",\"outageAllowancePercent\":7,"
                           "\"countedStatuses\":[\"2xx\",\"4xx\"],"
                           "\"addressThrottle\":{\"rateLimit\":2.5,\"burstLimit\":3},"
                           "\"addressRules\":[{\"cidr\":\"10.1.2.3/8\",\"action\":\"deny\"}],"
                           "\"shadowPlanId\":\"123456\",\"alertThresholds\":[100,50],"
                           "\"alertWebhookUrl\":\"https://hooks.example/a\"}");
    assert_int_equal(fg_plan_extension_parse(json, *state, &plan, &error), FG_OK);
    assert_true(plan.is_quota_shared && plan.is_fresh_on_move && plan.outage == FG_POLICY_OPEN);
    assert_int_equal(plan.allowance_percent, 7);
    assert_int_equal(plan.counted_statuses, 1u << 2 | 1u << 4);
    assert_true(plan.has_address_throttle && plan.address_rate_limit == 2.5);
    assert_int_equal(plan.address_burst_limit, 3);
    assert_int_equal(plan.address_rule_count, 1);
    assert_true(plan.address_rules[0].is_denied && plan.address_rules[0].prefix_bits == 104);
    assert_true(fg_str_is(plan.address_rules[0].text, "10.1.2.3/8"));
    assert_true(fg_str_is(plan.shadow_plan_id, "123456"));
    assert_true(plan.alert_threshold_count == 2 && plan.alert_thresholds[0] == 50);
    assert_true(fg_str_is(plan.alert_webhook_url, "https://hooks.example/a"));
}

static void keys_are_checked(void **state)
{
    static const row_t rows[] = {
        {"epoch seconds are a time", "{\"expiresAt\":1796083200}", NULL},
        {"a text may be one", "{\"notBefore\":\"2026-12-01T00:00:00Z\"}", NULL},
        {"other texts are none", "{\"expiresAt\":\"tomorrow\"}",
         "faregate.expiresAt must be a time: epoch seconds or 2026-01-01T00:00:00Z"},
        {"half a second is none", "{\"notBefore\":1.5}",
         "faregate.notBefore must be a time: epoch seconds or 2026-01-01T00:00:00Z"},
        {"a key lives for some time", "{\"notBefore\":200,\"expiresAt\":200}",
         "faregate.expiresAt must be later than faregate.notBefore"},
        {"an override says something", "{\"overrides\":{\"abc123\":{\"reason\":\"x\"}}}",
         "faregate.overrides must give a throttle or a quota for each plan"},
        {"a quota has a limit", "{\"overrides\":{\"abc123\":{\"quota\":{}}}}",
         "faregate.overrides must have a quota with a limit"},
        {"a quota has a limit alone",
         "{\"overrides\":{\"abc123\":{\"quota\":{\"limit\":1,\"period\":\"DAY\"}}}}",
         "faregate.overrides has no member period"},
        {"an override has known members", "{\"overrides\":{\"abc123\":{\"burst\":1}}}",
         "faregate.overrides has no member burst"},
        {"plans have short names", "{\"overrides\":{\"abcdefghijklm\":{\"quota\":{\"limit\":1}}}}",
         "faregate.overrides must be named by identifiers of usage plans"},
        {"overrides are an object", "{\"overrides\":[]}",
         "faregate.overrides must be an object with at most 32 usage plans"},
        {"a limit is what the word holds",
         "{\"overrides\":{\"abc123\":{\"quota\":{\"limit\":-1}}}}", NULL},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_key_extension_t key;
        fg_error_t error = {0};
        row_t row = rows[i];
        char message[128];
        if (i + 1 == FG_COUNT_OF(rows)) {
            snprintf(message, sizeof(message),
                     "faregate.overrides must be a whole number from 0 "
                     "to %lld",
                     (long long)FG_QUOTA_USED_MAX);
            row.message = message;
        }
        expect(&row, fg_key_extension_parse(fg_str(row.json), *state, &key, &error), &error);
    }
}

static void keys_are_read(void **state)
{
    fg_key_extension_t key;
    fg_error_t error;
    fg_str_t json =
        FG_STR("{\"notBefore\":100,\"expiresAt\":\"2026-12-01\",\"overrides\":{\"abc123\":"
               "{\"throttle\":{\"rateLimit\":9,\"burstLimit\":8},\"until\":300,"
               "\"reason\":\"trial\"},\"def456\":{\"quota\":{\"limit\":7}}}}");
    assert_int_equal(fg_key_extension_parse(json, *state, &key, &error), FG_OK);
    assert_int_equal(key.not_before.s, 100);
    assert_int_equal(key.expires.s, 1796083200);
    assert_int_equal(key.override_count, 2);
    const fg_key_override_t *first = &key.overrides[0], *second = &key.overrides[1];
    assert_true(fg_str_is(first->plan_id, "abc123") && first->has_throttle && !first->has_quota);
    assert_true(first->rate_limit == 9 && first->burst_limit == 8 && first->until.s == 300);
    assert_true(fg_str_is(first->reason, "trial"));
    assert_true(!second->has_throttle && second->has_quota && second->quota_limit == 7);
    assert_true(second->until.s == 0 && second->reason.at == NULL);
}

static void lists_end(void **state)
{
    fg_error_t error;
    for (int count = FG_ADDRESS_RULES_MAX; count <= FG_ADDRESS_RULES_MAX + 1; count++) {
        fg_key_extension_t key;
        static char json[64 * (FG_ADDRESS_RULES_MAX + 2)];
        int length = snprintf(json, sizeof(json), "{\"addressRules\":[");
        for (int i = 0; i < count; i++)
            length += snprintf(json + length, sizeof(json) - (size_t)length,
                               "%s{\"cidr\":\"10.%d.%d.0/24\",\"action\":\"deny\"}", i ? "," : "",
                               i / 256, i % 256);
        snprintf(json + length, sizeof(json) - (size_t)length, "]}");
        fg_status_t status = fg_key_extension_parse(fg_str(json), *state, &key, &error);
        assert_int_equal(status, count > FG_ADDRESS_RULES_MAX ? FG_BAD_REQUEST : FG_OK);
    }
}

static void memory_may_run_out(void **state)
{
    fg_str_t json = FG_STR("{\"addressRules\":[{\"cidr\":\"::1\",\"action\":\"deny\"}],"
                           "\"overrides\":{\"abc123\":{\"quota\":{\"limit\":1},"
                           "\"reason\":\"r\"}}}");
    fg_status_t status = FG_NO_MEMORY;
    int64_t count = 0;
    for (; status == FG_NO_MEMORY && count < 100; count++) {
        fg_key_extension_t key;
        fg_error_t error;
        fg_arena_fail_after(*state, count);
        status = fg_key_extension_parse(json, *state, &key, &error);
    }
    fg_arena_fail_after(*state, -1);
    assert_int_equal(status, FG_OK);
    assert_int_equal(count, 6); /* five allocations */
}

static void times_are_parsed(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds; /* 0: none */
    } rows[] = {
        {"1", 1},
        {"4294967295", UINT32_MAX},
        {"4294967296", 0},
        {"0", 0},
        {"-1", 0},
        {"+1", 0},
        {"", 0},
        {"2026-12-01", 1796083200},
        {"2026-12-01T00:00:01Z", 1796083201},
        {"2026-12-01T23:59:59.999Z", 1796169599},
        {"2026-12-01T00:00:00+00:00", 1796083200},
        {"2026-12-01T00:00:00+01:00", 0},
        {"2026-12-01T00:00:00", 0},
        {"2026-12-01T00:00:00.Z", 0},
        {"2026-12-01T24:00:00Z", 0},
        {"2026-12-01T00:60:00Z", 0},
        {"2024-02-29", 1709164800},
        {"2026-02-29", 0},
        {"2026-13-01", 0},
        {"2026-00-01", 0},
        {"2026-01-00", 0},
        {"1969-12-31", 0},
        {"2107-01-01", 0},
        {"2026-12-1", 0},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_wall_t time = {0};
        bool is_time = fg_time_parse(fg_str(rows[i].text), &time);
        if (is_time != (rows[i].seconds != 0) || time.s != rows[i].seconds)
            fail_msg("%s: %lld", rows[i].text, (long long)time.s);
    }
}

static void ranges_are_parsed(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int bits; /* of 128; -1: none */
        uint8_t address[16];
    } rows[] = {
        {"10.1.2.3", 128, {[10] = 0xff, 0xff, 10, 1, 2, 3}},
        {"10.1.2.3/8", 104, {[10] = 0xff, 0xff, 10}},
        {"10.255.2.3/12", 108, {[10] = 0xff, 0xff, 10, 0xf0}},
        {"0.0.0.0/0", 96, {[10] = 0xff, 0xff}},
        {"::/0", 0, {0}},
        {"2001:db8:ffff::1/33", 33, {0x20, 1, 0x0d, 0xb8, 0x80}},
        {"::1", 128, {[15] = 1}},
        {"10.0.0.0/33", -1, {0}},
        {"::/129", -1, {0}},
        {"10.0.0.0/", -1, {0}},
        {"10.0.0.0/-1", -1, {0}},
        {"10.0.0/8", -1, {0}},
        {"/8", -1, {0}},
        {"", -1, {0}},
        {"localhost", -1, {0}},
        {"10.0.0.0/8/8", -1, {0}},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_cidr_rule_t rule;
        bool is_range = fg_cidr_parse(fg_str(rows[i].text), &rule);
        if (is_range != (rows[i].bits >= 0))
            fail_msg("%s", rows[i].text);
        if (is_range) {
            assert_int_equal(rule.prefix_bits, rows[i].bits);
            assert_memory_equal(rule.address, rows[i].address, 16);
        }
    }
    fg_cidr_rule_t rule;
    assert_false(fg_cidr_parse(fg_str_of("10.0.0.0\0x", 10), &rule));
}

static void members_have_forms(void **state)
{
    (void)state;
    assert_int_equal(fg_plan_extension_form(FG_STR("shadowPlanId")), FG_MEMBER_TEXT);
    assert_int_equal(fg_plan_extension_form(FG_STR("alertThresholds")), FG_MEMBER_JSON);
    assert_int_equal(fg_plan_extension_form(FG_STR("expiresAt")), FG_MEMBER_UNKNOWN);
    assert_int_equal(fg_key_extension_form(FG_STR("expiresAt")), FG_MEMBER_TIME);
    assert_int_equal(fg_key_extension_form(FG_STR_NONE), FG_MEMBER_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(plans_are_checked, setup, teardown),
        cmocka_unit_test_setup_teardown(plans_are_read, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_are_checked, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_are_read, setup, teardown),
        cmocka_unit_test_setup_teardown(lists_end, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_may_run_out, setup, teardown),
        cmocka_unit_test(times_are_parsed),
        cmocka_unit_test(ranges_are_parsed),
        cmocka_unit_test(members_have_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
