/*
 * status - failures: what went wrong in the world, one list with name and text.
 *
 * Shape      An enum made from FG_STATUS_LIST, and fg_error_t, a caller-owned record of the detail.
 * Ownership  The caller owns the fg_error_t; no function keeps a pointer to it.
 * Rule       An expected answer (a verdict, not-found from a lookup) is an outcome, not a failure. What is wrong
 *            with the caller's input is told in fg_error_t so that the message can name the field.
 */
#ifndef FG_BASE_STATUS_H
#define FG_BASE_STATUS_H

#include "base/types.h"

/*    name             text */
#define FG_STATUS_LIST(X)                                                                          \
    X(OK, "ok")                                                                                    \
    X(NO_MEMORY, "out of memory")                                                                  \
    X(IO, "input or output failed")                                                                \
    X(DISK_FULL, "no space left in the data directory")                                            \
    X(READ_ONLY, "the data directory is read-only")                                                \
    X(BUSY, "the store is busy")                                                                   \
    X(CORRUPT, "stored data is damaged")                                                           \
    X(NEWER, "written by a newer version of Faregate")                                             \
    X(FULL, "the gate is full")                                                                    \
    X(NOT_FOUND, "not found")                                                                      \
    X(CONFLICT, "conflicts with what exists")                                                      \
    X(BAD_REQUEST, "the request is not valid")                                                     \
    X(VALIDATION, "the request does not satisfy a constraint")                                     \
    X(SERIALIZATION, "a value has the wrong type")                                                 \
    X(TOO_LARGE, "larger than allowed")                                                            \
    X(LIMIT, "a limit of the account is reached")                                                  \
    X(UNAUTHENTICATED, "no credentials were given")                                                \
    X(UNKNOWN_CLIENT, "the access key is not known")                                               \
    X(BAD_SIGNATURE, "the signature does not match")                                               \
    X(INCOMPLETE_SIGNATURE, "the signature is malformed")                                          \
    X(DENIED, "not allowed")                                                                       \
    X(UNKNOWN_OPERATION, "no such operation")                                                      \
    X(NOT_IMPLEMENTED, "not implemented yet")                                                      \
    X(INTERNAL, "internal failure")

typedef enum fg_status {
#define FG_STATUS_MEMBER(name, text) FG_##name,
    FG_STATUS_LIST(FG_STATUS_MEMBER)
#undef FG_STATUS_MEMBER
        FG_STATUS_COUNT
} fg_status_t;

enum { FG_ERROR_MESSAGE_BYTES_MAX = 2048, FG_ERROR_FIELD_BYTES_MAX = 128 };

struct fg_error {
    fg_status_t status;
    char field[FG_ERROR_FIELD_BYTES_MAX]; /* what in the input is wrong; "" when it is no field */
    /* a sentence for the user, or the service's own text */
    char message[FG_ERROR_MESSAGE_BYTES_MAX];
};

/* "NO_MEMORY" and the like; never NULL. */
const char *fg_status_name(fg_status_t status);
/* The list's text; never NULL. */
const char *fg_status_text(fg_status_t status);

/* Fill `error` (may be NULL) and hand `status` back, so that `return fg_error_set(...)` is one line.
 * A message too long for the record is cut. */
fg_status_t fg_error_set(fg_error_t *error, fg_status_t status, const char *field,
                         const char *format, ...) FG_PRINTF(4, 5);

/* Invariants only, never input checks: a failed one is a bug of ours and stops the process. */
#define FG_ASSERT(condition)                                                                       \
    ((condition) ? (void)0 : fg_assert_failed(#condition, __FILE__, __LINE__))
void fg_assert_failed(const char *condition, const char *file, int line) __attribute__((noreturn));

#endif
