/*
 * lambda_event - what a Lambda function is handed (payload version 1), and what its answer means.
 *
 * Shape      Pure functions between structs of views and JSON.
 * Ownership  The event is a new reference, NULL without memory. The answer's texts are the arena's.
 * Rule       TI7, TI8 (docs/rules/test-invoke.md); reference 6.12, 6.15.
 */
#ifndef FG_MAPPING_LAMBDA_EVENT_H
#define FG_MAPPING_LAMBDA_EVENT_H

#include "base/json.h"
#include "route/route.h"

/* In the order of the request; names may repeat. */
typedef struct fg_lambda_pairs {
    const fg_route_pair_t *at;
    size_t count;
} fg_lambda_pairs_t;

/* FG_STR_NONE for what is not known. */
typedef struct fg_lambda_context {
    fg_str_t account_id, api_id, deployment_id, domain_name, domain_prefix, extended_request_id;
    fg_str_t request_id, resource_id, resource_path, stage, path, http_method;
    int64_t request_time_ms;
    fg_str_t access_key, caller, user, user_arn, identity_account_id, source_ip, user_agent;
    fg_str_t api_key, api_key_id; /* left out of the event when unknown */
} fg_lambda_context_t;

typedef struct fg_lambda_event {
    const char *type; /* "REQUEST": the event of an authorizer; NULL: of an integration */
    fg_str_t method_arn;
    fg_str_t resource, path, http_method;
    fg_lambda_pairs_t headers, query; /* names and values decoded */
    fg_lambda_pairs_t path_parameters, stage_variables;
    fg_str_t body; /* FG_STR_NONE: null */
    bool is_base64;
    fg_lambda_context_t context;
} fg_lambda_event_t;

json_t *fg_lambda_event_new(const fg_lambda_event_t *event);

typedef struct fg_lambda_answer {
    int status;
    fg_str_t body;
    bool is_base64;
    fg_route_pair_t *headers; /* in order; those of both maps */
    size_t header_count;
} fg_lambda_answer_t;

/* False when it is malformed, or memory is lacking: 502. */
FG_MUST_USE bool fg_lambda_answer_read(fg_str_t payload, fg_arena_t *arena,
                                       fg_lambda_answer_t *ret_answer);

/* The function of an invocation's URI, "arn:...:lambda:path/2015-03-31/functions/X/invocations";
 * FG_STR_NONE when it is none. */
fg_str_t fg_lambda_function_of(fg_str_t uri);

#endif
