/*
 * arena - memory that is dropped whole.
 *
 * Ownership  Everything handed out lives until fg_arena_reset or fg_arena_free; nothing is freed piece by piece.
 * Threads    One at a time.
 * Failure    Allocation returns NULL when memory, or the `fail_after` of a test, runs out; the arena stays usable.
 */
#ifndef FG_BASE_ARENA_H
#define FG_BASE_ARENA_H

#include "base/status.h"
#include "base/str.h"
#include "base/types.h"

/* NULL when out of memory. */
fg_arena_t *fg_arena_new(void);
/* NULL is fine. */
void fg_arena_free(fg_arena_t *arena);
/* Give back everything handed out, keep the arena. */
void fg_arena_reset(fg_arena_t *arena);
/* Tests: let `count` more allocations succeed, then fail all; -1 never fails. */
void fg_arena_fail_after(fg_arena_t *arena, int64_t count);

/* Zeroed, aligned for any type. */
FG_MUST_USE void *fg_arena_alloc(fg_arena_t *arena, size_t bytes);
/* A copy with a NUL behind it; FG_STR_NONE on lack of memory (or when `s` is FG_STR_NONE). */
fg_str_t fg_arena_copy(fg_arena_t *arena, fg_str_t s);
/* NUL-terminated copy, NULL on lack of memory. */
char *fg_arena_text(fg_arena_t *arena, fg_str_t s);
/* printf into the arena; FG_STR_NONE on lack of memory. */
fg_str_t fg_arena_printf(fg_arena_t *arena, const char *format, ...) FG_PRINTF(2, 3);

#endif
