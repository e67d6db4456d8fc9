/*
 * domain_name - what base path mappings and access associations need of domain names.
 *
 * Rule       docs/rules/domains.md DN1, DN2, DN8.
 */
#ifndef FG_CONTROL_DOMAIN_NAME_H
#define FG_CONTROL_DOMAIN_NAME_H

#include "control/operation.h"

/* The domain name that the call's first label speaks of, with what its answers leave out; 404, also
 * when the query's domainNameId is another's. */
FG_MUST_USE fg_status_t fg_domain_name_load(fg_call_t *call, json_t **ret_domain);
/* The domain name of an ARN: ...:/domainnames/<name>, +<id> behind it for a private one. 404. */
FG_MUST_USE fg_status_t fg_domain_name_of_arn(fg_call_t *call, fg_str_t arn, json_t **ret_domain);
/* resourceOwner of a list: SELF or absent shows all, OTHER_ACCOUNTS nothing. FG_VALIDATION. */
FG_MUST_USE fg_status_t fg_resource_owner_check(fg_call_t *call, bool *ret_is_self);

#endif
