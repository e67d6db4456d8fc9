#include "words.h"

#include "base/json.h"
#include "base/limits.h"

#include <string.h>

static void numbers_keep_their_kind(void **state)
{
    (void)state;
    fg_arena_t *arena = fg_arena_new();
    fg_error_t error;
    FG_JSON_SCOPED *json =
        fg_json_parse(FG_STR("{\"limit\":10,\"rateLimit\":2.0,\"x\":0.1}"), &error);
    assert_non_null(json);
    assert_true(
        fg_str_is(fg_json_render(json, arena), "{\"limit\":10,\"rateLimit\":2.0,\"x\":0.1}"));
    assert_true(fg_str_is(fg_json_render_indented(json_object_get(json, "x"), arena), "0.1"));
    fg_arena_fail_after(arena, 0);
    assert_null(fg_json_render(json, arena).at);
    fg_arena_free(arena);
}

static void bad_text_says_where(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", "{", "{\"a\":1,\"a\":2}", "[1,]", "{\"a\":\"\xff\"}", "{} x", "nul", "\"\\u0000\""};
    for (size_t i = 0; i < FG_COUNT_OF(wrong); i++) {
        fg_error_t error = {0};
        assert_null(fg_json_parse(fg_str(wrong[i]), &error));
        assert_int_equal(error.status, FG_SERIALIZATION);
        assert_non_null(strstr(error.message, "line"));
    }
}

static void depth_ends_at_the_limit(void **state)
{
    (void)state;
    char text[2 * (FG_JSON_DEPTH_MAX + 1)];
    for (size_t depth = FG_JSON_DEPTH_MAX; depth <= FG_JSON_DEPTH_MAX + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        fg_error_t error;
        FG_JSON_SCOPED *json = fg_json_parse(fg_str_of(text, 2 * depth), &error);
        assert_int_equal(json != NULL, depth <= FG_JSON_DEPTH_MAX);
    }
    fg_error_t error;
    FG_JSON_SCOPED *text_with_braces =
        fg_json_parse(FG_STR("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
                             "[[[[[[[[[\\\"[\""),
                      &error);
    assert_non_null(text_with_braces);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_keep_their_kind),
        cmocka_unit_test(bad_text_says_where),
        cmocka_unit_test(depth_ends_at_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
