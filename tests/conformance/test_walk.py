"""The guide's walk: plan, key, associate the key, associate the stage, require the key; with three clients."""

import json
import os
import subprocess

import pytest

import harness

MOCK = '{"application/json":"{\\"statusCode\\": 200}"}'
ANSWER = '{"application/json":"{\\"weather\\":\\"fine\\"}"}'


@pytest.fixture(scope="module")
def gateway():
    with harness.Faregate(workers=2) as instance:
        yield instance


class Aws:
    """The stock `aws` command, or ours, as a function from words to the parsed answer."""

    def __init__(self, gateway, command):
        self.command = command
        self.environment = harness.environment()
        key_id, secret = gateway.credentials()
        self.environment.update(AWS_ACCESS_KEY_ID=key_id, AWS_SECRET_ACCESS_KEY=secret,
                                AWS_DEFAULT_REGION=harness.REGION, AWS_PAGER="", HOME=gateway.dir)
        self.endpoint = ["--endpoint-url", "http://127.0.0.1:%d" % gateway.port]

    def run(self, *words):
        return subprocess.run([*self.command, *words, *self.endpoint], env=self.environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)

    def __call__(self, *words):
        done = self.run(*words)
        assert done.returncode == 0, "%s: %s" % (" ".join(words), done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() else None


def commands(gateway):
    return {
        "aws": Aws(gateway, ["/usr/bin/aws", "--output", "json", "apigateway"]),
        "faregate apigateway": Aws(gateway, [harness.program("faregate"), "apigateway"]),
        "faregate": Aws(gateway, [harness.program("faregate")]),
    }


def build_api(run):
    api = run("create-rest-api", "--name", "weather")
    root = run("get-resources", "--rest-api-id", api["id"])["items"][0]
    resource = run("create-resource", "--rest-api-id", api["id"], "--parent-id", root["id"],
                   "--path-part", "forecast")
    where = ["--rest-api-id", api["id"], "--resource-id", resource["id"], "--http-method", "GET"]
    run("put-method", *where, "--authorization-type", "NONE", "--no-api-key-required")
    run("put-integration", *where, "--type", "MOCK", "--request-templates", MOCK)
    run("put-method-response", *where, "--status-code", "200")
    run("put-integration-response", *where, "--status-code", "200", "--response-templates", ANSWER)
    run("create-deployment", "--rest-api-id", api["id"], "--stage-name", "prod")
    return api["id"], where


@pytest.mark.parametrize("client", ["aws", "faregate apigateway", "faregate"])
def test_the_walk_by_command_line(gateway, client):
    run = commands(gateway)[client]
    api_id, where = build_api(run)
    path = "/_aws/execute-api/%s/prod/forecast" % api_id
    assert gateway.get(path).status == 200  # rule K8: no key is asked for yet
    throttle, quota = "rateLimit=10,burstLimit=20", "limit=3,period=DAY"
    if client != "aws":  # rule X7: the guide's own shorthands
        throttle = "rate=10,burst=20"
    plan = run("create-usage-plan", "--name", "free", "--throttle", throttle, "--quota", quota)
    assert plan["throttle"] == {"rateLimit": 10.0, "burstLimit": 20}
    assert plan["quota"] == {"limit": 3, "period": "DAY", "offset": 0}
    key = run("create-api-key", "--name", "customer", "--enabled")
    run("create-usage-plan-key", "--usage-plan-id", plan["id"], "--key-id", key["id"], "--key-type", "API_KEY")
    if client == "aws":
        run("update-usage-plan", "--usage-plan-id", plan["id"], "--patch-operations",
            "op=add,path=/apiStages,value=%s:prod" % api_id)
    else:
        run("update-usage-plan", "--usage-plan-id", plan["id"], "--add-op", "path=/apiStages,value=%s:prod" % api_id)
    run("update-method", *where, "--patch-operations", "op=replace,path=/apiKeyRequired,value=true")
    assert gateway.get(path).status == 200  # a deployment is a snapshot: nothing acts before the next one
    run("create-deployment", "--rest-api-id", api_id, "--stage-name", "prod")

    refused = gateway.get(path)  # rule K5
    assert (refused.status, refused.body, refused.error_type) == (403, b'{"message":"Forbidden"}', "ForbiddenException")
    for _ in range(3):
        admitted = gateway.get(path, key["value"])
        assert (admitted.status, admitted.json()) == (200, {"weather": "fine"})
    over = gateway.get(path, key["value"])  # rule Q2: 403 is the guide's
    assert (over.status, over.body, over.error_type) == (403, b'{"message":"Limit Exceeded"}', "LimitExceededException")
    usage = run("get-usage", "--usage-plan-id", plan["id"], "--start-date", today(), "--end-date", today())
    assert usage["items"] == {key["id"]: [[3, 0]]}
    listed = run("get-usage-plan-keys", "--usage-plan-id", plan["id"])
    assert [item["id"] for item in listed["items"]] == [key["id"]]
    run("delete-api-key", "--api-key", key["id"])
    assert gateway.get(path, key["value"]).status == 403


def today():
    return subprocess.run(["date", "-u", "+%F"], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()


@pytest.mark.parametrize("client", ["aws", "faregate"])
def test_errors_read_like_the_services(gateway, client):
    done = commands(gateway)[client].run("get-api-key", "--api-key", "missing000")
    assert done.returncode != 0
    assert ("An error occurred (NotFoundException) when calling the GetApiKey operation: "
            "Invalid API Key identifier specified") in done.stderr


def test_the_walk_with_boto3(gateway):
    api = harness.client(gateway)
    created = api.create_rest_api(name="weather")
    where = {"restApiId": created["id"], "httpMethod": "GET", "resourceId": api.create_resource(
        restApiId=created["id"], parentId=api.get_resources(restApiId=created["id"])["items"][0]["id"],
        pathPart="forecast")["id"]}
    api.put_method(**where, authorizationType="NONE", apiKeyRequired=True)
    api.put_integration(**where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    api.put_method_response(**where, statusCode="200")
    api.put_integration_response(**where, statusCode="200", responseTemplates={"application/json": "sunny"})
    api.create_deployment(restApiId=created["id"], stageName="prod")
    plan = api.create_usage_plan(name="pro", apiStages=[{"apiId": created["id"], "stage": "prod"}],
                                 throttle={"rateLimit": 100.0, "burstLimit": 200},
                                 quota={"limit": 10000, "period": "MONTH", "offset": 0})
    key = api.create_api_key(name="customer", enabled=True)
    api.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    path = "/_aws/execute-api/%s/prod/forecast" % created["id"]
    assert gateway.get(path, key["value"]).body == b"sunny"
    assert gateway.get("/restapis/%s/prod/_user_request_/forecast" % created["id"], key["value"]).body == b"sunny"
    host = "%s.execute-api.us-east-1.example.com" % created["id"]
    assert gateway.get("/prod/forecast", key["value"], host=host).body == b"sunny"
    pages = api.get_paginator("get_api_keys").paginate(PaginationConfig={"PageSize": 1})
    assert key["id"] in [item["id"] for page in pages for item in page["items"]]
    with pytest.raises(api.exceptions.ConflictException):  # rule K3
        api.create_api_key(name="twin", value=key["value"])
    with pytest.raises(api.exceptions.BadRequestException) as refused:
        api.delete_usage_plan(usagePlanId=plan["id"])
    assert "Cannot delete Usage Plan" in str(refused.value)
    api.update_usage_plan(usagePlanId=plan["id"], patchOperations=[
        {"op": "remove", "path": "/apiStages", "value": created["id"] + ":prod"}])
    assert gateway.get(path, key["value"]).status == 403  # rule P2
    api.delete_usage_plan(usagePlanId=plan["id"])
    api.delete_rest_api(restApiId=created["id"])
    assert gateway.get(path, key["value"]).status == 403
