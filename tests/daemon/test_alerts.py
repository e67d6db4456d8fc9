"""Alerts of quotas, from the request that crosses a threshold to a receiver that checks the signature. Rules AL1 to AL7."""

import base64
import hashlib
import hmac
import http.server
import json
import os
import signal
import subprocess
import threading
import time

import pytest

import harness
import scenes


class Receiver:
    """Takes webhooks. `answer` is asked for each: a status, or a function of how many have come before."""

    def __init__(self, answer=200):
        self.events = []  # (headers, body, time)
        self.answer = answer
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                before = len(receiver.events)
                receiver.events.append((headers, body, time.time()))
                answer = receiver.answer
                status = answer(before) if callable(answer) else answer
                self.send_response(status)
                if status in (301, 302, 307):
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self):  # where a redirect would lead
                receiver.events.append(({"followed": "yes"}, b"{}", time.time()))
                self.send_error(404)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = "http://127.0.0.1:%d/hook" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def wait(self, count, seconds=10):
        harness.wait_until(lambda: len(self.events) >= count, seconds, "%d webhooks" % count)
        return self.events[:count]

    def thresholds(self):
        return [json.loads(body)["data"]["threshold"] for _, body, _ in self.events]


def verify(secret, headers, body):
    """Standard Webhooks, written from its text alone."""
    key = base64.b64decode(secret[len("whsec_"):])
    signed = headers["webhook-id"].encode() + b"." + headers["webhook-timestamp"].encode() + b"." + body
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert hmac.compare_digest(headers["webhook-signature"], wanted)
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 30


def secret_of(gateway):
    return gateway.call("GET", "/faregate/alerts/webhook").json()["secret"]


def alerts(gateway, state=""):
    return gateway.call("GET", "/faregate/alerts?limit=500" + (state and "&state=" + state)).json()["item"]


def spend(scene, key, count):
    for _ in range(count):
        assert scene.get(key).status == 200


@pytest.fixture
def receiver():
    with Receiver() as server:
        yield server


@pytest.fixture
def gateway(receiver):
    with harness.Faregate(args=["--alert-webhook-url", receiver.url]) as instance:
        yield instance


def test_al1_al2_al3_a_threshold_is_told_once_and_signed(gateway, receiver):
    scene = scenes.Scene(gateway)
    plan = scene.plan(limit=20, period="DAY")
    key_id, key = scene.key(plan)
    spend(scene, key, 15)
    before = time.time()
    spend(scene, key, 1)
    (headers, body, at), = receiver.wait(1)
    assert at - before < 5, "2 s are promised; this machine may be busy"
    verify(secret_of(gateway), headers, body)
    assert headers["content-type"] == "application/cloudevents+json"
    event = json.loads(body)
    assert event["specversion"] == "1.0" and event["type"] == "io.faregate.quota.threshold"
    assert event["id"] == headers["webhook-id"] and event["subject"] == key_id
    assert event["source"].startswith("urn:faregate:")
    data = event["data"]
    assert (data["planId"], data["keyId"], data["customerId"]) == (plan, key_id, None)
    assert (data["threshold"], data["used"], data["limit"], data["remaining"]) == (80, 16, 20, 4)
    assert data["periodStart"] <= event["time"] < data["periodEnd"]
    assert event["time"] <= data["forecast"]["runsOutAt"] < data["periodEnd"]

    spend(scene, key, 4)
    assert scene.get(key).status == 403
    receiver.wait(2)
    assert receiver.thresholds() == [80, 100]
    other_id, other = scene.key(plan)  # another key of the plan has thresholds of its own
    spend(scene, other, 16)
    receiver.wait(3)
    assert json.loads(receiver.events[2][1])["subject"] == other_id
    assert receiver.thresholds() == [80, 100, 80]
    harness.wait_until(lambda: len(alerts(gateway, "delivered")) == 3, what="all to be delivered")
    assert [item["event"]["data"]["threshold"] for item in alerts(gateway)] == [80, 100, 80]
    assert all(item["attempts"] == 1 and item["lastError"] is None for item in alerts(gateway))


def test_al4_a_kill_between_commit_and_delivery_loses_none(gateway, receiver):
    release = threading.Event()
    receiver.answer = lambda before: 200 if release.wait(20) else 500
    scene = scenes.Scene(gateway)
    plan = scene.plan(limit=10, period="DAY")
    keys = [scene.key(plan) for _ in range(3)]
    for _, key in keys:
        spend(scene, key, 8)
    receiver.wait(3)  # all three are committed and under way, none is answered
    assert len(alerts(gateway, "pending")) == 3
    for pid in gateway.pids("faregated"):
        os.kill(pid, signal.SIGKILL)
    release.set()
    receiver.wait(6, seconds=20)  # `faregate run` starts it again
    harness.wait_until(lambda: gateway.is_ready() and len(alerts(gateway, "delivered")) == 3, what="delivery")
    ids = [headers["webhook-id"] for headers, _, _ in receiver.events]
    assert sorted(ids[:3]) == sorted(ids[3:]), "the second attempt has the first one's id"
    bodies = {headers["webhook-id"]: body for headers, body, _ in receiver.events[:3]}
    assert all(bodies[headers["webhook-id"]] == body for headers, body, _ in receiver.events)
    assert len(receiver.events) == 6 and len(alerts(gateway)) == 3, "and none is told anew"


def test_al5_al6_what_fails_is_tried_again(gateway, receiver):
    receiver.answer = lambda before: [500, 302, 204][before]
    gateway.call("POST", "/faregate/alerts/test")
    first, second, third = receiver.wait(3, seconds=15)
    assert not any("followed" in headers for headers, _, _ in receiver.events)
    assert len({headers["webhook-id"] for headers, _, _ in receiver.events}) == 1
    for headers, body, _ in receiver.events:
        verify(secret_of(gateway), headers, body)
    # the second wait is 2 s at least, counted from a whole second; fg_retry_next has its own table
    assert third[2] - second[2] > 1.0 and first[2] < second[2], "waits grow"
    item, = harness.wait_until(lambda: alerts(gateway, "delivered"), what="the third attempt")
    assert item["attempts"] == 3 and item["lastError"] is None


def test_al5_gone_is_gone(gateway, receiver):
    receiver.answer = 410
    gateway.call("POST", "/faregate/alerts/test")
    item, = harness.wait_until(lambda: alerts(gateway, "failed"), what="the event to be given up")
    assert item["attempts"] == 1 and item["lastError"] == "answered 410"


def test_al6_a_receiver_that_does_not_answer_holds_nobody_up(gateway, receiver):
    release = threading.Event()
    receiver.answer = lambda before: 200 if release.wait(8) else 500
    try:
        gateway.call("POST", "/faregate/alerts/test")
        receiver.wait(1)
        with Receiver() as quick:
            started = time.monotonic()
            assert gateway.call("POST", "/faregate/alerts/test", {"url": quick.url}).status == 202
            quick.wait(1)
            assert gateway.call("GET", "/apikeys").status == 200
            assert time.monotonic() - started < 5
    finally:
        release.set()


def test_al7_without_a_webhook_alerts_are_listed():
    with harness.Faregate() as gateway:
        scene = scenes.Scene(gateway)
        plan = scene.plan(limit=5, period="DAY")
        _, key = scene.key(plan)
        spend(scene, key, 4)
        item, = harness.wait_until(lambda: alerts(gateway, "unsent"), what="the alert")
        assert item["url"] is None and item["event"]["data"]["threshold"] == 80
        refused = gateway.call("POST", "/faregate/alerts/test")
        assert refused.status == 400 and "--alert-webhook-url" in refused.json()["message"]


def faregate(gateway, *words):
    done = subprocess.run([harness.program("faregate"), *words, "--data-dir", gateway.data_dir], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=harness.environment(), timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_al7_the_command_line_lists_and_tests(gateway, receiver):
    code, out, _ = faregate(gateway, "alerts", "webhook")
    assert code == 0 and receiver.url in out and secret_of(gateway) in out
    code, out, _ = faregate(gateway, "alerts", "test")
    assert code == 0 and receiver.url in out
    (headers, body, _), = receiver.wait(1)
    verify(out and secret_of(gateway), headers, body)
    assert json.loads(body)["type"] == "io.faregate.test"
    harness.wait_until(lambda: alerts(gateway, "delivered"), what="delivery")
    code, out, _ = faregate(gateway, "alerts", "--state", "delivered")
    assert code == 0 and "test  to " + receiver.url in out
    code, out, _ = faregate(gateway, "alerts", "--json")
    assert code == 0 and json.loads(out)["item"][0]["id"] == headers["webhook-id"]
    code, out, _ = faregate(gateway, "alerts", "--state", "failed")
    assert code == 0 and out == ""
    assert faregate(gateway, "alerts", "nonsense")[0] == 2
    assert faregate(gateway, "alerts", "--state", "lost")[0] == 254


def test_c9_update_usage_is_on_record(gateway):
    scene = scenes.Scene(gateway)
    plan = scene.plan(limit=10, period="DAY")
    key_id, key = scene.key(plan)
    spend(scene, key, 3)
    scene.api.update_usage(usagePlanId=plan, keyId=key_id,
                           patchOperations=[{"op": "replace", "path": "/remaining", "value": "50"}])
    entry, = gateway.call("GET", "/faregate/audit?operation=UpdateUsage").json()["item"]
    assert entry["accessKeyId"] == gateway.credentials()[0]
    assert entry["subject"] == "/usageplans/%s/keys/%s/usage" % (plan, key_id)
    assert entry["before"] == {"remaining": 7} and entry["after"] == {"remaining": 50}
    code, out, _ = faregate(gateway, "audit", "--subject", "/usageplans/" + plan)
    assert code == 0 and '{"remaining":7} -> {"remaining":50}' in out and key_id in out


def test_al6_other_schemes_are_refused():
    for url in ("ftp://host/", "file:///etc/passwd", "http://user:word@host/", "hook"):
        done = subprocess.run([harness.program("faregated"), "--data-dir", "/nonexistent", "--socket", "/nonexistent",
                               "--alert-webhook-url", url], text=True, stderr=subprocess.PIPE, timeout=30)
        assert done.returncode == 2 and "--alert-webhook-url" in done.stderr
