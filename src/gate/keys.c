/*
 * Keys: entries of the directory, opened and closed. An entry is never emptied; a value that goes
 * leaves a tombstone that says how it went (rule K7).
 */
#include "gate/writer.h"

static fg_key_state_t state_of(const fg_gate_entry_t *entry)
{
    return (fg_key_state_t)atomic_load_explicit(&entry->state, memory_order_relaxed);
}

static void state_set(fg_gate_entry_t *entry, fg_key_state_t state)
{
    /* release: the rest of the entry was written before */
    atomic_store_explicit(&entry->state, (uint32_t)state, memory_order_release);
}

static uint64_t key_of(const fg_gate_entry_t *entry)
{
    return atomic_load_explicit(&entry->key_id, memory_order_relaxed);
}

static bool is_key(const fg_gate_entry_t *entry)
{
    return fg_gate_state_is_key(state_of(entry));
}

static fg_gate_entry_t *place_of(const fg_gate_writer_t *writer, fg_digest_t digest)
{
    const fg_gate_header_t *header = writer->gate->header;
    fg_gate_entry_t *entry = fg_gate_entry_place(
        writer->gate, atomic_load_explicit(&header->directory, memory_order_relaxed), digest);
    FG_ASSERT(entry);
    return entry;
}

static bool is_wanted(const fg_gate_key_t *key, fg_digest_t digest)
{
    for (size_t i = 0; i < key->value_count; i++)
        if (fg_digest_eq(key->values[i].digest, digest))
            return true;
    return false;
}

/* First record of the key's address rules, plus 1; all its values name it. */
static uint32_t addresses_of(const fg_gate_t *gate, const fg_gate_entry_t *entry)
{
    const fg_gate_value_terms_t *terms = entry ? fg_gate_value_terms(gate, entry) : NULL;
    return terms ? terms->addresses : 0;
}

/* ---- closing ---- */

static void entry_bury(fg_gate_writer_t *writer, fg_gate_entry_t *entry, fg_key_state_t how)
{
    state_set(entry, how);
    atomic_fetch_sub_explicit(&writer->gate->header->key_count, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&writer->gate->header->tombstone_count, 1, memory_order_relaxed);
}

/* It names nothing any more; its terms go last, they tell whether the slots were its own. */
static void entry_forget(fg_gate_writer_t *writer, fg_gate_entry_t *entry)
{
    fg_gate_pairs_copy(entry, NULL);
    (void)fg_gate_value_set(writer, entry, NULL);
}

/* The slots are another value's. */
static void further_bury(fg_gate_writer_t *writer, fg_gate_entry_t *entry, fg_key_state_t how)
{
    entry_bury(writer, entry, how);
    entry_forget(writer, entry);
}

/* Rule K7: all values of the key say that it was deleted; its pairs are given back. */
static void key_bury(fg_gate_writer_t *writer, fg_gate_entry_t *owner)
{
    fg_gate_values_t values = fg_gate_values_of(writer->gate, owner);
    uint32_t addresses = addresses_of(writer->gate, owner);
    for (size_t i = values.count; i-- > 0;)
        entry_bury(writer, values.entries[i], FG_KEY_DELETED);
    fg_gate_pairs_free(writer, &values);
    for (size_t i = values.count; i-- > 0;)
        entry_forget(writer, values.entries[i]);
    fg_gate_chain_retire(writer, addresses);
}

/* What a writer left that died while it buried the key. */
static void bury_again(fg_gate_writer_t *writer, fg_gate_entry_t *entry)
{
    fg_gate_values_t values = {.entries = {entry}, .count = 1};
    if (!fg_gate_value_is_further(writer->gate, entry))
        fg_gate_pairs_free(writer, &values);
    entry_forget(writer, entry);
}

/* ---- opening ---- */

/* A place that holds no key becomes one of the key's values, without pairs yet. What a writer left
 * there that died is a deleted key's own; anything else may have an owner by now and is only
 * forgotten. */
static void entry_fill(fg_gate_writer_t *writer, fg_gate_entry_t *entry, uint64_t key_id,
                       fg_digest_t digest)
{
    fg_gate_header_t *header = writer->gate->header;
    if (state_of(entry) == FG_KEY_DELETED)
        bury_again(writer, entry);
    entry_forget(writer, entry);
    atomic_store_explicit(&entry->key_id, key_id, memory_order_relaxed);
    atomic_store_explicit(&entry->used_minute, 0, memory_order_relaxed);
    if (state_of(entry) == FG_KEY_UNKNOWN) /* a tombstone has it, and readers who compare it */
        entry->digest = digest;
    else
        atomic_fetch_sub_explicit(&header->tombstone_count, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&header->key_count, 1, memory_order_relaxed);
}

/* Room for the values of the key that are not there. Rotation is refused only when the directory
 * ends, which is larger than the keys that it was made for. *owner is found again when the directory
 * becomes another. */
static fg_status_t make_room(fg_gate_writer_t *writer, const fg_gate_key_t *key,
                             fg_gate_entry_t **owner, fg_error_t *reterr)
{
    uint64_t keys = atomic_load_explicit(&writer->gate->header->key_count, memory_order_relaxed);
    size_t count = 0;
    fg_digest_t owner_digest = *owner ? (*owner)->digest : key->digest;
    for (size_t i = 0; i <= key->value_count; i++) {
        fg_digest_t digest = i < key->value_count ? key->values[i].digest : key->digest;
        const fg_gate_entry_t *entry = fg_gate_entry_find(writer->gate, digest);
        count += !entry || !is_key(entry);
    }
    if (!*owner && keys + count > writer->keys_max)
        return fg_gate_refuse_full_keys(writer, reterr);
    fg_status_t status = fg_gate_directory_reserve(writer, count, reterr);
    if (status == FG_OK && *owner)
        *owner = fg_gate_entry_find(writer->gate, owner_digest);
    return status;
}

/* ---- address rules ---- */

typedef struct change {
    const fg_gate_key_t *key;
    uint32_t addresses; /* of it */
} change_t;

/* The records of the key's rules: those that stand, or new ones. */
static fg_status_t write_addresses(fg_gate_writer_t *writer, uint32_t present,
                                   const fg_gate_key_t *key, uint32_t *ret_addresses,
                                   fg_error_t *reterr)
{
    *ret_addresses = present;
    if (fg_gate_addresses_are(writer, present, key->addresses, key->address_count))
        return FG_OK;
    fg_status_t status =
        fg_gate_addresses_write(writer, key->addresses, key->address_count, ret_addresses);
    if (status != FG_OK)
        fg_error_set(reterr, status, "addresses",
                     "the gate has no room for the address rules of an API key");
    return status;
}

/* ---- the owner ---- */

/* The entry that owns the slots of the key now: its newest value, or one that a writer which died
 * was about to put another in place of. NULL when the key has no slots. */
static fg_gate_entry_t *find_owner(const fg_gate_writer_t *writer, const fg_digest_t *old,
                                   const fg_gate_key_t *key)
{
    fg_gate_entry_t *entry = fg_gate_entry_find(writer->gate, key->digest);
    if (entry && is_key(entry) && key_of(entry) == key->key_id)
        return fg_gate_value_owner(writer->gate, entry);
    entry = old ? fg_gate_entry_find(writer->gate, *old) : NULL;
    for (size_t i = 0;; i++) {
        if (entry && key_of(entry) == key->key_id) {
            if (is_key(entry))
                return fg_gate_value_owner(writer->gate, entry);
            if (state_of(entry) == FG_KEY_REPLACED && fg_gate_pairs_has(entry))
                return entry;
        }
        if (i == key->value_count)
            return NULL;
        entry = fg_gate_entry_find(writer->gate, key->values[i].digest);
    }
}

/* Values that another key has in the gate: the store knows better. */
static void evict(fg_gate_writer_t *writer, const fg_gate_key_t *key)
{
    for (size_t i = 0; i <= key->value_count; i++) {
        fg_digest_t digest = i < key->value_count ? key->values[i].digest : key->digest;
        const fg_gate_entry_t *entry = fg_gate_entry_find(writer->gate, digest);
        if (entry && is_key(entry) && key_of(entry) != key->key_id)
            fg_gate_key_remove(writer, digest);
    }
}

/* Further values that the key has no more. */
static void bury_unwanted(fg_gate_writer_t *writer, fg_gate_entry_t *owner,
                          const fg_gate_key_t *key)
{
    fg_gate_values_t values = fg_gate_values_of(writer->gate, owner);
    for (size_t i = 1; i < values.count; i++)
        if (!is_wanted(key, values.entries[i]->digest))
            further_bury(writer, values.entries[i], FG_KEY_REPLACED);
}

/* The owner becomes a further value of the key whose newest is not there yet; it keeps the list of
 * the others. */
static bool make_further(fg_gate_writer_t *writer, fg_gate_entry_t *owner, const change_t *change)
{
    const fg_gate_key_t *key = change->key;
    fg_gate_values_t others = fg_gate_values_of(writer->gate, owner);
    fg_gate_value_terms_t terms = {.tag = FG_GATE_VALUE_TAG};
    for (size_t i = 0; i < key->value_count; i++)
        if (fg_digest_eq(key->values[i].digest, owner->digest))
            terms = fg_gate_value_further(key, &key->values[i], change->addresses);
    for (size_t i = 1, listed = 1; i < others.count && listed < FG_GATE_VALUES_MAX; i++)
        terms.values[listed++] = others.entries[i]->digest.word[0];
    return fg_gate_value_set(writer, owner, &terms);
}

/* The place for the newest value, with its terms, not open yet. */
static bool prepare(fg_gate_writer_t *writer, fg_gate_entry_t *entry, const change_t *change)
{
    fg_gate_value_terms_t terms = fg_gate_value_newest(change->key, change->addresses);
    if (is_key(entry)) /* a further value becomes the newest: closed for a moment */
        further_bury(writer, entry, FG_KEY_REPLACED);
    entry_fill(writer, entry, change->key->key_id, change->key->digest);
    return fg_gate_value_set(writer, entry, &terms);
}

/* Rule K6. The old value stops, or becomes a further one, before the new one works; it still names
 * the pairs then, and nothing frees those but the same call after a restart. What does not fit
 * closes an old value that is to stop. */
static fg_status_t hand_over(fg_gate_writer_t *writer, fg_gate_entry_t *owner,
                             fg_gate_entry_t *entry, const change_t *change, fg_error_t *reterr)
{
    bool stays = is_key(owner) && is_wanted(change->key, owner->digest);
    if (!prepare(writer, entry, change) || (stays && !make_further(writer, owner, change))) {
        further_bury(writer, entry, FG_KEY_REPLACED);
        if (!stays && is_key(owner))
            key_bury(writer, owner);
        return fg_gate_refuse_full_slots(writer, reterr);
    }
    if (!stays && is_key(owner))
        entry_bury(writer, owner, FG_KEY_REPLACED);
    fg_gate_pairs_copy(entry, owner);
    state_set(entry, change->key->state);
    if (!stays)
        entry_forget(writer, owner);
    return FG_OK;
}

/* ---- values and pairs ---- */

/* The further values of the key stand beside its newest, open or closed as it is. */
static fg_status_t further_sync(fg_gate_writer_t *writer, const fg_gate_entry_t *newest,
                                const change_t *change, fg_error_t *reterr)
{
    const fg_gate_key_t *key = change->key;
    fg_status_t status = FG_OK;
    fg_key_state_t state = key->state == FG_KEY_ENABLED ? FG_KEY_ALIAS : FG_KEY_DISABLED;
    for (size_t i = 0; i < key->value_count; i++) {
        fg_gate_entry_t *entry = place_of(writer, key->values[i].digest);
        if (entry == newest)
            continue;
        if (!is_key(entry))
            entry_fill(writer, entry, key->key_id, key->values[i].digest);
        fg_gate_value_terms_t terms =
            fg_gate_value_further(key, &key->values[i], change->addresses);
        if (fg_gate_value_set(writer, entry, &terms)) {
            fg_gate_pairs_copy(entry, newest);
            state_set(entry, state);
        } else {
            further_bury(writer, entry, FG_KEY_REPLACED);
            status = fg_gate_refuse_full_slots(writer, reterr);
        }
    }
    return status;
}

/* No free ride: what did not fit closes the key when no limit of it stands, until it is synced
 * again. */
static void close_key(fg_gate_writer_t *writer, fg_gate_entry_t *owner)
{
    fg_gate_values_t values = fg_gate_values_of(writer->gate, owner);
    for (size_t i = 0; i < values.count; i++)
        if (is_key(values.entries[i]))
            state_set(values.entries[i], FG_KEY_DISABLED);
}

static bool has_pair(const fg_gate_t *gate, fg_gate_entry_t *entry)
{
    fg_gate_pair_t *word;
    for (size_t i = 0; (word = fg_gate_entry_pair(gate, entry, i)) != NULL; i++)
        if (atomic_load_explicit(word, memory_order_relaxed) != 0)
            return true;
    return false;
}

/* The newest value stands: terms, pairs, then the further values; it opens when all of its own
 * stands. */
static fg_status_t entry_sync(fg_gate_writer_t *writer, fg_gate_entry_t *entry,
                              const change_t *change, fg_error_t *reterr)
{
    const fg_gate_key_t *key = change->key;
    fg_gate_value_terms_t terms = fg_gate_value_newest(change->key, change->addresses);
    fg_gate_values_t values = fg_gate_values_of(writer->gate, entry);
    if (!fg_gate_value_set(writer, entry, &terms)) {
        close_key(writer, entry);
        return fg_gate_refuse_full_slots(writer, reterr);
    }
    fg_status_t status = fg_gate_pairs_sync(writer, &values, key, reterr);
    if (status == FG_OK)
        state_set(entry, key->state);
    else if (key->grant_count > 0 && !has_pair(writer->gate, entry))
        close_key(writer, entry);
    if (status != FG_OK)
        return status;
    return further_sync(writer, entry, change, reterr);
}

/* ---- keys ---- */

/* Make the key, whose slots `owner` has (NULL: it has none), what the change says. */
static fg_status_t apply(fg_gate_writer_t *writer, fg_gate_entry_t *owner, const change_t *change,
                         fg_error_t *reterr)
{
    fg_status_t status = FG_OK;
    fg_gate_entry_t *entry = place_of(writer, change->key->digest);
    if (!owner)
        entry_fill(writer, entry, change->key->key_id, change->key->digest);
    else if (owner != entry)
        status = hand_over(writer, owner, entry, change, reterr);
    if (status == FG_OK)
        status = entry_sync(writer, entry, change, reterr);
    if (status != FG_OK && !owner && !is_key(entry))
        key_bury(writer, entry);
    return status;
}

static fg_status_t sync_key(fg_gate_writer_t *writer, const fg_digest_t *old,
                            const fg_gate_key_t *key, fg_error_t *reterr)
{
    FG_ASSERT(key->key_id != 0 && (key->state == FG_KEY_ENABLED || key->state == FG_KEY_DISABLED));
    if (key->value_count > FG_GATE_VALUES_MAX)
        return fg_error_set(reterr, FG_FULL, "values",
                            "an API key has at most %d values beside the newest",
                            FG_GATE_VALUES_MAX);
    evict(writer, key);
    fg_gate_entry_t *owner = find_owner(writer, old, key);
    if (owner)
        bury_unwanted(writer, owner, key);
    fg_status_t status = make_room(writer, key, &owner, reterr);
    if (status != FG_OK)
        return status;
    uint32_t before = addresses_of(writer->gate, owner);
    change_t change = {.key = key};
    status = write_addresses(writer, before, key, &change.addresses, reterr);
    if (status == FG_OK)
        status = apply(writer, owner, &change, reterr);
    else if (owner)
        close_key(writer, owner);
    if (status == FG_OK && change.addresses != before)
        fg_gate_chain_retire(
            writer, before); /* else, whichever is named by nobody waits for the next start */
    return status;
}

fg_status_t fg_gate_key_sync(fg_gate_writer_t *writer, const fg_gate_key_t *key, fg_error_t *reterr)
{
    return sync_key(writer, NULL, key, reterr);
}

fg_status_t fg_gate_key_replace(fg_gate_writer_t *writer, fg_digest_t old, const fg_gate_key_t *key,
                                fg_error_t *reterr)
{
    return sync_key(writer, &old, key, reterr);
}

void fg_gate_key_remove(fg_gate_writer_t *writer, fg_digest_t digest)
{
    fg_gate_entry_t *entry = fg_gate_entry_find(writer->gate, digest);
    if (entry && state_of(entry) == FG_KEY_DELETED)
        bury_again(writer, entry); /* a writer died before it had */
    if (!entry || !is_key(entry))
        return;
    if (fg_gate_value_owner(writer->gate, entry) == entry)
        key_bury(writer, entry);
    else
        further_bury(writer, entry, FG_KEY_DELETED);
}

fg_status_t fg_gate_has_room(const fg_gate_writer_t *writer, size_t keys, size_t slots,
                             fg_error_t *reterr)
{
    uint64_t key_count =
        atomic_load_explicit(&writer->gate->header->key_count, memory_order_relaxed);
    if (key_count + keys > writer->keys_max)
        return fg_gate_refuse_full_keys(writer, reterr);
    if (fg_gate_slots_count(writer) + slots > writer->gate->geometry.slots_max)
        return fg_gate_refuse_full_slots(writer, reterr);
    return FG_OK;
}
