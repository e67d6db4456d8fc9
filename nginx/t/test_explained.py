"""What is kept of a request: a line for `faregate explain` from every refusal, and figures of every request."""

import re
import threading

import pytest

import harness
import node as nodes
import scenes

LOCATIONS = """
    location /guarded/ { faregate api=%(api)s stage=prod; alias %(dir)s/www/; }
    location /dry/ { faregate api=%(api)s stage=prod; faregate_dry_run on; alias %(dir)s/www/; }
    location /back/ { faregate api=%(api)s stage=prod; proxy_pass %(backend)s; }
""" + nodes.GATEWAY


@pytest.fixture(scope="module")
def node():
    with harness.Backend() as backend:
        kept = {}

        def before(daemon):
            scene = kept["scene"] = scenes.Scene(daemon, backend=backend.url)
            scene.add_proxy("dead", "http://127.0.0.1:%d" % harness.free_port(), is_key_required=False)
            scene.deploy()
            return {"api": scene.api_id, "backend": backend.url}

        with nodes.Node(LOCATIONS, before) as started:
            with open(started.dir + "/www/secret", "w") as file:
                file.write("secret\n")
            started.scene, started.backend = kept["scene"], backend
            yield started


def explained(node, request_id):
    answer = node.daemon.call("GET", "/faregate/explain/" + request_id)
    assert answer.status == 200, answer
    return answer.json()


def test_every_refusal_leaves_a_line_under_its_id(node):
    scene = node.scene
    plan = scene.plan(rate=0.01, burst=1, limit=9)
    key_id, key = scene.key(plan)
    spent_plan = scene.plan(limit=1)
    spent_id, spent = scene.key(spent_plan)
    for good in (key, spent):
        assert node.get(scene.path(), good).status == 200
    rows = [  # target, key, status, reason, key id, plan id
        (scene.path(), key, 429, "throttled-plan", key_id, plan),
        (scene.path(), spent, 403, "quota-exceeded", spent_id, spent_plan),
        ("/guarded/secret", spent, 403, "quota-exceeded", spent_id, spent_plan),
        (scene.path(), "1" * 40, 403, "key-unknown", None, None),
        (scene.path() + "?api-key=hidden", None, 403, "key-missing", None, None),
        (scene.path("no/such/path"), None, 403, "method-unknown", None, None),
        ("/_aws/execute-api/%s/none/x" % scene.api_id, None, 403, "stage-unknown", None, None),
        ("/elsewhere", None, 403, "api-unknown", None, None),
        (scene.path("dead/x"), None, 504, "backend-unreachable", None, None),
    ]
    for target, sent, status, reason, key_id, plan_id in rows:
        answer = node.get(target, sent)
        line = explained(node, answer.headers["x-amzn-requestid"])
        assert (answer.status, line["status"], line["reason"]) == (status, status, reason), target
        assert line.get("key", {}).get("id") == key_id and line.get("plan", {}).get("id") == plan_id, line
        assert line["address"] == "127.0.0.1" and not line["isDryRun"]
        assert "hidden" not in str(line)
        if target.startswith(scene.path()):
            assert (line["api"]["id"], line["stage"], line["method"]) == (scene.api_id, "prod", "GET")


def test_what_a_dry_run_would_refuse_leaves_a_line_as_well(node):
    node.get("/dry/secret", "2" * 40)
    line = explained(node, node.verdict()["request_id"])
    assert (line["isDryRun"], line["status"], line["reason"]) == (True, 200, "key-unknown")


def test_admitted_requests_leave_none(node):
    node.get("/guarded/secret", node.scene.key(node.scene.plan())[1])
    assert node.daemon.call("GET", "/faregate/explain/" + node.verdict()["request_id"]).status == 404


def test_a_key_deleted_under_way_is_explained(node):
    """Rule K7."""
    key_id, key = node.scene.key(node.scene.plan())
    answers = []
    caller = threading.Thread(target=lambda: answers.append(node.get("/back/slow/0.5", key)))
    caller.start()
    harness.wait_until(lambda: any("slow" in seen["target"] for seen in node.backend.requests), what="the backend")
    node.scene.api.delete_api_key(apiKey=key_id)
    caller.join()
    line = explained(node, answers[0].headers["x-amzn-requestid"])
    assert (answers[0].status, line["reason"], line["status"]) == (403, "key-deleted", 403)


def figures(node, family):
    """{label value: number} of a family's samples for the scene's stage; the label is outcome, class, or none."""
    text = node.daemon.call("GET", "/metrics", is_signed=False).body.decode()
    found = {}
    for labels, number in re.findall(r"^%s\{(.*?)\} (\S+)$" % family, text, re.M):
        labels = dict(re.findall(r'(\w+)="(.*?)"', labels))
        if labels.pop("api") == node.scene.api_id and labels.pop("stage") == "prod":
            found["".join(labels.values())] = float(number)
    return found


def test_every_request_is_measured_once(node):
    """Given requests of each outcome, then each is counted under its own, with the class of its answer."""
    scene = node.scene
    spent = scene.key(scene.plan(limit=1))[1]
    slow = scene.key(scene.plan(rate=0.01, burst=1))[1]
    before = [figures(node, "faregate_%s_total" % name) for name in ("requests", "responses")]
    asked = figures(node, "faregate_integration_duration_seconds_count")
    for target, sent in ((scene.path(), spent), (scene.path(), spent), ("/guarded/secret", slow), (scene.path(), slow),
                         ("/dry/secret", slow), (scene.path(), None), (scene.path("dead/x"), None),
                         ("/back/ok", scene.key(scene.plan())[1])):
        node.get(target, sent)
    node.verdict()  # the last one is logged, and so measured
    grown = {"admitted": 4, "over_quota": 1, "throttled": 1, "forbidden": 1, "unavailable": 1}
    now = figures(node, "faregate_requests_total")
    assert {name: now[name] - before[0].get(name, 0) for name in grown} == grown
    now = figures(node, "faregate_responses_total")
    assert {name: now[name] - before[1].get(name, 0) for name in ("2xx", "4xx", "5xx")} == {"2xx": 4, "4xx": 3, "5xx": 1}
    now = figures(node, "faregate_integration_duration_seconds_count")
    assert now[""] - asked.get("", 0) == 2
