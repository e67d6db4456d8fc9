"""Scenarios: what every real client is made to ask, and what it must make of the answers.

scenarios/*.json hold lists of scenarios; scenarios/given.json holds steps that several of them start with.

    {"title": "a key's life", "given": ["api"], "steps": [
        ["CreateApiKey", {"name": "n"},         {"id": "@keep K", "enabled": false, "createdDate": "@date"}],
        ["UpdateApiKey", {"apiKey": "${K}", "patch": [["replace", "/name", "m"]]}, {"name": "m"}],
        ["GetApiKey",    {"apiKey": "nosuch"},  "NotFoundException: Invalid API Key identifier specified"]]}

A step is [operation, input, expected], in the words of the service model. Of the answer only the members named are looked
at, but each of those whole. What is expected of a value:

    "@keep K"          anything, kept as ${K} for later steps      {"@has": {...}}    these members among others
    "@any"  "@absent"  is there, is not                            {"@holds": [...]}  a list with these among others
    "@date"            a date of the client's own type             {"@json": {...}}   text or bytes that say this in JSON
    "@like REGEX"      a text that matches as a whole

An error is expected by "Code: message", or by its code alone where the text is nobody's word. In inputs `patch` stands for
`patchOperations`, {"@json": X} for the text of X. `newer: true` marks what Debian's boto3 and aws do not know yet.
Scenarios with an operation that is not built yet wait for it.
"""

import datetime
import json
import pathlib
import re

from operations import OPERATIONS

HERE = pathlib.Path(__file__).parent
ACCOUNT = "000000000000"


class Scenario:
    def __init__(self, title, steps, newer=False):
        self.title, self.steps, self.is_newer = title, steps, newer

    def operations(self):
        return {step[0] for step in self.steps}

    def is_ready(self):
        return all(OPERATIONS[name].is_built for name in self.operations())

    def is_for(self, client):
        return client == "javascript" or not self.is_newer


def spelled_out(step):
    """A step without the shorthands."""
    operation, given, expected = (list(step) + [{}, {}])[:3] if len(step) < 3 else step
    asked = {}
    for name, value in given.items():
        if isinstance(value, dict) and "@json" in value:
            value = json.dumps(value["@json"])
        if name == "patch":
            name, value = "patchOperations", [dict(zip(("op", "path", "value", "from"), one)) for one in value]
            value = [{key: said for key, said in one.items() if said is not None} for one in value]
        if name == "body" and OPERATIONS[operation].is_raw:
            value = {"@bytes": value}
        asked[name] = value
    return [operation, asked, expected]


def load():
    """Every scenario, its given steps in front."""
    given = json.loads((HERE / "scenarios" / "given.json").read_text())
    found = []
    for path in sorted((HERE / "scenarios").glob("*.json")):
        if path.stem == "given":
            continue
        for one in json.loads(path.read_text()):
            steps = [step for name in one.pop("given", []) for step in given[name]] + one.pop("steps")
            found.append(Scenario(steps=[spelled_out(step) for step in steps], **one))
    return found


def scenarios_for(client):
    return [one for one in load() if one.is_for(client) and one.is_ready()]


def names_at_start():
    return {"ACCOUNT": ACCOUNT, "REGION": "us-east-1", "TODAY": datetime.datetime.now(datetime.timezone.utc).date().isoformat()}


def filled(thing, names):
    if isinstance(thing, str):
        return re.sub(r"\$\{(\w+)\}", lambda found: str(names[found.group(1)]), thing)
    if isinstance(thing, dict):
        return {filled(key, names): filled(value, names) for key, value in thing.items()}
    if isinstance(thing, list):
        return [filled(value, names) for value in thing]
    return thing


# ---- what is expected ----

class Mismatch(AssertionError):
    pass


def is_date(value):
    if isinstance(value, str):  # how the command line shows one
        value = datetime.datetime.fromisoformat(value)
    return isinstance(value, datetime.datetime) and value.tzinfo is not None and value.microsecond == 0


def text_of(value):
    return value.decode() if isinstance(value, bytes) else value


def members(want, got, names, where):
    if not isinstance(got, dict):
        raise Mismatch("%s is %r, not an object" % (where, got))
    for name, value in want.items():
        if value == "@absent":
            if name in got:
                raise Mismatch("%s.%s is there: %r" % (where, name, got[name]))
        elif name not in got:
            raise Mismatch("%s.%s is missing" % (where, name))
        else:
            compare(value, got[name], names, "%s.%s" % (where, name))


def holds(want, got, names, where):
    for one in want:
        for candidate in got:
            tried = dict(names)
            try:
                compare(one, candidate, tried, where)
            except Mismatch:
                continue
            names.update(tried)
            break
        else:
            raise Mismatch("%s has nothing like %r: %r" % (where, one, got))


def compare_marked(word, got, names, where):
    if word.startswith("@keep "):
        names[word[6:]] = got
    elif word == "@date":
        if not is_date(got):
            raise Mismatch("%s is no date: %r" % (where, got))
    elif word.startswith("@like "):
        if not re.fullmatch(word[6:], text_of(got), re.S):
            raise Mismatch("%s is %r, not like %s" % (where, got, word[6:]))
    elif word != "@any":
        raise ValueError(word)


def compare(want, got, names, where):
    """Raise Mismatch unless `got` is what is wanted; keep what is to be kept in `names`."""
    if isinstance(want, str) and want.startswith("@"):
        return compare_marked(want, got, names, where)
    if isinstance(want, dict):
        if "@has" in want:
            return members(want["@has"], got, names, where)
        if "@holds" in want:
            return holds(want["@holds"], got, names, where)
        if "@json" in want:
            return compare(want["@json"], json.loads(got), names, where)
        members(want, got, names, where)
        if set(got) - set(want):
            raise Mismatch("%s has %s besides" % (where, sorted(set(got) - set(want))))
        return None
    if isinstance(want, list):
        if not isinstance(got, list) or len(got) != len(want):
            raise Mismatch("%s is %r, not %d items" % (where, got, len(want)))
        for index, (one, other) in enumerate(zip(want, got)):
            compare(one, other, names, "%s[%d]" % (where, index))
        return None
    got = text_of(got)
    if type(got) is not type(want) or got != want:  # 10 is no 10.0, and neither is true
        raise Mismatch("%s is %r, not %r" % (where, got, want))
    return None


# ---- running ----

class Refusal(Exception):
    """What a client makes of an error answer."""

    def __init__(self, code, message):
        super().__init__("%s: %s" % (code, message))
        self.code, self.message = code, message


def play(scenario, ask):
    """Run every step through `ask(operation, input) -> output`, which raises Refusal for an error answer."""
    names = names_at_start()
    for number, (operation, given, expected) in enumerate(scenario.steps, 1):
        asked = filled(given, names)
        expected = filled(expected, names)
        where = "step %d, %s %s" % (number, operation, json.dumps(asked)[:300])
        try:
            got = ask(operation, asked)
        except Refusal as refusal:
            if not isinstance(expected, str) or expected not in (refusal.code, str(refusal)):
                raise Mismatch("%s: refused with %s" % (where, refusal)) from None
            continue
        if isinstance(expected, str):
            raise Mismatch("%s: granted with %r, but %s is due" % (where, got, expected))
        members(expected, got, names, where)
