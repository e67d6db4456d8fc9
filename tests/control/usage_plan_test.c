/* Rules P1 to P5, Q1, C6, C7; reference 4.2. */
#include "control/scene.h"

#define PATCH(op, path, value)                                                                     \
    "{\"patchOperations\":[{\"op\":\"" op "\",\"path\":\"" path "\",\"value\":\"" value "\"}]}"
#define API "api0000001"

#define BELOW "/apiStages/" API ":prod/throttle"

static void a_minimal_plan(void **state)
{
    scene_t *scene = *state;
    call(scene, 201, "POST", "{\"name\":\"free\"}", "/usageplans");
    assert_int_equal(strlen(text_at(scene, "id")), FG_ID_SHORT_BYTES);
    assert_string_equal(text_at(scene, "name"), "free");
    assert_int_equal(json_array_size(value_at(scene, "apiStages")), 0);
    assert_int_equal(json_object_size(scene->json), 3); /* no throttle, quota, description, tags */
}

static void a_whole_plan(void **state)
{
    scene_t *scene = *state;
    stage_make(scene, API, "prod");
    call(
        scene, 201, "POST",
        "{\"name\":\"pro\",\"description\":\"d\",\"throttle\":{\"burstLimit\":20,\"rateLimit\":10},"
        "\"quota\":{\"limit\":10000,\"period\":\"DAY\"},\"tags\":{\"a\":\"b\"},"
        "\"apiStages\":[{\"apiId\":\"" API
        "\",\"stage\":\"prod\",\"throttle\":{\"/pets/GET\":{\"rateLimit\":1}}}]}",
        "/usageplans");
    assert_non_null(strstr(scene->body, "\"rateLimit\":10.0")); /* a double has a fraction */
    assert_non_null(strstr(scene->body, "\"burstLimit\":20"));
    assert_int_equal(json_integer_value(value_at(scene, "quota.offset")), 0);
    assert_string_equal(text_at(scene, "quota.period"), "DAY");
    assert_string_equal(text_at(scene, "apiStages.0.stage"), "prod");
    assert_non_null(value_at(scene, "apiStages.0.throttle./pets/GET.rateLimit"));
    char id[16];
    snprintf(id, sizeof(id), "%s", text_at(scene, "id"));
    call(scene, 200, "GET", NULL, "/usageplans/%s", id);
    assert_string_equal(text_at(scene, "tags.a"), "b");
    assert_int_equal(json_integer_value(value_at(scene, "throttle.burstLimit")), 20);
    assert_int_equal(json_integer_value(value_at(scene, "quota.limit")), 10000);
    assert_string_equal(text_at(scene, "description"), "d");
    assert_int_equal(
        json_integer_value(value_at(scene, "apiStages.0.throttle./pets/GET.burstLimit")), 0);
}

/* given a wrong plan, when it is created, expect the service's words and an unchanged store */
static void create_refusals(void **state)
{
    scene_t *scene = *state;
    stage_make(scene, API, "prod");
    static const struct {
        const char *body;
        int status;
        const char *exception, *message;
    } rows[] = {
        {"{}", 400, "ValidationException",
         "1 validation error detected: Value null at 'createUsagePlanInput.name' failed to satisfy "
         "constraint: Member must not be null"},
        {"{\"name\":\"\"}", 400, "BadRequestException", "Usage Plan name cannot be blank"},
        {"{\"name\":\"n\",\"quota\":{\"period\":\"DAY\"}}", 400, "BadRequestException",
         "Usage Plan quota limit must be a non-negative numeric"},
        {"{\"name\":\"n\",\"quota\":{\"limit\":-1,\"period\":\"DAY\"}}", 400, "BadRequestException",
         "Usage Plan quota limit must be a non-negative numeric"},
        {"{\"name\":\"n\",\"quota\":{\"limit\":1}}", 400, "BadRequestException",
         "Invalid Usage Plan quota period specified. Must be one of [DAY, WEEK, MONTH]"},
        {"{\"name\":\"n\",\"quota\":{\"limit\":1,\"period\":\"YEAR\"}}", 400, "BadRequestException",
         "Invalid Usage Plan quota period specified. Must be one of [DAY, WEEK, MONTH]"},
        {"{\"name\":\"n\",\"quota\":{\"limit\":1,\"period\":\"DAY\",\"offset\":1}}", 400,
         "BadRequestException", "Usage Plan quota offset must be zero in the DAY period"},
        {"{\"name\":\"n\",\"quota\":{\"limit\":1,\"period\":\"WEEK\",\"offset\":7}}", 400,
         "BadRequestException",
         "Usage Plan quota offset must be between 0 and 6 inclusive in the WEEK period"},
        {"{\"name\":\"n\",\"quota\":{\"limit\":1,\"period\":\"MONTH\",\"offset\":28}}", 400,
         "BadRequestException",
         "Usage Plan quota offset must be between 0 and 27 inclusive in the MONTH period"},
        {"{\"name\":\"n\",\"quota\":{\"limit\":1,\"period\":\"MONTH\",\"offset\":-1}}", 400,
         "BadRequestException",
         "Usage Plan quota offset must be between 0 and 27 inclusive in the MONTH period"},
        {"{\"name\":\"n\",\"throttle\":{\"rateLimit\":-1}}", 400, "BadRequestException",
         "Usage Plan throttle rate limit must be a non-negative numeric"},
        {"{\"name\":\"n\",\"throttle\":{\"rateLimit\":\"1\"}}", 400, "SerializationException",
         "class java.lang.String can not be converted to an Double"},
        {"{\"name\":\"n\",\"throttle\":1}", 400, "SerializationException",
         "Expected a map or structure for throttle"},
        {"{\"name\":\"n\",\"apiStages\":[{\"apiId\":\"" API "\"}]}", 400, "BadRequestException",
         "Invalid API Stage {api: %s, stage: %s} specified for usageplan %s"},
        {"{\"name\":\"n\",\"apiStages\":[{\"apiId\":\"" API "\",\"stage\":\"nope\"}]}", 404,
         "NotFoundException", "API Stage not found: " API ":nope"},
        {"{\"name\":\"n\",\"apiStages\":[{\"apiId\":\"" API
         "\",\"stage\":\"prod\",\"throttle\":{\"GET\":{}}}]}",
         400, "BadRequestException", "Invalid method {resourcePath: GET,method: } specified"},
        {"{\"name\":\"n\",\"apiStages\":[{\"apiId\":\"" API
         "\",\"stage\":\"prod\",\"throttle\":{\"/a/get\":{}}}]}",
         400, "BadRequestException", "Invalid method {resourcePath: /a/get,method: } specified"},
        {"{\"name\":\"n\",\"apiStages\":[{\"apiId\":\"" API
         "\",\"stage\":\"prod\",\"throttle\":{\"pets/GET\":{}}}]}",
         400, "BadRequestException", "Invalid method {resourcePath: pets/GET,method: } specified"},
    };
    uint64_t before = last_change(scene);
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        call(scene, rows[i].status, "POST", rows[i].body, "/usageplans");
        expect_message(scene, rows[i].exception, rows[i].message);
    }
    assert_int_equal(last_change(scene), before);
}

/* given an offset at its maximum, when the plan is created, expect 201 */
static void offsets_at_their_maximum(void **state)
{
    scene_t *scene = *state;
    static const char *const bodies[] = {
        "{\"name\":\"n\",\"quota\":{\"limit\":0,\"period\":\"DAY\",\"offset\":0}}",
        "{\"name\":\"n\",\"quota\":{\"limit\":1,\"period\":\"WEEK\",\"offset\":6}}",
        "{\"name\":\"n\",\"quota\":{\"limit\":1,\"period\":\"MONTH\",\"offset\":27}}",
        "{\"name\":\"n\",\"throttle\":{\"rateLimit\":1,\"burstLimit\":100}}", /* burst above rate is
                                                                                 fine */
    };
    for (size_t i = 0; i < FG_COUNT_OF(bodies); i++)
        call(scene, 201, "POST", bodies[i], "/usageplans");
}

static void get_and_delete(void **state)
{
    scene_t *scene = *state;
    char id[16];
    plan_make(scene, "{\"name\":\"n\"}", id);
    call(scene, 200, "GET", NULL, "/usageplans/%s", id);
    assert_int_equal(json_object_size(value_at(scene, "tags")), 0);
    assert_non_null(value_at(scene, "tags"));
    call(scene, 202, "DELETE", NULL, "/usageplans/%s", id);
    assert_string_equal(scene->body, "");
    call(scene, 404, "GET", NULL, "/usageplans/%s", id);
    expect_message(scene, "NotFoundException", "Invalid Usage Plan ID specified");
    call(scene, 404, "DELETE", NULL, "/usageplans/%s", id);
    call(scene, 404, "PATCH", "{}", "/usageplans/%s", id);
}

static void list_pages_and_filters_by_key(void **state)
{
    scene_t *scene = *state;
    char key[16], plan[16], body[128];
    key_make(scene, NULL, key);
    for (int i = 0; i < 3; i++) {
        snprintf(body, sizeof(body), "{\"name\":\"p%d\"}", i);
        plan_make(scene, body, plan);
    }
    snprintf(body, sizeof(body), "{\"keyId\":\"%s\",\"keyType\":\"API_KEY\"}", key);
    call(scene, 201, "POST", body, "/usageplans/%s/keys", plan);
    call(scene, 200, "GET", NULL, "/usageplans?keyId=%s", key);
    assert_int_equal(json_array_size(value_at(scene, "item")), 1);
    assert_string_equal(text_at(scene, "item.0.name"), "p2");
    assert_null(value_at(scene, "item.0.tags"));
    char position[64];
    call(scene, 200, "GET", NULL, "/usageplans?limit=2");
    assert_string_equal(text_at(scene, "item.0.name"), "p0");
    snprintf(position, sizeof(position), "%s", text_at(scene, "position"));
    call(scene, 200, "GET", NULL, "/usageplans?limit=2&position=%s", position);
    assert_string_equal(text_at(scene, "item.0.name"), "p2");
    assert_null(value_at(scene, "position"));
}

/* given a plan without limits, when one path is patched, expect exactly that (the table of
 * reference 4.2) */
static void update_paths(void **state)
{
    scene_t *scene = *state;
    static const struct {
        const char *body, *fragment;
    } rows[] = {
        {PATCH("replace", "/name", "n2"), "\"name\":\"n2\""},
        {PATCH("replace", "/description", "d2"), "\"description\":\"d2\""},
        {PATCH("add", "/productCode", "pc"), "\"productCode\":\"pc\""},
        {PATCH("replace", "/productCode", "pd"), "\"productCode\":\"pd\""},
        {PATCH("replace", "/throttle/rateLimit", "5.5"),
         "\"throttle\":{\"burstLimit\":0,\"rateLimit\":5.5}"},
        {PATCH("add", "/throttle/burstLimit", "7"),
         "\"throttle\":{\"burstLimit\":7,\"rateLimit\":5.5}"},
        {"{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/quota/limit\",\"value\":\"9\"},"
         "{\"op\":\"replace\",\"path\":\"/quota/period\",\"value\":\"WEEK\"}]}",
         "\"quota\":{\"limit\":9,\"offset\":0,\"period\":\"WEEK\"}"},
        {PATCH("replace", "/quota/offset", "6"), "\"offset\":6"},
    };
    char id[16];
    plan_make(scene, "{\"name\":\"n\"}", id);
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        call(scene, 200, "PATCH", rows[i].body, "/usageplans/%s", id);
        assert_non_null(strstr(scene->body, rows[i].fragment));
        assert_non_null(value_at(scene, "tags"));
    }
    call(scene, 200, "PATCH", PATCH("remove", "/throttle", ""), "/usageplans/%s", id);
    assert_null(value_at(scene, "throttle"));
    call(scene, 200, "PATCH", PATCH("remove", "/quota", ""), "/usageplans/%s", id);
    assert_null(value_at(scene, "quota"));
    call(scene, 200, "PATCH", PATCH("remove", "/productCode", ""), "/usageplans/%s", id);
    call(scene, 200, "GET", NULL, "/usageplans/%s", id);
    assert_null(value_at(scene, "productCode"));
}

static void update_refusals(void **state)
{
    scene_t *scene = *state;
    char id[16], message[256];
    plan_make(scene, "{\"name\":\"n\",\"quota\":{\"limit\":5,\"period\":\"DAY\"}}", id);
    static const struct {
        const char *body;
        int status;
        const char *message; /* %s: the plan's id */
    } rows[] = {
        {PATCH("replace", "/quota/offset", "1"), 400,
         "Usage Plan quota offset must be zero in the DAY period"},
        {PATCH("replace", "/quota/limit", "x"), 400, "Invalid value for /quota/limit: 'x'"},
        {PATCH("replace", "/quota/period", "YEAR"), 400,
         "Invalid Usage Plan quota period specified. Must be one of [DAY, WEEK, MONTH]"},
        {PATCH("replace", "/throttle/rateLimit", "nan"), 400,
         "Invalid value for /throttle/rateLimit: 'nan'"},
        {PATCH("replace", "/throttle/burstLimit", "-1"), 400,
         "Usage Plan throttle burst limit must be a non-negative numeric"},
        {PATCH("add", "/apiStages", ""), 400, "Invalid API Stage specified"},
        {"{\"patchOperations\":[{\"op\":\"add\",\"path\":\"/apiStages\"}]}", 400,
         "Invalid API Stage specified"},
        {PATCH("add", "/apiStages", "a"), 400, "Invalid API Stage specified"},
        {PATCH("add", "/apiStages", "a:"), 400, "Invalid API Stage specified"},
        {PATCH("add", "/apiStages", "a:b"), 404,
         "Invalid API Stage {api: a, stage: b} specified for usageplan %s"},
        {PATCH("remove", "/apiStages", "a:b"), 404,
         "Invalid API Stage {api: a, stage: b} specified for usageplan %s"},
        {PATCH("replace", "/x", "1"), 400,
         "Invalid patch path  '/x' specified for op 'replace'. Must be one of: [/name, "
         "/description, /productCode, /throttle/rateLimit, /throttle/burstLimit, /quota/limit, "
         "/quota/offset, /quota/period]"},
        {PATCH("copy", "/name", "x"), 400,
         "Invalid patch path  '/name' specified for op 'copy'. Please choose supported operations"},
    };
    uint64_t before = last_change(scene);
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        call(scene, rows[i].status, "PATCH", rows[i].body, "/usageplans/%s", id);
        snprintf(message, sizeof(message), rows[i].message, id);
        assert_string_equal(text_at(scene, "message"), message);
    }
    assert_int_equal(last_change(scene), before);
}

static void stages_come_and_go(void **state)
{
    scene_t *scene = *state; /* Rule P2 */
    char id[16], message[256];
    stage_make(scene, API, "prod");
    plan_make(scene, "{\"name\":\"n\"}", id);
    call(scene, 200, "PATCH", PATCH("add", "/apiStages", API ":prod"), "/usageplans/%s", id);
    assert_string_equal(text_at(scene, "apiStages.0.apiId"), API);
    call(scene, 200, "PATCH", PATCH("add", "/apiStages", API ":prod"), "/usageplans/%s", id);
    assert_int_equal(json_array_size(value_at(scene, "apiStages")), 1);
    call(scene, 400, "DELETE", NULL, "/usageplans/%s", id);
    snprintf(message, sizeof(message),
             "Cannot delete Usage Plan %s because there are API Stages associated with it, "
             "including " API ":prod",
             id);
    expect_message(scene, "BadRequestException", message);
    /* Terraform: out, in and its throttles in one call */
    call(scene, 200, "PATCH",
         "{\"patchOperations\":[{\"op\":\"remove\",\"path\":\"/apiStages\",\"value\":\"" API
         ":prod\"},"
         "{\"op\":\"add\",\"path\":\"/apiStages\",\"value\":\"" API ":prod\"},"
         "{\"op\":\"replace\",\"path\":\"/apiStages/" API
         ":prod/throttle//pets/GET/rateLimit\",\"value\":\"2\"},"
         "{\"op\":\"replace\",\"path\":\"/apiStages/" API
         ":prod/throttle//pets/GET/burstLimit\",\"value\":\"3\"}]}",
         "/usageplans/%s", id);
    assert_non_null(strstr(scene->body, "\"/pets/GET\":{\"burstLimit\":3,\"rateLimit\":2.0}"));
    call(scene, 200, "PATCH", PATCH("remove", "/apiStages", API ":prod"), "/usageplans/%s", id);
    assert_int_equal(json_array_size(value_at(scene, "apiStages")), 0);
    call(scene, 202, "DELETE", NULL, "/usageplans/%s", id);
}

/* given a stage in a plan, when its method throttles are patched, expect the entry under the
 * method's name (rule P4) */
static void method_throttles(void **state)
{
    scene_t *scene = *state;
    char id[16];
    stage_make(scene, API, "prod");
    plan_make(scene, "{\"name\":\"n\",\"apiStages\":[{\"apiId\":\"" API "\",\"stage\":\"prod\"}]}",
              id);
    static const struct {
        const char *body;
        int status;
        const char *fragment;
    } rows[] = {
        {PATCH("replace", BELOW "/~1pets/GET/rateLimit", "1"), 200,
         "{\"/pets/GET\":{\"burstLimit\":0,\"rateLimit\":1.0}}"},
        {PATCH("replace", BELOW "/pets/GET/burstLimit", "4"), 200,
         "{\"/pets/GET\":{\"burstLimit\":4,\"rateLimit\":1.0}}"},
        {PATCH("add", BELOW "///GET/rateLimit", "9"), 200,
         "\"//GET\":{\"burstLimit\":0,\"rateLimit\":9.0}"},
        {PATCH("remove", BELOW "/~1pets/GET", ""), 200, "\"throttle\":{\"//GET\":"},
        {PATCH("replace", BELOW, "{\\\"/a/*\\\":{\\\"rateLimit\\\":1.5,\\\"burstLimit\\\":1}}"),
         200, "\"throttle\":{\"/a/*\":{\"burstLimit\":1,\"rateLimit\":1.5}}"},
        {PATCH("replace", BELOW, "[]"), 400, "Invalid throttle map specified"},
        {PATCH("replace", BELOW, "{"), 400, "Invalid throttle map specified"},
        {PATCH("replace", BELOW "/a/GET/rateLimit", "x"), 400, "Invalid value for"},
        {PATCH("replace", BELOW "/a/FETCH/rateLimit", "1"), 400,
         "Invalid method {resourcePath: /a/FETCH,method: } specified"},
        {PATCH("replace", BELOW "/a/GET/speed", "1"), 400, "Invalid patch path"},
        {PATCH("remove", BELOW "/a/GET/rateLimit", ""), 400, "Invalid patch path"},
        {PATCH("replace", "/apiStages/x:y/throttle/a/GET/rateLimit", "1"), 404,
         "Invalid API Stage {api: x, stage: y}"},
        {PATCH("remove", BELOW, ""), 200,
         "\"apiStages\":[{\"apiId\":\"" API "\",\"stage\":\"prod\"}]"},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        call(scene, rows[i].status, "PATCH", rows[i].body, "/usageplans/%s", id);
        if (!strstr(scene->body, rows[i].fragment))
            fail_msg("row %zu: %s", i, scene->body);
    }
}

/* given a stage, when it gets a 21st method throttle, expect a limit */
static void twenty_method_throttles(void **state)
{
    scene_t *scene = *state;
    char id[16], body[256];
    stage_make(scene, API, "prod");
    plan_make(scene, "{\"name\":\"n\",\"apiStages\":[{\"apiId\":\"" API "\",\"stage\":\"prod\"}]}",
              id);
    for (int i = 0; i <= FG_METHOD_THROTTLES_PER_STAGE_MAX; i++) {
        snprintf(body, sizeof(body), PATCH("replace", BELOW "/r%d/GET/rateLimit", "1"), i);
        call(scene, i < FG_METHOD_THROTTLES_PER_STAGE_MAX ? 200 : 429, "PATCH", body,
             "/usageplans/%s", id);
    }
}

#define T(test) cmocka_unit_test_setup_teardown(test, scene_setup, scene_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_minimal_plan),
        T(a_whole_plan),
        T(create_refusals),
        T(offsets_at_their_maximum),
        T(get_and_delete),
        T(list_pages_and_filters_by_key),
        T(update_paths),
        T(update_refusals),
        T(stages_come_and_go),
        T(method_throttles),
        T(twenty_method_throttles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
