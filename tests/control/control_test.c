/* The way of every call: match, verify, body, transaction, answer. Rules C1 to C4. */
#include "control/scene.h"

#include "control/errors.h"
#include "control/operation.h"

static void every_answer_has_its_headers(void **state)
{
    scene_t *scene = *state;
    static const char *const targets[] = {"/apikeys", "/apikeys/nosuchkey0", "/nowhere"};
    for (size_t i = 0; i < FG_COUNT_OF(targets); i++) {
        fg_request_t request = {.verb = FG_STR("GET"), .target = fg_str(targets[i])};
        scene_handle(scene, &request);
        assert_true(fg_str_is(header_at(scene, "content-type"), "application/json"));
        assert_int_equal(header_at(scene, "x-amzn-RequestId").len, 36);
        fg_str_t extended = header_at(scene, "x-amz-apigw-id");
        assert_int_equal(extended.len, 16);
        assert_true(extended.at[15] == '=' && extended.at[14] != '=');
        assert_int_equal(header_at(scene, "x-amzn-ErrorType").len > 0,
                         scene->response.status != 200);
    }
}

/* given a request line, when it is matched, expect the operation */
static void matching(void **state)
{
    scene_t *scene = *state;
    static const struct {
        const char *verb, *target;
        int status;
        const char *operation;
    } rows[] = {
        {"GET", "/apikeys", 200, "GetApiKeys"},
        {"GET", "/apikeys?", 200, "GetApiKeys"},
        {"POST", "/apikeys?mode=import&format=csv", 400, "ImportApiKeys"},
        {"POST", "/apikeys?format=csv&mode=import", 400, "ImportApiKeys"},
        {"POST", "/apikeys?mode=imports", 201, "CreateApiKey"},
        {"POST", "/restapis?mode=import", 400, "ImportRestApi"},
        {"GET", "/domainnames", 200, "GetDomainNames"},
        {"GET", "/faregate/refusals", 200, "GetRefusals"},
        {"GET", "/faregate/usageplans", 404, ""},
        {"GET", "/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Fa", 404, "GetTags"},
        {"GET", "/tags/a/b", 404, ""},
        {"GET", "/apikeys/", 404, ""},
        {"GET", "/apikeys//", 404, ""},
        {"GET", "/apikeys/a/b", 404, ""},
        {"GET", "/APIKEYS", 404, ""},
        {"GET", "apikeys", 404, ""},
        {"GET", "/", 404, ""},
        {"GET", "", 404, ""},
        {"PUT", "/apikeys", 404, ""},
        {"get", "/apikeys", 404, ""},
        {"GET", "/apikeys/%zz", 400, "GetApiKey"},
        {"GET", "/apikeys/%ff", 400, "GetApiKey"},
        {"GET", "/apikeys/%00", 400, "GetApiKey"},
        {"GET", "/apikeys?name=%ff", 400, "GetApiKeys"},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        call(scene, rows[i].status, rows[i].verb, NULL, "%s", rows[i].target);
        assert_string_equal(scene->response.operation, rows[i].operation);
        if (!rows[i].operation[0])
            assert_true(
                fg_str_is(header_at(scene, "x-amzn-ErrorType"), "UnknownOperationException"));
    }
    call(scene, 501, "GET", NULL, "/restapis/a/stages/b/sdks/java");
    expect_message(scene, "NotImplementedException",
                   "The operation GetSdk is not implemented yet.");
}

/* Labels are decoded after the match, so that an encoded slash stays inside one. */
static void labels_are_decoded(void **state)
{
    scene_t *scene = *state;
    char id[16];
    key_make(scene, NULL, id);
    call(scene, 200, "GET", NULL, "/apikeys/%%%02x%s", (unsigned)id[0], id + 1);
    assert_string_equal(text_at(scene, "id"), id);
    call(scene, 404, "GET", NULL, "/apikeys/%s%%2Fx", id);
}

static void a_body_may_be_six_mebibytes(void **state)
{
    scene_t *scene = *state;
    size_t count = FG_CONTROL_BODY_BYTES_MAX + 1;
    char *body = malloc(count);
    memset(body, ' ', count);
    fg_request_t request = {
        .verb = FG_STR("POST"), .target = FG_STR("/apikeys"), .body = fg_str_of(body, count)};
    uint64_t before = last_change(scene);
    scene_handle(scene, &request);
    assert_int_equal(scene->response.status, 413);
    assert_int_equal(last_change(scene), before);
    request.body.len--;
    scene_handle(scene, &request);
    assert_int_equal(scene->response.status, 201); /* blanks are an empty body */
    free(body);
}

/* given no, an unknown or a broken signature, when anything is asked, expect the documented error
 * and no change */
static void signatures_are_asked_for(void **state)
{
    scene_t *scene = *state;
    static const struct {
        const char *authorization, *date;
        int status;
        const char *exception;
    } rows[] = {
        {NULL, NULL, 403, "MissingAuthenticationTokenException"},
        {"Basic abc", NULL, 400, "IncompleteSignatureException"},
        {"AWS4-HMAC-SHA256 Credential=NOBODY/20261125/us-east-1/apigateway/aws4_request, "
         "SignedHeaders=host;x-amz-date, "
         "Signature=00",
         "20261125T064500Z", 403, "UnrecognizedClientException"},
        {"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/apigateway/aws4_request, "
         "SignedHeaders=host;x-amz-date, Signature=00",
         "20261125T064500Z", 403, "InvalidSignatureException"},
        {"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/apigateway/aws4_request, "
         "SignedHeaders=host;x-amz-date, Signature=00",
         "20261125T063000Z", 403, "InvalidSignatureException"},
    };
    fg_error_t error;
    fg_credential_t credential = {FG_STR("AKIDEXAMPLE"),
                                  FG_STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
                                  FG_STR("admin"),
                                  FG_STR(""),
                                  {0}};
    assert_int_equal(fg_store_begin(scene->store, &error), FG_OK);
    assert_int_equal(fg_store_credential_put(scene->store, &credential, &error), FG_OK);
    assert_int_equal(fg_store_commit(scene->store, &error), FG_OK);
    scene->control.settings.is_unsigned_allowed = false;
    uint64_t before = last_change(scene);
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_pair_t headers[] = {{FG_STR("Host"), FG_STR("apigateway.us-east-1.amazonaws.com")},
                               {FG_STR("Authorization"), fg_str(rows[i].authorization)},
                               {FG_STR("X-Amz-Date"), fg_str(rows[i].date)}};
        fg_request_t request = {.verb = FG_STR("POST"),
                                .target = FG_STR("/apikeys"),
                                .headers = headers,
                                .header_count = rows[i].date            ? 3
                                                : rows[i].authorization ? 2
                                                                        : 1};
        scene_handle(scene, &request);
        assert_int_equal(scene->response.status, rows[i].status);
        assert_true(fg_str_is(header_at(scene, "x-amzn-ErrorType"), rows[i].exception));
    }
    assert_int_equal(last_change(scene), before);
}

/* The same request that botocore signed for the test of auth. */
static void a_signed_request_passes(void **state)
{
    scene_t *scene = *state;
    fg_error_t error;
    fg_credential_t credential = {FG_STR("AKIDEXAMPLE"),
                                  FG_STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
                                  FG_STR("admin"),
                                  FG_STR(""),
                                  {0}};
    assert_int_equal(fg_store_begin(scene->store, &error), FG_OK);
    assert_int_equal(fg_store_credential_put(scene->store, &credential, &error), FG_OK);
    assert_int_equal(fg_store_commit(scene->store, &error), FG_OK);
    scene->control.settings.is_unsigned_allowed = false;
    fg_pair_t headers[] = {
        {FG_STR("Content-Type"), FG_STR("application/json")},
        {FG_STR("Host"), FG_STR("apigateway.us-east-1.amazonaws.com")},
        {FG_STR("X-Amz-Date"), FG_STR("20261125T064500Z")},
        {FG_STR("Authorization"),
         FG_STR(
             "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/apigateway/aws4_request, "
             "SignedHeaders=content-type;host;x-amz-date, "
             "Signature=95d8dc82af9c575effd39e46070a459e44a5102b2f1da8ec2dcc662d14c66fda")}};
    fg_request_t request = {.verb = FG_STR("POST"),
                            .target = FG_STR("/apikeys"),
                            .body = FG_STR("{\"name\":\"n\",\"enabled\":true}"),
                            .headers = headers,
                            .header_count = FG_COUNT_OF(headers)};
    scene_handle(scene, &request);
    assert_int_equal(scene->response.status, 201);
}

/* given a PATCH of what does not exist, when it breaks the model, expect that to be said first (C4) */
static void constraints_come_before_all_else(void **state)
{
    scene_t *scene = *state;
    static const struct {
        const char *target, *input;
    } rows[] = {
        {"/apikeys/nosuchkey0", "updateApiKey"},
        {"/usageplans/nosuch", "updateUsagePlan"},
        {"/usageplans/nosuch/keys/nosuchkey0/usage", "updateUsage"},
        {"/restapis/nosuchapi0", "updateRestApi"},
        {"/restapis/nosuchapi0/stages/dev", "updateStage"},
    };
    char message[256];
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        call(scene, 400, "PATCH", "{\"patchOperations\":[{\"op\":\"bad\",\"path\":\"/name\"}]}",
             "%s", rows[i].target);
        snprintf(
            message, sizeof(message),
            "1 validation error detected: Value 'bad' at '%sInput.patchOperations.1.member.op' "
            "failed to satisfy constraint: Member must satisfy enum value set: [add, remove, "
            "move, test, replace, copy]",
            rows[i].input);
        expect_message(scene, "ValidationException", message);
        call(scene, 400, "PATCH",
             "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/name\",\"value\":1}]}", "%s",
             rows[i].target);
        expect_message(scene, "SerializationException",
                       "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be "
                       "converted to an String");
    }
}

/* Every status has an exception, and what is the store's trouble does not show its detail. */
static void exceptions_are_complete(void **state)
{
    (void)state;
    fg_arena_t *arena = fg_arena_new();
    for (int i = FG_OK + 1; i < FG_STATUS_COUNT; i++) {
        fg_exception_t exception = fg_exception_of((fg_status_t)i);
        assert_true(exception.name[0] != '\0');
        assert_true(exception.http_status >= 400 && exception.http_status < 600);
        fg_error_t error = {.status = (fg_status_t)i, .message = "the detail"};
        bool shows =
            strstr(fg_arena_text(arena, fg_error_body(&error, arena)), "the detail") != NULL;
        assert_int_equal(shows, exception.http_status < 500 || i == FG_NOT_IMPLEMENTED ||
                                    i == FG_INTERNAL);
    }
    fg_error_t denied = {.status = FG_DENIED, .message = "no"};
    assert_true(fg_str_is(fg_error_body(&denied, arena), "{\"Message\":\"no\"}"));
    fg_arena_free(arena);
}

/* Each allocation of a call may fail: an honest answer, and nothing half done. */
static void lack_of_memory_is_an_answer(void **state)
{
    scene_t *scene = *state;
    static const char body[] =
        "{\"name\":\"n\",\"quota\":{\"limit\":1,\"period\":\"DAY\"},\"tags\":{\"a\":\"b\"}}";
    fg_request_t request = {
        .verb = FG_STR("POST"), .target = FG_STR("/usageplans"), .body = FG_STR("")};
    request.body = fg_str(body);
    for (int64_t n = 0; n < 200; n++) {
        uint64_t before = last_change(scene);
        fg_arena_reset(scene->arena);
        fg_arena_fail_after(scene->arena, n);
        fg_control_handle(&scene->control, &request, scene->now, scene->arena, &scene->response);
        fg_arena_fail_after(scene->arena, -1);
        if (scene->response.status == 201 && scene->response.body.len)
            return;
        assert_true(scene->response.status >= 400);
        /* the answer may fail to be written after the commit, but nothing is half written */
        assert_true(last_change(scene) - before <= 1);
    }
    fail_msg("never had enough memory");
}

#define T(test) cmocka_unit_test_setup_teardown(test, scene_setup, scene_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(every_answer_has_its_headers),
        T(matching),
        T(labels_are_decoded),
        T(a_body_may_be_six_mebibytes),
        T(signatures_are_asked_for),
        T(a_signed_request_passes),
        T(exceptions_are_complete),
        T(lack_of_memory_is_an_answer),
        T(constraints_come_before_all_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
