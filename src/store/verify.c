#include "store/backup_file.h"
#include "store/schema.h"
#include "store/state.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct check {
    fg_db_t *db;
    fg_arena_t *arena;
    fg_secrets_t secrets;
    fg_backup_say_t *say;
    void *ctx;
    fg_error_t *error;
    fg_status_t status; /* the worst so far */
} check_t;

static void tell(check_t *check, const char *what, fg_status_t status, const char *text)
{
    check->say(check->ctx, what, status == FG_OK, text);
    if (status != FG_OK && check->status == FG_OK)
        check->status = status;
}

/* The first column of the first row, a number; trouble is told. */
static bool number_of(check_t *check, const char *what, const char *sql, int64_t *ret_number)
{
    bool has_row = false;
    fg_stmt_t *stmt = fg_db_prepare(check->db, sql);
    fg_status_t status = fg_db_step(stmt, &has_row, check->error);
    if (status == FG_OK)
        *ret_number = has_row ? fg_db_column_i64(stmt, 0) : 0;
    fg_db_finish(stmt);
    if (status != FG_OK)
        tell(check, what, status, check->error->message);
    return status == FG_OK;
}

/* ---- the database ---- */

static void check_pages(check_t *check)
{
    bool has_row = false;
    char text[512] = "";
    fg_stmt_t *stmt = fg_db_prepare(check->db, "PRAGMA integrity_check(1)");
    fg_status_t status = fg_db_step(stmt, &has_row, check->error);
    if (status == FG_OK && has_row)
        (void)snprintf(text, sizeof(text), "%.*s", FG_STR_ARG(fg_db_column_text(stmt, 0)));
    fg_db_finish(stmt);
    bool is_good = status == FG_OK && strcmp(text, "ok") == 0;
    tell(check, "database", is_good ? FG_OK : FG_CORRUPT,
         status == FG_OK ? text : check->error->message);
}

static void check_schema(check_t *check)
{
    int64_t version;
    char text[128];
    if (!number_of(check, "schema", "SELECT version FROM schema_version", &version))
        return;
    bool is_known = version >= 1 && version <= FG_SCHEMA_VERSION;
    (void)snprintf(text, sizeof(text), "version %lld; this program knows up to %d",
                   (long long)version, FG_SCHEMA_VERSION);
    tell(check, "schema", is_known ? FG_OK : FG_NEWER, text);
}

static void check_references(check_t *check)
{
    int64_t loose;
    if (!number_of(check, "references", "SELECT COUNT(*) FROM pragma_foreign_key_check()", &loose))
        return;
    tell(check, "references", loose == 0 ? FG_OK : FG_CORRUPT,
         loose == 0 ? "every row points at one that is there" : "a row points at none");
}

/* Rules L1, L4: of one window no more is used than granted, unless the plan's outagePolicy is open. */
static void check_ledger(check_t *check)
{
    int64_t rows, wrong;
    char sql[256], text[128];
    (void)snprintf(sql, sizeof(sql),
                   "SELECT COUNT(*) FROM ledger WHERE quota_word > granted_word"
                   " AND quota_word >> %d = granted_word >> %d AND plan_id NOT IN"
                   " (SELECT id FROM usage_plans WHERE extension LIKE"
                   " '%%\"outagePolicy\":\"open\"%%')",
                   FG_QUOTA_USED_BITS, FG_QUOTA_USED_BITS);
    if (!number_of(check, "ledger", "SELECT COUNT(*) FROM ledger", &rows) ||
        !number_of(check, "ledger", sql, &wrong))
        return;
    (void)snprintf(text, sizeof(text), "%lld windows, %lld used beyond their grant",
                   (long long)rows, (long long)wrong);
    tell(check, "ledger", wrong == 0 ? FG_OK : FG_CORRUPT, text);
}

/* ---- what is sealed ---- */

static fg_status_t unseal_row(check_t *check, fg_stmt_t *stmt)
{
    fg_str_t context = fg_db_column_text(stmt, 0), sealed = fg_db_column_blob(stmt, 1);
    fg_arena_reset(check->arena);
    uint8_t *text = fg_arena_alloc(check->arena, sealed.len + 1);
    if (!text)
        return FG_NO_MEMORY;
    return sealed.len < FG_SEAL_OVERHEAD_BYTES
               ? FG_CORRUPT
               : fg_unseal(check->secrets.seal, context, (const uint8_t *)sealed.at, sealed.len,
                           text);
}

static void check_sealed(check_t *check, const char *what, const char *sql)
{
    int64_t count = 0;
    bool has_row = false;
    char text[160];
    fg_stmt_t *stmt = fg_db_prepare(check->db, sql);
    fg_status_t status = fg_db_step(stmt, &has_row, check->error);
    while (status == FG_OK && has_row) {
        status = unseal_row(check, stmt);
        if (status != FG_OK)
            (void)fg_error_set(check->error, status, "",
                               "%.*s cannot be unsealed: secret.key is another, or it is damaged",
                               FG_STR_ARG(fg_db_column_text(stmt, 0)));
        count++;
        if (status == FG_OK)
            status = fg_db_step(stmt, &has_row, check->error);
    }
    fg_db_finish(stmt);
    (void)snprintf(text, sizeof(text), "%lld can be unsealed", (long long)count);
    tell(check, what, status, status == FG_OK ? text : check->error->message);
}

static void check_all(check_t *check)
{
    check_pages(check);
    if (check->status == FG_OK)
        check_schema(check);
    if (check->status != FG_OK)
        return; /* what follows would only say it again */
    check_references(check);
    check_ledger(check);
    check_sealed(check, "installation", "SELECT uuid, secret_check FROM installation");
    check_sealed(check, "key values", "SELECT id, sealed FROM api_keys WHERE sealed IS NOT NULL");
    check_sealed(check, "further values",
                 "SELECT key_id, sealed FROM key_values WHERE sealed IS NOT NULL");
    check_sealed(check, "credentials", "SELECT access_key_id, sealed FROM credentials");
}

/* ---- the two kinds ---- */

static fg_status_t take_secret(check_t *check, fg_str_t bytes)
{
    bool is_whole = bytes.len == sizeof(check->secrets);
    if (is_whole)
        memcpy(&check->secrets, bytes.at, sizeof(check->secrets));
    tell(check, "secret.key", is_whole ? FG_OK : FG_CORRUPT,
         is_whole ? "is there" : "is missing or cut");
    return is_whole ? FG_OK : FG_CORRUPT;
}

static fg_status_t open_backup(check_t *check, const char *path)
{
    fg_str_t bytes, database;
    bool has_row = false;
    fg_status_t status = fg_backup_map(path, &bytes, check->error);
    if (status == FG_OK) {
        status = fg_backup_content(path, bytes, &database, check->error);
        fg_backup_unmap(bytes);
    }
    tell(check, "hash", status, status == FG_OK ? "is that of the content" : check->error->message);
    if (status == FG_OK)
        status = fg_db_open_to_read(path, true, &check->db, check->error);
    if (status != FG_OK)
        return status;
    fg_stmt_t *stmt =
        fg_db_prepare(check->db, "SELECT bytes FROM backup_files WHERE name = 'secret.key'");
    status = fg_db_step(stmt, &has_row, check->error);
    if (status == FG_OK)
        status = take_secret(check, has_row ? fg_db_column_blob(stmt, 0) : FG_STR(""));
    else
        tell(check, "files", status, check->error->message);
    fg_db_finish(stmt);
    return status;
}

static fg_status_t open_folder(check_t *check, const char *folder)
{
    char path[PATH_MAX];
    fg_str_t bytes;
    fg_status_t status = fg_backup_path(folder, "secret.key", path, check->error);
    if (status == FG_OK)
        status = fg_backup_map(path, &bytes, check->error);
    if (status == FG_OK) {
        status = take_secret(check, bytes);
        fg_backup_unmap(bytes);
    }
    if (status == FG_OK)
        status = fg_backup_path(folder, "faregate.db", path, check->error);
    if (status == FG_OK)
        status = fg_db_open_to_read(path, false, &check->db, check->error);
    return status;
}

fg_status_t fg_backup_verify(const char *path, fg_backup_say_t *say, void *ctx, fg_error_t *reterr)
{
    struct stat about;
    check_t check = {.say = say, .ctx = ctx, .error = reterr, .arena = fg_arena_new()};
    if (!check.arena)
        return fg_out_of_memory(reterr);
    fg_status_t status;
    if (stat(path, &about) != 0)
        status = fg_backup_fail("read", path, reterr);
    else
        status = S_ISDIR(about.st_mode) ? open_folder(&check, path) : open_backup(&check, path);
    if (status == FG_OK)
        check_all(&check);
    else if (check.status == FG_OK)
        tell(&check, "files", status, reterr->message);
    fg_db_close(check.db);
    fg_arena_free(check.arena);
    explicit_bzero(&check.secrets, sizeof(check.secrets));
    return check.status;
}
