"""The command line of faregated: every wrong one is told by name."""

import subprocess

import pytest

import harness

WHERE = ["--data-dir", "/nonexistent/fg/data", "--socket", "/nonexistent/fg/sock"]


def run(*arguments):
    return subprocess.run([harness.program("faregated"), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=20, env=harness.environment())


@pytest.mark.parametrize("arguments, message", [
    ([], "--data-dir is required"),
    (["--data-dir", "/tmp/x"], "--socket is required"),
    (["--wings", "2"], "unknown option --wings"),
    (["data"], "unknown option data"),
    (["--data-dir"], "--data-dir needs DIR"),
    (WHERE + ["--profile", "azure"], '--profile takes aws|guide, not "azure"'),
    (WHERE + ["--quota-exceeded-status", "500"], '--quota-exceeded-status takes 403|429, not "500"'),
    (WHERE + ["--plans-per-key", "two"], "--plans-per-key takes one-per-stage|one"),
    (WHERE + ["--keys-without-plan=maybe"], "--keys-without-plan takes refuse|allow"),
    (WHERE + ["--key-values", "plain"], "--key-values takes recoverable|hashed"),
    (WHERE + ["--purge-key-values", "yes"], "--purge-key-values needs --key-values hashed beside it"),
    (WHERE + ["--keys-max", "-1"], "--keys-max takes N"),
    (WHERE + ["--keys-max", "many"], "--keys-max takes N"),
    (WHERE + ["--account-id", "12345"], "--account-id takes N"),
    (WHERE + ["--log-level", "loud"], "--log-level takes debug|info|warn|error"),
])
def test_a_wrong_command_line_is_told(arguments, message):
    done = run(*arguments)
    assert done.returncode == 2
    assert message in done.stderr and "--help" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("arguments, message", [
    (WHERE, "/nonexistent/fg/data cannot be made"),
    (["--data-dir", "/proc/version", "--socket", "/tmp/none"], "cannot start"),
])
def test_what_cannot_run_says_why(arguments, message):
    done = run(*arguments)
    assert done.returncode == 1
    assert message in done.stderr


def test_a_group_that_is_not_there(tmp_path):
    done = run("--data-dir", str(tmp_path / "data"), "--socket", str(tmp_path / "sock"), "--gate-group", "no-such-group")
    assert done.returncode == 1 and "there is no group no-such-group" in done.stderr


def test_a_socket_path_longer_than_the_kernel_takes(tmp_path):
    with harness.Faregated(autostart=False) as daemon:
        daemon.socket_path = str(tmp_path / ("s" * 120))
        daemon.spawn()
        assert daemon.process.wait(harness.START_S) == 1
        assert "the path of the socket is longer than" in daemon.logs()


def test_help_names_every_option():
    done = run("--help")
    assert done.returncode == 0
    for name in ("--data-dir", "--socket", "--gate-dir", "--gate-group", "--profile", "--quota-exceeded-status",
                 "--plans-per-key", "--keys-without-plan", "--key-values",
                 "--purge-key-values", "--keys-max", "--region", "--account-id", "--log-level"):
        assert name in done.stdout


def test_version():
    done = run("--version")
    assert done.returncode == 0 and done.stdout.startswith("faregated ")


def two_plans_one_key(daemon):
    """The status of putting one key on a second plan (of no stage)."""
    key_id, _ = harness.make_key(daemon)
    answers = []
    for _ in range(2):
        plan = harness.make_plan(daemon)
        answers.append(daemon.call("POST", "/usageplans/%s/keys" % plan, {"keyId": key_id, "keyType": "API_KEY"}))
    assert answers[0].status == 201
    return answers[1].status


@pytest.mark.parametrize("arguments, status", [
    ([], 201),
    (["--profile", "aws"], 201),
    (["--profile", "guide"], 409),
    (["--plans-per-key", "one"], 409),
    (["--profile", "guide", "--plans-per-key", "one-per-stage"], 201),
    (["--plans-per-key", "one-per-stage", "--profile", "guide"], 201),
])
def test_an_option_wins_over_the_profile(arguments, status):
    """Rule P5 and its settings."""
    with harness.Faregated(arguments) as daemon:
        assert two_plans_one_key(daemon) == status


def test_the_account_limit_of_keys():
    """Rule K10: off by default, settable."""
    with harness.Faregated(["--keys-max", "2"]) as daemon:
        answers = [daemon.call("POST", "/apikeys", {"name": "k"}) for _ in range(3)]
        assert [answer.status for answer in answers] == [201, 201, 429]
        assert answers[2].error_type == "LimitExceededException"
