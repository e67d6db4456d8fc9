/*
 * Charging one request. Every limit is checked before any is taken, so that a request which one of
 * them refuses leaves all the others as they were. Between the check and the take another process
 * may spend the last token; then what was taken is given back.
 *
 * Example: plan throttle has 1 left, quota 1 left. Two workers both pass the checks; one takes the
 * throttle, the other loses there and has taken nothing. Had it lost at the quota, its throttle
 * token would have gone back.
 */
#include "gate/limits.h"

#include <string.h>

static const fg_verdict_kind_t refusals[FG_GATE_BOUND_COUNT] = {
    [FG_GATE_BOUND_ADDRESS] = FG_VERDICT_THROTTLED_ADDRESS,
    [FG_GATE_BOUND_PLAN_METHOD] = FG_VERDICT_THROTTLED_PLAN_METHOD,
    [FG_GATE_BOUND_PLAN] = FG_VERDICT_THROTTLED_PLAN,
    [FG_GATE_BOUND_METHOD] = FG_VERDICT_THROTTLED_METHOD,
    [FG_GATE_BOUND_ACCOUNT] = FG_VERDICT_THROTTLED_ACCOUNT,
};

/* ---- what is charged ---- */

/* Names of buckets begin with what they are for, so that no two kinds share one. */
enum { BUCKET_OF_METHOD = 1, BUCKET_OF_PLAN_METHOD, BUCKET_OF_ADDRESS };

static fg_verdict_kind_t bound_by_bucket(fg_gate_t *gate, fg_gate_bound_t *bound,
                                         fg_throttle_t throttle, const uint64_t *words,
                                         size_t count)
{
    fg_gate_bucket_use_t use;
    switch (fg_gate_bucket_find(gate, words, count, &use)) {
    case FG_GATE_FULL:
        return FG_VERDICT_BUCKETS_FULL;
    case FG_GATE_CONTENDED:
        return FG_VERDICT_CONTENDED;
    case FG_GATE_FOUND:
        break;
    }
    *bound = (fg_gate_bound_t){.throttle = throttle, .word = use.word, .claim = use.claim};
    return FG_VERDICT_ADMITTED;
}

/* Rule X5: each key and address on its own; an IPv6 address counts by its /64. */
static fg_verdict_kind_t bound_by_address(fg_gate_t *gate, fg_gate_limits_t *limits,
                                          const fg_gate_record_t *record,
                                          const fg_gate_facts_t *facts, uint64_t key_id)
{
    if (!(record->flags & FG_GATE_RECORD_HAS_ADDRESS_THROTTLE) || !facts->has_address)
        return FG_VERDICT_ADMITTED;
    fg_throttle_t throttle = {.rate_milli_rps = record->address_rate_milli_rps,
                              .burst = record->address_burst,
                              .is_set = true};
    uint64_t words[] = {BUCKET_OF_ADDRESS, key_id, record->plan_id, 0, 0};
    memcpy(&words[3], facts->address, sizeof(facts->address));
    if (!fg_gate_address_is_ipv4(facts->address))
        words[4] = 0;
    return bound_by_bucket(gate, &limits->bounds[FG_GATE_BOUND_ADDRESS], throttle, words,
                           FG_COUNT_OF(words));
}

/* Rule P4. */
static fg_verdict_kind_t bound_by_plan_method(fg_gate_t *gate, fg_gate_limits_t *limits,
                                              const fg_gate_record_t *record,
                                              const fg_gate_facts_t *facts, uint64_t key_id)
{
    fg_throttle_t throttle = fg_gate_record_method(gate, record, facts->method_id);
    uint64_t words[] = {BUCKET_OF_PLAN_METHOD, key_id, record->plan_id, facts->method_id};
    if (!throttle.is_set)
        return FG_VERDICT_ADMITTED;
    return bound_by_bucket(gate, &limits->bounds[FG_GATE_BOUND_PLAN_METHOD], throttle, words,
                           FG_COUNT_OF(words));
}

static bool is_set(const _Atomic uint32_t *word)
{
    return atomic_load_explicit(word, memory_order_relaxed) != 0;
}

/* Rule L4: how far a plan goes beyond its grant while none can be had. */
static uint64_t beyond_grant(const fg_gate_record_t *record, uint64_t limit)
{
    switch ((fg_gate_outage_t)record->outage) {
    case FG_OUTAGE_OPEN:
        return limit;
    case FG_OUTAGE_ALLOWANCE:
        return limit / 100 * record->allowance_percent +
               limit % 100 * record->allowance_percent / 100;
    case FG_OUTAGE_STRICT:
        break;
    }
    return 0;
}

static bool is_in_force(const fg_gate_terms_t *terms, uint32_t flag, fg_wall_t now)
{
    return (terms->flags & flag) != 0 && (terms->until_s == 0 || now.s < terms->until_s);
}

void fg_gate_terms_throttle(const fg_gate_terms_t *terms, fg_wall_t now, fg_throttle_t *throttle)
{
    if (is_in_force(terms, FG_GATE_TERMS_HAS_THROTTLE, now))
        *throttle = (fg_throttle_t){
            .rate_milli_rps = terms->rate_milli_rps, .burst = terms->burst, .is_set = true};
}

void fg_gate_terms_quota(const fg_gate_terms_t *terms, fg_wall_t now, fg_quota_t *quota)
{
    if (is_in_force(terms, FG_GATE_TERMS_HAS_QUOTA, now))
        quota->limit = terms->quota_limit;
    quota->extension_word = terms->extension_word;
}

/* The quota of the pair, or of all keys of its customer (rule E5): then that slot's terms extend
 * it. */
static void limit_by_quota(fg_gate_t *gate, fg_gate_limits_t *limits,
                           const fg_gate_record_t *record, const fg_gate_terms_t *terms,
                           const fg_gate_facts_t *facts, fg_now_t now)
{
    limits->quota = fg_gate_record_quota(record);
    limits->quota_slot = limits->slot;
    if (terms && terms->quota_slot != 0 && terms->quota_slot <= gate->geometry.slots_max) {
        limits->quota_slot = &gate->slots[terms->quota_slot - 1];
        terms = fg_gate_slot_terms(gate, limits->quota_slot);
    }
    if (terms)
        fg_gate_terms_quota(terms, now.wall, &limits->quota);
    limits->is_leased = is_set(&gate->header->is_leased);
    limits->quota.is_closed = is_set(&gate->header->is_closed);
    if (facts->is_outage)
        limits->quota.beyond_grant = beyond_grant(record, limits->quota.limit);
}

fg_verdict_kind_t fg_gate_limits_plan(fg_gate_t *gate, fg_gate_limits_t *limits,
                                      fg_gate_slot_t *slot, const fg_gate_record_t *record,
                                      const fg_gate_facts_t *facts, fg_now_t now, uint64_t key_id)
{
    const fg_gate_terms_t *terms = fg_gate_slot_terms(gate, slot);
    fg_throttle_t throttle = fg_gate_record_throttle(record);
    if (terms)
        fg_gate_terms_throttle(terms, now.wall, &throttle);
    limits->slot = slot;
    limits->bounds[FG_GATE_BOUND_PLAN] =
        (fg_gate_bound_t){.throttle = throttle, .word = &slot->throttle};
    limit_by_quota(gate, limits, record, terms, facts, now);
    fg_verdict_kind_t kind = bound_by_address(gate, limits, record, facts, key_id);
    return kind != FG_VERDICT_ADMITTED ? kind
                                       : bound_by_plan_method(gate, limits, record, facts, key_id);
}

fg_verdict_kind_t fg_gate_limits_stage(fg_gate_t *gate, fg_gate_limits_t *limits,
                                       const fg_gate_facts_t *facts)
{
    const fg_gate_header_t *header = gate->header;
    uint64_t burst = atomic_load_explicit(&header->account_burst, memory_order_relaxed);
    limits->bounds[FG_GATE_BOUND_ACCOUNT] = (fg_gate_bound_t){
        .throttle = {.rate_milli_rps = atomic_load_explicit(&header->account_rate_milli_rps,
                                                            memory_order_relaxed),
                     .burst = (uint32_t)burst,
                     .is_set = burst <= UINT32_MAX},
        .word = &gate->header->account_word,
    };
    if (!facts->method_throttle.is_set)
        return FG_VERDICT_ADMITTED;
    return bound_by_bucket(gate, &limits->bounds[FG_GATE_BOUND_METHOD], facts->method_throttle,
                           (const uint64_t[]){BUCKET_OF_METHOD, facts->method_id}, 2);
}

/* ---- checking and taking ---- */

static bool refuse_throttled(fg_verdict_t *verdict, fg_gate_bound_kind_t kind,
                             fg_throttle_t throttle, fg_take_t take)
{
    if (take.is_granted)
        return false;
    verdict->kind = take.is_contended ? FG_VERDICT_CONTENDED : refusals[kind];
    verdict->retry_after_us = take.retry_after_us;
    verdict->throttle = throttle;
    verdict->throttle_remaining = 0;
    return true;
}

static bool refuse_over_quota(fg_verdict_t *verdict, fg_quota_t quota, fg_quota_take_t take,
                              fg_now_t now)
{
    if (quota.is_set) {
        verdict->quota_limit = take.limit;
        verdict->quota_remaining = take.limit > take.used ? take.limit - take.used : 0;
        verdict->quota_reset_at = take.reset_at;
        verdict->quota_start_day = take.start_day;
    }
    if (take.is_granted)
        return false;
    verdict->kind = take.is_contended ? FG_VERDICT_CONTENDED
                    : take.is_dry     ? FG_VERDICT_GRANT_PENDING
                                      : FG_VERDICT_QUOTA_EXCEEDED;
    verdict->retry_after_us = verdict->kind == FG_VERDICT_QUOTA_EXCEEDED
                                  ? (take.reset_at.s - now.wall.s) * FG_SECOND_US
                                  : FG_SECOND_US;
    return true;
}

static const fg_quota_word_t *granted_of(const fg_gate_limits_t *limits)
{
    return limits->is_leased ? &limits->quota_slot->granted : NULL;
}

/* Rule T2, then Q1. Nothing is taken. */
static bool refuse_by_check(const fg_gate_limits_t *limits, fg_now_t now, fg_verdict_t *verdict)
{
    for (int i = 0; i < FG_GATE_BOUND_COUNT; i++) {
        const fg_gate_bound_t *bound = &limits->bounds[i];
        if (bound->word &&
            refuse_throttled(verdict, (fg_gate_bound_kind_t)i, bound->throttle,
                             fg_throttle_check(bound->word, bound->throttle, now.mono)))
            return true;
    }
    return limits->slot &&
           refuse_over_quota(verdict, limits->quota,
                             fg_quota_check(&limits->quota_slot->quota, granted_of(limits),
                                            limits->quota, now.wall),
                             now);
}

/* A token of a bucket counts when the bucket is still ours after it was taken. */
static fg_take_t take(const fg_gate_bound_t *bound, fg_now_t now)
{
    fg_take_t take = fg_throttle_take(bound->word, bound->throttle, now.mono);
    if (!take.is_granted || !bound->claim.id || fg_gate_claim_stands(&bound->claim))
        return take;
    fg_throttle_give_back(bound->word, bound->throttle);
    return (fg_take_t){.is_contended = true, .retry_after_us = FG_SECOND_US};
}

static void give_back(const fg_gate_limits_t *limits, int count)
{
    while (count-- > 0)
        if (limits->bounds[count].word)
            fg_throttle_give_back(limits->bounds[count].word, limits->bounds[count].throttle);
}

/* The same order, taking; whoever loses a race gives back what the earlier ones took. Rule T3. */
static bool refuse_by_take(const fg_gate_limits_t *limits, fg_now_t now, fg_verdict_t *verdict)
{
    for (int i = 0; i < FG_GATE_BOUND_COUNT; i++) {
        const fg_gate_bound_t *bound = &limits->bounds[i];
        if (!bound->word ||
            !refuse_throttled(verdict, (fg_gate_bound_kind_t)i, bound->throttle, take(bound, now)))
            continue;
        give_back(limits, i);
        return true;
    }
    if (!limits->slot ||
        !refuse_over_quota(
            verdict, limits->quota,
            fg_quota_take(&limits->quota_slot->quota, granted_of(limits), limits->quota, now.wall),
            now))
        return false;
    give_back(limits, FG_GATE_BOUND_COUNT);
    return true;
}

/* ---- counting ---- */

/* Say that the slot counted: its mark, then its group's byte. The mark is set by an exchange even
 * when it is set already: the drain clears it by an exchange and then reads the words, so either
 * the drain comes later and reads this count, or the mark stands again after it. The four accesses
 * to mark and byte, here and in the drain, are in one order: whoever skips has seen the other
 * one's. */
void fg_gate_slot_mark(fg_gate_t *gate, fg_gate_slot_t *slot)
{
    _Atomic uint8_t *group = &gate->dirty[(size_t)(slot - gate->slots) / FG_GATE_SLOTS_PER_DIRTY];
    atomic_fetch_or_explicit(&slot->over_quota, FG_GATE_SLOT_DIRTY, memory_order_seq_cst);
    if (atomic_load_explicit(group, memory_order_seq_cst) == 0)
        atomic_store_explicit(group, 1, memory_order_seq_cst);
}

static void count_refusal(fg_gate_t *gate, fg_gate_slot_t *slot, fg_verdict_kind_t kind)
{
    if (kind == FG_VERDICT_GRANT_PENDING)
        return; /* asked again in a moment */
    if (kind == FG_VERDICT_QUOTA_EXCEEDED) {
        uint32_t seen = atomic_load_explicit(&slot->over_quota, memory_order_relaxed);
        uint32_t next;
        do /* 31 bits that wrap without touching the mark */
            next = (seen & FG_GATE_SLOT_DIRTY) | ((seen + 1) & ~FG_GATE_SLOT_DIRTY);
        while (!atomic_compare_exchange_weak_explicit(&slot->over_quota, &seen, next,
                                                      memory_order_relaxed, memory_order_relaxed));
    } else {
        atomic_fetch_add_explicit(&slot->throttled, 1, memory_order_relaxed);
    }
    fg_gate_slot_mark(gate, slot);
}

static void count_admitted(fg_gate_t *gate, const fg_gate_limits_t *limits, fg_now_t now,
                           fg_verdict_t *verdict)
{
    const fg_gate_bound_t *plan = &limits->bounds[FG_GATE_BOUND_PLAN];
    fg_gate_slot_t *slot = limits->slot;
    uint32_t day = (uint32_t)(now.wall.s / FG_DAY_S);
    verdict->counted_day = fg_quota_count(&slot->day[day & 1], day);
    if (!limits->quota.is_set) { /* counted all the same, so that a quota that is set later knows */
        verdict->quota_start_day = fg_quota_count(&slot->quota, day);
        verdict->quota_slot_index = verdict->slot_index;
    }
    fg_gate_slot_mark(gate, slot);
    if (limits->quota.is_set && limits->quota_slot != slot)
        fg_gate_slot_mark(gate, limits->quota_slot);
    verdict->throttle = plan->throttle;
    verdict->throttle_remaining = fg_throttle_available(plan->word, plan->throttle, now.mono);
}

void fg_gate_limits_charge(fg_gate_t *gate, const fg_gate_limits_t *limits, fg_now_t now,
                           fg_verdict_t *verdict)
{
    bool is_refused = refuse_by_check(limits, now, verdict) || refuse_by_take(limits, now, verdict);
    if (!limits->slot)
        return;
    verdict->slot_index = (uint32_t)(limits->slot - gate->slots);
    verdict->quota_slot_index = (uint32_t)(limits->quota_slot - gate->slots);
    if (is_refused)
        count_refusal(gate, limits->slot, verdict->kind);
    else
        count_admitted(gate, limits, now, verdict);
}

/* ---- taking back what does not count ---- */

/* The slot at `index` while `plan_id` is its plan; NULL when it has passed on. */
static fg_gate_slot_t *slot_of_plan(fg_gate_t *gate, uint32_t index, uint64_t plan_id,
                                    uint64_t *ret_owner)
{
    if (index >= gate->geometry.slots_max)
        return NULL;
    fg_gate_slot_t *slot = &gate->slots[index];
    /* acquire: the plan's index was written before the owner */
    *ret_owner = atomic_load_explicit(&slot->key_id, memory_order_acquire);
    uint32_t plan = atomic_load_explicit(&slot->plan_index, memory_order_relaxed);
    const fg_gate_record_t *record = fg_gate_record_of(gate, FG_GATE_SLOT_PLAN(plan));
    return record && record->plan_id == plan_id ? slot : NULL;
}

/* Rule U5. A window that is over, and a slot that is another's by now, keep what they have. */
void fg_gate_give_back(fg_gate_t *gate, const fg_verdict_t *verdict)
{
    uint64_t owner, quota_owner;
    if (verdict->kind != FG_VERDICT_ADMITTED || verdict->plan_id == 0)
        return;
    fg_gate_slot_t *slot = slot_of_plan(gate, verdict->slot_index, verdict->plan_id, &owner);
    if (slot && owner == verdict->key_id) {
        fg_quota_give_back(&slot->day[verdict->counted_day & 1], verdict->counted_day);
        fg_gate_slot_mark(gate, slot);
    }
    slot = slot_of_plan(gate, verdict->quota_slot_index, verdict->plan_id, &quota_owner);
    bool is_shared = verdict->quota_slot_index != verdict->slot_index;
    if (slot && (is_shared ? FG_GATE_IS_GROUP(quota_owner) : quota_owner == verdict->key_id)) {
        fg_quota_give_back(&slot->quota, verdict->quota_start_day);
        fg_gate_slot_mark(gate, slot);
    }
}
