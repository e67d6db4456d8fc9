/* Many processes and threads on one gate at once: threads where a sanitizer should look on,
 * processes where something is killed. */
#include "world.h"

#include "gate/writer.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { KEY = 1, PLAN = 11, WORKERS = 8, KILLED = 4, READERS = 3 };

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

/* ---- processes ---- */

typedef struct seen {
    _Alignas(64) _Atomic uint64_t admitted;
} seen_t;

/* A worker with a mapping of its own: ask until the quota says no. Counted after the answer, so one
 * that is killed may have taken one more than it said. */
static void work(seen_t *seen)
{
    fg_gate_t *gate;
    fg_error_t error;
    fg_gate_facts_t facts = {.stage_index = world.stage,
                             .is_key_required = true,
                             .has_key = true,
                             .key_value = value_of(KEY)};
    if (fg_gate_open(world.path, &gate, &error) != FG_OK)
        _exit(1);
    for (;;) {
        fg_verdict_kind_t kind = fg_gate_decide(gate, &facts, at_s(1)).kind;
        if (kind == FG_VERDICT_QUOTA_EXCEEDED)
            _exit(0);
        if (kind == FG_VERDICT_ADMITTED)
            atomic_fetch_add(&seen->admitted, 1);
        else if (kind != FG_VERDICT_CONTENDED)
            _exit(2);
    }
}

static uint64_t sum(const seen_t *seen)
{
    uint64_t total = 0;
    for (int i = 0; i < WORKERS; i++)
        total += atomic_load(&seen[i].admitted);
    return total;
}

static void start(pid_t *workers, seen_t *seen)
{
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = fork();
        assert_true(workers[i] >= 0);
        if (workers[i] == 0)
            work(&seen[i]);
    }
}

/* Run until the quota is spent; `killed` of the workers die in the middle. Returns what was seen.
 * */
static uint64_t run(uint64_t limit, int killed)
{
    pid_t workers[WORKERS];
    seen_t *seen = mmap(NULL, sizeof(seen_t) * WORKERS, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(seen != MAP_FAILED);
    plan_put(&world, PLAN, no_throttle(), daily(limit));
    key_put(&world, KEY, PLAN);
    start(workers, seen);
    for (int i = 0; i < killed; i++) {
        while (sum(seen) < limit / 10 * (uint64_t)(i + 1))
            usleep(100);
        assert_int_equal(kill(workers[i], SIGKILL), 0);
    }
    for (int i = 0; i < WORKERS; i++) {
        int status;
        assert_int_equal(waitpid(workers[i], &status, 0), workers[i]);
        if (i >= killed)
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    uint64_t total = sum(seen);
    munmap(seen, sizeof(seen_t) * WORKERS);
    return total;
}

static uint64_t used(void)
{
    fg_gate_usage_t usage = {0};
    assert_true(fg_gate_usage_of(world.writer, digest_of(&world, KEY), PLAN, &usage));
    return FG_QUOTA_WORD_USED(usage.quota_word);
}

static void a_quota_is_spent_exactly(void **state)
{
    (void)state;
    const uint64_t limit = 200000;
    assert_int_equal(run(limit, 0), limit);
    assert_int_equal(used(), limit);
}

static void killed_workers_spend_nothing_twice(void **state)
{
    (void)state;
    const uint64_t limit = 400000;
    uint64_t seen = run(limit, KILLED);
    assert_int_equal(used(), limit);
    assert_true(seen <= limit && seen + KILLED >= limit);
}

/* ---- threads ---- */

static _Atomic uint64_t published, asked, refused;
static atomic_bool is_over;

static void *read_keys(void *arg)
{
    uint64_t random = (uint64_t)(uintptr_t)arg;
    char value[32];
    while (!atomic_load(&is_over)) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        uint64_t key = 1 + (random >> 33) % atomic_load(&published);
        snprintf(value, sizeof(value), "value-of-the-key-%010llu", (unsigned long long)key);
        fg_gate_facts_t facts = {.stage_index = world.stage,
                                 .is_key_required = true,
                                 .has_key = true,
                                 .key_value = fg_str(value)};
        fg_verdict_t verdict = fg_gate_decide(world.gate, &facts, at_s(1));
        if (verdict.kind != FG_VERDICT_ADMITTED || verdict.key_id != key)
            atomic_fetch_add(&refused, 1);
        atomic_fetch_add(&asked, 1);
    }
    return NULL;
}

static bool keep(void *ctx, const fg_gate_usage_t *usage)
{
    *(uint64_t *)ctx += usage->key_id != 0;
    return true;
}

/* The directory is built anew again and again, by growth and by keys that come and go, and drained,
 * while others look keys up: a good key is never refused. */
static void growth_never_refuses_a_good_key(void **state)
{
    (void)state;
    pthread_t readers[READERS];
    uint64_t drained = 0;
    plan_put(&world, PLAN, no_throttle(), daily(FG_QUOTA_USED_MAX));
    key_put(&world, KEY, PLAN);
    atomic_store(&published, 1);
    for (uintptr_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_keys, (void *)(i + 1)), 0);
    for (uint64_t key = 2; key <= 15000; key++) {
        key_put(&world, key, PLAN);
        atomic_store(&published, key);
        key_put(&world, 1000000 + key, 0);
        fg_gate_key_remove(world.writer, digest_of(&world, 1000000 + key));
        if (key % 1000 == 0)
            assert_true(fg_gate_drain(world.writer, keep, &drained));
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
    assert_true(atomic_load(&asked) > 100 && drained > 0);
    assert_int_equal(atomic_load(&refused), 0);
}

/* Rounds of one request per key while the drain runs: after each round the figures that were handed
 * over are the final ones, so a count that fell between two drains shows at once. */
enum { ROUNDS = 1000, ROUND_KEYS = 50 };

static _Atomic int round_open, round_done;
static uint64_t drained_words[ROUND_KEYS + 1];

static bool note(void *ctx, const fg_gate_usage_t *usage)
{
    (void)ctx;
    drained_words[usage->key_id] = usage->quota_word;
    return true;
}

static void *ask_each_round(void *arg)
{
    for (int round = 1; round <= ROUNDS; round++) {
        while (atomic_load(&round_open) < round)
            ;
        for (uint64_t key = 1; key <= ROUND_KEYS; key++)
            (void)ask(&world, key, at_s(1));
        atomic_store(&round_done, round);
    }
    return arg;
}

static void no_count_falls_between_two_drains(void **state)
{
    (void)state;
    pthread_t asker;
    plan_put(&world, PLAN, no_throttle(), daily(FG_QUOTA_USED_MAX));
    for (uint64_t key = 1; key <= ROUND_KEYS; key++)
        key_put(&world, key, PLAN);
    assert_int_equal(pthread_create(&asker, NULL, ask_each_round, NULL), 0);
    for (int round = 1; round <= ROUNDS; round++) {
        atomic_store(&round_open, round);
        while (atomic_load(&round_done) < round)
            assert_true(fg_gate_drain(world.writer, note, NULL));
        assert_true(fg_gate_drain(world.writer, note, NULL));
        for (uint64_t key = 1; key <= ROUND_KEYS; key++)
            assert_int_equal(FG_QUOTA_WORD_USED(drained_words[key]), round);
    }
    assert_int_equal(pthread_join(asker, NULL), 0);
}

/* ---- quarantine ---- */

/* A reader who stands in the former directory when another is published finds everything there. */
static void a_former_directory_stays_until_nobody_is_in_it(void **state)
{
    (void)state;
    key_put(&world, KEY, 0);
    fg_gate_entry_t *entry = fg_gate_entry_find(world.gate, digest_of(&world, KEY));
    uint32_t before = atomic_load(&world.gate->header->directory);
    for (uint64_t key = 2; key < 19000; key++) {
        key_put(&world, key, 0);
        assert_int_equal(atomic_load(&entry->state), FG_KEY_ENABLED);
    }
    uint32_t now = atomic_load(&world.gate->header->directory);
    assert_true(FG_GATE_DIRECTORY_GENERATION(now) > FG_GATE_DIRECTORY_GENERATION(before));
    assert_true(FG_GATE_DIRECTORY_LEVEL(now) > FG_GATE_DIRECTORY_LEVEL(before));
    uint64_t resident = fg_gate_fill(world.writer).bytes_resident;
    fg_mono_t later = {fg_now().mono.us + FG_GATE_QUARANTINE_US};
    fg_gate_outgrown_release(world.writer, later);
    assert_int_equal(atomic_load(&entry->state), FG_KEY_UNKNOWN);
    assert_true(fg_gate_fill(world.writer).bytes_resident < resident);
    for (uint64_t key = 1; key < 19000; key += 13)
        assert_int_equal(ask(&world, key, at_s(1)).kind, FG_VERDICT_KEY_WITHOUT_PLAN);
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(a_quota_is_spent_exactly),
        WITH_WORLD(killed_workers_spend_nothing_twice),
        WITH_WORLD(growth_never_refuses_a_good_key),
        WITH_WORLD(no_count_falls_between_two_drains),
        WITH_WORLD(a_former_directory_stays_until_nobody_is_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
