/*
 * Meters: what backends answered to the requests of one pair, by class. The meter of a slot is found
 * by hash and claimed by an exchange; a pair whose neighbourhood is full goes unmetered.
 */
#include "gate/layout.h"

enum { METER_PROBES = 16 };

/* The meter of the slot, claimed when it is new; NULL when its neighbourhood is full. */
static fg_gate_meter_t *meter_of(fg_gate_t *gate, uint32_t slot_index, uint64_t key_id)
{
    uint32_t mask = gate->geometry.meters - 1;
    uint32_t home = (uint32_t)((slot_index + 1) * UINT64_C(0x9e3779b97f4a7c15) >> 32);
    for (uint32_t probe = 0; probe < METER_PROBES; probe++) {
        fg_gate_meter_t *meter = &gate->meters[(home + probe) & mask];
        uint32_t slot = 0;
        if (atomic_compare_exchange_strong_explicit(&meter->slot, &slot, slot_index + 1,
                                                    memory_order_acq_rel, memory_order_acquire)) {
            atomic_store_explicit(&meter->owner, key_id, memory_order_release);
            atomic_fetch_add_explicit(&gate->header->meters_used, 1, memory_order_relaxed);
            return meter;
        }
        if (slot == slot_index + 1 &&
            atomic_load_explicit(&meter->owner, memory_order_acquire) == key_id)
            return meter;
    }
    return NULL;
}

void fg_gate_meter(fg_gate_t *gate, const fg_verdict_t *verdict, unsigned status_class)
{
    FG_ASSERT(status_class < FG_COUNT_OF(gate->meters->statuses));
    if (verdict->plan_id == 0 || verdict->slot_index >= gate->geometry.slots_max)
        return;
    fg_gate_meter_t *meter = meter_of(gate, verdict->slot_index, verdict->key_id);
    if (!meter)
        return;
    atomic_fetch_add_explicit(&meter->statuses[status_class], 1, memory_order_relaxed);
    fg_gate_meter_mark(gate, meter);
}
