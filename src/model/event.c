/*
 * The forecast names two paces: that of the window since it opened, and that of the last hour. A
 * quota ends when the quicker of them ends it; what an operator wants is the warning, not the hope.
 *
 *     80 of 100 used at 08:00 of a window that opened at 00:00        10 an hour: 10:00
 *     40 of those in the last hour                                    40 an hour: 08:30  <- told
 */
#include "model/event.h"

#include "base/json.h"

/* RFC 3339, as CloudEvents writes times. New reference. */
static json_t *time_new(fg_wall_t at)
{
    int year, month, day;
    int64_t second = at.s % FG_DAY_S;
    fg_civil_from_day(at.s / FG_DAY_S, &year, &month, &day);
    return json_sprintf("%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, day, (int)(second / 3600),
                        (int)(second / 60 % 60), (int)(second % 60));
}

/* New reference: JSON null unless the quota ends before its window. */
static json_t *forecast_at(const fg_alert_t *alert, fg_pace_t pace, fg_wall_t now, fg_wall_t *first)
{
    fg_wall_t at;
    uint64_t remaining = alert->limit > alert->used ? alert->limit - alert->used : 0;
    if (!fg_forecast_runs_out(pace, remaining, now, alert->ends_at, &at))
        return json_null();
    if (first->s == 0 || at.s < first->s)
        *first = at;
    return time_new(at);
}

static json_t *forecast_new(const fg_alert_t *alert, fg_wall_t now)
{
    fg_wall_t first = {0};
    fg_pace_t window = {alert->used, now.s - alert->opened_at.s};
    json_t *by_window = forecast_at(alert, window, now, &first);
    json_t *by_hour =
        alert->has_recent ? forecast_at(alert, alert->recent, now, &first) : json_null();
    return json_pack("{s:o, s:o, s:o}", "runsOutAt", first.s == 0 ? json_null() : time_new(first),
                     "atPaceOfWindow", by_window, "atPaceOfLastHour", by_hour);
}

static json_t *data_new(const fg_alert_t *alert, fg_wall_t now)
{
    uint64_t remaining = alert->limit > alert->used ? alert->limit - alert->used : 0;
    return json_pack("{s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "planId",
                     fg_json_new_str(alert->plan_id), "keyId", fg_json_new_str(alert->key_id),
                     "customerId", fg_json_new_str(alert->customer_id), "threshold",
                     (json_int_t)alert->threshold, "used", (json_int_t)alert->used, "limit",
                     (json_int_t)alert->limit, "remaining", (json_int_t)remaining, "periodStart",
                     time_new(alert->opened_at), "periodEnd", time_new(alert->ends_at), "forecast",
                     forecast_new(alert, now));
}

/* `data` is stolen. */
static fg_str_t render(const fg_event_t *event, const char *type, fg_str_t subject, json_t *data,
                       fg_arena_t *arena)
{
    FG_JSON_SCOPED *json =
        json_pack("{s:s, s:o, s:o, s:s, s:o, s:s, s:o}", "specversion", "1.0", "id",
                  fg_json_new_str(event->id), "source",
                  json_sprintf("urn:faregate:%s", event->store_uuid), "type", type, "time",
                  time_new(event->at), "datacontenttype", "application/json", "data", data);
    if (!json)
        return FG_STR_NONE;
    if (subject.at && json_object_set_new(json, "subject", fg_json_new_str(subject)) != 0)
        return FG_STR_NONE;
    return fg_json_render(json, arena);
}

fg_str_t fg_event_alert(const fg_event_t *event, const fg_alert_t *alert, fg_arena_t *arena)
{
    fg_str_t subject = alert->key_id.at ? alert->key_id : alert->customer_id;
    return render(event, FG_EVENT_QUOTA_THRESHOLD, subject, data_new(alert, event->at), arena);
}

fg_str_t fg_event_test(const fg_event_t *event, fg_arena_t *arena)
{
    json_t *data =
        json_pack("{s:s}", "message", "A test: alerts of this installation arrive here.");
    return render(event, FG_EVENT_TEST, FG_STR_NONE, data, arena);
}
