/* Billing periods that are closed. Rules B1-B4. */
#include "control/scene.h"

#include "base/chain.h"
#include "store/export.h"

#include <sys/stat.h>

#define TODAY ((uint32_t)(SCENE_NOW_S / FG_DAY_S)) /* 2026-11-25 */

static char plan[16];

static void count(scene_t *scene, const char *key_id, uint32_t day, uint64_t used)
{
    fg_error_t error = {0};
    fg_usage_row_t row = {fg_str(key_id), fg_str(plan), day, used, false, 0};
    assert_int_equal(fg_store_begin(scene->store, &error), FG_OK);
    assert_int_equal(fg_store_usage_put(scene->store, &row, &error), FG_OK);
    assert_int_equal(fg_store_commit(scene->store, &error), FG_OK);
}

static void close_period(scene_t *scene, int status, const char *period)
{
    char body[128];
    snprintf(body, sizeof(body), "{\"usagePlanId\":\"%s\",\"period\":\"%s\"}", plan, period);
    call(scene, status, "POST", body, "/faregate/exports");
}

/* The lines of the last answer, checked as a chain; new array. */
static json_t *records_of(scene_t *scene)
{
    fg_error_t error;
    json_t *records = json_array();
    fg_str_t rest = fg_str(text_at(scene, "records"));
    fg_str_t hash = fg_str(text_at(scene, "previousHash"));
    while (rest.len > 0) {
        json_t *record = fg_json_parse(fg_str_cut(&rest, '\n'), &error);
        assert_true(fg_chain_holds(record, hash));
        hash = fg_chain_hash(record);
        json_array_append_new(records, record);
    }
    assert_true(fg_str_eq(hash, fg_str(text_at(scene, "hash"))));
    return records;
}

static const char *member(json_t *records, size_t index, const char *name)
{
    return json_string_value(json_object_get(json_array_get(records, index), name));
}

/* Given usage in October, when the month is closed, expect a record for each key that was used, a
 * chain, and a signature of its end. */
static void b2_records_of_a_month(void **state)
{
    scene_t *scene = *state;
    char key[16];
    uint32_t october = TODAY - 24 - 31; /* the 1st */
    plan_make(scene, "{\"name\":\"p\",\"quota\":{\"limit\":9,\"period\":\"MONTH\"}}", plan);
    key_make(scene, "{\"name\":\"n\",\"customerId\":\"Ann, \\\"the\\\" first\"}", key);
    count(scene, key, october, 5);
    count(scene, key, october + 30, 7);
    count(scene, key, october - 1, 100);        /* September */
    count(scene, key, october + 31, 100);       /* November */
    count(scene, "zzzzzzzzzz", october + 1, 2); /* deleted since */
    count(scene, "yyyyyyyyyy", october + 1, 0);
    close_period(scene, 200, "2026-10");
    assert_string_equal(text_at(scene, "periodStart"), "2026-10-01");
    assert_string_equal(text_at(scene, "periodEnd"), "2026-11-01");
    assert_string_equal(text_at(scene, "previousHash"), fg_chain_start);
    json_t *records = records_of(scene);
    assert_int_equal(json_array_size(records), 3);
    assert_string_equal(member(records, 0, "keyId"), key);
    assert_string_equal(member(records, 0, "customerId"), "Ann, \"the\" first");
    assert_string_equal(member(records, 0, "days"),
                        "5;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;0;7");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(records, 0), "used")), 12);
    assert_string_equal(member(records, 1, "keyId"), "zzzzzzzzzz");
    assert_string_equal(member(records, 2, "type"), "export");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(records, 2), "used")), 14);

    uint8_t public_key[FG_PUBLIC_KEY_BYTES], signature[FG_SIGNATURE_BYTES];
    assert_true(fg_base64_decode(fg_str(member(records, 2, "publicKey")), public_key, 32));
    assert_true(fg_base64_decode(fg_str(member(records, 2, "signature")), signature, 64));
    assert_true(fg_ed25519_verify(public_key, fg_str(member(records, 2, "hash")), signature));
    signature[5] ^= 1;
    assert_false(fg_ed25519_verify(public_key, fg_str(member(records, 2, "hash")), signature));
    call(scene, 200, "GET", NULL, "/faregate/exports/publickey");
    assert_string_equal(text_at(scene, "publicKey"), member(records, 2, "publicKey"));
    json_decref(records);
}

/* Given a closed period, when usage of it changes and it is closed again, expect what was told; the
 * next period goes on from it. Rule B3. */
static void b3_closed_is_closed(void **state)
{
    scene_t *scene = *state;
    char hash[80], *records;
    plan_make(scene, "{\"name\":\"p\",\"quota\":{\"limit\":9,\"period\":\"DAY\"}}", plan);
    count(scene, "aaaaaaaaaa", TODAY - 2, 3);
    close_period(scene, 200, "2026-11-23");
    records = strdup(text_at(scene, "records"));
    snprintf(hash, sizeof(hash), "%s", text_at(scene, "hash"));
    count(scene, "aaaaaaaaaa", TODAY - 2, 4);
    scene->now.wall.s += 1000;
    close_period(scene, 200, "2026-11-23");
    assert_string_equal(text_at(scene, "records"), records);
    free(records);
    close_period(scene, 200, "2026-11-24"); /* nothing was used: the last line alone */
    assert_string_equal(text_at(scene, "previousHash"), hash);
    json_decref(records_of(scene));
    call(scene, 200, "GET", NULL, "/faregate/exports?usagePlanId=%s", plan);
    assert_int_equal(json_array_size(value_at(scene, "item")), 2);
    assert_string_equal(text_at(scene, "item.0.periodStart"), "2026-11-23");
    assert_null(value_at(scene, "item.0.records"));
    scene->now.wall.s += 10 * FG_DAY_S;
    close_period(scene, 409, "2026-11"); /* two of its days are told already */
}

/* Given plans, expect the window of the quota, or the calendar, as the period. Rule B1. */
static void b1_periods(void **state)
{
    scene_t *scene = *state;
    static const struct {
        const char *quota, *period, *start, *end;
    } rows[] = {
        {"", "2026-10", "2026-10-01", "2026-11-01"},
        {"", "2026-10-07", "2026-10-07", "2026-10-08"},
        {",\"quota\":{\"limit\":9,\"period\":\"DAY\"}", "2026-10-07", "2026-10-07", "2026-10-08"},
        {",\"quota\":{\"limit\":9,\"period\":\"DAY\"}", "2026-10", "2026-10-01", "2026-11-01"},
        {",\"quota\":{\"limit\":9,\"period\":\"WEEK\"}", "2026-10-07", "2026-10-05", "2026-10-12"},
        {",\"quota\":{\"limit\":9,\"period\":\"MONTH\",\"offset\":9}", "2026-10", "2026-10-10",
         "2026-11-10"},
        {",\"quota\":{\"limit\":9,\"period\":\"MONTH\",\"offset\":9}", "2026-10-07", "2026-09-10",
         "2026-10-10"},
        {"", "2024-02", "2024-02-01", "2024-03-01"},
        {"", "2025-12", "2025-12-01", "2026-01-01"},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        char body[128];
        snprintf(body, sizeof(body), "{\"name\":\"p\"%s}", rows[i].quota);
        plan_make(scene, body, plan);
        close_period(scene, 200, rows[i].period);
        assert_string_equal(text_at(scene, "periodStart"), rows[i].start);
        assert_string_equal(text_at(scene, "periodEnd"), rows[i].end);
    }
}

/* Given a period that can still change, or none at all, expect a refusal that says why. Rule B1. */
static void b1_refusals(void **state)
{
    scene_t *scene = *state;
    plan_make(scene, "{\"name\":\"p\"}", plan);
    static const char *const wrong[] = {"", "2026", "2026-13", "2026-02-30", "2026-1-1", "x"};
    for (size_t i = 0; i < FG_COUNT_OF(wrong); i++) {
        close_period(scene, 400, wrong[i]);
        expect_message(scene, "BadRequestException",
                       "period must be a month, 2026-01, or a day, 2026-01-31");
    }
    close_period(scene, 400, "2026-11");
    expect_message(scene, "BadRequestException",
                   "The period ends before 2026-12-01 and can be closed five minutes later");
    scene->now.wall.s = (int64_t)TODAY * FG_DAY_S + 299; /* five minutes, not one second less */
    close_period(scene, 400, "2026-11-24");
    scene->now.wall.s++;
    close_period(scene, 200, "2026-11-24");
    call(scene, 400, "POST", "{}", "/faregate/exports");
    expect_message(scene, "BadRequestException", "usagePlanId and period are required");
    call(scene, 404, "POST", "{\"usagePlanId\":\"nosuch\",\"period\":\"2026-10\"}",
         "/faregate/exports");
    close_period(scene, 200, "2026-10");
    close_period(scene, 409, "2026-10-07");
    expect_message(scene, "ConflictException",
                   "Days of the period are closed already, with that from 2026-10-01 to before "
                   "2026-11-01");
}

/* Given the key's file, expect that nobody else may read it, and that a lost one is not made anew
 * while something is signed with it. Rule B4. */
static void b4_the_key(void **state)
{
    scene_t *scene = *state;
    char path[128];
    struct stat file;
    plan_make(scene, "{\"name\":\"p\"}", plan);
    close_period(scene, 200, "2026-10");
    snprintf(path, sizeof(path), "%s/export.key", scene->dir);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 07777, 0600);
    assert_int_equal(chmod(path, 0644), 0);
    close_period(scene, 403, "2026-09");
    assert_int_equal(unlink(path), 0);
    close_period(scene, 500, "2026-09");
    assert_non_null(strstr(scene->response.error.message, "restore it from a backup"));
    close_period(scene, 200, "2026-10"); /* what is closed can be read all the same */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(b1_periods, scene_setup, scene_teardown),
        cmocka_unit_test_setup_teardown(b1_refusals, scene_setup, scene_teardown),
        cmocka_unit_test_setup_teardown(b2_records_of_a_month, scene_setup, scene_teardown),
        cmocka_unit_test_setup_teardown(b3_closed_is_closed, scene_setup, scene_teardown),
        cmocka_unit_test_setup_teardown(b4_the_key, scene_setup, scene_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
