/*
 * audit - one line in the log of changes, from a handler.
 *
 *     fg_call_audit(call, json_pack("{s:I}", "remaining", before), json_pack(...))
 *
 * Rule       docs/rules/control.md C9.
 */
#ifndef FG_CONTROL_AUDIT_H
#define FG_CONTROL_AUDIT_H

#include "control/operation.h"

/* Put what this call changes on record, in its transaction: its operation, whose credential signed
 * it, its request id, its path. `before` and `after` are stolen; NULL is lack of memory, JSON null
 * that there was nothing, or nothing is left. */
FG_MUST_USE fg_status_t fg_call_audit(fg_call_t *call, json_t *before, json_t *after);

#endif
