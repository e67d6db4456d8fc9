#include "store/state.h"

enum { ROWS_FIRST = 16 };

fg_status_t fg_out_of_memory(fg_error_t *reterr)
{
    return fg_error_set(reterr, FG_NO_MEMORY, "", "%s", fg_status_text(FG_NO_MEMORY));
}

fg_str_t fg_row_text(fg_row_t *row, int index)
{
    if (fg_db_column_is_null(row->stmt, index))
        return FG_STR_NONE;
    fg_str_t text = fg_db_column_text(row->stmt, index);
    fg_str_t copy = text.at ? fg_arena_copy(row->arena, text) : FG_STR_NONE;
    if (!copy.at)
        row->is_short = true;
    return copy;
}

fg_digest_t fg_row_digest(fg_row_t *row, int index)
{
    fg_digest_t digest = {{0, 0}};
    fg_str_t bytes = fg_db_column_blob(row->stmt, index);
    if (bytes.len == sizeof(digest))
        memcpy(&digest, bytes.at, sizeof(digest));
    return digest;
}

void fg_row_bind_digest(fg_stmt_t *stmt, int index, const fg_digest_t *digest)
{
    fg_db_bind_blob(stmt, index, digest, sizeof(*digest));
}

void *fg_rows_add(fg_rows_t *rows)
{
    if (rows->count == rows->capacity) {
        size_t capacity = rows->capacity ? 2 * rows->capacity : ROWS_FIRST;
        void *at = fg_arena_alloc(rows->arena, capacity * rows->bytes);
        if (!at)
            return NULL;
        if (rows->count)
            memcpy(at, rows->at, rows->count * rows->bytes);
        rows->at = at;
        rows->capacity = capacity;
    }
    return (char *)rows->at + rows->bytes * rows->count++;
}

/* Two statements, not RETURNING: for that SQLite sets up a table in memory each time, which costs
 * more than an insert. */
fg_status_t fg_counter_take(fg_store_t *store, fg_str_t name, uint64_t count, int64_t *ret_first,
                            fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    fg_stmt_t *stmt =
        fg_db_prepare(store->db, "UPDATE counters SET value = value + ?2 WHERE name = ?1");
    fg_db_bind_text(stmt, 1, name);
    fg_db_bind_i64(stmt, 2, (int64_t)count);
    fg_status_t status = fg_db_run(stmt, NULL, reterr);
    if (status != FG_OK)
        return status;
    bool has_row = false;
    stmt = fg_db_prepare(store->db, "SELECT value FROM counters WHERE name = ?1");
    fg_db_bind_text(stmt, 1, name);
    status = fg_db_step(stmt, &has_row, reterr);
    if (status == FG_OK && has_row)
        *ret_first = fg_db_column_i64(stmt, 0) - (int64_t)count + 1;
    fg_db_finish(stmt);
    if (status == FG_OK && !has_row)
        return fg_error_set(reterr, FG_CORRUPT, "", "the counter %.*s is missing",
                            FG_STR_ARG(name));
    return status;
}

fg_status_t fg_ordinal_take(fg_store_t *store, int64_t *ret_ordinal, fg_error_t *reterr)
{
    return fg_counter_take(store, FG_STR("ordinal"), 1, ret_ordinal, reterr);
}
