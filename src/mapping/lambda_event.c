#include "mapping/lambda_event.h"

#include <stdio.h>
#include <time.h>

enum { STATUS_MIN = 100, STATUS_MAX = 599, STATUS_DEFAULT = 200 };

/* ---- the event ---- */

/* Steals `value`; false without memory. */
static bool set(json_t *object, fg_str_t name, json_t *value)
{
    return json_object_setn_new(object, name.at, name.len, value) == 0;
}

static bool set_str(json_t *object, const char *name, fg_str_t text)
{
    return set(object, fg_str(name), fg_json_new_str(text));
}

/* Reference 6.12: these two arrive capitalised, however the client spelt them. */
static fg_str_t header_name(fg_str_t name)
{
    static const char *const capitalised[] = {"Authorization", "User-Agent"};
    for (size_t i = 0; i < FG_COUNT_OF(capitalised); i++) {
        if (fg_str_eq_nocase(name, fg_str(capitalised[i])))
            return fg_str(capitalised[i]);
    }
    return name;
}

/* name: the last value; null when there are none. */
static json_t *map_new(fg_lambda_pairs_t pairs, bool are_headers)
{
    json_t *map = pairs.count ? json_object() : json_null();
    for (size_t i = 0; i < pairs.count; i++) {
        fg_str_t name = are_headers ? header_name(pairs.at[i].name) : pairs.at[i].name;
        if (!set(map, name, fg_json_new_str(pairs.at[i].value))) {
            json_decref(map);
            return NULL;
        }
    }
    return map;
}

/* name: all values. */
static json_t *multi_map_new(fg_lambda_pairs_t pairs, bool are_headers)
{
    json_t *map = pairs.count ? json_object() : json_null();
    for (size_t i = 0; i < pairs.count; i++) {
        fg_str_t name = are_headers ? header_name(pairs.at[i].name) : pairs.at[i].name;
        json_t *list = json_object_getn(map, name.at, name.len);
        bool is_set = true;
        if (!list) {
            list = json_array();
            is_set = set(map, name, list);
        }
        if (!is_set || json_array_append_new(list, fg_json_new_str(pairs.at[i].value)) != 0) {
            json_decref(map);
            return NULL;
        }
    }
    return map;
}

static bool set_maps(json_t *event, const fg_lambda_event_t *from)
{
    return set(event, FG_STR("headers"), map_new(from->headers, true)) &&
           set(event, FG_STR("multiValueHeaders"), multi_map_new(from->headers, true)) &&
           set(event, FG_STR("queryStringParameters"), map_new(from->query, false)) &&
           set(event, FG_STR("multiValueQueryStringParameters"),
               multi_map_new(from->query, false)) &&
           set(event, FG_STR("pathParameters"), map_new(from->path_parameters, false)) &&
           set(event, FG_STR("stageVariables"), map_new(from->stage_variables, false));
}

static json_t *identity_new(const fg_lambda_context_t *context)
{
    static const char *const unknown[] = {"cognitoAuthenticationProvider",
                                          "cognitoAuthenticationType", "cognitoIdentityId",
                                          "cognitoIdentityPoolId", "principalOrgId"};
    json_t *identity = json_object();
    bool is_set = set_str(identity, "accessKey", context->access_key) &&
                  set_str(identity, "accountId", context->identity_account_id) &&
                  set_str(identity, "caller", context->caller) &&
                  set_str(identity, "sourceIp", context->source_ip) &&
                  set_str(identity, "user", context->user) &&
                  set_str(identity, "userAgent", context->user_agent) &&
                  set_str(identity, "userArn", context->user_arn);
    for (size_t i = 0; is_set && i < FG_COUNT_OF(unknown); i++)
        is_set = set_str(identity, unknown[i], FG_STR_NONE);
    if (is_set && context->api_key.at)
        is_set = set_str(identity, "apiKey", context->api_key) &&
                 set_str(identity, "apiKeyId", context->api_key_id);
    if (is_set)
        return identity;
    json_decref(identity);
    return NULL;
}

static json_t *context_new(const fg_lambda_context_t *from)
{
    char text[48];
    struct tm utc;
    time_t second = (time_t)(from->request_time_ms / 1000);
    json_t *context = json_object();
    (void)gmtime_r(&second, &utc);
    (void)strftime(text, sizeof(text), "%d/%b/%Y:%H:%M:%S +0000", &utc);
    bool is_set = set_str(context, "accountId", from->account_id) &&
                  set_str(context, "apiId", from->api_id) &&
                  set_str(context, "domainName", from->domain_name) &&
                  set_str(context, "domainPrefix", from->domain_prefix) &&
                  set_str(context, "extendedRequestId", from->extended_request_id) &&
                  set_str(context, "httpMethod", from->http_method) &&
                  set(context, FG_STR("identity"), identity_new(from)) &&
                  set_str(context, "path", from->path) &&
                  set_str(context, "protocol", FG_STR("HTTP/1.1")) &&
                  set_str(context, "requestId", from->request_id) &&
                  set_str(context, "requestTime", fg_str(text)) &&
                  set(context, FG_STR("requestTimeEpoch"), json_integer(from->request_time_ms)) &&
                  set_str(context, "resourceId", from->resource_id) &&
                  set_str(context, "resourcePath", from->resource_path) &&
                  set_str(context, "stage", from->stage);
    if (is_set && from->deployment_id.at)
        is_set = set_str(context, "deploymentId", from->deployment_id);
    if (is_set)
        return context;
    json_decref(context);
    return NULL;
}

json_t *fg_lambda_event_new(const fg_lambda_event_t *from)
{
    json_t *event = json_object();
    bool is_set = !from->type || (set_str(event, "type", fg_str(from->type)) &&
                                  set_str(event, "methodArn", from->method_arn));
    is_set = is_set && set_str(event, "resource", from->resource) &&
             set_str(event, "path", from->path) &&
             set_str(event, "httpMethod", from->http_method) && set_maps(event, from) &&
             set(event, FG_STR("requestContext"), context_new(&from->context));
    if (is_set && !from->type)
        is_set = set_str(event, "body", from->body) &&
                 set(event, FG_STR("isBase64Encoded"), json_boolean(from->is_base64));
    if (is_set)
        return event;
    json_decref(event);
    return NULL;
}

/* ---- the answer ---- */

static bool has_strange_member(json_t *answer)
{
    static const char *const known[] = {"statusCode", "headers", "multiValueHeaders", "body",
                                        "isBase64Encoded"};
    const char *name;
    json_t *value;
    json_object_foreach(answer, name, value)
    {
        size_t i = 0;
        while (i < FG_COUNT_OF(known) && strcmp(known[i], name) != 0)
            i++;
        if (i == FG_COUNT_OF(known))
            return true;
    }
    return false;
}

/* A number, or a text that is one. */
static bool read_status(const json_t *answer, int *ret_status)
{
    const json_t *code = json_object_get(answer, "statusCode");
    int64_t status = STATUS_DEFAULT;
    if (json_is_integer(code))
        status = json_integer_value(code);
    else if (code && !json_is_null(code) && !fg_str_to_i64(fg_json_str(code), &status))
        return false;
    *ret_status = (int)status;
    return status >= STATUS_MIN && status <= STATUS_MAX;
}

/* Texts, numbers and truth values, as texts; FG_STR_NONE for others. */
static fg_str_t scalar_text(const json_t *value, fg_arena_t *arena)
{
    if (json_is_string(value))
        return fg_arena_copy(arena, fg_json_str(value));
    return json_is_number(value) || json_is_boolean(value) ? fg_json_render(value, arena)
                                                           : FG_STR_NONE;
}

static bool add_header(fg_lambda_answer_t *answer, fg_arena_t *arena, const char *name,
                       const json_t *value)
{
    fg_route_pair_t header = {fg_arena_copy(arena, fg_str(name)), scalar_text(value, arena)};
    answer->headers[answer->header_count++] = header;
    return header.name.at && header.value.at;
}

static bool is_same_name(const char *one, const char *other)
{
    return fg_str_eq_nocase(fg_str(one), fg_str(other));
}

/* A name of both maps: the values of the list, then the single one, under the list's spelling. */
static bool add_lists(fg_lambda_answer_t *answer, fg_arena_t *arena, json_t *lists, json_t *singles)
{
    const char *name, *single_name;
    json_t *list, *value;
    size_t index;
    json_object_foreach(lists, name, list)
    {
        json_array_foreach(list, index, value)
        {
            if (!add_header(answer, arena, name, value))
                return false;
        }
        json_object_foreach(singles, single_name, value)
        {
            if (is_same_name(single_name, name) && !json_is_null(value) &&
                !add_header(answer, arena, name, value))
                return false;
        }
    }
    return true;
}

static bool add_singles(fg_lambda_answer_t *answer, fg_arena_t *arena, json_t *lists,
                        json_t *singles)
{
    const char *name, *list_name;
    json_t *list, *value;
    json_object_foreach(singles, name, value)
    {
        bool is_listed = json_is_null(value);
        json_object_foreach(lists, list_name, list)
        {
            is_listed = is_listed || is_same_name(list_name, name);
        }
        if (!is_listed && !add_header(answer, arena, name, value))
            return false;
    }
    return true;
}

static bool read_headers(const json_t *object, fg_arena_t *arena, fg_lambda_answer_t *answer)
{
    json_t *singles = json_object_get(object, "headers");
    json_t *lists = json_object_get(object, "multiValueHeaders");
    size_t count = json_object_size(singles) * (json_object_size(lists) + 1);
    const char *name;
    json_t *list;
    if ((singles && !json_is_null(singles) && !json_is_object(singles)) ||
        (lists && !json_is_null(lists) && !json_is_object(lists)))
        return false;
    json_object_foreach(lists, name, list)
    {
        if (!json_is_array(list))
            return false;
        count += json_array_size(list);
    }
    answer->headers = fg_arena_alloc(arena, (count + 1) * sizeof(*answer->headers));
    return answer->headers && add_lists(answer, arena, lists, singles) &&
           add_singles(answer, arena, lists, singles);
}

/* Rule TI8. */
bool fg_lambda_answer_read(fg_str_t payload, fg_arena_t *arena, fg_lambda_answer_t *ret_answer)
{
    fg_error_t error;
    FG_JSON_SCOPED *object = fg_json_parse(payload, &error);
    fg_lambda_answer_t answer = {.body = FG_STR("")};
    json_t *body = json_object_get(object, "body");
    json_t *flag = json_object_get(object, "isBase64Encoded");
    if (!json_is_object(object) || has_strange_member(object) ||
        !read_status(object, &answer.status) || !read_headers(object, arena, &answer) ||
        (body && !json_is_null(body) && !json_is_string(body)) ||
        (flag && !json_is_null(flag) && !json_is_boolean(flag)))
        return false;
    if (json_is_string(body))
        answer.body = fg_arena_copy(arena, fg_json_str(body));
    answer.is_base64 = json_is_true(flag);
    *ret_answer = answer;
    return answer.body.at != NULL;
}

fg_str_t fg_lambda_function_of(fg_str_t uri)
{
    const fg_str_t before = FG_STR(":lambda:path/2015-03-31/functions/");
    const fg_str_t behind = FG_STR("/invocations");
    const char *at = uri.len ? memmem(uri.at, uri.len, before.at, before.len) : NULL;
    if (!at)
        return FG_STR_NONE;
    fg_str_t name = fg_str_of(at + before.len, uri.len - (size_t)(at - uri.at) - before.len);
    if (name.len <= behind.len ||
        !fg_str_eq(fg_str_of(name.at + name.len - behind.len, behind.len), behind))
        return FG_STR_NONE;
    return fg_str_of(name.at, name.len - behind.len);
}
