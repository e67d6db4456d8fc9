#include "store/export.h"

#include "base/chain.h"
#include "store/state.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

fg_status_t fg_store_export_put(fg_store_t *store, fg_export_t *export_row, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    fg_status_t status = fg_counter_take(store, FG_STR("export"), 1, &export_row->number, reterr);
    if (status != FG_OK)
        return status;
    fg_stmt_t *stmt = fg_db_prepare(
        store->db,
        "INSERT INTO exports (number, plan_id, start_day, end_day, records, record_count,"
        " hash, previous_hash, signature, closed_at)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
    fg_db_bind_i64(stmt, 1, export_row->number);
    fg_db_bind_text(stmt, 2, export_row->plan_id);
    fg_db_bind_i64(stmt, 3, export_row->start_day);
    fg_db_bind_i64(stmt, 4, export_row->end_day);
    fg_db_bind_text(stmt, 5, export_row->records);
    fg_db_bind_i64(stmt, 6, export_row->record_count);
    fg_db_bind_text(stmt, 7, export_row->hash);
    fg_db_bind_text(stmt, 8, export_row->previous_hash);
    fg_db_bind_text(stmt, 9, export_row->signature);
    fg_db_bind_i64(stmt, 10, export_row->closed_at.s);
    return fg_db_run(stmt, NULL, reterr);
}

#define COLUMNS                                                                                    \
    "SELECT number, plan_id, start_day, end_day, record_count, hash, previous_hash, signature,"    \
    " closed_at"

static void read_export(fg_row_t *row, fg_export_t *export_row)
{
    *export_row = (fg_export_t){
        .number = fg_db_column_i64(row->stmt, 0),
        .plan_id = fg_row_text(row, 1),
        .start_day = (uint32_t)fg_db_column_i64(row->stmt, 2),
        .end_day = (uint32_t)fg_db_column_i64(row->stmt, 3),
        .record_count = fg_db_column_i64(row->stmt, 4),
        .hash = fg_row_text(row, 5),
        .previous_hash = fg_row_text(row, 6),
        .signature = fg_row_text(row, 7),
        .closed_at = {fg_db_column_i64(row->stmt, 8)},
    };
}

fg_status_t fg_store_export_find(fg_store_t *store, fg_str_t plan_id, uint32_t start_day,
                                 uint32_t end_day, fg_arena_t *arena, fg_export_t *ret_export,
                                 fg_error_t *reterr)
{
    fg_row_t row = {.arena = arena};
    bool has_row = false;
    row.stmt = fg_db_prepare(store->db, COLUMNS ", records FROM exports WHERE plan_id = ?1"
                                                " AND start_day < ?3 AND end_day > ?2"
                                                " ORDER BY start_day LIMIT 1");
    fg_db_bind_text(row.stmt, 1, plan_id);
    fg_db_bind_i64(row.stmt, 2, start_day);
    fg_db_bind_i64(row.stmt, 3, end_day);
    fg_status_t status = fg_db_step(row.stmt, &has_row, reterr);
    if (status == FG_OK && has_row) {
        read_export(&row, ret_export);
        ret_export->records = fg_row_text(&row, 9);
    }
    fg_db_finish(row.stmt);
    if (status == FG_OK && row.is_short)
        return fg_out_of_memory(reterr);
    return status == FG_OK && !has_row ? FG_NOT_FOUND : status;
}

fg_status_t fg_store_export_list(fg_store_t *store, fg_str_t plan_id, int64_t after, size_t limit,
                                 fg_arena_t *arena, fg_export_t **ret_exports, size_t *ret_count,
                                 fg_error_t *reterr)
{
    fg_row_t row = {.arena = arena};
    fg_rows_t rows = {.arena = arena, .bytes = sizeof(fg_export_t)};
    bool has_row = false;
    row.stmt = fg_db_prepare(store->db, COLUMNS " FROM exports WHERE number > ?2"
                                                " AND (?1 IS NULL OR plan_id = ?1)"
                                                " ORDER BY number LIMIT ?3");
    fg_db_bind_text(row.stmt, 1, plan_id);
    fg_db_bind_i64(row.stmt, 2, after);
    fg_db_bind_i64(row.stmt, 3, fg_limit_of(limit));
    fg_status_t status = fg_db_step(row.stmt, &has_row, reterr);
    while (status == FG_OK && has_row) {
        fg_export_t *export_row = fg_rows_add(&rows);
        if (export_row)
            read_export(&row, export_row);
        status = export_row && !row.is_short ? fg_db_step(row.stmt, &has_row, reterr)
                                             : fg_out_of_memory(reterr);
    }
    fg_db_finish(row.stmt);
    if (status != FG_OK)
        return status;
    *ret_exports = rows.at;
    *ret_count = rows.count;
    return FG_OK;
}

fg_status_t fg_store_export_last_hash(fg_store_t *store, fg_arena_t *arena, fg_str_t *ret_hash,
                                      fg_error_t *reterr)
{
    fg_row_t row = {.arena = arena};
    bool has_row = false;
    row.stmt = fg_db_prepare(store->db, "SELECT hash FROM exports ORDER BY number DESC LIMIT 1");
    fg_status_t status = fg_db_step(row.stmt, &has_row, reterr);
    if (status == FG_OK)
        *ret_hash = has_row ? fg_row_text(&row, 0) : fg_str(fg_chain_start);
    fg_db_finish(row.stmt);
    return status == FG_OK && row.is_short ? fg_out_of_memory(reterr) : status;
}

static fg_status_t has_any(fg_store_t *store, bool *ret_has, fg_error_t *reterr)
{
    fg_stmt_t *stmt = fg_db_prepare(store->db, "SELECT 1 FROM exports LIMIT 1");
    fg_status_t status = fg_db_step(stmt, ret_has, reterr);
    fg_db_finish(stmt);
    return status;
}

fg_status_t fg_store_export_secret(fg_store_t *store, uint8_t ret_secret[FG_SECRET_BYTES],
                                   fg_error_t *reterr)
{
    char path[PATH_MAX];
    bool is_in_use;
    int length = snprintf(path, sizeof(path), "%s/export.key", store->data_dir);
    if (length < 0 || (size_t)length >= sizeof(path))
        return fg_error_set(reterr, FG_IO, "", "the path %s is too long", store->data_dir);
    fg_status_t status = has_any(store, &is_in_use, reterr);
    if (status == FG_OK && is_in_use && access(path, F_OK) != 0)
        return fg_error_set(reterr, FG_CORRUPT, "",
                            "%s is missing, and closed periods are signed with it: restore it from "
                            "a backup",
                            path);
    return status == FG_OK
               ? fg_secret_load(path, true, store->random, ret_secret, FG_SECRET_BYTES, reterr)
               : status;
}
