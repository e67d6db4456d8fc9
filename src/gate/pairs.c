/*
 * Pairs: which plans a key is on, and what holds for each beside its plan. All values of a key name
 * the same pairs in the same places. A pair is linked in the newest value first and unlinked there
 * last, so that wherever a writer dies no other value names a slot that the newest, which owns it,
 * does not.
 */
#include "gate/writer.h"

#include <string.h>

#define NO_PLACE SIZE_MAX

static uint64_t key_of(const fg_gate_values_t *values)
{
    return atomic_load_explicit(&values->entries[0]->key_id, memory_order_relaxed);
}

static uint64_t owner_of(const fg_gate_slot_t *slot)
{
    return atomic_load_explicit(&slot->key_id, memory_order_relaxed);
}

/* The slot of the pair at `place`; NULL when there is none. */
static fg_gate_slot_t *slot_at(const fg_gate_t *gate, const fg_gate_values_t *values, size_t place)
{
    fg_gate_pair_t *word = fg_gate_entry_pair(gate, values->entries[0], place);
    uint64_t pair = word ? atomic_load_explicit(word, memory_order_relaxed) : 0;
    return pair == 0 || FG_GATE_PAIR_SLOT(pair) >= gate->geometry.slots_max
               ? NULL
               : &gate->slots[FG_GATE_PAIR_SLOT(pair)];
}

/* ---- places ---- */

/* Where the pair of a plan stands; *ret_free is the first free place. */
static size_t place_of(const fg_gate_t *gate, const fg_gate_values_t *values, uint32_t plan_index,
                       size_t *ret_free)
{
    fg_gate_pair_t *word;
    *ret_free = NO_PLACE;
    for (size_t i = 0; (word = fg_gate_entry_pair(gate, values->entries[0], i)) != NULL; i++) {
        uint64_t pair = atomic_load_explicit(word, memory_order_relaxed);
        if (pair == 0 && *ret_free == NO_PLACE)
            *ret_free = i;
        if (pair != 0 && FG_GATE_PAIR_PLAN(pair) == plan_index)
            return i;
    }
    return NO_PLACE;
}

/* release: the slot, and the line of more pairs, is whole before it is named */
static void name(const fg_gate_t *gate, fg_gate_entry_t *entry, size_t place, uint64_t pair)
{
    fg_gate_pair_t *word = fg_gate_entry_pair(gate, entry, place);
    if (word)
        atomic_store_explicit(word, pair, memory_order_release);
}

static void link_pair(const fg_gate_t *gate, const fg_gate_values_t *values, size_t place,
                      uint64_t pair)
{
    for (size_t i = 0; i < values->count; i++)
        name(gate, values->entries[i], place, pair);
}

static void unlink_pair(const fg_gate_t *gate, const fg_gate_values_t *values, size_t place)
{
    for (size_t i = values->count; i-- > 0;)
        name(gate, values->entries[i], place, 0);
}

/* One more line of places; NO_PLACE when there is one already or no line is left. */
static size_t more_places(fg_gate_writer_t *writer, const fg_gate_values_t *values)
{
    if (atomic_load_explicit(&values->entries[0]->more, memory_order_relaxed) != 0)
        return NO_PLACE;
    uint32_t index = fg_gate_line_make(writer);
    if (index == FG_GATE_NONE)
        return NO_PLACE;
    for (size_t i = 0; i < values->count; i++)
        atomic_store_explicit(&values->entries[i]->more, index + 1, memory_order_release);
    return FG_GATE_ENTRY_PLANS;
}

bool fg_gate_pairs_has(const fg_gate_entry_t *entry)
{
    uint64_t any = atomic_load_explicit(&entry->more, memory_order_relaxed);
    for (size_t i = 0; i < FG_GATE_ENTRY_PLANS; i++)
        any |= atomic_load_explicit(&entry->pairs[i], memory_order_relaxed);
    return any != 0;
}

void fg_gate_pairs_copy(fg_gate_entry_t *entry, const fg_gate_entry_t *from)
{
    for (size_t i = 0; i < FG_GATE_ENTRY_PLANS; i++)
        atomic_store_explicit(&entry->pairs[i],
                              from ? atomic_load_explicit(&from->pairs[i], memory_order_relaxed)
                                   : 0,
                              memory_order_release);
    atomic_store_explicit(&entry->more,
                          from ? atomic_load_explicit(&from->more, memory_order_relaxed) : 0,
                          memory_order_release);
}

/* ---- terms ---- */

static bool is_granted(const fg_gate_key_t *key, uint64_t plan_id)
{
    for (size_t i = 0; i < key->grant_count; i++)
        if (key->grants[i].plan_id == plan_id)
            return true;
    return false;
}

static void set_override(fg_gate_terms_t *terms, const fg_gate_grant_t *grant)
{
    if (grant->has_override_throttle && grant->override_throttle.is_set) {
        terms->flags |= FG_GATE_TERMS_HAS_THROTTLE;
        terms->rate_milli_rps = grant->override_throttle.rate_milli_rps;
        terms->burst = grant->override_throttle.burst;
    }
    if (grant->has_override_quota) {
        terms->flags |= FG_GATE_TERMS_HAS_QUOTA;
        terms->quota_limit = grant->override_quota_limit;
    }
    if (terms->flags != 0)
        terms->until_s = fg_gate_end_s(grant->override_until);
}

/* Name the shared slots of a pair in `terms`, each one more time. False when one does not fit. */
static bool name_shared(fg_gate_writer_t *writer, const fg_gate_key_t *key,
                        const fg_gate_grant_t *grant, fg_gate_terms_t *terms)
{
    uint32_t plan = fg_gate_plan_index(writer, grant->plan_id), index;
    if (grant->group_id != 0) {
        fg_gate_slot_words_t words = {.quota = grant->group_quota_word,
                                      .granted = grant->group_granted_word,
                                      .extension = grant->group_extension_word};
        index = fg_gate_shared_ref(writer, grant->group_id, plan, &words);
        if (index == FG_GATE_NONE)
            return false;
        terms->quota_slot = index + 1;
    }
    uint32_t shadow = grant->shadow_plan_id == 0 || is_granted(key, grant->shadow_plan_id)
                          ? FG_GATE_NONE
                          : fg_gate_plan_index(writer, grant->shadow_plan_id);
    if (shadow == FG_GATE_NONE)
        return true;
    index = fg_gate_shared_ref(writer, key->key_id, shadow | FG_GATE_SLOT_SHADOW,
                               &(fg_gate_slot_words_t){0});
    if (index == FG_GATE_NONE)
        return false;
    terms->shadow_slot = index + 1;
    return true;
}

/* Make the terms of a pair's slot what the grant says; the extension stays. `is_counted`: the
 * shared slots that the present terms name know of this pair. False, and nothing changed, when they
 * do not fit. */
static bool terms_sync(fg_gate_writer_t *writer, fg_gate_slot_t *slot, const fg_gate_key_t *key,
                       const fg_gate_grant_t *grant, bool is_counted)
{
    const fg_gate_terms_t *present = fg_gate_slot_terms(writer->gate, slot);
    uint32_t quota_slot = present && is_counted ? present->quota_slot : 0,
             shadow_slot = present && is_counted ? present->shadow_slot : 0;
    fg_gate_terms_t terms = {.extension_word = present ? present->extension_word : 0};
    set_override(&terms, grant);
    bool is_set =
        name_shared(writer, key, grant, &terms) && fg_gate_slot_terms_set(writer, slot, &terms);
    fg_gate_shared_unref(writer, is_set ? quota_slot : terms.quota_slot);
    fg_gate_shared_unref(writer, is_set ? shadow_slot : terms.shadow_slot);
    return is_set;
}

/* ---- pairs ---- */

/* A key that comes back may bring along what it used on another plan meanwhile (rule Q9). Words of
 * later windows, and of more used in one, are greater. Order: relaxed, the link is released after
 * it. */
static void raise_used(fg_gate_slot_t *slot, uint64_t quota_word)
{
    uint64_t seen = atomic_load_explicit(&slot->quota, memory_order_relaxed);
    while (seen < quota_word &&
           !atomic_compare_exchange_weak_explicit(&slot->quota, &seen, quota_word,
                                                  memory_order_relaxed, memory_order_relaxed))
        ;
}

/* A slot for a pair that is made now: the one that it had, or a new one; it is not linked yet. */
static uint32_t slot_for(fg_gate_writer_t *writer, const fg_gate_key_t *key,
                         const fg_gate_grant_t *grant, uint32_t plan_index)
{
    uint32_t index = fg_gate_slot_retired(writer, key->key_id, plan_index);
    if (index != FG_GATE_NONE) {
        raise_used(&writer->gate->slots[index], grant->quota_word);
        return terms_sync(writer, &writer->gate->slots[index], key, grant, false) ? index
                                                                                  : FG_GATE_NONE;
    }
    index = fg_gate_line_make(writer);
    if (index == FG_GATE_NONE)
        return index;
    fg_gate_slot_words_t words = {.quota = grant->quota_word,
                                  .granted = grant->granted_word,
                                  .extension = grant->extension_word,
                                  .days = {grant->day_words[0], grant->day_words[1]}};
    fg_gate_slot_t *slot = &writer->gate->slots[index];
    if (fg_gate_slot_fill(writer, index, plan_index, &words) &&
        terms_sync(writer, slot, key, grant, false))
        return index;
    (void)fg_gate_slot_terms_set(writer, slot, NULL);
    fg_gate_line_retire(writer, index);
    return FG_GATE_NONE;
}

/* A linked slot is the key's own from now on: it is drained under its id. */
static void own(fg_gate_writer_t *writer, uint32_t index, uint64_t key_id)
{
    fg_gate_slot_t *slot = &writer->gate->slots[index];
    if (atomic_load_explicit(&slot->plan_index, memory_order_relaxed) & FG_GATE_SLOT_RETIRED)
        fg_gate_slot_revive(writer, index);
    atomic_store_explicit(&slot->key_id, key_id, memory_order_release);
}

static fg_status_t pair_sync(fg_gate_writer_t *writer, const fg_gate_values_t *values,
                             const fg_gate_key_t *key, const fg_gate_grant_t *grant,
                             fg_error_t *reterr)
{
    size_t free_place;
    uint32_t plan_index = fg_gate_plan_index(writer, grant->plan_id);
    if (plan_index == FG_GATE_NONE)
        return fg_error_set(reterr, FG_NOT_FOUND, "plan",
                            "the gate does not know the usage plan of an API key");
    size_t place = place_of(writer->gate, values, plan_index, &free_place);
    fg_gate_slot_t *slot = slot_at(writer->gate, values, place);
    if (slot) { /* not owned: a writer died before it was */
        if (!terms_sync(writer, slot, key, grant, owner_of(slot) != FG_GATE_CHUNK))
            return fg_gate_refuse_full_slots(writer, reterr);
        own(writer, (uint32_t)(slot - writer->gate->slots), key->key_id);
        return FG_OK;
    }
    if (place != NO_PLACE)
        free_place = place; /* damage: it names no slot */
    if (free_place == NO_PLACE)
        free_place = more_places(writer, values);
    uint32_t index =
        free_place == NO_PLACE ? FG_GATE_NONE : slot_for(writer, key, grant, plan_index);
    if (index == FG_GATE_NONE)
        return fg_gate_refuse_full_slots(writer, reterr);
    link_pair(writer->gate, values, free_place, FG_GATE_PAIR(plan_index, index));
    own(writer, index, key->key_id);
    return FG_OK;
}

/* A writer died before it owned the slot: its shared slots do not know of it. */
static void own_uncounted(fg_gate_writer_t *writer, fg_gate_slot_t *slot, uint64_t key_id)
{
    const fg_gate_terms_t *present = fg_gate_slot_terms(writer->gate, slot);
    fg_gate_terms_t terms = {.extension_word = present ? present->extension_word : 0};
    if (!fg_gate_slot_terms_set(writer, slot, &terms))
        (void)fg_gate_slot_terms_set(writer, slot, NULL);
    atomic_store_explicit(&slot->key_id, key_id, memory_order_release);
}

static void pair_drop(fg_gate_writer_t *writer, const fg_gate_values_t *values, size_t place)
{
    fg_gate_slot_t *slot = slot_at(writer->gate, values, place);
    if (slot) {
        fg_gate_slot_retire_begin(slot);
        if (owner_of(slot) == FG_GATE_CHUNK)
            own_uncounted(writer, slot, key_of(values));
    }
    unlink_pair(writer->gate, values, place);
    if (slot)
        fg_gate_slot_retire(writer, (uint32_t)(slot - writer->gate->slots));
}

/* Take the pairs away that are not in `key` (all of them when it is NULL). */
static void pairs_drop(fg_gate_writer_t *writer, const fg_gate_values_t *values,
                       const fg_gate_key_t *key)
{
    fg_gate_pair_t *word;
    for (size_t i = 0; (word = fg_gate_entry_pair(writer->gate, values->entries[0], i)) != NULL;
         i++) {
        uint64_t pair = atomic_load_explicit(word, memory_order_relaxed);
        uint32_t plan = FG_GATE_PAIR_PLAN(pair);
        if (pair != 0 && !(key && plan < writer->gate->geometry.plans_max &&
                           is_granted(key, writer->plan_ids[plan])))
            pair_drop(writer, values, i);
    }
}

fg_status_t fg_gate_pairs_sync(fg_gate_writer_t *writer, const fg_gate_values_t *values,
                               const fg_gate_key_t *key, fg_error_t *reterr)
{
    fg_status_t status = FG_OK;
    pairs_drop(writer, values, key);
    for (size_t i = 0; status == FG_OK && i < key->grant_count; i++)
        status = pair_sync(writer, values, key, &key->grants[i], reterr);
    for (size_t i = 0; i < key->grant_count; i++) {
        /* the key is on that plan now: what it would have done there is not to be told any more */
        uint32_t plan = fg_gate_plan_index(writer, key->grants[i].plan_id);
        uint32_t shadow = plan == FG_GATE_NONE ? FG_GATE_NONE
                                               : fg_gate_slot_retired(writer, key->key_id,
                                                                      plan | FG_GATE_SLOT_SHADOW);
        if (shadow != FG_GATE_NONE)
            fg_gate_slot_disown(writer, shadow);
    }
    return status;
}

void fg_gate_pairs_free(fg_gate_writer_t *writer, const fg_gate_values_t *values)
{
    uint32_t more = atomic_load_explicit(&values->entries[0]->more, memory_order_relaxed);
    pairs_drop(writer, values, NULL);
    for (size_t i = values->count; i-- > 0;)
        fg_gate_pairs_copy(values->entries[i], NULL);
    if (more != 0 && more <= writer->gate->geometry.slots_max)
        fg_gate_line_retire(writer, more - 1);
}
