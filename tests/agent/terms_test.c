/*
 * What the member "faregate" of keys and plans says holds in the gate, whether it got there by a
 * publication or by building the gate anew: every test runs both ways.
 */
#include "world.h"

#include "route/method_id.h"

#include <arpa/inet.h>

static bool is_rebuilt; /* how the gate learns what the store has */

static void publish(world_t *world)
{
    if (!is_rebuilt) {
        OK(fg_agent_publish(world->agent, reterr));
        return;
    }
    world_stop(world);
    assert_int_equal(unlink(world->gate_path), 0);
    world_start(world);
}

static void set_key(world_t *world, const char *id, const char *customer_id, const char *extension)
{
    fg_api_key_t key = world_key(world, id);
    key.customer_id = fg_str(customer_id);
    key.extension = fg_str(extension);
    COMMIT(world, fg_store_key_update(world->store, &key, FG_STR_NONE, reterr));
}

static void set_plan(world_t *world, const char *extension)
{
    fg_usage_plan_t plan = world_new_plan("planaa", 3, FG_PERIOD_DAY);
    plan.extension = fg_str(extension);
    COMMIT(world, fg_store_plan_update(world->store, &plan, reterr));
}

static int spend(world_t *world, const char *value, int count)
{
    int admitted = 0;
    for (int i = 0; i < count; i++)
        admitted += world_decide(world, value).kind == FG_VERDICT_ADMITTED;
    return admitted;
}

static void set_throttles(world_t *world, const char *throttles)
{
    fg_usage_plan_t plan = world_new_plan("planaa", 0, FG_PERIOD_NONE);
    plan.stages[0].throttle = fg_str(throttles);
    COMMIT(world, fg_store_plan_update(world->store, &plan, reterr));
}

static const char *reason_of_method(world_t *world, const char *path, const char *verb)
{
    fg_gate_facts_t facts = world_facts(world, VALUE_1);
    facts.method_id =
        fg_method_id(FG_STR("weather000"), FG_STR("prod"), fg_str(path), fg_str(verb));
    return fg_verdict_reason(world_decide_facts(world, &facts).kind);
}

static const char *reason_from(world_t *world, const char *value, const char *address)
{
    fg_gate_facts_t facts = world_facts(world, value);
    facts.has_address = true;
    facts.address[10] = facts.address[11] = 0xff;
    assert_int_equal(inet_pton(AF_INET, address, facts.address + 12), 1);
    return fg_verdict_reason(world_decide_facts(world, &facts).kind);
}

/* Given a plan of 3 a day and an override of 5 for one key, then that key has 5. Rule E4. */
static void an_override_reaches_the_gate(void **state)
{
    world_t *world = *state;
    world_furnish(world);
    set_key(world, "key1000000", NULL, "{\"overrides\":{\"planaa\":{\"quota\":{\"limit\":5}}}}");
    publish(world);
    assert_int_equal(spend(world, VALUE_1, 9), 5);
    assert_int_equal(spend(world, VALUE_2, 9), 3);
}

/* Given an override whose end has come, then the plan's limit holds. Rule E4. */
static void an_override_ends(void **state)
{
    world_t *world = *state;
    world_furnish(world);
    fg_str_t extension = fg_arena_printf(
        world->arena, "{\"overrides\":{\"planaa\":{\"quota\":{\"limit\":5},\"until\":%lld}}}",
        (long long)clock_now.wall.s);
    set_key(world, "key1000000", NULL, extension.at);
    publish(world);
    assert_int_equal(spend(world, VALUE_1, 9), 3);
}

/* Given two keys of one customer and a quota for customers, then both together have 3. Rule E5. */
static void keys_of_a_customer_share(void **state)
{
    world_t *world = *state;
    world_furnish(world);
    set_plan(world, "{\"quotaScope\":\"CUSTOMER\"}");
    set_key(world, "key1000000", "acme", NULL);
    set_key(world, "key2000000", "acme", NULL);
    publish(world);
    assert_int_equal(spend(world, VALUE_1, 2), 2);
    assert_int_equal(spend(world, VALUE_2, 9), 1);
    assert_int_equal(spend(world, VALUE_1, 9), 0);
}

/* When one key goes to another customer, then it has that customer's quota; what the first used
 * stays. Rule E5. */
static void a_key_changes_its_customer(void **state)
{
    world_t *world = *state;
    world_furnish(world);
    set_plan(world, "{\"quotaScope\":\"CUSTOMER\"}");
    set_key(world, "key1000000", "acme", NULL);
    set_key(world, "key2000000", "acme", NULL);
    publish(world);
    assert_int_equal(spend(world, VALUE_1, 2), 2);
    OK(fg_agent_drain(world->agent, clock_now, reterr));
    set_key(world, "key2000000", "other", NULL);
    publish(world);
    assert_int_equal(spend(world, VALUE_2, 9), 3);
    assert_int_equal(spend(world, VALUE_1, 9), 1);
}

/* When the plan's quota becomes one for customers, then its keys learn of it without a change of
 * their own. Rule E5. */
static void a_plan_changes_its_scope(void **state)
{
    world_t *world = *state;
    world_furnish(world);
    set_key(world, "key1000000", "acme", NULL);
    set_key(world, "key2000000", "acme", NULL);
    publish(world);
    set_plan(world, "{\"quotaScope\":\"CUSTOMER\"}");
    publish(world);
    assert_int_equal(spend(world, VALUE_1, 9) + spend(world, VALUE_2, 9), 3);
}

/* Given a quota that is spent together, when more is left to one key, then more is left to both.
 * Rules E5, Q3. */
static void what_remains_is_shared(void **state)
{
    world_t *world = *state;
    uint64_t used = 0, remaining = 0;
    world_furnish(world);
    set_plan(world, "{\"quotaScope\":\"CUSTOMER\"}");
    set_key(world, "key1000000", "acme", NULL);
    set_key(world, "key2000000", "acme", NULL);
    publish(world);
    assert_int_equal(spend(world, VALUE_1, 1) + spend(world, VALUE_2, 1), 2);
    OK(fg_agent_drain(world->agent, clock_now, reterr));
    assert_true(world_usage(world, "planaa", "key1000000", TODAY, &used, &remaining));
    assert_true(used == 1 && remaining == 1);
    fg_ledger_row_t ledger = {.key_id = FG_STR("~1"),
                              .plan_id = FG_STR("planaa"),
                              .quota_word = FG_QUOTA_WORD(TODAY, 2),
                              .extension_word = FG_QUOTA_WORD(TODAY, 7)};
    fg_change_t change = {
        .kind = FG_CHANGE_REMAINING, .id = FG_STR("key1000000"), .parent = ledger.plan_id};
    COMMIT(world, fg_store_ledger_put(world->store, &ledger, reterr));
    COMMIT(world, fg_store_change_append(world->store, &change, reterr));
    publish(world);
    assert_int_equal(spend(world, VALUE_2, 4), 4);
    assert_int_equal(spend(world, VALUE_1, 9), 1);
}

static void rotate(world_t *world, const char *new_value, int64_t overlap_s)
{
    fg_api_key_t key = world_key(world, "key1000000");
    fg_wall_t expires = {clock_now.wall.s + overlap_s};
    OK(fg_store_begin(world->store, reterr));
    OK(fg_store_key_value_keep(world->store, key.id, clock_now.wall, expires, reterr));
    OK(fg_store_key_update(world->store, &key, fg_str(new_value), reterr));
    OK(fg_store_commit(world->store, reterr));
}

#define VALUE_3 "value-of-key-one-again-0123"

/* Given a key that was used, when its value is replaced with an overlap, then both values spend one
 * quota, and the old one ends by itself. Rule K11. */
static void rotated_values_share_their_counts(void **state)
{
    world_t *world = *state;
    fg_now_t before = clock_now;
    world_furnish(world);
    publish(world);
    assert_int_equal(spend(world, VALUE_1, 1), 1);
    OK(fg_agent_drain(world->agent, clock_now, reterr));
    rotate(world, VALUE_3, 60);
    publish(world);
    assert_int_equal(spend(world, VALUE_1, 1), 1);
    assert_int_equal(spend(world, VALUE_3, 9), 1);
    assert_string_equal(world_reason(world, VALUE_1), "quota-exceeded");
    clock_now.wall.s += 60;
    assert_string_equal(world_reason(world, VALUE_1), "key-expired");
    fg_agent_housekeep(world->agent, clock_now);
    assert_string_equal(world_reason(world, VALUE_1), "key-unknown");
    assert_string_equal(world_reason(world, VALUE_3), "quota-exceeded");
    clock_now = before;
}

/* Given two values, when the key is rotated back to the first, then both still work; when the
 * further one is removed, it stops at once. Rule K11. */
static void a_value_comes_back(void **state)
{
    world_t *world = *state;
    world_furnish(world);
    rotate(world, VALUE_3, 3600);
    publish(world);
    rotate(world, VALUE_1, 3600);
    publish(world);
    assert_int_equal(spend(world, VALUE_1, 1), 1);
    assert_int_equal(spend(world, VALUE_3, 1), 1);
    COMMIT(world, fg_store_key_values_delete(world->store, FG_STR("key1000000"), reterr));
    publish(world);
    assert_int_equal(spend(world, VALUE_3, 1), 0);
    assert_int_equal(spend(world, VALUE_1, 9), 1);
}

/* When a key with several values is disabled or deleted, then all its values are. Rules K5, K11. */
static void all_values_go_with_the_key(void **state)
{
    world_t *world = *state;
    world_furnish(world);
    rotate(world, VALUE_3, 3600);
    fg_api_key_t key = world_key(world, "key1000000");
    key.is_enabled = false;
    COMMIT(world, fg_store_key_update(world->store, &key, FG_STR_NONE, reterr));
    publish(world);
    assert_string_equal(world_reason(world, VALUE_1), "key-disabled");
    assert_string_equal(world_reason(world, VALUE_3), "key-disabled");
    COMMIT(world, fg_store_key_delete(world->store, key.id, reterr));
    publish(world);
    assert_int_equal(spend(world, VALUE_1, 1) + spend(world, VALUE_3, 1), 0);
}

/* Rule E6. */
static void a_key_begins_and_ends(void **state)
{
    world_t *world = *state;
    fg_now_t before = clock_now;
    world_furnish(world);
    fg_str_t extension =
        fg_arena_printf(world->arena, "{\"notBefore\":%lld,\"expiresAt\":%lld}",
                        (long long)before.wall.s + 10, (long long)before.wall.s + 20);
    set_key(world, "key1000000", NULL, extension.at);
    publish(world);
    assert_string_equal(world_reason(world, VALUE_1), "key-not-yet-valid");
    clock_now.wall.s = before.wall.s + 10;
    assert_string_equal(world_reason(world, VALUE_1), "admitted");
    clock_now.wall.s = before.wall.s + 20;
    assert_string_equal(world_reason(world, VALUE_1), "key-expired");
    clock_now = before;
    assert_string_equal(world_reason(world, VALUE_2), "admitted");
}

/* Given a key that ends before its replaced value does, then that value ends with the key; given a
 * value that ends before the key, then the value alone. Rules E6, K11. */
static void the_earlier_end_holds(void **state)
{
    world_t *world = *state;
    fg_now_t before = clock_now;
    world_furnish(world);
    rotate(world, VALUE_3, 20);
    fg_str_t extension =
        fg_arena_printf(world->arena, "{\"expiresAt\":%lld}", (long long)before.wall.s + 10);
    set_key(world, "key1000000", NULL, extension.at);
    publish(world);
    clock_now.wall.s = before.wall.s + 10;
    assert_string_equal(world_reason(world, VALUE_1), "key-expired");
    assert_string_equal(world_reason(world, VALUE_3), "key-expired");
    clock_now = before;
    extension.at = "{\"notBefore\":1}";
    set_key(world, "key1000000", NULL, extension.at);
    publish(world);
    clock_now.wall.s = before.wall.s + 20;
    assert_string_equal(world_reason(world, VALUE_1), "key-expired");
    assert_string_equal(world_reason(world, VALUE_3), "admitted");
    clock_now = before;
}

/* Given rules of key and plan, then each is asked. Rule X5. */
static void addresses_are_allowed_and_denied(void **state)
{
    world_t *world = *state;
    world_furnish(world);
    set_plan(world, "{\"addressRules\":[{\"cidr\":\"10.0.0.0/8\",\"action\":\"allow\"}]}");
    set_key(world, "key1000000", NULL,
            "{\"addressRules\":[{\"cidr\":\"10.1.0.0/16\",\"action\":\"deny\"}]}");
    publish(world);
    assert_string_equal(reason_from(world, VALUE_1, "10.1.2.3"), "address-denied");
    assert_string_equal(reason_from(world, VALUE_1, "192.0.2.1"), "address-denied");
    assert_string_equal(reason_from(world, VALUE_1, "10.2.2.3"), "admitted");
    assert_string_equal(reason_from(world, VALUE_2, "10.1.2.3"), "admitted");
}

/* Rule X5. */
static void addresses_are_throttled(void **state)
{
    world_t *world = *state;
    world_furnish(world);
    set_plan(world, "{\"addressThrottle\":{\"rateLimit\":0.001,\"burstLimit\":1}}");
    publish(world);
    assert_string_equal(reason_from(world, VALUE_1, "10.1.2.3"), "admitted");
    assert_string_equal(reason_from(world, VALUE_1, "10.1.2.3"), "throttled-address");
    assert_string_equal(reason_from(world, VALUE_1, "10.1.2.4"), "admitted");
    assert_string_equal(reason_from(world, VALUE_2, "10.1.2.3"), "admitted");
}

/* Given a shadow plan of 1 a day, then it would refuse the second request, which passes. Rule E3.
 */
static void a_shadow_refuses_nobody(void **state)
{
    world_t *world = *state;
    fg_usage_plan_t shadow = {.id = FG_STR("shadow"),
                              .name = FG_STR("shadow"),
                              .has_quota = true,
                              .quota_limit = 1,
                              .quota_period = FG_PERIOD_DAY};
    world_furnish(world);
    COMMIT(world, fg_store_plan_insert(world->store, &shadow, reterr));
    set_plan(world, "{\"shadowPlanId\":\"shadow\"}");
    publish(world);
    fg_verdict_t first = world_decide(world, VALUE_1), second = world_decide(world, VALUE_1);
    assert_int_equal(first.kind, FG_VERDICT_ADMITTED);
    assert_int_equal(first.shadow, FG_VERDICT_ADMITTED);
    assert_int_equal(second.kind, FG_VERDICT_ADMITTED);
    assert_int_equal(second.shadow, FG_VERDICT_QUOTA_EXCEEDED);
}

/* Given throttles of methods by path and verb, by path, and by star, then the most particular one
 * holds for each method, and only for it. Rule P4. */
static void methods_are_throttled(void **state)
{
    world_t *world = *state;
    world_furnish(world);
    set_throttles(world, "{\"//GET\":{\"rateLimit\":0.001,\"burstLimit\":1},"
                         "\"//*\":{\"rateLimit\":0.001,\"burstLimit\":2},"
                         "\"/pets/ANY\":{\"rateLimit\":0.001,\"burstLimit\":0}}");
    publish(world);
    assert_string_equal(reason_of_method(world, "/", "GET"), "admitted");
    assert_string_equal(reason_of_method(world, "/", "GET"), "throttled-plan-method");
    assert_string_equal(reason_of_method(world, "/", "POST"), "admitted");
    assert_string_equal(reason_of_method(world, "/", "POST"), "admitted");
    assert_string_equal(reason_of_method(world, "/", "POST"), "throttled-plan-method");
    assert_string_equal(reason_of_method(world, "/pets", "ANY"), "throttled-plan-method");
    assert_string_equal(reason_of_method(world, "/pets", "GET"), "admitted");
}

/* Given a star as the path, then it holds for the methods that are served. Rule P4. */
static void a_star_is_every_served_method(void **state)
{
    world_t *world = *state;
    world_furnish(world);
    set_throttles(world, "{\"*/GET\":{\"rateLimit\":0.001,\"burstLimit\":0}}");
    publish(world);
    assert_string_equal(reason_of_method(world, "/", "GET"), "throttled-plan-method");
    assert_string_equal(reason_of_method(world, "/", "POST"), "admitted");
    assert_string_equal(reason_of_method(world, "/pets", "GET"), "admitted");
}

/* Given requests, then the minute of the last one is in the store after a round, also of a value
 * that was replaced. Rule K11. */
static void last_uses_are_kept(void **state)
{
    world_t *world = *state;
    world_furnish(world);
    publish(world);
    assert_int_equal(spend(world, VALUE_1, 1), 1);
    rotate(world, VALUE_3, 3600);
    publish(world);
    fg_key_value_t *values;
    size_t count;
    fg_agent_housekeep(world->agent, clock_now);
    OK(fg_store_key_value_list(world->store, FG_STR("key1000000"), false, world->arena, &values,
                               &count, reterr));
    assert_int_equal(count, 1);
    if (!is_rebuilt) /* a lost gate knows no more than the last round did */
        assert_int_equal(values[0].last_used_minute, clock_now.wall.s / 60);
    assert_int_equal(spend(world, VALUE_3, 1), 1);
    fg_agent_housekeep(world->agent, clock_now); /* the round of this minute is done */
    assert_int_equal(world_key(world, "key1000000").last_used_minute, 0);
    clock_now.wall.s += 60;
    fg_agent_housekeep(world->agent, clock_now);
    clock_now.wall.s -= 60;
    assert_int_equal(world_key(world, "key1000000").last_used_minute, clock_now.wall.s / 60);
    assert_int_equal(world_key(world, "key2000000").last_used_minute, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(an_override_reaches_the_gate),
        WORLD_TEST(an_override_ends),
        WORLD_TEST(keys_of_a_customer_share),
        WORLD_TEST(a_key_changes_its_customer),
        WORLD_TEST(a_plan_changes_its_scope),
        WORLD_TEST(what_remains_is_shared),
        WORLD_TEST(rotated_values_share_their_counts),
        WORLD_TEST(a_value_comes_back),
        WORLD_TEST(all_values_go_with_the_key),
        WORLD_TEST(a_key_begins_and_ends),
        WORLD_TEST(the_earlier_end_holds),
        WORLD_TEST(addresses_are_allowed_and_denied),
        WORLD_TEST(addresses_are_throttled),
        WORLD_TEST(a_shadow_refuses_nobody),
        WORLD_TEST(methods_are_throttled),
        WORLD_TEST(a_star_is_every_served_method),
        WORLD_TEST(last_uses_are_kept),
    };
    int failures = cmocka_run_group_tests_name("published", tests, NULL, NULL);
    is_rebuilt = true;
    return failures + cmocka_run_group_tests_name("rebuilt", tests, NULL, NULL);
}
