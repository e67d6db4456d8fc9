/* Rules OA10, OA13 to OA16: APIs made of documents, and documents of them again. */
#include "control/api_support.h"

#include "base/yaml.h"

static const char *const files[] = {"petstore.json", "swagger.json", "lambda.yaml", "swagger.yaml"};

static fg_str_t text_of_file(walk_t *walk, const char *name)
{
    static char bytes[1 << 16];
    char path[512];
    snprintf(path, sizeof(path), "%s/fuzz/corpus/openapi/%s", FG_TESTS_DIR, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t count = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    return fg_arena_copy(walk->arena, fg_str_of(bytes, count));
}

/* Send a document as it is; the parsed answer, a new reference. */
static json_t *send_document(walk_t *walk, const char *verb, const char *target, fg_str_t body,
                             int status)
{
    fg_error_t error = {0};
    fg_request_t request = {.verb = fg_str(verb), .target = walk_fill(walk, target), .body = body};
    fg_response_t response = {0};
    fg_control_handle(&walk->control, &request, WALK_NOW, walk->arena, &response);
    if (response.status != status)
        fail_msg("%s %s answered %d %.*s", verb, target, response.status,
                 FG_STR_ARG(response.body));
    return fg_json_parse(response.body, &error);
}

/* A new API of the document; its id goes to $A. */
static void import(walk_t *walk, fg_str_t body)
{
    FG_JSON_SCOPED *api = send_document(walk, "POST", "/restapis?mode=import", body, 201);
    walk_keep(walk, "A=id", api);
}

static json_t *definition(walk_t *walk, bool is_3)
{
    return send_document(walk, "GET",
                         is_3 ? "/faregate/restapis/$A/definition"
                              : "/faregate/restapis/$A/definition?type=swagger",
                         FG_STR(""), 200);
}

static void expect_equal(walk_t *walk, const char *what, const json_t *got, const json_t *want)
{
    fg_str_t got_text = fg_yaml_render(got, walk->arena);
    fg_str_t want_text = fg_yaml_render(want, walk->arena);
    if (!json_equal(got, want))
        fail_msg("%s:\n%.*s\ninstead of\n%.*s", what, FG_STR_ARG(got_text), FG_STR_ARG(want_text));
}

/* Rule OA10: an import exports as it was, and so does the import of that. */
static void an_import_exports_as_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < FG_COUNT_OF(files); i++) {
        walk_t walk;
        walk_begin(&walk);
        fg_error_t error = {0};
        FG_JSON_SCOPED *document = NULL;
        fg_str_t text = text_of_file(&walk, files[i]);
        assert_int_equal(fg_yaml_parse(text, &document, &error), FG_OK);
        bool is_3 = json_object_get(document, "openapi") != NULL;
        import(&walk, text);
        FG_JSON_SCOPED *first = definition(&walk, is_3);
        expect_equal(&walk, files[i], first, document);
        FG_JSON_SCOPED *other = definition(&walk, !is_3);
        import(&walk, fg_yaml_render(first, walk.arena));
        FG_JSON_SCOPED *second = definition(&walk, is_3);
        fg_str_t first_text = fg_json_render(first, walk.arena);
        assert_true(fg_str_eq(first_text, fg_json_render(second, walk.arena)));
        /* an overwrite by itself changes nothing */
        json_decref(send_document(&walk, "PUT", "/restapis/$A?mode=overwrite", first_text, 200));
        FG_JSON_SCOPED *third = definition(&walk, is_3);
        expect_equal(&walk, files[i], third, first);
        FG_JSON_SCOPED *third_other = definition(&walk, !is_3);
        expect_equal(&walk, files[i], third_other, other);
        walk_end(&walk);
    }
}

/* Rule OA13: what single calls make is what an import makes. */
static void an_import_is_what_single_calls_make(void **state)
{
    (void)state;
    walk_t walk;
    walk_begin(&walk);
    walk_api(&walk);
    static const step_t calls[] = {
        {"a validator", "POST", "/restapis/$A/requestvalidators",
         "{\"name\":\"all\",\"validateRequestBody\":true,\"validateRequestParameters\":true}", 201,
         "{\"id\":\"<any>\"}", "V=id"},
        {"an authorizer", "POST", "/restapis/$A/authorizers",
         "{\"name\":\"door\",\"type\":\"COGNITO_USER_POOLS\",\"providerARNs\":[\"arn:aws:cognito-"
         "idp:us-east-1:000000000000:userpool/us-east-1_abcdefghi\"],\"identitySource\":"
         "\"method.request.header.Authorization\"}",
         201, "{\"id\":\"<any>\"}", "U=id"},
        {"a method", "PUT", "/restapis/$A/resources/$P/methods/POST",
         "{\"authorizationType\":\"COGNITO_USER_POOLS\",\"authorizerId\":\"$U\","
         "\"requestValidatorId\":\"$V\",\"apiKeyRequired\":true,\"requestParameters\":{"
         "\"method.request.querystring.page\":true},\"requestModels\":{\"application/json\":"
         "\"Empty\"}}",
         201, "{\"httpMethod\":\"POST\"}", NULL},
        {"its response", "PUT", "/restapis/$A/resources/$P/methods/POST/responses/200",
         "{\"responseModels\":{\"application/json\":\"Error\"}}", 201, "{\"statusCode\":\"200\"}",
         NULL},
        {"its integration", "PUT", "/restapis/$A/resources/$P/methods/POST/integration",
         "{\"type\":\"HTTP\",\"httpMethod\":\"POST\",\"uri\":\"http://backend.example/\"}", 201,
         "{\"type\":\"HTTP\"}", NULL},
        {"and that one's response", "PUT",
         "/restapis/$A/resources/$P/methods/POST/integration/responses/200", "{}", 201,
         "{\"statusCode\":\"200\"}", NULL},
        {"a gateway response", "PUT", "/restapis/$A/gatewayresponses/THROTTLED",
         "{\"statusCode\":\"430\"}", 201, "{\"responseType\":\"THROTTLED\"}", NULL},
    };
    walk_steps(&walk, calls, FG_COUNT_OF(calls));
    FG_JSON_SCOPED *by_calls = definition(&walk, true);
    import(&walk, fg_json_render(by_calls, walk.arena));
    FG_JSON_SCOPED *by_import = definition(&walk, true);
    expect_equal(&walk, "definition", by_import, by_calls);
    static const step_t after[] = {
        {"no models but the document's, methods whole", "GET",
         "/restapis/$A/resources?embed=methods", NULL, 200,
         "{\"item\":[{\"path\":\"/\"},{\"path\":\"/pets\",\"resourceMethods\":{\"POST\":"
         "{\"apiKeyRequired\":true,\"authorizationType\":\"COGNITO_USER_POOLS\",\"authorizerId\":"
         "\"<any>\",\"requestValidatorId\":\"<any>\",\"methodIntegration\":{\"timeoutInMillis\":"
         "29000,\"connectionType\":\"INTERNET\",\"cacheNamespace\":\"<any>\"}}}}]}",
         NULL},
    };
    walk_steps(&walk, after, FG_COUNT_OF(after));
    walk_end(&walk);
}

#define MOCK                                                                                       \
    "x-amazon-apigateway-integration: {type: mock, requestTemplates: {application/json: "          \
    "'{\"statusCode\": 200}'}}"
#define FIRST                                                                                      \
    "openapi: 3.0.1\ninfo: {title: first, version: v1, description: d}\npaths:\n"                  \
    "  /a/b: {get: {responses: {}, " MOCK "}}\n  /c: {get: {responses: {}}}\n"                     \
    "x-amazon-apigateway-binary-media-types: [image/png]\n"                                        \
    "x-amazon-apigateway-request-validators: {v: {validateRequestBody: true}}\n"                   \
    "components: {schemas: {Thing: {type: object, properties: {next: {$ref: "                      \
    "'#/components/schemas/Other'}}}, Other: {$ref: '#/components/schemas/Thing'}}}\n"
#define SECOND                                                                                     \
    "openapi: 3.0.1\ninfo: {title: second, version: v2}\npaths:\n"                                 \
    "  /a/b: {post: {responses: {}}}\n  /a/x: {}\n"                                                \
    "x-amazon-apigateway-request-validators: {v: {validateRequestParameters: true}}\n"

/* Rule OA13 */
static void a_merge_adds_and_an_overwrite_replaces(void **state)
{
    (void)state;
    walk_t walk;
    walk_begin(&walk);
    import(&walk, FG_STR(FIRST));
    static const step_t before[] = {
        {"the resources", "GET", "/restapis/$A/resources", NULL, 200,
         "{\"item\":[{\"path\":\"/\"},{\"path\":\"/a\"},{\"path\":\"/a/b\"},{\"path\":\"/c\"}]}",
         NULL},
        {"models in any order, round in a circle too", "GET", "/restapis/$A/models/Other", NULL,
         200,
         "{\"schema\":\"{\\\"$ref\\\":\\\"https://apigateway.amazonaws.com/restapis/$A/models/"
         "Thing\\\"}\"}",
         NULL},
    };
    walk_steps(&walk, before, FG_COUNT_OF(before));
    FG_JSON_SCOPED *resources =
        send_document(&walk, "GET", "/restapis/$A/resources", FG_STR(""), 200);
    walk_keep(&walk, "B=id", json_array_get(json_object_get(resources, "item"), 2));
    json_decref(send_document(&walk, "PUT", "/restapis/$A", FG_STR(SECOND), 200));
    static const step_t after_merge[] = {
        {"names and members come over", "GET", "/restapis/$A", NULL, 200,
         "{\"name\":\"second\",\"version\":\"v2\",\"description\":\"d\",\"binaryMediaTypes\":["
         "\"image/png\"]}",
         NULL},
        {"the resource keeps its id and its other method", "GET", "/restapis/$A/resources/$B", NULL,
         200, "{\"path\":\"/a/b\",\"resourceMethods\":{\"GET\":\"<any>\",\"POST\":\"<any>\"}}",
         NULL},
        {"what has the name is replaced", "GET", "/restapis/$A/requestvalidators", NULL, 200,
         "{\"item\":[{\"name\":\"v\",\"validateRequestBody\":false,\"validateRequestParameters\":"
         "true}]}",
         NULL},
        {"models stay", "GET", "/restapis/$A/models/Thing", NULL, 200, "{\"name\":\"Thing\"}",
         NULL},
    };
    walk_steps(&walk, after_merge, FG_COUNT_OF(after_merge));
    json_decref(send_document(&walk, "PUT", "/restapis/$A?mode=overwrite", FG_STR(SECOND), 200));
    static const step_t after_overwrite[] = {
        {"members go", "GET", "/restapis/$A", NULL, 200,
         "{\"description\":\"<absent>\",\"binaryMediaTypes\":\"<absent>\"}", NULL},
        {"resources go", "GET", "/restapis/$A/resources", NULL, 200,
         "{\"item\":[{\"path\":\"/\"},{\"path\":\"/a\"},{\"path\":\"/a/b\"},{\"path\":\"/a/x\"}]}",
         NULL},
        {"methods go, the id stays", "GET", "/restapis/$A/resources/$B", NULL, 200,
         "{\"resourceMethods\":{\"GET\":\"<absent>\",\"POST\":\"<any>\"}}", NULL},
        {"models go", "GET", "/restapis/$A/models", NULL, 200, "{\"item\":[]}", NULL},
    };
    walk_steps(&walk, after_overwrite, FG_COUNT_OF(after_overwrite));
    walk_end(&walk);
}

/* Rules OA14 to OA16: nothing of a refused document is stored. */
static void a_refused_document_leaves_nothing(void **state)
{
#define HEAD "openapi: 3.0.1\ninfo: {title: t, version: '1'}\n"
    static const char *const rows[][3] = {
        {"", "nonsense",
         "Unable to build importer with provided input. (neither swagger 2.0 nor openapi 3.0)"},
        {"", "a: 1\nb: [\n",
         "Unable to build importer with provided input. (did not find expected node content at "
         "line 3, column 1)"},
        {"", HEAD, "Errors found during import:\n\tpaths: is missing"},
        {"",
         HEAD "paths: {/x: {get: {x-amazon-apigateway-integration: {type: http, httpMethod: "
              "GET, uri: nowhere}}}}",
         "Errors found during import:\n\tUnable to put integration on 'GET' for resource at path "
         "'/x': Invalid HTTP endpoint specified for URI"},
        {"", HEAD "paths: {/x: {get: {x-amazon-apigateway-request-validator: none}}}",
         "Errors found during import:\n\tUnable to put method 'GET' on resource at path '/x': "
         "Invalid Request Validator identifier specified"},
        {"", HEAD "paths: {/x y: {}}",
         "Errors found during import:\n\tUnable to create resource at path '/x y': Resource's path "
         "part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the "
         "beginning and the end."},
        {"", HEAD "paths: {}\ncomponents: {schemas: {A_B: {type: object}}}",
         "Errors found during import:\n\tUnable to create model for 'A_B': Model name must be "
         "alphanumeric: A_B"},
        {"&failonwarnings=true", HEAD "paths: {/x: {trace: {}, get: {responses: {default: {}}}}}",
         "Warnings found during import:\n\tpaths./x(GET).responses.default: only status codes are "
         "supported\n\tpaths./x(TRACE): this verb is not supported"},
    };
    (void)state;
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        walk_t walk;
        walk_begin(&walk);
        char target[128];
        snprintf(target, sizeof(target), "/restapis?mode=import%s", rows[i][0]);
        FG_JSON_SCOPED *answer = send_document(&walk, "POST", target, fg_str(rows[i][1]), 400);
        assert_string_equal(json_string_value(json_object_get(answer, "message")), rows[i][2]);
        FG_JSON_SCOPED *apis = send_document(&walk, "GET", "/restapis", FG_STR(""), 200);
        assert_int_equal(json_array_size(json_object_get(apis, "item")), 0);
        walk_end(&walk);
    }
}

static void the_query_has_its_say(void **state)
{
    (void)state;
    walk_t walk;
    walk_begin(&walk);
    fg_str_t text = FG_STR("swagger: 2.0\nbasePath: /v1\ninfo: {title: t, version: 1}\npaths:\n"
                           "  /x: {get: {summary: s, responses: {default: {}}}}\n");
    FG_JSON_SCOPED *api = send_document(
        &walk, "POST",
        "/restapis?mode=import&basepath=prepend&endpointConfigurationTypes=REGIONAL&ignore="
        "documentation",
        text, 201);
    walk_keep(&walk, "A=id", api);
    static const step_t steps[] = {
        {"the API", "GET", "/restapis/$A", NULL, 200,
         "{\"endpointConfiguration\":{\"types\":[\"REGIONAL\"]},\"version\":\"1\"}", NULL},
        {"its paths", "GET", "/restapis/$A/resources", NULL, 200,
         "{\"item\":[{\"path\":\"/\"},{\"path\":\"/v1\"},{\"path\":\"/v1/x\"}]}", NULL},
        {"no documentation", "GET", "/restapis/$A/documentation/parts", NULL, 200, "{\"item\":[]}",
         NULL},
        {"an unknown API comes before a bad document", "PUT", "/restapis/nope", "x", 404,
         NO_API("nope"), NULL},
        {"a mode", "PUT", "/restapis/$A?mode=replace", "x", 400,
         "{\"@type\":\"ValidationException\"}", NULL},
        {"a base path", "PUT", "/restapis/$A?basepath=x", "x", 400,
         "{\"@type\":\"ValidationException\"}", NULL},
    };
    assert_int_equal(json_array_size(json_object_get(api, "warnings")), 1);
    assert_null(json_object_get(api, "tags"));
    walk_steps(&walk, steps, FG_COUNT_OF(steps));
    walk_end(&walk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_import_exports_as_it_was),
        cmocka_unit_test(an_import_is_what_single_calls_make),
        cmocka_unit_test(a_merge_adds_and_an_overwrite_replaces),
        cmocka_unit_test(a_refused_document_leaves_nothing),
        cmocka_unit_test(the_query_has_its_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
