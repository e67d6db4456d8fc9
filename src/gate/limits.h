/*
 * limits - everything that one request is charged to, and the charging.
 *
 * Shape      Throttles in the order in which they are asked (rule T2), then one quota. A throttle
 *            whose word is NULL is none.
 * Ownership  On the caller's stack for one decision; points into the gate.
 * Rule       docs/rules/throttle.md T2, T3; quota.md Q1, L4; address.md X5;
 *            extensions.md E3 to E5; usage.md U5.
 */
#ifndef FG_GATE_LIMITS_H
#define FG_GATE_LIMITS_H

#include "gate/layout.h"

typedef enum fg_gate_bound_kind {
    FG_GATE_BOUND_ADDRESS,
    FG_GATE_BOUND_PLAN_METHOD,
    FG_GATE_BOUND_PLAN,
    FG_GATE_BOUND_METHOD,
    FG_GATE_BOUND_ACCOUNT,
    FG_GATE_BOUND_COUNT
} fg_gate_bound_kind_t;

typedef struct fg_gate_bound {
    fg_throttle_t throttle;
    fg_throttle_word_t *word;
    fg_gate_claim_t claim; /* of a bucket */
} fg_gate_bound_t;

typedef struct fg_gate_limits {
    fg_gate_bound_t bounds[FG_GATE_BOUND_COUNT];
    fg_gate_slot_t *slot; /* of the pair; NULL when no plan is charged */
    fg_gate_slot_t *quota_slot;
    bool is_leased;
    fg_quota_t quota;
} fg_gate_limits_t;

/* An override that is in force takes the place of the plan's limit, with or without an end (rule
 * E4); a limit that UpdateUsage gave one window comes before both (rule Q3). */
void fg_gate_terms_throttle(const fg_gate_terms_t *terms, fg_wall_t now, fg_throttle_t *throttle);
void fg_gate_terms_quota(const fg_gate_terms_t *terms, fg_wall_t now, fg_quota_t *quota);

/* Charge the pair `slot` under the plan of `record`: its throttles, its quota, and what its terms
 * say beside. Not admitted when no bucket is left for one of them. */
FG_MUST_USE fg_verdict_kind_t fg_gate_limits_plan(fg_gate_t *gate, fg_gate_limits_t *limits,
                                                  fg_gate_slot_t *slot,
                                                  const fg_gate_record_t *record,
                                                  const fg_gate_facts_t *facts, fg_now_t now,
                                                  uint64_t key_id);
/* Charge the stage's method setting and the account. */
FG_MUST_USE fg_verdict_kind_t fg_gate_limits_stage(fg_gate_t *gate, fg_gate_limits_t *limits,
                                                   const fg_gate_facts_t *facts);
/* Take one request from all of them, or from none; count it in the slot either way. Fills the
 * verdict's kind and figures. */
void fg_gate_limits_charge(fg_gate_t *gate, const fg_gate_limits_t *limits, fg_now_t now,
                           fg_verdict_t *verdict);

#endif
