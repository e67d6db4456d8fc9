"""A quota whose grant is spent parks requests until faregated grants more (rules L3, L4): directive
faregate_grant_timeout. The daemon is stopped (SIGSTOP) where a grant must not come, and continued where it must."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

import harness
import node as nodes
import scenes

GATE = nodes.GATEWAY.replace("location /", "location /_aws/")
LOCATIONS = """
    faregate_grant_timeout 10s;
    location /short/ { faregate api=%(api)s stage=prod; faregate_grant_timeout 100ms; alias %(dir)s/www/; }
    location /never/ { faregate api=%(api)s stage=prod; faregate_grant_timeout 0; faregate_problem_json on;
                       alias %(dir)s/www/; }
    location /dry/ { faregate api=%(api)s stage=prod; faregate_grant_timeout 50ms; faregate_dry_run on;
                     alias %(dir)s/www/; }
    location /long/ { faregate api=%(api)s stage=prod; alias %(dir)s/www/; }
""" + GATE
HTTP2 = """server { listen 127.0.0.1:%(h2)d ssl http2; root %(dir)s/www;
    ssl_certificate %(cert)s; ssl_certificate_key %(key)s; """ + LOCATIONS + " }"


@pytest.fixture(scope="module")
def node():
    kept = {"h2": harness.free_port()}

    def before(daemon):
        cert, key = nodes.certificate(os.path.join(daemon.dir, "nginx"), "localhost")
        backend = kept["backend"] = harness.Backend()
        kept["scene"] = scenes.Scene(daemon, backend=backend.url)
        return {"api": kept["scene"].api_id, "h2": kept["h2"], "cert": cert, "key": key}

    with nodes.Node(LOCATIONS, before, more=HTTP2) as started:
        with open(started.dir + "/www/secret", "w") as file:
            file.write("secret\n")
        started.scene, started.h2, started.backend = kept["scene"], kept["h2"], kept["backend"]
        yield started
    kept["backend"].__exit__()


@pytest.fixture(autouse=True)
def _running(node):
    yield
    node.daemon.process.send_signal(signal.SIGCONT)


def spent(node, limit=20):
    """The value of a key whose first grant, one request, is used up; the daemon is stopped."""
    key = node.scene.key(node.scene.plan(limit=limit))[1]
    node.daemon.process.send_signal(signal.SIGSTOP)
    assert node.get("/long/secret", key).status == 200  # a first touch waits for nobody
    return key


class Caller(threading.Thread):
    """One request in the background."""

    def __init__(self, node, target, key, verb="GET", body=None):
        super().__init__()
        self.ask = lambda: node.request(verb, target, key, body=body)
        self.answer = None
        self.start()

    def run(self):
        self.answer = self.ask()


def continue_soon(node):
    threading.Timer(0.15, node.daemon.process.send_signal, [signal.SIGCONT]).start()


def test_a_dry_grant_is_waited_for(node):
    """Given the daemon is away for a moment, when the grant is spent, then the call waits and passes."""
    key = spent(node)
    began = time.monotonic()
    continue_soon(node)
    answer = node.get("/long/secret", key)
    assert (answer.status, answer.body) == (200, b"secret\n")
    assert 0.1 < time.monotonic() - began < 5
    assert node.verdict()["verdict"] == "admitted"


def test_the_worker_serves_others_meanwhile(node):
    key = spent(node)
    caller = Caller(node, "/long/secret", key)
    for _ in range(20):
        assert node.get(node.scene.path("open")).status == 200
    assert caller.is_alive()
    node.daemon.process.send_signal(signal.SIGCONT)
    caller.join()
    assert caller.answer.status == 200


def test_no_grant_in_time_is_503(node):
    """Rule L4, strict: 503 and Retry-After, and nothing was taken."""
    key = spent(node, limit=3)
    for target, least in (("/short/secret", 0.1), ("/never/secret", 0)):
        began = time.monotonic()
        answer = node.get(target, key)
        assert least <= time.monotonic() - began < least + 2
        assert (answer.status, answer.body) == (503, b'{"message":"Service Unavailable"}')
        assert answer.headers["retry-after"] == "1" and answer.error_type == "ServiceUnavailableException"
        assert (node.verdict()["verdict"], node.verdict()["reason"]) == ("refused", "grant-unavailable")
    problem = node.get("/never/secret", key, headers={"Accept": "application/problem+json"}).json()
    assert problem["type"].endswith("#temporary-reduced-capacity") and problem["reason"] == "grant-unavailable"
    node.daemon.process.send_signal(signal.SIGCONT)
    assert [node.get("/long/secret", key).status for _ in range(3)] == [200, 200, 403]


def test_a_dry_run_lets_pass_all_the_same(node):
    key = spent(node)
    assert node.get("/dry/secret", key).status == 200
    assert (node.verdict()["verdict"], node.verdict()["reason"]) == ("refused-dry-run", "grant-unavailable")


def test_a_client_that_leaves_takes_nothing(node):
    key = spent(node, limit=3)
    with socket.create_connection(("127.0.0.1", node.port)) as sock:
        sock.sendall(b"GET /long/secret HTTP/1.1\r\nHost: x\r\nx-api-key: %s\r\n\r\n" % key.encode())
        time.sleep(0.05)  # it is parked by then, or it was never decided: the assertions hold for both
    node.answered += 1
    assert (node.verdict()["status"], node.verdict()["verdict"]) == ("499", "-")
    node.daemon.process.send_signal(signal.SIGCONT)
    assert [node.get("/long/secret", key).status for _ in range(3)] == [200, 200, 403]


def test_bodies_and_connections_outlive_the_wait(node):
    """Given a POST through HTTP_PROXY on a kept connection, when it is parked, then its body arrives."""
    key = spent(node)
    continue_soon(node)
    connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=20)
    body = b"x" * 200000
    for _ in range(3):
        connection.request("POST", node.scene.path("proxy/in"), body=body, headers={"x-api-key": key})
        answer = connection.getresponse()
        assert answer.status == 200 and answer.read().count(b"x") >= len(body)
        node.answered += 1
    connection.close()


def test_of_many_that_wait_as_many_pass_as_the_quota_has(node):
    key = spent(node, limit=10)
    callers = [Caller(node, "/long/secret", key) for _ in range(20)]
    node.daemon.process.send_signal(signal.SIGCONT)
    for caller in callers:
        caller.join()
    statuses = [caller.answer.status for caller in callers]
    assert (statuses.count(200), statuses.count(403)) == (9, 11)


def test_a_reload_waits_for_who_waits(node):
    key = spent(node)
    caller = Caller(node, "/long/secret", key)
    old = node.workers_alive()
    node.reload()
    harness.wait_until(lambda: set(node.workers_alive()) - set(old), what="new workers")
    assert caller.is_alive()
    node.daemon.process.send_signal(signal.SIGCONT)
    caller.join()
    assert caller.answer.status == 200


@pytest.mark.skipif(not shutil.which("curl"), reason="curl speaks HTTP/2")
def test_streams_of_http2_wait_too(node):
    key = spent(node)
    url = "https://127.0.0.1:%d" % node.h2
    continue_soon(node)
    done = subprocess.run(["curl", "-sSk", "--http2", "--parallel", "-H", "x-api-key: " + key,
                           "-w", "%{http_code} %{http_version}\n", "-o", "/dev/null", url + "/long/secret",
                           "-o", "/dev/null", url + "/long/secret", "-o", "/dev/null", url + "/long/secret"],
                          text=True, stdout=subprocess.PIPE, timeout=30, check=True)
    assert done.stdout.splitlines() == ["200 2"] * 3
    node.answered += 3


@pytest.mark.skipif(not shutil.which("curl"), reason="curl speaks HTTP/2")
def test_a_stream_of_http2_that_is_cut_takes_nothing(node):
    key = spent(node, limit=2)
    done = subprocess.run(["curl", "-sSk", "--http2", "-m", "0.2", "-H", "x-api-key: " + key,
                           "https://127.0.0.1:%d/long/secret" % node.h2], stderr=subprocess.DEVNULL, timeout=30)
    assert done.returncode == 28
    node.answered += 1
    assert (node.verdict()["status"], node.verdict()["verdict"]) == ("499", "-")
    node.daemon.process.send_signal(signal.SIGCONT)
    assert [node.get("/long/secret", key).status for _ in range(2)] == [200, 403]


def test_without_a_daemon_the_first_grants_hold():
    """Given faregated is killed, when keys come, then each spends its first grant and no more."""
    kept = {}

    def before(daemon):
        scene = kept["scene"] = scenes.Scene(daemon)
        kept["keys"] = [scene.key(scene.plan(limit=400))[1] for _ in range(3)]
        return {"api": scene.api_id}

    with nodes.Node(LOCATIONS.replace("%(dir)s/www/", "/nonexistent/"), before) as node:
        node.daemon.kill()
        for key in kept["keys"]:
            assert [node.get("/never/x", key).status for _ in range(6)] == [404] * 4 + [503] * 2
