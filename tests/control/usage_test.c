/* Rules Q3, Q4; reference 4.4. */
#include "control/scene.h"

#define REMAINING(value)                                                                           \
    "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/remaining\",\"value\":\"" value "\"}]}"
#define TODAY ((uint32_t)(SCENE_NOW_S / FG_DAY_S))

static char key[16], plan[16];

static void pair_make(scene_t *scene, const char *plan_body)
{
    char body[128];
    key_make(scene, NULL, key);
    plan_make(scene, plan_body, plan);
    snprintf(body, sizeof(body), "{\"keyId\":\"%s\",\"keyType\":\"API_KEY\"}", key);
    call(scene, 201, "POST", body, "/usageplans/%s/keys", plan);
}

/* What a drain would have stored. */
static void count(scene_t *scene, const char *key_id, uint32_t day, uint64_t used,
                  uint64_t remaining)
{
    fg_error_t error = {0};
    fg_usage_row_t row = {fg_str(key_id), fg_str(plan), day, used, true, remaining};
    assert_int_equal(fg_store_begin(scene->store, &error), FG_OK);
    assert_int_equal(fg_store_usage_put(scene->store, &row, &error), FG_OK);
    assert_int_equal(fg_store_commit(scene->store, &error), FG_OK);
}

static void expect_days(scene_t *scene, const char *key_id, const char *wanted)
{
    char text[512];
    snprintf(text, sizeof(text), "\"%s\":%s", key_id, wanted);
    if (!strstr(scene->body, text))
        fail_msg("%s not in %s", text, scene->body);
}

/* given a week's quota of 100 and 30 used on Tuesday, when Monday to next Monday are listed, expect
 * what was left carried */
static void days_without_requests_are_filled(void **state)
{
    scene_t *scene = *state;
    pair_make(scene, "{\"name\":\"p\",\"quota\":{\"limit\":100,\"period\":\"WEEK\"}}");
    count(scene, key, TODAY - 1, 30, 70); /* Tuesday the 24th */
    call(scene, 200, "GET", NULL, "/usageplans/%s/usage?startDate=2026-11-23&endDate=2026-11-30",
         plan);
    assert_string_equal(text_at(scene, "usagePlanId"), plan);
    assert_string_equal(text_at(scene, "startDate"), "2026-11-23");
    assert_string_equal(text_at(scene, "endDate"), "2026-11-30");
    expect_days(scene, key, "[[0,100],[30,70],[0,70],[0,70],[0,70],[0,70],[0,70],[0,100]]");
    call(scene, 200, "GET", NULL,
         "/usageplans/%s/usage?startDate=2026-11-25&endDate=2026-11-25&keyId=%s", plan, key);
    expect_days(scene, key, "[[0,70]]"); /* carried in from before the range */
}

static void a_plan_without_quota_has_no_remaining(void **state)
{
    scene_t *scene = *state;
    pair_make(scene, "{\"name\":\"p\"}");
    count(scene, key, TODAY, 3, 0);
    call(scene, 200, "GET", NULL, "/usageplans/%s/usage?startDate=2026-11-24&endDate=2026-11-25",
         plan);
    expect_days(scene, key, "[[0,-1],[3,-1]]");
}

static void keys_without_requests_are_left_out(void **state)
{
    scene_t *scene = *state;
    pair_make(scene, "{\"name\":\"p\",\"quota\":{\"limit\":5,\"period\":\"DAY\"}}");
    call(scene, 200, "GET", NULL, "/usageplans/%s/usage?startDate=2026-11-25&endDate=2026-11-25",
         plan);
    assert_int_equal(json_object_size(value_at(scene, "values")), 0);
    call(scene, 200, "GET", NULL,
         "/usageplans/%s/usage?startDate=2026-11-25&endDate=2026-11-25&keyId=%s", plan, key);
    expect_days(scene, key, "[[0,5]]"); /* asked for by name */
    call(scene, 200, "GET", NULL,
         "/usageplans/%s/usage?startDate=2026-11-25&endDate=2026-11-25&keyId=other", plan);
    assert_int_equal(json_object_size(value_at(scene, "values")), 0);
}

static void pages_hold_whole_keys(void **state)
{
    scene_t *scene = *state;
    char position[64] = "";
    size_t seen = 0;
    pair_make(scene, "{\"name\":\"p\",\"quota\":{\"limit\":5,\"period\":\"DAY\"}}");
    for (int i = 0; i < 5; i++) {
        char id[16];
        key_make(scene, NULL, id);
        count(scene, id, TODAY - 1, 1, 4);
        count(scene, id, TODAY, 2, 3);
    }
    for (int page = 0; page < 3; page++) {
        call(scene, 200, "GET", NULL,
             "/usageplans/%s/usage?startDate=2026-11-24&endDate=2026-11-25&limit=2%s%s", plan,
             position[0] ? "&position=" : "", position);
        const char *id;
        json_t *days;
        json_object_foreach(value_at(scene, "values"), id, days)
        {
            assert_int_equal(json_array_size(days), 2);
            seen++;
        }
        snprintf(position, sizeof(position), "%s", text_at(scene, "position"));
    }
    assert_int_equal(seen, 5);
    assert_string_equal(position, "");
}

/* given a wrong range, when usage is listed, expect 400 */
static void dates(void **state)
{
    scene_t *scene = *state;
    pair_make(scene, "{\"name\":\"p\"}");
    static const struct {
        const char *query;
        int status;
    } rows[] = {
        {"", 400},
        {"startDate=2026-11-25", 400},
        {"startDate=2026-11-25&endDate=2026-11-24", 400},
        {"startDate=2026-02-29&endDate=2026-03-01", 400},
        {"startDate=2028-02-29&endDate=2028-02-29", 200},
        {"startDate=2026-13-01&endDate=2026-13-01", 400},
        {"startDate=2026-1-01&endDate=2026-01-01", 400},
        {"startDate=2026-11-25x&endDate=2026-11-25", 400},
        {"startDate=-026-11-25&endDate=2026-11-25", 400},
        {"startDate=1969-12-31&endDate=1969-12-31", 400},
        {"startDate=2026-01-01&endDate=2027-02-04", 200}, /* 400 days */
        {"startDate=2026-01-01&endDate=2027-02-05", 400},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++)
        call(scene, rows[i].status, "GET", NULL, "/usageplans/%s/usage?%s", plan, rows[i].query);
    call(scene, 404, "GET", NULL,
         "/usageplans/nosuch/usage?startDate=2026-11-25&endDate=2026-11-25");
    expect_message(scene, "NotFoundException", "Invalid Usage Plan ID specified");
}

static void ledger_at(scene_t *scene, fg_ledger_row_t *ret_ledger)
{
    fg_error_t error;
    assert_int_equal(
        fg_store_ledger_get(scene->store, fg_str(key), fg_str(plan), ret_ledger, &error), FG_OK);
}

/* given 30 of 100 used this month, when remaining is replaced, expect the window's limit to be what
 * was used and that (Q3) */
static void remaining_is_extended_and_cut(void **state)
{
    scene_t *scene = *state;
    fg_error_t error = {0};
    fg_ledger_row_t ledger;
    uint32_t first = (uint32_t)fg_day_from_civil(2026, 11, 1);
    pair_make(scene, "{\"name\":\"p\",\"quota\":{\"limit\":100,\"period\":\"MONTH\"}}");
    count(scene, key, TODAY, 30, 70);
    ledger = (fg_ledger_row_t){.key_id = fg_str(key),
                               .plan_id = fg_str(plan),
                               .quota_word = FG_QUOTA_WORD(first, 30)};
    assert_int_equal(fg_store_begin(scene->store, &error), FG_OK);
    assert_int_equal(fg_store_ledger_put(scene->store, &ledger, &error), FG_OK);
    assert_int_equal(fg_store_commit(scene->store, &error), FG_OK);
    call(scene, 200, "PATCH", REMAINING("500"), "/usageplans/%s/keys/%s/usage", plan, key);
    expect_days(scene, key, "[[30,500]]");
    assert_string_equal(text_at(scene, "startDate"), SCENE_TODAY);
    assert_string_equal(text_at(scene, "endDate"), SCENE_TODAY);
    ledger_at(scene, &ledger);
    assert_true(ledger.extension_word == FG_QUOTA_WORD(first, 530));
    assert_true(ledger.quota_word == FG_QUOTA_WORD(first, 30));
    call(scene, 200, "PATCH", REMAINING("0"), "/usageplans/%s/keys/%s/usage", plan, key);
    ledger_at(scene, &ledger);
    assert_true(ledger.extension_word == FG_QUOTA_WORD(first, 30));
    call(scene, 200, "GET", NULL,
         "/usageplans/%s/usage?startDate=" SCENE_TODAY "&endDate=" SCENE_TODAY, plan);
    expect_days(scene, key, "[[30,0]]");
    scene->now.wall.s += 10 * FG_DAY_S; /* next month: a fresh window */
    call(scene, 200, "PATCH", REMAINING("7"), "/usageplans/%s/keys/%s/usage", plan, key);
    ledger_at(scene, &ledger);
    assert_true(ledger.extension_word == FG_QUOTA_WORD(fg_day_from_civil(2026, 12, 1), 7));
}

static void update_refusals(void **state)
{
    scene_t *scene = *state;
    char lone[16], unlimited[16];
    pair_make(scene, "{\"name\":\"p\",\"quota\":{\"limit\":100,\"period\":\"DAY\"}}");
    key_make(scene, NULL, lone);
    uint64_t before = last_change(scene);
    static const char *const bodies[] = {
        REMAINING("x"),
        REMAINING("-1"),
        REMAINING("1.5"),
        REMAINING("1099511627776"),
        "{\"patchOperations\":[{\"op\":\"add\",\"path\":\"/remaining\",\"value\":\"1\"}]}",
        "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/used\",\"value\":\"1\"}]}"};
    for (size_t i = 0; i < FG_COUNT_OF(bodies); i++)
        call(scene, 400, "PATCH", bodies[i], "/usageplans/%s/keys/%s/usage", plan, key);
    call(scene, 404, "PATCH", REMAINING("1"), "/usageplans/nosuch/keys/%s/usage", key);
    expect_message(scene, "NotFoundException", "Invalid Usage Plan ID specified");
    call(scene, 404, "PATCH", REMAINING("1"), "/usageplans/%s/keys/nosuchkey0/usage", plan);
    call(scene, 404, "PATCH", REMAINING("1"), "/usageplans/%s/keys/%s/usage", plan, lone);
    expect_message(scene, "NotFoundException", "Invalid API Key identifier specified");
    assert_int_equal(last_change(scene), before);
    plan_make(scene, "{\"name\":\"p\"}", unlimited);
    snprintf(plan, sizeof(plan), "%s", unlimited);
    char body[128];
    snprintf(body, sizeof(body), "{\"keyId\":\"%s\",\"keyType\":\"API_KEY\"}", key);
    call(scene, 201, "POST", body, "/usageplans/%s/keys", plan);
    call(scene, 400, "PATCH", REMAINING("1"), "/usageplans/%s/keys/%s/usage", plan, key);
}

#define T(test) cmocka_unit_test_setup_teardown(test, scene_setup, scene_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(days_without_requests_are_filled),
        T(a_plan_without_quota_has_no_remaining),
        T(keys_without_requests_are_left_out),
        T(pages_hold_whole_keys),
        T(dates),
        T(remaining_is_extended_and_cut),
        T(update_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
