/*
 * schema - models and the schemas of a document. Rules OA5, OA6.
 */
#include "openapi/context.h"

#include <ctype.h>

/* How each version spells a reference to a schema. */
static const char *prefix_of(bool is_3)
{
    return is_3 ? "#/components/schemas/" : "#/definitions/";
}

#define MODEL_URL "https://apigateway.amazonaws.com/restapis/"

/* The name behind a reference to a schema of the document, or to a model by its URL; FG_STR_NONE for others. */
static fg_str_t name_in_ref(fg_str_t ref)
{
    const char *const prefixes[] = {prefix_of(true), prefix_of(false)};
    for (size_t i = 0; i < FG_COUNT_OF(prefixes); i++) {
        fg_str_t prefix = fg_str(prefixes[i]);
        fg_str_t name = fg_str_of(ref.at + prefix.len, ref.len - prefix.len);
        if (fg_str_starts_with(ref, prefix))
            return fg_str_find(name, '/') == name.len && name.len ? name : FG_STR_NONE;
    }
    if (!fg_str_starts_with(ref, FG_STR(MODEL_URL)))
        return FG_STR_NONE;
    fg_str_t rest = fg_str_of(ref.at + strlen(MODEL_URL), ref.len - strlen(MODEL_URL));
    fg_str_cut(&rest, '/');
    fg_str_t models = FG_STR("models/");
    if (!rest.at || !fg_str_starts_with(rest, models) || rest.len == models.len)
        return FG_STR_NONE;
    return fg_str_of(rest.at + models.len, rest.len - models.len);
}

/* ---- references inside a schema ---- */

/* Recursion is bounded by FG_JSON_DEPTH_MAX. */
static bool rewrite(json_t *value, fg_str_t prefix, fg_arena_t *arena)
{
    const char *name;
    json_t *part;
    size_t index;
    bool is_ok = true;
    fg_str_t ref = fg_openapi_text(value, "$ref");
    fg_str_t model = ref.at ? name_in_ref(ref) : FG_STR_NONE;
    if (model.at) {
        fg_str_t text = fg_arena_printf(arena, "%.*s%.*s", FG_STR_ARG(prefix), FG_STR_ARG(model));
        is_ok = text.at && json_object_set_new(value, "$ref", fg_json_new_str(text)) == 0;
    }
    json_object_foreach(value, name, part) is_ok = is_ok && rewrite(part, prefix, arena);
    json_array_foreach(value, index, part) is_ok = is_ok && rewrite(part, prefix, arena);
    return is_ok;
}

json_t *fg_openapi_refs_to(const json_t *schema, fg_str_t prefix, fg_arena_t *arena)
{
    json_t *copy = json_deep_copy(schema);
    if (copy && rewrite(copy, prefix, arena))
        return copy;
    json_decref(copy);
    return NULL;
}

json_t *fg_openapi_refs_from(const json_t *schema, fg_arena_t *arena)
{
    return fg_openapi_refs_to(schema, fg_str(prefix_of(true)), arena);
}

/* ---- reading ---- */

static const json_t *schemas_of(const fg_openapi_t *context)
{
    const json_t *document = context->document;
    return context->is_3 ? json_object_get(json_object_get(document, "components"), "schemas")
                         : json_object_get(document, "definitions");
}

static void put_model(fg_openapi_t *context, const char *name, const json_t *schema)
{
    json_t *models = fg_openapi_child(context, context->definition, "models");
    json_t *model = fg_openapi_child(context, models, name);
    fg_openapi_put(context, model, "schema", fg_openapi_refs_from(schema, context->arena));
}

void fg_openapi_models_read(fg_openapi_t *context)
{
    const char *name;
    json_t *schema;
    json_object_foreach((json_t *)(uintptr_t)schemas_of(context), name, schema)
        put_model(context, name, schema);
}

/* Rule OA6: the suggestion, a number behind it when a schema of the document has the name. */
static fg_str_t make_model(fg_openapi_t *context, const json_t *schema, const char *suggestion)
{
    json_t *models = fg_openapi_child(context, context->definition, "models");
    const char *name = suggestion;
    for (int i = 2; json_object_get(models, name) && !context->is_out_of_memory; i++)
        name = fg_openapi_printf(context, "%s%d", suggestion, i);
    put_model(context, name, schema);
    return fg_str(name);
}

fg_str_t fg_openapi_model_of(fg_openapi_t *context, const json_t *schema, const char *suggestion)
{
    fg_str_t ref = fg_openapi_text(schema, "$ref");
    if (ref.at)
        return name_in_ref(ref);
    if (json_object_size(schema) == 0)
        return FG_STR_NONE;
    return make_model(context, schema, suggestion);
}

/* ---- writing ---- */

void fg_openapi_models_write(fg_openapi_t *context, json_t *document)
{
    const json_t *models = json_object_get(context->source, "models");
    if (json_object_size(models) == 0)
        return;
    json_t *owner = context->is_3 ? fg_openapi_child(context, document, "components") : document;
    json_t *schemas = fg_openapi_child(context, owner, context->is_3 ? "schemas" : "definitions");
    const char **names = fg_openapi_sorted(context, models);
    for (size_t i = 0; names && names[i]; i++) {
        const json_t *model = json_object_get(models, names[i]);
        json_t *schema = fg_openapi_refs_to(json_object_get(model, "schema"),
                                            fg_str(prefix_of(context->is_3)), context->arena);
        json_object_del(schema, "$schema"); /* no word of either version's */
        fg_openapi_put(context, schemas, names[i], schema);
    }
}

json_t *fg_openapi_schema_ref(fg_openapi_t *context, const json_t *model_name)
{
    const char *name = json_string_value(model_name);
    const char *ref =
        fg_openapi_printf(context, "%s%s", prefix_of(context->is_3), name ? name : "");
    return json_pack("{ss}", "$ref", ref);
}
