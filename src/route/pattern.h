/*
 * pattern - the regular expressions of selectionPattern and identityValidationExpression.
 *
 * Shape      The service has Java's language; here it is POSIX's extended one with \d, \D, \w, \s (in
 *            brackets too) and (?: put in.
 * Rule       M3 (docs/rules/routing.md), reference 6.10, 6.15.
 */
#ifndef FG_ROUTE_PATTERN_H
#define FG_ROUTE_PATTERN_H

#include "base/str.h"

enum { FG_PATTERN_BYTES_MAX = 1024 }; /* ours: a longer one matches nothing */

/* Does `pattern` match the whole text? An empty, broken or too long one matches nothing. */
bool fg_pattern_matches(fg_str_t pattern, fg_str_t text);
/* Can it match anything at all? */
bool fg_pattern_is_good(fg_str_t pattern);

#endif
