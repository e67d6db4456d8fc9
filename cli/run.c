/*
 * run - `faregate run`: make ready, then supervise.
 */
#include "base/own_dir.h"
#include "flags.h"
#include "nginx_conf.h"
#include "ports.h"
#include "supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WORKERS_MAX = 512 };

typedef struct run {
    const char *data_dir;
    const char *data_port_text, *control_port_text;
    const char *data_address, *control_address;
    const char *workers_text;
    const char *access_log, *trusted_proxies;
    const char *nginx, *module, *faregated;
    const char *gate_dir;
    /* handed on to faregated as they are */
    const char *profile, *quota_exceeded_status, *plans_per_key, *keys_without_plan, *key_values;
    const char *purge_key_values, *keys_max;
    const char *usage_minutes_keep, *usage_days_keep, *audit_keep, *metrics_top_keys;
    const char *region, *account_id, *alert_webhook_url, *log_level;
    const char *lambda_endpoint;

    int64_t data_port, control_port, workers;
    const char *real_dir;
    const char *user;  /* what nginx's workers run as; NULL: as we do */
    const char *group; /* its group's name */
    gid_t gid;
    const char *socket, *conf, *pid_path, *log_dir, *temp_dir;
} run_t;

static bool is_address_list(const char *text)
{
    return *text != '\0' && text[strspn(text, "0123456789abcdefABCDEF.:/,")] == '\0';
}

static bool are_values_good(run_t *run)
{
    if (!run->data_dir) {
        fg_say("run: --data-dir is needed");
        return false;
    }
    if (run->access_log && strcmp(run->access_log, "on") != 0 &&
        strcmp(run->access_log, "off") != 0) {
        fg_say("run: --access-log takes on or off, not '%s'", run->access_log);
        return false;
    }
    if (run->trusted_proxies && !is_address_list(run->trusted_proxies)) {
        fg_say("run: --trusted-proxies takes address ranges, not '%s'", run->trusted_proxies);
        return false;
    }
    return fg_flag_number("--data-port", run->data_port_text, 1, 65535, &run->data_port) &&
           fg_flag_number("--control-port", run->control_port_text, 1, 65535, &run->control_port) &&
           fg_flag_number("--workers", run->workers_text, 1, WORKERS_MAX, &run->workers);
}

static bool parse(run_t *run, int argc, char **argv, int *ret_code)
{
    const fg_flag_t flags[] = {
        {"--data-dir", "DIR", "where the store, keys and logs are kept (needed)", &run->data_dir},
        {"--data-port", "PORT", "callers of the APIs; 8080", &run->data_port_text},
        {"--control-port", "PORT", "the control API; 8081", &run->control_port_text},
        {"--data-address", "ADDRESS", "127.0.0.1", &run->data_address},
        {"--control-address", "ADDRESS", "127.0.0.1", &run->control_address},
        {"--workers", "N", "nginx worker processes; one for each processor", &run->workers_text},
        {"--profile", "aws|guide", "whose defaults hold where the sources disagree", &run->profile},
        {"--quota-exceeded-status", "403|429", "status of Limit Exceeded",
         &run->quota_exceeded_status},
        {"--plans-per-key", "one-per-stage|one", "how many plans a key may be on",
         &run->plans_per_key},
        {"--keys-without-plan", "refuse|allow", "what a key on no plan gets",
         &run->keys_without_plan},
        {"--key-values", "recoverable|hashed", "whether new key values can be shown again",
         &run->key_values},
        {"--purge-key-values", "yes|no", "forget those that could be shown again",
         &run->purge_key_values},
        {"--keys-max", "N", "most keys that can be created", &run->keys_max},
        {"--usage-minutes-keep", "DAYS", "how long usage by the minute is kept; 35",
         &run->usage_minutes_keep},
        {"--usage-days-keep", "DAYS", "how long usage by the day is kept; 800",
         &run->usage_days_keep},
        {"--audit-keep", "DAYS", "how long the log of changes is kept; 800", &run->audit_keep},
        {"--region", "NAME", "region in ARNs; us-east-1", &run->region},
        {"--account-id", "DIGITS", "account in ARNs and messages; 000000000000", &run->account_id},
        {"--alert-webhook-url", "URL", "where alerts of quotas go", &run->alert_webhook_url},
        {"--lambda-endpoint", "URL", "where test invocations find Lambda functions",
         &run->lambda_endpoint},
        {"--metrics-top-keys", "N", "keys with series of their own in /metrics; 20",
         &run->metrics_top_keys},
        {"--log-level", "LEVEL", "of faregated", &run->log_level},
        {"--access-log", "on|off", "one line a request in DIR/nginx/access.log; on",
         &run->access_log},
        {"--trusted-proxies", "CIDR,...", "whose X-Forwarded-For names the client",
         &run->trusted_proxies},
        {"--gate-dir", "DIR", "the gate's directory, on tmpfs; below /dev/shm", &run->gate_dir},
        {"--nginx", "PATH", "the nginx program", &run->nginx},
        {"--module", "PATH", "ngx_http_faregate_module.so", &run->module},
        {"--faregated", "PATH", "the faregated program", &run->faregated},
    };
    const fg_flags_t table = {"run", "start faregated and nginx, and keep them running", flags,
                              FG_COUNT_OF(flags)};

    if (!fg_flags_parse(&table, argc, argv, ret_code))
        return false;
    *ret_code = FG_EXIT_USAGE;
    return are_values_good(run);
}

/* `path` exists as a directory afterwards, with its parents. */
static bool make_dirs(const char *path, mode_t mode)
{
    char *copy = fg_text("%s", path);

    for (char *at = copy + 1; *at; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        if (mkdir(copy, 0755) != 0 && errno != EEXIST)
            return false;
        *at = '/';
    }
    return mkdir(copy, mode) == 0 || errno == EEXIST;
}

/* The gate's directory is where anybody may make directories: one of another user is not taken. */
static bool make_gate_dir(const char *path)
{
    fg_error_t error;
    char *parent = fg_text("%s", path);
    char *slash = strrchr(parent, '/');

    if (slash && slash != parent) {
        *slash = '\0';
        (void)make_dirs(parent, 0755); /* a failure shows in the next step */
    }
    if (fg_own_dir_make(path, 0750, &error) == FG_OK)
        return true;
    fg_say("%s", error.message);
    return false;
}

/* The lock is held to the end of the process and not inherited by those it starts. */
static bool lock_data_dir(const char *dir)
{
    int fd = open(fg_text("%s/run.lock", dir), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0) {
        fg_say("cannot write in %s: %s", dir, strerror(errno));
        return false;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    fg_instance_t other = {0};
    if (fg_instance_read(dir, &other))
        fg_say("%s is in use by faregate run (pid %d)", dir, (int)other.supervisor);
    else
        fg_say("%s is in use by another faregate run", dir);
    close(fd);
    return false;
}

/* Root gives nginx's workers away; everybody else keeps them. */
static bool choose_user(run_t *run)
{
    static const char *const names[] = {"www-data", "nobody"};

    if (geteuid() != 0)
        return true;
    for (size_t i = 0; i < FG_COUNT_OF(names); i++) {
        struct passwd *user = getpwnam(names[i]);
        struct group *group = user ? getgrgid(user->pw_gid) : NULL;
        if (!group)
            continue;
        run->user = names[i];
        run->gid = group->gr_gid;
        run->group = fg_text("%s", group->gr_name);
        return true;
    }
    fg_say("there is neither a user www-data nor nobody for nginx's workers");
    return false;
}

static bool make_places(run_t *run)
{
    char real[PATH_MAX];

    if (!make_dirs(run->data_dir, 0755) || !realpath(run->data_dir, real)) {
        fg_say("cannot create the data directory %s: %s", run->data_dir, strerror(errno));
        return false;
    }
    run->real_dir = fg_text("%s", real);
    if (!run->gate_dir)
        run->gate_dir = fg_place_gate_dir(run->real_dir);
    run->socket = fg_text("%s/control.sock", run->gate_dir);
    run->conf = fg_text("%s/nginx/nginx.conf", run->real_dir);
    run->pid_path = fg_text("%s/nginx/nginx.pid", run->real_dir);
    run->log_dir = fg_text("%s/nginx", run->real_dir);
    /* Workers of another user cannot reach into a private data directory: their bodies go beside
     * the gate. */
    run->temp_dir =
        run->user ? fg_text("%s/tmp", run->gate_dir) : fg_text("%s/nginx/tmp", run->real_dir);
    if (!make_gate_dir(run->gate_dir))
        return false;
    if (make_dirs(run->log_dir, 0755) && make_dirs(run->temp_dir, 0750))
        return true;
    fg_say("cannot create a directory: %s", strerror(errno));
    return false;
}

static bool give_to_workers(const run_t *run)
{
    const char *const dirs[] = {run->gate_dir, run->temp_dir};

    if (!run->group)
        return true;
    for (size_t i = 0; i < FG_COUNT_OF(dirs); i++) {
        if (chown(dirs[i], (uid_t)-1, run->gid) != 0 || chmod(dirs[i], 0750) != 0) {
            fg_say("cannot give %s to the group %s: %s", dirs[i], run->group, strerror(errno));
            return false;
        }
    }
    return true;
}

static bool find_programs(run_t *run)
{
    run->nginx = run->nginx ? run->nginx : fg_place_nginx();
    run->module = run->module ? run->module : fg_place_module();
    run->faregated = run->faregated ? run->faregated : fg_place_faregated();
    if (!run->nginx)
        fg_say("nginx is not installed (apt install nginx), or name it with --nginx");
    else if (!run->module)
        fg_say("ngx_http_faregate_module.so is not beside this program; name it with --module");
    else if (!run->faregated)
        fg_say("faregated is not beside this program; name it with --faregated");
    else
        return true;
    return false;
}

static bool ports_are_free(const run_t *run)
{
    fg_error_t error;

    if (fg_port_try(run->data_address, (uint16_t)run->data_port, &error) == FG_OK &&
        fg_port_try(run->control_address, (uint16_t)run->control_port, &error) == FG_OK)
        return true;
    fg_say("%s", error.message);
    return false;
}

static bool write_conf(const run_t *run)
{
    char module[PATH_MAX];
    const fg_nginx_conf_t conf = {
        .module_path = realpath(run->module, module) ? module : run->module,
        .gate_path = fg_text("%s/gate", run->gate_dir),
        .data_address = run->data_address,
        .data_port = (uint16_t)run->data_port,
        .control_address = run->control_address,
        .control_port = (uint16_t)run->control_port,
        .control_socket = run->socket,
        .worker_count = (unsigned)run->workers,
        .user = run->user,
        .log_dir = run->log_dir,
        .is_access_log_off = run->access_log && strcmp(run->access_log, "off") == 0,
        .trusted_proxies = run->trusted_proxies,
        .is_exact = run->profile && strcmp(run->profile, "aws") == 0,
        .temp_dir = run->temp_dir,
        .pid_path = run->pid_path,
        .trusted_certificates = fg_nginx_conf_system_certificates(),
    };
    FILE *out = fopen(run->conf, "we");
    fg_status_t status = out ? fg_nginx_conf_write(&conf, out) : FG_IO;

    if (out && fclose(out) != 0)
        status = FG_IO;
    if (status == FG_BAD_REQUEST)
        fg_say("a path or address holds what an nginx configuration cannot hold");
    else if (status != FG_OK)
        fg_say("cannot write %s: %s", run->conf, strerror(errno));
    return status == FG_OK;
}

/* Words of a command line in the making; the array is large enough for every option there is. */
typedef struct words {
    char *word[48];
    size_t count;
} words_t;

static void add(words_t *words, const char *name, const char *value)
{
    if (!value)
        return;
    FG_ASSERT(words->count + 2 < FG_COUNT_OF(words->word));
    words->word[words->count++] = fg_text("%s", name);
    words->word[words->count++] = fg_text("%s", value);
}

static words_t faregated_words(const run_t *run)
{
    words_t words = {.word = {fg_text("%s", run->faregated)}, .count = 1};

    add(&words, "--data-dir", run->real_dir);
    add(&words, "--socket", run->socket);
    add(&words, "--gate-dir", run->gate_dir);
    add(&words, "--gate-group", run->group);
    add(&words, "--profile", run->profile);
    add(&words, "--quota-exceeded-status", run->quota_exceeded_status);
    add(&words, "--plans-per-key", run->plans_per_key);
    add(&words, "--keys-without-plan", run->keys_without_plan);
    add(&words, "--key-values", run->key_values);
    add(&words, "--purge-key-values", run->purge_key_values);
    add(&words, "--keys-max", run->keys_max);
    add(&words, "--usage-minutes-keep", run->usage_minutes_keep);
    add(&words, "--usage-days-keep", run->usage_days_keep);
    add(&words, "--audit-keep", run->audit_keep);
    add(&words, "--region", run->region);
    add(&words, "--account-id", run->account_id);
    add(&words, "--alert-webhook-url", run->alert_webhook_url);
    add(&words, "--lambda-endpoint", run->lambda_endpoint);
    add(&words, "--metrics-top-keys", run->metrics_top_keys);
    add(&words, "--log-level", run->log_level);
    return words;
}

static words_t nginx_words(const run_t *run, bool is_test)
{
    words_t words = {.word = {fg_text("%s", run->nginx)}, .count = 1};

    add(&words, "-c", run->conf);
    add(&words, "-p", fg_text("%s/nginx/", run->real_dir));
    add(&words, "-e", fg_text("%s/error.log", run->log_dir));
    if (is_test)
        add(&words, "-q", "-t");
    return words;
}

static int supervise(const run_t *run)
{
    words_t faregated = faregated_words(run);
    words_t nginx = nginx_words(run, false);
    words_t nginx_test = nginx_words(run, true);
    const fg_supervision_t supervision = {
        .data_dir = run->real_dir,
        .instance =
            {
                .data_url = fg_text("http://%s:%d", fg_port_reachable(run->data_address),
                                    (int)run->data_port),
                .control_url = fg_text("http://%s:%d", fg_port_reachable(run->control_address),
                                       (int)run->control_port),
                .gate_dir = run->gate_dir,
                .socket = run->socket,
            },
        .data_address = run->data_address,
        .data_port = (uint16_t)run->data_port,
        .faregated_argv = faregated.word,
        .nginx_argv = nginx.word,
        .nginx_test_argv = nginx_test.word,
        .nginx_pid_path = run->pid_path,
    };

    return fg_supervise(&supervision);
}

int fg_run_command(int argc, char **argv)
{
    run_t run = {.data_port = 8080, .control_port = 8081};
    fg_instance_t earlier;
    int code;

    if (!parse(&run, argc, argv, &code))
        return code;
    umask(umask(0) | 022); /* what we write is started as root: never open to others */
    run.data_address = run.data_address ? run.data_address : "127.0.0.1";
    run.control_address = run.control_address ? run.control_address : "127.0.0.1";
    if (!choose_user(&run) || !make_places(&run) || !lock_data_dir(run.real_dir))
        return FG_EXIT_FAILURE;
    if (fg_instance_read(run.real_dir, &earlier))
        fg_end_leftovers(&earlier);
    if (!find_programs(&run) || !ports_are_free(&run) || !give_to_workers(&run) ||
        !write_conf(&run))
        return FG_EXIT_FAILURE;
    return supervise(&run);
}
