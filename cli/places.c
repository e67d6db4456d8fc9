#include "places.h"

#include "base/crypto.h"

#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *fg_place_data_dir(const char *given)
{
    static const char *const usual[] = {"run", "/var/lib/faregate"};

    if (given)
        return given;
    if (getenv("FAREGATE_DATA_DIR"))
        return getenv("FAREGATE_DATA_DIR");
    for (size_t i = 0; i < FG_COUNT_OF(usual); i++) {
        if (access(fg_text("%s/run.json", usual[i]), R_OK) == 0)
            return usual[i];
    }
    return NULL;
}

/* The directory of our own binary, without a slash at its end. */
static const char *own_dir(void)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

    if (len <= 0)
        return ".";
    path[len] = '\0';
    char *slash = strrchr(path, '/');
    *slash = '\0';
    return fg_text("%s", path);
}

static const char *first_that_exists(const char *const *paths, size_t count, int mode)
{
    for (size_t i = 0; i < count; i++) {
        if (access(paths[i], mode) == 0)
            return paths[i];
    }
    return NULL;
}

const char *fg_place_faregated(void)
{
    const char *const paths[] = {fg_text("%s/faregated", own_dir()),
                                 fg_text("%s/../sbin/faregated", own_dir()),
                                 "/usr/lib/faregate/faregated", "/usr/sbin/faregated"};

    return first_that_exists(paths, FG_COUNT_OF(paths), X_OK);
}

const char *fg_place_module(void)
{
    static const char name[] = "ngx_http_faregate_module.so";
    const char *const paths[] = {fg_text("%s/../modules/%s", own_dir(), name),
                                 fg_text("%s/../lib/nginx/modules/%s", own_dir(), name),
                                 fg_text("/usr/lib/nginx/modules/%s", name),
                                 fg_text("/usr/lib/faregate/%s", name)};
    const char *found = first_that_exists(paths, FG_COUNT_OF(paths), R_OK);
    char real[PATH_MAX];

    return found && realpath(found, real) ? fg_text("%s", real) : found;
}

const char *fg_place_nginx(void)
{
    fg_str_t rest = fg_str(getenv("PATH"));

    while (rest.at) {
        fg_str_t dir = fg_str_cut(&rest, ':');
        const char *path = fg_text("%.*s/nginx", FG_STR_ARG(dir));
        if (dir.len && access(path, X_OK) == 0)
            return path;
    }
    return access("/usr/sbin/nginx", X_OK) == 0 ? "/usr/sbin/nginx" : NULL;
}

const char *fg_place_gate_dir(const char *real_data_dir)
{
    uint8_t hash[FG_SHA256_BYTES];
    char text[2 * 6 + 1];

    fg_sha256(real_data_dir, strlen(real_data_dir), hash);
    fg_hex(hash, 6, text);
    return fg_text("/dev/shm/faregate-%u-%s", (unsigned)getuid(), text);
}

static const char *text_member(const json_t *object, const char *name)
{
    fg_str_t text = fg_json_str(json_object_get(object, name));

    return text.at ? fg_text_of(text) : NULL;
}

static pid_t pid_member(const json_t *object, const char *name)
{
    return (pid_t)json_integer_value(json_object_get(object, name));
}

bool fg_instance_read(const char *data_dir, fg_instance_t *ret_instance)
{
    fg_error_t error;
    fg_str_t text = fg_read_file(fg_text("%s/run.json", data_dir), FG_RUN_FILE_BYTES_MAX);

    if (!text.at)
        return false;
    FG_JSON_SCOPED *json = fg_json_parse(text, &error);
    if (!json_is_object(json))
        return false;
    *ret_instance = (fg_instance_t){
        .supervisor = pid_member(json, "pid"),
        .faregated = pid_member(json, "faregated"),
        .nginx = pid_member(json, "nginx"),
        .data_url = text_member(json, "data"),
        .control_url = text_member(json, "control"),
        .gate_dir = text_member(json, "gateDir"),
        .socket = text_member(json, "socket"),
    };
    return true;
}

bool fg_instance_write(const char *data_dir, const fg_instance_t *instance)
{
    char path[PATH_MAX]; /* not the arena: a supervisor that restarts for a year must not grow */
    char beside[PATH_MAX];

    snprintf(path, sizeof(path), "%s/run.json", data_dir);
    snprintf(beside, sizeof(beside), "%s/run.json.new", data_dir);
    FG_JSON_SCOPED *json =
        json_pack("{s:i, s:i, s:i, s:s, s:s, s:s, s:s}", "pid", (int)instance->supervisor,
                  "faregated", (int)instance->faregated, "nginx", (int)instance->nginx, "data",
                  instance->data_url, "control", instance->control_url, "gateDir",
                  instance->gate_dir, "socket", instance->socket);

    if (!json || json_dump_file(json, beside, JSON_INDENT(2)) != 0)
        return false;
    return rename(beside, path) == 0;
}

/* The fields of /proc/PID/stat that tell whose process it is. False when it is gone. */
static bool read_stat(pid_t pid, char ret_name[32], pid_t *ret_group)
{
    char line[512];
    snprintf(line, sizeof(line), "/proc/%d/stat", (int)pid);
    FILE *file = fopen(line, "re");
    int group;
    char state;

    if (!file)
        return false;
    size_t len = fread(line, 1, sizeof(line) - 1, file);
    fclose(file);
    line[len] = '\0';
    char *open = strchr(line, '(');
    char *close = strrchr(line, ')'); /* a name may hold a parenthesis */
    if (!open || !close || sscanf(close + 1, " %c %*d %d", &state, &group) != 2)
        return false;
    *close = '\0';
    snprintf(ret_name, 32, "%s", open + 1);
    *ret_group = group;
    return state != 'Z' && state != 'X';
}

bool fg_process_is(pid_t pid, const char *name)
{
    char found[32];
    pid_t group;

    return pid > 0 && read_stat(pid, found, &group) && strcmp(found, name) == 0;
}

size_t fg_process_group_signal(pid_t group, const char *name, int signal)
{
    DIR *processes = group > 1 ? opendir("/proc") : NULL;
    struct dirent *entry;
    size_t count = 0;

    if (!processes)
        return 0;
    while ((entry = readdir(processes))) {
        pid_t pid = (pid_t)atoi(entry->d_name);
        char found[32];
        pid_t its_group;

        if (pid <= 1 || !read_stat(pid, found, &its_group))
            continue;
        if (its_group == group && strcmp(found, name) == 0) {
            count++;
            if (signal)
                kill(pid, signal);
        }
    }
    closedir(processes);
    return count;
}
