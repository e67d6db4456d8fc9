/*
 * Buckets: throttle words that no slot holds, for (stage, method), for (key, plan, method) and for
 * (key, plan, address). A bucket lies idle when it is full: then a new one is as good.
 */
#include "gate/writer.h"

#include <string.h>

/* Four to a cache line; who finds no place is refused, so there are many. */
enum { BUCKET_PROBES = 32 };

/* The digester's states follow from the installation's secret: who does not know it cannot choose
 * addresses that crowd one neighbourhood. */
static uint64_t salt_of(const fg_gate_t *gate)
{
    uint64_t salt;
    memcpy(&salt, gate->header->digester.inner, sizeof(salt));
    return salt;
}

fg_gate_claims_t fg_gate_buckets(fg_gate_t *gate)
{
    return (fg_gate_claims_t){
        .first = (char *)gate->buckets,
        .line_bytes = sizeof(*gate->buckets),
        .mask = gate->geometry.buckets - 1,
        .probes = BUCKET_PROBES,
        .used = &gate->header->buckets_used,
    };
}

fg_gate_found_t fg_gate_bucket_find(fg_gate_t *gate, const uint64_t *words, size_t count,
                                    fg_gate_bucket_use_t *ret_use)
{
    fg_gate_claims_t claims = fg_gate_buckets(gate);
    uint64_t hash = fg_gate_hash(salt_of(gate), words, count);
    fg_gate_found_t found = fg_gate_claim_find(&claims, hash, &ret_use->claim);
    if (found == FG_GATE_FOUND)
        ret_use->word = &gate->buckets[ret_use->claim.index].word;
    if (found == FG_GATE_FULL)
        atomic_fetch_add_explicit(&gate->header->buckets_refused, 1, memory_order_relaxed);
    return found;
}
