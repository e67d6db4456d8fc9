/*
 * doctor - `faregate doctor`: what is wrong with an installation, and what to do about it.
 */
#include "flags.h"
#include "places.h"
#include "ports.h"
#include "request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    FREE_WARN_MIB = 512,
    FREE_FAIL_MIB = 32,
    FILL_WARN_PERCENT = 80,
    HEALTH_TIMEOUT_MS = 3000,
    OUTPUT_BYTES_MAX = 4096,
    BIRTH_S = 1700000000, /* no clock that is right shows less */
};

typedef enum level { LEVEL_OK, LEVEL_WARN, LEVEL_FAIL } level_t;

static const char *const level_names[] = {"ok", "warn", "fail"};

typedef struct doctor {
    const char *data_dir;
    fg_instance_t instance;
    bool has_instance;
    bool is_json;
    level_t worst;
    json_t *rows;
} doctor_t;

/* One row of the report. `remedy` is left out when all is well. */
static void report(doctor_t *doctor, level_t level, const char *name, const char *text,
                   const char *remedy)
{
    json_array_append_new(doctor->rows, json_pack("{s:s, s:s, s:s, s:s*}", "check", name, "level",
                                                  level_names[level], "text", text, "remedy",
                                                  level == LEVEL_OK ? NULL : remedy));
    if (level > doctor->worst)
        doctor->worst = level;
    if (doctor->is_json)
        return;
    printf("%-4s  %-12s %s\n", level_names[level], name, text);
    if (level != LEVEL_OK)
        printf("                    -> %s\n", remedy);
}

static void check_data_dir(doctor_t *doctor)
{
    struct stat found;

    if (stat(doctor->data_dir, &found) != 0)
        report(doctor, LEVEL_FAIL, "data dir", fg_text("%s: %s", doctor->data_dir, strerror(errno)),
               "start it once: faregate run --data-dir DIR");
    else if (!S_ISDIR(found.st_mode) || access(doctor->data_dir, R_OK | W_OK | X_OK) != 0)
        report(doctor, LEVEL_FAIL, "data dir", fg_text("%s cannot be written", doctor->data_dir),
               "run as the user that owns it");
    else
        report(doctor, LEVEL_OK, "data dir", doctor->data_dir, "");
}

static void check_secret_file(doctor_t *doctor, const char *name)
{
    const char *path = fg_text("%s/%s", doctor->data_dir, name);
    struct stat found;

    if (stat(path, &found) != 0)
        report(doctor, LEVEL_WARN, "secrets", fg_text("%s: %s", path, strerror(errno)),
               "the first start creates it; lost, key values and signatures cannot be read again: "
               "restore it from a backup");
    else if (found.st_mode & 077)
        report(doctor, LEVEL_FAIL, "secrets",
               fg_text("%s can be read by others (mode %03o)", path, found.st_mode & 0777),
               fg_text("chmod 600 %s", path));
    else
        report(doctor, LEVEL_OK, "secrets", fg_text("%s has mode 600", path), "");
}

static void check_disk(doctor_t *doctor)
{
    const char *const dirs[] = {doctor->data_dir, doctor->instance.gate_dir};

    for (size_t i = 0; i < FG_COUNT_OF(dirs); i++) {
        struct statvfs found;
        if (!dirs[i] || statvfs(dirs[i], &found) != 0)
            continue;
        unsigned long long mib = (unsigned long long)found.f_bavail * found.f_frsize >> 20;
        level_t level = mib < FREE_FAIL_MIB   ? LEVEL_FAIL
                        : mib < FREE_WARN_MIB ? LEVEL_WARN
                                              : LEVEL_OK;
        report(doctor, level, "space", fg_text("%llu MiB free for %s", mib, dirs[i]),
               "make room: a full disk refuses changes, a full tmpfs refuses keys");
    }
}

static void check_clock(doctor_t *doctor)
{
    struct timex state = {0};
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec < BIRTH_S)
        report(doctor, LEVEL_FAIL, "clock", "the clock is years behind",
               "set it: quotas open by it and signatures are refused when it is wrong");
    else if (adjtimex(&state) == TIME_ERROR)
        report(doctor, LEVEL_WARN, "clock", "nothing keeps the clock right (no NTP)",
               "install chrony or systemd-timesyncd: signatures allow five minutes");
    else
        report(doctor, LEVEL_OK, "clock", "synchronised", "");
}

static void check_process(doctor_t *doctor, const char *name, pid_t pid, const char *command)
{
    if (fg_process_is(pid, command))
        report(doctor, LEVEL_OK, name, fg_text("pid %d", (int)pid), "");
    else
        report(doctor, LEVEL_FAIL, name, pid ? fg_text("pid %d is gone", (int)pid) : "not running",
               fg_text("start it: faregate run --data-dir %s", doctor->data_dir));
}

/* What /_faregate/health says; new reference, NULL when there is no answer. */
static json_t *ask_health(const doctor_t *doctor)
{
    fg_http_request_t request = {.endpoint = "http://localhost",
                                 .socket = doctor->instance.socket,
                                 .verb = "GET",
                                 .path = FG_STR("/_faregate/health"),
                                 .query = FG_STR(""),
                                 .timeout_ms = HEALTH_TIMEOUT_MS};
    fg_http_answer_t answer;
    fg_error_t error;

    if (!doctor->instance.socket || fg_http_call(&request, &answer, &error) != FG_OK ||
        answer.status != 200)
        return NULL;
    json_t *health = fg_json_parse(answer.body, &error);
    return health ? health : json_object();
}

/* The first number among the members of `object` and what it holds that is called `name`; -1 when
 * there is none. */
static double number_called(json_t *object, const char *name)
{
    const char *member;
    json_t *value;

    json_object_foreach(object, member, value)
    {
        if (json_is_number(value) && strcmp(member, name) == 0)
            return json_number_value(value);
        double inner = number_called(value, name);
        if (inner >= 0)
            return inner;
    }
    return -1;
}

/* What a full table of the gate means; a table is "NAME" and "NAMEMax" in the answer of /health. */
static const struct {
    const char *name, *full_name, *hint;
} tables[] = {
    {"keys", "keysMax", "it fills up: a full gate refuses to create keys"},
    {"slots", "slotsMax", "it fills up: a full gate refuses to put keys on plans"},
    {"buckets", "bucketsMax", "it fills up: requests that find no throttle bucket are refused"},
};

/* The first table that is nearly full, else the keys. */
static size_t fullest_table(json_t *health, double *ret_percent)
{
    for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
        double most = number_called(health, tables[i].full_name);
        *ret_percent = most > 0 ? 100 * number_called(health, tables[i].name) / most : 0;
        if (*ret_percent >= FILL_WARN_PERCENT)
            return i;
    }
    *ret_percent = 0;
    return 0;
}

static void check_gate(doctor_t *doctor, json_t *health)
{
    const char *path =
        fg_text("%s/gate", doctor->instance.gate_dir ? doctor->instance.gate_dir : "");
    struct stat found;
    double percent;

    if (stat(path, &found) != 0) {
        report(doctor, LEVEL_FAIL, "gate", fg_text("%s: %s", path, strerror(errno)),
               "restart: it is built again from the store");
        return;
    }
    const char *text =
        fg_text("%s, %lld MiB in memory", path, (long long)found.st_blocks * 512 >> 20);
    if (number_called(health, "keys") < 0) {
        report(doctor, LEVEL_OK, "gate", text, "");
        return;
    }
    size_t table = fullest_table(health, &percent);
    report(doctor, percent >= FILL_WARN_PERCENT ? LEVEL_WARN : LEVEL_OK, "gate",
           fg_text("%s, %.0f of %.0f %s", text, number_called(health, tables[table].name),
                   number_called(health, tables[table].full_name), tables[table].name),
           tables[table].hint);
}

static void check_faregated(doctor_t *doctor)
{
    check_process(doctor, "faregated", doctor->instance.faregated, "faregated");
    FG_JSON_SCOPED *health = ask_health(doctor);
    if (health)
        report(doctor, LEVEL_OK, "health", "faregated answers on its socket", "");
    else
        report(doctor, LEVEL_FAIL, "health", "faregated does not answer on its socket",
               "see its messages on the terminal or in the journal of faregate run");
    check_gate(doctor, health);
}

/* Run a program, its stdout and stderr into ret_output; its exit code, -1 when it could not be run.
 */
static int run_program(char *const *argv, char ret_output[OUTPUT_BYTES_MAX])
{
    int ends[2];
    size_t len = 0;
    ssize_t got;
    int status;

    ret_output[0] = '\0';
    if (pipe(ends) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        execv(argv[0], argv);
        _exit(127);
    }
    close(ends[1]);
    while (pid > 0 && len + 1 < OUTPUT_BYTES_MAX &&
           (got = read(ends[0], ret_output + len, OUTPUT_BYTES_MAX - 1 - len)) > 0)
        len += (size_t)got;
    ret_output[len] = '\0';
    close(ends[0]);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

static void check_configuration(doctor_t *doctor)
{
    const char *nginx = fg_place_nginx();
    char *conf = fg_text("%s/nginx/nginx.conf", doctor->data_dir);
    char output[OUTPUT_BYTES_MAX];
    char *argv[] = {fg_text("%s", nginx ? nginx : ""),
                    fg_text("-t"),
                    fg_text("-q"),
                    fg_text("-c"),
                    conf,
                    fg_text("-e"),
                    fg_text("stderr"),
                    NULL};
    char real[4096];

    if (!nginx) {
        report(doctor, LEVEL_FAIL, "nginx -t", "nginx is not installed", "apt install nginx");
        return;
    }
    if (realpath(conf, real)) /* nginx reads it relative to its own prefix */
        argv[4] = real;
    int code = run_program(argv, output);
    if (code == 0)
        report(doctor, LEVEL_OK, "nginx -t", "the configuration is accepted, the module loads", "");
    else
        report(doctor, LEVEL_FAIL, "nginx -t",
               *output ? fg_text_of(fg_str_trim(fg_str(output))) : "nginx could not be run",
               "the module must be built for this very nginx; then restart faregate run");
}

/* "http://127.0.0.1:8080" accepts. */
static void check_port(doctor_t *doctor, const char *name, const char *url)
{
    fg_str_t host = fg_str(url ? url : "");
    int64_t port = 0;

    if (fg_str_starts_with(host, FG_STR("http://")))
        host = fg_str_of(host.at + 7, host.len - 7);
    const char *colon = host.len ? strrchr(host.at, ':') : NULL;
    if (!colon || !fg_str_to_i64(fg_str(colon + 1), &port))
        return;
    bool is_open =
        fg_port_accepts(fg_text_of(fg_str_of(host.at, (size_t)(colon - host.at))), (uint16_t)port);
    report(doctor, is_open ? LEVEL_OK : LEVEL_FAIL, name,
           fg_text("%s %s", url, is_open ? "accepts" : "does not accept connections"),
           "see error.log in the nginx directory of the data directory");
}

static void check_credentials(doctor_t *doctor)
{
    const fg_wishes_t wishes = {.data_dir = doctor->data_dir};
    fg_context_t context;
    fg_refusal_t refusal;
    fg_error_t error = {.message = ""};
    json_t *output = NULL;
    FG_JSON_SCOPED *input = json_object();

    fg_status_t status = fg_context_find(&wishes, &context, &error);
    if (status == FG_OK)
        status = fg_request_send(&context, fg_command_find("get-account"), input, FG_STR_NONE,
                                 false, &output, &refusal, &error);
    json_decref(output);
    if (status == FG_OK)
        report(doctor, LEVEL_OK, "credentials",
               fg_text("a signed GetAccount works (%s)", context.source), "");
    else
        report(doctor, LEVEL_FAIL, "credentials",
               status == FG_DENIED ? fg_text("%s: %s", refusal.type, refusal.message)
                                   : fg_text("%s", error.message),
               "use the credentials file of this data directory; check the clock");
}

static void examine(doctor_t *doctor)
{
    doctor->has_instance = fg_instance_read(doctor->data_dir, &doctor->instance);
    check_data_dir(doctor);
    check_secret_file(doctor, "credentials");
    check_secret_file(doctor, "secret.key");
    check_disk(doctor);
    check_clock(doctor);
    if (!doctor->has_instance) {
        report(doctor, LEVEL_FAIL, "run", "it was never started here (no run.json)",
               fg_text("faregate run --data-dir %s", doctor->data_dir));
        return;
    }
    check_process(doctor, "supervisor", doctor->instance.supervisor, "faregate");
    check_faregated(doctor);
    check_process(doctor, "nginx", doctor->instance.nginx, "nginx");
    check_configuration(doctor);
    check_port(doctor, "data port", doctor->instance.data_url);
    check_port(doctor, "control port", doctor->instance.control_url);
    check_credentials(doctor);
}

int fg_doctor_command(int argc, char **argv)
{
    const char *data_dir = NULL;
    const char *is_json = NULL;
    const fg_flag_t flags[] = {
        {"--data-dir", "DIR", "FAREGATE_DATA_DIR, ./run or /var/lib/faregate", &data_dir},
        {"--json", NULL, "the report as JSON", &is_json},
    };
    const fg_flags_t table = {"doctor", "say what is wrong with an installation", flags,
                              FG_COUNT_OF(flags)};
    int code;

    if (!fg_flags_parse(&table, argc, argv, &code))
        return code;
    doctor_t doctor = {
        .data_dir = fg_place_data_dir(data_dir), .is_json = is_json != NULL, .rows = json_array()};
    if (!doctor.data_dir)
        doctor.data_dir = "/var/lib/faregate";
    examine(&doctor);
    if (is_json) {
        json_dumpf(doctor.rows, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(doctor.rows);
    return doctor.worst == LEVEL_FAIL ? FG_EXIT_FAILURE : FG_EXIT_OK;
}
