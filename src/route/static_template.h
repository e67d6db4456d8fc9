/*
 * static_template - what can be said of a mapping template without running it.
 *
 * Shape      Pure functions over views.
 * Rule       M2 (docs/rules/routing.md), reference 6.11.
 */
#ifndef FG_ROUTE_STATIC_TEMPLATE_H
#define FG_ROUTE_STATIC_TEMPLATE_H

#include "base/str.h"

/* Has the text no directive or reference of the template language? */
bool fg_template_is_static(fg_str_t text);
/* The integer `statusCode` of a request template's output, 100..999; 0 when there is none. */
int fg_template_status_code(fg_str_t text);

#endif
