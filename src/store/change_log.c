/*
 * The numbers of the log have no holes: the counter moves in the transaction that appends. What is
 * missing at the old end was trimmed, so a reader whose next number is not there must rebuild.
 */
#include "store/state.h"

fg_status_t fg_store_change_append(fg_store_t *store, const fg_change_t *change, fg_error_t *reterr)
{
    int64_t seq;
    fg_status_t status = fg_counter_take(store, FG_STR("change"), 1, &seq, reterr);
    if (status != FG_OK)
        return status;
    fg_stmt_t *stmt = fg_db_prepare(
        store->db,
        "INSERT INTO change_log (seq, kind, id, parent, digest) VALUES (?1, ?2, ?3, ?4, ?5)");
    fg_db_bind_i64(stmt, 1, seq);
    fg_db_bind_i64(stmt, 2, change->kind);
    fg_db_bind_text(stmt, 3, change->id);
    fg_db_bind_text(stmt, 4, change->parent.at ? change->parent : FG_STR(""));
    if (change->has_digest)
        fg_row_bind_digest(stmt, 5, &change->digest);
    else
        fg_db_bind_null(stmt, 5);
    return fg_db_run(stmt, NULL, reterr);
}

fg_status_t fg_change_note(fg_store_t *store, fg_change_kind_t kind, fg_str_t id, fg_str_t parent,
                           fg_error_t *reterr)
{
    fg_change_t change = {.kind = kind, .id = id, .parent = parent};
    return fg_store_change_append(store, &change, reterr);
}

static fg_status_t read_u64(fg_store_t *store, const char *sql, uint64_t *ret_value,
                            fg_error_t *reterr)
{
    fg_stmt_t *stmt = fg_db_prepare(store->db, sql);
    bool has_row = false;
    fg_status_t status = fg_db_step(stmt, &has_row, reterr);
    if (status == FG_OK)
        *ret_value = has_row ? (uint64_t)fg_db_column_i64(stmt, 0) : 0;
    fg_db_finish(stmt);
    return status;
}

fg_status_t fg_store_change_last(fg_store_t *store, uint64_t *ret_seq, fg_error_t *reterr)
{
    return read_u64(store, "SELECT value FROM counters WHERE name = 'change'", ret_seq, reterr);
}

/* A number beyond the last is of another log: a store that was put back from a backup. */
static fg_status_t is_gapless(fg_store_t *store, uint64_t seq, bool *ret_is_gapless,
                              fg_error_t *reterr)
{
    uint64_t last, first;
    fg_status_t status = fg_store_change_last(store, &last, reterr);
    if (status == FG_OK)
        status = read_u64(store, "SELECT COALESCE(MIN(seq), 0) FROM change_log", &first, reterr);
    if (status == FG_OK)
        *ret_is_gapless = seq == last || (seq < last && first != 0 && first <= seq + 1);
    return status;
}

static void read_change(fg_row_t *row, fg_change_t *change)
{
    change->seq = (uint64_t)fg_db_column_i64(row->stmt, 0);
    change->kind = (fg_change_kind_t)fg_db_column_i64(row->stmt, 1);
    change->id = fg_row_text(row, 2);
    change->parent = fg_row_text(row, 3);
    change->has_digest = !fg_db_column_is_null(row->stmt, 4);
    if (change->has_digest)
        change->digest = fg_row_digest(row, 4);
}

static fg_status_t read_changes(fg_row_t *row, fg_rows_t *rows, fg_error_t *reterr)
{
    for (;;) {
        bool has_row;
        fg_status_t status = fg_db_step(row->stmt, &has_row, reterr);
        if (status != FG_OK || !has_row)
            return status;
        fg_change_t *change = fg_rows_add(rows);
        if (change)
            read_change(row, change);
        if (!change || row->is_short)
            return fg_out_of_memory(reterr);
    }
}

fg_status_t fg_store_changes(fg_store_t *store, uint64_t seq, size_t max, fg_arena_t *arena,
                             fg_change_t **ret_changes, size_t *ret_count, bool *ret_is_gapless,
                             fg_error_t *reterr)
{
    bool gapless;
    fg_status_t status = is_gapless(store, seq, &gapless, reterr);
    if (status != FG_OK)
        return status;
    fg_row_t row = {.arena = arena};
    row.stmt = fg_db_prepare(store->db,
                             "SELECT seq, kind, id, parent, digest FROM change_log WHERE seq > ?1"
                             " ORDER BY seq LIMIT ?2");
    fg_db_bind_i64(row.stmt, 1, seq > INT64_MAX ? INT64_MAX : (int64_t)seq);
    fg_db_bind_i64(row.stmt, 2, fg_limit_of(max));
    fg_rows_t rows = {.arena = arena, .bytes = sizeof(fg_change_t)};
    status = read_changes(&row, &rows, reterr);
    fg_db_finish(row.stmt);
    if (status != FG_OK)
        return status;
    *ret_changes = rows.at;
    *ret_count = rows.count;
    *ret_is_gapless = gapless;
    return FG_OK;
}

fg_status_t fg_store_changes_trim(fg_store_t *store, uint64_t seq, uint64_t keep,
                                  fg_error_t *reterr)
{
    uint64_t last;
    fg_status_t status = fg_store_change_last(store, &last, reterr);
    if (status != FG_OK)
        return status;
    uint64_t end = last > keep ? last - keep : 0;
    fg_stmt_t *stmt = fg_db_prepare(store->db, "DELETE FROM change_log WHERE seq <= ?1");
    fg_db_bind_i64(stmt, 1, (int64_t)(seq < end ? seq : end));
    return fg_db_run(stmt, NULL, reterr);
}
