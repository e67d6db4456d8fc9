"""Terraform's AWS provider, as far as its calls for aws_api_gateway_* go (reference section 5).

A Resource is a row: the call that creates it, the call that reads it, what the configuration says of it, its updates, the
call that deletes it. `live` leads it through a whole life. After every change it is read twice: nothing may differ from the
configuration, so that `terraform plan` has nothing to do. Every answer is read as Go reads it.

A call is (operation, label ..., {body}) with an optional "?query"; {Name} in it is what `kept` took from an earlier answer.
Members that the service gives by itself are `computed`; any other that the configuration does not name is a difference.
"""

import dataclasses

import shapes
from operations import OPERATIONS
from rows import edits, filled

COMPUTED = {"id", "createdDate", "lastUpdatedDate", "arn", "faregate"}


@dataclasses.dataclass
class Resource:
    kind: str
    create: tuple
    read: tuple
    delete: tuple
    attributes: dict
    kept: dict = dataclasses.field(default_factory=dict)
    given: tuple = ()
    computed: tuple = ()
    update: tuple = ()  # the call that carries the patches
    updates: tuple = ()  # (patches, or a whole new body; the attributes they change)
    within: str = ""  # the member of the read answer, when the resource is a part of another
    arn: str = ""  # where tags go
    gone: str = "NotFoundException"


class Provider:
    def __init__(self, daemon):
        self.daemon = daemon
        self.names = {}

    def ask(self, call, body=None):
        """The raw answer of a call, checked against the model."""
        operation, *parts = filled(list(call), self.names)
        row = OPERATIONS[operation]
        query = "".join(part for part in parts if isinstance(part, str) and part.startswith("?"))
        labels = [part for part in parts if isinstance(part, str) and not part.startswith("?")]
        for part in parts:
            body = part if isinstance(part, (dict, bytes)) else body
        answer = self.daemon.call(row.verb, row.target(*labels) + query, filled(body, self.names))
        shapes.check(operation, answer.status, answer.headers, answer.body)
        return answer

    def call(self, call, kept=None, body=None):
        answer = self.ask(call, body)
        assert answer.status == OPERATIONS[call[0]].status, (call, answer)
        got = answer.json() if answer.body else {}
        for name, member in (kept or {}).items():
            self.names[name] = got[member]
        return got

    def is_gone(self, call, kind):
        answer = self.ask(call)
        assert (answer.status >= 400, answer.error_type) == (True, kind), (call, answer)


def as_go(got, want):
    """An absent member is Go's zero value; a null in a map is an empty text."""
    if got is None:
        return type(want)()
    if isinstance(got, dict) and isinstance(want, dict):
        return {name: "" if value is None else value for name, value in got.items()}
    return got


def differences(resource, state, attributes):
    """What `terraform plan` would want to change."""
    for name, want in attributes.items():
        got = as_go(state.get(name), want)
        if type(got) is not type(want) or got != want:
            yield "%s is %r, not %r" % (name, got, want)
    for name in set(state) - set(attributes) - COMPUTED - set(resource.computed):
        yield "%s is %r, which nobody asked for" % (name, state[name])


def plan_without_difference(provider, resource, attributes):
    for _ in range(2):
        state = provider.call(resource.read)
        for part in filled(resource.within, provider.names).split(" ") if resource.within else []:
            state = state[part]
        found = list(differences(resource, state, filled(attributes, provider.names)))
        assert not found, "%s: %s" % (resource.kind, "; ".join(found))


def retag(provider, resource, attributes):
    """Tags are changed by calls of their own."""
    provider.call(("UntagResource", resource.arn, "?tagKeys=k"))
    provider.call(("TagResource", resource.arn, {"tags": {"new/key": "v w"}}))
    attributes["tags"] = {"new/key": "v w"}
    plan_without_difference(provider, resource, attributes)


def live(daemon, resource):
    """create, read, update, read, tag, read, delete, read."""
    provider = Provider(daemon)
    for call, kept in resource.given:
        provider.call(call, kept)
    attributes = dict(resource.attributes)
    provider.call(resource.create, resource.kept)
    plan_without_difference(provider, resource, attributes)
    for change, changed in resource.updates:
        provider.call(resource.update, body=change if isinstance(change, dict) else edits(*change))
        attributes.update(changed)
        plan_without_difference(provider, resource, attributes)
    if resource.arn:
        retag(provider, resource, attributes)
    provider.call(resource.delete)
    provider.is_gone(resource.delete, resource.gone)
    return provider
