#include "store/state.h"

fg_status_t fg_store_setting_get(fg_store_t *store, fg_str_t name, fg_arena_t *arena,
                                 fg_str_t *ret_text, fg_error_t *reterr)
{
    fg_row_t row = {.stmt = fg_db_prepare(store->db, "SELECT text FROM settings WHERE name = ?1"),
                    .arena = arena};
    fg_db_bind_text(row.stmt, 1, name);
    bool has_row = false;
    fg_status_t status = fg_db_step(row.stmt, &has_row, reterr);
    if (status == FG_OK && !has_row)
        status = FG_NOT_FOUND;
    fg_str_t text = status == FG_OK ? fg_row_text(&row, 0) : FG_STR_NONE;
    fg_db_finish(row.stmt);
    if (row.is_short)
        return fg_out_of_memory(reterr);
    if (status == FG_OK)
        *ret_text = text;
    return status;
}

fg_status_t fg_store_setting_set(fg_store_t *store, fg_str_t name, fg_str_t text,
                                 fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    fg_stmt_t *stmt =
        fg_db_prepare(store->db, "INSERT INTO settings (name, text) VALUES (?1, ?2)"
                                 " ON CONFLICT (name) DO UPDATE SET text = excluded.text");
    fg_db_bind_text(stmt, 1, name);
    fg_db_bind_text(stmt, 2, text);
    fg_status_t status = fg_db_run(stmt, NULL, reterr);
    if (status != FG_OK)
        return status;
    return fg_change_note(store, FG_CHANGE_SETTING, name, FG_STR(""), reterr);
}
