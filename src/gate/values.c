/*
 * Values: a key has its newest value and, while it is rotated, a few further ones. Each is an entry
 * of the directory; all name the same pairs. The newest owns the slots, and its line of terms lists
 * the others by the first word of their digests, from before one of them opens until after it is
 * closed.
 *
 * Ownership passes in two stores with no owner between them, never two: first the old newest
 * becomes a further value that names the new one (and keeps the list), then the new one opens. A
 * writer that dies in between leaves a further value whose newest is not there; whoever changes
 * that key next takes it for the owner.
 */
#include "gate/writer.h"

#include "model/extension.h"

#include <string.h>

_Static_assert((int)FG_GATE_VALUES_MAX == (int)FG_KEY_VALUES_MAX, "a line lists all of them");

/* ---- lines ---- */

const fg_gate_value_terms_t *fg_gate_value_terms(const fg_gate_t *gate,
                                                 const fg_gate_entry_t *entry)
{
    /* acquire: a line of terms is whole before its index is stored */
    uint32_t terms = atomic_load_explicit(&entry->terms, memory_order_acquire);
    if (terms == 0 || terms > gate->geometry.slots_max)
        return NULL;
    const fg_gate_value_terms_t *line = (const fg_gate_value_terms_t *)&gate->slots[terms - 1];
    return line->tag == FG_GATE_VALUE_TAG ? line : NULL;
}

bool fg_gate_value_is_further(const fg_gate_t *gate, const fg_gate_entry_t *entry)
{
    const fg_gate_value_terms_t *terms = fg_gate_value_terms(gate, entry);
    return terms && (terms->flags & FG_GATE_VALUE_IS_FURTHER);
}

bool fg_gate_value_set(fg_gate_writer_t *writer, fg_gate_entry_t *entry,
                       const fg_gate_value_terms_t *terms)
{
    static const fg_gate_value_terms_t none = {.tag = FG_GATE_VALUE_TAG};
    const size_t bytes = offsetof(fg_gate_value_terms_t, key_id);
    if (terms && memcmp(terms, &none, bytes) == 0)
        terms = NULL;
    return fg_gate_line_publish(writer, &entry->terms, fg_gate_value_terms(writer->gate, entry),
                                terms, bytes);
}

/* ---- what holds ---- */

uint32_t fg_gate_end_s(fg_wall_t end)
{
    if (end.s <= 0)
        return end.s == 0 ? 0 : 1;
    return end.s > UINT32_MAX ? 0 : (uint32_t)end.s;
}

static uint32_t begin_s(fg_wall_t begin)
{
    if (begin.s <= 0)
        return 0;
    return begin.s > UINT32_MAX ? UINT32_MAX : (uint32_t)begin.s;
}

fg_gate_value_terms_t fg_gate_value_newest(const fg_gate_key_t *key, uint32_t addresses)
{
    fg_gate_value_terms_t terms = {.tag = FG_GATE_VALUE_TAG,
                                   .addresses = addresses,
                                   .not_before_s = begin_s(key->not_before),
                                   .expires_s = fg_gate_end_s(key->expires)};
    for (size_t i = 0; i < key->value_count && i < FG_GATE_VALUES_MAX; i++)
        terms.values[i] = key->values[i].digest.word[0];
    return terms;
}

/* The later beginning and the earlier end of key and value. */
fg_gate_value_terms_t fg_gate_value_further(const fg_gate_key_t *key, const fg_gate_value_t *value,
                                            uint32_t addresses)
{
    fg_gate_value_terms_t terms = {.tag = FG_GATE_VALUE_TAG,
                                   .addresses = addresses,
                                   .not_before_s = begin_s(key->not_before),
                                   .expires_s = fg_gate_end_s(key->expires),
                                   .flags = FG_GATE_VALUE_IS_FURTHER,
                                   .values = {key->digest.word[0]}};
    uint32_t begin = begin_s(value->not_before), end = fg_gate_end_s(value->expires);
    if (begin > terms.not_before_s)
        terms.not_before_s = begin;
    if (end != 0 && (terms.expires_s == 0 || end < terms.expires_s))
        terms.expires_s = end;
    return terms;
}

/* ---- whose value ---- */

/* The value of the key whose digest begins with `word`; NULL when it is not there. */
static fg_gate_entry_t *find(const fg_gate_t *gate, uint64_t word, uint64_t key_id)
{
    uint32_t directory = atomic_load_explicit(&gate->header->directory, memory_order_relaxed);
    fg_gate_entry_t *entries =
        (fg_gate_entry_t *)((char *)gate->header +
                            fg_gate_directory_at(&gate->geometry, directory));
    uint64_t mask = FG_GATE_DIRECTORY_ENTRIES(directory) - 1;
    for (uint64_t probe = 0; word != 0 && probe <= mask; probe++) {
        fg_gate_entry_t *entry = &entries[(word + probe) & mask];
        uint32_t state = atomic_load_explicit(&entry->state, memory_order_relaxed);
        if (state == FG_KEY_UNKNOWN)
            break;
        if (entry->digest.word[0] == word && fg_gate_state_is_key(state) &&
            atomic_load_explicit(&entry->key_id, memory_order_relaxed) == key_id)
            return entry;
    }
    return NULL;
}

fg_gate_entry_t *fg_gate_value_owner(const fg_gate_t *gate, fg_gate_entry_t *entry)
{
    /* one that was cut off may stand in between; never more of them than a key has values */
    for (int i = 0; i <= FG_GATE_VALUES_MAX && fg_gate_value_is_further(gate, entry); i++) {
        fg_gate_entry_t *newest = find(gate, fg_gate_value_terms(gate, entry)->values[0],
                                       atomic_load_explicit(&entry->key_id, memory_order_relaxed));
        if (!newest)
            break;
        entry = newest;
    }
    return entry;
}

fg_gate_values_t fg_gate_values_of(const fg_gate_t *gate, fg_gate_entry_t *owner)
{
    fg_gate_values_t values = {.entries = {owner}, .count = 1};
    const fg_gate_value_terms_t *terms = fg_gate_value_terms(gate, owner);
    uint64_t key_id = atomic_load_explicit(&owner->key_id, memory_order_relaxed);
    for (size_t i = fg_gate_value_is_further(gate, owner); terms && i < FG_GATE_VALUES_MAX; i++) {
        fg_gate_entry_t *entry = find(gate, terms->values[i], key_id);
        if (entry && entry != owner && fg_gate_value_is_further(gate, entry))
            values.entries[values.count++] = entry;
    }
    return values;
}
