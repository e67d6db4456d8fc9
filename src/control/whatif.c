/*
 * ReplayUsage, which is ours: what a plan would have refused of what was asked. Rule U6.
 *
 * The demand of a key in a minute is everything it sent that the plan of then decided: admitted,
 * throttled, over quota. It is spread evenly over the minute and goes, request by request, through the
 * functions that enforce:
 *
 *     3 requests in 12:00      12:00:00, 12:00:20, 12:00:40
 *
 * As in the gate, both limits are checked before either is taken. The bucket is full and the windows
 * are empty when the replay begins.
 */
#include "control/handlers.h"
#include "control/minute_figures.h"
#include "control/noun.h"
#include "control/plan_noun.h"

#include <stdio.h>

enum { REQUESTS_PER_PAGE = 2000000, REQUESTS_MAX = 20000000 };

typedef struct replay {
    fg_span_t span;
    fg_minute_reader_t reader;
    fg_throttle_t throttle;
    fg_quota_t quota;
    fg_throttle_word_t throttle_word; /* of the key at hand */
    fg_quota_word_t quota_word;
    char key_id[FG_ID_BYTES_MAX + 1];
    fg_figures_t then, now; /* what was, and what would have been */
    uint64_t request_count; /* of the page */
} replay_t;

static void replay_one(replay_t *replay, fg_now_t at)
{
    if (!fg_throttle_check(&replay->throttle_word, replay->throttle, at.mono).is_granted) {
        replay->now.throttled++;
        return;
    }
    if (!fg_quota_check(&replay->quota_word, NULL, replay->quota, at.wall).is_granted) {
        replay->now.over_quota++;
        return;
    }
    bool is_taken =
        fg_throttle_take(&replay->throttle_word, replay->throttle, at.mono).is_granted &&
        fg_quota_take(&replay->quota_word, NULL, replay->quota, at.wall).is_granted;
    FG_ASSERT(is_taken); /* nobody else takes */
    replay->now.admitted++;
}

static fg_status_t minute_replay(void *ctx, const fg_minute_row_t *row, fg_error_t *reterr)
{
    replay_t *replay = ctx;
    if (!fg_str_is(row->key_id, replay->key_id))
        (void)snprintf(replay->key_id, sizeof(replay->key_id), "%.*s", FG_STR_ARG(row->key_id));
    fg_figures_t figures = fg_minute_reader_next(&replay->reader, row);
    if (row->minute < replay->span.first_minute)
        return FG_OK;
    uint64_t count = figures.admitted + figures.throttled + figures.over_quota;
    fg_figures_add(&replay->then, &figures);
    replay->request_count += count;
    if (replay->request_count > REQUESTS_MAX)
        return fg_error_set(reterr, FG_BAD_REQUEST, "from",
                            "key %s sent more than %d requests: replay less time", replay->key_id,
                            REQUESTS_MAX);
    int64_t minute_us = (int64_t)row->minute * FG_MINUTE_S * FG_SECOND_US;
    for (uint64_t i = 0; i < count; i++) {
        int64_t us = minute_us + (int64_t)(i * FG_MINUTE_S * FG_SECOND_US / count);
        replay_one(replay, (fg_now_t){{us}, {us / FG_SECOND_US}});
    }
    return FG_OK;
}

/* New object, NULL without memory. */
static json_t *key_render(const replay_t *replay)
{
    const fg_figures_t *then = &replay->then, *now = &replay->now;
    return json_pack("{s:s, s:I, s:{s:I, s:I, s:I}, s:{s:I, s:I, s:I}}", "keyId", replay->key_id,
                     "requests", (json_int_t)(then->admitted + then->throttled + then->over_quota),
                     "was", "admitted", (json_int_t)then->admitted, "throttled",
                     (json_int_t)then->throttled, "overQuota", (json_int_t)then->over_quota,
                     "wouldBe", "admitted", (json_int_t)now->admitted, "throttled",
                     (json_int_t)now->throttled, "overQuota", (json_int_t)now->over_quota);
}

/* One key at a time, until the page has keys or requests enough. */
static fg_status_t keys_replay(fg_call_t *call, fg_minute_query_t query, replay_t *replay,
                               size_t limit, json_t *items, bool *ret_has_more)
{
    bool has_more = true;
    query.key_limit = 1;
    for (size_t shown = 0; has_more && shown < limit && replay->request_count < REQUESTS_PER_PAGE;
         shown++) {
        replay->then = replay->now = (fg_figures_t){0};
        atomic_store(&replay->throttle_word, 0);
        atomic_store(&replay->quota_word, 0);
        fg_minute_reader_reset(&replay->reader);
        replay->key_id[0] = '\0';
        fg_status_t status = fg_store_minutes_each(call->store, &query, minute_replay, replay,
                                                   &has_more, call->error);
        if (status != FG_OK)
            return status;
        if (replay->key_id[0] && json_array_append_new(items, key_render(replay)) != 0)
            return fg_call_no_memory(call);
        query.after_key_id = fg_str(replay->key_id);
        has_more = has_more && !query.key_id.at;
    }
    *ret_has_more = has_more;
    return FG_OK;
}

/* The plan to try: one that exists, or the limits in the body; and whose usage. */
static fg_status_t draft_parse(fg_call_t *call, fg_usage_plan_t *draft, fg_str_t *ret_usage_of)
{
    fg_str_t id;
    fg_usage_plan_t source;
    fg_status_t status = fg_input_str(call, call->input, "usagePlanId", &id);
    if (status == FG_OK)
        status = fg_input_str(call, call->input, "usageOf", ret_usage_of);
    if (status == FG_OK && !id.at)
        status = fg_plan_limits_parse(call, draft);
    else if (status == FG_OK)
        status = fg_plan_load(call, id, draft);
    if (status != FG_OK)
        return status;
    if (!ret_usage_of->at)
        *ret_usage_of = id;
    if (!ret_usage_of->at)
        return fg_error_set(call->error, FG_BAD_REQUEST, "usageOf",
                            "usageOf is required: the plan whose usage is replayed");
    return fg_plan_load(call, *ret_usage_of, &source);
}

fg_status_t fg_whatif(fg_call_t *call)
{
    fg_usage_plan_t draft = {.id = FG_STR_NONE};
    replay_t replay = {.request_count = 0};
    fg_minute_query_t query = {.key_id = fg_call_query(call, "keyId")};
    size_t limit;
    int64_t age;
    bool has_more = false;
    fg_status_t status = draft_parse(call, &draft, &query.plan_id);
    if (status == FG_OK)
        status = fg_call_span(call, &replay.span);
    if (status == FG_OK)
        status = fg_call_key_page(call, &limit, &query.after_key_id);
    if (status == FG_OK)
        status = fg_call_minutes_freshen(call, query.plan_id, query.key_id, &age);
    if (status == FG_OK)
        status = fg_call_minutes_anew(call, &replay.reader.anew);
    if (status != FG_OK)
        return status;
    replay.throttle = fg_usage_plan_throttle(&draft);
    replay.quota = fg_usage_plan_quota(&draft);
    query.first_minute = replay.span.first_minute;
    query.last_minute = replay.span.end_minute - 1;
    FG_JSON_SCOPED *items = json_array();
    status = keys_replay(call, query, &replay, limit, items, &has_more);
    if (status != FG_OK)
        return status;
    call->output = json_pack(
        "{s:o, s:o, s:o, s:s, s:O, s:o*}", "usageOf", fg_json_new_str(query.plan_id), "from",
        fg_time_render((int64_t)query.first_minute * FG_MINUTE_S), "to",
        fg_time_render((int64_t)replay.span.end_minute * FG_MINUTE_S), "resolution", "minute",
        "items", items, "position",
        has_more ? fg_position_new(call, (int64_t)fg_id_pack(fg_str(replay.key_id))) : NULL);
    return call->output ? FG_OK : fg_call_no_memory(call);
}
