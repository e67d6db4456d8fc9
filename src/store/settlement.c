/*
 * Settlement: what becomes of grants that were handed out when the gate that held them is closed in
 * good order (returned, exactly) or lost (counted as spent).
 *
 * Words compare as numbers because the day of the window is their high part: a granted word above
 * the quota word is a window that was granted more than it is known to have used.
 */
#include "store/state.h"

/* counters that hold what they say rather than count */
static const char number[] = "gate_session", file_number[] = "gate_file",
                  settled[] = "gate_settled", lost_at[] = "gate_lost_at";

static fg_status_t counter_set(fg_store_t *store, const char *counter, int64_t value,
                               fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    fg_stmt_t *stmt =
        fg_db_prepare(store->db, "INSERT INTO counters (name, value) VALUES (?1, ?2)"
                                 " ON CONFLICT (name) DO UPDATE SET value = excluded.value");
    fg_db_bind_text(stmt, 1, fg_str(counter));
    fg_db_bind_i64(stmt, 2, value);
    return fg_db_run(stmt, NULL, reterr);
}

static fg_status_t counter_get(fg_store_t *store, const char *counter, int64_t *ret_value,
                               fg_error_t *reterr)
{
    bool has_row = false;
    fg_stmt_t *stmt = fg_db_prepare(store->db, "SELECT value FROM counters WHERE name = ?1");
    fg_db_bind_text(stmt, 1, fg_str(counter));
    fg_status_t status = fg_db_step(stmt, &has_row, reterr);
    if (status == FG_OK)
        *ret_value = has_row ? fg_db_column_i64(stmt, 0) : 0;
    fg_db_finish(stmt);
    return status;
}

fg_status_t fg_store_session_get(fg_store_t *store, fg_session_t *ret_session, fg_error_t *reterr)
{
    int64_t number_value, file_value = 0, settled_value = 0;
    fg_status_t status = counter_get(store, number, &number_value, reterr);
    if (status == FG_OK)
        status = counter_get(store, file_number, &file_value, reterr);
    if (status == FG_OK)
        status = counter_get(store, settled, &settled_value, reterr);
    if (status == FG_OK)
        *ret_session = (fg_session_t){.number = (uint64_t)number_value,
                                      .file_number = (uint64_t)file_value,
                                      .is_settled = settled_value != 0};
    return status;
}

fg_status_t fg_store_session_set(fg_store_t *store, const fg_session_t *session, fg_error_t *reterr)
{
    fg_status_t status = counter_set(store, number, (int64_t)session->number, reterr);
    if (status == FG_OK)
        status = counter_set(store, file_number, (int64_t)session->file_number, reterr);
    if (status == FG_OK)
        status = counter_set(store, settled, session->is_settled, reterr);
    return status;
}

/* Rule L6. */
fg_status_t fg_store_grant_return(fg_store_t *store, fg_str_t key_id, fg_str_t plan_id,
                                  fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    fg_stmt_t *stmt =
        fg_db_prepare(store->db, "UPDATE ledger SET granted_word = quota_word WHERE plan_id = ?1"
                                 " AND key_id = ?2 AND granted_word > quota_word");
    fg_db_bind_text(stmt, 1, plan_id);
    fg_db_bind_text(stmt, 2, key_id);
    return fg_db_run(stmt, NULL, reterr);
}

/* Rule L6. */
fg_status_t fg_store_grants_return(fg_store_t *store, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    return fg_db_run(fg_db_prepare(store->db, "UPDATE ledger SET granted_word = quota_word"
                                              " WHERE granted_word > quota_word"),
                     NULL, reterr);
}

/* Rule L5. */
fg_status_t fg_store_grants_forfeit(fg_store_t *store, fg_wall_t now, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    fg_status_t status =
        fg_db_run(fg_db_prepare(store->db, "UPDATE ledger SET quota_word = granted_word"
                                           " WHERE granted_word > quota_word"),
                  NULL, reterr);
    return status == FG_OK ? counter_set(store, lost_at, now.s, reterr) : status;
}

fg_status_t fg_store_lost_at(fg_store_t *store, fg_wall_t *ret_at, fg_error_t *reterr)
{
    return counter_get(store, lost_at, &ret_at->s, reterr);
}
