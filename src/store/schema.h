/*
 * schema - the tables, as numbered steps from an empty database to today's.
 */
#ifndef FG_STORE_SCHEMA_H
#define FG_STORE_SCHEMA_H

#include "store/db.h"

enum { FG_SCHEMA_VERSION = 4 };

/* Bring the database to FG_SCHEMA_VERSION within the open transaction. FG_NEWER when it is beyond
 * it. *ret_is_new: it was empty. */
FG_MUST_USE fg_status_t fg_schema_migrate(fg_db_t *db, bool *ret_is_new, fg_error_t *reterr);

#endif
