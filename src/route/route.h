/*
 * route - one stage of one deployment, compiled: path and verb to method entry.
 *
 * Shape      One read-only file per stage and revision: header, resource tree, methods, integrations, templates,
 *            gateway responses, strings. Positions are offsets from the start; no pointer is stored.
 * Ownership  fg_route_t is a mapping with a count of users; what the functions return points into it and lives until
 *            the last fg_route_unref.
 * Threads    Read-only after it is built; the count of users is one process's (one thread's) own.
 * Rule       reference 6.3 (matching), 6.8 (gateway responses), 6.11 (MOCK); docs/rules/routing.md.
 */
#ifndef FG_ROUTE_ROUTE_H
#define FG_ROUTE_ROUTE_H

#include "base/limits.h"
#include "base/status.h"
#include "base/str.h"
#include "limit/throttle.h"

#include <sys/socket.h>

typedef enum fg_verb {
    FG_VERB_ANY,
    FG_VERB_DELETE,
    FG_VERB_GET,
    FG_VERB_HEAD,
    FG_VERB_OPTIONS,
    FG_VERB_PATCH,
    FG_VERB_POST,
    FG_VERB_PUT,
    FG_VERB_OTHER /* matches nothing */
} fg_verb_t;

typedef enum fg_integration_kind {
    FG_INTEGRATION_NONE,
    FG_INTEGRATION_MOCK,
    FG_INTEGRATION_HTTP_PROXY,
    FG_INTEGRATION_UNSUPPORTED /* known to the control plane, not served yet: 500 */
} fg_integration_kind_t;

typedef enum fg_key_source {
    FG_KEY_SOURCE_HEADER,
    FG_KEY_SOURCE_QUERY,
    FG_KEY_SOURCE_AUTHORIZER
} fg_key_source_t;

/*    name                          status  message                        x-amzn-ErrorType */
#define FG_GATEWAY_RESPONSE_LIST(X)                                                                \
    X(ACCESS_DENIED, 403, "User is not authorized to access this resource",                        \
      "AccessDeniedException")                                                                     \
    X(API_CONFIGURATION_ERROR, 500, "Internal server error", "InternalServerErrorException")       \
    X(AUTHORIZER_CONFIGURATION_ERROR, 500, NULL, "AuthorizerConfigurationException")               \
    X(AUTHORIZER_FAILURE, 500, NULL, "AuthorizerFailureException")                                 \
    X(BAD_REQUEST_BODY, 400, "Invalid request body", "BadRequestException")                        \
    X(BAD_REQUEST_PARAMETERS, 400, "Missing required request parameters", "BadRequestException")   \
    X(DEFAULT_4XX, 0, NULL, NULL)                                                                  \
    X(DEFAULT_5XX, 0, NULL, NULL)                                                                  \
    X(EXPIRED_TOKEN, 403, "The security token included in the request is expired",                 \
      "ExpiredTokenException")                                                                     \
    X(INTEGRATION_FAILURE, 504, "Network error communicating with endpoint",                       \
      "InternalServerErrorException")                                                              \
    X(INTEGRATION_TIMEOUT, 504, "Endpoint request timed out", "InternalServerErrorException")      \
    X(INVALID_API_KEY, 403, "Forbidden", "ForbiddenException")                                     \
    X(INVALID_SIGNATURE, 403,                                                                      \
      "The request signature we calculated does not match the signature you provided.",            \
      "InvalidSignatureException")                                                                 \
    X(MISSING_AUTHENTICATION_TOKEN, 403, "Missing Authentication Token",                           \
      "MissingAuthenticationTokenException")                                                       \
    X(QUOTA_EXCEEDED, 429, "Limit Exceeded", "LimitExceededException")                             \
    X(REQUEST_TOO_LARGE, 413, "Request Too Long", "RequestTooLargeException")                      \
    X(RESOURCE_NOT_FOUND, 404, "Not Found", "NotFoundException")                                   \
    X(THROTTLED, 429, "Too Many Requests", "TooManyRequestsException")                             \
    X(UNAUTHORIZED, 401, "Unauthorized", "UnauthorizedException")                                  \
    X(UNSUPPORTED_MEDIA_TYPE, 415, "Unsupported Media Type", "BadRequestException")                \
    X(WAF_FILTERED, 403, "Forbidden", "ForbiddenException")

typedef enum fg_gateway_response_type {
#define FG_GATEWAY_RESPONSE_MEMBER(name, status, message, error_type) FG_GATEWAY_RESPONSE_##name,
    FG_GATEWAY_RESPONSE_LIST(FG_GATEWAY_RESPONSE_MEMBER)
#undef FG_GATEWAY_RESPONSE_MEMBER
        FG_GATEWAY_RESPONSE_COUNT
} fg_gateway_response_type_t;

/* The list's columns. */
const char *fg_gateway_response_name(fg_gateway_response_type_t type);
int fg_gateway_response_status(fg_gateway_response_type_t type);
const char *fg_gateway_response_message(fg_gateway_response_type_t type);    /* may be NULL */
const char *fg_gateway_response_error_type(fg_gateway_response_type_t type); /* may be NULL */

/* ---- what a snapshot is built from: plain views, borrowed during the build ---- */

typedef struct fg_route_pair {
    fg_str_t name, value;
} fg_route_pair_t;

typedef struct fg_route_address {
    struct sockaddr_storage addr;
    socklen_t bytes;
} fg_route_address_t;

/* One integration response of a MOCK: chosen when `pattern` (a regular expression over the whole status, empty: the
 * default) matches the statusCode that the request template yields. */
typedef struct fg_route_answer {
    fg_str_t pattern;
    int status;
    /* method.response.header.X without the prefix -> static value without quotes */
    const fg_route_pair_t *headers;
    size_t header_count;
    const fg_route_pair_t *templates; /* media type -> static text */
    size_t template_count;
} fg_route_answer_t;

typedef struct fg_route_integration {
    fg_integration_kind_t kind;
    uint32_t timeout_ms;
    /* MOCK */
    const fg_route_pair_t *request_templates; /* media type -> text */
    size_t request_template_count;
    int passthrough; /* fg_passthrough_t */
    const fg_route_answer_t *answers;
    size_t answer_count;
    /* HTTP_PROXY; stage variables are already put in */
    bool is_tls, is_tls_unverified;
    fg_str_t http_method; /* empty: the client's verb */
    fg_str_t host;        /* for Host and SNI, without the port */
    uint16_t port;
    /* with {name} left in; starts with a slash; the query of the URI follows it after '?' */
    fg_str_t path;
    const fg_route_pair_t *path_parameters; /* integration.request.path.X -> source expression */
    size_t path_parameter_count;
    /* integration.request.querystring.X -> source expression */
    const fg_route_pair_t *query_parameters;
    size_t query_parameter_count;
    /* integration.request.header.X -> source expression */
    const fg_route_pair_t *header_parameters;
    size_t header_parameter_count;
    const fg_route_address_t *addresses; /* none: the name does not resolve */
    size_t address_count;
} fg_route_integration_t;

typedef enum fg_passthrough {
    FG_PASSTHROUGH_WHEN_NO_MATCH,
    FG_PASSTHROUGH_WHEN_NO_TEMPLATES,
    FG_PASSTHROUGH_NEVER
} fg_passthrough_t;

typedef struct fg_route_method {
    fg_str_t resource_id;
    fg_str_t resource_path; /* "/pets/{id}" */
    fg_verb_t verb;
    bool is_key_required;
    bool is_denied; /* an authorizationType that is not served yet: refuse, never let through */
    fg_throttle_t throttle; /* effective method setting of the stage */
    uint64_t method_id;     /* non-zero, unique for (stage, method) */
    fg_route_integration_t integration;
} fg_route_method_t;

typedef struct fg_route_gateway_response {
    fg_gateway_response_type_t type;
    int status;                     /* 0: the default */
    const fg_route_pair_t *headers; /* without gatewayresponse.header. */
    size_t header_count;
    const fg_route_pair_t *templates;
    size_t template_count;
} fg_route_gateway_response_t;

typedef struct fg_route_source {
    fg_str_t api_id, stage_name, deployment_id, region, account_id;
    uint32_t stage_index;
    uint64_t revision;
    fg_key_source_t key_source;
    bool is_execute_api_disabled; /* disableExecuteApiEndpoint */
    const fg_route_pair_t *variables;
    size_t variable_count;
    const fg_route_method_t *methods;
    size_t method_count;
    const fg_route_gateway_response_t *gateway_responses; /* customised ones only */
    size_t gateway_response_count;
    int quota_exceeded_status; /* 403 or 429: of QUOTA_EXCEEDED unless customised. Rule Q2 */
} fg_route_source_t;

/* Build into `path`: written beside, fsynced, renamed. FG_BAD_REQUEST names the method at fault. */
FG_MUST_USE fg_status_t fg_route_build(const fg_route_source_t *source, const char *path,
                                       fg_error_t *reterr);

/* ---- reading ---- */

/* Map and check a snapshot (every offset is verified, so that a damaged file cannot crash a worker). */
FG_MUST_USE fg_status_t fg_route_open(const char *path, fg_route_t **ret_route, fg_error_t *reterr);
fg_route_t *fg_route_ref(fg_route_t *route);
void fg_route_unref(fg_route_t *route);

fg_verb_t fg_verb_of(fg_str_t text);
const char *fg_verb_text(fg_verb_t verb);

typedef struct fg_route_param {
    fg_str_t name;  /* into the snapshot */
    fg_str_t value; /* into the request path, raw */
} fg_route_param_t;

typedef struct fg_route_match {
    uint32_t method_index;
    size_t param_count;
    fg_route_param_t params[FG_PATH_PARAMS_MAX];
} fg_route_match_t;

/* Match a raw (percent-encoded) path behind the stage, starting with '/'. False: 403 Missing Authentication Token.
 * No allocation, no system call. */
FG_MUST_USE bool fg_route_find(const fg_route_t *route, fg_str_t path, fg_verb_t verb,
                               fg_route_match_t *ret_match);

/* Views of what was built. Arrays are read by index through these; counts come with them. */
fg_str_t fg_route_api_id(const fg_route_t *route);
fg_str_t fg_route_stage_name(const fg_route_t *route);
fg_str_t fg_route_deployment_id(const fg_route_t *route);
fg_str_t fg_route_region(const fg_route_t *route);
fg_str_t fg_route_account_id(const fg_route_t *route);
uint64_t fg_route_revision(const fg_route_t *route);
fg_key_source_t fg_route_key_source(const fg_route_t *route);
bool fg_route_is_execute_api_disabled(const fg_route_t *route);
fg_str_t fg_route_variable(const fg_route_t *route, fg_str_t name); /* FG_STR_NONE when unset */
size_t fg_route_method_count(const fg_route_t *route);

/* The small fields of a method by value; its strings point into the snapshot. */
typedef struct fg_route_entry {
    fg_str_t resource_id, resource_path;
    fg_verb_t verb;
    bool is_key_required, is_denied;
    fg_throttle_t throttle;
    uint64_t method_id;
    fg_integration_kind_t kind;
    uint32_t timeout_ms;
    bool is_tls, is_tls_unverified;
    fg_str_t http_method, host, path;
    uint16_t port;
    size_t address_count;
    size_t path_parameter_count, query_parameter_count, header_parameter_count;
} fg_route_entry_t;
fg_route_entry_t fg_route_entry(const fg_route_t *route, uint32_t method_index);
/* Points into the snapshot, suitably aligned for struct sockaddr_in6. */
const struct sockaddr *fg_route_entry_address(const fg_route_t *route, uint32_t method_index,
                                              size_t index, socklen_t *ret_bytes);
fg_route_pair_t fg_route_entry_path_parameter(const fg_route_t *route, uint32_t method_index,
                                              size_t index);
fg_route_pair_t fg_route_entry_query_parameter(const fg_route_t *route, uint32_t method_index,
                                               size_t index);
fg_route_pair_t fg_route_entry_header_parameter(const fg_route_t *route, uint32_t method_index,
                                                size_t index);

/* MOCK: what to answer for a request's Content-Type and Accept. Static views into the snapshot. The statusCode of each
 * request template is read when the snapshot is built. */
typedef struct fg_route_mock {
    bool is_configured;             /* false: API_CONFIGURATION_ERROR */
    bool is_unsupported_media_type; /* 415 */
    int status;
    fg_str_t content_type, body;
    uint32_t answer_index; /* for fg_route_mock_header */
    size_t header_count;
} fg_route_mock_t;
fg_route_mock_t fg_route_mock(const fg_route_t *route, uint32_t method_index, fg_str_t content_type,
                              fg_str_t accept);
fg_route_pair_t fg_route_mock_header(const fg_route_t *route, uint32_t method_index,
                                     uint32_t answer_index, size_t index);

/* Gateway response in force for `type`: its own, else DEFAULT_4XX/5XX, else built in (reference 6.8). Without a route
 * (no such API or stage) the built-in one. `status` is 0 only for DEFAULT_4XX and DEFAULT_5XX themselves. */
typedef struct fg_route_refusal {
    int status;
    /* with $context.error.messageString and the like left in */
    fg_str_t content_type, template_text;
    /* for fg_route_refusal_header; FG_ROUTE_BUILT_IN when nothing is customised */
    uint32_t response_index;
    size_t header_count;
} fg_route_refusal_t;
#define FG_ROUTE_BUILT_IN UINT32_MAX
fg_route_refusal_t fg_route_refusal(const fg_route_t *route, fg_gateway_response_type_t type,
                                    fg_str_t accept);
fg_route_pair_t fg_route_refusal_header(const fg_route_t *route, uint32_t response_index,
                                        size_t index);

#endif
