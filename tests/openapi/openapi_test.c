/* Rules OA1 to OA10 on documents as people and the service write them. */
#include "words.h"

#include "base/yaml.h"
#include "openapi/openapi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *document_of_file(const char *name)
{
    static char bytes[1 << 16];
    char path[512];
    snprintf(path, sizeof(path), "%s/fuzz/corpus/openapi/%s", FG_TESTS_DIR, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t count = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    fg_error_t error = {0};
    json_t *document = NULL;
    if (fg_yaml_parse(fg_str_of(bytes, count), &document, &error) != FG_OK)
        fail_msg("%s: %s", name, error.message);
    return document;
}

static json_t *parse(const char *yaml)
{
    fg_error_t error = {0};
    json_t *value = NULL;
    if (fg_yaml_parse(fg_str(yaml), &value, &error) != FG_OK)
        fail_msg("%s: %s", error.message, yaml);
    return value;
}

static json_t *read_as(const json_t *document, const fg_openapi_read_options_t *options,
                       fg_arena_t *arena, json_t **ret_warnings)
{
    fg_error_t error = {0};
    json_t *definition = NULL;
    if (fg_openapi_read(document, options, arena, &definition, ret_warnings, &error) != FG_OK)
        fail_msg("%s", error.message);
    return definition;
}

static json_t *write_as(const json_t *definition, bool is_3, fg_arena_t *arena)
{
    fg_error_t error = {0};
    json_t *document = NULL;
    fg_openapi_write_options_t options = {
        .is_3 = is_3, .has_integrations = true, .has_authorizers = true, .has_rest = true};
    assert_int_equal(fg_openapi_write(definition, &options, arena, &document, &error), FG_OK);
    return document;
}

static void expect_equal(const char *what, const json_t *got, const json_t *want, fg_arena_t *arena)
{
    if (json_equal(got, want))
        return;
    fg_str_t got_text = fg_yaml_render(got, arena), want_text = fg_yaml_render(want, arena);
    fail_msg("%s:\n%.*s\ninstead of\n%.*s", what, FG_STR_ARG(got_text), FG_STR_ARG(want_text));
}

/* Rule OA10: the export of an import equals it. */
static void documents_come_back_as_they_went_in(void **state)
{
    static const char *const files[] = {"petstore.json", "swagger.json", "lambda.yaml",
                                        "swagger.yaml"};
    (void)state;
    for (size_t i = 0; i < FG_COUNT_OF(files); i++) {
        fg_arena_t *arena = fg_arena_new();
        fg_openapi_read_options_t options = {0};
        FG_JSON_SCOPED *warnings = NULL;
        FG_JSON_SCOPED *again_warnings = NULL;
        FG_JSON_SCOPED *document = document_of_file(files[i]);
        FG_JSON_SCOPED *definition = read_as(document, &options, arena, &warnings);
        bool is_3 = json_object_get(document, "openapi") != NULL;
        FG_JSON_SCOPED *written = write_as(definition, is_3, arena);
        FG_JSON_SCOPED *no_warnings = json_array();
        expect_equal(files[i], warnings, no_warnings, arena);
        expect_equal(files[i], written, document, arena);
        /* and through the other version, but for what that one cannot say */
        FG_JSON_SCOPED *other = write_as(definition, !is_3, arena);
        FG_JSON_SCOPED *again = read_as(other, &options, arena, &again_warnings);
        if (strcmp(files[i], "petstore.json") != 0)
            expect_equal(files[i], again, definition, arena);
        fg_arena_free(arena);
    }
}

/* Rule OA1 */
static void a_foreign_document_is_read_as_far_as_it_goes(void **state)
{
    (void)state;
    fg_arena_t *arena = fg_arena_new();
    fg_openapi_read_options_t options = {.base_path = FG_OPENAPI_BASE_PATH_PREPEND};
    FG_JSON_SCOPED *warnings = NULL;
    FG_JSON_SCOPED *document = document_of_file("foreign.yaml");
    FG_JSON_SCOPED *definition = read_as(document, &options, arena, &warnings);
    FG_JSON_SCOPED *want =
        parse("restApi: {name: Foreign, version: '3'}\n"
              "models:\n"
              "  Pet: {schema: {type: object, properties: {name: {type: string}}}}\n"
              "  GetPetsResponse200: {schema: {type: string}}\n"
              "  GetShopV1PetsResponse200:\n"
              "    schema: {type: array, items: {$ref: '#/components/schemas/Pet'}}\n"
              "resources:\n"
              "  /shop/v1/pets:\n"
              "    GET:\n"
              "      authorizationType: NONE\n"
              "      apiKeyRequired: true\n"
              "      requestParameters: {method.request.header.trace: true}\n"
              "      methodResponses:\n"
              "        '200': {responseModels: {application/json: GetShopV1PetsResponse200}}\n"
              "        '404': {responseParameters: {method.response.header.X-Why: false}}\n"
              "    PUT:\n"
              "      authorizationType: NONE\n"
              "      apiKeyRequired: false\n"
              "      requestParameters: {method.request.header.trace: false}\n"
              "      requestModels: {application/json: Pet}\n"
              "      methodResponses: {'204': {}}\n"
              "    DELETE:\n"
              "      authorizationType: NONE\n"
              "      apiKeyRequired: false\n"
              "      requestParameters: {method.request.header.trace: false}\n"
              "      methodResponses: {'204': {}}\n");
    json_object_del(definition, "documentation"); /* a test of its own */
    expect_equal("foreign.yaml", definition, want, arena);
    FG_JSON_SCOPED *want_warnings = parse(
        "- 'x-amazon-apigateway-cors: this extension is not supported'\n"
        "- 'paths./shop/v1/pets(GET).parameters: only path, query, header and body parameters with "
        "a name are supported'\n"
        "- 'paths./shop/v1/pets(GET).responses.default: only status codes are supported'\n"
        "- 'paths./shop/v1/pets(GET).responses.2XX: only status codes are supported'\n"
        "- 'paths./shop/v1/pets(DELETE).security.oauth: this kind of security scheme is not "
        "supported'\n"
        "- 'paths./shop/v1/pets(TRACE): this verb is not supported'\n");
    expect_equal("warnings", warnings, want_warnings, arena);
    fg_arena_free(arena);
}

/* Rule OA8 */
static void the_base_path_goes_where_it_is_told(void **state)
{
    static const struct {
        const char *says, *head;
        fg_openapi_base_path_t use;
        const char *path;
    } rows[] = {
        {"left out", "basePath: /a/b/c", FG_OPENAPI_BASE_PATH_IGNORE, "/e"},
        {"put before", "basePath: /a/b/c", FG_OPENAPI_BASE_PATH_PREPEND, "/a/b/c/e"},
        {"without its first part", "basePath: /a/b/c", FG_OPENAPI_BASE_PATH_SPLIT, "/b/c/e"},
        {"nothing left of one part", "basePath: a/", FG_OPENAPI_BASE_PATH_SPLIT, "/e"},
        {"the root", "basePath: /", FG_OPENAPI_BASE_PATH_PREPEND, "/e"},
        {"none", "", FG_OPENAPI_BASE_PATH_PREPEND, "/e"},
    };
    (void)state;
    fg_arena_t *arena = fg_arena_new();
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        char text[256];
        snprintf(text, sizeof(text), "swagger: 2.0\ninfo: {title: t}\n%s\npaths: {/e: {}}\n",
                 rows[i].head);
        fg_openapi_read_options_t options = {.base_path = rows[i].use};
        FG_JSON_SCOPED *warnings = NULL;
        FG_JSON_SCOPED *document = parse(text);
        FG_JSON_SCOPED *definition = read_as(document, &options, arena, &warnings);
        if (!json_object_get(json_object_get(definition, "resources"), rows[i].path))
            fail_msg("%s: no %s", rows[i].says, rows[i].path);
    }
    fg_arena_free(arena);
}

/* Rule OA9 */
static void words_of_a_document_become_parts(void **state)
{
    static const char *const places[][2] = {
        {"{\"type\":\"RESPONSE\",\"path\":\"/shop/v1/pets\",\"method\":\"GET\",\"statusCode\":"
         "\"200\"}",
         "{\"description\":\"ok\"}"},
        {"{\"type\":\"RESPONSE_HEADER\",\"path\":\"/shop/v1/pets\",\"method\":\"GET\","
         "\"statusCode\":\"404\",\"name\":\"X-Why\"}",
         "{\"description\":\"why\"}"},
    };
    (void)state;
    fg_arena_t *arena = fg_arena_new();
    fg_openapi_read_options_t options = {.base_path = FG_OPENAPI_BASE_PATH_PREPEND};
    FG_JSON_SCOPED *warnings = NULL;
    FG_JSON_SCOPED *document = document_of_file("foreign.yaml");
    FG_JSON_SCOPED *definition = read_as(document, &options, arena, &warnings);
    const json_t *parts = json_object_get(definition, "documentation");
    assert_int_equal(json_object_size(parts), 5);
    for (size_t i = 0; i < FG_COUNT_OF(places); i++) {
        const json_t *part = json_object_get(parts, places[i][0]);
        assert_non_null(part);
        fg_str_t properties = fg_json_render(json_object_get(part, "properties"), arena);
        assert_true(fg_str_is(properties, places[i][1]));
    }
    FG_JSON_SCOPED *no_warnings = NULL;
    options.is_documentation_ignored = true;
    FG_JSON_SCOPED *bare = read_as(document, &options, arena, &no_warnings);
    assert_null(json_object_get(bare, "documentation"));
    fg_arena_free(arena);
}

/* Rules OA1, OA3, OA4 */
static void what_cannot_be_meant_is_refused(void **state)
{
#define HEAD "openapi: 3.0.1\ninfo: {title: t, version: '1'}\n"
    static const char *const rows[][2] = {
        {"[]", "document: is no object"},
        {"a: b", "swagger: neither swagger 2.0 nor openapi 3.0"},
        {"swagger: '1.2'", "swagger: only Swagger 2.0 is supported"},
        {"openapi: 3.1.0", "openapi: only OpenAPI 3.0 is supported"},
        {"openapi: 3.0.0\npaths: {}", "info.title: is missing"},
        {HEAD, "paths: is missing"},
        {HEAD "paths: {pets: {}}", "paths.pets: does not begin with a slash"},
        {HEAD "paths: {/pets: []}", "paths./pets: is no object"},
        {HEAD "paths: {/pets: {get: x}}", "paths./pets(GET): is no object"},
        {HEAD "paths: {/pets: {get: {security: [{kye: []}]}}}",
         "paths./pets(GET).security.kye: there is no such security scheme"},
        {HEAD "paths: {/pets: {get: {x-amazon-apigateway-integration: x}}}",
         "paths./pets(GET).x-amazon-apigateway-integration: is no object"},
        {HEAD "paths: {/p: {get: {x-amazon-apigateway-integration: {responses: {default: {}}}}}}",
         "paths./p(GET).x-amazon-apigateway-integration.responses.default: statusCode is missing"},
        {HEAD "paths: {}\ncomponents: {securitySchemes: {a: {x-amazon-apigateway-authorizer: {}}}}",
         "securitySchemes.a.x-amazon-apigateway-authorizer: type is missing"},
    };
    (void)state;
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_arena_t *arena = fg_arena_new();
        fg_openapi_read_options_t options = {0};
        json_t *definition = NULL, *warnings = NULL;
        fg_error_t error = {0};
        FG_JSON_SCOPED *document = parse(rows[i][0]);
        assert_int_equal(fg_openapi_read(document, &options, arena, &definition, &warnings, &error),
                         FG_BAD_REQUEST);
        assert_null(definition);
        assert_string_equal(error.message, rows[i][1]);
        fg_arena_free(arena);
    }
}

/* Rule OA11: without extensions a document is any OpenAPI document, and says no more than it should. */
static void extensions_are_written_when_asked_for(void **state)
{
    (void)state;
    fg_arena_t *arena = fg_arena_new();
    fg_openapi_read_options_t options = {0};
    fg_openapi_write_options_t bare = {
        .is_3 = true, .host = FG_STR("a.example"), .base_path = FG_STR("/prod")};
    fg_error_t error = {0};
    FG_JSON_SCOPED *warnings = NULL;
    FG_JSON_SCOPED *written = NULL;
    FG_JSON_SCOPED *document = document_of_file("lambda.yaml");
    FG_JSON_SCOPED *definition = read_as(document, &options, arena, &warnings);
    assert_int_equal(fg_openapi_write(definition, &bare, arena, &written, &error), FG_OK);
    fg_str_t text = fg_json_render(written, arena);
    static const char *const unwanted[] = {"-integration", "-auth", "-documentation", "-policy"};
    for (size_t i = 0; i < FG_COUNT_OF(unwanted); i++)
        assert_null(memmem(text.at, text.len, unwanted[i], strlen(unwanted[i])));
    FG_JSON_SCOPED *servers =
        parse("[{url: 'https://a.example/{basePath}', variables: {basePath: {default: /prod}}}]");
    expect_equal("servers", json_object_get(written, "servers"), servers, arena);
    FG_JSON_SCOPED *authorizers = NULL;
    bare.has_authorizers = true;
    assert_int_equal(fg_openapi_write(definition, &bare, arena, &authorizers, &error), FG_OK);
    text = fg_json_render(authorizers, arena);
    assert_non_null(memmem(text.at, text.len, "x-amazon-apigateway-authorizer", 30));
    assert_null(memmem(text.at, text.len, "x-amazon-apigateway-integration", 31));
    fg_arena_free(arena);
}

/* Rule OA5 */
static void references_change_places(void **state)
{
    (void)state;
    fg_arena_t *arena = fg_arena_new();
    FG_JSON_SCOPED *schema =
        parse("{a: {$ref: '#/definitions/A'}, b: [{$ref: '#/definitions/A/x'}],"
              " c: {$ref: 'http://example/c'}}");
    FG_JSON_SCOPED *urls = fg_openapi_refs_to(
        schema, FG_STR("https://apigateway.amazonaws.com/restapis/x/models/"), arena);
    FG_JSON_SCOPED *want =
        parse("{a: {$ref: 'https://apigateway.amazonaws.com/restapis/x/models/A'},"
              " b: [{$ref: '#/definitions/A/x'}], c: {$ref: 'http://example/c'}}");
    expect_equal("to models", urls, want, arena);
    FG_JSON_SCOPED *back = fg_openapi_refs_from(urls, arena);
    FG_JSON_SCOPED *want_back =
        parse("{a: {$ref: '#/components/schemas/A'}, b: [{$ref: '#/definitions/A/x'}],"
              " c: {$ref: 'http://example/c'}}");
    expect_equal("from models", back, want_back, arena);
    fg_arena_free(arena);
}

/* Every lack of memory in the arena is told as such. */
static void nth_allocation_fails(void **state)
{
    (void)state;
    FG_JSON_SCOPED *document = document_of_file("lambda.yaml");
    fg_openapi_read_options_t options = {0};
    for (int64_t n = 0;; n++) {
        fg_arena_t *arena = fg_arena_new();
        FG_JSON_SCOPED *definition = NULL;
        FG_JSON_SCOPED *warnings = NULL;
        FG_JSON_SCOPED *written = NULL;
        fg_error_t error = {0};
        fg_openapi_write_options_t write = {.has_integrations = true, .has_authorizers = true};
        fg_arena_fail_after(arena, n);
        fg_status_t status =
            fg_openapi_read(document, &options, arena, &definition, &warnings, &error);
        if (status == FG_OK)
            status = fg_openapi_write(definition, &write, arena, &written, &error);
        fg_arena_free(arena);
        assert_true(status == FG_OK || status == FG_NO_MEMORY);
        if (status == FG_OK)
            return;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_come_back_as_they_went_in),
        cmocka_unit_test(a_foreign_document_is_read_as_far_as_it_goes),
        cmocka_unit_test(the_base_path_goes_where_it_is_told),
        cmocka_unit_test(words_of_a_document_become_parts),
        cmocka_unit_test(what_cannot_be_meant_is_refused),
        cmocka_unit_test(extensions_are_written_when_asked_for),
        cmocka_unit_test(references_change_places),
        cmocka_unit_test(nth_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
