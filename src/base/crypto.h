/*
 * crypto - the one door to libcrypto for the core: digests, the keyed digest of API key values, sealing.
 *
 * Rule       design "The store": values are looked up by HMAC-SHA-256 under a secret of the installation, whose inner
 *            and outer states are computed once, and stored sealed with AES-256-GCM.
 */
#ifndef FG_BASE_CRYPTO_H
#define FG_BASE_CRYPTO_H

#include "base/id.h"
#include "base/status.h"

enum {
    FG_SHA256_BYTES = 32,
    FG_SECRET_BYTES = 32,
    FG_DIGEST_BYTES = 16,        /* what the gate and the store keep of the HMAC */
    FG_NONCE_BYTES = 12,
    FG_SEAL_OVERHEAD_BYTES = 28, /* the nonce, 16 of tag */
    FG_DIGESTER_BYTES = 2 * 32,  /* two SHA-256 states */
};

/* The first FG_DIGEST_BYTES of HMAC-SHA-256(secret, value): the name of a key value. */
typedef struct fg_digest {
    uint64_t word[2];
} fg_digest_t;

/* HMAC's inner and outer states after their first block. Plain words, may lie in shared memory. */
typedef struct fg_digester {
    uint32_t inner[8];
    uint32_t outer[8];
} fg_digester_t;

void fg_digester_init(fg_digester_t *digester, const uint8_t secret[FG_SECRET_BYTES]);
/* No allocation, no system call; any length. */
fg_digest_t fg_digester_digest(const fg_digester_t *digester, fg_str_t value);
/* Constant time. */
static inline bool fg_digest_eq(fg_digest_t a, fg_digest_t b)
{
    return ((a.word[0] ^ b.word[0]) | (a.word[1] ^ b.word[1])) == 0;
}

void fg_sha256(const void *bytes, size_t count, uint8_t ret_hash[FG_SHA256_BYTES]);
void fg_hmac_sha256(const void *key, size_t key_bytes, const void *bytes, size_t count,
                    uint8_t ret_mac[FG_SHA256_BYTES]);
/* Lower-case hexadecimal with a NUL: 2 * count + 1 bytes of room. */
void fg_hex(const void *bytes, size_t count, char *ret_text);
/* Base64 with padding and a NUL: FG_BASE64_BYTES(count) + 1 bytes of room. */
#define FG_BASE64_BYTES(count) (((count) + 2) / 3 * 4)
void fg_base64(const void *bytes, size_t count, char *ret_text);
bool fg_equal_constant_time(const void *a, const void *b, size_t count);

/* ret_sealed has room for count + FG_SEAL_OVERHEAD_BYTES. `context` is authenticated with it (the key's id). */
FG_MUST_USE fg_status_t fg_seal(const uint8_t secret[FG_SECRET_BYTES], fg_random_t random,
                                fg_str_t context, const void *bytes, size_t count,
                                uint8_t *ret_sealed);
/* The same for many texts: the secret is prepared once. One thread at a time. */
typedef struct fg_sealer fg_sealer_t;
fg_sealer_t *fg_sealer_new(const uint8_t secret[FG_SECRET_BYTES]); /* NULL without memory */
void fg_sealer_free(fg_sealer_t *sealer);                          /* NULL is fine */
/* The first FG_NONCE_BYTES of ret_sealed are given: random bytes, never the same twice. */
FG_MUST_USE fg_status_t fg_sealer_seal(fg_sealer_t *sealer, fg_str_t context, const void *bytes,
                                       size_t count, uint8_t *ret_sealed);
/* FG_CORRUPT when the tag does not match. ret_bytes has room for count - FG_SEAL_OVERHEAD_BYTES. */
FG_MUST_USE fg_status_t fg_unseal(const uint8_t secret[FG_SECRET_BYTES], fg_str_t context,
                                  const uint8_t *sealed, size_t count, uint8_t *ret_bytes);
/* ---- signatures: Ed25519 (RFC 8032); a secret of 32 bytes is the private key ---- */
enum {
    FG_PUBLIC_KEY_BYTES = 32,
    FG_SIGNATURE_BYTES = 64,
    FG_BASE64_SIGNATURE_BYTES = 88 /* as fg_base64 writes them, without the NUL */
};
/* False on lack of memory. */
FG_MUST_USE bool fg_ed25519_public(const uint8_t secret[FG_SECRET_BYTES],
                                   uint8_t ret_key[FG_PUBLIC_KEY_BYTES]);
FG_MUST_USE bool fg_ed25519_sign(const uint8_t secret[FG_SECRET_BYTES], fg_str_t text,
                                 uint8_t ret_signature[FG_SIGNATURE_BYTES]);
FG_MUST_USE bool fg_ed25519_verify(const uint8_t key[FG_PUBLIC_KEY_BYTES], fg_str_t text,
                                   const uint8_t signature[FG_SIGNATURE_BYTES]);
/* The bytes of padded base64 that decodes to exactly `count`; false for anything else. */
FG_MUST_USE bool fg_base64_decode(fg_str_t text, void *ret_bytes, size_t count);

#endif
