/*
 * Credentials of the control API: made with a role, listed, revoked. Rules CR1, CR6.
 */
#include "control/handlers.h"
#include "control/noun.h"
#include "control/role.h"

enum { NAME_LENGTH_MAX = 128 };

static json_t *render(const fg_credential_t *credential)
{
    FG_JSON_SCOPED *object = json_pack(
        "{s:o, s:o, s:o, s:I}", "accessKeyId", fg_json_new_str(credential->access_key_id), "role",
        fg_json_new_str(credential->role), "name", fg_json_new_str(credential->name), "createdDate",
        (json_int_t)credential->created_at.s);
    if (object && credential->secret_access_key.at &&
        json_object_set_new(object, "secretAccessKey",
                            fg_json_new_str(credential->secret_access_key)) != 0)
        return NULL;
    return json_incref(object);
}

static fg_status_t parse(fg_call_t *call, fg_credential_t *credential)
{
    fg_role_t role;
    fg_status_t status = fg_input_str(call, call->input, "role", &credential->role);
    if (status == FG_OK)
        status = fg_input_str(call, call->input, "name", &credential->name);
    if (status != FG_OK)
        return status;
    if (!fg_role_of(credential->role, &role))
        return fg_error_set(call->error, FG_BAD_REQUEST, "role", "role must be %s", fg_role_list());
    if (!credential->name.at)
        credential->name = FG_STR("");
    if (fg_text_length(credential->name) > NAME_LENGTH_MAX)
        return fg_error_set(call->error, FG_BAD_REQUEST, "name",
                            "name must have at most %d characters", NAME_LENGTH_MAX);
    return FG_OK;
}

/* Rule CR1: the only answer that shows the secret. */
fg_status_t fg_credential_create(fg_call_t *call)
{
    fg_credential_t credential = {.created_at = call->now.wall};
    fg_status_t status = parse(call, &credential);
    if (status == FG_OK)
        status = fg_store_credential_make(call->store, call->arena, &credential, call->error);
    if (status == FG_OK)
        status = fg_store_credential_put(call->store, &credential, call->error);
    if (status != FG_OK)
        return status;
    call->output = render(&credential);
    return call->output ? FG_OK : fg_call_no_memory(call);
}

fg_status_t fg_credential_list(fg_call_t *call)
{
    fg_credential_t *credentials;
    size_t count;
    fg_status_t status =
        fg_store_credential_list(call->store, call->arena, &credentials, &count, call->error);
    if (status != FG_OK)
        return status;
    FG_JSON_SCOPED *items = json_array();
    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(items, render(&credentials[i])) != 0)
            return fg_call_no_memory(call);
    return fg_call_page_of(call, items);
}

fg_status_t fg_credential_delete(fg_call_t *call)
{
    fg_status_t status = fg_store_credential_delete(call->store, call->path_part[0], call->error);
    if (status == FG_NOT_FOUND)
        return fg_error_set(call->error, FG_NOT_FOUND, "accessKeyId",
                            "Invalid access key identifier specified");
    return status;
}
