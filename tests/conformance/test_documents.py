"""An API from a file and back, with the stock `aws` command and boto3, called with a key through nginx (rules OA2, OA10,
OA11, OA13)."""

import json

import pytest

import harness
from test_walk import commands

MOCK = {"type": "mock", "passthroughBehavior": "when_no_match",
        "requestTemplates": {"application/json": '{"statusCode": 200}'},
        "responses": {"default": {"statusCode": "200", "responseTemplates": {"application/json": '{"weather":"fine"}'}}}}


def document(title, *paths, security=({"api_key": []},)):
    operation = {"responses": {"200": {"description": "200 response"}}, "security": list(security),
                 "x-amazon-apigateway-integration": MOCK}
    return {"openapi": "3.0.1", "info": {"title": title, "version": "1.0"},
            "paths": {path: {"get": operation} for path in paths},
            "components": {"securitySchemes": {"api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"}}}}


@pytest.fixture(scope="module")
def gateway():
    with harness.Faregate(workers=1) as instance:
        yield instance


def key_for(client, api_id):
    """The value of a new key on a plan that has the API's stage."""
    plan = client.create_usage_plan(name="p", apiStages=[{"apiId": api_id, "stage": "prod"}])
    key = client.create_api_key(name="k", enabled=True)
    client.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    return key["value"]


def test_a_file_becomes_an_api_that_wants_its_key(gateway, tmp_path):
    aws, client = commands(gateway)["aws"], harness.client(gateway)
    first, second, exported = tmp_path / "first.json", tmp_path / "second.json", tmp_path / "exported.json"
    first.write_text(json.dumps(document("weather", "/forecast")))
    api = aws("import-rest-api", "--body", "fileb://%s" % first)
    assert (api["name"], api["version"], api.get("warnings")) == ("weather", "1.0", None)
    client.create_deployment(restApiId=api["id"], stageName="prod")
    path = "/_aws/execute-api/%s/prod" % api["id"]
    assert gateway.get(path + "/forecast").status == 403
    value = key_for(client, api["id"])
    assert gateway.get(path + "/forecast", key=value).status == 200

    second.write_text(json.dumps(document("weather", "/archive")))
    aws("put-rest-api", "--rest-api-id", api["id"], "--mode", "merge", "--body", "fileb://%s" % second)
    assert gateway.get(path + "/archive", key=value).status == 403  # not before it is deployed
    export = ("get-export", "--rest-api-id", api["id"], "--stage-name", "prod", "--export-type", "oas30",
              "--parameters", "extensions=apigateway", str(exported))
    aws(*export)
    before = json.loads(exported.read_text())
    assert before.pop("servers")[0]["url"].startswith("https://%s.execute-api." % api["id"])
    assert before == document("weather", "/forecast")
    client.create_deployment(restApiId=api["id"], stageName="prod")
    assert gateway.get(path + "/archive", key=value).status == 200
    assert gateway.get(path + "/archive").status == 403
    aws(*export)
    assert sorted(json.loads(exported.read_text())["paths"]) == ["/archive", "/forecast"]


def test_a_refused_file_is_told_why(gateway, tmp_path):
    aws = commands(gateway)["aws"]
    bad = tmp_path / "bad.yaml"
    bad.write_text(json.dumps(document("weather", "/x", security=({"kye": []},))))
    client = harness.client(gateway)
    count = len(client.get_rest_apis()["items"])
    done = aws.run("import-rest-api", "--body", "fileb://%s" % bad)
    assert done.returncode and "there is no such security scheme" in done.stderr, done.stderr
    assert len(client.get_rest_apis()["items"]) == count


def test_boto3_takes_yaml(gateway):
    client = harness.client(gateway)
    body = b"swagger: '2.0'\ninfo: {title: yaml, version: 2}\npaths: {/x: {get: {responses: {default: {}}}}}\n"
    api = client.import_rest_api(body=body, parameters={"endpointConfigurationTypes": "REGIONAL"})
    assert (api["version"], api["endpointConfiguration"]["types"]) == ("2", ["REGIONAL"])
    assert api["warnings"] == ["paths./x(GET).responses.default: only status codes are supported"]
    with pytest.raises(client.exceptions.BadRequestException, match="Warnings found during import"):
        client.put_rest_api(restApiId=api["id"], mode="overwrite", failOnWarnings=True, body=body)
    client.delete_rest_api(restApiId=api["id"])
