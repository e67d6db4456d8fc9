/*
 * publish - the change log applied to the gate.
 *
 * Each change names a row; the row is read again and the gate made equal to it. So the order of
 * changes within a batch does not matter, with two exceptions: UpdateUsage goes first, because the
 * drain that saves the counts of deleted pairs writes the gate's words over the store's; and a
 * replaced value goes by its digest, so that the slots pass on.
 */
#include "agent/state.h"

#include <stdlib.h>

enum {
    CHANGES_PER_BATCH = 1024,
    CHANGES_PER_SETTLE = 64, /* a plan of a million keys that goes is a million changes; looking for
                                counts is not free */
};

/* ---- settings ---- */

#define RATE_MAX 1e12 /* what the units hold */

static double setting_number(fg_agent_t *agent, fg_str_t name, double otherwise)
{
    fg_str_t text;
    double value;
    fg_error_t error;
    if (fg_store_setting_get(agent->store, name, agent->arena, &text, &error) == FG_OK &&
        fg_str_to_double(text, &value) && value >= 0)
        return value;
    return otherwise;
}

fg_status_t fg_agent_settings_sync(fg_agent_t *agent, fg_error_t *reterr)
{
    (void)reterr;
    fg_throttle_t throttle = agent->options.account_throttle;
    double rate =
        setting_number(agent, FG_STR("account_rate_limit"), (double)throttle.rate_milli_rps / 1000);
    double burst = setting_number(agent, FG_STR("account_burst_limit"), throttle.burst);
    throttle.rate_milli_rps = (uint64_t)((rate < RATE_MAX ? rate : RATE_MAX) * 1000 + 0.5);
    throttle.burst = (uint32_t)(burst < UINT32_MAX ? burst : UINT32_MAX);
    fg_gate_account_sync(agent->writer, throttle);
    fg_gate_keys_without_plan_sync(agent->writer, agent->options.are_keys_without_plan_allowed);
    return FG_OK;
}

/* ---- plans ---- */

fg_status_t fg_agent_plan_sync(fg_agent_t *agent, const fg_usage_plan_t *plan, fg_error_t *reterr)
{
    uint32_t *stages = fg_arena_alloc(agent->arena, (plan->stage_count + 1) * sizeof(*stages));
    if (!stages)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    for (size_t i = 0; i < plan->stage_count; i++) {
        fg_status_t status = fg_gate_stage_sync(agent->writer, plan->stages[i].api_id,
                                                plan->stages[i].stage_name, &stages[i], reterr);
        if (status != FG_OK)
            return status;
    }
    fg_gate_plan_t entry = {
        .plan_id = fg_id_pack(plan->id),
        .throttle = fg_usage_plan_throttle(plan),
        .quota = fg_usage_plan_quota(plan),
        .stages = stages,
        .stage_count = plan->stage_count,
    };
    fg_status_t status = fg_agent_plan_terms(agent, plan->extension, &entry, reterr);
    if (status == FG_OK)
        status = fg_agent_plan_methods(agent, plan, &entry, reterr);
    return status == FG_OK ? fg_gate_plan_sync(agent->writer, &entry, reterr) : status;
}

/* Before slots go. The first change of a batch always, so that a single one loses nothing. */
static void settle(fg_agent_t *agent)
{
    if (agent->settles++ % CHANGES_PER_SETTLE == 0)
        fg_agent_settle(agent);
}

static fg_status_t apply_plan(fg_agent_t *agent, const fg_change_t *change, fg_error_t *reterr)
{
    fg_usage_plan_t plan;
    fg_status_t status = fg_store_plan_get(agent->store, change->id, agent->arena, &plan, reterr);
    if (status != FG_OK && status != FG_NOT_FOUND)
        return status;
    /* rule L2: what the opening of a window granted under the former limit is on record before a
     * lower one counts; rule Q11: what a plan that goes has counted is, too */
    settle(agent);
    if (status == FG_OK) /* rules Q7, Q10: its slots keep their counts */
        return fg_agent_plan_sync(agent, &plan, reterr);
    fg_gate_plan_remove(agent->writer, fg_id_pack(change->id));
    return FG_OK;
}

/* ---- keys ---- */

/* What the store knows of the pair, for a slot that is made now. */
static fg_status_t read_grant(fg_agent_t *agent, fg_str_t key_id, fg_str_t plan_id,
                              fg_gate_grant_t *ret_grant, fg_error_t *reterr)
{
    fg_ledger_row_t ledger = {0};
    fg_status_t status = fg_store_ledger_get(agent->store, key_id, plan_id, &ledger, reterr);
    if (status != FG_OK && status != FG_NOT_FOUND)
        return status;
    *ret_grant = (fg_gate_grant_t){
        .plan_id = fg_id_pack(plan_id),
        .quota_word = ledger.quota_word,
        .extension_word = ledger.extension_word,
        .granted_word = ledger.granted_word,
    };
    uint32_t today = (uint32_t)(fg_agent_now(agent).wall.s / FG_DAY_S);
    fg_usage_row_t *rows;
    size_t count;
    status = fg_store_usage_list(agent->store, plan_id, key_id, FG_STR_NONE, 1, today - 1, today,
                                 agent->arena, &rows, &count, reterr);
    for (size_t i = 0; status == FG_OK && i < count; i++)
        ret_grant->day_words[rows[i].day & 1] = FG_QUOTA_WORD(rows[i].day, rows[i].used);
    return status;
}

static fg_status_t read_customer(fg_agent_t *agent, fg_str_t customer_id, uint64_t *ret_number,
                                 fg_error_t *reterr)
{
    *ret_number = 0;
    if (fg_str_is_empty(customer_id))
        return FG_OK;
    fg_status_t status = fg_store_customer_number(agent->store, customer_id, ret_number, reterr);
    return status == FG_NOT_FOUND ? FG_OK : status;
}

/* The plan, and the one in whose shadow it counts. */
static fg_status_t sync_plan_and_shadow(fg_agent_t *agent, const fg_usage_plan_t *plan,
                                        uint64_t shadow_plan_id, fg_error_t *reterr)
{
    char text[FG_ID_BYTES_MAX + 1];
    fg_usage_plan_t shadow;
    fg_status_t status = fg_agent_plan_sync(agent, plan, reterr);
    if (status != FG_OK || shadow_plan_id == 0)
        return status;
    status = fg_store_plan_get(agent->store, fg_str_of(text, fg_id_unpack(shadow_plan_id, text)),
                               agent->arena, &shadow, reterr);
    return status == FG_OK ? fg_agent_plan_sync(agent, &shadow, reterr) : status;
}

/* `with_plans`: the plans go to the gate as well. */
static fg_status_t read_grants(fg_agent_t *agent, const fg_api_key_t *key,
                               const fg_key_extension_t *extension, bool with_plans,
                               fg_gate_key_t *entry, fg_error_t *reterr)
{
    fg_usage_plan_t *plans;
    size_t count;
    uint64_t customer_number;
    fg_plan_query_t query = {
        .key_id = key->id, .is_ascending = true, .limit = FG_PLANS_PER_KEY_MAX};
    fg_status_t status =
        fg_store_plan_list(agent->store, &query, agent->arena, &plans, &count, reterr);
    if (status == FG_OK)
        status = read_customer(agent, key->customer_id, &customer_number, reterr);
    if (status != FG_OK)
        return status;
    fg_gate_grant_t *grants = fg_arena_alloc(agent->arena, (count + 1) * sizeof(*grants));
    if (!grants)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    for (size_t i = 0; status == FG_OK && i < count; i++) {
        fg_plan_traits_t traits;
        status = fg_agent_traits_of(agent, &plans[i], &traits, reterr);
        if (status == FG_OK && with_plans)
            status = sync_plan_and_shadow(agent, &plans[i], traits.shadow_plan_id, reterr);
        if (status == FG_OK)
            status = read_grant(agent, key->id, plans[i].id, &grants[i], reterr);
        if (status == FG_OK)
            status =
                fg_agent_pair_terms(agent, extension, customer_number, &traits, &grants[i], reterr);
        if (status == FG_OK)
            fg_agent_first_words(agent, key->created_at, &grants[i]);
    }
    entry->grants = grants;
    entry->grant_count = count;
    return status;
}

static bool is_serving(fg_agent_t *agent, fg_digest_t digest)
{
    fg_key_state_t state = fg_gate_key_state(fg_gate_writer_gate(agent->writer), digest);
    return state == FG_KEY_ENABLED || state == FG_KEY_DISABLED || state == FG_KEY_ALIAS;
}

static fg_status_t sync_key(fg_agent_t *agent, const fg_api_key_t *key, const fg_digest_t *replaced,
                            bool with_plans, fg_error_t *reterr)
{
    fg_gate_key_t entry = {
        .key_id = fg_id_pack(key->id),
        .digest = key->digest,
        .state = key->is_enabled ? FG_KEY_ENABLED : FG_KEY_DISABLED,
    };
    fg_key_extension_t extension;
    fg_status_t status = fg_key_extension_parse(key->extension, agent->arena, &extension, reterr);
    if (status == FG_OK)
        status = fg_agent_key_terms(agent, key->id, &extension, &entry, reterr);
    if (status == FG_OK)
        status = read_grants(agent, key, &extension, with_plans, &entry, reterr);
    if (status != FG_OK)
        return status;
    if (replaced && !fg_digest_eq(*replaced, key->digest)) /* also one whose slots a killed daemon left */
        return fg_gate_key_replace(agent->writer, *replaced, &entry, reterr); /* Rule K6 */
    return fg_gate_key_sync(agent->writer, &entry, reterr);
}

/* The key's pairs are those of now, and may be with a plan whose own change comes later in the log.
 */
fg_status_t fg_agent_key_sync(fg_agent_t *agent, const fg_api_key_t *key,
                              const fg_digest_t *replaced, fg_error_t *reterr)
{
    fg_status_t status = sync_key(agent, key, replaced, false, reterr);
    return status == FG_NOT_FOUND ? sync_key(agent, key, replaced, true, reterr) : status;
}

static fg_status_t apply_key(fg_agent_t *agent, const fg_change_t *change, fg_error_t *reterr)
{
    fg_api_key_t key;
    fg_status_t status =
        fg_store_key_get(agent->store, change->id, false, agent->arena, &key, reterr);
    if (status != FG_OK && status != FG_NOT_FOUND)
        return status;
    if (status == FG_NOT_FOUND) { /* Rules K5, K7, Q12: counts are the id's, not the value's */
        if (!change->has_digest)
            return FG_OK; /* made and deleted since; the deletion has its own entry */
        settle(agent);
        fg_gate_key_remove(agent->writer, change->digest);
        return FG_OK;
    }
    if (is_serving(agent, key.digest)) /* a pair may be about to go */
        settle(agent);
    return fg_agent_key_sync(agent, &key, change->has_digest ? &change->digest : NULL, reterr);
}

/* Rule IM8. A key of them that changed since has an entry of its own behind this one. */
static fg_status_t apply_keys(fg_agent_t *agent, const fg_change_t *change, fg_error_t *reterr)
{
    int64_t first, last;
    if (!fg_str_to_i64(change->id, &first) || !fg_str_to_i64(change->parent, &last))
        return fg_error_set(reterr, FG_CORRUPT, "", "change %llu names no keys",
                            (unsigned long long)change->seq);
    settle(agent);
    return fg_agent_keys_sync(agent, first, last, reterr);
}

/* The window of the pair's quota: its own, or that of the customer's keys (rule E5). False when the
 * gate does not have the pair. */
static bool find_window(const fg_agent_t *agent, fg_digest_t digest, uint64_t plan_id,
                        fg_gate_usage_t *ret_usage)
{
    if (!fg_gate_usage_of(agent->writer, digest, plan_id, ret_usage))
        return false;
    return ret_usage->group_id == 0 ||
           fg_gate_group_usage(agent->writer, ret_usage->group_id, plan_id, ret_usage);
}

/* Rule Q3. The store's extension is the truth; the gate's is made equal unless it is already. */
static fg_status_t apply_remaining(fg_agent_t *agent, const fg_change_t *change, fg_error_t *reterr)
{
    fg_api_key_t key;
    fg_ledger_row_t ledger = {0};
    fg_gate_usage_t usage = {.key_id = fg_id_pack(change->id)};
    char owner[FG_LEDGER_KEY_BYTES_MAX + 1];
    uint64_t plan_id = fg_id_pack(change->parent);
    fg_status_t status =
        fg_store_key_get(agent->store, change->id, false, agent->arena, &key, reterr);
    bool is_known = status == FG_OK && find_window(agent, key.digest, plan_id, &usage);
    if (status == FG_OK)
        status = fg_store_ledger_get(agent->store, fg_agent_ledger_key(usage.key_id, owner),
                                     change->parent, &ledger, reterr);
    if (status != FG_OK)
        return status == FG_NOT_FOUND ? FG_OK : status;
    fg_agent_pending_extend(agent, usage.key_id, plan_id, ledger.extension_word);
    if (!is_known || usage.extension_word == ledger.extension_word ||
        FG_QUOTA_WORD_DAY(ledger.extension_word) < FG_QUOTA_WORD_DAY(usage.quota_word))
        return FG_OK; /* a new slot takes it from the grant; an old window's is void */
    uint64_t limit = FG_QUOTA_WORD_USED(ledger.extension_word),
             used = FG_QUOTA_WORD_USED(usage.quota_word);
    if (FG_QUOTA_WORD_DAY(ledger.extension_word) != FG_QUOTA_WORD_DAY(usage.quota_word))
        used = 0;
    uint64_t quota_word, extension_word;
    status =
        fg_gate_remaining_set(agent->writer, key.digest, plan_id, limit > used ? limit - used : 0,
                              fg_agent_now(agent).wall, &quota_word, &extension_word);
    return status == FG_NOT_FOUND ? FG_OK : status;
}

/* ---- the log ---- */

static fg_status_t apply(fg_agent_t *agent, const fg_change_t *change, fg_error_t *reterr)
{
    switch (change->kind) {
    case FG_CHANGE_KEY:
        return apply_key(agent, change, reterr);
    case FG_CHANGE_KEYS:
        return apply_keys(agent, change, reterr);
    case FG_CHANGE_PLAN:
        return apply_plan(agent, change, reterr);
    case FG_CHANGE_API:
        return fg_agent_api_sync(agent, change->id, reterr);
    case FG_CHANGE_STAGE:
        return fg_agent_stage_sync(agent, change->parent, change->id, reterr);
    case FG_CHANGE_SETTING:
        return fg_agent_settings_sync(agent, reterr);
    case FG_CHANGE_REMAINING: /* went first */
    case FG_CHANGE_DOCUMENT:
        break;
    }
    return FG_OK;
}

/* Several changes of one stage, plan or API are one publication: the last does it. */
static bool is_repeated(const fg_change_t *changes, size_t index, size_t count)
{
    const fg_change_t *change = &changes[index];
    if (change->kind == FG_CHANGE_KEY)
        return false;
    for (size_t i = index + 1; i < count; i++)
        if (changes[i].kind == change->kind && fg_str_eq(changes[i].id, change->id) &&
            fg_str_eq(changes[i].parent, change->parent))
            return true;
    return false;
}

static fg_status_t apply_batch(fg_agent_t *agent, const fg_change_t *changes, size_t count,
                               fg_error_t *reterr)
{
    fg_status_t full = FG_OK;
    agent->settles = 0;
    for (size_t i = 0; i < count; i++) {
        fg_arena_reset(agent->arena);
        fg_status_t status = changes[i].kind == FG_CHANGE_REMAINING
                                 ? apply_remaining(agent, &changes[i], reterr)
                                 : FG_OK;
        if (status != FG_OK)
            return status;
    }
    for (size_t i = 0; i < count; i++) {
        if (is_repeated(changes, i, count))
            continue;
        fg_arena_reset(agent->arena);
        fg_status_t status = apply(agent, &changes[i], reterr);
        if (status == FG_FULL) {
            fg_agent_log(agent, "change %llu does not fit into the gate: %s",
                         (unsigned long long)changes[i].seq,
                         reterr ? reterr->message : fg_status_text(status));
            full = status;
        } else if (status != FG_OK) {
            return status;
        }
    }
    return full;
}

static fg_status_t publish(fg_agent_t *agent, fg_arena_t *arena, fg_error_t *reterr)
{
    fg_status_t full = FG_OK;
    for (;;) {
        fg_change_t *changes;
        size_t count;
        bool is_gapless;
        fg_arena_reset(arena);
        fg_status_t status = fg_store_changes(agent->store, agent->seq, CHANGES_PER_BATCH, arena,
                                              &changes, &count, &is_gapless, reterr);
        if (status != FG_OK)
            return status;
        if (!is_gapless)
            return fg_agent_start_over(agent, reterr);
        if (count == 0)
            return full;
        status = apply_batch(agent, changes, count, reterr);
        if (status == FG_FULL)
            full = status;
        else if (status != FG_OK)
            return status;
        agent->seq = changes[count - 1].seq;
        fg_gate_seq_set(agent->writer, agent->seq);
    }
}

fg_status_t fg_agent_publish(fg_agent_t *agent, fg_error_t *reterr)
{
    fg_arena_t *arena = fg_arena_new();
    if (!arena)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    fg_error_t error = {0};
    fg_status_t status = publish(agent, arena, &error);
    fg_arena_free(arena);
    agent->is_behind = status != FG_OK && status != FG_FULL;
    if (status != FG_OK && reterr)
        *reterr = error;
    return status;
}
