/* Rankings of pairs: exact among those seen, bounded, and sums that only rise. */
#include "words.h"

#include "agent/top.h"

#include <stdlib.h>
#include <string.h>

enum { KEYS = 3, DAY = 20000, PLAN = 11 };

static fg_now_t at_s(int64_t seconds)
{
    return (fg_now_t){.mono = {(1000 + seconds) * FG_SECOND_US},
                      .wall = {DAY * (int64_t)FG_DAY_S + seconds}};
}

/* A pair that had used so many of 100 a day. */
static fg_gate_usage_t pair(uint32_t slot, uint64_t used)
{
    fg_gate_usage_t usage = {
        .key_id = 100 + slot,
        .plan_id = PLAN,
        .slot_index = slot,
        .quota = {.limit = 100, .period = FG_PERIOD_DAY, .is_set = true},
        .quota_word = FG_QUOTA_WORD(DAY, used),
    };
    usage.day_words[DAY & 1] = FG_QUOTA_WORD(DAY, used);
    return usage;
}

static void note(fg_top_t *top, fg_gate_usage_t usage, int64_t seconds)
{
    assert_true(fg_top_note(top, &usage, at_s(seconds)));
}

static size_t list(const fg_top_t *top, fg_top_rank_t rank, fg_top_entry_t *ret_entries)
{
    return fg_top_list(top, rank, ret_entries, FG_TOP_KEYS_MAX);
}

/* What all series of faregate_key_requests_total add up to. */
static uint64_t total(const fg_top_t *top)
{
    static fg_top_entry_t entries[FG_TOP_KEYS_MAX];
    uint64_t sum = fg_top_other(top).counted;
    size_t count = list(top, FG_TOP_USED, entries);
    for (size_t i = 0; i < count; i++)
        sum += entries[i].counted;
    return sum;
}

/* given more pairs than places, expect the most used, best first, and the rest in other */
static void the_most_used_stay(void **state)
{
    (void)state;
    static fg_top_entry_t entries[FG_TOP_KEYS_MAX];
    fg_top_t *top = fg_top_new(KEYS, 0);
    for (uint32_t slot = 0; slot < 6; slot++)
        note(top, pair(slot, 10 * (slot + 1)), 0);
    assert_int_equal(list(top, FG_TOP_USED, entries), KEYS);
    for (uint32_t i = 0; i < KEYS; i++) {
        assert_int_equal(entries[i].key_id, 105 - i);
        assert_int_equal(entries[i].used_today, 60 - 10 * i);
    }
    assert_int_equal(total(top), 210);
    assert_int_equal(list(top, FG_TOP_QUOTA, entries), KEYS);
    assert_int_equal(entries[0].quota_remaining, 40);
    assert_int_equal(entries[0].quota_limit, 100);
    assert_int_equal(entries[0].quota_reset_at.s, (DAY + 1) * (int64_t)FG_DAY_S);
    fg_top_free(top);
}

/* given a steady pair and one that stops, expect rates near the truth, and the idle one gone */
static void rates_follow_the_traffic(void **state)
{
    (void)state;
    static fg_top_entry_t entries[FG_TOP_KEYS_MAX];
    fg_top_t *top = fg_top_new(KEYS, 0);
    for (int64_t second = 1; second <= 60; second++) {
        fg_gate_usage_t busy = pair(1, 50 * (uint64_t)second);
        busy.throttled = 5 * (uint32_t)second;
        note(top, busy, second);
        if (second <= 10)
            note(top, pair(2, 200 * (uint64_t)second), second);
        fg_top_step(top, at_s(second));
        if (second == 10)
            assert_int_equal(list(top, FG_TOP_LIVE, entries), 2);
        if (second == 10)
            assert_int_equal(entries[0].key_id, 102);
    }
    assert_int_equal(list(top, FG_TOP_LIVE, entries), 1);
    assert_int_equal(entries[0].key_id, 101);
    assert_true(entries[0].admitted_rps > 49 && entries[0].admitted_rps < 51);
    assert_true(entries[0].refused_rps > 4.9 && entries[0].refused_rps < 5.1);
    fg_top_free(top);
}

/* given a slot in use before the start, expect its past to count for nothing; a new day and another
 * pair in the slot count from their beginning */
static void what_was_before_does_not_count(void **state)
{
    (void)state;
    fg_top_t *top = fg_top_new(KEYS, 5);
    note(top, pair(1, 70), 0);
    assert_int_equal(total(top), 0);
    note(top, pair(1, 75), 1);
    assert_int_equal(total(top), 5);
    fg_gate_usage_t tomorrow = pair(1, 75);
    tomorrow.day_words[(DAY + 1) & 1] = FG_QUOTA_WORD(DAY + 1, 2);
    note(top, tomorrow, FG_DAY_S);
    assert_int_equal(total(top), 7);
    fg_gate_usage_t stranger = pair(1, 3);
    stranger.key_id = 999;
    note(top, stranger, FG_DAY_S);
    assert_int_equal(total(top), 10);
    fg_top_free(top);
}

/* given requests whose answers do not count, expect that a counter does not fall, and that what was
 * given back is not counted twice */
static void what_is_given_back_is_not_counted_twice(void **state)
{
    (void)state;
    fg_top_t *top = fg_top_new(KEYS, 0);
    note(top, pair(1, 10), 0);
    note(top, pair(1, 7), 1);
    assert_int_equal(total(top), 10);
    note(top, pair(1, 9), 2);
    assert_int_equal(total(top), 10);
    note(top, pair(1, 12), 3);
    assert_int_equal(total(top), 12);
    fg_top_free(top);
}

/* given the end of the window and of the day, expect nobody near the end of a quota, and used 0 */
static void what_has_passed_leaves(void **state)
{
    (void)state;
    static fg_top_entry_t entries[FG_TOP_KEYS_MAX];
    fg_top_t *top = fg_top_new(KEYS, 0);
    note(top, pair(1, 99), 0);
    fg_top_step(top, at_s(1));
    assert_int_equal(list(top, FG_TOP_QUOTA, entries), 1);
    fg_top_step(top, at_s(FG_DAY_S));
    assert_int_equal(list(top, FG_TOP_QUOTA, entries), 0);
    assert_int_equal(list(top, FG_TOP_USED, entries), 1);
    assert_int_equal(entries[0].used_today, 0);
    assert_int_equal(total(top), 99);
    fg_top_free(top);
}

/* A group's slot has a quota and no requests of its own; a pair of it has requests and no quota; a
 * shadow plan's figures are none; the last figures of a pair take it out. */
static void groups_shadows_and_the_end(void **state)
{
    (void)state;
    static fg_top_entry_t entries[FG_TOP_KEYS_MAX];
    fg_top_t *top = fg_top_new(KEYS, 0);
    fg_gate_usage_t group = pair(1, 30), member = pair(2, 20), shadow = pair(3, 40);
    group.key_id = FG_GATE_GROUP(7);
    member.group_id = group.key_id;
    shadow.is_shadow = true;
    note(top, group, 0);
    note(top, member, 0);
    note(top, shadow, 0);
    assert_int_equal(total(top), 20);
    assert_int_equal(list(top, FG_TOP_QUOTA, entries), 1);
    assert_int_equal(entries[0].key_id, FG_GATE_GROUP(7));
    member.is_final = true;
    note(top, member, 0);
    assert_int_equal(list(top, FG_TOP_USED, entries), 0);
    assert_int_equal(total(top), 20);
    fg_top_free(top);
}

/* An override and an extension of the limit hold before the plan's. */
static void the_limit_that_holds_is_shown(void **state)
{
    (void)state;
    static fg_top_entry_t entries[FG_TOP_KEYS_MAX];
    fg_top_t *top = fg_top_new(KEYS, 0);
    fg_gate_usage_t usage = pair(1, 10);
    usage.has_override_quota = true;
    usage.override_quota_limit = 40;
    note(top, usage, 0);
    assert_int_equal(list(top, FG_TOP_QUOTA, entries), 1);
    assert_int_equal(entries[0].quota_limit, 40);
    usage.extension_word = FG_QUOTA_WORD(DAY, 200);
    note(top, usage, 0);
    assert_int_equal(list(top, FG_TOP_QUOTA, entries), 1);
    assert_int_equal(entries[0].quota_remaining, 190);
    fg_top_free(top);
}

enum { MANY = 500, ROUNDS = 4000 };

static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    return *seed ^= *seed << 17;
}

static int by_size(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? 1 : left > right ? -1 : 0;
}

/* Random pairs against a plain array: the places are the largest figures, the total is every
 * request, and it never falls. */
static void agrees_with_a_sort(void **state)
{
    (void)state;
    uint64_t seed = 0x9e3779b97f4a7c15, used[MANY] = {0}, sorted[MANY], sum = 0;
    static fg_top_entry_t entries[FG_TOP_KEYS_MAX];
    fg_top_t *top = fg_top_new(16, 0);
    print_message("seed %llx\n", (unsigned long long)seed);
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t slot = (uint32_t)(next(&seed) % MANY);
        uint64_t count = next(&seed) % (slot + 1);
        used[slot] += count;
        sum += count;
        note(top, pair(slot, used[slot]), round / 100);
        if (round % 100 == 99)
            fg_top_step(top, at_s(round / 100 + 1));
        assert_int_equal(total(top), sum);
    }
    memcpy(sorted, used, sizeof(sorted));
    qsort(sorted, MANY, sizeof(*sorted), by_size);
    assert_int_equal(list(top, FG_TOP_USED, entries), 16);
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(entries[i].used_today, sorted[i]);
    fg_top_free(top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_used_stay),
        cmocka_unit_test(rates_follow_the_traffic),
        cmocka_unit_test(what_was_before_does_not_count),
        cmocka_unit_test(what_is_given_back_is_not_counted_twice),
        cmocka_unit_test(what_has_passed_leaves),
        cmocka_unit_test(groups_shadows_and_the_end),
        cmocka_unit_test(the_limit_that_holds_is_shown),
        cmocka_unit_test(agrees_with_a_sort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
