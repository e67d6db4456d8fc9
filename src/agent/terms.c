/*
 * What the member "faregate" of plans and keys means in the gate.
 */
#include "agent/state.h"

#include <stdlib.h>

enum { PLANS_PER_PAGE = 200 };

static fg_status_t no_memory(fg_error_t *reterr)
{
    return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
}

static fg_status_t copy_rules(fg_agent_t *agent, const fg_cidr_rule_t *rules, size_t count,
                              const fg_address_rule_t **ret_rules, fg_error_t *reterr)
{
    fg_address_rule_t *copy = fg_arena_alloc(agent->arena, (count + 1) * sizeof(*copy));
    if (!copy)
        return no_memory(reterr);
    for (size_t i = 0; i < count; i++) {
        memcpy(copy[i].address, rules[i].address, sizeof(copy[i].address));
        copy[i].prefix_bits = rules[i].prefix_bits;
        copy[i].is_denied = rules[i].is_denied;
    }
    *ret_rules = copy;
    return FG_OK;
}

_Static_assert((int)FG_POLICY_STRICT == (int)FG_OUTAGE_STRICT &&
                   (int)FG_POLICY_ALLOWANCE == (int)FG_OUTAGE_ALLOWANCE &&
                   (int)FG_POLICY_OPEN == (int)FG_OUTAGE_OPEN,
               "the policies have one order");

fg_status_t fg_agent_plan_terms(fg_agent_t *agent, fg_str_t extension, fg_gate_plan_t *entry,
                                fg_error_t *reterr)
{
    fg_plan_extension_t plan;
    fg_status_t status = fg_plan_extension_parse(extension, agent->arena, &plan, reterr);
    if (status != FG_OK)
        return status;
    if (plan.has_address_throttle)
        entry->address_throttle = fg_throttle_of(plan.address_rate_limit, plan.address_burst_limit);
    entry->address_count = plan.address_rule_count;
    entry->counted_statuses = (uint8_t)plan.counted_statuses;
    entry->outage = (fg_gate_outage_t)plan.outage;
    entry->allowance_percent = (uint8_t)plan.allowance_percent;
    return copy_rules(agent, plan.address_rules, plan.address_rule_count, &entry->addresses,
                      reterr);
}

static fg_status_t read_values(fg_agent_t *agent, fg_str_t key_id, fg_gate_key_t *entry,
                               fg_error_t *reterr)
{
    fg_key_value_t *rows;
    size_t count;
    fg_wall_t now = fg_agent_now(agent).wall;
    fg_status_t status =
        fg_store_key_value_list(agent->store, key_id, false, agent->arena, &rows, &count, reterr);
    if (status != FG_OK)
        return status;
    fg_gate_value_t *values = fg_arena_alloc(agent->arena, (count + 1) * sizeof(*values));
    if (!values)
        return no_memory(reterr);
    entry->values = values;
    entry->value_count = 0;
    for (size_t i = 0; i < count; i++)
        if (rows[i].expires.s > now.s)
            values[entry->value_count++] =
                (fg_gate_value_t){.digest = rows[i].digest, .expires = rows[i].expires};
    return FG_OK;
}

fg_status_t fg_agent_key_terms(fg_agent_t *agent, fg_str_t key_id,
                               const fg_key_extension_t *extension, fg_gate_key_t *entry,
                               fg_error_t *reterr)
{
    entry->not_before = extension->not_before;
    entry->expires = extension->expires;
    entry->address_count = extension->address_rule_count;
    fg_status_t status = copy_rules(agent, extension->address_rules, extension->address_rule_count,
                                    &entry->addresses, reterr);
    return status == FG_OK ? read_values(agent, key_id, entry, reterr) : status;
}

static const fg_key_override_t *find_override(const fg_key_extension_t *key, uint64_t plan_id)
{
    for (size_t i = 0; i < key->override_count; i++)
        if (fg_id_pack(key->overrides[i].plan_id) == plan_id)
            return &key->overrides[i];
    return NULL;
}

static void put_override(const fg_key_override_t *override, fg_gate_grant_t *grant)
{
    grant->has_override_throttle = override->has_throttle;
    grant->has_override_quota = override->has_quota;
    grant->override_throttle = fg_throttle_of(override->rate_limit, override->burst_limit);
    grant->override_quota_limit = (uint64_t) override->quota_limit;
    grant->override_until = override->until;
}

/* The window that the customer's keys share; rule Q6. */
static fg_status_t read_group(fg_agent_t *agent, uint64_t customer_number, fg_gate_grant_t *grant,
                              fg_error_t *reterr)
{
    char owner[FG_LEDGER_KEY_BYTES_MAX + 1], plan_id[FG_ID_BYTES_MAX + 1];
    fg_ledger_row_t ledger = {0};
    fg_str_t group = fg_agent_ledger_key(FG_GATE_GROUP(customer_number), owner);
    fg_str_t plan = fg_str_of(plan_id, fg_id_unpack(grant->plan_id, plan_id));
    fg_status_t status = fg_store_ledger_get(agent->store, group, plan, &ledger, reterr);
    if (status != FG_OK && status != FG_NOT_FOUND)
        return status;
    grant->group_id = FG_GATE_GROUP(customer_number);
    grant->group_quota_word = ledger.quota_word;
    grant->group_extension_word = ledger.extension_word;
    grant->group_granted_word = ledger.granted_word;
    return FG_OK;
}

fg_status_t fg_agent_pair_terms(fg_agent_t *agent, const fg_key_extension_t *key,
                                uint64_t customer_number, const fg_plan_traits_t *traits,
                                fg_gate_grant_t *grant, fg_error_t *reterr)
{
    FG_ASSERT(grant->plan_id != 0);
    const fg_key_override_t *override = find_override(key, grant->plan_id);
    if (override)
        put_override(override, grant);
    grant->shadow_plan_id = traits->shadow_plan_id;
    if (!traits->is_quota_shared || customer_number == 0)
        return FG_OK;
    return read_group(agent, customer_number, grant, reterr);
}

/* ---- what of a plan each of its pairs carries ---- */

fg_status_t fg_agent_traits_of(fg_agent_t *agent, const fg_usage_plan_t *plan,
                               fg_plan_traits_t *ret_traits, fg_error_t *reterr)
{
    fg_plan_extension_t extension;
    *ret_traits = (fg_plan_traits_t){.plan_id = fg_id_pack(plan->id)};
    if (!plan->extension.at)
        return FG_OK;
    fg_status_t status = fg_plan_extension_parse(plan->extension, agent->arena, &extension, reterr);
    if (status != FG_OK)
        return status;
    ret_traits->is_quota_shared = extension.is_quota_shared;
    ret_traits->shadow_plan_id = fg_id_pack(extension.shadow_plan_id);
    return FG_OK;
}

static int compare_traits(const void *a, const void *b)
{
    uint64_t left = ((const fg_plan_traits_t *)a)->plan_id,
             right = ((const fg_plan_traits_t *)b)->plan_id;
    return (left > right) - (left < right);
}

static fg_status_t add_traits(fg_agent_t *agent, const fg_usage_plan_t *plan,
                              fg_plan_traits_t **traits, size_t *count, fg_error_t *reterr)
{
    fg_plan_traits_t one;
    fg_status_t status = fg_agent_traits_of(agent, plan, &one, reterr);
    if (status != FG_OK || (!one.is_quota_shared && one.shadow_plan_id == 0))
        return status;
    fg_plan_traits_t *grown = realloc(*traits, (*count + 1) * sizeof(*grown));
    if (!grown)
        return no_memory(reterr);
    grown[(*count)++] = one;
    *traits = grown;
    return FG_OK;
}

fg_status_t fg_agent_traits_load(fg_agent_t *agent, fg_plan_traits_t **ret_traits,
                                 size_t *ret_count, fg_error_t *reterr)
{
    fg_plan_query_t query = {.is_ascending = true, .limit = PLANS_PER_PAGE};
    fg_plan_traits_t *traits = NULL;
    size_t trait_count = 0, count;
    fg_status_t status;
    do {
        fg_usage_plan_t *plans;
        count = 0;
        fg_arena_reset(agent->arena);
        status = fg_store_plan_list(agent->store, &query, agent->arena, &plans, &count, reterr);
        for (size_t i = 0; status == FG_OK && i < count; i++)
            status = add_traits(agent, &plans[i], &traits, &trait_count, reterr);
        if (status == FG_OK && count > 0)
            query.before = plans[count - 1].ordinal;
    } while (status == FG_OK && count > 0);
    if (status != FG_OK) {
        free(traits);
        return status;
    }
    if (trait_count > 0)
        qsort(traits, trait_count, sizeof(*traits), compare_traits);
    *ret_traits = traits;
    *ret_count = trait_count;
    return FG_OK;
}
