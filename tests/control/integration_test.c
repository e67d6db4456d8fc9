#include "control/api_support.h"

#define METHOD      "/restapis/$A/resources/$P/methods/"
#define INTEGRATION METHOD "GET/integration"
#define RESPONSE    INTEGRATION "/responses/"
#define LAMBDA                                                                                     \
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"                               \
    "arn:aws:lambda:us-east-1:000000000000:function:f/invocations"
#define MAPPING(text)                                                                              \
    BAD("Invalid mapping expression specified: Validation Result: warnings : [], errors : [" text  \
        "]")

static void run(const step_t *steps, size_t count)
{
    static const step_t method = {"a method",
                                  "PUT",
                                  METHOD "GET",
                                  "{\"authorizationType\":\"NONE\",\"requestParameters\":{\"method."
                                  "request.querystring.a\":true}}",
                                  201,
                                  "{\"httpMethod\":\"GET\"}",
                                  NULL};
    walk_t walk;
    walk_begin(&walk);
    walk_api(&walk);
    walk_step(&walk, &method);
    walk_steps(&walk, steps, count);
    walk_end(&walk);
}

static void test_put(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"A MOCK has no connectionType and shows no httpMethod.", "PUT", INTEGRATION,
         "{\"type\":\"MOCK\"}", 201,
         "{\"type\":\"MOCK\",\"cacheKeyParameters\":[],\"cacheNamespace\":\"$P\","
         "\"passthroughBehavior\":\"WHEN_NO_MATCH\","
         "\"timeoutInMillis\":29000,\"connectionType\":\"<absent>\",\"httpMethod\":\"<absent>\","
         "\"uri\":\"<absent>\","
         "\"integrationResponses\":\"<absent>\"}",
         NULL},
        {"Over HTTP it has one; a second put replaces.", "PUT", INTEGRATION,
         "{\"type\":\"HTTP_PROXY\",\"httpMethod\":\"GET\",\"uri\":\"http://backend/"
         "x\",\"timeoutInMillis\":50,"
         "\"requestParameters\":{\"integration.request.querystring.a\":\"method.request."
         "querystring.a\"},"
         "\"requestTemplates\":{\"application/json\":null}}",
         201,
         "{\"connectionType\":\"INTERNET\",\"uri\":\"http://backend/x\",\"timeoutInMillis\":50,"
         "\"requestTemplates\":{\"application/json\":null}}",
         NULL},
        {"An empty template is null; the members of newer models are kept.", "PUT", INTEGRATION,
         "{\"type\":\"MOCK\",\"requestTemplates\":{\"application/json\":\"\"},"
         "\"responseTransferMode\":\"BUFFERED\"}",
         201,
         "{\"requestTemplates\":{\"application/json\":null},\"responseTransferMode\":\"BUFFERED\"}",
         NULL},
        {"A stage variable may be the URI.", "PUT", INTEGRATION,
         "{\"type\":\"HTTP\",\"httpMethod\":\"ANY\",\"uri\":\"${stageVariables.uri}\"}", 201,
         "{\"httpMethod\":\"ANY\"}", NULL},
        {"Lambda.", "PUT", INTEGRATION,
         "{\"type\":\"AWS_PROXY\",\"httpMethod\":\"POST\",\"uri\":\"" LAMBDA "\"}", 201,
         "{\"type\":\"AWS_PROXY\",\"connectionType\":\"<absent>\"}", NULL},
        {"It shows in the method.", "GET", METHOD "GET", NULL, 200,
         "{\"methodIntegration\":{\"type\":\"AWS_PROXY\"}}", NULL},
        {"A delete,", "DELETE", INTEGRATION, NULL, 204, NULL, NULL},
        {"and again.", "DELETE", INTEGRATION, NULL, 404,
         MISSING("Invalid Integration identifier specified"), NULL},
    };
    run(steps, FG_COUNT_OF(steps));
}

static void test_put_refuses(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"an integration", "PUT", INTEGRATION, "{\"type\":\"MOCK\"}", 201, "{\"type\":\"MOCK\"}",
         NULL},
        {"no type", "PUT", INTEGRATION, "{}", 400, "{\"@type\":\"ValidationException\"}", NULL},
        {"an unknown type", "PUT", INTEGRATION, "{\"type\":\"x\"}", 400,
         INVALID("1 validation error detected: Value 'x' at 'putIntegrationInput.type' failed to "
                 "satisfy constraint: Member must "
                 "satisfy enum value set: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]"),
         NULL},
        {"no verb", "PUT", INTEGRATION, "{\"type\":\"HTTP\",\"uri\":\"http://a\"}", 400,
         BAD("Enumeration value for HttpMethod must be non-empty"), NULL},
        {"no URI", "PUT", INTEGRATION, "{\"type\":\"HTTP\",\"httpMethod\":\"GET\"}", 400,
         BAD("Invalid HTTP endpoint specified for URI"), NULL},
        {"a URI without a host", "PUT", INTEGRATION,
         "{\"type\":\"HTTP\",\"httpMethod\":\"GET\",\"uri\":\"http://\"}", 400,
         BAD("Invalid HTTP endpoint specified for URI"), NULL},
        {"no ARN", "PUT", INTEGRATION, "{\"type\":\"AWS\",\"httpMethod\":\"POST\",\"uri\":\"x\"}",
         400, BAD("Invalid ARN specified in the request"), NULL},
        {"an ARN of nothing", "PUT", INTEGRATION,
         "{\"type\":\"AWS\",\"httpMethod\":\"POST\",\"uri\":\"arn:aws:apigateway:r:s3:x\"}", 400,
         BAD("AWS ARN for integration must contain path or action"), NULL},
        {"AWS_PROXY to another service", "PUT", INTEGRATION,
         "{\"type\":\"AWS_PROXY\",\"httpMethod\":\"POST\",\"uri\":\"arn:aws:apigateway:r:s3:path/"
         "x\"}",
         400,
         BAD("Integrations of type 'AWS_PROXY' currently only supports Lambda function and "
             "Firehose stream invocations."),
         NULL},
        {"AWS without a role", "PUT", INTEGRATION,
         "{\"type\":\"AWS\",\"httpMethod\":\"POST\",\"uri\":\"arn:aws:apigateway:r:s3:path/x\"}",
         400, BAD("Role ARN must be specified for AWS integrations"), NULL},
        {"a bare true", "PUT", INTEGRATION,
         "{\"type\":\"MOCK\",\"requestParameters\":{\"integration.request.header.a\":\"true\"}}",
         400, MAPPING("Invalid mapping expression specified: true"), NULL},
        {"an undeclared source", "PUT", INTEGRATION,
         "{\"type\":\"MOCK\",\"requestParameters\":{\"integration.request.header.a\":\"method."
         "request.header.b\"}}",
         400, MAPPING("Invalid mapping expression parameter specified: method.request.header.b"),
         NULL},
        {"too quick", "PUT", INTEGRATION, "{\"type\":\"MOCK\",\"timeoutInMillis\":49}", 400,
         BAD("Timeout should be between 50 ms and 29000 ms"), NULL},
        {"too slow", "PUT", INTEGRATION, "{\"type\":\"MOCK\",\"timeoutInMillis\":29001}", 400,
         BAD("Timeout should be between 50 ms and 29000 ms"), NULL},
        {"an unknown cache key", "PUT", INTEGRATION,
         "{\"type\":\"MOCK\",\"cacheKeyParameters\":[\"x\"]}", 400,
         BAD("Invalid cache key parameter specified"), NULL},
        {"a link to nothing", "PUT", INTEGRATION,
         "{\"type\":\"HTTP\",\"httpMethod\":\"GET\",\"uri\":\"http://"
         "a\",\"connectionType\":\"VPC_LINK\"}",
         400,
         BAD("ConnectionId should be set to the vpcLinkId or stage variable on connection type "
             "VPC_LINK"),
         NULL},
        {"an unknown method", "PUT", METHOD "PUT/integration", "{\"type\":\"MOCK\"}", 404,
         MISSING("Invalid Method identifier specified"), NULL},
        {"an unknown resource", "PUT", "/restapis/$A/resources/nope/methods/GET/integration",
         "{\"type\":\"MOCK\"}", 404, MISSING("Invalid Resource identifier specified"), NULL},
        {"Refusals changed nothing.", "GET", INTEGRATION, NULL, 200,
         "{\"type\":\"MOCK\",\"timeoutInMillis\":29000,\"requestParameters\":\"<absent>\"}", NULL},
    };
    run(steps, FG_COUNT_OF(steps));
}

static void test_update(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"nothing there", "PATCH", INTEGRATION, PATCH_ONE("replace", "/uri", "x"), 404,
         MISSING("Invalid Integration identifier specified"), NULL},
        {"an integration", "PUT", INTEGRATION,
         "{\"type\":\"HTTP_PROXY\",\"httpMethod\":\"GET\",\"uri\":\"http://a\"}", 201,
         "{\"uri\":\"http://a\"}", NULL},
        {"a URI", "PATCH", INTEGRATION, PATCH_ONE("replace", "/uri", "https://b:8443/x"), 200,
         "{\"uri\":\"https://b:8443/x\"}", NULL},
        {"a bad URI", "PATCH", INTEGRATION, PATCH_ONE("replace", "/uri", "ftp://b"), 400,
         BAD("Invalid HTTP endpoint specified for URI"), NULL},
        {"a number", "PATCH", INTEGRATION, PATCH_ONE("replace", "/timeoutInMillis", "1000"), 200,
         "{\"timeoutInMillis\":1000}", NULL},
        {"no number", "PATCH", INTEGRATION, PATCH_ONE("replace", "/timeoutInMillis", "x"), 400,
         BAD("Timeout should be between 50 ms and 29000 ms"), NULL},
        {"TLS", "PATCH", INTEGRATION,
         PATCH_ONE("replace", "/tlsConfig/insecureSkipVerification", "true"), 200,
         "{\"tlsConfig\":{\"insecureSkipVerification\":true}}", NULL},
        {"a template", "PATCH", INTEGRATION,
         PATCH_ONE("add", "/requestTemplates/application~1json", "{}"), 200,
         "{\"requestTemplates\":{\"application/json\":\"{}\"}}", NULL},
        {"and away", "PATCH", INTEGRATION,
         PATCH_BARE("remove", "/requestTemplates/application~1json"), 200,
         "{\"requestTemplates\":\"<absent>\"}", NULL},
        {"a parameter", "PATCH", INTEGRATION,
         PATCH_ONE("add", "/requestParameters/integration.request.header.a", "'x'"), 200,
         "{\"requestParameters\":{\"integration.request.header.a\":\"'x'\"}}", NULL},
        {"a cache key", "PATCH", INTEGRATION,
         PATCH_ONE("add", "/cacheKeyParameters/method.request.querystring.a", ""), 200,
         "{\"cacheKeyParameters\":[\"method.request.querystring.a\"]}", NULL},
        {"and away", "PATCH", INTEGRATION,
         PATCH_BARE("remove", "/cacheKeyParameters/method.request.querystring.a"), 200,
         "{\"cacheKeyParameters\":[]}", NULL},
        {"Never the type.", "PATCH", INTEGRATION, PATCH_ONE("replace", "/type", "MOCK"), 400,
         BAD("Invalid patch path /type"), NULL},
    };
    run(steps, FG_COUNT_OF(steps));
}

static void test_responses(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"without an integration", "PUT", RESPONSE "200", "{}", 404,
         MISSING("Invalid Integration identifier specified"), NULL},
        {"a MOCK", "PUT", INTEGRATION, "{\"type\":\"MOCK\"}", 201, "{\"type\":\"MOCK\"}", NULL},
        {"Absent stays absent.", "PUT", RESPONSE "200", "{}", 201,
         "{\"statusCode\":\"200\",\"selectionPattern\":\"<absent>\",\"responseTemplates\":\"<"
         "absent>\"}",
         NULL},
        {"Empty is echoed; a second put overwrites.", "PUT", RESPONSE "200",
         "{\"selectionPattern\":\"\",\"responseTemplates\":{}}", 201,
         "{\"selectionPattern\":\"\",\"responseTemplates\":{}}", NULL},
        {"Empty templates are null.", "PUT", RESPONSE "200",
         "{\"responseTemplates\":{\"application/json\":\"\",\"text/plain\":null,\"a/b\":\"x\"}}",
         201,
         "{\"responseTemplates\":{\"application/json\":null,\"text/plain\":null,\"a/b\":\"x\"}}",
         NULL},
        {"no media type", "PUT", RESPONSE "200", "{\"responseTemplates\":{\"123\":\"x\"}}", 400,
         BAD("Validation Result: warnings : [], errors : [Invalid content type specified: 123]"),
         NULL},
        {"no pattern", "PUT", RESPONSE "200", "{\"selectionPattern\":\"(\"}", 400,
         BAD("Invalid regex pattern specified"), NULL},
        {"nothing to repeat", "PUT", RESPONSE "200", "{\"selectionPattern\":\"*\"}", 400,
         BAD("Invalid regex pattern specified"), NULL},
        {"a pattern", "PUT", RESPONSE "500", "{\"selectionPattern\":\"5\\\\d{2}|(4[0-9])+\"}", 201,
         "{\"statusCode\":\"500\"}", NULL},
        {"no status", "PUT", RESPONSE "99", "{}", 400, "{\"@type\":\"ValidationException\"}", NULL},
        {"a static header", "PATCH", RESPONSE "200",
         PATCH_ONE("add", "/responseParameters/method.response.header.X", "'y'"), 200,
         "{\"responseParameters\":{\"method.response.header.X\":\"'y'\"}}", NULL},
        {"a header of nothing", "PATCH", RESPONSE "200",
         PATCH_ONE("add", "/responseParameters/method.response.header.X", "y"), 400,
         MAPPING("Invalid mapping expression specified: y"), NULL},
        {"a pattern", "PATCH", RESPONSE "200", PATCH_ONE("replace", "/selectionPattern", "2.."),
         200, "{\"selectionPattern\":\"2..\"}", NULL},
        {"an unknown code", "GET", RESPONSE "404", NULL, 404,
         MISSING("Invalid Response status code specified"), NULL},
        {"Get of an unknown method", "GET", METHOD "PUT/integration/responses/200", NULL, 404,
         MISSING("Invalid Method identifier specified"), NULL},
        {"and delete say it differently.", "DELETE", METHOD "PUT/integration/responses/200", NULL,
         404, MISSING("Invalid Integration identifier specified"), NULL},
        {"A delete,", "DELETE", RESPONSE "200", NULL, 204, NULL, NULL},
        {"and again.", "DELETE", RESPONSE "200", NULL, 404,
         MISSING("Invalid Response status code specified"), NULL},
        {"The integration shows the rest.", "GET", INTEGRATION, NULL, 200,
         "{\"integrationResponses\":{\"200\":\"<absent>\",\"500\":\"<any>\"}}", NULL},
    };
    run(steps, FG_COUNT_OF(steps));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put),
        cmocka_unit_test(test_put_refuses),
        cmocka_unit_test(test_update),
        cmocka_unit_test(test_responses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
