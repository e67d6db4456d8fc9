"""A full disk: calls that write are told so, everything else goes on, and it heals. A read-only one is told at the start."""

import contextlib
import os
import subprocess
import time

import pytest

import harness


@contextlib.contextmanager
def small_disk(tmp_path, size="4m"):
    """A file system of its own; needs the right to mount."""
    folder = str(tmp_path / "disk")
    os.mkdir(folder)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", folder], stderr=subprocess.DEVNULL)
    if done.returncode != 0:
        pytest.skip("this user may not mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def fill(folder):
    path = os.path.join(folder, "ballast")
    with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    return path


def create(daemon):
    return daemon.call("POST", "/apikeys", {"name": "k", "description": "d" * 60000})


def test_a_full_disk(tmp_path):
    with small_disk(tmp_path) as disk, harness.Faregated(data_dir=os.path.join(disk, "data")) as daemon:
        assert create(daemon).status == 201
        ballast = fill(disk)
        answers = [create(daemon) for _ in range(20)]
        failed = [answer for answer in answers if answer.status != 201]
        assert failed and all(answer.status >= 500 for answer in failed)
        assert all("message" in answer.json() for answer in failed)
        kept = 1 + len(answers) - len(failed)
        assert daemon.call("GET", "/account").status == 200
        assert len(daemon.call("GET", "/apikeys?limit=500").json()["item"]) == kept
        os.unlink(ballast)
        assert create(daemon).status == 201
        daemon.restart()
        assert len(daemon.call("GET", "/apikeys?limit=500").json()["item"]) == kept + 1


def test_a_read_only_disk_is_told_at_the_start(tmp_path):
    with small_disk(tmp_path) as disk:
        subprocess.run(["mount", "-o", "remount,ro,size=4m", disk], check=True)
        with harness.Faregated(data_dir=os.path.join(disk, "data"), autostart=False) as daemon:
            daemon.spawn()
            assert daemon.process.wait(harness.START_S) == 1
            assert "cannot be made: Read-only file system" in daemon.logs()


def spend(gateway, api_id, value, requests):
    """Statuses of so many calls, counted."""
    counted = {}
    for _ in range(requests):
        status = gateway.get("/_aws/execute-api/%s/dev/weather" % api_id, value).status
        counted[status] = counted.get(status, 0) + 1
    return counted


def test_enforcement_goes_on_while_the_disk_is_full(tmp_path):
    """What was granted is spent, then callers are told to come back (rule L4, strict); never more than the quota."""
    quota = 400
    with small_disk(tmp_path, "6m") as disk, \
            harness.Faregate(data_dir=os.path.join(disk, "data"), args=["--access-log", "off"]) as gateway:
        api_id = harness.make_api(gateway)
        plan = harness.make_plan(gateway, [(api_id, "dev")], quota=quota)
        key_id, value = harness.make_key(gateway, plan)
        admitted = spend(gateway, api_id, value, 5)[200]
        ballast = fill(disk)
        while create(gateway).status == 201:
            pass
        during = spend(gateway, api_id, value, 25)
        assert set(during) <= {200, 503}, during
        admitted += during.get(200, 0)
        refused = create(gateway)
        assert (refused.status, refused.error_type) == (503, "ServiceUnavailableException")
        assert refused.json() == {"message": "no space left in the data directory"}
        assert gateway.get("/_aws/execute-api/%s/dev/weather" % api_id, "nobody").status == 403
        os.unlink(ballast)
        harness.wait_until(lambda: create(gateway).status == 201, what="writes to work again")
        while status_counts := spend(gateway, api_id, value, 50):
            admitted += status_counts.get(200, 0)
            if 200 not in status_counts and 503 not in status_counts:
                break
            time.sleep(0.05)
        assert admitted == quota
        today = time.strftime("%Y-%m-%d", time.gmtime())
        usage = gateway.call("GET", "/usageplans/%s/usage?startDate=%s&endDate=%s" % (plan, today, today)).json()
        assert usage["values"][key_id] == [[quota, 0]]
