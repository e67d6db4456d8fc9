/*
 * json - the one door to jansson. Include this, never <jansson.h>.
 *
 * Ownership  As jansson says: new, borrowed or stolen is marked where it is used; FG_JSON_SCOPED frees by scope.
 */
#ifndef FG_BASE_JSON_H
#define FG_BASE_JSON_H

#include "base/arena.h"
#include "base/status.h"

#include <jansson.h> /* IWYU pragma: export */

/* A json_t * that is released when its scope ends. */
#define FG_JSON_SCOPED __attribute__((cleanup(fg_json_release))) json_t
void fg_json_release(json_t **json);

/* Parse one value. New reference, or NULL with `reterr` (FG_SERIALIZATION, the position in the message; FG_NO_MEMORY).
 * Duplicate members, NUL in strings, broken UTF-8 and nesting over FG_JSON_DEPTH_MAX are refused. */
json_t *fg_json_parse(fg_str_t text, fg_error_t *reterr);
/* Compact text in the arena; doubles always carry a fraction (10.0), integers never. FG_STR_NONE on lack of memory. */
fg_str_t fg_json_render(const json_t *json, fg_arena_t *arena);
/* The same for people: a member a line, two spaces deeper each time. */
fg_str_t fg_json_render_indented(const json_t *json, fg_arena_t *arena);
/* A view of a string value; FG_STR_NONE when `json` is NULL or no string. Borrowed from `json`. */
fg_str_t fg_json_str(const json_t *json);
/* New string from a view; JSON null when the view is FG_STR_NONE. */
json_t *fg_json_new_str(fg_str_t text);

#endif
