/*
 * credentials - the access key of the control API, made on the first start, in a file that AWS
 * tools read.
 */
#ifndef FG_DAEMON_CREDENTIALS_H
#define FG_DAEMON_CREDENTIALS_H

#include "store/store.h"

/* Make a key pair when the store has none; write "<data_dir>/credentials" (mode 0600, whole or not
 * at all) when it is missing or names another key. */
FG_MUST_USE fg_status_t fg_credentials_ensure(fg_store_t *store, const char *data_dir,
                                              const char *region, fg_error_t *reterr);

#endif
