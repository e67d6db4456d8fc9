"""The manual says what the programs and tables say: generated pages are those of the generator, man pages are well-formed, and
every directive and variable of the module has its entry."""

import pathlib
import re
import shutil
import subprocess

import pytest

import harness

ROOT = pathlib.Path(harness.SOURCE)
GENERATOR = ROOT / "tools" / "generate-manual"


def generate(*words):
    return subprocess.run([GENERATOR, "--bin", pathlib.Path(harness.BUILD) / "bin", *words], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_the_committed_pages_are_those_of_the_tables():
    done = generate("--check")
    assert done.returncode == 0, done.stdout


def test_a_changed_page_is_reported(tmp_path):
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    with open(tmp_path / "docs/reference/commands.md", "a") as page:
        page.write("one line more\n")
    (tmp_path / "docs/man/faregated.8").unlink()
    done = generate("--check", "--output", tmp_path)
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["docs/reference/commands.md", "docs/man/faregated.8"]


@pytest.mark.parametrize("page", sorted((ROOT / "docs/man").iterdir()), ids=lambda page: page.name)
def test_a_manual_page_is_well_formed(page):
    done = subprocess.run(["mandoc", "-Tlint", "-W", "warning", page], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    assert done.returncode == 0 and not done.stdout, done.stdout


def names_in(pattern, *files):
    return {name for file in files for name in re.findall(pattern, (ROOT / file).read_text())}


def test_every_directive_and_variable_has_its_entry():
    page = (ROOT / "docs/directives.md").read_text()
    directives = names_in(r'\{ ngx_string\("(faregate\w*)"\),\n', "nginx/ngx_http_faregate_module.c")
    assert len(directives) > 5
    assert directives == set(re.findall(r"^### (faregate\w*)$", page, re.MULTILINE))
    variables = names_in(r'(?:ngx_string|ngx_http_faregate_var)\("(faregate_\w+)"', "nginx/ngx_http_faregate_vars.c")
    assert len(variables) > 5
    assert variables == {name for row in re.findall(r"^\| (`\$.*?) \|", page, re.MULTILINE)
                         for name in re.findall(r"\$(faregate_\w+)", row)}
