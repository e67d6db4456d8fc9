/*
 * What the workers counted. A worker marks the slot and then its group's byte; the drain clears the
 * byte, then each mark, and only then reads the words, so a count that comes later finds the marks
 * cleared and sets them again.
 */
#include "gate/writer.h"

#include <string.h>

/* The limits that a grant must know. */
static void fill_limits(const fg_gate_writer_t *writer, const fg_gate_slot_t *slot,
                        const fg_gate_terms_t *terms, fg_gate_usage_t *usage)
{
    const fg_gate_record_t *record =
        fg_gate_record_of(writer->gate, FG_GATE_SLOT_PLAN(slot->plan_index));
    if (record) {
        usage->quota = fg_gate_record_quota(record);
        usage->allowance_percent =
            record->outage == FG_OUTAGE_ALLOWANCE ? record->allowance_percent : 0;
    }
    if (!terms || !(terms->flags & FG_GATE_TERMS_HAS_QUOTA))
        return;
    usage->has_override_quota = true;
    usage->override_quota_limit = terms->quota_limit;
    usage->override_until.s = terms->until_s;
}

static uint64_t owner_of(const fg_gate_t *gate, uint32_t name)
{
    return name == 0 || name > gate->geometry.slots_max
               ? 0
               : atomic_load_explicit(&gate->slots[name - 1].key_id, memory_order_relaxed);
}

fg_gate_usage_t fg_gate_slot_usage(const fg_gate_writer_t *writer, const fg_gate_slot_t *slot)
{
    const fg_gate_terms_t *terms = fg_gate_slot_terms(writer->gate, slot);
    uint32_t plan = atomic_load_explicit(&slot->plan_index, memory_order_relaxed);
    fg_gate_usage_t usage = {
        .key_id = atomic_load_explicit(&slot->key_id, memory_order_acquire),
        .plan_id = FG_GATE_SLOT_PLAN(plan) < writer->gate->geometry.plans_max
                       ? writer->plan_ids[FG_GATE_SLOT_PLAN(plan)]
                       : 0,
        .slot_index = (uint32_t)(slot - writer->gate->slots),
        .quota_word = atomic_load_explicit(&slot->quota, memory_order_acquire),
        .granted_word = atomic_load_explicit(&slot->granted, memory_order_acquire),
        .extension_word = terms ? terms->extension_word : 0,
        .throttled = atomic_load_explicit(&slot->throttled, memory_order_relaxed),
        .over_quota =
            atomic_load_explicit(&slot->over_quota, memory_order_relaxed) & ~FG_GATE_SLOT_DIRTY,
        .group_id = terms ? owner_of(writer->gate, terms->quota_slot) : 0,
        .is_shadow = (plan & FG_GATE_SLOT_SHADOW) != 0,
    };
    for (int i = 0; i < 2; i++)
        usage.day_words[i] = atomic_load_explicit(&slot->day[i], memory_order_acquire);
    fill_limits(writer, slot, terms, &usage);
    return usage;
}

/* True when the slot's figures were taken (or there were none). */
static bool drain_slot(const fg_gate_writer_t *writer, fg_gate_slot_t *slot,
                       bool (*each)(void *ctx, const fg_gate_usage_t *usage), void *ctx)
{
    uint64_t key_id = atomic_load_explicit(&slot->key_id, memory_order_acquire);
    if (key_id == 0 || key_id == FG_GATE_CHUNK ||
        !(atomic_load_explicit(&slot->over_quota, memory_order_seq_cst) & FG_GATE_SLOT_DIRTY))
        return true;
    atomic_fetch_and_explicit(&slot->over_quota, ~FG_GATE_SLOT_DIRTY, memory_order_seq_cst);
    fg_gate_usage_t usage = fg_gate_slot_usage(writer, slot);
    if (each(ctx, &usage))
        return true;
    atomic_fetch_or_explicit(&slot->over_quota, FG_GATE_SLOT_DIRTY, memory_order_relaxed);
    return false;
}

bool fg_gate_drain(fg_gate_writer_t *writer, bool (*each)(void *ctx, const fg_gate_usage_t *usage),
                   void *ctx)
{
    fg_gate_t *gate = writer->gate;
    fg_gate_outgrown_release(writer, writer->clock());
    if (!fg_gate_retired_drain(writer, writer->clock(), each, ctx))
        return false;
    uint64_t slots = atomic_load_explicit(&gate->header->slots_used, memory_order_relaxed);
    for (uint64_t first = 0; first < slots; first += FG_GATE_SLOTS_PER_DIRTY) {
        _Atomic uint8_t *group = &gate->dirty[first / FG_GATE_SLOTS_PER_DIRTY];
        if (atomic_load_explicit(group, memory_order_relaxed) == 0)
            continue;
        atomic_exchange_explicit(group, 0, memory_order_seq_cst);
        for (uint64_t i = first; i < first + FG_GATE_SLOTS_PER_DIRTY && i < slots; i++) {
            if (drain_slot(writer, &gate->slots[i], each, ctx))
                continue;
            atomic_store_explicit(group, 1, memory_order_release);
            return false;
        }
    }
    return true;
}

/* ---- answers ---- */

/* True when the meter's figures were taken (or there were none, or nobody's). */
static bool drain_meter(const fg_gate_writer_t *writer, fg_gate_meter_t *meter,
                        bool (*each)(void *ctx, const fg_gate_answers_t *answers), void *ctx)
{
    if (atomic_exchange_explicit(&meter->is_dirty, 0, memory_order_seq_cst) == 0)
        return true;
    uint32_t slot = atomic_load_explicit(&meter->slot, memory_order_acquire);
    if (slot == 0 || slot > writer->gate->geometry.slots_max)
        return true;
    uint64_t owner =
        atomic_load_explicit(&writer->gate->slots[slot - 1].key_id, memory_order_acquire);
    if (owner == 0 || owner == FG_GATE_CHUNK || !fg_gate_meter_is_of(meter, slot - 1, owner))
        return true;
    uint64_t turn = fg_gate_claim_turn(atomic_load_explicit(&meter->id, memory_order_relaxed));
    fg_gate_answers_t answers = {
        .key_id = owner,
        .plan_id = writer->plan_ids[FG_GATE_SLOT_PLAN(writer->gate->slots[slot - 1].plan_index)],
        .meter = turn << 32 | (uint64_t)(meter - writer->gate->meters),
    };
    for (size_t i = 0; i < FG_COUNT_OF(answers.statuses); i++)
        answers.statuses[i] = atomic_load_explicit(&meter->statuses[i], memory_order_relaxed);
    if (each(ctx, &answers))
        return true;
    atomic_store_explicit(&meter->is_dirty, 1, memory_order_relaxed);
    return false;
}

bool fg_gate_meters_drain(fg_gate_writer_t *writer,
                          bool (*each)(void *ctx, const fg_gate_answers_t *answers), void *ctx)
{
    fg_gate_t *gate = writer->gate;
    uint32_t meters = gate->geometry.meters;
    for (uint32_t first = 0; first < meters; first += FG_GATE_METERS_PER_DIRTY) {
        _Atomic uint8_t *group = &gate->meters_dirty[first / FG_GATE_METERS_PER_DIRTY];
        if (atomic_load_explicit(group, memory_order_relaxed) == 0)
            continue;
        atomic_exchange_explicit(group, 0, memory_order_seq_cst);
        for (uint32_t i = first; i < first + FG_GATE_METERS_PER_DIRTY && i < meters; i++) {
            if (drain_meter(writer, &gate->meters[i], each, ctx))
                continue;
            atomic_store_explicit(group, 1, memory_order_release);
            return false;
        }
    }
    return true;
}

/* ---- one pair ---- */

/* The slot of a pair; NULL when there is none. */
static fg_gate_slot_t *slot_of(const fg_gate_writer_t *writer, fg_digest_t digest, uint64_t plan_id)
{
    fg_gate_t *gate = writer->gate;
    fg_gate_entry_t *entry = fg_gate_entry_find(gate, digest);
    uint32_t plan = fg_gate_plan_index(writer, plan_id);
    fg_gate_pair_t *word;
    for (size_t i = 0; entry && (word = fg_gate_entry_pair(gate, entry, i)) != NULL; i++) {
        uint64_t pair = atomic_load_explicit(word, memory_order_relaxed);
        if (pair != 0 && FG_GATE_PAIR_PLAN(pair) == plan &&
            FG_GATE_PAIR_SLOT(pair) < gate->geometry.slots_max)
            return &gate->slots[FG_GATE_PAIR_SLOT(pair)];
    }
    return NULL;
}

bool fg_gate_usage_of(fg_gate_writer_t *writer, fg_digest_t digest, uint64_t plan_id,
                      fg_gate_usage_t *ret_usage)
{
    fg_gate_slot_t *slot = slot_of(writer, digest, plan_id);
    if (!slot)
        return false;
    *ret_usage = fg_gate_slot_usage(writer, slot);
    return true;
}

bool fg_gate_group_usage(const fg_gate_writer_t *writer, uint64_t group_id, uint64_t plan_id,
                         fg_gate_usage_t *ret_usage)
{
    uint32_t plan = fg_gate_plan_index(writer, plan_id);
    const fg_gate_slot_item_t *item = fg_gate_slot_map_find(&writer->shared, group_id, plan);
    if (!item)
        return false;
    *ret_usage = fg_gate_slot_usage(writer, &writer->gate->slots[item->slot - 1]);
    return true;
}

/* Open the running window when nobody has yet, and hand its word back. */
static uint64_t open_window(fg_gate_slot_t *slot, uint32_t start_day)
{
    uint64_t seen = atomic_load_explicit(&slot->quota, memory_order_acquire);
    while (FG_QUOTA_WORD_DAY(seen) < start_day)
        if (atomic_compare_exchange_weak_explicit(&slot->quota, &seen, FG_QUOTA_WORD(start_day, 0),
                                                  memory_order_acq_rel, memory_order_acquire))
            return FG_QUOTA_WORD(start_day, 0);
    return seen;
}

fg_status_t fg_gate_remaining_set(fg_gate_writer_t *writer, fg_digest_t digest, uint64_t plan_id,
                                  uint64_t remaining, fg_wall_t now, uint64_t *ret_quota_word,
                                  uint64_t *ret_extension_word)
{
    fg_gate_slot_t *slot = slot_of(writer, digest, plan_id);
    const fg_gate_record_t *record =
        fg_gate_record_of(writer->gate, fg_gate_plan_index(writer, plan_id));
    if (!slot || !record)
        return FG_NOT_FOUND;
    const fg_gate_terms_t *own = fg_gate_slot_terms(writer->gate, slot);
    if (own && owner_of(writer->gate, own->quota_slot) != 0)
        slot = &writer->gate->slots[own->quota_slot - 1]; /* the window that counts */
    fg_quota_t quota = fg_gate_record_quota(record);
    if (!quota.is_set)
        return FG_BAD_REQUEST;
    uint64_t word =
        open_window(slot, fg_quota_window_at(quota.period, quota.offset_days, now).start_day);
    uint64_t limit = FG_QUOTA_WORD_USED(word) + remaining;
    if (remaining > FG_QUOTA_USED_MAX || limit > FG_QUOTA_USED_MAX)
        limit = FG_QUOTA_USED_MAX;
    *ret_quota_word = word;
    *ret_extension_word = FG_QUOTA_WORD(FG_QUOTA_WORD_DAY(word), limit);
    const fg_gate_terms_t *before = fg_gate_slot_terms(writer->gate, slot);
    fg_gate_terms_t terms = {0};
    if (before)
        memcpy(&terms, before, sizeof(terms));
    terms.extension_word = *ret_extension_word; /* rule Q3 */
    return fg_gate_slot_terms_set(writer, slot, &terms) ? FG_OK : FG_FULL;
}
