#include "openapi/context.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- members ---- */

void fg_openapi_put(fg_openapi_t *context, json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new(object, name, value) != 0)
        context->is_out_of_memory = true;
}

void fg_openapi_put_str(fg_openapi_t *context, json_t *object, const char *name, fg_str_t text)
{
    fg_openapi_put(context, object, name, text.at ? fg_json_new_str(text) : NULL);
}

void fg_openapi_copy(fg_openapi_t *context, json_t *object, const char *name, const json_t *from)
{
    const json_t *value = json_object_get(from, name);
    if (value)
        fg_openapi_put(context, object, name, json_deep_copy(value));
}

void fg_openapi_copy_all(fg_openapi_t *context, json_t *object, const json_t *from,
                         const char *const *names, size_t name_count)
{
    for (size_t i = 0; i < name_count; i++)
        fg_openapi_copy(context, object, names[i], from);
}

json_t *fg_openapi_child(fg_openapi_t *context, json_t *object, const char *name)
{
    json_t *child = json_object_get(object, name);
    if (child)
        return child;
    fg_openapi_put(context, object, name, json_object());
    return json_object_get(object, name);
}

void fg_openapi_append(fg_openapi_t *context, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        context->is_out_of_memory = true;
}

fg_str_t fg_openapi_text(const json_t *object, const char *name)
{
    return fg_json_str(json_object_get(object, name));
}

const char *fg_openapi_printf(fg_openapi_t *context, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int count = vsnprintf(NULL, 0, format, arguments);
    char *text = count < 0 ? NULL : fg_arena_alloc(context->arena, (size_t)count + 1);
    if (text)
        vsnprintf(text, (size_t)count + 1, format, again);
    else
        context->is_out_of_memory = true;
    va_end(again);
    va_end(arguments);
    return text ? text : "";
}

static fg_str_t convert(fg_openapi_t *context, fg_str_t text, int (*byte_of)(int))
{
    char *copy = fg_arena_text(context->arena, text.at ? text : FG_STR(""));
    if (!copy) {
        context->is_out_of_memory = true;
        return FG_STR("");
    }
    for (char *at = copy; *at; at++)
        *at = (char)byte_of((unsigned char)*at);
    return fg_str_of(copy, text.len);
}

fg_str_t fg_openapi_upper(fg_openapi_t *context, fg_str_t text)
{
    return convert(context, text, toupper);
}

fg_str_t fg_openapi_lower(fg_openapi_t *context, fg_str_t text)
{
    return convert(context, text, tolower);
}

/* ---- order ---- */

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **fg_openapi_sorted(fg_openapi_t *context, const json_t *object)
{
    size_t count = 0;
    const char *name;
    json_t *value;
    const char **names =
        fg_arena_alloc(context->arena, (json_object_size(object) + 1) * sizeof(*names));
    if (!names) {
        context->is_out_of_memory = true;
        return NULL;
    }
    json_object_foreach((json_t *)(uintptr_t)object, name, value) names[count++] = name;
    qsort(names, count, sizeof(*names), compare);
    return names;
}

/* ---- trouble ---- */

void fg_openapi_warn(fg_openapi_t *context, const char *format, ...)
{
    char text[FG_ERROR_MESSAGE_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    json_t *warning = json_string(text);
    if (!warning) /* cut inside a character */
        warning = json_string("a warning is too long to be shown");
    fg_openapi_append(context, context->warnings, warning);
}

fg_status_t fg_openapi_refuse(fg_openapi_t *context, const char *place, const char *what)
{
    return fg_error_set(context->error, FG_BAD_REQUEST, place, "%s: %s", place, what);
}

/* ---- references ---- */

/* Follows "#/a/b" with ~1 and ~0 undone. One step alone: a reference to a reference is nothing. */
const json_t *fg_openapi_resolve(const fg_openapi_t *context, const json_t *value)
{
    fg_str_t ref = fg_openapi_text(value, "$ref");
    if (!ref.at)
        return value;
    fg_str_t prefix = FG_STR("#/");
    if (!fg_str_starts_with(ref, prefix))
        return NULL;
    const json_t *at = context->document;
    fg_str_t rest = fg_str_of(ref.at + prefix.len, ref.len - prefix.len);
    while (rest.at && at) {
        fg_str_t part = fg_str_cut(&rest, '/');
        char name[256];
        size_t len = 0;
        for (size_t i = 0; i < part.len; i++) {
            bool is_escape = part.at[i] == '~' && i + 1 < part.len;
            if (len + 1 == sizeof(name))
                return NULL;
            name[len++] = !is_escape ? part.at[i] : part.at[++i] == '1' ? '/' : '~';
        }
        name[len] = '\0';
        at = json_object_get(at, name);
    }
    return json_object_get(at, "$ref") ? NULL : at;
}
