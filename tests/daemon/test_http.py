"""What comes over the socket, well-formed or not, is answered in the control API's own form."""

import json
import re
import socket
import time

import pytest

import harness

BODY_BYTES_MAX = 6 * 1024 * 1024


def raw(daemon, *pieces, pause=0.0):
    """Send bytes, read until the answer is complete."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(daemon.socket_path)
        for piece in pieces:
            client.sendall(piece)
            time.sleep(pause)
        response = harness.http.client.HTTPResponse(client)
        response.begin()
        return harness.Response(response)


def test_an_unsigned_call(faregated):
    answer = faregated.call("GET", "/apikeys", is_signed=False)
    assert (answer.status, answer.error_type) == (403, "MissingAuthenticationTokenException")
    assert answer.json() == {"message": "Missing Authentication Token"}
    assert answer.headers["content-type"] == "application/json"
    assert re.fullmatch("[0-9a-f-]{36}", answer.headers["x-amzn-requestid"])


def test_a_signature_with_another_secret(faregated):
    key_id, _ = faregated.credentials()
    answer = faregated.call("GET", "/apikeys", credentials=(key_id, "x" * 40))
    assert (answer.status, answer.error_type) == (403, "InvalidSignatureException")


def test_a_body_changed_after_signing(faregated):
    headers = harness.sign("POST", "/apikeys", b'{"name":"a"}', faregated.credentials())
    answer = harness.exchange(faregated.control_connection(), "POST", "/apikeys", headers, b'{"name":"b"}')
    assert answer.status == 403
    assert faregated.call("GET", "/apikeys").json()["item"] == []


@pytest.mark.parametrize("target", [
    "/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Fabc",
    "/domainnames/api.example.org/basepathmappings/(none)",
    "/apikeys?name=a%20b&includeValues=true",
    "/apikeys?name=%C3%A4&limit=3",
])
def test_the_target_reaches_the_signature_as_it_came(faregated, target):
    answer = faregated.call("GET", target)
    assert answer.error_type not in ("InvalidSignatureException", "IncompleteSignatureException"), answer


@pytest.mark.parametrize("body", [b"{", b"{]", b'{"name":', b"\xff\xfe", b'{"name":"\xff"}', b"[1]", b'{"name":5}',
                                  b'{"enabled":"yes"}', b'{"a":1,"a":2}', b"[" * 5000])
def test_a_broken_body_changes_nothing(faregated, body):
    answer = faregated.call("POST", "/apikeys", body)
    assert answer.status == 400
    assert answer.error_type in ("SerializationException", "BadRequestException")
    assert "message" in answer.json()
    assert faregated.call("GET", "/apikeys").json()["item"] == []


def test_a_body_of_the_limit_is_read_and_one_byte_more_is_not(faregated):
    def body(size):
        frame = json.dumps({"name": "n", "description": ""})
        return frame[:-2].encode() + b"d" * (size - len(frame)) + frame[-2:].encode()
    at_limit = faregated.call("POST", "/apikeys", body(BODY_BYTES_MAX))
    assert (at_limit.status, at_limit.error_type) == (400, "BadRequestException")  # the description is too long
    past = faregated.call("POST", "/apikeys", b"", headers={"Content-Length": str(BODY_BYTES_MAX + 1)}, is_signed=False)
    assert (past.status, past.error_type) == (413, "RequestTooLargeException")
    assert past.json() == {"message": "Request Too Long"}


def test_chunks_beyond_the_limit(faregated):
    piece = b"%x\r\n" % (1 << 20) + b"d" * (1 << 20) + b"\r\n"
    answer = raw(faregated, b"POST /apikeys HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
                 *[piece] * 7, b"0\r\n\r\n")
    assert answer.status == 413
    assert faregated.health().status == 200


def test_a_slow_client_holds_nobody_up(faregated):
    with socket.socket(socket.AF_UNIX) as slow:
        slow.settimeout(20)
        slow.connect(faregated.socket_path)
        body = b'{"name":"slow"}'
        headers = harness.sign("POST", "/apikeys", body, faregated.credentials())
        head = "POST /apikeys HTTP/1.1\r\n" + "".join("%s: %s\r\n" % pair for pair in headers.items())
        message = head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body
        for at in range(0, len(message), 40):
            slow.sendall(message[at:at + 40])
            started = time.monotonic()
            assert faregated.call("GET", "/account").status == 200
            assert time.monotonic() - started < 5
        assert slow.recv(4096).startswith(b"HTTP/1.1 201")


def test_clients_that_go_away_leave_nothing(faregated):
    for cut in (b"POST /apikeys HTT", b"POST /apikeys HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf"):
        for _ in range(50):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(faregated.socket_path)
                client.sendall(cut)
    assert faregated.call("GET", "/apikeys").json()["item"] == []
    assert faregated.stop() == 0


def test_what_is_no_http(faregated):
    for noise in (b"\0\1\2\3\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 100):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(faregated.socket_path)
            client.sendall(noise)
            client.shutdown(socket.SHUT_WR)
            while client.recv(4096):
                pass
    assert faregated.health().status == 200


def test_more_headers_than_we_take(faregated):
    headers = {"Host": "localhost", **{"x-h-%d" % number: "v" for number in range(200)}}
    answer = harness.exchange(faregated.control_connection(), "GET", "/apikeys", headers)
    assert answer.status in (413, 431)
    assert faregated.health().status == 200


def test_a_connection_serves_many_calls(faregated):
    connection = faregated.control_connection()
    for _ in range(5):
        connection.request("GET", "/_faregate/health")
        assert connection.getresponse().read().startswith(b"{")
    connection.close()


def test_boto3_reaches_it(faregated):
    api = harness.client(faregated)
    key = api.create_api_key(name="boto", enabled=True)
    assert api.get_api_key(apiKey=key["id"], includeValue=True)["value"] == key["value"]


def test_each_call_is_one_log_line(faregated):
    answer = faregated.call("GET", "/account")
    faregated.stop()
    line = next(line for line in faregated.logs().splitlines() if answer.headers["x-amzn-requestid"] in line)
    assert re.match(r"time=\S+Z level=info operation=GetAccount verb=GET status=200 request_id=\S+ duration_us=\d+$", line)
