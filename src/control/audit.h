/*
 * audit - every change on record: who, what, before, after.
 *
 * Shape      control.c calls fg_audit_before, then the handler, then fg_audit_after, in one transaction.
 *            Before is what the look-up of the same path answers, after what the change answers. A
 *            handler whose change has no look-up says both itself:
 *
 *     fg_audit_say(call, json_pack("{s:I}", "remaining", before), json_pack(...))
 *
 * Rule       docs/rules/operators.md AD1 to AD4.
 */
#ifndef FG_CONTROL_AUDIT_H
#define FG_CONTROL_AUDIT_H

#include "control/operation.h"

/* What stands on record in place of what the look-up and the call answer. Both are stolen; NULL is
 * lack of memory. */
FG_MUST_USE fg_status_t fg_audit_say(fg_call_t *call, json_t *before, json_t *after);
/* Look at what the call is about to change. */
FG_MUST_USE fg_status_t fg_audit_before(fg_call_t *call);
/* Put what it changed on record; an empty PATCH changes nothing. What else looks the same before and
 * after may have changed what no look-up shows: a private key, the resources of an API. */
FG_MUST_USE fg_status_t fg_audit_after(fg_call_t *call);
/* Put an attempt on record that was refused, in a transaction of its own. */
FG_MUST_USE fg_status_t fg_audit_denied(fg_call_t *call, fg_error_t *reterr);

#endif
