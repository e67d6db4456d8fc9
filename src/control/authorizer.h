/*
 * authorizer - the stored authorizer of a call.
 *
 * Rule       docs/rules/authorizers.md.
 */
#ifndef FG_CONTROL_AUTHORIZER_H
#define FG_CONTROL_AUTHORIZER_H

#include "control/document.h"

/* The authorizer that the call's path names, a new reference; 404 without it. */
FG_MUST_USE fg_status_t fg_authorizer_load(fg_call_t *call, json_t **ret_authorizer);

#endif
