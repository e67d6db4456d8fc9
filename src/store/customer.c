/*
 * Customers have no noun of their own: one is there once a key names it. Its number is what the
 * gate and the ledger know it by, and is never given to another.
 */
#include "store/state.h"

#include "model/extension.h"

fg_status_t fg_store_customer_number(fg_store_t *store, fg_str_t customer_id, uint64_t *ret_number,
                                     fg_error_t *reterr)
{
    fg_stmt_t *stmt =
        fg_db_prepare(store->db, "SELECT number FROM customers WHERE customer_id = ?1");
    fg_db_bind_text(stmt, 1, customer_id);
    bool has_row = false;
    fg_status_t status = fg_db_step(stmt, &has_row, reterr);
    if (status == FG_OK && has_row)
        *ret_number = (uint64_t)fg_db_column_i64(stmt, 0);
    fg_db_finish(stmt);
    return status == FG_OK && !has_row ? FG_NOT_FOUND : status;
}

fg_status_t fg_store_customer_id(fg_store_t *store, uint64_t number, fg_arena_t *arena,
                                 fg_str_t *ret_customer_id, fg_error_t *reterr)
{
    fg_row_t row = {
        .stmt = fg_db_prepare(store->db, "SELECT customer_id FROM customers WHERE number = ?1"),
        .arena = arena};
    fg_db_bind_i64(row.stmt, 1, (int64_t)number);
    bool has_row = false;
    fg_status_t status = fg_db_step(row.stmt, &has_row, reterr);
    if (status == FG_OK && !has_row)
        status = FG_NOT_FOUND;
    fg_str_t customer_id = status == FG_OK ? fg_row_text(&row, 0) : FG_STR_NONE;
    fg_db_finish(row.stmt);
    if (row.is_short)
        return fg_out_of_memory(reterr);
    if (status == FG_OK)
        *ret_customer_id = customer_id;
    return status;
}

fg_status_t fg_customer_note(fg_store_t *store, fg_str_t customer_id, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    uint64_t known;
    int64_t number;
    if (fg_str_is_empty(customer_id))
        return FG_OK;
    fg_status_t status = fg_store_customer_number(store, customer_id, &known, reterr);
    if (status != FG_NOT_FOUND)
        return status;
    status = fg_counter_take(store, FG_STR("customer"), 1, &number, reterr);
    if (status != FG_OK)
        return status;
    fg_stmt_t *stmt =
        fg_db_prepare(store->db, "INSERT INTO customers (number, customer_id) VALUES (?1, ?2)");
    fg_db_bind_i64(stmt, 1, number);
    fg_db_bind_text(stmt, 2, customer_id);
    return fg_db_run(stmt, NULL, reterr);
}

fg_status_t fg_store_quota_owner(fg_store_t *store, const fg_usage_plan_t *plan,
                                 const fg_api_key_t *key, fg_arena_t *arena, fg_str_t *ret_owner,
                                 fg_error_t *reterr)
{
    fg_plan_extension_t extension;
    uint64_t number = 0;
    fg_status_t status = fg_plan_extension_parse(plan->extension, arena, &extension, reterr);
    if (status == FG_OK && extension.is_quota_shared && !fg_str_is_empty(key->customer_id))
        status = fg_store_customer_number(store, key->customer_id, &number, reterr);
    if (status != FG_OK)
        return status;
    *ret_owner =
        number == 0 ? key->id : fg_arena_printf(arena, "~%llu", (unsigned long long)number);
    return ret_owner->at ? FG_OK : fg_out_of_memory(reterr);
}
