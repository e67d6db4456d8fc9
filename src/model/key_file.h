/*
 * key_file - API keys as rows of a CSV text, the format of ImportApiKeys.
 *
 * Shape      The first row names the columns, in any order and case: Name and Key are needed; Description, Enabled
 *            and UsagePlanIds may be there; others are ignored. Empty rows are no rows.
 * Ownership  What a row says lives in the text, or in the arena where quotes had to be undone.
 * Rule       docs/rules/import.md IM1 to IM4; reference 4.1.
 */
#ifndef FG_MODEL_KEY_FILE_H
#define FG_MODEL_KEY_FILE_H

#include "base/arena.h"
#include "base/status.h"
#include "base/str.h"

typedef enum fg_key_column {
    FG_KEY_COLUMN_NAME,
    FG_KEY_COLUMN_KEY,
    FG_KEY_COLUMN_DESCRIPTION,
    FG_KEY_COLUMN_ENABLED,
    FG_KEY_COLUMN_PLANS,
    FG_KEY_COLUMN_OTHER,
} fg_key_column_t;

enum { FG_KEY_FILE_COLUMNS_MAX = 64 };

typedef struct fg_key_file {
    fg_str_t rest;
    uint64_t rows; /* read so far; a caller that goes on in the middle sets it */
    uint8_t columns[FG_KEY_FILE_COLUMNS_MAX]; /* fg_key_column_t */
    size_t column_count;
} fg_key_file_t;

typedef struct fg_key_row {
    uint64_t number;                   /* 1 is the first behind the one that names the columns */
    fg_str_t name, value, description; /* empty when not given */
    fg_str_t plan_ids;                 /* comma-separated, as they stand */
    bool is_enabled;
    const char *trouble; /* why the row cannot be taken; NULL when it can */
} fg_key_row_t;

/* Read the row that names the columns. FG_BAD_REQUEST when it lacks one that is needed, names one
 * twice or has too many. */
FG_MUST_USE fg_status_t fg_key_file_open(fg_str_t text, fg_key_file_t *ret_file,
                                         fg_error_t *reterr);
/* The next row, which may be in trouble; false at the end. Without memory a row is in trouble. */
FG_MUST_USE bool fg_key_file_next(fg_key_file_t *file, fg_arena_t *arena, fg_key_row_t *ret_row);

#endif
