#include "arguments.h"

#include "shorthand.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>

enum { FILE_BYTES_MAX = 16 * 1024 * 1024, ITEMS_MAX = 1000000000 };

/* Options that every command knows. A row without an argument is a flag. */
static const struct {
    const char *name;
    const char *argument;
    size_t offset; /* of a const char * in fg_arguments_t */
    const char *help;
} globals[] = {
#define MEMBER(path) offsetof(fg_arguments_t, path)
    {"--endpoint-url", "URL", MEMBER(wishes.endpoint),
     "the control API; found in the data directory"},
    {"--data-dir", "DIR", MEMBER(wishes.data_dir), "whose endpoint and credentials to use"},
    {"--region", "NAME", MEMBER(wishes.region), "of the signature; us-east-1"},
    {"--profile", "NAME", MEMBER(wishes.profile), "in the shared credentials file"},
    {"--output", "json|text|table", MEMBER(output), "how the answer is printed; json"},
    {"--query", "PATH", MEMBER(query),
     "print that part: id, items[0].id, items[].name, items[?name=='x'].id"},
    {"--cli-input-json", "JSON", MEMBER(input_json), "all parameters at once, or file://PATH"},
    {"--client-token", "TEXT", MEMBER(wishes.client_token),
     "of a create: sent again within 24 hours it is one create"},
    {"--starting-token", "TOKEN", MEMBER(starting_token), "NextToken of an earlier list"},
    {"--max-items", "N", MEMBER(max_items_text), "list no more than that"},
    {"--page-size", "N", MEMBER(page_size_text), "ask for that many at once"},
    {"--no-paginate", NULL, MEMBER(no_paginate), "one page only"},
    {"--debug", NULL, MEMBER(debug), "the exchange with the service on stderr"},
    {"--no-cli-pager", NULL, MEMBER(ignored), "accepted: there is no pager"},
    {"--no-verify-ssl", NULL, MEMBER(ignored), "accepted: certificates are checked all the same"},
    {"--color", "WHEN", MEMBER(ignored), "accepted: there are no colours"},
    {"--generate-cli-skeleton", NULL, MEMBER(skeleton), "print an empty --cli-input-json"},
    {"--help", NULL, MEMBER(help), "this text"},
#undef MEMBER
};

void fg_arguments_help(void)
{
    for (size_t i = 0; i < FG_COUNT_OF(globals); i++)
        printf("  %s%s%s\n      %s\n", globals[i].name, globals[i].argument ? " " : "",
               globals[i].argument ? globals[i].argument : "", globals[i].help);
}

/* An option's name and, when written with `=`, its value. */
static fg_str_t option_of(const char *word, const char **ret_value)
{
    fg_str_t rest = fg_str(word);
    fg_str_t name = fg_str_cut(&rest, '=');

    *ret_value = rest.at;
    return name;
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] == '-' && word[2] != '\0';
}

bool fg_arguments_global(int argc, char **argv, int *i, fg_arguments_t *arguments)
{
    const char *value;
    fg_str_t name = option_of(argv[*i], &value);

    for (size_t row = 0; row < FG_COUNT_OF(globals); row++) {
        if (!fg_str_is(name, globals[row].name))
            continue;
        const char **member = (const char **)(void *)((char *)arguments + globals[row].offset);
        if (!globals[row].argument)
            value = "";
        else if (!value && *i + 1 < argc)
            value = argv[++*i];
        *member = value;
        return value != NULL;
    }
    return false;
}

/* The words that belong to an option. */
typedef struct words {
    const char *first; /* behind a `=`; NULL: the words are in argv */
    char **argv;
    int count;
} words_t;

static words_t take_words(const char *behind, int argc, char **argv, int *i)
{
    words_t words = {.first = behind, .argv = argv + *i + 1};

    if (behind) {
        words.count = 1;
        return words;
    }
    while (*i + 1 < argc && !is_option(argv[*i + 1])) {
        words.count++;
        ++*i;
    }
    return words;
}

/* The text of a word, or of the file it names. FG_STR_NONE after an error. */
static fg_str_t load(const char *word, fg_error_t *reterr)
{
    const char *path = NULL;

    if (strncmp(word, "file://", 7) == 0)
        path = word + 7;
    else if (strncmp(word, "fileb://", 8) == 0)
        path = word + 8;
    if (!path)
        return fg_str(word);
    fg_str_t text = fg_read_file(path, FILE_BYTES_MAX);
    if (!text.at)
        fg_error_set(reterr, FG_BAD_REQUEST, "", "Unable to load paramfile %s: %s", word,
                     strerror(errno));
    return text;
}

static fg_str_t word_at(const words_t *words, int index, fg_error_t *reterr)
{
    return load(words->first ? words->first : words->argv[index], reterr);
}

static bool is_json(fg_str_t text)
{
    text = fg_str_trim(text);
    while (text.len && (text.at[0] == '\n' || text.at[0] == '\r'))
        text = fg_str_trim(fg_str_of(text.at + 1, text.len - 1));
    return text.len && (text.at[0] == '{' || text.at[0] == '[');
}

/* One word of a list, or the only one of a structure or map: JSON or shorthand. New reference. */
static json_t *parse_complex(fg_str_t text, const fg_shape_t *shape, fg_error_t *reterr)
{
    if (!text.at)
        return NULL;
    if (is_json(text))
        return fg_json_parse(text, reterr);
    if (shape->kind == FG_KIND_LIST) { /* a list of lists has no short form */
        fg_error_set(reterr, FG_BAD_REQUEST, "", "a JSON list is expected");
        return NULL;
    }
    FG_JSON_SCOPED *raw = fg_shorthand_parse(text, reterr);
    return raw ? fg_shape_convert(raw, shape, reterr) : NULL;
}

static json_t *parse_list(const words_t *words, const fg_shape_t *shape, fg_error_t *reterr)
{
    const fg_shape_t *of = fg_shape_find(shape->of);
    fg_str_t first = words->count ? word_at(words, 0, reterr) : FG_STR("");

    if (!first.at)
        return NULL;
    if (words->count == 1 && is_json(first) && fg_str_trim(first).at[0] != '{')
        return fg_json_parse(first, reterr);
    json_t *list = json_array();
    for (int i = 0; i < words->count; i++) {
        fg_str_t text = word_at(words, i, reterr);
        json_t *element = NULL;
        if (text.at)
            element = of->kind <= FG_KIND_BLOB ? fg_shape_scalar(text, of, reterr)
                                               : parse_complex(text, of, reterr);
        if (!element || json_array_append_new(list, element) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* Several words of a map or structure are pairs that a blank separates instead of a comma, which
 * the AWS CLI refuses. */
static json_t *parse_value(const words_t *words, const fg_shape_t *shape, fg_error_t *reterr)
{
    if (shape->kind == FG_KIND_LIST)
        return parse_list(words, shape, reterr);
    if (words->count != 1) {
        fg_error_set(reterr, FG_BAD_REQUEST, "", "expected one argument, not %d", words->count);
        return NULL;
    }
    fg_str_t text = word_at(words, 0, reterr);
    if (!text.at)
        return NULL;
    return shape->kind <= FG_KIND_BLOB ? fg_shape_scalar(text, shape, reterr)
                                       : parse_complex(text, shape, reterr);
}

static fg_status_t parse_parameter(const fg_parameter_t *parameter, const words_t *words,
                                   fg_arguments_t *arguments, fg_error_t *reterr)
{
    const fg_shape_t *shape = fg_shape_find(parameter->shape);
    fg_error_t reason = {.message = ""};

    if (parameter->place == FG_PLACE_PAYLOAD && words->count == 1) {
        arguments->payload = word_at(words, 0, reterr);
        return arguments->payload.at ? FG_OK : FG_BAD_REQUEST;
    }
    json_t *value = parse_value(words, shape, &reason);
    if (value && json_object_set_new(arguments->input, parameter->member, value) == 0)
        return FG_OK;
    return fg_error_set(reterr, FG_BAD_REQUEST, parameter->option,
                        "Error parsing parameter '--%s': %s", parameter->option, reason.message);
}

static const struct {
    const char *option;
    const char *op;
} patch_options[] = {
    {"--add-op", "add"},   {"--remove-op", "remove"}, {"--replace-op", "replace"},
    {"--copy-op", "copy"}, {"--move-op", "move"},     {"--test-op", "test"},
};

static const char *patch_op_of(fg_str_t option)
{
    for (size_t i = 0; i < FG_COUNT_OF(patch_options); i++) {
        if (fg_str_is(option, patch_options[i].option))
            return patch_options[i].op;
    }
    return NULL;
}

/* Rule X7: each word is a patch operation without its op, put behind those there already. */
static fg_status_t parse_patch(const char *op, const words_t *words, fg_arguments_t *arguments,
                               fg_error_t *reterr)
{
    const fg_shape_t *shape = fg_shape_find("PatchOperation");
    json_t *list = json_object_get(arguments->input, "patchOperations");
    fg_error_t reason = {.message = "expected path=..,value=.."};

    if (!list) {
        list = json_array();
        json_object_set_new(arguments->input, "patchOperations", list);
    }
    for (int i = 0; i < words->count; i++) {
        FG_JSON_SCOPED *patch = parse_complex(word_at(words, i, &reason), shape, &reason);
        if (!json_is_object(patch) || json_object_set_new(patch, "op", json_string(op)) != 0 ||
            json_array_append(list, patch) != 0)
            return fg_error_set(reterr, FG_BAD_REQUEST, "", "Error parsing parameter '--%s-op': %s",
                                op, reason.message);
    }
    return words->count
               ? FG_OK
               : fg_error_set(reterr, FG_BAD_REQUEST, "", "--%s-op: expected an argument", op);
}

/* `--enabled` and `--no-enabled`; also `--enabled true` and `--enabled=false`, which scripts
 * contain. */
static bool parse_flag(const fg_command_t *command, fg_str_t option, const char *behind, int argc,
                       char **argv, int *i, json_t *input)
{
    bool is_no = fg_str_starts_with(option, FG_STR("no-"));
    const fg_parameter_t *row = fg_parameter_find(command, option);
    bool value = true;

    if (!row && is_no) {
        row = fg_parameter_find(command, fg_str_of(option.at + 3, option.len - 3));
        value = false;
    }
    if (!row || fg_shape_find(row->shape)->kind != FG_KIND_BOOLEAN)
        return false;
    const char *word = behind ? behind : *i + 1 < argc ? argv[*i + 1] : "";
    if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0) {
        value = value == (strcmp(word, "true") == 0);
        *i += behind == NULL;
    }
    return json_object_set_new(input, row->member, json_boolean(value)) == 0;
}

static fg_status_t parse_option(const fg_command_t *command, int argc, char **argv, int *i,
                                fg_arguments_t *arguments, fg_error_t *reterr)
{
    const char *behind;
    fg_str_t name = option_of(argv[*i], &behind);
    fg_str_t option = fg_str_of(name.at + 2, name.len - 2);
    const char *op = patch_op_of(name);

    if (op && fg_parameter_find(command, FG_STR("patch-operations"))) {
        words_t words = take_words(behind, argc, argv, i);
        return parse_patch(op, &words, arguments, reterr);
    }
    if (parse_flag(command, option, behind, argc, argv, i, arguments->input))
        return FG_OK;
    const fg_parameter_t *row = fg_parameter_find(command, option);
    if (row) {
        words_t words = take_words(behind, argc, argv, i);
        return parse_parameter(row, &words, arguments, reterr);
    }
    if (fg_arguments_global(argc, argv, i, arguments))
        return FG_OK;
    return fg_error_set(reterr, FG_BAD_REQUEST, "", "Unknown options: %.*s", FG_STR_ARG(name));
}

/* Members of --cli-input-json that the command line did not give. */
static fg_status_t merge_input_json(const fg_command_t *command, fg_arguments_t *arguments,
                                    fg_error_t *reterr)
{
    size_t count;
    const fg_parameter_t *rows = fg_command_parameters(command, &count);
    fg_error_t reason = {.message = ""};
    fg_str_t text = load(arguments->input_json, &reason);
    FG_JSON_SCOPED *json = text.at ? fg_json_parse(text, &reason) : NULL;
    const char *name;
    json_t *value;

    if (!json_is_object(json))
        return fg_error_set(reterr, FG_BAD_REQUEST, "",
                            "Error parsing parameter 'cli-input-json': %s",
                            *reason.message ? reason.message : "an object is expected");
    json_object_foreach(json, name, value)
    {
        size_t row = 0;
        while (row < count && strcmp(rows[row].member, name) != 0)
            row++;
        if (row == count)
            return fg_error_set(reterr, FG_BAD_REQUEST, name,
                                "Parameter validation failed: Unknown parameter in input: \"%s\"",
                                name);
        if (rows[row].place == FG_PLACE_PAYLOAD && !arguments->payload.at)
            arguments->payload = fg_str(fg_text_of(fg_json_str(value)));
        else if (!json_object_get(arguments->input, name))
            json_object_set(arguments->input, name, value);
    }
    return FG_OK;
}

static fg_status_t parse_numbers(fg_arguments_t *arguments, fg_error_t *reterr)
{
    const struct {
        const char *option;
        const char *text;
        int64_t low;
        int64_t *value;
    } numbers[] = {
        {"--max-items", arguments->max_items_text, 0, &arguments->max_items},
        {"--page-size", arguments->page_size_text, 1, &arguments->page_size},
    };

    for (size_t i = 0; i < FG_COUNT_OF(numbers); i++) {
        int64_t value = numbers[i].low;
        if (!numbers[i].text)
            continue;
        if (!fg_str_to_i64(fg_str(numbers[i].text), &value) || value < numbers[i].low ||
            value > ITEMS_MAX)
            return fg_error_set(reterr, FG_BAD_REQUEST, "", "%s: '%s' is not a number that can be",
                                numbers[i].option, numbers[i].text);
        *numbers[i].value = value;
    }
    return FG_OK;
}

fg_status_t fg_arguments_parse(const fg_command_t *command, int argc, char **argv,
                               fg_arguments_t *ret_arguments, fg_error_t *reterr)
{
    fg_status_t status = FG_OK;

    ret_arguments->max_items = -1;
    ret_arguments->input = json_object();
    if (!ret_arguments->input)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    for (int i = 0; i < argc && status == FG_OK; i++) {
        if (strcmp(argv[i], "help") == 0 && argc == 1)
            ret_arguments->help = "";
        else if (is_option(argv[i]))
            status = parse_option(command, argc, argv, &i, ret_arguments, reterr);
        else
            status = fg_error_set(reterr, FG_BAD_REQUEST, "", "Unknown options: %s", argv[i]);
    }
    if (status == FG_OK && ret_arguments->input_json)
        status = merge_input_json(command, ret_arguments, reterr);
    return status == FG_OK ? parse_numbers(ret_arguments, reterr) : status;
}

void fg_arguments_release(fg_arguments_t *arguments)
{
    json_decref(arguments->input);
    arguments->input = NULL;
}
