/*
 * Usage by the minute, as part of the drain: at the first drain of a minute what backends answered
 * and what was refused in the one before are taken from the gate; every drain writes a step. Once an
 * hour what is older than the operator keeps goes, in steps as well.
 */
#include "agent/meter.h"
#include "agent/state.h"
#include "gate/metrics.h"

#include <stdlib.h>

enum { TRIM_PAIRS = 300, TRIM_INTERVAL_S = 3600 };

struct fg_minutes {
    fg_meter_t *meter;
    uint32_t minute;       /* of the last drain */
    fg_series_t *refusals; /* one for each stage: its sums */
    size_t refusal_count, refusal_room;
    int64_t trimmed_s; /* when the last walk began */
    bool is_trimming;
    fg_pair_walk_t minutes_walk, days_walk;
};

/* NULL without memory. */
static fg_minutes_t *minutes_of(fg_agent_t *agent)
{
    if (agent->minutes)
        return agent->minutes;
    fg_minutes_t *minutes = calloc(1, sizeof(*minutes));
    fg_meter_t *meter = minutes ? fg_meter_new() : NULL;
    if (!meter) {
        free(minutes);
        return NULL;
    }
    minutes->meter = meter;
    agent->minutes = minutes;
    return minutes;
}

bool fg_agent_minutes_note(fg_agent_t *agent, const fg_gate_usage_t *usage, fg_now_t now)
{
    fg_minutes_t *minutes = minutes_of(agent);
    return minutes && fg_meter_note(minutes->meter, usage, now.wall);
}

/* ---- what the gate has beside usage, once a minute ---- */

typedef struct taking {
    fg_minutes_t *minutes;
    uint32_t minute; /* that is over */
    bool is_short;
} taking_t;

static bool take_answers(void *ctx, const fg_gate_answers_t *answers)
{
    taking_t *taking = ctx;
    return fg_meter_note_answers(taking->minutes->meter, answers, taking->minute);
}

/* The sums of a stage; NULL without memory. */
static fg_series_t *refusals_of(fg_minutes_t *minutes, const fg_series_t *series)
{
    for (size_t i = 0; i < minutes->refusal_count; i++) {
        fg_series_t *sums = &minutes->refusals[i];
        if (sums->api_id == series->api_id && sums->stage_index == series->stage_index)
            return sums;
    }
    if (minutes->refusal_count == minutes->refusal_room) {
        size_t room = 2 * minutes->refusal_room + 16;
        fg_series_t *grown = realloc(minutes->refusals, room * sizeof(*grown));
        if (!grown)
            return NULL;
        minutes->refusals = grown;
        minutes->refusal_room = room;
    }
    fg_series_t *sums = &minutes->refusals[minutes->refusal_count++];
    *sums = (fg_series_t){.api_id = series->api_id, .stage_index = series->stage_index};
    return sums;
}

static void take_series(void *ctx, const fg_series_t *series)
{
    taking_t *taking = ctx;
    if (series->api_id == 0 || series->stage_index == FG_GATE_NONE)
        return;
    fg_series_t *sums = refusals_of(taking->minutes, series);
    if (!sums) {
        taking->is_short = true;
        return;
    }
    for (int i = 0; i < FG_OUTCOME_COUNT; i++)
        sums->outcomes[i] += series->outcomes[i];
}

static fg_status_t put_refusals(fg_agent_t *agent, const fg_series_t *sums, uint32_t minute,
                                fg_error_t *reterr)
{
    char api_id[FG_ID_BYTES_MAX + 1];
    fg_refusal_row_t row = {.api_id = fg_str_of(api_id, fg_id_unpack(sums->api_id, api_id)),
                            .minute = minute};
    fg_status_t status = FG_OK;
    if (sums->stage_index >= agent->stage_room || !agent->stages[sums->stage_index].name[0])
        return FG_OK; /* gone meanwhile */
    row.stage_name = fg_str(agent->stages[sums->stage_index].name);
    for (int i = 0; status == FG_OK && i < FG_OUTCOME_COUNT; i++) {
        row.outcome = fg_str(fg_outcome_text((fg_outcome_t)i));
        row.requests = sums->outcomes[i];
        if (row.requests != 0)
            status = fg_store_refusal_put(agent->store, &row, reterr);
    }
    return status;
}

/* Refusals of the minute that is over; a minute without change of a stage is written all the same,
 * which is a row an outcome. */
static fg_status_t write_refusals(fg_agent_t *agent, uint32_t minute, fg_error_t *reterr)
{
    fg_minutes_t *minutes = agent->minutes;
    taking_t taking = {.minutes = minutes};
    minutes->refusal_count = 0;
    fg_status_t status =
        fg_gate_series_each(fg_gate_writer_gate(agent->writer), take_series, &taking);
    if (status != FG_OK || taking.is_short)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    for (size_t i = 0; status == FG_OK && i < minutes->refusal_count; i++)
        status = put_refusals(agent, &minutes->refusals[i], minute, reterr);
    return status;
}

/* ---- retention ---- */

static uint32_t days_or(uint32_t days, uint32_t otherwise)
{
    return days ? days : otherwise;
}

static fg_status_t trim(fg_agent_t *agent, fg_wall_t now, fg_error_t *reterr)
{
    fg_minutes_t *minutes = agent->minutes;
    uint32_t today = (uint32_t)(now.s / FG_DAY_S);
    uint32_t kept = days_or(agent->options.usage_minutes_keep_days, FG_METER_DAYS_KEPT);
    uint32_t first_minute = (uint32_t)(now.s / FG_MINUTE_S) - kept * FG_DAY_MINUTES;
    uint32_t first_day = today - days_or(agent->options.usage_days_keep, FG_METER_USAGE_DAYS_KEPT);
    fg_status_t status = FG_OK;
    if (!minutes->is_trimming) {
        minutes->is_trimming = true;
        minutes->trimmed_s = now.s;
        minutes->minutes_walk = minutes->days_walk = (fg_pair_walk_t){.is_done = false};
        status = fg_store_refusals_trim(agent->store, first_minute, reterr);
    }
    if (status == FG_OK && !minutes->minutes_walk.is_done)
        status = fg_store_minutes_trim(agent->store, first_minute, TRIM_PAIRS,
                                       &minutes->minutes_walk, reterr);
    if (status == FG_OK && !minutes->days_walk.is_done)
        status =
            fg_store_usage_trim(agent->store, first_day, TRIM_PAIRS, &minutes->days_walk, reterr);
    if (status == FG_OK && minutes->minutes_walk.is_done && minutes->days_walk.is_done)
        minutes->is_trimming = false;
    return status;
}

/* ---- the step of a drain ---- */

static fg_status_t write_step(fg_agent_t *agent, fg_wall_t now, bool is_turning, bool is_trimming,
                              fg_error_t *reterr)
{
    fg_status_t status = fg_store_begin(agent->store, reterr);
    if (status != FG_OK)
        return status;
    if (is_turning)
        status = write_refusals(agent, (uint32_t)(now.s / FG_MINUTE_S) - 1, reterr);
    if (status == FG_OK)
        status = fg_meter_write(agent->minutes->meter, agent->store, now, reterr);
    if (status == FG_OK && is_trimming)
        status = trim(agent, now, reterr);
    if (status == FG_OK)
        status = fg_store_commit(agent->store, reterr);
    if (status == FG_OK)
        fg_meter_committed(agent->minutes->meter);
    else
        fg_store_rollback(agent->store);
    return status;
}

fg_status_t fg_agent_minutes_step(fg_agent_t *agent, fg_now_t now, fg_error_t *reterr)
{
    fg_minutes_t *minutes = minutes_of(agent);
    if (!minutes)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    uint32_t minute = (uint32_t)(now.wall.s / FG_MINUTE_S);
    bool is_turning = minute > minutes->minute && minutes->minute != 0;
    bool is_trimming = minutes->is_trimming || now.wall.s >= minutes->trimmed_s + TRIM_INTERVAL_S;
    taking_t taking = {.minutes = minutes, .minute = minute - 1};
    if (is_turning && !fg_gate_meters_drain(agent->writer, take_answers, &taking))
        return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    fg_status_t status = FG_OK;
    if (is_turning || is_trimming || fg_meter_is_due(minutes->meter, now.wall))
        status = write_step(agent, now.wall, is_turning, is_trimming, reterr);
    if (status == FG_OK)
        minutes->minute = minute;
    return status;
}

fg_status_t fg_agent_minutes_flush(fg_agent_t *agent, fg_str_t plan_id, fg_str_t key_id,
                                   fg_now_t now, bool *ret_is_whole, fg_error_t *reterr)
{
    fg_minutes_t *minutes = minutes_of(agent);
    if (!minutes)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    taking_t taking = {.minutes = minutes, .minute = (uint32_t)(now.wall.s / FG_MINUTE_S)};
    if (!fg_gate_meters_drain(agent->writer, take_answers, &taking))
        return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    fg_status_t status = fg_store_begin(agent->store, reterr);
    if (status != FG_OK)
        return status;
    status = fg_meter_flush(minutes->meter, agent->store, fg_id_pack(plan_id), fg_id_pack(key_id),
                            ret_is_whole, reterr);
    if (status == FG_OK)
        return fg_store_commit(agent->store, reterr);
    fg_store_rollback(agent->store);
    return status;
}

fg_status_t fg_agent_minutes_anew(fg_agent_t *agent, fg_error_t *reterr)
{
    uint32_t minute = (uint32_t)(fg_agent_now(agent).wall.s / FG_MINUTE_S);
    fg_status_t status = fg_store_begin(agent->store, reterr);
    if (status == FG_OK)
        status = fg_store_minute_anew(agent->store, minute, reterr);
    if (status == FG_OK)
        return fg_store_commit(agent->store, reterr);
    fg_store_rollback(agent->store);
    return status;
}

void fg_agent_minutes_free(fg_agent_t *agent)
{
    if (!agent->minutes)
        return;
    fg_meter_free(agent->minutes->meter);
    free(agent->minutes->refusals);
    free(agent->minutes);
    agent->minutes = NULL;
}
