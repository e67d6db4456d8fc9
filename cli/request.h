/*
 * request - an operation of the control API with its input, sent; the answer parsed.
 */
#ifndef FG_CLI_REQUEST_H
#define FG_CLI_REQUEST_H

#include "base/json.h"
#include "context.h"
#include "table.h"

typedef struct fg_refusal {
    long http_status;
    const char *type; /* "NotFoundException" */
    const char *message;
} fg_refusal_t;

/* The parameters that the command needs and `input` has not: "--a, --b"; NULL when all are there.
 */
const char *fg_request_missing(const fg_command_t *command, const json_t *input, fg_str_t payload);
/* FG_OK: *ret_output is a new reference, NULL for an empty answer. FG_DENIED: the service refused,
 * *ret_refusal says why. Anything else: it could not be asked. `payload` is FG_STR_NONE unless a
 * parameter is raw bytes. */
FG_MUST_USE fg_status_t fg_request_send(const fg_context_t *context, const fg_command_t *command,
                                        json_t *input, fg_str_t payload, bool is_traced,
                                        json_t **ret_output, fg_refusal_t *ret_refusal,
                                        fg_error_t *reterr);
/* The same of a request that is made already, which need be no operation of the table. */
FG_MUST_USE fg_status_t fg_request_exchange(const fg_http_request_t *request, json_t **ret_output,
                                            fg_refusal_t *ret_refusal, fg_error_t *reterr);

#endif
