/* What each role may do, of every operation. Rules CR1 to CR6. */
#include "control/signed.h"

#include "control/operation.h"
#include "control/role.h"
#include "store/db.h"

static const char keys_only[] =
    " CreateApiKey DeleteApiKey GetApiKey UpdateApiKey GetApiKeys ImportApiKeys ImportKeyRows"
    " CheckKeyRows GetKeyImport CreateUsagePlanKey"
    " DeleteUsagePlanKey GetUsagePlanKey GetUsagePlanKeys GetUsagePlan GetUsagePlans GetUsage"
    " GetUsageDetail UpdateUsage GetStage GetStages ";
static const char portal[] = " CreateApiKey GetApiKey UpdateApiKey CreateUsagePlanKey"
                             " DeleteUsagePlanKey GetUsage GetUsagePlans ";
static const char secret[] = " GetCredentials GetAlertWebhook ";

static bool is_in(const char *list, const char *name)
{
    char word[80];
    snprintf(word, sizeof(word), " %s ", name);
    return strstr(list, word) != NULL;
}

static bool is_expected(fg_role_t role, const fg_operation_t *operation)
{
    switch (role) {
    case FG_ROLE_ADMIN:
        return true;
    case FG_ROLE_READ_ONLY:
        return (strcmp(operation->verb, "GET") == 0 && !operation->is_write &&
                !is_in(secret, operation->name)) ||
               strcmp(operation->name, "ReplayUsage") == 0;
    case FG_ROLE_KEYS_ONLY:
        return is_in(keys_only, operation->name);
    case FG_ROLE_PORTAL:
        return is_in(portal, operation->name);
    default:
        return false;
    }
}

/* "/usageplans/{}/keys" with a label put in for each {} */
static void fill(const char *pattern, const char *query, char *ret_target)
{
    for (; *pattern; pattern++) {
        *ret_target++ = *pattern == '{' ? 'x' : *pattern;
        pattern += *pattern == '{';
    }
    sprintf(ret_target, "%s%s", query ? "?" : "", query ? query : "");
}

/* Rules CR2, CR3: every row for every role, through the whole call */
static void every_operation_is_decided_for_every_role(void **state)
{
    scene_t *scene = *state;
    for (fg_role_t role = 0; role < FG_ROLE_COUNT; role++) {
        signing_t signing = signing_make(scene, fg_role_text(role));
        for (size_t i = 0; i < fg_operation_count; i++) {
            const fg_operation_t *operation = &fg_operations[i];
            char target[256], message[512];
            fill(operation->path, operation->query, target);
            assert_int_equal(fg_role_may(role, operation), is_expected(role, operation));
            signing_send(scene, &signing, operation->verb, target, NULL, NULL);
            bool is_denied =
                fg_str_is(header_at(scene, "x-amzn-ErrorType"), "AccessDeniedException");
            if (is_denied == is_expected(role, operation) ||
                scene->response.error.status == FG_BAD_SIGNATURE)
                fail_msg("%s %s: %d %s", fg_role_text(role), operation->name,
                         scene->response.status, scene->body);
            if (!is_denied)
                continue;
            *strchrnul(target, '?') = '\0';
            snprintf(message, sizeof(message),
                     "{\"Message\":\"User: arn:aws:iam::000000000000:user/%s is not authorized to "
                     "perform: apigateway:%s on resource: arn:aws:apigateway:us-east-1::%s\"}",
                     signing.id, operation->verb, target);
            assert_int_equal(scene->response.status, 403);
            assert_string_equal(scene->body, message);
        }
    }
}

/* Rule CR2: a name that no row has would allow or refuse nothing */
static void every_name_is_one_of_an_operation(void **state)
{
    (void)state;
    static const char *const names[] = {
#define FG_MAY(role, operation)     operation,
#define FG_MAY_NOT(role, operation) operation,
#include "control/roles.def"
#undef FG_MAY
#undef FG_MAY_NOT
    };
    for (size_t i = 0; i < FG_COUNT_OF(names); i++) {
        bool is_there = strchr(names[i], '*') != NULL;
        for (size_t j = 0; j < fg_operation_count; j++)
            is_there = is_there || strcmp(names[i], fg_operations[j].name) == 0;
        if (!is_there)
            fail_msg("there is no operation %s", names[i]);
    }
}

static void a_role_of_a_later_version_may_do_nothing(void **state)
{
    scene_t *scene = *state;
    fg_error_t error;
    signing_t signing = signing_make(scene, "admin");
    assert_int_equal(
        fg_db_exec(fg_store_db(scene->store), "UPDATE credentials SET role = 'owner'", &error),
        FG_OK);
    signing_send(scene, &signing, "GET", "/account", NULL, NULL);
    assert_int_equal(scene->response.status, 403);
}

/* Rules CR1, CR6 */
static void credentials_are_made_listed_and_revoked(void **state)
{
    scene_t *scene = *state;
    signing_t admin = signing_make(scene, "admin"), other = signing_make(scene, "portal");
    assert_int_equal(strlen(other.id), 20);
    assert_int_equal(strlen(other.secret), 40);
    call(scene, 200, "GET", NULL, "/faregate/credentials");
    assert_string_equal(text_at(scene, "item.0.name"), "n");
    assert_null(strstr(scene->body, "secretAccessKey"));
    call(scene, 409, "DELETE", NULL, "/faregate/credentials/%s", admin.id);
    expect_message(scene, "ConflictException",
                   "The last credential with the role admin cannot be revoked");
    call(scene, 202, "DELETE", NULL, "/faregate/credentials/%s", other.id);
    call(scene, 404, "DELETE", NULL, "/faregate/credentials/%s", other.id);
    expect_message(scene, "NotFoundException", "Invalid access key identifier specified");
    signing_send(scene, &other, "GET", "/usageplans", NULL, NULL);
    assert_int_equal(scene->response.status, 403);
    assert_true(fg_str_is(header_at(scene, "x-amzn-ErrorType"), "UnrecognizedClientException"));
    signing_make(scene, "admin");
    call(scene, 202, "DELETE", NULL, "/faregate/credentials/%s", admin.id);
}

static void a_wrong_body_is_refused_by_table(void **state)
{
    scene_t *scene = *state;
    static const struct {
        const char *body, *message;
    } rows[] = {
        {"{}", "role must be admin, read-only, keys-only or portal"},
        {"{\"role\":\"owner\"}", "role must be admin, read-only, keys-only or portal"},
        {"{\"role\":7}", "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be "
                         "converted to an String"},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        call(scene, 400, "POST", rows[i].body, "/faregate/credentials");
        assert_string_equal(text_at(scene, "message"), rows[i].message);
    }
}

/* Rule CR4: given a key on a plan, whoever only reads sees everything but its value */
static void a_reader_sees_no_value(void **state)
{
    scene_t *scene = *state;
    char key[16], plan[16], body[128];
    signing_t reader = signing_make(scene, "read-only"), keeper = signing_make(scene, "keys-only");
    key_make(scene, "{\"name\":\"n\",\"value\":\"a-value-of-a-key-0123456789\"}", key);
    plan_make(scene, "{\"name\":\"p\"}", plan);
    snprintf(body, sizeof(body), "{\"keyId\":\"%s\",\"keyType\":\"API_KEY\"}", key);
    call(scene, 201, "POST", body, "/usageplans/%s/keys", plan);
    char targets[4][80];
    snprintf(targets[0], sizeof(targets[0]), "/apikeys/%s?includeValue=true", key);
    snprintf(targets[1], sizeof(targets[1]), "/apikeys?includeValues=true");
    snprintf(targets[2], sizeof(targets[2]), "/usageplans/%s/keys/%s", plan, key);
    snprintf(targets[3], sizeof(targets[3]), "/usageplans/%s/keys", plan);
    for (size_t i = 0; i < FG_COUNT_OF(targets); i++) {
        signing_send(scene, &reader, "GET", targets[i], NULL, NULL);
        assert_int_equal(scene->response.status, 200);
        assert_null(strstr(scene->body, "a-value-of-a-key"));
        assert_true(fg_str_is(header_at(scene, "x-faregate-key-values"), "withheld"));
        signing_send(scene, &keeper, "GET", targets[i], NULL, NULL);
        assert_non_null(strstr(scene->body, "a-value-of-a-key"));
    }
}

/* Rule CR5: no terms of its own, no other member */
static void a_portal_is_bounded_by_table(void **state)
{
    scene_t *scene = *state;
    char key[16], target[64];
    signing_t shop = signing_make(scene, "portal");
    key_make(scene, "{\"name\":\"n\"}", key);
    snprintf(target, sizeof(target), "/apikeys/%s", key);
#define PATCH(path) "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"" path "\"}]}"
    static const struct {
        const char *verb, *body;
        int status;
        const char *message;
    } rows[] = {
        {"POST", "{\"name\":\"a\",\"enabled\":true,\"customerId\":\"c\",\"tags\":{\"a\":\"b\"}}",
         201, ""},
        {"POST", "{\"name\":\"a\",\"faregate\":{}}", 403,
         "The role portal may not set the member faregate with CreateApiKey"},
        {"POST", "{\"stageKeys\":[]}", 403,
         "The role portal may not set the member stageKeys with CreateApiKey"},
        {"PATCH", PATCH("/enabled"), 200, ""},
        {"PATCH", PATCH("/value"), 200, ""},
        {"PATCH", PATCH("/customerId"), 403,
         "The role portal may not set the path /customerId with UpdateApiKey"},
        {"PATCH", PATCH("/faregate/overrides"), 403,
         "The role portal may not set the path /faregate/overrides with UpdateApiKey"},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        bool is_patch = rows[i].verb[1] == 'A';
        signing_send(scene, &shop, rows[i].verb, is_patch ? target : "/apikeys", rows[i].body,
                     NULL);
        if (scene->response.status != rows[i].status)
            fail_msg("%s: %d %s", rows[i].body, scene->response.status, scene->body);
        assert_string_equal(text_at(scene, "Message"), rows[i].message);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)
    const struct CMUnitTest tests[] = {
        TEST(every_operation_is_decided_for_every_role),
        cmocka_unit_test(every_name_is_one_of_an_operation),
        TEST(a_role_of_a_later_version_may_do_nothing),
        TEST(credentials_are_made_listed_and_revoked),
        TEST(a_wrong_body_is_refused_by_table),
        TEST(a_reader_sees_no_value),
        TEST(a_portal_is_bounded_by_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
