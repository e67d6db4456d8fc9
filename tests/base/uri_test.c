#include "base/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_decoding(void **state)
{
    (void)state;
    static const struct {
        const char *text, *decoded; /* NULL: refused */
    } rows[] = {
        {"", ""},       {"abc", "abc"},  {"a%20b", "a b"}, {"%2f%2F", "//"},
        {"a+b", "a+b"}, {"%c3%A9", "é"}, {"%", NULL},      {"%4", NULL},
        {"%4g", NULL},  {"a%", NULL},    {"%%34", NULL},   {"%2541", "%41"},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        char bytes[16];
        size_t len = 99;
        bool is_decoded = fg_uri_decode(fg_str(rows[i].text), bytes, sizeof(bytes), &len);
        assert_int_equal(is_decoded, rows[i].decoded != NULL);
        if (is_decoded)
            assert_true(fg_str_is(fg_str_of(bytes, len), rows[i].decoded));
        else
            assert_int_equal(len, 99);
    }
}

static void test_decoding_keeps_to_its_room(void **state)
{
    (void)state;
    char bytes[2];
    size_t len;
    assert_true(fg_uri_decode(FG_STR("%41b"), bytes, 2, &len));
    assert_false(fg_uri_decode(FG_STR("%41bc"), bytes, 2, &len));
    char own[] = "%41%42c";
    assert_true(fg_uri_decode(fg_str(own), own, sizeof(own), &len));
    assert_true(fg_str_is(fg_str_of(own, len), "ABc"));
}

static void test_encoding(void **state)
{
    (void)state;
    fg_arena_t *arena = fg_arena_new();
    assert_true(fg_str_is(fg_uri_encode(FG_STR("aZ09-._~"), NULL, arena), "aZ09-._~"));
    assert_true(fg_str_is(fg_uri_encode(FG_STR("/a b%+é"), NULL, arena), "%2Fa%20b%25%2B%C3%A9"));
    assert_true(fg_str_is(fg_uri_encode(FG_STR("/a/b c"), "/", arena), "/a/b%20c"));
    assert_true(fg_str_is(fg_uri_encode(FG_STR("\0"), "/", arena), "%00"));
    assert_non_null(fg_uri_encode(FG_STR(""), NULL, arena).at);
    assert_true(fg_str_is(fg_uri_decode_copy(FG_STR("%C3%A9"), arena), "é"));
    assert_non_null(fg_uri_decode_copy(FG_STR(""), arena).at);
    assert_null(fg_uri_decode_copy(FG_STR("%"), arena).at);
    fg_arena_fail_after(arena, 0);
    assert_null(fg_uri_encode(FG_STR("a"), NULL, arena).at);
    assert_null(fg_uri_decode_copy(FG_STR("a"), arena).at);
    fg_arena_free(arena);
}

static void test_query_pieces(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
    } want[] = {{"a", "1"}, {"b", ""}, {"c", NULL}, {"", "x"}, {"a", "2=3"}};
    size_t count = 0;
    for (fg_str_t rest = FG_STR("a=1&&b=&c&=x&a=2=3&"), name, value;
         fg_uri_query_next(&rest, &name, &value); count++) {
        assert_true(count < FG_COUNT_OF(want));
        assert_true(fg_str_is(name, want[count].name));
        assert_int_equal(value.at == NULL, want[count].value == NULL);
        assert_true(fg_str_eq(value, fg_str(want[count].value)));
    }
    assert_int_equal(count, FG_COUNT_OF(want));
    fg_str_t none = FG_STR_NONE, name, value;
    assert_false(fg_uri_query_next(&none, &name, &value));
}

/* Rule 6.9: single-valued references take the last value. */
static void test_last_value(void **state)
{
    (void)state;
    fg_str_t query = FG_STR("a=1&b=&a=2&c");
    assert_true(fg_str_is(fg_uri_query_last(query, FG_STR("a")), "2"));
    assert_non_null(fg_uri_query_last(query, FG_STR("b")).at);
    assert_non_null(fg_uri_query_last(query, FG_STR("c")).at);
    assert_null(fg_uri_query_last(query, FG_STR("d")).at);
    assert_null(fg_uri_query_last(query, FG_STR("A")).at);
    assert_null(fg_uri_query_last(FG_STR_NONE, FG_STR("a")).at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decoding),   cmocka_unit_test(test_decoding_keeps_to_its_room),
        cmocka_unit_test(test_encoding),   cmocka_unit_test(test_query_pieces),
        cmocka_unit_test(test_last_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
