#include "store/state.h"

#include <stdio.h>

enum { CONTEXT_BYTES = 300 }; /* a domain name has up to 253 */

/* A seal is good for one document alone. */
static fg_str_t context_of(fg_document_kind_t kind, fg_str_t id, char ret_text[CONTEXT_BYTES])
{
    int length =
        snprintf(ret_text, CONTEXT_BYTES, "private-key/%d/%.*s", (int)kind, FG_STR_ARG(id));
    FG_ASSERT(length > 0 && length < CONTEXT_BYTES);
    return fg_str_of(ret_text, (size_t)length);
}

static fg_stmt_t *prepare_for(fg_store_t *store, const char *sql, fg_document_kind_t kind,
                              fg_str_t id)
{
    fg_stmt_t *stmt = fg_db_prepare(store->db, sql);
    fg_db_bind_i64(stmt, 1, kind);
    fg_db_bind_text(stmt, 2, id);
    return stmt;
}

fg_status_t fg_store_private_key_put(fg_store_t *store, fg_document_kind_t kind, fg_str_t id,
                                     fg_str_t pem, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    uint8_t sealed[FG_PRIVATE_KEY_BYTES_MAX + FG_SEAL_OVERHEAD_BYTES];
    char context[CONTEXT_BYTES];
    if (pem.len > FG_PRIVATE_KEY_BYTES_MAX)
        return fg_error_set(reterr, FG_TOO_LARGE, "certificatePrivateKey",
                            "a private key has at most %d bytes", FG_PRIVATE_KEY_BYTES_MAX);
    if (fg_seal(store->secrets.seal, store->random, context_of(kind, id, context), pem.at, pem.len,
                sealed) != FG_OK)
        return fg_error_set(reterr, FG_INTERNAL, "", "the private key could not be sealed");
    fg_stmt_t *stmt = prepare_for(store,
                                  "INSERT INTO private_keys (kind, id, sealed) VALUES (?1, ?2, ?3)"
                                  " ON CONFLICT (kind, id) DO UPDATE SET sealed = excluded.sealed",
                                  kind, id);
    fg_db_bind_blob(stmt, 3, sealed, pem.len + FG_SEAL_OVERHEAD_BYTES);
    return fg_db_run(stmt, NULL, reterr);
}

static fg_status_t unseal(fg_store_t *store, fg_document_kind_t kind, fg_str_t id, fg_str_t sealed,
                          fg_arena_t *arena, fg_str_t *ret_pem, fg_error_t *reterr)
{
    char context[CONTEXT_BYTES];
    size_t count = sealed.len > FG_SEAL_OVERHEAD_BYTES ? sealed.len - FG_SEAL_OVERHEAD_BYTES : 0;
    char *pem = fg_arena_alloc(arena, count + 1);
    if (!pem)
        return fg_out_of_memory(reterr);
    if (count == 0 || fg_unseal(store->secrets.seal, context_of(kind, id, context),
                                (const uint8_t *)sealed.at, sealed.len, (uint8_t *)pem) != FG_OK)
        return fg_error_set(reterr, FG_CORRUPT, "", "the private key of %.*s is damaged",
                            FG_STR_ARG(id));
    pem[count] = '\0';
    *ret_pem = fg_str_of(pem, count);
    return FG_OK;
}

fg_status_t fg_store_private_key_get(fg_store_t *store, fg_document_kind_t kind, fg_str_t id,
                                     fg_arena_t *arena, fg_str_t *ret_pem, fg_error_t *reterr)
{
    fg_stmt_t *stmt =
        prepare_for(store, "SELECT sealed FROM private_keys WHERE kind = ?1 AND id = ?2", kind, id);
    bool has_row = false;
    fg_status_t status = fg_db_step(stmt, &has_row, reterr);
    if (status == FG_OK && !has_row)
        status = FG_NOT_FOUND;
    if (status == FG_OK)
        status = unseal(store, kind, id, fg_db_column_blob(stmt, 0), arena, ret_pem, reterr);
    fg_db_finish(stmt);
    return status;
}

fg_status_t fg_store_private_key_delete(fg_store_t *store, fg_document_kind_t kind, fg_str_t id,
                                        fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    return fg_db_run(
        prepare_for(store, "DELETE FROM private_keys WHERE kind = ?1 AND id = ?2", kind, id), NULL,
        reterr);
}
