#include "base/chain.h"

#include "base/crypto.h"

#include <stdlib.h>

const char fg_chain_start[FG_CHAIN_HASH_BYTES + 1] =
    "0000000000000000000000000000000000000000000000000000000000000000";

_Static_assert((int)FG_CHAIN_HASH_BYTES == 2 * (int)FG_SHA256_BYTES, "two digits a byte");

static bool hash_of(const json_t *record, char ret_hash[FG_CHAIN_HASH_BYTES + 1])
{
    uint8_t hash[FG_SHA256_BYTES];
    json_t *bare = json_copy((json_t *)(uintptr_t)record);
    (void)json_object_del(bare, "hash");
    (void)json_object_del(bare, "signature");
    char *text = json_dumps(bare, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(bare);
    if (!text)
        return false;
    fg_sha256(text, strlen(text), hash);
    free(text);
    fg_hex(hash, sizeof(hash), ret_hash);
    return true;
}

bool fg_chain_link(json_t *record, fg_str_t previous_hash)
{
    char hash[FG_CHAIN_HASH_BYTES + 1];
    return json_object_set_new(record, "previousHash", fg_json_new_str(previous_hash)) == 0 &&
           hash_of(record, hash) && json_object_set_new(record, "hash", json_string(hash)) == 0;
}

bool fg_chain_holds(const json_t *record, fg_str_t previous_hash)
{
    char hash[FG_CHAIN_HASH_BYTES + 1];
    return json_is_object(record) &&
           fg_str_eq(fg_json_str(json_object_get(record, "previousHash")), previous_hash) &&
           hash_of(record, hash) && fg_str_is(fg_chain_hash(record), hash);
}

fg_str_t fg_chain_hash(const json_t *record)
{
    return fg_json_str(json_object_get(record, "hash"));
}
