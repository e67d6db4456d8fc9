#include "control/api_support.h"

#define METHOD   "/restapis/$A/resources/$P/methods/"
#define RESPONSE METHOD "GET/responses/"
#define NO_AUTHORIZER                                                                              \
    BAD("Invalid authorizer ID specified. Setting the authorization type to CUSTOM or "            \
        "COGNITO_USER_POOLS requires a valid authorizer.")

static void run(const step_t *steps, size_t count)
{
    walk_t walk;
    walk_begin(&walk);
    walk_api(&walk);
    walk_steps(&walk, steps, count);
    walk_end(&walk);
}

static void test_put(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"The least of it.", "PUT", METHOD "ANY", "{\"authorizationType\":\"none\"}", 201,
         "{\"apiKeyRequired\":false,\"authorizationType\":\"NONE\",\"httpMethod\":\"ANY\","
         "\"requestParameters\":\"<absent>\"}",
         NULL},
        {"All of it.", "PUT", METHOD "GET",
         "{\"authorizationType\":\"AWS_IAM\",\"apiKeyRequired\":true,\"operationName\":\"getPets\","
         "\"requestParameters\":{\"method.request.querystring.a\":true,\"method.request.header.b\":"
         "false},"
         "\"requestModels\":{\"application/json\":\"Empty\"}}",
         201,
         "{\"apiKeyRequired\":true,\"authorizationType\":\"AWS_IAM\",\"operationName\":\"getPets\","
         "\"requestParameters\":{\"method.request.querystring.a\":true,\"method.request.header.b\":"
         "false},"
         "\"requestModels\":{\"application/json\":\"Empty\"}}",
         NULL},
        {"It exists.", "PUT", METHOD "GET", "{\"authorizationType\":\"NONE\"}", 409,
         CONFLICT("Method already exists for this resource"), NULL},
        {"an unknown verb", "PUT", METHOD "FETCH", "{\"authorizationType\":\"NONE\"}", 400,
         BAD("Invalid HttpMethod specified. Valid options are "
             "GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY"),
         NULL},
        {"no authorizationType", "PUT", METHOD "PUT", "{}", 400,
         INVALID("1 validation error detected: Value null at 'putMethodInput.authorizationType' "
                 "failed to satisfy constraint: "
                 "Member must not be null"),
         NULL},
        {"a wrong type", "PUT", METHOD "PUT", "{\"authorizationType\":1}", 400,
         "{\"@type\":\"SerializationException\",\"message\":\"class "
         "com.amazon.coral.value.json.numbers.TruncatingBigNumber can "
         "not be converted to an String\"}",
         NULL},
        {"an unknown resource", "PUT", "/restapis/$A/resources/nope/methods/GET",
         "{\"authorizationType\":\"NONE\"}", 404, MISSING("Invalid Resource identifier specified"),
         NULL},
        {"no authorizer", "PUT", METHOD "PUT", "{\"authorizationType\":\"CUSTOM\"}", 400,
         NO_AUTHORIZER, NULL},
        {"an unknown authorizer", "PUT", METHOD "PUT",
         "{\"authorizationType\":\"COGNITO_USER_POOLS\",\"authorizerId\":\"x\"}", 400,
         NO_AUTHORIZER, NULL},
        {"an unknown validator", "PUT", METHOD "PUT",
         "{\"authorizationType\":\"NONE\",\"requestValidatorId\":\"x\"}", 400,
         BAD("Invalid Request Validator identifier specified"), NULL},
        {"an unknown model", "PUT", METHOD "PUT",
         "{\"authorizationType\":\"NONE\",\"requestModels\":{\"application/json\":\"x\"}}", 400,
         BAD("Invalid model identifier specified: x"), NULL},
        {"one name twice", "PUT", METHOD "PUT",
         "{\"authorizationType\":\"NONE\",\"requestParameters\":{\"method.request.header.a\":true,"
         "\"method.request.path.a\":true}}",
         400, BAD("Parameter names must be unique across querystring, header and path"), NULL},
        {"a parameter of nothing", "PUT", METHOD "PUT",
         "{\"authorizationType\":\"NONE\",\"requestParameters\":{\"a.b\":true}}", 400,
         BAD("Invalid mapping expression parameter specified: a.b"), NULL},
        {"scopes without a pool", "PUT", METHOD "PUT",
         "{\"authorizationType\":\"NONE\",\"authorizationScopes\":[\"a\"]}", 400,
         BAD("Authorization Scopes are only valid for COGNITO_USER_POOLS authorization type"),
         NULL},
        {"Nothing of it was stored.", "GET", METHOD "PUT", NULL, 404,
         MISSING("Invalid Method identifier specified"), NULL},
        {"A delete,", "DELETE", METHOD "GET", NULL, 204, NULL, NULL},
        {"and again.", "DELETE", METHOD "GET", NULL, 404,
         MISSING("Invalid Method identifier specified"), NULL},
    };
    run(steps, FG_COUNT_OF(steps));
}

static void test_update(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"a method", "PUT", METHOD "GET", "{\"authorizationType\":\"NONE\"}", 201,
         "{\"httpMethod\":\"GET\"}", NULL},
        {"Rule K8: the key may be required.", "PATCH", METHOD "GET",
         PATCH_ONE("replace", "/apiKeyRequired", "True"), 200, "{\"apiKeyRequired\":true}", NULL},
        {"Nonsense is false.", "PATCH", METHOD "GET",
         PATCH_ONE("replace", "/apiKeyRequired", "not-a-boolean"), 200,
         "{\"apiKeyRequired\":false}", NULL},
        {"A parameter is added.", "PATCH", METHOD "GET",
         PATCH_ONE("add", "/requestParameters/method.request.header.x", "true"), 200,
         "{\"requestParameters\":{\"method.request.header.x\":true}}", NULL},
        {"With the last the map goes.", "PATCH", METHOD "GET",
         PATCH_BARE("remove", "/requestParameters/method.request.header.x"), 200,
         "{\"requestParameters\":\"<absent>\"}", NULL},
        {"A model, its type escaped.", "PATCH", METHOD "GET",
         PATCH_ONE("add", "/requestModels/application~1json", "Error"), 200,
         "{\"requestModels\":{\"application/json\":\"Error\"}}", NULL},
        {"Not escaped it is no path.", "PATCH", METHOD "GET",
         PATCH_ONE("add", "/requestModels/application/json", "Error"), 400,
         BAD("Invalid patch path /requestModels/application/json"), NULL},
        {"Nor is the bare map.", "PATCH", METHOD "GET", PATCH_ONE("add", "/requestParameters", "x"),
         400, BAD("Invalid patch path /requestParameters"), NULL},
        {"An op that the path has not.", "PATCH", METHOD "GET",
         PATCH_ONE("add", "/operationName", "x"), 400,
         BAD("Invalid patch operation specified. Must be one of: [replace]"), NULL},
        {"An authorizer is ignored while the type is NONE.", "PATCH", METHOD "GET",
         PATCH_ONE("replace", "/authorizerId", "abc"), 200, "{\"authorizerId\":\"<absent>\"}",
         NULL},
        {"CUSTOM needs one.", "PATCH", METHOD "GET",
         PATCH_ONE("replace", "/authorizationType", "CUSTOM"), 400, NO_AUTHORIZER, NULL},
        {"An empty validator is none.", "PATCH", METHOD "GET",
         PATCH_ONE("replace", "/requestValidatorId", ""), 200,
         "{\"requestValidatorId\":\"<absent>\",\"authorizationType\":\"NONE\"}", NULL},
        {"A bad op.", "PATCH", METHOD "GET", PATCH_ONE("bad", "/operationName", "x"), 400,
         INVALID("1 validation error detected: Value 'bad' at "
                 "'updateMethodInput.patchOperations.1.member.op' failed to satisfy "
                 "constraint: Member must satisfy enum value set: [add, remove, move, test, "
                 "replace, copy]"),
         NULL},
    };
    run(steps, FG_COUNT_OF(steps));
}

static void test_responses(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"a method", "PUT", METHOD "GET", "{\"authorizationType\":\"NONE\"}", 201,
         "{\"httpMethod\":\"GET\"}", NULL},
        {"Empty maps are echoed.", "PUT", RESPONSE "200",
         "{\"responseParameters\":{},\"responseModels\":{}}", 201,
         "{\"statusCode\":\"200\",\"responseParameters\":{},\"responseModels\":{}}", NULL},
        {"Absent ones are not.", "PUT", RESPONSE "404", "{}", 201,
         "{\"statusCode\":\"404\",\"responseParameters\":\"<absent>\",\"responseModels\":\"<absent>"
         "\"}",
         NULL},
        {"It exists.", "PUT", RESPONSE "200", "{}", 409,
         CONFLICT("Response already exists for this resource"), NULL},
        {"no status", "PUT", RESPONSE "600", "{}", 400,
         INVALID("1 validation error detected: Value '600' at 'statusCode' failed to satisfy "
                 "constraint: Member must satisfy "
                 "regular expression pattern: [1-5]\\\\d\\\\d"),
         NULL},
        {"UpdateMethodResponse answers 201.", "PATCH", RESPONSE "200",
         PATCH_ONE("add", "/responseParameters/method.response.header.X", "true"), 201,
         "{\"responseParameters\":{\"method.response.header.X\":true}}", NULL},
        {"The last one takes the map along.", "PATCH", RESPONSE "200",
         PATCH_BARE("remove", "/responseParameters/method.response.header.X"), 201,
         "{\"responseParameters\":\"<absent>\"}", NULL},
        {"an unknown parameter", "PATCH", RESPONSE "200",
         PATCH_ONE("replace", "/responseParameters/method.response.header.Y", "true"), 404,
         MISSING("Invalid parameter name specified"), NULL},
        {"an unknown type", "PATCH", RESPONSE "200", PATCH_BARE("remove", "/responseModels/a~1b"),
         404, MISSING("Content-Type specified was not found"), NULL},
        {"an unknown path", "PATCH", RESPONSE "200", PATCH_BARE("remove", "/x"), 400,
         BAD("Invalid patch path /x"), NULL},
        {"an unknown code", "GET", RESPONSE "500", NULL, 404,
         MISSING("Invalid Response status code specified"), NULL},
        {"The method shows them.", "GET", METHOD "GET", NULL, 200,
         "{\"methodResponses\":{\"200\":{\"statusCode\":\"200\"},\"404\":{\"statusCode\":\"404\"}}"
         "}",
         NULL},
        {"A delete,", "DELETE", RESPONSE "200", NULL, 204, NULL, NULL},
        {"and again.", "DELETE", RESPONSE "200", NULL, 404,
         MISSING("Invalid Response status code specified"), NULL},
        {"of an unknown method", "GET", METHOD "PUT/responses/200", NULL, 404,
         MISSING("Invalid Method identifier specified"), NULL},
    };
    run(steps, FG_COUNT_OF(steps));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put),
        cmocka_unit_test(test_update),
        cmocka_unit_test(test_responses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
