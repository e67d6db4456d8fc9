/*
 * The decision: from a key and a stage to admitted or refused, in loads and exchanges alone. First
 * whether the key may ride here at all (its state, its validity, its plan, the address), then
 * whether every limit has room (limits.c).
 */
#include "gate/limits.h"

static const char *const reasons[] = {
#define REASON(name, reason) reason,
    FG_VERDICT_LIST(REASON)
#undef REASON
};

const char *fg_verdict_reason(fg_verdict_kind_t kind)
{
    return (unsigned)kind < FG_VERDICT_COUNT ? reasons[kind] : "unknown";
}

/* ---- the key ---- */

/* Rule K5: which answer a key's state is; ADMITTED for a good one. */
static fg_verdict_kind_t verdict_of_state(fg_key_state_t state)
{
    switch (state) {
    case FG_KEY_ENABLED:
    case FG_KEY_ALIAS:
        return FG_VERDICT_ADMITTED;
    case FG_KEY_DISABLED:
        return FG_VERDICT_KEY_DISABLED;
    case FG_KEY_DELETED:
        return FG_VERDICT_KEY_DELETED;
    case FG_KEY_REPLACED:
    case FG_KEY_UNKNOWN:
        break;
    }
    return FG_VERDICT_KEY_UNKNOWN;
}

/* ---- what a look-up finds ---- */

typedef struct found {
    fg_gate_entry_t *entry;
    fg_gate_slot_t *slot; /* of the key and the plan that is charged; NULL: none is */
    const fg_gate_record_t *record;
} found_t;

/* Rule E6: a value works from its first second to its last. */
static fg_verdict_kind_t verdict_of_validity(const fg_gate_t *gate, const fg_gate_entry_t *entry,
                                             fg_wall_t now)
{
    const fg_gate_value_terms_t *terms = fg_gate_value_terms(gate, entry);
    if (!terms)
        return FG_VERDICT_ADMITTED;
    if (terms->not_before_s != 0 && now.s < terms->not_before_s)
        return FG_VERDICT_KEY_NOT_YET_VALID;
    return terms->expires_s != 0 && now.s >= terms->expires_s ? FG_VERDICT_KEY_EXPIRED
                                                              : FG_VERDICT_ADMITTED;
}

/* The plan of the key that covers the stage (rule P5: there is at most one). */
static fg_verdict_kind_t find_plan(fg_gate_t *gate, uint32_t stage_index, found_t *found)
{
    bool has_plan = false;
    fg_gate_pair_t *word;
    for (size_t i = 0; (word = fg_gate_entry_pair(gate, found->entry, i)) != NULL; i++) {
        /* acquire: the slot was filled before the pair was stored */
        uint64_t pair = atomic_load_explicit(word, memory_order_acquire);
        if (pair == 0 || FG_GATE_PAIR_SLOT(pair) >= gate->geometry.slots_max)
            continue;
        has_plan = true;
        fg_gate_slot_t *slot = &gate->slots[FG_GATE_PAIR_SLOT(pair)];
        __builtin_prefetch(slot, 1);
        const fg_gate_record_t *record = fg_gate_record_of(gate, FG_GATE_PAIR_PLAN(pair));
        if (!record || !fg_gate_record_covers(gate, record, stage_index))
            continue;
        found->slot = slot;
        found->record = record;
        return FG_VERDICT_ADMITTED;
    }
    if (has_plan)
        return FG_VERDICT_PLAN_NOT_ON_STAGE;
    bool is_allowed =
        atomic_load_explicit(&gate->header->are_keys_without_plan_allowed, memory_order_relaxed);
    return is_allowed ? FG_VERDICT_ADMITTED : FG_VERDICT_KEY_WITHOUT_PLAN;
}

/* One look at a directory. */
static fg_verdict_kind_t look_up(fg_gate_t *gate, uint32_t directory, const fg_gate_facts_t *facts,
                                 fg_now_t now, found_t *found, fg_verdict_t *verdict)
{
    *found = (found_t){.entry = fg_gate_entry_place(gate, directory, verdict->digest)};
    verdict->is_metered = false;
    verdict->key_id = 0;
    if (!found->entry)
        return FG_VERDICT_KEY_UNKNOWN;
    /* acquire: the rest of an entry was written before its state */
    fg_key_state_t state =
        (fg_key_state_t)atomic_load_explicit(&found->entry->state, memory_order_acquire);
    if (state == FG_KEY_UNKNOWN)
        return FG_VERDICT_KEY_UNKNOWN;
    verdict->key_id = atomic_load_explicit(&found->entry->key_id, memory_order_relaxed);
    fg_verdict_kind_t kind = verdict_of_state(state);
    if (kind == FG_VERDICT_ADMITTED)
        kind = verdict_of_validity(gate, found->entry, now.wall);
    if (kind != FG_VERDICT_ADMITTED)
        return kind;
    verdict->is_metered = true;
    return find_plan(gate, facts->stage_index, found);
}

static fg_verdict_kind_t find_key(fg_gate_t *gate, const fg_gate_facts_t *facts, fg_now_t now,
                                  found_t *found, fg_verdict_t *verdict)
{
    if (!facts->has_key || facts->key_value.len == 0)
        return FG_VERDICT_KEY_MISSING;
    if (facts->key_value.len > FG_KEY_VALUE_BYTES_MAX)
        return FG_VERDICT_KEY_UNKNOWN;
    verdict->digest = fg_digester_digest(&gate->header->digester, facts->key_value);
    uint32_t directory = atomic_load_explicit(&gate->header->directory, memory_order_acquire);
    for (;;) {
        fg_verdict_kind_t kind = look_up(gate, directory, facts, now, found, verdict);
        if (found->slot)
            return kind;
        /* nobody is refused, or let in without a plan, by a directory that was left meanwhile */
        uint32_t current = atomic_load_explicit(&gate->header->directory, memory_order_acquire);
        if (current == directory)
            return kind;
        directory = current;
    }
}

/* Rule X5: the rules of the key, then those of the plan; each list has to let the address pass. */
static bool is_address_allowed(const fg_gate_t *gate, const found_t *found,
                               const fg_gate_facts_t *facts)
{
    const fg_gate_value_terms_t *terms = fg_gate_value_terms(gate, found->entry);
    const uint8_t *address = facts->has_address ? facts->address : NULL;
    return (!terms || fg_gate_addresses_allow(gate, terms->addresses, address)) &&
           (!found->record || fg_gate_addresses_allow(gate, found->record->addresses, address));
}

/* ---- beside the decision ---- */

/* To the minute, and stored only when it changed: no request but the first of a minute writes. */
static void note_use(fg_gate_entry_t *entry, fg_wall_t now)
{
    uint32_t minute = (uint32_t)(now.s / 60);
    if (atomic_load_explicit(&entry->used_minute, memory_order_relaxed) != minute)
        atomic_store_explicit(&entry->used_minute, minute, memory_order_relaxed);
}

/* Rule E3: what the shadow plan of the pair would have said of a request that the live one admitted. It is
 * charged and counted like a plan, by its own slot, but keeps nobody out and has no lease. */
static fg_verdict_kind_t shadow(fg_gate_t *gate, const found_t *found, const fg_gate_facts_t *facts,
                                fg_now_t now, uint64_t key_id)
{
    const fg_gate_terms_t *terms = fg_gate_slot_terms(gate, found->slot);
    if (!terms || terms->shadow_slot == 0 || terms->shadow_slot > gate->geometry.slots_max)
        return FG_VERDICT_ADMITTED;
    fg_gate_slot_t *slot = &gate->slots[terms->shadow_slot - 1];
    uint32_t plan = atomic_load_explicit(&slot->plan_index, memory_order_relaxed);
    const fg_gate_record_t *record = fg_gate_record_of(gate, FG_GATE_SLOT_PLAN(plan));
    if (!record)
        return FG_VERDICT_ADMITTED;
    fg_gate_limits_t limits = {.slot = NULL};
    fg_verdict_t verdict = {.kind = FG_VERDICT_ADMITTED};
    verdict.kind = fg_gate_limits_plan(gate, &limits, slot, record, facts, now, key_id);
    limits.is_leased = false;
    if (verdict.kind == FG_VERDICT_ADMITTED)
        fg_gate_limits_charge(gate, &limits, now, &verdict);
    return verdict.kind;
}

/* ---- the decision ---- */

/* Everything that a key is asked for; ADMITTED with its limits filled in. */
static fg_verdict_kind_t ask_key(fg_gate_t *gate, const fg_gate_facts_t *facts, fg_now_t now,
                                 found_t *found, fg_gate_limits_t *limits, fg_verdict_t *verdict)
{
    fg_verdict_kind_t kind = find_key(gate, facts, now, found, verdict);
    if (kind != FG_VERDICT_ADMITTED)
        return kind;
    if (found->record) {
        verdict->plan_id = found->record->plan_id;
        verdict->counted_statuses = found->record->counted;
        verdict->outage = found->record->outage;
    }
    if (!is_address_allowed(gate, found, facts))
        return FG_VERDICT_ADDRESS_DENIED;
    return found->record ? fg_gate_limits_plan(gate, limits, found->slot, found->record, facts, now,
                                               verdict->key_id)
                         : FG_VERDICT_ADMITTED;
}

fg_verdict_t fg_gate_decide(fg_gate_t *gate, const fg_gate_facts_t *facts, fg_now_t now)
{
    fg_verdict_t verdict = {.kind = FG_VERDICT_ADMITTED};
    fg_gate_limits_t limits = {.slot = NULL};
    found_t found = {.entry = NULL};
    if (facts->is_key_required) /* rule K8: otherwise the key is ignored */
        verdict.kind = ask_key(gate, facts, now, &found, &limits, &verdict);
    if (verdict.kind == FG_VERDICT_ADMITTED)
        verdict.kind = fg_gate_limits_stage(gate, &limits, facts);
    if (verdict.kind == FG_VERDICT_BUCKETS_FULL || verdict.kind == FG_VERDICT_CONTENDED)
        verdict.retry_after_us = FG_SECOND_US;
    if (verdict.kind == FG_VERDICT_ADMITTED)
        fg_gate_limits_charge(gate, &limits, now, &verdict);
    if (verdict.kind != FG_VERDICT_ADMITTED || !found.entry)
        return verdict;
    note_use(found.entry, now.wall);
    if (found.slot)
        verdict.shadow = shadow(gate, &found, facts, now, verdict.key_id);
    return verdict;
}
