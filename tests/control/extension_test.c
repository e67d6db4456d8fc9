/*
 * The member "faregate" of keys and plans, the values that a key keeps, and values that are kept as
 * digests only. Rules E1-E4, K6, K11, K12.
 */
#include "control/scene.h"

#define PATCH(op, path, value)                                                                     \
    "{\"patchOperations\":[{\"op\":\"" op "\",\"path\":\"" path "\",\"value\":\"" value "\"}]}"
#define REMOVE(path) "{\"patchOperations\":[{\"op\":\"remove\",\"path\":\"" path "\"}]}"

static void expect_json(const scene_t *scene, const char *path, const char *expected)
{
    char *text = json_dumps(value_at(scene, path), JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
    assert_string_equal(text ? text : "absent", expected);
    free(text);
}

/* Rule E1: what is not set is not shown. */
static void nothing_is_shown_until_it_is_set(void **state)
{
    scene_t *scene = *state;
    char key[16], plan[16];
    key_make(scene, "{\"name\":\"n\"}", key);
    expect_json(scene, "faregate", "absent");
    plan_make(scene, "{\"name\":\"p\",\"faregate\":{}}", plan);
    expect_json(scene, "faregate", "absent");
    plan_make(scene, "{\"name\":\"p\",\"faregate\":{\"outagePolicy\":null}}", plan);
    expect_json(scene, "faregate", "absent");
    call(scene, 400, "POST", "{\"name\":\"n\",\"faregate\":[]}", "/apikeys");
    expect_message(scene, "BadRequestException", "faregate must be an object");
}

static void bodies_carry_it(void **state)
{
    scene_t *scene = *state;
    char key[16], plan[16];
    key_make(scene, "{\"faregate\":{\"expiresAt\":\"2027-01-01\"}}", key);
    expect_json(scene, "faregate", "{\"expiresAt\":\"2027-01-01\"}");
    call(scene, 200, "GET", NULL, "/apikeys/%s", key);
    expect_json(scene, "faregate", "{\"expiresAt\":\"2027-01-01\"}");
    call(scene, 200, "GET", NULL, "/apikeys");
    expect_json(scene, "item.0.faregate", "{\"expiresAt\":\"2027-01-01\"}");
    plan_make(scene, "{\"name\":\"p\",\"faregate\":{\"quotaScope\":\"CUSTOMER\"}}", plan);
    expect_json(scene, "faregate", "{\"quotaScope\":\"CUSTOMER\"}");
    call(scene, 200, "GET", NULL, "/usageplans");
    expect_json(scene, "item.0.faregate", "{\"quotaScope\":\"CUSTOMER\"}");
    call(scene, 400, "POST", "{\"name\":\"p\",\"faregate\":{\"quotaScope\":\"ALL\"}}",
         "/usageplans");
    expect_message(scene, "BadRequestException",
                   "faregate.quotaScope must be \"KEY\" or \"CUSTOMER\"");
    call(scene, 400, "POST", "{\"faregate\":{\"expiresAt\":-1}}", "/apikeys");
    expect_message(scene, "BadRequestException",
                   "faregate.expiresAt must be a time: epoch seconds or 2026-01-01T00:00:00Z");
}

/* Rule E2: a PATCH of texts sets every kind of member. */
static void members_are_patched(void **state)
{
    scene_t *scene = *state;
    static const struct {
        const char *because, *patch;
        int status;
        const char *expected; /* the member faregate, or the message */
    } rows[] = {
        {"a text", PATCH("replace", "/faregate/shadowPlanId", "$other"), 200,
         "{\"shadowPlanId\":\"$other\"}"},
        {"a number", PATCH("add", "/faregate/outageAllowancePercent", "5"), 200,
         "{\"outageAllowancePercent\":5,\"shadowPlanId\":\"$other\"}"},
        {"a member taken away", REMOVE("/faregate/shadowPlanId"), 200,
         "{\"outageAllowancePercent\":5}"},
        {"one that is not there", REMOVE("/faregate/shadowPlanId"), 200,
         "{\"outageAllowancePercent\":5}"},
        {"an object by its entries",
         "{\"patchOperations\":[{\"op\":\"add\",\"path\":\"/faregate/addressThrottle/rateLimit\","
         "\"value\":\"2\"},{\"op\":\"add\",\"path\":\"/faregate/addressThrottle/burstLimit\","
         "\"value\":\"3\"}]}",
         200,
         "{\"addressThrottle\":{\"burstLimit\":3,\"rateLimit\":2},\"outageAllowancePercent\":5}"},
        {"the whole of it", PATCH("replace", "/faregate", "{\\\"alertThresholds\\\":[90]}"), 200,
         "{\"alertThresholds\":[90]}"},
        {"null, which takes it away", PATCH("replace", "/faregate/alertThresholds", "null"), 200,
         "absent"},
        {"nothing left", REMOVE("/faregate"), 200, "absent"},
        {"an unknown member", PATCH("replace", "/faregate/color", "1"), 400,
         "faregate has no member color"},
        {"half an object", PATCH("add", "/faregate/addressThrottle/rateLimit", "2"), 400,
         "faregate.addressThrottle must be an object with rateLimit and burstLimit"},
        {"no JSON", PATCH("add", "/faregate/addressRules", "deny"), 400,
         "The value for /faregate/addressRules is no JSON: invalid token near 'deny' at line 1, "
         "column 4"},
        {"no value", "{\"patchOperations\":[{\"op\":\"add\",\"path\":\"/faregate/quotaScope\"}]}",
         400, "The path /faregate/quotaScope needs a value"},
        {"an entry of a text", PATCH("add", "/faregate/quotaScope/a", "1"), 400,
         "faregate.quotaScope must be \"KEY\" or \"CUSTOMER\""},
        {"its own shadow", PATCH("add", "/faregate/shadowPlanId", "$self"), 400,
         "faregate.shadowPlanId must be another usage plan"},
        {"a shadow that is not there", PATCH("add", "/faregate/shadowPlanId", "zzzzzz"), 400,
         "faregate.shadowPlanId names no usage plan: zzzzzz"},
        {"another verb", PATCH("move", "/faregate/quotaScope", "1"), 400,
         "Invalid patch path  '/faregate/quotaScope' specified for op 'move'. Please choose "
         "supported operations"},
    };
    char self[16], other[16];
    plan_make(scene, "{\"name\":\"self\"}", self);
    plan_make(scene, "{\"name\":\"other\"}", other);
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        char texts[2][512];
        const char *from[2] = {rows[i].patch, rows[i].expected};
        for (int k = 0; k < 2; k++) {
            size_t length = 0;
            for (const char *at = from[k]; *at;) {
                bool is_other = strncmp(at, "$other", 6) == 0,
                     is_self = strncmp(at, "$self", 5) == 0;
                length += (size_t)snprintf(texts[k] + length, sizeof(texts[k]) - length, "%.*s",
                                           is_other || is_self ? 6 : 1,
                                           is_other  ? other
                                           : is_self ? self
                                                     : at);
                at += is_other ? 6 : is_self ? 5 : 1;
            }
        }
        call(scene, rows[i].status, "PATCH", texts[0], "/usageplans/%s", self);
        if (rows[i].status == 200)
            expect_json(scene, "faregate", texts[1]);
        else
            expect_message(scene, "BadRequestException", texts[1]);
    }
}

/* Rule E3. */
static void a_shadow_is_not_deleted(void **state)
{
    scene_t *scene = *state;
    char live[16], shadow[16], body[128], message[256];
    plan_make(scene, "{\"name\":\"shadow\"}", shadow);
    snprintf(body, sizeof(body), "{\"name\":\"live\",\"faregate\":{\"shadowPlanId\":\"%s\"}}",
             shadow);
    plan_make(scene, body, live);
    call(scene, 409, "DELETE", NULL, "/usageplans/%s", shadow);
    snprintf(
        message, sizeof(message),
        "Usage Plan %s is the shadow of Usage Plan %s: remove /faregate/shadowPlanId there first",
        shadow, live);
    expect_message(scene, "ConflictException", message);
    call(scene, 200, "PATCH", REMOVE("/faregate/shadowPlanId"), "/usageplans/%s", live);
    call(scene, 202, "DELETE", NULL, "/usageplans/%s", shadow);
}

/* Rule E4. */
static void overrides_name_plans(void **state)
{
    scene_t *scene = *state;
    char key[16], plan[16], body[256];
    key_make(scene, "{}", key);
    plan_make(scene, "{\"name\":\"p\"}", plan);
    snprintf(body, sizeof(body),
             PATCH("add", "/faregate/overrides/%s", "{\\\"quota\\\":{\\\"limit\\\":5}}"), plan);
    call(scene, 200, "PATCH", body, "/apikeys/%s", key);
    snprintf(body, sizeof(body), "{\"overrides\":{\"%s\":{\"quota\":{\"limit\":5}}}}", plan);
    expect_json(scene, "faregate", body);
    call(scene, 400, "PATCH",
         PATCH("add", "/faregate/overrides/zzzzzz", "{\\\"quota\\\":{\\\"limit\\\":5}}"),
         "/apikeys/%s", key);
    expect_message(scene, "BadRequestException", "faregate.overrides names no usage plan: zzzzzz");
    /* what was set stays in order when its plan has gone */
    call(scene, 202, "DELETE", NULL, "/usageplans/%s", plan);
    call(scene, 200, "PATCH", PATCH("replace", "/faregate/expiresAt", "1900000000"), "/apikeys/%s",
         key);
    expect_json(scene, "faregate.expiresAt", "1900000000");
    snprintf(body, sizeof(body), REMOVE("/faregate/overrides/%s"), plan);
    call(scene, 200, "PATCH", body, "/apikeys/%s", key);
    expect_json(scene, "faregate", "{\"expiresAt\":1900000000}");
}

/* Without a word about the old value it stops at once. Rule K6. */
static void a_replaced_value_is_free(void **state)
{
    scene_t *scene = *state;
    char key[16];
    key_make(scene, "{\"value\":\"first-value-0123456789\"}", key);
    call(scene, 200, "PATCH", PATCH("replace", "/value", "second-value-0123456789"), "/apikeys/%s",
         key);
    assert_string_equal(text_at(scene, "value"), "second-value-0123456789");
    expect_json(scene, "faregate", "absent");
    call(scene, 201, "POST", "{\"value\":\"first-value-0123456789\"}", "/apikeys");
}

#define ROTATE(value, until)                                                                       \
    "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/value\",\"value\":\"" value             \
    "\"},{\"op\":\"replace\",\"path\":\"/faregate/previousValueExpiresAt\",\"value\":\"" until     \
    "\"}]}"

/* Rule K11. */
static void values_overlap(void **state)
{
    scene_t *scene = *state;
    char key[16], first_id[32];
    key_make(scene, "{\"value\":\"first-value-0123456789\"}", key);
    call(scene, 200, "PATCH", ROTATE("second-value-0123456789", "24h"), "/apikeys/%s", key);
    assert_string_equal(text_at(scene, "value"), "second-value-0123456789");
    assert_int_equal(json_array_size(value_at(scene, "faregate.values")), 2);
    expect_json(scene, "faregate.values.0.current", "true");
    expect_json(scene, "faregate.values.0.expiresAt", "absent");
    expect_json(scene, "faregate.values.1.current", "absent");
    expect_json(scene, "faregate.values.1.value", "absent");
    assert_int_equal(json_integer_value(value_at(scene, "faregate.values.1.expiresAt")),
                     SCENE_NOW_S + FG_DAY_S);
    assert_int_equal(json_integer_value(value_at(scene, "faregate.values.1.replacedDate")),
                     SCENE_NOW_S);
    snprintf(first_id, sizeof(first_id), "%s", text_at(scene, "faregate.values.1.id"));

    /* the values themselves on request alone */
    call(scene, 200, "GET", NULL, "/apikeys/%s?includeValue=true", key);
    assert_string_equal(text_at(scene, "faregate.values.0.value"), "second-value-0123456789");
    assert_string_equal(text_at(scene, "faregate.values.1.value"), "first-value-0123456789");
    call(scene, 200, "GET", NULL, "/apikeys/%s", key);
    expect_json(scene, "faregate.values.1.value", "absent");

    /* Rule K3: both are taken */
    call(scene, 409, "POST", "{\"value\":\"first-value-0123456789\"}", "/apikeys");

    /* back to the first: it is the newest again, and no further value any more */
    call(scene, 200, "PATCH", ROTATE("first-value-0123456789", "1h"), "/apikeys/%s", key);
    assert_int_equal(json_array_size(value_at(scene, "faregate.values")), 2);
    assert_string_equal(text_at(scene, "faregate.values.0.id"), first_id);
    call(scene, 409, "POST", "{\"value\":\"second-value-0123456789\"}", "/apikeys");

    /* its end comes */
    scene->now.wall.s += 3600;
    call(scene, 200, "GET", NULL, "/apikeys/%s", key);
    expect_json(scene, "faregate", "absent");
}

static void values_are_removed_early(void **state)
{
    scene_t *scene = *state;
    char key[16], body[256];
    key_make(scene, "{\"value\":\"value-number-0-0123456789\"}", key);
    for (int i = 1; i <= 4; i++) {
        scene->now.wall.s++;
        snprintf(body, sizeof(body), ROTATE("value-number-%d-0123456789", "7d"), i);
        call(scene, 200, "PATCH", body, "/apikeys/%s", key);
    }
    assert_int_equal(json_array_size(value_at(scene, "faregate.values")), 5);
    call(scene, 429, "PATCH", ROTATE("value-number-5-0123456789", "7d"), "/apikeys/%s", key);
    snprintf(body, sizeof(body), "API Key %s has 4 values besides the newest: remove one first",
             key);
    expect_message(scene, "LimitExceededException", body);
    call(scene, 200, "GET", NULL, "/apikeys/%s", key);
    snprintf(body, sizeof(body), REMOVE("/faregate/values/%s"),
             text_at(scene, "faregate.values.2.id"));
    call(scene, 200, "PATCH", body, "/apikeys/%s", key);
    assert_int_equal(json_array_size(value_at(scene, "faregate.values")), 4);
    call(scene, 404, "PATCH", body, "/apikeys/%s", key);
    call(scene, 201, "POST", "{\"value\":\"value-number-2-0123456789\"}", "/apikeys");
    call(scene, 200, "PATCH", REMOVE("/faregate/values"), "/apikeys/%s", key);
    expect_json(scene, "faregate", "absent");
    call(scene, 201, "POST", "{\"value\":\"value-number-0-0123456789\"}", "/apikeys");
    call(scene, 202, "DELETE", NULL, "/apikeys/%s", key);
}

/* Fail the n-th allocation of a rotation for every n: refused whole, or done whole. */
static void memory_may_run_out(void **state)
{
    scene_t *scene = *state;
    char key[16], target[64];
    int status = 500;
    key_make(scene, "{\"value\":\"first-value-0123456789\"}", key);
    snprintf(target, sizeof(target), "/apikeys/%s", key);
    fg_request_t request = {
        .verb = FG_STR("PATCH"),
        .target = fg_str(target),
        .body = FG_STR("{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/value\","
                       "\"value\":\"second-value-0123456789\"},{\"op\":\"add\",\"path\":"
                       "\"/faregate/previousValueExpiresAt\",\"value\":\"1h\"},{\"op\":\"add\","
                       "\"path\":\"/faregate/addressRules\",\"value\":\"[{\\\"cidr\\\":"
                       "\\\"::1\\\",\\\"action\\\":\\\"deny\\\"}]\"}]}")};
    for (int64_t n = 0; status != 200 && n < 1000; n++) {
        uint64_t before = last_change(scene);
        fg_arena_reset(scene->arena);
        fg_arena_fail_after(scene->arena, n);
        fg_control_handle(&scene->control, &request, scene->now, scene->arena, &scene->response);
        fg_arena_fail_after(scene->arena, -1);
        status = scene->response.status;
        assert_true(last_change(scene) - before <= 1); /* the answer alone may fail after it */
    }
    assert_int_equal(status, 200);
    call(scene, 200, "GET", NULL, "%s?includeValue=true", target);
    assert_string_equal(text_at(scene, "value"), "second-value-0123456789");
    assert_int_equal(json_array_size(value_at(scene, "faregate.values")), 2);
}

static void ends_are_in_the_future(void **state)
{
    scene_t *scene = *state;
    char key[16];
    key_make(scene, "{}", key);
    call(scene, 400, "PATCH", ROTATE("", "0s"), "/apikeys/%s", key);
    expect_message(scene, "BadRequestException",
                   "faregate.previousValueExpiresAt must be in the future");
    call(scene, 400, "PATCH", ROTATE("", "1000000000"), "/apikeys/%s", key);
    call(scene, 400, "PATCH", ROTATE("", "soon"), "/apikeys/%s", key);
    expect_message(scene, "BadRequestException",
                   "faregate.previousValueExpiresAt must be a time or how long from now, as 24h");
    call(scene, 400, "PATCH", PATCH("replace", "/faregate/previousValueExpiresAt", "24h"),
         "/apikeys/%s", key);
    expect_message(scene, "BadRequestException",
                   "faregate.previousValueExpiresAt needs a replace of /value beside it");
}

/* Rule K12. */
static void hashed_values_are_told_once(void **state)
{
    scene_t *scene = *state;
    char key[16], plan[16], body[128];
    fg_error_t error = {0};
    fg_store_close(scene->store);
    fg_store_options_t options = {
        .data_dir = scene->dir, .random = scene->control.random, .are_values_hashed = true};
    assert_int_equal(fg_store_open(&options, &scene->store, &error), FG_OK);
    scene->control.store = scene->store;
    key_make(scene, "{\"value\":\"first-value-0123456789\"}", key);
    assert_string_equal(text_at(scene, "value"), "first-value-0123456789");
    assert_string_equal(header_at(scene, "x-faregate-key-values").at, "");
    call(scene, 200, "GET", NULL, "/apikeys/%s", key);
    assert_string_equal(header_at(scene, "x-faregate-key-values").at, "");
    call(scene, 200, "GET", NULL, "/apikeys/%s?includeValue=true", key);
    expect_json(scene, "value", "absent");
    assert_string_equal(header_at(scene, "x-faregate-key-values").at, "hashed");
    call(scene, 200, "GET", NULL, "/apikeys?includeValues=true");
    assert_string_equal(header_at(scene, "x-faregate-key-values").at, "hashed");
    call(scene, 200, "PATCH", ROTATE("second-value-0123456789", "24h"), "/apikeys/%s", key);
    assert_string_equal(text_at(scene, "value"), "second-value-0123456789");
    call(scene, 409, "POST", "{\"value\":\"first-value-0123456789\"}", "/apikeys");
    plan_make(scene, "{\"name\":\"p\"}", plan);
    snprintf(body, sizeof(body), "{\"keyId\":\"%s\",\"keyType\":\"API_KEY\"}", key);
    call(scene, 201, "POST", body, "/usageplans/%s/keys", plan);
    assert_string_equal(header_at(scene, "x-faregate-key-values").at, "hashed");
    call(scene, 200, "GET", NULL, "/usageplans/%s/keys", plan);
    assert_string_equal(header_at(scene, "x-faregate-key-values").at, "hashed");
}

/* What could be read before stays so until it is purged. */
static void values_are_purged(void **state)
{
    scene_t *scene = *state;
    char key[16];
    uint64_t count;
    fg_error_t error = {0};
    key_make(scene, "{\"value\":\"first-value-0123456789\"}", key);
    call(scene, 200, "PATCH", ROTATE("second-value-0123456789", "24h"), "/apikeys/%s", key);
    assert_int_equal(fg_store_begin(scene->store, &error), FG_OK);
    assert_int_equal(fg_store_key_values_purge(scene->store, &count, &error), FG_OK);
    assert_int_equal(fg_store_commit(scene->store, &error), FG_OK);
    assert_int_equal(count, 2);
    call(scene, 200, "GET", NULL, "/apikeys/%s?includeValue=true", key);
    expect_json(scene, "value", "absent");
    expect_json(scene, "faregate.values.1.value", "absent");
    assert_string_equal(header_at(scene, "x-faregate-key-values").at, "hashed");
    call(scene, 409, "POST", "{\"value\":\"first-value-0123456789\"}", "/apikeys");
}

#define SCENE_TEST(function) cmocka_unit_test_setup_teardown(function, scene_setup, scene_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(nothing_is_shown_until_it_is_set),
        SCENE_TEST(bodies_carry_it),
        SCENE_TEST(members_are_patched),
        SCENE_TEST(a_shadow_is_not_deleted),
        SCENE_TEST(overrides_name_plans),
        SCENE_TEST(a_replaced_value_is_free),
        SCENE_TEST(values_overlap),
        SCENE_TEST(values_are_removed_early),
        SCENE_TEST(memory_may_run_out),
        SCENE_TEST(ends_are_in_the_future),
        SCENE_TEST(hashed_values_are_told_once),
        SCENE_TEST(values_are_purged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
