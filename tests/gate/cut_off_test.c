/* A writer that dies between the two stores in which a key's slots pass to its newest value. */
#include "gate/keys.c"

#include "world.h"

enum { KEY = 1, PLAN = 11 };

static world_t world;

static fg_gate_key_t row_of(uint64_t newest, const fg_gate_value_t *further, size_t count)
{
    static const fg_gate_grant_t grant = {.plan_id = PLAN};
    return (fg_gate_key_t){.key_id = KEY,
                           .digest = digest_of(&world, newest),
                           .state = FG_KEY_ENABLED,
                           .grants = &grant,
                           .grant_count = 1,
                           .values = further,
                           .value_count = count};
}

static fg_gate_value_t value(uint64_t number)
{
    return (fg_gate_value_t){.digest = digest_of(&world, number)};
}

/* The old newest value, 100, is a further one already; the new one, 200, is not open yet. */
static void cut_off(void)
{
    fg_gate_value_t before[] = {value(101)}, after[] = {value(100), value(101)};
    fg_gate_key_t key = row_of(100, before, 1);
    assert_int_equal(fg_gate_key_sync(world.writer, &key, &world.error), FG_OK);
    assert_int_equal(ask(&world, 101, at_s(1)).quota_remaining, 8);
    key = row_of(200, after, 2);
    change_t change = {.key = &key};
    assert_true(prepare(world.writer, place_of(world.writer, key.digest), &change));
    assert_true(make_further(world.writer, place_of(world.writer, after[0].digest), &change));
    world.writer->is_tidy = false;
    world_reopen(&world);
    assert_int_equal(ask(&world, 100, at_s(1)).quota_remaining, 7); /* both go on meanwhile */
    assert_int_equal(ask(&world, 101, at_s(1)).quota_remaining, 6);
    assert_int_equal(ask(&world, 200, at_s(1)).kind, FG_VERDICT_KEY_UNKNOWN);
}

static int setup(void **state)
{
    (void)state;
    world_setup(&world);
    plan_put(&world, PLAN, no_throttle(), daily(9));
    cut_off();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_teardown(&world);
    return 0;
}

static void the_same_change_goes_on(void **state)
{
    (void)state;
    fg_gate_value_t further[] = {value(100), value(101)};
    fg_gate_key_t key = row_of(200, further, 2);
    assert_int_equal(fg_gate_key_replace(world.writer, digest_of(&world, 100), &key, &world.error),
                     FG_OK);
    for (uint64_t i = 0; i < 3; i++)
        assert_int_equal(ask(&world, (uint64_t[]){100, 101, 200}[i], at_s(1)).quota_remaining,
                         5 - i);
    assert_int_equal(fg_gate_fill(world.writer).keys, 3);
}

/* The key is another by now: what it has no more is closed, also what only the old value lists. */
static void a_later_change_closes_what_the_key_has_no_more(void **state)
{
    (void)state;
    fg_gate_key_t key = row_of(300, NULL, 0);
    assert_int_equal(fg_gate_key_replace(world.writer, digest_of(&world, 100), &key, &world.error),
                     FG_OK);
    assert_int_equal(ask(&world, 300, at_s(1)).quota_remaining, 5);
    assert_int_equal(ask(&world, 100, at_s(1)).kind, FG_VERDICT_KEY_UNKNOWN);
    assert_int_equal(ask(&world, 101, at_s(1)).kind, FG_VERDICT_KEY_UNKNOWN);
    assert_int_equal(fg_gate_fill(world.writer).keys, 1);
}

static void the_key_is_deleted_by_the_value_that_has_its_slots(void **state)
{
    (void)state;
    fg_gate_key_remove(world.writer, digest_of(&world, 100));
    assert_int_equal(ask(&world, 100, at_s(1)).kind, FG_VERDICT_KEY_DELETED);
    assert_int_equal(ask(&world, 101, at_s(1)).kind, FG_VERDICT_KEY_DELETED);
    fg_gate_fill_t fill = fg_gate_fill(world.writer);
    assert_true(fill.keys == 0 && fill.slots == 0);
}

/* A value beside the one that has the slots goes alone; a change that is not told of the old value
 * finds the slots by it. */
static void a_value_beside_it_leads_to_the_slots(void **state)
{
    (void)state;
    fg_gate_value_t further[] = {value(101)};
    fg_gate_key_t key = row_of(300, further, 1);
    assert_int_equal(fg_gate_key_sync(world.writer, &key, &world.error), FG_OK);
    assert_int_equal(ask(&world, 300, at_s(1)).quota_remaining, 5);
    assert_int_equal(ask(&world, 101, at_s(1)).quota_remaining, 4);
    assert_int_equal(ask(&world, 100, at_s(1)).kind, FG_VERDICT_KEY_UNKNOWN);
}

static void a_value_beside_it_goes_alone(void **state)
{
    (void)state;
    fg_gate_key_remove(world.writer, digest_of(&world, 101));
    assert_int_equal(ask(&world, 101, at_s(1)).kind, FG_VERDICT_KEY_DELETED);
    assert_int_equal(ask(&world, 100, at_s(1)).quota_remaining, 5);
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(the_same_change_goes_on),
        WITH_WORLD(a_later_change_closes_what_the_key_has_no_more),
        WITH_WORLD(the_key_is_deleted_by_the_value_that_has_its_slots),
        WITH_WORLD(a_value_beside_it_leads_to_the_slots),
        WITH_WORLD(a_value_beside_it_goes_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
