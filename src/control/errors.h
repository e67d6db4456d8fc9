/*
 * errors - what the caller sees of a failure: exception name, HTTP status, words.
 *
 * Rule       docs/rules/control.md C4 (reference 1.3). Every status of base/status.h has a row; a
 * static assertion keeps it so.
 */
#ifndef FG_CONTROL_ERRORS_H
#define FG_CONTROL_ERRORS_H

#include "base/arena.h"
#include "base/status.h"

typedef struct fg_exception {
    const char *name; /* x-amzn-ErrorType */
    int http_status;
} fg_exception_t;

fg_exception_t fg_exception_of(fg_status_t status);
/* The JSON body. A failure of the store shows only its kind: the detail is for the log.
 * FG_STR_NONE: no memory. */
fg_str_t fg_error_body(const fg_error_t *error, fg_arena_t *arena);

#endif
