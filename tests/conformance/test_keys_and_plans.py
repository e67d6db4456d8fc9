"""What the service does with keys, plans, their keys, usage and the account, statement by statement.

Every row is a sentence of the behaviour reference (sections 1, 3, 4.1 to 4.5 and Terraform's part of 5), asked of a
real faregated with a signed request. {key}, {plan}, {api} and the like in a row stand for what `things` made."""

import json
import re
import time

import botocore.exceptions
import pytest

import harness

BAD, MISSING, CONFLICT = "BadRequestException", "NotFoundException", "ConflictException"
NO_KEY, NO_PLAN = "Invalid API Key identifier specified", "Invalid Usage Plan ID specified"
CLASS = "class java.lang.%s can not be converted to an %s"
NUMBER = "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an %s"
OPS = "failed to satisfy constraint: Member must satisfy enum value set: [add, remove, move, test, replace, copy]"
NO_STAGE_IN = "Invalid API Stage {api: %s, stage: %s} specified for usageplan "


@pytest.fixture(scope="module")
def daemon():
    with harness.Faregated() as instance:
        yield instance


@pytest.fixture(scope="module")
def boto(daemon):
    return harness.client(daemon)


@pytest.fixture(scope="module")
def api(daemon, boto):
    return harness.make_api(daemon, api_client=boto)


def made(daemon, target, body):
    answer = daemon.call("POST", target, body)
    assert answer.status == 201, answer
    return answer.json()


def patches(*operations):
    names = ("op", "path", "value")
    return {"patchOperations": [dict(zip(names, operation)) for operation in operations]}


def patched(daemon, target, *operations):
    answer = daemon.call("PATCH", target, patches(*operations))
    assert answer.status == 200, answer
    return answer.json()


def key_of(daemon, **members):
    return made(daemon, "/apikeys", members)


def plan_of(daemon, **members):
    return made(daemon, "/usageplans", dict({"name": "p"}, **members))


def pair_of(daemon, plan, key):
    return made(daemon, "/usageplans/%s/keys" % plan["id"], {"keyId": key["id"], "keyType": "API_KEY"})


def deleted(daemon, target):
    answer = daemon.call("DELETE", target)
    assert (answer.status, answer.body) == (202, b""), answer


def refused(answer, status, kind, message):
    assert (answer.status, answer.error_type, answer.json()) == (status, kind, {"message": message}), answer


def ids(rows):
    return [row[0] for row in rows]


# ---- every answer ----

@pytest.mark.parametrize("verb, target, status", [
    ("GET", "/apikeys", 200), ("GET", "/apikeys/nosuch", 404), ("GET", "/nowhere", 404), ("GET", "/account", 200)])
def test_every_answer_has_its_headers(daemon, verb, target, status):
    answer = daemon.call(verb, target)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer.headers["x-amzn-requestid"])
    assert re.fullmatch(r"[A-Za-z0-9+/_-]{15}=", answer.headers["x-amz-apigw-id"])


# ---- refusals: nothing is made ----

CREATE_KEY = [
    ("a name over 1024 characters", {"name": "n" * 1025}, 400, BAD,
     "Invalid API Key name, can be at most 1024 characters."),
    ("a value of 19 characters", {"value": "v" * 19}, 400, BAD, "API Key value should be at least 20 characters"),
    ("a value of 1 character", {"value": "v"}, 400, BAD, "API Key value should be at least 20 characters"),
    ("a value over 128", {"value": "v" * 129}, 400, BAD, "API Key value exceeds maximum size of 128 characters"),
    ("a description over 125,000", {"description": "d" * 125001}, 400, BAD,
     "Invalid API Key description specified."),
    ("a stage key of an unknown API", {"stageKeys": [{"restApiId": "nosuch0000", "stageName": "dev"}]}, 404, MISSING,
     "Invalid API identifier specified 000000000000:nosuch0000"),
    ("a stage key without an API", {"stageKeys": [{"stageName": "dev"}]}, 404, MISSING,
     "Invalid API identifier specified 000000000000:null"),
    ("a boolean for a text", {"name": True}, 400, "SerializationException", CLASS % ("Boolean", "String")),
    ("a number for a text", {"value": 12345678901234567}, 400, "SerializationException", NUMBER % "String"),
    ("a fraction for a text", {"description": 1.5}, 400, "SerializationException", NUMBER % "String"),
    ("a text for a boolean", {"enabled": "yes"}, 400, "SerializationException", CLASS % ("String", "Boolean")),
]


@pytest.mark.parametrize("row", CREATE_KEY, ids=ids(CREATE_KEY))
def test_create_key_refusals(daemon, row):
    refused(daemon.call("POST", "/apikeys", row[1]), *row[2:])


def quota(**members):
    return {"name": "p", "quota": members}


def staged(**members):
    return {"name": "p", "apiStages": [members]}


LIMIT_TEXT = "Usage Plan quota limit must be a non-negative numeric"
PERIOD_TEXT = "Invalid Usage Plan quota period specified. Must be one of [DAY, WEEK, MONTH]"
UNFORMATTED = "Invalid API Stage {api: %s, stage: %s} specified for usageplan %s"
CREATE_PLAN = [
    ("a quota without limit", quota(period="DAY"), 400, BAD, LIMIT_TEXT),
    ("a negative quota", quota(limit=-1, period="DAY"), 400, BAD, LIMIT_TEXT),
    ("a quota without period", quota(limit=1), 400, BAD, PERIOD_TEXT),
    ("a wrong period", quota(limit=1, period="YEAR"), 400, BAD, PERIOD_TEXT),
    ("a day's offset", quota(limit=1, period="DAY", offset=1), 400, BAD,
     "Usage Plan quota offset must be zero in the DAY period"),
    ("a week's offset", quota(limit=1, period="WEEK", offset=7), 400, BAD,
     "Usage Plan quota offset must be between 0 and 6 inclusive in the WEEK period"),
    ("a month's offset", quota(limit=1, period="MONTH", offset=28), 400, BAD,
     "Usage Plan quota offset must be between 0 and 27 inclusive in the MONTH period"),
    ("a stage without API", staged(stage="dev"), 400, BAD, UNFORMATTED),
    ("a stage with an empty API", staged(apiId="", stage="dev"), 400, BAD, UNFORMATTED),
    ("an API without stage", staged(apiId="{api}"), 400, BAD, UNFORMATTED),
    ("an unknown API", staged(apiId="nosuch", stage="dev"), 404, MISSING, "API Stage not found: nosuch:dev"),
    ("an unknown stage", staged(apiId="{api}", stage="no"), 404, MISSING, "API Stage not found: {api}:no"),
    ("a method without verb", staged(apiId="{api}", stage="dev", throttle={"pets": {}}), 400, BAD,
     "Invalid method {resourcePath: pets,method: } specified"),
    ("a method's path without a slash in front",
     staged(apiId="{api}", stage="dev", throttle={"pets/GET": {"rateLimit": 1}}), 400, BAD,
     "Invalid method {resourcePath: pets/GET,method: } specified"),
    ("no name", {}, 400, "ValidationException", "1 validation error detected: Value null at 'createUsagePlanInput.name' "
     "failed to satisfy constraint: Member must not be null"),
    ("a text for a number", {"name": "p", "throttle": {"burstLimit": "1"}}, 400, "SerializationException",
     CLASS % ("String", "Integer")),
]


def filled(body, api):
    """`body` with {api} filled in."""
    return json.loads(json.dumps(body).replace("{api}", api))


@pytest.mark.parametrize("row", CREATE_PLAN, ids=ids(CREATE_PLAN))
def test_create_plan_refusals(daemon, api, row):
    _, body, status, kind, message = row
    refused(daemon.call("POST", "/usageplans", filled(body, api)), status, kind, filled(message, api))


UNKNOWN = [
    ("GetApiKey", "GET", "/apikeys/nosuch0000", None, NO_KEY),
    ("UpdateApiKey", "PATCH", "/apikeys/nosuch0000", patches(("replace", "/name", "n")), NO_KEY),
    ("DeleteApiKey", "DELETE", "/apikeys/nosuch0000", None, NO_KEY),
    ("ids are case-sensitive", "GET", "/apikeys/{KEY}", None, NO_KEY),
    ("GetUsagePlan", "GET", "/usageplans/nosuch", None, NO_PLAN),
    ("UpdateUsagePlan", "PATCH", "/usageplans/nosuch", patches(("replace", "/name", "n")), NO_PLAN),
    ("DeleteUsagePlan", "DELETE", "/usageplans/nosuch", None, NO_PLAN),
    ("CreateUsagePlanKey with an unknown key", "POST", "/usageplans/{plan}/keys",
     {"keyId": "nosuch0000", "keyType": "API_KEY"}, NO_KEY),
    ("CreateUsagePlanKey with an unknown plan", "POST", "/usageplans/nosuch/keys",
     {"keyId": "{key}", "keyType": "API_KEY"}, NO_PLAN),
    ("GetUsagePlanKey", "GET", "/usageplans/{plan}/keys/{lone}", None, NO_KEY),
    ("DeleteUsagePlanKey", "DELETE", "/usageplans/{plan}/keys/{lone}", None, NO_KEY),
    ("DeleteUsagePlanKey of an unknown plan", "DELETE", "/usageplans/nosuch/keys/{key}", None, NO_PLAN),
    ("GetUsage", "GET", "/usageplans/nosuch/usage?startDate=2026-01-01&endDate=2026-01-02", None, NO_PLAN),
    ("UpdateUsage with an unknown plan", "PATCH", "/usageplans/nosuch/keys/{key}/usage",
     patches(("replace", "/remaining", "1")), NO_PLAN),
    ("UpdateUsage with an unknown key", "PATCH", "/usageplans/{plan}/keys/nosuch0000/usage",
     patches(("replace", "/remaining", "1")), NO_KEY),
]


@pytest.fixture(scope="module")
def things(daemon, api):
    key, plan = key_of(daemon, name="member"), plan_of(daemon, quota={"limit": 9, "period": "DAY"})
    pair_of(daemon, plan, key)
    return {"api": api, "key": key["id"], "KEY": key["id"].upper(), "plan": plan["id"],
            "lone": key_of(daemon, name="lone")["id"]}


def named(text, things):
    for name, value in things.items():
        text = text.replace("{%s}" % name, value)
    return text


@pytest.mark.parametrize("row", UNKNOWN, ids=ids(UNKNOWN))
def test_unknown_things(daemon, things, row):
    _, verb, target, body, message = row
    body = named(json.dumps(body), things) if body else None
    refused(daemon.call(verb, named(target, things), body), 404, MISSING, message)


PATCH_KEY = [
    ("an unknown path (family A)", ("replace", "/nope", "x"), 400, BAD,
     "Invalid patch path  '/nope' specified for op 'replace'. Must be one of: "
     "[/description, /enabled, /name, /customerId]"),
    ("an operation without paths (family A)", ("add", "/name", "x"), 400, BAD,
     "Invalid patch path  '/name' specified for op 'add'. Please choose supported operations"),
    ("no path", ("replace",), 400, BAD, "Invalid patch path null"),
    ("a wrong op", ("put", "/name", "x"), 400, "ValidationException",
     "1 validation error detected: Value 'put' at 'updateApiKeyInput.patchOperations.1.member.op' " + OPS),
    ("a number as value", ("replace", "/name", 1), 400, "SerializationException", NUMBER % "String"),
    ("a boolean as value", ("replace", "/enabled", True), 400, "SerializationException",
     CLASS % ("Boolean", "String")),
    ("a too long description", ("replace", "/description", "d" * 125001), 400, BAD,
     "Invalid API Key description specified."),
    ("a too long name", ("replace", "/name", "n" * 1025), 400, BAD,
     "Invalid API Key name, can be at most 1024 characters."),
]


@pytest.mark.parametrize("row", PATCH_KEY, ids=ids(PATCH_KEY))
def test_patch_key_refusals(daemon, things, row):
    target = "/apikeys/" + things["key"]
    before = daemon.call("GET", target).json()
    refused(daemon.call("PATCH", target, patches(row[1])), *row[2:])
    assert daemon.call("GET", target).json() == before


def test_every_bad_op_is_reported_at_once(daemon, things):
    body = patches(("put", "/name", "x"), ("replace", "/name", "y"), ("get", "/name", "z"))
    clause = "Value '%s' at 'updateApiKeyInput.patchOperations.%d.member.op' " + OPS
    refused(daemon.call("PATCH", "/apikeys/" + things["key"], body), 400, "ValidationException",
            "2 validation errors detected: %s; %s" % (clause % ("put", 1), clause % ("get", 3)))


@pytest.mark.parametrize("target, name", [
    ("/apikeys/nosuch", "updateApiKey"), ("/usageplans/nosuch", "updateUsagePlan"),
    ("/usageplans/nosuch/keys/nosuch/usage", "updateUsage"), ("/account", "updateAccount")])
def test_model_constraints_are_checked_before_everything_else(daemon, target, name):
    refused(daemon.call("PATCH", target, patches(("put", "/x", "x"))), 400, "ValidationException",
            "1 validation error detected: Value 'put' at '%sInput.patchOperations.1.member.op' %s" % (name, OPS))
    refused(daemon.call("PATCH", target, patches(("replace", "/x", False))), 400, "SerializationException",
            CLASS % ("Boolean", "String"))


PATCH_PLAN = [
    ("add an unknown API", ("add", "/apiStages", "a:b"), 404, MISSING, NO_STAGE_IN % ("a", "b") + "{plan}"),
    ("remove an unknown API", ("remove", "/apiStages", "a:b"), 404, MISSING, NO_STAGE_IN % ("a", "b") + "{plan}"),
    ("remove a stage that is not attached", ("remove", "/apiStages", "{api}:dev"), 404, MISSING,
     NO_STAGE_IN % ("{api}", "dev") + "{plan}"),
    ("a stage without value", ("add", "/apiStages"), 400, BAD, "Invalid API Stage specified"),
    ("a removal without value", ("remove", "/apiStages"), 400, BAD, "Invalid API Stage specified"),
    ("a stage without colon", ("add", "/apiStages", "{api}"), 400, BAD, "Invalid API Stage specified"),
    ("a wrong period", ("replace", "/quota/period", "YEAR"), 400, BAD, PERIOD_TEXT),
    ("a negative quota", ("replace", "/quota/limit", "-1"), 400, BAD, LIMIT_TEXT),
    ("an offset in a DAY", ("replace", "/quota/offset", "1"), 400, BAD,
     "Usage Plan quota offset must be zero in the DAY period"),
]


@pytest.mark.parametrize("row", PATCH_PLAN, ids=ids(PATCH_PLAN))
def test_patch_plan_refusals(daemon, things, row):
    target = "/usageplans/" + things["plan"]
    before = daemon.call("GET", target).json()
    body = named(json.dumps(patches(row[1])), things)
    refused(daemon.call("PATCH", target, body), row[2], row[3], named(row[4], things))
    assert daemon.call("GET", target).json() == before


NOT_ALLOWED = [("add", "/name"), ("remove", "/name"), ("add", "/description"), ("remove", "/description"),
               ("replace", "/apiStages"), ("add", "/throttle"), ("replace", "/throttle"),
               ("remove", "/throttle/rateLimit"), ("remove", "/throttle/burstLimit"), ("add", "/quota"),
               ("replace", "/quota"), ("remove", "/quota/limit"), ("remove", "/quota/offset"),
               ("remove", "/quota/period"), ("replace", "/id"), ("replace", "/tags/a"), ("move", "/name"),
               ("add", "/apiStages/{api}:dev/throttle//pets/GET"), ("replace", "/apiStages/{api}:dev/throttle//pets/GET"),
               ("remove", "/apiStages/{api}:dev/throttle//pets/GET/rateLimit")]


@pytest.mark.parametrize("op, path", NOT_ALLOWED)
def test_patch_plan_only_as_its_table_says(daemon, api, op, path):
    plan = plan_of(daemon, apiStages=[{"apiId": api, "stage": "dev"}])
    answer = daemon.call("PATCH", "/usageplans/" + plan["id"], patches((op, path.replace("{api}", api), "1")))
    assert (answer.status, answer.error_type) == (400, BAD), answer
    assert answer.json()["message"].startswith("Invalid patch path")


# ---- keys ----

def test_a_minimal_key(daemon):
    before = int(time.time())
    answer = daemon.call("POST", "/apikeys")
    key = answer.json()
    assert answer.status == 201
    assert set(key) == {"id", "value", "enabled", "createdDate", "lastUpdatedDate", "stageKeys"}
    assert (key["enabled"], key["stageKeys"]) == (False, [])
    assert re.fullmatch("[a-z0-9]{10}", key["id"]) and re.fullmatch("[A-Za-z0-9]{40}", key["value"])
    assert re.search(rb'"createdDate":\d+[,}]', answer.body) and before <= key["createdDate"] <= time.time() + 1


KEY_MEMBERS = [
    ("an empty name is absent", {"name": ""}, {"name": None}),
    ("an empty description is absent", {"description": "", "customerId": ""},
     {"description": None, "customerId": None}),
    ("tags are echoed when given", {"tags": {"a": "b"}}, {"tags": {"a": "b"}}),
    ("all that is given is echoed", {"name": "n", "description": "d", "customerId": "c", "enabled": True},
     {"name": "n", "description": "d", "customerId": "c", "enabled": True}),
    ("a value of 20", {"value": "twenty-characters-20"}, {"value": "twenty-characters-20"}),
    ("a value of 128", {"value": "w" * 128}, {"value": "w" * 128}),
    ("a name of 1024", {"name": "n" * 1024}, {"name": "n" * 1024}),
    ("a description of 125,000", {"description": "d" * 125000}, {"description": "d" * 125000}),
    ("stage keys come back as api/stage", {"stageKeys": [{"restApiId": "{api}", "stageName": "dev"}]},
     {"stageKeys": ["{api}/dev"]}),
    ("null is absent", {"name": None, "enabled": None, "tags": None}, {"name": None, "tags": None, "enabled": False}),
]


@pytest.mark.parametrize("row", KEY_MEMBERS, ids=ids(KEY_MEMBERS))
def test_key_members(daemon, api, row):
    key = key_of(daemon, **filled(row[1], api))
    assert {name: key.get(name) for name in row[2]} == filled(row[2], api)


@pytest.mark.parametrize("members", [{"value": ""}, {"generateDistinctId": True}, {"generateDistinctId": False}])
def test_an_empty_value_is_generated_and_the_id_is_distinct(daemon, members):
    key = key_of(daemon, **members)
    assert len(key["value"]) == 40 and key["id"] != key["value"]


def test_values_are_unique_and_names_are_not(daemon):
    key = key_of(daemon, name="twin")
    key_of(daemon, name="twin")
    refused(daemon.call("POST", "/apikeys", {"value": key["value"]}), 409, CONFLICT, "API Key already exists")


def test_get_key(daemon):
    key = key_of(daemon, name="n")
    got = daemon.call("GET", "/apikeys/" + key["id"]).json()
    shown = dict(key, tags={})
    assert daemon.call("GET", "/apikeys/%s?includeValue=true" % key["id"]).json() == shown
    del shown["value"]
    assert got == shown
    assert daemon.call("GET", "/apikeys/%s?includeValue=false" % key["id"]).json() == shown


@pytest.mark.parametrize("prefix, count", [("Pre", 2), ("Prefix%_a", 1), ("prefix", 0), ("fix", 0), ("a", 0),
                                           ("P%25", 0), ("Pre%2A", 0), ("Prefi_", 0)])
def test_the_name_filter_is_a_case_sensitive_prefix(daemon, prefix, count):
    with_keys = daemon.call("GET", "/apikeys?name=Prefix").json()["item"]
    if not with_keys:
        plan = plan_of(daemon, name="prefixes")
        for name in ("Prefix%_a", "Prefix-b"):
            pair_of(daemon, plan, key_of(daemon, name=name))
    plan = next(plan for plan in daemon.call("GET", "/usageplans?limit=500").json()["item"]
                if plan["name"] == "prefixes")
    quoted = prefix.replace("%_", "%25_")
    for target in ("/apikeys?name=", "/usageplans/%s/keys?name=" % plan["id"]):
        assert len(daemon.call("GET", target + quoted).json()["item"]) == count


def test_the_customer_filter_is_equality(daemon):
    key = key_of(daemon, customerId="customer-1")
    items = daemon.call("GET", "/apikeys?customerId=customer-1").json()["item"]
    assert [item["id"] for item in items] == [key["id"]]
    assert daemon.call("GET", "/apikeys?customerId=customer-").json() == {"item": []}


def test_lists_of_keys(daemon):
    first, second = (key_of(daemon, name="listed%d" % i, tags=tags) for i, tags in enumerate([{}, {"a": "b"}]))
    items = daemon.call("GET", "/apikeys?name=listed").json()["item"]
    assert [item["id"] for item in items] == [second["id"], first["id"]]  # newest first
    assert "tags" not in items[1] and items[0]["tags"] == {"a": "b"} and "value" not in items[0]
    items = daemon.call("GET", "/apikeys?name=listed&includeValues=true").json()["item"]
    assert [item["value"] for item in items] == [second["value"], first["value"]]


@pytest.mark.parametrize("limit, count", [(None, 25), (-1, 25), (0, 25), (501, 25), (1, 1), (28, 28), (500, 30)])
def test_limits_of_a_page(daemon, limit, count):
    have = len(daemon.call("GET", "/apikeys?name=paged&limit=500").json()["item"])
    for i in range(have, 30):
        key_of(daemon, name="paged%d" % i)
    answer = daemon.call("GET", "/apikeys?name=paged" + ("" if limit is None else "&limit=%d" % limit))
    assert answer.status == 200
    assert len(answer.json()["item"]) == count
    assert ("position" in answer.json()) == (count < 30)


def test_pages_of_lists(daemon, boto):
    plan = plan_of(daemon, name="pages")
    keys = [key_of(daemon, name="leaf%d" % i)["id"] for i in range(5)]
    for key in keys:
        pair_of(daemon, plan, {"id": key})
    pages = list(boto.get_paginator("get_api_keys").paginate(nameQuery="leaf", PaginationConfig={"PageSize": 2}))
    assert [[item["id"] for item in page["items"]] for page in pages] == [keys[:2:-1], keys[2:0:-1], keys[:1]]
    pages = list(boto.get_paginator("get_usage_plan_keys").paginate(usagePlanId=plan["id"],
                                                                    PaginationConfig={"PageSize": 5}))
    assert [[item["id"] for item in page["items"]] for page in pages] == [keys[::-1]]
    pages = boto.get_paginator("get_usage_plans").paginate(PaginationConfig={"PageSize": 3})
    seen = [item["id"] for page in pages for item in page["items"]]
    assert len(seen) == len(set(seen)) and plan["id"] in seen


@pytest.mark.parametrize("value, enabled", [("true", True), ("TRUE", True), ("false", False), ("not-a-boolean", False)])
def test_only_true_in_any_case_enables(daemon, things, value, enabled):
    assert patched(daemon, "/apikeys/" + things["lone"], ("replace", "/enabled", value))["enabled"] is enabled


@pytest.mark.parametrize("path, member", [("/name", "name"), ("/description", "description"),
                                          ("/customerId", "customerId")])
def test_patch_key(daemon, path, member):
    key = key_of(daemon)
    answer = patched(daemon, "/apikeys/" + key["id"], ("replace", path, "new"))
    assert answer[member] == "new" and answer["tags"] == {} and "value" not in answer
    assert member not in patched(daemon, "/apikeys/" + key["id"], ("replace", path, ""))


def test_patch_key_stages_and_labels(daemon, api):
    target = "/apikeys/" + key_of(daemon)["id"]
    assert patched(daemon, target, ("add", "/stages", api + "/dev"))["stageKeys"] == [api + "/dev"]
    assert patched(daemon, target, ("remove", "/stages", api + "/dev"))["stageKeys"] == []
    patched(daemon, target, ("add", "/labels", "x"), ("remove", "/labels", "x"))


def test_a_patch_is_all_or_nothing_and_in_order(daemon):
    target = "/apikeys/" + key_of(daemon, name="a")["id"]
    assert patched(daemon, target, ("replace", "/name", "b"), ("replace", "/name", "c"))["name"] == "c"
    assert daemon.call("PATCH", target, patches(("replace", "/name", "d"), ("add", "/name", "e"))).status == 400
    assert daemon.call("GET", target).json()["name"] == "c"


def test_an_empty_patch_changes_nothing_and_any_other_moves_the_date(daemon):
    key = key_of(daemon, name="a")
    value = key.pop("value")
    harness.wait_until(lambda: int(time.time()) > key["createdDate"], what="the next whole second")
    for body in (None, {}, {"patchOperations": []}, {"patchOperations": None}):
        answer = daemon.call("PATCH", "/apikeys/" + key["id"], body)
        assert (answer.status, answer.json()) == (200, dict(key, tags={}))
    answer = patched(daemon, "/apikeys/" + key["id"], ("replace", "/name", "a"))
    assert answer["lastUpdatedDate"] > key["lastUpdatedDate"] and answer["createdDate"] == key["createdDate"]
    assert daemon.call("GET", "/apikeys/%s?includeValue=true" % key["id"]).json()["value"] == value


def test_a_deleted_key_leaves_every_plan(daemon):
    plan, key = plan_of(daemon), key_of(daemon)
    pair_of(daemon, plan, key)
    deleted(daemon, "/apikeys/" + key["id"])
    assert daemon.call("GET", "/usageplans/%s/keys" % plan["id"]).json() == {"item": []}
    refused(daemon.call("DELETE", "/apikeys/" + key["id"]), 404, MISSING, NO_KEY)


# ---- plans ----

PLANS = [
    ("a minimal plan", {}, b'"apiStages":[]', {"id", "name", "apiStages"}),
    ("doubles have a fraction, integers none; burst above rate", {"throttle": {"burstLimit": 20, "rateLimit": 10}},
     b'"throttle":{"burstLimit":20,"rateLimit":10.0}', {"id", "name", "apiStages", "throttle"}),
    ("a fraction is written as it was given", {"throttle": {"burstLimit": 1, "rateLimit": 0.1}},
     b'"rateLimit":0.1}', {"id", "name", "apiStages", "throttle"}),
    ("a quota's offset is 0", {"quota": {"limit": 5, "period": "WEEK"}},
     b'"quota":{"limit":5,"offset":0,"period":"WEEK"}', {"id", "name", "apiStages", "quota"}),
    ("description and tags", {"description": "d", "tags": {"a": "b"}}, b'"tags":{"a":"b"}',
     {"id", "name", "apiStages", "description", "tags"}),
    ("method throttles", {"apiStages": [{"apiId": "{api}", "stage": "dev", "throttle": {
        "/pets/GET": {"burstLimit": 1, "rateLimit": 2}, "//GET": {"burstLimit": 3, "rateLimit": 4.5}}}]},
     b'"/pets/GET":{"burstLimit":1,"rateLimit":2.0}', {"id", "name", "apiStages"}),
]


@pytest.mark.parametrize("row", PLANS, ids=ids(PLANS))
def test_plan_shapes(daemon, api, row):
    _, members, fragment, names = row
    answer = daemon.call("POST", "/usageplans", filled(dict({"name": "p"}, **members), api))
    plan = answer.json()
    assert answer.status == 201 and set(plan) == names and fragment in answer.body
    assert re.fullmatch("[a-z0-9]{6}", plan["id"])
    assert daemon.call("GET", "/usageplans/" + plan["id"]).json() == dict({"tags": {}}, **plan)
    listed = [item for item in daemon.call("GET", "/usageplans?limit=500").json()["item"] if item["id"] == plan["id"]]
    assert listed == [plan]


def below(rest):
    return "/apiStages/{api}:dev/throttle" + rest


# sentence, operations on a plan with the stage {api}:dev, what the answer shows of member [0]
PATCH_ROWS = [
    ("replace /name", [("replace", "/name", "n")], "name", "n"),
    ("replace /description", [("replace", "/description", "d")], "description", "d"),
    ("add /productCode", [("add", "/productCode", "c")], "productCode", "c"),
    ("replace /productCode", [("replace", "/productCode", "c")], "productCode", "c"),
    ("remove /productCode", [("add", "/productCode", "c"), ("remove", "/productCode")], "productCode", None),
    ("remove /apiStages", [("remove", "/apiStages", "{api}:dev")], "apiStages", []),
    ("add /apiStages", [("remove", "/apiStages", "{api}:dev"), ("add", "/apiStages", "{api}:dev")], "apiStages",
     [{"apiId": "{api}", "stage": "dev"}]),
    ("replace rateLimit where none was", [("replace", "/throttle/rateLimit", "1.5")], "throttle",
     {"burstLimit": 0, "rateLimit": 1.5}),
    ("add both limits", [("add", "/throttle/rateLimit", "2"), ("add", "/throttle/burstLimit", "3")], "throttle",
     {"burstLimit": 3, "rateLimit": 2.0}),
    ("remove /throttle", [("replace", "/throttle/burstLimit", "3"), ("remove", "/throttle")], "throttle", None),
    ("replace limit and period where no quota was",
     [("replace", "/quota/limit", "9"), ("replace", "/quota/period", "MONTH")], "quota",
     {"limit": 9, "offset": 0, "period": "MONTH"}),
    ("Terraform's order of a new quota", [("replace", "/quota/limit", "9"), ("replace", "/quota/offset", "2"),
                                          ("replace", "/quota/period", "WEEK")], "quota",
     {"limit": 9, "offset": 2, "period": "WEEK"}),
    ("add a quota", [("add", "/quota/limit", "9"), ("add", "/quota/period", "DAY"), ("add", "/quota/offset", "0")],
     "quota", {"limit": 9, "offset": 0, "period": "DAY"}),
    ("remove /quota", [("add", "/quota/limit", "9"), ("add", "/quota/period", "DAY"), ("remove", "/quota")], "quota",
     None),
    ("a stage's throttle as JSON", [("replace", below(""), '{"/a/GET":{"rateLimit":1.0,"burstLimit":2}}')],
     "throttles", {"/a/GET": {"burstLimit": 2, "rateLimit": 1.0}}),
    ("add a stage's throttle", [("add", below(""), '{"/a/GET":{"rateLimit":1.0,"burstLimit":2}}')], "throttles",
     {"/a/GET": {"burstLimit": 2, "rateLimit": 1.0}}),
    ("remove a stage's throttle", [("add", below(""), '{"/a/GET":{"rateLimit":1}}'), ("remove", below(""))],
     "throttles", None),
    ("a method's rateLimit", [("replace", below("//a/{b}/GET/rateLimit"), "1")], "throttles",
     {"/a/{b}/GET": {"burstLimit": 0, "rateLimit": 1.0}}),
    ("a method's burstLimit", [("add", below("//a/GET/burstLimit"), "1")], "throttles",
     {"/a/GET": {"burstLimit": 1, "rateLimit": 0.0}}),
    ("escaped slashes", [("add", below("/~1a~1b/GET/burstLimit"), "1")], "throttles",
     {"/a/b/GET": {"burstLimit": 1, "rateLimit": 0.0}}),
    ("the root's key", [("add", below("///GET/burstLimit"), "1")], "throttles",
     {"//GET": {"burstLimit": 1, "rateLimit": 0.0}}),
    ("remove a method", [("add", below("//a/GET/rateLimit"), "1"), ("add", below("//b/GET/rateLimit"), "1"),
                         ("remove", below("//a/GET"))], "throttles", {"/b/GET": {"burstLimit": 0, "rateLimit": 1.0}}),
    ("Terraform's change of stages", [("remove", "/apiStages", "{api}:dev"), ("add", "/apiStages", "{api}:dev"),
                                      ("replace", below("//pets/GET/rateLimit"), "5"),
                                      ("replace", below("//pets/GET/burstLimit"), "6")], "throttles",
     {"/pets/GET": {"burstLimit": 6, "rateLimit": 5.0}}),
]


@pytest.mark.parametrize("row", PATCH_ROWS, ids=ids(PATCH_ROWS))
def test_patch_plan(daemon, api, row):
    _, operations, member, wanted = row
    plan = plan_of(daemon, apiStages=[{"apiId": api, "stage": "dev"}])
    answer = patched(daemon, "/usageplans/" + plan["id"],
                     *[tuple(text.replace("{api}", api) for text in operation) for operation in operations])
    assert answer["tags"] == {}
    got = answer["apiStages"][0].get("throttle") if member == "throttles" else answer.get(member)
    assert got == filled(wanted, api)
    assert daemon.call("GET", "/usageplans/" + plan["id"]).json() == answer


def test_a_plan_with_stages_is_not_deleted(daemon, api):
    target = "/usageplans/" + plan_of(daemon, apiStages=[{"apiId": api, "stage": "dev"}])["id"]
    refused(daemon.call("DELETE", target), 400, BAD,
            "Cannot delete Usage Plan %s because there are API Stages associated with it, including %s:dev"
            % (target.split("/")[-1], api))
    patched(daemon, target, ("remove", "/apiStages", api + ":dev"))  # as Terraform destroys it
    deleted(daemon, target)


def test_keys_do_not_hold_a_plan(daemon):
    plan, key = plan_of(daemon), key_of(daemon)
    pair_of(daemon, plan, key)
    deleted(daemon, "/usageplans/" + plan["id"])
    assert daemon.call("GET", "/apikeys/" + key["id"]).status == 200
    assert daemon.call("GET", "/usageplans?keyId=" + key["id"]).json() == {"item": []}


TAGS = [("fifty", {"k%d" % i: "v" for i in range(50)}, 201), ("fifty-one", {"k%d" % i: "v" for i in range(51)}, 400),
        ("a key of 128 and a value of 256", {"k" * 128: "v" * 256}, 201), ("a key of 129", {"k" * 129: "v"}, 400),
        ("a value of 257", {"k": "v" * 257}, 400), ("an empty value", {"k": ""}, 201), ("an empty key", {"": "v"}, 400),
        ("aws: in front", {"aws:k": "v"}, 400), ("all signs", {"a B3+-=._:/@": "a B3+-=._:/@"}, 201),
        ("a wrong sign", {"k": "v;"}, 400), ("a wrong sign in the key", {"k*": "v"}, 400)]


@pytest.mark.parametrize("target", ["/apikeys", "/usageplans"])
@pytest.mark.parametrize("row", TAGS, ids=ids(TAGS))
def test_tags(daemon, target, row):
    answer = daemon.call("POST", target, {"name": "tagged", "tags": row[1]})
    assert answer.status == row[2], answer
    assert answer.json()["tags"] == row[1] if row[2] == 201 else answer.error_type == BAD


def test_a_deleted_stage_or_api_leaves_every_plan(daemon, boto):
    for is_whole_api in (False, True):
        gone = harness.make_api(daemon, api_client=boto)
        plan = plan_of(daemon, apiStages=[{"apiId": gone, "stage": "dev"}])
        deleted(daemon, "/restapis/" + gone + ("" if is_whole_api else "/stages/dev"))
        assert daemon.call("GET", "/usageplans/" + plan["id"]).json()["apiStages"] == []
        deleted(daemon, "/usageplans/" + plan["id"])


def test_plans_of_a_key(daemon, things):
    items = daemon.call("GET", "/usageplans?keyId=" + things["key"]).json()
    assert [item["id"] for item in items["item"]] == [things["plan"]] and "position" not in items
    assert daemon.call("GET", "/usageplans?keyId=" + things["lone"]).json() == {"item": []}


# ---- plan keys ----

def test_a_plan_key_shows_its_value(daemon):
    plan, key, nameless = plan_of(daemon), key_of(daemon, name="n"), key_of(daemon)
    pair = pair_of(daemon, plan, key)
    assert pair == {"id": key["id"], "type": "API_KEY", "value": key["value"], "name": "n"}
    target = "/usageplans/%s/keys" % plan["id"]
    assert daemon.call("GET", target + "/" + key["id"]).json() == pair
    bare = pair_of(daemon, plan, nameless)
    assert set(bare) == {"id", "type", "value"}
    assert daemon.call("GET", target).json() == {"item": [bare, pair]}  # newest first
    deleted(daemon, target + "/" + key["id"])
    assert daemon.call("DELETE", target + "/" + key["id"]).status == 404


def test_the_plan_keys_of_an_unknown_plan_are_an_empty_list(daemon):
    answer = daemon.call("GET", "/usageplans/nosuch/keys")
    assert (answer.status, answer.json()) == (200, {"item": []})


def test_a_wrong_key_type(daemon, things):
    answer = daemon.call("POST", "/usageplans/%s/keys" % things["plan"], {"keyId": things["lone"], "keyType": "X"})
    assert (answer.status, answer.error_type) == (400, BAD)


def test_one_plan_per_key_and_stage(daemon, api):
    stages = [{"apiId": api, "stage": "dev"}]
    first, second, key = plan_of(daemon, apiStages=stages), plan_of(daemon, apiStages=stages), key_of(daemon)
    bare = plan_of(daemon)
    body = {"keyId": key["id"], "keyType": "API_KEY"}
    pair_of(daemon, first, key)
    for plan in (first, second):  # there already; a second plan for the stage
        answer = daemon.call("POST", "/usageplans/%s/keys" % plan["id"], body)
        assert (answer.status, answer.error_type) == (409, CONFLICT)
    pair_of(daemon, bare, key)
    answer = daemon.call("PATCH", "/usageplans/" + bare["id"], patches(("add", "/apiStages", api + ":dev")))
    assert (answer.status, answer.error_type) == (409, CONFLICT)


def test_ten_plans_per_key(daemon):
    key = key_of(daemon)
    for _ in range(10):
        pair_of(daemon, plan_of(daemon), key)
    answer = daemon.call("POST", "/usageplans/%s/keys" % plan_of(daemon)["id"],
                         {"keyId": key["id"], "keyType": "API_KEY"})
    assert (answer.status, answer.error_type) == (429, "LimitExceededException")


# ---- usage ----

DATES = [("no dates", ""), ("no end", "startDate=2026-01-01"), ("no start", "endDate=2026-01-01"),
         ("no date", "startDate=x&endDate=2026-01-01"), ("end before start", "startDate=2026-01-02&endDate=2026-01-01")]


@pytest.mark.parametrize("row", DATES, ids=ids(DATES))
def test_usage_needs_dates(daemon, things, row):
    answer = daemon.call("GET", "/usageplans/%s/usage?%s" % (things["plan"], row[1]))
    assert (answer.status, answer.error_type) == (400, BAD)


def test_usage_has_a_pair_per_day(daemon, things):
    answer = daemon.call("GET", "/usageplans/%s/usage?startDate=2026-08-01&endDate=2026-08-04&keyId=%s"
                         % (things["plan"], things["key"]))
    assert (answer.status, answer.json()) == (200, {
        "usagePlanId": things["plan"], "startDate": "2026-08-01", "endDate": "2026-08-04",
        "values": {things["key"]: [[0, 9]] * 4}})


def test_usage_in_pages_of_keys(daemon, boto):
    plan = plan_of(daemon, quota={"limit": 9, "period": "DAY"})
    keys = [pair_of(daemon, plan, key_of(daemon))["id"] for _ in range(3)]
    for key in keys:
        patched(daemon, "/usageplans/%s/keys/%s/usage" % (plan["id"], key), ("replace", "/remaining", "5"))
    today = time.strftime("%Y-%m-%d", time.gmtime())
    pages = list(boto.get_paginator("get_usage").paginate(usagePlanId=plan["id"], startDate=today, endDate=today,
                                                          PaginationConfig={"PageSize": 1}))
    assert [len(page["items"]) for page in pages] == [1, 1, 1]
    assert ["position" in page for page in pages] == [True, True, False]
    assert {key: days for page in pages for key, days in page["items"].items()} == {key: [[0, 5]] for key in keys}


def test_update_usage(daemon, boto, things):
    target = "/usageplans/%s/keys/%s/usage" % (things["plan"], things["key"])
    today = time.strftime("%Y-%m-%d", time.gmtime())
    assert patched(daemon, target, ("replace", "/remaining", "70")) == {
        "usagePlanId": things["plan"], "startDate": today, "endDate": today, "values": {things["key"]: [[0, 70]]}}
    usage = boto.get_usage(usagePlanId=things["plan"], startDate=today, endDate=today)
    assert usage["items"] == {things["key"]: [[0, 70]]} and "position" not in usage
    assert daemon.call("GET", "/usageplans/" + things["plan"]).json()["quota"]["limit"] == 9  # the plan is as it was


@pytest.mark.parametrize("operation", [("add", "/remaining", "1"), ("remove", "/remaining"), ("replace", "/used", "1"),
                                       ("replace", "/remaining", "x"), ("replace", "/remaining")])
def test_update_usage_refusals(daemon, things, operation):
    answer = daemon.call("PATCH", "/usageplans/%s/keys/%s/usage" % (things["plan"], things["key"]),
                         patches(operation))
    assert (answer.status, answer.error_type) == (400, BAD)


# ---- account ----

def test_the_account(daemon):
    answer = daemon.call("GET", "/account")
    account = {"throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0}, "features": ["UsagePlans"],
               "apiKeyVersion": "4"}
    assert answer.json() == account and b'"burstLimit":5000,"rateLimit":10000.0' in answer.body
    assert daemon.call("PATCH", "/account", patches()).json() == account  # Terraform: zero or one operation
    role = "arn:aws:iam::000000000000:role/logs"
    assert patched(daemon, "/account", ("replace", "/cloudwatchRoleArn", role)) == dict(account, cloudwatchRoleArn=role)
    assert daemon.call("GET", "/account").json()["cloudwatchRoleArn"] == role
    assert patched(daemon, "/account", ("replace", "/cloudwatchRoleArn", "")) == account
    assert patched(daemon, "/account", ("add", "/features", "UsagePlans")) == account
    for operation in (("remove", "/features", "UsagePlans"), ("replace", "/cloudwatchRoleArn", "nonsense"),
                      ("replace", "/apiKeyVersion", "5")):
        answer = daemon.call("PATCH", "/account", patches(operation))
        assert (answer.status, answer.error_type) == (400, BAD)


# ---- as clients see it ----

def test_boto3_raises_the_modelled_errors(boto):
    for call, kind in ((lambda: boto.get_api_key(apiKey="nosuch"), "NotFoundException"),
                       (lambda: boto.create_api_key(value="short"), "BadRequestException"),
                       (lambda: boto.update_api_key(apiKey="x", patchOperations=[{"op": "put"}]),
                        "ValidationException")):
        with pytest.raises(botocore.exceptions.ClientError) as error:
            call()
        assert error.value.response["Error"]["Code"] == kind


def test_terraforms_key(boto):
    """Create with an empty value, read with the value, update, delete twice."""
    key = boto.create_api_key(name="tf", description="Managed by Terraform", enabled=True, value="", tags={"t": "1"})
    read = boto.get_api_key(apiKey=key["id"], includeValue=True)
    for name in ("name", "description", "enabled", "value", "createdDate", "lastUpdatedDate", "tags"):
        assert read[name] == key[name]
    boto.update_api_key(apiKey=key["id"], patchOperations=[
        {"op": "replace", "path": "/enabled", "value": "false"},
        {"op": "replace", "path": "/description", "value": "changed"}])
    boto.delete_api_key(apiKey=key["id"])
    with pytest.raises(boto.exceptions.NotFoundException):
        boto.delete_api_key(apiKey=key["id"])
