/*
 * The SQLite driver. WAL with synchronous=FULL: a commit that returned survives a power cut, and
 * readers of backups do not stop the writer. Prepared statements are kept in a hash of their text.
 */
#include "store/db.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STMT_BUCKETS = 128, BUSY_TIMEOUT_MS = 5000 };

struct fg_stmt {
    fg_db_t *db;
    fg_stmt_t *next;      /* of its bucket */
    sqlite3_stmt *handle; /* NULL in the stand-in for one that could not be prepared */
    char *sql;
    fg_status_t status; /* what prepare or bind met; told by step */
    bool is_open;
};

struct fg_db {
    sqlite3 *handle;
    fg_stmt_t *buckets[STMT_BUCKETS];
    fg_stmt_t broken;
    bool in_transaction;
    fg_status_t failed; /* the first failure of the open transaction */
    int64_t fail_after;
};

static fg_status_t status_of_errno(int error, fg_status_t otherwise)
{
    switch (error) {
    case ENOSPC:
    case EFBIG:
    case EDQUOT:
        return FG_DISK_FULL;
    case EROFS:
    case EACCES:
    case EPERM:
        return FG_READ_ONLY;
    default:
        return otherwise;
    }
}

/* SQLite remembers the system's error only for some of its calls; for the others it is still in
 * errno, which is therefore cleared before each. */
static int system_errno(sqlite3 *handle)
{
    int error = errno;
    int kept = handle ? sqlite3_system_errno(handle) : 0;
    return kept ? kept : error;
}

static fg_status_t status_of(sqlite3 *handle, int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return FG_OK;
    case SQLITE_NOMEM:
        return FG_NO_MEMORY;
    case SQLITE_FULL:
        return FG_DISK_FULL;
    case SQLITE_READONLY:
        return FG_READ_ONLY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return FG_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return FG_CORRUPT;
    case SQLITE_CONSTRAINT:
        return FG_CONFLICT;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return status_of_errno(system_errno(handle), FG_IO);
    default:
        return FG_IO;
    }
}

/* Remember the first failure of a transaction: what was written before it must not be committed. */
static fg_status_t fail(fg_db_t *db, fg_status_t status, const char *text, fg_error_t *reterr)
{
    if (db->in_transaction && db->failed == FG_OK)
        db->failed = status;
    return fg_error_set(reterr, status, "", "%s: %s", fg_status_text(status), text);
}

static fg_status_t check(fg_db_t *db, int code, fg_error_t *reterr)
{
    fg_status_t status = status_of(db->handle, code);
    return status == FG_OK ? FG_OK : fail(db, status, sqlite3_errmsg(db->handle), reterr);
}

/* The tests' n-th failing call. */
static bool is_injected(fg_db_t *db)
{
    if (db->fail_after < 0)
        return false;
    if (db->fail_after == 0)
        return true;
    db->fail_after--;
    return false;
}

static const char injected_text[] = "a failure asked for by a test";

/* `uri` is what SQLite is told; `path` is for messages. */
static fg_status_t open_as(const char *uri, const char *path, int flags, const char *pragmas,
                           fg_db_t **ret_db, fg_error_t *reterr)
{
    fg_db_t *db = calloc(1, sizeof(*db));
    if (!db)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "%s", fg_status_text(FG_NO_MEMORY));
    db->fail_after = -1;
    db->broken.db = db;
    errno = 0;
    int code = sqlite3_open_v2(uri, &db->handle, flags | SQLITE_OPEN_NOMUTEX, NULL);
    fg_status_t status = FG_OK;
    if (code != SQLITE_OK)
        status = fg_error_set(reterr, status_of(db->handle, code), "", "cannot open %s: %s", path,
                              db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code));
    if (status == FG_OK) {
        (void)sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
        status = fg_db_exec(db, pragmas, reterr);
    }
    if (status != FG_OK) {
        fg_db_close(db);
        return status;
    }
    *ret_db = db;
    return FG_OK;
}

fg_status_t fg_db_open(const char *path, fg_db_t **ret_db, fg_error_t *reterr)
{
    /* KiB of cache: the upper levels of the indexes of millions of keys */
    return open_as(path, path, SQLITE_OPEN_READWRITE,
                   "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                   "PRAGMA cache_size = -65536",
                   ret_db, reterr);
}

fg_status_t fg_db_open_to_read(const char *path, bool is_unchanging, fg_db_t **ret_db,
                               fg_error_t *reterr)
{
    char *uri = malloc(3 * strlen(path) + sizeof("file:?immutable=1"));
    if (!uri)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "%s", fg_status_text(FG_NO_MEMORY));
    size_t len = (size_t)sprintf(uri, "file:");
    for (const char *at = path; *at; at++) {
        bool is_special = *at == '?' || *at == '#' || *at == '%';
        len += (size_t)sprintf(uri + len, is_special ? "%%%02X" : "%c", (unsigned char)*at);
    }
    if (is_unchanging)
        (void)sprintf(uri + len, "?immutable=1");
    fg_status_t status = open_as(uri, path, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
                                 "PRAGMA cache_size = -65536", ret_db, reterr);
    free(uri);
    return status;
}

void fg_db_close(fg_db_t *db)
{
    if (!db)
        return;
    fg_db_rollback(db);
    for (size_t i = 0; i < STMT_BUCKETS; i++) {
        while (db->buckets[i]) {
            fg_stmt_t *stmt = db->buckets[i];
            db->buckets[i] = stmt->next;
            (void)sqlite3_finalize(stmt->handle);
            free(stmt->sql);
            free(stmt);
        }
    }
    (void)sqlite3_close(db->handle);
    free(db);
}

fg_status_t fg_db_exec(fg_db_t *db, const char *sql, fg_error_t *reterr)
{
    if (is_injected(db))
        return fail(db, FG_IO, injected_text, reterr);
    errno = 0;
    return check(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL), reterr);
}

/* ---- transactions ---- */

fg_status_t fg_db_begin(fg_db_t *db, fg_error_t *reterr)
{
    FG_ASSERT(!db->in_transaction);
    fg_status_t status = fg_db_exec(db, "BEGIN IMMEDIATE", reterr);
    if (status != FG_OK)
        return status;
    db->in_transaction = true;
    db->failed = FG_OK;
    return FG_OK;
}

fg_status_t fg_db_commit(fg_db_t *db, fg_error_t *reterr)
{
    FG_ASSERT(db->in_transaction);
    fg_status_t status = db->failed;
    if (status != FG_OK)
        (void)fg_error_set(reterr, status, "",
                           "%s: nothing was written, because part of it could not be",
                           fg_status_text(status));
    else
        status = fg_db_exec(db, "COMMIT", reterr);
    if (status != FG_OK)
        fg_db_rollback(db);
    db->in_transaction = false;
    return status;
}

void fg_db_rollback(fg_db_t *db)
{
    if (!db->in_transaction)
        return;
    /* SQLite rolls back by itself on some failures; then there is nothing left to do. */
    if (!sqlite3_get_autocommit(db->handle))
        (void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    db->in_transaction = false;
}

bool fg_db_in_transaction(const fg_db_t *db)
{
    return db->in_transaction;
}

/* ---- statements ---- */

static fg_stmt_t **bucket_of(fg_db_t *db, const char *sql)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *at = sql; *at; at++)
        hash = (hash ^ (uint8_t)*at) * 16777619u;
    return &db->buckets[hash % STMT_BUCKETS];
}

static fg_stmt_t *broken(fg_db_t *db, fg_status_t status)
{
    db->broken.status = status;
    return &db->broken;
}

static fg_stmt_t *prepare_new(fg_db_t *db, fg_stmt_t **bucket, const char *sql)
{
    fg_stmt_t *stmt = calloc(1, sizeof(*stmt));
    char *text = strdup(sql);
    if (!stmt || !text) {
        free(stmt);
        free(text);
        return broken(db, FG_NO_MEMORY);
    }
    int code =
        sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt->handle, NULL);
    if (code != SQLITE_OK) {
        free(stmt);
        free(text);
        return broken(db, status_of(db->handle, code));
    }
    *stmt = (fg_stmt_t){.db = db, .next = *bucket, .handle = stmt->handle, .sql = text};
    *bucket = stmt;
    return stmt;
}

fg_stmt_t *fg_db_prepare(fg_db_t *db, const char *sql)
{
    if (is_injected(db))
        return broken(db, FG_IO);
    fg_stmt_t **bucket = bucket_of(db, sql);
    fg_stmt_t *stmt = *bucket;
    while (stmt && strcmp(stmt->sql, sql) != 0)
        stmt = stmt->next;
    if (!stmt)
        stmt = prepare_new(db, bucket, sql);
    FG_ASSERT(!stmt->is_open);
    if (stmt->handle) {
        stmt->is_open = true;
        stmt->status = FG_OK;
    }
    return stmt;
}

static void keep(fg_stmt_t *stmt, int code)
{
    if (code != SQLITE_OK && stmt->status == FG_OK)
        stmt->status = status_of(stmt->db->handle, code);
}

void fg_db_bind_text(fg_stmt_t *stmt, int index, fg_str_t text)
{
    if (!stmt->handle)
        return;
    if (!text.at)
        keep(stmt, sqlite3_bind_null(stmt->handle, index));
    else
        keep(stmt, sqlite3_bind_text64(stmt->handle, index, text.at, text.len, SQLITE_STATIC,
                                       SQLITE_UTF8));
}

void fg_db_bind_blob(fg_stmt_t *stmt, int index, const void *bytes, size_t count)
{
    if (stmt->handle)
        keep(stmt, sqlite3_bind_blob64(stmt->handle, index, bytes, count, SQLITE_STATIC));
}

void fg_db_bind_i64(fg_stmt_t *stmt, int index, int64_t value)
{
    if (stmt->handle)
        keep(stmt, sqlite3_bind_int64(stmt->handle, index, value));
}

void fg_db_bind_double(fg_stmt_t *stmt, int index, double value)
{
    if (stmt->handle)
        keep(stmt, sqlite3_bind_double(stmt->handle, index, value));
}

void fg_db_bind_null(fg_stmt_t *stmt, int index)
{
    if (stmt->handle)
        keep(stmt, sqlite3_bind_null(stmt->handle, index));
}

fg_status_t fg_db_step(fg_stmt_t *stmt, bool *ret_has_row, fg_error_t *reterr)
{
    fg_db_t *db = stmt->db;
    if (stmt->status != FG_OK)
        return fail(db, stmt->status, "a statement could not be prepared", reterr);
    if (is_injected(db))
        return fail(db, FG_IO, injected_text, reterr);
    errno = 0;
    int code = sqlite3_step(stmt->handle);
    fg_status_t status = check(db, code, reterr);
    if (status == FG_OK)
        *ret_has_row = code == SQLITE_ROW;
    return status;
}

void fg_db_finish(fg_stmt_t *stmt)
{
    if (!stmt->handle)
        return;
    (void)sqlite3_reset(stmt->handle); /* repeats the step's code */
    (void)sqlite3_clear_bindings(stmt->handle);
    stmt->is_open = false;
}

fg_status_t fg_db_run(fg_stmt_t *stmt, uint64_t *ret_changes, fg_error_t *reterr)
{
    bool has_row = true;
    fg_status_t status = FG_OK;
    while (status == FG_OK && has_row)
        status = fg_db_step(stmt, &has_row, reterr);
    if (status == FG_OK && ret_changes)
        *ret_changes = (uint64_t)sqlite3_changes64(stmt->db->handle);
    fg_db_finish(stmt);
    return status;
}

bool fg_db_column_is_null(fg_stmt_t *stmt, int index)
{
    return sqlite3_column_type(stmt->handle, index) == SQLITE_NULL;
}

fg_str_t fg_db_column_text(fg_stmt_t *stmt, int index)
{
    const void *at = sqlite3_column_text(stmt->handle, index);
    return at ? fg_str_of(at, (size_t)sqlite3_column_bytes(stmt->handle, index)) : FG_STR_NONE;
}

fg_str_t fg_db_column_blob(fg_stmt_t *stmt, int index)
{
    const void *at = sqlite3_column_blob(stmt->handle, index);
    return at ? fg_str_of(at, (size_t)sqlite3_column_bytes(stmt->handle, index)) : FG_STR_NONE;
}

int64_t fg_db_column_i64(fg_stmt_t *stmt, int index)
{
    return sqlite3_column_int64(stmt->handle, index);
}

double fg_db_column_double(fg_stmt_t *stmt, int index)
{
    return sqlite3_column_double(stmt->handle, index);
}

/* ---- for tests ---- */

void fg_db_fail_after(fg_db_t *db, int64_t count)
{
    db->fail_after = count;
}

fg_status_t fg_db_limit_pages(fg_db_t *db, int64_t pages, fg_error_t *reterr)
{
    fg_stmt_t *stmt = fg_db_prepare(db, "PRAGMA page_count");
    bool has_row;
    fg_status_t status = fg_db_step(stmt, &has_row, reterr);
    int64_t used = status == FG_OK ? fg_db_column_i64(stmt, 0) : 0;
    fg_db_finish(stmt);
    if (status != FG_OK)
        return status;
    char sql[64];
    (void)snprintf(sql, sizeof(sql), "PRAGMA max_page_count = %lld", (long long)(used + pages));
    return fg_db_exec(db, sql, reterr);
}
