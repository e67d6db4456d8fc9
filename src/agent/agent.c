/*
 * agent - opening the gate and bringing it up to date.
 *
 * The gate that is ours and of this boot has every count; only the changes since its number are
 * applied. Any other is empty, and everything is read from the store: settings, plans, stages, keys
 * with the counts that the last drain left.
 */
#include "agent/alert.h"
#include "agent/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PLANS_PER_PAGE = 200 };

/* An id that no boot has; opening with it makes every gate one of another boot. */
#define NO_BOOT "00000000-0000-0000-0000-000000000000"

void fg_agent_log(const fg_agent_t *agent, const char *format, ...)
{
    if (!agent->options.log)
        return;
    char message[FG_ERROR_MESSAGE_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    agent->options.log(agent->options.log_ctx, message);
}

fg_now_t fg_agent_now(const fg_agent_t *agent)
{
    return agent->options.clock ? agent->options.clock() : fg_now();
}

static fg_status_t read_boot_id(char *ret_boot_id, fg_error_t *reterr)
{
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    size_t count = file ? fread(ret_boot_id, 1, FG_STORE_UUID_BYTES, file) : 0;
    if (file)
        (void)fclose(file);
    ret_boot_id[count] = '\0';
    if (count < FG_STORE_UUID_BYTES)
        return fg_error_set(reterr, FG_IO, "", "the boot id of this machine cannot be read");
    return FG_OK;
}

static fg_status_t open_writer(fg_agent_t *agent, const char *boot_id,
                               fg_gate_opening_t *ret_opening, fg_error_t *reterr)
{
    fg_gate_options_t options;
    fg_gate_options_default(&options);
    if (agent->options.keys_max)
        options.keys_max = agent->options.keys_max;
    if (agent->options.slots_max)
        options.slots_max = agent->options.slots_max;
    if (agent->options.plans_max)
        options.plans_max = agent->options.plans_max;
    if (agent->options.stages_max)
        options.stages_max = agent->options.stages_max;
    options.group_id = agent->options.group_id;
    options.digester = *fg_store_digester(agent->store);
    (void)snprintf(options.store_uuid, sizeof(options.store_uuid), "%s",
                   fg_store_uuid(agent->store));
    if (boot_id) {
        (void)snprintf(options.boot_id, sizeof(options.boot_id), "%s", boot_id);
    } else {
        fg_status_t status = read_boot_id(options.boot_id, reterr);
        if (status != FG_OK)
            return status;
    }
    fg_status_t status = fg_agent_session_read(agent, &options, reterr);
    return status == FG_OK ? fg_gate_writer_open(agent->options.gate_path, &options, &agent->writer,
                                                 ret_opening, reterr)
                           : status;
}

static fg_status_t rebuild_plans(fg_agent_t *agent, fg_error_t *reterr)
{
    fg_plan_query_t query = {.is_ascending = true, .limit = PLANS_PER_PAGE};
    for (;;) {
        fg_usage_plan_t *plans;
        size_t count;
        fg_arena_reset(agent->arena);
        fg_status_t status =
            fg_store_plan_list(agent->store, &query, agent->arena, &plans, &count, reterr);
        for (size_t i = 0; status == FG_OK && i < count; i++)
            status = fg_agent_plan_sync(agent, &plans[i], reterr);
        if (status != FG_OK || count == 0)
            return status;
        query.before = plans[count - 1].ordinal;
    }
}

fg_status_t fg_agent_rebuild(fg_agent_t *agent, fg_error_t *reterr)
{
    uint64_t seq = 0;
    fg_status_t status = fg_agent_minutes_anew(agent, reterr);
    if (status == FG_OK)
        status = fg_store_change_last(agent->store, &seq, reterr);
    if (status == FG_OK)
        status = fg_agent_settings_sync(agent, reterr);
    if (status == FG_OK)
        status = rebuild_plans(agent, reterr);
    if (status == FG_OK)
        status = fg_agent_stages_sync(agent, reterr);
    if (status == FG_OK)
        status = fg_agent_keys_sync(agent, 0, INT64_MAX, reterr);
    if (status != FG_OK)
        return status;
    /* last: a kill before this leaves number 0, and the next opening rebuilds again */
    agent->seq = seq;
    fg_gate_seq_set(agent->writer, seq);
    return FG_OK;
}

fg_status_t fg_agent_top_reset(fg_agent_t *agent, fg_error_t *reterr)
{
    size_t keys = agent->options.top_keys ? agent->options.top_keys : FG_TOP_KEYS_DEFAULT;
    fg_top_free(agent->top);
    agent->top = fg_top_new(keys, fg_gate_fill(agent->writer).slots);
    return agent->top ? FG_OK : fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
}

const fg_top_t *fg_agent_top(const fg_agent_t *agent)
{
    return agent->top;
}

fg_status_t fg_agent_start_over(fg_agent_t *agent, fg_error_t *reterr)
{
    fg_gate_opening_t opening;
    fg_agent_log(agent, "the change log does not reach back to the gate: building the gate anew");
    fg_status_t status = fg_agent_session_end(agent, reterr);
    if (status != FG_OK)
        return status;
    /* what the store forgot cannot be found in the gate, so nothing of it may stay: a gate of
     * another boot is replaced */
    fg_gate_writer_close(agent->writer);
    agent->writer = NULL;
    status = open_writer(agent, NO_BOOT, &opening, reterr);
    if (status != FG_OK)
        return status;
    fg_gate_writer_close(agent->writer);
    agent->writer = NULL;
    status = open_writer(agent, agent->options.boot_id, &opening, reterr);
    fg_agent_stages_free(agent); /* their indices were the old gate's */
    if (status == FG_OK)
        status = fg_agent_session_begin(agent, opening, reterr);
    if (status == FG_OK)
        status = fg_agent_salvage(agent, reterr);
    if (status == FG_OK)
        status = fg_agent_stages_adopt(agent, reterr);
    if (status == FG_OK)
        status = fg_agent_rebuild(agent, reterr);
    return status == FG_OK ? fg_agent_top_reset(agent, reterr) : status;
}

/* An empty log at a higher number than the gate's is a gap as well as one that starts too late: a
 * store that was put back from an older copy. */
static fg_status_t catch_up(fg_agent_t *agent, fg_error_t *reterr)
{
    uint64_t last;
    fg_status_t status = fg_store_change_last(agent->store, &last, reterr);
    if (status != FG_OK)
        return status;
    agent->seq = fg_gate_seq(fg_gate_writer_gate(agent->writer));
    if (agent->seq > last)
        return fg_agent_start_over(agent, reterr);
    if (agent->seq == 0) /* new to us, or a rebuild was cut off */
        return fg_agent_rebuild(agent, reterr);
    status = fg_agent_settings_sync(agent, reterr);
    if (status == FG_OK)
        status = fg_agent_drain_repair(agent, reterr);
    if (status == FG_OK)
        status = fg_agent_publish(agent, reterr);
    return status == FG_OK ? fg_agent_stages_sync(agent, reterr) : status;
}

static const char *opening_text(fg_gate_opening_t opening)
{
    switch (opening) {
    case FG_GATE_NEW:
        return "made";
    case FG_GATE_OURS:
        return "found, with its counts";
    case FG_GATE_REBOOTED:
        return "of another boot, built anew from the store";
    case FG_GATE_LEFT:
        return "left behind unwatched, built anew from the store";
    case FG_GATE_REPLACED:
        break;
    }
    return "of another store or layout, replaced";
}

fg_status_t fg_agent_open(fg_store_t *store, const fg_agent_options_t *options,
                          fg_agent_t **ret_agent, fg_error_t *reterr)
{
    fg_agent_t *agent = calloc(1, sizeof(*agent));
    if (!agent)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    agent->store = store;
    agent->options = *options;
    agent->arena = fg_arena_new();
    fg_gate_opening_t opening = FG_GATE_NEW;
    fg_status_t status = agent->arena ? open_writer(agent, options->boot_id, &opening, reterr)
                                      : fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    if (status == FG_OK)
        status = fg_agent_leases_open(agent, reterr);
    if (status == FG_OK)
        status = fg_agent_session_begin(agent, opening, reterr);
    if (status == FG_OK)
        status = fg_agent_salvage(agent, reterr);
    if (status == FG_OK)
        status = fg_agent_stages_adopt(agent, reterr);
    if (status == FG_OK)
        status = catch_up(agent, reterr);
    if (status == FG_OK)
        status = fg_agent_top_reset(agent, reterr);
    if (status == FG_OK)
        status = fg_agent_session_open(agent, reterr);
    if (status != FG_OK) {
        agent->seq = 0; /* nothing to drain into a store that failed */
        fg_agent_close(agent);
        return status;
    }
    fg_agent_log(agent, "gate %s: %s", options->gate_path, opening_text(opening));
    *ret_agent = agent;
    return FG_OK;
}

void fg_agent_close(fg_agent_t *agent)
{
    if (!agent)
        return;
    if (agent->writer && agent->arena && agent->seq > 0) {
        fg_error_t error = {0};
        bool is_whole;
        fg_now_t now = fg_agent_now(agent);
        fg_status_t status = fg_agent_session_end(agent, &error);
        if (status == FG_OK)
            status = fg_agent_minutes_flush(agent, FG_STR(""), FG_STR(""), now, &is_whole, &error);
        if (status != FG_OK)
            fg_agent_log(agent, "the last drain failed, the counts stay in the gate: %s",
                         error.message);
    }
    if (agent->writer)
        fg_gate_writer_close(agent->writer);
    fg_agent_stages_free(agent);
    fg_agent_alerts_free(agent);
    fg_agent_leases_free(agent);
    fg_agent_minutes_free(agent);
    fg_top_free(agent->top);
    free(agent->pending);
    fg_arena_free(agent->arena);
    free(agent);
}

fg_gate_writer_t *fg_agent_writer(fg_agent_t *agent)
{
    return agent->writer;
}
