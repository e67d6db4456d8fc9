/* The decision with every limit at once, against a naive reading of the rules: random questions,
 * grants and answers that do not count, from a printed seed. */
#include "world.h"

#include <time.h>

enum { PLAN = 11, SHADOW_PLAN = 12, FIRST_METHOD = 501, CUSTOMER = 9 };

static world_t world;

enum {
    SEEDS = 60,
    STEPS = 3000,
    KEYS = 5, /* 1 and 2 of one customer, 3 with a shadow, 4 with an override, 5 with an end */
    METHODS = 3,
    ADDRESSES = 4, /* the last one is denied by the plan; key 5 has rules of its own */
    RATES_MAX = 3,
    HELD_MAX = 16,
};

static uint64_t random_state;

static uint32_t next_random(uint32_t below)
{
    random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(random_state >> 33) % below;
}

/* Requests and seconds, in millionths. */
typedef struct bucket {
    fg_throttle_t limit;
    int64_t level, at_us;
} bucket_t;

typedef struct window {
    uint64_t limit, used, granted;
    int64_t day, granted_day;
} window_t;

typedef struct model {
    bucket_t plan[KEYS + 1], plan_method[KEYS + 1][METHODS], address[KEYS + 1][ADDRESSES];
    bucket_t stage_method[METHODS], account, shadow;
    window_t own[KEYS + 1], group, shadow_window;
    uint64_t counted[KEYS + 1]; /* of the day it says */
    int64_t counted_day[KEYS + 1];
    fg_gate_outage_t outage;
    fg_wall_t override_until, expires;
} model_t;

static model_t model;

static bucket_t bucket_with(fg_throttle_t limit)
{
    return (bucket_t){.limit = limit, .level = limit.burst * FG_SECOND_US};
}

/* Rates whose interval is a whole number of ticks, so that nothing is rounded. */
static fg_throttle_t random_throttle(void)
{
    static const uint64_t rates[RATES_MAX] = {1, 2, 8};
    if (next_random(4) == 0)
        return no_throttle();
    return throttle(rates[next_random(RATES_MAX)], 1 + next_random(6));
}

static void refill(bucket_t *bucket, int64_t us)
{
    int64_t flown = (us - bucket->at_us) * (int64_t)(bucket->limit.rate_milli_rps / 1000);
    int64_t room = (int64_t)bucket->limit.burst * FG_SECOND_US - bucket->level;
    bucket->level += flown < room ? flown : room;
    bucket->at_us = us;
}

static bool has_token(bucket_t *bucket, fg_now_t now)
{
    refill(bucket, now.mono.us);
    return !bucket->limit.is_set || bucket->level >= FG_SECOND_US;
}

static void window_open(window_t *window, fg_now_t now)
{
    if (window->day < now.wall.s / FG_DAY_S) {
        window->day = now.wall.s / FG_DAY_S;
        window->used = 0;
    }
}

static uint64_t first_grant(uint64_t limit)
{
    return limit / 100 > 16 ? 16 : limit < 200 ? (limit > 0) : limit / 100;
}

static fg_verdict_kind_t window_verdict(window_t *window, fg_now_t now, uint64_t limit,
                                        bool is_leased, uint64_t beyond)
{
    window_open(window, now);
    uint64_t granted = window->granted_day == window->day ? window->granted : first_grant(limit);
    if (window->used >= limit)
        return FG_VERDICT_QUOTA_EXCEEDED;
    return is_leased && window->used >= granted + beyond ? FG_VERDICT_GRANT_PENDING
                                                         : FG_VERDICT_ADMITTED;
}

static window_t *window_of(uint64_t key)
{
    return key <= 2 ? &model.group : &model.own[key];
}

static uint64_t limit_of(uint64_t key, fg_now_t now)
{
    bool is_overridden = key == 4 && now.wall.s < model.override_until.s;
    return is_overridden ? 77 : window_of(key)->limit;
}

static uint64_t beyond(uint64_t limit, bool is_outage)
{
    if (!is_outage || model.outage == FG_OUTAGE_STRICT)
        return 0;
    return model.outage == FG_OUTAGE_OPEN ? limit : limit * 20 / 100;
}

typedef struct question {
    uint64_t key;
    unsigned method, address;
    bool is_outage;
} question_t;

static fg_verdict_kind_t naive_shadow(fg_now_t now)
{
    if (!has_token(&model.shadow, now))
        return FG_VERDICT_THROTTLED_PLAN;
    fg_verdict_kind_t kind =
        window_verdict(&model.shadow_window, now, model.shadow_window.limit, false, 0);
    if (kind != FG_VERDICT_ADMITTED)
        return kind;
    model.shadow.level -= FG_SECOND_US;
    model.shadow_window.used++;
    return kind;
}

static fg_verdict_kind_t naive_limits(question_t asked, fg_now_t now)
{
    const struct {
        bucket_t *bucket;
        fg_verdict_kind_t refusal;
    } rows[] = {
        {&model.address[asked.key][asked.address], FG_VERDICT_THROTTLED_ADDRESS},
        {&model.plan_method[asked.key][asked.method], FG_VERDICT_THROTTLED_PLAN_METHOD},
        {&model.plan[asked.key], FG_VERDICT_THROTTLED_PLAN},
        {&model.stage_method[asked.method], FG_VERDICT_THROTTLED_METHOD},
        {&model.account, FG_VERDICT_THROTTLED_ACCOUNT},
    };
    uint64_t limit = limit_of(asked.key, now);
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++)
        if (!has_token(rows[i].bucket, now))
            return rows[i].refusal;
    fg_verdict_kind_t kind = window_verdict(
        window_of(asked.key), now, limit, true,
        beyond(window_of(asked.key) == &model.group ? model.group.limit : limit, asked.is_outage));
    for (size_t i = 0; kind == FG_VERDICT_ADMITTED && i < FG_COUNT_OF(rows); i++)
        rows[i].bucket->level -= rows[i].bucket->limit.is_set ? FG_SECOND_US : 0;
    return kind;
}

static fg_verdict_kind_t naive(question_t asked, fg_now_t now, fg_verdict_kind_t *ret_shadow)
{
    int64_t day = now.wall.s / FG_DAY_S;
    *ret_shadow = FG_VERDICT_ADMITTED;
    if (asked.key == 5 && now.wall.s >= model.expires.s)
        return FG_VERDICT_KEY_EXPIRED;
    if (asked.address == ADDRESSES - 1 || (asked.key == 5 && asked.address != 0))
        return FG_VERDICT_ADDRESS_DENIED;
    fg_verdict_kind_t kind = naive_limits(asked, now);
    if (kind != FG_VERDICT_ADMITTED)
        return kind;
    window_of(asked.key)->used++;
    if (model.counted_day[asked.key] != day)
        model.counted[asked.key] = 0;
    model.counted_day[asked.key] = day;
    model.counted[asked.key]++;
    if (asked.key == 3)
        *ret_shadow = naive_shadow(now);
    return kind;
}

/* ---- the same in the gate ---- */

static void plan_sync(uint64_t plan_id, fg_throttle_t limit, uint64_t quota, fg_gate_plan_t plan)
{
    plan.plan_id = plan_id;
    plan.throttle = limit;
    plan.quota = daily(quota);
    plan.stages = &world.stage;
    plan.stage_count = 1;
    assert_int_equal(fg_gate_plan_sync(world.writer, &plan, &world.error), FG_OK);
}

static void keys_make(void)
{
    const fg_address_rule_t only_first[] = {net(false, 0, 32)};
    for (uint64_t key = 1; key <= KEYS; key++) {
        fg_gate_grant_t grant = {
            .plan_id = PLAN,
            .group_id = key <= 2 ? FG_GATE_GROUP(CUSTOMER) : 0,
            .shadow_plan_id = key == 3 ? SHADOW_PLAN : 0,
            .has_override_quota = key == 4,
            .override_quota_limit = 77,
            .override_until = model.override_until,
        };
        fg_gate_key_t row = {.key_id = key,
                             .digest = digest_of(&world, key),
                             .state = FG_KEY_ENABLED,
                             .grants = &grant,
                             .grant_count = 1,
                             .expires = {key == 5 ? model.expires.s : 0},
                             .addresses = only_first,
                             .address_count = key == 5};
        assert_int_equal(fg_gate_key_sync(world.writer, &row, &world.error), FG_OK);
    }
}

static void gate_make(const fg_throttle_t *of_methods, fg_throttle_t of_address)
{
    const fg_address_rule_t no_last[] = {net(true, ADDRESSES - 1, 32)};
    fg_gate_method_throttle_t methods[METHODS];
    for (uint64_t i = 0; i < METHODS; i++)
        methods[i] = (fg_gate_method_throttle_t){FIRST_METHOD + i, of_methods[i]};
    plan_sync(PLAN, model.plan[1].limit, model.own[1].limit,
              (fg_gate_plan_t){.methods = methods,
                               .method_count = METHODS,
                               .address_throttle = of_address,
                               .addresses = no_last,
                               .address_count = 1,
                               .outage = model.outage,
                               .allowance_percent = 20});
    plan_sync(SHADOW_PLAN, model.shadow.limit, model.shadow_window.limit,
              (fg_gate_plan_t){.method_count = 0});
    fg_gate_account_sync(world.writer, model.account.limit);
    keys_make();
}

static void world_begin(uint64_t seed)
{
    fg_throttle_t of_methods[METHODS], of_plan, of_address;
    random_state = seed;
    model = (model_t){.outage = (fg_gate_outage_t)next_random(3),
                      .override_until = at_s(next_random(400)).wall,
                      .expires = at_s(next_random(800)).wall};
    of_plan = random_throttle();
    of_address = random_throttle();
    uint64_t limit = 1 + next_random(60);
    for (int i = 0; i < METHODS; i++) {
        of_methods[i] = random_throttle();
        model.stage_method[i] = bucket_with(random_throttle());
    }
    for (int key = 1; key <= KEYS; key++) {
        model.own[key].limit = limit;
        model.plan[key] = bucket_with(of_plan);
        for (int i = 0; i < METHODS; i++)
            model.plan_method[key][i] = bucket_with(of_methods[i]);
        for (int i = 0; i < ADDRESSES; i++)
            model.address[key][i] = bucket_with(of_address);
    }
    model.group.limit = limit;
    model.account = bucket_with(throttle(UINT64_C(1) << next_random(4), 1 + next_random(8)));
    model.shadow = bucket_with(random_throttle());
    model.shadow_window.limit = 1 + next_random(40);
    gate_make(of_methods, of_address);
}

static fg_verdict_t ask_gate(question_t asked, fg_now_t now)
{
    fg_gate_facts_t facts = {.stage_index = world.stage,
                             .is_key_required = true,
                             .has_key = true,
                             .key_value = value_of(asked.key),
                             .method_id = FIRST_METHOD + asked.method,
                             .method_throttle = model.stage_method[asked.method].limit,
                             .is_outage = asked.is_outage,
                             .has_address = true};
    memcpy(facts.address, net(false, asked.address, 32).address, sizeof(facts.address));
    return fg_gate_decide(world.gate, &facts, now);
}

static fg_gate_usage_t usage(uint64_t key)
{
    fg_gate_usage_t found = {0};
    assert_true(fg_gate_usage_of(world.writer, digest_of(&world, key), PLAN, &found));
    return found;
}

/* Grant a little more of the running window, as the agent would. */
static void grant_more(uint64_t key, fg_now_t now)
{
    window_t *window = window_of(key);
    fg_gate_usage_t pair = usage(key);
    if (window == &model.group)
        assert_true(fg_gate_group_usage(world.writer, FG_GATE_GROUP(CUSTOMER), PLAN, &pair));
    window_open(window, now);
    window->granted = window->used + next_random(10);
    window->granted_day = window->day;
    fg_gate_granted_set(world.writer, &pair, FG_QUOTA_WORD((uint64_t)window->day, window->granted));
}

typedef struct held {
    fg_verdict_t verdict;
    uint64_t key;
} held_t;

static void give_back(const held_t *held)
{
    window_t *window = window_of(held->key);
    fg_gate_give_back(world.gate, &held->verdict);
    if (window->day == held->verdict.quota_start_day && window->used > 0)
        window->used--;
    if (model.counted_day[held->key] == held->verdict.counted_day && model.counted[held->key] > 0)
        model.counted[held->key]--;
}

static void compare_counts(uint64_t seed)
{
    for (uint64_t key = 1; key <= KEYS; key++) {
        fg_gate_usage_t pair = usage(key);
        int64_t day = model.counted_day[key];
        uint64_t word = pair.day_words[day & 1];
        if (FG_QUOTA_WORD_DAY(word) == day && FG_QUOTA_WORD_USED(word) != model.counted[key])
            fail_msg("seed %llu: key %llu counted", (unsigned long long)seed,
                     (unsigned long long)key);
    }
}

static uint64_t seen[FG_VERDICT_COUNT], seen_shadow[FG_VERDICT_COUNT];

static void play(uint64_t seed)
{
    held_t held[HELD_MAX] = {{.key = 0}};
    fg_now_t now = at_s(1);
    world_begin(seed);
    for (int i = 0; i < STEPS; i++) {
        question_t asked = {1 + next_random(KEYS), next_random(METHODS), next_random(ADDRESSES),
                            next_random(16) == 0};
        fg_verdict_kind_t shadow_kind, kind = naive(asked, now, &shadow_kind);
        fg_verdict_t verdict = ask_gate(asked, now);
        if (verdict.kind != kind || verdict.shadow != shadow_kind)
            fail_msg("seed %llu, step %d, key %u: %s, not %s", (unsigned long long)seed, i,
                     (unsigned)asked.key, fg_verdict_reason(verdict.kind), fg_verdict_reason(kind));
        seen[kind]++;
        seen_shadow[shadow_kind]++;
        held_t *one = &held[next_random(HELD_MAX)];
        if (kind == FG_VERDICT_ADMITTED)
            *one = (held_t){verdict, asked.key};
        else if (one->key != 0 && next_random(4) == 0) {
            give_back(one);
            one->key = 0;
        }
        if (next_random(8) == 0)
            grant_more(asked.key, now);
        int64_t ahead_us =
            next_random(400) == 0 ? FG_DAY_S / 3 * FG_SECOND_US : next_random(3) * FG_SECOND_US / 8;
        now.mono.us += ahead_us;
        now.wall.s = 20000 * FG_DAY_S + now.mono.us / FG_SECOND_US;
        fg_gate_sweep(world.writer, now);
    }
    compare_counts(seed);
}

static void every_limit_agrees_with_a_naive_reading(void **state)
{
    (void)state;
    const char *asked = getenv("FG_SEED");
    uint64_t seed = asked ? strtoull(asked, NULL, 10) : (uint64_t)time(NULL);
    printf("seed %llu\n", (unsigned long long)seed);
    for (uint64_t i = 0; i < SEEDS; i++) {
        world_setup_large(&world, true);
        play(seed + i);
        world_teardown(&world);
    }
    static const fg_verdict_kind_t reached[] = {
        FG_VERDICT_ADMITTED,         FG_VERDICT_KEY_EXPIRED,
        FG_VERDICT_ADDRESS_DENIED,   FG_VERDICT_THROTTLED_ADDRESS,
        FG_VERDICT_THROTTLED_PLAN,   FG_VERDICT_THROTTLED_PLAN_METHOD,
        FG_VERDICT_THROTTLED_METHOD, FG_VERDICT_THROTTLED_ACCOUNT,
        FG_VERDICT_QUOTA_EXCEEDED,   FG_VERDICT_GRANT_PENDING,
    };
    for (size_t i = 0; i < FG_COUNT_OF(reached); i++)
        assert_true(seen[reached[i]] > 0);
    assert_true(seen_shadow[FG_VERDICT_THROTTLED_PLAN] > 0);
    assert_true(seen_shadow[FG_VERDICT_QUOTA_EXCEEDED] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_limit_agrees_with_a_naive_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
