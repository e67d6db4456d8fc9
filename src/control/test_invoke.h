/*
 * test_invoke - the kinds of integration, run once for TestInvokeMethod.
 *
 * Shape      Each fills the run's answer; what goes wrong becomes a gateway response.
 * Rule       docs/rules/test-invoke.md.
 */
#ifndef FG_CONTROL_TEST_INVOKE_H
#define FG_CONTROL_TEST_INVOKE_H

#include "control/invocation.h"

typedef struct fg_test_integration {
    json_t *document;   /* the integration, borrowed */
    const json_t *api;  /* the REST API, borrowed */
    fg_str_t type, uri; /* the URI with stage variables put in */
    uint32_t timeout_ms;
} fg_test_integration_t;

void fg_test_mock(fg_invocation_t *run, const fg_test_integration_t *integration);
void fg_test_http(fg_invocation_t *run, const fg_test_integration_t *integration);
void fg_test_lambda(fg_invocation_t *run, const fg_test_integration_t *integration);

/* The request's body as a non-proxy backend gets it: the output of the template for its
 * Content-Type, or as it came. False when it was refused. `ret_template` is FG_STR_NONE when the
 * body passes. Rule TI4. */
FG_MUST_USE bool fg_test_request_body(fg_invocation_t *run,
                                      const fg_test_integration_t *integration, fg_str_t *ret_body,
                                      fg_str_t *ret_template);

/* What a backend gave, to be turned into the method's answer. */
typedef struct fg_test_backend {
    fg_str_t subject; /* what selection patterns are matched with */
    int status;
    fg_lambda_pairs_t headers;
    fg_str_t body;
} fg_test_backend_t;
/* Choose the integration response and apply it. Rule TI6. */
void fg_test_respond(fg_invocation_t *run, const fg_test_integration_t *integration,
                     const fg_test_backend_t *backend);

#endif
