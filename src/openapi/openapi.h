/*
 * openapi - OpenAPI 3.0 and Swagger 2.0 documents to definitions of REST APIs and back.
 *
 * Shape      A definition is a JSON object, each part in the wire shape that the operation of the same noun takes, by
 *            name instead of by id. Every member may be absent:
 *
 *              restApi            what CreateRestApi takes; the policy is its text
 *              models             name -> {schema}: the schema as a value, references as #/components/schemas/NAME
 *              authorizers        name -> what CreateAuthorizer takes
 *              requestValidators  name -> {validateRequestBody, validateRequestParameters}
 *              gatewayResponses   type -> what PutGatewayResponse takes
 *              resources          path -> verb -> what PutMethod takes, authorizerName and requestValidatorName for the
 *                                 ids, and methodResponses: code -> what PutMethodResponse takes, methodIntegration:
 *                                 what PutIntegration takes, and in it integrationResponses: code -> what
 *                                 PutIntegrationResponse takes
 *              documentation      fg_openapi_location_key -> {location, properties}, both as values
 *
 *            Values of members are handed through as they are: the operations check them.
 * Ownership  Values handed back are new references. The arena takes texts on the way; nothing handed back points there.
 * Failure    FG_BAD_REQUEST with the place in `field` and in the message; FG_NO_MEMORY.
 * Rule       docs/rules/openapi.md OA1-OA12.
 */
#ifndef FG_OPENAPI_OPENAPI_H
#define FG_OPENAPI_OPENAPI_H

#include "base/json.h"

/* What becomes of the base path of the document: left out, put before every path, or put there without its first part. */
typedef enum fg_openapi_base_path {
    FG_OPENAPI_BASE_PATH_IGNORE,
    FG_OPENAPI_BASE_PATH_PREPEND,
    FG_OPENAPI_BASE_PATH_SPLIT
} fg_openapi_base_path_t;

typedef struct fg_openapi_read_options {
    fg_openapi_base_path_t base_path;
    bool is_documentation_ignored;
} fg_openapi_read_options_t;

/* ret_warnings: an array of texts, one for each thing that was left out. */
FG_MUST_USE fg_status_t fg_openapi_read(const json_t *document,
                                        const fg_openapi_read_options_t *options, fg_arena_t *arena,
                                        json_t **ret_definition, json_t **ret_warnings,
                                        fg_error_t *reterr);

typedef struct fg_openapi_write_options {
    bool is_3;             /* OpenAPI 3.0; else Swagger 2.0 */
    bool has_integrations; /* x-amazon-apigateway-integration */
    bool has_authorizers;  /* x-amazon-apigateway-authorizer and -authtype */
    bool has_rest;         /* all other extensions */
    fg_str_t host;         /* FG_STR_NONE: the document names no server */
    fg_str_t base_path;    /* "/prod" */
    fg_str_t version;      /* of a definition that has none; "" is fine */
} fg_openapi_write_options_t;

FG_MUST_USE fg_status_t fg_openapi_write(const json_t *definition,
                                         const fg_openapi_write_options_t *options,
                                         fg_arena_t *arena, json_t **ret_document,
                                         fg_error_t *reterr);

/* The key of a documentation part: its location, members in a fixed order. FG_STR_NONE on lack of memory. */
fg_str_t fg_openapi_location_key(const json_t *location, fg_arena_t *arena);

/* A copy of a schema with its references to models turned from #/components/schemas/NAME into `prefix`NAME, and the
 * other way round. NULL on lack of memory. */
json_t *fg_openapi_refs_to(const json_t *schema, fg_str_t prefix, fg_arena_t *arena);
json_t *fg_openapi_refs_from(const json_t *schema, fg_arena_t *arena);

#endif
