/*
 * dispatch - from a request line to a row of the operations table.
 *
 * Ownership  Decoded texts live in the arena, the row in the table.
 * Rule       docs/rules/control.md C3 (reference 1.1): match on the raw path, then decode; imports
 * are told apart by the query.
 */
#ifndef FG_CONTROL_DISPATCH_H
#define FG_CONTROL_DISPATCH_H

#include "control/operation.h"

enum { FG_QUERY_PARAMETERS_MAX = 256 }; /* ours */

typedef struct fg_match {
    const fg_operation_t *operation;
    fg_str_t path_part[FG_PATH_PARTS_MAX];
    const fg_pair_t *query;
    size_t query_count;
} fg_match_t;

/* FG_UNKNOWN_OPERATION, FG_SERIALIZATION (broken coding or UTF-8), FG_TOO_LARGE (parameters),
 * FG_NO_MEMORY; then *ret_match may hold the operation alone. */
FG_MUST_USE fg_status_t fg_dispatch(fg_str_t verb, fg_str_t target, fg_arena_t *arena,
                                    fg_match_t *ret_match, fg_error_t *reterr);

#endif
