/*
 * backup - an installation in one file: made while it is in use, checked, and put back.
 *
 * Shape      A SQLite database, so that any tool can read it: the store's tables as they stood at one moment, and
 *            `backup_files` with secret.key, credentials and export.key. Behind it FG_BACKUP_MAGIC and the SHA-256 of
 *            all before it. Whoever has the file has the secrets: mode 0600.
 * Threads    No store need be open. Making one reads through a connection of its own: a running faregated goes on.
 * Rule       docs/rules/operators.md BK1 to BK5.
 */
#ifndef FG_STORE_BACKUP_H
#define FG_STORE_BACKUP_H

#include "base/clock.h"
#include "base/crypto.h"
#include "base/status.h"

#define FG_BACKUP_MAGIC "FAREGATE"
enum {
    FG_BACKUP_MAGIC_BYTES = 8,
    FG_BACKUP_TRAILER_BYTES = FG_BACKUP_MAGIC_BYTES + FG_SHA256_BYTES
};

/* Copy what is in `data_dir` to `path`, which must not be there. It appears whole or not at all.
 * FG_CONFLICT, FG_CORRUPT, FG_DISK_FULL, FG_IO. */
FG_MUST_USE fg_status_t fg_backup_make(const char *data_dir, const char *path, uint64_t *ret_bytes,
                                       fg_error_t *reterr);

/* One line for each thing that was looked at. */
typedef void fg_backup_say_t(void *ctx, const char *what, bool is_good, const char *text);
/* Check a backup, or a data directory, which may be in use; nothing is changed. FG_CORRUPT when
 * something is not as it should be, after a line that says so. */
FG_MUST_USE fg_status_t fg_backup_verify(const char *path, fg_backup_say_t *say, void *ctx,
                                         fg_error_t *reterr);

typedef struct fg_restore_options {
    const char *path;     /* a backup that was verified */
    const char *data_dir; /* of a node that does not run */
    fg_wall_t now;
    fg_random_t random;
    bool is_over;            /* what stands there may be put aside */
    bool is_usage_forgotten; /* without its database: what was spent since may be spent again */
} fg_restore_options_t;
/* Rule BK4. *ret_aside: where the former files are, "" when there were none. */
FG_MUST_USE fg_status_t fg_backup_restore(const fg_restore_options_t *options, char *ret_aside,
                                          size_t room, fg_error_t *reterr);

#endif
