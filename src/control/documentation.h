/*
 * documentation - what imports and exports of API definitions need of documentation parts.
 *
 * Shape      In an OpenAPI document the parts stand in the object x-amazon-apigateway-documentation:
 * {"version", "createdDate", "documentationParts": [{"location": {}, "properties": {}}]}. Stored,
 * and in answers, `properties` is the text of that object.
 * Rule       docs/rules/documentation.md DP5, DP6.
 */
#ifndef FG_CONTROL_DOCUMENTATION_H
#define FG_CONTROL_DOCUMENTATION_H

#include "control/operation.h"

/* Store the parts of an x-amazon-apigateway-documentation (NULL: there are none). With
 * `is_overwrite` all others of the API go; else a part that is there at the same location keeps its
 * id and gets the new properties. Ids go to the array `ids`; a part that cannot be taken is left
 * out, with a text in the array `warnings`. */
FG_MUST_USE fg_status_t fg_documentation_import(fg_call_t *call, fg_str_t api_id,
                                                const json_t *documentation, bool is_overwrite,
                                                json_t *ids, json_t *warnings);
/* The x-amazon-apigateway-documentation of a version, a new reference. FG_NOT_FOUND leaves
 * call->error alone. */
FG_MUST_USE fg_status_t fg_documentation_of_version(fg_call_t *call, fg_str_t api_id,
                                                    fg_str_t version, json_t **ret_documentation);

#endif
