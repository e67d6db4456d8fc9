/*
 * Reading goes by libyaml's events, one function per kind of node, depth and aliases counted on the way: no tree of
 * libyaml's is ever built. Writing hands libyaml's emitter one event per node and chooses the style of each text.
 */
#include "base/yaml.h"

#include "base/limits.h"

#include <yaml.h>

/* ---- plain scalars ---- */

typedef enum plain {
    PLAIN_TEXT,
    PLAIN_NULL,
    PLAIN_TRUE,
    PLAIN_FALSE,
    PLAIN_INTEGER,
    PLAIN_REAL
} plain_t;

static bool is_one_of(fg_str_t text, const char *const *words, size_t word_count)
{
    for (size_t i = 0; i < word_count; i++) {
        if (fg_str_is(text, words[i]))
            return true;
    }
    return false;
}

static size_t digits_skip(fg_str_t text, size_t at)
{
    while (at < text.len && text.at[at] >= '0' && text.at[at] <= '9')
        at++;
    return at;
}

/* -12, 0, 1.5, .5, 1e9. A leading zero (012) makes a text: readers differ on what it is worth. */
static plain_t number_kind(fg_str_t text)
{
    size_t start = text.len && (text.at[0] == '-' || text.at[0] == '+');
    size_t at = digits_skip(text, start), whole_count = at - start, fraction_count = 0;
    bool is_real = false;
    if (whole_count > 1 && text.at[start] == '0')
        return PLAIN_TEXT;
    if (at < text.len && text.at[at] == '.') {
        size_t end = digits_skip(text, at + 1);
        fraction_count = end - at - 1;
        at = end;
        is_real = true;
    }
    if (whole_count + fraction_count == 0)
        return PLAIN_TEXT;
    if (at < text.len && (text.at[at] == 'e' || text.at[at] == 'E')) {
        at++;
        at += at < text.len && (text.at[at] == '-' || text.at[at] == '+');
        size_t end = digits_skip(text, at);
        if (end == at)
            return PLAIN_TEXT;
        at = end;
        is_real = true;
    }
    if (at < text.len)
        return PLAIN_TEXT;
    return is_real ? PLAIN_REAL : PLAIN_INTEGER;
}

static plain_t plain_kind(fg_str_t text)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    static const char *const trues[] = {"true", "True", "TRUE"};
    static const char *const falses[] = {"false", "False", "FALSE"};
    if (is_one_of(text, nulls, FG_COUNT_OF(nulls)))
        return PLAIN_NULL;
    if (is_one_of(text, trues, FG_COUNT_OF(trues)))
        return PLAIN_TRUE;
    if (is_one_of(text, falses, FG_COUNT_OF(falses)))
        return PLAIN_FALSE;
    return number_kind(text);
}

/* ---- reading ---- */

typedef struct reader {
    yaml_parser_t parser;
    json_t *anchors; /* name -> value, the latest of a name */
    size_t alias_bytes;
    fg_error_t *error;
} reader_t;

#define EVENT_SCOPED __attribute__((cleanup(yaml_event_delete))) yaml_event_t

static fg_status_t refuse(reader_t *reader, yaml_mark_t mark, const char *what)
{
    return fg_error_set(reader->error, FG_SERIALIZATION, "", "%s at line %zu, column %zu", what,
                        mark.line + 1, mark.column + 1);
}

static fg_status_t no_memory(reader_t *reader)
{
    return fg_error_set(reader->error, FG_NO_MEMORY, "", "%s", fg_status_text(FG_NO_MEMORY));
}

static fg_status_t next_event(reader_t *reader, yaml_event_t *ret_event)
{
    yaml_parser_t *parser = &reader->parser;
    if (yaml_parser_parse(parser, ret_event))
        return FG_OK;
    if (parser->error == YAML_MEMORY_ERROR)
        return no_memory(reader);
    if (parser->error == YAML_READER_ERROR)
        return fg_error_set(reader->error, FG_SERIALIZATION, "", "%s at byte %zu", parser->problem,
                            parser->problem_offset + 1);
    return refuse(reader, parser->problem_mark, parser->problem);
}

static fg_str_t scalar_text(const yaml_event_t *event)
{
    return fg_str_of((const char *)event->data.scalar.value, event->data.scalar.length);
}

static fg_status_t read_number(reader_t *reader, const yaml_event_t *event, plain_t kind,
                               json_t **ret_value)
{
    fg_str_t text = scalar_text(event);
    int64_t integer;
    double real;
    if (text.at[0] == '+')
        text = fg_str_of(text.at + 1, text.len - 1);
    if (kind == PLAIN_INTEGER && fg_str_to_i64(text, &integer))
        *ret_value = json_integer(integer);
    else if (kind == PLAIN_REAL && fg_str_to_double(text, &real))
        *ret_value = json_real(real);
    else
        return refuse(reader, event->start_mark, "a number is out of range");
    return *ret_value ? FG_OK : no_memory(reader);
}

static fg_status_t read_scalar(reader_t *reader, const yaml_event_t *event, json_t **ret_value)
{
    fg_str_t text = scalar_text(event);
    plain_t kind =
        event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? plain_kind(text) : PLAIN_TEXT;
    switch (kind) {
    case PLAIN_NULL:
        *ret_value = json_null();
        return FG_OK;
    case PLAIN_TRUE:
    case PLAIN_FALSE:
        *ret_value = json_boolean(kind == PLAIN_TRUE);
        return FG_OK;
    case PLAIN_INTEGER:
    case PLAIN_REAL:
        return read_number(reader, event, kind, ret_value);
    case PLAIN_TEXT:
        break;
    }
    if (!fg_str_is_utf8(text))
        return refuse(reader, event->start_mark, "a text holds what no text may");
    *ret_value = fg_json_new_str(text);
    return *ret_value ? FG_OK : no_memory(reader);
}

/* Count what a copy of `value` at `depth` adds; false when it is too much. Stops there, so it costs no more than the
 * limit either. */
static bool has_room(reader_t *reader, const json_t *value, size_t depth)
{
    const char *name;
    json_t *part;
    size_t index;
    reader->alias_bytes += 1 + json_string_length(value);
    if (reader->alias_bytes > FG_YAML_ALIAS_BYTES_MAX)
        return false;
    if ((json_is_object(value) || json_is_array(value)) && depth >= FG_JSON_DEPTH_MAX)
        return false;
    json_array_foreach(value, index, part)
    {
        if (!has_room(reader, part, depth + 1))
            return false;
    }
    json_object_foreach((json_t *)(uintptr_t)value, name, part)
    {
        reader->alias_bytes += strlen(name);
        if (!has_room(reader, part, depth + 1))
            return false;
    }
    return true;
}

static fg_status_t read_alias(reader_t *reader, const yaml_event_t *event, size_t depth,
                              json_t **ret_value)
{
    json_t *value = json_object_get(reader->anchors, (const char *)event->data.alias.anchor);
    if (!value)
        return refuse(reader, event->start_mark, "an alias has no anchor before it");
    if (!has_room(reader, value, depth))
        return refuse(reader, event->start_mark, "aliases add more than is allowed");
    *ret_value = json_deep_copy(value);
    return *ret_value ? FG_OK : no_memory(reader);
}

static fg_status_t read_node(reader_t *reader, const yaml_event_t *event, size_t depth,
                             json_t **ret_value);

static fg_status_t read_sequence(reader_t *reader, size_t depth, json_t *array)
{
    for (;;) {
        EVENT_SCOPED event = {0};
        json_t *element = NULL;
        fg_status_t status = next_event(reader, &event);
        if (status != FG_OK || event.type == YAML_SEQUENCE_END_EVENT)
            return status;
        status = read_node(reader, &event, depth + 1, &element);
        if (status != FG_OK)
            return status;
        if (json_array_append_new(array, element) != 0)
            return no_memory(reader);
    }
}

static fg_status_t check_name(reader_t *reader, const yaml_event_t *event, const json_t *object)
{
    if (event->type != YAML_SCALAR_EVENT)
        return refuse(reader, event->start_mark, "the name of a member is no text");
    fg_str_t name = scalar_text(event);
    if (event->data.scalar.tag || event->data.scalar.anchor || !fg_str_is_utf8(name))
        return refuse(reader, event->start_mark, "the name of a member is no plain text");
    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && fg_str_is(name, "<<"))
        return refuse(reader, event->start_mark, "merge keys are not supported");
    if (json_object_get(object, name.at))
        return refuse(reader, event->start_mark, "a member stands twice");
    return FG_OK;
}

static fg_status_t read_mapping(reader_t *reader, size_t depth, json_t *object)
{
    for (;;) {
        EVENT_SCOPED name = {0};
        EVENT_SCOPED event = {0};
        json_t *value = NULL;
        fg_status_t status = next_event(reader, &name);
        if (status != FG_OK || name.type == YAML_MAPPING_END_EVENT)
            return status;
        status = check_name(reader, &name, object);
        if (status == FG_OK)
            status = next_event(reader, &event);
        if (status == FG_OK)
            status = read_node(reader, &event, depth + 1, &value);
        if (status != FG_OK)
            return status;
        if (json_object_set_new(object, scalar_text(&name).at, value) != 0)
            return no_memory(reader);
    }
}

/* The name and the tag of the two kinds of collection, which libyaml keeps apart. */
static void labels_of(const yaml_event_t *event, const yaml_char_t **ret_anchor,
                      const yaml_char_t **ret_tag)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        *ret_anchor = event->data.scalar.anchor;
        *ret_tag = event->data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        *ret_anchor = event->data.sequence_start.anchor;
        *ret_tag = event->data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        *ret_anchor = event->data.mapping_start.anchor;
        *ret_tag = event->data.mapping_start.tag;
        break;
    default:
        break;
    }
}

static fg_status_t read_collection(reader_t *reader, const yaml_event_t *event, size_t depth,
                                   json_t **ret_value)
{
    bool is_mapping = event->type == YAML_MAPPING_START_EVENT;
    if (depth >= FG_JSON_DEPTH_MAX)
        return fg_error_set(reader->error, FG_SERIALIZATION, "",
                            "nested deeper than %d at line %zu, column %zu", FG_JSON_DEPTH_MAX,
                            event->start_mark.line + 1, event->start_mark.column + 1);
    FG_JSON_SCOPED *value = is_mapping ? json_object() : json_array();
    if (!value)
        return no_memory(reader);
    fg_status_t status =
        is_mapping ? read_mapping(reader, depth, value) : read_sequence(reader, depth, value);
    if (status == FG_OK)
        *ret_value = json_incref(value);
    return status;
}

static fg_status_t read_node(reader_t *reader, const yaml_event_t *event, size_t depth,
                             json_t **ret_value)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    FG_JSON_SCOPED *value = NULL;
    fg_status_t status;
    labels_of(event, &anchor, &tag);
    if (tag)
        return refuse(reader, event->start_mark, "tags are not supported");
    if (event->type == YAML_ALIAS_EVENT)
        status = read_alias(reader, event, depth, &value);
    else if (event->type == YAML_SCALAR_EVENT)
        status = read_scalar(reader, event, &value);
    else
        status = read_collection(reader, event, depth, &value);
    if (status != FG_OK)
        return status;
    if (anchor && json_object_set(reader->anchors, (const char *)anchor, value) != 0)
        return no_memory(reader);
    *ret_value = json_incref(value);
    return FG_OK;
}

/* Skip to the first node of the stream, whose only document it must be. */
static fg_status_t read_stream(reader_t *reader, json_t **ret_value)
{
    FG_JSON_SCOPED *value = NULL;
    for (;;) {
        EVENT_SCOPED event = {0};
        fg_status_t status = next_event(reader, &event);
        if (status != FG_OK)
            return status;
        if (event.type == YAML_STREAM_END_EVENT)
            break;
        if (event.type == YAML_STREAM_START_EVENT || event.type == YAML_DOCUMENT_END_EVENT)
            continue;
        if (event.type == YAML_DOCUMENT_START_EVENT && value)
            return refuse(reader, event.start_mark, "a second document begins");
        if (event.type != YAML_DOCUMENT_START_EVENT)
            status = read_node(reader, &event, 0, &value);
        if (status != FG_OK)
            return status;
    }
    if (!value)
        return fg_error_set(reader->error, FG_SERIALIZATION, "",
                            "there is no document at line 1, column 1");
    *ret_value = json_incref(value);
    return FG_OK;
}

static fg_status_t parse_yaml(fg_str_t text, json_t **ret_value, fg_error_t *reterr)
{
    reader_t reader = {.error = reterr, .anchors = json_object()};
    fg_status_t status = FG_NO_MEMORY;
    if (!reader.anchors || !yaml_parser_initialize(&reader.parser)) {
        json_decref(reader.anchors);
        return no_memory(&reader);
    }
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text.at, text.len);
    status = read_stream(&reader, ret_value);
    yaml_parser_delete(&reader.parser);
    json_decref(reader.anchors);
    return status;
}

fg_status_t fg_yaml_parse(fg_str_t text, json_t **ret_value, fg_error_t *reterr)
{
    fg_error_t json_error = {0};
    if (text.len > FG_CONTROL_BODY_BYTES_MAX)
        return fg_error_set(reterr, FG_TOO_LARGE, "", "a document has at most %d bytes",
                            FG_CONTROL_BODY_BYTES_MAX);
    size_t start = 0;
    while (start < text.len && strchr(" \t\r\n", text.at[start]))
        start++;
    bool is_json = start < text.len && (text.at[start] == '{' || text.at[start] == '[');
    json_t *value = is_json ? fg_json_parse(text, &json_error) : NULL;
    if (value) {
        *ret_value = value;
        return FG_OK;
    }
    fg_status_t status = parse_yaml(text.at ? text : FG_STR(""), ret_value, reterr);
    if (status == FG_SERIALIZATION && is_json) /* what it looks like explains it best */
        return fg_error_set(reterr, status, "", "%s", json_error.message);
    return status;
}

/* ---- writing ---- */

typedef struct writer {
    yaml_emitter_t emitter;
    fg_arena_t *arena;
    char *bytes;
    size_t len, room;
} writer_t;

/* The old half stays in the arena until that is dropped: at most as much again as the text. */
static int take_bytes(void *ctx, unsigned char *bytes, size_t count)
{
    writer_t *writer = ctx;
    if (writer->len + count > writer->room) {
        size_t room = 2 * (writer->len + count) + 1024;
        char *larger = fg_arena_alloc(writer->arena, room);
        if (!larger)
            return 0;
        if (writer->len)
            memcpy(larger, writer->bytes, writer->len);
        writer->bytes = larger;
        writer->room = room;
    }
    memcpy(writer->bytes + writer->len, bytes, count);
    writer->len += count;
    return 1;
}

/* Would a plain scalar of this text read as something else: here, or (yes, 0x1f, 12:30, 2024-01-01) elsewhere? */
static bool reads_otherwise(fg_str_t text)
{
    static const char *const words[] = {"y",     "n",    "yes", "no", "on",   "off", "true",
                                        "false", "null", "=",   "<<", ".inf", ".nan"};
    if (plain_kind(text) != PLAIN_TEXT)
        return true;
    for (size_t i = 0; i < FG_COUNT_OF(words); i++) {
        if (fg_str_eq_nocase(text, fg_str(words[i])))
            return true;
    }
    if (!strchr("0123456789+-.", text.at[0]))
        return false;
    size_t dot_count = 0;
    for (size_t i = 0; i < text.len; i++) {
        dot_count += text.at[i] == '.';
        if (!strchr("0123456789abcdefABCDEFxXoOinIN_:+-.TtZz ", text.at[i]))
            return false;
    }
    return dot_count < 2; /* 1.0.0 is a text everywhere */
}

/* Line breaks that YAML 1.1 knows besides \n would not come back as they were. */
static bool has_odd_breaks(fg_str_t text)
{
    return memchr(text.at, '\r', text.len) || memmem(text.at, text.len, "\xc2\x85", 2) ||
           memmem(text.at, text.len, "\xe2\x80\xa8", 3) ||
           memmem(text.at, text.len, "\xe2\x80\xa9", 3);
}

static yaml_scalar_style_t style_of(fg_str_t text, bool is_name)
{
    if (reads_otherwise(text) || has_odd_breaks(text))
        return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    if (!memchr(text.at, '\n', text.len))
        return YAML_PLAIN_SCALAR_STYLE;
    return is_name || strchr(" \t\n", text.at[0]) ? YAML_DOUBLE_QUOTED_SCALAR_STYLE
                                                  : YAML_LITERAL_SCALAR_STYLE;
}

static bool emit(writer_t *writer, yaml_event_t *event, int is_ready)
{
    return is_ready && yaml_emitter_emit(&writer->emitter, event);
}

static bool write_scalar(writer_t *writer, fg_str_t text, yaml_scalar_style_t style)
{
    yaml_event_t event;
    return emit(writer, &event,
                yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text.at,
                                             (int)text.len, 1, 1, style));
}

static bool write_text(writer_t *writer, fg_str_t text, bool is_name)
{
    return write_scalar(writer, text, style_of(text, is_name));
}

static bool write_node(writer_t *writer, const json_t *value);

static bool write_array(writer_t *writer, const json_t *array)
{
    yaml_event_t event;
    yaml_sequence_style_t style =
        json_array_size(array) ? YAML_BLOCK_SEQUENCE_STYLE : YAML_FLOW_SEQUENCE_STYLE;
    bool is_ok =
        emit(writer, &event, yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, style));
    for (size_t i = 0; is_ok && i < json_array_size(array); i++)
        is_ok = write_node(writer, json_array_get(array, i));
    return is_ok && emit(writer, &event, yaml_sequence_end_event_initialize(&event));
}

static bool write_object(writer_t *writer, const json_t *object)
{
    yaml_event_t event;
    const char *name;
    json_t *value;
    yaml_mapping_style_t style =
        json_object_size(object) ? YAML_BLOCK_MAPPING_STYLE : YAML_FLOW_MAPPING_STYLE;
    bool is_ok =
        emit(writer, &event, yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, style));
    json_object_foreach((json_t *)(uintptr_t)object, name, value) is_ok =
        is_ok && write_text(writer, fg_str(name), true) && write_node(writer, value);
    return is_ok && emit(writer, &event, yaml_mapping_end_event_initialize(&event));
}

static bool write_node(writer_t *writer, const json_t *value)
{
    if (json_is_object(value))
        return write_object(writer, value);
    if (json_is_array(value))
        return write_array(writer, value);
    if (json_is_string(value))
        return write_text(writer, fg_json_str(value), false);
    fg_str_t text = fg_json_render(value, writer->arena);
    return text.at && write_scalar(writer, text, YAML_PLAIN_SCALAR_STYLE);
}

static bool write_document(writer_t *writer, const json_t *value)
{
    yaml_event_t event;
    return emit(writer, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING)) &&
           emit(writer, &event,
                yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1)) &&
           write_node(writer, value) &&
           emit(writer, &event, yaml_document_end_event_initialize(&event, 1)) &&
           emit(writer, &event, yaml_stream_end_event_initialize(&event));
}

fg_str_t fg_yaml_render(const json_t *value, fg_arena_t *arena)
{
    writer_t writer = {.arena = arena};
    if (!yaml_emitter_initialize(&writer.emitter))
        return FG_STR_NONE;
    yaml_emitter_set_output(&writer.emitter, take_bytes, &writer);
    yaml_emitter_set_unicode(&writer.emitter, 1);
    yaml_emitter_set_width(&writer.emitter, -1);
    bool is_ok = write_document(&writer, value);
    yaml_emitter_delete(&writer.emitter);
    return is_ok ? fg_str_of(writer.bytes, writer.len) : FG_STR_NONE;
}
