/*
 * plan move - a key that comes to a plan from another brings along what it has used.
 *
 * Rule       docs/rules/quota.md Q9.
 */
#ifndef FG_CONTROL_PLAN_MOVE_H
#define FG_CONTROL_PLAN_MOVE_H

#include "control/operation.h"

/* Does the body of CreateUsagePlanKey, or else the plan, ask for a fresh count? FG_BAD_REQUEST. */
FG_MUST_USE fg_status_t fg_plan_move_is_fresh(fg_call_t *call, const fg_usage_plan_t *plan,
                                              bool *ret_is_fresh);
/* The key has just joined the plan: begin its window with what the running window of the plan that
 * it left last has counted, as far as that lies in the new window. Joins the transaction. */
FG_MUST_USE fg_status_t fg_plan_move_keep(fg_call_t *call, const fg_usage_plan_t *plan,
                                          const fg_api_key_t *key);

#endif
