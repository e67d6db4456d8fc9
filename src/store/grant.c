/*
 * Every key with its pairs and what their slots begin with, in one pass: a gate is rebuilt by reading each table once in
 * order rather than by asking four questions a key.
 */
#include "store/state.h"

enum { FG_GRANT_ROOM = 16 };

_Static_assert((int)FG_GRANT_ROOM >= (int)FG_PLANS_PER_KEY_MAX, "a key's pairs fit");

static const char all_pairs[] =
    "SELECT k.id, k.digest, k.is_enabled, p.plan_id, l.quota_word, l.extension_word, t.used, y.used,"
    " l.granted_word, c.number,"
    " k.extension IS NOT NULL OR EXISTS (SELECT 1 FROM key_values v WHERE v.key_id = k.id),"
    " k.created_at"
    " FROM api_keys k LEFT JOIN plan_keys p ON p.key_id = k.id"
    " LEFT JOIN customers c ON c.customer_id = k.customer_id"
    " LEFT JOIN ledger l ON l.plan_id = p.plan_id AND l.key_id = p.key_id"
    " LEFT JOIN usage t ON t.plan_id = p.plan_id AND t.key_id = p.key_id AND t.day = ?1"
    " LEFT JOIN usage y ON y.plan_id = p.plan_id AND y.key_id = p.key_id AND y.day = ?1 - 1"
    " WHERE k.ordinal BETWEEN ?2 AND ?3 ORDER BY k.ordinal";

/* The key that the rows are about, until a row is about another. */
typedef struct gathering {
    char id[FG_ID_BYTES_MAX + 1];
    fg_key_grants_t key;
    fg_pair_grant_t pairs[FG_GRANT_ROOM];
} gathering_t;

static uint64_t word_at(fg_stmt_t *stmt, int index)
{
    return fg_db_column_is_null(stmt, index) ? 0 : (uint64_t)fg_db_column_i64(stmt, index);
}

static uint64_t day_word(fg_stmt_t *stmt, int index, uint32_t day)
{
    return fg_db_column_is_null(stmt, index) ? 0 : FG_QUOTA_WORD(day, word_at(stmt, index));
}

static void begin_key(gathering_t *gathering, fg_stmt_t *stmt, fg_str_t id)
{
    size_t bytes = id.len < sizeof(gathering->id) ? id.len : sizeof(gathering->id) - 1;
    memcpy(gathering->id, id.at, bytes);
    gathering->key = (fg_key_grants_t){
        .key_id = fg_str_of(gathering->id, bytes),
        .created_at = {fg_db_column_i64(stmt, 11)},
        .is_enabled = fg_db_column_i64(stmt, 2) != 0,
        .customer_number = word_at(stmt, 9),
        .is_extended = fg_db_column_i64(stmt, 10) != 0,
        .pairs = gathering->pairs,
    };
    fg_str_t digest = fg_db_column_blob(stmt, 1);
    if (digest.len == sizeof(gathering->key.digest))
        memcpy(&gathering->key.digest, digest.at, digest.len);
}

static void add_pair(gathering_t *gathering, fg_stmt_t *stmt, uint32_t today)
{
    if (fg_db_column_is_null(stmt, 3) || gathering->key.pair_count == FG_GRANT_ROOM)
        return;
    fg_pair_grant_t *pair = &gathering->pairs[gathering->key.pair_count++];
    *pair = (fg_pair_grant_t){
        .plan_id = fg_id_pack(fg_db_column_text(stmt, 3)),
        .quota_word = word_at(stmt, 4),
        .extension_word = word_at(stmt, 5),
        .granted_word = word_at(stmt, 8),
    };
    pair->day_words[today & 1] = day_word(stmt, 6, today);
    pair->day_words[(today - 1) & 1] = day_word(stmt, 7, today - 1);
}

/* Hand the key over when `id` is another. */
static fg_status_t pass_on(gathering_t *gathering, fg_str_t id, fg_key_grants_each_t *each,
                           void *ctx, fg_error_t *reterr)
{
    if (gathering->key.key_id.len == 0 || fg_str_eq(gathering->key.key_id, id))
        return FG_OK;
    return each(ctx, &gathering->key, reterr);
}

fg_status_t fg_store_grants_each(fg_store_t *store, uint32_t today, fg_key_grants_each_t *each,
                                 void *ctx, fg_error_t *reterr)
{
    return fg_store_grants_between(store, today, 0, INT64_MAX, each, ctx, reterr);
}

fg_status_t fg_store_grants_between(fg_store_t *store, uint32_t today, int64_t first, int64_t last,
                                    fg_key_grants_each_t *each, void *ctx, fg_error_t *reterr)
{
    gathering_t gathering = {0};
    bool has_row = true;
    fg_stmt_t *stmt = fg_db_prepare(store->db, all_pairs);
    fg_db_bind_i64(stmt, 1, today);
    fg_db_bind_i64(stmt, 2, first);
    fg_db_bind_i64(stmt, 3, last);
    fg_status_t status = fg_db_step(stmt, &has_row, reterr);
    while (status == FG_OK && has_row) {
        fg_str_t id = fg_db_column_text(stmt, 0);
        status = pass_on(&gathering, id, each, ctx, reterr);
        if (status != FG_OK)
            break;
        if (!fg_str_eq(gathering.key.key_id, id))
            begin_key(&gathering, stmt, id);
        add_pair(&gathering, stmt, today);
        status = fg_db_step(stmt, &has_row, reterr);
    }
    if (status == FG_OK)
        status = pass_on(&gathering, FG_STR_NONE, each, ctx, reterr);
    fg_db_finish(stmt);
    return status;
}
