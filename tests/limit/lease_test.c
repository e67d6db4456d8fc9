/* Rules L2, L3: how large a lease is, when it is topped up, what is granted unasked. */
#include "words.h"

#include "base/id.h"
#include "limit/lease.h"
#include "limit/quota.h"

#include <time.h>

enum { ROUNDS = 200000 };

/* Of the limit 1 %, within 1 and 16. */
static void first_grants_by_table(void **state)
{
    (void)state;
    static const struct {
        uint64_t limit, first;
    } rows[] = {{0, 0},   {1, 1},     {3, 1},     {199, 1},     {200, 2},
                {999, 9}, {1599, 15}, {1600, 16}, {100000, 16}, {FG_QUOTA_USED_MAX, 16}};
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++)
        assert_int_equal(fg_lease_first(rows[i].limit), rows[i].first);
}

static void lives_by_table(void **state)
{
    (void)state;
    static const struct {
        uint64_t demand_milli_rps;
        int64_t life_ms;
    } rows[] = {{0, 120000},   {1, 120000},   {133, 120000},    {134, 119402},      {1000, 16000},
                {1600, 10000}, {1601, 10000}, {5000000, 10000}, {UINT64_MAX, 10000}};
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++)
        assert_int_equal(fg_lease_life_ms(rows[i].demand_milli_rps), rows[i].life_ms);
}

static void sizes_by_table(void **state)
{
    (void)state;
    static const struct {
        uint64_t limit, remaining, demand_milli_rps;
        uint32_t nodes;
        uint64_t size;
    } rows[] = {
        {1000000, 0, 0, 1, 0},                 /* nothing remains: nothing */
        {150, 150, 0, 1, 1},                   /* nobody asks: one, */
        {1000000, 1000, 0, 1, 16},             /* or what is granted unasked anyway */
        {150, 140, 1000, 1, 16},               /* one a second: the 16 that a lease is for */
        {150, 140, 8, 1, 1},                   /* one in two minutes */
        {1000000, 600000, 12000, 1, 120},      /* the example of the essay */
        {1000000, 1000000, 1000000, 1, 10000}, /* a thousand a second: ten seconds of it */
        {1000000, 1000, 1000000, 1, 500},      /* half of what remains */
        {1000000, 1000, 1000000, 5, 100},      /* half of this node's part of it */
        {1000000, 20, 1000000, 1, 16},         /* the last few at once, */
        {1000000, 10, 1000000, 1, 10},
        {1000000, 20, 1000000, 4, 4}, /* or this node's part, */
        {150, 3, 1000000, 1, 1},      /* of a small quota one by one, */
        {150, 1, 1000000, 10, 1},     /* and the last one whole */
        {FG_QUOTA_USED_MAX, FG_QUOTA_USED_MAX, UINT64_MAX, 1, FG_LEASE_DEMAND_MAX / 100},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++)
        assert_int_equal(fg_lease_size(rows[i].limit, rows[i].remaining, rows[i].demand_milli_rps,
                                       rows[i].nodes),
                         rows[i].size);
}

static void extensions_by_table(void **state)
{
    (void)state;
    static const struct {
        fg_lease_state_t state;
        uint64_t granted;
    } rows[] = {
        /* ten seconds' worth left of a lease: not yet */
        {{.limit = 1000, .used = 100, .granted = 200, .demand_milli_rps = 10000}, 200},
        /* three seconds' worth: not yet; one less: a lease beyond what is used */
        {{.limit = 1000, .used = 170, .granted = 200, .demand_milli_rps = 10000}, 200},
        {{.limit = 1000, .used = 171, .granted = 200, .demand_milli_rps = 10000}, 271},
        /* quiet, with one left: not yet; dry: as much as the first grant */
        {{.limit = 1000, .used = 199, .granted = 200}, 200},
        {{.limit = 1000, .used = 200, .granted = 200}, 210},
        /* at the limit, or beyond a lowered one: nothing, and nothing taken back */
        {{.limit = 200, .used = 200, .granted = 200, .demand_milli_rps = 10000}, 200},
        {{.limit = 100, .used = 150, .granted = 200, .demand_milli_rps = 10000}, 200},
        {{.limit = 100, .used = 99, .granted = 200, .demand_milli_rps = 10000}, 200},
        /* a raised limit opens at once */
        {{.limit = 300, .used = 200, .granted = 200, .demand_milli_rps = 10000}, 250},
        /* a window that opens */
        {{.limit = 3, .used = 1, .granted = 1, .demand_milli_rps = 1000}, 2},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_lease_state_t given = rows[i].state;
        given.nodes = 1;
        assert_int_equal(fg_lease_extend(given), rows[i].granted);
    }
}

/* Random states: never beyond the limit, never back, at most half of what remains, or the
 * first grant, is at stake, and
 * a dry window with anything left is granted something. Rule L2. */
static void random_states_keep_the_bounds(void **state)
{
    (void)state;
    uint64_t seed = (uint64_t)time(NULL), generator = seed;
    print_message("seed %llu\n", (unsigned long long)seed);
    fg_random_t random = fg_random_seeded(&generator);
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t words[4];
        assert_true(random.fill(random.ctx, words, sizeof(words)));
        uint64_t limit = words[0] % FG_QUOTA_USED_MAX >> words[3] % 40;
        uint64_t used = limit ? words[1] % (limit + 1) : 0;
        fg_lease_state_t given = {
            .limit = limit,
            .used = used,
            .granted = used + (limit - used) * (words[2] % 4) / 4,
            .demand_milli_rps = words[2] >> words[3] / 64 % 64,
            .nodes = 1 + (uint32_t)(words[3] >> 32) % 20,
        };
        uint64_t granted = fg_lease_extend(given), remaining = limit - used;
        uint64_t stake = remaining / 2 / given.nodes, first = fg_lease_first(limit) / given.nodes;
        if (stake < first)
            stake = first;
        assert_true(granted >= given.granted && granted <= limit);
        assert_true(granted == given.granted || granted - used <= (stake > 0 ? stake : 1));
        assert_true(given.granted > used || remaining == 0 || granted > used);
    }
}

/* Whoever spends at a steady rate and is looked at every second never runs dry, until the last few
 * of the quota. */
static void a_steady_demand_never_runs_dry(void **state)
{
    (void)state;
    static const uint64_t rates[] = {1, 7, 50, 1000, 50000};
    for (size_t i = 0; i < FG_COUNT_OF(rates); i++) {
        fg_lease_state_t lease = {
            .limit = rates[i] * 1000, .demand_milli_rps = rates[i] * 1000, .nodes = 1};
        while (lease.limit - lease.used > rates[i] * 8) {
            lease.granted = fg_lease_extend(lease);
            assert_true(lease.granted - lease.used >= rates[i]);
            lease.used += rates[i];
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_grants_by_table),
        cmocka_unit_test(lives_by_table),
        cmocka_unit_test(sizes_by_table),
        cmocka_unit_test(extensions_by_table),
        cmocka_unit_test(random_states_keep_the_bounds),
        cmocka_unit_test(a_steady_demand_never_runs_dry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
