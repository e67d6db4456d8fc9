/* docs/rules/tags.md; reference 3.5. */
#include "control/api_support.h"

#define ARN(path)  "/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A" path
#define API        ARN("%2Frestapis%2F$A")
#define STAGE      API "%2Fstages%2Fprod"
#define TAGS(tags) "{\"tags\":" tags "}"

static const step_t begin[] = {
    {"a stage", "POST", "/restapis/$A/deployments", "{\"stageName\":\"prod\"}", 201,
     "{\"id\":\"<any>\"}", NULL},
    {"a key", "POST", "/apikeys", "{\"name\":\"k\"}", 201, "{\"tags\":\"<absent>\"}", "K=id"},
    {"a plan", "POST", "/usageplans", "{\"name\":\"p\"}", 201, "{\"tags\":\"<absent>\"}", "U=id"},
};

static void walk_tags(walk_t *walk)
{
    walk_begin(walk);
    walk_api(walk);
    walk_mock(walk);
    walk_steps(walk, begin, FG_COUNT_OF(begin));
}

static void run(const step_t *steps, size_t count)
{
    walk_t walk;
    walk_tags(&walk);
    walk_steps(&walk, steps, count);
    walk_end(&walk);
}
#define RUN(steps) run(steps, FG_COUNT_OF(steps))

/* Rules TG1, TG3, TG4, C7: the same life for each noun; `shown` is what a get has of no tags. */
static void life_of_tags(walk_t *walk, const char *arn, const char *get, const char *shown)
{
    const step_t steps[] = {
        {"none yet", "GET", arn, NULL, 200, TAGS("{}"), NULL},
        {"two", "PUT", arn, TAGS("{\"a\":\"1\",\"team/name\":\"\"}"), 204, NULL, NULL},
        {"are there.", "GET", arn, NULL, 200, TAGS("{\"a\":\"1\",\"team/name\":\"\"}"), NULL},
        {"One is another, one joins.", "PUT", arn, TAGS("{\"a\":\"2\",\"b c\":\"x\"}"), 204, NULL,
         NULL},
        {"The noun shows them.", "GET", get, NULL, 200,
         TAGS("{\"a\":\"2\",\"team/name\":\"\",\"b c\":\"x\"}"), NULL},
        {"Nothing changes nothing.", "PUT", arn, TAGS("{}"), 204, NULL, NULL},
        {"Paging is accepted and ignored.", "GET", "$", NULL, 200,
         "{\"position\":\"<absent>\",\"tags\":{\"a\":\"2\",\"b c\":\"x\"}}", NULL},
        {"Two go, and one that never was.", "DELETE", "$", NULL, 204, NULL, NULL},
        {"One stays.", "GET", arn, NULL, 200, "{\"tags\":{\"b c\":\"x\",\"a\":\"<absent>\"}}",
         NULL},
        {"It goes.", "DELETE", "$", NULL, 204, NULL, NULL},
        {"None are left.", "GET", arn, NULL, 200, TAGS("{}"), NULL},
        {"Nor shown.", "GET", get, NULL, 200, shown, NULL},
    };
    static const char *const queries[FG_COUNT_OF(steps)] = {
        [6] = "?limit=1&position=x",
        [7] = "?tagKeys=a&tagKeys=team%2Fname&tagKeys=nope",
        [9] = "?tagKeys=b%20c"};
    for (size_t i = 0; i < FG_COUNT_OF(steps); i++) {
        step_t step = steps[i];
        char target[512];
        snprintf(target, sizeof(target), "%s%s", queries[i] ? arn : step.path,
                 queries[i] ? queries[i] : "");
        step.path = target;
        walk_step(walk, &step);
    }
}

static void every_noun_takes_tags(void **state)
{
    (void)state;
    walk_t walk;
    walk_tags(&walk);
    life_of_tags(&walk, API, "/restapis/$A", TAGS("{}"));
    life_of_tags(&walk, STAGE, "/restapis/$A/stages/prod", TAGS("\"<absent>\""));
    life_of_tags(&walk, ARN("%2Fapikeys%2F$K"), "/apikeys/$K", TAGS("{}"));
    life_of_tags(&walk, ARN("%2Fusageplans%2F$U"), "/usageplans/$U", TAGS("{}"));
    walk_end(&walk);
}

/* Nouns without an API of their own, whoever makes them. */
static void other_documents_take_tags(void **state)
{
    (void)state;
    static const struct {
        fg_document_kind_t kind;
        const char *id, *arn;
    } rows[] = {
        {FG_DOCUMENT_DOMAIN_NAME, "a.test", ARN("%2Fdomainnames%2Fa.test")},
        {FG_DOCUMENT_DOMAIN_NAME, "b.test", ARN("%2Fdomainnames%2Fb.test%2Babc123")},
        {FG_DOCUMENT_DOMAIN_ACCESS,
         "arn:aws:apigateway:r:0:/domainnameaccessassociations/domainname/b.test+abc123/vpcesource/"
         "v",
         "/tags/"
         "arn%3Aaws%3Aapigateway%3Ar%3A0%3A%2Fdomainnameaccessassociations%2Fdomainname%2Fb.test"
         "%2Babc123%2Fvpcesource%2Fv"},
        {FG_DOCUMENT_CLIENT_CERTIFICATE, "cert01", ARN("%2Fclientcertificates%2Fcert01")},
        {FG_DOCUMENT_VPC_LINK, "link01", ARN("%2Fvpclinks%2Flink01")},
    };
    walk_t walk;
    walk_tags(&walk);
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_error_t error;
        fg_document_t row = {.kind = rows[i].kind,
                             .api_id = FG_STR(""),
                             .id = fg_str(rows[i].id),
                             .json = FG_STR("{\"name\":\"n\"}")};
        assert_int_equal(fg_store_begin(walk.store, &error), FG_OK);
        assert_int_equal(fg_store_document_put(walk.store, &row, &error), FG_OK);
        assert_int_equal(fg_store_commit(walk.store, &error), FG_OK);
        assert_int_equal(walk_call(&walk, "PUT", rows[i].arn, TAGS("{\"a\":\"1\"}")).status, 204);
        assert_int_equal(fg_store_document_get(walk.store, row.kind, row.api_id, row.id, walk.arena,
                                               &row, &error),
                         FG_OK);
        assert_true(fg_str_is(row.json, "{\"name\":\"n\",\"tags\":{\"a\":\"1\"}}"));
    }
    walk_end(&walk);
}

static void what_is_not_there_is_told(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"an API", "GET", ARN("%2Frestapis%2Fnope"), NULL, 404, NO_API("nope"), NULL},
        {"a stage", "PUT", API "%2Fstages%2Fnope", TAGS("{\"a\":\"1\"}"), 404,
         MISSING("Invalid stage identifier specified"), NULL},
        {"a key", "GET", ARN("%2Fapikeys%2Fnope"), NULL, 404,
         MISSING("Invalid API Key identifier specified"), NULL},
        {"a plan", "DELETE", ARN("%2Fusageplans%2Fnope?tagKeys=a"), NULL, 404,
         MISSING("Invalid Usage Plan ID specified"), NULL},
        {"a domain", "GET", ARN("%2Fdomainnames%2Fnope"), NULL, 404,
         MISSING("Invalid domain name identifier specified"), NULL},
        {"a certificate", "GET", ARN("%2Fclientcertificates%2Fnope"), NULL, 404,
         MISSING("Invalid Client Certificate identifier specified"), NULL},
        {"a link", "GET", ARN("%2Fvpclinks%2Fnope"), NULL, 404,
         MISSING("Invalid Vpc Link identifier specified"), NULL},
    };
    RUN(steps);
}

static void an_arn_is_read(void **state)
{
    (void)state;
#define REFUSED(says, arn, text)                                                                   \
    {                                                                                              \
        says, "GET", "/tags/" arn, NULL, 400, BAD("Invalid resource ARN specified: " text), NULL   \
    }
    static const step_t steps[] = {
        {"Rule TG2: of whatever region, partition and account.", "GET",
         "/tags/arn%3Aaws-cn%3Aapigateway%3Acn-north-1%3A123456789012%3A%2Frestapis%2F$A", NULL,
         200, TAGS("{}"), NULL},
        REFUSED("no ARN", "nonsense", "nonsense"),
        REFUSED("of another service", "arn%3Aaws%3Alambda%3Ar%3A%3A%2Frestapis%2F$A",
                "arn:aws:lambda:r::/restapis/$A"),
        REFUSED("cut off", "arn%3Aaws%3Aapigateway%3Ar", "arn:aws:apigateway:r"),
        REFUSED("nothing in it", "arn%3Aaws%3Aapigateway%3Ar%3A%3A", "arn:aws:apigateway:r::"),
        REFUSED("no slash", "arn%3Aaws%3Aapigateway%3Ar%3A%3Arestapis%2F$A",
                "arn:aws:apigateway:r::restapis/$A"),
        REFUSED("what takes no tags",
                "arn%3Aaws%3Aapigateway%3Ar%3A%3A%2Frestapis%2F$A%2Fresources%2F$R",
                "arn:aws:apigateway:r::/restapis/$A/resources/$R"),
        REFUSED("a collection", "arn%3Aaws%3Aapigateway%3Ar%3A%3A%2Frestapis",
                "arn:aws:apigateway:r::/restapis"),
    };
    RUN(steps);
}

static void tags_are_checked(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"Rule C7: a reserved name", "PUT", API, TAGS("{\"aws:x\":\"1\"}"), 400,
         BAD("Invalid tag key: 1 to 128 characters, not starting with aws:"), NULL},
        {"a letter that is none", "PUT", API, TAGS("{\"a&b\":\"1\"}"), 400,
         BAD("Invalid tag a&b: letters, digits, spaces and + - = . _ : / @ only"), NULL},
        {"no value", "PUT", API, TAGS("{\"a\":null}"), 400,
         "{\"@type\":\"SerializationException\"}", NULL},
        {"no tags", "PUT", API, "{}", 400,
         INVALID("1 validation error detected: Value null at 'tagResourceInput.tags' failed to "
                 "satisfy constraint: Member must not be null"),
         NULL},
        {"no keys", "DELETE", API, NULL, 400,
         INVALID("1 validation error detected: Value null at 'tagKeys' failed to satisfy "
                 "constraint: Member must not be null"),
         NULL},
        {"an API is made with tags of the same rule", "POST", "/restapis",
         "{\"name\":\"x\",\"tags\":{\"aws:x\":\"1\"}}", 400,
         BAD("Invalid tag key: 1 to 128 characters, not starting with aws:"), NULL},
        {"and a stage.", "POST", "/restapis/$A/stages",
         "{\"stageName\":\"x\",\"deploymentId\":\"$D\",\"tags\":{\"aws:x\":\"1\"}}", 400,
         BAD("Deployment id does not exist"), NULL},
        {"a deployment", "POST", "/restapis/$A/deployments", "{}", 201, "{\"id\":\"<any>\"}",
         "D=id"},
        {"and a stage.", "POST", "/restapis/$A/stages",
         "{\"stageName\":\"x\",\"deploymentId\":\"$D\",\"tags\":{\"aws:x\":\"1\"}}", 400,
         BAD("Invalid tag key: 1 to 128 characters, not starting with aws:"), NULL},
    };
    RUN(steps);
}

/* Rule TG3: 50 in all, whatever is given at once. */
static void fifty_are_enough(void **state)
{
    (void)state;
    walk_t walk;
    walk_tags(&walk);
    for (int i = 1; i <= FG_TAGS_MAX + 1; i++) {
        char body[64];
        snprintf(body, sizeof(body), TAGS("{\"t%d\":\"1\"}"), i);
        assert_int_equal(walk_call(&walk, "PUT", ARN("%2Fusageplans%2F$U"), body).status,
                         i <= FG_TAGS_MAX ? 204 : 400);
    }
    assert_int_equal(
        walk_call(&walk, "PUT", ARN("%2Fusageplans%2F$U"), TAGS("{\"t50\":\"2\"}")).status, 204);
    walk_end(&walk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_noun_takes_tags),     cmocka_unit_test(other_documents_take_tags),
        cmocka_unit_test(what_is_not_there_is_told), cmocka_unit_test(an_arn_is_read),
        cmocka_unit_test(tags_are_checked),          cmocka_unit_test(fifty_are_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
