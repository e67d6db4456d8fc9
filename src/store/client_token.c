#include "store/state.h"

#include <stdio.h>

enum { CONTEXT_BYTES = 256 };

/* A seal is good for one token of one credential alone. */
static fg_str_t context_of(fg_str_t access_key_id, fg_str_t token, char ret_text[CONTEXT_BYTES])
{
    int length = snprintf(ret_text, CONTEXT_BYTES, "client-token/%.*s/%.*s",
                          FG_STR_ARG(access_key_id), FG_STR_ARG(token));
    FG_ASSERT(length > 0 && length < CONTEXT_BYTES);
    return fg_str_of(ret_text, (size_t)length);
}

static fg_status_t unseal(fg_store_t *store, fg_str_t context, fg_str_t sealed, fg_arena_t *arena,
                          fg_str_t *ret_answer, fg_error_t *reterr)
{
    size_t count = sealed.len > FG_SEAL_OVERHEAD_BYTES ? sealed.len - FG_SEAL_OVERHEAD_BYTES : 0;
    char *answer = fg_arena_alloc(arena, count + 1);
    if (!answer)
        return fg_out_of_memory(reterr);
    if (fg_unseal(store->secrets.seal, context, (const uint8_t *)sealed.at, sealed.len,
                  (uint8_t *)answer) != FG_OK)
        return fg_error_set(reterr, FG_CORRUPT, "", "the answer under a client token is damaged");
    *ret_answer = fg_str_of(answer, count);
    return FG_OK;
}

fg_status_t fg_store_client_token_get(fg_store_t *store, fg_str_t access_key_id, fg_str_t token,
                                      fg_wall_t now, fg_arena_t *arena,
                                      fg_client_token_t *ret_token, fg_error_t *reterr)
{
    char context[CONTEXT_BYTES];
    fg_client_token_t found = {0};
    bool has_row = false;
    fg_stmt_t *stmt =
        fg_db_prepare(store->db, "SELECT request, sealed, is_value_withheld FROM client_tokens"
                                 " WHERE access_key_id = ?1 AND token = ?2 AND expires_at > ?3");
    fg_db_bind_text(stmt, 1, access_key_id);
    fg_db_bind_text(stmt, 2, token);
    fg_db_bind_i64(stmt, 3, now.s);
    fg_status_t status = fg_db_step(stmt, &has_row, reterr);
    if (status == FG_OK && !has_row)
        status = FG_NOT_FOUND;
    if (status == FG_OK) {
        fg_str_t request = fg_db_column_blob(stmt, 0);
        if (request.len == sizeof(found.request))
            memcpy(found.request, request.at, request.len);
        found.is_value_withheld = fg_db_column_i64(stmt, 2) != 0;
        status = unseal(store, context_of(access_key_id, token, context),
                        fg_db_column_blob(stmt, 1), arena, &found.answer, reterr);
    }
    fg_db_finish(stmt);
    if (status == FG_OK)
        *ret_token = found;
    return status;
}

fg_status_t fg_store_client_token_trim(fg_store_t *store, fg_wall_t now, int64_t max,
                                       fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    fg_stmt_t *stmt = fg_db_prepare(
        store->db, "DELETE FROM client_tokens WHERE (access_key_id, token) IN"
                   " (SELECT access_key_id, token FROM client_tokens WHERE expires_at <= ?1"
                   " ORDER BY expires_at LIMIT ?2)");
    fg_db_bind_i64(stmt, 1, now.s);
    fg_db_bind_i64(stmt, 2, max);
    return fg_db_run(stmt, NULL, reterr);
}

fg_status_t fg_store_client_token_put(fg_store_t *store, fg_str_t access_key_id, fg_str_t token,
                                      const fg_client_token_t *value, fg_wall_t now,
                                      fg_arena_t *arena, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    char context[CONTEXT_BYTES];
    fg_str_t answer = value->answer;
    uint8_t *sealed = fg_arena_alloc(arena, answer.len + FG_SEAL_OVERHEAD_BYTES);
    if (!sealed)
        return fg_out_of_memory(reterr);
    if (fg_seal(store->secrets.seal, store->random, context_of(access_key_id, token, context),
                answer.at, answer.len, sealed) != FG_OK)
        return fg_error_set(reterr, FG_INTERNAL, "", "an answer could not be sealed");
    fg_stmt_t *stmt = fg_db_prepare(
        store->db, "INSERT INTO client_tokens (access_key_id, token, request, sealed,"
                   " is_value_withheld, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
                   " ON CONFLICT (access_key_id, token) DO UPDATE SET request = excluded.request,"
                   " sealed = excluded.sealed, is_value_withheld = excluded.is_value_withheld,"
                   " expires_at = excluded.expires_at");
    fg_db_bind_text(stmt, 1, access_key_id);
    fg_db_bind_text(stmt, 2, token);
    fg_db_bind_blob(stmt, 3, value->request, sizeof(value->request));
    fg_db_bind_blob(stmt, 4, sealed, answer.len + FG_SEAL_OVERHEAD_BYTES);
    fg_db_bind_i64(stmt, 5, value->is_value_withheld);
    fg_db_bind_i64(stmt, 6, now.s + FG_CLIENT_TOKEN_S);
    return fg_db_run(stmt, NULL, reterr);
}
