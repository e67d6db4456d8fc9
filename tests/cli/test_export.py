"""`faregate export`: periods are closed, written, and checked offline. Rules B1-B4."""

import base64
import csv
import datetime
import hashlib
import io
import json
import sqlite3
import subprocess

import pytest

import harness


def faregate(*words):
    return subprocess.run([harness.program("faregate"), *words], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=harness.environment(), timeout=60)


def day_number(text):
    return (datetime.date.fromisoformat(text) - datetime.date(1970, 1, 1)).days


class Billed:
    """A plan with two keys that were used in a month that is over: as the drains of then left the store."""

    def __init__(self, daemon):
        self.daemon = daemon
        api = harness.client(daemon)
        self.plan_id = api.create_usage_plan(name="p", quota={"limit": 1000, "period": "MONTH"})["id"]
        self.keys = [api.create_api_key(name="n", customerId=name)["id"] for name in ('Ann "A", Ltd', "Bob")]
        daemon.stop()
        rows = [(self.plan_id, key_id, day_number("2026-01-01") + day, 10 * which + day)
                for which, key_id in enumerate(self.keys, 1) for day in (0, 3, 30)]
        with sqlite3.connect(daemon.data_dir + "/faregate.db") as database:
            database.executemany("INSERT INTO usage (plan_id, key_id, day, used) VALUES (?, ?, ?, ?)", rows)
        database.close()
        self.total = sum(row[3] for row in rows)
        daemon.start()

    def export(self, *words):
        return self.ask("usage", "--plan", self.plan_id, *words)

    def ask(self, *words):
        done = faregate("export", *words, "--data-dir", self.daemon.data_dir,
                        "--endpoint-url", "http://127.0.0.1:%d" % self.daemon.control_port())
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def billed():
    with harness.Faregated() as daemon:
        yield Billed(daemon)


@pytest.fixture(scope="module")
def files(billed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    made = {name: folder / name for name in ("jsonl", "csv", "pem")}
    for form in ("jsonl", "csv"):
        made[form].write_text(billed.export("--period", "2026-01", "--format", form))
    made["pem"].write_text(billed.ask("public-key"))
    return made


def verify(path, files):
    return faregate("export", "verify", str(path), "--public-key", str(files["pem"]))


def test_b2_both_forms_hold_the_same_and_are_whole(billed, files):
    records = [json.loads(line) for line in files["jsonl"].read_text().splitlines()]
    used = [record["used"] for record in records]  # by key id, which is random; the total last
    assert sorted(used[:-1]) == [63, 93] and used[-1] == billed.total
    assert sorted(record["customerId"] for record in records[:-1]) == ['Ann "A", Ltd', "Bob"]
    rows = list(csv.DictReader(io.StringIO(files["csv"].read_text())))
    for record, row in zip(records, rows, strict=True):
        assert {name: str(value) for name, value in record.items()} == {n: v for n, v in row.items() if v}
    for form in ("jsonl", "csv"):
        done = verify(files[form], files)
        assert (done.returncode, done.stdout) == (0, "3 records are as they were closed and signed\n")


def test_b2_somebody_elses_tools_find_it_whole(files, tmp_path):
    previous = "0" * 64
    for line in files["jsonl"].read_text().splitlines():
        record = json.loads(line)
        bare = {name: value for name, value in record.items() if name not in ("hash", "signature")}
        text = json.dumps(bare, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert record["previousHash"] == previous
        assert record["hash"] == hashlib.sha256(text.encode()).hexdigest()
        previous = record["hash"]
    (tmp_path / "hash").write_text(previous)
    (tmp_path / "signature").write_bytes(base64.b64decode(record["signature"]))
    done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", files["pem"], "-rawin",
                           "-in", tmp_path / "hash", "-sigfile", tmp_path / "signature"], stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stdout


def reordered(lines):
    return [lines[1], lines[0], lines[2]]


@pytest.mark.parametrize("form", ["jsonl", "csv"])
@pytest.mark.parametrize("tamper, complaint", [
    (lambda lines: [line.replace("63", "62", 1) for line in lines], "not as it was closed"),
    (lambda lines: [line.replace("Bob", "Eve") for line in lines], "not as it was closed"),
    (lambda lines: lines[1:], "another number of records"),
    (lambda lines: lines[:-1], "the last record is missing"),
    (reordered, "not in its place"),
    (lambda lines: [], "the last record is missing"),
    (lambda lines: [lines[0] + "?"] + lines[1:], "cannot be read|signature where none belongs"),
])
def test_b4_tampering_is_found(files, tmp_path, form, tamper, complaint):
    lines = files[form].read_text().splitlines()
    head, lines = (lines[:1], lines[1:]) if form == "csv" else ([], lines)
    planted = tmp_path / "planted"
    planted.write_text("".join(line + "\n" for line in head + tamper(lines)))
    done = verify(planted, files)
    assert done.returncode == 1
    assert any(part in done.stderr for part in complaint.split("|")), done.stderr


def test_b4_a_chain_made_anew_needs_the_key(files, tmp_path):
    """Every hash made to fit again, but for the signature."""
    previous, lines = "0" * 64, []
    for line in files["jsonl"].read_text().splitlines():
        record = json.loads(line)
        record.pop("hash")
        record["previousHash"] = previous
        if record.get("customerId") == "Bob":
            record["customerId"] = "Eve"
        signature = record.pop("signature", None)
        text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        previous = record["hash"] = hashlib.sha256(text.encode()).hexdigest()
        lines.append(json.dumps({**record, **({"signature": signature} if signature else {})}))
    planted = tmp_path / "planted"
    planted.write_text("\n".join(lines) + "\n")
    done = verify(planted, files)
    assert done.returncode == 1
    assert "is not signed with this key" in done.stderr


def test_b3_closing_again_changes_nothing(billed, files):
    assert billed.export("--period", "2026-01") == files["jsonl"].read_text()
    assert json.loads(billed.ask("list"))["recordCount"] == 2


def test_b2_log_ledger_and_export_agree(billed, files, tmp_path):
    """A log of then, as `faregate run` writes it."""
    lines = []
    for record in map(json.loads, files["jsonl"].read_text().splitlines()[:-1]):
        for day, used in enumerate(record["days"].split(";"), 1):
            lines += ['127.0.0.1 [t] "GET /x HTTP/1.1" 200 1 0.000 id a s admitted admitted key=%s plan=%s counted=2026-01-%02d\n' %
                      (record["keyId"], billed.plan_id, day)] * int(used)
    log = tmp_path / "access.log"
    words = ["--access-log", str(log), "--export", str(files["csv"]), "--public-key", str(files["pem"]),
             "--from", "2026-01-01", "--to", "2026-01-31", "--data-dir", billed.daemon.data_dir,
             "--endpoint-url", "http://127.0.0.1:%d" % billed.daemon.control_port()]
    log.write_text("".join(lines))
    done = faregate("reconcile", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    log.write_text("".join(lines[1:]))
    assert faregate("reconcile", *words).returncode == 1
    log.write_text("".join(lines))
    planted = tmp_path / "planted.csv"
    planted.write_text(files["csv"].read_text().replace(",63,", ",62,"))
    words[3] = str(planted)
    done = faregate("reconcile", *words)
    assert done.returncode == 1
    assert "not as it was closed" in done.stderr


def test_what_is_asked_wrongly(billed, files, tmp_path):
    (tmp_path / "key").write_text("no key\n")
    for words, code in ((["usage"], 2), (["usage", "--plan", "p", "--period", "2026-01", "--format", "xml"], 2), (["use"], 2),
                        (["verify", str(files["csv"])], 2), (["verify", "/nosuch", "--public-key", str(files["pem"])], 1),
                        (["verify", str(files["csv"]), "--public-key", str(tmp_path / "key")], 1)):
        assert faregate("export", *words).returncode == code, words
