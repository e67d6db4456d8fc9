/*
 * role - what a credential may do.
 *
 * Shape      roles.def, a table of role and operation; what an operation is given is bounded further
 *            for a portal.
 * Rule       docs/rules/operators.md CR2 to CR5.
 */
#ifndef FG_CONTROL_ROLE_H
#define FG_CONTROL_ROLE_H

#include "control/operation.h"

/* False when there is no such role. */
bool fg_role_of(fg_str_t text, fg_role_t *ret_role);
/* "read-only" */
const char *fg_role_text(fg_role_t role);
/* "admin, read-only, keys-only or portal" */
const char *fg_role_list(void);
FG_MUST_USE bool fg_role_may(fg_role_t role, const fg_operation_t *operation);
/* May the call's credential do this at all? FG_DENIED with the service's text. */
FG_MUST_USE fg_status_t fg_role_check(fg_call_t *call);
/* May it with this body? FG_DENIED names the member or path. */
FG_MUST_USE fg_status_t fg_role_check_input(fg_call_t *call);

#endif
