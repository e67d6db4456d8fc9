/* The ring of refusals: what is put is found, the oldest goes, and no reader ever sees half a line.
 * */
#include "world.h"

#include "gate/explain.h"

#include "gate/layout.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { RING = 64, WRITERS = 4, READS = 20000 };

static world_t world;

static int setup(void **state)
{
    (void)state;
    world_setup(&world);
    world.options.explains = RING;
    world_reopen(&world);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_teardown(&world);
    return 0;
}

/* Every field follows from `number`, so that a mixture of two shows. */
static fg_explain_t explain_of(uint64_t number)
{
    fg_explain_t explain = {
        .status = 429,
        .stage_index = world.stage,
        .throttle_burst = (uint32_t)number,
        .at_s = (int64_t)number,
        .api_id = number,
        .resource_id = number,
        .key_id = number,
        .plan_id = number,
        .retry_after_us = (int64_t)number,
        .throttle_rate_milli_rps = number,
        .quota_limit = number,
        .quota_remaining = number,
        .quota_reset_at_s = (int64_t)number,
    };
    char id[FG_EXPLAIN_ID_BYTES + 1];
    (void)snprintf(id, sizeof(id), "00000000-0000-4000-8000-%012llx", (unsigned long long)number);
    memcpy(explain.request_id, id, FG_EXPLAIN_ID_BYTES);
    (void)snprintf(explain.reason, sizeof(explain.reason), "reason-%llu",
                   (unsigned long long)number);
    (void)snprintf(explain.path, sizeof(explain.path), "/path/%llu", (unsigned long long)number);
    return explain;
}

static void assert_whole(const fg_explain_t *explain)
{
    fg_explain_t wanted = explain_of(explain->key_id);
    assert_memory_equal(explain, &wanted, sizeof(wanted));
}

static bool find(uint64_t number, fg_explain_t *ret_explain)
{
    fg_explain_t wanted = explain_of(number);
    return fg_gate_explain_find(world.gate, fg_str_of(wanted.request_id, FG_EXPLAIN_ID_BYTES),
                                ret_explain);
}

/* Given a few refusals: each is found under its id, and the latest come newest first. */
static void what_is_put_is_found(void **state)
{
    (void)state;
    fg_explain_t explain, latest[8];
    assert_int_equal(fg_gate_explain_latest(world.gate, latest, 8), 0);
    assert_false(find(1, &explain));
    assert_false(fg_gate_explain_find(world.gate, FG_STR("short"), &explain));
    for (uint64_t i = 1; i <= 5; i++) {
        explain = explain_of(i);
        fg_gate_explain_put(world.gate, &explain);
    }
    for (uint64_t i = 1; i <= 5; i++) {
        assert_true(find(i, &explain));
        assert_int_equal(explain.key_id, i);
        assert_whole(&explain);
    }
    assert_false(find(6, &explain));
    assert_int_equal(fg_gate_explain_latest(world.gate, latest, 3), 3);
    for (uint64_t i = 0; i < 3; i++)
        assert_int_equal(latest[i].key_id, 5 - i);
    assert_int_equal(fg_gate_explain_latest(world.gate, latest, 8), 5);
    assert_int_equal(fg_gate_explain_room(world.gate), RING);
}

/* Given one more than the ring holds: the first is gone, the rest is there. */
static void the_oldest_line_goes(void **state)
{
    (void)state;
    fg_explain_t explain, latest[2 * RING];
    for (uint64_t i = 1; i <= RING + 1; i++) {
        explain = explain_of(i);
        fg_gate_explain_put(world.gate, &explain);
    }
    assert_false(find(1, &explain));
    assert_true(find(2, &explain));
    assert_true(find(RING + 1, &explain));
    assert_int_equal(fg_gate_explain_latest(world.gate, latest, 2 * RING), RING);
    assert_int_equal(latest[RING - 1].key_id, 2);
}

/* A line that a killed worker left half-written, or that two wrote, is no line. */
static void half_a_line_is_none(void **state)
{
    (void)state;
    fg_explain_t explain = explain_of(1);
    fg_gate_explain_put(world.gate, &explain);
    explain = explain_of(2);
    fg_gate_explain_put(world.gate, &explain);
    char *line = world.gate->explains + 2 * FG_GATE_EXPLAIN_BYTES;
    for (size_t at = 0; at < 16 + sizeof(fg_explain_t); at++) {
        line[at] ^= 1;
        assert_false(find(2, &explain));
        line[at] ^= 1;
    }
    assert_true(find(2, &explain));
    assert_true(find(1, &explain));
}

static void write_for_ever(uint64_t writer)
{
    fg_gate_t *gate;
    fg_error_t error;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
    if (fg_gate_open(world.path, &gate, &error) != FG_OK)
        _exit(1);
    for (uint64_t i = 0;; i++) {
        fg_explain_t explain = explain_of(writer << 32 | i);
        fg_gate_explain_put(gate, &explain);
    }
}

/* Processes write a small ring round and round, and are killed in the middle: what is read is
 * whole. */
static void lines_are_whole_under_fire(void **state)
{
    (void)state;
    static fg_explain_t latest[RING];
    pid_t writers[WRITERS];
    for (uint64_t i = 0; i < WRITERS; i++) {
        writers[i] = fork();
        assert_true(writers[i] >= 0);
        if (writers[i] == 0)
            write_for_ever(i + 1);
    }
    size_t seen = 0;
    for (int i = 0; i < READS; i++) {
        if (i % (READS / WRITERS) == READS / WRITERS - 1) {
            (void)kill(writers[i / (READS / WRITERS)], SIGKILL);
            (void)waitpid(writers[i / (READS / WRITERS)], NULL, 0);
        }
        size_t count = fg_gate_explain_latest(world.gate, latest, RING);
        for (size_t j = 0; j < count; j++)
            assert_whole(&latest[j]);
        seen += count;
    }
    assert_true(seen > 0);
    fg_explain_t explain = explain_of(7);
    fg_gate_explain_put(world.gate, &explain);
    assert_true(find(7, &explain));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_put_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(the_oldest_line_goes, setup, teardown),
        cmocka_unit_test_setup_teardown(half_a_line_is_none, setup, teardown),
        cmocka_unit_test_setup_teardown(lines_are_whole_under_fire, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
