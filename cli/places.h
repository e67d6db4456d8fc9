/*
 * places - where things are: programs beside our own, the gate's directory, what a running instance
 * has written down.
 *
 * Shape      DIR/run.json {"pid","faregated","nginx","data","control","gateDir","socket"} is
 * rewritten whole by `faregate run` whenever a child is started; every other command only reads it.
 * Ownership  Texts live in the process's arena.
 */
#ifndef FG_CLI_PLACES_H
#define FG_CLI_PLACES_H

#include "base/json.h"
#include "cli.h"

#include <sys/types.h>

enum { FG_RUN_FILE_BYTES_MAX = 64 * 1024 };

typedef struct fg_instance {
    pid_t supervisor; /* 0: unknown */
    pid_t faregated;
    pid_t nginx;          /* the master, which is its own process group */
    const char *data_url; /* "http://127.0.0.1:8080" */
    const char *control_url;
    const char *gate_dir;
    const char *socket;
} fg_instance_t;

/* The data directory that holds for a client: `given`, FAREGATE_DATA_DIR, ./run, /var/lib/faregate;
 * the last two only when they hold run.json. NULL when there is none. */
const char *fg_place_data_dir(const char *given);
/* Beside our own binary, then where the package puts it. NULL when it is nowhere. */
const char *fg_place_faregated(void);
const char *fg_place_module(void);
const char *fg_place_nginx(void);
/* /dev/shm/faregate-<uid>-<hash of the real path>. */
const char *fg_place_gate_dir(const char *real_data_dir);

/* False when there is no readable run.json; then nothing is known. */
FG_MUST_USE bool fg_instance_read(const char *data_dir, fg_instance_t *ret_instance);
/* Beside and renamed, so that a reader never meets half a file. */
FG_MUST_USE bool fg_instance_write(const char *data_dir, const fg_instance_t *instance);

/* True while `pid` lives and its command is called `name`. */
bool fg_process_is(pid_t pid, const char *name);
/* Send `signal` to every process called `name` in the process group; the number of those found. */
size_t fg_process_group_signal(pid_t group, const char *name, int signal);

#endif
