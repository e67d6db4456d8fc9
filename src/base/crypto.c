/*
 * The keyed digest of a key value is HMAC-SHA-256 cut to 16 bytes. HMAC hashes a block made from
 * the secret before the text, once inside and once outside; those two states are computed when the
 * secret is read, which leaves two rounds of SHA-256 per look-up of a value of up to 55 bytes.
 * OpenSSL's one-shot and EVP calls fetch, allocate and lock; the block functions do none of it, and
 * stay exported (deprecated) through OpenSSL 3.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/crypto.h"

#include <endian.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_BYTES = 64,
    LAST_BLOCK_BYTES_MAX = BLOCK_BYTES - 9,
    TAG_BYTES = 16,
    LENGTH_MAX = 1 << 30
};

_Static_assert(FG_NONCE_BYTES + TAG_BYTES == FG_SEAL_OVERHEAD_BYTES, "the overhead is nonce and tag");
_Static_assert(sizeof(fg_digester_t) == FG_DIGESTER_BYTES, "two states of eight words");

static void keyed_state(const uint8_t secret[FG_SECRET_BYTES], uint8_t pad, uint32_t ret_state[8])
{
    uint8_t block[BLOCK_BYTES];
    memset(block, pad, sizeof(block));
    for (size_t i = 0; i < FG_SECRET_BYTES; i++)
        block[i] ^= secret[i];
    SHA256_CTX sha;
    SHA256_Init(&sha);
    SHA256_Transform(&sha, block);
    memcpy(ret_state, sha.h, sizeof(sha.h));
    OPENSSL_cleanse(block, sizeof(block));
}

void fg_digester_init(fg_digester_t *digester, const uint8_t secret[FG_SECRET_BYTES])
{
    keyed_state(secret, 0x36, digester->inner);
    keyed_state(secret, 0x5c, digester->outer);
}

/* Go on from a state that has taken in one block. */
static void resume(SHA256_CTX *sha, const uint32_t state[8])
{
    memset(sha, 0, sizeof(*sha));
    memcpy(sha->h, state, sizeof(sha->h));
    sha->Nl = BLOCK_BYTES * 8;
    sha->md_len = FG_SHA256_BYTES;
}

static void store_be32(uint8_t *at, uint32_t word)
{
    word = htobe32(word);
    memcpy(at, &word, sizeof(word));
}

/* The last block of a hash that took in one block before: `count` bytes, the end mark, the length.
 */
static void finish(SHA256_CTX *sha, uint8_t block[BLOCK_BYTES], size_t count)
{
    block[count] = 0x80;
    memset(block + count + 1, 0, BLOCK_BYTES - count - 1);
    store_be32(block + BLOCK_BYTES - 4, (uint32_t)(BLOCK_BYTES + count) * 8);
    SHA256_Transform(sha, block);
}

/* SHA256_Final would wipe and buffer: half the time of a look-up. A text that fits one block needs
 * neither. */
static void hash_inner(SHA256_CTX *sha, fg_str_t value, uint8_t block[BLOCK_BYTES])
{
    if (value.len <= LAST_BLOCK_BYTES_MAX) {
        if (value.len > 0)
            memcpy(block, value.at, value.len);
        finish(sha, block, value.len);
        for (int i = 0; i < 8; i++)
            store_be32(block + 4 * i, sha->h[i]);
        return;
    }
    SHA256_Update(sha, value.at, value.len);
    SHA256_Final(block, sha);
}

fg_digest_t fg_digester_digest(const fg_digester_t *digester, fg_str_t value)
{
    uint8_t block[BLOCK_BYTES];
    SHA256_CTX sha;
    resume(&sha, digester->inner);
    hash_inner(&sha, value, block);
    resume(&sha, digester->outer);
    finish(&sha, block, FG_SHA256_BYTES);
    fg_digest_t digest;
    _Static_assert(sizeof(digest) == FG_DIGEST_BYTES, "a digest is what is kept of the HMAC");
    for (int i = 0; i < FG_DIGEST_BYTES / 4; i++)
        store_be32((uint8_t *)&digest + 4 * i, sha.h[i]);
    return digest;
}

void fg_sha256(const void *bytes, size_t count, uint8_t ret_hash[FG_SHA256_BYTES])
{
    SHA256(count ? bytes : "", count, ret_hash);
}

void fg_hmac_sha256(const void *key, size_t key_bytes, const void *bytes, size_t count,
                    uint8_t ret_mac[FG_SHA256_BYTES])
{
    FG_ASSERT(key_bytes < LENGTH_MAX);
    unsigned length = FG_SHA256_BYTES;
    const void *done =
        HMAC(EVP_sha256(), key, (int)key_bytes, count ? bytes : "", count, ret_mac, &length);
    FG_ASSERT(done && length == FG_SHA256_BYTES);
}

void fg_hex(const void *bytes, size_t count, char *ret_text)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *at = bytes;
    for (size_t i = 0; i < count; i++) {
        ret_text[2 * i] = digits[at[i] >> 4];
        ret_text[2 * i + 1] = digits[at[i] & 15];
    }
    ret_text[2 * count] = '\0';
}

void fg_base64(const void *bytes, size_t count, char *ret_text)
{
    FG_ASSERT(count <= LENGTH_MAX);
    (void)EVP_EncodeBlock((unsigned char *)ret_text, bytes, (int)count);
}

bool fg_equal_constant_time(const void *a, const void *b, size_t count)
{
    return CRYPTO_memcmp(a, b, count) == 0;
}

struct fg_sealer {
    EVP_CIPHER_CTX *cipher;
};

fg_sealer_t *fg_sealer_new(const uint8_t secret[FG_SECRET_BYTES])
{
    fg_sealer_t *sealer = calloc(1, sizeof(*sealer));
    if (!sealer)
        return NULL;
    sealer->cipher = EVP_CIPHER_CTX_new();
    if (sealer->cipher &&
        EVP_EncryptInit_ex(sealer->cipher, EVP_aes_256_gcm(), NULL, secret, NULL))
        return sealer;
    fg_sealer_free(sealer);
    return NULL;
}

void fg_sealer_free(fg_sealer_t *sealer)
{
    if (!sealer)
        return;
    EVP_CIPHER_CTX_free(sealer->cipher);
    free(sealer);
}

fg_status_t fg_sealer_seal(fg_sealer_t *sealer, fg_str_t context, const void *bytes, size_t count,
                           uint8_t *ret_sealed)
{
    uint8_t *nonce = ret_sealed, *text = nonce + FG_NONCE_BYTES, *tag = text + count;
    EVP_CIPHER_CTX *cipher = sealer->cipher;
    int length;
    if (count > LENGTH_MAX || context.len > LENGTH_MAX)
        return FG_TOO_LARGE;
    bool is_done =
        EVP_EncryptInit_ex(cipher, NULL, NULL, NULL, nonce) &&
        EVP_EncryptUpdate(cipher, NULL, &length, (const uint8_t *)context.at, (int)context.len) &&
        EVP_EncryptUpdate(cipher, text, &length, bytes, (int)count) &&
        EVP_EncryptFinal_ex(cipher, text + length, &length) &&
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, tag);
    return is_done ? FG_OK : FG_INTERNAL;
}

fg_status_t fg_seal(const uint8_t secret[FG_SECRET_BYTES], fg_random_t random, fg_str_t context,
                    const void *bytes, size_t count, uint8_t *ret_sealed)
{
    if (count > LENGTH_MAX || context.len > LENGTH_MAX)
        return FG_TOO_LARGE;
    if (!random.fill(random.ctx, ret_sealed, FG_NONCE_BYTES))
        return FG_IO;
    fg_sealer_t *sealer = fg_sealer_new(secret);
    fg_status_t status =
        sealer ? fg_sealer_seal(sealer, context, bytes, count, ret_sealed) : FG_NO_MEMORY;
    fg_sealer_free(sealer);
    return status;
}

fg_status_t fg_unseal(const uint8_t secret[FG_SECRET_BYTES], fg_str_t context,
                      const uint8_t *sealed, size_t count, uint8_t *ret_bytes)
{
    if (count < FG_SEAL_OVERHEAD_BYTES || count > LENGTH_MAX || context.len > LENGTH_MAX)
        return FG_CORRUPT;
    size_t text_bytes = count - FG_SEAL_OVERHEAD_BYTES;
    uint8_t tag[TAG_BYTES];
    memcpy(tag, sealed + FG_NONCE_BYTES + text_bytes, TAG_BYTES);
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    if (!cipher)
        return FG_NO_MEMORY;
    int length;
    bool is_done =
        EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, secret, sealed) &&
        EVP_DecryptUpdate(cipher, NULL, &length, (const uint8_t *)context.at, (int)context.len) &&
        EVP_DecryptUpdate(cipher, ret_bytes, &length, sealed + FG_NONCE_BYTES, (int)text_bytes) &&
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, tag) &&
        EVP_DecryptFinal_ex(cipher, ret_bytes + length, &length);
    EVP_CIPHER_CTX_free(cipher);
    return is_done ? FG_OK : FG_CORRUPT;
}

/* ---- Ed25519 ---- */

bool fg_ed25519_public(const uint8_t secret[FG_SECRET_BYTES], uint8_t ret_key[FG_PUBLIC_KEY_BYTES])
{
    size_t length = FG_PUBLIC_KEY_BYTES;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, FG_SECRET_BYTES);
    bool is_done = key && EVP_PKEY_get_raw_public_key(key, ret_key, &length);
    EVP_PKEY_free(key);
    return is_done;
}

bool fg_ed25519_sign(const uint8_t secret[FG_SECRET_BYTES], fg_str_t text,
                     uint8_t ret_signature[FG_SIGNATURE_BYTES])
{
    size_t length = FG_SIGNATURE_BYTES;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, FG_SECRET_BYTES);
    EVP_MD_CTX *signer = EVP_MD_CTX_new();
    bool is_done =
        key && signer && EVP_DigestSignInit(signer, NULL, NULL, NULL, key) &&
        EVP_DigestSign(signer, ret_signature, &length, (const uint8_t *)text.at, text.len);
    EVP_MD_CTX_free(signer);
    EVP_PKEY_free(key);
    return is_done;
}

bool fg_ed25519_verify(const uint8_t key_bytes[FG_PUBLIC_KEY_BYTES], fg_str_t text,
                       const uint8_t signature[FG_SIGNATURE_BYTES])
{
    EVP_PKEY *key =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key_bytes, FG_PUBLIC_KEY_BYTES);
    EVP_MD_CTX *verifier = EVP_MD_CTX_new();
    bool is_good = key && verifier && EVP_DigestVerifyInit(verifier, NULL, NULL, NULL, key) &&
                   EVP_DigestVerify(verifier, signature, FG_SIGNATURE_BYTES,
                                    (const uint8_t *)text.at, text.len) == 1;
    EVP_MD_CTX_free(verifier);
    EVP_PKEY_free(key);
    return is_good;
}

bool fg_base64_decode(fg_str_t text, void *ret_bytes, size_t count)
{
    enum { TEXT_BYTES_MAX = 256 };
    uint8_t bytes[TEXT_BYTES_MAX];
    size_t padding = (3 - count % 3) % 3;
    if (text.len != (count + 2) / 3 * 4 || text.len > TEXT_BYTES_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if ((text.at[i] == '=') != (i >= text.len - padding))
            return false;
    if (EVP_DecodeBlock(bytes, (const unsigned char *)text.at, (int)text.len) < 0)
        return false;
    memcpy(ret_bytes, bytes, count);
    return true;
}
