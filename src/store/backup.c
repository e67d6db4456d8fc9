#include "store/backup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What stands there at one moment, without holding a writer up. */
static fg_status_t copy_database(const char *data_dir, const char *beside, fg_error_t *reterr)
{
    char path[PATH_MAX];
    fg_db_t *db;
    fg_status_t status = fg_backup_path(data_dir, "faregate.db", path, reterr);
    if (status == FG_OK && access(path, R_OK) != 0)
        status = fg_backup_fail("read", path, reterr);
    if (status == FG_OK)
        status = fg_db_open(path, &db, reterr);
    if (status != FG_OK)
        return status;
    fg_stmt_t *stmt = fg_db_prepare(db, "VACUUM INTO ?1");
    fg_db_bind_text(stmt, 1, fg_str(beside));
    status = fg_db_run(stmt, NULL, reterr);
    fg_db_close(db);
    return status;
}

static fg_status_t add_file(fg_db_t *db, const char *data_dir, const char *name, fg_error_t *reterr)
{
    char path[PATH_MAX];
    fg_str_t bytes = FG_STR_NONE;
    fg_status_t status = fg_backup_path(data_dir, name, path, reterr);
    if (status != FG_OK)
        return status;
    bool is_needed = strcmp(name, "secret.key") == 0;
    if (!is_needed && access(path, F_OK) != 0)
        return FG_OK;
    status = fg_backup_map(path, &bytes, reterr);
    if (status != FG_OK)
        return status;
    fg_stmt_t *stmt = fg_db_prepare(db, "INSERT INTO backup_files (name, bytes) VALUES (?1, ?2)");
    fg_db_bind_text(stmt, 1, fg_str(name));
    fg_db_bind_blob(stmt, 2, bytes.at, bytes.len);
    status = fg_db_run(stmt, NULL, reterr);
    fg_backup_unmap(bytes);
    return status;
}

static fg_status_t add_files(const char *data_dir, const char *beside, fg_error_t *reterr)
{
    fg_db_t *db;
    fg_status_t status = fg_db_open(beside, &db, reterr);
    if (status != FG_OK)
        return status;
    status = fg_db_begin(db, reterr);
    if (status == FG_OK)
        status = fg_db_exec(
            db, "CREATE TABLE backup_files (name TEXT PRIMARY KEY, bytes BLOB NOT NULL)", reterr);
    for (size_t i = 0; status == FG_OK && i < fg_backup_name_count; i++)
        status = add_file(db, data_dir, fg_backup_names[i], reterr);
    if (status == FG_OK)
        status = fg_db_commit(db, reterr);
    if (status == FG_OK) /* one file, without companions */
        status = fg_db_exec(db, "PRAGMA journal_mode = DELETE", reterr);
    fg_db_close(db);
    return status;
}

static fg_status_t append_trailer(const char *beside, uint64_t *ret_bytes, fg_error_t *reterr)
{
    uint8_t trailer[FG_BACKUP_TRAILER_BYTES];
    fg_str_t bytes;
    fg_status_t status = fg_backup_map(beside, &bytes, reterr);
    if (status != FG_OK)
        return status;
    memcpy(trailer, FG_BACKUP_MAGIC, FG_BACKUP_MAGIC_BYTES);
    fg_sha256(bytes.at, bytes.len, trailer + FG_BACKUP_MAGIC_BYTES);
    *ret_bytes = bytes.len + sizeof(trailer);
    fg_backup_unmap(bytes);
    int fd = open(beside, O_WRONLY | O_APPEND | O_CLOEXEC);
    bool is_written = fd >= 0 && write(fd, trailer, sizeof(trailer)) == (ssize_t)sizeof(trailer) &&
                      fsync(fd) == 0;
    if (!is_written)
        status = fg_backup_fail("write", beside, reterr);
    if (fd >= 0)
        (void)close(fd);
    return status;
}

/* Never over a file that is there. */
static fg_status_t put_in_place(const char *beside, const char *path, fg_error_t *reterr)
{
    if (link(beside, path) == 0 && unlink(beside) == 0)
        return fg_backup_sync_folder(path, reterr);
    if (errno == EEXIST)
        return fg_error_set(reterr, FG_CONFLICT, "", "%s is there already", path);
    return fg_backup_fail("write", path, reterr);
}

fg_status_t fg_backup_make(const char *data_dir, const char *path, uint64_t *ret_bytes,
                           fg_error_t *reterr)
{
    char beside[PATH_MAX];
    if (snprintf(beside, sizeof(beside), "%s.new", path) >= (int)sizeof(beside))
        return fg_error_set(reterr, FG_TOO_LARGE, "", "the path %s is too long", path);
    if (access(path, F_OK) == 0)
        return fg_error_set(reterr, FG_CONFLICT, "", "%s is there already", path);
    (void)unlink(beside); /* left by a kill */
    mode_t before = umask(077);
    fg_status_t status = copy_database(data_dir, beside, reterr);
    if (status == FG_OK)
        status = add_files(data_dir, beside, reterr);
    (void)umask(before);
    if (status == FG_OK)
        status = append_trailer(beside, ret_bytes, reterr);
    if (status == FG_OK)
        status = put_in_place(beside, path, reterr);
    if (status != FG_OK)
        (void)unlink(beside);
    return status;
}
