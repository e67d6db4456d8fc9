/*
 * model - what the operations on models share.
 *
 * Rule       docs/rules/models.md; reference 4.12.
 */
#ifndef FG_CONTROL_MODEL_H
#define FG_CONTROL_MODEL_H

#include "control/operation.h"

/* A sample mapping template of the shape that a schema asks for. `flat` needs no other schema
 * (model_schema.h); NULL is the schema of nothing in particular. FG_BAD_REQUEST over
 * FG_TEMPLATE_BYTES_MAX. */
FG_MUST_USE fg_status_t fg_model_template(fg_call_t *call, json_t *flat, fg_str_t *ret_text);

#endif
