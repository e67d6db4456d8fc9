/*
 * Credentials of the control API. The secret is sealed with its access key id, so that it opens in no
 * other row.
 */
#include "store/state.h"

enum { ACCESS_KEY_BYTES = 20, SECRET_BYTES = 40 };

/* `count` characters of `alphabet`, evenly: bytes beyond the last whole round are thrown away. */
static bool make_text(fg_random_t random, const char *alphabet, size_t count, char *ret_text)
{
    size_t size = strlen(alphabet), done = 0;
    while (done < count) {
        uint8_t byte;
        if (!random.fill(random.ctx, &byte, 1))
            return false;
        if (byte < 256 / size * size)
            ret_text[done++] = alphabet[byte % size];
    }
    ret_text[count] = '\0';
    return true;
}

fg_status_t fg_store_credential_make(fg_store_t *store, fg_arena_t *arena,
                                     fg_credential_t *credential, fg_error_t *reterr)
{
    char id[ACCESS_KEY_BYTES + 1] = "AKIA", secret[SECRET_BYTES + 1];
    if (!make_text(store->random, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ACCESS_KEY_BYTES - 4,
                   id + 4) ||
        !make_text(store->random, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
                   SECRET_BYTES, secret))
        return fg_error_set(reterr, FG_INTERNAL, "", "no randomness");
    credential->access_key_id = fg_arena_copy(arena, fg_str(id));
    credential->secret_access_key = fg_arena_copy(arena, fg_str(secret));
    return credential->access_key_id.at && credential->secret_access_key.at
               ? FG_OK
               : fg_out_of_memory(reterr);
}

fg_status_t fg_store_credential_put(fg_store_t *store, const fg_credential_t *credential,
                                    fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db) && credential->role.at && credential->name.at);
    uint8_t sealed[FG_KEY_VALUE_BYTES_MAX + FG_SEAL_OVERHEAD_BYTES];
    fg_str_t secret = credential->secret_access_key;
    if (secret.len > FG_KEY_VALUE_BYTES_MAX)
        return fg_error_set(reterr, FG_TOO_LARGE, "secretAccessKey",
                            "a secret access key has at most %d bytes", FG_KEY_VALUE_BYTES_MAX);
    fg_status_t status = fg_seal(store->secrets.seal, store->random, credential->access_key_id,
                                 secret.at, secret.len, sealed);
    if (status != FG_OK)
        return fg_error_set(reterr, status, "", "the secret access key could not be sealed");
    fg_stmt_t *stmt = fg_db_prepare(
        store->db, "INSERT INTO credentials (access_key_id, sealed, role, name, created_at)"
                   " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (access_key_id) DO UPDATE SET"
                   " sealed = excluded.sealed, role = excluded.role, name = excluded.name");
    fg_db_bind_text(stmt, 1, credential->access_key_id);
    fg_db_bind_blob(stmt, 2, sealed, secret.len + FG_SEAL_OVERHEAD_BYTES);
    fg_db_bind_text(stmt, 3, credential->role);
    fg_db_bind_text(stmt, 4, credential->name);
    fg_db_bind_i64(stmt, 5, credential->created_at.s);
    return fg_db_run(stmt, NULL, reterr);
}

static fg_status_t unseal(fg_store_t *store, fg_str_t id, fg_str_t sealed, fg_arena_t *arena,
                          fg_str_t *ret_secret, fg_error_t *reterr)
{
    if (sealed.len < FG_SEAL_OVERHEAD_BYTES)
        return fg_error_set(reterr, FG_CORRUPT, "", "a stored credential is damaged");
    size_t count = sealed.len - FG_SEAL_OVERHEAD_BYTES;
    char *secret = fg_arena_alloc(arena, count + 1);
    if (!secret)
        return fg_out_of_memory(reterr);
    if (fg_unseal(store->secrets.seal, id, (const uint8_t *)sealed.at, sealed.len,
                  (uint8_t *)secret) != FG_OK)
        return fg_error_set(reterr, FG_CORRUPT, "", "a stored credential is damaged");
    *ret_secret = fg_str_of(secret, count);
    return FG_OK;
}

static fg_credential_t read_row(fg_row_t *row)
{
    return (fg_credential_t){
        .access_key_id = fg_row_text(row, 0),
        .role = fg_row_text(row, 1),
        .name = fg_row_text(row, 2),
        .created_at = {fg_db_column_i64(row->stmt, 3)},
    };
}

fg_status_t fg_store_credential_get(fg_store_t *store, fg_str_t access_key_id, fg_arena_t *arena,
                                    fg_credential_t *ret_credential, fg_error_t *reterr)
{
    fg_row_t row = {.stmt = fg_db_prepare(store->db,
                                          "SELECT access_key_id, role, name, created_at, sealed"
                                          " FROM credentials WHERE access_key_id = ?1"),
                    .arena = arena};
    fg_db_bind_text(row.stmt, 1, access_key_id);
    bool has_row = false;
    fg_status_t status = fg_db_step(row.stmt, &has_row, reterr);
    if (status == FG_OK && !has_row)
        status = FG_NOT_FOUND;
    if (status == FG_OK) {
        fg_credential_t credential = read_row(&row);
        status = row.is_short ? fg_out_of_memory(reterr)
                              : unseal(store, access_key_id, fg_db_column_blob(row.stmt, 4), arena,
                                       &credential.secret_access_key, reterr);
        if (status == FG_OK)
            *ret_credential = credential;
    }
    fg_db_finish(row.stmt);
    return status;
}

fg_status_t fg_store_credential_list(fg_store_t *store, fg_arena_t *arena,
                                     fg_credential_t **ret_credentials, size_t *ret_count,
                                     fg_error_t *reterr)
{
    fg_rows_t rows = {.arena = arena, .bytes = sizeof(fg_credential_t)};
    fg_row_t row = {.stmt = fg_db_prepare(store->db,
                                          "SELECT access_key_id, role, name, created_at"
                                          " FROM credentials ORDER BY created_at, access_key_id"),
                    .arena = arena};
    bool has_row = true;
    fg_status_t status = FG_OK;
    while (status == FG_OK && has_row) {
        status = fg_db_step(row.stmt, &has_row, reterr);
        if (status != FG_OK || !has_row)
            break;
        fg_credential_t *credential = fg_rows_add(&rows);
        if (credential)
            *credential = read_row(&row);
        if (!credential || row.is_short)
            status = fg_out_of_memory(reterr);
    }
    fg_db_finish(row.stmt);
    if (status != FG_OK)
        return status;
    *ret_credentials = rows.at;
    *ret_count = rows.count;
    return FG_OK;
}

/* Rule CR6. */
static fg_status_t check_not_last(fg_store_t *store, fg_str_t access_key_id, fg_error_t *reterr)
{
    fg_stmt_t *stmt = fg_db_prepare(
        store->db, "SELECT COUNT(*) FROM credentials WHERE role = '" FG_CREDENTIAL_ADMIN "'"
                   " AND access_key_id <> ?1");
    fg_db_bind_text(stmt, 1, access_key_id);
    bool has_row = false;
    fg_status_t status = fg_db_step(stmt, &has_row, reterr);
    bool has_other = status == FG_OK && has_row && fg_db_column_i64(stmt, 0) > 0;
    fg_db_finish(stmt);
    if (status == FG_OK && !has_other)
        return fg_error_set(reterr, FG_CONFLICT, "accessKeyId",
                            "The last credential with the role admin cannot be revoked");
    return status;
}

fg_status_t fg_store_credential_delete(fg_store_t *store, fg_str_t access_key_id,
                                       fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    uint64_t changes = 0;
    fg_status_t status = check_not_last(store, access_key_id, reterr);
    if (status != FG_OK)
        return status;
    fg_stmt_t *stmt =
        fg_db_prepare(store->db, "DELETE FROM client_tokens WHERE access_key_id = ?1");
    fg_db_bind_text(stmt, 1, access_key_id);
    status = fg_db_run(stmt, NULL, reterr);
    if (status != FG_OK)
        return status;
    stmt = fg_db_prepare(store->db, "DELETE FROM credentials WHERE access_key_id = ?1");
    fg_db_bind_text(stmt, 1, access_key_id);
    status = fg_db_run(stmt, &changes, reterr);
    return status == FG_OK && changes == 0 ? FG_NOT_FOUND : status;
}
