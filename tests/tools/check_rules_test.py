"""The checker passes on the tree and reports a rule without code, without a test, and a page that names no place."""

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECKER = ROOT / "tools" / "check-rules"


def plant(root, page, code="", test=""):
    for folder in ("docs/rules", "src/gate", "nginx/t", "daemon", "cli", "tests/gate"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "docs/rules/keys.md").write_text(page)
    (root / "src/gate/decide.c").write_text(code)
    (root / "tests/gate/decide_test.c").write_text(test)
    return subprocess.run([CHECKER, root], text=True, stdout=subprocess.PIPE)


def test_every_rule_of_the_tree_has_code_and_a_test():
    done = subprocess.run([CHECKER, ROOT], text=True, stdout=subprocess.PIPE)
    assert done.returncode == 0, done.stdout


def test_a_rule_without_code_or_test_is_reported(tmp_path):
    done = plant(tmp_path, "| K5 | refused | [R] |\n", code="/* Rule K6 */", test="/* Rules K4, K5 */")
    assert done.returncode == 1
    assert done.stdout == "docs/rules/keys.md: K5 is cited by no code\n"
    done = plant(tmp_path, "| K5 | refused | [R] |\n", code="/* Rules K4-K6 */")
    assert done.stdout == "docs/rules/keys.md: K5 is cited by no test\n"


def test_a_page_that_names_no_place_is_reported(tmp_path):
    done = plant(tmp_path, "| R1 | matches | [R] |\n")
    assert "docs/rules/keys.md: R1 has neither" in done.stdout
    done = plant(tmp_path, "Code: `src/gate`. Tests: `tests/gone`.\n\n| R1 | matches | [R] |\n")
    assert done.stdout == "docs/rules/keys.md: tests/gone does not exist\n"


def test_names_of_tests_count(tmp_path):
    done = plant(tmp_path, "| K5 | refused | [R] |\n", code="/* Rule K5 */", test="static void k5_refuses(void)")
    assert done.returncode == 0
