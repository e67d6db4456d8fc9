"""`faregate usage` against a real run: what callers saw is what the minutes say. Rules U1, U5."""

import contextlib
import http.server
import json
import subprocess
import threading

import pytest

import harness
import scenes


def faregate(gateway, *words):
    return subprocess.run([harness.program("faregate"), *words, "--data-dir", gateway.data_dir], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=harness.environment(), timeout=60)


def usage(gateway, *words):
    done = faregate(gateway, "usage", "--json", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def total(gateway, plan_id, key_id):
    items = usage(gateway, "--plan", plan_id, "--key", key_id)["items"]
    return items[0]["total"] if items else None


@pytest.fixture(scope="module")
def backend():
    class Handler(http.server.BaseHTTPRequestHandler):
        """/500 answers 500, /404 answers 404, all else 200."""
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            status = int(self.path[1:4]) if self.path[1:4].isdigit() else 200
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield "http://127.0.0.1:%d" % server.server_port
    server.shutdown()


@pytest.fixture(scope="module")
def gateway():
    with harness.Faregate(workers=2) as running:
        yield running


@pytest.fixture(scope="module")
def scene(gateway, backend):
    return scenes.Scene(gateway, backend=backend)


def test_u1_figures_are_what_callers_saw(gateway, scene):
    plan_id = scene.plan(limit=4)
    key_id, value = scene.key(plan_id)
    statuses = [scene.get(value, resource="proxy/" + path).status for path in ("a", "404", "500", "a", "a", "a")]
    assert statuses == [200, 404, 500, 200, 403, 403]
    harness.wait_until(lambda: (total(gateway, plan_id, key_id) or {}).get("answers", {}).get("5xx"), 10, "answers")
    assert total(gateway, plan_id, key_id) == {
        "admitted": 4, "throttled": 0, "overQuota": 2, "answers": {"2xx": 2, "4xx": 1, "5xx": 1}}
    assert usage(gateway, "--plan", plan_id)["age"] == 0


def test_u1_a_throttle(gateway, scene):
    plan_id = scene.plan(rate=1, burst=1)
    key_id, value = scene.key(plan_id)
    seen = [scene.get(value).status for _ in range(4)]
    assert total(gateway, plan_id, key_id)["throttled"] == seen.count(429) > 0


def test_the_table_and_what_is_asked_wrongly(gateway, scene):
    plan_id = scene.plan(limit=10)
    key_id, value = scene.key(plan_id)
    assert scene.get(value).status == 200
    done = faregate(gateway, "usage", "--plan", plan_id, "--since", "10m", "--step", "hour")
    lines = done.stdout.splitlines()
    assert lines[0].split()[:3] == ["KEY", "TIME", "ADMITTED"]
    assert [line.split()[:3:2] for line in lines[1:]] == [[key_id, "1"]] * 2
    for words, code in (([], 2), (["--plan", "nosuch"], 254), (["--plan", plan_id, "--since", "soon"], 2)):
        assert faregate(gateway, "usage", *words).returncode == code, words


def test_u3_a_killed_daemon_forgets_nothing(gateway, scene):
    plan_id = scene.plan(limit=100)
    key_id, value = scene.key(plan_id)
    assert [scene.get(value).status for _ in range(3)] == [200] * 3
    pid = json.load(open(gateway.data_dir + "/run.json"))["faregated"]
    with contextlib.suppress(ProcessLookupError):
        subprocess.run(["kill", "-9", str(pid)], check=True)
    assert [scene.get(value).status for _ in range(1)] == [200]
    harness.wait_until(gateway.is_ready, what="faregated to be back")
    harness.wait_until(lambda: total(gateway, plan_id, key_id)["admitted"] == 4, 10, "all four")


@pytest.mark.parametrize("counted, expected", [(["2xx"], 3), (["2xx", "4xx"], 5), (None, 6)])
def test_u5_only_counted_statuses_use_the_quota(gateway, scene, counted, expected):
    plan_id = scene.plan(limit=1000)
    if counted:
        scene.api.update_usage_plan(usagePlanId=plan_id, patchOperations=[
            {"op": "replace", "path": "/faregate/countedStatuses", "value": json.dumps(counted)}])
    key_id, value = scene.key(plan_id)
    for path in ("a", "500", "404", "a", "404", "a"):
        scene.get(value, resource="proxy/" + path)
    harness.wait_until(lambda: scene.used(plan_id, key_id)[0] == expected, 10, "%d used" % expected)
    assert scene.used(plan_id, key_id) == [expected, 1000 - expected]


def test_u6_whatif_replays_what_was_asked(gateway, scene, tmp_path):
    plan_id = scene.plan(limit=4)
    key_id, value = scene.key(plan_id)
    for _ in range(6):
        scene.get(value)
    draft = tmp_path / "draft.json"
    draft.write_text(json.dumps({"quota": {"limit": 2, "period": "DAY"}}))
    done = faregate(gateway, "whatif", "--plan", str(draft), "--usage-of", plan_id, "--since", "1h", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["items"] == [{
        "keyId": key_id, "requests": 6, "was": {"admitted": 4, "throttled": 0, "overQuota": 2},
        "wouldBe": {"admitted": 2, "throttled": 0, "overQuota": 4}}]
    assert answer["total"]["wouldBe"]["overQuota"] == 4
    done = faregate(gateway, "whatif", "--plan", plan_id)
    assert done.stdout.splitlines()[-1].split() == ["total", "4", "->", "4", "0", "->", "0", "2", "->", "2"]
    assert faregate(gateway, "whatif", "--plan", str(draft)).returncode == 254
    draft.write_text("{")
    assert faregate(gateway, "whatif", "--plan", str(draft), "--usage-of", plan_id).returncode == 1


def test_a_shadow_plan_shows_what_it_would_refuse(gateway, scene):
    shadow_id = scene.plan(limit=2, is_on_stage=False)
    plan_id = scene.plan(limit=10)
    scene.api.update_usage_plan(usagePlanId=plan_id, patchOperations=[
        {"op": "replace", "path": "/faregate/shadowPlanId", "value": shadow_id}])
    key_id, value = scene.key(plan_id)
    assert [scene.get(value).status for _ in range(5)] == [200] * 5
    assert total(gateway, plan_id, key_id)["admitted"] == 5
    seen = total(gateway, shadow_id, key_id)
    assert (seen["admitted"], seen["overQuota"]) == (2, 3)
    assert scene.used(shadow_id, key_id)[0] == 2
