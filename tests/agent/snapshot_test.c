/*
 * Stages in the store become snapshots that workers open; names of backends are looked up and
 * looked up again.
 */
#include "world.h"

#include "route/route.h"

#include <limits.h>
#include <netinet/in.h>

static void deploy(world_t *world, const char *deployment_id, const char *integration)
{
    world_deploy(world, deployment_id, integration);
    OK(fg_agent_publish(world->agent, reterr));
}

static uint64_t revision(world_t *world)
{
    uint32_t index = fg_gate_stage_find(world_gate(world), FG_STR("weather000"), FG_STR("prod"));
    return index == FG_GATE_NONE ? 0 : fg_gate_stage_revision(world_gate(world), index);
}

static bool has_file(world_t *world, uint64_t number)
{
    char path[PATH_MAX];
    uint32_t index = fg_gate_stage_find(world_gate(world), FG_STR("weather000"), FG_STR("prod"));
    assert_true(fg_gate_route_path(world_gate(world), index, number, path, sizeof(path)));
    return access(path, F_OK) == 0;
}

static fg_route_t *open_snapshot(world_t *world)
{
    char path[PATH_MAX];
    fg_route_t *route;
    uint32_t index = fg_gate_stage_find(world_gate(world), FG_STR("weather000"), FG_STR("prod"));
    assert_true(fg_gate_route_path(world_gate(world), index, revision(world), path, sizeof(path)));
    OK(fg_route_open(path, &route, reterr));
    return route;
}

/* "192.0.2.1:8000" of the only method, "" when there is none. */
static void expect_address(world_t *world, const char *expected, int port)
{
    fg_route_t *route = open_snapshot(world);
    fg_route_entry_t entry = fg_route_entry(route, 0);
    char text[32] = "";
    if (entry.address_count > 0) {
        socklen_t bytes;
        struct sockaddr_in address;
        memcpy(&address, fg_route_entry_address(route, 0, 0, &bytes), sizeof(address));
        const uint8_t *ip = (const uint8_t *)&address.sin_addr;
        (void)snprintf(text, sizeof(text), "%u.%u.%u.%u", ip[0], ip[1], ip[2], ip[3]);
        assert_int_equal(ntohs(address.sin_port), port);
    }
    assert_string_equal(text, expected);
    fg_route_unref(route);
}

static void no_lock(void *ctx)
{
    (void)ctx;
}

static void resolve(world_t *world)
{
    fg_agent_resolve(world->agent, no_lock, no_lock, NULL);
}

/* Given a deployment, when published, then its snapshot says which it is; a next one rises; two
 * files stay. */
static void test_revisions_rise_and_two_files_stay(void **state)
{
    world_t *world = *state;
    deploy(world, "dep001", MOCK);
    uint64_t first = revision(world);
    assert_true(first > 0);
    fg_route_t *route = open_snapshot(world);
    assert_true(fg_str_is(fg_route_deployment_id(route), "dep001"));
    fg_route_unref(route);
    deploy(world, "dep002", MOCK);
    deploy(world, "dep003", MOCK);
    assert_int_equal(revision(world), first + 2);
    assert_false(has_file(world, first));
    assert_true(has_file(world, first + 1));
    assert_true(has_file(world, first + 2));
}

/* Given a restart, then the revision stays as it is, and the next deployment rises above it. */
static void test_revisions_rise_over_restarts(void **state)
{
    world_t *world = *state;
    deploy(world, "dep001", PROXY);
    uint64_t first = revision(world);
    world_stop(world);
    world_start(world);
    assert_int_equal(revision(world), first);
    world_stop(world);
    world->boot_id = "99999999-2222-3333-4444-555555555555";
    world_start(world);
    assert_true(revision(world) > first);
    expect_address(world, "192.0.2.1", 8000);
}

/* Given a stage or its API that is deleted, then nothing is served. */
static void test_a_deleted_stage_is_taken_back(void **state)
{
    world_t *world = *state;
    deploy(world, "dep001", MOCK);
    CHANGE(world, fg_store_document_delete(world->store, FG_DOCUMENT_STAGE, FG_STR("weather000"),
                                           FG_STR("prod"), reterr));
    assert_int_equal(revision(world), 0);
    deploy(world, "dep002", MOCK);
    assert_true(revision(world) > 0);
    CHANGE(world, fg_store_api_delete(world->store, FG_STR("weather000"), reterr));
    assert_int_equal(revision(world), 0);
}

/* Given an API deleted while the agent was away, then it is not served after. */
static void test_an_api_deleted_before_a_restart(void **state)
{
    world_t *world = *state;
    deploy(world, "dep001", MOCK);
    COMMIT(world, fg_store_api_delete(world->store, FG_STR("weather000"), reterr));
    world_stop(world);
    world_start(world);
    assert_int_equal(revision(world), 0);
}

/* Given a deployment that cannot be read, then the stage keeps its revision and the log says why.
 */
static void test_what_does_not_compile_changes_nothing(void **state)
{
    world_t *world = *state;
    deploy(world, "dep001", MOCK);
    uint64_t first = revision(world);
    deploy(world, "dep002", "5,\"broken\":tru");
    assert_int_equal(revision(world), first);
    assert_non_null(strstr(world->log, "stage weather000/prod keeps revision"));
    deploy(world, "dep003", MOCK);
    assert_true(revision(world) > first);
}

/* Given a backend's name, then the first snapshot has its address; when that changes the stage is
 * published again; when the name fails the address stays. */
static void test_names_are_looked_up_again(void **state)
{
    world_t *world = *state;
    deploy(world, "dep001", PROXY);
    uint64_t first = revision(world);
    expect_address(world, "192.0.2.1", 8000);
    resolve(world);
    assert_int_equal(revision(world), first);
    lookup_answer = "192.0.2.77";
    resolve(world);
    assert_int_equal(revision(world), first + 1);
    expect_address(world, "192.0.2.77", 8000);
    lookup_answer = NULL;
    resolve(world);
    assert_int_equal(revision(world), first + 1);
    deploy(world, "dep002", PROXY);
    expect_address(world, "192.0.2.77", 8000);
}

/* Given a name that does not resolve yet, then the stage is served without it and gets it when it
 * does. */
static void test_a_name_that_resolves_later(void **state)
{
    world_t *world = *state;
    lookup_answer = NULL;
    deploy(world, "dep001", PROXY);
    assert_true(revision(world) > 0);
    expect_address(world, "", 0);
    assert_non_null(strstr(world->log, "backend backend.test does not resolve"));
    lookup_answer = "192.0.2.5";
    resolve(world);
    expect_address(world, "192.0.2.5", 8000);
}

/* Given a restart while the name server is away, then the address it had before holds. */
static void test_the_last_good_address_survives(void **state)
{
    world_t *world = *state;
    deploy(world, "dep001", PROXY);
    world_stop(world);
    lookup_answer = NULL;
    world_start(world);
    deploy(world, "dep002", PROXY);
    expect_address(world, "192.0.2.1", 8000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_revisions_rise_and_two_files_stay),
        WORLD_TEST(test_revisions_rise_over_restarts),
        WORLD_TEST(test_a_deleted_stage_is_taken_back),
        WORLD_TEST(test_an_api_deleted_before_a_restart),
        WORLD_TEST(test_what_does_not_compile_changes_nothing),
        WORLD_TEST(test_names_are_looked_up_again),
        WORLD_TEST(test_a_name_that_resolves_later),
        WORLD_TEST(test_the_last_good_address_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
