/*
 * paging - lists come in pages; like the AWS CLI, ask for all of them and print one list.
 *
 * Shape      `--max-items` cuts the list and leaves NextToken in the output, base64 of
 * {"position":.., "boto_truncate_amount":n}: the AWS CLI's own form, so that either can go on where
 * the other stopped.
 */
#ifndef FG_CLI_PAGING_H
#define FG_CLI_PAGING_H

#include "arguments.h"
#include "request.h"

/* As fg_request_send, with what lists hold under the name that the service model gives it. */
FG_MUST_USE fg_status_t fg_paging_send(const fg_context_t *context, const fg_command_t *command,
                                       const fg_arguments_t *arguments, json_t **ret_output,
                                       fg_refusal_t *ret_refusal, fg_error_t *reterr);

#endif
