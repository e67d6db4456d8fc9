/*
 * method_id - the number of a method of a stage.
 *
 * Shape      A hash of API, stage, resource path and verb: the same in every revision, so that what
 *            is counted for a method lives through a deployment, and known before anything is
 *            deployed. Never zero.
 * Rule       docs/rules/throttle.md T2, P4.
 */
#ifndef FG_ROUTE_METHOD_ID_H
#define FG_ROUTE_METHOD_ID_H

#include "base/str.h"

/* `path` is the resource's ("/pets/{id}"), `verb` the method's ("GET", "ANY"). */
uint64_t fg_method_id(fg_str_t api_id, fg_str_t stage_name, fg_str_t path, fg_str_t verb);

#endif
