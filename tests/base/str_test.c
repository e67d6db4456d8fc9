#include "words.h"

#include "base/str.h"

static void views_compare(void **state)
{
    (void)state;
    assert_true(fg_str_eq(FG_STR("abc"), fg_str("abc")));
    assert_false(fg_str_eq(FG_STR("abc"), FG_STR("abd")));
    assert_true(fg_str_eq_nocase(FG_STR("X-Api-Key"), FG_STR("x-aPI-kEY")));
    assert_false(fg_str_eq_nocase(FG_STR("x_api"), FG_STR("x-api")));
    assert_true(fg_str_cmp(FG_STR("ab"), FG_STR("abc")) < 0);
    assert_true(fg_str_cmp(FG_STR("\xff"), FG_STR("a")) > 0);
    assert_true(fg_str_starts_with(FG_STR("usageplans"), FG_STR("usage")));
    assert_false(fg_str_starts_with(FG_STR("us"), FG_STR("usage")));
}

static void a_cut_consumes(void **state)
{
    (void)state;
    fg_str_t rest = FG_STR("a=b=c");
    assert_true(fg_str_is(fg_str_cut(&rest, '='), "a"));
    assert_true(fg_str_is(rest, "b=c"));
    assert_true(fg_str_is(fg_str_cut(&rest, '&'), "b=c"));
    assert_null(rest.at);
    assert_true(fg_str_is(fg_str_trim(FG_STR(" \t x y\t")), "x y"));
}

static void whole_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_number;
        int64_t value;
    } rows[] = {
        {"0", true, 0},
        {"-12", true, -12},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0}, /* one past the end */
        {"", false, 0},
        {"-", false, 0},
        {"1.0", false, 0},
        {" 1", false, 0},
        {"+1", false, 0},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        int64_t value = 77;
        assert_int_equal(fg_str_to_i64(fg_str(rows[i].text), &value), rows[i].is_number);
        assert_int_equal(value, rows[i].is_number ? rows[i].value : 77);
    }
}

static void decimal_numbers(void **state)
{
    (void)state;
    double value = 77;
    assert_true(fg_str_to_double(FG_STR("100.000000"), &value) && value == 100.0);
    assert_true(fg_str_to_double(FG_STR("-1"), &value) && value == -1.0);
    assert_true(fg_str_to_double(FG_STR("1e3"), &value) && value == 1000.0);
    static const char *const wrong[] = {"", "nan", "inf", "0x10", "1,5", "1 ", "1e999", "--1"};
    for (size_t i = 0; i < FG_COUNT_OF(wrong); i++)
        assert_false(fg_str_to_double(fg_str(wrong[i]), &value));
    assert_true(value == 1000.0);
}

static void utf8_is_strict(void **state)
{
    (void)state;
    static const char *const good[] = {"", "plain", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x9a\x87"};
    static const char *const bad[] = {
        "\xc0\xaf",         /* overlong slash */
        "\xe0\x80\xaf",     /* overlong */
        "\xed\xa0\x80",     /* surrogate */
        "\xf4\x90\x80\x80", /* beyond the last plane */
        "\xff",             /* no lead byte */
        "\xc3",             /* cut short */
        "a\x80",            /* stray continuation */
    };
    for (size_t i = 0; i < FG_COUNT_OF(good); i++)
        assert_true(fg_str_is_utf8(fg_str(good[i])));
    for (size_t i = 0; i < FG_COUNT_OF(bad); i++)
        assert_false(fg_str_is_utf8(fg_str(bad[i])));
    assert_false(fg_str_is_utf8(fg_str_of("a\0b", 3)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_compare),  cmocka_unit_test(a_cut_consumes),
        cmocka_unit_test(whole_numbers),  cmocka_unit_test(decimal_numbers),
        cmocka_unit_test(utf8_is_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
