/*
 * A change in the store shows in the gate after the publication, however it got there: step by
 * step, all at once, after a kill between commit and publication, or by building the gate anew.
 */
#include "world.h"

static void furnish(world_t *world)
{
    world_furnish(world);
    OK(fg_agent_publish(world->agent, reterr));
}

/* Given a plan with two keys, when published, then each spends its own quota. Rule Q1, P3. */
static void test_keys_and_plans_arrive(void **state)
{
    world_t *world = *state;
    furnish(world);
    for (int i = 0; i < 3; i++)
        assert_string_equal(world_reason(world, VALUE_1), "admitted");
    assert_string_equal(world_reason(world, VALUE_1), "quota-exceeded");
    assert_string_equal(world_reason(world, VALUE_2), "admitted");
    assert_string_equal(world_reason(world, "some-other-value-0123456789"), "key-unknown");
}

/* Given a key that was admitted, when it is disabled, enabled and deleted, then the next request
 * knows. Rule K5. */
static void test_a_key_goes_off_on_and_away(void **state)
{
    world_t *world = *state;
    furnish(world);
    fg_api_key_t key = world_key(world, "key1000000");
    key.is_enabled = false;
    CHANGE(world, fg_store_key_update(world->store, &key, FG_STR_NONE, reterr));
    assert_string_equal(world_reason(world, VALUE_1), "key-disabled");
    key.is_enabled = true;
    CHANGE(world, fg_store_key_update(world->store, &key, FG_STR_NONE, reterr));
    assert_string_equal(world_reason(world, VALUE_1), "admitted");
    CHANGE(world, fg_store_key_delete(world->store, key.id, reterr));
    const char *reason = world_reason(world, VALUE_1);
    assert_true(strcmp(reason, "key-deleted") == 0 || strcmp(reason, "key-unknown") == 0);
    assert_string_equal(world_reason(world, VALUE_2), "admitted");
}

/* Given two of three requests spent, when the value is replaced, then the old one is refused and
 * the new one has one left. Rule K6. */
static void test_a_replaced_value_keeps_its_counts(void **state)
{
    world_t *world = *state;
    const char *second = "second-value-0123456789012";
    furnish(world);
    for (int i = 0; i < 2; i++)
        assert_string_equal(world_reason(world, VALUE_1), "admitted");
    fg_api_key_t key = world_key(world, "key1000000");
    CHANGE(world, fg_store_key_update(world->store, &key, fg_str(second), reterr));
    assert_int_not_equal(world_decide(world, VALUE_1).kind, FG_VERDICT_ADMITTED);
    assert_string_equal(world_reason(world, second), "admitted");
    assert_string_equal(world_reason(world, second), "quota-exceeded");
}

static fg_key_put_t new_put(const char *value, const fg_str_t *plan_id)
{
    return (fg_key_put_t){.key = world_new_key("", value), .plan_ids = plan_id, .plan_count = 1};
}

/* Given keys that came in a batch on a plan of three a day, when they are published, or after a kill
 * between commit and publication, then each is served and counts its own. Rule IM8. */
static void test_a_batch_of_keys_arrives(void **state)
{
    world_t *world = *state;
    const fg_str_t plan_id = FG_STR("planaa");
    const char *third = "value-of-key-three-0123456789", *fourth = "value-of-key-four-0123456789";
    fg_key_put_t puts[] = {new_put(third, &plan_id), new_put(fourth, &plan_id)};
    fg_key_put_t again[] = {new_put("value-of-key-five-0123456789", &plan_id)};
    furnish(world);
    COMMIT(world, fg_store_keys_put(world->store, puts, 2, world->arena, reterr));
    world_stop(world);
    world_start(world);
    CHANGE(world, fg_store_keys_put(world->store, again, 1, world->arena, reterr));
    for (int i = 0; i < 3; i++)
        assert_string_equal(world_reason(world, third), "admitted");
    assert_string_equal(world_reason(world, third), "quota-exceeded");
    assert_string_equal(world_reason(world, fourth), "admitted");
    assert_string_equal(world_reason(world, "value-of-key-five-0123456789"), "admitted");
}

/* Given two replacements in one publication, then the last value is the one that counts on. */
static void test_two_replacements_at_once(void **state)
{
    world_t *world = *state;
    const char *last = "third-value-01234567890123";
    furnish(world);
    assert_string_equal(world_reason(world, VALUE_1), "admitted");
    fg_api_key_t key = world_key(world, "key1000000");
    COMMIT(world,
           fg_store_key_update(world->store, &key, FG_STR("second-value-0123456789012"), reterr));
    key = world_key(world, "key1000000");
    CHANGE(world, fg_store_key_update(world->store, &key, fg_str(last), reterr));
    assert_int_equal(world_decide(world, last).quota_remaining, 1);
    assert_int_not_equal(world_decide(world, VALUE_1).kind, FG_VERDICT_ADMITTED);
}

/* Given a limit that is spent, when the plan's is raised, then the count goes on. When the pair
 * goes, the key is refused. */
static void test_plans_change_and_pairs_go(void **state)
{
    world_t *world = *state;
    furnish(world);
    for (int i = 0; i < 4; i++)
        (void)world_decide(world, VALUE_1);
    fg_usage_plan_t plan = world_new_plan("planaa", 5, FG_PERIOD_DAY);
    CHANGE(world, fg_store_plan_update(world->store, &plan, reterr));
    assert_int_equal(world_decide(world, VALUE_1).quota_remaining, 1);
    CHANGE(world, fg_store_pair_delete(world->store, plan.id, FG_STR("key1000000"), reterr));
    assert_string_equal(world_reason(world, VALUE_1), "key-without-plan");
    CHANGE(world, fg_store_plan_delete(world->store, plan.id, reterr));
    assert_int_not_equal(world_decide(world, VALUE_2).kind, FG_VERDICT_ADMITTED);
}

/* Given a count, when the pair or the key is deleted before any drain, then the store has the
 * count. */
static void test_what_a_deleted_pair_counted_is_kept(void **state)
{
    world_t *world = *state;
    uint64_t used, remaining;
    furnish(world);
    (void)world_decide(world, VALUE_1);
    (void)world_decide(world, VALUE_1);
    (void)world_decide(world, VALUE_2);
    CHANGE(world,
           fg_store_pair_delete(world->store, FG_STR("planaa"), FG_STR("key1000000"), reterr));
    assert_true(world_usage(world, "planaa", "key1000000", TODAY, &used, &remaining));
    assert_int_equal(used, 2);
    CHANGE(world,
           fg_store_pair_insert(world->store, FG_STR("planaa"), FG_STR("key1000000"), reterr));
    assert_int_equal(world_decide(world, VALUE_1).quota_remaining,
                     0); /* leaving and joining buys nothing */
    assert_true(world_usage(world, "planaa", "key2000000", TODAY, &used, &remaining));
    assert_int_equal(used, 1);
}

/* Given the account's throttle in the settings, then it holds for all. Rule T2, last. */
static void test_the_account_throttle(void **state)
{
    world_t *world = *state;
    furnish(world);
    COMMIT(world,
           fg_store_setting_set(world->store, FG_STR("account_rate_limit"), FG_STR("1"), reterr));
    CHANGE(world,
           fg_store_setting_set(world->store, FG_STR("account_burst_limit"), FG_STR("1"), reterr));
    assert_string_equal(world_reason(world, VALUE_1), "admitted");
    assert_string_equal(world_reason(world, VALUE_2), "throttled-account");
}

/* Given extra requests by UpdateUsage in the store, when published, then the gate has them, once.
 * Rule Q3. */
static void test_remaining_arrives_once(void **state)
{
    world_t *world = *state;
    furnish(world);
    for (int i = 0; i < 3; i++)
        (void)world_decide(world, VALUE_1);
    fg_ledger_row_t ledger = {
        .key_id = FG_STR("key1000000"),
        .plan_id = FG_STR("planaa"),
        .quota_word = FG_QUOTA_WORD(TODAY, 3),
        .extension_word = FG_QUOTA_WORD(TODAY, 5),
    };
    fg_change_t change = {
        .kind = FG_CHANGE_REMAINING, .id = ledger.key_id, .parent = ledger.plan_id};
    COMMIT(world, fg_store_ledger_put(world->store, &ledger, reterr));
    CHANGE(world, fg_store_change_append(world->store, &change, reterr));
    assert_int_equal(world_decide(world, VALUE_1).quota_remaining, 1);
    CHANGE(world, fg_store_change_append(world->store, &change, reterr));
    assert_int_equal(world_decide(world, VALUE_1).quota_remaining, 0);
    assert_string_equal(world_reason(world, VALUE_1), "quota-exceeded");
}

/* Given a kill between commit and publication, when an agent opens, then the gate has the change
 * and every count. */
static void test_a_cut_publication_is_made_up_for(void **state)
{
    world_t *world = *state;
    furnish(world);
    (void)world_decide(world, VALUE_1);
    fg_api_key_t key = world_key(world, "key2000000");
    key.is_enabled = false;
    COMMIT(world, fg_store_key_update(world->store, &key, FG_STR_NONE, reterr));
    world_stop(world);
    world_start(world);
    assert_string_equal(world_reason(world, VALUE_2), "key-disabled");
    assert_int_equal(world_decide(world, VALUE_1).quota_remaining, 1);
}

typedef struct answers {
    int kinds[4];
    uint64_t remaining;
} answers_t;

static answers_t ask_everything(world_t *world)
{
    answers_t answers = {0};
    const char *const values[] = {VALUE_1, VALUE_2, "third-key-value-0123456789",
                                  "never-seen-value-0123456789"};
    for (size_t i = 0; i < FG_COUNT_OF(values); i++) {
        fg_verdict_t verdict = world_decide(world, values[i]);
        answers.kinds[i] = (int)verdict.kind;
        if (i == 0)
            answers.remaining = verdict.quota_remaining;
    }
    return answers;
}

/* Given a gate made step by step, when the machine boots or the gate is of another layout, then the
 * one built anew answers the same, counts included. */
static void test_anew_equals_step_by_step(void **state)
{
    world_t *world = *state;
    furnish(world);
    fg_api_key_t third = world_new_key("key3000000", "third-key-value-0123456789");
    CHANGE(world, fg_store_key_insert(world->store, &third, reterr));
    fg_usage_plan_t plan = world_new_plan("planaa", 100, FG_PERIOD_WEEK);
    CHANGE(world, fg_store_plan_update(world->store, &plan, reterr));
    fg_api_key_t key = world_key(world, "key2000000");
    key.is_enabled = false;
    CHANGE(world, fg_store_key_update(world->store, &key, FG_STR_NONE, reterr));
    answers_t before = ask_everything(world);
    uint64_t seq = fg_gate_seq(world_gate(world));
    world_stop(world);
    world->boot_id = "99999999-2222-3333-4444-555555555555";
    world_start(world);
    answers_t after = ask_everything(world);
    assert_int_equal(after.remaining, before.remaining - 1);
    assert_memory_equal(after.kinds, before.kinds, sizeof(after.kinds));
    assert_int_equal(fg_gate_seq(world_gate(world)), seq);
}

/* Given a store that was put back from an older copy, so that the gate's number is beyond its log,
 * then nothing of the gate is believed. */
static void test_a_gate_ahead_of_the_store(void **state)
{
    world_t *world = *state;
    furnish(world);
    fg_gate_seq_set(fg_agent_writer(world->agent), 1000000);
    world_stop(world);
    world_start(world);
    assert_string_equal(world_reason(world, VALUE_1), "admitted");
    assert_true(fg_gate_seq(world_gate(world)) < 1000000);
    assert_non_null(strstr(world->log, "building the gate anew"));
}

/* Given entries that the log dropped before they were applied, then the gate is built anew: a key
 * deleted in the gap is not let through. */
static void test_a_gap_in_the_log(void **state)
{
    world_t *world = *state;
    uint64_t last;
    furnish(world);
    (void)world_decide(world, VALUE_2);
    COMMIT(world, fg_store_key_delete(world->store, FG_STR("key1000000"), reterr));
    OK(fg_store_change_last(world->store, &last, reterr));
    CHANGE(world, fg_store_changes_trim(world->store, last, 0, reterr));
    assert_int_not_equal(world_decide(world, VALUE_1).kind, FG_VERDICT_ADMITTED);
    assert_int_equal(world_decide(world, VALUE_2).quota_remaining, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_keys_and_plans_arrive),
        WORLD_TEST(test_a_key_goes_off_on_and_away),
        WORLD_TEST(test_a_batch_of_keys_arrives),
        WORLD_TEST(test_a_replaced_value_keeps_its_counts),
        WORLD_TEST(test_two_replacements_at_once),
        WORLD_TEST(test_plans_change_and_pairs_go),
        WORLD_TEST(test_what_a_deleted_pair_counted_is_kept),
        WORLD_TEST(test_the_account_throttle),
        WORLD_TEST(test_remaining_arrives_once),
        WORLD_TEST(test_a_cut_publication_is_made_up_for),
        WORLD_TEST(test_anew_equals_step_by_step),
        WORLD_TEST(test_a_gate_ahead_of_the_store),
        WORLD_TEST(test_a_gap_in_the_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
