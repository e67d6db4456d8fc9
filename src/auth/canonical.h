/*
 * canonical - the text that both sides of a signature compute.
 *
 * Shape      canonical request = verb \n path \n query \n headers \n signed header names \n payload
 * hash. Ownership  Results live in the arena. Failure    FG_STR_NONE: no memory (the callers check
 * the maxima first).
 */
#ifndef FG_AUTH_CANONICAL_H
#define FG_AUTH_CANONICAL_H

#include "auth/sigv4.h"

/* Dot segments and repeated slashes gone, then percent-encoded once more. Rule C2. */
fg_str_t fg_canonical_path(fg_str_t raw_path, fg_arena_t *arena);
/* Parameters decoded, encoded again and sorted; X-Amz-Signature is left out. FG_STR_NONE also for
 * broken coding. */
fg_str_t fg_canonical_query(fg_str_t raw_query, fg_arena_t *arena);
/* "name:value\n" for each of the names (separated by semicolons), blanks folded, repeated ones
 * joined by commas. FG_STR_NONE also when a named header is absent. */
fg_str_t fg_canonical_headers(const fg_sigv4_request_t *request, fg_str_t signed_names,
                              fg_arena_t *arena);

#endif
