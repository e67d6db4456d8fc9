/*
 * The sweep: idle buckets and meters are taken back, a part of each table at every call, so that a
 * call costs little however large they are. Pages that nobody has touched are passed over, or the
 * reading alone would fill them.
 */
#include "gate/writer.h"

#include <unistd.h>

enum {
    PARTS = 16,        /* calls in which a round is done */
    EVERY_US = 500000, /* calls that come sooner do nothing */
};
_Static_assert(PARTS *EVERY_US > FG_GATE_QUARANTINE_US, "a round outlasts every decision");

/* ---- the two kinds ---- */

typedef struct tables {
    fg_gate_t *gate;
    fg_mono_t now;
} tables_t;

static bool is_bucket_idle(void *ctx, uint32_t index)
{
    const tables_t *tables = ctx;
    return fg_throttle_is_full(&tables->gate->buckets[index].word, tables->now);
}

static bool is_meter_idle(void *ctx, uint32_t index)
{
    const tables_t *tables = ctx;
    return atomic_load_explicit(&tables->gate->meters[index].is_dirty, memory_order_acquire) == 0;
}

static void meter_clear(void *ctx, uint32_t index)
{
    fg_gate_meter_t *meter = &((const tables_t *)ctx)->gate->meters[index];
    for (size_t i = 0; i < FG_COUNT_OF(meter->statuses); i++)
        atomic_store_explicit(&meter->statuses[i], 0, memory_order_relaxed);
}

/* ---- a part of a table ---- */

/* The first line at or behind `index` on a page that exists; the count of lines when none does. */
static uint32_t next_present(const fg_gate_writer_t *writer, const fg_gate_claims_t *claims,
                             uint32_t index)
{
    const char *base = (const char *)writer->gate->header;
    uint64_t first = (uint64_t)(claims->first - base), bytes = claims->line_bytes;
    off_t at = lseek(writer->fd, (off_t)(first + index * bytes), SEEK_DATA);
    if (at < 0)
        return claims->mask + 1;
    uint64_t ahead = (uint64_t)at > first ? ((uint64_t)at - first) / bytes : 0;
    return ahead > claims->mask ? claims->mask + 1 : ahead > index ? (uint32_t)ahead : index;
}

static void sweep_lines(const fg_gate_claims_t *claims, uint32_t from, uint32_t to,
                        fg_gate_sweep_t *sweep, const fg_gate_sweeper_t *sweeper)
{
    for (uint32_t index = from; index < to; index++)
        sweep->seen += fg_gate_claim_sweep(claims, index, sweep->is_second_round, sweeper);
}

/* The next part; at the end of a round the count of lines in use is set right, which a process that
 * died may have left a little off. */
static void sweep_part(fg_gate_writer_t *writer, const fg_gate_claims_t *claims,
                       fg_gate_sweep_t *sweep, const fg_gate_sweeper_t *sweeper)
{
    uint32_t lines = claims->mask + 1, page = FG_GATE_HEADER_BYTES / (uint32_t)claims->line_bytes;
    uint32_t end = sweep->next + (lines + PARTS - 1) / PARTS;
    if (end > lines)
        end = lines;
    for (uint32_t from = sweep->next; from < end;) {
        from = next_present(writer, claims, from);
        uint32_t to = (from / page + 1) * page;
        if (to > end)
            to = end;
        sweep_lines(claims, from, to, sweep, sweeper);
        from = to > from ? to : end;
    }
    sweep->next = end;
    if (end < lines)
        return;
    atomic_store_explicit(claims->used, sweep->seen, memory_order_relaxed);
    *sweep = (fg_gate_sweep_t){.is_second_round = true};
}

void fg_gate_sweep(fg_gate_writer_t *writer, fg_now_t now)
{
    if (writer->has_swept && now.mono.us - writer->swept_at.us < EVERY_US)
        return;
    writer->has_swept = true;
    writer->swept_at = now.mono;
    tables_t tables = {.gate = writer->gate, .now = now.mono};
    fg_gate_claims_t buckets = fg_gate_buckets(writer->gate);
    fg_gate_claims_t meters = fg_gate_meters(writer->gate);
    /* the word of an idle bucket lies in the past, so the next owner finds it full */
    fg_gate_sweeper_t of_buckets = {.is_idle = is_bucket_idle, .ctx = &tables};
    fg_gate_sweeper_t of_meters = {.is_idle = is_meter_idle, .clear = meter_clear, .ctx = &tables};
    sweep_part(writer, &buckets, &writer->bucket_sweep, &of_buckets);
    sweep_part(writer, &meters, &writer->meter_sweep, &of_meters);
}
