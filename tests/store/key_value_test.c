/*
 * Further values of a key and when they were used, customers and their numbers. Rules K3, K11, K12.
 */
#include "store/fixture.h"

#include "model/extension.h"

static fg_str_t value_of(fixture_t *f, const char *id)
{
    return fg_arena_printf(f->arena, "value-of-%s-0123456789", id);
}

/* Replace the key's value and keep the one before until `expires_s`. */
static fg_status_t rotate(fixture_t *f, const char *id, const char *value, int64_t now_s,
                          int64_t expires_s)
{
    fg_api_key_t key;
    ok(fg_store_key_get(f->store, fg_str(id), false, f->arena, &key, &f->error));
    fg_status_t status = fg_store_key_value_keep(f->store, key.id, (fg_wall_t){now_s},
                                                 (fg_wall_t){expires_s}, &f->error);
    if (status == FG_OK)
        status = fg_store_key_update(f->store, &key, fg_str(value), &f->error);
    return status;
}

static size_t list(fixture_t *f, const char *id, fg_key_value_t **ret_values)
{
    size_t count;
    ok(fg_store_key_value_list(f->store, fg_str(id), true, f->arena, ret_values, &count,
                               &f->error));
    return count;
}

static void values_are_kept(void **state)
{
    fixture_t *f = *state;
    fg_key_value_t *values;
    begin(f);
    ok(put_key(f, "aaaaaaaaaa", "a"));
    ok(rotate(f, "aaaaaaaaaa", "second-value-0123456789", 200, 900));
    ok(rotate(f, "aaaaaaaaaa", "third-value-01234567890", 300, 800));
    commit(f);
    assert_int_equal(list(f, "aaaaaaaaaa", &values), 2);
    assert_true(fg_str_is(values[0].value, "second-value-0123456789"));
    assert_true(values[0].replaced_at.s == 300 && values[0].expires.s == 800);
    assert_true(fg_str_eq(values[1].value, value_of(f, "aaaaaaaaaa")));
    assert_true(values[1].replaced_at.s == 200 && values[1].expires.s == 900);
    assert_int_equal(list(f, "bbbbbbbbbb", &values), 0);
}

/* Rule K3, over newest and further values; a key may have its own back. */
static void values_are_unique_over_all(void **state)
{
    fixture_t *f = *state;
    fg_key_value_t *values;
    begin(f);
    ok(put_key(f, "aaaaaaaaaa", "a"));
    ok(rotate(f, "aaaaaaaaaa", "second-value-0123456789", 200, 900));
    fg_api_key_t twin = key_of(f, "bbbbbbbbbb", "b");
    twin.value = value_of(f, "aaaaaaaaaa");
    assert_int_equal(fg_store_key_insert(f->store, &twin, &f->error), FG_CONFLICT);
    ok(rotate(f, "aaaaaaaaaa", value_of(f, "aaaaaaaaaa").at, 300, 900));
    assert_int_equal(list(f, "aaaaaaaaaa", &values), 1);
    assert_true(fg_str_is(values[0].value, "second-value-0123456789"));
    ok(fg_store_key_delete(f->store, FG_STR("aaaaaaaaaa"), &f->error));
    ok(fg_store_key_insert(f->store, &twin, &f->error));
    commit(f);
}

static void values_have_an_end(void **state)
{
    fixture_t *f = *state;
    fg_key_value_t *values;
    bool is_due;
    uint64_t count;
    begin(f);
    ok(put_key(f, "aaaaaaaaaa", "a"));
    ok(put_key(f, "bbbbbbbbbb", "b"));
    ok(rotate(f, "aaaaaaaaaa", "second-value-0123456789", 200, 800));
    ok(rotate(f, "aaaaaaaaaa", "third-value-01234567890", 200, 900));
    ok(rotate(f, "bbbbbbbbbb", "fourth-value-0123456789", 200, 800));
    ok(fg_store_key_values_due(f->store, (fg_wall_t){799}, &is_due, &f->error));
    assert_false(is_due);
    ok(fg_store_key_values_due(f->store, (fg_wall_t){800}, &is_due, &f->error));
    assert_true(is_due);
    uint64_t seq = last_change(f);
    ok(fg_store_key_values_expire(f->store, (fg_wall_t){800}, &count, &f->error));
    assert_int_equal(count, 2);
    assert_string_equal(changes_after(f, seq), "K:aaaaaaaaaa/ K:bbbbbbbbbb/");
    assert_int_equal(list(f, "aaaaaaaaaa", &values), 1);
    assert_int_equal(values[0].expires.s, 900);
    seq = last_change(f);
    ok(fg_store_key_values_expire(f->store, (fg_wall_t){800}, &count, &f->error));
    assert_true(count == 0 && last_change(f) == seq);
    commit(f);
}

/* At the limit and one past it; a value whose end has come makes room. */
static void values_are_few(void **state)
{
    fixture_t *f = *state;
    fg_key_value_t *values;
    begin(f);
    ok(put_key(f, "aaaaaaaaaa", "a"));
    for (int i = 0; i < FG_KEY_VALUES_MAX; i++) {
        char value[64];
        snprintf(value, sizeof(value), "value-number-%d-0123456789", i);
        ok(rotate(f, "aaaaaaaaaa", value, 200 + i, 900 + i));
    }
    assert_int_equal(rotate(f, "aaaaaaaaaa", "one-too-many-0123456789", 300, 950), FG_LIMIT);
    ok(rotate(f, "aaaaaaaaaa", "one-too-many-0123456789", 900, 950));
    assert_int_equal(list(f, "aaaaaaaaaa", &values), FG_KEY_VALUES_MAX);
    commit(f);
}

static void values_are_deleted(void **state)
{
    fixture_t *f = *state;
    fg_key_value_t *values;
    begin(f);
    ok(put_key(f, "aaaaaaaaaa", "a"));
    ok(put_key(f, "bbbbbbbbbb", "b"));
    ok(rotate(f, "aaaaaaaaaa", "second-value-0123456789", 200, 900));
    ok(rotate(f, "aaaaaaaaaa", "third-value-01234567890", 300, 900));
    assert_int_equal(list(f, "aaaaaaaaaa", &values), 2);
    uint64_t seq = last_change(f);
    assert_int_equal(
        fg_store_key_value_delete(f->store, FG_STR("bbbbbbbbbb"), &values[0].digest, &f->error),
        FG_NOT_FOUND);
    ok(fg_store_key_value_delete(f->store, FG_STR("aaaaaaaaaa"), &values[0].digest, &f->error));
    assert_string_equal(changes_after(f, seq), "K:aaaaaaaaaa/");
    assert_int_equal(list(f, "aaaaaaaaaa", &values), 1);
    ok(fg_store_key_values_delete(f->store, FG_STR("aaaaaaaaaa"), &f->error));
    assert_int_equal(list(f, "aaaaaaaaaa", &values), 0);
    commit(f);
}

/* Pages of uses, newest and further values; a use is written for either. */
static void uses_are_kept(void **state)
{
    fixture_t *f = *state;
    fg_value_use_t *uses, *further;
    size_t count, further_count;
    begin(f);
    ok(put_key(f, "aaaaaaaaaa", "a"));
    ok(put_key(f, "bbbbbbbbbb", "b"));
    ok(put_key(f, "cccccccccc", "c"));
    ok(rotate(f, "bbbbbbbbbb", "second-value-0123456789", 200, 900));
    ok(fg_store_value_uses(f->store, 0, 2, f->arena, &uses, &count, &f->error));
    assert_int_equal(count, 2);
    ok(fg_store_further_value_uses(f->store, 0, uses[1].position, f->arena, &further,
                                   &further_count, &f->error));
    assert_true(further_count == 1 && further[0].position == uses[1].position);
    ok(fg_store_value_used(f->store, &uses[1].digest, 77, &f->error));
    ok(fg_store_value_used(f->store, &further[0].digest, 66, &f->error));
    ok(fg_store_value_uses(f->store, uses[0].position, 9, f->arena, &uses, &count, &f->error));
    assert_true(count == 2 && uses[0].minute == 77 && uses[1].minute == 0);
    ok(fg_store_further_value_uses(f->store, uses[0].position, uses[1].position, f->arena, &further,
                                   &further_count, &f->error));
    assert_int_equal(further_count, 0);

    /* a replaced value takes its last use along, the new one has none */
    fg_key_value_t *values;
    fg_api_key_t key;
    ok(rotate(f, "bbbbbbbbbb", "third-value-01234567890", 300, 900));
    assert_int_equal(list(f, "bbbbbbbbbb", &values), 2);
    assert_true(values[0].last_used_minute == 77 && values[1].last_used_minute == 66);
    ok(fg_store_key_get(f->store, FG_STR("bbbbbbbbbb"), false, f->arena, &key, &f->error));
    assert_int_equal(key.last_used_minute, 0);
    commit(f);
}

static void customers_have_numbers(void **state)
{
    fixture_t *f = *state;
    uint64_t acme, other;
    begin(f);
    fg_api_key_t first = key_of(f, "aaaaaaaaaa", "a"), second = key_of(f, "bbbbbbbbbb", "b");
    first.customer_id = FG_STR("acme");
    second.customer_id = FG_STR("");
    ok(fg_store_key_insert(f->store, &first, &f->error));
    ok(fg_store_key_insert(f->store, &second, &f->error));
    ok(fg_store_customer_number(f->store, FG_STR("acme"), &acme, &f->error));
    assert_int_equal(fg_store_customer_number(f->store, FG_STR(""), &other, &f->error),
                     FG_NOT_FOUND);
    second.customer_id = FG_STR("other");
    ok(fg_store_key_update(f->store, &second, FG_STR_NONE, &f->error));
    ok(fg_store_customer_number(f->store, FG_STR("other"), &other, &f->error));
    assert_int_not_equal(acme, other);

    /* the number outlives the last key of the customer */
    ok(fg_store_key_delete(f->store, first.id, &f->error));
    first.customer_id = FG_STR("acme");
    ok(fg_store_key_insert(f->store, &first, &f->error));
    ok(fg_store_customer_number(f->store, FG_STR("acme"), &other, &f->error));
    assert_int_equal(acme, other);
    commit(f);
}

/* Rule E5. */
static void quotas_have_owners(void **state)
{
    fixture_t *f = *state;
    fg_str_t owner;
    fg_usage_plan_t own = {.id = FG_STR("plan01")},
                    shared = {.id = FG_STR("plan02"),
                              .extension = FG_STR("{\"quotaScope\":\"CUSTOMER\"}")};
    begin(f);
    fg_api_key_t key = key_of(f, "aaaaaaaaaa", "a");
    key.customer_id = FG_STR("acme");
    ok(fg_store_key_insert(f->store, &key, &f->error));
    ok(fg_store_quota_owner(f->store, &own, &key, f->arena, &owner, &f->error));
    assert_true(fg_str_eq(owner, key.id));
    ok(fg_store_quota_owner(f->store, &shared, &key, f->arena, &owner, &f->error));
    assert_true(fg_str_is(owner, "~1"));
    key.customer_id = FG_STR_NONE;
    ok(fg_store_quota_owner(f->store, &shared, &key, f->arena, &owner, &f->error));
    assert_true(fg_str_eq(owner, key.id));
    commit(f);
}

/* A change of the plan that its pairs carry is a change of its keys; another is not. */
static void plans_note_their_keys(void **state)
{
    fixture_t *f = *state;
    fg_usage_plan_t plan = {.id = FG_STR("plan01"), .name = FG_STR("p")};
    static const struct {
        const char *extension, *changes;
    } rows[] = {
        {"{\"outagePolicy\":\"open\"}", "P:plan01/"},
        {"{\"quotaScope\":\"CUSTOMER\"}", "P:plan01/ K:aaaaaaaaaa/"},
        {"{\"quotaScope\":\"CUSTOMER\",\"alertThresholds\":[]}", "P:plan01/"},
        {"{\"shadowPlanId\":\"plan02\",\"quotaScope\":\"CUSTOMER\"}", "P:plan01/ K:aaaaaaaaaa/"},
        {NULL, "P:plan01/ K:aaaaaaaaaa/"},
        {NULL, "P:plan01/"},
    };
    begin(f);
    ok(put_key(f, "aaaaaaaaaa", "a"));
    ok(fg_store_plan_insert(f->store, &plan, &f->error));
    ok(fg_store_pair_insert(f->store, plan.id, FG_STR("aaaaaaaaaa"), &f->error));
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        uint64_t seq = last_change(f);
        plan.extension = fg_str(rows[i].extension);
        ok(fg_store_plan_update(f->store, &plan, &f->error));
        assert_string_equal(changes_after(f, seq), rows[i].changes);
        fg_str_t other;
        fg_status_t status =
            fg_store_plan_shadowed_by(f->store, FG_STR("plan02"), f->arena, &other, &f->error);
        assert_int_equal(status, i == 3 ? FG_OK : FG_NOT_FOUND);
    }
    commit(f);
}

#define STORE_TEST(function)                                                                       \
    cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(values_are_kept),        STORE_TEST(values_are_unique_over_all),
        STORE_TEST(values_have_an_end),     STORE_TEST(values_are_few),
        STORE_TEST(values_are_deleted),     STORE_TEST(uses_are_kept),
        STORE_TEST(customers_have_numbers), STORE_TEST(quotas_have_owners),
        STORE_TEST(plans_note_their_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
