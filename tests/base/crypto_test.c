#include "words.h"

#include "base/crypto.h"

#include <string.h>

static const uint8_t secret[FG_SECRET_BYTES] = "a secret of the installation...";

/* The precomputed states give what HMAC gives, at every length around the block's edges. */
static void the_digester_is_hmac(void **state)
{
    (void)state;
    fg_digester_t digester;
    fg_digester_init(&digester, secret);
    char text[300];
    memset(text, 'k', sizeof(text));
    for (size_t length = 0; length <= sizeof(text); length++) {
        uint8_t mac[FG_SHA256_BYTES];
        fg_hmac_sha256(secret, sizeof(secret), text, length, mac);
        fg_digest_t digest = fg_digester_digest(&digester, fg_str_of(text, length));
        assert_memory_equal(&digest, mac, FG_DIGEST_BYTES);
    }
}

/* RFC 4231, test case 2. */
static void hmac_is_the_standards(void **state)
{
    (void)state;
    uint8_t mac[FG_SHA256_BYTES];
    char text[2 * FG_SHA256_BYTES + 1];
    fg_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, mac);
    fg_hex(mac, sizeof(mac), text);
    assert_string_equal(text, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    fg_sha256("", 0, mac);
    fg_hex(mac, sizeof(mac), text);
    assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* RFC 4648, section 10. */
static void base64_is_the_standards(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"", ""},
                                          {"f", "Zg=="},
                                          {"fo", "Zm8="},
                                          {"foo", "Zm9v"},
                                          {"foob", "Zm9vYg=="},
                                          {"fooba", "Zm9vYmE="},
                                          {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        char text[16];
        fg_base64(rows[i][0], strlen(rows[i][0]), text);
        assert_string_equal(text, rows[i][1]);
        assert_int_equal(strlen(text), FG_BASE64_BYTES(strlen(rows[i][0])));
    }
}

static void digests_differ_in_one_bit(void **state)
{
    (void)state;
    fg_digest_t a = {{1, 2}}, b = {{1, 2}};
    assert_true(fg_digest_eq(a, b));
    for (int bit = 0; bit < 128; bit++) {
        b = a;
        b.word[bit / 64] ^= UINT64_C(1) << (bit % 64);
        assert_false(fg_digest_eq(a, b));
    }
}

static void what_is_sealed_opens_unchanged_only(void **state)
{
    (void)state;
    static const char text[] = "WCM01c6bQYbOEXAMPLE0123456789abcdefghijk";
    uint8_t sealed[sizeof(text) + FG_SEAL_OVERHEAD_BYTES], opened[sizeof(text)];
    uint64_t seed = 3;
    assert_int_equal(
        fg_seal(secret, fg_random_seeded(&seed), FG_STR("key1"), text, sizeof(text), sealed),
        FG_OK);
    assert_int_equal(fg_unseal(secret, FG_STR("key1"), sealed, sizeof(sealed), opened), FG_OK);
    assert_memory_equal(opened, text, sizeof(text));
    assert_int_equal(fg_unseal(secret, FG_STR("key2"), sealed, sizeof(sealed), opened), FG_CORRUPT);
    for (size_t i = 0; i < sizeof(sealed); i++) {
        sealed[i] ^= 1;
        assert_int_equal(fg_unseal(secret, FG_STR("key1"), sealed, sizeof(sealed), opened),
                         FG_CORRUPT);
        sealed[i] ^= 1;
    }
    assert_int_equal(fg_unseal(secret, FG_STR("key1"), sealed, 27, opened), FG_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_digester_is_hmac),
        cmocka_unit_test(hmac_is_the_standards),
        cmocka_unit_test(base64_is_the_standards),
        cmocka_unit_test(digests_differ_in_one_bit),
        cmocka_unit_test(what_is_sealed_opens_unchanged_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
