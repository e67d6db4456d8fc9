/*
 * sweep - what goes with time, once a minute: entries of the log of changes, answers that client tokens
 * remember.
 *
 * Threads    Takes the node's lock for each step, which is short: some thousand rows.
 */
#ifndef FG_DAEMON_SWEEP_H
#define FG_DAEMON_SWEEP_H

#include "node.h"

/* Nothing before a minute has passed since the last one, which *last_us holds. */
void fg_sweep(fg_node_t *node, fg_now_t now, int64_t *last_us);

#endif
