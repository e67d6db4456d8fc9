/* Creates that are sent again under one token are one create. Rules CT1 to CT3. */
#include "control/scene.h"
#include "control/signed.h"
#include "store/db.h"

#define DAY_S 86400

/* A call with a token; its status. */
static int send_with(scene_t *scene, const char *verb, const char *target, const char *token,
                     const char *body)
{
    const fg_pair_t headers[] = {{FG_STR("x-amz-client-token"), fg_str(token)}};
    fg_request_t request = {.verb = fg_str(verb),
                            .target = fg_str(target),
                            .body = fg_str(body),
                            .headers = headers,
                            .header_count = 1};
    scene_handle(scene, &request);
    return scene->response.status;
}

static size_t key_count(scene_t *scene)
{
    uint64_t count = 0;
    fg_error_t error;
    assert_int_equal(fg_store_key_count(scene->store, &count, &error), FG_OK);
    return (size_t)count;
}

static void the_same_create_twice_is_one(void **state)
{
    scene_t *scene = *state;
    char first[sizeof(scene->body)];
    assert_int_equal(send_with(scene, "POST", "/apikeys", "t-1", "{\"name\":\"a\"}"), 201);
    snprintf(first, sizeof(first), "%s", scene->body);
    assert_true(fg_str_is(header_at(scene, "x-faregate-replayed"), ""));
    uint64_t change = last_change(scene);
    assert_int_equal(send_with(scene, "POST", "/apikeys", "t-1", "{\"name\":\"a\"}"), 201);
    assert_string_equal(scene->body, first); /* the generated value too */
    assert_true(fg_str_is(header_at(scene, "x-faregate-replayed"), "true"));
    assert_int_equal(key_count(scene), 1);
    assert_true(last_change(scene) == change);
}

static void a_token_is_for_one_request(void **state)
{
    scene_t *scene = *state;
    static const struct {
        const char *target, *body;
    } others[] = {{"/apikeys", "{\"name\":\"b\"}"},
                  {"/usageplans", "{\"name\":\"a\"}"},
                  {"/apikeys?x=1", "{\"name\":\"a\"}"}};
    assert_int_equal(send_with(scene, "POST", "/apikeys", "t-1", "{\"name\":\"a\"}"), 201);
    for (size_t i = 0; i < FG_COUNT_OF(others); i++) {
        assert_int_equal(send_with(scene, "POST", others[i].target, "t-1", others[i].body), 409);
        expect_message(scene, "ConflictException",
                       "X-Amz-Client-Token was used for another request within the last 24 hours");
    }
    assert_int_equal(key_count(scene), 1);
}

static void it_ends_after_a_day(void **state)
{
    scene_t *scene = *state;
    assert_int_equal(send_with(scene, "POST", "/apikeys", "t-1", "{}"), 201);
    scene->now.wall.s += DAY_S - 1;
    assert_int_equal(send_with(scene, "POST", "/apikeys", "t-1", "{}"), 201);
    assert_int_equal(key_count(scene), 1);
    scene->now.wall.s += 1;
    assert_int_equal(send_with(scene, "POST", "/apikeys", "t-1", "{}"), 201);
    assert_int_equal(key_count(scene), 2);
}

static int64_t row_count(scene_t *scene)
{
    fg_error_t error;
    bool has_row = false;
    fg_stmt_t *stmt =
        fg_db_prepare(fg_store_db(scene->store), "SELECT COUNT(*) FROM client_tokens");
    assert_int_equal(fg_db_step(stmt, &has_row, &error), FG_OK);
    int64_t count = fg_db_column_i64(stmt, 0);
    fg_db_finish(stmt);
    return count;
}

static void trim(scene_t *scene, int64_t max)
{
    fg_error_t error;
    assert_int_equal(fg_store_begin(scene->store, &error), FG_OK);
    assert_int_equal(fg_store_client_token_trim(scene->store, scene->now.wall, max, &error), FG_OK);
    assert_int_equal(fg_store_commit(scene->store, &error), FG_OK);
}

static void what_is_over_is_forgotten(void **state)
{
    scene_t *scene = *state;
    assert_int_equal(send_with(scene, "POST", "/apikeys", "t-1", "{}"), 201);
    assert_int_equal(send_with(scene, "POST", "/apikeys", "t-2", "{}"), 201);
    scene->now.wall.s += 1;
    assert_int_equal(send_with(scene, "POST", "/apikeys", "t-3", "{}"), 201);
    scene->now.wall.s += DAY_S - 1;
    trim(scene, 1);
    assert_int_equal(row_count(scene), 2);
    trim(scene, 100);
    assert_int_equal(row_count(scene), 1);
    assert_int_equal(send_with(scene, "POST", "/apikeys", "t-3", "{}"), 201);
    assert_int_equal(key_count(scene), 3);
}

static void each_credential_has_its_own(void **state)
{
    scene_t *scene = *state;
    signing_t one = signing_make(scene, "admin"), other = signing_make(scene, "keys-only");
    const signing_t *const senders[] = {&one, &other, &one, &other};
    char first[2][16];
    for (size_t i = 0; i < FG_COUNT_OF(senders); i++) {
        signing_send(scene, senders[i], "POST", "/apikeys", "{\"name\":\"a\"}", "t-1");
        assert_int_equal(scene->response.status, 201);
        if (i < 2)
            snprintf(first[i], sizeof(first[i]), "%s", text_at(scene, "id"));
        assert_string_equal(text_at(scene, "id"), first[i % 2]);
    }
    assert_int_equal(key_count(scene), 2);
}

static void what_is_refused_is_not_kept(void **state)
{
    scene_t *scene = *state;
    assert_int_equal(send_with(scene, "POST", "/apikeys", "t-1", "{\"value\":\"short\"}"), 400);
    assert_int_equal(send_with(scene, "POST", "/apikeys", "t-1", "{\"name\":\"a\"}"), 201);
}

static void only_creates_have_tokens(void **state)
{
    scene_t *scene = *state;
    assert_int_equal(send_with(scene, "POST", "/apikeys", "t-1", "{}"), 201);
    assert_int_equal(send_with(scene, "GET", "/apikeys", "t-1", ""), 200);
    assert_int_equal(json_array_size(value_at(scene, "item")), 1);
    char id[16], target[32];
    snprintf(id, sizeof(id), "%s", text_at(scene, "item.0.id"));
    snprintf(target, sizeof(target), "/apikeys/%s", id);
    assert_int_equal(send_with(scene, "PATCH", target, "t-1",
                               "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/name\","
                               "\"value\":\"b\"}]}"),
                     200);
    assert_string_equal(text_at(scene, "name"), "b");
    assert_int_equal(send_with(scene, "DELETE", target, "t-1", ""), 202);
    assert_int_equal(row_count(scene), 1);
}

static void tokens_have_a_form(void **state)
{
    scene_t *scene = *state;
    char token[FG_CLIENT_TOKEN_BYTES_MAX + 2];
    memset(token, 'x', sizeof(token));
    token[FG_CLIENT_TOKEN_BYTES_MAX + 1] = '\0';
    const char *const bad[] = {"", "a b", "\x7f", token};
    for (size_t i = 0; i < FG_COUNT_OF(bad); i++) {
        assert_int_equal(send_with(scene, "POST", "/apikeys", bad[i], "{}"), 400);
        expect_message(scene, "BadRequestException",
                       "X-Amz-Client-Token must have 1 to 64 visible ASCII characters");
    }
    token[FG_CLIENT_TOKEN_BYTES_MAX] = '\0';
    assert_int_equal(send_with(scene, "POST", "/apikeys", token, "{}"), 201);
    assert_int_equal(key_count(scene), 1);
}

static void no_value_stands_in_the_clear(void **state)
{
    scene_t *scene = *state;
    fg_error_t error;
    bool has_row = false;
    static const char body[] = "{\"value\":\"a-value-that-nobody-reads\"}";
    assert_int_equal(send_with(scene, "POST", "/apikeys", "t-1", body), 201);
    fg_stmt_t *stmt = fg_db_prepare(fg_store_db(scene->store), "SELECT sealed FROM client_tokens");
    assert_int_equal(fg_db_step(stmt, &has_row, &error), FG_OK);
    assert_true(has_row);
    fg_str_t sealed = fg_db_column_blob(stmt, 0);
    assert_true(sealed.len > 0);
    assert_null(memmem(sealed.at, sealed.len, "nobody", 6));
    fg_db_finish(stmt);
}

static void where_values_are_hashed_none_is_kept(void **state)
{
    scene_t *scene = *state;
    fg_error_t error;
    fg_store_close(scene->store);
    fg_store_options_t options = {.data_dir = scene->dir,
                                  .random = fg_random_seeded(&scene->seed),
                                  .are_values_hashed = true};
    assert_int_equal(fg_store_open(&options, &scene->store, &error), FG_OK);
    scene->control.store = scene->store;
    assert_int_equal(send_with(scene, "POST", "/apikeys", "t-1", "{\"name\":\"a\"}"), 201);
    assert_int_equal(strlen(text_at(scene, "value")), FG_KEY_VALUE_GENERATED_BYTES);
    assert_int_equal(send_with(scene, "POST", "/apikeys", "t-1", "{\"name\":\"a\"}"), 201);
    assert_string_equal(text_at(scene, "name"), "a");
    assert_null(value_at(scene, "value"));
    assert_true(fg_str_is(header_at(scene, "x-faregate-key-values"), "hashed"));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(send_with(scene, "POST", "/usageplans", "t-2", "{\"name\":\"p\"}"), 201);
        assert_true(fg_str_is(header_at(scene, "x-faregate-key-values"), ""));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_same_create_twice_is_one), TEST(a_token_is_for_one_request),
        TEST(it_ends_after_a_day),          TEST(what_is_over_is_forgotten),
        TEST(each_credential_has_its_own),  TEST(what_is_refused_is_not_kept),
        TEST(only_creates_have_tokens),     TEST(tokens_have_a_form),
        TEST(no_value_stands_in_the_clear), TEST(where_values_are_hashed_none_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
