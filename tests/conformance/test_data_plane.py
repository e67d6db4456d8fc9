"""Reference 6.1 to 6.6, 6.8, and of 6.9 to 6.11 what MOCK and HTTP_PROXY do: one row per statement, against one API."""

import contextlib
import http.client
import re
import socket
import threading

import pytest

import harness

FORBIDDEN = b'{"message":"Forbidden"}'
MISSING = b'{"message":"Missing Authentication Token"}'
INTERNAL = b'{"message": "Internal server error"}'
UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


class Strange:
    """A backend that answers every request with the headers that a gateway has to think about."""

    HEADERS = [("Date", "d"), ("Server", "s"), ("Connection", "close"), ("X-Amzn-RequestId", "theirs"),
               ("Via", "1.1 v"), ("Content-Type", "text/odd"), ("Age", "1"), ("Pragma", "p"), ("Accept", "a"),
               ("Access-Control-Allow-Origin", "*"), ("X-Own", "1"), ("X-Own", "2"), ("WWW-Authenticate", "w")]

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                with self.listener.accept()[0] as sock:
                    while b"\r\n\r\n" not in sock.recv(65536):
                        pass
                    lines = "".join("%s: %s\r\n" % header for header in self.HEADERS)
                    sock.sendall(("HTTP/1.1 418 Odd\r\n%sTransfer-Encoding: chunked\r\n\r\n4\r\nodd!\r\n0\r\n\r\n"
                                  % lines).encode())

    def close(self):
        self.listener.close()


class Api:
    """An API that is put together path by path and deployed to `prod`."""

    def __init__(self, gateway, **more):
        self.gateway = gateway
        self.call = lambda verb, target, body: self.checked(gateway.call(verb, target, body))
        api = self.call("POST", "/restapis", {"name": "plane", **more})
        self.id, self.ids = api["id"], {"": api["rootResourceId"]}

    @staticmethod
    def checked(answer):
        assert answer.status in (200, 201), answer
        return answer.json()

    def resource(self, path):
        if path not in self.ids:
            parent, part = path.rsplit("/", 1)
            self.ids[path] = self.call("POST", "/restapis/%s/resources/%s" % (self.id, self.resource(parent)),
                                       {"pathPart": part})["id"]
        return self.ids[path]

    def method(self, request, integration, responses=None, key=False, parameters=None):
        verb, path = request.split(" ")
        where = "/restapis/%s/resources/%s/methods/%s" % (self.id, self.resource(path.rstrip("/")), verb)
        self.call("PUT", where, {"authorizationType": "NONE", "apiKeyRequired": key,
                                 "requestParameters": parameters or {}})
        self.call("PUT", where + "/integration", integration)
        for status, response in (responses or {}).items():
            names = {name: True for name in response.get("responseParameters", {})}
            self.call("PUT", "%s/responses/%s" % (where, status), {"responseParameters": names})
            self.call("PUT", "%s/integration/responses/%s" % (where, status), response)

    def mock(self, request, body=None, template='{"statusCode": 200}', responses=None, key=False, **more):
        integration = {"type": "MOCK", **({"requestTemplates": {"application/json": template}} if template else {})}
        if responses is None:
            responses = {"200": {"responseTemplates": {"application/json": body or request}}}
        self.method(request, {**integration, **more}, responses, key)

    def proxy(self, request, uri, mapped=None, http_method="ANY", key=False, **more):
        names = {source: False for source in (mapped or {}).values()
                 if source.startswith("method.request.") and ".body" not in source}
        names = {name.replace("multivalue", ""): False for name in names}
        self.method(request, {"type": "HTTP_PROXY", "httpMethod": http_method, "uri": uri, **more,
                              "requestParameters": {"integration.request." + name: source
                                                    for name, source in (mapped or {}).items()}}, None, key, names)

    def deploy(self, **more):
        return self.call("POST", "/restapis/%s/deployments" % self.id, {"stageName": "prod", **more})

    def ask(self, request, headers=None, body=None):
        verb, path = request.split(" ")
        return self.gateway.request(verb, "/_aws/execute-api/%s/prod%s" % (self.id, path), headers=headers, body=body)

    def ask_host(self, request, **more):
        verb, target = request.split(" ")
        host = self.id + ".execute-api.us-east-1.amazonaws.com"
        return self.gateway.request(verb, target, host=host, **more)


@pytest.fixture(scope="module")
def gateway():
    with harness.Faregate(profile="aws") as instance:
        yield instance


@pytest.fixture(scope="module")
def backend():
    with harness.Backend() as server:
        yield server


@pytest.fixture(scope="module")
def strange():
    server = Strange()
    yield server
    server.close()


ANSWER = {"responseTemplates": {"application/json": "ok"}}
TEAPOT = {"selectionPattern": "4\\d\\d", "responseTemplates": {"application/json": "pot"}}
MANY = {"text/plain": "plain", "application/json": "json"}


@pytest.fixture(scope="module")
def api(gateway, backend, strange):
    api = Api(gateway)
    for request in ("POST /verbs/test", "OPTIONS /verbs/{proxy+}", "GET /deep/part1", "GET /deep/part1/hardcoded-value",
                    "GET /deep/{param+}", "GET /leaf/a", "ANY /leaf/a", "GET /leaf/{v}", "GET /one/{pet-id}",
                    "ANY /any", "GET /get", "GET /"):
        api.mock(request)
    greedy = {"path.proxy": "method.request.path.proxy"}
    api.proxy("ANY /p/{proxy+}", backend.url + "/b/{proxy}", greedy)
    api.proxy("GET /post", backend.url + "/x", http_method="POST")
    api.proxy("ANY /variables", "%s/${stageVariables.part}/${stageVariables.none}end" % backend.url)
    api.proxy("ANY /mapped", backend.url + "/m?own=1", {
        "querystring.a": "method.request.querystring.q", "querystring.gone": "method.request.querystring.none",
        "querystring.static": "'s'",
        "querystring.api": "context.apiId", "header.X-Last": "method.request.header.X-In",
        "header.X-All": "method.request.multivalueheader.X-In", "header.X-Stage": "stageVariables.part",
        "header.X-Gone": "method.request.header.X-None", "header.Server": "'mine'", "header.Via": "'never'",
        "header.Accept": "'text/mapped'"})
    for name in ("Content-Length", "Transfer-Encoding", "X-Amzn-Trace-Id", "X-Amzn-Apigateway-Api-Id"):
        api.proxy("GET /forbidden/" + name, backend.url, {"header." + name: "'1'"})
    api.proxy("ANY /strange", strange.url)
    api.proxy("ANY /slow", backend.url + "/slow/2", timeoutInMillis=100)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        api.proxy("ANY /down", "http://127.0.0.1:%d/" % listener.getsockname()[1])
    api.mock("GET /mock/lenient", template="{statusCode: 200}", responses={"200": ANSWER})
    api.mock("GET /mock/no-template", template=None, responses={"200": ANSWER})
    api.mock("GET /mock/no-status", template="{}", responses={"200": ANSWER})
    api.mock("GET /mock/not-json", template="200", responses={"200": ANSWER})
    api.mock("GET /mock/default", template='{"statusCode": 500}', responses={"201": ANSWER, "404": TEAPOT})
    api.mock("GET /mock/pattern", template='{"statusCode": 418}', responses={"201": ANSWER, "404": TEAPOT})
    api.mock("GET /mock/whole", template='{"statusCode": 418}',
             responses={"201": {"selectionPattern": "41"}, "202": {"selectionPattern": "18"}, "203": ANSWER})
    api.mock("GET /mock/no-match", template='{"statusCode": 500}', responses={"404": TEAPOT})
    api.mock("GET /mock/no-response", responses={})
    api.mock("GET /mock/empty", responses={"200": {}})
    api.mock("GET /mock/headers", responses={"200": {**ANSWER, "responseParameters": {
        "method.response.header.X-Static": "'v'", "method.response.header.X-Stage": "stageVariables.part",
        "method.response.header.Access-Control-Allow-Origin": "'*'"}}})
    api.mock("GET /mock/accept", responses={"200": {"responseTemplates": MANY}})
    for behavior in ("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"):
        api.mock("POST /mock/" + behavior, "ok", passthroughBehavior=behavior)
    api.mock("POST /mock/otherwise", template=None, responses={"200": ANSWER},
             requestTemplates={"$default": '{"statusCode": 200}'})
    api.mock("GET /key", "in", key=True)
    api.mock("GET /throttled", "in", key=True)
    api.deploy(variables={"part": "blue"})
    return api


# ---- 6.3 ----

@pytest.mark.parametrize("sentence, request_, status, body", [
    ("a more specific resource without the verb hides none", "OPTIONS /verbs/test", 200, "OPTIONS /verbs/{proxy+}"),
    ("and is met by its own", "POST /verbs/test", 200, "POST /verbs/test"),
    ("static", "GET /deep/part1", 200, "GET /deep/part1"),
    ("static, deeper", "GET /deep/part1/hardcoded-value", 200, "GET /deep/part1/hardcoded-value"),
    ("it backtracks", "GET /deep/part1/random-value", 200, "GET /deep/{param+}"),
    ("it backtracks below a leaf", "GET /deep/part1/hardcoded-value/x", 200, "GET /deep/{param+}"),
    ("a verb beats ANY", "GET /leaf/a", 200, "GET /leaf/a"),
    ("else ANY", "POST /leaf/a", 200, "ANY /leaf/a"),
    ("static beats the variable", "DELETE /leaf/a", 200, "ANY /leaf/a"),
    ("the variable", "GET /leaf/b", 200, "GET /leaf/{v}"),
    ("one segment only", "GET /leaf/b/c", 403, None),
    ("names with hyphens", "GET /one/7", 200, "GET /one/{pet-id}"),
    ("a greedy variable needs a segment", "GET /deep", 403, None),
    ("not a slash", "GET /deep/", 403, None),
    ("a trailing slash is ignored", "GET /deep/part1/", 200, "GET /deep/part1"),
    ("the root", "GET /", 200, "GET /"),
    ("the root without slash", "GET ", 200, "GET /"),
    ("case counts", "GET /Get", 403, None),
    ("HEAD is not GET", "HEAD /get", 403, None),
    ("an unknown path", "GET /nowhere", 403, None),
    ("an unknown verb", "POST /get", 403, None),
] + [("ANY takes " + verb, verb + " /any", 200, "ANY /any")
     for verb in ("DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT")],
    ids=lambda value: value if isinstance(value, str) and " /" not in value else "")
def test_routes(api, sentence, request_, status, body):
    answer = api.ask(request_)
    assert answer.status == status, (sentence, answer)
    if status == 200:
        assert answer.body == body.encode(), sentence
        return
    assert answer.error_type == "MissingAuthenticationTokenException", sentence
    assert answer.body == (b"" if request_.startswith("HEAD") else MISSING), sentence


def test_any_takes_head(api):
    answer = api.ask("HEAD /any")
    assert (answer.status, answer.body) == (200, b"")


def test_only_the_root_resource_takes_the_root(gateway):
    api = Api(gateway)
    api.mock("ANY /{proxy+}")
    api.deploy()
    assert api.ask("GET /x").status == 200
    assert (api.ask("GET /").status, api.ask("GET /").body) == (403, MISSING)


def test_doubled_slashes_around_the_stage(api):
    assert api.ask_host("GET /prod/deep/part1").body == b"GET /deep/part1"
    assert api.ask_host("GET //prod/deep/part1").body == b"GET /deep/part1"
    assert api.ask_host("GET /prod//deep/part1").body == b"GET /deep/part1"


@pytest.mark.parametrize("path, target", [
    ("/p/value", "/b/value"), ("/p/value/", "/b/value"), ("/p/a//b", "/b/a//b"), ("/p/a/b/c", "/b/a/b/c"),
    ("/p/test%2Balias@gmail.com", "/b/test%2Balias@gmail.com"), ("/p/a%2Fb", "/b/a%2Fb"),
    ("/p/a?x=1&x=2&y=%20+", "/b/a?x=1&x=2&y=%20+"), ("/variables", "/blue/end"), ("/variables?q", "/blue/end?q"),
    ("/mapped", "/m?own=1&static=s&api={id}"),
    ("/mapped?q=1&q=2", "/m?own=1&q=1&q=2&a=2&static=s&api={id}"),
    ("/mapped?q=", "/m?own=1&q=&static=s&api={id}"), ("/mapped?static=c", "/m?own=1&static=c&static=s&api={id}"),
])
def test_the_backend_s_target(api, path, target):
    def parts(text):
        head, _, query = text.partition("?")
        return head, sorted(query.split("&")) if "mapped" in path else query

    seen = api.ask("GET " + path).json()["target"]
    assert parts(seen) == parts(target.replace("{id}", api.id)), seen
    values = [pair for pair in seen.partition("?")[2].split("&") if pair.startswith("static=")]
    assert values in ([], ["static=s"], ["static=c", "static=s"])  # the client's first


# ---- 6.9, HTTP_PROXY ----

DROPPED = {"Content-MD5": "x", "Max-Forwards": "1", "Proxy-Authenticate": "x", "Server": "x", "TE": "trailers",
           "Trailer": "x", "Upgrade": "x", "WWW-Authenticate": "x", "Content-Encoding": "x", "Via": "1.1 x",
           "Connection": "keep-alive"}


def test_client_headers_that_are_dropped(api):
    seen = {name.lower() for name in api.ask("GET /p/x", DROPPED).json()["headers"]}
    assert not seen & {name.lower() for name in DROPPED}


@pytest.mark.parametrize("sentence, sent, name, value", [
    ("ordinary ones pass", {"X-Own": "1"}, "X-Own", "1"),
    ("the client's accept", {"Accept": "text/x"}, "Accept", "text/x"),
    ("else JSON", {}, "Accept", "application/json"),
    ("the client's agent", {"User-Agent": "me"}, "User-Agent", "me"),
    ("else the gateway", {}, "User-Agent", "AmazonAPIGateway_{id}"),
    ("the API's id", {}, "X-Amzn-Apigateway-Api-Id", "{id}"),
    ("whatever the client says", {"X-Amzn-Apigateway-Api-Id": "x"}, "X-Amzn-Apigateway-Api-Id", "{id}"),
    ("an authorization", {"Authorization": "Bearer x"}, "Authorization", "Bearer x"),
    ("that is no signature", {"Authorization": "AWS4-HMAC-SHA256 x"}, "Authorization", None),
    ("forwarded", {"X-Forwarded-For": "192.0.2.1"}, "X-Forwarded-For", "192.0.2.1, 127.0.0.1"),
    ("the protocol", {}, "X-Forwarded-Proto", "http"),
    ("the port", {}, "X-Forwarded-Port", "{port}"),
    ("a root is kept", {"X-Amzn-Trace-Id": "Root=1-00000000-000000000000000000000000"}, "X-Amzn-Trace-Id",
     "Root=1-00000000-000000000000000000000000"),
    ("the backend's host", {}, "Host", "{backend}"),
    ("no type of its own", {}, "Content-Type", None),
], ids=lambda value: value if isinstance(value, str) and " " in value else "")
def test_backend_headers(api, backend, sentence, sent, name, value):
    seen = api.ask("GET /p/x", sent).json()["headers"].get(name)
    if value:
        value = value.replace("{id}", api.id).replace("{port}", str(api.gateway.data_port))
        value = value.replace("{backend}", backend.url[7:])
    assert seen == value, sentence


def test_a_trace_id_is_made(api):
    for sent in ({}, {"X-Amzn-Trace-Id": "nonsense"}):
        seen = api.ask("GET /p/x", sent).json()["headers"]["X-Amzn-Trace-Id"]
        assert re.match(r"^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$", seen)


def test_mapped_headers(api):
    connection = http.client.HTTPConnection("127.0.0.1", api.gateway.data_port, timeout=20)
    connection.putrequest("GET", "/_aws/execute-api/%s/prod/mapped" % api.id)
    connection.putheader("X-In", "1")
    connection.putheader("X-In", "2")
    connection.endheaders()
    seen = harness.Response(connection.getresponse()).json()["headers"]
    connection.close()
    assert (seen["X-Last"], seen["X-All"].replace(" ", ""), seen["X-Stage"]) == ("2", "1,2", "blue")
    assert (seen["Server"], seen["Accept"]) == ("mine", "text/mapped")
    assert "X-Gone" not in seen and "Via" not in seen
    seen = api.ask("GET /mapped", {"x-in": "1"}).json()["headers"]
    assert "X-Last" not in seen and "X-All" not in seen  # names match with case
    assert api.ask("GET /mapped", {"Accept": "text/client"}).json()["headers"]["Accept"] == "text/mapped"


def test_verbs_and_bodies(api):
    assert api.ask("GET /post").json()["method"] == "POST"
    for verb in ("POST", "PUT", "PATCH", "DELETE"):
        seen = api.ask(verb + " /p/x", {"Content-Type": "text/x"}, b"body").json()
        assert (seen["method"], seen["body"], seen["headers"]["Content-Type"]) == (verb, "body", "text/x")
    seen = api.ask("POST /p/x", {"X-HTTP-Method-Override": "PATCH"}, b"body").json()
    assert (seen["method"], seen["body"]) == ("PATCH", "body")


# ---- 6.10, HTTP_PROXY ----

def test_what_the_backend_answers_passes(api):
    answer = api.ask("GET /strange")
    assert (answer.status, answer.body) == (418, b"odd!")
    for name, value in (("age", "1"), ("pragma", "p"), ("accept", "a"), ("access-control-allow-origin", "*"),
                        ("content-type", "text/odd"), ("www-authenticate", "w"),
                        ("x-amzn-remapped-date", "d"), ("x-amzn-remapped-server", "s"),
                        ("x-amzn-remapped-connection", "close"), ("x-amzn-remapped-x-amzn-requestid", "theirs")):
        assert answer.headers.get(name) == value, (name, answer.headers)
    assert [value for name, value in answer.header_list if name == "X-Own"] == ["1", "2"]
    assert "via" not in answer.headers and "server" not in answer.headers
    assert UUID.match(answer.headers["x-amzn-requestid"]) and "x-amzn-trace-id" not in answer.headers
    assert answer.headers["date"] != "d"


def test_every_status_passes(api):
    for status in (201, 301, 400, 403, 404, 429, 500, 502, 503, 504):
        answer = api.ask("GET /p/status/%d" % status)
        assert answer.status == status and answer.json()["method"] == "GET"
        assert "x-amzn-errortype" not in answer.headers


# ---- 6.1, 6.8 ----

def test_headers_of_an_answer(api):
    for request in ("GET /get", "GET /p/x"):
        names = {name.lower() for name, _ in api.ask(request).header_list}
        assert {"content-type", "content-length", "connection", "date", "x-amzn-requestid", "x-amz-apigw-id"} <= names
        assert "x-amzn-trace-id" not in names and "server" not in names


@pytest.mark.parametrize("sentence, target, status, body, kind", [
    ("an unknown API", "/_aws/execute-api/zzzzzzzzzz/prod/get", 403, FORBIDDEN, "ForbiddenException"),
    ("an unknown stage", "/_aws/execute-api/{id}/none/get", 403, FORBIDDEN, "ForbiddenException"),
    ("no stage", "/_aws/execute-api/{id}", 403, FORBIDDEN, "ForbiddenException"),
    ("no method", "/_aws/execute-api/{id}/prod/none", 403, MISSING, "MissingAuthenticationTokenException"),
    ("no key", "/_aws/execute-api/{id}/prod/key", 403, FORBIDDEN, "ForbiddenException"),
    ("not configured", "/_aws/execute-api/{id}/prod/mock/no-match", 500, INTERNAL, "InternalServerErrorException"),
    ("slow", "/_aws/execute-api/{id}/prod/slow", 504, b'{"message":"Endpoint request timed out"}',
     "InternalServerErrorException"),
    ("down", "/_aws/execute-api/{id}/prod/down", 504, b'{"message":"Network error communicating with endpoint"}',
     "InternalServerErrorException"),
] + [("mapping sets " + name, "/_aws/execute-api/{id}/prod/forbidden/" + name, 500, INTERNAL,
      "InternalServerErrorException")
     for name in ("Content-Length", "Transfer-Encoding", "X-Amzn-Trace-Id", "X-Amzn-Apigateway-Api-Id")],
    ids=lambda value: value if isinstance(value, str) and "/" not in value else "")
def test_refusals(api, sentence, target, status, body, kind):
    answer = api.gateway.get(target.replace("{id}", api.id))
    assert (answer.status, answer.body, answer.headers["x-amzn-errortype"]) == (status, body, kind), sentence
    assert [name for name, _ in answer.header_list] == [
        "Date", "Content-Type", "Content-Length", "Connection", "x-amzn-RequestId", "x-amzn-ErrorType",
        "x-amz-apigw-id"]
    assert (answer.headers["content-type"], answer.headers["content-length"]) == ("application/json", str(len(body)))
    assert answer.headers["connection"] == "keep-alive"


def test_a_payload_over_ten_megabytes_is_too_long(api):
    assert api.ask("POST /p/x", None, b"x" * (10 * 1024 * 1024)).status == 200
    answer = api.ask("POST /p/x", None, b"x" * (10 * 1024 * 1024 + 1))
    assert (answer.status, answer.body) == (413, b'{"message":"Request Too Long"}')


def test_a_closed_endpoint(gateway):
    api = Api(gateway, disableExecuteApiEndpoint=True)
    api.mock("GET /get")
    api.deploy()
    for answer in (api.ask("GET /get"), api.ask_host("GET /prod/get")):
        assert (answer.status, answer.body, answer.error_type) == (403, FORBIDDEN, "ForbiddenException")


# ---- 6.4, 6.5, 6.6 ----

def test_keys_throttles_and_quotas(api):
    gateway = api.gateway
    client = harness.client(gateway)

    def key(**plan):
        plan_id = client.create_usage_plan(name="p", apiStages=[{"apiId": api.id, "stage": "prod"}], **plan)["id"]
        return harness.make_key(gateway, plan_id, api_client=client)[1]

    free, once = key(), key(quota={"limit": 1, "period": "DAY"})
    slow = key(throttle={"rateLimit": 0.001, "burstLimit": 1})
    rows = [
        ("any case of the name", {"X-aPi-KeY": free}, 200, b"in", ""),
        ("the value's case counts", {"x-api-key": free.swapcase()}, 403, FORBIDDEN, "ForbiddenException"),
        ("an empty one", {"x-api-key": ""}, 403, FORBIDDEN, "ForbiddenException"),
        ("the quota's one", {"x-api-key": once}, 200, b"in", ""),
        ("is spent", {"x-api-key": once}, 429, b'{"message":"Limit Exceeded"}', "LimitExceededException"),
        ("the bucket's one", {"x-api-key": slow}, 200, b"in", ""),
        ("is spent", {"x-api-key": slow}, 429, b'{"message":"Too Many Requests"}', "TooManyRequestsException"),
    ]
    for sentence, headers, status, body, kind in rows:
        answer = api.ask("GET /key", headers)
        assert (answer.status, answer.body, answer.error_type) == (status, body, kind), sentence
        assert not [name for name in answer.headers if name.startswith(("retry", "ratelimit", "x-ratelimit"))]
    assert api.ask("GET /key?x-api-key=" + free).status == 403
    assert api.ask("GET /get", {"x-api-key": once}).status == 200  # a method without key ignores plans
    stage = "/restapis/%s/stages/prod" % api.id
    patches = [{"op": "replace", "path": "/throttled/GET/throttling/" + name, "value": value}
               for name, value in (("rateLimit", "0.001"), ("burstLimit", "1"))]
    api.call("PATCH", stage, {"patchOperations": patches})
    answers = [api.ask("GET /throttled", {"x-api-key": free}).status for _ in range(3)]
    assert answers == [200, 429, 429]
    assert api.ask("GET /key", {"x-api-key": free}).status == 200  # that setting is of one method
    api.call("PATCH", stage, {"patchOperations": [
        {"op": "replace", "path": "/throttled/GET/throttling/rateLimit", "value": "-1"},
        {"op": "replace", "path": "/throttled/GET/throttling/burstLimit", "value": "-1"}]})
    assert [api.ask("GET /throttled", {"x-api-key": free}).status for _ in range(3)] == [200] * 3


def test_a_deployment_is_a_snapshot(gateway):
    api = Api(gateway)
    api.mock("GET /get", "one")
    api.deploy()
    api.mock("GET /later", "two")
    where = "/restapis/%s/resources/%s/methods/GET" % (api.id, api.ids["/get"])
    api.call("PATCH", where, {"patchOperations": [{"op": "replace", "path": "/apiKeyRequired", "value": "true"}]})
    assert (api.ask("GET /get").body, api.ask("GET /later").status) == (b"one", 403)
    api.deploy()
    assert (api.ask("GET /get").body, api.ask("GET /later").body) == (FORBIDDEN, b"two")


# ---- 6.11 ----

@pytest.mark.parametrize("sentence, request_, headers, status, body", [
    ("lenient JSON", "GET /mock/lenient", {}, 200, b"ok"),
    ("no template", "GET /mock/no-template", {}, 500, INTERNAL),
    ("no status", "GET /mock/no-status", {}, 500, INTERNAL),
    ("no object", "GET /mock/not-json", {}, 500, INTERNAL),
    ("the default", "GET /mock/default", {}, 201, b"ok"),
    ("the pattern", "GET /mock/pattern", {}, 404, b"pot"),
    ("matches the whole status", "GET /mock/whole", {}, 203, b"ok"),
    ("no match, no default", "GET /mock/no-match", {}, 500, INTERNAL),
    ("no response", "GET /mock/no-response", {}, 500, INTERNAL),
    ("no response template", "GET /mock/empty", {}, 200, b""),
    ("the client's accept", "GET /mock/accept", {"Accept": "text/plain"}, 200, b"plain"),
    ("else JSON", "GET /mock/accept", {"Accept": "text/none"}, 200, b"json"),
    ("none is JSON", "GET /mock/accept", {}, 200, b"json"),
    ("$default", "POST /mock/otherwise", {"Content-Type": "a/b"}, 200, b"ok"),
    ("a parameter of the type", "POST /mock/NEVER", {"Content-Type": "application/json; charset=utf-8"}, 200, b"ok"),
    ("NEVER", "POST /mock/NEVER", {"Content-Type": "a/b"}, 415, b'{"message":"Unsupported Media Type"}'),
    ("WHEN_NO_TEMPLATES", "POST /mock/WHEN_NO_TEMPLATES", {"Content-Type": "a/b"}, 415,
     b'{"message":"Unsupported Media Type"}'),
] + [("with a template " + behavior, "POST /mock/" + behavior, {}, 200, b"ok")
     for behavior in ("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER")],
    ids=lambda value: value if isinstance(value, str) and "/" not in value else "")
def test_mock(api, sentence, request_, headers, status, body):
    answer = api.ask(request_, headers)
    assert (answer.status, answer.body) == (status, body), sentence
    kind = {500: "InternalServerErrorException", 415: "BadRequestException"}.get(status, "")
    assert answer.error_type == kind, sentence
    assert answer.headers["content-type"] == ("text/plain" if body == b"plain" else "application/json")


def test_mapped_headers_of_a_mock(api):
    headers = api.ask("GET /mock/headers").headers
    assert (headers["x-static"], headers["x-stage"], headers["access-control-allow-origin"]) == ("v", "blue", "*")


REMAPPED = ("Authorization", "Connection", "Content-Length", "Content-MD5", "Date", "Expect", "Host", "Max-Forwards",
            "Proxy-Authenticate", "Server", "Trailer", "Upgrade", "User-Agent", "WWW-Authenticate")


def test_mapped_headers_that_are_the_gateway_s_own(gateway):
    """Reference 6.10: remapped on the way out, so that no answer has two lengths; Transfer-Encoding never goes out."""
    api = Api(gateway)
    mapped = {"method.response.header." + name: "'99'" for name in REMAPPED + ("Transfer-Encoding", "Age", "Referer")}
    api.mock("GET /get", responses={"200": {**ANSWER, "responseParameters": mapped}})
    api.deploy()
    answer = api.ask("GET /get")
    names = [name.lower() for name, _ in answer.header_list]
    assert (answer.status, answer.body, answer.headers["age"], answer.headers["referer"]) == (200, b"ok", "99", "99")
    assert [answer.headers.get("x-amzn-remapped-" + name.lower()) for name in REMAPPED] == ["99"] * len(REMAPPED)
    assert names.count("content-length") == names.count("connection") == names.count("date") == 1
    assert "transfer-encoding" not in names
