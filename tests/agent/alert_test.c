/*
 * Thresholds fire once per window and key, in the transaction that writes what was counted. Rules
 * AL1, AL2, AL4.
 */
#include "world.h"

#include "base/json.h"
#include "store/db.h"
#include "store/outbox.h"
#include "store/usage_minute.h"

#define HOOK "http://hooks.example/"

static void set_plan(world_t *world, int64_t limit, fg_period_t period, const char *extension)
{
    fg_usage_plan_t plan = world_new_plan("planaa", limit, period);
    plan.extension = fg_str(extension);
    CHANGE(world, fg_store_plan_update(world->store, &plan, reterr));
}

static void furnish(world_t *world, int64_t limit, const char *extension)
{
    world_furnish(world);
    set_plan(world, limit, FG_PERIOD_DAY, extension);
}

static void spend(world_t *world, const char *value, int count)
{
    for (int i = 0; i < count; i++)
        (void)world_decide(world, value);
    OK(fg_agent_drain(world->agent, clock_now, reterr));
}

/* Every event, oldest first, as "key:threshold:used/limit>url". */
static const char *told(world_t *world)
{
    fg_outbox_event_t *events;
    size_t count;
    fg_str_t text = FG_STR("");
    OK(fg_store_outbox_list(world->store, FG_OUTBOX_STATES, 0, 100, world->arena, &events, &count,
                            reterr));
    while (count-- > 0) {
        fg_error_t error;
        FG_JSON_SCOPED *event = fg_json_parse(events[count].body, &error);
        assert_non_null(event);
        assert_string_equal(json_string_value(json_object_get(event, "id")), events[count].id.at);
        const json_t *data = json_object_get(event, "data");
        text = fg_arena_printf(
            world->arena, "%.*s%s%s:%d:%d/%d>%.*s", FG_STR_ARG(text), text.len ? " " : "",
            json_string_value(json_object_get(event, "subject")),
            (int)json_integer_value(json_object_get(data, "threshold")),
            (int)json_integer_value(json_object_get(data, "used")),
            (int)json_integer_value(json_object_get(data, "limit")), FG_STR_ARG(events[count].url));
    }
    return text.at;
}

/* Given the defaults, when a key passes 80 % and 100 %, then each is told once. */
static void thresholds_fire_once(void **state)
{
    world_t *world = *state;
    furnish(world, 10, "{\"alertWebhookUrl\":\"" HOOK "\"}");
    spend(world, VALUE_1, 7);
    assert_string_equal(told(world), "");
    spend(world, VALUE_1, 1);
    spend(world, VALUE_1, 1);
    assert_string_equal(told(world), "key1000000:80:8/10>" HOOK);
    spend(world, VALUE_1, 5);
    spend(world, VALUE_1, 5);
    assert_string_equal(told(world), "key1000000:80:8/10>" HOOK " key1000000:100:10/10>" HOOK);
}

/* Given two keys, then each has its own; both thresholds may be passed between two drains. */
static void each_key_has_its_own(void **state)
{
    world_t *world = *state;
    furnish(world, 10, "{\"alertWebhookUrl\":\"" HOOK "\"}");
    spend(world, VALUE_1, 8);
    spend(world, VALUE_2, 20);
    assert_string_equal(told(world), "key1000000:80:8/10>" HOOK " key2000000:80:10/10>" HOOK
                                     " key2000000:100:10/10>" HOOK);
}

/* Given the next window, then it fires anew. */
static void each_window_fires_anew(void **state)
{
    world_t *world = *state;
    fg_now_t noon = clock_now;
    furnish(world, 10, "{\"alertWebhookUrl\":\"" HOOK "\",\"alertThresholds\":[50]}");
    spend(world, VALUE_1, 5);
    clock_now.wall.s += FG_DAY_S;
    clock_now.mono.us += FG_DAY_S * FG_SECOND_US;
    spend(world, VALUE_1, 4);
    spend(world, VALUE_1, 2);
    assert_string_equal(told(world), "key1000000:50:5/10>" HOOK " key1000000:50:6/10>" HOOK);
    clock_now = noon;
}

/* Given a restart, then what was fired stays fired: the store remembers, not the process. */
static void a_restart_fires_nothing_again(void **state)
{
    world_t *world = *state;
    furnish(world, 10, "{\"alertWebhookUrl\":\"" HOOK "\"}");
    spend(world, VALUE_1, 8);
    world_stop(world);
    world_start(world);
    spend(world, VALUE_1, 1);
    assert_string_equal(told(world), "key1000000:80:8/10>" HOOK);
}

/* Given thresholds of the plan's own, or none, then those hold from the next drain on. */
static void a_plan_chooses_its_thresholds(void **state)
{
    world_t *world = *state;
    furnish(world, 10, "{\"alertThresholds\":[]}");
    spend(world, VALUE_1, 10);
    assert_string_equal(told(world), "");
    set_plan(world, 100, FG_PERIOD_DAY, "{\"alertThresholds\":[11, 50]}");
    spend(world, VALUE_1, 1);
    assert_string_equal(told(world), "key1000000:11:11/100>");
}

/* Given a limit that changes in mid-window, then only what was not fired can fire: raised, 80 %
 * is not told again; lowered, 100 % is reached at once. */
static void a_changed_limit_fires_only_what_has_not(void **state)
{
    world_t *world = *state;
    furnish(world, 10, "{}");
    spend(world, VALUE_1, 8);
    set_plan(world, 20, FG_PERIOD_DAY, "{}");
    spend(world, VALUE_1, 9);
    assert_string_equal(told(world), "key1000000:80:8/10>");
    set_plan(world, 18, FG_PERIOD_DAY, "{}");
    spend(world, VALUE_1, 1);
    assert_string_equal(told(world), "key1000000:80:8/10> key1000000:100:18/18>");
}

/* Given a limit that UpdateUsage gave the window (rule Q3), then percents are of that. */
static void an_extension_is_the_limit(void **state)
{
    world_t *world = *state;
    furnish(world, 10, "{}");
    spend(world, VALUE_1, 5);
    fg_ledger_row_t row = {.key_id = FG_STR("key1000000"),
                           .plan_id = FG_STR("planaa"),
                           .quota_word = FG_QUOTA_WORD(TODAY, 5),
                           .extension_word = FG_QUOTA_WORD(TODAY, 100)};
    fg_change_t change = {
        .kind = FG_CHANGE_REMAINING, .id = FG_STR("key1000000"), .parent = FG_STR("planaa")};
    OK(fg_store_begin(world->store, reterr));
    OK(fg_store_ledger_put(world->store, &row, reterr));
    OK(fg_store_change_append(world->store, &change, reterr));
    OK(fg_store_commit(world->store, reterr));
    OK(fg_agent_publish(world->agent, reterr));
    spend(world, VALUE_1, 74);
    assert_string_equal(told(world), "");
    spend(world, VALUE_1, 1);
    assert_string_equal(told(world), "key1000000:80:80/100>");
}

/* Given a key whose limit on the plan is another, then percents are of that. */
static void an_override_is_the_limit(void **state)
{
    world_t *world = *state;
    furnish(world, 10, "{}");
    fg_api_key_t key = world_key(world, "key1000000");
    key.extension = FG_STR("{\"overrides\":{\"planaa\":{\"quota\":{\"limit\":20}}}}");
    CHANGE(world, fg_store_key_update(world->store, &key, FG_STR_NONE, reterr));
    spend(world, VALUE_1, 15);
    assert_string_equal(told(world), "");
    spend(world, VALUE_1, 1);
    assert_string_equal(told(world), "key1000000:80:16/20>");
}

/* Given a store that fails anywhere in the drain, then alerts and events are there exactly when the
 * counts are, and in the end once. Rule AL4. */
static void a_failed_drain_fires_later(void **state)
{
    static const char all[] = "key1000000:80:10/10> key1000000:100:10/10>";
    world_t *world = *state;
    furnish(world, 10, "{}");
    int failures = 0;
    for (int i = 0; i < 10; i++)
        (void)world_decide(world, VALUE_1);
    for (int64_t after = 0;; after++) {
        fg_error_t error;
        uint64_t used, remaining;
        fg_db_fail_after(fg_store_db(world->store), after);
        fg_status_t status = fg_agent_drain(world->agent, clock_now, &error);
        fg_db_fail_after(fg_store_db(world->store), -1);
        if (status == FG_OK)
            break;
        bool is_counted = world_usage(world, "planaa", "key1000000", TODAY, &used, &remaining);
        assert_string_equal(told(world), is_counted ? all : "");
        failures += !is_counted;
    }
    assert_true(failures > 10);
    assert_string_equal(told(world), all);
}

/* Given a plan without a quota, then there is nothing to tell of. */
static void no_quota_no_alert(void **state)
{
    world_t *world = *state;
    world_furnish(world);
    set_plan(world, 0, FG_PERIOD_NONE, "{}");
    spend(world, VALUE_1, 10);
    assert_string_equal(told(world), "");
}

/* The forecasts of the newest event: "runsOutAt atPaceOfWindow atPaceOfLastHour", times of day. */
static const char *forecast(world_t *world)
{
    static const char *const names[] = {"runsOutAt", "atPaceOfWindow", "atPaceOfLastHour"};
    fg_outbox_event_t *events;
    size_t count;
    fg_error_t error;
    fg_str_t text = FG_STR("");
    OK(fg_store_outbox_list(world->store, FG_OUTBOX_STATES, 0, 1, world->arena, &events, &count,
                            reterr));
    assert_int_equal(count, 1);
    FG_JSON_SCOPED *event = fg_json_parse(events[0].body, &error);
    const json_t *data = json_object_get(event, "data");
    for (size_t i = 0; i < FG_COUNT_OF(names); i++) {
        const char *at =
            json_string_value(json_object_get(json_object_get(data, "forecast"), names[i]));
        text = fg_arena_printf(world->arena, "%.*s%s%.5s", FG_STR_ARG(text), i ? " " : "",
                               at ? strchr(at, 'T') + 1 : "never");
    }
    return text.at;
}

static void put_minute(world_t *world, uint32_t day, uint32_t minute_of_day, uint64_t admitted)
{
    fg_minute_row_t row = {.plan_id = FG_STR("planaa"),
                           .key_id = FG_STR("key1000000"),
                           .minute = day * FG_DAY_MINUTES + minute_of_day,
                           .admitted = admitted};
    COMMIT(world, fg_store_minute_put(world->store, &row, reterr));
}

/* Given 8 of 10 by noon, of which 4 after 11:00, then at 4 an hour it ends at 12:30 and by the pace
 * of the window at 15:00. Rule AL2. */
static void the_last_hour_is_read_from_the_minutes(void **state)
{
    world_t *world = *state;
    furnish(world, 10, "{\"alertThresholds\":[80]}");
    put_minute(world, TODAY - 1, 1439, 77); /* totals begin anew with the day */
    put_minute(world, TODAY, 600, 4);       /* 10:00, the last one before the hour */
    put_minute(world, TODAY, 690, 6);       /* 11:30; two more since are in no minute yet */
    spend(world, VALUE_1, 8);
    assert_string_equal(forecast(world), "12:30 15:00 12:30");
}

/* Given no minutes, then the pace of the window alone is told. */
static void without_minutes_the_window_tells(void **state)
{
    world_t *world = *state;
    furnish(world, 10, "{\"alertThresholds\":[80]}");
    spend(world, VALUE_1, 8);
    assert_string_equal(forecast(world), "15:00 15:00 never");
}

/* Given keys of one customer that share the quota, then it is told of once, as the customer's. */
static void a_shared_quota_is_told_under_the_customer(void **state)
{
    world_t *world = *state;
    furnish(world, 10, "{}");
    const char *const ids[] = {"key1000000", "key2000000"};
    for (size_t i = 0; i < FG_COUNT_OF(ids); i++) {
        fg_api_key_t key = world_key(world, ids[i]);
        key.customer_id = FG_STR("acme");
        CHANGE(world, fg_store_key_update(world->store, &key, FG_STR_NONE, reterr));
    }
    set_plan(world, 10, FG_PERIOD_DAY, "{\"quotaScope\":\"CUSTOMER\"}");
    spend(world, VALUE_1, 4);
    spend(world, VALUE_2, 4);
    assert_string_equal(told(world), "acme:80:8/10>");
    spend(world, VALUE_2, 4);
    assert_string_equal(told(world), "acme:80:8/10> acme:100:10/10>");
}

/* Given a shadow plan that would have refused long since, then nothing is told of it. */
static void a_shadow_tells_nothing(void **state)
{
    world_t *world = *state;
    world_furnish(world);
    fg_usage_plan_t shadow = world_new_plan("shadow", 2, FG_PERIOD_DAY);
    shadow.stage_count = 0;
    CHANGE(world, fg_store_plan_insert(world->store, &shadow, reterr));
    set_plan(world, 100, FG_PERIOD_DAY, "{\"shadowPlanId\":\"shadow\"}");
    spend(world, VALUE_1, 20);
    assert_string_equal(told(world), "");
    uint64_t used, remaining;
    assert_true(world_usage(world, "shadow", "key1000000", TODAY, &used, &remaining));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(thresholds_fire_once),
        WORLD_TEST(each_key_has_its_own),
        WORLD_TEST(each_window_fires_anew),
        WORLD_TEST(a_restart_fires_nothing_again),
        WORLD_TEST(a_plan_chooses_its_thresholds),
        WORLD_TEST(a_changed_limit_fires_only_what_has_not),
        WORLD_TEST(an_extension_is_the_limit),
        WORLD_TEST(an_override_is_the_limit),
        WORLD_TEST(a_failed_drain_fires_later),
        WORLD_TEST(no_quota_no_alert),
        WORLD_TEST(the_last_hour_is_read_from_the_minutes),
        WORLD_TEST(without_minutes_the_window_tells),
        WORLD_TEST(a_shared_quota_is_told_under_the_customer),
        WORLD_TEST(a_shadow_tells_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
