"""TestInvokeMethod and TestInvokeAuthorizer with real clients, a real backend and a real server of functions."""

import http.server
import json
import subprocess
import threading
import time
import urllib.parse

import pytest

import harness

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:"
URI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/%s/invocations"
HTTP_URI = "http://${stageVariables.host}/{id}"


def allow(event):
    token = event.get("authorizationToken")
    if token == "bad":
        raise PermissionError("Unauthorized")
    return {"principalId": token or "anybody", "context": {"n": 1},
            "policyDocument": {"Version": "2012-10-17", "Statement": [
                {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": event["methodArn"]}]}}


FUNCTIONS = {
    "echo": lambda event: {"statusCode": 201, "headers": {"X-Echo": "1"}, "body": json.dumps(event)},
    "auth": allow,
}


class Lambda:
    """Speaks the Invoke API: the last part of the function's ARN is looked up in FUNCTIONS."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            name = urllib.parse.unquote(self.path.split("/")[3]).split(":")[-1]
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            error = None
            try:
                answer = FUNCTIONS[name](event)
            except PermissionError as problem:
                answer, error = {"errorMessage": str(problem), "errorType": "Error"}, "Unhandled"
            body = json.dumps(answer).encode()
            self.send_response(200)
            if error:
                self.send_header("X-Amz-Function-Error", error)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def daemon():
    with Lambda() as functions, harness.Faregated(["--lambda-endpoint", functions.url]) as instance:
        yield instance


@pytest.fixture(scope="module")
def backend():
    with harness.Backend() as one:
        yield one


class Place:
    """An API with GET /{id}."""

    def __init__(self, daemon):
        self.client = harness.client(daemon)
        self.api = self.client.create_rest_api(name="tests")
        root = self.client.get_resources(restApiId=self.api["id"])["items"][0]["id"]
        self.resource = self.client.create_resource(restApiId=self.api["id"], parentId=root, pathPart="{id}")["id"]
        self.where = {"restApiId": self.api["id"], "resourceId": self.resource, "httpMethod": "GET"}
        self.client.put_method(**self.where, authorizationType="NONE",
                               requestParameters={"method.request.path.id": True})

    def integrate(self, kind, **more):
        self.client.put_integration(**self.where, type=kind, **more)

    def test(self, **more):
        return self.client.test_invoke_method(**self.where, **more)


@pytest.fixture
def place(daemon):
    return Place(daemon)


def host(backend):
    return {"host": "127.0.0.1:%d" % backend.port}


def test_http_proxy(place, backend):
    place.integrate("HTTP_PROXY", integrationHttpMethod="ANY", uri=HTTP_URI)
    got = place.test(pathWithQueryString="/7?q=a%20b", headers={"X": "y"}, stageVariables=host(backend))
    seen = json.loads(got["body"])
    assert (got["status"], seen["method"], seen["target"], seen["headers"]["X"]) == (200, "GET", "/7?q=a%20b", "y")
    assert "x-amzn-Remapped-Server" in got["headers"]
    assert got["log"].startswith("Execution log for request ") and "Method completed with status: 200\n" in got["log"]


def test_http_with_a_body(place, backend):
    place.integrate("HTTP", integrationHttpMethod="PUT", uri=HTTP_URI + "/status/404",
                    requestParameters={"integration.request.path.id": "method.request.path.id"})
    place.client.put_method_response(**place.where, statusCode="410")
    place.client.put_integration_response(**place.where, statusCode="410", selectionPattern="4\\d{2}")
    got = place.test(pathWithQueryString="/7", body="in", stageVariables=host(backend))
    seen = json.loads(got["body"])
    assert (got["status"], seen["method"], seen["target"], seen["body"]) == (410, "PUT", "/7/status/404", "in")
    assert not {"Accept-Encoding", "Expect"} & set(seen["headers"])


def test_nobody_there(place):
    place.integrate("HTTP_PROXY", integrationHttpMethod="GET", uri="http://127.0.0.1:1/")
    got = place.test()
    assert got["status"] == 504 and "network error communicating with endpoint" in got["log"]


def test_lambda(place):
    place.integrate("AWS_PROXY", integrationHttpMethod="POST", uri=URI % (FUNCTION + "echo"))
    got = place.test(pathWithQueryString="/7?q=1", headers={"h": "v"})
    event = json.loads(got["body"])
    assert (got["status"], got["headers"]["X-Echo"]) == (201, "1")
    assert event["pathParameters"] == {"id": "7"} and event["queryStringParameters"] == {"q": "1"}


def test_with_aws(daemon, place, tmp_path):
    place.integrate("MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    place.client.put_method_response(**place.where, statusCode="200")
    place.client.put_integration_response(**place.where, statusCode="200",
                                          responseTemplates={"application/json": "mocked"})
    key_id, secret = daemon.credentials()
    done = subprocess.run(
        ["aws", "--endpoint-url", "http://127.0.0.1:%d" % daemon.control_port(), "--output", "json", "apigateway",
         "test-invoke-method", "--rest-api-id", place.api["id"], "--resource-id", place.resource, "--http-method",
         "GET", "--path-with-query-string", "/7"], text=True, check=True, stdout=subprocess.PIPE, timeout=60,
        env=dict(harness.environment(), AWS_ACCESS_KEY_ID=key_id, AWS_SECRET_ACCESS_KEY=secret,
                 AWS_DEFAULT_REGION=harness.REGION, HOME=str(tmp_path)))
    got = json.loads(done.stdout)
    assert (got["status"], got["body"]) == (200, "mocked") and "{id=7}" in got["log"]


def test_authorizer(place):
    one = place.client.create_authorizer(
        restApiId=place.api["id"], name="t", type="TOKEN", authorizerUri=URI % (FUNCTION + "auth"),
        identitySource="method.request.header.Auth", identityValidationExpression="[a-z]+")
    where = {"restApiId": place.api["id"], "authorizerId": one["id"]}
    ask = place.client.test_invoke_authorizer
    assert ask(**where)["clientStatus"] == 401
    assert ask(**where, headers={"Auth": "bad"})["clientStatus"] == 401
    got = ask(**where, headers={"Auth": "me"}, pathWithQueryString="/7")
    assert (got["clientStatus"], got["principalId"], got["authorization"]) == (200, "me", {"n": ["1"]})
    assert json.loads(got["policy"])["Statement"][0]["Resource"].endswith("/ESTestInvoke-stage/GET/7")


class Aside(threading.Thread):
    """A test of a backend that takes its time."""

    def __init__(self, place, backend):
        super().__init__(daemon=True)
        before = len(backend.requests)
        place.integrate("HTTP_PROXY", integrationHttpMethod="GET", uri=backend.url + "/slow/6")
        self.place, self.got = place, None
        self.start()
        harness.wait_until(lambda: len(backend.requests) > before, what="the backend being asked")

    def run(self):
        self.got = self.place.test()


def test_a_slow_backend_holds_nobody_up(place, backend):
    """Rule TI9."""
    aside = Aside(place, backend)
    began = time.monotonic()
    for _ in range(20):
        place.client.create_api_key(name="meanwhile")
    assert time.monotonic() - began < 5 and aside.is_alive()
    aside.join(30)
    assert aside.got["status"] == 200 and aside.got["latency"] >= 6000


def test_a_stop_does_not_wait_for_a_backend(backend):
    """Rule TI9: after a few seconds it is broken off, and the call is answered all the same."""
    with harness.Faregated() as instance:
        place = Place(instance)
        aside = Aside(place, backend)
        began = time.monotonic()
        instance.stop()
        assert time.monotonic() - began < 6
        aside.join(10)
        assert aside.got["status"] == 504
