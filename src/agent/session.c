/*
 * Sessions: what the ledger and a gate say to each other when an agent takes the gate over and when
 * it lets go.
 *
 * A gate whose story has no gap goes on (gate/left.c). One that is lost, with all it had counted
 * since the last drain, was spent no further than the ledger granted, or than the first grant of a
 * window that the ledger has no row of: so much counts as used (rule L5). Nothing is admitted twice;
 * what was granted and not used is lost to its window.
 *
 * An agent that goes while no worker lives closes the gate, so that nothing can be spent any more,
 * writes the last counts, takes all grants back and notes that the ledger is settled, the last two
 * in one transaction (rule L6). The next one wipes that note out, durably, before it opens the gate.
 */
#include "agent/state.h"

#include "limit/lease.h"

/* ---- taking over ---- */

fg_status_t fg_agent_session_read(fg_agent_t *agent, fg_gate_options_t *options, fg_error_t *reterr)
{
    fg_session_t session;
    options->is_leased = agent->options.is_leased;
    if (!options->is_leased)
        return FG_OK;
    fg_status_t status = fg_store_session_get(agent->store, &session, reterr);
    if (status != FG_OK)
        return status;
    options->session = agent->session = session.number + 1;
    options->file_number = session.file_number;
    options->is_settled = agent->is_settled = session.is_settled;
    return FG_OK;
}

static fg_status_t note_session(fg_agent_t *agent, bool is_settled, fg_error_t *reterr)
{
    fg_session_t session = {.number = agent->session,
                            .file_number = fg_gate_file_number(agent->writer),
                            .is_settled = is_settled};
    return fg_store_session_set(agent->store, &session, reterr);
}

fg_status_t fg_agent_session_begin(fg_agent_t *agent, fg_gate_opening_t opening, fg_error_t *reterr)
{
    if (!agent->options.is_leased)
        return FG_OK;
    fg_wall_t now = fg_agent_now(agent).wall;
    bool is_lost = opening != FG_GATE_OURS && !agent->is_settled;
    fg_status_t status = fg_store_begin(agent->store, reterr);
    if (status == FG_OK && is_lost)
        status = fg_store_grants_forfeit(agent->store, now, reterr);
    if (status == FG_OK)
        status = note_session(agent, false, reterr);
    if (status == FG_OK)
        status = fg_store_lost_at(agent->store, &agent->lost_at, reterr);
    if (status == FG_OK)
        status = fg_store_commit(agent->store, reterr);
    if (status != FG_OK)
        fg_store_rollback(agent->store);
    else if (is_lost)
        fg_agent_log(agent, "the former gate is lost: what it was granted counts as used");
    return status;
}

/* Grants that stand in a gate that was closed are durable again before it opens. */
fg_status_t fg_agent_session_open(fg_agent_t *agent, fg_error_t *reterr)
{
    if (!fg_gate_is_closed(fg_gate_writer_gate(agent->writer)))
        return FG_OK;
    fg_status_t status = fg_agent_drain(agent, fg_agent_now(agent), reterr);
    if (status == FG_OK)
        fg_gate_closed_set(agent->writer, false);
    return status;
}

/* ---- what a lost gate had counted ---- */

typedef struct salvage {
    fg_agent_t *agent;
    uint32_t today;
    fg_status_t status;
    fg_error_t *error;
} salvage_t;

/* Only a pair that exists, and only a figure above the one that is stored. */
static fg_status_t is_news(fg_agent_t *agent, fg_str_t key_id, fg_str_t plan_id, uint64_t word,
                           bool *ret_is_news, fg_error_t *reterr)
{
    fg_usage_row_t *rows;
    size_t count = 0;
    uint32_t day = FG_QUOTA_WORD_DAY(word);
    fg_status_t status = fg_store_pair_has(agent->store, plan_id, key_id, ret_is_news, reterr);
    if (status != FG_OK || !*ret_is_news)
        return status;
    status = fg_store_usage_list(agent->store, plan_id, key_id, FG_STR_NONE, 1, day, day,
                                 agent->arena, &rows, &count, reterr);
    *ret_is_news = count == 0 || rows[0].used < FG_QUOTA_WORD_USED(word);
    return status;
}

static void salvage_pair(void *ctx, const fg_gate_usage_t *usage)
{
    salvage_t *salvage = ctx;
    fg_gate_usage_t kept = *usage;
    char key_id[FG_ID_BYTES_MAX + 1], plan_id[FG_ID_BYTES_MAX + 1];
    fg_str_t key = fg_str_of(key_id, fg_id_unpack(usage->key_id, key_id));
    fg_str_t plan = fg_str_of(plan_id, fg_id_unpack(usage->plan_id, plan_id));
    for (int i = 0; salvage->status == FG_OK && i < 2; i++) {
        uint32_t day = FG_QUOTA_WORD_DAY(usage->day_words[i]);
        bool is_kept = day == salvage->today || day + 1 == salvage->today;
        fg_arena_reset(salvage->agent->arena);
        if (is_kept)
            salvage->status =
                is_news(salvage->agent, key, plan, usage->day_words[i], &is_kept, salvage->error);
        if (!is_kept)
            kept.day_words[i] = 0;
    }
    if (salvage->status == FG_OK && (kept.day_words[0] | kept.day_words[1]) != 0)
        salvage->status = fg_agent_usage_put(salvage->agent, &kept, salvage->error);
}

fg_status_t fg_agent_salvage(fg_agent_t *agent, fg_error_t *reterr)
{
    salvage_t salvage = {.agent = agent,
                         .today = (uint32_t)(fg_agent_now(agent).wall.s / FG_DAY_S),
                         .error = reterr};
    salvage.status = fg_store_begin(agent->store, reterr);
    if (salvage.status != FG_OK)
        return salvage.status;
    fg_gate_salvage(agent->options.gate_path, salvage_pair, &salvage);
    if (salvage.status == FG_OK)
        salvage.status = fg_store_commit(agent->store, reterr);
    if (salvage.status != FG_OK)
        fg_store_rollback(agent->store);
    else
        fg_gate_salvage_end(agent->options.gate_path);
    return salvage.status;
}

/* ---- the words of a new slot ---- */

/* What a window may have been spent to without a row in the ledger. */
static uint64_t first_of(const fg_gate_plan_t *plan, const fg_gate_grant_t *grant)
{
    uint64_t limit = plan->quota.limit;
    if (grant->has_override_quota && grant->override_quota_limit > limit)
        limit = grant->override_quota_limit;
    uint64_t first = fg_lease_first(limit);
    if (plan->outage == FG_OUTAGE_ALLOWANCE)
        first += fg_agent_allowance(limit, plan->allowance_percent);
    return first < plan->quota.limit ? first : plan->quota.limit;
}

static void count_first(uint32_t start_day, uint64_t first, uint64_t granted_word,
                        uint64_t *quota_word)
{
    uint32_t day = FG_QUOTA_WORD_DAY(*quota_word);
    if (FG_QUOTA_WORD_DAY(granted_word) < start_day && day <= start_day &&
        (day < start_day || FG_QUOTA_WORD_USED(*quota_word) < first))
        *quota_word = FG_QUOTA_WORD(start_day, first);
}

void fg_agent_first_words(const fg_agent_t *agent, fg_wall_t key_created_at, fg_gate_grant_t *grant)
{
    fg_gate_plan_t plan;
    if (key_created_at.s >= agent->lost_at.s ||
        !fg_gate_plan_of(agent->writer, grant->plan_id, &plan) || !plan.quota.is_set)
        return;
    uint32_t start_day =
        fg_quota_window_at(plan.quota.period, plan.quota.offset_days, fg_agent_now(agent).wall)
            .start_day;
    if ((int64_t)start_day * FG_DAY_S > agent->lost_at.s)
        return; /* the window opened since */
    uint64_t first = first_of(&plan, grant);
    count_first(start_day, first, grant->granted_word, &grant->quota_word);
    if (grant->group_id != 0)
        count_first(start_day, first, grant->group_granted_word, &grant->group_quota_word);
}

/* ---- letting go ---- */

static fg_status_t settle(fg_agent_t *agent, fg_error_t *reterr)
{
    fg_status_t status = fg_store_begin(agent->store, reterr);
    if (status == FG_OK)
        status = fg_store_grants_return(agent->store, reterr);
    if (status == FG_OK)
        status = note_session(agent, true, reterr);
    if (status == FG_OK)
        status = fg_store_commit(agent->store, reterr);
    if (status != FG_OK)
        fg_store_rollback(agent->store);
    return status;
}

fg_status_t fg_agent_session_end(fg_agent_t *agent, fg_error_t *reterr)
{
    bool is_closing = agent->options.is_leased && !fg_gate_is_held(agent->writer);
    if (is_closing)
        fg_gate_closed_set(agent->writer, true);
    fg_status_t status = fg_agent_drain(agent, fg_agent_now(agent), reterr);
    /* nobody who came meanwhile has spent anything: it is closed */
    return status == FG_OK && is_closing ? settle(agent, reterr) : status;
}
