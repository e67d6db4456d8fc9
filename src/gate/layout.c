#include "gate/layout.h"

static uint64_t aligned(uint64_t offset)
{
    return (offset + FG_GATE_HEADER_BYTES - 1) & ~(uint64_t)(FG_GATE_HEADER_BYTES - 1);
}

/* Offsets of the sections, in file order; the last one is the file's size. */
typedef struct places {
    uint64_t stages, live, records, buckets, dirty, slots, meters, meters_dirty, explains, series,
        directories, end;
} places_t;

/* One bank: directories of every level, one behind the other. */
static uint64_t bank_bytes(const fg_gate_geometry_t *g)
{
    return ((UINT64_C(2) << g->level_max) - (UINT64_C(1) << g->level_min)) * FG_GATE_LINE_BYTES;
}

static places_t places_of(const fg_gate_geometry_t *g)
{
    places_t at = {.stages = FG_GATE_HEADER_BYTES};
    at.live = aligned(at.stages + (uint64_t)g->stages_max * sizeof(fg_gate_stage_t));
    at.records = aligned(at.live + (uint64_t)g->plans_max * sizeof(uint32_t));
    at.buckets = aligned(at.records + (uint64_t)g->records_max * sizeof(fg_gate_record_t));
    at.dirty = aligned(at.buckets + (uint64_t)g->buckets * sizeof(fg_gate_bucket_t));
    at.slots = aligned(at.dirty + g->slots_max / FG_GATE_SLOTS_PER_DIRTY + 1);
    at.meters = aligned(at.slots + g->slots_max * sizeof(fg_gate_slot_t));
    at.meters_dirty = aligned(at.meters + (uint64_t)g->meters * sizeof(fg_gate_meter_t));
    at.explains = aligned(at.meters_dirty + g->meters / FG_GATE_METERS_PER_DIRTY + 1);
    at.series = aligned(at.explains + (uint64_t)g->explains * FG_GATE_EXPLAIN_BYTES);
    at.directories =
        aligned(at.series + (uint64_t)FG_GATE_WORKERS_MAX * g->series * FG_GATE_SERIES_BYTES);
    at.end = at.directories + 2 * bank_bytes(g);
    return at;
}

uint64_t fg_gate_file_bytes(const fg_gate_geometry_t *geometry)
{
    return places_of(geometry).end;
}

void fg_gate_place(fg_gate_t *gate, void *base, const fg_gate_geometry_t *geometry)
{
    places_t at = places_of(geometry);
    char *bytes = base;
    gate->header = base;
    gate->stages = (fg_gate_stage_t *)(bytes + at.stages);
    gate->live = (_Atomic uint32_t *)(bytes + at.live);
    gate->records = (fg_gate_record_t *)(bytes + at.records);
    gate->buckets = (fg_gate_bucket_t *)(bytes + at.buckets);
    gate->dirty = (_Atomic uint8_t *)(bytes + at.dirty);
    gate->slots = (fg_gate_slot_t *)(bytes + at.slots);
    gate->meters = (fg_gate_meter_t *)(bytes + at.meters);
    gate->meters_dirty = (_Atomic uint8_t *)(bytes + at.meters_dirty);
    gate->explains = bytes + at.explains;
    gate->series = bytes + at.series;
    gate->directories = bytes + at.directories;
    gate->geometry = *geometry;
    gate->file_bytes = at.end;
}

/* Directory of `level` within its bank: the smaller ones stand before it. */
static uint64_t directory_offset(const fg_gate_geometry_t *g, uint32_t directory)
{
    uint64_t smaller = FG_GATE_DIRECTORY_ENTRIES(directory) - (UINT64_C(1) << g->level_min);
    return FG_GATE_DIRECTORY_BANK(directory) * bank_bytes(g) + smaller * FG_GATE_LINE_BYTES;
}

uint64_t fg_gate_directory_at(const fg_gate_geometry_t *geometry, uint32_t directory)
{
    return places_of(geometry).directories + directory_offset(geometry, directory);
}

uint64_t fg_gate_directories_at(const fg_gate_geometry_t *geometry)
{
    return places_of(geometry).directories;
}

/* ---- directory: linear probing from the digest's first word; entries are never emptied ---- */

static fg_gate_entry_t *entries_of(const fg_gate_t *gate, uint32_t directory)
{
    return (fg_gate_entry_t *)(gate->directories + directory_offset(&gate->geometry, directory));
}

fg_gate_entry_t *fg_gate_entry_place(const fg_gate_t *gate, uint32_t directory, fg_digest_t digest)
{
    fg_gate_entry_t *entries = entries_of(gate, directory);
    uint64_t mask = FG_GATE_DIRECTORY_ENTRIES(directory) - 1;
    for (uint64_t probe = 0; probe <= mask; probe++) {
        fg_gate_entry_t *entry = &entries[(digest.word[0] + probe) & mask];
        /* acquire: a state other than UNKNOWN was stored after the rest of the entry */
        if (atomic_load_explicit(&entry->state, memory_order_acquire) == FG_KEY_UNKNOWN ||
            fg_digest_eq(entry->digest, digest))
            return entry;
    }
    return NULL;
}

fg_gate_entry_t *fg_gate_entry_find(const fg_gate_t *gate, fg_digest_t digest)
{
    uint32_t directory = atomic_load_explicit(&gate->header->directory, memory_order_acquire);
    for (;;) {
        fg_gate_entry_t *entry = fg_gate_entry_place(gate, directory, digest);
        if (entry && atomic_load_explicit(&entry->state, memory_order_relaxed) != FG_KEY_UNKNOWN)
            return entry;
        /* the directory may have been replaced, and its pages given back, while we looked */
        uint32_t now = atomic_load_explicit(&gate->header->directory, memory_order_acquire);
        if (now == directory)
            return NULL;
        directory = now;
    }
}

fg_gate_pair_t *fg_gate_entry_pair(const fg_gate_t *gate, fg_gate_entry_t *entry, size_t index)
{
    if (index < FG_GATE_ENTRY_PLANS)
        return &entry->pairs[index];
    uint32_t more = atomic_load_explicit(&entry->more, memory_order_acquire);
    index -= FG_GATE_ENTRY_PLANS;
    if (more == 0 || more > gate->geometry.slots_max || index >= FG_GATE_CHUNK_PLANS)
        return NULL;
    return (fg_gate_pair_t *)&gate->slots[more - 1] + index;
}

const fg_gate_terms_t *fg_gate_slot_terms(const fg_gate_t *gate, const fg_gate_slot_t *slot)
{
    /* acquire: a line of terms is whole before its index is stored */
    uint32_t terms = atomic_load_explicit(&slot->terms, memory_order_acquire);
    return terms == 0 || terms > gate->geometry.slots_max
               ? NULL
               : (const fg_gate_terms_t *)&gate->slots[terms - 1];
}

/* ---- meters ---- */

void fg_gate_meter_mark(fg_gate_t *gate, fg_gate_meter_t *meter)
{
    _Atomic uint8_t *group =
        &gate->meters_dirty[(size_t)(meter - gate->meters) / FG_GATE_METERS_PER_DIRTY];
    /* one order with the drain, which clears the byte, then the mark, and then reads */
    atomic_exchange_explicit(&meter->is_dirty, 1, memory_order_seq_cst);
    if (atomic_load_explicit(group, memory_order_seq_cst) == 0)
        atomic_store_explicit(group, 1, memory_order_seq_cst);
}

/* ---- plans ---- */

const fg_gate_record_t *fg_gate_record_of(const fg_gate_t *gate, uint32_t plan_index)
{
    if (plan_index >= gate->geometry.plans_max)
        return NULL;
    uint32_t live = atomic_load_explicit(&gate->live[plan_index], memory_order_acquire);
    return live == 0 || live > gate->geometry.records_max ? NULL : &gate->records[live - 1];
}

bool fg_gate_record_covers(const fg_gate_t *gate, const fg_gate_record_t *record,
                           uint32_t stage_index)
{
    while (record) {
        for (uint32_t i = 0; i < record->stage_count && i < FG_GATE_RECORD_STAGES; i++)
            if (record->stages[i] == stage_index)
                return true;
        uint32_t next = record->next;
        record = next == 0 || next > gate->geometry.records_max ? NULL : &gate->records[next - 1];
    }
    return false;
}

fg_throttle_t fg_gate_record_throttle(const fg_gate_record_t *record)
{
    return (fg_throttle_t){.rate_milli_rps = record->rate_milli_rps,
                           .burst = record->burst,
                           .is_set = record->flags & FG_GATE_RECORD_HAS_THROTTLE};
}

fg_quota_t fg_gate_record_quota(const fg_gate_record_t *record)
{
    return (fg_quota_t){.limit = record->quota_limit,
                        .period = (fg_period_t)record->period,
                        .offset_days = record->offset_days,
                        .is_set = record->flags & FG_GATE_RECORD_HAS_QUOTA};
}
