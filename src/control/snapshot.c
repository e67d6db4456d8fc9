#include "control/snapshot.h"

#include "control/noun.h"

/* What acts in the data plane from the next deployment on. Rules GR10, MO9, RV5. */
static const struct {
    fg_document_kind_t kind;
    const char *name;
} parts[] = {
    {FG_DOCUMENT_RESOURCE, "resources"},     {FG_DOCUMENT_GATEWAY_RESPONSE, "gatewayResponses"},
    {FG_DOCUMENT_MODEL, "models"},           {FG_DOCUMENT_REQUEST_VALIDATOR, "requestValidators"},
    {FG_DOCUMENT_AUTHORIZER, "authorizers"},
};

fg_status_t fg_snapshot_take(fg_call_t *call, fg_str_t api_id, const json_t *api,
                             json_t **ret_snapshot)
{
    FG_JSON_SCOPED *snapshot = json_pack("{sO}", "restApi", api);
    fg_status_t status = snapshot ? FG_OK : fg_call_no_memory(call);
    for (size_t i = 0; i < FG_COUNT_OF(parts) && status == FG_OK; i++) {
        json_t *documents = NULL;
        status = fg_document_all(call, parts[i].kind, api_id, FG_STR_NONE, &documents);
        if (status == FG_OK && !fg_member_set(snapshot, parts[i].name, documents))
            status = fg_call_no_memory(call);
    }
    if (status == FG_OK)
        *ret_snapshot = json_incref(snapshot);
    return status;
}
