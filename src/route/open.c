#include "route/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static fg_status_t route_new(const void *image, size_t bytes, bool is_mapped,
                             fg_route_t **ret_route, fg_error_t *reterr)
{
    const char *fault;
    fg_route_t *route = malloc(sizeof(*route));
    if (route == NULL)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    *route = (fg_route_t){.at = image, .bytes = bytes, .user_count = 1, .is_mapped = is_mapped};
    if (!fg_route_check(route, &fault)) {
        free(route);
        return fg_error_set(reterr, FG_CORRUPT, "", "a route snapshot is damaged: %s", fault);
    }
    *ret_route = route;
    return FG_OK;
}

fg_status_t fg_route_open_image(const void *image, size_t bytes, fg_route_t **ret_route,
                                fg_error_t *reterr)
{
    return route_new(image, bytes, false, ret_route, reterr);
}

static fg_status_t io_failed(fg_error_t *reterr, const char *what, const char *path)
{
    fg_status_t status = errno == ENOENT ? FG_NOT_FOUND : errno == ENOMEM ? FG_NO_MEMORY : FG_IO;
    return fg_error_set(reterr, status, "", "cannot %s %s: %s", what, path, strerror(errno));
}

/* Populated at once: a page fault in an event loop stalls every client. */
static fg_status_t map(int fd, const char *path, fg_route_t **ret_route, fg_error_t *reterr)
{
    struct stat file;
    if (fstat(fd, &file) != 0)
        return io_failed(reterr, "look at", path);
    if (!S_ISREG(file.st_mode) || file.st_size < (off_t)sizeof(fg_route_header_t) ||
        file.st_size > FG_ROUTE_BYTES_MAX)
        return fg_error_set(reterr, FG_CORRUPT, "", "%s is no route snapshot", path);
    size_t bytes = (size_t)file.st_size;
    void *image = mmap(NULL, bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (image == MAP_FAILED)
        return io_failed(reterr, "map", path);
    fg_status_t status = route_new(image, bytes, true, ret_route, reterr);
    if (status != FG_OK)
        munmap(image, bytes);
    return status;
}

fg_status_t fg_route_open(const char *path, fg_route_t **ret_route, fg_error_t *reterr)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return io_failed(reterr, "open", path);
    fg_status_t status = map(fd, path, ret_route, reterr);
    close(fd);
    return status;
}

fg_route_t *fg_route_ref(fg_route_t *route)
{
    route->user_count++;
    return route;
}

void fg_route_unref(fg_route_t *route)
{
    if (route == NULL)
        return;
    FG_ASSERT(route->user_count > 0);
    if (--route->user_count > 0)
        return;
    if (route->is_mapped)
        munmap((void *)(uintptr_t)route->at, route->bytes);
    free(route);
}
