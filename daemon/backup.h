/*
 * backup - what faregated does instead of serving: backups made, checked and put back, for the command line.
 */
#ifndef FG_DAEMON_BACKUP_H
#define FG_DAEMON_BACKUP_H

#include "options.h"

bool fg_backup_is_asked(const fg_options_t *options);
/* Lines on stdout, trouble on stderr; the exit code. */
int fg_backup_run(const fg_options_t *options);

#endif
