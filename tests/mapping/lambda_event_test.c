#include "mapping/lambda_event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static fg_arena_t *arena;

static int setup(void **state)
{
    (void)state;
    arena = fg_arena_new();
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    fg_arena_free(arena);
    return 0;
}

/* ---- Rule TI8: what a function gives ---- */

/* "name: value\n..." of the answer. */
static fg_str_t headers_of(const fg_lambda_answer_t *answer)
{
    fg_str_t text = FG_STR("");
    for (size_t i = 0; i < answer->header_count; i++)
        text = fg_arena_printf(arena, "%.*s%.*s: %.*s\n", FG_STR_ARG(text),
                               FG_STR_ARG(answer->headers[i].name),
                               FG_STR_ARG(answer->headers[i].value));
    return text;
}

static void test_answers(void **state)
{
    (void)state;
    static const struct {
        const char *says, *payload;
        int status; /* 0: malformed */
        const char *headers, *body;
    } rows[] = {
        {"a status alone", "{\"statusCode\":200}", 200, "", ""},
        {"truth as a header", "{\"headers\":{\"a\":true,\"b\":1.5}}", 200, "a: true\nb: 1.5\n", ""},
        {"no headers", "{\"headers\":null,\"multiValueHeaders\":null}", 200, "", ""},
        {"an unknown member", "{\"wrongValue\":1}", 0, "", ""},
        {"nothing", "{}", 200, "", ""},
        {"null", "null", 0, "", ""},
        {"an empty payload", "", 0, "", ""},
        {"an error", "{\"errorMessage\":\"x\",\"errorType\":\"y\"}", 0, "", ""},
        {"a single value where a list is due", "{\"multiValueHeaders\":{\"a\":\"b\"}}", 0, "", ""},
        {"a text that is a number", "{\"statusCode\":\"201\"}", 201, "", ""},
        {"a text that is none", "{\"statusCode\":\"test\"}", 0, "", ""},
        {"below all statuses", "{\"statusCode\":99}", 0, "", ""},
        {"the highest status", "{\"statusCode\":599}", 599, "", ""},
        {"above all statuses", "{\"statusCode\":600}", 0, "", ""},
        {"a bare text", "\"hello\"", 0, "", ""},
        {"only headers", "{\"headers\":{\"a\":\"b\"}}", 200, "a: b\n", ""},
        {"one header in both maps, spelt as the list is",
         "{\"headers\":{\"TEST-multi\":\"value-solo\",\"x\":\"y\"},"
         "\"multiValueHeaders\":{\"test-multi\":[\"value-multi\"]}}",
         200, "test-multi: value-multi\ntest-multi: value-solo\nx: y\n", ""},
        {"several values", "{\"multiValueHeaders\":{\"a\":[\"1\",\"2\"]}}", 200, "a: 1\na: 2\n",
         ""},
        {"a structure as a header", "{\"headers\":{\"a\":{}}}", 0, "", ""},
        {"a body", "{\"statusCode\":404,\"body\":\"no\"}", 404, "", "no"},
        {"a body that is no text", "{\"body\":{}}", 0, "", ""},
        {"no body", "{\"body\":null,\"isBase64Encoded\":null}", 200, "", ""},
        {"a flag that is none", "{\"isBase64Encoded\":\"true\"}", 0, "", ""},
        {"no JSON", "{", 0, "", ""},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_lambda_answer_t answer = {0};
        bool is_good = fg_lambda_answer_read(fg_str(rows[i].payload), arena, &answer);
        if (is_good != (rows[i].status != 0))
            fail_msg("%s: %s", rows[i].says, is_good ? "accepted" : "refused");
        if (!is_good)
            continue;
        fg_str_t headers = headers_of(&answer);
        if (answer.status != rows[i].status || !fg_str_is(headers, rows[i].headers) ||
            !fg_str_is(answer.body, rows[i].body))
            fail_msg("%s: %d %.*s %.*s", rows[i].says, answer.status, FG_STR_ARG(headers),
                     FG_STR_ARG(answer.body));
    }
}

/* ---- Rule TI7: what a function is handed ---- */

static const fg_route_pair_t headers[] = {
    {FG_STR("tEsT"), FG_STR("1")},
    {FG_STR("tEsT"), FG_STR("2")},
    {FG_STR("authorization"), FG_STR("t")},
    {FG_STR("user-agent"), FG_STR("u")},
};
static const fg_route_pair_t query[] = {{FG_STR("q"), FG_STR("a b")}, {FG_STR("q"), FG_STR("c")}};

static fg_lambda_event_t sample(void)
{
    return (fg_lambda_event_t){
        .resource = FG_STR("/pets/{id}"),
        .path = FG_STR("/pets/7"),
        .http_method = FG_STR("GET"),
        .headers = {headers, FG_COUNT_OF(headers)},
        .query = {query, FG_COUNT_OF(query)},
        .body = FG_STR_NONE,
        .context = {.account_id = FG_STR("000000000000"),
                    .request_time_ms = 1795589100000,
                    .stage = FG_STR("dev")},
    };
}

static void expect_event(const fg_lambda_event_t *event, const char *text)
{
    fg_error_t error;
    FG_JSON_SCOPED *got = fg_lambda_event_new(event);
    FG_JSON_SCOPED *want = fg_json_parse(fg_str(text), &error);
    assert_non_null(want);
    if (!json_equal(got, want))
        fail_msg("%.*s", FG_STR_ARG(fg_json_render(got, arena)));
}

#define CONTEXT                                                                                    \
    "\"requestContext\":{\"accountId\":\"000000000000\",\"apiId\":null,\"domainName\":null,"       \
    "\"domainPrefix\":null,\"extendedRequestId\":null,\"httpMethod\":null,\"identity\":{"          \
    "\"accessKey\":null,\"accountId\":null,\"caller\":null,"                                       \
    "\"cognitoAuthenticationProvider\":null,\"cognitoAuthenticationType\":null,"                   \
    "\"cognitoIdentityId\":null,\"cognitoIdentityPoolId\":null,\"principalOrgId\":null,"           \
    "\"sourceIp\":null,\"user\":null,\"userAgent\":null,\"userArn\":null},\"path\":null,"          \
    "\"protocol\":\"HTTP/1.1\",\"requestId\":null,"                                                \
    "\"requestTime\":\"25/Nov/2026:06:45:00 +0000\",\"requestTimeEpoch\":1795589100000,"           \
    "\"resourceId\":null,\"resourcePath\":null,\"stage\":\"dev\"}"
#define REQUEST                                                                                    \
    "\"resource\":\"/pets/{id}\",\"path\":\"/pets/7\",\"httpMethod\":\"GET\","                     \
    "\"headers\":{\"tEsT\":\"2\",\"Authorization\":\"t\",\"User-Agent\":\"u\"},"                   \
    "\"multiValueHeaders\":{\"tEsT\":[\"1\",\"2\"],\"Authorization\":[\"t\"],"                     \
    "\"User-Agent\":[\"u\"]},\"queryStringParameters\":{\"q\":\"c\"},"                             \
    "\"multiValueQueryStringParameters\":{\"q\":[\"a b\",\"c\"]},\"pathParameters\":null,"         \
    "\"stageVariables\":null," CONTEXT

static void test_event(void **state)
{
    (void)state;
    fg_lambda_event_t event = sample();
    expect_event(&event, "{" REQUEST ",\"body\":null,\"isBase64Encoded\":false}");
    event.type = "REQUEST"; /* Rule TI14 */
    event.method_arn = FG_STR("arn:x");
    expect_event(&event, "{\"type\":\"REQUEST\",\"methodArn\":\"arn:x\"," REQUEST "}");
}

static void test_function(void **state)
{
    (void)state;
    static const struct {
        const char *uri, *function; /* NULL: none */
    } rows[] = {
        {"arn:aws:apigateway:r:lambda:path/2015-03-31/functions/arn:aws:lambda:r:1:function:f/"
         "invocations",
         "arn:aws:lambda:r:1:function:f"},
        {"arn:aws:apigateway:r:lambda:path/2015-03-31/functions//invocations", NULL},
        {"arn:aws:apigateway:r:lambda:path/2015-03-31/functions/f", NULL},
        {"arn:aws:apigateway:r:sqs:path/q", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_str_t function = fg_lambda_function_of(fg_str(rows[i].uri));
        if (rows[i].function ? !fg_str_is(function, rows[i].function) : function.at != NULL)
            fail_msg("%s: %.*s", rows[i].uri, FG_STR_ARG(function));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_event),
        cmocka_unit_test(test_function),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
