/*
 * agent - what a node does in the background: apply the change log to the gate, compile stages, resolve backend names,
 *         drain usage.
 *
 * Ownership  The agent borrows the store and owns the gate's writer.
 * Threads    Every function is called under faregated's lock, except fg_agent_resolve (getaddrinfo may take seconds).
 */
#ifndef FG_AGENT_AGENT_H
#define FG_AGENT_AGENT_H

#include "gate/gate.h"
#include "store/store.h"

typedef struct fg_agent_options {
    const char *gate_path;      /* on tmpfs */
    int group_id;               /* of the workers, -1 */
    uint64_t keys_max, slots_max; /* 0: defaults */
    int quota_exceeded_status;  /* 403 or 429 */
    bool are_keys_without_plan_allowed;
    const char *region, *account_id;
    fg_throttle_t account_throttle; /* when the store has no setting */
    void (*log)(void *ctx, const char *message); /* facts for the operator */
    void *log_ctx;
} fg_agent_options_t;

/* Open the gate and bring it up to date (or rebuild it whole). */
FG_MUST_USE fg_status_t fg_agent_open(fg_store_t *store, const fg_agent_options_t *options, fg_agent_t **ret_agent, fg_error_t *reterr);
/* Drains once more, then lets go. */
void fg_agent_close(fg_agent_t *agent);
fg_gate_writer_t *fg_agent_writer(fg_agent_t *agent);
/* Apply everything the change log has beyond the gate's number; called after each commit and before the answer. */
FG_MUST_USE fg_status_t fg_agent_publish(fg_agent_t *agent, fg_error_t *reterr);
/* Write what the workers counted to the store, in one transaction. Call every second. */
FG_MUST_USE fg_status_t fg_agent_drain(fg_agent_t *agent, fg_now_t now, fg_error_t *reterr);
/* Usage and ledger of one pair to the store at once, so that GetUsage and UpdateUsage see this instant. Joins the open transaction. */
FG_MUST_USE fg_status_t fg_agent_drain_pair(fg_agent_t *agent, fg_digest_t digest, fg_str_t key_id, fg_str_t plan_id, fg_now_t now, fg_error_t *reterr);
/* Resolve names of backends again (without the lock), then republish the stages whose addresses changed (`lock`/`unlock` around it). */
void fg_agent_resolve(fg_agent_t *agent, void (*lock)(void *), void (*unlock)(void *), void *ctx);

#endif
