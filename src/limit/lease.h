/*
 * lease - how far a quota may be spent ahead of the next durable grant.
 *
 * Shape      Pure functions over numbers. A grant is a word like the quota's: the day of its window and how far
 *            (absolute, not how much more) that window may be spent. The ledger holds it durably before the gate does.
 * Units      Requests; demand in thousandths of a request per second.
 * Rule       docs/rules/quota.md L1: granted is durable before it may be spent; what a power cut forgets is at most
 *            what was granted and not spent.
 */
#ifndef FG_LIMIT_LEASE_H
#define FG_LIMIT_LEASE_H

#include "base/types.h"

enum {
    FG_LEASE_REQUESTS_MIN = 16,     /* a lease is sized to last for this many requests at least, */
    FG_LEASE_LIFE_MIN_S = 10,       /* within these two */
    FG_LEASE_LIFE_MAX_S = 120,
    FG_LEASE_FIRST_PERCENT = 1,     /* of the limit, granted by the opening of a window itself */
};

/* What a window is granted when it opens, without anybody asking: 1 % of the limit, at least 1 and at most
 * FG_LEASE_REQUESTS_MIN; never more than the limit. */
static inline uint64_t fg_lease_first(uint64_t limit)
{
    uint64_t first = limit / (100 / FG_LEASE_FIRST_PERCENT);
    if (first > FG_LEASE_REQUESTS_MIN)
        first = FG_LEASE_REQUESTS_MIN;
    return first == 0 && limit > 0 ? 1 : first;
}

#endif
