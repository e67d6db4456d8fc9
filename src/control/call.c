#include "control/document.h"

fg_str_t fg_call_query(const fg_call_t *call, const char *name)
{
    for (size_t i = 0; i < call->query_count; i++) {
        if (fg_str_is(call->query[i].name, name))
            return call->query[i].value;
    }
    return FG_STR_NONE;
}

fg_str_t fg_call_header(const fg_call_t *call, const char *name)
{
    for (size_t i = 0; i < call->header_count; i++) {
        if (fg_str_eq_nocase(call->headers[i].name, fg_str(name)))
            return call->headers[i].value;
    }
    return FG_STR_NONE;
}

fg_status_t fg_call_no_api(fg_call_t *call, fg_str_t api_id)
{
    return fg_error_set(call->error, FG_NOT_FOUND, "restApiId",
                        "Invalid API identifier specified %s:%.*s",
                        call->control->settings.account_id, FG_STR_ARG(api_id));
}

fg_status_t fg_call_new_id(fg_call_t *call, size_t length, fg_str_t *ret_id)
{
    FG_ASSERT(length <= FG_ID_BYTES_MAX);
    char *id = fg_arena_alloc(call->arena, length + 1);
    if (!id)
        return fg_error_set(call->error, FG_NO_MEMORY, "", "%s", fg_status_text(FG_NO_MEMORY));
    if (!fg_id_make(call->random, length, id))
        return fg_error_set(call->error, FG_INTERNAL, "", "no randomness for an identifier");
    *ret_id = fg_str_of(id, length);
    return FG_OK;
}

fg_status_t fg_call_api(fg_call_t *call, fg_str_t api_id, json_t **ret_api)
{
    fg_document_t document;
    fg_status_t status = fg_store_document_get(call->store, FG_DOCUMENT_REST_API, FG_STR(""),
                                               api_id, call->arena, &document, call->error);
    if (status == FG_NOT_FOUND)
        return fg_call_no_api(call, api_id);
    if (status != FG_OK || !ret_api)
        return status;
    return fg_document_parse(call, &document, ret_api);
}
