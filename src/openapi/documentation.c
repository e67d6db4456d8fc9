/*
 * documentation - documentation parts. What a document says in its own words (summary, description, tags) is a part
 * where it stands; all else goes by x-amazon-apigateway-documentation. Rule OA9.
 */
#include "openapi/context.h"

#include "base/limits.h"

#define EXTENSION "x-amazon-apigateway-documentation"

/* ---- locations ---- */

static const char *const location_members[] = {"type", "path", "method", "statusCode", "name"};

static json_t *ordered(const json_t *location)
{
    json_t *copy = json_object();
    for (size_t i = 0; i < FG_COUNT_OF(location_members); i++) {
        const char *name = location_members[i];
        json_t *value = json_object_get(location, name);
        if (value && json_object_set(copy, name, value) != 0) {
            json_decref(copy);
            return NULL;
        }
    }
    return copy;
}

fg_str_t fg_openapi_location_key(const json_t *location, fg_arena_t *arena)
{
    FG_JSON_SCOPED *copy = ordered(location);
    return copy ? fg_json_render(copy, arena) : FG_STR_NONE;
}

json_t *fg_openapi_location(fg_openapi_t *context, const char *type,
                            const fg_openapi_place_t *place, const char *code, const char *name)
{
    json_t *location = json_pack("{ss, ss, ss, ss*, ss*}", "type", type, "path", place->path,
                                 "method", place->verb, "statusCode", code, "name", name);
    if (!location)
        context->is_out_of_memory = true;
    return location;
}

/* ---- reading ---- */

static void put_part(fg_openapi_t *context, const json_t *location, const json_t *properties)
{
    json_t *parts = fg_openapi_child(context, context->definition, "documentation");
    fg_str_t key = fg_openapi_location_key(location, context->arena);
    if (!key.at) {
        context->is_out_of_memory = true;
        return;
    }
    if (json_object_size(parts) >= FG_DOCUMENTATION_PARTS_MAX && !json_object_get(parts, key.at)) {
        fg_openapi_warn(context, "%s: more than %d documentation parts", EXTENSION,
                        FG_DOCUMENTATION_PARTS_MAX);
        return;
    }
    json_t *part = json_pack("{so, so}", "location", ordered(location), "properties",
                             json_deep_copy(properties));
    fg_openapi_put(context, parts, fg_openapi_printf(context, "%.*s", FG_STR_ARG(key)), part);
}

void fg_openapi_part_read(fg_openapi_t *context, json_t *location, const json_t *from,
                          const char *const *names, size_t name_count)
{
    FG_JSON_SCOPED *owned = location;
    FG_JSON_SCOPED *properties = json_object();
    if (context->is_documentation_ignored)
        return;
    fg_openapi_copy_all(context, properties, from, names, name_count);
    if (json_object_size(properties))
        put_part(context, owned, properties);
}

void fg_openapi_documentation_read(fg_openapi_t *context)
{
    size_t index;
    json_t *part;
    const json_t *extension = json_object_get(context->document, EXTENSION);
    if (context->is_documentation_ignored)
        return;
    json_array_foreach(json_object_get(extension, "documentationParts"), index, part)
    {
        const json_t *location = json_object_get(part, "location");
        const json_t *properties = json_object_get(part, "properties");
        if (fg_openapi_text(location, "type").at && properties)
            put_part(context, location, properties);
        else
            fg_openapi_warn(context, "%s.documentationParts.%zu: no location or no properties",
                            EXTENSION, index);
    }
}

/* ---- writing ---- */

static bool is_made_of(const json_t *properties, const char *const *names, size_t name_count)
{
    size_t found = 0;
    for (size_t i = 0; i < name_count; i++)
        found += json_object_get(properties, names[i]) != NULL;
    return found > 0 && found == json_object_size(properties);
}

void fg_openapi_part_write(fg_openapi_t *context, json_t *location, json_t *object,
                           const char *const *names, size_t name_count)
{
    FG_JSON_SCOPED *owned = location;
    fg_str_t key = fg_openapi_location_key(owned, context->arena);
    const char *name = key.at ? fg_openapi_printf(context, "%.*s", FG_STR_ARG(key)) : "";
    const json_t *part = json_object_get(context->documentation, name);
    const json_t *properties = json_object_get(part, "properties");
    if (!key.at)
        context->is_out_of_memory = true;
    if (!is_made_of(properties, names, name_count))
        return;
    fg_openapi_copy_all(context, object, properties, names, name_count);
    json_object_del(context->documentation, name);
}

void fg_openapi_documentation_write(fg_openapi_t *context, json_t *document)
{
    const char *key;
    json_t *part;
    if (!context->options->has_rest || json_object_size(context->documentation) == 0)
        return;
    json_t *parts = json_array();
    json_object_foreach(context->documentation, key, part)
        fg_openapi_append(context, parts, json_deep_copy(part));
    fg_openapi_put(context, fg_openapi_child(context, document, EXTENSION), "documentationParts",
                   parts);
}
