"""What Terraform's AWS provider does with aws_api_gateway_*: create, read, plan without difference, update, delete."""

import dataclasses
import json

import pytest

import harness
from rows import LOG_ARN, filled
from terraform import Provider, Resource, live, plan_without_difference

ROLE = "arn:aws:iam::000000000000:role/r"
CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/%d"
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/n/1"
LAMBDA = ("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
          "arn:aws:lambda:us-east-1:000000000000:function:%s/invocations")
MANAGED = "Managed by Terraform"
TAGS = {"k": "v"}

API = ((("CreateRestApi", {"name": "tf"}), {"A": "id", "R": "rootResourceId"}),)
RESOURCE = API + ((("CreateResource", "{A}", "{R}", {"pathPart": "pets"}), {"P": "id"}),)
METHOD = RESOURCE + ((("PutMethod", "{A}", "{P}", "GET", {
    "authorizationType": "NONE", "apiKeyRequired": False,
    "requestParameters": {"method.request.querystring.q": False}}), {}),)
MOCK = METHOD + ((("PutIntegration", "{A}", "{P}", "GET", {"type": "MOCK"}), {}),)
RESPONSE = MOCK + ((("PutMethodResponse", "{A}", "{P}", "GET", "200",
                     {"responseParameters": {"method.response.header.X": True}}), {}),)
DEPLOYED = MOCK + ((("CreateDeployment", "{A}", {"description": ""}), {"D": "id"}),)
STAGED = DEPLOYED + ((("CreateStage", "{A}", {"stageName": "prod", "deploymentId": "{D}"}), {}),)
KEY = ((("CreateApiKey", {"name": "k", "enabled": True}), {"K": "id", "V": "value"}),)
PLAN = ((("CreateUsagePlan", {"name": "p"}), {"U": "id"}),)
DOMAIN = ((("CreateDomainName", {"domainName": "tf-paths.example.com", "regionalCertificateArn": CERTIFICATE % 1,
                                 "endpointConfiguration": {"types": ["REGIONAL"]}}), {}),)
WHERE = ("{A}", "{P}", "GET")

KEYS = [
    Resource(
        "api_key", ("CreateApiKey", {"name": "tf", "description": MANAGED, "enabled": True, "value": "", "tags": TAGS}),
        ("GetApiKey", "{K}", "?includeValue=true"), ("DeleteApiKey", "{K}"), kept={"K": "id", "V": "value"},
        attributes={"name": "tf", "description": MANAGED, "enabled": True, "value": "{V}", "customerId": "", "tags": TAGS},
        computed=("stageKeys",), arn="arn:aws:apigateway:us-east-1::/apikeys/{K}", update=("UpdateApiKey", "{K}"),
        updates=(([("replace", "/enabled", "false"), ("replace", "/description", "d"), ("replace", "/customerId", "c")],
                  {"enabled": False, "description": "d", "customerId": "c"}),)),
    Resource(
        "usage_plan", ("CreateUsagePlan", {
            "name": "tf", "description": "d", "apiStages": [{"apiId": "{A}", "stage": "prod"}], "tags": TAGS,
            "quota": {"limit": 20, "offset": 2, "period": "WEEK"}, "throttle": {"burstLimit": 5, "rateLimit": 10.0}}),
        ("GetUsagePlan", "{U}"), ("DeleteUsagePlan", "{U}"), kept={"U": "id"}, given=STAGED,
        attributes={"name": "tf", "description": "d", "apiStages": [{"apiId": "{A}", "stage": "prod"}], "tags": TAGS,
                    "productCode": "", "quota": {"limit": 20, "offset": 2, "period": "WEEK"},
                    "throttle": {"burstLimit": 5, "rateLimit": 10.0}},
        arn="arn:aws:apigateway:us-east-1::/usageplans/{U}", update=("UpdateUsagePlan", "{U}"),
        updates=(
            ([("add", "/productCode", "MYCODE")], {"productCode": "MYCODE"}),
            ([("replace", "/name", "n"), ("replace", "/description", ""), ("remove", "/throttle"), ("remove", "/quota")],
             {"name": "n", "description": "", "throttle": {}, "quota": {}}),
            ([("replace", "/quota/limit", "30"), ("replace", "/quota/offset", "0"), ("replace", "/quota/period", "DAY"),
              ("replace", "/throttle/rateLimit", "1.500000"), ("replace", "/throttle/burstLimit", "1")],
             {"quota": {"limit": 30, "offset": 0, "period": "DAY"}, "throttle": {"burstLimit": 1, "rateLimit": 1.5}}),
            ([("remove", "/apiStages", "{A}:prod"), ("add", "/apiStages", "{A}:prod"),
              ("replace", "/apiStages/{A}:prod/throttle//pets/GET/rateLimit", "2.000000"),
              ("replace", "/apiStages/{A}:prod/throttle//pets/GET/burstLimit", "3")],
             {"apiStages": [{"apiId": "{A}", "stage": "prod",
                             "throttle": {"/pets/GET": {"rateLimit": 2.0, "burstLimit": 3}}}]}),
            ([("remove", "/apiStages", "{A}:prod")], {"apiStages": []}))),
    Resource(
        "usage_plan_key", ("CreateUsagePlanKey", "{U}", {"keyId": "{K}", "keyType": "API_KEY"}),
        ("GetUsagePlanKey", "{U}", "{K}"), ("DeleteUsagePlanKey", "{U}", "{K}"), given=KEY + PLAN,
        attributes={"type": "API_KEY", "name": "k", "value": "{V}"}),
]

APIS = [
    Resource(
        "rest_api", ("CreateRestApi", {
            "name": "tf", "description": MANAGED, "apiKeySource": "HEADER", "binaryMediaTypes": ["b/b", "a/a"],
            "disableExecuteApiEndpoint": False, "minimumCompressionSize": 10, "tags": TAGS,
            "endpointConfiguration": {"types": ["REGIONAL"]}}),
        ("GetRestApi", "{A}"), ("DeleteRestApi", "{A}"), kept={"A": "id"}, computed=("rootResourceId",),
        attributes={"name": "tf", "description": MANAGED, "apiKeySource": "HEADER", "binaryMediaTypes": ["b/b", "a/a"],
                    "disableExecuteApiEndpoint": False, "minimumCompressionSize": 10, "tags": TAGS, "policy": "",
                    "endpointConfiguration": {"types": ["REGIONAL"], "ipAddressType": "ipv4"}},
        arn="arn:aws:apigateway:us-east-1::/restapis/{A}", update=("UpdateRestApi", "{A}"),
        updates=(
            ([("replace", "/name", "tf2"), ("replace", "/description", ""), ("replace", "/apiKeySource", "AUTHORIZER"),
              ("replace", "/disableExecuteApiEndpoint", "true"), ("replace", "/minimumCompressionSize", ""),
              ("remove", "/binaryMediaTypes/b~1b"), ("remove", "/binaryMediaTypes/a~1a"),
              ("add", "/binaryMediaTypes/a~1a"), ("add", "/binaryMediaTypes/c~1c"),
              ("replace", "/endpointConfiguration/types/0", "EDGE")],
             {"name": "tf2", "description": "", "apiKeySource": "AUTHORIZER", "disableExecuteApiEndpoint": True,
              "minimumCompressionSize": 0, "binaryMediaTypes": ["a/a", "c/c"],
              "endpointConfiguration": {"types": ["EDGE"], "ipAddressType": "ipv4"}}),
            ([("replace", "/policy", '{"Statement": []}')], {"policy": '{\\"Statement\\": []}'}),
            ([("replace", "/policy", "")], {"policy": ""}))),
    Resource(
        "resource", ("CreateResource", "{A}", "{R}", {"pathPart": "pets"}), ("GetResource", "{A}", "{P}"),
        ("DeleteResource", "{A}", "{P}"), kept={"P": "id"}, update=("UpdateResource", "{A}", "{P}"),
        given=API + ((("CreateResource", "{A}", "{R}", {"pathPart": "v1"}), {"Q": "id"}),),
        attributes={"parentId": "{R}", "pathPart": "pets", "path": "/pets"},
        updates=(([("replace", "/pathPart", "cats"), ("replace", "/parentId", "{Q}")],
                  {"pathPart": "cats", "parentId": "{Q}", "path": "/v1/cats"}),)),
    Resource(
        "method", ("PutMethod", *WHERE, {"authorizationType": "NONE", "apiKeyRequired": True, "requestModels": {},
                                         "requestParameters": {"method.request.querystring.q": False}}),
        ("GetMethod", *WHERE), ("DeleteMethod", *WHERE), given=RESOURCE, update=("UpdateMethod", *WHERE),
        attributes={"httpMethod": "GET", "authorizationType": "NONE", "authorizerId": "", "apiKeyRequired": True,
                    "requestModels": {}, "requestParameters": {"method.request.querystring.q": False},
                    "operationName": "", "requestValidatorId": "", "authorizationScopes": []},
        updates=(
            ([("replace", "/apiKeyRequired", "false"), ("replace", "/authorizationType", "AWS_IAM"),
              ("replace", "/requestParameters/method.request.querystring.q", "true"),
              ("add", "/requestModels/application~1json", "Error"), ("replace", "/operationName", "List")],
             {"apiKeyRequired": False, "authorizationType": "AWS_IAM", "operationName": "List",
              "requestModels": {"application/json": "Error"}, "requestParameters": {"method.request.querystring.q": True}}),
            ([("remove", "/requestModels/application~1json"), ("replace", "/operationName", "")],
             {"requestModels": {}, "operationName": ""}))),
    Resource(
        "method_response", ("PutMethodResponse", *WHERE, "200", {
            "responseModels": {"application/json": "Error"}, "responseParameters": {"method.response.header.X": True}}),
        ("GetMethodResponse", *WHERE, "200"), ("DeleteMethodResponse", *WHERE, "200"), given=METHOD,
        update=("UpdateMethodResponse", *WHERE, "200"),
        attributes={"statusCode": "200", "responseModels": {"application/json": "Error"},
                    "responseParameters": {"method.response.header.X": True}},
        updates=(([("replace", "/responseParameters/method.response.header.X", "false"),
                   ("remove", "/responseModels/application~1json")],
                  {"responseModels": {}, "responseParameters": {"method.response.header.X": False}}),)),
    Resource(
        "integration", ("PutIntegration", *WHERE, {
            "type": "HTTP_PROXY", "httpMethod": "GET", "uri": "http://example.org/", "connectionType": "INTERNET",
            "timeoutInMillis": 29000, "requestTemplates": {"application/json": "", "text/plain": "t"},
            "requestParameters": {"integration.request.querystring.q": "method.request.querystring.q"}}),
        ("GetIntegration", *WHERE), ("DeleteIntegration", *WHERE), given=METHOD, update=("UpdateIntegration", *WHERE),
        attributes={"type": "HTTP_PROXY", "httpMethod": "GET", "uri": "http://example.org/", "connectionType": "INTERNET",
                    "connectionId": "", "credentials": "", "contentHandling": "",
                    "requestParameters": {"integration.request.querystring.q": "method.request.querystring.q"},
                    "timeoutInMillis": 29000, "passthroughBehavior": "WHEN_NO_MATCH", "cacheNamespace": "{P}",
                    "cacheKeyParameters": [], "requestTemplates": {"application/json": "", "text/plain": "t"}},
        updates=(([("replace", "/requestTemplates/application~1json", "t"), ("remove", "/requestTemplates/text~1plain"),
                   ("replace", "/cacheNamespace", "n"), ("replace", "/timeoutInMillis", "1000"),
                   ("replace", "/connectionType", "INTERNET"), ("replace", "/connectionId", ""),
                   ("replace", "/uri", "http://example.com/"), ("replace", "/passthroughBehavior", "NEVER"),
                   ("replace", "/contentHandling", "CONVERT_TO_TEXT"),
                   ("remove", "/requestParameters/integration.request.querystring.q"),
                   ("add", "/cacheKeyParameters/method.request.querystring.q", "")],
                  {"requestTemplates": {"application/json": "t"}, "cacheNamespace": "n", "timeoutInMillis": 1000,
                   "uri": "http://example.com/", "passthroughBehavior": "NEVER", "contentHandling": "CONVERT_TO_TEXT",
                   "requestParameters": {}, "cacheKeyParameters": ["method.request.querystring.q"]}),)),
    Resource(
        "integration_response", ("PutIntegrationResponse", *WHERE, "200", {
            "responseTemplates": {"application/json": "", "application/xml": "x"},
            "responseParameters": {"method.response.header.X": "'v'"}}),
        ("GetIntegrationResponse", *WHERE, "200"), ("DeleteIntegrationResponse", *WHERE, "200"), given=RESPONSE,
        update=("PutIntegrationResponse", *WHERE, "200"),  # the provider writes it anew
        attributes={"statusCode": "200", "selectionPattern": "", "contentHandling": "",
                    "responseTemplates": {"application/json": "", "application/xml": "x"},
                    "responseParameters": {"method.response.header.X": "'v'"}},
        updates=(({"selectionPattern": "4..", "responseTemplates": {"application/json": "y"}},
                  {"selectionPattern": "4..", "responseTemplates": {"application/json": "y"}, "responseParameters": {}}),)),
    Resource(
        "model", ("CreateModel", "{A}", {"name": "Pet", "contentType": "application/json", "description": "d",
                                         "schema": '{"type":"object"}'}),
        ("GetModel", "{A}", "Pet"), ("DeleteModel", "{A}", "Pet"), given=API, update=("UpdateModel", "{A}", "Pet"),
        attributes={"name": "Pet", "contentType": "application/json", "description": "d", "schema": '{"type":"object"}'},
        updates=(([("replace", "/description", "e"), ("replace", "/schema", '{"type":"array"}')],
                  {"description": "e", "schema": '{"type":"array"}'}),)),
    Resource(
        "request_validator", ("CreateRequestValidator", "{A}", {"name": "v", "validateRequestBody": False,
                                                                "validateRequestParameters": False}),
        ("GetRequestValidator", "{A}", "{V}"), ("DeleteRequestValidator", "{A}", "{V}"), kept={"V": "id"}, given=API,
        attributes={"name": "v", "validateRequestBody": False, "validateRequestParameters": False},
        update=("UpdateRequestValidator", "{A}", "{V}"),
        updates=(([("replace", "/name", "w"), ("replace", "/validateRequestBody", "true")],
                  {"name": "w", "validateRequestBody": True}),)),
    Resource(
        "gateway_response", ("PutGatewayResponse", "{A}", "UNAUTHORIZED", {
            "statusCode": "401", "responseTemplates": {"application/json": "{}"},
            "responseParameters": {"gatewayresponse.header.A": "'a'"}}),
        ("GetGatewayResponse", "{A}", "UNAUTHORIZED"), ("DeleteGatewayResponse", "{A}", "UNAUTHORIZED"), given=API,
        attributes={"responseType": "UNAUTHORIZED", "statusCode": "401", "responseTemplates": {"application/json": "{}"},
                    "responseParameters": {"gatewayresponse.header.A": "'a'"}, "defaultResponse": False},
        update=("PutGatewayResponse", "{A}", "UNAUTHORIZED"),
        updates=(({"statusCode": "477", "responseTemplates": {"application/json": "[]"}},
                  {"statusCode": "477", "responseTemplates": {"application/json": "[]"}, "responseParameters": {}}),)),
    Resource(
        "authorizer", ("CreateAuthorizer", "{A}", {
            "name": "z", "type": "TOKEN", "identitySource": "method.request.header.Authorization",
            "authorizerResultTtlInSeconds": 300, "authorizerUri": LAMBDA % "f", "authorizerCredentials": ROLE}),
        ("GetAuthorizer", "{A}", "{Z}"), ("DeleteAuthorizer", "{A}", "{Z}"), kept={"Z": "id"}, given=API,
        attributes={"name": "z", "type": "TOKEN", "identitySource": "method.request.header.Authorization",
                    "authorizerResultTtlInSeconds": 300, "authorizerUri": LAMBDA % "f", "authorizerCredentials": ROLE,
                    "identityValidationExpression": "", "providerARNs": []},
        computed=("authType",), update=("UpdateAuthorizer", "{A}", "{Z}"),
        updates=(([("replace", "/authorizerUri", LAMBDA % "g"), ("replace", "/name", "y"),
                   ("replace", "/authorizerResultTtlInSeconds", "360"), ("replace", "/identityValidationExpression", ".*")],
                  {"authorizerUri": LAMBDA % "g", "name": "y", "authorizerResultTtlInSeconds": 360,
                   "identityValidationExpression": ".*"}),)),
    Resource(
        "documentation_part", ("CreateDocumentationPart", "{A}", {
            "location": {"type": "METHOD", "method": "GET", "path": "/pets"}, "properties": '{"description":"d"}'}),
        ("GetDocumentationPart", "{A}", "{Z}"), ("DeleteDocumentationPart", "{A}", "{Z}"), kept={"Z": "id"}, given=API,
        attributes={"location": {"type": "METHOD", "method": "GET", "path": "/pets"},
                    "properties": '{"description":"d"}'},
        update=("UpdateDocumentationPart", "{A}", "{Z}"),
        updates=(([("replace", "/properties", '{"description":"e"}')], {"properties": '{"description":"e"}'}),)),
    Resource(
        "documentation_version", ("CreateDocumentationVersion", "{A}", {"documentationVersion": "v1", "description": "d"}),
        ("GetDocumentationVersion", "{A}", "v1"), ("DeleteDocumentationVersion", "{A}", "v1"),
        attributes={"version": "v1", "description": "d"}, update=("UpdateDocumentationVersion", "{A}", "v1"),
        given=API + ((("CreateDocumentationPart", "{A}", {"location": {"type": "API"}, "properties": "{}"}), {}),),
        updates=(([("replace", "/description", "e")], {"description": "e"}),)),
]
STAGE = {"stageName": "prod", "deploymentId": "{D}", "description": "", "documentationVersion": "",
         "clientCertificateId": "", "cacheClusterEnabled": False, "cacheClusterSize": "", "tracingEnabled": False, "variables": {}, "tags": TAGS,
         "canarySettings": {}, "accessLogSettings": {}, "webAclArn": "", "methodSettings": {}}
SETTINGS = {"cacheDataEncrypted": False, "cacheTtlInSeconds": 300, "cachingEnabled": False, "dataTraceEnabled": False,
            "requireAuthorizationForCacheControl": True,
            "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER"}

STAGES = [
    Resource(
        "deployment", ("CreateDeployment", "{A}", {"description": ""}), ("GetDeployment", "{A}", "{D}"),
        ("DeleteDeployment", "{A}", "{D}"), kept={"D": "id"}, given=MOCK, attributes={"description": ""},
        update=("UpdateDeployment", "{A}", "{D}"), updates=(([("replace", "/description", "d")], {"description": "d"}),)),
    Resource(
        "stage", ("CreateStage", "{A}", {"stageName": "prod", "deploymentId": "{D}", "tracingEnabled": False,
                                         "cacheClusterEnabled": False, "tags": TAGS}),
        ("GetStage", "{A}", "prod"), ("DeleteStage", "{A}", "prod"), given=DEPLOYED, attributes=STAGE,
        computed=("cacheClusterStatus",), arn="arn:aws:apigateway:us-east-1::/restapis/{A}/stages/prod",
        update=("UpdateStage", "{A}", "prod"),
        updates=(
            ([("replace", "/accessLogSettings/destinationArn", LOG_ARN),
              ("replace", "/accessLogSettings/format", "$context.requestId")],
             {"accessLogSettings": {"destinationArn": LOG_ARN, "format": "$context.requestId"}}),
            ([("remove", "/accessLogSettings"), ("replace", "/variables/a", "1"), ("replace", "/description", "d"),
              ("replace", "/deploymentId", "{D}"), ("replace", "/tracingEnabled", "true"),
              ("replace", "/documentationVersion", "1"), ("replace", "/canarySettings/percentTraffic", "33.330000"),
              ("replace", "/canarySettings/stageVariableOverrides/a", "2"),
              ("replace", "/canarySettings/useStageCache", "true")],
             {"accessLogSettings": {}, "variables": {"a": "1"}, "description": "d", "tracingEnabled": True,
              "documentationVersion": "1",
              "canarySettings": {"percentTraffic": 33.33, "deploymentId": "{D}", "useStageCache": True,
                                 "stageVariableOverrides": {"a": "2"}}}),
            ([("remove", "/canarySettings"), ("remove", "/variables/a"), ("replace", "/description", "")],
             {"canarySettings": {}, "variables": {}, "description": ""}))),
    Resource(
        "method_settings", ("UpdateStage", "{A}", "prod", {"patchOperations": [
            {"op": "replace", "path": "/path1/GET/metrics/enabled", "value": "true"},
            {"op": "replace", "path": "/path1/GET/logging/loglevel", "value": "INFO"},
            {"op": "replace", "path": "/path1/GET/throttling/burstLimit", "value": "-1"},
            {"op": "replace", "path": "/path1/GET/throttling/rateLimit", "value": "-1.000000"}]}),
        ("GetStage", "{A}", "prod"),
        ("UpdateStage", "{A}", "prod", {"patchOperations": [{"op": "remove", "path": "/path1/GET"}]}),
        attributes={**SETTINGS, "metricsEnabled": True, "loggingLevel": "INFO", "throttlingBurstLimit": -1,
                    "throttlingRateLimit": -1.0},
        given=STAGED,
        within="methodSettings path1/GET", gone="BadRequestException", update=("UpdateStage", "{A}", "prod"),
        updates=(([("replace", "/path1/GET/throttling/rateLimit", "100.000000"),
                   ("replace", "/path1/GET/throttling/burstLimit", "50"),
                   ("replace", "/path1/GET/caching/ttlInSeconds", "10"),
                   ("replace", "/path1/GET/logging/dataTrace", "true"),
                   ("replace", "/path1/GET/caching/unauthorizedCacheControlHeaderStrategy", "FAIL_WITH_403")],
                  {"throttlingRateLimit": 100.0, "throttlingBurstLimit": 50, "cacheTtlInSeconds": 10,
                   "dataTraceEnabled": True, "unauthorizedCacheControlHeaderStrategy": "FAIL_WITH_403"}),)),
]

DOMAINS = [
    Resource(
        "domain_name", ("CreateDomainName", {
            "domainName": "tf.example.com", "regionalCertificateArn": CERTIFICATE % 1, "securityPolicy": "TLS_1_2",
            "endpointConfiguration": {"types": ["REGIONAL"]}, "tags": TAGS}),
        ("GetDomainName", "tf.example.com"), ("DeleteDomainName", "tf.example.com"),
        attributes={"domainName": "tf.example.com", "regionalCertificateArn": CERTIFICATE % 1, "securityPolicy": "TLS_1_2",
                    "domainNameStatus": "AVAILABLE", "tags": TAGS, "certificateArn": "",
                    "endpointConfiguration": {"types": ["REGIONAL"], "ipAddressType": "ipv4"}},
        computed=("regionalDomainName", "regionalHostedZoneId", "domainNameArn", "domainNameId", "certificateUploadDate",
                  "routingMode"),
        arn="arn:aws:apigateway:us-east-1::/domainnames/tf.example.com", update=("UpdateDomainName", "tf.example.com"),
        updates=(([("replace", "/regionalCertificateArn", CERTIFICATE % 2), ("replace", "/securityPolicy", "TLS_1_0")],
                  {"regionalCertificateArn": CERTIFICATE % 2, "securityPolicy": "TLS_1_0"}),)),
    Resource(
        "base_path_mapping", ("CreateBasePathMapping", "tf-paths.example.com", {"restApiId": "{A}", "basePath": ""}),
        ("GetBasePathMapping", "tf-paths.example.com", "(none)"),
        ("DeleteBasePathMapping", "tf-paths.example.com", "(none)"),
        attributes={"basePath": "(none)", "restApiId": "{A}", "stage": ""},
        update=("UpdateBasePathMapping", "tf-paths.example.com", "(none)"),
        given=STAGED + DOMAIN,
        updates=(([("replace", "/stage", "prod"), ("replace", "/restapiId", "{A}")], {"stage": "prod"}),)),
    Resource(
        "client_certificate", ("GenerateClientCertificate", {"description": "d", "tags": TAGS}),
        ("GetClientCertificate", "{C}"), ("DeleteClientCertificate", "{C}"), kept={"C": "clientCertificateId"},
        attributes={"clientCertificateId": "{C}", "description": "d", "tags": TAGS},
        computed=("pemEncodedCertificate", "expirationDate"), arn="arn:aws:apigateway:us-east-1::/clientcertificates/{C}",
        update=("UpdateClientCertificate", "{C}"), updates=(([("replace", "/description", "e")], {"description": "e"}),)),
    Resource(
        "vpc_link", ("CreateVpcLink", {"name": "tf", "description": "d", "targetArns": [BALANCER], "tags": TAGS}),
        ("GetVpcLink", "{L}"), ("DeleteVpcLink", "{L}"), kept={"L": "id"}, computed=("status", "statusMessage"),
        attributes={"name": "tf", "description": "d", "targetArns": [BALANCER], "tags": TAGS},
        arn="arn:aws:apigateway:us-east-1::/vpclinks/{L}", update=("UpdateVpcLink", "{L}"),
        updates=(([("replace", "/name", "n"), ("replace", "/description", "e")], {"name": "n", "description": "e"}),)),
]


@pytest.mark.parametrize("resource", KEYS + APIS + STAGES + DOMAINS, ids=lambda one: one.kind)
def test_terraform(daemon, resource):
    live(daemon, resource)


# ---- lives that are no rows ----

@pytest.fixture
def provider(daemon):
    return Provider(daemon)


def scene(provider, given):
    for call, kept in given:
        provider.call(call, kept)


def replaced(path, value):
    return {"patchOperations": [{"op": "replace", "path": path, "value": value}]}


def test_account(provider):
    """Never made nor deleted: one operation, or none; the role goes with an empty value."""
    defaults = {"throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0}, "features": ["UsagePlans"],
                "apiKeyVersion": "4"}
    with_role = {**defaults, "cloudwatchRoleArn": ROLE}
    for body, account in ((replaced("/cloudwatchRoleArn", ROLE), with_role), ({"patchOperations": []}, with_role),
                          (replaced("/cloudwatchRoleArn", ""), defaults)):
        provider.call(("UpdateAccount", body))
        assert provider.call(("GetAccount",)) == account


def test_rest_api_policy(provider):
    """The policy read back, with one level of quoting taken off, is the policy that was set."""
    scene(provider, API)
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "execute-api:Invoke", "Resource": "*"}]})
    provider.call(("UpdateRestApi", "{A}", replaced("/policy", policy)))
    read = provider.call(("GetRestApi", "{A}"))["policy"]
    assert json.loads(json.loads('"%s"' % read)) == json.loads(policy)
    provider.call(("UpdateRestApi", "{A}", replaced("/policy", "")))
    assert "policy" not in provider.call(("GetRestApi", "{A}"))


def test_rest_api_with_a_body(provider):
    """Create, overwrite with the document, put back by PATCH what the configuration says beside it."""
    def document(title, path):
        integration = {"type": "HTTP", "httpMethod": "GET", "uri": "https://example.org",
                       "responses": {"default": {"statusCode": "200"}}}
        return json.dumps({"openapi": "3.0.1", "info": {"title": title, "version": "1.0"}, "paths": {path: {"get": {
            "responses": {"200": {"description": "ok"}}, "x-amazon-apigateway-integration": integration}}}}).encode()
    scene(provider, ((("CreateRestApi", {"name": "tf", "description": MANAGED, "tags": TAGS,
                                         "endpointConfiguration": {"types": ["REGIONAL"]}}), {"A": "id"}),))
    for path in ("/pets", "/cats"):
        provider.call(("PutRestApi", "{A}", document("other", path), "?mode=overwrite"))
        provider.call(("UpdateRestApi", "{A}", {"patchOperations": [
            {"op": "replace", "path": "/name", "value": "tf"},
            {"op": "replace", "path": "/description", "value": MANAGED}]}))
        read = provider.call(("GetRestApi", "{A}"))
        assert (read["name"], read["description"], read["tags"]) == ("tf", MANAGED, TAGS)
        assert read["endpointConfiguration"]["types"] == ["REGIONAL"]
        paths = [item["path"] for item in provider.call(("GetResources", "{A}"))["item"]]
        assert sorted(paths) == ["/", path]
    provider.call(("DeleteRestApi", "{A}"))
    provider.is_gone(("GetRestApi", "{A}"), "NotFoundException")


def test_vpc_link_is_waited_for(provider):
    """Until it is AVAILABLE after create and update, and not there after delete."""
    def is_available():
        status = provider.call(("GetVpcLink", "{L}"))["status"]
        assert status in ("PENDING", "AVAILABLE")
        return status == "AVAILABLE"

    def is_gone():
        answer = provider.ask(("GetVpcLink", "{L}"))
        assert answer.error_type == "NotFoundException" or answer.json()["status"] == "DELETING"
        return answer.error_type == "NotFoundException"
    provider.call(("CreateVpcLink", {"name": "tf", "targetArns": [BALANCER]}), {"L": "id"})
    harness.wait_until(is_available)
    provider.call(("UpdateVpcLink", "{L}", replaced("/name", "n")))
    harness.wait_until(is_available)
    provider.call(("DeleteVpcLink", "{L}"))
    harness.wait_until(is_gone)


def test_domain_name_access_association(provider):
    scene(provider, ((("CreateDomainName", {"domainName": "tf-private.example.com", "certificateArn": CERTIFICATE % 1,
                                            "endpointConfiguration": {"types": ["PRIVATE"]}}), {"Arn": "domainNameArn"}),))
    made = {"domainNameArn": "{Arn}", "accessAssociationSourceType": "VPCE", "accessAssociationSource": "vpce-1"}
    provider.call(("CreateDomainNameAccessAssociation", {**made, "tags": TAGS}), {"Z": "domainNameAccessAssociationArn"})
    listed = provider.call(("GetDomainNameAccessAssociations",))["item"]
    mine = [one for one in listed if one["domainNameAccessAssociationArn"] == provider.names["Z"]]
    assert mine == [{**filled(made, provider.names), "domainNameAccessAssociationArn": provider.names["Z"], "tags": TAGS}]
    provider.call(("DeleteDomainNameAccessAssociation", "{Z}"))
    provider.is_gone(("DeleteDomainNameAccessAssociation", "{Z}"), "NotFoundException")


def test_a_plan_with_a_difference_is_told(daemon):
    """The comparison can fail: another value, another type, a member nobody asked for."""
    live_key = KEYS[0]
    given = Provider(daemon)
    given.call(live_key.create, live_key.kept)
    for change in ({"description": "x"}, {"enabled": 1}, {"value": "other"}):
        with pytest.raises(AssertionError, match=next(iter(change))):
            plan_without_difference(given, live_key, {**live_key.attributes, **change})
    with pytest.raises(AssertionError, match="nobody asked for"):
        plan_without_difference(given, dataclasses.replace(live_key, computed=()), live_key.attributes)
