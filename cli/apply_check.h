/*
 * apply check - do the names that a file mentions stand for something, and can its keys be on their
 * plans? What only file and installation together can tell.
 *
 * Rule       docs/rules/apply.md AP3, AP7; P5.
 */
#ifndef FG_CLI_APPLY_CHECK_H
#define FG_CLI_APPLY_CHECK_H

#include "apply_steps.h"

/* Append what is wrong to `problems`. `with_deletions`: those of `steps` are meant. */
void fg_apply_check(const json_t *config, const fg_installation_t *installation,
                    const fg_steps_t *steps, bool with_deletions, json_t *problems);

#endif
