#include "store/backup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const fg_backup_names[] = {"secret.key", "credentials", "export.key"};
const size_t fg_backup_name_count = FG_COUNT_OF(fg_backup_names);

fg_status_t fg_backup_fail(const char *doing, const char *path, fg_error_t *reterr)
{
    int error = errno;
    fg_status_t status = error == ENOSPC || error == EDQUOT || error == EFBIG ? FG_DISK_FULL
                         : error == EROFS || error == EACCES                  ? FG_READ_ONLY
                                                                              : FG_IO;
    return fg_error_set(reterr, status, "", "cannot %s %s: %s", doing, path, strerror(error));
}

fg_status_t fg_backup_path(const char *folder, const char *name, char *ret_path, fg_error_t *reterr)
{
    int length = snprintf(ret_path, PATH_MAX, "%s/%s", folder, name);
    return length > 0 && length < PATH_MAX
               ? FG_OK
               : fg_error_set(reterr, FG_TOO_LARGE, "", "the path %s is too long", folder);
}

fg_status_t fg_backup_map(const char *path, fg_str_t *ret_bytes, fg_error_t *reterr)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fg_backup_fail("open", path, reterr);
    void *bytes = MAP_FAILED;
    bool is_known = fstat(fd, &about) == 0;
    if (is_known && about.st_size > 0)
        bytes = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    int error = errno;
    (void)close(fd);
    errno = error;
    if (is_known && about.st_size == 0)
        return fg_error_set(reterr, FG_CORRUPT, "", "%s is empty", path);
    if (bytes == MAP_FAILED)
        return fg_backup_fail("read", path, reterr);
    *ret_bytes = fg_str_of(bytes, (size_t)about.st_size);
    return FG_OK;
}

void fg_backup_unmap(fg_str_t bytes)
{
    union {
        const char *in;
        void *out;
    } at = {bytes.at};
    if (bytes.at)
        (void)munmap(at.out, bytes.len);
}

fg_status_t fg_backup_sync_folder(const char *path, fg_error_t *reterr)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int length = slash ? (int)(slash - path) + 1 : 1;
    (void)snprintf(folder, sizeof(folder), "%.*s", length, slash ? path : ".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_synced = fd >= 0 && fsync(fd) == 0;
    fg_status_t status = is_synced ? FG_OK : fg_backup_fail("sync", folder, reterr);
    if (fd >= 0)
        (void)close(fd);
    return status;
}

fg_status_t fg_backup_write(const char *path, fg_str_t bytes, fg_error_t *reterr)
{
    size_t done = 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return fg_backup_fail("write", path, reterr);
    while (done < bytes.len) {
        ssize_t wrote = write(fd, bytes.at + done, bytes.len - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            break;
        done += (size_t)wrote;
    }
    bool is_written = done == bytes.len && fsync(fd) == 0;
    fg_status_t status = is_written ? FG_OK : fg_backup_fail("write", path, reterr);
    if (close(fd) != 0 && status == FG_OK)
        status = fg_backup_fail("write", path, reterr);
    return status;
}

fg_status_t fg_backup_content(const char *path, fg_str_t bytes, fg_str_t *ret_database,
                              fg_error_t *reterr)
{
    uint8_t hash[FG_SHA256_BYTES];
    if (bytes.len <= FG_BACKUP_TRAILER_BYTES ||
        memcmp(bytes.at + bytes.len - FG_BACKUP_TRAILER_BYTES, FG_BACKUP_MAGIC,
               FG_BACKUP_MAGIC_BYTES) != 0)
        return fg_error_set(reterr, FG_CORRUPT, "", "%s is no backup, or its end is missing", path);
    *ret_database = fg_str_of(bytes.at, bytes.len - FG_BACKUP_TRAILER_BYTES);
    fg_sha256(ret_database->at, ret_database->len, hash);
    if (memcmp(bytes.at + bytes.len - FG_SHA256_BYTES, hash, sizeof(hash)) != 0)
        return fg_error_set(reterr, FG_CORRUPT, "", "%s is damaged: its hash is another", path);
    return FG_OK;
}
