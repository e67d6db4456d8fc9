/*
 * domain_access - docs/rules/domains.md DN10, DN11: which VPC endpoints may use a private domain
 * name. An association is stored under its ARN, with the domain name as its parent.
 */
#include "control/document.h"
#include "control/domain_name.h"
#include "control/endpoint.h"
#include "control/handlers.h"
#include "control/noun.h"

#include <ctype.h>

static const fg_field_t fields[] = {
    {"domainNameArn", FG_FIELD_TEXT, true, NULL},
    {"accessAssociationSourceType", FG_FIELD_TEXT, true, "VPCE"},
    {"accessAssociationSource", FG_FIELD_TEXT, true, NULL},
    {"tags", FG_FIELD_TEXT_MAP, false, NULL},
};

static fg_status_t no_association(fg_call_t *call)
{
    return fg_error_set(call->error, FG_NOT_FOUND, "",
                        "Invalid domain name access association identifier specified");
}

static fg_status_t load(fg_call_t *call, fg_str_t arn, json_t **ret_association)
{
    fg_status_t status =
        fg_document_load(call, FG_DOCUMENT_DOMAIN_ACCESS, FG_STR(""), arn, ret_association);
    return status == FG_NOT_FOUND ? no_association(call) : status;
}

/* ---- create ---- */

static fg_status_t check_source(fg_call_t *call, fg_str_t source)
{
    fg_str_t prefix = FG_STR("vpce-");
    bool is_good = fg_str_starts_with(source, prefix) && source.len > prefix.len;
    for (size_t i = 0; is_good && i < source.len; i++)
        is_good = isalnum((unsigned char)source.at[i]) || source.at[i] == '-';
    if (is_good)
        return FG_OK;
    return fg_error_set(call->error, FG_BAD_REQUEST, "accessAssociationSource",
                        "Invalid VPC endpoint id specified: %.*s", FG_STR_ARG(source));
}

static fg_status_t check_domain(fg_call_t *call, const json_t *association, json_t **ret_domain)
{
    fg_status_t status =
        fg_domain_name_of_arn(call, fg_member_str(association, "domainNameArn"), ret_domain);
    if (status == FG_OK && !fg_endpoint_is(*ret_domain, "PRIVATE"))
        status = fg_error_set(call->error, FG_BAD_REQUEST, "domainNameArn",
                              "Only PRIVATE domain names have access associations");
    return status;
}

static fg_status_t check_free(fg_call_t *call, fg_str_t arn)
{
    fg_status_t status = fg_document_has(call, FG_DOCUMENT_DOMAIN_ACCESS, FG_STR(""), arn);
    if (status == FG_OK)
        return fg_error_set(call->error, FG_CONFLICT, "accessAssociationSource",
                            "The domain name access association already exists");
    if (status != FG_NOT_FOUND)
        return status;
    return fg_document_room_check(call, FG_DOCUMENT_DOMAIN_ACCESS, FG_STR(""),
                                  FG_DOMAIN_ACCESSES_MAX, "domain name access associations");
}

static fg_status_t store_new(fg_call_t *call, const json_t *domain, json_t *association)
{
    const fg_control_settings_t *settings = &call->control->settings;
    fg_str_t name = fg_member_str(domain, "domainName");
    fg_str_t arn = fg_arena_printf(
        call->arena,
        "arn:aws:apigateway:%s:%s:/domainnameaccessassociations/domainname/%.*s/vpcesource/%.*s",
        settings->region, settings->account_id, FG_STR_ARG(name),
        FG_STR_ARG(fg_member_str(association, "accessAssociationSource")));
    if (!arn.at || !fg_member_set_str(association, "domainNameAccessAssociationArn", arn))
        return fg_call_no_memory(call);
    fg_status_t status = check_free(call, arn);
    return status == FG_OK ? fg_document_save(call, FG_DOCUMENT_DOMAIN_ACCESS, FG_STR(""), arn,
                                              name, association)
                           : status;
}

fg_status_t fg_domain_access_create(fg_call_t *call)
{
    FG_JSON_SCOPED *association = json_object();
    FG_JSON_SCOPED *domain = NULL;
    fg_status_t status =
        fg_fields_read(call, call->input, fields, FG_COUNT_OF(fields), association);
    if (status == FG_OK)
        status = check_source(call, fg_member_str(association, "accessAssociationSource"));
    if (status == FG_OK)
        status = fg_tags_check(call, json_object_get(association, "tags"));
    if (status == FG_OK)
        status = check_domain(call, association, &domain);
    if (status == FG_OK)
        status = store_new(call, domain, association);
    if (status == FG_OK)
        call->output = json_incref(association);
    return status;
}

/* ---- list, delete, reject ---- */

fg_status_t fg_domain_access_list(fg_call_t *call)
{
    bool is_self;
    fg_status_t status = fg_resource_owner_check(call, &is_self);
    return status == FG_OK ? fg_document_page_of(call, FG_DOCUMENT_DOMAIN_ACCESS, FG_STR(""),
                                                 is_self ? NULL : fg_filter_none, fg_view_listed)
                           : status;
}

static fg_status_t delete (fg_call_t *call, fg_str_t arn)
{
    return fg_store_document_delete(call->store, FG_DOCUMENT_DOMAIN_ACCESS, FG_STR(""), arn,
                                    call->error);
}

fg_status_t fg_domain_access_delete(fg_call_t *call)
{
    FG_JSON_SCOPED *association = NULL;
    fg_status_t status = load(call, call->path_part[0], &association);
    return status == FG_OK ? delete (call, call->path_part[0]) : status;
}

/* Rule DN11 */
fg_status_t fg_domain_access_reject(fg_call_t *call)
{
    FG_JSON_SCOPED *association = NULL;
    fg_str_t arn = fg_call_query(call, "domainNameAccessAssociationArn");
    fg_status_t status =
        fg_str_is_empty(arn) ? no_association(call) : load(call, arn, &association);
    if (status == FG_OK && !fg_str_eq(fg_member_str(association, "domainNameArn"),
                                      fg_call_query(call, "domainNameArn")))
        status = no_association(call);
    return status == FG_OK ? delete (call, arn) : status;
}
