/*
 * integration - the checks that the two halves of an integration share.
 *
 * Rule       reference 4.9, 6.9, 6.10 (mapping expressions).
 */
#ifndef FG_CONTROL_INTEGRATION_H
#define FG_CONTROL_INTEGRATION_H

#include "control/patch_table.h"

/* 'text' between single quotes. */
bool fg_mapping_is_static(fg_str_t source);
/* 400 in the service's words; `what` is "parameter " for a name, "" for a value. */
fg_status_t fg_mapping_refuse(fg_call_t *call, const char *field, const char *what,
                              const char *expression);
/* 400 unless it is a media type or $default. */
FG_MUST_USE fg_status_t fg_media_type_check(fg_call_t *call, fg_str_t type);
/* Keys are media types or $default, texts no longer than FG_TEMPLATE_BYTES_MAX; empty ones become
 * null (reference 1.2, 4.9). `templates` may be NULL. */
FG_MUST_USE fg_status_t fg_templates_settle(fg_call_t *call, json_t *templates);

/* Edits of /contentHandling, /requestParameters and /responseParameters, /requestTemplates and
 * /responseTemplates; what is to be removed must be there (404). */
fg_patch_apply_t fg_integration_replace_content_handling;
fg_patch_apply_t fg_integration_edit_parameter;
fg_patch_apply_t fg_integration_edit_template;

#endif
