/*
 * A snapshot is taken apart noun by noun. Ids become names; what a put would fill in again is left out, so that two APIs
 * that are alike have one definition.
 */
#include "control/definition.h"

#include "base/limits.h"
#include "control/noun.h"

/* What is under way; a lack of memory is remembered and told at the end. */
typedef struct builder {
    fg_call_t *call;
    const json_t *snapshot;
    json_t *definition;
    json_t *authorizer_names; /* id -> name */
    json_t *validator_names;
    bool is_out_of_memory;
} builder_t;

static void put(builder_t *builder, json_t *object, const char *name, json_t *value)
{
    if (!fg_member_set(object, name, value))
        builder->is_out_of_memory = true;
}

static json_t *child(builder_t *builder, json_t *object, const char *name)
{
    if (!json_object_get(object, name))
        put(builder, object, name, json_object());
    return json_object_get(object, name);
}

static void drop(json_t *object, const char *const *names, size_t name_count)
{
    for (size_t i = 0; i < name_count; i++)
        json_object_del(object, names[i]);
}

/* ---- the API ---- */

static void add_api(builder_t *builder)
{
    static const char *const own[] = {"id",       "createdDate", "rootResourceId",  "tags",
                                      "warnings", "apiStatus",   "apiStatusMessage"};
    json_t *api = json_deep_copy(json_object_get(builder->snapshot, "restApi"));
    drop(api, own, FG_COUNT_OF(own));
    put(builder, builder->definition, "restApi", api);
}

/* ---- what has a name ---- */

static void add_models(builder_t *builder)
{
    size_t index;
    json_t *model;
    json_array_foreach(json_object_get(builder->snapshot, "models"), index, model)
    {
        fg_error_t ignored = {0};
        const char *name = json_string_value(json_object_get(model, "name"));
        json_t *models = child(builder, builder->definition, "models");
        FG_JSON_SCOPED *schema = fg_json_parse(fg_member_str(model, "schema"), &ignored);
        if (!schema) /* no JSON: it says nothing of what it describes */
            schema = json_object();
        put(builder, child(builder, models, name ? name : ""), "schema",
            fg_openapi_refs_from(schema, builder->call->arena));
    }
}

/* The name of a document, its id behind it when another one has the name. */
static const char *name_of(builder_t *builder, const json_t *document, const json_t *taken)
{
    fg_str_t name = fg_member_str(document, "name"), id = fg_member_str(document, "id");
    const char *text = fg_arena_text(builder->call->arena, name.at ? name : id);
    if (text && json_object_get(taken, text))
        text = fg_arena_printf(builder->call->arena, "%s_%.*s", text, FG_STR_ARG(id)).at;
    if (!text)
        builder->is_out_of_memory = true;
    return text ? text : "";
}

/* The documents of a kind under their names, and the names under their ids. */
static void add_named(builder_t *builder, const char *kind, json_t *names)
{
    static const char *const own[] = {"id", "name"};
    size_t index;
    json_t *document;
    json_array_foreach(json_object_get(builder->snapshot, kind), index, document)
    {
        json_t *all = child(builder, builder->definition, kind);
        const char *name = name_of(builder, document, all);
        const char *id = json_string_value(json_object_get(document, "id"));
        json_t *copy = json_deep_copy(document);
        drop(copy, own, FG_COUNT_OF(own));
        put(builder, all, name, copy);
        put(builder, names, id ? id : "", json_string(name));
    }
}

static void add_gateway_responses(builder_t *builder)
{
    size_t index;
    json_t *response;
    json_array_foreach(json_object_get(builder->snapshot, "gatewayResponses"), index, response)
    {
        const char *type = json_string_value(json_object_get(response, "responseType"));
        json_t *copy = json_deep_copy(response);
        json_object_del(copy, "responseType");
        put(builder, child(builder, builder->definition, "gatewayResponses"), type ? type : "",
            copy);
    }
}

/* ---- methods ---- */

static void drop_from_each(json_t *map, const char *name)
{
    const char *key;
    json_t *value;
    json_object_foreach(map, key, value)
    {
        json_object_del(value, name);
    }
}

static void drop_if(json_t *object, const char *name, bool is_default)
{
    if (is_default)
        json_object_del(object, name);
}

static void settle_integration(const json_t *resource, json_t *integration)
{
    const char *key;
    json_t *response;
    json_t *responses = json_object_get(integration, "integrationResponses");
    drop_from_each(responses, "statusCode");
    json_object_foreach(responses, key, response) drop_if(
        response, "selectionPattern", fg_str_is_empty(fg_member_str(response, "selectionPattern")));
    drop_if(integration, "cacheNamespace",
            fg_str_eq(fg_member_str(integration, "cacheNamespace"), fg_member_str(resource, "id")));
    drop_if(integration, "timeoutInMillis",
            json_integer_value(json_object_get(integration, "timeoutInMillis")) ==
                FG_INTEGRATION_TIMEOUT_MS_MAX);
    drop_if(integration, "cacheKeyParameters",
            json_array_size(json_object_get(integration, "cacheKeyParameters")) == 0);
    drop_if(integration, "connectionType",
            fg_str_is(fg_member_str(integration, "connectionType"), "INTERNET"));
}

/* An id that names nothing any more goes: what asks for an authorizer without one stays closed. */
static void name_member(builder_t *builder, json_t *method, const char *id_member,
                        const char *name_member, const json_t *names)
{
    const char *id = json_string_value(json_object_get(method, id_member));
    json_t *name = id ? json_object_get(names, id) : NULL;
    if (name)
        put(builder, method, name_member, json_incref(name));
    json_object_del(method, id_member);
}

static void add_method(builder_t *builder, const json_t *resource, const char *verb,
                       const json_t *method, json_t *methods)
{
    json_t *copy = json_deep_copy(method);
    json_object_del(copy, "httpMethod");
    name_member(builder, copy, "authorizerId", "authorizerName", builder->authorizer_names);
    name_member(builder, copy, "requestValidatorId", "requestValidatorName",
                builder->validator_names);
    drop_from_each(json_object_get(copy, "methodResponses"), "statusCode");
    settle_integration(resource, json_object_get(copy, "methodIntegration"));
    put(builder, methods, verb, copy);
}

static void add_resources(builder_t *builder)
{
    size_t index;
    json_t *resource, *method;
    const char *verb;
    json_t *resources = child(builder, builder->definition, "resources");
    json_array_foreach(json_object_get(builder->snapshot, "resources"), index, resource)
    {
        const char *path = json_string_value(json_object_get(resource, "path"));
        json_t *methods = child(builder, resources, path ? path : "");
        json_object_foreach(json_object_get(resource, "resourceMethods"), verb, method)
            add_method(builder, resource, verb, method, methods);
    }
}

/* ---- documentation ---- */

static void add_documentation(builder_t *builder, const json_t *parts)
{
    size_t index;
    json_t *part;
    json_array_foreach(parts, index, part)
    {
        json_t *location = json_object_get(part, "location");
        fg_str_t key = fg_openapi_location_key(location, builder->call->arena);
        char *name = fg_arena_text(builder->call->arena, key);
        if (!name) {
            builder->is_out_of_memory = true;
            return;
        }
        json_t *properties = fg_json_parse(fg_member_str(part, "properties"), builder->call->error);
        put(builder, child(builder, builder->definition, "documentation"), name,
            json_pack("{sO, so}", "location", location, "properties", properties));
    }
}

fg_status_t fg_definition_of(fg_call_t *call, const json_t *snapshot, const json_t *parts,
                             json_t **ret_definition)
{
    FG_JSON_SCOPED *definition = json_object();
    FG_JSON_SCOPED *authorizer_names = json_object();
    FG_JSON_SCOPED *validator_names = json_object();
    builder_t builder = {.call = call,
                         .snapshot = snapshot,
                         .definition = definition,
                         .authorizer_names = authorizer_names,
                         .validator_names = validator_names};
    add_api(&builder);
    add_models(&builder);
    add_named(&builder, "authorizers", authorizer_names);
    add_named(&builder, "requestValidators", validator_names);
    add_gateway_responses(&builder);
    add_resources(&builder);
    add_documentation(&builder, parts);
    if (builder.is_out_of_memory)
        return fg_call_no_memory(call);
    *ret_definition = json_incref(definition);
    return FG_OK;
}
