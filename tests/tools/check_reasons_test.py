"""Every reason code has a sentence: the checker passes on the tree and reports each planted fault. Rule E2."""

import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECKER = ROOT / "tools" / "check-reasons"


def check(root):
    return subprocess.run([CHECKER, root], text=True, stdout=subprocess.PIPE)


def copy_of_the_tree(folder):
    for name in ["src/gate/reasons.def", "docs/rules/explain.md", "nginx/ngx_http_faregate_refuse.c"]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def test_every_reason_has_a_sentence():
    done = check(ROOT)
    assert done.returncode == 0, done.stdout


def test_a_code_without_a_row_is_reported(tmp_path):
    root = copy_of_the_tree(tmp_path)
    (root / "nginx" / "more.c").write_text('return ngx_http_faregate_refuse_forbidden(r, ctx,\n    "moon-too-full");\n')
    done = check(root)
    assert done.returncode == 1
    assert done.stdout == "nginx/more.c: moon-too-full has no row in reasons.def\n"


def test_a_stale_page_is_reported(tmp_path):
    root = copy_of_the_tree(tmp_path)
    page = root / "docs" / "rules" / "explain.md"
    page.write_text(page.read_text().replace("No API key has this value.", "No key."))
    done = check(root)
    assert done.returncode == 1
    assert "the table is not reasons.def" in done.stdout
