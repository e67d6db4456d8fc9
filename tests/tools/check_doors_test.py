"""The checker passes on the tree and reports each planted fault."""

import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECKER = ROOT / "tools" / "check-doors"


def check(root):
    return subprocess.run([CHECKER, root], text=True, stdout=subprocess.PIPE)


def test_the_tree_uses_its_doors():
    done = check(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("line", ["#include <sqlite3.h>", "#include <jansson.h>", '#include "../store/store.h"',
                                  "#include <openssl/evp.h>", "#include <ngx_core.h>", "# include <curl/curl.h>"])
def test_a_planted_fault_is_reported(tmp_path, line):
    folder = tmp_path / "src" / "gate"
    folder.mkdir(parents=True)
    (folder / "gate.c").write_text('#include "base/str.h"\n' + line + "\n")
    done = check(tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("src/gate/gate.c:2: ")
