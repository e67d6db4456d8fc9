/*
 * client_token - creates that may be sent again: the header X-Amz-Client-Token.
 *
 * Shape      In the create's own transaction: before its handler the answer of an earlier call with the
 *            same token, after it this call's answer is kept.
 * Rule       docs/rules/operators.md CT1 to CT3.
 */
#ifndef FG_CONTROL_CLIENT_TOKEN_H
#define FG_CONTROL_CLIENT_TOKEN_H

#include "control/operation.h"

typedef struct fg_client_call {
    fg_str_t token; /* FG_STR_NONE: the call has none, or is no create */
    uint8_t request[FG_SHA256_BYTES];
    bool is_replayed; /* the response is that of the earlier call */
} fg_client_call_t;

/* FG_BAD_REQUEST for a token that is none; FG_CONFLICT for one that another request used. */
FG_MUST_USE fg_status_t fg_client_token_begin(fg_call_t *call, fg_client_call_t *ret_client);
/* The call went well: keep its answer. */
FG_MUST_USE fg_status_t fg_client_token_end(fg_call_t *call, const fg_client_call_t *client);

#endif
