/*
 * secrets - secret.key: what key values are digested and sealed with.
 *
 * Shape      64 bytes: the secret of the digests, then the secret of the seals. Mode 0600.
 * Rule       Never made anew when there is a database: without its secrets every key in it is lost.
 */
#ifndef FG_STORE_SECRETS_H
#define FG_STORE_SECRETS_H

#include "base/crypto.h"

typedef struct fg_secrets {
    uint8_t digest[FG_SECRET_BYTES];
    uint8_t seal[FG_SECRET_BYTES];
} fg_secrets_t;

/* Read `path`, or make it when it is missing and `may_create`. FG_DENIED when others may read it,
 * FG_CORRUPT when it is missing or has another size. */
FG_MUST_USE fg_status_t fg_secrets_load(const char *path, bool may_create, fg_random_t random,
                                        fg_secrets_t *ret_secrets, fg_error_t *reterr);
/* The same of a file of `bytes` bytes; on failure they may be anything. */
FG_MUST_USE fg_status_t fg_secret_load(const char *path, bool may_create, fg_random_t random,
                                       void *ret_secret, size_t bytes, fg_error_t *reterr);

#endif
