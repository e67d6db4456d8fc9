/*
 * Many keys in one transaction. What a single insert does key by key is done once for all of them:
 * the counters move once, the log gets one entry, and the sealing runs on a second thread ahead of
 * the inserts. Two orders keep the indexes close to where they were last touched: rows go in by
 * digest, and ids grow from row to row, from a random one in random steps.
 */
#include "store/state.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    SEALED_ROOM = FG_KEY_VALUE_BYTES_MAX + FG_SEAL_OVERHEAD_BYTES,
    SEALS_PER_STRIDE = 256, /* handed over at a time */
    ID_DRAWS_MAX = 8,       /* before an id is called impossible */
};

/* Of one put, in the order of digests. */
typedef struct item {
    fg_digest_t digest;
    uint32_t index; /* into the puts */
    char id[FG_ID_LONG_BYTES + 1];
    uint8_t sealed[SEALED_ROOM];
} item_t;

typedef struct batch {
    fg_store_t *store;
    fg_key_put_t *puts;
    item_t *items;
    size_t count;
    int64_t ordinal, pair_ordinal; /* of the first put, of the next pair */
    bool has_further;              /* values that keys had before */
    atomic_size_t sealed_count;    /* items that are sealed; grows on the second thread */
    atomic_int seal_status;        /* fg_status_t */
} batch_t;

static int compare_items(const void *left, const void *right)
{
    const item_t *a = left, *b = right;
    int order = memcmp(&a->digest, &b->digest, sizeof(a->digest));
    return order ? order : (a->index > b->index) - (a->index < b->index);
}

/* ---- ids ---- */

/* In the order of bytes, so that the next number is the next in the index. */
static const char id_digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
enum { ID_BASE = sizeof(id_digits) - 1 };

static uint64_t id_number(const char *id)
{
    uint64_t number = 0;
    for (size_t i = 0; i < FG_ID_LONG_BYTES; i++)
        number = number * ID_BASE +
                 (uint64_t)(id[i] <= '9' ? id[i] - '0' : id[i] - 'a' + 10);
    return number;
}

static void id_write(uint64_t number, char ret_id[FG_ID_LONG_BYTES + 1])
{
    for (size_t i = FG_ID_LONG_BYTES; i-- > 0; number /= ID_BASE)
        ret_id[i] = id_digits[number % ID_BASE];
    ret_id[FG_ID_LONG_BYTES] = '\0';
}

static fg_status_t no_randomness(fg_error_t *reterr)
{
    return fg_error_set(reterr, FG_IO, "", "there are no random bytes for API keys");
}

/* Ids and nonces of all. The numbers wrap around at the largest id. */
static fg_status_t draw(batch_t *batch, fg_error_t *reterr)
{
    fg_random_t random = batch->store->random;
    char first[FG_ID_LONG_BYTES + 1];
    uint8_t steps[SEALS_PER_STRIDE];
    if (!fg_id_make(random, FG_ID_LONG_BYTES, first))
        return no_randomness(reterr);
    uint64_t number = id_number(first);
    for (size_t i = 0; i < batch->count; i++) {
        item_t *item = &batch->items[i];
        if (i % sizeof(steps) == 0 && !random.fill(random.ctx, steps, sizeof(steps)))
            return no_randomness(reterr);
        if (!random.fill(random.ctx, item->sealed, FG_NONCE_BYTES))
            return no_randomness(reterr);
        number += 1 + steps[i % sizeof(steps)];
        id_write(number, item->id);
    }
    return FG_OK;
}

/* ---- the second thread ---- */

static fg_status_t seal_item(batch_t *batch, fg_sealer_t *sealer, item_t *item)
{
    fg_str_t value = batch->puts[item->index].key.value;
    return fg_sealer_seal(sealer, fg_str_of(item->id, FG_ID_LONG_BYTES), value.at, value.len,
                          item->sealed);
}

/* Release: what is counted is written. */
static void *seal_all(void *ctx)
{
    batch_t *batch = ctx;
    fg_sealer_t *sealer = fg_sealer_new(batch->store->secrets.seal);
    fg_status_t status = sealer ? FG_OK : FG_NO_MEMORY;
    for (size_t i = 0; status == FG_OK && i < batch->count; i++) {
        status = seal_item(batch, sealer, &batch->items[i]);
        if ((i + 1) % SEALS_PER_STRIDE == 0)
            atomic_store_explicit(&batch->sealed_count, i + 1, memory_order_release);
    }
    fg_sealer_free(sealer);
    if (status != FG_OK)
        atomic_store_explicit(&batch->seal_status, (int)status, memory_order_release);
    atomic_store_explicit(&batch->sealed_count, batch->count, memory_order_release);
    return NULL;
}

/* Acquire: pairs with the release above; a stale count only waits once more. */
static fg_status_t wait_sealed(batch_t *batch, size_t index, fg_error_t *reterr)
{
    while (atomic_load_explicit(&batch->sealed_count, memory_order_acquire) <= index)
        sched_yield();
    fg_status_t status =
        (fg_status_t)atomic_load_explicit(&batch->seal_status, memory_order_acquire);
    return status == FG_OK
               ? FG_OK
               : fg_error_set(reterr, status, "", "the key values could not be sealed");
}

/* ---- rows ---- */

static const char insert_sql[] =
    "INSERT INTO api_keys (id, ordinal, digest, sealed, name, description, is_enabled, created_at,"
    " updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING";

static fg_status_t insert(batch_t *batch, const item_t *item, uint64_t *ret_changes,
                          fg_error_t *reterr)
{
    const fg_api_key_t *key = &batch->puts[item->index].key;
    fg_stmt_t *stmt = fg_db_prepare(batch->store->db, insert_sql);
    fg_db_bind_text(stmt, 1, fg_str_of(item->id, FG_ID_LONG_BYTES));
    fg_db_bind_i64(stmt, 2, batch->ordinal + item->index);
    fg_row_bind_digest(stmt, 3, &item->digest);
    if (batch->store->are_values_hashed)
        fg_db_bind_null(stmt, 4); /* Rule K12 */
    else
        fg_db_bind_blob(stmt, 4, item->sealed, key->value.len + FG_SEAL_OVERHEAD_BYTES);
    fg_db_bind_text(stmt, 5, key->name);
    fg_db_bind_text(stmt, 6, key->description);
    fg_db_bind_i64(stmt, 7, key->is_enabled);
    fg_db_bind_i64(stmt, 8, key->created_at.s);
    fg_db_bind_i64(stmt, 9, key->updated_at.s);
    return fg_db_run(stmt, ret_changes, reterr);
}

/* The key that the statement finds by the digest; FG_NOT_FOUND. */
static fg_status_t find(batch_t *batch, const char *sql, const fg_digest_t *digest,
                        fg_arena_t *arena, fg_str_t *ret_id, fg_error_t *reterr)
{
    fg_row_t row = {.stmt = fg_db_prepare(batch->store->db, sql), .arena = arena};
    bool has_row = false;
    fg_row_bind_digest(row.stmt, 1, digest);
    fg_status_t status = fg_db_step(row.stmt, &has_row, reterr);
    if (status == FG_OK && has_row)
        *ret_id = fg_row_text(&row, 0);
    fg_db_finish(row.stmt);
    if (row.is_short)
        return fg_out_of_memory(reterr);
    return status == FG_OK && !has_row ? FG_NOT_FOUND : status;
}

/* Nothing was inserted: a key has the value, or the id. Another id is then sealed with the value. */
static fg_status_t insert_again(batch_t *batch, item_t *item, fg_arena_t *arena,
                                fg_error_t *reterr)
{
    fg_key_put_t *put = &batch->puts[item->index];
    for (int i = 0; i < ID_DRAWS_MAX; i++) {
        uint64_t changes = 0;
        fg_status_t status = find(batch, "SELECT id FROM api_keys WHERE digest = ?1",
                                  &item->digest, arena, &put->key.id, reterr);
        if (status == FG_OK)
            put->outcome = FG_KEY_PUT_KNOWN;
        if (status != FG_NOT_FOUND)
            return status;
        if (!fg_id_make(batch->store->random, FG_ID_LONG_BYTES, item->id))
            return no_randomness(reterr);
        fg_str_t value = put->key.value;
        status = fg_seal(batch->store->secrets.seal, batch->store->random,
                         fg_str_of(item->id, FG_ID_LONG_BYTES), value.at, value.len, item->sealed);
        if (status == FG_OK)
            status = insert(batch, item, &changes, reterr);
        if (status != FG_OK || changes > 0)
            return status;
    }
    return fg_error_set(reterr, FG_INTERNAL, "", "no free id was found for an API key");
}

static fg_status_t join_plans(batch_t *batch, const fg_key_put_t *put, fg_error_t *reterr)
{
    for (size_t i = 0; i < put->plan_count; i++) {
        fg_stmt_t *stmt =
            fg_db_prepare(batch->store->db,
                          "INSERT INTO plan_keys (plan_id, key_id, ordinal) VALUES (?1, ?2, ?3)");
        fg_db_bind_text(stmt, 1, put->plan_ids[i]);
        fg_db_bind_text(stmt, 2, put->key.id);
        fg_db_bind_i64(stmt, 3, batch->pair_ordinal++);
        fg_status_t status = fg_db_run(stmt, NULL, reterr);
        if (status != FG_OK)
            return status;
    }
    return FG_OK;
}

/* Rule K3: a value that a key had before is that key's. */
static fg_status_t check_further(batch_t *batch, const item_t *item, fg_arena_t *arena,
                                 fg_error_t *reterr)
{
    fg_key_put_t *put = &batch->puts[item->index];
    fg_status_t status =
        batch->has_further ? find(batch, "SELECT key_id FROM key_values WHERE digest = ?1",
                                  &item->digest, arena, &put->key.id, reterr)
                           : FG_NOT_FOUND;
    if (status == FG_OK)
        put->outcome = FG_KEY_PUT_TAKEN;
    return status == FG_NOT_FOUND ? FG_OK : status;
}

static fg_status_t put_one(batch_t *batch, item_t *item, fg_arena_t *arena, fg_error_t *reterr)
{
    fg_key_put_t *put = &batch->puts[item->index];
    uint64_t changes = 0;
    put->outcome = FG_KEY_PUT_MADE;
    fg_status_t status = check_further(batch, item, arena, reterr);
    if (status != FG_OK || put->outcome == FG_KEY_PUT_TAKEN)
        return status;
    status = insert(batch, item, &changes, reterr);
    if (status == FG_OK && changes == 0)
        status = insert_again(batch, item, arena, reterr);
    if (status != FG_OK || put->outcome != FG_KEY_PUT_MADE)
        return status;
    put->key.digest = item->digest;
    put->key.ordinal = batch->ordinal + item->index;
    put->key.id = fg_str_of(item->id, FG_ID_LONG_BYTES);
    return join_plans(batch, put, reterr);
}

/* ---- the batch ---- */

static fg_status_t read_has_further(batch_t *batch, fg_error_t *reterr)
{
    fg_stmt_t *stmt = fg_db_prepare(batch->store->db, "SELECT 1 FROM key_values LIMIT 1");
    fg_status_t status = fg_db_step(stmt, &batch->has_further, reterr);
    fg_db_finish(stmt);
    return status;
}

static fg_status_t prepare(batch_t *batch, fg_arena_t *arena, fg_error_t *reterr)
{
    uint64_t pairs = 0;
    batch->items = fg_arena_alloc(arena, batch->count * sizeof(item_t));
    if (!batch->items)
        return fg_out_of_memory(reterr);
    for (size_t i = 0; i < batch->count; i++) {
        FG_ASSERT(batch->puts[i].key.value.len <= FG_KEY_VALUE_BYTES_MAX);
        pairs += batch->puts[i].plan_count;
        batch->items[i].index = (uint32_t)i;
        batch->items[i].digest =
            fg_digester_digest(&batch->store->digester, batch->puts[i].key.value);
    }
    qsort(batch->items, batch->count, sizeof(item_t), compare_items);
    fg_status_t status = draw(batch, reterr);
    if (status == FG_OK)
        status = read_has_further(batch, reterr);
    if (status == FG_OK)
        status = fg_counter_take(batch->store, FG_STR("ordinal"), batch->count + pairs,
                                 &batch->ordinal, reterr);
    batch->pair_ordinal = batch->ordinal + (int64_t)batch->count;
    return status;
}

static fg_status_t note(batch_t *batch, fg_error_t *reterr)
{
    char first[24], last[24];
    (void)snprintf(first, sizeof(first), "%lld", (long long)batch->ordinal);
    (void)snprintf(last, sizeof(last), "%lld",
                   (long long)(batch->ordinal + (int64_t)batch->count - 1));
    return fg_change_note(batch->store, FG_CHANGE_KEYS, fg_str(first), fg_str(last), reterr);
}

fg_status_t fg_store_keys_put(fg_store_t *store, fg_key_put_t *puts, size_t count,
                              fg_arena_t *arena, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    batch_t batch = {.store = store, .puts = puts, .count = count};
    pthread_t thread;
    if (count == 0)
        return FG_OK;
    fg_status_t status = prepare(&batch, arena, reterr);
    if (status != FG_OK)
        return status;
    bool has_thread = pthread_create(&thread, NULL, seal_all, &batch) == 0;
    if (!has_thread)
        seal_all(&batch);
    for (size_t i = 0; status == FG_OK && i < count; i++) {
        status = wait_sealed(&batch, i, reterr);
        if (status == FG_OK)
            status = put_one(&batch, &batch.items[i], arena, reterr);
    }
    if (has_thread)
        (void)pthread_join(thread, NULL);
    return status == FG_OK ? note(&batch, reterr) : status;
}
