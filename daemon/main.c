/*
 * faregated - one per node: control API, owner of store and gate, usage drain.
 *
 * Exit codes: 0 after SIGTERM or SIGINT, 1 when it cannot run, 2 when the command line is wrong; of --backup,
 * --verify and --restore 0 when it is done and all is well, else 1.
 */
#include "backup.h"
#include "exchange.h"
#include "mount.h"
#include "node.h"
#include "options.h"
#include "pid_file.h"
#include "timers.h"
#include "webhook.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, WORKERS_WAIT_MS = 1000, WORKERS_POLL_MS = 20 };

static int fail(const fg_error_t *error)
{
    const char *message = error->message[0] ? error->message : fg_status_text(error->status);
    fg_log(FG_LOG_ERROR, "cannot start: %s", message);
    return EXIT_FAILURE;
}

/* Threads inherit the mask, so that only sigwait sees these. */
static void block_signals(sigset_t *ret_signals)
{
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    (void)sigemptyset(ret_signals);
    (void)sigaddset(ret_signals, SIGTERM);
    (void)sigaddset(ret_signals, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, ret_signals, NULL);
}

/* Workers that were told to stop as well: when they are gone nothing of what was granted is lost
 * (rule L6). Those that stay keep the gate. */
static void await_workers(fg_node_t *node)
{
    const struct timespec pause = {.tv_nsec = WORKERS_POLL_MS * 1000000L};
    bool are_there = true;
    for (int waited_ms = 0; are_there && waited_ms < WORKERS_WAIT_MS;
         waited_ms += WORKERS_POLL_MS) {
        fg_node_lock(node);
        are_there = fg_gate_is_held(fg_agent_writer(node->agent));
        fg_node_unlock(node);
        if (are_there)
            (void)nanosleep(&pause, NULL);
    }
}

static int serve(fg_node_t *node, const sigset_t *signals)
{
    fg_mount_t *mount;
    fg_error_t error = {0};
    int signal_number = 0;
    if (fg_exchanges_start(node, &error) != FG_OK ||
        fg_mount_start(node, &mount, &error) != FG_OK) {
        fg_node_close(node);
        return fail(&error);
    }
    if (fg_timers_start(node, &error) != FG_OK || fg_webhooks_start(node, &error) != FG_OK)
        return fail(&error);
    fg_log(FG_LOG_INFO, "faregated %s serves %s on %s", FG_VERSION, node->options->data_dir,
           node->options->socket_path);
    (void)sigwait(signals, &signal_number);
    fg_log(FG_LOG_INFO, "stopping on signal %d", signal_number);
    await_workers(node);
    bool is_mount_idle = fg_mount_stop(mount);
    fg_webhooks_stop();
    bool is_idle = fg_timers_stop(node) && is_mount_idle;
    fg_node_lock(node);
    if (is_idle) {
        fg_exchanges_stop();
        fg_node_close(node);
    } else { /* a look-up hangs and would touch the agent or the store: save the counts, leave the rest to the
                kernel */
        if (fg_agent_drain(node->agent, fg_now(), &error) != FG_OK)
            fg_log(FG_LOG_WARN, "the last drain failed, the counts stay in the gate: %s",
                   error.message);
        _exit(EXIT_SUCCESS);
    }
    fg_node_unlock(node);
    fg_log(FG_LOG_INFO, "stopped");
    return EXIT_SUCCESS;
}

int main(int count, char **arguments)
{
    fg_options_t options;
    fg_error_t error = {0};
    if (fg_options_parse(count, arguments, &options, &error) != FG_OK) {
        (void)fprintf(stderr, "faregated: %s\nTry 'faregated --help'.\n", error.message);
        return EXIT_USAGE;
    }
    if (options.is_help || options.is_version) {
        if (options.is_help)
            fg_options_print_help();
        else
            printf("faregated %s\n", FG_VERSION);
        return EXIT_SUCCESS;
    }
    if (fg_backup_is_asked(&options))
        return fg_backup_run(&options);
    fg_log_set_level(options.log_level);
    sigset_t signals;
    block_signals(&signals);
    int pid_fd;
    fg_node_t node;
    if (fg_pid_file_take(options.data_dir, &pid_fd, &error) != FG_OK ||
        fg_node_open(&node, &options, &error) != FG_OK)
        return fail(&error);
    return serve(&node, &signals);
}
