/*
 * lease - how far a quota may be spent ahead of the next durable grant.
 *
 * Shape      Pure functions over numbers. A grant is a word like the quota's: the day of its window
 *            and how far (absolute, not how much more) that window may be spent. The ledger holds it
 *            durably before the gate does. A lease is the part of a grant that is not spent yet.
 * Units      Requests; demand in thousandths of a request per second; times in milliseconds.
 * Rule       docs/rules/quota.md L1: granted is durable before it may be spent. L2: what a power cut
 *            forgets is at most what was granted and not spent: one lease, or the first grant.
 */
#ifndef FG_LIMIT_LEASE_H
#define FG_LIMIT_LEASE_H

#include "base/types.h"

enum {
    FG_LEASE_REQUESTS_MIN = 16,   /* a lease is sized to last for this many requests at least, */
    FG_LEASE_LIFE_MIN_MS = 10000, /* within these two */
    FG_LEASE_LIFE_MAX_MS = 120000,
    FG_LEASE_LOW_MS = 3000,         /* topped up when what is left lasts shorter */
    FG_LEASE_FIRST_PERCENT = 1,     /* of the limit, granted by the opening of a window itself */
    FG_LEASE_DEMAND_UNKNOWN = 1000, /* one request a second, of a key not seen before */
};

/* Demands above count as this one, so that products stay in 64 bits. */
#define FG_LEASE_DEMAND_MAX UINT64_C(1000000000000)

/* What a window is granted when it opens, without anybody asking: 1 % of the limit, at least 1 and
 * at most FG_LEASE_REQUESTS_MIN; never more than the limit. Rule L3. */
static inline uint64_t fg_lease_first(uint64_t limit)
{
    uint64_t first = limit / (100 / FG_LEASE_FIRST_PERCENT);
    if (first > FG_LEASE_REQUESTS_MIN)
        first = FG_LEASE_REQUESTS_MIN;
    return first == 0 && limit > 0 ? 1 : first;
}

/* How long a lease shall last: FG_LEASE_REQUESTS_MIN requests at this demand, within the bounds. */
int64_t fg_lease_life_ms(uint64_t demand_milli_rps);

/* Requests of a lease: life times demand, at most half of what remains for each of the `nodes`; but
 * never less than a node's part of the first grant, so that the end of a quota is not granted one by
 * one. `remaining` is the limit less what is used, and bounds it. */
uint64_t fg_lease_size(uint64_t limit, uint64_t remaining, uint64_t demand_milli_rps,
                       uint32_t nodes);

/* A window's count and grant, both absolute. */
typedef struct fg_lease_state {
    uint64_t limit, used, granted;
    uint64_t demand_milli_rps;
    uint32_t nodes; /* that lease from the same row, this one too */
} fg_lease_state_t;

/* How far the window shall be granted now: `granted` itself while what is left lasts FG_LEASE_LOW_MS
 * (or nothing remains), else one lease beyond what is used. Never below `granted`, never beyond the
 * limit unless `granted` was before: a lowered limit takes nothing back, it bounds by itself. */
uint64_t fg_lease_extend(fg_lease_state_t state);

#endif
