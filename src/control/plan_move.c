/*
 * What goes along is what was counted in both running windows: that of the plan left and that of
 * the plan joined. Days are what usage is stored by, and windows open with days, so that is a sum
 * of whole days.
 *
 *     left:   100 a day, 60 used today, 100 yesterday      joined: 1000 a week   60 go along
 *     left:   1000 a month, 400 used, 50 of them today     joined: 100 a day     50 go along
 *
 * What the pair itself has counted before, on an earlier stay, is never taken away.
 */
#include "control/plan_move.h"

#include "control/noun.h"
#include "control/plan_noun.h"
#include "model/extension.h"

static fg_status_t bad_usage(fg_call_t *call)
{
    return fg_error_set(call->error, FG_BAD_REQUEST, "faregate.usage",
                        "faregate.usage must be one of [keep, fresh]");
}

static fg_status_t extension_of(fg_call_t *call, const fg_usage_plan_t *plan,
                                fg_plan_extension_t *ret_extension)
{
    return fg_plan_extension_parse(plan->extension, call->arena, ret_extension, call->error);
}

fg_status_t fg_plan_move_is_fresh(fg_call_t *call, const fg_usage_plan_t *plan, bool *ret_is_fresh)
{
    const json_t *wish = json_object_get(call->input, "faregate");
    fg_str_t usage = fg_json_str(json_object_get(wish, "usage"));
    fg_plan_extension_t extension;
    if (wish && !json_is_null(wish) &&
        (!json_is_object(wish) || json_object_size(wish) != 1 || !usage.at))
        return bad_usage(call);
    *ret_is_fresh = fg_str_is(usage, "fresh");
    if (usage.at)
        return *ret_is_fresh || fg_str_is(usage, "keep") ? FG_OK : bad_usage(call);
    fg_status_t status = extension_of(call, plan, &extension);
    *ret_is_fresh = status == FG_OK && extension.is_fresh_on_move;
    return status;
}

static uint32_t today(const fg_call_t *call)
{
    return (uint32_t)(call->now.wall.s / FG_DAY_S);
}

/* A plan without a quota counts by the day. */
static uint32_t window_start(const fg_call_t *call, const fg_usage_plan_t *plan)
{
    fg_quota_t quota = fg_usage_plan_quota(plan);
    return quota.is_set
               ? fg_quota_window_at(quota.period, quota.offset_days, call->now.wall).start_day
               : today(call);
}

static fg_status_t count_since(fg_call_t *call, fg_str_t plan_id, fg_str_t key_id,
                               uint32_t first_day, uint64_t *ret_used)
{
    fg_usage_row_t *rows;
    size_t count;
    fg_status_t status =
        fg_store_usage_list(call->store, plan_id, key_id, FG_STR_NONE, 1, first_day, today(call),
                            call->arena, &rows, &count, call->error);
    *ret_used = 0;
    for (size_t i = 0; status == FG_OK && i < count; i++)
        *ret_used += rows[i].used;
    return status;
}

/* Used in the running window of the plan left, no earlier than `first_day`. */
static fg_status_t used_before(fg_call_t *call, fg_str_t left_id, fg_str_t key_id,
                               uint32_t first_day, uint64_t *ret_used)
{
    fg_usage_plan_t left;
    fg_ledger_row_t ledger;
    fg_status_t status = fg_plan_load(call, left_id, &left);
    if (status != FG_OK)
        return status;
    uint32_t start_day = window_start(call, &left);
    status =
        count_since(call, left_id, key_id, start_day > first_day ? start_day : first_day, ret_used);
    if (status == FG_OK)
        status = fg_store_ledger_get(call->store, key_id, left_id, &ledger, call->error);
    /* more than the days tell when grants were forfeited (rule L5) */
    if (status == FG_OK && start_day >= first_day &&
        FG_QUOTA_WORD_DAY(ledger.quota_word) == start_day &&
        FG_QUOTA_WORD_USED(ledger.quota_word) > *ret_used)
        *ret_used = FG_QUOTA_WORD_USED(ledger.quota_word);
    return status;
}

/* Rule Q4: GetUsage shows at once what is left. */
static fg_status_t show_remaining(fg_call_t *call, const fg_usage_plan_t *plan,
                                  const fg_ledger_row_t *ledger)
{
    uint64_t used = FG_QUOTA_WORD_USED(ledger->quota_word), limit = fg_usage_plan_quota(plan).limit;
    if (FG_QUOTA_WORD_DAY(ledger->extension_word) == FG_QUOTA_WORD_DAY(ledger->quota_word))
        limit = FG_QUOTA_WORD_USED(ledger->extension_word);
    fg_usage_row_t row = {.key_id = ledger->key_id,
                          .plan_id = ledger->plan_id,
                          .day = today(call),
                          .has_remaining = true,
                          .remaining = limit > used ? limit - used : 0};
    fg_status_t status = count_since(call, ledger->plan_id, ledger->key_id, today(call), &row.used);
    return status == FG_OK ? fg_store_usage_put(call->store, &row, call->error) : status;
}

static fg_status_t begin_with(fg_call_t *call, const fg_usage_plan_t *plan, fg_str_t key_id,
                              uint32_t start_day, uint64_t used)
{
    fg_ledger_row_t ledger;
    fg_status_t status = fg_store_ledger_get(call->store, key_id, plan->id, &ledger, call->error);
    if (status != FG_OK)
        return status;
    uint64_t own = 0;
    if (FG_QUOTA_WORD_DAY(ledger.quota_word) >= start_day) {
        start_day = FG_QUOTA_WORD_DAY(ledger.quota_word);
        own = FG_QUOTA_WORD_USED(ledger.quota_word);
    }
    if (used <= own)
        return FG_OK;
    ledger.quota_word =
        FG_QUOTA_WORD(start_day, used < FG_QUOTA_USED_MAX ? used : FG_QUOTA_USED_MAX);
    status = fg_store_ledger_put(call->store, &ledger, call->error);
    return status == FG_OK ? show_remaining(call, plan, &ledger) : status;
}

/* Rule Q9. A quota that a customer's keys share takes nothing along: it is not the key's. */
fg_status_t fg_plan_move_keep(fg_call_t *call, const fg_usage_plan_t *plan, const fg_api_key_t *key)
{
    fg_plan_extension_t extension;
    fg_str_t left_id;
    uint64_t used;
    fg_status_t status = extension_of(call, plan, &extension);
    if (status != FG_OK || !plan->has_quota ||
        (extension.is_quota_shared && !fg_str_is_empty(key->customer_id)))
        return status;
    status =
        fg_store_pair_left_last(call->store, plan->id, key->id, call->arena, &left_id, call->error);
    if (status != FG_OK)
        return status == FG_NOT_FOUND ? FG_OK : status;
    uint32_t start_day = window_start(call, plan);
    status = used_before(call, left_id, key->id, start_day, &used);
    return status == FG_OK ? begin_with(call, plan, key->id, start_day, used) : status;
}
