/*
 * model_schema - the references in the schema of a model (JSON Schema, draft 4).
 *
 * Shape      A `$ref` names a place of the same schema ("#/definitions/a") or another model of the API
 *            ("https://apigateway.amazonaws.com/restapis/<api>/models/<Name>"). Flattening makes a schema that
 *            needs no other: each model it names, directly or through others, stands once in its definitions.
 * Ownership  New references come back by `ret_`; everything else is borrowed.
 * Rule       docs/rules/models.md MO5, MO6.
 */
#ifndef FG_MODEL_MODEL_SCHEMA_H
#define FG_MODEL_MODEL_SCHEMA_H

#include "base/json.h"

/* The model that a reference names, a part of `ref`; NULL when it names none. The API in it is not looked at: what
 * was cloned or restored speaks of another. */
const char *fg_schema_ref_model(const char *ref);
/* Does the reference name a place of its own schema? */
bool fg_schema_ref_is_local(const char *ref);
/* That place; NULL when there is nothing. */
json_t *fg_schema_at(json_t *schema, const char *ref);

typedef fg_status_t fg_schema_ref_t(void *ctx, const char *ref);
/* Every reference, in order, until one is answered by anything but FG_OK. */
FG_MUST_USE fg_status_t fg_schema_refs_each(json_t *schema, fg_schema_ref_t *each, void *ctx);

typedef struct fg_schema_source {
    /* The schema of another model, a new reference. FG_NOT_FOUND: references to it stay as they are. */
    fg_status_t (*load)(void *ctx, const char *name, json_t **ret_schema);
    void *ctx;
} fg_schema_source_t;
/* `name` is the schema's own model. FG_NO_MEMORY, and what `load` fails with. */
FG_MUST_USE fg_status_t fg_schema_flatten(const json_t *schema, const char *name,
                                          const fg_schema_source_t *source, json_t **ret_flat);

#endif
