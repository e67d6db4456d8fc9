/*
 * rows - a CSV text cut into parts at the ends of its rows.
 *
 * Shape      Only what decides where a row ends: a line end outside of double quotes, which begin a
 *            field. What the rows mean is the server's business (rules IM1, IM2).
 */
#ifndef FG_CLI_ROWS_H
#define FG_CLI_ROWS_H

#include "cli.h"

/* Bytes of the first `row_count` rows of `text`, line ends included; less when `bytes_max` ends
 * before, and all of it when there are not as many. At least one row. *ret_rows: how many. */
size_t fg_rows_cut(fg_str_t text, size_t row_count, size_t bytes_max, size_t *ret_rows);

#endif
