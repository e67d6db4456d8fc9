"""faregate top: the keys that stand out, as a table, as JSON and on a terminal."""

import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import threading
import time

import pytest

import harness


class Traffic:
    """A thread that asks again and again."""

    def __init__(self, gateway, path, value, pause_s):
        self.stop = threading.Event()
        self.count = 0

        def run():
            while not self.stop.wait(pause_s):
                with contextlib.suppress(OSError):
                    gateway.get(path, value)
                    self.count += 1
        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()

    def close(self):
        self.stop.set()
        self.thread.join()


@pytest.fixture(scope="module")
def scene():
    with harness.Faregate() as gateway:
        api = harness.make_api(gateway)
        path = "/_aws/execute-api/%s/dev/weather" % api
        plan = harness.make_plan(gateway, [(api, "dev")], quota=100000, name="gold")
        small = harness.make_plan(gateway, [(api, "dev")], quota=3, name="tin")
        busy, busy_value = harness.make_key(gateway, plan, name="busy")
        poor, poor_value = harness.make_key(gateway, small, name="poor \x1b[31m")
        for _ in range(5):
            gateway.get(path, poor_value)  # two of them are over the quota
        traffic = Traffic(gateway, path, busy_value, 0.02)
        try:
            yield {"gateway": gateway, "busy": busy, "poor": poor, "plan": plan, "traffic": traffic}
        finally:
            traffic.close()


def command(scene, *words):
    return [harness.program("faregate"), "top", *words, "--data-dir", scene["gateway"].data_dir]


def top(scene, *words):
    return subprocess.run(command(scene, *words), text=True, capture_output=True, env=harness.environment())


def items(scene, *words):
    done = top(scene, "--once", "--json", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["item"]


def test_rates_of_real_traffic(scene):
    def is_settled():
        found = items(scene)
        return found and found[0]["key"]["id"] == scene["busy"] and found[0]["requestsPerSecond"] > 3
    harness.wait_until(is_settled, what="a rate")
    began, count = time.monotonic(), scene["traffic"].count
    time.sleep(4)  # rates are averages over three seconds of what really passes
    rate = (scene["traffic"].count - count) / (time.monotonic() - began)
    shown = items(scene)[0]
    assert shown["key"]["name"] == "busy" and shown["plan"]["name"] == "gold"
    assert 0.5 * rate < shown["requestsPerSecond"] < 1.6 * rate, (rate, shown)
    assert shown["quota"]["limit"] == 100000
    assert shown["quota"]["remaining"] == 100000 - shown["usedToday"]


def test_the_end_of_a_quota_comes_first_when_asked_for(scene):
    found = items(scene, "--by", "quota")
    assert [item["key"]["id"] for item in found] == [scene["poor"], scene["busy"]]
    assert found[0]["quota"]["remaining"] == 0 and found[0]["usedToday"] == 3
    used = items(scene, "--by", "used", "--limit", "1")
    assert [item["key"]["id"] for item in used] == [scene["busy"]]


def test_a_table_for_people_that_cannot_steer_the_terminal(scene):
    done = top(scene, "--once", "--by", "quota")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["KEY", "NAME", "PLAN", "REQ/S", "REFUSED/S", "TODAY", "LEFT", "LEFT%"]
    assert lines[1].startswith(scene["poor"]) and "poor ?[31m" in lines[1] and lines[1].endswith("0   0.0%")
    assert "\x1b" not in done.stdout
    assert top(scene, "--by", "used").stdout  # no terminal: once


@pytest.mark.parametrize("words", [["--by", "name"], ["--limit", "0"], ["--limit", "x"], ["extra"]])
def test_a_line_that_makes_no_sense_is_code_2(scene, words):
    assert top(scene, "--once", *words).returncode == 2


class Screen:
    """`faregate top` on a pseudo-terminal of 24 rows."""

    def __init__(self, scene, term="xterm"):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(command(scene)[0], command(scene), {**harness.environment(), "TERM": term})
        self.resize(24, 100)
        self.text = ""

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    def read(self):
        while select.select([self.fd], [], [], 0.05)[0]:
            try:
                piece = os.read(self.fd, 65536)
            except OSError:
                return False
            if not piece:
                return False
            self.text += piece.decode(errors="replace")
        return True

    def shows(self, words):
        def is_there():
            self.read()
            return words in self.text
        harness.wait_until(is_there, what="%r on the screen" % words)

    def press(self, key):
        self.text = ""
        os.write(self.fd, key.encode())

    def exit_code(self):
        def is_over():
            self.read()
            self.status = os.waitpid(self.pid, os.WNOHANG)
            return self.status[0] != 0
        harness.wait_until(is_over, what="top to end")
        os.close(self.fd)
        return os.waitstatus_to_exitcode(self.status[1])


def test_the_screen_shows_sorts_resizes_and_leaves(scene):
    screen = Screen(scene)
    screen.shows("requests a second")
    screen.shows(scene["busy"])
    screen.press("l")
    screen.shows(scene["poor"])
    screen.text = ""
    screen.resize(5, 40)  # room for one key
    screen.shows("faregate top")
    screen.press("q")
    assert screen.exit_code() == 0
    assert "\x1b[?1049l" in screen.text  # the terminal is as it was


def test_a_terminal_that_cannot_is_told(scene):
    screen = Screen(scene, term="no-such-terminal")
    assert screen.exit_code() == 1
    assert "--once" in screen.text
