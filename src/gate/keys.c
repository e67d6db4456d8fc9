/*
 * Keys: entries of the directory and their pairs. An entry is never emptied; a key that goes leaves
 * a tombstone that says how it went (rule K7), and tombstones go when the directory is built anew.
 */
#include "gate/writer.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { LOAD_PERCENT_MAX = 72 };

static bool is_key(fg_key_state_t state)
{
    return state == FG_KEY_ENABLED || state == FG_KEY_DISABLED;
}

static fg_key_state_t state_of(const fg_gate_entry_t *entry)
{
    return (fg_key_state_t)atomic_load_explicit(&entry->state, memory_order_relaxed);
}

static fg_status_t refuse_full_keys(const fg_gate_writer_t *writer, fg_error_t *reterr)
{
    uint64_t keys = atomic_load_explicit(&writer->gate->header->key_count, memory_order_relaxed);
    return fg_error_set(reterr, FG_FULL, "keys",
                        "the gate holds %llu API keys, no more fit; start with a larger "
                        "--gate-keys-max",
                        (unsigned long long)keys);
}

/* ---- the directory ---- */

/* Copy every key into the empty directory `to`. */
static void copy_entries(fg_gate_t *gate, uint32_t from, uint32_t to, uint64_t *ret_count)
{
    const char *base = (const char *)gate->header;
    const fg_gate_entry_t *entries =
        (const fg_gate_entry_t *)(base + fg_gate_directory_at(&gate->geometry, from));
    *ret_count = 0;
    for (uint64_t i = 0; i < FG_GATE_DIRECTORY_ENTRIES(from); i++) {
        if (!is_key(state_of(&entries[i])))
            continue;
        fg_gate_entry_t *place = fg_gate_entry_place(gate, to, entries[i].digest);
        FG_ASSERT(place && state_of(place) == FG_KEY_UNKNOWN);
        /* the writer is the only one who changes either */
        memcpy(place, &entries[i], sizeof(*place));
        ++*ret_count;
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

/* Build the directory anew, without tombstones, and publish it. */
static fg_status_t directory_rebuild(fg_gate_writer_t *writer, fg_error_t *reterr)
{
    const fg_gate_geometry_t *g = &writer->gate->geometry;
    fg_gate_header_t *header = writer->gate->header;
    uint32_t old = atomic_load_explicit(&header->directory, memory_order_relaxed);
    uint64_t keys = atomic_load_explicit(&header->key_count, memory_order_relaxed);
    fg_gate_outgrown_release(writer, fg_now().mono);
    uint32_t new = next_directory(writer, old, keys);
    if ((keys + 1) * 100 > FG_GATE_DIRECTORY_ENTRIES(new) * LOAD_PERCENT_MAX)
        return refuse_full_keys(writer, reterr);
    /* what a writer left that died in the middle */
    give_back_pages(writer, fg_gate_directory_at(g, new), end_of(g, new));
    copy_entries(writer->gate, old, new, &keys);
    atomic_store_explicit(&header->key_count, keys, memory_order_relaxed);
    atomic_store_explicit(&header->tombstone_count, 0, memory_order_relaxed);
    atomic_store_explicit(&header->directory, new, memory_order_release);
    writer->is_outgrown = true;
    writer->outgrown = old;
    writer->outgrown_at = fg_now().mono;
    return FG_OK;
}

static bool is_crowded(const fg_gate_header_t *header)
{
    uint64_t entries =
        FG_GATE_DIRECTORY_ENTRIES(atomic_load_explicit(&header->directory, memory_order_relaxed));
    uint64_t used = atomic_load_explicit(&header->key_count, memory_order_relaxed) +
                    atomic_load_explicit(&header->tombstone_count, memory_order_relaxed);
    return (used + 1) * 100 > entries * LOAD_PERCENT_MAX;
}

/* The entry of `digest`, or the free place for it. */
static fg_status_t entry_for(fg_gate_writer_t *writer, fg_digest_t digest,
                             fg_gate_entry_t **ret_entry, fg_error_t *reterr)
{
    fg_gate_entry_t *entry = fg_gate_entry_find(writer->gate, digest);
    if (!entry && is_crowded(writer->gate->header)) {
        fg_status_t status = directory_rebuild(writer, reterr);
        if (status != FG_OK)
            return status;
    }
    if (!entry)
        entry = fg_gate_entry_place(
            writer->gate,
            atomic_load_explicit(&writer->gate->header->directory, memory_order_relaxed), digest);
    FG_ASSERT(entry);
    *ret_entry = entry;
    return FG_OK;
}

/* ---- slots ---- */

/* A writer that died in a drain had cleared marks whose figures were never stored: what has counted
 * is handed to the next drain once more. */
static void mark_again(fg_gate_t *gate, uint64_t index)
{
    fg_gate_slot_t *slot = &gate->slots[index];
    uint64_t counted = atomic_load_explicit(&slot->day[0], memory_order_relaxed) |
                       atomic_load_explicit(&slot->day[1], memory_order_relaxed) |
                       atomic_load_explicit(&slot->throttled, memory_order_relaxed) |
                       atomic_load_explicit(&slot->over_quota, memory_order_relaxed);
    if (counted == 0)
        return;
    atomic_fetch_or_explicit(&slot->over_quota, FG_GATE_SLOT_DIRTY, memory_order_seq_cst);
    atomic_store_explicit(&gate->dirty[index / FG_GATE_SLOTS_PER_DIRTY], 1, memory_order_seq_cst);
}

fg_status_t fg_gate_slots_scan(fg_gate_writer_t *writer)
{
    fg_gate_t *gate = writer->gate;
    fg_mono_t now = fg_now().mono;
    uint64_t used = atomic_load_explicit(&gate->header->slots_used, memory_order_relaxed);
    for (uint64_t i = 0; i < used; i++) {
        uint64_t owner = atomic_load_explicit(&gate->slots[i].key_id, memory_order_relaxed);
        if (owner == 0 && !fg_gate_pool_put(&writer->free_slots, (uint32_t)i, now))
            return FG_NO_MEMORY;
        if (owner != 0 && owner != FG_GATE_CHUNK)
            mark_again(gate, i);
    }
    return FG_OK;
}

static void slot_retire(fg_gate_writer_t *writer, uint32_t index);

static uint32_t slot_make(fg_gate_writer_t *writer)
{
    uint32_t index = fg_gate_pool_get(&writer->free_slots, fg_now().mono);
    if (index != FG_GATE_NONE)
        return index;
    uint64_t used = atomic_load_explicit(&writer->gate->header->slots_used, memory_order_relaxed);
    if (used >= writer->gate->geometry.slots_max)
        return FG_GATE_NONE;
    atomic_store_explicit(&writer->gate->header->slots_used, used + 1, memory_order_relaxed);
    return (uint32_t)used;
}

/* Give the slot other terms (NULL: none). The former line is free once nobody can read it. */
bool fg_gate_slot_terms_set(fg_gate_writer_t *writer, fg_gate_slot_t *slot,
                            const fg_gate_terms_t *terms)
{
    uint32_t index = FG_GATE_NONE;
    if (terms) {
        index = slot_make(writer);
        if (index == FG_GATE_NONE)
            return false;
        fg_gate_terms_t *line = (fg_gate_terms_t *)&writer->gate->slots[index];
        memset(line, 0, sizeof(fg_gate_slot_t));
        memcpy(line, terms, offsetof(fg_gate_terms_t, key_id));
        atomic_store_explicit(&writer->gate->slots[index].key_id, FG_GATE_CHUNK,
                              memory_order_relaxed);
    }
    uint32_t before = atomic_exchange_explicit(&slot->terms, terms ? index + 1 : 0,
                                               memory_order_acq_rel);
    if (before != 0)
        slot_retire(writer, before - 1);
    return true;
}

static void slot_retire(fg_gate_writer_t *writer, uint32_t index)
{
    atomic_store_explicit(&writer->gate->slots[index].key_id, 0, memory_order_release);
    (void)fg_gate_pool_put(&writer->free_slots, index, fg_now().mono);
}

/* It has no owner yet, but is not free either: a writer that dies now leaks it until the next boot,
 * and nobody drains figures that a newer slot of the same pair would contradict. */
static bool slot_fill(fg_gate_writer_t *writer, fg_gate_slot_t *slot, uint32_t plan_index,
                      const fg_gate_grant_t *grant)
{
    atomic_store_explicit(&slot->key_id, FG_GATE_CHUNK, memory_order_relaxed);
    memset(slot, 0, offsetof(fg_gate_slot_t, key_id));
    atomic_store_explicit(&slot->quota, grant->quota_word, memory_order_relaxed);
    atomic_store_explicit(&slot->granted, grant->granted_word, memory_order_relaxed);
    for (int i = 0; i < 2; i++)
        atomic_store_explicit(&slot->day[i], grant->day_words[i], memory_order_relaxed);
    slot->plan_index = plan_index;
    fg_gate_terms_t terms = {.extension_word = grant->extension_word};
    return grant->extension_word == 0 || fg_gate_slot_terms_set(writer, slot, &terms);
}

/* ---- pairs ---- */

/* The pair of a plan in an entry, NULL when there is none; *ret_free is the first free word. */
static fg_gate_pair_t *pair_find(const fg_gate_t *gate, fg_gate_entry_t *entry, uint32_t plan_index,
                                 fg_gate_pair_t **ret_free)
{
    fg_gate_pair_t *word;
    *ret_free = NULL;
    for (size_t i = 0; (word = fg_gate_entry_pair(gate, entry, i)) != NULL; i++) {
        uint64_t pair = atomic_load_explicit(word, memory_order_relaxed);
        if (pair == 0 && !*ret_free)
            *ret_free = word;
        if (pair != 0 && FG_GATE_PAIR_PLAN(pair) == plan_index)
            return word;
    }
    return NULL;
}

/* One more line of pairs for the entry; NULL when there is one already or no slot is left. */
static fg_gate_pair_t *more_pairs(fg_gate_writer_t *writer, fg_gate_entry_t *entry)
{
    if (atomic_load_explicit(&entry->more, memory_order_relaxed) != 0)
        return NULL;
    uint32_t index = slot_make(writer);
    if (index == FG_GATE_NONE)
        return NULL;
    memset(&writer->gate->slots[index], 0, sizeof(fg_gate_slot_t));
    atomic_store_explicit(&writer->gate->slots[index].key_id, FG_GATE_CHUNK, memory_order_relaxed);
    atomic_store_explicit(&entry->more, index + 1, memory_order_release);
    return (fg_gate_pair_t *)&writer->gate->slots[index];
}

static fg_status_t pair_add(fg_gate_writer_t *writer, fg_gate_entry_t *entry,
                            const fg_gate_grant_t *grant, fg_error_t *reterr)
{
    fg_gate_pair_t *free_word;
    uint32_t plan_index = fg_gate_plan_index(writer, grant->plan_id);
    if (plan_index == FG_GATE_NONE)
        return fg_error_set(reterr, FG_NOT_FOUND, "plan",
                            "the gate does not know the usage plan of an API key");
    if (pair_find(writer->gate, entry, plan_index, &free_word))
        return FG_OK;
    if (!free_word)
        free_word = more_pairs(writer, entry);
    uint32_t slot_index = free_word ? slot_make(writer) : FG_GATE_NONE;
    if (slot_index == FG_GATE_NONE ||
        !slot_fill(writer, &writer->gate->slots[slot_index], plan_index, grant))
        return fg_error_set(reterr, FG_FULL, "slots",
                            "the gate holds %llu pairs of API key and usage plan, no more "
                            "fit; start with a larger --gate-keys-max",
                            (unsigned long long)writer->gate->geometry.slots_max);
    atomic_store_explicit(free_word, FG_GATE_PAIR(plan_index, slot_index), memory_order_release);
    return FG_OK;
}

static bool is_granted(const fg_gate_key_t *key, uint64_t plan_id)
{
    for (size_t i = 0; i < key->grant_count; i++)
        if (key->grants[i].plan_id == plan_id)
            return true;
    return false;
}

/* Take the pairs away that are not in `key` (all of them when it is NULL). */
static void pairs_drop(fg_gate_writer_t *writer, fg_gate_entry_t *entry, const fg_gate_key_t *key)
{
    fg_gate_pair_t *word;
    for (size_t i = 0; (word = fg_gate_entry_pair(writer->gate, entry, i)) != NULL; i++) {
        uint64_t pair = atomic_load_explicit(word, memory_order_relaxed);
        if (pair == 0 ||
            (key && is_granted(key, writer->plan_ids[FG_GATE_PAIR_PLAN(pair)])))
            continue;
        uint32_t index = FG_GATE_PAIR_SLOT(pair);
        /* disowned, unlinked, free: wherever a writer dies, no slot is free and linked at once */
        atomic_store_explicit(&writer->gate->slots[index].key_id, FG_GATE_CHUNK,
                              memory_order_release);
        atomic_store_explicit(word, 0, memory_order_release);
        (void)fg_gate_slot_terms_set(writer, &writer->gate->slots[index], NULL);
        slot_retire(writer, index);
    }
}

/* The pairs stand in a published entry: from now on their slots are drained under the key's id. */
static void pairs_own(fg_gate_writer_t *writer, fg_gate_entry_t *entry, uint64_t key_id)
{
    fg_gate_pair_t *word;
    for (size_t i = 0; (word = fg_gate_entry_pair(writer->gate, entry, i)) != NULL; i++) {
        uint64_t pair = atomic_load_explicit(word, memory_order_relaxed);
        if (pair != 0)
            atomic_store_explicit(&writer->gate->slots[FG_GATE_PAIR_SLOT(pair)].key_id, key_id,
                                  memory_order_release);
    }
}

/* All pairs of an entry, to be handed to another. */
typedef struct pairs {
    uint64_t words[FG_GATE_ENTRY_PLANS];
    uint32_t more;
} pairs_t;

static pairs_t pairs_of(const fg_gate_entry_t *entry)
{
    pairs_t pairs = {.more = atomic_load_explicit(&entry->more, memory_order_relaxed)};
    for (size_t i = 0; i < FG_GATE_ENTRY_PLANS; i++)
        pairs.words[i] = atomic_load_explicit(&entry->pairs[i], memory_order_relaxed);
    return pairs;
}

static void pairs_set(fg_gate_entry_t *entry, pairs_t pairs)
{
    for (size_t i = 0; i < FG_GATE_ENTRY_PLANS; i++)
        atomic_store_explicit(&entry->pairs[i], pairs.words[i], memory_order_relaxed);
    atomic_store_explicit(&entry->more, pairs.more, memory_order_relaxed);
}

/* ---- keys ---- */

static void pairs_free(fg_gate_writer_t *writer, fg_gate_entry_t *entry)
{
    pairs_drop(writer, entry, NULL);
    uint32_t more = atomic_exchange_explicit(&entry->more, 0, memory_order_release);
    if (more != 0)
        slot_retire(writer, more - 1);
}

/* A place that holds no key becomes one, without pairs yet. What a writer left there that died is a
 * deleted key's own; anything else may have an owner by now and is only forgotten. */
static void entry_fill(fg_gate_writer_t *writer, fg_gate_entry_t *entry, const fg_gate_key_t *key)
{
    fg_gate_header_t *header = writer->gate->header;
    if (state_of(entry) == FG_KEY_DELETED)
        pairs_free(writer, entry);
    pairs_set(entry, (pairs_t){.more = 0});
    atomic_store_explicit(&entry->key_id, key->key_id, memory_order_relaxed);
    if (state_of(entry) == FG_KEY_UNKNOWN) /* a tombstone has it, and readers who compare it */
        entry->digest = key->digest;
    else
        atomic_fetch_sub_explicit(&header->tombstone_count, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&header->key_count, 1, memory_order_relaxed);
}

static void entry_bury(fg_gate_writer_t *writer, fg_gate_entry_t *entry, fg_key_state_t how)
{
    atomic_store_explicit(&entry->state, (uint32_t)how, memory_order_release);
    atomic_fetch_sub_explicit(&writer->gate->header->key_count, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&writer->gate->header->tombstone_count, 1, memory_order_relaxed);
}

/* Rule K7: the entry says that the key was deleted; its pairs are given back. */
static void key_bury(fg_gate_writer_t *writer, fg_gate_entry_t *entry)
{
    entry_bury(writer, entry, FG_KEY_DELETED);
    pairs_free(writer, entry);
}

/* The pairs of an entry become the key's grants; it opens when all of them stand. */
static fg_status_t entry_sync(fg_gate_writer_t *writer, fg_gate_entry_t *entry,
                              const fg_gate_key_t *key, fg_error_t *reterr)
{
    fg_status_t status = FG_OK;
    pairs_drop(writer, entry, key);
    for (size_t i = 0; status == FG_OK && i < key->grant_count; i++)
        status = pair_add(writer, entry, &key->grants[i], reterr);
    if (status == FG_OK)
        atomic_store_explicit(&entry->state, (uint32_t)key->state, memory_order_release);
    pairs_own(writer, entry, key->key_id);
    return status;
}

fg_status_t fg_gate_key_sync(fg_gate_writer_t *writer, const fg_gate_key_t *key, fg_error_t *reterr)
{
    FG_ASSERT(key->key_id != 0 && is_key(key->state));
    fg_gate_entry_t *entry = fg_gate_entry_find(writer->gate, key->digest);
    if (entry && is_key(state_of(entry)))
        return entry_sync(writer, entry, key, reterr);
    if (atomic_load_explicit(&writer->gate->header->key_count, memory_order_relaxed) >=
        writer->keys_max)
        return refuse_full_keys(writer, reterr);
    fg_status_t status = entry_for(writer, key->digest, &entry, reterr);
    if (status != FG_OK)
        return status;
    entry_fill(writer, entry, key);
    status = entry_sync(writer, entry, key, reterr);
    if (status != FG_OK)
        key_bury(writer, entry);
    return status;
}

/* Rule K6. The old value stops before the new one works, and hands its pairs over while it is
 * marked as replaced: nothing frees the pairs of such an entry, so no two entries ever free one
 * slot. A writer that dies in between leaves them there, for the same call to pass on after the
 * restart. */
fg_status_t fg_gate_key_replace(fg_gate_writer_t *writer, fg_digest_t old, const fg_gate_key_t *key,
                                fg_error_t *reterr)
{
    fg_gate_entry_t *entry, *before = fg_gate_entry_find(writer->gate, old);
    if (fg_digest_eq(old, key->digest) || !before || state_of(before) == FG_KEY_DELETED)
        return fg_gate_key_sync(writer, key, reterr);
    pairs_t pairs = pairs_of(before);
    fg_status_t status = entry_for(writer, key->digest, &entry, reterr);
    if (status != FG_OK)
        return status;
    before = fg_gate_entry_find(writer->gate, old); /* the directory may be another one now */
    if (before && is_key(state_of(before)))
        entry_bury(writer, before, FG_KEY_REPLACED);
    if (!is_key(state_of(entry))) {
        entry_fill(writer, entry, key);
        pairs_set(entry, pairs);
        atomic_store_explicit(&entry->state, (uint32_t)key->state, memory_order_release);
    }
    if (before)
        pairs_set(before, (pairs_t){.more = 0});
    return entry_sync(writer, entry, key, reterr);
}

void fg_gate_key_remove(fg_gate_writer_t *writer, fg_digest_t digest)
{
    fg_gate_entry_t *entry = fg_gate_entry_find(writer->gate, digest);
    if (entry && is_key(state_of(entry)))
        key_bury(writer, entry);
    else if (entry && state_of(entry) == FG_KEY_DELETED)
        pairs_free(writer, entry); /* a writer died before it had */
}

fg_status_t fg_gate_has_room(const fg_gate_writer_t *writer, size_t keys, size_t slots,
                             fg_error_t *reterr)
{
    const fg_gate_header_t *header = writer->gate->header;
    uint64_t key_count = atomic_load_explicit(&header->key_count, memory_order_relaxed);
    uint64_t slots_used =
        atomic_load_explicit(&header->slots_used, memory_order_relaxed) - writer->free_slots.count;
    if (key_count + keys > writer->keys_max)
        return refuse_full_keys(writer, reterr);
    if (slots_used + slots > writer->gate->geometry.slots_max)
        return fg_error_set(reterr, FG_FULL, "slots",
                            "the gate holds %llu pairs of API key and usage plan, no more "
                            "fit; start with a larger --gate-keys-max",
                            (unsigned long long)slots_used);
    return FG_OK;
}
