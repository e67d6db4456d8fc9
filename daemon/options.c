/*
 * options - one row says an option's name, its argument, its help and what it sets.
 */
#include "options.h"

#include "agent/top.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "model/webhook.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Days: a month's window and the one before it are always there; a hundred years is for ever. */
enum { USAGE_DAYS_MIN = 62, USAGE_DAYS_MAX = 36500 };

typedef bool set_t(fg_options_t *options, const char *value);

static bool set_data_dir(fg_options_t *options, const char *value)
{
    options->data_dir = value;
    return value[0] != '\0';
}

static bool set_socket(fg_options_t *options, const char *value)
{
    options->socket_path = value;
    return value[0] != '\0';
}

static bool set_gate_dir(fg_options_t *options, const char *value)
{
    options->gate_dir = value;
    return value[0] != '\0';
}

static bool set_gate_group(fg_options_t *options, const char *value)
{
    options->gate_group = value;
    return value[0] != '\0';
}

/* product.md, "Settings where the sources disagree". */
static bool set_profile(fg_options_t *options, const char *value)
{
    bool is_aws = strcmp(value, "aws") == 0;
    if (!is_aws && strcmp(value, "guide") != 0)
        return false;
    options->quota_exceeded_status = is_aws ? 429 : 403;
    options->is_one_plan_per_key = !is_aws;
    return true;
}

static bool set_quota_exceeded_status(fg_options_t *options, const char *value)
{
    options->quota_exceeded_status = strcmp(value, "429") == 0 ? 429 : 403;
    return strcmp(value, "429") == 0 || strcmp(value, "403") == 0;
}

static bool set_plans_per_key(fg_options_t *options, const char *value)
{
    options->is_one_plan_per_key = strcmp(value, "one") == 0;
    return options->is_one_plan_per_key || strcmp(value, "one-per-stage") == 0;
}

static bool set_keys_without_plan(fg_options_t *options, const char *value)
{
    options->are_keys_without_plan_allowed = strcmp(value, "allow") == 0;
    return options->are_keys_without_plan_allowed || strcmp(value, "refuse") == 0;
}

static bool set_key_values(fg_options_t *options, const char *value)
{
    options->are_values_hashed = strcmp(value, "hashed") == 0;
    return options->are_values_hashed || strcmp(value, "recoverable") == 0;
}

static bool set_purge_key_values(fg_options_t *options, const char *value)
{
    options->are_values_purged = strcmp(value, "yes") == 0;
    return options->are_values_purged || strcmp(value, "no") == 0;
}

static bool set_number(const char *value, int64_t min, int64_t max, int64_t *ret_number)
{
    return fg_str_to_i64(fg_str(value), ret_number) && *ret_number >= min && *ret_number <= max;
}

static bool set_keys_max(fg_options_t *options, const char *value)
{
    return set_number(value, 0, INT64_MAX, &options->keys_max);
}

static bool set_gate_keys_max(fg_options_t *options, const char *value)
{
    return set_number(value, 1, INT64_C(1) << 32, &options->gate_keys_max);
}

static bool set_usage_minutes_keep(fg_options_t *options, const char *value)
{
    return set_number(value, 1, USAGE_DAYS_MAX, &options->usage_minutes_keep_days);
}

static bool set_usage_days_keep(fg_options_t *options, const char *value)
{
    return set_number(value, USAGE_DAYS_MIN, USAGE_DAYS_MAX, &options->usage_days_keep);
}

static bool set_audit_keep(fg_options_t *options, const char *value)
{
    return set_number(value, 1, USAGE_DAYS_MAX, &options->audit_keep_days);
}

static bool set_metrics_top_keys(fg_options_t *options, const char *value)
{
    return set_number(value, 1, FG_TOP_KEYS_MAX, &options->metrics_top_keys);
}

static bool set_resolve_s(fg_options_t *options, const char *value)
{
    return set_number(value, 1, FG_DAY_S, &options->resolve_s);
}

static bool set_region(fg_options_t *options, const char *value)
{
    options->region = value;
    return value[0] != '\0';
}

static bool set_account_id(fg_options_t *options, const char *value)
{
    options->account_id = value;
    return strlen(value) == 12 && strspn(value, "0123456789") == 12;
}

static bool set_alert_webhook_url(fg_options_t *options, const char *value)
{
    options->alert_webhook_url = value;
    return fg_webhook_url_is_good(fg_str(value));
}

static bool set_lambda_endpoint(fg_options_t *options, const char *value)
{
    options->lambda_endpoint = value;
    return fg_webhook_url_is_good(fg_str(value));
}

static bool set_log_level(fg_options_t *options, const char *value)
{
    return fg_log_level_of(value, &options->log_level);
}

static bool set_backup(fg_options_t *options, const char *value)
{
    options->backup_path = value;
    return value[0] != '\0';
}

static bool set_verify(fg_options_t *options, const char *value)
{
    options->verify_path = value;
    return value[0] != '\0';
}

static bool set_restore(fg_options_t *options, const char *value)
{
    options->restore_path = value;
    return value[0] != '\0';
}

static bool set_force(fg_options_t *options, const char *value)
{
    options->is_restored_over = strcmp(value, "yes") == 0;
    return options->is_restored_over || strcmp(value, "no") == 0;
}

static bool set_forget_usage(fg_options_t *options, const char *value)
{
    options->is_usage_forgotten = strcmp(value, "yes") == 0;
    return options->is_usage_forgotten || strcmp(value, "no") == 0;
}

static const struct option_row {
    const char *name, *argument, *help;
    set_t *set;
    bool is_profile; /* set before all others */
} rows[] = {
    {"--data-dir", "DIR", "where the store, the secret and the credentials live (required)",
     set_data_dir, false},
    {"--socket", "PATH", "unix socket of the control API (required)", set_socket, false},
    {"--gate-dir", "DIR", "where the gate lives, on tmpfs (/dev/shm/faregate-<uid>-<hash>)",
     set_gate_dir, false},
    {"--gate-group", "GROUP", "group of the nginx workers", set_gate_group, false},
    {"--profile", "aws|guide", "aws: 429 over quota; guide: 403, and one plan per key", set_profile,
     true},
    {"--quota-exceeded-status", "403|429", "status of an exceeded quota (403)",
     set_quota_exceeded_status, false},
    {"--plans-per-key", "one-per-stage|one", "plans that a key may be on (one-per-stage)",
     set_plans_per_key, false},
    {"--keys-without-plan", "refuse|allow", "keys on no plan (refuse)", set_keys_without_plan,
     false},
    {"--key-values", "recoverable|hashed",
     "whether new key values can be shown again (recoverable)", set_key_values, false},
    {"--purge-key-values", "yes|no", "forget the values that could be shown again (no)",
     set_purge_key_values, false},
    {"--keys-max", "N", "limit of API keys of the account, 0 is none (0)", set_keys_max, false},
    {"--usage-minutes-keep", "DAYS", "how long usage by the minute is kept (35)",
     set_usage_minutes_keep, false},
    {"--usage-days-keep", "DAYS", "how long usage by the day is kept, at least 62 (800)",
     set_usage_days_keep, false},
    {"--audit-keep", "DAYS", "how long the log of changes is kept (800)", set_audit_keep, false},
    {"--gate-keys-max", "N", "keys that the gate has room for (16 million)", set_gate_keys_max,
     false},
    {"--metrics-top-keys", "N", "keys that have series of their own in /metrics (20)",
     set_metrics_top_keys, false},
    {"--resolve-interval", "SECONDS", "between look-ups of backend names (10)", set_resolve_s,
     false},
    {"--region", "R", "region in ARNs (us-east-1)", set_region, false},
    {"--account-id", "N", "account in ARNs, 12 digits (000000000000)", set_account_id, false},
    {"--alert-webhook-url", "URL", "where alerts of quotas go unless their plan says otherwise",
     set_alert_webhook_url, false},
    {"--lambda-endpoint", "URL", "where functions are invoked: http(s)://HOST[:PORT]",
     set_lambda_endpoint, false},
    {"--backup", "FILE", "copy the data directory, in use or not, into one file, and end",
     set_backup, false},
    {"--verify", "PATH", "check a backup or a data directory, and end", set_verify, false},
    {"--restore", "FILE", "put a backup into the data directory, and end", set_restore, false},
    {"--force", "yes|no", "--restore puts aside what stands there (no)", set_force, false},
    {"--forget-usage", "yes|no",
     "--restore although what was spent since the backup is not known (no)", set_forget_usage,
     false},
    {"--log-level", "debug|info|warn|error", "what is logged to stderr (info)", set_log_level,
     false},
};

static const struct option_row *find_row(const char *argument, const char **ret_value)
{
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        size_t bytes = strlen(rows[i].name);
        if (strncmp(argument, rows[i].name, bytes) != 0 ||
            (argument[bytes] != '\0' && argument[bytes] != '='))
            continue;
        *ret_value = argument[bytes] == '=' ? argument + bytes + 1 : NULL;
        return &rows[i];
    }
    return NULL;
}

/* Those of one kind; the profile goes first, so that the others win. */
static fg_status_t parse_kind(int count, char **arguments, bool is_profile, fg_options_t *options,
                              fg_error_t *reterr)
{
    for (int i = 1; i < count; i++) {
        const char *value;
        options->is_help = options->is_help || strcmp(arguments[i], "--help") == 0;
        options->is_version = options->is_version || strcmp(arguments[i], "--version") == 0;
        if (strcmp(arguments[i], "--help") == 0 || strcmp(arguments[i], "--version") == 0)
            continue;
        const struct option_row *row = find_row(arguments[i], &value);
        if (!row)
            return fg_error_set(reterr, FG_BAD_REQUEST, arguments[i], "unknown option %s",
                                arguments[i]);
        if (!value && ++i < count)
            value = arguments[i];
        if (!value)
            return fg_error_set(reterr, FG_BAD_REQUEST, row->name, "%s needs %s", row->name,
                                row->argument);
        if (row->is_profile == is_profile && !row->set(options, value))
            return fg_error_set(reterr, FG_BAD_REQUEST, row->name, "%s takes %s, not \"%s\"",
                                row->name, row->argument, value);
    }
    return FG_OK;
}

fg_status_t fg_options_parse(int count, char **arguments, fg_options_t *ret_options,
                             fg_error_t *reterr)
{
    fg_options_t options = {
        .region = "us-east-1",
        .account_id = "000000000000",
        .quota_exceeded_status = 403,
        .resolve_s = 10,
        .audit_keep_days = 800,
        .log_level = FG_LOG_INFO,
    };
    fg_status_t status = parse_kind(count, arguments, true, &options, reterr);
    if (status == FG_OK)
        status = parse_kind(count, arguments, false, &options, reterr);
    bool is_serving = !options.is_help && !options.is_version && !options.verify_path;
    if (status == FG_OK && is_serving) {
        if (!options.data_dir)
            status = fg_error_set(reterr, FG_BAD_REQUEST, "--data-dir", "--data-dir is required");
        else if (options.backup_path || options.restore_path)
            status = FG_OK;
        else if (!options.socket_path)
            status = fg_error_set(reterr, FG_BAD_REQUEST, "--socket", "--socket is required");
        else if (options.are_values_purged && !options.are_values_hashed)
            status = fg_error_set(reterr, FG_BAD_REQUEST, "--purge-key-values",
                                  "--purge-key-values needs --key-values hashed beside it");
    }
    if (status == FG_OK)
        *ret_options = options;
    return status;
}

void fg_options_print_help(void)
{
    printf("usage: faregated --data-dir DIR --socket PATH [option...]\n\n"
           "Keeps the store, serves the control API, publishes to the gate.\n\n");
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++)
        printf("  %s %s\n        %s\n", rows[i].name, rows[i].argument, rows[i].help);
    printf("  --help\n  --version\n");
}

void fg_options_gate_dir(const char *data_dir, char *ret_path, size_t room)
{
    char real[PATH_MAX], text[2 * FG_SHA256_BYTES + 1];
    uint8_t hash[FG_SHA256_BYTES];
    if (!realpath(data_dir, real))
        (void)snprintf(real, sizeof(real), "%s", data_dir);
    fg_sha256(real, strlen(real), hash);
    fg_hex(hash, 6, text);
    (void)snprintf(ret_path, room, "/dev/shm/faregate-%u-%s", (unsigned)getuid(), text);
}
