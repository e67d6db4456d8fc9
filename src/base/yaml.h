/*
 * yaml - the one door to libyaml: YAML text to JSON values and back.
 *
 * Shape      What a value can be is what JSON can be. Plain scalars read as null (empty, ~, null), booleans (true and
 *            false alone), whole numbers and fractions in decimal; all else is text: yes, no, on, off, dates, 012, 0x1f.
 *            A member's name is its text as written, so `200:` is "200". Text that begins with { or [ is read as JSON
 *            first.
 * Limits     FG_CONTROL_BODY_BYTES_MAX of text, FG_JSON_DEPTH_MAX of nesting, and FG_YAML_ALIAS_BYTES_MAX that aliases
 *            may add: each is a copy, so what they blow up is counted before it is made.
 * Refused    Tags, merge keys (<<), names that are no text, a name twice, a second document. FG_SERIALIZATION, with the
 *            line and the column in the message, both from 1.
 * Ownership  Values handed back are new references; rendered text lives in the arena.
 */
#ifndef FG_BASE_YAML_H
#define FG_BASE_YAML_H

#include "base/json.h"

FG_MUST_USE fg_status_t fg_yaml_parse(fg_str_t text, json_t **ret_value, fg_error_t *reterr);
/* Block style, members in their order. Text that would read as something else, here or in a YAML 1.1 reader, is quoted;
 * text of several lines becomes a literal block where it can. FG_STR_NONE on lack of memory. */
fg_str_t fg_yaml_render(const json_t *value, fg_arena_t *arena);

#endif
