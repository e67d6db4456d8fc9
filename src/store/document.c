#include "store/state.h"

static fg_status_t note(fg_store_t *store, fg_document_kind_t kind, fg_str_t api_id, fg_str_t id,
                        fg_error_t *reterr)
{
    if (kind == FG_DOCUMENT_STAGE)
        return fg_change_note(store, FG_CHANGE_STAGE, id, api_id, reterr);
    if (kind > FG_DOCUMENT_REQUEST_VALIDATOR)
        return fg_change_note(store, FG_CHANGE_DOCUMENT, id, api_id, reterr);
    return fg_change_note(store, FG_CHANGE_API, kind == FG_DOCUMENT_REST_API ? id : api_id,
                          FG_STR(""), reterr);
}

static fg_str_t or_empty(fg_str_t text)
{
    return text.at ? text : FG_STR("");
}

static fg_stmt_t *prepare_for(fg_store_t *store, const char *sql, fg_document_kind_t kind,
                              fg_str_t api_id, fg_str_t id)
{
    fg_stmt_t *stmt = fg_db_prepare(store->db, sql);
    fg_db_bind_i64(stmt, 1, kind);
    fg_db_bind_text(stmt, 2, or_empty(api_id));
    fg_db_bind_text(stmt, 3, id);
    return stmt;
}

/* Replacing leaves the ordinal, so a replaced document keeps its place in lists; the number taken
 * for it is lost. */
fg_status_t fg_store_document_put(fg_store_t *store, const fg_document_t *document,
                                  fg_error_t *reterr)
{
    int64_t ordinal;
    fg_status_t status = fg_ordinal_take(store, &ordinal, reterr);
    if (status != FG_OK)
        return status;
    fg_stmt_t *stmt =
        prepare_for(store,
                    "INSERT INTO documents (kind, api_id, id, parent_id, ordinal, json) VALUES "
                    "(?1, ?2, ?3, ?4, ?5, ?6)"
                    " ON CONFLICT (kind, api_id, id)"
                    " DO UPDATE SET parent_id = excluded.parent_id, json = excluded.json",
                    document->kind, document->api_id, document->id);
    fg_db_bind_text(stmt, 4, or_empty(document->parent_id));
    fg_db_bind_i64(stmt, 5, ordinal);
    fg_db_bind_text(stmt, 6, document->json);
    status = fg_db_run(stmt, NULL, reterr);
    return status == FG_OK ? note(store, document->kind, document->api_id, document->id, reterr)
                           : status;
}

static void read_document(fg_row_t *row, fg_document_kind_t kind, fg_document_t *document)
{
    *document = (fg_document_t){
        .kind = kind,
        .api_id = fg_row_text(row, 0),
        .id = fg_row_text(row, 1),
        .parent_id = fg_row_text(row, 2),
        .json = fg_row_text(row, 3),
        .ordinal = fg_db_column_i64(row->stmt, 4),
    };
}

fg_status_t fg_store_document_get(fg_store_t *store, fg_document_kind_t kind, fg_str_t api_id,
                                  fg_str_t id, fg_arena_t *arena, fg_document_t *ret_document,
                                  fg_error_t *reterr)
{
    fg_row_t row = {.arena = arena};
    row.stmt = prepare_for(store,
                           "SELECT api_id, id, parent_id, json, ordinal FROM documents"
                           " WHERE kind = ?1 AND api_id = ?2 AND id = ?3",
                           kind, api_id, id);
    bool has_row = false;
    fg_status_t status = fg_db_step(row.stmt, &has_row, reterr);
    if (status == FG_OK && !has_row)
        status = FG_NOT_FOUND;
    fg_document_t document;
    if (status == FG_OK)
        read_document(&row, kind, &document);
    fg_db_finish(row.stmt);
    if (row.is_short)
        return fg_out_of_memory(reterr);
    if (status == FG_OK)
        *ret_document = document;
    return status;
}

fg_status_t fg_store_document_delete(fg_store_t *store, fg_document_kind_t kind, fg_str_t api_id,
                                     fg_str_t id, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    uint64_t changes;
    fg_stmt_t *stmt =
        prepare_for(store, "DELETE FROM documents WHERE kind = ?1 AND api_id = ?2 AND id = ?3",
                    kind, api_id, id);
    fg_status_t status = fg_db_run(stmt, &changes, reterr);
    if (status == FG_OK && changes == 0)
        return FG_NOT_FOUND;
    if (status == FG_OK && kind == FG_DOCUMENT_STAGE)
        status = fg_plans_detach_stage(store, api_id, id, reterr);
    if (status == FG_OK && kind >= FG_DOCUMENT_DOMAIN_NAME)
        status = fg_store_private_key_delete(store, kind, id, reterr);
    return status == FG_OK ? note(store, kind, api_id, id, reterr) : status;
}

/* ---- a whole API ---- */

static fg_status_t note_stages(fg_store_t *store, fg_str_t api_id, fg_error_t *reterr)
{
    fg_stmt_t *stmt =
        fg_db_prepare(store->db, "SELECT id FROM documents WHERE kind = ?1 AND api_id = ?2"
                                 " ORDER BY ordinal");
    fg_db_bind_i64(stmt, 1, FG_DOCUMENT_STAGE);
    fg_db_bind_text(stmt, 2, api_id);
    bool has_row = false;
    fg_status_t status = fg_db_step(stmt, &has_row, reterr);
    while (status == FG_OK && has_row) {
        status = fg_change_note(store, FG_CHANGE_STAGE, fg_db_column_text(stmt, 0), api_id, reterr);
        if (status == FG_OK)
            status = fg_db_step(stmt, &has_row, reterr);
    }
    fg_db_finish(stmt);
    return status;
}

static fg_status_t delete_parts(fg_store_t *store, fg_str_t api_id, fg_error_t *reterr)
{
    fg_status_t status = FG_OK;
    for (int kind = FG_DOCUMENT_RESOURCE; status == FG_OK && kind <= FG_DOCUMENTATION_VERSION;
         kind++) {
        fg_stmt_t *stmt =
            fg_db_prepare(store->db, "DELETE FROM documents WHERE kind = ?1 AND api_id = ?2");
        fg_db_bind_i64(stmt, 1, kind);
        fg_db_bind_text(stmt, 2, api_id);
        status = fg_db_run(stmt, NULL, reterr);
    }
    return status;
}

fg_status_t fg_store_api_delete(fg_store_t *store, fg_str_t api_id, fg_error_t *reterr)
{
    fg_status_t status =
        fg_store_document_delete(store, FG_DOCUMENT_REST_API, FG_STR(""), api_id, reterr);
    if (status == FG_OK)
        status = fg_plans_detach_stage(store, api_id, FG_STR_NONE, reterr);
    if (status == FG_OK)
        status = note_stages(store, api_id, reterr);
    return status == FG_OK ? delete_parts(store, api_id, reterr) : status;
}

/* ---- lists ---- */

static fg_status_t read_documents(fg_row_t *row, fg_document_kind_t kind, fg_rows_t *rows,
                                  fg_error_t *reterr)
{
    for (;;) {
        bool has_row;
        fg_status_t status = fg_db_step(row->stmt, &has_row, reterr);
        if (status != FG_OK || !has_row)
            return status;
        fg_document_t *document = fg_rows_add(rows);
        if (document)
            read_document(row, kind, document);
        if (!document || row->is_short)
            return fg_out_of_memory(reterr);
    }
}

/* Run `stmt` to its end and hand its documents out. */
static fg_status_t list(fg_stmt_t *stmt, fg_document_kind_t kind, fg_arena_t *arena,
                        fg_document_t **ret_documents, size_t *ret_count, fg_error_t *reterr)
{
    fg_row_t row = {.arena = arena, .stmt = stmt};
    fg_rows_t rows = {.arena = arena, .bytes = sizeof(fg_document_t)};
    fg_status_t status = read_documents(&row, kind, &rows, reterr);
    fg_db_finish(stmt);
    if (status != FG_OK)
        return status;
    *ret_documents = rows.at;
    *ret_count = rows.count;
    return FG_OK;
}

fg_status_t fg_store_document_list(fg_store_t *store, const fg_document_query_t *query,
                                   fg_arena_t *arena, fg_document_t **ret_documents,
                                   size_t *ret_count, fg_error_t *reterr)
{
    fg_stmt_t *stmt = fg_db_prepare(
        store->db, query->parent_id.at
                       ? "SELECT api_id, id, parent_id, json, ordinal FROM documents "
                         "WHERE kind = ?1 AND api_id = ?2"
                         " AND parent_id = ?3 AND ordinal > ?4 ORDER BY ordinal LIMIT ?5"
                       : "SELECT api_id, id, parent_id, json, ordinal FROM documents "
                         "WHERE kind = ?1 AND api_id = ?2"
                         " AND ordinal > ?4 ORDER BY ordinal LIMIT ?5");
    fg_db_bind_i64(stmt, 1, query->kind);
    fg_db_bind_text(stmt, 2, or_empty(query->api_id));
    if (query->parent_id.at)
        fg_db_bind_text(stmt, 3, query->parent_id);
    fg_db_bind_i64(stmt, 4, query->after);
    fg_db_bind_i64(stmt, 5, fg_limit_of(query->limit));
    return list(stmt, query->kind, arena, ret_documents, ret_count, reterr);
}

fg_status_t fg_store_document_mentions(fg_store_t *store, fg_document_kind_t kind, const char *name,
                                       fg_str_t id, fg_arena_t *arena,
                                       fg_document_t **ret_documents, size_t *ret_count,
                                       fg_error_t *reterr)
{
    fg_str_t pattern = fg_arena_printf(arena, "%%\"%s\":\"%.*s\"%%", name, FG_STR_ARG(id));
    if (!pattern.at)
        return fg_out_of_memory(reterr);
    fg_stmt_t *stmt =
        fg_db_prepare(store->db, "SELECT api_id, id, parent_id, json, ordinal FROM documents"
                                 " WHERE kind = ?1 AND json LIKE ?2 ORDER BY ordinal");
    fg_db_bind_i64(stmt, 1, kind);
    fg_db_bind_text(stmt, 2, pattern);
    return list(stmt, kind, arena, ret_documents, ret_count, reterr);
}

fg_status_t fg_store_document_count(fg_store_t *store, fg_document_kind_t kind, fg_str_t api_id,
                                    uint64_t *ret_count, fg_error_t *reterr)
{
    fg_stmt_t *stmt =
        fg_db_prepare(store->db, "SELECT COUNT(*) FROM documents WHERE kind = ?1 AND api_id = ?2");
    fg_db_bind_i64(stmt, 1, kind);
    fg_db_bind_text(stmt, 2, or_empty(api_id));
    bool has_row = false;
    fg_status_t status = fg_db_step(stmt, &has_row, reterr);
    if (status == FG_OK)
        *ret_count = (uint64_t)fg_db_column_i64(stmt, 0);
    fg_db_finish(stmt);
    return status;
}
