#include "request.h"

#include "base/uri.h"

#include <inttypes.h>

const char *fg_request_missing(const fg_command_t *command, const json_t *input, fg_str_t payload)
{
    size_t count;
    const fg_parameter_t *rows = fg_command_parameters(command, &count);
    const char *missing = NULL;

    for (size_t i = 0; i < count; i++) {
        bool is_there = rows[i].place == FG_PLACE_PAYLOAD
                            ? payload.at != NULL
                            : json_object_get(input, rows[i].member) != NULL;
        if (rows[i].is_required && !is_there)
            missing =
                fg_text("%s%s--%s", missing ? missing : "", missing ? ", " : "", rows[i].option);
    }
    return missing;
}

/* A scalar as paths and queries write it. */
static fg_str_t scalar_text(const json_t *value)
{
    if (json_is_boolean(value))
        return json_is_true(value) ? FG_STR("true") : FG_STR("false");
    if (json_is_integer(value))
        return fg_str(fg_text("%" PRId64, (int64_t)json_integer_value(value)));
    if (json_is_string(value))
        return fg_json_str(value);
    return fg_json_render(value, fg_cli_arena());
}

static fg_str_t encoded(const json_t *value)
{
    return fg_uri_encode(scalar_text(value), NULL, fg_cli_arena());
}

/* Fill the {} of the row's path with the PATH rows, which stand in its order. */
static fg_str_t make_path(const fg_command_t *command, const json_t *input)
{
    size_t count;
    const fg_parameter_t *row = fg_command_parameters(command, &count);
    const char *path = "";
    fg_str_t rest = fg_str(command->path);

    while (rest.at) {
        fg_str_t plain = fg_str_cut(&rest, '{');
        path = fg_text("%s%.*s", path, FG_STR_ARG(plain));
        if (!rest.at)
            break;
        FG_ASSERT(count > 0 && row->place == FG_PLACE_PATH);
        fg_str_t label = encoded(json_object_get(input, row->member));
        path = fg_text("%s%.*s", path, FG_STR_ARG(label));
        row++;
        count--;
        rest = fg_str_of(rest.at + 1, rest.len - 1); /* the closing brace */
    }
    return fg_str(path);
}

static const char *add_pair(const char *query, const char *name, const json_t *value)
{
    fg_str_t its_name = fg_uri_encode(fg_str(name), NULL, fg_cli_arena());
    fg_str_t text = encoded(value);

    return fg_text("%s%s%.*s=%.*s", query, *query ? "&" : "", FG_STR_ARG(its_name),
                   FG_STR_ARG(text));
}

static const char *add_parameter(const char *query, const fg_parameter_t *row, json_t *value)
{
    const char *name;
    json_t *element;
    size_t i;

    if (row->place == FG_PLACE_QUERY_MAP && json_is_object(value)) {
        json_object_foreach(value, name, element) query = add_pair(query, name, element);
        return query;
    }
    if (json_is_array(value)) {
        json_array_foreach(value, i, element) query = add_pair(query, row->wire, element);
        return query;
    }
    return add_pair(query, row->wire, value);
}

static fg_str_t make_query(const fg_command_t *command, const json_t *input)
{
    size_t count;
    const fg_parameter_t *rows = fg_command_parameters(command, &count);
    const char *query = command->query ? command->query : "";

    for (size_t i = 0; i < count; i++) {
        json_t *value = json_object_get(input, rows[i].member);
        if (value && (rows[i].place == FG_PLACE_QUERY || rows[i].place == FG_PLACE_QUERY_MAP))
            query = add_parameter(query, &rows[i], value);
    }
    return fg_str(query);
}

static fg_str_t make_body(const fg_command_t *command, const json_t *input)
{
    size_t count;
    const fg_parameter_t *rows = fg_command_parameters(command, &count);
    FG_JSON_SCOPED *body = json_object();

    for (size_t i = 0; i < count; i++) {
        json_t *value = json_object_get(input, rows[i].member);
        if (value && rows[i].place == FG_PLACE_BODY)
            json_object_set(body, rows[i].wire, value);
    }
    return fg_json_render(body, fg_cli_arena());
}

static const char *header_text(const fg_command_t *command, const json_t *input, const char *wire)
{
    size_t count;
    const fg_parameter_t *rows = fg_command_parameters(command, &count);

    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(input, rows[i].member);
        if (value && rows[i].place == FG_PLACE_HEADER && strcmp(rows[i].wire, wire) == 0)
            return fg_text_of(scalar_text(value));
    }
    return NULL;
}

static const char *message_of(json_t *body, fg_str_t raw)
{
    fg_str_t text = fg_json_str(json_object_get(body, "message"));

    if (!text.at)
        text = fg_json_str(json_object_get(body, "Message"));
    if (text.at)
        return fg_text_of(text);
    return raw.len && raw.len < 200 ? fg_text_of(fg_str_trim(raw)) : "the answer has no message";
}

static fg_status_t refuse(const fg_http_answer_t *answer, json_t *body, fg_refusal_t *ret_refusal)
{
    *ret_refusal = (fg_refusal_t){
        .http_status = answer->status,
        .type = answer->error_type.len ? fg_text_of(answer->error_type)
                                       : fg_text("%ld", answer->status),
        .message = message_of(body, answer->body),
    };
    return FG_DENIED;
}

fg_status_t fg_request_exchange(const fg_http_request_t *request, json_t **ret_output,
                                fg_refusal_t *ret_refusal, fg_error_t *reterr)
{
    fg_http_answer_t answer;
    fg_error_t reason = {.message = ""};

    *ret_output = NULL;
    if (fg_http_call(request, &answer, &reason) != FG_OK)
        return fg_error_set(reterr, FG_IO, "", "Could not connect to the endpoint URL: \"%s\" (%s)",
                            request->endpoint, reason.message);
    json_t *body = answer.body.len ? fg_json_parse(answer.body, &reason) : NULL;
    if (answer.status < 200 || answer.status > 299) {
        fg_status_t status = refuse(&answer, body, ret_refusal);
        json_decref(body);
        return status;
    }
    if (answer.body.len && !body)
        return fg_error_set(reterr, FG_IO, "", "the answer is no JSON: %s", reason.message);
    *ret_output = body;
    return FG_OK;
}

fg_status_t fg_request_send(const fg_context_t *context, const fg_command_t *command, json_t *input,
                            fg_str_t payload, bool is_traced, json_t **ret_output,
                            fg_refusal_t *ret_refusal, fg_error_t *reterr)
{
    fg_http_request_t request = {
        .endpoint = context->endpoint,
        .verb = command->verb,
        .path = make_path(command, input),
        .query = make_query(command, input),
        .body = FG_STR_NONE,
        .accept = header_text(command, input, "Accept"),
        .client_token = context->client_token,
        .credentials = &context->credentials,
        .is_traced = is_traced,
    };

    if (payload.at) {
        request.body = payload;
        request.content_type = "application/octet-stream";
    } else if (command->has_body) {
        request.body = make_body(command, input);
    }
    return fg_request_exchange(&request, ret_output, ret_refusal, reterr);
}
