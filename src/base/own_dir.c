#include "base/own_dir.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

fg_status_t fg_own_dir_make(const char *path, mode_t mode, fg_error_t *reterr)
{
    struct stat found;

    if (mkdir(path, mode) == 0) {
        if (chmod(path, mode) == 0)
            return FG_OK;
    } else if (errno == EEXIST && lstat(path, &found) == 0) {
        if (!S_ISDIR(found.st_mode))
            return fg_error_set(reterr, FG_DENIED, "", "%s is no directory", path);
        if (found.st_uid != geteuid() && found.st_uid != 0)
            return fg_error_set(reterr, FG_DENIED, "",
                                "%s belongs to another user (id %u): remove it or name another",
                                path, (unsigned)found.st_uid);
        if (found.st_mode & S_IWOTH)
            return fg_error_set(reterr, FG_DENIED, "", "%s may be written by all (mode %04o)", path,
                                (unsigned)(found.st_mode & 07777));
        return FG_OK;
    }
    return fg_error_set(reterr, FG_IO, "", "%s cannot be made: %s", path, strerror(errno));
}
