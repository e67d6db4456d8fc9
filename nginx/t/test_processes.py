"""Reload, worker crash and many workers: no count is lost and no answer goes wrong."""

import http.client
import os
import signal
import subprocess
import threading

import pytest

import harness
import node as nodes
import scenes


class Callers:
    """Threads that ask the same method until told to stop, and count the answers by status; a connection that is cut
    before its answer is counted as `cut`."""

    def __init__(self, node, path, key, count=4):
        self.node, self.path, self.key = node, path, key
        self.statuses, self.cut = {}, 0
        self.lock = threading.Lock()
        self.is_done = False
        self.threads = [threading.Thread(target=self._run) for _ in range(count)]

    def _run(self):
        connection = None
        while not self.is_done:
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.node.port, timeout=10)
                connection.request("GET", self.path, headers={"x-api-key": self.key})
                answer = connection.getresponse()
                answer.read()
                self._count(answer.status)
            except (OSError, http.client.HTTPException):
                self._count(None)
                connection.close()
                connection = None
        if connection:
            connection.close()

    def _count(self, status):
        with self.lock:
            if status is None:
                self.cut += 1
            else:
                self.statuses[status] = self.statuses.get(status, 0) + 1

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_done = True
        for thread in self.threads:
            thread.join()

    def total(self):
        with self.lock:
            return sum(self.statuses.values())

    def wait_for_more(self, count=50):
        goal = self.total() + count
        harness.wait_until(lambda: self.total() >= goal, what="more answers")


@pytest.fixture
def busy():
    with nodes.Node(workers=2) as node:
        scene = scenes.Scene(node)
        node.scene, node.plan = scene, scene.plan(limit=1000000)
        node.key_id, node.key = scene.key(node.plan)
        yield node


def used(node, at_least):
    """What the control plane says, once it has drained."""
    with_room = lambda: node.scene.used(node.plan, node.key_id)[0] >= at_least and \
        node.scene.used(node.plan, node.key_id)[0]  # noqa: E731
    return harness.wait_until(with_room, seconds=10, what="the usage to be drained")


def test_reload_under_load_loses_nothing(busy):
    with Callers(busy, busy.scene.path(), busy.key) as callers:
        for _ in range(5):
            callers.wait_for_more()
            busy.reload()
        callers.wait_for_more()
    assert set(callers.statuses) == {200}
    # a keepalive connection that is closed by the reload as a request leaves was not read, so it is not counted
    assert used(busy, callers.statuses[200]) == callers.statuses[200]


def test_a_killed_worker_loses_nothing(busy):
    with Callers(busy, busy.scene.path(), busy.key) as callers:
        for _ in range(4):
            callers.wait_for_more()
            os.kill(busy.workers_alive()[0], signal.SIGKILL)
        callers.wait_for_more()
    assert set(callers.statuses) == {200}
    assert callers.statuses[200] <= used(busy, callers.statuses[200]) <= callers.statuses[200] + callers.cut
    log = os.path.join(busy.dir, "error.log")
    with open(log) as file:  # nginx itself calls a killed worker an alert
        lines = [line for line in file if "exited on signal 9" not in line]
    with open(log, "w") as file:
        file.writelines(lines)


def test_the_sum_over_workers_is_the_quota(busy):
    plan = busy.scene.plan(limit=200)
    key = busy.scene.key(plan)[1]
    with Callers(busy, busy.scene.path(), key, count=8) as callers:
        callers.wait_for_more(600)
    assert callers.statuses[200] == 200 and set(callers.statuses) == {200, 403}


def test_snapshots_are_replaced_under_load(busy):
    with Callers(busy, busy.scene.path(), busy.key) as callers:
        for _ in range(15):
            busy.scene.deploy()
        callers.wait_for_more()
    assert set(callers.statuses) == {200}


def test_the_gate_goes_on_without_faregated_and_comes_back(busy):
    busy.daemon.kill()
    assert busy.get(busy.scene.path(), busy.key).status == 200
    busy.daemon.start()
    harness.wait_until(lambda: busy.get(busy.scene.path(), busy.key).status == 200, seconds=5)


def test_the_module_has_the_signature_of_the_distribution_s_nginx(busy):
    code, said = busy.check()
    assert code == 0, said
    version = subprocess.run(["/usr/sbin/nginx", "-v"], text=True, stderr=subprocess.PIPE).stderr
    assert "nginx/" in version


def detached(node):
    """nginx as a daemon: it changes its binary only when its parent is not the process that started it."""
    node.stop()
    with open(node.conf) as file:
        text = file.read()
    with open(node.conf, "w") as file:
        # the new binary gets the names that the configuration lists: a sanitized module needs its preload
        file.write(text.replace("daemon off;", "daemon on; env LD_PRELOAD; env ASAN_OPTIONS; env UBSAN_OPTIONS;"))
    subprocess.run(node.command(), check=True, env=harness.environment(preload=True), stderr=subprocess.DEVNULL)
    return harness.wait_until(lambda: pid_in(node), what="the pid of nginx")


def pid_in(node, name="nginx.pid"):
    text = node.read(name).strip()
    return int(text) if text and harness.is_alive(int(text)) else None


def test_a_binary_upgrade_under_load_loses_nothing(busy):
    old = detached(busy)
    new = None
    try:
        harness.wait_until(busy.is_listening, what="nginx to listen")
        with Callers(busy, busy.scene.path(), busy.key) as callers:
            callers.wait_for_more()
            os.kill(old, signal.SIGUSR2)
            new = harness.wait_until(lambda: pid_in(busy) not in (None, old) and pid_in(busy), what="the new master")
            callers.wait_for_more()
            os.kill(old, signal.SIGQUIT)
            harness.wait_until(lambda: not harness.is_alive(old), what="the old master to leave")
            callers.wait_for_more()
        answered = callers.statuses.get(200, 0)
        assert set(callers.statuses) == {200}
        assert answered <= used(busy, answered) <= answered + callers.cut
    finally:
        for pid in (old, new):
            if pid and harness.is_alive(pid):
                os.kill(pid, signal.SIGTERM)
                harness.wait_until(lambda: not harness.is_alive(pid), what="nginx to leave")
