/*
 * domain_certificate - what a domain name is served with: a certificate of that name (an ARN), or
 * one that was uploaded.
 *
 * Shape      An uploaded certificate and its chain are members of the document that no answer
 * shows; its private key is a member only while a call runs, then sealed beside the document.
 * Rule       docs/rules/domains.md DN5 to DN7.
 */
#ifndef FG_CONTROL_DOMAIN_CERTIFICATE_H
#define FG_CONTROL_DOMAIN_CERTIFICATE_H

#include "control/document.h"

/* Check what `domain` says of certificates beside what it said before (NULL: it is new), seal the
 * private key and take it out. */
FG_MUST_USE fg_status_t fg_domain_certificate_settle(fg_call_t *call, const json_t *before,
                                                     json_t *domain);
/* Take out what no answer shows. */
void fg_domain_certificate_hide(json_t *domain);

#endif
