#include "store/state.h"

fg_status_t fg_store_credential_put(fg_store_t *store, const fg_credential_t *credential,
                                    fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
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
        store->db, "INSERT INTO credentials (access_key_id, sealed) VALUES (?1, ?2)"
                   " ON CONFLICT (access_key_id) DO UPDATE SET sealed = excluded.sealed");
    fg_db_bind_text(stmt, 1, credential->access_key_id);
    fg_db_bind_blob(stmt, 2, sealed, secret.len + FG_SEAL_OVERHEAD_BYTES);
    return fg_db_run(stmt, NULL, reterr);
}

static fg_status_t unseal(fg_store_t *store, fg_str_t id, fg_str_t sealed, fg_arena_t *arena,
                          fg_credential_t *ret_credential, fg_error_t *reterr)
{
    if (sealed.len < FG_SEAL_OVERHEAD_BYTES)
        return fg_error_set(reterr, FG_CORRUPT, "", "a stored credential is damaged");
    size_t count = sealed.len - FG_SEAL_OVERHEAD_BYTES;
    char *secret = fg_arena_alloc(arena, count + 1);
    fg_str_t id_copy = fg_arena_copy(arena, id);
    if (!secret || !id_copy.at)
        return fg_out_of_memory(reterr);
    if (fg_unseal(store->secrets.seal, id, (const uint8_t *)sealed.at, sealed.len,
                  (uint8_t *)secret) != FG_OK)
        return fg_error_set(reterr, FG_CORRUPT, "", "a stored credential is damaged");
    *ret_credential =
        (fg_credential_t){.access_key_id = id_copy, .secret_access_key = fg_str_of(secret, count)};
    return FG_OK;
}

fg_status_t fg_store_credential_get(fg_store_t *store, fg_str_t access_key_id, fg_arena_t *arena,
                                    fg_credential_t *ret_credential, fg_error_t *reterr)
{
    fg_stmt_t *stmt =
        fg_db_prepare(store->db, "SELECT sealed FROM credentials WHERE access_key_id = ?1");
    fg_db_bind_text(stmt, 1, access_key_id);
    bool has_row = false;
    fg_status_t status = fg_db_step(stmt, &has_row, reterr);
    if (status == FG_OK && !has_row)
        status = FG_NOT_FOUND;
    if (status == FG_OK)
        status =
            unseal(store, access_key_id, fg_db_column_blob(stmt, 0), arena, ret_credential, reterr);
    fg_db_finish(stmt);
    return status;
}
