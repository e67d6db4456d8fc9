/*
 * Address rules: chains of records, the longest prefix first, so that the first rule that fits an
 * address decides. Written whole, read-only afterwards; a change is another chain.
 */
#include "gate/writer.h"

#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

bool fg_gate_address_is_ipv4(const uint8_t address[16])
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
    return memcmp(address, prefix, sizeof(prefix)) == 0;
}

static bool fits(const uint8_t *rule, uint8_t prefix_bits, const uint8_t *address)
{
    size_t whole = prefix_bits / 8;
    uint8_t mask = (uint8_t)(0xff00 >> prefix_bits % 8);
    return memcmp(rule, address, whole) == 0 &&
           (mask == 0 || ((rule[whole] ^ address[whole]) & mask) == 0);
}

static const fg_gate_address_record_t *record_at(const fg_gate_t *gate, uint32_t index)
{
    return index == 0 || index > gate->geometry.records_max
               ? NULL
               : (const fg_gate_address_record_t *)&gate->records[index - 1];
}

bool fg_gate_addresses_allow(const fg_gate_t *gate, uint32_t first, const uint8_t *address)
{
    bool has_allow_rule = false;
    const fg_gate_address_record_t *record;
    for (uint32_t at = first; (record = record_at(gate, at)) != NULL; at = record->next)
        for (uint32_t i = 0; i < record->count && i < FG_GATE_RECORD_ADDRESSES; i++) {
            bool is_denied = record->rules[i].is_denied;
            if (address && fits(record->rules[i].address, record->rules[i].prefix_bits, address))
                return !is_denied;
            has_allow_rule |= !is_denied;
        }
    return !has_allow_rule;
}

/* ---- writing ---- */

/* The longest prefix first; of two that are the same the one that denies. */
static int compare(const void *a, const void *b)
{
    const fg_address_rule_t *left = a, *right = b;
    if (left->prefix_bits != right->prefix_bits)
        return left->prefix_bits > right->prefix_bits ? -1 : 1;
    int order = memcmp(left->address, right->address, sizeof(left->address));
    return order != 0 ? order : (int)right->is_denied - (int)left->is_denied;
}

/* What is behind the prefix says nothing: two rules for one network are the same. */
static void clear_host(uint8_t address[16], uint8_t prefix_bits)
{
    FG_ASSERT(prefix_bits <= 128);
    for (size_t bit = prefix_bits; bit < 128; bit++)
        address[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
}

/* The rules in the order in which they are asked, owned by the caller; NULL without memory. */
static fg_address_rule_t *sorted(const fg_address_rule_t *rules, size_t count)
{
    fg_address_rule_t *copy = malloc(count * sizeof(*copy));
    if (!copy)
        return NULL;
    memcpy(copy, rules, count * sizeof(*copy));
    for (size_t i = 0; i < count; i++)
        clear_host(copy[i].address, copy[i].prefix_bits);
    qsort(copy, count, sizeof(*copy), compare);
    return copy;
}

static void fill(fg_gate_address_record_t *record, const fg_address_rule_t *rules, size_t count,
                 uint32_t next)
{
    *record = (fg_gate_address_record_t){.next = next, .count = (uint32_t)count};
    for (size_t i = 0; i < count; i++) {
        memcpy(record->rules[i].address, rules[i].address, sizeof(rules[i].address));
        record->rules[i].prefix_bits = rules[i].prefix_bits;
        record->rules[i].is_denied = rules[i].is_denied;
    }
}

fg_status_t fg_gate_addresses_write(fg_gate_writer_t *writer, const fg_address_rule_t *rules,
                                    size_t count, uint32_t *ret_first)
{
    uint32_t next = 0;
    fg_status_t status = FG_OK;
    fg_address_rule_t *ordered = count > 0 ? sorted(rules, count) : NULL;
    if (count > 0 && !ordered)
        return FG_NO_MEMORY;
    for (size_t left = count; status == FG_OK && left > 0;) { /* from the end: whole when named */
        size_t part = (left - 1) % FG_GATE_RECORD_ADDRESSES + 1;
        uint32_t at = fg_gate_record_make(writer);
        if (at == FG_GATE_NONE) {
            status = FG_FULL;
            break;
        }
        left -= part;
        fill((fg_gate_address_record_t *)&writer->gate->records[at], ordered + left, part, next);
        next = at + 1;
    }
    free(ordered);
    if (status == FG_OK)
        *ret_first = next;
    else
        fg_gate_chain_retire(writer, next);
    return status;
}

bool fg_gate_addresses_are(const fg_gate_writer_t *writer, uint32_t first,
                           const fg_address_rule_t *rules, size_t count)
{
    fg_address_rule_t *ordered = count > 0 ? sorted(rules, count) : NULL;
    const fg_gate_address_record_t *record;
    size_t at = 0;
    bool are_same = count == 0 || ordered != NULL;
    for (; are_same && (record = record_at(writer->gate, first)) != NULL; first = record->next) {
        fg_gate_address_record_t wanted;
        size_t part = record->count;
        are_same = part <= FG_GATE_RECORD_ADDRESSES && part <= count - at;
        if (!are_same)
            break;
        fill(&wanted, ordered + at, part, record->next);
        are_same = memcmp(record, &wanted, sizeof(wanted)) == 0;
        at += part;
    }
    free(ordered);
    return are_same && at == count;
}
