/*
 * The state of an event is not a column: it is pending while next_at lies in time, delivered once
 * delivered_at is set, given up when next_at is NEVER, unsent when it has no URL either. So the
 * index of due events holds exactly those that somebody waits for.
 */
#include "store/outbox.h"

#include "store/state.h"

#define NEVER INT64_MAX

/* ---- alerts ---- */

fg_status_t fg_store_alert_fire(fg_store_t *store, fg_str_t plan_id, fg_str_t key_id,
                                uint32_t start_day, unsigned threshold, fg_wall_t now,
                                bool *ret_is_new, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    fg_stmt_t *stmt = fg_db_prepare(
        store->db, "INSERT INTO alerts (plan_id, key_id, start_day, threshold, fired_at)"
                   " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING");
    fg_db_bind_text(stmt, 1, plan_id);
    fg_db_bind_text(stmt, 2, key_id);
    fg_db_bind_i64(stmt, 3, start_day);
    fg_db_bind_i64(stmt, 4, threshold);
    fg_db_bind_i64(stmt, 5, now.s);
    uint64_t changes;
    fg_status_t status = fg_db_run(stmt, &changes, reterr);
    if (status == FG_OK)
        *ret_is_new = changes > 0;
    return status;
}

/* ---- states ---- */

static const char *const state_texts[] = {
    [FG_OUTBOX_PENDING] = "pending",
    [FG_OUTBOX_DELIVERED] = "delivered",
    [FG_OUTBOX_FAILED] = "failed",
    [FG_OUTBOX_UNSENT] = "unsent",
};
_Static_assert(FG_COUNT_OF(state_texts) == FG_OUTBOX_STATES, "each state has a text");

fg_outbox_state_t fg_outbox_state_of(fg_str_t text)
{
    size_t i = 0;
    while (i < FG_COUNT_OF(state_texts) && !fg_str_is(text, state_texts[i]))
        i++;
    return (fg_outbox_state_t)i;
}

const char *fg_outbox_state_text(fg_outbox_state_t state)
{
    FG_ASSERT(state < FG_OUTBOX_STATES);
    return state_texts[state];
}

static fg_outbox_state_t state_of(const fg_outbox_event_t *event)
{
    if (event->delivered_at.s != 0)
        return FG_OUTBOX_DELIVERED;
    if (event->next_at.s != NEVER)
        return FG_OUTBOX_PENDING;
    return fg_str_is_empty(event->url) ? FG_OUTBOX_UNSENT : FG_OUTBOX_FAILED;
}

/* ---- events ---- */

fg_status_t fg_store_outbox_id(fg_store_t *store, fg_arena_t *arena, fg_str_t *ret_id,
                               fg_error_t *reterr)
{
    char *id = fg_arena_alloc(arena, FG_EVENT_ID_BYTES + 1);
    if (!id)
        return fg_out_of_memory(reterr);
    if (!fg_uuid_make(store->random, id))
        return fg_error_set(reterr, FG_INTERNAL, "", "no randomness for an event's id");
    *ret_id = fg_str_of(id, FG_EVENT_ID_BYTES);
    return FG_OK;
}

fg_status_t fg_store_outbox_put(fg_store_t *store, const fg_outbox_event_t *event,
                                fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db) && event->id.at && event->body.at);
    int64_t number;
    fg_status_t status = fg_counter_take(store, FG_STR("outbox"), 1, &number, reterr);
    if (status != FG_OK)
        return status;
    fg_stmt_t *stmt = fg_db_prepare(
        store->db, "INSERT INTO outbox (number, id, url, body, created_at, next_at, attempts)"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)");
    bool is_unsent = fg_str_is_empty(event->url);
    fg_db_bind_i64(stmt, 1, number);
    fg_db_bind_text(stmt, 2, event->id);
    fg_db_bind_text(stmt, 3, is_unsent ? FG_STR("") : event->url);
    fg_db_bind_text(stmt, 4, event->body);
    fg_db_bind_i64(stmt, 5, event->created_at.s);
    fg_db_bind_i64(stmt, 6, is_unsent ? NEVER : event->created_at.s);
    return fg_db_run(stmt, NULL, reterr);
}

#define COLUMNS "number, id, url, body, created_at, next_at, delivered_at, attempts, last_error"

static void read_event(fg_row_t *row, fg_outbox_event_t *event)
{
    *event = (fg_outbox_event_t){
        .number = fg_db_column_i64(row->stmt, 0),
        .id = fg_row_text(row, 1),
        .url = fg_row_text(row, 2),
        .body = fg_row_text(row, 3),
        .created_at = {fg_db_column_i64(row->stmt, 4)},
        .next_at = {fg_db_column_i64(row->stmt, 5)},
        .delivered_at = {fg_db_column_i64(row->stmt, 6)},
        .attempts = fg_db_column_i64(row->stmt, 7),
        .last_error = fg_row_text(row, 8),
    };
    event->state = state_of(event);
}

/* Read every row and finish the statement. */
static fg_status_t read_events(fg_row_t *row, fg_outbox_event_t **ret_events, size_t *ret_count,
                               fg_error_t *reterr)
{
    fg_rows_t rows = {.arena = row->arena, .bytes = sizeof(fg_outbox_event_t)};
    bool has_row;
    fg_status_t status;
    while ((status = fg_db_step(row->stmt, &has_row, reterr)) == FG_OK && has_row) {
        fg_outbox_event_t *event = fg_rows_add(&rows);
        if (event)
            read_event(row, event);
        if (!event || row->is_short) {
            status = fg_out_of_memory(reterr);
            break;
        }
    }
    fg_db_finish(row->stmt);
    if (status != FG_OK)
        return status;
    *ret_events = rows.at;
    *ret_count = rows.count;
    return FG_OK;
}

fg_status_t fg_store_outbox_due(fg_store_t *store, fg_wall_t now, size_t max, fg_arena_t *arena,
                                fg_outbox_event_t **ret_events, size_t *ret_count,
                                fg_error_t *reterr)
{
    fg_row_t row = {.stmt = fg_db_prepare(store->db, "SELECT " COLUMNS " FROM outbox"
                                                     " WHERE delivered_at IS NULL AND next_at <= ?1"
                                                     " ORDER BY next_at, number LIMIT ?2"),
                    .arena = arena};
    fg_db_bind_i64(row.stmt, 1, now.s);
    fg_db_bind_i64(row.stmt, 2, fg_limit_of(max));
    return read_events(&row, ret_events, ret_count, reterr);
}

fg_status_t fg_store_outbox_update(fg_store_t *store, const fg_outbox_event_t *event,
                                   fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    bool is_pending = event->state == FG_OUTBOX_PENDING;
    fg_stmt_t *stmt =
        fg_db_prepare(store->db, "UPDATE outbox SET attempts = ?2, next_at = ?3, delivered_at = ?4,"
                                 " last_error = ?5 WHERE number = ?1 AND delivered_at IS NULL");
    fg_db_bind_i64(stmt, 1, event->number);
    fg_db_bind_i64(stmt, 2, event->attempts);
    fg_db_bind_i64(stmt, 3, is_pending ? event->next_at.s : NEVER);
    if (event->state == FG_OUTBOX_DELIVERED)
        fg_db_bind_i64(stmt, 4, event->delivered_at.s);
    else
        fg_db_bind_null(stmt, 4);
    fg_db_bind_text(stmt, 5, event->last_error);
    uint64_t changes;
    fg_status_t status = fg_db_run(stmt, &changes, reterr);
    return status == FG_OK && changes == 0 ? FG_NOT_FOUND : status;
}

/* ?1: numbers below, ?2: how many, ?3: NEVER */
static const char *const list_of_state[] = {
    [FG_OUTBOX_PENDING] = "SELECT " COLUMNS " FROM outbox WHERE number < ?1 AND delivered_at IS"
                          " NULL AND next_at < ?3 ORDER BY number DESC LIMIT ?2",
    [FG_OUTBOX_DELIVERED] = "SELECT " COLUMNS " FROM outbox WHERE number < ?1 AND delivered_at IS"
                            " NOT NULL AND ?3 > 0 ORDER BY number DESC LIMIT ?2",
    [FG_OUTBOX_FAILED] = "SELECT " COLUMNS " FROM outbox WHERE number < ?1 AND delivered_at IS"
                         " NULL AND next_at = ?3 AND url <> '' ORDER BY number DESC LIMIT ?2",
    [FG_OUTBOX_UNSENT] = "SELECT " COLUMNS " FROM outbox WHERE number < ?1 AND delivered_at IS"
                         " NULL AND next_at = ?3 AND url = '' ORDER BY number DESC LIMIT ?2",
    [FG_OUTBOX_STATES] = "SELECT " COLUMNS " FROM outbox WHERE number < ?1 AND ?3 > 0"
                         " ORDER BY number DESC LIMIT ?2",
};

fg_status_t fg_store_outbox_list(fg_store_t *store, fg_outbox_state_t state, int64_t before,
                                 size_t limit, fg_arena_t *arena, fg_outbox_event_t **ret_events,
                                 size_t *ret_count, fg_error_t *reterr)
{
    FG_ASSERT(state <= FG_OUTBOX_STATES);
    fg_row_t row = {.stmt = fg_db_prepare(store->db, list_of_state[state]), .arena = arena};
    fg_db_bind_i64(row.stmt, 1, before == 0 ? INT64_MAX : before);
    fg_db_bind_i64(row.stmt, 2, fg_limit_of(limit));
    fg_db_bind_i64(row.stmt, 3, NEVER);
    return read_events(&row, ret_events, ret_count, reterr);
}

static fg_status_t trim(fg_store_t *store, const char *sql, int64_t until, size_t max,
                        fg_error_t *reterr)
{
    fg_stmt_t *stmt = fg_db_prepare(store->db, sql);
    fg_db_bind_i64(stmt, 1, until);
    fg_db_bind_i64(stmt, 2, fg_limit_of(max));
    return fg_db_run(stmt, NULL, reterr);
}

fg_status_t fg_store_outbox_trim(fg_store_t *store, fg_wall_t until, size_t max, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    fg_status_t status =
        trim(store,
             "DELETE FROM outbox WHERE number IN (SELECT number FROM outbox WHERE created_at < ?1"
             " AND (delivered_at IS NOT NULL OR next_at = 9223372036854775807)"
             " ORDER BY number LIMIT ?2)",
             until.s, max, reterr);
    return status == FG_OK
               ? trim(store,
                      "DELETE FROM alerts WHERE (plan_id, key_id, start_day, threshold) IN"
                      " (SELECT plan_id, key_id, start_day, threshold FROM alerts"
                      " WHERE start_day < ?1 LIMIT ?2)",
                      until.s / FG_DAY_S, max, reterr)
               : status;
}
