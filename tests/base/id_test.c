#include "words.h"

#include "base/id.h"

#include <ctype.h>
#include <string.h>

static void ids_pack_and_unpack(void **state)
{
    (void)state;
    static const char *const ids[] = {"a", "9", "0", "abc123", "zzzzzzzzzz", "999999999999", "a0"};
    for (size_t i = 0; i < FG_COUNT_OF(ids); i++) {
        char text[FG_ID_BYTES_MAX + 1];
        uint64_t word = fg_id_pack(fg_str(ids[i]));
        assert_true(word != 0);
        assert_int_equal(fg_id_unpack(word, text), strlen(ids[i]));
        assert_string_equal(text, ids[i]);
    }
    static const char *const wrong[] = {"", "A", "a-b", "0123456789abc", "a b"};
    for (size_t i = 0; i < FG_COUNT_OF(wrong); i++)
        assert_int_equal(fg_id_pack(fg_str(wrong[i])), 0);
}

/* Rule K2: 40 characters, letters of both cases and digits. */
static void generated_values_have_the_form(void **state)
{
    (void)state;
    uint64_t seed = 1;
    fg_random_t random = fg_random_seeded(&seed);
    bool has_upper = false, has_lower = false, has_digit = false;
    for (int i = 0; i < 100; i++) {
        char value[FG_KEY_VALUE_GENERATED_BYTES + 1];
        assert_true(fg_key_value_make(random, value));
        assert_int_equal(strlen(value), 40);
        for (const char *at = value; *at; at++) {
            assert_true(isalnum((unsigned char)*at));
            has_upper |= isupper((unsigned char)*at) != 0;
            has_lower |= islower((unsigned char)*at) != 0;
            has_digit |= isdigit((unsigned char)*at) != 0;
        }
    }
    assert_true(has_upper && has_lower && has_digit);
}

static void letters_are_drawn_evenly(void **state)
{
    (void)state;
    uint64_t seed = 2;
    int counts[256] = {0};
    for (int i = 0; i < 36000; i++) {
        char id[FG_ID_LONG_BYTES + 1];
        assert_true(fg_id_make(fg_random_seeded(&seed), FG_ID_LONG_BYTES, id));
        for (const char *at = id; *at; at++)
            counts[(unsigned char)*at]++;
    }
    for (int letter = 0; letter < 256; letter++) /* 10,000 expected of each of the 36 */
        assert_true(counts[letter] == 0 || (counts[letter] > 9500 && counts[letter] < 10500));
}

static bool no_randomness(void *ctx, void *ret_bytes, size_t count)
{
    (void)ctx, (void)ret_bytes, (void)count;
    return false;
}

static void without_randomness_there_is_no_id(void **state)
{
    (void)state;
    char text[64];
    fg_random_t none = {.fill = no_randomness};
    assert_false(fg_id_make(none, 10, text));
    assert_false(fg_key_value_make(none, text));
    assert_false(fg_uuid_make(none, text));
}

static void uuids_are_version_4(void **state)
{
    (void)state;
    char uuid[37];
    assert_true(fg_uuid_make(fg_random_system(), uuid));
    assert_int_equal(strlen(uuid), 36);
    assert_int_equal(uuid[14], '4');
    assert_non_null(strchr("89ab", uuid[19]));
}

/* Words that no id gives, as a damaged page may hold them. */
static void damaged_words_are_known(void **state)
{
    (void)state;
    assert_true(fg_id_is_packed(fg_id_pack(FG_STR("a"))));
    assert_true(fg_id_is_packed(fg_id_pack(FG_STR("999999999999"))));
    assert_false(fg_id_is_packed(0));
    assert_false(fg_id_is_packed(37));
    assert_false(fg_id_is_packed(fg_id_pack(FG_STR("abc")) * 37 + 37));
    assert_false(fg_id_is_packed(UINT64_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_pack_and_unpack),
        cmocka_unit_test(generated_values_have_the_form),
        cmocka_unit_test(letters_are_drawn_evenly),
        cmocka_unit_test(without_randomness_there_is_no_id),
        cmocka_unit_test(uuids_are_version_4),
        cmocka_unit_test(damaged_words_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
