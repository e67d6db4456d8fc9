#include "store/state.h"

static void read_import(fg_row_t *row, fg_import_t *import)
{
    *import = (fg_import_t){
        .id = fg_row_text(row, 0),
        .access_key_id = fg_row_text(row, 1),
        .started_at = {fg_db_column_i64(row->stmt, 2)},
        .updated_at = {fg_db_column_i64(row->stmt, 3)},
        .bytes_done = fg_db_column_i64(row->stmt, 4),
        .rows_done = fg_db_column_i64(row->stmt, 5),
        .made = fg_db_column_i64(row->stmt, 6),
        .replaced = fg_db_column_i64(row->stmt, 7),
        .refused = fg_db_column_i64(row->stmt, 8),
        .warned = fg_db_column_i64(row->stmt, 9),
    };
}

fg_status_t fg_store_import_get(fg_store_t *store, fg_str_t id, fg_arena_t *arena,
                                fg_import_t *ret_import, fg_error_t *reterr)
{
    fg_row_t row = {.arena = arena};
    fg_import_t import;
    bool has_row = false;
    row.stmt = fg_db_prepare(store->db,
                             "SELECT id, access_key_id, started_at, updated_at, bytes_done,"
                             " rows_done, rows_made, rows_replaced, rows_refused, rows_warned"
                             " FROM imports WHERE id = ?1");
    fg_db_bind_text(row.stmt, 1, id);
    fg_status_t status = fg_db_step(row.stmt, &has_row, reterr);
    if (status == FG_OK && has_row)
        read_import(&row, &import);
    fg_db_finish(row.stmt);
    if (row.is_short)
        return fg_out_of_memory(reterr);
    if (status == FG_OK && has_row)
        *ret_import = import;
    return status == FG_OK && !has_row ? FG_NOT_FOUND : status;
}

fg_status_t fg_store_import_put(fg_store_t *store, const fg_import_t *import, fg_wall_t stale,
                                fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    fg_stmt_t *stmt = fg_db_prepare(store->db, "DELETE FROM imports WHERE id = ?1 OR updated_at < ?2");
    fg_db_bind_text(stmt, 1, import->id);
    fg_db_bind_i64(stmt, 2, stale.s);
    fg_status_t status = fg_db_run(stmt, NULL, reterr);
    if (status != FG_OK)
        return status;
    stmt = fg_db_prepare(store->db,
                         "INSERT INTO imports (id, access_key_id, started_at, updated_at,"
                         " bytes_done, rows_done, rows_made, rows_replaced, rows_refused,"
                         " rows_warned) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
    fg_db_bind_text(stmt, 1, import->id);
    fg_db_bind_text(stmt, 2, import->access_key_id);
    fg_db_bind_i64(stmt, 3, import->started_at.s);
    fg_db_bind_i64(stmt, 4, import->updated_at.s);
    fg_db_bind_i64(stmt, 5, import->bytes_done);
    fg_db_bind_i64(stmt, 6, import->rows_done);
    fg_db_bind_i64(stmt, 7, import->made);
    fg_db_bind_i64(stmt, 8, import->replaced);
    fg_db_bind_i64(stmt, 9, import->refused);
    fg_db_bind_i64(stmt, 10, import->warned);
    return fg_db_run(stmt, NULL, reterr);
}
