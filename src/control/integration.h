/*
 * integration - the checks that the two halves of an integration share.
 *
 * Rule       reference 4.9, 6.9, 6.10 (mapping expressions).
 */
#ifndef FG_CONTROL_INTEGRATION_H
#define FG_CONTROL_INTEGRATION_H

#include "control/operation.h"

/* 'text' between single quotes. */
bool fg_mapping_is_static(fg_str_t source);
/* Keys are media types or $default, texts no longer than FG_TEMPLATE_BYTES_MAX. `templates` may be NULL. */
FG_MUST_USE fg_status_t fg_media_types_check(fg_call_t *call, const json_t *templates);

#endif
