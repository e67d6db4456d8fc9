/*
 * stages - the snapshots that the gate serves, one file per revision.
 *
 * A snapshot is compiled beside, then published by one store into the stage table. The last two
 * files of a stage stay: a worker may have read the number before the newest and not opened its
 * file yet. What the snapshots hold is also how the agent knows, after a restart, which stages the
 * gate serves and where their backends were last found.
 */
#include "agent/stage.h"
#include "agent/state.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STAGES_MAX = 1 << 20 }; /* a file name beyond this is none of ours */

static fg_gate_t *gate_of(fg_agent_t *agent)
{
    return fg_gate_writer_gate(agent->writer);
}

static fg_status_t route_path(fg_agent_t *agent, uint32_t index, uint64_t revision, char *ret_path,
                              fg_error_t *reterr)
{
    if (!fg_gate_route_path(gate_of(agent), index, revision, ret_path, PATH_MAX))
        return fg_error_set(reterr, FG_TOO_LARGE, "", "the path of the gate is too long");
    return FG_OK;
}

static void remove_snapshot(fg_agent_t *agent, uint32_t index, uint64_t revision)
{
    char path[PATH_MAX];
    if (revision != 0 && route_path(agent, index, revision, path, NULL) == FG_OK)
        (void)unlink(path);
}

/* The record at a stage index, made when missing; NULL on lack of memory. Moves the others. */
static fg_agent_stage_t *stage_at(fg_agent_t *agent, uint32_t index)
{
    if (index >= agent->stage_room) {
        size_t room = agent->stage_room * 2 > index ? agent->stage_room * 2 : (size_t)index + 16;
        fg_agent_stage_t *stages = realloc(agent->stages, room * sizeof(*stages));
        if (!stages)
            return NULL;
        memset(stages + agent->stage_room, 0, (room - agent->stage_room) * sizeof(*stages));
        agent->stages = stages;
        agent->stage_room = room;
    }
    return &agent->stages[index];
}

static void set_text(char *ret_text, size_t room, fg_str_t text)
{
    (void)snprintf(ret_text, room, "%.*s", FG_STR_ARG(text));
}

/* ---- the backends of a stage ---- */

typedef struct collection {
    fg_agent_t *agent;
    fg_backend_t **backends;
    size_t count, room;
    bool is_out_of_memory;
} collection_t;

static fg_backend_t *collect(collection_t *collection, fg_str_t host)
{
    fg_backend_t *backend = fg_agent_backend(collection->agent, host);
    for (size_t i = 0; backend && i < collection->count; i++)
        if (collection->backends[i] == backend)
            return backend;
    if (backend && collection->count == collection->room) {
        size_t room = collection->room * 2 + 8;
        fg_backend_t **backends = realloc(collection->backends, room * sizeof(fg_backend_t *));
        if (backends) {
            collection->backends = backends;
            collection->room = room;
        }
    }
    if (!backend || collection->count == collection->room) {
        collection->is_out_of_memory = true;
        return NULL;
    }
    collection->backends[collection->count++] = backend;
    return backend;
}

static void set_port(fg_route_address_t *address, uint16_t port)
{
    if (address->addr.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&address->addr)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *)&address->addr)->sin_port = htons(port);
}

static size_t resolve(void *ctx, fg_str_t host, uint16_t port, fg_route_address_t *ret_addresses,
                      size_t room)
{
    fg_backend_t *backend = collect(ctx, host);
    size_t count = 0;
    for (; backend && count < backend->address_count && count < room; count++) {
        ret_addresses[count] = backend->addresses[count];
        set_port(&ret_addresses[count], port);
    }
    return count;
}

/* The stage now uses these; takes the array over. */
static void set_backends(fg_agent_stage_t *stage, fg_backend_t **backends, size_t count)
{
    for (size_t i = 0; i < count; i++)
        backends[i]->stage_count++;
    for (size_t i = 0; i < stage->backend_count; i++)
        stage->backends[i]->stage_count--;
    free(stage->backends);
    stage->backends = backends;
    stage->backend_count = count;
}

/* ---- compiling ---- */

static fg_status_t compile(fg_agent_t *agent, fg_str_t api_id, fg_str_t name, uint32_t index,
                           uint64_t revision, const char *path, collection_t *collection,
                           fg_error_t *reterr)
{
    fg_stage_compile_t options = {
        .api_id = api_id,
        .stage_name = name,
        .stage_index = index,
        .revision = revision,
        .region = agent->options.region,
        .account_id = agent->options.account_id,
        .quota_exceeded_status = agent->options.quota_exceeded_status,
        .resolve = resolve,
        .resolve_ctx = collection,
    };
    fg_arena_t *arena = fg_arena_new();
    if (!arena)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    fg_status_t status = fg_stage_compile(agent->store, &options, arena, path, reterr);
    fg_arena_free(arena);
    if (status == FG_OK && collection->is_out_of_memory)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    return status;
}

/* A second time when the first one met names that nobody had asked for: only the second is
 * published. */
static fg_status_t compile_resolved(fg_agent_t *agent, fg_str_t api_id, fg_str_t name,
                                    uint32_t index, uint64_t revision, const char *path,
                                    collection_t *collection, fg_error_t *reterr)
{
    fg_status_t status = compile(agent, api_id, name, index, revision, path, collection, reterr);
    bool is_asked = true;
    for (size_t i = 0; i < collection->count; i++)
        is_asked = is_asked && collection->backends[i]->is_asked;
    if (status != FG_OK || is_asked)
        return status;
    fg_agent_backends_ask(agent, collection->backends, collection->count);
    return compile(agent, api_id, name, index, revision, path, collection, reterr);
}

/* The workers may run as another user. */
static void let_group_read(const fg_agent_t *agent, const char *path)
{
    if (agent->options.group_id < 0)
        return;
    if (chown(path, (uid_t)-1, (gid_t)agent->options.group_id) != 0 || chmod(path, 0640) != 0)
        fg_agent_log(agent, "snapshot %s cannot be given to the workers' group: %s", path,
                     strerror(errno));
}

static void put_revision(fg_agent_t *agent, fg_agent_stage_t *stage, uint32_t index,
                         uint64_t revision)
{
    fg_gate_stage_publish(agent->writer, index, revision);
    remove_snapshot(agent, index, stage->previous);
    stage->previous = stage->revision;
    stage->revision = revision;
    stage->is_stale = false;
}

/* The store has it no more: nothing is served. The newest file stays for workers that read its
 * number just now. */
static void take_back(fg_agent_t *agent, fg_str_t api_id, fg_str_t name)
{
    uint32_t index = fg_gate_stage_find(gate_of(agent), api_id, name);
    if (index == FG_GATE_NONE || fg_gate_stage_revision(gate_of(agent), index) == 0)
        return;
    fg_gate_stage_publish(agent->writer, index, 0);
    fg_agent_stage_t *stage = stage_at(agent, index);
    if (!stage)
        return;
    remove_snapshot(agent, index, stage->previous);
    stage->previous = 0;
    stage->name[0] = '\0';
    set_backends(stage, NULL, 0);
}

/* What the operator put into the stage is wrong, as opposed to the world misbehaving. */
static bool is_content(fg_status_t status)
{
    return status == FG_BAD_REQUEST || status == FG_CORRUPT || status == FG_VALIDATION ||
           status == FG_SERIALIZATION || status == FG_TOO_LARGE;
}

/* The stage keeps what it has. */
static fg_status_t publish_failed(fg_agent_t *agent, const fg_agent_stage_t *stage,
                                  const fg_error_t *error, fg_status_t status, fg_error_t *reterr)
{
    if (is_content(status)) {
        fg_agent_log(agent, "stage %s/%s keeps revision %llu: %s", stage->api_id, stage->name,
                     (unsigned long long)stage->revision, error->message);
        return FG_OK;
    }
    if (status != FG_NOT_FOUND && reterr && error->message[0])
        *reterr = *error;
    return status;
}

static fg_status_t publish_revision(fg_agent_t *agent, fg_str_t api_id, fg_str_t name,
                                    uint32_t index, fg_agent_stage_t *stage, fg_error_t *reterr)
{
    char path[PATH_MAX];
    uint64_t served = fg_gate_stage_revision(gate_of(agent), index);
    uint64_t revision = (stage->revision > served ? stage->revision : served) + 1;
    fg_status_t status = route_path(agent, index, revision, path, reterr);
    if (status != FG_OK)
        return status;
    collection_t collection = {.agent = agent};
    fg_error_t error = {0};
    status = compile_resolved(agent, api_id, name, index, revision, path, &collection, &error);
    if (status != FG_OK) {
        (void)unlink(path);
        free(collection.backends);
        return publish_failed(agent, stage, &error, status, reterr);
    }
    let_group_read(agent, path);
    set_backends(stage, collection.backends, collection.count);
    put_revision(agent, stage, index, revision);
    return fg_agent_plans_of_stage_sync(agent, api_id, name, reterr);
}

static fg_status_t publish_stage(fg_agent_t *agent, fg_str_t api_id, fg_str_t name,
                                 fg_error_t *reterr)
{
    uint32_t index;
    fg_status_t status = fg_gate_stage_sync(agent->writer, api_id, name, &index, reterr);
    if (status != FG_OK)
        return status;
    fg_agent_stage_t *stage = stage_at(agent, index);
    if (!stage)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    set_text(stage->api_id, sizeof(stage->api_id), api_id);
    set_text(stage->name, sizeof(stage->name), name);
    return publish_revision(agent, api_id, name, index, stage, reterr);
}

fg_status_t fg_agent_stage_sync(fg_agent_t *agent, fg_str_t api_id, fg_str_t name,
                                fg_error_t *reterr)
{
    fg_document_t document;
    fg_status_t status = fg_store_document_get(agent->store, FG_DOCUMENT_STAGE, api_id, name,
                                               agent->arena, &document, reterr);
    if (status == FG_OK)
        status = publish_stage(agent, api_id, name, reterr);
    if (status == FG_NOT_FOUND) {
        take_back(agent, api_id, name);
        status = FG_OK;
    }
    fg_agent_backends_sweep(agent);
    return status;
}

fg_status_t fg_agent_api_sync(fg_agent_t *agent, fg_str_t api_id, fg_error_t *reterr)
{
    fg_document_t document;
    fg_status_t status = fg_store_document_get(agent->store, FG_DOCUMENT_REST_API, FG_STR(""),
                                               api_id, agent->arena, &document, reterr);
    if (status != FG_NOT_FOUND)
        return status; /* what is deployed does not follow the draft */
    status = FG_OK;
    for (size_t i = 0; status == FG_OK && i < agent->stage_room; i++)
        if (agent->stages[i].name[0] && fg_str_is(api_id, agent->stages[i].api_id)) {
            char name[FG_STAGE_NAME_BYTES_MAX + 1];
            memcpy(name, agent->stages[i].name, sizeof(name));
            status = fg_agent_stage_sync(agent, api_id, fg_str(name), reterr);
        }
    return status;
}

/* ---- after a restart ---- */

/* Every stage of one API whose index serves nothing. */
static fg_status_t sync_api(fg_agent_t *agent, fg_str_t api_id, fg_arena_t *arena,
                            fg_error_t *reterr)
{
    fg_document_t *stages;
    size_t count;
    fg_document_query_t query = {
        .kind = FG_DOCUMENT_STAGE, .api_id = api_id, .parent_id = FG_STR_NONE};
    fg_status_t status =
        fg_store_document_list(agent->store, &query, arena, &stages, &count, reterr);
    for (size_t i = 0; status == FG_OK && i < count; i++) {
        uint32_t index = fg_gate_stage_find(gate_of(agent), api_id, stages[i].id);
        fg_agent_stage_t *stage = index < agent->stage_room ? &agent->stages[index] : NULL;
        if (!stage || !stage->name[0])
            status = fg_agent_stage_sync(agent, api_id, stages[i].id, reterr);
    }
    return status;
}

fg_status_t fg_agent_stages_sync(fg_agent_t *agent, fg_error_t *reterr)
{
    fg_arena_t *arena = fg_arena_new();
    if (!arena)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    fg_document_t *apis;
    size_t count = 0;
    fg_document_query_t query = {
        .kind = FG_DOCUMENT_REST_API, .api_id = FG_STR(""), .parent_id = FG_STR_NONE};
    fg_status_t status = fg_store_document_list(agent->store, &query, arena, &apis, &count, reterr);
    for (size_t i = 0; status == FG_OK && i < count; i++) {
        fg_arena_reset(agent->arena);
        status = sync_api(agent, apis[i].id, arena, reterr);
    }
    fg_arena_free(arena);
    return status;
}

/* Names and addresses of a snapshot that is being served. */
static void adopt_snapshot(fg_agent_t *agent, uint32_t index, fg_agent_stage_t *stage,
                           const fg_route_t *route)
{
    collection_t collection = {.agent = agent};
    for (uint32_t i = 0; i < fg_route_method_count(route); i++) {
        fg_route_entry_t entry = fg_route_entry(route, i);
        fg_backend_t *backend =
            entry.kind == FG_INTEGRATION_HTTP_PROXY ? collect(&collection, entry.host) : NULL;
        for (size_t k = 0; backend && !backend->is_asked && k < entry.address_count; k++) {
            fg_route_address_t *address = &backend->addresses[k];
            const struct sockaddr *addr = fg_route_entry_address(route, i, k, &address->bytes);
            memcpy(&address->addr, addr, address->bytes);
            set_port(address, 0);
            backend->address_count = k + 1;
        }
        if (backend && entry.address_count > 0)
            backend->is_asked = true;
    }
    set_text(stage->api_id, sizeof(stage->api_id), fg_route_api_id(route));
    set_text(stage->name, sizeof(stage->name), fg_route_stage_name(route));
    stage->revision = fg_gate_stage_revision(gate_of(agent), index);
    set_backends(stage, collection.backends, collection.count);
}

/* Note the two newest revisions, drop older files. */
static void note_file(fg_agent_t *agent, uint32_t index, uint64_t revision)
{
    fg_agent_stage_t *stage = stage_at(agent, index);
    if (!stage || revision == stage->revision || revision == stage->previous)
        return;
    uint64_t oldest = revision;
    if (revision > stage->revision) {
        oldest = stage->previous;
        stage->previous = stage->revision;
        stage->revision = revision;
    } else if (revision > stage->previous) {
        oldest = stage->previous;
        stage->previous = revision;
    }
    if (oldest != fg_gate_stage_revision(gate_of(agent), index))
        remove_snapshot(agent, index, oldest);
}

static void scan_files(fg_agent_t *agent)
{
    char folder[PATH_MAX];
    if (!fg_gate_route_path(gate_of(agent), 0, 0, folder, sizeof(folder)))
        return;
    *strrchr(folder, '/') = '\0';
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        uint32_t index;
        uint64_t revision;
        int end = 0;
        if (sscanf(entry->d_name, "%u.%lu%n", &index, &revision, &end) != 2 || index >= STAGES_MAX)
            continue;
        if (entry->d_name[end] == '\0')
            note_file(agent, index, revision);
        else /* a build beside it that a kill cut off */
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    if (dir)
        (void)closedir(dir);
}

fg_status_t fg_agent_stages_adopt(fg_agent_t *agent, fg_error_t *reterr)
{
    scan_files(agent);
    for (uint32_t i = 0; i < agent->stage_room; i++) {
        char path[PATH_MAX];
        uint64_t revision = fg_gate_stage_revision(gate_of(agent), i);
        fg_route_t *route;
        fg_error_t error;
        if (revision == 0)
            continue;
        fg_status_t status = route_path(agent, i, revision, path, reterr);
        if (status != FG_OK)
            return status;
        if (fg_route_open(path, &route, &error) != FG_OK)
            continue; /* compiled again by the caller */
        adopt_snapshot(agent, i, &agent->stages[i], route);
        fg_route_unref(route);
    }
    return FG_OK;
}

void fg_agent_stages_free(fg_agent_t *agent)
{
    for (size_t i = 0; i < agent->stage_room; i++)
        set_backends(&agent->stages[i], NULL, 0);
    free(agent->stages);
    agent->stages = NULL;
    agent->stage_room = 0;
    fg_agent_backends_sweep(agent);
}
