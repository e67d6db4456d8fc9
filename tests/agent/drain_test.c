/*
 * What workers count reaches the store: once, absolute, with what remained.
 */
#include "world.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

static void furnish(world_t *world, int64_t limit, fg_period_t period)
{
    world_furnish(world);
    fg_usage_plan_t plan = world_new_plan("planaa", limit, period);
    CHANGE(world, fg_store_plan_update(world->store, &plan, reterr));
}

static void expect_usage(world_t *world, const char *key_id, uint32_t day, uint64_t expected_used,
                         uint64_t expected_remaining)
{
    uint64_t used, remaining;
    assert_true(world_usage(world, "planaa", key_id, day, &used, &remaining));
    assert_int_equal(used, expected_used);
    assert_int_equal(remaining, expected_remaining);
}

/* Given counts, when drained twice, then the store has them once. Rule Q4. */
static void test_twice_is_once(void **state)
{
    world_t *world = *state;
    furnish(world, 10, FG_PERIOD_DAY);
    for (int i = 0; i < 4; i++)
        (void)world_decide(world, VALUE_1);
    OK(fg_agent_drain(world->agent, clock_now, reterr));
    OK(fg_agent_drain(world->agent, clock_now, reterr));
    expect_usage(world, "key1000000", TODAY, 4, 6);
    (void)world_decide(world, VALUE_1);
    OK(fg_agent_drain(world->agent, clock_now, reterr));
    expect_usage(world, "key1000000", TODAY, 5, 5);
}

/* Given nothing counted, then no row appears. */
static void test_nothing_is_nothing(void **state)
{
    world_t *world = *state;
    uint64_t used, remaining;
    furnish(world, 10, FG_PERIOD_DAY);
    OK(fg_agent_drain(world->agent, clock_now, reterr));
    assert_false(world_usage(world, "planaa", "key1000000", TODAY, &used, &remaining));
}

/* Given a plan without a quota, then calls are counted and nothing remains to be told. Rule P1. */
static void test_an_unlimited_plan_counts(void **state)
{
    world_t *world = *state;
    furnish(world, 0, FG_PERIOD_NONE);
    (void)world_decide(world, VALUE_1);
    (void)world_decide(world, VALUE_1);
    OK(fg_agent_drain(world->agent, clock_now, reterr));
    expect_usage(world, "key1000000", TODAY, 2, UINT64_MAX);
}

/* Given requests on both sides of midnight within a week's window, then each day has its own and
 * the earlier one what was left when it ended. */
static void test_two_days_of_one_window(void **state)
{
    world_t *world = *state;
    fg_now_t noon = clock_now;
    furnish(world, 10, FG_PERIOD_WEEK);
    for (int i = 0; i < 3; i++)
        (void)world_decide(world, VALUE_1);
    clock_now.wall.s += FG_DAY_S;
    clock_now.mono.us += FG_DAY_S * FG_SECOND_US;
    for (int i = 0; i < 2; i++)
        (void)world_decide(world, VALUE_1);
    OK(fg_agent_drain(world->agent, clock_now, reterr));
    expect_usage(world, "key1000000", TODAY, 3, 7);
    expect_usage(world, "key1000000", TODAY + 1, 2, 5);
    clock_now = noon;
}

/* Given a day's window that is over before it was drained, then its day has what was left of that
 * window. */
static void test_two_days_of_two_windows(void **state)
{
    world_t *world = *state;
    fg_now_t noon = clock_now;
    furnish(world, 10, FG_PERIOD_DAY);
    for (int i = 0; i < 3; i++)
        (void)world_decide(world, VALUE_1);
    clock_now.wall.s += FG_DAY_S;
    clock_now.mono.us += FG_DAY_S * FG_SECOND_US;
    (void)world_decide(world, VALUE_1);
    OK(fg_agent_drain(world->agent, clock_now, reterr));
    expect_usage(world, "key1000000", TODAY, 3, 7);
    expect_usage(world, "key1000000", TODAY + 1, 1, 9);
    clock_now = noon;
}

/* Given one pair asked for, when drained inside a transaction that is rolled back, then the store
 * is as before and a later drain has it all. */
static void test_one_pair_joins_the_transaction(void **state)
{
    world_t *world = *state;
    uint64_t used, remaining;
    furnish(world, 10, FG_PERIOD_DAY);
    (void)world_decide(world, VALUE_1);
    fg_api_key_t key = world_key(world, "key1000000");
    OK(fg_store_begin(world->store, reterr));
    OK(fg_agent_drain_pair(world->agent, key.digest, key.id, FG_STR("planaa"), clock_now, reterr));
    expect_usage(world, "key1000000", TODAY, 1, 9);
    fg_store_rollback(world->store);
    assert_false(world_usage(world, "planaa", "key1000000", TODAY, &used, &remaining));
    OK(fg_agent_drain(world->agent, clock_now, reterr));
    expect_usage(world, "key1000000", TODAY, 1, 9);
}

/* No file may grow from here on, as on a full disk; false: as before. */
static void fill_disk(bool is_full)
{
    static struct rlimit before;
    (void)signal(SIGXFSZ, SIG_IGN);
    if (is_full)
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit limit = {.rlim_cur = is_full ? 1 : before.rlim_cur, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Given a full disk, when drained, then it fails, says so once, and the next one writes all. */
static void test_a_drain_that_fails_is_made_up_for(void **state)
{
    world_t *world = *state;
    fg_error_t error;
    furnish(world, 10, FG_PERIOD_DAY);
    (void)world_decide(world, VALUE_1);
    fill_disk(true);
    assert_int_not_equal(fg_agent_drain(world->agent, clock_now, &error), FG_OK);
    (void)world_decide(world, VALUE_2);
    assert_int_not_equal(fg_agent_drain(world->agent, clock_now, &error), FG_OK);
    fill_disk(false);
    char *said = strstr(world->log, "usage cannot be written");
    assert_non_null(said);
    assert_null(strstr(said + 1, "usage cannot be written"));
    OK(fg_agent_drain(world->agent, clock_now, reterr));
    expect_usage(world, "key1000000", TODAY, 1, 9);
    expect_usage(world, "key2000000", TODAY, 1, 9);
    assert_non_null(strstr(said, "usage is written again"));
}

/* Given a kill after pairs were taken from the gate and before they were written, when an agent
 * opens, then the store has their counts. */
static void test_a_kill_within_a_drain(void **state)
{
    world_t *world = *state;
    char mark[100];
    furnish(world, 10, FG_PERIOD_DAY);
    (void)world_decide(world, VALUE_1);
    OK(fg_agent_drain(world->agent, clock_now, reterr));
    fg_usage_row_t stale = {
        .key_id = FG_STR("key1000000"), .plan_id = FG_STR("planaa"), .day = TODAY, .used = 0};
    COMMIT(world, fg_store_usage_put(world->store, &stale, reterr)); /* as if never written */
    world_stop(world);
    (void)snprintf(mark, sizeof(mark), "%s.draining", world->gate_path);
    int fd = open(mark, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    (void)close(fd);
    world_start(world);
    OK(fg_agent_drain(world->agent, clock_now, reterr));
    expect_usage(world, "key1000000", TODAY, 1, 9);
    assert_int_not_equal(access(mark, F_OK), 0);
}

/* Given counts, when the agent closes, then they are in the store. */
static void test_closing_drains(void **state)
{
    world_t *world = *state;
    furnish(world, 10, FG_PERIOD_DAY);
    (void)world_decide(world, VALUE_1);
    world_stop(world);
    expect_usage(world, "key1000000", TODAY, 1, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_twice_is_once),
        WORLD_TEST(test_nothing_is_nothing),
        WORLD_TEST(test_an_unlimited_plan_counts),
        WORLD_TEST(test_two_days_of_one_window),
        WORLD_TEST(test_two_days_of_two_windows),
        WORLD_TEST(test_one_pair_joins_the_transaction),
        WORLD_TEST(test_a_drain_that_fails_is_made_up_for),
        WORLD_TEST(test_a_kill_within_a_drain),
        WORLD_TEST(test_closing_drains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
