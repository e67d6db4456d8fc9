/*
 * pid_file - one faregated per data directory.
 */
#ifndef FG_DAEMON_PID_FILE_H
#define FG_DAEMON_PID_FILE_H

#include "base/status.h"

/* Make the directory when it is missing, lock "<data_dir>/faregated.pid" and write our pid into it.
 * The lock goes with the process, however it ends. FG_BUSY names the pid of the one that runs. */
FG_MUST_USE fg_status_t fg_pid_file_take(const char *data_dir, int *ret_fd, fg_error_t *reterr);

#endif
