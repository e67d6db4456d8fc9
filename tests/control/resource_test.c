#include "control/api_support.h"

#define RESOURCES "/restapis/$A/resources"
#define BAD_PART                                                                                   \
    BAD("Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly " \
        "braces at the beginning and the end.")

static void run(const step_t *steps, size_t count)
{
    walk_t walk;
    walk_begin(&walk);
    walk_api(&walk);
    walk_steps(&walk, steps, count);
    walk_end(&walk);
}

static void test_create(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"a child", "POST", RESOURCES "/$P", "{\"pathPart\":\"{id}\"}", 201,
         "{\"path\":\"/pets/"
         "{id}\",\"parentId\":\"$P\",\"pathPart\":\"{id}\",\"resourceMethods\":\"<absent>\"}",
         "I=id"},
        {"all characters", "POST", RESOURCES "/$P", "{\"pathPart\":\"aZ9._-:\"}", 201,
         "{\"path\":\"/pets/aZ9._-:\"}", NULL},
        {"a greedy one", "POST", RESOURCES "/$R", "{\"pathPart\":\"{child+}\"}", 201,
         "{\"path\":\"/{child+}\"}", "G=id"},
        {"a slash", "POST", RESOURCES "/$R", "{\"pathPart\":\"a/b\"}", 400, BAD_PART, NULL},
        {"an open brace", "POST", RESOURCES "/$R", "{\"pathPart\":\"{a\"}", 400, BAD_PART, NULL},
        {"empty braces", "POST", RESOURCES "/$R", "{\"pathPart\":\"{}\"}", 400, BAD_PART, NULL},
        {"an empty part", "POST", RESOURCES "/$R", "{\"pathPart\":\"\"}", 400, BAD_PART, NULL},
        {"an unknown parent", "POST", RESOURCES "/nope", "{\"pathPart\":\"a\"}", 404,
         MISSING("Invalid Resource identifier specified"), NULL},
        {"an unknown API", "POST", "/restapis/nope/resources/$R", "{\"pathPart\":\"a\"}", 404,
         MISSING("Invalid Resource identifier specified"), NULL},
        {"the same name", "POST", RESOURCES "/$R", "{\"pathPart\":\"pets\"}", 409,
         CONFLICT("Another resource with the same parent already has this name: pets"), NULL},
        {"a second variable", "POST", RESOURCES "/$R", "{\"pathPart\":\"{x}\"}", 400,
         BAD("A sibling ({child+}) of this resource already has a variable path part -- only one "
             "is allowed"),
         NULL},
        {"below a greedy one", "POST", RESOURCES "/$G", "{\"pathPart\":\"x\"}", 400,
         BAD("Cannot create a child of a resource with a greedy path variable: {child+}"), NULL},
    };
    run(steps, FG_COUNT_OF(steps));
}

static void test_get(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"a method", "PUT", RESOURCES "/$P/methods/GET", "{\"authorizationType\":\"NONE\"}", 201,
         "{\"httpMethod\":\"GET\"}", NULL},
        {"Methods show by their verbs.", "GET", RESOURCES "/$P", NULL, 200,
         "{\"resourceMethods\":{\"GET\":{}}}", NULL},
        {"With embed they show whole.", "GET", RESOURCES "/$P?embed=methods", NULL, 200,
         "{\"resourceMethods\":{\"GET\":{\"httpMethod\":\"GET\",\"apiKeyRequired\":false}}}", NULL},
        {"The root has no parent.", "GET", RESOURCES "/$R", NULL, 200,
         "{\"path\":\"/"
         "\",\"parentId\":\"<absent>\",\"pathPart\":\"<absent>\",\"resourceMethods\":\"<absent>\"}",
         NULL},
        {"A list.", "GET", RESOURCES, NULL, 200,
         "{\"item\":[{\"path\":\"/\"},{\"path\":\"/pets\",\"resourceMethods\":{\"GET\":{}}}]}",
         NULL},
        {"A list with embed.", "GET", RESOURCES "?embed=methods", NULL, 200,
         "{\"item\":[{\"path\":\"/"
         "\"},{\"resourceMethods\":{\"GET\":{\"authorizationType\":\"NONE\"}}}]}",
         NULL},
        {"An unknown one.", "GET", RESOURCES "/nope", NULL, 404,
         MISSING("Invalid Resource identifier specified"), NULL},
        {"A list of an unknown API.", "GET", "/restapis/nope/resources", NULL, 404, NO_API("nope"),
         NULL},
    };
    run(steps, FG_COUNT_OF(steps));
}

static void test_update(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"a child", "POST", RESOURCES "/$P", "{\"pathPart\":\"{id}\"}", 201,
         "{\"path\":\"/pets/{id}\"}", "I=id"},
        {"a grandchild", "POST", RESOURCES "/$I", "{\"pathPart\":\"toys\"}", 201,
         "{\"path\":\"/pets/{id}/toys\"}", "T=id"},
        {"a sibling", "POST", RESOURCES "/$R", "{\"pathPart\":\"cats\"}", 201,
         "{\"path\":\"/cats\"}", "C=id"},
        {"A rename moves the subtree.", "PATCH", RESOURCES "/$P",
         PATCH_ONE("replace", "/pathPart", "dogs"), 200, "{\"path\":\"/dogs\"}", NULL},
        {"down to the leaf", "GET", RESOURCES "/$T", NULL, 200, "{\"path\":\"/dogs/{id}/toys\"}",
         NULL},
        {"A new parent moves it as well.", "PATCH", RESOURCES "/$I",
         PATCH_ONE("replace", "/parentId", "$C"), 200,
         "{\"path\":\"/cats/{id}\",\"parentId\":\"$C\"}", NULL},
        {"with its leaf", "GET", RESOURCES "/$T", NULL, 200, "{\"path\":\"/cats/{id}/toys\"}",
         NULL},
        {"not below itself", "PATCH", RESOURCES "/$C", PATCH_ONE("replace", "/parentId", "$T"), 400,
         BAD("Resources cannot be cyclical."), NULL},
        {"not onto a sibling's name", "PATCH", RESOURCES "/$C",
         PATCH_ONE("replace", "/pathPart", "dogs"), 409,
         CONFLICT("Another resource with the same parent already has this name: dogs"), NULL},
        {"not the root", "PATCH", RESOURCES "/$R", PATCH_ONE("replace", "/pathPart", "x"), 400,
         BAD("Root resource cannot update its pathPart."), NULL},
        {"nor its parent", "PATCH", RESOURCES "/$R", PATCH_ONE("replace", "/parentId", "$C"), 400,
         BAD("Root resource cannot update its parentId."), NULL},
        {"family A: a path", "PATCH", RESOURCES "/$C", PATCH_ONE("replace", "/x", "y"), 400,
         BAD("Invalid patch path  '/x' specified for op 'replace'. Must be one of: [/parentId, "
             "/pathPart]"),
         NULL},
        {"family A: an op", "PATCH", RESOURCES "/$C", PATCH_ONE("add", "/pathPart", "y"), 400,
         BAD("Invalid patch path  '/pathPart' specified for op 'add'. Please choose supported "
             "operations"),
         NULL},
    };
    run(steps, FG_COUNT_OF(steps));
}

static void test_delete(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"a child", "POST", RESOURCES "/$P", "{\"pathPart\":\"{id}\"}", 201,
         "{\"path\":\"/pets/{id}\"}", "I=id"},
        {"The root stays.", "DELETE", RESOURCES "/$R", NULL, 400,
         "{\"@type\":\"BadRequestException\"}", NULL},
        {"A resource goes,", "DELETE", RESOURCES "/$P", NULL, 202, NULL, NULL},
        {"its subtree with it.", "GET", RESOURCES "/$I", NULL, 404,
         MISSING("Invalid Resource identifier specified"), NULL},
        {"Again: 404.", "DELETE", RESOURCES "/$P", NULL, 404,
         MISSING("Invalid Resource identifier specified"), NULL},
    };
    run(steps, FG_COUNT_OF(steps));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create),
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_update),
        cmocka_unit_test(test_delete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
