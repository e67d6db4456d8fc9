/*
 * x509 - certificates and their private keys, as PEM texts: the door to OpenSSL's X.509.
 *
 * Ownership  Texts that are made live in the arena.
 * Threads    Any; nothing is shared.
 * Rule       docs/rules/certificates.md CC2, docs/rules/domains.md DN6.
 */
#ifndef FG_BASE_X509_H
#define FG_BASE_X509_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/status.h"

/* A certificate, the key it speaks of, and the certificates between it and a root, nearest first. */
typedef struct fg_x509 {
    fg_str_t certificate;
    fg_str_t private_key;
    fg_str_t chain; /* FG_STR_NONE or empty: none */
} fg_x509_t;

/* A new RSA key of 2048 bits and a certificate for it that it has signed itself: CN=common_name,
 * good from `from` up to `until`. `random` gives the serial number; the key's randomness is
 * OpenSSL's own. Takes a tenth of a second. FG_INTERNAL, FG_NO_MEMORY. */
FG_MUST_USE fg_status_t fg_x509_self_signed(const char *common_name, fg_wall_t from,
                                            fg_wall_t until, fg_random_t random, fg_arena_t *arena,
                                            fg_x509_t *ret_made, fg_error_t *reterr);

/* Would a server get by with them at `now`? Texts well-formed, the key fits the certificate and
 * has no passphrase, the certificate covers `host` (a name, or `*.` and a name), its time has begun
 * and is not over, each of the chain has signed the one before. FG_BAD_REQUEST; the field is one of
 * certificateBody, certificatePrivateKey, certificateChain. */
FG_MUST_USE fg_status_t fg_x509_check(const fg_x509_t *given, fg_str_t host, fg_wall_t now,
                                      fg_error_t *reterr);

#endif
