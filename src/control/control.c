/*
 * One call, step by step: match, verify, read the body, run the handler (inside a transaction when
 * it writes), commit, publish, render. A step that fails ends the call; what it left in `error`
 * becomes the answer.
 */
#include "control/control.h"

#include "auth/sigv4.h"
#include "control/audit.h"
#include "control/client_token.h"
#include "control/dispatch.h"
#include "control/errors.h"
#include "control/role.h"

#include <stdio.h>

/* Who signed: found while the signature is verified. */
typedef struct signer {
    fg_store_t *store;
    fg_credential_t credential;
} signer_t;

static fg_status_t secret_of(void *ctx, fg_str_t access_key_id, fg_arena_t *arena,
                             fg_str_t *ret_secret, fg_error_t *reterr)
{
    signer_t *signer = ctx;
    fg_status_t status =
        fg_store_credential_get(signer->store, access_key_id, arena, &signer->credential, reterr);
    if (status == FG_OK)
        *ret_secret = signer->credential.secret_access_key;
    return status;
}

static fg_str_t request_header(const fg_request_t *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (fg_str_eq_nocase(request->headers[i].name, fg_str(name)))
            return request->headers[i].value;
    return FG_STR_NONE;
}

/* Unsigned calls pass only where tests allow them. */
static fg_status_t verify(fg_control_t *control, const fg_request_t *request, fg_now_t now,
                          fg_arena_t *arena, signer_t *signer, fg_error_t *reterr)
{
    fg_sigv4_identity_t identity;
    if (control->settings.is_unsigned_allowed && !request_header(request, "Authorization").at)
        return FG_OK;
    size_t count = request->header_count;
    fg_sigv4_header_t *headers = fg_arena_alloc(arena, (count + 1) * sizeof(*headers));
    if (!headers)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "%s", fg_status_text(FG_NO_MEMORY));
    for (size_t i = 0; i < count; i++)
        headers[i] = (fg_sigv4_header_t){request->headers[i].name, request->headers[i].value};
    fg_sigv4_request_t signed_request = {request->verb, request->target, request->body, headers,
                                         count};
    fg_sigv4_options_t options = {"apigateway", secret_of, signer};
    return fg_sigv4_verify(&signed_request, &options, now.wall, arena, &identity, reterr);
}

/* An empty body is an empty object: SDKs send none when every member is optional. */
static fg_status_t body_parse(fg_call_t *call, json_t **ret_input)
{
    fg_operation_body_t body = call->operation->body;
    if (body == FG_BODY_NONE || body == FG_BODY_RAW)
        return FG_OK;
    json_t *input = fg_str_is_empty(fg_str_trim(call->body))
                        ? json_object()
                        : fg_json_parse(call->body, call->error);
    if (!input)
        return call->error->status;
    if (!json_is_object(input)) {
        json_decref(input);
        return fg_error_set(call->error, FG_SERIALIZATION, "", "Expected a structure as the body");
    }
    *ret_input = input;
    return FG_OK;
}

/* Rule C4: what breaks the model is refused before the noun is even looked for. */
static fg_status_t constraints_check(fg_call_t *call)
{
    fg_patch_t *patches;
    size_t count;
    return call->operation->body == FG_BODY_PATCH ? fg_call_patches(call, &patches, &count) : FG_OK;
}

static fg_status_t render(fg_call_t *call)
{
    fg_response_t *response = call->response;
    response->status = call->operation->status;
    if (call->output_bytes.at) {
        FG_ASSERT(!call->output && call->output_type.at);
        response->headers[0].value = call->output_type;
        response->body = call->output_bytes;
        return FG_OK;
    }
    if (!call->output)
        return FG_OK;
    response->body = fg_json_render(call->output, call->arena);
    if (response->body.at)
        return FG_OK;
    return fg_error_set(call->error, FG_NO_MEMORY, "", "%s", fg_status_text(FG_NO_MEMORY));
}

/* The answer is there before anything is committed: a lack of memory undoes the change. */
static fg_status_t handle(fg_call_t *call)
{
    fg_status_t status = call->operation->handler(call);
    return status == FG_OK ? render(call) : status;
}

static fg_status_t change(fg_call_t *call)
{
    fg_status_t status = fg_audit_before(call);
    if (status == FG_OK)
        status = handle(call);
    return status == FG_OK ? fg_audit_after(call) : status;
}

static fg_status_t run_writing(fg_call_t *call)
{
    fg_status_t status = fg_store_begin(call->store, call->error);
    if (status != FG_OK)
        return status;
    fg_client_call_t client;
    status = fg_client_token_begin(call, &client);
    if (status == FG_OK && !client.is_replayed)
        status = change(call);
    if (status == FG_OK)
        status = fg_client_token_end(call, &client);
    if (status == FG_OK)
        status = fg_store_commit(call->store, call->error);
    if (status != FG_OK)
        fg_store_rollback(call->store);
    return status;
}

/* The change is durable whatever comes of this: a failure is told as it is, and the gate catches up
 * with the next publication. */
static fg_status_t publish(fg_call_t *call)
{
    if (!call->control->agent)
        return FG_OK;
    fg_error_t detail = {0};
    if (fg_agent_publish(call->control->agent, &detail) == FG_OK)
        return FG_OK;
    return fg_error_set(call->error, FG_INTERNAL, "",
                        "the change is stored but not yet published to the gate: %.1800s",
                        detail.message);
}

static fg_status_t run(fg_call_t *call)
{
    const fg_operation_t *operation = call->operation;
    fg_status_t status = fg_role_check(call);
    if (status != FG_OK)
        return status;
    if (!operation->handler)
        return fg_error_set(call->error, FG_NOT_IMPLEMENTED, "",
                            "The operation %s is not implemented yet.", operation->name);
    FG_JSON_SCOPED *input = NULL;
    status = body_parse(call, &input);
    if (status != FG_OK)
        return status;
    call->input = input;
    status = constraints_check(call);
    if (status == FG_OK)
        status = fg_role_check_input(call);
    if (status != FG_OK)
        return status;
    if (operation->is_write) {
        status = run_writing(call);
        return status == FG_OK ? publish(call) : status;
    }
    return handle(call);
}

static void header_add(fg_response_t *response, const char *name, fg_str_t value)
{
    FG_ASSERT(response->header_count < FG_RESPONSE_HEADERS_MAX);
    response->headers[response->header_count++] = (fg_pair_t){fg_str(name), value};
}

void fg_call_header_add(fg_call_t *call, const char *name, fg_str_t value)
{
    header_add(call->response, name, value);
}

static fg_str_t header_find(const fg_response_t *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++)
        if (fg_str_is(response->headers[i].name, name))
            return response->headers[i].value;
    return FG_STR_NONE;
}

static fg_str_t path_of(fg_str_t target)
{
    return fg_str_cut(&target, '?');
}

/* 11 bytes are 15 base64 characters and one '='. Rule C2, reference 1.2. */
static fg_str_t extended_id(fg_random_t random, fg_arena_t *arena)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t bytes[12] = {0};
    char *text = fg_arena_alloc(arena, 17);
    if (!text || !random.fill(random.ctx, bytes, 11))
        return FG_STR_NONE;
    for (size_t i = 0; i < 4; i++) {
        uint32_t group =
            (uint32_t)bytes[3 * i] << 16 | (uint32_t)bytes[3 * i + 1] << 8 | bytes[3 * i + 2];
        for (size_t j = 0; j < 4; j++)
            text[4 * i + j] = alphabet[group >> (18 - 6 * j) & 63];
    }
    text[15] = '=';
    return fg_str_of(text, 16);
}

static void ids_add(fg_control_t *control, fg_arena_t *arena, fg_response_t *response)
{
    char *uuid = fg_arena_alloc(arena, 37);
    if (uuid && fg_uuid_make(control->random, uuid))
        header_add(response, "x-amzn-RequestId", fg_str(uuid));
    fg_str_t extended = extended_id(control->random, arena);
    if (extended.at)
        header_add(response, "x-amz-apigw-id", extended);
}

static void render_error(fg_arena_t *arena, fg_response_t *response)
{
    fg_exception_t exception = fg_exception_of(response->error.status);
    response->status = exception.http_status;
    response->headers[0].value = FG_STR("application/json");
    header_add(response, "x-amzn-ErrorType", fg_str(exception.name));
    response->body = fg_error_body(&response->error, arena);
}

/* Rule AD1: what cannot be put on record is not refused either, it fails. */
static fg_status_t deny(fg_call_t *call)
{
    fg_error_t detail;
    fg_status_t status = fg_audit_denied(call, &detail);
    if (status == FG_OK)
        return FG_DENIED;
    *call->error = detail;
    return status;
}

static fg_status_t answer(fg_control_t *control, const fg_request_t *request, fg_now_t now,
                          fg_arena_t *arena, fg_response_t *response)
{
    fg_match_t match = {0};
    signer_t signer = {
        .store = control->store,
        .credential = {.access_key_id = FG_STR_NONE, .role = FG_STR(FG_CREDENTIAL_ADMIN)}};
    fg_error_t *error = &response->error;
    fg_status_t status = fg_dispatch(request->verb, request->target, arena, &match, error);
    if (match.operation)
        response->operation = match.operation->name;
    if (status == FG_OK && request->body.len > FG_CONTROL_BODY_BYTES_MAX)
        status = fg_error_set(error, FG_TOO_LARGE, "", "Request size exceeded %d bytes",
                              FG_CONTROL_BODY_BYTES_MAX);
    if (status == FG_OK)
        status = verify(control, request, now, arena, &signer, error);
    if (status != FG_OK)
        return status;
    fg_call_t call = {.control = control,
                      .store = control->store,
                      .arena = arena,
                      .now = now,
                      .random = control->random,
                      .operation = match.operation,
                      .query = match.query,
                      .query_count = match.query_count,
                      .headers = request->headers,
                      .header_count = request->header_count,
                      .path = path_of(request->target),
                      .access_key_id = signer.credential.access_key_id,
                      .role = FG_ROLE_COUNT,
                      .request_id = header_find(response, "x-amzn-RequestId"),
                      .body = request->body,
                      .response = response,
                      .error = error};
    memcpy(call.path_part, match.path_part, sizeof(call.path_part));
    (void)fg_role_of(signer.credential.role, &call.role);
    call.are_values_hidden = call.role == FG_ROLE_READ_ONLY; /* Rule CR4 */
    status = run(&call);
    if (status == FG_OK && call.is_value_withheld)
        header_add(response, "x-faregate-key-values", /* Rules K12, CR4 */
                   call.are_values_hidden ? FG_STR("withheld") : FG_STR("hashed"));
    if (status == FG_DENIED && match.operation->is_write && call.access_key_id.at)
        status = deny(&call);
    json_decref(call.output);
    json_decref(call.audit_before);
    json_decref(call.audit_after);
    return status;
}

void fg_control_handle(fg_control_t *control, const fg_request_t *request, fg_now_t now,
                       fg_arena_t *arena, fg_response_t *ret_response)
{
    *ret_response = (fg_response_t){.operation = "", .body = FG_STR("")};
    header_add(ret_response, "Content-Type", FG_STR("application/json"));
    ids_add(control, arena, ret_response);
    fg_status_t status = answer(control, request, now, arena, ret_response);
    if (status != FG_OK) {
        ret_response->error.status = status; /* a handler may hand on a status without a text */
        render_error(arena, ret_response);
    } else {
        ret_response->error = (fg_error_t){0};
    }
    if (!ret_response->body.at)
        ret_response->body = FG_STR("");
}
