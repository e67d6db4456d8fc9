"""`faregate api=... stage=...` in front of locations that exist already, dry run, and what nginx -t says."""

import os
import socket
import threading

import pytest

import harness
import node as nodes
import scenes

LOCATIONS = """
    location / { faregate api=%(api)s stage=prod; }
    location /dry/ { faregate api=%(api)s stage=prod; faregate_dry_run on; alias %(dir)s/www/; }
    location /told/ { faregate api=%(api)s stage=prod; faregate_limit_headers on; alias %(dir)s/www/; }
    location /free/ { alias %(dir)s/www/; }
    location /any/ { faregate api=%(api)s stage=prod; satisfy any; allow all; alias %(dir)s/www/; }
    location /walled/ { faregate api=%(api)s stage=prod; deny all; alias %(dir)s/www/; }
    location /backend/ { faregate api=%(api)s stage=prod; proxy_pass %(backend)s; }
    location /fcgi/ { faregate api=%(api)s stage=prod; fastcgi_pass 127.0.0.1:%(fcgi)d; }
    location /try/ { faregate api=%(api)s stage=prod; try_files /none.html @backend; }
    location @backend { proxy_pass %(backend)s; }
    location /named/ { faregate api=$arg_api stage=$arg_stage; alias %(dir)s/www/; }
    location /ghost/ { faregate api=zzzzzzzzzz stage=prod; alias %(dir)s/www/; }
    location /nested/ { faregate api=%(api)s stage=prod; alias %(dir)s/www/;
        location /nested/open/ { faregate off; alias %(dir)s/www/; } }
"""


@pytest.fixture
def fcgi():
    """The least of a FastCGI server: whatever is asked, it says `made`."""
    server = socket.create_server(("127.0.0.1", 0))

    def record(kind, content):
        return bytes([1, kind, 0, 1, 0, len(content), 0, 0]) + content

    def serve():
        while True:
            try:
                sock = server.accept()[0]
            except OSError:
                return
            with sock:
                sock.recv(65536)
                sock.sendall(record(6, b"Content-Type: text/plain\r\n\r\nmade") + record(6, b"") + record(3, b"\0" * 8))

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()


@pytest.fixture
def guarded(backend, fcgi):
    kept = {}

    def before(daemon):
        kept["scene"] = scenes.Scene(daemon)
        return {"api": kept["scene"].api_id, "backend": backend.url, "fcgi": fcgi}

    with nodes.Node(LOCATIONS, before) as node:
        for name in ("index.html", "status", "open", "secret"):
            with open(os.path.join(node.dir, "www", name), "w") as file:
                file.write(name + "\n")
        node.scene = kept["scene"]
        yield node


def test_every_content_handler_is_guarded(guarded):
    key = guarded.scene.key(guarded.scene.plan())[1]
    for target, body in (("/secret", b"secret\n"), ("/", b"index.html\n"), ("/any/secret", b"secret\n"),
                         ("/fcgi/x", b"made"), ("/nested/secret", b"secret\n")):
        answer = guarded.get(target)
        assert (answer.status, answer.body) == (403, b'{"message":"Forbidden"}'), target
        assert answer.error_type == "ForbiddenException"
        answer = guarded.get(target, key)
        assert (answer.status, answer.body) == (200, body), target
        assert "x-amzn-requestid" not in answer.headers
    for target in ("/backend/x", "/try/x"):
        assert guarded.get(target).status == 403
        assert guarded.get(target, key).json()["target"] == target
    assert guarded.get("/nested/open/secret").status == 200
    assert guarded.get("/free/secret").status == 200


def test_an_unmatched_path_needs_a_key_and_a_matched_one_what_its_method_says(guarded):
    assert guarded.get("/open").status == 200      # K8: GET /open is deployed without a key
    assert guarded.get("/status").status == 403
    assert guarded.request("POST", "/open").status == 403
    assert guarded.request("POST", "/open", headers={"X-HTTP-Method-Override": "GET"}).status == 403


def test_what_is_judged_is_what_is_served(guarded):
    """A raw path that looks like an open method must not reach what is behind the guard."""
    for target in ("/open/../secret", "/open/%2e%2e/secret", "/open%2f..%2fsecret", "//open/..//secret"):
        answer = guarded.get(target)
        assert answer.status == 403 and b"secret" not in answer.body, target


def test_a_request_counts_once_through_internal_redirects(guarded):
    plan = guarded.scene.plan(limit=4)
    key = guarded.scene.key(plan)[1]
    assert [guarded.get(target, key).status for target in ("/", "/try/a", "/", "/try/b", "/")] == [200] * 4 + [403]


def test_who_is_refused_by_nginx_is_not_charged(guarded):
    plan = guarded.scene.plan(limit=1)
    key = guarded.scene.key(plan)[1]
    for _ in range(3):
        assert guarded.get("/walled/secret", key).status == 403
        assert guarded.verdict()["verdict"] == "-"
    assert guarded.get("/secret", key).status == 200


def test_names_may_be_variables(guarded):
    key = guarded.scene.key(guarded.scene.plan())[1]
    named = "/named/secret?api=%s&stage=" % guarded.scene.api_id
    assert guarded.get(named + "prod", key).status == 200
    assert guarded.get(named + "other", key).status == 403
    assert guarded.get("/named/secret", key).status == 403
    assert guarded.get("/ghost/secret", key).status == 403


def test_a_dry_run_lets_pass_and_tells(guarded):
    key = guarded.scene.key(guarded.scene.plan(limit=1))[1]
    rows = [(None, "refused-dry-run", "key-missing"), ("1" * 40, "refused-dry-run", "key-unknown"),
            (key, "admitted", "admitted"), (key, "refused-dry-run", "quota-exceeded")]
    for sent, verdict, reason in rows:
        assert guarded.get("/dry/secret", sent).status == 200
        assert (guarded.verdict()["verdict"], guarded.verdict()["reason"]) == (verdict, reason)


def test_limit_headers_when_asked_for(guarded):
    key = guarded.scene.key(guarded.scene.plan(rate=0.5, burst=1))[1]
    assert guarded.get("/told/secret", key).status == 200
    answer = guarded.get("/told/secret", key)
    assert answer.status == 429 and answer.headers["retry-after"] in ("1", "2")
    spent = guarded.scene.key(guarded.scene.plan(limit=1))[1]
    guarded.get("/told/secret", spent)
    assert 0 < int(guarded.get("/told/secret", spent).headers["retry-after"]) <= 86400
    assert "retry-after" not in guarded.get("/told/secret").headers


def test_a_key_deleted_under_way_fails_its_request(guarded):
    """Rule K7: the backend answers after the deletion, the caller gets 403."""
    key_id, key = guarded.scene.key(guarded.scene.plan())
    answers = []
    caller = threading.Thread(target=lambda: answers.append(guarded.get("/backend/slow/1.5", key)))
    caller.start()
    harness.wait_until(lambda: "slow" in str(guarded.backend_seen()), what="the backend to be asked")
    guarded.scene.api.delete_api_key(apiKey=key_id)
    caller.join()
    assert (answers[0].status, answers[0].body) == (403, b'{"message":"Forbidden"}')
    assert guarded.verdict()["reason"] == "key-deleted"


@pytest.fixture(autouse=True)
def _seen(request, backend):
    if "guarded" in request.fixturenames:
        request.getfixturevalue("guarded").backend_seen = lambda: backend.requests


@pytest.mark.parametrize("locations, words", [
    ("location / { faregate api=a; }", "needs both"),
    ("location / { faregate api= stage=b; }", "needs each"),
    ("location / { faregate api=a api=b; }", "needs each"),
    ("location / { faregate a b; }", "takes api=ID"),
    ("location / { faregate api=a stage=b; faregate api=a stage=b; }", "is duplicate"),
    ("location / { faregate api=a stage=b; faregate_gateway on; }", "exclude each other"),
    ("location / { faregate_dry_run maybe; }", "invalid value"),
    ("location / { faregate_limit_headers maybe; }", "invalid value"),
    ("location / { faregate_problem_json maybe; }", "invalid value"),
    ("location / { faregate_grant_timeout soon; }", "invalid value"),
])
def test_what_nginx_refuses_at_start(locations, words):
    with nodes.Node("location /_up { return 204; }") as node:
        node.locations = locations
        node.write_configuration()
        code, said = node.check()
        assert code == 1 and words in said
