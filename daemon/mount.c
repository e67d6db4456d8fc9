#include "mount.h"

#include "base/limits.h"
#include "exchange.h"
#include "exposition.h"
#include "metrics.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECTIONS_MAX = 512,
    IDLE_S = 60,
    BACKLOG = 128,
    STOP_WAIT_MS = 3000,
    ASIDE_MAX = 32, /* calls that wait for a backend at a time */
    HEADERS_MAX = 100,
    MOUNT_MEMORY_BYTES = 64 * 1024, /* of one connection's request line and headers */
};

struct fg_mount {
    fg_node_t *node;
    fg_metrics_t *metrics;
    struct MHD_Daemon *daemon;
    int fd;
    struct sockaddr_un address;
    atomic_int calls; /* between the request line and the last byte of the answer */
    atomic_int aside; /* of those, in a thread of their own */
};

/* One request, from its request line to the end of its answer. */
typedef struct call {
    fg_mount_t *mount;
    fg_arena_t *arena;
    fg_str_t target; /* raw */
    char *body;
    size_t body_bytes, body_room;
    bool is_begun, is_too_large, is_out_of_memory;
    fg_pair_t headers[HEADERS_MAX];
    size_t header_count;
    fg_str_t verb;
    fg_now_t began;
    fg_response_t answer;
    bool is_answered;
    struct MHD_Connection *connection; /* of a call aside */
} call_t;

/* ---- answering ---- */

static enum MHD_Result send_response(struct MHD_Connection *connection, const fg_response_t *answer)
{
    union {
        const char *in;
        void *out;
    } body = {answer->body.at ? answer->body.at
                              : ""}; /* copied by the library, which asks for a writable pointer */
    struct MHD_Response *response =
        MHD_create_response_from_buffer(answer->body.len, body.out, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    enum MHD_Result result = MHD_YES;
    for (size_t i = 0; i < answer->header_count && result == MHD_YES; i++)
        result = MHD_add_response_header(response, answer->headers[i].name.at,
                                         answer->headers[i].value.at);
    if (result == MHD_YES)
        result = MHD_queue_response(connection, (unsigned)answer->status, response);
    MHD_destroy_response(response);
    return result;
}

/* An answer of the mount's own, in the control API's form. */
static enum MHD_Result send_own(struct MHD_Connection *connection, int status,
                                const char *error_type, fg_str_t body)
{
    char id[40] = "";
    fg_response_t answer = {
        .status = status,
        .headers = {{FG_STR("Content-Type"), FG_STR("application/json")}},
        .header_count = 1,
        .body = body,
    };
    if (fg_uuid_make(fg_random_system(), id))
        answer.headers[answer.header_count++] = (fg_pair_t){FG_STR("x-amzn-RequestId"), fg_str(id)};
    if (error_type)
        answer.headers[answer.header_count++] =
            (fg_pair_t){FG_STR("x-amzn-ErrorType"), fg_str(error_type)};
    return send_response(connection, &answer);
}

static enum MHD_Result send_too_large(struct MHD_Connection *connection, const char *verb)
{
    fg_log_control_call(&(fg_log_call_t){
        .operation = "", .verb = fg_str(verb), .status = 413, .error = "body too large"});
    return send_own(connection, 413, "RequestTooLargeException",
                    FG_STR("{\"message\":\"Request Too Long\"}"));
}

static enum MHD_Result send_no_memory(struct MHD_Connection *connection)
{
    return send_own(connection, 500, "InternalFailure",
                    FG_STR("{\"message\":\"Internal server error\"}"));
}

static enum MHD_Result send_health(call_t *call, struct MHD_Connection *connection)
{
    fg_str_t body = fg_node_health(call->mount->node, call->arena);
    return body.at ? send_own(connection, 200, NULL, body) : send_no_memory(connection);
}

/* Unsigned, as Prometheus asks. */
static enum MHD_Result send_metrics(call_t *call, struct MHD_Connection *connection)
{
    bool is_openmetrics = fg_metrics_wants_openmetrics(
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept"));
    fg_response_t answer = {
        .status = 200,
        .headers = {{FG_STR("Content-Type"), fg_str(fg_exposition_type(is_openmetrics))}},
        .header_count = 1,
        .body = fg_metrics_render(call->mount->metrics, is_openmetrics, call->arena),
    };
    return answer.body.at ? send_response(connection, &answer) : send_no_memory(connection);
}

static fg_str_t find_header(const fg_response_t *answer, fg_str_t name)
{
    for (size_t i = 0; i < answer->header_count; i++)
        if (fg_str_eq_nocase(answer->headers[i].name, name))
            return answer->headers[i].value;
    return FG_STR_NONE;
}

static void answer(call_t *call)
{
    fg_node_t *node = call->mount->node;
    fg_request_t request = {
        .verb = call->verb,
        .target = call->target,
        .body = fg_str_of(call->body ? call->body : "", call->body_bytes),
        .headers = call->headers,
        .header_count = call->header_count,
        .source_address = FG_STR("unix:"),
    };
    fg_node_lock(node);
    call->began = fg_now();
    fg_control_handle(&node->control, &request, call->began, call->arena, &call->answer);
    fg_node_unlock(node);
    call->is_answered = true;
}

static enum MHD_Result send_answer(call_t *call, struct MHD_Connection *connection)
{
    const fg_response_t *answer = &call->answer;
    const char *operation = answer->operation ? answer->operation : "";
    fg_metrics_count_call(call->mount->metrics, operation, answer->status);
    fg_log_control_call(&(fg_log_call_t){
        .operation = operation,
        .verb = call->verb,
        .status = answer->status,
        .request_id = find_header(answer, FG_STR("x-amzn-RequestId")),
        .duration_us = fg_now().mono.us - call->began.mono.us,
        .error = answer->error.status == FG_OK   ? NULL
                 : answer->error.message[0] != 0 ? answer->error.message
                                                 : fg_status_text(answer->error.status),
    });
    return send_response(connection, answer);
}

/* ---- aside ---- */

/* The connection sleeps until it is resumed; its handler is then called once more. */
static void *answer_aside(void *argument)
{
    call_t *call = argument;
    fg_mount_t *mount = call->mount;
    answer(call);
    MHD_resume_connection(call->connection); /* from here on the call is not ours */
    atomic_fetch_sub(&mount->aside, 1);
    return NULL;
}

static enum MHD_Result send_busy(struct MHD_Connection *connection)
{
    return send_own(connection, 429, "TooManyRequestsException",
                    FG_STR("{\"message\":\"Too Many Requests\"}"));
}

/* Rule TI9. */
static enum MHD_Result set_aside(call_t *call, struct MHD_Connection *connection)
{
    fg_mount_t *mount = call->mount;
    pthread_attr_t detached;
    pthread_t thread;
    if (atomic_fetch_add(&mount->aside, 1) >= ASIDE_MAX) {
        atomic_fetch_sub(&mount->aside, 1);
        return send_busy(connection);
    }
    call->connection = connection;
    (void)pthread_attr_init(&detached);
    (void)pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    MHD_suspend_connection(connection);
    bool is_started = pthread_create(&thread, &detached, answer_aside, call) == 0;
    (void)pthread_attr_destroy(&detached);
    if (is_started)
        return MHD_YES;
    atomic_fetch_sub(&mount->aside, 1);
    MHD_resume_connection(connection);
    return send_busy(connection);
}

/* ---- receiving ---- */

/* Called with the request line as it came, before anything is decoded; what it returns is the call
 * from here on. */
static void *begin(void *ctx, const char *target, struct MHD_Connection *connection)
{
    fg_mount_t *mount = ctx;
    (void)connection;
    call_t *call = calloc(1, sizeof(*call));
    if (!call)
        return NULL;
    call->mount = mount;
    call->arena = fg_arena_new();
    if (call->arena)
        call->target = fg_arena_copy(call->arena, fg_str(target));
    call->is_out_of_memory = !call->target.at;
    atomic_fetch_add(&mount->calls, 1);
    return call;
}

static void end(void *ctx, struct MHD_Connection *connection, void **state,
                enum MHD_RequestTerminationCode code)
{
    fg_mount_t *mount = ctx;
    (void)connection;
    (void)code;
    call_t *call = *state;
    if (!call)
        return;
    fg_arena_free(call->arena);
    free(call->body);
    free(call);
    *state = NULL;
    atomic_fetch_sub(&mount->calls, 1);
}

static enum MHD_Result take_header(void *ctx, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    call_t *call = ctx;
    (void)kind;
    if (call->header_count == HEADERS_MAX) {
        call->is_too_large = true;
        return MHD_NO;
    }
    fg_pair_t *header = &call->headers[call->header_count++];
    *header = (fg_pair_t){fg_arena_copy(call->arena, fg_str(name)),
                          fg_arena_copy(call->arena, fg_str(value ? value : ""))};
    call->is_out_of_memory = call->is_out_of_memory || !header->name.at || !header->value.at;
    return MHD_YES;
}

static void take_body(call_t *call, const char *piece, size_t bytes)
{
    if (call->body_bytes + bytes > FG_CONTROL_BODY_BYTES_MAX)
        call->is_too_large = true;
    if (call->is_too_large || call->is_out_of_memory)
        return; /* the rest is thrown away */
    if (call->body_bytes + bytes > call->body_room) {
        size_t room = (call->body_bytes + bytes) * 2;
        char *body = realloc(call->body, room);
        if (!body) {
            call->is_out_of_memory = true;
            return;
        }
        call->body = body;
        call->body_room = room;
    }
    memcpy(call->body + call->body_bytes, piece, bytes);
    call->body_bytes += bytes;
}

/* A length that is too large is refused before the body is sent. */
static bool announces_too_much(struct MHD_Connection *connection)
{
    int64_t length;
    const char *text = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
    return text && fg_str_to_i64(fg_str(text), &length) && length > FG_CONTROL_BODY_BYTES_MAX;
}

/* Called when the headers are there, for each piece of the body, and when it is complete. */
static enum MHD_Result handle(void *ctx, struct MHD_Connection *connection, const char *path,
                              const char *verb, const char *version, const char *piece,
                              size_t *piece_bytes, void **state)
{
    call_t *call = *state;
    (void)ctx;
    (void)path;
    (void)version;
    if (!call)
        return MHD_NO;
    if (!call->is_begun) {
        call->is_begun = true;
        if (!call->is_out_of_memory)
            (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, take_header, call);
        return announces_too_much(connection) ? send_too_large(connection, verb) : MHD_YES;
    }
    if (*piece_bytes > 0) {
        take_body(call, piece, *piece_bytes);
        *piece_bytes = 0;
        return MHD_YES;
    }
    if (call->is_too_large)
        return send_too_large(connection, verb);
    if (call->is_out_of_memory)
        return send_no_memory(connection);
    if (strcmp(verb, "GET") == 0 && fg_str_is(call->target, "/_faregate/health"))
        return send_health(call, connection);
    if (strcmp(verb, "GET") == 0 && fg_str_is(call->target, "/metrics"))
        return send_metrics(call, connection);
    if (call->is_answered)
        return send_answer(call, connection);
    call->verb = fg_arena_copy(call->arena, fg_str(verb));
    if (!call->verb.at)
        return send_no_memory(connection);
    if (fg_control_may_wait(call->verb, call->target))
        return set_aside(call, connection);
    answer(call);
    return send_answer(call, connection);
}

static void log_library(void *ctx, const char *format, va_list arguments)
{
    char text[512];
    (void)ctx;
    (void)vsnprintf(text, sizeof(text), format, arguments);
    fg_log(FG_LOG_DEBUG, "http: %s", text);
}

/* ---- the socket ---- */

static fg_status_t bind_socket(fg_mount_t *mount, fg_error_t *reterr)
{
    const char *path = mount->node->options->socket_path;
    const struct sockaddr *address = (const struct sockaddr *)&mount->address;
    if (strlen(path) >= sizeof(mount->address.sun_path))
        return fg_error_set(reterr, FG_TOO_LARGE, "--socket",
                            "the path of the socket is longer than %zu bytes",
                            sizeof(mount->address.sun_path) - 1);
    mount->address.sun_family = AF_UNIX;
    (void)snprintf(mount->address.sun_path, sizeof(mount->address.sun_path), "%s", path);
    mount->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (mount->fd < 0)
        return fg_error_set(reterr, FG_IO, "--socket", "no socket: %s", strerror(errno));
    if (connect(mount->fd, address, sizeof(mount->address)) == 0)
        return fg_error_set(reterr, FG_BUSY, "--socket", "another program answers on %s", path);
    if (errno == ECONNREFUSED)
        (void)unlink(path); /* left by a kill */
    if (bind(mount->fd, address, sizeof(mount->address)) != 0 || chmod(path, 0660) != 0 ||
        listen(mount->fd, BACKLOG) != 0)
        return fg_error_set(reterr, FG_IO, "--socket", "%s: %s", path, strerror(errno));
    if (mount->node->group_id >= 0 && chown(path, (uid_t)-1, (gid_t)mount->node->group_id) != 0)
        return fg_error_set(reterr, FG_IO, "--gate-group", "%s cannot be given to the group: %s",
                            path, strerror(errno));
    return FG_OK;
}

fg_status_t fg_mount_start(fg_node_t *node, fg_mount_t **ret_mount, fg_error_t *reterr)
{
    fg_mount_t *mount = calloc(1, sizeof(*mount));
    if (!mount)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    mount->node = node;
    mount->fd = -1;
    mount->metrics = fg_metrics_new(node);
    fg_status_t status = mount->metrics ? bind_socket(mount, reterr)
                                        : fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    if (status == FG_OK) {
        mount->daemon = MHD_start_daemon(
            MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_ALLOW_SUSPEND_RESUME |
                MHD_USE_ERROR_LOG,
            0, NULL, NULL, handle, mount, MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL,
            MHD_OPTION_LISTEN_SOCKET, mount->fd, MHD_OPTION_URI_LOG_CALLBACK, begin, mount,
            MHD_OPTION_NOTIFY_COMPLETED, end, mount, MHD_OPTION_CONNECTION_LIMIT,
            (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MOUNT_MEMORY_BYTES, MHD_OPTION_END);
        if (!mount->daemon)
            status = fg_error_set(reterr, FG_IO, "--socket", "the HTTP server cannot be started");
    }
    if (status != FG_OK) {
        if (mount->fd >= 0)
            (void)close(mount->fd);
        fg_metrics_free(mount->metrics);
        free(mount);
        return status;
    }
    *ret_mount = mount;
    return FG_OK;
}

static bool await(atomic_int *count)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    for (int waited_ms = 0; atomic_load(count) > 0 && waited_ms < STOP_WAIT_MS; waited_ms += 5)
        (void)nanosleep(&pause, NULL);
    return atomic_load(count) == 0;
}

bool fg_mount_stop(fg_mount_t *mount)
{
    (void)MHD_quiesce_daemon(mount->daemon);
    (void)unlink(mount->address.sun_path);
    bool is_idle = await(&mount->calls);
    if (!is_idle && atomic_load(&mount->aside) > 0) {
        fg_exchanges_break_off();
        (void)await(&mount->calls); /* time for their answers */
        if (!await(&mount->aside))
            return false;
    }
    MHD_stop_daemon(mount->daemon);
    (void)close(mount->fd);
    fg_metrics_free(mount->metrics);
    free(mount);
    return true;
}
