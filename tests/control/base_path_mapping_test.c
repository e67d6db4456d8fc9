#include "control/api_support.h"

#define DOMAIN "/domainnames/api.example.com"
#define ALL    DOMAIN "/basepathmappings"
#define LOST   MISSING("Invalid base path mapping identifier specified")
#define API    "\"restApiId\":\"$A\""

/* An API with the stages dev and prod, and a domain name. */
static void begin(walk_t *walk)
{
    static const step_t steps[] = {
        {"a stage", "POST", "/restapis/$A/deployments", "{\"stageName\":\"dev\"}", 201,
         "{\"id\":\"<any>\"}", NULL},
        {"another", "POST", "/restapis/$A/deployments", "{\"stageName\":\"prod\"}", 201,
         "{\"id\":\"<any>\"}", NULL},
        {"a domain name", "POST", "/domainnames", "{\"domainName\":\"api.example.com\"}", 201,
         "{\"domainName\":\"api.example.com\"}", NULL},
    };
    walk_begin(walk);
    walk_api(walk);
    walk_mock(walk);
    walk_steps(walk, steps, FG_COUNT_OF(steps));
}

static void run(const step_t *steps, size_t count)
{
    walk_t walk;
    begin(&walk);
    walk_steps(&walk, steps, count);
    walk_end(&walk);
}
#define RUN(steps) run(steps, FG_COUNT_OF(steps))

/* Rules BP1, BP2, BP5 */
static void test_life(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"The empty base path is (none).", "POST", ALL, "{\"basePath\":\"\"," API "}", 201,
         "{\"basePath\":\"(none)\",\"restApiId\":\"$A\",\"stage\":\"<absent>\"}", NULL},
        {"as is an absent one", "POST", ALL, "{" API "}", 409,
         CONFLICT("Base path already exists for this domain name"), NULL},
        {"One of a stage.", "POST", ALL, "{\"basePath\":\"v1\",\"stage\":\"dev\"," API "}", 201,
         "{\"basePath\":\"v1\",\"restApiId\":\"$A\",\"stage\":\"dev\"}", NULL},
        {"get", "GET", ALL "/v1", NULL, 200,
         "{\"basePath\":\"v1\",\"restApiId\":\"$A\",\"stage\":\"dev\"}", NULL},
        {"as clients write it", "GET", "/domainnames/API.example.com/basepathmappings/%28none%29",
         NULL, 200, "{\"basePath\":\"(none)\"}", NULL},
        {"the list", "GET", ALL, NULL, 200,
         "{\"item\":[{\"basePath\":\"(none)\"},{\"basePath\":\"v1\"}],\"position\":\"<absent>\"}",
         NULL},
        {"by page", "GET", ALL "?limit=1", NULL, 200,
         "{\"item\":[{\"basePath\":\"(none)\"}],\"position\":\"<any>\"}", "P=position"},
        {"the next", "GET", ALL "?limit=1&position=$P", NULL, 200,
         "{\"item\":[{\"basePath\":\"v1\"}],\"position\":\"<absent>\"}", NULL},
        {"The API stays.", "DELETE", "/restapis/$A", NULL, 400,
         BAD("Please remove all base path mappings related to your API"), NULL},
        {"It goes.", "DELETE", ALL "/v1", NULL, 202, NULL, NULL},
        {"get", "GET", ALL "/v1", NULL, 404, LOST, NULL},
        {"update", "PATCH", ALL "/v1", PATCH_ONE("replace", "/stage", "dev"), 404, LOST, NULL},
        {"delete", "DELETE", ALL "/v1", NULL, 404, LOST, NULL},
        {"The domain name takes its mappings along.", "DELETE", DOMAIN, NULL, 202, NULL, NULL},
        {"list of an unknown domain name", "GET", ALL, NULL, 404,
         MISSING("Invalid domain name identifier specified"), NULL},
        {"create in one", "POST", ALL, "{" API "}", 404,
         MISSING("Invalid domain name identifier specified"), NULL},
        {"The API may go.", "DELETE", "/restapis/$A", NULL, 202, NULL, NULL},
    };
    RUN(steps);
}

#define SLASH                                                                                      \
    BAD("API Gateway V1 doesn't support the slash character (/) in base path mappings. To create " \
        "a multi-level base path mapping, use API Gateway V2.")

/* Rules BP2, BP3 */
static void test_refused(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"no API", "POST", ALL, "{}", 400,
         INVALID("1 validation error detected: Value null at "
                 "'createBasePathMappingInput.restApiId' failed to satisfy constraint: Member must "
                 "not be null"),
         NULL},
        {"a slash", "POST", ALL, "{\"basePath\":\"a/b\"," API "}", 400, SLASH, NULL},
        {"a blank", "POST", ALL, "{\"basePath\":\"a b\"," API "}", 400,
         BAD("A base path has letters, digits and $-_.+!*'() only"), NULL},
        {"an unknown API", "POST", ALL, "{\"restApiId\":\"nope\"}", 400,
         BAD("Invalid REST API identifier specified"), NULL},
        {"an empty API", "POST", ALL, "{\"restApiId\":\"\"}", 400,
         BAD("Invalid REST API identifier specified"), NULL},
        {"an unknown stage", "POST", ALL, "{\"stage\":\"nope\"," API "}", 400,
         BAD("Invalid stage identifier specified"), NULL},
        {"what may stand in it", "POST", ALL, "{\"basePath\":\"aZ9$-_.+!*'()\"," API "}", 201,
         "{\"basePath\":\"aZ9$-_.+!*'()\"}", NULL},
    };
    RUN(steps);
}

/* Rule BP2: the longest, and one byte more. */
static void test_length(void **state)
{
    (void)state;
    walk_t walk;
    begin(&walk);
    char path[FG_BASE_PATH_BYTES_MAX + 2];
    memset(path, 'a', sizeof(path));
    fg_str_t fits = fg_arena_printf(walk.arena, "{\"basePath\":\"%.*s\",\"restApiId\":\"$A\"}",
                                    FG_BASE_PATH_BYTES_MAX, path),
             exceeds = fg_arena_printf(walk.arena, "{\"basePath\":\"%.*s\",\"restApiId\":\"$A\"}",
                                       FG_BASE_PATH_BYTES_MAX + 1, path);
    assert_int_equal(walk_call(&walk, "POST", ALL, fits.at).status, 201);
    walk_step(&walk, &(step_t){"one more", "POST", ALL, exceeds.at, 400,
                               BAD("A base path has at most 300 bytes"), NULL});
    walk_end(&walk);
}

/* Rule BP4 */
static void test_update(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"a mapping", "POST", ALL, "{\"basePath\":\"v1\",\"stage\":\"dev\"," API "}", 201,
         "{\"basePath\":\"v1\"}", NULL},
        {"another", "POST", ALL, "{" API "}", 201, "{\"basePath\":\"(none)\"}", NULL},
        {"another API", "POST", "/restapis", "{\"name\":\"other\"}", 201, "{\"id\":\"<any>\"}",
         "B=id"},
        {"Its stage is replaced.", "PATCH", ALL "/v1", PATCH_ONE("replace", "/stage", "prod"), 200,
         "{\"basePath\":\"v1\",\"restApiId\":\"$A\",\"stage\":\"prod\"}", NULL},
        {"but not by none that is there", "PATCH", ALL "/v1",
         PATCH_ONE("replace", "/stage", "nope"), 400, BAD("Invalid stage identifier specified"),
         NULL},
        {"The other API has no such stage.", "PATCH", ALL "/v1",
         PATCH_ONE("replace", "/restapiId", "$B"), 400, BAD("Invalid stage identifier specified"),
         NULL},
        {"Without it it may be.", "PATCH", ALL "/v1",
         "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/stage\",\"value\":\"\"},{\"op\":"
         "\"replace\",\"path\":\"/restApiId\",\"value\":\"$B\"}]}",
         200, "{\"restApiId\":\"$B\",\"stage\":\"<absent>\"}", NULL},
        {"Which now stays.", "DELETE", "/restapis/$B", NULL, 400,
         BAD("Please remove all base path mappings related to your API"), NULL},
        {"a base path that is there", "PATCH", ALL "/v1", PATCH_ONE("replace", "/basePath", ""),
         409, CONFLICT("Base path already exists for this domain name"), NULL},
        {"a base path that is none", "PATCH", ALL "/v1", PATCH_ONE("replace", "/basePath", "a/b"),
         400, SLASH, NULL},
        {"It is renamed.", "PATCH", ALL "/v1", PATCH_ONE("replace", "/basePath", "v2"), 200,
         "{\"basePath\":\"v2\",\"restApiId\":\"$B\"}", NULL},
        {"The old one is gone.", "GET", ALL "/v1", NULL, 404, LOST, NULL},
        {"and again, in the documented spelling", "PATCH", ALL "/v2",
         PATCH_ONE("replace", "/basepath", "v3"), 200, "{\"basePath\":\"v3\"}", NULL},
        {"To itself is fine.", "PATCH", ALL "/v3", PATCH_ONE("replace", "/basePath", "v3"), 200,
         "{\"basePath\":\"v3\"}", NULL},
        {"The list has two.", "GET", ALL, NULL, 200,
         "{\"item\":[{\"basePath\":\"(none)\"},{\"basePath\":\"v3\"}]}", NULL},
        {"another path", "PATCH", ALL "/v3", PATCH_ONE("replace", "/x", "v3"), 400,
         BAD("Invalid patch path /x"), NULL},
        {"another operation", "PATCH", ALL "/v3", PATCH_BARE("remove", "/stage"), 400,
         BAD("Invalid patch operation specified. Must be one of: [replace]"), NULL},
    };
    RUN(steps);
}

/* Rule DN12: the last that fits, and one more. */
static void test_room(void **state)
{
    (void)state;
    walk_t walk;
    begin(&walk);
    walk_fill_kind(&walk, FG_DOCUMENT_BASE_PATH, "api.example.com",
                   FG_BASE_PATHS_PER_DOMAIN_MAX - 1);
    static const step_t steps[] = {
        {"the last", "POST", ALL, "{\"basePath\":\"a\"," API "}", 201, "{\"basePath\":\"a\"}",
         NULL},
        {"one more", "POST", ALL, "{\"basePath\":\"b\"," API "}", 429,
         "{\"@type\":\"LimitExceededException\",\"message\":\"Maximum number of base path mappings "
         "reached: 200\"}",
         NULL},
    };
    walk_steps(&walk, steps, FG_COUNT_OF(steps));
    walk_end(&walk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),   cmocka_unit_test(test_refused),
        cmocka_unit_test(test_length), cmocka_unit_test(test_update),
        cmocka_unit_test(test_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
