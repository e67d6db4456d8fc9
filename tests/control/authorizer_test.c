#include "control/api_support.h"

#define PATH     "/restapis/$A/authorizers"
#define ONE      PATH "/$T"
#define URI(fn)  "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" fn "/invocations"
#define FUNCTION "arn:aws:lambda:us-east-1:000000000000:function:auth"
#define POOL     "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_abc"
#define TOKEN(name, more)                                                                          \
    "{\"name\":\"" name "\",\"type\":\"TOKEN\",\"authorizerUri\":\"" URI(FUNCTION) "\"" more "}"
#define HEADER  ",\"identitySource\":\"method.request.header.Auth\""
#define UNKNOWN MISSING("Invalid Authorizer identifier specified")
#define NO_TTL                                                                                     \
    BAD("Authorizer result TTL outside allowable range. TTL must be between 0 and 3600 seconds.")

static void run(const step_t *steps, size_t count)
{
    walk_t walk;
    walk_begin(&walk);
    walk_api(&walk);
    walk_steps(&walk, steps, count);
    walk_end(&walk);
}

static void test_create(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"Rule AU2: the least of a TOKEN; what was not sent is not shown.", "POST", PATH,
         TOKEN("t", HEADER), 201,
         "{\"id\":\"<any>\",\"name\":\"t\",\"type\":\"TOKEN\",\"authType\":\"custom\","
         "\"authorizerUri\":\"<any>\",\"identitySource\":\"method.request.header.Auth\","
         "\"authorizerResultTtlInSeconds\":\"<absent>\",\"providerARNs\":\"<absent>\"}",
         "T=id"},
        {"It can be read.", "GET", ONE, NULL, 200, "{\"id\":\"$T\",\"name\":\"t\"}", NULL},
        {"a REQUEST with everything", "POST", PATH,
         "{\"name\":\"r\",\"type\":\"REQUEST\",\"authorizerUri\":\"" URI(
             "${stageVariables.fn}") "\",\"authorizerCredentials\":\"arn:aws:iam::0:role/r\","
                                     "\"identitySource\":\"method.request.header.A, "
                                     "method.request.querystring.q,context.path,stageVariables.v\","
                                     "\"authorizerResultTtlInSeconds\":3600,\"authType\":"
                                     "\"oauth\"}",
         201, "{\"authType\":\"oauth\",\"authorizerResultTtlInSeconds\":3600}", NULL},
        {"Rule AU7: a user pool", "POST", PATH,
         "{\"name\":\"c\",\"type\":\"COGNITO_USER_POOLS\",\"providerARNs\":[\"" POOL "\"]" HEADER
         "}",
         201, "{\"authType\":\"cognito_user_pools\",\"providerARNs\":[\"" POOL "\"]}", NULL},
        {"The list, oldest first.", "GET", PATH, NULL, 200,
         "{\"item\":[{\"name\":\"t\"},{\"name\":\"r\"},{\"name\":\"c\"}],\"position\":\"<absent>"
         "\"}",
         NULL},
        {"Rule AU1: an unknown API is a conflict on create,", "POST", "/restapis/nope/authorizers",
         TOKEN("t", HEADER), 409,
         CONFLICT("Unable to complete operation due to concurrent modification. Please try again "
                  "later."),
         NULL},
        {"not found on list,", "GET", "/restapis/nope/authorizers", NULL, 404, NO_API("nope"),
         NULL},
        {"and the authorizer's text elsewhere.", "GET", "/restapis/nope/authorizers/x", NULL, 404,
         UNKNOWN, NULL},
        {"an unknown one", "PATCH", PATH "/nope", PATCH_ONE("replace", "/name", "x"), 404, UNKNOWN,
         NULL},
    };
    run(steps, FG_COUNT_OF(steps));
}

static void test_refusals(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"nothing", "POST", PATH, "{}", 400,
         INVALID("2 validation errors detected: Value null at 'createAuthorizerInput.name' failed "
                 "to satisfy constraint: Member must not be null; Value null at "
                 "'createAuthorizerInput.type' failed to satisfy constraint: Member must not be "
                 "null"),
         NULL},
        {"an unknown type", "POST", PATH, "{\"name\":\"a\",\"type\":\"JWT\"}", 400,
         INVALID("1 validation error detected: Value 'JWT' at 'createAuthorizerInput.type' failed "
                 "to satisfy constraint: Member must satisfy enum value set: [TOKEN, REQUEST, "
                 "COGNITO_USER_POOLS]"),
         NULL},
        {"Rule AU3: a blank name", "POST", PATH, TOKEN(" ", HEADER), 400,
         BAD("Authorizer name must be non-empty"), NULL},
        {"Rule AU6: no source", "POST", PATH, TOKEN("a", ""), 400,
         BAD("IdentitySource cannot be empty"), NULL},
        {"a TOKEN has one header", "POST", PATH,
         TOKEN("a", ",\"identitySource\":\"method.request.querystring.q\""), 400,
         BAD("Invalid identity source expression: method.request.querystring.q"), NULL},
        {"a source of nothing", "POST", PATH,
         "{\"name\":\"a\",\"type\":\"REQUEST\",\"authorizerUri\":\"" URI(
             FUNCTION) "\",\"identitySource\":\"method.request.header.A,body\"}",
         400, BAD("Invalid request identity source expression: body"), NULL},
        {"a REQUEST that keeps answers needs a source,", "POST", PATH,
         "{\"name\":\"a\",\"type\":\"REQUEST\",\"authorizerUri\":\"" URI(FUNCTION) "\"}", 400,
         BAD("IdentitySource cannot be empty"), NULL},
        {"one that keeps none does not.", "POST", PATH,
         "{\"name\":\"a\",\"type\":\"REQUEST\",\"authorizerResultTtlInSeconds\":0,"
         "\"authorizerUri\":\"" URI(FUNCTION) "\"}",
         201, "{\"authorizerResultTtlInSeconds\":0}", NULL},
        {"Rule AU3: a name that is taken", "POST", PATH, TOKEN("a", HEADER), 400,
         BAD("Authorizer name must be unique. Authorizer a already exists in this RestApi."), NULL},
        {"Rule AU4: too long", "POST", PATH,
         TOKEN("b", HEADER ",\"authorizerResultTtlInSeconds\":3601"), 400, NO_TTL, NULL},
        {"less than nothing", "POST", PATH,
         TOKEN("b", HEADER ",\"authorizerResultTtlInSeconds\":-1"), 400, NO_TTL, NULL},
        {"Rule AU5: the function itself is no URI", "POST", PATH,
         "{\"name\":\"b\",\"type\":\"TOKEN\",\"authorizerUri\":\"" FUNCTION "\"" HEADER "}", 400,
         BAD("Invalid Authorizer URI: " FUNCTION ". Authorizer URI should be a valid API Gateway "
             "ARN that represents a Lambda function invocation."),
         NULL},
        {"nor is none", "POST", PATH, "{\"name\":\"b\",\"type\":\"TOKEN\"" HEADER "}", 400,
         BAD("Invalid Authorizer URI: . Authorizer URI should be a valid API Gateway ARN that "
             "represents a Lambda function invocation."),
         NULL},
        {"Rule AU11: an expression that is none", "POST", PATH,
         TOKEN("b", HEADER ",\"identityValidationExpression\":\"(\""), 400,
         BAD("Invalid regex pattern specified"), NULL},
        {"Rule AU7: no pool", "POST", PATH,
         "{\"name\":\"b\",\"type\":\"COGNITO_USER_POOLS\"" HEADER "}", 400,
         BAD("Authorizer provider ARNs must be non-empty"), NULL},
        {"a pool that is none", "POST", PATH,
         "{\"name\":\"b\",\"type\":\"COGNITO_USER_POOLS\",\"providerARNs\":[\"arn:aws:s3:::"
         "b\"]" HEADER "}",
         400, BAD("Invalid ARN specified in the request: arn:aws:s3:::b"), NULL},
        {"Nothing of it was stored.", "GET", PATH, NULL, 200, "{\"item\":[{\"name\":\"a\"}]}",
         NULL},
    };
    run(steps, FG_COUNT_OF(steps));
}

static void test_update(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"a TOKEN", "POST", PATH, TOKEN("t", HEADER), 201, "{\"id\":\"<any>\"}", "T=id"},
        {"Rule AU8: its members", "PATCH", ONE,
         "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/name\",\"value\":\"n\"},"
         "{\"op\":\"replace\",\"path\":\"/authorizerResultTtlInSeconds\",\"value\":\"60\"},"
         "{\"op\":\"replace\",\"path\":\"/identityValidationExpression\",\"value\":\"x.*\"},"
         "{\"op\":\"replace\",\"path\":\"/authType\",\"value\":\"mine\"},"
         "{\"op\":\"replace\",\"path\":\"/authorizerCredentials\",\"value\":\"arn:r\"}]}",
         200,
         "{\"name\":\"n\",\"authorizerResultTtlInSeconds\":60,\"authType\":\"mine\","
         "\"identityValidationExpression\":\"x.*\",\"authorizerCredentials\":\"arn:r\"}",
         NULL},
        {"its source", "PATCH", ONE, PATCH_ONE("add", "/identitySource", "method.request.header.B"),
         200, "{\"identitySource\":\"method.request.header.B\"}", NULL},
        {"which it cannot do without", "PATCH", ONE, PATCH_BARE("remove", "/identitySource"), 400,
         BAD("IdentitySource cannot be empty"), NULL},
        {"a time that is none", "PATCH", ONE,
         PATCH_ONE("replace", "/authorizerResultTtlInSeconds", "soon"), 400, NO_TTL, NULL},
        {"a type that is none", "PATCH", ONE, PATCH_ONE("replace", "/type", "JWT"), 400,
         BAD("Invalid authorizer type specified. Valid options are "
             "TOKEN,REQUEST,COGNITO_USER_POOLS"),
         NULL},
        {"another operation", "PATCH", ONE, PATCH_ONE("add", "/name", "x"), 400,
         BAD("Invalid patch path  '/name' specified for op 'add'. Must be one of: "
             "[/identitySource, /providerARNs]"),
         NULL},
        {"into a pool, all at once", "PATCH", ONE,
         "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/type\",\"value\":"
         "\"COGNITO_USER_POOLS\"},{\"op\":\"add\",\"path\":\"/providerARNs\",\"value\":\"" POOL
         "\"}]}",
         200, "{\"type\":\"COGNITO_USER_POOLS\",\"providerARNs\":[\"" POOL "\"]}", NULL},
        {"The last pool stays.", "PATCH", ONE, PATCH_ONE("remove", "/providerARNs", POOL), 400,
         BAD("Authorizer provider ARNs must be non-empty"), NULL},
        {"It is what it was.", "GET", ONE, NULL, 200,
         "{\"name\":\"n\",\"type\":\"COGNITO_USER_POOLS\",\"providerARNs\":[\"" POOL "\"]}", NULL},
    };
    run(steps, FG_COUNT_OF(steps));
}

#define METHOD "/restapis/$A/resources/$P/methods/GET"

static void test_methods(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"a TOKEN", "POST", PATH, TOKEN("t", HEADER), 201, "{\"id\":\"<any>\"}", "T=id"},
        {"A method may ask it.", "PUT", METHOD,
         "{\"authorizationType\":\"CUSTOM\",\"authorizerId\":\"$T\"}", 201,
         "{\"authorizerId\":\"$T\"}", NULL},
        {"Rule AU9: so it stays,", "DELETE", ONE, NULL, 409,
         CONFLICT("Cannot delete authorizer 't', is referenced in method: GET//pets"), NULL},
        {"until the method lets go.", "PATCH", METHOD,
         PATCH_ONE("replace", "/authorizationType", "NONE"), 200, "{\"authorizerId\":\"<absent>\"}",
         NULL},
        {"It goes,", "DELETE", ONE, NULL, 202, NULL, NULL},
        {"once.", "DELETE", ONE, NULL, 404, UNKNOWN, NULL},
        {"Rule AU10: a method cannot ask what is gone.", "PATCH", METHOD,
         "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/authorizationType\",\"value\":"
         "\"CUSTOM\"},{\"op\":\"replace\",\"path\":\"/authorizerId\",\"value\":\"$T\"}]}",
         400,
         BAD("Invalid authorizer ID specified. Setting the authorization type to CUSTOM or "
             "COGNITO_USER_POOLS requires a valid authorizer."),
         NULL},
        {"a pool", "POST", PATH,
         "{\"name\":\"c\",\"type\":\"COGNITO_USER_POOLS\",\"providerARNs\":[\"" POOL "\"]" HEADER
         "}",
         201, "{\"id\":\"<any>\"}", "C=id"},
        {"Rule AU10: nor one of another kind.", "PATCH", METHOD,
         "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/authorizationType\",\"value\":"
         "\"CUSTOM\"},{\"op\":\"replace\",\"path\":\"/authorizerId\",\"value\":\"$C\"}]}",
         400,
         BAD("Invalid authorizer ID specified. Setting the authorization type to CUSTOM or "
             "COGNITO_USER_POOLS requires a valid authorizer."),
         NULL},
    };
    run(steps, FG_COUNT_OF(steps));
}

/* At the limit and one past it. */
static void test_limit(void **state)
{
    (void)state;
    static const step_t last[] = {
        {"The last.", "POST", PATH, TOKEN("t", HEADER), 201, "{\"id\":\"<any>\"}", NULL}};
    static const step_t over[] = {
        {"One more.", "POST", PATH, TOKEN("u", HEADER), 429,
         "{\"@type\":\"LimitExceededException\",\"message\":\"Maximum number of authorizers "
         "reached: 100\"}",
         NULL}};
    walk_t walk;
    walk_begin(&walk);
    walk_api(&walk);
    walk_fill_kind(&walk, FG_DOCUMENT_AUTHORIZER, "$A", FG_AUTHORIZERS_PER_API_MAX - 1);
    walk_steps(&walk, last, 1);
    walk_steps(&walk, over, 1);
    walk_end(&walk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_update), cmocka_unit_test(test_methods),
        cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
