/*
 * What the writer keeps in its own memory: queues of what waits for its quarantine, and slots by
 * owner and plan. The map is open addressing with linear probing; a removal moves the items behind
 * it up, so that no item ever stands behind a gap.
 */
#include "gate/writer.h"

#include <stdlib.h>
#include <string.h>

bool fg_gate_pool_put(fg_gate_pool_t *pool, uint32_t index, fg_mono_t at)
{
    if (pool->first + pool->count == pool->room) {
        if (pool->first > pool->room / 2) {
            memmove(pool->items, pool->items + pool->first, pool->count * sizeof(*pool->items));
            pool->first = 0;
        } else {
            size_t room = pool->room * 2 + 64;
            fg_gate_retired_t *items = realloc(pool->items, room * sizeof(*items));
            if (!items)
                return false;
            pool->items = items;
            pool->room = room;
        }
    }
    pool->items[pool->first + pool->count++] = (fg_gate_retired_t){.index = index, .at = at};
    return true;
}

uint32_t fg_gate_pool_get(fg_gate_pool_t *pool, fg_mono_t now)
{
    if (pool->count == 0 || now.us - pool->items[pool->first].at.us < FG_GATE_QUARANTINE_US)
        return FG_GATE_NONE;
    pool->count--;
    return pool->items[pool->first++].index;
}

/* ---- slot map ---- */

static size_t home_of(const fg_gate_slot_map_t *map, uint64_t owner, uint32_t plan)
{
    uint64_t hash = (owner ^ (uint64_t)plan << 40) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(hash >> 32) & (map->room - 1);
}

/* Where it is, or would go. */
static fg_gate_slot_item_t *place_of(const fg_gate_slot_map_t *map, uint64_t owner, uint32_t plan)
{
    for (size_t i = home_of(map, owner, plan);; i = (i + 1) & (map->room - 1)) {
        fg_gate_slot_item_t *item = &map->items[i];
        if (item->slot == 0 || (item->owner == owner && item->plan == plan))
            return item;
    }
}

static bool grow(fg_gate_slot_map_t *map)
{
    fg_gate_slot_map_t larger = {.room = map->room ? map->room * 2 : 64, .count = map->count};
    larger.items = calloc(larger.room, sizeof(*larger.items));
    if (!larger.items)
        return false;
    for (size_t i = 0; i < map->room; i++)
        if (map->items[i].slot != 0)
            *place_of(&larger, map->items[i].owner, map->items[i].plan) = map->items[i];
    free(map->items);
    *map = larger;
    return true;
}

fg_gate_slot_item_t *fg_gate_slot_map_find(const fg_gate_slot_map_t *map, uint64_t owner,
                                           uint32_t plan)
{
    fg_gate_slot_item_t *item = map->count > 0 ? place_of(map, owner, plan) : NULL;
    return item && item->slot != 0 ? item : NULL;
}

fg_gate_slot_item_t *fg_gate_slot_map_put(fg_gate_slot_map_t *map, uint64_t owner, uint32_t plan,
                                          uint32_t slot_index)
{
    if ((map->count + 1) * 4 > map->room * 3 && !grow(map))
        return NULL;
    fg_gate_slot_item_t *item = place_of(map, owner, plan);
    map->count += item->slot == 0;
    *item = (fg_gate_slot_item_t){.owner = owner, .plan = plan, .slot = slot_index + 1};
    return item;
}

void fg_gate_slot_map_remove(fg_gate_slot_map_t *map, fg_gate_slot_item_t *item)
{
    size_t mask = map->room - 1, gap = (size_t)(item - map->items);
    FG_ASSERT(item->slot != 0 && map->count > 0);
    for (size_t i = (gap + 1) & mask; map->items[i].slot != 0; i = (i + 1) & mask) {
        size_t home = home_of(map, map->items[i].owner, map->items[i].plan);
        if (((i - home) & mask) < ((i - gap) & mask))
            continue; /* it would stand before its home */
        map->items[gap] = map->items[i];
        gap = i;
    }
    map->items[gap].slot = 0;
    map->count--;
}
