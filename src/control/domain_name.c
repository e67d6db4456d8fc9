/*
 * domain_name - docs/rules/domains.md. The document is the wire shape and an uploaded certificate
 * (domain_certificate.h). It is stored under the name in lower case.
 */
#include "control/domain_name.h"
#include "control/document.h"
#include "control/domain_certificate.h"
#include "control/domain_settings.h"
#include "control/endpoint.h"
#include "control/handlers.h"
#include "control/noun.h"

#include <ctype.h>

#define ACCESS_MODES "BASIC, STRICT"
#define ROUTING_MODES                                                                              \
    "BASE_PATH_MAPPING_ONLY, ROUTING_RULE_ONLY, ROUTING_RULE_THEN_BASE_PATH_MAPPING"

static const fg_field_t fields[] = {
    {"domainName", FG_FIELD_TEXT, true, NULL},
    {"certificateName", FG_FIELD_TEXT, false, NULL},
    {"certificateBody", FG_FIELD_TEXT, false, NULL},
    {"certificatePrivateKey", FG_FIELD_TEXT, false, NULL},
    {"certificateChain", FG_FIELD_TEXT, false, NULL},
    {"certificateArn", FG_FIELD_TEXT, false, NULL},
    {"regionalCertificateName", FG_FIELD_TEXT, false, NULL},
    {"regionalCertificateArn", FG_FIELD_TEXT, false, NULL},
    {"endpointConfiguration", FG_FIELD_OBJECT, false, NULL},
    {"securityPolicy", FG_FIELD_TEXT, false, NULL},
    {"endpointAccessMode", FG_FIELD_TEXT, false, ACCESS_MODES},
    {"mutualTlsAuthentication", FG_FIELD_OBJECT, false, NULL},
    {"ownershipVerificationCertificateArn", FG_FIELD_TEXT, false, NULL},
    {"policy", FG_FIELD_TEXT, false, NULL},
    {"routingMode", FG_FIELD_TEXT, false, ROUTING_MODES},
    {"tags", FG_FIELD_TEXT_MAP, false, NULL},
};
static const fg_field_t tls_fields[] = {
    {"truststoreUri", FG_FIELD_TEXT, false, NULL},
    {"truststoreVersion", FG_FIELD_TEXT, false, NULL},
};

static fg_status_t refuse(fg_call_t *call, const char *field, const char *message)
{
    return fg_error_set(call->error, FG_BAD_REQUEST, field, "%s", message);
}

/* ---- names ---- */

/* FG_STR_NONE on lack of memory. */
static fg_str_t lower(fg_call_t *call, fg_str_t text)
{
    char *copy = fg_arena_text(call->arena, text);
    for (size_t i = 0; copy && i < text.len; i++)
        copy[i] = (char)tolower((unsigned char)copy[i]);
    return copy ? fg_str_of(copy, text.len) : FG_STR_NONE;
}

static bool is_label(fg_str_t label)
{
    for (size_t i = 0; i < label.len; i++) {
        if (!isalnum((unsigned char)label.at[i]) && label.at[i] != '-')
            return false;
    }
    return label.len > 0 && label.len <= FG_DOMAIN_LABEL_BYTES_MAX && label.at[0] != '-' &&
           label.at[label.len - 1] != '-';
}

/* Rule DN1 */
static fg_status_t check_name(fg_call_t *call, fg_str_t name)
{
    fg_str_t rest = name;
    if (name.len == 0)
        return refuse(call, "domainName", "No Domain Name specified");
    if (fg_str_starts_with(name, FG_STR("*.")))
        rest = fg_str_of(name.at + 2, name.len - 2);
    bool is_good = name.len <= FG_DOMAIN_NAME_BYTES_MAX;
    while (is_good && rest.at)
        is_good = is_label(fg_str_cut(&rest, '.'));
    if (is_good)
        return FG_OK;
    return fg_error_set(call->error, FG_BAD_REQUEST, "domainName",
                        "Invalid domain name specified: %.*s", FG_STR_ARG(name));
}

static fg_status_t no_domain(fg_call_t *call)
{
    return fg_error_set(call->error, FG_NOT_FOUND, "domainName",
                        "Invalid domain name identifier specified");
}

/* Rule DN2 */
static fg_status_t load_named(fg_call_t *call, fg_str_t name, fg_str_t id, json_t **ret_domain)
{
    FG_JSON_SCOPED *domain = NULL;
    fg_str_t stored_as = lower(call, name);
    if (!stored_as.at)
        return fg_call_no_memory(call);
    fg_status_t status =
        fg_document_load(call, FG_DOCUMENT_DOMAIN_NAME, FG_STR(""), stored_as, &domain);
    if (status == FG_NOT_FOUND)
        return no_domain(call);
    if (status != FG_OK)
        return status;
    if (!fg_str_is_empty(id) && !fg_str_eq(id, fg_member_str(domain, "domainNameId")))
        return no_domain(call);
    *ret_domain = json_incref(domain);
    return FG_OK;
}

fg_status_t fg_domain_name_load(fg_call_t *call, json_t **ret_domain)
{
    return load_named(call, call->path_part[0], fg_call_query(call, "domainNameId"), ret_domain);
}

fg_status_t fg_domain_name_of_arn(fg_call_t *call, fg_str_t arn, json_t **ret_domain)
{
    FG_JSON_SCOPED *domain = NULL;
    fg_str_t rest = arn, name;
    for (int i = 0; i < 5 && rest.at; i++)
        (void)fg_str_cut(&rest, ':');
    if (!fg_str_starts_with(rest, FG_STR("/domainnames/")))
        return no_domain(call);
    rest = fg_str_of(rest.at + strlen("/domainnames/"), rest.len - strlen("/domainnames/"));
    name = fg_str_cut(&rest, '+');
    fg_status_t status = load_named(call, name, rest, &domain);
    if (status == FG_OK && !fg_str_eq(fg_member_str(domain, "domainNameArn"), arn))
        return no_domain(call);
    if (status == FG_OK)
        *ret_domain = json_incref(domain);
    return status;
}

fg_status_t fg_resource_owner_check(fg_call_t *call, bool *ret_is_self)
{
    fg_str_t owner = fg_call_query(call, "resourceOwner");
    *ret_is_self = fg_str_is_empty(owner) || fg_str_is(owner, "SELF");
    if (*ret_is_self || fg_str_is(owner, "OTHER_ACCOUNTS"))
        return FG_OK;
    return fg_label_failed(call, "resourceOwner", owner,
                           "Member must satisfy enum value set: [OTHER_ACCOUNTS, SELF]");
}

static fg_status_t save(fg_call_t *call, const json_t *domain)
{
    return fg_document_save(call, FG_DOCUMENT_DOMAIN_NAME, FG_STR(""),
                            fg_member_str(domain, "domainName"), FG_STR(""), domain);
}

static fg_status_t view_single(fg_call_t *call, json_t *domain)
{
    fg_domain_certificate_hide(domain);
    return fg_view_single(call, domain);
}

static fg_status_t view_listed(fg_call_t *call, json_t *domain)
{
    fg_domain_certificate_hide(domain);
    return fg_view_listed(call, domain);
}

/* ---- create ---- */

static bool is_security_policy(fg_str_t policy)
{
    return fg_str_is(policy, "TLS_1_0") || fg_str_is(policy, "TLS_1_2") ||
           fg_str_starts_with(policy, FG_STR("SecurityPolicy_"));
}

static fg_status_t read_input(fg_call_t *call, json_t *domain, json_t *endpoint)
{
    FG_JSON_SCOPED *tls = json_object();
    fg_status_t status = fg_fields_read(call, call->input, fields, FG_COUNT_OF(fields), domain);
    if (status == FG_OK)
        status = fg_endpoint_read(call, domain, endpoint);
    fg_str_t policy = fg_member_str(domain, "securityPolicy");
    if (status == FG_OK && policy.at && !is_security_policy(policy))
        return fg_constraint_failed(call, "securityPolicy", policy,
                                    "Member must satisfy enum value set: [TLS_1_0, TLS_1_2]");
    json_t *given = json_object_get(domain, "mutualTlsAuthentication");
    if (status == FG_OK && given)
        status = fg_fields_read(call, given, tls_fields, FG_COUNT_OF(tls_fields), tls);
    if (status == FG_OK && given && json_object_set(domain, "mutualTlsAuthentication", tls) != 0)
        status = fg_call_no_memory(call);
    return status;
}

/* Texts that say nothing are as absent. */
static void drop_empty(json_t *domain)
{
    const char *name;
    json_t *value;
    void *next;
    json_object_foreach_safe(domain, next, name, value)
    {
        if (json_is_string(value) && json_string_length(value) == 0)
            json_object_del(domain, name);
    }
}

static fg_status_t fill_defaults(fg_call_t *call, json_t *domain, json_t *endpoint)
{
    bool is_ok = fg_member_set(domain, "endpointConfiguration", json_incref(endpoint)) &&
                 fg_member_set_str(domain, "domainNameStatus", FG_STR("AVAILABLE"));
    if (!json_object_get(domain, "securityPolicy"))
        is_ok = is_ok && fg_member_set_str(domain, "securityPolicy", FG_STR("TLS_1_2"));
    if (!json_object_get(domain, "routingMode"))
        is_ok = is_ok && fg_member_set_str(domain, "routingMode", FG_STR("BASE_PATH_MAPPING_ONLY"));
    return is_ok ? FG_OK : fg_call_no_memory(call);
}

static fg_status_t check_free(fg_call_t *call, json_t *domain)
{
    fg_str_t name = lower(call, fg_member_str(domain, "domainName"));
    if (!name.at || !fg_member_set_str(domain, "domainName", name))
        return fg_call_no_memory(call);
    fg_status_t status = fg_document_has(call, FG_DOCUMENT_DOMAIN_NAME, FG_STR(""), name);
    if (status == FG_OK)
        return refuse(call, "domainName", "The domain name you provided already exists.");
    if (status != FG_NOT_FOUND)
        return status;
    return fg_document_room_check(call, FG_DOCUMENT_DOMAIN_NAME, FG_STR(""), FG_DOMAIN_NAMES_MAX,
                                  "domain names");
}

fg_status_t fg_domain_name_create(fg_call_t *call)
{
    FG_JSON_SCOPED *domain = json_object();
    FG_JSON_SCOPED *endpoint = json_object();
    fg_status_t status = read_input(call, domain, endpoint);
    if (status == FG_OK)
        status = check_name(call, fg_member_str(domain, "domainName"));
    if (status == FG_OK)
        status = fg_endpoint_settle(call, endpoint);
    if (status == FG_OK)
        status = fg_tags_check(call, json_object_get(domain, "tags"));
    if (status == FG_OK)
        status = check_free(call, domain);
    drop_empty(domain);
    if (status == FG_OK)
        status = fill_defaults(call, domain, endpoint);
    if (status == FG_OK)
        status = fg_domain_settle(call, NULL, domain);
    if (status == FG_OK)
        status = save(call, domain);
    if (status != FG_OK)
        return status;
    fg_domain_certificate_hide(domain);
    call->output = json_incref(domain);
    return FG_OK;
}

/* ---- get, list, delete ---- */

fg_status_t fg_domain_name_get(fg_call_t *call)
{
    fg_status_t status = fg_domain_name_load(call, &call->output);
    return status == FG_OK ? view_single(call, call->output) : status;
}

fg_status_t fg_domain_name_list(fg_call_t *call)
{
    bool is_self;
    fg_status_t status = fg_resource_owner_check(call, &is_self);
    return status == FG_OK ? fg_document_page_of(call, FG_DOCUMENT_DOMAIN_NAME, FG_STR(""),
                                                 is_self ? NULL : fg_filter_none, view_listed)
                           : status;
}

/* Delete every document of a kind that is listed under the domain name. */
static fg_status_t delete_under(fg_call_t *call, const fg_document_query_t *query)
{
    fg_document_t *rows = NULL;
    size_t count = 0;
    fg_status_t status =
        fg_store_document_list(call->store, query, call->arena, &rows, &count, call->error);
    for (size_t i = 0; status == FG_OK && i < count; i++)
        status = fg_store_document_delete(call->store, query->kind, rows[i].api_id, rows[i].id,
                                          call->error);
    return status;
}

/* Rule DN9 */
fg_status_t fg_domain_name_delete(fg_call_t *call)
{
    FG_JSON_SCOPED *domain = NULL;
    fg_status_t status = fg_domain_name_load(call, &domain);
    if (status != FG_OK)
        return status;
    fg_str_t name = fg_member_str(domain, "domainName");
    fg_document_query_t mappings = {
        .kind = FG_DOCUMENT_BASE_PATH, .api_id = name, .parent_id = FG_STR_NONE};
    fg_document_query_t accesses = {
        .kind = FG_DOCUMENT_DOMAIN_ACCESS, .api_id = FG_STR(""), .parent_id = name};
    status = delete_under(call, &mappings);
    if (status == FG_OK)
        status = delete_under(call, &accesses);
    return status == FG_OK ? fg_store_document_delete(call->store, FG_DOCUMENT_DOMAIN_NAME,
                                                      FG_STR(""), name, call->error)
                           : status;
}

/* ---- update ---- */

static fg_status_t replace_security_policy(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    if (!is_security_policy(patch->value))
        return refuse(call, "securityPolicy",
                      "Invalid SecurityPolicy specified. Valid options are TLS_1_0,TLS_1_2");
    return fg_edit_text(call, noun, patch);
}

static fg_status_t replace_truststore(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    json_t *tls = json_object_get(noun, "mutualTlsAuthentication");
    fg_patch_t member = *patch; /* of the object that the first part names */
    member.part[0] = patch->part[1];
    if (!tls) {
        tls = json_object();
        if (!fg_member_set(noun, "mutualTlsAuthentication", tls))
            return fg_call_no_memory(call);
    }
    return fg_edit_text(call, tls, &member);
}

/* One of the choices, as the service prints them. */
static fg_status_t replace_choice(fg_call_t *call, void *noun, const fg_patch_t *patch,
                                  const char *choices)
{
    if (!fg_is_choice(choices, patch->value))
        return fg_error_set(call->error, FG_BAD_REQUEST, "value",
                            "Invalid %.*s specified. Valid options are %s",
                            FG_STR_ARG(patch->part[0]), choices);
    return fg_edit_text(call, noun, patch);
}

static fg_status_t replace_routing(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    return replace_choice(call, noun, patch, ROUTING_MODES);
}

static fg_status_t replace_access_mode(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    return replace_choice(call, noun, patch, ACCESS_MODES);
}

static const fg_patch_row_t patch_rows[] = {
    {"/certificateName", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
    {"/certificateArn", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
    {"/certificateBody", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
    {"/certificatePrivateKey", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
    {"/certificateChain", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
    {"/regionalCertificateName", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
    {"/regionalCertificateArn", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
    {"/securityPolicy", FG_PATCH_MAY(REPLACE), replace_security_policy, false},
    {"/endpointAccessMode", FG_PATCH_MAY(REPLACE), replace_access_mode, false},
    {"/mutualTlsAuthentication/truststoreUri", FG_PATCH_MAY(REPLACE), replace_truststore, false},
    {"/mutualTlsAuthentication/truststoreVersion", FG_PATCH_MAY(REPLACE), replace_truststore,
     false},
    {"/ownershipVerificationCertificateArn", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
    {"/policy", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
    {"/managementPolicy", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
    {"/routingMode", FG_PATCH_MAY(REPLACE), replace_routing, false},
    {"/endpointConfiguration/types/{}", ~0u, fg_endpoint_edit_type, false},
    {"/endpointConfiguration/ipAddressType", FG_PATCH_MAY(REPLACE), fg_endpoint_replace_ip_type,
     false},
};
static const fg_patch_table_t patches = {patch_rows, FG_COUNT_OF(patch_rows), fg_patch_refuse_b};

fg_status_t fg_domain_name_update(fg_call_t *call)
{
    FG_JSON_SCOPED *before = NULL;
    FG_JSON_SCOPED *domain = NULL;
    fg_status_t status = fg_domain_name_load(call, &before);
    if (status == FG_OK && !(domain = json_deep_copy(before)))
        status = fg_call_no_memory(call);
    if (status == FG_OK)
        status = fg_patch_apply(call, &patches, domain);
    if (status == FG_OK)
        status = fg_domain_settle(call, before, domain);
    if (status == FG_OK)
        status = save(call, domain);
    if (status != FG_OK)
        return status;
    call->output = json_incref(domain);
    return view_single(call, call->output);
}
