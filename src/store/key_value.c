/*
 * Further values of a key: those that were replaced and stay good until an end of their own (rule
 * K11). The newest value is in the key's own row. A sealed value moves from there as it is: the
 * seal is bound to the key's id.
 */
#include "store/state.h"

#include "model/extension.h"

static fg_status_t note_key(fg_store_t *store, fg_str_t key_id, fg_error_t *reterr)
{
    return fg_change_note(store, FG_CHANGE_KEY, key_id, FG_STR(""), reterr);
}

static fg_status_t read_value(fg_store_t *store, fg_row_t *row, fg_str_t key_id, bool with_value,
                              fg_key_value_t *value, fg_error_t *reterr)
{
    *value = (fg_key_value_t){
        .digest = fg_row_digest(row, 0),
        .value = FG_STR_NONE,
        .replaced_at = {fg_db_column_i64(row->stmt, 2)},
        .expires = {fg_db_column_i64(row->stmt, 3)},
        .last_used_minute = (uint32_t)fg_db_column_i64(row->stmt, 4),
    };
    fg_str_t sealed = fg_db_column_blob(row->stmt, 1);
    return with_value ? fg_value_open(store, key_id, sealed, row->arena, &value->value, reterr)
                      : FG_OK;
}

fg_status_t fg_store_key_value_list(fg_store_t *store, fg_str_t key_id, bool with_value,
                                    fg_arena_t *arena, fg_key_value_t **ret_values,
                                    size_t *ret_count, fg_error_t *reterr)
{
    fg_row_t row = {.arena = arena};
    row.stmt = fg_db_prepare(store->db,
                             "SELECT digest, sealed, created_at, expires_at, last_used_minute FROM"
                             " key_values WHERE key_id = ?1 ORDER BY created_at DESC, digest");
    fg_db_bind_text(row.stmt, 1, key_id);
    fg_rows_t rows = {.arena = arena, .bytes = sizeof(fg_key_value_t)};
    bool has_row = false;
    fg_status_t status = fg_db_step(row.stmt, &has_row, reterr);
    while (status == FG_OK && has_row) {
        fg_key_value_t *value = fg_rows_add(&rows);
        status = value ? read_value(store, &row, key_id, with_value, value, reterr)
                       : fg_out_of_memory(reterr);
        if (status == FG_OK)
            status = fg_db_step(row.stmt, &has_row, reterr);
    }
    fg_db_finish(row.stmt);
    if (status != FG_OK)
        return status;
    *ret_values = rows.at;
    *ret_count = rows.count;
    return FG_OK;
}

static fg_status_t count_values(fg_store_t *store, fg_str_t key_id, int64_t *ret_count,
                                fg_error_t *reterr)
{
    fg_stmt_t *stmt = fg_db_prepare(store->db, "SELECT COUNT(*) FROM key_values WHERE key_id = ?1");
    fg_db_bind_text(stmt, 1, key_id);
    bool has_row = false;
    fg_status_t status = fg_db_step(stmt, &has_row, reterr);
    if (status == FG_OK)
        *ret_count = fg_db_column_i64(stmt, 0);
    fg_db_finish(stmt);
    return status;
}

static fg_status_t delete_expired(fg_store_t *store, fg_str_t key_id, fg_wall_t now,
                                  fg_error_t *reterr)
{
    fg_stmt_t *stmt =
        fg_db_prepare(store->db, "DELETE FROM key_values WHERE key_id = ?1 AND expires_at <= ?2");
    fg_db_bind_text(stmt, 1, key_id);
    fg_db_bind_i64(stmt, 2, now.s);
    return fg_db_run(stmt, NULL, reterr);
}

fg_status_t fg_store_key_value_keep(fg_store_t *store, fg_str_t key_id, fg_wall_t now,
                                    fg_wall_t expires, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    int64_t count = 0;
    fg_status_t status = delete_expired(store, key_id, now, reterr);
    if (status == FG_OK)
        status = count_values(store, key_id, &count, reterr);
    if (status != FG_OK)
        return status;
    if (count >= FG_KEY_VALUES_MAX)
        return fg_error_set(reterr, FG_LIMIT, "faregate.values",
                            "API Key %.*s has %d values besides the newest: remove one first",
                            FG_STR_ARG(key_id), FG_KEY_VALUES_MAX);
    fg_stmt_t *stmt = fg_db_prepare(
        store->db, "INSERT INTO key_values (digest, key_id, sealed, created_at, expires_at,"
                   " last_used_minute) SELECT digest, id, sealed, ?2, ?3, last_used_minute"
                   " FROM api_keys WHERE id = ?1");
    fg_db_bind_text(stmt, 1, key_id);
    fg_db_bind_i64(stmt, 2, now.s);
    fg_db_bind_i64(stmt, 3, expires.s);
    return fg_db_run(stmt, NULL, reterr);
}

fg_status_t fg_store_key_value_delete(fg_store_t *store, fg_str_t key_id, const fg_digest_t *digest,
                                      fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    uint64_t changes = 0;
    fg_stmt_t *stmt =
        fg_db_prepare(store->db, "DELETE FROM key_values WHERE key_id = ?1 AND digest = ?2");
    fg_db_bind_text(stmt, 1, key_id);
    fg_row_bind_digest(stmt, 2, digest);
    fg_status_t status = fg_db_run(stmt, &changes, reterr);
    if (status == FG_OK && changes == 0)
        return FG_NOT_FOUND;
    return status == FG_OK ? note_key(store, key_id, reterr) : status;
}

fg_status_t fg_store_key_values_delete(fg_store_t *store, fg_str_t key_id, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    fg_stmt_t *stmt = fg_db_prepare(store->db, "DELETE FROM key_values WHERE key_id = ?1");
    fg_db_bind_text(stmt, 1, key_id);
    fg_status_t status = fg_db_run(stmt, NULL, reterr);
    return status == FG_OK ? note_key(store, key_id, reterr) : status;
}

/* ---- those whose time is over ---- */

static fg_status_t note_expired(fg_store_t *store, fg_wall_t now, uint64_t *ret_count,
                                fg_error_t *reterr)
{
    fg_stmt_t *stmt =
        fg_db_prepare(store->db, "SELECT DISTINCT key_id FROM key_values WHERE expires_at <= ?1");
    fg_db_bind_i64(stmt, 1, now.s);
    bool has_row = false;
    fg_status_t status = fg_db_step(stmt, &has_row, reterr);
    while (status == FG_OK && has_row) {
        ++*ret_count;
        status = note_key(store, fg_db_column_text(stmt, 0), reterr);
        if (status == FG_OK)
            status = fg_db_step(stmt, &has_row, reterr);
    }
    fg_db_finish(stmt);
    return status;
}

fg_status_t fg_store_key_values_expire(fg_store_t *store, fg_wall_t now, uint64_t *ret_count,
                                       fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    *ret_count = 0;
    fg_status_t status = note_expired(store, now, ret_count, reterr);
    if (status != FG_OK || *ret_count == 0)
        return status;
    fg_stmt_t *stmt = fg_db_prepare(store->db, "DELETE FROM key_values WHERE expires_at <= ?1");
    fg_db_bind_i64(stmt, 1, now.s);
    return fg_db_run(stmt, NULL, reterr);
}

fg_status_t fg_store_key_values_due(fg_store_t *store, fg_wall_t now, bool *ret_is_due,
                                    fg_error_t *reterr)
{
    fg_stmt_t *stmt =
        fg_db_prepare(store->db, "SELECT 1 FROM key_values WHERE expires_at <= ?1 LIMIT 1");
    fg_db_bind_i64(stmt, 1, now.s);
    fg_status_t status = fg_db_step(stmt, ret_is_due, reterr);
    fg_db_finish(stmt);
    return status;
}

/* ---- when a value was last used ---- */

static fg_status_t read_uses(fg_row_t *row, fg_value_use_t **ret_uses, size_t *ret_count,
                             fg_error_t *reterr)
{
    fg_rows_t rows = {.arena = row->arena, .bytes = sizeof(fg_value_use_t)};
    bool has_row = false;
    fg_status_t status = fg_db_step(row->stmt, &has_row, reterr);
    while (status == FG_OK && has_row) {
        fg_value_use_t *use = fg_rows_add(&rows);
        if (!use)
            status = fg_out_of_memory(reterr);
        else
            *use = (fg_value_use_t){.digest = fg_row_digest(row, 0),
                                    .minute = (uint32_t)fg_db_column_i64(row->stmt, 1),
                                    .position = fg_db_column_i64(row->stmt, 2)};
        if (status == FG_OK)
            status = fg_db_step(row->stmt, &has_row, reterr);
    }
    fg_db_finish(row->stmt);
    *ret_uses = rows.at;
    *ret_count = rows.count;
    return status;
}

fg_status_t fg_store_value_uses(fg_store_t *store, int64_t after, size_t limit, fg_arena_t *arena,
                                fg_value_use_t **ret_uses, size_t *ret_count, fg_error_t *reterr)
{
    fg_row_t row = {.arena = arena};
    row.stmt = fg_db_prepare(store->db, "SELECT digest, last_used_minute, ordinal FROM api_keys"
                                        " WHERE ordinal > ?1 ORDER BY ordinal LIMIT ?2");
    fg_db_bind_i64(row.stmt, 1, after);
    fg_db_bind_i64(row.stmt, 2, fg_limit_of(limit));
    return read_uses(&row, ret_uses, ret_count, reterr);
}

fg_status_t fg_store_further_value_uses(fg_store_t *store, int64_t after, int64_t upto,
                                        fg_arena_t *arena, fg_value_use_t **ret_uses,
                                        size_t *ret_count, fg_error_t *reterr)
{
    fg_row_t row = {.arena = arena};
    row.stmt = fg_db_prepare(
        store->db,
        "SELECT v.digest, v.last_used_minute, k.ordinal FROM api_keys k"
        " JOIN key_values v ON v.key_id = k.id WHERE k.ordinal > ?1 AND k.ordinal <= ?2");
    fg_db_bind_i64(row.stmt, 1, after);
    fg_db_bind_i64(row.stmt, 2, upto);
    return read_uses(&row, ret_uses, ret_count, reterr);
}

fg_status_t fg_store_value_used(fg_store_t *store, const fg_digest_t *digest, uint32_t minute,
                                fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    uint64_t changes = 0;
    fg_stmt_t *stmt =
        fg_db_prepare(store->db, "UPDATE api_keys SET last_used_minute = ?2 WHERE digest = ?1");
    fg_row_bind_digest(stmt, 1, digest);
    fg_db_bind_i64(stmt, 2, minute);
    fg_status_t status = fg_db_run(stmt, &changes, reterr);
    if (status != FG_OK || changes > 0)
        return status;
    stmt =
        fg_db_prepare(store->db, "UPDATE key_values SET last_used_minute = ?2 WHERE digest = ?1");
    fg_row_bind_digest(stmt, 1, digest);
    fg_db_bind_i64(stmt, 2, minute);
    return fg_db_run(stmt, NULL, reterr);
}
