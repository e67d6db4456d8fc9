/*
 * The decision: from a key and a stage to admitted or refused, in loads and exchanges alone.
 *
 * Every limit is checked before any is taken, so that a request which one of them refuses leaves
 * all the others as they were. Between the check and the take another process may spend the last
 * token; then what was taken is given back.
 *
 * Example: plan throttle has 1 left, quota 1 left. Two workers both pass the checks; one takes the
 * throttle, the other loses there and has taken nothing. Had it lost at the quota, its throttle
 * token would have gone back.
 */
#include "gate/layout.h"

static const char *const reasons[] = {
#define REASON(name, reason) reason,
    FG_VERDICT_LIST(REASON)
#undef REASON
};

const char *fg_verdict_reason(fg_verdict_kind_t kind)
{
    return (unsigned)kind < FG_VERDICT_COUNT ? reasons[kind] : "unknown";
}

/* ---- the limits of one request ---- */

typedef struct limits {
    fg_throttle_word_t *plan_word, *method_word, *account_word;
    fg_throttle_t plan, method, account;
    fg_gate_slot_t *slot; /* NULL when no plan is charged */
    const fg_quota_word_t *granted_word; /* NULL: not leased */
    fg_quota_t quota;
} limits_t;

static fg_throttle_t account_throttle(const fg_gate_t *gate)
{
    uint64_t burst = atomic_load_explicit(&gate->header->account_burst, memory_order_relaxed);
    return (fg_throttle_t){
        .rate_milli_rps =
            atomic_load_explicit(&gate->header->account_rate_milli_rps, memory_order_relaxed),
        .burst = (uint32_t)burst,
        .is_set = burst <= UINT32_MAX,
    };
}

static bool refuse_throttled(fg_verdict_t *verdict, fg_verdict_kind_t kind, fg_throttle_t limits,
                             fg_take_t take)
{
    if (take.is_granted)
        return false;
    verdict->kind = take.is_contended ? FG_VERDICT_CONTENDED : kind;
    verdict->retry_after_us = take.retry_after_us;
    verdict->throttle = limits;
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
    verdict->retry_after_us =
        take.is_contended || take.is_dry ? FG_SECOND_US : (take.reset_at.s - now.wall.s) * FG_SECOND_US;
    return true;
}

/* Rule T2: the plan's limit, the stage's method setting, the account; then the quota (Q1). Nothing
 * is taken. */
static bool refuse_by_check(const limits_t *limits, fg_now_t now, fg_verdict_t *verdict)
{
    const fg_gate_slot_t *slot = limits->slot;
    if (slot && refuse_throttled(verdict, FG_VERDICT_THROTTLED_PLAN, limits->plan,
                                 fg_throttle_check(limits->plan_word, limits->plan, now.mono)))
        return true;
    if (limits->method_word &&
        refuse_throttled(verdict, FG_VERDICT_THROTTLED_METHOD, limits->method,
                         fg_throttle_check(limits->method_word, limits->method, now.mono)))
        return true;
    if (refuse_throttled(verdict, FG_VERDICT_THROTTLED_ACCOUNT, limits->account,
                         fg_throttle_check(limits->account_word, limits->account, now.mono)))
        return true;
    return slot &&
           refuse_over_quota(
               verdict, limits->quota,
               fg_quota_check(&slot->quota, limits->granted_word, limits->quota, now.wall), now);
}

/* The same order, taking; whoever loses a race gives back what the earlier ones took. Rule T3. */
static bool refuse_by_take(const limits_t *limits, fg_now_t now, fg_verdict_t *verdict)
{
    fg_gate_slot_t *slot = limits->slot;
    if (slot && refuse_throttled(verdict, FG_VERDICT_THROTTLED_PLAN, limits->plan,
                                 fg_throttle_take(limits->plan_word, limits->plan, now.mono)))
        return true;
    if (limits->method_word &&
        refuse_throttled(verdict, FG_VERDICT_THROTTLED_METHOD, limits->method,
                         fg_throttle_take(limits->method_word, limits->method, now.mono)))
        goto give_back_plan;
    if (refuse_throttled(verdict, FG_VERDICT_THROTTLED_ACCOUNT, limits->account,
                         fg_throttle_take(limits->account_word, limits->account, now.mono)))
        goto give_back_method;
    if (!slot || !refuse_over_quota(
                     verdict, limits->quota,
                     fg_quota_take(&slot->quota, limits->granted_word, limits->quota, now.wall), now))
        return false;
    fg_throttle_give_back(limits->account_word, limits->account);
give_back_method:
    if (limits->method_word)
        fg_throttle_give_back(limits->method_word, limits->method);
give_back_plan:
    if (slot)
        fg_throttle_give_back(limits->plan_word, limits->plan);
    return true;
}

/* ---- metering ---- */

/* Say that the slot counted: its mark, then its group's byte. The mark is set by an exchange even
 * when it is set already: the drain clears it by an exchange and then reads the words, so either
 * the drain comes later and reads this count, or the mark stands again after it. The four accesses
 * to mark and byte, here and in the drain, are in one order: whoever skips has seen the other
 * one's. */
static void mark_dirty(fg_gate_t *gate, fg_gate_slot_t *slot)
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
    mark_dirty(gate, slot);
}

static void count_admitted(fg_gate_t *gate, const limits_t *limits, fg_now_t now,
                           fg_verdict_t *verdict)
{
    fg_gate_slot_t *slot = limits->slot;
    uint32_t day = (uint32_t)(now.wall.s / FG_DAY_S);
    verdict->counted_day = fg_quota_count(&slot->day[day & 1], day);
    if (!limits->quota.is_set) /* counted all the same, so that a quota that is set later knows */
        verdict->quota_start_day = fg_quota_count(&slot->quota, day);
    mark_dirty(gate, slot);
    verdict->throttle = limits->plan;
    verdict->throttle_remaining = fg_throttle_available(limits->plan_word, limits->plan, now.mono);
}

/* The slot, while it still belongs to the pair of the verdict; NULL when it has passed on. */
static fg_gate_slot_t *slot_of(fg_gate_t *gate, uint32_t index, uint64_t owner_id)
{
    if (index >= gate->geometry.slots_max)
        return NULL;
    fg_gate_slot_t *slot = &gate->slots[index];
    /* acquire: the plan's index was written before the owner */
    return atomic_load_explicit(&slot->key_id, memory_order_acquire) == owner_id ? slot : NULL;
}

/* Rule U5. */
void fg_gate_give_back(fg_gate_t *gate, const fg_verdict_t *verdict)
{
    fg_gate_slot_t *slot = verdict->plan_id == 0 || verdict->kind != FG_VERDICT_ADMITTED
                               ? NULL
                               : slot_of(gate, verdict->slot_index, verdict->key_id);
    if (!slot)
        return;
    const fg_gate_record_t *record = fg_gate_record_of(gate, FG_GATE_SLOT_PLAN(slot->plan_index));
    if (!record || record->plan_id != verdict->plan_id)
        return;
    fg_quota_give_back(&slot->day[verdict->counted_day & 1], verdict->counted_day);
    fg_quota_give_back(&slot->quota, verdict->quota_start_day);
    mark_dirty(gate, slot);
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

/* The plan of the key that covers the stage (rule P5: there is at most one). */
static fg_verdict_kind_t find_plan(fg_gate_t *gate, fg_gate_entry_t *entry, uint32_t stage_index,
                                   limits_t *limits, fg_verdict_t *verdict)
{
    bool has_plan = false;
    fg_gate_pair_t *word;
    for (size_t i = 0; (word = fg_gate_entry_pair(gate, entry, i)) != NULL; i++) {
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
        limits->slot = slot;
        limits->plan_word = &slot->throttle;
        limits->plan = fg_gate_record_throttle(record);
        limits->quota = fg_gate_record_quota(record);
        const fg_gate_terms_t *terms = fg_gate_slot_terms(gate, slot);
        if (terms)
            limits->quota.extension_word = terms->extension_word;
        if (atomic_load_explicit(&gate->header->is_leased, memory_order_relaxed))
            limits->granted_word = &slot->granted;
        limits->quota.is_closed =
            atomic_load_explicit(&gate->header->is_closed, memory_order_relaxed) != 0;
        verdict->slot_index = verdict->quota_slot_index = FG_GATE_PAIR_SLOT(pair);
        verdict->counted_statuses = record->counted;
        verdict->outage = record->outage;
        verdict->plan_id = record->plan_id;
        return FG_VERDICT_ADMITTED;
    }
    if (has_plan)
        return FG_VERDICT_PLAN_NOT_ON_STAGE;
    bool is_allowed =
        atomic_load_explicit(&gate->header->are_keys_without_plan_allowed, memory_order_relaxed);
    return is_allowed ? FG_VERDICT_ADMITTED : FG_VERDICT_KEY_WITHOUT_PLAN;
}

/* One look at a directory. */
static fg_verdict_kind_t look_up(fg_gate_t *gate, uint32_t directory, uint32_t stage_index,
                                 limits_t *limits, fg_verdict_t *verdict)
{
    fg_gate_entry_t *entry = fg_gate_entry_place(gate, directory, verdict->digest);
    if (!entry)
        return FG_VERDICT_KEY_UNKNOWN;
    /* acquire: the rest of an entry was written before its state */
    fg_key_state_t state =
        (fg_key_state_t)atomic_load_explicit(&entry->state, memory_order_acquire);
    if (state == FG_KEY_UNKNOWN)
        return FG_VERDICT_KEY_UNKNOWN;
    verdict->key_id = atomic_load_explicit(&entry->key_id, memory_order_relaxed);
    fg_verdict_kind_t kind = verdict_of_state(state);
    if (kind != FG_VERDICT_ADMITTED)
        return kind;
    verdict->is_metered = true;
    return find_plan(gate, entry, stage_index, limits, verdict);
}

static fg_verdict_kind_t find_key(fg_gate_t *gate, const fg_gate_facts_t *facts, limits_t *limits,
                                  fg_verdict_t *verdict)
{
    if (!facts->has_key || facts->key_value.len == 0)
        return FG_VERDICT_KEY_MISSING;
    if (facts->key_value.len > FG_KEY_VALUE_BYTES_MAX)
        return FG_VERDICT_KEY_UNKNOWN;
    verdict->digest = fg_digester_digest(&gate->header->digester, facts->key_value);
    uint32_t directory = atomic_load_explicit(&gate->header->directory, memory_order_acquire);
    for (;;) {
        fg_verdict_kind_t kind = look_up(gate, directory, facts->stage_index, limits, verdict);
        if (limits->slot)
            return kind;
        /* nobody is refused, or let in without a plan, by a directory that was left meanwhile */
        uint32_t now = atomic_load_explicit(&gate->header->directory, memory_order_acquire);
        if (now == directory)
            return kind;
        directory = now;
        verdict->is_metered = false;
        verdict->key_id = 0;
    }
}

fg_verdict_t fg_gate_decide(fg_gate_t *gate, const fg_gate_facts_t *facts, fg_now_t now)
{
    fg_verdict_t verdict = {.kind = FG_VERDICT_ADMITTED};
    limits_t limits = {.account_word = &gate->header->account_word,
                       .account = account_throttle(gate)};
    if (facts->is_key_required) { /* rule K8: otherwise the key is ignored */
        verdict.kind = find_key(gate, facts, &limits, &verdict);
        if (verdict.kind != FG_VERDICT_ADMITTED)
            return verdict;
    }
    if (facts->method_throttle.is_set) {
        limits.method = facts->method_throttle;
        limits.method_word = fg_gate_bucket_of(gate, facts->method_id);
        if (!limits.method_word) {
            verdict.kind = FG_VERDICT_BUCKETS_FULL;
            verdict.retry_after_us = FG_SECOND_US;
            return verdict;
        }
    }
    if (refuse_by_check(&limits, now, &verdict) || refuse_by_take(&limits, now, &verdict)) {
        if (limits.slot)
            count_refusal(gate, limits.slot, verdict.kind);
        return verdict;
    }
    if (limits.slot)
        count_admitted(gate, &limits, now, &verdict);
    return verdict;
}
