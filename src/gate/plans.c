/*
 * Plan records. A record is written once and read by anybody who holds its index; a change writes a
 * new one and publishes it with one store into live[plan index]. The old one is used again only
 * after a quarantine far longer than a decision.
 */
#include "gate/writer.h"

#include <stdlib.h>
#include <string.h>

bool fg_gate_pool_put(fg_gate_pool_t *pool, uint32_t index, fg_mono_t at)
{
    if (pool->first + pool->count == pool->room) {
        if (pool->first > pool->room / 2) {
            memmove(pool->items, pool->items + pool->first, pool->count * sizeof(*pool->items));
            pool->first = 0;
        } else {
            size_t room = pool->room * 2 + 64;
            fg_gate_retired_t *items = realloc(pool->items, room * sizeof(*items));
            if (!items)
                return false;
            pool->items = items;
            pool->room = room;
        }
    }
    pool->items[pool->first + pool->count++] = (fg_gate_retired_t){.index = index, .at = at};
    return true;
}

uint32_t fg_gate_pool_get(fg_gate_pool_t *pool, fg_mono_t now)
{
    if (pool->count == 0 || now.us - pool->items[pool->first].at.us < FG_GATE_QUARANTINE_US)
        return FG_GATE_NONE;
    pool->count--;
    return pool->items[pool->first++].index;
}

/* ---- plan id -> index ---- */

static uint32_t *place_of(const fg_gate_writer_t *writer, uint64_t plan_id)
{
    uint64_t hash = plan_id * UINT64_C(0x9e3779b97f4a7c15);
    for (uint32_t i = (uint32_t)(hash >> 32);; i++) {
        uint32_t *place = &writer->plan_places[i & writer->plan_places_mask];
        if (*place == 0 || writer->plan_ids[*place - 1] == plan_id)
            return place;
    }
}

uint32_t fg_gate_plan_index(const fg_gate_writer_t *writer, uint64_t plan_id)
{
    uint32_t place = *place_of(writer, plan_id);
    return place == 0 ? FG_GATE_NONE : place - 1;
}

/* Indexes are not given out twice while the writer lives: a key may still name a plan that is gone.
 * */
static uint32_t index_make(fg_gate_writer_t *writer, uint64_t plan_id)
{
    uint32_t *place = place_of(writer, plan_id);
    if (*place != 0)
        return *place - 1;
    if (writer->plans_used == writer->gate->geometry.plans_max)
        return FG_GATE_NONE;
    uint32_t index = writer->plans_used++;
    writer->plan_ids[index] = plan_id;
    *place = index + 1;
    return index;
}

fg_status_t fg_gate_plans_scan(fg_gate_writer_t *writer)
{
    const fg_gate_geometry_t *g = &writer->gate->geometry;
    bool *is_used = calloc(g->records_max, sizeof(*is_used));
    if (!is_used)
        return FG_NO_MEMORY;
    for (uint32_t index = 0; index < g->plans_max; index++) {
        const fg_gate_record_t *record = fg_gate_record_of(writer->gate, index);
        if (!record)
            continue;
        writer->plans_used = index + 1;
        writer->plan_ids[index] = record->plan_id;
        *place_of(writer, record->plan_id) = index + 1;
        for (const fg_gate_record_t *part = record;;) {
            uint32_t at = (uint32_t)(part - writer->gate->records);
            is_used[at] = true;
            if (at >= writer->records_used)
                writer->records_used = at + 1;
            if (part->next == 0 || part->next > g->records_max || is_used[part->next - 1])
                break;
            part = &writer->gate->records[part->next - 1];
        }
    }
    /* readers that outlived the last writer may still hold what is free now */
    fg_mono_t now = fg_now().mono;
    for (uint32_t at = 0; at < writer->records_used; at++)
        if (!is_used[at])
            (void)fg_gate_pool_put(&writer->free_records, at, now);
    free(is_used);
    return FG_OK;
}

/* ---- records ---- */

static uint32_t record_make(fg_gate_writer_t *writer)
{
    uint32_t at = fg_gate_pool_get(&writer->free_records, fg_now().mono);
    if (at != FG_GATE_NONE || writer->records_used == writer->gate->geometry.records_max)
        return at;
    return writer->records_used++;
}

static void records_retire(fg_gate_writer_t *writer, uint32_t live)
{
    fg_mono_t now = fg_now().mono;
    while (live != 0 && live <= writer->gate->geometry.records_max) {
        (void)fg_gate_pool_put(&writer->free_records, live - 1, now);
        live = writer->gate->records[live - 1].next;
    }
}

static void fill(fg_gate_record_t *record, const fg_gate_plan_t *plan)
{
    *record = (fg_gate_record_t){
        .plan_id = plan->plan_id,
        .rate_milli_rps = plan->throttle.rate_milli_rps,
        .burst = plan->throttle.burst,
        .flags = (uint8_t)((plan->throttle.is_set ? FG_GATE_RECORD_HAS_THROTTLE : 0) |
                           (plan->quota.is_set ? FG_GATE_RECORD_HAS_QUOTA : 0)),
        .period = (uint8_t)plan->quota.period,
        .offset_days = plan->quota.offset_days,
        .quota_limit = plan->quota.limit,
        .counted = plan->counted_statuses,
        .outage = (uint8_t)plan->outage,
        .allowance_percent = plan->allowance_percent,
    };
}

/* Write the chain from its end, so that each record is whole before another names it. Returns the
 * first plus 1, or 0. */
static uint32_t chain_write(fg_gate_writer_t *writer, const fg_gate_plan_t *plan)
{
    size_t left = plan->stage_count;
    uint32_t next = 0;
    do {
        size_t count = left % FG_GATE_RECORD_STAGES;
        if (count == 0 && left > 0)
            count = FG_GATE_RECORD_STAGES;
        uint32_t at = record_make(writer);
        if (at == FG_GATE_NONE) {
            records_retire(writer, next);
            return 0;
        }
        fg_gate_record_t *record = &writer->gate->records[at];
        fill(record, plan);
        record->stage_count = (uint32_t)count;
        if (count > 0)
            memcpy(record->stages, plan->stages + (left - count), count * sizeof(*plan->stages));
        record->next = next;
        next = at + 1;
        left -= count;
    } while (left > 0);
    return next;
}

/* Does the record in force say the same already? */
static bool is_same(const fg_gate_writer_t *writer, uint32_t index, const fg_gate_plan_t *plan)
{
    const fg_gate_record_t *record = fg_gate_record_of(writer->gate, index);
    fg_gate_record_t wanted;
    if (!record || record->next != 0 || plan->stage_count > FG_GATE_RECORD_STAGES)
        return false;
    fill(&wanted, plan);
    wanted.stage_count = (uint32_t)plan->stage_count;
    if (plan->stage_count > 0)
        memcpy(wanted.stages, plan->stages, plan->stage_count * sizeof(*plan->stages));
    return memcmp(record, &wanted, sizeof(wanted)) == 0;
}

fg_status_t fg_gate_plan_sync(fg_gate_writer_t *writer, const fg_gate_plan_t *plan,
                              fg_error_t *reterr)
{
    FG_ASSERT(plan->plan_id != 0);
    uint32_t index = index_make(writer, plan->plan_id);
    if (index == FG_GATE_NONE)
        return fg_error_set(reterr, FG_FULL, "plans", "the gate holds %u usage plans, no more fit",
                            writer->gate->geometry.plans_max);
    if (is_same(writer, index, plan))
        return FG_OK;
    uint32_t first = chain_write(writer, plan);
    if (first == 0)
        return fg_error_set(reterr, FG_FULL, "plans",
                            "the gate has no room for the API stages of this usage plan");
    uint32_t old =
        atomic_exchange_explicit(&writer->gate->live[index], first, memory_order_acq_rel);
    records_retire(writer, old);
    return FG_OK;
}

void fg_gate_plan_remove(fg_gate_writer_t *writer, uint64_t plan_id)
{
    uint32_t index = fg_gate_plan_index(writer, plan_id);
    if (index == FG_GATE_NONE)
        return;
    records_retire(writer,
                   atomic_exchange_explicit(&writer->gate->live[index], 0, memory_order_acq_rel));
}
