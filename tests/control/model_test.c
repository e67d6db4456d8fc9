/* Reference 4.12, docs/rules/models.md. */
#include "control/api_support.h"

#define MODELS    "/restapis/$A/models"
#define METHOD    "/restapis/$A/resources/$P/methods/GET"
#define REF(name) "https://apigateway.amazonaws.com/restapis/$A/models/" name
#define CREATE(name, schema)                                                                       \
    "{\"name\":\"" name "\",\"contentType\":\"application/json\",\"schema\":\"" schema "\"}"
#define SCHEMA_ERROR(why)                                                                          \
    BAD("Invalid model specified: Validation Result: warnings : [], errors : [" why "]")
#define NO_PROPERTY BAD("Model schema must have at least 1 property or array items defined")

static void run(const step_t *steps, size_t count)
{
    walk_t walk;
    walk_begin(&walk);
    walk_api(&walk);
    walk_mock(&walk);
    walk_steps(&walk, steps, count);
    walk_end(&walk);
}
#define RUN(steps) run(steps, FG_COUNT_OF(steps))

static void a_model_is_created(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"Rule MO1: a new API has two.", "GET", MODELS, NULL, 200,
         "{\"position\":\"<absent>\",\"item\":[{\"id\":\"<any>\",\"name\":\"Empty\","
         "\"contentType\":"
         "\"application/json\",\"description\":\"This is a default empty schema model\"},"
         "{\"id\":\"<any>\",\"name\":\"Error\",\"description\":\"This is a default error schema "
         "model\"}]}",
         NULL},
        {"The schema is kept to the letter.", "POST", MODELS,
         "{\"name\":\"Pet\",\"contentType\":\"application/json\",\"description\":\"d\","
         "\"schema\":\"{ \\\"type\\\" : \\\"object\\\" }\"}",
         201,
         "{\"id\":\"<any>\",\"name\":\"Pet\",\"description\":\"d\",\"contentType\":"
         "\"application/json\",\"schema\":\"{ \\\"type\\\" : \\\"object\\\" }\"}",
         NULL},
        {"It is there.", "GET", MODELS "/Pet", NULL, 200,
         "{\"schema\":\"{ \\\"type\\\" : \\\"object\\\" }\"}", NULL},
        {"the next page", "GET", MODELS "?limit=2", NULL, 200, "{\"position\":\"<any>\"}",
         "N=position"},
        {"has it alone.", "GET", MODELS "?limit=2&position=$N", NULL, 200,
         "{\"position\":\"<absent>\",\"item\":[{\"name\":\"Pet\"}]}", NULL},
        {"once more", "POST", MODELS, CREATE("Pet", "{}"), 409,
         CONFLICT("Model name already exists for this REST API"), NULL},
        {"names have case", "POST", MODELS, CREATE("pet", "{}"), 201,
         "{\"description\":\"<absent>\"}", NULL},
        {"another media type takes any text", "POST", MODELS,
         "{\"name\":\"Xml\",\"contentType\":\"application/xml\",\"schema\":\"<pet/>\"}", 201,
         "{\"schema\":\"<pet/>\"}", NULL},
        {"of an unknown API", "GET", "/restapis/nope/models", NULL, 404, NO_API("nope"), NULL},
    };
    RUN(steps);
}

static void a_create_is_checked(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"an unknown API", "POST", "/restapis/nope/models", CREATE("Pet", "{}"), 404,
         NO_API("nope"), NULL},
        {"nothing", "POST", MODELS, "{}", 400,
         INVALID("2 validation errors detected: Value null at 'createModelInput.name' failed to "
                 "satisfy constraint: Member must not be null; Value null at "
                 "'createModelInput.contentType' failed to satisfy constraint: Member must not be "
                 "null"),
         NULL},
        {"no name", "POST", MODELS, CREATE("", "{}"), 400, BAD("Model name must be non-empty"),
         NULL},
        {"Rule MO2: a blank in it", "POST", MODELS, CREATE("a b", "{}"), 400,
         BAD("Model name must be alphanumeric: a b"), NULL},
        {"no media type", "POST", MODELS,
         "{\"name\":\"Pet\",\"contentType\":\"json\",\"schema\":\"{}\"}", 400,
         BAD("Validation Result: warnings : [], errors : [Invalid content type specified: json]"),
         NULL},
        {"Rule MO3: no schema", "POST", MODELS,
         "{\"name\":\"Pet\",\"contentType\":\"application/json\"}", 400, NO_PROPERTY, NULL},
        {"an empty one", "POST", MODELS, CREATE("Pet", ""), 400, NO_PROPERTY, NULL},
        {"Rule MO4: no JSON", "POST", MODELS, CREATE("Pet", "{"), 400,
         SCHEMA_ERROR("Invalid model schema specified"), NULL},
        {"no object", "POST", MODELS, CREATE("Pet", "[]"), 400,
         SCHEMA_ERROR("Invalid model schema specified"), NULL},
        {"nor with a parameter of the media type", "POST", MODELS,
         "{\"name\":\"Pet\",\"contentType\":\"application/problem+JSON; a=b\",\"schema\":\"<a/>\"}",
         400, SCHEMA_ERROR("Invalid model schema specified"), NULL},
        {"Rule MO5: a reference to nowhere", "POST", MODELS,
         CREATE("Pet", "{\\\"$ref\\\":\\\"" REF("Cat") "\\\"}"), 400,
         BAD("Invalid model identifier specified: Cat"), NULL},
        {"a reference to elsewhere", "POST", MODELS,
         CREATE("Pet", "{\\\"$ref\\\":\\\"http://a.test/b\\\"}"), 400,
         SCHEMA_ERROR("Model reference must be in canonical form"), NULL},
        {"a place of its own, and itself", "POST", MODELS,
         CREATE("Tree",
                "{\\\"items\\\":{\\\"$ref\\\":\\\"#/x\\\"},\\\"x\\\":{\\\"$ref\\\":\\\"" REF(
                    "Tree") "\\\"}}"),
         201, "{\"name\":\"Tree\"}", NULL},
    };
    RUN(steps);
}

static void a_model_is_updated(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"a description", "PATCH", MODELS "/Error", PATCH_ONE("replace", "/description", "x"), 200,
         "{\"name\":\"Error\",\"description\":\"x\"}", NULL},
        {"a schema", "PATCH", MODELS "/Error", PATCH_ONE("replace", "/schema", "{}"), 200,
         "{\"schema\":\"{}\"}", NULL},
        {"It is kept.", "GET", MODELS "/Error", NULL, 200,
         "{\"schema\":\"{}\",\"description\":\"x\"}", NULL},
        {"no schema", "PATCH", MODELS "/Error", PATCH_ONE("replace", "/schema", ""), 400,
         NO_PROPERTY, NULL},
        {"a broken one", "PATCH", MODELS "/Error", PATCH_ONE("replace", "/schema", "x"), 400,
         SCHEMA_ERROR("Invalid model schema specified"), NULL},
        {"its name stays", "PATCH", MODELS "/Error", PATCH_ONE("replace", "/name", "x"), 400,
         BAD("Invalid patch path  '/name' specified for op 'replace'. Must be one of: "
             "[/description, /schema]"),
         NULL},
        {"nothing is added", "PATCH", MODELS "/Error", PATCH_ONE("add", "/description", "x"), 400,
         BAD("Invalid patch path  '/description' specified for op 'add'. Please choose supported "
             "operations"),
         NULL},
        {"unknown", "PATCH", MODELS "/Cat", PATCH_ONE("replace", "/description", "x"), 404,
         MISSING("Invalid model name specified: Cat"), NULL},
        {"so it is of an unknown API", "GET", "/restapis/nope/models/Error", NULL, 404,
         MISSING("Invalid model name specified: Error"), NULL},
    };
    RUN(steps);
}

static void a_model_in_use_stays(void **state)
{
    (void)state;
#define USED(says, where)                                                                          \
    {                                                                                              \
        says, "DELETE", MODELS "/Pet", NULL, 409,                                                  \
            CONFLICT("Cannot delete model 'Pet', is referenced in " where), NULL                   \
    }
    static const step_t steps[] = {
        {"a model", "POST", MODELS, CREATE("Pet", "{}"), 201, "{\"name\":\"Pet\"}", NULL},
        {"a method that names none", "PUT", "/restapis/$A/resources/$R/methods/ANY",
         "{\"authorizationType\":\"NONE\",\"requestModels\":{\"application/json\":\"Cat\"}}", 400,
         BAD("Invalid model identifier specified: Cat"), NULL},
        {"a method at the root", "PUT", "/restapis/$A/resources/$R/methods/ANY",
         "{\"authorizationType\":\"NONE\",\"requestModels\":{\"application/json\":\"Pet\"}}", 201,
         "{\"requestModels\":{\"application/json\":\"Pet\"}}", NULL},
        USED("Rule MO8: it stays.", "method request: //ANY"),
        {"away", "PATCH", "/restapis/$A/resources/$R/methods/ANY",
         PATCH_BARE("remove", "/requestModels/application~1json"), 200,
         "{\"requestModels\":\"<absent>\"}", NULL},
        {"a response", "PUT", METHOD "/responses/200",
         "{\"responseModels\":{\"application/json\":\"Pet\"}}", 201, "{\"statusCode\":\"200\"}",
         NULL},
        USED("It stays.", "method response: /pets/GET/200"),
        {"away", "DELETE", METHOD "/responses/200", NULL, 204, NULL, NULL},
        {"another model", "POST", MODELS,
         CREATE("Pets", "{\\\"items\\\":{\\\"$ref\\\":\\\"" REF("Pet") "\\\"}}"), 201,
         "{\"name\":\"Pets\"}", NULL},
        USED("It stays.", "model: Pets"),
        {"away", "DELETE", MODELS "/Pets", NULL, 202, NULL, NULL},
        {"It goes.", "DELETE", MODELS "/Pet", NULL, 202, NULL, NULL},
        {"Once.", "DELETE", MODELS "/Pet", NULL, 404, MISSING("Invalid model name specified: Pet"),
         NULL},
        {"The first two can go as well.", "DELETE", MODELS "/Empty", NULL, 202, NULL, NULL},
    };
    RUN(steps);
}

static void references_are_flattened(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"a model", "POST", MODELS, CREATE("Pet", "{\\\"type\\\":\\\"string\\\"}"), 201,
         "{\"name\":\"Pet\"}", NULL},
        {"one that names it", "POST", MODELS,
         CREATE("Pets", "{\\\"items\\\": {\\\"$ref\\\":\\\"" REF("Pet") "\\\"}}"), 201,
         "{\"name\":\"Pets\"}", NULL},
        {"Rule MO6: as it was given", "GET", MODELS "/Pets", NULL, 200,
         "{\"schema\":\"{\\\"items\\\": {\\\"$ref\\\":\\\"" REF("Pet") "\\\"}}\"}", NULL},
        {"flat", "GET", MODELS "/Pets?flatten=true", NULL, 200,
         "{\"schema\":\"{\\\"items\\\":{\\\"$ref\\\":\\\"#/definitions/"
         "Pet\\\"},\\\"definitions\\\":"
         "{\\\"Pet\\\":{\\\"type\\\":\\\"string\\\"}}}\"}",
         NULL},
        {"What names none is not touched.", "GET", MODELS "/Empty?flatten=true", NULL, 200,
         "{\"schema\":\"{\\n  \\\"$schema\\\": "
         "\\\"http://json-schema.org/draft-04/schema#\\\",\\n  \\\"title\\\" : \\\"Empty "
         "Schema\\\",\\n  \\\"type\\\" : \\\"object\\\"\\n}\"}",
         NULL},
    };
    RUN(steps);
}

/* ---- templates. Rule MO7 ---- */

#define HEAD "#set($inputRoot = $input.path('$'))\n"

/* given a schema, when its template is asked for, expect the sample */
static void templates(void **state)
{
    (void)state;
    static const struct {
        const char *schema, *text;
    } rows[] = {
        {"{'type':'object'}", HEAD "{ }"},
        {"{}", HEAD "\"foo\""},
        {"{'type':['null','integer']}", HEAD "42"},
        {"{'type':'null'}", HEAD "null"},
        {"{'properties':{'a':{'type':'number'},'b\\\"':{'type':'boolean'},'c':{'type':'object',"
         "'properties':{'d':{'type':'string'}}}}}",
         HEAD "{\n  \"a\" : 42,\n  \"b\\\"\" : true,\n  \"c\" : {\n    \"d\" : \"foo\"\n  }\n}"},
        {"{'type':'array','items':{'type':'object','properties':{'id':{'type':'integer'}}}}",
         HEAD "[\n#foreach($elem in $inputRoot)\n  {\n    \"id\" : 42\n  }#if($foreach.hasNext),"
              "#end\n#end\n]"},
        {"{'properties':{'a b':{'items':{'properties':{'c':{'items':{'type':'string'}}}}}}}",
         HEAD "{\n  \"a b\" : [\n  #foreach($elem in $inputRoot.get('a b'))\n    {\n"
              "      \"c\" : [\n      #foreach($elem2 in $elem.c)\n        \"foo\""
              "#if($foreach.hasNext),#end\n      #end\n      ]\n    }#if($foreach.hasNext),#end\n"
              "  #end\n  ]\n}"},
        {"{'properties':{'a$b':{'items':[{'type':'integer'}]}}}",
         HEAD "{\n  \"a$b\" : [\n  #foreach($elem in [])\n    42#if($foreach.hasNext),#end\n"
              "  #end\n  ]\n}"},
        {"{'type':'array'}", HEAD "[ ]"},
        {"{'allOf':[{'type':'integer'},{}]}", HEAD "42"},
        {"{'anyOf':[{'oneOf':[{'type':'boolean'}]}]}", HEAD "true"},
        {"{'properties':{'next':{'$ref':'#'}}}", HEAD "{\n  \"next\" : { }\n}"},
        {"{'properties':{'a':{'$ref':'#/definitions/x'},'b':{'$ref':'#/definitions/x'}},"
         "'definitions':{'x':{'type':'integer'}}}",
         HEAD "{\n  \"a\" : 42,\n  \"b\" : 42\n}"},
        {"{'$ref':'" REF("Error") "'}", HEAD "{\n  \"message\" : \"foo\"\n}"},
    };
    walk_t walk;
    walk_begin(&walk);
    walk_api(&walk);
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        char schema[512];
        snprintf(schema, sizeof(schema), "%s", rows[i].schema);
        for (char *at = schema; *at; at++)
            *at = (char)(*at == '\'' ? '"' : *at);
        FG_JSON_SCOPED *body = json_pack("{ss, ss, ss}", "name", "Shape", "contentType",
                                         "application/json", "schema", walk_fill(&walk, schema).at);
        fg_response_t response =
            walk_call(&walk, "POST", MODELS, fg_json_render(body, walk.arena).at);
        if (response.status != 201)
            fail_msg("%s: %.*s", schema, FG_STR_ARG(response.body));
        response = walk_call(&walk, "GET", MODELS "/Shape/default_template", NULL);
        fg_error_t error;
        FG_JSON_SCOPED *got = fg_json_parse(response.body, &error);
        assert_string_equal(json_string_value(json_object_get(got, "value")), rows[i].text);
        assert_int_equal(walk_call(&walk, "DELETE", MODELS "/Shape", NULL).status, 202);
    }
    assert_int_equal(walk_call(&walk, "GET", MODELS "/Shape/default_template", NULL).status, 404);
    walk_end(&walk);
}

/* ---- limits ---- */

static int create_status(walk_t *walk, const char *name, const char *schema)
{
    FG_JSON_SCOPED *body = json_pack("{ss, ss, ss}", "name", name, "contentType",
                                     "application/json", "schema", schema);
    fg_arena_t *arena = fg_arena_new();
    fg_str_t text = fg_json_render(body, arena);
    fg_request_t request = {
        .verb = FG_STR("POST"), .target = walk_fill(walk, MODELS), .body = text};
    fg_response_t response;
    fg_control_handle(&walk->control, &request, WALK_NOW, arena, &response);
    int status = response.status;
    fg_arena_free(arena);
    return status;
}

static void sizes_end_somewhere(void **state)
{
    (void)state;
    walk_t walk;
    walk_begin(&walk);
    walk_api(&walk);
    char *schema = malloc(FG_MODEL_SCHEMA_BYTES_MAX + 2);
    memset(schema, ' ', FG_MODEL_SCHEMA_BYTES_MAX + 1);
    schema[0] = '{';
    schema[FG_MODEL_SCHEMA_BYTES_MAX - 1] = '}';
    schema[FG_MODEL_SCHEMA_BYTES_MAX + 1] = '\0';
    assert_int_equal(create_status(&walk, "Over", schema), 400);
    schema[FG_MODEL_SCHEMA_BYTES_MAX] = '\0';
    assert_int_equal(create_status(&walk, "Full", schema), 201);
    free(schema);
    char name[FG_MODEL_NAME_BYTES_MAX + 2];
    memset(name, 'n', sizeof(name) - 1);
    name[FG_MODEL_NAME_BYTES_MAX + 1] = '\0';
    assert_int_equal(create_status(&walk, name, "{}"), 400);
    name[FG_MODEL_NAME_BYTES_MAX] = '\0';
    assert_int_equal(create_status(&walk, name, "{}"), 201);
    walk_end(&walk);
}

/* A schema that doubles at each of 15 levels: no more is written than a template may have. */
static void a_template_does_not_explode(void **state)
{
    (void)state;
    walk_t walk;
    walk_begin(&walk);
    walk_api(&walk);
    char schema[4096] = "{\"$ref\":\"#/definitions/d0\",\"definitions\":{";
    for (int i = 0; i < 15; i++) {
        char level[160];
        snprintf(level, sizeof(level),
                 "\"d%d\":{\"properties\":{\"a\":{\"$ref\":\"#/definitions/d%d\"},"
                 "\"b\":{\"$ref\":\"#/definitions/d%d\"}}},",
                 i, i + 1, i + 1);
        strcat(schema, level);
    }
    strcat(schema, "\"d15\":{}}}");
    assert_int_equal(create_status(&walk, "Bomb", schema), 201);
    fg_response_t response = walk_call(&walk, "GET", MODELS "/Bomb/default_template", NULL);
    assert_int_equal(response.status, 400);
    walk_end(&walk);
}

static void models_are_counted(void **state)
{
    (void)state;
    walk_t walk;
    fg_error_t error;
    walk_begin(&walk);
    walk_api(&walk);
    assert_int_equal(fg_store_begin(walk.store, &error), FG_OK);
    for (int i = 3; i < FG_MODELS_PER_API_MAX; i++) {
        char id[16];
        snprintf(id, sizeof(id), "m%d", i);
        fg_document_t row = {.kind = FG_DOCUMENT_MODEL,
                             .api_id = walk.kept[0],
                             .id = fg_str(id),
                             .json = FG_STR("{}")};
        assert_int_equal(fg_store_document_put(walk.store, &row, &error), FG_OK);
    }
    assert_int_equal(fg_store_commit(walk.store, &error), FG_OK);
    assert_int_equal(create_status(&walk, "Last", "{}"), 201);
    assert_int_equal(create_status(&walk, "Over", "{}"), 429);
    walk_end(&walk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_is_created),       cmocka_unit_test(a_create_is_checked),
        cmocka_unit_test(a_model_is_updated),       cmocka_unit_test(a_model_in_use_stays),
        cmocka_unit_test(references_are_flattened), cmocka_unit_test(templates),
        cmocka_unit_test(sizes_end_somewhere),      cmocka_unit_test(a_template_does_not_explode),
        cmocka_unit_test(models_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
