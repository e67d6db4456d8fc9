/*
 * vpc_link - what integrations need of VPC links.
 *
 * Rule       docs/rules/vpc-links.md VL4.
 */
#ifndef FG_CONTROL_VPC_LINK_H
#define FG_CONTROL_VPC_LINK_H

#include "control/operation.h"

/* Is it the id of a link, or a stage variable, ${stageVariables.<name>}? FG_NOT_FOUND leaves
 * call->error alone. */
FG_MUST_USE fg_status_t fg_vpc_link_check(fg_call_t *call, fg_str_t connection_id);

#endif
