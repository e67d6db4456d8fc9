/*
 * image - the tables of a snapshot while they grow; for build.c and its helpers.
 *
 * Ownership  Everything in the arena of the build.
 * Failure    Lack of memory or room sticks: later calls do nothing, and `has_failed` is looked at once, at the end.
 */
#ifndef FG_ROUTE_IMAGE_H
#define FG_ROUTE_IMAGE_H

#include "route/layout.h"

typedef struct fg_image_table {
    char *at;
    size_t count, room, entry_bytes;
} fg_image_table_t;

typedef struct fg_image {
    fg_arena_t *arena;
    bool has_failed;
#define FG_IMAGE_TABLE(name, entry) fg_image_table_t name;
    FG_ROUTE_TABLE_LIST(FG_IMAGE_TABLE)
#undef FG_IMAGE_TABLE
} fg_image_t;

void fg_image_init(fg_image_t *image, fg_arena_t *arena);
/* `count` zeroed entries at the end of `table`: good until the next call for the same table. NULL after a failure, and
 * for a count of 0. *ret_span names them. */
void *fg_image_add(fg_image_t *image, fg_image_table_t *table, size_t count,
                   fg_route_span_t *ret_span);
/* A copy of `text` in the strings. */
fg_route_text_t fg_image_text(fg_image_t *image, fg_str_t text);
fg_route_span_t fg_image_pairs(fg_image_t *image, const fg_route_pair_t *pairs, size_t count);
fg_route_span_t fg_image_templates(fg_image_t *image, const fg_route_pair_t *templates,
                                   size_t count);
/* Header and tables as one piece, checksum included. FG_STR_NONE after a failure. */
fg_str_t fg_image_seal(fg_image_t *image, const fg_route_header_t *header);

#endif
