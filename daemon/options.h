/*
 * options - faregated's command line.
 *
 * Ownership  Texts are the arguments' own or static.
 */
#ifndef FG_DAEMON_OPTIONS_H
#define FG_DAEMON_OPTIONS_H

#include "base/status.h"
#include "log.h"

#include <stdint.h>

typedef struct fg_options {
    const char *data_dir, *socket_path;
    const char *gate_dir;   /* NULL: fg_options_gate_dir */
    const char *gate_group; /* NULL: nobody else */
    const char *region, *account_id;
    const char *alert_webhook_url; /* NULL: alerts are only listed */
    const char *lambda_endpoint;   /* NULL: none. Rule TI7 */
    int quota_exceeded_status;
    bool is_one_plan_per_key, are_keys_without_plan_allowed;
    bool are_values_hashed, are_values_purged; /* rule K12 */
    int64_t keys_max;                          /* account limit, 0: off (rule K10) */
    int64_t usage_minutes_keep_days, usage_days_keep;
    int64_t audit_keep_days;  /* rule AD6 */
    int64_t gate_keys_max;    /* room in the gate, 0: the default */
    int64_t metrics_top_keys; /* 0: FG_TOP_KEYS_DEFAULT */
    int64_t resolve_s;        /* between look-ups of backend names */
    fg_log_level_t log_level;
    bool is_help, is_version;
    /* instead of serving; each NULL when it is not asked for */
    const char *backup_path, *verify_path, *restore_path;
    bool is_restored_over, is_usage_forgotten;
} fg_options_t;

/* FG_BAD_REQUEST names the option at fault. A profile sets defaults: other options win wherever
 * they stand. */
FG_MUST_USE fg_status_t fg_options_parse(int count, char **arguments, fg_options_t *ret_options,
                                         fg_error_t *reterr);
/* The text of --help. */
void fg_options_print_help(void);
/* "/dev/shm/faregate-<uid>-<hash of the data directory's real path>": the same for every start. */
void fg_options_gate_dir(const char *data_dir, char *ret_path, size_t room);

#endif
