/*
 * Usage: what was counted per key and day, and the change of what is left. Rules Q3, Q4;
 * reference 4.4.
 *
 * GetUsage lists a pair [used, remaining] per day. The store keeps a row only for days with
 * requests; the days between are filled in: nothing used, and what was left before, or the whole
 * quota when a window opened since.
 *
 *     quota 100 per WEEK, 30 used on Tuesday      Mon [0,100]  Tue [30,70]  Wed [0,70]  ...  Mon
 * [0,100]
 */
#include "control/audit.h"
#include "control/dates.h"
#include "control/handlers.h"
#include "control/noun.h"
#include "control/patch_table.h"
#include "control/plan_noun.h"
#include "model/extension.h"

enum {
    DAYS_MAX = 400,           /* ours: more than a year's bill in one answer */
    REMAINING_UNLIMITED = -1, /* ours: a plan without quota has no figure of the service */
};

static fg_status_t no_key(fg_call_t *call)
{
    return fg_error_set(call->error, FG_NOT_FOUND, "keyId", "Invalid API Key identifier specified");
}

/* ---- dates ---- */

typedef struct range {
    uint32_t first_day, last_day;
} range_t;

static fg_status_t range_parse(fg_call_t *call, range_t *ret_range)
{
    if (!fg_date_parse(fg_call_query(call, "startDate"), &ret_range->first_day) ||
        !fg_date_parse(fg_call_query(call, "endDate"), &ret_range->last_day))
        return fg_error_set(call->error, FG_BAD_REQUEST, "startDate",
                            "Usage startDate and endDate are required in the form YYYY-MM-DD");
    if (ret_range->last_day < ret_range->first_day)
        return fg_error_set(call->error, FG_BAD_REQUEST, "endDate",
                            "Usage endDate must not be before startDate");
    if (ret_range->last_day - ret_range->first_day >= DAYS_MAX)
        return fg_error_set(call->error, FG_BAD_REQUEST, "endDate",
                            "Usage can be listed for at most %d days at once", DAYS_MAX);
    return FG_OK;
}

/* ---- days of one key ---- */

static uint32_t window_start(const fg_usage_plan_t *plan, uint32_t day)
{
    fg_quota_t quota = fg_usage_plan_quota(plan);
    return fg_quota_window_at(quota.period, quota.offset_days, (fg_wall_t){(int64_t)day * FG_DAY_S})
        .start_day;
}

/* What was left at the end of a day without a row; `before` is the figure of the day before. */
static int64_t remaining_carried(const fg_usage_plan_t *plan, uint32_t day, int64_t before)
{
    if (!plan->has_quota)
        return REMAINING_UNLIMITED;
    bool is_opening = window_start(plan, day) == day;
    return is_opening || before == REMAINING_UNLIMITED ? plan->quota_limit : before;
}

static int64_t remaining_of(const fg_usage_plan_t *plan, const fg_usage_row_t *row, int64_t carried)
{
    if (!plan->has_quota)
        return REMAINING_UNLIMITED;
    return row->has_remaining ? (int64_t)row->remaining : carried;
}

/* Figures of one key: rows[0..count) are its days, ascending, some before the range. New array;
 * NULL without memory. */
static json_t *days_render(const fg_usage_plan_t *plan, range_t range, const fg_usage_row_t *rows,
                           size_t count)
{
    json_t *days = json_array();
    int64_t remaining = REMAINING_UNLIMITED;
    uint32_t day = count && rows[0].day < range.first_day ? rows[0].day : range.first_day;
    for (size_t i = 0; day <= range.last_day && days; day++) {
        int64_t used = 0;
        remaining = remaining_carried(plan, day, remaining);
        if (i < count && rows[i].day == day) {
            used = (int64_t)rows[i].used;
            remaining = remaining_of(plan, &rows[i++], remaining);
        }
        if (day < range.first_day)
            continue;
        json_t *pair = json_pack("[I, I]", (json_int_t)used, (json_int_t)remaining);
        if (json_array_append_new(days, pair) != 0) {
            json_decref(days);
            return NULL;
        }
    }
    return days;
}

static fg_status_t answer(fg_call_t *call, const fg_usage_plan_t *plan, range_t range,
                          json_t *values)
{
    call->output =
        json_pack("{s:o, s:o, s:o, s:o}", "usagePlanId", fg_json_new_str(plan->id), "startDate",
                  fg_json_new_str(fg_date_text(call->arena, range.first_day)), "endDate",
                  fg_json_new_str(fg_date_text(call->arena, range.last_day)), "values", values);
    return call->output ? FG_OK : fg_call_no_memory(call);
}

/* ---- GetUsage ---- */

typedef struct listing {
    const fg_usage_plan_t *plan;
    range_t range;
    json_t *values; /* key id -> days */
    size_t limit, shown;
    fg_str_t last_key_id; /* of the page */
    bool has_more;
} listing_t;

/* Rows come by key and day; each run of one key is one member of the map. A key that counted only
 * before the range, but in the window that reaches into it, is shown as well. */
static bool keys_render(listing_t *listing, const fg_usage_row_t *rows, size_t count)
{
    for (size_t first = 0, end; first < count; first = end) {
        fg_str_t key_id = rows[first].key_id;
        for (end = first + 1; end < count && fg_str_eq(rows[end].key_id, key_id); end++)
            ;
        if (listing->shown == listing->limit) {
            listing->has_more = true;
            return true;
        }
        json_t *days = days_render(listing->plan, listing->range, rows + first, end - first);
        if (json_object_setn_new(listing->values, key_id.at, key_id.len, days) != 0)
            return false;
        listing->last_key_id = key_id;
        listing->shown++;
    }
    return true;
}

/* One key that counted nothing in the range is still shown when it was asked for by name. */
static fg_status_t one_key_fill(fg_call_t *call, listing_t *listing, fg_str_t key_id)
{
    bool has;
    fg_status_t status =
        fg_store_pair_has(call->store, listing->plan->id, key_id, &has, call->error);
    if (status != FG_OK || !has || listing->shown > 0)
        return status;
    json_t *days = days_render(listing->plan, listing->range, NULL, 0);
    if (json_object_setn_new(listing->values, key_id.at, key_id.len, days) != 0)
        return fg_call_no_memory(call);
    return FG_OK;
}

static fg_status_t listing_fill(fg_call_t *call, listing_t *listing, fg_str_t after_key_id)
{
    fg_str_t key_id = fg_call_query(call, "keyId");
    fg_usage_row_t *rows;
    size_t count;
    /* days before the range, back to where its first window opened, carry the remaining figure in
     */
    uint32_t first_day = listing->plan->has_quota
                             ? window_start(listing->plan, listing->range.first_day)
                             : listing->range.first_day;
    fg_status_t status = fg_store_usage_list(call->store, listing->plan->id, key_id, after_key_id,
                                             listing->limit + 1, first_day, listing->range.last_day,
                                             call->arena, &rows, &count, call->error);
    if (status != FG_OK)
        return status;
    if (!keys_render(listing, rows, count))
        return fg_call_no_memory(call);
    return fg_str_is_empty(key_id) ? FG_OK : one_key_fill(call, listing, key_id);
}

/* A key id is a position once it is packed. */
static fg_status_t page_parse(fg_call_t *call, listing_t *listing, fg_str_t *ret_after_key_id)
{
    int64_t after;
    fg_status_t status = fg_call_page(call, &listing->limit, &after);
    *ret_after_key_id = FG_STR_NONE;
    if (status != FG_OK || after == 0)
        return status;
    char *id = fg_arena_alloc(call->arena, FG_ID_BYTES_MAX + 1);
    if (!id)
        return fg_call_no_memory(call);
    *ret_after_key_id = fg_str_of(id, fg_id_unpack((uint64_t)after, id));
    return FG_OK;
}

fg_status_t fg_usage_get(fg_call_t *call)
{
    fg_usage_plan_t plan;
    listing_t listing = {.plan = &plan};
    fg_str_t after_key_id;
    fg_status_t status = fg_plan_load(call, call->path_part[0], &plan);
    if (status == FG_OK)
        status = range_parse(call, &listing.range);
    if (status == FG_OK)
        status = page_parse(call, &listing, &after_key_id);
    if (status == FG_OK && call->control->agent) /* Rule Q4: this instant's figures */
        status = fg_agent_drain(call->control->agent, call->now, call->error);
    if (status != FG_OK)
        return status;
    FG_JSON_SCOPED *values = json_object();
    listing.values = values;
    status = listing_fill(call, &listing, after_key_id);
    if (status == FG_OK)
        status = answer(call, &plan, listing.range, json_incref(values));
    if (status != FG_OK || !listing.has_more)
        return status;
    int64_t position = (int64_t)fg_id_pack(listing.last_key_id);
    return json_object_set_new(call->output, "position", fg_position_new(call, position)) == 0
               ? FG_OK
               : fg_call_no_memory(call);
}

/* ---- UpdateUsage ---- */

static fg_status_t set_remaining(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    int64_t *remaining = noun;
    if (fg_str_to_i64(patch->value, remaining) && *remaining >= 0 &&
        (uint64_t)*remaining <= FG_QUOTA_USED_MAX)
        return FG_OK;
    return fg_error_set(call->error, FG_BAD_REQUEST, "patchOperations",
                        "Usage remaining must be a non-negative integer");
}

static const fg_patch_row_t rows[] = {{"/remaining", FG_PATCH_MAY(REPLACE), set_remaining, false}};
static const fg_patch_table_t table = {rows, FG_COUNT_OF(rows), fg_patch_refuse_a};

typedef struct pair {
    fg_usage_plan_t plan;
    fg_api_key_t key;
    fg_str_t owner; /* of the ledger's row; rule E5 */
    uint32_t today, window_day;
    uint64_t used, limit; /* of the running window */
    fg_usage_row_t row;   /* of today */
} pair_t;

static fg_status_t pair_load(fg_call_t *call, pair_t *pair)
{
    bool has;
    fg_status_t status = fg_plan_load(call, call->path_part[0], &pair->plan);
    if (status == FG_OK)
        status = fg_store_key_get(call->store, call->path_part[1], false, call->arena, &pair->key,
                                  call->error);
    if (status == FG_NOT_FOUND && !call->error->message[0])
        return no_key(call);
    if (status == FG_OK)
        status = fg_store_pair_has(call->store, pair->plan.id, pair->key.id, &has, call->error);
    if (status == FG_OK && !has)
        return no_key(call);
    if (status == FG_OK && !pair->plan.has_quota)
        return fg_error_set(call->error, FG_BAD_REQUEST, "usageplanId",
                            "Usage Plan %.*s has no quota: nothing can remain of it",
                            FG_STR_ARG(pair->plan.id));
    return status;
}

/* The limit in force: the window's own, else the key's override, else the plan's. */
static fg_status_t limit_load(fg_call_t *call, pair_t *pair, uint64_t extension_word)
{
    fg_key_extension_t extension;
    pair->limit = fg_usage_plan_quota(&pair->plan).limit;
    fg_status_t status =
        fg_key_extension_parse(pair->key.extension, call->arena, &extension, call->error);
    for (size_t i = 0; status == FG_OK && i < extension.override_count; i++) {
        const fg_key_override_t *override = &extension.overrides[i];
        if (override->has_quota && fg_str_eq(override->plan_id, pair->plan.id) &&
            (override->until.s == 0 || override->until.s > call->now.wall.s))
            pair->limit = (uint64_t) override->quota_limit;
    }
    if (FG_QUOTA_WORD_DAY(extension_word) == pair->window_day)
        pair->limit = FG_QUOTA_WORD_USED(extension_word);
    return status;
}

/* The pair's window and today's row, as the workers count this instant. */
static fg_status_t counts_load(fg_call_t *call, pair_t *pair)
{
    fg_ledger_row_t ledger = {0};
    fg_usage_row_t *today;
    size_t count;
    fg_status_t status = FG_OK;
    pair->today = (uint32_t)(call->now.wall.s / FG_DAY_S);
    pair->window_day = window_start(&pair->plan, pair->today);
    if (call->control->agent)
        status = fg_agent_drain_pair(call->control->agent, pair->key.digest, pair->key.id,
                                     pair->plan.id, call->now, call->error);
    if (status == FG_OK)
        status = fg_store_quota_owner(call->store, &pair->plan, &pair->key, call->arena,
                                      &pair->owner, call->error);
    if (status == FG_OK)
        status = fg_store_ledger_get(call->store, pair->owner, pair->plan.id, &ledger, call->error);
    if (status == FG_OK)
        status =
            fg_store_usage_list(call->store, pair->plan.id, pair->key.id, FG_STR_NONE, 1,
                                pair->today, pair->today, call->arena, &today, &count, call->error);
    if (status != FG_OK)
        return status;
    pair->row = count ? today[0]
                      : (fg_usage_row_t){
                            .key_id = pair->key.id, .plan_id = pair->plan.id, .day = pair->today};
    /* a clock that stepped back stays in the window seen last, as the gate does */
    if (FG_QUOTA_WORD_DAY(ledger.quota_word) >= pair->window_day) {
        pair->window_day = FG_QUOTA_WORD_DAY(ledger.quota_word);
        pair->used = FG_QUOTA_WORD_USED(ledger.quota_word);
    }
    return limit_load(call, pair, ledger.extension_word);
}

/* Rule AD2: the row has no look-up. */
static fg_status_t remaining_audit(fg_call_t *call, const pair_t *pair)
{
    uint64_t before = pair->limit > pair->used ? pair->limit - pair->used : 0;
    return fg_audit_say(call, json_pack("{s:I}", "remaining", (json_int_t)before),
                        json_pack("{s:I}", "remaining", (json_int_t)pair->row.remaining));
}

/* Rule Q3. The extension is the limit in force for this window: used so far and what shall remain.
 * The agent brings it to the gate when the change is published. */
static fg_status_t remaining_store(fg_call_t *call, pair_t *pair, uint64_t remaining)
{
    uint64_t limit = pair->used + remaining;
    if (limit > FG_QUOTA_USED_MAX)
        limit = FG_QUOTA_USED_MAX;
    fg_ledger_row_t ledger = {.key_id = pair->owner,
                              .plan_id = pair->plan.id,
                              .quota_word = FG_QUOTA_WORD(pair->window_day, pair->used),
                              .extension_word = FG_QUOTA_WORD(pair->window_day, limit)};
    fg_change_t change = {.kind = FG_CHANGE_REMAINING, .id = pair->key.id, .parent = pair->plan.id};
    pair->row.has_remaining = true;
    pair->row.remaining = limit - pair->used;
    fg_status_t status = fg_store_ledger_put(call->store, &ledger, call->error);
    if (status == FG_OK)
        status = fg_store_usage_put(call->store, &pair->row, call->error);
    if (status == FG_OK)
        status = fg_store_change_append(call->store, &change, call->error);
    return status == FG_OK ? remaining_audit(call, pair) : status;
}

fg_status_t fg_usage_update(fg_call_t *call)
{
    pair_t pair = {0};
    int64_t remaining = -1;
    fg_status_t status = pair_load(call, &pair);
    if (status == FG_OK)
        status = counts_load(call, &pair);
    if (status == FG_OK)
        status = fg_patch_apply(call, &table, &remaining);
    if (status == FG_OK && remaining >= 0)
        status = remaining_store(call, &pair, (uint64_t)remaining);
    if (status != FG_OK)
        return status;
    range_t range = {pair.today, pair.today};
    json_t *days = days_render(&pair.plan, range, &pair.row, 1);
    FG_JSON_SCOPED *values = json_object();
    if (json_object_setn_new(values, pair.key.id.at, pair.key.id.len, days) != 0)
        return fg_call_no_memory(call);
    return answer(call, &pair.plan, range, json_incref(values));
}
