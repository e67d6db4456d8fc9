/* Reason codes in words. Rule E2. */
#include "words.h"

#include "gate/gate.h"
#include "gate/reason.h"

#include <string.h>

/* Every verdict has a row, and what it says is a sentence. */
static void every_verdict_has_a_sentence(void **state)
{
    (void)state;
    for (int kind = 0; kind < FG_VERDICT_COUNT; kind++) {
        const char *code = fg_verdict_reason((fg_verdict_kind_t)kind);
        const fg_reason_t *reason = fg_reason_find(fg_str(code));
        if (!reason)
            fail_msg("%s has no sentence", code);
        else
            assert_string_equal(reason->code, code);
    }
    assert_null(fg_reason_find(FG_STR("no-such-reason")));
}

static void rows_are_sentences_and_codes_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < fg_reason_count; i++) {
        const fg_reason_t *reason = &fg_reasons[i];
        assert_ptr_equal(fg_reason_find(fg_str(reason->code)), reason);
        assert_true(strlen(reason->sentence) > 10 && strlen(reason->remedy) > 10);
        assert_int_equal(reason->sentence[strlen(reason->sentence) - 1], '.');
        assert_int_equal(strspn(reason->code, "abcdefghijklmnopqrstuvwxyz-"), strlen(reason->code));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verdict_has_a_sentence),
        cmocka_unit_test(rows_are_sentences_and_codes_are_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
