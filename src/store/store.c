#include "store/store.h"

#include "store/schema.h"
#include "store/state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Sealed into the database when it is made: a secret.key that cannot open it belongs to another. */
#define CHECK_TEXT "faregate"
enum { CHECK_BYTES = sizeof(CHECK_TEXT) - 1 };

static fg_status_t fail_path(const char *doing, const char *path, fg_error_t *reterr)
{
    int error = errno;
    fg_status_t status = FG_IO;
    if (error == ENOSPC || error == EDQUOT)
        status = FG_DISK_FULL;
    if (error == EROFS || error == EACCES || error == EPERM)
        status = FG_READ_ONLY;
    return fg_error_set(reterr, status, "", "cannot %s %s: %s", doing, path, strerror(error));
}

static fg_status_t path_in(const char *folder, const char *name, char ret_path[PATH_MAX],
                           fg_error_t *reterr)
{
    int length = snprintf(ret_path, PATH_MAX, "%s/%s", folder, name);
    if (length < 0 || length >= PATH_MAX)
        return fg_error_set(reterr, FG_IO, "", "the path %s is too long", folder);
    return FG_OK;
}

/* SQLite gives its companion files the mode of the database: made 0600 here, so are they. */
static fg_status_t create_file(const char *path, fg_error_t *reterr)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_path("open", path, reterr);
    return close(fd) == 0 ? FG_OK : fail_path("close", path, reterr);
}

static fg_status_t open_files(fg_store_t *store, const char *folder, fg_error_t *reterr)
{
    char db_path[PATH_MAX], secret_path[PATH_MAX];
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return fail_path("make the directory", folder, reterr);
    fg_status_t status = path_in(folder, "faregate.db", db_path, reterr);
    if (status == FG_OK)
        status = path_in(folder, "secret.key", secret_path, reterr);
    if (status != FG_OK)
        return status;
    bool has_db = access(db_path, F_OK) == 0;
    status = fg_secrets_load(secret_path, !has_db, store->random, &store->secrets, reterr);
    if (status == FG_OK)
        status = create_file(db_path, reterr);
    if (status == FG_OK)
        status = fg_db_open(db_path, &store->db, reterr);
    return status;
}

static fg_status_t write_installation(fg_store_t *store, fg_error_t *reterr)
{
    char uuid[sizeof(store->uuid)];
    uint8_t sealed[CHECK_BYTES + FG_SEAL_OVERHEAD_BYTES];
    if (!fg_uuid_make(store->random, uuid) ||
        fg_seal(store->secrets.seal, store->random, fg_str(uuid), CHECK_TEXT, CHECK_BYTES,
                sealed) != FG_OK)
        return fg_error_set(reterr, FG_IO, "",
                            "there are no random bytes to name the installation");
    fg_stmt_t *stmt =
        fg_db_prepare(store->db, "INSERT INTO installation (uuid, secret_check) VALUES (?1, ?2)");
    fg_db_bind_text(stmt, 1, fg_str(uuid));
    fg_db_bind_blob(stmt, 2, sealed, sizeof(sealed));
    return fg_db_run(stmt, NULL, reterr);
}

/* The sealed text pins the secret of the seals; both secrets are one file, so it answers for the
 * other as well. */
static fg_status_t check_installation(fg_store_t *store, fg_stmt_t *stmt, fg_error_t *reterr)
{
    fg_str_t uuid = fg_db_column_text(stmt, 0);
    fg_str_t sealed = fg_db_column_blob(stmt, 1);
    uint8_t text[CHECK_BYTES];
    if (uuid.len == 0 || uuid.len >= sizeof(store->uuid))
        return fg_error_set(reterr, FG_CORRUPT, "", "the database has no installation id");
    if (sealed.len != CHECK_BYTES + FG_SEAL_OVERHEAD_BYTES ||
        fg_unseal(store->secrets.seal, uuid, (const uint8_t *)sealed.at, sealed.len, text) != FG_OK)
        return fg_error_set(reterr, FG_CORRUPT, "",
                            "secret.key does not belong to this database: restore the one that was "
                            "backed up with it");
    memcpy(store->uuid, uuid.at, uuid.len);
    store->uuid[uuid.len] = '\0';
    return FG_OK;
}

static fg_status_t read_installation(fg_store_t *store, fg_error_t *reterr)
{
    fg_stmt_t *stmt = fg_db_prepare(store->db, "SELECT uuid, secret_check FROM installation");
    bool has_row = false;
    fg_status_t status = fg_db_step(stmt, &has_row, reterr);
    if (status == FG_OK && !has_row)
        status = fg_error_set(reterr, FG_CORRUPT, "", "the database has no installation id");
    if (status == FG_OK)
        status = check_installation(store, stmt, reterr);
    fg_db_finish(stmt);
    return status;
}

static fg_status_t migrate(fg_store_t *store, fg_error_t *reterr)
{
    fg_status_t status = fg_db_begin(store->db, reterr);
    if (status != FG_OK)
        return status;
    status = fg_schema_migrate(store->db, &store->is_new, reterr);
    if (status == FG_OK && store->is_new)
        status = write_installation(store, reterr);
    if (status == FG_OK && store->is_new)
        status = fg_store_session_set(store, &(fg_session_t){.is_settled = true}, reterr);
    if (status == FG_OK)
        status = read_installation(store, reterr);
    if (status == FG_OK)
        return fg_db_commit(store->db, reterr);
    fg_db_rollback(store->db);
    return status;
}

fg_status_t fg_store_open(const fg_store_options_t *options, fg_store_t **ret_store,
                          fg_error_t *reterr)
{
    fg_store_t *store = calloc(1, sizeof(*store));
    if (!store)
        return fg_out_of_memory(reterr);
    store->random = options->random;
    store->are_values_hashed = options->are_values_hashed;
    store->data_dir = strdup(options->data_dir);
    fg_status_t status =
        store->data_dir ? open_files(store, options->data_dir, reterr) : fg_out_of_memory(reterr);
    if (status == FG_OK)
        status = migrate(store, reterr);
    if (status != FG_OK) {
        fg_store_close(store);
        return status;
    }
    fg_digester_init(&store->digester, store->secrets.digest);
    *ret_store = store;
    return FG_OK;
}

void fg_store_close(fg_store_t *store)
{
    if (!store)
        return;
    fg_db_close(store->db);
    free(store->data_dir);
    explicit_bzero(store, sizeof(*store));
    free(store);
}

bool fg_store_is_new(const fg_store_t *store)
{
    return store->is_new;
}

const char *fg_store_uuid(const fg_store_t *store)
{
    return store->uuid;
}

const fg_digester_t *fg_store_digester(const fg_store_t *store)
{
    return &store->digester;
}

fg_db_t *fg_store_db(fg_store_t *store)
{
    return store->db;
}

bool fg_store_are_values_hashed(const fg_store_t *store)
{
    return store->are_values_hashed;
}

fg_status_t fg_store_begin(fg_store_t *store, fg_error_t *reterr)
{
    return fg_db_begin(store->db, reterr);
}

const uint32_t fg_commit_bounds_us[FG_COMMIT_BUCKETS - 1] = {
    100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 1000000,
};

static void note_commit(fg_commit_times_t *times, int64_t us)
{
    size_t bucket = 0;
    while (bucket < FG_COMMIT_BUCKETS - 1 && us > (int64_t)fg_commit_bounds_us[bucket])
        bucket++;
    times->buckets[bucket]++;
    times->sum_us += (uint64_t)us;
}

fg_status_t fg_store_commit(fg_store_t *store, fg_error_t *reterr)
{
    int64_t began_us = fg_now().mono.us;
    fg_status_t status = fg_db_commit(store->db, reterr);
    if (status == FG_OK)
        note_commit(&store->commit_times, fg_now().mono.us - began_us);
    return status;
}

fg_commit_times_t fg_store_commit_times(const fg_store_t *store)
{
    return store->commit_times;
}

void fg_store_rollback(fg_store_t *store)
{
    fg_db_rollback(store->db);
}
