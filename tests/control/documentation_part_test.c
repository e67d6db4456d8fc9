#include "control/api_support.h"

#define PARTS "/restapis/$A/documentation/parts"
#define LOST  MISSING("Invalid Documentation part identifier specified")

#define PART(location) "{\"location\":{" location "},\"properties\":\"{}\"}"
#define TYPE_SET                                                                                   \
    "[RESPONSE_BODY, RESPONSE, METHOD, MODEL, AUTHORIZER, RESPONSE_HEADER, RESOURCE, "             \
    "PATH_PARAMETER, REQUEST_BODY, QUERY_PARAMETER, API, REQUEST_HEADER]"

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

/* Rule DP1 */
static void test_life(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"A part.", "POST", PARTS,
         "{\"location\":{\"type\":\"API\"},\"properties\":\"{\\\"a\\\": 1}\"}", 201,
         "{\"id\":\"<any>\",\"location\":{\"type\":\"API\",\"path\":\"<absent>\"},"
         "\"properties\":\"{\\\"a\\\": 1}\"}",
         "I=id"},
        {"It is there.", "GET", PARTS "/$I", NULL, 200,
         "{\"id\":\"$I\",\"properties\":\"{\\\"a\\\": 1}\"}", NULL},
        {"Its properties are replaced.", "PATCH", PARTS "/$I",
         PATCH_ONE("replace", "/properties", "{\\\"b\\\":2}"), 200,
         "{\"id\":\"$I\",\"location\":{\"type\":\"API\"},\"properties\":\"{\\\"b\\\":2}\"}", NULL},
        {"but not by what is none", "PATCH", PARTS "/$I", PATCH_ONE("replace", "/properties", "[]"),
         400, BAD("The properties of a documentation part must be the text of a JSON object"),
         NULL},
        {"or by nothing", "PATCH", PARTS "/$I", PATCH_BARE("replace", "/properties"), 400,
         BAD("The properties of a documentation part must be the text of a JSON object"), NULL},
        {"another path", "PATCH", PARTS "/$I", PATCH_ONE("replace", "/location", "x"), 400,
         BAD("Invalid patch path  '/location' specified for op 'replace'. Must be one of: "
             "[/properties]"),
         NULL},
        {"another operation", "PATCH", PARTS "/$I", PATCH_ONE("add", "/properties", "{}"), 400,
         BAD("Invalid patch path  '/properties' specified for op 'add'. Please choose supported "
             "operations"),
         NULL},
        {"It goes.", "DELETE", PARTS "/$I", NULL, 202, NULL, NULL},
        {"get", "GET", PARTS "/$I", NULL, 404, LOST, NULL},
        {"update", "PATCH", PARTS "/$I", PATCH_ONE("replace", "/properties", "{}"), 404, LOST,
         NULL},
        {"delete", "DELETE", PARTS "/$I", NULL, 404, LOST, NULL},
        {"of an unknown API", "GET", "/restapis/nope/documentation/parts/$I", NULL, 404, LOST,
         NULL},
        {"create in one", "POST", "/restapis/nope/documentation/parts", PART("\"type\":\"API\""),
         404, NO_API("nope"), NULL},
        {"list of one", "GET", "/restapis/nope/documentation/parts", NULL, 404, NO_API("nope"),
         NULL},
    };
    RUN(steps);
}

/* Rules DP2, DP4 */
static void test_refused_locations(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"nothing", "POST", PARTS, "{}", 400,
         "{\"@type\":\"ValidationException\",\"message\":\"2 validation errors detected: Value "
         "null "
         "at 'createDocumentationPartInput.location' failed to satisfy constraint: Member must not "
         "be null; Value null at 'createDocumentationPartInput.properties' failed to satisfy "
         "constraint: Member must not be null\"}",
         NULL},
        {"no type", "POST", PARTS, PART(""), 400,
         INVALID("1 validation error detected: Value null at "
                 "'createDocumentationPartInput.location.type' failed to satisfy constraint: "
                 "Member must not be null"),
         NULL},
        {"an unknown type", "POST", PARTS, PART("\"type\":\"STAGE\""), 400,
         INVALID("1 validation error detected: Value 'STAGE' at "
                 "'createDocumentationPartInput.location.type' failed to satisfy constraint: "
                 "Member must satisfy enum value set: " TYPE_SET),
         NULL},
        {"no status code", "POST", PARTS, PART("\"type\":\"RESPONSE\",\"statusCode\":\"600\""), 400,
         INVALID("1 validation error detected: Value '600' at "
                 "'createDocumentationPartInput.location.statusCode' failed to satisfy constraint: "
                 "Member must satisfy regular expression pattern: "
                 "^([1-5]\\\\d\\\\d|\\\\*|\\\\s*)$"),
         NULL},
        {"an API has no path", "POST", PARTS, PART("\"type\":\"API\",\"path\":\"/\""), 400,
         BAD("A location of type API has no path"), NULL},
        {"a resource no method", "POST", PARTS, PART("\"type\":\"RESOURCE\",\"method\":\"GET\""),
         400, BAD("A location of type RESOURCE has no method"), NULL},
        {"a request no status", "POST", PARTS,
         PART("\"type\":\"REQUEST_BODY\",\"statusCode\":\"200\""), 400,
         BAD("A location of type REQUEST_BODY has no statusCode"), NULL},
        {"a response no name", "POST", PARTS, PART("\"type\":\"RESPONSE\",\"name\":\"n\""), 400,
         BAD("A location of type RESPONSE has no name"), NULL},
        {"a header needs one", "POST", PARTS, PART("\"type\":\"RESPONSE_HEADER\""), 400,
         BAD("A location of type RESPONSE_HEADER needs a name"), NULL},
        {"a path", "POST", PARTS, PART("\"type\":\"RESOURCE\",\"path\":\"pets\""), 400,
         BAD("The path of a location starts with /: pets"), NULL},
        {"properties that are none", "POST", PARTS,
         "{\"location\":{\"type\":\"API\"},\"properties\":\"text\"}", 400,
         BAD("The properties of a documentation part must be the text of a JSON object"), NULL},
        {"properties that are no text", "POST", PARTS,
         "{\"location\":{\"type\":\"API\"},\"properties\":{}}", 400,
         "{\"@type\":\"SerializationException\"}", NULL},
        {"Nothing came of it.", "GET", PARTS, NULL, 200, "{\"item\":[]}", NULL},
    };
    RUN(steps);
}

/* Rule DP3 */
static void test_one_per_location(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"the root's method", "POST", PARTS, PART("\"type\":\"METHOD\""), 201,
         "{\"location\":{\"type\":\"METHOD\",\"path\":\"<absent>\"}}", NULL},
        {"said at length it is the same", "POST", PARTS,
         PART("\"type\":\"METHOD\",\"path\":\"/\",\"method\":\"*\""), 409,
         CONFLICT("Documentation part already exists for the specified location: type 'METHOD', "
                  "path '/', method '*'."),
         NULL},
        {"another verb is another", "POST", PARTS, PART("\"type\":\"METHOD\",\"method\":\"GET\""),
         201, "{\"id\":\"<any>\"}", NULL},
        {"another type as well", "POST", PARTS, PART("\"type\":\"RESOURCE\",\"path\":\"/\""), 201,
         "{\"id\":\"<any>\"}", NULL},
        {"blanks are no status code", "POST", PARTS,
         PART("\"type\":\"RESPONSE\",\"statusCode\":\" \""), 201, "{\"id\":\"<any>\"}", NULL},
        {"so that this is the same", "POST", PARTS,
         PART("\"type\":\"RESPONSE\",\"statusCode\":\"*\""), 409,
         CONFLICT("Documentation part already exists for the specified location: type 'RESPONSE', "
                  "statusCode '*'."),
         NULL},
    };
    RUN(steps);
}

/* Rule DP7 */
static void test_list(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"1", "POST", PARTS, PART("\"type\":\"API\""), 201, "{\"id\":\"<any>\"}", "B=id"},
        {"2", "POST", PARTS, PART("\"type\":\"RESOURCE\""), 201, "{\"id\":\"<any>\"}", "C=id"},
        {"3", "POST", PARTS, PART("\"type\":\"RESOURCE\",\"path\":\"/pets\""), 201,
         "{\"id\":\"<any>\"}", "D=id"},
        {"4", "POST", PARTS, PART("\"type\":\"MODEL\",\"name\":\"Pets\""), 201,
         "{\"id\":\"<any>\"}", "E=id"},
        {"5", "POST", PARTS, PART("\"type\":\"MODEL\",\"name\":\"Owner\""), 201,
         "{\"id\":\"<any>\"}", "F=id"},
        {"all, oldest first", "GET", PARTS, NULL, 200,
         "{\"item\":[{\"id\":\"$B\"},{\"id\":\"$C\"},{\"id\":\"$D\"},{\"id\":\"$E\"},{\"id\":\"$"
         "F\"}"
         "],\"position\":\"<absent>\"}",
         NULL},
        {"of a type", "GET", PARTS "?type=RESOURCE", NULL, 200,
         "{\"item\":[{\"id\":\"$C\"},{\"id\":\"$D\"}]}", NULL},
        {"of a path; the root was left out", "GET", PARTS "?type=RESOURCE&path=%2F", NULL, 200,
         "{\"item\":[{\"id\":\"$C\"}]}", NULL},
        {"of a beginning of a name", "GET", PARTS "?name=Pe", NULL, 200,
         "{\"item\":[{\"id\":\"$E\"}]}", NULL},
        {"pages hold what was asked for", "GET", PARTS "?type=MODEL&limit=1", NULL, 200,
         "{\"item\":[{\"id\":\"$E\"}],\"position\":\"<any>\"}", "P=position"},
        {"the next", "GET", PARTS "?type=MODEL&limit=1&position=$P", NULL, 200,
         "{\"item\":[{\"id\":\"$F\"}],\"position\":\"<absent>\"}", NULL},
        {"documented", "GET", PARTS "?locationStatus=DOCUMENTED&type=API", NULL, 200,
         "{\"item\":[{\"id\":\"$B\"}]}", NULL},
        {"no such type", "GET", PARTS "?type=x", NULL, 400,
         INVALID("1 validation error detected: Value 'x' at 'type' failed to satisfy constraint: "
                 "Member must satisfy enum value set: " TYPE_SET),
         NULL},
        {"no such status", "GET", PARTS "?locationStatus=x", NULL, 400,
         INVALID("1 validation error detected: Value 'x' at 'locationStatus' failed to satisfy "
                 "constraint: Member must satisfy enum value set: [UNDOCUMENTED, DOCUMENTED]"),
         NULL},
    };
    RUN(steps);
}

/* Rule DP7 */
static void test_undocumented(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"a method with parameters", "PUT", "/restapis/$A/resources/$P/methods/POST",
         "{\"authorizationType\":\"NONE\",\"requestParameters\":{\"method.request.querystring.q\":"
         "true,\"method.request.header.H\":false}}",
         201, "{\"httpMethod\":\"POST\"}", NULL},
        {"and a response", "PUT", "/restapis/$A/resources/$P/methods/POST/responses/200",
         "{\"responseParameters\":{\"method.response.header.R\":true}}", 201,
         "{\"statusCode\":\"200\"}", NULL},
        {"The API is documented,", "POST", PARTS, PART("\"type\":\"API\""), 201,
         "{\"id\":\"<any>\"}", NULL},
        {"and one method.", "POST", PARTS,
         PART("\"type\":\"METHOD\",\"path\":\"/pets\",\"method\":\"GET\""), 201,
         "{\"id\":\"<any>\"}", NULL},
        {"All else is not.", "GET", PARTS "?locationStatus=UNDOCUMENTED", NULL, 200,
         "{\"item\":[{\"id\":\"<absent>\",\"properties\":\"<absent>\",\"location\":{\"type\":"
         "\"RESOURCE\",\"path\":\"/\",\"method\":\"<absent>\"}},"
         "{\"location\":{\"type\":\"RESOURCE\",\"path\":\"/pets\"}},"
         "{\"location\":{\"type\":\"REQUEST_BODY\",\"path\":\"/pets\",\"method\":\"GET\"}},"
         "{\"location\":{\"type\":\"METHOD\",\"path\":\"/pets\",\"method\":\"POST\"}},"
         "{\"location\":{\"type\":\"QUERY_PARAMETER\",\"method\":\"POST\",\"name\":\"q\"}},"
         "{\"location\":{\"type\":\"REQUEST_HEADER\",\"method\":\"POST\",\"name\":\"H\"}},"
         "{\"location\":{\"type\":\"REQUEST_BODY\",\"method\":\"POST\"}},"
         "{\"location\":{\"type\":\"RESPONSE\",\"method\":\"POST\",\"statusCode\":\"200\"}},"
         "{\"location\":{\"type\":\"RESPONSE_HEADER\",\"statusCode\":\"200\",\"name\":\"R\"}},"
         "{\"location\":{\"type\":\"RESPONSE_BODY\",\"statusCode\":\"200\"}},"
         "{\"location\":{\"type\":\"MODEL\",\"path\":\"<absent>\",\"name\":\"Empty\"}},"
         "{\"location\":{\"type\":\"MODEL\",\"name\":\"Error\"}}]}",
         NULL},
        {"a page", "GET", PARTS "?locationStatus=UNDOCUMENTED&type=MODEL&limit=1", NULL, 200,
         "{\"item\":[{\"location\":{\"name\":\"Empty\"}}],\"position\":\"<any>\"}", "N=position"},
        {"the last", "GET", PARTS "?locationStatus=UNDOCUMENTED&type=MODEL&limit=1&position=$N",
         NULL, 200, "{\"item\":[{\"location\":{\"name\":\"Error\"}}],\"position\":\"<absent>\"}",
         NULL},
    };
    RUN(steps);
}

#define IMPORT(parts)                                                                              \
    "{\"swagger\":\"2.0\",\"x-amazon-apigateway-documentation\":{\"version\":\"1\","               \
    "\"documentationParts\":[" parts "]}}"
#define API_PART "{\"location\":{\"type\":\"API\"},\"properties\":{\"d\":\"new\"}}"

/* Rules DP5, DP6 */
static void test_import(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"the API's part", "POST", PARTS, PART("\"type\":\"API\""), 201, "{\"id\":\"<any>\"}",
         "I=id"},
        {"a model's", "POST", PARTS, PART("\"type\":\"MODEL\",\"name\":\"m\""), 201,
         "{\"id\":\"<any>\"}", "J=id"},
        {"merging keeps the id", "PUT", PARTS, IMPORT(API_PART), 200,
         "{\"ids\":[\"$I\"],\"warnings\":\"<absent>\"}", NULL},
        {"with new properties", "GET", PARTS "/$I", NULL, 200,
         "{\"properties\":\"{\\\"d\\\":\\\"new\\\"}\"}", NULL},
        {"and the others", "GET", PARTS "/$J", NULL, 200, "{\"id\":\"$J\"}", NULL},
        {"what cannot be taken is told", "PUT", PARTS "?mode=merge",
         IMPORT(
             "{\"location\":{\"type\":\"API\",\"name\":\"n\"},\"properties\":{}},7,{\"location\":"
             "{\"type\":\"API\"},\"properties\":\"{}\"}," API_PART),
         200,
         "{\"ids\":[\"$I\"],\"warnings\":[\"Documentation part 0 is left out: A location of type "
         "API has no name\",\"Documentation part 1 is left out: 1 validation error detected: Value "
         "null at 'importDocumentationPartsInput.location.type' failed to satisfy constraint: "
         "Member must not be null\",\"Documentation part 2 is left out: The properties of a "
         "documentation part must be an object\"]}",
         NULL},
        {"or refused", "PUT", PARTS "?mode=overwrite&failonwarnings=true",
         IMPORT("{\"location\":{\"type\":\"API\",\"name\":\"n\"},\"properties\":{}}"), 400,
         BAD("Documentation part 0 is left out: A location of type API has no name"), NULL},
        {"with no trace", "GET", PARTS, NULL, 200, "{\"item\":[{\"id\":\"$I\"},{\"id\":\"$J\"}]}",
         NULL},
        {"overwriting deletes the others", "PUT", PARTS "?mode=overwrite", IMPORT(API_PART), 200,
         "{\"ids\":[\"<any>\"]}", NULL},
        {"all of them", "GET", PARTS, NULL, 200, "{\"item\":[{\"location\":{\"type\":\"API\"}}]}",
         NULL},
        {"YAML as well", "PUT", PARTS,
         "openapi: 3.0.1\nx-amazon-apigateway-documentation:\n  documentationParts:\n"
         "  - location:\n      type: RESPONSE\n      statusCode: \"200\"\n"
         "    properties:\n      description: fine\n",
         200, "{\"ids\":[\"<any>\"]}", NULL},
        {"of the same", "GET", PARTS "?type=RESPONSE", NULL, 200,
         "{\"item\":[{\"location\":{\"type\":\"RESPONSE\",\"statusCode\":\"200\"},"
         "\"properties\":\"{\\\"description\\\":\\\"fine\\\"}\"}]}",
         NULL},
        {"a document without parts", "PUT", PARTS, "{\"openapi\":\"3.0.1\"}", 200, "{\"ids\":[]}",
         NULL},
        {"a bad file", "PUT", PARTS, "nonsense", 400,
         BAD("Unable to build importer with provided input."), NULL},
        {"no file", "PUT", PARTS, NULL, 400, BAD("Unable to build importer with provided input."),
         NULL},
        {"another document", "PUT", PARTS, "{\"a\":1}", 400,
         BAD("Unable to build importer with provided input."), NULL},
        {"another mode", "PUT", PARTS "?mode=x", IMPORT(API_PART), 400,
         INVALID("1 validation error detected: Value 'x' at 'mode' failed to satisfy constraint: "
                 "Member must satisfy enum value set: [overwrite, merge]"),
         NULL},
        {"an unknown API", "PUT", "/restapis/nope/documentation/parts", IMPORT(API_PART), 404,
         NO_API("nope"), NULL},
    };
    RUN(steps);
}

/* Rule DP9: the last that fits, and one more. */
static void test_room(void **state)
{
    (void)state;
    walk_t walk;
    walk_begin(&walk);
    walk_api(&walk);
    walk_fill_kind(&walk, FG_DOCUMENT_PART, "$A", FG_DOCUMENTATION_PARTS_MAX - 1);
    static const step_t steps[] = {
        {"the last", "POST", PARTS, PART("\"type\":\"API\""), 201, "{\"id\":\"<any>\"}", NULL},
        {"one more", "POST", PARTS, PART("\"type\":\"RESOURCE\""), 429,
         "{\"@type\":\"LimitExceededException\",\"message\":\"Maximum number of documentation "
         "parts "
         "reached: 2000\"}",
         NULL},
    };
    walk_steps(&walk, steps, FG_COUNT_OF(steps));
    walk_end(&walk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),
        cmocka_unit_test(test_refused_locations),
        cmocka_unit_test(test_one_per_location),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_undocumented),
        cmocka_unit_test(test_import),
        cmocka_unit_test(test_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
