"""What keys and plans hold beyond the service, set by clients that know nothing of it, through a real nginx."""

import contextlib
import http.client
import json
import os
import subprocess
import threading
import time

import pytest

import harness
import scenes

MARGIN_S = 3  # between the clock of this test and that of the gate, and for a slow machine


@pytest.fixture(scope="module")
def gateway():
    with harness.Faregate(workers=2) as instance:
        yield instance


@pytest.fixture(scope="module")
def scene(gateway):
    return scenes.Scene(gateway)


def operation(op, path, value=None):
    return {"op": op, "path": path} if value is None else {"op": op, "path": path, "value": value}


def patch_key(scene, key_id, *operations):
    return scene.api.update_api_key(apiKey=key_id, patchOperations=list(operations))


def patch_plan(scene, plan_id, *operations):
    return scene.api.update_usage_plan(usagePlanId=plan_id, patchOperations=list(operations))


def shown(scene, noun, noun_id, query=""):
    """The member faregate, which botocore would drop."""
    answer = scene.instance.call("GET", "/%s/%s%s" % (noun, noun_id, query))
    assert answer.status == 200
    return answer.json().get("faregate")


def get_from(scene, address, key):
    connection = http.client.HTTPConnection("127.0.0.1", scene.instance.data_port, timeout=30,
                                            source_address=(address, 0))
    return harness.exchange(connection, "GET", scene.path(), {"x-api-key": key})


def admitted(scene, value, count, resource="status"):
    statuses = [scene.get(value, resource).status for _ in range(count)]
    assert set(statuses) <= {200, 403, 429}
    return statuses.count(200)


def aws(gateway, *words):
    environment = dict(os.environ, AWS_SHARED_CREDENTIALS_FILE=os.path.join(gateway.data_dir, "credentials"),
                       AWS_CONFIG_FILE="/nonexistent", AWS_DEFAULT_REGION="us-east-1", AWS_PAGER="")
    done = subprocess.run(["aws", "--endpoint-url", "http://127.0.0.1:%d" % gateway.control_port(), "apigateway",
                           *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_stock_clients_are_undisturbed(gateway, scene):
    """Rules E1 and E2: they set it by PATCH, and see nothing of it."""
    key_id, _ = scene.key()
    answer = aws(gateway, "update-api-key", "--api-key", key_id, "--patch-operations",
                 "op=replace,path=/faregate/expiresAt,value=2100-01-01T00:00:00Z")
    assert answer["id"] == key_id and "faregate" not in answer
    assert "faregate" not in scene.api.get_api_key(apiKey=key_id)
    assert shown(scene, "apikeys", key_id) == {"expiresAt": "2100-01-01T00:00:00Z"}
    aws(gateway, "update-api-key", "--api-key", key_id, "--patch-operations", "op=remove,path=/faregate/expiresAt")
    assert shown(scene, "apikeys", key_id) is None


def test_a_refusal_names_the_member(scene):
    plan_id = scene.plan()
    with pytest.raises(scene.api.exceptions.BadRequestException) as refused:
        patch_plan(scene, plan_id, operation("replace", "/faregate/quotaScope", "ALL"))
    assert 'faregate.quotaScope must be "KEY" or "CUSTOMER"' in str(refused.value)


def test_a_key_expires_and_begins(scene):
    """Rule E6."""
    key_id, value = scene.key(scene.plan())
    now = int(time.time())
    patch_key(scene, key_id, operation("replace", "/faregate/expiresAt", str(now - MARGIN_S)))
    assert scene.get(value).status == 403
    patch_key(scene, key_id, operation("replace", "/faregate/expiresAt", str(now + 3600)))
    assert scene.get(value).status == 200
    patch_key(scene, key_id, operation("replace", "/faregate/notBefore", str(now + 1800)))
    refused = scene.get(value)
    assert (refused.status, refused.body) == (403, b'{"message":"Forbidden"}')
    patch_key(scene, key_id, operation("remove", "/faregate/notBefore"))
    assert scene.get(value).status == 200
    assert shown(scene, "apikeys", key_id)["lastUsedAt"] >= now - 60


def rotate(scene, key_id, until):
    """The new value. botocore drops the rest of what the answer says."""
    operations = [operation("replace", "/value", ""), operation("replace", "/faregate/previousValueExpiresAt", until)]
    answer = scene.instance.call("PATCH", "/apikeys/" + key_id, {"patchOperations": operations})
    assert answer.status == 200
    return answer.json()["value"]


def test_values_overlap(scene):
    """Rule K11."""
    plan_id = scene.plan(limit=100)
    key_id, first = scene.key(plan_id)
    assert admitted(scene, first, 5) == 5
    second = rotate(scene, key_id, "1h")
    assert admitted(scene, first, 5) == 5 and admitted(scene, second, 5) == 5
    assert scene.used(plan_id, key_id) == [15, 85]
    values = shown(scene, "apikeys", key_id, "?includeValue=true")["values"]
    assert [value["value"] for value in values] == [second, first]
    assert all(value["lastUsedAt"] > time.time() - 120 for value in values)
    patch_key(scene, key_id, operation("remove", "/faregate/values/" + values[1]["id"]))
    assert admitted(scene, first, 8) == 0 and admitted(scene, second, 1) == 1
    assert "values" not in shown(scene, "apikeys", key_id)


def is_free(scene, value):
    return scene.instance.call("POST", "/apikeys", {"value": value}).status == 201


def test_an_overlap_ends(scene):
    key_id, first = scene.key(scene.plan())
    second = rotate(scene, key_id, "%ds" % MARGIN_S)
    harness.wait_until(lambda: scene.get(first).status == 403, what="the end of the old value")
    assert scene.get(second).status == 200
    assert "values" not in shown(scene, "apikeys", key_id)
    harness.wait_until(lambda: is_free(scene, first), what="the old value to go")


def test_a_rotation_refuses_nobody(scene):
    """Rule K11: callers with the old value and with the new one, while the value is replaced again and again."""
    key_id, first = scene.key(scene.plan())
    values, statuses, is_over = [first], [], threading.Event()

    def call():
        while not is_over.is_set():
            statuses.extend(scene.get(value).status for value in tuple(values))

    callers = [threading.Thread(target=call) for _ in range(2)]
    for caller in callers:
        caller.start()
    for _ in range(4):
        values.append(rotate(scene, key_id, "1h"))
        time.sleep(0.1)
    is_over.set()
    for caller in callers:
        caller.join()
    assert len(statuses) > 20 and set(statuses) == {200}


def test_k6_a_value_without_overlap_stops_at_once(scene):
    key_id, first = scene.key(scene.plan())
    patch_key(scene, key_id, operation("replace", "/value", ""))
    assert admitted(scene, first, 8) == 0


def test_an_override_lifts_the_limits_of_one_key(scene):
    """Rule E4."""
    plan_id = scene.plan(rate=0.001, burst=1, limit=2)
    special, special_value = scene.key(plan_id)
    _, plain_value = scene.key(plan_id)
    override = {"throttle": {"rateLimit": 1000.0, "burstLimit": 100}, "quota": {"limit": 6}, "reason": "a trial"}
    patch_key(scene, special, operation("add", "/faregate/overrides/" + plan_id, json.dumps(override)))
    assert admitted(scene, special_value, 9) == 6
    assert admitted(scene, plain_value, 3) == 1
    assert shown(scene, "apikeys", special)["overrides"][plan_id] == override
    patch_key(scene, special, operation("remove", "/faregate/overrides/" + plan_id))
    assert scene.get(special_value).status in (403, 429)


def test_p4_a_plan_throttles_one_method_for_each_key(scene):
    """By path and verb, and by a star for what is deployed."""
    plan_id = scene.plan(rate=1000, burst=1000)
    _, first = scene.key(plan_id)
    _, second = scene.key(plan_id)
    stage = "/apiStages/%s:%s/throttle" % (scene.api_id, scene.stage)
    patch_plan(scene, plan_id, operation("replace", stage, '{"/status/GET":{"rateLimit":0.001,"burstLimit":2}}'))
    assert admitted(scene, first, 5) == 2 and admitted(scene, second, 5) == 2
    patch_plan(scene, plan_id, operation("replace", stage, '{"/status/POST":{"rateLimit":0.001,"burstLimit":0}}'))
    assert admitted(scene, first, 5) == 5
    patch_plan(scene, plan_id, operation("replace", stage, '{"/status/*":{"rateLimit":0.001,"burstLimit":0}}'))
    assert admitted(scene, first, 5) == 0
    patch_plan(scene, plan_id, operation("replace", stage, '{"*/GET":{"rateLimit":0.001,"burstLimit":0}}'))
    assert admitted(scene, first, 5) == 0
    patch_plan(scene, plan_id, operation("remove", stage))
    assert admitted(scene, first, 5) == 5


def test_p4_a_star_follows_the_deployments(gateway):
    scene = scenes.Scene(gateway)
    plan_id = scene.plan()
    _, value = scene.key(plan_id)
    stage = "/apiStages/%s:%s/throttle" % (scene.api_id, scene.stage)
    patch_plan(scene, plan_id, operation("replace", stage, '{"*/*":{"rateLimit":0.001,"burstLimit":0}}'))
    assert scene.get(value).status == 429
    scene.add_mock("later", is_key_required=True)
    scene.deploy()
    assert scene.get(value, "later").status == 429


def test_addresses_are_allowed_and_denied(scene):
    """Rule X5, of keys and of plans."""
    plan_id = scene.plan()
    key_id, value = scene.key(plan_id)
    _, other = scene.key(plan_id)
    patch_key(scene, key_id, operation("replace", "/faregate/addressRules",
                                       '[{"cidr":"127.0.0.2","action":"deny"}]'))
    assert get_from(scene, "127.0.0.1", value).status == 200
    assert get_from(scene, "127.0.0.2", value).status == 403
    assert get_from(scene, "127.0.0.2", other).status == 200
    patch_plan(scene, plan_id, operation("replace", "/faregate/addressRules",
                                         '[{"cidr":"127.0.0.2/31","action":"allow"}]'))
    assert get_from(scene, "127.0.0.1", other).status == 403
    assert get_from(scene, "127.0.0.3", other).status == 200
    patch_plan(scene, plan_id, operation("remove", "/faregate/addressRules"))
    assert get_from(scene, "127.0.0.1", other).status == 200


def test_addresses_are_throttled_apart(scene):
    """Rule X5."""
    plan_id = scene.plan()
    _, value = scene.key(plan_id)
    patch_plan(scene, plan_id, operation("replace", "/faregate/addressThrottle",
                                         '{"rateLimit":0.001,"burstLimit":2}'))
    assert [get_from(scene, "127.0.0.1", value).status for _ in range(3)] == [200, 200, 429]
    assert get_from(scene, "127.0.0.2", value).status == 200


def test_keys_of_one_customer_share_a_quota(scene):
    """Rule E5."""
    plan_id = scene.plan(limit=10)
    patch_plan(scene, plan_id, operation("replace", "/faregate/quotaScope", "CUSTOMER"))
    first, first_value = scene.key(plan_id)
    second, second_value = scene.key(plan_id)
    for key_id in (first, second):
        patch_key(scene, key_id, operation("replace", "/customerId", "acme"))
    assert admitted(scene, first_value, 6) == 6
    assert admitted(scene, second_value, 6) == 4
    assert admitted(scene, first_value, 2) == 0
    assert scene.used(plan_id, first) == [6, 0] and scene.used(plan_id, second) == [4, 0]
    scene.api.update_usage(usagePlanId=plan_id, keyId=second, patchOperations=[
        operation("replace", "/remaining", "3")])
    assert admitted(scene, first_value, 5) == 3
    patch_key(scene, second, operation("replace", "/customerId", "someone else"))
    assert admitted(scene, second_value, 12) == 10
    assert admitted(scene, first_value, 2) == 0


def test_a_shadow_plan_counts_and_refuses_nobody(scene):
    """Rule E3."""
    shadow = scene.plan(limit=3, is_on_stage=False)
    live = scene.plan(limit=100)
    key_id, value = scene.key(live)
    patch_plan(scene, live, operation("replace", "/faregate/shadowPlanId", shadow))
    assert admitted(scene, value, 8) == 8
    assert scene.used(live, key_id) == [8, 92]
    harness.wait_until(lambda: scene.used(shadow, key_id) == [3, 0], what="the figures of the shadow")
    with pytest.raises(scene.api.exceptions.ConflictException):
        scene.api.delete_usage_plan(usagePlanId=shadow)
    patch_plan(scene, live, operation("remove", "/faregate/shadowPlanId"))
    assert admitted(scene, value, 1) == 1
    scene.api.delete_usage_plan(usagePlanId=shadow)


def on_two_stages(gateway):
    """Two scenes, a plan of its own for each, and one key on both plans."""
    first, second = scenes.Scene(gateway), scenes.Scene(gateway, stage="beta")
    plans = [first.plan(limit=2), second.plan(limit=4)]
    key_id, value = first.key(*plans)
    return [(first, plans[0], 2), (second, plans[1], 4)], key_id, value


def test_p5_a_key_has_the_limits_of_each_stage(gateway):
    scenes_of, key_id, value = on_two_stages(gateway)
    for scene, plan_id, limit in scenes_of:
        assert admitted(scene, value, 6) == limit
        assert scene.used(plan_id, key_id) == [limit, 0]


def test_p5_settings_together():
    """Rule P5 and keys_without_plan: with one plan per key, a key on none still rides, and one on a plan elsewhere does
    not."""
    with harness.Faregate(["--plans-per-key", "one", "--keys-without-plan", "allow"]) as gateway:
        scene, other = scenes.Scene(gateway), scenes.Scene(gateway, stage="beta")
        plan_id = scene.plan(limit=3)
        key_id, value = scene.key()
        assert admitted(scene, value, 5) == 5
        scene.api.create_usage_plan_key(usagePlanId=plan_id, keyId=key_id, keyType="API_KEY")
        with pytest.raises(scene.api.exceptions.ConflictException):
            scene.api.create_usage_plan_key(usagePlanId=other.plan(), keyId=key_id, keyType="API_KEY")
        assert admitted(scene, value, 5) == 3
        assert admitted(other, value, 1) == 0
        assert scene.used(plan_id, key_id) == [3, 0]


def test_everything_survives_a_lost_gate(gateway):
    """The gate file is gone, the store has it all."""
    with harness.Faregate() as instance:
        scene = scenes.Scene(instance)
        plan_id = scene.plan(limit=1000)
        key_id, first = scene.key(plan_id)
        second = rotate(scene, key_id, "1h")
        patch_key(scene, key_id, operation("replace", "/faregate/addressRules",
                                           '[{"cidr":"127.0.0.2","action":"deny"}]'))
        instance.stop()
        for folder in instance.gate_dirs:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(folder, "gate"))
        instance.start()
        for value in (first, second):
            assert get_from(scene, "127.0.0.1", value).status == 200
            assert get_from(scene, "127.0.0.2", value).status == 403


def test_hashed_values_are_told_once():
    """Rule K12: a start with digests only, and one that forgets what could be read before."""
    with harness.Faregated() as daemon:
        api = harness.client(daemon)
        before = api.create_api_key(value="a-value-of-twenty-ch")["id"]
        daemon.stop()
        daemon.start(["--key-values", "hashed"])
        api = harness.client(daemon)
        created = api.create_api_key(name="hashed")
        assert len(created["value"]) == 40
        assert "value" not in api.get_api_key(apiKey=created["id"], includeValue=True)
        answer = daemon.call("GET", "/apikeys/%s?includeValue=true" % created["id"])
        assert answer.headers["x-faregate-key-values"] == "hashed"
        assert api.get_api_key(apiKey=before, includeValue=True)["value"] == "a-value-of-twenty-ch"
        daemon.stop()
        daemon.start(["--key-values", "hashed", "--purge-key-values", "yes"])
        api = harness.client(daemon)
        assert "value" not in api.get_api_key(apiKey=before, includeValue=True)
        assert "1 key values can be shown no more" in daemon.logs()
        with pytest.raises(api.exceptions.ConflictException):
            api.create_api_key(value="a-value-of-twenty-ch")
