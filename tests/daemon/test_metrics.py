"""GET /metrics: linted by promtool, parsed by the client library, and true of what happened."""

import contextlib
import json
import pathlib
import re
import shutil
import subprocess

import pytest

import harness

ROOT = pathlib.Path(__file__).resolve().parents[2]
OPENMETRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}
NAMES = re.findall(r'FG_METRIC\("(\w+)", (\w+)', (ROOT / "daemon" / "metrics.def").read_text())


def scrape(instance, headers=None):
    answer = instance.call("GET", "/metrics", is_signed=False, headers=headers)
    assert answer.status == 200
    return answer


def samples(instance):
    """{(name, labels): value} of the OpenMetrics text; labels are sorted pairs."""
    from prometheus_client.openmetrics.parser import text_string_to_metric_families
    text = scrape(instance, OPENMETRICS).body.decode()
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text) for sample in family.samples}


def value(found, name, **labels):
    return found.get((name, tuple(sorted(labels.items()))))


def total(found, name, **labels):
    return sum(number for (its_name, its_labels), number in found.items()
               if its_name == name and set(labels.items()) <= set(its_labels))


@pytest.fixture(scope="module")
def scene():
    """A gateway with three keys that made requests, and what was counted of them."""
    with harness.Faregate(args=["--metrics-top-keys", "2"], check_logs=False) as gateway:
        api = harness.make_api(gateway)
        plan = harness.make_plan(gateway, [(api, "dev")], quota=10, name="free")
        keys = [harness.make_key(gateway, plan) for _ in range(3)]
        path = "/_aws/execute-api/%s/dev/weather" % api
        for (_, secret), count in zip(keys, (8, 5, 2)):
            assert [gateway.get(path, secret).status for _ in range(count)] == [200] * count
        for _ in range(4):
            gateway.get(path, keys[0][1])  # two more are let through, then two are over the quota
        gateway.get(path)
        gateway.get(path + "/nowhere")
        gateway.get("/nowhere")
        harness.wait_until(lambda: total(samples(gateway), "faregate_key_requests_total") == 17, what="the drain")
        yield {"gateway": gateway, "api": api, "plan": plan, "keys": [key for key, _ in keys], "path": path,
               "found": samples(gateway)}


def test_promtool_finds_nothing_to_say(scene):
    assert shutil.which("promtool"), "tools/install-packages test"
    text = scrape(scene["gateway"])
    assert text.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    done = subprocess.run(["promtool", "check", "metrics"], input=text.body, capture_output=True)
    assert done.returncode == 0 and not done.stdout and not done.stderr, (done.stdout, done.stderr)


def test_openmetrics_is_whole(scene):
    text = scrape(scene["gateway"], OPENMETRICS)
    assert text.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert text.body.endswith(b"# EOF\n")
    families = re.findall(r"^# TYPE (\w+) (\w+)$", text.body.decode(), re.M)
    assert families == [(name, kind.lower()) for name, kind in NAMES]
    assert "# UNIT faregate_request_duration_seconds seconds" in text.body.decode()


def test_outcomes_and_statuses_of_a_stage(scene):
    found, where = scene["found"], {"api": scene["api"], "stage": "dev"}
    wanted = {"admitted": 17, "over_quota": 2, "forbidden": 1, "not_found": 1, "throttled": 0}
    for outcome, count in wanted.items():
        assert value(found, "faregate_requests_total", outcome=outcome, **where) == count, outcome
    assert value(found, "faregate_responses_total", **{"class": "2xx"}, **where) == 17
    assert value(found, "faregate_responses_total", **{"class": "4xx"}, **where) == 4
    assert value(found, "faregate_request_duration_seconds_count", **where) == 21
    assert value(found, "faregate_requests_total", outcome="not_found", api="", stage="") >= 1


def test_keys_beyond_the_cap_are_one_series(scene):
    found, plan = scene["found"], scene["plan"]
    series = {dict(labels)["key"]: number for (name, labels), number in found.items()
              if name == "faregate_key_requests_total"}
    assert series == {scene["keys"][0]: 10, scene["keys"][1]: 5, "other": 2}
    assert value(found, "faregate_key_refusals_total", plan=plan, key=scene["keys"][0], limit="quota") == 2
    ratios = {dict(labels)["key"]: number for (name, labels), number in found.items()
              if name == "faregate_quota_remaining_ratio"}
    assert ratios == {scene["keys"][0]: 0, scene["keys"][1]: 0.5}


def test_the_gate_the_ledger_and_the_process(scene):
    found = scene["found"]
    assert value(found, "faregate_gate_entries", table="keys") == 3
    assert value(found, "faregate_gate_capacity", table="keys") > 1000000
    assert value(found, "faregate_data_plane_up") == 1
    assert 0 <= value(found, "faregate_drain_age_seconds") < 60
    assert value(found, "faregate_ledger_commit_seconds_count") > 5
    assert value(found, "faregate_control_requests_total", operation="CreateApiKey", status="201") == 3
    assert value(found, "faregate_build_info", version="0.1.0") == 1
    assert value(found, "process_open_fds") > 3
    assert value(found, "process_resident_memory_bytes") > 1e6


def test_totals_outlive_the_workers_and_the_daemon(scene):
    gateway, where = scene["gateway"], {"api": scene["api"], "stage": "dev"}
    for pid in gateway.pids("nginx: worker") + gateway.pids("faregated"):
        with contextlib.suppress(ProcessLookupError):
            harness.os.kill(pid, harness.signal.SIGKILL)
    harness.wait_until(gateway.is_ready, what="faregated to come back")
    harness.wait_until(lambda: gateway.get(scene["path"]).status == 403, what="nginx to come back")
    assert value(samples(gateway), "faregate_requests_total", outcome="admitted", **where) == 17


def test_the_page_lists_every_family():
    page = (ROOT / "docs" / "metrics.md").read_text()
    for name, kind in NAMES:
        shown = name + {"COUNTER": "_total", "INFO": "_info"}.get(kind, "")
        assert "`%s`" % shown in page or "`%s{" % shown in page, shown


def test_a_fresh_daemon_answers_too():
    with harness.Faregated() as daemon:
        done = subprocess.run(["promtool", "check", "metrics"], input=scrape(daemon).body, capture_output=True)
        assert done.returncode == 0 and not done.stdout, done.stdout
        found = samples(daemon)
        assert value(found, "faregate_data_plane_up") == 0
        assert value(found, "faregate_key_requests_total", plan="other", key="other") == 0
        assert value(found, "faregate_lease_age_seconds") is None


# ---- packaging ----

RULES = ROOT / "packaging" / "prometheus" / "faregate.rules.yml"
DASHBOARD = ROOT / "packaging" / "grafana" / "faregate.json"
METRIC = re.compile(r"\b((?:faregate|process)_[a-z_]+)\b")


def expressions():
    """(place, PromQL) of every alert and panel."""
    for rule in re.split(r"- alert: ", RULES.read_text())[1:]:
        yield rule.split()[0], re.search(r"expr: (.*?)\n\s+for:", rule, re.S).group(1)
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def test_the_alert_rules_are_sound():
    done = subprocess.run(["promtool", "check", "rules", RULES], capture_output=True, text=True)
    assert done.returncode == 0 and "8 rules found" in done.stdout, done.stdout + done.stderr


def test_alerts_and_dashboard_ask_for_what_is_there(scene):
    there = {name for name, _ in scene["found"]}
    asked = {(place, name) for place, text in expressions() for name in METRIC.findall(text)}
    assert len(asked) > 20
    assert not {(place, name) for place, name in asked if name not in there}


def test_labels_of_alerts_and_dashboard_are_there(scene):
    labels = {}
    for name, pairs in scene["found"]:
        labels.setdefault(name, set()).update(label for label, _ in pairs)
    for place, text in expressions():
        for name, matchers in re.findall(r"\b(faregate_[a-z_]+)\{([^}]*)\}", text):
            wanted = set(re.findall(r"(\w+)=", matchers))
            assert wanted <= labels[name], (place, name, wanted)


def test_every_panel_of_the_dashboard_has_its_place():
    panels = json.loads(DASHBOARD.read_text())["panels"]
    taken = set()
    for panel in panels:
        where = panel["gridPos"]
        cells = {(x, y) for x in range(where["x"], where["x"] + where["w"])
                 for y in range(where["y"], where["y"] + where["h"])}
        assert not cells & taken and where["x"] + where["w"] <= 24, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in panels}) == len(panels)
