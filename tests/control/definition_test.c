/* Rules OA10 to OA12: what an API is now, and what a stage serves, as a document. */
#include "control/api_support.h"

#include "base/yaml.h"

#define DEFINITION "/faregate/restapis/$A/definition"
#define EXPORT     "/restapis/$A/stages/prod/exports/"

static void make_api(walk_t *walk)
{
    static const step_t steps[] = {
        {"an API", "POST", "/restapis",
         "{\"name\":\"weather\",\"version\":\"1.0\",\"description\":\"d\"}", 201,
         "{\"id\":\"<any>\"}", "A=id"},
        {"its root", "GET", "/restapis/$A", NULL, 200, "{\"id\":\"<any>\"}", "R=rootResourceId"},
        {"a resource", "POST", "/restapis/$A/resources/$R", "{\"pathPart\":\"pets\"}", 201,
         "{\"path\":\"/pets\"}", "P=id"},
        {"a method", "PUT", "/restapis/$A/resources/$P/methods/GET",
         "{\"authorizationType\":\"NONE\",\"apiKeyRequired\":true}", 201,
         "{\"httpMethod\":\"GET\"}", NULL},
        {"its response", "PUT", "/restapis/$A/resources/$P/methods/GET/responses/200",
         "{\"responseModels\":{\"application/json\":\"Empty\"}}", 201, "{\"statusCode\":\"200\"}",
         NULL},
        {"a MOCK", "PUT", "/restapis/$A/resources/$P/methods/GET/integration",
         "{\"type\":\"MOCK\",\"requestTemplates\":{\"application/json\":\"{\\\"statusCode\\\": "
         "200}\"}}",
         201, "{\"type\":\"MOCK\"}", NULL},
        {"its response", "PUT", "/restapis/$A/resources/$P/methods/GET/integration/responses/200",
         "{\"selectionPattern\":\"\"}", 201, "{\"statusCode\":\"200\"}", NULL},
        {"a stage", "POST", "/restapis/$A/deployments", "{\"stageName\":\"prod\"}", 201,
         "{\"id\":\"<any>\"}", NULL},
    };
    walk_steps(walk, steps, FG_COUNT_OF(steps));
}

#define PETS                                                                                       \
    "\"paths\":{\"/pets\":{\"get\":{\"responses\":{\"200\":{\"description\":\"200 response\","     \
    "\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/Empty\"}}}}}," \
    "\"security\":[{\"api_key\":[]}],\"x-amazon-apigateway-integration\":{\"type\":\"mock\","      \
    "\"requestTemplates\":{\"application/json\":\"{\\\"statusCode\\\": 200}\"},"                   \
    "\"passthroughBehavior\":\"when_no_match\",\"responses\":{\"default\":{\"statusCode\":"        \
    "\"200\"}}}}}}"

static void what_the_api_is_now(void **state)
{
    (void)state;
    walk_t walk;
    walk_begin(&walk);
    make_api(&walk);
    static const step_t steps[] = {
        {"as OpenAPI 3.0", "GET", DEFINITION, NULL, 200,
         "{\"openapi\":\"3.0.1\",\"info\":{\"title\":\"weather\",\"description\":\"d\",\"version\":"
         "\"1.0\"},\"servers\":\"<absent>\"," PETS
         ",\"components\":{\"schemas\":{\"Empty\":{\"title\":\"Empty Schema\",\"type\":\"object\","
         "\"$schema\":\"<absent>\"}},\"securitySchemes\":{\"api_key\":{\"type\":\"apiKey\","
         "\"name\":\"x-api-key\",\"in\":\"header\"}}}}",
         NULL},
        {"as Swagger 2.0", "GET", DEFINITION "?type=swagger", NULL, 200,
         "{\"swagger\":\"2.0\",\"host\":\"<absent>\",\"definitions\":{\"Empty\":\"<any>\"}}", NULL},
        {"it follows the API, not the stage", "DELETE", "/restapis/$A/resources/$P", NULL, 202,
         NULL, NULL},
        {"at once", "GET", DEFINITION, NULL, 200,
         "{\"paths\":{},\"components\":{\"securitySchemes\":\"<absent>\"}}", NULL},
        {"no such type", "GET", DEFINITION "?type=raml", NULL, 400,
         BAD("Invalid export type specified: raml. Must be one of: [oas30, swagger]"), NULL},
        {"no such API", "GET", "/faregate/restapis/nope/definition", NULL, 404, NO_API("nope"),
         NULL},
    };
    walk_steps(&walk, steps, FG_COUNT_OF(steps));
    walk_end(&walk);
}

/* The export of stage prod; `accept` in the header. */
static fg_response_t get_export(walk_t *walk, const char *rest, const char *accept)
{
    fg_pair_t header = {FG_STR("ACCEPT"), fg_str(accept)};
    fg_request_t request = {.verb = FG_STR("GET"),
                            .target = walk_fill(walk, EXPORT),
                            .body = FG_STR(""),
                            .headers = &header,
                            .header_count = 1};
    request.target = fg_arena_printf(walk->arena, "%.*s%s", FG_STR_ARG(request.target), rest);
    fg_response_t response = {0};
    fg_control_handle(&walk->control, &request, WALK_NOW, walk->arena, &response);
    return response;
}

static void what_a_stage_serves(void **state)
{
    (void)state;
    walk_t walk;
    walk_begin(&walk);
    make_api(&walk);
    static const step_t changed[] = {
        {"the API changes", "PUT", "/restapis/$A/resources/$P/methods/POST",
         "{\"authorizationType\":\"NONE\"}", 201, "{\"httpMethod\":\"POST\"}", NULL},
        {"the stage is what it was", "GET", EXPORT "oas30?extensions=apigateway", NULL, 200,
         "{" PETS ",\"servers\":[{\"url\":\"https://$A.execute-api.us-east-1.amazonaws.com/"
         "{basePath}\",\"variables\":{\"basePath\":{\"default\":\"/prod\"}}}]}",
         NULL},
        {"as Swagger", "GET", EXPORT "swagger", NULL, 200,
         "{\"swagger\":\"2.0\",\"host\":\"$A.execute-api.us-east-1.amazonaws.com\","
         "\"basePath\":\"/prod\",\"schemes\":[\"https\"],\"paths\":{\"/pets\":{\"get\":"
         "{\"x-amazon-apigateway-integration\":\"<absent>\"},\"post\":\"<absent>\"}}}",
         NULL},
        {"integrations alone", "GET", EXPORT "swagger?extensions=integrations,postman", NULL, 200,
         "{\"paths\":{\"/pets\":{\"get\":{\"x-amazon-apigateway-integration\":\"<any>\"}}}}", NULL},
        {"no such type", "GET", EXPORT "raml", NULL, 400,
         BAD("Invalid export type specified: raml. Must be one of: [oas30, swagger]"), NULL},
        {"no such extensions", "GET", EXPORT "oas30?extensions=all", NULL, 400,
         BAD("Invalid extensions specified: all. Must be one of: [apigateway, integrations, "
             "authorizers, postman]"),
         NULL},
        {"no such stage", "GET", "/restapis/$A/stages/none/exports/oas30", NULL, 404,
         MISSING("Invalid stage identifier specified"), NULL},
        {"no such API", "GET", "/restapis/nope/stages/prod/exports/oas30", NULL, 404,
         NO_API("nope"), NULL},
    };
    walk_steps(&walk, changed, FG_COUNT_OF(changed));
    walk_end(&walk);
}

static void an_export_is_a_file(void **state)
{
    (void)state;
    walk_t walk;
    walk_begin(&walk);
    make_api(&walk);
    fg_error_t error = {0};
    FG_JSON_SCOPED *json = NULL;
    FG_JSON_SCOPED *yaml = NULL;
    fg_response_t response = get_export(&walk, "oas30", "application/json");
    assert_int_equal(response.status, 200);
    assert_true(fg_str_is(response_header(&response, "Content-Type"), "application/octet-stream"));
    assert_true(fg_str_is(response_header(&response, "Content-Disposition"),
                          "attachment; filename=\"oas30_1.0.json\""));
    assert_true(fg_str_starts_with(response.body, FG_STR("{\n  \"openapi\": \"3.0.1\"")));
    assert_int_equal(fg_yaml_parse(response.body, &json, &error), FG_OK);
    response = get_export(&walk, "oas30", "application/yaml");
    assert_true(fg_str_is(response_header(&response, "Content-Disposition"),
                          "attachment; filename=\"oas30_1.0.yaml\""));
    assert_true(fg_str_starts_with(response.body, FG_STR("openapi: 3.0.1\ninfo:\n")));
    assert_int_equal(fg_yaml_parse(response.body, &yaml, &error), FG_OK);
    assert_true(json_equal(json, yaml));
    walk_end(&walk);
}

/* A version goes into a header: what would end it there is replaced. Without one the day of birth stands for it. */
static void a_version_is_no_header(void **state)
{
    static const char *const rows[][2] = {
        {",\"version\":\"1\\\"\\r\\nX-Evil: 1\"",
         "attachment; filename=\"swagger_1___X-Evil:_1.json\""},
        {"", "attachment; filename=\"swagger_2023-11-14T22:13:20Z.json\""},
    };
    (void)state;
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        walk_t walk;
        walk_begin(&walk);
        char body[128];
        snprintf(body, sizeof(body), "{\"name\":\"n\"%s}", rows[i][0]);
        const step_t steps[] = {
            {"an API", "POST", "/restapis", body, 201, "{\"id\":\"<any>\"}", "A=id"},
            {"its root", "GET", "/restapis/$A", NULL, 200, "{\"id\":\"$A\"}", "P=rootResourceId"},
        };
        walk_steps(&walk, steps, FG_COUNT_OF(steps));
        walk_mock(&walk);
        walk_call(&walk, "POST", "/restapis/$A/deployments", "{\"stageName\":\"prod\"}");
        fg_response_t response = get_export(&walk, "swagger", "");
        assert_int_equal(response.status, 200);
        fg_str_t header = response_header(&response, "Content-Disposition");
        assert_string_equal(fg_arena_text(walk.arena, header), rows[i][1]);
        walk_end(&walk);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_api_is_now),
        cmocka_unit_test(what_a_stage_serves),
        cmocka_unit_test(an_export_is_a_file),
        cmocka_unit_test(a_version_is_no_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
