/*
 * usage minute - usage by the minute, by key and plan, and refusals by API and stage.
 *
 * Shape      A row holds totals as they stood when its minute ended, so that writing it twice
 *            changes nothing and a row that was never written is made up for by the next. A
 *            minute's figures are the differences to the row before: `admitted` counts from the
 *            beginning of the row's day, the others from whenever the gate began.
 * Units      Minutes since 1970-01-01 00:00 UTC.
 * Ownership  A row that is handed to a callback lives until it returns; it must not write.
 * Rule       docs/rules/usage.md U1-U4.
 */
#ifndef FG_STORE_USAGE_MINUTE_H
#define FG_STORE_USAGE_MINUTE_H

#include "store/store.h"

enum {
    FG_STATUS_CLASSES = 6, /* answers: none, 1xx .. 5xx */
    FG_MINUTE_S = 60,
    FG_DAY_MINUTES = FG_DAY_S / FG_MINUTE_S,
};

typedef struct fg_minute_row {
    fg_str_t plan_id, key_id;
    uint32_t minute;
    uint64_t admitted, throttled, over_quota;
    bool has_answers; /* false: nothing is known of them; what is stored stays */
    uint64_t meter;   /* who counted the answers (gate.h): another one's totals begin at 0 */
    uint64_t answers[FG_STATUS_CLASSES];
} fg_minute_row_t;

FG_MUST_USE fg_status_t fg_store_minute_put(fg_store_t *store, const fg_minute_row_t *row,
                                            fg_error_t *reterr);

typedef struct fg_minute_query {
    fg_str_t plan_id;
    fg_str_t key_id;       /* FG_STR_NONE: all keys, */
    fg_str_t after_key_id; /* from behind this one, */
    size_t key_limit;      /* at most so many that have a row in the range; 0: all */
    uint32_t first_minute, last_minute;
} fg_minute_query_t;

typedef fg_status_t fg_minute_each_t(void *ctx, const fg_minute_row_t *row, fg_error_t *reterr);
/* The rows of the range by key then minute; before those of a key its latest row before the range,
 * when there is one. *ret_has_more: there are keys behind the last. */
FG_MUST_USE fg_status_t fg_store_minutes_each(fg_store_t *store, const fg_minute_query_t *query,
                                              fg_minute_each_t *each, void *ctx, bool *ret_has_more,
                                              fg_error_t *reterr);

/* A walk over all pairs, in steps. */
typedef struct fg_pair_walk {
    char plan_id[FG_ID_BYTES_MAX + 1], key_id[FG_ID_BYTES_MAX + 1]; /* up to here; "": not begun */
    bool is_done;
} fg_pair_walk_t;

/* Is the pair's minute known in memory, so that its row is on the way? */
typedef bool fg_pair_known_t(void *ctx, fg_str_t plan_id, fg_str_t key_id);
/* The next `pairs_max` pairs that are not known: when the day of `minute`, or the day before, has
 * more admitted than the pair's last row of that day, a row that says so. Rule U3. */
FG_MUST_USE fg_status_t fg_store_minutes_repair(fg_store_t *store, uint32_t minute,
                                                size_t pairs_max, fg_pair_known_t *is_known,
                                                void *ctx, fg_pair_walk_t *walk,
                                                fg_error_t *reterr);
/* The next `pairs_max` pairs: rows before `minute` go, but for the latest of them, which the next is
 * told from. Rule U4. */
FG_MUST_USE fg_status_t fg_store_minutes_trim(fg_store_t *store, uint32_t minute, size_t pairs_max,
                                              fg_pair_walk_t *walk, fg_error_t *reterr);
/* The next `pairs_max` pairs: days of usage before `day` go. */
FG_MUST_USE fg_status_t fg_store_usage_trim(fg_store_t *store, uint32_t day, size_t pairs_max,
                                            fg_pair_walk_t *walk, fg_error_t *reterr);

/* ---- refusals ---- */
typedef struct fg_refusal_row {
    fg_str_t api_id, stage_name, outcome;
    uint32_t minute;
    uint64_t requests;
} fg_refusal_row_t;

FG_MUST_USE fg_status_t fg_store_refusal_put(fg_store_t *store, const fg_refusal_row_t *row,
                                             fg_error_t *reterr);
typedef fg_status_t fg_refusal_each_t(void *ctx, const fg_refusal_row_t *row, fg_error_t *reterr);
/* Every row up to `last_minute` of an API (FG_STR_NONE: of all) by API, stage, outcome and minute;
 * of those before the range the latest of each. */
FG_MUST_USE fg_status_t fg_store_refusals_each(fg_store_t *store, fg_str_t api_id,
                                               uint32_t first_minute, uint32_t last_minute,
                                               fg_refusal_each_t *each, void *ctx,
                                               fg_error_t *reterr);
FG_MUST_USE fg_status_t fg_store_refusals_trim(fg_store_t *store, uint32_t minute,
                                               fg_error_t *reterr);

/* ---- the gate began empty ---- */
/* In that minute: totals after it say nothing of those before. */
FG_MUST_USE fg_status_t fg_store_minute_anew(fg_store_t *store, uint32_t minute,
                                             fg_error_t *reterr);
/* Those minutes, ascending. */
FG_MUST_USE fg_status_t fg_store_minutes_anew(fg_store_t *store, fg_arena_t *arena,
                                              uint32_t **ret_minutes, size_t *ret_count,
                                              fg_error_t *reterr);

#endif
