/*
 * Usage by the minute: rows hold totals, a minute's figure is a difference, and a kill moves figures
 * to the next minute rather than losing them. Rules U1-U4.
 */
#include "world.h"

#include "agent/state.h"

#include "agent/meter.h"
#include "store/usage_minute.h"

enum { ROWS_MAX = 512 };

typedef struct seen {
    fg_minute_row_t rows[ROWS_MAX];
    size_t count;
} seen_t;

static fg_status_t collect(void *ctx, const fg_minute_row_t *row, fg_error_t *reterr)
{
    (void)reterr;
    seen_t *seen = ctx;
    assert_true(seen->count < ROWS_MAX);
    seen->rows[seen->count++] = *row;
    return FG_OK;
}

/* Every row of a key of the plan. */
static seen_t rows_of(world_t *world, const char *key_id)
{
    seen_t seen = {.count = 0};
    bool has_more;
    fg_minute_query_t query = {
        .plan_id = FG_STR("planaa"), .key_id = fg_str(key_id), .last_minute = UINT32_MAX};
    OK(fg_store_minutes_each(world->store, &query, collect, &seen, &has_more, reterr));
    return seen;
}

static uint32_t minute_now(void)
{
    return (uint32_t)(clock_now.wall.s / FG_MINUTE_S);
}

static void pass(int64_t seconds)
{
    clock_now.wall.s += seconds;
    clock_now.mono.us += seconds * FG_SECOND_US;
}

/* As many drains as a minute's rows are spread over. */
static void drain_all(world_t *world)
{
    for (int i = 0; i < FG_METER_STEPS; i++)
        OK(fg_agent_drain(world->agent, clock_now, reterr));
}

static void decide(world_t *world, int times)
{
    for (int i = 0; i < times; i++)
        (void)world_decide(world, VALUE_1);
}

static void furnish(world_t *world, int64_t limit)
{
    clock_now.wall.s = (int64_t)TODAY * FG_DAY_S + FG_DAY_S / 2;
    world_furnish(world);
    fg_usage_plan_t plan = world_new_plan("planaa", limit, FG_PERIOD_DAY);
    CHANGE(world, fg_store_plan_update(world->store, &plan, reterr));
}

/* Given requests in a minute, when the next one begins, then a row has their totals. Rule U1. */
static void u1_a_minute_is_a_row(void **state)
{
    world_t *world = *state;
    furnish(world, 3);
    uint32_t minute = minute_now();
    decide(world, 5);
    OK(fg_agent_drain(world->agent, clock_now, reterr));
    assert_int_equal(rows_of(world, "key1000000").count, 0);
    pass(60);
    drain_all(world);
    seen_t seen = rows_of(world, "key1000000");
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.rows[0].minute, minute);
    assert_int_equal(seen.rows[0].admitted, 3);
    assert_int_equal(seen.rows[0].over_quota, 2);
    assert_int_equal(seen.rows[0].throttled, 0);
    pass(600); /* and nothing more while nothing counts */
    drain_all(world);
    assert_int_equal(rows_of(world, "key1000000").count, 1);
}

/* Given requests on both sides of midnight, then each day has its own total. Rule U1. */
static void u1_midnight(void **state)
{
    world_t *world = *state;
    furnish(world, 100);
    clock_now.wall.s = (int64_t)(TODAY + 1) * FG_DAY_S - 30;
    decide(world, 2);
    OK(fg_agent_drain(world->agent, clock_now, reterr));
    pass(29);
    decide(world, 4); /* in the last second, drained in the next day */
    pass(2);
    decide(world, 3);
    OK(fg_agent_drain(world->agent, clock_now, reterr));
    pass(60);
    drain_all(world);
    seen_t seen = rows_of(world, "key1000000");
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.rows[0].minute, (TODAY + 1) * FG_DAY_MINUTES - 1);
    assert_int_equal(seen.rows[0].admitted, 6);
    assert_int_equal(seen.rows[1].minute, (TODAY + 1) * FG_DAY_MINUTES);
    assert_int_equal(seen.rows[1].admitted, 3);
}

/* Given a question about the running minute, then its rows are there at once, and right again when
 * it is over. */
static void u2_flush(void **state)
{
    world_t *world = *state;
    bool is_whole = false;
    furnish(world, 100);
    decide(world, 2);
    OK(fg_agent_drain(world->agent, clock_now, reterr));
    OK(fg_agent_minutes_flush(world->agent, FG_STR("planaa"), FG_STR(""), clock_now, &is_whole,
                              reterr));
    assert_true(is_whole);
    assert_int_equal(rows_of(world, "key1000000").rows[0].admitted, 2);
    decide(world, 1);
    OK(fg_agent_drain(world->agent, clock_now, reterr));
    pass(60);
    drain_all(world);
    seen_t seen = rows_of(world, "key1000000");
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.rows[0].admitted, 3);
}

/* What a kill leaves: the agent is gone with everything it had in memory, and drained nothing. */
static void kill_agent(world_t *world)
{
    world->agent->seq = 0; /* as one that never caught up, which writes nothing when it closes */
    fg_agent_close(world->agent);
    world_start(world);
}

/* Given figures drained and a kill before their minute was written, when the agent starts again,
 * then a row has them all the same. Rule U3. */
static void u3_a_kill_loses_no_admitted_request(void **state)
{
    world_t *world = *state;
    furnish(world, 100);
    decide(world, 7);
    OK(fg_agent_drain(world->agent, clock_now, reterr));
    kill_agent(world);
    drain_all(world);
    pass(60);
    decide(world, 1);
    drain_all(world);
    pass(60);
    drain_all(world);
    seen_t seen = rows_of(world, "key1000000");
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.rows[0].admitted, 7);
    assert_int_equal(seen.rows[1].admitted, 8);
}

/* Given days in the store that no minute has, when the agent starts, then rows make up for them.
 * Rule U3. */
static void u3_days_without_minutes(void **state)
{
    world_t *world = *state;
    furnish(world, 100);
    fg_ledger_row_t ledger = {.plan_id = FG_STR("planaa"), .key_id = FG_STR("key2000000")};
    fg_minute_row_t minute = {.plan_id = ledger.plan_id,
                              .key_id = ledger.key_id,
                              .minute = minute_now() - 30,
                              .admitted = 5,
                              .throttled = 3};
    COMMIT(world, fg_store_ledger_put(world->store, &ledger, reterr));
    COMMIT(world, fg_store_minute_put(world->store, &minute, reterr));
    for (uint32_t ago = 0; ago < 3; ago++) {
        fg_usage_row_t usage = {.plan_id = ledger.plan_id,
                                .key_id = ledger.key_id,
                                .day = TODAY - ago,
                                .used = 10 + ago};
        COMMIT(world, fg_store_usage_put(world->store, &usage, reterr));
    }
    drain_all(world);
    seen_t seen = rows_of(world, "key2000000");
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.rows[0].minute, TODAY * FG_DAY_MINUTES - 1);
    assert_int_equal(seen.rows[0].admitted, 11);
    assert_int_equal(seen.rows[2].minute, minute_now() - 1);
    assert_int_equal(seen.rows[2].admitted, 10);
    assert_int_equal(seen.rows[2].throttled, 3);
}

/* Given an orderly stop, then the running minute is written. */
static void u3_a_stop_writes(void **state)
{
    world_t *world = *state;
    furnish(world, 100);
    decide(world, 4);
    world_stop(world);
    assert_int_equal(rows_of(world, "key1000000").rows[0].admitted, 4);
    world_start(world);
}

/* Given a gate that was lost, then the minute says that totals begin anew. */
static void u2_a_new_gate_is_marked(void **state)
{
    world_t *world = *state;
    uint32_t *minutes;
    size_t count;
    furnish(world, 100);
    OK(fg_store_minutes_anew(world->store, world->arena, &minutes, &count, reterr));
    assert_int_equal(count, 1);
    world_stop(world);
    pass(120);
    world->boot_id = "22222222-2222-3333-4444-555555555555";
    world_start(world);
    OK(fg_store_minutes_anew(world->store, world->arena, &minutes, &count, reterr));
    assert_int_equal(count, 2);
    assert_int_equal(minutes[1], minute_now());
}

/* Given rows older than what is kept, then they go, but for the one that the next is told from.
 * Rule U4. */
static void u4_retention(void **state)
{
    world_t *world = *state;
    furnish(world, 100);
    uint32_t minute = minute_now();
    OK(fg_store_begin(world->store, reterr));
    for (uint32_t ago = 40; ago > 0; ago--) {
        fg_minute_row_t row = {.plan_id = FG_STR("planaa"),
                               .key_id = FG_STR("key1000000"),
                               .minute = minute - ago * FG_DAY_MINUTES,
                               .throttled = 100 - ago};
        fg_usage_row_t usage = {
            .plan_id = row.plan_id, .key_id = row.key_id, .day = TODAY - 820 + ago, .used = ago};
        OK(fg_store_minute_put(world->store, &row, reterr));
        OK(fg_store_usage_put(world->store, &usage, reterr));
    }
    OK(fg_store_commit(world->store, reterr));
    pass(3600);
    drain_all(world);
    seen_t seen = rows_of(world, "key1000000");
    assert_int_equal(seen.count, 35);
    assert_int_equal(seen.rows[0].minute, minute - 35 * FG_DAY_MINUTES);
    fg_usage_row_t *days;
    size_t count;
    OK(fg_store_usage_list(world->store, FG_STR("planaa"), FG_STR("key1000000"), FG_STR_NONE, 1, 0,
                           TODAY, world->arena, &days, &count, reterr));
    assert_int_equal(count, 21);
    assert_int_equal(days[0].day, TODAY - 800);
}

static fg_str_t key_name(uint64_t number)
{
    static char name[FG_ID_BYTES_MAX + 1];
    (void)snprintf(name, sizeof(name), "k%09llu", (unsigned long long)number);
    return fg_str(name);
}

/* Given thousands of pairs in one minute, then each drain writes a part and all are written. */
static void u1_steps(void **state)
{
    world_t *world = *state;
    fg_meter_t *meter = fg_meter_new();
    fg_wall_t now = clock_now.wall;
    enum { PAIRS = 20000 };
    for (uint64_t i = 1; i <= PAIRS; i++) {
        fg_gate_usage_t usage = {.key_id = fg_id_pack(key_name(i)),
                                 .plan_id = fg_id_pack(FG_STR("planbb"))};
        usage.day_words[now.s / FG_DAY_S & 1] = FG_QUOTA_WORD(now.s / FG_DAY_S, i);
        assert_true(fg_meter_note(meter, &usage, now));
    }
    now.s += 60;
    int drains = 0;
    do {
        OK(fg_store_begin(world->store, reterr));
        OK(fg_meter_write(meter, world->store, now, reterr));
        if (drains == 3) { /* a commit that fails is done again */
            fg_store_rollback(world->store);
        } else {
            OK(fg_store_commit(world->store, reterr));
            fg_meter_committed(meter);
        }
        drains++;
    } while (fg_meter_is_due(meter, now));
    assert_in_range(drains, FG_METER_STEPS / 2, FG_METER_STEPS + 2);
    seen_t *seen = calloc(1, sizeof(*seen));
    size_t count = 0;
    fg_str_t after = FG_STR_NONE;
    for (bool has_more = true; has_more; count += seen->count) {
        fg_minute_query_t query = {.plan_id = FG_STR("planbb"),
                                   .after_key_id = after,
                                   .key_limit = ROWS_MAX,
                                   .last_minute = UINT32_MAX};
        seen->count = 0;
        OK(fg_store_minutes_each(world->store, &query, collect, seen, &has_more, reterr));
        assert_true(seen->count > 0);
        after = key_name(seen->rows[seen->count - 1].admitted); /* the row's own text is gone */
    }
    assert_int_equal(count, PAIRS);
    free(seen);
    fg_meter_free(meter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(u1_a_minute_is_a_row),
        WORLD_TEST(u1_midnight),
        WORLD_TEST(u1_steps),
        WORLD_TEST(u2_flush),
        WORLD_TEST(u2_a_new_gate_is_marked),
        WORLD_TEST(u3_a_kill_loses_no_admitted_request),
        WORLD_TEST(u3_days_without_minutes),
        WORLD_TEST(u3_a_stop_writes),
        WORLD_TEST(u4_retention),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
