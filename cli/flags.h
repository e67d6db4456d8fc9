/*
 * flags - the options of the subcommands that are our own (run, doctor, demo), as a table.
 *
 * Shape      `--name value`, `--name=value`, `--name` for a switch; no abbreviations, no positional
 * words.
 */
#ifndef FG_CLI_FLAGS_H
#define FG_CLI_FLAGS_H

#include "cli.h"

typedef struct fg_flag {
    const char *name;     /* with its two dashes */
    const char *argument; /* what help calls the value; NULL for a switch */
    const char *help;
    const char **value; /* set to the argument (borrowed from argv), or to "" for a switch */
} fg_flag_t;

typedef struct fg_flags {
    const char *command; /* "run" */
    const char *summary;
    const fg_flag_t *flags;
    size_t count;
} fg_flags_t;

/* False when the command must end now, with *ret_code: help was asked for and printed, or the line
 * is wrong. */
FG_MUST_USE bool fg_flags_parse(const fg_flags_t *flags, int argc, char **argv, int *ret_code);
/* A whole number from `low` to `high`; false after a message that names the option. NULL text
 * leaves *ret_number. */
FG_MUST_USE bool fg_flag_number(const char *name, const char *text, int64_t low, int64_t high,
                                int64_t *ret_number);
/* The time that --since names, so long ago: "90s", "30m", "1h", "7d" or plain seconds, at least one;
 * `default_s` seconds when `text` is NULL. Goes to *from as seconds since 1970, unless --from has put
 * something there. False after a message that names the option. */
FG_MUST_USE bool fg_flag_since(const char *text, int64_t default_s, const char **from);

#endif
