"""What a caller is told of his limits and refusals: docs/rules/answers.md."""

import json
import re
import time

import pytest

import node as nodes
import scenes

LOCATIONS = """
    location /ietf/ { faregate api=%(api)s stage=prod; faregate_limit_headers on; faregate_problem_json on;
                      alias %(dir)s/www/; }
    location /x/ { faregate api=%(api)s stage=prod; faregate_limit_headers x; alias %(dir)s/www/; }
    location /both/ { faregate api=%(api)s stage=prod; faregate_limit_headers on x; alias %(dir)s/www/; }
    location /dry/ { faregate api=%(api)s stage=prod; faregate_limit_headers on; faregate_dry_run on;
                     alias %(dir)s/www/; }
    location /plain/ { faregate api=%(api)s stage=prod; alias %(dir)s/www/; }
""" + nodes.GATEWAY.replace("location /", "location /_aws/").replace(
    "faregate_gateway on;", "faregate_gateway on; faregate_limit_headers on; faregate_problem_json on;")

PROBLEM = {"Accept": "application/problem+json"}
REGISTRY = "https://iana.org/assignments/http-problem-types#"
NAMES = ("retry-after", "ratelimit", "ratelimit-policy", "x-ratelimit-limit", "x-ratelimit-remaining",
         "x-ratelimit-reset")


@pytest.fixture(scope="module")
def node():
    kept = {}

    def before(daemon):
        kept["scene"] = scenes.Scene(daemon)
        return {"api": kept["scene"].api_id}

    with nodes.Node(LOCATIONS, before) as started:
        with open(started.dir + "/www/secret", "w") as file:
            file.write("secret\n")
        started.scene = kept["scene"]
        yield started


def told(answer):
    """The limit fields of an answer."""
    return {name: answer.headers[name] for name in NAMES if name in answer.headers}


def policies(text):
    """A list of RFC 9651, strictly: {name: {parameter: integer}}."""
    found = {}
    for item in text.split(", "):
        name, parameters = re.fullmatch(r'"([a-z-]+)"((?:;[a-z]+=[0-9]{1,15})+)', item).groups()
        found[name] = {key: int(value) for key, value in re.findall(r";([a-z]+)=([0-9]+)", parameters)}
    return found


def test_a_plan_s_limits_stand_on_every_answer(node):
    """Rule A2: given a plan with both, when calls pass, then both lists name both and count down."""
    key = node.scene.key(node.scene.plan(rate=100, burst=200, limit=5000, period="MONTH"))[1]
    for spent in (1, 2):
        answer = node.get("/ietf/secret", key)
        assert answer.status == 200 and set(told(answer)) == {"ratelimit", "ratelimit-policy"}
        policy = policies(answer.headers["ratelimit-policy"])
        assert policy["burst"] == {"q": 200, "w": 2}
        assert policy["quota"]["q"] == 5000 and policy["quota"]["w"] in [days * 86400 for days in range(28, 32)]
        limit = policies(answer.headers["ratelimit"])
        assert limit["quota"]["r"] == 5000 - spent and 0 <= limit["quota"]["t"] <= policy["quota"]["w"]
        assert 198 <= limit["burst"]["r"] <= 199 and limit["burst"]["t"] == 1


def test_a_plan_with_one_limit_shows_one_and_without_none(node):
    rows = [({"rate": 0.5, "burst": 3}, {"burst"}), ({"limit": 9}, {"quota"}), ({}, None)]
    for limits, names in rows:
        answer = node.get("/ietf/secret", node.scene.key(node.scene.plan(**limits))[1])
        assert answer.status == 200
        assert (set(policies(answer.headers["ratelimit"])) if "ratelimit" in answer.headers else None) == names


def test_a_throttled_call_is_told_when_to_come_back(node):
    """Rule A1, A2: Retry-After is at least 1 and no t lies behind it."""
    key = node.scene.key(node.scene.plan(rate=0.01, burst=1, limit=50))[1]
    assert node.get("/ietf/secret", key).status == 200
    answer = node.get("/ietf/secret", key)
    assert answer.status == 429
    wait = int(answer.headers["retry-after"])
    assert 98 <= wait <= 100
    assert policies(answer.headers["ratelimit"])["burst"] == {"r": 0, "t": wait}
    assert policies(answer.headers["ratelimit-policy"])["burst"] == {"q": 1, "w": 100}
    for item in policies(answer.headers["ratelimit"]).values():
        assert item.get("t", 0) <= wait


def test_a_call_over_the_quota_is_told_when_the_period_ends(node):
    key = node.scene.key(node.scene.plan(rate=100, burst=100, limit=1))[1]
    node.get("/ietf/secret", key)
    answer = node.get("/ietf/secret", key)
    wait = int(answer.headers["retry-after"])
    assert answer.status == 403 and abs(wait - (86400 - time.time() % 86400)) < 5
    assert policies(answer.headers["ratelimit"])["quota"] == {"r": 0, "t": wait}


def test_a_rate_of_nothing_promises_nothing(node):
    answer = node.get("/ietf/secret", node.scene.key(node.scene.plan(rate=0, burst=0))[1])
    assert answer.status == 429
    assert told(answer) == {"ratelimit": '"burst";r=0', "ratelimit-policy": '"burst";q=0'}


def test_a_limit_that_callers_share_is_not_shown(node):
    """Rule A3: the stage's method setting refuses with Retry-After alone."""
    node.scene.add_mock("shared", is_key_required=True)
    node.scene.deploy()
    node.scene.api.update_stage(restApiId=node.scene.api_id, stageName="prod", patchOperations=[
        {"op": "replace", "path": "/~1shared/GET/throttling/rateLimit", "value": "0.01"},
        {"op": "replace", "path": "/~1shared/GET/throttling/burstLimit", "value": "1"}])
    key = node.scene.key(node.scene.plan(rate=100, burst=100))[1]
    assert node.get(node.scene.path("shared"), key).status == 200
    answer = node.get(node.scene.path("shared"), key, headers=PROBLEM)
    assert answer.status == 429 and set(told(answer)) == {"retry-after"}
    assert answer.json()["reason"] == "throttled-stage-method" and "violated-policies" not in answer.json()


def test_the_older_fields(node):
    """Rule A4."""
    key = node.scene.key(node.scene.plan(rate=0.01, burst=2, limit=7))[1]
    answer = node.get("/x/secret", key)
    assert set(told(answer)) == {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"}
    assert (answer.headers["x-ratelimit-limit"], answer.headers["x-ratelimit-remaining"]) == ("7", "6")
    assert abs(int(answer.headers["x-ratelimit-reset"]) - (time.time() // 86400 + 1) * 86400) < 3
    assert set(told(node.get("/both/secret", key))) == set(NAMES) - {"retry-after"}
    answer = node.get("/both/secret", key)
    assert answer.status == 429 and set(told(answer)) == set(NAMES)
    assert (answer.headers["x-ratelimit-limit"], answer.headers["x-ratelimit-remaining"]) == ("2", "0")
    assert abs(int(answer.headers["x-ratelimit-reset"]) - time.time() - int(answer.headers["retry-after"])) < 3


def test_nothing_is_told_unless_asked_for(node):
    """Rule A5: off by default, in a dry run, and to whoever has no key."""
    key = node.scene.key(node.scene.plan(limit=1))[1]
    for target, sent, status in (("/plain/secret", key, 200), ("/plain/secret", key, 403), ("/dry/secret", key, 200),
                                 ("/ietf/secret", None, 403), ("/ietf/secret", "1" * 40, 403)):
        answer = node.get(target, sent)
        assert answer.status == status and told(answer) == {}, target


def test_a_problem_for_who_asks_for_it(node):
    """Rule A6: RFC 9457, with the registered types."""
    key = node.scene.key(node.scene.plan(rate=0.01, burst=1, limit=1))[1]
    spent = node.scene.key(node.scene.plan(limit=1))[1]
    node.get("/ietf/secret", key)
    node.get("/ietf/secret", spent)
    rows = [  # target, key, status, type, reason, violated
        (node.scene.path(), key, 429, REGISTRY + "quota-exceeded", "throttled-plan", ["burst"]),
        (node.scene.path(), spent, 403, REGISTRY + "quota-exceeded", "quota-exceeded", ["quota"]),
        (node.scene.path("nowhere"), None, 403, "about:blank", "method-unknown", None),
        ("/_aws/execute-api/none/x/y", None, 403, "about:blank", "stage-unknown", None),
        ("/ietf/secret", spent, 403, REGISTRY + "quota-exceeded", "quota-exceeded", ["quota"]),
    ]
    for target, sent, status, kind, reason, violated in rows:
        answer = node.get(target, sent, headers=PROBLEM)
        assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json"), target
        problem = answer.json()
        assert list(problem)[:5] == ["type", "title", "status", "detail", "instance"]
        assert (problem["type"], problem["status"], problem["reason"]) == (kind, status, reason)
        assert problem.get("violated-policies") == violated and problem["title"] and problem["detail"]
        assert problem["instance"] == "urn:uuid:" + answer.headers["x-amzn-requestid"]
        assert answer.headers["x-amzn-errortype"]


def test_a_problem_tells_nothing_about_keys(node):
    """Rule K5 holds here too: whatever is wrong with a key, the problem differs in its id alone."""
    bodies = set()
    for sent in (None, "1" * 40, node.scene.key()[1], node.scene.key(node.scene.plan(), is_enabled=False)[1]):
        problem = node.get("/ietf/secret", sent, headers=PROBLEM).json()
        del problem["instance"]
        bodies.add(json.dumps(problem))
    assert len(bodies) == 1 and "key-refused" in bodies.pop()


@pytest.mark.parametrize("accept, is_problem", [
    ("application/problem+json", True),
    ("Application/Problem+JSON;q=0.3", True),
    ("application/json, application/problem+json", True),
    ("text/html, application/problem+json;charset=utf-8;q=0.5, */*;q=0.1", True),
    ("application/problem+json;q=0", False),
    ("application/problem+json;q=0.000", False),
    ("application/json, application/problem+json;q=0.9", False),
    ("application/problem+json;q=2", False),
    ("application/problem+json;q=x", False),
    ("*/*", False),
    ("application/*", False),
    ("application/problem+jsonx", False),
    (", ;,;q=1", False),
])
def test_who_asks_for_a_problem(node, accept, is_problem):
    answer = node.get("/ietf/secret", headers={"Accept": accept})
    assert answer.status == 403
    assert answer.headers["content-type"] == ("application/problem+json" if is_problem else "application/json")
    if not is_problem:
        assert answer.body == b'{"message":"Forbidden"}'


def test_the_service_s_body_stands_where_problems_are_off(node):
    assert node.get("/plain/secret", headers=PROBLEM).body == b'{"message":"Forbidden"}'
