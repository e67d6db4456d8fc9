/* Rules IM3 to IM10, K3, K10, P5; reference 4.1. */
#include "control/scene.h"

#define IMPORT "/apikeys?mode=import&format=csv"
#define API    "api0000001"
#define K1     "first-value-of-an-import-0123"
#define K2     "second-value-of-an-import-012345"
#define K3     "third-value-of-an-import-01234567"

static size_t count_of(const scene_t *scene, const char *path)
{
    return json_array_size(value_at(scene, path));
}

/* given a file as the service documents it, expect keys with what its rows say */
static void a_file_makes_keys(void **state)
{
    scene_t *scene = *state;
    char plan[16], first[16], second[16], body[512];
    plan_make(scene, "{\"name\":\"p\"}", plan);
    snprintf(body, sizeof(body),
             "Description, KEY ,name,enabled,UsagePlanIds\r\n"
             "from a file," K2 ",n1,FALSE,\"%s\"\r\n," K3 ",n2,,\r\n",
             plan);
    call(scene, 201, "POST", body, IMPORT "&failonwarnings=true");
    assert_int_equal(count_of(scene, "warnings"), 0);
    assert_int_equal(count_of(scene, "ids"), 2);
    snprintf(first, sizeof(first), "%s", text_at(scene, "ids.0"));
    snprintf(second, sizeof(second), "%s", text_at(scene, "ids.1"));
    assert_int_equal(strlen(first), 10);
    call(scene, 200, "GET", NULL, "/apikeys/%s?includeValue=true", first);
    assert_string_equal(text_at(scene, "value"), K2);
    assert_string_equal(text_at(scene, "name"), "n1");
    assert_string_equal(text_at(scene, "description"), "from a file");
    assert_true(json_is_false(value_at(scene, "enabled")));
    assert_int_equal(json_integer_value(value_at(scene, "createdDate")), SCENE_NOW_S);
    call(scene, 200, "GET", NULL, "/apikeys/%s", second);
    assert_true(json_is_true(value_at(scene, "enabled"))); /* Rule IM3 */
    assert_null(value_at(scene, "description"));
    call(scene, 200, "GET", NULL, "/usageplans/%s/keys", plan);
    assert_int_equal(count_of(scene, "item"), 1);
    assert_string_equal(text_at(scene, "item.0.id"), first);
    call(scene, 200, "GET", NULL, "/apikeys"); /* the last row is the newest */
    assert_string_equal(text_at(scene, "item.0.id"), second);
}

/* given a key, when its value is imported again, expect the same key with what the row says; rule IM6 */
static void the_same_value_again_overwrites(void **state)
{
    scene_t *scene = *state;
    char key[16], plan[16], body[512];
    plan_make(scene, "{\"name\":\"p\"}", plan);
    key_make(scene,
             "{\"name\":\"old\",\"value\":\"" K2 "\",\"description\":\"d\",\"customerId\":\"c\"}",
             key);
    snprintf(body, sizeof(body), "name,key,usageplanids\nnew," K2 ",%s\nnewest," K2 ",%s\n", plan,
             plan);
    scene->now.wall.s += 5;
    call(scene, 201, "POST", body, IMPORT);
    assert_int_equal(count_of(scene, "ids"), 1);
    assert_string_equal(text_at(scene, "ids.0"), key);
    assert_int_equal(count_of(scene, "warnings"), 0);
    call(scene, 200, "GET", NULL, "/apikeys/%s?includeValue=true", key);
    assert_string_equal(text_at(scene, "name"), "newest");
    assert_string_equal(text_at(scene, "value"), K2);
    assert_string_equal(text_at(scene, "customerId"), "c");
    assert_null(value_at(scene, "description"));
    assert_true(json_is_true(value_at(scene, "enabled")));
    assert_int_equal(json_integer_value(value_at(scene, "createdDate")), SCENE_NOW_S);
    assert_int_equal(json_integer_value(value_at(scene, "lastUpdatedDate")), SCENE_NOW_S + 5);
    call(scene, 200, "GET", NULL, "/usageplans/%s/keys", plan);
    assert_int_equal(count_of(scene, "item"), 1);
    uint64_t before = last_change(scene); /* the same once more: the log has one entry, no row changed */
    call(scene, 201, "POST", body + 0, IMPORT);
    assert_true(last_change(scene) >= before);
    call(scene, 200, "GET", NULL, "/apikeys");
    assert_int_equal(count_of(scene, "item"), 1);
}

/* given a value that occurs twice in one file, expect one key, as the last row has it */
static void twice_in_a_file_is_one_key(void **state)
{
    scene_t *scene = *state;
    call(scene, 201, "POST", "name,key\na," K2 "\nb," K3 "\nc," K2 "\n", IMPORT);
    assert_int_equal(count_of(scene, "ids"), 2);
    call(scene, 200, "GET", NULL, "/apikeys");
    assert_int_equal(count_of(scene, "item"), 2);
    assert_string_equal(text_at(scene, "item.0.name"), "b");
    assert_string_equal(text_at(scene, "item.1.name"), "c");
}

/* Each row is refused or remarked with its number, and does not stop the others; rules IM4, IM5. */
static void rows_warn(void **state)
{
    scene_t *scene = *state;
    static const struct {
        const char *row, *warning;
        int keys;
    } rows[] = {
        {"n,short", "Row 1: API Key value should be at least 20 characters", 0},
        {"n,", "Row 1: the row has no Key", 0},
        {"n," K1, "Row 1: the API Key value has less than 30 characters", 1},
        {"n," K2 ",nosuch", "Row 1: Invalid Usage Plan ID specified: nosuch", 1},
        {"n," K2 ",a+b", "Row 1: Invalid Usage Plan ID specified", 1},
        {"n," K1 ",nosuch",
         "Row 1: Invalid Usage Plan ID specified: nosuch; the API Key value has less than 30 "
         "characters",
         1},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        char body[512], key[16];
        snprintf(body, sizeof(body), "name,key,usageplanids\n%s\n", rows[i].row);
        uint64_t before = last_change(scene);
        call(scene, 400, "POST", body, IMPORT "&failonwarnings=true"); /* Rule IM7 */
        expect_message(scene, "BadRequestException", rows[i].warning);
        assert_int_equal(last_change(scene), before);
        call(scene, 201, "POST", body, IMPORT);
        assert_int_equal(count_of(scene, "warnings"), 1);
        assert_string_equal(text_at(scene, "warnings.0"), rows[i].warning);
        assert_int_equal(count_of(scene, "ids"), rows[i].keys);
        if (rows[i].keys == 0)
            continue;
        snprintf(key, sizeof(key), "%s", text_at(scene, "ids.0"));
        call(scene, 202, "DELETE", NULL, "/apikeys/%s", key);
    }
}

/* Rule P5: a key of an import is on one plan per stage, whether it is new or not. */
static void one_plan_per_stage(void **state)
{
    scene_t *scene = *state;
    char first[16], second[16], body[512], text[512];
    stage_make(scene, API, "prod");
    plan_make(scene, "{\"apiStages\":[{\"apiId\":\"" API "\",\"stage\":\"prod\"}],\"name\":\"p\"}", first);
    plan_make(scene, "{\"apiStages\":[{\"apiId\":\"" API "\",\"stage\":\"prod\"}],\"name\":\"q\"}", second);
    snprintf(body, sizeof(body), "name,key,usageplanids\nn," K2 ",'%s,%s,%s'\n", first, first,
             second);
    call(scene, 201, "POST", body, IMPORT);
    snprintf(text, sizeof(text),
             "Row 1: Usage Plans %s and %s both have API Stage " API
             ":prod: a key can be on one plan per stage",
             first, second);
    assert_string_equal(text_at(scene, "warnings.0"), text);
    char key[16];
    snprintf(key, sizeof(key), "%s", text_at(scene, "ids.0"));
    snprintf(body, sizeof(body), "name,key,usageplanids\nn," K2 ",%s\n", second);
    call(scene, 201, "POST", body, IMPORT);
    snprintf(text, sizeof(text),
             "Row 1: API Key %s is already in Usage Plan %s, which has API Stage " API
             ":prod: a key can be on one plan per stage",
             key, first);
    assert_string_equal(text_at(scene, "warnings.0"), text);
    call(scene, 200, "GET", NULL, "/usageplans/%s/keys", second);
    assert_int_equal(count_of(scene, "item"), 0);
    scene->control.settings.is_one_plan_per_key = true;
    plan_make(scene, "{\"name\":\"r\"}", second);
    snprintf(body, sizeof(body), "name,key,usageplanids\nn," K3 ",'%s,%s'\n", first, second);
    call(scene, 201, "POST", body, IMPORT);
    assert_string_equal(text_at(scene, "warnings.0"), "Row 1: a key can be on one plan");
}

/* Rule K3: a value that a key had before and still has is no other's. */
static void a_former_value_is_taken(void **state)
{
    scene_t *scene = *state;
    char key[16];
    key_make(scene, "{\"name\":\"k\",\"value\":\"" K2 "\"}", key);
    call(scene, 200, "PATCH",
         "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/value\",\"value\":\"" K3 "\"},"
         "{\"op\":\"add\",\"path\":\"/faregate/previousValueExpiresAt\",\"value\":\"1h\"}]}",
         "/apikeys/%s", key);
    call(scene, 201, "POST", "name,key\nn," K2 "\n", IMPORT);
    assert_int_equal(count_of(scene, "ids"), 0);
    assert_string_equal(text_at(scene, "warnings.0"), "Row 1: API Key already exists");
}

/* Rule K10: what has no room is not there afterwards. */
static void room_is_respected(void **state)
{
    scene_t *scene = *state;
    scene->control.settings.keys_max = 2;
    uint64_t before = last_change(scene);
    call(scene, 429, "POST", "name,key\na," K1 "\nb," K2 "\nc," K3 "\n", IMPORT);
    expect_message(scene, "LimitExceededException",
                   "The limit of 2 API keys of this account is reached");
    assert_int_equal(last_change(scene), before);
    call(scene, 201, "POST", "name,key\na," K1 "\nb," K2 "\n", IMPORT);
    call(scene, 201, "POST", "name,key\nc," K1 "\n", IMPORT); /* one that is there needs none */
    call(scene, 429, "POST", "{}", "/apikeys");
}

static void requests_are_checked(void **state)
{
    scene_t *scene = *state;
    call(scene, 400, "POST", "name,key\n", "/apikeys?mode=import&format=xml");
    expect_message(scene, "ValidationException",
                   "1 validation error detected: Value 'xml' at 'format' failed to satisfy "
                   "constraint: Member must satisfy enum value set: [csv]");
    call(scene, 400, "POST", "nothing\n", IMPORT);
    expect_message(scene, "BadRequestException",
                   "The header row must name the columns Name and Key");
    call(scene, 201, "POST", "name,key\n", IMPORT);
    assert_int_equal(count_of(scene, "ids"), 0);
    call(scene, 400, "POST", "name,key\n", "/faregate/imports/x?offset=-1");
    expect_message(scene, "BadRequestException", "offset must be a number, not negative");
    call(scene, 404, "GET", NULL, "/faregate/imports/x");
    expect_message(scene, "NotFoundException", "There is no import of that id");
}

static void expect_import(const scene_t *scene, const char *counts)
{
    char text[128];
    snprintf(text, sizeof(text), "%lld %lld %lld %lld %lld %lld",
             json_integer_value(value_at(scene, "bytesDone")),
             json_integer_value(value_at(scene, "rowsDone")),
             json_integer_value(value_at(scene, "made")),
             json_integer_value(value_at(scene, "replaced")),
             json_integer_value(value_at(scene, "refused")),
             json_integer_value(value_at(scene, "warned")));
    assert_string_equal(text, counts);
}

/* given a file in two parts, expect one import that counts both and goes on only where it ended */
static void parts_make_one_import(void **state)
{
    scene_t *scene = *state;
    char plan[16], line[64];
    plan_make(scene, "{\"name\":\"p\"}", plan);
    call(scene, 200, "POST", "name,key\na," K2 "\nb,bad\n",
         "/faregate/imports/file1?offset=0&bytes=100&report=all&plans=%s", plan);
    expect_import(scene, "100 2 1 0 1 1");
    char *report = strdup(text_at(scene, "report"));
    call(scene, 200, "GET", NULL, "/apikeys");
    snprintf(line, sizeof(line), "1,made,%s,\n", text_at(scene, "item.0.id"));
    assert_non_null(strstr(report, line));
    assert_non_null(strstr(
        report, "2,refused,,\"API Key value should be at least 20 characters\"\n"));
    free(report);
    call(scene, 409, "POST", "name,key\nc," K3 "\n", "/faregate/imports/file1?offset=99&bytes=10");
    expect_message(scene, "ConflictException",
                   "The import is done up to byte 100, and this part begins at byte 99");
    call(scene, 200, "POST", "name,key\na," K2 "\nc," K3 "\nd,\n",
         "/faregate/imports/file1?offset=100&bytes=50&plans=%s", plan);
    expect_import(scene, "150 5 2 1 2 2");
    assert_string_equal(text_at(scene, "report"), "5,refused,,\"the row has no Key\"\n");
    call(scene, 200, "GET", NULL, "/faregate/imports/file1");
    expect_import(scene, "150 5 2 1 2 2");
    call(scene, 200, "GET", NULL, "/usageplans/%s/keys", plan);
    assert_int_equal(count_of(scene, "item"), 2);
    call(scene, 200, "POST", "name,key\na," K2 "\n", "/faregate/imports/file1?offset=0&bytes=9");
    expect_import(scene, "9 1 0 1 0 0"); /* from the beginning: begun anew */
    scene->now.wall.s += 31 * 24 * 3600;
    call(scene, 200, "POST", "name,key\n", "/faregate/imports/file2?offset=0&bytes=9");
    call(scene, 404, "GET", NULL, "/faregate/imports/file1"); /* forgotten after a month */
}

/* Rule IM10. */
static void a_check_changes_nothing(void **state)
{
    scene_t *scene = *state;
    uint64_t before = last_change(scene);
    call(scene, 200, "POST", "name,key\na," K2 "\nb,bad\nc," K2 "\n",
         "/faregate/imports/file1/check?offset=40&bytes=60&rows=10");
    expect_import(scene, "100 13 1 1 1 1");
    assert_string_equal(text_at(scene, "report"),
                        "12,refused,,\"API Key value should be at least 20 characters\"\n");
    assert_int_equal(last_change(scene), before);
    call(scene, 404, "GET", NULL, "/faregate/imports/file1");
    call(scene, 200, "GET", NULL, "/apikeys");
    assert_int_equal(count_of(scene, "item"), 0);
    call(scene, 400, "POST", "name,key\nb,bad\n",
         "/faregate/imports/file1/check?failonwarnings=true");
}

/* given a gate, when keys are imported, expect them in it before the answer, and again after a rebuild */
static void keys_are_in_the_gate(void **state)
{
    scene_t *scene = *state;
    call(scene, 201, "POST", "name,key,enabled\na," K2 ",\nb," K3 ",false\n", IMPORT);
    const fg_gate_t *gate = fg_gate_writer_gate(fg_agent_writer(scene->control.agent));
    const fg_digester_t *digester = fg_store_digester(scene->store);
    assert_int_equal(fg_gate_key_state(gate, fg_digester_digest(digester, fg_str(K2))),
                     FG_KEY_ENABLED);
    assert_int_equal(fg_gate_key_state(gate, fg_digester_digest(digester, fg_str(K3))),
                     FG_KEY_DISABLED);
}

/* given a gate with room for 1000 keys, when 1001 are imported at once, expect nothing */
static void a_full_gate_refuses(void **state)
{
    scene_t *scene = *state;
    static char body[64 * 1024];
    size_t bytes = (size_t)snprintf(body, sizeof(body), "name,key\n");
    for (int i = 0; i < 1001; i++)
        bytes += (size_t)snprintf(body + bytes, sizeof(body) - bytes,
                                  "n,value-of-a-full-gate-0000-%06d\n", i);
    uint64_t before = last_change(scene);
    call(scene, 429, "POST", body, IMPORT);
    assert_int_equal(last_change(scene), before);
    *strrchr(body, 'n') = '\0';
    call(scene, 201, "POST", body, IMPORT);
    assert_int_equal(count_of(scene, "ids"), 1000);
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, scene_setup, scene_teardown)
#define GATE(test)  cmocka_unit_test_setup_teardown(test, scene_gate_setup, scene_gate_teardown)
    const struct CMUnitTest tests[] = {
        SCENE(a_file_makes_keys),
        SCENE(the_same_value_again_overwrites),
        SCENE(twice_in_a_file_is_one_key),
        SCENE(rows_warn),
        SCENE(one_plan_per_stage),
        SCENE(a_former_value_is_taken),
        SCENE(room_is_respected),
        SCENE(requests_are_checked),
        SCENE(parts_make_one_import),
        SCENE(a_check_changes_nothing),
        GATE(keys_are_in_the_gate),
        GATE(a_full_gate_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
