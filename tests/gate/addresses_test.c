/* Rule X5: which addresses a list of rules lets pass. */
#include "world.h"

#include "gate/writer.h"

#include <arpa/inet.h>
#include <time.h>

enum { ROUNDS = 300, RULES_MAX = 40, ASKED = 200 };

static world_t world;
static uint64_t random_state;

static int setup(void **state)
{
    (void)state;
    world_setup(&world);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_teardown(&world);
    return 0;
}

static uint32_t next_random(void)
{
    random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(random_state >> 33);
}

/* IPv4 as ::ffff:a.b.c.d. */
static void parse(const char *text, uint8_t ret_address[16])
{
    memset(ret_address, 0, 16);
    if (strchr(text, ':')) {
        assert_int_equal(inet_pton(AF_INET6, text, ret_address), 1);
        return;
    }
    ret_address[10] = ret_address[11] = 0xff;
    assert_int_equal(inet_pton(AF_INET, text, ret_address + 12), 1);
}

static fg_address_rule_t rule(bool is_denied, const char *address, int prefix_bits)
{
    fg_address_rule_t made = {.is_denied = is_denied,
                              .prefix_bits =
                                  (uint8_t)(strchr(address, ':') ? prefix_bits : 96 + prefix_bits)};
    parse(address, made.address);
    return made;
}

static uint32_t written(const fg_address_rule_t *rules, size_t count)
{
    uint32_t first = 0;
    assert_int_equal(fg_gate_addresses_write(world.writer, rules, count, &first), FG_OK);
    assert_true(fg_gate_addresses_are(world.writer, first, rules, count));
    return first;
}

typedef struct row {
    fg_address_rule_t rules[4];
    size_t count;
    const char *address; /* NULL: the client has none */
    bool is_allowed;
} row_t;

static void the_longest_prefix_decides(void **state)
{
    (void)state;
    const row_t rows[] = {
        /* Given no rule, everybody passes. */
        {.count = 0, .address = "192.0.2.1", .is_allowed = true},
        {.count = 0, .address = NULL, .is_allowed = true},
        /* Given only rules that deny, who fits none passes. */
        {{rule(true, "192.0.2.0", 24)}, 1, "192.0.3.1", true},
        {{rule(true, "192.0.2.0", 24)}, 1, "192.0.2.255", false},
        {{rule(true, "192.0.2.0", 24)}, 1, NULL, true},
        /* Given a rule that allows, who fits none is refused, and so is who has no address. */
        {{rule(false, "192.0.2.0", 24)}, 1, "192.0.2.7", true},
        {{rule(false, "192.0.2.0", 24)}, 1, "192.0.3.7", false},
        {{rule(false, "192.0.2.0", 24)}, 1, NULL, false},
        /* Given a hole in what is allowed, and an island in the hole, each prefix outranks the
         * shorter ones, in whatever order they were written. */
        {{rule(false, "10.0.0.0", 8), rule(true, "10.1.0.0", 16), rule(false, "10.1.2.3", 32)},
         3,
         "10.1.2.3",
         true},
        {{rule(false, "10.1.2.3", 32), rule(true, "10.1.0.0", 16), rule(false, "10.0.0.0", 8)},
         3,
         "10.1.2.4",
         false},
        {{rule(true, "10.1.0.0", 16), rule(false, "10.0.0.0", 8)}, 2, "10.2.0.1", true},
        /* Given the same prefix allowed and denied, it is denied. */
        {{rule(false, "10.0.0.0", 8), rule(true, "10.0.0.0", 8)}, 2, "10.0.0.1", false},
        /* Prefixes that end within a byte. */
        {{rule(false, "10.0.0.128", 25)}, 1, "10.0.0.127", false},
        {{rule(false, "10.0.0.128", 25)}, 1, "10.0.0.128", true},
        {{rule(true, "0.0.0.0", 0), rule(false, "10.0.0.0", 7)}, 2, "11.255.0.0", true},
        {{rule(true, "0.0.0.0", 0), rule(false, "10.0.0.0", 7)}, 2, "12.0.0.0", false},
        /* A rule for every IPv4 address says nothing of IPv6, one for everything does. */
        {{rule(true, "0.0.0.0", 0)}, 1, "2001:db8::1", true},
        {{rule(true, "::", 0)}, 1, "192.0.2.1", false},
        {{rule(true, "::", 0), rule(false, "2001:db8::", 32)}, 2, "2001:db8:ffff::1", true},
        {{rule(true, "::", 0), rule(false, "2001:db8::1", 128)}, 2, "2001:db8::2", false},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        uint8_t address[16];
        if (rows[i].address)
            parse(rows[i].address, address);
        uint32_t first = written(rows[i].rules, rows[i].count);
        if (fg_gate_addresses_allow(world.gate, first, rows[i].address ? address : NULL) !=
            rows[i].is_allowed)
            fail_msg("row %zu", i);
        fg_gate_chain_retire(world.writer, first);
    }
}

/* ---- against a naive reading ---- */

static bool bit_of(const uint8_t *address, int bit)
{
    return address[bit / 8] >> (7 - bit % 8) & 1;
}

static bool does_fit(const fg_address_rule_t *candidate, const uint8_t *address)
{
    for (int bit = 0; bit < candidate->prefix_bits; bit++)
        if (bit_of(candidate->address, bit) != bit_of(address, bit))
            return false;
    return true;
}

static bool naive(const fg_address_rule_t *rules, size_t count, const uint8_t *address)
{
    int longest = -1;
    bool is_denied = false, has_allow = false;
    for (size_t i = 0; i < count; i++) {
        has_allow |= !rules[i].is_denied;
        if (!does_fit(&rules[i], address) || rules[i].prefix_bits < longest)
            continue;
        is_denied = rules[i].is_denied || (is_denied && rules[i].prefix_bits == longest);
        longest = rules[i].prefix_bits;
    }
    return longest < 0 ? !has_allow : !is_denied;
}

/* Few different bits, so that rules lie within each other. */
static void make_address(uint8_t ret_address[16])
{
    parse("10.0.0.0", ret_address);
    for (int i = 0; i < 3; i++)
        ret_address[12 + next_random() % 4] ^= (uint8_t)(1u << next_random() % 8);
    if (next_random() % 8 == 0)
        ret_address[next_random() % 16] ^= 1;
}

static void any_list_is_read_as_it_says(void **state)
{
    (void)state;
    const char *asked = getenv("FG_SEED");
    uint64_t seed = asked ? strtoull(asked, NULL, 10) : (uint64_t)time(NULL);
    printf("seed %llu\n", (unsigned long long)seed);
    random_state = seed;
    for (int round = 0; round < ROUNDS; round++) {
        fg_address_rule_t rules[RULES_MAX];
        uint8_t address[16];
        size_t count = next_random() % RULES_MAX;
        for (size_t i = 0; i < count; i++) {
            rules[i] = (fg_address_rule_t){.prefix_bits = (uint8_t)(next_random() % 129),
                                           .is_denied = next_random() % 2};
            make_address(rules[i].address);
        }
        uint32_t first = 0;
        fg_status_t status = fg_gate_addresses_write(world.writer, rules, count, &first);
        if (status == FG_FULL) /* all records rest until nobody can read them */
            break;
        for (int i = 0; i < ASKED; i++) {
            make_address(address);
            assert_int_equal(fg_gate_addresses_allow(world.gate, first, address),
                             naive(rules, count, address));
        }
        fg_gate_chain_retire(world.writer, first);
    }
}

/* ---- records ---- */

/* A list that differs in one rule, or in their number, is not the same; one in another order is. */
static void lists_are_compared_whole(void **state)
{
    (void)state;
    fg_address_rule_t rules[30], other[30];
    for (int i = 0; i < 30; i++) {
        rules[i] = rule(i % 2, "10.0.0.0", 32);
        rules[i].address[15] = (uint8_t)i;
        other[29 - i] = rules[i];
    }
    uint32_t first = written(rules, 30);
    assert_true(fg_gate_addresses_are(world.writer, first, other, 30));
    assert_false(fg_gate_addresses_are(world.writer, first, rules, 29));
    assert_false(fg_gate_addresses_are(world.writer, first, rules, 0));
    other[7].is_denied = !other[7].is_denied;
    assert_false(fg_gate_addresses_are(world.writer, first, other, 30));
    assert_true(fg_gate_addresses_are(world.writer, 0, rules, 0));
    assert_false(fg_gate_addresses_are(world.writer, 0, rules, 1));
}

/* Given no room, nothing of the list stays. */
static void a_list_that_does_not_fit_takes_nothing(void **state)
{
    (void)state;
    static fg_address_rule_t rules[20000];
    uint32_t first = 77, before = world.writer->records_used;
    memset(rules, 0, sizeof(rules));
    assert_int_equal(fg_gate_addresses_write(world.writer, rules, FG_COUNT_OF(rules), &first),
                     FG_FULL);
    assert_int_equal(first, 77);
    assert_int_equal(world.writer->records_used - before, world.writer->free_records.count);
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(the_longest_prefix_decides),
        WITH_WORLD(any_list_is_read_as_it_says),
        WITH_WORLD(lists_are_compared_whole),
        WITH_WORLD(a_list_that_does_not_fit_takes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
