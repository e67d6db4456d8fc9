/*
 * What was changed is on record, newest first. Rules AD1, AD5, AD6.
 */
#include "store/fixture.h"

#include "store/audit.h"

static fg_status_t append(fixture_t *f, const char *operation, const char *subject, int64_t at)
{
    fg_audit_entry_t entry = {
        .at = {at},
        .access_key_id = at == 30 ? FG_STR("OTHER") : FG_STR("AKIA"),
        .operation = fg_str(operation),
        .request_id = FG_STR("request"),
        .subject = fg_str(subject),
        .after = FG_STR("{\"remaining\":5}"),
    };
    return fg_store_audit_append(f->store, &entry, &f->error);
}

/* The operations and subjects that a query finds. */
static const char *found(fixture_t *f, fg_audit_query_t query)
{
    fg_audit_entry_t *entries;
    size_t count;
    fg_str_t text = FG_STR("");
    query.limit = query.limit ? query.limit : 100;
    ok(fg_store_audit_list(f->store, &query, f->arena, &entries, &count, &f->error));
    for (size_t i = 0; i < count; i++)
        text = fg_arena_printf(f->arena, "%.*s%s%.*s%.*s", FG_STR_ARG(text), i ? " " : "",
                               FG_STR_ARG(entries[i].operation), FG_STR_ARG(entries[i].subject));
    return text.at;
}

static void fill(fixture_t *f)
{
    begin(f);
    ok(append(f, "A", "/plans/p", 10));
    ok(append(f, "B", "/plans/p/keys/k", 20));
    ok(append(f, "B", "/plans/p2", 30));
    commit(f);
}

static void an_entry_is_kept_whole(void **state)
{
    fixture_t *f = *state;
    fg_audit_query_t query = {.limit = 1};
    fg_audit_entry_t *entries;
    size_t count;
    fill(f);
    fixture_close(f);
    ok(fixture_open(f));
    ok(fg_store_audit_list(f->store, &query, f->arena, &entries, &count, &f->error));
    assert_int_equal(count, 1);
    assert_true(fg_str_is(entries[0].operation, "B") && entries[0].at.s == 30);
    assert_true(fg_str_is(entries[0].access_key_id, "OTHER"));
    assert_true(fg_str_is(entries[0].request_id, "request"));
    assert_true(fg_str_is(entries[0].after, "{\"remaining\":5}") && !entries[0].before.at);
}

static void entries_are_found_by_table(void **state)
{
    fixture_t *f = *state;
    static const struct {
        fg_audit_query_t query;
        const char *expected;
    } rows[] = {
        {{.limit = 0}, "B/plans/p2 B/plans/p/keys/k A/plans/p"},
        {{.limit = 2}, "B/plans/p2 B/plans/p/keys/k"},
        {{.operation = {"B", 1}}, "B/plans/p2 B/plans/p/keys/k"},
        {{.operation = {"C", 1}}, ""},
        {{.subject = {"/plans/p", 8}}, "B/plans/p/keys/k A/plans/p"},
        {{.subject = {"/plans/p", 8}, .operation = {"A", 1}}, "A/plans/p"},
        {{.from = {20}}, "B/plans/p2 B/plans/p/keys/k"},
        {{.from = {31}}, ""},
        {{.before = 2}, "A/plans/p"},
        {{.from = {20}, .to = {20}}, "B/plans/p/keys/k"},
        {{.access_key_id = {"OTHER", 5}}, "B/plans/p2"},
        {{.is_ascending = true}, "A/plans/p B/plans/p/keys/k B/plans/p2"},
        {{.is_ascending = true, .before = 1, .limit = 1}, "B/plans/p/keys/k"},
    };
    fill(f);
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++)
        assert_string_equal(found(f, rows[i].query), rows[i].expected);
}

static void what_is_rolled_back_is_not_on_record(void **state)
{
    fixture_t *f = *state;
    begin(f);
    ok(append(f, "A", "/plans/p", 10));
    fg_store_rollback(f->store);
    assert_string_equal(found(f, (fg_audit_query_t){.limit = 0}), "");
}

/* Rule AD6: the oldest go first, so many at a time, none that is younger */
static void old_entries_are_forgotten(void **state)
{
    fixture_t *f = *state;
    uint64_t count;
    fill(f);
    begin(f);
    ok(fg_store_audit_trim(f->store, (fg_wall_t){30}, 1, &count, &f->error));
    commit(f);
    assert_int_equal(count, 1);
    assert_string_equal(found(f, (fg_audit_query_t){.limit = 0}), "B/plans/p2 B/plans/p/keys/k");
    begin(f);
    ok(fg_store_audit_trim(f->store, (fg_wall_t){30}, 100, &count, &f->error));
    ok(fg_store_audit_trim(f->store, (fg_wall_t){30}, 100, &count, &f->error));
    ok(append(f, "C", "/plans/p", 40));
    commit(f);
    assert_string_equal(found(f, (fg_audit_query_t){.limit = 0}), "C/plans/p B/plans/p2");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_entry_is_kept_whole),
        TEST(entries_are_found_by_table),
        TEST(old_entries_are_forgotten),
        TEST(what_is_rolled_back_is_not_on_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
