/*
 * writer - what the one writing process keeps beside the gate: indexes that can be rebuilt by
 *          reading it, and what waits until no reader can still hold it.
 *
 * Shape      A slot is free (no owner), in use (a pair of an entry, or the terms of a pair, name
 *            it) or retired: nobody names it any more, but it keeps owner, plan and counts. After
 *            the quarantine it is drained a last time and is free; if its pair is made again
 *            before, it is in use again with every count (rule Q5). Slots of groups and shadows are
 *            shared: in use as long as the terms of any pair name them.
 * Crash      A slot is marked retired before its pair is unlinked, and linked before the mark is
 *            taken off. So one without the mark is linked; one that is marked and linked (a writer
 *            died in between) is found when the gate is opened the next time, and stays in use.
 * Threads    None: one process, one thread at a time.
 */
#ifndef FG_GATE_WRITER_H
#define FG_GATE_WRITER_H

#include "gate/layout.h"

/* Taken out of use, free again once `at` lies FG_GATE_QUARANTINE_US back. */
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

/* Slots by owner and plan, open addressing. */
typedef struct fg_gate_slot_item {
    uint64_t owner;
    uint32_t plan; /* plan_index of the slot without FG_GATE_SLOT_RETIRED */
    uint32_t slot; /* plus 1; 0: free */
    int64_t value; /* how many pairs share it, or when it was retired (microseconds) */
} fg_gate_slot_item_t;

typedef struct fg_gate_slot_map {
    fg_gate_slot_item_t *items;
    size_t count, room; /* room: 0 or a power of two */
} fg_gate_slot_map_t;

struct fg_gate_writer {
    fg_gate_t *gate;
    int fd, lock_fd;
    fg_mono_t (*clock)(void); /* of quarantines */
    bool is_tidy;             /* the indexes below are whole */
    uint64_t keys_max;
    uint64_t *plan_ids;    /* plan index -> id, 0 free */
    uint32_t *plan_places; /* hash of a plan id -> plan index plus 1, open addressing */
    uint32_t plan_places_mask;
    uint32_t plans_used;   /* plan indexes given out */
    uint32_t records_used; /* records given out */
    fg_gate_pool_t free_records, free_slots;
    fg_gate_slot_map_t shared;    /* of groups and shadows, in use */
    fg_gate_slot_map_t retired;   /* by owner and plan, */
    fg_gate_pool_t retired_queue; /* and in order; what is not in the map with its time is void */
    bool is_outgrown;             /* pages of former directories are still there, */
    fg_mono_t outgrown_at;        /* the last one left at this time: `outgrown` */
    uint32_t outgrown;
    fg_gate_sweep_t bucket_sweep, meter_sweep;
    bool has_swept;
    fg_mono_t swept_at;
};

enum { FG_GATE_QUARANTINE_US = 5000000 }; /* far longer than a decision */

/* ---- directory ---- */

/* Does the entry stand for a value that a key has? */
static inline bool fg_gate_state_is_key(uint32_t state)
{
    return state == FG_KEY_ENABLED || state == FG_KEY_DISABLED || state == FG_KEY_ALIAS;
}
/* Room for `count` more entries, so that fg_gate_entry_place finds a place for each and no entry
 * moves meanwhile. FG_FULL. */
FG_MUST_USE fg_status_t fg_gate_directory_reserve(fg_gate_writer_t *writer, size_t count,
                                                  fg_error_t *reterr);
fg_status_t fg_gate_refuse_full_keys(const fg_gate_writer_t *writer, fg_error_t *reterr);
/* Give the pages of former directories back when their quarantine is over. */
void fg_gate_outgrown_release(fg_gate_writer_t *writer, fg_mono_t now);

/* Rule L5: has the gate no gap in its story? The file number is that of the mapped file. */
bool fg_gate_is_continued(const fg_gate_t *gate, const fg_gate_options_t *options,
                          uint64_t file_number);
/* Does a living process that claimed a region have this file mapped? */
bool fg_gate_is_mapped(const fg_gate_t *gate, uint64_t file_number);
/* Where a file of this store goes that is replaced. False when `room` is too small. */
bool fg_gate_left_path(const char *path, char *ret_path, size_t room);

/* ---- plans ---- */

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

/* Tidy up after a writer that died, before anything else is read. FG_NO_MEMORY. */
fg_status_t fg_gate_recover(fg_gate_writer_t *writer);

/* ---- slots ---- */

fg_status_t fg_gate_slots_scan(fg_gate_writer_t *writer);
/* Slots in use. */
uint64_t fg_gate_slots_count(const fg_gate_writer_t *writer);
fg_status_t fg_gate_refuse_full_slots(const fg_gate_writer_t *writer, fg_error_t *reterr);
/* A line of zeros, marked FG_GATE_CHUNK; FG_GATE_NONE when none is left. */
uint32_t fg_gate_line_make(fg_gate_writer_t *writer);
/* Nobody names the line any more. */
void fg_gate_line_retire(fg_gate_writer_t *writer, uint32_t index);
/* Let `word` name a line that begins with these bytes (`line` NULL: none), with one store; nothing
 * happens when `present`, the line that it names now (NULL: none), says the same. The former line
 * is retired. False when no line is left. */
bool fg_gate_line_publish(fg_gate_writer_t *writer, _Atomic uint32_t *word, const void *present,
                          const void *line, size_t bytes);

/* Mark a slot before its pair is unlinked, */
void fg_gate_slot_retire_begin(fg_gate_slot_t *slot);
/* and retire it after that: its shared slots go with the last that names them. */
void fg_gate_slot_retire(fg_gate_writer_t *writer, uint32_t index);
/* The retired slot of a pair; FG_GATE_NONE when there is none. */
uint32_t fg_gate_slot_retired(const fg_gate_writer_t *writer, uint64_t owner, uint32_t plan_index);
/* The pair is linked again: take the mark off. The shared slots are the caller's to name. */
void fg_gate_slot_revive(fg_gate_writer_t *writer, uint32_t index);
/* Forget a retired slot: its last figures are handed to nobody. */
void fg_gate_slot_disown(fg_gate_writer_t *writer, uint32_t index);
/* Hand the last figures of the retired slots whose quarantine is over to `each`, some thousands at a
 * time, and free them. False as soon as `each` says so; the rest stays. */
FG_MUST_USE bool fg_gate_retired_drain(fg_gate_writer_t *writer, fg_mono_t now,
                                       bool (*each)(void *ctx, const fg_gate_usage_t *usage),
                                       void *ctx);

/* What a new slot begins with. */
typedef struct fg_gate_slot_words {
    uint64_t quota, granted, extension, days[2];
} fg_gate_slot_words_t;
/* Fill a line as a slot that nobody owns yet. False when its terms do not fit. */
FG_MUST_USE bool fg_gate_slot_fill(fg_gate_writer_t *writer, uint32_t index, uint32_t plan_index,
                                   const fg_gate_slot_words_t *words);
/* One more pair shares the slot of (owner, plan_index), made when there is none. FG_GATE_NONE when
 * none is left. */
uint32_t fg_gate_shared_ref(fg_gate_writer_t *writer, uint64_t owner, uint32_t plan_index,
                            const fg_gate_slot_words_t *words);
/* One pair less, `name` as in its terms: index plus 1, 0 for none. */
void fg_gate_shared_unref(fg_gate_writer_t *writer, uint32_t name);

/* What stands in a slot now. */
fg_gate_usage_t fg_gate_slot_usage(const fg_gate_writer_t *writer, const fg_gate_slot_t *slot);

/* Give the slot other terms (NULL or nothing in them: none), unless it has them; false when no line
 * is left. To take them away cannot fail. */
bool fg_gate_slot_terms_set(fg_gate_writer_t *writer, fg_gate_slot_t *slot,
                            const fg_gate_terms_t *terms);

/* ---- slot map ---- */

/* NULL when it is not there. */
fg_gate_slot_item_t *fg_gate_slot_map_find(const fg_gate_slot_map_t *map, uint64_t owner,
                                           uint32_t plan);
/* The item of (owner, plan), new or not. NULL without memory. Moves the others. */
fg_gate_slot_item_t *fg_gate_slot_map_put(fg_gate_slot_map_t *map, uint64_t owner, uint32_t plan,
                                          uint32_t slot_index);
/* Items behind it may move into its place. */
void fg_gate_slot_map_remove(fg_gate_slot_map_t *map, fg_gate_slot_item_t *item);

/* ---- pairs ---- */

/* The values of one key: [0] is the newest, which owns the slots. */
typedef struct fg_gate_values {
    fg_gate_entry_t *entries[1 + FG_GATE_VALUES_MAX];
    size_t count;
} fg_gate_values_t;

/* Make the pairs of a key, on all its values, what `key` says. */
FG_MUST_USE fg_status_t fg_gate_pairs_sync(fg_gate_writer_t *writer, const fg_gate_values_t *values,
                                           const fg_gate_key_t *key, fg_error_t *reterr);
/* Take all of them away. */
void fg_gate_pairs_free(fg_gate_writer_t *writer, const fg_gate_values_t *values);
/* Does the entry name pairs (or room for more)? */
bool fg_gate_pairs_has(const fg_gate_entry_t *entry);
/* The entry names what `from` names; NULL: none. */
void fg_gate_pairs_copy(fg_gate_entry_t *entry, const fg_gate_entry_t *from);

/* ---- values ---- */

bool fg_gate_value_is_further(const fg_gate_t *gate, const fg_gate_entry_t *entry);
/* The same for an entry. */
bool fg_gate_value_set(fg_gate_writer_t *writer, fg_gate_entry_t *entry,
                       const fg_gate_value_terms_t *terms);
/* What holds for the newest value, and for a further one; `addresses`: the first record of the
 * key's address rules, plus 1. */
fg_gate_value_terms_t fg_gate_value_newest(const fg_gate_key_t *key, uint32_t addresses);
fg_gate_value_terms_t fg_gate_value_further(const fg_gate_key_t *key, const fg_gate_value_t *value,
                                            uint32_t addresses);
/* The value of a key that owns the slots which `entry` names. Of a further value whose newest is
 * not there (a writer died while it made it) that is the value itself. */
fg_gate_entry_t *fg_gate_value_owner(const fg_gate_t *gate, fg_gate_entry_t *entry);
/* The values of the key whose owner `owner` is. */
fg_gate_values_t fg_gate_values_of(const fg_gate_t *gate, fg_gate_entry_t *owner);
/* Seconds of an end; 0 for none, and for one that no 32 bits hold. */
uint32_t fg_gate_end_s(fg_wall_t end);

/* ---- pools ---- */

/* Put an index behind the others; false without memory (it then stays unused until the next start).
 * */
bool fg_gate_pool_put(fg_gate_pool_t *pool, uint32_t index, fg_mono_t at);
/* The oldest one whose quarantine is over at `now`; FG_GATE_NONE when there is none. */
uint32_t fg_gate_pool_get(fg_gate_pool_t *pool, fg_mono_t now);

#endif
