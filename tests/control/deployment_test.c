#include "control/api_support.h"

#define DEPLOYMENTS "/restapis/$A/deployments"
#define STAGES      "/restapis/$A/stages"

static void run(const step_t *steps, size_t count)
{
    walk_t walk;
    walk_begin(&walk);
    walk_api(&walk);
    walk_mock(&walk);
    walk_steps(&walk, steps, count);
    walk_end(&walk);
}

static void test_create(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"Terraform's: an empty description and no stage.", "POST", DEPLOYMENTS,
         "{\"description\":\"\"}", 201,
         "{\"id\":\"<any>\",\"createdDate\":1700000000,\"description\":\"\",\"snapshot\":\"<absent>"
         "\"}",
         "D=id"},
        {"An empty stageName is as absent.", "POST", DEPLOYMENTS, "{\"stageName\":\"\"}", 201,
         "{\"id\":\"<any>\"}", NULL},
        {"No stage came of it.", "GET", STAGES, NULL, 200, "{\"item\":[]}", NULL},
        {"With a name the stage is made.", "POST", DEPLOYMENTS,
         "{\"stageName\":\"prod\",\"stageDescription\":\"s\",\"description\":\"d\",\"variables\":{"
         "\"a\":\"b\"},\"tracingEnabled\":true}",
         201, "{\"description\":\"d\"}", "E=id"},
        {"It points at the deployment.", "GET", STAGES "/prod", NULL, 200,
         "{\"deploymentId\":\"$E\",\"description\":\"s\",\"variables\":{\"a\":\"b\"},"
         "\"tracingEnabled\":true,\"methodSettings\":{},"
         "\"stageDescription\":\"<absent>\",\"cacheClusterStatus\":\"NOT_AVAILABLE\"}",
         NULL},
        {"The next moves it.", "POST", DEPLOYMENTS, "{\"stageName\":\"prod\"}", 201,
         "{\"id\":\"<any>\"}", "F=id"},
        {"The rest of the stage stays.", "GET", STAGES "/prod", NULL, 200,
         "{\"deploymentId\":\"$F\",\"description\":\"s\",\"variables\":{\"a\":\"b\"}}", NULL},
        {"A canary is tried beside it.", "POST", DEPLOYMENTS,
         "{\"stageName\":\"prod\",\"canarySettings\":{\"percentTraffic\":50}}", 201,
         "{\"id\":\"<any>\"}", "G=id"},
        {"The stage itself does not move.", "GET", STAGES "/prod", NULL, 200,
         "{\"deploymentId\":\"$F\",\"canarySettings\":{\"deploymentId\":\"$G\",\"percentTraffic\":"
         "50.0,\"useStageCache\":false}}",
         NULL},
        {"a canary on no stage", "POST", DEPLOYMENTS, "{\"canarySettings\":{}}", 400,
         BAD("Invalid deployment content specified.Non null and non empty stageName must be "
             "provided for canary deployment. "
             "Provided value is null"),
         NULL},
        {"a canary on an unknown stage", "POST", DEPLOYMENTS,
         "{\"stageName\":\"x\",\"canarySettings\":{}}", 400,
         BAD("Invalid deployment content specified.Stage x must already be created before making a "
             "canary release deployment"),
         NULL},
        {"an unknown API", "POST", "/restapis/nope/deployments", "{}", 404, NO_API("nope"), NULL},
    };
    run(steps, FG_COUNT_OF(steps));
}

/* Given one of each noun, when it is deployed and then changed, expect the deployment to hold the
 * API as it was (rules GR10, MO9, RV5). */
static void test_snapshot(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"a response", "PUT", "/restapis/$A/gatewayresponses/THROTTLED", "{}", 201,
         "{\"responseType\":\"THROTTLED\"}", NULL},
        {"a deployment", "POST", DEPLOYMENTS, "{}", 201, "{\"id\":\"<any>\"}", "D=id"},
        {"a change", "DELETE", "/restapis/$A/gatewayresponses/THROTTLED", NULL, 202, NULL, NULL},
    };
    static const fg_document_kind_t kinds[] = {FG_DOCUMENT_REQUEST_VALIDATOR,
                                               FG_DOCUMENT_AUTHORIZER};
    walk_t walk;
    fg_error_t error;
    fg_document_t row;
    walk_begin(&walk);
    walk_api(&walk);
    walk_mock(&walk);
    assert_int_equal(fg_store_begin(walk.store, &error), FG_OK);
    for (size_t i = 0; i < FG_COUNT_OF(kinds); i++) {
        fg_document_t document = {.kind = kinds[i],
                                  .api_id = walk.kept[0],
                                  .id = FG_STR("thing1"),
                                  .json = FG_STR("{\"id\":\"thing1\"}")};
        assert_int_equal(fg_store_document_put(walk.store, &document, &error), FG_OK);
    }
    assert_int_equal(fg_store_commit(walk.store, &error), FG_OK);
    walk_steps(&walk, steps, FG_COUNT_OF(steps));
    assert_int_equal(fg_store_document_get(walk.store, FG_DOCUMENT_DEPLOYMENT, walk.kept[0],
                                           walk.kept['D' - 'A'], walk.arena, &row, &error),
                     FG_OK);
    fg_response_t response = {.body = row.json};
    FG_JSON_SCOPED *got = fg_json_parse(row.json, &error);
    FG_JSON_SCOPED *want =
        fg_json_parse(FG_STR("{\"snapshot\":{\"restApi\":{\"name\":\"weather\"},"
                             "\"resources\":[{\"path\":\"/\"},{\"path\":\"/pets\"}],"
                             "\"gatewayResponses\":[{\"responseType\":\"THROTTLED\"}],"
                             "\"models\":[{\"name\":\"Empty\"},{\"name\":\"Error\"}],"
                             "\"requestValidators\":[{\"id\":\"thing1\"}],"
                             "\"authorizers\":[{\"id\":\"thing1\"}]}}"),
                      &error);
    const char *where = "";
    if (!contains(got, want, &response, &where))
        fail_msg("%s in %.*s", where, FG_STR_ARG(row.json));
    walk_end(&walk);
}

static void test_create_needs_methods(void **state)
{
    (void)state;
    walk_t walk;
    walk_begin(&walk);
    walk_api(&walk);
    static const step_t steps[] = {
        {"no methods", "POST", DEPLOYMENTS, "{}", 400,
         BAD("The REST API doesn't contain any methods"), NULL},
        {"a method", "PUT", "/restapis/$A/resources/$P/methods/GET",
         "{\"authorizationType\":\"NONE\"}", 201, "{\"httpMethod\":\"GET\"}", NULL},
        {"no integration", "POST", DEPLOYMENTS, "{\"stageName\":\"prod\"}", 400,
         BAD("No integration defined for method"), NULL},
        {"Nothing of it was stored.", "GET", DEPLOYMENTS, NULL, 200, "{\"item\":[]}", NULL},
    };
    walk_steps(&walk, steps, FG_COUNT_OF(steps));
    walk_end(&walk);
}

static void test_rest(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"one", "POST", DEPLOYMENTS, "{\"description\":\"one\"}", 201, "{\"description\":\"one\"}",
         "D=id"},
        {"two", "POST", DEPLOYMENTS, "{\"stageName\":\"prod\"}", 201, "{\"id\":\"<any>\"}", "E=id"},
        {"A get.", "GET", DEPLOYMENTS "/$D", NULL, 200,
         "{\"id\":\"$D\",\"apiSummary\":\"<absent>\",\"snapshot\":\"<absent>\"}", NULL},
        {"With its summary.", "GET", DEPLOYMENTS "/$D?embed=apisummary", NULL, 200,
         "{\"apiSummary\":{\"/"
         "pets\":{\"GET\":{\"authorizationType\":\"NONE\",\"apiKeyRequired\":false}}}}",
         NULL},
        {"A deployment is a snapshot: the method goes,", "DELETE",
         "/restapis/$A/resources/$P/methods/GET", NULL, 204, NULL, NULL},
        {"the summary stays.", "GET", DEPLOYMENTS "/$D?embed=apisummary", NULL, 200,
         "{\"apiSummary\":{\"/pets\":{\"GET\":\"<any>\"}}}", NULL},
        {"A list.", "GET", DEPLOYMENTS, NULL, 200,
         "{\"item\":[{\"id\":\"$D\"},{\"id\":\"$E\",\"snapshot\":\"<absent>\"}]}", NULL},
        {"An update.", "PATCH", DEPLOYMENTS "/$D", PATCH_ONE("replace", "/description", "x"), 200,
         "{\"description\":\"x\",\"snapshot\":\"<absent>\"}", NULL},
        {"An unknown path.", "PATCH", DEPLOYMENTS "/$D", PATCH_ONE("replace", "/x", "x"), 400,
         BAD("Invalid patch path /x"), NULL},
        {"One that a stage points at stays.", "DELETE", DEPLOYMENTS "/$E", NULL, 400,
         BAD("Active stages pointing to this deployment must be moved or deleted"), NULL},
        {"a canary", "PATCH", STAGES "/prod",
         PATCH_ONE("replace", "/canarySettings/deploymentId", "$D"), 200,
         "{\"canarySettings\":{\"deploymentId\":\"$D\"}}", NULL},
        {"One that a canary points at stays too.", "DELETE", DEPLOYMENTS "/$D", NULL, 400,
         BAD("Active stages with canary settings pointing to this deployment must be moved or "
             "deleted"),
         NULL},
        {"The stage goes,", "DELETE", STAGES "/prod", NULL, 202, NULL, NULL},
        {"then it may.", "DELETE", DEPLOYMENTS "/$E", NULL, 202, NULL, NULL},
        {"Unknown now.", "GET", DEPLOYMENTS "/$E", NULL, 404,
         MISSING("Invalid Deployment identifier specified"), NULL},
    };
    run(steps, FG_COUNT_OF(steps));
}

#define IS_CURRENT "/faregate" STAGES "/prod/deployment"

/* Rule AP6 */
static void test_is_current(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"a stage", "POST", DEPLOYMENTS, "{\"stageName\":\"prod\"}", 201, "{\"id\":\"<any>\"}",
         "E=id"},
        {"It is the API as it is,", "GET", IS_CURRENT, NULL, 200,
         "{\"deploymentId\":\"$E\",\"isCurrent\":true}", NULL},
        {"whatever the API is called.", "PATCH", "/restapis/$A",
         PATCH_ONE("replace", "/description", "d"), 200, "{\"description\":\"d\"}", NULL},
        {"A label is no change.", "GET", IS_CURRENT, NULL, 200, "{\"isCurrent\":true}", NULL},
        {"Where keys are looked for is one.", "PATCH", "/restapis/$A",
         PATCH_ONE("replace", "/apiKeySource", "QUERY"), 200, "{\"apiKeySource\":\"QUERY\"}", NULL},
        {"Not as it is any more.", "GET", IS_CURRENT, NULL, 200, "{\"isCurrent\":false}", NULL},
        {"A deployment mends that.", "POST", DEPLOYMENTS, "{\"stageName\":\"prod\"}", 201,
         "{\"id\":\"<any>\"}", "F=id"},
        {"It is the other one.", "GET", IS_CURRENT, NULL, 200,
         "{\"deploymentId\":\"$F\",\"isCurrent\":true}", NULL},
        {"Without methods", "DELETE", "/restapis/$A/resources/$P/methods/GET", NULL, 204, NULL,
         NULL},
        {"the API cannot be what is deployed.", "GET", IS_CURRENT, NULL, 200,
         "{\"isCurrent\":false}", NULL},
        {"an unknown stage", "GET", "/faregate" STAGES "/x/deployment", NULL, 404,
         MISSING("Invalid stage identifier specified"), NULL},
    };
    run(steps, FG_COUNT_OF(steps));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create),
        cmocka_unit_test(test_snapshot),
        cmocka_unit_test(test_create_needs_methods),
        cmocka_unit_test(test_rest),
        cmocka_unit_test(test_is_current),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
