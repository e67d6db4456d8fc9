/*
 * arguments - the words behind a command of the control API, in the AWS CLI's syntax.
 *
 * Shape      `--option value...`: one word for a scalar, any number up to the next option for a
 * list, map or structure (JSON or shorthand); `--flag` and `--no-flag` for booleans; `file://` in
 * front of a path stands for its content. Ownership  The input is an object of members as the
 * service model names them, a new reference; texts are borrowed from argv or live in the process's
 * arena. Rule       X7: `--add-op path=..,value=..`, `--remove-op`, `--replace-op` append to
 * --patch-operations.
 */
#ifndef FG_CLI_ARGUMENTS_H
#define FG_CLI_ARGUMENTS_H

#include "base/json.h"
#include "context.h"
#include "table.h"

typedef struct fg_arguments {
    fg_wishes_t wishes;
    const char *output; /* NULL: json */
    const char *query;
    const char *starting_token;
    const char *max_items_text, *page_size_text;
    int64_t max_items; /* -1: all */
    int64_t page_size; /* 0: the service's */
    const char *input_json;
    const char *no_paginate, *debug, *help; /* not NULL when given */
    const char *ignored;                    /* what the AWS CLI has and means nothing here */
    const char *skeleton;
    fg_str_t payload; /* raw bytes of the parameter that is one */
    json_t *input;
} fg_arguments_t;

/* FG_BAD_REQUEST with the reason. What was taken is released with fg_arguments_release in any case.
 */
FG_MUST_USE fg_status_t fg_arguments_parse(const fg_command_t *command, int argc, char **argv,
                                           fg_arguments_t *ret_arguments, fg_error_t *reterr);
/* Take one global option at argv[*i] if there is one (before the command's word). False: it is
 * none. */
bool fg_arguments_global(int argc, char **argv, int *i, fg_arguments_t *arguments);
void fg_arguments_release(fg_arguments_t *arguments);
/* The global options, one line each, on stdout. */
void fg_arguments_help(void);

#endif
