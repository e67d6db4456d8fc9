#include "control/api_support.h"

#include "base/x509.h"

#define ALL  "/clientcertificates"
#define LOST MISSING("Invalid Client Certificate identifier specified")

/* Rule CC1 */
static void test_life(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"With nothing said.", "POST", ALL, NULL, 201,
         "{\"clientCertificateId\":\"<any>\",\"pemEncodedCertificate\":\"<any>\",\"createdDate\":"
         "1700000000,\"expirationDate\":1731536000,\"description\":\"<absent>\",\"tags\":\"<absent>"
         "\"}",
         "C=clientCertificateId"},
        {"With all.", "POST", ALL, "{\"description\":\"d\",\"tags\":{\"k\":\"v\"}}", 201,
         "{\"description\":\"d\",\"tags\":{\"k\":\"v\"}}", "D=clientCertificateId"},
        {"get shows tags always", "GET", ALL "/$C", NULL, 200,
         "{\"clientCertificateId\":\"$C\",\"createdDate\":1700000000,\"tags\":{}}", NULL},
        {"a list shows those there are", "GET", ALL, NULL, 200,
         "{\"item\":[{\"clientCertificateId\":\"$C\",\"tags\":\"<absent>\"},"
         "{\"clientCertificateId\":\"$D\",\"tags\":{\"k\":\"v\"}}],\"position\":\"<absent>\"}",
         NULL},
        {"by page", "GET", ALL "?limit=1", NULL, 200,
         "{\"item\":[{\"clientCertificateId\":\"$C\"}],\"position\":\"<any>\"}", "P=position"},
        {"the next", "GET", ALL "?limit=1&position=$P", NULL, 200,
         "{\"item\":[{\"clientCertificateId\":\"$D\"}],\"position\":\"<absent>\"}", NULL},
        {"The description is replaced.", "PATCH", ALL "/$C",
         PATCH_ONE("replace", "/description", "new"), 200,
         "{\"clientCertificateId\":\"$C\",\"description\":\"new\",\"tags\":{}}", NULL},
        {"another path", "PATCH", ALL "/$C", PATCH_ONE("replace", "/tags", "x"), 400,
         BAD("Invalid patch path  '/tags' specified for op 'replace'. Must be one of: "
             "[/description]"),
         NULL},
        {"a bad tag", "POST", ALL, "{\"tags\":{\"aws:x\":\"v\"}}", 400,
         BAD("Invalid tag key: 1 to 128 characters, not starting with aws:"), NULL},
        {"It goes.", "DELETE", ALL "/$C", NULL, 202, NULL, NULL},
        {"get", "GET", ALL "/$C", NULL, 404, LOST, NULL},
        {"update", "PATCH", ALL "/$C", PATCH_ONE("replace", "/description", "x"), 404, LOST, NULL},
        {"delete", "DELETE", ALL "/$C", NULL, 404, LOST, NULL},
    };
    WALK(steps);
}

/* Rules CC2, CC3: the answer holds the certificate, the store the key that belongs to it. */
static void test_the_key_is_kept(void **state)
{
    (void)state;
    walk_t walk;
    walk_begin(&walk);
    fg_error_t error = {0};
    fg_x509_t made = {.chain = FG_STR_NONE};
    fg_response_t response = walk_call(&walk, "POST", ALL, "{}");
    FG_JSON_SCOPED *answer = fg_json_parse(response.body, &error);
    fg_str_t id = fg_json_str(json_object_get(answer, "clientCertificateId"));
    assert_null(memmem(response.body.at, response.body.len, "PRIVATE", 7));
    made.certificate = fg_json_str(json_object_get(answer, "pemEncodedCertificate"));
    assert_int_equal(fg_store_private_key_get(walk.store, FG_DOCUMENT_CLIENT_CERTIFICATE, id,
                                              walk.arena, &made.private_key, &error),
                     FG_OK);
    if (fg_x509_check(&made, FG_STR("ApiGateway"), WALK_NOW.wall, &error) != FG_OK)
        fail_msg("%s", error.message);
    walk.kept['C' - 'A'] = id;
    walk_step(&walk, &(step_t){"delete", "DELETE", ALL "/$C", NULL, 202, NULL, NULL});
    assert_int_equal(fg_store_private_key_get(walk.store, FG_DOCUMENT_CLIENT_CERTIFICATE, id,
                                              walk.arena, &made.private_key, &error),
                     FG_NOT_FOUND);
    walk_end(&walk);
}

/* Rule CC5 */
static void test_in_use(void **state)
{
    (void)state;
    walk_t walk;
    walk_begin(&walk);
    walk_api(&walk);
    walk_mock(&walk);
    static const step_t steps[] = {
        {"a certificate", "POST", ALL, "{}", 201, "{\"clientCertificateId\":\"<any>\"}",
         "C=clientCertificateId"},
        {"a stage", "POST", "/restapis/$A/deployments", "{\"stageName\":\"dev\"}", 201,
         "{\"id\":\"<any>\"}", NULL},
        {"It uses it.", "PATCH", "/restapis/$A/stages/dev",
         PATCH_ONE("replace", "/clientCertificateId", "$C"), 200,
         "{\"clientCertificateId\":\"$C\"}", NULL},
        {"but no other", "PATCH", "/restapis/$A/stages/dev",
         PATCH_ONE("replace", "/clientCertificateId", "nope"), 400,
         BAD("Client certificate id does not exist"), NULL},
        {"it must stay", "DELETE", ALL "/$C", NULL, 400,
         BAD("Client certificate $C is used by the stage dev of the API $A"), NULL},
        {"The stage lets go.", "PATCH", "/restapis/$A/stages/dev",
         PATCH_ONE("replace", "/clientCertificateId", ""), 200,
         "{\"clientCertificateId\":\"<absent>\"}", NULL},
        {"It may go.", "DELETE", ALL "/$C", NULL, 202, NULL, NULL},
    };
    walk_steps(&walk, steps, FG_COUNT_OF(steps));
    walk_end(&walk);
}

/* Rule CC4: the last that fits, and one more. */
static void test_room(void **state)
{
    (void)state;
    walk_t walk;
    walk_begin(&walk);
    walk_fill_kind(&walk, FG_DOCUMENT_CLIENT_CERTIFICATE, "", FG_CLIENT_CERTIFICATES_MAX - 1);
    static const step_t steps[] = {
        {"the last", "POST", ALL, "{}", 201, "{\"clientCertificateId\":\"<any>\"}", NULL},
        {"one more", "POST", ALL, "{}", 429,
         "{\"@type\":\"LimitExceededException\",\"message\":\"Maximum number of client "
         "certificates "
         "reached: 60\"}",
         NULL},
    };
    walk_steps(&walk, steps, FG_COUNT_OF(steps));
    walk_end(&walk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),
        cmocka_unit_test(test_the_key_is_kept),
        cmocka_unit_test(test_in_use),
        cmocka_unit_test(test_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
