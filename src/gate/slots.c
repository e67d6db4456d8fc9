/*
 * Lines of the slot table: how they are given out, retired, brought back and freed (writer.h has
 * the states).
 *
 * Example: key K leaves plan P at 12:00:00. Its slot is marked, unlinked and queued; requests that
 * were decided a moment ago still count there, and every drain hands that on. At 12:00:03 K comes
 * back: the slot is linked again, with 217 used of 1000, and unmarked. Had it come back at
 * 12:00:07, the last drain would have been at 12:00:05, and a new slot would have begun with the
 * 217 that the store was told then.
 */
#include "gate/writer.h"

#include <string.h>

enum { RETIRED_PER_DRAIN = 1 << 15 }; /* a plan of a million keys goes in half a minute */

fg_status_t fg_gate_refuse_full_slots(const fg_gate_writer_t *writer, fg_error_t *reterr)
{
    return fg_error_set(reterr, FG_FULL, "slots",
                        "the gate holds %llu pairs of API key and usage plan, no more "
                        "fit; start with a larger --gate-keys-max",
                        (unsigned long long)fg_gate_slots_count(writer));
}

uint64_t fg_gate_slots_count(const fg_gate_writer_t *writer)
{
    return atomic_load_explicit(&writer->gate->header->slots_used, memory_order_relaxed) -
           writer->free_slots.count - writer->retired.count;
}

static uint64_t owner_of(const fg_gate_slot_t *slot)
{
    return atomic_load_explicit(&slot->key_id, memory_order_relaxed);
}

/* ---- lines ---- */

uint32_t fg_gate_line_make(fg_gate_writer_t *writer)
{
    fg_gate_header_t *header = writer->gate->header;
    uint32_t index = fg_gate_pool_get(&writer->free_slots, writer->clock());
    if (index == FG_GATE_NONE) {
        uint64_t used = atomic_load_explicit(&header->slots_used, memory_order_relaxed);
        if (used >= writer->gate->geometry.slots_max)
            return FG_GATE_NONE;
        atomic_store_explicit(&header->slots_used, used + 1, memory_order_relaxed);
        index = (uint32_t)used;
    }
    fg_gate_slot_t *slot = &writer->gate->slots[index];
    atomic_store_explicit(&slot->key_id, FG_GATE_CHUNK, memory_order_relaxed);
    memset(slot, 0, offsetof(fg_gate_slot_t, key_id));
    return index;
}

void fg_gate_line_retire(fg_gate_writer_t *writer, uint32_t index)
{
    atomic_store_explicit(&writer->gate->slots[index].key_id, 0, memory_order_release);
    (void)fg_gate_pool_put(&writer->free_slots, index, writer->clock());
}

bool fg_gate_line_publish(fg_gate_writer_t *writer, _Atomic uint32_t *word, const void *present,
                          const void *line, size_t bytes)
{
    uint32_t index = FG_GATE_NONE;
    if (line && present && memcmp(line, present, bytes) == 0)
        return true;
    if (line) {
        index = fg_gate_line_make(writer);
        if (index == FG_GATE_NONE)
            return false;
        memcpy(&writer->gate->slots[index], line, bytes);
    }
    uint32_t before = atomic_exchange_explicit(word, line ? index + 1 : 0, memory_order_acq_rel);
    if (present)
        fg_gate_line_retire(writer, before - 1);
    return true;
}

bool fg_gate_slot_terms_set(fg_gate_writer_t *writer, fg_gate_slot_t *slot,
                            const fg_gate_terms_t *terms)
{
    static const fg_gate_terms_t none;
    const size_t bytes = offsetof(fg_gate_terms_t, key_id);
    if (terms && memcmp(terms, &none, bytes) == 0)
        terms = NULL;
    return fg_gate_line_publish(writer, &slot->terms, fg_gate_slot_terms(writer->gate, slot), terms,
                                bytes);
}

/* A window that is used beyond its grant: a first grant that a lost gate may have let through, of
 * which no ledger row tells yet. The next drain writes one, before the limit that it follows from can
 * change (rule L5). */
static bool is_unrecorded(const fg_gate_t *gate, const fg_gate_slot_t *slot)
{
    return atomic_load_explicit(&gate->header->is_leased, memory_order_relaxed) != 0 &&
           atomic_load_explicit(&slot->quota, memory_order_relaxed) >
               atomic_load_explicit(&slot->granted, memory_order_relaxed);
}

bool fg_gate_slot_fill(fg_gate_writer_t *writer, uint32_t index, uint32_t plan_index,
                       const fg_gate_slot_words_t *words)
{
    fg_gate_slot_t *slot = &writer->gate->slots[index];
    FG_ASSERT(owner_of(slot) == FG_GATE_CHUNK);
    atomic_store_explicit(&slot->quota, words->quota, memory_order_relaxed);
    atomic_store_explicit(&slot->granted, words->granted, memory_order_relaxed);
    for (size_t i = 0; i < FG_COUNT_OF(words->days); i++)
        atomic_store_explicit(&slot->day[i], words->days[i], memory_order_relaxed);
    atomic_store_explicit(&slot->plan_index, plan_index, memory_order_relaxed);
    if (is_unrecorded(writer->gate, slot))
        fg_gate_slot_mark(writer->gate, slot);
    fg_gate_terms_t terms = {.extension_word = words->extension};
    return fg_gate_slot_terms_set(writer, slot, &terms);
}

/* ---- retired slots (rule Q5) ---- */

static uint32_t plan_of(const fg_gate_slot_t *slot)
{
    return atomic_load_explicit(&slot->plan_index, memory_order_relaxed) & ~FG_GATE_SLOT_RETIRED;
}

void fg_gate_slot_retire_begin(fg_gate_slot_t *slot)
{
    atomic_fetch_or_explicit(&slot->plan_index, FG_GATE_SLOT_RETIRED, memory_order_release);
}

/* Free the slot at once, but for the quarantine; what it counted and nobody has drained is lost. */
static void slot_drop(fg_gate_writer_t *writer, uint32_t index)
{
    fg_gate_slot_t *slot = &writer->gate->slots[index];
    atomic_store_explicit(&slot->key_id, FG_GATE_CHUNK, memory_order_release);
    (void)fg_gate_slot_terms_set(writer, slot, NULL);
    fg_gate_line_retire(writer, index);
}

/* Without memory for the queue it is dropped: better to lose a second's count than to have two
 * slots of one pair. */
static void enqueue(fg_gate_writer_t *writer, uint32_t index)
{
    const fg_gate_slot_t *slot = &writer->gate->slots[index];
    fg_mono_t at = writer->clock();
    uint32_t other = fg_gate_slot_retired(writer, owner_of(slot), plan_of(slot));
    fg_gate_slot_item_t *item =
        other == FG_GATE_NONE || other == index
            ? fg_gate_slot_map_put(&writer->retired, owner_of(slot), plan_of(slot), index)
            : NULL;
    if (item && fg_gate_pool_put(&writer->retired_queue, index, at)) {
        item->value = at.us;
        return;
    }
    if (item)
        fg_gate_slot_map_remove(&writer->retired, item);
    slot_drop(writer, index);
}

void fg_gate_slot_retire(fg_gate_writer_t *writer, uint32_t index)
{
    const fg_gate_slot_t *slot = &writer->gate->slots[index];
    const fg_gate_terms_t *terms = fg_gate_slot_terms(writer->gate, slot);
    uint32_t quota_slot = terms ? terms->quota_slot : 0,
             shadow_slot = terms ? terms->shadow_slot : 0;
    enqueue(writer, index); /* before those that it names, so that they are freed after it */
    fg_gate_shared_unref(writer, quota_slot);
    fg_gate_shared_unref(writer, shadow_slot);
}

uint32_t fg_gate_slot_retired(const fg_gate_writer_t *writer, uint64_t owner, uint32_t plan_index)
{
    const fg_gate_slot_item_t *item = fg_gate_slot_map_find(&writer->retired, owner, plan_index);
    return item ? item->slot - 1 : FG_GATE_NONE;
}

static void forget_retired(fg_gate_writer_t *writer, uint32_t index)
{
    const fg_gate_slot_t *slot = &writer->gate->slots[index];
    fg_gate_slot_item_t *item =
        fg_gate_slot_map_find(&writer->retired, owner_of(slot), plan_of(slot));
    FG_ASSERT(item && item->slot == index + 1);
    fg_gate_slot_map_remove(&writer->retired, item);
}

void fg_gate_slot_revive(fg_gate_writer_t *writer, uint32_t index)
{
    forget_retired(writer, index);
    atomic_fetch_and_explicit(&writer->gate->slots[index].plan_index, ~FG_GATE_SLOT_RETIRED,
                              memory_order_release);
}

void fg_gate_slot_disown(fg_gate_writer_t *writer, uint32_t index)
{
    forget_retired(writer, index);
    slot_drop(writer, index);
}

static bool has_counted(const fg_gate_usage_t *usage)
{
    return (usage->quota_word | usage->granted_word | usage->day_words[0] | usage->day_words[1] |
            usage->throttled | usage->over_quota) != 0;
}

bool fg_gate_retired_drain(fg_gate_writer_t *writer, fg_mono_t now,
                           bool (*each)(void *ctx, const fg_gate_usage_t *usage), void *ctx)
{
    fg_gate_pool_t *queue = &writer->retired_queue;
    for (int left = RETIRED_PER_DRAIN; queue->count > 0 && left > 0; left--) {
        fg_gate_retired_t oldest = queue->items[queue->first];
        if (now.us - oldest.at.us < FG_GATE_QUARANTINE_US)
            break;
        const fg_gate_slot_t *slot = &writer->gate->slots[oldest.index];
        const fg_gate_slot_item_t *item =
            fg_gate_slot_map_find(&writer->retired, owner_of(slot), plan_of(slot));
        if (item && item->slot == oldest.index + 1 && item->value == oldest.at.us) {
            fg_gate_usage_t usage = fg_gate_slot_usage(writer, slot);
            usage.is_final = true;
            if (has_counted(&usage) && !each(ctx, &usage))
                return false;
            fg_gate_slot_disown(writer, oldest.index);
        }
        queue->first++; /* else it is in use again, or was retired once more */
        queue->count--;
    }
    return true;
}

/* ---- shared slots ---- */

static uint32_t shared_make(fg_gate_writer_t *writer, uint32_t plan_index,
                            const fg_gate_slot_words_t *words)
{
    uint32_t index = fg_gate_line_make(writer);
    if (index != FG_GATE_NONE && !fg_gate_slot_fill(writer, index, plan_index, words)) {
        fg_gate_line_retire(writer, index);
        return FG_GATE_NONE;
    }
    return index;
}

uint32_t fg_gate_shared_ref(fg_gate_writer_t *writer, uint64_t owner, uint32_t plan_index,
                            const fg_gate_slot_words_t *words)
{
    fg_gate_slot_item_t *item = fg_gate_slot_map_find(&writer->shared, owner, plan_index);
    if (item) {
        item->value++;
        return item->slot - 1;
    }
    uint32_t retired = fg_gate_slot_retired(writer, owner, plan_index);
    uint32_t index = retired == FG_GATE_NONE ? shared_make(writer, plan_index, words) : retired;
    if (index == FG_GATE_NONE)
        return index;
    item = fg_gate_slot_map_put(&writer->shared, owner, plan_index, index);
    if (!item) {
        if (retired == FG_GATE_NONE)
            slot_drop(writer, index);
        return FG_GATE_NONE;
    }
    item->value = 1;
    if (retired == FG_GATE_NONE)
        atomic_store_explicit(&writer->gate->slots[index].key_id, owner, memory_order_release);
    else
        fg_gate_slot_revive(writer, index);
    return index;
}

void fg_gate_shared_unref(fg_gate_writer_t *writer, uint32_t name)
{
    if (name == 0 || name > writer->gate->geometry.slots_max)
        return;
    uint32_t index = name - 1;
    fg_gate_slot_t *slot = &writer->gate->slots[index];
    fg_gate_slot_item_t *item =
        fg_gate_slot_map_find(&writer->shared, owner_of(slot), plan_of(slot));
    if (!item || item->slot != name || --item->value > 0) /* none: the gate is damaged */
        return;
    fg_gate_slot_map_remove(&writer->shared, item);
    fg_gate_slot_retire_begin(slot);
    enqueue(writer, index);
}

/* ---- opening ---- */

static bool is_shared(const fg_gate_slot_t *slot)
{
    return FG_GATE_IS_GROUP(owner_of(slot)) || (plan_of(slot) & FG_GATE_SLOT_SHADOW);
}

static bool is_marked(const fg_gate_slot_t *slot)
{
    return atomic_load_explicit(&slot->plan_index, memory_order_relaxed) & FG_GATE_SLOT_RETIRED;
}

/* A writer that died in a drain had cleared marks whose figures were never stored: what has counted
 * is handed to the next drain once more. */
static void mark_again(fg_gate_t *gate, uint64_t index)
{
    fg_gate_slot_t *slot = &gate->slots[index];
    uint64_t counted = atomic_load_explicit(&slot->day[0], memory_order_relaxed) |
                       atomic_load_explicit(&slot->day[1], memory_order_relaxed) |
                       atomic_load_explicit(&slot->throttled, memory_order_relaxed) |
                       atomic_load_explicit(&slot->over_quota, memory_order_relaxed);
    if (counted == 0 && !is_unrecorded(gate, slot))
        return;
    atomic_fetch_or_explicit(&slot->over_quota, FG_GATE_SLOT_DIRTY, memory_order_seq_cst);
    atomic_store_explicit(&gate->dirty[index / FG_GATE_SLOTS_PER_DIRTY], 1, memory_order_seq_cst);
}

/* The shared slot is there; with `is_named` one more pair names it. */
static bool count_shared(fg_gate_writer_t *writer, uint32_t index, bool is_named)
{
    const fg_gate_slot_t *slot = &writer->gate->slots[index];
    if (!is_shared(slot))
        return true; /* damage: the pair goes without */
    fg_gate_slot_item_t *item =
        fg_gate_slot_map_find(&writer->shared, owner_of(slot), plan_of(slot));
    if (!item)
        item = fg_gate_slot_map_put(&writer->shared, owner_of(slot), plan_of(slot), index);
    if (item)
        item->value += is_named;
    return item != NULL;
}

/* Put a slot that somebody owns where it belongs. */
static bool scan_owned(fg_gate_writer_t *writer, uint32_t index)
{
    fg_gate_t *gate = writer->gate;
    fg_gate_slot_t *slot = &gate->slots[index];
    uint32_t plan = FG_GATE_SLOT_PLAN(plan_of(slot));
    if (plan >= writer->plans_used && plan < gate->geometry.plans_max)
        writer->plans_used = plan + 1; /* of a plan that is gone: not given out again */
    if (is_shared(slot))
        return count_shared(writer, index, false);
    if (is_marked(slot)) {
        enqueue(writer, index);
        return true;
    }
    const fg_gate_terms_t *terms = fg_gate_slot_terms(gate, slot);
    uint64_t used = atomic_load_explicit(&gate->header->slots_used, memory_order_relaxed);
    return !terms || ((terms->quota_slot == 0 || terms->quota_slot > used ||
                       count_shared(writer, terms->quota_slot - 1, true)) &&
                      (terms->shadow_slot == 0 || terms->shadow_slot > used ||
                       count_shared(writer, terms->shadow_slot - 1, true)));
}

/* Shared slots that no pair names are retired; the others are in use, whatever their mark says. */
static void settle_shared(fg_gate_writer_t *writer)
{
    fg_gate_slot_map_t *shared = &writer->shared;
    for (size_t i = 0; i < shared->room; i++) {
        while (shared->items[i].slot != 0 && shared->items[i].value == 0) {
            uint32_t index = shared->items[i].slot - 1;
            fg_gate_slot_map_remove(shared, &shared->items[i]);
            fg_gate_slot_retire_begin(&writer->gate->slots[index]);
            enqueue(writer, index);
        }
        if (shared->items[i].slot != 0)
            atomic_fetch_and_explicit(&writer->gate->slots[shared->items[i].slot - 1].plan_index,
                                      ~FG_GATE_SLOT_RETIRED, memory_order_relaxed);
    }
}

fg_status_t fg_gate_slots_scan(fg_gate_writer_t *writer)
{
    fg_gate_t *gate = writer->gate;
    fg_mono_t now = writer->clock();
    uint64_t used = atomic_load_explicit(&gate->header->slots_used, memory_order_relaxed);
    for (uint64_t i = 0; i < used; i++) {
        uint64_t owner = owner_of(&gate->slots[i]);
        if (owner == 0 && !fg_gate_pool_put(&writer->free_slots, (uint32_t)i, now))
            return FG_NO_MEMORY;
        if (owner == 0 || owner == FG_GATE_CHUNK)
            continue;
        mark_again(gate, i);
        if (!scan_owned(writer, (uint32_t)i))
            return FG_NO_MEMORY;
    }
    settle_shared(writer);
    return FG_OK;
}
