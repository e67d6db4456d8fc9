/* A small gate in a folder of its own, and short ways to fill it. */
#ifndef FG_TESTS_GATE_WORLD_H
#define FG_TESTS_GATE_WORLD_H

#include "words.h"

#include "gate/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define API FG_STR("abcdefghij")

typedef struct world {
    char folder[64], path[80];
    fg_gate_options_t options;
    fg_gate_writer_t *writer;
    fg_gate_t *gate; /* the writer's */
    fg_gate_opening_t opening;
    uint32_t stage, other_stage;
    fg_error_t error;
} world_t;

static inline void world_open(world_t *world)
{
    assert_int_equal(fg_gate_writer_open(world->path, &world->options, &world->writer,
                                         &world->opening, &world->error),
                     FG_OK);
    world->gate = fg_gate_writer_gate(world->writer);
    assert_int_equal(
        fg_gate_stage_sync(world->writer, API, FG_STR("prod"), &world->stage, &world->error),
        FG_OK);
    assert_int_equal(
        fg_gate_stage_sync(world->writer, API, FG_STR("test"), &world->other_stage, &world->error),
        FG_OK);
}

static inline void world_reopen(world_t *world)
{
    fg_gate_writer_close(world->writer);
    world_open(world);
}

static inline void world_setup(world_t *world)
{
    *world = (world_t){.writer = NULL};
    snprintf(world->folder, sizeof(world->folder), "%s/fg-gate-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(world->folder));
    snprintf(world->path, sizeof(world->path), "%s/gate", world->folder);
    world->options = (fg_gate_options_t){.keys_max = 20000,
                                         .slots_max = 40000,
                                         .plans_max = 256,
                                         .stages_max = 256,
                                         .buckets = 64,
                                         .group_id = -1,
                                         .store_uuid = "store-1",
                                         .boot_id = "boot-1"};
    fg_digester_init(&world->options.digester, (const uint8_t *)"a secret of thirty-two bytes....");
    world_open(world);
}

/* With many buckets, leased or not. */
static inline void world_setup_large(world_t *world, bool is_leased)
{
    world_setup(world);
    world->options.buckets = 1024;
    world->options.is_leased = is_leased;
    world_reopen(world); /* of another size, so it is a new one */
}

static inline void world_teardown(world_t *world)
{
    static const char *const names[] = {"gate", "gate.lock", "routes", ""};
    fg_gate_writer_close(world->writer);
    for (size_t i = 0; i < FG_COUNT_OF(names); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/%s", world->folder, names[i]);
        (void)remove(path);
    }
}

/* The value of key number `key`. */
static inline fg_str_t value_of(uint64_t key)
{
    static char text[40]; /* until the next call */
    snprintf(text, sizeof(text), "value-of-the-key-%010llu", (unsigned long long)key);
    return fg_str(text);
}

static inline fg_digest_t digest_of(const world_t *world, uint64_t key)
{
    return fg_digester_digest(&world->options.digester, value_of(key));
}

/* A plan on `prod`. */
static inline void plan_put(world_t *world, uint64_t id, fg_throttle_t throttle, fg_quota_t quota)
{
    fg_gate_plan_t plan = {.plan_id = id,
                           .throttle = throttle,
                           .quota = quota,
                           .stages = &world->stage,
                           .stage_count = 1};
    assert_int_equal(fg_gate_plan_sync(world->writer, &plan, &world->error), FG_OK);
}

static inline fg_status_t key_try(world_t *world, uint64_t key, fg_key_state_t state,
                                  const uint64_t *plans, size_t count)
{
    fg_gate_grant_t grants[16] = {{.plan_id = 0}};
    for (size_t i = 0; i < count; i++)
        grants[i].plan_id = plans[i];
    fg_gate_key_t row = {.key_id = key,
                         .digest = digest_of(world, key),
                         .state = state,
                         .grants = grants,
                         .grant_count = count};
    return fg_gate_key_sync(world->writer, &row, &world->error);
}

/* An enabled key on one plan; on none with 0. */
static inline void key_put(world_t *world, uint64_t key, uint64_t plan)
{
    assert_int_equal(key_try(world, key, FG_KEY_ENABLED, &plan, plan != 0), FG_OK);
}

static inline fg_now_t at_s(int64_t s)
{
    return (fg_now_t){.mono = {s * FG_SECOND_US}, .wall = {20000 * FG_DAY_S + s}};
}

static inline fg_verdict_t ask(world_t *world, uint64_t key, fg_now_t now)
{
    fg_gate_facts_t facts = {.stage_index = world->stage,
                             .is_key_required = true,
                             .has_key = true,
                             .key_value = value_of(key)};
    return fg_gate_decide(world->gate, &facts, now);
}

static inline fg_throttle_t no_throttle(void)
{
    return (fg_throttle_t){.is_set = false};
}

static inline fg_throttle_t throttle(uint64_t rps, uint32_t burst)
{
    return (fg_throttle_t){.rate_milli_rps = rps * 1000, .burst = burst, .is_set = true};
}

/* A rule for 192.0.2.`host`/`bits`. */
static inline fg_address_rule_t net(bool is_denied, unsigned host, uint8_t bits)
{
    fg_address_rule_t rule = {.is_denied = is_denied, .prefix_bits = (uint8_t)(96 + bits)};
    memcpy(rule.address + 10, "\xff\xff\xc0\x00\x02", 5);
    rule.address[15] = (uint8_t)host;
    return rule;
}

static inline fg_quota_t no_quota(void)
{
    return (fg_quota_t){.is_set = false};
}

static inline fg_quota_t daily(uint64_t limit)
{
    return (fg_quota_t){.limit = limit, .period = FG_PERIOD_DAY, .is_set = true};
}

#endif
