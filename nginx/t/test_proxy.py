"""HTTP_PROXY: URI, verb, headers both ways, connections to backends, backends that fail (reference 6.9, 6.10)."""

import http.server
import json
import socket
import ssl
import threading

import pytest

import harness
import node as nodes
import scenes


class Proxied(scenes.Scene):
    """A scene whose methods are all HTTP_PROXY."""

    def put(self, part, uri, verb="ANY", is_key_required=False, method=None, parameters=None, **more):
        resource = self.resource(part)
        where = {"restApiId": self.api_id, "resourceId": resource, "httpMethod": verb}
        known = {value: False for value in (parameters or {}).values() if value.startswith("method.request.")}
        self.api.put_method(**where, authorizationType="NONE", apiKeyRequired=is_key_required, requestParameters=known)
        self.api.put_integration(**where, type="HTTP_PROXY", integrationHttpMethod=method or verb, uri=uri,
                                 requestParameters=parameters or {}, **more)


@pytest.fixture
def scene(node, backend):
    return Proxied(node, backend=backend.url)


def test_the_greedy_path_and_the_query_go_through_as_they_are(node, scene):
    key = scene.key(scene.plan())[1]
    for target in ("/a", "/a/b/c", "/a//b", "/a%2Fb%20c", "/a?x=1&y=%20&x=2", "/a+b?q=a+b", "/t~i-l_d.e?"):
        seen = node.get(scene.path("proxy") + target, key).json()
        assert seen["target"] == target.rstrip("?"), target


def test_verb_and_body_go_through(node, scene):
    key = scene.key(scene.plan())[1]
    for verb in ("POST", "PUT", "PATCH", "DELETE"):
        body = b"\x00\xff" * 200000
        seen = node.request(verb, scene.path("proxy") + "/x", key, body=body).json()
        assert seen["method"] == verb and seen["body"] == body.decode("latin-1")
        assert seen["headers"]["Content-Length"] == str(len(body))
    answer = node.request("HEAD", scene.path("proxy") + "/x", key)
    assert answer.status == 200 and answer.body == b""


def test_the_integration_s_own_verb_is_sent(node, scene, backend):
    scene.put("post", backend.url + "/fixed", verb="GET", method="POST")
    scene.deploy()
    assert node.get(scene.path("post")).json()["method"] == "POST"


def test_stage_variables_stand_in_the_uri(node, scene, backend):
    scene.put("var", "http://${stageVariables.host}/${stageVariables.part}")
    scene.deploy()
    scene.api.update_stage(restApiId=scene.api_id, stageName=scene.stage, patchOperations=[
        {"op": "replace", "path": "/variables/host", "value": "127.0.0.1:%d" % backend.port},
        {"op": "replace", "path": "/variables/part", "value": "blue"}])
    assert node.get(scene.path("var")).json()["target"] == "/blue"


def test_request_headers(node, scene, backend):
    scene.put("mapped", backend.url + "/m", parameters={
        "integration.request.header.X-Static": "'fixed'",
        "integration.request.header.User-Agent": "method.request.header.X-Agent",
        "integration.request.header.X-Gone": "method.request.header.X-Absent",
        "integration.request.header.Via": "'never'",
        "integration.request.header.Host": "'mapped.example.org'"})
    scene.deploy()
    sent = {"X-Agent": "mapped", "X-Own": "kept", "Via": "1.1 x", "TE": "trailers", "Max-Forwards": "3",
            "Content-MD5": "x", "Server": "x", "Upgrade": "h2c", "Trailer": "x", "WWW-Authenticate": "x",
            "Proxy-Authenticate": "x", "X-Forwarded-For": "192.0.2.1", "Authorization": "Basic eA==", "X_Under": "1"}
    seen = node.get(scene.path("mapped"), headers=sent).json()["headers"]
    assert seen["X-Static"] == "fixed" and seen["User-Agent"] == "mapped" and seen["X-Own"] == "kept"
    assert seen["Host"] == "mapped.example.org" and seen["Authorization"] == "Basic eA==" and seen["X_Under"] == "1"
    assert seen["X-Forwarded-For"] == "192.0.2.1, 127.0.0.1"
    assert seen["X-Forwarded-Port"] == str(node.port) and seen["X-Forwarded-Proto"] == "http"
    assert seen["X-Amzn-Apigateway-Api-Id"] == scene.api_id
    assert seen["X-Amzn-Trace-Id"].startswith("Root=1-") and len(seen["X-Amzn-Trace-Id"]) == 40
    for name in ("X-Gone", "Via", "TE", "Max-Forwards", "Content-MD5", "Server", "Upgrade", "Trailer",
                 "WWW-Authenticate", "Proxy-Authenticate", "Connection", "Transfer-Encoding"):
        assert name not in seen, name
    assert node.get(scene.path("mapped"), headers={"X-Seen": "logged"}).status == 200
    assert node.verdict()["seen"] == "logged"      # logs see the client's headers


def test_defaults_of_request_headers(node, scene, backend):
    scene.put("bare", backend.url + "/b")
    scene.deploy()
    seen = node.get(scene.path("bare")).json()["headers"]
    assert seen["User-Agent"] == "AmazonAPIGateway_" + scene.api_id
    assert seen["Accept"] == "application/json"
    assert seen["Host"] == "127.0.0.1:%d" % backend.port
    assert seen["X-Forwarded-For"] == "127.0.0.1"
    root = "Root=1-67891233-abcdef012345678912345678"
    kept = {"User-Agent": "me", "Accept": "text/html", "X-Amzn-Trace-Id": root,
            "Authorization": "AWS4-HMAC-SHA256 Credential=x"}
    seen = node.get(scene.path("bare"), headers=kept).json()["headers"]
    assert (seen["User-Agent"], seen["Accept"], seen["X-Amzn-Trace-Id"]) == ("me", "text/html", root)
    assert "Authorization" not in seen


def test_answer_headers_are_remapped(node, scene):
    key = scene.key(scene.plan())[1]
    answer = node.get(scene.path("proxy") + "/x", key)
    assert answer.headers["x-amzn-remapped-server"].startswith("BaseHTTP")
    assert answer.headers["x-amzn-remapped-date"] and answer.headers["date"]
    assert answer.headers["x-amzn-remapped-content-length"] == answer.headers["content-length"]
    assert "server" not in answer.headers
    assert len(answer.headers["x-amzn-requestid"]) == 36 and len(answer.headers["x-amz-apigw-id"]) == 16
    assert "x-amzn-errortype" not in answer.headers


def test_the_backend_s_own_errors_pass(node, scene):
    key = scene.key(scene.plan())[1]
    for status in (400, 403, 404, 429, 500, 502, 503, 504):
        answer = node.get(scene.path("proxy") + "/status/%d" % status, key)
        assert answer.status == status and answer.json()["target"] == "/status/%d" % status


def test_connections_to_a_backend_are_kept(node, scene, backend):
    ports = set()
    plain = backend.server.RequestHandlerClass.answer

    def answer(handler):
        ports.add(handler.client_address[1])
        plain(handler)

    backend.server.RequestHandlerClass.do_GET = answer
    key = scene.key(scene.plan())[1]
    for _ in range(20):
        assert node.get(scene.path("proxy") + "/x", key).status == 200
    assert len(ports) == 1


def test_backends_that_fail(node, scene, backend):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        dead = listener.getsockname()[1]
    scene.put("down", "http://127.0.0.1:%d/" % dead)
    scene.put("unknown", "http://no-such-name.invalid/")
    scene.put("slow", backend.url + "/slow/2", timeoutInMillis=200)
    scene.deploy()
    network = b'{"message":"Network error communicating with endpoint"}'
    for part, body in (("down", network), ("unknown", network), ("slow", b'{"message":"Endpoint request timed out"}')):
        answer = node.get(scene.path(part))
        assert (answer.status, answer.body) == (504, body), part
        assert answer.error_type == "InternalServerErrorException"
        assert answer.headers["content-length"] == str(len(body))
        assert "x-amzn-requestid" in answer.headers


def test_paths_that_would_climb_are_refused(node, scene, backend):
    key = scene.key(scene.plan())[1]
    count = len(backend.requests)
    for target in ("/a/../../b", "/%2e%2e/b", "/a/..%2fb"):
        assert node.get(scene.path("proxy") + target, key).status == 400, target
    assert len(backend.requests) == count


def test_a_key_deleted_under_way_fails_its_request(node, scene, backend):
    """Rule K7."""
    key_id, key = scene.key(scene.plan())
    answers = []
    caller = threading.Thread(target=lambda: answers.append(node.get(scene.path("proxy") + "/slow/1.5", key)))
    caller.start()
    harness.wait_until(lambda: any("/slow/" in seen["target"] for seen in backend.requests))
    scene.api.delete_api_key(apiKey=key_id)
    caller.join()
    assert (answers[0].status, answers[0].body) == (403, b'{"message":"Forbidden"}')
    assert answers[0].error_type == "ForbiddenException"


# ---- https ----

@pytest.fixture
def tls_backend(tmp_path):
    """An https server for `localhost` that tells the name it was asked for by SNI."""
    cert, key = nodes.certificate(tmp_path, "localhost")
    names = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            body = json.dumps({"host": self.headers["Host"], "names": names}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    context.sni_callback = lambda _sock, name, _context: names.append(name)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield cert, server.server_address[1]
    server.shutdown()
    server.server_close()


def test_https_backends_are_verified_unless_the_integration_says_otherwise(tls_backend):
    cert, port = tls_backend
    verify = "proxy_ssl_verify on; proxy_ssl_trusted_certificate %s;" % cert
    with nodes.Node(tls=verify) as node:
        scene = Proxied(node)
        scene.put("good", "https://localhost:%d/" % port)
        scene.put("wrong", "https://127.0.0.1:%d/" % port)
        scene.put("lax", "https://127.0.0.1:%d/" % port, tlsConfig={"insecureSkipVerification": True})
        scene.deploy()
        for _ in range(2):
            answer = node.get(scene.path("good"))
            assert answer.status == 200, answer
            assert answer.json()["host"] == "localhost:%d" % port and answer.json()["names"][-1] == "localhost"
            assert node.get(scene.path("lax")).status == 200
            answer = node.get(scene.path("wrong"))
            assert (answer.status, answer.error_type) == (504, "InternalServerErrorException")


def test_https_without_trusted_certificates_fails_closed(tls_backend):
    with nodes.Node() as node:
        scene = Proxied(node)
        scene.put("good", "https://localhost:%d/" % tls_backend[1])
        scene.deploy()
        assert node.get(scene.path("good")).status == 500
        assert "to check backend" in node.log()
