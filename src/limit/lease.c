/*
 * Lease size. A lease is a bet on the next seconds: too small and the ledger is written for every
 * few requests, too large and a power cut forgets much. So it follows demand (as much as is spent
 * in its life) and what remains (half of it, so that the last requests of a quota are leased one by
 * one and a cut costs at most half of what was left).
 *
 * Example: limit 1,000,000 a month, spent at 12 requests a second, 400,000 used. Life is
 * clamp(16 / 12 s, 10 s, 120 s) = 10 s, so the lease is min(12 x 10, 600,000 / 2) = 120 requests:
 * the ledger grants 400,120. When fewer than 3 x 12 = 36 of them are left, it grants one lease
 * beyond what is used then.
 */
#include "limit/lease.h"

#include "base/status.h"

enum { MILLI = 1000 };

static uint64_t bounded(uint64_t demand_milli_rps)
{
    return demand_milli_rps < FG_LEASE_DEMAND_MAX ? demand_milli_rps : FG_LEASE_DEMAND_MAX;
}

/* Rounded up: a demand of one a minute needs one. */
static uint64_t spent_in(uint64_t demand_milli_rps, uint64_t ms)
{
    return (demand_milli_rps * ms + MILLI * MILLI - 1) / (MILLI * MILLI);
}

int64_t fg_lease_life_ms(uint64_t demand_milli_rps)
{
    uint64_t demand = bounded(demand_milli_rps);
    if (demand == 0)
        return FG_LEASE_LIFE_MAX_MS;
    uint64_t life = (uint64_t)FG_LEASE_REQUESTS_MIN * MILLI * MILLI / demand;
    if (life < FG_LEASE_LIFE_MIN_MS)
        return FG_LEASE_LIFE_MIN_MS;
    return life > FG_LEASE_LIFE_MAX_MS ? FG_LEASE_LIFE_MAX_MS : (int64_t)life;
}

uint64_t fg_lease_size(uint64_t limit, uint64_t remaining, uint64_t demand_milli_rps,
                       uint32_t nodes)
{
    FG_ASSERT(nodes > 0);
    uint64_t demand = bounded(demand_milli_rps);
    uint64_t size = spent_in(demand, (uint64_t)fg_lease_life_ms(demand));
    uint64_t share = remaining / (2 * (uint64_t)nodes), least = fg_lease_first(limit) / nodes;
    if (size > share)
        size = share;
    if (size < least)
        size = least;
    if (size == 0)
        size = 1;
    return size < remaining ? size : remaining;
}

uint64_t fg_lease_extend(fg_lease_state_t state)
{
    uint64_t left = state.granted > state.used ? state.granted - state.used : 0;
    uint64_t low = spent_in(bounded(state.demand_milli_rps), FG_LEASE_LOW_MS);
    if (state.used >= state.limit || left >= (low > 0 ? low : 1))
        return state.granted;
    uint64_t granted = state.used + fg_lease_size(state.limit, state.limit - state.used,
                                                  state.demand_milli_rps, state.nodes);
    FG_ASSERT(granted <= state.limit);
    return granted > state.granted ? granted : state.granted;
}
