#include "timers.h"

#include <time.h>

enum { DRAIN_INTERVAL_S = 1, STOP_WAIT_S = 1 };

static pthread_mutex_t stop_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t stop_cond;
static bool is_stopping;
static pthread_t drain_thread, resolve_thread;

/* Wait; true when it is time to stop. */
static bool pause_s(int64_t seconds)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += seconds;
    (void)pthread_mutex_lock(&stop_mutex);
    while (!is_stopping && pthread_cond_timedwait(&stop_cond, &stop_mutex, &until) == 0)
        ;
    bool is_over = is_stopping;
    (void)pthread_mutex_unlock(&stop_mutex);
    return is_over;
}

static void *drain(void *argument)
{
    fg_node_t *node = argument;
    while (!pause_s(DRAIN_INTERVAL_S)) {
        fg_error_t error;
        fg_node_lock(node);
        fg_now_t now = fg_now();
        if (fg_agent_drain(node->agent, now, &error) ==
            FG_OK) /* the agent logs when that changes */
            node->drained_us = now.mono.us;
        fg_node_unlock(node);
    }
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
        pthread_create(&resolve_thread, NULL, resolve, node) != 0)
        return fg_error_set(reterr, FG_INTERNAL, "", "a thread cannot be started");
    return FG_OK;
}

bool fg_timers_stop(void)
{
    (void)pthread_mutex_lock(&stop_mutex);
    is_stopping = true;
    (void)pthread_cond_broadcast(&stop_cond);
    (void)pthread_mutex_unlock(&stop_mutex);
    (void)pthread_join(drain_thread, NULL);
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += STOP_WAIT_S;
    return pthread_timedjoin_np(resolve_thread, NULL, &until) == 0;
}
