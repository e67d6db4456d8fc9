#include "control/api_support.h"

#define ALL    "/vpclinks"
#define LOST   MISSING("Invalid Vpc Link identifier specified")
#define ARN    "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/pets/1a2b"
#define TARGET "\"targetArns\":[\"" ARN "\"]"
#define METHOD "/restapis/$A/resources/$P/methods/GET"
#define LINKED(connection)                                                                         \
    "{\"type\":\"HTTP_PROXY\",\"httpMethod\":\"GET\",\"uri\":\"http://pets/\",\"connectionType\":" \
    "\"VPC_LINK\"" connection "}"
#define NO_CONNECTION                                                                              \
    BAD("ConnectionId should be set to the vpcLinkId or stage variable on connection type "        \
        "VPC_LINK")

/* Rule VL1 */
static void test_life(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"At first it is pending.", "POST", ALL, "{\"name\":\"n\"," TARGET "}", 202,
         "{\"id\":\"<any>\",\"name\":\"n\"," TARGET
         ",\"status\":\"PENDING\",\"statusMessage\":\"<absent>\",\"description\":\"<absent>\","
         "\"tags\":\"<absent>\"}",
         "L=id"},
        {"Then it is available.", "GET", ALL "/$L", NULL, 200,
         "{\"id\":\"$L\",\"status\":\"AVAILABLE\",\"statusMessage\":\"Your vpc link is ready for "
         "use\",\"tags\":{}}",
         NULL},
        {"With all.", "POST", ALL,
         "{\"name\":\"m\",\"description\":\"d\",\"tags\":{\"k\":\"v\"}," TARGET "}", 202,
         "{\"description\":\"d\",\"tags\":{\"k\":\"v\"}}", "M=id"},
        {"a list shows the tags there are", "GET", ALL, NULL, 200,
         "{\"item\":[{\"id\":\"$L\",\"tags\":\"<absent>\"},{\"id\":\"$M\",\"tags\":{\"k\":\"v\"}}],"
         "\"position\":\"<absent>\"}",
         NULL},
        {"by page", "GET", ALL "?limit=1", NULL, 200,
         "{\"item\":[{\"id\":\"$L\"}],\"position\":\"<any>\"}", "P=position"},
        {"the next", "GET", ALL "?limit=1&position=$P", NULL, 200,
         "{\"item\":[{\"id\":\"$M\"}],\"position\":\"<absent>\"}", NULL},
        {"Name and description are replaced.", "PATCH", ALL "/$L",
         "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/name\",\"value\":\"o\"},{\"op\":"
         "\"replace\",\"path\":\"/description\",\"value\":\"e\"}]}",
         200,
         "{\"id\":\"$L\",\"name\":\"o\",\"description\":\"e\",\"status\":\"AVAILABLE\",\"tags\":{}"
         "}",
         NULL},
        {"but not by no name", "PATCH", ALL "/$L", PATCH_ONE("replace", "/name", ""), 400,
         BAD("Name cannot be empty"), NULL},
        {"another path", "PATCH", ALL "/$L", PATCH_ONE("replace", "/targetArns", "x"), 400,
         BAD("Invalid patch path  '/targetArns' specified for op 'replace'. Must be one of: "
             "[/name, /description]"),
         NULL},
        {"It goes.", "DELETE", ALL "/$L", NULL, 202, NULL, NULL},
        {"get", "GET", ALL "/$L", NULL, 404, LOST, NULL},
        {"update", "PATCH", ALL "/$L", PATCH_ONE("replace", "/name", "x"), 404, LOST, NULL},
        {"delete", "DELETE", ALL "/$L", NULL, 404, LOST, NULL},
    };
    WALK(steps);
}

/* Rule VL2 */
static void test_refused(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"nothing", "POST", ALL, "{}", 400,
         INVALID("2 validation errors detected: Value null at 'createVpcLinkInput.name' failed to "
                 "satisfy constraint: Member must not be null; Value null at "
                 "'createVpcLinkInput.targetArns' failed to satisfy constraint: Member must not be "
                 "null"),
         NULL},
        {"no name", "POST", ALL, "{\"name\":\"\"," TARGET "}", 400, BAD("Name cannot be empty"),
         NULL},
        {"no targets", "POST", ALL, "{\"name\":\"n\",\"targetArns\":[]}", 400,
         BAD("Target ARNs cannot be empty"), NULL},
        {"no ARN", "POST", ALL, "{\"name\":\"n\",\"targetArns\":[\"" ARN "\",\"host:80\"]}", 400,
         BAD("Invalid ARN. ARN is not well formed host:80"), NULL},
        {"an ARN of nothing", "POST", ALL, "{\"name\":\"n\",\"targetArns\":[\"arn:aws:x:::\"]}",
         400, BAD("Invalid ARN. ARN is not well formed arn:aws:x:::"), NULL},
        {"ten", "POST", ALL,
         "{\"name\":\"n\",\"targetArns\":[\"arn:a:b:::1\",\"arn:a:b:::2\",\"arn:a:b:::3\","
         "\"arn:a:b:::4\",\"arn:a:b:::5\",\"arn:a:b:::6\",\"arn:a:b:::7\",\"arn:a:b:::8\","
         "\"arn:a:b:::9\",\"arn:a:b:::10\"]}",
         202, "{\"id\":\"<any>\"}", NULL},
        {"one more", "POST", ALL,
         "{\"name\":\"n\",\"targetArns\":[\"arn:a:b:::1\",\"arn:a:b:::2\",\"arn:a:b:::3\","
         "\"arn:a:b:::4\",\"arn:a:b:::5\",\"arn:a:b:::6\",\"arn:a:b:::7\",\"arn:a:b:::8\","
         "\"arn:a:b:::9\",\"arn:a:b:::10\",\"arn:a:b:::11\"]}",
         400, BAD("A Vpc Link has at most 10 target ARNs"), NULL},
    };
    WALK(steps);
}

/* Rules VL4, VL5 */
static void test_in_use(void **state)
{
    (void)state;
    walk_t walk;
    walk_begin(&walk);
    walk_api(&walk);
    walk_mock(&walk);
    static const step_t steps[] = {
        {"a link", "POST", ALL, "{\"name\":\"n\"," TARGET "}", 202, "{\"id\":\"<any>\"}", "L=id"},
        {"no connection", "PUT", METHOD "/integration", LINKED(""), 400, NO_CONNECTION, NULL},
        {"none that is there", "PUT", METHOD "/integration", LINKED(",\"connectionId\":\"nope\""),
         400, NO_CONNECTION, NULL},
        {"no stage variable", "PUT", METHOD "/integration",
         LINKED(",\"connectionId\":\"${stageVariables.}\""), 400, NO_CONNECTION, NULL},
        {"a stage variable", "PUT", METHOD "/integration",
         LINKED(",\"connectionId\":\"${stageVariables.link}\""), 201,
         "{\"connectionId\":\"${stageVariables.link}\"}", NULL},
        {"not by what is none", "PATCH", METHOD "/integration",
         PATCH_ONE("replace", "/connectionId", "x${stageVariables.link}"), 400, NO_CONNECTION,
         NULL},
        {"the link", "PATCH", METHOD "/integration", PATCH_ONE("replace", "/connectionId", "$L"),
         200, "{\"connectionId\":\"$L\"}", NULL},
        {"which now stays", "DELETE", ALL "/$L", NULL, 400,
         BAD("Vpc Link $L is used by the method GET /pets of the API $A"), NULL},
        {"It is deployed.", "POST", "/restapis/$A/deployments", "{\"stageName\":\"dev\"}", 201,
         "{\"id\":\"<any>\"}", "D=id"},
        {"The method is done with it.", "PUT", METHOD "/integration", "{\"type\":\"MOCK\"}", 201,
         "{\"type\":\"MOCK\"}", NULL},
        {"the stage is not", "DELETE", ALL "/$L", NULL, 400,
         BAD("Vpc Link $L is used by the stage dev of the API $A"), NULL},
        {"until the next deployment.", "POST", "/restapis/$A/deployments",
         "{\"stageName\":\"dev\"}", 201, "{\"id\":\"<any>\"}", NULL},
        {"The former deployment does not count.", "DELETE", ALL "/$L", NULL, 202, NULL, NULL},
    };
    walk_steps(&walk, steps, FG_COUNT_OF(steps));
    walk_end(&walk);
}

/* Rule VL3: the last that fits, and one more. */
static void test_room(void **state)
{
    (void)state;
    walk_t walk;
    walk_begin(&walk);
    walk_fill_kind(&walk, FG_DOCUMENT_VPC_LINK, "", FG_VPC_LINKS_MAX - 1);
    static const step_t steps[] = {
        {"the last", "POST", ALL, "{\"name\":\"n\"," TARGET "}", 202, "{\"id\":\"<any>\"}", NULL},
        {"one more", "POST", ALL, "{\"name\":\"n\"," TARGET "}", 429,
         "{\"@type\":\"LimitExceededException\",\"message\":\"Maximum number of Vpc Links reached: "
         "1000\"}",
         NULL},
    };
    walk_steps(&walk, steps, FG_COUNT_OF(steps));
    walk_end(&walk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_in_use),
        cmocka_unit_test(test_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
