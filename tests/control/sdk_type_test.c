/* Rule SK1 of docs/rules/control.md. */
#include "control/api_support.h"

static void types_are_told(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"Rule SK1: by name.", "GET", "/sdktypes", NULL, 200,
         "{\"position\":\"<absent>\",\"item\":[{\"id\":\"android\"},{\"id\":\"java\"},{\"id\":"
         "\"javascript\"},{\"id\":\"objectivec\"},{\"id\":\"ruby\"},{\"id\":\"swift\"}]}",
         NULL},
        {"a page", "GET", "/sdktypes?limit=4", NULL, 200, "{\"position\":\"<any>\"}", "N=position"},
        {"and the next", "GET", "/sdktypes?limit=4&position=$N", NULL, 200,
         "{\"position\":\"<absent>\",\"item\":[{\"id\":\"ruby\"},{\"id\":\"swift\"}]}", NULL},
        {"one", "GET", "/sdktypes/android", NULL, 200,
         "{\"id\":\"android\",\"friendlyName\":\"Android\",\"description\":\"<any>\","
         "\"configurationProperties\":[{\"name\":\"groupId\",\"required\":true,\"friendlyName\":"
         "\"<any>\",\"description\":\"<any>\",\"defaultValue\":\"<absent>\"},"
         "{\"name\":\"invokerPackage\"},{\"name\":\"artifactId\"},{\"name\":\"artifactVersion\"}]}",
         NULL},
        {"without properties", "GET", "/sdktypes/javascript", NULL, 200,
         "{\"configurationProperties\":[]}", NULL},
        {"unknown", "GET", "/sdktypes/cobol", NULL, 404,
         MISSING("Invalid SDK type identifier specified"), NULL},
    };
    WALK(steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
