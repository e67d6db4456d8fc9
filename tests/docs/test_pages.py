"""Every command in the docs is run.

A page's ```sh blocks are one shell script, run in order in a directory of its own: a block may use what an earlier one set.
All pages meet one instance with the demo, as `make run` has it. `#=> text` in a block is what must come out from there on, in order. Before it runs, the ports of
the page (8080, 8081) become those of the instance, and `run/` its data directory.

A block that cannot run has `<!-- not run: why -->` in front. Commands that only show a form (indented by four, with [option]
or upper-case words) are not run; their options must be those that --help knows.
"""

import pathlib
import re
import subprocess

import pytest

import harness

ROOT = pathlib.Path(harness.SOURCE)
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "packaging").rglob("*.md")])
BLOCK = re.compile(r"(?:<!-- not run: (?P<why>[^>]+) -->\n+)?^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
FORM = re.compile(r"^    (?:\$ )?(faregate|faregated|aws|curl|npm|apt-get|systemctl|nginx) (.*?)$", re.MULTILINE)
PAGE_S = 120


def name_of(page):
    return page.relative_to(ROOT).as_posix()


def blocks(page):
    """Texts of the blocks to run."""
    found = []
    for block in BLOCK.finditer(page.read_text()):
        if block["kind"] != "sh":
            assert block["why"] is None, "%s: only ```sh is run" % name_of(page)
        elif block["why"] is None:
            found.append(block["text"])
    return found


def fit(text, gateway):
    """The page's ports and paths become those of the instance."""
    text = re.sub(r"\b(127\.0\.0\.1|localhost):8080\b", r"\1:%d" % gateway.data_port, text)
    text = re.sub(r"\b(127\.0\.0\.1|localhost):8081\b", r"\1:%d" % gateway.port, text)
    text = text.replace("/usr/lib/nginx/modules/ngx_http_faregate_module.so",
                        harness.BUILD + "/modules/ngx_http_faregate_module.so")
    text = text.replace("build/bin/faregate", harness.program("faregate"))
    return re.sub(r"(?<![\w/])run/", gateway.data_dir + "/", text)


def script_of(page, gateway):
    lines = ["set -eu"]
    for number, text in enumerate(blocks(page), 1):
        lines += ["echo @@ block %d >&2" % number, "echo @@ block %d" % number, fit(text, gateway)]
    return "\n".join(lines) + "\n"


def expectations(script):
    """[(block, text)] of the lines `#=> text`."""
    block, found = 0, []
    for line in script.splitlines():
        if line.startswith("echo @@ block ") and not line.endswith(">&2"):
            block += 1
        elif "#=> " in line:
            found.append((block, line.split("#=> ", 1)[1].strip()))
    return found


@pytest.fixture(scope="module")
def gateway():
    with harness.Faregate(args=["--region", "us-east-1"]) as running:
        subprocess.run([harness.program("faregate"), "demo", "--data-dir", running.data_dir], check=True,
                       stdout=subprocess.DEVNULL)
        yield running


def environment(gateway, work):
    return {**harness.environment(preload=True), "FAREGATE_DATA_DIR": gateway.data_dir, "HOME": str(work), "AWS_PAGER": "",
            "AWS_SHARED_CREDENTIALS_FILE": gateway.data_dir + "/credentials", "AWS_DEFAULT_REGION": "us-east-1",
            "PATH": harness.BUILD + "/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=name_of)
def test_the_commands_of_a_page_work(page, gateway, tmp_path):
    script = script_of(page, gateway)
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment(gateway, tmp_path), text=True, timeout=PAGE_S,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, "%s\n%s" % (done.stdout[-3000:], done.stderr[-3000:])
    at = 0
    for block, text in expectations(script):
        begin = max(at, done.stdout.index("@@ block %d" % block))
        found = done.stdout.find(text, begin)
        assert found >= 0, "block %d: %r did not come out:\n%s" % (block, text, done.stdout[begin:][:2000])
        at = found + len(text)


HELP = {}


def options_known(words):
    """What --help of the longest subcommand that `words` begin with names."""
    for count in (2, 1):
        command = tuple(words[:count])
        if len(command) < count or any(not re.fullmatch(r"[a-z][a-z-]*", word) for word in command):
            continue
        if command not in HELP:
            done = subprocess.run([harness.program("faregate"), *command, "--help"], text=True, timeout=20,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            HELP[command] = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", done.stdout)) if done.returncode == 0 else None
        if HELP[command]:
            return HELP[command]
    return None


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_outside_of_blocks_are_forms(page):
    text = BLOCK.sub("", page.read_text())
    for program, rest in FORM.findall(text):
        line = "%s %s" % (program, rest)
        rest = re.split(r"\s{3,}", rest)[0]
        assert program == "faregate", "%s: a command that is not run: %s" % (name_of(page), line)
        assert re.search(r"\[|\.\.\.|\b[A-Z]{2,}\b|\||help", rest), "%s: not run, and not a form: %s" % (name_of(page), line)
        words = rest.split()
        known = options_known([word for word in words if word != "apigateway"])
        if known is None:
            continue
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", rest):
            assert option in known, "%s: %s is unknown to: %s" % (name_of(page), option, line)
