#include "control/api_support.h"

#include "base/x509.h"

#define ALL  "/domainnames"
#define ONE  ALL "/api.example.com"
#define HOST "api.example.com"

/* Two pairs for the name, and one for another. */
typedef struct scene {
    walk_t walk;
    fg_x509_t first, second, other;
} scene_t;

static fg_x509_t make(walk_t *walk, const char *name)
{
    fg_error_t error;
    fg_x509_t made;
    fg_wall_t now = WALK_NOW.wall, until = {now.s + FG_DAY_S};
    assert_int_equal(fg_x509_self_signed(name, now, until, fg_random_seeded(&walk->seed),
                                         walk->arena, &made, &error),
                     FG_OK);
    return made;
}

static int setup(void **state)
{
    static scene_t scene;
    walk_begin(&scene.walk);
    scene.first = make(&scene.walk, HOST);
    scene.second = make(&scene.walk, HOST);
    scene.other = make(&scene.walk, "other.example.com");
    *state = &scene;
    return 0;
}

static int teardown(void **state)
{
    scene_t *scene = *state;
    walk_end(&scene->walk);
    return 0;
}

/* Create with the members that are there. */
static fg_response_t create(scene_t *scene, const fg_x509_t *given, const char *more)
{
    FG_JSON_SCOPED *body = json_pack(
        "{ss, so*, so*, so*}", "domainName", HOST, "certificateBody",
        given->certificate.at ? fg_json_new_str(given->certificate) : NULL, "certificatePrivateKey",
        given->private_key.at ? fg_json_new_str(given->private_key) : NULL, "certificateChain",
        given->chain.at ? fg_json_new_str(given->chain) : NULL);
    fg_error_t error;
    FG_JSON_SCOPED *others = fg_json_parse(fg_str(more), &error);
    assert_int_equal(json_object_update(body, others), 0);
    return walk_call(&scene->walk, "POST", ALL, fg_json_render(body, scene->walk.arena).at);
}

/* Replace members, in order: pairs of path and value. */
static fg_response_t update(scene_t *scene, size_t count, const char *const paths[],
                            const fg_str_t values[])
{
    FG_JSON_SCOPED *operations = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(operations, json_pack("{ss, ss, so}", "op", "replace", "path",
                                                    paths[i], "value", fg_json_new_str(values[i])));
    FG_JSON_SCOPED *body = json_pack("{sO}", "patchOperations", operations);
    return walk_call(&scene->walk, "PATCH", ONE, fg_json_render(body, scene->walk.arena).at);
}

static void expect_refused(fg_response_t response, const char *message)
{
    fg_error_t error;
    FG_JSON_SCOPED *body = fg_json_parse(response.body, &error);
    assert_string_equal(json_string_value(json_object_get(body, "message")), message);
    assert_int_equal(response.status, 400);
}

static void expect_key(scene_t *scene, fg_str_t key)
{
    fg_error_t error;
    fg_str_t stored = FG_STR_NONE;
    fg_status_t status = fg_store_private_key_get(scene->walk.store, FG_DOCUMENT_DOMAIN_NAME,
                                                  FG_STR(HOST), scene->walk.arena, &stored, &error);
    assert_int_equal(status, key.at ? FG_OK : FG_NOT_FOUND);
    assert_true(!key.at || fg_str_eq(stored, key));
}

/* Neither of what was uploaded is shown. */
static void expect_shown(fg_response_t response, int status)
{
    assert_int_equal(response.status, status);
    assert_null(memmem(response.body.at, response.body.len, "-----BEGIN", 10));
    assert_non_null(memmem(response.body.at, response.body.len, "certificateUploadDate", 21));
}

/* Rules DN6, DN7, DN9 */
static void test_upload(void **state)
{
    scene_t *scene = *state;
    expect_shown(create(scene, &scene->first,
                        "{\"endpointConfiguration\":{\"types\":[\"REGIONAL\"]},"
                        "\"regionalCertificateName\":\"n\"}"),
                 201);
    expect_key(scene, scene->first.private_key);
    expect_shown(walk_call(&scene->walk, "GET", ONE, NULL), 200);
    expect_shown(walk_call(&scene->walk, "GET", ALL, NULL), 200);
    assert_int_equal(walk_call(&scene->walk, "DELETE", ONE, NULL).status, 202);
    expect_key(scene, FG_STR_NONE);
}

/* Rule DN6 */
static void test_refused(void **state)
{
    static char long_text[FG_PEM_BYTES_MAX + 2];
    scene_t *scene = *state;
    fg_x509_t given = scene->first;
    given.private_key = scene->second.private_key;
    expect_refused(create(scene, &given, "{}"),
                   "certificatePrivateKey: the key does not belong to the certificate");
    given.private_key = FG_STR_NONE;
    expect_refused(create(scene, &given, "{}"),
                   "certificatePrivateKey: not a PEM-encoded private key without a passphrase");
    given = scene->first;
    given.certificate = FG_STR_NONE;
    expect_refused(create(scene, &given, "{}"),
                   "certificateBody: not one PEM-encoded X.509 certificate");
    given.certificate = scene->other.certificate;
    given.private_key = scene->other.private_key;
    expect_refused(create(scene, &given, "{}"),
                   "certificateBody: the certificate does not cover the domain name");
    given = scene->first;
    given.chain = scene->other.certificate;
    expect_refused(create(scene, &given, "{}"),
                   "certificateChain: each certificate must be the issuer of the one before");
    expect_refused(create(scene, &scene->first, "{\"certificateArn\":\"arn:c\"}"),
                   "A domain name has either an uploaded certificate or an ARN");
    memset(long_text, 'x', sizeof(long_text) - 1);
    given = scene->first;
    given.certificate = fg_str(long_text);
    expect_refused(create(scene, &given, "{}"), "certificateBody: at most 65536 bytes");
    expect_key(scene, FG_STR_NONE);
}

/* Rules DN6, DN7: what is replaced is checked with what stays. */
static void test_update(void **state)
{
    static const char *const both[] = {"/certificateBody", "/certificatePrivateKey"};
    scene_t *scene = *state;
    const fg_str_t seconds[] = {scene->second.certificate, scene->second.private_key};
    expect_shown(create(scene, &scene->first, "{}"), 201);
    expect_refused(update(scene, 1, both, seconds),
                   "certificatePrivateKey: the key does not belong to the certificate");
    expect_key(scene, scene->first.private_key);
    expect_shown(update(scene, 2, both, seconds), 200);
    expect_key(scene, scene->second.private_key);
    /* the chain alone, with the stored key: it has issued itself */
    expect_shown(update(scene, 1, (const char *[]){"/certificateChain"}, seconds), 200);
    expect_refused(update(scene, 1, (const char *[]){"/certificateChain"},
                          (fg_str_t[]){scene->other.certificate}),
                   "certificateChain: each certificate must be the issuer of the one before");
    /* an ARN takes its place */
    expect_shown(
        update(scene, 1, (const char *[]){"/certificateArn"}, (fg_str_t[]){FG_STR("arn:c")}), 200);
    expect_key(scene, FG_STR_NONE);
    /* and is replaced in turn */
    fg_response_t response = update(scene, 2, both, seconds);
    expect_shown(response, 200);
    assert_null(memmem(response.body.at, response.body.len, "arn:c", 5));
    /* nothing is left of it */
    response = update(scene, 2, (const char *[]){"/certificateBody", "/certificateChain"},
                      (fg_str_t[]){FG_STR(""), FG_STR("")});
    assert_int_equal(response.status, 200);
    assert_null(memmem(response.body.at, response.body.len, "certificateUploadDate", 21));
    expect_key(scene, FG_STR_NONE);
    assert_int_equal(walk_call(&scene->walk, "DELETE", ONE, NULL).status, 202);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_upload),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_update),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
