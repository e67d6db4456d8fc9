/*
 * A list of blocks, the newest first. Small pieces are cut from the newest; a piece larger than a block's rest starts a
 * new one. A reset keeps the first block, so that a call that fits one block never asks the system for memory again.
 */
#include "base/arena.h"

#include "base/checked.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { BLOCK_BYTES = 16 * 1024, ALIGNMENT = 16 };

typedef struct block {
    struct block *next;
    size_t used, room;
    _Alignas(ALIGNMENT) char bytes[];
} block_t;

struct fg_arena {
    block_t *newest;
    int64_t fail_after;
};

static block_t *block_new(size_t room, block_t *next)
{
    size_t bytes;
    if (!fg_add_size(sizeof(block_t), room, &bytes))
        return NULL;
    block_t *block = malloc(bytes);
    if (block)
        *block = (block_t){.next = next, .room = room};
    return block;
}

fg_arena_t *fg_arena_new(void)
{
    fg_arena_t *arena = malloc(sizeof(*arena));
    if (!arena)
        return NULL;
    *arena = (fg_arena_t){.newest = block_new(BLOCK_BYTES, NULL), .fail_after = -1};
    if (arena->newest)
        return arena;
    free(arena);
    return NULL;
}

void fg_arena_reset(fg_arena_t *arena)
{
    while (arena->newest->next) {
        block_t *old = arena->newest;
        arena->newest = old->next;
        free(old);
    }
    arena->newest->used = 0;
}

void fg_arena_free(fg_arena_t *arena)
{
    if (!arena)
        return;
    fg_arena_reset(arena);
    free(arena->newest);
    free(arena);
}

void fg_arena_fail_after(fg_arena_t *arena, int64_t count)
{
    arena->fail_after = count;
}

static bool is_failing(fg_arena_t *arena)
{
    if (arena->fail_after < 0)
        return false;
    if (arena->fail_after == 0)
        return true;
    arena->fail_after--;
    return false;
}

void *fg_arena_alloc(fg_arena_t *arena, size_t bytes)
{
    size_t room;
    if (is_failing(arena) || !fg_add_size(bytes, ALIGNMENT - 1, &room))
        return NULL;
    room &= ~(size_t)(ALIGNMENT - 1);
    block_t *block = arena->newest;
    if (block->room - block->used < room) {
        block = block_new(room > BLOCK_BYTES ? room : BLOCK_BYTES, arena->newest);
        if (!block)
            return NULL;
        arena->newest = block;
    }
    char *piece = block->bytes + block->used;
    block->used += room;
    FG_ASSERT(block->used <= block->room);
    return memset(piece, 0, bytes);
}

char *fg_arena_text(fg_arena_t *arena, fg_str_t s)
{
    size_t bytes;
    char *text = fg_add_size(s.len, 1, &bytes) ? fg_arena_alloc(arena, bytes) : NULL;
    if (text && s.len > 0)
        memcpy(text, s.at, s.len);
    return text;
}

fg_str_t fg_arena_copy(fg_arena_t *arena, fg_str_t s)
{
    char *text = s.at ? fg_arena_text(arena, s) : NULL;
    return text ? (fg_str_t){text, s.len} : FG_STR_NONE;
}

fg_str_t fg_arena_printf(fg_arena_t *arena, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    char *text = length >= 0 ? fg_arena_alloc(arena, (size_t)length + 1) : NULL;
    if (text)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(arguments);
    return text ? (fg_str_t){text, (size_t)length} : FG_STR_NONE;
}
