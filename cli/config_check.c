/*
 * config check - the walk along a document and its table. docs/rules/apply.md AP1, AP2.
 */
#include "config_schema.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- problems ---- */

void fg_config_problem(json_t *problems, const char *path, const char *format, ...)
{
    va_list arguments;
    char text[1024];

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    json_array_append_new(problems, json_string(fg_text("%s%s%s", path, *path ? ": " : "", text)));
}

/* How many letters must be put in, left out or changed to make one word of the other; cells of one
 * row of the usual square are enough. */
static size_t distance(const char *a, const char *b)
{
    enum { LETTERS_MAX = 64 };
    size_t row[LETTERS_MAX + 1];
    size_t a_len = strlen(a), b_len = strlen(b);

    if (a_len > LETTERS_MAX || b_len > LETTERS_MAX)
        return LETTERS_MAX;
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t changed = diagonal + ((a[i - 1] | 0x20) != (b[j - 1] | 0x20));
            size_t best = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            diagonal = row[j];
            row[j] = changed < best ? changed : best;
        }
    }
    return row[b_len];
}

const char *fg_config_nearest(const char *word, const char *const *names, size_t count,
                              size_t stride)
{
    const char *nearest = NULL;
    size_t least = strlen(word) / 3 + 2;

    for (size_t i = 0; i < count; i++) {
        const char *name = *(const char *const *)((const char *)names + i * stride);
        size_t apart = distance(word, name);
        if (apart < least) {
            least = apart;
            nearest = name;
        }
    }
    return nearest;
}

/* ---- the walk ---- */

static void check_object(const fg_config_table_t *table, const char *path, json_t *object,
                         json_t *problems);

static const char *below(const char *path, const char *name)
{
    return *path ? fg_text("%s.%s", path, name) : name;
}

static void check_text(const fg_config_member_t *row, const char *path, const json_t *value,
                       json_t *problems)
{
    size_t bytes = json_string_length(value);

    if (json_is_number(value) || json_is_boolean(value))
        fg_config_problem(problems, path, "must be a text: put it in quotes");
    else if (!json_is_string(value))
        fg_config_problem(problems, path, "must be a text");
    else if ((double)bytes < row->low && bytes == 0)
        fg_config_problem(problems, path, "must not be empty");
    else if ((double)bytes < row->low || (row->high > 0 && (double)bytes > row->high))
        fg_config_problem(problems, path, "must have %g to %g characters, not %zu", row->low,
                          row->high, bytes);
}

static void check_number(const fg_config_member_t *row, const char *path, const json_t *value,
                         json_t *problems)
{
    const char *what = row->kind == FG_CONFIG_NUMBER ? "number" : "whole number";
    bool is_kind = row->kind == FG_CONFIG_NUMBER ? json_is_number(value) : json_is_integer(value);
    double number = json_number_value(value);

    if (!is_kind)
        fg_config_problem(problems, path, "must be a %s", what);
    else if (row->low == row->high && number != row->low)
        fg_config_problem(problems, path, "must be %g", row->low);
    else if (number < row->low)
        fg_config_problem(problems, path, "must be %g or more, not %g", row->low, number);
    else if (number > row->high)
        fg_config_problem(problems, path, "must be %.15g or less, not %.15g", row->high, number);
}

static void check_choice(const fg_config_member_t *row, const char *path, const json_t *value,
                         json_t *problems)
{
    fg_str_t text = fg_json_str(value);

    for (fg_str_t rest = fg_str(row->choices); text.at && rest.at;) {
        if (fg_str_eq(fg_str_trim(fg_str_cut(&rest, ',')), text))
            return;
    }
    if (text.at)
        fg_config_problem(problems, path, "must be one of %s, not '%.*s'", row->choices,
                          FG_STR_ARG(text));
    else
        fg_config_problem(problems, path, "must be one of %s%s", row->choices,
                          json_is_number(value) ? ", in quotes" : "");
}

static void check_elements(const fg_config_member_t *row, const char *path, const json_t *list,
                           json_t *problems)
{
    size_t i;
    json_t *element;

    if (!json_is_array(list)) {
        fg_config_problem(problems, path, "must be a list");
        return;
    }
    json_array_foreach(list, i, element)
    {
        const char *place = fg_text("%s[%zu]", path, i);
        if (row->kind == FG_CONFIG_LIST)
            check_object(row->table, place, element, problems);
        else if (row->kind == FG_CONFIG_TEXT_LIST)
            check_text(row, place, element, problems);
        else
            check_number(row, place, element, problems);
    }
}

static void check_entries(const fg_config_member_t *row, const char *path, const json_t *map,
                          json_t *problems)
{
    const char *name;
    json_t *value;

    if (!json_is_object(map)) {
        fg_config_problem(problems, path, "must be a map");
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)map, name, value)
    {
        if (row->kind == FG_CONFIG_MAP)
            check_object(row->table, below(path, name), value, problems);
        else
            check_text(row, below(path, name), value, problems);
    }
}

static void check_value(const fg_config_member_t *row, const char *path, json_t *value,
                        json_t *problems)
{
    switch (row->kind) {
    case FG_CONFIG_TEXT:
        check_text(row, path, value, problems);
        break;
    case FG_CONFIG_BOOL:
        if (!json_is_boolean(value))
            fg_config_problem(problems, path, "must be true or false");
        break;
    case FG_CONFIG_INTEGER:
    case FG_CONFIG_NUMBER:
        check_number(row, path, value, problems);
        break;
    case FG_CONFIG_CHOICE:
        check_choice(row, path, value, problems);
        break;
    case FG_CONFIG_TIME:
        if (!json_is_string(value) && !json_is_integer(value))
            fg_config_problem(problems, path,
                              "must be a time, as 2027-01-01, or seconds since 1970");
        break;
    case FG_CONFIG_LIST:
    case FG_CONFIG_TEXT_LIST:
    case FG_CONFIG_INTEGER_LIST:
        check_elements(row, path, value, problems);
        break;
    case FG_CONFIG_MAP:
    case FG_CONFIG_TEXT_MAP:
        check_entries(row, path, value, problems);
        break;
    case FG_CONFIG_OBJECT:
        check_object(row->table, path, value, problems);
        break;
    case FG_CONFIG_ANY_OBJECT:
        if (!json_is_object(value))
            fg_config_problem(problems, path, "must be an object");
        break;
    }
}

static const fg_config_member_t *find_row(const fg_config_table_t *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->members[i].name, name) == 0)
            return &table->members[i];
    }
    return NULL;
}

static void refuse_unknown(const fg_config_table_t *table, const char *path, const char *name,
                           json_t *problems)
{
    const char *meant =
        fg_config_nearest(name, &table->members[0].name, table->count, sizeof(fg_config_member_t));

    if (meant)
        fg_config_problem(problems, below(path, name), "is no member here; did you mean '%s'?",
                          meant);
    else
        fg_config_problem(problems, below(path, name), "is no member here");
}

static void check_object(const fg_config_table_t *table, const char *path, json_t *object,
                         json_t *problems)
{
    const char *name;
    json_t *value;
    void *next;

    if (!json_is_object(object)) {
        fg_config_problem(problems, path, "must be an object");
        return;
    }
    json_object_foreach_safe(object, next, name, value)
    {
        const fg_config_member_t *row = find_row(table, name);
        if (!row)
            refuse_unknown(table, path, name, problems);
        else if (json_is_null(value))
            json_object_del(object, name);
        else
            check_value(row, below(path, name), value, problems);
    }
    for (size_t i = 0; i < table->count; i++) {
        const fg_config_member_t *row = &table->members[i];
        if (row->is_required && !json_object_get(object, row->name))
            fg_config_problem(problems, below(path, row->name), "is missing");
    }
}

void fg_config_check(const fg_config_table_t *table, json_t *document, json_t *problems)
{
    check_object(table, "", document, problems); /* Rules AP1, AP2 */
}
