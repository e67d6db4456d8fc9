/*
 * The secret that signs events, sealed into the settings as hexadecimal text.
 */
#include "store/outbox.h"

#include "store/state.h"

#define NAME "webhook_secret"
enum { SEALED_BYTES = FG_SECRET_BYTES + FG_SEAL_OVERHEAD_BYTES };

static bool digit_of(char character, uint8_t *ret_digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = character ? strchr(digits, character) : NULL;
    if (at)
        *ret_digit = (uint8_t)(at - digits);
    return at != NULL;
}

static bool unhex(fg_str_t text, uint8_t ret_bytes[SEALED_BYTES])
{
    if (text.len != 2 * SEALED_BYTES)
        return false;
    for (size_t i = 0; i < SEALED_BYTES; i++) {
        uint8_t high, low;
        if (!digit_of(text.at[2 * i], &high) || !digit_of(text.at[2 * i + 1], &low))
            return false;
        ret_bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

fg_status_t fg_store_webhook_secret_get(fg_store_t *store, fg_arena_t *arena,
                                        uint8_t ret_secret[FG_SECRET_BYTES], fg_error_t *reterr)
{
    fg_str_t text;
    uint8_t sealed[SEALED_BYTES];
    fg_status_t status = fg_store_setting_get(store, FG_STR(NAME), arena, &text, reterr);
    if (status != FG_OK)
        return status;
    if (!unhex(text, sealed) ||
        fg_unseal(store->secrets.seal, FG_STR(NAME), sealed, sizeof(sealed), ret_secret) != FG_OK)
        return fg_error_set(reterr, FG_CORRUPT, "", "the stored webhook secret is damaged");
    return FG_OK;
}

fg_status_t fg_store_webhook_secret_make(fg_store_t *store, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(store->db));
    uint8_t secret[FG_SECRET_BYTES], sealed[SEALED_BYTES];
    char text[2 * SEALED_BYTES + 1];
    if (!store->random.fill(store->random.ctx, secret, sizeof(secret)) ||
        fg_seal(store->secrets.seal, store->random, FG_STR(NAME), secret, sizeof(secret), sealed) !=
            FG_OK)
        return fg_error_set(reterr, FG_INTERNAL, "", "no randomness for the webhook secret");
    fg_hex(sealed, sizeof(sealed), text);
    return fg_store_setting_set(store, FG_STR(NAME), fg_str(text), reterr);
}
