"""Parallel writers: no update is lost, no change is half there, and the gate says what the store says."""

import random
import threading

import harness

WRITERS = 6
STEPS = 25


def patch(gateway, target, *operations):
    return gateway.call("PATCH", target, {"patchOperations": [dict(zip(("op", "path", "value"), one)) for one in operations]})


def in_parallel(work):
    """work(index) on every writer at once; what one of them raised is raised."""
    trouble = []

    def run(index):
        try:
            work(index)
        except BaseException as error:  # told by the test's own thread
            trouble.append(error)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if trouble:
        raise trouble[0]


def test_no_update_of_one_thing_is_lost(faregate):
    api = harness.make_api(faregate)
    plan = harness.make_plan(faregate, [(api, "dev")])

    def write(index):
        for step in range(STEPS // 2):
            name = "w%d_%d" % (index, step)
            assert patch(faregate, "/restapis/%s/stages/dev" % api, ("replace", "/variables/" + name, "v")).status == 200
            assert patch(faregate, "/restapis/" + api, ("add", "/binaryMediaTypes/%s~1x" % name, None)).status == 200
            throttle = "/apiStages/%s:dev/throttle/%s/GET/" % (api, "p%d" % (index * 3 + step % 3))
            assert patch(faregate, "/usageplans/" + plan, ("replace", throttle + "rateLimit", "%d" % (step + 1)),
                         ("replace", throttle + "burstLimit", "%d" % (step + 1))).status == 200

    in_parallel(write)
    wanted = {"w%d_%d" % (index, step) for index in range(WRITERS) for step in range(STEPS // 2)}
    assert set(faregate.call("GET", "/restapis/%s/stages/dev" % api).json()["variables"]) == wanted
    assert set(faregate.call("GET", "/restapis/" + api).json()["binaryMediaTypes"]) == {name + "/x" for name in wanted}
    throttles = faregate.call("GET", "/usageplans/" + plan).json()["apiStages"][0]["throttle"]
    assert len(throttles) == WRITERS * 3
    assert all(one["rateLimit"] == one["burstLimit"] for one in throttles.values()), throttles  # never by half


def test_the_gate_says_what_the_store_says(faregate):
    api = harness.make_api(faregate)
    plan = harness.make_plan(faregate, [(api, "dev")])
    values = {}

    def write(index):
        choose = random.Random(20261125 + index)
        for step in range(STEPS):
            value = "writer-%d-value-%06d-0123456789" % (index, step)
            key = faregate.call("POST", "/apikeys", {"name": "w", "value": value, "enabled": True}).json()["id"]
            values[value] = key
            if choose.random() < 0.8:
                assert faregate.call("POST", "/usageplans/%s/keys" % plan, {"keyId": key, "keyType": "API_KEY"}).status == 201
            if choose.random() < 0.3:
                assert patch(faregate, "/apikeys/" + key, ("replace", "/enabled", "false")).status == 200
            if choose.random() < 0.2:
                assert faregate.call("DELETE", "/apikeys/" + key).status == 202
            elif choose.random() < 0.2:
                faregate.call("DELETE", "/usageplans/%s/keys/%s" % (plan, key))

    in_parallel(write)
    on_plan = set()
    position = ""
    while position is not None:
        page = faregate.call("GET", "/usageplans/%s/keys?limit=500%s" % (plan, "&position=" + position if position else "")).json()
        on_plan |= {key["id"] for key in page["item"]}
        position = page.get("position")
    admitted = 0
    for value, key in values.items():
        answer = faregate.call("GET", "/apikeys/" + key)
        is_good = answer.status == 200 and answer.json()["enabled"] and key in on_plan
        status = faregate.get("/_aws/execute-api/%s/dev/weather" % api, value).status
        assert status == (200 if is_good else 403), (key, status, answer)
        admitted += is_good
    assert 0 < admitted < len(values)
