/*
 * drain - what the workers counted, written to the store.
 *
 * The figures in the gate are absolute: taking and writing them again changes nothing. A drain
 * takes every pair that counted since the last one, then writes them, some thousands in one
 * transaction, and serves who waits for a grant in between; what fails stays in memory and goes
 * first next time. A kill in between would forget which pairs were taken (not their counts, those
 * are in the gate), so a mark lies beside the gate while that may happen; an agent that finds it
 * reads every pair again.
 */
#include "agent/alert.h"
#include "agent/state.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { KEYS_PER_PAGE = 1000, PAIRS_PER_COMMIT = 4096 };

/* ---- the mark ---- */

static void mark_path(const fg_agent_t *agent, char *ret_path)
{
    (void)snprintf(ret_path, PATH_MAX, "%s.draining", agent->options.gate_path);
}

static void mark(const fg_agent_t *agent)
{
    char path[PATH_MAX];
    mark_path(agent, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0)
        (void)close(fd);
}

static void unmark(const fg_agent_t *agent)
{
    char path[PATH_MAX];
    mark_path(agent, path);
    (void)unlink(path);
}

/* ---- taking ---- */

static bool keep(void *ctx, const fg_gate_usage_t *usage)
{
    fg_agent_t *agent = ctx;
    if (agent->pending_count == agent->pending_room) {
        size_t room = agent->pending_room * 2 + 64;
        fg_gate_usage_t *pending = realloc(agent->pending, room * sizeof(*pending));
        if (!pending)
            return false; /* the rest stays in the gate */
        agent->pending = pending;
        agent->pending_room = room;
    }
    if (agent->pending_count == 0)
        mark(agent);
    agent->pending[agent->pending_count++] = *usage;
    return true;
}

void fg_agent_pending_extend(fg_agent_t *agent, uint64_t key_id, uint64_t plan_id,
                             uint64_t extension_word)
{
    for (size_t i = 0; i < agent->pending_count; i++)
        if (agent->pending[i].key_id == key_id && agent->pending[i].plan_id == plan_id)
            agent->pending[i].extension_word = extension_word;
}

/* ---- writing ---- */

/* Requests that the window had counted at the end of `day`, this pair's words and the days written
 * before at hand. */
static fg_status_t used_in_window(fg_agent_t *agent, const fg_gate_usage_t *usage,
                                  const fg_usage_row_t *row, uint32_t start_day, uint64_t *ret_used,
                                  fg_error_t *reterr)
{
    if (FG_QUOTA_WORD_DAY(usage->quota_word) == start_day) {
        uint64_t later = usage->day_words[(row->day + 1) & 1];
        uint64_t used = FG_QUOTA_WORD_USED(usage->quota_word);
        uint64_t after = FG_QUOTA_WORD_DAY(later) == row->day + 1 ? FG_QUOTA_WORD_USED(later) : 0;
        *ret_used = used > after ? used - after : 0;
        return FG_OK;
    }
    *ret_used = row->used;
    if (start_day == row->day)
        return FG_OK;
    fg_usage_row_t *rows;
    size_t count;
    fg_status_t status =
        fg_store_usage_list(agent->store, row->plan_id, row->key_id, FG_STR_NONE, 1, start_day,
                            row->day - 1, agent->arena, &rows, &count, reterr);
    for (size_t i = 0; status == FG_OK && i < count; i++)
        *ret_used += rows[i].used;
    return status;
}

/* Rule Q4: what was left of the window's quota at the end of the day. */
static fg_status_t fill_remaining(fg_agent_t *agent, const fg_gate_usage_t *usage, fg_quota_t quota,
                                  fg_usage_row_t *row, fg_error_t *reterr)
{
    if (!quota.is_set)
        return FG_OK;
    fg_wall_t noon = {(int64_t)row->day * FG_DAY_S + FG_DAY_S / 2};
    uint32_t start_day = fg_quota_window_at(quota.period, quota.offset_days, noon).start_day;
    fg_gate_usage_t group;
    if (usage->group_id != 0 &&
        fg_gate_group_usage(agent->writer, usage->group_id, usage->plan_id, &group))
        usage = &group; /* rule E5: what is left is left for all keys of the customer */
    uint32_t counted_day = FG_QUOTA_WORD_DAY(usage->quota_word);
    if (counted_day > start_day && counted_day <= row->day)
        start_day = counted_day; /* the window was a shorter one when it opened: rule Q8 */
    uint64_t used, limit = fg_agent_limit_in(usage, start_day, noon);
    fg_status_t status = used_in_window(agent, usage, row, start_day, &used, reterr);
    if (status != FG_OK)
        return status;
    row->has_remaining = true;
    row->remaining = limit > used ? limit - used : 0;
    return FG_OK;
}

fg_str_t fg_agent_ledger_key(uint64_t key_id, char ret_text[FG_LEDGER_KEY_BYTES_MAX + 1])
{
    if (FG_GATE_IS_GROUP(key_id))
        return fg_str_of(ret_text, (size_t)snprintf(ret_text, FG_LEDGER_KEY_BYTES_MAX + 1, "~%llu",
                                                    (unsigned long long)(key_id << 1 >> 1)));
    return fg_str_of(ret_text, fg_id_unpack(key_id, ret_text));
}

static fg_status_t put_ledger(fg_agent_t *agent, const fg_gate_usage_t *usage,
                              uint64_t granted_word, bool is_returned, fg_error_t *reterr)
{
    char key_id[FG_LEDGER_KEY_BYTES_MAX + 1], plan_id[FG_ID_BYTES_MAX + 1];
    fg_ledger_row_t row = {
        .key_id = fg_agent_ledger_key(usage->key_id, key_id),
        .plan_id = fg_str_of(plan_id, fg_id_unpack(usage->plan_id, plan_id)),
        .quota_word = usage->quota_word,
        .extension_word = usage->extension_word,
        .granted_word = granted_word,
    };
    fg_status_t status = fg_store_ledger_put(agent->store, &row, reterr);
    if (status == FG_OK && is_returned) /* rule L6: the pair is gone with all it may spend */
        status = fg_store_grant_return(agent->store, row.key_id, row.plan_id, reterr);
    return status;
}

/* The word for the ledger: with what an outage may spend beyond the word that is published. */
static uint64_t with_allowance(const fg_gate_usage_t *usage, uint64_t granted_word)
{
    uint64_t limit = usage->quota.limit, granted = FG_QUOTA_WORD_USED(granted_word);
    if (granted_word == 0 || usage->allowance_percent == 0 || granted >= limit)
        return granted_word;
    uint64_t most = granted + fg_agent_allowance(limit, usage->allowance_percent);
    return FG_QUOTA_WORD(FG_QUOTA_WORD_DAY(granted_word), most < limit ? most : limit);
}

fg_status_t fg_agent_ledger_put(fg_agent_t *agent, const fg_gate_usage_t *usage, fg_now_t now,
                                fg_error_t *reterr)
{
    if (usage->is_shadow)
        return FG_OK;
    uint64_t granted_word = fg_agent_lease_word(agent, usage, now);
    fg_status_t status =
        put_ledger(agent, usage, with_allowance(usage, granted_word), usage->is_final, reterr);
    if (status == FG_OK && !fg_agent_grant_keep(agent, usage, granted_word))
        status = fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    return status;
}

fg_status_t fg_agent_usage_put(fg_agent_t *agent, const fg_gate_usage_t *usage, fg_error_t *reterr)
{
    char key_id[FG_ID_BYTES_MAX + 1], plan_id[FG_ID_BYTES_MAX + 1];
    fg_str_t key = fg_str_of(key_id, fg_id_unpack(usage->key_id, key_id));
    fg_str_t plan = fg_str_of(plan_id, fg_id_unpack(usage->plan_id, plan_id));
    fg_status_t status = FG_OK;
    /* the earlier day first: the later one's figures may need it */
    int first =
        FG_QUOTA_WORD_DAY(usage->day_words[0]) < FG_QUOTA_WORD_DAY(usage->day_words[1]) ? 0 : 1;
    for (int i = 0; status == FG_OK && i < 2; i++) {
        uint64_t word = usage->day_words[(first + i) & 1];
        fg_usage_row_t row = {
            .key_id = key,
            .plan_id = plan,
            .day = FG_QUOTA_WORD_DAY(word),
            .used = FG_QUOTA_WORD_USED(word),
        };
        if (word == 0)
            continue;
        status = fill_remaining(agent, usage, usage->quota, &row, reterr);
        if (status == FG_OK)
            status = fg_store_usage_put(agent->store, &row, reterr);
    }
    return status;
}

/* A group counts no usage of its own: its members do. A ride without a plan has none at all. */
static fg_status_t put_pair(fg_agent_t *agent, const fg_gate_usage_t *usage, fg_now_t now,
                            fg_error_t *reterr)
{
    fg_status_t status = FG_OK;
    if (usage->key_id == 0 || usage->plan_id == 0)
        return FG_OK;
    if (!FG_GATE_IS_GROUP(usage->key_id))
        status = fg_agent_usage_put(agent, usage, reterr);
    if (status == FG_OK)
        status = fg_agent_ledger_put(agent, usage, now, reterr);
    if (status == FG_OK)
        fg_agent_demand_note(agent, usage, now.mono);
    return status;
}

/* One transaction: the next of the pending, and the trimming of the log when it is due. */
static fg_status_t write_some(fg_agent_t *agent, size_t end, bool is_trim_due, fg_now_t now,
                              fg_error_t *reterr)
{
    fg_status_t status = fg_store_begin(agent->store, reterr);
    if (status != FG_OK)
        return status;
    for (size_t i = agent->pending_first; status == FG_OK && i < end; i++) {
        fg_arena_reset(agent->arena);
        status = put_pair(agent, &agent->pending[i], now, reterr);
        if (status == FG_OK)
            status = fg_agent_alert(agent, &agent->pending[i], now, reterr);
        bool is_noted = status == FG_OK && fg_agent_minutes_note(agent, &agent->pending[i], now) &&
                        (!agent->top || fg_top_note(agent->top, &agent->pending[i], now));
        if (status == FG_OK && !is_noted)
            status = fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    }
    if (status == FG_OK && is_trim_due)
        status = fg_store_changes_trim(agent->store, agent->seq, FG_AGENT_CHANGES_KEPT, reterr);
    if (status == FG_OK)
        status = fg_store_commit(agent->store, reterr);
    if (status != FG_OK) {
        fg_store_rollback(agent->store);
        fg_agent_alerts_forget(agent);
        fg_agent_grants_drop(agent);
        return status;
    }
    agent->pending_first = end;
    fg_agent_grants_publish(agent);
    return FG_OK;
}

static fg_status_t write_pending(fg_agent_t *agent, fg_now_t now, fg_error_t *reterr)
{
    bool is_trim_due = agent->seq > agent->trimmed_seq + FG_AGENT_CHANGES_KEPT;
    while (agent->pending_first < agent->pending_count || is_trim_due) {
        size_t end = agent->pending_first + PAIRS_PER_COMMIT;
        if (end > agent->pending_count)
            end = agent->pending_count;
        fg_status_t status = write_some(agent, end, is_trim_due, now, reterr);
        if (status != FG_OK)
            return status;
        if (end < agent->pending_count)
            fg_agent_grant(agent, now);
        if (is_trim_due)
            agent->trimmed_seq = agent->seq;
        is_trim_due = false;
    }
    if (agent->pending_count > 0)
        unmark(agent);
    agent->pending_first = agent->pending_count = 0;
    return FG_OK;
}

static void note_status(fg_agent_t *agent, fg_status_t status, const fg_error_t *error)
{
    if (status == agent->drain_status)
        return;
    if (status == FG_OK)
        fg_agent_log(agent, "usage is written again");
    else
        fg_agent_log(agent, "usage cannot be written and waits in the gate: %s",
                     error->message[0] ? error->message : fg_status_text(status));
    agent->drain_status = status;
}

fg_status_t fg_agent_drain(fg_agent_t *agent, fg_now_t now, fg_error_t *reterr)
{
    fg_error_t error = {0};
    fg_status_t status = agent->is_behind ? fg_agent_publish(agent, &error) : FG_OK;
    if (status == FG_OK || status == FG_FULL)
        status = write_pending(agent, now, &error); /* of a drain that failed */
    if (status == FG_OK) {
        if (!fg_gate_drain(agent->writer, keep, agent))
            status = fg_error_set(&error, FG_NO_MEMORY, "", "out of memory");
        fg_status_t written = write_pending(agent, now, &error);
        status = status == FG_OK ? written : status;
    }
    if (status == FG_OK)
        status = fg_agent_minutes_step(agent, now, &error);
    if (agent->top)
        fg_top_step(agent->top, now);
    note_status(agent, status, &error);
    if (status != FG_OK && reterr)
        *reterr = error;
    return status;
}

void fg_agent_settle(fg_agent_t *agent)
{
    fg_error_t error = {0};
    fg_arena_t *arena = agent->arena,
               *own = fg_arena_new(); /* the caller's rows live in the agent's */
    if (!own || !fg_gate_drain(agent->writer, keep, agent)) {
        fg_agent_log(agent, "out of memory: the counts of pairs that go now may be lost");
        fg_arena_free(own);
        return;
    }
    agent->arena = own;
    note_status(agent, write_pending(agent, fg_agent_now(agent), &error), &error);
    agent->arena = arena;
    fg_arena_free(own);
}

fg_status_t fg_agent_drain_pair(fg_agent_t *agent, fg_digest_t digest, fg_str_t key_id,
                                fg_str_t plan_id, fg_now_t now, fg_error_t *reterr)
{
    (void)key_id;
    (void)now;
    fg_gate_usage_t usage;
    if (!fg_gate_usage_of(agent->writer, digest, fg_id_pack(plan_id), &usage))
        return FG_OK;
    fg_arena_reset(agent->arena);
    fg_status_t status = fg_agent_usage_put(agent, &usage, reterr);
    /* no grant: it could not be published before the caller's commit */
    if (status == FG_OK)
        status = put_ledger(agent, &usage, usage.granted_word, false, reterr);
    if (status == FG_OK && usage.group_id != 0 &&
        fg_gate_group_usage(agent->writer, usage.group_id, usage.plan_id, &usage))
        status = put_ledger(agent, &usage, usage.granted_word, false, reterr);
    return status;
}

/* ---- after a kill ---- */

static fg_status_t take_key(fg_agent_t *agent, const fg_api_key_t *key, fg_error_t *reterr)
{
    fg_usage_plan_t *plans;
    size_t count;
    fg_plan_query_t query = {
        .key_id = key->id, .is_ascending = true, .limit = FG_PLANS_PER_KEY_MAX};
    fg_arena_reset(agent->arena);
    fg_status_t status =
        fg_store_plan_list(agent->store, &query, agent->arena, &plans, &count, reterr);
    for (size_t i = 0; status == FG_OK && i < count; i++) {
        fg_gate_usage_t usage;
        if (fg_gate_usage_of(agent->writer, key->digest, fg_id_pack(plans[i].id), &usage) &&
            !keep(agent, &usage))
            status = fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    }
    return status;
}

fg_status_t fg_agent_drain_repair(fg_agent_t *agent, fg_error_t *reterr)
{
    char path[PATH_MAX];
    mark_path(agent, path);
    if (access(path, F_OK) != 0)
        return FG_OK;
    fg_arena_t *page = fg_arena_new();
    if (!page)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    fg_key_query_t query = {.is_ascending = true, .limit = KEYS_PER_PAGE};
    fg_status_t status;
    size_t count = 0;
    do {
        fg_api_key_t *keys;
        fg_arena_reset(page);
        status = fg_store_key_list(agent->store, &query, page, &keys, &count, reterr);
        for (size_t i = 0; status == FG_OK && i < count; i++)
            status = take_key(agent, &keys[i], reterr);
        if (status == FG_OK && count > 0)
            query.before = keys[count - 1].ordinal;
    } while (status == FG_OK && count > 0);
    fg_arena_free(page);
    if (status == FG_OK && agent->pending_count == 0)
        unmark(agent);
    return status;
}
