/*
 * What is told of a quota that ends. Rules AL2, AL3.
 */
#include "words.h"

#include "base/json.h"
#include "model/event.h"

#include <string.h>

#define HOUR 3600
/* 2026-03-11 00:00 UTC */
#define OPENING (INT64_C(20523) * FG_DAY_S)

static fg_alert_t alert_of(uint64_t used)
{
    return (fg_alert_t){
        .plan_id = FG_STR("plan01"),
        .key_id = FG_STR("key1000000"),
        .threshold = 80,
        .used = used,
        .limit = 100,
        .opened_at = {OPENING},
        .ends_at = {OPENING + FG_DAY_S},
    };
}

static json_t *event_of(const fg_alert_t *alert, int64_t at, fg_arena_t *arena)
{
    fg_error_t error;
    fg_event_t event = {FG_STR("id-1"), "uuid-1", {at}};
    fg_str_t text = fg_event_alert(&event, alert, arena);
    json_t *json = fg_json_parse(text, &error);
    assert_non_null(json);
    return json;
}

static const char *text_at(const json_t *json, const char *member)
{
    const json_t *value = json_object_get(json, member);
    return json_is_null(value) ? "null" : json_string_value(value);
}

static void an_alert_is_a_cloud_event(void **state)
{
    (void)state;
    fg_arena_t *arena = fg_arena_new();
    fg_alert_t alert = alert_of(80);
    FG_JSON_SCOPED *event = event_of(&alert, OPENING + 8 * HOUR + 65, arena);
    assert_string_equal(text_at(event, "specversion"), "1.0");
    assert_string_equal(text_at(event, "id"), "id-1");
    assert_string_equal(text_at(event, "source"), "urn:faregate:uuid-1");
    assert_string_equal(text_at(event, "type"), "io.faregate.quota.threshold");
    assert_string_equal(text_at(event, "subject"), "key1000000");
    assert_string_equal(text_at(event, "time"), "2026-03-11T08:01:05Z");
    assert_string_equal(text_at(event, "datacontenttype"), "application/json");
    const json_t *data = json_object_get(event, "data");
    assert_string_equal(text_at(data, "planId"), "plan01");
    assert_string_equal(text_at(data, "keyId"), "key1000000");
    assert_string_equal(text_at(data, "customerId"), "null");
    assert_string_equal(text_at(data, "periodStart"), "2026-03-11T00:00:00Z");
    assert_string_equal(text_at(data, "periodEnd"), "2026-03-12T00:00:00Z");
    assert_int_equal(json_integer_value(json_object_get(data, "threshold")), 80);
    assert_int_equal(json_integer_value(json_object_get(data, "used")), 80);
    assert_int_equal(json_integer_value(json_object_get(data, "limit")), 100);
    assert_int_equal(json_integer_value(json_object_get(data, "remaining")), 20);
    fg_arena_free(arena);
}

static void a_shared_quota_is_the_customers(void **state)
{
    (void)state;
    fg_arena_t *arena = fg_arena_new();
    fg_alert_t alert = alert_of(101);
    alert.key_id = FG_STR_NONE;
    alert.customer_id = FG_STR("acme");
    FG_JSON_SCOPED *event = event_of(&alert, OPENING + HOUR, arena);
    const json_t *data = json_object_get(event, "data");
    assert_string_equal(text_at(event, "subject"), "acme");
    assert_string_equal(text_at(data, "keyId"), "null");
    assert_string_equal(text_at(data, "customerId"), "acme");
    assert_int_equal(json_integer_value(json_object_get(data, "remaining")), 0);
    fg_arena_free(arena);
}

/* The quicker of two paces is the forecast. */
static void forecasts_by_table(void **state)
{
    (void)state;
    static const struct {
        uint64_t used;
        bool has_recent;
        fg_pace_t recent;
        const char *runs_out, *by_window, *by_hour;
    } rows[] = {
        {80, false, {0, 0}, "2026-03-11T10:00:00Z", "2026-03-11T10:00:00Z", "null"},
        {80,
         true,
         {40, HOUR},
         "2026-03-11T08:30:00Z",
         "2026-03-11T10:00:00Z",
         "2026-03-11T08:30:00Z"},
        {80, true, {1, HOUR}, "2026-03-11T10:00:00Z", "2026-03-11T10:00:00Z", "null"},
        {20, true, {80, HOUR}, "2026-03-11T09:00:00Z", "null", "2026-03-11T09:00:00Z"},
        {20, false, {0, 0}, "null", "null", "null"},
        {100,
         true,
         {40, HOUR},
         "2026-03-11T08:00:00Z",
         "2026-03-11T08:00:00Z",
         "2026-03-11T08:00:00Z"},
    };
    fg_arena_t *arena = fg_arena_new();
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_alert_t alert = alert_of(rows[i].used);
        alert.has_recent = rows[i].has_recent;
        alert.recent = rows[i].recent;
        FG_JSON_SCOPED *event = event_of(&alert, OPENING + 8 * HOUR, arena);
        const json_t *forecast = json_object_get(json_object_get(event, "data"), "forecast");
        assert_string_equal(text_at(forecast, "runsOutAt"), rows[i].runs_out);
        assert_string_equal(text_at(forecast, "atPaceOfWindow"), rows[i].by_window);
        assert_string_equal(text_at(forecast, "atPaceOfLastHour"), rows[i].by_hour);
    }
    fg_arena_free(arena);
}

static void a_test_says_so(void **state)
{
    (void)state;
    fg_error_t error;
    fg_arena_t *arena = fg_arena_new();
    fg_event_t event = {FG_STR("id-2"), "uuid-1", {OPENING}};
    FG_JSON_SCOPED *json = fg_json_parse(fg_event_test(&event, arena), &error);
    assert_string_equal(text_at(json, "type"), "io.faregate.test");
    assert_null(json_object_get(json, "subject"));
    fg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_is_a_cloud_event),
        cmocka_unit_test(a_shared_quota_is_the_customers),
        cmocka_unit_test(forecasts_by_table),
        cmocka_unit_test(a_test_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
