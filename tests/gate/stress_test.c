/* Many processes and threads on one gate at once: threads where a sanitizer should look on,
 * processes where something is killed. */
#include "world.h"

#include "gate/writer.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { KEY = 1, PLAN = 11, CUSTOMER = 9, GROUP_KEYS = 4, WORKERS = 8, KILLED = 4, READERS = 3 };

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

/* A worker with a mapping of its own: ask with this key until the quota says no. Counted after the
 * answer, so one that is killed may have taken one more than it said. */
static void work(seen_t *seen, uint64_t key)
{
    fg_gate_t *gate;
    fg_error_t error;
    fg_gate_facts_t facts = {.stage_index = world.stage,
                             .is_key_required = true,
                             .has_key = true,
                             .key_value = value_of(key)};
    if (fg_gate_open(world.path, &gate, &error) != FG_OK)
        _exit(1);
    for (;;) {
        fg_verdict_t verdict = fg_gate_decide(gate, &facts, at_s(1));
        if (verdict.kind == FG_VERDICT_QUOTA_EXCEEDED)
            _exit(0);
        if (verdict.kind == FG_VERDICT_ADMITTED)
            atomic_fetch_add(&seen->admitted, 1);
        else if (verdict.kind == FG_VERDICT_GRANT_PENDING)
            fg_gate_want(gate, verdict.quota_slot_index);
        else if (verdict.kind != FG_VERDICT_CONTENDED)
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

static void start(pid_t *workers, seen_t *seen, uint64_t keys)
{
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = fork();
        assert_true(workers[i] >= 0);
        if (workers[i] == 0)
            work(&seen[i], KEY + (uint64_t)i % keys);
    }
}

static seen_t *shared_counters(void)
{
    seen_t *seen = mmap(NULL, sizeof(seen_t) * WORKERS, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(seen != MAP_FAILED);
    return seen;
}

static void wait_for(const pid_t *workers, int killed)
{
    for (int i = 0; i < WORKERS; i++) {
        int status;
        assert_int_equal(waitpid(workers[i], &status, 0), workers[i]);
        if (i >= killed)
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

/* Run until the quota is spent; `killed` of the workers die in the middle. Returns what was seen.
 * */
static uint64_t run(uint64_t limit, int killed)
{
    pid_t workers[WORKERS];
    seen_t *seen = shared_counters();
    plan_put(&world, PLAN, no_throttle(), daily(limit));
    key_put(&world, KEY, PLAN);
    start(workers, seen, 1);
    for (int i = 0; i < killed; i++) {
        while (sum(seen) < limit / 10 * (uint64_t)(i + 1))
            usleep(100);
        assert_int_equal(kill(workers[i], SIGKILL), 0);
    }
    wait_for(workers, killed);
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

/* What the agent does, without a ledger: grant a little more to whoever wants, never beyond the
 * limit. What was granted when is kept, to be compared with what is spent. */
typedef struct agent {
    uint64_t limit, granted;
    int wishes;
} agent_t;

static void grant(void *ctx, const fg_gate_usage_t *usage)
{
    agent_t *agent = ctx;
    uint64_t more = agent->limit - agent->granted < 997 ? agent->limit - agent->granted : 997;
    assert_true(FG_QUOTA_WORD_USED(usage->quota_word) <= agent->granted);
    agent->granted += more;
    agent->wishes++;
    fg_gate_granted_set(world.writer, usage, FG_QUOTA_WORD(20000, agent->granted));
}

static void group_put(uint64_t key)
{
    fg_gate_grant_t one = {.plan_id = PLAN, .group_id = FG_GATE_GROUP(CUSTOMER)};
    fg_gate_key_t row = {.key_id = key,
                         .digest = digest_of(&world, key),
                         .state = FG_KEY_ENABLED,
                         .grants = &one,
                         .grant_count = 1};
    assert_int_equal(fg_gate_key_sync(world.writer, &row, &world.error), FG_OK);
}

/* Given a quota that four keys of a customer share and that is granted in steps, while workers are
 * killed: at every step no more is spent than was granted, and in the end exactly the limit. */
static void a_shared_and_leased_quota_is_spent_exactly(void **state)
{
    (void)state;
    pid_t workers[WORKERS];
    agent_t agent = {.limit = 60000, .granted = 16}; /* the first grant */
    seen_t *seen = shared_counters();
    fg_gate_usage_t shared = {0};
    world.options.is_leased = true;
    world.options.buckets = 128;
    world_reopen(&world); /* another size: a new one */
    plan_put(&world, PLAN, no_throttle(), daily(agent.limit));
    for (uint64_t i = 0; i < GROUP_KEYS; i++)
        group_put(KEY + i);
    start(workers, seen, GROUP_KEYS);
    for (int killed = 0; FG_QUOTA_WORD_USED(shared.quota_word) < agent.limit;) {
        fg_gate_wanted(world.writer, grant, &agent);
        assert_true(fg_gate_group_usage(world.writer, FG_GATE_GROUP(CUSTOMER), PLAN, &shared));
        assert_true(FG_QUOTA_WORD_USED(shared.quota_word) <= agent.granted);
        if (killed < KILLED && sum(seen) > agent.limit / 10 * (uint64_t)(killed + 1))
            assert_int_equal(kill(workers[killed++], SIGKILL), 0);
    }
    wait_for(workers, KILLED);
    assert_true(agent.wishes > 10);
    assert_true(sum(seen) <= agent.limit && sum(seen) + KILLED >= agent.limit);
    munmap(seen, sizeof(seen_t) * WORKERS);
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
        fg_now_t now = at_s(random >> 40 & 0xffff); /* so that the minute of the last use moves */
        fg_verdict_t verdict = fg_gate_decide(world.gate, &facts, now);
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
    atomic_store(&is_over, false);
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

/* ---- buckets that come and go ---- */

enum {
    SLOW_PLAN = 12,
    SLOW_KEY = 1000,
    ADDRESSES = 300, /* more than a table of 128 buckets holds */
    SLOW_ADDRESSES = 4,
    BURST = 3,
    TIMES_FREED = 1000, /* buckets, before the test ends */
    SWEEPS_MAX = 60000,
};

static _Atomic int64_t virtual_us;
static _Atomic uint64_t admitted[ADDRESSES], admitted_slow[SLOW_ADDRESSES];

static fg_verdict_kind_t ask_from(uint64_t key, unsigned address)
{
    char value[32];
    snprintf(value, sizeof(value), "value-of-the-key-%010llu", (unsigned long long)key);
    fg_gate_facts_t facts = {
        .stage_index = world.stage,
        .is_key_required = true,
        .has_key = true,
        .key_value = fg_str(value),
        .has_address = true,
        .address = {[10] = 0xff, 0xff, 10, 0, (uint8_t)(address >> 8), (uint8_t)address}};
    fg_now_t now = at_s(0);
    now.mono.us = atomic_load(&virtual_us);
    return fg_gate_decide(world.gate, &facts, now).kind;
}

/* A few addresses for ten seconds, then others: the former ones' buckets fill up and go. Half of the
 * questions go to the addresses that hardly fill up at all. */
static void *ask_from_anywhere(void *arg)
{
    uint64_t random = (uint64_t)(uintptr_t)arg;
    while (!atomic_load(&is_over)) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        unsigned first = (unsigned)(atomic_load(&virtual_us) / (10 * FG_SECOND_US)) * 20;
        unsigned address = (first + (unsigned)(random >> 33) % 20) % ADDRESSES;
        if (ask_from(KEY, address) == FG_VERDICT_ADMITTED)
            atomic_fetch_add(&admitted[address], 1);
        address = (unsigned)(random >> 40) % SLOW_ADDRESSES;
        if (ask_from(SLOW_KEY, address) == FG_VERDICT_ADMITTED)
            atomic_fetch_add(&admitted_slow[address], 1);
    }
    return NULL;
}

static void address_plan_put(uint64_t plan_id, uint64_t rate_milli_rps)
{
    fg_gate_plan_t plan = {.plan_id = plan_id,
                           .stages = &world.stage,
                           .stage_count = 1,
                           .address_throttle = {rate_milli_rps, BURST, true}};
    assert_int_equal(fg_gate_plan_sync(world.writer, &plan, &world.error), FG_OK);
}

static uint64_t times_freed(void)
{
    uint64_t times = 0;
    for (uint32_t i = 0; i < world.gate->geometry.buckets; i++) {
        uint64_t turn = fg_gate_claim_turn(atomic_load(&world.gate->buckets[i].id));
        times += turn > 0 ? turn - 1 : 0;
    }
    return times;
}

/* Given more addresses than buckets, a sweep that never rests and time that runs: no address is let
 * through more often than its burst and its rate allow, whoever claimed and freed its bucket how
 * often; and a bucket that is not full is never freed, so that a slow one spends its burst once. */
static void swept_buckets_admit_nothing_extra(void **state)
{
    (void)state;
    pthread_t askers[READERS];
    world.options.buckets = 128;
    world_reopen(&world);
    address_plan_put(PLAN, 1000);
    address_plan_put(SLOW_PLAN, 1);
    key_put(&world, KEY, PLAN);
    key_put(&world, SLOW_KEY, SLOW_PLAN);
    atomic_store(&is_over, false);
    for (uintptr_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&askers[i], NULL, ask_from_anywhere, (void *)(i + 1)), 0);
    for (int i = 0; times_freed() < TIMES_FREED && i < SWEEPS_MAX; i++) {
        int64_t us = atomic_fetch_add(&virtual_us, FG_SECOND_US / 2) + FG_SECOND_US / 2;
        fg_gate_sweep(world.writer, (fg_now_t){.mono = {us}});
        usleep(300);
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(askers[i], NULL), 0);
    uint64_t seconds = (uint64_t)(atomic_load(&virtual_us) / FG_SECOND_US);
    for (int i = 0; i < ADDRESSES; i++)
        assert_true(atomic_load(&admitted[i]) <= BURST + seconds);
    for (int i = 0; i < SLOW_ADDRESSES; i++)
        assert_true(atomic_load(&admitted_slow[i]) >= BURST &&
                    atomic_load(&admitted_slow[i]) <= BURST + seconds / 1000);
    assert_true(times_freed() >= TIMES_FREED);
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
        WITH_WORLD(a_shared_and_leased_quota_is_spent_exactly),
        WITH_WORLD(swept_buckets_admit_nothing_extra),
        WITH_WORLD(growth_never_refuses_a_good_key),
        WITH_WORLD(no_count_falls_between_two_drains),
        WITH_WORLD(a_former_directory_stays_until_nobody_is_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
