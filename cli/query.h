/*
 * query - the part of --query that scripts use: dotted names, [n], [], [*] and [?name=='text'].
 *
 * Rule       JMESPath as far as it goes: [*] and [] begin a projection over what follows, a name
 * that is not there is null and falls out of a projection, `|` ends one. Everything else is refused
 * by name.
 */
#ifndef FG_CLI_QUERY_H
#define FG_CLI_QUERY_H

#include "base/json.h"

/* FG_OK with a new reference (JSON null where nothing is), FG_BAD_REQUEST when the expression is
 * beyond this. */
FG_MUST_USE fg_status_t fg_query_apply(fg_str_t expression, json_t *value, json_t **ret_result,
                                       fg_error_t *reterr);

#endif
