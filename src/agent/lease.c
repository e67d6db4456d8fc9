/*
 * Leases: how far each window may be spent is in the ledger before it is in the gate (rule L1).
 *
 * Two occasions. The drain tops up what runs low, in the transaction that it writes anyway. A slot
 * that runs dry in between is wished for by the worker that parked its request; all wishes that
 * have come are one transaction. In both the new word is published once the commit has returned,
 * never before: a gate that is lost with all it counted was then spent no further than the ledger
 * says.
 *
 * Demand is what a pair used since it was drained last. It is kept in a table of fixed size, found
 * by hash, where one pair takes another's place: what is forgotten is only an estimate.
 */
#include "agent/state.h"

#include "limit/lease.h"

#include <stdlib.h>

enum { DEMAND_PLACES = 1 << 17, MILLI = 1000, NODES = 1 };

struct fg_demand {
    uint64_t key_id, plan_id;
    uint64_t quota_word;
    fg_mono_t seen;
};

/* ---- demand ---- */

static fg_demand_t *demand_place(const fg_agent_t *agent, const fg_gate_usage_t *usage)
{
    uint64_t hash = (usage->key_id ^ usage->plan_id << 1) * UINT64_C(0x9e3779b97f4a7c15);
    return &agent->demands[hash >> 32 & (DEMAND_PLACES - 1)];
}

static bool is_noted(const fg_agent_t *agent, const fg_gate_usage_t *usage)
{
    const fg_demand_t *place = demand_place(agent, usage);
    return place->key_id == usage->key_id && place->plan_id == usage->plan_id;
}

/* Since the pair was noted last, over a second at least: what one request in a millisecond says of
 * the next ten seconds is not a thousand a second. */
static uint64_t demand_of(const fg_agent_t *agent, const fg_gate_usage_t *usage, fg_mono_t now)
{
    const fg_demand_t *place = demand_place(agent, usage);
    if (!is_noted(agent, usage))
        return FG_LEASE_DEMAND_UNKNOWN;
    uint64_t used = FG_QUOTA_WORD_USED(usage->quota_word), before = 0;
    if (FG_QUOTA_WORD_DAY(place->quota_word) == FG_QUOTA_WORD_DAY(usage->quota_word))
        before = FG_QUOTA_WORD_USED(place->quota_word);
    uint64_t spent = used > before ? used - before : 0;
    if (spent > UINT32_MAX) /* the product below stays in 64 bits */
        spent = UINT32_MAX;
    int64_t past_us = now.us - place->seen.us;
    uint64_t us = past_us > FG_SECOND_US ? (uint64_t)past_us : FG_SECOND_US;
    return spent * MILLI * FG_SECOND_US / us;
}

/* ---- one pair ---- */

/* The window that counts: the clock's, or a later one that a worker opened already. */
static uint32_t window_start(const fg_gate_usage_t *usage, fg_quota_t quota, fg_wall_t now)
{
    uint32_t start = fg_quota_window_at(quota.period, quota.offset_days, now).start_day;
    uint32_t seen = FG_QUOTA_WORD_DAY(usage->quota_word);
    return seen > start ? seen : start;
}

static uint64_t used_in(uint64_t word, uint32_t start_day)
{
    return FG_QUOTA_WORD_DAY(word) == start_day ? FG_QUOTA_WORD_USED(word) : 0;
}

uint64_t fg_agent_limit_in(const fg_gate_usage_t *usage, uint32_t start_day, fg_wall_t now)
{
    if (FG_QUOTA_WORD_DAY(usage->extension_word) == start_day)
        return FG_QUOTA_WORD_USED(usage->extension_word);
    if (usage->has_override_quota &&
        (usage->override_until.s == 0 || usage->override_until.s > now.s))
        return usage->override_quota_limit;
    return usage->quota.limit;
}

static bool is_leased(const fg_agent_t *agent, const fg_gate_usage_t *usage)
{
    return agent->options.is_leased && usage->quota.is_set && !usage->is_shadow &&
           !usage->is_final && usage->group_id == 0;
}

uint64_t fg_agent_lease_word(const fg_agent_t *agent, const fg_gate_usage_t *usage, fg_now_t now)
{
    if (!is_leased(agent, usage))
        return usage->granted_word;
    uint32_t start_day = window_start(usage, usage->quota, now.wall);
    fg_lease_state_t lease = {
        .limit = fg_agent_limit_in(usage, start_day, now.wall),
        .used = used_in(usage->quota_word, start_day),
        .granted = used_in(usage->granted_word, start_day),
        .demand_milli_rps = demand_of(agent, usage, now.mono),
        .nodes = NODES,
    };
    uint64_t granted = fg_lease_extend(lease), first = fg_lease_first(lease.limit);
    if (lease.granted == 0 && granted < first) /* what the opening granted, the ledger takes over */
        granted = first;
    return granted == lease.granted ? usage->granted_word : FG_QUOTA_WORD(start_day, granted);
}

uint64_t fg_agent_allowance(uint64_t limit, unsigned percent)
{
    return limit / 100 * percent + (limit % 100 * percent + 99) / 100;
}

/* ---- granting ---- */

/* Requests that a window may be spent further. */
static uint64_t added_by(uint64_t before, uint64_t granted_word)
{
    uint64_t granted = FG_QUOTA_WORD_USED(granted_word);
    uint64_t had = used_in(before, FG_QUOTA_WORD_DAY(granted_word));
    return granted > had ? granted - had : 0;
}

bool fg_agent_grant_keep(fg_agent_t *agent, const fg_gate_usage_t *usage, uint64_t granted_word)
{
    if (granted_word == usage->granted_word)
        return true;
    if (agent->grant_count == agent->grant_room) {
        size_t room = agent->grant_room * 2 + 64;
        fg_gate_usage_t *grants = realloc(agent->grants, room * sizeof(*grants));
        if (!grants)
            return false;
        agent->grants = grants;
        agent->grant_room = room;
    }
    agent->granting += added_by(usage->granted_word, granted_word);
    agent->grants[agent->grant_count] = *usage;
    agent->grants[agent->grant_count++].granted_word = granted_word;
    return true;
}

void fg_agent_grants_publish(fg_agent_t *agent)
{
    for (size_t i = 0; i < agent->grant_count; i++)
        fg_gate_granted_set(agent->writer, &agent->grants[i], agent->grants[i].granted_word);
    if (agent->grant_count > 0)
        agent->granted_at = fg_agent_now(agent).mono;
    agent->granted += agent->grant_count;
    agent->granted_requests += agent->granting;
    agent->grant_count = agent->granting = 0;
}

void fg_agent_grants_drop(fg_agent_t *agent)
{
    agent->grant_count = agent->granting = 0;
}

void fg_agent_demand_note(fg_agent_t *agent, const fg_gate_usage_t *usage, fg_mono_t now)
{
    *demand_place(agent, usage) = (fg_demand_t){.key_id = usage->key_id,
                                                .plan_id = usage->plan_id,
                                                .quota_word = usage->quota_word,
                                                .seen = now};
}

/* ---- wishes ---- */

static void take_wish(void *ctx, const fg_gate_usage_t *usage)
{
    fg_agent_t *agent = ctx;
    if (!agent->options.is_leased || agent->wish_count == FG_COUNT_OF(agent->wishes))
        return; /* whoever waits asks again */
    agent->wishes[agent->wish_count++] = *usage;
}

/* The ledger rows of the wishes, in one transaction. */
static fg_status_t write_wishes(fg_agent_t *agent, fg_now_t now, fg_error_t *reterr)
{
    fg_status_t status = fg_store_begin(agent->store, reterr);
    if (status != FG_OK)
        return status;
    for (size_t i = 0; status == FG_OK && i < agent->wish_count; i++) {
        fg_arena_reset(agent->arena);
        status = fg_agent_ledger_put(agent, &agent->wishes[i], now, reterr);
    }
    if (status == FG_OK)
        status = fg_store_commit(agent->store, reterr);
    if (status != FG_OK)
        fg_store_rollback(agent->store);
    return status;
}

static void note_status(fg_agent_t *agent, fg_status_t status, const fg_error_t *error)
{
    if (status == agent->grant_status)
        return;
    if (status == FG_OK)
        fg_agent_log(agent, "grants are written again");
    else
        fg_agent_log(agent, "grants cannot be written, plans act by their outage policy: %s",
                     error->message[0] ? error->message : fg_status_text(status));
    agent->grant_status = status;
}

static void note_lag(fg_agent_t *agent, fg_status_t status, fg_mono_t began)
{
    if (status == FG_OK) {
        agent->grant_failed_at = (fg_mono_t){0};
        agent->grant_lag_us = fg_agent_now(agent).mono.us - began.us;
    } else if (agent->grant_failed_at.us == 0) {
        agent->grant_failed_at = began;
    }
}

void fg_agent_grant(fg_agent_t *agent, fg_now_t now)
{
    fg_error_t error = {0};
    agent->wish_count = 0;
    fg_gate_wanted(agent->writer, take_wish, agent);
    if (agent->wish_count == 0)
        return;
    fg_status_t status = write_wishes(agent, now, &error);
    if (status == FG_OK)
        fg_agent_grants_publish(agent);
    else
        fg_agent_grants_drop(agent);
    for (size_t i = 0; i < agent->wish_count; i++) /* so that the next wish tells of a demand */
        if (!is_noted(agent, &agent->wishes[i]))
            fg_agent_demand_note(agent, &agent->wishes[i], now.mono);
    note_status(agent, status, &error);
    note_lag(agent, status, now.mono);
}

fg_agent_stats_t fg_agent_stats(const fg_agent_t *agent, fg_mono_t now)
{
    bool is_failing = agent->grant_failed_at.us != 0;
    return (fg_agent_stats_t){
        .grants = agent->granted,
        .granted_requests = agent->granted_requests,
        .lease_age_us = agent->granted_at.us ? now.us - agent->granted_at.us : -1,
        .grant_lag_us = is_failing ? now.us - agent->grant_failed_at.us : agent->grant_lag_us,
    };
}

fg_status_t fg_agent_leases_open(fg_agent_t *agent, fg_error_t *reterr)
{
    agent->demands = calloc(DEMAND_PLACES, sizeof(*agent->demands));
    return agent->demands ? FG_OK : fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
}

void fg_agent_leases_free(fg_agent_t *agent)
{
    free(agent->demands);
    free(agent->grants);
}
