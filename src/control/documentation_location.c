#include "control/documentation_location.h"
#include "control/noun.h"

#include <ctype.h>

typedef enum place_member {
    PLACE_PATH = 1,
    PLACE_METHOD = 2,
    PLACE_STATUS = 4,
    PLACE_NAME = 8,
} place_member_t;
enum {
    PLACE_OF_METHOD = PLACE_PATH | PLACE_METHOD,
    PLACE_OF_RESPONSE = PLACE_OF_METHOD | PLACE_STATUS,
};

/* Rule DP2: what a type's location may have beside its type; a name it may have it must have. */
typedef struct place_kind {
    const char *type;
    unsigned members;
} place_kind_t;

static const place_kind_t kinds[] = {
    {"API", 0},
    {"AUTHORIZER", PLACE_NAME},
    {"MODEL", PLACE_NAME},
    {"RESOURCE", PLACE_PATH},
    {"METHOD", PLACE_OF_METHOD},
    {"PATH_PARAMETER", PLACE_OF_METHOD | PLACE_NAME},
    {"QUERY_PARAMETER", PLACE_OF_METHOD | PLACE_NAME},
    {"REQUEST_HEADER", PLACE_OF_METHOD | PLACE_NAME},
    {"REQUEST_BODY", PLACE_OF_METHOD},
    {"RESPONSE", PLACE_OF_RESPONSE},
    {"RESPONSE_HEADER", PLACE_OF_RESPONSE | PLACE_NAME},
    {"RESPONSE_BODY", PLACE_OF_RESPONSE},
};

#define TYPE_SET                                                                                   \
    "Member must satisfy enum value set: [RESPONSE_BODY, RESPONSE, METHOD, MODEL, AUTHORIZER, "    \
    "RESPONSE_HEADER, RESOURCE, PATH_PARAMETER, REQUEST_BODY, QUERY_PARAMETER, API, "              \
    "REQUEST_HEADER]"

/* The members in the order in which they are told, and what stands for an absent one. */
typedef struct place_field {
    const char *name;
    unsigned member;
    const char *otherwise;
} place_field_t;

static const place_field_t places[] = {
    {"path", PLACE_PATH, "/"},
    {"method", PLACE_METHOD, "*"},
    {"statusCode", PLACE_STATUS, "*"},
    {"name", PLACE_NAME, ""},
};

static const place_kind_t *kind_of(fg_str_t type)
{
    for (size_t i = 0; i < FG_COUNT_OF(kinds); i++) {
        if (fg_str_is(type, kinds[i].type))
            return &kinds[i];
    }
    return NULL;
}

fg_status_t fg_documentation_type_check(fg_call_t *call, fg_str_t type)
{
    return !type.at || kind_of(type) ? FG_OK : fg_label_failed(call, "type", type, TYPE_SET);
}

/* ---- reading ---- */

static fg_status_t check_model(fg_call_t *call, const json_t *location)
{
    fg_str_t type = fg_member_str(location, "type");
    if (!type.at)
        return fg_constraint_failed(call, "location.type", type, "Member must not be null");
    if (!kind_of(type))
        return fg_constraint_failed(call, "location.type", type, TYPE_SET);
    fg_str_t code = fg_member_str(location, "statusCode");
    if (!code.at || fg_str_is_empty(fg_str_trim(code)) || fg_str_is(code, "*") ||
        fg_is_status_code(code))
        return FG_OK;
    return fg_constraint_failed(
        call, "location.statusCode", code,
        "Member must satisfy regular expression pattern: ^([1-5]\\d\\d|\\*|\\s*)$");
}

fg_status_t fg_documentation_location_read(fg_call_t *call, const json_t *given,
                                           json_t **ret_location)
{
    static const fg_field_t fields[] = {
        {"type", FG_FIELD_TEXT, false, NULL},   {"path", FG_FIELD_TEXT, false, NULL},
        {"method", FG_FIELD_TEXT, false, NULL}, {"statusCode", FG_FIELD_TEXT, false, NULL},
        {"name", FG_FIELD_TEXT, false, NULL},
    };
    FG_JSON_SCOPED *location = json_object();
    fg_status_t status = fg_fields_read(call, given, fields, FG_COUNT_OF(fields), location);
    if (status == FG_OK)
        status = check_model(call, location);
    if (status == FG_OK)
        *ret_location = json_incref(location);
    return status;
}

fg_status_t fg_documentation_location_check(fg_call_t *call, const json_t *location)
{
    const place_kind_t *kind = kind_of(fg_member_str(location, "type"));
    for (size_t i = 0; i < FG_COUNT_OF(places); i++) {
        bool may_have = (kind->members & places[i].member) != 0;
        if (!may_have && json_object_get(location, places[i].name))
            return fg_error_set(call->error, FG_BAD_REQUEST, places[i].name,
                                "A location of type %s has no %s", kind->type, places[i].name);
    }
    if ((kind->members & PLACE_NAME) && fg_str_is_empty(fg_member_str(location, "name")))
        return fg_error_set(call->error, FG_BAD_REQUEST, "name",
                            "A location of type %s needs a name", kind->type);
    fg_str_t path = fg_member_str(location, "path");
    if (path.at && !fg_str_starts_with(path, FG_STR("/")))
        return fg_error_set(call->error, FG_BAD_REQUEST, "path",
                            "The path of a location starts with /: %.*s", FG_STR_ARG(path));
    return FG_OK;
}

/* ---- comparing and telling ---- */

fg_str_t fg_documentation_location_key(fg_call_t *call, const json_t *location)
{
    FG_JSON_SCOPED *key = json_pack("[O]", json_object_get(location, "type"));
    const place_kind_t *kind = kind_of(fg_member_str(location, "type"));
    for (size_t i = 0; i < FG_COUNT_OF(places); i++) {
        fg_str_t value = fg_member_str(location, places[i].name);
        if (fg_str_is_empty(fg_str_trim(value)))
            value = fg_str(kind->members & places[i].member ? places[i].otherwise : "");
        if (json_array_append_new(key, fg_json_new_str(value)) != 0)
            return FG_STR_NONE;
    }
    return fg_json_render(key, call->arena);
}

fg_str_t fg_documentation_location_text(fg_call_t *call, const json_t *location)
{
    fg_str_t text =
        fg_arena_printf(call->arena, "type '%.*s'", FG_STR_ARG(fg_member_str(location, "type")));
    for (size_t i = 0; i < FG_COUNT_OF(places); i++) {
        fg_str_t value = fg_member_str(location, places[i].name);
        if (value.at)
            text = fg_arena_printf(call->arena, "%.*s, %s '%.*s'", FG_STR_ARG(text), places[i].name,
                                   FG_STR_ARG(value));
    }
    return text;
}

/* ---- what an API has ---- */

/* The method that locations are listed for, and where they go. */
typedef struct listing {
    json_t *locations;
    const char *path, *verb;
    bool is_short; /* of memory */
} listing_t;

/* Append a location; NULL members are left out. */
static void add(listing_t *listing, const char *type, const char *status_code, const char *name)
{
    json_t *location = json_pack("{ss, ss*, ss*, ss*, ss*}", "type", type, "path", listing->path,
                                 "method", listing->verb, "statusCode", status_code, "name", name);
    if (json_array_append_new(listing->locations, location) != 0)
        listing->is_short = true;
}

/* Parameters of a method or response are named method.<...>.<place>.<name>. */
static void add_parameters(listing_t *listing, json_t *parameters, const char *status_code)
{
    static const struct {
        const char *prefix, *type;
    } rows[] = {
        {"method.request.path.", "PATH_PARAMETER"},
        {"method.request.querystring.", "QUERY_PARAMETER"},
        {"method.request.header.", "REQUEST_HEADER"},
        {"method.response.header.", "RESPONSE_HEADER"},
    };
    const char *key;
    json_t *value;
    json_object_foreach(parameters, key, value)
    {
        for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
            if (fg_str_starts_with(fg_str(key), fg_str(rows[i].prefix)))
                add(listing, rows[i].type, status_code, key + strlen(rows[i].prefix));
        }
    }
}

static void add_method(listing_t *listing, const json_t *method)
{
    const char *code;
    json_t *response;
    add(listing, "METHOD", NULL, NULL);
    add_parameters(listing, json_object_get(method, "requestParameters"), NULL);
    add(listing, "REQUEST_BODY", NULL, NULL);
    json_object_foreach(json_object_get(method, "methodResponses"), code, response)
    {
        add(listing, "RESPONSE", code, NULL);
        add_parameters(listing, json_object_get(response, "responseParameters"), code);
        add(listing, "RESPONSE_BODY", code, NULL);
    }
}

static void add_resources(listing_t *listing, const json_t *resources)
{
    size_t index;
    json_t *resource, *method;
    json_array_foreach(resources, index, resource)
    {
        listing->path = json_string_value(json_object_get(resource, "path"));
        listing->verb = NULL;
        add(listing, "RESOURCE", NULL, NULL);
        json_object_foreach(json_object_get(resource, "resourceMethods"), listing->verb, method)
            add_method(listing, method);
    }
    listing->path = listing->verb = NULL;
}

static void add_named(listing_t *listing, const char *type, const json_t *documents)
{
    size_t index;
    json_t *document;
    json_array_foreach(documents, index, document)
        add(listing, type, NULL, json_string_value(json_object_get(document, "name")));
}

fg_status_t fg_documentation_locations_of(fg_call_t *call, fg_str_t api_id, json_t *locations)
{
    FG_JSON_SCOPED *resources = NULL;
    FG_JSON_SCOPED *models = NULL;
    FG_JSON_SCOPED *authorizers = NULL;
    fg_status_t status =
        fg_document_all(call, FG_DOCUMENT_RESOURCE, api_id, FG_STR_NONE, &resources);
    if (status == FG_OK)
        status = fg_document_all(call, FG_DOCUMENT_MODEL, api_id, FG_STR_NONE, &models);
    if (status == FG_OK)
        status = fg_document_all(call, FG_DOCUMENT_AUTHORIZER, api_id, FG_STR_NONE, &authorizers);
    if (status != FG_OK)
        return status;
    listing_t listing = {.locations = locations};
    add(&listing, "API", NULL, NULL);
    add_resources(&listing, resources);
    add_named(&listing, "MODEL", models);
    add_named(&listing, "AUTHORIZER", authorizers);
    return listing.is_short ? fg_call_no_memory(call) : FG_OK;
}
