/*
 * key_import - the rows of a file of keys put into the store, each with what became of it.
 *
 * Shape      All rows of a call in one transaction. A row that cannot be taken is refused and does not stop the
 *            others; a row that is taken but not all of it (a plan that is not there) has a remark.
 * Ownership  Everything lives in the call's arena.
 * Rule       docs/rules/import.md IM3 to IM7; control.md K3, P5.
 */
#ifndef FG_CONTROL_KEY_IMPORT_H
#define FG_CONTROL_KEY_IMPORT_H

#include "control/operation.h"
#include "model/key_file.h"

enum { FG_IMPORT_ROWS_MAX = 200000 }; /* of one call */

typedef enum fg_import_outcome {
    FG_IMPORT_MADE,
    FG_IMPORT_REPLACED, /* a key with this value was there */
    FG_IMPORT_REFUSED
} fg_import_outcome_t;

typedef struct fg_import_row {
    uint64_t number;
    fg_import_outcome_t outcome;
    fg_str_t key_id; /* empty when refused */
    fg_str_t remark; /* why refused, or what was left out; empty when all is well */
} fg_import_row_t;

typedef struct fg_import_result {
    fg_import_row_t *rows; /* in the order of the file */
    size_t count;
    int64_t made, replaced, refused;
    int64_t warned; /* rows with a remark, those refused among them */
} fg_import_result_t;

/* `plan_ids` are joined by every row besides its own. FG_LIMIT, FG_FULL when there is no room for all
 * new keys, FG_TOO_LARGE beyond FG_IMPORT_ROWS_MAX. */
FG_MUST_USE fg_status_t fg_key_import(fg_call_t *call, fg_key_file_t *file, fg_str_t plan_ids,
                                      fg_import_result_t *ret_result);

#endif
