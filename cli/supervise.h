/*
 * supervise - keep faregated and nginx running, and end them in order.
 *
 * Shape      One thread: signals arrive through a signalfd, which is polled with the time until
 * something is due. Nothing happens in a signal handler, so nothing can interrupt between fork and
 * the note of the child's pid. Each child is its own process group, so that what a killed nginx
 * master leaves behind is found and ended. Rule       Children get SIGTERM when the supervisor dies
 * (PR_SET_PDEATHSIG). A child that ends before everything has served once ends the run; later it is
 * started again after 0.1 s, doubled up to 5 s while it keeps dying young.
 */
#ifndef FG_CLI_SUPERVISE_H
#define FG_CLI_SUPERVISE_H

#include "places.h"

typedef struct fg_supervision {
    const char *data_dir;   /* run.json is kept there */
    fg_instance_t instance; /* addresses, gate, socket; the pids are filled in */
    const char *data_address;
    uint16_t data_port;
    char *const *faregated_argv;
    char *const *nginx_argv;
    char *const *nginx_test_argv; /* nginx -t: run once, before nginx is first started */
    const char *nginx_pid_path;
} fg_supervision_t;

/* Until SIGTERM or SIGINT: FG_EXIT_OK. FG_EXIT_FAILURE, said on stderr, when it could not be
 * brought up. */
int fg_supervise(const fg_supervision_t *supervision);
/* End what an earlier supervisor that was killed left running, nginx workers included. */
void fg_end_leftovers(const fg_instance_t *earlier);

#endif
