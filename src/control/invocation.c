#include "control/invocation.h"

#include "base/crypto.h"
#include "base/uri.h"
#include "control/noun.h"
#include "mapping/template.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- texts ---- */

static fg_str_t noted(fg_invocation_t *run, fg_str_t text)
{
    run->is_out_of_memory = run->is_out_of_memory || !text.at;
    return text.at ? text : FG_STR("");
}

fg_str_t fg_invocation_text(fg_invocation_t *run, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int bytes = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = bytes < 0 ? NULL : fg_arena_alloc(run->call->arena, (size_t)bytes + 1);
    if (!text)
        return noted(run, FG_STR_NONE);
    va_start(arguments, format);
    (void)vsnprintf(text, (size_t)bytes + 1, format, arguments);
    va_end(arguments);
    return fg_str_of(text, (size_t)bytes);
}

/* ---- what the caller describes ---- */

static fg_route_pair_t *room_for(fg_invocation_t *run, size_t count)
{
    fg_route_pair_t *pairs = fg_arena_alloc(run->call->arena, (count + 1) * sizeof(*pairs));
    run->is_out_of_memory = run->is_out_of_memory || !pairs;
    return pairs;
}

static fg_status_t too_many(fg_call_t *call, const char *what)
{
    return fg_error_set(call->error, FG_BAD_REQUEST, what, "At most %d %s can be tested with",
                        FG_TEST_PAIRS_MAX, what);
}

fg_lambda_pairs_t fg_invocation_pairs(fg_invocation_t *run, json_t *map, const char *prefix)
{
    json_t *value;
    const char *name;
    size_t prefix_bytes = strlen(prefix);
    fg_route_pair_t *at = room_for(run, json_object_size(map));
    fg_lambda_pairs_t pairs = {.at = at};
    json_object_foreach(map, name, value)
    {
        if (at && json_is_string(value) && strncmp(name, prefix, prefix_bytes) == 0)
            at[pairs.count++] = (fg_route_pair_t){fg_str(name + prefix_bytes), fg_json_str(value)};
    }
    return pairs;
}

/* Lists first, then the single ones whose name has no list. */
static fg_status_t read_headers(fg_invocation_t *run, json_t *singles, json_t *lists)
{
    fg_route_pair_t *at = room_for(run, FG_TEST_PAIRS_MAX);
    fg_lambda_pairs_t plain = fg_invocation_pairs(run, singles, "");
    size_t count = 0, index;
    const char *name;
    json_t *list, *value;
    if (!at)
        return fg_call_no_memory(run->call);
    json_object_foreach(lists, name, list)
    {
        json_array_foreach(list, index, value)
        {
            if (count == FG_TEST_PAIRS_MAX)
                return too_many(run->call, "headers");
            if (json_is_string(value))
                at[count++] = (fg_route_pair_t){fg_str(name), fg_json_str(value)};
        }
    }
    for (size_t i = 0; i < plain.count; i++) {
        if (json_object_getn(lists, plain.at[i].name.at, plain.at[i].name.len))
            continue;
        if (count == FG_TEST_PAIRS_MAX)
            return too_many(run->call, "headers");
        at[count++] = plain.at[i];
    }
    run->headers = (fg_lambda_pairs_t){at, count};
    return FG_OK;
}

/* A blank may come as a plus. Reference 6.12. */
static fg_str_t decoded(fg_invocation_t *run, fg_str_t raw)
{
    char *text = fg_arena_text(run->call->arena, raw.at ? raw : FG_STR(""));
    size_t len = raw.len;
    if (!text)
        return noted(run, FG_STR_NONE);
    for (size_t i = 0; i < raw.len; i++)
        text[i] = text[i] == '+' ? ' ' : text[i];
    if (!fg_uri_decode(fg_str_of(text, raw.len), text, raw.len, &len) ||
        !fg_str_is_utf8(fg_str_of(text, len)))
        return raw.at ? raw : FG_STR(""); /* what cannot be decoded stays as it came */
    return fg_str_of(text, len);
}

static fg_status_t read_query(fg_invocation_t *run)
{
    fg_route_pair_t *at = room_for(run, FG_TEST_PAIRS_MAX);
    size_t count = 0;
    for (fg_str_t rest = run->query, name, value; at && fg_uri_query_next(&rest, &name, &value);) {
        if (count == FG_TEST_PAIRS_MAX)
            return too_many(run->call, "query parameters");
        at[count++] = (fg_route_pair_t){decoded(run, name), decoded(run, value)};
    }
    run->query_pairs = (fg_lambda_pairs_t){at, count};
    return FG_OK;
}

static fg_str_t without_slashes(fg_str_t path)
{
    while (path.len && path.at[0] == '/')
        path = fg_str_of(path.at + 1, path.len - 1);
    if (path.len && path.at[path.len - 1] == '/')
        path.len--;
    return path;
}

/* Rule TI2: a path that does not fit the resource has no parameters. */
static void read_path_parameters(fg_invocation_t *run)
{
    fg_route_pair_t *at = room_for(run, FG_PATH_PARAMS_MAX);
    fg_str_t want = without_slashes(run->resource_path), have = without_slashes(run->path);
    size_t count = 0;
    while (at && want.at && have.at) {
        fg_str_t rest = have, name = fg_str_cut(&want, '/'), value = fg_str_cut(&have, '/');
        bool is_variable = name.len > 2 && name.at[0] == '{';
        if (!is_variable && !fg_str_eq(name, value))
            return;
        if (!is_variable)
            continue;
        bool is_greedy = name.at[name.len - 2] == '+';
        name = fg_str_of(name.at + 1, name.len - 2 - is_greedy);
        if (count < FG_PATH_PARAMS_MAX)
            at[count++] = (fg_route_pair_t){name, is_greedy ? rest : value};
        if (is_greedy)
            have = FG_STR_NONE;
    }
    if (!want.at && !have.at)
        run->path_parameters = (fg_lambda_pairs_t){at, count};
}

static fg_status_t read_input(fg_invocation_t *run)
{
    static const fg_field_t fields[] = {
        {"pathWithQueryString", FG_FIELD_TEXT, false, NULL},
        {"body", FG_FIELD_TEXT, false, NULL},
        {"headers", FG_FIELD_TEXT_MAP, false, NULL},
        {"multiValueHeaders", FG_FIELD_OBJECT, false, NULL},
        {"clientCertificateId", FG_FIELD_TEXT, false, NULL},
        {"stageVariables", FG_FIELD_TEXT_MAP, false, NULL},
        {"additionalContext", FG_FIELD_TEXT_MAP, false, NULL},
    };
    fg_call_t *call = run->call;
    FG_JSON_SCOPED *checked = json_object();
    fg_status_t status = fg_fields_read(call, call->input, fields, FG_COUNT_OF(fields), checked);
    json_t *lists = json_object_get(call->input, "multiValueHeaders");
    const char *name;
    json_t *list;
    json_object_foreach(lists, name, list)
    {
        if (!json_is_array(list))
            return fg_error_set(call->error, FG_SERIALIZATION, "multiValueHeaders",
                                "Start of list expected for multiValueHeaders");
    }
    if (status != FG_OK)
        return status;
    fg_str_t rest = fg_member_str(call->input, "pathWithQueryString");
    fg_str_t path = fg_str_cut(&rest, '?');
    run->path = path.len ? path : run->resource_path;
    run->query = rest.at ? rest : FG_STR("");
    fg_str_t body = fg_member_str(call->input, "body");
    run->body = body.at ? body : FG_STR("");
    run->variables = fg_invocation_pairs(run, json_object_get(call->input, "stageVariables"), "");
    status = read_headers(run, json_object_get(call->input, "headers"), lists);
    return status == FG_OK ? read_query(run) : status;
}

/* "Root=1-<8 hex>-<24 hex>" and 15 base64 characters with a '='. */
static void make_ids(fg_invocation_t *run)
{
    uint8_t bytes[23] = {0};
    char hex[2 * 12 + 1], base64[24];
    if (!run->call->random.fill(run->call->random.ctx, bytes, sizeof(bytes)))
        memset(bytes, 0, sizeof(bytes)); /* they only tell runs apart */
    fg_hex(bytes, 12, hex);
    fg_base64(bytes + 12, 11, base64);
    run->trace_id =
        fg_invocation_text(run, "Root=1-%08llx-%s", (unsigned long long)run->call->now.wall.s, hex);
    run->extended_id = fg_invocation_text(run, "%s", base64);
}

fg_status_t fg_invocation_begin(fg_invocation_t *run, fg_call_t *call, fg_str_t verb,
                                fg_str_t resource_id, fg_str_t resource_path)
{
    *run = (fg_invocation_t){.call = call,
                             .verb = verb,
                             .resource_id = resource_id,
                             .resource_path = resource_path,
                             .answer_body = FG_STR("")};
    fg_status_t status = read_input(run);
    if (status != FG_OK)
        return status;
    read_path_parameters(run);
    make_ids(run);
    fg_execution_log_begin(&run->log, call->arena, call->now.wall, call->request_id);
    return FG_OK;
}

/* ---- what mappings ask ---- */

static fg_str_t last_of(fg_lambda_pairs_t pairs, fg_str_t name)
{
    for (size_t i = pairs.count; i > 0; i--) {
        if (fg_str_eq(pairs.at[i - 1].name, name))
            return pairs.at[i - 1].value;
    }
    return FG_STR_NONE;
}

static fg_str_t joined(fg_invocation_t *run, fg_lambda_pairs_t pairs, fg_str_t name)
{
    fg_str_t text = FG_STR_NONE;
    for (size_t i = 0; i < pairs.count; i++) {
        if (fg_str_eq(pairs.at[i].name, name))
            text = fg_invocation_text(run, "%.*s%s%.*s", FG_STR_ARG(text), text.at ? "," : "",
                                      FG_STR_ARG(pairs.at[i].value));
    }
    return text;
}

fg_str_t fg_invocation_header(const fg_invocation_t *run, const char *name)
{
    for (size_t i = run->headers.count; i > 0; i--) {
        if (fg_str_eq_nocase(run->headers.at[i - 1].name, fg_str(name)))
            return run->headers.at[i - 1].value;
    }
    return FG_STR_NONE;
}

static fg_str_t context_of(fg_invocation_t *run, fg_str_t name)
{
    const fg_lambda_event_t event = fg_invocation_event(run, "test-invoke-stage");
    const fg_lambda_context_t *context = &event.context;
    const fg_route_pair_t rows[] = {
        {FG_STR("accountId"), context->account_id},
        {FG_STR("apiId"), context->api_id},
        {FG_STR("domainName"), context->domain_name},
        {FG_STR("domainPrefix"), context->domain_prefix},
        {FG_STR("extendedRequestId"), context->extended_request_id},
        {FG_STR("httpMethod"), context->http_method},
        {FG_STR("identity.accessKey"), context->access_key},
        {FG_STR("identity.apiKey"), context->api_key},
        {FG_STR("identity.apiKeyId"), context->api_key_id},
        {FG_STR("identity.sourceIp"), context->source_ip},
        {FG_STR("identity.userAgent"), context->user_agent},
        {FG_STR("path"), context->path},
        {FG_STR("protocol"), FG_STR("HTTP/1.1")},
        {FG_STR("requestId"), context->request_id},
        {FG_STR("resourceId"), context->resource_id},
        {FG_STR("resourcePath"), context->resource_path},
        {FG_STR("stage"), context->stage},
    };
    return last_of((fg_lambda_pairs_t){rows, FG_COUNT_OF(rows)}, name);
}

/* `name` behind `prefix`, FG_STR_NONE when it does not start so. */
static fg_str_t behind(fg_str_t name, const char *prefix)
{
    size_t bytes = strlen(prefix);
    return fg_str_starts_with(name, fg_str(prefix)) ? fg_str_of(name.at + bytes, name.len - bytes)
                                                    : FG_STR_NONE;
}

static fg_str_t lookup(void *ctx, fg_str_t name)
{
    fg_invocation_t *run = ctx;
    fg_str_t rest;
    if ((rest = behind(name, "method.request.header.")).at)
        return last_of(run->headers, rest);
    if ((rest = behind(name, "method.request.multivalueheader.")).at)
        return joined(run, run->headers, rest);
    if ((rest = behind(name, "method.request.path.")).at)
        return last_of(run->path_parameters, rest);
    if ((rest = behind(name, "method.request.querystring.")).at ||
        (rest = behind(name, "method.request.multivaluequerystring.")).at)
        return fg_uri_query_last(run->query, rest);
    if ((rest = behind(name, "stageVariables.")).at)
        return last_of(run->variables, rest);
    return (rest = behind(name, "context.")).at ? context_of(run, rest) : FG_STR_NONE;
}

fg_mapping_source_t fg_invocation_source(fg_invocation_t *run)
{
    return (fg_mapping_source_t){lookup, run};
}

fg_str_t fg_json_member_text(fg_str_t json, fg_str_t path, fg_arena_t *arena)
{
    fg_error_t error;
    FG_JSON_SCOPED *document = fg_json_parse(json, &error);
    const json_t *value = document;
    for (fg_str_t rest = path; value && rest.at;) {
        int64_t index;
        fg_str_t part = fg_str_cut(&rest, '.');
        if (json_is_array(value))
            value = fg_str_to_i64(part, &index) && index >= 0 ? json_array_get(value, (size_t)index)
                                                              : NULL;
        else
            value = json_object_getn(value, part.at, part.len);
    }
    if (!value || json_is_null(value))
        return FG_STR_NONE;
    return json_is_string(value) ? fg_arena_copy(arena, fg_json_str(value))
                                 : fg_json_render(value, arena);
}

fg_str_t fg_invocation_evaluate(fg_invocation_t *run, fg_str_t expression)
{
    fg_str_t path = behind(expression, "method.request.body.");
    fg_mapping_source_t source = fg_invocation_source(run);
    if (fg_str_is(expression, "method.request.body"))
        return run->body;
    if (path.at)
        return fg_json_member_text(run->body, path, run->call->arena);
    return fg_mapping_evaluate(expression, &source);
}

/* ---- events ---- */

fg_lambda_event_t fg_invocation_event(fg_invocation_t *run, const char *stage)
{
    const fg_call_t *call = run->call;
    fg_str_t account_id = fg_str(call->control->settings.account_id);
    return (fg_lambda_event_t){.resource = run->resource_path,
                               .path = run->path,
                               .http_method = run->verb,
                               .headers = run->headers,
                               .query = run->query_pairs,
                               .path_parameters = run->path_parameters,
                               .stage_variables = run->variables,
                               .body = run->body.len ? run->body : FG_STR_NONE,
                               .context = {.account_id = account_id,
                                           .api_id = call->path_part[0],
                                           .domain_name = FG_STR("testPrefix.testDomainName"),
                                           .domain_prefix = FG_STR("testPrefix"),
                                           .extended_request_id = run->extended_id,
                                           .request_id = call->request_id,
                                           .resource_id = run->resource_id,
                                           .resource_path = run->resource_path,
                                           .stage = fg_str(stage),
                                           .path = run->path,
                                           .http_method = run->verb,
                                           .request_time_ms = call->now.wall.s * 1000,
                                           .access_key = call->access_key_id,
                                           .identity_account_id = account_id,
                                           .source_ip = FG_STR("test-invoke-source-ip"),
                                           .user_agent = fg_invocation_header(run, "User-Agent"),
                                           .api_key = FG_STR("test-invoke-api-key"),
                                           .api_key_id = FG_STR("test-invoke-api-key-id")}};
}

/* ---- the answer ---- */

void fg_invocation_answer_header(fg_invocation_t *run, fg_str_t name, fg_str_t value)
{
    if (run->answer_header_count < FG_TEST_PAIRS_MAX)
        run->answer_headers[run->answer_header_count++] =
            (fg_route_pair_t){name, value.at ? value : FG_STR("")};
}

static fg_str_t refusal_lookup(void *ctx, fg_str_t name)
{
    const fg_gateway_response_type_t *type = ctx;
    return fg_str_is(name, "context.error.message") ? fg_str(fg_gateway_response_message(*type))
                                                    : FG_STR_NONE;
}

void fg_invocation_refuse(fg_invocation_t *run, fg_gateway_response_type_t type, fg_str_t reason)
{
    char body[256];
    fg_route_refusal_t refusal = fg_route_refusal(NULL, type, FG_STR_NONE);
    fg_mapping_source_t source = {refusal_lookup, &type};
    size_t bytes = fg_mapping_render(refusal.template_text, &source, body, sizeof(body));
    FG_ASSERT(bytes <= sizeof(body));
    run->status = refusal.status;
    run->answer_body = noted(run, fg_arena_copy(run->call->arena, fg_str_of(body, bytes)));
    run->answer_header_count = 0;
    run->is_refused = true;
    fg_invocation_answer_header(run, FG_STR("Content-Type"), refusal.content_type);
    fg_invocation_answer_header(run, FG_STR("x-amzn-ErrorType"),
                                fg_str(fg_gateway_response_error_type(type)));
    fg_execution_log_line(&run->log, "%.*s", FG_STR_ARG(reason));
}
