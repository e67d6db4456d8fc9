/*
 * keys - many keys published in one pass over the store's tables: all of them when a gate is made
 * anew, those of an import otherwise.
 */
#include "agent/state.h"

#include <stdlib.h>

/* Keys, with what their plans carry at hand. */
typedef struct rebuilding {
    fg_agent_t *agent;
    fg_plan_traits_t *traits;
    size_t trait_count;
    bool is_full; /* a key did not fit */
} rebuilding_t;

static fg_plan_traits_t find_traits(const rebuilding_t *rebuilding, uint64_t plan_id)
{
    size_t from = 0, to = rebuilding->trait_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (rebuilding->traits[middle].plan_id == plan_id)
            return rebuilding->traits[middle];
        if (rebuilding->traits[middle].plan_id < plan_id)
            from = middle + 1;
        else
            to = middle;
    }
    return (fg_plan_traits_t){.plan_id = plan_id};
}

/* What holds for the key beside the words of its slots. */
static fg_status_t rebuild_terms(const rebuilding_t *rebuilding, const fg_key_grants_t *key,
                                 fg_gate_key_t *entry, fg_gate_grant_t *grants, fg_error_t *reterr)
{
    fg_agent_t *agent = rebuilding->agent;
    fg_key_extension_t extension = {0};
    fg_api_key_t row;
    fg_status_t status = FG_OK;
    fg_arena_reset(agent->arena);
    if (key->is_extended) {
        status = fg_store_key_get(agent->store, key->key_id, false, agent->arena, &row, reterr);
        if (status == FG_OK)
            status = fg_key_extension_parse(row.extension, agent->arena, &extension, reterr);
        if (status == FG_OK)
            status = fg_agent_key_terms(agent, key->key_id, &extension, entry, reterr);
    }
    for (size_t i = 0; status == FG_OK && i < entry->grant_count; i++) {
        fg_plan_traits_t traits = find_traits(rebuilding, grants[i].plan_id);
        status = fg_agent_pair_terms(agent, &extension, key->customer_number, &traits, &grants[i],
                                     reterr);
    }
    return status;
}

static fg_status_t sync_key(rebuilding_t *rebuilding, const fg_key_grants_t *key, fg_error_t *reterr)
{
    fg_agent_t *agent = rebuilding->agent;
    fg_gate_grant_t grants[FG_PLANS_PER_KEY_MAX];
    fg_gate_key_t entry = {
        .key_id = fg_id_pack(key->key_id),
        .digest = key->digest,
        .state = key->is_enabled ? FG_KEY_ENABLED : FG_KEY_DISABLED,
        .grants = grants,
    };
    for (size_t i = 0; i < key->pair_count && i < FG_PLANS_PER_KEY_MAX; i++) {
        const fg_pair_grant_t *pair = &key->pairs[i];
        grants[entry.grant_count++] = (fg_gate_grant_t){
            .plan_id = pair->plan_id,
            .quota_word = pair->quota_word,
            .extension_word = pair->extension_word,
            .granted_word = pair->granted_word,
            .day_words = {pair->day_words[0], pair->day_words[1]},
        };
    }
    fg_status_t status = rebuild_terms(rebuilding, key, &entry, grants, reterr);
    for (size_t i = 0; i < entry.grant_count; i++)
        fg_agent_first_words(agent, key->created_at, &grants[i]);
    return status == FG_OK ? fg_gate_key_sync(agent->writer, &entry, reterr) : status;
}

/* The key as its own change would publish it: for one on a plan that the gate does not have yet. */
static fg_status_t sync_with_plans(fg_agent_t *agent, const fg_key_grants_t *key,
                                   fg_error_t *reterr)
{
    fg_api_key_t row;
    fg_arena_reset(agent->arena);
    fg_status_t status =
        fg_store_key_get(agent->store, key->key_id, false, agent->arena, &row, reterr);
    return status == FG_OK ? fg_agent_key_sync(agent, &row, NULL, reterr) : status;
}

static fg_status_t sync_each(void *ctx, const fg_key_grants_t *key, fg_error_t *reterr)
{
    rebuilding_t *rebuilding = ctx;
    fg_status_t status = sync_key(rebuilding, key, reterr);
    if (status == FG_NOT_FOUND)
        status = sync_with_plans(rebuilding->agent, key, reterr);
    if (status != FG_FULL)
        return status;
    rebuilding->is_full = true; /* it is refused; those that fit are not */
    return FG_OK;
}

fg_status_t fg_agent_keys_sync(fg_agent_t *agent, int64_t first, int64_t last, fg_error_t *reterr)
{
    uint32_t today = (uint32_t)(fg_agent_now(agent).wall.s / FG_DAY_S);
    rebuilding_t rebuilding = {.agent = agent};
    fg_error_t error = {0};
    fg_status_t status =
        fg_agent_traits_load(agent, &rebuilding.traits, &rebuilding.trait_count, &error);
    if (status == FG_OK)
        status = fg_store_grants_between(agent->store, today, first, last, sync_each, &rebuilding,
                                         &error);
    free(rebuilding.traits);
    if (status == FG_OK && rebuilding.is_full)
        status = FG_FULL;
    if (status != FG_OK && reterr)
        *reterr = error; /* of a full gate the text of the last key that did not fit */
    return status;
}
