/* Idle buckets and meters are taken back, a part of each table per call; time is a number. */
#include "world.h"

#include "gate/writer.h"

enum { PLAN = 11, KEY = 1, ROUND_S = 8, MANY = 3000 };

static world_t world;

static int setup(void **state)
{
    (void)state;
    world_setup(&world);
    return 0;
}

static int setup_large(void **state)
{
    (void)state;
    world_setup(&world);
    world.options.buckets = 1 << 16;
    world.options.meters = 1 << 12;
    world_reopen(&world);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_teardown(&world);
    return 0;
}

static fg_verdict_t ask_method(uint64_t method_id, fg_throttle_t throttle, fg_now_t now)
{
    fg_gate_facts_t facts = {
        .stage_index = world.stage, .method_throttle = throttle, .method_id = method_id};
    return fg_gate_decide(world.gate, &facts, now);
}

/* Sweep twice a second; a round takes 8 seconds. */
static int64_t sweep_for(int64_t from_s, int64_t seconds)
{
    for (int64_t half = 0; half < 2 * seconds; half++) {
        fg_now_t now = at_s(from_s);
        now.mono.us += half * FG_SECOND_US / 2;
        fg_gate_sweep(world.writer, now);
    }
    return from_s + seconds;
}

static const fg_throttle_t quick = {.rate_milli_rps = 1000000, .burst = 5, .is_set = true};
static const fg_throttle_t slow = {.rate_milli_rps = 1, .burst = 5, .is_set = true};

/* Given buckets that are full again, two rounds take them back, and what they held is gone; one
 * that is not full stays. */
static void full_buckets_go_and_others_stay(void **state)
{
    (void)state;
    for (uint64_t id = 1; id <= 10; id++)
        assert_int_equal(ask_method(id, quick, at_s(1)).kind, FG_VERDICT_ADMITTED);
    for (int i = 0; i < 5; i++)
        assert_int_equal(ask_method(99, slow, at_s(1)).kind, FG_VERDICT_ADMITTED);
    assert_int_equal(fg_gate_fill(world.writer).buckets, 11);
    int64_t s = sweep_for(2, ROUND_S);
    assert_int_equal(fg_gate_fill(world.writer).buckets, 11); /* marked in the first round */
    s = sweep_for(s, ROUND_S);
    assert_int_equal(fg_gate_fill(world.writer).buckets, 1);
    assert_int_equal(ask_method(99, slow, at_s(s)).kind, FG_VERDICT_THROTTLED_METHOD);
    for (uint64_t id = 1; id <= 10; id++)
        assert_int_equal(ask_method(id, quick, at_s(s)).kind, FG_VERDICT_ADMITTED);
}

/* Given a table that was full, refusals end once others have gone idle; they are counted. */
static void a_full_table_empties(void **state)
{
    (void)state;
    uint64_t id = 1;
    while (ask_method(id, quick, at_s(1)).kind == FG_VERDICT_ADMITTED)
        id++;
    fg_verdict_t verdict = ask_method(id, quick, at_s(1));
    assert_int_equal(verdict.kind, FG_VERDICT_BUCKETS_FULL);
    assert_int_equal(verdict.retry_after_us, FG_SECOND_US);
    fg_gate_fill_t fill = fg_gate_fill(world.writer);
    assert_true(fill.buckets >= fill.buckets_max / 2);
    assert_int_equal(fill.buckets_refused, 2);
    int64_t s = sweep_for(2, 2 * ROUND_S + 1);
    assert_int_equal(ask_method(id, quick, at_s(s)).kind, FG_VERDICT_ADMITTED);
    assert_int_equal(fg_gate_fill(world.writer).buckets, 1);
}

/* Given calls that come too often, a round still takes its 8 seconds: nothing is freed before the
 * quarantine is over. */
static void a_round_outlasts_the_quarantine(void **state)
{
    (void)state;
    assert_int_equal(ask_method(1, quick, at_s(1)).kind, FG_VERDICT_ADMITTED);
    for (int i = 0; i < 1000; i++) {
        fg_now_t now = at_s(2);
        now.mono.us += (int64_t)i * FG_GATE_QUARANTINE_US / 1000;
        fg_gate_sweep(world.writer, now);
    }
    assert_int_equal(fg_gate_fill(world.writer).buckets, 1);
}

/* Given a daemon that starts anew, it frees nothing in its first round: who knows when it was
 * marked. */
static void the_first_round_only_marks(void **state)
{
    (void)state;
    assert_int_equal(ask_method(1, quick, at_s(1)).kind, FG_VERDICT_ADMITTED);
    int64_t s = sweep_for(2, ROUND_S);
    world_reopen(&world);
    s = sweep_for(s, ROUND_S);
    assert_int_equal(fg_gate_fill(world.writer).buckets, 1);
    (void)sweep_for(s, ROUND_S);
    assert_int_equal(fg_gate_fill(world.writer).buckets, 0);
}

/* A process that died between a claim and its count leaves the fill wrong for one round. */
static void a_round_sets_the_fill_right(void **state)
{
    (void)state;
    assert_int_equal(ask_method(1, slow, at_s(1)).kind, FG_VERDICT_ADMITTED);
    atomic_store(&world.gate->header->buckets_used, 40);
    (void)sweep_for(2, ROUND_S);
    assert_int_equal(fg_gate_fill(world.writer).buckets, 1);
}

/* Large tables of which little was touched: everything idle is found, and the sweep fills no page
 * that nobody used. */
static void untouched_pages_stay_away(void **state)
{
    (void)state;
    uint64_t before = fg_gate_fill(world.writer).bytes_resident;
    int64_t s = sweep_for(2, 2 * ROUND_S);
    assert_int_equal(fg_gate_fill(world.writer).bytes_resident, before);
    for (uint64_t id = 1; id <= MANY; id++)
        assert_int_equal(ask_method(id, quick, at_s(s)).kind, FG_VERDICT_ADMITTED);
    assert_int_equal(fg_gate_fill(world.writer).buckets, MANY);
    (void)sweep_for(s + 1, 2 * ROUND_S);
    assert_int_equal(fg_gate_fill(world.writer).buckets, 0);
}

/* ---- meters ---- */

typedef struct answers {
    int calls;
    fg_gate_answers_t last;
} answers_t;

static bool note(void *ctx, const fg_gate_answers_t *answers)
{
    answers_t *noted = ctx;
    noted->calls++;
    noted->last = *answers;
    return true;
}

static answers_t drained(void)
{
    answers_t answers = {.calls = 0};
    assert_true(fg_gate_meters_drain(world.writer, note, &answers));
    return answers;
}

/* Given a meter that was drained and lies idle, it goes, and the same pair's next one begins at 0
 * under another number. */
static void an_idle_meter_begins_anew(void **state)
{
    (void)state;
    plan_put(&world, PLAN, no_throttle(), no_quota());
    key_put(&world, KEY, PLAN);
    fg_verdict_t verdict = ask(&world, KEY, at_s(1));
    fg_gate_meter(world.gate, &verdict, 2);
    fg_gate_meter(world.gate, &verdict, 2);
    fg_gate_meter(world.gate, &verdict, 5);
    answers_t first = drained();
    assert_int_equal(first.calls, 1);
    assert_int_equal(first.last.key_id, KEY);
    assert_int_equal(first.last.plan_id, PLAN);
    assert_int_equal(first.last.statuses[2], 2);
    assert_int_equal(first.last.statuses[5], 1);
    assert_int_equal(drained().calls, 0);
    int64_t s = sweep_for(2, ROUND_S);
    fg_gate_meter(world.gate, &verdict, 2); /* used between the rounds: it stays, and goes on */
    assert_int_equal(drained().last.statuses[2], 3);
    s = sweep_for(s, 2 * ROUND_S);
    (void)sweep_for(s, ROUND_S);
    assert_int_equal(fg_gate_fill(world.writer).meters, 0);
    fg_gate_meter(world.gate, &verdict, 4);
    answers_t second = drained();
    assert_int_equal(second.last.statuses[2], 0);
    assert_int_equal(second.last.statuses[4], 1);
    assert_int_not_equal(second.last.meter, first.last.meter);
}

/* Given figures that were not drained, a meter stays however long it is idle. */
static void a_meter_that_was_not_drained_stays(void **state)
{
    (void)state;
    plan_put(&world, PLAN, no_throttle(), no_quota());
    key_put(&world, KEY, PLAN);
    fg_verdict_t verdict = ask(&world, KEY, at_s(1));
    fg_gate_meter(world.gate, &verdict, 2);
    (void)sweep_for(2, 4 * ROUND_S);
    assert_int_equal(drained().last.statuses[2], 1);
}

/* What was refused, or rode without a plan, has no meter. */
static void only_admitted_requests_on_a_plan_are_metered(void **state)
{
    (void)state;
    plan_put(&world, PLAN, no_throttle(), daily(1));
    key_put(&world, KEY, PLAN);
    (void)ask(&world, KEY, at_s(1));
    fg_verdict_t verdict = ask(&world, KEY, at_s(1));
    assert_int_equal(verdict.kind, FG_VERDICT_QUOTA_EXCEEDED);
    fg_gate_meter(world.gate, &verdict, 4);
    fg_gate_keys_without_plan_sync(world.writer, true);
    key_put(&world, 2, 0);
    verdict = ask(&world, 2, at_s(1));
    assert_int_equal(verdict.kind, FG_VERDICT_ADMITTED);
    fg_gate_meter(world.gate, &verdict, 2);
    assert_int_equal(drained().calls, 0);
    assert_int_equal(fg_gate_fill(world.writer).meters, 0);
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(full_buckets_go_and_others_stay),
        WITH_WORLD(a_full_table_empties),
        WITH_WORLD(a_round_outlasts_the_quarantine),
        WITH_WORLD(the_first_round_only_marks),
        WITH_WORLD(a_round_sets_the_fill_right),
        cmocka_unit_test_setup_teardown(untouched_pages_stay_away, setup_large, teardown),
        WITH_WORLD(an_idle_meter_begins_anew),
        WITH_WORLD(a_meter_that_was_not_drained_stays),
        WITH_WORLD(only_admitted_requests_on_a_plan_are_metered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
