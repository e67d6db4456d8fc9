/*
 * model - reference 4.12, docs/rules/models.md. A model is stored under its name.
 */
#include "control/model.h"
#include "control/document.h"
#include "control/handlers.h"
#include "control/integration.h"
#include "control/method.h"
#include "control/noun.h"
#include "model/model_schema.h"

#include <ctype.h>

static const fg_field_t fields[] = {
    {"name", FG_FIELD_TEXT, true, NULL},
    {"contentType", FG_FIELD_TEXT, true, NULL},
    {"description", FG_FIELD_TEXT, false, NULL},
    {"schema", FG_FIELD_TEXT, false, NULL},
};

static fg_status_t load(fg_call_t *call, json_t **ret_model)
{
    fg_str_t name = call->path_part[1];
    fg_status_t status =
        fg_document_load(call, FG_DOCUMENT_MODEL, call->path_part[0], name, ret_model);
    if (status == FG_NOT_FOUND)
        return fg_error_set(call->error, FG_NOT_FOUND, "", "Invalid model name specified: %.*s",
                            FG_STR_ARG(name));
    return status;
}

static fg_status_t save(fg_call_t *call, const json_t *model)
{
    return fg_document_save(call, FG_DOCUMENT_MODEL, call->path_part[0],
                            fg_member_str(model, "name"), FG_STR(""), model);
}

/* ---- checks ---- */

static fg_status_t refuse_schema(fg_call_t *call, const char *why)
{
    return fg_error_set(call->error, FG_BAD_REQUEST, "schema",
                        "Invalid model specified: Validation Result: warnings : [], errors : [%s]",
                        why);
}

/* application/json, application/problem+json, ... */
static bool is_json_type(fg_str_t type)
{
    fg_str_t plain = fg_str_trim(fg_str_cut(&type, ';'));
    return plain.len > 5 &&
           (fg_str_eq_nocase(fg_str_of(plain.at + plain.len - 5, 5), FG_STR("/json")) ||
            fg_str_eq_nocase(fg_str_of(plain.at + plain.len - 5, 5), FG_STR("+json")));
}

/* Rule MO5. The model itself need not be there yet. */
typedef struct owner {
    fg_call_t *call;
    fg_str_t name;
} owner_t;

static fg_status_t check_ref(void *ctx, const char *ref)
{
    const owner_t *owner = ctx;
    fg_call_t *call = owner->call;
    fg_str_t name = fg_str(fg_schema_ref_model(ref));
    if (fg_schema_ref_is_local(ref) || (name.at && fg_str_eq(name, owner->name)))
        return FG_OK;
    if (!name.at)
        return refuse_schema(call, "Model reference must be in canonical form");
    fg_status_t status = fg_document_has(call, FG_DOCUMENT_MODEL, call->path_part[0], name);
    if (status == FG_NOT_FOUND)
        return fg_error_set(call->error, FG_BAD_REQUEST, "schema",
                            "Invalid model identifier specified: %.*s", FG_STR_ARG(name));
    return status;
}

/* Rules MO3, MO4. */
static fg_status_t check_schema(fg_call_t *call, const json_t *model)
{
    fg_str_t text = fg_member_str(model, "schema");
    if (fg_str_is_empty(fg_str_trim(text)))
        return fg_error_set(call->error, FG_BAD_REQUEST, "schema",
                            "Model schema must have at least 1 property or array items defined");
    if (text.len > FG_MODEL_SCHEMA_BYTES_MAX)
        return fg_error_set(call->error, FG_BAD_REQUEST, "schema",
                            "Invalid model specified: a schema has at most %d bytes",
                            FG_MODEL_SCHEMA_BYTES_MAX);
    if (!is_json_type(fg_member_str(model, "contentType")))
        return FG_OK;
    FG_JSON_SCOPED *schema = fg_json_parse(text, call->error);
    if (!schema && call->error->status == FG_NO_MEMORY)
        return FG_NO_MEMORY;
    if (!json_is_object(schema))
        return refuse_schema(call, "Invalid model schema specified");
    owner_t owner = {call, fg_member_str(model, "name")};
    return fg_schema_refs_each(schema, check_ref, &owner);
}

/* Rule MO2. */
static fg_status_t check_name(fg_call_t *call, fg_str_t name)
{
    if (fg_str_is_empty(name))
        return fg_error_set(call->error, FG_BAD_REQUEST, "name", "Model name must be non-empty");
    for (size_t i = 0; i < name.len; i++) {
        if (!isalnum((unsigned char)name.at[i]))
            return fg_error_set(call->error, FG_BAD_REQUEST, "name",
                                "Model name must be alphanumeric: %.*s", FG_STR_ARG(name));
    }
    if (name.len > FG_MODEL_NAME_BYTES_MAX)
        return fg_error_set(call->error, FG_BAD_REQUEST, "name",
                            "Model name must have at most %d characters", FG_MODEL_NAME_BYTES_MAX);
    return FG_OK;
}

static fg_status_t check_new(fg_call_t *call, const json_t *model)
{
    fg_str_t name = fg_member_str(model, "name"), api_id = call->path_part[0];
    fg_status_t status = check_name(call, name);
    if (status == FG_OK)
        status = fg_media_type_check(call, fg_member_str(model, "contentType"));
    if (status == FG_OK)
        status = check_schema(call, model);
    if (status != FG_OK)
        return status;
    status = fg_document_has(call, FG_DOCUMENT_MODEL, api_id, name);
    if (status == FG_OK)
        return fg_error_set(call->error, FG_CONFLICT, "name",
                            "Model name already exists for this REST API");
    return status == FG_NOT_FOUND ? fg_document_room_check(call, FG_DOCUMENT_MODEL, api_id,
                                                           FG_MODELS_PER_API_MAX, "models")
                                  : status;
}

/* ---- create, get, list ---- */

fg_status_t fg_model_create(fg_call_t *call)
{
    FG_JSON_SCOPED *model = json_object();
    fg_str_t id = FG_STR_NONE;
    fg_status_t status = fg_fields_read(call, call->input, fields, FG_COUNT_OF(fields), model);
    if (status == FG_OK)
        status = fg_call_api(call, call->path_part[0], NULL);
    if (status == FG_OK)
        status = check_new(call, model);
    if (status == FG_OK)
        status = fg_call_new_id(call, FG_ID_SHORT_BYTES, &id);
    if (status == FG_OK && !fg_member_set_str(model, "id", id))
        status = fg_call_no_memory(call);
    if (status == FG_OK)
        status = save(call, model);
    if (status == FG_OK)
        call->output = json_incref(model);
    return status;
}

/* ---- flattening. Rule MO6 ---- */

typedef struct supply {
    fg_call_t *call;
    size_t bytes; /* of schemas so far */
} supply_t;

static fg_status_t parse_schema(fg_call_t *call, const json_t *model, json_t **ret_schema)
{
    *ret_schema = fg_json_parse(fg_member_str(model, "schema"), call->error);
    return *ret_schema ? FG_OK : call->error->status;
}

static fg_status_t supply(void *ctx, const char *name, json_t **ret_schema)
{
    supply_t *supply = ctx;
    fg_call_t *call = supply->call;
    FG_JSON_SCOPED *model = NULL;
    fg_status_t status =
        fg_document_load(call, FG_DOCUMENT_MODEL, call->path_part[0], fg_str(name), &model);
    if (status != FG_OK)
        return status;
    supply->bytes += fg_member_str(model, "schema").len;
    if (supply->bytes > FG_CONTROL_BODY_BYTES_MAX)
        return fg_error_set(call->error, FG_BAD_REQUEST, "schema",
                            "The models that this one names come to more than %d bytes",
                            FG_CONTROL_BODY_BYTES_MAX);
    return parse_schema(call, model, ret_schema);
}

/* The model's schema with those that it names inside; NULL when it is no JSON. */
static fg_status_t flatten(fg_call_t *call, const json_t *model, json_t **ret_flat)
{
    FG_JSON_SCOPED *schema = NULL;
    supply_t state = {.call = call};
    fg_schema_source_t source = {supply, &state};
    if (!is_json_type(fg_member_str(model, "contentType")))
        return FG_OK;
    fg_status_t status = parse_schema(call, model, &schema);
    if (status != FG_OK)
        return status;
    status = fg_schema_flatten(schema, json_string_value(json_object_get(model, "name")), &source,
                               ret_flat);
    return status == FG_NO_MEMORY ? fg_call_no_memory(call) : status;
}

/* A text that names no other model stays as it was given. */
static fg_status_t show_flat(fg_call_t *call, json_t *model)
{
    FG_JSON_SCOPED *flat = NULL;
    FG_JSON_SCOPED *given = NULL;
    fg_status_t status = flatten(call, model, &flat);
    if (status == FG_OK && flat)
        status = parse_schema(call, model, &given);
    if (status != FG_OK || !flat || json_equal(flat, given))
        return status;
    fg_str_t text = fg_json_render(flat, call->arena);
    return text.at && fg_member_set_str(model, "schema", text) ? FG_OK : fg_call_no_memory(call);
}

fg_status_t fg_model_get(fg_call_t *call)
{
    fg_status_t status = load(call, &call->output);
    return status == FG_OK && fg_patch_bool(fg_call_query(call, "flatten"))
               ? show_flat(call, call->output)
               : status;
}

fg_status_t fg_model_list(fg_call_t *call)
{
    fg_status_t status = fg_call_api(call, call->path_part[0], NULL);
    return status == FG_OK ? fg_document_page(call, FG_DOCUMENT_MODEL, call->path_part[0], NULL)
                           : status;
}

fg_status_t fg_model_template_get(fg_call_t *call)
{
    FG_JSON_SCOPED *model = NULL;
    FG_JSON_SCOPED *flat = NULL;
    fg_str_t text = FG_STR_NONE;
    fg_status_t status = load(call, &model);
    if (status == FG_OK)
        status = flatten(call, model, &flat);
    if (status == FG_OK)
        status = fg_model_template(call, flat, &text);
    if (status != FG_OK)
        return status;
    call->output = json_pack("{ss%}", "value", text.at, text.len);
    return call->output ? FG_OK : fg_call_no_memory(call);
}

/* ---- update ---- */

fg_status_t fg_model_update(fg_call_t *call)
{
    static const fg_patch_row_t rows[] = {
        {"/description", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
        {"/schema", FG_PATCH_MAY(REPLACE), fg_edit_text, false},
    };
    static const fg_patch_table_t table = {rows, FG_COUNT_OF(rows), fg_patch_refuse_a};
    FG_JSON_SCOPED *model = NULL;
    fg_status_t status = load(call, &model);
    if (status == FG_OK)
        status = fg_patch_apply(call, &table, model);
    if (status == FG_OK)
        status = check_schema(call, model);
    if (status == FG_OK)
        status = save(call, model);
    if (status == FG_OK)
        call->output = json_incref(model);
    return status;
}

/* ---- delete. Rule MO8 ---- */

static bool names_model(json_t *models, fg_str_t name)
{
    const char *type;
    json_t *model;
    json_object_foreach(models, type, model)
    {
        if (fg_str_eq(fg_json_str(model), name))
            return true;
    }
    return false;
}

static fg_status_t refuse_used(fg_call_t *call, fg_str_t where)
{
    return fg_error_set(call->error, FG_CONFLICT, "",
                        "Cannot delete model '%.*s', is referenced in %.*s",
                        FG_STR_ARG(call->path_part[1]), FG_STR_ARG(where));
}

static fg_status_t check_method(fg_call_t *call, void *ctx, const char *path, const char *verb,
                                const json_t *method)
{
    (void)ctx;
    fg_str_t name = call->path_part[1];
    const char *code;
    json_t *response;
    if (names_model(json_object_get(method, "requestModels"), name))
        return refuse_used(call, fg_arena_printf(call->arena, "method request: %s/%s", path, verb));
    json_object_foreach(json_object_get(method, "methodResponses"), code, response)
    {
        if (names_model(json_object_get(response, "responseModels"), name))
            return refuse_used(
                call, fg_arena_printf(call->arena, "method response: %s/%s/%s", path, verb, code));
    }
    return FG_OK;
}

static fg_status_t is_not_ours(void *ctx, const char *ref)
{
    fg_str_t name = fg_str(fg_schema_ref_model(ref));
    return name.at && fg_str_eq(name, *(fg_str_t *)ctx) ? FG_CONFLICT : FG_OK;
}

static fg_status_t check_models(fg_call_t *call)
{
    FG_JSON_SCOPED *models = NULL;
    fg_str_t name = call->path_part[1];
    fg_status_t status =
        fg_document_all(call, FG_DOCUMENT_MODEL, call->path_part[0], FG_STR_NONE, &models);
    for (size_t i = 0; status == FG_OK && i < json_array_size(models); i++) {
        const json_t *model = json_array_get(models, i);
        FG_JSON_SCOPED *schema = NULL;
        if (fg_str_eq(fg_member_str(model, "name"), name) ||
            !is_json_type(fg_member_str(model, "contentType")))
            continue;
        status = parse_schema(call, model, &schema);
        if (status == FG_OK && fg_schema_refs_each(schema, is_not_ours, &name) != FG_OK)
            return refuse_used(call, fg_arena_printf(call->arena, "model: %.*s",
                                                     FG_STR_ARG(fg_member_str(model, "name"))));
    }
    return status;
}

fg_status_t fg_model_delete(fg_call_t *call)
{
    FG_JSON_SCOPED *model = NULL;
    fg_status_t status = load(call, &model);
    if (status == FG_OK)
        status = fg_methods_each(call, call->path_part[0], check_method, NULL);
    if (status == FG_OK)
        status = check_models(call);
    return status == FG_OK
               ? fg_store_document_delete(call->store, FG_DOCUMENT_MODEL, call->path_part[0],
                                          call->path_part[1], call->error)
               : status;
}
