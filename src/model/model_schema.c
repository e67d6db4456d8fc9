#include "model/model_schema.h"

/* ---- references ---- */

#define REF_HOST "https://apigateway.amazonaws.com/restapis/"

const char *fg_schema_ref_model(const char *ref)
{
    static const char middle[] = "/models/";
    if (strncmp(ref, REF_HOST, sizeof(REF_HOST) - 1) != 0)
        return NULL;
    const char *rest = strchr(ref + sizeof(REF_HOST) - 1, '/');
    if (!rest || strncmp(rest, middle, sizeof(middle) - 1) != 0)
        return NULL;
    const char *name = rest + sizeof(middle) - 1;
    return *name && !strchr(name, '/') ? name : NULL;
}

bool fg_schema_ref_is_local(const char *ref)
{
    return ref[0] == '#';
}

/* One step of a JSON pointer; `part` is changed: ~1 and ~0 are undone. */
static json_t *step(const json_t *value, char *part)
{
    char *out = part;
    for (const char *in = part; *in; in++) {
        bool is_escape = in[0] == '~' && (in[1] == '0' || in[1] == '1');
        *out++ = !is_escape ? *in : in[1] == '1' ? '/' : '~';
        in += is_escape;
    }
    *out = '\0';
    int64_t index;
    if (json_is_array(value))
        return fg_str_to_i64(fg_str(part), &index) && index >= 0
                   ? json_array_get(value, (size_t)index)
                   : NULL;
    return json_object_get(value, part);
}

json_t *fg_schema_at(json_t *schema, const char *ref)
{
    char part[256];
    json_t *value = schema;
    const char *at = ref + 1;
    while (value && *at == '/') {
        size_t len = strcspn(++at, "/");
        if (len >= sizeof(part))
            return NULL;
        memcpy(part, at, len);
        part[len] = '\0';
        value = step(value, part);
        at += len;
    }
    return *at ? NULL : value;
}

/* ---- walking ---- */

/* Called with the object that holds the reference. */
typedef fg_status_t visit_t(void *ctx, json_t *holder, const char *ref);

static fg_status_t walk(json_t *value, visit_t *visit, void *ctx)
{
    fg_status_t status = FG_OK;
    size_t index;
    const char *name;
    json_t *child;
    json_array_foreach(value, index, child)
    {
        if (status == FG_OK)
            status = walk(child, visit, ctx);
    }
    json_object_foreach(value, name, child)
    {
        if (status != FG_OK)
            break;
        bool is_ref = strcmp(name, "$ref") == 0 && json_is_string(child);
        status = is_ref ? visit(ctx, value, json_string_value(child)) : walk(child, visit, ctx);
    }
    return status;
}

typedef struct each {
    fg_schema_ref_t *each;
    void *ctx;
} each_t;

static fg_status_t hand_on(void *ctx, json_t *holder, const char *ref)
{
    (void)holder;
    const each_t *each = ctx;
    return each->each(each->ctx, ref);
}

fg_status_t fg_schema_refs_each(json_t *schema, fg_schema_ref_t *each, void *ctx)
{
    each_t hand = {each, ctx};
    return walk(schema, hand_on, &hand);
}

/* ---- flattening ---- */

typedef struct flattening {
    const fg_schema_source_t *source;
    const char *name;          /* of the model that is flattened */
    const json_t *definitions; /* its own; NULL when it has none */
    json_t *taken;             /* what is added to them: key -> schema of another model */
    json_t *key_of;            /* model -> key */
    json_t *keys;              /* in the order they were met */
    const char *place;         /* key of the schema that is walked; NULL for the flattened one */
} flattening_t;

/* A name that is free among the definitions. */
static json_t *free_key(const flattening_t *flattening, const char *name)
{
    json_t *key = json_string(name);
    while (key && (json_object_get(flattening->definitions, json_string_value(key)) ||
                   json_object_get(flattening->taken, json_string_value(key)))) {
        json_t *longer = json_sprintf("%s_", json_string_value(key));
        json_decref(key);
        key = longer;
    }
    return key;
}

/* Add a model's schema, still with its own references, to the definitions. */
static fg_status_t take_in(flattening_t *flattening, const char *name, const char **ret_key)
{
    FG_JSON_SCOPED *schema = NULL;
    json_t *key = json_object_get(flattening->key_of, name);
    if (key) {
        *ret_key = json_string_value(key);
        return FG_OK;
    }
    fg_status_t status = flattening->source->load(flattening->source->ctx, name, &schema);
    if (status != FG_OK)
        return status;
    key = free_key(flattening, name);
    if (json_object_set_new(flattening->key_of, name, key) != 0 ||
        json_array_append(flattening->keys, key) != 0 ||
        json_object_set(flattening->taken, json_string_value(key), schema) != 0)
        return FG_NO_MEMORY;
    *ret_key = json_string_value(key);
    return FG_OK;
}

static fg_status_t rename_ref(void *ctx, json_t *holder, const char *ref)
{
    flattening_t *flattening = ctx;
    const char *model = fg_schema_ref_model(ref), *key = flattening->place;
    json_t *renamed;
    if (model && strcmp(model, flattening->name) == 0) {
        renamed = json_string("#");
    } else if (model) {
        fg_status_t status = take_in(flattening, model, &key);
        if (status != FG_OK)
            return status == FG_NOT_FOUND ? FG_OK : status;
        renamed = json_sprintf("#/definitions/%s", key);
    } else if (key && fg_schema_ref_is_local(ref)) {
        renamed = json_sprintf("#/definitions/%s%s", key, ref + 1);
    } else {
        return FG_OK;
    }
    return json_object_set_new(holder, "$ref", renamed) == 0 ? FG_OK : FG_NO_MEMORY;
}

/* Put what was taken in into the flattened schema. */
static fg_status_t settle_definitions(const flattening_t *flattening, json_t *flat)
{
    if (json_object_size(flattening->taken) == 0)
        return FG_OK;
    json_t *definitions = json_object_get(flat, "definitions");
    bool is_ok = json_is_object(definitions)
                     ? json_object_update(definitions, flattening->taken) == 0
                     : json_object_set(flat, "definitions", flattening->taken) == 0;
    return is_ok ? FG_OK : FG_NO_MEMORY;
}

fg_status_t fg_schema_flatten(const json_t *schema, const char *name,
                              const fg_schema_source_t *source, json_t **ret_flat)
{
    FG_JSON_SCOPED *flat = json_deep_copy(schema);
    FG_JSON_SCOPED *taken = json_object();
    FG_JSON_SCOPED *key_of = json_object();
    FG_JSON_SCOPED *keys = json_array();
    flattening_t flattening = {.source = source,
                               .name = name,
                               .definitions = json_object_get(flat, "definitions"),
                               .taken = taken,
                               .key_of = key_of,
                               .keys = keys};
    if (!flat || !taken || !key_of || !keys)
        return FG_NO_MEMORY;
    fg_status_t status = walk(flat, rename_ref, &flattening);
    for (size_t i = 0; status == FG_OK && i < json_array_size(keys); i++) { /* keys may join */
        flattening.place = json_string_value(json_array_get(keys, i));
        status = walk(json_object_get(taken, flattening.place), rename_ref, &flattening);
    }
    if (status == FG_OK)
        status = settle_definitions(&flattening, flat);
    if (status == FG_OK)
        *ret_flat = json_incref(flat);
    return status;
}
