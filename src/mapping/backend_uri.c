#include "mapping/backend_uri.h"

#include "mapping/sink.h"

#include <ctype.h>

typedef struct composer {
    const fg_backend_uri_request_t *request;
    fg_sink_t sink;
    bool has_query; /* the question mark is written */
    bool has_value; /* a value was put into the path */
} composer_t;

/* ---- values ---- */

static bool is_kept(char c, bool is_encoded, bool is_in_query)
{
    if (isalnum((unsigned char)c) || (c != '\0' && strchr("-._~!$'()*,;:@/", c) != NULL))
        return true;
    if (c == '%')
        return is_encoded;
    if (c == '&' || c == '+')
        return !is_in_query || (c == '+' && is_encoded);
    if (c == '=')
        return true;
    return c == '?' && is_in_query;
}

/* Control bytes go through as they are, so that the look at the whole refuses them; so do the
 * client's blanks, which no honest URI has. */
static void value_byte(composer_t *composer, char c, bool is_encoded)
{
    static const char digits[] = "0123456789ABCDEF";
    unsigned char byte = (unsigned char)c;
    bool is_refused = byte < 0x20 || byte == 0x7f || (byte == ' ' && is_encoded);
    if (is_refused || is_kept(c, is_encoded, composer->has_query)) {
        fg_sink_byte(&composer->sink, c);
        return;
    }
    fg_sink_byte(&composer->sink, '%');
    fg_sink_byte(&composer->sink, digits[byte >> 4]);
    fg_sink_byte(&composer->sink, digits[byte & 15]);
}

static void value_write(composer_t *composer, fg_str_t value, bool is_encoded)
{
    for (size_t at = 0; at < value.len; at++)
        value_byte(composer, value.at[at], is_encoded);
}

/* ---- the integration's own path and query ---- */

static fg_backend_uri_own_t own_of(const fg_backend_uri_request_t *request)
{
    if (!request->route)
        return *request->own;
    fg_route_entry_t entry = fg_route_entry(request->route, request->method_index);
    return (fg_backend_uri_own_t){.path = entry.path,
                                  .path_parameter_count = entry.path_parameter_count,
                                  .query_parameter_count = entry.query_parameter_count};
}

static fg_route_pair_t path_parameter_at(const fg_backend_uri_request_t *request, size_t index)
{
    if (!request->route)
        return request->own->path_parameters[index];
    return fg_route_entry_path_parameter(request->route, request->method_index, index);
}

static fg_route_pair_t query_parameter_at(const fg_backend_uri_request_t *request, size_t index)
{
    if (!request->route)
        return request->own->query_parameters[index];
    return fg_route_entry_query_parameter(request->route, request->method_index, index);
}

static bool path_parameter(const fg_backend_uri_request_t *request, fg_str_t name,
                           fg_str_t *ret_expression)
{
    size_t count = own_of(request).path_parameter_count;
    for (size_t i = 0; i < count; i++) {
        fg_route_pair_t pair = path_parameter_at(request, i);
        if (fg_str_eq(pair.name, name)) {
            *ret_expression = pair.value;
            return true;
        }
    }
    return false;
}

/* The request's own variable `name`: asked for under its full name, put together on the stack. */
static fg_str_t path_variable(const fg_backend_uri_request_t *request, fg_str_t name)
{
    static const char prefix[] = "method.request.path.";
    char full[sizeof(prefix) + 256];
    if (name.len > 256)
        return FG_STR_NONE;
    memcpy(full, prefix, sizeof(prefix) - 1);
    if (name.len > 0)
        memcpy(full + sizeof(prefix) - 1, name.at, name.len);
    return request->source->lookup(request->source->ctx,
                                   fg_str_of(full, sizeof(prefix) - 1 + name.len));
}

static void placeholder_write(composer_t *composer, fg_str_t name)
{
    fg_str_t expression;
    if (name.len > 1 && name.at[name.len - 1] == '+')
        name.len--;
    composer->has_value |= !composer->has_query;
    if (path_parameter(composer->request, name, &expression))
        value_write(composer, fg_mapping_evaluate(expression, composer->request->source),
                    fg_mapping_is_encoded(expression));
    else
        value_write(composer, path_variable(composer->request, name), true);
}

static void own_write(composer_t *composer, fg_str_t path)
{
    while (path.len > 0) {
        fg_str_t rest = path;
        fg_str_t literal = fg_str_cut(&rest, '{');
        size_t close = fg_str_find(rest, '}');
        for (size_t at = 0; at < literal.len; at++) {
            composer->has_query |= literal.at[at] == '?';
            fg_sink_byte(&composer->sink, literal.at[at]);
        }
        if (rest.at == NULL)
            return;
        if (close == rest.len) { /* a brace that is never closed is a brace */
            fg_sink_byte(&composer->sink, '{');
            path = rest;
            continue;
        }
        placeholder_write(composer, fg_str_of(rest.at, close));
        path = fg_str_of(rest.at + close + 1, rest.len - close - 1);
    }
}

/* ---- the client's query and the mapped one ---- */

static void joint_write(composer_t *composer)
{
    char last = composer->sink.last;
    if (!composer->has_query)
        fg_sink_byte(&composer->sink, '?');
    else if (last != '?' && last != '&')
        fg_sink_byte(&composer->sink, '&');
    composer->has_query = true;
}

/* Rule 6.9: the client's first; an absent or empty value is not sent. */
static void query_write(composer_t *composer, size_t parameter_count)
{
    const fg_backend_uri_request_t *request = composer->request;
    if (request->client_query.len > 0) {
        joint_write(composer);
        fg_sink_text(&composer->sink, request->client_query);
    }
    for (size_t i = 0; i < parameter_count; i++) {
        fg_route_pair_t pair = query_parameter_at(request, i);
        fg_str_t value = fg_mapping_evaluate(pair.value, request->source);
        if (value.len == 0)
            continue;
        joint_write(composer);
        value_write(composer, pair.name, true);
        fg_sink_byte(&composer->sink, '=');
        value_write(composer, value, fg_mapping_is_encoded(pair.value));
    }
}

/* ---- the look at the whole ---- */

static bool has_byte_refused(fg_str_t uri)
{
    for (size_t at = 0; at < uri.len; at++) {
        unsigned char byte = (unsigned char)uri.at[at];
        if (byte <= 0x20 || byte == 0x7f || byte == '#')
            return true;
    }
    return false;
}

/* One character of a path as a lenient backend reads it: dots, slashes and backslashes decoded. */
static char lenient_byte(fg_str_t path, size_t *at)
{
    static const struct {
        char text[4];
        char byte;
    } codes[] = {{"%2e", '.'}, {"%2f", '/'}, {"%5c", '/'}};
    char byte = path.at[(*at)++];
    for (size_t i = 0; byte == '%' && path.len - *at >= 2 && i < FG_COUNT_OF(codes); i++) {
        if (fg_str_eq_nocase(fg_str_of(path.at + *at - 1, 3), fg_str_of(codes[i].text, 3))) {
            *at += 2;
            return codes[i].byte;
        }
    }
    return byte == '\\' ? '/' : byte;
}

static bool has_dot_segment(fg_str_t path)
{
    size_t dots = 0;
    bool is_dots = true;
    for (size_t at = 0; at < path.len;) {
        char byte = lenient_byte(path, &at);
        if (byte == '/' || byte == ';') {
            if (is_dots && (dots == 1 || dots == 2))
                return true;
            is_dots = byte == '/';
            dots = 0;
            continue;
        }
        is_dots = is_dots && byte == '.';
        dots++;
    }
    return is_dots && (dots == 1 || dots == 2);
}

fg_backend_uri_outcome_t fg_backend_uri_compose(const fg_backend_uri_request_t *request, char *ret,
                                                size_t room, size_t *ret_len)
{
    composer_t composer = {.request = request, .sink = {ret, room, 0, '\0'}};
    fg_backend_uri_own_t own = own_of(request);
    own_write(&composer, own.path);
    query_write(&composer, own.query_parameter_count);
    if (composer.sink.len > room) {
        *ret_len = composer.sink.len;
        return FG_BACKEND_URI_TOO_LONG;
    }
    fg_str_t uri = fg_str_of(ret, composer.sink.len);
    fg_str_t rest = uri;
    if (has_byte_refused(uri) || (composer.has_value && has_dot_segment(fg_str_cut(&rest, '?'))))
        return FG_BACKEND_URI_REFUSED;
    *ret_len = uri.len;
    return FG_BACKEND_URI_OK;
}
