#include "pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static fg_status_t busy(const char *data_dir, int fd, fg_error_t *reterr)
{
    char text[24] = "";
    (void)!read(fd, text, sizeof(text) - 1);
    return fg_error_set(reterr, FG_BUSY, "--data-dir", "another faregated (pid %d) runs on %s",
                        atoi(text), data_dir);
}

fg_status_t fg_pid_file_take(const char *data_dir, int *ret_fd, fg_error_t *reterr)
{
    char path[PATH_MAX], text[24];
    if (mkdir(data_dir, 0700) != 0 && errno != EEXIST)
        return fg_error_set(reterr, FG_IO, "--data-dir", "%s cannot be made: %s", data_dir,
                            strerror(errno));
    if (snprintf(path, sizeof(path), "%s/faregated.pid", data_dir) >= (int)sizeof(path))
        return fg_error_set(reterr, FG_TOO_LARGE, "--data-dir", "the path is too long");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return fg_error_set(reterr, FG_IO, "--data-dir", "%s cannot be opened: %s", path,
                            strerror(errno));
    fg_status_t status = FG_OK;
    int bytes = snprintf(text, sizeof(text), "%d\n", (int)getpid());
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        status = busy(data_dir, fd, reterr);
    else if (ftruncate(fd, 0) != 0 || write(fd, text, (size_t)bytes) != bytes)
        status = fg_error_set(reterr, FG_IO, "--data-dir", "%s cannot be written: %s", path,
                              strerror(errno));
    if (status != FG_OK) {
        (void)close(fd);
        return status;
    }
    *ret_fd = fd;
    return FG_OK;
}
