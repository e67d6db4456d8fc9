/*
 * timers - what happens by itself: the drain every second, grants when a worker waits for one, the
 * look-up of backend names every few seconds.
 *
 * Threads    One thread each; the look-up may take seconds and does not hold the others up.
 */
#ifndef FG_DAEMON_TIMERS_H
#define FG_DAEMON_TIMERS_H

#include "node.h"

FG_MUST_USE fg_status_t fg_timers_start(fg_node_t *node, fg_error_t *reterr);
/* Ends the threads of drain and grants; the other is waited for unless it is in a look-up: false
 * then, and the node must stay. */
bool fg_timers_stop(fg_node_t *node);

#endif
