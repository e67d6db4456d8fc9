/*
 * names - ids as the gate has them, with the name that the store knows: {"id": ..., "name": ...}.
 *
 * Shape      What is gone from the store keeps its id and has no name.
 * Ownership  A json_t handed back is a new reference; NULL for the id 0 and without memory.
 * Failure    None: what cannot be read has no name.
 */
#ifndef FG_CONTROL_NAMES_H
#define FG_CONTROL_NAMES_H

#include "control/operation.h"

json_t *fg_named_key(fg_call_t *call, uint64_t key_id);
json_t *fg_named_plan(fg_call_t *call, uint64_t plan_id);
json_t *fg_named_api(fg_call_t *call, uint64_t api_id);
/* With its path instead of a name. */
json_t *fg_named_resource(fg_call_t *call, uint64_t api_id, uint64_t resource_id);

#endif
