#include "control/api_support.h"

#define STAGES "/restapis/$A/stages"
#define PROD   STAGES "/prod"
#define NO_SETTING(key)                                                                            \
    BAD("Cannot remove method setting " key " because there is no method setting for this "        \
                                            "method ")

static void run(const step_t *steps, size_t count)
{
    static const step_t deployment = {"a deployment", "POST", "/restapis/$A/deployments",
                                      "{}",           201,    "{\"id\":\"<any>\"}",
                                      "D=id"};
    static const step_t stage = {"a stage", "POST",
                                 STAGES,    "{\"stageName\":\"prod\",\"deploymentId\":\"$D\"}",
                                 201,       "{\"stageName\":\"prod\"}",
                                 NULL};
    walk_t walk;
    walk_begin(&walk);
    walk_api(&walk);
    walk_mock(&walk);
    walk_step(&walk, &deployment);
    walk_step(&walk, &stage);
    walk_steps(&walk, steps, count);
    walk_end(&walk);
}

static void test_create(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"What a stage always has.", "GET", PROD, NULL, 200,
         "{\"stageName\":\"prod\",\"deploymentId\":\"$D\",\"cacheClusterEnabled\":false,"
         "\"cacheClusterStatus\":\"NOT_AVAILABLE\","
         "\"methodSettings\":{},\"tracingEnabled\":false,\"createdDate\":1700000000,"
         "\"lastUpdatedDate\":1700000000,"
         "\"tags\":\"<absent>\",\"variables\":\"<absent>\",\"description\":\"<absent>\"}",
         NULL},
        {"All of it.", "POST", STAGES,
         "{\"stageName\":\"a-b_1\",\"deploymentId\":\"$D\",\"description\":\"d\",\"variables\":{"
         "\"x\":\"a b/c?d=e&f\"},"
         "\"cacheClusterEnabled\":true,\"tracingEnabled\":true,\"documentationVersion\":\"1\","
         "\"tags\":{\"k\":\"v\"},"
         "\"canarySettings\":{\"percentTraffic\":5}}",
         201,
         "{\"cacheClusterStatus\":\"AVAILABLE\",\"variables\":{\"x\":\"a "
         "b/c?d=e&f\"},\"tags\":{\"k\":\"v\"},"
         "\"canarySettings\":{\"percentTraffic\":5.0,\"deploymentId\":\"$D\",\"useStageCache\":"
         "false}}",
         NULL},
        {"It exists.", "POST", STAGES, "{\"stageName\":\"prod\",\"deploymentId\":\"$D\"}", 409,
         CONFLICT("Stage already exists"), NULL},
        {"an unknown deployment", "POST", STAGES, "{\"stageName\":\"x\",\"deploymentId\":\"y\"}",
         400, BAD("Deployment id does not exist"), NULL},
        {"no deployment", "POST", STAGES, "{\"stageName\":\"x\"}", 400,
         "{\"@type\":\"ValidationException\"}", NULL},
        {"a name with a slash", "POST", STAGES, "{\"stageName\":\"a/b\",\"deploymentId\":\"$D\"}",
         400, BAD("Stage name only allows a-zA-Z0-9_"), NULL},
        {"a variable's name", "POST", STAGES,
         "{\"stageName\":\"x\",\"deploymentId\":\"$D\",\"variables\":{\"a-b\":\"c\"}}", 400,
         BAD("Invalid stage variable name: a-b. Please use names with only word characters."),
         NULL},
        {"a variable's value", "POST", STAGES,
         "{\"stageName\":\"x\",\"deploymentId\":\"$D\",\"variables\":{\"a\":\"<\"}}", 400,
         BAD("Invalid stage variable value of key a.  Please use values with alphanumeric "
             "characters and the symbols ' ', -', "
             "'.', '_', ':', '/', '?', '&', '=', and ','."),
         NULL},
        {"a cache of no size", "POST", STAGES,
         "{\"stageName\":\"x\",\"deploymentId\":\"$D\",\"cacheClusterSize\":\"7\"}", 400,
         "{\"@type\":\"ValidationException\"}", NULL},
        {"an unknown API", "POST", "/restapis/nope/stages",
         "{\"stageName\":\"x\",\"deploymentId\":\"$D\"}", 404, NO_API("nope"), NULL},
        {"A list by deployment.", "GET", STAGES "?deploymentId=$D", NULL, 200,
         "{\"item\":[{\"stageName\":\"prod\"},{\"stageName\":\"a-b_1\"}],\"position\":\"<absent>"
         "\"}",
         NULL},
        {"Of another.", "GET", STAGES "?deploymentId=x", NULL, 200, "{\"item\":[]}", NULL},
        {"unknown", "GET", STAGES "/x", NULL, 404, MISSING("Invalid stage identifier specified"),
         NULL},
        {"A delete,", "DELETE", PROD, NULL, 202, NULL, NULL},
        {"and again.", "DELETE", PROD, NULL, 404, MISSING("Invalid stage identifier specified"),
         NULL},
    };
    run(steps, FG_COUNT_OF(steps));
}

static void test_update(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"a description", "PATCH", PROD, PATCH_ONE("replace", "/description", "x"), 200,
         "{\"description\":\"x\",\"tags\":\"<absent>\"}", NULL},
        {"an unknown deployment", "PATCH", PROD, PATCH_ONE("replace", "/deploymentId", "x"), 400,
         BAD("Deployment id does not exist"), NULL},
        {"a variable", "PATCH", PROD, PATCH_ONE("replace", "/variables/host", "a.b:80"), 200,
         "{\"variables\":{\"host\":\"a.b:80\"}}", NULL},
        {"and away", "PATCH", PROD, PATCH_BARE("remove", "/variables/host"), 200,
         "{\"variables\":\"<absent>\"}", NULL},
        {"the cache", "PATCH", PROD, PATCH_ONE("replace", "/cacheClusterEnabled", "true"), 200,
         "{\"cacheClusterEnabled\":true,\"cacheClusterStatus\":\"AVAILABLE\"}", NULL},
        {"an access log", "PATCH", PROD,
         PATCH_ONE("add", "/accessLogSettings/format", "$context.requestId"), 200,
         "{\"accessLogSettings\":{\"format\":\"$context.requestId\"}}", NULL},
        {"an empty one", "PATCH", PROD,
         PATCH_ONE("replace", "/accessLogSettings/destinationArn", ""), 400,
         BAD("Access Log value must not be empty"), NULL},
        {"a wrong path of it", "PATCH", PROD, PATCH_ONE("replace", "/accessLogSettings/x", "y"),
         400,
         BAD("Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, "
             "/accessLogSettings/format]"),
         NULL},
        {"Terraform takes it away whole.", "PATCH", PROD,
         PATCH_BARE("remove", "/accessLogSettings"), 200, "{\"accessLogSettings\":\"<absent>\"}",
         NULL},
        {"nothing to promote", "PATCH", PROD,
         "{\"patchOperations\":[{\"op\":\"copy\",\"path\":\"/deploymentId\",\"from\":\"/"
         "canarySettings/deploymentId\"}]}",
         400, BAD("Promotion not available. Canary does not exist."), NULL},
        {"A canary comes with its defaults.", "PATCH", PROD,
         PATCH_ONE("replace", "/canarySettings/stageVariableOverrides/v", "1"), 200,
         "{\"canarySettings\":{\"percentTraffic\":0.0,\"deploymentId\":\"$D\",\"useStageCache\":"
         "false,"
         "\"stageVariableOverrides\":{\"v\":\"1\"}}}",
         NULL},
        {"It cannot be added.", "PATCH", PROD,
         PATCH_ONE("add", "/canarySettings/deploymentId", "$D"), 400,
         BAD("Invalid add operation with path: /canarySettings/deploymentId"), NULL},
        {"Its variables are promoted.", "PATCH", PROD,
         "{\"patchOperations\":[{\"op\":\"copy\",\"path\":\"/variables\",\"from\":\"/"
         "canarySettings/stageVariableOverrides\"}]}",
         200, "{\"variables\":{\"v\":\"1\"}}", NULL},
        {"Terraform removes one of them.", "PATCH", PROD,
         PATCH_BARE("remove", "/canarySettings/stageVariableOverrides/v"), 200,
         "{\"canarySettings\":{\"stageVariableOverrides\":\"<absent>\"}}", NULL},
        {"a wrong copy", "PATCH", PROD,
         "{\"patchOperations\":[{\"op\":\"copy\",\"path\":\"/x\",\"from\":\"/y\"}]}", 400,
         BAD("Invalid copy operation with path: /x and from /y. Valid copy:path are "
             "[/deploymentId, /variables] and valid copy:from "
             "are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]"),
         NULL},
        {"The canary goes.", "PATCH", PROD, PATCH_BARE("remove", "/canarySettings"), 200,
         "{\"canarySettings\":\"<absent>\"}", NULL},
        {"an unknown stage", "PATCH", STAGES "/x", PATCH_ONE("replace", "/description", "x"), 404,
         MISSING("Invalid stage identifier specified"), NULL},
    };
    run(steps, FG_COUNT_OF(steps));
}

static void test_method_settings(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"One setting brings the defaults, without a logging level.", "PATCH", PROD,
         PATCH_ONE("replace", "/*/*/throttling/rateLimit", "100.000000"), 200,
         "{\"methodSettings\":{\"*/"
         "*\":{\"throttlingRateLimit\":100.0,\"throttlingBurstLimit\":5000,\"cacheTtlInSeconds\":"
         "300,"
         "\"cachingEnabled\":false,\"cacheDataEncrypted\":false,\"dataTraceEnabled\":false,"
         "\"metricsEnabled\":false,"
         "\"requireAuthorizationForCacheControl\":true,\"unauthorizedCacheControlHeaderStrategy\":"
         "\"SUCCEED_WITH_RESPONSE_HEADER\","
         "\"loggingLevel\":\"<absent>\"}}}",
         NULL},
        {"all is cached", "PATCH", PROD, PATCH_ONE("replace", "/*/*/caching/enabled", "true"), 200,
         "{\"methodSettings\":{\"*/*\":{\"cachingEnabled\":true}}}", NULL},
        {"A new entry starts from */* as it is.", "PATCH", PROD,
         PATCH_ONE("replace", "/pets/GET/throttling/burstLimit", "7"), 200,
         "{\"methodSettings\":{\"pets/"
         "GET\":{\"throttlingBurstLimit\":7,\"cachingEnabled\":true,\"throttlingRateLimit\":100.0}}"
         "}",
         NULL},
        {"Later changes of */* do not reach it.", "PATCH", PROD,
         PATCH_ONE("replace", "/*/*/throttling/rateLimit", "-1"), 200,
         "{\"methodSettings\":{\"pets/GET\":{\"throttlingRateLimit\":100.0},\"*/"
         "*\":{\"throttlingRateLimit\":-1.0}}}",
         NULL},
        {"The key is kept as given.", "PATCH", PROD,
         PATCH_ONE("replace", "/~1pets~1{id}/GET/logging/loglevel", "INFO"), 200,
         "{\"methodSettings\":{\"~1pets~1{id}/GET\":{\"loggingLevel\":\"INFO\"}}}", NULL},
        {"no level", "PATCH", PROD, PATCH_ONE("replace", "/*/*/logging/loglevel", "LOUD"), 400,
         "{\"@type\":\"BadRequestException\"}", NULL},
        {"too long", "PATCH", PROD, PATCH_ONE("replace", "/*/*/caching/ttlInSeconds", "3601"), 400,
         BAD("Invalid time-to-live setting, must be an integer no greater than 3600"), NULL},
        {"just right", "PATCH", PROD, PATCH_ONE("replace", "/*/*/caching/ttlInSeconds", "3600"),
         200, "{\"methodSettings\":{\"*/*\":{\"cacheTtlInSeconds\":3600}}}", NULL},
        {"The entry goes whole.", "PATCH", PROD, PATCH_BARE("remove", "/pets/GET"), 200,
         "{\"methodSettings\":{\"pets/GET\":\"<absent>\",\"*/*\":\"<any>\"}}", NULL},
        {"Once.", "PATCH", PROD, PATCH_BARE("remove", "/pets/GET"), 400, NO_SETTING("pets/GET"),
         NULL},
        {"An empty path names nothing.", "PATCH", PROD, PATCH_BARE("remove", ""), 400,
         NO_SETTING(""), NULL},
        {"Nor is it a setting.", "PATCH", PROD, PATCH_ONE("replace", "", "x"), 400,
         "{\"@type\":\"BadRequestException\"}", NULL},
        {"an unknown path", "PATCH", PROD, PATCH_ONE("replace", "/stageName", "x"), 400,
         "{\"@type\":\"BadRequestException\"}", NULL},
        {"no verb in the key", "PATCH", PROD,
         PATCH_ONE("replace", "/pets/throttling/rateLimit", "1"), 400,
         "{\"@type\":\"BadRequestException\"}", NULL},
        {"Tags are not changed here.", "PATCH", PROD, PATCH_ONE("replace", "/tags/a", "1"), 400,
         "{\"@type\":\"BadRequestException\"}", NULL},
    };
    run(steps, FG_COUNT_OF(steps));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create),
        cmocka_unit_test(test_update),
        cmocka_unit_test(test_method_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
