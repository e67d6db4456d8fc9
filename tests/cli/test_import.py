"""`faregate import`: files of any size, in parts, that go on after any end. Rules IM9, IM10."""

import json
import os
import signal
import subprocess
import time

import pytest

import harness


def command(gateway, path, *words):
    return [harness.program("faregate"), "import", str(path), "--data-dir", gateway.data_dir, *words]


def run(gateway, path, *words, **options):
    done = subprocess.run(command(gateway, path, *words), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    done.result = json.loads(done.stdout) if "--json" in words and done.stdout else None
    return done


def write(path, rows, name="k"):
    lines = ["Name,Key\n"] + ["%s%d,value-of-row-%012d-abcdefgh\n" % (name, row, row) for row in range(rows)]
    path.write_text("".join(lines))
    return path


def key_names(gateway, prefix):
    names, position = [], ""
    while position is not None:
        page = gateway.call("GET", "/apikeys?limit=500&name=%s&position=%s" % (prefix, position) if position
                            else "/apikeys?limit=500&name=%s" % prefix).json()
        names += [key["name"] for key in page["item"]]
        position = page.get("position")
    return names


@pytest.fixture(scope="module")
def gateway():
    with harness.Faregate() as running:
        yield running


def test_a_file_in_parts(gateway, tmp_path):
    plan = harness.make_plan(gateway)
    path = tmp_path / "keys.csv"
    path.write_text('Key,"Name",Description\n"parts-value-0000000000-abcdefgh","parts ""one""","two\nlines"\n'
                    "short,parts two,\nparts-value-1111111111-abcdefgh,parts three,x\nparts-value-22222222,parts four,\n")
    report = tmp_path / "report.csv"
    done = run(gateway, path, "--plan", plan, "--batch", "1", "--report", report, "--json")
    assert done.returncode == 1, done.stderr  # a row was refused
    assert {name: done.result[name] for name in ("rows", "made", "replaced", "refused", "warned")} == {
        "rows": 4, "made": 3, "replaced": 0, "refused": 1, "warned": 2}
    lines = report.read_text().splitlines()
    assert lines[0] == "row,outcome,id,remark"
    assert [line.split(",")[:2] for line in lines[1:]] == [["1", "made"], ["2", "refused"], ["3", "made"], ["4", "made"]]
    assert "row 2,refused,," in done.stderr
    keys = gateway.call("GET", "/usageplans/%s/keys" % plan).json()["item"]
    assert sorted(key["name"] for key in keys) == ['parts "one"', "parts four", "parts three"]
    again = run(gateway, path, "--plan", plan)
    assert "imported already" in again.stderr and len(key_names(gateway, "parts")) == 3
    anew = run(gateway, path, "--plan", plan, "--restart", "--json")
    assert (anew.result["made"], anew.result["replaced"]) == (0, 3)


def test_a_dry_run_changes_nothing(gateway, tmp_path):
    path = write(tmp_path / "keys.csv", 30, "dry")
    done = run(gateway, path, "--dry-run", "--batch", "7", "--json")
    assert (done.returncode, done.result["rows"], done.result["made"]) == (0, 30, 30)
    assert done.result["dryRun"] is True and key_names(gateway, "dry") == []


def test_nothing_is_taken_of_a_file_with_warnings(gateway, tmp_path):
    path = write(tmp_path / "keys.csv", 30, "warned")
    with open(path, "a") as file:
        file.write("warned last,short\n")
    done = run(gateway, path, "--fail-on-warnings", "--batch", "10")
    assert done.returncode == 254 and "Row 31: " in done.stderr
    assert key_names(gateway, "warned") == []


@pytest.mark.parametrize("words, text, says", [
    ([], None, "a FILE is needed"), (["/nonexistent"], None, "No such file"), (["FILE", "--batch", "0"], "Name,Key\n", "--batch must be"),
    (["FILE"], "", "is empty"), (["FILE"], "Name,Value\na,b\n", "The header row must name the columns Name and Key"),
    (["/"], None, "is no file"),
])
def test_what_cannot_be_imported_is_told(gateway, tmp_path, words, text, says):
    path = tmp_path / "keys.csv"
    if text is not None:
        path.write_text(text)
    words = [str(path) if word == "FILE" else word for word in words]
    done = subprocess.run([harness.program("faregate"), "import", *words, "--data-dir", gateway.data_dir], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode in (1, 2, 254) and says in done.stderr, done.stderr


def test_standard_input(gateway):
    text = "name,key\npiped,piped-value-0123456789-abcdefgh\n"
    done = run(gateway, "-", "--json", input=text)
    assert done.result["made"] == 1 and key_names(gateway, "piped") == ["piped"]


def rows_done(gateway):
    line = [line for line in gateway.logs().splitlines() if "operation=ImportKeyRows" in line]
    return len(line)


@pytest.mark.parametrize("victim", ["the command", "faregated"])
def test_it_goes_on_after_a_kill(tmp_path, victim):
    rows = 20000
    path = write(tmp_path / "keys.csv", rows, "kill")
    with harness.Faregate(check_logs=False) as gateway:
        first = subprocess.Popen(command(gateway, path, "--batch", "500"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        harness.wait_until(lambda: rows_done(gateway) >= 3, what="some parts")
        os.kill(first.pid if victim == "the command" else gateway.pids("faregated")[0], signal.SIGKILL)
        assert first.wait(60) != 0
        harness.wait_until(lambda: gateway.health().status == 200, what="faregated to be back")
        done = run(gateway, path, "--batch", "500", "--json")
        assert done.returncode == 0, done.stderr
        assert "goes on behind row" in done.stderr
        assert (done.result["rows"], done.result["made"]) == (rows, rows)
        assert len(set(key_names(gateway, "kill"))) == len(key_names(gateway, "kill")) == rows
