/*
 * Meters: what backends answered to the requests of one pair, by class. A pair whose neighbourhood
 * of meters is full goes unmetered; nothing but a statistic is lost.
 */
#include "gate/layout.h"

/* A meter is a cache line, and a full neighbourhood is read to its end by every request that finds no
 * place. At half a full table 1 of 256 pairs finds none. */
enum { METER_PROBES = 8 };

fg_gate_claims_t fg_gate_meters(fg_gate_t *gate)
{
    return (fg_gate_claims_t){
        .first = (char *)gate->meters,
        .line_bytes = sizeof(*gate->meters),
        .mask = gate->geometry.meters - 1,
        .probes = METER_PROBES,
        .used = &gate->header->meters_used,
    };
}

static uint64_t hash_of(uint32_t slot_index, uint64_t key_id)
{
    return fg_gate_hash(0, (const uint64_t[]){slot_index, key_id}, 2);
}

bool fg_gate_meter_is_of(const fg_gate_meter_t *meter, uint32_t slot_index, uint64_t key_id)
{
    uint64_t id = atomic_load_explicit(&meter->id, memory_order_relaxed);
    return fg_gate_claim_name(id) == fg_gate_claim_name(hash_of(slot_index, key_id));
}

void fg_gate_meter(fg_gate_t *gate, const fg_verdict_t *verdict, unsigned status_class)
{
    FG_ASSERT(status_class < FG_COUNT_OF(gate->meters->statuses));
    if (verdict->plan_id == 0 || verdict->kind != FG_VERDICT_ADMITTED)
        return;
    fg_gate_claims_t claims = fg_gate_meters(gate);
    fg_gate_claim_t claim;
    if (fg_gate_claim_find(&claims, hash_of(verdict->slot_index, verdict->key_id), &claim) !=
        FG_GATE_FOUND)
        return;
    fg_gate_meter_t *meter = &gate->meters[claim.index];
    /* every time: who claimed the line may have died before he said for whom */
    atomic_store_explicit(&meter->slot, verdict->slot_index + 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&meter->statuses[status_class], 1, memory_order_relaxed);
    fg_gate_meter_mark(gate, meter);
}
