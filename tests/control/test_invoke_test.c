/*
 * TestInvokeMethod and TestInvokeAuthorizer against a backend that is a function.
 */
#include "control/api_support.h"

#define SOME        "\"<any>\"" /* any answer with a body */
#define METHOD      "/restapis/$A/resources/$P/methods/GET"
#define INTEGRATION METHOD "/integration"
#define FUNCTION    "arn:aws:lambda:us-east-1:000000000000:function:f"
#define LAMBDA                                                                                     \
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" FUNCTION "/invocations"
#define OPEN                                                                                       \
    {                                                                                              \
        "a method", "PUT", METHOD,                                                                 \
            "{\"authorizationType\":\"NONE\",\"requestParameters\":{"                              \
            "\"method.request.path.id\":true,\"method.request.querystring.q\":false,"              \
            "\"method.request.header.h\":false}}",                                                 \
            201, "{\"httpMethod\":\"GET\"}", NULL                                                  \
    }

/* ---- a backend that keeps what it was asked and gives what it is told ---- */

typedef struct backend {
    char asked[8192]; /* "VERB url\nname: value\n...\nbody" */
    fg_exchange_outcome_t outcome;
    int status;
    fg_pair_t headers[4];
    size_t header_count;
    const char *body;
} backend_t;

static backend_t backend;

static void exchange(void *ctx, const fg_exchange_request_t *request, fg_arena_t *arena,
                     fg_exchange_answer_t *ret_answer)
{
    backend_t *self = ctx;
    int len = snprintf(self->asked, sizeof(self->asked), "%.*s %.*s\n", FG_STR_ARG(request->verb),
                       FG_STR_ARG(request->url));
    for (size_t i = 0; i < request->header_count; i++)
        len +=
            snprintf(self->asked + len, sizeof(self->asked) - (size_t)len, "%.*s: %.*s\n",
                     FG_STR_ARG(request->headers[i].name), FG_STR_ARG(request->headers[i].value));
    snprintf(self->asked + len, sizeof(self->asked) - (size_t)len, "\n%.*s%s",
             FG_STR_ARG(request->body), request->body.at ? "" : "<none>");
    (void)arena;
    *ret_answer = (fg_exchange_answer_t){.outcome = self->outcome,
                                         .status = self->status,
                                         .headers = self->headers,
                                         .header_count = self->header_count,
                                         .body = fg_str(self->body),
                                         .reason = FG_STR("refused"),
                                         .latency_us = 5000};
}

static void begin(walk_t *walk)
{
    walk_begin(walk);
    backend = (backend_t){.outcome = FG_EXCHANGE_ANSWERED, .status = 200, .body = "{}"};
    walk->control.exchange = exchange;
    walk->control.exchange_ctx = &backend;
    walk->control.settings.lambda_endpoint = "http://lambda:9001/";
    walk_api(walk);
}

static void expect_asked(const char *text)
{
    if (!strstr(backend.asked, text))
        fail_msg("%s is not in\n%s", text, backend.asked);
}

static void expect_not_asked(const char *text)
{
    if (strstr(backend.asked, text))
        fail_msg("%s is in\n%s", text, backend.asked);
}

/* The log of the answer to a test call holds these lines, in their order. */
static void expect_log(walk_t *walk, const char *path, const char *body, const char *const *lines,
                       size_t count)
{
    fg_error_t error;
    fg_response_t response = walk_call(walk, "POST", path, body);
    assert_int_equal(response.status, 200);
    FG_JSON_SCOPED *answer = fg_json_parse(response.body, &error);
    const char *log = json_string_value(json_object_get(answer, "log"));
    const char *rest = log;
    assert_non_null(log);
    for (size_t i = 0; i < count; i++) {
        rest = strstr(rest, lines[i]);
        if (!rest)
            fail_msg("%s is not (or not there) in\n%s", lines[i], log);
        rest += strlen(lines[i]);
    }
}
#define EXPECT_LOG(walk, path, body, ...)                                                          \
    expect_log(walk, path, body, (const char *const[]){__VA_ARGS__},                               \
               sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* ---- MOCK ---- */

static void test_mock(void **state)
{
    (void)state;
    static const step_t steps[] = {
        OPEN,
        {"Rule TI1: no integration yet", "POST", METHOD, "{}", 200,
         "{\"status\":500,\"body\":\"{\\\"message\\\": \\\"Internal server error\\\"}\","
         "\"headers\":{\"x-amzn-ErrorType\":\"InternalServerErrorException\"}}",
         NULL},
        {"a MOCK", "PUT", INTEGRATION,
         "{\"type\":\"MOCK\",\"requestTemplates\":{\"application/json\":\"{statusCode: 404}\","
         "\"text/x\":\"#set($a = 1)\",\"text/y\":\"no code\"},\"passthroughBehavior\":\"NEVER\"}",
         201, "{\"type\":\"MOCK\"}", NULL},
        {"no response is there", "POST", METHOD, "{}", 200, "{\"status\":500}", NULL},
        {"a method response", "PUT", METHOD "/responses/410",
         "{\"responseParameters\":{\"method.response.header.X\":false,"
         "\"method.response.header.Date\":false,\"method.response.header.V\":false}}",
         201, "{\"statusCode\":\"410\"}", NULL},
        {"and what fits it", "PUT", INTEGRATION "/responses/410",
         "{\"selectionPattern\":\"4\\\\d{2}\",\"responseParameters\":{"
         "\"method.response.header.X\":\"'x'\",\"method.response.header.Date\":\"'d'\","
         "\"method.response.header.V\":\"stageVariables.v\"},"
         "\"responseTemplates\":{\"text/html\":\"<b>gone</b>\"}}",
         201, "{\"statusCode\":\"410\"}", NULL},
        {"Rule TI6: status, template and headers; the gateway's own are remapped.", "POST", METHOD,
         "{\"stageVariables\":{\"v\":\"w\"}}", 200,
         "{\"status\":410,\"body\":\"<b>gone</b>\",\"headers\":{\"X\":\"x\",\"V\":\"w\","
         "\"x-amzn-Remapped-Date\":\"d\",\"Content-Type\":\"text/html\","
         "\"X-Amzn-Trace-Id\":\"<absent>\"},\"multiValueHeaders\":{\"X\":[\"x\"]},\"latency\":0}",
         NULL},
        {"Rule TI4: a type without a template", "POST", METHOD,
         "{\"headers\":{\"Content-Type\":\"text/plain\"}}", 200,
         "{\"status\":415,\"body\":\"{\\\"message\\\":\\\"Unsupported Media Type\\\"}\"}", NULL},
        {"Rule TI4: the template language is not guessed", "POST", METHOD,
         "{\"headers\":{\"content-type\":\"text/x\"}}", 200, "{\"status\":500}", NULL},
        {"Rule M2: no status", "POST", METHOD,
         "{\"multiValueHeaders\":{\"Content-Type\":[\"text/y; charset=x\"]}}", 200,
         "{\"status\":500}", NULL},
    };
    walk_t walk;
    begin(&walk);
    walk_steps(&walk, steps, FG_COUNT_OF(steps));
    EXPECT_LOG(&walk, METHOD, "{\"headers\":{\"content-type\":\"text/x\"}}",
               "The request template uses the template language, which is not run yet\n",
               "Method completed with status: 500\n");
    EXPECT_LOG(&walk, METHOD,
               "{\"pathWithQueryString\":\"/pets?a=1&b=%20c\",\"body\":\"in\",\"headers\":{"
               "\"x-api-key\":\"0123456789abcdefghij\",\"Authorization\":\"short\"}}",
               "Execution log for request ", "\nTue Nov 14 22:13:20 UTC 2023 : Starting execution ",
               "HTTP Method: GET, Resource Path: /pets\n", "Method request path: {}\n",
               "Method request query string: {a=1, b= c}\n",
               "Method request headers: {x-api-key=**********efghij, Authorization=**********}\n",
               "Method request body before transformations: in\n",
               "Method response body after transformations: <b>gone</b>\n",
               "Method response headers: {X=x, x-amzn-Remapped-Date=d, Content-Type=text/html}\n",
               "Successfully completed execution\n", "Method completed with status: 410\n");
    assert_string_equal(backend.asked, "");
    walk_end(&walk);
}

/* ---- input ---- */

static void test_input(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"an unknown method", "POST", METHOD, "{}", 404,
         MISSING("Invalid Method identifier specified"), NULL},
        {"an unknown resource", "POST", "/restapis/$A/resources/nope/methods/GET", "{}", 404,
         MISSING("Invalid Resource identifier specified"), NULL},
        OPEN,
        {"a wrong type", "POST", METHOD, "{\"headers\":[]}", 400,
         "{\"@type\":\"SerializationException\"}", NULL},
        {"a list that is none", "POST", METHOD, "{\"multiValueHeaders\":{\"a\":\"b\"}}", 400,
         "{\"@type\":\"SerializationException\"}", NULL},
        {"ANY stands in for a verb", "PUT", "/restapis/$A/resources/$P/methods/ANY",
         "{\"authorizationType\":\"NONE\"}", 201, SOME, NULL},
        {"that has no method of its own.", "POST", "/restapis/$A/resources/$P/methods/PUT", "{}",
         200, "{\"status\":500}", NULL},
    };
    walk_t walk;
    begin(&walk);
    walk_steps(&walk, steps, FG_COUNT_OF(steps));
    walk_end(&walk);
}

/* Rule TI3: as many headers as there is room for, and one more. */
static void test_input_limit(void **state)
{
    (void)state;
    static const step_t open[] = {OPEN};
    walk_t walk;
    begin(&walk);
    walk_steps(&walk, open, 1);
    for (int count = FG_TEST_PAIRS_MAX; count <= FG_TEST_PAIRS_MAX + 1; count++) {
        fg_str_t body = FG_STR("{\"headers\":{");
        for (int i = 0; i < count; i++)
            body = fg_arena_printf(walk.arena, "%.*s%s\"h%d\":\"v\"", FG_STR_ARG(body),
                                   i ? "," : "", i);
        body = fg_arena_printf(walk.arena, "%.*s}}", FG_STR_ARG(body));
        fg_response_t response = walk_call(&walk, "POST", METHOD, body.at);
        assert_int_equal(response.status, count > FG_TEST_PAIRS_MAX ? 400 : 200);
    }
    walk_end(&walk);
}

/* ---- HTTP ---- */

#define TO_HTTP(type, more)                                                                        \
    "{\"type\":\"" type "\",\"httpMethod\":\"POST\",\"uri\":\"http://${stageVariables.host}/v1/"   \
    "{id}?own=1\"" more "}"
#define MAPPED                                                                                     \
    ",\"requestParameters\":{\"integration.request.path.id\":\"method.request.path.id\","          \
    "\"integration.request.querystring.r\":\"method.request.querystring.q\","                      \
    "\"integration.request.header.H\":\"method.request.header.h\","                                \
    "\"integration.request.header.B\":\"method.request.body.a.b\","                                \
    "\"integration.request.header.S\":\"'fixed'\"}"

static const step_t item_steps[] = {
    {"an item", "POST", "/restapis/$A/resources/$P", "{\"pathPart\":\"{id}\"}", 201,
     "{\"path\":\"/pets/{id}\"}", "P=id"},
    OPEN,
};

static void test_http(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"HTTP", "PUT", INTEGRATION, TO_HTTP("HTTP", MAPPED), 201, "{\"type\":\"HTTP\"}", NULL},
        {"its default", "PUT", METHOD "/responses/201",
         "{\"responseParameters\":{\"method.response.header.Z\":false,"
         "\"method.response.header.J\":false}}",
         201, SOME, NULL},
        {"with headers of the backend's", "PUT", INTEGRATION "/responses/201",
         "{\"responseParameters\":{\"method.response.header.Z\":\"integration.response.header.z\","
         "\"method.response.header.J\":\"integration.response.body.k.0\"}}",
         201, "{\"statusCode\":\"201\"}", NULL},
        {"Rule TI5: only what is mapped goes there", "POST", METHOD,
         "{\"pathWithQueryString\":\"/pets/a%20b?q=1&s=2\",\"body\":\"{\\\"a\\\":{\\\"b\\\":7}}\","
         "\"headers\":{\"h\":\"hh\",\"Cookie\":\"c\"},\"stageVariables\":{\"host\":\"b:81\"}}",
         200,
         "{\"status\":201,\"body\":\"{\\\"k\\\":[\\\"j\\\"]}\",\"headers\":{\"Z\":\"zz\","
         "\"J\":\"j\",\"Content-Type\":\"application/json\",\"X-Amzn-Trace-Id\":\"<any>\","
         "\"Other\":\"<absent>\"},\"latency\":5}",
         NULL},
    };
    walk_t walk;
    begin(&walk);
    backend.status = 400;
    backend.body = "{\"k\":[\"j\"]}";
    backend.headers[0] = (fg_pair_t){FG_STR("Z"), FG_STR("zz")};
    backend.headers[1] = (fg_pair_t){FG_STR("Other"), FG_STR("o")};
    backend.header_count = 2;
    walk_steps(&walk, item_steps, FG_COUNT_OF(item_steps));
    walk_steps(&walk, steps, FG_COUNT_OF(steps));
    expect_asked("POST http://b:81/v1/a%20b?own=1&r=1\n");
    expect_asked("\nH: hh\n");
    expect_asked("\nB: 7\n");
    expect_asked("\nS: fixed\n");
    expect_asked("\nAccept: application/json\n");
    expect_asked("\nUser-Agent: AmazonAPIGateway_");
    expect_asked("\nContent-Type: application/json\n");
    expect_asked("\nX-Amzn-Trace-Id: Root=1-");
    expect_asked("\n\n{\"a\":{\"b\":7}}");
    expect_not_asked("Cookie");
    EXPECT_LOG(&walk, METHOD,
               "{\"pathWithQueryString\":\"/pets/7\",\"stageVariables\":{\"host\":\"b\"}}",
               "Method request path: {id=7}\n", "Endpoint request URI: http://b/v1/7?own=1\n",
               "Endpoint request headers: {S=fixed, Accept=application/json",
               "Sending request to http://b/v1/7?own=1\n",
               "Received response. Status: 400, Integration latency: 5 ms\n",
               "Endpoint response headers: {Z=zz, Other=o}\n",
               "Endpoint response body before transformations: {\"k\":[\"j\"]}\n",
               "Method completed with status: 201\n");
    walk_end(&walk);
}

static void test_http_proxy(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"HTTP_PROXY", "PUT", INTEGRATION, TO_HTTP("HTTP_PROXY", ""), 201, SOME, NULL},
        {"Rule TI6: status, headers and body pass.", "POST", METHOD,
         "{\"pathWithQueryString\":\"/pets/7?q=1\",\"headers\":{\"Cookie\":\"c\",\"Host\":\"h\","
         "\"TE\":\"t\",\"User-Agent\":\"u\"},\"stageVariables\":{\"host\":\"b\"}}",
         200,
         "{\"status\":503,\"body\":\"\xef\xbf\xbd!\",\"headers\":{\"x-amzn-Remapped-Date\":\"d\","
         "\"Via\":\"<absent>\",\"Set-Cookie\":\"b\"},\"multiValueHeaders\":{"
         "\"Set-Cookie\":[\"a\",\"b\"]}}",
         NULL},
    };
    walk_t walk;
    begin(&walk);
    backend.status = 503;
    backend.body = "\xff!";
    backend.headers[0] = (fg_pair_t){FG_STR("Date"), FG_STR("d")};
    backend.headers[1] = (fg_pair_t){FG_STR("Via"), FG_STR("v")};
    backend.headers[2] = (fg_pair_t){FG_STR("Set-Cookie"), FG_STR("a")};
    backend.headers[3] = (fg_pair_t){FG_STR("Set-Cookie"), FG_STR("b")};
    backend.header_count = 4;
    walk_steps(&walk, item_steps, FG_COUNT_OF(item_steps));
    walk_steps(&walk, steps, FG_COUNT_OF(steps));
    expect_asked("POST http://b/v1/7?own=1&q=1\n");
    expect_asked("\nCookie: c\n");
    expect_asked("\nUser-Agent: u\n");
    expect_not_asked("Host");
    expect_not_asked("TE:");
    EXPECT_LOG(&walk, METHOD, "{}", "Method request path: {id={id}}\n"); /* Rule TI2 */
    EXPECT_LOG(&walk, METHOD, "{\"pathWithQueryString\":\"/a/b\"}", "Method request path: {}\n");
    walk_end(&walk);
}

/* Rule TI12: what goes wrong is a gateway response, and the log says why. */
static void test_http_failures(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"HTTP_PROXY", "PUT", INTEGRATION,
         "{\"type\":\"HTTP_PROXY\",\"httpMethod\":\"ANY\",\"uri\":\"${stageVariables.uri}\","
         "\"requestParameters\":{\"integration.request.header.Content-Length\":\"'1'\"}}",
         201, SOME, NULL},
    };
    static const step_t fixed[] = {
        {"without it", "PATCH", INTEGRATION,
         PATCH_BARE("remove", "/requestParameters/integration.request.header.Content-Length"), 200,
         SOME, NULL},
    };
    static const char good[] = "{\"stageVariables\":{\"uri\":\"http://b/\"}}";
    walk_t walk;
    begin(&walk);
    walk_steps(&walk, item_steps, FG_COUNT_OF(item_steps));
    walk_steps(&walk, steps, 1);
    EXPECT_LOG(&walk, METHOD, good, "configuration error: Content-Length header already present\n",
               "status: 500\n");
    walk_steps(&walk, fixed, 1);
    EXPECT_LOG(&walk, METHOD, "{}", "configuration error: Invalid endpoint address\n",
               "status: 500\n");
    EXPECT_LOG(&walk, METHOD, "{\"stageVariables\":{\"uri\":\"http://{h}/\"}}",
               "Invalid endpoint address\n");
    backend.outcome = FG_EXCHANGE_FAILED;
    EXPECT_LOG(&walk, METHOD, good,
               "Execution failed due to a network error communicating with endpoint: refused\n",
               "status: 504\n");
    backend.outcome = FG_EXCHANGE_TIMED_OUT;
    EXPECT_LOG(&walk, METHOD, good, "Execution failed due to a timeout error\n", "status: 504\n");
    walk.control.exchange = NULL;
    EXPECT_LOG(&walk, METHOD, good, "there is no network\n", "status: 504\n");
    walk_end(&walk);
}

/* ---- Lambda ---- */

static void test_lambda_proxy(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"AWS_PROXY", "PUT", INTEGRATION,
         "{\"type\":\"AWS_PROXY\",\"httpMethod\":\"POST\",\"uri\":\"" LAMBDA "\"}", 201, SOME,
         NULL},
        {"Rule TI8: its answer", "POST", METHOD,
         "{\"pathWithQueryString\":\"/pets/7?q=a%20b\",\"body\":\"in\",\"headers\":{\"h\":\"hh\","
         "\"TE\":\"t\"},\"stageVariables\":{\"v\":\"w\"}}",
         200,
         "{\"status\":201,\"body\":\"out\",\"headers\":{\"a\":\"true\",\"Content-Type\":"
         "\"application/json\",\"X-Amzn-Trace-Id\":\"<any>\"}}",
         NULL},
    };
    static const step_t not_post[] = {{"another verb", "PATCH", INTEGRATION,
                                       PATCH_ONE("replace", "/httpMethod", "GET"), 200, SOME,
                                       NULL}};
    walk_t walk;
    begin(&walk);
    backend.body = "{\"statusCode\":\"201\",\"headers\":{\"a\":true},\"body\":\"out\"}";
    walk_steps(&walk, item_steps, FG_COUNT_OF(item_steps));
    walk_steps(&walk, steps, FG_COUNT_OF(steps));
    expect_asked("POST http://lambda:9001/2015-03-31/functions/"
                 "arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af/invocations\n");
    expect_asked("\nX-Amz-Invocation-Type: RequestResponse\n");
    expect_asked("\"resource\":\"/pets/{id}\",\"path\":\"/pets/7\",\"httpMethod\":\"GET\","
                 "\"headers\":{\"h\":\"hh\"}");
    expect_asked("\"queryStringParameters\":{\"q\":\"a b\"}");
    expect_asked("\"pathParameters\":{\"id\":\"7\"},\"stageVariables\":{\"v\":\"w\"}");
    expect_asked("\"stage\":\"test-invoke-stage\"");
    expect_asked("\"body\":\"in\",\"isBase64Encoded\":false}");

    backend.body = "{\"wrongValue\":1}";
    EXPECT_LOG(&walk, METHOD, "{}", "Malformed Lambda proxy response\n", "status: 502\n");
    backend.headers[0] = (fg_pair_t){FG_STR("X-Amz-Function-Error"), FG_STR("Unhandled")};
    backend.header_count = 1;
    backend.body = "{\"errorMessage\":\"boom\"}";
    EXPECT_LOG(&walk, METHOD, "{}", "due to customer function error: boom\n", "status: 502\n");
    backend.status = 403;
    EXPECT_LOG(&walk, METHOD, "{}", "Invalid permissions on Lambda function\n", "status: 500\n");
    backend.status = 429;
    EXPECT_LOG(&walk, METHOD, "{}", "Lambda invocation failed with status: 429\n", "status: 502\n");
    backend.outcome = FG_EXCHANGE_TIMED_OUT;
    EXPECT_LOG(&walk, METHOD, "{}", "timeout error\n", "status: 504\n");
    walk.control.settings.lambda_endpoint = NULL;
    EXPECT_LOG(&walk, METHOD, "{}", "No Lambda endpoint is set (--lambda-endpoint)\n",
               "status: 500\n");
    walk_steps(&walk, not_post, 1);
    EXPECT_LOG(&walk, METHOD, "{}", "A Lambda function is invoked by POST\n", "status: 500\n");
    walk_end(&walk);
}

static void test_lambda_body(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"a binary type", "PATCH", "/restapis/$A",
         "{\"patchOperations\":[{\"op\":\"add\",\"path\":\"/binaryMediaTypes/image~1*\"}]}", 200,
         SOME, NULL},
        {"AWS_PROXY", "PUT", INTEGRATION,
         "{\"type\":\"AWS_PROXY\",\"httpMethod\":\"POST\",\"uri\":\"" LAMBDA "\"}", 201, SOME,
         NULL},
        {"Rule TI8: who does not accept it gets the base64", "POST", METHOD,
         "{\"headers\":{\"Accept\":\"text/plain,image/png\"}}", 200, "{\"body\":\"aGk=\"}", NULL},
        {"who does gets the bytes.", "POST", METHOD,
         "{\"headers\":{\"Accept\":\"image/png;q=1,text/plain\"}}", 200, "{\"body\":\"hi\"}", NULL},
    };
    walk_t walk;
    begin(&walk);
    backend.body = "{\"body\":\"aGk=\",\"isBase64Encoded\":true}";
    walk_steps(&walk, item_steps, FG_COUNT_OF(item_steps));
    walk_steps(&walk, steps, FG_COUNT_OF(steps));
    backend.body = "{\"body\":\"a\",\"isBase64Encoded\":true}";
    EXPECT_LOG(&walk, METHOD, "{\"headers\":{\"Accept\":\"image/png\"}}",
               "Malformed Lambda proxy response\n", "status: 502\n");
    walk_end(&walk);
}

static void test_lambda_custom(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"AWS", "PUT", INTEGRATION,
         "{\"type\":\"AWS\",\"httpMethod\":\"POST\",\"uri\":\"" LAMBDA
         "\",\"requestTemplates\":{\"application/json\":\"{\\\"k\\\":1}\"}}",
         201, SOME, NULL},
        {"a default", "PUT", METHOD "/responses/200", "{}", 201, SOME, NULL},
        {"a default", "PUT", INTEGRATION "/responses/200", "{}", 201, SOME, NULL},
        {"an error", "PUT", METHOD "/responses/404", "{}", 201, SOME, NULL},
        {"by its message", "PUT", INTEGRATION "/responses/404",
         "{\"selectionPattern\":\".*not found.*\"}", 201, SOME, NULL},
        {"Rule TI6: without an error the default", "POST", METHOD, "{}", 200,
         "{\"status\":200,\"body\":\"{\\\"ok\\\":1}\"}", NULL},
    };
    static const step_t error_steps[] = {
        {"with one what fits its message", "POST", METHOD, "{}", 200, "{\"status\":404}", NULL}};
    walk_t walk;
    begin(&walk);
    backend.body = "{\"ok\":1}";
    walk_steps(&walk, item_steps, FG_COUNT_OF(item_steps));
    walk_steps(&walk, steps, FG_COUNT_OF(steps));
    expect_asked("\n\n{\"k\":1}");
    backend.headers[0] = (fg_pair_t){FG_STR("X-Amz-Function-Error"), FG_STR("Handled")};
    backend.header_count = 1;
    backend.body = "{\"errorMessage\":\"cat not found!\"}";
    walk_steps(&walk, error_steps, 1);
    walk_end(&walk);
}

/* ---- authorizers ---- */

#define AUTHORIZERS "/restapis/$A/authorizers"
#define ONE         AUTHORIZERS "/$T"
#define POLICY                                                                                     \
    "\"policyDocument\":{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Deny\"}]}"

static void test_token(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"a TOKEN", "POST", AUTHORIZERS,
         "{\"name\":\"t\",\"type\":\"TOKEN\",\"authorizerUri\":\"" LAMBDA
         "\",\"identitySource\":\"method.request.header.Auth\","
         "\"identityValidationExpression\":\"Bearer .+\"}",
         201, SOME, "T=id"},
        {"Rule TI13: no token, nobody is asked", "POST", ONE, "{}", 200,
         "{\"clientStatus\":401,\"policy\":\"<absent>\",\"latency\":0}", NULL},
        {"nor with one that is not valid", "POST", ONE, "{\"headers\":{\"Auth\":\"Basic x\"}}", 200,
         "{\"clientStatus\":401}", NULL},
        {"an unknown one", "POST", AUTHORIZERS "/nope", "{}", 404,
         MISSING("Invalid Authorizer identifier specified"), NULL},
    };
    static const step_t asked[] = {
        {"Rule TI15: principal, policy and context", "POST", ONE,
         "{\"headers\":{\"auth\":\"Bearer x\"},\"pathWithQueryString\":\"/pets?q=1\"}", 200,
         "{\"clientStatus\":200,\"principalId\":\"me\",\"policy\":"
         "\"{\\\"Version\\\":\\\"2012-10-17\\\",\\\"Statement\\\":[{\\\"Effect\\\":\\\"Deny\\\"}]}"
         "\",\"authorization\":{\"n\":[\"1\"],\"b\":[\"true\"],\"s\":[\"x\"]},\"latency\":5}",
         NULL}};
    static const step_t malformed[] = {
        {"Rule TI15: no policy", "POST", ONE, "{\"headers\":{\"Auth\":\"Bearer x\"}}", 200,
         "{\"clientStatus\":500,\"principalId\":\"<absent>\"}", NULL}};
    static const step_t thrown[] = {{"Rule TI15: it throws", "POST", ONE,
                                     "{\"headers\":{\"Auth\":\"Bearer x\"}}", 200,
                                     "{\"clientStatus\":401}", NULL}};
    walk_t walk;
    begin(&walk);
    walk_steps(&walk, steps, FG_COUNT_OF(steps));
    assert_string_equal(backend.asked, "");
    backend.body =
        "{\"principalId\":\"me\"," POLICY ",\"context\":{\"n\":1,\"b\":true,\"s\":\"x\"}}";
    walk_steps(&walk, asked, 1);
    expect_asked("\n\n{\"type\":\"TOKEN\",\"methodArn\":\"arn:aws:execute-api:us-east-1:" ACCOUNT
                 ":");
    expect_asked("/ESTestInvoke-stage/GET/pets\",\"authorizationToken\":\"Bearer x\"}");
    backend.body = "{\"principalId\":\"me\"," POLICY ",\"context\":{\"o\":{}}}";
    walk_steps(&walk, malformed, 1);
    backend.body = "{\"principalId\":\"me\"}";
    walk_steps(&walk, malformed, 1);
    backend.headers[0] = (fg_pair_t){FG_STR("X-Amz-Function-Error"), FG_STR("Unhandled")};
    backend.header_count = 1;
    backend.body = "{\"errorMessage\":\"Unauthorized\"}";
    walk_steps(&walk, thrown, 1);
    backend.body = "{\"errorMessage\":\"boom\"}";
    EXPECT_LOG(&walk, ONE, "{\"headers\":{\"Auth\":\"Bearer x\"}}", "Execution log for request ",
               "Starting authorizer: ", "customer function error: boom\n",
               "Authorizer completed with status: 500\n");
    walk_end(&walk);
}

static void test_request(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"a REQUEST", "POST", AUTHORIZERS,
         "{\"name\":\"r\",\"type\":\"REQUEST\",\"authorizerUri\":\"" LAMBDA
         "\",\"identitySource\":\"method.request.header.A,method.request.querystring.q,"
         "stageVariables.v\"}",
         201, SOME, "T=id"},
        {"Rule TI13: one of its sources is missing", "POST", ONE,
         "{\"headers\":{\"A\":\"x\"},\"stageVariables\":{\"v\":\"w\"}}", 200,
         "{\"clientStatus\":401}", NULL},
    };
    static const step_t asked[] = {
        {"all are there", "POST", ONE,
         "{\"headers\":{\"A\":\"x\"},\"stageVariables\":{\"v\":\"w\"},"
         "\"pathWithQueryString\":\"/p?q=1\"}",
         200, "{\"clientStatus\":200,\"principalId\":\"me\",\"authorization\":\"<absent>\"}", NULL},
        {"a pool", "POST", AUTHORIZERS,
         "{\"name\":\"c\",\"type\":\"COGNITO_USER_POOLS\",\"providerARNs\":["
         "\"arn:aws:cognito-idp:us-east-1:0:userpool/p\"],"
         "\"identitySource\":\"method.request.header.A\"}",
         201, SOME, "T=id"},
        {"Rule TI16: without a token", "POST", ONE, "{}", 200, "{\"clientStatus\":401}", NULL},
        {"Rule TI16: with one", "POST", ONE, "{\"headers\":{\"A\":\"x\"}}", 200,
         "{\"clientStatus\":500}", NULL},
    };
    walk_t walk;
    begin(&walk);
    walk_steps(&walk, steps, FG_COUNT_OF(steps));
    assert_string_equal(backend.asked, "");
    backend.body = "{\"principalId\":\"me\"," POLICY "}";
    walk_steps(&walk, asked, FG_COUNT_OF(asked));
    expect_asked("{\"type\":\"REQUEST\",\"methodArn\":");
    expect_asked("\"stage\":\"ESTestInvoke-stage\"");
    expect_not_asked("isBase64Encoded");
    walk_end(&walk);
}

/* Rule TI9: these, and no others, may wait. */
static void test_waiting(void **state)
{
    (void)state;
    static const struct {
        const char *verb, *target;
        bool may_wait;
    } rows[] = {
        {"POST", "/restapis/a/resources/b/methods/GET", true},
        {"POST", "/restapis/a/authorizers/b", true},
        {"PUT", "/restapis/a/resources/b/methods/GET", false},
        {"POST", "/restapis/a/authorizers", false},
        {"GET", "/nope", false},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++)
        assert_int_equal(fg_control_may_wait(fg_str(rows[i].verb), fg_str(rows[i].target)),
                         rows[i].may_wait);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mock),          cmocka_unit_test(test_input),
        cmocka_unit_test(test_input_limit),   cmocka_unit_test(test_http),
        cmocka_unit_test(test_http_proxy),    cmocka_unit_test(test_http_failures),
        cmocka_unit_test(test_lambda_proxy),  cmocka_unit_test(test_lambda_body),
        cmocka_unit_test(test_lambda_custom), cmocka_unit_test(test_token),
        cmocka_unit_test(test_request),       cmocka_unit_test(test_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
