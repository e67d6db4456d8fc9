/*
 * An overwrite first takes all methods away and whatever the definition does not name. What comes then has the order of
 * the references: models, validators and authorizers before the methods that name them.
 */
#include "control/definition_apply.h"

#include "control/documentation.h"
#include "control/noun.h"
#include "openapi/openapi.h"

#include <stdio.h>

typedef struct apply {
    fg_call_t *call;
    fg_arena_t *scratch; /* of one operation */
    const char *api_id;
    const json_t *definition;
    const fg_definition_apply_options_t *options;
    json_t *authorizer_ids, *validator_ids; /* name -> id */
    json_t *resource_ids;                   /* path -> id */
} apply_t;

/* ---- failures ---- */

static bool is_clients_fault(fg_status_t status)
{
    return status == FG_BAD_REQUEST || status == FG_VALIDATION || status == FG_SERIALIZATION ||
           status == FG_NOT_FOUND || status == FG_CONFLICT;
}

/* Rule OA14: what could not be made, then the operation's own text. */
static fg_status_t explain(apply_t *apply, fg_status_t status, const char *format, ...)
    FG_PRINTF(3, 4);
static fg_status_t explain(apply_t *apply, fg_status_t status, const char *format, ...)
{
    char what[1024];
    va_list arguments;
    if (!is_clients_fault(status) && status != FG_LIMIT)
        return status;
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    fg_error_t inner = *apply->call->error;
    return fg_error_set(apply->call->error, status == FG_LIMIT ? status : FG_BAD_REQUEST, "body",
                        "Errors found during import:\n\tUnable to %s: %s", what, inner.message);
}

/* ---- short words ---- */

static fg_status_t ask(apply_t *apply, const char *operation, const char *const *parts,
                       json_t *input, json_t **ret_output)
{
    return fg_call_within(apply->call, operation, parts, input, apply->scratch, ret_output);
}

static const json_t *part_of(const apply_t *apply, const char *name)
{
    return json_object_get(apply->definition, name);
}

static fg_str_t api_id(const apply_t *apply)
{
    return fg_str(apply->api_id);
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static fg_status_t no_memory_unless(apply_t *apply, bool is_ok)
{
    return is_ok ? FG_OK : fg_call_no_memory(apply->call);
}

/* A copy of the members but `without`; NULL on lack of memory. */
static json_t *input_of(const json_t *part, const char *const *without)
{
    json_t *input = json_object();
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)part, name, value)
    {
        bool is_left_out = false;
        for (size_t i = 0; without && without[i]; i++)
            is_left_out |= strcmp(name, without[i]) == 0;
        if (!is_left_out && json_object_set_new(input, name, json_deep_copy(value)) != 0) {
            json_decref(input);
            return NULL;
        }
    }
    return input;
}

static fg_status_t delete_document(apply_t *apply, fg_document_kind_t kind, const char *id)
{
    return fg_store_document_delete(apply->call->store, kind, api_id(apply), fg_str(id),
                                    apply->call->error);
}

/* ---- what an overwrite takes away ---- */

static fg_status_t drop_kind(apply_t *apply, fg_document_kind_t kind, const char *part,
                             const char *name_member, const char *id_member)
{
    FG_JSON_SCOPED *documents = NULL;
    size_t index;
    json_t *document;
    fg_status_t status = fg_document_all(apply->call, kind, api_id(apply), FG_STR_NONE, &documents);
    json_array_foreach(documents, index, document)
    {
        bool is_named =
            json_object_get(part_of(apply, part), text_of(document, name_member)) != NULL;
        if (status == FG_OK && !is_named)
            status = delete_document(apply, kind, text_of(document, id_member));
    }
    return status;
}

static fg_status_t drop_others(apply_t *apply)
{
    static const struct {
        fg_document_kind_t kind;
        const char *part, *name, *id;
    } kinds[] = {
        {FG_DOCUMENT_MODEL, "models", "name", "name"},
        {FG_DOCUMENT_AUTHORIZER, "authorizers", "name", "id"},
        {FG_DOCUMENT_REQUEST_VALIDATOR, "requestValidators", "name", "id"},
        {FG_DOCUMENT_GATEWAY_RESPONSE, "gatewayResponses", "responseType", "responseType"},
    };
    fg_status_t status = FG_OK;
    for (size_t i = 0; i < FG_COUNT_OF(kinds) && status == FG_OK; i++)
        status = drop_kind(apply, kinds[i].kind, kinds[i].part, kinds[i].name, kinds[i].id);
    return status;
}

/* ---- models. They may name each other in any order, so all are there before any has its schema ---- */

static fg_status_t create_model(apply_t *apply, const char *name)
{
    const char *const parts[] = {apply->api_id, NULL};
    fg_status_t status =
        fg_document_has(apply->call, FG_DOCUMENT_MODEL, api_id(apply), fg_str(name));
    if (status != FG_NOT_FOUND)
        return status;
    json_t *input = json_pack("{ss, ss, ss}", "name", name, "contentType", "application/json",
                              "schema", "{\"type\":\"object\"}");
    status = ask(apply, "CreateModel", parts, input, NULL);
    return explain(apply, status, "create model for '%s'", name);
}

static fg_status_t set_schema(apply_t *apply, const char *name, const json_t *schema)
{
    const char *const parts[] = {apply->api_id, name, NULL};
    fg_arena_reset(apply->scratch);
    fg_str_t prefix = fg_arena_printf(
        apply->scratch, "https://apigateway.amazonaws.com/restapis/%s/models/", apply->api_id);
    FG_JSON_SCOPED *refs = prefix.at ? fg_openapi_refs_to(schema, prefix, apply->scratch) : NULL;
    fg_str_t text = refs ? fg_json_render(refs, apply->scratch) : FG_STR_NONE;
    if (!text.at)
        return fg_call_no_memory(apply->call);
    json_t *input = json_pack("{s[{ss, ss, ss%}]}", "patchOperations", "op", "replace", "path",
                              "/schema", "value", text.at, text.len);
    fg_status_t status = ask(apply, "UpdateModel", parts, input, NULL);
    return explain(apply, status, "create model for '%s'", name);
}

static fg_status_t apply_models(apply_t *apply)
{
    const char *name;
    json_t *model;
    fg_status_t status = FG_OK;
    json_t *models = (json_t *)(uintptr_t)part_of(apply, "models");
    json_object_foreach(models, name, model)
    {
        status = create_model(apply, name);
        if (status != FG_OK)
            return status;
    }
    json_object_foreach(models, name, model)
    {
        status = set_schema(apply, name, json_object_get(model, "schema"));
        if (status != FG_OK)
            return status;
    }
    return FG_OK;
}

/* ---- authorizers and validators: known by name, kept by id ---- */

typedef struct named {
    fg_document_kind_t kind;
    const char *part, *create, *noun;
} named_t;

static const named_t authorizers = {FG_DOCUMENT_AUTHORIZER, "authorizers", "CreateAuthorizer",
                                    "authorizer"};
static const named_t validators = {FG_DOCUMENT_REQUEST_VALIDATOR, "requestValidators",
                                   "CreateRequestValidator", "request validator"};

/* Name -> id of what the API has now. */
static fg_status_t load_ids(apply_t *apply, const named_t *named, json_t *ids)
{
    FG_JSON_SCOPED *documents = NULL;
    size_t index;
    json_t *document;
    fg_status_t status =
        fg_document_all(apply->call, named->kind, api_id(apply), FG_STR_NONE, &documents);
    json_array_foreach(documents, index, document)
    {
        if (status == FG_OK &&
            !fg_member_set(ids, text_of(document, "name"), json_string(text_of(document, "id"))))
            status = fg_call_no_memory(apply->call);
    }
    return status;
}

/* The document that was just made takes the place of the one of its name. */
static fg_status_t keep_id(apply_t *apply, const named_t *named, json_t *made, const char *old_id)
{
    fg_status_t status = delete_document(apply, named->kind, text_of(made, "id"));
    if (status == FG_OK && !fg_member_set_str(made, "id", fg_str(old_id)))
        status = fg_call_no_memory(apply->call);
    if (status != FG_OK)
        return status;
    return fg_document_save(apply->call, named->kind, api_id(apply), fg_str(old_id), FG_STR(""),
                            made);
}

static fg_status_t apply_named_one(apply_t *apply, const named_t *named, const char *name,
                                   const json_t *part, json_t *ids)
{
    const char *const parts[] = {apply->api_id, NULL};
    FG_JSON_SCOPED *made = NULL;
    const char *old_id = json_string_value(json_object_get(ids, name));
    json_t *input = input_of(part, NULL);
    fg_status_t status = old_id ? delete_document(apply, named->kind, old_id) : FG_OK;
    if (status == FG_OK && input && !fg_member_set(input, "name", json_string(name)))
        status = fg_call_no_memory(apply->call);
    if (status == FG_OK)
        status = explain(apply, ask(apply, named->create, parts, json_incref(input), &made),
                         "create %s '%s'", named->noun, name);
    json_decref(input);
    if (status == FG_OK && old_id)
        return keep_id(apply, named, made, old_id);
    if (status == FG_OK && !fg_member_set(ids, name, json_string(text_of(made, "id"))))
        status = fg_call_no_memory(apply->call);
    return status;
}

static fg_status_t apply_named(apply_t *apply, const named_t *named, json_t *ids)
{
    const char *name;
    json_t *part;
    fg_status_t status = load_ids(apply, named, ids);
    json_object_foreach((json_t *)(uintptr_t)part_of(apply, named->part), name, part)
    {
        if (status == FG_OK)
            status = apply_named_one(apply, named, name, part, ids);
    }
    return status;
}

/* ---- gateway responses ---- */

static fg_status_t apply_gateway_responses(apply_t *apply)
{
    const char *type;
    json_t *response;
    json_object_foreach((json_t *)(uintptr_t)part_of(apply, "gatewayResponses"), type, response)
    {
        const char *const parts[] = {apply->api_id, type, NULL};
        fg_status_t status =
            ask(apply, "PutGatewayResponse", parts, input_of(response, NULL), NULL);
        if (status != FG_OK)
            return explain(apply, status, "put gateway response '%s'", type);
    }
    return FG_OK;
}

/* ---- resources ---- */

/* Is the resource of this path, or one below it, in the definition? */
static bool is_wanted(const json_t *wanted, const json_t *resource)
{
    return json_object_get(wanted, text_of(resource, "path")) != NULL;
}

/* Every path of the definition and all above it. */
static fg_status_t collect_wanted(apply_t *apply, json_t *wanted)
{
    const char *path;
    json_t *methods;
    bool is_ok = fg_member_set(wanted, "/", json_true());
    json_object_foreach((json_t *)(uintptr_t)part_of(apply, "resources"), path, methods)
    {
        for (size_t len = strlen(path); is_ok && len > 1; len--) {
            if (path[len] == '\0' || path[len] == '/')
                is_ok = json_object_setn_new(wanted, path, len, json_true()) == 0;
        }
    }
    return no_memory_unless(apply, is_ok);
}

/* An overwrite begins with resources that have no methods, and with none that it does not name. */
static fg_status_t clear_resource(apply_t *apply, json_t *resource, const json_t *wanted)
{
    const char *id = text_of(resource, "id");
    if (!is_wanted(wanted, resource))
        return delete_document(apply, FG_DOCUMENT_RESOURCE, id);
    if (!json_object_get(resource, "resourceMethods"))
        return FG_OK;
    json_object_del(resource, "resourceMethods");
    return fg_document_save(apply->call, FG_DOCUMENT_RESOURCE, api_id(apply), fg_str(id),
                            fg_str(text_of(resource, "parentId")), resource);
}

static fg_status_t load_resources(apply_t *apply)
{
    FG_JSON_SCOPED *resources = NULL;
    FG_JSON_SCOPED *wanted = json_object();
    size_t index;
    json_t *resource;
    fg_status_t status = collect_wanted(apply, wanted);
    if (status == FG_OK)
        status = fg_document_all(apply->call, FG_DOCUMENT_RESOURCE, api_id(apply), FG_STR_NONE,
                                 &resources);
    json_array_foreach(resources, index, resource)
    {
        if (status == FG_OK && apply->options->is_overwrite)
            status = clear_resource(apply, resource, wanted);
        bool is_kept = !apply->options->is_overwrite || is_wanted(wanted, resource);
        if (status == FG_OK && is_kept &&
            !fg_member_set(apply->resource_ids, text_of(resource, "path"),
                           json_string(text_of(resource, "id"))))
            status = fg_call_no_memory(apply->call);
    }
    return status;
}

static fg_status_t create_resource(apply_t *apply, const char *parent_id, const char *path,
                                   fg_str_t part)
{
    const char *const parts[] = {apply->api_id, parent_id, NULL};
    FG_JSON_SCOPED *made = NULL;
    json_t *input = json_pack("{ss%}", "pathPart", part.at, part.len);
    fg_status_t status = explain(apply, ask(apply, "CreateResource", parts, input, &made),
                                 "create resource at path '%s'", path);
    if (status != FG_OK)
        return status;
    return no_memory_unless(
        apply, fg_member_set(apply->resource_ids, path, json_string(text_of(made, "id"))));
}

/* The resource of a path, with all above it that are not there yet. */
static fg_status_t need_resource(apply_t *apply, const char *path, const char **ret_id)
{
    const char *id = text_of(apply->resource_ids, "/");
    fg_str_t rest = fg_str(path);
    fg_str_cut(&rest, '/');
    while (rest.len) {
        fg_str_t part = fg_str_cut(&rest, '/');
        fg_str_t prefix = fg_str_of(path, (size_t)(part.at + part.len - path));
        char *name = fg_arena_text(apply->call->arena, prefix);
        if (!name)
            return fg_call_no_memory(apply->call);
        fg_status_t status = json_object_get(apply->resource_ids, name)
                                 ? FG_OK
                                 : create_resource(apply, id, name, part);
        if (status != FG_OK)
            return status;
        id = text_of(apply->resource_ids, name);
    }
    *ret_id = id;
    return FG_OK;
}

/* ---- methods ---- */

typedef struct method {
    const char *path, *resource_id, *verb;
    const json_t *definition;
} method_t;

/* Put the id behind a name; a name that nothing has goes as it is, and the operation refuses it. */
static bool name_to_id(const json_t *method, const char *name_member, const char *id_member,
                       const json_t *ids, json_t *input)
{
    const char *name = json_string_value(json_object_get(method, name_member));
    json_t *id = name ? json_object_get(ids, name) : NULL;
    return !name ||
           json_object_set(input, id_member, id ? id : json_object_get(method, name_member)) == 0;
}

static fg_status_t put_method(apply_t *apply, const method_t *method)
{
    static const char *const others[] = {"authorizerName", "requestValidatorName",
                                         "methodResponses", "methodIntegration", NULL};
    const char *const parts[] = {apply->api_id, method->resource_id, method->verb, NULL};
    FG_JSON_SCOPED *input = input_of(method->definition, others);
    bool is_ok = input &&
                 name_to_id(method->definition, "authorizerName", "authorizerId",
                            apply->authorizer_ids, input) &&
                 name_to_id(method->definition, "requestValidatorName", "requestValidatorId",
                            apply->validator_ids, input);
    if (!is_ok)
        return fg_call_no_memory(apply->call);
    fg_status_t status = FG_OK;
    if (!apply->options->is_overwrite) { /* one that is there is replaced */
        status = ask(apply, "DeleteMethod", parts, json_object(), NULL);
        status = status == FG_NOT_FOUND ? FG_OK : status;
    }
    if (status == FG_OK)
        status = ask(apply, "PutMethod", parts, json_incref(input), NULL);
    return explain(apply, status, "put method '%s' on resource at path '%s'", method->verb,
                   method->path);
}

static fg_status_t put_responses(apply_t *apply, const method_t *method, const char *operation,
                                 const json_t *responses)
{
    const char *code;
    json_t *response;
    json_object_foreach((json_t *)(uintptr_t)responses, code, response)
    {
        const char *const parts[] = {apply->api_id, method->resource_id, method->verb, code};
        fg_status_t status = ask(apply, operation, parts, input_of(response, NULL), NULL);
        if (status != FG_OK)
            return explain(apply, status, "put %s response '%s' on '%s' for resource at path '%s'",
                           strcmp(operation, "PutMethodResponse") == 0 ? "method" : "integration",
                           code, method->verb, method->path);
    }
    return FG_OK;
}

static fg_status_t put_integration(apply_t *apply, const method_t *method)
{
    static const char *const others[] = {"integrationResponses", NULL};
    const char *const parts[] = {apply->api_id, method->resource_id, method->verb, NULL};
    const json_t *integration = json_object_get(method->definition, "methodIntegration");
    if (!integration)
        return FG_OK;
    fg_status_t status = ask(apply, "PutIntegration", parts, input_of(integration, others), NULL);
    if (status != FG_OK)
        return explain(apply, status, "put integration on '%s' for resource at path '%s'",
                       method->verb, method->path);
    return put_responses(apply, method, "PutIntegrationResponse",
                         json_object_get(integration, "integrationResponses"));
}

static fg_status_t apply_method(apply_t *apply, const method_t *method)
{
    fg_status_t status = put_method(apply, method);
    if (status == FG_OK)
        status = put_responses(apply, method, "PutMethodResponse",
                               json_object_get(method->definition, "methodResponses"));
    return status == FG_OK ? put_integration(apply, method) : status;
}

static fg_status_t apply_resources(apply_t *apply)
{
    const char *path, *verb;
    json_t *methods, *definition;
    fg_status_t status = FG_OK;
    json_object_foreach((json_t *)(uintptr_t)part_of(apply, "resources"), path, methods)
    {
        method_t method = {.path = path};
        if (status == FG_OK)
            status = need_resource(apply, path, &method.resource_id);
        json_object_foreach(methods, verb, definition)
        {
            method.verb = verb;
            method.definition = definition;
            if (status == FG_OK)
                status = apply_method(apply, &method);
        }
    }
    return status;
}

/* ---- documentation ---- */

static fg_status_t apply_documentation(apply_t *apply, json_t *warnings)
{
    FG_JSON_SCOPED *parts = json_array();
    FG_JSON_SCOPED *ids = json_array();
    FG_JSON_SCOPED *extension = NULL;
    const char *key;
    json_t *part;
    bool is_ok = parts && ids;
    json_object_foreach((json_t *)(uintptr_t)part_of(apply, "documentation"), key, part) is_ok =
        is_ok && json_array_append(parts, part) == 0;
    extension = is_ok ? json_pack("{sO}", "documentationParts", parts) : NULL;
    if (!extension)
        return fg_call_no_memory(apply->call);
    return fg_documentation_import(apply->call, api_id(apply), extension,
                                   apply->options->is_overwrite, ids, warnings);
}

static fg_status_t apply_all(apply_t *apply, json_t *warnings)
{
    fg_status_t status = load_resources(apply);
    if (status == FG_OK && apply->options->is_overwrite)
        status = drop_others(apply);
    if (status == FG_OK)
        status = apply_models(apply);
    if (status == FG_OK)
        status = apply_named(apply, &validators, apply->validator_ids);
    if (status == FG_OK)
        status = apply_named(apply, &authorizers, apply->authorizer_ids);
    if (status == FG_OK)
        status = apply_gateway_responses(apply);
    if (status == FG_OK)
        status = apply_resources(apply);
    if (status == FG_OK && !apply->options->is_documentation_ignored)
        status = apply_documentation(apply, warnings);
    return status;
}

fg_status_t fg_definition_apply(fg_call_t *call, fg_str_t id, const json_t *definition,
                                const fg_definition_apply_options_t *options, json_t *warnings)
{
    FG_JSON_SCOPED *authorizer_ids = json_object();
    FG_JSON_SCOPED *validator_ids = json_object();
    FG_JSON_SCOPED *resource_ids = json_object();
    apply_t apply = {.call = call,
                     .scratch = fg_arena_new(),
                     .api_id = fg_arena_text(call->arena, id),
                     .definition = definition,
                     .options = options,
                     .authorizer_ids = authorizer_ids,
                     .validator_ids = validator_ids,
                     .resource_ids = resource_ids};
    fg_status_t status = FG_NO_MEMORY;
    if (apply.scratch && apply.api_id && authorizer_ids && validator_ids && resource_ids)
        status = apply_all(&apply, warnings);
    else
        fg_call_no_memory(call);
    fg_arena_free(apply.scratch);
    return status;
}
