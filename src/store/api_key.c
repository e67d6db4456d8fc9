/*
 * A value is never stored in the clear: `digest` finds it, `sealed` gives it back to includeValue.
 * The key's id is authenticated with the seal, so that a sealed value cannot be moved to another
 * row.
 */
#include "store/state.h"

#include <stdio.h>

#define COLUMNS                                                                                    \
    "k.id, k.digest, k.sealed, k.name, k.description, k.customer_id, k.stage_keys, k.tags, "       \
    "k.is_enabled,"                                                                                \
    " k.created_at, k.updated_at, k.extension, k.last_used_minute"

enum { SEALED_BYTES_MAX = FG_KEY_VALUE_BYTES_MAX + FG_SEAL_OVERHEAD_BYTES };

fg_status_t fg_value_open(fg_store_t *store, fg_str_t key_id, fg_str_t sealed, fg_arena_t *arena,
                          fg_str_t *ret_value, fg_error_t *reterr)
{
    if (!sealed.at)
        return FG_OK;
    if (sealed.len < FG_SEAL_OVERHEAD_BYTES)
        return fg_error_set(reterr, FG_CORRUPT, "", "the value of API key %.*s is damaged",
                            FG_STR_ARG(key_id));
    size_t count = sealed.len - FG_SEAL_OVERHEAD_BYTES;
    char *value = fg_arena_alloc(arena, count + 1);
    if (!value)
        return fg_out_of_memory(reterr);
    if (fg_unseal(store->secrets.seal, key_id, (const uint8_t *)sealed.at, sealed.len,
                  (uint8_t *)value) != FG_OK)
        return fg_error_set(reterr, FG_CORRUPT, "", "the value of API key %.*s is damaged",
                            FG_STR_ARG(key_id));
    *ret_value = fg_str_of(value, count);
    return FG_OK;
}

static fg_status_t read_key(fg_store_t *store, fg_row_t *row, bool with_value, fg_api_key_t *key,
                            fg_error_t *reterr)
{
    *key = (fg_api_key_t){
        .id = fg_row_text(row, 0),
        .digest = fg_row_digest(row, 1),
        .name = fg_row_text(row, 3),
        .description = fg_row_text(row, 4),
        .customer_id = fg_row_text(row, 5),
        .stage_keys = fg_row_text(row, 6),
        .tags = fg_row_text(row, 7),
        .is_enabled = fg_db_column_i64(row->stmt, 8) != 0,
        .created_at = {fg_db_column_i64(row->stmt, 9)},
        .updated_at = {fg_db_column_i64(row->stmt, 10)},
        .extension = fg_row_text(row, 11),
        .last_used_minute = (uint32_t)fg_db_column_i64(row->stmt, 12),
        .ordinal = fg_db_column_i64(row->stmt, 13),
    };
    if (row->is_short)
        return fg_out_of_memory(reterr);
    fg_str_t sealed = fg_db_column_blob(row->stmt, 2);
    return with_value ? fg_value_open(store, key->id, sealed, row->arena, &key->value, reterr)
                      : FG_OK;
}

/* Rule K3: a value belongs to one key, whether it is the newest or was replaced. */
static fg_status_t check_value_is_free(fg_store_t *store, const fg_digest_t *digest, fg_str_t id,
                                       fg_error_t *reterr)
{
    fg_stmt_t *stmt = fg_db_prepare(store->db, "SELECT id FROM api_keys WHERE digest = ?1 UNION ALL"
                                               " SELECT key_id FROM key_values WHERE digest = ?1");
    fg_row_bind_digest(stmt, 1, digest);
    bool has_row = false;
    fg_status_t status = fg_db_step(stmt, &has_row, reterr);
    if (status == FG_OK && has_row && !fg_str_eq(fg_db_column_text(stmt, 0), id))
        status = fg_error_set(reterr, FG_CONFLICT, "", "API Key already exists");
    fg_db_finish(stmt);
    return status;
}

static fg_status_t seal_value(fg_store_t *store, fg_str_t id, fg_str_t value,
                              uint8_t ret_sealed[SEALED_BYTES_MAX], fg_error_t *reterr)
{
    if (value.len > FG_KEY_VALUE_BYTES_MAX)
        return fg_error_set(reterr, FG_TOO_LARGE, "value", "a key value has at most %d bytes",
                            FG_KEY_VALUE_BYTES_MAX);
    fg_status_t status =
        fg_seal(store->secrets.seal, store->random, id, value.at, value.len, ret_sealed);
    return status == FG_OK ? FG_OK
                           : fg_error_set(reterr, status, "", "the key value could not be sealed");
}

static void bind_sealed(fg_store_t *store, fg_stmt_t *stmt, int index, const uint8_t *sealed,
                        size_t value_bytes)
{
    if (store->are_values_hashed)
        fg_db_bind_null(stmt, index); /* Rule K12 */
    else
        fg_db_bind_blob(stmt, index, sealed, value_bytes + FG_SEAL_OVERHEAD_BYTES);
}

static void bind_fields(fg_stmt_t *stmt, const fg_api_key_t *key)
{
    fg_db_bind_text(stmt, 1, key->id);
    fg_db_bind_text(stmt, 2, key->name);
    fg_db_bind_text(stmt, 3, key->description);
    fg_db_bind_text(stmt, 4, key->customer_id);
    fg_db_bind_text(stmt, 5, key->stage_keys);
    fg_db_bind_text(stmt, 6, key->tags);
    fg_db_bind_i64(stmt, 7, key->is_enabled);
    fg_db_bind_i64(stmt, 8, key->created_at.s);
    fg_db_bind_i64(stmt, 9, key->updated_at.s);
    fg_db_bind_text(stmt, 10, key->extension);
}

static fg_status_t insert_row(fg_store_t *store, const fg_api_key_t *key, const uint8_t *sealed,
                              fg_error_t *reterr)
{
    fg_stmt_t *stmt =
        fg_db_prepare(store->db, "INSERT INTO api_keys (id, name, description, customer_id, "
                                 "stage_keys, tags, is_enabled, created_at,"
                                 " updated_at, extension, ordinal, digest, sealed) VALUES (?1, ?2, "
                                 "?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)");
    bind_fields(stmt, key);
    fg_db_bind_i64(stmt, 11, key->ordinal);
    fg_row_bind_digest(stmt, 12, &key->digest);
    bind_sealed(store, stmt, 13, sealed, key->value.len);
    return fg_db_run(stmt, NULL, reterr);
}

fg_status_t fg_store_key_insert(fg_store_t *store, fg_api_key_t *key, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db) && key->value.at);
    uint8_t sealed[SEALED_BYTES_MAX];
    fg_api_key_t row = *key;
    row.digest = fg_digester_digest(&store->digester, key->value);
    fg_status_t status = check_value_is_free(store, &row.digest, FG_STR_NONE, reterr);
    if (status == FG_OK)
        status = seal_value(store, key->id, key->value, sealed, reterr);
    if (status == FG_OK)
        status = fg_customer_note(store, key->customer_id, reterr);
    if (status == FG_OK)
        status = fg_ordinal_take(store, &row.ordinal, reterr);
    if (status == FG_OK)
        status = insert_row(store, &row, sealed, reterr);
    if (status == FG_OK)
        status = fg_change_note(store, FG_CHANGE_KEY, key->id, FG_STR(""), reterr);
    if (status == FG_OK)
        *key = row;
    return status;
}

static fg_status_t read_digest(fg_store_t *store, fg_str_t id, fg_digest_t *ret_digest,
                               fg_error_t *reterr)
{
    fg_row_t row = {.stmt = fg_db_prepare(store->db, "SELECT digest FROM api_keys WHERE id = ?1")};
    fg_db_bind_text(row.stmt, 1, id);
    bool has_row = false;
    fg_status_t status = fg_db_step(row.stmt, &has_row, reterr);
    if (status == FG_OK && !has_row)
        status = FG_NOT_FOUND;
    if (status == FG_OK)
        *ret_digest = fg_row_digest(&row, 0);
    fg_db_finish(row.stmt);
    return status;
}

static fg_status_t update_fields(fg_store_t *store, const fg_api_key_t *key, fg_error_t *reterr)
{
    fg_stmt_t *stmt = fg_db_prepare(
        store->db,
        "UPDATE api_keys SET name = ?2, description = ?3, customer_id = ?4, stage_keys = ?5,"
        " tags = ?6, is_enabled = ?7, created_at = ?8, updated_at = ?9, extension = ?10"
        " WHERE id = ?1");
    bind_fields(stmt, key);
    return fg_db_run(stmt, NULL, reterr);
}

static fg_status_t run_for_digest(fg_store_t *store, const char *sql, const fg_digest_t *digest,
                                  fg_error_t *reterr)
{
    fg_stmt_t *stmt = fg_db_prepare(store->db, sql);
    fg_row_bind_digest(stmt, 1, digest);
    return fg_db_run(stmt, NULL, reterr);
}

/* Rule K6: the row stays, with its plans and usage; only the value is another. */
static fg_status_t update_value(fg_store_t *store, fg_str_t id, fg_str_t value,
                                const fg_digest_t *digest, fg_error_t *reterr)
{
    uint8_t sealed[SEALED_BYTES_MAX];
    fg_status_t status = check_value_is_free(store, digest, id, reterr);
    if (status == FG_OK)
        status = seal_value(store, id, value, sealed, reterr);
    if (status == FG_OK) /* of a replaced value that becomes the newest again */
        status = run_for_digest(store, "DELETE FROM key_values WHERE digest = ?1", digest, reterr);
    if (status != FG_OK)
        return status;
    fg_stmt_t *stmt = fg_db_prepare(
        store->db,
        "UPDATE api_keys SET digest = ?2, sealed = ?3, last_used_minute = 0 WHERE id = ?1");
    fg_db_bind_text(stmt, 1, id);
    fg_row_bind_digest(stmt, 2, digest);
    bind_sealed(store, stmt, 3, sealed, value.len);
    return fg_db_run(stmt, NULL, reterr);
}

fg_status_t fg_store_key_update(fg_store_t *store, fg_api_key_t *key, fg_str_t new_value,
                                fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    fg_change_t change = {.kind = FG_CHANGE_KEY, .id = key->id};
    fg_status_t status = read_digest(store, key->id, &change.digest, reterr);
    if (status != FG_OK)
        return status;
    fg_digest_t digest = change.digest;
    if (new_value.at) {
        change.has_digest = true;
        digest = fg_digester_digest(&store->digester, new_value);
        status = update_value(store, key->id, new_value, &digest, reterr);
    }
    if (status == FG_OK)
        status = fg_customer_note(store, key->customer_id, reterr);
    if (status == FG_OK)
        status = update_fields(store, key, reterr);
    if (status == FG_OK)
        status = fg_store_change_append(store, &change, reterr);
    if (status != FG_OK)
        return status;
    key->digest = digest;
    if (new_value.at)
        key->value = new_value;
    return FG_OK;
}

fg_status_t fg_store_key_get(fg_store_t *store, fg_str_t id, bool with_value, fg_arena_t *arena,
                             fg_api_key_t *ret_key, fg_error_t *reterr)
{
    fg_row_t row = {.arena = arena};
    row.stmt =
        fg_db_prepare(store->db, "SELECT " COLUMNS ", k.ordinal FROM api_keys k WHERE k.id = ?1");
    fg_db_bind_text(row.stmt, 1, id);
    bool has_row = false;
    fg_status_t status = fg_db_step(row.stmt, &has_row, reterr);
    if (status == FG_OK && !has_row)
        status = FG_NOT_FOUND;
    fg_api_key_t key;
    if (status == FG_OK)
        status = read_key(store, &row, with_value, &key, reterr);
    fg_db_finish(row.stmt);
    if (status == FG_OK)
        *ret_key = key;
    return status;
}

static fg_status_t delete_where(fg_store_t *store, const char *sql, fg_str_t id, fg_error_t *reterr)
{
    fg_stmt_t *stmt = fg_db_prepare(store->db, sql);
    fg_db_bind_text(stmt, 1, id);
    return fg_db_run(stmt, NULL, reterr);
}

fg_status_t fg_store_key_delete(fg_store_t *store, fg_str_t id, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    fg_change_t change = {.kind = FG_CHANGE_KEY, .id = id, .has_digest = true};
    fg_status_t status = read_digest(store, id, &change.digest, reterr);
    if (status == FG_OK)
        status = delete_where(store, "DELETE FROM plan_keys WHERE key_id = ?1", id, reterr);
    if (status == FG_OK)
        status = delete_where(store, "DELETE FROM key_values WHERE key_id = ?1", id, reterr);
    if (status == FG_OK)
        status = delete_where(store, "DELETE FROM api_keys WHERE id = ?1", id, reterr);
    if (status == FG_OK)
        status = fg_store_change_append(store, &change, reterr);
    return status;
}

fg_status_t fg_store_key_values_purge(fg_store_t *store, uint64_t *ret_count, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    uint64_t further = 0;
    fg_stmt_t *stmt =
        fg_db_prepare(store->db, "UPDATE api_keys SET sealed = NULL WHERE sealed IS NOT NULL");
    fg_status_t status = fg_db_run(stmt, ret_count, reterr);
    if (status != FG_OK)
        return status;
    stmt = fg_db_prepare(store->db, "UPDATE key_values SET sealed = NULL WHERE sealed IS NOT NULL");
    status = fg_db_run(stmt, &further, reterr);
    *ret_count += further;
    return status;
}

fg_status_t fg_store_key_count(fg_store_t *store, uint64_t *ret_count, fg_error_t *reterr)
{
    fg_stmt_t *stmt = fg_db_prepare(store->db, "SELECT COUNT(*) FROM api_keys");
    bool has_row = false;
    fg_status_t status = fg_db_step(stmt, &has_row, reterr);
    if (status == FG_OK)
        *ret_count = (uint64_t)fg_db_column_i64(stmt, 0);
    fg_db_finish(stmt);
    return status;
}

/* ---- lists ---- */

/* The least text above every text that starts with `prefix`; FG_STR_NONE when there is none. */
static fg_str_t prefix_end(fg_str_t prefix, fg_arena_t *arena)
{
    while (prefix.len > 0 && (uint8_t)prefix.at[prefix.len - 1] == UINT8_MAX)
        prefix.len--;
    char *end = prefix.len > 0 ? fg_arena_text(arena, prefix) : NULL;
    if (!end)
        return FG_STR_NONE;
    end[prefix.len - 1] = (char)((uint8_t)end[prefix.len - 1] + 1);
    return fg_str_of(end, prefix.len);
}

/* ?1, ?2: the name from and below; ?3: customer; ?4: plan; ?5: position; ?6: count. The inner query
 * walks one index and keeps only ordinals, so that a page of a broad prefix does not read every row
 * it matches. The + keeps SQLite from walking all keys by ordinal in search of a rare name. A prefix that
 * very many keys have is broad: there the walk by ordinal finds a page soonest. */
static void write_list_sql(const fg_key_query_t *query, bool is_broad, char *sql, size_t room)
{
    bool has_filter = query->name_prefix.len > 0 || query->customer_id.at;
    const char *name = query->name_prefix.len > 0 ? " AND k.name >= ?1 AND k.name < ?2" : "";
    const char *customer = query->customer_id.at ? " AND k.customer_id = ?3" : "";
    const char *compare = query->is_ascending ? ">" : "<";
    const char *order = query->is_ascending ? "" : " DESC";
    if (query->plan_id.at)
        (void)snprintf(
            sql, room,
            "SELECT " COLUMNS ", p.ordinal FROM plan_keys p JOIN api_keys k ON k.id = p.key_id"
            " WHERE p.plan_id = ?4 AND p.ordinal %s ?5%s%s ORDER BY p.ordinal%s LIMIT ?6",
            compare, name, customer, order);
    else if (has_filter && !is_broad)
        (void)snprintf(sql, room,
                       "SELECT " COLUMNS
                       ", k.ordinal FROM api_keys k WHERE k.ordinal IN (SELECT k.ordinal FROM"
                       " api_keys k WHERE k.ordinal %s ?5%s%s ORDER BY +k.ordinal%s LIMIT ?6) "
                       "ORDER BY k.ordinal%s",
                       compare, name, customer, order, order);
    else
        (void)snprintf(sql, room,
                       "SELECT " COLUMNS ", k.ordinal FROM api_keys k WHERE k.ordinal %s ?5%s"
                       " ORDER BY k.ordinal%s LIMIT ?6",
                       compare, is_broad ? " AND +k.name >= ?1 AND +k.name < ?2" : "", order);
}

static void bind_list(fg_stmt_t *stmt, const fg_key_query_t *query, fg_str_t name_end)
{
    if (query->name_prefix.len > 0) {
        fg_db_bind_text(stmt, 1, query->name_prefix);
        fg_db_bind_text(stmt, 2, name_end);
    }
    if (query->customer_id.at)
        fg_db_bind_text(stmt, 3, query->customer_id);
    if (query->plan_id.at)
        fg_db_bind_text(stmt, 4, query->plan_id);
    fg_db_bind_i64(stmt, 5, query->before == 0 && !query->is_ascending ? INT64_MAX : query->before);
    fg_db_bind_i64(stmt, 6, fg_limit_of(query->limit));
}

/* Do more keys have the name than sorting all of them for a page is worth? With 20,000 of a million, either
 * way reads about as many rows. */
static fg_status_t find_broad(fg_store_t *store, const fg_key_query_t *query, fg_str_t name_end,
                              bool *ret_is_broad, fg_error_t *reterr)
{
    enum { BROAD = 20000 };
    bool has_row = false;
    if (query->name_prefix.len == 0 || query->customer_id.at || query->plan_id.at)
        return FG_OK;
    fg_stmt_t *stmt = fg_db_prepare(store->db, "SELECT COUNT(*) FROM (SELECT 1 FROM api_keys"
                                               " WHERE name >= ?1 AND name < ?2 LIMIT ?3) found");
    fg_db_bind_text(stmt, 1, query->name_prefix);
    fg_db_bind_text(stmt, 2, name_end);
    fg_db_bind_i64(stmt, 3, BROAD);
    fg_status_t status = fg_db_step(stmt, &has_row, reterr);
    if (status == FG_OK)
        *ret_is_broad = has_row && fg_db_column_i64(stmt, 0) == BROAD;
    fg_db_finish(stmt);
    return status;
}

static fg_status_t read_keys(fg_store_t *store, fg_row_t *row, bool with_value, fg_rows_t *rows,
                             fg_error_t *reterr)
{
    for (;;) {
        bool has_row;
        fg_status_t status = fg_db_step(row->stmt, &has_row, reterr);
        if (status != FG_OK || !has_row)
            return status;
        fg_api_key_t *key = fg_rows_add(rows);
        if (!key)
            return fg_out_of_memory(reterr);
        status = read_key(store, row, with_value, key, reterr);
        if (status != FG_OK)
            return status;
    }
}

fg_status_t fg_store_key_list(fg_store_t *store, const fg_key_query_t *query, fg_arena_t *arena,
                              fg_api_key_t **ret_keys, size_t *ret_count, fg_error_t *reterr)
{
    char sql[640];
    fg_str_t name_end = FG_STR_NONE;
    if (query->name_prefix.len > 0) {
        name_end = prefix_end(query->name_prefix, arena);
        if (!name_end.at)
            return fg_out_of_memory(reterr);
    }
    bool is_broad = false;
    fg_status_t status = find_broad(store, query, name_end, &is_broad, reterr);
    if (status != FG_OK)
        return status;
    write_list_sql(query, is_broad, sql, sizeof(sql));
    fg_row_t row = {.stmt = fg_db_prepare(store->db, sql), .arena = arena};
    bind_list(row.stmt, query, name_end);
    fg_rows_t rows = {.arena = arena, .bytes = sizeof(fg_api_key_t)};
    status = read_keys(store, &row, query->with_value, &rows, reterr);
    fg_db_finish(row.stmt);
    if (status != FG_OK)
        return status;
    *ret_keys = rows.at;
    *ret_count = rows.count;
    return FG_OK;
}
