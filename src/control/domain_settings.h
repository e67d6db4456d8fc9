/*
 * domain_settings - what must fit together in a domain name, and what the service adds: addresses,
 * ARN, ids.
 *
 * Rule       docs/rules/domains.md DN3, DN4.
 */
#ifndef FG_CONTROL_DOMAIN_SETTINGS_H
#define FG_CONTROL_DOMAIN_SETTINGS_H

#include "control/document.h"

/* Check `domain`, whose members are typed, after a create (`before` is NULL) or a PATCH, and fill in
 * what follows from them, its certificate included. FG_BAD_REQUEST. */
FG_MUST_USE fg_status_t fg_domain_settle(fg_call_t *call, const json_t *before, json_t *domain);

#endif
