/*
 * snapshot - what an API is, in one object: what a deployment keeps and an export tells.
 *
 * Shape      {restApi, resources, gatewayResponses, models, requestValidators, authorizers}: stored documents, all but
 *            the first in arrays, oldest first.
 * Rule       reference 4.10 (what acts from the next deployment on).
 */
#ifndef FG_CONTROL_SNAPSHOT_H
#define FG_CONTROL_SNAPSHOT_H

#include "control/document.h"

/* New reference. */
FG_MUST_USE fg_status_t fg_snapshot_take(fg_call_t *call, fg_str_t api_id, const json_t *api,
                                         json_t **ret_snapshot);

#endif
