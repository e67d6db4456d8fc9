/*
 * output - an answer as json, text or table on stdout.
 *
 * Rule       Text lines are those of the AWS CLI: scalars of a structure on one line in the order
 * of their names, the name of the member that holds them in capitals in front, lists one line an
 * element.
 */
#ifndef FG_CLI_OUTPUT_H
#define FG_CLI_OUTPUT_H

#include "base/json.h"

/* False when `format` is none. NULL is json. */
bool fg_output_is_known(const char *format);
/* Nothing is printed for NULL and for an empty object. `title` heads a table. */
void fg_output_print(json_t *value, const char *format, const char *title);
/* Times become ISO 8601 text, as the AWS CLI prints them. */
void fg_output_dates(json_t *value);

#endif
