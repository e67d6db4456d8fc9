"""`faregate apply` and `faregate export`: a file is shown, applied, found done, and written back.

Rules AP1, AP2, AP3, AP4, AP6, AP7, AP8, AP9."""

import os
import pty
import re
import signal
import stat
import subprocess

import pytest

import harness
from shop import Shop, command, faregate, writes


@pytest.fixture
def shop(tmp_path):
    with harness.Faregated() as daemon:
        yield Shop(daemon, tmp_path)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    """For tests that change nothing, which is checked at the end."""
    with harness.Faregated() as daemon:
        yield Shop(daemon, tmp_path_factory.mktemp("untouched"))
        assert writes(daemon) == 0


BASE = """
faregate: 1
name: shop
plans:
  - name: free
    throttle: {rateLimit: 10, burstLimit: 20}
    quota: {limit: 100, period: DAY}
    tags: {team: blue}
    faregate: {shadowPlan: pro, alertThresholds: [50]}
  - name: pro
    description: for those who pay
    quota: {limit: 10000, period: MONTH, offset: 3}
keys:
  - name: ann
    customerId: c1
    plans: [free]
    faregate:
      overrides: {free: {quota: {limit: 500}, reason: trial}}
  - name: bob
    enabled: false
    value: bobs-value-of-26-characters
    plans: [pro]
"""


def test_ap1_every_problem_is_told_with_its_path(untouched):
    done = untouched.apply("""
faregate: 2
plan: []
plans:
  - nam: free
    quota: {limit: -1, period: YEAR}
  - name: 5
    throttle: {rateLimit: fast}
    faregate: {quotascope: KEY}
  - {name: twin}
  - {name: twin}
keys:
  - name: x
    value: short
    plans: free
    tags: {a: 1}
apis:
  - name: a
    stages: [{name: s, methodSettings: {"*/*": {cacheTtlInSeconds: 3601}}}]
""", "--yes", code=2)
    told = [line.split("shop.yaml: ")[1] for line in done.stderr.splitlines()[:-1]]
    assert told == [
        "faregate: must be 1",
        "plan: is no member here; did you mean 'plans'?",
        "plans[0].nam: is no member here; did you mean 'name'?",
        "plans[0].quota.limit: must be 0 or more, not -1",
        "plans[0].quota.period: must be one of DAY, WEEK, MONTH, not 'YEAR'",
        "plans[0].name: is missing",
        "plans[1].name: must be a text: put it in quotes",
        "plans[1].throttle.rateLimit: must be a number",
        "plans[1].throttle.burstLimit: is missing",
        "plans[1].faregate.quotascope: is no member here; did you mean 'quotaScope'?",
        "keys[0].value: must have 20 to 128 characters, not 5",
        "keys[0].plans: must be a list",
        "keys[0].tags.a: must be a text: put it in quotes",
        "apis[0].stages[0].methodSettings.*/*.cacheTtlInSeconds: must be 3600 or less, not 3601",
    ]
    assert done.stderr.endswith("apply: 14 problems; nothing is changed\n")


@pytest.mark.parametrize("text, problem", [
    ("faregate: [", "shop.yaml: did not find expected node content at line 2, column 1"),
    ("faregate: 1\nplans: [{name: a}, {name: a}]", "plans[1]: the name 'a' is there twice"),
    ("faregate: 1\nkeys: [{name: a, plans: [nowhere]}]", "key 'a'.plans: there is no plan 'nowhere'"),
    ("faregate: 1\nplans: [{name: a, apiStages: [{api: x, stage: y}]}]",
     "plan 'a'.apiStages: there is no API 'x'"),
    ("faregate: 1\nplans: [{name: a, faregate: {shadowPlan: b}}]",
     "plan 'a'.faregate.shadowPlan: there is no plan 'b'"),
    ("faregate: 1\nplans: [{name: a, tags: {'faregate:x': y}}]", "plans[0]: tags.faregate:x: tags that begin with"),
    ("faregate: 1\napis: [{name: a, definition: {}, definitionFile: x}]",
     "apis[0]: has both definition and definitionFile"),
    ("faregate: 1\napis: [{name: a, definition: {a: b}}]", "apis[0].definition: must be an OpenAPI document"),
    ("faregate: 1\napis: [{name: a, definitionFile: nowhere.yaml}]", "apis[0].definitionFile: cannot read"),
])
def test_ap1_a_problem_changes_nothing(untouched, text, problem):
    assert problem in untouched.apply(text, "--yes", code=2).stderr


def test_ap2_applied_twice_nothing_is_written(shop):
    done = shop.apply(BASE, "--dry-run", code=3)
    assert '+ plan    free  throttle {"rateLimit":10,"burstLimit":20}' in done.stdout
    assert "= 4 to create, 0 to change, 0 to delete, 0 unchanged" in done.stdout
    assert writes(shop.daemon) == 0
    assert "4 done, 0 not done" in shop.apply(BASE, "--yes").stdout
    before = writes(shop.daemon)
    assert shop.plan(BASE) == {}
    assert "= 0 to create, 0 to change, 0 to delete, 4 unchanged" in shop.apply(BASE, "--yes").stdout
    assert writes(shop.daemon) == before
    plans, keys = shop.plans(), shop.keys(values=True)
    assert plans["free"]["quota"] == {"limit": 100, "offset": 0, "period": "DAY"}
    assert plans["free"]["tags"] == {"team": "blue", "faregate:managed-by": "shop"}
    assert keys["bob"]["value"] == "bobs-value-of-26-characters" and not keys["bob"]["enabled"]
    assert keys["ann"]["enabled"] and shop.on_plans("ann") == {"free"} and shop.on_plans("bob") == {"pro"}


def test_ap2_what_differs_is_told_and_made_equal(shop):
    shop.apply(BASE, "--yes")
    new = BASE.replace("limit: 100,", "limit: 200,").replace("plans: [pro]", "plans: [free, pro]").replace(
        "description: for those who pay", "throttle: {rateLimit: 1.5, burstLimit: 3}").replace(
        "throttle: {rateLimit: 10, burstLimit: 20}", "").replace("customerId: c1", "").replace("trial", "gift")
    assert shop.plan(new) == {
        ("change", "plan", "free"): ["throttle", "quota.limit"],
        ("change", "plan", "pro"): ["description", "throttle"],
        ("change", "key", "ann"): ["customerId", "faregate.overrides.free.reason"],
        ("change", "key", "bob"): ["plans.free"],
    }
    done = shop.apply(new, "--yes")
    assert "~ plan    free  throttle: " in done.stdout and "quota.limit: 100 -> 200" in done.stdout
    assert "~ key     bob  plans.free: added" in done.stdout
    assert shop.plan(new) == {}
    plans = shop.plans()
    assert "throttle" not in plans["free"] and plans["pro"]["throttle"] == {"rateLimit": 1.5, "burstLimit": 3}
    assert "description" not in plans["pro"] and shop.on_plans("bob") == {"free", "pro"}


def test_ap2_a_change_made_by_hand_is_noticed(shop):
    shop.apply(BASE, "--yes")
    ids = {name: plan["id"] for name, plan in shop.plans().items()}
    shop.api.update_usage_plan(usagePlanId=ids["free"], patchOperations=[
        {"op": "replace", "path": "/quota/limit", "value": "7"},
        {"op": "remove", "path": "/faregate/alertThresholds"}])
    shop.api.delete_usage_plan_key(usagePlanId=ids["pro"], keyId=shop.keys()["bob"]["id"])
    assert shop.plan(BASE) == {("change", "plan", "free"): ["quota.limit", "faregate.alertThresholds"],
                               ("change", "key", "bob"): ["plans.pro"]}
    shop.apply(BASE, "--yes")
    assert shop.plan(BASE) == {} and shop.on_plans("bob") == {"pro"}


def test_ap3_a_name_that_several_have_is_refused(shop):
    ids = [shop.api.create_usage_plan(name="free")["id"] for _ in range(2)]
    done = shop.apply(BASE, "--yes", code=2)
    assert "plan 'free': the installation has several of that name: %s" % ", ".join(ids) in done.stderr
    assert len(shop.plans()) == 1
    assert "plan 'free': there are several of that name" in faregate(shop.daemon, "export").stderr


def test_ap4_what_another_file_manages_is_refused(shop):
    shop.apply(BASE, "--yes")
    done = shop.apply(BASE.replace("name: shop", "name: other"), "--yes", code=2)
    assert "plan 'free': is managed by 'shop' (tag faregate:managed-by), not by 'other'" in done.stderr
    assert shop.plan(BASE.replace("name: shop", "")) == {}  # a file without a name claims nothing


def test_ap2_account(shop):
    text = "faregate: 1\naccount: {throttle: {rateLimit: 500.5, burstLimit: 70}}\n"
    assert {path for paths in shop.plan(text).values() for path in paths} == {"throttle.rateLimit",
                                                                              "throttle.burstLimit"}
    shop.apply(text, "--yes")
    assert shop.api.get_account()["throttleSettings"] == {"rateLimit": 500.5, "burstLimit": 70}
    assert shop.plan(text) == {}


def test_ap7_only_what_the_file_made_is_deleted_and_only_when_asked(shop):
    shop.api.create_usage_plan(name="by hand")
    shop.api.create_api_key(name="by hand")
    shop.apply(BASE, "--yes")
    less = "faregate: 1\nname: shop\nplans:\n  - name: pro\n    quota: {limit: 10000, period: MONTH, offset: 3}\n" \
           "    description: for those who pay\n"
    done = shop.apply(less, "--yes")
    assert "things made from this file are not in it any more; --prune deletes them" in done.stderr
    assert shop.plan(less) == {}
    assert set(shop.plan(less, "--prune")) == {("delete", "plan", "free"), ("delete", "key", "ann"),
                                               ("delete", "key", "bob")}
    shop.apply(less, "--prune", "--yes")
    assert set(shop.plans()) == {"by hand", "pro"} and set(shop.keys()) == {"by hand"}
    assert "--prune needs a name" in shop.apply("faregate: 1", "--prune", code=2).stderr


def test_ap7_what_the_file_still_names_is_not_deleted(shop):
    shop.apply(BASE, "--yes")
    done = shop.apply("faregate: 1\nname: shop\nkeys: [{name: ann, plans: [free]}]", "--prune", "--yes", code=2)
    assert "key 'ann'.plans: names plan 'free', which is not in the file and would be deleted" in done.stderr


def test_ap8_a_value_is_compared_and_never_shown(shop):
    shop.apply(BASE, "--yes")
    secret = "another-value-of-26-letters"
    new = BASE.replace("bobs-value-of-26-characters", secret)
    assert shop.plan(new) == {("change", "key", "bob"): ["value"]}
    done = shop.apply(new, "--yes", "--json")
    assert secret not in done.stdout + done.stderr and "bobs-value" not in done.stdout
    assert shop.keys(values=True)["bob"]["value"] == secret


def test_ap8_values_leave_only_when_asked_and_then_for_the_owner_alone(shop):
    shop.apply(BASE, "--yes")
    path = shop.folder / "out.yaml"
    path.write_text("old")
    path.chmod(0o644)
    assert "bobs-value" not in shop.export()
    shop.export("--include-key-values", "--output", str(path))
    assert "value: bobs-value-of-26-characters" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert shop.plan(path.read_text()) == {}
    assert "keys" not in shop.export("--without-keys")


def test_ap9_stopped_in_the_middle_it_is_finished_by_the_next_run(shop):
    taken = "a-value-that-is-taken-already"
    shop.api.create_api_key(name="by hand", value=taken)
    done = shop.apply(BASE.replace("bobs-value-of-26-characters", taken), "--yes", code=1)
    assert "stopped in the middle: API Key already exists (ConflictException)" in done.stderr
    lines = [line.split() for line in done.stdout.splitlines() if not line.startswith(("+", "="))]
    assert lines == [["created", "plan", "free"], ["created", "plan", "pro"], ["created", "key", "ann"],
                     ["failed", "key", "bob"], ["3", "done,", "1", "not", "done"]]
    assert set(shop.plan(BASE)) == {("create", "key", "bob")}
    shop.apply(BASE, "--yes")
    assert shop.plan(BASE) == {}


def test_a_name_that_begins_another(shop):
    text = "faregate: 1\nplans: [{name: p}]\nkeys: [{name: k}, {name: k1, plans: [p]}, {name: k11}]\n"
    shop.apply(text, "--yes")
    shop.api.create_api_key(name="k111")
    assert shop.plan(text) == {}


def test_ap9_ctrl_c_between_calls(shop):
    many = "faregate: 1\nname: many\nplans: [{name: p}]\nkeys:\n" + "".join(
        "  - {name: k%d, plans: [p]}\n" % i for i in range(120))
    run = subprocess.Popen(command(shop.daemon, "apply", shop.file(many), "--yes"), text=True, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, env=harness.environment())
    for line in run.stdout:
        if line.startswith("="):
            break
    harness.wait_until(lambda: writes(shop.daemon) > 10, what="the first calls")
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=60)
    assert run.returncode == 1 and "stopped in the middle: interrupted" in err
    assert re.search(r"^created +key +k0$", out, re.M) and re.search(r"^not done +key +k119$", out, re.M)
    shop.apply(many, "--yes", name="many.yaml")
    assert shop.plan(many) == {} and len(shop.keys()) == 120


def test_without_a_terminal_it_asks_for_yes(untouched):
    assert "without a terminal to ask on, give --yes or --dry-run" in untouched.apply(BASE, code=2).stderr
    assert "exclude each other" in untouched.apply(BASE, "--yes", "--dry-run", code=2).stderr


def on_terminal(shop, text, answers, *words):
    """Run with a terminal that answers each question; returns (exit code, output)."""
    leader, follower = pty.openpty()
    run = subprocess.Popen(command(shop.daemon, "apply", shop.file(text), *words), stdin=follower, stdout=follower,
                           stderr=follower, env=harness.environment())
    os.close(follower)
    output = ""
    try:
        while chunk := os.read(leader, 4096).decode():
            output += chunk
            if output.endswith("(y/N) "):
                os.write(leader, answers.pop(0).encode() + b"\n")
    except OSError:
        pass  # the terminal is gone with its last user
    os.close(leader)
    return run.wait(60), output


def test_on_a_terminal_changes_and_deletions_are_asked_for_apart(shop):
    code, output = on_terminal(shop, BASE, ["n"])
    assert code == 1 and "apply: nothing is changed" in output and not shop.plans()
    assert "\033[32m+ plan" in output
    code, _ = on_terminal(shop, BASE, ["y"])
    assert code == 0 and shop.plan(BASE) == {}
    less = BASE.split("keys:")[0].replace("limit: 100,", "limit: 5,")
    code, output = on_terminal(shop, less, ["y", "n"], "--prune")
    assert code == 0 and "Delete the 2 marked with a minus?" in output
    assert shop.plans()["free"]["quota"]["limit"] == 5 and len(shop.keys()) == 2


STAGES = """
faregate: 1
apis:
  - name: weather
    stages:
      - name: dev
        description: first
        variables: {colour: blue, size: "1"}
        tracingEnabled: true
        accessLogSettings: {destinationArn: "arn:aws:logs:x", format: "$context.requestId"}
        methodSettings:
          "*/*": {throttlingRateLimit: 5, throttlingBurstLimit: 6, loggingLevel: INFO}
          "~1weather/GET": {metricsEnabled: true}
plans:
  - name: free
    apiStages: [{api: weather, stage: dev, throttle: {"/weather/GET": {rateLimit: 1, burstLimit: 2}}}]
keys: [{name: ann, plans: [free]}]
"""


def test_ap6_settings_of_a_stage(shop):
    api_id = harness.make_api(shop.daemon)
    deployment = shop.api.get_stage(restApiId=api_id, stageName="dev")["deploymentId"]
    shop.apply(STAGES, "--yes")
    assert shop.plan(STAGES) == {}
    stage = shop.api.get_stage(restApiId=api_id, stageName="dev")
    assert stage["variables"] == {"colour": "blue", "size": "1"} and stage["tracingEnabled"]
    assert stage["methodSettings"]["*/*"]["throttlingRateLimit"] == 5.0
    assert stage["methodSettings"]["~1weather/GET"]["throttlingRateLimit"] == 10000.0
    assert stage["deploymentId"] == deployment  # the definition is none of this file's business
    less = STAGES.replace("        variables: {colour: blue, size: \"1\"}\n", "").replace(
        '          "~1weather/GET": {metricsEnabled: true}\n', "").replace(", loggingLevel: INFO", "").replace(
        ', throttle: {"/weather/GET": {rateLimit: 1, burstLimit: 2}}', "")
    assert shop.plan(less) == {
        ("change", "stage", "weather:dev"): ["variables.colour", "variables.size", "methodSettings.*/*.loggingLevel",
                                             "methodSettings.~1weather/GET"],
        ("change", "plan", "free"): ["apiStages.weather:dev.throttle./weather/GET"]}
    shop.apply(less, "--yes")
    assert shop.plan(less) == {}


def test_ap9_a_stage_moves_from_plan_to_plan_with_its_keys(shop):
    """Rule P5 forbids every order but one: all leave, then all join."""
    harness.make_api(shop.daemon)
    text = """
faregate: 1
plans:
  - {name: a, apiStages: [%s]}
  - {name: b, apiStages: [%s]}
keys:
  - {name: ann, plans: [a, b]}
  - {name: bob, plans: [%s]}
"""
    stage = "{api: weather, stage: dev}"
    shop.apply(text % (stage, "", "a"), "--yes")
    shop.apply(text % ("", stage, "b"), "--yes")
    assert shop.on_plans("bob") == {"b"} and shop.on_plans("ann") == {"a", "b"}
    done = shop.apply(text % (stage, stage, "b"), "--yes", code=2)
    assert "key 'ann'.plans: the plans 'a' and 'b' both have the stage weather:dev" in done.stderr
