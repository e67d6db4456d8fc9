"""Gateway locations: the three ways in, MOCK, refusals to the byte, key sources, what is logged."""

import http.client
import json
import re
import socket

import pytest

import harness
import node as nodes
import scenes

UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
EXTENDED_ID = re.compile(r"^[A-Za-z0-9_-]{15}=$")

FORBIDDEN = b'{"message":"Forbidden"}'


@pytest.fixture
def scene(node):
    return scenes.Scene(node)


def assert_refused(answer, status, body, error_type):
    assert (answer.status, answer.body) == (status, body)
    assert answer.headers["x-amzn-errortype"] == error_type
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-length"] == str(len(body))
    assert UUID.match(answer.headers["x-amzn-requestid"])
    assert EXTENDED_ID.match(answer.headers["x-amz-apigw-id"])


def ways(scene, path):
    """(target, host) of each way to the same method."""
    return [("/%s%s" % (scene.stage, path), "%s.execute-api.eu-west-1.example.org" % scene.api_id),
            ("/_aws/execute-api/%s/%s%s" % (scene.api_id, scene.stage, path), None),
            ("/restapis/%s/%s/_user_request_%s" % (scene.api_id, scene.stage, path), None)]


def test_three_ways_lead_to_the_same_method(node, scene):
    key = scene.key(scene.plan())[1]
    for target, host in ways(scene, "/status"):
        answer = node.get(target, key, host=host)
        assert (answer.status, answer.body) == (200, b'{"weather":"fine"}')
        assert node.get(target, host=host).body == FORBIDDEN


def test_a_mock_answers_with_the_headers_of_the_service_and_no_other(node, scene):
    answer = node.get(scene.path("open"))
    assert answer.status == 200
    assert [name for name, _ in answer.header_list] == [
        "Date", "Content-Type", "Content-Length", "Connection", "x-amzn-RequestId", "x-amz-apigw-id"]
    assert UUID.match(answer.headers["x-amzn-requestid"])
    assert EXTENDED_ID.match(answer.headers["x-amz-apigw-id"])


def test_ids_differ_from_request_to_request(node, scene):
    ids = {node.get(scene.path("open")).headers["x-amzn-requestid"] for _ in range(50)}
    assert len(ids) == 50


def test_refusals_to_the_byte(node, scene):
    spent = scene.key(scene.plan(limit=1))[1]
    assert node.get(scene.path(), spent).status == 200
    throttled = scene.key(scene.plan(rate=0.001, burst=1))[1]
    assert node.get(scene.path(), throttled).status == 200
    missing = b'{"message":"Missing Authentication Token"}'
    rows = [
        # what, key, status, body, x-amzn-ErrorType
        (scene.path(), None, 403, FORBIDDEN, "ForbiddenException"),                            # K5: no key
        (scene.path(), "0" * 40, 403, FORBIDDEN, "ForbiddenException"),                        # K5: unknown
        (scene.path(), scene.key(is_enabled=False)[1], 403, FORBIDDEN, "ForbiddenException"),  # K5: disabled
        (scene.path(), scene.key()[1], 403, FORBIDDEN, "ForbiddenException"),                  # K5: on no plan
        (scene.path(), throttled, 429, b'{"message":"Too Many Requests"}', "TooManyRequestsException"),  # T1
        (scene.path(), spent, 403, b'{"message":"Limit Exceeded"}', "LimitExceededException"),           # Q2
        (scene.path("nowhere"), None, 403, missing, "MissingAuthenticationTokenException"),
        ("/_aws/execute-api/%s/elsewhere/status" % scene.api_id, None, 403, FORBIDDEN, "ForbiddenException"),
        ("/_aws/execute-api/zzzzzzzzzz/prod/status", None, 403, FORBIDDEN, "ForbiddenException"),
        ("/_aws/execute-api/%s" % scene.api_id, None, 403, FORBIDDEN, "ForbiddenException"),
        ("/restapis/%s/prod/status" % scene.api_id, None, 403, FORBIDDEN, "ForbiddenException"),
        ("/", None, 403, FORBIDDEN, "ForbiddenException"),
    ]
    for target, key, status, body, error_type in rows:
        answer = node.get(target, key)
        assert_refused(answer, status, body, error_type)
        assert "retry-after" not in answer.headers


def test_an_unknown_verb_is_a_missing_method(node, scene):
    for verb in ("POST", "HEAD", "BREW"):
        answer = node.request(verb, scene.path())
        assert answer.status == 403 and answer.error_type == "MissingAuthenticationTokenException"
        assert answer.headers["content-length"] == "42"


def test_the_connection_is_kept_after_a_refusal_with_a_body(node, scene):
    """Given a refused POST with a body, when the same connection asks again, then it is answered."""
    connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=20)
    for _ in range(3):
        connection.request("POST", scene.path(), body=b"x" * 300000)
        answer = connection.getresponse()
        assert answer.status == 403
        answer.read()
        sock = connection.sock
        connection.request("GET", scene.path("open"))
        assert connection.getresponse().read() == b'{"weather":"fine"}'
        assert connection.sock is sock
    connection.close()


def test_the_override_header_replaces_the_verb(node, scene):
    answer = node.request("POST", scene.path("open"), headers={"X-HTTP-Method-Override": "GET"})
    assert answer.status == 200


def test_disable_execute_api_endpoint_closes_every_way(node, scene):
    scene.api.update_rest_api(restApiId=scene.api_id, patchOperations=[
        {"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "true"}])
    scene.deploy()
    for target, host in ways(scene, "/open"):
        assert node.get(target, host=host).body == FORBIDDEN


def test_a_method_without_key_ignores_the_key_and_does_not_count(node, scene):
    """Rule K8."""
    plan = scene.plan(limit=2)
    key_id, key = scene.key(plan)
    for _ in range(5):
        assert node.get(scene.path("open"), key).status == 200
    assert node.get(scene.path("open"), "0" * 40).status == 200
    assert [node.get(scene.path(), key).status for _ in range(3)] == [200, 200, 403]


def test_the_key_is_found_in_any_case_of_the_header(node, scene):
    """Rule K4, HEADER; the query is not read."""
    key = scene.key(scene.plan())[1]
    for name in ("x-api-key", "X-API-Key", "X-Api-KEY"):
        assert node.get(scene.path(), headers={name: key}).status == 200
    assert node.get(scene.path() + "?api-key=" + key).status == 403
    assert node.get(scene.path(), key.swapcase()).status == 403


def test_the_key_is_found_in_the_query(node):
    """Rule K4, QUERY: api-key or apikey, percent-encoded or not; the header is not read."""
    scene = scenes.Scene(node, key_source="QUERY")
    key = scene.key(scene.plan())[1]
    encoded = "".join("%%%02x" % ord(letter) for letter in key)
    for query in ("api-key=" + key, "apikey=" + key, "a=b&&apikey=%s&c" % key, "apikey=" + encoded):
        assert node.get(scene.path() + "?" + query).status == 200, query
    for query in ("apikey=", "apikey", "key=" + key, "apikey=%zz", "APIKEY=" + key):
        assert node.get(scene.path() + "?" + query).status == 403, query
    assert node.get(scene.path(), key).status == 403


def test_a_key_of_an_authorizer_is_missing_without_one(node):
    """Rule K4, AUTHORIZER."""
    scene = scenes.Scene(node, key_source="AUTHORIZER")
    key = scene.key(scene.plan())[1]
    assert node.get(scene.path(), key).body == FORBIDDEN


def test_key_changes_act_on_the_next_request(node, scene):
    """Rule K5."""
    plan = scene.plan()
    key_id, key = scene.key(plan)
    for enabled, status in (("false", 403), ("true", 200), ("false", 403)):
        scene.api.update_api_key(apiKey=key_id, patchOperations=[
            {"op": "replace", "path": "/enabled", "value": enabled}])
        assert node.get(scene.path(), key).status == status
    scene.api.delete_api_key(apiKey=key_id)
    assert node.get(scene.path(), key).status == 403


def test_a_new_deployment_is_served_at_once(node, scene):
    for turn in range(5):
        scene.add_mock("new%d" % turn, is_key_required=False, body="%d" % turn)
        assert node.get(scene.path("new%d" % turn)).status == 403
        scene.deploy()
        assert node.get(scene.path("new%d" % turn)).body == b"%d" % turn


def test_what_was_decided_stands_in_the_log(node, scene):
    plan = scene.plan(limit=1)
    key_id, key = scene.key(plan)
    answer = node.get(scene.path(), key)
    assert node.verdict() == {
        "request": "GET %s HTTP/1.1" % scene.path(), "status": "200", "verdict": "admitted", "reason": "admitted",
        "key_id": key_id, "plan_id": plan, "api_id": scene.api_id, "stage": "prod",
        "request_id": answer.headers["x-amzn-requestid"], "seen": "-"}
    rows = [(scene.path(), key, "quota-exceeded"), (scene.path(), None, "key-missing"),
            (scene.path(), "1" * 40, "key-unknown"), (scene.path("no"), None, "method-unknown"),
            ("/_aws/execute-api/none/prod/", None, "stage-unknown"), ("/x", None, "api-unknown")]
    for target, sent, reason in rows:
        node.get(target, sent)
        assert (node.verdict()["verdict"], node.verdict()["reason"]) == ("refused", reason)


def test_a_body_over_the_maximum_is_the_gateway_s_413(node, scene):
    answer = node.request("POST", scene.path(), body=b"x" * (1024 * 1024 + 1))
    assert_refused(answer, 413, b'{"message":"Request Too Long"}', "RequestTooLargeException")


def test_broken_requests_do_not_hurt(node, scene):
    for text in (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", b"GET  HTTP/1.1\r\n\r\n", b"\0\0\0\0\r\n\r\n",
                 b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", node.port)) as sock:
            sock.sendall(text)
            sock.settimeout(10)
            assert sock.recv(4096).split(b" ")[1:2] in ([b"400"], [b"414"])
    assert node.get(scene.path("open")).status == 200


def test_a_customised_gateway_response_is_dressed(node, scene):
    """Rules GR1, GR9, GR10: not before the next deployment, then with status, headers and template."""
    key = scene.key(scene.plan(rate=0.001, burst=1))[1]
    node.get(scene.path(), key)
    scene.api.put_gateway_response(
        restApiId=scene.api_id, responseType="THROTTLED", statusCode="420",
        responseParameters={"gatewayresponse.header.X-Shop": "'https://shop.test'",
                            "gatewayresponse.header.X-Was": "context.error.responseType",
                            "gatewayresponse.header.X-Asked": "method.request.querystring.q"},
        responseTemplates={"application/json": '{"m":$context.error.messageString}'})
    answer = node.get(scene.path(), key)
    assert (answer.status, answer.json()) == (429, {"message": "Too Many Requests"})
    assert "x-shop" not in answer.headers
    scene.deploy()
    answer = node.get(scene.path() + "?q=why", key)
    assert (answer.status, answer.json()) == (420, {"m": "Too Many Requests"})
    assert [answer.headers[name] for name in ("x-shop", "x-was", "x-asked")] == [
        "https://shop.test", "THROTTLED", "why"]
    scene.api.delete_gateway_response(restApiId=scene.api_id, responseType="THROTTLED")
    assert node.get(scene.path(), key).status == 420
    scene.deploy()
    assert node.get(scene.path(), key).status == 429


def test_a_default_gateway_response_dresses_its_class(node, scene):
    """Rules GR1, GR2, GR5: what the control API shows is what callers see."""
    scene.api.put_gateway_response(restApiId=scene.api_id, responseType="DEFAULT_4XX", statusCode="418",
                                   responseTemplates={"application/json": "{}"})
    scene.api.put_gateway_response(restApiId=scene.api_id, responseType="INVALID_API_KEY")
    scene.deploy()
    shown = {one["responseType"]: one.get("statusCode")
             for one in scene.api.get_gateway_responses(restApiId=scene.api_id)["items"]}
    key = scene.key(scene.plan(limit=1))[1]
    node.get(scene.path(), key)
    for resource, sent, kind in (("no", None, "MISSING_AUTHENTICATION_TOKEN"), ("status", key, "QUOTA_EXCEEDED"),
                                 ("status", None, "INVALID_API_KEY")):
        assert node.get(scene.path(resource), sent).status == int(shown[kind]), kind
    assert (shown["QUOTA_EXCEEDED"], shown["INVALID_API_KEY"]) == ("418", "403")


def test_without_a_gate_requests_are_told_to_come_back():
    """Given nginx started before faregated, then 503 with Retry-After; when the gate appears, then it is served."""
    with nodes.Node(with_daemon=False) as node:
        import os
        os.rename(node.gate_path(), node.gate_path() + ".away")
        node.stop()
        node.start()
        answer = node.get("/_aws/execute-api/a/b/c")
        assert_refused(answer, 503, b'{"message":"Service Unavailable"}', "ServiceUnavailableException")
        assert answer.headers["retry-after"] == "1"
        assert node.verdict()["reason"] == "gate-missing"
        for _ in range(20):
            node.get("/_aws/execute-api/a/b/c")
        assert node.log().count("cannot be opened") == 1
        os.rename(node.gate_path() + ".away", node.gate_path())
        harness.wait_until(lambda: node.get("/_aws/execute-api/a/b/c").status == 403, seconds=5)
