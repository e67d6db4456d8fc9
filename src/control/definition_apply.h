/*
 * definition_apply - an API made as a definition says.
 *
 * Shape      Each part goes through the operation of its noun, so an import is what the same calls one by one would have
 *            made, and is refused for the same reasons. A part replaces the one of its name, or of its path and verb; ids
 *            of resources, authorizers, validators and models stay.
 * Failure    The operation's own text behind what could not be made: rule OA14. Joins the call's transaction: whoever
 *            fails rolls all of it back.
 * Rule       docs/rules/openapi.md OA13, OA14.
 */
#ifndef FG_CONTROL_DEFINITION_APPLY_H
#define FG_CONTROL_DEFINITION_APPLY_H

#include "control/document.h"

typedef struct fg_definition_apply_options {
    bool is_overwrite; /* what the definition does not name goes; else it stays */
    bool is_documentation_ignored;
} fg_definition_apply_options_t;

/* Warnings of the documentation are appended to `warnings`. */
FG_MUST_USE fg_status_t fg_definition_apply(fg_call_t *call, fg_str_t api_id,
                                            const json_t *definition,
                                            const fg_definition_apply_options_t *options,
                                            json_t *warnings);

/* ---- operations within an operation ---- */

/* Run the operation of this name as a part of `call`. `parts`: what stands for the {} of its path, ended by NULL; `input`
 * (stolen) its body; its answer, a new reference, when ret_output is not NULL. `arena` is reset first. */
FG_MUST_USE fg_status_t fg_call_within(fg_call_t *call, const char *operation,
                                       const char *const *parts, json_t *input, fg_arena_t *arena,
                                       json_t **ret_output);

#endif
