#include "output.h"

#include "table.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { REAL_DIGITS = 15 };

bool fg_output_is_known(const char *format)
{
    static const char *const formats[] = {"json", "text", "table"};

    for (size_t i = 0; i < FG_COUNT_OF(formats); i++) {
        if (!format || strcmp(format, formats[i]) == 0)
            return true;
    }
    return false;
}

static json_t *date_text(const json_t *number)
{
    time_t seconds = (time_t)json_number_value(number);
    struct tm parts;
    char text[40];

    gmtime_r(&seconds, &parts);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S+00:00", &parts);
    return json_string(text);
}

void fg_output_dates(json_t *value)
{
    const char *name;
    json_t *member;
    void *next;
    size_t i;

    json_object_foreach_safe(value, next, name, member)
    {
        if (json_is_number(member) && fg_is_timestamp(name))
            json_object_set_new(value, name, date_text(member));
        else
            fg_output_dates(member);
    }
    json_array_foreach(value, i, member) fg_output_dates(member);
}

static bool is_scalar(const json_t *value)
{
    return !json_is_object(value) && !json_is_array(value);
}

/* As Python prints it, which is what the AWS CLI's text shows. */
static const char *scalar_text(const json_t *value)
{
    if (!value)
        return "";
    switch (json_typeof(value)) {
    case JSON_TRUE:
        return "True";
    case JSON_FALSE:
        return "False";
    case JSON_NULL:
        return "None";
    case JSON_INTEGER:
        return fg_text("%" PRId64, (int64_t)json_integer_value(value));
    case JSON_REAL:
        return fg_text_of(fg_json_render(value, fg_cli_arena()));
    default:
        return fg_text_of(fg_json_str(value));
    }
}

static const char *capitals(const char *name)
{
    char *text = fg_text("%s", name ? name : "");

    for (char *at = text; *at; at++)
        *at = (char)toupper((unsigned char)*at);
    return text;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Names in order, without repetition. */
typedef struct names {
    const char **name;
    size_t count;
} names_t;

static void add_name(names_t *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->name[i], name) == 0)
            return;
    }
    names->name[names->count++] = name;
}

static names_t names_with_room(size_t room)
{
    names_t names = {.name = fg_arena_alloc(fg_cli_arena(), (room + 1) * sizeof(char *))};

    FG_ASSERT(names.name);
    return names;
}

/* Names of the members of `list`'s structures that are scalar (or not) in at least one of them. */
static names_t member_names(json_t *const *objects, size_t count, bool want_scalar)
{
    size_t room = 0;
    const char *name;
    json_t *member;

    for (size_t i = 0; i < count; i++)
        room += json_object_size(objects[i]);
    names_t names = names_with_room(room);
    for (size_t i = 0; i < count; i++) {
        json_object_foreach(objects[i], name, member)
        {
            if (is_scalar(member) == want_scalar)
                add_name(&names, name);
        }
    }
    qsort(names.name, names.count, sizeof(*names.name), compare_names);
    return names;
}

static void print_text(json_t *value, const char *holder, const names_t *columns);

static void print_text_object(json_t *object, const char *holder, const names_t *columns)
{
    names_t own = member_names(&object, 1, true);
    names_t inner = member_names(&object, 1, false);
    const names_t *shown = columns ? columns : &own;

    if (shown->count) {
        if (holder)
            printf("%s\t", capitals(holder));
        for (size_t i = 0; i < shown->count; i++)
            printf("%s%s", i ? "\t" : "", scalar_text(json_object_get(object, shown->name[i])));
        putchar('\n');
    }
    for (size_t i = 0; i < inner.count; i++)
        print_text(json_object_get(object, inner.name[i]), inner.name[i], NULL);
}

/* The structures among a list's elements, in the arena. */
static json_t **objects_of(const json_t *list, size_t *ret_count)
{
    json_t **objects =
        fg_arena_alloc(fg_cli_arena(), (json_array_size(list) + 1) * sizeof(*objects));

    FG_ASSERT(objects);
    *ret_count = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *element = json_array_get(list, i);
        if (json_is_object(element))
            objects[(*ret_count)++] = element;
    }
    return objects;
}

static void print_text_scalars(const json_t *list, const char *holder)
{
    size_t printed = 0;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *element = json_array_get(list, i);
        if (!is_scalar(element))
            continue;
        if (holder)
            printf("%s\t%s\n", capitals(holder), scalar_text(element));
        else
            printf("%s%s", printed++ ? "\t" : "", scalar_text(element));
    }
    if (!holder && printed)
        putchar('\n');
}

static void print_text_list(json_t *list, const char *holder)
{
    size_t object_count;
    json_t **objects = objects_of(list, &object_count);

    if (object_count) {
        names_t columns = member_names(objects, object_count, true);
        for (size_t i = 0; i < json_array_size(list); i++)
            print_text(json_array_get(list, i), holder, &columns);
        return;
    }
    print_text_scalars(list, holder);
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!is_scalar(json_array_get(list, i)))
            print_text(json_array_get(list, i), holder, NULL);
    }
}

static void print_text(json_t *value, const char *holder, const names_t *columns)
{
    if (json_is_object(value))
        print_text_object(value, holder, columns);
    else if (json_is_array(value))
        print_text_list(value, holder);
    else
        printf("%s\n", scalar_text(value));
}

/* ---- table: one box for each structure or list of them, the inner ones below ---- */

static size_t width_of(const char *text)
{
    size_t width = 0;

    for (; *text; text++)
        width +=
            ((unsigned char)*text & 0xC0) != 0x80; /* UTF-8: continuation bytes have no width */
    return width;
}

static void print_line(const size_t *widths, size_t count)
{
    putchar('+');
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < widths[i] + 2; j++)
            putchar('-');
        putchar('+');
    }
    putchar('\n');
}

static void print_cell(const char *text, size_t width)
{
    printf(" %s", text);
    for (size_t i = width_of(text); i < width + 1; i++)
        putchar(' ');
    putchar('|');
}

static void print_box(const char *title, const names_t *columns, json_t *const *objects,
                      size_t count)
{
    size_t *widths = fg_arena_alloc(fg_cli_arena(), (columns->count + 1) * sizeof(*widths));

    FG_ASSERT(widths);
    for (size_t i = 0; i < columns->count; i++) {
        widths[i] = width_of(columns->name[i]);
        for (size_t j = 0; j < count; j++) {
            size_t width = width_of(scalar_text(json_object_get(objects[j], columns->name[i])));
            widths[i] = width > widths[i] ? width : widths[i];
        }
    }
    printf("%s\n", title);
    print_line(widths, columns->count);
    putchar('|');
    for (size_t i = 0; i < columns->count; i++)
        print_cell(columns->name[i], widths[i]);
    putchar('\n');
    print_line(widths, columns->count);
    for (size_t j = 0; j < count; j++) {
        putchar('|');
        for (size_t i = 0; i < columns->count; i++)
            print_cell(scalar_text(json_object_get(objects[j], columns->name[i])), widths[i]);
        putchar('\n');
    }
    print_line(widths, columns->count);
}

static void print_table(json_t *value, const char *title);

static void print_table_objects(json_t **objects, size_t count, const char *title)
{
    names_t columns = member_names(objects, count, true);

    if (columns.count)
        print_box(title, &columns, objects, count);
    for (size_t i = 0; i < count; i++) {
        names_t inner = member_names(&objects[i], 1, false);
        for (size_t j = 0; j < inner.count; j++)
            print_table(json_object_get(objects[i], inner.name[j]),
                        fg_text("%s.%s", title, inner.name[j]));
    }
}

static void print_table(json_t *value, const char *title)
{
    size_t count;

    if (json_is_object(value)) {
        print_table_objects(&value, 1, title);
        return;
    }
    json_t **objects = objects_of(value, &count);
    if (count) {
        print_table_objects(objects, count, title);
        return;
    }
    printf("%s\n", title);
    for (size_t i = 0; i < json_array_size(value); i++)
        printf("  %s\n",
               is_scalar(json_array_get(value, i))
                   ? scalar_text(json_array_get(value, i))
                   : fg_text_of(fg_json_render(json_array_get(value, i), fg_cli_arena())));
}

void fg_output_print(json_t *value, const char *format, const char *title)
{
    if (!value || (json_is_object(value) && json_object_size(value) == 0))
        return;
    if (format && strcmp(format, "text") == 0) {
        print_text(value, NULL, NULL);
    } else if (format && strcmp(format, "table") == 0 && !is_scalar(value)) {
        print_table(value, title);
    } else {
        json_dumpf(value, stdout,
                   JSON_INDENT(4) | JSON_ENCODE_ANY | JSON_REAL_PRECISION(REAL_DIGITS));
        putchar('\n');
    }
}
