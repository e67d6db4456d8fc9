/*
 * After a writer that died. Whatever it was in the middle of, the gate is valid for readers; here
 * it is made tidy for the next writer: lines that it had taken and not named yet are free, marks of
 * slots that are linked all the same go, entries are counted again. What it had begun to change is
 * finished by the same change, which its caller applies again.
 *
 * Everything that is in use can be reached from the entries and from the slots that have an owner.
 */
#include "gate/writer.h"

#include <stdlib.h>

typedef struct reach {
    fg_gate_t *gate;
    uint8_t *lines; /* a bit for each that is named */
    uint64_t line_count, keys, tombstones;
} reach_t;

/* `name` as lines are named: index plus 1, 0 for none. */
static void mark(reach_t *reach, uint32_t name)
{
    if (name != 0 && name <= reach->line_count)
        reach->lines[(name - 1) / 8] |= (uint8_t)(1u << (name - 1) % 8);
}

static bool is_marked(const reach_t *reach, uint64_t index)
{
    return reach->lines[index / 8] >> index % 8 & 1;
}

/* A slot that an entry names. Its owner's newest value keeps it, whatever its mark says. */
static void reach_slot(reach_t *reach, uint32_t index, uint64_t keeper)
{
    if (index >= reach->line_count)
        return;
    fg_gate_slot_t *slot = &reach->gate->slots[index];
    mark(reach, index + 1);
    mark(reach, atomic_load_explicit(&slot->terms, memory_order_relaxed));
    if (atomic_load_explicit(&slot->key_id, memory_order_relaxed) == keeper)
        atomic_fetch_and_explicit(&slot->plan_index, ~FG_GATE_SLOT_RETIRED, memory_order_relaxed);
}

static void reach_entry(reach_t *reach, fg_gate_entry_t *entry)
{
    fg_gate_pair_t *word;
    uint32_t state = atomic_load_explicit(&entry->state, memory_order_relaxed);
    bool is_key = fg_gate_state_is_key(state);
    bool is_further = fg_gate_value_is_further(reach->gate, entry);
    reach->keys += is_key;
    reach->tombstones += !is_key && state != FG_KEY_UNKNOWN;
    if (state == FG_KEY_UNKNOWN || (!is_key && is_further)) {
        /* not opened yet, or closed: nobody asks for what it names, which is another's anyway */
        fg_gate_pairs_copy(entry, NULL);
        atomic_store_explicit(&entry->terms, 0, memory_order_relaxed);
        return;
    }
    mark(reach, atomic_load_explicit(&entry->terms, memory_order_relaxed));
    mark(reach, atomic_load_explicit(&entry->more, memory_order_relaxed));
    uint64_t keeper = is_further ? 0 : atomic_load_explicit(&entry->key_id, memory_order_relaxed);
    for (size_t i = 0; (word = fg_gate_entry_pair(reach->gate, entry, i)) != NULL; i++) {
        uint64_t pair = atomic_load_explicit(word, memory_order_relaxed);
        if (pair != 0)
            reach_slot(reach, FG_GATE_PAIR_SLOT(pair), keeper);
    }
}

static void reach_entries(reach_t *reach)
{
    const fg_gate_header_t *header = reach->gate->header;
    uint32_t directory = atomic_load_explicit(&header->directory, memory_order_relaxed);
    fg_gate_entry_t *entries =
        (fg_gate_entry_t *)((char *)reach->gate->header +
                            fg_gate_directory_at(&reach->gate->geometry, directory));
    for (uint64_t i = 0; i < FG_GATE_DIRECTORY_ENTRIES(directory); i++)
        reach_entry(reach, &entries[i]);
}

static void free_the_rest(reach_t *reach)
{
    fg_gate_slot_t *slots = reach->gate->slots;
    for (uint64_t i = 0; i < reach->line_count; i++) {
        uint64_t owner = atomic_load_explicit(&slots[i].key_id, memory_order_relaxed);
        if (owner != 0 && owner != FG_GATE_CHUNK)
            mark(reach, atomic_load_explicit(&slots[i].terms, memory_order_relaxed));
    }
    for (uint64_t i = 0; i < reach->line_count; i++)
        if (atomic_load_explicit(&slots[i].key_id, memory_order_relaxed) == FG_GATE_CHUNK &&
            !is_marked(reach, i))
            atomic_store_explicit(&slots[i].key_id, 0, memory_order_relaxed);
}

fg_status_t fg_gate_recover(fg_gate_writer_t *writer)
{
    fg_gate_header_t *header = writer->gate->header;
    reach_t reach = {.gate = writer->gate,
                     .line_count = atomic_load_explicit(&header->slots_used, memory_order_relaxed)};
    reach.lines = calloc(reach.line_count / 8 + 1, 1);
    if (!reach.lines)
        return FG_NO_MEMORY;
    reach_entries(&reach);
    free_the_rest(&reach);
    atomic_store_explicit(&header->key_count, reach.keys, memory_order_relaxed);
    atomic_store_explicit(&header->tombstone_count, reach.tombstones, memory_order_relaxed);
    free(reach.lines);
    return FG_OK;
}
