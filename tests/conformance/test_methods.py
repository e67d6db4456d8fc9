"""Reference 4.8 and 4.9, statement by statement."""

import contextlib

import pytest

from rows import (HTTP, Has, INTEGRATION, METHOD, MOCK, NO_METHOD, NO_RESOURCE, ONLY_REPLACE, PLAIN, bad,
                  edit, edits, invalid, lost, method, no_change, taken)


# ---- 4.8 ----

AUTHORIZER = bad("Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS "
                 "requires a valid authorizer.")


@pytest.mark.parametrize("sentence, target, body, status, answer", [
    ("the least", METHOD, method(), 201, PLAIN),
    ("ANY", METHOD.replace("GET", "ANY"), method(), 201, {**PLAIN, "httpMethod": "ANY"}),
    ("lower-case none", METHOD, {"authorizationType": "none"}, 201, PLAIN),
    ("the rest", METHOD, method(apiKeyRequired=True, operationName="List", requestModels={"application/json": "Empty"},
                                requestParameters={"method.request.querystring.q": True}), 201,
     {**PLAIN, "apiKeyRequired": True, "operationName": "List", "requestModels": {"application/json": "Empty"},
      "requestParameters": {"method.request.querystring.q": True}}),
    ("a verb that is none", METHOD.replace("GET", "BREW"), method(), 400,
     bad("Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY")),
    ("an unknown API", METHOD.replace("{A}", "nope"), method(), 404, NO_RESOURCE),
    ("an unknown resource", METHOD.replace("{P}", "nope"), method(), 404, NO_RESOURCE),
    ("CUSTOM without", METHOD, {"authorizationType": "CUSTOM"}, 400, AUTHORIZER),
    ("COGNITO with an unknown one", METHOD, {"authorizationType": "COGNITO_USER_POOLS", "authorizerId": "nope"}, 400,
     AUTHORIZER),
    ("an authorizer that nobody asks", METHOD, method(authorizerId="nope"), 201, PLAIN),
    ("an unknown validator", METHOD, method(requestValidatorId="nope"), 400,
     bad("Invalid Request Validator identifier specified")),
    ("an unknown model", METHOD, method(requestModels={"application/json": "Nope"}), 400,
     bad("Invalid model identifier specified: Nope")),
    ("one name in two places", METHOD, method(requestParameters={"method.request.path.x": True,
                                                                 "method.request.header.x": True}), 400,
     bad("Parameter names must be unique across querystring, header and path")),
    ("scopes without Cognito", METHOD, method(authorizationScopes=["a"]), 400,
     bad("Authorization Scopes are only valid for COGNITO_USER_POOLS authorization type")),
    ("a parameter that is none", METHOD, method(requestParameters={"method.x": True}), 400,
     bad("Invalid mapping expression parameter specified: method.x")),
    ("no type", METHOD, {}, 400, invalid("Value null at 'putMethodInput.authorizationType' failed to satisfy "
                                         "constraint: Member must not be null")),
], ids=lambda value: value if isinstance(value, str) and "/" not in value else "")
def test_put_method(walk, sentence, target, body, status, answer):
    walk.step(sentence, "PUT " + target, body, status, answer)
    if status == 201:
        walk.step("get agrees", "GET " + target, None, 200, answer)


@pytest.mark.parametrize("sentence, body, status, answer", [
    ("a key required", edit("replace", "/apiKeyRequired", "true"), 200, {**PLAIN, "apiKeyRequired": True}),
    ("nonsense is false", edit("replace", "/apiKeyRequired", "not-a-boolean"), 200, PLAIN),
    ("IAM", edit("replace", "/authorizationType", "AWS_IAM"), 200, {**PLAIN, "authorizationType": "AWS_IAM"}),
    ("CUSTOM without an authorizer", edit("replace", "/authorizationType", "CUSTOM"), 400, AUTHORIZER),
    ("an authorizer while NONE", edit("replace", "/authorizerId", "nope"), 200, PLAIN),
    ("a name", edit("replace", "/operationName", "x"), 200, {**PLAIN, "operationName": "x"}),
    ("an unknown validator", edit("replace", "/requestValidatorId", "x"), 400,
     bad("Invalid Request Validator identifier specified")),
    ("no validator", edit("replace", "/requestValidatorId", ""), 200, PLAIN),
    ("a parameter", edit("add", "/requestParameters/method.request.header.X", "true"), 200,
     {**PLAIN, "requestParameters": {"method.request.header.X": True}}),
    ("a parameter replaced", edits(("add", "/requestParameters/method.request.header.X", "true"),
                                   ("replace", "/requestParameters/method.request.header.X", "false")), 200,
     {**PLAIN, "requestParameters": {"method.request.header.X": False}}),
    ("the last parameter", edits(("add", "/requestParameters/method.request.header.X", "true"),
                                 ("remove", "/requestParameters/method.request.header.X")), 200, PLAIN),
    ("a model", edit("add", "/requestModels/application~1json", "Error"), 200,
     {**PLAIN, "requestModels": {"application/json": "Error"}}),
    ("the last model", edits(("add", "/requestModels/application~1json", "Error"),
                             ("remove", "/requestModels/application~1json")), 200, PLAIN),
    ("the bare map", edit("add", "/requestParameters", "x"), 400, bad("Invalid patch path /requestParameters")),
    ("an un-escaped type", edit("add", "/requestModels/application/json", "Error"), 400,
     bad("Invalid patch path /requestModels/application/json")),
    ("a wrong op", edit("add", "/apiKeyRequired", "true"), 400, ONLY_REPLACE),
    ("an unknown path", edit("replace", "/httpMethod", "PUT"), 400, bad("Invalid patch path /httpMethod")),
], ids=lambda value: value if isinstance(value, str) else "")
def test_update_method(walk, sentence, body, status, answer):
    walk.step("a method", "PUT " + METHOD, method(), 201, PLAIN)
    with contextlib.nullcontext() if status == 200 else no_change(walk, "GET " + METHOD):
        walk.step(sentence, "PATCH " + METHOD, body, status, answer)


def test_methods_that_are_missing_or_there_twice(walk):
    walk.walk([
        ("get", "GET " + METHOD, None, 404, NO_METHOD),
        ("update", "PATCH " + METHOD, edit("replace", "/apiKeyRequired", "true"), 404, NO_METHOD),
        ("delete", "DELETE " + METHOD, None, 404, NO_METHOD),
        ("put", "PUT " + METHOD, method(), 201, PLAIN),
        ("twice", "PUT " + METHOD, method(), 409, taken("Method already exists for this resource")),
        ("delete", "DELETE " + METHOD, None, 204, None),
        ("gone", "GET " + METHOD, None, 404, NO_METHOD),
    ])


def test_method_responses(walk):
    code = METHOD + "/responses/200"
    no_code = lost("Invalid Response status code specified")
    model, header = "/responseModels/application~1json", "/responseParameters/method.response.header.X"
    pattern = "Value '%s' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression " \
              "pattern: [1-5]\\d\\d"
    walk.walk([
        ("no method", "PUT " + code, {}, 404, NO_METHOD),
        ("a method", "PUT " + METHOD, method(), 201),
        ("absent stays absent", "PUT " + code, {}, 201, {"statusCode": "200"}),
        ("twice", "PUT " + code, {}, 409, taken("Response already exists for this resource")),
        ("empty stays empty", "PUT " + METHOD + "/responses/201", {"responseParameters": {}, "responseModels": {}}, 201,
         {"statusCode": "201", "responseParameters": {}, "responseModels": {}}),
        ("an unknown model", "PUT " + METHOD + "/responses/202", {"responseModels": {"application/json": "Nope"}}, 400,
         bad("Invalid model identifier specified: Nope")),
        ("no status", "PUT " + METHOD + "/responses/x", {}, 400, invalid(pattern % "x")),
        ("out of range", "GET " + METHOD + "/responses/600", None, 400, invalid(pattern % "600")),
        ("an unknown code", "GET " + METHOD + "/responses/404", None, 404, no_code),
        ("update of an unknown code", "PATCH " + METHOD + "/responses/404", edit("add", header, "true"), 404, no_code),
        ("delete of an unknown code", "DELETE " + METHOD + "/responses/404", None, 404, no_code),
        ("add is 201", "PATCH " + code, edit("add", header, "true"), 201,
         {"statusCode": "200", "responseParameters": {"method.response.header.X": True}}),
        ("a wrong parameter", "PATCH " + code, edit("replace", header + "Y", "true"), 404,
         lost("Invalid parameter name specified")),
        ("a wrong parameter removed", "PATCH " + code, edit("remove", header + "Y"), 404,
         lost("Invalid parameter name specified")),
        ("a wrong type", "PATCH " + code, edit("replace", model, "Empty"), 404,
         lost("Content-Type specified was not found")),
        ("a wrong type removed", "PATCH " + code, edit("remove", model), 404,
         lost("Content-Type specified was not found")),
        ("another path", "PATCH " + code, edit("replace", "/x", "y"), 400, bad("Invalid patch path /x")),
        ("the bare map", "PATCH " + code, edit("add", "/responseParameters", "y"), 400,
         bad("Invalid patch path /responseParameters")),
        ("empty maps vanish", "PATCH " + code, edit("remove", header), 201, {"statusCode": "200"}),
        ("a model", "PATCH " + code, edit("add", model, "Empty"), 201,
         {"statusCode": "200", "responseModels": {"application/json": "Empty"}}),
        ("the method tells of it", "GET " + METHOD, None, 200,
         Has(methodResponses=Has(**{"200": Has(statusCode="200")}))),
        ("delete", "DELETE " + code, None, 204, None),
        ("gone", "GET " + code, None, 404, no_code),
    ])


# ---- 4.9 ----

LAMBDA = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" \
         "arn:aws:lambda:us-east-1:000000000000:function:f/invocations"
MAPPED = "integration.request.querystring.q"


def http(**members):
    return {"type": "HTTP_PROXY", "httpMethod": "GET", "uri": "http://example.org/", **members}


def mapping(text):
    return bad("Invalid mapping expression specified: Validation Result: warnings : [], errors : [%s]" % text)


@pytest.mark.parametrize("sentence, body, status, answer", [
    ("MOCK has no connection", {"type": "MOCK"}, 201, MOCK),
    ("MOCK shows a verb that was given", {"type": "MOCK", "httpMethod": "POST"}, 201, {**MOCK, "httpMethod": "POST"}),
    ("HTTP_PROXY has one", http(), 201, HTTP),
    ("HTTP has one", http(type="HTTP"), 201, {**HTTP, "type": "HTTP"}),
    ("AWS_PROXY has none", {"type": "AWS_PROXY", "httpMethod": "POST", "uri": LAMBDA}, 201,
     {**MOCK, "type": "AWS_PROXY", "httpMethod": "POST", "uri": LAMBDA}),
    ("VPC_LINK as given", http(connectionType="VPC_LINK", connectionId="${stageVariables.v}"), 201,
     {**HTTP, "connectionType": "VPC_LINK", "connectionId": "${stageVariables.v}"}),
    ("VPC_LINK without a link", http(connectionType="VPC_LINK"), 400, bad(
        "ConnectionId should be set to the vpcLinkId or stage variable on connection type VPC_LINK")),
    ("the rest", http(credentials="arn:aws:iam::1:role/r", contentHandling="CONVERT_TO_TEXT", timeoutInMillis=50,
                      cacheNamespace="n", passthroughBehavior="NEVER", tlsConfig={"insecureSkipVerification": True},
                      requestTemplates={"application/json": "x"}, requestParameters={MAPPED: "'v'"}), 201,
     {**HTTP, "credentials": "arn:aws:iam::1:role/r", "contentHandling": "CONVERT_TO_TEXT", "timeoutInMillis": 50,
      "cacheNamespace": "n", "passthroughBehavior": "NEVER", "tlsConfig": {"insecureSkipVerification": True},
      "requestTemplates": {"application/json": "x"}, "requestParameters": {MAPPED: "'v'"}}),
    ("a null template", {"type": "MOCK", "requestTemplates": {"application/json": None}}, 201,
     {**MOCK, "requestTemplates": {"application/json": None}}),
    ("an empty template is null", {"type": "MOCK", "requestTemplates": {"application/json": ""}}, 201,
     {**MOCK, "requestTemplates": {"application/json": None}}),
    ("the newer members are kept", http(responseTransferMode="STREAM"), 201,
     {**HTTP, "responseTransferMode": "STREAM"}),
    ("a type that is none", {"type": "x"}, 400, invalid(
        "Value 'x' at 'putIntegrationInput.type' failed to satisfy constraint: Member must satisfy enum value set: "
        "[HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]")),
    ("no verb", {"type": "HTTP_PROXY", "uri": "http://example.org/"}, 400,
     bad("Enumeration value for HttpMethod must be non-empty")),
    ("no endpoint", {"type": "HTTP", "httpMethod": "GET", "uri": "x"}, 400,
     bad("Invalid HTTP endpoint specified for URI")),
    ("no ARN", {"type": "AWS", "httpMethod": "GET", "uri": "http://example.org/"}, 400,
     bad("Invalid ARN specified in the request")),
    ("an ARN without target", {"type": "AWS", "httpMethod": "GET", "uri": "arn:aws:apigateway:us-east-1:s3:x"}, 400,
     bad("AWS ARN for integration must contain path or action")),
    ("a proxy to another service", {"type": "AWS_PROXY", "httpMethod": "GET",
                                    "uri": "arn:aws:apigateway:us-east-1:s3:path/x"}, 400,
     bad("Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.")),
    ("AWS without a role", {"type": "AWS", "httpMethod": "GET", "uri": "arn:aws:apigateway:us-east-1:s3:path/x"}, 400,
     bad("Role ARN must be specified for AWS integrations")),
    ("a bare true", http(requestParameters={MAPPED: "true"}), 400,
     mapping("Invalid mapping expression specified: true")),
    ("not declared", http(requestParameters={MAPPED: "method.request.querystring.q"}), 400,
     mapping("Invalid mapping expression parameter specified: method.request.querystring.q")),
    ("declared", http(requestParameters={MAPPED: "method.request.header.H"}), 201,
     {**HTTP, "requestParameters": {MAPPED: "method.request.header.H"}}),
    ("too short", http(timeoutInMillis=49), 400, bad("Timeout should be between 50 ms and 29000 ms")),
    ("too long", http(timeoutInMillis=29001), 400, bad("Timeout should be between 50 ms and 29000 ms")),
    ("a cache key", http(cacheKeyParameters=["method.request.header.H"]), 201,
     {**HTTP, "cacheKeyParameters": ["method.request.header.H"]}),
    ("a cache key that is none", http(cacheKeyParameters=["method.request.header.N"]), 400,
     bad("Invalid cache key parameter specified")),
], ids=lambda value: value if isinstance(value, str) else "")
def test_put_integration(walk, sentence, body, status, answer):
    walk.step("a method", "PUT " + METHOD, method(requestParameters={"method.request.header.H": True}), 201)
    walk.step(sentence, "PUT " + INTEGRATION, body, status, answer)
    if status == 201:
        walk.step("get agrees", "GET " + INTEGRATION, None, 200, answer)


def test_integrations_that_are_missing(walk):
    no_integration = lost("Invalid Integration identifier specified")
    for request, body in (("GET", None), ("PUT", {"type": "MOCK"}), ("DELETE", None),
                          ("PATCH", edit("replace", "/uri", "http://x/"))):
        walk.step("no API", request + " " + INTEGRATION.replace("{A}", "nope"), body, 404, NO_RESOURCE)
        walk.step("no resource", request + " " + INTEGRATION.replace("{P}", "nope"), body, 404, NO_RESOURCE)
        walk.step("no method", request + " " + INTEGRATION, body, 404, NO_METHOD)
    walk.step("a method", "PUT " + METHOD, method(), 201)
    for request, body in (("GET", None), ("DELETE", None), ("PATCH", edit("replace", "/uri", "http://x/"))):
        walk.step("no integration", request + " " + INTEGRATION, body, 404, no_integration)
    walk.walk([
        ("put", "PUT " + INTEGRATION, {"type": "MOCK"}, 201, MOCK),
        ("put again replaces", "PUT " + INTEGRATION, http(), 201, HTTP),
        ("delete", "DELETE " + INTEGRATION, None, 204, None),
        ("gone", "GET " + INTEGRATION, None, 404, no_integration),
    ])


@pytest.mark.parametrize("sentence, body, status, answer", [
    ("verb", edit("replace", "/httpMethod", "POST"), 200, {**HTTP, "httpMethod": "POST"}),
    ("uri", edit("replace", "/uri", "https://x/"), 200, {**HTTP, "uri": "https://x/"}),
    ("a bad uri", edit("replace", "/uri", "x"), 400, bad("Invalid HTTP endpoint specified for URI")),
    ("passthrough", edit("replace", "/passthroughBehavior", "NEVER"), 200, {**HTTP, "passthroughBehavior": "NEVER"}),
    ("timeout", edit("replace", "/timeoutInMillis", "100"), 200, {**HTTP, "timeoutInMillis": 100}),
    ("a bad timeout", edit("replace", "/timeoutInMillis", "1"), 400,
     bad("Timeout should be between 50 ms and 29000 ms")),
    ("handling", edit("replace", "/contentHandling", "CONVERT_TO_BINARY"), 200,
     {**HTTP, "contentHandling": "CONVERT_TO_BINARY"}),
    ("no handling", edits(("replace", "/contentHandling", "CONVERT_TO_BINARY"), ("replace", "/contentHandling", "")),
     200, HTTP),
    ("credentials", edit("replace", "/credentials", "arn:aws:iam::1:role/r"), 200,
     {**HTTP, "credentials": "arn:aws:iam::1:role/r"}),
    ("namespace", edit("replace", "/cacheNamespace", "n"), 200, {**HTTP, "cacheNamespace": "n"}),
    ("a link", edits(("replace", "/connectionType", "VPC_LINK"), ("replace", "/connectionId", "${stageVariables.v}")), 200,
     {**HTTP, "connectionType": "VPC_LINK", "connectionId": "${stageVariables.v}"}),
    ("tls", edit("replace", "/tlsConfig/insecureSkipVerification", "true"), 200,
     {**HTTP, "tlsConfig": {"insecureSkipVerification": True}}),
    ("a parameter", edit("add", "/requestParameters/" + MAPPED, "'v'"), 200,
     {**HTTP, "requestParameters": {MAPPED: "'v'"}}),
    ("a bad parameter", edit("add", "/requestParameters/" + MAPPED, "true"), 400,
     mapping("Invalid mapping expression specified: true")),
    ("a template", edit("add", "/requestTemplates/application~1json", "x"), 200,
     {**HTTP, "requestTemplates": {"application/json": "x"}}),
    ("an empty template", edit("add", "/requestTemplates/application~1json", ""), 200,
     {**HTTP, "requestTemplates": {"application/json": None}}),
    ("a template without value", edit("add", "/requestTemplates/application~1json"), 200,
     {**HTTP, "requestTemplates": {"application/json": None}}),
    ("a cache key", edit("add", "/cacheKeyParameters/method.request.header.H", ""), 200,
     {**HTTP, "cacheKeyParameters": ["method.request.header.H"]}),
    ("no cache key", edits(("add", "/cacheKeyParameters/method.request.header.H", ""),
                           ("remove", "/cacheKeyParameters/method.request.header.H", "")), 200, HTTP),
    ("never the type", edit("replace", "/type", "HTTP"), 400, bad("Invalid patch path /type")),
], ids=lambda value: value if isinstance(value, str) else "")
def test_update_integration(walk, sentence, body, status, answer):
    walk.step("a method", "PUT " + METHOD, method(requestParameters={"method.request.header.H": True}), 201)
    walk.step("an integration", "PUT " + INTEGRATION, http(), 201, HTTP)
    with contextlib.nullcontext() if status == 200 else no_change(walk, "GET " + INTEGRATION):
        walk.step(sentence, "PATCH " + INTEGRATION, body, status, answer)


def test_integration_responses(walk):
    code = INTEGRATION + "/responses/200"
    template = "/responseTemplates/application~1json"
    no_integration = lost("Invalid Integration identifier specified")
    pattern = "Value 'x' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression " \
              "pattern: [1-5]\\d\\d"
    walk.walk([
        ("no method", "PUT " + code, {}, 404, NO_METHOD),
        ("delete tells of the integration", "DELETE " + code, None, 404, no_integration),
        ("no resource", "GET " + code.replace("{P}", "nope"), None, 404, NO_RESOURCE),
        ("a method", "PUT " + METHOD, method(), 201),
        ("no integration", "PUT " + code, {}, 404, no_integration),
        ("an integration", "PUT " + INTEGRATION, {"type": "MOCK"}, 201),
        ("a method response", "PUT " + METHOD + "/responses/200",
         {"responseParameters": {"method.response.header.X": False}}, 201),
        ("absent stays absent", "PUT " + code, {}, 201, {"statusCode": "200"}),
        ("a second put overwrites; empty stays empty", "PUT " + code, {"selectionPattern": "", "responseTemplates": {}},
         201, {"statusCode": "200", "selectionPattern": "", "responseTemplates": {}}),
        ("null stays null", "PUT " + code, {"responseTemplates": {"application/json": None}}, 201,
         {"statusCode": "200", "responseTemplates": {"application/json": None}}),
        ("empty becomes null", "PUT " + code, {"responseTemplates": {"application/json": ""}}, 201,
         {"statusCode": "200", "responseTemplates": {"application/json": None}}),
        ("all", "PUT " + code, {"selectionPattern": "2\\d\\d", "contentHandling": "CONVERT_TO_TEXT",
                                "responseParameters": {"method.response.header.X": "'v'"}}, 201,
         {"statusCode": "200", "selectionPattern": "2\\d\\d", "contentHandling": "CONVERT_TO_TEXT",
          "responseParameters": {"method.response.header.X": "'v'"}}),
        ("a bad code", "PUT " + INTEGRATION + "/responses/x", {}, 400, invalid(pattern)),
        ("a bad type", "PUT " + code, {"responseTemplates": {"123": "x"}}, 400,
         bad("Validation Result: warnings : [], errors : [Invalid content type specified: 123]")),
        ("a bad pattern", "PUT " + code, {"selectionPattern": "("}, 400, bad("Invalid regex pattern specified")),
        ("an unknown code", "GET " + INTEGRATION + "/responses/404", None, 404,
         lost("Invalid Response status code specified")),
        ("update", "PATCH " + code, edits(("replace", "/selectionPattern", "3.."),
                                          ("replace", "/contentHandling", "CONVERT_TO_BINARY"),
                                          ("remove", "/responseParameters/method.response.header.X"),
                                          ("add", template, "t")), 200,
         {"statusCode": "200", "selectionPattern": "3..", "contentHandling": "CONVERT_TO_BINARY",
          "responseTemplates": {"application/json": "t"}}),
        ("a template without value", "PATCH " + code, edit("replace", template), 200,
         Has(responseTemplates={"application/json": None})),
        ("the integration tells of it", "GET " + INTEGRATION, None, 200,
         Has(integrationResponses=Has(**{"200": Has(statusCode="200")}))),
        ("delete", "DELETE " + code, None, 204, None),
        ("gone", "GET " + code, None, 404, lost("Invalid Response status code specified")),
    ])
