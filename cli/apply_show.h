/*
 * apply show - the steps on stdout: one line each for people, one object for programs.
 */
#ifndef FG_CLI_APPLY_SHOW_H
#define FG_CLI_APPLY_SHOW_H

#include "apply_steps.h"

/* What is to do, and how much is as it should be; colours on a terminal unless NO_COLOR is set. */
void fg_steps_print(const fg_steps_t *steps, bool with_deletions);
/* How it ended: a line for each step that was begun, or not, after one failed with `problem`. */
void fg_steps_print_end(const fg_steps_t *steps, bool with_deletions, const char *problem);
/* {"steps": [{"action", "kind", "name", "changes", "state"}], "summary": {..}, "problem"} */
void fg_steps_print_json(const fg_steps_t *steps, bool with_deletions, const char *problem);

#endif
