/*
 * state - what the files of the agent share; nobody else includes this.
 *
 * Ownership  Everything here is the agent's, freed by fg_agent_close.
 * Threads    Under faregated's lock.
 */
#ifndef FG_AGENT_STATE_H
#define FG_AGENT_STATE_H

#include "agent/agent.h"
#include "base/arena.h"
#include "model/extension.h"

/* A backend's name and what it last resolved to. The port of the addresses is 0. */
typedef struct fg_backend {
    struct fg_backend *next;
    char *host;
    fg_route_address_t addresses[FG_BACKEND_ADDRESSES_MAX];
    size_t address_count;
    size_t stage_count; /* stages that use it; it goes with the last one */
    bool is_asked;      /* a look-up has been made, well or not */
} fg_backend_t;

/* A stage that the gate knows, at its index in the stage table. */
typedef struct fg_agent_stage {
    char api_id[FG_ID_BYTES_MAX + 1];
    char name[FG_STAGE_NAME_BYTES_MAX + 1]; /* "": nothing at this index */
    uint64_t revision, previous;            /* snapshot files that exist, newest first; 0: none */
    fg_backend_t **backends;
    size_t backend_count;
    bool is_stale; /* an address of a backend changed */
} fg_agent_stage_t;

typedef struct fg_agent_alerts fg_agent_alerts_t; /* alert.c */
/* What a pair had used when it was drained last (lease.c). */
typedef struct fg_demand fg_demand_t;

enum { FG_AGENT_WISHES_MAX = 256 };     /* granted in one transaction */
typedef struct fg_minutes fg_minutes_t; /* minutes.c */

struct fg_agent {
    fg_store_t *store;
    fg_gate_writer_t *writer;
    fg_agent_options_t options;
    fg_arena_t *arena; /* of one change, page or drain */
    uint64_t seq;      /* last change applied */
    bool is_behind;    /* a publication failed: try again */
    unsigned settles;  /* asked for in this batch of changes */

    int64_t uses_position, uses_minute; /* how far the round of last uses is, and of which minute */

    fg_agent_stage_t *stages; /* by stage index */
    size_t stage_room;
    fg_backend_t *backends;

    /* taken from the gate, not yet in the store; later entries are newer */
    fg_gate_usage_t *pending;
    size_t pending_first, pending_count, pending_room; /* those before the first are written */
    fg_status_t drain_status; /* of the last drain, to log changes of it only */
    uint64_t trimmed_seq;
    fg_agent_alerts_t *alerts; /* NULL until a pair with a quota is drained */

    uint64_t session;  /* its number */
    bool is_settled;   /* the one before ended in good order */
    fg_wall_t lost_at; /* when a gate was lost last; 0: never */
    fg_demand_t *demands;
    fg_gate_usage_t *grants; /* of the open transaction, to be published after its commit */
    size_t grant_count, grant_room;
    fg_gate_usage_t wishes[FG_AGENT_WISHES_MAX];
    size_t wish_count;
    fg_status_t grant_status; /* of the last wishes, to log changes of it only */
    fg_minutes_t *minutes;    /* NULL until the first drain */

    fg_top_t *top;
    uint64_t granted, granted_requests, granting; /* the last: in the open transaction */
    fg_mono_t granted_at, grant_failed_at;        /* 0: none; not failing */
    int64_t grant_lag_us;
};

/* ---- agent.c ---- */
/* The slots are those of this gate: forget what stood out in the one before. */
FG_MUST_USE fg_status_t fg_agent_top_reset(fg_agent_t *agent, fg_error_t *reterr);
void fg_agent_log(const fg_agent_t *agent, const char *format, ...) FG_PRINTF(2, 3);
fg_now_t fg_agent_now(const fg_agent_t *agent);
/* Make an emptied gate equal to the store: settings, plans, stages, keys. */
FG_MUST_USE fg_status_t fg_agent_rebuild(fg_agent_t *agent, fg_error_t *reterr);
/* The log has a gap: save the counts, take a new gate file, rebuild. */
FG_MUST_USE fg_status_t fg_agent_start_over(fg_agent_t *agent, fg_error_t *reterr);

/* ---- publish.c ---- */
FG_MUST_USE fg_status_t fg_agent_settings_sync(fg_agent_t *agent, fg_error_t *reterr);
FG_MUST_USE fg_status_t fg_agent_plan_sync(fg_agent_t *agent, const fg_usage_plan_t *plan,
                                           fg_error_t *reterr);
/* `replaced`: the digest of the value before, NULL when it is the same. */
FG_MUST_USE fg_status_t fg_agent_key_sync(fg_agent_t *agent, const fg_api_key_t *key,
                                          const fg_digest_t *replaced, fg_error_t *reterr);

/* ---- keys.c ---- */
/* Make the gate equal to the keys with ordinals from `first` to `last`. FG_FULL when some do not fit;
 * the others are published. */
FG_MUST_USE fg_status_t fg_agent_keys_sync(fg_agent_t *agent, int64_t first, int64_t last,
                                           fg_error_t *reterr);

/* ---- plan_methods.c ---- */
/* The throttles of single methods of a plan, one per method id, in the arena. Rule P4. */
FG_MUST_USE fg_status_t fg_agent_plan_methods(fg_agent_t *agent, const fg_usage_plan_t *plan,
                                              fg_gate_plan_t *ret_entry, fg_error_t *reterr);
/* A stage is served anew: plans that speak of all its methods speak of others now. */
FG_MUST_USE fg_status_t fg_agent_plans_of_stage_sync(fg_agent_t *agent, fg_str_t api_id,
                                                     fg_str_t name, fg_error_t *reterr);

/* ---- terms.c ---- */
/* What the extension of a plan says, into the entry; arrays live in the arena. */
FG_MUST_USE fg_status_t fg_agent_plan_terms(fg_agent_t *agent, fg_str_t extension,
                                            fg_gate_plan_t *entry, fg_error_t *reterr);
/* Likewise of a key: its validity, its rules, its further values but those that are over. */
FG_MUST_USE fg_status_t fg_agent_key_terms(fg_agent_t *agent, fg_str_t key_id,
                                           const fg_key_extension_t *extension,
                                           fg_gate_key_t *entry, fg_error_t *reterr);
/* What of a plan each of its pairs carries. */
typedef struct fg_plan_traits {
    uint64_t plan_id;
    bool is_quota_shared;
    uint64_t shadow_plan_id; /* 0 for none */
} fg_plan_traits_t;
FG_MUST_USE fg_status_t fg_agent_traits_of(fg_agent_t *agent, const fg_usage_plan_t *plan,
                                           fg_plan_traits_t *ret_traits, fg_error_t *reterr);
/* Of every plan that differs from the default, by plan id; the caller frees them. */
FG_MUST_USE fg_status_t fg_agent_traits_load(fg_agent_t *agent, fg_plan_traits_t **ret_traits,
                                             size_t *ret_count, fg_error_t *reterr);
/* What key and plan together say of their pair, into the grant (its plan_id is set), and the words
 * of the quota that a customer's keys share. `customer_number` 0: the key has no customer. */
FG_MUST_USE fg_status_t fg_agent_pair_terms(fg_agent_t *agent, const fg_key_extension_t *key,
                                            uint64_t customer_number,
                                            const fg_plan_traits_t *traits, fg_gate_grant_t *grant,
                                            fg_error_t *reterr);

/* ---- stages.c ---- */
/* Learn from the snapshots on disk what the gate serves. */
FG_MUST_USE fg_status_t fg_agent_stages_adopt(fg_agent_t *agent, fg_error_t *reterr);
/* Publish every stage of the store that the gate does not serve. */
FG_MUST_USE fg_status_t fg_agent_stages_sync(fg_agent_t *agent, fg_error_t *reterr);
/* Compile and publish, or take back when the store has it no more. */
FG_MUST_USE fg_status_t fg_agent_stage_sync(fg_agent_t *agent, fg_str_t api_id, fg_str_t name,
                                            fg_error_t *reterr);
/* Every stage of an API that is gone. */
FG_MUST_USE fg_status_t fg_agent_api_sync(fg_agent_t *agent, fg_str_t api_id, fg_error_t *reterr);
void fg_agent_stages_free(fg_agent_t *agent);

/* ---- resolve.c ---- */
/* Find or make; NULL on lack of memory. */
fg_backend_t *fg_agent_backend(fg_agent_t *agent, fg_str_t host);
/* Look up those not asked before, all at once, waiting FG_AGENT_LOOKUP_WAIT_MS at most. */
void fg_agent_backends_ask(fg_agent_t *agent, fg_backend_t *const *backends, size_t count);
/* Forget backends that no stage uses. */
void fg_agent_backends_sweep(fg_agent_t *agent);

/* ---- lease.c ---- */
FG_MUST_USE fg_status_t fg_agent_leases_open(fg_agent_t *agent, fg_error_t *reterr);
void fg_agent_leases_free(fg_agent_t *agent);
/* How far the pair's window shall be granted: its granted word, or a greater one. */
uint64_t fg_agent_lease_word(const fg_agent_t *agent, const fg_gate_usage_t *usage, fg_now_t now);
/* Requests that an outage may admit beyond the grant. Rule L4. */
uint64_t fg_agent_allowance(uint64_t limit, unsigned percent);
/* The limit of the window that opened then. Rule Q3: the extension, else the override while it
 * lasts, else the plan's. */
uint64_t fg_agent_limit_in(const fg_gate_usage_t *usage, uint32_t start_day, fg_wall_t now);
/* Remember a grant that the open transaction writes; nothing when it is the one in force. False
 * without memory. Then publish them all (after the commit), or forget them. */
FG_MUST_USE bool fg_agent_grant_keep(fg_agent_t *agent, const fg_gate_usage_t *usage,
                                     uint64_t granted_word);
void fg_agent_grants_publish(fg_agent_t *agent);
void fg_agent_grants_drop(fg_agent_t *agent);
/* What the pair had used at this time. */
void fg_agent_demand_note(fg_agent_t *agent, const fg_gate_usage_t *usage, fg_mono_t now);

/* ---- minutes.c ---- */
/* What the drain writes of a pair, for its row of the minute. False without memory. */
FG_MUST_USE bool fg_agent_minutes_note(fg_agent_t *agent, const fg_gate_usage_t *usage,
                                       fg_now_t now);
/* After the drain's transactions, in one of its own when something is due: rows of minutes that are
 * over, retention. */
FG_MUST_USE fg_status_t fg_agent_minutes_step(fg_agent_t *agent, fg_now_t now, fg_error_t *reterr);
/* The gate is empty and will be filled from the store. */
FG_MUST_USE fg_status_t fg_agent_minutes_anew(fg_agent_t *agent, fg_error_t *reterr);
void fg_agent_minutes_free(fg_agent_t *agent);

/* ---- session.c ---- */
/* What opening the gate must know of the session before. */
FG_MUST_USE fg_status_t fg_agent_session_read(fg_agent_t *agent, fg_gate_options_t *options,
                                              fg_error_t *reterr);
/* The gate is open: whatever a lost one was granted counts as used (rule L5). */
FG_MUST_USE fg_status_t fg_agent_session_begin(fg_agent_t *agent, fg_gate_opening_t opening,
                                               fg_error_t *reterr);
/* The gate is up to date: workers may spend. */
FG_MUST_USE fg_status_t fg_agent_session_open(fg_agent_t *agent, fg_error_t *reterr);
/* Drain once more; when no worker lives, close the gate and return all grants (rule L6). */
FG_MUST_USE fg_status_t fg_agent_session_end(fg_agent_t *agent, fg_error_t *reterr);
/* Usage that a gate left behind had counted. */
FG_MUST_USE fg_status_t fg_agent_salvage(fg_agent_t *agent, fg_error_t *reterr);
/* The words of a slot that is made now, from the ledger's that stand in `grant`. Plan and override
 * are known; rule L5. */
void fg_agent_first_words(const fg_agent_t *agent, fg_wall_t key_created_at,
                          fg_gate_grant_t *grant);

/* ---- drain.c ---- */
enum { FG_LEDGER_KEY_BYTES_MAX = 21 }; /* "~" and the digits of 63 bits */
/* The key's id, or "~" and the number of the customer whose keys share the row of the ledger. */
fg_str_t fg_agent_ledger_key(uint64_t key_id, char ret_text[FG_LEDGER_KEY_BYTES_MAX + 1]);
/* The pair's ledger row with the grant that is due, which is kept for publication. */
FG_MUST_USE fg_status_t fg_agent_ledger_put(fg_agent_t *agent, const fg_gate_usage_t *usage,
                                            fg_now_t now, fg_error_t *reterr);
/* The pair's usage of its days. */
FG_MUST_USE fg_status_t fg_agent_usage_put(fg_agent_t *agent, const fg_gate_usage_t *usage,
                                           fg_error_t *reterr);
/* Before slots go: what they counted to the store, or at least out of the gate. */
void fg_agent_settle(fg_agent_t *agent);
/* When a kill cut a drain off, take every pair again: which ones it had taken is forgotten, what
 * they counted is not. */
FG_MUST_USE fg_status_t fg_agent_drain_repair(fg_agent_t *agent, fg_error_t *reterr);
/* What UpdateUsage says of a pair holds for its figures that were taken before and wait. */
void fg_agent_pending_extend(fg_agent_t *agent, uint64_t key_id, uint64_t plan_id,
                             uint64_t extension_word);

#endif
