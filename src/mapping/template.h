/*
 * template - the text of a gateway response: plain substitution, no template language.
 *
 * Shape      `$context.x`, `$stageVariables.x`, `$method.request.header.x` (also path, querystring; there also without
 *            the dollar), and `${...}` around each. A name is letters, digits, `_` and `-`, in parts joined by dots.
 *            Missing values become empty. `$context.error.messageString` is context.error.message quoted and escaped
 *            as JSON, or null without one. Everything else stays as it stands.
 * Ownership  Writes into the caller's buffer, allocates nothing.
 * Rule       reference 6.8; docs/rules/gateway-responses.md
 */
#ifndef FG_MAPPING_TEMPLATE_H
#define FG_MAPPING_TEMPLATE_H

#include "mapping/expression.h"

/* Render into `ret`. Returns the bytes of the whole text; when that is more than `room` the buffer holds its start
 * alone and is to be given again, larger (room 0 asks for the size). No NUL is added. */
FG_MUST_USE size_t fg_mapping_render(fg_str_t text, const fg_mapping_source_t *source, char *ret,
                                     size_t room);

#endif
