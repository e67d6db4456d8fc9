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

/* ---- the directory ---- */

/* Copy every key into the empty directory `to`. */
static void copy_entries(fg_gate_t *gate, uint32_t from, uint32_t to, uint64_t *ret_count)
{
    const char *base = (const char *)gate->header;
    const fg_gate_entry_t *entries =
        (const fg_gate_entry_t *)(base + fg_gate_directory_at(&gate->geometry, from));
    *ret_count = 0;
    for (uint64_t i = 0; i < UINT64_C(1) << (from >> 1); i++) {
        if (!is_key(state_of(&entries[i])))
            continue;
        fg_gate_entry_t *place = fg_gate_entry_place(gate, to, entries[i].digest);
        FG_ASSERT(place && state_of(place) == FG_KEY_UNKNOWN);
        memcpy(place, &entries[i],
               sizeof(*place)); /* the writer is the only one who changes either */
        ++*ret_count;
    }
}

static void give_back_pages(const fg_gate_writer_t *writer, uint32_t directory)
{
    const fg_gate_geometry_t *g = &writer->gate->geometry;
    off_t at = (off_t)fg_gate_directory_at(g, directory);
    off_t bytes = (off_t)((UINT64_C(1) << (directory >> 1)) * FG_GATE_LINE_BYTES);
    (void)fallocate(writer->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at,
                    bytes); /* or they stay: only memory */
}

/* Build the directory anew, larger when most of it is keys, and publish it. */
static fg_status_t directory_rebuild(fg_gate_writer_t *writer, fg_error_t *reterr)
{
    fg_gate_header_t *header = writer->gate->header;
    uint32_t old = atomic_load_explicit(&header->directory, memory_order_relaxed);
    uint32_t level = old >> 1;
    uint64_t keys = atomic_load_explicit(&header->key_count, memory_order_relaxed);
    if (keys * 100 >= (UINT64_C(1) << level) * (LOAD_PERCENT_MAX / 2))
        level++;
    if (level > writer->gate->geometry.level_max)
        return fg_error_set(reterr, FG_FULL, "keys",
                            "the gate holds %llu API keys, no more fit; start with a larger "
                            "--gate-keys-max",
                            (unsigned long long)keys);
    uint32_t new = level * 2 + (1 - (old & 1));
    give_back_pages(writer, new); /* what a writer left that died in the middle */
    copy_entries(writer->gate, old, new, &keys);
    atomic_store_explicit(&header->key_count, keys, memory_order_relaxed);
    atomic_store_explicit(&header->tombstone_count, 0, memory_order_relaxed);
    atomic_store_explicit(&header->directory, new, memory_order_release);
    give_back_pages(writer, old);
    return FG_OK;
}

static bool is_crowded(const fg_gate_header_t *header)
{
    uint64_t entries = UINT64_C(1)
                       << (atomic_load_explicit(&header->directory, memory_order_relaxed) >> 1);
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

fg_status_t fg_gate_slots_scan(fg_gate_writer_t *writer)
{
    fg_gate_t *gate = writer->gate;
    fg_mono_t now = fg_now().mono;
    uint64_t used = atomic_load_explicit(&gate->header->slots_used, memory_order_relaxed);
    for (uint64_t i = 0; i < used; i++)
        if (atomic_load_explicit(&gate->slots[i].key_id, memory_order_relaxed) == 0 &&
            !fg_gate_pool_put(&writer->free_slots, (uint32_t)i, now))
            return FG_NO_MEMORY;
    return FG_OK;
}

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

static void slot_retire(fg_gate_writer_t *writer, uint32_t index)
{
    atomic_store_explicit(&writer->gate->slots[index].key_id, 0, memory_order_release);
    (void)fg_gate_pool_put(&writer->free_slots, index, fg_now().mono);
}

static void slot_fill(fg_gate_slot_t *slot, uint64_t key_id, const fg_gate_grant_t *grant)
{
    memset(slot, 0, sizeof(*slot));
    atomic_store_explicit(&slot->quota, grant->quota_word, memory_order_relaxed);
    atomic_store_explicit(&slot->extension, grant->extension_word, memory_order_relaxed);
    for (int i = 0; i < 2; i++)
        atomic_store_explicit(&slot->day[i], grant->day_words[i], memory_order_relaxed);
    slot->plan_id = grant->plan_id;
    atomic_store_explicit(&slot->key_id, key_id, memory_order_release);
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

static fg_status_t pair_add(fg_gate_writer_t *writer, fg_gate_entry_t *entry, uint64_t key_id,
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
    if (slot_index == FG_GATE_NONE)
        return fg_error_set(reterr, FG_FULL, "slots",
                            "the gate holds %llu pairs of API key and usage plan, no more "
                            "fit; start with a larger --gate-slots-max",
                            (unsigned long long)writer->gate->geometry.slots_max);
    slot_fill(&writer->gate->slots[slot_index], key_id, grant);
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
            (key && is_granted(key, writer->gate->slots[FG_GATE_PAIR_SLOT(pair)].plan_id)))
            continue;
        atomic_store_explicit(word, 0, memory_order_release);
        slot_retire(writer, FG_GATE_PAIR_SLOT(pair));
    }
}

/* ---- keys ---- */

/* A place that holds no key becomes one, without pairs yet. */
static void entry_fill(fg_gate_writer_t *writer, fg_gate_entry_t *entry, const fg_gate_key_t *key)
{
    fg_gate_header_t *header = writer->gate->header;
    bool is_tombstone = state_of(entry) != FG_KEY_UNKNOWN;
    entry->digest = key->digest;
    entry->key_id = key->key_id;
    if (is_tombstone)
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
    pairs_drop(writer, entry, NULL);
    uint32_t more = atomic_exchange_explicit(&entry->more, 0, memory_order_release);
    if (more != 0)
        slot_retire(writer, more - 1);
}

fg_status_t fg_gate_key_sync(fg_gate_writer_t *writer, const fg_gate_key_t *key, fg_error_t *reterr)
{
    fg_gate_entry_t *entry;
    FG_ASSERT(key->key_id != 0 && is_key(key->state));
    fg_status_t status = entry_for(writer, key->digest, &entry, reterr);
    if (status != FG_OK)
        return status;
    bool is_new = !is_key(state_of(entry));
    if (is_new)
        entry_fill(writer, entry, key);
    pairs_drop(writer, entry, key);
    for (size_t i = 0; status == FG_OK && i < key->grant_count; i++)
        status = pair_add(writer, entry, key->key_id, &key->grants[i], reterr);
    /* a new key opens only when all its pairs stand */
    if (status == FG_OK)
        atomic_store_explicit(&entry->state, (uint32_t)key->state, memory_order_release);
    else if (is_new)
        key_bury(writer, entry);
    return status;
}

fg_status_t fg_gate_key_replace(fg_gate_writer_t *writer, fg_digest_t old, const fg_gate_key_t *key,
                                fg_error_t *reterr)
{
    fg_gate_entry_t *entry, *before = fg_gate_entry_find(writer->gate, old);
    if (fg_digest_eq(old, key->digest) || !before || !is_key(state_of(before)))
        return fg_gate_key_sync(writer, key, reterr);
    fg_status_t status = entry_for(writer, key->digest, &entry, reterr);
    if (status != FG_OK)
        return status;
    before = fg_gate_entry_find(writer->gate, old); /* the directory may be another one now */
    FG_ASSERT(before);
    if (!is_key(state_of(entry))) {
        entry_fill(writer, entry, key);
        for (size_t i = 0; i < FG_GATE_ENTRY_PLANS; i++)
            atomic_store_explicit(&entry->pairs[i],
                                  atomic_load_explicit(&before->pairs[i], memory_order_relaxed),
                                  memory_order_relaxed);
        atomic_store_explicit(&entry->more,
                              atomic_load_explicit(&before->more, memory_order_relaxed),
                              memory_order_relaxed);
        atomic_store_explicit(&entry->state, (uint32_t)key->state, memory_order_release);
    }
    /* rule K6: the old value stops, and no longer owns the slots */
    entry_bury(writer, before, FG_KEY_REPLACED);
    for (size_t i = 0; i < FG_GATE_ENTRY_PLANS; i++)
        atomic_store_explicit(&before->pairs[i], 0, memory_order_relaxed);
    atomic_store_explicit(&before->more, 0, memory_order_relaxed);
    return fg_gate_key_sync(writer, key, reterr);
}

void fg_gate_key_remove(fg_gate_writer_t *writer, fg_digest_t digest)
{
    fg_gate_entry_t *entry = fg_gate_entry_find(writer->gate, digest);
    if (entry && is_key(state_of(entry)))
        key_bury(writer, entry);
}

fg_status_t fg_gate_has_room(const fg_gate_writer_t *writer, size_t keys, size_t slots,
                             fg_error_t *reterr)
{
    const fg_gate_header_t *header = writer->gate->header;
    uint64_t key_count = atomic_load_explicit(&header->key_count, memory_order_relaxed);
    uint64_t slots_used =
        atomic_load_explicit(&header->slots_used, memory_order_relaxed) - writer->free_slots.count;
    if (key_count + keys > writer->keys_max)
        return fg_error_set(reterr, FG_FULL, "keys",
                            "the gate holds %llu API keys, no more fit; start with a larger "
                            "--gate-keys-max",
                            (unsigned long long)key_count);
    if (slots_used + slots > writer->gate->geometry.slots_max)
        return fg_error_set(reterr, FG_FULL, "slots",
                            "the gate holds %llu pairs of API key and usage plan, no more "
                            "fit; start with a larger --gate-slots-max",
                            (unsigned long long)slots_used);
    return FG_OK;
}
