#include "base/x509.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define FROM  ((fg_wall_t){1700000000})
#define UNTIL ((fg_wall_t){1731536000})
#define HOST  "api.example.com"

static fg_arena_t *arena;
static uint64_t seed = 7;

static fg_x509_t make(const char *name)
{
    fg_error_t error = {0};
    fg_x509_t made;
    assert_int_equal(
        fg_x509_self_signed(name, FROM, UNTIL, fg_random_seeded(&seed), arena, &made, &error),
        FG_OK);
    return made;
}

static int setup(void **state)
{
    static fg_x509_t made;
    arena = fg_arena_new();
    made = make(HOST);
    *state = &made;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fg_arena_free(arena);
    return 0;
}

static void expect(const fg_x509_t *given, const char *host, int64_t now_s, const char *message)
{
    fg_error_t error = {0};
    fg_status_t status = fg_x509_check(given, fg_str(host), (fg_wall_t){now_s}, &error);
    assert_string_equal(error.message, message);
    assert_int_equal(status, *message ? FG_BAD_REQUEST : FG_OK);
}

/* Rule CC2 */
static void what_is_made_is_pem(void **state)
{
    const fg_x509_t *made = *state;
    assert_true(fg_str_starts_with(made->certificate, FG_STR("-----BEGIN CERTIFICATE-----\nMII")));
    assert_true(fg_str_starts_with(made->private_key, FG_STR("-----BEGIN PRIVATE KEY-----\nMII")));
}

/* Rule DN6: the last second and the one behind it. */
static void dates_are_kept(void **state)
{
    const fg_x509_t *made = *state;
    expect(made, HOST, FROM.s - 1, "certificateBody: the certificate is not valid yet");
    expect(made, HOST, FROM.s, "");
    expect(made, HOST, UNTIL.s, "");
    expect(made, HOST, UNTIL.s + 1, "certificateBody: the certificate has expired");
}

static void the_name_is_covered(void **state)
{
    const fg_x509_t *made = *state;
    expect(made, "other.example.com", FROM.s,
           "certificateBody: the certificate does not cover the domain name");
    expect(made, "*.example.com", FROM.s,
           "certificateBody: the certificate does not cover the domain name");
    fg_x509_t wild = make("*.example.com");
    expect(&wild, HOST, FROM.s, "");
    expect(&wild, "*.example.com", FROM.s, "");
    expect(&wild, "a.b.example.com", FROM.s,
           "certificateBody: the certificate does not cover the domain name");
}

static void the_key_belongs_to_the_certificate(void **state)
{
    fg_x509_t given = *(const fg_x509_t *)*state, other = make(HOST);
    given.private_key = other.private_key;
    expect(&given, HOST, FROM.s,
           "certificatePrivateKey: the key does not belong to the certificate");
    given.private_key = given.certificate;
    expect(&given, HOST, FROM.s,
           "certificatePrivateKey: not a PEM-encoded private key without a passphrase");
    given.private_key = FG_STR_NONE;
    expect(&given, HOST, FROM.s,
           "certificatePrivateKey: not a PEM-encoded private key without a passphrase");
}

static void texts_are_pem(void **state)
{
    fg_x509_t given = *(const fg_x509_t *)*state;
    fg_str_t certificate = given.certificate;
    static const char *const bad[] = {"", "x",
                                      ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END "
                                       "CERTIFICATE-----\n")};
    for (size_t i = 0; i < FG_COUNT_OF(bad); i++) {
        given.certificate = fg_str(bad[i]);
        expect(&given, HOST, FROM.s, "certificateBody: not one PEM-encoded X.509 certificate");
    }
    given.certificate =
        fg_arena_printf(arena, "%.*s%.*s", FG_STR_ARG(certificate), FG_STR_ARG(certificate));
    expect(&given, HOST, FROM.s, "certificateBody: not one PEM-encoded X.509 certificate");
    given.certificate = certificate;
    given.chain = FG_STR("x");
    expect(&given, HOST, FROM.s, "certificateChain: no PEM-encoded X.509 certificates");
}

static void a_chain_hangs_together(void **state)
{
    fg_x509_t given = *(const fg_x509_t *)*state, other = make("another issuer");
    given.chain = given.certificate; /* it has issued itself */
    expect(&given, HOST, FROM.s, "");
    given.chain = FG_STR("");
    expect(&given, HOST, FROM.s, "");
    given.chain = other.certificate;
    expect(&given, HOST, FROM.s,
           "certificateChain: each certificate must be the issuer of the one before");
    given.chain = fg_arena_printf(arena, "%.*s%.*s", FG_STR_ARG(given.certificate),
                                  FG_STR_ARG(other.certificate));
    expect(&given, HOST, FROM.s,
           "certificateChain: each certificate must be the issuer of the one before");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_made_is_pem), cmocka_unit_test(dates_are_kept),
        cmocka_unit_test(the_name_is_covered), cmocka_unit_test(the_key_belongs_to_the_certificate),
        cmocka_unit_test(texts_are_pem),       cmocka_unit_test(a_chain_hangs_together),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
