/*
 * model_template - Rule MO7: a sample of what a model describes, written down as a mapping template.
 * Texts are "foo", numbers 42, booleans true; a list is a loop over the place that it has in the
 * schema, with one sample as the loop's body.
 */
#include "base/json.h"
#include "control/model.h"
#include "control/noun.h"
#include "model/model_schema.h"

#include <ctype.h>
#include <stdio.h>

enum { PATH_BYTES_MAX = 1024, OPEN_REFS_MAX = 16, INDENT = 2 };

typedef struct writer {
    char *at;
    size_t len;
    bool is_over; /* no room left, or memory */
    json_t *root;
    const json_t *open[OPEN_REFS_MAX]; /* what is being followed */
    size_t open_count, loop_count;
} writer_t;

/* ---- text ---- */

FG_PRINTF(2, 3) static void put(writer_t *writer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t room = FG_TEMPLATE_BYTES_MAX + 1 - writer->len;
    int written = vsnprintf(writer->at + writer->len, room, format, arguments);
    va_end(arguments);
    if (written < 0 || (size_t)written >= room)
        writer->is_over = true;
    else
        writer->len += (size_t)written;
}

/* The name as JSON writes it. */
static void put_name(writer_t *writer, const char *name)
{
    FG_JSON_SCOPED *text = json_string(name);
    char *quoted = json_dumps(text, JSON_ENCODE_ANY);
    if (quoted)
        put(writer, "%s", quoted);
    else
        writer->is_over = true;
    free(quoted);
}

/* ---- schema ---- */

static json_t *first_of(const json_t *schema, const char *name)
{
    json_t *one = json_array_get(json_object_get(schema, name), 0);
    return json_is_object(one) ? one : NULL;
}

/* The schema that says more: of several, the first. NULL when there is none. */
static json_t *further(writer_t *writer, const json_t *schema)
{
    const char *ref = json_string_value(json_object_get(schema, "$ref"));
    if (ref)
        return fg_schema_ref_is_local(ref) ? fg_schema_at(writer->root, ref) : NULL;
    if (json_object_get(schema, "type") || json_object_get(schema, "properties"))
        return NULL;
    json_t *one = first_of(schema, "allOf");
    if (!one)
        one = first_of(schema, "oneOf");
    return one ? one : first_of(schema, "anyOf");
}

/* The first that is not "null", of several. */
static const char *type_of(const json_t *schema)
{
    json_t *type = json_object_get(schema, "type"), *one;
    size_t index;
    json_array_foreach(type, index, one)
    {
        const char *name = json_string_value(one);
        if (name && strcmp(name, "null") != 0)
            return name;
    }
    const char *name = json_string_value(type);
    if (name)
        return name;
    if (json_object_get(schema, "properties"))
        return "object";
    return json_object_get(schema, "items") ? "array" : "string";
}

/* The member's place as a reference of the template language. */
static void member_path(const char *path, const char *name, char ret_path[PATH_BYTES_MAX])
{
    bool is_word = isalpha((unsigned char)name[0]);
    for (const char *at = name; *at; at++)
        is_word = is_word && (isalnum((unsigned char)*at) || *at == '_' || *at == '-');
    int written =
        snprintf(ret_path, PATH_BYTES_MAX, is_word ? "%s.%s" : "%s.get('%s')", path, name);
    bool is_sayable = is_word || !strpbrk(name, "'\\$#\n");
    if (written < 0 || written >= PATH_BYTES_MAX || !is_sayable)
        snprintf(ret_path, PATH_BYTES_MAX, "[]"); /* nothing to loop over */
}

/* ---- samples ---- */

static void put_sample(writer_t *writer, json_t *schema, const char *path, int indent);

static void put_object(writer_t *writer, json_t *schema, const char *path, int indent)
{
    json_t *properties = json_object_get(schema, "properties"), *property;
    const char *name, *before = "{\n";
    char inner[PATH_BYTES_MAX];
    json_object_foreach(properties, name, property)
    {
        put(writer, "%s%*s", before, indent + INDENT, "");
        put_name(writer, name);
        put(writer, " : ");
        member_path(path, name, inner);
        put_sample(writer, property, inner, indent + INDENT);
        before = ",\n";
    }
    if (json_object_size(properties) == 0)
        put(writer, "{ }");
    else
        put(writer, "\n%*s}", indent, "");
}

static void put_array(writer_t *writer, json_t *schema, const char *path, int indent)
{
    json_t *items = json_object_get(schema, "items");
    char element[32];
    if (json_is_array(items)) /* one for each place: the first stands for all */
        items = json_array_get(items, 0);
    if (!items) {
        put(writer, "[ ]");
        return;
    }
    writer->loop_count++;
    if (writer->loop_count == 1)
        snprintf(element, sizeof(element), "$elem");
    else
        snprintf(element, sizeof(element), "$elem%zu", writer->loop_count);
    put(writer, "[\n%*s#foreach(%s in %s)\n%*s", indent, "", element, path, indent + INDENT, "");
    put_sample(writer, items, element, indent + INDENT);
    put(writer, "#if($foreach.hasNext),#end\n%*s#end\n%*s]", indent, "", indent, "");
    writer->loop_count--;
}

static void put_typed(writer_t *writer, json_t *schema, const char *path, int indent)
{
    const char *type = type_of(schema);
    if (strcmp(type, "object") == 0)
        put_object(writer, schema, path, indent);
    else if (strcmp(type, "array") == 0)
        put_array(writer, schema, path, indent);
    else if (strcmp(type, "number") == 0 || strcmp(type, "integer") == 0)
        put(writer, "42");
    else if (strcmp(type, "boolean") == 0)
        put(writer, "true");
    else
        put(writer, strcmp(type, "null") == 0 ? "null" : "\"foo\"");
}

static bool is_open(const writer_t *writer, const json_t *schema)
{
    for (size_t i = 0; i < writer->open_count; i++) {
        if (writer->open[i] == schema)
            return true;
    }
    return writer->open_count == OPEN_REFS_MAX;
}

/* What contains itself is shown once. */
static void put_sample(writer_t *writer, json_t *schema, const char *path, int indent)
{
    if (writer->is_over)
        return;
    json_t *more = further(writer, schema);
    if (!more) {
        put_typed(writer, schema, path, indent);
    } else if (is_open(writer, more)) {
        put(writer, "{ }");
    } else {
        writer->open[writer->open_count++] = more;
        put_sample(writer, more, path, indent);
        writer->open_count--;
    }
}

fg_status_t fg_model_template(fg_call_t *call, json_t *flat, fg_str_t *ret_text)
{
    writer_t writer = {.at = fg_arena_alloc(call->arena, FG_TEMPLATE_BYTES_MAX + 1), .root = flat};
    if (!writer.at)
        return fg_call_no_memory(call);
    put(&writer, "#set($inputRoot = $input.path('$'))\n");
    writer.open[writer.open_count++] = flat;
    if (flat)
        put_sample(&writer, flat, "$inputRoot", 0);
    else
        put(&writer, "{ }");
    if (writer.is_over)
        return fg_error_set(call->error, FG_BAD_REQUEST, "modelName",
                            "The template of this model would have more than %d bytes",
                            FG_TEMPLATE_BYTES_MAX);
    *ret_text = fg_str_of(writer.at, writer.len);
    return FG_OK;
}
