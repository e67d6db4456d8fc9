"""Every scenario with @aws-sdk/client-api-gateway under Node: one process, one test of it for each scenario."""

import json
import pathlib
import re
import shutil
import subprocess

import pytest

import harness
import script
from operations import OPERATIONS

HERE = pathlib.Path(__file__).parent
PLACE = pathlib.Path(harness.BUILD) / "clients"
SCENARIOS = script.scenarios_for("javascript")
VERDICT = re.compile(r"^(ok|not ok) \d+ - (.*?)(?: # .*)?$")


def install():
    """What package-lock.json names, once per build directory and lock."""
    wanted = (HERE / "package-lock.json").read_bytes()
    done = PLACE / "installed-lock.json"
    if done.exists() and done.read_bytes() == wanted:
        return
    PLACE.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, PLACE / name)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=PLACE, check=True, timeout=600)
    done.write_bytes(wanted)


def verdicts(report):
    """Title -> (it passed, what Node says of it) of a TAP report."""
    found, title = {}, None
    for line in report.splitlines():
        verdict = VERDICT.match(line)
        if verdict:
            title = verdict.group(2).replace("\\#", "#").replace("\\\\", "\\")
            found[title] = (verdict.group(1) == "ok", [])
        elif title and line.startswith("  "):
            found[title][1].append(line)
    return found


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    install()
    path = tmp_path_factory.mktemp("node") / "scenarios.json"
    path.write_text(json.dumps({
        "scenarios": [{"title": one.title, "steps": one.steps} for one in SCENARIOS],
        "names": script.names_at_start(),
        "status": {name: row.status for name, row in OPERATIONS.items()}}))
    with harness.Faregated() as daemon:
        key_id, secret = daemon.credentials()
        environment = dict(harness.environment(), FG_SCENARIOS=str(path), NODE_PATH=str(PLACE / "node_modules"),
                           AWS_ACCESS_KEY_ID=key_id, AWS_SECRET_ACCESS_KEY=secret, AWS_REGION=harness.REGION,
                           AWS_ENDPOINT_URL_API_GATEWAY="http://127.0.0.1:%d" % daemon.control_port())
        report = subprocess.run(["node", "--test-reporter=tap", str(HERE / "play.cjs")], env=environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300).stdout
    found = verdicts(report)
    assert found, report[-3000:]
    return found


@pytest.mark.parametrize("title", [one.title for one in SCENARIOS])
def test_javascript(played, title):
    passed, said = played[title]
    assert passed, "\n".join(said)
