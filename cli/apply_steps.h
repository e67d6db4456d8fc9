/*
 * apply steps - what must be done so that an installation has what a file describes: a list that is
 * shown before it is done.
 *
 * Shape      A step is a thing to create, change or delete, or one that is as it should be. Steps
 *            are in the order of the file, an API's stages behind it, deletions last; in which order
 *            they are done is apply_run's.
 * Ownership  Steps borrow the file's and the installation's entries.
 * Rule       docs/rules/apply.md AP3 to AP7.
 */
#ifndef FG_CLI_APPLY_STEPS_H
#define FG_CLI_APPLY_STEPS_H

#include "installation.h"

typedef enum fg_step_kind {
    FG_STEP_NONE,
    FG_STEP_CREATE,
    FG_STEP_CHANGE,
    FG_STEP_DELETE,
    FG_STEP_KIND_COUNT
} fg_step_kind_t;

typedef enum fg_step_state {
    FG_STEP_TODO,
    FG_STEP_BEGUN,
    FG_STEP_DONE,
    FG_STEP_FAILED
} fg_step_state_t;

typedef struct fg_step {
    fg_step_kind_t kind;
    fg_config_noun_t noun;
    const char *name; /* a stage's is "weather:prod" */
    json_t *wanted;   /* the file's entry; NULL for a deletion */
    json_t *found;    /* the installation's; NULL for a creation */
    json_t *changes;  /* {"path", "old", "new"}; owned */
    fg_step_state_t state;
} fg_step_t;

typedef struct fg_steps {
    fg_step_t *list;
    size_t count, room;
    size_t count_of[FG_STEP_KIND_COUNT];
} fg_steps_t;

/* Compare. What forbids to go on is appended to `problems`. Things of the file's owner that the file
 * has not are deletions; the caller does them or not. */
void fg_steps_make(const json_t *config, const fg_installation_t *installation,
                   fg_steps_t *ret_steps, json_t *problems);
void fg_steps_release(fg_steps_t *steps);
/* The names of the APIs that must be read before: the file's (true: with their definition) and those
 * its plans name (false). New reference. */
json_t *fg_steps_apis(const json_t *config);
/* Does the step change the member, or what is below it? */
bool fg_step_touches(const fg_step_t *step, const char *member);
/* "create", "created" */
const char *fg_step_kind_text(fg_step_kind_t kind);
const char *fg_step_done_text(fg_step_kind_t kind);

#endif
