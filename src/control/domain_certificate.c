#include "control/domain_certificate.h"
#include "base/x509.h"
#include "control/endpoint.h"
#include "control/noun.h"

#define BODY  "certificateBody"
#define KEY   "certificatePrivateKey"
#define CHAIN "certificateChain"

/* Members of edge-optimised and private domain names, then those of regional ones. */
static const char *const edge_names[] = {"certificateArn", "certificateName"};
static const char *const regional_names[] = {"regionalCertificateArn", "regionalCertificateName"};

static fg_status_t refuse(fg_call_t *call, const char *field, const char *message)
{
    return fg_error_set(call->error, FG_BAD_REQUEST, field, "%s", message);
}

static bool is_changed(const json_t *before, const json_t *after, const char *name)
{
    fg_str_t now = fg_member_str(after, name);
    return !fg_str_is_empty(now) && !fg_str_eq(now, fg_member_str(before, name));
}

/* Rule DN5: a change to the certificate of the other type of endpoint. */
static fg_status_t check_type(fg_call_t *call, const json_t *before, const json_t *domain)
{
    bool is_regional = fg_endpoint_is(domain, "REGIONAL");
    const char *const *others = is_regional ? edge_names : regional_names;
    for (size_t i = 0; i < FG_COUNT_OF(edge_names); i++) {
        if (is_changed(before, domain, others[i]))
            return fg_error_set(call->error, FG_BAD_REQUEST, others[i],
                                "Cannot import certificates for %s while %s is active.",
                                is_regional ? "EDGE" : "REGIONAL",
                                is_regional                      ? "REGIONAL"
                                : fg_endpoint_is(domain, "EDGE") ? "EDGE"
                                                                 : "PRIVATE");
    }
    return FG_OK;
}

static fg_status_t check_lengths(fg_call_t *call, const json_t *domain)
{
    static const struct {
        const char *name;
        size_t bytes_max;
    } rows[] = {
        {BODY, FG_PEM_BYTES_MAX}, {KEY, FG_PRIVATE_KEY_BYTES_MAX}, {CHAIN, FG_PEM_BYTES_MAX}};
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        if (fg_member_str(domain, rows[i].name).len > rows[i].bytes_max)
            return fg_error_set(call->error, FG_BAD_REQUEST, rows[i].name, "%s: at most %zu bytes",
                                rows[i].name, rows[i].bytes_max);
    }
    return FG_OK;
}

/* The private key that was given, or the stored one. */
static fg_status_t key_of(fg_call_t *call, const json_t *domain, fg_str_t *ret_key)
{
    fg_str_t given = fg_member_str(domain, KEY);
    *ret_key = given;
    if (!fg_str_is_empty(given))
        return FG_OK;
    fg_status_t status = fg_store_private_key_get(call->store, FG_DOCUMENT_DOMAIN_NAME,
                                                  fg_member_str(domain, "domainName"), call->arena,
                                                  ret_key, call->error);
    return status == FG_NOT_FOUND ? FG_OK : status;
}

/* Rule DN6 */
static fg_status_t take_upload(fg_call_t *call, json_t *domain)
{
    fg_str_t host = fg_member_str(domain, "domainName");
    fg_x509_t given = {.certificate = fg_member_str(domain, BODY),
                       .chain = fg_member_str(domain, CHAIN)};
    fg_status_t status = check_lengths(call, domain);
    if (status == FG_OK)
        status = key_of(call, domain, &given.private_key);
    if (status == FG_OK)
        status = fg_x509_check(&given, host, call->now.wall, call->error);
    json_object_del(domain, "certificateArn");
    json_object_del(domain, "regionalCertificateArn");
    return status == FG_OK ? fg_store_private_key_put(call->store, FG_DOCUMENT_DOMAIN_NAME, host,
                                                      given.private_key, call->error)
                           : status;
}

static fg_status_t drop_upload(fg_call_t *call, json_t *domain)
{
    json_object_del(domain, BODY);
    json_object_del(domain, CHAIN);
    return fg_store_private_key_delete(call->store, FG_DOCUMENT_DOMAIN_NAME,
                                       fg_member_str(domain, "domainName"), call->error);
}

static bool differs(const json_t *before, const json_t *domain, const char *name)
{
    fg_str_t was = fg_member_str(before, name), is = fg_member_str(domain, name);
    return !fg_str_eq(was.at ? was : FG_STR(""), is.at ? is : FG_STR(""));
}

static bool has(const json_t *domain, const char *name)
{
    return !fg_str_is_empty(fg_member_str(domain, name));
}

/* Rule DN7 */
static fg_status_t date_upload(fg_call_t *call, json_t *domain)
{
    if (!has(domain, BODY) && !has(domain, "certificateArn")) {
        json_object_del(domain, "certificateUploadDate");
        return FG_OK;
    }
    return fg_member_set(domain, "certificateUploadDate", json_integer(call->now.wall.s))
               ? FG_OK
               : fg_call_no_memory(call);
}

fg_status_t fg_domain_certificate_settle(fg_call_t *call, const json_t *before, json_t *domain)
{
    bool is_upload =
        has(domain, KEY) || differs(before, domain, BODY) || differs(before, domain, CHAIN);
    bool is_named = is_changed(before, domain, "certificateArn") ||
                    is_changed(before, domain, "regionalCertificateArn");
    fg_status_t status = check_type(call, before, domain);
    if (status == FG_OK && is_upload && is_named)
        status = refuse(call, BODY, "A domain name has either an uploaded certificate or an ARN");
    if (status != FG_OK || (!is_upload && !is_named))
        return status;
    bool is_gone = !has(domain, KEY) && !has(domain, BODY) && !has(domain, CHAIN);
    status = is_named || is_gone ? drop_upload(call, domain) : take_upload(call, domain);
    json_object_del(domain, KEY);
    return status == FG_OK ? date_upload(call, domain) : status;
}

void fg_domain_certificate_hide(json_t *domain)
{
    json_object_del(domain, BODY);
    json_object_del(domain, CHAIN);
}
