/*
 * minute figures - from the stored totals of a pair to what happened in each minute.
 *
 * Shape      Rows of one pair go in by minute; each gives the figures of the time since the row
 *            before. Pure.
 * Rule       docs/rules/usage.md U2.
 */
#ifndef FG_CONTROL_MINUTE_FIGURES_H
#define FG_CONTROL_MINUTE_FIGURES_H

#include "control/operation.h"
#include "store/usage_minute.h"

typedef struct fg_figures {
    uint64_t admitted, throttled, over_quota;
    uint64_t answers[FG_STATUS_CLASSES];
} fg_figures_t;

/* Minutes in which the gate began empty, ascending. Borrowed. */
typedef struct fg_minutes_anew {
    const uint32_t *minutes;
    size_t count;
} fg_minutes_anew_t;

typedef struct fg_minute_reader {
    fg_minutes_anew_t anew;
    bool has_before, has_answers;
    uint32_t minute, answers_minute;
    uint64_t admitted_high; /* of the day: what does not count is taken back a moment later */
    uint64_t throttled, over_quota, meter;
    uint64_t answers[FG_STATUS_CLASSES];
} fg_minute_reader_t;

/* Begin with the next pair. */
void fg_minute_reader_reset(fg_minute_reader_t *reader);
/* The figures of `row`, which becomes the row before. */
fg_figures_t fg_minute_reader_next(fg_minute_reader_t *reader, const fg_minute_row_t *row);
/* The difference of two totals that wrap at `bits`, the gate having begun anew in between or not. */
uint64_t fg_total_difference(uint64_t before, uint64_t after, unsigned bits, bool is_anew);
/* Did the gate begin empty after minute `before`, up to the end of `after`? */
bool fg_minutes_anew_between(fg_minutes_anew_t anew, uint32_t before, uint32_t after);
void fg_figures_add(fg_figures_t *sum, const fg_figures_t *figures);
/* {"admitted", "throttled", "overQuota", "answers": {"2xx"...}}. New reference, NULL without memory. */
json_t *fg_figures_render(const fg_figures_t *figures);

/* ---- ranges of time, as our own operations take them ---- */
typedef struct fg_span {
    uint32_t first_minute, end_minute; /* [first, end) */
    uint32_t step_minutes;             /* 1, 60 or 1440 */
} fg_span_t;

/* Query from, to (epoch seconds or ISO 8601; default: the last hour) and step (minute, hour, day).
 * Both ends go outwards to whole steps. FG_BAD_REQUEST names the parameter. */
fg_status_t fg_call_span(fg_call_t *call, fg_span_t *ret_span);
/* "2026-11-25T08:00:00Z". New reference, NULL without memory. */
json_t *fg_time_render(int64_t seconds);

/* ---- what operations on minutes begin with (usage_minutes.c) ---- */
/* Write the running minute of a plan and key (FG_STR_NONE: all), if there are not too many; *ret_age is
 * seconds since the newest figure. */
fg_status_t fg_call_minutes_freshen(fg_call_t *call, fg_str_t plan_id, fg_str_t key_id,
                                    int64_t *ret_age);
/* The minutes live in the call's arena. */
fg_status_t fg_call_minutes_anew(fg_call_t *call, fg_minutes_anew_t *ret_anew);
/* Query limit and position of a list of keys; a position is the id of the last key, packed. */
fg_status_t fg_call_key_page(fg_call_t *call, size_t *ret_limit, fg_str_t *ret_after_key_id);

#endif
