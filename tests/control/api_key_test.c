/* Rules K2, K3, K6, K9, K10, C4 to C7; reference 4.1. */
#include "control/scene.h"

#define VALUE_20 "abcdefghij0123456789"

static char *repeat(char c, size_t count)
{
    char *text = malloc(count + 1);
    memset(text, c, count);
    text[count] = '\0';
    return text;
}

/* {"<member>":"<count times x>"} */
static char *body_of(const char *member, size_t count)
{
    char *text = repeat('x', count), *body = malloc(count + 64);
    sprintf(body, "{\"%s\":\"%s\"}", member, text);
    free(text);
    return body;
}

static void create_answers_its_defaults(void **state)
{
    scene_t *scene = *state;
    call(scene, 201, "POST", NULL, "/apikeys");
    assert_int_equal(strlen(text_at(scene, "id")), FG_ID_LONG_BYTES);
    assert_int_equal(strlen(text_at(scene, "value")), 40); /* Rule K2 */
    assert_true(json_is_false(value_at(scene, "enabled")));
    assert_int_equal(json_integer_value(value_at(scene, "createdDate")), SCENE_NOW_S);
    assert_int_equal(json_integer_value(value_at(scene, "lastUpdatedDate")), SCENE_NOW_S);
    assert_int_equal(json_array_size(value_at(scene, "stageKeys")), 0);
    assert_int_equal(json_object_size(scene->json), 6); /* no name, description, customerId, tags */
}

static void create_echoes_what_is_given(void **state)
{
    scene_t *scene = *state;
    stage_make(scene, "api0000001", "prod");
    call(scene, 201, "POST",
         "{\"name\":\"n\",\"description\":\"d\",\"enabled\":true,\"value\":\"" VALUE_20
         "\",\"customerId\":\"c\","
         "\"generateDistinctId\":true,\"tags\":{\"a\":\"b\"},"
         "\"stageKeys\":[{\"restApiId\":\"api0000001\",\"stageName\":\"prod\"}]}",
         "/apikeys");
    assert_string_equal(text_at(scene, "name"), "n");
    assert_string_equal(text_at(scene, "description"), "d");
    assert_string_equal(text_at(scene, "value"), VALUE_20);
    assert_string_equal(text_at(scene, "customerId"), "c");
    assert_string_equal(text_at(scene, "tags.a"), "b");
    assert_string_equal(text_at(scene, "stageKeys.0"), "api0000001/prod");
    assert_true(json_is_true(value_at(scene, "enabled")));
}

static void an_empty_name_is_absent(void **state)
{
    scene_t *scene = *state;
    call(scene, 201, "POST", "{\"name\":\"\",\"value\":\"\"}", "/apikeys");
    assert_null(value_at(scene, "name"));
    assert_int_equal(strlen(text_at(scene, "value")), 40); /* Terraform sends "" for "make one" */
}

/* given a member at its maximum, when a key is created, expect 201; one past it, expect the
 * service's words */
static void create_bounds(void **state)
{
    scene_t *scene = *state;
    static const struct {
        const char *member;
        size_t count;
        int status;
        const char *message;
    } rows[] = {
        {"name", 1024, 201, ""},
        {"name", 1025, 400, "Invalid API Key name, can be at most 1024 characters."},
        {"value", 19, 400, "API Key value should be at least 20 characters"},
        {"value", 20, 201, ""},
        {"value", 128, 201, ""},
        {"value", 129, 400, "API Key value exceeds maximum size of 128 characters"},
        {"description", 125000, 201, ""},
        {"description", 125001, 400, "Invalid API Key description specified."},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        char *body = body_of(rows[i].member, rows[i].count);
        call(scene, rows[i].status, "POST", body, "/apikeys");
        if (rows[i].status != 201)
            expect_message(scene, "BadRequestException", rows[i].message);
        free(body);
    }
}

/* given a wrong body, when a key is created, expect the answer and an unchanged store */
static void create_refusals(void **state)
{
    scene_t *scene = *state;
    static const struct {
        const char *body;
        int status;
        const char *exception;
    } rows[] = {
        {"{\"name\":true}", 400, "SerializationException"},
        {"{\"name\":1}", 400, "SerializationException"},
        {"{\"name\":{}}", 400, "SerializationException"},
        {"{\"name\":[]}", 400, "SerializationException"},
        {"{\"enabled\":\"true\"}", 400, "SerializationException"},
        {"{\"stageKeys\":{}}", 400, "SerializationException"},
        {"{\"stageKeys\":[1]}", 400, "SerializationException"},
        {"{\"stageKeys\":[{\"restApiId\":\"nope\",\"stageName\":\"s\"}]}", 404,
         "NotFoundException"},
        {"{\"tags\":[]}", 400, "SerializationException"},
        {"{\"tags\":{\"a\":1}}", 400, "SerializationException"},
        {"{\"tags\":{\"aws:a\":\"b\"}}", 400, "BadRequestException"},
        {"{\"tags\":{\"a#b\":\"b\"}}", 400, "BadRequestException"},
        {"{\"tags\":{\"a\":\"b\\u0009c\"}}", 400, "BadRequestException"},
        {"{\"value\":\"abcdefghij 123456789\"}", 400, "BadRequestException"},
        {"{", 400, "SerializationException"},
        {"[]", 400, "SerializationException"},
        {"null", 400, "SerializationException"},
        {"{\"name\":\"\xff\"}", 400, "SerializationException"},
        {"{\"name\":\"a\",\"name\":\"b\"}", 400, "SerializationException"},
    };
    uint64_t before = last_change(scene);
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        call(scene, rows[i].status, "POST", rows[i].body, "/apikeys");
        assert_true(fg_str_is(header_at(scene, "x-amzn-ErrorType"), rows[i].exception));
        assert_true(strlen(text_at(scene, "message")) > 0);
    }
    assert_int_equal(last_change(scene), before);
}

static void wrong_types_are_named_as_the_service_does(void **state)
{
    scene_t *scene = *state;
    call(scene, 400, "POST", "{\"name\":true}", "/apikeys");
    expect_message(scene, "SerializationException",
                   "class java.lang.Boolean can not be converted to an String");
    call(scene, 400, "POST", "{\"name\":12}", "/apikeys");
    expect_message(scene, "SerializationException",
                   "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be "
                   "converted to an String");
}

static void a_value_is_unique(void **state)
{
    scene_t *scene = *state; /* Rule K3 */
    call(scene, 201, "POST", "{\"name\":\"same\",\"value\":\"" VALUE_20 "\"}", "/apikeys");
    call(scene, 409, "POST", "{\"name\":\"same\",\"value\":\"" VALUE_20 "\"}", "/apikeys");
    expect_message(scene, "ConflictException", "API Key already exists");
    call(scene, 201, "POST", "{\"name\":\"same\"}", "/apikeys");
}

static void the_account_limit_is_a_setting(void **state)
{
    scene_t *scene = *state; /* Rule K10 */
    scene->control.settings.keys_max = 2;
    call(scene, 201, "POST", NULL, "/apikeys");
    call(scene, 201, "POST", NULL, "/apikeys");
    call(scene, 429, "POST", NULL, "/apikeys");
    assert_true(fg_str_is(header_at(scene, "x-amzn-ErrorType"), "LimitExceededException"));
    scene->control.settings.keys_max = 0;
    call(scene, 201, "POST", NULL, "/apikeys");
}

static void get_shows_the_value_only_when_asked(void **state)
{
    scene_t *scene = *state; /* Rule K9 */
    char id[16];
    key_make(scene, "{\"value\":\"" VALUE_20 "\"}", id);
    call(scene, 200, "GET", NULL, "/apikeys/%s", id);
    assert_null(value_at(scene, "value"));
    assert_int_equal(json_object_size(value_at(scene, "tags")), 0);
    assert_non_null(value_at(scene, "tags"));
    call(scene, 200, "GET", NULL, "/apikeys/%s?includeValue=true", id);
    assert_string_equal(text_at(scene, "value"), VALUE_20);
    call(scene, 404, "GET", NULL, "/apikeys/nosuchkey0");
    expect_message(scene, "NotFoundException", "Invalid API Key identifier specified");
}

static void list_is_newest_first_in_pages(void **state)
{
    scene_t *scene = *state; /* Rule C5 */
    char body[64], position[64] = "", seen[256] = "";
    for (int i = 0; i < 7; i++) {
        snprintf(body, sizeof(body), "{\"name\":\"k%d\"}", i);
        call(scene, 201, "POST", body, "/apikeys");
    }
    for (int page = 0; page < 3; page++) {
        call(scene, 200, "GET", NULL, "/apikeys?limit=3%s%s", position[0] ? "&position=" : "",
             position);
        for (size_t i = 0; i < json_array_size(value_at(scene, "item")); i++) {
            json_t *item = json_array_get(value_at(scene, "item"), i);
            strcat(seen, json_string_value(json_object_get(item, "name")));
            assert_null(json_object_get(item, "value"));
            assert_null(json_object_get(item, "tags"));
        }
        snprintf(position, sizeof(position), "%s", text_at(scene, "position"));
    }
    assert_string_equal(seen, "k6k5k4k3k2k1k0");
    assert_string_equal(position, ""); /* no position on the last page */
}

/* given 30 keys, when limit is what it may not be, expect it to count as absent */
static void odd_limits_are_as_absent(void **state)
{
    scene_t *scene = *state;
    static const struct {
        const char *query;
        size_t count;
    } rows[] = {{"", 25},           {"?limit=-1", 25},  {"?limit=0", 25}, {"?limit=x", 25},
                {"?limit=500", 30}, {"?limit=501", 25}, {"?limit=30", 30}};
    for (int i = 0; i < 30; i++)
        call(scene, 201, "POST", NULL, "/apikeys");
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        call(scene, 200, "GET", NULL, "/apikeys%s", rows[i].query);
        assert_int_equal(json_array_size(value_at(scene, "item")), rows[i].count);
        assert_true((value_at(scene, "position") != NULL) == (rows[i].count < 30));
    }
    static const char *const positions[] = {"x", "fg1-", "fg1-00000000000000zz",
                                            "fg1-0000000000000000", "fg1-ffffffffffffffff"};
    for (size_t i = 0; i < FG_COUNT_OF(positions); i++)
        call(scene, 400, "GET", NULL, "/apikeys?position=%s", positions[i]);
}

static void list_filters(void **state)
{
    scene_t *scene = *state;
    call(scene, 201, "POST",
         "{\"name\":\"gold-1\",\"customerId\":\"c1\",\"value\":\"" VALUE_20 "\"}", "/apikeys");
    call(scene, 201, "POST", "{\"name\":\"Gold-2\"}", "/apikeys");
    static const struct {
        const char *query;
        size_t count;
    } rows[] = {{"name=gold", 1},     {"name=Gold", 1},    {"name=old-1", 0}, {"name=gold-1x", 0},
                {"customerId=c1", 1}, {"customerId=c", 0}, {"name=", 2}};
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        call(scene, 200, "GET", NULL, "/apikeys?%s", rows[i].query);
        assert_int_equal(json_array_size(value_at(scene, "item")), rows[i].count);
    }
    call(scene, 200, "GET", NULL, "/apikeys?includeValues=true&name=gold");
    assert_string_equal(text_at(scene, "item.0.value"), VALUE_20);
}

#define PATCH(op, path, value)                                                                     \
    "{\"patchOperations\":[{\"op\":\"" op "\",\"path\":\"" path "\",\"value\":\"" value "\"}]}"

static void update_changes_what_it_may(void **state)
{
    scene_t *scene = *state;
    char id[16];
    key_make(scene, "{\"enabled\":true}", id);
    scene->now.wall.s += 10;
    call(scene, 200, "PATCH",
         "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/name\",\"value\":\"n2\"},"
         "{\"op\":\"replace\",\"path\":\"/description\",\"value\":\"d2\"},"
         "{\"op\":\"replace\",\"path\":\"/customerId\",\"value\":\"c2\"},"
         "{\"op\":\"replace\",\"path\":\"/enabled\",\"value\":\"not-a-boolean\"}]}",
         "/apikeys/%s", id);
    assert_null(value_at(scene, "value"));
    assert_non_null(value_at(scene, "tags"));
    assert_true(json_is_false(value_at(scene, "enabled")));
    assert_int_equal(json_integer_value(value_at(scene, "lastUpdatedDate")), SCENE_NOW_S + 10);
    assert_int_equal(json_integer_value(value_at(scene, "createdDate")), SCENE_NOW_S);
    call(scene, 200, "GET", NULL, "/apikeys/%s", id);
    assert_string_equal(text_at(scene, "name"), "n2");
    assert_string_equal(text_at(scene, "description"), "d2");
    assert_string_equal(text_at(scene, "customerId"), "c2");
    call(scene, 200, "PATCH", PATCH("replace", "/enabled", "TRUE"), "/apikeys/%s", id);
    assert_true(json_is_true(value_at(scene, "enabled")));
}

/* given a key, when no operation is sent, expect it as it was, its date too (rule C6) */
static void an_empty_patch_changes_nothing(void **state)
{
    scene_t *scene = *state;
    static const char *const bodies[] = {NULL, "{}", "{\"patchOperations\":[]}",
                                         "{\"patchOperations\":null}"};
    char id[16];
    key_make(scene, "{\"name\":\"n\"}", id);
    scene->now.wall.s += 10;
    uint64_t before = last_change(scene);
    for (size_t i = 0; i < FG_COUNT_OF(bodies); i++) {
        call(scene, 200, "PATCH", bodies[i], "/apikeys/%s", id);
        assert_string_equal(text_at(scene, "name"), "n");
        assert_int_equal(json_integer_value(value_at(scene, "lastUpdatedDate")), SCENE_NOW_S);
    }
    assert_int_equal(last_change(scene), before);
}

static void update_refusals(void **state)
{
    scene_t *scene = *state; /* Rule C6, family A */
    char id[16];
    key_make(scene, "{\"name\":\"kept\"}", id);
    static const struct {
        const char *body, *exception, *message;
    } rows[] = {
        {PATCH("replace", "/x", "1"), "BadRequestException",
         "Invalid patch path  '/x' specified for op 'replace'. Must be one of: [/description, "
         "/enabled, /name, /customerId]"},
        {PATCH("add", "/name", "1"), "BadRequestException",
         "Invalid patch path  '/name' specified for op 'add'. Please choose supported operations"},
        {"{\"patchOperations\":[{\"op\":\"replace\",\"value\":\"x\"}]}", "BadRequestException",
         "Invalid patch path null"},
        {PATCH("bad", "/name", "1"), "ValidationException",
         "1 validation error detected: Value 'bad' at "
         "'updateApiKeyInput.patchOperations.1.member.op' failed to satisfy "
         "constraint: Member must satisfy enum value set: [add, remove, move, test, replace, "
         "copy]"},
        {"{\"patchOperations\":[{\"op\":\"bad\"},{\"op\":\"replace\",\"path\":\"/"
         "name\",\"value\":\"lost\"},{\"op\":\"worse\"}]}",
         "ValidationException",
         "2 validation errors detected: Value 'bad' at "
         "'updateApiKeyInput.patchOperations.1.member.op' failed to satisfy "
         "constraint: Member must satisfy enum value set: [add, remove, move, test, replace, "
         "copy]; Value 'worse' at "
         "'updateApiKeyInput.patchOperations.3.member.op' failed to satisfy constraint: Member "
         "must satisfy enum value set: "
         "[add, remove, move, test, replace, copy]"},
        /* all or nothing */
        {"{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/"
         "name\",\"value\":\"lost\"},{\"op\":\"replace\",\"path\":\"/id\"}]}",
         "BadRequestException",
         "Invalid patch path  '/id' specified for op 'replace'. Must be one of: [/description, "
         "/enabled, /name, /customerId]"},
        {"{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/name\",\"value\":true}]}",
         "SerializationException", "class java.lang.Boolean can not be converted to an String"},
    };
    uint64_t before = last_change(scene);
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        call(scene, 400, "PATCH", rows[i].body, "/apikeys/%s", id);
        expect_message(scene, rows[i].exception, rows[i].message);
    }
    call(scene, 400, "PATCH", "{\"patchOperations\":{}}", "/apikeys/%s", id);
    call(scene, 400, "PATCH", "{\"patchOperations\":[1]}", "/apikeys/%s", id);
    assert_int_equal(last_change(scene), before);
    call(scene, 200, "GET", NULL, "/apikeys/%s", id);
    assert_string_equal(text_at(scene, "name"), "kept");
    call(scene, 404, "PATCH", PATCH("replace", "/name", "n"), "/apikeys/nosuchkey0");
}

static void stages_and_labels_are_accepted(void **state)
{
    scene_t *scene = *state;
    char id[16];
    key_make(scene, NULL, id);
    call(scene, 200, "PATCH", PATCH("add", "/stages", "api/prod"), "/apikeys/%s", id);
    assert_string_equal(text_at(scene, "stageKeys.0"), "api/prod");
    call(scene, 200, "PATCH", PATCH("remove", "/stages", "api/prod"), "/apikeys/%s", id);
    assert_int_equal(json_array_size(value_at(scene, "stageKeys")), 0);
    call(scene, 400, "PATCH", PATCH("add", "/stages", "api"), "/apikeys/%s", id);
    call(scene, 200, "PATCH", PATCH("add", "/labels", "x"), "/apikeys/%s", id);
}

/* given a key, when /value is replaced, expect the new value in that answer and the same id (rule
 * K6) */
static void regenerating(void **state)
{
    scene_t *scene = *state;
    char id[16], value[64];
    key_make(scene, "{\"value\":\"" VALUE_20 "\"}", id);
    call(scene, 200, "PATCH", "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/value\"}]}",
         "/apikeys/%s", id);
    snprintf(value, sizeof(value), "%s", text_at(scene, "value"));
    assert_int_equal(strlen(value), 40);
    assert_string_equal(text_at(scene, "id"), id);
    call(scene, 200, "GET", NULL, "/apikeys/%s?includeValue=true", id);
    assert_string_equal(text_at(scene, "value"), value);
    call(scene, 200, "PATCH", PATCH("replace", "/value", "zyxwvutsrq9876543210"), "/apikeys/%s",
         id);
    assert_string_equal(text_at(scene, "value"), "zyxwvutsrq9876543210");
    call(scene, 400, "PATCH", PATCH("replace", "/value", "short"), "/apikeys/%s", id);
    call(scene, 201, "POST", "{\"value\":\"" VALUE_20 "\"}",
         "/apikeys"); /* the old value is free again */
    call(scene, 409, "PATCH", PATCH("replace", "/value", VALUE_20), "/apikeys/%s", id);
    expect_message(scene, "ConflictException", "API Key already exists");
}

static void delete_takes_it_off_its_plans(void **state)
{
    scene_t *scene = *state;
    char id[16], plan[16], body[128];
    key_make(scene, NULL, id);
    plan_make(scene, "{\"name\":\"p\"}", plan);
    snprintf(body, sizeof(body), "{\"keyId\":\"%s\",\"keyType\":\"API_KEY\"}", id);
    call(scene, 201, "POST", body, "/usageplans/%s/keys", plan);
    call(scene, 202, "DELETE", NULL, "/apikeys/%s", id);
    assert_string_equal(scene->body, "");
    call(scene, 200, "GET", NULL, "/usageplans/%s/keys", plan);
    assert_int_equal(json_array_size(value_at(scene, "item")), 0);
    call(scene, 404, "DELETE", NULL, "/apikeys/%s", id);
    expect_message(scene, "NotFoundException", "Invalid API Key identifier specified");
}

#define T(test) cmocka_unit_test_setup_teardown(test, scene_setup, scene_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(create_answers_its_defaults),
        T(create_echoes_what_is_given),
        T(an_empty_name_is_absent),
        T(create_bounds),
        T(create_refusals),
        T(wrong_types_are_named_as_the_service_does),
        T(a_value_is_unique),
        T(the_account_limit_is_a_setting),
        T(get_shows_the_value_only_when_asked),
        T(list_is_newest_first_in_pages),
        T(odd_limits_are_as_absent),
        T(list_filters),
        T(update_changes_what_it_may),
        T(an_empty_patch_changes_nothing),
        T(update_refusals),
        T(stages_and_labels_are_accepted),
        T(regenerating),
        T(delete_takes_it_off_its_plans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
