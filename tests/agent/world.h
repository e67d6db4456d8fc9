/*
 * world - a real store and a real gate in a temporary directory, with an agent between them and a
 * clock that stands still.
 */
#ifndef FG_TESTS_AGENT_WORLD_H
#define FG_TESTS_AGENT_WORLD_H

#include "words.h"

#include "agent/agent.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BOOT "11111111-2222-3333-4444-555555555555"

typedef struct world {
    char folder[64], data_dir[80], gate_path[80];
    const char *boot_id;
    uint64_t seed;
    fg_store_t *store;
    fg_agent_t *agent;
    fg_arena_t *arena;
    char log[8192]; /* everything the agent said */
} world_t;

/* 2026-03-11 12:00 UTC, a Wednesday. */
enum { TODAY = 20523 };
static fg_now_t clock_now = {{INT64_C(1000) * FG_SECOND_US},
                             {(int64_t)TODAY * FG_DAY_S + FG_DAY_S / 2}};

static inline fg_now_t world_clock(void)
{
    return clock_now;
}

static inline void world_log(void *ctx, const char *message)
{
    world_t *world = ctx;
    size_t bytes = strlen(world->log);
    (void)snprintf(world->log + bytes, sizeof(world->log) - bytes, "%s\n", message);
}

/* What names resolve to; set by tests. */
static const char *lookup_answer = "192.0.2.1";

static inline bool world_lookup(const char *host, fg_route_address_t *ret_addresses,
                                size_t *ret_count)
{
    unsigned a, b, c, d;
    if (strcmp(host, "backend.test") != 0 || !lookup_answer ||
        sscanf(lookup_answer, "%u.%u.%u.%u", &a, &b, &c, &d) != 4)
        return false;
    const uint8_t bytes[16] = {AF_INET & 0xff, AF_INET >> 8, 0,          0,
                               (uint8_t)a,     (uint8_t)b,   (uint8_t)c, (uint8_t)d};
    memset(&ret_addresses[0], 0, sizeof(ret_addresses[0]));
    memcpy(&ret_addresses[0].addr, bytes, sizeof(bytes)); /* a struct sockaddr_in */
    ret_addresses[0].bytes = sizeof(bytes);
    *ret_count = 1;
    return true;
}

static inline fg_status_t world_try_start(world_t *world)
{
    fg_error_t error = {0};
    fg_agent_options_t options = {
        .gate_path = world->gate_path,
        .group_id = -1,
        .keys_max = 1000,
        .slots_max = 1000,
        .plans_max = 256,
        .stages_max = 256,
        .quota_exceeded_status = 403,
        .is_leased = true,
        .region = "us-east-1",
        .account_id = "000000000000",
        .account_throttle = {.rate_milli_rps = 10000000, .burst = 5000, .is_set = true},
        .boot_id = world->boot_id,
        .clock = world_clock,
        .lookup = world_lookup,
        .log = world_log,
        .log_ctx = world,
    };
    fg_status_t status = fg_agent_open(world->store, &options, &world->agent, &error);
    if (status != FG_OK)
        print_message("agent: %s\n", error.message);
    return status;
}

static inline void world_start(world_t *world)
{
    assert_int_equal(world_try_start(world), FG_OK);
}

static inline void world_stop(world_t *world)
{
    fg_agent_close(world->agent);
    world->agent = NULL;
}

static inline int world_setup(void **state)
{
    world_t *world = calloc(1, sizeof(*world));
    fg_error_t error = {0};
    world->boot_id = BOOT;
    world->seed = 7;
    strcpy(world->folder, "/dev/shm/fg-agent-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    (void)snprintf(world->data_dir, sizeof(world->data_dir), "%s/data", world->folder);
    (void)snprintf(world->gate_path, sizeof(world->gate_path), "%s/gate", world->folder);
    fg_store_options_t options = {.data_dir = world->data_dir,
                                  .random = fg_random_seeded(&world->seed)};
    assert_int_equal(fg_store_open(&options, &world->store, &error), FG_OK);
    world->arena = fg_arena_new();
    lookup_answer = "192.0.2.1";
    world_start(world);
    *state = world;
    return 0;
}

static inline int world_remove(const char *path, const struct stat *status, int type,
                               struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

static inline int world_teardown(void **state)
{
    world_t *world = *state;
    world_stop(world);
    fg_store_close(world->store);
    fg_arena_free(world->arena);
    (void)nftw(world->folder, world_remove, 8, FTW_DEPTH | FTW_PHYS);
    free(world);
    return 0;
}

#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

/* ---- changes: each macro argument runs in one transaction ---- */

#define OK(call)                                                                                   \
    do {                                                                                           \
        fg_error_t ok_error = {0}, *reterr = &ok_error;                                            \
        fg_status_t ok_status = (call);                                                            \
        if (ok_status != FG_OK)                                                                    \
            print_message("%s: %s %s\n", #call, fg_status_name(ok_status), ok_error.message);      \
        assert_int_equal(ok_status, FG_OK);                                                        \
    } while (0)

#define COMMIT(world, call)                                                                        \
    do {                                                                                           \
        OK(fg_store_begin((world)->store, reterr));                                                \
        OK(call);                                                                                  \
        OK(fg_store_commit((world)->store, reterr));                                               \
    } while (0)

#define CHANGE(world, call)                                                                        \
    do {                                                                                           \
        COMMIT(world, call);                                                                       \
        OK(fg_agent_publish((world)->agent, reterr));                                              \
    } while (0)

/* What the store has of a key, with its value. */
static inline fg_api_key_t world_key(world_t *world, const char *id)
{
    fg_api_key_t key;
    OK(fg_store_key_get(world->store, fg_str(id), true, world->arena, &key, reterr));
    return key;
}

static inline fg_api_key_t world_new_key(const char *id, const char *value)
{
    return (fg_api_key_t){
        .id = fg_str(id),
        .value = fg_str(value),
        .name = fg_str(id),
        .stage_keys = FG_STR("[]"),
        .is_enabled = true,
        .created_at = clock_now.wall,
        .updated_at = clock_now.wall,
    };
}

/* A plan over api/stage "weather000"/"prod". */
static inline fg_usage_plan_t world_new_plan(const char *id, int64_t limit, fg_period_t period)
{
    static fg_api_stage_t stages[1];
    stages[0] = (fg_api_stage_t){.api_id = FG_STR("weather000"), .stage_name = FG_STR("prod")};
    return (fg_usage_plan_t){
        .id = fg_str(id),
        .name = fg_str(id),
        .has_quota = limit > 0,
        .quota_limit = limit,
        .quota_period = period,
        .stages = stages,
        .stage_count = 1,
    };
}

/* A stage that exists, keys k1 and k2 on a plan of 3 requests a day. */
#define VALUE_1 "value-of-key-one-0123456789"
#define VALUE_2 "value-of-key-two-0123456789"

static inline fg_document_t world_document(fg_document_kind_t kind, const char *api_id,
                                           const char *id, const char *parent_id, const char *json)
{
    return (fg_document_t){.kind = kind,
                           .api_id = fg_str(api_id),
                           .id = fg_str(id),
                           .parent_id = fg_str(parent_id),
                           .json = fg_str(json)};
}

#define METHOD_START "\"authorizationType\":\"NONE\",\"apiKeyRequired\":true,\"methodIntegration\":"
#define MOCK                                                                                       \
    "{\"type\":\"MOCK\",\"requestTemplates\":{\"application/json\":\"{\\\"statusCode\\\": "        \
    "200}\"},\"timeoutInMillis\":29000,"                                                           \
    "\"passthroughBehavior\":\"WHEN_NO_MATCH\",\"integrationResponses\":{\"200\":{\"statusCode\":" \
    "\"200\"}}}"
#define PROXY                                                                                      \
    "{\"type\":\"HTTP_PROXY\",\"httpMethod\":\"GET\",\"uri\":\"http://backend.test:8000/"          \
    "x\",\"timeoutInMillis\":29000,"                                                               \
    "\"passthroughBehavior\":\"WHEN_NO_MATCH\",\"connectionType\":\"INTERNET\"}"

static inline void world_deploy(world_t *world, const char *deployment_id, const char *integration)
{
    fg_str_t deployment =
        fg_arena_printf(world->arena,
                        "{\"id\":\"%s\",\"createdDate\":1,\"snapshot\":{\"restApi\":{\"id\":"
                        "\"weather000\",\"name\":\"w\",\"apiKeySource\":"
                        "\"HEADER\"},\"resources\":[{\"id\":\"root000000\",\"path\":\"/"
                        "\",\"resourceMethods\":{\"GET\":{\"httpMethod\":"
                        "\"GET\"," METHOD_START "%s}}}],\"gatewayResponses\":[]}}",
                        deployment_id, integration);
    fg_str_t stage = fg_arena_printf(
        world->arena, "{\"stageName\":\"prod\",\"deploymentId\":\"%s\",\"methodSettings\":{}}",
        deployment_id);
    fg_document_t api = world_document(FG_DOCUMENT_REST_API, "", "weather000", "",
                                       "{\"id\":\"weather000\",\"name\":\"w\"}");
    fg_document_t documents[] = {
        api,
        world_document(FG_DOCUMENT_DEPLOYMENT, "weather000", deployment_id, "", deployment.at),
        world_document(FG_DOCUMENT_STAGE, "weather000", "prod", deployment_id, stage.at),
    };
    OK(fg_store_begin(world->store, reterr));
    for (size_t i = 0; i < FG_COUNT_OF(documents); i++)
        OK(fg_store_document_put(world->store, &documents[i], reterr));
    OK(fg_store_commit(world->store, reterr));
}

static inline void world_furnish(world_t *world)
{
    fg_api_key_t one = world_new_key("key1000000", VALUE_1),
                 two = world_new_key("key2000000", VALUE_2);
    fg_usage_plan_t plan = world_new_plan("planaa", 3, FG_PERIOD_DAY);
    world_deploy(world, "dep001", MOCK);
    COMMIT(world, fg_store_key_insert(world->store, &one, reterr));
    COMMIT(world, fg_store_key_insert(world->store, &two, reterr));
    COMMIT(world, fg_store_plan_insert(world->store, &plan, reterr));
    COMMIT(world, fg_store_pair_insert(world->store, plan.id, one.id, reterr));
    COMMIT(world, fg_store_pair_insert(world->store, plan.id, two.id, reterr));
}

/* ---- what a worker sees ---- */

static inline fg_gate_t *world_gate(world_t *world)
{
    return fg_gate_writer_gate(fg_agent_writer(world->agent));
}

static inline fg_gate_facts_t world_facts(world_t *world, const char *value)
{
    fg_gate_facts_t facts = {
        .stage_index =
            fg_gate_stage_find(world_gate(world), FG_STR("weather000"), FG_STR("prod")),
        .is_key_required = true,
        .has_key = true,
        .key_value = fg_str(value),
    };
    assert_int_not_equal(facts.stage_index, FG_GATE_NONE);
    return facts;
}

/* Once, as a worker does that nobody grants anything. */
static inline fg_verdict_t world_decide_alone(world_t *world, const char *value)
{
    fg_gate_facts_t facts = world_facts(world, value);
    return fg_gate_decide(world_gate(world), &facts, clock_now);
}

/* A request that waits for its grant (rule L3). */
static inline fg_verdict_t world_decide_facts(world_t *world, const fg_gate_facts_t *facts)
{
    fg_verdict_t verdict = fg_gate_decide(world_gate(world), facts, clock_now);
    if (verdict.kind != FG_VERDICT_GRANT_PENDING)
        return verdict;
    fg_gate_want(world_gate(world), verdict.quota_slot_index);
    fg_agent_grant(world->agent, clock_now);
    return fg_gate_decide(world_gate(world), facts, clock_now);
}

static inline fg_verdict_t world_decide(world_t *world, const char *value)
{
    fg_gate_facts_t facts = world_facts(world, value);
    return world_decide_facts(world, &facts);
}

static inline const char *world_reason(world_t *world, const char *value)
{
    return fg_verdict_reason(world_decide(world, value).kind);
}

/* Used and remaining of a day in the store; false when there is no row. */
static inline bool world_usage(world_t *world, const char *plan_id, const char *key_id,
                               uint32_t day, uint64_t *ret_used, uint64_t *ret_remaining)
{
    fg_usage_row_t *rows;
    size_t count;
    OK(fg_store_usage_list(world->store, fg_str(plan_id), fg_str(key_id), FG_STR_NONE, 1, day, day,
                           world->arena, &rows, &count, reterr));
    if (count == 0)
        return false;
    *ret_used = rows[0].used;
    *ret_remaining = rows[0].has_remaining ? rows[0].remaining : UINT64_MAX;
    return true;
}

#endif
