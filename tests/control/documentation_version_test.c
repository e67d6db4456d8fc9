#include "control/api_support.h"

#include "control/documentation.h"

#define PARTS    "/restapis/$A/documentation/parts"
#define VERSIONS "/restapis/$A/documentation/versions"
#define LOST     MISSING("Invalid Documentation version specified")

static const step_t make_rows[] = {
    {"a part", "POST", PARTS,
     "{\"location\":{\"type\":\"API\"},\"properties\":\"{\\\"d\\\":\\\"old\\\"}\"}", 201,
     "{\"id\":\"<any>\"}", "I=id"},
    {"a version", "POST", VERSIONS, "{\"documentationVersion\":\"1.0\",\"description\":\"d\"}", 201,
     "{\"version\":\"1.0\",\"createdDate\":1700000000,\"description\":\"d\",\"parts\":\"<absent>"
     "\"}",
     NULL},
};

/* Rule DP8 */
static void test_life(void **state)
{
    (void)state;
    walk_t walk;
    walk_begin(&walk);
    walk_api(&walk);
    walk_mock(&walk);
    walk_steps(&walk, make_rows, FG_COUNT_OF(make_rows));
    static const step_t steps[] = {
        {"It is there.", "GET", VERSIONS "/1.0", NULL, 200,
         "{\"version\":\"1.0\",\"createdDate\":1700000000,\"description\":\"d\",\"parts\":\"<"
         "absent>"
         "\"}",
         NULL},
        {"a stage", "POST", "/restapis/$A/deployments", "{\"stageName\":\"dev\"}", 201,
         "{\"id\":\"<any>\"}", NULL},
        {"A version for it.", "POST", VERSIONS,
         "{\"documentationVersion\":\"2/x\",\"stageName\":\"dev\"}", 201,
         "{\"version\":\"2/x\",\"description\":\"<absent>\"}", NULL},
        {"The stage shows it.", "GET", "/restapis/$A/stages/dev", NULL, 200,
         "{\"documentationVersion\":\"2/x\"}", NULL},
        {"a stage that is not there", "POST", VERSIONS,
         "{\"documentationVersion\":\"3\",\"stageName\":\"nope\"}", 404,
         MISSING("Invalid stage identifier specified"), NULL},
        {"Nothing came of that.", "GET", VERSIONS, NULL, 200,
         "{\"item\":[{\"version\":\"1.0\",\"parts\":\"<absent>\"},{\"version\":\"2/x\"}]}", NULL},
        {"a version that is there", "POST", VERSIONS, "{\"documentationVersion\":\"1.0\"}", 409,
         CONFLICT("Documentation version already exists: 1.0"), NULL},
        {"one without a name", "POST", VERSIONS, "{\"documentationVersion\":\"\"}", 400,
         BAD("A documentation version has 1 to 128 bytes"), NULL},
        {"one without any", "POST", VERSIONS, "{}", 400,
         INVALID("1 validation error detected: Value null at "
                 "'createDocumentationVersionInput.documentationVersion' failed to satisfy "
                 "constraint: Member must not be null"),
         NULL},
        {"Its description is replaced.", "PATCH", VERSIONS "/2%2Fx",
         PATCH_ONE("replace", "/description", "e"), 200,
         "{\"version\":\"2/x\",\"description\":\"e\",\"parts\":\"<absent>\"}", NULL},
        {"another path", "PATCH", VERSIONS "/1.0", PATCH_ONE("replace", "/version", "e"), 400,
         BAD("Invalid patch path  '/version' specified for op 'replace'. Must be one of: "
             "[/description]"),
         NULL},
        {"It goes.", "DELETE", VERSIONS "/2%2Fx", NULL, 202, NULL, NULL},
        {"get", "GET", VERSIONS "/2%2Fx", NULL, 404, LOST, NULL},
        {"update", "PATCH", VERSIONS "/nope", PATCH_ONE("replace", "/description", "e"), 404, LOST,
         NULL},
        {"delete", "DELETE", VERSIONS "/nope", NULL, 404, LOST, NULL},
        {"an unknown API", "POST", "/restapis/nope/documentation/versions",
         "{\"documentationVersion\":\"1\"}", 404, NO_API("nope"), NULL},
        {"an unknown API", "GET", "/restapis/nope/documentation/versions", NULL, 404,
         NO_API("nope"), NULL},
    };
    walk_steps(&walk, steps, FG_COUNT_OF(steps));
    walk_end(&walk);
}

/* Rule DP8: what comes after is not in it. */
static void test_keeps_the_parts(void **state)
{
    (void)state;
    walk_t walk;
    walk_begin(&walk);
    walk_api(&walk);
    walk_steps(&walk, make_rows, FG_COUNT_OF(make_rows));
    static const step_t later[] = {
        {"The part changes.", "PATCH", PARTS "/$I", PATCH_ONE("replace", "/properties", "{}"), 200,
         "{\"properties\":\"{}\"}", NULL},
        {"Another comes.", "POST", PARTS,
         "{\"location\":{\"type\":\"RESOURCE\"},\"properties\":\"{}\"}", 201, "{\"id\":\"<any>\"}",
         NULL},
    };
    walk_steps(&walk, later, FG_COUNT_OF(later));
    fg_error_t error;
    fg_call_t call = {.store = walk.store, .arena = walk.arena, .error = &error};
    FG_JSON_SCOPED *got = NULL;
    FG_JSON_SCOPED *want =
        json_pack("{ss, s[{s{ss}, s{ss}}]}", "version", "1.0", "documentationParts", "location",
                  "type", "API", "properties", "d", "old");
    assert_int_equal(fg_documentation_of_version(&call, walk.kept[0], FG_STR("1.0"), &got), FG_OK);
    assert_true(json_equal(got, want));
    assert_int_equal(fg_documentation_of_version(&call, walk.kept[0], FG_STR("9"), &got),
                     FG_NOT_FOUND);
    walk_end(&walk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),
        cmocka_unit_test(test_keeps_the_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
