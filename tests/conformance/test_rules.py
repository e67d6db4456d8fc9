"""Both sides of the rules of keys, plans, throttles and quotas, through a real nginx and a real faregated."""

import pytest

import harness
import scenes


@pytest.fixture(scope="module")
def gateway():
    with harness.Faregate(workers=4) as instance:
        yield instance


@pytest.fixture(scope="module")
def scene(gateway):
    return scenes.Scene(gateway)


def replace(path, value):
    return [{"op": "replace", "path": path, "value": value}]


def is_refused_everywhere(scene, value):
    """Twenty fresh connections reach every one of four workers."""
    return all(scene.get(value).status == 403 for _ in range(20))


def is_admitted_everywhere(scene, value):
    return all(scene.get(value).status == 200 for _ in range(20))


def test_k3_values_are_unique_and_names_are_not(scene):
    scene.api.create_api_key(name="same", value="a-value-of-twenty-ch")
    with pytest.raises(scene.api.exceptions.ConflictException) as refused:
        scene.api.create_api_key(name="other", value="a-value-of-twenty-ch")
    assert "API Key already exists" in str(refused.value)
    scene.api.create_api_key(name="same")


def test_k4_the_header_has_any_case_and_the_query_does_not_count(scene):
    _, value = scene.key(scene.plan())
    assert scene.get(headers={"X-API-KEY": value}).status == 200
    assert scene.instance.get(scene.path() + "?api-key=" + value).status == 403


def test_k4_query_source(gateway):
    scene = scenes.Scene(gateway, key_source="QUERY")
    _, value = scene.key(scene.plan())
    assert gateway.get(scene.path() + "?api-key=" + value).status == 200
    assert gateway.get(scene.path() + "?x=1&apikey=" + value).status == 200
    assert scene.get(value).status == 403


def test_k5_every_bad_key_looks_alike(scene):
    _, disabled = scene.key(scene.plan(), is_enabled=False)
    _, without_plan = scene.key()
    _, elsewhere = scene.key(scene.plan(is_on_stage=False))
    for value in (None, "unknown-unknown-unknown", disabled, without_plan, elsewhere):
        refused = scene.get(value)
        assert (refused.status, refused.body) == (403, b'{"message":"Forbidden"}')
        assert refused.error_type == "ForbiddenException"


def test_k5_disabling_and_enabling_act_on_the_next_request(scene):
    key_id, value = scene.key(scene.plan())
    assert is_admitted_everywhere(scene, value)
    for _ in range(3):
        scene.api.update_api_key(apiKey=key_id, patchOperations=replace("/enabled", "false"))
        assert is_refused_everywhere(scene, value)
        scene.api.update_api_key(apiKey=key_id, patchOperations=replace("/enabled", "true"))
        assert is_admitted_everywhere(scene, value)
    scene.api.delete_api_key(apiKey=key_id)
    assert is_refused_everywhere(scene, value)


def test_k6_regenerating_keeps_id_plans_and_usage(scene):
    plan_id = scene.plan(limit=100)
    key_id, old = scene.key(plan_id)
    assert is_admitted_everywhere(scene, old)
    answer = scene.instance.call("PATCH", "/apikeys/" + key_id, {"patchOperations": replace("/value", "")})
    assert answer.status == 200
    new = scene.api.get_api_key(apiKey=key_id, includeValue=True)["value"]
    assert new != old and len(new) == 40
    assert is_refused_everywhere(scene, old)
    assert is_admitted_everywhere(scene, new)
    assert scene.used(plan_id, key_id) == [40, 60]


def test_k8_without_a_required_key_nothing_is_counted(scene):
    plan_id = scene.plan(limit=5)
    key_id, value = scene.key(plan_id)
    for _ in range(10):
        assert scene.get(value, "open").status == 200
    assert scene.used(plan_id, key_id)[0] == 0
    assert scene.get(value).status == 200
    assert scene.used(plan_id, key_id) == [1, 4]


def test_p2_a_plan_needs_both_associations(scene):
    plan_id = scene.plan(is_on_stage=False)
    key_id, value = scene.key()
    assert scene.get(value).status == 403
    scene.api.create_usage_plan_key(usagePlanId=plan_id, keyId=key_id, keyType="API_KEY")
    assert scene.get(value).status == 403
    scene.api.update_usage_plan(usagePlanId=plan_id, patchOperations=[
        {"op": "add", "path": "/apiStages", "value": "%s:%s" % (scene.api_id, scene.stage)}])
    assert scene.get(value).status == 200
    scene.api.delete_usage_plan_key(usagePlanId=plan_id, keyId=key_id)
    assert scene.get(value).status == 403


def test_p3_quota_is_shared_by_stages_and_kept_per_key(gateway, scene):
    other = scenes.Scene(gateway)
    plan_id = scene.plan(limit=4)
    scene.api.update_usage_plan(usagePlanId=plan_id, patchOperations=[
        {"op": "add", "path": "/apiStages", "value": "%s:%s" % (other.api_id, other.stage)}])
    _, first = scene.key(plan_id)
    _, second = scene.key(plan_id)
    statuses = [where.get(first).status for where in (scene, other) * 3]
    assert statuses == [200] * 4 + [403] * 2
    assert scene.get(second).status == 200


def test_p5_one_plan_per_key_and_stage(scene):
    first, second = scene.plan(), scene.plan()
    key_id, _ = scene.key(first)
    with pytest.raises(scene.api.exceptions.ConflictException):
        scene.api.create_usage_plan_key(usagePlanId=second, keyId=key_id, keyType="API_KEY")
    elsewhere = scene.plan(is_on_stage=False)
    scene.api.create_usage_plan_key(usagePlanId=elsewhere, keyId=key_id, keyType="API_KEY")
    with pytest.raises(scene.api.exceptions.ConflictException):
        scene.api.update_usage_plan(usagePlanId=elsewhere, patchOperations=[
            {"op": "add", "path": "/apiStages", "value": "%s:%s" % (scene.api_id, scene.stage)}])


def test_t1_burst_is_the_capacity(scene):
    _, value = scene.key(scene.plan(rate=0.001, burst=5))
    answers = [scene.get(value) for _ in range(8)]
    assert [answer.status for answer in answers] == [200] * 5 + [429] * 3
    assert answers[-1].body == b'{"message":"Too Many Requests"}'
    assert answers[-1].error_type == "TooManyRequestsException"


def test_t2_the_stages_method_setting_stands_beside_the_plan(gateway):
    scene = scenes.Scene(gateway)
    _, value = scene.key(scene.plan())
    for setting, amount in (("rateLimit", "0.001"), ("burstLimit", "3")):
        scene.api.update_stage(restApiId=scene.api_id, stageName=scene.stage,
                               patchOperations=replace("/*/*/throttling/" + setting, amount))
    assert [scene.get(value).status for _ in range(5)] == [200] * 3 + [429] * 2


def test_t2_the_account_comes_last():
    with harness.Faregate() as gateway:
        scene = scenes.Scene(gateway)
        _, value = scene.key(scene.plan(rate=1000, burst=1000))
        scenes.set_account_throttle(gateway, 0.001, 3)
        statuses = [scene.get(value).status, scene.get(value, "open").status, scene.get(value).status]
        assert statuses == [200] * 3
        assert [scene.get(value).status, scene.get(value, "open").status] == [429, 429]


def test_t3_a_throttled_request_takes_no_quota(scene):
    plan_id = scene.plan(rate=0.001, burst=2, limit=100)
    key_id, value = scene.key(plan_id)
    assert [scene.get(value).status for _ in range(6)] == [200] * 2 + [429] * 4
    assert scene.used(plan_id, key_id) == [2, 98]


@pytest.mark.parametrize("period", ["DAY", "WEEK", "MONTH"])
def test_q1_q3_q4_the_quota_ends_and_can_be_extended(scene, period):
    plan_id = scene.plan(limit=3, period=period)
    key_id, value = scene.key(plan_id)
    assert [scene.get(value).status for _ in range(5)] == [200] * 3 + [403] * 2
    assert scene.used(plan_id, key_id) == [3, 0]
    scene.api.update_usage(usagePlanId=plan_id, keyId=key_id, patchOperations=replace("/remaining", "2"))
    assert [scene.get(value).status for _ in range(4)] == [200] * 2 + [403] * 2
    assert scene.used(plan_id, key_id) == [5, 0]


def test_a_plan_change_acts_on_the_next_request(scene):
    plan_id = scene.plan(limit=1)
    _, value = scene.key(plan_id)
    assert [scene.get(value).status for _ in range(2)] == [200, 403]
    scene.api.update_usage_plan(usagePlanId=plan_id, patchOperations=replace("/quota/limit", "3"))
    assert [scene.get(value).status for _ in range(3)] == [200, 200, 403]


def test_answers_tell_of_limits_unless_they_are_to_be_the_service_s(scene):
    """Given no profile, then the limits stand on answers and problems are made for who asks."""
    _, value = scene.key(scene.plan(limit=1))
    assert scene.get(value).headers["ratelimit"].startswith('"quota";r=0;t=')
    over = scene.get(value, headers={"Accept": "application/problem+json"})
    assert "retry-after" in over.headers and over.json()["reason"] == "quota-exceeded"


def test_trusted_proxies_name_the_client():
    """Rule X5: given a proxy that is trusted, then the address it names is judged, and no other header."""
    with harness.Faregate(["--trusted-proxies", "127.0.0.1,10.0.0.0/8"]) as gateway:
        scene = scenes.Scene(gateway)
        plan = scene.plan()
        scene.api.update_usage_plan(usagePlanId=plan, patchOperations=replace(
            "/faregate/addressRules", '[{"cidr": "203.0.113.0/24", "action": "allow"}]'))
        _, value = scene.key(plan)
        for named, status in (("203.0.113.9", 200), ("203.0.113.9, 10.1.2.3", 200), ("198.51.100.1", 403),
                              ("203.0.113.9, 198.51.100.1", 403)):
            assert scene.get(value, headers={"X-Forwarded-For": named}).status == status, named
        assert scene.get(value, headers={"Forwarded": "for=203.0.113.9"}).status == 403


def test_profile_aws_answers_429_over_quota():
    with harness.Faregate(profile="aws") as gateway:
        scene = scenes.Scene(gateway)
        _, value = scene.key(scene.plan(limit=1))
        assert scene.get(value).status == 200
        over = scene.get(value, headers={"Accept": "application/problem+json"})
        assert (over.status, over.body) == (429, b'{"message":"Limit Exceeded"}')
        assert not [name for name in over.headers if name.startswith(("ratelimit", "retry-after"))]


def test_plans_per_key_one_and_keys_without_plan_allow():
    with harness.Faregate(["--plans-per-key", "one", "--keys-without-plan", "allow"]) as gateway:
        scene = scenes.Scene(gateway)
        key_id, value = scene.key()
        assert scene.get(value).status == 200
        first, second = scene.plan(), scene.plan(is_on_stage=False)
        scene.api.create_usage_plan_key(usagePlanId=first, keyId=key_id, keyType="API_KEY")
        with pytest.raises(scene.api.exceptions.ConflictException):
            scene.api.create_usage_plan_key(usagePlanId=second, keyId=key_id, keyType="API_KEY")
        assert scene.get("unknown-unknown-unknown").status == 403


def test_k10_the_account_limit_is_a_setting():
    with harness.Faregate(["--keys-max", "2"]) as gateway:
        api = harness.client(gateway)
        for _ in range(2):
            api.create_api_key(name="one of two")
        with pytest.raises(api.exceptions.LimitExceededException):
            api.create_api_key(name="one too many")
