/* Random changes of keys against a naive model of them, with writers killed at random instructions:
 * every decision is what the model says, and in the end the figures that were drained are exactly
 * what was let through. */
#include "world.h"

#include "gate/writer.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

enum {
    KEYS = 10,
    VALUES = 5, /* that a key takes in turn */
    PLANS = 5,  /* 0..2 and SHADOW on one stage, ELSEWHERE on the other */
    ELSEWHERE = 3,
    SHADOW = 4,
    GROUPS = 3, /* 0: none */
    STEPS = 5000,
    KILLS = 60,
    FIRST_PLAN = 11,
    DAY = 20000,
};

/* What a key is to be. */
typedef struct want {
    bool is_there, is_enabled, has_shadow;
    int plan, other_plan; /* on either stage; -1: none */
    int group;
    uint64_t override; /* 0: none */
    int newest, further[FG_GATE_VALUES_MAX];
    size_t further_count;
    int64_t ends[FG_GATE_VALUES_MAX]; /* second of the day; 0: none */
} want_t;

/* What a store would hold; shared with writers that are killed. */
typedef struct ledger {
    uint64_t quota[KEYS][PLANS], day[KEYS][PLANS], extension[KEYS][PLANS];
    uint64_t group[GROUPS][PLANS], group_extension[GROUPS][PLANS];
    bool is_shadow_over[KEYS];
    uint32_t retreats; /* figures that went back */
} ledger_t;

/* What was let through. */
typedef struct truth {
    want_t keys[KEYS];
    uint64_t limit[PLANS];
    uint64_t quota[KEYS][PLANS], day[KEYS][PLANS], group[GROUPS][PLANS];
    uint64_t shadow[KEYS];
    bool is_shadow_unknown[KEYS];
} truth_t;

static world_t world;
static ledger_t *ledger;
static truth_t truth;
static uint64_t generator;
static int64_t ahead_us;

static fg_mono_t later(void)
{
    return (fg_mono_t){fg_now().mono.us + ahead_us};
}

static uint64_t draw(uint64_t below)
{
    fg_random_t random = fg_random_seeded(&generator);
    uint64_t word = 0;
    assert_true(random.fill(random.ctx, &word, sizeof(word)));
    return word % below;
}

static uint64_t value_number(int key, int value)
{
    return (uint64_t)key * 100 + (uint64_t)value;
}

static fg_digest_t digest(int key, int value)
{
    return digest_of(&world, value_number(key, value));
}

/* ---- the change of one key ---- */

static void grant(const want_t *want, int key, int plan, fg_gate_grant_t *ret)
{
    *ret = (fg_gate_grant_t){
        .plan_id = (uint64_t)(FIRST_PLAN + plan),
        .quota_word = ledger->quota[key][plan],
        .extension_word = ledger->extension[key][plan],
        .day_words = {ledger->day[key][plan]},
        .has_override_quota = want->override != 0,
        .override_quota_limit = want->override,
        .group_id = want->group ? FG_GATE_GROUP(want->group) : 0,
        .group_quota_word = ledger->group[want->group][plan],
        .group_extension_word = ledger->group_extension[want->group][plan],
        .shadow_plan_id = want->has_shadow ? FIRST_PLAN + SHADOW : 0,
    };
}

/* As the agent does it: the rows of now, and the value that the log says was replaced. */
static void publish(int key, int old)
{
    const want_t *want = &truth.keys[key];
    fg_gate_grant_t grants[2];
    fg_gate_value_t values[FG_GATE_VALUES_MAX];
    fg_gate_key_t row = {.key_id = (uint64_t)key + 1,
                         .digest = digest(key, want->newest),
                         .state = want->is_enabled ? FG_KEY_ENABLED : FG_KEY_DISABLED,
                         .grants = grants,
                         .values = values,
                         .value_count = want->further_count};
    if (!want->is_there) {
        fg_gate_key_remove(world.writer, digest(key, old));
        return;
    }
    if (want->plan >= 0)
        grant(want, key, want->plan, &grants[row.grant_count++]);
    if (want->other_plan >= 0)
        grant(want, key, want->other_plan, &grants[row.grant_count++]);
    for (size_t i = 0; i < want->further_count; i++)
        values[i] = (fg_gate_value_t){.digest = digest(key, want->further[i]),
                                      .expires = {want->ends[i] ? at_s(want->ends[i]).wall.s : 0}};
    fg_status_t status = old == want->newest ? fg_gate_key_sync(world.writer, &row, &world.error)
                                             : fg_gate_key_replace(world.writer, digest(key, old),
                                                                   &row, &world.error);
    if (status != FG_OK)
        abort(); /* also in a child */
}

/* A different set of values, mostly as a rotation leaves it. */
static void change_values(want_t *want)
{
    int before = want->newest;
    want->newest = (int)draw(VALUES);
    size_t kept = 0;
    for (size_t i = 0; i < want->further_count; i++)
        if (want->further[i] != want->newest && want->further[i] != before && draw(4) != 0) {
            want->further[kept] = want->further[i];
            want->ends[kept++] = want->ends[i];
        }
    if (before != want->newest && draw(4) != 0 && kept < FG_GATE_VALUES_MAX) {
        want->further[kept] = before;
        want->ends[kept++] = draw(2) ? (int64_t)(10 + draw(80)) : 0;
    }
    want->further_count = kept;
}

static void change_want(int key)
{
    want_t *want = &truth.keys[key];
    if (want->is_there && draw(6) == 0) {
        want->is_there = false;
        return;
    }
    if (!want->is_there)
        want->further_count = 0;
    want->is_there = true;
    want->is_enabled = draw(5) != 0;
    if (draw(3) == 0)
        change_values(want);
    if (draw(2) == 0)
        want->plan = (int)draw(5) - 1;
    if (want->plan == ELSEWHERE)
        want->plan = SHADOW;
    if (draw(2) == 0)
        want->other_plan = draw(2) ? ELSEWHERE : -1;
    if (draw(3) == 0)
        want->group = (int)draw(GROUPS);
    if (draw(3) == 0)
        want->override = draw(2) * (1 + draw(40));
    if (draw(3) == 0)
        want->has_shadow = draw(2);
}

/* The key is on the plan that would be its shadow: what was counted for it is forgotten. */
static void settle_shadow(int key)
{
    if (truth.keys[key].is_there && truth.keys[key].plan == SHADOW) {
        truth.shadow[key] = 0;
        truth.is_shadow_unknown[key] = false;
    }
}

/* ---- draining ---- */

static void note(uint64_t *word, uint64_t drained)
{
    if (drained < *word)
        ledger->retreats++;
    *word = drained;
}

static bool take(void *ctx, const fg_gate_usage_t *usage)
{
    size_t *accept = ctx;
    uint64_t plan = usage->plan_id - FIRST_PLAN;
    if (plan >= PLANS || (*accept)-- == 0)
        return false;
    if (FG_GATE_IS_GROUP(usage->key_id)) {
        note(&ledger->group[usage->key_id & 0xff][plan], usage->quota_word);
    } else if (usage->is_shadow) {
        ledger->is_shadow_over[usage->key_id - 1] |= usage->is_final;
    } else {
        note(&ledger->quota[usage->key_id - 1][plan], usage->quota_word);
        note(&ledger->day[usage->key_id - 1][plan], usage->day_words[DAY & 1]);
    }
    return true;
}

static void drain(size_t accept)
{
    if (!fg_gate_drain(world.writer, take, &accept) && accept != SIZE_MAX)
        abort(); /* a plan that nobody knows */
}

/* A shadow whose last figures were taken begins anew; of a writer that was killed meanwhile nobody
 * knows whether they were. */
static void settle_drain(bool was_killed)
{
    for (int key = 0; key < KEYS; key++) {
        if (!ledger->is_shadow_over[key])
            continue;
        ledger->is_shadow_over[key] = false;
        truth.shadow[key] = 0;
        truth.is_shadow_unknown[key] |= was_killed;
    }
}

/* ---- killing ---- */

/* Let a child do it and kill that after a random number of instructions. True when it was done
 * before. */
static bool try_and_kill(void (*what)(int key, int old), int key, int old)
{
    uint64_t instructions = 1 + draw(UINT64_C(1) << (1 + draw(13)));
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 || raise(SIGSTOP) != 0)
            _exit(1);
        what(key, old);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    while (WIFSTOPPED(status) && instructions-- > 0) {
        assert_int_equal(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
    }
    if (!WIFSTOPPED(status)) {
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        return true;
    }
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return false;
}

static void drain_all(int key, int old)
{
    (void)key, (void)old;
    drain(SIZE_MAX);
}

static void reopen(void)
{
    world_reopen(&world);
    world.writer->clock = later;
    assert_int_equal(world.opening, FG_GATE_OURS);
}

/* Whatever the child did, the parent's writer knows nothing of it; it leaves as the child did. */
static void reopen_after_a_kill(void)
{
    world.writer->is_tidy = false;
    reopen();
}

static void kill_a_drain(void)
{
    bool was_done = try_and_kill(drain_all, 0, 0);
    settle_drain(!was_done);
    reopen_after_a_kill();
}

static void kill_a_change(int key)
{
    int old = truth.keys[key].newest;
    change_want(key);
    (void)try_and_kill(publish, key, old);
    settle_shadow(key);
    reopen_after_a_kill();
    if (draw(2)) { /* the row is another one by now; the log has both changes */
        int between = truth.keys[key].newest;
        change_want(key);
        publish(key, old);
        publish(key, between);
        settle_shadow(key);
    } else {
        publish(key, old);
    }
}

/* ---- checking ---- */

static uint64_t limit_of(const want_t *want, int key, int plan)
{
    uint64_t extension =
        want->group ? ledger->group_extension[want->group][plan] : ledger->extension[key][plan];
    if (extension != 0)
        return FG_QUOTA_WORD_USED(extension);
    return want->override != 0 && !want->group ? want->override : truth.limit[plan];
}

static bool is_value(const want_t *want, int value, int64_t second, fg_verdict_kind_t *ret_refusal)
{
    *ret_refusal = FG_VERDICT_KEY_EXPIRED;
    if (value == want->newest)
        return true;
    for (size_t i = 0; i < want->further_count; i++)
        if (want->further[i] == value)
            return want->ends[i] == 0 || second < want->ends[i];
    *ret_refusal = FG_VERDICT_KEY_UNKNOWN;
    return false;
}

static fg_verdict_kind_t expected_of_key(const want_t *want, int value, int64_t second, int plan)
{
    fg_verdict_kind_t refusal;
    if (!want->is_there)
        return FG_VERDICT_KEY_UNKNOWN;
    bool is_good = is_value(want, value, second, &refusal);
    if (!is_good && refusal == FG_VERDICT_KEY_UNKNOWN)
        return refusal;
    if (!want->is_enabled)
        return FG_VERDICT_KEY_DISABLED;
    if (!is_good)
        return refusal;
    if (plan >= 0)
        return FG_VERDICT_ADMITTED;
    return want->plan >= 0 || want->other_plan >= 0 ? FG_VERDICT_PLAN_NOT_ON_STAGE
                                                    : FG_VERDICT_KEY_WITHOUT_PLAN;
}

static void check_shadow(int key, fg_verdict_kind_t got)
{
    const want_t *want = &truth.keys[key];
    if (!want->has_shadow || want->plan == SHADOW) {
        assert_int_equal(got, FG_VERDICT_ADMITTED);
        return;
    }
    if (truth.is_shadow_unknown[key])
        return;
    bool is_over = truth.shadow[key] >= truth.limit[SHADOW];
    assert_int_equal(got, is_over ? FG_VERDICT_QUOTA_EXCEEDED : FG_VERDICT_ADMITTED);
    truth.shadow[key] += !is_over;
}

static void ask_once(int key)
{
    const want_t *want = &truth.keys[key];
    int value = draw(2) ? want->newest : (int)draw(VALUES);
    int64_t second = (int64_t)draw(100);
    bool is_elsewhere = draw(4) == 0;
    int plan = is_elsewhere ? want->other_plan : want->plan;
    fg_gate_facts_t facts = {.stage_index = is_elsewhere ? world.other_stage : world.stage,
                             .is_key_required = true,
                             .has_key = true,
                             .key_value = value_of(value_number(key, value))};
    fg_verdict_t got = fg_gate_decide(world.gate, &facts, at_s(second));
    fg_verdict_kind_t expected = expected_of_key(want, value, second, plan);
    uint64_t *used = plan < 0      ? NULL
                     : want->group ? &truth.group[want->group][plan]
                                   : &truth.quota[key][plan];
    if (expected == FG_VERDICT_KEY_UNKNOWN && got.kind == FG_VERDICT_KEY_DELETED)
        return;
    if (expected == FG_VERDICT_ADMITTED && *used >= limit_of(want, key, plan))
        expected = FG_VERDICT_QUOTA_EXCEEDED;
    if (got.kind != expected)
        fail_msg("key %d, value %d: %s, not %s", key, value, fg_verdict_reason(got.kind),
                 fg_verdict_reason(expected));
    if (expected != FG_VERDICT_ADMITTED)
        return;
    assert_int_equal(got.quota_limit - got.quota_remaining, ++*used);
    truth.day[key][plan]++;
    check_shadow(key, got.shadow);
}

static void extend(int key)
{
    const want_t *want = &truth.keys[key];
    uint64_t word, extension;
    if (!want->is_there || want->plan < 0)
        return;
    assert_int_equal(fg_gate_remaining_set(world.writer, digest(key, want->newest),
                                           (uint64_t)(FIRST_PLAN + want->plan), draw(30),
                                           at_s(1).wall, &word, &extension),
                     FG_OK);
    if (want->group)
        ledger->group_extension[want->group][want->plan] = extension;
    else
        ledger->extension[key][want->plan] = extension;
}

/* No two slots are of one owner and plan, and no key's slot is linked twice. */
static void check_slots(void)
{
    uint64_t used = atomic_load(&world.gate->header->slots_used);
    for (uint64_t i = 0; i < used; i++) {
        const fg_gate_slot_t *slot = &world.gate->slots[i];
        uint64_t owner = atomic_load(&slot->key_id);
        for (uint64_t k = 0; owner != 0 && owner != FG_GATE_CHUNK && k < i; k++) {
            const fg_gate_slot_t *other = &world.gate->slots[k];
            if (atomic_load(&other->key_id) == owner &&
                ((slot->plan_index ^ other->plan_index) & ~FG_GATE_SLOT_RETIRED) == 0)
                fail_msg("slots %llu and %llu have one owner", (unsigned long long)k,
                         (unsigned long long)i);
        }
    }
}

static void check_figures(void)
{
    for (int key = 0; key < KEYS; key++)
        for (int plan = 0; plan < PLANS; plan++) {
            assert_int_equal(FG_QUOTA_WORD_USED(ledger->day[key][plan]), truth.day[key][plan]);
            assert_int_equal(FG_QUOTA_WORD_USED(ledger->quota[key][plan]), truth.quota[key][plan]);
        }
    for (int group = 1; group < GROUPS; group++)
        for (int plan = 0; plan < PLANS; plan++)
            assert_int_equal(FG_QUOTA_WORD_USED(ledger->group[group][plan]),
                             truth.group[group][plan]);
    assert_int_equal(ledger->retreats, 0);
}

static void check_no_value_is_left(void)
{
    for (int key = 0; key < KEYS; key++)
        for (int value = 0; value < VALUES; value++)
            assert_int_not_equal(ask(&world, value_number(key, value), at_s(1)).kind,
                                 FG_VERDICT_ADMITTED);
}

/* ---- the test ---- */

static void change(int key)
{
    int old = truth.keys[key].newest;
    change_want(key);
    publish(key, old);
    settle_shadow(key);
}

static void step(void)
{
    int key = (int)draw(KEYS);
    uint64_t what = draw(1000);
    if (what < 150) {
        change(key);
    } else if (what < 165) {
        extend(key);
    } else if (what < 185) {
        drain(draw(2) ? SIZE_MAX : draw(8));
        settle_drain(false);
    } else if (what < 195) {
        ahead_us += (int64_t)draw(FG_GATE_QUARANTINE_US * 2);
    } else if (what < 200) {
        reopen();
    } else if (what < 200 + 1000 * KILLS / STEPS) {
        if (draw(4) == 0)
            kill_a_drain();
        else
            kill_a_change(key);
        check_slots();
    } else {
        ask_once(key);
    }
}

static void put_plans(void)
{
    for (int plan = 0; plan < PLANS; plan++) {
        truth.limit[plan] = 20 + draw(100);
        fg_gate_plan_t row = {.plan_id = (uint64_t)(FIRST_PLAN + plan),
                              .quota = daily(truth.limit[plan]),
                              .stages = plan == ELSEWHERE ? &world.other_stage : &world.stage,
                              .stage_count = 1};
        assert_int_equal(fg_gate_plan_sync(world.writer, &row, &world.error), FG_OK);
    }
}

static void random_changes_and_kills_against_a_model(void **state)
{
    (void)state;
    const char *seed = getenv("FG_TEST_SEED");
    generator = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
    print_message("seed %llu\n", (unsigned long long)generator);
    ledger = mmap(NULL, sizeof(*ledger), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(ledger != MAP_FAILED);
    world_setup(&world);
    world.writer->clock = later;
    put_plans();
    for (int key = 0; key < KEYS; key++)
        truth.keys[key] = (want_t){.plan = -1, .other_plan = -1};
    for (int i = 0; i < STEPS; i++)
        step();
    for (int key = 0; key < KEYS; key++) {
        truth.keys[key].is_there = false;
        publish(key, truth.keys[key].newest);
    }
    ahead_us += FG_GATE_QUARANTINE_US + 1;
    drain(SIZE_MAX);
    check_figures();                                       /* rule Q5 */
    assert_int_equal(fg_gate_fill(world.writer).slots, 0); /* killed writers leak nothing */
    assert_int_equal(fg_gate_fill(world.writer).keys, 0);
    check_no_value_is_left();
    world_teardown(&world);
    munmap(ledger, sizeof(*ledger));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_changes_and_kills_against_a_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
