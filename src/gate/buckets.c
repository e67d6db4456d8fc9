/*
 * Buckets: throttle words that are found by hash and claimed by an exchange.
 */
#include "gate/writer.h"

fg_throttle_word_t *fg_gate_bucket_of(fg_gate_t *gate, uint64_t id)
{
    uint32_t mask = gate->geometry.buckets - 1;
    FG_ASSERT(id != 0); /* 0 marks a free bucket */
    for (uint32_t probe = 0; probe < FG_GATE_BUCKET_PROBES; probe++) {
        fg_gate_bucket_t *bucket = &gate->buckets[((uint32_t)(id >> 32 ^ id) + probe) & mask];
        uint64_t owner = atomic_load_explicit(&bucket->id, memory_order_relaxed);
        if (owner == 0 &&
            atomic_compare_exchange_strong_explicit(&bucket->id, &owner, id, memory_order_relaxed,
                                                    memory_order_relaxed)) {
            atomic_fetch_add_explicit(&gate->header->buckets_used, 1, memory_order_relaxed);
            return &bucket->word;
        }
        if (owner == id) /* relaxed is enough: an id is never taken back */
            return &bucket->word;
    }
    return NULL;
}

void fg_gate_sweep(fg_gate_writer_t *writer, fg_now_t now)
{
    FG_ASSERT(writer->gate && now.mono.us >= 0);
}
