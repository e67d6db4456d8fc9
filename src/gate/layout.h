/*
 * layout - the gate's file, byte by byte.
 *
 *     0                header, one page: what a process checks before it maps the rest, then the
 *                       words that change
 *     stages_at        stages_max x 192: open addressing by api and stage; the position is the
 *                       stage index
 *     live_at          plans_max x 4: plan index -> record in force, plus 1; 0 for none
 *     records_at       records_max x 256: plan records, written once, then read-only until nobody
 *                       can read them
 *     buckets_at       buckets x 16: id and throttle word of (stage, method)
 *     dirty_at         slots_max / 64: a byte per 64 slots that counted since the last drain
 *     slots_at         slots_max x 64: cache lines of five kinds, told apart by who points to them:
 *                       a slot (one pair of key and plan, or of customer and plan), 7 more pairs of
 *                       a key, the terms of a key's value, the terms of a pair
 *     meters_at        meters x 64: what backends answered to one slot, claimed by hash
 *     meters_dirty_at  meters / 64: a byte per 64 meters that counted since the last drain
 *     explains_at      explains x 256: a ring of the latest refusals (explain.h)
 *     series_at        FG_GATE_WORKERS_MAX x series x 512: metrics, per worker (metrics.h)
 *     directories_at   two banks, each a directory of every size from 2^level_min to 2^level_max
 *                       entries of 64 bytes
 *
 * The file is sparse: tmpfs keeps the pages that were touched. Slots never move. A larger directory
 * is built in its own place and published with one store of `directory`; the old one's pages are
 * given back once no reader can still be in them (FG_GATE_QUARANTINE_US). A reader that was refused
 * or found no pairs looks whether the directory changed meanwhile, and decides again if so.
 *
 * Writer's order everywhere: write the new thing whole, then publish it with one release store. A
 * writer that dies before the store has changed nothing; after it, everything.
 */
#ifndef FG_GATE_LAYOUT_H
#define FG_GATE_LAYOUT_H

#include "gate/claims.h"
#include "gate/gate.h"

#include <stdatomic.h>

#define FG_GATE_MAGIC UINT64_C(0x3145544147474146) /* "FAGGATE1" */

enum {
    FG_GATE_VERSION = 2,
    FG_GATE_HEADER_BYTES = 4096,
    FG_GATE_LINE_BYTES = 64,
    FG_GATE_ENTRY_PLANS = 3, /* plans of a key in its entry */
    FG_GATE_CHUNK_PLANS = 7, /* more of them in one line, before the word that tells whose it is */
    FG_GATE_RECORD_STAGES = 48,
    FG_GATE_RECORD_METHODS = 10,
    FG_GATE_RECORD_ADDRESSES = 12,
    FG_GATE_VALUES_MAX = 4, /* further values of a key */
    FG_GATE_WANTS = 256,    /* slots that wait for a grant, the latest ones */
    FG_GATE_WORKERS_MAX = 64,
    FG_GATE_SLOTS_PER_DIRTY = 64,
    FG_GATE_METERS_PER_DIRTY = 64,
    FG_GATE_EXPLAIN_BYTES = 256,
    FG_GATE_SERIES_BYTES = 512,
};

/* Everything that offsets follow from; compared whole when a file is opened. */
typedef struct fg_gate_geometry {
    uint64_t slots_max;
    uint32_t plans_max, records_max, stages_max, buckets;
    uint32_t meters, explains, series; /* meters and explains are powers of two */
    uint32_t level_min, level_max;
    uint32_t spare; /* no padding: compared as bytes */
} fg_gate_geometry_t;
_Static_assert(sizeof(fg_gate_geometry_t) == 48, "no padding");

typedef struct fg_gate_header {
    uint64_t magic;
    uint32_t version, header_bytes;
    fg_gate_geometry_t geometry;
    uint64_t file_bytes;
    fg_digester_t digester;
    char store_uuid[FG_STORE_UUID_BYTES + 1];
    char boot_id[FG_STORE_UUID_BYTES + 1];
    uint64_t session; /* of the writer that opened it last (rule L5) */
    /* the line that every request reads */
    _Alignas(FG_GATE_LINE_BYTES) _Atomic uint32_t is_retired;
    _Atomic uint32_t directory; /* FG_GATE_DIRECTORY */
    _Atomic uint64_t seq;
    /* burst 2^32 and up: no account limit */
    _Atomic uint64_t account_rate_milli_rps, account_burst;
    _Atomic uint32_t are_keys_without_plan_allowed;
    _Atomic uint32_t is_leased; /* quotas are spent only as far as they are granted */
    _Atomic uint32_t is_closed; /* and none is spent at all */
    /* written by every request: its own line */
    _Alignas(FG_GATE_LINE_BYTES) fg_throttle_word_t account_word;
    _Alignas(FG_GATE_LINE_BYTES) _Atomic uint64_t key_count; /* the writer's own, for the fill */
    _Atomic uint64_t tombstone_count, slots_used, buckets_used, meters_used;
    uint32_t is_open; /* a writer has it, or died */
    /* written by workers that were refused */
    _Alignas(FG_GATE_LINE_BYTES) _Atomic uint64_t explain_head;
    _Atomic uint64_t buckets_refused;                       /* requests that found no bucket */
    _Alignas(FG_GATE_LINE_BYTES) _Atomic uint32_t want_seq; /* a futex; moves with every wish */
    _Atomic uint32_t wants[FG_GATE_WANTS]; /* slot index plus 1, found by hash; 0: taken out */
    _Alignas(FG_GATE_LINE_BYTES) _Atomic uint32_t worker_pids[FG_GATE_WORKERS_MAX]; /* 0: free */
} fg_gate_header_t;
_Static_assert(sizeof(fg_gate_header_t) <= FG_GATE_HEADER_BYTES, "the header fits its page");

typedef struct fg_gate_stage {
    _Atomic uint32_t is_taken;
    uint32_t name_bytes;
    uint64_t api_id;
    _Atomic uint64_t revision;
    char name[FG_STAGE_NAME_BYTES_MAX];
    char padding[40];
} fg_gate_stage_t;
_Static_assert(sizeof(fg_gate_stage_t) == 192, "three lines");

enum {
    FG_GATE_RECORD_HAS_THROTTLE = 1,
    FG_GATE_RECORD_HAS_QUOTA = 2,
    FG_GATE_RECORD_HAS_ADDRESS_THROTTLE = 4,
};

typedef struct fg_gate_record {
    uint64_t plan_id;
    uint64_t rate_milli_rps, quota_limit;
    uint32_t burst;
    uint8_t flags, period, offset_days, counted; /* statuses that count: bit n for n-hundreds */
    uint32_t stage_count;                        /* in this record */
    uint32_t next;                               /* record with more stages, plus 1 */
    uint64_t address_rate_milli_rps;
    uint32_t address_burst;
    uint32_t addresses; /* first record of address rules, plus 1 */
    uint32_t methods;   /* first record of method throttles, plus 1 */
    uint8_t outage, allowance_percent, spare[2];
    uint32_t stages[FG_GATE_RECORD_STAGES];
} fg_gate_record_t;
_Static_assert(sizeof(fg_gate_record_t) == 256, "four lines");

/* Throttles of single methods in a plan (rule P4). Records of one chain are ordered by method_id. */
typedef struct fg_gate_method_record {
    uint32_t next, count;
    struct {
        uint64_t method_id, rate_milli_rps;
        uint32_t burst, spare;
    } methods[FG_GATE_RECORD_METHODS];
    uint64_t padding;
} fg_gate_method_record_t;
_Static_assert(sizeof(fg_gate_method_record_t) == sizeof(fg_gate_record_t), "as large");

/* Address rules (rule X5), the longest prefix first, so that the first that fits decides. */
typedef struct fg_gate_address_record {
    uint32_t next, count;
    struct {
        uint8_t address[16], prefix_bits, is_denied, spare[2];
    } rules[FG_GATE_RECORD_ADDRESSES];
    uint64_t padding;
} fg_gate_address_record_t;
_Static_assert(sizeof(fg_gate_address_record_t) == sizeof(fg_gate_record_t), "as large");

typedef struct fg_gate_bucket {
    _Atomic uint64_t id; /* claims.h */
    fg_throttle_word_t word;
} fg_gate_bucket_t;
_Static_assert(sizeof(fg_gate_bucket_t) == 16, "four to a line");

typedef struct fg_gate_slot {
    fg_throttle_word_t throttle;
    fg_quota_word_t quota, granted, day[2];
    _Atomic uint32_t throttled;  /* refusals, wrapping */
    _Atomic uint32_t over_quota; /* refusals, wrapping in 31 bits; FG_GATE_SLOT_DIRTY above */
    _Atomic uint32_t plan_index; /* FG_GATE_SLOT_PLAN of it; the flags above are the writer's own */
    _Atomic uint32_t terms;      /* line of terms of its own, plus 1 */
    _Atomic uint64_t key_id;     /* 0: free; FG_GATE_CHUNK: a line of another kind */
} fg_gate_slot_t;
_Static_assert(sizeof(fg_gate_slot_t) == FG_GATE_LINE_BYTES, "one line");

/* A slot that no key's pair names any more; it keeps owner, plan and counts until it is free. */
#define FG_GATE_SLOT_RETIRED (UINT32_C(1) << 31)
/* A slot that counts what another plan would do. */
#define FG_GATE_SLOT_SHADOW           (UINT32_C(1) << 30)
#define FG_GATE_SLOT_PLAN(plan_index) ((plan_index) & ~(FG_GATE_SLOT_RETIRED | FG_GATE_SLOT_SHADOW))

/* The override has these in place of the plan's. */
enum { FG_GATE_TERMS_HAS_THROTTLE = 1, FG_GATE_TERMS_HAS_QUOTA = 2 };

/* What holds for one pair beside its plan. Written once, then read-only until nobody can read it;
 * a change is another line, published with one store of slot.terms. */
typedef struct fg_gate_terms {
    uint64_t extension_word; /* of UpdateUsage, 0 for none */
    uint64_t rate_milli_rps, quota_limit;
    uint32_t burst;
    uint32_t flags;       /* FG_GATE_TERMS_... */
    uint32_t until_s;     /* the override ends then (UTC seconds); 0: never */
    uint32_t quota_slot;  /* slot whose quota counts in place of the pair's own, plus 1 */
    uint32_t shadow_slot; /* slot that counts what another plan would do, plus 1 */
    uint32_t spare;
    _Atomic uint64_t key_id; /* FG_GATE_CHUNK */
} fg_gate_terms_t;
_Static_assert(sizeof(fg_gate_terms_t) <= FG_GATE_LINE_BYTES, "one line");

/* What holds for one value of a key. Copy on write as well. The further values of a key (rotation)
 * share the pair words of its newest, which alone owns the slots: each of them has a line with
 * FG_GATE_VALUE_IS_FURTHER, whatever the state of its entry says. */
typedef struct fg_gate_value_terms {
    uint64_t tag;                     /* FG_GATE_VALUE_TAG: tells the line from pairs and terms */
    uint32_t not_before_s, expires_s; /* UTC seconds; 0: no bound */
    uint32_t addresses;               /* first record of address rules, plus 1; of all values */
    uint32_t flags;
    /* first words of digests: of the further values; in one of those, of the newest alone */
    uint64_t values[FG_GATE_VALUES_MAX];
    _Atomic uint64_t key_id; /* FG_GATE_CHUNK */
} fg_gate_value_terms_t;
enum { FG_GATE_VALUE_IS_FURTHER = 1 };
#define FG_GATE_VALUE_TAG UINT64_MAX
_Static_assert(sizeof(fg_gate_value_terms_t) == FG_GATE_LINE_BYTES, "one line");

typedef struct fg_gate_meter {
    _Atomic uint64_t id;          /* claims.h; of slot and key id */
    _Atomic uint32_t slot;        /* index plus 1; 0: not said yet */
    _Atomic uint32_t is_dirty;    /* counted since the last drain */
    _Atomic uint64_t statuses[6]; /* answers by class, wrapping: [0] none, [1] 1xx ... [5] 5xx */
} fg_gate_meter_t;
_Static_assert(sizeof(fg_gate_meter_t) == FG_GATE_LINE_BYTES, "one line");
/* No packed id is as large. Also a slot that is on its way into or out of use: neither drained nor
 * given to another. */
#define FG_GATE_CHUNK      UINT64_MAX
#define FG_GATE_SLOT_DIRTY (UINT32_C(1) << 31) /* counted since the last drain */

_Static_assert((int)FG_GATE_ENTRY_PLANS + (int)FG_GATE_CHUNK_PLANS >= (int)FG_PLANS_PER_KEY_MAX,
               "an entry and one more line hold the plans of a key");
_Static_assert(offsetof(fg_gate_slot_t, key_id) == FG_GATE_CHUNK_PLANS * sizeof(uint64_t),
               "chunks end there");

/* A directory in one word: generation (24 bits, so that a reader sees that one was replaced by
 * another in the same place), level (7 bits), bank (1 bit). */
#define FG_GATE_DIRECTORY(generation, level, bank)                                                 \
    ((uint32_t)(generation) << 8 | (uint32_t)(level) << 1 | (bank))
#define FG_GATE_DIRECTORY_GENERATION(directory) ((directory) >> 8)
#define FG_GATE_DIRECTORY_LEVEL(directory)      (((directory) >> 1) & 0x7f)
#define FG_GATE_DIRECTORY_BANK(directory)       ((directory)&1)
#define FG_GATE_DIRECTORY_ENTRIES(directory)    (UINT64_C(1) << FG_GATE_DIRECTORY_LEVEL(directory))

/* A pair in one word: plan index plus 1 (high), slot index (low); 0 for none. */
typedef _Atomic uint64_t fg_gate_pair_t;
#define FG_GATE_PAIR(plan_index, slot_index) (((uint64_t)(plan_index) + 1) << 32 | (slot_index))
#define FG_GATE_PAIR_PLAN(pair)              ((uint32_t)((pair) >> 32) - 1)
#define FG_GATE_PAIR_SLOT(pair)              ((uint32_t)(pair))

typedef struct fg_gate_entry {
    fg_digest_t digest;
    _Atomic uint64_t key_id;
    _Atomic uint32_t state; /* fg_key_state_t; FG_KEY_UNKNOWN: never used */
    _Atomic uint32_t more;  /* line with more pairs, plus 1 */
    fg_gate_pair_t pairs[FG_GATE_ENTRY_PLANS];
    _Atomic uint32_t terms;       /* line of terms of this value, plus 1 */
    _Atomic uint32_t used_minute; /* of the last admitted request, minutes since 1970; the last
                                     member, and the only one that workers write */
} fg_gate_entry_t;
_Static_assert(sizeof(fg_gate_entry_t) == FG_GATE_LINE_BYTES, "one line");

struct fg_gate {
    fg_gate_header_t *header;
    fg_gate_stage_t *stages;
    _Atomic uint32_t *live;
    fg_gate_record_t *records;
    fg_gate_bucket_t *buckets;
    _Atomic uint8_t *dirty;
    fg_gate_slot_t *slots;
    fg_gate_meter_t *meters;
    _Atomic uint8_t *meters_dirty;
    char *explains, *series;
    char *directories;
    fg_gate_geometry_t geometry;
    uint64_t file_bytes;
    char *directory_path; /* folder of the file */
};

/* Bytes of the whole file. */
uint64_t fg_gate_file_bytes(const fg_gate_geometry_t *geometry);
/* Point `gate` into a mapping that starts at `base`. */
void fg_gate_place(fg_gate_t *gate, void *base, const fg_gate_geometry_t *geometry);
/* Byte offset within the file of a directory, and of the first of all. */
uint64_t fg_gate_directory_at(const fg_gate_geometry_t *geometry, uint32_t directory);
uint64_t fg_gate_directories_at(const fg_gate_geometry_t *geometry);

/* The entry of `digest` in the directory in force, tombstones too; NULL when there is none. */
fg_gate_entry_t *fg_gate_entry_find(const fg_gate_t *gate, fg_digest_t digest);
/* Where `digest` is, or would go, in directory `directory`. NULL when that is full. */
fg_gate_entry_t *fg_gate_entry_place(const fg_gate_t *gate, uint32_t directory, fg_digest_t digest);
/* The record in force of a plan index; NULL for none. */
const fg_gate_record_t *fg_gate_record_of(const fg_gate_t *gate, uint32_t plan_index);
/* Does the plan cover the stage? */
bool fg_gate_record_covers(const fg_gate_t *gate, const fg_gate_record_t *record,
                           uint32_t stage_index);
fg_throttle_t fg_gate_record_throttle(const fg_gate_record_t *record);
fg_quota_t fg_gate_record_quota(const fg_gate_record_t *record);

/* The terms of a slot; NULL for none. */
const fg_gate_terms_t *fg_gate_slot_terms(const fg_gate_t *gate, const fg_gate_slot_t *slot);

fg_gate_claims_t fg_gate_buckets(fg_gate_t *gate);
fg_gate_claims_t fg_gate_meters(fg_gate_t *gate);

/* A bucket in one decision: the claim says after the take whether it was ours. */
typedef struct fg_gate_bucket_use {
    fg_throttle_word_t *word;
    fg_gate_claim_t claim;
} fg_gate_bucket_use_t;

/* The bucket that `words` name, claimed when it is new. What finds none is counted. */
fg_gate_found_t fg_gate_bucket_find(fg_gate_t *gate, const uint64_t *words, size_t count,
                                    fg_gate_bucket_use_t *ret_use);

/* Was the meter claimed for this slot while the key owned it? */
bool fg_gate_meter_is_of(const fg_gate_meter_t *meter, uint32_t slot_index, uint64_t key_id);

/* The terms of an entry's value; NULL for none. */
const fg_gate_value_terms_t *fg_gate_value_terms(const fg_gate_t *gate,
                                                 const fg_gate_entry_t *entry);

/* Say that the slot counted, after it did. */
void fg_gate_slot_mark(fg_gate_t *gate, fg_gate_slot_t *slot);

/* The plan's throttle for one method and key (rule P4); not set when it has none. */
fg_throttle_t fg_gate_record_method(const fg_gate_t *gate, const fg_gate_record_t *record,
                                    uint64_t method_id);

/* IPv4 as ::ffff:a.b.c.d. */
bool fg_gate_address_is_ipv4(const uint8_t address[16]);
/* May this address pass the rules that begin at record `first` (plus 1; 0: none)? NULL: there is no
 * address. Rule X5. */
bool fg_gate_addresses_allow(const fg_gate_t *gate, uint32_t first, const uint8_t *address);

/* Say that the meter counted, after it did: its mark, then its group's byte. */
void fg_gate_meter_mark(fg_gate_t *gate, fg_gate_meter_t *meter);

/* The pairs of an entry: word number `index`, NULL past the end. */
fg_gate_pair_t *fg_gate_entry_pair(const fg_gate_t *gate, fg_gate_entry_t *entry, size_t index);

#endif
