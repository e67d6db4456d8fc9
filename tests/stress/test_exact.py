"""The promise: a quota is never exceeded and nothing is lost, on four workers, under load, through kill -9."""

import os
import random
import signal
import threading
import time

import pytest

import harness
import scenes

LIMIT = 10_000
RUNS = 20
KILL_S = 20.0
SEEDS = int(os.environ.get("SOAK_RUNS", "50")) if os.environ.get("SOAK") else 1


@pytest.fixture(scope="module")
def gateway():
    with harness.Faregate(workers=4) as instance:
        scenes.set_account_throttle(instance, 1_000_000, 1_000_000)
        yield instance


def test_exactly_the_limit_is_admitted_in_twenty_runs(gateway):
    scene = scenes.Scene(gateway)
    plan_id = scene.plan(limit=LIMIT, period="MONTH")
    for run in range(RUNS):
        key_id, value = scene.key(plan_id)
        report = scenes.load(gateway.data_port, scene.path(), key=value, connections=64, requests=LIMIT + 500)
        assert report["status"] == {"200": LIMIT, "403": 500}, "run %d: %s" % (run, report)
        assert scene.used(plan_id, key_id) == [LIMIT, 0]


@pytest.mark.parametrize("rate,burst", [(50, 10), (1000, 200)])
def test_a_throttle_admits_what_it_promises_under_saturation(gateway, rate, burst):
    scene = scenes.Scene(gateway)
    _, value = scene.key(scene.plan(rate=rate, burst=burst))
    report = scenes.load(gateway.data_port, scene.path(), key=value, connections=64, seconds=5)
    assert report["status"].keys() == {"200", "429"}
    assert report["ok"] <= burst + rate * report["seconds"]
    assert report["ok"] >= 0.99 * (burst + rate * (report["last_ok_s"] - report["first_ok_s"]))


def kill_at_random(gateway, dice, until, killed):
    """kill -9 of one random process every 200 ms: faregated, the nginx master or a worker."""
    while time.monotonic() < until:
        time.sleep(0.2)
        pids = {name: gateway.pids(name) for name in ("faregated", "nginx: master", "nginx: worker")}
        present = [name for name, found in pids.items() if found]
        if not present:
            continue
        name = dice.choice(present)
        try:
            os.kill(dice.choice(pids[name]), signal.SIGKILL)
        except ProcessLookupError:
            continue
        killed.append(name)


@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
def test_kill_9_of_anyone_loses_and_admits_nothing(seed):
    with harness.Faregate(workers=4, check_logs=False) as gateway:
        scene = scenes.Scene(gateway)
        scenes.set_account_throttle(gateway, 1_000_000, 1_000_000)
        limit = 1_000_000_000
        plan_id = scene.plan(limit=limit, period="MONTH")
        small_id = scene.plan(limit=2_000, period="MONTH")
        key_id, value = scene.key(plan_id)
        small_key_id, small_value = scene.key(small_id)
        killed, reports = [], {}

        def load(name, key, connections):
            reports[name] = scenes.load(gateway.data_port, scene.path(), key=key, connections=connections,
                                        seconds=KILL_S)

        loads = [threading.Thread(target=load, args=("large", value, 32)),
                 threading.Thread(target=load, args=("small", small_value, 16))]
        for thread in loads:
            thread.start()
        kill_at_random(gateway, random.Random(seed), time.monotonic() + KILL_S, killed)
        for thread in loads:
            thread.join()
        harness.wait_until(gateway.is_ready, what="the control plane after the last kill")
        assert len(killed) >= 20 and {"faregated", "nginx: worker"} <= set(killed), killed
        for name, plan, key, most in (("large", plan_id, key_id, limit), ("small", small_id, small_key_id, 2_000)):
            report = reports[name]
            used = scene.used(plan, key)[0]
            assert report["ok"] > 0
            assert report["ok"] <= used <= report["ok"] + report["cut_off"], (name, used, report, killed)
            assert used <= most and report["ok"] <= most
        harness.wait_until(lambda: scene.get(value).status == 200, what="the data plane after the last kill")


def test_reloads_under_load_lose_nothing(gateway):
    scene = scenes.Scene(gateway)
    plan_id = scene.plan(limit=1_000_000)
    key_id, value = scene.key(plan_id)
    reports = []
    thread = threading.Thread(target=lambda: reports.append(
        scenes.load(gateway.data_port, scene.path(), key=value, connections=32, seconds=6)))
    thread.start()
    for _ in range(5):
        time.sleep(1)
        for pid in gateway.pids("nginx: master"):
            os.kill(pid, signal.SIGHUP)
    thread.join()
    report = reports[0]
    assert set(report["status"]) == {"200"}, report
    used = scene.used(plan_id, key_id)[0]
    assert report["ok"] <= used <= report["ok"] + report["cut_off"]


def test_nginx_that_leaves_under_load_is_started_again_and_loses_nothing(gateway):
    scene = scenes.Scene(gateway)
    plan_id = scene.plan(limit=1_000_000_000, period="WEEK")
    key_id, value = scene.key(plan_id)
    reports = []
    thread = threading.Thread(target=lambda: reports.append(
        scenes.load(gateway.data_port, scene.path(), key=value, connections=16, seconds=4)))
    thread.start()
    time.sleep(1)
    before = gateway.pids("nginx: master")
    os.kill(before[0], signal.SIGQUIT)
    harness.wait_until(lambda: gateway.pids("nginx: master") not in ([], before), what="nginx to be started again")
    thread.join()
    report = reports[0]
    used = scene.used(plan_id, key_id)[0]
    assert report["last_ok_s"] > 3 and set(report["status"]) == {"200"}, report
    assert report["ok"] <= used <= report["ok"] + report["cut_off"]
