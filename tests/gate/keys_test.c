/* What a key has beside its newest value and its plans' own limits: further values, pairs that come
 * back, slots that are shared. */
#include "world.h"

#include "gate/writer.h"

#include <pthread.h>

enum { KEY = 1, OTHER = 2, PLAN = 11, PLAN_B = 12, NEVER = 0 };

static world_t world;
static int64_t ahead_us; /* of the clock that quarantines go by */

static fg_mono_t later(void)
{
    return (fg_mono_t){fg_now().mono.us + ahead_us};
}

static void reopen(void)
{
    world_reopen(&world);
    world.writer->clock = later;
}

static int setup(void **state)
{
    (void)state;
    world_setup(&world);
    world.writer->clock = later;
    ahead_us = 0;
    plan_put(&world, PLAN, no_throttle(), daily(9));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_teardown(&world);
    return 0;
}

/* ---- short ways ---- */

/* A key on PLAN; the tests change what they are about. */
typedef struct row {
    fg_gate_grant_t grants[12];
    fg_gate_value_t values[FG_GATE_VALUES_MAX + 1];
    fg_address_rule_t rules[32];
    fg_gate_key_t key;
} row_t;

static row_t *row_of(uint64_t key_id, uint64_t value)
{
    static row_t row;
    row = (row_t){.grants = {{.plan_id = PLAN}},
                  .key = {.key_id = key_id,
                          .digest = digest_of(&world, value),
                          .state = FG_KEY_ENABLED,
                          .grants = row.grants,
                          .grant_count = 1,
                          .values = row.values,
                          .addresses = row.rules}};
    return &row;
}

static void further(row_t *row, uint64_t value, int64_t not_before_s, int64_t expires_s)
{
    row->values[row->key.value_count++] = (fg_gate_value_t){
        .digest = digest_of(&world, value), .not_before = {not_before_s}, .expires = {expires_s}};
}

static fg_status_t put(const row_t *row)
{
    return fg_gate_key_sync(world.writer, &row->key, &world.error);
}

static fg_status_t replace(uint64_t old, const row_t *row)
{
    return fg_gate_key_replace(world.writer, digest_of(&world, old), &row->key, &world.error);
}

static fg_verdict_kind_t kind_of(uint64_t value, int64_t second)
{
    return ask(&world, value, at_s(second)).kind;
}

static uint64_t left(uint64_t value)
{
    fg_verdict_t verdict = ask(&world, value, at_s(1));
    assert_int_equal(verdict.kind, FG_VERDICT_ADMITTED);
    return verdict.quota_remaining;
}

static fg_key_state_t state_of(uint64_t value)
{
    return fg_gate_key_state(world.gate, digest_of(&world, value));
}

static fg_gate_usage_t usage_of(uint64_t value, uint64_t plan)
{
    fg_gate_usage_t usage = {0};
    assert_true(fg_gate_usage_of(world.writer, digest_of(&world, value), plan, &usage));
    return usage;
}

static uint64_t slots_used(void)
{
    return fg_gate_fill(world.writer).slots;
}

/* What one drain handed over. */
static fg_gate_usage_t drained[64];
static size_t drained_count;

static bool collect(void *ctx, const fg_gate_usage_t *usage)
{
    (void)ctx;
    if (drained_count == FG_COUNT_OF(drained))
        return false;
    drained[drained_count++] = *usage;
    return true;
}

static size_t drain(void)
{
    drained_count = 0;
    assert_true(fg_gate_drain(world.writer, collect, NULL));
    return drained_count;
}

static void wait_out_the_quarantine(void)
{
    ahead_us += FG_GATE_QUARANTINE_US + 1;
}

/* ---- values ---- */

/* Rule K6 with overlap: both values spend one quota; the old one ends by itself, the new goes on. */
static void a_value_is_rotated_with_overlap(void **state)
{
    (void)state;
    assert_int_equal(put(row_of(KEY, 100)), FG_OK);
    assert_int_equal(left(100), 8);
    row_t *row = row_of(KEY, 200);
    further(row, 100, NEVER, at_s(60).wall.s);
    for (int again = 0; again < 2; again++)
        assert_int_equal(replace(100, row), FG_OK);
    assert_int_equal(left(200), 7);
    assert_int_equal(left(100), 6);
    assert_int_equal(state_of(100), FG_KEY_ALIAS);
    assert_int_equal(kind_of(100, 59), FG_VERDICT_ADMITTED);
    assert_int_equal(kind_of(100, 60), FG_VERDICT_KEY_EXPIRED);
    assert_int_equal(kind_of(200, 60), FG_VERDICT_ADMITTED);
    fg_gate_fill_t fill = fg_gate_fill(world.writer);
    assert_true(fill.keys == 2 && fill.slots == 3); /* the pair, and a line of each value */
}

static void five_values_and_one_past(void **state)
{
    (void)state;
    row_t *row = row_of(KEY, 100);
    for (uint64_t value = 101; value <= 100 + FG_GATE_VALUES_MAX; value++)
        further(row, value, NEVER, NEVER);
    assert_int_equal(put(row), FG_OK);
    for (uint64_t value = 100; value <= 100 + FG_GATE_VALUES_MAX; value++)
        assert_int_equal(left(value), 8 - (value - 100));
    further(row, 999, NEVER, NEVER);
    assert_int_equal(put(row), FG_FULL);
    assert_string_equal(world.error.field, "values");
    assert_int_equal(kind_of(999, 1), FG_VERDICT_KEY_UNKNOWN);
}

/* The keys that the gate was made for are all there: values are rotated all the same. */
static void a_value_is_rotated_in_a_full_gate(void **state)
{
    (void)state;
    world.options.keys_max = 3;
    reopen();
    plan_put(&world, PLAN, no_throttle(), daily(9));
    for (uint64_t key = 1; key <= 3; key++)
        assert_int_equal(put(row_of(key, key * 100)), FG_OK);
    for (uint64_t value = 100; value < 110; value++) {
        row_t *row = row_of(KEY, value + 1);
        further(row, value, NEVER, NEVER);
        assert_int_equal(replace(value, row), FG_OK);
    }
    assert_int_equal(left(110), 8);
    assert_int_equal(left(109), 7);
    assert_int_equal(put(row_of(4, 400)), FG_FULL);
    assert_string_equal(world.error.field, "keys");
}

/* given a row, when the values of a key become others, expect each to be as the last column says. */
static void values_come_and_go(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        uint64_t before[4], after[4]; /* the newest first */
        fg_key_state_t states[4];     /* of values 100 to 103 */
    } rows[] = {
        {"a further value is taken away",
         {100, 101, 102},
         {100, 102},
         {FG_KEY_ENABLED, FG_KEY_REPLACED, FG_KEY_ALIAS, FG_KEY_UNKNOWN}},
        {"all further values are taken away",
         {100, 101, 102},
         {100},
         {FG_KEY_ENABLED, FG_KEY_REPLACED, FG_KEY_REPLACED, FG_KEY_UNKNOWN}},
        {"rotated again: the others stay",
         {101, 100},
         {102, 101, 100},
         {FG_KEY_ALIAS, FG_KEY_ALIAS, FG_KEY_ENABLED, FG_KEY_UNKNOWN}},
        {"rotated without overlap: the others stay",
         {101, 100},
         {102, 100},
         {FG_KEY_ALIAS, FG_KEY_REPLACED, FG_KEY_ENABLED, FG_KEY_UNKNOWN}},
        {"replaced whole",
         {101, 100},
         {103},
         {FG_KEY_REPLACED, FG_KEY_REPLACED, FG_KEY_UNKNOWN, FG_KEY_ENABLED}},
        {"the old value is the newest again",
         {101, 100},
         {100, 101},
         {FG_KEY_ENABLED, FG_KEY_ALIAS, FG_KEY_UNKNOWN, FG_KEY_UNKNOWN}},
        {"the old value is the only one again",
         {101, 100},
         {100},
         {FG_KEY_ENABLED, FG_KEY_REPLACED, FG_KEY_UNKNOWN, FG_KEY_UNKNOWN}},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++)
        for (int with_old = 0; with_old < 2; with_old++) { /* told of the old value, or not */
            row_t *row = row_of(KEY, rows[i].before[0]);
            for (size_t k = 1; k < 4 && rows[i].before[k] != 0; k++)
                further(row, rows[i].before[k], NEVER, NEVER);
            assert_int_equal(put(row), FG_OK);
            uint64_t before = left(rows[i].before[0]);
            row = row_of(KEY, rows[i].after[0]);
            for (size_t k = 1; k < 4 && rows[i].after[k] != 0; k++)
                further(row, rows[i].after[k], NEVER, NEVER);
            bool is_told = with_old || rows[i].after[1] == 0 || strstr(rows[i].why, "without");
            assert_int_equal(is_told ? replace(rows[i].before[0], row) : put(row), FG_OK);
            for (uint64_t value = 100; value < 104; value++)
                if (state_of(value) != rows[i].states[value - 100])
                    fail_msg("%s: value %llu is %d", rows[i].why, (unsigned long long)value,
                             state_of(value));
            assert_int_equal(left(rows[i].after[0]), before - 1);
            world_teardown(&world);
            (void)setup(NULL);
        }
}

static void all_values_are_disabled_and_deleted_with_their_key(void **state)
{
    (void)state;
    row_t *row = row_of(KEY, 100);
    further(row, 101, NEVER, NEVER);
    assert_int_equal(put(row), FG_OK);
    row->key.state = FG_KEY_DISABLED;
    assert_int_equal(put(row), FG_OK);
    assert_int_equal(kind_of(100, 1), FG_VERDICT_KEY_DISABLED);
    assert_int_equal(kind_of(101, 1), FG_VERDICT_KEY_DISABLED);
    reopen(); /* who owns the slots stands in the gate, not in the state */
    row->key.state = FG_KEY_ENABLED;
    assert_int_equal(put(row), FG_OK);
    assert_int_equal(left(101), 8);
    assert_int_equal(left(100), 7);
    fg_gate_key_remove(world.writer, digest_of(&world, 101)); /* one value alone */
    assert_int_equal(kind_of(101, 1), FG_VERDICT_KEY_DELETED);
    assert_int_equal(left(100), 6);
    assert_int_equal(put(row), FG_OK);
    fg_gate_key_remove(world.writer, digest_of(&world, 100));
    assert_int_equal(kind_of(100, 1), FG_VERDICT_KEY_DELETED);
    assert_int_equal(kind_of(101, 1), FG_VERDICT_KEY_DELETED);
    fg_gate_fill_t fill = fg_gate_fill(world.writer);
    assert_true(fill.keys == 0 && fill.slots == 0);
}

/* A value has the later beginning and the earlier end of its own and its key's. */
static void validity_of_key_and_value(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        int64_t key_begin, key_end, value_begin, value_end, at;
        fg_verdict_kind_t newest, older;
    } rows[] = {
        {"no bounds", 0, 0, 0, 0, 50, FG_VERDICT_ADMITTED, FG_VERDICT_ADMITTED},
        {"the key's end", 0, 50, 0, 0, 50, FG_VERDICT_KEY_EXPIRED, FG_VERDICT_KEY_EXPIRED},
        {"its last second", 0, 51, 0, 0, 50, FG_VERDICT_ADMITTED, FG_VERDICT_ADMITTED},
        {"the value's end", 0, 0, 0, 50, 50, FG_VERDICT_ADMITTED, FG_VERDICT_KEY_EXPIRED},
        {"the value's end after the key's", 0, 50, 0, 90, 60, FG_VERDICT_KEY_EXPIRED,
         FG_VERDICT_KEY_EXPIRED},
        {"the value's end before the key's", 0, 90, 0, 50, 60, FG_VERDICT_ADMITTED,
         FG_VERDICT_KEY_EXPIRED},
        {"before the key begins", 60, 0, 10, 0, 50, FG_VERDICT_KEY_NOT_YET_VALID,
         FG_VERDICT_KEY_NOT_YET_VALID},
        {"before the value begins", 10, 0, 60, 0, 50, FG_VERDICT_ADMITTED,
         FG_VERDICT_KEY_NOT_YET_VALID},
    };
    plan_put(&world, PLAN, no_throttle(), no_quota());
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        row_t *row = row_of(KEY, 100);
        int64_t midnight = at_s(0).wall.s;
        row->key.not_before.s = rows[i].key_begin ? midnight + rows[i].key_begin : 0;
        row->key.expires.s = rows[i].key_end ? midnight + rows[i].key_end : 0;
        further(row, 101, rows[i].value_begin ? midnight + rows[i].value_begin : 0,
                rows[i].value_end ? midnight + rows[i].value_end : 0);
        assert_int_equal(put(row), FG_OK);
        if (kind_of(100, rows[i].at) != rows[i].newest || kind_of(101, rows[i].at) != rows[i].older)
            fail_msg("%s", rows[i].why);
    }
}

/* Times that 32 bits do not hold: an end before 1970 has passed, one after 2106 never comes. */
static void ends_out_of_range(void **state)
{
    (void)state;
    assert_int_equal(fg_gate_end_s((fg_wall_t){-5}), 1);
    assert_int_equal(fg_gate_end_s((fg_wall_t){0}), 0);
    assert_int_equal(fg_gate_end_s((fg_wall_t){UINT32_MAX}), UINT32_MAX);
    assert_int_equal(fg_gate_end_s((fg_wall_t){(int64_t)UINT32_MAX + 1}), 0);
}

/* A value that the store gave to another key leaves the one that the gate has it for. */
static void a_value_of_another_key_moves(void **state)
{
    (void)state;
    row_t *row = row_of(KEY, 100);
    further(row, 101, NEVER, NEVER);
    assert_int_equal(put(row), FG_OK);
    assert_int_equal(left(101), 8);
    assert_int_equal(put(row_of(OTHER, 101)), FG_OK);
    assert_int_equal(ask(&world, 101, at_s(1)).key_id, OTHER);
    assert_int_equal(left(100), 7);
    assert_int_equal(put(row_of(OTHER, 100)), FG_OK); /* the newest: that key goes whole */
    assert_int_equal(ask(&world, 100, at_s(1)).key_id, OTHER);
}

/* The minute of the last use is kept for each value. */
static void the_minute_of_last_use(void **state)
{
    (void)state;
    row_t *row = row_of(KEY, 100);
    further(row, 101, NEVER, NEVER);
    assert_int_equal(put(row), FG_OK);
    assert_int_equal(fg_gate_used_minute(world.gate, digest_of(&world, 101)), 0);
    assert_int_equal(kind_of(101, 125), FG_VERDICT_ADMITTED);
    assert_int_equal(fg_gate_used_minute(world.gate, digest_of(&world, 101)), 20000 * 1440 + 2);
    assert_int_equal(fg_gate_used_minute(world.gate, digest_of(&world, 100)), 0);
    assert_int_equal(fg_gate_used_minute(world.gate, digest_of(&world, 999)), 0);
}

/* ---- address rules ---- */

static fg_verdict_kind_t kind_from(uint64_t value, uint8_t last_byte)
{
    fg_gate_facts_t facts = {.stage_index = world.stage,
                             .is_key_required = true,
                             .has_key = true,
                             .key_value = value_of(value),
                             .has_address = true,
                             .address = {[10] = 0xff, 0xff, 10, 0, 0, last_byte}};
    return fg_gate_decide(world.gate, &facts, at_s(1)).kind;
}

static void deny(row_t *row, uint8_t last_byte)
{
    row->rules[row->key.address_count++] = (fg_address_rule_t){
        .address = {[10] = 0xff, 0xff, 10, 0, 0, last_byte}, .prefix_bits = 128, .is_denied = true};
}

/* Address rules are the key's: they hold for all its values, through rotation and restart. */
static void address_rules_hold_for_every_value(void **state)
{
    (void)state;
    row_t *row = row_of(KEY, 100);
    deny(row, 7);
    for (uint8_t i = 100; i < 120; i++)
        deny(row, i); /* more than a record */
    assert_int_equal(put(row), FG_OK);
    uint32_t records = world.writer->records_used;
    assert_int_equal(put(row), FG_OK);
    assert_int_equal(world.writer->records_used, records); /* the same again writes nothing */
    row->key.digest = digest_of(&world, 200);
    further(row, 100, NEVER, NEVER);
    assert_int_equal(replace(100, row), FG_OK);
    reopen();
    fg_gate_plan_t plan = {.plan_id = 99}; /* takes a record: none that is named */
    assert_int_equal(fg_gate_plan_sync(world.writer, &plan, &world.error), FG_OK);
    for (uint64_t value = 100; value <= 200; value += 100) {
        assert_int_equal(kind_from(value, 7), FG_VERDICT_ADDRESS_DENIED);
        assert_int_equal(kind_from(value, 119), FG_VERDICT_ADDRESS_DENIED);
        assert_int_equal(kind_from(value, 8), FG_VERDICT_ADMITTED);
    }
    row->key.address_count = 0;
    assert_int_equal(put(row), FG_OK);
    assert_int_equal(kind_from(100, 7), FG_VERDICT_ADMITTED);
}

/* No record for the rules: the key is closed rather than open to everybody. */
static void address_rules_that_do_not_fit(void **state)
{
    (void)state;
    assert_int_equal(put(row_of(KEY, 100)), FG_OK);
    world.writer->records_used = world.gate->geometry.records_max;
    row_t *row = row_of(KEY, 100);
    deny(row, 7);
    assert_int_equal(put(row), FG_FULL);
    assert_string_equal(world.error.field, "addresses");
    assert_int_equal(kind_from(100, 8), FG_VERDICT_KEY_DISABLED);
}

/* ---- pairs that come back (rule Q5) ---- */

static void a_pair_that_comes_back_goes_on(void **state)
{
    (void)state;
    row_t *row = row_of(KEY, 100);
    assert_int_equal(put(row), FG_OK);
    assert_int_equal(left(100), 8);
    uint32_t slot = usage_of(100, PLAN).slot_index;
    row->key.grant_count = 0;
    assert_int_equal(put(row), FG_OK);
    assert_int_equal(kind_of(100, 1), FG_VERDICT_KEY_WITHOUT_PLAN);
    assert_int_equal(slots_used(), 0);
    row->key.grant_count = 1;
    row->grants[0].quota_word = FG_QUOTA_WORD(20000, 0); /* what the store was told last */
    assert_int_equal(put(row), FG_OK);
    assert_int_equal(usage_of(100, PLAN).slot_index, slot);
    assert_int_equal(left(100), 7);
    assert_int_equal(drain(), 1);
    assert_false(drained[0].is_final);
    wait_out_the_quarantine(); /* of its first leave, which is void */
    assert_int_equal(drain(), 0);
    assert_int_equal(left(100), 6);
}

/* A request that was decided before the pair went counts after it: that count is handed over. */
static void what_is_counted_after_the_pair_went_is_not_lost(void **state)
{
    (void)state;
    row_t *row = row_of(KEY, 100);
    assert_int_equal(put(row), FG_OK);
    assert_int_equal(left(100), 8);
    assert_int_equal(drain(), 1);
    fg_gate_slot_t *slot = &world.gate->slots[usage_of(100, PLAN).slot_index];
    fg_gate_key_remove(world.writer, digest_of(&world, 100));
    fg_quota_count(&slot->quota, 20000);
    fg_quota_count(&slot->day[0], 20000);
    fg_gate_slot_mark(world.gate, slot);
    assert_int_equal(drain(), 1); /* as ever */
    assert_true(!drained[0].is_final && FG_QUOTA_WORD_USED(drained[0].day_words[0]) == 2);
    fg_quota_count(&slot->day[0], 20000); /* not even marked */
    reopen();                             /* the quarantine begins anew */
    assert_int_equal(drain(), 1);
    assert_false(drained[0].is_final);
    wait_out_the_quarantine();
    assert_int_equal(drain(), 1);
    assert_true(drained[0].is_final && drained[0].key_id == KEY && drained[0].plan_id == PLAN);
    assert_int_equal(FG_QUOTA_WORD_USED(drained[0].day_words[0]), 3);
    assert_int_equal(drain(), 0); /* once */
}

/* The last figures are taken once they are accepted; until then the slot is not another's. */
static void last_figures_wait_for_whoever_takes_them(void **state)
{
    (void)state;
    row_t *row = row_of(KEY, 100);
    assert_int_equal(put(row), FG_OK);
    assert_int_equal(left(100), 8);
    uint32_t slot = usage_of(100, PLAN).slot_index;
    fg_gate_key_remove(world.writer, digest_of(&world, 100));
    wait_out_the_quarantine();
    drained_count = FG_COUNT_OF(drained); /* accepts nothing */
    assert_false(fg_gate_drain(world.writer, collect, NULL));
    wait_out_the_quarantine();
    assert_int_equal(put(row_of(OTHER, 101)), FG_OK);
    assert_int_not_equal(usage_of(101, PLAN).slot_index, slot);
    assert_int_equal(drain(), 1);
    assert_true(drained[0].is_final && FG_QUOTA_WORD_USED(drained[0].quota_word) == 1);
    wait_out_the_quarantine();
    assert_int_equal(put(row_of(3, 102)), FG_OK);
    assert_int_equal(usage_of(102, PLAN).slot_index, slot); /* and begins at nothing */
    assert_int_equal(left(102), 8);
}

/* Taken away again before its first leave was over: the quarantine is that of the second. */
static void a_pair_that_goes_twice(void **state)
{
    (void)state;
    row_t *row = row_of(KEY, 100);
    for (int i = 0; i < 2; i++) {
        row->key.grant_count = 1;
        assert_int_equal(put(row), FG_OK);
        (void)left(100);
        row->key.grant_count = 0;
        assert_int_equal(put(row), FG_OK);
        ahead_us += FG_GATE_QUARANTINE_US / 2;
    }
    ahead_us += FG_GATE_QUARANTINE_US / 4; /* 3/4 after the second, 5/4 after the first */
    assert_int_equal(drain(), 1);
    assert_false(drained[0].is_final);
    ahead_us += FG_GATE_QUARANTINE_US / 4;
    assert_int_equal(drain(), 1);
    assert_true(drained[0].is_final && FG_QUOTA_WORD_USED(drained[0].quota_word) == 2);
}

/* A restart knows which slots are retired; the pair may still come back. */
static void a_pair_comes_back_after_a_restart(void **state)
{
    (void)state;
    row_t *row = row_of(KEY, 100);
    assert_int_equal(put(row), FG_OK);
    assert_int_equal(left(100), 8);
    row->key.grant_count = 0;
    assert_int_equal(put(row), FG_OK);
    reopen();
    assert_int_equal(slots_used(), 0);
    row->key.grant_count = 1;
    assert_int_equal(put(row), FG_OK);
    assert_int_equal(left(100), 7);
}

/* A writer died after the mark and before the pair was unlinked: the slot is in use. */
static void a_slot_that_is_marked_and_linked_stays(void **state)
{
    (void)state;
    assert_int_equal(put(row_of(KEY, 100)), FG_OK);
    assert_int_equal(left(100), 8);
    fg_gate_slot_retire_begin(&world.gate->slots[usage_of(100, PLAN).slot_index]);
    world.writer->is_tidy = false;
    reopen();
    wait_out_the_quarantine();
    assert_int_equal(drain(), 1);
    assert_false(drained[0].is_final);
    assert_int_equal(slots_used(), 1);
    assert_int_equal(left(100), 7);
}

/* A plan that is gone keeps its index as long as a slot names it. */
static void the_index_of_a_plan_that_went_is_not_given_out(void **state)
{
    (void)state;
    plan_put(&world, PLAN_B, no_throttle(), daily(5));
    row_t *row = row_of(KEY, 100);
    row->grants[0].plan_id = PLAN_B;
    assert_int_equal(put(row), FG_OK);
    (void)left(100);
    fg_gate_key_remove(world.writer, digest_of(&world, 100));
    fg_gate_plan_remove(world.writer, PLAN_B);
    reopen();
    plan_put(&world, 13, no_throttle(), daily(5));
    wait_out_the_quarantine();
    (void)drain();
    for (size_t i = 0; i < drained_count; i++)
        assert_int_not_equal(drained[i].plan_id, 13);
}

/* ---- overrides and extensions ---- */

static void an_override_holds_until_its_end(void **state)
{
    (void)state;
    row_t *row = row_of(KEY, 100);
    assert_int_equal(put(row), FG_OK);
    row->grants[0].has_override_quota = true;
    row->grants[0].override_quota_limit = 100;
    row->grants[0].override_until = at_s(50).wall;
    assert_int_equal(put(row), FG_OK);
    uint64_t slots = slots_used();
    for (int i = 0; i < 100; i++)
        assert_int_equal(put(row), FG_OK);
    assert_int_equal(slots_used(), slots); /* nothing is written when equal */
    assert_int_equal(left(100), 99);
    assert_int_equal(ask(&world, 100, at_s(50)).quota_limit, 9);
    row->grants[0].has_override_quota = false;
    assert_int_equal(put(row), FG_OK);
    assert_int_equal(left(100), 6);
    assert_int_equal(slots_used(), 1); /* the line is given back */
}

static void an_override_of_the_throttle(void **state)
{
    (void)state;
    row_t *row = row_of(KEY, 100);
    row->grants[0].has_override_throttle = true;
    row->grants[0].override_throttle =
        (fg_throttle_t){.rate_milli_rps = 1000, .burst = 1, .is_set = true};
    assert_int_equal(put(row), FG_OK);
    assert_int_equal(kind_of(100, 1), FG_VERDICT_ADMITTED);
    assert_int_equal(kind_of(100, 1), FG_VERDICT_THROTTLED_PLAN);
}

/* UpdateUsage and an override stand in one line; neither forgets the other. Rule Q3. */
static void an_extension_stays_when_terms_change(void **state)
{
    (void)state;
    uint64_t word, extension;
    row_t *row = row_of(KEY, 100);
    assert_int_equal(put(row), FG_OK);
    assert_int_equal(fg_gate_remaining_set(world.writer, digest_of(&world, 100), PLAN, 20,
                                           at_s(1).wall, &word, &extension),
                     FG_OK);
    row->grants[0].has_override_throttle = true;
    row->grants[0].override_throttle =
        (fg_throttle_t){.rate_milli_rps = 1000000, .burst = 1000, .is_set = true};
    assert_int_equal(put(row), FG_OK);
    assert_int_equal(left(100), 19);
    assert_int_equal(usage_of(100, PLAN).extension_word, extension);
    row->grants[0].has_override_throttle = false;
    assert_int_equal(put(row), FG_OK);
    assert_int_equal(left(100), 18);
}

/* ---- groups ---- */

static row_t *member(uint64_t key_id, uint64_t group)
{
    row_t *row = row_of(key_id, key_id + 99);
    row->grants[0].group_id = group ? FG_GATE_GROUP(group) : 0;
    return row;
}

static void keys_of_a_customer_share_the_quota(void **state)
{
    (void)state;
    fg_gate_usage_t usage = {0};
    row_t *row = member(1, 5);
    row->grants[0].group_quota_word = FG_QUOTA_WORD(20000, 2); /* the store knows the group */
    assert_int_equal(put(row), FG_OK);
    assert_int_equal(put(member(2, 5)), FG_OK);
    assert_int_equal(put(member(3, 6)), FG_OK); /* another customer */
    assert_int_equal(left(100), 6);
    assert_int_equal(left(101), 5);
    assert_int_equal(left(102), 8);
    assert_true(fg_gate_group_usage(world.writer, FG_GATE_GROUP(5), PLAN, &usage));
    assert_int_equal(FG_QUOTA_WORD_USED(usage.quota_word), 4);
    assert_int_equal(usage_of(100, PLAN).group_id, FG_GATE_GROUP(5));
    assert_int_equal(FG_QUOTA_WORD_USED(usage_of(100, PLAN).day_words[0]), 1); /* its own */
    assert_int_equal(drain(), 5);
    size_t groups = 0;
    for (size_t i = 0; i < drained_count; i++)
        groups += FG_GATE_IS_GROUP(drained[i].key_id);
    assert_int_equal(groups, 2);
    reopen(); /* the index is read from the slots */
    assert_int_equal(put(member(4, 5)), FG_OK);
    assert_int_equal(left(103), 4);
}

/* The shared slot goes with the last that shares it, and not before. */
static void a_group_goes_with_its_last_key(void **state)
{
    (void)state;
    fg_gate_usage_t usage;
    for (uint64_t key = 1; key <= 3; key++)
        assert_int_equal(put(member(key, 5)), FG_OK);
    (void)left(100);
    fg_gate_key_remove(world.writer, digest_of(&world, 100));
    assert_int_equal(put(member(2, 0)), FG_OK); /* leaves the group: its own quota counts */
    assert_int_equal(left(101), 8);
    reopen();
    assert_true(fg_gate_group_usage(world.writer, FG_GATE_GROUP(5), PLAN, &usage));
    assert_int_equal(left(102), 7);
    fg_gate_key_remove(world.writer, digest_of(&world, 102));
    assert_false(fg_gate_group_usage(world.writer, FG_GATE_GROUP(5), PLAN, &usage));
    assert_int_equal(put(member(4, 5)), FG_OK); /* it comes back as pairs do */
    assert_int_equal(left(103), 6);
    fg_gate_key_remove(world.writer, digest_of(&world, 103));
    wait_out_the_quarantine();
    (void)drain();
    uint64_t finals = 0;
    for (size_t i = 0; i < drained_count; i++)
        finals += drained[i].is_final && FG_GATE_IS_GROUP(drained[i].key_id) &&
                  FG_QUOTA_WORD_USED(drained[i].quota_word) == 3;
    assert_int_equal(finals, 1);
    assert_int_equal(slots_used(), 1);
}

/* Rule Q3: to set what one of them has left is to set it for all. */
static void remaining_of_a_group(void **state)
{
    (void)state;
    uint64_t word, extension;
    assert_int_equal(put(member(1, 5)), FG_OK);
    assert_int_equal(put(member(2, 5)), FG_OK);
    assert_int_equal(left(100), 8);
    assert_int_equal(fg_gate_remaining_set(world.writer, digest_of(&world, 100), PLAN, 50,
                                           at_s(1).wall, &word, &extension),
                     FG_OK);
    assert_int_equal(word, FG_QUOTA_WORD(20000, 1));
    assert_int_equal(extension, FG_QUOTA_WORD(20000, 51));
    assert_int_equal(left(101), 49);
    assert_int_equal(usage_of(100, PLAN).extension_word, 0);
}

/* ---- shadows ---- */

static row_t *shadowed(uint64_t shadow_plan)
{
    row_t *row = row_of(KEY, 100);
    row->grants[0].shadow_plan_id = shadow_plan;
    return row;
}

static fg_gate_usage_t drained_shadow(void)
{
    fg_gate_usage_t found = {0};
    (void)drain();
    for (size_t i = 0; i < drained_count; i++)
        if (drained[i].is_shadow)
            found = drained[i];
    return found;
}

static void a_shadow_plan_counts_what_it_would_do(void **state)
{
    (void)state;
    plan_put(&world, PLAN_B, no_throttle(), daily(2));
    assert_int_equal(put(shadowed(PLAN_B)), FG_OK);
    for (int i = 0; i < 5; i++)
        (void)left(100);
    fg_gate_usage_t shadow = drained_shadow();
    assert_true(shadow.key_id == KEY && shadow.plan_id == PLAN_B);
    assert_true(FG_QUOTA_WORD_USED(shadow.quota_word) == 2 && shadow.over_quota == 3);
    reopen();
    (void)left(100);
    assert_int_equal(drained_shadow().over_quota, 4);
    assert_int_equal(put(shadowed(0)), FG_OK);
    wait_out_the_quarantine();
    shadow = drained_shadow();
    assert_true(shadow.is_final && shadow.over_quota == 4);
    assert_int_equal(slots_used(), 1);
}

/* The key is on the shadow plan itself, or comes onto it: then there is nothing to imagine, and the
 * shadow's figures do not come after the real ones. */
static void no_shadow_of_a_plan_that_the_key_is_on(void **state)
{
    (void)state;
    fg_gate_plan_t elsewhere = {
        .plan_id = PLAN_B, .quota = daily(2), .stages = &world.other_stage, .stage_count = 1};
    assert_int_equal(fg_gate_plan_sync(world.writer, &elsewhere, &world.error), FG_OK);
    assert_int_equal(put(shadowed(PLAN_B)), FG_OK);
    (void)left(100);
    row_t *row = shadowed(PLAN_B);
    row->grants[1].plan_id = PLAN_B;
    row->key.grant_count = 2;
    assert_int_equal(put(row), FG_OK);
    (void)left(100);
    wait_out_the_quarantine();
    assert_false(drained_shadow().is_shadow);
    assert_int_equal(slots_used(), 2);
    assert_int_equal(put(shadowed(999)), FG_OK); /* a plan that nobody knows */
    (void)left(100);
}

/* ---- grants ---- */

static void leased(uint64_t limit)
{
    world.options.is_leased = true;
    reopen();
    plan_put(&world, PLAN, no_throttle(), daily(limit));
}

static void a_grant_is_published_to_its_pair(void **state)
{
    (void)state;
    leased(1000);
    row_t *row = row_of(KEY, 100);
    row->grants[0].granted_word = FG_QUOTA_WORD(20000, 2);
    assert_int_equal(put(row), FG_OK);
    assert_int_equal(left(100), 999);
    assert_int_equal(left(100), 998);
    assert_int_equal(kind_of(100, 1), FG_VERDICT_GRANT_PENDING);
    fg_gate_usage_t usage = usage_of(100, PLAN);
    static const struct {
        const char *why;
        uint64_t key_id, plan_id, word, expected;
    } rows[] = {
        {"another key's", OTHER, PLAN, FG_QUOTA_WORD(20000, 9), FG_QUOTA_WORD(20000, 2)},
        {"another plan's", KEY, PLAN_B, FG_QUOTA_WORD(20000, 9), FG_QUOTA_WORD(20000, 2)},
        {"of a former window", KEY, PLAN, FG_QUOTA_WORD(19999, 9), FG_QUOTA_WORD(20000, 2)},
        {"more", KEY, PLAN, FG_QUOTA_WORD(20000, 9), FG_QUOTA_WORD(20000, 9)},
        {"less", KEY, PLAN, FG_QUOTA_WORD(20000, 5), FG_QUOTA_WORD(20000, 5)},
        {"less than is spent", KEY, PLAN, FG_QUOTA_WORD(20000, 1), FG_QUOTA_WORD(20000, 2)},
        {"of the next window", KEY, PLAN, FG_QUOTA_WORD(20001, 7), FG_QUOTA_WORD(20001, 7)},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        usage.key_id = rows[i].key_id;
        usage.plan_id = rows[i].plan_id;
        fg_gate_granted_set(world.writer, &usage, rows[i].word);
        if (usage_of(100, PLAN).granted_word != rows[i].expected)
            fail_msg("%s", rows[i].why);
    }
}

static void note_wish(void *ctx, const fg_gate_usage_t *usage)
{
    (void)usage;
    ++*(size_t *)ctx;
}

static size_t wishes(void)
{
    size_t count = 0;
    fg_gate_wanted(world.writer, note_wish, &count);
    return count;
}

static void wishes_are_collected_once_for_each_slot(void **state)
{
    (void)state;
    uint32_t slots[600];
    for (uint64_t key = 1; key <= FG_COUNT_OF(slots); key++) {
        assert_int_equal(put(row_of(key, key + 99)), FG_OK);
        slots[key - 1] = usage_of(key + 99, PLAN).slot_index;
    }
    for (size_t i = 0; i < 1000; i++)
        fg_gate_want(world.gate, slots[i % 10]);
    assert_int_equal(wishes(), 10);
    assert_int_equal(wishes(), 0);
    for (size_t i = 0; i < FG_COUNT_OF(slots); i++) /* more than the ring holds: late, not wrong */
        fg_gate_want(world.gate, slots[i]);
    size_t kept = wishes();
    assert_true(kept > FG_GATE_WANTS / 2 && kept <= FG_GATE_WANTS);
    fg_gate_want(world.gate, slots[0]);
    fg_gate_key_remove(world.writer, digest_of(&world, 100));
    wait_out_the_quarantine();
    (void)drain();
    assert_int_equal(wishes(), 0); /* nobody's slot wants nothing */
    fg_gate_want(world.gate, (uint32_t)world.gate->geometry.slots_max - 1);
    assert_int_equal(wishes(), 0);
}

static void *want_soon(void *arg)
{
    fg_gate_want(world.gate, *(uint32_t *)arg);
    return NULL;
}

static void whoever_waits_for_wishes_is_woken(void **state)
{
    (void)state;
    assert_int_equal(put(row_of(KEY, 100)), FG_OK);
    uint32_t slot = usage_of(100, PLAN).slot_index;
    assert_int_equal(fg_gate_want_wait(world.gate, 0, 1), 0); /* nobody: the time runs out */
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, want_soon, &slot), 0);
    uint32_t seen = fg_gate_want_wait(world.gate, 0, 60000);
    assert_int_equal(seen, 1);
    assert_int_equal(wishes(), 1);
    assert_int_equal(pthread_join(thread, NULL), 0);
    fg_gate_want(world.gate, slot); /* between two waits */
    assert_int_equal(fg_gate_want_wait(world.gate, seen, 60000), 2);
}

static void a_closed_gate_spends_nothing(void **state)
{
    (void)state;
    leased(1000);
    assert_int_equal(put(row_of(KEY, 100)), FG_OK);
    fg_gate_closed_set(world.writer, true);
    assert_true(fg_gate_is_closed(world.gate));
    assert_int_equal(kind_of(100, 1), FG_VERDICT_GRANT_PENDING);
    fg_gate_closed_set(world.writer, false);
    assert_int_equal(kind_of(100, 1), FG_VERDICT_ADMITTED);
}

/* ---- answers ---- */

static bool note_answers(void *ctx, const fg_gate_answers_t *answers)
{
    *(fg_gate_answers_t *)ctx = *answers;
    return true;
}

static void answers_are_handed_over_when_they_moved(void **state)
{
    (void)state;
    fg_gate_answers_t answers = {0};
    assert_int_equal(put(row_of(KEY, 100)), FG_OK);
    fg_verdict_t verdict = ask(&world, 100, at_s(1));
    fg_gate_meter(world.gate, &verdict, 2);
    fg_gate_meter(world.gate, &verdict, 5);
    assert_true(fg_gate_meters_drain(world.writer, note_answers, &answers));
    assert_true(answers.key_id == KEY && answers.plan_id == PLAN);
    assert_true(answers.statuses[2] == 1 && answers.statuses[5] == 1 && answers.statuses[4] == 0);
    answers.key_id = 0;
    assert_true(fg_gate_meters_drain(world.writer, note_answers, &answers));
    assert_int_equal(answers.key_id, 0);
    assert_int_equal(fg_gate_fill(world.writer).meters, 1);
}

/* ---- the table of slots ends anywhere ---- */

/* A key with everything; each step may find no line. */
static fg_status_t everything(bool *ret_has_expired)
{
    row_t *row = row_of(KEY, 100);
    fg_status_t status = put(row);
    *ret_has_expired = false;
    if (status != FG_OK)
        return status;
    row->grants[0].group_id = FG_GATE_GROUP(5);
    row->grants[0].group_extension_word = FG_QUOTA_WORD(20000, 3);
    row->grants[0].shadow_plan_id = PLAN_B;
    row->grants[0].has_override_quota = true;
    row->grants[0].override_quota_limit = 3;
    for (size_t i = 1; i < 5; i++)
        row->grants[i].plan_id = 20 + i;
    row->key.grant_count = 5;
    row->key.digest = digest_of(&world, 200);
    row->key.expires.s = at_s(100).wall.s;
    further(row, 100, NEVER, at_s(50).wall.s);
    status = replace(100, row);
    *ret_has_expired = status == FG_OK;
    return status;
}

/* given room for n lines, expect FG_FULL and never a ride without the limits that were asked for;
 * given more room afterwards, expect the same call to go through. */
static void every_line_may_be_the_one_too_many(void **state)
{
    (void)state;
    bool has_expired;
    size_t refused = 0;
    for (uint64_t slots_max = 1; slots_max < 40; slots_max++) {
        world.options.slots_max = slots_max;
        reopen();
        plan_put(&world, PLAN, no_throttle(), daily(9));
        plan_put(&world, PLAN_B, no_throttle(), daily(2));
        for (uint64_t plan = 21; plan < 25; plan++) {
            fg_gate_plan_t row = {.plan_id = plan, .stages = &world.other_stage, .stage_count = 1};
            assert_int_equal(fg_gate_plan_sync(world.writer, &row, &world.error), FG_OK);
        }
        fg_status_t status = everything(&has_expired);
        assert_true(status == FG_OK || status == FG_FULL);
        refused += status == FG_FULL;
        /* the new value ends at 100, the old one at 50, or neither was let in */
        assert_int_not_equal(kind_of(200, 100), FG_VERDICT_ADMITTED);
        if (has_expired)
            assert_int_equal(kind_of(100, 50), FG_VERDICT_KEY_EXPIRED);
        uint64_t admitted = 0;
        for (int i = 0; i < 20; i++)
            admitted += kind_of(100, 1) == FG_VERDICT_ADMITTED;
        for (int i = 0; i < 20; i++)
            admitted += kind_of(200, 1) == FG_VERDICT_ADMITTED;
        assert_true(admitted <= (has_expired ? 3 : 9));
    }
    assert_true(refused > 8 && refused < 30);
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(a_value_is_rotated_with_overlap),
        WITH_WORLD(five_values_and_one_past),
        WITH_WORLD(a_value_is_rotated_in_a_full_gate),
        WITH_WORLD(values_come_and_go),
        WITH_WORLD(all_values_are_disabled_and_deleted_with_their_key),
        WITH_WORLD(validity_of_key_and_value),
        WITH_WORLD(ends_out_of_range),
        WITH_WORLD(a_value_of_another_key_moves),
        WITH_WORLD(the_minute_of_last_use),
        WITH_WORLD(address_rules_hold_for_every_value),
        WITH_WORLD(address_rules_that_do_not_fit),
        WITH_WORLD(a_pair_that_comes_back_goes_on),
        WITH_WORLD(what_is_counted_after_the_pair_went_is_not_lost),
        WITH_WORLD(last_figures_wait_for_whoever_takes_them),
        WITH_WORLD(a_pair_that_goes_twice),
        WITH_WORLD(a_pair_comes_back_after_a_restart),
        WITH_WORLD(a_slot_that_is_marked_and_linked_stays),
        WITH_WORLD(the_index_of_a_plan_that_went_is_not_given_out),
        WITH_WORLD(an_override_holds_until_its_end),
        WITH_WORLD(an_override_of_the_throttle),
        WITH_WORLD(an_extension_stays_when_terms_change),
        WITH_WORLD(keys_of_a_customer_share_the_quota),
        WITH_WORLD(a_group_goes_with_its_last_key),
        WITH_WORLD(remaining_of_a_group),
        WITH_WORLD(a_shadow_plan_counts_what_it_would_do),
        WITH_WORLD(no_shadow_of_a_plan_that_the_key_is_on),
        WITH_WORLD(a_grant_is_published_to_its_pair),
        WITH_WORLD(wishes_are_collected_once_for_each_slot),
        WITH_WORLD(whoever_waits_for_wishes_is_woken),
        WITH_WORLD(a_closed_gate_spends_nothing),
        WITH_WORLD(answers_are_handed_over_when_they_moved),
        WITH_WORLD(every_line_may_be_the_one_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
