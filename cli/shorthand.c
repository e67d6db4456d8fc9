#include "shorthand.h"

#include "base/limits.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

typedef struct parser {
    fg_str_t text;
    size_t at;
    unsigned depth;
    fg_error_t *error;
} parser_t;

static json_t *parse_item(parser_t *parser);

static bool is_end(const parser_t *parser)
{
    return parser->at >= parser->text.len;
}

static bool is_at(const parser_t *parser, char byte)
{
    return !is_end(parser) && parser->text.at[parser->at] == byte;
}

static void skip_blanks(parser_t *parser)
{
    while (!is_end(parser) && isspace((unsigned char)parser->text.at[parser->at]))
        parser->at++;
}

static void *fail(parser_t *parser, const char *wanted)
{
    fg_str_t rest = fg_str_of(parser->text.at + parser->at, parser->text.len - parser->at);

    if (is_end(parser))
        fg_error_set(parser->error, FG_BAD_REQUEST, "",
                     "Expected: '%s', received: 'EOF' for input: %.*s", wanted,
                     FG_STR_ARG(parser->text));
    else
        fg_error_set(parser->error, FG_BAD_REQUEST, "",
                     "Expected: '%s', received: '%c' at position %zu of: %.*s", wanted, rest.at[0],
                     parser->at, FG_STR_ARG(parser->text));
    return NULL;
}

static bool expect(parser_t *parser, char byte)
{
    const char wanted[] = {byte, '\0'};

    skip_blanks(parser);
    if (!is_at(parser, byte)) {
        fail(parser, wanted);
        return false;
    }
    parser->at++;
    skip_blanks(parser);
    return true;
}

static json_t *new_word(parser_t *parser, const char *bytes, size_t len)
{
    json_t *word = json_stringn(bytes, len);

    return word ? word : fail(parser, "UTF-8 text");
}

/* Between quotes; a backslash before the quote or a backslash takes it as it is, before all else it
 * stands for itself. */
static json_t *parse_quoted(parser_t *parser)
{
    char quote = parser->text.at[parser->at++];
    size_t room = parser->text.len - parser->at + 1;
    char *bytes = fg_arena_alloc(fg_cli_arena(), room);
    size_t len = 0;
    const char wanted[] = {quote, '\0'};

    if (!bytes)
        return NULL;
    while (!is_end(parser) && !is_at(parser, quote)) {
        bool is_escape =
            is_at(parser, '\\') && parser->at + 1 < parser->text.len &&
            (parser->text.at[parser->at + 1] == quote || parser->text.at[parser->at + 1] == '\\');
        parser->at += is_escape;
        bytes[len++] = parser->text.at[parser->at++];
    }
    if (is_end(parser))
        return fail(parser, wanted);
    parser->at++;
    return new_word(parser, bytes, len);
}

/* Bytes that cannot begin a plain word, and those that end it; further words of a list end at `=`
 * too, which is how `a=b,c,d=e` is told from `a=b,c,d`. */
static const char not_first[] = "\"',=[{";
static const char not_inside[] = "\"',]}";
static const char not_inside_further[] = "\"',=";

static bool is_one_of(char byte, const char *set)
{
    return byte != '\0' && strchr(set, byte) != NULL;
}

/* A plain word, empty where none begins; blanks at its end are not part of it. New string. */
static json_t *parse_plain(parser_t *parser, const char *ends)
{
    char *bytes = fg_arena_alloc(fg_cli_arena(), parser->text.len - parser->at + 1);
    size_t len = 0;

    if (!bytes)
        return NULL;
    while (!is_end(parser)) {
        bool is_comma = is_at(parser, '\\') && parser->at + 1 < parser->text.len &&
                        parser->text.at[parser->at + 1] == ',';
        char byte = parser->text.at[parser->at];
        if (!is_comma && is_one_of(byte, len ? ends : not_first))
            break;
        parser->at += is_comma;
        bytes[len++] = parser->text.at[parser->at++];
    }
    while (len > 0 && isspace((unsigned char)bytes[len - 1]))
        len--;
    return new_word(parser, bytes, len);
}

static bool is_quote(const parser_t *parser)
{
    return is_at(parser, '\'') || is_at(parser, '"');
}

static json_t *parse_word(parser_t *parser, const char *ends)
{
    return is_quote(parser) ? parse_quoted(parser) : parse_plain(parser, ends);
}

static fg_str_t parse_key(parser_t *parser)
{
    size_t first = parser->at;

    skip_blanks(parser);
    first = parser->at;
    while (!is_end(parser) && (isalnum((unsigned char)parser->text.at[parser->at]) ||
                               is_one_of(parser->text.at[parser->at], "-_.#/:{}+*~$")))
        parser->at++;
    return fg_str_of(parser->text.at + first, parser->at - first);
}

/* Put `value` (stolen) under `key` in `object`; a key that is there already is an error. */
static bool put(parser_t *parser, json_t *object, fg_str_t key, json_t *value)
{
    if (!value)
        return false;
    const char *name = fg_text_of(key);
    if (json_object_get(object, name)) {
        json_decref(value);
        fg_error_set(parser->error, FG_BAD_REQUEST, "", "'%s' is given twice", name);
        return false;
    }
    return json_object_set_new(object, name, value) == 0;
}

static json_t *parse_list(parser_t *parser)
{
    json_t *list = json_array();

    if (!expect(parser, '['))
        goto failed;
    while (!is_at(parser, ']')) {
        json_t *item = parse_item(parser);
        if (!item || json_array_append_new(list, item) != 0)
            goto failed;
        skip_blanks(parser);
        if (!is_at(parser, ']') && !expect(parser, ','))
            goto failed;
    }
    parser->at++;
    return list;
failed:
    json_decref(list);
    return NULL;
}

static json_t *parse_structure(parser_t *parser)
{
    json_t *object = json_object();

    if (!expect(parser, '{'))
        goto failed;
    while (!is_at(parser, '}')) {
        fg_str_t key = parse_key(parser);
        if (!key.len) {
            fail(parser, "key");
            goto failed;
        }
        if (!expect(parser, '=') || !put(parser, object, key, parse_item(parser)))
            goto failed;
        skip_blanks(parser);
        if (!is_at(parser, '}') && !expect(parser, ','))
            goto failed;
    }
    parser->at++;
    return object;
failed:
    json_decref(object);
    return NULL;
}

static json_t *parse_item(parser_t *parser)
{
    json_t *item = NULL;

    if (++parser->depth > FG_JSON_DEPTH_MAX)
        return fail(parser, "less nesting");
    if (is_at(parser, '['))
        item = parse_list(parser);
    else if (is_at(parser, '{'))
        item = parse_structure(parser);
    else
        item = parse_word(parser, not_inside);
    parser->depth--;
    return item;
}

/* True when what begins here is `key=`: the pair after the comma, not one more word of the list. */
static bool is_key_ahead(const parser_t *parser)
{
    parser_t ahead = *parser;

    return parse_key(&ahead).len && (skip_blanks(&ahead), is_at(&ahead, '='));
}

/* A word, or several with commas between: then a list. */
static json_t *parse_words(parser_t *parser)
{
    json_t *first = parse_word(parser, not_inside);
    json_t *list = NULL;

    while (first) {
        size_t comma = parser->at;
        skip_blanks(parser);
        if (!is_at(parser, ','))
            break;
        parser->at++;
        skip_blanks(parser);
        if (is_end(parser) && !list) { /* `a=b,`: a list of one */
            list = json_pack("[o]", first);
            break;
        }
        if (is_key_ahead(parser)) {
            parser->at = comma;
            break;
        }
        if (!list)
            list = json_pack("[o]", first);
        json_t *next = parse_word(parser, not_inside_further);
        if (!list || !next || json_array_append_new(list, next) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list ? list : first;
}

static json_t *parse_value(parser_t *parser)
{
    if (is_end(parser))
        return json_string("");
    if (is_at(parser, '['))
        return parse_list(parser);
    return is_at(parser, '{') ? parse_structure(parser) : parse_words(parser);
}

json_t *fg_shorthand_parse(fg_str_t text, fg_error_t *reterr)
{
    parser_t parser = {.text = text, .error = reterr};
    json_t *object = json_object();

    do {
        fg_str_t key = parse_key(&parser);
        if (!key.len) {
            fail(&parser, "key");
            goto failed;
        }
        if (!expect(&parser, '=') || !put(&parser, object, key, parse_value(&parser)))
            goto failed;
        skip_blanks(&parser);
    } while (!is_end(&parser) && expect(&parser, ','));
    if (is_end(&parser))
        return object;
failed:
    json_decref(object);
    return NULL;
}

json_t *fg_shape_scalar(fg_str_t text, const fg_shape_t *shape, fg_error_t *reterr)
{
    int64_t number;
    double fraction;

    switch (shape->kind) {
    case FG_KIND_INTEGER:
        if (fg_str_to_i64(text, &number))
            return json_integer(number);
        fg_error_set(reterr, FG_BAD_REQUEST, "", "'%.*s' is not a whole number", FG_STR_ARG(text));
        return NULL;
    case FG_KIND_DOUBLE:
        if (fg_str_to_double(text, &fraction))
            return json_real(fraction);
        fg_error_set(reterr, FG_BAD_REQUEST, "", "'%.*s' is not a number", FG_STR_ARG(text));
        return NULL;
    case FG_KIND_BOOLEAN:
        if (fg_str_eq_nocase(text, FG_STR("true")) || fg_str_eq_nocase(text, FG_STR("false")))
            return json_boolean(fg_str_eq_nocase(text, FG_STR("true")));
        fg_error_set(reterr, FG_BAD_REQUEST, "", "'%.*s' is neither true nor false",
                     FG_STR_ARG(text));
        return NULL;
    default:
        break;
    }
    json_t *string = json_stringn(text.at ? text.at : "", text.len);
    if (!string)
        fg_error_set(reterr, FG_BAD_REQUEST, "", "the text is not UTF-8");
    return string;
}

/* Rule X7: other names of members that the guide uses. */
static const struct {
    const char *shape;
    const char *alias;
    const char *member;
} aliases[] = {
    {"ThrottleSettings", "rate", "rateLimit"},
    {"ThrottleSettings", "burst", "burstLimit"},
    {"ApiStage", "api", "apiId"},
    {"ApiStage", "stageName", "stage"},
};

static const char *real_member(const fg_shape_t *shape, const char *name)
{
    for (size_t i = 0; i < FG_COUNT_OF(aliases); i++) {
        if (strcmp(aliases[i].shape, shape->name) == 0 && strcmp(aliases[i].alias, name) == 0)
            return aliases[i].member;
    }
    return name;
}

static json_t *convert_list(json_t *value, const fg_shape_t *shape, fg_error_t *reterr)
{
    const fg_shape_t *of = fg_shape_find(shape->of);
    json_t *list = json_array();
    size_t count = json_is_array(value) ? json_array_size(value) : 1;

    for (size_t i = 0; i < count; i++) {
        json_t *element = json_is_array(value) ? json_array_get(value, i) : value;
        json_t *converted = fg_shape_convert(element, of, reterr);
        if (!converted || json_array_append_new(list, converted) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *convert_member(const fg_shape_t *shape, const char *name, json_t *value,
                              fg_error_t *reterr)
{
    const fg_shape_t *of = shape->kind == FG_KIND_MAP ? fg_shape_find(shape->of)
                                                      : fg_shape_member(shape, fg_str(name));

    if (of)
        return fg_shape_convert(value, of, reterr);
    fg_error_set(reterr, FG_BAD_REQUEST, "", "unknown member '%s', must be one of: %s", name,
                 fg_shape_members(shape));
    return NULL;
}

static json_t *convert_object(json_t *value, const fg_shape_t *shape, fg_error_t *reterr)
{
    json_t *object = json_object();
    const char *key;
    json_t *member;

    json_object_foreach(value, key, member)
    {
        const char *name = shape->kind == FG_KIND_STRUCTURE ? real_member(shape, key) : key;
        json_t *converted = convert_member(shape, name, member, reterr);
        if (!converted || json_object_set_new(object, name, converted) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

json_t *fg_shape_convert(json_t *value, const fg_shape_t *shape, fg_error_t *reterr)
{
    fg_str_t text = fg_json_str(value);

    if (shape->kind == FG_KIND_LIST)
        return convert_list(value, shape, reterr);
    if (shape->kind == FG_KIND_MAP || shape->kind == FG_KIND_STRUCTURE) {
        if (json_is_object(value))
            return convert_object(value, shape, reterr);
    } else if (text.at) {
        return fg_shape_scalar(text, shape, reterr);
    }
    fg_error_set(reterr, FG_BAD_REQUEST, "", "a %s cannot stand here",
                 json_is_array(value)    ? "list"
                 : json_is_object(value) ? "structure"
                                         : "word");
    return NULL;
}
