/*
 * Putting a backup back without giving a quota away twice. What was spent since the backup stands in the
 * database that is replaced: its ledger is taken over, the later window and the larger count of each row.
 * The gate is then told apart by the number of its session, so that it counts as lost, and what was
 * granted counts as used, as after a power cut (rule L5).
 */
#include "store/audit.h"
#include "store/backup_file.h"
#include "store/state.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Sessions of a restored store begin this far above those of any gate that may still lie about. */
enum { SESSIONS_APART = 1000000 };

typedef struct restore {
    const fg_restore_options_t *options;
    fg_error_t *error;
    char beside[PATH_MAX], aside[PATH_MAX];
    char former[PATH_MAX]; /* database; "" when there is none */
    fg_store_t *store;
    bool is_merged;
} restore_t;

/* ---- unpacking ---- */

static void remove_beside(const restore_t *restore)
{
    static const char *const names[] = {"faregate.db", "faregate.db-wal", "faregate.db-shm",
                                        "secret.key",  "secret.key.new",  "credentials",
                                        "export.key"};
    char path[PATH_MAX];
    fg_error_t ignored;
    for (size_t i = 0; i < FG_COUNT_OF(names); i++)
        if (fg_backup_path(restore->beside, names[i], path, &ignored) == FG_OK)
            (void)unlink(path);
    (void)rmdir(restore->beside);
}

static fg_status_t write_beside(restore_t *restore, const char *name, fg_str_t bytes)
{
    char path[PATH_MAX];
    fg_status_t status = fg_backup_path(restore->beside, name, path, restore->error);
    return status == FG_OK ? fg_backup_write(path, bytes, restore->error) : status;
}

static bool is_known_name(fg_str_t name)
{
    for (size_t i = 0; i < fg_backup_name_count; i++)
        if (fg_str_is(name, fg_backup_names[i]))
            return true;
    return false;
}

static fg_status_t unpack_files(restore_t *restore)
{
    fg_db_t *db;
    bool has_row = false;
    fg_status_t status = fg_db_open_to_read(restore->options->path, true, &db, restore->error);
    if (status != FG_OK)
        return status;
    fg_stmt_t *stmt = fg_db_prepare(db, "SELECT name, bytes FROM backup_files");
    status = fg_db_step(stmt, &has_row, restore->error);
    while (status == FG_OK && has_row) {
        fg_str_t name = fg_db_column_text(stmt, 0);
        for (size_t i = 0; status == FG_OK && is_known_name(name) && i < fg_backup_name_count; i++)
            if (fg_str_is(name, fg_backup_names[i]))
                status = write_beside(restore, fg_backup_names[i], fg_db_column_blob(stmt, 1));
        if (status == FG_OK)
            status = fg_db_step(stmt, &has_row, restore->error);
    }
    fg_db_finish(stmt);
    fg_db_close(db);
    return status;
}

static fg_status_t unpack(restore_t *restore)
{
    fg_str_t bytes, database;
    remove_beside(restore);
    if (mkdir(restore->beside, 0700) != 0)
        return fg_backup_fail("make", restore->beside, restore->error);
    fg_status_t status = fg_backup_map(restore->options->path, &bytes, restore->error);
    if (status != FG_OK)
        return status;
    status = fg_backup_content(restore->options->path, bytes, &database, restore->error);
    if (status == FG_OK)
        status = write_beside(restore, "faregate.db", database);
    fg_backup_unmap(bytes);
    return status == FG_OK ? unpack_files(restore) : status;
}

/* ---- what was spent since ---- */

static fg_status_t exec(restore_t *restore, const char *sql)
{
    return fg_db_exec(fg_store_db(restore->store), sql, restore->error);
}

/* Is it readable, and of this installation? */
static bool attach_former(restore_t *restore)
{
    fg_db_t *db = fg_store_db(restore->store);
    fg_error_t ignored;
    bool has_row = false;
    if (!restore->former[0])
        return false;
    fg_stmt_t *stmt = fg_db_prepare(db, "ATTACH DATABASE ?1 AS former");
    fg_db_bind_text(stmt, 1, fg_str(restore->former));
    if (fg_db_run(stmt, NULL, &ignored) != FG_OK)
        return false;
    stmt = fg_db_prepare(db, "SELECT 1 FROM former.installation WHERE uuid = ?1");
    fg_db_bind_text(stmt, 1, fg_str(fg_store_uuid(restore->store)));
    bool is_ours = fg_db_step(stmt, &has_row, &ignored) == FG_OK && has_row;
    fg_db_finish(stmt);
    return is_ours;
}

/* Was it written after the backup, for sure? A later opening of the gate, or the end of the same one: then its
 * grants that were returned are. */
#define IS_LATER                                                                                   \
    "(SELECT f.value > o.value OR (f.value = o.value AND (SELECT value FROM former.counters"       \
    " WHERE name = 'gate_settled') = 1) FROM former.counters f, counters o"                        \
    " WHERE f.name = 'gate_session' AND o.name = 'gate_session')"

/* Its gate was closed in good order, after the backup: nothing that was granted is out. */
static fg_status_t is_former_settled(restore_t *restore, bool *ret_is_settled)
{
    bool has_row = false;
    fg_stmt_t *stmt = fg_db_prepare(fg_store_db(restore->store),
                                    "SELECT value = 1 AND " IS_LATER
                                    " FROM former.counters WHERE name = 'gate_settled'");
    fg_status_t status = fg_db_step(stmt, &has_row, restore->error);
    if (status == FG_OK)
        *ret_is_settled = has_row && fg_db_column_i64(stmt, 0) != 0;
    fg_db_finish(stmt);
    return status;
}

/* Rule BK4. Words compare as numbers: the day of the window is their high part. */
static fg_status_t merge_former(restore_t *restore)
{
    return exec(restore,
                "INSERT INTO ledger (plan_id, key_id, quota_word, extension_word, granted_word,"
                " left_ordinal) SELECT plan_id, key_id, quota_word, extension_word, granted_word,"
                " left_ordinal FROM former.ledger WHERE true"
                " ON CONFLICT (plan_id, key_id) DO UPDATE SET"
                " extension_word = CASE WHEN excluded.quota_word >= quota_word"
                "  THEN excluded.extension_word ELSE extension_word END,"
                " quota_word = MAX(quota_word, excluded.quota_word),"
                " granted_word = CASE WHEN " IS_LATER " THEN excluded.granted_word"
                "  ELSE MAX(granted_word, excluded.granted_word) END;"
                "INSERT INTO usage (plan_id, key_id, day, used, remaining)"
                " SELECT plan_id, key_id, day, used, remaining FROM former.usage WHERE true"
                " ON CONFLICT (plan_id, key_id, day) DO UPDATE SET"
                " remaining = CASE WHEN excluded.used >= used THEN excluded.remaining ELSE"
                " remaining END, used = MAX(used, excluded.used);"
                /* a customer's number is never given to another: its windows are under it */
                "INSERT INTO customers (number, customer_id) SELECT number, customer_id"
                " FROM former.customers WHERE true ON CONFLICT DO NOTHING;"
                "UPDATE counters SET value = MAX(value, (SELECT value FROM former.counters"
                " WHERE name = 'customer')) WHERE name = 'customer'");
}

static fg_status_t note_restore(restore_t *restore)
{
    char text[PATH_MAX + 64];
    (void)snprintf(text, sizeof(text), "{\"usageSinceBackup\":\"%s\"}",
                   restore->is_merged ? "kept" : "forgotten");
    fg_audit_entry_t entry = {.at = restore->options->now,
                              .access_key_id = FG_STR(""),
                              .operation = FG_STR("RestoreBackup"),
                              .request_id = FG_STR(""),
                              .subject = FG_STR("/faregate/backups"),
                              .before = FG_STR_NONE,
                              .after = fg_str(text)};
    return fg_store_audit_append(restore->store, &entry, restore->error);
}

static fg_status_t settle(restore_t *restore)
{
    fg_session_t session;
    bool is_settled = false;
    fg_status_t status = fg_store_begin(restore->store, restore->error);
    if (status != FG_OK)
        return status;
    if (restore->is_merged)
        status = is_former_settled(restore, &is_settled);
    if (status == FG_OK && restore->is_merged)
        status = merge_former(restore);
    if (status == FG_OK)
        status = fg_store_session_get(restore->store, &session, restore->error);
    if (status == FG_OK) {
        session =
            (fg_session_t){.number = session.number + SESSIONS_APART, .is_settled = is_settled};
        status = fg_store_session_set(restore->store, &session, restore->error);
    }
    if (status == FG_OK && !is_settled)
        status = fg_store_grants_forfeit(restore->store, restore->options->now, restore->error);
    if (status == FG_OK)
        status = note_restore(restore);
    if (status == FG_OK)
        status = exec(restore, "DROP TABLE backup_files");
    if (status == FG_OK)
        return fg_store_commit(restore->store, restore->error);
    fg_store_rollback(restore->store);
    return status;
}

static fg_status_t bring_up_to_date(restore_t *restore)
{
    fg_store_options_t options = {.data_dir = restore->beside, .random = restore->options->random};
    fg_status_t status = fg_store_open(&options, &restore->store, restore->error);
    if (status != FG_OK)
        return status;
    restore->is_merged = attach_former(restore);
    if (!restore->is_merged && !restore->options->is_usage_forgotten)
        status = fg_error_set(
            restore->error, FG_DENIED, "--forget-usage",
            "%s: what keys have spent since the backup is not known, and would be admitted again; "
            "--forget-usage accepts that",
            restore->former[0]
                ? "the database that stands there cannot be read, or is of another installation"
                : "there is no database to be replaced");
    if (status == FG_OK)
        status = settle(restore);
    fg_store_close(restore->store);
    return status;
}

/* ---- in its place ---- */

typedef int put_t(const char *from, const char *to);

/* A file that is missing is fine. */
static fg_status_t put(restore_t *restore, put_t *how, const char *name, const char *from,
                       const char *to)
{
    char old_path[PATH_MAX], new_path[PATH_MAX];
    fg_status_t status = fg_backup_path(from, name, old_path, restore->error);
    if (status == FG_OK)
        status = fg_backup_path(to, name, new_path, restore->error);
    if (status != FG_OK || how(old_path, new_path) == 0 || errno == ENOENT)
        return status;
    return fg_backup_fail("put aside or in place", old_path, restore->error);
}

/* The database last, so that it has its secrets whenever this is cut short. */
static fg_status_t put_all(restore_t *restore, put_t *how, const char *from, const char *to)
{
    fg_status_t status = FG_OK;
    for (size_t i = 0; status == FG_OK && i < fg_backup_name_count; i++)
        status = put(restore, how, fg_backup_names[i], from, to);
    return status == FG_OK ? put(restore, how, "faregate.db", from, to) : status;
}

/* What stands there gets a second name aside before each file is replaced: at no moment is there no
 * database. Only what SQLite keeps beside a database that was not closed moves away before. */
static fg_status_t put_in_place(restore_t *restore)
{
    const char *data_dir = restore->options->data_dir;
    fg_status_t status = FG_OK;
    if (restore->former[0]) {
        if (mkdir(restore->aside, 0700) != 0)
            return fg_backup_fail("make", restore->aside, restore->error);
        status = put_all(restore, link, data_dir, restore->aside);
        if (status == FG_OK)
            status = put(restore, rename, "faregate.db-wal", data_dir, restore->aside);
        if (status == FG_OK)
            status = put(restore, rename, "faregate.db-shm", data_dir, restore->aside);
    }
    if (status == FG_OK)
        status = put_all(restore, rename, restore->beside, data_dir);
    (void)rmdir(restore->beside);
    sync(); /* the moves, before the node starts on them */
    return status;
}

fg_status_t fg_backup_restore(const fg_restore_options_t *options, char *ret_aside, size_t room,
                              fg_error_t *reterr)
{
    restore_t restore = {.options = options, .error = reterr};
    fg_status_t status = fg_backup_path(options->data_dir, "restore.new", restore.beside, reterr);
    if (status == FG_OK)
        status = fg_backup_path(options->data_dir, "faregate.db", restore.former, reterr);
    if (status != FG_OK)
        return status;
    if (snprintf(restore.aside, sizeof(restore.aside), "%s/before-restore-%lld", options->data_dir,
                 (long long)options->now.s) >= (int)sizeof(restore.aside))
        return fg_error_set(reterr, FG_TOO_LARGE, "", "the path is too long");
    if (access(restore.former, F_OK) != 0)
        restore.former[0] = '\0';
    else if (!options->is_over)
        return fg_error_set(reterr, FG_CONFLICT, "--force",
                            "%s holds an installation; --force puts it aside", options->data_dir);
    status = unpack(&restore);
    if (status == FG_OK)
        status = bring_up_to_date(&restore);
    if (status == FG_OK)
        status = put_in_place(&restore);
    if (status != FG_OK) {
        remove_beside(&restore);
        return status;
    }
    (void)snprintf(ret_aside, room, "%s", restore.former[0] ? restore.aside : "");
    return FG_OK;
}
