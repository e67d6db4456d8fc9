/* The decision: every verdict, and what each leaves untouched. */
#include "world.h"

enum { KEY = 1, PLAN = 11, OTHER_PLAN = 12 };

static world_t world;

static int setup(void **state)
{
    (void)state;
    world_setup(&world);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_teardown(&world);
    return 0;
}

static fg_gate_usage_t usage(uint64_t key, uint64_t plan)
{
    fg_gate_usage_t usage = {0};
    assert_true(fg_gate_usage_of(world.writer, digest_of(&world, key), plan, &usage));
    return usage;
}

/* Rule K5: missing, unknown, disabled, deleted, replaced, on no plan, on no plan for this stage. */
static void keys_that_are_refused(void **state)
{
    (void)state;
    uint64_t plans[] = {PLAN};
    plan_put(&world, PLAN, no_throttle(), no_quota());
    fg_gate_facts_t facts = {.stage_index = world.stage, .is_key_required = true};
    assert_int_equal(fg_gate_decide(world.gate, &facts, at_s(1)).kind, FG_VERDICT_KEY_MISSING);
    facts.has_key = true;
    facts.key_value = FG_STR("");
    assert_int_equal(fg_gate_decide(world.gate, &facts, at_s(1)).kind, FG_VERDICT_KEY_MISSING);
    char long_value[FG_KEY_VALUE_BYTES_MAX + 1];
    memset(long_value, 'a', sizeof(long_value));
    facts.key_value = fg_str_of(long_value, sizeof(long_value));
    assert_int_equal(fg_gate_decide(world.gate, &facts, at_s(1)).kind, FG_VERDICT_KEY_UNKNOWN);
    assert_int_equal(ask(&world, KEY, at_s(1)).kind, FG_VERDICT_KEY_UNKNOWN);
    assert_int_equal(key_try(&world, KEY, FG_KEY_DISABLED, plans, 1), FG_OK);
    fg_verdict_t verdict = ask(&world, KEY, at_s(1));
    assert_int_equal(verdict.kind, FG_VERDICT_KEY_DISABLED);
    assert_false(verdict.is_metered);
    key_put(&world, KEY, PLAN);
    assert_int_equal(ask(&world, KEY, at_s(1)).kind, FG_VERDICT_ADMITTED);
    fg_gate_key_remove(world.writer, digest_of(&world, KEY));
    assert_int_equal(ask(&world, KEY, at_s(1)).kind, FG_VERDICT_KEY_DELETED); /* rule K7 */
    assert_int_equal(fg_gate_key_state(world.gate, digest_of(&world, KEY)), FG_KEY_DELETED);
    key_put(&world, KEY, PLAN); /* and back again */
    assert_int_equal(ask(&world, KEY, at_s(1)).kind, FG_VERDICT_ADMITTED);
}

/* Rules P2 and P3: a key reaches the stages of its plans only; a plan's stages change at once. */
static void plans_and_stages(void **state)
{
    (void)state;
    plan_put(&world, PLAN, no_throttle(), no_quota());
    key_put(&world, KEY, PLAN);
    fg_verdict_t verdict = ask(&world, KEY, at_s(1));
    assert_int_equal(verdict.kind, FG_VERDICT_ADMITTED);
    assert_true(verdict.is_metered && verdict.key_id == KEY && verdict.plan_id == PLAN);
    fg_gate_plan_t elsewhere = {.plan_id = PLAN, .stages = &world.other_stage, .stage_count = 1};
    assert_int_equal(fg_gate_plan_sync(world.writer, &elsewhere, &world.error), FG_OK);
    assert_int_equal(ask(&world, KEY, at_s(1)).kind, FG_VERDICT_PLAN_NOT_ON_STAGE);
    fg_gate_plan_remove(world.writer, PLAN);
    assert_int_equal(ask(&world, KEY, at_s(1)).kind, FG_VERDICT_PLAN_NOT_ON_STAGE);
}

/* Rule P5: of several plans the one that covers the stage is charged. */
static void the_plan_of_the_stage_is_charged(void **state)
{
    (void)state;
    uint64_t plans[] = {OTHER_PLAN, PLAN};
    fg_gate_plan_t elsewhere = {
        .plan_id = OTHER_PLAN, .stages = &world.other_stage, .stage_count = 1};
    assert_int_equal(fg_gate_plan_sync(world.writer, &elsewhere, &world.error), FG_OK);
    plan_put(&world, PLAN, no_throttle(), daily(10));
    assert_int_equal(key_try(&world, KEY, FG_KEY_ENABLED, plans, 2), FG_OK);
    assert_int_equal(ask(&world, KEY, at_s(1)).plan_id, PLAN);
    assert_int_equal(usage(KEY, PLAN).quota_word, FG_QUOTA_WORD(20000, 1));
    assert_int_equal(usage(KEY, OTHER_PLAN).day_words[0], 0);
}

static void keys_without_a_plan(void **state)
{
    (void)state;
    key_put(&world, KEY, 0);
    assert_int_equal(ask(&world, KEY, at_s(1)).kind, FG_VERDICT_KEY_WITHOUT_PLAN);
    fg_gate_keys_without_plan_sync(world.writer, true);
    fg_verdict_t verdict = ask(&world, KEY, at_s(1));
    assert_int_equal(verdict.kind, FG_VERDICT_ADMITTED);
    assert_true(verdict.is_metered && verdict.key_id == KEY && verdict.plan_id == 0);
    plan_put(&world, PLAN, no_throttle(), no_quota());
    fg_gate_plan_t elsewhere = {.plan_id = PLAN, .stages = &world.other_stage, .stage_count = 1};
    assert_int_equal(fg_gate_plan_sync(world.writer, &elsewhere, &world.error), FG_OK);
    key_put(&world, KEY, PLAN); /* on a plan, but for another stage: not the same */
    assert_int_equal(ask(&world, KEY, at_s(1)).kind, FG_VERDICT_PLAN_NOT_ON_STAGE);
}

/* Rule K8: without apiKeyRequired a key is ignored and nothing is counted for it. */
static void a_key_nobody_asked_for_is_ignored(void **state)
{
    (void)state;
    plan_put(&world, PLAN, throttle(1, 1), daily(1));
    key_put(&world, KEY, PLAN);
    fg_gate_facts_t facts = {
        .stage_index = world.stage, .has_key = true, .key_value = value_of(KEY)};
    for (int i = 0; i < 5; i++) {
        fg_verdict_t verdict = fg_gate_decide(world.gate, &facts, at_s(1));
        assert_int_equal(verdict.kind, FG_VERDICT_ADMITTED);
        assert_false(verdict.is_metered);
    }
    assert_int_equal(usage(KEY, PLAN).quota_word, 0);
}

/* Rules T1, T3: the plan's throttle; a throttled request takes no quota. */
static void the_plan_throttles(void **state)
{
    (void)state;
    plan_put(&world, PLAN, throttle(10, 2), daily(100));
    key_put(&world, KEY, PLAN);
    fg_verdict_t verdict = ask(&world, KEY, at_s(1));
    assert_int_equal(verdict.throttle_remaining, 1);
    assert_int_equal(verdict.quota_remaining, 99);
    assert_int_equal(verdict.quota_limit, 100);
    assert_int_equal(verdict.quota_reset_at.s, 20001 * FG_DAY_S);
    assert_int_equal(ask(&world, KEY, at_s(1)).kind, FG_VERDICT_ADMITTED);
    verdict = ask(&world, KEY, at_s(1));
    assert_int_equal(verdict.kind, FG_VERDICT_THROTTLED_PLAN);
    assert_int_equal(verdict.retry_after_us, 100000);
    assert_int_equal(verdict.throttle.burst, 2);
    fg_gate_usage_t counted = usage(KEY, PLAN);
    assert_int_equal(counted.quota_word, FG_QUOTA_WORD(20000, 2));
    assert_int_equal(counted.day_words[0], FG_QUOTA_WORD(20000, 2));
    assert_int_equal(counted.throttled, 1);
    assert_int_equal(ask(&world, KEY, at_s(2)).kind, FG_VERDICT_ADMITTED);
}

/* Rule T2: plan, then stage method, then account; whoever refuses leaves the others as they were.
 * */
static void the_order_of_the_throttles(void **state)
{
    (void)state;
    plan_put(&world, PLAN, throttle(1, 3), daily(100));
    key_put(&world, KEY, PLAN);
    fg_gate_account_sync(world.writer, throttle(1, 2));
    fg_gate_facts_t facts = {.stage_index = world.stage,
                             .is_key_required = true,
                             .has_key = true,
                             .key_value = value_of(KEY),
                             .method_throttle = throttle(1, 1),
                             .method_id = 77};
    assert_int_equal(fg_gate_decide(world.gate, &facts, at_s(1)).kind, FG_VERDICT_ADMITTED);
    for (int i = 0; i < 9; i++)
        assert_int_equal(fg_gate_decide(world.gate, &facts, at_s(1)).kind,
                         FG_VERDICT_THROTTLED_METHOD);
    assert_int_equal(ask(&world, KEY, at_s(1)).kind, FG_VERDICT_ADMITTED);
    for (int i = 0; i < 9; i++)
        assert_int_equal(ask(&world, KEY, at_s(1)).kind, FG_VERDICT_THROTTLED_ACCOUNT);
    fg_gate_account_sync(world.writer, no_throttle());
    assert_int_equal(ask(&world, KEY, at_s(1)).kind, FG_VERDICT_ADMITTED); /* the plan's third */
    assert_int_equal(ask(&world, KEY, at_s(1)).kind, FG_VERDICT_THROTTLED_PLAN);
    assert_int_equal(usage(KEY, PLAN).quota_word, FG_QUOTA_WORD(20000, 3));
}

/* The account's limit and a method's hold for requests without a key as well. */
static void throttles_without_a_key(void **state)
{
    (void)state;
    fg_gate_facts_t facts = {
        .stage_index = world.stage, .method_throttle = throttle(1, 2), .method_id = 5};
    assert_int_equal(fg_gate_decide(world.gate, &facts, at_s(1)).kind, FG_VERDICT_ADMITTED);
    assert_int_equal(fg_gate_decide(world.gate, &facts, at_s(1)).kind, FG_VERDICT_ADMITTED);
    assert_int_equal(fg_gate_decide(world.gate, &facts, at_s(1)).kind, FG_VERDICT_THROTTLED_METHOD);
    facts.method_id = 6; /* another method's bucket */
    assert_int_equal(fg_gate_decide(world.gate, &facts, at_s(1)).kind, FG_VERDICT_ADMITTED);
    fg_gate_account_sync(world.writer, throttle(0, 0));
    fg_verdict_t verdict = fg_gate_decide(world.gate, &facts, at_s(9));
    assert_int_equal(verdict.kind, FG_VERDICT_THROTTLED_ACCOUNT);
    assert_int_equal(verdict.retry_after_us, INT64_MAX);
}

/* Rule Q1, and the other way round of T3: over the quota takes no throttle token. */
static void the_quota_ends_and_opens_again(void **state)
{
    (void)state;
    plan_put(&world, PLAN, throttle(1, 3), daily(2));
    key_put(&world, KEY, PLAN);
    assert_int_equal(ask(&world, KEY, at_s(1)).quota_remaining, 1);
    assert_int_equal(ask(&world, KEY, at_s(1)).quota_remaining, 0);
    for (int i = 0; i < 5; i++) {
        fg_verdict_t verdict = ask(&world, KEY, at_s(1));
        assert_int_equal(verdict.kind, FG_VERDICT_QUOTA_EXCEEDED);
        assert_int_equal(verdict.retry_after_us, (FG_DAY_S - 1) * FG_SECOND_US);
    }
    assert_int_equal(usage(KEY, PLAN).over_quota, 5);
    plan_put(&world, PLAN, throttle(1, 3), daily(10)); /* a raised limit holds at once */
    assert_int_equal(ask(&world, KEY, at_s(1)).kind, FG_VERDICT_ADMITTED);
    assert_int_equal(ask(&world, KEY, at_s(1)).kind, FG_VERDICT_THROTTLED_PLAN);
    assert_int_equal(ask(&world, KEY, at_s(FG_DAY_S)).quota_remaining, 9);
    assert_int_equal(usage(KEY, PLAN).day_words[1], FG_QUOTA_WORD(20001, 1));
    assert_int_equal(usage(KEY, PLAN).day_words[0], FG_QUOTA_WORD(20000, 3));
}

static void no_bucket_is_free(void **state)
{
    (void)state;
    fg_gate_facts_t facts = {.stage_index = world.stage, .method_throttle = throttle(1000, 1000)};
    fg_verdict_kind_t kind = FG_VERDICT_ADMITTED;
    uint64_t id = 1;
    for (; kind == FG_VERDICT_ADMITTED && id < 1000; id++) {
        facts.method_id = id;
        kind = fg_gate_decide(world.gate, &facts, at_s(1)).kind;
    }
    assert_int_equal(kind, FG_VERDICT_BUCKETS_FULL);
    assert_true(id > 32 && id <= 66);
    facts.method_id = 1; /* who has one keeps it */
    assert_int_equal(fg_gate_decide(world.gate, &facts, at_s(1)).kind, FG_VERDICT_ADMITTED);
    assert_true(fg_gate_fill(world.writer).buckets >= 32);
}

static void every_verdict_has_a_reason(void **state)
{
    (void)state;
    for (int kind = 0; kind < FG_VERDICT_COUNT; kind++)
        assert_true(strlen(fg_verdict_reason((fg_verdict_kind_t)kind)) > 0);
    assert_string_equal(fg_verdict_reason(FG_VERDICT_QUOTA_EXCEEDED), "quota-exceeded");
    assert_string_equal(fg_verdict_reason(FG_VERDICT_COUNT), "unknown");
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(keys_that_are_refused),
        WITH_WORLD(plans_and_stages),
        WITH_WORLD(the_plan_of_the_stage_is_charged),
        WITH_WORLD(keys_without_a_plan),
        WITH_WORLD(a_key_nobody_asked_for_is_ignored),
        WITH_WORLD(the_plan_throttles),
        WITH_WORLD(the_order_of_the_throttles),
        WITH_WORLD(throttles_without_a_key),
        WITH_WORLD(the_quota_ends_and_opens_again),
        WITH_WORLD(no_bucket_is_free),
        cmocka_unit_test(every_verdict_has_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
