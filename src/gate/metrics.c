/*
 * A region holds geometry.series lines. The first is for requests without a method and for those
 * whose series finds no room; the others are found by linear probing from the hash of stage and
 * method. A line is one process's to write: it fills in the labels, then sets is_taken with release
 * order, so that a reader that sees it set sees the labels. A worker killed in between leaves a
 * line that the next owner of the region fills in again.
 *
 * worker_pids[i] is 0 for a region nobody ever had (its pages were never touched, and are not
 * read), a process id, or PID_GONE when its process left: the counts stay and the next claim goes
 * on with them.
 *
 * A process id that a stranger got since makes a dead worker look alive: its region stays taken,
 * and fg_gate_has_workers errs on the careful side.
 */
#include "gate/metrics.h"

#include "gate/layout.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { PROBES = 16 };
#define PID_GONE UINT32_MAX

const uint32_t fg_latency_bounds_us[FG_LATENCY_BUCKETS - 1] = {
    5000,   10000,  25000,   50000,   75000,   100000,  250000,
    500000, 750000, 1000000, 2500000, 5000000, 7500000, 10000000,
};

typedef _Atomic uint64_t counter_t;

typedef struct histogram {
    counter_t buckets[FG_LATENCY_BUCKETS], sum_us;
} histogram_t;

typedef struct line {
    _Atomic uint32_t is_taken;
    uint32_t stage_index;
    uint64_t method_id, api_id, resource_id;
    uint8_t verb, spare[7];
    counter_t outcomes[FG_OUTCOME_COUNT], statuses[6];
    histogram_t latency, integration_latency;
    uint8_t unused[112];
} line_t;
_Static_assert(sizeof(line_t) == FG_GATE_SERIES_BYTES, "as the layout says");

/* ---- whose region ---- */

static bool is_alive(uint32_t pid)
{
    return pid != 0 && pid != PID_GONE && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

uint32_t fg_gate_worker_claim(fg_gate_t *gate)
{
    _Atomic uint32_t *pids = gate->header->worker_pids;
    uint32_t own = (uint32_t)getpid();
    for (uint32_t i = 0; i < FG_GATE_WORKERS_MAX; i++)
        if (atomic_load_explicit(&pids[i], memory_order_relaxed) == own)
            return i;
    for (uint32_t i = 0; i < FG_GATE_WORKERS_MAX; i++) {
        /* acquire: what the last owner counted is there before we go on with it */
        uint32_t pid = atomic_load_explicit(&pids[i], memory_order_acquire);
        if (!is_alive(pid) && atomic_compare_exchange_strong_explicit(
                                  &pids[i], &pid, own, memory_order_acq_rel, memory_order_relaxed))
            return i;
    }
    return FG_GATE_NONE;
}

void fg_gate_worker_release(fg_gate_t *gate, uint32_t worker)
{
    if (worker < FG_GATE_WORKERS_MAX)
        atomic_store_explicit(&gate->header->worker_pids[worker], PID_GONE, memory_order_release);
}

bool fg_gate_has_workers(const fg_gate_t *gate)
{
    for (uint32_t i = 0; i < FG_GATE_WORKERS_MAX; i++)
        if (is_alive(atomic_load_explicit(&gate->header->worker_pids[i], memory_order_relaxed)))
            return true;
    return false;
}

/* ---- counting ---- */

static line_t *region_of(const fg_gate_t *gate, uint32_t worker)
{
    return (line_t *)gate->series + (size_t)worker * gate->geometry.series;
}

static uint64_t hash_of(uint64_t method_id, uint32_t stage_index)
{
    uint64_t hash = (method_id ^ stage_index) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

static void label(line_t *line, const fg_measure_t *measure)
{
    line->method_id = measure->method_id;
    line->api_id = measure->api_id;
    line->resource_id = measure->resource_id;
    line->stage_index = measure->stage_index;
    line->verb = measure->verb;
    atomic_store_explicit(&line->is_taken, 1, memory_order_release);
}

/* The line of the region's owner to count in. Only the owner writes, so its own loads need no
 * order. */
static line_t *line_of(line_t *region, uint32_t lines, const fg_measure_t *measure)
{
    static const fg_measure_t none = {.stage_index = FG_GATE_NONE};
    bool is_known = measure->method_id != 0 || measure->stage_index != FG_GATE_NONE;
    uint64_t hash = hash_of(measure->method_id, measure->stage_index);
    for (uint32_t probe = 0; is_known && lines > 1 && probe < PROBES; probe++) {
        line_t *line = &region[1 + (hash + probe) % (lines - 1)];
        if (!atomic_load_explicit(&line->is_taken, memory_order_relaxed))
            label(line, measure);
        if (line->method_id == measure->method_id && line->stage_index == measure->stage_index)
            return line;
    }
    if (!atomic_load_explicit(&region->is_taken, memory_order_relaxed))
        label(region, &none);
    return region;
}

/* One writer: a load and a store, no exchange. */
static void add(counter_t *counter, uint64_t amount)
{
    uint64_t before = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, before + amount, memory_order_relaxed);
}

static void observe(histogram_t *histogram, uint64_t us)
{
    size_t bucket = 0;
    while (bucket < FG_LATENCY_BUCKETS - 1 && us > fg_latency_bounds_us[bucket])
        bucket++;
    add(&histogram->buckets[bucket], 1);
    add(&histogram->sum_us, us);
}

void fg_gate_measure(fg_gate_t *gate, uint32_t worker, const fg_measure_t *measure)
{
    if (worker >= FG_GATE_WORKERS_MAX)
        return;
    FG_ASSERT(measure->outcome < FG_OUTCOME_COUNT && measure->status_class < 6);
    line_t *line = line_of(region_of(gate, worker), gate->geometry.series, measure);
    add(&line->outcomes[measure->outcome], 1);
    add(&line->statuses[measure->status_class], 1);
    observe(&line->latency, measure->latency_us);
    if (measure->is_integrated)
        observe(&line->integration_latency, measure->integration_latency_us);
}

/* ---- summing ---- */

typedef struct table {
    fg_series_t *series; /* open addressing; found by is_used */
    bool *is_used;
    size_t room; /* a power of two */
} table_t;

static uint64_t get(const counter_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void sum(fg_series_t *series, const line_t *line)
{
    for (size_t i = 0; i < FG_OUTCOME_COUNT; i++)
        series->outcomes[i] += get(&line->outcomes[i]);
    for (size_t i = 0; i < FG_COUNT_OF(line->statuses); i++)
        series->statuses[i] += get(&line->statuses[i]);
    for (size_t i = 0; i < FG_LATENCY_BUCKETS; i++) {
        series->latency[i] += get(&line->latency.buckets[i]);
        series->integration_latency[i] += get(&line->integration_latency.buckets[i]);
    }
    series->latency_sum_us += get(&line->latency.sum_us);
    series->integration_latency_sum_us += get(&line->integration_latency.sum_us);
}

static fg_series_t *series_of(table_t *table, const line_t *line)
{
    size_t at = hash_of(line->method_id, line->stage_index) & (table->room - 1);
    for (;; at = (at + 1) & (table->room - 1)) {
        fg_series_t *series = &table->series[at];
        if (!table->is_used[at]) {
            table->is_used[at] = true;
            *series = (fg_series_t){
                .method_id = line->method_id,
                .api_id = line->api_id,
                .resource_id = line->resource_id,
                .stage_index = line->stage_index,
                .verb = line->verb,
            };
            return series;
        }
        if (series->method_id == line->method_id && series->stage_index == line->stage_index)
            return series;
    }
}

static bool is_claimed(const fg_gate_t *gate, uint32_t worker)
{
    return atomic_load_explicit(&gate->header->worker_pids[worker], memory_order_relaxed) != 0;
}

static size_t lines_taken(const fg_gate_t *gate)
{
    size_t count = 0;
    for (uint32_t worker = 0; worker < FG_GATE_WORKERS_MAX; worker++)
        for (uint32_t i = 0; is_claimed(gate, worker) && i < gate->geometry.series; i++)
            count += atomic_load_explicit(&region_of(gate, worker)[i].is_taken,
                                          memory_order_acquire) != 0;
    return count;
}

/* False when lines came since they were counted, so that the table has no room for `most` to be
 * all. */
static bool sum_all(const fg_gate_t *gate, table_t *table, size_t most)
{
    for (uint32_t worker = 0; worker < FG_GATE_WORKERS_MAX; worker++) {
        for (uint32_t i = 0; is_claimed(gate, worker) && i < gate->geometry.series; i++) {
            const line_t *line = &region_of(gate, worker)[i];
            /* acquire: the labels were stored before */
            if (!atomic_load_explicit(&line->is_taken, memory_order_acquire))
                continue;
            if (most == 0)
                return false;
            most--;
            sum(series_of(table, line), line);
        }
    }
    return true;
}

/* A table of everything, or one without room for lack of memory. */
static table_t table_new(const fg_gate_t *gate)
{
    for (;;) {
        size_t most = lines_taken(gate);
        table_t table = {.room = 2};
        while (table.room < 2 * most)
            table.room *= 2;
        table.series = malloc(table.room * sizeof(*table.series));
        table.is_used = calloc(table.room, sizeof(*table.is_used));
        bool has_memory = table.series && table.is_used;
        if (has_memory && sum_all(gate, &table, most))
            return table;
        free(table.series);
        free(table.is_used);
        if (!has_memory)
            return (table_t){0};
    }
}

fg_status_t fg_gate_series_each(const fg_gate_t *gate,
                                void (*each)(void *ctx, const fg_series_t *series), void *ctx)
{
    table_t table = table_new(gate);
    if (table.room == 0)
        return FG_NO_MEMORY;
    for (size_t i = 0; i < table.room; i++)
        if (table.is_used[i])
            each(ctx, &table.series[i]);
    free(table.series);
    free(table.is_used);
    return FG_OK;
}

const char *fg_outcome_text(fg_outcome_t outcome)
{
    static const char *const texts[] = {
#define FG_OUTCOME_TEXT(name, label) label,
        FG_OUTCOME_LIST(FG_OUTCOME_TEXT)
#undef FG_OUTCOME_TEXT
    };
    return outcome < FG_OUTCOME_COUNT ? texts[outcome] : "other";
}
