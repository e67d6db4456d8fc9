"""Answers as strictly as the Go SDK reads them: every JSON value against the service model's output shapes.

The AWS provider of Terraform is built on that SDK, which takes no fraction for an integer, no text for a timestamp and no
null for a structure. Unknown members would pass there, but not here: the only ones of ours are called `faregate`.

    shapes.watch(client)                        every answer to a boto3 client
    shapes.check("GetApiKey", status, headers, body)    one raw answer; raises AssertionError
"""

import json
import re

import botocore.loaders

MODEL = botocore.loaders.Loader().load_service_model("apigateway", "service-2")
SHAPES = MODEL["shapes"]
OURS = "faregate"
OUR_VALUES = {"ApiKeySourceType": ["QUERY"]}  # rule K4

# What the service got after Debian 12's botocore: structure -> member -> shape.
NEWER = {
    "RestApi": {"rootResourceId": "String", "securityPolicy": "String", "endpointAccessMode": "String",
                "apiStatus": "String", "apiStatusMessage": "String"},
    "EndpointConfiguration": {"ipAddressType": "String"},
    "DomainName": {"domainNameId": "String", "domainNameArn": "String", "endpointAccessMode": "String",
                   "managementPolicy": "String", "policy": "String", "routingMode": "String"},
    "Integration": {"responseTransferMode": "String", "integrationTarget": "String"},
}
# The same of whole answers: shapes in the model's own form, and the operations that give them.
ASSOCIATION = "DomainNameAccessAssociation"
SHAPES.update({
    ASSOCIATION: {"type": "structure", "members": {
        name: {"shape": "MapOfStringToString" if name == "tags" else "String"}
        for name in ("domainNameAccessAssociationArn", "domainNameArn", "accessAssociationSourceType",
                     "accessAssociationSource", "tags")}},
    ASSOCIATION + "s": {"type": "structure", "members": {
        "position": {"shape": "String"}, "items": {"shape": "ListOf" + ASSOCIATION, "locationName": "item"}}},
    "ListOf" + ASSOCIATION: {"type": "list", "member": {"shape": ASSOCIATION}},
})
MODEL["operations"].update({
    "Create" + ASSOCIATION: {"http": {"responseCode": 201}, "output": {"shape": ASSOCIATION}},
    "Get" + ASSOCIATION + "s": {"http": {"responseCode": 200}, "output": {"shape": ASSOCIATION + "s"}},
    "Delete" + ASSOCIATION: {"http": {"responseCode": 202}},
    "Reject" + ASSOCIATION: {"http": {"responseCode": 202}},
})
REQUEST_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def members_of(name):
    """Wire name -> shape of a structure's members that travel in the body."""
    members = {member.get("locationName", key): member["shape"] for key, member in SHAPES[name]["members"].items()
               if member.get("location") not in ("header", "statusCode")}
    return {**members, **NEWER.get(name, {})}


def structure_faults(name, value, where):
    if not isinstance(value, dict):
        yield "%s is no object: %r" % (where, value)
        return
    known = members_of(name)
    for key, one in value.items():
        if key in known:
            yield from faults(known[key], one, "%s.%s" % (where, key))
        elif key != OURS:
            yield "%s.%s is not in the model" % (where, key)


def list_faults(name, value, where):
    if not isinstance(value, list):
        yield "%s is no list: %r" % (where, value)
        return
    for index, one in enumerate(value):
        yield from faults(SHAPES[name]["member"]["shape"], one, "%s[%d]" % (where, index))


def map_faults(name, value, where):
    if not isinstance(value, dict):
        yield "%s is no map: %r" % (where, value)
        return
    for key, one in value.items():
        if one is not None:  # a template that was given as null is shown so
            yield from faults(SHAPES[name]["value"]["shape"], one, "%s.%s" % (where, key))


def string_faults(name, value, where):
    if not isinstance(value, str):
        yield "%s is no text: %r" % (where, value)
    elif value not in SHAPES[name].get("enum", [value]) + OUR_VALUES.get(name, []):
        yield "%s is %r, not of %s" % (where, value, SHAPES[name]["enum"])


def scalar_faults(types, what):
    def check(_, value, where):
        if type(value) not in types:
            yield "%s is no %s: %r" % (where, what, value)
    return check


KINDS = {
    "structure": structure_faults, "list": list_faults, "map": map_faults, "string": string_faults,
    "boolean": scalar_faults((bool,), "boolean"),
    "integer": scalar_faults((int,), "integer"), "long": scalar_faults((int,), "integer"),
    "double": scalar_faults((float,), "double with a fraction"),
    "timestamp": scalar_faults((int,), "number of whole seconds"),
}


def faults(name, value, where):
    return KINDS[SHAPES[name]["type"]](name, value, where)


def error_faults(status, headers, body):
    if not re.fullmatch(r"\w+Exception", headers.get("x-amzn-errortype", "")):
        yield "x-amzn-ErrorType is %r" % headers.get("x-amzn-errortype")
    key = "Message" if headers.get("x-amzn-errortype") == "AccessDeniedException" else "message"
    said = json.loads(body)
    if list(said) != [key] or not isinstance(said[key], str) or not said[key]:
        yield "an error of %d says %r" % (status, said)


def answer_faults(operation, status, headers, body):
    """Everything that is wrong with one answer; `headers` in lower case."""
    row = MODEL["operations"].get(operation)
    if not REQUEST_ID.fullmatch(headers.get("x-amzn-requestid", "")) or "x-amz-apigw-id" not in headers:
        yield "the ids of the request are missing: %r" % headers
    if status >= 400:
        yield from error_faults(status, headers, body)
        return
    if row and status != row["http"].get("responseCode", 200):
        yield "status %d" % status
    output = SHAPES[row["output"]["shape"]] if row and "output" in row else None
    if row and not output:
        if body:
            yield "a body, %r" % body[:100]
    elif output and "payload" not in output:
        if headers.get("content-type") != "application/json":
            yield "content type %r" % headers.get("content-type")
        yield from faults(row["output"]["shape"], json.loads(body), operation)


def check(operation, status, headers, body):
    found = list(answer_faults(operation, status, {name.lower(): value for name, value in headers.items()}, body))
    assert not found, "%s answered %s: %s" % (operation, body[:2000], "; ".join(found))


def watch(client):
    """Check every answer that this boto3 client gets."""
    def on_response(response_dict, event_name, **_):
        check(event_name.rsplit(".", 1)[1], response_dict["status_code"], response_dict["headers"], response_dict["body"])
    client.meta.events.register("response-received.apigateway", on_response)
    return client
