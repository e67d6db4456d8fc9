/*
 * A line of the ring:
 *
 *     0    number of the refusal, from 1; 0: never written
 *     8    sum over number and words
 *     16   28 words: fg_explain_t as it is
 *     240  unused
 *
 * A worker may sleep for a whole turn of the ring, or die, in the middle of a line. Then two of
 * them wrote the line, or one wrote half: no stamp tells, the sum does, for it covers every word
 * and the number. So the order of the stores does not matter, and all are relaxed.
 */
#include "gate/explain.h"

#include "gate/layout.h"

#include <string.h>

enum { WORDS = sizeof(fg_explain_t) / sizeof(uint64_t) };

_Static_assert(sizeof(fg_explain_t) == WORDS * sizeof(uint64_t), "whole words, no padding");

typedef struct line {
    _Atomic uint64_t number, sum, words[WORDS];
    uint64_t unused[FG_GATE_EXPLAIN_BYTES / sizeof(uint64_t) - 2 - WORDS];
} line_t;
_Static_assert(sizeof(line_t) == FG_GATE_EXPLAIN_BYTES, "as the layout says");

typedef union words {
    fg_explain_t explain;
    uint64_t word[WORDS];
} words_t;

static line_t *line_of(const fg_gate_t *gate, uint64_t number)
{
    return (line_t *)gate->explains + (number & (gate->geometry.explains - 1));
}

static uint64_t sum_of(uint64_t number, const words_t *words)
{
    uint64_t sum = number;
    for (size_t i = 0; i < WORDS; i++) {
        sum = (sum ^ words->word[i]) * UINT64_C(0x9e3779b97f4a7c15);
        sum ^= sum >> 29;
    }
    return sum;
}

void fg_gate_explain_put(fg_gate_t *gate, const fg_explain_t *explain)
{
    words_t words = {.explain = *explain};
    uint64_t number =
        atomic_fetch_add_explicit(&gate->header->explain_head, 1, memory_order_relaxed) + 1;
    line_t *line = line_of(gate, number);
    atomic_store_explicit(&line->number, number, memory_order_relaxed);
    for (size_t i = 0; i < WORDS; i++)
        atomic_store_explicit(&line->words[i], words.word[i], memory_order_relaxed);
    atomic_store_explicit(&line->sum, sum_of(number, &words), memory_order_relaxed);
}

/* False when another refusal has the line, or it is not whole. */
static bool read_line(const fg_gate_t *gate, uint64_t number, words_t *ret_words)
{
    line_t *line = line_of(gate, number);
    /* relaxed: whatever mixture of old and new is read, the sum does not fit it */
    if (atomic_load_explicit(&line->number, memory_order_relaxed) != number)
        return false;
    for (size_t i = 0; i < WORDS; i++)
        ret_words->word[i] = atomic_load_explicit(&line->words[i], memory_order_relaxed);
    return atomic_load_explicit(&line->sum, memory_order_relaxed) == sum_of(number, ret_words);
}

/* The latest number and how many lines at most are behind it. */
static uint64_t latest(const fg_gate_t *gate, uint64_t *ret_count)
{
    uint64_t head = atomic_load_explicit(&gate->header->explain_head, memory_order_relaxed);
    *ret_count = head < gate->geometry.explains ? head : gate->geometry.explains;
    return head;
}

bool fg_gate_explain_find(const fg_gate_t *gate, fg_str_t request_id, fg_explain_t *ret_explain)
{
    words_t words;
    uint64_t count, head = latest(gate, &count);
    if (request_id.len != FG_EXPLAIN_ID_BYTES)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        if (!read_line(gate, head - i, &words) ||
            memcmp(words.explain.request_id, request_id.at, FG_EXPLAIN_ID_BYTES) != 0)
            continue;
        *ret_explain = words.explain;
        return true;
    }
    return false;
}

size_t fg_gate_explain_latest(const fg_gate_t *gate, fg_explain_t *ret_explains, size_t max)
{
    words_t words;
    uint64_t count, head = latest(gate, &count);
    size_t found = 0;
    for (uint64_t i = 0; i < count && found < max; i++)
        if (read_line(gate, head - i, &words))
            ret_explains[found++] = words.explain;
    return found;
}

uint32_t fg_gate_explain_room(const fg_gate_t *gate)
{
    return gate->geometry.explains;
}
