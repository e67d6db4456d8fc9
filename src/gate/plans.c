/*
 * Plan records. A record is written once and read by anybody who holds its index; a change writes a
 * new one and publishes it with one store into live[plan index]. The old one is used again only
 * after a quarantine far longer than a decision.
 */
#include "gate/writer.h"

#include <stdlib.h>
#include <string.h>

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

/* ---- records ---- */

uint32_t fg_gate_record_make(fg_gate_writer_t *writer)
{
    uint32_t at = fg_gate_pool_get(&writer->free_records, fg_now().mono);
    if (at != FG_GATE_NONE || writer->records_used == writer->gate->geometry.records_max)
        return at;
    return writer->records_used++;
}

/* Records of methods and of address rules begin with the number of the next one. */
static uint32_t *next_of(const fg_gate_writer_t *writer, uint32_t first)
{
    return first == 0 || first > writer->gate->geometry.records_max
               ? NULL
               : (uint32_t *)&writer->gate->records[first - 1];
}
_Static_assert(offsetof(fg_gate_method_record_t, next) == 0, "first");
_Static_assert(offsetof(fg_gate_address_record_t, next) == 0, "first");

void fg_gate_chain_retire(fg_gate_writer_t *writer, uint32_t first)
{
    fg_mono_t now = fg_now().mono;
    for (uint32_t *next; (next = next_of(writer, first)) != NULL; first = *next)
        (void)fg_gate_pool_put(&writer->free_records, first - 1, now);
}

static void plan_retire(fg_gate_writer_t *writer, uint32_t live)
{
    fg_mono_t now = fg_now().mono;
    while (live != 0 && live <= writer->gate->geometry.records_max) {
        const fg_gate_record_t *record = &writer->gate->records[live - 1];
        fg_gate_chain_retire(writer, record->methods);
        fg_gate_chain_retire(writer, record->addresses);
        (void)fg_gate_pool_put(&writer->free_records, live - 1, now);
        live = record->next;
    }
}

/* ---- after a restart ---- */

/* Mark a chain as used; one that ends in itself, or in another, ends there. */
static void mark_chain(const fg_gate_writer_t *writer, uint32_t first, bool *is_used)
{
    for (uint32_t *next; (next = next_of(writer, first)) != NULL; first = *next) {
        if (is_used[first - 1])
            return;
        is_used[first - 1] = true;
    }
}

static void mark_plan(fg_gate_writer_t *writer, uint32_t index, bool *is_used)
{
    const fg_gate_geometry_t *g = &writer->gate->geometry;
    const fg_gate_record_t *record = fg_gate_record_of(writer->gate, index);
    if (!record)
        return;
    writer->plans_used = index + 1;
    writer->plan_ids[index] = record->plan_id;
    *place_of(writer, record->plan_id) = index + 1;
    for (;;) {
        is_used[record - writer->gate->records] = true;
        mark_chain(writer, record->methods, is_used);
        mark_chain(writer, record->addresses, is_used);
        if (record->next == 0 || record->next > g->records_max || is_used[record->next - 1])
            return;
        record = &writer->gate->records[record->next - 1];
    }
}

/* Address rules of keys, named by the lines of terms of their values. */
static void mark_keys(fg_gate_writer_t *writer, bool *is_used)
{
    fg_gate_t *gate = writer->gate;
    uint64_t used = atomic_load_explicit(&gate->header->slots_used, memory_order_relaxed);
    for (uint64_t i = 0; i < used && i < gate->geometry.slots_max; i++) {
        const fg_gate_value_terms_t *terms = (const fg_gate_value_terms_t *)&gate->slots[i];
        if (terms->tag == FG_GATE_VALUE_TAG &&
            atomic_load_explicit(&terms->key_id, memory_order_relaxed) == FG_GATE_CHUNK)
            mark_chain(writer, terms->addresses, is_used);
    }
}

fg_status_t fg_gate_plans_scan(fg_gate_writer_t *writer)
{
    const fg_gate_geometry_t *g = &writer->gate->geometry;
    bool *is_used = calloc(g->records_max, sizeof(*is_used));
    if (!is_used)
        return FG_NO_MEMORY;
    for (uint32_t index = 0; index < g->plans_max; index++)
        mark_plan(writer, index, is_used);
    mark_keys(writer, is_used);
    for (uint32_t at = 0; at < g->records_max; at++)
        if (is_used[at])
            writer->records_used = at + 1;
    /* readers that outlived the last writer may still hold what is free now */
    fg_mono_t now = fg_now().mono;
    for (uint32_t at = 0; at < writer->records_used; at++)
        if (!is_used[at])
            (void)fg_gate_pool_put(&writer->free_records, at, now);
    free(is_used);
    return FG_OK;
}

/* ---- throttles of methods ---- */

static const fg_gate_method_record_t *methods_at(const fg_gate_t *gate, uint32_t index)
{
    return index == 0 || index > gate->geometry.records_max
               ? NULL
               : (const fg_gate_method_record_t *)&gate->records[index - 1];
}

fg_throttle_t fg_gate_record_method(const fg_gate_t *gate, const fg_gate_record_t *record,
                                    uint64_t method_id)
{
    const fg_gate_method_record_t *part;
    for (uint32_t at = record->methods; (part = methods_at(gate, at)) != NULL; at = part->next)
        for (uint32_t i = 0; i < part->count && i < FG_GATE_RECORD_METHODS; i++) {
            if (part->methods[i].method_id > method_id)
                return (fg_throttle_t){.is_set = false};
            if (part->methods[i].method_id == method_id)
                return (fg_throttle_t){.rate_milli_rps = part->methods[i].rate_milli_rps,
                                       .burst = part->methods[i].burst,
                                       .is_set = true};
        }
    return (fg_throttle_t){.is_set = false};
}

static int compare_methods(const void *a, const void *b)
{
    uint64_t left = ((const fg_gate_method_throttle_t *)a)->method_id;
    uint64_t right = ((const fg_gate_method_throttle_t *)b)->method_id;
    return (left > right) - (left < right);
}

/* The methods whose throttle is set, ordered by id; owned by the caller. NULL without memory. */
static fg_gate_method_throttle_t *sorted_methods(const fg_gate_plan_t *plan, size_t *ret_count)
{
    fg_gate_method_throttle_t *methods = malloc((plan->method_count + 1) * sizeof(*methods));
    *ret_count = 0;
    for (size_t i = 0; methods && i < plan->method_count; i++)
        if (plan->methods[i].throttle.is_set)
            methods[(*ret_count)++] = plan->methods[i];
    if (methods)
        qsort(methods, *ret_count, sizeof(*methods), compare_methods);
    return methods;
}

static void fill_methods(fg_gate_method_record_t *record, const fg_gate_method_throttle_t *methods,
                         size_t count, uint32_t next)
{
    *record = (fg_gate_method_record_t){.next = next, .count = (uint32_t)count};
    for (size_t i = 0; i < count; i++) {
        record->methods[i].method_id = methods[i].method_id;
        record->methods[i].rate_milli_rps = methods[i].throttle.rate_milli_rps;
        record->methods[i].burst = methods[i].throttle.burst;
    }
}

static fg_status_t methods_write(fg_gate_writer_t *writer, const fg_gate_plan_t *plan,
                                 uint32_t *ret_first)
{
    size_t left;
    uint32_t next = 0;
    fg_gate_method_throttle_t *methods = sorted_methods(plan, &left);
    if (!methods)
        return FG_NO_MEMORY;
    while (left > 0) { /* from the end: whole when named */
        size_t part = (left - 1) % FG_GATE_RECORD_METHODS + 1;
        uint32_t at = fg_gate_record_make(writer);
        if (at == FG_GATE_NONE)
            break;
        left -= part;
        fill_methods((fg_gate_method_record_t *)&writer->gate->records[at], methods + left, part,
                     next);
        next = at + 1;
    }
    free(methods);
    if (left == 0)
        *ret_first = next;
    else
        fg_gate_chain_retire(writer, next);
    return left == 0 ? FG_OK : FG_FULL;
}

static bool methods_are(const fg_gate_writer_t *writer, uint32_t first, const fg_gate_plan_t *plan)
{
    size_t count, at = 0;
    fg_gate_method_throttle_t *methods = sorted_methods(plan, &count);
    const fg_gate_method_record_t *record;
    bool are_same = methods != NULL;
    for (; are_same && (record = methods_at(writer->gate, first)) != NULL; first = record->next) {
        fg_gate_method_record_t wanted;
        size_t part = record->count;
        are_same = part <= FG_GATE_RECORD_METHODS && part <= count - at;
        if (!are_same)
            break;
        fill_methods(&wanted, methods + at, part, record->next);
        are_same = memcmp(record, &wanted, sizeof(wanted)) == 0;
        at += part;
    }
    free(methods);
    return are_same && at == count;
}

/* ---- the plan ---- */

static void fill(fg_gate_record_t *record, const fg_gate_plan_t *plan)
{
    const fg_throttle_t *address = &plan->address_throttle;
    *record = (fg_gate_record_t){
        .plan_id = plan->plan_id,
        .rate_milli_rps = plan->throttle.rate_milli_rps,
        .burst = plan->throttle.burst,
        .flags = (uint8_t)((plan->throttle.is_set ? FG_GATE_RECORD_HAS_THROTTLE : 0) |
                           (plan->quota.is_set ? FG_GATE_RECORD_HAS_QUOTA : 0) |
                           (address->is_set ? FG_GATE_RECORD_HAS_ADDRESS_THROTTLE : 0)),
        .period = (uint8_t)plan->quota.period,
        .offset_days = plan->quota.offset_days,
        .quota_limit = plan->quota.limit,
        .address_rate_milli_rps = address->rate_milli_rps,
        .address_burst = address->burst,
        .counted = plan->counted_statuses,
        .outage = (uint8_t)plan->outage,
        .allowance_percent = plan->allowance_percent,
    };
}

/* What stands in the plan's first record alone. */
typedef struct chains {
    uint32_t methods, addresses;
} chains_t;

static fg_status_t chains_write(fg_gate_writer_t *writer, const fg_gate_plan_t *plan,
                                chains_t *ret_chains)
{
    chains_t chains = {.methods = 0};
    fg_status_t status = methods_write(writer, plan, &chains.methods);
    if (status == FG_OK)
        status = fg_gate_addresses_write(writer, plan->addresses, plan->address_count,
                                         &chains.addresses);
    if (status != FG_OK) {
        fg_gate_chain_retire(writer, chains.methods);
        return status;
    }
    *ret_chains = chains;
    return FG_OK;
}

/* Write the chain from its end, so that each record is whole before another names it. Returns the
 * first plus 1, or 0. */
static uint32_t plan_write(fg_gate_writer_t *writer, const fg_gate_plan_t *plan, chains_t chains)
{
    size_t left = plan->stage_count;
    uint32_t next = 0;
    do {
        size_t part = left > 0 ? (left - 1) % FG_GATE_RECORD_STAGES + 1 : 0;
        uint32_t at = fg_gate_record_make(writer);
        if (at == FG_GATE_NONE) {
            plan_retire(writer, next);
            return 0;
        }
        left -= part;
        fg_gate_record_t *record = &writer->gate->records[at];
        fill(record, plan);
        record->stage_count = (uint32_t)part;
        if (part > 0)
            memcpy(record->stages, plan->stages + left, part * sizeof(*plan->stages));
        record->next = next;
        record->methods = left == 0 ? chains.methods : 0;
        record->addresses = left == 0 ? chains.addresses : 0;
        next = at + 1;
    } while (left > 0);
    return next;
}

/* Do the records in force say the same already? */
static bool is_same(const fg_gate_writer_t *writer, uint32_t index, const fg_gate_plan_t *plan)
{
    const fg_gate_record_t *record = fg_gate_record_of(writer->gate, index);
    if (!record || !methods_are(writer, record->methods, plan) ||
        !fg_gate_addresses_are(writer, record->addresses, plan->addresses, plan->address_count))
        return false;
    for (size_t at = 0;; record = &writer->gate->records[record->next - 1]) {
        fg_gate_record_t wanted;
        size_t part = record->stage_count;
        if (part > FG_GATE_RECORD_STAGES || part > plan->stage_count - at)
            return false;
        fill(&wanted, plan);
        wanted.stage_count = (uint32_t)part;
        if (part > 0)
            memcpy(wanted.stages, plan->stages + at, part * sizeof(*plan->stages));
        wanted.next = record->next;
        wanted.methods = record->methods;
        wanted.addresses = record->addresses;
        if (memcmp(record, &wanted, sizeof(wanted)) != 0)
            return false;
        at += part;
        if (record->next == 0 || record->next > writer->gate->geometry.records_max)
            return at == plan->stage_count;
    }
}

static fg_status_t refuse_full_records(const fg_gate_plan_t *plan, fg_error_t *reterr)
{
    return fg_error_set(reterr, FG_FULL, "plans",
                        "the gate has no room for the %zu API stages, %zu method throttles and %zu "
                        "address rules of this usage plan",
                        plan->stage_count, plan->method_count, plan->address_count);
}

fg_status_t fg_gate_plan_sync(fg_gate_writer_t *writer, const fg_gate_plan_t *plan,
                              fg_error_t *reterr)
{
    FG_ASSERT(plan->plan_id != 0);
    chains_t chains;
    uint32_t index = index_make(writer, plan->plan_id);
    if (index == FG_GATE_NONE)
        return fg_error_set(reterr, FG_FULL, "plans", "the gate holds %u usage plans, no more fit",
                            writer->gate->geometry.plans_max);
    if (is_same(writer, index, plan))
        return FG_OK;
    fg_status_t status = chains_write(writer, plan, &chains);
    if (status == FG_NO_MEMORY)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    if (status != FG_OK)
        return refuse_full_records(plan, reterr);
    uint32_t first = plan_write(writer, plan, chains);
    if (first == 0) {
        fg_gate_chain_retire(writer, chains.methods);
        fg_gate_chain_retire(writer, chains.addresses);
        return refuse_full_records(plan, reterr);
    }
    plan_retire(writer,
                atomic_exchange_explicit(&writer->gate->live[index], first, memory_order_acq_rel));
    return FG_OK;
}

bool fg_gate_plan_of(const fg_gate_writer_t *writer, uint64_t plan_id, fg_gate_plan_t *ret_plan)
{
    const fg_gate_record_t *record =
        fg_gate_record_of(writer->gate, fg_gate_plan_index(writer, plan_id));
    if (!record)
        return false;
    *ret_plan = (fg_gate_plan_t){
        .plan_id = plan_id,
        .throttle = fg_gate_record_throttle(record),
        .quota = fg_gate_record_quota(record),
        .counted_statuses = record->counted,
        .outage = (fg_gate_outage_t)record->outage,
        .allowance_percent = record->allowance_percent,
    };
    return true;
}

void fg_gate_plan_remove(fg_gate_writer_t *writer, uint64_t plan_id)
{
    uint32_t index = fg_gate_plan_index(writer, plan_id);
    if (index == FG_GATE_NONE)
        return;
    plan_retire(writer,
                atomic_exchange_explicit(&writer->gate->live[index], 0, memory_order_acq_rel));
}
