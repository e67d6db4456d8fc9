/*
 * resolve - names of backends, looked up where nobody waits for them.
 *
 * getaddrinfo knows /etc/hosts and everything else that this machine is told to ask, and may take
 * many seconds. So each look-up of a new name has a thread of its own, and the publication that
 * wants it waits a bounded time: a fresh deployment works at once when the name does, and an answer
 * that comes too late is found by the next round. The rounds run without the lock. A name that
 * fails keeps its last good addresses.
 */
#include "agent/state.h"

#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>

/* ---- the names ---- */

fg_backend_t *fg_agent_backend(fg_agent_t *agent, fg_str_t host)
{
    for (fg_backend_t *backend = agent->backends; backend; backend = backend->next)
        if (fg_str_is(host, backend->host))
            return backend;
    fg_backend_t *backend = calloc(1, sizeof(*backend));
    char *text = strndup(host.at ? host.at : "", host.len);
    if (!backend || !text) {
        free(backend);
        free(text);
        return NULL;
    }
    backend->host = text;
    backend->next = agent->backends;
    agent->backends = backend;
    return backend;
}

void fg_agent_backends_sweep(fg_agent_t *agent)
{
    for (fg_backend_t **at = &agent->backends; *at;) {
        fg_backend_t *backend = *at;
        if (backend->stage_count > 0) {
            at = &backend->next;
            continue;
        }
        *at = backend->next;
        free(backend->host);
        free(backend);
    }
}

/* ---- one look-up ---- */

static bool look_up(const char *host, fg_route_address_t *ret_addresses, size_t *ret_count)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *list;
    size_t bytes = strlen(host);
    char *bare = NULL;
    if (host[0] == '[' && bytes > 2) /* an IPv6 address as a URI writes it */
        bare = strndup(host + 1, bytes - 2);
    int failure = getaddrinfo(bare ? bare : host, NULL, &hints, &list);
    free(bare);
    if (failure != 0)
        return false;
    size_t count = 0;
    for (struct addrinfo *info = list; info && count < FG_BACKEND_ADDRESSES_MAX;
         info = info->ai_next) {
        if (info->ai_family != AF_INET && info->ai_family != AF_INET6)
            continue;
        memset(&ret_addresses[count], 0, sizeof(ret_addresses[count]));
        memcpy(&ret_addresses[count].addr, info->ai_addr, info->ai_addrlen);
        ret_addresses[count++].bytes = info->ai_addrlen;
    }
    freeaddrinfo(list);
    *ret_count = count;
    return count > 0;
}

static bool holds(const fg_route_address_t *addresses, size_t count,
                  const fg_route_address_t *address)
{
    for (size_t i = 0; i < count; i++)
        if (addresses[i].bytes == address->bytes &&
            memcmp(&addresses[i].addr, &address->addr, address->bytes) == 0)
            return true;
    return false;
}

/* True when they differ as sets: name servers turn the order around with every answer. */
static bool store_addresses(fg_backend_t *backend, const fg_route_address_t *addresses,
                            size_t count)
{
    bool is_same = count == backend->address_count;
    for (size_t i = 0; is_same && i < count; i++)
        is_same = holds(backend->addresses, backend->address_count, &addresses[i]);
    if (is_same)
        return false;
    memcpy(backend->addresses, addresses, count * sizeof(*addresses));
    backend->address_count = count;
    return true;
}

/* ---- new names: one thread each, a bounded wait ---- */

typedef struct lookup {
    char *host;
    bool (*ask)(const char *host, fg_route_address_t *ret_addresses, size_t *ret_count);
    struct batch *batch;
    bool is_done, is_good;
    fg_route_address_t addresses[FG_BACKEND_ADDRESSES_MAX];
    size_t address_count;
} lookup_t;

/* Lives until the last of its threads and its maker have let go. */
typedef struct batch {
    pthread_mutex_t mutex;
    pthread_cond_t done;
    size_t running, users;
    size_t count;
    lookup_t lookups[];
} batch_t;

static void batch_unref(batch_t *batch) /* with the mutex held */
{
    bool is_last = --batch->users == 0;
    (void)pthread_mutex_unlock(&batch->mutex);
    if (!is_last)
        return;
    for (size_t i = 0; i < batch->count; i++)
        free(batch->lookups[i].host);
    (void)pthread_mutex_destroy(&batch->mutex);
    (void)pthread_cond_destroy(&batch->done);
    free(batch);
}

static void *run_lookup(void *argument)
{
    lookup_t *lookup = argument;
    batch_t *batch = lookup->batch;
    fg_route_address_t addresses[FG_BACKEND_ADDRESSES_MAX];
    size_t count = 0;
    bool is_good = lookup->ask(lookup->host, addresses, &count);
    (void)pthread_mutex_lock(&batch->mutex);
    lookup->is_done = true;
    lookup->is_good = is_good;
    if (is_good) {
        memcpy(lookup->addresses, addresses, count * sizeof(*addresses));
        lookup->address_count = count;
    }
    batch->running--;
    (void)pthread_cond_signal(&batch->done);
    batch_unref(batch);
    return NULL;
}

static batch_t *batch_new(size_t room)
{
    batch_t *batch = calloc(1, sizeof(*batch) + room * sizeof(lookup_t));
    if (!batch)
        return NULL;
    pthread_condattr_t attributes;
    (void)pthread_mutex_init(&batch->mutex, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&batch->done, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    batch->users = 1;
    return batch;
}

/* With the mutex held. A thread that cannot be made is a look-up that failed. */
static void batch_start(batch_t *batch, lookup_t *lookup)
{
    pthread_t thread;
    pthread_attr_t attributes;
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    batch->running++;
    batch->users++;
    if (!lookup->host || pthread_create(&thread, &attributes, run_lookup, lookup) != 0) {
        batch->running--;
        batch->users--;
        lookup->is_done = true;
    }
    (void)pthread_attr_destroy(&attributes);
}

static void batch_wait(batch_t *batch)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += FG_AGENT_LOOKUP_WAIT_MS / 1000;
    until.tv_nsec += FG_AGENT_LOOKUP_WAIT_MS % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    while (batch->running > 0 && pthread_cond_timedwait(&batch->done, &batch->mutex, &until) == 0)
        ;
}

void fg_agent_backends_ask(fg_agent_t *agent, fg_backend_t *const *backends, size_t count)
{
    batch_t *batch = batch_new(count);
    if (!batch)
        return;
    (void)pthread_mutex_lock(&batch->mutex);
    batch->count = count;
    for (size_t i = 0; i < count; i++) {
        batch->lookups[i].is_done = backends[i]->is_asked;
        if (backends[i]->is_asked)
            continue;
        batch->lookups[i].host = strdup(backends[i]->host);
        batch->lookups[i].ask = agent->options.lookup ? agent->options.lookup : look_up;
        batch->lookups[i].batch = batch;
        batch_start(batch, &batch->lookups[i]);
    }
    batch_wait(batch);
    for (size_t i = 0; i < count; i++) {
        const lookup_t *lookup = &batch->lookups[i];
        if (backends[i]->is_asked)
            continue;
        backends[i]->is_asked = true;
        if (lookup->is_good)
            (void)store_addresses(backends[i], lookup->addresses, lookup->address_count);
        else
            fg_agent_log(agent, "backend %s %s", backends[i]->host,
                         lookup->is_done ? "does not resolve" : "has not resolved yet");
    }
    batch_unref(batch);
}

/* ---- all names, every few seconds ---- */

/* The names of now, copied; NULL when there are none (or no memory: the next round tries again). */
static char **copy_names(const fg_agent_t *agent, size_t *ret_count)
{
    size_t room = 0, count = 0;
    for (const fg_backend_t *backend = agent->backends; backend; backend = backend->next)
        room++;
    char **names = calloc(room + 1, sizeof(*names));
    for (const fg_backend_t *backend = agent->backends; names && backend; backend = backend->next)
        if ((names[count] = strdup(backend->host)))
            count++;
    *ret_count = names ? count : 0;
    return names;
}

static void mark_stale(fg_agent_t *agent, const fg_backend_t *backend)
{
    for (size_t i = 0; i < agent->stage_room; i++)
        for (size_t k = 0; k < agent->stages[i].backend_count; k++)
            if (agent->stages[i].backends[k] == backend)
                agent->stages[i].is_stale = true;
}

static void learn(fg_agent_t *agent, const char *host, const fg_route_address_t *addresses,
                  size_t count)
{
    for (fg_backend_t *backend = agent->backends; backend; backend = backend->next)
        if (strcmp(backend->host, host) == 0 && store_addresses(backend, addresses, count)) {
            fg_agent_log(agent, "backend %s has new addresses", host);
            mark_stale(agent, backend);
        }
}

static void republish_stale(fg_agent_t *agent)
{
    for (size_t i = 0; i < agent->stage_room; i++) {
        if (!agent->stages[i].is_stale)
            continue;
        char api_id[FG_ID_BYTES_MAX + 1], name[FG_STAGE_NAME_BYTES_MAX + 1];
        memcpy(api_id, agent->stages[i].api_id, sizeof(api_id));
        memcpy(name, agent->stages[i].name, sizeof(name));
        fg_error_t error = {0};
        fg_arena_reset(agent->arena);
        if (fg_agent_stage_sync(agent, fg_str(api_id), fg_str(name), &error) != FG_OK)
            fg_agent_log(agent, "stage %s/%s keeps its addresses: %s", api_id, name,
                         error.message); /* and stays stale */
    }
}

void fg_agent_resolve(fg_agent_t *agent, void (*lock)(void *), void (*unlock)(void *), void *ctx)
{
    size_t count;
    lock(ctx);
    char **names = copy_names(agent, &count);
    bool (*ask)(const char *, fg_route_address_t *, size_t *) =
        agent->options.lookup ? agent->options.lookup : look_up;
    unlock(ctx);
    for (size_t i = 0; i < count; i++) {
        fg_route_address_t addresses[FG_BACKEND_ADDRESSES_MAX];
        size_t address_count = 0;
        if (ask(names[i], addresses, &address_count)) {
            lock(ctx);
            learn(agent, names[i], addresses, address_count);
            unlock(ctx);
        }
        free(names[i]);
    }
    free(names);
    lock(ctx);
    republish_stale(agent);
    unlock(ctx);
}
