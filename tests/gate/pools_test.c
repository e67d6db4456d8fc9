/* The writer's own memory: the map of slots against a list, the queue, and each allocation failing
 * in turn while keys come and go. */
#include <stdlib.h>

static long allowed = -1; /* allocations until one fails; -1: none does */

static int is_refused(void)
{
    return allowed == 0 || (allowed > 0 && --allowed == 0);
}

static void *failing_realloc(void *memory, size_t bytes)
{
    return is_refused() ? NULL : realloc(memory, bytes);
}

static void *failing_calloc(size_t count, size_t bytes)
{
    return is_refused() ? NULL : calloc(count, bytes);
}

#define realloc failing_realloc
#define calloc  failing_calloc
#include "gate/pools.c"
#undef realloc
#undef calloc

#include "world.h"

#include <time.h>

enum { PLAN = 11, SHADOW_PLAN = 12 };

static world_t world;

/* ---- the map ---- */

enum { OWNERS = 64, OWNER_PLANS = 4, MAP_STEPS = 200000 };

static void the_map_holds_what_a_list_holds(void **state)
{
    (void)state;
    static uint32_t list[OWNERS][OWNER_PLANS]; /* slot plus 1 */
    uint64_t seed = (uint64_t)time(NULL), generator = seed;
    print_message("seed %llu\n", (unsigned long long)seed);
    fg_random_t random = fg_random_seeded(&generator);
    fg_gate_slot_map_t map = {.items = NULL};
    size_t count = 0;
    for (int step = 0; step < MAP_STEPS; step++) {
        uint8_t bytes[4];
        assert_true(random.fill(random.ctx, bytes, sizeof(bytes)));
        uint64_t owner = bytes[0] % OWNERS;
        uint32_t plan = bytes[1] % OWNER_PLANS;
        uint32_t *known = &list[owner][plan];
        fg_gate_slot_item_t *item = fg_gate_slot_map_find(&map, owner, plan);
        assert_int_equal(item ? item->slot : 0, *known);
        if (bytes[2] % 2 == 0) {
            count += *known == 0;
            *known = bytes[3] + 1u;
            assert_non_null(fg_gate_slot_map_put(&map, owner, plan, bytes[3]));
        } else if (item) {
            fg_gate_slot_map_remove(&map, item);
            *known = 0;
            count--;
        }
        assert_int_equal(map.count, count);
    }
    free(map.items);
}

/* ---- the queue ---- */

static void the_queue_gives_back_the_oldest_when_it_may(void **state)
{
    (void)state;
    fg_gate_pool_t pool = {.items = NULL};
    uint32_t next = 0, oldest = 0;
    for (int64_t us = 0; us < 40 * FG_GATE_QUARANTINE_US; us += FG_GATE_QUARANTINE_US / 100) {
        assert_true(fg_gate_pool_put(&pool, next++, (fg_mono_t){us}));
        uint32_t got = fg_gate_pool_get(&pool, (fg_mono_t){us});
        assert_int_equal(got, us < FG_GATE_QUARANTINE_US ? FG_GATE_NONE : oldest++);
    }
    assert_true(pool.room < 1000); /* it is moved up, not grown for ever */
    free(pool.items);
}

/* ---- without memory ---- */

static fg_status_t put(uint64_t key_id, uint64_t group, uint64_t shadow_plan, size_t grants)
{
    fg_gate_grant_t grant = {.plan_id = PLAN, .group_id = group, .shadow_plan_id = shadow_plan};
    fg_gate_key_t key = {.key_id = key_id,
                         .digest = digest_of(&world, key_id),
                         .state = FG_KEY_ENABLED,
                         .grants = &grant,
                         .grant_count = grants};
    return fg_gate_key_sync(world.writer, &key, &world.error);
}

static bool accept(void *ctx, const fg_gate_usage_t *usage)
{
    *(uint64_t *)ctx += usage->is_final;
    return true;
}

/* Keys of groups and shadows come, go and come back. */
static fg_status_t live(void)
{
    fg_status_t worst = FG_OK;
    uint64_t finals = 0;
    for (uint64_t key = 1; key <= 150; key++) {
        fg_status_t status = put(key, FG_GATE_GROUP(key % 70 + 1), SHADOW_PLAN, 1);
        worst = status == FG_OK ? worst : status;
        uint64_t left = ask(&world, key, at_s(1)).quota_remaining;
        assert_true(left <= 1); /* two for each customer: never a ride without the limit */
        if (key % 3 == 0)
            (void)put(key, 0, 0, 0);
        if (key % 6 == 0)
            (void)put(key, FG_GATE_GROUP(key % 70 + 1), 0, 1);
        if (key % 5 == 0)
            fg_gate_key_remove(world.writer, digest_of(&world, key));
    }
    fg_mono_t later = {fg_now().mono.us + FG_GATE_QUARANTINE_US};
    assert_true(fg_gate_retired_drain(world.writer, later, accept, &finals));
    return worst;
}

/* given that allocation n fails, and all after it, expect an honest answer and a gate that the next
 * writer opens and goes on with. */
static void any_allocation_may_fail(void **state)
{
    (void)state;
    size_t refused = 0, rounds = 0;
    for (long n = 1; rounds == 0 || allowed == 0; n++, rounds++) {
        allowed = -1;
        world_setup(&world);
        plan_put(&world, PLAN, no_throttle(), daily(2));
        plan_put(&world, SHADOW_PLAN, no_throttle(), daily(1));
        allowed = n;
        refused += live() != FG_OK;
        long left = allowed;
        allowed = -1;
        world_reopen(&world);
        for (uint64_t key = 1; key <= 150; key++)
            assert_int_equal(put(key, FG_GATE_GROUP(key % 70 + 1), SHADOW_PLAN, 1), FG_OK);
        world_teardown(&world);
        allowed = left;
    }
    allowed = -1;
    assert_true(rounds > 5 && refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_map_holds_what_a_list_holds),
        cmocka_unit_test(the_queue_gives_back_the_oldest_when_it_may),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
