/*
 * housekeep - what is due without anybody asking: values of keys whose end has come, and when
 * values were last used.
 *
 * The gate refuses a value from its end on by itself; here it only goes out of store and gate. When
 * a value was last used stands in the gate, to the minute; the store follows in rounds, some keys
 * each second and one round a minute at most, so that a million keys cost each second what a few
 * thousand do. A gate that is lost loses at most what the round had not come to.
 */
#include "agent/state.h"

enum { KEYS_PER_STEP = 2000, MINUTE_S = 60 };

static fg_status_t expire(fg_agent_t *agent, fg_wall_t now, uint64_t *ret_count, fg_error_t *reterr)
{
    fg_status_t status = fg_store_begin(agent->store, reterr);
    if (status == FG_OK)
        status = fg_store_key_values_expire(agent->store, now, ret_count, reterr);
    if (status == FG_OK)
        status = fg_store_commit(agent->store, reterr);
    if (status != FG_OK)
        fg_store_rollback(agent->store);
    return status == FG_OK ? fg_agent_publish(agent, reterr) : status;
}

static fg_status_t expire_due(fg_agent_t *agent, fg_wall_t now, fg_error_t *reterr)
{
    bool is_due = false;
    uint64_t count = 0;
    fg_status_t status = fg_store_key_values_due(agent->store, now, &is_due, reterr);
    if (status != FG_OK || !is_due)
        return status;
    status = expire(agent, now, &count, reterr);
    if (status == FG_OK)
        fg_agent_log(agent, "values of %llu API keys have ended", (unsigned long long)count);
    return status;
}

/* ---- uses ---- */

static bool is_newer(const fg_agent_t *agent, fg_value_use_t *use)
{
    uint32_t minute = fg_gate_used_minute(fg_gate_writer_gate(agent->writer), use->digest);
    bool was_used = minute > use->minute;
    if (was_used)
        use->minute = minute;
    return was_used;
}

/* Those that the gate has seen since go to the front; their number. */
static size_t keep_newer(const fg_agent_t *agent, fg_value_use_t *uses, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (is_newer(agent, &uses[i]))
            uses[kept++] = uses[i];
    return kept;
}

static fg_status_t write_uses(fg_agent_t *agent, fg_value_use_t *uses, size_t count,
                              fg_error_t *reterr)
{
    count = keep_newer(agent, uses, count);
    if (count == 0)
        return FG_OK;
    fg_status_t status = fg_store_begin(agent->store, reterr);
    for (size_t i = 0; status == FG_OK && i < count; i++)
        status = fg_store_value_used(agent->store, &uses[i].digest, uses[i].minute, reterr);
    if (status == FG_OK)
        status = fg_store_commit(agent->store, reterr);
    if (status != FG_OK)
        fg_store_rollback(agent->store);
    return status;
}

static fg_status_t step_uses(fg_agent_t *agent, fg_wall_t now, fg_error_t *reterr)
{
    int64_t minute = now.s / MINUTE_S, after = agent->uses_position;
    if (after == 0 && minute == agent->uses_minute)
        return FG_OK; /* this minute's round is done */
    fg_value_use_t *uses, *further;
    size_t count, further_count = 0;
    fg_arena_reset(agent->arena);
    fg_status_t status = fg_store_value_uses(agent->store, after, KEYS_PER_STEP, agent->arena,
                                             &uses, &count, reterr);
    int64_t last = status == FG_OK && count > 0 ? uses[count - 1].position : after;
    if (status == FG_OK)
        status = fg_store_further_value_uses(agent->store, after, last, agent->arena, &further,
                                             &further_count, reterr);
    if (status == FG_OK)
        status = write_uses(agent, uses, count, reterr);
    if (status == FG_OK)
        status = write_uses(agent, further, further_count, reterr);
    if (status != FG_OK)
        return status;
    agent->uses_position = count < KEYS_PER_STEP ? 0 : last;
    agent->uses_minute = agent->uses_position == 0 ? minute : agent->uses_minute;
    return FG_OK;
}

void fg_agent_housekeep(fg_agent_t *agent, fg_now_t now)
{
    fg_error_t error; /* of the store, which the drain tells of */
    if (agent->writer)
        fg_gate_sweep(agent->writer, now);
    if (!agent->writer || expire_due(agent, now.wall, &error) != FG_OK)
        return;
    (void)step_uses(agent, now.wall, &error);
}
