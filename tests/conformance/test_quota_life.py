"""What becomes of a quota's count while plans, stages and keys change around it: boto3 says it, nginx obeys on the next
request. Rules Q1, Q3, Q5, Q7 to Q12."""

import calendar
import datetime

import botocore.exceptions
import pytest

import harness
import scenes


@pytest.fixture(scope="module")
def scene():
    with harness.Faregate() as gateway:
        yield scenes.Scene(gateway)


def spend(scene, key, count):
    """How many of `count` requests pass; the others are refused by the quota alone."""
    statuses = [scene.get(key).status for _ in range(count)]
    assert set(statuses) <= {200, 403}, statuses
    return statuses.count(200)


def update_plan(scene, plan, *operations):
    scene.api.update_usage_plan(usagePlanId=plan, patchOperations=[
        dict(zip(("op", "path", "value"), operation)) for operation in operations])


def set_limit(scene, plan, limit):
    update_plan(scene, plan, ("replace", "/quota/limit", str(limit)))


def set_remaining(scene, plan, key_id, remaining):
    return scene.api.update_usage(usagePlanId=plan, keyId=key_id, patchOperations=[
        {"op": "replace", "path": "/remaining", "value": str(remaining)}])


def leave(scene, plan, key_id):
    scene.api.delete_usage_plan_key(usagePlanId=plan, keyId=key_id)


def join(scene, plan, key_id, usage=None):
    body = {"keyId": key_id, "keyType": "API_KEY"}
    if usage:  # boto3 has no parameter for it
        body["faregate"] = {"usage": usage}
        assert scene.instance.call("POST", "/usageplans/%s/keys" % plan, body).status == 201
    else:
        scene.api.create_usage_plan_key(usagePlanId=plan, **body)


# ---- offsets ----

def window_end(period, offset, now):
    """The day on which the window that holds `now` ends, by walking from day to day."""
    def opens(day):
        if period == "DAY":
            return True
        if period == "WEEK":
            return (day - datetime.timedelta(days=offset)).weekday() == 0
        return (day - datetime.timedelta(days=offset)).day == 1
    day = now.date() + datetime.timedelta(days=1)
    while not opens(day):
        day += datetime.timedelta(days=1)
    return calendar.timegm(day.timetuple())


def test_q1_offsets_move_the_opening(scene):
    cases = [("DAY", 0)] + [("WEEK", offset) for offset in range(7)] + [("MONTH", offset) for offset in range(28)]
    for period, offset in cases:
        plan = scene.plan(limit=1, period=period, offset=offset)
        _, key = scene.key(plan)
        assert spend(scene, key, 1) == 1
        now = datetime.datetime.utcnow()
        refused = scene.get(key)
        wait = window_end(period, offset, now) - calendar.timegm(now.timetuple())
        assert refused.status == 403 and abs(int(refused.headers["retry-after"]) - wait) <= 2, (period, offset)


@pytest.mark.parametrize("period, offset", [("DAY", 1), ("DAY", -1), ("WEEK", 7), ("MONTH", 28)])
def test_q1_offsets_beyond_their_period_are_refused(scene, period, offset):
    with pytest.raises(botocore.exceptions.ClientError, match="BadRequest"):
        scene.plan(limit=1, period=period, offset=offset)


# ---- one plan ----

def test_q3_what_remains_is_extended_and_cut(scene):
    plan = scene.plan(limit=5)
    key_id, key = scene.key(plan)
    assert spend(scene, key, 7) == 5
    assert set_remaining(scene, plan, key_id, 3)["items"][key_id] == [[5, 3]]
    assert spend(scene, key, 7) == 3
    set_remaining(scene, plan, key_id, 4)
    assert spend(scene, key, 1) == 1
    set_remaining(scene, plan, key_id, 0)
    assert spend(scene, key, 2) == 0
    set_limit(scene, plan, 100)  # the extension is the running window's limit, whatever the plan says
    assert spend(scene, key, 1) == 0
    set_remaining(scene, plan, key_id, 2)
    assert spend(scene, key, 5) == 2
    assert scene.used(plan, key_id) == [11, 0]


def test_q7_a_limit_changes_at_once(scene):
    plan = scene.plan(limit=5)
    key_id, key = scene.key(plan)
    assert spend(scene, key, 7) == 5
    set_limit(scene, plan, 8)
    assert spend(scene, key, 7) == 3
    set_limit(scene, plan, 6)
    assert spend(scene, key, 2) == 0
    assert scene.used(plan, key_id) == [8, 0]
    update_plan(scene, plan, ("remove", "/quota"))
    assert spend(scene, key, 4) == 4
    update_plan(scene, plan, ("add", "/quota/limit", "15"), ("add", "/quota/period", "DAY"))
    assert spend(scene, key, 7) == 3
    assert scene.used(plan, key_id) == [15, 0]


def test_q8_a_period_changes_at_once(scene):
    plan = scene.plan(limit=5)
    key_id, key = scene.key(plan)
    assert spend(scene, key, 3) == 3
    update_plan(scene, plan, ("replace", "/quota/period", "MONTH"))
    assert spend(scene, key, 1) == 1
    assert scene.used(plan, key_id) == [4, 1]
    assert spend(scene, key, 5) == 1
    refused = scene.get(key)
    now = datetime.datetime.utcnow()
    wait = window_end("MONTH", 0, now) - calendar.timegm(now.timetuple())
    assert abs(int(refused.headers["retry-after"]) - wait) <= 2


def test_q5_a_pair_comes_back_to_its_count(scene):
    plan = scene.plan(limit=5)
    key_id, key = scene.key(plan)
    assert spend(scene, key, 3) == 3
    for _ in range(3):
        leave(scene, plan, key_id)
        assert scene.get(key).status == 403
        join(scene, plan, key_id)
    assert scene.used(plan, key_id) == [3, 2]
    assert spend(scene, key, 5) == 2


def test_q10_a_stage_comes_back_to_the_count(scene):
    plan = scene.plan(limit=5)
    key_id, key = scene.key(plan)
    stage = "%s:%s" % (scene.api_id, scene.stage)
    assert spend(scene, key, 3) == 3
    update_plan(scene, plan, ("remove", "/apiStages", stage))
    assert scene.get(key).status == 403
    update_plan(scene, plan, ("add", "/apiStages", stage))
    assert spend(scene, key, 5) == 2
    assert scene.used(plan, key_id) == [5, 0]


# ---- from plan to plan ----

def test_q9_a_key_moves_with_its_count(scene):
    free, pro = scene.plan(limit=5), scene.plan(limit=9)
    key_id, key = scene.key(free)
    assert spend(scene, key, 7) == 5
    leave(scene, free, key_id)
    join(scene, pro, key_id)
    assert scene.used(pro, key_id) == [0, 4]
    assert spend(scene, key, 9) == 4
    leave(scene, pro, key_id)
    join(scene, free, key_id)  # within seconds: its slot is still there
    assert spend(scene, key, 3) == 0
    leave(scene, free, key_id)
    join(scene, pro, key_id)
    assert spend(scene, key, 3) == 0


def test_q9_a_key_moves_fresh(scene):
    free, pro = scene.plan(limit=5), scene.plan(limit=9)
    key_id, key = scene.key(free)
    assert spend(scene, key, 7) == 5
    leave(scene, free, key_id)
    join(scene, pro, key_id, usage="fresh")
    assert spend(scene, key, 12) == 9
    leave(scene, pro, key_id)
    join(scene, free, key_id, usage="fresh")
    assert spend(scene, key, 1) == 0, "its own earlier count on that plan stands"


def test_q9_a_plan_can_be_fresh_for_all(scene):
    free, pro = scene.plan(limit=5), scene.plan(limit=9)
    update_plan(scene, pro, ("replace", "/faregate/usageOnMove", "FRESH"))
    key_id, key = scene.key(free)
    assert spend(scene, key, 7) == 5
    leave(scene, free, key_id)
    join(scene, pro, key_id)
    assert spend(scene, key, 12) == 9


def test_q11_a_plan_takes_its_counts_with_it(scene):
    plan = scene.plan(limit=5)
    key_id, key = scene.key(plan)
    assert spend(scene, key, 7) == 5
    update_plan(scene, plan, ("remove", "/apiStages", "%s:%s" % (scene.api_id, scene.stage)))
    scene.api.delete_usage_plan(usagePlanId=plan)
    assert scene.get(key).status == 403
    join(scene, scene.plan(limit=5), key_id)
    assert spend(scene, key, 7) == 5


def test_q12_another_key_with_the_value_begins_anew(scene):
    plan = scene.plan(limit=5)
    key_id, key = scene.key(plan)
    assert spend(scene, key, 7) == 5
    scene.api.delete_api_key(apiKey=key_id)
    assert scene.get(key).status == 403
    other_id = scene.api.create_api_key(name="other", enabled=True, value=key)["id"]
    join(scene, plan, other_id)
    assert spend(scene, key, 7) == 5
    assert scene.used(plan, other_id) == [5, 0]
