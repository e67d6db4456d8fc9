#include "store/audit.h"

#include "store/state.h"

static fg_str_t text_of(fg_str_t text)
{
    return text.at ? text : FG_STR("");
}

fg_status_t fg_store_audit_append(fg_store_t *store, const fg_audit_entry_t *entry,
                                  fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db) && entry->operation.at);
    int64_t number;
    fg_status_t status = fg_counter_take(store, FG_STR("audit"), 1, &number, reterr);
    if (status != FG_OK)
        return status;
    fg_stmt_t *stmt = fg_db_prepare(
        store->db, "INSERT INTO audit (number, at, access_key_id, operation, request_id, subject,"
                   " before, after, is_denied) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
    fg_db_bind_i64(stmt, 1, number);
    fg_db_bind_i64(stmt, 2, entry->at.s);
    fg_db_bind_text(stmt, 3, text_of(entry->access_key_id));
    fg_db_bind_text(stmt, 4, entry->operation);
    fg_db_bind_text(stmt, 5, text_of(entry->request_id));
    fg_db_bind_text(stmt, 6, text_of(entry->subject));
    fg_db_bind_text(stmt, 7, entry->before);
    fg_db_bind_text(stmt, 8, entry->after);
    fg_db_bind_i64(stmt, 9, entry->is_denied);
    return fg_db_run(stmt, NULL, reterr);
}

static void read_entry(fg_row_t *row, fg_audit_entry_t *entry)
{
    *entry = (fg_audit_entry_t){
        .number = fg_db_column_i64(row->stmt, 0),
        .at = {fg_db_column_i64(row->stmt, 1)},
        .access_key_id = fg_row_text(row, 2),
        .operation = fg_row_text(row, 3),
        .request_id = fg_row_text(row, 4),
        .subject = fg_row_text(row, 5),
        .before = fg_row_text(row, 6),
        .after = fg_row_text(row, 7),
        .is_denied = fg_db_column_i64(row->stmt, 8) != 0,
    };
}

static fg_status_t read_entries(fg_row_t *row, fg_rows_t *rows, fg_error_t *reterr)
{
    for (;;) {
        bool has_row;
        fg_status_t status = fg_db_step(row->stmt, &has_row, reterr);
        if (status != FG_OK || !has_row)
            return status;
        fg_audit_entry_t *entry = fg_rows_add(rows);
        if (entry)
            read_entry(row, entry);
        if (!entry || row->is_short)
            return fg_out_of_memory(reterr);
    }
}

/* A path that begins with the subject and goes on behind a slash is under it; '0' follows '/'. */
#define LIST(bound, order)                                                                         \
    "SELECT number, at, access_key_id, operation, request_id, subject, before, after, is_denied"   \
    " FROM audit WHERE number " bound " ?1 AND at >= ?2 AND at <= ?3"                              \
    " AND (?4 IS NULL OR operation = ?4)"                                                          \
    " AND (?5 IS NULL OR subject = ?5 OR (subject > ?5 || '/' AND subject < ?5 || '0'))"           \
    " AND (?6 IS NULL OR access_key_id = ?6) ORDER BY number " order " LIMIT ?7"

fg_status_t fg_store_audit_list(fg_store_t *store, const fg_audit_query_t *query, fg_arena_t *arena,
                                fg_audit_entry_t **ret_entries, size_t *ret_count,
                                fg_error_t *reterr)
{
    fg_row_t row = {.stmt = fg_db_prepare(store->db, query->is_ascending ? LIST(">", "ASC")
                                                                         : LIST("<", "DESC")),
                    .arena = arena};
    bool is_from_newest = query->before == 0 && !query->is_ascending;
    fg_db_bind_i64(row.stmt, 1, is_from_newest ? INT64_MAX : query->before);
    fg_db_bind_i64(row.stmt, 2, query->from.s);
    fg_db_bind_i64(row.stmt, 3, query->to.s == 0 ? INT64_MAX : query->to.s);
    fg_db_bind_text(row.stmt, 4, query->operation);
    fg_db_bind_text(row.stmt, 5, query->subject);
    fg_db_bind_text(row.stmt, 6, query->access_key_id);
    fg_db_bind_i64(row.stmt, 7, fg_limit_of(query->limit));
    fg_rows_t rows = {.arena = arena, .bytes = sizeof(fg_audit_entry_t)};
    fg_status_t status = read_entries(&row, &rows, reterr);
    fg_db_finish(row.stmt);
    if (status != FG_OK)
        return status;
    *ret_entries = rows.at;
    *ret_count = rows.count;
    return FG_OK;
}

/* Entries are numbered as they come, so the oldest are the lowest numbers. Rule AD6. */
fg_status_t fg_store_audit_trim(fg_store_t *store, fg_wall_t until, int64_t max,
                                uint64_t *ret_count, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    fg_stmt_t *stmt = fg_db_prepare(store->db, "DELETE FROM audit WHERE at < ?1 AND number < ?2 +"
                                               " (SELECT COALESCE(MIN(number), 0) FROM audit)");
    fg_db_bind_i64(stmt, 1, until.s);
    fg_db_bind_i64(stmt, 2, max);
    return fg_db_run(stmt, ret_count, reterr);
}
