#include "store/state.h"

#include "model/extension.h"

#include <stdio.h>

#define COLUMNS                                                                                    \
    "id, name, description, product_code, tags, rate_limit, burst_limit, quota_limit, "            \
    "quota_offset, quota_period,"                                                                  \
    " extension, ordinal"

static void bind_fields(fg_stmt_t *stmt, const fg_usage_plan_t *plan)
{
    fg_db_bind_text(stmt, 1, plan->id);
    fg_db_bind_text(stmt, 2, plan->name);
    fg_db_bind_text(stmt, 3, plan->description);
    fg_db_bind_text(stmt, 4, plan->product_code);
    fg_db_bind_text(stmt, 5, plan->tags);
    if (plan->has_throttle) {
        fg_db_bind_double(stmt, 6, plan->rate_limit);
        fg_db_bind_i64(stmt, 7, plan->burst_limit);
    }
    if (plan->has_quota) {
        fg_db_bind_i64(stmt, 8, plan->quota_limit);
        fg_db_bind_i64(stmt, 9, plan->quota_offset);
        fg_db_bind_i64(stmt, 10, plan->quota_period);
    }
    fg_db_bind_text(stmt, 11, plan->extension);
}

static fg_status_t insert_stages(fg_store_t *store, const fg_usage_plan_t *plan, fg_error_t *reterr)
{
    fg_status_t status = FG_OK;
    for (size_t i = 0; status == FG_OK && i < plan->stage_count; i++) {
        fg_stmt_t *stmt = fg_db_prepare(
            store->db, "INSERT INTO plan_stages (plan_id, position, api_id, stage_name, throttle)"
                       " VALUES (?1, ?2, ?3, ?4, ?5)");
        fg_db_bind_text(stmt, 1, plan->id);
        fg_db_bind_i64(stmt, 2, (int64_t)i);
        fg_db_bind_text(stmt, 3, plan->stages[i].api_id);
        fg_db_bind_text(stmt, 4, plan->stages[i].stage_name);
        fg_db_bind_text(stmt, 5, plan->stages[i].throttle);
        status = fg_db_run(stmt, NULL, reterr);
    }
    return status;
}

static fg_status_t run_for_plan(fg_store_t *store, const char *sql, fg_str_t plan_id,
                                uint64_t *ret_changes, fg_error_t *reterr)
{
    fg_stmt_t *stmt = fg_db_prepare(store->db, sql);
    fg_db_bind_text(stmt, 1, plan_id);
    return fg_db_run(stmt, ret_changes, reterr);
}

static fg_status_t delete_stages(fg_store_t *store, fg_str_t plan_id, fg_error_t *reterr)
{
    return run_for_plan(store, "DELETE FROM plan_stages WHERE plan_id = ?1", plan_id, NULL, reterr);
}

fg_status_t fg_store_plan_insert(fg_store_t *store, fg_usage_plan_t *plan, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    int64_t ordinal;
    fg_status_t status = fg_ordinal_take(store, &ordinal, reterr);
    if (status != FG_OK)
        return status;
    fg_stmt_t *stmt = fg_db_prepare(store->db, "INSERT INTO usage_plans (" COLUMNS
                                               ") VALUES (?1, ?2, ?3, ?4, ?5, ?6,"
                                               " ?7, ?8, ?9, ?10, ?11, ?12)");
    bind_fields(stmt, plan);
    fg_db_bind_i64(stmt, 12, ordinal);
    status = fg_db_run(stmt, NULL, reterr);
    if (status == FG_OK)
        status = insert_stages(store, plan, reterr);
    if (status == FG_OK)
        status = fg_change_note(store, FG_CHANGE_PLAN, plan->id, FG_STR(""), reterr);
    if (status == FG_OK)
        plan->ordinal = ordinal;
    return status;
}

/* FG_CHANGE_KEY for every key of the plan, written by the database in one go: a plan may have
 * millions. */
static fg_status_t note_members(fg_store_t *store, fg_str_t plan_id, fg_error_t *reterr)
{
    uint64_t last, count;
    fg_status_t status = fg_store_change_last(store, &last, reterr);
    if (status != FG_OK)
        return status;
    fg_stmt_t *stmt =
        fg_db_prepare(store->db, "INSERT INTO change_log (seq, kind, id, parent)"
                                 " SELECT ?2 + ROW_NUMBER() OVER (ORDER BY ordinal), ?3, key_id, ''"
                                 " FROM plan_keys WHERE plan_id = ?1");
    fg_db_bind_text(stmt, 1, plan_id);
    fg_db_bind_i64(stmt, 2, (int64_t)last);
    fg_db_bind_i64(stmt, 3, FG_CHANGE_KEY);
    status = fg_db_run(stmt, &count, reterr);
    int64_t first;
    return status == FG_OK ? fg_counter_take(store, FG_STR("change"), count, &first, reterr)
                           : status;
}

/* What the extension says that each pair of the plan carries in the gate. */
static fg_status_t read_pair_settings(fg_str_t extension, fg_arena_t *arena, bool *ret_is_shared,
                                      fg_str_t *ret_shadow, fg_error_t *reterr)
{
    fg_plan_extension_t parsed;
    fg_status_t status = fg_plan_extension_parse(extension, arena, &parsed, reterr);
    if (status != FG_OK)
        return status;
    *ret_is_shared = parsed.is_quota_shared;
    *ret_shadow = parsed.shadow_plan_id;
    return FG_OK;
}

static fg_status_t compare_extensions(fg_str_t before, fg_str_t after, bool *ret_differ,
                                      fg_error_t *reterr)
{
    bool was_shared, is_shared;
    fg_str_t old_shadow, new_shadow;
    fg_arena_t *arena = fg_arena_new();
    if (!arena)
        return fg_out_of_memory(reterr);
    fg_status_t status = read_pair_settings(before, arena, &was_shared, &old_shadow, reterr);
    if (status == FG_OK)
        status = read_pair_settings(after, arena, &is_shared, &new_shadow, reterr);
    if (status == FG_OK)
        *ret_differ = was_shared != is_shared || !fg_str_eq(old_shadow, new_shadow);
    fg_arena_free(arena);
    return status;
}

/* Does the new row of the plan ask for other slots of its keys? FG_NOT_FOUND without an old one. */
static fg_status_t check_pairs_change(fg_store_t *store, const fg_usage_plan_t *plan,
                                      bool *ret_do_change, fg_error_t *reterr)
{
    fg_stmt_t *stmt = fg_db_prepare(store->db, "SELECT extension FROM usage_plans WHERE id = ?1");
    fg_db_bind_text(stmt, 1, plan->id);
    bool has_row = false;
    fg_status_t status = fg_db_step(stmt, &has_row, reterr);
    if (status == FG_OK && !has_row)
        status = FG_NOT_FOUND;
    fg_str_t before = FG_STR_NONE;
    if (status == FG_OK && !fg_db_column_is_null(stmt, 0))
        before = fg_db_column_text(stmt, 0);
    if (status == FG_OK && !fg_str_eq(before, plan->extension))
        status = compare_extensions(before, plan->extension, ret_do_change, reterr);
    fg_db_finish(stmt);
    return status;
}

fg_status_t fg_store_plan_update(fg_store_t *store, const fg_usage_plan_t *plan, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    bool is_for_keys = false;
    fg_status_t status = check_pairs_change(store, plan, &is_for_keys, reterr);
    if (status != FG_OK)
        return status;
    fg_stmt_t *stmt = fg_db_prepare(
        store->db,
        "UPDATE usage_plans SET name = ?2, description = ?3, product_code = ?4, tags = ?5, "
        "rate_limit = ?6,"
        " burst_limit = ?7, quota_limit = ?8, quota_offset = ?9, quota_period = ?10,"
        " extension = ?11 WHERE id = ?1");
    bind_fields(stmt, plan);
    status = fg_db_run(stmt, NULL, reterr);
    if (status == FG_OK)
        status = delete_stages(store, plan->id, reterr);
    if (status == FG_OK)
        status = insert_stages(store, plan, reterr);
    if (status == FG_OK)
        status = fg_change_note(store, FG_CHANGE_PLAN, plan->id, FG_STR(""), reterr);
    if (status == FG_OK && is_for_keys)
        status = note_members(store, plan->id, reterr);
    return status;
}

static fg_status_t check_exists(fg_store_t *store, fg_str_t id, fg_error_t *reterr)
{
    fg_stmt_t *stmt = fg_db_prepare(store->db, "SELECT 1 FROM usage_plans WHERE id = ?1");
    fg_db_bind_text(stmt, 1, id);
    bool has_row = false;
    fg_status_t status = fg_db_step(stmt, &has_row, reterr);
    fg_db_finish(stmt);
    return status == FG_OK && !has_row ? FG_NOT_FOUND : status;
}

/* An identifier has no character that LIKE or JSON would read as its own. */
fg_status_t fg_store_plan_shadowed_by(fg_store_t *store, fg_str_t id, fg_arena_t *arena,
                                      fg_str_t *ret_plan_id, fg_error_t *reterr)
{
    fg_row_t row = {.arena = arena};
    row.stmt = fg_db_prepare(store->db, "SELECT id FROM usage_plans WHERE extension LIKE"
                                        " '%\"shadowPlanId\":\"' || ?1 || '\"%' ORDER BY ordinal");
    fg_db_bind_text(row.stmt, 1, id);
    bool has_row = false;
    fg_status_t status = fg_db_step(row.stmt, &has_row, reterr);
    if (status == FG_OK && !has_row)
        status = FG_NOT_FOUND;
    if (status == FG_OK)
        *ret_plan_id = fg_row_text(&row, 0);
    fg_db_finish(row.stmt);
    return status == FG_OK && row.is_short ? fg_out_of_memory(reterr) : status;
}

fg_status_t fg_store_plan_delete(fg_store_t *store, fg_str_t id, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    fg_status_t status = check_exists(store, id, reterr);
    if (status == FG_OK)
        status = fg_change_note(store, FG_CHANGE_PLAN, id, FG_STR(""), reterr);
    if (status == FG_OK)
        status = note_members(store, id, reterr);
    if (status == FG_OK)
        status = run_for_plan(store, "DELETE FROM plan_keys WHERE plan_id = ?1", id, NULL, reterr);
    if (status == FG_OK)
        status = delete_stages(store, id, reterr);
    if (status == FG_OK)
        status = run_for_plan(store, "DELETE FROM usage_plans WHERE id = ?1", id, NULL, reterr);
    return status;
}

/* ---- reading ---- */

static fg_status_t read_stages(fg_store_t *store, fg_arena_t *arena, fg_usage_plan_t *plan,
                               fg_error_t *reterr)
{
    fg_row_t row = {.arena = arena};
    row.stmt = fg_db_prepare(
        store->db, "SELECT api_id, stage_name, throttle FROM plan_stages WHERE plan_id = ?1"
                   " ORDER BY position");
    fg_db_bind_text(row.stmt, 1, plan->id);
    fg_rows_t rows = {.arena = arena, .bytes = sizeof(fg_api_stage_t)};
    bool has_row = false;
    fg_status_t status = fg_db_step(row.stmt, &has_row, reterr);
    while (status == FG_OK && has_row) {
        fg_api_stage_t *stage = fg_rows_add(&rows);
        if (stage)
            *stage =
                (fg_api_stage_t){fg_row_text(&row, 0), fg_row_text(&row, 1), fg_row_text(&row, 2)};
        if (!stage || row.is_short)
            status = fg_out_of_memory(reterr);
        else
            status = fg_db_step(row.stmt, &has_row, reterr);
    }
    fg_db_finish(row.stmt);
    plan->stages = rows.at;
    plan->stage_count = rows.count;
    return status;
}

static fg_status_t read_plan(fg_store_t *store, fg_row_t *row, fg_usage_plan_t *plan,
                             fg_error_t *reterr)
{
    fg_stmt_t *stmt = row->stmt;
    *plan = (fg_usage_plan_t){
        .id = fg_row_text(row, 0),
        .name = fg_row_text(row, 1),
        .description = fg_row_text(row, 2),
        .product_code = fg_row_text(row, 3),
        .tags = fg_row_text(row, 4),
        .has_throttle = !fg_db_column_is_null(stmt, 5),
        .rate_limit = fg_db_column_double(stmt, 5),
        .burst_limit = fg_db_column_i64(stmt, 6),
        .has_quota = !fg_db_column_is_null(stmt, 7),
        .quota_limit = fg_db_column_i64(stmt, 7),
        .quota_offset = fg_db_column_i64(stmt, 8),
        .quota_period = (fg_period_t)fg_db_column_i64(stmt, 9),
        .extension = fg_row_text(row, 10),
        .ordinal = fg_db_column_i64(stmt, 11),
    };
    if (row->is_short)
        return fg_out_of_memory(reterr);
    return read_stages(store, row->arena, plan, reterr);
}

fg_status_t fg_store_plan_get(fg_store_t *store, fg_str_t id, fg_arena_t *arena,
                              fg_usage_plan_t *ret_plan, fg_error_t *reterr)
{
    fg_row_t row = {.arena = arena};
    row.stmt = fg_db_prepare(store->db, "SELECT " COLUMNS " FROM usage_plans WHERE id = ?1");
    fg_db_bind_text(row.stmt, 1, id);
    bool has_row = false;
    fg_status_t status = fg_db_step(row.stmt, &has_row, reterr);
    if (status == FG_OK && !has_row)
        status = FG_NOT_FOUND;
    fg_usage_plan_t plan;
    if (status == FG_OK)
        status = read_plan(store, &row, &plan, reterr);
    fg_db_finish(row.stmt);
    if (status == FG_OK)
        *ret_plan = plan;
    return status;
}

/* ?1: key; ?2, ?3: API and stage; ?4: position; ?5: count. */
static void write_list_sql(const fg_plan_query_t *query, char *sql, size_t room)
{
    const char *key =
        query->key_id.at ? " AND id IN (SELECT plan_id FROM plan_keys WHERE key_id = ?1)" : "";
    const char *stage = "";
    if (query->api_id.at)
        stage = query->stage_name.at
                    ? " AND id IN (SELECT plan_id FROM plan_stages WHERE api_id = ?2 AND "
                      "stage_name = ?3)"
                    : " AND id IN (SELECT plan_id FROM plan_stages WHERE api_id = ?2)";
    (void)snprintf(sql, room,
                   "SELECT " COLUMNS
                   " FROM usage_plans WHERE ordinal %s ?4%s%s ORDER BY ordinal%s LIMIT ?5",
                   query->is_ascending ? ">" : "<", key, stage, query->is_ascending ? "" : " DESC");
}

static void bind_list(fg_stmt_t *stmt, const fg_plan_query_t *query)
{
    if (query->key_id.at)
        fg_db_bind_text(stmt, 1, query->key_id);
    if (query->api_id.at)
        fg_db_bind_text(stmt, 2, query->api_id);
    if (query->api_id.at && query->stage_name.at)
        fg_db_bind_text(stmt, 3, query->stage_name);
    fg_db_bind_i64(stmt, 4, query->before == 0 && !query->is_ascending ? INT64_MAX : query->before);
    fg_db_bind_i64(stmt, 5, fg_limit_of(query->limit));
}

static fg_status_t read_plans(fg_store_t *store, fg_row_t *row, fg_rows_t *rows, fg_error_t *reterr)
{
    for (;;) {
        bool has_row;
        fg_status_t status = fg_db_step(row->stmt, &has_row, reterr);
        if (status != FG_OK || !has_row)
            return status;
        fg_usage_plan_t *plan = fg_rows_add(rows);
        if (!plan)
            return fg_out_of_memory(reterr);
        status = read_plan(store, row, plan, reterr);
        if (status != FG_OK)
            return status;
    }
}

fg_status_t fg_store_plan_list(fg_store_t *store, const fg_plan_query_t *query, fg_arena_t *arena,
                               fg_usage_plan_t **ret_plans, size_t *ret_count, fg_error_t *reterr)
{
    char sql[640];
    write_list_sql(query, sql, sizeof(sql));
    fg_row_t row = {.stmt = fg_db_prepare(store->db, sql), .arena = arena};
    bind_list(row.stmt, query);
    fg_rows_t rows = {.arena = arena, .bytes = sizeof(fg_usage_plan_t)};
    fg_status_t status = read_plans(store, &row, &rows, reterr);
    fg_db_finish(row.stmt);
    if (status != FG_OK)
        return status;
    *ret_plans = rows.at;
    *ret_count = rows.count;
    return FG_OK;
}

/* ---- stages that go ---- */

static fg_stmt_t *prepare_for_stage(fg_store_t *store, const char *of_api, const char *of_stage,
                                    fg_str_t api_id, fg_str_t stage_name)
{
    fg_stmt_t *stmt = fg_db_prepare(store->db, stage_name.at ? of_stage : of_api);
    fg_db_bind_text(stmt, 1, api_id);
    if (stage_name.at)
        fg_db_bind_text(stmt, 2, stage_name);
    return stmt;
}

fg_status_t fg_plans_detach_stage(fg_store_t *store, fg_str_t api_id, fg_str_t stage_name,
                                  fg_error_t *reterr)
{
    fg_stmt_t *plans = prepare_for_stage(
        store, "SELECT DISTINCT plan_id FROM plan_stages WHERE api_id = ?1",
        "SELECT DISTINCT plan_id FROM plan_stages WHERE api_id = ?1 AND stage_name = ?2", api_id,
        stage_name);
    bool has_row = false;
    fg_status_t status = fg_db_step(plans, &has_row, reterr);
    while (status == FG_OK && has_row) {
        status =
            fg_change_note(store, FG_CHANGE_PLAN, fg_db_column_text(plans, 0), FG_STR(""), reterr);
        if (status == FG_OK)
            status = fg_db_step(plans, &has_row, reterr);
    }
    fg_db_finish(plans);
    if (status != FG_OK)
        return status;
    return fg_db_run(
        prepare_for_stage(store, "DELETE FROM plan_stages WHERE api_id = ?1",
                          "DELETE FROM plan_stages WHERE api_id = ?1 AND stage_name = ?2", api_id,
                          stage_name),
        NULL, reterr);
}
