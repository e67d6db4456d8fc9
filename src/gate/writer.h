/*
 * writer - what the one writing process keeps beside the gate: indexes that can be rebuilt by
 * reading it, and what waits
 *          until no reader can still hold it.
 */
#ifndef FG_GATE_WRITER_H
#define FG_GATE_WRITER_H

#include "gate/layout.h"

/* A record or slot that was taken out of use, free again once `at` lies FG_GATE_QUARANTINE_US back.
 * */
typedef struct fg_gate_retired {
    uint32_t index;
    fg_mono_t at;
} fg_gate_retired_t;

typedef struct fg_gate_pool {
    fg_gate_retired_t *items; /* a queue, the oldest at `first` */
    size_t first, count, room;
} fg_gate_pool_t;

/* How far a table is swept (sweep.c). */
typedef struct fg_gate_sweep {
    uint32_t next;        /* line */
    uint64_t seen;        /* lines in use in this round */
    bool is_second_round; /* or a later one: what is idle was marked a round ago */
} fg_gate_sweep_t;

struct fg_gate_writer {
    fg_gate_t *gate;
    int fd, lock_fd;
    uint64_t keys_max;
    uint64_t *plan_ids;    /* plan index -> id, 0 free */
    uint32_t *plan_places; /* hash of a plan id -> plan index plus 1, open addressing */
    uint32_t plan_places_mask;
    uint32_t plans_used;   /* plan indexes given out */
    uint32_t records_used; /* records given out */
    fg_gate_pool_t free_records, free_slots;
    bool is_outgrown;      /* pages of former directories are still there, */
    fg_mono_t outgrown_at; /* the last one left at this time: `outgrown` */
    uint32_t outgrown;
    fg_gate_sweep_t bucket_sweep, meter_sweep;
    bool has_swept;
    fg_mono_t swept_at;
};

enum { FG_GATE_QUARANTINE_US = 5000000 }; /* far longer than a decision */

/* Give the pages of former directories back when their quarantine is over. */
void fg_gate_outgrown_release(fg_gate_writer_t *writer, fg_mono_t now);

/* Rule L5: has the gate no gap in its story? The file number is that of the mapped file. */
bool fg_gate_is_continued(const fg_gate_t *gate, const fg_gate_options_t *options,
                          uint64_t file_number);
/* Does a living process that claimed a region have this file mapped? */
bool fg_gate_is_mapped(const fg_gate_t *gate, uint64_t file_number);
/* Where the file goes that is replaced as FG_GATE_LEFT. False when `room` is too small. */
bool fg_gate_left_path(const char *path, char *ret_path, size_t room);

/* A plan's index, FG_GATE_NONE when unknown. */
uint32_t fg_gate_plan_index(const fg_gate_writer_t *writer, uint64_t plan_id);
/* An unused record, FG_GATE_NONE when there is none. */
uint32_t fg_gate_record_make(fg_gate_writer_t *writer);
/* The records of methods or address rules from `first` (plus 1) on are free once nobody can read
 * them. */
void fg_gate_chain_retire(fg_gate_writer_t *writer, uint32_t first);
/* Write address rules, in any order; *ret_first is the first record plus 1, 0 for no rules.
 * FG_FULL, FG_NO_MEMORY. */
FG_MUST_USE fg_status_t fg_gate_addresses_write(fg_gate_writer_t *writer,
                                                const fg_address_rule_t *rules, size_t count,
                                                uint32_t *ret_first);
/* Do the records from `first` on hold exactly these? False also without memory. */
bool fg_gate_addresses_are(const fg_gate_writer_t *writer, uint32_t first,
                           const fg_address_rule_t *rules, size_t count);
/* Rebuild plan_ids, plan_places, records_used and the free pools from the gate. */
fg_status_t fg_gate_plans_scan(fg_gate_writer_t *writer);
fg_status_t fg_gate_slots_scan(fg_gate_writer_t *writer);

/* What stands in a slot now. */
fg_gate_usage_t fg_gate_slot_usage(const fg_gate_writer_t *writer, const fg_gate_slot_t *slot);

/* Give the slot other terms (NULL: none); false when no line is left. */
bool fg_gate_slot_terms_set(fg_gate_writer_t *writer, fg_gate_slot_t *slot,
                            const fg_gate_terms_t *terms);

/* Put an index behind the others; false without memory (it then stays unused until the next start).
 * */
bool fg_gate_pool_put(fg_gate_pool_t *pool, uint32_t index, fg_mono_t at);
/* The oldest one whose quarantine is over at `now`; FG_GATE_NONE when there is none. */
uint32_t fg_gate_pool_get(fg_gate_pool_t *pool, fg_mono_t now);

#endif
