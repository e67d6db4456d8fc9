#include "control/api_support.h"

#define ALL      "/domainnames"
#define LOST     MISSING("Invalid domain name identifier specified")
#define NAME     "\"domainName\":\"api.example.com\""
#define OF(type) "\"endpointConfiguration\":{\"types\":[\"" type "\"]}"
#define L63      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L61      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* Rules DN2, DN3 */
static void test_life(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"Edge-optimised is the default; the name becomes lower case.", "POST", ALL,
         "{\"domainName\":\"Api.Example.COM\",\"certificateArn\":\"arn:aws:acm:us-east-1:0:"
         "certificate/c\"}",
         201,
         "{\"domainName\":\"api.example.com\",\"certificateArn\":\"arn:aws:acm:us-east-1:0:"
         "certificate/"
         "c\",\"certificateUploadDate\":1700000000,\"distributionDomainName\":\"<any>\","
         "\"distributionHostedZoneId\":\"Z2FDTNDATAQYW2\",\"regionalDomainName\":\"<absent>\","
         "\"domainNameStatus\":\"AVAILABLE\",\"securityPolicy\":\"TLS_1_2\",\"routingMode\":"
         "\"BASE_PATH_MAPPING_ONLY\",\"endpointConfiguration\":{\"types\":[\"EDGE\"],"
         "\"ipAddressType\":\"ipv4\"},\"domainNameArn\":\"arn:aws:apigateway:us-east-1::/"
         "domainnames/api.example.com\",\"domainNameId\":\"<absent>\",\"tags\":\"<absent>\"}",
         "D=distributionDomainName"},
        {"It is found in any case, and its address stays.", "GET", ALL "/API.example.com", NULL,
         200, "{\"domainName\":\"api.example.com\",\"distributionDomainName\":\"$D\",\"tags\":{}}",
         NULL},
        {"It is there once.", "POST", ALL, "{\"domainName\":\"API.EXAMPLE.COM\"}", 400,
         BAD("The domain name you provided already exists."), NULL},
        {"A regional one with tags.", "POST", ALL,
         "{\"domainName\":\"*.example.com\",\"regionalCertificateArn\":\"arn:c\"," OF(
             "REGIONAL") ",\"tags\":{\"k\":\"v\"},\"securityPolicy\":\"TLS_1_0\","
                         "\"regionalCertificateName\":\"n\"}",
         201,
         "{\"domainName\":\"*.example.com\",\"regionalDomainName\":\"<any>\","
         "\"regionalHostedZoneId\":\"Z1UJRXOUMOOFQ8\",\"distributionDomainName\":\"<absent>\","
         "\"regionalCertificateArn\":\"arn:c\",\"regionalCertificateName\":\"n\","
         "\"certificateUploadDate\":\"<absent>\",\"securityPolicy\":\"TLS_1_0\",\"tags\":{\"k\":"
         "\"v\"}}",
         "R=regionalDomainName"},
        {"A private one.", "POST", ALL,
         "{\"domainName\":\"in.example.com\"," OF("PRIVATE") ",\"policy\":\"{}\"}", 201,
         "{\"domainNameId\":\"<any>\",\"policy\":\"{}\",\"regionalDomainName\":\"<absent>\","
         "\"distributionDomainName\":\"<absent>\",\"endpointConfiguration\":{\"ipAddressType\":"
         "\"dualstack\"}}",
         "I=domainNameId"},
        {"Its ARN has the account and the id.", "GET", ALL "/in.example.com?domainNameId=$I", NULL,
         200,
         "{\"domainNameArn\":\"arn:aws:apigateway:us-east-1:" ACCOUNT
         ":/domainnames/in.example.com+$I\"}",
         NULL},
        {"another's id", "GET", ALL "/api.example.com?domainNameId=$I", NULL, 404, LOST, NULL},
        {"the list", "GET", ALL, NULL, 200,
         "{\"item\":[{\"domainName\":\"api.example.com\",\"tags\":\"<absent>\"},{\"domainName\":"
         "\"*.example.com\",\"tags\":{\"k\":\"v\"}},{\"domainName\":\"in.example.com\"}]}",
         NULL},
        {"by page", "GET", ALL "?limit=2", NULL, 200,
         "{\"item\":[{\"domainName\":\"api.example.com\"},{\"domainName\":\"*.example.com\"}],"
         "\"position\":\"<any>\"}",
         "P=position"},
        {"the next", "GET", ALL "?limit=2&position=$P", NULL, 200,
         "{\"item\":[{\"domainName\":\"in.example.com\"}],\"position\":\"<absent>\"}", NULL},
        {"of this account", "GET", ALL "?resourceOwner=SELF&limit=1", NULL, 200,
         "{\"item\":[{\"domainName\":\"api.example.com\"}]}", NULL},
        {"of others", "GET", ALL "?resourceOwner=OTHER_ACCOUNTS", NULL, 200, "{\"item\":[]}", NULL},
        {"of whom?", "GET", ALL "?resourceOwner=x", NULL, 400,
         INVALID("1 validation error detected: Value 'x' at 'resourceOwner' failed to satisfy "
                 "constraint: Member must satisfy enum value set: [OTHER_ACCOUNTS, SELF]"),
         NULL},
        {"It goes.", "DELETE", ALL "/Api.example.com", NULL, 202, NULL, NULL},
        {"get", "GET", ALL "/api.example.com", NULL, 404, LOST, NULL},
        {"update", "PATCH", ALL "/api.example.com", PATCH_ONE("replace", "/policy", ""), 404, LOST,
         NULL},
        {"delete", "DELETE", ALL "/api.example.com", NULL, 404, LOST, NULL},
    };
    WALK(steps);
}

/* Rule DN1 */
static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int status;
    } rows[] = {
        {"localhost", 201},
        {"a.b", 201},
        {"xn--bcher-kva.ch", 201},
        {"1.example.com", 201},
        {"*.b", 201},
        {L63 ".com", 201},
        {L63 "." L63 "." L63 "." L61, 201}, /* 253 bytes */
        {L63 "." L63 "." L63 "." L61 "a", 400},
        {L63 "a.com", 400},
        {"a..b", 400},
        {".a", 400},
        {"a.", 400},
        {"-a.b", 400},
        {"a-.b", 400},
        {"a_b.c", 400},
        {"a b", 400},
        {"*", 400},
        {"*.", 400},
        {"a.*.b", 400},
        {"*a.b", 400},
        {"a/b", 400},
        {"b\xc3\xbc.ch", 400},
    };
    walk_t walk;
    walk_begin(&walk);
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_str_t body = fg_arena_printf(walk.arena, "{\"domainName\":\"%s\"}", rows[i].name);
        fg_str_t told = fg_arena_printf(
            walk.arena, "{\"message\":\"Invalid domain name specified: %s\"}", rows[i].name);
        fg_response_t response = walk_call(&walk, "POST", ALL, body.at);
        if (response.status != rows[i].status)
            fail_msg("%s: %d", rows[i].name, response.status);
        if (rows[i].status == 400)
            assert_true(fg_str_eq(response.body, told));
    }
    walk_step(&walk, &(step_t){"no name", "POST", ALL, "{\"domainName\":\"\"}", 400,
                               BAD("No Domain Name specified"), NULL});
    walk_end(&walk);
}

/* Rules DN4, DN5 */
static void test_refused(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"nothing", "POST", ALL, "{}", 400,
         INVALID("1 validation error detected: Value null at 'createDomainNameInput.domainName' "
                 "failed to satisfy constraint: Member must not be null"),
         NULL},
        {"a security policy", "POST", ALL, "{" NAME ",\"securityPolicy\":\"TLS_1_1\"}", 400,
         INVALID("1 validation error detected: Value 'TLS_1_1' at "
                 "'createDomainNameInput.securityPolicy' failed to satisfy constraint: Member must "
                 "satisfy enum value set: [TLS_1_0, TLS_1_2]"),
         NULL},
        {"a type", "POST", ALL, "{" NAME "," OF("GLOBAL") "}", 400,
         "{\"@type\":\"ValidationException\"}", NULL},
        {"a routing mode", "POST", ALL, "{" NAME ",\"routingMode\":\"x\"}", 400,
         "{\"@type\":\"ValidationException\"}", NULL},
        {"an edge certificate", "POST", ALL,
         "{" NAME ",\"certificateArn\":\"arn:c\"," OF("REGIONAL") "}", 400,
         BAD("Cannot import certificates for EDGE while REGIONAL is active."), NULL},
        {"by name", "POST", ALL, "{" NAME ",\"certificateName\":\"c\"," OF("REGIONAL") "}", 400,
         BAD("Cannot import certificates for EDGE while REGIONAL is active."), NULL},
        {"a regional certificate", "POST", ALL, "{" NAME ",\"regionalCertificateArn\":\"arn:c\"}",
         400, BAD("Cannot import certificates for REGIONAL while EDGE is active."), NULL},
        {"for a private name", "POST", ALL,
         "{" NAME ",\"regionalCertificateArn\":\"arn:c\"," OF("PRIVATE") "}", 400,
         BAD("Cannot import certificates for REGIONAL while PRIVATE is active."), NULL},
        {"mutual TLS with 1.0", "POST", ALL,
         "{" NAME "," OF("REGIONAL") ",\"securityPolicy\":\"TLS_1_0\",\"mutualTlsAuthentication\":{"
                                     "\"truststoreUri\":\"s3://b/k\"}}",
         400, BAD("Mutual TLS authentication is only supported with TLS 1.2."), NULL},
        {"of an edge", "POST", ALL,
         "{" NAME ",\"mutualTlsAuthentication\":{\"truststoreUri\":\"s3://b/k\"}}", 400,
         BAD("Mutual TLS authentication is only supported for REGIONAL domain names."), NULL},
        {"from somewhere", "POST", ALL,
         "{" NAME "," OF("REGIONAL") ",\"mutualTlsAuthentication\":{\"truststoreUri\":\"http://b\"}"
                                     "}",
         400, BAD("Invalid truststore URI: http://b"), NULL},
        {"with a number", "POST", ALL,
         "{" NAME "," OF("REGIONAL") ",\"mutualTlsAuthentication\":{\"truststoreUri\":1}}", 400,
         "{\"@type\":\"SerializationException\"}", NULL},
        {"a policy", "POST", ALL, "{" NAME ",\"policy\":\"{}\"}", 400,
         BAD("A policy is only supported for PRIVATE domain names."), NULL},
        {"a bad policy", "POST", ALL, "{" NAME ",\"policy\":\"x\"," OF("PRIVATE") "}", 400,
         BAD("Invalid policy document. Please check the policy syntax and ensure that Principals "
             "are valid."),
         NULL},
        {"a bad tag", "POST", ALL, "{" NAME ",\"tags\":{\"aws:x\":\"v\"}}", 400,
         BAD("Invalid tag key: 1 to 128 characters, not starting with aws:"), NULL},
        {"Nothing came of it.", "GET", ALL, NULL, 200, "{\"item\":[]}", NULL},
        {"What says nothing is as absent.", "POST", ALL,
         "{" NAME ",\"certificateArn\":\"\",\"policy\":\"\",\"mutualTlsAuthentication\":{}}", 201,
         "{\"certificateArn\":\"<absent>\",\"policy\":\"<absent>\",\"mutualTlsAuthentication\":"
         "\"<absent>\",\"certificateUploadDate\":\"<absent>\"}",
         NULL},
    };
    WALK(steps);
}

#define ONE ALL "/api.example.com"

/* Rule DN8 */
static void test_update(void **state)
{
    (void)state;
    static const step_t steps[] = {
        {"a regional one", "POST", ALL, "{" NAME "," OF("REGIONAL") "}", 201,
         "{\"regionalDomainName\":\"<any>\"}", "R=regionalDomainName"},
        {"Its settings are replaced.", "PATCH", ONE,
         "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/regionalCertificateArn\",\"value\":"
         "\"arn:c\"},{\"op\":\"replace\",\"path\":\"/regionalCertificateName\",\"value\":\"n\"},"
         "{\"op\":\"replace\",\"path\":\"/mutualTlsAuthentication/truststoreUri\",\"value\":"
         "\"s3://b/k\"},{\"op\":\"replace\",\"path\":\"/mutualTlsAuthentication/"
         "truststoreVersion\",\"value\":\"2\"},{\"op\":\"replace\",\"path\":"
         "\"/"
         "ownershipVerificationCertificateArn\",\"value\":\"arn:o\"},{\"op\":\"replace\",\"path\":"
         "\"/routingMode\",\"value\":\"ROUTING_RULE_ONLY\"},{\"op\":\"replace\",\"path\":"
         "\"/endpointAccessMode\",\"value\":\"STRICT\"},{\"op\":\"replace\",\"path\":"
         "\"/endpointConfiguration/ipAddressType\",\"value\":\"dualstack\"},{\"op\":\"replace\","
         "\"path\":\"/securityPolicy\",\"value\":\"SecurityPolicy_TLS13_1_3_2025_09\"}]}",
         200,
         "{\"regionalCertificateArn\":\"arn:c\",\"regionalCertificateName\":\"n\","
         "\"mutualTlsAuthentication\":{\"truststoreUri\":\"s3://b/k\",\"truststoreVersion\":\"2\"},"
         "\"ownershipVerificationCertificateArn\":\"arn:o\",\"routingMode\":\"ROUTING_RULE_ONLY\","
         "\"endpointAccessMode\":\"STRICT\",\"endpointConfiguration\":{\"ipAddressType\":"
         "\"dualstack\"},\"securityPolicy\":\"SecurityPolicy_TLS13_1_3_2025_09\","
         "\"regionalDomainName\":\"$R\",\"tags\":{}}",
         NULL},
        {"Mutual TLS forbids the old protocol.", "PATCH", ONE,
         PATCH_ONE("replace", "/securityPolicy", "TLS_1_0"), 400,
         BAD("Mutual TLS authentication is only supported with TLS 1.2."), NULL},
        {"It goes with its URI.", "PATCH", ONE,
         PATCH_ONE("replace", "/mutualTlsAuthentication/truststoreUri", ""), 200,
         "{\"mutualTlsAuthentication\":\"<absent>\"}", NULL},
        {"It becomes an edge.", "PATCH", ONE,
         "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/endpointConfiguration/types/"
         "REGIONAL\",\"value\":\"EDGE\"},{\"op\":\"replace\",\"path\":\"/"
         "certificateArn\",\"value\":"
         "\"arn:e\"}]}",
         200,
         "{\"endpointConfiguration\":{\"types\":[\"EDGE\"]},\"distributionDomainName\":\"<any>\","
         "\"regionalDomainName\":\"<absent>\",\"certificateArn\":\"arn:e\","
         "\"regionalCertificateArn\":\"arn:c\",\"certificateUploadDate\":1700000000}",
         NULL},
        {"which has no regional certificate", "PATCH", ONE,
         PATCH_ONE("replace", "/regionalCertificateArn", "arn:d"), 400,
         BAD("Cannot import certificates for REGIONAL while EDGE is active."), NULL},
        {"It becomes private.", "PATCH", ONE,
         "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/endpointConfiguration/types/0\","
         "\"value\":\"PRIVATE\"},{\"op\":\"replace\",\"path\":\"/managementPolicy\",\"value\":"
         "\"{}\"}]}",
         200,
         "{\"domainNameId\":\"<any>\",\"managementPolicy\":\"{}\",\"distributionDomainName\":"
         "\"<absent>\"}",
         NULL},
        {"another policy", "PATCH", ONE, PATCH_ONE("replace", "/securityPolicy", "x"), 400,
         BAD("Invalid SecurityPolicy specified. Valid options are TLS_1_0,TLS_1_2"), NULL},
        {"another mode", "PATCH", ONE, PATCH_ONE("replace", "/endpointAccessMode", "x"), 400,
         BAD("Invalid endpointAccessMode specified. Valid options are BASIC, STRICT"), NULL},
        {"another path", "PATCH", ONE, PATCH_ONE("replace", "/domainName", "x"), 400,
         BAD("Invalid patch path /domainName"), NULL},
        {"another operation", "PATCH", ONE, PATCH_ONE("add", "/policy", "x"), 400,
         BAD("Invalid patch operation specified. Must be one of: [replace]"), NULL},
        {"a second type", "PATCH", ONE,
         PATCH_ONE("add", "/endpointConfiguration/types/-", "REGIONAL"), 400,
         BAD("Invalid patch operation specified. Must be 'add'|'remove'|'replace'"), NULL},
    };
    WALK(steps);
}

/* Rule DN12: the last that fits, and one more. */
static void test_room(void **state)
{
    (void)state;
    walk_t walk;
    walk_begin(&walk);
    walk_fill_kind(&walk, FG_DOCUMENT_DOMAIN_NAME, "", FG_DOMAIN_NAMES_MAX - 1);
    static const step_t steps[] = {
        {"the last", "POST", ALL, "{" NAME "}", 201, "{\"domainName\":\"<any>\"}", NULL},
        {"one more", "POST", ALL, "{\"domainName\":\"b.example.com\"}", 429,
         "{\"@type\":\"LimitExceededException\",\"message\":\"Maximum number of domain names "
         "reached: 1000\"}",
         NULL},
    };
    walk_steps(&walk, steps, FG_COUNT_OF(steps));
    walk_end(&walk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),   cmocka_unit_test(test_names), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_update), cmocka_unit_test(test_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
