"""The promise of leases (rules L1, L5) on real processes: everybody is killed at once under load, and the gate is found
intact, replaced by an older copy, torn, or gone. The answers with 200 that were ever seen are at most the limit."""

import contextlib
import os
import random
import signal
import subprocess
import threading
import time

import pytest

import harness
import scenes

LIMIT = 3_000
CUTS = 3
FOUND = ["intact", "older file", "older in place", "torn", "deleted"]
SEEDS = int(os.environ.get("SOAK_RUNS", "50")) if os.environ.get("SOAK") else 2
PAGE = 4096


def kill_all(gateway):
    """kill -9 of nginx, faregated and the supervisor, with nothing started again in between."""
    os.kill(gateway.process.pid, signal.SIGSTOP)
    for pid in harness.children(gateway.process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    gateway.kill()


def copy(source, target):
    """Into the file that is there, or a new one; holes stay holes."""
    subprocess.run(["cp", "--sparse=always", source, target], check=True)


def tear(path, dice):
    """One of the pages that hold data becomes zeros: the header, a stage, a slot, a key."""
    pages = []
    with open(path, "r+b") as gate:
        at = 0
        while True:
            try:
                at = os.lseek(gate.fileno(), at, os.SEEK_DATA)
            except OSError:
                break
            end = os.lseek(gate.fileno(), at, os.SEEK_HOLE)
            pages += [page for page in range(at, end, PAGE) if os.pread(gate.fileno(), PAGE, page).strip(b"\0")]
            at = end
        os.pwrite(gate.fileno(), bytes(PAGE), dice.choice(pages))


def replace(path, found, older, dice):
    if found == "deleted":
        os.unlink(path)
    elif found == "older file":
        os.unlink(path)
        copy(older, path)
    elif found == "older in place":
        copy(older, path)
    elif found == "torn":
        tear(path, dice)


@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
def test_a_power_cut_never_lets_a_quota_be_spent_twice(seed, tmp_path):
    dice = random.Random(seed)
    older = str(tmp_path / "older")
    with harness.Faregate(workers=2, check_logs=False) as gateway:
        scene = scenes.Scene(gateway)
        scenes.set_account_throttle(gateway, 1_000_000, 1_000_000)
        key_id, value = scene.key(scene.plan(limit=LIMIT, period="MONTH"))
        gate = os.path.join(min(gateway.gate_dirs), "gate")
        admitted = 0
        for found in dice.sample(FOUND, CUTS):
            reports = []
            thread = threading.Thread(target=lambda: reports.append(
                scenes.load(gateway.data_port, scene.path(), key=value, connections=8, requests=LIMIT // 3,
                            seconds=1.5)))  # beyond the cut nobody answers any more
            thread.start()
            time.sleep(dice.uniform(0.05, 0.4))
            copy(gate, older)
            time.sleep(dice.uniform(0.0, 0.2))
            kill_all(gateway)
            thread.join()
            admitted += reports[0]["ok"]
            replace(gate, found, older, dice)
            gateway.start()
        admitted += scenes.load(gateway.data_port, scene.path(), key=value, connections=8, requests=LIMIT)["ok"]
        assert 0 < admitted <= LIMIT
        assert scene.get(value).status == 403
