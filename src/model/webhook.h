/*
 * webhook - how events are signed, and when the next attempt to deliver one is due.
 *
 * Shape      Pure functions. Signatures are those of Standard Webhooks: base64 of HMAC-SHA-256 over
 *            "<id>.<seconds>.<body>", behind "v1,". The secret is shown as "whsec_" and its base64.
 * Units      Seconds.
 * Rule       docs/rules/alerts.md AL3 (signature), AL5 (attempts).
 */
#ifndef FG_MODEL_WEBHOOK_H
#define FG_MODEL_WEBHOOK_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/crypto.h"

enum {
    FG_WEBHOOK_SECRET_TEXT_BYTES = 6 + 44, /* "whsec_" and the base64 of FG_SECRET_BYTES */
    FG_WEBHOOK_SIGNATURE_BYTES = 3 + 44,   /* "v1," and that of a MAC */
};

/* NUL-terminated: FG_WEBHOOK_SECRET_TEXT_BYTES + 1 bytes of room. */
void fg_webhook_secret_text(const uint8_t secret[FG_SECRET_BYTES], char *ret_text);
/* NUL-terminated: FG_WEBHOOK_SIGNATURE_BYTES + 1 bytes of room. FG_NO_MEMORY. */
FG_MUST_USE fg_status_t fg_webhook_sign(const uint8_t secret[FG_SECRET_BYTES], fg_str_t id,
                                        fg_wall_t at, fg_str_t body, fg_arena_t *arena,
                                        char *ret_signature);

/* An http or https URL with a host, without credentials and blanks, within the bound. */
bool fg_webhook_url_is_good(fg_str_t url);

typedef struct fg_retry_policy {
    int64_t first_s;   /* the first wait, at most */
    int64_t longest_s; /* waits double up to this */
    int64_t give_up_s; /* no attempt is made later than this after the event */
} fg_retry_policy_t;

extern const fg_retry_policy_t fg_webhook_retries;

/* When to try again after `attempts` (one or more) have failed, the last of them at `now`. The wait
 * is drawn between half of what is due and all of it: `dice` is any random number. False: give up.
 */
FG_MUST_USE bool fg_retry_next(const fg_retry_policy_t *policy, fg_wall_t created_at, fg_wall_t now,
                               int64_t attempts, uint64_t dice, fg_wall_t *ret_next_at);

#endif
