/* Rules L1, L5, L6: grants in the ledger only grow, until they are returned or count as spent. */
#include "words.h"

#include "fixture.h"

#include "limit/quota.h"

#define KEY FG_STR("aaaaaaaaaa")

enum { DAY = 20523 };

static fg_ledger_row_t row_of(const char *plan_id, uint64_t quota_word, uint64_t granted_word)
{
    return (fg_ledger_row_t){.key_id = KEY,
                             .plan_id = fg_str(plan_id),
                             .quota_word = quota_word,
                             .granted_word = granted_word};
}

static void put(fixture_t *f, const char *plan_id, uint64_t quota_word, uint64_t granted_word)
{
    fg_ledger_row_t row = row_of(plan_id, quota_word, granted_word);
    ok(fg_store_ledger_put(f->store, &row, &f->error));
}

static void expect(fixture_t *f, const char *plan_id, uint64_t quota_word, uint64_t granted_word)
{
    fg_ledger_row_t row;
    ok(fg_store_ledger_get(f->store, KEY, fg_str(plan_id), &row, &f->error));
    assert_int_equal(row.quota_word, quota_word);
    assert_int_equal(row.granted_word, granted_word);
}

/* Pairs with a grant to spend, without one, with one for a window that nobody used yet, with one of
 * a window that is over. */
static void furnish(fixture_t *f)
{
    put(f, "spends", FG_QUOTA_WORD(DAY, 10), FG_QUOTA_WORD(DAY, 26));
    put(f, "spent1", FG_QUOTA_WORD(DAY, 10), FG_QUOTA_WORD(DAY, 10));
    put(f, "opens1", FG_QUOTA_WORD(DAY - 1, 10), FG_QUOTA_WORD(DAY, 16));
    put(f, "passed", FG_QUOTA_WORD(DAY, 10), FG_QUOTA_WORD(DAY - 1, 26));
}

static void grants_only_grow(void **state)
{
    fixture_t *f = *state;
    begin(f);
    put(f, "spends", FG_QUOTA_WORD(DAY, 10), FG_QUOTA_WORD(DAY, 26));
    put(f, "spends", FG_QUOTA_WORD(DAY, 11), 0);
    expect(f, "spends", FG_QUOTA_WORD(DAY, 11), FG_QUOTA_WORD(DAY, 26));
    put(f, "spends", FG_QUOTA_WORD(DAY, 12), FG_QUOTA_WORD(DAY, 27));
    expect(f, "spends", FG_QUOTA_WORD(DAY, 12), FG_QUOTA_WORD(DAY, 27));
    commit(f);
}

static void a_lost_gate_has_spent_what_was_granted(void **state)
{
    fixture_t *f = *state;
    fg_wall_t at;
    begin(f);
    furnish(f);
    ok(fg_store_lost_at(f->store, &at, &f->error));
    assert_int_equal(at.s, 0);
    ok(fg_store_grants_forfeit(f->store, (fg_wall_t){77}, &f->error));
    expect(f, "spends", FG_QUOTA_WORD(DAY, 26), FG_QUOTA_WORD(DAY, 26));
    expect(f, "spent1", FG_QUOTA_WORD(DAY, 10), FG_QUOTA_WORD(DAY, 10));
    expect(f, "opens1", FG_QUOTA_WORD(DAY, 16), FG_QUOTA_WORD(DAY, 16));
    expect(f, "passed", FG_QUOTA_WORD(DAY, 10), FG_QUOTA_WORD(DAY - 1, 26));
    ok(fg_store_lost_at(f->store, &at, &f->error));
    assert_int_equal(at.s, 77);
    commit(f);
}

static void what_is_returned_is_granted_no_more(void **state)
{
    fixture_t *f = *state;
    begin(f);
    furnish(f);
    ok(fg_store_grant_return(f->store, KEY, FG_STR("spends"), &f->error));
    expect(f, "spends", FG_QUOTA_WORD(DAY, 10), FG_QUOTA_WORD(DAY, 10));
    expect(f, "opens1", FG_QUOTA_WORD(DAY - 1, 10), FG_QUOTA_WORD(DAY, 16));
    ok(fg_store_grants_return(f->store, &f->error));
    expect(f, "opens1", FG_QUOTA_WORD(DAY - 1, 10), FG_QUOTA_WORD(DAY - 1, 10));
    ok(fg_store_grants_forfeit(f->store, (fg_wall_t){77}, &f->error));
    expect(f, "spends", FG_QUOTA_WORD(DAY, 10), FG_QUOTA_WORD(DAY, 10));
    commit(f);
}

/* A new store is settled; what is noted comes with its transaction. */
static void a_session_is_noted(void **state)
{
    fixture_t *f = *state;
    fg_session_t session;
    ok(fg_store_session_get(f->store, &session, &f->error));
    assert_true(session.is_settled && session.number == 0);
    begin(f);
    ok(fg_store_session_set(f->store, &(fg_session_t){.number = 1, .file_number = 77}, &f->error));
    commit(f);
    begin(f);
    ok(fg_store_session_set(f->store, &(fg_session_t){.is_settled = true}, &f->error));
    fg_store_rollback(f->store);
    ok(fg_store_session_get(f->store, &session, &f->error));
    assert_true(!session.is_settled && session.number == 1 && session.file_number == 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(grants_only_grow, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_lost_gate_has_spent_what_was_granted, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_returned_is_granted_no_more, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_session_is_noted, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
