/*
 * sigv4 - AWS Signature Version 4: is this request from the holder of a secret, as it stands and
 * about now?
 *
 * Shape      One function over a plain request. The header form (Authorization) and the presigned
 * form (X-Amz-* in the query, X-Amz-Expires up to seven days) are both known. Ownership  What is
 * handed back are views into the request; working space comes from the arena alone. Threads    Any;
 * the secret comes from the caller's call-back. Rule       docs/rules/control.md C2
 * (reference 1.1): path encoded twice after dot segments went, query sorted, blanks in header
 * values folded, five minutes of clock skew.
 */
#ifndef FG_AUTH_SIGV4_H
#define FG_AUTH_SIGV4_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/status.h"

enum {
    FG_SIGV4_EXPIRES_S_MAX = 7 * FG_DAY_S,
    FG_SIGV4_SIGNED_HEADERS_MAX = 64, /* ours */
    FG_SIGV4_QUERY_MAX = 256,         /* ours: parameters */
};

typedef struct fg_sigv4_header {
    fg_str_t name, value;
} fg_sigv4_header_t;

typedef struct fg_sigv4_request {
    fg_str_t verb;
    fg_str_t target; /* raw: path and query as they came in the request line */
    fg_str_t body;
    const fg_sigv4_header_t *headers;
    size_t header_count;
} fg_sigv4_request_t;

/* The secret of an access key id; FG_NOT_FOUND (without text) when there is no such key. */
typedef fg_status_t fg_sigv4_secret_t(void *ctx, fg_str_t access_key_id, fg_arena_t *arena,
                                      fg_str_t *ret_secret, fg_error_t *reterr);

typedef struct fg_sigv4_options {
    const char *service; /* "apigateway" for the control API */
    fg_sigv4_secret_t *secret_of;
    void *ctx;
} fg_sigv4_options_t;

typedef struct fg_sigv4_identity {
    fg_str_t access_key_id;
    fg_str_t region; /* of the credential scope */
} fg_sigv4_identity_t;

/* FG_OK and *ret_identity, or untouched and one of
 *   FG_UNAUTHENTICATED       neither form is there
 *   FG_INCOMPLETE_SIGNATURE  malformed
 *   FG_UNKNOWN_CLIENT        no such access key
 *   FG_BAD_SIGNATURE         does not match, too old, too new, of another service, or more
 * parameters or headers than this looks at FG_NO_MEMORY, or what secret_of said. */
FG_MUST_USE fg_status_t fg_sigv4_verify(const fg_sigv4_request_t *request,
                                        const fg_sigv4_options_t *options, fg_wall_t now,
                                        fg_arena_t *arena, fg_sigv4_identity_t *ret_identity,
                                        fg_error_t *reterr);

#endif
