/*
 * Every handler with good requests made bad: the input says which rows of every.h are sent in which order, and what is
 * changed in each: JSON by its structure, paths by their parts, queries by their names.
 *
 * With FG_FUZZ_SHOW in the environment each call is shown with its answer.
 *
 * Shape      One byte: calls. Per call two bytes of row, one of changes; per change one of kind and its arguments.
 *            Bytes that are missing are 0.
 *
 * Whatever comes, the answer is the row's success or a modelled refusal with a text, never trouble of ours; a refused
 * call changed nothing; and all that is stored can still be shown.
 */
#include "control/every.h"

#include <fcntl.h>
#include <stdint.h>

enum { CALLS_MAX = 6, CHANGES_MAX = 3, TARGET_BYTES_MAX = 2048 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

/* ---- the input ---- */

typedef struct input {
    const uint8_t *at, *end;
} input_t;

static uint8_t take(input_t *input)
{
    return input->at < input->end ? *input->at++ : 0;
}

#define LAMBDA_URI                                                                                 \
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"                               \
    "arn:aws:lambda:us-east-1:000000000000:function:f/invocations"

static const char *const words[] = {
    "",
    "a",
    "0",
    "-1",
    "1",
    "25",
    "500",
    "501",
    "99999999999999999999",
    "9223372036854775807",
    "18446744073709551616",
    "1e308",
    "-1e308",
    "1.5",
    "NaN",
    "true",
    "FALSE",
    "null",
    "NONE",
    "AWS_IAM",
    "CUSTOM",
    "COGNITO_USER_POOLS",
    "MOCK",
    "HTTP",
    "AWS",
    "AWS_PROXY",
    "VPC_LINK",
    "ANY",
    "GET",
    "200",
    "99",
    "600",
    "prod",
    "test",
    "nothing",
    "(none)",
    "*",
    "*/*",
    "/",
    "//",
    "..",
    "%00",
    "%ff",
    "%2F",
    "~",
    "~0",
    "~1",
    "~1pets/GET",
    "/pets/GET",
    "//GET",
    "\xc3\xa9",
    "{",
    "}",
    "{x}",
    "{x+}",
    "{proxy+}",
    "${stageVariables.h}",
    "${stageVariables.",
    "$context.requestId",
    "'text'",
    "'",
    "method.request.header.h",
    "method.request.querystring.q",
    "integration.request.path.p",
    "integration.response.header.a",
    "method.response.header.a",
    "stageVariables.h",
    "context.requestId",
    "application/json",
    "application~1json",
    "text/plain",
    "$default",
    "Empty",
    "http://localhost:1/",
    "https://[::1]:70000/",
    "http://",
    "ftp://h/",
    "arn:aws:apigateway:us-east-1::/restapis/nothing",
    "arn:aws:apigateway:us-east-1::/apikeys/",
    "arn:aws:lambda:us-east-1:000000000000:function:f",
    LAMBDA_URI,
    "2026-11-25",
    "2026-11-31",
    "2026-11",
    "DAY",
    "WEEK",
    "MONTH",
    "24h",
    "0s",
    "10.0.0.0/8",
    "::/0",
    "allow 10.0.0.0/8",
    "[1,2]",
    "{\"a\":1}",
    "[[[[",
    "\"",
    "\\",
    "aws:x",
    "mode",
    "import",
    "merge",
    "overwrite",
    "failonwarnings",
    "format",
    "csv",
    "limit",
    "position",
    "embed",
    "name",
    "customerId",
    "includeValue",
    "includeValues",
    "keyId",
    "startDate",
    "endDate",
    "deploymentId",
    "tagKeys",
    "apisummary",
    "methods",
    "oas30",
    "swagger",
    "stageName",
    "patchOperations",
    "op",
    "path",
    "value",
    "from",
    "add",
    "remove",
    "replace",
    "move",
    "copy",
    "faregate",
    "quota",
    "throttle",
    "rateLimit",
    "burstLimit",
    "period",
    "offset",
    "apiStages",
    "variables",
    "canarySettings",
    "percentTraffic",
};

/* A word, now and then one long enough for every limit. */
static fg_str_t word(input_t *input, fg_arena_t *arena)
{
    enum { LONG_BYTES = 140000 };
    uint8_t choice = take(input);
    if (choice < 250)
        return fg_str(words[choice % FG_COUNT_OF(words)]);
    size_t len = choice == 255 ? LONG_BYTES : choice == 254 ? 1025 : choice == 253 ? 257 : 129;
    char *text = fg_arena_alloc(arena, len + 1);
    if (!text)
        abort();
    memset(text, 'x', len);
    return fg_str_of(text, len);
}

/* ---- JSON by its structure ---- */

static json_t *nested(size_t depth)
{
    json_t *value = json_array();
    for (size_t i = 1; i < depth; i++) {
        json_t *outer = json_array();
        json_array_append_new(outer, value);
        value = outer;
    }
    return value;
}

static json_t *many(size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_integer((json_int_t)i));
    return list;
}

/* New reference. */
static json_t *odd_value(input_t *input, fg_arena_t *arena)
{
    switch (take(input) % 14) {
    case 0:
        return json_null();
    case 1:
        return json_true();
    case 2:
        return json_false();
    case 3:
        return json_integer(0);
    case 4:
        return json_integer(INT64_MIN);
    case 5:
        return json_integer(INT64_MAX);
    case 6:
        return json_integer((int8_t)take(input));
    case 7:
        return json_real(1e300);
    case 8:
        return json_real(-0.5);
    case 9:
        return json_array();
    case 10:
        return json_object();
    case 11:
        return nested(FG_JSON_DEPTH_MAX - 4 + take(input) % 8);
    case 12:
        return many(990 + take(input) % 32);
    default:
        return fg_json_new_str(word(input, arena));
    }
}

/* The `index`-th value below `parent`, itself not counted; its parent and place. */
typedef struct place {
    json_t *parent;
    const char *member; /* of an object */
    size_t element;     /* of an array */
} place_t;

static bool find_place(json_t *parent, size_t *index, place_t *ret_place)
{
    const char *member;
    size_t element;
    json_t *value;
    json_object_foreach(parent, member, value)
    {
        if ((*index)-- == 0) {
            *ret_place = (place_t){parent, member, 0};
            return true;
        }
        if (find_place(value, index, ret_place))
            return true;
    }
    json_array_foreach(parent, element, value)
    {
        if ((*index)-- == 0) {
            *ret_place = (place_t){parent, NULL, element};
            return true;
        }
        if (find_place(value, index, ret_place))
            return true;
    }
    return false;
}

static json_t *value_of(const place_t *place)
{
    return place->member ? json_object_get(place->parent, place->member)
                         : json_array_get(place->parent, place->element);
}

static void set_value(const place_t *place, json_t *value)
{
    if (place->member)
        json_object_set_new(place->parent, place->member, value);
    else
        json_array_set_new(place->parent, place->element, value);
}

static void add_member(json_t *object, fg_str_t name, json_t *value)
{
    if (json_is_object(object))
        json_object_setn_new(object, name.at, name.len, value);
    else if (json_is_array(object))
        json_array_append_new(object, value);
    else
        json_decref(value);
}

static void change_json(input_t *input, fg_arena_t *arena, json_t *root)
{
    uint8_t kind = take(input);
    size_t index = take(input);
    place_t place, other;
    if (!find_place(root, &index, &place)) {
        fg_str_t name = word(input, arena);
        add_member(root, name, odd_value(input, arena));
        return;
    }
    size_t other_index = take(input);
    switch (kind % 5) {
    case 0:
        set_value(&place, odd_value(input, arena));
        break;
    case 1:
        if (place.member)
            json_object_del(place.parent, place.member);
        else
            json_array_remove(place.parent, place.element);
        break;
    case 2: /* a text, the type stays */
        set_value(&place, fg_json_new_str(word(input, arena)));
        break;
    case 3: /* a copy of another part */
        if (find_place(root, &other_index, &other))
            set_value(&place, json_deep_copy(value_of(&other)));
        break;
    default: {
        fg_str_t name = word(input, arena);
        add_member(json_is_object(value_of(&place)) || json_is_array(value_of(&place))
                       ? value_of(&place)
                       : place.parent,
                   name, odd_value(input, arena));
    }
    }
}

static fg_str_t change_bytes(input_t *input, fg_arena_t *arena, fg_str_t body)
{
    char *copy = fg_arena_text(arena, body);
    for (uint8_t left = take(input) % 8; copy && body.len && left; left--) {
        size_t at = ((size_t)take(input) << 8 | take(input)) % body.len;
        copy[at] = (char)take(input);
    }
    return fg_str_of(copy, body.len);
}

static fg_str_t change_body(input_t *input, fg_arena_t *arena, fg_str_t body)
{
    fg_error_t error;
    FG_JSON_SCOPED *root = fg_json_parse(body.len ? body : FG_STR("{}"), &error);
    if (!root)
        return change_bytes(input, arena, body);
    change_json(input, arena, root);
    char *text = json_dumps(root, JSON_COMPACT | JSON_ENCODE_ANY);
    fg_str_t changed = text ? fg_arena_copy(arena, fg_str(text)) : body;
    free(text);
    return changed;
}

/* ---- target ---- */

static fg_str_t change_part(input_t *input, fg_arena_t *arena, fg_str_t target)
{
    fg_str_t query = target, out = FG_STR("");
    fg_str_t path = fg_str_cut(&query, '?');
    size_t wanted = take(input) % 9, index = 0;
    while (path.at) {
        fg_str_t part = fg_str_cut(&path, '/');
        if (index == wanted)
            part = word(input, arena);
        out = fg_arena_printf(arena, "%.*s%s%.*s", FG_STR_ARG(out), index ? "/" : "",
                              FG_STR_ARG(part));
        index++;
    }
    return query.at ? fg_arena_printf(arena, "%.*s?%.*s", FG_STR_ARG(out), FG_STR_ARG(query)) : out;
}

static fg_str_t change_query(input_t *input, fg_arena_t *arena, fg_str_t target)
{
    fg_str_t name = word(input, arena), value = word(input, arena);
    bool has_query = fg_str_find(target, '?') < target.len;
    return fg_arena_printf(arena, "%.*s%c%.*s=%.*s", FG_STR_ARG(target), has_query ? '&' : '?',
                           FG_STR_ARG(name), FG_STR_ARG(value));
}

/* ---- the installation, made once and put back for each input ---- */

typedef struct file {
    const char *name;
    char *bytes;
    size_t count;
} file_t;

static every_t every;
static file_t files[] = {{"faregate.db", NULL, 0}, {"secret.key", NULL, 0}};

static void must(bool condition, const char *what)
{
    if (condition)
        return;
    (void)fprintf(stderr, "handlers_fuzz: %s\n", what);
    abort();
}

static void path_of(const char *name, char ret_path[128])
{
    (void)snprintf(ret_path, 128, "%s/%s", every.dir, name);
}

static void load_file(file_t *file)
{
    char path[128];
    path_of(file->name, path);
    FILE *stream = fopen(path, "rb");
    must(stream && fseek(stream, 0, SEEK_END) == 0, "a file of the store");
    file->count = (size_t)ftell(stream);
    file->bytes = malloc(file->count);
    rewind(stream);
    must(fread(file->bytes, 1, file->count, stream) == file->count, "a file of the store");
    (void)fclose(stream);
}

static void save_file(const file_t *file)
{
    char path[128];
    path_of(file->name, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    must(fd >= 0 && write(fd, file->bytes, file->count) == (ssize_t)file->count, "put back");
    (void)close(fd);
}

static void remove_all(void)
{
    (void)nftw(every.dir, every_unlink, 8, FTW_DEPTH | FTW_PHYS);
}

static void build(void)
{
    must(every_init(&every), "no installation");
    for (size_t i = 0; strcmp(every_rows[i].verb, "DELETE") != 0; i++)
        must(every_call(&every, &every_rows[i]), "a row fails");
    fg_store_close(every.store);
    for (size_t i = 0; i < FG_COUNT_OF(files); i++)
        load_file(&files[i]);
    (void)atexit(remove_all);
}

static void put_back(void)
{
    for (size_t i = 0; i < FG_COUNT_OF(files); i++)
        save_file(&files[i]);
    every.seed = 4711;
    must(every_open(&every), "it does not open again");
}

/* ---- the answer ---- */

static uint64_t last_change(void)
{
    fg_error_t error;
    uint64_t seq = 0;
    must(fg_store_change_last(every.store, &seq, &error) == FG_OK, "no last change");
    return seq;
}

static fg_str_t header_of(const char *name)
{
    for (size_t i = 0; i < every.response.header_count; i++)
        if (fg_str_is(every.response.headers[i].name, name))
            return every.response.headers[i].value;
    return FG_STR("");
}

static void check_answer(uint64_t change_before)
{
    fg_error_t error;
    int status = every.response.status;
    fg_str_t body = every.response.body;
    must(status < 500 || status == 501, "trouble of ours");
    bool is_json = fg_str_is(header_of("Content-Type"), "application/json");
    FG_JSON_SCOPED *json = is_json && body.len ? fg_json_parse(body, &error) : json_null();
    must(json != NULL, "the answer is no JSON");
    if (status < 300)
        return;
    const char *key =
        fg_str_is(header_of("x-amzn-ErrorType"), "AccessDeniedException") ? "Message" : "message";
    must(fg_json_str(json_object_get(json, key)).len > 0, "a refusal without a text");
    must(header_of("x-amzn-ErrorType").len > 0, "a refusal without a type");
    must(last_change() == change_before, "a refused call changed something");
}

static void send_changed(input_t *input, fg_arena_t *arena)
{
    size_t index = ((size_t)take(input) << 8 | take(input)) % FG_COUNT_OF(every_rows);
    uint8_t first = take(input);
    if (strcmp(every_rows[index].verb, "DELETE") == 0 && first < 224) /* little would be left */
        index /= 2;
    const every_row_t *row = &every_rows[index];
    fg_str_t target = every_fill(&every, arena, row->target),
             body = every_fill(&every, arena, row->body);
    for (uint8_t left = first % (CHANGES_MAX + 1); left; left--) {
        uint8_t kind = take(input) % 8;
        if (kind < 6)
            body = change_body(input, arena, body);
        else if (kind == 6)
            target = change_part(input, arena, target);
        else
            target = change_query(input, arena, target);
    }
    if (getenv("FG_FUZZ_SHOW"))
        (void)fprintf(stderr, "%s %.*s %.*s\n", row->verb, FG_STR_ARG(target),
                      (int)(body.len < 600 ? body.len : 600), body.at);
    uint64_t change = last_change();
    every_send(&every, arena, row->verb, target, body);
    if (getenv("FG_FUZZ_SHOW"))
        (void)fprintf(stderr, "  %d %.*s\n", every.response.status,
                      FG_STR_ARG(every.response.body));
    check_answer(change);
}

/* What is stored can be shown. */
static void look_around(fg_arena_t *arena)
{
    for (size_t i = 0; strcmp(every_rows[i].verb, "DELETE") != 0; i++) {
        const every_row_t *row = &every_rows[i];
        if (strcmp(row->verb, "GET") != 0)
            continue;
        fg_arena_reset(arena);
        uint64_t change = last_change();
        every_send(&every, arena, row->verb, every_fill(&every, arena, row->target), FG_STR(""));
        check_answer(change);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    if (!files[0].bytes)
        build();
    input_t input = {bytes, bytes + count};
    fg_arena_t *arena = fg_arena_new();
    must(arena != NULL, "out of memory");
    put_back();
    for (uint8_t left = take(&input) % CALLS_MAX + 1; left; left--) {
        fg_arena_reset(arena);
        send_changed(&input, arena);
    }
    look_around(arena);
    fg_arena_free(arena);
    fg_store_close(every.store);
    return 0;
}
