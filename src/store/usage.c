/*
 * Usage and ledger know no foreign keys: what was used stays on record when the pair, the key or
 * the plan goes, and a pair that is made again finds its ledger.
 */
#include "store/state.h"

fg_status_t fg_store_usage_put(fg_store_t *store, const fg_usage_row_t *row, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    fg_stmt_t *stmt = fg_db_prepare(
        store->db,
        "INSERT INTO usage (plan_id, key_id, day, used, remaining) VALUES (?1, ?2, ?3, ?4, ?5)"
        " ON CONFLICT (plan_id, key_id, day)"
        " DO UPDATE SET used = excluded.used, remaining = excluded.remaining");
    fg_db_bind_text(stmt, 1, row->plan_id);
    fg_db_bind_text(stmt, 2, row->key_id);
    fg_db_bind_i64(stmt, 3, row->day);
    fg_db_bind_i64(stmt, 4, (int64_t)row->used);
    if (row->has_remaining)
        fg_db_bind_i64(stmt, 5, (int64_t)row->remaining);
    else
        fg_db_bind_null(stmt, 5);
    return fg_db_run(stmt, NULL, reterr);
}

static void read_usage(fg_row_t *row, fg_str_t plan_id, fg_usage_row_t *usage)
{
    *usage = (fg_usage_row_t){
        .key_id = fg_row_text(row, 0),
        .plan_id = plan_id,
        .day = (uint32_t)fg_db_column_i64(row->stmt, 1),
        .used = (uint64_t)fg_db_column_i64(row->stmt, 2),
        .has_remaining = !fg_db_column_is_null(row->stmt, 3),
        .remaining = (uint64_t)fg_db_column_i64(row->stmt, 3),
    };
}

static fg_status_t read_usages(fg_row_t *row, fg_str_t plan_id, fg_rows_t *rows, fg_error_t *reterr)
{
    fg_str_t plan_copy = fg_arena_copy(row->arena, plan_id);
    if (!plan_copy.at)
        return fg_out_of_memory(reterr);
    for (;;) {
        bool has_row;
        fg_status_t status = fg_db_step(row->stmt, &has_row, reterr);
        if (status != FG_OK || !has_row)
            return status;
        fg_usage_row_t *usage = fg_rows_add(rows);
        if (usage)
            read_usage(row, plan_copy, usage);
        if (!usage || row->is_short)
            return fg_out_of_memory(reterr);
    }
}

static const char list_of_key[] =
    "SELECT key_id, day, used, remaining FROM usage WHERE plan_id = ?1 AND key_id = ?2"
    " AND key_id > ?3 AND day >= ?4 AND day <= ?5 ORDER BY day";
static const char list_of_all[] = "SELECT key_id, day, used, remaining FROM usage WHERE plan_id = "
                                  "?1 AND day >= ?4 AND day <= ?5 AND key_id IN"
                                  " (SELECT DISTINCT key_id FROM usage WHERE plan_id = ?1 AND "
                                  "key_id > ?3 AND day >= ?4 AND day <= ?5"
                                  " ORDER BY key_id LIMIT ?6) ORDER BY key_id, day";

fg_status_t fg_store_usage_list(fg_store_t *store, fg_str_t plan_id, fg_str_t key_id,
                                fg_str_t after_key_id, size_t key_limit, uint32_t first_day,
                                uint32_t last_day, fg_arena_t *arena, fg_usage_row_t **ret_rows,
                                size_t *ret_count, fg_error_t *reterr)
{
    fg_row_t row = {.stmt = fg_db_prepare(store->db, key_id.at ? list_of_key : list_of_all),
                    .arena = arena};
    fg_db_bind_text(row.stmt, 1, plan_id);
    if (key_id.at)
        fg_db_bind_text(row.stmt, 2, key_id);
    else
        fg_db_bind_i64(row.stmt, 6, fg_limit_of(key_limit));
    fg_db_bind_text(row.stmt, 3, after_key_id.at ? after_key_id : FG_STR(""));
    fg_db_bind_i64(row.stmt, 4, first_day);
    fg_db_bind_i64(row.stmt, 5, last_day);
    fg_rows_t rows = {.arena = arena, .bytes = sizeof(fg_usage_row_t)};
    fg_status_t status = read_usages(&row, plan_id, &rows, reterr);
    fg_db_finish(row.stmt);
    if (status != FG_OK)
        return status;
    *ret_rows = rows.at;
    *ret_count = rows.count;
    return FG_OK;
}

/* Grants only grow: a row written by somebody who knows of none takes none back. */
fg_status_t fg_store_ledger_put(fg_store_t *store, const fg_ledger_row_t *row, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    fg_stmt_t *stmt = fg_db_prepare(
        store->db,
        "INSERT INTO ledger (plan_id, key_id, quota_word, extension_word, granted_word)"
        " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (plan_id, key_id)"
        " DO UPDATE SET quota_word = excluded.quota_word,"
        " extension_word = excluded.extension_word, granted_word = CASE WHEN excluded.granted_word"
        " > ledger.granted_word THEN excluded.granted_word ELSE ledger.granted_word END");
    fg_db_bind_text(stmt, 1, row->plan_id);
    fg_db_bind_text(stmt, 2, row->key_id);
    fg_db_bind_i64(stmt, 3, (int64_t)row->quota_word);
    fg_db_bind_i64(stmt, 4, (int64_t)row->extension_word);
    fg_db_bind_i64(stmt, 5, (int64_t)row->granted_word);
    return fg_db_run(stmt, NULL, reterr);
}

fg_status_t fg_store_ledger_get(fg_store_t *store, fg_str_t key_id, fg_str_t plan_id,
                                fg_ledger_row_t *ret_row, fg_error_t *reterr)
{
    fg_stmt_t *stmt = fg_db_prepare(store->db,
                                    "SELECT quota_word, extension_word, granted_word FROM ledger"
                                    " WHERE plan_id = ?1 AND key_id = ?2");
    fg_db_bind_text(stmt, 1, plan_id);
    fg_db_bind_text(stmt, 2, key_id);
    bool has_row = false;
    fg_status_t status = fg_db_step(stmt, &has_row, reterr);
    if (status == FG_OK)
        *ret_row = (fg_ledger_row_t){
            .key_id = key_id,
            .plan_id = plan_id,
            .quota_word = has_row ? (uint64_t)fg_db_column_i64(stmt, 0) : 0,
            .extension_word = has_row ? (uint64_t)fg_db_column_i64(stmt, 1) : 0,
            .granted_word = has_row ? (uint64_t)fg_db_column_i64(stmt, 2) : 0,
        };
    fg_db_finish(stmt);
    return status;
}
