"""APIs in configuration files: definitions, deployments, and files that come from an installation.

Rules AP5, AP6, AP10."""

import json
import subprocess

import pytest

import harness
from shop import Shop

DEFINITION = """
openapi: 3.0.1
info: {title: whatever it says, version: "7"}
paths:
  /sky:
    get:
      security: [{key: []}]
      responses: {"200": {description: fine}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses:
          default:
            statusCode: "200"
            responseTemplates: {application/json: '{"sky": "COLOUR"}'}
components:
  securitySchemes:
    key: {type: apiKey, name: x-api-key, in: header}
"""

FILE = """
faregate: 1
name: shop
apis:
  - name: weather
    description: what the sky is like
    definitionFile: weather.yaml
    tags: {team: blue}
    stages:
      - name: prod
        description: for all
        variables: {a: b}
        methodSettings: {"*/*": {throttlingRateLimit: 50, throttlingBurstLimit: 60}}
        tags: {tier: gold}
plans:
  - name: free
    quota: {limit: 100, period: DAY}
    apiStages: [{api: weather, stage: prod, throttle: {"/sky/GET": {rateLimit: 20, burstLimit: 30}}}]
keys:
  - {name: ann, value: anns-value-of-22-letters, plans: [free]}
"""


def define(shop, colour):
    (shop.folder / "weather.yaml").write_text(DEFINITION.replace("COLOUR", colour))


@pytest.fixture
def shop(tmp_path):
    with harness.Faregated() as daemon:
        made = Shop(daemon, tmp_path)
        define(made, "blue")
        yield made


def api_of(shop, name="weather"):
    return {api["name"]: api for api in shop.api.get_rest_apis(limit=500)["items"]}[name]


def sky_of(shop):
    """Where the method is, for single calls."""
    api_id = api_of(shop)["id"]
    resources = shop.api.get_resources(restApiId=api_id, limit=500)["items"]
    return {"restApiId": api_id, "resourceId": {r["path"]: r["id"] for r in resources}["/sky"], "httpMethod": "GET"}


def test_ap5_a_definition_is_applied_and_served(tmp_path):
    with harness.Faregate() as gateway:
        shop = Shop(gateway, tmp_path)
        define(shop, "blue")
        shop.apply(FILE, "--yes")
        path = "/_aws/execute-api/%s/prod/sky" % api_of(shop)["id"]
        assert gateway.get(path).status == 403
        assert json.loads(gateway.get(path, "anns-value-of-22-letters").body) == {"sky": "blue"}
        define(shop, "grey")
        shop.apply(FILE, "--yes")
        assert json.loads(gateway.get(path, "anns-value-of-22-letters").body) == {"sky": "grey"}


def test_ap5_applied_twice_nothing_is_done(shop):
    assert list(shop.plan(FILE)) == [("create", "api", "weather"), ("create", "stage", "weather:prod"),
                                     ("create", "plan", "free"), ("create", "key", "ann")]
    shop.apply(FILE, "--yes")
    assert shop.plan(FILE) == {}
    api = api_of(shop)
    assert api["description"] == "what the sky is like" and api["tags"]["team"] == "blue"
    assert api["tags"]["faregate:managed-by"] == "shop"
    define(shop, "blue\n# a comment")  # within a literal: another definition
    assert shop.plan(FILE)
    (shop.folder / "weather.yaml").write_text("# only a comment\n" + DEFINITION.replace("COLOUR", "blue"))
    assert shop.plan(FILE) == {}


def test_ap5_what_changed_in_the_file_or_by_hand_is_noticed(shop):
    shop.apply(FILE, "--yes")
    first = shop.api.get_stage(restApiId=api_of(shop)["id"], stageName="prod")["deploymentId"]
    both = {("change", "api", "weather"): ["definition"], ("change", "stage", "weather:prod"): ["deployment"]}
    define(shop, "grey")
    assert shop.plan(FILE) == both
    shop.apply(FILE, "--yes")
    assert shop.plan(FILE) == {}
    stage = shop.api.get_stage(restApiId=api_of(shop)["id"], stageName="prod")
    assert stage["deploymentId"] != first and stage["variables"] == {"a": "b"}
    shop.api.put_integration_response(statusCode="200", responseTemplates={"application/json": "{}"}, **sky_of(shop))
    assert shop.plan(FILE) == both
    shop.apply(FILE, "--yes")
    assert shop.plan(FILE) == {}
    answer = shop.api.get_integration_response(statusCode="200", **sky_of(shop))
    assert answer["responseTemplates"] == {"application/json": '{"sky": "grey"}'}


def test_ap5_members_of_the_api_change_by_themselves(shop):
    shop.apply(FILE, "--yes")
    deployments = len(shop.api.get_deployments(restApiId=api_of(shop)["id"])["items"])
    new = FILE.replace("what the sky is like", "sky").replace("team: blue", "crew: red").replace("tier: gold", "a: b")
    assert shop.plan(new) == {("change", "api", "weather"): ["description", "tags.team", "tags.crew"],
                              ("change", "stage", "weather:prod"): ["tags.tier", "tags.a"]}
    shop.apply(new, "--yes")
    assert shop.plan(new) == {} and api_of(shop)["description"] == "sky"
    assert len(shop.api.get_deployments(restApiId=api_of(shop)["id"])["items"]) == deployments
    regional = new.replace("    tags: {crew: red}\n", "    apiKeySource: QUERY\n    endpointType: REGIONAL\n")
    changed = shop.plan(regional)
    assert set(changed[("change", "api", "weather")]) == {"apiKeySource", "endpointType", "tags.crew"}
    assert changed[("change", "stage", "weather:prod")] == ["deployment"]
    shop.apply(regional, "--yes")
    assert shop.plan(regional) == {} and api_of(shop)["endpointConfiguration"]["types"] == ["REGIONAL"]


def test_ap6_a_stage_may_stay_where_it_is(shop):
    shop.apply(FILE, "--yes")
    define(shop, "grey")
    stays = FILE.replace("- name: prod\n", "- name: prod\n        deploy: false\n")
    assert shop.plan(stays) == {("change", "api", "weather"): ["definition"]}
    shop.apply(stays, "--yes")
    assert shop.plan(stays) == {} and list(shop.plan(FILE)) == [("change", "stage", "weather:prod")]
    assert "deploy: false" in shop.export()


def test_ap4_what_was_made_by_hand_is_taken_over_when_it_is_named(shop):
    harness.make_api(shop.daemon)
    harness.make_plan(shop.daemon, name="free")
    harness.make_key(shop.daemon, name="ann")
    text = "faregate: 1\nname: shop\napis: [{name: weather}]\nplans: [{name: free}]\nkeys: [{name: ann}]\n"
    assert shop.plan(text) == {("change", noun, name): ["managedBy"]
                               for noun, name in (("api", "weather"), ("plan", "free"), ("key", "ann"))}
    shop.apply(text, "--yes")
    assert shop.plan(text) == {}
    shop.apply("faregate: 1\nname: shop\n", "--prune", "--yes")
    assert not shop.plans() and not shop.keys() and not shop.api.get_rest_apis()["items"]


def test_ap7_a_stage_and_its_api_are_deleted(shop):
    shop.apply(FILE, "--yes")
    less = "faregate: 1\nname: shop\napis:\n  - name: weather\n    definitionFile: weather.yaml\n"
    assert list(shop.plan(less, "--prune")) == [
        ("change", "api", "weather"), ("delete", "key", "ann"), ("delete", "plan", "free"),
        ("delete", "stage", "weather:prod")]
    shop.apply(less, "--prune", "--yes")
    assert shop.api.get_stages(restApiId=api_of(shop)["id"])["item"] == [] and not shop.plans()
    shop.apply("faregate: 1\nname: shop\n", "--prune", "--yes")
    assert not shop.api.get_rest_apis()["items"]


def make_rich(shop):
    """What a file can say, made by single calls."""
    api = shop.api
    ids = [harness.make_api(shop.daemon, name=name, path=name, uri=uri)
           for name, uri in (("weather", None), ("news", "http://127.0.0.1:9/news"), ("idle", None))]
    api.create_resource(restApiId=ids[2], pathPart="later",  # the stage lags behind
                        parentId=api.get_resources(restApiId=ids[2])["items"][0]["id"])
    api.update_rest_api(restApiId=ids[1], patchOperations=[
        {"op": "replace", "path": "/apiKeySource", "value": "AUTHORIZER"},
        {"op": "replace", "path": "/description", "value": "all: of it\nin two lines"}])
    api.create_deployment(restApiId=ids[1], stageName="beta", variables={"x": "1"})
    api.update_stage(restApiId=ids[0], stageName="dev", patchOperations=[
        {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "12.5"},
        {"op": "replace", "path": "/~1weather/GET/logging/loglevel", "value": "INFO"},
        {"op": "replace", "path": "/description", "value": "yes"}])
    stages = [{"apiId": ids[0], "stage": "dev", "throttle": {"/weather/GET": {"rateLimit": 1.5, "burstLimit": 2},
                                                             "//GET": {"rateLimit": 3, "burstLimit": 4}}},
              {"apiId": ids[1], "stage": "beta"}]
    gold = api.create_usage_plan(name="gold", tags={"a": "b"}, apiStages=stages,
                                 throttle={"rateLimit": 7, "burstLimit": 8})["id"]
    shadow = api.create_usage_plan(name="shadow", description="no", quota={"limit": 9, "period": "WEEK",
                                                                           "offset": 6})["id"]
    extend(api.update_usage_plan, "usagePlanId", gold, {
        "shadowPlanId": shadow, "quotaScope": "CUSTOMER", "countedStatuses": ["2xx"], "alertThresholds": [],
        "addressRules": [{"cidr": "10.0.0.0/8", "action": "deny"}]})
    for number in range(30):
        key = api.create_api_key(name="key %d" % number, enabled=number % 3 > 0, tags={"n": str(number)})["id"]
        api.create_usage_plan_key(usagePlanId=[gold, shadow][number % 2], keyId=key, keyType="API_KEY")
        if number % 10 == 0:
            extend(api.update_api_key, "apiKey", key, {
                "expiresAt": "2090-01-01", "overrides": {gold: {"throttle": {"rateLimit": 5, "burstLimit": 6},
                                                                "until": 2000000000}}})
    api.update_account(patchOperations=[{"op": "replace", "path": "/throttleSettings/rateLimit", "value": "1234.5"}])


def extend(update, label, thing_id, members):
    update(**{label: thing_id}, patchOperations=[{"op": "replace", "path": "/faregate", "value": json.dumps(members)}])


def test_ap10_an_export_is_taken_back_without_a_change(shop, tmp_path):
    make_rich(shop)
    text = shop.export("--include-key-values")
    assert shop.plan(text) == {}
    with harness.Faregated() as other:
        there = Shop(other, tmp_path)
        there.apply(text, "--yes")
        assert there.plan(text) == {}
        assert there.export("--include-key-values") == text.replace("    deploy: false\n", "")
        again = there.plan(json.dumps(json.loads(there.export("--json"))))
        assert again == {}
