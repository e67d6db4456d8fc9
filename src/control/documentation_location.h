/*
 * documentation_location - what of an API a documentation part speaks of: its type, and by type a
 * path, a method, a status code and a name.
 *
 * Shape      The JSON object of the wire, as it was given. A path, method or status code that was
 * left out counts as "/", "*" and "*" where locations are compared, and is not filled in.
 * Rule       docs/rules/documentation.md DP2, DP3.
 */
#ifndef FG_CONTROL_DOCUMENTATION_LOCATION_H
#define FG_CONTROL_DOCUMENTATION_LOCATION_H

#include "control/document.h"

/* The members that a location has of `given` as a new object; the model is content with it. */
FG_MUST_USE fg_status_t fg_documentation_location_read(fg_call_t *call, const json_t *given,
                                                       json_t **ret_location);
/* Has it what its type has, and nothing else? FG_BAD_REQUEST. */
FG_MUST_USE fg_status_t fg_documentation_location_check(fg_call_t *call, const json_t *location);
/* One text per place: two locations with the same are one. FG_STR_NONE on lack of memory. */
fg_str_t fg_documentation_location_key(fg_call_t *call, const json_t *location);
/* "type 'METHOD', path '/', method 'GET'": for messages, in the arena. */
fg_str_t fg_documentation_location_text(fg_call_t *call, const json_t *location);
/* FG_OK for FG_STR_NONE too: FG_VALIDATION for a text that is no type, as the query's `type`. */
FG_MUST_USE fg_status_t fg_documentation_type_check(fg_call_t *call, fg_str_t type);
/* Append every location that the API has now, oldest resource first, to `locations`. */
FG_MUST_USE fg_status_t fg_documentation_locations_of(fg_call_t *call, fg_str_t api_id,
                                                      json_t *locations);

#endif
