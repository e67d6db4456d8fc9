/*
 * backup_file - what making, checking and restoring backups share: whole files in memory, and the
 * database in one that nobody writes.
 */
#ifndef FG_STORE_BACKUP_FILE_H
#define FG_STORE_BACKUP_FILE_H

#include "base/str.h"
#include "store/backup.h"
#include "store/db.h"

/* The files of an installation beside its database; those that are missing are left out. */
extern const char *const fg_backup_names[];
extern const size_t fg_backup_name_count;

/* Mapped to read; fg_backup_unmap gives it back. */
FG_MUST_USE fg_status_t fg_backup_map(const char *path, fg_str_t *ret_bytes, fg_error_t *reterr);
void fg_backup_unmap(fg_str_t bytes);
/* Make the names in the folder of `path` durable. */
FG_MUST_USE fg_status_t fg_backup_sync_folder(const char *path, fg_error_t *reterr);
/* Write and fsync a new file of mode 0600. */
FG_MUST_USE fg_status_t fg_backup_write(const char *path, fg_str_t bytes, fg_error_t *reterr);
/* "folder/name" into PATH_MAX bytes. */
FG_MUST_USE fg_status_t fg_backup_path(const char *folder, const char *name, char *ret_path,
                                       fg_error_t *reterr);
/* A failure of the system, with its text. */
fg_status_t fg_backup_fail(const char *doing, const char *path, fg_error_t *reterr);
/* The database part of a backup's bytes; FG_CORRUPT when the trailer or the hash is wrong. */
FG_MUST_USE fg_status_t fg_backup_content(const char *path, fg_str_t bytes, fg_str_t *ret_database,
                                          fg_error_t *reterr);

#endif
