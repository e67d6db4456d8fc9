/*
 * printable - texts that others wrote, made safe for a terminal.
 *
 * Ownership  Results live in the process's arena.
 */
#ifndef FG_CLI_PRINTABLE_H
#define FG_CLI_PRINTABLE_H

#include "cli.h"

/* The text with a question mark for each control character, so that no name or path can steer the
 * terminal. `text` is UTF-8. */
const char *fg_printable(const char *text);
/* The same, cut or filled with blanks to `width` characters. */
const char *fg_field(const char *text, size_t width);

#endif
