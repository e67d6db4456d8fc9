/*
 * audit - who changed what, from what, to what.
 *
 * Shape      One row per change, numbered as they come, written in the transaction of the change:
 *            what is not on record has not happened.
 * Ownership  Rows are read into the caller's arena.
 * Threads    As the store.
 * Rule       docs/rules/operators.md AD1 to AD6.
 */
#ifndef FG_STORE_AUDIT_H
#define FG_STORE_AUDIT_H

#include "store/store.h"

typedef struct fg_audit_entry {
    int64_t number; /* ascending, given by the store */
    fg_wall_t at;
    fg_str_t access_key_id; /* whose credential signed the call; "" for an unsigned one */
    fg_str_t operation;     /* "UpdateUsage" */
    fg_str_t request_id;
    fg_str_t subject;       /* path of what was changed: "/usageplans/p/keys/k/usage" */
    fg_str_t before, after; /* JSON; FG_STR_NONE when there was nothing, or nothing is left */
    bool is_denied;         /* it was refused: nothing changed */
} fg_audit_entry_t;

FG_MUST_USE fg_status_t fg_store_audit_append(fg_store_t *store, const fg_audit_entry_t *entry,
                                              fg_error_t *reterr);

typedef struct fg_audit_query {
    fg_str_t subject; /* this path and what lies under it; FG_STR_NONE for all */
    fg_str_t operation;
    fg_str_t access_key_id;
    fg_wall_t from;    /* no earlier than this; 0: from the beginning */
    fg_wall_t to;      /* no later than this; 0: to the end */
    int64_t before;    /* numbers below this; 0: from the newest */
    bool is_ascending; /* oldest first instead: numbers above `before` */
    size_t limit;
} fg_audit_query_t;

/* Newest first, unless the query says otherwise. */
FG_MUST_USE fg_status_t fg_store_audit_list(fg_store_t *store, const fg_audit_query_t *query,
                                            fg_arena_t *arena, fg_audit_entry_t **ret_entries,
                                            size_t *ret_count, fg_error_t *reterr);
/* Forget entries from before `until`, the oldest first, at most `max` of them. Cheap when there are
 * none. */
FG_MUST_USE fg_status_t fg_store_audit_trim(fg_store_t *store, fg_wall_t until, int64_t max,
                                            uint64_t *ret_count, fg_error_t *reterr);

#endif
