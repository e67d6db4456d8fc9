/* The writer: how a gate is opened, what each publication keeps, where the tables end. */
#include "world.h"

#include "gate/writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

enum { KEY = 1, PLAN = 11 };

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

static fg_gate_usage_t usage(uint64_t key, uint64_t plan)
{
    fg_gate_usage_t found = {0};
    assert_true(fg_gate_usage_of(world.writer, digest_of(&world, key), plan, &found));
    return found;
}

static uint64_t used(uint64_t key, uint64_t plan)
{
    return FG_QUOTA_WORD_USED(usage(key, plan).quota_word);
}

/* ---- opening ---- */

static void ours_keeps_every_count(void **state)
{
    (void)state;
    assert_int_equal(world.opening, FG_GATE_NEW);
    plan_put(&world, PLAN, no_throttle(), daily(3));
    key_put(&world, KEY, PLAN);
    assert_int_equal(ask(&world, KEY, at_s(1)).quota_remaining, 2);
    fg_gate_stage_publish(world.writer, world.stage, 7);
    fg_gate_seq_set(world.writer, 42);
    uint32_t stage = world.stage;
    world_reopen(&world);
    assert_int_equal(world.opening, FG_GATE_OURS);
    assert_int_equal(world.stage, stage);
    assert_int_equal(fg_gate_stage_find(world.gate, API, FG_STR("prod")), stage);
    assert_int_equal(fg_gate_stage_find(world.gate, API, FG_STR("none")), FG_GATE_NONE);
    assert_int_equal(fg_gate_stage_revision(world.gate, stage), 7);
    assert_int_equal(fg_gate_seq(world.gate), 42);
    assert_int_equal(ask(&world, KEY, at_s(1)).quota_remaining, 1);
}

/* What else lies at the path is replaced by an empty gate, and who mapped it is told. */
static void others_are_replaced_and_retired(fg_gate_opening_t expected)
{
    fg_gate_t *reader;
    assert_int_equal(fg_gate_open(world.path, &reader, &world.error), FG_OK);
    assert_false(fg_gate_is_retired(reader));
    plan_put(&world, PLAN, no_throttle(), daily(3));
    key_put(&world, KEY, PLAN);
    world_reopen(&world);
    assert_int_equal(world.opening, expected);
    assert_true(fg_gate_is_retired(reader));
    fg_gate_close(reader);
    assert_int_equal(ask(&world, KEY, at_s(1)).kind, FG_VERDICT_KEY_UNKNOWN);
    world_reopen(&world);
    assert_int_equal(world.opening, FG_GATE_OURS);
}

static void another_boot(void **state)
{
    (void)state;
    strcpy(world.options.boot_id, "boot-2");
    others_are_replaced_and_retired(FG_GATE_REBOOTED);
}

static void another_store(void **state)
{
    (void)state;
    strcpy(world.options.store_uuid, "store-2");
    others_are_replaced_and_retired(FG_GATE_REPLACED);
}

static void another_size(void **state)
{
    (void)state;
    world.options.slots_max *= 2;
    others_are_replaced_and_retired(FG_GATE_REPLACED);
}

static void write_at(off_t at, uint32_t word)
{
    int fd = open(world.path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pwrite(fd, &word, sizeof(word), at), sizeof(word));
    (void)close(fd);
}

static void damaged_files(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        size_t at;
        uint32_t word;
        fg_status_t status;
    } rows[] = {
        {"no gate at all", offsetof(fg_gate_header_t, magic), 1, FG_CORRUPT},
        {"a newer layout", offsetof(fg_gate_header_t, version), FG_GATE_VERSION + 1, FG_NEWER},
        {"buckets are no power of two", offsetof(fg_gate_header_t, geometry.buckets), 63,
         FG_CORRUPT},
        {"levels upside down", offsetof(fg_gate_header_t, geometry.level_min), 60, FG_CORRUPT},
        {"sizes beyond the file", offsetof(fg_gate_header_t, geometry.plans_max), 1 << 20,
         FG_CORRUPT},
        {"no such directory", offsetof(fg_gate_header_t, directory), 3, FG_CORRUPT},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_gate_t *gate, *reader;
        assert_int_equal(fg_gate_open(world.path, &reader, &world.error), FG_OK);
        fg_gate_writer_close(world.writer);
        write_at((off_t)rows[i].at, rows[i].word);
        if (fg_gate_open(world.path, &gate, &world.error) != rows[i].status)
            fail_msg("%s", rows[i].why);
        world_open(&world);
        assert_int_equal(world.opening, FG_GATE_REPLACED);
        assert_true(fg_gate_is_retired(reader));
        fg_gate_close(reader);
    }
}

static void truncated_files(void **state)
{
    (void)state;
    static const off_t lengths[] = {0, 100, FG_GATE_HEADER_BYTES, 100000};
    for (size_t i = 0; i < FG_COUNT_OF(lengths); i++) {
        fg_gate_t *gate;
        fg_gate_writer_close(world.writer);
        assert_int_equal(truncate(world.path, lengths[i]), 0);
        assert_int_equal(fg_gate_open(world.path, &gate, &world.error), FG_CORRUPT);
        world_open(&world);
        assert_int_equal(world.opening, FG_GATE_REPLACED);
    }
    fg_gate_t *gate;
    assert_int_equal(fg_gate_open("/nonexistent/gate", &gate, &world.error), FG_NOT_FOUND);
}

static void one_writer_at_a_time(void **state)
{
    (void)state;
    fg_gate_writer_t *second;
    fg_gate_opening_t opening;
    assert_int_equal(
        fg_gate_writer_open(world.path, &world.options, &second, &opening, &world.error), FG_BUSY);
    key_put(&world, KEY, 0); /* the first goes on */
}

/* ---- tables ---- */

static void keys_to_the_limit_and_past_it(void **state)
{
    (void)state;
    plan_put(&world, PLAN, no_throttle(), no_quota());
    for (uint64_t key = 1; key <= world.options.keys_max; key++)
        key_put(&world, key, PLAN);
    uint64_t plan = PLAN;
    assert_int_equal(fg_gate_has_room(world.writer, 1, 0, &world.error), FG_FULL);
    assert_int_equal(key_try(&world, 999999, FG_KEY_ENABLED, &plan, 1), FG_FULL);
    assert_string_equal(world.error.field, "keys");
    for (uint64_t key = 1; key <= world.options.keys_max; key += 97)
        assert_int_equal(ask(&world, key, at_s(1)).kind, FG_VERDICT_ADMITTED);
    assert_int_equal(ask(&world, 999999, at_s(1)).kind, FG_VERDICT_KEY_UNKNOWN);
    fg_gate_key_remove(world.writer, digest_of(&world, KEY));
    assert_int_equal(fg_gate_has_room(world.writer, 1, 0, &world.error), FG_OK);
    key_put(&world, 999999, PLAN);
}

/* Deleted keys never fill the gate. */
static void keys_come_and_go_for_ever(void **state)
{
    (void)state;
    for (uint64_t key = 1; key <= 200000; key++) {
        key_put(&world, key, 0);
        if (key > 100)
            fg_gate_key_remove(world.writer, digest_of(&world, key - 100));
    }
    assert_int_equal(fg_gate_fill(world.writer).keys, 100);
    assert_int_equal(ask(&world, 200000, at_s(1)).kind, FG_VERDICT_KEY_WITHOUT_PLAN);
}

static void slots_to_the_limit_and_past_it(void **state)
{
    (void)state;
    world.options.slots_max = 100;
    world_reopen(&world);
    plan_put(&world, PLAN, no_throttle(), no_quota());
    for (uint64_t key = 1; key <= 100; key++)
        key_put(&world, key, PLAN);
    uint64_t plan = PLAN;
    assert_int_equal(fg_gate_has_room(world.writer, 1, 1, &world.error), FG_FULL);
    assert_int_equal(key_try(&world, 101, FG_KEY_ENABLED, &plan, 1), FG_FULL);
    assert_string_equal(world.error.field, "slots");
    assert_int_not_equal(ask(&world, 101, at_s(1)).kind, FG_VERDICT_ADMITTED); /* no free ride */
    fg_gate_fill_t fill = fg_gate_fill(world.writer);
    assert_int_equal(fill.slots, 100);
    assert_int_equal(fill.slots_max, 100);
}

static void plans_and_stages_to_the_limit(void **state)
{
    (void)state;
    for (uint64_t plan = 1; plan <= world.options.plans_max; plan++)
        plan_put(&world, plan, no_throttle(), no_quota());
    fg_gate_plan_t more = {.plan_id = 1000};
    assert_int_equal(fg_gate_plan_sync(world.writer, &more, &world.error), FG_FULL);
    uint32_t index;
    for (uint32_t i = 2; i < world.options.stages_max; i++) { /* two are there */
        char name[16];
        snprintf(name, sizeof(name), "s%u", i);
        assert_int_equal(fg_gate_stage_sync(world.writer, API, fg_str(name), &index, &world.error),
                         FG_OK);
        assert_int_equal(fg_gate_stage_find(world.gate, API, fg_str(name)), index);
    }
    assert_int_equal(fg_gate_stage_sync(world.writer, API, FG_STR("more"), &index, &world.error),
                     FG_FULL);
    assert_int_equal(fg_gate_stage_find(world.gate, API, FG_STR("more")), FG_GATE_NONE);
}

/* A plan with more stages than one record holds. */
static void a_plan_with_many_stages(void **state)
{
    (void)state;
    static const size_t counts[] = {0, 1, 48, 49, 96, 97, 200};
    uint32_t stages[200];
    for (uint32_t i = 0; i < 200; i++)
        stages[i] = i;
    key_put(&world, KEY, 0);
    for (size_t i = 0; i < FG_COUNT_OF(counts); i++) {
        fg_gate_plan_t plan = {.plan_id = PLAN, .stages = stages, .stage_count = counts[i]};
        assert_int_equal(fg_gate_plan_sync(world.writer, &plan, &world.error), FG_OK);
        key_put(&world, KEY, PLAN);
        for (uint32_t stage = 0; stage < 200; stage++) {
            fg_gate_facts_t facts = {.stage_index = stage,
                                     .is_key_required = true,
                                     .has_key = true,
                                     .key_value = value_of(KEY)};
            assert_int_equal(fg_gate_decide(world.gate, &facts, at_s(1)).kind,
                             stage < counts[i] ? FG_VERDICT_ADMITTED
                                               : FG_VERDICT_PLAN_NOT_ON_STAGE);
        }
    }
}

static void ten_plans_on_a_key_and_one_past(void **state)
{
    (void)state;
    uint64_t plans[11];
    for (uint64_t i = 0; i < 11; i++) {
        fg_gate_plan_t plan = {
            .plan_id = plans[i] = 100 + i, .stages = (uint32_t[]){(uint32_t)i}, .stage_count = 1};
        assert_int_equal(fg_gate_plan_sync(world.writer, &plan, &world.error), FG_OK);
    }
    assert_int_equal(key_try(&world, KEY, FG_KEY_ENABLED, plans, 10), FG_OK);
    for (uint32_t stage = 0; stage < 10; stage++) {
        fg_gate_facts_t facts = {.stage_index = stage,
                                 .is_key_required = true,
                                 .has_key = true,
                                 .key_value = value_of(KEY)};
        assert_int_equal(fg_gate_decide(world.gate, &facts, at_s(1)).plan_id, plans[stage]);
    }
    assert_int_equal(key_try(&world, KEY, FG_KEY_ENABLED, plans, 11), FG_FULL);
    assert_int_equal(key_try(&world, KEY, FG_KEY_ENABLED, plans + 9, 1), FG_OK);
    assert_int_equal(
        fg_gate_usage_of(world.writer, digest_of(&world, KEY), plans[0], &(fg_gate_usage_t){0}),
        false);
    assert_int_equal(FG_QUOTA_WORD_USED(usage(KEY, plans[9]).day_words[0]), 1);
}

/* ---- keys ---- */

static void the_same_again_changes_nothing(void **state)
{
    (void)state;
    plan_put(&world, PLAN, no_throttle(), daily(5));
    key_put(&world, KEY, PLAN);
    assert_int_equal(ask(&world, KEY, at_s(1)).quota_remaining, 4);
    fg_gate_fill_t before = fg_gate_fill(world.writer);
    for (int i = 0; i < 100; i++) {
        plan_put(&world, PLAN, no_throttle(), daily(5));
        key_put(&world, KEY, PLAN);
    }
    fg_gate_fill_t after = fg_gate_fill(world.writer);
    assert_memory_equal(&before, &after, sizeof(before));
    assert_int_equal(ask(&world, KEY, at_s(1)).quota_remaining, 3);
}

static fg_status_t replace(uint64_t old, uint64_t new, uint64_t key_id)
{
    fg_gate_grant_t grant = {.plan_id = PLAN};
    fg_gate_key_t key = {.key_id = key_id,
                         .digest = digest_of(&world, new),
                         .state = FG_KEY_ENABLED,
                         .grants = &grant,
                         .grant_count = 1};
    return fg_gate_key_replace(world.writer, digest_of(&world, old), &key, &world.error);
}

/* Rule K6, and the way back to the old value. */
static void a_regenerated_value_keeps_the_counts(void **state)
{
    (void)state;
    plan_put(&world, PLAN, no_throttle(), daily(9));
    key_put(&world, KEY, PLAN);
    uint64_t value = KEY;
    for (uint64_t i = 1; i <= 6; i++) {
        assert_int_equal(ask(&world, value, at_s(1)).quota_remaining, 9 - i);
        uint64_t next = value == KEY ? 2 : KEY;
        assert_int_equal(replace(value, next, KEY), FG_OK);
        assert_int_equal(replace(value, next, KEY), FG_OK); /* again: nothing */
        assert_int_equal(ask(&world, value, at_s(1)).kind, FG_VERDICT_KEY_UNKNOWN);
        assert_int_equal(fg_gate_key_state(world.gate, digest_of(&world, value)), FG_KEY_REPLACED);
        value = next;
    }
    fg_gate_fill_t fill = fg_gate_fill(world.writer);
    assert_true(fill.keys == 1 && fill.slots == 1);
}

/* A writer that died while it handed the pairs over: the same call goes on, and nobody else frees
 * the slot meanwhile. */
static void a_replacement_that_was_cut_off_goes_on(void **state)
{
    (void)state;
    plan_put(&world, PLAN, no_throttle(), daily(9));
    key_put(&world, KEY, PLAN);
    assert_int_equal(ask(&world, KEY, at_s(1)).quota_remaining, 8);
    fg_gate_entry_t *before = fg_gate_entry_find(world.gate, digest_of(&world, KEY));
    atomic_store(&before->state, FG_KEY_REPLACED); /* here it died */
    world_reopen(&world);
    fg_gate_key_remove(world.writer, digest_of(&world, KEY));
    assert_int_equal(fg_gate_fill(world.writer).slots, 1);
    assert_int_equal(replace(KEY, 2, KEY), FG_OK);
    assert_int_equal(ask(&world, 2, at_s(1)).quota_remaining, 7);
    /* and further on: the new one stands, the old one still names the slot */
    before = fg_gate_entry_find(world.gate, digest_of(&world, KEY));
    fg_gate_entry_t *now = fg_gate_entry_find(world.gate, digest_of(&world, 2));
    atomic_store(&before->pairs[0], atomic_load(&now->pairs[0]));
    key_put(&world, KEY, PLAN); /* the old value belongs to a new key now */
    assert_int_equal(ask(&world, KEY, at_s(1)).quota_remaining, 8);
    assert_int_equal(ask(&world, 2, at_s(1)).quota_remaining, 6);
}

static void remaining_is_set(void **state)
{
    (void)state;
    uint64_t word, extension;
    fg_digest_t digest = digest_of(&world, KEY);
    plan_put(&world, PLAN, no_throttle(), daily(2));
    assert_int_equal(
        fg_gate_remaining_set(world.writer, digest, PLAN, 1, at_s(1).wall, &word, &extension),
        FG_NOT_FOUND);
    key_put(&world, KEY, PLAN);
    for (int i = 0; i < 2; i++)
        assert_int_equal(ask(&world, KEY, at_s(1)).kind, FG_VERDICT_ADMITTED);
    assert_int_equal(
        fg_gate_remaining_set(world.writer, digest, PLAN, 3, at_s(1).wall, &word, &extension),
        FG_OK);
    assert_int_equal(word, FG_QUOTA_WORD(20000, 2));
    assert_int_equal(extension, FG_QUOTA_WORD(20000, 5));
    for (int left = 2; left >= 0; left--)
        assert_int_equal(ask(&world, KEY, at_s(1)).quota_remaining, left);
    assert_int_equal(ask(&world, KEY, at_s(1)).kind, FG_VERDICT_QUOTA_EXCEEDED);
    assert_int_equal(ask(&world, KEY, at_s(FG_DAY_S)).quota_limit, 2); /* the next window's own */
}

/* ---- drain ---- */

typedef struct drained {
    size_t count, accept;
    fg_gate_usage_t last;
} drained_t;

static bool collect(void *ctx, const fg_gate_usage_t *found)
{
    drained_t *drained = ctx;
    if (drained->count == drained->accept)
        return false;
    drained->count++;
    drained->last = *found;
    return true;
}

static size_t drain(size_t accept, bool expected)
{
    drained_t drained = {.accept = accept};
    assert_int_equal(fg_gate_drain(world.writer, collect, &drained), expected);
    return drained.count;
}

static void a_drain_hands_over_what_counted_once(void **state)
{
    (void)state;
    plan_put(&world, PLAN, no_throttle(), daily(1));
    for (uint64_t key = 1; key <= 500; key++)
        key_put(&world, key, PLAN);
    assert_int_equal(drain(SIZE_MAX, true), 0);
    for (uint64_t key = 1; key <= 500; key += 5)
        (void)ask(&world, key, at_s(1));
    assert_int_equal(drain(30, false), 30); /* refused: the rest, and that one, stay */
    assert_int_equal(drain(SIZE_MAX, true), 70);
    assert_int_equal(drain(SIZE_MAX, true), 0);
    assert_int_equal(ask(&world, 1, at_s(1)).kind, FG_VERDICT_QUOTA_EXCEEDED);
    assert_int_equal(drain(SIZE_MAX, true), 1); /* refusals are usage as well */
    assert_int_equal(usage(1, PLAN).over_quota, 1);
}

/* A writer that died in a drain: what it had taken and not stored comes again. */
static void after_a_restart_everything_that_counted_is_drained_again(void **state)
{
    (void)state;
    plan_put(&world, PLAN, no_throttle(), no_quota());
    for (uint64_t key = 1; key <= 300; key++)
        key_put(&world, key, PLAN);
    for (uint64_t key = 1; key <= 300; key += 3)
        (void)ask(&world, key, at_s(1));
    assert_int_equal(drain(SIZE_MAX, true), 100);
    world_reopen(&world);
    assert_int_equal(drain(SIZE_MAX, true), 100);
    assert_int_equal(drain(SIZE_MAX, true), 0);
}

/* ---- everything together ---- */

enum { KEYS = 400, PLANS = 8, STEPS = 60000 };

typedef struct oracle {
    bool is_there[KEYS], is_enabled[KEYS];
    int plan[KEYS];                            /* -1: none */
    uint64_t count[KEYS][PLANS], limit[PLANS]; /* a pair that comes back soon goes on (rule Q5) */
} oracle_t;

static uint64_t draw(fg_random_t random, uint64_t below)
{
    uint64_t word = 0;
    assert_true(random.fill(random.ctx, &word, sizeof(word)));
    return word % below;
}

static void oracle_sync(const oracle_t *oracle, uint64_t key)
{
    uint64_t plan = PLAN + (uint64_t)(oracle->plan[key] < 0 ? 0 : oracle->plan[key]);
    assert_int_equal(key_try(&world, key + 1,
                             oracle->is_enabled[key] ? FG_KEY_ENABLED : FG_KEY_DISABLED, &plan,
                             oracle->plan[key] >= 0),
                     FG_OK);
}

static void oracle_ask(oracle_t *oracle, uint64_t key)
{
    fg_verdict_t got = ask(&world, key + 1, at_s(1));
    if (!oracle->is_there[key])
        assert_true(got.kind == FG_VERDICT_KEY_UNKNOWN || got.kind == FG_VERDICT_KEY_DELETED);
    else if (!oracle->is_enabled[key])
        assert_int_equal(got.kind, FG_VERDICT_KEY_DISABLED);
    else if (oracle->plan[key] < 0)
        assert_int_equal(got.kind, FG_VERDICT_KEY_WITHOUT_PLAN);
    else if (oracle->count[key][oracle->plan[key]] >= oracle->limit[oracle->plan[key]])
        assert_int_equal(got.kind, FG_VERDICT_QUOTA_EXCEEDED);
    else {
        assert_int_equal(got.kind, FG_VERDICT_ADMITTED);
        assert_int_equal(used(key + 1, got.plan_id), ++oracle->count[key][oracle->plan[key]]);
    }
}

static void oracle_change(oracle_t *oracle, fg_random_t random, uint64_t key)
{
    uint64_t what = draw(random, 100);
    if (what == 0) {
        world_reopen(&world);
    } else if (what < 5) {
        uint64_t plan = draw(random, PLANS);
        oracle->limit[plan] = draw(random, 50);
        plan_put(&world, PLAN + plan, no_throttle(), daily(oracle->limit[plan]));
    } else if (what < 30) {
        fg_gate_key_remove(world.writer, digest_of(&world, key + 1));
        oracle->is_there[key] = false;
    } else {
        oracle->is_there[key] = true;
        oracle->is_enabled[key] = draw(random, 4) != 0;
        oracle->plan[key] = (int)draw(random, PLANS + 1) - 1;
        oracle_sync(oracle, key);
    }
}

static void random_operations_against_an_oracle(void **state)
{
    (void)state;
    static oracle_t oracle;
    uint64_t seed = (uint64_t)time(NULL), generator = seed;
    print_message("seed %llu\n", (unsigned long long)seed);
    fg_random_t random = fg_random_seeded(&generator);
    for (uint64_t plan = 0; plan < PLANS; plan++)
        plan_put(&world, PLAN + plan, no_throttle(), daily(oracle.limit[plan] = 10 + plan));
    for (int step = 0; step < STEPS; step++) {
        uint64_t key = draw(random, KEYS);
        if (draw(random, 8) == 0)
            oracle_change(&oracle, random, key);
        else
            oracle_ask(&oracle, key);
    }
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(ours_keeps_every_count),
        WITH_WORLD(another_boot),
        WITH_WORLD(another_store),
        WITH_WORLD(another_size),
        WITH_WORLD(damaged_files),
        WITH_WORLD(truncated_files),
        WITH_WORLD(one_writer_at_a_time),
        WITH_WORLD(keys_to_the_limit_and_past_it),
        WITH_WORLD(keys_come_and_go_for_ever),
        WITH_WORLD(slots_to_the_limit_and_past_it),
        WITH_WORLD(plans_and_stages_to_the_limit),
        WITH_WORLD(a_plan_with_many_stages),
        WITH_WORLD(ten_plans_on_a_key_and_one_past),
        WITH_WORLD(the_same_again_changes_nothing),
        WITH_WORLD(a_regenerated_value_keeps_the_counts),
        WITH_WORLD(a_replacement_that_was_cut_off_goes_on),
        WITH_WORLD(remaining_is_set),
        WITH_WORLD(a_drain_hands_over_what_counted_once),
        WITH_WORLD(after_a_restart_everything_that_counted_is_drained_again),
        WITH_WORLD(random_operations_against_an_oracle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
