/*
 * own_dir - a directory that nobody else can put files into.
 *
 * The gate's directory has a name that anybody can work out, in a place where anybody may make
 * directories. One that another user made first, or a symbolic link to elsewhere, would hand him the
 * gate: it is refused and not repaired.
 */
#ifndef FG_BASE_OWN_DIR_H
#define FG_BASE_OWN_DIR_H

#include "base/status.h"

#include <sys/stat.h>

/*
 * Make `path` with exactly `mode`, whatever the umask, or find it there. Its parent must exist.
 *
 * FG_OK: it is a directory, no symbolic link, owned by us or by root, and not writable for all.
 * FG_DENIED: one of these does not hold. FG_IO: it can neither be made nor looked at. A directory
 * that was there keeps its mode.
 */
fg_status_t fg_own_dir_make(const char *path, mode_t mode, fg_error_t *reterr);

#endif
