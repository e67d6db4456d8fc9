/* Every change is on record: who, what, before, after. Rules AD1 to AD6. */
#include "control/signed.h"

#include "control/every.h"
#include "store/db.h"

#define PATCH(path, value)                                                                         \
    "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"" path "\",\"value\":\"" value "\"}]}"

static int64_t entries_of(fg_store_t *store)
{
    fg_error_t error;
    bool has_row = false;
    fg_stmt_t *stmt = fg_db_prepare(fg_store_db(store), "SELECT COUNT(*) FROM audit");
    assert_int_equal(fg_db_step(stmt, &has_row, &error), FG_OK);
    int64_t count = fg_db_column_i64(stmt, 0);
    fg_db_finish(stmt);
    return count;
}

/* The rows that change what they are asked to change to: nothing else may leave no entry. */
static bool is_write(const every_row_t *row)
{
    const char *reads[] = {"/faregate/whatif", "/faregate/exports"};
    for (size_t i = 0; i < FG_COUNT_OF(reads); i++)
        if (strcmp(row->target, reads[i]) == 0)
            return false;
    return strcmp(row->verb, "GET") != 0;
}

static const fg_operation_t *operation_of(const char *name)
{
    for (size_t i = 0; i < fg_operation_count; i++)
        if (strcmp(fg_operations[i].name, name) == 0)
            return &fg_operations[i];
    return NULL;
}

/* Rule AD1: given one good request of each operation, each change has one entry, all else none */
static void every_change_is_on_record(void **state)
{
    (void)state;
    every_t *every = calloc(1, sizeof(*every));
    assert_true(every_init(every));
    for (size_t i = 0; i < FG_COUNT_OF(every_rows); i++) {
        const every_row_t *row = &every_rows[i];
        int64_t before = entries_of(every->store);
        assert_true(every_call(every, row));
        const fg_operation_t *operation = operation_of(every->response.operation);
        bool is_change = is_write(row) && operation && operation->is_write && row->status < 400;
        int64_t made = entries_of(every->store) - before;
        if (made != is_change)
            fail_msg("%s %s left %lld entries", row->verb, row->target, (long long)made);
    }
    every_done(every);
    free(every);
}

/* Rules AD2, AD4: given a key made, changed, asked for nothing, changed to what it is, and deleted */
static void the_story_of_a_key(void **state)
{
    scene_t *scene = *state;
    char key[16];
    key_make(scene, "{\"name\":\"a\",\"value\":\"a-value-of-a-key-0123456789\"}", key);
    call(scene, 200, "PATCH", PATCH("/name", "b"), "/apikeys/%s", key);
    call(scene, 200, "PATCH", "{\"patchOperations\":[]}", "/apikeys/%s", key);
    call(scene, 200, "PATCH", PATCH("/name", "b"), "/apikeys/%s", key);
    call(scene, 200, "PATCH", PATCH("/value", "a-new-value-0123456789"), "/apikeys/%s", key);
    call(scene, 202, "DELETE", NULL, "/apikeys/%s", key);
    call(scene, 200, "GET", NULL, "/faregate/audit?oldestFirst=true&subject=/apikeys/%s", key);
    assert_string_equal(text_at(scene, "item.0.operation"), "CreateApiKey");
    assert_true(json_is_null(value_at(scene, "item.0.before")));
    assert_string_equal(text_at(scene, "item.0.after.name"), "a");
    assert_string_equal(text_at(scene, "item.1.before.name"), "a");
    assert_string_equal(text_at(scene, "item.1.after.name"), "b");
    assert_true(json_is_false(value_at(scene, "item.1.denied")));
    assert_true(json_equal(value_at(scene, "item.2.before"), value_at(scene, "item.2.after")));
    assert_string_equal(text_at(scene, "item.3.operation"), "UpdateApiKey");
    assert_string_equal(text_at(scene, "item.3.after.value"), "(not on record)");
    assert_null(value_at(scene, "item.3.before.value"));
    assert_string_equal(text_at(scene, "item.4.operation"), "DeleteApiKey");
    assert_string_equal(text_at(scene, "item.4.before.name"), "b");
    assert_true(json_is_null(value_at(scene, "item.4.after")));
    assert_null(value_at(scene, "item.5"));
}

/* Rule AD3 */
static void no_secret_is_on_record(void **state)
{
    scene_t *scene = *state;
    char key[16], plan[16], body[128];
    signing_t admin = signing_make(scene, "admin");
    key_make(scene, "{\"name\":\"a\",\"value\":\"a-value-of-a-key-0123456789\"}", key);
    plan_make(scene, "{\"name\":\"p\"}", plan);
    snprintf(body, sizeof(body), "{\"keyId\":\"%s\",\"keyType\":\"API_KEY\"}", key);
    call(scene, 201, "POST", body, "/usageplans/%s/keys", plan);
    call(scene, 200, "PATCH", PATCH("/value", "a-new-value-0123456789"), "/apikeys/%s", key);
    call(scene, 202, "DELETE", NULL, "/usageplans/%s/keys/%s", plan, key);
    call(scene, 200, "GET", NULL, "/faregate/audit?limit=500");
    assert_non_null(value_at(scene, "item.5"));
    assert_null(strstr(scene->body, "a-value-of"));
    assert_null(strstr(scene->body, "a-new-value"));
    assert_null(strstr(scene->body, admin.secret));
}

/* Rule AD1: who, and what was refused */
static void a_refused_change_is_on_record(void **state)
{
    scene_t *scene = *state;
    signing_t reader = signing_make(scene, "read-only"), shop = signing_make(scene, "portal");
    signing_send(scene, &reader, "DELETE", "/apikeys/k", NULL, NULL);
    signing_send(scene, &reader, "GET", "/faregate/credentials", NULL, NULL);
    signing_send(scene, &shop, "POST", "/apikeys", "{\"faregate\":{}}", NULL);
    signing_send(scene, &shop, "POST", "/apikeys", "{\"name\":7}", NULL);
    call(scene, 200, "GET", NULL, "/faregate/audit?accessKeyId=%s", reader.id);
    assert_string_equal(text_at(scene, "item.0.operation"), "DeleteApiKey");
    assert_string_equal(text_at(scene, "item.0.subject"), "/apikeys/k");
    assert_true(json_is_true(value_at(scene, "item.0.denied")));
    assert_null(value_at(scene, "item.1"));
    call(scene, 200, "GET", NULL, "/faregate/audit?accessKeyId=%s", shop.id);
    assert_true(json_is_true(value_at(scene, "item.0.denied")));
    assert_null(value_at(scene, "item.1"));
}

/* Rule AD5: pages in both directions, times */
static void the_log_is_read_page_by_page(void **state)
{
    scene_t *scene = *state;
    char position[128], key[16];
    for (int i = 0; i < 5; i++, scene->now.wall.s++)
        key_make(scene, "{\"name\":\"a\"}", key);
    call(scene, 200, "GET", NULL, "/faregate/audit?oldestFirst=true&limit=2&from=%lld",
         (long long)SCENE_NOW_S + 1);
    assert_int_equal(json_integer_value(value_at(scene, "item.0.number")), 2);
    snprintf(position, sizeof(position), "%s", text_at(scene, "position"));
    call(scene, 200, "GET", NULL, "/faregate/audit?oldestFirst=true&limit=2&to=%lld&position=%s",
         (long long)SCENE_NOW_S + 3, position);
    assert_int_equal(json_integer_value(value_at(scene, "item.0.number")), 4);
    assert_null(value_at(scene, "item.1"));
    assert_null(value_at(scene, "position"));
    call(scene, 400, "GET", NULL, "/faregate/audit?to=now");
    expect_message(scene, "BadRequestException", "to must be a time in seconds since 1970");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_change_is_on_record),
        TEST(the_story_of_a_key),
        TEST(no_secret_is_on_record),
        TEST(a_refused_change_is_on_record),
        TEST(the_log_is_read_page_by_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
