/*
 * variables - stage variables in the texts of integrations.
 *
 * Rule       reference 6.17: `${stageVariables.x}`; a missing one is an empty text.
 */
#ifndef FG_ROUTE_VARIABLES_H
#define FG_ROUTE_VARIABLES_H

#include "base/arena.h"
#include "route/route.h"

/* FG_STR_NONE when it is not there. */
fg_str_t fg_variable_find(const fg_route_pair_t *variables, size_t count, fg_str_t name);
/* Put them in, in one pass, so that a value is never read again. FG_STR_NONE without memory. */
fg_str_t fg_variables_put(fg_str_t text, const fg_route_pair_t *variables, size_t count,
                          fg_arena_t *arena);

#endif
