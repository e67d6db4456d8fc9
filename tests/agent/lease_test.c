/*
 * Rules L1 to L6, with a store, a gate and an agent in one process and time as a number: whatever is
 * cut, and whatever is found instead of the gate afterwards, no window admits more than its limit,
 * and no more of it is lost than one lease for each cut.
 */
#include "power.h"

#include "agent/state.h"
#include "gate/layout.h"
#include "gate/metrics.h"
#include "limit/lease.h"

#include <time.h>

enum { SEEDS = 200, STEPS = 40, KEYS = 2, PAGE_BYTES = 4096, MS_US = 1000 };

static const char *const values[KEYS] = {VALUE_1, VALUE_2};
static const char *const ids[KEYS] = {"key1000000", "key2000000"};

typedef struct sim {
    world_t *world;
    uint64_t seed;
    fg_random_t random;
    bool is_planted; /* with the fault that a grant is spent before it is durable: only count */
    uint64_t limit, limit_most;               /* now, and in this window */
    uint64_t admitted[KEYS], forfeited[KEYS]; /* in this window */
    uint64_t violations;
    copy_t older;      /* of the gate, from some time before */
    fg_gate_t *worker; /* who holds the gate, when somebody does */
} sim_t;

#define CHECK(sim, condition)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("seed %llu: %s", (unsigned long long)(sim)->seed, #condition);                \
    } while (0)

static uint64_t dice(sim_t *sim, uint64_t sides)
{
    uint64_t word;
    assert_true(sim->random.fill(sim->random.ctx, &word, sizeof(word)));
    return word % sides;
}

static fg_gate_usage_t usage_of(sim_t *sim, size_t key)
{
    fg_gate_usage_t usage;
    fg_digest_t digest = fg_gate_digest(world_gate(sim->world), fg_str(values[key]));
    assert_true(fg_gate_usage_of(fg_agent_writer(sim->world->agent), digest,
                                 fg_id_pack(FG_STR("planaa")), &usage));
    return usage;
}

static uint64_t today_of(uint64_t word)
{
    return FG_QUOTA_WORD_DAY(word) == (uint32_t)(clock_now.wall.s / FG_DAY_S)
               ? FG_QUOTA_WORD_USED(word)
               : 0;
}

/* ---- steps ---- */

static void spend(sim_t *sim)
{
    size_t key = dice(sim, KEYS);
    bool is_granted = dice(sim, 4) != 0; /* else nobody hears of its wish */
    for (uint64_t n = 1 + dice(sim, 12); n > 0; n--) {
        clock_now.mono.us += MS_US;
        fg_verdict_t verdict = is_granted ? world_decide(sim->world, values[key])
                                          : world_decide_alone(sim->world, values[key]);
        if (verdict.kind != FG_VERDICT_ADMITTED)
            return;
        if (sim->admitted[key] >= sim->limit)
            sim->violations++;
        sim->admitted[key]++;
    }
}

static void pass_time(sim_t *sim)
{
    int64_t us = (int64_t)dice(sim, 3 * FG_SECOND_US);
    clock_now.mono.us += us;
    clock_now.wall.s += us / FG_SECOND_US;
}

static void limit_set(sim_t *sim, uint64_t limit)
{
    fg_usage_plan_t plan = world_new_plan("planaa", (int64_t)limit, FG_PERIOD_DAY);
    CHANGE(sim->world, fg_store_plan_update(sim->world->store, &plan, reterr));
    sim->limit = limit;
    if (limit > sim->limit_most)
        sim->limit_most = limit;
}

static void drain(sim_t *sim)
{
    OK(fg_agent_drain(sim->world->agent, clock_now, reterr));
}

/* A lease is at most half of what remained, or one, or the first grant. Rule L2. */
static void check_stakes(sim_t *sim)
{
    for (size_t key = 0; key < KEYS; key++) {
        fg_gate_usage_t usage = usage_of(sim, key);
        uint64_t used = today_of(usage.quota_word), granted = today_of(usage.granted_word);
        uint64_t half = granted > used ? (sim->limit_most - used) / 2 + 1 : 0;
        uint64_t first = fg_lease_first(sim->limit_most);
        CHECK(sim, granted <= used + (half > first ? half : first));
    }
}

/* ---- cuts ---- */

enum found { INTACT, HELD, OLDER_FILE, OLDER_IN_PLACE, TORN, DELETED, REBOOTED, FOUNDS };

static void write_page(const char *path, off_t at, const char *page)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0 && pwrite(fd, page, PAGE_BYTES, at) == PAGE_BYTES);
    (void)close(fd);
}

/* A random page that holds data becomes nothing, or noise, or what it was some time before. */
static void tear(sim_t *sim, const copy_t *gate)
{
    char page[PAGE_BYTES] = {0};
    const extent_t *extent = &gate->extents[dice(sim, gate->count)];
    size_t page_index = dice(sim, extent->bytes / PAGE_BYTES);
    off_t at = extent->at + (off_t)(page_index * PAGE_BYTES);
    uint64_t how = dice(sim, 3);
    if (how == 1)
        assert_true(sim->random.fill(sim->random.ctx, page, sizeof(page)));
    for (size_t i = 0; how == 2 && i < sim->older.count; i++)
        if (sim->older.extents[i].at <= at &&
            at + PAGE_BYTES <= sim->older.extents[i].at + (off_t)sim->older.extents[i].bytes)
            memcpy(page, sim->older.extents[i].data + (at - sim->older.extents[i].at), PAGE_BYTES);
    write_page(sim->world->gate_path, at, page);
}

/* The gate as it is found when everybody comes back. */
static void replace_gate(sim_t *sim, enum found found, const copy_t *gate)
{
    static char other_boot[] = "21111111-2222-3333-4444-555555555500";
    const char *path = sim->world->gate_path;
    if (found == OLDER_FILE || found == DELETED)
        (void)unlink(path);
    if ((found == OLDER_FILE || found == OLDER_IN_PLACE) && sim->older.exists)
        copy_restore(&sim->older, path);
    if (found == TORN)
        tear(sim, gate);
    if (found == REBOOTED) {
        other_boot[35] = (char)('a' + dice(sim, 6));
        sim->world->boot_id = other_boot;
    }
}

static void hold(sim_t *sim)
{
    fg_error_t error;
    fg_gate_close(sim->worker);
    sim->worker = NULL;
    assert_int_equal(fg_gate_open(sim->world->gate_path, &sim->worker, &error), FG_OK);
    assert_int_not_equal(fg_gate_worker_claim(sim->worker), FG_GATE_NONE);
}

static void let_go(sim_t *sim)
{
    if (!sim->worker)
        return;
    fg_gate_worker_release(sim->worker, fg_gate_worker_claim(sim->worker));
    fg_gate_close(sim->worker);
    sim->worker = NULL;
}

/* What was lost of the window: never more than was at stake. */
static void count_forfeits(sim_t *sim, const uint64_t *stakes, bool is_exact)
{
    for (size_t key = 0; !sim->is_planted && key < KEYS; key++) {
        uint64_t used = today_of(usage_of(sim, key).quota_word);
        uint64_t known = sim->admitted[key] + sim->forfeited[key];
        CHECK(sim, used >= known);
        CHECK(sim, used - known <= (is_exact ? 0 : stakes[key]));
        sim->forfeited[key] = used - sim->admitted[key];
    }
}

static void measure_stakes(sim_t *sim, uint64_t *stakes)
{
    for (size_t key = 0; key < KEYS; key++) {
        fg_ledger_row_t row;
        OK(fg_store_ledger_get(sim->world->store, fg_str(ids[key]), FG_STR("planaa"), &row,
                               reterr));
        uint64_t used = today_of(usage_of(sim, key).quota_word);
        uint64_t granted = today_of(row.granted_word), first = fg_lease_first(sim->limit);
        if (granted < first)
            granted = first;
        stakes[key] = granted > used ? granted - used : 0;
    }
}

/* Everybody is killed, at rest or between the commit of a grant and its publication. The planted
 * fault is a store that has not got what was published. */
static void cut(sim_t *sim)
{
    enum found found = (enum found)dice(sim, FOUNDS);
    enum { AT_REST, BEFORE_PUBLICATION, AFTER_DRAIN, MOMENTS } moment = dice(sim, MOMENTS);
    uint64_t stakes[KEYS];
    if (found == HELD)
        hold(sim);
    disk_t disk = {.database = {.exists = false}};
    copy_t gate = {.exists = false};
    if (sim->is_planted)
        disk = disk_of(sim->world);
    if (moment == BEFORE_PUBLICATION)
        gate = copy_of(sim->world->gate_path);
    if (moment != AT_REST)
        drain(sim);
    if (moment != AT_REST && sim->is_planted)
        spend(sim);
    if (moment != BEFORE_PUBLICATION)
        gate = copy_of(sim->world->gate_path);
    if (!sim->is_planted)
        disk = disk_of(sim->world);
    measure_stakes(sim, stakes);
    world_kill(sim->world, &disk, &gate);
    replace_gate(sim, found, &gate);
    clock_now.wall.s++;
    clock_now.mono.us += FG_SECOND_US;
    world_start(sim->world);
    count_forfeits(sim, stakes, found == HELD);
    let_go(sim);
    disk_free(&disk);
    copy_free(&gate);
}

/* In good order, and nothing is lost whatever becomes of the file. Rule L6. */
static void stop_and_start(sim_t *sim)
{
    static const uint64_t nothing[KEYS];
    world_stop(sim->world);
    if (dice(sim, 2) == 0)
        (void)unlink(sim->world->gate_path);
    clock_now.wall.s++;
    world_start(sim->world);
    count_forfeits(sim, nothing, true);
}

/* ---- runs ---- */

static void step(sim_t *sim)
{
    switch (dice(sim, 16)) {
    case 0:
        cut(sim);
        break;
    case 1:
        copy_free(&sim->older);
        sim->older = copy_of(sim->world->gate_path);
        break;
    case 2:
        if (dice(sim, 4) == 0)
            stop_and_start(sim);
        break;
    case 3:
        if (dice(sim, 4) == 0)
            limit_set(sim, 1 + dice(sim, 2 * sim->limit));
        break;
    case 4:
    case 5:
        drain(sim);
        break;
    case 6:
        pass_time(sim);
        break;
    default:
        spend(sim);
    }
}

/* The rest of the window passes to the last request, and not one more. */
static void spend_the_rest(sim_t *sim)
{
    for (size_t key = 0; key < KEYS; key++) {
        bool is_lowered = sim->admitted[key] + sim->forfeited[key] > sim->limit;
        do {
            clock_now.mono.us += MS_US;
            sim->admitted[key]++;
        } while (world_decide(sim->world, values[key]).kind == FG_VERDICT_ADMITTED);
        sim->admitted[key]--;
        CHECK(sim, is_lowered || sim->admitted[key] + sim->forfeited[key] == sim->limit);
    }
}

/* Another day, another window, which opens under the limit of the day before. */
static void next_day(sim_t *sim)
{
    clock_now.wall.s += FG_DAY_S - clock_now.wall.s % FG_DAY_S;
    memset(sim->admitted, 0, sizeof(sim->admitted));
    memset(sim->forfeited, 0, sizeof(sim->forfeited));
    sim->limit_most = sim->limit;
    limit_set(sim, 1 + dice(sim, dice(sim, 2) == 0 ? 40 : 3000));
}

static uint64_t run(world_t *world, uint64_t seed, bool is_planted)
{
    uint64_t generator = seed;
    sim_t sim = {.world = world,
                 .seed = seed,
                 .random = fg_random_seeded(&generator),
                 .is_planted = is_planted};
    limit_set(&sim, 1); /* what the seed before left is over */
    next_day(&sim);
    for (int i = 0; i < STEPS; i++) {
        step(&sim);
        if (!is_planted)
            check_stakes(&sim);
    }
    if (!is_planted)
        spend_the_rest(&sim);
    copy_free(&sim.older);
    fg_arena_reset(world->arena);
    return sim.violations;
}

static void no_cut_admits_beyond_the_limit(void **state)
{
    const char *again = getenv("FG_TEST_SEED");
    uint64_t first = again ? strtoull(again, NULL, 10) : (uint64_t)time(NULL);
    print_message("seeds from %llu\n", (unsigned long long)first);
    world_furnish(*state);
    for (uint64_t seed = first; seed < first + SEEDS; seed++)
        if (run(*state, seed, false) > 0)
            fail_msg("seed %llu admits beyond the limit", (unsigned long long)seed);
}

/* The test would see it: with grants that are spent before they are durable, some seed admits too
 * much. */
static void a_grant_that_is_not_durable_is_caught(void **state)
{
    uint64_t violations = 0;
    world_furnish(*state);
    for (uint64_t seed = 1; seed < 20; seed++)
        violations += run(*state, seed, true);
    assert_true(violations > 0);
}

/* Given a gate with counts that nobody drained, marked as retired by a start that was killed before it
 * had put it aside, when the next one starts, then the counts are in the usage. Rule L5. */
static void what_a_cut_off_start_retired_is_read(void **state)
{
    world_t *world = *state;
    uint64_t used, remaining;
    world_furnish(world);
    limit_set(&(sim_t){.world = world}, 10);
    assert_int_equal(world_decide_alone(world, values[0]).kind, FG_VERDICT_ADMITTED);
    atomic_store(&world_gate(world)->header->is_retired, 1);
    world->agent->seq = 0; /* killed: drains nothing */
    fg_agent_close(world->agent);
    world_start(world);
    assert_true(world_usage(world, "planaa", ids[0], (uint32_t)(clock_now.wall.s / FG_DAY_S),
                            &used, &remaining));
    assert_int_equal(used, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(no_cut_admits_beyond_the_limit),
        WORLD_TEST(a_grant_that_is_not_durable_is_caught),
        WORLD_TEST(what_a_cut_off_start_retired_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
