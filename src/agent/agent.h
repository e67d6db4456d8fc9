/*
 * agent - what a node does in the background: apply the change log to the gate, compile stages,
 * resolve backend names, drain usage.
 *
 * Shape      The change log says what changed, the store's rows say what it is now: each change
 * re-reads its rows and makes the gate equal to them, so that applying one twice does no harm. What
 * the workers counted flows back as absolute figures, so that writing them twice does no harm
 * either. Ownership  The agent borrows the store and the texts in the options and owns the gate's
 * writer. Threads    Every function is called under faregated's lock, except fg_agent_resolve
 * (getaddrinfo may take seconds).
 */
#ifndef FG_AGENT_AGENT_H
#define FG_AGENT_AGENT_H

#include "agent/top.h"
#include "gate/gate.h"
#include "route/route.h"
#include "store/store.h"

enum {
    FG_AGENT_LOOKUP_WAIT_MS = 2000, /* how long a publication may wait for new backend names */
    FG_AGENT_CHANGES_KEPT = 10000,  /* entries of the change log kept for a gate that lags behind */
};

typedef struct fg_agent_options {
    const char *gate_path;        /* on tmpfs */
    int group_id;                 /* of the workers, -1 */
    uint64_t keys_max, slots_max; /* 0: defaults */
    uint32_t plans_max, stages_max;
    int quota_exceeded_status;    /* 403 or 429 */
    bool are_keys_without_plan_allowed;
    bool is_leased; /* quotas are spent only as far as the ledger grants (rule L1) */
    const char *region, *account_id;
    const char
        *alert_webhook_url; /* where alerts go unless the plan says otherwise; NULL: nowhere */
    uint32_t usage_minutes_keep_days, usage_days_keep; /* retention; 0: FG_METER_*_KEPT */
    fg_throttle_t account_throttle; /* when the store has no settings account_rate_limit and
                                       account_burst_limit */
    const char *boot_id;            /* NULL: of this boot of the machine */
    fg_now_t (*clock)(void);        /* NULL: fg_now */
    /* NULL: getaddrinfo */
    bool (*lookup)(const char *host, fg_route_address_t *ret_addresses, size_t *ret_count);
    size_t top_keys; /* pairs that stand in the rankings of metrics; 0: default */
    void (*log)(void *ctx, const char *message); /* facts for the operator */
    void *log_ctx;
} fg_agent_options_t;

/* Open the gate and bring it up to date (or rebuild it whole). */
FG_MUST_USE fg_status_t fg_agent_open(fg_store_t *store, const fg_agent_options_t *options,
                                      fg_agent_t **ret_agent, fg_error_t *reterr);
/* Drains once more, then lets go. */
void fg_agent_close(fg_agent_t *agent);
fg_gate_writer_t *fg_agent_writer(fg_agent_t *agent);
/* Borrowed; what the drains have shown. */
const fg_top_t *fg_agent_top(const fg_agent_t *agent);

typedef struct fg_agent_stats {
    uint64_t grants, granted_requests; /* published since the start, and what they added */
    int64_t lease_age_us;              /* since the last one; -1: none yet */
    /* what the last wishes waited for their commit; while they cannot be written, since when */
    int64_t grant_lag_us;
} fg_agent_stats_t;
fg_agent_stats_t fg_agent_stats(const fg_agent_t *agent, fg_mono_t now);
/* Apply everything the change log has beyond the gate's number; called after each commit and before
 * the answer. The first snapshot with a new backend name waits for its address, at most
 * FG_AGENT_LOOKUP_WAIT_MS for all names together. A stage that cannot be compiled keeps its
 * revision; the log says why. FG_FULL: that change is left out (it refuses, it never lets through)
 * and the others are applied. After other failures the next call, or the next drain, tries again.
 */
FG_MUST_USE fg_status_t fg_agent_publish(fg_agent_t *agent, fg_error_t *reterr);
/* Write what the workers counted to the store, in one transaction of its own; nothing is written
 * when nothing counted. On failure the figures stay for the next drain. Also drops old entries of
 * the change log. Call every second. */
FG_MUST_USE fg_status_t fg_agent_drain(fg_agent_t *agent, fg_now_t now, fg_error_t *reterr);
/* Grant what workers wait for, in one transaction for all of them, and publish it after its commit.
 * Called when fg_gate_want_wait says that somebody asked. On failure, which is logged
 * when it begins and ends, nothing is granted; whoever waits asks again. Rule L1. */
void fg_agent_grant(fg_agent_t *agent, fg_now_t now);
/* Usage and ledger of one pair to the store at once, so that GetUsage and UpdateUsage see this
 * instant. Joins the open transaction. */
FG_MUST_USE fg_status_t fg_agent_drain_pair(fg_agent_t *agent, fg_digest_t digest, fg_str_t key_id,
                                            fg_str_t plan_id, fg_now_t now, fg_error_t *reterr);
/* Rows of the running minute as they stand now, for one plan and key (FG_STR(""): all), in a
 * transaction of its own. *ret_is_whole is false when they are too many to be written for one
 * question (FG_METER_FLUSH_MAX); then the newest figures are those of the minute before. */
FG_MUST_USE fg_status_t fg_agent_minutes_flush(fg_agent_t *agent, fg_str_t plan_id, fg_str_t key_id,
                                               fg_now_t now, bool *ret_is_whole,
                                               fg_error_t *reterr);
/* Drop values of keys whose end has come, and write down when values were last used, a part of the
 * keys each time. What fails is tried again. Takes idle buckets and meters of the gate back as
 * well. Call every second. Rule K11. */
void fg_agent_housekeep(fg_agent_t *agent, fg_now_t now);
/* Resolve names of backends again (without the lock), then republish the stages whose addresses
 * changed (`lock`/`unlock` around it). */
void fg_agent_resolve(fg_agent_t *agent, void (*lock)(void *), void (*unlock)(void *), void *ctx);

#endif
