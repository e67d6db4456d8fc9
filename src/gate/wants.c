/*
 * Grants: who asks for one, and how it is published. A worker leaves the slot's index in a word of
 * the ring, at the place of its hash or one of the next few, so that a slot that asks often takes
 * one word only; then it moves the sequence number, which is a futex that every process sees. The
 * agent takes the words out by exchange.
 *
 * A wish that is overwritten, or whose worker died before it moved the number, is only late: the
 * request that waits asks again.
 */
#include "gate/writer.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { PROBES = 16 };

static void leave(fg_gate_header_t *header, uint32_t wish)
{
    uint32_t first = wish * UINT32_C(0x9e3779b1) >> 16;
    for (uint32_t probe = 0; probe < PROBES; probe++) {
        _Atomic uint32_t *word = &header->wants[(first + probe) % FG_GATE_WANTS];
        uint32_t seen = 0;
        if (atomic_compare_exchange_strong_explicit(word, &seen, wish, memory_order_release,
                                                    memory_order_relaxed) ||
            seen == wish)
            return;
    }
    atomic_store_explicit(&header->wants[first % FG_GATE_WANTS], wish, memory_order_release);
}

void fg_gate_want_wake(fg_gate_t *gate)
{
    /* release: who sees the number sees the word */
    atomic_fetch_add_explicit(&gate->header->want_seq, 1, memory_order_release);
    (void)syscall(SYS_futex, &gate->header->want_seq, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void fg_gate_want(fg_gate_t *gate, uint32_t slot_index)
{
    FG_ASSERT(slot_index < gate->geometry.slots_max);
    leave(gate->header, slot_index + 1);
    fg_gate_want_wake(gate);
}

uint32_t fg_gate_want_wait(fg_gate_t *gate, uint32_t seen, int timeout_ms)
{
    struct timespec timeout = {.tv_sec = timeout_ms / 1000,
                               .tv_nsec = (long)(timeout_ms % 1000) * 1000000};
    /* the kernel compares once more: a wish between this load and the sleep is not slept over */
    if (atomic_load_explicit(&gate->header->want_seq, memory_order_acquire) == seen)
        (void)syscall(SYS_futex, &gate->header->want_seq, FUTEX_WAIT, seen, &timeout, NULL, 0);
    return atomic_load_explicit(&gate->header->want_seq, memory_order_acquire);
}

void fg_gate_wanted(fg_gate_writer_t *writer, void (*each)(void *ctx, const fg_gate_usage_t *usage),
                    void *ctx)
{
    fg_gate_t *gate = writer->gate;
    uint64_t slots = atomic_load_explicit(&gate->header->slots_used, memory_order_relaxed);
    for (uint32_t i = 0; i < FG_GATE_WANTS; i++) {
        if (atomic_load_explicit(&gate->header->wants[i], memory_order_relaxed) == 0)
            continue;
        uint32_t wish = atomic_exchange_explicit(&gate->header->wants[i], 0, memory_order_acquire);
        if (wish == 0 || wish > slots || (gate->slots[wish - 1].plan_index & FG_GATE_SLOT_RETIRED))
            continue;
        fg_gate_usage_t usage = fg_gate_slot_usage(writer, &gate->slots[wish - 1]);
        if (usage.key_id != 0 && usage.key_id != FG_GATE_CHUNK)
            each(ctx, &usage);
    }
}

/* The word to publish: what is spent of its window is granted in any case. */
static uint64_t at_least_used(const fg_gate_slot_t *slot, uint64_t granted_word)
{
    uint64_t quota = atomic_load_explicit(&slot->quota, memory_order_acquire);
    bool is_less = FG_QUOTA_WORD_DAY(quota) == FG_QUOTA_WORD_DAY(granted_word) &&
                   FG_QUOTA_WORD_USED(quota) > FG_QUOTA_WORD_USED(granted_word);
    return is_less ? quota : granted_word;
}

void fg_gate_granted_set(fg_gate_writer_t *writer, const fg_gate_usage_t *usage,
                         uint64_t granted_word)
{
    FG_ASSERT(usage->slot_index < writer->gate->geometry.slots_max);
    fg_gate_slot_t *slot = &writer->gate->slots[usage->slot_index];
    uint64_t owner = atomic_load_explicit(&slot->key_id, memory_order_relaxed);
    uint64_t seen = atomic_load_explicit(&slot->granted, memory_order_relaxed);
    if (owner != usage->key_id ||
        writer->plan_ids[FG_GATE_SLOT_PLAN(slot->plan_index)] != usage->plan_id ||
        FG_QUOTA_WORD_DAY(granted_word) < FG_QUOTA_WORD_DAY(seen))
        return; /* another pair's by now, or of a window that is over */
    /* release: its commit came before it, and whoever reads it may spend it */
    atomic_store_explicit(&slot->granted, at_least_used(slot, granted_word), memory_order_release);
}

void fg_gate_closed_set(fg_gate_writer_t *writer, bool is_closed)
{
    atomic_store_explicit(&writer->gate->header->is_closed, is_closed, memory_order_release);
}

bool fg_gate_is_closed(const fg_gate_t *gate)
{
    return atomic_load_explicit(&gate->header->is_closed, memory_order_acquire) != 0;
}
