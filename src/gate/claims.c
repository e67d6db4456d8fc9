/*
 * Claims: lines of a table (buckets, meters) that whoever needs one finds by hash and claims by an
 * exchange, and that the daemon takes back when they lie idle.
 *
 * A line's id is one word:
 *
 *     63..62   state: FREE, CLAIMED (somebody wants it), HELD (in use), IDLE (in use, to be taken)
 *     61..48   turn: how often the line was taken back; 0 only in a line that never was claimed
 *     47..0    name: the low bits of the hash that the line was claimed for
 *
 * A name may stand in any of `probes` lines from its home on. Because lines become free
 * again, two workers who look for the same new name may choose different lines. At most one of them
 * may come to be HELD, or a throttle would have two buckets. So a claim has two steps: FREE to
 * CLAIMED, then a new look at the whole neighbourhood, then CLAIMED to HELD. In that look
 *
 *     - a line that holds the name already wins: ours is given up (the sweep frees it);
 *     - a claim of the name nearer to home wins: ours is given up likewise;
 *     - every claim of the name further from home is struck out by an exchange before ours becomes
 *       HELD, so that it never can: the exchange of its own claimant fails, for the turn moved on.
 *
 * Why that suffices. Let p be nearer to home than q, both become HELD, neither taken back between.
 * Who settled q saw, after q was CLAIMED, no claim on p: so p was CLAIMED later than that look. Who
 * settled p looked at q after p was CLAIMED, so after q was: he found q CLAIMED and struck it out,
 * or HELD and gave up. Either way not both. This needs one order of all four accesses, hence
 * seq_cst on this path; the way to a line that is held needs none.
 *
 * Nobody waits for anybody: a claim that was left by a process that died is settled by the next who
 * wants the name (he need only have seen it before he looks), or struck out by the sweep.
 *
 * Taking back. The sweep marks what is idle as IDLE, and one round later frees what still is. Who
 * finds his line IDLE makes it HELD again. A worker who found it HELD and counted in it afterwards
 * looks at the id once more, by an exchange (fg_gate_claim_stands). Either the mark came later, then
 * the sweep sees the count, which makes the line busy; or he sees the mark and takes it away; or
 * the line is somebody else's by now, and he gives back what he took. The round lasts longer than
 * FG_GATE_QUARANTINE_US beside that, for who gives something back later within one decision.
 *
 * Example: X's home is line 4. Lines 4 and 5 are held by others, 6 is free: A claims 6. The sweep
 * frees 4. B, who looked before A's claim, claims 4. A looks again: 4 is claimed and nearer, A
 * gives up. Had A looked before B's claim, 6 would be HELD by A, and B would find it.
 */
#include "gate/claims.h"

enum {
    ROUNDS_MAX = 8, /* looks at a neighbourhood before a request is refused as contended */
    TURN_SHIFT = 48,
    STATE_SHIFT = 62,
};

#define NAME_MASK ((UINT64_C(1) << TURN_SHIFT) - 1)
#define TURN_ONE  (UINT64_C(1) << TURN_SHIFT)
#define TURN_MASK (((UINT64_C(1) << STATE_SHIFT) - 1) & ~NAME_MASK)

typedef enum state { FREE, CLAIMED, HELD, IDLE } state_t;

static state_t state_of(uint64_t id)
{
    return (state_t)(id >> STATE_SHIFT);
}

static uint64_t with_state(uint64_t id, state_t state)
{
    return (id & (NAME_MASK | TURN_MASK)) | (uint64_t)state << STATE_SHIFT;
}

/* The next turn of a line, without a name. */
static uint64_t next_turn(uint64_t id)
{
    uint64_t turn = (id & TURN_MASK) + TURN_ONE;
    return turn > TURN_MASK ? TURN_ONE : turn;
}

uint64_t fg_gate_claim_name(uint64_t id_or_hash)
{
    uint64_t name = id_or_hash & NAME_MASK;
    return name ? name : 1; /* 0 is nobody's */
}

uint64_t fg_gate_hash(uint64_t salt, const uint64_t *words, size_t count)
{
    uint64_t hash = salt;
    for (size_t i = 0; i < count; i++) { /* rounds of a known finalizer, one for each word */
        hash = (hash ^ words[i]) * UINT64_C(0xbf58476d1ce4e5b9);
        hash = (hash ^ hash >> 29) * UINT64_C(0x94d049bb133111eb);
        hash ^= hash >> 32;
    }
    return hash;
}

/* Where a name may stand. */
typedef struct search {
    const fg_gate_claims_t *claims;
    uint64_t name;
    uint32_t home;
} search_t;

static search_t search_for(const fg_gate_claims_t *claims, uint64_t hash)
{
    return (search_t){.claims = claims,
                      .name = fg_gate_claim_name(hash),
                      .home = (uint32_t)((hash * UINT64_C(0x9e3779b97f4a7c15)) >> 32)};
}

static _Atomic uint64_t *id_at(const fg_gate_claims_t *claims, uint32_t index)
{
    return (_Atomic uint64_t *)(claims->first + (size_t)index * claims->line_bytes);
}

static fg_gate_claim_t claim_at(const search_t *search, uint32_t probe, memory_order order)
{
    uint32_t index = (search->home + probe) & search->claims->mask;
    _Atomic uint64_t *id = id_at(search->claims, index);
    return (fg_gate_claim_t){.id = id, .seen = atomic_load_explicit(id, order), .index = index};
}

/* Change the id that was seen; the one exchange by which everything here happens. */
static bool swap(const fg_gate_claim_t *claim, uint64_t next)
{
    uint64_t seen = claim->seen;
    return atomic_compare_exchange_strong_explicit(claim->id, &seen, next, memory_order_seq_cst,
                                                   memory_order_relaxed);
}

/* ---- the way to a line that is held ---- */

static bool find_held(const search_t *search, fg_gate_claim_t *ret_claim)
{
    uint64_t wanted = with_state(search->name, HELD);
    for (uint32_t probe = 0; probe < search->claims->probes; probe++) {
        /* acquire: what stands in the line was written before it was held; a stale id only leads to
         * the long way */
        *ret_claim = claim_at(search, probe, memory_order_acquire);
        if ((ret_claim->seen & ~TURN_MASK) == wanted)
            return true;
        if (ret_claim->seen == 0)
            return false;
    }
    return false;
}

/* ---- the long way ---- */

/* What one look at the neighbourhood found; `id` is NULL where nothing was. */
typedef struct look {
    fg_gate_claim_t held;    /* or idle, under the name */
    fg_gate_claim_t claimed; /* the nearest to home under the name */
    fg_gate_claim_t vacant;  /* the nearest to home */
    uint32_t claimed_probe;
} look_t;

static look_t look_around(const search_t *search)
{
    look_t look = {.claimed_probe = 0};
    for (uint32_t probe = 0; probe < search->claims->probes; probe++) {
        fg_gate_claim_t claim = claim_at(search, probe, memory_order_seq_cst);
        state_t state = state_of(claim.seen);
        if (state == FREE && !look.vacant.id)
            look.vacant = claim;
        if (claim.seen == 0)
            break; /* never claimed, so nobody ever went further */
        if (state == FREE || (claim.seen & NAME_MASK) != search->name)
            continue;
        if (state == CLAIMED && !look.claimed.id) {
            look.claimed = claim;
            look.claimed_probe = probe;
        } else if (state != CLAIMED) {
            look.held = claim;
        }
    }
    return look;
}

/* Strike out the claims further from home; false when one of them holds, or moved meanwhile. */
static bool strike_out_rivals(const search_t *search, uint32_t claimed_probe)
{
    for (uint32_t probe = claimed_probe + 1; probe < search->claims->probes; probe++) {
        fg_gate_claim_t rival = claim_at(search, probe, memory_order_seq_cst);
        if (rival.seen == 0)
            break;
        if (state_of(rival.seen) == FREE || (rival.seen & NAME_MASK) != search->name)
            continue;
        if (state_of(rival.seen) != CLAIMED || !swap(&rival, next_turn(rival.seen)))
            return false;
        atomic_fetch_sub_explicit(search->claims->used, 1, memory_order_relaxed);
    }
    return true;
}

/* Claim a free line. The claim that was made, or an empty one when the line went to another. */
static fg_gate_claim_t stake(const search_t *search, const fg_gate_claim_t *vacant)
{
    fg_gate_claim_t claim = *vacant;
    claim.seen = with_state((vacant->seen & TURN_MASK) | search->name, CLAIMED);
    if (vacant->seen == 0)
        claim.seen += TURN_ONE; /* turn 0 never comes back */
    if (!swap(vacant, claim.seen))
        return (fg_gate_claim_t){.id = NULL};
    atomic_fetch_add_explicit(search->claims->used, 1, memory_order_relaxed);
    return claim;
}

/* Make the line held; the look that this rests on began after the claim was seen. */
static bool settle(const search_t *search, const look_t *look, fg_gate_claim_t *ret_claim)
{
    *ret_claim = look->claimed;
    ret_claim->seen = with_state(look->claimed.seen, HELD);
    if (!strike_out_rivals(search, look->claimed_probe))
        return false;
    return swap(&look->claimed, ret_claim->seen);
}

fg_gate_found_t fg_gate_claim_find(const fg_gate_claims_t *claims, uint64_t hash,
                                   fg_gate_claim_t *ret_claim)
{
    search_t search = search_for(claims, hash);
    fg_gate_claim_t before = {.id = NULL};
    if (find_held(&search, ret_claim))
        return FG_GATE_FOUND;
    for (int round = 0; round < ROUNDS_MAX; round++) {
        look_t look = look_around(&search);
        if (look.held.id) {
            *ret_claim = look.held;
            ret_claim->seen = with_state(look.held.seen, HELD);
            if (state_of(look.held.seen) == HELD || swap(&look.held, ret_claim->seen))
                return FG_GATE_FOUND;
        } else if (look.claimed.id) {
            bool is_known = look.claimed.id == before.id && look.claimed.seen == before.seen;
            if (is_known && settle(&search, &look, ret_claim))
                return FG_GATE_FOUND;
            before = look.claimed;
        } else if (!look.vacant.id) {
            return FG_GATE_FULL;
        } else {
            before = stake(&search, &look.vacant);
        }
    }
    return FG_GATE_CONTENDED;
}

uint64_t fg_gate_claim_turn(uint64_t id)
{
    return (id & TURN_MASK) >> TURN_SHIFT;
}

bool fg_gate_claim_stands(const fg_gate_claim_t *claim)
{
    uint64_t seen = claim->seen;
    /* acq_rel: the sweep's mark comes after this exchange, and then sees what was counted before
     * it, or is seen by it */
    if (atomic_compare_exchange_strong_explicit(claim->id, &seen, claim->seen, memory_order_acq_rel,
                                                memory_order_acquire))
        return true;
    fg_gate_claim_t idle = {.id = claim->id, .seen = with_state(claim->seen, IDLE)};
    return seen == idle.seen && swap(&idle, claim->seen);
}

/* ---- taking back ---- */

/* Free a line: first nobody's, then empty, then free, so that a process that dies here leaves a
 * claim for the next round to strike out. */
static bool release(const fg_gate_claims_t *claims, const fg_gate_claim_t *claim,
                    const fg_gate_sweeper_t *sweeper)
{
    uint64_t next = next_turn(claim->seen);
    if (!swap(claim, with_state(next, CLAIMED)))
        return false;
    if (sweeper->clear)
        sweeper->clear(sweeper->ctx, claim->index);
    atomic_store_explicit(claim->id, next, memory_order_release);
    atomic_fetch_sub_explicit(claims->used, 1, memory_order_relaxed);
    return true;
}

bool fg_gate_claim_sweep(const fg_gate_claims_t *claims, uint32_t index, bool may_free,
                         const fg_gate_sweeper_t *sweeper)
{
    fg_gate_claim_t claim = {.id = id_at(claims, index), .index = index};
    claim.seen = atomic_load_explicit(claim.id, memory_order_acquire);
    switch (state_of(claim.seen)) {
    case FREE:
        return false;
    case CLAIMED:
        return !release(claims, &claim, sweeper);
    case HELD:
        if (sweeper->is_idle(sweeper->ctx, index))
            (void)swap(&claim, with_state(claim.seen, IDLE));
        break;
    case IDLE:
        return !(may_free && sweeper->is_idle(sweeper->ctx, index) &&
                 release(claims, &claim, sweeper));
    }
    return true;
}
