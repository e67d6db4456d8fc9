/*
 * every - one good request of each operation, in an order that works, against a real store.
 *
 * Shape      `every_rows` builds an installation row by row and takes it down again. A target or a body may hold
 *            $name$, what an earlier row kept of its answer. The rows feed the fuzzer of the handlers and the test
 *            that fails each store call and each allocation in turn; that test also sees to it that no operation of
 *            the table is missing here.
 */
#ifndef FG_TESTS_CONTROL_EVERY_H
#define FG_TESTS_CONTROL_EVERY_H

#include "control/control.h"
#include "control/operation.h"
#include "control/pem.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct every_row {
    const char *verb, *target, *body; /* NULL: no body */
    int status;
    const char *keep; /* "name=member"; "name=member.0" of a list; NULL: nothing */
} every_row_t;

#define EVERY_PATCH(op, path, value)                                                               \
    "{\"patchOperations\":[{\"op\":\"" op "\",\"path\":\"" path "\",\"value\":\"" value "\"}]}"
#define EVERY_API    "/restapis/$api$"
#define EVERY_METHOD EVERY_API "/resources/$pets$/methods/GET"
#define EVERY_DOCUMENT                                                                             \
    "{"                                                                                            \
    "\"openapi\":\"3.0.1\",\"info\":{\"title\":\"i\",\"version\":\"1\"},\"pat"                     \
    "hs\":{\"/i\":{\"get\":{\"security\":[{\"k\":[]}],\"x-amazon-apigateway-i"                     \
    "ntegration\":{\"type\":\"mock\",\"responses\":{\"default\":{\"statusCode"                     \
    "\":\"200\"}}},\"responses\":{\"200\":{\"description\":\"d\"}}}}},\"compo"                     \
    "nents\":{\"securitySchemes\":{\"k\":{\"type\":\"apiKey\",\"name\":\"x-ap"                     \
    "i-key\",\"in\":\"header\"}},\"schemas\":{\"M\":{\"type\":\"object\"}}}"                       \
    "}"
#define EVERY_KEPT_MAX 64

typedef struct every {
    char dir[64];
    fg_store_t *store;
    fg_control_t control;
    fg_arena_t *arena;
    fg_now_t now;
    uint64_t seed;
    struct {
        char name[16], value[160];
    } kept[EVERY_KEPT_MAX];
    size_t kept_count;
    const char *token; /* X-Amz-Client-Token of what is sent; NULL: none */
    fg_response_t response;
} every_t;

static const every_row_t every_rows[] = {
    /* keys and plans */
    {"POST", "/apikeys",
     "{\"name\":\"a\",\"description\":\"d\",\"enabled\":true,\"value\":\"first-value-0123456789\","
     "\"customerId\":\"acme\",\"tags\":{\"k\":\"v\"}}",
     201, "key=id"},
    {"POST", "/apikeys", "{\"name\":\"b\",\"generateDistinctId\":true}", 201, "other=id"},
    {"GET", "/apikeys/$key$?includeValue=true", NULL, 200, NULL},
    {"POST", "/apikeys?mode=import&format=csv&failonwarnings=false",
     "Name,Key,Description,Enabled,UsagePlanIds,x\nc,third-value-of-a-file-0123456789,\"a "
     "\"\"b\"\"\",FALSE,'nosuch'\nd,fourth-value-of-a-file-0123456789\n",
     201, NULL},
    {"POST", "/faregate/imports/file/check?offset=0&bytes=9&rows=0&plans=nosuch",
     "name,key\ne,fifth-value-of-a-file-0123456789\nf,short\n", 200, NULL},
    {"POST", "/faregate/imports/file?offset=0&bytes=9&report=all&plans=nosuch",
     "name,key\ne,fifth-value-of-a-file-0123456789\nf,third-value-of-a-file-0123456789\n", 200,
     NULL},
    {"GET", "/faregate/imports/file", NULL, 200, NULL},
    {"GET", "/apikeys?limit=1&includeValues=true", NULL, 200, "position=position"},
    {"GET", "/apikeys?limit=1&position=$position$&name=a&customerId=acme", NULL, 200, NULL},
    {"PATCH", "/apikeys/$key$",
     "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/name\",\"value\":\"n\"},"
     "{\"op\":\"replace\",\"path\":\"/faregate/expiresAt\",\"value\":\"1900000000\"},"
     "{\"op\":\"replace\",\"path\":\"/enabled\",\"value\":\"true\"}]}",
     200, NULL},

    /* an API, from its root to a stage */
    {"POST", "/restapis",
     "{\"name\":\"pets\",\"description\":\"d\",\"binaryMediaTypes\":[\"image/png\"],"
     "\"minimumCompressionSize\":10,\"endpointConfiguration\":{\"types\":[\"REGIONAL\"]},"
     "\"policy\":\"{\\\"Version\\\":\\\"2012-10-17\\\",\\\"Statement\\\":[]}\",\"tags\":{\"k\":"
     "\"v\"}}",
     201, "api=id"},
    {"GET", EVERY_API, NULL, 200, "root=rootResourceId"},
    {"GET", "/restapis?limit=1", NULL, 200, NULL},
    {"PATCH", EVERY_API,
     "{\"patchOperations\":[{\"op\":\"add\",\"path\":\"/binaryMediaTypes/image~1gif\"},"
     "{\"op\":\"replace\",\"path\":\"/minimumCompressionSize\",\"value\":\"20\"},"
     "{\"op\":\"replace\",\"path\":\"/name\",\"value\":\"pets2\"}]}",
     200, NULL},
    {"POST", EVERY_API "/resources/$root$", "{\"pathPart\":\"pets\"}", 201, "pets=id"},
    {"POST", EVERY_API "/resources/$pets$", "{\"pathPart\":\"{id}\"}", 201, "one=id"},
    {"GET", EVERY_API "/resources/$pets$?embed=methods", NULL, 200, NULL},
    {"GET", EVERY_API "/resources?embed=methods&limit=2", NULL, 200, NULL},
    {"PATCH", EVERY_API "/resources/$one$", EVERY_PATCH("replace", "/pathPart", "{petId}"), 200,
     NULL},
    {"PUT", EVERY_METHOD,
     "{\"authorizationType\":\"NONE\",\"apiKeyRequired\":true,\"operationName\":\"o\","
     "\"requestParameters\":{\"method.request.querystring.q\":true,\"method.request.header.h\":"
     "false}}",
     201, NULL},
    {"GET", EVERY_METHOD, NULL, 200, NULL},
    {"PATCH", EVERY_METHOD,
     "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/apiKeyRequired\",\"value\":\"true\"},"
     "{\"op\":\"add\",\"path\":\"/requestParameters/"
     "method.request.header.x\",\"value\":\"false\"}]}",
     200, NULL},
    {"PUT", EVERY_METHOD "/responses/200",
     "{\"responseParameters\":{\"method.response.header.a\":true},"
     "\"responseModels\":{\"application/json\":\"Empty\"}}",
     201, NULL},
    {"GET", EVERY_METHOD "/responses/200", NULL, 200, NULL},
    {"PATCH", EVERY_METHOD "/responses/200",
     EVERY_PATCH("add", "/responseParameters/method.response.header.b", "false"), 201, NULL},
    {"PUT", EVERY_METHOD "/integration",
     "{\"type\":\"MOCK\",\"requestTemplates\":{\"application/json\":\"{\\\"statusCode\\\":200}\"},"
     "\"cacheKeyParameters\":[\"method.request.querystring.q\"],\"passthroughBehavior\":\"NEVER\"}",
     201, NULL},
    {"GET", EVERY_METHOD "/integration", NULL, 200, NULL},
    {"PATCH", EVERY_METHOD "/integration",
     "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/timeoutInMillis\",\"value\":\"3000\"},"
     "{\"op\":\"add\",\"path\":\"/requestTemplates/text~1plain\",\"value\":\"{}\"}]}",
     200, NULL},
    {"PUT", EVERY_METHOD "/integration/responses/200",
     "{\"selectionPattern\":\"\",\"responseParameters\":{\"method.response.header.a\":\"'x'\"},"
     "\"responseTemplates\":{\"application/json\":\"{}\"}}",
     201, NULL},
    {"GET", EVERY_METHOD "/integration/responses/200", NULL, 200, NULL},
    {"PATCH", EVERY_METHOD "/integration/responses/200",
     EVERY_PATCH("replace", "/selectionPattern", "2.."), 200, NULL},
    {"PUT", EVERY_API "/resources/$one$/methods/ANY", "{\"authorizationType\":\"NONE\"}", 201,
     NULL},
    {"PUT", EVERY_API "/resources/$one$/methods/ANY/integration",
     "{\"type\":\"HTTP_PROXY\",\"httpMethod\":\"ANY\",\"uri\":\"http://${stageVariables.h}/"
     "{petId}\","
     "\"requestParameters\":{\"integration.request.header.k\":\"'v'\"},"
     "\"tlsConfig\":{\"insecureSkipVerification\":true}}",
     201, NULL},
    {"POST", EVERY_API "/models",
     "{\"name\":\"Pets\",\"contentType\":\"application/json\",\"description\":\"d\","
     "\"schema\":\"{\\\"items\\\":{\\\"$ref\\\":\\\"https://apigateway.amazonaws.com/restapis/"
     "$api$/models/Error\\\"}}\"}",
     201, NULL},
    {"GET", EVERY_API "/models/Pets?flatten=true", NULL, 200, NULL},
    {"GET", EVERY_API "/models/Pets/default_template", NULL, 200, NULL},
    {"GET", EVERY_API "/models?limit=1", NULL, 200, NULL},
    {"PATCH", EVERY_API "/models/Pets", EVERY_PATCH("replace", "/description", "e"), 200, NULL},
    {"POST", EVERY_API "/requestvalidators", "{\"name\":\"v\",\"validateRequestBody\":true}", 201,
     "validator=id"},
    {"GET", EVERY_API "/requestvalidators/$validator$", NULL, 200, NULL},
    {"GET", EVERY_API "/requestvalidators?limit=1", NULL, 200, NULL},
    {"PATCH", EVERY_API "/requestvalidators/$validator$",
     EVERY_PATCH("replace", "/validateRequestParameters", "true"), 200, NULL},
    {"PUT", EVERY_API "/gatewayresponses/DEFAULT_4XX",
     "{\"statusCode\":\"418\",\"responseParameters\":{\"gatewayresponse.header.a\":\"'x'\"},"
     "\"responseTemplates\":{\"text/plain\":\"pot\"}}",
     201, NULL},
    {"GET", EVERY_API "/gatewayresponses/THROTTLED", NULL, 200, NULL},
    {"PATCH", EVERY_API "/gatewayresponses/THROTTLED",
     EVERY_PATCH("add", "/responseParameters/gatewayresponse.header.b", "context.requestId"), 200,
     NULL},
    {"GET", EVERY_API "/gatewayresponses?limit=3", NULL, 200, NULL},
    {"POST", EVERY_API "/deployments",
     "{\"stageName\":\"prod\",\"description\":\"d\",\"variables\":{\"h\":\"localhost\"}}", 201,
     "deployment=id"},
    {"POST", EVERY_API "/deployments", "{\"description\":\"second\"}", 201, "second=id"},
    {"GET", EVERY_API "/deployments/$deployment$?embed=apisummary", NULL, 200, NULL},
    {"GET", EVERY_API "/deployments", NULL, 200, NULL},
    {"PATCH", EVERY_API "/deployments/$deployment$", EVERY_PATCH("replace", "/description", "x"),
     200, NULL},
    {"POST", EVERY_API "/stages",
     "{\"stageName\":\"test\",\"deploymentId\":\"$second$\",\"variables\":{\"a\":\"b\"},"
     "\"canarySettings\":{\"percentTraffic\":10.5,\"deploymentId\":\"$deployment$\","
     "\"stageVariableOverrides\":{\"a\":\"c\"}},\"tags\":{\"k\":\"v\"}}",
     201, NULL},
    {"GET", EVERY_API "/stages/test", NULL, 200, NULL},
    {"GET", EVERY_API "/stages?deploymentId=$second$", NULL, 200, NULL},
    {"PATCH", EVERY_API "/stages/prod",
     "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/*/*/throttling/"
     "rateLimit\",\"value\":\"5\"},"
     "{\"op\":\"replace\",\"path\":\"/~1pets/GET/throttling/burstLimit\",\"value\":\"7\"},"
     "{\"op\":\"replace\",\"path\":\"/variables/h\",\"value\":\"localhost:1\"},"
     "{\"op\":\"replace\",\"path\":\"/canarySettings/percentTraffic\",\"value\":\"1.5\"}]}",
     200, NULL},
    {"GET", "/faregate" EVERY_API "/stages/prod/deployment", NULL, 200, NULL},
    {"GET", "/faregate" EVERY_API "/definition?type=swagger", NULL, 200, NULL},
    {"POST", "/restapis?mode=import&basepath=ignore", EVERY_DOCUMENT, 201, "imported=id"},
    {"PUT", "/restapis/$imported$?mode=merge", EVERY_DOCUMENT, 200, NULL},
    {"PUT", "/restapis/$imported$?mode=overwrite&failonwarnings=true", EVERY_DOCUMENT, 200, NULL},
    {"DELETE", "/restapis/$imported$", NULL, 202, NULL},
    {"GET", EVERY_API "/stages/prod/exports/oas30?extensions=apigateway", NULL, 200, NULL},

    /* documentation */
    {"POST", EVERY_API "/documentation/parts",
     "{\"location\":{\"type\":\"METHOD\",\"path\":\"/pets\",\"method\":\"GET\"},"
     "\"properties\":\"{\\\"description\\\":\\\"d\\\"}\"}",
     201, "part=id"},
    {"GET", EVERY_API "/documentation/parts/$part$", NULL, 200, NULL},
    {"GET", EVERY_API "/documentation/parts?type=METHOD&path=/pets&limit=1", NULL, 200, NULL},
    {"GET", EVERY_API "/documentation/parts?locationStatus=UNDOCUMENTED", NULL, 200, NULL},
    {"PATCH", EVERY_API "/documentation/parts/$part$", EVERY_PATCH("replace", "/properties", "{}"),
     200, NULL},
    {"PUT", EVERY_API "/documentation/parts?mode=merge",
     "{\"openapi\":\"3.0.1\",\"x-amazon-apigateway-documentation\":{\"version\":\"1\","
     "\"documentationParts\":[{"
     "\"location\":{\"type\":\"API\"},\"properties\":{\"info\":{}}}]}}",
     200, NULL},
    {"POST", EVERY_API "/documentation/versions",
     "{\"documentationVersion\":\"1\",\"stageName\":\"prod\",\"description\":\"d\"}", 201, NULL},
    {"GET", EVERY_API "/documentation/versions/1", NULL, 200, NULL},
    {"GET", EVERY_API "/documentation/versions", NULL, 200, NULL},
    {"PATCH", EVERY_API "/documentation/versions/1", EVERY_PATCH("replace", "/description", "x"),
     200, NULL},

    /* client certificates */
    {"POST", "/clientcertificates", "{\"description\":\"d\",\"tags\":{\"k\":\"v\"}}", 201,
     "certificate=clientCertificateId"},
    {"GET", "/clientcertificates/$certificate$", NULL, 200, NULL},
    {"GET", "/clientcertificates?limit=1", NULL, 200, NULL},
    {"PATCH", "/clientcertificates/$certificate$", EVERY_PATCH("replace", "/description", "x"), 200,
     NULL},
    {"PATCH", EVERY_API "/stages/test",
     EVERY_PATCH("replace", "/clientCertificateId", "$certificate$"), 200, NULL},
    {"DELETE", "/clientcertificates/$certificate$", NULL, 400, NULL},

    /* authorizers */
    {"POST", EVERY_API "/authorizers",
     "{\"name\":\"t\",\"type\":\"TOKEN\",\"authorizerUri\":\"arn:aws:apigateway:us-east-1:lambda:"
     "path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations\","
     "\"identitySource\":\"method.request.header.Auth\",\"identityValidationExpression\":\"x.*\"}",
     201, "authorizer=id"},
    {"GET", EVERY_API "/authorizers/$authorizer$", NULL, 200, NULL},
    {"GET", EVERY_API "/authorizers?limit=1", NULL, 200, NULL},
    {"POST", EVERY_API "/authorizers/$authorizer$",
     "{\"headers\":{\"Auth\":\"xyz\"},\"pathWithQueryString\":\"/pets?q=1\"}", 200, NULL},
    {"POST", EVERY_METHOD,
     "{\"headers\":{\"h\":\"v\"},\"multiValueHeaders\":{\"m\":[\"1\",\"2\"]},\"body\":\"b\","
     "\"pathWithQueryString\":\"/pets?q=1&r=%20\",\"stageVariables\":{\"a\":\"b\"}}",
     200, NULL},
    {"PATCH", EVERY_API "/authorizers/$authorizer$",
     EVERY_PATCH("replace", "/authorizerResultTtlInSeconds", "60"), 200, NULL},

    /* VPC links */
    {"POST", "/vpclinks",
     "{\"name\":\"n\",\"description\":\"d\",\"targetArns\":[\"arn:aws:x:::lb\"],\"tags\":{\"k\":"
     "\"v\"}}",
     202, "link=id"},
    {"GET", "/vpclinks/$link$", NULL, 200, NULL},
    {"GET", "/vpclinks?limit=1", NULL, 200, NULL},
    {"PATCH", "/vpclinks/$link$", EVERY_PATCH("replace", "/name", "x"), 200, NULL},
    {"PATCH", EVERY_API "/resources/$one$/methods/ANY/integration",
     "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/"
     "connectionType\",\"value\":\"VPC_LINK\"},"
     "{\"op\":\"replace\",\"path\":\"/connectionId\",\"value\":\"$link$\"}]}",
     200, NULL},
    {"DELETE", "/vpclinks/$link$", NULL, 400, NULL},

    /* domain names */
    {"POST", "/domainnames",
     "{\"domainName\":\"Api.example.com\",\"regionalCertificateArn\":\"arn:c\","
     "\"endpointConfiguration\":{"
     "\"types\":[\"REGIONAL\"]},\"mutualTlsAuthentication\":{\"truststoreUri\":\"s3://b/"
     "k\"},\"tags\":{"
     "\"k\":\"v\"}}",
     201, NULL},
    {"POST", "/domainnames",
     "{\"domainName\":\"in.example.com\",\"endpointConfiguration\":{\"types\":[\"PRIVATE\"]},"
     "\"policy\":\"{}\"}",
     201, "domain=domainNameArn"},
    {"POST", "/domainnames",
     "{\"domainName\":\"up.example.com\",\"certificateBody\":\"" PEM_CERTIFICATE
     "\",\"certificatePrivateKey\":\"" PEM_PRIVATE_KEY "\"}",
     201, NULL},
    {"PATCH", "/domainnames/up.example.com",
     EVERY_PATCH("replace", "/certificateChain", PEM_CERTIFICATE), 200, NULL},
    {"PATCH", "/domainnames/up.example.com", EVERY_PATCH("replace", "/certificateArn", "arn:c"),
     200, NULL},
    {"GET", "/domainnames/api.example.com", NULL, 200, NULL},
    {"GET", "/domainnames?limit=1", NULL, 200, NULL},
    {"PATCH", "/domainnames/api.example.com",
     "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/mutualTlsAuthentication/"
     "truststoreUri\","
     "\"value\":\"\"},"
     "{\"op\":\"replace\",\"path\":\"/endpointConfiguration/types/REGIONAL\",\"value\":\"EDGE\"}]}",
     200, NULL},
    {"POST", "/domainnames/api.example.com/basepathmappings",
     "{\"basePath\":\"v1\",\"restApiId\":\"$api$\",\"stage\":\"prod\"}", 201, NULL},
    {"GET", "/domainnames/api.example.com/basepathmappings/v1", NULL, 200, NULL},
    {"GET", "/domainnames/api.example.com/basepathmappings?limit=1", NULL, 200, NULL},
    {"PATCH", "/domainnames/api.example.com/basepathmappings/v1",
     EVERY_PATCH("replace", "/basePath", ""), 200, NULL},
    {"DELETE", EVERY_API, NULL, 400, NULL},
    {"POST", "/domainnameaccessassociations",
     "{\"domainNameArn\":\"$domain$\",\"accessAssociationSourceType\":\"VPCE\","
     "\"accessAssociationSource\":\"vpce-1\",\"tags\":{\"k\":\"v\"}}",
     201, "access=domainNameAccessAssociationArn"},
    {"POST", "/domainnameaccessassociations",
     "{\"domainNameArn\":\"$domain$\",\"accessAssociationSourceType\":\"VPCE\","
     "\"accessAssociationSource\":\"vpce-2\"}",
     201, NULL},
    {"GET", "/domainnameaccessassociations", NULL, 200, NULL},
    {"POST",
     "/rejectdomainnameaccessassociations?domainNameAccessAssociationArn=$access$&domainNameArn=$"
     "domain$",
     NULL, 202, NULL},
    {"DELETE",
     "/domainnameaccessassociations/"
     "arn%3Aaws%3Aapigateway%3Aus-east-1%3A000000000000%3A%2Fdomainnameaccessassociations%2F"
     "domainname%2Fin.example.com%2Fvpcesource%2Fvpce-2",
     NULL, 202, NULL},

    /* plans */
    {"POST", "/usageplans",
     "{\"name\":\"gold\",\"description\":\"d\",\"throttle\":{\"rateLimit\":10.5,\"burstLimit\":20},"
     "\"quota\":{\"limit\":100,\"offset\":1,\"period\":\"WEEK\"},\"apiStages\":[{\"apiId\":\"$api$"
     "\","
     "\"stage\":\"prod\",\"throttle\":{\"/pets/GET\":{\"rateLimit\":1,\"burstLimit\":2}}}],"
     "\"tags\":{\"k\":\"v\"}}",
     201, "plan=id"},
    {"GET", "/usageplans/$plan$", NULL, 200, NULL},
    {"GET", "/usageplans?limit=1", NULL, 200, NULL},
    {"PATCH", "/usageplans/$plan$",
     "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/quota/limit\",\"value\":\"200\"},"
     "{\"op\":\"add\",\"path\":\"/apiStages\",\"value\":\"$api$:test\"},"
     "{\"op\":\"replace\",\"path\":\"/apiStages/$api$:prod/throttle/pets/GET/"
     "rateLimit\",\"value\":\"3\"},"
     "{\"op\":\"replace\",\"path\":\"/faregate/alertThresholds\",\"value\":\"[50,90]\"}]}",
     200, NULL},
    {"POST", "/usageplans/$plan$/keys", "{\"keyId\":\"$key$\",\"keyType\":\"API_KEY\"}", 201, NULL},
    {"GET", "/usageplans/$plan$/keys/$key$", NULL, 200, NULL},
    {"GET", "/usageplans/$plan$/keys?name=n&limit=1", NULL, 200, NULL},
    {"GET", "/usageplans/$plan$/usage?startDate=2026-11-24&endDate=2026-11-25&keyId=$key$", NULL,
     200, NULL},
    {"PATCH", "/usageplans/$plan$/keys/$key$/usage", EVERY_PATCH("replace", "/remaining", "5"), 200,
     NULL},
    {"GET", "/sdktypes?limit=2", NULL, 200, NULL},
    {"GET", "/sdktypes/java", NULL, 200, NULL},
    {"DELETE", EVERY_API "/stages/prod/cache/data", NULL, 202, NULL},
    {"DELETE", EVERY_API "/stages/prod/cache/authorizers", NULL, 202, NULL},
    {"GET", "/account", NULL, 200, NULL},
    {"PATCH", "/account",
     EVERY_PATCH("replace", "/cloudwatchRoleArn", "arn:aws:iam::000000000000:role/r"), 200, NULL},

    {"PUT", "/tags/arn%3Aaws%3Aapigateway%3Ar%3A%3A%2Frestapis%2F$api$",
     "{\"tags\":{\"a\":\"1\",\"b\":\"2\"}}", 204, NULL},
    {"GET", "/tags/arn%3Aaws%3Aapigateway%3Ar%3A%3A%2Fusageplans%2F$plan$", NULL, 200, NULL},
    {"DELETE", "/tags/arn%3Aaws%3Aapigateway%3Ar%3A%3A%2Fapikeys%2F$key$?tagKeys=k&tagKeys=x", NULL,
     204, NULL},

    /* what is ours */
    {"GET", "/faregate/usageplans/$plan$/usage?step=hour&from=1795500000&to=1795589100", NULL, 200,
     NULL},
    {"GET", "/faregate/refusals?restApiId=$api$&step=day&from=1795500000&to=1795589100", NULL, 200,
     NULL},
    {"POST", "/faregate/whatif",
     "{\"usagePlanId\":\"$plan$\",\"from\":1795500000,\"to\":1795589100,\"throttle\":{"
     "\"rateLimit\":1,"
     "\"burstLimit\":1},\"quota\":{\"limit\":5,\"period\":\"DAY\"}}",
     200, NULL},
    {"POST", "/faregate/exports", "{\"usagePlanId\":\"$plan$\",\"period\":\"2026-11-09\"}", 200,
     NULL},
    {"GET", "/faregate/exports?usagePlanId=$plan$", NULL, 200, NULL},
    {"GET", "/faregate/exports/publickey", NULL, 200, NULL},
    {"GET", "/faregate/alerts?state=pending", NULL, 200, NULL},
    {"POST", "/faregate/alerts/test", "{\"url\":\"http://localhost:1/\"}", 202, NULL},
    {"GET", "/faregate/alerts/webhook", NULL, 404, NULL},
    {"POST", "/faregate/credentials", "{\"role\":\"portal\",\"name\":\"shop\"}", 201,
     "credential=accessKeyId"},
    {"POST", "/faregate/credentials", "{\"role\":\"admin\"}", 201, NULL},
    {"GET", "/faregate/credentials?limit=1", NULL, 200, NULL},
    {"DELETE", "/faregate/credentials/$credential$", NULL, 202, NULL},
    {"GET", "/faregate/audit?subject=/usageplans/$plan$&limit=5", NULL, 200, NULL},

    /* the way down */
    {"DELETE", "/usageplans/$plan$/keys/$key$", NULL, 202, NULL},
    {"PATCH", EVERY_API "/stages/prod", EVERY_PATCH("replace", "/documentationVersion", ""), 200,
     NULL},
    {"DELETE", EVERY_API "/documentation/versions/1", NULL, 202, NULL},
    {"DELETE", EVERY_API "/documentation/parts/$part$", NULL, 202, NULL},
    {"PATCH", "/usageplans/$plan$",
     "{\"patchOperations\":[{\"op\":\"remove\",\"path\":\"/apiStages\",\"value\":\"$api$:prod\"},"
     "{\"op\":\"remove\",\"path\":\"/apiStages\",\"value\":\"$api$:test\"}]}",
     200, NULL},
    {"DELETE", "/usageplans/$plan$", NULL, 202, NULL},
    {"DELETE", EVERY_METHOD "/integration/responses/200", NULL, 204, NULL},
    {"DELETE", EVERY_METHOD "/integration", NULL, 204, NULL},
    {"DELETE", EVERY_METHOD "/responses/200", NULL, 204, NULL},
    {"DELETE", EVERY_METHOD, NULL, 204, NULL},
    {"DELETE", EVERY_API "/gatewayresponses/THROTTLED", NULL, 202, NULL},
    {"DELETE", EVERY_API "/models/Pets", NULL, 202, NULL},
    {"DELETE", EVERY_API "/requestvalidators/$validator$", NULL, 202, NULL},
    {"DELETE", EVERY_API "/resources/$one$", NULL, 202, NULL},
    {"DELETE", "/domainnames/api.example.com/basepathmappings/(none)", NULL, 202, NULL},
    {"DELETE", "/domainnames/api.example.com", NULL, 202, NULL},
    {"DELETE", EVERY_API "/stages/test", NULL, 202, NULL},
    {"DELETE", "/clientcertificates/$certificate$", NULL, 202, NULL},
    {"DELETE", "/vpclinks/$link$", NULL, 202, NULL},
    {"DELETE", EVERY_API "/authorizers/$authorizer$", NULL, 202, NULL},
    {"DELETE", EVERY_API "/deployments/$second$", NULL, 202, NULL},
    {"DELETE", EVERY_API, NULL, 202, NULL},
    {"DELETE", "/apikeys/$key$", NULL, 202, NULL},
};

/* ---- the store ---- */

static inline bool every_open(every_t *every)
{
    fg_error_t error = {0};
    fg_store_options_t options = {.data_dir = every->dir, .random = fg_random_seeded(&every->seed)};
    if (fg_store_open(&options, &every->store, &error) != FG_OK) {
        (void)fprintf(stderr, "store: %s\n", error.message);
        return false;
    }
    every->control.store = every->store;
    return true;
}

/* On tmpfs: no test waits for a disk. */
static inline bool every_init(every_t *every)
{
    memset(every, 0, sizeof(*every));
    every->seed = 42;
    every->now.wall.s = 1795589100; /* 2026-11-25T06:45:00Z */
    every->arena = fg_arena_new();
    every->control = (fg_control_t){.settings = {.region = "us-east-1",
                                                 .account_id = "000000000000",
                                                 .quota_exceeded_status = 403,
                                                 .is_unsigned_allowed = true},
                                    .random = fg_random_seeded(&every->seed)};
    (void)snprintf(every->dir, sizeof(every->dir), "/dev/shm/fg-every-XXXXXX");
    return every->arena && mkdtemp(every->dir) && every_open(every);
}

static inline int every_unlink(const char *path, const struct stat *stat, int kind,
                               struct FTW *walk)
{
    (void)stat, (void)kind, (void)walk;
    return remove(path);
}

static inline void every_done(every_t *every)
{
    fg_store_close(every->store);
    fg_arena_free(every->arena);
    (void)nftw(every->dir, every_unlink, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- calls ---- */

static inline const char *every_kept(const every_t *every, fg_str_t name)
{
    for (size_t i = 0; i < every->kept_count; i++)
        if (fg_str_is(name, every->kept[i].name))
            return every->kept[i].value;
    return "nothing";
}

/* `text` with each $name$ filled in, in the arena. */
static inline fg_str_t every_fill(const every_t *every, fg_arena_t *arena, const char *text)
{
    fg_str_t out = FG_STR(""), rest = text ? fg_str(text) : FG_STR("");
    while (rest.len) {
        fg_str_t plain = fg_str_of(rest.at, fg_str_find(rest, '$'));
        rest = fg_str_of(rest.at + plain.len, rest.len - plain.len);
        fg_str_t name = FG_STR_NONE;
        size_t letters = 1;
        while (letters < rest.len && rest.at[letters] >= 'a' && rest.at[letters] <= 'z')
            letters++;
        if (letters < rest.len && rest.at[letters] == '$') {
            name = fg_str_of(rest.at + 1, letters - 1);
            rest = fg_str_of(rest.at + letters + 1, rest.len - letters - 1);
        } else if (rest.len) {
            plain.len++;
            rest = fg_str_of(rest.at + 1, rest.len - 1);
        }
        out = fg_arena_printf(arena, "%.*s%.*s%s", FG_STR_ARG(out), FG_STR_ARG(plain),
                              name.at ? every_kept(every, name) : "");
    }
    return out;
}

/* Keep "name=member" of the answer. */
static inline void every_keep(every_t *every, const char *keep)
{
    fg_error_t error;
    fg_str_t path = fg_str(keep), name = fg_str_cut(&path, '=');
    FG_JSON_SCOPED *answer = fg_json_parse(every->response.body, &error);
    const json_t *value = answer;
    for (fg_str_t part; value && path.at;) {
        int64_t index;
        part = fg_str_cut(&path, '.');
        char member[32];
        (void)snprintf(member, sizeof(member), "%.*s", FG_STR_ARG(part));
        value = fg_str_to_i64(part, &index) ? json_array_get(value, (size_t)index)
                                            : json_object_get(value, member);
    }
    if (!json_is_string(value) || every->kept_count == EVERY_KEPT_MAX)
        return;
    (void)snprintf(every->kept[every->kept_count].name, sizeof(every->kept[0].name), "%.*s",
                   FG_STR_ARG(name));
    (void)snprintf(every->kept[every->kept_count].value, sizeof(every->kept[0].value), "%s",
                   json_string_value(value));
    every->kept_count++;
}

/* The answer lives in `arena`. */
static inline void every_send(every_t *every, fg_arena_t *arena, const char *verb, fg_str_t target,
                              fg_str_t body)
{
    const fg_pair_t headers[] = {
        {FG_STR("X-Amz-Client-Token"), every->token ? fg_str(every->token) : FG_STR_NONE}};
    fg_request_t request = {.verb = fg_str(verb),
                            .target = target,
                            .body = body,
                            .headers = headers,
                            .header_count = every->token ? 1 : 0};
    fg_control_handle(&every->control, &request, every->now, arena, &every->response);
}

/* One row; true when it answered as the row says. */
static inline bool every_call(every_t *every, const every_row_t *row)
{
    fg_arena_reset(every->arena);
    every_send(every, every->arena, row->verb, every_fill(every, every->arena, row->target),
               every_fill(every, every->arena, row->body));
    if (every->response.status == row->status) {
        if (row->keep)
            every_keep(every, row->keep);
        return true;
    }
    (void)fprintf(stderr, "%s %s: %d instead of %d: %.*s (%s)\n", row->verb, row->target,
                  every->response.status, row->status, FG_STR_ARG(every->response.body),
                  every->response.error.message);
    return false;
}

#endif
