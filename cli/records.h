/*
 * records - the records of closed billing periods in files: JSON lines or CSV, read and checked.
 *
 * Shape      Both forms hold the same records in the same order; the CSV has one column for each
 *            member that a record can have, empty where it has none. A file may hold several
 *            periods one behind the other.
 * Ownership  What is read lives until the program ends.
 * Rule       docs/rules/billing.md B2, B4.
 */
#ifndef FG_CLI_RECORDS_H
#define FG_CLI_RECORDS_H

#include "base/crypto.h"
#include "base/json.h"
#include "cli.h"

#include <stdio.h>

/* One record as a line of CSV, or the line of titles for NULL. */
void fg_record_print_csv(const json_t *record, FILE *out);
/* The records of a file's text as an array, a new reference; NULL after a line on stderr. */
json_t *fg_records_read(const char *path);
/* A key as `faregate export public-key` prints it, or its bare base64. False after a line on
 * stderr. */
FG_MUST_USE bool fg_public_key_read(const char *path, uint8_t ret_key[FG_PUBLIC_KEY_BYTES]);
/* Is everything as it was signed? False after a line on stderr that says what is not. */
FG_MUST_USE bool fg_records_hold(const json_t *records, const uint8_t key[FG_PUBLIC_KEY_BYTES]);

#endif
