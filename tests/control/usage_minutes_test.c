/* Usage by the minute as our operations show it. Rules U1, U2. */
#include "control/scene.h"

#include "store/usage_minute.h"

#define DAY     ((uint32_t)(SCENE_NOW_S / FG_DAY_S))
#define MINUTE0 (DAY * FG_DAY_MINUTES + 6 * 60) /* 06:00 of the scene's day */

static char plan[16];

static void put(scene_t *scene, const char *key_id, fg_minute_row_t row)
{
    fg_error_t error = {0};
    row.plan_id = fg_str(plan);
    row.key_id = fg_str(key_id);
    assert_int_equal(fg_store_begin(scene->store, &error), FG_OK);
    assert_int_equal(fg_store_minute_put(scene->store, &row, &error), FG_OK);
    assert_int_equal(fg_store_commit(scene->store, &error), FG_OK);
}

static void begin_anew(scene_t *scene, uint32_t minute)
{
    fg_error_t error = {0};
    assert_int_equal(fg_store_begin(scene->store, &error), FG_OK);
    assert_int_equal(fg_store_minute_anew(scene->store, minute, &error), FG_OK);
    assert_int_equal(fg_store_commit(scene->store, &error), FG_OK);
}

static void ask(scene_t *scene, const char *query)
{
    call(scene, 200, "GET", NULL, "/faregate/usageplans/%s/usage?%s", plan, query);
}

static int64_t number_at(scene_t *scene, const char *path)
{
    assert_non_null(value_at(scene, path));
    return json_integer_value(value_at(scene, path));
}

/* Given totals of a pair at the ends of minutes, when its minutes are listed, expect differences, the
 * first told from the row before the range. */
static void u2_figures_are_differences(void **state)
{
    scene_t *scene = *state;
    plan_make(scene, "{\"name\":\"p\"}", plan);
    put(scene, "aaaaaaaaaa",
        (fg_minute_row_t){.minute = MINUTE0 - 9, .admitted = 10, .throttled = 4});
    put(scene, "aaaaaaaaaa",
        (fg_minute_row_t){.minute = MINUTE0, .admitted = 15, .throttled = 4, .over_quota = 2});
    put(scene, "aaaaaaaaaa",
        (fg_minute_row_t){.minute = MINUTE0 + 2, .admitted = 15, .throttled = 7, .over_quota = 2});
    ask(scene, "from=2026-11-25T06:00:00Z&to=2026-11-25T06:10:00Z");
    assert_string_equal(text_at(scene, "usagePlanId"), plan);
    assert_string_equal(text_at(scene, "step"), "minute");
    assert_string_equal(text_at(scene, "items.0.keyId"), "aaaaaaaaaa");
    assert_int_equal(json_array_size(value_at(scene, "items.0.figures")), 2);
    assert_string_equal(text_at(scene, "items.0.figures.0.time"), "2026-11-25T06:00:00Z");
    assert_int_equal(number_at(scene, "items.0.figures.0.admitted"), 5);
    assert_int_equal(number_at(scene, "items.0.figures.0.throttled"), 0);
    assert_int_equal(number_at(scene, "items.0.figures.0.overQuota"), 2);
    assert_string_equal(text_at(scene, "items.0.figures.1.time"), "2026-11-25T06:02:00Z");
    assert_int_equal(number_at(scene, "items.0.figures.1.admitted"), 0);
    assert_int_equal(number_at(scene, "items.0.figures.1.throttled"), 3);
    assert_int_equal(number_at(scene, "items.0.total.admitted"), 5);
    ask(scene, "from=2026-11-25T06:00:00Z&to=2026-11-25T06:10:00Z&step=hour");
    assert_int_equal(json_array_size(value_at(scene, "items.0.figures")), 1);
    assert_int_equal(number_at(scene, "items.0.figures.0.throttled"), 3);
}

/* Given a minute that began this second, when no range is asked for, expect it listed. Rule U2. */
static void u2_the_minute_that_begins_now(void **state)
{
    scene_t *scene = *state;
    assert_int_equal(SCENE_NOW_S % FG_MINUTE_S, 0);
    plan_make(scene, "{\"name\":\"p\"}", plan);
    put(scene, "aaaaaaaaaa",
        (fg_minute_row_t){.minute = SCENE_NOW_S / FG_MINUTE_S, .admitted = 4});
    ask(scene, "step=minute");
    assert_int_equal(number_at(scene, "items.0.total.admitted"), 4);
}

/* Given a midnight, a gate that was lost and a counter that went round, expect no figure of before
 * in what came after. */
static void u2_totals_begin_anew(void **state)
{
    scene_t *scene = *state;
    uint32_t midnight = DAY * FG_DAY_MINUTES;
    plan_make(scene, "{\"name\":\"p\"}", plan);
    put(scene, "aaaaaaaaaa",
        (fg_minute_row_t){.minute = midnight - 1, .admitted = 5, .throttled = UINT32_MAX});
    put(scene, "aaaaaaaaaa", (fg_minute_row_t){.minute = midnight, .admitted = 9, .throttled = 1});
    begin_anew(scene, midnight + 4);
    put(scene, "aaaaaaaaaa",
        (fg_minute_row_t){.minute = midnight + 5, .admitted = 10, .throttled = 3});
    ask(scene, "from=2026-11-25T00:00:00Z&to=2026-11-25T01:00:00Z");
    assert_int_equal(number_at(scene, "items.0.figures.0.admitted"), 9);
    assert_int_equal(number_at(scene, "items.0.figures.0.throttled"), 2); /* went round */
    assert_int_equal(number_at(scene, "items.0.figures.1.admitted"),
                     1); /* the day's total stands */
    assert_int_equal(number_at(scene, "items.0.figures.1.throttled"), 3); /* the gate's does not */
}

/* Given requests that were taken back because they do not count, expect no minute below nothing and
 * the day's sum right. */
static void u2_what_is_given_back(void **state)
{
    scene_t *scene = *state;
    plan_make(scene, "{\"name\":\"p\"}", plan);
    put(scene, "aaaaaaaaaa", (fg_minute_row_t){.minute = MINUTE0, .admitted = 8});
    put(scene, "aaaaaaaaaa", (fg_minute_row_t){.minute = MINUTE0 + 1, .admitted = 6});
    put(scene, "aaaaaaaaaa", (fg_minute_row_t){.minute = MINUTE0 + 2, .admitted = 10});
    ask(scene, "from=2026-11-25T00:00:00Z&to=2026-11-26");
    assert_int_equal(json_array_size(value_at(scene, "items.0.figures")), 2);
    assert_int_equal(number_at(scene, "items.0.figures.0.admitted"), 8);
    assert_int_equal(number_at(scene, "items.0.figures.1.admitted"), 2);
    assert_int_equal(number_at(scene, "items.0.total.admitted"), 10);
}

/* Given answers counted by one meter and then by another, expect differences and then the other's
 * totals; a row that knows no answers changes nothing. */
static void u2_answers_by_class(void **state)
{
    scene_t *scene = *state;
    plan_make(scene, "{\"name\":\"p\"}", plan);
    const fg_minute_row_t rows[] = {
        {.minute = MINUTE0, .has_answers = true, .meter = 7, .answers = {0, 0, 5, 0, 1, 0}},
        {.minute = MINUTE0 + 1, .throttled = 1},
        {.minute = MINUTE0 + 2,
         .throttled = 1,
         .has_answers = true,
         .meter = 7,
         .answers = {1, 0, 8, 0, 1, 2}},
        {.minute = MINUTE0 + 3,
         .throttled = 1,
         .has_answers = true,
         .meter = 8,
         .answers = {0, 0, 9, 0, 1, 2}},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++)
        put(scene, "aaaaaaaaaa", rows[i]);
    ask(scene, "from=2026-11-25T00:00:00Z&to=2026-11-26");
    assert_int_equal(number_at(scene, "items.0.figures.0.answers.2xx"), 5);
    assert_int_equal(json_object_size(value_at(scene, "items.0.figures.1.answers")), 0);
    assert_int_equal(number_at(scene, "items.0.figures.2.answers.2xx"), 3);
    assert_int_equal(number_at(scene, "items.0.figures.2.answers.none"), 1);
    assert_null(value_at(scene, "items.0.figures.2.answers.4xx"));
    assert_int_equal(number_at(scene, "items.0.figures.3.answers.2xx"), 9);
    assert_int_equal(number_at(scene, "items.0.total.answers.5xx"), 4);
}

/* Given keys, expect pages of them, whole keys, each once; and one alone by name. */
static void u1_pages(void **state)
{
    scene_t *scene = *state;
    char seen[8] = "", position[64] = "";
    plan_make(scene, "{\"name\":\"p\"}", plan);
    for (char name = 'a'; name <= 'e'; name++) {
        char key_id[] = "x000000000";
        key_id[0] = name;
        put(scene, key_id, (fg_minute_row_t){.minute = MINUTE0, .admitted = 1});
        put(scene, key_id, (fg_minute_row_t){.minute = MINUTE0 + 1, .admitted = 2});
    }
    put(scene, "bbb0000000",
        (fg_minute_row_t){.minute = MINUTE0 - 600, .admitted = 2}); /* before */
    for (int page = 0; page < 3; page++) {
        call(scene, 200, "GET", NULL,
             "/faregate/usageplans/%s/usage?from=2026-11-25T06:00:00Z&to=2026-11-26&limit=2%s%s",
             plan, position[0] ? "&position=" : "", position);
        size_t i;
        json_t *item;
        json_array_foreach(value_at(scene, "items"), i, item)
            strncat(seen, json_string_value(json_object_get(item, "keyId")), 1);
        snprintf(position, sizeof(position), "%s", text_at(scene, "position"));
        assert_int_equal(position[0] != '\0', page < 2);
    }
    assert_string_equal(seen, "abcde");
    ask(scene, "from=2026-11-25T06:00:00Z&to=2026-11-26&keyId=c000000000");
    assert_int_equal(json_array_size(value_at(scene, "items")), 1);
    assert_string_equal(text_at(scene, "items.0.keyId"), "c000000000");
}

/* Given totals of a stage's outcomes, expect differences of each. */
static void u1_refusals(void **state)
{
    scene_t *scene = *state;
    fg_error_t error = {0};
    fg_refusal_row_t rows[] = {
        {FG_STR("api0000000"), FG_STR("prod"), FG_STR("forbidden"), MINUTE0 - 1, 4},
        {FG_STR("api0000000"), FG_STR("prod"), FG_STR("forbidden"), MINUTE0, 9},
        {FG_STR("api0000000"), FG_STR("prod"), FG_STR("throttled"), MINUTE0, 2},
        {FG_STR("api1000000"), FG_STR("prod"), FG_STR("forbidden"), MINUTE0 + 1, 1},
    };
    begin_anew(scene, MINUTE0 - 100);
    assert_int_equal(fg_store_begin(scene->store, &error), FG_OK);
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++)
        assert_int_equal(fg_store_refusal_put(scene->store, &rows[i], &error), FG_OK);
    assert_int_equal(fg_store_commit(scene->store, &error), FG_OK);
    call(scene, 200, "GET", NULL, "/faregate/refusals?from=2026-11-25T06:00:00Z");
    assert_int_equal(json_array_size(value_at(scene, "items")), 3);
    assert_string_equal(text_at(scene, "items.0.outcome"), "forbidden");
    assert_int_equal(number_at(scene, "items.0.total"), 5);
    assert_int_equal(number_at(scene, "items.1.total"), 2);
    assert_string_equal(text_at(scene, "items.2.restApiId"), "api1000000");
    call(scene, 200, "GET", NULL,
         "/faregate/refusals?from=2026-11-25T06:00:00Z&restApiId=api1000000");
    assert_int_equal(json_array_size(value_at(scene, "items")), 1);
}

/* Given a range or step that makes no sense, expect the parameter named. */
static void errors(void **state)
{
    scene_t *scene = *state;
    static const struct {
        const char *query, *message;
    } rows[] = {
        {"from=yesterday", "from must be a time: seconds since 1970 or 2026-01-31T12:00:00Z"},
        {"to=1e3", "to must be a time: seconds since 1970 or 2026-01-31T12:00:00Z"},
        {"from=2026-11-26&to=2026-11-25", "from must be before to"},
        {"from=2026-11-25&to=2026-11-25", "from must be before to"},
        {"step=week", "step must be minute, hour or day"},
        {"from=2026-01-01", "at most 51840 steps can be listed at once; take a larger step"},
        {"position=x", "Invalid position specified"},
    };
    plan_make(scene, "{\"name\":\"p\"}", plan);
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        call(scene, 400, "GET", NULL, "/faregate/usageplans/%s/usage?%s", plan, rows[i].query);
        expect_message(scene, "BadRequestException", rows[i].message);
    }
    call(scene, 200, "GET", NULL, "/faregate/usageplans/%s/usage?from=2026-01-01&step=hour", plan);
    call(scene, 404, "GET", NULL, "/faregate/usageplans/nosuch/usage");
    expect_message(scene, "NotFoundException", "Invalid Usage Plan ID specified");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(u1_pages, scene_setup, scene_teardown),
        cmocka_unit_test_setup_teardown(u1_refusals, scene_setup, scene_teardown),
        cmocka_unit_test_setup_teardown(u2_figures_are_differences, scene_setup, scene_teardown),
        cmocka_unit_test_setup_teardown(u2_the_minute_that_begins_now, scene_setup, scene_teardown),
        cmocka_unit_test_setup_teardown(u2_totals_begin_anew, scene_setup, scene_teardown),
        cmocka_unit_test_setup_teardown(u2_what_is_given_back, scene_setup, scene_teardown),
        cmocka_unit_test_setup_teardown(u2_answers_by_class, scene_setup, scene_teardown),
        cmocka_unit_test_setup_teardown(errors, scene_setup, scene_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
