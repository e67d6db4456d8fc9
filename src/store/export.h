/*
 * export - billing periods that are closed: what was used, as it was told once and for all.
 *
 * Shape      A row is written once and never changed. `records` is text of JSON lines, a hash chain
 *            (base/chain.h) that goes on from one export to the next; the last line is signed.
 * Rule       docs/rules/billing.md B1-B4.
 */
#ifndef FG_STORE_EXPORT_H
#define FG_STORE_EXPORT_H

#include "store/store.h"

typedef struct fg_export {
    int64_t number; /* given by the store, in the order of closing */
    fg_str_t plan_id;
    uint32_t start_day, end_day; /* [start, end) */
    fg_str_t records;            /* FG_STR_NONE in lists */
    int64_t record_count;
    fg_str_t hash, previous_hash, signature;
    fg_wall_t closed_at;
} fg_export_t;

/* FG_CONFLICT when the period of the plan is closed. */
FG_MUST_USE fg_status_t fg_store_export_put(fg_store_t *store, fg_export_t *export_row,
                                            fg_error_t *reterr);
/* The first closed period of the plan that shares a day with [start_day, end_day), records and all.
 * FG_NOT_FOUND. */
FG_MUST_USE fg_status_t fg_store_export_find(fg_store_t *store, fg_str_t plan_id,
                                             uint32_t start_day, uint32_t end_day,
                                             fg_arena_t *arena, fg_export_t *ret_export,
                                             fg_error_t *reterr);
/* Without records, oldest first, behind number `after`; of one plan unless FG_STR_NONE. */
FG_MUST_USE fg_status_t fg_store_export_list(fg_store_t *store, fg_str_t plan_id, int64_t after,
                                             size_t limit, fg_arena_t *arena,
                                             fg_export_t **ret_exports, size_t *ret_count,
                                             fg_error_t *reterr);
/* The hash that the next export goes on from. */
FG_MUST_USE fg_status_t fg_store_export_last_hash(fg_store_t *store, fg_arena_t *arena,
                                                  fg_str_t *ret_hash, fg_error_t *reterr);
/* The private key that signs exports: "export.key" in the data directory, mode 0600, made when it
 * is first asked for. */
FG_MUST_USE fg_status_t fg_store_export_secret(fg_store_t *store,
                                               uint8_t ret_secret[FG_SECRET_BYTES],
                                               fg_error_t *reterr);

#endif
