#include "control/api_support.h"

static void test_create_fills_defaults(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"Given a name alone, all that AWS always answers is there.", "POST", "/restapis",
         "{\"name\":\"weather\"}", 201,
         "{\"name\":\"weather\",\"apiKeySource\":\"HEADER\",\"disableExecuteApiEndpoint\":false,"
         "\"createdDate\":1700000000,"
         "\"endpointConfiguration\":{\"ipAddressType\":\"ipv4\",\"types\":[\"EDGE\"]},"
         "\"rootResourceId\":\"<any>\","
         "\"tags\":\"<absent>\",\"binaryMediaTypes\":\"<absent>\",\"description\":\"<absent>\"}",
         "A=id"},
        {"A get always has tags.", "GET", "/restapis/$A", NULL, 200, "{\"id\":\"$A\",\"tags\":{}}",
         NULL},
        {"A list has none when there are none.", "GET", "/restapis", NULL, 200,
         "{\"item\":[{\"id\":\"$A\",\"tags\":\"<absent>\"}],\"position\":\"<absent>\"}", NULL},
        {"Private APIs are dualstack.", "POST", "/restapis",
         "{\"name\":\"p\",\"endpointConfiguration\":{\"types\":[\"PRIVATE\"]},\"tags\":{\"a\":"
         "\"b\"},\"binaryMediaTypes\":[]}",
         201,
         "{\"endpointConfiguration\":{\"ipAddressType\":\"dualstack\",\"types\":[\"PRIVATE\"]},"
         "\"tags\":{\"a\":\"b\"},"
         "\"binaryMediaTypes\":\"<absent>\"}",
         NULL},
        {"Rule K4: the query string may carry the key, beyond AWS.", "POST", "/restapis",
         "{\"name\":\"q\",\"apiKeySource\":\"QUERY\",\"minimumCompressionSize\":0}", 201,
         "{\"apiKeySource\":\"QUERY\",\"minimumCompressionSize\":0}", NULL},
        {"The members of newer models are kept.", "POST", "/restapis",
         "{\"name\":\"n\",\"securityPolicy\":\"TLS_1_2\",\"endpointAccessMode\":\"BASIC\"}", 201,
         "{\"securityPolicy\":\"TLS_1_2\",\"endpointAccessMode\":\"BASIC\"}", "X=id"},
        {"It goes.", "DELETE", "/restapis/$X", NULL, 202, NULL, NULL},
        {"Lists are in the order of creation and in pages.", "GET", "/restapis?limit=2", NULL, 200,
         "{\"item\":[{\"name\":\"weather\"},{\"name\":\"p\"}],\"position\":\"<any>\"}",
         "N=position"},
        {"The last page has no position.", "GET", "/restapis?limit=2&position=$N", NULL, 200,
         "{\"item\":[{\"name\":\"q\"}],\"position\":\"<absent>\"}", NULL},
    };
    WALK(steps);
}

static void test_create_refuses(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"no name", "POST", "/restapis", "{}", 400, "{\"@type\":\"ValidationException\"}", NULL},
        {"a name that is no text", "POST", "/restapis", "{\"name\":true}", 400,
         "{\"@type\":\"SerializationException\",\"message\":\"class java.lang.Boolean can not be "
         "converted to an String\"}",
         NULL},
        {"an empty description", "POST", "/restapis", "{\"name\":\"a\",\"description\":\"\"}", 400,
         BAD("Description cannot be an empty string"), NULL},
        {"a negative compression size", "POST", "/restapis",
         "{\"name\":\"a\",\"minimumCompressionSize\":-1}", 400,
         BAD("Invalid minimum compression size, must be between 0 and 10485760"), NULL},
        {"one past the largest", "POST", "/restapis",
         "{\"name\":\"a\",\"minimumCompressionSize\":10485761}", 400,
         BAD("Invalid minimum compression size, must be between 0 and 10485760"), NULL},
        {"no endpoint type", "POST", "/restapis",
         "{\"name\":\"a\",\"endpointConfiguration\":{\"types\":[]}}", 400,
         BAD("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED."), NULL},
        {"two endpoint types", "POST", "/restapis",
         "{\"name\":\"a\",\"endpointConfiguration\":{\"types\":[\"EDGE\",\"REGIONAL\"]}}", 400,
         BAD("Cannot create an api with multiple Endpoint Types."), NULL},
        {"an unknown endpoint type", "POST", "/restapis",
         "{\"name\":\"a\",\"endpointConfiguration\":{\"types\":[\"x\"]}}", 400,
         INVALID("1 validation error detected: Value '[x]' at "
                 "'createRestApiInput.endpointConfiguration.types' failed to "
                 "satisfy constraint: Member must satisfy constraint: [Member must satisfy enum "
                 "value set: [PRIVATE, EDGE, "
                 "REGIONAL]]"),
         NULL},
        {"a private API over ipv4", "POST", "/restapis",
         "{\"name\":\"a\",\"endpointConfiguration\":{\"types\":[\"PRIVATE\"],\"ipAddressType\":"
         "\"ipv4\"}}",
         400, BAD("Only dualstack ipAddressType is supported for Private APIs."), NULL},
        {"an unknown key source", "POST", "/restapis", "{\"name\":\"a\",\"apiKeySource\":\"x\"}",
         400, "{\"@type\":\"ValidationException\"}", NULL},
        {"a policy that is no JSON", "POST", "/restapis", "{\"name\":\"a\",\"policy\":\"x\"}", 400,
         BAD("Invalid policy document. Please check the policy syntax and ensure that Principals "
             "are valid."),
         NULL},
        {"Nothing of it was stored.", "GET", "/restapis", NULL, 200, "{\"item\":[]}", NULL},
        {"an unknown API", "GET", "/restapis/nope", NULL, 404, NO_API("nope"), NULL},
    };
    WALK(steps);
}

static void test_policy_is_escaped_twice(void **state)
{
    (void)state;
    walk_t walk;
    walk_begin(&walk);
    fg_response_t response = walk_call(
        &walk, "POST", "/restapis", "{\"name\":\"a\",\"policy\":\"{\\\"Version\\\":\\\"1\\\"}\"}");
    assert_int_equal(response.status, 201);
    assert_non_null(
        memmem(response.body.at, response.body.len, "\"policy\":\"{\\\\\\\"Version\\\\\\\":", 25));
    walk_end(&walk);
}

static void test_update(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"an API", "POST", "/restapis",
         "{\"name\":\"a\",\"description\":\"d\",\"binaryMediaTypes\":[\"a/b\",\"c/d\"]}", 201,
         "{\"name\":\"a\"}", "A=id"},
        {"Operations apply in order.", "PATCH", "/restapis/$A",
         "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/name\",\"value\":\"b\"},"
         "{\"op\":\"replace\",\"path\":\"/name\",\"value\":\"c\"}]}",
         200, "{\"name\":\"c\",\"tags\":{}}", NULL},
        {"An empty list changes nothing.", "PATCH", "/restapis/$A", "{\"patchOperations\":[]}", 200,
         "{\"name\":\"c\"}", NULL},
        {"A removed description is absent.", "PATCH", "/restapis/$A",
         PATCH_BARE("remove", "/description"), 200, "{\"description\":\"<absent>\"}", NULL},
        {"Replacing a media type appends the value.", "PATCH", "/restapis/$A",
         PATCH_ONE("replace", "/binaryMediaTypes/a~1b", "e/f"), 200,
         "{\"binaryMediaTypes\":[\"c/d\",\"e/f\"]}", NULL},
        {"Adding one takes it from the path.", "PATCH", "/restapis/$A",
         PATCH_ONE("add", "/binaryMediaTypes/-", "x"), 200,
         "{\"binaryMediaTypes\":[\"c/d\",\"e/f\",\"-\"]}", NULL},
        {"The bare list is no path.", "PATCH", "/restapis/$A",
         PATCH_ONE("add", "/binaryMediaTypes", "x"), 400,
         BAD("Invalid patch path /binaryMediaTypes"), NULL},
        {"Compression of 0 is kept.", "PATCH", "/restapis/$A",
         PATCH_ONE("replace", "/minimumCompressionSize", "0"), 200,
         "{\"minimumCompressionSize\":0}", NULL},
        {"Without a value it is turned off.", "PATCH", "/restapis/$A",
         PATCH_BARE("replace", "/minimumCompressionSize"), 200,
         "{\"minimumCompressionSize\":\"<absent>\"}", NULL},
        {"Compression cannot be added.", "PATCH", "/restapis/$A",
         PATCH_ONE("add", "/minimumCompressionSize", "1"), 400,
         BAD("Invalid patch operation specified. Must be one of: [replace]"), NULL},
        {"The endpoint type may be named by its index.", "PATCH", "/restapis/$A",
         PATCH_ONE("replace", "/endpointConfiguration/types/0", "PRIVATE"), 200,
         "{\"endpointConfiguration\":{\"types\":[\"PRIVATE\"],\"ipAddressType\":\"dualstack\"}}",
         NULL},
        {"An unknown type.", "PATCH", "/restapis/$A",
         PATCH_ONE("replace", "/endpointConfiguration/types/0", "x"), 400,
         BAD("Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE"), NULL},
        {"Another op on the type.", "PATCH", "/restapis/$A",
         PATCH_ONE("add", "/endpointConfiguration/types/0", "EDGE"), 400,
         BAD("Invalid patch operation specified. Must be 'add'|'remove'|'replace'"), NULL},
        {"An unknown address type.", "PATCH", "/restapis/$A",
         PATCH_ONE("replace", "/endpointConfiguration/ipAddressType", "x"), 400,
         BAD("ipAddressType must be either ipv4 or dualstack."), NULL},
        {"Anything but true is false.", "PATCH", "/restapis/$A",
         PATCH_ONE("replace", "/disableExecuteApiEndpoint", "TRUE"), 200,
         "{\"disableExecuteApiEndpoint\":true}", NULL},
        {"Rule K4.", "PATCH", "/restapis/$A", PATCH_ONE("replace", "/apiKeySource", "AUTHORIZER"),
         200, "{\"apiKeySource\":\"AUTHORIZER\"}", NULL},
        {"An unknown path.", "PATCH", "/restapis/$A", PATCH_ONE("replace", "/x", "y"), 400,
         BAD("Invalid patch path /x"), NULL},
        {"No path.", "PATCH", "/restapis/$A",
         "{\"patchOperations\":[{\"op\":\"replace\",\"value\":\"x\"}]}", 400,
         BAD("Invalid patch path null"), NULL},
        {"All or nothing.", "PATCH", "/restapis/$A",
         "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/"
         "name\",\"value\":\"z\"},{\"op\":\"add\",\"path\":\"/x\"}]}",
         400, BAD("Invalid patch path /x"), NULL},
        {"The name stayed.", "GET", "/restapis/$A", NULL, 200, "{\"name\":\"c\"}", NULL},
        {"an unknown API", "PATCH", "/restapis/nope", PATCH_ONE("replace", "/name", "y"), 404,
         NO_API("nope"), NULL},
    };
    WALK(steps);
}

static void test_delete(void **state)
{
    (void)state;
    walk_t walk;
    walk_begin(&walk);
    walk_api(&walk);
    static const step_t steps[] = {
        {"It goes with an empty 202.", "DELETE", "/restapis/$A", NULL, 202, NULL, NULL},
        {"It is gone.", "GET", "/restapis/$A", NULL, 404, NO_API("$A"), NULL},
        {"So are its resources.", "GET", "/restapis/$A/resources/$P", NULL, 404,
         MISSING("Invalid Resource identifier specified"), NULL},
        {"Deleting it again is a 404.", "DELETE", "/restapis/$A", NULL, 404, NO_API("$A"), NULL},
    };
    walk_steps(&walk, steps, FG_COUNT_OF(steps));
    walk_end(&walk);
}

static void test_clone(void **state)
{
    (void)state;
    walk_t walk;
    walk_begin(&walk);
    walk_api(&walk);
    walk_mock(&walk);
    static const step_t steps[] = {
        {"A clone.", "POST", "/restapis", "{\"name\":\"b\",\"cloneFrom\":\"$A\"}", 201,
         "{\"name\":\"b\",\"cloneFrom\":\"<absent>\"}", "B=id"},
        {"Its root is the one it names.", "GET", "/restapis/$B", NULL, 200, "{\"id\":\"$B\"}",
         "S=rootResourceId"},
        {"It has the resources with their methods.", "GET", "/restapis/$B/resources?embed=methods",
         NULL, 200,
         "{\"item\":[{\"path\":\"/\",\"id\":\"$S\"},{\"path\":\"/pets\",\"parentId\":\"$S\","
         "\"resourceMethods\":{\"GET\":{\"methodIntegration\":{\"type\":\"MOCK\"}}}}]}",
         NULL},
        {"Ids are its own.", "GET", "/restapis/$B/resources/$P", NULL, 404,
         MISSING("Invalid Resource identifier specified"), NULL},
        {"Models came along.", "PUT", "/restapis/$B/resources/$S/methods/GET",
         "{\"authorizationType\":\"NONE\",\"requestModels\":{\"a/b\":\"Empty\"}}", 201,
         "{\"httpMethod\":\"GET\"}", NULL},
        {"of nothing", "POST", "/restapis", "{\"name\":\"c\",\"cloneFrom\":\"nope\"}", 404,
         NO_API("nope"), NULL},
        {"That stored nothing.", "GET", "/restapis", NULL, 200,
         "{\"item\":[{\"name\":\"weather\"},{\"name\":\"b\"}]}", NULL},
    };
    walk_steps(&walk, steps, FG_COUNT_OF(steps));
    walk_end(&walk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create_fills_defaults),
        cmocka_unit_test(test_create_refuses),
        cmocka_unit_test(test_policy_is_escaped_twice),
        cmocka_unit_test(test_update),
        cmocka_unit_test(test_delete),
        cmocka_unit_test(test_clone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
