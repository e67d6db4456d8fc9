#include "control/minute_figures.h"

#include "model/extension.h"

enum {
    THROTTLED_BITS = 32, /* as the gate's slot counts */
    OVER_QUOTA_BITS = 31,
    ANSWERS_BITS = 64,
    SPAN_STEPS_MAX = 51840, /* 36 days of minutes */
    HOUR_MINUTES = 60,
};

void fg_minute_reader_reset(fg_minute_reader_t *reader)
{
    *reader = (fg_minute_reader_t){.anew = reader->anew};
}

bool fg_minutes_anew_between(fg_minutes_anew_t anew, uint32_t before, uint32_t after)
{
    for (size_t i = 0; i < anew.count && anew.minutes[i] <= after; i++)
        if (anew.minutes[i] > before)
            return true;
    return false;
}

/* A total that is smaller began anew, unless it stood so near its end that it went round. */
uint64_t fg_total_difference(uint64_t before, uint64_t after, unsigned bits, bool is_anew)
{
    uint64_t round = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
    bool is_near_end = before > round - round / 256 && after < round / 256;
    if (is_anew || (after < before && !is_near_end))
        return after;
    return (after - before) & round;
}

static uint64_t admitted_next(fg_minute_reader_t *reader, const fg_minute_row_t *row)
{
    bool is_same_day =
        reader->has_before && reader->minute / FG_DAY_MINUTES == row->minute / FG_DAY_MINUTES;
    uint64_t high = is_same_day ? reader->admitted_high : 0;
    reader->admitted_high = row->admitted > high ? row->admitted : high;
    return reader->admitted_high - high;
}

static void answers_next(fg_minute_reader_t *reader, const fg_minute_row_t *row,
                         fg_figures_t *figures)
{
    if (!row->has_answers)
        return;
    bool is_anew = !reader->has_answers || row->meter != reader->meter ||
                   fg_minutes_anew_between(reader->anew, reader->answers_minute, row->minute);
    for (int i = 0; i < FG_STATUS_CLASSES; i++) {
        figures->answers[i] =
            fg_total_difference(reader->answers[i], row->answers[i], ANSWERS_BITS, is_anew);
        reader->answers[i] = row->answers[i];
    }
    reader->has_answers = true;
    reader->meter = row->meter;
    reader->answers_minute = row->minute;
}

fg_figures_t fg_minute_reader_next(fg_minute_reader_t *reader, const fg_minute_row_t *row)
{
    FG_ASSERT(!reader->has_before || row->minute > reader->minute);
    bool is_anew =
        !reader->has_before || fg_minutes_anew_between(reader->anew, reader->minute, row->minute);
    fg_figures_t figures = {
        .admitted = admitted_next(reader, row),
        .throttled =
            fg_total_difference(reader->throttled, row->throttled, THROTTLED_BITS, is_anew),
        .over_quota =
            fg_total_difference(reader->over_quota, row->over_quota, OVER_QUOTA_BITS, is_anew),
    };
    answers_next(reader, row, &figures);
    reader->throttled = row->throttled;
    reader->over_quota = row->over_quota;
    reader->minute = row->minute;
    reader->has_before = true;
    return figures;
}

void fg_figures_add(fg_figures_t *sum, const fg_figures_t *figures)
{
    sum->admitted += figures->admitted;
    sum->throttled += figures->throttled;
    sum->over_quota += figures->over_quota;
    for (int i = 0; i < FG_STATUS_CLASSES; i++)
        sum->answers[i] += figures->answers[i];
}

json_t *fg_figures_render(const fg_figures_t *figures)
{
    static const char *const classes[FG_STATUS_CLASSES] = {"none", "1xx", "2xx",
                                                           "3xx",  "4xx", "5xx"};
    json_t *answers = json_object();
    for (int i = 0; i < FG_STATUS_CLASSES; i++)
        if (figures->answers[i] != 0)
            (void)json_object_set_new(answers, classes[i],
                                      json_integer((json_int_t)figures->answers[i]));
    return json_pack("{s:I, s:I, s:I, s:o}", "admitted", (json_int_t)figures->admitted, "throttled",
                     (json_int_t)figures->throttled, "overQuota", (json_int_t)figures->over_quota,
                     "answers", answers);
}

/* ---- ranges ---- */

static fg_status_t time_query(fg_call_t *call, const char *name, fg_wall_t *ret_time)
{
    fg_str_t text = fg_call_query(call, name);
    if (!text.at || fg_time_parse(text, ret_time))
        return FG_OK;
    return fg_error_set(call->error, FG_BAD_REQUEST, name,
                        "%s must be a time: seconds since 1970 or 2026-01-31T12:00:00Z", name);
}

static fg_status_t step_query(fg_call_t *call, uint32_t *ret_minutes)
{
    fg_str_t text = fg_call_query(call, "step");
    *ret_minutes = 1;
    if (!text.at || fg_str_is(text, "minute"))
        return FG_OK;
    *ret_minutes = fg_str_is(text, "hour") ? HOUR_MINUTES : FG_DAY_MINUTES;
    if (fg_str_is(text, "hour") || fg_str_is(text, "day"))
        return FG_OK;
    return fg_error_set(call->error, FG_BAD_REQUEST, "step", "step must be minute, hour or day");
}

fg_status_t fg_call_span(fg_call_t *call, fg_span_t *ret_span)
{
    /* the second that runs is in it, also when it is the first of its minute */
    fg_wall_t to = {call->now.wall.s + 1}, from;
    uint32_t step;
    fg_status_t status = time_query(call, "to", &to);
    from.s = to.s - HOUR_MINUTES * FG_MINUTE_S;
    if (status == FG_OK)
        status = time_query(call, "from", &from);
    if (status == FG_OK)
        status = step_query(call, &step);
    if (status != FG_OK)
        return status;
    if (from.s < 0 || from.s >= to.s)
        return fg_error_set(call->error, FG_BAD_REQUEST, "from", "from must be before to");
    int64_t step_s = (int64_t)step * FG_MINUTE_S;
    int64_t first = from.s / step_s, end = (to.s + step_s - 1) / step_s;
    if (end - first > SPAN_STEPS_MAX)
        return fg_error_set(call->error, FG_BAD_REQUEST, "from",
                            "at most %d steps can be listed at once; take a larger step",
                            SPAN_STEPS_MAX);
    *ret_span = (fg_span_t){(uint32_t)first * step, (uint32_t)end * step, step};
    return FG_OK;
}

json_t *fg_time_render(int64_t seconds)
{
    int year, month, day;
    int64_t second = seconds % FG_DAY_S;
    fg_civil_from_day(seconds / FG_DAY_S, &year, &month, &day);
    return json_sprintf("%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, day, (int)(second / 3600),
                        (int)(second / 60 % 60), (int)(second % 60));
}
