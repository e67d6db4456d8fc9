/*
 * What the files of the store share: the open store, reading of rows, ordinals.
 */
#ifndef FG_STORE_STATE_H
#define FG_STORE_STATE_H

#include "store/db.h"
#include "store/secrets.h"
#include "store/store.h"

struct fg_store {
    fg_db_t *db;
    fg_secrets_t secrets;
    fg_digester_t digester;
    fg_random_t random;
    char uuid[40];
    bool is_new;
    bool are_values_hashed;
    fg_commit_times_t commit_times;
    char *data_dir;
};

/* A row being read into an arena. `is_short` once the arena had no more memory: look at it after
 * the last column. */
typedef struct fg_row {
    fg_stmt_t *stmt;
    fg_arena_t *arena;
    bool is_short;
} fg_row_t;

fg_str_t fg_row_text(fg_row_t *row, int index);
fg_digest_t fg_row_digest(fg_row_t *row, int index);
/* borrowed until finish */
void fg_row_bind_digest(fg_stmt_t *stmt, int index, const fg_digest_t *digest);

/* A list that grows in an arena. */
typedef struct fg_rows {
    fg_arena_t *arena;
    void *at;
    size_t count, capacity;
    size_t bytes; /* of one */
} fg_rows_t;

/* Room for one more, zeroed; NULL on lack of memory. */
void *fg_rows_add(fg_rows_t *rows);

/* What SQL's LIMIT is given: 0 is all. */
static inline int64_t fg_limit_of(size_t limit)
{
    return limit == 0 || limit > INT64_MAX ? INT64_MAX : (int64_t)limit;
}

fg_status_t fg_out_of_memory(fg_error_t *reterr);

/* The next `count` numbers of a counter: *ret_first is the first of them. */
FG_MUST_USE fg_status_t fg_counter_take(fg_store_t *store, fg_str_t name, uint64_t count,
                                        int64_t *ret_first, fg_error_t *reterr);
/* The next ordinal. Never given twice, so that a page position stays good. */
FG_MUST_USE fg_status_t fg_ordinal_take(fg_store_t *store, int64_t *ret_ordinal,
                                        fg_error_t *reterr);

/* What a sealed value holds; FG_STR_NONE's worth stays when there is none. */
FG_MUST_USE fg_status_t fg_value_open(fg_store_t *store, fg_str_t key_id, fg_str_t sealed,
                                      fg_arena_t *arena, fg_str_t *ret_value, fg_error_t *reterr);
/* See to it that the customer has a number. */
FG_MUST_USE fg_status_t fg_customer_note(fg_store_t *store, fg_str_t customer_id,
                                         fg_error_t *reterr);
/* Append without a digest. */
FG_MUST_USE fg_status_t fg_change_note(fg_store_t *store, fg_change_kind_t kind, fg_str_t id,
                                       fg_str_t parent, fg_error_t *reterr);
/* FG_CHANGE_PLAN for every plan that covers the stage, which is then taken out of it (stage
 * FG_STR_NONE: all of the API). */
FG_MUST_USE fg_status_t fg_plans_detach_stage(fg_store_t *store, fg_str_t api_id,
                                              fg_str_t stage_name, fg_error_t *reterr);

#endif
