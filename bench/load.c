/*
 * load - a closed-loop HTTP client that counts exactly: every request ends as one answer by status,
 * or as cut off.
 *
 * Shape      One thread, one epoll set, `connections` keep-alive connections with one request in
 * flight each. A closed connection is opened again; a request that had no whole answer by then is
 * counted as cut off, never resent. Units      Seconds, requests. The result is one JSON object on
 * standard output. Why        Tests compare what a client saw with what the gateway counted, so a
 * client that throws answers away when its time is up (as load generators do) is no use; and a
 * bench needs the load side to poll without sleeping.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    BUFFER_BYTES = 64 * 1024,
    CONNECTIONS_MAX = 1024,
    STATUS_MAX = 600,
    REQUEST_BYTES = 2048,
    EVENTS_MAX = 256
};

typedef struct options {
    const char *host, *path, *verb, *key, *keys_path;
    int port, connections;
    uint64_t requests;
    double seconds;
    bool is_spinning;
} options_t;

typedef struct connection {
    int fd;
    bool is_connecting, is_waiting; /* waiting: a request has been sent and not answered */
    size_t received;
    char buffer[BUFFER_BYTES];
} connection_t;

typedef struct load {
    options_t options;
    const char *keys; /* lines of one length, or NULL */
    size_t key_count, key_bytes;
    int epoll;
    connection_t *connections;
    uint64_t sent, answered, cut_off, refused_connections, by_status[STATUS_MAX];
    uint64_t seed;
    double began, deadline;
    double first_ok, last_ok;
} load_t;

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t next_random(load_t *load)
{
    uint64_t word = load->seed += UINT64_C(0x9e3779b97f4a7c15);
    word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    return word ^ (word >> 27);
}

static bool may_send(const load_t *load)
{
    return (load->options.requests == 0 || load->sent < load->options.requests) &&
           now_s() < load->deadline;
}

static void watch(load_t *load, connection_t *connection, uint32_t events, int how)
{
    struct epoll_event event = {.events = events, .data.ptr = connection};
    if (epoll_ctl(load->epoll, how, connection->fd, &event) != 0)
        die("epoll_ctl");
}

static void connection_open(load_t *load, connection_t *connection)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)load->options.port)};
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    int one = 1;
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->fd < 0)
        die("socket");
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    connection->is_connecting = true;
    connection->is_waiting = false;
    connection->received = 0;
    if (connect(connection->fd, (struct sockaddr *)&address, sizeof(address)) != 0 &&
        errno != EINPROGRESS)
        die("connect");
    watch(load, connection, EPOLLIN | EPOLLOUT, EPOLL_CTL_ADD);
}

static void connection_close(load_t *load, connection_t *connection)
{
    if (connection->is_waiting)
        load->cut_off++;
    if (connection->is_connecting) {
        load->refused_connections++;
        usleep(1000); /* nobody listens just now: do not spin on it */
    }
    close(connection->fd);
    connection->fd = -1;
    connection->is_waiting = false;
}

static void send_request(load_t *load, connection_t *connection)
{
    char request[REQUEST_BYTES];
    const char *key = load->options.key;
    int key_bytes = key ? (int)strlen(key) : 0;
    if (load->keys) {
        key = load->keys + (next_random(load) % load->key_count) * (load->key_bytes + 1);
        key_bytes = (int)load->key_bytes;
    }
    int bytes = snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: %s\r\n%s%.*s%s\r\n",
                         load->options.verb, load->options.path, load->options.host,
                         key_bytes ? "x-api-key: " : "", key_bytes, key_bytes ? key : "",
                         key_bytes ? "\r\n" : "");
    if (bytes <= 0 || bytes >= (int)sizeof(request))
        exit(2);
    load->sent++;
    connection->is_waiting = true;
    if (send(connection->fd, request, (size_t)bytes, MSG_NOSIGNAL) != bytes)
        connection_close(load, connection);
}

/* Value of a header in [head, end), or NULL. */
static const char *header(const char *head, const char *end, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = head; line < end;) {
        const char *next = memchr(line, '\n', (size_t)(end - line));
        if (!next)
            return NULL;
        if ((size_t)(next - line) > length + 1 && strncasecmp(line, name, length) == 0 &&
            line[length] == ':')
            return line + length + 1;
        line = next + 1;
    }
    return NULL;
}

/* Bytes of the whole answer in the buffer; 0 when more must come. *ret_closes: the connection ends
 * with it. */
static size_t answer_bytes(const connection_t *connection, bool *ret_closes)
{
    const char *head = connection->buffer;
    const char *body = memmem(head, connection->received, "\r\n\r\n", 4);
    if (!body)
        return 0;
    body += 4;
    size_t have = connection->received - (size_t)(body - head);
    const char *closes = header(head, body, "connection");
    *ret_closes = closes && strncasecmp(closes + strspn(closes, " "), "close", 5) == 0;
    const char *length = header(head, body, "content-length");
    if (length) {
        size_t bytes = strtoul(length, NULL, 10);
        return have >= bytes ? (size_t)(body - head) + bytes : 0;
    }
    if (header(head, body, "transfer-encoding")) {
        const char *last = memmem(body - 2, have + 2, "\r\n0\r\n\r\n", 7);
        return last ? (size_t)(last - head) + 7 : 0;
    }
    return (size_t)(body - head);
}

static void count_answer(load_t *load, connection_t *connection)
{
    int status = atoi(connection->buffer + 9);
    load->answered++;
    connection->is_waiting = false;
    if (status <= 0 || status >= STATUS_MAX)
        return;
    load->by_status[status]++;
    if (status < 300) {
        load->last_ok = now_s() - load->began;
        if (load->first_ok == 0)
            load->first_ok = load->last_ok;
    }
}

static void read_answers(load_t *load, connection_t *connection)
{
    ssize_t got = recv(connection->fd, connection->buffer + connection->received,
                       BUFFER_BYTES - connection->received, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        connection_close(load, connection);
        return;
    }
    connection->received += (size_t)got;
    bool closes = false;
    size_t bytes = answer_bytes(connection, &closes);
    if (bytes == 0) {
        if (connection->received == BUFFER_BYTES)
            connection_close(load, connection);
        return;
    }
    count_answer(load, connection);
    connection->received -= bytes;
    memmove(connection->buffer, connection->buffer + bytes, connection->received);
    if (closes)
        connection_close(load, connection);
    else if (may_send(load))
        send_request(load, connection);
}

static void on_event(load_t *load, connection_t *connection, uint32_t events)
{
    if (connection->is_connecting) {
        int trouble = 0;
        socklen_t bytes = sizeof(trouble);
        getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &trouble, &bytes);
        if (trouble != 0 || !(events & EPOLLOUT)) {
            connection_close(load, connection);
            return;
        }
        connection->is_connecting = false;
        watch(load, connection, EPOLLIN, EPOLL_CTL_MOD);
        if (may_send(load))
            send_request(load, connection);
        return;
    }
    read_answers(load, connection);
}

static bool is_busy(const load_t *load)
{
    for (int i = 0; i < load->options.connections; i++)
        if (load->connections[i].is_waiting)
            return true;
    return false;
}

static void run(load_t *load)
{
    struct epoll_event events[EVENTS_MAX];
    double grace = load->deadline + 15; /* an answer may take that much longer than the run */
    while ((may_send(load) || is_busy(load)) && now_s() < grace) {
        int count = epoll_wait(load->epoll, events, EVENTS_MAX, load->options.is_spinning ? 0 : 20);
        for (int i = 0; i < count; i++)
            on_event(load, events[i].data.ptr, events[i].events);
        for (int i = 0; i < load->options.connections && may_send(load); i++)
            if (load->connections[i].fd < 0)
                connection_open(load, &load->connections[i]);
    }
    for (int i = 0; i < load->options.connections; i++)
        if (load->connections[i].is_waiting)
            load->cut_off++;
}

static void map_keys(load_t *load)
{
    struct stat file;
    int fd = open(load->options.keys_path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &file) != 0 || file.st_size == 0)
        die(load->options.keys_path);
    load->keys = mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (load->keys == MAP_FAILED)
        die("mmap");
    const char *end = memchr(load->keys, '\n', (size_t)file.st_size);
    load->key_bytes = end ? (size_t)(end - load->keys) : (size_t)file.st_size;
    load->key_count = (size_t)file.st_size / (load->key_bytes + 1);
}

static void report(const load_t *load)
{
    double elapsed = now_s() - load->began;
    printf("{\"sent\":%lu,\"answered\":%lu,\"cut_off\":%lu,\"refused_connections\":%lu,\"seconds\":"
           "%.6f,"
           "\"first_ok_s\":%.6f,\"last_ok_s\":%.6f,\"rps\":%.1f,\"status\":{",
           load->sent, load->answered, load->cut_off, load->refused_connections, elapsed,
           load->first_ok, load->last_ok, (double)load->answered / elapsed);
    const char *comma = "";
    for (int status = 0; status < STATUS_MAX; status++) {
        if (load->by_status[status] == 0)
            continue;
        printf("%s\"%d\":%lu", comma, status, load->by_status[status]);
        comma = ",";
    }
    printf("}}\n");
}

static void usage(void)
{
    fprintf(
        stderr,
        "usage: load --port N [--path /] [--host NAME] [--verb GET] [--key VALUE | --keys FILE]\n"
        "            [--connections 64] [--requests N] [--seconds S] [--seed N] [--spin]\n");
    exit(2);
}

static void parse(load_t *load, int argc, char **argv)
{
    static const struct option names[] = {
        {"port", 1, 0, 'p'},        {"path", 1, 0, 'u'},     {"host", 1, 0, 'H'},
        {"verb", 1, 0, 'v'},        {"key", 1, 0, 'k'},      {"keys", 1, 0, 'K'},
        {"connections", 1, 0, 'c'}, {"requests", 1, 0, 'n'}, {"seconds", 1, 0, 's'},
        {"seed", 1, 0, 'e'},        {"spin", 0, 0, 'b'},     {0, 0, 0, 0},
    };
    options_t *options = &load->options;
    for (int option; (option = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        switch (option) {
        case 'p':
            options->port = atoi(optarg);
            break;
        case 'u':
            options->path = optarg;
            break;
        case 'H':
            options->host = optarg;
            break;
        case 'v':
            options->verb = optarg;
            break;
        case 'k':
            options->key = optarg;
            break;
        case 'K':
            options->keys_path = optarg;
            break;
        case 'c':
            options->connections = atoi(optarg);
            break;
        case 'n':
            options->requests = strtoull(optarg, NULL, 10);
            break;
        case 's':
            options->seconds = atof(optarg);
            break;
        case 'e':
            load->seed = strtoull(optarg, NULL, 10);
            break;
        case 'b':
            options->is_spinning = true;
            break;
        default:
            usage();
        }
    }
    if (options->port <= 0 || options->connections < 1 || options->connections > CONNECTIONS_MAX)
        usage();
}

int main(int argc, char **argv)
{
    load_t load = {.options = {.path = "/",
                               .host = "localhost",
                               .verb = "GET",
                               .connections = 64,
                               .seconds = 600},
                   .seed = 1};
    parse(&load, argc, argv);
    if (load.options.keys_path)
        map_keys(&load);
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    load.connections = calloc((size_t)load.options.connections, sizeof(*load.connections));
    if (load.epoll < 0 || !load.connections)
        die("start");
    load.began = now_s();
    load.deadline = load.began + load.options.seconds;
    for (int i = 0; i < load.options.connections; i++)
        load.connections[i].fd = -1;
    run(&load);
    report(&load);
    free(load.connections);
    return 0;
}
