#include "credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 1024 };

/* Of the store's settings: the access key that the file speaks of. */
#define SETTING "access_key_id"

/* The installation's own: an admin. Rule CR6. */
static fg_status_t make_pair(fg_store_t *store, fg_arena_t *arena, fg_credential_t *ret_credential,
                             fg_error_t *reterr)
{
    *ret_credential = (fg_credential_t){.role = FG_STR(FG_CREDENTIAL_ADMIN),
                                        .name = FG_STR("installation"),
                                        .created_at = fg_now().wall};
    fg_status_t status = fg_store_credential_make(store, arena, ret_credential, reterr);
    if (status == FG_OK)
        status = fg_store_begin(store, reterr);
    if (status != FG_OK)
        return status;
    status = fg_store_credential_put(store, ret_credential, reterr);
    if (status == FG_OK)
        status =
            fg_store_setting_set(store, FG_STR(SETTING), ret_credential->access_key_id, reterr);
    if (status == FG_OK)
        status = fg_store_commit(store, reterr);
    if (status != FG_OK)
        fg_store_rollback(store);
    return status;
}

static bool is_in_file(const char *path, fg_str_t access_key_id)
{
    char text[FILE_BYTES_MAX + 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t bytes = read(fd, text, FILE_BYTES_MAX);
    (void)close(fd);
    return bytes > 0 && memmem(text, (size_t)bytes, access_key_id.at, access_key_id.len) != NULL;
}

static fg_status_t write_file(const char *path, fg_str_t text, fg_error_t *reterr)
{
    char beside[PATH_MAX];
    if (snprintf(beside, sizeof(beside), "%s.new", path) >= (int)sizeof(beside))
        return fg_error_set(reterr, FG_TOO_LARGE, "--data-dir", "the path is too long");
    (void)unlink(beside); /* left by a kill */
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool is_written =
        fd >= 0 && write(fd, text.at, text.len) == (ssize_t)text.len && fsync(fd) == 0;
    int failure = errno;
    if (fd >= 0)
        (void)close(fd);
    if (is_written && rename(beside, path) == 0)
        return FG_OK;
    if (is_written)
        failure = errno;
    return fg_error_set(reterr, FG_IO, "", "%s cannot be written: %s", path, strerror(failure));
}

fg_status_t fg_credentials_ensure(fg_store_t *store, const char *data_dir, const char *region,
                                  fg_error_t *reterr)
{
    fg_arena_t *arena = fg_arena_new();
    if (!arena)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    fg_str_t id;
    fg_credential_t credential;
    fg_status_t status = fg_store_setting_get(store, FG_STR(SETTING), arena, &id, reterr);
    if (status == FG_OK)
        status = fg_store_credential_get(store, id, arena, &credential, reterr);
    if (status == FG_NOT_FOUND)
        status = make_pair(store, arena, &credential, reterr);
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/credentials", data_dir);
    if (status == FG_OK && !is_in_file(path, credential.access_key_id)) {
        fg_str_t profile = fg_arena_printf(
            arena, "aws_access_key_id = %.*s\naws_secret_access_key = %.*s\nregion = %s\n",
            FG_STR_ARG(credential.access_key_id), FG_STR_ARG(credential.secret_access_key), region);
        fg_str_t text = fg_arena_printf(arena, "[default]\n%.*s\n[faregate]\n%.*s",
                                        FG_STR_ARG(profile), FG_STR_ARG(profile));
        status = text.at ? write_file(path, text, reterr)
                         : fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    }
    fg_arena_free(arena);
    return status;
}
