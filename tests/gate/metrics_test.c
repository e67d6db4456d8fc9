/* What workers count: regions by process, series by method, sums that only rise. */
#include "world.h"

#include "gate/metrics.h"

#include "gate/layout.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { SERIES = 8, WORKERS = 4, METHODS = 3, REQUESTS = 20000 };

static world_t world;

static int setup(void **state)
{
    (void)state;
    world_setup(&world);
    world.options.series = SERIES;
    world_reopen(&world);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_teardown(&world);
    return 0;
}

static fg_measure_t measure_of(uint64_t method_id)
{
    return (fg_measure_t){
        .method_id = method_id,
        .api_id = 1000 + method_id,
        .resource_id = 2000 + method_id,
        .stage_index = world.stage,
        .verb = 1,
        .outcome = FG_OUTCOME_ADMITTED,
        .status_class = 2,
        .latency_us = 7000,
    };
}

typedef struct seen {
    size_t count;
    fg_series_t series[4 * SERIES];
} seen_t;

static void keep(void *ctx, const fg_series_t *series)
{
    seen_t *seen = ctx;
    assert_true(seen->count < FG_COUNT_OF(seen->series));
    seen->series[seen->count++] = *series;
}

static seen_t read_all(void)
{
    seen_t seen = {0};
    assert_int_equal(fg_gate_series_each(world.gate, keep, &seen), FG_OK);
    return seen;
}

static const fg_series_t *series_of(const seen_t *seen, uint64_t method_id)
{
    for (size_t i = 0; i < seen->count; i++)
        if (seen->series[i].method_id == method_id)
            return &seen->series[i];
    return NULL;
}

static uint64_t total(const seen_t *seen)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < seen->count; i++)
        for (size_t j = 0; j < FG_OUTCOME_COUNT; j++)
            sum += seen->series[i].outcomes[j];
    return sum;
}

/* Given one request: it is in its outcome, its status class, its bucket; nothing else moves. */
static void one_request_is_counted_once(void **state)
{
    (void)state;
    assert_int_equal(read_all().count, 0);
    uint32_t worker = fg_gate_worker_claim(world.gate);
    fg_measure_t measure = measure_of(5);
    measure.outcome = FG_OUTCOME_THROTTLED;
    measure.status_class = 4;
    fg_gate_measure(world.gate, worker, &measure);
    seen_t seen = read_all();
    assert_int_equal(seen.count, 1);
    const fg_series_t *series = series_of(&seen, 5);
    assert_non_null(series);
    assert_int_equal(series->api_id, 1005);
    assert_int_equal(series->resource_id, 2005);
    assert_int_equal(series->stage_index, world.stage);
    assert_int_equal(series->verb, 1);
    assert_int_equal(series->outcomes[FG_OUTCOME_THROTTLED], 1);
    assert_int_equal(series->statuses[4], 1);
    assert_int_equal(series->latency[1], 1); /* above 5 ms, not above 10 */
    assert_int_equal(series->latency_sum_us, 7000);
    assert_int_equal(series->integration_latency_sum_us, 0);
    assert_int_equal(total(&seen), 1);
}

/* A time at a boundary belongs below it; beyond the last there is one bucket. */
static void times_fall_into_their_buckets(void **state)
{
    (void)state;
    uint32_t worker = fg_gate_worker_claim(world.gate);
    static const struct {
        uint64_t us;
        size_t bucket;
    } rows[] = {
        {0, 0}, {5000, 0}, {5001, 1}, {100000, 5}, {10000000, 13}, {10000001, 14}, {UINT32_MAX, 14},
    };
    uint64_t wanted[FG_LATENCY_BUCKETS] = {0};
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_measure_t measure = measure_of(5);
        measure.is_integrated = true;
        measure.integration_latency_us = rows[i].us;
        fg_gate_measure(world.gate, worker, &measure);
        wanted[rows[i].bucket]++;
        seen_t seen = read_all();
        assert_memory_equal(series_of(&seen, 5)->integration_latency, wanted, sizeof(wanted));
    }
}

/* More methods than lines: the rest is counted in the series without a method, so is what has none.
 * */
static void what_does_not_fit_is_counted_together(void **state)
{
    (void)state;
    uint32_t worker = fg_gate_worker_claim(world.gate);
    for (uint64_t method_id = 1; method_id <= 3 * SERIES; method_id++) {
        fg_measure_t measure = measure_of(method_id);
        fg_gate_measure(world.gate, worker, &measure);
    }
    fg_measure_t unknown = {.stage_index = FG_GATE_NONE, .outcome = FG_OUTCOME_NOT_FOUND};
    fg_gate_measure(world.gate, worker, &unknown);
    seen_t seen = read_all();
    assert_int_equal(seen.count, SERIES);
    assert_int_equal(total(&seen), 3 * SERIES + 1);
    const fg_series_t *rest = series_of(&seen, 0);
    assert_int_equal(rest->outcomes[FG_OUTCOME_ADMITTED], 2 * SERIES + 1);
    assert_int_equal(rest->outcomes[FG_OUTCOME_NOT_FOUND], 1);
    assert_int_equal(rest->stage_index, FG_GATE_NONE);
}

/* A request that fits no method of a stage is counted for that stage. */
static void stages_are_told_apart_without_a_method(void **state)
{
    (void)state;
    uint32_t worker = fg_gate_worker_claim(world.gate);
    fg_measure_t measure = {.stage_index = world.stage, .outcome = FG_OUTCOME_NOT_FOUND};
    fg_gate_measure(world.gate, worker, &measure);
    measure.stage_index = world.other_stage;
    fg_gate_measure(world.gate, worker, &measure);
    fg_gate_measure(world.gate, worker, &measure);
    seen_t seen = read_all();
    assert_int_equal(seen.count, 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(seen.series[i].outcomes[FG_OUTCOME_NOT_FOUND],
                         seen.series[i].stage_index == world.stage ? 1 : 2);
}

/* A process has one region however often it asks; what it counted outlives it. */
static void regions_are_claimed_by_process(void **state)
{
    (void)state;
    assert_false(fg_gate_has_workers(world.gate));
    uint32_t worker = fg_gate_worker_claim(world.gate);
    assert_int_equal(fg_gate_worker_claim(world.gate), worker);
    assert_true(fg_gate_has_workers(world.gate));
    fg_measure_t measure = measure_of(5);
    fg_gate_measure(world.gate, worker, &measure);
    fg_gate_worker_release(world.gate, worker);
    assert_false(fg_gate_has_workers(world.gate));
    seen_t seen = read_all();
    assert_int_equal(total(&seen), 1);
    fg_gate_measure(world.gate, fg_gate_worker_claim(world.gate), &measure);
    seen = read_all();
    assert_int_equal(seen.count, 1);
    assert_int_equal(total(&seen), 2);
}

/* All regions taken by the living: there is none, counting without one does nothing; a dead one's
 * is taken over. */
static void the_dead_are_replaced_and_the_living_are_not(void **state)
{
    (void)state;
    _Atomic uint32_t *pids = world.gate->header->worker_pids;
    for (uint32_t i = 0; i < FG_GATE_WORKERS_MAX; i++)
        atomic_store(&pids[i], 1); /* init lives, whoever asks */
    assert_int_equal(fg_gate_worker_claim(world.gate), FG_GATE_NONE);
    fg_measure_t measure = measure_of(5);
    fg_gate_measure(world.gate, FG_GATE_NONE, &measure);
    pid_t dead = fork();
    if (dead == 0)
        _exit(0);
    assert_int_equal(waitpid(dead, NULL, 0), dead);
    atomic_store(&pids[17], (uint32_t)dead);
    assert_int_equal(fg_gate_worker_claim(world.gate), 17);
    assert_true(fg_gate_has_workers(world.gate));
}

static void work(uint64_t requests)
{
    fg_gate_t *gate;
    fg_error_t error;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
    if (fg_gate_open(world.path, &gate, &error) != FG_OK)
        _exit(1);
    uint32_t worker = fg_gate_worker_claim(gate);
    for (uint64_t i = 0; i < requests; i++) {
        fg_measure_t measure = measure_of(1 + i % METHODS);
        fg_gate_measure(gate, worker, &measure);
    }
    _exit(worker == FG_GATE_NONE);
}

/* Workers count beside each other, some are killed and replaced: totals never fall, and those that
 * ended in peace are counted to the last request. */
static void totals_only_rise(void **state)
{
    (void)state;
    uint64_t before = 0;
    for (int round = 0; round < 8; round++) {
        pid_t workers[WORKERS];
        bool are_killed = round % 2 == 1;
        for (int i = 0; i < WORKERS; i++)
            if ((workers[i] = fork()) == 0)
                work(are_killed ? UINT64_MAX : REQUESTS);
        uint64_t first = before;
        for (int i = 0; i < 200; i++) {
            seen_t seen = read_all();
            assert_true(seen.count <= METHODS);
            assert_true(total(&seen) >= before);
            before = total(&seen);
        }
        for (int i = 0; i < WORKERS; i++) {
            int status;
            if (are_killed)
                (void)kill(workers[i], SIGKILL);
            assert_int_equal(waitpid(workers[i], &status, 0), workers[i]);
            assert_true(are_killed || status == 0);
        }
        seen_t seen = read_all();
        assert_true(total(&seen) >= before);
        before = total(&seen);
        if (!are_killed)
            assert_int_equal(before - first, WORKERS * REQUESTS);
        assert_false(fg_gate_has_workers(world.gate));
    }
}

static void outcomes_have_texts(void **state)
{
    (void)state;
    assert_string_equal(fg_outcome_text(FG_OUTCOME_OVER_QUOTA), "over_quota");
    assert_string_equal(fg_outcome_text(FG_OUTCOME_COUNT), "other");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_request_is_counted_once, setup, teardown),
        cmocka_unit_test_setup_teardown(times_fall_into_their_buckets, setup, teardown),
        cmocka_unit_test_setup_teardown(what_does_not_fit_is_counted_together, setup, teardown),
        cmocka_unit_test_setup_teardown(stages_are_told_apart_without_a_method, setup, teardown),
        cmocka_unit_test_setup_teardown(regions_are_claimed_by_process, setup, teardown),
        cmocka_unit_test_setup_teardown(the_dead_are_replaced_and_the_living_are_not, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(totals_only_rise, setup, teardown),
        cmocka_unit_test(outcomes_have_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
