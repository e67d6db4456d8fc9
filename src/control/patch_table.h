/*
 * patch_table - PATCH as rows: which paths of a noun may be changed, by which operations, and what
 * a change does.
 *
 * Shape      A noun gives a table of rows and the way it words a refusal; fg_patch_apply walks the
 * call's patchOperations in order. A path pattern is cut at slashes: "{}" stands for exactly one
 * part, "{*}" as the last part for one or more. Rows are tried in order; the first whose pattern
 * fits and whose ops allow it wins. Ownership  `noun` is the caller's half-built new state (a
 * struct or a JSON document); nothing is stored here, so a failure leaves no trace: all or nothing.
 * Rule       C6 (reference 3.4): values are texts, operations apply in order, three families of
 * refusal.
 *
 *     static const fg_patch_row_t rows[] = {
 *         {"/name", FG_PATCH_MAY(REPLACE), replace_name},
 *         {"/responseTemplates/{}", FG_PATCH_MAY(ADD) | FG_PATCH_MAY(REPLACE) |
 * FG_PATCH_MAY(REMOVE), set_template},
 *     };
 *     static const fg_patch_table_t table = {rows, FG_COUNT_OF(rows), fg_patch_refuse_b};
 *     status = fg_patch_apply(call, &table, &plan);
 */
#ifndef FG_CONTROL_PATCH_TABLE_H
#define FG_CONTROL_PATCH_TABLE_H

#include "control/operation.h"

#define FG_PATCH_MAY(op) (1u << FG_PATCH_##op)

/* Carry one operation out on `noun`. patch->part holds the path's parts with ~1 and ~0 undone. */
typedef fg_status_t fg_patch_apply_t(fg_call_t *call, void *noun, const fg_patch_t *patch);

typedef struct fg_patch_row {
    const char *path;
    unsigned ops; /* FG_PATCH_MAY(...) | ... */
    fg_patch_apply_t *apply;
    bool is_unlisted; /* works, but is left out of "Must be one of" as AWS does */
} fg_patch_row_t;

typedef struct fg_patch_table fg_patch_table_t;
/* Word the refusal of an operation that no row allows. Returns FG_BAD_REQUEST. */
typedef fg_status_t fg_patch_refuse_t(fg_call_t *call, const fg_patch_table_t *table,
                                      const fg_patch_t *patch);

struct fg_patch_table {
    const fg_patch_row_t *rows;
    size_t row_count;
    fg_patch_refuse_t *refuse;
};

/* Apply the call's patchOperations to `noun`, in order, up to the first failure. An empty list is
 * fine. A missing path is "Invalid patch path null". */
fg_status_t fg_patch_apply(fg_call_t *call, const fg_patch_table_t *table, void *noun);

/* Does the path fit the pattern? */
bool fg_patch_fits(const fg_patch_t *patch, const char *pattern);

/* Family A (ApiKey, UsagePlan, Resource, Model, ...): "Invalid patch path  '/x' specified for op
 * 'replace'. Must be one of:
 * [/a, /b]", or "... Please choose supported operations" when the op has no path at all. */
fg_patch_refuse_t fg_patch_refuse_a;
/* Family B (RestApi, Method, MethodResponse, GatewayResponse): "Invalid patch path /x" for an
 * unknown path, "Invalid patch operation specified. Must be one of: [replace]" for a known path
 * with another op. */
fg_patch_refuse_t fg_patch_refuse_b;

#endif
