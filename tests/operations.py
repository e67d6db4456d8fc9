"""The rows of src/control/operations.def, for tests that must not leave one out."""

import pathlib
import re
import urllib.parse

TABLE = pathlib.Path(__file__).parents[1] / "src" / "control" / "operations.def"
ROW = re.compile(r'^FG_OP\((\w+), (\w+),\s+"([^"]*)",\s+(NULL|"[^"]*"), (\d+), \w+, (\w+),\s+(\w+)\)', re.MULTILINE)


class Operation:
    """A row of the table."""

    def __init__(self, name, verb, path, query, status, body, handler):
        self.name, self.verb, self.path, self.status = name, verb, path, int(status)
        self.query = "" if query == "NULL" else "?" + query.strip('"')
        self.is_raw = body == "RAW"
        self.is_built = handler != "NULL"

    def target(self, *labels):
        """What the request line says for these path parts."""
        parts = tuple(urllib.parse.quote(label, safe="") for label in labels)
        return self.path.replace("{}", "%s") % parts + self.query

    def takes(self, verb, target):
        """Whether a request with this line is one for this row."""
        path, _, query = target.partition("?")
        pattern = "[^/]+".join(map(re.escape, self.path.split("{}")))
        return (verb == self.verb and re.fullmatch(pattern, path) is not None
                and ("mode=import" in query) == ("mode=import" in self.query))

    def target_of_nothing(self):
        """The same for parts that name nothing."""
        return self.target(*["x"] * self.path.count("{}"))


OPERATIONS = {row[0]: Operation(*row) for row in ROW.findall(TABLE.read_text())}


def named(verb, target):
    """The operation that a request line asks, None when it is none of the service's."""
    return next((name for name, row in OPERATIONS.items() if row.takes(verb, target)), None)
