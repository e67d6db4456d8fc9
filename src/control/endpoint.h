/*
 * endpoint - the endpointConfiguration of a REST API and of a domain name: one type, REGIONAL, EDGE
 * or PRIVATE, how addresses are spoken to, and the VPC endpoints of a private one.
 *
 * Shape      `noun` is the document that has the member, `endpoint` the member itself.
 * Rule       reference 4.6, docs/rules/domains.md DN3.
 */
#ifndef FG_CONTROL_ENDPOINT_H
#define FG_CONTROL_ENDPOINT_H

#include "control/document.h"

/* The endpointConfiguration of an input, typed and model-checked, into an empty object. */
FG_MUST_USE fg_status_t fg_endpoint_read(fg_call_t *call, const json_t *noun, json_t *endpoint);
/* What the service says about it once the model is content; fills defaults in. */
FG_MUST_USE fg_status_t fg_endpoint_settle(fg_call_t *call, json_t *endpoint);
bool fg_endpoint_is(const json_t *noun, const char *type);

/* ---- edits of a PATCH ---- */

fg_patch_apply_t fg_endpoint_edit_type;       /* /endpointConfiguration/types/{} */
fg_patch_apply_t fg_endpoint_replace_ip_type; /* /endpointConfiguration/ipAddressType */
fg_patch_apply_t fg_endpoint_edit_vpc;        /* /endpointConfiguration/vpcEndpointIds */

#endif
