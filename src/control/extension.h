/*
 * extension - the member "faregate" of API keys and usage plans: in bodies, in answers, in PATCH.
 *
 * Shape      The text of the stored JSON object is edited here member by member; what the members
 *            may hold is known to model/extension.h, which the nouns ask once all edits are done.
 * Ownership  New texts live in the call's arena.
 * Rule       docs/rules/extensions.md E1, E2.
 */
#ifndef FG_CONTROL_EXTENSION_H
#define FG_CONTROL_EXTENSION_H

#include "control/operation.h"
#include "model/extension.h"

typedef fg_member_form_t fg_extension_form_t(fg_str_t member);

/* The member of the call's body; FG_STR_NONE when it is absent, null or empty. */
fg_status_t fg_extension_parse(fg_call_t *call, fg_str_t *ret_extension);
/* One operation on /faregate, /faregate/<member> or /faregate/<member>/<name>. */
fg_status_t fg_extension_patch(fg_call_t *call, fg_extension_form_t *form, const fg_patch_t *patch,
                               fg_str_t *extension);
/* New object with the members, empty when there are none; NULL without memory. */
json_t *fg_extension_render(fg_call_t *call, fg_str_t extension);
/* Put `faregate` (stolen) into the answer unless it is empty. False without memory. */
bool fg_extension_show(json_t *object, json_t *faregate);

/* A time, or how long from now: 30s, 45m, 24h, 7d. FG_BAD_REQUEST names `member`. */
fg_status_t fg_until_parse(fg_call_t *call, const char *member, fg_str_t text,
                           fg_wall_t *ret_until);

#endif
