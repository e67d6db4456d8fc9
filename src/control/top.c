/*
 * top - the keys that stand out now, as the drains have shown them: `faregate top`.
 */
#include "agent/top.h"

#include "control/handlers.h"
#include "control/names.h"
#include "control/noun.h"

enum { LIMIT_DEFAULT = 20 };

/* {"customerNumber": N} for keys of one customer that share a quota. */
static json_t *key_new(fg_call_t *call, uint64_t key_id)
{
    if (FG_GATE_IS_GROUP(key_id))
        return json_pack("{s:I}", "customerNumber", (json_int_t)(key_id << 1 >> 1));
    return fg_named_key(call, key_id);
}

/* New object; NULL without memory. */
static json_t *render(fg_call_t *call, const fg_top_entry_t *entry)
{
    json_t *quota = NULL;
    if (entry->quota_limit != 0)
        quota = json_pack("{s:I, s:I, s:I}", "limit", (json_int_t)entry->quota_limit, "remaining",
                          (json_int_t)entry->quota_remaining, "resetAt",
                          (json_int_t)entry->quota_reset_at.s);
    return json_pack("{s:o, s:o, s:f, s:f, s:I, s:o*}", "key", key_new(call, entry->key_id), "plan",
                     fg_named_plan(call, entry->plan_id), "requestsPerSecond", entry->admitted_rps,
                     "refusedPerSecond", entry->refused_rps, "usedToday",
                     (json_int_t)entry->used_today, "quota", quota);
}

static bool rank_of(fg_str_t text, fg_top_rank_t *ret_rank)
{
    static const char *const names[FG_TOP_RANKS] = {"rate", "used", "quota"};
    for (int rank = 0; rank < FG_TOP_RANKS; rank++) {
        if (!fg_str_is(text, names[rank]))
            continue;
        *ret_rank = (fg_top_rank_t)rank;
        return true;
    }
    return !text.at;
}

fg_status_t fg_top_get(fg_call_t *call)
{
    int64_t limit = LIMIT_DEFAULT;
    fg_top_rank_t rank = FG_TOP_LIVE;
    fg_str_t text = fg_call_query(call, "limit");
    if (!rank_of(fg_call_query(call, "by"), &rank))
        return fg_error_set(call->error, FG_BAD_REQUEST, "by", "by must be rate, used or quota");
    if (text.at && (!fg_str_to_i64(text, &limit) || limit < 1 || limit > FG_TOP_KEYS_MAX))
        return fg_error_set(call->error, FG_BAD_REQUEST, "limit",
                            "limit must be a number from 1 to %d", FG_TOP_KEYS_MAX);
    const fg_top_t *top = call->control->agent ? fg_agent_top(call->control->agent) : NULL;
    fg_top_entry_t *entries = fg_arena_alloc(call->arena, (size_t)limit * sizeof(*entries));
    json_t *items = json_array();
    bool has_memory = entries && items;
    size_t count = has_memory && top ? fg_top_list(top, rank, entries, (size_t)limit) : 0;
    for (size_t i = 0; has_memory && i < count; i++)
        has_memory = json_array_append_new(items, render(call, &entries[i])) == 0;
    if (has_memory)
        call->output = json_pack("{s:I, s:O}", "at", (json_int_t)call->now.wall.s, "item", items);
    json_decref(items);
    return call->output ? FG_OK : fg_call_no_memory(call);
}
