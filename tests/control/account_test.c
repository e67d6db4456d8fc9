/* Rules T2 (the account's limit is a setting) and AC1; reference 4.5. */
#include "control/scene.h"

#define PATCH(op, path, value)                                                                     \
    "{\"patchOperations\":[{\"op\":\"" op "\",\"path\":\"" path "\",\"value\":\"" value "\"}]}"

static void the_defaults(void **state)
{
    scene_t *scene = *state;
    call(scene, 200, "GET", NULL, "/account");
    assert_non_null(
        strstr(scene->body, "\"throttleSettings\":{\"burstLimit\":5000,\"rateLimit\":10000.0}"));
    assert_string_equal(text_at(scene, "features.0"), "UsagePlans");
    assert_string_equal(text_at(scene, "apiKeyVersion"), "4");
    assert_null(value_at(scene, "cloudwatchRoleArn"));
}

/* given the account, when a path is patched, expect the status, and a refusal to change nothing */
static void updates(void **state)
{
    scene_t *scene = *state;
    static const struct {
        const char *body;
        int status;
    } rows[] = {
        {"{\"patchOperations\":[]}", 200},
        {PATCH("replace", "/cloudwatchRoleArn", "arn:aws:iam::1:role/r"), 200},
        {PATCH("replace", "/cloudwatchRoleArn", "role"), 400},
        {PATCH("replace", "/cloudwatchRoleArn", "arn:aws:iam::1:user/r"), 400},
        {PATCH("replace", "/cloudwatchRoleArn", "arn:aws:iam::1:role/"), 400},
        {PATCH("replace", "/cloudwatchRoleArn", "arn:aws:iam:r:1:role/r"), 400},
        {PATCH("replace", "/cloudwatchRoleArn", "arn:aws:s3::1:role/r"), 400},
        {PATCH("replace", "/cloudwatchRoleArn", "arn:aws:iam"), 400},
        {PATCH("add", "/cloudwatchRoleArn", "arn:aws:iam::1:role/r"), 400},
        {PATCH("add", "/features", "UsagePlans"), 200},
        {PATCH("add", "/features", "Other"), 400},
        {PATCH("remove", "/features", "UsagePlans"), 400},
        {PATCH("replace", "/throttleSettings/rateLimit", "20.5"), 200},
        {PATCH("replace", "/throttleSettings/rateLimit", "-1"), 400},
        {PATCH("replace", "/throttleSettings/burstLimit", "7"), 200},
        {PATCH("replace", "/throttleSettings/burstLimit", "2147483648"), 400},
        {PATCH("replace", "/throttleSettings/burstLimit", "x"), 400},
        {PATCH("replace", "/apiKeyVersion", "5"), 400},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        uint64_t before = last_change(scene);
        call(scene, rows[i].status, "PATCH", rows[i].body, "/account");
        if (rows[i].status != 200)
            assert_int_equal(last_change(scene), before);
    }
    call(scene, 200, "GET", NULL, "/account");
    assert_string_equal(text_at(scene, "cloudwatchRoleArn"), "arn:aws:iam::1:role/r");
    assert_non_null(
        strstr(scene->body, "\"throttleSettings\":{\"burstLimit\":7,\"rateLimit\":20.5}"));
    call(scene, 200, "PATCH", PATCH("replace", "/cloudwatchRoleArn", ""), "/account");
    assert_null(value_at(scene, "cloudwatchRoleArn"));
}

#define T(test) cmocka_unit_test_setup_teardown(test, scene_setup, scene_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {T(the_defaults), T(updates)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
