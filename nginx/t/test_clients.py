"""Who the client is, and what of its requests counts: addresses behind realip, statuses that count, keys that end."""

import json
import os
import socket

import pytest

import harness
import node as nodes
import scenes

LOCATIONS = """
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Forwarded-For;
    location /far/ { faregate api=%(api)s stage=prod; alias %(dir)s/www/; }
    location /back/ { faregate api=%(api)s stage=prod; proxy_pass %(backend)s; }
""" + nodes.GATEWAY
UNIX = "server { listen unix:%(dir)s/sock; location / { faregate api=%(api)s stage=prod; root %(dir)s/www; } }"


@pytest.fixture(scope="module")
def node():
    with harness.Backend() as backend:
        kept = {}

        def before(daemon):
            kept["scene"] = scenes.Scene(daemon, backend=backend.url)
            return {"api": kept["scene"].api_id, "backend": backend.url}

        with nodes.Node(LOCATIONS, before, more=UNIX) as started:
            with open(started.dir + "/www/secret", "w") as file:
                file.write("secret\n")
            started.scene, started.backend = kept["scene"], backend
            yield started


def plan_with(node, **members):
    """A plan with members of `faregate`; other words are the scene's."""
    ours = {name: members.pop(name) for name in list(members) if name[0].islower() and any(map(str.isupper, name))}
    plan = node.scene.plan(**members)
    node.scene.api.update_usage_plan(usagePlanId=plan, patchOperations=[
        {"op": "replace", "path": "/faregate/" + name, "value": json.dumps(value)} for name, value in ours.items()])
    return plan


def rules(**actions):
    return [{"cidr": cidr, "action": action} for action, cidrs in actions.items() for cidr in cidrs]


def test_address_rules_see_the_client_behind_the_proxy(node):
    """Rule X5: given a trusted proxy, then the address it names is judged, IPv4 and IPv6."""
    plan = plan_with(node, addressRules=rules(allow=["203.0.113.0/24", "2001:db8::/32"], deny=["203.0.113.7"]))
    key = node.scene.key(plan)[1]
    rows = [("203.0.113.1", 200), ("203.0.113.7", 403), ("198.51.100.1", 403), ("2001:db8::5", 200),
            ("2001:db9::5", 403), ("::ffff:203.0.113.2", 200), ("8.8.8.8, 203.0.113.3", 200), (None, 403)]
    for address, status in rows:
        for target in ("/far/secret", node.scene.path()):
            answer = node.get(target, key, headers={"X-Forwarded-For": address} if address else {})
            assert answer.status == status, address
            if status == 403:
                assert (answer.body, answer.error_type) == (b'{"message":"Forbidden"}', "ForbiddenException")
                assert node.verdict()["reason"] == "address-denied"


def test_a_forged_address_of_a_stranger_is_not_heard():
    """Given a proxy that is not trusted, then its own address is judged."""
    kept = {}

    def before(daemon):
        kept["scene"] = scenes.Scene(daemon)
        return {"api": kept["scene"].api_id, "backend": "http://127.0.0.1:1"}

    with nodes.Node(LOCATIONS.replace("from 127.0.0.1", "from 192.0.2.1"), before) as node:
        node.scene = kept["scene"]
        key = node.scene.key(plan_with(node, addressRules=rules(allow=["203.0.113.0/24"])))[1]
        assert node.get(node.scene.path(), key, headers={"X-Forwarded-For": "203.0.113.1"}).status == 403


def test_each_address_has_a_bucket_of_its_own(node):
    key = node.scene.key(plan_with(node, addressThrottle={"rateLimit": 0.01, "burstLimit": 2}))[1]
    for address in ("203.0.113.1", "203.0.113.2"):
        sent = {"X-Forwarded-For": address}
        assert [node.get("/far/secret", key, headers=sent).status for _ in range(3)] == [200, 200, 429]
        assert node.verdict()["reason"] == "throttled-address"


def test_a_unix_socket_has_no_address(node):
    """Given address rules, when nobody knows the address, then they refuse; without any, it passes."""
    def ask(key):
        connection = harness.UnixConnection(os.path.join(node.dir, "sock"))
        node.answered += 1
        return harness.exchange(connection, "GET", "/secret", {"x-api-key": key, "Host": "x"}).status

    assert ask(node.scene.key(node.scene.plan())[1]) == 200
    assert ask(node.scene.key(plan_with(node, addressRules=rules(allow=["203.0.113.0/24"])))[1]) == 403


def test_answers_that_do_not_count_are_given_back(node):
    """Rule U5: given a plan that counts 2xx, then a backend's failures cost nothing; without the setting they do."""
    plan = plan_with(node, limit=3, countedStatuses=["2xx"])
    key_id, key = node.scene.key(plan)
    targets = ["/back/status/500", "/back/ok", node.scene.path("proxy/status/404"), node.scene.path("proxy/ok"),
               "/back/status/302", "/back/ok", "/back/ok"]
    assert [node.get(target, key).status for target in targets] == [500, 200, 404, 200, 302, 200, 403]
    harness.wait_until(lambda: node.scene.used(plan, key_id) == [3, 0], what="the usage")
    key = node.scene.key(node.scene.plan(limit=2))[1]
    assert [node.get("/back/status/500", key).status for _ in range(3)] == [500, 500, 403]


def test_who_hangs_up_has_used_his_request(node):
    """Rule U5: a client cannot ride for nothing by leaving before the answer."""
    key = node.scene.key(plan_with(node, limit=1, countedStatuses=["2xx"]))[1]
    with socket.create_connection(("127.0.0.1", node.port)) as sock:
        sock.sendall(b"GET /back/slow/0.3 HTTP/1.1\r\nHost: x\r\nx-api-key: %s\r\n\r\n" % key.encode())
        harness.wait_until(lambda: any("slow" in seen["target"] for seen in node.backend.requests), what="the backend")
    node.answered += 1
    assert node.verdict()["status"] == "499"
    assert node.get("/far/secret", key).status == 403


def test_a_key_that_has_ended_looks_like_any_bad_key(node):
    for path, value, reason in (("/faregate/expiresAt", "2020-01-01", "key-expired"),
                                ("/faregate/notBefore", "2100-01-01", "key-not-yet-valid")):
        key_id, key = node.scene.key(node.scene.plan())
        node.scene.api.update_api_key(apiKey=key_id, patchOperations=[{"op": "replace", "path": path, "value": value}])
        answer = node.get("/far/secret", key)
        assert (answer.status, answer.body) == (403, b'{"message":"Forbidden"}')
        assert node.verdict()["reason"] == reason
