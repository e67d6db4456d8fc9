#include "store/usage_minute.h"

#include "store/state.h"

#include <stdio.h>

/* ---- writing ---- */

static const char put_counts[] =
    "INSERT INTO usage_minutes (plan_id, key_id, minute, admitted, throttled, over_quota)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (plan_id, key_id, minute)"
    " DO UPDATE SET admitted = excluded.admitted, throttled = excluded.throttled,"
    " over_quota = excluded.over_quota";
static const char put_all[] =
    "INSERT INTO usage_minutes (plan_id, key_id, minute, admitted, throttled, over_quota,"
    " status_none, status_1xx, status_2xx, status_3xx, status_4xx, status_5xx,"
    " meter) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
    " ON CONFLICT (plan_id, key_id, minute)"
    " DO UPDATE SET admitted = excluded.admitted, throttled = excluded.throttled,"
    " over_quota = excluded.over_quota, status_none = excluded.status_none,"
    " status_1xx = excluded.status_1xx, status_2xx = excluded.status_2xx,"
    " status_3xx = excluded.status_3xx, status_4xx = excluded.status_4xx,"
    " status_5xx = excluded.status_5xx, meter = excluded.meter";

fg_status_t fg_store_minute_put(fg_store_t *store, const fg_minute_row_t *row, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    fg_stmt_t *stmt = fg_db_prepare(store->db, row->has_answers ? put_all : put_counts);
    fg_db_bind_text(stmt, 1, row->plan_id);
    fg_db_bind_text(stmt, 2, row->key_id);
    fg_db_bind_i64(stmt, 3, row->minute);
    fg_db_bind_i64(stmt, 4, (int64_t)row->admitted);
    fg_db_bind_i64(stmt, 5, (int64_t)row->throttled);
    fg_db_bind_i64(stmt, 6, (int64_t)row->over_quota);
    for (int i = 0; row->has_answers && i < FG_STATUS_CLASSES; i++)
        fg_db_bind_i64(stmt, 7 + i, (int64_t)row->answers[i]);
    if (row->has_answers)
        fg_db_bind_i64(stmt, 7 + FG_STATUS_CLASSES, (int64_t)row->meter);
    return fg_db_run(stmt, NULL, reterr);
}

/* ---- reading ---- */

#define COLUMNS                                                                                    \
    "SELECT minute, admitted, throttled, over_quota, status_none, status_1xx, status_2xx,"         \
    " status_3xx, status_4xx, status_5xx, meter FROM usage_minutes WHERE plan_id = ?1 AND key_id " \
    "= ?2"
static const char rows_in_range[] = COLUMNS " AND minute >= ?3 AND minute <= ?4 ORDER BY minute";
static const char row_before[] = COLUMNS " AND minute < ?3 ORDER BY minute DESC LIMIT 1";

static fg_minute_row_t read_row(fg_stmt_t *stmt, fg_str_t plan_id, fg_str_t key_id)
{
    fg_minute_row_t row = {
        .plan_id = plan_id,
        .key_id = key_id,
        .minute = (uint32_t)fg_db_column_i64(stmt, 0),
        .admitted = (uint64_t)fg_db_column_i64(stmt, 1),
        .throttled = (uint64_t)fg_db_column_i64(stmt, 2),
        .over_quota = (uint64_t)fg_db_column_i64(stmt, 3),
        .meter = (uint64_t)fg_db_column_i64(stmt, 4 + FG_STATUS_CLASSES),
    };
    for (int i = 0; i < FG_STATUS_CLASSES; i++) {
        row.answers[i] = (uint64_t)fg_db_column_i64(stmt, 4 + i);
        row.has_answers = row.has_answers || row.answers[i] != 0;
    }
    return row;
}

static fg_status_t row_before_of(fg_store_t *store, fg_str_t plan_id, fg_str_t key_id,
                                 uint32_t minute, bool *ret_has, fg_minute_row_t *ret_row,
                                 fg_error_t *reterr)
{
    fg_stmt_t *stmt = fg_db_prepare(store->db, row_before);
    fg_db_bind_text(stmt, 1, plan_id);
    fg_db_bind_text(stmt, 2, key_id);
    fg_db_bind_i64(stmt, 3, minute);
    *ret_has = false;
    fg_status_t status = fg_db_step(stmt, ret_has, reterr);
    if (status == FG_OK && *ret_has)
        *ret_row = read_row(stmt, plan_id, key_id);
    fg_db_finish(stmt);
    return status;
}

/* Rows of one key in the range, the one before them first. */
static fg_status_t rows_of_key(fg_store_t *store, const fg_minute_query_t *query, fg_str_t key_id,
                               fg_minute_each_t *each, void *ctx, bool *ret_has_any,
                               fg_error_t *reterr)
{
    fg_minute_row_t before, row;
    bool has_before, has_row = false;
    *ret_has_any = false;
    fg_status_t status = row_before_of(store, query->plan_id, key_id, query->first_minute,
                                       &has_before, &before, reterr);
    if (status != FG_OK)
        return status;
    fg_stmt_t *stmt = fg_db_prepare(store->db, rows_in_range);
    fg_db_bind_text(stmt, 1, query->plan_id);
    fg_db_bind_text(stmt, 2, key_id);
    fg_db_bind_i64(stmt, 3, query->first_minute);
    fg_db_bind_i64(stmt, 4, query->last_minute);
    status = fg_db_step(stmt, &has_row, reterr);
    if (status == FG_OK && has_row && has_before)
        status = each(ctx, &before, reterr);
    while (status == FG_OK && has_row) {
        *ret_has_any = true;
        row = read_row(stmt, query->plan_id, key_id);
        status = each(ctx, &row, reterr);
        if (status == FG_OK)
            status = fg_db_step(stmt, &has_row, reterr);
    }
    fg_db_finish(stmt);
    return status;
}

static fg_status_t next_key(fg_store_t *store, fg_str_t plan_id, fg_str_t after, char *ret_key_id,
                            fg_error_t *reterr)
{
    bool has_row = false;
    fg_stmt_t *stmt = fg_db_prepare(store->db, "SELECT key_id FROM usage_minutes WHERE plan_id = ?1"
                                               " AND key_id > ?2 ORDER BY key_id LIMIT 1");
    fg_db_bind_text(stmt, 1, plan_id);
    fg_db_bind_text(stmt, 2, after);
    fg_status_t status = fg_db_step(stmt, &has_row, reterr);
    fg_str_t key_id = status == FG_OK && has_row ? fg_db_column_text(stmt, 0) : FG_STR("");
    (void)snprintf(ret_key_id, FG_ID_BYTES_MAX + 1, "%.*s", FG_STR_ARG(key_id));
    fg_db_finish(stmt);
    return status;
}

fg_status_t fg_store_minutes_each(fg_store_t *store, const fg_minute_query_t *query,
                                  fg_minute_each_t *each, void *ctx, bool *ret_has_more,
                                  fg_error_t *reterr)
{
    char keys[2][FG_ID_BYTES_MAX + 1]; /* the one at hand and the next */
    bool has_any;
    *ret_has_more = false;
    if (query->key_id.at)
        return rows_of_key(store, query, query->key_id, each, ctx, &has_any, reterr);
    fg_str_t after = query->after_key_id.at ? query->after_key_id : FG_STR("");
    fg_status_t status = next_key(store, query->plan_id, after, keys[0], reterr);
    size_t shown = 0;
    for (int i = 0; status == FG_OK && keys[i][0]; i = !i) {
        if (query->key_limit != 0 && shown == query->key_limit) {
            *ret_has_more = true;
            return FG_OK;
        }
        status = rows_of_key(store, query, fg_str(keys[i]), each, ctx, &has_any, reterr);
        shown += has_any;
        if (status == FG_OK)
            status = next_key(store, query->plan_id, fg_str(keys[i]), keys[!i], reterr);
    }
    return status;
}

/* ---- walks ---- */

/* The pair behind the walk's, from a table by `sql`; the walk is done when there is none. */
static fg_status_t next_pair(fg_store_t *store, const char *sql, fg_pair_walk_t *walk,
                             fg_error_t *reterr)
{
    bool has_row = false;
    fg_pair_walk_t next = {.is_done = true};
    fg_stmt_t *stmt = fg_db_prepare(store->db, sql);
    fg_db_bind_text(stmt, 1, fg_str(walk->plan_id));
    fg_db_bind_text(stmt, 2, fg_str(walk->key_id));
    fg_status_t status = fg_db_step(stmt, &has_row, reterr);
    if (status == FG_OK && has_row) {
        next.is_done = false;
        (void)snprintf(next.plan_id, sizeof(next.plan_id), "%.*s",
                       FG_STR_ARG(fg_db_column_text(stmt, 0)));
        (void)snprintf(next.key_id, sizeof(next.key_id), "%.*s",
                       FG_STR_ARG(fg_db_column_text(stmt, 1)));
    }
    fg_db_finish(stmt);
    if (status == FG_OK)
        *walk = next;
    return status;
}

#define NEXT_PAIR_OF(table)                                                                        \
    "SELECT plan_id, key_id FROM " table " WHERE (plan_id, key_id) > (?1, ?2)"                     \
    " ORDER BY plan_id, key_id LIMIT 1"

static fg_status_t used_on(fg_store_t *store, const fg_pair_walk_t *pair, uint32_t day,
                           uint64_t *ret_used, fg_error_t *reterr)
{
    bool has_row = false;
    fg_stmt_t *stmt = fg_db_prepare(store->db, "SELECT used FROM usage WHERE plan_id = ?1"
                                               " AND key_id = ?2 AND day = ?3");
    fg_db_bind_text(stmt, 1, fg_str(pair->plan_id));
    fg_db_bind_text(stmt, 2, fg_str(pair->key_id));
    fg_db_bind_i64(stmt, 3, day);
    fg_status_t status = fg_db_step(stmt, &has_row, reterr);
    *ret_used = status == FG_OK && has_row ? (uint64_t)fg_db_column_i64(stmt, 0) : 0;
    fg_db_finish(stmt);
    return status;
}

static fg_status_t repair_day(fg_store_t *store, const fg_pair_walk_t *pair, uint32_t day,
                              uint32_t minute, fg_error_t *reterr)
{
    uint64_t used;
    bool has_row;
    fg_minute_row_t row = {0};
    fg_str_t plan_id = fg_str(pair->plan_id), key_id = fg_str(pair->key_id);
    fg_status_t status = used_on(store, pair, day, &used, reterr);
    if (status != FG_OK || used == 0)
        return status;
    status =
        row_before_of(store, plan_id, key_id, (day + 1) * FG_DAY_MINUTES, &has_row, &row, reterr);
    bool is_of_day = has_row && row.minute / FG_DAY_MINUTES == day;
    if (status != FG_OK || (is_of_day && row.admitted >= used))
        return status;
    if (is_of_day && row.minute > minute)
        minute = row.minute;
    row = (fg_minute_row_t){
        .plan_id = plan_id,
        .key_id = key_id,
        .minute = minute,
        .admitted = used,
        .throttled = row.throttled,
        .over_quota = row.over_quota,
    };
    return fg_store_minute_put(store, &row, reterr);
}

fg_status_t fg_store_minutes_repair(fg_store_t *store, uint32_t minute, size_t pairs_max,
                                    fg_pair_known_t *is_known, void *ctx, fg_pair_walk_t *walk,
                                    fg_error_t *reterr)
{
    uint32_t today = minute / FG_DAY_MINUTES;
    fg_status_t status = FG_OK;
    for (size_t i = 0; status == FG_OK && i < pairs_max && !walk->is_done; i++) {
        status = next_pair(store, NEXT_PAIR_OF("ledger"), walk, reterr);
        if (status != FG_OK || walk->is_done ||
            is_known(ctx, fg_str(walk->plan_id), fg_str(walk->key_id)))
            continue;
        status = repair_day(store, walk, today - 1, today * FG_DAY_MINUTES - 1, reterr);
        if (status == FG_OK)
            status = repair_day(store, walk, today, minute, reterr);
    }
    return status;
}

static fg_status_t trim_pair(fg_store_t *store, const char *sql, const fg_pair_walk_t *pair,
                             uint32_t before, fg_error_t *reterr)
{
    fg_stmt_t *stmt = fg_db_prepare(store->db, sql);
    fg_db_bind_text(stmt, 1, fg_str(pair->plan_id));
    fg_db_bind_text(stmt, 2, fg_str(pair->key_id));
    fg_db_bind_i64(stmt, 3, before);
    return fg_db_run(stmt, NULL, reterr);
}

static const char trim_minutes[] =
    "DELETE FROM usage_minutes WHERE plan_id = ?1 AND key_id = ?2 AND minute <"
    " (SELECT MAX(minute) FROM usage_minutes WHERE plan_id = ?1 AND key_id = ?2 AND minute < ?3)";
static const char trim_days[] = "DELETE FROM usage WHERE plan_id = ?1 AND key_id = ?2 AND day < ?3";

static fg_status_t trim(fg_store_t *store, const char *next, const char *sql, uint32_t before,
                        size_t pairs_max, fg_pair_walk_t *walk, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    fg_status_t status = FG_OK;
    for (size_t i = 0; status == FG_OK && i < pairs_max && !walk->is_done; i++) {
        status = next_pair(store, next, walk, reterr);
        if (status == FG_OK && !walk->is_done)
            status = trim_pair(store, sql, walk, before, reterr);
    }
    return status;
}

fg_status_t fg_store_minutes_trim(fg_store_t *store, uint32_t minute, size_t pairs_max,
                                  fg_pair_walk_t *walk, fg_error_t *reterr)
{
    return trim(store, NEXT_PAIR_OF("usage_minutes"), trim_minutes, minute, pairs_max, walk,
                reterr);
}

fg_status_t fg_store_usage_trim(fg_store_t *store, uint32_t day, size_t pairs_max,
                                fg_pair_walk_t *walk, fg_error_t *reterr)
{
    return trim(store, NEXT_PAIR_OF("usage"), trim_days, day, pairs_max, walk, reterr);
}

/* ---- refusals ---- */

fg_status_t fg_store_refusal_put(fg_store_t *store, const fg_refusal_row_t *row, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    fg_stmt_t *stmt = fg_db_prepare(
        store->db, "INSERT INTO refusal_minutes (api_id, stage_name, minute, outcome, requests)"
                   " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (api_id, stage_name, minute, outcome)"
                   " DO UPDATE SET requests = excluded.requests");
    fg_db_bind_text(stmt, 1, row->api_id);
    fg_db_bind_text(stmt, 2, row->stage_name);
    fg_db_bind_i64(stmt, 3, row->minute);
    fg_db_bind_text(stmt, 4, row->outcome);
    fg_db_bind_i64(stmt, 5, (int64_t)row->requests);
    return fg_db_run(stmt, NULL, reterr);
}

/* The rows of the range, and of each series the latest before it. */
static const char refusals[] =
    "SELECT api_id, stage_name, outcome, minute, requests FROM refusal_minutes r"
    " WHERE api_id <> '' AND (?1 IS NULL OR api_id = ?1) AND minute <= ?3 AND (minute >= ?2"
    " OR minute = (SELECT MAX(minute) FROM refusal_minutes b WHERE b.api_id = r.api_id"
    " AND b.stage_name = r.stage_name AND b.outcome = r.outcome AND b.minute < ?2))"
    " ORDER BY api_id, stage_name, outcome, minute";

fg_status_t fg_store_refusals_each(fg_store_t *store, fg_str_t api_id, uint32_t first_minute,
                                   uint32_t last_minute, fg_refusal_each_t *each, void *ctx,
                                   fg_error_t *reterr)
{
    bool has_row = false;
    fg_stmt_t *stmt = fg_db_prepare(store->db, refusals);
    fg_db_bind_text(stmt, 1, api_id);
    fg_db_bind_i64(stmt, 2, first_minute);
    fg_db_bind_i64(stmt, 3, last_minute);
    fg_status_t status = fg_db_step(stmt, &has_row, reterr);
    while (status == FG_OK && has_row) {
        fg_refusal_row_t row = {
            .api_id = fg_db_column_text(stmt, 0),
            .stage_name = fg_db_column_text(stmt, 1),
            .outcome = fg_db_column_text(stmt, 2),
            .minute = (uint32_t)fg_db_column_i64(stmt, 3),
            .requests = (uint64_t)fg_db_column_i64(stmt, 4),
        };
        status = each(ctx, &row, reterr);
        if (status == FG_OK)
            status = fg_db_step(stmt, &has_row, reterr);
    }
    fg_db_finish(stmt);
    return status;
}

fg_status_t fg_store_refusals_trim(fg_store_t *store, uint32_t minute, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    fg_stmt_t *stmt = fg_db_prepare(
        store->db, "DELETE FROM refusal_minutes WHERE minute < (SELECT MAX(minute) FROM"
                   " refusal_minutes b WHERE b.api_id = refusal_minutes.api_id AND b.stage_name ="
                   " refusal_minutes.stage_name AND b.minute < ?1)");
    fg_db_bind_i64(stmt, 1, minute);
    return fg_db_run(stmt, NULL, reterr);
}

/* ---- the gate began empty: a row of no API ---- */

fg_status_t fg_store_minute_anew(fg_store_t *store, uint32_t minute, fg_error_t *reterr)
{
    fg_refusal_row_t row = {.api_id = FG_STR(""),
                            .stage_name = FG_STR(""),
                            .outcome = FG_STR("anew"),
                            .minute = minute,
                            .requests = 1};
    return fg_store_refusal_put(store, &row, reterr);
}

fg_status_t fg_store_minutes_anew(fg_store_t *store, fg_arena_t *arena, uint32_t **ret_minutes,
                                  size_t *ret_count, fg_error_t *reterr)
{
    bool has_row = false;
    fg_rows_t rows = {.arena = arena, .bytes = sizeof(uint32_t)};
    fg_stmt_t *stmt = fg_db_prepare(
        store->db, "SELECT minute FROM refusal_minutes WHERE api_id = '' ORDER BY minute");
    fg_status_t status = fg_db_step(stmt, &has_row, reterr);
    while (status == FG_OK && has_row) {
        uint32_t *minute = fg_rows_add(&rows);
        if (minute)
            *minute = (uint32_t)fg_db_column_i64(stmt, 0);
        status = minute ? fg_db_step(stmt, &has_row, reterr) : fg_out_of_memory(reterr);
    }
    fg_db_finish(stmt);
    if (status != FG_OK)
        return status;
    *ret_minutes = rows.at;
    *ret_count = rows.count;
    return FG_OK;
}
