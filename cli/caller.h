/*
 * caller - many calls of the control API by one subcommand: endpoint and credentials found once,
 * what went wrong kept as a sentence rather than said.
 *
 * Ownership  Texts live in the process's arena; answers are the caller's.
 */
#ifndef FG_CLI_CALLER_H
#define FG_CLI_CALLER_H

#include "ask.h"

typedef struct fg_caller {
    fg_context_t context;
    const char *problem; /* of the last call that failed: "... (BadRequestException)" */
    int code;            /* FG_EXIT_REFUSED or FG_EXIT_ERROR of that call */
} fg_caller_t;

/* False with the problem set: no credentials. */
FG_MUST_USE bool fg_caller_open(const fg_wishes_t *wishes, fg_caller_t *ret_caller);
/* One call. `body` is borrowed, NULL for none. *ret_answer (may be NULL) is a new reference, an
 * empty object when the answer had no body. */
FG_MUST_USE bool fg_caller_call(fg_caller_t *caller, const char *verb, const char *path,
                                const char *query, const json_t *body, json_t **ret_answer);
/* Takes one thing of a list, borrowed. */
typedef void fg_caller_item_t(void *user, json_t *item);
/* Every thing of every page of a list. `query` may be "". */
FG_MUST_USE bool fg_caller_each(fg_caller_t *caller, const char *path, const char *query,
                                fg_caller_item_t *on_item, void *user);
/* The same, appended to the array `items`. */
FG_MUST_USE bool fg_caller_list(fg_caller_t *caller, const char *path, const char *query,
                                json_t *items);

#endif
