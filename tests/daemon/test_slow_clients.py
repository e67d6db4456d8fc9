"""Slow, broken and greedy clients of the control port: they get an answer or none, and everybody else is served meanwhile."""

import os
import socket
import struct
import time

import pytest

import harness

SLOW = 40
PROMPT_S = 5  # generous: the machine may be busy


@pytest.fixture(scope="module")
def gateway():
    with harness.Faregate() as running:
        yield running


def connect(gateway):
    client = socket.create_connection(("127.0.0.1", gateway.control_port()), timeout=20)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def signed(gateway, verb, target, body=b"", extra=()):
    """The bytes of a signed request."""
    headers = {**harness.sign(verb, target, body, gateway.credentials(), host=gateway.control_host()), **dict(extra)}
    head = "%s %s HTTP/1.1\r\n%s\r\n" % (verb, target, "".join("%s: %s\r\n" % pair for pair in headers.items()))
    return head.encode() + body


def is_served(gateway):
    began = time.monotonic()
    assert gateway.call("GET", "/account").status == 200
    return time.monotonic() - began < PROMPT_S


def read_all(client):
    taken = b""
    while piece := client.recv(65536):
        taken += piece
    return taken


def descriptors(gateway):
    return len(os.listdir("/proc/%d/fd" % gateway.pids("faregated")[0]))


def resident_kib(gateway):
    with open("/proc/%d/status" % gateway.pids("faregated")[0]) as status:
        return int(next(line for line in status if line.startswith("VmRSS")).split()[1])


def test_headers_and_bodies_that_never_end(gateway):
    body = b'{"name":"slow"}'
    whole = signed(gateway, "POST", "/apikeys", body, {"Content-Length": str(len(body))}.items())
    clients = [connect(gateway) for _ in range(SLOW)]
    try:
        for client in clients[:SLOW // 2]:
            client.sendall(whole[:20])
        for client in clients[SLOW // 2:]:
            client.sendall(whole[:-3])
        assert is_served(gateway)
        for client in clients[SLOW // 2:]:
            client.sendall(whole[-3:])
        for client in clients[SLOW // 2:]:
            assert client.recv(4096).startswith(b"HTTP/1.1 201")
        assert is_served(gateway)
    finally:
        for client in clients:
            client.close()


def test_clients_that_reset_leave_nothing(gateway):
    whole = signed(gateway, "POST", "/apikeys", b'{"name":"reset"}', {"Content-Length": "1000"}.items())
    is_served(gateway)
    before = descriptors(gateway)
    for _ in range(200):
        client = connect(gateway)
        client.sendall(whole)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    assert is_served(gateway)
    harness.wait_until(lambda: descriptors(gateway) <= before + 2, what="descriptors to be given back")
    names = [key.get("name") for key in gateway.call("GET", "/apikeys?limit=500").json()["item"]]
    assert "reset" not in names


def test_a_hundred_requests_at_once_on_one_connection(gateway):
    with connect(gateway) as client:
        one = signed(gateway, "GET", "/account")
        last = signed(gateway, "GET", "/account", extra={"Connection": "close"}.items())
        client.sendall(one * 99 + last)
        answers = read_all(client)
    assert answers.count(b"HTTP/1.1 200") == 100
    assert answers.count(b'"throttleSettings"') == 100


def test_a_client_that_reads_nothing(gateway):
    for number in range(30):
        assert gateway.call("POST", "/apikeys", {"name": "big", "description": "d" * 100000}).status == 201, number
    clients = [connect(gateway) for _ in range(20)]
    try:
        for client in clients:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(signed(gateway, "GET", "/apikeys?limit=500&name=big"))
        assert is_served(gateway)
    finally:
        for client in clients:
            client.close()
    assert is_served(gateway)


def test_it_says_continue_before_the_body(gateway):
    body = b'{"name":"continued"}'
    whole = signed(gateway, "POST", "/apikeys", body,
                   {"Content-Length": str(len(body)), "Expect": "100-continue"}.items())
    with connect(gateway) as client:
        client.sendall(whole[:-len(body)])
        assert client.recv(4096).startswith(b"HTTP/1.1 100")
        client.sendall(body)
        assert client.recv(4096).startswith(b"HTTP/1.1 201")


def test_a_body_in_chunks(gateway):
    body = b'{"name":"chunked"}'
    whole = signed(gateway, "POST", "/apikeys", body, {"Transfer-Encoding": "chunked"}.items())
    with connect(gateway) as client:
        client.sendall(whole[:-len(body)])
        for byte in body:
            client.sendall(b"1\r\n%c\r\n" % byte)
        client.sendall(b"0\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 201")


NOISE = {
    "bytes": b"\0\1\2\3\r\n\r\n",
    "a verb": b"GET\r\n\r\n",
    "another version": b"GET / HTTP/9.9\r\nHost: h\r\n\r\n",
    "no host": b"GET /account HTTP/1.1\r\n\r\n",
    "a negative length": b"GET /account HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
    "a broken chunk": b"POST /apikeys HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "two lengths": b"POST /apikeys HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "a long line": b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: h\r\n\r\n",
    "a long header": b"GET /account HTTP/1.1\r\nHost: h\r\nX-Long: " + b"a" * 40000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("name", NOISE)
def test_what_is_no_request(gateway, name):
    with connect(gateway) as client:
        client.sendall(NOISE[name])
        client.shutdown(socket.SHUT_WR)
        answer = read_all(client)
    status = answer.split(b" ", 2)[1] if answer else b""
    assert status in (b"", b"400", b"413", b"414", b"505"), answer[:100]
    assert status != b"400" or b'{"message":"The request could not be read"}' in answer
    assert is_served(gateway)


@pytest.mark.skipif("address" in harness.sanitizers(), reason="the sanitizer keeps freed memory back on purpose")
def test_memory_is_given_back(gateway):
    body = b'{"description":"%s"}' % (b"d" * 5_000_000)
    before = resident_kib(gateway)
    for _ in range(20):
        assert gateway.call("POST", "/apikeys", body).status == 400
    assert resident_kib(gateway) - before < 60_000
