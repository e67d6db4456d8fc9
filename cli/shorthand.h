/*
 * shorthand - the AWS CLI's short form of structures: `rateLimit=10,burstLimit=20`.
 *
 * Shape      pairs       = key "=" value *( "," key "=" value )
 *            value       = word *( "," word )           several words are a list
 *                        / "[" [ item *( "," item ) ] "]"
 *                        / "{" [ key "=" item *( "," key "=" item ) ] "}"
 *            item        = word / list / structure
 *            word        = 'quoted' / "quoted" / plain; \, is a comma in a plain word
 *            Parsing yields strings, arrays and objects; what a string stands for is the shape's to
 * say. Rule       X7: the guide's `rate` and `burst` are rateLimit and burstLimit.
 */
#ifndef FG_CLI_SHORTHAND_H
#define FG_CLI_SHORTHAND_H

#include "base/json.h"
#include "table.h"

/* New object, or NULL with FG_BAD_REQUEST and the place in the message. */
json_t *fg_shorthand_parse(fg_str_t text, fg_error_t *reterr);
/* `value` (from shorthand, all scalars strings) as `shape` wants it: numbers, booleans, a lone word
 * for a list. New reference; NULL with FG_BAD_REQUEST when it cannot be or a member is unknown. */
json_t *fg_shape_convert(json_t *value, const fg_shape_t *shape, fg_error_t *reterr);
/* One word of the command line as a scalar of `shape`; new reference, NULL with FG_BAD_REQUEST. */
json_t *fg_shape_scalar(fg_str_t text, const fg_shape_t *shape, fg_error_t *reterr);

#endif
