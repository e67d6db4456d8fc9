#include "control/audit.h"

#include "control/errors.h"
#include "control/noun.h"
#include "store/audit.h"

#define WITHHELD "(not on record)"

enum { ENTRY_BYTES_MAX = 64 * 1024 }; /* of before and of after */

fg_status_t fg_audit_say(fg_call_t *call, json_t *before, json_t *after)
{
    json_decref(call->audit_before);
    json_decref(call->audit_after);
    call->audit_before = before;
    call->audit_after = after;
    return before && after ? FG_OK : fg_call_no_memory(call);
}

/* ---- before ---- */

/* Rule AD2: the row that looks at the same path. */
static const fg_operation_t *look_up_of(const fg_operation_t *operation)
{
    if (strcmp(operation->verb, "POST") == 0)
        return NULL;
    for (size_t i = 0; i < fg_operation_count; i++) {
        const fg_operation_t *row = &fg_operations[i];
        if (row->handler && !row->query && strcmp(row->verb, "GET") == 0 &&
            strcmp(row->path, operation->path) == 0)
            return row;
    }
    return NULL;
}

fg_status_t fg_audit_before(fg_call_t *call)
{
    const fg_operation_t *look_up = look_up_of(call->operation);
    if (!look_up)
        return FG_OK;
    fg_response_t response = {0};
    fg_call_t before = *call;
    before.operation = look_up;
    before.query = NULL;
    before.query_count = 0;
    before.body = FG_STR("");
    before.input = NULL;
    before.response = &response;
    before.error = &response.error;
    before.are_values_hidden = true;
    fg_status_t status = look_up->handler(&before);
    call->audit_before = before.output;
    if (status == FG_OK || status == FG_NOT_FOUND || status == FG_BAD_REQUEST)
        return FG_OK; /* nothing is there, or the change will be refused in its own words */
    return fg_error_set(call->error, status, response.error.field, "%s", response.error.message);
}

/* ---- what is never on record ---- */

static bool is_secret(const char *member)
{
    static const char *const names[] = {"value", "secretAccessKey", "certificatePrivateKey",
                                        "secret"};
    for (size_t i = 0; i < FG_COUNT_OF(names); i++)
        if (strcmp(member, names[i]) == 0)
            return true;
    return false;
}

/* Rule AD3. False without memory. */
static bool redact(json_t *json)
{
    const char *member;
    json_t *value;
    size_t i;
    bool is_done = true;
    json_array_foreach(json, i, value)
    {
        is_done = is_done && redact(value);
    }
    json_object_foreach(json, member, value)
    {
        if (json_is_string(value) && is_secret(member))
            is_done = is_done && json_object_set_new(json, member, json_string(WITHHELD)) == 0;
        else
            is_done = is_done && redact(value);
    }
    return is_done;
}

/* A copy without its secrets, as text; FG_STR_NONE when there is nothing. False without memory. */
static bool text_of(fg_call_t *call, const json_t *json, fg_str_t *ret_text)
{
    *ret_text = FG_STR_NONE;
    if (!json || json_is_null(json))
        return true;
    FG_JSON_SCOPED *copy = json_deep_copy(json);
    if (!copy || !redact(copy))
        return false;
    *ret_text = fg_json_render(copy, call->arena);
    if (ret_text->len > ENTRY_BYTES_MAX)
        *ret_text = fg_arena_printf(call->arena, "{\"omittedBytes\":%zu}", ret_text->len);
    return ret_text->at != NULL;
}

/* ---- after ---- */

/* Rule AD4: what a create made is its subject, where a row names it so. */
static const char *name_of_made(const fg_call_t *call)
{
    static const struct {
        const char *operation, *member;
    } rows[] = {
        {"CreateBasePathMapping", "basePath"},
        {"CreateCredential", "accessKeyId"},
        {"CreateDocumentationVersion", "version"},
        {"CreateDomainName", "domainName"},
        {"CreateModel", "name"},
        {"CreateStage", "stageName"},
        {"GenerateClientCertificate", "clientCertificateId"},
    };
    const char *member = "id";
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++)
        if (strcmp(call->operation->name, rows[i].operation) == 0)
            member = rows[i].member;
    return json_string_value(json_object_get(call->output, member));
}

static bool has_row_below(const fg_operation_t *operation)
{
    size_t bytes = strlen(operation->path);
    for (size_t i = 0; i < fg_operation_count; i++)
        if (strncmp(fg_operations[i].path, operation->path, bytes) == 0 &&
            strcmp(fg_operations[i].path + bytes, "/{}") == 0)
            return true;
    return false;
}

static fg_str_t subject_of(const fg_call_t *call)
{
    const char *name = name_of_made(call);
    if (strcmp(call->operation->verb, "POST") != 0 || !name || !has_row_below(call->operation))
        return call->path;
    return fg_arena_printf(call->arena, "%.*s/%s", FG_STR_ARG(call->path), name);
}

static fg_audit_entry_t entry_of(const fg_call_t *call)
{
    return (fg_audit_entry_t){
        .at = call->now.wall,
        .access_key_id = call->access_key_id,
        .operation = fg_str(call->operation->name),
        .request_id = call->request_id,
        .subject = subject_of(call),
    };
}

/* Rule AD1. */
fg_status_t fg_audit_after(fg_call_t *call)
{
    const json_t *after = call->audit_after ? call->audit_after : call->output;
    if (call->operation->body == FG_BODY_PATCH && fg_call_patches_nothing(call))
        return FG_OK;
    fg_audit_entry_t entry = entry_of(call);
    if (!entry.subject.at || !text_of(call, call->audit_before, &entry.before) ||
        !text_of(call, after, &entry.after))
        return fg_call_no_memory(call);
    return fg_store_audit_append(call->store, &entry, call->error);
}

fg_status_t fg_audit_denied(fg_call_t *call, fg_error_t *reterr)
{
    fg_audit_entry_t entry = entry_of(call);
    entry.is_denied = true;
    if (!entry.subject.at)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "%s", fg_status_text(FG_NO_MEMORY));
    fg_status_t status = fg_store_begin(call->store, reterr);
    if (status == FG_OK)
        status = fg_store_audit_append(call->store, &entry, reterr);
    if (status == FG_OK)
        status = fg_store_commit(call->store, reterr);
    if (status != FG_OK)
        fg_store_rollback(call->store);
    return status;
}
