"""Rows of raw signed requests, for the tests of reference 4.6 to 4.11 and of the REST API part of 5.

A row is (sentence, "VERB target", body, status, answer, kept). The answer is compared whole: ANY stands for a value
that is not known beforehand, None for no body at all, an `Error` for the error type and its text. `kept` names members
of the answer that later rows write as {name}.
"""

import contextlib
import re

import operations
import shapes


class Any:
    def __eq__(self, other):
        return True

    def __repr__(self):
        return "ANY"


ANY = Any()


class Error:
    def __init__(self, kind, text):
        self.kind, self.text = kind, text


class Has:
    """Only these members are looked at; ABSENT says that one is not there."""

    def __init__(self, **members):
        self.members = members

    def __eq__(self, other):
        return all(name not in other if want is ABSENT else name in other and other[name] == want
                   for name, want in self.members.items())

    def __repr__(self):
        return "Has(%r)" % self.members


ABSENT = object()


def bad(text):
    return Error("BadRequestException", text)


def lost(text):
    return Error("NotFoundException", text)


def taken(text):
    return Error("ConflictException", text)


def invalid(text, count=1):
    return Error("ValidationException", "%d validation error%s detected: %s" % (count, "s" * (count > 1), text))


def edit(op, path, value=None, **more):
    operation = {"op": op, "path": path, **more}
    if value is not None:
        operation["value"] = value
    return {"patchOperations": [operation]}


def edits(*operations):
    return {"patchOperations": [edit(*operation)["patchOperations"][0] for operation in operations]}


def filled(thing, names):
    if isinstance(thing, str):
        return re.sub(r"\{([A-Z][a-z]*)\}", lambda found: names[found.group(1)], thing)
    if isinstance(thing, dict):
        return {filled(key, names): filled(value, names) for key, value in thing.items()}
    if isinstance(thing, list):
        return [filled(value, names) for value in thing]
    if isinstance(thing, Has):
        return Has(**filled(thing.members, names))
    if isinstance(thing, Error):
        return Error(thing.kind, filled(thing.text, names))
    return thing


class Walk:
    def __init__(self, daemon):
        self.daemon = daemon
        self.names = {}

    def step(self, sentence, request, body=None, status=200, answer=ANY, kept=None):
        verb, target = filled(request, self.names).split(" ", 1)
        got = self.daemon.call(verb, target, filled(body, self.names))
        shapes.check(operations.named(verb, target), got.status, got.headers, got.body)
        where = "%s [%s %s] answered %r" % (sentence, verb, target, got)
        answer = filled(answer, self.names)
        if isinstance(answer, Error):
            assert (got.status, got.error_type, got.json()) == (status, answer.kind, {"message": answer.text}), where
            return
        assert got.status == status, where
        if answer is None:
            assert got.body == b"", where
            return
        value = got.json()
        assert answer == value, "%s, not %r" % (where, answer)
        for name, member in (kept or {}).items():
            self.names[name] = value[member]

    def walk(self, rows):
        for row in rows:
            self.step(*row)


@contextlib.contextmanager
def no_change(walk, request):
    """What is refused leaves no trace."""
    verb, target = filled(request, walk.names).split(" ", 1)
    before = walk.daemon.call(verb, target).json()
    yield
    assert walk.daemon.call(verb, target).json() == before


API = {"id": ANY, "name": "a", "createdDate": ANY, "apiKeySource": "HEADER", "disableExecuteApiEndpoint": False,
       "endpointConfiguration": {"ipAddressType": "ipv4", "types": ["EDGE"]}, "rootResourceId": ANY}
ONLY_REPLACE = bad("Invalid patch operation specified. Must be one of: [replace]")
NO_RESOURCE = lost("Invalid Resource identifier specified")
METHOD = "/restapis/{A}/resources/{P}/methods/GET"
NO_METHOD = lost("Invalid Method identifier specified")
PLAIN = {"apiKeyRequired": False, "authorizationType": "NONE", "httpMethod": "GET"}
INTEGRATION = METHOD + "/integration"
MOCK = {"type": "MOCK", "cacheKeyParameters": [], "cacheNamespace": "{P}", "passthroughBehavior": "WHEN_NO_MATCH",
        "timeoutInMillis": 29000}
HTTP = {**MOCK, "type": "HTTP_PROXY", "connectionType": "INTERNET", "httpMethod": "GET", "uri": "http://example.org/"}
STAGE = {"stageName": "dev", "deploymentId": ANY, "cacheClusterEnabled": False, "cacheClusterStatus": "NOT_AVAILABLE",
         "methodSettings": {}, "tracingEnabled": False, "createdDate": ANY, "lastUpdatedDate": ANY}

SETTING = {"cacheDataEncrypted": False, "cacheTtlInSeconds": 300, "cachingEnabled": False, "dataTraceEnabled": False,
           "metricsEnabled": False, "requireAuthorizationForCacheControl": True, "throttlingBurstLimit": 5000,
           "throttlingRateLimit": 10000.0, "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER"}
LOG_ARN = "arn:aws:logs:us-east-1:000000000000:log-group:g"


def method(**members):
    return {"authorizationType": "NONE", **members}


def deployable(walk):
    walk.walk([
        ("a method", "PUT " + METHOD, method(), 201),
        ("a MOCK", "PUT " + INTEGRATION, {"type": "MOCK"}, 201),
    ])


def deployed(walk):
    deployable(walk)
    walk.walk([
        ("a deployment", "POST /restapis/{A}/deployments", {}, 201, ANY, {"D": "id"}),
        ("its stage", "POST /restapis/{A}/stages", {"stageName": "dev", "deploymentId": "{D}"}, 201),
    ])


def no_setting(key):
    return bad("Cannot remove method setting %s because there is no method setting for this method " % key)
