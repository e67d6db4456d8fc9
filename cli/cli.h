/*
 * cli - what the subcommands of faregate share: exit codes, the list of subcommands, messages.
 *
 * Shape      Results go to stdout, chatter to stderr. A subcommand is one row in main.c and one
 * file. Rule       Exit codes are those of the AWS CLI where it has one (254: the service answered
 * an error, 255: it could not be asked), 1 for failures of our own commands, 2 for a command line
 * that makes no sense, 3 from apply's dry run that finds differences, 4 from those that look one
 * thing up when it is not there.
 */
#ifndef FG_CLI_CLI_H
#define FG_CLI_CLI_H

#include "base/arena.h"
#include "base/status.h"

enum {
    FG_EXIT_OK = 0,
    FG_EXIT_FAILURE = 1,
    FG_EXIT_USAGE = 2,
    FG_EXIT_NOT_FOUND = 4, /* what was asked for is not there */
    FG_EXIT_REFUSED = 254, /* the service answered with an error */
    FG_EXIT_ERROR = 255,   /* no answer: no connection, no credentials */
};

/* The arguments behind the subcommand's name; the result is the exit code. */
typedef int fg_subcommand_t(int argc, char **argv);

fg_subcommand_t fg_run_command;
fg_subcommand_t fg_doctor_command;
fg_subcommand_t fg_demo_command;
fg_subcommand_t fg_import_command;
fg_subcommand_t fg_backup_command;
fg_subcommand_t fg_verify_command;
fg_subcommand_t fg_restore_command;
fg_subcommand_t fg_alerts_command;
fg_subcommand_t fg_audit_command;
fg_subcommand_t fg_credentials_command;
fg_subcommand_t fg_usage_command;
fg_subcommand_t fg_explain_command;
fg_subcommand_t fg_top_command;
fg_subcommand_t fg_apply_command;
fg_subcommand_t fg_export_command;
fg_subcommand_t fg_reconcile_command;
fg_subcommand_t fg_whatif_command;
/* `faregate apigateway`: the words behind it. */
fg_subcommand_t fg_apigateway_command;

/* One line on stderr, "faregate: " in front, a newline behind. */
void fg_say(const char *format, ...) FG_PRINTF(1, 2);
/* fg_say, then `code`, so that a failure is one line. */
int fg_fail(int code, const char *format, ...) FG_PRINTF(2, 3);

/* The arena of the whole process, dropped at its end. */
fg_arena_t *fg_cli_arena(void);
/* printf into that arena. Never NULL: without memory the program ends with FG_EXIT_ERROR. */
char *fg_text(const char *format, ...) FG_PRINTF(1, 2);
/* A NUL-terminated copy in that arena, never NULL. */
char *fg_text_of(fg_str_t text);
/* A whole file into that arena; FG_STR_NONE with errno when it cannot be read or is over
 * `bytes_max`. */
fg_str_t fg_read_file(const char *path, size_t bytes_max);

#endif
