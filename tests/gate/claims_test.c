/* Lines found by hash, claimed and taken back. The interleavings are searched: workers and the
 * sweep take turns before every atomic access, in an order that follows from a printed seed. */
#include "words.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void step(void);

static uint64_t load(_Atomic uint64_t *at)
{
    return atomic_load(at);
}

static void store(_Atomic uint64_t *at, uint64_t value)
{
    atomic_store(at, value);
}

static bool exchange(_Atomic uint64_t *at, uint64_t *seen, uint64_t next)
{
    return atomic_compare_exchange_strong(at, seen, next);
}

#undef atomic_load_explicit
#undef atomic_store_explicit
#undef atomic_compare_exchange_strong_explicit
#define atomic_load_explicit(at, order)         ((void)(order), step(), load(at))
#define atomic_store_explicit(at, value, order) (step(), store(at, value))
#define atomic_compare_exchange_strong_explicit(at, seen, next, won, lost)                         \
    (step(), exchange(at, seen, next))

#include "gate/claims.c"

enum {
    PROBES = 32,
    LINES = 64,
    HOME = 3,
    NAMES = 3,
    WORKERS = 4,
    FINDS = 12,
    SWEEPS = 40,
    SEEDS = 150,
    SEEDS_MAX = 1000000
};

typedef struct line {
    _Atomic uint64_t id, count; /* count: what is in use; 0 is idle */
} line_t;

static line_t lines[LINES];
static _Atomic uint64_t used;
static int outstanding[LINES]; /* counted, stood, and not flown back yet */
static uint64_t random_state;

static const fg_gate_claims_t claims = {.first = (char *)lines,
                                        .line_bytes = sizeof(line_t),
                                        .mask = LINES - 1,
                                        .probes = PROBES,
                                        .used = &used};

static uint64_t next_random(void)
{
    random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return random_state >> 33;
}

static void lines_reset(void)
{
    memset(lines, 0, sizeof(lines));
    memset(outstanding, 0, sizeof(outstanding));
    used = 0;
}

static bool is_idle(void *ctx, uint32_t index)
{
    (void)ctx;
    return atomic_load_explicit(&lines[index].count, memory_order_acquire) == 0;
}

static bool is_lost; /* a line went while a count that stood was in it */

static void clear(void *ctx, uint32_t index)
{
    (void)ctx;
    is_lost |= outstanding[index] != 0;
}

static const fg_gate_sweeper_t sweeper = {.is_idle = is_idle, .clear = clear};

static void sweep_round(bool may_free)
{
    for (uint32_t i = 0; i < LINES; i++)
        (void)fg_gate_claim_sweep(&claims, i, may_free, &sweeper);
}

/* A hash whose home is line `home`. */
static uint64_t hash_at(uint32_t home, unsigned which)
{
    for (uint64_t hash = 1;; hash++)
        if ((search_for(&claims, hash * 7919).home & (LINES - 1)) == home && which-- == 0)
            return hash * 7919;
}

static fg_gate_claim_t found(uint64_t hash)
{
    fg_gate_claim_t claim;
    assert_int_equal(fg_gate_claim_find(&claims, hash, &claim), FG_GATE_FOUND);
    return claim;
}

/* ---- one at a time ---- */

/* Given a home, 32 names fit behind it and the next is refused; who has a line keeps it. */
static void a_neighbourhood_fills_up(void **state)
{
    (void)state;
    fg_gate_claim_t claim;
    lines_reset();
    for (unsigned i = 0; i < PROBES; i++)
        assert_int_equal(found(hash_at(60, i)).index, (60 + i) % LINES);
    assert_int_equal(fg_gate_claim_find(&claims, hash_at(60, PROBES), &claim),
                     FG_GATE_FULL);
    for (unsigned i = 0; i < PROBES; i++)
        assert_int_equal(found(hash_at(60, i)).index, (60 + i) % LINES);
    assert_int_equal(used, PROBES);
}

/* Given three names in a row, when the first goes idle, the others are still found behind the gap,
 * and the next new name fills it. */
static void a_line_that_is_taken_back_breaks_no_row(void **state)
{
    (void)state;
    lines_reset();
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(found(hash_at(5, i)).index, 5 + i);
    lines[6].count = lines[7].count = 1;
    sweep_round(false);
    assert_int_equal(used, 3); /* marked, not yet free */
    sweep_round(true);
    assert_int_equal(used, 2);
    assert_int_equal(found(hash_at(5, 2)).index, 7);
    assert_int_equal(found(hash_at(5, 1)).index, 6);
    assert_int_equal(found(hash_at(5, 3)).index, 5);
}

/* Given an idle line, whoever uses it before the next round keeps it. */
static void an_idle_line_that_is_used_stays(void **state)
{
    (void)state;
    lines_reset();
    fg_gate_claim_t held = found(hash_at(5, 0));
    sweep_round(false);
    assert_true(fg_gate_claim_stands(&held)); /* he had found it before it was marked */
    sweep_round(true);                        /* marked again */
    assert_int_equal(found(hash_at(5, 0)).index, 5);
    sweep_round(true);
    assert_int_equal(used, 1);
    sweep_round(true);
    assert_int_equal(used, 0);
    assert_false(fg_gate_claim_stands(&held)); /* free */
    fg_gate_claim_t other = found(hash_at(5, 1));
    assert_int_equal(other.index, held.index);
    assert_false(fg_gate_claim_stands(&held)); /* another's */
    sweep_round(true);
    sweep_round(true);
    assert_int_equal(found(hash_at(5, 0)).index, held.index);
    assert_false(fg_gate_claim_stands(&held)); /* his name's, but in another turn */
}

/* A claim whose maker died is settled by the next who wants the name, or struck out by the sweep. */
static void a_dead_claim_stops_nobody(void **state)
{
    (void)state;
    lines_reset();
    search_t search = search_for(&claims, hash_at(9, 0));
    fg_gate_claim_t vacant = claim_at(&search, 0, memory_order_relaxed);
    fg_gate_claim_t dead = stake(&search, &vacant);
    assert_non_null(dead.id);
    assert_int_equal(found(hash_at(9, 0)).index, 9);
    lines_reset();
    assert_non_null(stake(&search, &vacant).id);
    sweep_round(false);
    assert_int_equal(used, 0);
    assert_int_equal(found(hash_at(9, 1)).index, 9);
}

/* The number of turns wraps without ever coming back to a line that never was claimed. */
static void turns_wrap(void **state)
{
    (void)state;
    lines_reset();
    for (uint32_t turn = 1; turn <= 2 * (TURN_MASK >> TURN_SHIFT) + 3; turn++) {
        assert_int_equal(found(hash_at(5, 0)).index, 5);
        (void)fg_gate_claim_sweep(&claims, 5, true, &sweeper);
        (void)fg_gate_claim_sweep(&claims, 5, true, &sweeper);
        assert_int_equal(state_of(lines[5].id), FREE);
        assert_int_not_equal(lines[5].id, 0);
    }
}

/* ---- many in turns ---- */

typedef struct player {
    pthread_t thread;
    sem_t go;
    uint64_t random;
    bool is_done, is_sweep;
    unsigned contended;
} player_t;

static player_t players[WORKERS + 1];
static sem_t turn_is_over;
static __thread player_t *me; /* NULL: the test itself, which asks nobody */

static void step(void)
{
    if (!me)
        return;
    sem_post(&turn_is_over);
    while (sem_wait(&me->go) != 0)
        ;
}

static uint64_t my_random(void)
{
    me->random = me->random * UINT64_C(6364136223846793005) + 1442695040888963407;
    return me->random >> 33;
}

/* All names have one home, so that they fight for the same lines. */
static uint64_t hashes[NAMES];

static void use(uint64_t hash)
{
    fg_gate_claim_t claim;
    if (fg_gate_claim_find(&claims, hash, &claim) != FG_GATE_FOUND) {
        me->contended++;
        return;
    }
    step();
    atomic_fetch_add(&lines[claim.index].count, 1);
    bool stands = fg_gate_claim_stands(&claim);
    if (stands) /* no turn passes between the exchange and this */
        outstanding[claim.index]++;
    step();
    if (stands)
        outstanding[claim.index]--;
    atomic_fetch_sub(&lines[claim.index].count, 1);
}

static void *play(void *arg)
{
    me = arg;
    while (sem_wait(&me->go) != 0)
        ;
    if (me->is_sweep)
        for (int i = 0; i < SWEEPS; i++)
            (void)fg_gate_claim_sweep(&claims, HOME + (uint32_t)(my_random() % NAMES), true,
                                      &sweeper);
    else
        for (int i = 0; i < FINDS; i++)
            use(hashes[my_random() % NAMES]);
    me->is_done = true;
    sem_post(&turn_is_over);
    return NULL;
}

/* At most one line belongs to a name. */
static bool has_two_lines(uint64_t name)
{
    int count = 0;
    for (int i = 0; i < LINES; i++) {
        uint64_t id = load(&lines[i].id);
        count += state_of(id) >= HELD && (id & NAME_MASK) == name;
    }
    return count > 1;
}

static void check_lines(uint64_t seed)
{
    for (int i = 0; i < NAMES; i++)
        if (has_two_lines(fg_gate_claim_name(hashes[i])))
            fail_msg("seed %llu: a name has two lines", (unsigned long long)seed);
    if (is_lost)
        fail_msg("seed %llu: a line was freed that was in use", (unsigned long long)seed);
}

/* Who moves next: often the same as before, so that some stand still while others get far. */
static player_t *next_player(player_t *last)
{
    if (last && !last->is_done && next_random() % 8 != 0)
        return last;
    player_t *playing[WORKERS + 1];
    size_t count = 0;
    for (size_t i = 0; i < FG_COUNT_OF(players); i++)
        if (!players[i].is_done)
            playing[count++] = &players[i];
    return count == 0 ? NULL : playing[next_random() % count];
}

static unsigned play_game(uint64_t seed)
{
    player_t *player = NULL;
    unsigned contended = 0;
    random_state = seed;
    lines_reset();
    for (int i = 0; i < NAMES; i++)
        hashes[i] = hash_at(HOME, (unsigned)i);
    for (size_t i = 0; i < FG_COUNT_OF(players); i++) {
        players[i] = (player_t){.random = next_random(), .is_sweep = i == WORKERS};
        assert_int_equal(sem_init(&players[i].go, 0, 0), 0);
        assert_int_equal(pthread_create(&players[i].thread, NULL, play, &players[i]), 0);
    }
    while ((player = next_player(player)) != NULL) {
        sem_post(&player->go);
        while (sem_wait(&turn_is_over) != 0)
            ;
        check_lines(seed);
    }
    for (size_t i = 0; i < FG_COUNT_OF(players); i++) {
        assert_int_equal(pthread_join(players[i].thread, NULL), 0);
        contended += players[i].contended;
    }
    return contended;
}

static void no_name_ever_has_two_lines(void **state)
{
    (void)state;
    uint64_t seed = (uint64_t)time(NULL), seeds = SEEDS;
    const char *asked = getenv("FG_SEED"), *many = getenv("FG_SEEDS");
    unsigned contended = 0;
    if (asked)
        seed = strtoull(asked, NULL, 10);
    if (many)
        seeds = strtoull(many, NULL, 10);
    assert_true(seeds > 0 && seeds <= SEEDS_MAX);
    printf("seed %llu\n", (unsigned long long)seed);
    assert_int_equal(sem_init(&turn_is_over, 0, 0), 0);
    for (uint64_t i = 0; i < seeds; i++)
        contended += play_game(seed + i);
    assert_true(contended * 20 <= seeds * WORKERS * FINDS); /* though the sweep never rests */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_neighbourhood_fills_up),
        cmocka_unit_test(a_line_that_is_taken_back_breaks_no_row),
        cmocka_unit_test(an_idle_line_that_is_used_stays),
        cmocka_unit_test(a_dead_claim_stops_nobody),
        cmocka_unit_test(turns_wrap),
        cmocka_unit_test(no_name_ever_has_two_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
