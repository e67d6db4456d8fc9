/* Rules P2, P3, P5; reference 4.3. */
#include "control/scene.h"

#define PATCH(op, path, value)                                                                     \
    "{\"patchOperations\":[{\"op\":\"" op "\",\"path\":\"" path "\",\"value\":\"" value "\"}]}"
#define API      "api0000001"
#define VALUE_20 "abcdefghij0123456789"

static void join(scene_t *scene, int status, const char *plan, const char *key)
{
    char body[128];
    snprintf(body, sizeof(body), "{\"keyId\":\"%s\",\"keyType\":\"API_KEY\"}", key);
    call(scene, status, "POST", body, "/usageplans/%s/keys", plan);
}

static void a_pair_shows_the_value(void **state)
{
    scene_t *scene = *state;
    char key[16], plan[16];
    key_make(scene, "{\"name\":\"k\",\"value\":\"" VALUE_20 "\"}", key);
    plan_make(scene, "{\"name\":\"p\"}", plan);
    join(scene, 201, plan, key);
    for (int i = 0; i < 2; i++) { /* the create and the get alike */
        assert_string_equal(text_at(scene, "id"), key);
        assert_string_equal(text_at(scene, "type"), "API_KEY");
        assert_string_equal(text_at(scene, "value"), VALUE_20);
        assert_string_equal(text_at(scene, "name"), "k");
        call(scene, 200, "GET", NULL, "/usageplans/%s/keys/%s", plan, key);
    }
    call(scene, 200, "GET", NULL, "/usageplans/%s/keys", plan);
    assert_string_equal(text_at(scene, "item.0.value"), VALUE_20);
}

static void a_key_without_name(void **state)
{
    scene_t *scene = *state;
    char key[16], plan[16];
    key_make(scene, NULL, key);
    plan_make(scene, "{\"name\":\"p\"}", plan);
    join(scene, 201, plan, key);
    assert_null(value_at(scene, "name"));
}

static void create_refusals(void **state)
{
    scene_t *scene = *state;
    char key[16], plan[16], body[128];
    key_make(scene, NULL, key);
    plan_make(scene, "{\"name\":\"p\"}", plan);
    uint64_t before = last_change(scene);
    join(scene, 404, plan, "nosuchkey0");
    expect_message(scene, "NotFoundException", "Invalid API Key identifier specified");
    join(scene, 404, "nosuch", key);
    expect_message(scene, "NotFoundException", "Invalid Usage Plan ID specified");
    snprintf(body, sizeof(body), "{\"keyId\":\"%s\"}", key);
    call(scene, 400, "POST", body, "/usageplans/%s/keys", plan);
    snprintf(body, sizeof(body), "{\"keyId\":\"%s\",\"keyType\":\"OTHER\"}", key);
    call(scene, 400, "POST", body, "/usageplans/%s/keys", plan);
    call(scene, 400, "POST", "{\"keyId\":1,\"keyType\":\"API_KEY\"}", "/usageplans/%s/keys", plan);
    call(scene, 400, "POST", "{\"keyType\":\"API_KEY\"}", "/usageplans/%s/keys", plan);
    expect_message(scene, "ValidationException",
                   "1 validation error detected: Value null at 'createUsagePlanKeyInput.keyId' "
                   "failed to satisfy constraint: Member must not be null");
    call(scene, 400, "POST", "{}", "/usageplans/nosuch/keys");
    expect_message(scene, "ValidationException",
                   "2 validation errors detected: Value null at 'createUsagePlanKeyInput.keyId' "
                   "failed to satisfy constraint: Member must not be null; Value null at "
                   "'createUsagePlanKeyInput.keyType' failed to satisfy constraint: Member must "
                   "not be null");
    assert_int_equal(last_change(scene), before);
    join(scene, 201, plan, key);
    join(scene, 409, plan, key);
}

/* given a key on a plan with a stage, when it would get a second plan for that stage, expect a
 * conflict (rule P5) */
static void one_plan_per_stage(void **state)
{
    scene_t *scene = *state;
    char key[16], first[16], second[16], third[16];
    stage_make(scene, API, "prod");
    stage_make(scene, API, "beta");
    key_make(scene, NULL, key);
    plan_make(scene, "{\"name\":\"a\",\"apiStages\":[{\"apiId\":\"" API "\",\"stage\":\"prod\"}]}",
              first);
    plan_make(scene, "{\"name\":\"b\",\"apiStages\":[{\"apiId\":\"" API "\",\"stage\":\"prod\"}]}",
              second);
    plan_make(scene, "{\"name\":\"c\",\"apiStages\":[{\"apiId\":\"" API "\",\"stage\":\"beta\"}]}",
              third);
    join(scene, 201, first, key);
    join(scene, 409, second, key);
    assert_true(fg_str_is(header_at(scene, "x-amzn-ErrorType"), "ConflictException"));
    join(scene, 201, third, key); /* another stage is another matter */
    call(scene, 409, "PATCH", PATCH("add", "/apiStages", API ":prod"), "/usageplans/%s", third);
    call(scene, 202, "DELETE", NULL, "/usageplans/%s/keys/%s", first, key);
    call(scene, 200, "PATCH", PATCH("add", "/apiStages", API ":prod"), "/usageplans/%s", third);
    join(scene, 409, second, key);
}

/* given plans_per_key one, when a key joins any second plan, expect a conflict (rule P5, the
 * guide's reading) */
static void one_plan_per_key(void **state)
{
    scene_t *scene = *state;
    char key[16], first[16], second[16];
    key_make(scene, NULL, key);
    plan_make(scene, "{\"name\":\"a\"}", first);
    plan_make(scene, "{\"name\":\"b\"}", second);
    scene->control.settings.is_one_plan_per_key = true;
    join(scene, 201, first, key);
    join(scene, 409, second, key);
    scene->control.settings.is_one_plan_per_key = false;
    join(scene, 201, second, key);
}

static void ten_plans_per_key(void **state)
{
    scene_t *scene = *state;
    char key[16], plan[16];
    key_make(scene, NULL, key);
    for (int i = 0; i <= FG_PLANS_PER_KEY_MAX; i++) {
        plan_make(scene, "{\"name\":\"p\"}", plan);
        join(scene, i < FG_PLANS_PER_KEY_MAX ? 201 : 429, plan, key);
    }
}

static void list_is_newest_first_and_filters(void **state)
{
    scene_t *scene = *state;
    char key[16], plan[16], position[64];
    static const char *const bodies[] = {"{\"name\":\"ab\"}", "{\"name\":\"Ab\"}",
                                         "{\"name\":\"abc\"}"};
    plan_make(scene, "{\"name\":\"p\"}", plan);
    for (size_t i = 0; i < FG_COUNT_OF(bodies); i++) {
        key_make(scene, bodies[i], key);
        join(scene, 201, plan, key);
    }
    call(scene, 200, "GET", NULL, "/usageplans/%s/keys?limit=2", plan);
    assert_string_equal(text_at(scene, "item.0.name"), "abc");
    assert_string_equal(text_at(scene, "item.1.name"), "Ab");
    snprintf(position, sizeof(position), "%s", text_at(scene, "position"));
    call(scene, 200, "GET", NULL, "/usageplans/%s/keys?limit=2&position=%s", plan, position);
    assert_string_equal(text_at(scene, "item.0.name"), "ab");
    assert_null(value_at(scene, "position"));
    call(scene, 200, "GET", NULL, "/usageplans/%s/keys?name=ab", plan);
    assert_int_equal(json_array_size(value_at(scene, "item")), 2);
    call(scene, 200, "GET", NULL, "/usageplans/nosuch/keys"); /* an unknown plan has no keys */
    assert_int_equal(json_array_size(value_at(scene, "item")), 0);
}

static void get_and_delete_what_is_not_there(void **state)
{
    scene_t *scene = *state;
    char key[16], plan[16];
    key_make(scene, NULL, key);
    plan_make(scene, "{\"name\":\"p\"}", plan);
    call(scene, 404, "GET", NULL, "/usageplans/%s/keys/%s", plan, key);
    call(scene, 404, "DELETE", NULL, "/usageplans/%s/keys/%s", plan, key);
    call(scene, 404, "GET", NULL, "/usageplans/nosuch/keys/%s", key);
    join(scene, 201, plan, key);
    call(scene, 202, "DELETE", NULL, "/usageplans/%s/keys/%s", plan, key);
    call(scene, 404, "GET", NULL, "/usageplans/%s/keys/%s", plan, key);
    call(scene, 200, "GET", NULL, "/apikeys/%s", key); /* the key stays */
}

#define T(test) cmocka_unit_test_setup_teardown(test, scene_setup, scene_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_pair_shows_the_value),
        T(a_key_without_name),
        T(create_refusals),
        T(one_plan_per_stage),
        T(one_plan_per_key),
        T(ten_plans_per_key),
        T(list_is_newest_first_and_filters),
        T(get_and_delete_what_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
