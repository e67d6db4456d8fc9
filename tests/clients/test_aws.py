"""Every scenario with Debian's `aws` command."""

import base64
import json
import pathlib
import re
import subprocess

import pytest

import harness
import script

HERE = pathlib.Path(__file__).parent
ERROR = re.compile(r"An error occurred \((\w+)\) when calling the \w+ operation(?: \(.*?\))?: (.*)\n$", re.S)
CONFIGURATION = "[default]\nparameter_validation = false\n"


class Aws:
    """The command, as a function from an operation and its input to the output."""

    def __init__(self, daemon, place):
        (place / "config").write_text(CONFIGURATION)
        key_id, secret = daemon.credentials()
        self.endpoint = "http://127.0.0.1:%d" % daemon.control_port()
        self.out = place / "out"
        self.process = subprocess.Popen(
            ["/usr/bin/python3", str(HERE / "aws_many.py")], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=dict(harness.environment(), AWS_ACCESS_KEY_ID=key_id, AWS_SECRET_ACCESS_KEY=secret,
                     AWS_MAX_ATTEMPTS="1", AWS_DEFAULT_REGION=harness.REGION, AWS_CONFIG_FILE=str(place / "config"),
                     AWS_PAGER="", HOME=str(place)))

    def close(self):
        self.process.stdin.close()
        self.process.wait(harness.STOP_S)
        self.process.stdout.close()

    def run(self, words):
        """[exit code, standard output, standard error] of `aws WORDS`."""
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def __call__(self, operation, asked):
        if isinstance(asked.get("body"), dict):
            asked["body"] = base64.b64encode(asked["body"]["@bytes"].encode()).decode()
        words = ["apigateway", command(operation), "--endpoint-url", self.endpoint, "--output", "json", "--no-paginate"]
        is_file = operation in ("GetExport", "GetSdk")
        if is_file:  # the command wants each word of these
            words += [word for name, value in asked.items() for word in ("--" + command(name), one_word(value))]
            words.append(str(self.out))
        else:
            words += ["--cli-input-json", json.dumps(asked)]
        code, out, err = self.run(words)
        refused = ERROR.search(err)
        if refused:
            raise script.Refusal(*refused.groups())
        assert code == 0, "%s: %d %s" % (" ".join(words), code, err)
        got = json.loads(out) if out.strip() else {}
        if is_file:
            got["body"] = self.out.read_bytes()
        return got


def one_word(value):
    return value if isinstance(value, str) else json.dumps(value)


def command(operation):
    """In the command's spelling."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", operation).lower()


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    with harness.Faregated() as daemon:
        aws = Aws(daemon, tmp_path_factory.mktemp("aws"))
        yield aws
        aws.close()


@pytest.mark.parametrize("scenario", script.scenarios_for("aws"), ids=lambda scenario: scenario.title)
def test_aws(ask, scenario):
    script.play(scenario, ask)


# ---- words of a command line, which no other client knows ----

def said(aws, *words):
    code, out, err = aws.run(["apigateway", *words, "--endpoint-url", aws.endpoint, "--output", "json"])
    assert code == 0, "%s: %d %s" % (" ".join(words), code, err)
    return json.loads(out) if out.strip() else None


def test_shorthands(ask):
    """Structures, lists, maps and patches in the command's own notation."""
    plan = said(ask, "create-usage-plan", "--name", "words", "--throttle", "burstLimit=3,rateLimit=1.5",
                "--quota", "limit=5,offset=0,period=DAY", "--tags", "team=red,stage=x")
    assert plan["throttle"] == {"burstLimit": 3, "rateLimit": 1.5}
    assert plan["quota"] == {"limit": 5, "offset": 0, "period": "DAY"}
    assert plan["tags"] == {"team": "red", "stage": "x"}
    changed = said(ask, "update-usage-plan", "--usage-plan-id", plan["id"], "--patch-operations",
                   "op=replace,path=/name,value=other", "op=remove,path=/quota")
    assert (changed["name"], "quota" in changed) == ("other", False)
    key = said(ask, "create-api-key", "--name", "words", "--no-enabled", "--generate-distinct-id")
    assert key["enabled"] is False
    assert said(ask, "get-api-key", "--api-key", key["id"], "--include-value")["value"] == key["value"]
    assert said(ask, "delete-api-key", "--api-key", key["id"]) is None


def test_pages(ask):
    """The command asks for page after page by itself, and goes on where it was told to stop."""
    made = [said(ask, "create-api-key", "--name", "paged")["id"] for _ in range(3)]
    whole = said(ask, "get-api-keys", "--name-query", "paged", "--page-size", "1")
    assert sorted(item["id"] for item in whole["items"]) == sorted(made)
    first = said(ask, "get-api-keys", "--name-query", "paged", "--page-size", "1", "--max-items", "2")
    rest = said(ask, "get-api-keys", "--name-query", "paged", "--starting-token", first["NextToken"])
    assert first["items"] + rest["items"] == whole["items"] and "NextToken" not in rest
