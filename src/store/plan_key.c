#include "store/state.h"

static fg_stmt_t *prepare_pair(fg_store_t *store, const char *sql, fg_str_t plan_id,
                               fg_str_t key_id)
{
    fg_stmt_t *stmt = fg_db_prepare(store->db, sql);
    fg_db_bind_text(stmt, 1, plan_id);
    fg_db_bind_text(stmt, 2, key_id);
    return stmt;
}

static fg_status_t has_row_of(fg_stmt_t *stmt, bool *ret_has, fg_error_t *reterr)
{
    fg_status_t status = fg_db_step(stmt, ret_has, reterr);
    fg_db_finish(stmt);
    return status;
}

fg_status_t fg_store_pair_has(fg_store_t *store, fg_str_t plan_id, fg_str_t key_id, bool *ret_has,
                              fg_error_t *reterr)
{
    return has_row_of(prepare_pair(store,
                                   "SELECT 1 FROM plan_keys WHERE plan_id = ?1 AND key_id = ?2",
                                   plan_id, key_id),
                      ret_has, reterr);
}

/* Both ends are looked for first: a refusal by the foreign key would cost the caller's transaction.
 */
static fg_status_t check_ends(fg_store_t *store, fg_str_t plan_id, fg_str_t key_id,
                              fg_error_t *reterr)
{
    bool has_both;
    fg_stmt_t *stmt =
        prepare_pair(store, "SELECT 1 FROM usage_plans p, api_keys k WHERE p.id = ?1 AND k.id = ?2",
                     plan_id, key_id);
    fg_status_t status = has_row_of(stmt, &has_both, reterr);
    return status == FG_OK && !has_both ? FG_NOT_FOUND : status;
}

fg_status_t fg_store_pair_insert(fg_store_t *store, fg_str_t plan_id, fg_str_t key_id,
                                 fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    bool has;
    fg_status_t status = fg_store_pair_has(store, plan_id, key_id, &has, reterr);
    if (status == FG_OK && has)
        return fg_error_set(reterr, FG_CONFLICT, "",
                            "Usage Plan %.*s already contains API Key %.*s", FG_STR_ARG(plan_id),
                            FG_STR_ARG(key_id));
    if (status == FG_OK)
        status = check_ends(store, plan_id, key_id, reterr);
    int64_t ordinal;
    if (status == FG_OK)
        status = fg_ordinal_take(store, &ordinal, reterr);
    if (status != FG_OK)
        return status;
    fg_stmt_t *stmt =
        prepare_pair(store, "INSERT INTO plan_keys (plan_id, key_id, ordinal) VALUES (?1, ?2, ?3)",
                     plan_id, key_id);
    fg_db_bind_i64(stmt, 3, ordinal);
    status = fg_db_run(stmt, NULL, reterr);
    return status == FG_OK ? fg_change_note(store, FG_CHANGE_KEY, key_id, FG_STR(""), reterr)
                           : status;
}

/* Of the plans that a key has left the one with the highest ordinal was left last. The counts that
 * go with it may be written later. */
static fg_status_t note_left(fg_store_t *store, fg_str_t plan_id, fg_str_t key_id,
                             fg_error_t *reterr)
{
    int64_t ordinal;
    fg_status_t status = fg_ordinal_take(store, &ordinal, reterr);
    if (status != FG_OK)
        return status;
    fg_stmt_t *stmt = prepare_pair(
        store,
        "INSERT INTO ledger (plan_id, key_id, quota_word, extension_word, left_ordinal)"
        " VALUES (?1, ?2, 0, 0, ?3) ON CONFLICT (plan_id, key_id)"
        " DO UPDATE SET left_ordinal = excluded.left_ordinal",
        plan_id, key_id);
    fg_db_bind_i64(stmt, 3, ordinal);
    return fg_db_run(stmt, NULL, reterr);
}

/* The plans that share a stage with ?1 lead, and are few. */
static const char left_last[] =
    "SELECT l.plan_id FROM plan_stages mine JOIN plan_stages theirs"
    " ON theirs.api_id = mine.api_id AND theirs.stage_name = mine.stage_name"
    " AND theirs.plan_id <> mine.plan_id"
    " JOIN ledger l ON l.plan_id = theirs.plan_id AND l.key_id = ?2"
    " WHERE mine.plan_id = ?1 AND l.left_ordinal > 0 AND NOT EXISTS"
    " (SELECT 1 FROM plan_keys k WHERE k.plan_id = l.plan_id AND k.key_id = ?2)"
    " ORDER BY l.left_ordinal DESC LIMIT 1";

fg_status_t fg_store_pair_left_last(fg_store_t *store, fg_str_t plan_id, fg_str_t key_id,
                                    fg_arena_t *arena, fg_str_t *ret_plan_id, fg_error_t *reterr)
{
    fg_row_t row = {.stmt = prepare_pair(store, left_last, plan_id, key_id), .arena = arena};
    bool has_row = false;
    fg_status_t status = fg_db_step(row.stmt, &has_row, reterr);
    if (status == FG_OK && !has_row)
        status = FG_NOT_FOUND;
    fg_str_t left = status == FG_OK ? fg_row_text(&row, 0) : FG_STR_NONE;
    fg_db_finish(row.stmt);
    if (row.is_short)
        return fg_out_of_memory(reterr);
    if (status == FG_OK)
        *ret_plan_id = left;
    return status;
}

fg_status_t fg_store_pair_delete(fg_store_t *store, fg_str_t plan_id, fg_str_t key_id,
                                 fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    uint64_t changes;
    fg_status_t status =
        fg_db_run(prepare_pair(store, "DELETE FROM plan_keys WHERE plan_id = ?1 AND key_id = ?2",
                               plan_id, key_id),
                  &changes, reterr);
    if (status == FG_OK && changes == 0)
        return FG_NOT_FOUND;
    if (status == FG_OK)
        status = note_left(store, plan_id, key_id, reterr);
    return status == FG_OK ? fg_change_note(store, FG_CHANGE_KEY, key_id, FG_STR(""), reterr)
                           : status;
}

/* Rule P5: a key is on one plan per stage. The few plans of the stage lead, so that a plan of a
 * million keys is not read when no other plan has the stage. */
static const char clash_of_key[] =
    "SELECT s.plan_id FROM plan_stages s JOIN plan_keys k ON k.plan_id = s.plan_id"
    " WHERE s.api_id = ?3 AND s.stage_name = ?4 AND s.plan_id <> ?1 AND k.key_id = ?2"
    " ORDER BY s.plan_id LIMIT 1";
static const char clash_of_members[] =
    "SELECT s.plan_id FROM plan_stages s WHERE s.api_id = ?3 AND s.stage_name = ?4 AND s.plan_id "
    "<> ?1"
    " AND EXISTS (SELECT 1 FROM plan_keys mine JOIN plan_keys theirs ON theirs.key_id = mine.key_id"
    " AND theirs.plan_id = s.plan_id WHERE mine.plan_id = ?1) ORDER BY s.plan_id LIMIT 1";

fg_status_t fg_store_pair_clash(fg_store_t *store, fg_str_t plan_id, fg_str_t key_id,
                                fg_str_t api_id, fg_str_t stage_name, fg_arena_t *arena,
                                fg_str_t *ret_other_plan_id, fg_error_t *reterr)
{
    fg_row_t row = {.stmt = fg_db_prepare(store->db, key_id.at ? clash_of_key : clash_of_members),
                    .arena = arena};
    fg_db_bind_text(row.stmt, 1, plan_id);
    if (key_id.at)
        fg_db_bind_text(row.stmt, 2, key_id);
    fg_db_bind_text(row.stmt, 3, api_id);
    fg_db_bind_text(row.stmt, 4, stage_name);
    bool has_row = false;
    fg_status_t status = fg_db_step(row.stmt, &has_row, reterr);
    if (status == FG_OK && !has_row)
        status = FG_NOT_FOUND;
    fg_str_t other = status == FG_OK ? fg_row_text(&row, 0) : FG_STR_NONE;
    fg_db_finish(row.stmt);
    if (row.is_short)
        return fg_out_of_memory(reterr);
    if (status == FG_OK)
        *ret_other_plan_id = other;
    return status;
}
