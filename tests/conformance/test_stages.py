"""Reference 4.10 and 4.11, statement by statement."""

import pytest

from rows import (ANY, Has, INTEGRATION, LOG_ARN, METHOD, SETTING, STAGE, bad, deployable, deployed, edit,
                  edits, filled, invalid, lost, method, no_change, no_setting, taken)


# ---- 4.10 ----

def test_deployments(walk):
    canary = "Invalid deployment content specified."
    named = canary + "Non null and non empty stageName must be provided for canary deployment. Provided value is "
    one = "/restapis/{A}/deployments/{D}"
    none = lost("Invalid Deployment identifier specified")
    walk.walk([
        ("no methods", "POST /restapis/{A}/deployments", {}, 400, bad("The REST API doesn't contain any methods")),
        ("a method", "PUT " + METHOD, method(), 201),
        ("without integration", "POST /restapis/{A}/deployments", {}, 400, bad("No integration defined for method")),
        ("an integration", "PUT " + INTEGRATION, {"type": "MOCK"}, 201),
        ("an unknown API", "POST /restapis/nope/deployments", {}, 404,
         lost("Invalid API identifier specified 000000000000:nope")),
        ("the least", "POST /restapis/{A}/deployments", {}, 201, {"id": ANY, "createdDate": ANY}, {"D": "id"}),
        ("described", "POST /restapis/{A}/deployments", {"description": "d"}, 201,
         {"id": ANY, "createdDate": ANY, "description": "d"}),
        ("an empty stage name is none", "POST /restapis/{A}/deployments", {"stageName": ""}, 201, ANY),
        ("no stage came of it", "GET /restapis/{A}/stages", None, 200, {"item": []}),
        ("with a stage", "POST /restapis/{A}/deployments",
         {"stageName": "dev", "stageDescription": "s", "variables": {"v": "1"}, "tracingEnabled": True}, 201,
         {"id": ANY, "createdDate": ANY}, {"E": "id"}),
        ("which it made", "GET /restapis/{A}/stages/dev", None, 200,
         {**STAGE, "deploymentId": "{E}", "description": "s", "variables": {"v": "1"}, "tracingEnabled": True}),
        ("and points on", "POST /restapis/{A}/deployments", {"stageName": "dev"}, 201, ANY, {"F": "id"}),
        ("all else stays", "GET /restapis/{A}/stages/dev", None, 200,
         {**STAGE, "deploymentId": "{F}", "description": "s", "variables": {"v": "1"}, "tracingEnabled": True}),
        ("a canary needs a stage", "POST /restapis/{A}/deployments", {"canarySettings": {"percentTraffic": 1}}, 400,
         bad(named + "null")),
        ("with a name", "POST /restapis/{A}/deployments", {"stageName": "", "canarySettings": {"percentTraffic": 1}},
         400, bad(named)),
        ("that exists", "POST /restapis/{A}/deployments", {"stageName": "no", "canarySettings": {"percentTraffic": 1}},
         400, bad(canary + "Stage no must already be created before making a canary release deployment")),
        ("a canary", "POST /restapis/{A}/deployments",
         {"stageName": "dev", "canarySettings": {"percentTraffic": 50, "stageVariableOverrides": {"v": "2"}}}, 201, ANY,
         {"G": "id"}),
        ("beside the stage's own", "GET /restapis/{A}/stages/dev", None, 200, Has(
            deploymentId="{F}", canarySettings={"deploymentId": "{G}", "percentTraffic": 50.0, "useStageCache": False,
                                                "stageVariableOverrides": {"v": "2"}})),
        ("get", "GET " + one, None, 200, {"id": "{D}", "createdDate": ANY}),
        ("the summary", "GET " + one + "?embed=apisummary", None, 200,
         {"id": "{D}", "createdDate": ANY,
          "apiSummary": {"/pets": {"GET": {"authorizationType": "NONE", "apiKeyRequired": False}}}}),
        ("list", "GET /restapis/{A}/deployments?limit=1", None, 200,
         {"item": [{"id": ANY, "createdDate": ANY}], "position": ANY}),
        ("update", "PATCH " + one, edit("replace", "/description", "x"), 200,
         {"id": "{D}", "createdDate": ANY, "description": "x"}),
        ("unknown", "GET /restapis/{A}/deployments/nope", None, 404, none),
        ("update unknown", "PATCH /restapis/{A}/deployments/nope", edit("replace", "/description", "x"), 404, none),
        ("delete unknown", "DELETE /restapis/{A}/deployments/nope", None, 404, none),
        ("an active one", "DELETE /restapis/{A}/deployments/{F}", None, 400,
         bad("Active stages pointing to this deployment must be moved or deleted")),
        ("an active canary", "DELETE /restapis/{A}/deployments/{G}", None, 400,
         bad("Active stages with canary settings pointing to this deployment must be moved or deleted")),
        ("one that rests", "DELETE " + one, None, 202, None),
        ("gone", "GET " + one, None, 404, none),
    ])


# ---- 4.11 ----


def test_stages(walk):
    word = "Invalid stage variable name: a-b. Please use names with only word characters."
    text = "Invalid stage variable value of key a.  Please use values with alphanumeric characters and the symbols " \
           "' ', -', '.', '_', ':', '/', '?', '&', '=', and ','."
    deployable(walk)
    stages = "POST /restapis/{A}/stages"
    new = {"stageName": "dev", "deploymentId": "{D}"}
    walk.walk([
        ("a deployment", "POST /restapis/{A}/deployments", {}, 201, ANY, {"D": "id"}),
        ("an unknown deployment", stages, {**new, "deploymentId": "nope"}, 400, bad("Deployment id does not exist")),
        ("a bad name", stages, {**new, "stageName": "a.b"}, 400, bad("Stage name only allows a-zA-Z0-9_")),
        ("a bad variable", stages, {**new, "variables": {"a-b": "x"}}, 400, bad(word)),
        ("a bad value", stages, {**new, "variables": {"a": "<"}}, 400, bad(text)),
        ("no deployment", stages, {"stageName": "dev"}, 400, invalid(
            "Value null at 'createStageInput.deploymentId' failed to satisfy constraint: Member must not be null")),
        ("the least", stages, new, 201, {**STAGE, "deploymentId": "{D}"}),
        ("twice", stages, new, 409, taken("Stage already exists")),
        ("the rest", stages,
         {**new, "stageName": "Full-1_", "description": "d", "variables": {"a": "x y-._:/?&=,"}, "tags": {"k": "v"},
          "documentationVersion": "1", "tracingEnabled": True, "cacheClusterEnabled": True, "cacheClusterSize": "1.6"},
         201, {**STAGE, "stageName": "Full-1_", "description": "d", "variables": {"a": "x y-._:/?&=,"},
               "tags": {"k": "v"}, "documentationVersion": "1", "tracingEnabled": True, "cacheClusterEnabled": True,
               "cacheClusterSize": "1.6", "cacheClusterStatus": ANY}),
        ("get has no tags when none", "GET /restapis/{A}/stages/dev", None, 200, STAGE),
        ("unknown", "GET /restapis/{A}/stages/nope", None, 404, lost("Invalid stage identifier specified")),
        ("list", "GET /restapis/{A}/stages", None, 200, {"item": [ANY, ANY]}),
        ("by deployment", "GET /restapis/{A}/stages?deploymentId=nope", None, 200, {"item": []}),
        ("a plan", "POST /usageplans", {"name": "p", "apiStages": [{"apiId": "{A}", "stage": "dev"}]}, 201, ANY,
         {"U": "id"}),
        ("a plan does not block", "DELETE /restapis/{A}/stages/dev", None, 202, None),
        ("and lets go", "GET /usageplans/{U}", None, 200, Has(apiStages=[])),
        ("gone", "DELETE /restapis/{A}/stages/dev", None, 404, lost("Invalid stage identifier specified")),
    ])


LOG_PATH = bad("Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, "
               "/accessLogSettings/format]")


def settings(**entries):
    return {**STAGE, "methodSettings": entries}


def canary(**members):
    defaults = {"deploymentId": "{D}", "percentTraffic": 0.0, "useStageCache": False}
    return {**STAGE, "canarySettings": {**defaults, **members}}


def wrong_copy(path, source):
    return bad("Invalid copy operation with path: %s and from %s. Valid copy:path are [/deploymentId, /variables] and "
               "valid copy:from are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]"
               % (path, source))


@pytest.mark.parametrize("sentence, body, status, answer", [
    ("deployment", edit("replace", "/deploymentId", "{D}"), 200, {**STAGE, "deploymentId": "{D}"}),
    ("unknown deployment", edit("replace", "/deploymentId", "nope"), 400, bad("Deployment id does not exist")),
    ("description", edit("replace", "/description", "d"), 200, {**STAGE, "description": "d"}),
    ("a certificate that is not there", edit("replace", "/clientCertificateId", "c"), 400,
     bad("Client certificate id does not exist")),
    ("documentation", edit("replace", "/documentationVersion", "1"), 200, {**STAGE, "documentationVersion": "1"}),
    ("tracing", edit("replace", "/tracingEnabled", "true"), 200, {**STAGE, "tracingEnabled": True}),
    ("cache size", edit("replace", "/cacheClusterSize", "0.5"), 200, {**STAGE, "cacheClusterSize": "0.5"}),
    ("replace creates a variable", edit("replace", "/variables/v", "1"), 200, {**STAGE, "variables": {"v": "1"}}),
    ("the last variable removed", edits(("replace", "/variables/v", "1"), ("remove", "/variables/v")), 200, STAGE),
    ("a log", edits(("add", "/accessLogSettings/destinationArn", LOG_ARN),
                    ("replace", "/accessLogSettings/format", "$context.requestId")), 200,
     {**STAGE, "accessLogSettings": {"destinationArn": LOG_ARN, "format": "$context.requestId"}}),
    ("the log removed", edits(("add", "/accessLogSettings/destinationArn", LOG_ARN), ("remove", "/accessLogSettings")),
     200, STAGE),
    ("an empty log", edit("replace", "/accessLogSettings/destinationArn", ""), 400,
     bad("Access Log value must not be empty")),
    ("a wrong op on the log", edit("replace", "/accessLogSettings", "x"), 400, LOG_PATH),
    ("another path of the log", edit("replace", "/accessLogSettings/x", "x"), 400, LOG_PATH),
    ("a canary comes of a setting", edit("replace", "/canarySettings/percentTraffic", "50"), 200,
     canary(percentTraffic=50.0)),
    ("of another", edit("replace", "/canarySettings/useStageCache", "true"), 200, canary(useStageCache=True)),
    ("of its variables", edit("replace", "/canarySettings/stageVariableOverrides/v", "2"), 200,
     canary(stageVariableOverrides={"v": "2"})),
    ("a variable of it removed", edits(("replace", "/canarySettings/stageVariableOverrides/v", "2"),
                                       ("remove", "/canarySettings/stageVariableOverrides/v")), 200, canary()),
    ("an unknown deployment", edit("replace", "/canarySettings/deploymentId", "nope"), 400,
     bad("Deployment id does not exist")),
    ("it cannot be added", edit("add", "/canarySettings/deploymentId", "{D}"), 400,
     bad("Invalid add operation with path: /canarySettings/deploymentId")),
    ("removed", edits(("replace", "/canarySettings/percentTraffic", "50"), ("remove", "/canarySettings")), 200, STAGE),
    ("promoted", edits(("replace", "/canarySettings/stageVariableOverrides/v", "2"),
                       ("replace", "/variables/w", "1")), 200, ANY),
    ("no canary", edit("copy", "/deploymentId", **{"from": "/canarySettings/deploymentId"}), 400,
     bad("Promotion not available. Canary does not exist.")),
    ("wrong ends", edit("copy", "/variables", **{"from": "/canarySettings/deploymentId"}), 400,
     wrong_copy("/variables", "/canarySettings/deploymentId")),
    ("tags are not here", edit("replace", "/tags/x", "y"), 400, ANY),
    ("one setting fills the entry", edit("replace", "/*/*/throttling/rateLimit", "1"), 200,
     settings(**{"*/*": {**SETTING, "throttlingRateLimit": 1.0}})),
    ("log level only when set", edit("replace", "/*/*/logging/loglevel", "INFO"), 200,
     settings(**{"*/*": {**SETTING, "loggingLevel": "INFO"}})),
    ("kept as given", edit("replace", "/test/GET/throttling/burstLimit", "1"), 200,
     settings(**{"test/GET": {**SETTING, "throttlingBurstLimit": 1}})),
    ("kept as given, escaped", edit("replace", "/~1pets~1{id}/GET/metrics/enabled", "true"), 200,
     settings(**{"~1pets~1{id}/GET": {**SETTING, "metricsEnabled": True}})),
    ("a specific one starts from all", edits(("replace", "/*/*/caching/enabled", "true"),
                                             ("replace", "/a/GET/metrics/enabled", "true"),
                                             ("replace", "/*/*/caching/enabled", "false")), 200,
     settings(**{"*/*": SETTING, "a/GET": {**SETTING, "cachingEnabled": True, "metricsEnabled": True}})),
    ("the others", edits(("replace", "/*/*/logging/dataTrace", "true"), ("replace", "/*/*/caching/ttlInSeconds", "1"),
                         ("replace", "/*/*/caching/dataEncrypted", "true"),
                         ("replace", "/*/*/caching/requireAuthorizationForCacheControl", "false"),
                         ("replace", "/*/*/caching/unauthorizedCacheControlHeaderStrategy", "FAIL_WITH_403")), 200,
     settings(**{"*/*": {**SETTING, "dataTraceEnabled": True, "cacheTtlInSeconds": 1, "cacheDataEncrypted": True,
                         "requireAuthorizationForCacheControl": False,
                         "unauthorizedCacheControlHeaderStrategy": "FAIL_WITH_403"}})),
    ("too long a time", edit("replace", "/*/*/caching/ttlInSeconds", "3601"), 400,
     bad("Invalid time-to-live setting, must be an integer no greater than 3600")),
    ("an entry removed", edits(("replace", "/a/GET/metrics/enabled", "true"), ("remove", "/a/GET")), 200, STAGE),
    ("no entry", edit("remove", "/a/GET"), 400, no_setting("a/GET")),
    ("no entry for all", edit("remove", "/*/*"), 400, no_setting("*/*")),
    ("an unknown remove path", edit("remove", "/x"), 400, no_setting("x")),
    ("no such variable of a canary", edit("remove", "/canarySettings/stageVariableOverrides/v"), 400,
     no_setting("canarySettings/stageVariableOverrides/v")),
    ("nothing removed", edit("remove", ""), 400, ANY),
    ("nothing replaced", edit("replace", "", "x"), 400, ANY),
    ("no slash in front", edit("remove", "x"), 400, ANY),
], ids=lambda value: value if isinstance(value, str) else "")
def test_update_stage(walk, sentence, body, status, answer):
    deployed(walk)
    target = "/restapis/{A}/stages/dev"
    if status == 200:
        walk.step(sentence, "PATCH " + target, body, status, answer)
        walk.step("get agrees", "GET " + target, None, 200, answer)
        return
    with no_change(walk, "GET " + target):
        walk.step(sentence, "PATCH " + target, body, status, answer)


def test_a_canary_is_promoted(walk):
    deployed(walk)
    walk.walk([
        ("a canary", "POST /restapis/{A}/deployments",
         {"stageName": "dev", "canarySettings": {"stageVariableOverrides": {"v": "2"}}}, 201, ANY, {"C": "id"}),
        ("a variable of the stage", "PATCH /restapis/{A}/stages/dev", edit("replace", "/variables/w", "1")),
        ("both are copied", "PATCH /restapis/{A}/stages/dev", {"patchOperations": [
            {"op": "copy", "path": "/deploymentId", "from": "/canarySettings/deploymentId"},
            {"op": "copy", "path": "/variables", "from": "/canarySettings/stageVariableOverrides"},
            {"op": "remove", "path": "/canarySettings"}]}, 200,
         {**STAGE, "deploymentId": "{C}", "variables": {"v": "2", "w": "1"}}),
    ])


def test_an_unknown_setting_is_told_the_known_ones(walk):
    deployed(walk)
    for path in ("/x", "/*/*/x/y", "/tags/x", "/stageName"):
        got = walk.daemon.call("PATCH", filled("/restapis/{A}/stages/dev", walk.names), edit("replace", path, "y"))
        text = got.json()["message"]
        assert (got.status, got.error_type) == (400, "BadRequestException")
        assert text.startswith("Invalid method setting path: %s. Must be one of: [/deploymentId, /description, "
                               "/cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, "
                               "/accessLogSettings, " % path)
        assert text.endswith("/variables/{variable_name}, /tracingEnabled]")
