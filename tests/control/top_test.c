/* GET /faregate/top: what it takes, and its answer before anything was drained. What it shows of
 * real traffic is in tests/cli/test_top.py, the rankings themselves in tests/agent/top_test.c. */
#include "control/scene.h"

static void nothing_stands_out_at_first(void **state)
{
    scene_t *scene = *state;
    static const char *const targets[] = {"/faregate/top", "/faregate/top?by=rate",
                                          "/faregate/top?by=used&limit=1000",
                                          "/faregate/top?by=quota&limit=1"};
    for (size_t i = 0; i < FG_COUNT_OF(targets); i++) {
        call(scene, 200, "GET", NULL, "%s", targets[i]);
        assert_int_equal(json_integer_value(value_at(scene, "at")), SCENE_NOW_S);
        assert_true(json_is_array(value_at(scene, "item")));
        assert_int_equal(json_array_size(value_at(scene, "item")), 0);
    }
}

static void wrong_words_are_named(void **state)
{
    scene_t *scene = *state;
    static const struct {
        const char *target, *message;
    } rows[] = {
        {"/faregate/top?by=name", "by must be rate, used or quota"},
        {"/faregate/top?by=", "by must be rate, used or quota"},
        {"/faregate/top?limit=0", "limit must be a number from 1 to 1000"},
        {"/faregate/top?limit=1001", "limit must be a number from 1 to 1000"},
        {"/faregate/top?limit=few", "limit must be a number from 1 to 1000"},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        call(scene, 400, "GET", NULL, "%s", rows[i].target);
        assert_string_equal(text_at(scene, "message"), rows[i].message);
    }
}

/* A control API without a gate, as in most unit tests, has no ranking to show. */
static void without_an_agent_there_is_nothing(void **state)
{
    scene_t *scene = *state;
    fg_agent_t *agent = scene->control.agent;
    scene->control.agent = NULL;
    call(scene, 200, "GET", NULL, "/faregate/top");
    assert_int_equal(json_array_size(value_at(scene, "item")), 0);
    scene->control.agent = agent;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_stands_out_at_first, scene_gate_setup,
                                        scene_gate_teardown),
        cmocka_unit_test_setup_teardown(wrong_words_are_named, scene_gate_setup,
                                        scene_gate_teardown),
        cmocka_unit_test_setup_teardown(without_an_agent_there_is_nothing, scene_gate_setup,
                                        scene_gate_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
