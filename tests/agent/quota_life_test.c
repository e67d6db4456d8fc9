/*
 * What becomes of a count while plans, stages and keys change around it, and time passes. Rules Q5,
 * Q7 to Q12.
 */
#include "world.h"

#include "limit/lease.h"

static void set_plan(world_t *world, int64_t limit, fg_period_t period)
{
    fg_usage_plan_t plan = world_new_plan("planaa", limit, period);
    CHANGE(world, fg_store_plan_update(world->store, &plan, reterr));
}

static void furnish(world_t *world, int64_t limit, fg_period_t period)
{
    clock_now.wall.s = (int64_t)TODAY * FG_DAY_S + FG_DAY_S / 2; /* other tests move it */
    world_furnish(world);
    set_plan(world, limit, period);
}

/* How many of `count` requests pass. */
static int spend(world_t *world, int count)
{
    int admitted = 0;
    for (int i = 0; i < count; i++)
        admitted += world_decide(world, VALUE_1).kind == FG_VERDICT_ADMITTED;
    return admitted;
}

static void pass_days(int days)
{
    clock_now.wall.s += days * (int64_t)FG_DAY_S;
    clock_now.mono.us += days * (int64_t)FG_DAY_S * FG_SECOND_US;
}

static void drain(world_t *world)
{
    OK(fg_agent_drain(world->agent, clock_now, reterr));
}

static uint64_t remaining_today(world_t *world)
{
    uint64_t used, remaining;
    drain(world);
    assert_true(world_usage(world, "planaa", "key1000000", (uint32_t)(clock_now.wall.s / FG_DAY_S),
                            &used, &remaining));
    return remaining;
}

/* Given 5 of 10 used, when the limit is raised, lowered, taken away and set again, then the next
 * request knows, and the count goes on. Rule Q7. */
static void limits_change_at_once(void **state)
{
    world_t *world = *state;
    furnish(world, 10, FG_PERIOD_DAY);
    assert_int_equal(spend(world, 5), 5);
    set_plan(world, 6, FG_PERIOD_DAY);
    assert_int_equal(spend(world, 3), 1);
    set_plan(world, 4, FG_PERIOD_DAY); /* below what was used */
    assert_int_equal(spend(world, 3), 0);
    set_plan(world, 8, FG_PERIOD_DAY);
    assert_int_equal(spend(world, 5), 2);
    set_plan(world, 0, FG_PERIOD_NONE);
    assert_int_equal(spend(world, 30), 30);
    set_plan(world, 40, FG_PERIOD_DAY); /* what passed meanwhile counts: 38 */
    assert_int_equal(spend(world, 5), 2);
}

/* Given a first grant of 16 under a limit of 100,000, spent and not drained, when the limit falls to
 * 20, whose own first grant is 1, then the ledger knows of the 16 before a lost gate could forget
 * them. Rule L2. */
static void a_first_grant_outlives_a_lower_limit(void **state)
{
    world_t *world = *state;
    fg_ledger_row_t ledger;
    furnish(world, 100000, FG_PERIOD_DAY);
    for (int i = 0; i < FG_LEASE_REQUESTS_MIN; i++)
        assert_int_equal(world_decide_alone(world, VALUE_1).kind, FG_VERDICT_ADMITTED);
    assert_int_equal(world_decide_alone(world, VALUE_1).kind, FG_VERDICT_GRANT_PENDING);
    set_plan(world, 20, FG_PERIOD_DAY);
    OK(fg_store_ledger_get(world->store, FG_STR("key1000000"), FG_STR("planaa"), &ledger, reterr));
    assert_true(ledger.granted_word >= FG_QUOTA_WORD(TODAY, FG_LEASE_REQUESTS_MIN));
}

/* Given 5 of 10 used today, when the period becomes a month, then the month begins with today's 5;
 * what GetUsage tells agrees. Rule Q8. */
static void a_day_becomes_a_month(void **state)
{
    world_t *world = *state;
    furnish(world, 10, FG_PERIOD_DAY);
    assert_int_equal(spend(world, 9), 9);
    pass_days(1);
    assert_int_equal(spend(world, 5), 5);
    set_plan(world, 10, FG_PERIOD_MONTH);
    assert_int_equal(spend(world, 2), 2);
    assert_int_equal(remaining_today(world), 3);
    pass_days(1);
    assert_int_equal(spend(world, 9), 3);
    assert_int_equal(remaining_today(world), 0);
    pass_days(30); /* into the next month */
    assert_int_equal(spend(world, 20), 10);
}

/* Given a month's count, when the period becomes a day, then the day begins anew. Rule Q8. */
static void a_month_becomes_a_day(void **state)
{
    world_t *world = *state;
    furnish(world, 10, FG_PERIOD_MONTH);
    assert_int_equal(spend(world, 9), 9);
    set_plan(world, 4, FG_PERIOD_DAY);
    assert_int_equal(spend(world, 9), 4);
    pass_days(1);
    assert_int_equal(spend(world, 9), 4);
}

static void attach(world_t *world)
{
    CHANGE(world,
           fg_store_pair_insert(world->store, FG_STR("planaa"), FG_STR("key1000000"), reterr));
}

static void detach(world_t *world)
{
    CHANGE(world,
           fg_store_pair_delete(world->store, FG_STR("planaa"), FG_STR("key1000000"), reterr));
}

/* Given a pair that goes and comes back, at once, and after its slot was given up, and after a
 * restart, then the count is the same; with the next window it begins anew. Rule Q5. */
static void a_pair_comes_back_to_its_count(void **state)
{
    world_t *world = *state;
    furnish(world, 10, FG_PERIOD_DAY);
    assert_int_equal(spend(world, 4), 4);
    detach(world);
    assert_int_equal(spend(world, 1), 0);
    attach(world);
    assert_int_equal(spend(world, 2), 2);
    detach(world);
    clock_now.mono.us += 60 * FG_SECOND_US; /* past the quarantine */
    clock_now.wall.s += 60;
    drain(world);
    attach(world);
    assert_int_equal(spend(world, 1), 1);
    detach(world);
    world_stop(world);
    world_start(world);
    attach(world);
    assert_int_equal(spend(world, 20), 3);
    detach(world);
    pass_days(1);
    attach(world);
    assert_int_equal(spend(world, 20), 10);
}

/* Given a key that used more on another plan meanwhile, when it comes back while its slot is still
 * there, then what came along counts. Rule Q9. */
static void a_slot_that_is_still_there_learns_of_more(void **state)
{
    world_t *world = *state;
    furnish(world, 10, FG_PERIOD_DAY);
    assert_int_equal(spend(world, 2), 2);
    detach(world);
    fg_ledger_row_t row = {.key_id = FG_STR("key1000000"),
                           .plan_id = FG_STR("planaa"),
                           .quota_word = FG_QUOTA_WORD(TODAY, 7)};
    COMMIT(world, fg_store_ledger_put(world->store, &row, reterr));
    attach(world);
    assert_int_equal(spend(world, 20), 3);
}

/* Given a stage that leaves the plan and comes back, then the count is the plan's. Rule Q10. */
static void a_stage_comes_back_to_the_count(void **state)
{
    world_t *world = *state;
    furnish(world, 10, FG_PERIOD_DAY);
    assert_int_equal(spend(world, 4), 4);
    fg_usage_plan_t plan = world_new_plan("planaa", 10, FG_PERIOD_DAY);
    plan.stage_count = 0;
    CHANGE(world, fg_store_plan_update(world->store, &plan, reterr));
    assert_string_equal(world_reason(world, VALUE_1), "plan-not-on-stage");
    set_plan(world, 10, FG_PERIOD_DAY);
    assert_int_equal(spend(world, 20), 6);
}

/* Given a plan that is deleted, and another made like it, then the key begins anew there: a plan
 * takes its counts with it. Rule Q11. */
static void a_plan_takes_its_counts_with_it(void **state)
{
    world_t *world = *state;
    furnish(world, 10, FG_PERIOD_DAY);
    assert_int_equal(spend(world, 4), 4);
    CHANGE(world, fg_store_plan_delete(world->store, FG_STR("planaa"), reterr));
    assert_string_equal(world_reason(world, VALUE_1), "key-without-plan");
    fg_usage_plan_t plan = world_new_plan("planbb", 10, FG_PERIOD_DAY);
    CHANGE(world, fg_store_plan_insert(world->store, &plan, reterr));
    CHANGE(world, fg_store_pair_insert(world->store, plan.id, FG_STR("key1000000"), reterr));
    assert_int_equal(spend(world, 20), 10);
}

/* Given a key that is deleted, and another with its value, then the other begins anew. Rule Q12. */
static void another_key_with_the_value_begins_anew(void **state)
{
    world_t *world = *state;
    furnish(world, 10, FG_PERIOD_DAY);
    assert_int_equal(spend(world, 4), 4);
    CHANGE(world, fg_store_key_delete(world->store, FG_STR("key1000000"), reterr));
    assert_int_equal(spend(world, 1), 0);
    fg_api_key_t key = world_new_key("key3000000", VALUE_1);
    CHANGE(world, fg_store_key_insert(world->store, &key, reterr));
    CHANGE(world, fg_store_pair_insert(world->store, FG_STR("planaa"), key.id, reterr));
    assert_int_equal(spend(world, 20), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(limits_change_at_once),
        WORLD_TEST(a_first_grant_outlives_a_lower_limit),
        WORLD_TEST(a_day_becomes_a_month),
        WORLD_TEST(a_month_becomes_a_day),
        WORLD_TEST(a_pair_comes_back_to_its_count),
        WORLD_TEST(a_slot_that_is_still_there_learns_of_more),
        WORLD_TEST(a_stage_comes_back_to_the_count),
        WORLD_TEST(a_plan_takes_its_counts_with_it),
        WORLD_TEST(another_key_with_the_value_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
