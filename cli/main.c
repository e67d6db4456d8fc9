/*
 * faregate - the command line: one row for each subcommand; every other word is a command of the
 * control API.
 */
#include "cli.h"
#include "http.h"

#include <stdio.h>

typedef struct subcommand {
    const char *name;
    const char *arguments;
    const char *summary;
    fg_subcommand_t *run;
} subcommand_t;

static const subcommand_t subcommands[] = {
    {"run", "--data-dir DIR", "start faregated and nginx, and keep them running", fg_run_command},
    {"doctor", "[--data-dir DIR]", "say what is wrong with an installation", fg_doctor_command},
    {"demo", "[--data-dir DIR]", "create the demo API, its plans and keys", fg_demo_command},
    {"alerts", "[list|webhook|test]", "list alerts, show the webhook's secret, send a test",
     fg_alerts_command},
    {"audit", "[--subject PATH]", "list who changed what, newest first", fg_audit_command},
    {"credentials", "[list|create|revoke]", "who may ask the control API for what",
     fg_credentials_command},
    {"import", "FILE", "create API keys from a CSV file of any size", fg_import_command},
    {"backup", "FILE", "copy an installation, in use or not, into one file", fg_backup_command},
    {"verify", "[FILE]", "check a backup, or a data directory", fg_verify_command},
    {"restore", "FILE", "put a backup back", fg_restore_command},
    {"usage", "--plan ID", "usage of a plan's keys by the minute, hour or day", fg_usage_command},
    {"top", "[--once]", "show the keys that stand out now", fg_top_command},
    {"explain", "REQUEST-ID", "say why a request was refused", fg_explain_command},
    {"apply", "FILE", "make the installation what a file describes", fg_apply_command},
    {"export", "[usage|list|public-key|verify]",
     "write such a file; close billing periods, and check what was closed", fg_export_command},
    {"reconcile", "--access-log FILE", "count a log again and compare it with usage and exports",
     fg_reconcile_command},
    {"whatif", "--plan FILE|ID", "what a plan would have refused of what was asked",
     fg_whatif_command},
    {"apigateway", "COMMAND ...",
     "the control API in the AWS CLI's words; 'apigateway' may be left out", fg_apigateway_command},
};

static int print_help(void)
{
    puts("faregate - an API gateway that counts: API keys, usage plans, quotas\n\n"
         "Usage:");
    for (size_t i = 0; i < FG_COUNT_OF(subcommands); i++)
        printf("  faregate %-11s %-24s %s\n", subcommands[i].name, subcommands[i].arguments,
               subcommands[i].summary);
    puts(
        "\n  faregate apigateway help lists its commands; every command knows --help.\n\n"
        "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 differs (apply --dry-run),\n"
        "4 not there, 254 the service answered with an error, 255 the service could not be asked.");
    return FG_EXIT_OK;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        print_help();
        return FG_EXIT_USAGE;
    }
    fg_str_t word = fg_str(argv[1]);
    if (fg_str_is(word, "--help") || fg_str_is(word, "-h") ||
        (fg_str_is(word, "help") && argc == 2))
        return print_help();
    if (fg_str_is(word, "--version")) {
        puts("faregate " FG_VERSION);
        return FG_EXIT_OK;
    }
    for (size_t i = 0; i < FG_COUNT_OF(subcommands); i++) {
        if (fg_str_is(word, subcommands[i].name))
            return subcommands[i].run(argc - 2, argv + 2);
    }
    return fg_apigateway_command(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    fg_http_init();
    int code = dispatch(argc, argv);
    if (fflush(stdout) != 0 && code == FG_EXIT_OK)
        code = fg_fail(FG_EXIT_FAILURE, "cannot write the result");
    fg_http_done();
    return code;
}
