#include "base/x509.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

enum { RSA_BITS = 2048, SERIAL_BYTES = 16 };

#define BODY  "certificateBody"
#define KEY   "certificatePrivateKey"
#define CHAIN "certificateChain"

static fg_status_t refuse(fg_error_t *reterr, const char *field, const char *message)
{
    return fg_error_set(reterr, FG_BAD_REQUEST, field, "%s: %s", field, message);
}

/* ---- making ---- */

/* What was written, in the arena; FG_STR_NONE on lack of memory. */
static fg_str_t written(BIO *bio, fg_arena_t *arena)
{
    char *at = NULL;
    long len = bio ? BIO_get_mem_data(bio, &at) : 0;
    return len > 0 ? fg_arena_copy(arena, fg_str_of(at, (size_t)len)) : FG_STR_NONE;
}

static fg_str_t certificate_text(X509 *certificate, fg_arena_t *arena)
{
    BIO *bio = BIO_new(BIO_s_mem());
    fg_str_t text = bio && PEM_write_bio_X509(bio, certificate) ? written(bio, arena) : FG_STR_NONE;
    BIO_free(bio);
    return text;
}

static fg_str_t key_text(EVP_PKEY *key, fg_arena_t *arena)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    fg_str_t text = bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL)
                        ? written(bio, arena)
                        : FG_STR_NONE;
    BIO_free(bio);
    return text;
}

static bool set_serial(X509 *certificate, fg_random_t random)
{
    uint8_t bytes[SERIAL_BYTES];
    if (!random.fill(random.ctx, bytes, sizeof(bytes)))
        return false;
    bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40); /* positive, and never shorter */
    BIGNUM *number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    bool is_set = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
    return is_set;
}

static bool set_names(X509 *certificate, const char *common_name)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                      (const unsigned char *)common_name, -1, -1, 0) &&
           X509_set_issuer_name(certificate, name);
}

fg_status_t fg_x509_self_signed(const char *common_name, fg_wall_t from, fg_wall_t until,
                                fg_random_t random, fg_arena_t *arena, fg_x509_t *ret_made,
                                fg_error_t *reterr)
{
    EVP_PKEY *key = EVP_RSA_gen(RSA_BITS);
    X509 *certificate = X509_new();
    bool is_made = key && certificate && X509_set_version(certificate, X509_VERSION_3) &&
                   set_serial(certificate, random) && set_names(certificate, common_name) &&
                   ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)from.s) &&
                   ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)until.s) &&
                   X509_set_pubkey(certificate, key) && X509_sign(certificate, key, EVP_sha256());
    fg_x509_t made = {.chain = FG_STR_NONE};
    if (is_made) {
        made.certificate = certificate_text(certificate, arena);
        made.private_key = key_text(key, arena);
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    ERR_clear_error();
    if (!is_made)
        return fg_error_set(reterr, FG_INTERNAL, "", "a certificate could not be made");
    if (!made.certificate.at || !made.private_key.at)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "%s", fg_status_text(FG_NO_MEMORY));
    *ret_made = made;
    return FG_OK;
}

/* ---- checking ---- */

static BIO *reader_of(fg_str_t text)
{
    return BIO_new_mem_buf(text.at ? text.at : "", (int)text.len);
}

/* No passphrase is ever known, and nobody is asked for one. */
static int no_passphrase(char *text, int size, int is_writing, void *ctx)
{
    (void)text, (void)size, (void)is_writing, (void)ctx;
    return -1;
}

/* The one certificate of the text; NULL when it is none or has more. */
static X509 *read_certificate(fg_str_t text)
{
    BIO *reader = reader_of(text);
    X509 *certificate = reader ? PEM_read_bio_X509(reader, NULL, no_passphrase, NULL) : NULL;
    X509 *more = certificate ? PEM_read_bio_X509(reader, NULL, no_passphrase, NULL) : NULL;
    BIO_free(reader);
    if (!more)
        return certificate;
    X509_free(more);
    X509_free(certificate);
    return NULL;
}

static EVP_PKEY *read_key(fg_str_t text)
{
    BIO *reader = reader_of(text);
    EVP_PKEY *key = reader ? PEM_read_bio_PrivateKey(reader, NULL, no_passphrase, NULL) : NULL;
    BIO_free(reader);
    return key;
}

static fg_status_t check_time(const X509 *certificate, const char *field, fg_wall_t now,
                              fg_error_t *reterr)
{
    int begins = ASN1_TIME_cmp_time_t(X509_get0_notBefore(certificate), (time_t)now.s);
    int ends = ASN1_TIME_cmp_time_t(X509_get0_notAfter(certificate), (time_t)now.s);
    if (begins != -1 && begins != 0) /* -2: it is no time */
        return refuse(reterr, field, "the certificate is not valid yet");
    if (ends < 0)
        return refuse(reterr, field, "the certificate has expired");
    return FG_OK;
}

/* Each certificate of the chain has issued the one before it. */
static fg_status_t check_chain(X509 *certificate, fg_str_t chain, fg_wall_t now, fg_error_t *reterr)
{
    if (fg_str_is_empty(chain))
        return FG_OK;
    BIO *reader = reader_of(chain);
    X509 *subject = certificate, *issuer = NULL;
    fg_status_t status = FG_OK;
    X509_up_ref(subject);
    while (status == FG_OK && reader &&
           (issuer = PEM_read_bio_X509(reader, NULL, no_passphrase, NULL))) {
        if (X509_check_issued(issuer, subject) != X509_V_OK)
            status = refuse(reterr, CHAIN, "each certificate must be the issuer of the one before");
        else
            status = check_time(issuer, CHAIN, now, reterr);
        X509_free(subject);
        subject = issuer;
    }
    if (status == FG_OK && subject == certificate)
        status = refuse(reterr, CHAIN, "no PEM-encoded X.509 certificates");
    X509_free(subject);
    BIO_free(reader);
    return status;
}

static fg_status_t check_pair(X509 *certificate, EVP_PKEY *key, const fg_x509_t *given,
                              fg_str_t host, fg_wall_t now, fg_error_t *reterr)
{
    if (!certificate)
        return refuse(reterr, BODY, "not one PEM-encoded X.509 certificate");
    if (!key)
        return refuse(reterr, KEY, "not a PEM-encoded private key without a passphrase");
    if (X509_check_private_key(certificate, key) != 1)
        return refuse(reterr, KEY, "the key does not belong to the certificate");
    fg_status_t status = check_time(certificate, BODY, now, reterr);
    if (status != FG_OK)
        return status;
    if (X509_check_host(certificate, host.at, host.len, 0, NULL) != 1)
        return refuse(reterr, BODY, "the certificate does not cover the domain name");
    return check_chain(certificate, given->chain, now, reterr);
}

fg_status_t fg_x509_check(const fg_x509_t *given, fg_str_t host, fg_wall_t now, fg_error_t *reterr)
{
    X509 *certificate = read_certificate(given->certificate);
    EVP_PKEY *key = read_key(given->private_key);
    fg_status_t status = check_pair(certificate, key, given, host, now, reterr);
    EVP_PKEY_free(key);
    X509_free(certificate);
    ERR_clear_error();
    return status;
}
