/*
 * screen - the one door to ncurses: lines of text that stay where they are, and keys.
 *
 * Shape      No colours. Lines longer than the screen is wide are cut, those below its end are not
 *            shown.
 */
#ifndef FG_CLI_SCREEN_H
#define FG_CLI_SCREEN_H

#include "cli.h"

enum { FG_SCREEN_NO_KEY = -1 };

/* False without a terminal that can do it. */
FG_MUST_USE bool fg_screen_open(void);
/* The terminal as it was before. */
void fg_screen_close(void);
/* Rows that fit. */
size_t fg_screen_rows(void);
/* Show these lines and nothing else; line `bold` stands out, when there is one of that number. */
void fg_screen_show(const char *const *lines, size_t count, size_t bold);
/* The next key, FG_SCREEN_NO_KEY after `timeout_ms` or when the size has changed. */
int fg_screen_key(int timeout_ms);

#endif
