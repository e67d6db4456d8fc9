"""faregate explain: why a request was refused, in words. Rules E1 to E5."""

import json
import subprocess

import pytest

import harness

STRANGER = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def scene():
    with harness.Faregate() as gateway:
        api = harness.make_api(gateway)
        plan = harness.make_plan(gateway, [(api, "dev")], quota=1, name="free")
        key, value = harness.make_key(gateway, plan, name="customer")
        yield {"gateway": gateway, "api": api, "plan": plan, "key": key, "value": value,
               "path": "/_aws/execute-api/%s/dev/weather" % api}


def explain(scene, *words):
    command = [harness.program("faregate"), "explain", *words, "--data-dir", scene["gateway"].data_dir]
    return subprocess.run(command, text=True, capture_output=True, env=harness.environment())


def request_id(answer):
    return answer.headers["x-amzn-requestid"]


def test_a_refusal_is_explained(scene):
    gateway = scene["gateway"]
    first = gateway.get(scene["path"] + "?secret=query", scene["value"])
    assert first.status == 200
    refused = gateway.get(scene["path"] + "?secret=query", scene["value"])
    assert refused.status == 403
    done = explain(scene, request_id(refused))
    assert done.returncode == 0, done.stderr
    text = done.stdout
    assert text.startswith("Refused with status 403 at ") and "quota-exceeded\n" in text
    for words in ["The quota of the running period is used up.", "%s (weather)" % scene["api"], "dev", "GET /weather",
                  "%s (customer)" % scene["key"], "%s (free)" % scene["plan"], "127.0.0.1", "0 of 1 were left",
                  "What to do: "]:
        assert words in text, (words, text)
    assert scene["value"] not in text and "secret" not in text
    assert explain(scene, request_id(first)).returncode == 4  # admitted requests leave no line


def test_the_answer_as_json(scene):
    refused = scene["gateway"].get(scene["path"])
    done = explain(scene, request_id(refused), "--json")
    answer = json.loads(done.stdout)
    assert answer["reason"] == "key-missing" and answer["status"] == 403
    assert answer["requestId"] == request_id(refused)
    assert "key" not in answer and "plan" not in answer


def test_the_latest_in_a_table(scene):
    ids = [request_id(scene["gateway"].get(path)) for path in (scene["path"], scene["path"] + "/nowhere")]
    done = explain(scene, "--latest", "2")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("AT ") and len(lines) == 3
    assert ids[1] in lines[1] and "method-unknown" in lines[1]
    assert ids[0] in lines[2] and "key-missing" in lines[2]


def test_an_unknown_id_is_code_4(scene):
    done = explain(scene, STRANGER)
    assert done.returncode == 4
    assert "latest 65536 on this node since its boot" in done.stderr


@pytest.mark.parametrize("words", [[], [STRANGER, "--latest", "2"], ["--latest", "0"], ["--latest", "x"]])
def test_a_line_that_makes_no_sense_is_code_2(scene, words):
    assert explain(scene, *words).returncode == 2


def test_the_ring_outlives_the_daemon(scene):
    gateway = scene["gateway"]
    refused = gateway.get(scene["path"])
    for pid in gateway.pids("faregated"):
        harness.os.kill(pid, harness.signal.SIGKILL)
    harness.wait_until(gateway.is_ready, what="faregated to come back")
    assert explain(scene, request_id(refused)).returncode == 0
