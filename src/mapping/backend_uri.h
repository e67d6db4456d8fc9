/*
 * backend_uri - the request URI that an HTTP_PROXY sends: path and query, for the request line.
 *
 * Shape      The path of the integration with each {name} (also {name+}) replaced: by the integration's path parameter
 *            of that name, else by the request's own path variable; then `?`, the integration's own query, the
 *            client's, and the mapped query parameters, joined by `&`.
 * Ownership  Writes into the caller's buffer, allocates nothing.
 * Safety     Values stay as the client encoded them. What would end the path or a parameter early (`?`, `#`, in a query
 *            also `&`) is encoded. A URI with a control byte or a blank in it, or whose path has a `.` or `..` segment
 *            (encoded dots and slashes included) that a value brought in, is refused.
 * Rule       reference 6.9; docs/rules/routing.md
 */
#ifndef FG_MAPPING_BACKEND_URI_H
#define FG_MAPPING_BACKEND_URI_H

#include "mapping/expression.h"
#include "route/route.h"

typedef enum fg_backend_uri_outcome {
    FG_BACKEND_URI_OK,
    FG_BACKEND_URI_REFUSED, /* 400: nothing that may be sent comes of it */
    FG_BACKEND_URI_TOO_LONG /* *ret_len says how much room is needed */
} fg_backend_uri_outcome_t;

/* An integration that is not compiled: its own path and parameters. */
typedef struct fg_backend_uri_own {
    fg_str_t path; /* with the URI's query, {name} left in */
    const fg_route_pair_t *path_parameters, *query_parameters; /* names without prefix */
    size_t path_parameter_count, query_parameter_count;
} fg_backend_uri_own_t;

typedef struct fg_backend_uri_request {
    const fg_route_t *route; /* NULL: see `own` */
    uint32_t method_index;
    fg_str_t client_query; /* raw, behind the question mark; empty for none */
    const fg_mapping_source_t *source;
    const fg_backend_uri_own_t *own;
} fg_backend_uri_request_t;

/* *ret_len is set unless refused. No NUL is added. */
FG_MUST_USE fg_backend_uri_outcome_t fg_backend_uri_compose(const fg_backend_uri_request_t *request,
                                                            char *ret, size_t room,
                                                            size_t *ret_len);

#endif
