/*
 * client_certificate - docs/rules/certificates.md. The document is the wire shape; the private key
 * stands beside it, sealed.
 */
#include "base/x509.h"
#include "control/document.h"
#include "control/handlers.h"
#include "control/noun.h"

enum { LIFE_DAYS = 365 };
#define COMMON_NAME "ApiGateway"

static fg_status_t load(fg_call_t *call, json_t **ret_certificate)
{
    fg_status_t status = fg_document_load(call, FG_DOCUMENT_CLIENT_CERTIFICATE, FG_STR(""),
                                          call->path_part[0], ret_certificate);
    if (status == FG_NOT_FOUND)
        return fg_error_set(call->error, FG_NOT_FOUND, "",
                            "Invalid Client Certificate identifier specified");
    return status;
}

static fg_status_t save(fg_call_t *call, fg_str_t id, const json_t *certificate)
{
    return fg_document_save(call, FG_DOCUMENT_CLIENT_CERTIFICATE, FG_STR(""), id, FG_STR(""),
                            certificate);
}

/* ---- generate ---- */

/* Rule CC2 */
static fg_status_t make(fg_call_t *call, fg_str_t id, json_t *certificate)
{
    fg_x509_t made;
    fg_wall_t from = call->now.wall, until = {from.s + (int64_t)LIFE_DAYS * FG_DAY_S};
    if (!fg_member_set_str(certificate, "clientCertificateId", id) ||
        !fg_member_set(certificate, "createdDate", json_integer(from.s)) ||
        !fg_member_set(certificate, "expirationDate", json_integer(until.s)))
        return fg_call_no_memory(call);
    fg_status_t status = fg_x509_self_signed(COMMON_NAME, from, until, call->random, call->arena,
                                             &made, call->error);
    if (status == FG_OK &&
        !fg_member_set_str(certificate, "pemEncodedCertificate", made.certificate))
        status = fg_call_no_memory(call);
    return status == FG_OK ? fg_store_private_key_put(call->store, FG_DOCUMENT_CLIENT_CERTIFICATE,
                                                      id, made.private_key, call->error)
                           : status;
}

fg_status_t fg_client_certificate_generate(fg_call_t *call)
{
    static const fg_field_t fields[] = {
        {"description", FG_FIELD_TEXT, false, NULL},
        {"tags", FG_FIELD_TEXT_MAP, false, NULL},
    };
    FG_JSON_SCOPED *certificate = json_object();
    fg_str_t id;
    fg_status_t status =
        fg_fields_read(call, call->input, fields, FG_COUNT_OF(fields), certificate);
    if (status == FG_OK)
        status = fg_tags_check(call, json_object_get(certificate, "tags"));
    if (status == FG_OK)
        status = fg_document_room_check(call, FG_DOCUMENT_CLIENT_CERTIFICATE, FG_STR(""),
                                        FG_CLIENT_CERTIFICATES_MAX, "client certificates");
    if (status == FG_OK)
        status = fg_call_new_id(call, FG_ID_SHORT_BYTES, &id);
    if (status == FG_OK)
        status = make(call, id, certificate);
    if (status == FG_OK)
        status = save(call, id, certificate);
    if (status == FG_OK)
        call->output = json_incref(certificate);
    return status;
}

/* ---- get, list, update, delete ---- */

fg_status_t fg_client_certificate_get(fg_call_t *call)
{
    fg_status_t status = load(call, &call->output);
    return status == FG_OK ? fg_view_single(call, call->output) : status;
}

fg_status_t fg_client_certificate_list(fg_call_t *call)
{
    return fg_document_page(call, FG_DOCUMENT_CLIENT_CERTIFICATE, FG_STR(""), fg_view_listed);
}

fg_status_t fg_client_certificate_update(fg_call_t *call)
{
    static const fg_patch_row_t rows[] = {
        {"/description", FG_PATCH_MAY(REPLACE), fg_edit_text, false}};
    static const fg_patch_table_t table = {rows, FG_COUNT_OF(rows), fg_patch_refuse_a};
    FG_JSON_SCOPED *certificate = NULL;
    fg_status_t status = load(call, &certificate);
    if (status == FG_OK)
        status = fg_patch_apply(call, &table, certificate);
    if (status == FG_OK)
        status = save(call, call->path_part[0], certificate);
    if (status != FG_OK)
        return status;
    call->output = json_incref(certificate);
    return fg_view_single(call, call->output);
}

/* Rule CC5 */
static fg_status_t check_unused(fg_call_t *call, fg_str_t id)
{
    fg_document_t *stages = NULL;
    size_t count = 0;
    fg_status_t status =
        fg_store_document_mentions(call->store, FG_DOCUMENT_STAGE, "clientCertificateId", id,
                                   call->arena, &stages, &count, call->error);
    if (status != FG_OK || count == 0)
        return status;
    return fg_error_set(call->error, FG_BAD_REQUEST, "",
                        "Client certificate %.*s is used by the stage %.*s of the API %.*s",
                        FG_STR_ARG(id), FG_STR_ARG(stages[0].id), FG_STR_ARG(stages[0].api_id));
}

fg_status_t fg_client_certificate_delete(fg_call_t *call)
{
    FG_JSON_SCOPED *certificate = NULL;
    fg_str_t id = call->path_part[0];
    fg_status_t status = load(call, &certificate);
    if (status == FG_OK)
        status = check_unused(call, id);
    return status == FG_OK ? fg_store_document_delete(call->store, FG_DOCUMENT_CLIENT_CERTIFICATE,
                                                      FG_STR(""), id, call->error)
                           : status;
}
