"""What the tests of `faregate apply` share: a daemon, files beside it, and what it was asked."""

import json
import re
import subprocess

import harness


def faregate(daemon, *words, **options):
    """Run it against the daemon; returns what it said."""
    return subprocess.run(command(daemon, *words), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=harness.environment(), timeout=120, stdin=subprocess.DEVNULL, **options)


def command(daemon, *words):
    return [harness.program("faregate"), *words, "--data-dir", daemon.data_dir,
            "--endpoint-url", "http://127.0.0.1:%d" % daemon.control_port()]


def writes(daemon):
    """How many calls that could change something the daemon has answered."""
    text = daemon.call("GET", "/metrics", is_signed=False).body.decode()
    counts = re.findall(r'^faregate_control_requests_total\{operation="(\w+)",status="\d+"\} (\d+)', text, re.M)
    return sum(int(count) for name, count in counts if not name.startswith("Get"))


class Shop:
    """A daemon, and files in a folder of their own."""

    def __init__(self, daemon, folder):
        self.daemon = daemon
        self.folder = folder
        self.api = harness.client(daemon)

    def file(self, text, name="shop.yaml"):
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def apply(self, text, *words, code=0, name="shop.yaml"):
        done = faregate(self.daemon, "apply", self.file(text, name), *words)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done

    def plan(self, text, *words):
        """The steps of a dry run that would do something: {(action, kind, name): [path, ...]}."""
        done = faregate(self.daemon, "apply", self.file(text), "--dry-run", "--json", *words)
        assert done.returncode in (0, 3), done.stderr
        steps = {(step["action"], step["kind"], step["name"]): [change["path"] for change in step["changes"]]
                 for step in json.loads(done.stdout)["steps"] if step["action"] != "none"}
        assert (done.returncode == 3) == bool(steps)
        return steps

    def export(self, *words, code=0):
        done = faregate(self.daemon, "export", *words)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done.stdout

    def plans(self):
        return {plan["name"]: plan for plan in self.api.get_usage_plans(limit=500)["items"]}

    def keys(self, values=False):
        return {key["name"]: key for key in self.api.get_api_keys(limit=500, includeValues=values)["items"]}

    def on_plans(self, key_name):
        key_id = self.keys()[key_name]["id"]
        return {name for name, plan in self.plans().items()
                if key_id in [key["id"] for key in self.api.get_usage_plan_keys(usagePlanId=plan["id"])["items"]]}
