#include "ports.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* NULL when `address` is no numeric address. Free with freeaddrinfo. */
static struct addrinfo *resolve(const char *address, uint16_t port)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
    struct addrinfo *found = NULL;
    char host[64];
    char service[8];
    size_t len = strlen(address);

    if (len >= 2 && address[0] == '[' && address[len - 1] == ']')
        snprintf(host, sizeof(host), "%.*s", (int)(len - 2), address + 1);
    else
        snprintf(host, sizeof(host), "%s", address);
    snprintf(service, sizeof(service), "%u", port);
    return getaddrinfo(host, service, &hints, &found) == 0 ? found : NULL;
}

fg_status_t fg_port_try(const char *address, uint16_t port, fg_error_t *reterr)
{
    struct addrinfo *found = resolve(address, port);
    const int on = 1;

    if (!found)
        return fg_error_set(reterr, FG_BAD_REQUEST, "", "'%s' is not an address", address);
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int failure = fd < 0 ? errno : 0;
    if (fd >= 0) {
        /* As nginx does it: a connection that lingers is no reason against the port, a listener is.
         */
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        if (bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, 1) != 0)
            failure = errno;
        close(fd);
    }
    freeaddrinfo(found);
    if (failure == EADDRINUSE)
        return fg_error_set(reterr, FG_BUSY, "", "port %u of %s is already in use", port, address);
    if (failure)
        return fg_error_set(reterr, FG_DENIED, "", "cannot listen on port %u of %s: %s", port,
                            address, strerror(failure));
    return FG_OK;
}

bool fg_port_accepts(const char *address, uint16_t port)
{
    struct addrinfo *found = resolve(fg_port_reachable(address), port);

    if (!found)
        return false;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_accepting = fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) == 0;
    if (fd >= 0)
        close(fd);
    freeaddrinfo(found);
    return is_accepting;
}

const char *fg_port_reachable(const char *address)
{
    if (strcmp(address, "0.0.0.0") == 0)
        return "127.0.0.1";
    return strcmp(address, "[::]") == 0 ? "[::1]" : address;
}
