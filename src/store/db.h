/*
 * db - the driver seam: one connection to a SQL database, its statements and transactions.
 *
 * Shape      A statement is asked for by its text, bound, stepped and finished; the driver keeps it
 * prepared for the next time. A failure to prepare or bind is kept in the statement and told by its
 * first step, so that callers look at one place. Ownership  Statements belong to the connection.
 * Bound bytes must outlive fg_db_finish. A column lives until the next step or finish. Threads One
 * at a time. Failure    Inside a transaction a failed statement makes the whole transaction fail:
 * commit then rolls back. Rule       SQL is portable to SQLite and PostgreSQL: placeholders are ?1,
 * ?2, ...; text compares by bytes.
 */
#ifndef FG_STORE_DB_H
#define FG_STORE_DB_H

#include "base/status.h"
#include "base/str.h"

typedef struct fg_stmt fg_stmt_t;

/* Open the database file at `path`, which must exist (it may be empty). */
FG_MUST_USE fg_status_t fg_db_open(const char *path, fg_db_t **ret_db, fg_error_t *reterr);
/* Open it to read alone. `is_unchanging`: nobody writes it, and what stands behind its last page is
 * none of ours. */
FG_MUST_USE fg_status_t fg_db_open_to_read(const char *path, bool is_unchanging, fg_db_t **ret_db,
                                           fg_error_t *reterr);
/* Rolls back what is open. NULL is fine. */
void fg_db_close(fg_db_t *db);

/* Run statements without parameters, separated by semicolons. */
FG_MUST_USE fg_status_t fg_db_exec(fg_db_t *db, const char *sql, fg_error_t *reterr);

/* ---- transactions ---- */
FG_MUST_USE fg_status_t fg_db_begin(fg_db_t *db, fg_error_t *reterr);  /* takes the write lock */
FG_MUST_USE fg_status_t fg_db_commit(fg_db_t *db, fg_error_t *reterr); /* rolled back on failure */
void fg_db_rollback(fg_db_t *db); /* nothing when none is open */
bool fg_db_in_transaction(const fg_db_t *db);

/* ---- statements ---- */
/* Never NULL. The same text must not be asked for again before it is finished. */
fg_stmt_t *fg_db_prepare(fg_db_t *db, const char *sql);
void fg_db_bind_text(fg_stmt_t *stmt, int index, fg_str_t text); /* NULL for FG_STR_NONE */
void fg_db_bind_blob(fg_stmt_t *stmt, int index, const void *bytes, size_t count);
void fg_db_bind_i64(fg_stmt_t *stmt, int index, int64_t value);
void fg_db_bind_double(fg_stmt_t *stmt, int index, double value);
void fg_db_bind_null(fg_stmt_t *stmt, int index);
FG_MUST_USE fg_status_t fg_db_step(fg_stmt_t *stmt, bool *ret_has_row, fg_error_t *reterr);
void fg_db_finish(fg_stmt_t *stmt);
/* Step to the end and finish. `ret_changes` (may be NULL) is set to the rows changed. */
FG_MUST_USE fg_status_t fg_db_run(fg_stmt_t *stmt, uint64_t *ret_changes, fg_error_t *reterr);

/* Columns from 0. */
bool fg_db_column_is_null(fg_stmt_t *stmt, int index);
fg_str_t fg_db_column_text(fg_stmt_t *stmt, int index); /* FG_STR_NONE for NULL */
fg_str_t fg_db_column_blob(fg_stmt_t *stmt, int index); /* FG_STR_NONE for NULL */
int64_t fg_db_column_i64(fg_stmt_t *stmt, int index);
double fg_db_column_double(fg_stmt_t *stmt, int index);

/* ---- for tests ---- */
/* Let `count` more calls (exec, prepare, step, begin, commit) succeed, then fail all; -1 never
 * fails. */
void fg_db_fail_after(fg_db_t *db, int64_t count);
/* Let the database grow by at most `pages` more pages. */
FG_MUST_USE fg_status_t fg_db_limit_pages(fg_db_t *db, int64_t pages, fg_error_t *reterr);

#endif
