/*
 * gate - the shared file between the control plane (one writer) and the workers (many readers).
 *
 * Shape      A sparse file on tmpfs, mapped shared: header, directory (key digest -> key entry),
 *            plan records, slots (one cache line per key and plan), stage table, buckets, dirty
 *            bytes, meters, the ring of refusals, metrics. layout.h draws it byte by byte.
 * Ownership  A fg_gate_t is one process's mapping. Nothing in a verdict points into the gate.
 * Threads    Any number of worker processes call fg_gate_decide; lock-free, no allocation, no
 *            system call. One fg_gate_writer_t exists at a time (an flock on the file makes sure).
 * Crash      Every update is one store or one exchange, so kill -9 of anyone leaves it valid.
 * Rule       docs/rules/: K5, K7, P2, P3, P5, T1-T3, Q1, Q2.
 */
#ifndef FG_GATE_GATE_H
#define FG_GATE_GATE_H

#include "base/clock.h"
#include "base/crypto.h"
#include "base/id.h"
#include "base/status.h"
#include "limit/quota.h"
#include "limit/throttle.h"

#define FG_GATE_NONE UINT32_MAX

/* ---- reading (workers) ---- */

/* Map an existing gate, read and write. FG_NOT_FOUND, FG_NEWER (another layout), FG_CORRUPT, FG_IO.
 * */
FG_MUST_USE fg_status_t fg_gate_open(const char *path, fg_gate_t **ret_gate, fg_error_t *reterr);
/* NULL is fine. */
void fg_gate_close(fg_gate_t *gate);
/* The writer replaced this file by another at the same path: close and open again. One load. */
bool fg_gate_is_retired(const fg_gate_t *gate);
/* Sequence number of the last published change; moves with every publication. One load. */
uint64_t fg_gate_seq(const fg_gate_t *gate);

/* Stage table. Index of api/stage, FG_GATE_NONE when unknown. */
uint32_t fg_gate_stage_find(const fg_gate_t *gate, fg_str_t api_id, fg_str_t stage_name);
/* Revision of the route snapshot to serve: file `fg_gate_route_path`; 0 when nothing is deployed.
 * One load. */
uint64_t fg_gate_stage_revision(const fg_gate_t *gate, uint32_t stage_index);
/* Whose index it is: the packed api id and the name, NUL-terminated, FG_STAGE_NAME_BYTES_MAX + 1
 * bytes of room. False for an index that was never given out. */
FG_MUST_USE bool fg_gate_stage_name(const fg_gate_t *gate, uint32_t stage_index,
                                    uint64_t *ret_api_id, char *ret_name);
/* "<directory of the gate>/routes/<stage_index>.<revision>", NUL-terminated. False when `room` is
 * too small. */
FG_MUST_USE bool fg_gate_route_path(const fg_gate_t *gate, uint32_t stage_index, uint64_t revision,
                                    char *ret_path, size_t room);

typedef enum fg_key_state {
    FG_KEY_UNKNOWN, /* no entry, or deleted long ago */
    FG_KEY_ENABLED,
    FG_KEY_DISABLED,
    FG_KEY_DELETED,  /* K7: in-flight requests fail */
    FG_KEY_REPLACED, /* K6: the value was regenerated */
    FG_KEY_ALIAS,    /* a second value of a key (rotation): good as FG_KEY_ENABLED */
} fg_key_state_t;

fg_digest_t fg_gate_digest(const fg_gate_t *gate, fg_str_t key_value);
/* Of a further value: FG_KEY_ALIAS, or FG_KEY_DISABLED with its key. */
fg_key_state_t fg_gate_key_state(const fg_gate_t *gate, fg_digest_t digest);

/* What the decision needs to know of a request, all resolved before. */
typedef struct fg_gate_facts {
    uint32_t stage_index;
    bool is_key_required; /* K8: otherwise the key is ignored and nothing is counted per key */
    bool has_key;
    fg_str_t key_value;
    fg_throttle_t method_throttle; /* the stage's method setting, T2 third */
    uint64_t method_id; /* unique for (stage, method); names its buckets; 0: no method is known */
    bool has_address;
    uint8_t address[16]; /* of the client, IPv4 as ::ffff:a.b.c.d (rule X5) */
    bool is_outage;      /* no grant came in time: the plan's outage policy holds (rule L4) */
} fg_gate_facts_t;

/*    name               reason code            gateway response type */
#define FG_VERDICT_LIST(X)                                                                         \
    X(ADMITTED, "admitted")                                                                        \
    X(KEY_MISSING, "key-missing")                                                                  \
    X(KEY_UNKNOWN, "key-unknown")                                                                  \
    X(KEY_DISABLED, "key-disabled")                                                                \
    X(KEY_DELETED, "key-deleted")                                                                  \
    X(KEY_WITHOUT_PLAN, "key-without-plan")                                                        \
    X(PLAN_NOT_ON_STAGE, "plan-not-on-stage")                                                      \
    X(THROTTLED_PLAN, "throttled-plan")                                                            \
    X(THROTTLED_METHOD, "throttled-stage-method")                                                  \
    X(THROTTLED_ACCOUNT, "throttled-account")                                                      \
    X(QUOTA_EXCEEDED, "quota-exceeded")                                                            \
    X(KEY_EXPIRED, "key-expired")                                                                  \
    X(KEY_NOT_YET_VALID, "key-not-yet-valid")                                                      \
    X(ADDRESS_DENIED, "address-denied")                                                            \
    X(THROTTLED_ADDRESS, "throttled-address")                                                      \
    X(THROTTLED_PLAN_METHOD, "throttled-plan-method")                                              \
    X(GRANT_PENDING, "grant-pending")                                                              \
    X(CONTENDED, "contended")                                                                      \
    X(BUCKETS_FULL, "buckets-full")

typedef enum fg_verdict_kind {
#define FG_VERDICT_MEMBER(name, reason) FG_VERDICT_##name,
    FG_VERDICT_LIST(FG_VERDICT_MEMBER)
#undef FG_VERDICT_MEMBER
        FG_VERDICT_COUNT
} fg_verdict_kind_t;

typedef struct fg_verdict {
    fg_verdict_kind_t kind;
    bool is_metered;          /* a key was required and found: key_id, plan_id and digest are set */
    uint64_t key_id;          /* packed ids; 0 when not known */
    uint64_t plan_id;         /* 0 when the key rides without a plan (keys_without_plan allow) */
    fg_digest_t digest;       /* for fg_gate_key_state before the response header goes out (K7) */
    int64_t retry_after_us;   /* throttled: until one is due; quota: until the window reopens */
    uint64_t quota_limit;     /* of the plan with the extension; 0 when it has no quota */
    uint64_t quota_remaining; /* after this request */
    fg_wall_t quota_reset_at;
    fg_throttle_t throttle; /* the plan's, or the one that refused */
    uint32_t throttle_remaining;
    /* of an admitted request on a plan: what fg_gate_give_back and fg_gate_meter need */
    uint32_t slot_index; /* of the pair */
    uint32_t quota_slot_index;
    uint32_t quota_start_day, counted_day;
    uint8_t counted_statuses; /* bit n: answers of n-hundreds count against the quota */
    uint8_t outage;           /* fg_gate_outage_t of the plan */
    fg_verdict_kind_t shadow; /* what the shadow plan would have said; ADMITTED without one */
} fg_verdict_t;

/* What a plan does while no grant can be had (rule L4). The limit holds in every case. */
typedef enum fg_gate_outage {
    FG_OUTAGE_STRICT,    /* refuse: 503 */
    FG_OUTAGE_ALLOWANCE, /* go allowance_percent of the limit beyond the grant */
    FG_OUTAGE_OPEN,      /* go on to the limit */
} fg_gate_outage_t;

/* The reason code: stable, lower case, with hyphens. */
const char *fg_verdict_reason(fg_verdict_kind_t kind);

/* Decide, and when admitted take from every limit; all are checked before anything is taken; on a
 * lost race what was taken is given back. Rule T2: plan, stage method, account; then Q1. T3: a
 * throttled request takes no quota. */
FG_MUST_USE fg_verdict_t fg_gate_decide(fg_gate_t *gate, const fg_gate_facts_t *facts,
                                        fg_now_t now);

/* The answer to an admitted request does not count (the plan's counted statuses): take the request
 * back out of quota, usage and throttle-free, if its windows still run. Rule U5. */
void fg_gate_give_back(fg_gate_t *gate, const fg_verdict_t *verdict);
/* Note the status class (0 none, 1..5) that an admitted request on a plan was answered with. */
void fg_gate_meter(fg_gate_t *gate, const fg_verdict_t *verdict, unsigned status_class);
/* A request waits for a grant of this slot: tell the agent (a futex wake; the one system call, and
 * only here). */
void fg_gate_want(fg_gate_t *gate, uint32_t slot_index);

/* ---- writing (the agent) ---- */

enum { FG_STORE_UUID_BYTES = 36 };

typedef struct fg_gate_options {
    uint64_t keys_max;  /* directory may grow to this many keys; the file is sparse */
    uint64_t slots_max; /* pairs of key and plan */
    uint32_t plans_max;
    uint32_t stages_max;
    uint32_t buckets;                  /* power of two */
    uint32_t meters, explains, series; /* 0: defaults; the first two powers of two */
    bool is_leased;                    /* quotas are spent only as far as granted */
    fg_digester_t digester;
    char store_uuid[FG_STORE_UUID_BYTES + 1]; /* of the store this gate belongs to */
    char boot_id[FG_STORE_UUID_BYTES + 1];    /* of this boot of the machine */
    int group_id;                             /* group that the workers run with; -1 leaves it */
    /* Rule L5. A number that grows with every opening, and what the last one noted of its file; 0:
     * any file of this store and boot is taken as it is. */
    uint64_t session, file_number;
    bool is_settled; /* the last session ended in good order */
} fg_gate_options_t;

/* Sizes that serve 16 million keys; everything else is the caller's. */
void fg_gate_options_default(fg_gate_options_t *options);

typedef enum fg_gate_opening {
    FG_GATE_NEW,      /* there was none */
    FG_GATE_OURS,     /* same store, same boot: every count still stands */
    FG_GATE_REBOOTED, /* same store, another boot: replaced by an empty one */
    FG_GATE_REPLACED, /* other layout, sizes or store, or damaged: likewise */
    FG_GATE_LEFT,     /* left behind by a kill of everybody, or another file: likewise (rule L5) */
} fg_gate_opening_t;

/* Open for writing, creating what is missing (also `routes/` beside it). FG_BUSY when another
 * writer holds it. */
FG_MUST_USE fg_status_t fg_gate_writer_open(const char *path, const fg_gate_options_t *options,
                                            fg_gate_writer_t **ret_writer,
                                            fg_gate_opening_t *ret_opening, fg_error_t *reterr);
void fg_gate_writer_close(fg_gate_writer_t *writer);
/* What `file_number` of the next opening shall be. */
uint64_t fg_gate_file_number(const fg_gate_writer_t *writer);
/* The writer's own mapping, for reading through the functions above. Borrowed. */
fg_gate_t *fg_gate_writer_gate(fg_gate_writer_t *writer);

typedef struct fg_gate_plan {
    uint64_t plan_id; /* packed */
    fg_throttle_t throttle;
    fg_quota_t quota;
    const uint32_t *stages; /* stage indices it covers */
    size_t stage_count;
    /* rule P4: throttles of single methods, each per key */
    const struct fg_gate_method_throttle *methods;
    size_t method_count;
    fg_throttle_t address_throttle; /* per key and client address (rule X5) */
    const struct fg_address_rule *addresses;
    size_t address_count;
    uint8_t counted_statuses; /* bit n: answers of n-hundreds count; 0: all admitted calls do */
    fg_gate_outage_t outage;
    uint8_t allowance_percent;
} fg_gate_plan_t;

typedef struct fg_gate_method_throttle {
    uint64_t method_id;
    fg_throttle_t throttle;
} fg_gate_method_throttle_t;

/* Of several that fit an address the one with the longest prefix holds; none: allowed when there is
 * no allow rule at all. */
typedef struct fg_address_rule {
    uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
    uint8_t prefix_bits; /* of 128 */
    bool is_denied;
} fg_address_rule_t;

/* What the store knows of a pair of key and plan when its slot is made. */
typedef struct fg_gate_grant {
    uint64_t plan_id;
    uint64_t quota_word;     /* FG_QUOTA_WORD of the running window, 0 for none */
    uint64_t extension_word; /* likewise, the effective limit */
    uint64_t granted_word;   /* likewise, how far it may be spent (lease.h) */
    uint64_t day_words[2];   /* usage of day d at [d & 1] */
    /* an override of the plan's limits for this key; until 0: without end */
    bool has_override_throttle, has_override_quota;
    fg_throttle_t override_throttle;
    uint64_t override_quota_limit;
    fg_wall_t override_until;
    /* keys of one customer share the quota of the plan: the owner of the shared slot
     * (FG_GATE_GROUP of the customer's number), 0 for none; its words */
    uint64_t group_id;
    uint64_t group_quota_word, group_extension_word, group_granted_word;
    uint64_t shadow_plan_id; /* a plan of which the gate counts what it would do; 0 for none */
} fg_gate_grant_t;

/* Owners of shared slots are no packed ids. */
#define FG_GATE_GROUP(number) (UINT64_C(1) << 63 | (uint64_t)(number))
#define FG_GATE_IS_GROUP(id)  ((id) >> 63 != 0 && (id) != UINT64_MAX)

typedef struct fg_gate_key {
    uint64_t key_id;
    fg_digest_t digest;
    fg_key_state_t state; /* FG_KEY_ENABLED or FG_KEY_DISABLED */
    const fg_gate_grant_t *grants;
    size_t grant_count;
    fg_wall_t not_before, expires; /* of the value; 0: no bound */
    const struct fg_address_rule *addresses;
    size_t address_count;
    /* all further values of the key (rotation), each with an end of its own; one that the gate has
     * and that is not among them becomes FG_KEY_REPLACED. FG_FULL beyond FG_KEY_VALUES_MAX. */
    const struct fg_gate_value *values;
    size_t value_count;
} fg_gate_key_t;

typedef struct fg_gate_value {
    fg_digest_t digest;
    fg_wall_t not_before, expires;
} fg_gate_value_t;

/* Make the gate equal to what is handed in; calling again with the same changes nothing. FG_FULL
 * says which table. An existing slot keeps its counts; only a new one takes the grant's words. */
FG_MUST_USE fg_status_t fg_gate_plan_sync(fg_gate_writer_t *writer, const fg_gate_plan_t *plan,
                                          fg_error_t *reterr);
void fg_gate_plan_remove(fg_gate_writer_t *writer, uint64_t plan_id);
FG_MUST_USE fg_status_t fg_gate_key_sync(fg_gate_writer_t *writer, const fg_gate_key_t *key,
                                         fg_error_t *reterr);
/* Regenerate: the slots of `old` pass to `key` with every count. The entry of `old` becomes one of
 * the key's further values when `key` names it there, FG_KEY_REPLACED otherwise (rule K6). */
FG_MUST_USE fg_status_t fg_gate_key_replace(fg_gate_writer_t *writer, fg_digest_t old,
                                            const fg_gate_key_t *key, fg_error_t *reterr);
/* The key of this value goes, with all its values; of a further value, that one alone. */
void fg_gate_key_remove(fg_gate_writer_t *writer, fg_digest_t digest);
/* Would one more key (and `slots` more pairs) fit? Asked before the store commits. FG_FULL
 * otherwise. */
FG_MUST_USE fg_status_t fg_gate_has_room(const fg_gate_writer_t *writer, size_t keys, size_t slots,
                                         fg_error_t *reterr);

/* Index for api/stage, made when missing; publishing a revision is one store. */
FG_MUST_USE fg_status_t fg_gate_stage_sync(fg_gate_writer_t *writer, fg_str_t api_id,
                                           fg_str_t stage_name, uint32_t *ret_stage_index,
                                           fg_error_t *reterr);
void fg_gate_stage_publish(fg_gate_writer_t *writer, uint32_t stage_index, uint64_t revision);
void fg_gate_account_sync(fg_gate_writer_t *writer, fg_throttle_t throttle);
/* keys_without_plan: allow rides without limits, or refuse (the default). */
void fg_gate_keys_without_plan_sync(fg_gate_writer_t *writer, bool is_allowed);
/* UpdateUsage: what is left of the running window of (key, plan) becomes `remaining`. FG_NOT_FOUND.
 * Returns the words to store. Rule Q3. */
FG_MUST_USE fg_status_t fg_gate_remaining_set(fg_gate_writer_t *writer, fg_digest_t digest,
                                              uint64_t plan_id, uint64_t remaining, fg_wall_t now,
                                              uint64_t *ret_quota_word,
                                              uint64_t *ret_extension_word);
void fg_gate_seq_set(fg_gate_writer_t *writer, uint64_t seq);

/* What the workers counted for one pair; figures are absolute, so that storing them twice changes
 * nothing. */
typedef struct fg_gate_usage {
    uint64_t key_id, plan_id;
    uint64_t quota_word, extension_word;
    uint64_t granted_word;
    uint64_t day_words[2];
    uint32_t throttled, over_quota;
    uint32_t slot_index;
    uint64_t group_id; /* owner of the slot that counts this pair's quota; 0: the pair's own does */
    bool is_shadow;    /* nothing was let through: what plan_id would have done with key_id */
    bool is_final;     /* the pair has gone, and these are its last figures (rule Q5) */
    fg_quota_t quota;  /* of the plan; is_set is false without one */
    uint8_t allowance_percent; /* of the limit, that an outage may spend beyond the grant */
    bool has_override_quota; /* of the key, until then (0: without end) */
    uint64_t override_quota_limit;
    fg_wall_t override_until;
} fg_gate_usage_t;

/* Hand every pair that counted since the last drain to `each`; when `each` returns false the rest
 * (and that one) stays for the next drain. A pair that was taken away is handed over as others are
 * while workers may still count in it, then once more with is_final; if it is made again before
 * that, it goes on where it was (rule Q5). */
FG_MUST_USE bool fg_gate_drain(fg_gate_writer_t *writer,
                               bool (*each)(void *ctx, const fg_gate_usage_t *usage), void *ctx);
/* The same for one pair, drained or not; false when the pair is unknown. */
FG_MUST_USE bool fg_gate_usage_of(fg_gate_writer_t *writer, fg_digest_t digest, uint64_t plan_id,
                                  fg_gate_usage_t *ret_usage);

/* The same for the slot that a customer's keys share on a plan. */
FG_MUST_USE bool fg_gate_group_usage(const fg_gate_writer_t *writer, uint64_t group_id,
                                     uint64_t plan_id, fg_gate_usage_t *ret_usage);

/* Does a living worker have the file mapped? */
bool fg_gate_is_held(const fg_gate_writer_t *writer);
/* What the file that an opening replaced (FG_GATE_LEFT, FG_GATE_REBOOTED) had counted, as far as it
 * can be read; nothing when there is none. `path` is that of the gate. */
void fg_gate_salvage(const char *path, void (*each)(void *ctx, const fg_gate_usage_t *usage),
                     void *ctx);
void fg_gate_salvage_end(const char *path); /* the file is not needed any more */
/* What the gate holds of a plan, without its lists; false when it is unknown. */
FG_MUST_USE bool fg_gate_plan_of(const fg_gate_writer_t *writer, uint64_t plan_id,
                                 fg_gate_plan_t *ret_plan);

/* Publish a grant that is committed. Nothing happens when the slot is not the pair's any more. */
void fg_gate_granted_set(fg_gate_writer_t *writer, const fg_gate_usage_t *usage,
                         uint64_t granted_word);
/* Hand every pair that asked for a grant since the last call to `each`. */
void fg_gate_wanted(fg_gate_writer_t *writer, void (*each)(void *ctx, const fg_gate_usage_t *usage),
                    void *ctx);
/* Wait until somebody wants, at most `timeout_ms`; `seen` is what the last call returned, 0 first.
 * Needs no lock: it reads a word of the mapping. */
uint32_t fg_gate_want_wait(fg_gate_t *gate, uint32_t seen, int timeout_ms);
/* Let fg_gate_want_wait return without a wish. */
void fg_gate_want_wake(fg_gate_t *gate);
/* Closed: no quota is spent at all, granted or not, so that what is granted can be returned. */
void fg_gate_closed_set(fg_gate_writer_t *writer, bool is_closed);
bool fg_gate_is_closed(const fg_gate_t *gate);
/* Minute (since 1970) of the last admitted request with this value; 0: none known. */
uint32_t fg_gate_used_minute(const fg_gate_t *gate, fg_digest_t digest);
/* Answers by class (0 none, 1xx..5xx) of every pair that answered since the last call; wrapping
 * totals since the meter was claimed. */
typedef struct fg_gate_answers {
    uint64_t key_id, plan_id;
    uint64_t meter; /* which meter, in which turn: another one's totals begin at 0 */
    uint64_t statuses[6];
} fg_gate_answers_t;
FG_MUST_USE bool fg_gate_meters_drain(fg_gate_writer_t *writer,
                                      bool (*each)(void *ctx, const fg_gate_answers_t *answers),
                                      void *ctx);
/* Buckets and meters that lie idle are taken back in steps; call every second. */
void fg_gate_sweep(fg_gate_writer_t *writer, fg_now_t now);

/* Fill of each table, for alarms and metrics. */
typedef struct fg_gate_fill {
    uint64_t keys, keys_max, slots, slots_max, plans, plans_max, stages, stages_max;
    uint64_t buckets, buckets_max, meters, meters_max, bytes_resident;
    uint64_t buckets_refused; /* requests that found no bucket, since the gate was made */
} fg_gate_fill_t;
fg_gate_fill_t fg_gate_fill(const fg_gate_writer_t *writer);

#endif
