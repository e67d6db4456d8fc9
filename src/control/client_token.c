#include "control/client_token.h"

#include "base/uri.h"
#include "control/noun.h"

static const char header[] = "X-Amz-Client-Token";

static bool is_create(const fg_operation_t *operation)
{
    return fg_str_is(fg_str(operation->verb), "POST") &&
           (operation->status == 201 || operation->status == 202);
}

static bool is_well_formed(fg_str_t token)
{
    for (size_t i = 0; i < token.len; i++)
        if (token.at[i] <= ' ' || token.at[i] > '~')
            return false;
    return token.len > 0 && token.len <= FG_CLIENT_TOKEN_BYTES_MAX;
}

/* What makes two requests the same: operation, path, query and body, but not how they were signed.
 * Each part goes with its length, so that none can be taken for another. */
static fg_status_t hash_request(const fg_call_t *call, uint8_t ret_hash[FG_SHA256_BYTES])
{
    const fg_str_t presigned = FG_STR("X-Amz-");
    fg_str_t text = fg_arena_printf(call->arena, "%s %zu:%.*s %zu:", call->operation->name,
                                    call->path.len, FG_STR_ARG(call->path), call->body.len);
    for (size_t i = 0; text.at && i < call->query_count; i++) {
        const fg_pair_t *pair = &call->query[i];
        if (!fg_str_starts_with(pair->name, presigned))
            text = fg_arena_printf(call->arena, "%.*s&%zu:%.*s=%zu:%.*s", FG_STR_ARG(text),
                                   pair->name.len, FG_STR_ARG(pair->name), pair->value.len,
                                   FG_STR_ARG(pair->value));
    }
    char *whole = text.at ? fg_arena_alloc(call->arena, text.len + call->body.len + 1) : NULL;
    if (!whole)
        return FG_NO_MEMORY;
    memcpy(whole, text.at, text.len);
    if (call->body.len > 0)
        memcpy(whole + text.len, call->body.at, call->body.len);
    fg_sha256(whole, text.len + call->body.len, ret_hash);
    return FG_OK;
}

static fg_str_t credential_of(const fg_call_t *call)
{
    return call->access_key_id.at ? call->access_key_id : FG_STR("");
}

/* Rule CT1. */
static fg_status_t replay(fg_call_t *call, const fg_client_token_t *kept, fg_client_call_t *client)
{
    if (memcmp(kept->request, client->request, sizeof(kept->request)) != 0)
        return fg_error_set(call->error, FG_CONFLICT, header,
                            "%s was used for another request within the last 24 hours", header);
    client->is_replayed = true;
    call->response->status = call->operation->status;
    call->response->body = kept->answer;
    fg_call_header_add(call, "x-faregate-replayed", FG_STR("true"));
    call->is_value_withheld = kept->is_value_withheld; /* Rule CT3 */
    return FG_OK;
}

fg_status_t fg_client_token_begin(fg_call_t *call, fg_client_call_t *ret_client)
{
    *ret_client = (fg_client_call_t){.token = fg_call_header(call, header)};
    if (!ret_client->token.at || !is_create(call->operation)) {
        ret_client->token = FG_STR_NONE;
        return FG_OK;
    }
    if (!is_well_formed(ret_client->token))
        return fg_error_set(call->error, FG_BAD_REQUEST, header,
                            "%s must have 1 to %d visible ASCII characters", header,
                            FG_CLIENT_TOKEN_BYTES_MAX);
    fg_client_token_t kept;
    fg_status_t status = hash_request(call, ret_client->request);
    if (status != FG_OK)
        return fg_call_no_memory(call);
    status = fg_store_client_token_get(call->store, credential_of(call), ret_client->token,
                                       call->now.wall, call->arena, &kept, call->error);
    if (status == FG_NOT_FOUND)
        return FG_OK;
    return status == FG_OK ? replay(call, &kept, ret_client) : status;
}

/* Rule CT3: where values are hashed none is kept, not even for a day. */
static fg_status_t answer_to_keep(fg_call_t *call, fg_client_token_t *kept)
{
    kept->answer = call->response->body.at ? call->response->body : FG_STR("");
    kept->is_value_withheld = call->is_value_withheld;
    if (!fg_store_are_values_hashed(call->store) || !json_object_get(call->output, "value"))
        return FG_OK;
    FG_JSON_SCOPED *without = json_copy(call->output);
    json_object_del(without, "value");
    kept->is_value_withheld = true;
    kept->answer = without ? fg_json_render(without, call->arena) : FG_STR_NONE;
    return kept->answer.at ? FG_OK : fg_call_no_memory(call);
}

fg_status_t fg_client_token_end(fg_call_t *call, const fg_client_call_t *client)
{
    fg_client_token_t kept;
    if (!client->token.at || client->is_replayed)
        return FG_OK;
    memcpy(kept.request, client->request, sizeof(kept.request));
    fg_status_t status = answer_to_keep(call, &kept);
    if (status != FG_OK)
        return status;
    return fg_store_client_token_put(call->store, credential_of(call), client->token, &kept,
                                     call->now.wall, call->arena, call->error);
}
