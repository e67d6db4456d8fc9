/*
 * rest_api - the part of CreateRestApi that has a file of its own, and what domain names share.
 */
#ifndef FG_CONTROL_REST_API_H
#define FG_CONTROL_REST_API_H

#include "control/operation.h"

/* Copy the definition (not deployments and stages) of `from_id` to the new API, whose root resource
 * is to be `root_id`. 404 without such an API. Joins the call's transaction. */
FG_MUST_USE fg_status_t fg_rest_api_clone(fg_call_t *call, fg_str_t from_id, fg_str_t api_id,
                                          fg_str_t root_id);

/* FG_BAD_REQUEST unless it is empty or the text of a JSON object. */
FG_MUST_USE fg_status_t fg_policy_check(fg_call_t *call, fg_str_t policy);

#endif
