#include "timers.h"

#include "sweep.h"

#include <time.h>

enum { DRAIN_INTERVAL_S = 1, STOP_WAIT_S = 1, WISH_WAIT_MS = 1000 };

static pthread_mutex_t stop_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t stop_cond;
static bool is_stopping;
static pthread_t drain_thread, grant_thread, resolve_thread;

/* Wait; true when it is time to stop, at once with 0. */
static bool pause_s(int64_t seconds)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += seconds;
    (void)pthread_mutex_lock(&stop_mutex);
    while (!is_stopping && seconds > 0 &&
           pthread_cond_timedwait(&stop_cond, &stop_mutex, &until) == 0)
        ;
    bool is_over = is_stopping;
    (void)pthread_mutex_unlock(&stop_mutex);
    return is_over;
}

static void *drain(void *argument)
{
    fg_node_t *node = argument;
    int64_t swept_us = 0;
    while (!pause_s(DRAIN_INTERVAL_S)) {
        fg_error_t error;
        fg_node_lock(node);
        fg_now_t now = fg_now();
        if (fg_agent_drain(node->agent, now, &error) ==
            FG_OK) /* the agent logs when that changes */
            node->drained_us = now.mono.us;
        fg_agent_housekeep(node->agent, now);
        fg_node_unlock(node);
        fg_sweep(node, now, &swept_us);
    }
    return NULL;
}

/* The gate that workers map now, in `gate`; false when it cannot be opened. */
static bool follow(const fg_node_t *node, fg_gate_t **gate)
{
    fg_error_t error;
    if (*gate && fg_gate_is_retired(*gate)) {
        fg_gate_close(*gate);
        *gate = NULL;
    }
    return *gate || fg_gate_open(node->gate_path, gate, &error) == FG_OK;
}

/* Grants for who waits. The mapping is the thread's own: the agent may replace its gate meanwhile. */
static void *grant(void *argument)
{
    fg_node_t *node = argument;
    fg_gate_t *gate = NULL;
    uint32_t seen = 0;
    while (!pause_s(follow(node, &gate) ? 0 : 1)) {
        if (!gate)
            continue;
        seen = fg_gate_want_wait(gate, seen, WISH_WAIT_MS);
        fg_node_lock(node);
        fg_agent_grant(node->agent, fg_now());
        fg_node_unlock(node);
    }
    fg_gate_close(gate);
    return NULL;
}

static void *resolve(void *argument)
{
    fg_node_t *node = argument;
    while (!pause_s(node->options->resolve_s))
        fg_agent_resolve(node->agent, fg_node_lock, fg_node_unlock, node);
    return NULL;
}

fg_status_t fg_timers_start(fg_node_t *node, fg_error_t *reterr)
{
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&stop_cond, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    if (pthread_create(&drain_thread, NULL, drain, node) != 0 ||
        pthread_create(&grant_thread, NULL, grant, node) != 0 ||
        pthread_create(&resolve_thread, NULL, resolve, node) != 0)
        return fg_error_set(reterr, FG_INTERNAL, "", "a thread cannot be started");
    return FG_OK;
}

bool fg_timers_stop(fg_node_t *node)
{
    (void)pthread_mutex_lock(&stop_mutex);
    is_stopping = true;
    (void)pthread_cond_broadcast(&stop_cond);
    (void)pthread_mutex_unlock(&stop_mutex);
    fg_gate_want_wake(fg_gate_writer_gate(fg_agent_writer(node->agent)));
    (void)pthread_join(grant_thread, NULL);
    (void)pthread_join(drain_thread, NULL);
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += STOP_WAIT_S;
    return pthread_timedjoin_np(resolve_thread, NULL, &until) == 0;
}
