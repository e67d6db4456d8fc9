/* Refusals in words, with the names that the store knows. Rules E1, E2, E4, E5. */
#include "control/scene.h"

#include "gate/explain.h"

#define ID "0f9a1c3e-5b7d-4e2f-8a6b-1c3d5e7f9a0b"

static fg_gate_t *gate_of(scene_t *scene)
{
    return fg_gate_writer_gate(fg_agent_writer(scene->control.agent));
}

static fg_explain_t line(const char *reason)
{
    fg_explain_t explain = {.status = 429, .stage_index = FG_GATE_NONE, .at_s = SCENE_NOW_S};
    memcpy(explain.request_id, ID, FG_EXPLAIN_ID_BYTES);
    snprintf(explain.reason, sizeof(explain.reason), "%s", reason);
    return explain;
}

/* given a key over its plan's rate, expect the whole path with names and figures */
static void a_throttled_request(void **state)
{
    scene_t *scene = *state;
    char key[16], plan[16], api[16];
    fg_error_t error;
    key_make(scene, "{\"name\":\"customer\"}", key);
    plan_make(scene, "{\"name\":\"free\"}", plan);
    call(scene, 201, "POST", "{\"name\":\"weather\"}", "/restapis");
    snprintf(api, sizeof(api), "%s", text_at(scene, "id"));
    fg_explain_t explain = line("throttled-plan");
    assert_int_equal(fg_gate_stage_sync(fg_agent_writer(scene->control.agent), fg_str(api),
                                        FG_STR("dev"), &explain.stage_index, &error),
                     FG_OK);
    call(scene, 200, "GET", NULL, "/restapis/%s/resources", api);
    explain.resource_id = fg_id_pack(fg_str(text_at(scene, "item.0.id")));
    explain.api_id = fg_id_pack(fg_str(api));
    explain.key_id = fg_id_pack(fg_str(key));
    explain.plan_id = fg_id_pack(fg_str(plan));
    explain.verb = FG_VERB_GET;
    explain.throttle_rate_milli_rps = 2500;
    explain.throttle_burst = 7;
    explain.retry_after_us = 400001;
    snprintf(explain.path, sizeof(explain.path), "/today");
    memcpy(explain.address, (uint8_t[16]){[10] = 0xff, 0xff, 192, 0, 2, 1}, 16);
    fg_gate_explain_put(gate_of(scene), &explain);
    call(scene, 200, "GET", NULL, "/faregate/explain/" ID);
    assert_string_equal(text_at(scene, "requestId"), ID);
    assert_string_equal(text_at(scene, "reason"), "throttled-plan");
    assert_string_equal(text_at(scene, "limit"), "throttle of the plan");
    assert_true(strlen(text_at(scene, "sentence")) > 0 && strlen(text_at(scene, "remedy")) > 0);
    assert_string_equal(text_at(scene, "api.name"), "weather");
    assert_string_equal(text_at(scene, "stage"), "dev");
    assert_string_equal(text_at(scene, "resource.path"), "/");
    assert_string_equal(text_at(scene, "method"), "GET");
    assert_string_equal(text_at(scene, "path"), "/today");
    assert_string_equal(text_at(scene, "key.id"), key);
    assert_string_equal(text_at(scene, "key.name"), "customer");
    assert_string_equal(text_at(scene, "plan.name"), "free");
    assert_string_equal(text_at(scene, "address"), "192.0.2.1");
    assert_true(json_real_value(value_at(scene, "throttle.rateLimit")) == 2.5);
    assert_int_equal(json_integer_value(value_at(scene, "throttle.burstLimit")), 7);
    assert_int_equal(json_integer_value(value_at(scene, "retryAfter")), 1);
    assert_int_equal(json_integer_value(value_at(scene, "at")), SCENE_NOW_S);
    assert_null(value_at(scene, "quota"));
}

/* given a key that is gone since and a limit that never opens, expect its id alone, and null */
static void what_is_gone_keeps_its_id(void **state)
{
    scene_t *scene = *state;
    fg_explain_t explain = line("quota-exceeded");
    explain.key_id = fg_id_pack(FG_STR("goneabcdef"));
    explain.quota_limit = 100;
    explain.quota_reset_at_s = SCENE_NOW_S + 60;
    explain.retry_after_us = INT64_MAX;
    fg_gate_explain_put(gate_of(scene), &explain);
    call(scene, 200, "GET", NULL, "/faregate/explain/" ID);
    assert_string_equal(text_at(scene, "key.id"), "goneabcdef");
    assert_null(value_at(scene, "key.name"));
    assert_null(value_at(scene, "api"));
    assert_null(value_at(scene, "throttle"));
    assert_int_equal(json_integer_value(value_at(scene, "quota.limit")), 100);
    assert_int_equal(json_integer_value(value_at(scene, "quota.remaining")), 0);
    assert_int_equal(json_integer_value(value_at(scene, "quota.resetAt")), SCENE_NOW_S + 60);
    assert_true(json_is_null(value_at(scene, "retryAfter")));
}

/* given a path cut inside a character and a reason of another version, expect an answer that is
 * JSON all the same */
static void what_callers_send_is_shown_safely(void **state)
{
    scene_t *scene = *state;
    fg_explain_t explain = line("of-the-next-version");
    snprintf(explain.path, sizeof(explain.path), "/\"caf\xc3");
    fg_gate_explain_put(gate_of(scene), &explain);
    call(scene, 200, "GET", NULL, "/faregate/explain/" ID);
    assert_string_equal(text_at(scene, "path"), "/\"caf?");
    assert_true(json_is_null(value_at(scene, "sentence")));
    assert_null(value_at(scene, "address"));
}

static void the_latest_come_first(void **state)
{
    scene_t *scene = *state;
    call(scene, 200, "GET", NULL, "/faregate/explain");
    assert_int_equal(json_array_size(value_at(scene, "item")), 0);
    for (int i = 0; i < 30; i++) {
        fg_explain_t explain = line("key-unknown");
        explain.at_s += i;
        fg_gate_explain_put(gate_of(scene), &explain);
    }
    call(scene, 200, "GET", NULL, "/faregate/explain?latest=3");
    assert_int_equal(json_array_size(value_at(scene, "item")), 3);
    assert_int_equal(json_integer_value(value_at(scene, "item.0.at")), SCENE_NOW_S + 29);
    call(scene, 200, "GET", NULL, "/faregate/explain");
    assert_int_equal(json_array_size(value_at(scene, "item")), 20);
    call(scene, 400, "GET", NULL, "/faregate/explain?latest=0");
    call(scene, 400, "GET", NULL, "/faregate/explain?latest=1001");
    call(scene, 400, "GET", NULL, "/faregate/explain?latest=all");
}

static void an_unknown_id_is_not_found(void **state)
{
    scene_t *scene = *state;
    call(scene, 404, "GET", NULL, "/faregate/explain/" ID);
    assert_true(fg_str_is(header_at(scene, "x-amzn-ErrorType"), "NotFoundException"));
    assert_non_null(strstr(text_at(scene, "message"), "latest 65536"));
    call(scene, 404, "GET", NULL, "/faregate/explain/x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_throttled_request, scene_gate_setup, scene_gate_teardown),
        cmocka_unit_test_setup_teardown(what_is_gone_keeps_its_id, scene_gate_setup,
                                        scene_gate_teardown),
        cmocka_unit_test_setup_teardown(what_callers_send_is_shown_safely, scene_gate_setup,
                                        scene_gate_teardown),
        cmocka_unit_test_setup_teardown(the_latest_come_first, scene_gate_setup,
                                        scene_gate_teardown),
        cmocka_unit_test_setup_teardown(an_unknown_id_is_not_found, scene_gate_setup,
                                        scene_gate_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
