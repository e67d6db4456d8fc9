/* Reference 4.13, docs/rules/gateway-responses.md. */
#include "control/api_support.h"

#define LIST      "/restapis/$A/gatewayresponses"
#define THROTTLED LIST "/THROTTLED"
#define QUOTA     LIST "/QUOTA_EXCEEDED"
#define MESSAGE   "{\"application/json\":\"{\\\"message\\\":$context.error.messageString}\"}"
#define EXPRESSION(what, text)                                                                     \
    BAD("Invalid mapping expression specified: Validation Result: warnings : [], errors : "        \
        "[Invalid mapping expression " what "specified: " text "]")
#define TYPES                                                                                      \
    "[REQUEST_TOO_LARGE, RESOURCE_NOT_FOUND, AUTHORIZER_CONFIGURATION_ERROR, "                     \
    "MISSING_AUTHENTICATION_TOKEN, BAD_REQUEST_BODY, INVALID_SIGNATURE, INVALID_API_KEY, "         \
    "BAD_REQUEST_PARAMETERS, AUTHORIZER_FAILURE, UNAUTHORIZED, INTEGRATION_TIMEOUT, "              \
    "ACCESS_DENIED, DEFAULT_4XX, DEFAULT_5XX, WAF_FILTERED, QUOTA_EXCEEDED, THROTTLED, "           \
    "API_CONFIGURATION_ERROR, UNSUPPORTED_MEDIA_TYPE, INTEGRATION_FAILURE, EXPIRED_TOKEN]"
#define NO_TYPE                                                                                    \
    INVALID("1 validation error detected: Value 'X' at 'responseType' failed to satisfy "          \
            "constraint: Member must satisfy enum value set: " TYPES)

static void run(const step_t *steps, size_t count)
{
    walk_t walk;
    walk_begin(&walk);
    walk_api(&walk);
    walk_steps(&walk, steps, count);
    walk_end(&walk);
}
#define RUN(steps) run(steps, FG_COUNT_OF(steps))

static void all_types_are_listed_by_name(void **state)
{
    (void)state;
#define UNTOUCHED(name, status)                                                                    \
    "{\"responseType\":\"" name "\",\"statusCode\":\"" status                                      \
    "\",\"responseParameters\":{},\"responseTemplates\":" MESSAGE ",\"defaultResponse\":true}"
    static const step_t steps[] =
        {
            {"Rules GR11, Q2: 21 types, none of them customised.", "GET", LIST, NULL, 200,
             "{\"position\":\"<absent>\",\"item\":[" /* by name */
             UNTOUCHED("ACCESS_DENIED", "403") "," UNTOUCHED(
                 "API_CONFIGURATION_ERROR",
                 "500") "," UNTOUCHED("AUTHORIZER_CONFIGURATION_ERROR",
                                      "500") "," UNTOUCHED("AUTHORIZER_FAILURE", "500") "," UNTOUCHED("BAD_REQUEST_BODY", "400") "," UNTOUCHED("BAD_REQUEST_PARAMETERS", "400") "," UNTOUCHED("DEFAULT_4XX", "<absent>") "," UNTOUCHED("DEFAULT_5XX", "<absent>") "," UNTOUCHED("EXPIRED_TOKEN", "403") "," UNTOUCHED("INTEGRATION_FAILURE",
                                                                                                                                                                                                                                                                                                                      "504") "," UNTOUCHED("INTEGRATION_TIMEOUT", "504") "," UNTOUCHED("INVALID_API_KEY",
                                                                                                                                                                                                                                                                                                                                                                                       "403") "," UNTOUCHED("INVALID_SIGNATURE", "403") "," UNTOUCHED("MISSING_AUTHENTICATION_TOKEN", "403") "," UNTOUCHED("QUOTA_EXCEEDED",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                           "403") "," UNTOUCHED("REQUEST_TOO_LARGE",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                "413") "," UNTOUCHED("RESOURCE_NOT_FOUND", "404") "," UNTOUCHED("THROTTLED", "429") "," UNTOUCHED("UNAUTHORIZED",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                  "401") "," UNTOUCHED("UNSUPPORTED_MEDIA_TYPE",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                       "415") "," UNTOUCHED("WAF_FILTERED",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                            "403") "]}",
             NULL},
            {"A page,", "GET", LIST "?limit=20", NULL, 200, "{\"position\":\"<any>\"}",
             "N=position"},
            {"and the next.", "GET", LIST "?limit=20&position=$N", NULL, 200,
             "{\"position\":\"<absent>\",\"item\":[{\"responseType\":\"WAF_FILTERED\"}]}", NULL},
            {"a page that ends with the list", "GET", LIST "?limit=21", NULL, 200,
             "{\"position\":\"<absent>\"}", NULL},
            {"a position that is none", "GET", LIST "?position=x", NULL, 400,
             BAD("Invalid position specified"), NULL},
            {"an unknown API", "GET", "/restapis/nope/gatewayresponses", NULL, 404, NO_API("nope"),
             NULL},
            {"The model is checked before the API.", "GET", "/restapis/nope/gatewayresponses/X",
             NULL, 400, NO_TYPE, NULL},
        };
    RUN(steps);
}

static void a_type_is_put_and_deleted(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"What is left out is the type's own default.", "PUT", THROTTLED, "{}", 201,
         "{\"responseType\":\"THROTTLED\",\"statusCode\":\"429\",\"responseParameters\":{},"
         "\"responseTemplates\":" MESSAGE ",\"defaultResponse\":false}",
         NULL},
        {"A second put replaces the whole.", "PUT", THROTTLED,
         "{\"statusCode\":\"420\",\"responseParameters\":{\"gatewayresponse.header.X-A\":\"'a'\","
         "\"gatewayresponse.header.B\":\"context.requestId\"},"
         "\"responseTemplates\":{\"text/plain\":\"slow\"}}",
         201,
         "{\"statusCode\":\"420\",\"responseParameters\":{\"gatewayresponse.header.X-A\":\"'a'\","
         "\"gatewayresponse.header.B\":\"context.requestId\"},"
         "\"responseTemplates\":{\"text/plain\":\"slow\",\"application/json\":\"<absent>\"}}",
         NULL},
        {"It is kept.", "GET", THROTTLED, NULL, 200,
         "{\"statusCode\":\"420\",\"defaultResponse\":false}", NULL},
        {"A delete restores the default,", "DELETE", THROTTLED, NULL, 202, NULL, NULL},
        {"which is shown", "GET", THROTTLED, NULL, 200,
         "{\"statusCode\":\"429\",\"defaultResponse\":true,\"responseTemplates\":" MESSAGE "}",
         NULL},
        {"and cannot be deleted.", "DELETE", THROTTLED, NULL, 404,
         MISSING("Gateway response type not defined on api"), NULL},
        {"Rule GR5: one of the API's own has the service's status.", "PUT", QUOTA, "{}", 201,
         "{\"statusCode\":\"429\"}", NULL},
    };
    RUN(steps);
}

static void a_put_is_checked(void **state)
{
    (void)state;
#define PUT(says, body, answer)                                                                    \
    {                                                                                              \
        says, "PUT", THROTTLED, body, 400, answer, NULL                                            \
    }
    static const step_t steps[] = {
        {"an unknown API", "PUT", "/restapis/nope/gatewayresponses/THROTTLED", "{}", 404,
         NO_API("nope"), NULL},
        {"an unknown type", "PUT", LIST "/X", "{}", 400, NO_TYPE, NULL},
        PUT("no status", "{\"statusCode\":\"600\"}",
            INVALID("1 validation error detected: Value '600' at "
                    "'putGatewayResponseInput.statusCode' failed to satisfy constraint: Member "
                    "must satisfy regular expression pattern: [1-5]\\\\d\\\\d")),
        PUT("a number", "{\"statusCode\":429}", "{\"@type\":\"SerializationException\"}"),
        PUT("an empty template", "{\"responseTemplates\":{\"text/plain\":\"\"}}",
            BAD("Invalid null or empty value in responseTemplates")),
        PUT("a header without a value",
            "{\"responseParameters\":{\"gatewayresponse.header.A\":null}}",
            BAD("Invalid null or empty value in responseParameters")),
        PUT("Rule GR9: no header", "{\"responseParameters\":{\"gatewayresponse.header.\":\"'a'\"}}",
            EXPRESSION("parameter ", "gatewayresponse.header.")),
        PUT("no name of a header",
            "{\"responseParameters\":{\"gatewayresponse.header.a:b\":\"'a'\"}}",
            EXPRESSION("parameter ", "gatewayresponse.header.a:b")),
        PUT("a header of another kind",
            "{\"responseParameters\":{\"method.response.header.a\":\"'a'\"}}",
            EXPRESSION("parameter ", "method.response.header.a")),
        PUT("a bare value", "{\"responseParameters\":{\"gatewayresponse.header.A\":\"true\"}}",
            EXPRESSION("", "true")),
        PUT("no media type", "{\"responseTemplates\":{\"123\":\"a\"}}",
            BAD("Validation Result: warnings : [], errors : [Invalid content type specified: "
                "123]")),
        {"Nothing of that is kept.", "GET", THROTTLED, NULL, 200, "{\"defaultResponse\":true}",
         NULL},
    };
    RUN(steps);
}

static void a_default_shows_through(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"a type of its own", "PUT", LIST "/INVALID_API_KEY", "{}", 201,
         "{\"defaultResponse\":false}", NULL},
        {"a default for its class", "PUT", LIST "/DEFAULT_4XX",
         "{\"statusCode\":\"418\",\"responseParameters\":{\"gatewayresponse.header.A\":\"'a'\"},"
         "\"responseTemplates\":{\"text/plain\":\"pot\"}}",
         201, "{\"defaultResponse\":false}", NULL},
        {"Rules GR1, GR2: an untouched type shows it", "GET", THROTTLED, NULL, 200,
         "{\"responseType\":\"THROTTLED\",\"statusCode\":\"418\",\"defaultResponse\":true,"
         "\"responseParameters\":{\"gatewayresponse.header.A\":\"'a'\"},"
         "\"responseTemplates\":{\"text/plain\":\"pot\",\"application/json\":\"<absent>\"}}",
         NULL},
        {"QUOTA_EXCEEDED too.", "GET", QUOTA, NULL, 200, "{\"statusCode\":\"418\"}", NULL},
        {"A type of its own does not.", "GET", LIST "/INVALID_API_KEY", NULL, 200,
         "{\"statusCode\":\"403\",\"defaultResponse\":false,\"responseParameters\":{},"
         "\"responseTemplates\":" MESSAGE "}",
         NULL},
        {"Nor one of the other class.", "GET", LIST "/INTEGRATION_FAILURE", NULL, 200,
         "{\"statusCode\":\"504\",\"responseParameters\":{}}", NULL},
        {"The list shows the same.", "GET", LIST "?limit=1&position=fg1-000000000000000b", NULL,
         200, "{\"item\":[{\"responseType\":\"INVALID_API_KEY\",\"statusCode\":\"403\"}]}", NULL},
        {"", "GET", LIST "?limit=1&position=fg1-000000000000000c", NULL, 200,
         "{\"item\":[{\"responseType\":\"INVALID_SIGNATURE\",\"statusCode\":\"418\"}]}", NULL},
        {"What is customised later starts from the type's own.", "PATCH", THROTTLED,
         PATCH_ONE("add", "/responseParameters/gatewayresponse.header.B", "'b'"), 200,
         "{\"statusCode\":\"429\",\"responseParameters\":{\"gatewayresponse.header.B\":\"'b'\","
         "\"gatewayresponse.header.A\":\"<absent>\"},\"responseTemplates\":" MESSAGE "}",
         NULL},
        {"A default without a status", "PUT", LIST "/DEFAULT_4XX", "{}", 201,
         "{\"statusCode\":\"<absent>\"}", NULL},
        {"leaves the type's.", "GET", LIST "/UNAUTHORIZED", NULL, 200, "{\"statusCode\":\"401\"}",
         NULL},
    };
    RUN(steps);
}

static void an_update_customises(void **state)
{
    (void)state;
#define JSON_TEMPLATE "/responseTemplates/application~1json"
#define HEADER        "/responseParameters/gatewayresponse.header.A"
#define REFUSED(says, body, answer)                                                                \
    {                                                                                              \
        says, "PATCH", THROTTLED, body, 400, answer, NULL                                          \
    }
    static const step_t steps[] = {
        {"Rule C6: nothing to do leaves it untouched.", "PATCH", THROTTLED,
         "{\"patchOperations\":[]}", 200, "{\"defaultResponse\":true}", NULL},
        REFUSED("no status", PATCH_ONE("replace", "/statusCode", "x"),
                BAD("Invalid status code specified, must match [1-5]\\\\d\\\\d")),
        REFUSED("added", PATCH_ONE("add", "/statusCode", "420"),
                BAD("Invalid patch path /statusCode")),
        REFUSED("removed", PATCH_BARE("remove", "/statusCode"),
                BAD("Invalid patch path /statusCode")),
        REFUSED("unknown", PATCH_ONE("replace", "/responseType", "x"),
                BAD("Invalid patch path /responseType")),
        REFUSED("moved", PATCH_ONE("move", HEADER, "x"),
                BAD("Invalid patch operation specified. Must be one of: [add, replace, remove]")),
        REFUSED("no path", "{\"patchOperations\":[{\"op\":\"add\",\"value\":\"x\"}]}",
                BAD("Invalid patch path null")),
        REFUSED("no value", PATCH_BARE("add", HEADER),
                BAD("Invalid null or empty value in responseParameters")),
        REFUSED("no template", PATCH_BARE("replace", JSON_TEMPLATE),
                BAD("Invalid null or empty value in responseTemplates")),
        REFUSED("a bare value", PATCH_ONE("add", HEADER, "true"), EXPRESSION("", "true")),
        {"a header that is not there", "PATCH", THROTTLED, PATCH_ONE("replace", HEADER, "'a'"), 404,
         MISSING("Invalid parameter name specified"), NULL},
        {"a template that is not there", "PATCH", THROTTLED,
         PATCH_BARE("remove", "/responseTemplates/text~1plain"), 404,
         MISSING("Content-Type specified was not found"), NULL},
        {"All or nothing.", "GET", THROTTLED, NULL, 200, "{\"defaultResponse\":true}", NULL},
        {"The default template can be replaced.", "PATCH", THROTTLED,
         PATCH_ONE("replace", JSON_TEMPLATE, "slow"), 200,
         "{\"responseType\":\"THROTTLED\",\"statusCode\":\"429\",\"defaultResponse\":false,"
         "\"responseTemplates\":{\"application/json\":\"slow\"}}",
         NULL},
        {"a header", "PATCH", THROTTLED, PATCH_ONE("add", HEADER, "'a'"), 200,
         "{\"responseParameters\":{\"gatewayresponse.header.A\":\"'a'\"}}", NULL},
        {"away again", "PATCH", THROTTLED, PATCH_BARE("remove", HEADER), 200,
         "{\"responseParameters\":{}}", NULL},
        {"a status", "PATCH", THROTTLED, PATCH_ONE("replace", "/statusCode", "420"), 200,
         "{\"statusCode\":\"420\",\"responseTemplates\":{\"application/json\":\"slow\"}}", NULL},
        {"It is kept.", "GET", THROTTLED, NULL, 200, "{\"statusCode\":\"420\"}", NULL},
        {"Rule GR5: a header added to QUOTA_EXCEEDED leaves its status.", "PATCH", QUOTA,
         PATCH_ONE("add", HEADER, "'a'"), 200, "{\"statusCode\":\"403\"}", NULL},
        {"an unknown type", "PATCH", LIST "/X", PATCH_ONE("replace", "/statusCode", "420"), 400,
         NO_TYPE, NULL},
        {"an unknown API", "PATCH", "/restapis/nope/gatewayresponses/THROTTLED",
         PATCH_ONE("replace", "/statusCode", "420"), 404, NO_API("nope"), NULL},
    };
    RUN(steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_types_are_listed_by_name),
        cmocka_unit_test(a_type_is_put_and_deleted),
        cmocka_unit_test(a_put_is_checked),
        cmocka_unit_test(a_default_shows_through),
        cmocka_unit_test(an_update_customises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
