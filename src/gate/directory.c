/*
 * The directory: key digest -> entry. An entry is never emptied; a key that goes leaves a tombstone
 * that says how it went (rule K7). When keys and tombstones crowd it, it is built anew without
 * tombstones, larger when most of it is keys, in the other bank, and published with one store.
 */
#include "gate/writer.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { LOAD_PERCENT_MAX = 72 };

fg_status_t fg_gate_refuse_full_keys(const fg_gate_writer_t *writer, fg_error_t *reterr)
{
    uint64_t keys = atomic_load_explicit(&writer->gate->header->key_count, memory_order_relaxed);
    return fg_error_set(reterr, FG_FULL, "keys",
                        "the gate holds %llu API keys, no more fit; start with a larger "
                        "--gate-keys-max",
                        (unsigned long long)keys);
}

/* Copy every key into the empty directory `to`; and what a writer that died left in the middle of a
 * change, for the same call to go on with. */
static void copy_entries(fg_gate_t *gate, uint32_t from, uint32_t to, uint64_t *ret_keys,
                         uint64_t *ret_tombstones)
{
    const char *base = (const char *)gate->header;
    const fg_gate_entry_t *entries =
        (const fg_gate_entry_t *)(base + fg_gate_directory_at(&gate->geometry, from));
    *ret_keys = *ret_tombstones = 0;
    for (uint64_t i = 0; i < FG_GATE_DIRECTORY_ENTRIES(from); i++) {
        uint32_t state = atomic_load_explicit(&entries[i].state, memory_order_relaxed);
        bool is_key = fg_gate_state_is_key(state);
        if (state == FG_KEY_UNKNOWN || (!is_key && !fg_gate_pairs_has(&entries[i])))
            continue;
        fg_gate_entry_t *place = fg_gate_entry_place(gate, to, entries[i].digest);
        FG_ASSERT(place &&
                  atomic_load_explicit(&place->state, memory_order_relaxed) == FG_KEY_UNKNOWN);
        /* the writer is the only one who changes either, but for the minute, which workers note; a
         * minute that is noted in the former directory from now on is noted again in this one */
        memcpy(place, &entries[i], offsetof(fg_gate_entry_t, used_minute));
        atomic_store_explicit(&place->used_minute,
                              atomic_load_explicit(&entries[i].used_minute, memory_order_relaxed),
                              memory_order_relaxed);
        ++*(is_key ? ret_keys : ret_tombstones);
    }
}

static void give_back_pages(const fg_gate_writer_t *writer, uint64_t from, uint64_t to)
{
    if (from < to) /* a failure leaves them: only memory */
        (void)fallocate(writer->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from,
                        (off_t)(to - from));
}

static uint64_t end_of(const fg_gate_geometry_t *g, uint32_t directory)
{
    return fg_gate_directory_at(g, directory) +
           FG_GATE_DIRECTORY_ENTRIES(directory) * FG_GATE_LINE_BYTES;
}

void fg_gate_outgrown_release(fg_gate_writer_t *writer, fg_mono_t now)
{
    if (!writer->is_outgrown || now.us - writer->outgrown_at.us < FG_GATE_QUARANTINE_US)
        return;
    const fg_gate_geometry_t *g = &writer->gate->geometry;
    uint32_t live = atomic_load_explicit(&writer->gate->header->directory, memory_order_relaxed);
    give_back_pages(writer, fg_gate_directories_at(g), fg_gate_directory_at(g, live));
    give_back_pages(writer, end_of(g, live), fg_gate_file_bytes(g));
    writer->is_outgrown = false;
}

/* Where the next directory goes: larger when most of this one is keys, and not where readers may
 * still be in the one before it (levels only rise, so that is the only one which could be there).
 * */
static uint32_t next_directory(const fg_gate_writer_t *writer, uint32_t old, uint64_t keys)
{
    uint32_t level = FG_GATE_DIRECTORY_LEVEL(old), level_max = writer->gate->geometry.level_max;
    uint32_t bank = 1 - FG_GATE_DIRECTORY_BANK(old);
    if (keys * 100 >= FG_GATE_DIRECTORY_ENTRIES(old) * (LOAD_PERCENT_MAX / 2) && level < level_max)
        level++;
    if (writer->is_outgrown && FG_GATE_DIRECTORY_LEVEL(writer->outgrown) == level &&
        FG_GATE_DIRECTORY_BANK(writer->outgrown) == bank && level < level_max)
        level++;
    return FG_GATE_DIRECTORY(FG_GATE_DIRECTORY_GENERATION(old) + 1, level, bank);
}

/* Build the directory anew, with room for `count` more, and publish it. */
static fg_status_t rebuild(fg_gate_writer_t *writer, size_t count, fg_error_t *reterr)
{
    const fg_gate_geometry_t *g = &writer->gate->geometry;
    fg_gate_header_t *header = writer->gate->header;
    uint32_t old = atomic_load_explicit(&header->directory, memory_order_relaxed);
    uint64_t keys = atomic_load_explicit(&header->key_count, memory_order_relaxed);
    fg_gate_outgrown_release(writer, writer->clock());
    uint32_t new = next_directory(writer, old, keys);
    if ((keys + count) * 100 > FG_GATE_DIRECTORY_ENTRIES(new) * LOAD_PERCENT_MAX)
        return fg_gate_refuse_full_keys(writer, reterr);
    /* what a writer left that died in the middle */
    give_back_pages(writer, fg_gate_directory_at(g, new), end_of(g, new));
    uint64_t tombstones;
    copy_entries(writer->gate, old, new, &keys, &tombstones);
    atomic_store_explicit(&header->key_count, keys, memory_order_relaxed);
    atomic_store_explicit(&header->tombstone_count, tombstones, memory_order_relaxed);
    atomic_store_explicit(&header->directory, new, memory_order_release);
    writer->is_outgrown = true;
    writer->outgrown = old;
    writer->outgrown_at = writer->clock();
    return FG_OK;
}

fg_status_t fg_gate_directory_reserve(fg_gate_writer_t *writer, size_t count, fg_error_t *reterr)
{
    const fg_gate_header_t *header = writer->gate->header;
    uint64_t entries =
        FG_GATE_DIRECTORY_ENTRIES(atomic_load_explicit(&header->directory, memory_order_relaxed));
    uint64_t used = atomic_load_explicit(&header->key_count, memory_order_relaxed) +
                    atomic_load_explicit(&header->tombstone_count, memory_order_relaxed);
    if ((used + count) * 100 <= entries * LOAD_PERCENT_MAX)
        return FG_OK;
    return rebuild(writer, count, reterr);
}
