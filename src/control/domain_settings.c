#include "control/domain_settings.h"
#include "control/domain_certificate.h"
#include "control/endpoint.h"
#include "control/noun.h"
#include "control/rest_api.h"

enum { ADDRESS_ID_BYTES = 10 };
/* Route 53's ids for aliases to an edge and to a region: only their form matters here. */
#define EDGE_ZONE     "Z2FDTNDATAQYW2"
#define REGIONAL_ZONE "Z1UJRXOUMOOFQ8"

static fg_status_t refuse(fg_call_t *call, const char *field, const char *message)
{
    return fg_error_set(call->error, FG_BAD_REQUEST, field, "%s", message);
}

/* ---- checks ---- */

/* Rule DN4 */
static fg_status_t check_mutual_tls(fg_call_t *call, json_t *domain)
{
    json_t *tls = json_object_get(domain, "mutualTlsAuthentication");
    fg_str_t uri = fg_member_str(tls, "truststoreUri");
    if (fg_str_is_empty(uri)) {
        json_object_del(domain, "mutualTlsAuthentication");
        return FG_OK;
    }
    if (!fg_endpoint_is(domain, "REGIONAL"))
        return refuse(call, "mutualTlsAuthentication",
                      "Mutual TLS authentication is only supported for REGIONAL domain names.");
    if (fg_str_is(fg_member_str(domain, "securityPolicy"), "TLS_1_0"))
        return refuse(call, "mutualTlsAuthentication",
                      "Mutual TLS authentication is only supported with TLS 1.2.");
    if (!fg_str_starts_with(uri, FG_STR("s3://")) && !fg_str_starts_with(uri, FG_STR("file:///")))
        return fg_error_set(call->error, FG_BAD_REQUEST, "truststoreUri",
                            "Invalid truststore URI: %.*s", FG_STR_ARG(uri));
    return FG_OK;
}

static fg_status_t check_policies(fg_call_t *call, const json_t *domain)
{
    static const char *const names[] = {"policy", "managementPolicy"};
    for (size_t i = 0; i < FG_COUNT_OF(names); i++) {
        fg_str_t policy = fg_member_str(domain, names[i]);
        fg_status_t status = fg_policy_check(call, policy);
        if (status == FG_OK && policy.at && !fg_endpoint_is(domain, "PRIVATE"))
            status = fg_error_set(call->error, FG_BAD_REQUEST, names[i],
                                  "A %s is only supported for PRIVATE domain names.", names[i]);
        if (status != FG_OK)
            return status;
    }
    return FG_OK;
}

/* ---- what the service gives ---- */

static void delete_members(json_t *domain, const char *const names[2])
{
    json_object_del(domain, names[0]);
    json_object_del(domain, names[1]);
}

/* Set the two unless they are there: an address stays as long as the type does. */
static fg_status_t set_address(fg_call_t *call, json_t *domain, const char *const names[2],
                               fg_str_t address, const char *zone)
{
    if (json_object_get(domain, names[0]))
        return FG_OK;
    bool is_ok = address.at && fg_member_set_str(domain, names[0], address) &&
                 fg_member_set_str(domain, names[1], fg_str(zone));
    return is_ok ? FG_OK : fg_call_no_memory(call);
}

/* Rule DN3 */
static fg_status_t settle_address(fg_call_t *call, json_t *domain)
{
    static const char *const edge[] = {"distributionDomainName", "distributionHostedZoneId"};
    static const char *const regional[] = {"regionalDomainName", "regionalHostedZoneId"};
    fg_str_t id, more;
    bool is_edge = fg_endpoint_is(domain, "EDGE"), is_regional = fg_endpoint_is(domain, "REGIONAL");
    fg_status_t status = fg_call_new_id(call, ADDRESS_ID_BYTES, &id);
    if (status == FG_OK)
        status = fg_call_new_id(call, 3, &more);
    if (status != FG_OK)
        return status;
    if (!is_edge)
        delete_members(domain, edge);
    if (!is_regional)
        delete_members(domain, regional);
    if (is_edge)
        return set_address(call, domain, edge,
                           fg_arena_printf(call->arena, "d%.*s%.*s.cloudfront.net", FG_STR_ARG(id),
                                           FG_STR_ARG(more)),
                           EDGE_ZONE);
    if (is_regional)
        return set_address(call, domain, regional,
                           fg_arena_printf(call->arena, "d-%.*s.execute-api.%s.amazonaws.com",
                                           FG_STR_ARG(id), call->control->settings.region),
                           REGIONAL_ZONE);
    return FG_OK;
}

/* The ARN, and what a private one has of its own. */
static fg_status_t settle_arn(fg_call_t *call, json_t *domain)
{
    fg_str_t name = fg_member_str(domain, "domainName"), id = FG_STR_NONE, arn;
    const fg_control_settings_t *settings = &call->control->settings;
    if (!fg_endpoint_is(domain, "PRIVATE")) {
        json_object_del(domain, "domainNameId");
        arn = fg_arena_printf(call->arena, "arn:aws:apigateway:%s::/domainnames/%.*s",
                              settings->region, FG_STR_ARG(name));
    } else {
        id = fg_member_str(domain, "domainNameId");
        fg_status_t status = id.at ? FG_OK : fg_call_new_id(call, ADDRESS_ID_BYTES, &id);
        if (status == FG_OK && !fg_member_set_str(domain, "domainNameId", id))
            status = fg_call_no_memory(call);
        if (status != FG_OK)
            return status;
        arn = fg_arena_printf(call->arena, "arn:aws:apigateway:%s:%s:/domainnames/%.*s+%.*s",
                              settings->region, settings->account_id, FG_STR_ARG(name),
                              FG_STR_ARG(id));
    }
    return arn.at && fg_member_set_str(domain, "domainNameArn", arn) ? FG_OK
                                                                     : fg_call_no_memory(call);
}

fg_status_t fg_domain_settle(fg_call_t *call, const json_t *before, json_t *domain)
{
    fg_status_t status = check_mutual_tls(call, domain);
    if (status == FG_OK)
        status = check_policies(call, domain);
    if (status == FG_OK)
        status = settle_address(call, domain);
    if (status == FG_OK)
        status = settle_arn(call, domain);
    if (status == FG_OK)
        status = fg_domain_certificate_settle(call, before, domain);
    return status;
}
