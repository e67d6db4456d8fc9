/*
 * node - the one faregated of a data directory: store, agent, control, and the lock around them.
 *
 * Threads    fg_node_lock around every use of store, agent and control. The mount's thread and the
 * two timers take it.
 */
#ifndef FG_DAEMON_NODE_H
#define FG_DAEMON_NODE_H

#include "control/control.h"
#include "options.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct fg_node {
    const fg_options_t *options;
    int group_id;
    const char *gate_path;
    fg_store_t *store;
    fg_agent_t *agent;
    fg_control_t control;
    pthread_mutex_t mutex;
    _Atomic int64_t drained_us; /* monotonic time of the last drain that went well */
} fg_node_t;

/* Opens store and gate; writes the credentials file when it is missing. */
FG_MUST_USE fg_status_t fg_node_open(fg_node_t *node, const fg_options_t *options,
                                     fg_error_t *reterr);
/* Drains once more. */
void fg_node_close(fg_node_t *node);
void fg_node_lock(void *node);
void fg_node_unlock(void *node);
/* JSON of GET /_faregate/health, in the arena; FG_STR_NONE on lack of memory. Takes the lock. */
fg_str_t fg_node_health(fg_node_t *node, fg_arena_t *arena);

#endif
