/*
 * What a key brings along from the plan it left last. Rule Q9.
 *
 * Today is Wednesday, the 25th: the week opened two days ago, the month twenty-four.
 */
#include "control/scene.h"

#define TODAY ((uint32_t)(SCENE_NOW_S / FG_DAY_S))
#define STAGE "{\"apiId\":\"api0000001\",\"stage\":\"prod\"}"
#define OTHER "{\"apiId\":\"api0000001\",\"stage\":\"test\"}"
#define DAY   "{\"limit\":100,\"period\":\"DAY\"}"
#define WEEK  "{\"limit\":100,\"period\":\"WEEK\"}"
#define MONTH "{\"limit\":100,\"period\":\"MONTH\"}"

enum { DAYS = 4 };

/* Used so many days ago, at [0] today. */
typedef struct used {
    uint64_t days[DAYS];
    uint64_t quota_word;
} used_t;

static char key[16];

static void quota_plan(scene_t *scene, const char *quota, const char *stages, const char *more,
                       char *ret_id)
{
    char body[512];
    snprintf(body, sizeof(body), "{\"name\":\"p\"%s%s,\"apiStages\":[%s]%s}",
             quota ? ",\"quota\":" : "", quota ? quota : "", stages, more ? more : "");
    plan_make(scene, body, ret_id);
}

static void join(scene_t *scene, int status, const char *plan, const char *more)
{
    char body[256];
    snprintf(body, sizeof(body), "{\"keyId\":\"%s\",\"keyType\":\"API_KEY\"%s}", key,
             more ? more : "");
    call(scene, status, "POST", body, "/usageplans/%s/keys", plan);
}

static void leave(scene_t *scene, const char *plan)
{
    call(scene, 202, "DELETE", NULL, "/usageplans/%s/keys/%s", plan, key);
}

/* What drains would have stored. */
static void put_used(scene_t *scene, const char *plan, used_t used)
{
    fg_error_t error = {0};
    fg_ledger_row_t ledger = {
        .key_id = fg_str(key), .plan_id = fg_str(plan), .quota_word = used.quota_word};
    assert_int_equal(fg_store_begin(scene->store, &error), FG_OK);
    for (uint32_t ago = 0; ago < DAYS; ago++) {
        fg_usage_row_t row = {.key_id = fg_str(key),
                              .plan_id = fg_str(plan),
                              .day = TODAY - ago,
                              .used = used.days[ago]};
        if (row.used > 0)
            assert_int_equal(fg_store_usage_put(scene->store, &row, &error), FG_OK);
    }
    assert_int_equal(fg_store_ledger_put(scene->store, &ledger, &error), FG_OK);
    assert_int_equal(fg_store_commit(scene->store, &error), FG_OK);
}

static uint64_t word_of(scene_t *scene, const char *plan)
{
    fg_error_t error;
    fg_ledger_row_t ledger;
    assert_int_equal(fg_store_ledger_get(scene->store, fg_str(key), fg_str(plan), &ledger, &error),
                     FG_OK);
    return ledger.quota_word;
}

static const struct {
    const char *says;
    const char *left, *joined; /* quotas */
    used_t used;
    uint32_t start_ago; /* the window that shall count, opened so many days ago */
    uint64_t expected;
} rows[] = {
    {"a day's count goes along", DAY, DAY, {{60, 100}, FG_QUOTA_WORD(TODAY, 60)}, 0, 60},
    {"a day goes into a week; the days before were other windows",
     DAY,
     WEEK,
     {{60, 100, 5}, FG_QUOTA_WORD(TODAY, 60)},
     2,
     60},
    {"of a week only today lies in the day",
     WEEK,
     DAY,
     {{20, 30, 40}, FG_QUOTA_WORD(TODAY - 2, 90)},
     0,
     20},
    {"a week lies in its month", WEEK, MONTH, {{1, 2, 4, 8}, FG_QUOTA_WORD(TODAY - 2, 7)}, 24, 7},
    {"of a month only this week", MONTH, WEEK, {{1, 2, 4, 8}, FG_QUOTA_WORD(TODAY - 24, 15)}, 2, 7},
    {"nothing was used in the running window",
     DAY,
     DAY,
     {{0, 100}, FG_QUOTA_WORD(TODAY - 1, 100)},
     0,
     0},
    {"what was forfeited counts as used (rule L5)",
     DAY,
     MONTH,
     {{60}, FG_QUOTA_WORD(TODAY, 76)},
     24,
     76},
    {"a plan without a quota passes today on", NULL, WEEK, {{9, 9}, FG_QUOTA_WORD(TODAY, 9)}, 2, 9},
    {"and takes nothing", DAY, NULL, {{9, 9}, FG_QUOTA_WORD(TODAY, 9)}, 0, 0},
};

/* given a plan left and one joined over the same stage, expect the joined one's window to begin
 * with what the running window of the other had counted, as far as it lies in it */
static void counts_go_along_by_table(void **state)
{
    scene_t *scene = *state;
    stage_make(scene, "api0000001", "prod");
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        char left[16], joined[16];
        key_make(scene, NULL, key);
        quota_plan(scene, rows[i].left, STAGE, NULL, left);
        quota_plan(scene, rows[i].joined, STAGE, NULL, joined);
        join(scene, 201, left, NULL);
        leave(scene, left);
        put_used(scene, left, rows[i].used); /* the last counts are written behind */
        join(scene, 201, joined, NULL);
        uint64_t expected =
            rows[i].expected ? FG_QUOTA_WORD(TODAY - rows[i].start_ago, rows[i].expected) : 0;
        if (word_of(scene, joined) != expected)
            fail_msg("%s: day %u, used %llu", rows[i].says,
                     TODAY - FG_QUOTA_WORD_DAY(word_of(scene, joined)),
                     (unsigned long long)FG_QUOTA_WORD_USED(word_of(scene, joined)));
    }
}

static const used_t sixty = {{60}, FG_QUOTA_WORD(TODAY, 60)};

/* given usageOnMove FRESH, or the wish of the call, expect nothing to go along; the call wins */
static void a_fresh_count_is_asked_for(void **state)
{
    scene_t *scene = *state;
    static const struct {
        const char *plan, *call;
        uint64_t expected;
    } choices[] = {
        {NULL, NULL, 60},
        {",\"faregate\":{\"usageOnMove\":\"KEEP\"}", NULL, 60},
        {",\"faregate\":{\"usageOnMove\":\"FRESH\"}", NULL, 0},
        {NULL, ",\"faregate\":{\"usage\":\"fresh\"}", 0},
        {",\"faregate\":{\"usageOnMove\":\"FRESH\"}", ",\"faregate\":{\"usage\":\"keep\"}", 60},
        {NULL, ",\"faregate\":null", 60},
    };
    stage_make(scene, "api0000001", "prod");
    for (size_t i = 0; i < FG_COUNT_OF(choices); i++) {
        char left[16], joined[16];
        key_make(scene, NULL, key);
        quota_plan(scene, DAY, STAGE, NULL, left);
        quota_plan(scene, DAY, STAGE, choices[i].plan, joined);
        join(scene, 201, left, NULL);
        put_used(scene, left, sixty);
        leave(scene, left);
        join(scene, 201, joined, choices[i].call);
        assert_int_equal(FG_QUOTA_WORD_USED(word_of(scene, joined)), choices[i].expected);
    }
    static const char *const bad[] = {",\"faregate\":{\"usage\":\"some\"}", ",\"faregate\":7",
                                      ",\"faregate\":{\"usage\":7}",
                                      ",\"faregate\":{\"use\":\"x\"}", ",\"faregate\":{}"};
    for (size_t i = 0; i < FG_COUNT_OF(bad); i++) {
        char plan[16];
        key_make(scene, NULL, key);
        quota_plan(scene, DAY, STAGE, NULL, plan);
        join(scene, 400, plan, bad[i]);
        expect_message(scene, "BadRequestException", "faregate.usage must be one of [keep, fresh]");
    }
}

/* given plans without a stage in common, or a plan that is gone, expect nothing to go along */
static void only_a_plan_of_the_same_stages_is_left_for_another(void **state)
{
    scene_t *scene = *state;
    char left[16], joined[16], gone[16];
    stage_make(scene, "api0000001", "prod");
    stage_make(scene, "api0000001", "test");
    key_make(scene, NULL, key);
    quota_plan(scene, DAY, OTHER, NULL, left);
    quota_plan(scene, DAY, STAGE, NULL, joined);
    quota_plan(scene, DAY, "", NULL, gone);
    join(scene, 201, gone, NULL);
    put_used(scene, gone, sixty);
    call(scene, 202, "DELETE", NULL, "/usageplans/%s", gone);
    join(scene, 201, left, NULL);
    put_used(scene, left, sixty);
    leave(scene, left);
    join(scene, 201, joined, NULL);
    assert_int_equal(word_of(scene, joined), 0);
}

/* given several plans left, expect the one left last to count, and no way back to less */
static void the_plan_left_last_counts(void **state)
{
    scene_t *scene = *state;
    char first[16], second[16], third[16];
    stage_make(scene, "api0000001", "prod");
    key_make(scene, NULL, key);
    quota_plan(scene, DAY, STAGE, NULL, first);
    quota_plan(scene, DAY, STAGE, NULL, second);
    quota_plan(scene, DAY, STAGE, NULL, third);
    join(scene, 201, first, NULL);
    put_used(scene, first, sixty);
    leave(scene, first);
    join(scene, 201, second, ",\"faregate\":{\"usage\":\"fresh\"}");
    put_used(scene, second, (used_t){{7}, FG_QUOTA_WORD(TODAY, 7)});
    leave(scene, second);
    join(scene, 201, third, NULL);
    assert_int_equal(word_of(scene, third), FG_QUOTA_WORD(TODAY, 7));
    call(scene, 200, "GET", NULL,
         "/usageplans/%s/usage?startDate=" SCENE_TODAY "&endDate=" SCENE_TODAY "&keyId=%s", third,
         key);
    assert_non_null(strstr(scene->body, "[[0,93]]"));
    leave(scene, third);
    join(scene, 201, first, NULL); /* its own 60 stand, whatever comes along */
    assert_int_equal(word_of(scene, first), FG_QUOTA_WORD(TODAY, 60));
    put_used(scene, first, (used_t){{70}, FG_QUOTA_WORD(TODAY, 70)});
    leave(scene, first);
    join(scene, 201, second, NULL); /* its own 7 are less than the 70 that come along */
    assert_int_equal(word_of(scene, second), FG_QUOTA_WORD(TODAY, 70));
}

#define T(test) cmocka_unit_test_setup_teardown(test, scene_setup, scene_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(counts_go_along_by_table),
        T(a_fresh_count_is_asked_for),
        T(only_a_plan_of_the_same_stages_is_left_for_another),
        T(the_plan_left_last_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
