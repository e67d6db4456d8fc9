/* Records that cannot be changed unnoticed. Rule B2. */
#include "words.h"

#include "base/chain.h"

static json_t *record_new(const char *text, fg_str_t previous_hash)
{
    json_t *record = json_pack("{s:s, s:i}", "text", text, "number", 7);
    assert_true(fg_chain_link(record, previous_hash));
    return record;
}

/* Given a linked record, then it holds, whatever the order of its members, and only in its place. */
static void a_record_holds_in_its_place(void **state)
{
    (void)state;
    fg_error_t error;
    fg_str_t start = fg_str(fg_chain_start);
    json_t *first = record_new("a", start), *second = record_new("b", fg_chain_hash(first));
    assert_true(fg_chain_holds(first, start));
    assert_true(fg_chain_holds(second, fg_chain_hash(first)));
    assert_false(fg_chain_holds(second, start));
    assert_string_equal(json_string_value(json_object_get(first, "hash")),
                        "a58e6081a2d456f3c3405a1a12f9b4c3f759b31f9350c5c7269992b448245062");
    json_object_set_new(second, "signature", json_string("of the hash, not in it"));
    assert_true(fg_chain_holds(second, fg_chain_hash(first)));
    char *text = json_dumps(second, JSON_SORT_KEYS);
    json_t *again = fg_json_parse(fg_str(text), &error);
    assert_true(fg_chain_holds(again, fg_chain_hash(first)));
    free(text);
    json_decref(again);
    json_decref(first);
    json_decref(second);
}

/* Given a record, when anything of it is changed, then it does not hold. */
static void a_changed_record_does_not_hold(void **state)
{
    (void)state;
    fg_str_t start = fg_str(fg_chain_start);
    static const char *const members[] = {"text", "number", "previousHash", "hash", "other"};
    for (size_t i = 0; i < FG_COUNT_OF(members); i++) {
        json_t *record = record_new("a", start);
        json_object_set_new(record, members[i], json_string("b"));
        assert_false(fg_chain_holds(record, start));
        json_decref(record);
    }
    assert_false(fg_chain_holds(NULL, start));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_holds_in_its_place),
        cmocka_unit_test(a_changed_record_does_not_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
