#include "table.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_BYTES_MAX = 80, EDITS_MAX = 6 };

#define HAS_BODY_NONE  false
#define HAS_BODY_JSON  true
#define HAS_BODY_PATCH true
#define HAS_BODY_RAW   true

const fg_command_t fg_commands[] = {
/* `#handler` is the word that stands in the row: "NULL" where nothing is built yet. */
#define FG_OP(name, verb, path, query, ok, txn, body, handler)                                     \
    {#name, #verb, path, query, HAS_BODY_##body, sizeof(#handler) != sizeof("NULL")},
#include "control/operations.def"
#undef FG_OP
};
const size_t fg_command_count = FG_COUNT_OF(fg_commands);

typedef struct member {
    const char *shape;
    const char *name;
    const char *of;
} member_t;

typedef struct items {
    const char *operation;
    const char *wire;
    const char *member;
} items_t;

#define FG_SHAPE(name, kind, of)
#define FG_MEMBER(shape, name, of)
#define FG_PARAMETER(operation, option, member, place, wire, shape, need)
#define FG_ITEMS(operation, wire, member)
#define FG_TIMESTAMP(name)

#undef FG_SHAPE
#define FG_SHAPE(name, kind, of) {#name, FG_KIND_##kind, of},
static const fg_shape_t shapes[] = {
#include "parameters.def"
};
#undef FG_SHAPE
#define FG_SHAPE(name, kind, of)

#undef FG_MEMBER
#define FG_MEMBER(shape, name, of) {#shape, name, #of},
static const member_t members[] = {
#include "parameters.def"
};
#undef FG_MEMBER
#define FG_MEMBER(shape, name, of)

#define NEED_REQUIRED true
#define NEED_OPTIONAL false
#undef FG_PARAMETER
#define FG_PARAMETER(operation, option, member, place, wire, shape, need)                          \
    {#operation, option, member, FG_PLACE_##place, wire, #shape, NEED_##need},
static const fg_parameter_t parameters[] = {
#include "parameters.def"
};
#undef FG_PARAMETER
#define FG_PARAMETER(operation, option, member, place, wire, shape, need)

#undef FG_ITEMS
#define FG_ITEMS(operation, wire, member) {#operation, wire, member},
static const items_t items[] = {
#include "parameters.def"
};
#undef FG_ITEMS
#define FG_ITEMS(operation, wire, member)

#undef FG_TIMESTAMP
#define FG_TIMESTAMP(name) name,
static const char *const timestamps[] = {
#include "parameters.def"
};

/* Every capital begins a word; the operations of this service have no run of capitals. */
static void write_word(const char *operation, char ret_word[WORD_BYTES_MAX])
{
    size_t len = 0;

    for (const char *at = operation; *at; at++) {
        FG_ASSERT(len + 3 < WORD_BYTES_MAX);
        if (isupper((unsigned char)*at) && at != operation)
            ret_word[len++] = '-';
        ret_word[len++] = (char)tolower((unsigned char)*at);
    }
    ret_word[len] = '\0';
}

const char *fg_command_word(const fg_command_t *command)
{
    char word[WORD_BYTES_MAX];

    write_word(command->operation, word);
    return fg_text("%s", word);
}

const fg_command_t *fg_command_find(const char *word)
{
    char its_word[WORD_BYTES_MAX];

    for (size_t i = 0; i < fg_command_count; i++) {
        write_word(fg_commands[i].operation, its_word);
        if (strcmp(word, its_word) == 0)
            return &fg_commands[i];
    }
    return NULL;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance, one row at a time. Words as long as WORD_BYTES_MAX are far from
 * everything. */
static size_t distance(const char *a, const char *b)
{
    size_t row[WORD_BYTES_MAX];
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);

    if (a_len >= WORD_BYTES_MAX || b_len >= WORD_BYTES_MAX)
        return WORD_BYTES_MAX;
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t above = row[j];
            row[j] = smaller(smaller(above, row[j - 1]) + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[b_len];
}

const fg_command_t *fg_command_nearest(const char *word)
{
    const fg_command_t *nearest = NULL;
    size_t fewest = smaller(EDITS_MAX, strlen(word) / 2) + 1;
    char its_word[WORD_BYTES_MAX];

    for (size_t i = 0; i < fg_command_count; i++) {
        write_word(fg_commands[i].operation, its_word);
        size_t edits = distance(word, its_word);
        if (edits < fewest) {
            fewest = edits;
            nearest = &fg_commands[i];
        }
    }
    return nearest;
}

const fg_parameter_t *fg_command_parameters(const fg_command_t *command, size_t *ret_count)
{
    size_t first = 0;
    size_t count = 0;

    while (first < FG_COUNT_OF(parameters) &&
           strcmp(parameters[first].operation, command->operation) != 0)
        first++;
    while (first + count < FG_COUNT_OF(parameters) &&
           strcmp(parameters[first + count].operation, command->operation) == 0)
        count++;
    *ret_count = count;
    return parameters + first;
}

const fg_parameter_t *fg_parameter_find(const fg_command_t *command, fg_str_t option)
{
    size_t count;
    const fg_parameter_t *rows = fg_command_parameters(command, &count);

    for (size_t i = 0; i < count; i++) {
        if (fg_str_is(option, rows[i].option))
            return &rows[i];
    }
    return NULL;
}

const fg_shape_t *fg_shape_find(const char *name)
{
    for (size_t i = 0; i < FG_COUNT_OF(shapes); i++) {
        if (strcmp(shapes[i].name, name) == 0)
            return &shapes[i];
    }
    FG_ASSERT(!"every row names a shape");
    return NULL;
}

bool fg_shape_member_at(const fg_shape_t *shape, size_t index, const char **ret_name,
                        const fg_shape_t **ret_shape)
{
    for (size_t i = 0; i < FG_COUNT_OF(members); i++) {
        if (strcmp(members[i].shape, shape->name) == 0 && index-- == 0) {
            *ret_name = members[i].name;
            *ret_shape = fg_shape_find(members[i].of);
            return true;
        }
    }
    return false;
}

const fg_shape_t *fg_shape_member(const fg_shape_t *shape, fg_str_t name)
{
    const char *member;
    const fg_shape_t *of;

    for (size_t i = 0; fg_shape_member_at(shape, i, &member, &of); i++) {
        if (fg_str_is(name, member))
            return of;
    }
    return NULL;
}

const char *fg_shape_members(const fg_shape_t *shape)
{
    const char *text = "";
    const char *member;
    const fg_shape_t *of;

    for (size_t i = 0; fg_shape_member_at(shape, i, &member, &of); i++)
        text = fg_text("%s%s%s", text, *text ? ", " : "", member);
    return text;
}

bool fg_command_items(const fg_command_t *command, const char **ret_wire, const char **ret_member)
{
    for (size_t i = 0; i < FG_COUNT_OF(items); i++) {
        if (strcmp(items[i].operation, command->operation) == 0) {
            *ret_wire = items[i].wire;
            *ret_member = items[i].member;
            return true;
        }
    }
    return false;
}

bool fg_is_timestamp(const char *name)
{
    for (size_t i = 0; i < FG_COUNT_OF(timestamps); i++) {
        if (strcmp(timestamps[i], name) == 0)
            return true;
    }
    return false;
}
