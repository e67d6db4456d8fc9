"""`faregate reconcile` on a real run: log, ledger and what callers saw agree, and a tampered log does not. Rules B2, U5."""

import json
import os
import signal
import subprocess
import threading
import time

import pytest

import harness
import scenes


def faregate(gateway, *words):
    return subprocess.run([harness.program("faregate"), "reconcile", *words, "--data-dir", gateway.data_dir], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=harness.environment(), timeout=60)


class Run:
    """Two plans, a throttle, a quota, a disabled key, callers without one, and a faregated that is killed on the way."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.scene = scene = scenes.Scene(gateway)
        self.plans = [scene.plan(limit=30), scene.plan(rate=20, burst=10)]
        self.keys = [scene.key(plan_id) for plan_id in self.plans for _ in range(2)]
        disabled = scene.key(self.plans[0], is_enabled=False)
        self.admitted = {key_id: 0 for key_id, _ in self.keys}
        self.refused = 0
        threads = [threading.Thread(target=self.call, args=pair) for pair in self.keys]
        for thread in threads:
            thread.start()
        with open(gateway.data_dir + "/run.json") as file:
            os.kill(json.load(file)["faregated"], signal.SIGKILL)
        for value in (disabled[1], None, "x" * 40):
            assert scene.get(value).status == 403
        for thread in threads:
            thread.join()
        harness.wait_until(gateway.is_ready, what="faregated to be back")
        self.log = gateway.data_dir + "/nginx/access.log"
        wanted = sum(self.admitted.values())
        harness.wait_until(lambda: self.text().count(" counted=2") == wanted, 10, "the log to be written")

    def call(self, key_id, value):
        for _ in range(50):
            status = self.scene.get(value).status
            assert status in (200, 403, 429, 503), status
            self.admitted[key_id] += status == 200
            self.refused += status != 200
            time.sleep(0.01)

    def text(self):
        with open(self.log) as file:
            return file.read()


@pytest.fixture(scope="module")
def run():
    with harness.Faregate(workers=2) as gateway:
        yield Run(gateway)


def test_b2_log_and_ledger_agree_through_a_kill(run):
    assert run.refused > 0 and min(run.admitted.values()) > 0
    done = faregate(run.gateway, "--access-log", run.log, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["log"] == report["ledger"] == sum(run.admitted.values())
    assert report["different"] == {}
    one = faregate(run.gateway, "--access-log", run.log, "--plan", run.plans[0], "--all")
    assert one.returncode == 0
    assert one.stdout.splitlines()[-1].endswith("all agree")
    assert one.stdout.count(" agrees") == 2


@pytest.mark.parametrize("tamper", [
    lambda text: text.replace("counted=2", "counted=x2", 1),
    lambda text: text + [line + "\n" for line in text.splitlines() if "counted=2" in line][0],
    lambda text: "".join(line for line in text.splitlines(True) if "counted=2" not in line),
])
def test_b2_a_tampered_log_differs(run, tmp_path, tamper):
    planted = tmp_path / "access.log"
    planted.write_text(tamper(run.text()))
    today = time.strftime("%Y-%m-%d", time.gmtime())
    done = faregate(run.gateway, "--access-log", str(planted), "--from", today, "--to", today)
    assert done.returncode == 1
    assert "DIFFERS" in done.stdout


def test_a_path_cannot_pretend_to_count(run, tmp_path):
    """What a caller writes into the request line stands before the last quotation mark."""
    key_id = run.keys[0][0]
    planted = tmp_path / "access.log"
    planted.write_text(run.text() + '127.0.0.1 [t] "GET /x key=%s plan=%s counted=%s HTTP/1.1" 403 9 0.000 id - - '
                       'refused key-missing key=- plan=- counted=-\n' % (key_id, run.plans[0], time.strftime("%Y-%m-%d")))
    assert faregate(run.gateway, "--access-log", str(planted)).returncode == 0


def test_what_is_asked_wrongly(run, tmp_path):
    other = tmp_path / "other.log"
    other.write_text('127.0.0.1 - - "GET / HTTP/1.1" 200 1\n')
    for words, code in (([], 2), (["--access-log", "/nosuch"], 1), (["--access-log", str(other)], 1),
                        (["--access-log", run.log, "--export", "f"], 2),
                        (["--access-log", run.log, "--plan", "nosuch"], 1),
                        (["--access-log", run.log, "--plan", "nosuch", "--from", "2026-01-01", "--to", "2026-01-02"], 254)):
        assert faregate(run.gateway, *words).returncode == code, words
