/*
 * apply run - the steps, done: calls of the control API in an order that its rules allow.
 *
 * Shape      Account, APIs, stages, new plans; then keys and plans leave what they are to leave, and
 *            join what they are to join. A key moves from plan to plan between two calls, unless a
 *            plan gains a stage: then every key leaves first, so that none is on two plans of one
 *            stage (P5). What is deleted is taken apart before. Stopped at any call, the next run
 *            does what is left (rule AP9).
 */
#ifndef FG_CLI_APPLY_RUN_H
#define FG_CLI_APPLY_RUN_H

#include "apply_steps.h"

#include <signal.h>

typedef struct fg_apply_run {
    fg_caller_t *caller;
    const json_t *config;
    fg_installation_t *installation; /* gains what is created */
    fg_steps_t *steps;
    bool with_changes, with_deletions;
    const volatile sig_atomic_t *is_interrupted;
    /* told after each call that ended a step; may be NULL */
    void (*on_step)(const struct fg_apply_run *run);
    size_t done;       /* steps */
    json_t *warnings;  /* texts of the service's, appended */
    const char *owner; /* set by fg_apply_run */
    bool do_keys_leave_first;
} fg_apply_run_t;

/* Do what is to do. False: the step that is FG_STEP_FAILED tells where it ended and
 * caller->problem why. */
FG_MUST_USE bool fg_apply_run(fg_apply_run_t *run);

/* ---- what each noun does; false with caller->problem ---- */

typedef bool fg_apply_step_t(fg_apply_run_t *run, const fg_step_t *step);

fg_apply_step_t fg_apply_api;      /* create or change */
fg_apply_step_t fg_apply_api_drop; /* delete */
fg_apply_step_t fg_apply_stage;
fg_apply_step_t fg_apply_stage_drop;
fg_apply_step_t fg_apply_plan_make;  /* create, without what other plans must be there for */
fg_apply_step_t fg_apply_plan_leave; /* the stages that it loses */
fg_apply_step_t fg_apply_plan;       /* the rest */
fg_apply_step_t fg_apply_plan_drop;
fg_apply_step_t fg_apply_key_leave; /* the plans that it loses */
fg_apply_step_t fg_apply_key;
fg_apply_step_t fg_apply_key_drop;

/* ---- what they share ---- */

/* Append {"op", "path", "value"}; no value for NULL. */
void fg_patch_add(json_t *operations, const char *op, const char *path, const char *value);
/* The text that PATCH takes for a value: of a text itself, else its JSON. */
const char *fg_patch_text(const json_t *value);
/* replace of a member to what the step wants, when the step touches it. */
void fg_patch_member(json_t *operations, const fg_step_t *step, const char *member);
/* Send them, or nothing when there are none. */
FG_MUST_USE bool fg_patch_send(fg_apply_run_t *run, const char *path, const json_t *operations);
/* The body of a create: `members` by name, as far as the entry has them, and its tags with the
 * owner's. New reference. */
json_t *fg_apply_body(const fg_apply_run_t *run, const json_t *entry, const char *const *members,
                      size_t count);
/* Make the tags of "/apikeys/a1b2" those of the step, the owner's among them. */
FG_MUST_USE bool fg_apply_tags(fg_apply_run_t *run, const fg_step_t *step, const char *path);
/* The member of an entry's members. Borrowed. */
json_t *fg_member(const json_t *entry, const char *name);
/* Put what was created into the installation, with the id of the answer. */
void fg_apply_created(fg_apply_run_t *run, const fg_step_t *step, const json_t *answer);
/* The id of a thing of that name; the name itself, which is an id already, when there is none. */
const char *fg_apply_id(const fg_apply_run_t *run, fg_config_noun_t noun, const char *name);

#endif
