#include "control/api_support.h"

#define ALL    "/domainnameaccessassociations"
#define REJECT "/rejectdomainnameaccessassociations"
#define LOST   MISSING("Invalid domain name access association identifier specified")
#define BODY(arn, source)                                                                          \
    "{\"domainNameArn\":\"" arn "\",\"accessAssociationSourceType\":\"VPCE\","                     \
    "\"accessAssociationSource\":\"" source "\"}"
#define ARN                                                                                        \
    "arn:aws:apigateway:us-east-1:" ACCOUNT                                                        \
    ":/domainnameaccessassociations/domainname/in.example.com/vpcesource/vpce-1"
#define LABEL                                                                                      \
    "arn%3Aaws%3Aapigateway%3Aus-east-1%3A" ACCOUNT                                                \
    "%3A%2Fdomainnameaccessassociations%2Fdomainname%2Fin.example.com%2Fvpcesource%2Fvpce-1"

static void run(const step_t *steps, size_t count)
{
    static const step_t first[] = {
        {"a private domain name", "POST", "/domainnames",
         "{\"domainName\":\"in.example.com\",\"endpointConfiguration\":{\"types\":[\"PRIVATE\"]}}",
         201, "{\"domainNameArn\":\"<any>\"}", "D=domainNameArn"},
        {"a public one", "POST", "/domainnames", "{\"domainName\":\"api.example.com\"}", 201,
         "{\"domainNameArn\":\"<any>\"}", "E=domainNameArn"},
    };
    walk_t walk;
    walk_begin(&walk);
    walk_steps(&walk, first, FG_COUNT_OF(first));
    walk_steps(&walk, steps, count);
    walk_end(&walk);
}
#define RUN(steps) run(steps, FG_COUNT_OF(steps))

/* Rules DN9, DN10 */
static void test_life(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"One with tags.", "POST", ALL,
         "{\"domainNameArn\":\"$D\",\"accessAssociationSourceType\":\"VPCE\","
         "\"accessAssociationSource\":\"vpce-1\",\"tags\":{\"k\":\"v\"}}",
         201,
         "{\"domainNameAccessAssociationArn\":\"" ARN "\",\"domainNameArn\":\"$D\","
         "\"accessAssociationSourceType\":\"VPCE\",\"accessAssociationSource\":\"vpce-1\",\"tags\":"
         "{"
         "\"k\":\"v\"}}",
         NULL},
        {"a second for the two", "POST", ALL, BODY("$D", "vpce-1"), 409,
         CONFLICT("The domain name access association already exists"), NULL},
        {"Another endpoint.", "POST", ALL, BODY("$D", "vpce-2"), 201,
         "{\"accessAssociationSource\":\"vpce-2\",\"tags\":\"<absent>\"}", NULL},
        {"the list", "GET", ALL, NULL, 200,
         "{\"item\":[{\"accessAssociationSource\":\"vpce-1\",\"tags\":{\"k\":\"v\"}},"
         "{\"accessAssociationSource\":\"vpce-2\"}]}",
         NULL},
        {"by page", "GET", ALL "?limit=1&resourceOwner=SELF", NULL, 200,
         "{\"item\":[{\"accessAssociationSource\":\"vpce-1\"}],\"position\":\"<any>\"}",
         "P=position"},
        {"the next", "GET", ALL "?limit=1&position=$P", NULL, 200,
         "{\"item\":[{\"accessAssociationSource\":\"vpce-2\"}],\"position\":\"<absent>\"}", NULL},
        {"of others", "GET", ALL "?resourceOwner=OTHER_ACCOUNTS", NULL, 200, "{\"item\":[]}", NULL},
        {"It goes.", "DELETE", ALL "/" LABEL, NULL, 202, NULL, NULL},
        {"delete", "DELETE", ALL "/" LABEL, NULL, 404, LOST, NULL},
        {"The domain name takes the other along.", "DELETE", "/domainnames/in.example.com", NULL,
         202, NULL, NULL},
        {"the list", "GET", ALL, NULL, 200, "{\"item\":[]}", NULL},
    };
    RUN(steps);
}

/* Rule DN10 */
static void test_refused(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"nothing", "POST", ALL, "{}", 400, "{\"@type\":\"ValidationException\"}", NULL},
        {"another type", "POST", ALL,
         "{\"domainNameArn\":\"$D\",\"accessAssociationSourceType\":\"VPC\","
         "\"accessAssociationSource\":\"vpce-1\"}",
         400,
         INVALID("1 validation error detected: Value 'VPC' at "
                 "'createDomainNameAccessAssociationInput.accessAssociationSourceType' failed to "
                 "satisfy constraint: Member must satisfy enum value set: [VPCE]"),
         NULL},
        {"no endpoint", "POST", ALL, BODY("$D", "vpc-1"), 400,
         BAD("Invalid VPC endpoint id specified: vpc-1"), NULL},
        {"an endpoint of none", "POST", ALL, BODY("$D", "vpce-"), 400,
         BAD("Invalid VPC endpoint id specified: vpce-"), NULL},
        {"a public domain name", "POST", ALL, BODY("$E", "vpce-1"), 400,
         BAD("Only PRIVATE domain names have access associations"), NULL},
        {"an unknown one", "POST", ALL, BODY("$Ex", "vpce-1"), 404,
         MISSING("Invalid domain name identifier specified"), NULL},
        {"another id", "POST", ALL, BODY("$Dx", "vpce-1"), 404,
         MISSING("Invalid domain name identifier specified"), NULL},
        {"no id", "POST", ALL,
         BODY("arn:aws:apigateway:us-east-1:" ACCOUNT ":/domainnames/in.example.com", "vpce-1"),
         404, MISSING("Invalid domain name identifier specified"), NULL},
        {"no ARN", "POST", ALL, BODY("in.example.com", "vpce-1"), 404,
         MISSING("Invalid domain name identifier specified"), NULL},
    };
    RUN(steps);
}

/* Rule DN11 */
static void test_reject(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"one", "POST", ALL, BODY("$D", "vpce-1"), 201,
         "{\"domainNameAccessAssociationArn\":\"<any>\"}", "A=domainNameAccessAssociationArn"},
        {"not named", "POST", REJECT, NULL, 404, LOST, NULL},
        {"of another domain name", "POST",
         REJECT "?domainNameAccessAssociationArn=$A&domainNameArn=$E", NULL, 404, LOST, NULL},
        {"rejected", "POST", REJECT "?domainNameAccessAssociationArn=$A&domainNameArn=$D", NULL,
         202, NULL, NULL},
        {"It is gone.", "GET", ALL, NULL, 200, "{\"item\":[]}", NULL},
    };
    RUN(steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_reject),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
