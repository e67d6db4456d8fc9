/*
 * plan_noun - what the operations on usage plans share: reading, checking, showing.
 *
 * Rule       docs/rules/control.md P1, P2, P4, P5; reference 4.2.
 */
#ifndef FG_CONTROL_PLAN_NOUN_H
#define FG_CONTROL_PLAN_NOUN_H

#include "control/noun.h"

/* 404 Invalid Usage Plan ID specified */
fg_status_t fg_plan_absent(fg_call_t *call);
/* 404 unless the plan exists. */
fg_status_t fg_plan_load(fg_call_t *call, fg_str_t id, fg_usage_plan_t *ret_plan);
/* The key joins the plan, as CreateUsagePlanKey has it (plan_key.c): FG_CONFLICT and FG_LIMIT by rule P5, FG_FULL. */
FG_MUST_USE fg_status_t fg_plan_key_attach(fg_call_t *call, const fg_usage_plan_t *plan,
                                           const fg_api_key_t *key);
/* New object in *ret_object. */
fg_status_t fg_plan_render(fg_call_t *call, const fg_usage_plan_t *plan, fg_tags_show_t show,
                           json_t **ret_object);
/* Bounds of throttle and quota, with the service's texts. */
fg_status_t fg_plan_check(fg_call_t *call, const fg_usage_plan_t *plan);
/* Throttle and quota of the call's body, checked. */
fg_status_t fg_plan_limits_parse(fg_call_t *call, fg_usage_plan_t *plan);

/* ---- API stages ---- */

/* FG_NOT_FOUND (without text) when nothing is deployed under that name. */
fg_status_t fg_plan_stage_exists(fg_call_t *call, fg_str_t api_id, fg_str_t stage_name);
/* NULL when the plan does not have it. */
fg_api_stage_t *fg_plan_stage_find(const fg_usage_plan_t *plan, fg_str_t api_id,
                                   fg_str_t stage_name);
/* Append; the caller has looked that it is not there. FG_LIMIT, FG_NO_MEMORY. */
fg_status_t fg_plan_stage_append(fg_call_t *call, fg_usage_plan_t *plan, fg_api_stage_t stage);
void fg_plan_stage_remove(fg_usage_plan_t *plan, fg_api_stage_t *stage);
/* Check the map of per-method throttles and keep it with both members in each entry. Rule P4. */
fg_status_t fg_plan_throttles_set(fg_call_t *call, fg_api_stage_t *stage, json_t *map);

#endif
