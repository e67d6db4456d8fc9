"""faregated starts, stops, refuses a second one, and forgets nothing through restarts and kills."""

import os
import signal
import socket
import stat

import pytest

import harness


def make_key(daemon, name="key"):
    answer = daemon.call("POST", "/apikeys", {"name": name, "enabled": True})
    assert answer.status == 201, answer
    return answer.json()


def test_it_serves_and_stops_with_zero(faregated):
    assert faregated.health().json()["status"] == "ok"
    assert faregated.stop() == 0
    assert not os.path.exists(faregated.socket_path)
    assert "stopping on signal 15" in faregated.logs()


def test_interrupt_stops_it_too(faregated):
    assert faregated.stop(signal.SIGINT) == 0


def test_hangup_does_not(faregated):
    faregated.process.send_signal(signal.SIGHUP)
    assert faregated.health().status == 200


def test_the_socket_is_for_owner_and_group(faregated):
    assert stat.S_IMODE(os.stat(faregated.socket_path).st_mode) == 0o660


def test_health_says_what_an_operator_asks(faregated):
    make_key(faregated)
    health = faregated.health().json()
    assert set(health) == {"status", "version", "seq", "drainAge", "gate"}
    assert health["gate"]["keys"] == 1 and health["gate"]["keysMax"] >= 1000000
    assert health["seq"] > 0 and 0 <= health["drainAge"] < 30


def test_a_second_one_on_the_same_data_is_refused(faregated):
    with harness.Faregated(data_dir=faregated.data_dir, autostart=False) as second:
        second.spawn()
        assert second.process.wait(harness.START_S) == 1
        assert "another faregated (pid %d) runs on" % faregated.process.pid in second.logs()
    assert faregated.health().status == 200


def test_a_second_one_on_the_same_socket_is_refused(faregated):
    with harness.Faregated(autostart=False) as second:
        second.socket_path = faregated.socket_path
        second.spawn()
        assert second.process.wait(harness.START_S) == 1
        assert "another program answers on" in second.logs()
    assert faregated.health().status == 200


def test_a_second_one_on_the_same_gate_is_refused(faregated):
    with harness.Faregated(autostart=False) as second:
        own, second.gate_dir = second.gate_dir, faregated.gate_dir
        second.spawn()
        assert second.process.wait(harness.START_S) == 1
        assert "cannot start" in second.logs()
        second.gate_dir = own
    assert faregated.health().status == 200


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_what_was_answered_is_there_after(faregated, end):
    key = make_key(faregated)
    plan = harness.make_plan(faregated, rate=10.0, burst=20, quota=100)
    harness.client(faregated).create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    seq = faregated.health().json()["seq"]
    getattr(faregated, end)()
    faregated.start()
    got = faregated.call("GET", "/apikeys/%s?includeValue=true" % key["id"])
    assert got.status == 200 and got.json()["value"] == key["value"]
    pairs = faregated.call("GET", "/usageplans/%s/keys" % plan).json()["item"]
    assert [pair["id"] for pair in pairs] == [key["id"]]
    health = faregated.health().json()
    assert health["seq"] == seq
    assert (health["gate"]["keys"], health["gate"]["plans"]) == (1, 1)


def test_a_gate_that_was_lost_is_built_anew(faregated):
    for number in range(3):
        make_key(faregated, "key %d" % number)
    before = faregated.health().json()
    faregated.stop()
    for folder, _, names in os.walk(faregated.gate_dir):
        for name in names:
            os.unlink(os.path.join(folder, name))
    faregated.start()
    after = faregated.health().json()
    assert after["gate"]["keys"] == 3 and after["seq"] == before["seq"]


def test_kills_in_the_middle_of_writing_lose_no_answered_call(faregated):
    made = []
    for _ in range(5):
        made += [make_key(faregated)["id"] for _ in range(5)]
        faregated.kill()
        faregated.start()
    listed = faregated.call("GET", "/apikeys?limit=500").json()["item"]
    assert sorted(key["id"] for key in listed) == sorted(made)


def test_a_stop_lets_a_running_call_finish(faregated):
    """Its request line is read before the stop, its body comes after."""
    body = b'{"name":"last","enabled":true}'
    headers = harness.sign("POST", "/apikeys", body, faregated.credentials())
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(faregated.socket_path)
        head = "POST /apikeys HTTP/1.1\r\n" + "".join("%s: %s\r\n" % pair for pair in headers.items())
        client.sendall(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body))
        faregated.health()
        faregated.process.send_signal(signal.SIGTERM)
        harness.wait_until(lambda: not os.path.exists(faregated.socket_path), what="the socket to go")
        client.sendall(body)
        assert client.recv(4096).startswith(b"HTTP/1.1 201")
    assert faregated.stop() == 0
