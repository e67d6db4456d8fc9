/*
 * operation - one method: its parameters, bodies and responses. Rules OA1, OA6, OA7.
 */
#include "openapi/context.h"

#include <ctype.h>

#define VALIDATOR "x-amazon-apigateway-request-validator"

static const char *const description[] = {"description"};
static const char *const method_words[] = {"summary", "description", "tags"};
#define DEFAULT_TYPE "application/json"

/* Where a document says `in`, what a mapping says, and what a documentation part says. */
typedef struct parameter_kind {
    const char *in, *prefix, *part;
} parameter_kind_t;

static const parameter_kind_t parameter_kinds[] = {
    {"query", "method.request.querystring.", "QUERY_PARAMETER"},
    {"header", "method.request.header.", "REQUEST_HEADER"},
    {"path", "method.request.path.", "PATH_PARAMETER"},
};
#define RESPONSE_HEADER "method.response.header."

/* ---- reading: names of models that stand in place ---- */

/* GET /pets/{id}, Response200: GetPetsIdResponse200 */
static const char *suggest(fg_openapi_t *context, const fg_openapi_place_t *place, const char *what)
{
    char *name = fg_arena_alloc(context->arena,
                                strlen(place->verb) + strlen(place->path) + strlen(what) + 1);
    if (!name) {
        context->is_out_of_memory = true;
        return "";
    }
    size_t len = 0;
    bool is_start = true;
    for (const char *at = place->verb; *at; at++, is_start = false)
        name[len++] = is_start ? *at : (char)tolower((unsigned char)*at);
    for (const char *at = place->path; *at; at++) {
        bool is_letter = isalnum((unsigned char)*at);
        if (is_letter)
            name[len++] = is_start ? (char)toupper((unsigned char)*at) : *at;
        is_start = !is_letter;
    }
    strcpy(name + len, what);
    return name;
}

/* ---- reading: parameters ---- */

static const parameter_kind_t *parameter_kind_of(const json_t *parameter)
{
    for (size_t i = 0; i < FG_COUNT_OF(parameter_kinds); i++) {
        if (fg_str_is(fg_openapi_text(parameter, "in"), parameter_kinds[i].in))
            return &parameter_kinds[i];
    }
    return NULL;
}

/* The media types of a list of the operation, or of the document; application/json without either. */
static const json_t *types_of(const fg_openapi_t *context, const json_t *operation,
                              const char *name)
{
    const json_t *types = json_object_get(operation, name);
    if (!types)
        types = json_object_get(context->document, name);
    return json_array_size(types) ? types : NULL;
}

/* Put `model` under each media type. */
static void put_models(fg_openapi_t *context, json_t *models, const json_t *types, fg_str_t model)
{
    size_t index;
    json_t *type;
    if (!types)
        fg_openapi_put_str(context, models, DEFAULT_TYPE, model);
    json_array_foreach(types, index, type)
    {
        if (json_is_string(type))
            fg_openapi_put_str(context, models, json_string_value(type), model);
    }
}

static void read_body(fg_openapi_t *context, const json_t *parameter, const json_t *operation,
                      const fg_openapi_place_t *place, json_t *method)
{
    fg_str_t model = fg_openapi_model_of(context, json_object_get(parameter, "schema"),
                                         suggest(context, place, "Request"));
    if (model.at)
        put_models(context, fg_openapi_child(context, method, "requestModels"),
                   types_of(context, operation, "consumes"), model);
    fg_openapi_part_read(context, fg_openapi_location(context, "REQUEST_BODY", place, NULL, NULL),
                         parameter, description, FG_COUNT_OF(description));
}

static void read_parameter(fg_openapi_t *context, const json_t *given, const json_t *operation,
                           const fg_openapi_place_t *place, json_t *method)
{
    const json_t *parameter = fg_openapi_resolve(context, given);
    const char *name = json_string_value(json_object_get(parameter, "name"));
    const parameter_kind_t *kind = parameter_kind_of(parameter);
    if (name && fg_str_is(fg_openapi_text(parameter, "in"), "body")) {
        read_body(context, parameter, operation, place, method);
        return;
    }
    if (!name || !kind) {
        fg_openapi_warn(context,
                        "paths.%s(%s).parameters: only path, query, header and body "
                        "parameters with a name are supported",
                        place->path, place->verb);
        return;
    }
    bool is_required = json_is_true(json_object_get(parameter, "required"));
    fg_openapi_put(context, fg_openapi_child(context, method, "requestParameters"),
                   fg_openapi_printf(context, "%s%s", kind->prefix, name),
                   json_boolean(is_required));
    fg_openapi_part_read(context, fg_openapi_location(context, kind->part, place, NULL, name),
                         parameter, description, FG_COUNT_OF(description));
}

static void read_parameters(fg_openapi_t *context, const json_t *owner, const json_t *operation,
                            const fg_openapi_place_t *place, json_t *method)
{
    size_t index;
    json_t *parameter;
    json_array_foreach(json_object_get(owner, "parameters"), index, parameter)
        read_parameter(context, parameter, operation, place, method);
}

/* OpenAPI 3.0's media types with their schemas, of a body or of a response. */
static void read_content(fg_openapi_t *context, const json_t *owner, const char *suggestion,
                         const char *member, json_t *to)
{
    const char *type;
    json_t *media;
    json_object_foreach(json_object_get(owner, "content"), type, media)
    {
        fg_str_t model = fg_openapi_model_of(context, json_object_get(media, "schema"), suggestion);
        if (model.at)
            fg_openapi_put_str(context, fg_openapi_child(context, to, member), type, model);
    }
}

static void read_request_body(fg_openapi_t *context, const json_t *operation,
                              const fg_openapi_place_t *place, json_t *method)
{
    const json_t *body = fg_openapi_resolve(context, json_object_get(operation, "requestBody"));
    if (!body)
        return;
    read_content(context, body, suggest(context, place, "Request"), "requestModels", method);
    fg_openapi_part_read(context, fg_openapi_location(context, "REQUEST_BODY", place, NULL, NULL),
                         body, description, FG_COUNT_OF(description));
}

/* ---- reading: responses ---- */

static bool is_code(const char *code)
{
    return strlen(code) == 3 && code[0] >= '1' && code[0] <= '5' &&
           isdigit((unsigned char)code[1]) && isdigit((unsigned char)code[2]);
}

/* What the service writes where nothing is said. */
static const char *default_description(fg_openapi_t *context, const char *code)
{
    return fg_openapi_printf(context, "%s response", code);
}

static void read_headers(fg_openapi_t *context, const json_t *response, const char *code,
                         const fg_openapi_place_t *place, json_t *to)
{
    const char *name;
    json_t *header;
    json_object_foreach(json_object_get(response, "headers"), name, header)
    {
        bool is_required = json_is_true(json_object_get(header, "required"));
        fg_openapi_put(context, fg_openapi_child(context, to, "responseParameters"),
                       fg_openapi_printf(context, RESPONSE_HEADER "%s", name),
                       json_boolean(is_required));
        fg_openapi_part_read(context,
                             fg_openapi_location(context, "RESPONSE_HEADER", place, code, name),
                             header, description, FG_COUNT_OF(description));
    }
}

static void read_response(fg_openapi_t *context, const json_t *response, const char *code,
                          const json_t *operation, const fg_openapi_place_t *place, json_t *to)
{
    const char *suggestion =
        suggest(context, place, fg_openapi_printf(context, "Response%s", code));
    fg_str_t said = fg_openapi_text(response, "description");
    read_headers(context, response, code, place, to);
    if (context->is_3) {
        read_content(context, response, suggestion, "responseModels", to);
    } else {
        fg_str_t model =
            fg_openapi_model_of(context, json_object_get(response, "schema"), suggestion);
        if (model.at)
            put_models(context, fg_openapi_child(context, to, "responseModels"),
                       types_of(context, operation, "produces"), model);
    }
    if (said.len && !fg_str_is(said, default_description(context, code)))
        fg_openapi_part_read(context, fg_openapi_location(context, "RESPONSE", place, code, NULL),
                             response, description, FG_COUNT_OF(description));
}

static void read_responses(fg_openapi_t *context, const json_t *operation,
                           const fg_openapi_place_t *place, json_t *method)
{
    const char *code;
    json_t *given;
    json_object_foreach(json_object_get(operation, "responses"), code, given)
    {
        const json_t *response = fg_openapi_resolve(context, given);
        if (!is_code(code) || !response) {
            fg_openapi_warn(
                context, "paths.%s(%s).responses.%s: %s", place->path, place->verb, code,
                response ? "only status codes are supported" : "the reference leads nowhere");
            continue;
        }
        json_t *responses = fg_openapi_child(context, method, "methodResponses");
        read_response(context, response, code, operation, place,
                      fg_openapi_child(context, responses, code));
    }
}

/* ---- reading: the method ---- */

static void read_names(fg_openapi_t *context, const json_t *operation, json_t *method)
{
    fg_str_t validator = fg_openapi_text(operation, VALIDATOR);
    if (!validator.at)
        validator = fg_openapi_text(context->document, VALIDATOR);
    if (validator.len)
        fg_openapi_put_str(context, method, "requestValidatorName", validator);
    fg_str_t name = fg_openapi_text(operation, "operationId");
    if (name.len)
        fg_openapi_put_str(context, method, "operationName", name);
}

fg_status_t fg_openapi_operation_read(fg_openapi_t *context, const json_t *item,
                                      const json_t *operation, const fg_openapi_place_t *place,
                                      json_t *method)
{
    fg_status_t status = fg_openapi_security_read(context, operation, place, method);
    if (status != FG_OK)
        return status;
    read_names(context, operation, method);
    read_parameters(context, item, operation, place,
                    method); /* the operation's own come over them */
    read_parameters(context, operation, operation, place, method);
    read_request_body(context, operation, place, method);
    read_responses(context, operation, place, method);
    fg_openapi_part_read(context, fg_openapi_location(context, "METHOD", place, NULL, NULL),
                         operation, method_words, FG_COUNT_OF(method_words));
    return fg_openapi_integration_read(context, operation, place, method);
}

/* ---- writing ---- */

static void put_type(fg_openapi_t *context, json_t *object)
{
    json_t *owner = context->is_3 ? fg_openapi_child(context, object, "schema") : object;
    fg_openapi_put(context, owner, "type", json_string("string"));
}

static void write_parameter(fg_openapi_t *context, const char *key, const json_t *is_required,
                            const fg_openapi_place_t *place, json_t *parameters)
{
    for (size_t i = 0; i < FG_COUNT_OF(parameter_kinds); i++) {
        const parameter_kind_t *kind = &parameter_kinds[i];
        if (!fg_str_starts_with(fg_str(key), fg_str(kind->prefix)))
            continue;
        const char *name = key + strlen(kind->prefix);
        json_t *parameter = json_pack("{ss, ss}", "name", name, "in", kind->in);
        fg_openapi_put(context, parameter, "required", json_boolean(json_is_true(is_required)));
        put_type(context, parameter);
        fg_openapi_part_write(context, fg_openapi_location(context, kind->part, place, NULL, name),
                              parameter, description, FG_COUNT_OF(description));
        fg_openapi_append(context, parameters, parameter);
    }
}

static json_t *names_of(fg_openapi_t *context, const json_t *object)
{
    const char *name;
    json_t *value;
    json_t *names = json_array();
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
        fg_openapi_append(context, names, json_string(name));
    return names;
}

static json_t *content_of(fg_openapi_t *context, const json_t *models)
{
    const char *type;
    json_t *model;
    json_t *content = json_object();
    json_object_foreach((json_t *)(uintptr_t)models, type, model)
        fg_openapi_put(context, fg_openapi_child(context, content, type), "schema",
                       fg_openapi_schema_ref(context, model));
    return content;
}

/* The first of the models: Swagger 2.0 has one schema for all media types. */
static json_t *schema_of(fg_openapi_t *context, const json_t *models)
{
    void *first = json_object_iter((json_t *)(uintptr_t)models);
    return fg_openapi_schema_ref(context, json_object_iter_value(first));
}

static void write_body(fg_openapi_t *context, const json_t *models, const fg_openapi_place_t *place,
                       json_t *operation, json_t *parameters)
{
    json_t *body;
    if (json_object_size(models) == 0)
        return;
    if (context->is_3) {
        body = fg_openapi_child(context, operation, "requestBody");
        fg_openapi_put(context, body, "content", content_of(context, models));
        fg_openapi_put(context, body, "required", json_true());
    } else {
        fg_openapi_put(context, operation, "consumes", names_of(context, models));
        const char *name = json_string_value(
            json_object_iter_value(json_object_iter((json_t *)(uintptr_t)models)));
        body = json_pack("{ss*, ss, sb}", "name", name, "in", "body", "required", true);
        fg_openapi_put(context, body, "schema", schema_of(context, models));
        fg_openapi_append(context, parameters, body);
    }
    fg_openapi_part_write(context, fg_openapi_location(context, "REQUEST_BODY", place, NULL, NULL),
                          body, description, FG_COUNT_OF(description));
}

static void write_headers(fg_openapi_t *context, const json_t *response, const char *code,
                          const fg_openapi_place_t *place, json_t *to)
{
    const char *key;
    json_t *is_required;
    json_object_foreach(json_object_get(response, "responseParameters"), key, is_required)
    {
        const char *name = key + strlen(RESPONSE_HEADER);
        if (!fg_str_starts_with(fg_str(key), FG_STR(RESPONSE_HEADER)))
            continue;
        json_t *header = fg_openapi_child(context, fg_openapi_child(context, to, "headers"), name);
        if (context->is_3 && json_is_true(is_required))
            fg_openapi_put(context, header, "required", json_true());
        put_type(context, header);
        fg_openapi_part_write(context,
                              fg_openapi_location(context, "RESPONSE_HEADER", place, code, name),
                              header, description, FG_COUNT_OF(description));
    }
}

static void write_response(fg_openapi_t *context, const json_t *response, const char *code,
                           const fg_openapi_place_t *place, json_t *to)
{
    const json_t *models = json_object_get(response, "responseModels");
    fg_openapi_put(context, to, "description", json_string(default_description(context, code)));
    fg_openapi_part_write(context, fg_openapi_location(context, "RESPONSE", place, code, NULL), to,
                          description, FG_COUNT_OF(description));
    write_headers(context, response, code, place, to);
    if (json_object_size(models) == 0)
        return;
    if (context->is_3)
        fg_openapi_put(context, to, "content", content_of(context, models));
    else
        fg_openapi_put(context, to, "schema", schema_of(context, models));
}

/* Swagger 2.0 has one list for all responses of an operation. */
static void write_produces(fg_openapi_t *context, const json_t *responses, json_t *operation)
{
    const char *code;
    json_t *response;
    FG_JSON_SCOPED *types = json_object();
    json_object_foreach((json_t *)(uintptr_t)responses, code, response)
    {
        if (json_object_update_missing(types, json_object_get(response, "responseModels")) != 0)
            continue; /* no models */
    }
    if (json_object_size(types))
        fg_openapi_put(context, operation, "produces", names_of(context, types));
}

static void write_responses(fg_openapi_t *context, const json_t *method,
                            const fg_openapi_place_t *place, json_t *operation)
{
    const char *code;
    json_t *response;
    const json_t *from = json_object_get(method, "methodResponses");
    json_t *responses = fg_openapi_child(context, operation, "responses");
    json_object_foreach((json_t *)(uintptr_t)from, code, response)
        write_response(context, response, code, place, fg_openapi_child(context, responses, code));
    if (!context->is_3)
        write_produces(context, from, operation);
}

json_t *fg_openapi_operation_write(fg_openapi_t *context, const json_t *method,
                                   const fg_openapi_place_t *place)
{
    const char *key;
    json_t *is_required;
    json_t *operation = json_object();
    FG_JSON_SCOPED *parameters = json_array();
    fg_openapi_part_write(context, fg_openapi_location(context, "METHOD", place, NULL, NULL),
                          operation, method_words, FG_COUNT_OF(method_words));
    fg_str_t name = fg_openapi_text(method, "operationName");
    if (name.at)
        fg_openapi_put_str(context, operation, "operationId", name);
    json_object_foreach(json_object_get(method, "requestParameters"), key, is_required)
        write_parameter(context, key, is_required, place, parameters);
    write_body(context, json_object_get(method, "requestModels"), place, operation, parameters);
    if (json_array_size(parameters))
        fg_openapi_put(context, operation, "parameters", json_incref(parameters));
    write_responses(context, method, place, operation);
    fg_openapi_security_write(context, method, operation);
    fg_str_t validator = fg_openapi_text(method, "requestValidatorName");
    if (validator.at && context->options->has_rest)
        fg_openapi_put_str(context, operation, VALIDATOR, validator);
    fg_openapi_integration_write(context, method, operation);
    return operation;
}
