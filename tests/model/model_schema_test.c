/* docs/rules/models.md MO5, MO6: references between schemas. */
#include "model/model_schema.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MODEL(name) "https://apigateway.amazonaws.com/restapis/abc/models/" name

/* given a reference, when it is read, expect the model that it names */
static void names_of_models(void **state)
{
    (void)state;
    static const struct {
        const char *ref, *model;
    } rows[] = {
        {MODEL("Pet"), "Pet"},
        {"https://apigateway.amazonaws.com/restapis/other/models/Pet", "Pet"},
        {MODEL(""), NULL},
        {MODEL("a/b"), NULL},
        {"https://apigateway.amazonaws.com/restapis/abc/resources/x", NULL},
        {"https://apigateway.amazonaws.com/restapis/abc", NULL},
        {"http://apigateway.amazonaws.com/restapis/abc/models/Pet", NULL},
        {"#/definitions/Pet", NULL},
        {"Pet", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        const char *model = fg_schema_ref_model(rows[i].ref);
        if (rows[i].model)
            assert_string_equal(model, rows[i].model);
        else
            assert_null(model);
    }
    assert_true(fg_schema_ref_is_local("#"));
    assert_true(fg_schema_ref_is_local("#/a"));
    assert_false(fg_schema_ref_is_local("a#/b"));
}

static json_t *parsed(const char *text)
{
    fg_error_t error;
    json_t *json = fg_json_parse(fg_str(text), &error);
    assert_non_null(json);
    return json;
}

/* given a pointer, when it is followed, expect the place; NULL when there is none */
static void places(void **state)
{
    (void)state;
    FG_JSON_SCOPED *schema = parsed("{\"a\":{\"b/c\":1,\"d~e\":2,\"\":3},\"l\":[4,{\"x\":5}]}");
    static const struct {
        const char *ref;
        int value; /* 0: none */
    } rows[] = {
        {"#/a/b~1c", 1}, {"#/a/d~0e", 2}, {"#/a/", 3},   {"#/l/0", 4},
        {"#/l/1/x", 5},  {"#/l/2", 0},    {"#/l/-1", 0}, {"#/l/x", 0},
        {"#/b", 0},      {"#/a/b/c", 0},  {"#a", 0},     {"#/a/b~1c/x", 0},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++)
        assert_int_equal(json_integer_value(fg_schema_at(schema, rows[i].ref)), rows[i].value);
    assert_ptr_equal(fg_schema_at(schema, "#"), schema);
    char longer[400] = "#/";
    memset(longer + 2, 'x', 300);
    assert_null(fg_schema_at(schema, longer));
}

/* The other models: name and schema. */
static const char *const models[][2] = {
    {"Pet",
     "{\"properties\":{\"owner\":{\"$ref\":\"" MODEL(
         "Owner") "\"},\"kind\":{\"$ref\":"
                  "\"#/definitions/kind\"}},\"definitions\":{\"kind\":{\"type\":\"string\"}}}"},
    {"Owner", "{\"properties\":{\"pets\":{\"items\":{\"$ref\":\"" MODEL("Pet") "\"}},\"self\":{"
                                                                               "\"$ref\":\"#\"}}}"},
    {"Plain", "{\"type\":\"string\"}"},
};

static fg_status_t load(void *ctx, const char *name, json_t **ret_schema)
{
    (void)ctx;
    for (size_t i = 0; i < FG_COUNT_OF(models); i++) {
        if (strcmp(models[i][0], name) == 0) {
            *ret_schema = parsed(models[i][1]);
            return FG_OK;
        }
    }
    return strcmp(name, "Broken") == 0 ? FG_CORRUPT : FG_NOT_FOUND;
}

/* given a schema, when it is flattened, expect one that needs no other */
static void flattening(void **state)
{
    (void)state;
    static const struct {
        const char *says, *schema, *flat;
    } rows[] = {
        {"Nothing to do.", "{\"a\":{\"$ref\":\"#/b\"},\"b\":{}}",
         "{\"a\":{\"$ref\":\"#/b\"},\"b\":{}}"},
        {"A model comes into the definitions.", "{\"$ref\":\"" MODEL("Plain") "\"}",
         "{\"$ref\":\"#/definitions/Plain\",\"definitions\":{\"Plain\":{\"type\":\"string\"}}}"},
        {"Twice named, once there.",
         "{\"items\":[{\"$ref\":\"" MODEL("Plain") "\"},{\"$ref\":\"" MODEL("Plain") "\"}]}",
         "{\"items\":[{\"$ref\":\"#/definitions/Plain\"},{\"$ref\":\"#/definitions/Plain\"}],"
         "\"definitions\":{\"Plain\":{\"type\":\"string\"}}}"},
        {"Its own definitions stay, and keep their names.",
         "{\"$ref\":\"" MODEL("Plain") "\",\"definitions\":{\"Plain\":{},\"Plain_\":{}}}",
         "{\"$ref\":\"#/definitions/Plain__\",\"definitions\":{\"Plain\":{},\"Plain_\":{},"
         "\"Plain__\":{\"type\":\"string\"}}}"},
        {"Itself is the root.", "{\"items\":{\"$ref\":\"" MODEL("Tree") "\"}}",
         "{\"items\":{\"$ref\":\"#\"}}"},
        {"Models that name each other; their own places move along.",
         "{\"$ref\":\"" MODEL("Pet") "\"}",
         "{\"$ref\":\"#/definitions/Pet\",\"definitions\":{"
         "\"Pet\":{\"properties\":{\"owner\":{\"$ref\":\"#/definitions/Owner\"},\"kind\":{"
         "\"$ref\":\"#/definitions/Pet/definitions/kind\"}},\"definitions\":{\"kind\":{\"type\":"
         "\"string\"}}},"
         "\"Owner\":{\"properties\":{\"pets\":{\"items\":{\"$ref\":\"#/definitions/Pet\"}},"
         "\"self\":{\"$ref\":\"#/definitions/Owner\"}}}}}"},
        {"What is not there stays.", "{\"$ref\":\"" MODEL("Gone") "\"}",
         "{\"$ref\":\"" MODEL("Gone") "\"}"},
        {"A property may be called $ref.", "{\"properties\":{\"$ref\":{\"type\":\"string\"}}}",
         "{\"properties\":{\"$ref\":{\"type\":\"string\"}}}"},
    };
    fg_schema_source_t source = {load, NULL};
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        FG_JSON_SCOPED *schema = parsed(rows[i].schema);
        FG_JSON_SCOPED *before = json_deep_copy(schema);
        FG_JSON_SCOPED *want = parsed(rows[i].flat);
        FG_JSON_SCOPED *flat = NULL;
        assert_int_equal(fg_schema_flatten(schema, "Tree", &source, &flat), FG_OK);
        if (!json_equal(flat, want))
            fail_msg("%s: %s", rows[i].says, json_dumps(flat, 0));
        assert_true(json_equal(schema, before));
    }
    FG_JSON_SCOPED *broken = parsed("{\"$ref\":\"" MODEL("Broken") "\"}");
    json_t *none = NULL;
    assert_int_equal(fg_schema_flatten(broken, "Tree", &source, &none), FG_CORRUPT);
    assert_null(none);
}

static fg_status_t count_up_to_two(void *ctx, const char *ref)
{
    (void)ref;
    return ++*(int *)ctx == 2 ? FG_CONFLICT : FG_OK;
}

static void walking_ends_early(void **state)
{
    (void)state;
    int count = 0;
    FG_JSON_SCOPED *schema = parsed(
        "[{\"$ref\":\"a\"},{\"x\":[{\"$ref\":\"b\"},{\"$ref\":\"c\"}],\"y\":{\"$ref\":\"d\"}}]");
    assert_int_equal(fg_schema_refs_each(schema, count_up_to_two, &count), FG_CONFLICT);
    assert_int_equal(count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_models),
        cmocka_unit_test(places),
        cmocka_unit_test(flattening),
        cmocka_unit_test(walking_ends_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
