/*
 * definition - the definition of an API as src/openapi has it, from and to what is stored of it.
 *
 * Rule       docs/rules/openapi.md; openapi/openapi.h draws a definition.
 */
#ifndef FG_CONTROL_DEFINITION_H
#define FG_CONTROL_DEFINITION_H

#include "control/document.h"
#include "openapi/openapi.h"

/* What a snapshot (control/snapshot.h) says, by name and without what every API has anyway. `parts`: documentation
 * parts, NULL for none. New reference. */
FG_MUST_USE fg_status_t fg_definition_of(fg_call_t *call, const json_t *snapshot,
                                         const json_t *parts, json_t **ret_definition);

#endif
