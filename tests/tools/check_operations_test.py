"""The checker passes on the table and reports each planted fault."""

import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECKER = ROOT / "tools" / "check-operations"
TABLE = ROOT / "src" / "control" / "operations.def"


def check(path):
    return subprocess.run([CHECKER, path], text=True, stdout=subprocess.PIPE)


def test_the_table_is_the_service_model():
    done = check(TABLE)
    assert done.returncode == 0, done.stdout
    assert TABLE.read_text().count("\nFG_OP(") == 124


@pytest.mark.parametrize("old, new, report", [
    ("FG_OP(DeleteApiKey, DELETE,", "FG_OP(DeleteApiKey, POST,", "DeleteApiKey: row says POST"),
    ('"/usageplans/{}/usage"', '"/usageplans/{}/usages"', "GetUsage: row says"),
    ('"/apikeys", "mode=import", 201', '"/apikeys", NULL, 201', "ImportApiKeys: row says"),
    ("FG_OP(GetAccount,", "FG_OP(GetAccounts,", "GetAccount: no row"),
    ("FG_OP(GetAccount,", "FG_OP(GetAccounts,", "GetAccounts: not in the service model"),
    ("FG_OP(GetApiKeys,", "FG_OP(GetApiKey,", "GetApiKey: stands twice"),
    ("FG_OP(GetStage,", "FG_OP(GetStage ,", "could be read"),
    ("FG_OP(RejectDomainNameAccessAssociation, POST,", "FG_OP(RejectDomainNameAccessAssociation, PUT,",
     "RejectDomainNameAccessAssociation: row says"),
])
def test_a_planted_fault_is_reported(tmp_path, old, new, report):
    text = TABLE.read_text()
    assert old in text
    planted = tmp_path / "operations.def"
    planted.write_text(text.replace(old, new, 1))
    done = check(planted)
    assert done.returncode == 1
    assert report in done.stdout


def test_a_wrong_success_code_is_reported(tmp_path):
    planted = tmp_path / "operations.def"
    planted.write_text(TABLE.read_text().replace("204, WRITE, NONE, fg_method_delete", "202, WRITE, NONE, fg_method_delete"))
    done = check(planted)
    assert done.returncode == 1
    assert "DeleteMethod: row says" in done.stdout


@pytest.mark.parametrize("row, report", [
    ('FG_OP(GetStages, GET, "/faregate/stages", NULL, 200, READ, NONE, NULL)', "GetStages: is the service's name"),
    ('FG_OP(GetThings, GET, "/things", NULL, 200, READ, NONE, NULL)', "GetThings: /things is not under /faregate/"),
    ('FG_OP(GetThings, GET, "/faregate/things")', "could not be read"),
])
def test_a_trespass_of_an_extension_is_reported(tmp_path, row, report):
    planted = tmp_path / "extensions.def"
    planted.write_text(f"/* ours */\n{row}\n")
    done = subprocess.run([CHECKER, TABLE, planted], text=True, stdout=subprocess.PIPE)
    assert done.returncode == 1
    assert report in done.stdout
