/*
 * GetUsageDetail and GetRefusals, which are ours: what happened to requests by the minute, hour or
 * day, a key or a stage at a time. Steps without a request are left out. Rules U1, U2.
 */
#include "control/handlers.h"
#include "control/minute_figures.h"
#include "control/noun.h"
#include "control/plan_noun.h"

#include <stdio.h>

enum { POINTS_PER_PAGE = 20000 };

/* ---- GetUsageDetail ---- */

typedef struct detail {
    fg_span_t span;
    fg_minute_reader_t reader;
    json_t *items;  /* of the answer */
    json_t *points; /* of the key at hand, borrowed from its item */
    json_t *item;   /* likewise */
    char key_id[FG_ID_BYTES_MAX + 1];
    uint32_t step;               /* first minute of the step at hand */
    fg_figures_t figures, total; /* of the step, of the key */
    size_t point_count;
    bool is_full, is_short;
} detail_t;

static bool is_nothing(const fg_figures_t *figures)
{
    static const fg_figures_t nothing;
    return memcmp(figures, &nothing, sizeof(nothing)) == 0;
}

static void step_end(detail_t *detail)
{
    if (!detail->item || is_nothing(&detail->figures))
        return;
    json_t *point = fg_figures_render(&detail->figures);
    json_t *time = fg_time_render((int64_t)detail->step * FG_MINUTE_S);
    if (json_object_set_new(point, "time", time) != 0 ||
        json_array_append_new(detail->points, point) != 0)
        detail->is_short = true;
    fg_figures_add(&detail->total, &detail->figures);
    detail->figures = (fg_figures_t){0};
    detail->point_count++;
}

static void key_end(detail_t *detail)
{
    step_end(detail);
    if (detail->item &&
        json_object_set_new(detail->item, "total", fg_figures_render(&detail->total)) != 0)
        detail->is_short = true;
    detail->item = NULL;
    detail->total = (fg_figures_t){0};
}

static void key_begin(detail_t *detail, fg_str_t key_id)
{
    (void)snprintf(detail->key_id, sizeof(detail->key_id), "%.*s", FG_STR_ARG(key_id));
    fg_minute_reader_reset(&detail->reader);
    detail->points = json_array();
    detail->item =
        json_pack("{s:o, s:o}", "keyId", fg_json_new_str(key_id), "figures", detail->points);
    if (json_array_append_new(detail->items, detail->item) != 0) {
        detail->item = NULL;
        detail->is_short = true;
    }
}

static fg_status_t row_add(void *ctx, const fg_minute_row_t *row, fg_error_t *reterr)
{
    detail_t *detail = ctx;
    if (!detail->item || !fg_str_is(row->key_id, detail->key_id)) {
        key_end(detail);
        key_begin(detail, row->key_id);
    }
    fg_figures_t figures = fg_minute_reader_next(&detail->reader, row);
    if (row->minute < detail->span.first_minute)
        return FG_OK;
    uint32_t step = row->minute - row->minute % detail->span.step_minutes;
    if (step != detail->step)
        step_end(detail);
    detail->step = step;
    fg_figures_add(&detail->figures, &figures);
    if (detail->is_short)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "%s", fg_status_text(FG_NO_MEMORY));
    return FG_OK;
}

/* One key at a time, so that a page can end behind a key with many points. */
static fg_status_t keys_add(fg_call_t *call, fg_minute_query_t query, detail_t *detail,
                            size_t limit, bool *ret_has_more)
{
    fg_status_t status = FG_OK;
    bool has_more = true;
    query.key_limit = 1;
    for (size_t shown = 0; status == FG_OK && has_more; shown++) {
        if (shown == limit || detail->point_count >= POINTS_PER_PAGE)
            break;
        status =
            fg_store_minutes_each(call->store, &query, row_add, detail, &has_more, call->error);
        key_end(detail);
        query.after_key_id = fg_str(detail->key_id);
        has_more = has_more && !query.key_id.at;
    }
    *ret_has_more = has_more;
    return status;
}

fg_status_t fg_call_minutes_freshen(fg_call_t *call, fg_str_t plan_id, fg_str_t key_id,
                                    int64_t *ret_age)
{
    bool is_whole = true;
    fg_agent_t *agent = call->control->agent;
    *ret_age = 0;
    if (!agent)
        return FG_OK;
    fg_status_t status = fg_agent_drain(agent, call->now, call->error);
    if (status == FG_OK)
        status = fg_agent_minutes_flush(agent, plan_id, key_id, call->now, &is_whole, call->error);
    if (!is_whole)
        *ret_age = call->now.wall.s % FG_MINUTE_S;
    return status;
}

fg_status_t fg_call_minutes_anew(fg_call_t *call, fg_minutes_anew_t *ret_anew)
{
    uint32_t *minutes;
    fg_status_t status =
        fg_store_minutes_anew(call->store, call->arena, &minutes, &ret_anew->count, call->error);
    ret_anew->minutes = minutes;
    return status;
}

/* {"from", "to", "step", "age", "items"}; `items` is stolen. */
static fg_status_t answer(fg_call_t *call, fg_span_t span, int64_t age, json_t *items)
{
    const char *step = span.step_minutes == 1 ? "minute" : span.step_minutes == 60 ? "hour" : "day";
    call->output = json_pack("{s:o, s:o, s:s, s:I, s:o}", "from",
                             fg_time_render((int64_t)span.first_minute * FG_MINUTE_S), "to",
                             fg_time_render((int64_t)span.end_minute * FG_MINUTE_S), "step", step,
                             "age", (json_int_t)age, "items", items);
    return call->output ? FG_OK : fg_call_no_memory(call);
}

fg_status_t fg_call_key_page(fg_call_t *call, size_t *ret_limit, fg_str_t *ret_after_key_id)
{
    int64_t after;
    fg_status_t status = fg_call_page(call, ret_limit, &after);
    *ret_after_key_id = FG_STR_NONE;
    if (status != FG_OK || after == 0)
        return status;
    char *id = fg_arena_alloc(call->arena, FG_ID_BYTES_MAX + 1);
    if (!id)
        return fg_call_no_memory(call);
    *ret_after_key_id = fg_str_of(id, fg_id_unpack((uint64_t)after, id));
    return FG_OK;
}

fg_status_t fg_usage_detail_get(fg_call_t *call)
{
    fg_usage_plan_t plan;
    detail_t detail = {.step = 0};
    fg_minute_query_t query = {.key_id = fg_call_query(call, "keyId")};
    size_t limit;
    int64_t age;
    bool has_more = false;
    fg_status_t status = fg_plan_load(call, call->path_part[0], &plan);
    if (status == FG_OK)
        status = fg_call_span(call, &detail.span);
    if (status == FG_OK)
        status = fg_call_key_page(call, &limit, &query.after_key_id);
    if (status == FG_OK)
        status = fg_call_minutes_freshen(call, plan.id, query.key_id, &age);
    if (status == FG_OK)
        status = fg_call_minutes_anew(call, &detail.reader.anew);
    if (status != FG_OK)
        return status;
    FG_JSON_SCOPED *items = detail.items = json_array();
    query.plan_id = plan.id;
    query.first_minute = detail.span.first_minute;
    query.last_minute = detail.span.end_minute - 1;
    status = keys_add(call, query, &detail, limit, &has_more);
    if (status == FG_OK && detail.is_short)
        status = fg_call_no_memory(call);
    if (status == FG_OK)
        status = answer(call, detail.span, age, json_incref(items));
    if (status != FG_OK)
        return status;
    (void)json_object_set_new(call->output, "usagePlanId", fg_json_new_str(plan.id));
    if (has_more)
        (void)json_object_set_new(
            call->output, "position",
            fg_position_new(call, (int64_t)fg_id_pack(fg_str(detail.key_id))));
    return FG_OK;
}

/* ---- GetRefusals ---- */

typedef struct refusals {
    fg_span_t span;
    fg_minutes_anew_t anew;
    json_t *items;
    json_t *item, *points; /* of the series at hand; borrowed */
    bool has_before;
    uint32_t minute, step;
    uint64_t requests, figure, total;
    bool is_short;
} refusals_t;

static void refusals_step_end(refusals_t *refusals)
{
    if (!refusals->item || refusals->figure == 0)
        return;
    json_t *point =
        json_pack("{s:o, s:I}", "time", fg_time_render((int64_t)refusals->step * FG_MINUTE_S),
                  "requests", (json_int_t)refusals->figure);
    if (json_array_append_new(refusals->points, point) != 0)
        refusals->is_short = true;
    refusals->total += refusals->figure;
    refusals->figure = 0;
}

static void series_end(refusals_t *refusals)
{
    refusals_step_end(refusals);
    if (refusals->item && json_object_set_new(refusals->item, "total",
                                              json_integer((json_int_t)refusals->total)) != 0)
        refusals->is_short = true;
    *refusals = (refusals_t){.span = refusals->span,
                             .anew = refusals->anew,
                             .items = refusals->items,
                             .is_short = refusals->is_short};
}

static bool is_series(const refusals_t *refusals, const fg_refusal_row_t *row)
{
    return refusals->item &&
           fg_str_eq(fg_json_str(json_object_get(refusals->item, "restApiId")), row->api_id) &&
           fg_str_eq(fg_json_str(json_object_get(refusals->item, "stageName")), row->stage_name) &&
           fg_str_eq(fg_json_str(json_object_get(refusals->item, "outcome")), row->outcome);
}

static fg_status_t refusal_add(void *ctx, const fg_refusal_row_t *row, fg_error_t *reterr)
{
    refusals_t *refusals = ctx;
    if (!is_series(refusals, row)) {
        series_end(refusals);
        refusals->points = json_array();
        refusals->item =
            json_pack("{s:o, s:o, s:o, s:o}", "restApiId", fg_json_new_str(row->api_id),
                      "stageName", fg_json_new_str(row->stage_name), "outcome",
                      fg_json_new_str(row->outcome), "figures", refusals->points);
        if (json_array_append_new(refusals->items, refusals->item) != 0)
            return fg_error_set(reterr, FG_NO_MEMORY, "", "%s", fg_status_text(FG_NO_MEMORY));
    }
    bool is_anew = !refusals->has_before ||
                   fg_minutes_anew_between(refusals->anew, refusals->minute, row->minute);
    uint64_t figure = fg_total_difference(refusals->requests, row->requests, 64, is_anew);
    refusals->has_before = true;
    refusals->minute = row->minute;
    refusals->requests = row->requests;
    if (row->minute < refusals->span.first_minute)
        return FG_OK;
    uint32_t step = row->minute - row->minute % refusals->span.step_minutes;
    if (step != refusals->step)
        refusals_step_end(refusals);
    refusals->step = step;
    refusals->figure += figure;
    return FG_OK;
}

fg_status_t fg_refusals_get(fg_call_t *call)
{
    refusals_t refusals = {.step = 0};
    fg_status_t status = fg_call_span(call, &refusals.span);
    if (status == FG_OK)
        status = fg_call_minutes_anew(call, &refusals.anew);
    if (status != FG_OK)
        return status;
    FG_JSON_SCOPED *items = refusals.items = json_array();
    status = fg_store_refusals_each(call->store, fg_call_query(call, "restApiId"),
                                    refusals.span.first_minute, refusals.span.end_minute - 1,
                                    refusal_add, &refusals, call->error);
    series_end(&refusals);
    if (status == FG_OK && refusals.is_short)
        status = fg_call_no_memory(call);
    /* written when a minute is over */
    return status == FG_OK
               ? answer(call, refusals.span, call->now.wall.s % FG_MINUTE_S, json_incref(items))
               : status;
}
