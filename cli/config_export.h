/*
 * config export - an installation as a file that `faregate apply` takes back without a change.
 */
#ifndef FG_CLI_CONFIG_EXPORT_H
#define FG_CLI_CONFIG_EXPORT_H

#include "cli.h"

/* `faregate export [config]`: the words behind it. */
fg_subcommand_t fg_config_export_command;

#endif
