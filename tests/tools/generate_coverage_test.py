"""docs/coverage.md is what the tables say; a row without a reason, a reason too many and an old page are reported."""

import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "generate-coverage"
ROWS = ('FG_OP(GetKey, GET, "/keys/{}", NULL, 200, READ, NONE, fg_key_get)\n'
        'FG_OP(ImportKeys, POST,\n      "/keys", "mode=import", 201, WRITE, RAW,\n      NULL)\n')
PAGE = "## Operations that are not built\n\n| operation | reason |\n|---|---|\n%s\n## More\n\n| GetKey | not here |\n"
REASON = "| ImportKeys | nobody asked |\n"


def run(*arguments):
    done = subprocess.run([TOOL, *arguments], text=True, stdout=subprocess.PIPE)
    return done.returncode, done.stdout


def plant(root, reasons):
    for folder in ("src/control", "docs/rules"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "src/control/operations.def").write_text(ROWS)
    (root / "src/control/extensions.def").write_text('FG_OP(GetTop, GET, "/faregate/top", NULL, 200, READ, NONE, fg_top)\n')
    (root / "docs/rules/differences.md").write_text(PAGE % reasons)
    return root


def test_the_page_of_the_tree_is_what_its_tables_say():
    code, text = run("--check")
    assert code == 0, text


def test_every_row_is_on_the_page(tmp_path):
    root = plant(tmp_path, REASON)
    assert run(root) == (0, "")
    text = (root / "docs/coverage.md").read_text()
    assert "## The service's operations: 1 of 2" in text and "## Our own: 1 of 1" in text
    assert "| GetKey | GET | `/keys/{}` | 200 | yes |" in text
    assert "| ImportKeys | POST | `/keys?mode=import` | 201 | 501: nobody asked |" in text
    assert run("--check", root)[0] == 0


@pytest.mark.parametrize("reasons, offence", [
    ("", "ImportKeys answers 501 and docs/rules/differences.md gives no reason"),
    (REASON + "| GetKey | x |\n", "docs/rules/differences.md gives a reason for GetKey, which is built"),
    (REASON + "| GetNone | x |\n", "docs/rules/differences.md gives a reason for GetNone, which has no row"),
])
def test_reasons_and_rows_belong_together(tmp_path, reasons, offence):
    root = plant(tmp_path, reasons)
    run(root)
    assert run("--check", root) == (1, offence + "\n")


def test_an_old_page_is_reported(tmp_path):
    root = plant(tmp_path, REASON)
    run(root)
    (root / "src/control/operations.def").write_text(ROWS.replace("200", "202"))
    code, text = run("--check", root)
    assert (code, text) == (1, "docs/coverage.md differs from what the tables say: run tools/generate-coverage\n")
