/* What one request is charged to, limit by limit, and what each refusal leaves untouched. */
#include "world.h"

/* Takes go through here, so that a test can say which one loses its race. */
static fg_take_t race_throttle(fg_throttle_word_t *word, fg_throttle_t limits, fg_mono_t now);
static fg_quota_take_t race_quota(fg_quota_word_t *word, const fg_quota_word_t *granted,
                                  fg_quota_t quota, fg_wall_t now);
#define fg_throttle_take race_throttle
#define fg_quota_take    race_quota
#include "gate/limits.c"
#undef fg_throttle_take
#undef fg_quota_take

enum { KEY = 1, OTHER_KEY = 2, PLAN = 11, SHADOW_PLAN = 12, GET = 501, POST = 502, CUSTOMER = 9 };

static world_t world;

static int setup(void **state)
{
    (void)state;
    world_setup_large(&world, false);
    return 0;
}

static int setup_leased(void **state)
{
    (void)state;
    world_setup_large(&world, true);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_teardown(&world);
    return 0;
}

/* ---- short ways ---- */

static int loser; /* the take of this number, from 1, finds nothing left; 0: none does */

static bool is_lost(void)
{
    return loser > 0 && --loser == 0;
}

static fg_take_t race_throttle(fg_throttle_word_t *word, fg_throttle_t limits, fg_mono_t now)
{
    return is_lost() ? (fg_take_t){.retry_after_us = 5} : fg_throttle_take(word, limits, now);
}

static fg_quota_take_t race_quota(fg_quota_word_t *word, const fg_quota_word_t *granted,
                                  fg_quota_t quota, fg_wall_t now)
{
    return is_lost() ? (fg_quota_take_t){.limit = 1, .used = 1}
                     : fg_quota_take(word, granted, quota, now);
}

static fg_gate_plan_t plan_on_prod(fg_throttle_t limit, fg_quota_t quota)
{
    return (fg_gate_plan_t){.plan_id = PLAN,
                            .throttle = limit,
                            .quota = quota,
                            .stages = &world.stage,
                            .stage_count = 1};
}

static void plan_sync(fg_gate_plan_t plan)
{
    assert_int_equal(fg_gate_plan_sync(world.writer, &plan, &world.error), FG_OK);
}

static void grant_sync(uint64_t key, fg_gate_grant_t grant)
{
    grant.plan_id = PLAN;
    fg_gate_key_t row = {.key_id = key,
                         .digest = digest_of(&world, key),
                         .state = FG_KEY_ENABLED,
                         .grants = &grant,
                         .grant_count = 1};
    assert_int_equal(fg_gate_key_sync(world.writer, &row, &world.error), FG_OK);
}

static fg_gate_facts_t facts_of(uint64_t key)
{
    return (fg_gate_facts_t){.stage_index = world.stage,
                             .is_key_required = true,
                             .has_key = true,
                             .key_value = value_of(key)};
}

static fg_verdict_t ask_method(uint64_t key, uint64_t method_id, int64_t s)
{
    fg_gate_facts_t facts = facts_of(key);
    facts.method_id = method_id;
    return fg_gate_decide(world.gate, &facts, at_s(s));
}

/* From 192.0.2.`host`; from 2001:db8:0:`host`::`host` when it is above 255. */
static fg_verdict_t ask_from(uint64_t key, unsigned host, int64_t s)
{
    fg_gate_facts_t facts = facts_of(key);
    facts.has_address = true;
    if (host > 255) {
        memcpy(facts.address, "\x20\x01\x0d\xb8", 4);
        facts.address[6] = facts.address[14] = (uint8_t)(host >> 8);
        facts.address[7] = facts.address[15] = (uint8_t)host;
    } else {
        memcpy(facts.address + 10, "\xff\xff\xc0\x00\x02", 5);
        facts.address[15] = (uint8_t)host;
    }
    return fg_gate_decide(world.gate, &facts, at_s(s));
}

static fg_gate_usage_t usage(uint64_t key, uint64_t plan)
{
    fg_gate_usage_t found = {0};
    assert_true(fg_gate_usage_of(world.writer, digest_of(&world, key), plan, &found));
    return found;
}

static uint64_t used(uint64_t key)
{
    return FG_QUOTA_WORD_USED(usage(key, PLAN).quota_word);
}

#define ASSERT_KIND(verdict, name) assert_int_equal((verdict).kind, FG_VERDICT_##name)

/* ---- rule P4: throttles of single methods ---- */

/* Given a method with a throttle of its own in the plan, each key has its own bucket for it; other
 * methods have none. */
static void a_method_is_throttled_per_key(void **state)
{
    (void)state;
    const fg_gate_method_throttle_t methods[] = {{GET, throttle(1, 2)}};
    fg_gate_plan_t plan = plan_on_prod(no_throttle(), daily(100));
    plan.methods = methods;
    plan.method_count = 1;
    plan_sync(plan);
    key_put(&world, KEY, PLAN);
    key_put(&world, OTHER_KEY, PLAN);
    ASSERT_KIND(ask_method(KEY, GET, 1), ADMITTED);
    ASSERT_KIND(ask_method(KEY, GET, 1), ADMITTED);
    fg_verdict_t verdict = ask_method(KEY, GET, 1);
    ASSERT_KIND(verdict, THROTTLED_PLAN_METHOD);
    assert_int_equal(verdict.throttle.burst, 2);
    assert_int_equal(verdict.retry_after_us, FG_SECOND_US);
    assert_int_equal(used(KEY), 2); /* rule T3 */
    assert_int_equal(usage(KEY, PLAN).throttled, 1);
    ASSERT_KIND(ask_method(KEY, POST, 1), ADMITTED);
    ASSERT_KIND(ask_method(KEY, 0, 1), ADMITTED);
    ASSERT_KIND(ask_method(OTHER_KEY, GET, 1), ADMITTED);
    ASSERT_KIND(ask_method(KEY, GET, 2), ADMITTED);
}

/* Rule T2: the method's throttle, then the plan's, and both hold; whoever refuses leaves the other
 * as it was. */
static void a_method_and_its_plan_both_hold(void **state)
{
    (void)state;
    const fg_gate_method_throttle_t methods[] = {{GET, throttle(1, 1)}, {POST, throttle(1, 9)}};
    fg_gate_plan_t plan = plan_on_prod(throttle(1, 3), no_quota());
    plan.methods = methods;
    plan.method_count = 2;
    plan_sync(plan);
    key_put(&world, KEY, PLAN);
    ASSERT_KIND(ask_method(KEY, GET, 1), ADMITTED);
    for (int i = 0; i < 9; i++)
        ASSERT_KIND(ask_method(KEY, GET, 1), THROTTLED_PLAN_METHOD);
    ASSERT_KIND(ask_method(KEY, POST, 1), ADMITTED);
    fg_verdict_t verdict = ask_method(KEY, POST, 1);
    ASSERT_KIND(verdict, ADMITTED);
    assert_int_equal(verdict.throttle_remaining, 0);
    for (int i = 0; i < 9; i++)
        ASSERT_KIND(ask_method(KEY, POST, 1), THROTTLED_PLAN);
    plan.throttle = throttle(1, 30);
    plan_sync(plan);
    for (int i = 0; i < 7; i++)
        ASSERT_KIND(ask_method(KEY, POST, 1), ADMITTED);
    ASSERT_KIND(ask_method(KEY, POST, 1), THROTTLED_PLAN_METHOD);
}

enum { MANY_METHODS = 35 };

/* Given more methods than a record holds, in any order, each is found, and none that is not there;
 * the same list again changes nothing, another one holds at once. */
static void many_methods_are_found(void **state)
{
    (void)state;
    fg_gate_method_throttle_t methods[MANY_METHODS];
    for (uint64_t i = 0; i < MANY_METHODS; i++)
        methods[i] = (fg_gate_method_throttle_t){1000 + i * 23 % MANY_METHODS * 2, throttle(0, 1)};
    methods[3].throttle.is_set = false; /* says nothing */
    fg_gate_plan_t plan = plan_on_prod(no_throttle(), no_quota());
    plan.methods = methods;
    plan.method_count = MANY_METHODS;
    plan_sync(plan);
    uint64_t records = fg_gate_fill(world.writer).bytes_resident;
    for (int i = 0; i < 200; i++)
        plan_sync(plan);
    assert_int_equal(fg_gate_fill(world.writer).bytes_resident, records);
    key_put(&world, KEY, PLAN);
    for (uint64_t id = 999; id <= 1000 + 2 * MANY_METHODS; id++) {
        bool is_free = id % 2 == 1 || id == methods[3].method_id || id == 1000 + 2 * MANY_METHODS;
        assert_int_equal(ask_method(KEY, id, 1).kind,
                         is_free ? FG_VERDICT_ADMITTED : FG_VERDICT_THROTTLED_PLAN_METHOD);
    }
    methods[34].throttle = throttle(5, 5);
    plan_sync(plan);
    ASSERT_KIND(ask_method(KEY, methods[34].method_id, 1), ADMITTED);
    world_reopen(&world);
    plan.method_count = 0;
    plan_sync(plan);
    ASSERT_KIND(ask_method(KEY, methods[0].method_id, 1), ADMITTED);
}

/* ---- rule X5: addresses ---- */

/* Given rules of the key and of the plan, an address has to pass both; a refused request counts
 * nowhere. */
static void key_and_plan_must_both_let_pass(void **state)
{
    (void)state;
    const fg_address_rule_t of_plan[] = {net(true, 7, 32)};
    const fg_address_rule_t of_key[] = {net(false, 0, 28)};
    fg_gate_plan_t plan = plan_on_prod(throttle(1, 2), daily(10));
    plan.addresses = of_plan;
    plan.address_count = 1;
    plan_sync(plan);
    fg_gate_grant_t grant = {.plan_id = PLAN};
    fg_gate_key_t key = {.key_id = KEY,
                         .digest = digest_of(&world, KEY),
                         .state = FG_KEY_ENABLED,
                         .grants = &grant,
                         .grant_count = 1,
                         .addresses = of_key,
                         .address_count = 1};
    assert_int_equal(fg_gate_key_sync(world.writer, &key, &world.error), FG_OK);
    for (int i = 0; i < 5; i++) {
        fg_verdict_t verdict = ask_from(KEY, 7, 1); /* the key allows it, the plan does not */
        ASSERT_KIND(verdict, ADDRESS_DENIED);
        assert_true(verdict.is_metered && verdict.key_id == KEY && verdict.plan_id == PLAN);
        ASSERT_KIND(ask_from(KEY, 16, 1), ADDRESS_DENIED); /* the key does not */
        ASSERT_KIND(ask_from(KEY, 0x101, 1), ADDRESS_DENIED);
        ASSERT_KIND(ask(&world, KEY, at_s(1)), ADDRESS_DENIED); /* no address at all */
    }
    assert_int_equal(used(KEY), 0);
    assert_int_equal(usage(KEY, PLAN).throttled, 0);
    ASSERT_KIND(ask_from(KEY, 8, 1), ADMITTED);
    key.address_count = 0;
    assert_int_equal(fg_gate_key_sync(world.writer, &key, &world.error), FG_OK);
    ASSERT_KIND(ask_from(KEY, 16, 1), ADMITTED);
    ASSERT_KIND(ask_from(KEY, 16, 1), THROTTLED_PLAN);
    ASSERT_KIND(ask_from(KEY, 7, 1), ADDRESS_DENIED); /* before any throttle is asked */
}

/* Given a throttle for addresses, each key and address has its bucket; of IPv6 each /64. */
static void addresses_are_throttled_per_key(void **state)
{
    (void)state;
    fg_gate_plan_t plan = plan_on_prod(no_throttle(), daily(100));
    plan.address_throttle = throttle(1, 1);
    plan_sync(plan);
    key_put(&world, KEY, PLAN);
    key_put(&world, OTHER_KEY, PLAN);
    ASSERT_KIND(ask_from(KEY, 1, 1), ADMITTED);
    fg_verdict_t verdict = ask_from(KEY, 1, 1);
    ASSERT_KIND(verdict, THROTTLED_ADDRESS);
    assert_int_equal(verdict.retry_after_us, FG_SECOND_US);
    assert_int_equal(used(KEY), 1);
    ASSERT_KIND(ask_from(KEY, 2, 1), ADMITTED);
    ASSERT_KIND(ask_from(OTHER_KEY, 1, 1), ADMITTED);
    ASSERT_KIND(ask_from(KEY, 1, 2), ADMITTED);
    fg_gate_facts_t facts = facts_of(KEY);
    facts.has_address = true;
    memcpy(facts.address, "\x20\x01\x0d\xb8\0\0\0\1", 8);
    ASSERT_KIND(fg_gate_decide(world.gate, &facts, at_s(1)), ADMITTED);
    facts.address[15] = 99; /* the same /64 */
    ASSERT_KIND(fg_gate_decide(world.gate, &facts, at_s(1)), THROTTLED_ADDRESS);
    facts.address[7] = 2; /* the next one */
    ASSERT_KIND(fg_gate_decide(world.gate, &facts, at_s(1)), ADMITTED);
    for (int i = 0; i < 5; i++) /* behind a unix socket there is no address to count by */
        ASSERT_KIND(ask(&world, KEY, at_s(1)), ADMITTED);
}

/* ---- lost races ---- */

/* Rule T2. Given room everywhere when it was checked, whichever take then finds the last token gone
 * refuses the request, and what the ones before it took is given back. */
static void who_loses_a_race_gives_everything_back(void **state)
{
    (void)state;
    static const fg_verdict_kind_t kinds[] = {
        FG_VERDICT_THROTTLED_ADDRESS, FG_VERDICT_THROTTLED_PLAN_METHOD, FG_VERDICT_THROTTLED_PLAN,
        FG_VERDICT_THROTTLED_METHOD,  FG_VERDICT_THROTTLED_ACCOUNT,     FG_VERDICT_QUOTA_EXCEEDED,
    };
    const fg_gate_method_throttle_t methods[] = {{GET, throttle(1, 1)}};
    fg_gate_plan_t plan = plan_on_prod(throttle(1, 1), daily(1));
    plan.methods = methods;
    plan.method_count = 1;
    plan.address_throttle = throttle(1, 1);
    plan_sync(plan);
    key_put(&world, KEY, PLAN);
    fg_gate_account_sync(world.writer, throttle(1, 1));
    fg_gate_facts_t facts = facts_of(KEY);
    facts.method_id = GET;
    facts.method_throttle = throttle(1, 1);
    facts.has_address = true;
    for (size_t i = 0; i < FG_COUNT_OF(kinds); i++) {
        loser = (int)i + 1;
        assert_int_equal(fg_gate_decide(world.gate, &facts, at_s(1)).kind, kinds[i]);
        assert_int_equal(loser, 0);
    }
    assert_int_equal(used(KEY), 0);
    ASSERT_KIND(fg_gate_decide(world.gate, &facts, at_s(1)), ADMITTED); /* the only token of each */
    ASSERT_KIND(fg_gate_decide(world.gate, &facts, at_s(1)), THROTTLED_ADDRESS);
}

/* ---- rule E4: overrides ---- */

/* Given an override with an end, it holds in place of the plan's limits until then and not a second
 * longer; the limit that UpdateUsage gave the window comes before it. */
static void an_override_holds_until_its_end(void **state)
{
    (void)state;
    plan_sync(plan_on_prod(throttle(1, 1), daily(2)));
    fg_gate_grant_t grant = {.has_override_throttle = true,
                             .override_throttle = throttle(100, 50),
                             .has_override_quota = true,
                             .override_quota_limit = 5,
                             .override_until = at_s(60).wall};
    grant_sync(KEY, grant);
    for (uint64_t i = 1; i <= 5; i++) {
        fg_verdict_t verdict = ask(&world, KEY, at_s(1));
        ASSERT_KIND(verdict, ADMITTED);
        assert_int_equal(verdict.quota_limit, 5);
        assert_int_equal(verdict.throttle.burst, 50);
    }
    ASSERT_KIND(ask(&world, KEY, at_s(59)), QUOTA_EXCEEDED);
    fg_verdict_t verdict = ask(&world, KEY, at_s(60));
    ASSERT_KIND(verdict, QUOTA_EXCEEDED);
    assert_int_equal(verdict.quota_limit, 2);
    uint64_t quota_word, extension_word;
    assert_int_equal(fg_gate_remaining_set(world.writer, digest_of(&world, KEY), PLAN, 4,
                                           at_s(10).wall, &quota_word, &extension_word),
                     FG_OK);
    verdict = ask(&world, KEY, at_s(10));
    ASSERT_KIND(verdict, ADMITTED);
    assert_int_equal(verdict.quota_limit, 9);
    ASSERT_KIND(ask(&world, KEY, at_s(61)), ADMITTED); /* the plan's throttle: one a second */
    ASSERT_KIND(ask(&world, KEY, at_s(61)), THROTTLED_PLAN);
}

/* Given a plan without limits: an override brings a throttle, but no quota, which has no period. */
static void an_override_of_a_plan_without_limits(void **state)
{
    (void)state;
    plan_sync(plan_on_prod(no_throttle(), no_quota()));
    fg_gate_grant_t grant = {.has_override_throttle = true,
                             .override_throttle = throttle(1, 2),
                             .has_override_quota = true,
                             .override_quota_limit = 1};
    grant_sync(KEY, grant);
    ASSERT_KIND(ask(&world, KEY, at_s(1)), ADMITTED);
    ASSERT_KIND(ask(&world, KEY, at_s(1)), ADMITTED);
    ASSERT_KIND(ask(&world, KEY, at_s(1)), THROTTLED_PLAN);
}

/* ---- rule E6: validity ---- */

/* Given a value with a beginning and an end, it works from the first second of the one to the last
 * before the other; what is refused counts nowhere. */
static void a_value_works_from_its_beginning_to_its_end(void **state)
{
    (void)state;
    plan_sync(plan_on_prod(throttle(1, 1), daily(10)));
    fg_gate_grant_t grant = {.plan_id = PLAN};
    fg_gate_key_t key = {.key_id = KEY,
                         .digest = digest_of(&world, KEY),
                         .state = FG_KEY_ENABLED,
                         .grants = &grant,
                         .grant_count = 1,
                         .not_before = at_s(100).wall,
                         .expires = at_s(200).wall};
    assert_int_equal(fg_gate_key_sync(world.writer, &key, &world.error), FG_OK);
    fg_verdict_t verdict = ask(&world, KEY, at_s(99));
    ASSERT_KIND(verdict, KEY_NOT_YET_VALID);
    assert_int_equal(verdict.key_id, KEY);
    ASSERT_KIND(ask(&world, KEY, at_s(100)), ADMITTED);
    ASSERT_KIND(ask(&world, KEY, at_s(199)), ADMITTED);
    ASSERT_KIND(ask(&world, KEY, at_s(200)), KEY_EXPIRED);
    assert_int_equal(used(KEY), 2);
    key.state = FG_KEY_DISABLED; /* the state is asked first */
    assert_int_equal(fg_gate_key_sync(world.writer, &key, &world.error), FG_OK);
    ASSERT_KIND(ask(&world, KEY, at_s(300)), KEY_DISABLED);
    key = (fg_gate_key_t){.key_id = KEY,
                          .digest = digest_of(&world, KEY),
                          .state = FG_KEY_ENABLED,
                          .grants = &grant,
                          .grant_count = 1};
    assert_int_equal(fg_gate_key_sync(world.writer, &key, &world.error), FG_OK);
    ASSERT_KIND(ask(&world, KEY, at_s(300)), ADMITTED);
}

/* The minute of the last admitted request is noted; refusals leave it. */
static void the_minute_of_the_last_use_is_noted(void **state)
{
    (void)state;
    plan_sync(plan_on_prod(no_throttle(), daily(2)));
    key_put(&world, KEY, PLAN);
    fg_digest_t digest = digest_of(&world, KEY);
    assert_int_equal(fg_gate_used_minute(world.gate, digest), 0);
    ASSERT_KIND(ask(&world, KEY, at_s(61)), ADMITTED);
    assert_int_equal(fg_gate_used_minute(world.gate, digest), at_s(61).wall.s / 60);
    ASSERT_KIND(ask(&world, KEY, at_s(181)), ADMITTED);
    assert_int_equal(fg_gate_used_minute(world.gate, digest), at_s(181).wall.s / 60);
    ASSERT_KIND(ask(&world, KEY, at_s(301)), QUOTA_EXCEEDED);
    assert_int_equal(fg_gate_used_minute(world.gate, digest), at_s(181).wall.s / 60);
}

/* ---- rules E3 and E5: shadows and groups ---- */

typedef struct drained {
    fg_gate_usage_t shadow, group;
    int shadows, groups;
} drained_t;

static bool note(void *ctx, const fg_gate_usage_t *found)
{
    drained_t *drained = ctx;
    if (found->is_shadow) {
        drained->shadow = *found;
        drained->shadows++;
    }
    if (FG_GATE_IS_GROUP(found->key_id)) {
        drained->group = *found;
        drained->groups++;
    }
    return true;
}

/* Given two keys of one customer, they share one quota and have a throttle each; what one gives
 * back the other may take. */
static void keys_of_a_customer_share_a_quota(void **state)
{
    (void)state;
    fg_verdict_t verdict, last;
    plan_sync(plan_on_prod(throttle(1, 3), daily(4)));
    grant_sync(KEY, (fg_gate_grant_t){.group_id = FG_GATE_GROUP(CUSTOMER)});
    grant_sync(OTHER_KEY, (fg_gate_grant_t){.group_id = FG_GATE_GROUP(CUSTOMER)});
    for (int i = 0; i < 3; i++)
        ASSERT_KIND(ask(&world, KEY, at_s(1)), ADMITTED);
    ASSERT_KIND(ask(&world, KEY, at_s(1)), THROTTLED_PLAN);
    last = ask(&world, OTHER_KEY, at_s(1));
    ASSERT_KIND(last, ADMITTED);
    assert_int_equal(last.quota_remaining, 0);
    assert_int_not_equal(last.quota_slot_index, last.slot_index);
    verdict = ask(&world, OTHER_KEY, at_s(1));
    ASSERT_KIND(verdict, QUOTA_EXCEEDED);
    assert_int_equal(verdict.quota_slot_index, last.quota_slot_index);
    assert_int_equal(usage(OTHER_KEY, PLAN).over_quota, 1);
    assert_int_equal(usage(KEY, PLAN).over_quota, 0);
    fg_gate_usage_t shared;
    assert_true(fg_gate_group_usage(world.writer, FG_GATE_GROUP(CUSTOMER), PLAN, &shared));
    assert_int_equal(FG_QUOTA_WORD_USED(shared.quota_word), 4);
    assert_int_equal(FG_QUOTA_WORD_USED(usage(KEY, PLAN).day_words[0]), 3);
    assert_int_equal(FG_QUOTA_WORD_USED(usage(OTHER_KEY, PLAN).day_words[0]), 1);
    drained_t drained = {.groups = 0};
    assert_true(fg_gate_drain(world.writer, note, &drained));
    assert_int_equal(drained.groups, 1);
    assert_int_equal(FG_QUOTA_WORD_USED(drained.group.quota_word), 4);
    fg_gate_give_back(world.gate, &last);
    assert_true(fg_gate_drain(world.writer, note, &drained));
    assert_int_equal(FG_QUOTA_WORD_USED(drained.group.quota_word), 3);
    assert_int_equal(FG_QUOTA_WORD_USED(usage(OTHER_KEY, PLAN).day_words[0]), 0);
    ASSERT_KIND(ask(&world, KEY, at_s(2)), ADMITTED);
    ASSERT_KIND(ask(&world, KEY, at_s(3)), QUOTA_EXCEEDED);
}

/* Given a shadow plan, it says what it would have done and counts it, and keeps nobody out. What
 * the live plan refuses it is not asked. */
static void a_shadow_counts_and_keeps_nobody_out(void **state)
{
    (void)state;
    fg_gate_plan_t what_if = plan_on_prod(throttle(1, 2), daily(3));
    what_if.plan_id = SHADOW_PLAN;
    what_if.stage_count = 0; /* it covers nothing and has no keys */
    plan_sync(what_if);
    plan_sync(plan_on_prod(throttle(10, 4), no_quota()));
    grant_sync(KEY, (fg_gate_grant_t){.shadow_plan_id = SHADOW_PLAN});
    static const struct {
        int64_t s;
        fg_verdict_kind_t live, shadow;
    } rows[] = {
        {1, FG_VERDICT_ADMITTED, FG_VERDICT_ADMITTED},
        {1, FG_VERDICT_ADMITTED, FG_VERDICT_ADMITTED},
        {1, FG_VERDICT_ADMITTED, FG_VERDICT_THROTTLED_PLAN},
        {1, FG_VERDICT_ADMITTED, FG_VERDICT_THROTTLED_PLAN},
        {1, FG_VERDICT_THROTTLED_PLAN, FG_VERDICT_ADMITTED}, /* not asked */
        {2, FG_VERDICT_ADMITTED, FG_VERDICT_ADMITTED},
        {3, FG_VERDICT_ADMITTED, FG_VERDICT_QUOTA_EXCEEDED},
    };
    uint32_t shadow_slot = 0;
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_verdict_t verdict = ask(&world, KEY, at_s(rows[i].s));
        assert_int_equal(verdict.kind, rows[i].live);
        assert_int_equal(verdict.shadow, rows[i].shadow);
        shadow_slot = verdict.slot_index;
    }
    assert_int_equal(FG_QUOTA_WORD_USED(usage(KEY, PLAN).day_words[0]), 6);
    assert_int_equal(usage(KEY, PLAN).throttled, 1);
    assert_int_equal(usage(KEY, PLAN).slot_index, shadow_slot);
}

static void a_shadow_is_drained_as_usage_of_its_plan(void **state)
{
    a_shadow_counts_and_keeps_nobody_out(state);
    drained_t drained = {.shadows = 0};
    assert_true(fg_gate_drain(world.writer, note, &drained));
    assert_int_equal(drained.shadows, 1);
    assert_int_equal(drained.shadow.key_id, KEY);
    assert_int_equal(drained.shadow.plan_id, SHADOW_PLAN);
    assert_int_equal(FG_QUOTA_WORD_USED(drained.shadow.quota_word), 3);
    assert_int_equal(drained.shadow.throttled, 2);
    assert_int_equal(drained.shadow.over_quota, 1);
}

/* ---- leases ---- */

static void grant_to(uint64_t key, uint64_t requests)
{
    fg_gate_usage_t pair = usage(key, PLAN);
    fg_gate_granted_set(world.writer, &pair, FG_QUOTA_WORD(20000, requests));
}

static uint64_t admitted_of(uint64_t asked, bool is_outage, fg_verdict_kind_t *ret_last)
{
    uint64_t admitted = 0;
    fg_gate_facts_t facts = facts_of(KEY);
    facts.is_outage = is_outage;
    for (uint64_t i = 0; i < asked; i++) {
        *ret_last = fg_gate_decide(world.gate, &facts, at_s(1)).kind;
        admitted += *ret_last == FG_VERDICT_ADMITTED;
    }
    return admitted;
}

/* Rule L4. Given a grant of 20 of 100 that is spent: without a grant in sight, strict stops there,
 * an allowance goes 15 % of the limit further, open goes to the limit; none goes beyond it. */
static void what_a_plan_does_while_no_grant_can_be_had(void **state)
{
    (void)state;
    static const struct {
        fg_gate_outage_t outage;
        uint8_t percent;
        uint64_t admitted;
        fg_verdict_kind_t last;
    } rows[] = {
        {FG_OUTAGE_STRICT, 50, 0, FG_VERDICT_GRANT_PENDING},
        {FG_OUTAGE_ALLOWANCE, 15, 15, FG_VERDICT_GRANT_PENDING},
        {FG_OUTAGE_ALLOWANCE, 100, 80, FG_VERDICT_QUOTA_EXCEEDED},
        {FG_OUTAGE_OPEN, 0, 80, FG_VERDICT_QUOTA_EXCEEDED},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_verdict_kind_t last;
        fg_gate_plan_t plan = plan_on_prod(no_throttle(), daily(100));
        plan.outage = rows[i].outage;
        plan.allowance_percent = rows[i].percent;
        plan_sync(plan);
        key_put(&world, KEY, PLAN);
        grant_to(KEY, 20);
        assert_int_equal(admitted_of(30, false, &last), 20);
        assert_int_equal(last, FG_VERDICT_GRANT_PENDING);
        assert_int_equal(admitted_of(200, true, &last), rows[i].admitted);
        assert_int_equal(last, rows[i].last);
        assert_int_equal(ask(&world, KEY, at_s(1)).outage, rows[i].outage);
        assert_int_equal(usage(KEY, PLAN).throttled, 0); /* waiting counts nowhere */
        (void)teardown(state);
        (void)setup_leased(state);
    }
}

/* ---- rule U5: what does not count is taken back ---- */

/* Given an answer that does not count, quota and day have the request back; a window or a day that
 * has passed keeps what it has, and so does a slot that is another pair's by now. */
static void what_does_not_count_is_taken_back(void **state)
{
    (void)state;
    plan_sync(plan_on_prod(no_throttle(), daily(2)));
    key_put(&world, KEY, PLAN);
    fg_verdict_t first = ask(&world, KEY, at_s(1)), second = ask(&world, KEY, at_s(1));
    ASSERT_KIND(ask(&world, KEY, at_s(1)), QUOTA_EXCEEDED);
    fg_gate_give_back(world.gate, &first);
    assert_int_equal(used(KEY), 1);
    assert_int_equal(FG_QUOTA_WORD_USED(usage(KEY, PLAN).day_words[0]), 1);
    ASSERT_KIND(ask(&world, KEY, at_s(1)), ADMITTED);
    ASSERT_KIND(ask(&world, KEY, at_s(FG_DAY_S)), ADMITTED);
    fg_gate_give_back(world.gate, &second); /* of the day before */
    assert_int_equal(usage(KEY, PLAN).quota_word, FG_QUOTA_WORD(20001, 1));
    assert_int_equal(usage(KEY, PLAN).day_words[1], FG_QUOTA_WORD(20001, 1));
    assert_int_equal(usage(KEY, PLAN).day_words[0], FG_QUOTA_WORD(20000, 1)); /* not over yet */
    fg_verdict_t refused = ask(&world, KEY, at_s(1));
    ASSERT_KIND(refused, ADMITTED); /* an old clock counts in the newest window */
    assert_int_equal(refused.quota_start_day, 20001);
    refused = ask(&world, KEY, at_s(FG_DAY_S));
    ASSERT_KIND(refused, QUOTA_EXCEEDED);
    fg_gate_give_back(world.gate, &refused); /* took nothing */
    assert_int_equal(used(KEY), 2);
    fg_verdict_t foreign = first;
    foreign.key_id = OTHER_KEY;
    foreign.quota_start_day = foreign.counted_day = 20001;
    fg_gate_give_back(world.gate, &foreign);
    foreign = first;
    foreign.plan_id = SHADOW_PLAN;
    foreign.quota_start_day = foreign.counted_day = 20001;
    fg_gate_give_back(world.gate, &foreign);
    assert_int_equal(used(KEY), 2);
}

static void a_plan_without_a_quota_takes_back_as_well(void **state)
{
    (void)state;
    fg_gate_plan_t plan = plan_on_prod(no_throttle(), no_quota());
    plan.counted_statuses = 1 << 2;
    plan_sync(plan);
    key_put(&world, KEY, PLAN);
    fg_verdict_t verdict = ask(&world, KEY, at_s(1));
    assert_int_equal(verdict.counted_statuses, 1 << 2);
    fg_gate_give_back(world.gate, &verdict);
    assert_int_equal(used(KEY), 0);
    assert_int_equal(FG_QUOTA_WORD_USED(usage(KEY, PLAN).day_words[0]), 0);
    fg_gate_give_back(world.gate, &verdict); /* never below 0 */
    assert_int_equal(used(KEY), 0);
}

#define WITH_WORLD(test)  cmocka_unit_test_setup_teardown(test, setup, teardown)
#define WITH_LEASES(test) cmocka_unit_test_setup_teardown(test, setup_leased, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(a_method_is_throttled_per_key),
        WITH_WORLD(a_method_and_its_plan_both_hold),
        WITH_WORLD(many_methods_are_found),
        WITH_WORLD(key_and_plan_must_both_let_pass),
        WITH_WORLD(addresses_are_throttled_per_key),
        WITH_WORLD(who_loses_a_race_gives_everything_back),
        WITH_WORLD(an_override_holds_until_its_end),
        WITH_WORLD(an_override_of_a_plan_without_limits),
        WITH_WORLD(a_value_works_from_its_beginning_to_its_end),
        WITH_WORLD(the_minute_of_the_last_use_is_noted),
        WITH_WORLD(keys_of_a_customer_share_a_quota),
        WITH_WORLD(a_shadow_counts_and_keeps_nobody_out),
        WITH_WORLD(a_shadow_is_drained_as_usage_of_its_plan),
        WITH_LEASES(what_a_plan_does_while_no_grant_can_be_had),
        WITH_WORLD(what_does_not_count_is_taken_back),
        WITH_WORLD(a_plan_without_a_quota_takes_back_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
