#include "mapping/template.h"

#include "mapping/sink.h"

#include <ctype.h>

static bool is_name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* The longest name at the front: parts joined by single dots, no dot at its end. */
static fg_str_t name_at(fg_str_t text)
{
    size_t len = 0;
    while (len < text.len) {
        bool is_joint =
            text.at[len] == '.' && len > 0 && len + 1 < text.len && is_name_byte(text.at[len + 1]);
        if (!is_joint && !is_name_byte(text.at[len]))
            break;
        len++;
    }
    return fg_str_of(text.at, len);
}

static void json_byte(fg_sink_t *sink, char byte)
{
    static const char digits[] = "0123456789abcdef";
    static const char plain[] = "\"\\\b\f\n\r\t";
    static const char escaped[] = "\"\\bfnrt";
    const char *found = byte ? strchr(plain, byte) : NULL;
    if (found != NULL) {
        fg_sink_byte(sink, '\\');
        fg_sink_byte(sink, escaped[found - plain]);
    } else if ((unsigned char)byte < 0x20) {
        fg_sink_text(sink, FG_STR("\\u00"));
        fg_sink_byte(sink, digits[(unsigned char)byte >> 4]);
        fg_sink_byte(sink, digits[byte & 15]);
    } else {
        fg_sink_byte(sink, byte);
    }
}

/* Rule 6.8: null, without quotes, when there is no message. */
static void message_string(fg_sink_t *sink, const fg_mapping_source_t *source)
{
    fg_str_t message = source->lookup(source->ctx, FG_STR("context.error.message"));
    if (message.at == NULL) {
        fg_sink_text(sink, FG_STR("null"));
        return;
    }
    fg_sink_byte(sink, '"');
    for (size_t at = 0; at < message.len; at++)
        json_byte(sink, message.at[at]);
    fg_sink_byte(sink, '"');
}

static void value_write(fg_sink_t *sink, fg_str_t name, const fg_mapping_source_t *source)
{
    if (fg_str_is(name, "context.error.messageString"))
        message_string(sink, source);
    else
        fg_sink_text(sink, source->lookup(source->ctx, name));
}

/* The reference at the front of `text`, which starts with a dollar or stands at the start of a
 * word; *ret_bytes is what it takes up. FG_STR_NONE when there is none. */
static fg_str_t reference_at(fg_str_t text, size_t *ret_bytes)
{
    fg_str_t rest = text;
    bool has_dollar = rest.at[0] == '$';
    if (has_dollar)
        rest = fg_str_of(rest.at + 1, rest.len - 1);
    bool is_braced = has_dollar && rest.len > 0 && rest.at[0] == '{';
    if (is_braced)
        rest = fg_str_of(rest.at + 1, rest.len - 1);
    fg_str_t name = name_at(rest);
    if (!fg_mapping_is_reference(name) ||
        (!has_dollar && !fg_str_starts_with(name, FG_STR("method.request."))))
        return FG_STR_NONE;
    if (is_braced && (name.len == rest.len || rest.at[name.len] != '}'))
        return FG_STR_NONE;
    *ret_bytes = has_dollar + 2 * (size_t)is_braced + name.len;
    return name;
}

size_t fg_mapping_render(fg_str_t text, const fg_mapping_source_t *source, char *ret, size_t room)
{
    fg_sink_t sink = {ret, room, 0, '\0'};
    bool is_in_word = false;
    for (size_t at = 0; at < text.len;) {
        bool may_start = text.at[at] == '$' || (text.at[at] == 'm' && !is_in_word);
        size_t bytes;
        fg_str_t name =
            may_start ? reference_at(fg_str_of(text.at + at, text.len - at), &bytes) : FG_STR_NONE;
        if (name.at != NULL) {
            value_write(&sink, name, source);
            at += bytes;
            is_in_word = false;
            continue;
        }
        is_in_word = is_name_byte(text.at[at]) || text.at[at] == '.' || text.at[at] == '$';
        fg_sink_byte(&sink, text.at[at++]);
    }
    return sink.len;
}
