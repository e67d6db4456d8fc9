/* Reference 4.12, docs/rules/request-validators.md. */
#include "control/api_support.h"

#define VALIDATORS "/restapis/$A/requestvalidators"
#define ONE        VALIDATORS "/$V"
#define METHOD     "/restapis/$A/resources/$P/methods/GET"
#define UNKNOWN    MISSING("Invalid Request Validator identifier specified")

static const step_t begin[] = {
    {"a validator", "POST", VALIDATORS, "{\"name\":\"v\",\"validateRequestBody\":true}", 201,
     "{\"id\":\"<any>\",\"name\":\"v\",\"validateRequestBody\":true,"
     "\"validateRequestParameters\":false}",
     "V=id"},
};

static void run(const step_t *steps, size_t count)
{
    walk_t walk;
    walk_begin(&walk);
    walk_api(&walk);
    walk_mock(&walk);
    walk_steps(&walk, begin, FG_COUNT_OF(begin));
    walk_steps(&walk, steps, count);
    walk_end(&walk);
}
#define RUN(steps) run(steps, FG_COUNT_OF(steps))

static void a_validator_is_kept(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"It is there.", "GET", ONE, NULL, 200,
         "{\"id\":\"$V\",\"name\":\"v\",\"validateRequestBody\":true,"
         "\"validateRequestParameters\":false}",
         NULL},
        {"Rule RV2: a name may be missing,", "POST", VALIDATORS, "{}", 201,
         "{\"name\":\"<absent>\",\"validateRequestBody\":false,"
         "\"validateRequestParameters\":false}",
         NULL},
        {"but not be blank.", "POST", VALIDATORS, "{\"name\":\" \"}", 400,
         BAD("Request Validator name cannot be blank"), NULL},
        {"Names may stand twice.", "POST", VALIDATORS, "{\"name\":\"v\"}", 201, "{\"name\":\"v\"}",
         NULL},
        {"a flag that is none", "POST", VALIDATORS,
         "{\"name\":\"x\",\"validateRequestBody\":\"true\"}", 400,
         "{\"@type\":\"SerializationException\"}", NULL},
        {"oldest first", "GET", VALIDATORS "?limit=1", NULL, 200, "{\"item\":[{\"id\":\"$V\"}]}",
         "N=position"},
        {"and on", "GET", VALIDATORS "?position=$N", NULL, 200,
         "{\"position\":\"<absent>\",\"item\":[{\"name\":\"<absent>\"},{\"name\":\"v\"}]}", NULL},
        {"Rule RV1: an unknown API", "POST", "/restapis/nope/requestvalidators", "{\"name\":\"x\"}",
         400, BAD("Invalid REST API identifier specified"), NULL},
        {"Its list", "GET", "/restapis/nope/requestvalidators", NULL, 404, NO_API("nope"), NULL},
        {"one of it", "GET", "/restapis/nope/requestvalidators/$V", NULL, 404, UNKNOWN, NULL},
        {"unknown", "GET", VALIDATORS "/nope", NULL, 404, UNKNOWN, NULL},
    };
    RUN(steps);
}

static void a_validator_is_updated(void **state)
{
    (void)state;
#define REFUSED(says, body, text)                                                                  \
    {                                                                                              \
        says, "PATCH", ONE, body, 400, BAD(text), NULL                                             \
    }
    static const step_t steps[] = {
        {"a name", "PATCH", ONE, PATCH_ONE("replace", "/name", "w"), 200, "{\"name\":\"w\"}", NULL},
        {"a flag", "PATCH", ONE, PATCH_ONE("replace", "/validateRequestParameters", "true"), 200,
         "{\"name\":\"w\",\"validateRequestParameters\":true}", NULL},
        {"Rule RV3: no value is false.", "PATCH", ONE,
         PATCH_BARE("replace", "/validateRequestBody"), 200, "{\"validateRequestBody\":false}",
         NULL},
        {"It is kept.", "GET", ONE, NULL, 200,
         "{\"name\":\"w\",\"validateRequestBody\":false,\"validateRequestParameters\":true}", NULL},
        REFUSED("an empty name", PATCH_ONE("replace", "/name", ""),
                "Request Validator name cannot be blank"),
        REFUSED("no name", PATCH_BARE("replace", "/name"),
                "Request Validator name cannot be blank"),
        REFUSED("unknown", PATCH_ONE("replace", "/id", "x"),
                "Invalid patch path  '/id' specified for op 'replace'. Must be one of: [/name, "
                "/validateRequestParameters, /validateRequestBody]"),
        REFUSED("added", PATCH_ONE("add", "/name", "x"),
                "Invalid patch path  '/name' specified for op 'add'. Please choose supported "
                "operations"),
        {"unknown", "PATCH", VALIDATORS "/nope", PATCH_ONE("replace", "/name", "w"), 404, UNKNOWN,
         NULL},
    };
    RUN(steps);
}

static void a_validator_in_use_stays(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"a method with none", "PATCH", METHOD, PATCH_ONE("replace", "/requestValidatorId", "nope"),
         400, BAD("Invalid Request Validator identifier specified"), NULL},
        {"a method with it", "PATCH", METHOD, PATCH_ONE("replace", "/requestValidatorId", "$V"),
         200, "{\"requestValidatorId\":\"$V\"}", NULL},
        {"Rule RV4: it stays.", "DELETE", ONE, NULL, 409,
         CONFLICT("Cannot delete validator '$V', is referenced in method request: /pets/GET"),
         NULL},
        {"away", "PATCH", METHOD, PATCH_ONE("replace", "/requestValidatorId", ""), 200,
         "{\"requestValidatorId\":\"<absent>\"}", NULL},
        {"It goes.", "DELETE", ONE, NULL, 202, NULL, NULL},
        {"Once.", "DELETE", ONE, NULL, 404, UNKNOWN, NULL},
        {"It cannot be named any more.", "PUT", "/restapis/$A/resources/$R/methods/GET",
         "{\"authorizationType\":\"NONE\",\"requestValidatorId\":\"$V\"}", 400,
         BAD("Invalid Request Validator identifier specified"), NULL},
    };
    RUN(steps);
}

static void validators_are_counted(void **state)
{
    (void)state;
    walk_t walk;
    fg_error_t error;
    walk_begin(&walk);
    walk_api(&walk);
    assert_int_equal(fg_store_begin(walk.store, &error), FG_OK);
    for (int i = 1; i < FG_VALIDATORS_PER_API_MAX; i++) {
        char id[16];
        snprintf(id, sizeof(id), "v%d", i);
        fg_document_t row = {.kind = FG_DOCUMENT_REQUEST_VALIDATOR,
                             .api_id = walk.kept[0],
                             .id = fg_str(id),
                             .json = FG_STR("{}")};
        assert_int_equal(fg_store_document_put(walk.store, &row, &error), FG_OK);
    }
    assert_int_equal(fg_store_commit(walk.store, &error), FG_OK);
    char body[FG_VALIDATOR_NAME_BYTES_MAX + 32];
    snprintf(body, sizeof(body), "{\"name\":\"%0*d\"}", FG_VALIDATOR_NAME_BYTES_MAX + 1, 0);
    assert_int_equal(walk_call(&walk, "POST", VALIDATORS, body).status, 400);
    snprintf(body, sizeof(body), "{\"name\":\"%0*d\"}", FG_VALIDATOR_NAME_BYTES_MAX, 0);
    assert_int_equal(walk_call(&walk, "POST", VALIDATORS, body).status, 201);
    assert_int_equal(walk_call(&walk, "POST", VALIDATORS, "{}").status, 429);
    walk_end(&walk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_validator_is_kept),
        cmocka_unit_test(a_validator_is_updated),
        cmocka_unit_test(a_validator_in_use_stays),
        cmocka_unit_test(validators_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
