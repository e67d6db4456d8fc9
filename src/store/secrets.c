#include "store/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(sizeof(fg_secrets_t) == 2 * FG_SECRET_BYTES, "the file is the struct");

static fg_status_t fail_errno(const char *doing, const char *path, fg_error_t *reterr)
{
    int error = errno;
    fg_status_t status = FG_IO;
    if (error == ENOSPC || error == EDQUOT || error == EFBIG)
        status = FG_DISK_FULL;
    if (error == EROFS || error == EACCES || error == EPERM)
        status = FG_READ_ONLY;
    return fg_error_set(reterr, status, "", "cannot %s %s: %s", doing, path, strerror(error));
}

/* The rename is durable only when the directory is. */
static bool sync_folder_of(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int length = slash ? (int)(slash - path) : 1;
    (void)snprintf(folder, sizeof(folder), "%.*s", length, slash ? path : ".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool is_synced = fsync(fd) == 0;
    return close(fd) == 0 && is_synced;
}

static bool write_file(const char *path, const void *secret, size_t bytes)
{
    (void)unlink(path); /* left by a start that was cut short */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool is_written = write(fd, secret, bytes) == (ssize_t)bytes && fsync(fd) == 0;
    return close(fd) == 0 && is_written;
}

static fg_status_t create(const char *path, fg_random_t random, void *ret_secret, size_t bytes,
                          fg_error_t *reterr)
{
    if (!random.fill(random.ctx, ret_secret, bytes))
        return fg_error_set(reterr, FG_IO, "", "there are no random bytes for %s", path);
    char temporary[PATH_MAX];
    int length = snprintf(temporary, sizeof(temporary), "%s.new", path);
    if (length < 0 || (size_t)length >= sizeof(temporary))
        return fg_error_set(reterr, FG_IO, "", "the path %s is too long", path);
    errno = EIO; /* of a short write */
    if (!write_file(temporary, ret_secret, bytes) || rename(temporary, path) != 0 ||
        !sync_folder_of(path)) {
        fg_status_t status = fail_errno("write", path, reterr);
        (void)unlink(temporary);
        return status;
    }
    return FG_OK;
}

static fg_status_t read_open(int fd, const char *path, void *ret_secret, size_t bytes,
                             fg_error_t *reterr)
{
    struct stat file;
    if (fstat(fd, &file) != 0)
        return fail_errno("read", path, reterr);
    if (file.st_mode & 0077)
        return fg_error_set(reterr, FG_DENIED, "",
                            "%s may be read by others (mode %04o): set it to 0600", path,
                            (unsigned)(file.st_mode & 07777));
    if (file.st_size != (off_t)bytes)
        return fg_error_set(reterr, FG_CORRUPT, "",
                            "%s has %lld bytes, not %zu: restore it from a backup", path,
                            (long long)file.st_size, bytes);
    errno = EIO;
    if (read(fd, ret_secret, bytes) != (ssize_t)bytes)
        return fail_errno("read", path, reterr);
    return FG_OK;
}

fg_status_t fg_secret_load(const char *path, bool may_create, fg_random_t random, void *ret_secret,
                           size_t bytes, fg_error_t *reterr)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && may_create)
        return create(path, random, ret_secret, bytes, reterr);
    if (fd < 0 && errno == ENOENT)
        return fg_error_set(reterr, FG_CORRUPT, "",
                            "%s is missing, and the database beside it cannot be read without it: "
                            "restore it from a backup",
                            path);
    if (fd < 0)
        return fail_errno("open", path, reterr);
    fg_status_t status = read_open(fd, path, ret_secret, bytes, reterr);
    (void)close(fd);
    return status;
}

fg_status_t fg_secrets_load(const char *path, bool may_create, fg_random_t random,
                            fg_secrets_t *ret_secrets, fg_error_t *reterr)
{
    fg_secrets_t secrets;
    fg_status_t status =
        fg_secret_load(path, may_create, random, &secrets, sizeof(secrets), reterr);
    if (status == FG_OK)
        *ret_secrets = secrets;
    return status;
}
