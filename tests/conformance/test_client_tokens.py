"""X-Amz-Client-Token: whatever is lost or sent at once, one create is one thing. Rule CT1."""

import json
import os
import signal
import subprocess
import threading

import harness


def create(gateway, token, body, target="/apikeys"):
    """The token is signed, as every x-amz-* header must be."""
    headers = harness.sign("POST", target, body, gateway.credentials(), host=gateway.control_host(),
                           headers={"X-Amz-Client-Token": token})
    return harness.exchange(gateway.control_connection(), "POST", target, headers, body)


def keys_named(gateway, name):
    return gateway.call("GET", "/apikeys?name=" + name).json()["item"]


def test_many_at_once_make_one(faregate):
    body, answers = b'{"name":"once"}', []
    threads = [threading.Thread(target=lambda: answers.append(create(faregate, "together", body))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json()["value"] for answer in answers}) == 1
    assert len(keys_named(faregate, "once")) == 1


def test_sent_again_after_a_kill(faregate):
    body = b'{"name":"killed"}'
    first = create(faregate, "crash", body)
    os.kill(faregate.pids("faregated")[0], signal.SIGKILL)
    harness.wait_until(lambda: faregate.health().status == 200, what="faregated to be back")
    again = create(faregate, "crash", body)
    assert (again.status, again.json()) == (201, first.json())
    assert len(keys_named(faregate, "killed")) == 1


def test_the_command_line_has_it(faregate):
    words = [harness.program("faregate"), "create-usage-plan", "--data-dir", faregate.data_dir, "--client-token", "plan-1", "--name"]
    runs = [subprocess.run([*words, name], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for name in ("a", "a", "b")]
    assert [run.returncode for run in runs] == [0, 0, 254]
    assert json.loads(runs[0].stdout) == json.loads(runs[1].stdout)
    assert "ConflictException" in runs[2].stderr and "X-Amz-Client-Token" in runs[2].stderr
    assert len(faregate.call("GET", "/usageplans").json()["item"]) == 1
