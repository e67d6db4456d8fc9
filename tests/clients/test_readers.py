"""The readers of answers can tell: each planted fault is reported."""

import datetime
import json

import pytest

import operations
import script
import shapes

IDS = {"Content-Type": "application/json", "x-amz-apigw-id": "A" * 15 + "=",
       "x-amzn-RequestId": "12345678-1234-1234-1234-123456789012"}
KEY = {"id": "k", "enabled": True, "createdDate": 1, "stageKeys": [], "tags": {"a": "b"}}


def faults(operation, body, status=200, headers=IDS):
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return list(shapes.answer_faults(operation, status, {name.lower(): value for name, value in headers.items()}, text))


@pytest.mark.parametrize("operation, body", [
    ("GetApiKey", KEY),
    ("GetApiKey", {**KEY, "faregate": {"anything": [None]}}),
    ("GetApiKeys", {"item": [KEY], "position": "p"}),
    ("GetAccount", {"throttleSettings": {"burstLimit": 1, "rateLimit": 1.5}}),
    ("GetIntegration", {"requestTemplates": {"application/json": None}}),
    ("GetRestApi", {"rootResourceId": "r", "endpointConfiguration": {"types": ["EDGE"], "ipAddressType": "ipv4"}}),
    ("GetUsage", {"values": {"k": [[1, 2]]}}),
], ids=str)
def test_what_is_right(operation, body):
    assert faults(operation, body) == []


@pytest.mark.parametrize("sentence, operation, body, said", [
    ("a date as text", "GetApiKey", {**KEY, "createdDate": "2026-01-01"}, "createdDate is no number of whole seconds"),
    ("a date with a fraction", "GetApiKey", {**KEY, "createdDate": 1.5}, "createdDate is no number of whole seconds"),
    ("a null", "GetApiKey", {**KEY, "name": None}, "name is no text"),
    ("a number for a text", "GetApiKey", {**KEY, "name": 1}, "name is no text"),
    ("a number for a boolean", "GetApiKey", {**KEY, "enabled": 1}, "enabled is no boolean"),
    ("a member of nobody", "GetApiKey", {**KEY, "secret": "s"}, "secret is not in the model"),
    ("the model's name instead of the wire's", "GetApiKeys", {"items": []}, "items is not in the model"),
    ("an integer with a fraction", "GetAccount", {"throttleSettings": {"burstLimit": 1.0}}, "burstLimit is no integer"),
    ("a double without", "GetAccount", {"throttleSettings": {"rateLimit": 1}}, "rateLimit is no double"),
    ("a list for a map", "GetApiKey", {**KEY, "tags": []}, "tags is no map"),
    ("a map for a list", "GetApiKey", {**KEY, "stageKeys": {}}, "stageKeys is no list"),
    ("a text out of its set", "GetRestApi", {"apiKeySource": "BODY"}, "apiKeySource is 'BODY'"),
    ("a member of nobody in what is newer", "GetDomainNameAccessAssociations", {"item": [{"owner": "x"}]},
     "owner is not in the model"),
    ("a body where none is due", "DeleteApiKey", b"{}", "a body"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_planted_faults(sentence, operation, body, said):
    status = 202 if operation == "DeleteApiKey" else 200
    found = faults(operation, body, status)
    assert len(found) == 1 and said in found[0], found


def test_planted_faults_around_the_body():
    assert "status 201" in faults("GetApiKey", KEY, status=201)[0]
    assert "content type" in faults("GetApiKey", KEY, headers={**IDS, "Content-Type": "text/plain"})[0]
    assert "ids" in faults("GetApiKey", KEY, headers={"Content-Type": "application/json"})[0]
    error = {**IDS, "x-amzn-ErrorType": "NotFoundException"}
    assert faults("GetApiKey", {"message": "no"}, 404, error) == []
    assert "ErrorType" in faults("GetApiKey", {"message": "no"}, 404)[0]
    assert "says" in faults("GetApiKey", {"Message": "no"}, 404, error)[0]
    assert "says" in faults("GetApiKey", {"message": ""}, 404, error)[0]


@pytest.mark.parametrize("verb, target, name", [
    ("POST", "/apikeys", "CreateApiKey"), ("POST", "/apikeys?mode=import&format=csv", "ImportApiKeys"),
    ("GET", "/apikeys?limit=1", "GetApiKeys"), ("GET", "/tags/arn%3Aaws%2Fx", "GetTags"),
    ("GET", "/domainnames/a.b/basepathmappings/(none)", "GetBasePathMapping"), ("GET", "/apikeys/", None),
    ("PUT", "/apikeys", None), ("GET", "/faregate/keys/x/explain", None),
], ids=str)
def test_the_name_of_what_is_asked(verb, target, name):
    assert operations.named(verb, target) == name


DATE = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)


@pytest.mark.parametrize("want, got", [
    ({"a": 1}, {"a": 1, "b": 2}), ({"a": "@absent"}, {}), ({"a": "@any"}, {"a": 0}), ({"a": "@date"}, {"a": DATE}),
    ({"a": "@date"}, {"a": "2026-01-01T00:00:00+00:00"}), ({"a": "@like x.*"}, {"a": "xy"}), ({"a": {"@has": {}}}, {"a": {"b": 1}}),
    ({"a": {"@holds": [2]}}, {"a": [1, 2]}), ({"a": {"@json": {"b": 1}}}, {"a": b'{"b": 1}'}), ({"a": 1.0}, {"a": 1.0}),
], ids=str)
def test_what_fits(want, got):
    script.members(want, got, {}, "answer")


@pytest.mark.parametrize("want, got", [
    ({"a": 1}, {}), ({"a": 1}, {"a": 2}), ({"a": 1.0}, {"a": 1}), ({"a": False}, {"a": 0}), ({"a": "@absent"}, {"a": None}),
    ({"a": "@any"}, {}), ({"a": "@date"}, {"a": 1}), ({"a": "@like x"}, {"a": "xy"}), ({"a": {}}, {"a": {"b": 1}}),
    ({"a": {"@has": {"b": 1}}}, {"a": {}}), ({"a": {"@holds": [3]}}, {"a": [1, 2]}), ({"a": [1]}, {"a": [1, 2]}),
    ({"a": {"@json": {}}}, {"a": '{"b": 1}'}), ({"a": {}}, {"a": []}),
], ids=str)
def test_what_does_not_fit(want, got):
    with pytest.raises(script.Mismatch):
        script.members(want, got, {}, "answer")


@pytest.mark.parametrize("expected", ["NotFoundException", "NotFoundException: gone"])
def test_refusals(expected):
    def refuse(*_):
        raise script.Refusal("NotFoundException", "gone")
    script.play(script.Scenario("t", [["GetApiKey", {}, expected]]), refuse)
    for wrong in ("ConflictException", "NotFoundException: lost", {}):
        with pytest.raises(script.Mismatch):
            script.play(script.Scenario("t", [["GetApiKey", {}, wrong]]), refuse)
    with pytest.raises(script.Mismatch):
        script.play(script.Scenario("t", [["GetApiKey", {}, expected]]), lambda *_: {})
