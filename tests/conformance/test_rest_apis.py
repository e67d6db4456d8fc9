"""Reference 4.6 to 4.11 and the REST API part of 5, statement by statement, as raw signed requests.

A row is (sentence, "VERB target", body, status, answer, kept). The answer is compared whole: ANY stands for a value
that is not known beforehand, None for no body at all, an `Error` for the error type and its text. `kept` names members
of the answer that later rows write as {name}.
"""

import contextlib
import re

import pytest

import harness


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


@pytest.fixture(scope="module")
def daemon():
    with harness.Faregated() as instance:
        yield instance


@pytest.fixture
def walk(daemon):
    """With an API {A}, its root {R} and a resource {P} at /pets."""
    walk = Walk(daemon)
    walk.walk([
        ("an API", "POST /restapis", {"name": "pets"}, 201, ANY, {"A": "id", "R": "rootResourceId"}),
        ("a resource", "POST /restapis/{A}/resources/{R}", {"pathPart": "pets"}, 201, ANY, {"P": "id"}),
    ])
    return walk


@contextlib.contextmanager
def no_change(walk, request):
    """What is refused leaves no trace."""
    verb, target = filled(request, walk.names).split(" ", 1)
    before = walk.daemon.call(verb, target).json()
    yield
    assert walk.daemon.call(verb, target).json() == before


API = {"id": ANY, "name": "a", "createdDate": ANY, "apiKeySource": "HEADER", "disableExecuteApiEndpoint": False,
       "endpointConfiguration": {"ipAddressType": "ipv4", "types": ["EDGE"]}, "rootResourceId": ANY}
COMPRESSION = bad("Invalid minimum compression size, must be between 0 and 10485760")
ONLY_REPLACE = bad("Invalid patch operation specified. Must be one of: [replace]")
POLICY = bad("Invalid policy document. Please check the policy syntax and ensure that Principals are valid.")


def create(**members):
    return {"name": "a", **members}


def endpoint(*types, **more):
    return create(endpointConfiguration={"types": list(types), **more})


@pytest.mark.parametrize("sentence, body, status, answer", [
    ("what is always there", create(), 201, API),
    ("tags are echoed if given", create(tags={"a": "b"}), 201, {**API, "tags": {"a": "b"}}),
    ("version is echoed", create(version="v1", description="d"), 201, {**API, "version": "v1", "description": "d"}),
    ("empty binaryMediaTypes are dropped", create(binaryMediaTypes=[]), 201, API),
    ("binaryMediaTypes keep their order", create(binaryMediaTypes=["b/b", "a/a"]), 201,
     {**API, "binaryMediaTypes": ["b/b", "a/a"]}),
    ("a compression size of 0 is kept", create(minimumCompressionSize=0), 201, {**API, "minimumCompressionSize": 0}),
    ("regional", endpoint("REGIONAL"), 201,
     {**API, "endpointConfiguration": {"ipAddressType": "ipv4", "types": ["REGIONAL"]}}),
    ("private APIs default to dualstack", endpoint("PRIVATE"), 201,
     {**API, "endpointConfiguration": {"ipAddressType": "dualstack", "types": ["PRIVATE"]}}),
    ("endpoint ids", endpoint("PRIVATE", vpcEndpointIds=["vpce-1"]), 201,
     {**API, "endpointConfiguration": {"ipAddressType": "dualstack", "types": ["PRIVATE"],
                                       "vpcEndpointIds": ["vpce-1"]}}),
    ("the newer members are kept", create(securityPolicy="TLS_1_2", endpointAccessMode="BASIC"), 201,
     {**API, "securityPolicy": "TLS_1_2", "endpointAccessMode": "BASIC"}),
    ("no name", {}, 400, invalid("Value null at 'createRestApiInput.name' failed to satisfy constraint: "
                                 "Member must not be null")),
    ("an empty description", create(description=""), 400, bad("Description cannot be an empty string")),
    ("which is told before the endpoint", {**endpoint(), "description": ""}, 400,
     bad("Description cannot be an empty string")),
    ("but after the model", {**endpoint("x"), "description": ""}, 400, invalid(
        "Value '[x]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy constraint: Member must "
        "satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, REGIONAL]]")),
    ("ipAddressType of the model", endpoint("EDGE", ipAddressType="x"), 400, invalid(
        "Value 'x' at 'createRestApiInput.endpointConfiguration.ipAddressType' failed to satisfy constraint: Member "
        "must satisfy enum value set: [ipv4, dualstack]")),
    ("compression below", create(minimumCompressionSize=-1), 400, COMPRESSION),
    ("compression above", create(minimumCompressionSize=10485761), 400, COMPRESSION),
    ("compression absurd", create(minimumCompressionSize=999999999999), 400, COMPRESSION),
    ("no types", endpoint(), 400, bad("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")),
    ("two types", endpoint("EDGE", "REGIONAL"), 400, bad("Cannot create an api with multiple Endpoint Types.")),
    ("private over ipv4", endpoint("PRIVATE", ipAddressType="ipv4"), 400,
     bad("Only dualstack ipAddressType is supported for Private APIs.")),
    ("a policy that is none", create(policy="nonsense"), 400, POLICY),
    ("a name of another type", create(name=True), 400,
     Error("SerializationException", "class java.lang.Boolean can not be converted to an String")),
    ("a clone of nothing", create(cloneFrom="nope"), 404,
     lost("Invalid API identifier specified 000000000000:nope")),
], ids=lambda value: value if isinstance(value, str) else "")
def test_create_rest_api(daemon, sentence, body, status, answer):
    Walk(daemon).step(sentence, "POST /restapis", body, status, answer)


def test_rest_api_get_list_delete(walk):
    no_api = lost("Invalid API identifier specified 000000000000:nope")
    walk.walk([
        ("get has tags always", "GET /restapis/{A}", None, 200, {**API, "name": "pets", "tags": {}}),
        ("ids are case-sensitive", "GET /restapis/NOPE", None, 404,
         lost("Invalid API identifier specified 000000000000:NOPE")),
        ("an unknown one", "GET /restapis/nope", None, 404, no_api),
        ("update of an unknown one", "PATCH /restapis/nope", edit("replace", "/name", "x"), 404, no_api),
        ("delete of an unknown one", "DELETE /restapis/nope", None, 404, no_api),
        ("a page of one", "GET /restapis?limit=1", None, 200, Has(item=[Has(tags=ABSENT)], position=ANY)),
        ("delete answers nothing", "DELETE /restapis/{A}", None, 202, None),
        ("and it is gone", "GET /restapis/{A}", None, 404, lost("Invalid API identifier specified 000000000000:{A}")),
    ])


def test_rest_apis_are_listed_in_the_order_of_creation(walk):
    walk.step("a second", "POST /restapis", {"name": "second"}, 201, ANY, {"B": "id"})
    ids = [item["id"] for item in walk.daemon.call("GET", "/restapis?limit=500").json()["item"]]
    assert ids.index(walk.names["A"]) < ids.index(walk.names["B"])


def test_deleting_an_api_detaches_it_from_plans(walk):
    deployable(walk)
    walk.walk([
        ("a stage", "POST /restapis/{A}/deployments", {"stageName": "dev"}, 201),
        ("a plan", "POST /usageplans", {"name": "p", "apiStages": [{"apiId": "{A}", "stage": "dev"}]}, 201, ANY,
         {"U": "id"}),
        ("the API goes", "DELETE /restapis/{A}", None, 202, None),
        ("its stage has left the plan", "GET /usageplans/{U}", None, 200, Has(apiStages=[])),
    ])


def test_the_policy_is_escaped_twice_and_cleared_by_an_empty_one(walk):
    text = '{"Version":"2012-10-17"}'
    walk.step("replaced", "PATCH /restapis/{A}", edit("replace", "/policy", text), 200,
              Has(policy='{\\"Version\\":\\"2012-10-17\\"}'))
    walk.step("a bad one", "PATCH /restapis/{A}", edit("replace", "/policy", "x"), 400, POLICY)
    walk.step("empty", "PATCH /restapis/{A}", edit("replace", "/policy", ""), 200, Has(policy=ABSENT))


UPDATED = {**API, "name": "pets", "tags": {}}


@pytest.mark.parametrize("sentence, body, status, answer", [
    ("the name", edit("replace", "/name", "n"), 200, {**UPDATED, "name": "n"}),
    ("the name only by replace", edit("add", "/name", "n"), 400, ONLY_REPLACE),
    ("an unknown path", edit("replace", "/x", "n"), 400, bad("Invalid patch path /x")),
    ("no path", {"patchOperations": [{"op": "replace", "value": "x"}]}, 400, bad("Invalid patch path null")),
    ("a bad op", edit("x", "/name", "n"), 400, invalid(
        "Value 'x' at 'updateRestApiInput.patchOperations.1.member.op' failed to satisfy constraint: Member must "
        "satisfy enum value set: [add, remove, move, test, replace, copy]")),
    ("every bad op", edits(("x", "/name", "n"), ("replace", "/name", "n"), ("y", "/name", "n")), 400, invalid(
        "Value 'x' at 'updateRestApiInput.patchOperations.1.member.op' failed to satisfy constraint: Member must "
        "satisfy enum value set: [add, remove, move, test, replace, copy]; "
        "Value 'y' at 'updateRestApiInput.patchOperations.3.member.op' failed to satisfy constraint: Member must "
        "satisfy enum value set: [add, remove, move, test, replace, copy]", 2)),
    ("no operations", {"patchOperations": []}, 200, UPDATED),
    ("a description added", edit("add", "/description", "d"), 200, {**UPDATED, "description": "d"}),
    ("a description removed", edits(("add", "/description", "d"), ("remove", "/description")), 200, UPDATED),
    ("key source", edit("replace", "/apiKeySource", "AUTHORIZER"), 200, {**UPDATED, "apiKeySource": "AUTHORIZER"}),
    ("the endpoint closed", edit("replace", "/disableExecuteApiEndpoint", "true"), 200,
     {**UPDATED, "disableExecuteApiEndpoint": True}),
    ("nonsense is false", edit("replace", "/disableExecuteApiEndpoint", "x"), 200, UPDATED),
    ("security policy", edit("replace", "/securityPolicy", "TLS_1_2"), 200, {**UPDATED, "securityPolicy": "TLS_1_2"}),
    ("access mode", edit("replace", "/endpointAccessMode", "BASIC"), 200, {**UPDATED, "endpointAccessMode": "BASIC"}),
    ("the media type is in the path", edit("add", "/binaryMediaTypes/image~1png", "ignored"), 200,
     {**UPDATED, "binaryMediaTypes": ["image/png"]}),
    ("replace removes and appends", edits(("add", "/binaryMediaTypes/a~1a"), ("add", "/binaryMediaTypes/b~1b"),
                                          ("replace", "/binaryMediaTypes/a~1a", "c/c")), 200,
     {**UPDATED, "binaryMediaTypes": ["b/b", "c/c"]}),
    ("the last one removed", edits(("add", "/binaryMediaTypes/a~1a"), ("remove", "/binaryMediaTypes/a~1a")), 200,
     UPDATED),
    ("a dash is a dash", edit("add", "/binaryMediaTypes/-", "x"), 200, {**UPDATED, "binaryMediaTypes": ["-"]}),
    ("bare list, add", edit("add", "/binaryMediaTypes", "x"), 400, bad("Invalid patch path /binaryMediaTypes")),
    ("bare list, remove", edit("remove", "/binaryMediaTypes"), 400, bad("Invalid patch path /binaryMediaTypes")),
    ("compression", edit("replace", "/minimumCompressionSize", "10"), 200, {**UPDATED, "minimumCompressionSize": 10}),
    ("compression 0", edit("replace", "/minimumCompressionSize", "0"), 200, {**UPDATED, "minimumCompressionSize": 0}),
    ("compression off", edits(("replace", "/minimumCompressionSize", "1"), ("replace", "/minimumCompressionSize")),
     200, UPDATED),
    ("compression below", edit("replace", "/minimumCompressionSize", "-1"), 400, COMPRESSION),
    ("compression above", edit("replace", "/minimumCompressionSize", "10485761"), 400, COMPRESSION),
    ("compression added", edit("add", "/minimumCompressionSize", "1"), 400, ONLY_REPLACE),
    ("compression removed", edit("remove", "/minimumCompressionSize"), 400, ONLY_REPLACE),
    ("the type by its index", edit("replace", "/endpointConfiguration/types/0", "REGIONAL"), 200,
     {**UPDATED, "endpointConfiguration": {"ipAddressType": "ipv4", "types": ["REGIONAL"]}}),
    ("the type by its name", edit("replace", "/endpointConfiguration/types/EDGE", "PRIVATE"), 200,
     {**UPDATED, "endpointConfiguration": {"ipAddressType": "dualstack", "types": ["PRIVATE"]}}),
    ("a type that is none", edit("replace", "/endpointConfiguration/types/EDGE", "x"), 400,
     bad("Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE")),
    ("a wrong op on the type", edit("test", "/endpointConfiguration/types/EDGE", "EDGE"), 400,
     bad("Invalid patch operation specified. Must be 'add'|'remove'|'replace'")),
    ("dualstack", edit("replace", "/endpointConfiguration/ipAddressType", "dualstack"), 200,
     {**UPDATED, "endpointConfiguration": {"ipAddressType": "dualstack", "types": ["EDGE"]}}),
    ("an ip type that is none", edit("replace", "/endpointConfiguration/ipAddressType", "x"), 400,
     bad("ipAddressType must be either ipv4 or dualstack.")),
    ("private over ipv4", edits(("replace", "/endpointConfiguration/types/EDGE", "PRIVATE"),
                                ("replace", "/endpointConfiguration/ipAddressType", "ipv4")), 400,
     bad("Only dualstack ipAddressType is supported for Private APIs.")),
    ("vpc endpoints", edits(("replace", "/endpointConfiguration/types/EDGE", "PRIVATE"),
                            ("add", "/endpointConfiguration/vpcEndpointIds", "vpce-1"),
                            ("add", "/endpointConfiguration/vpcEndpointIds", "vpce-2"),
                            ("remove", "/endpointConfiguration/vpcEndpointIds", "vpce-1")), 200,
     {**UPDATED, "endpointConfiguration": {"ipAddressType": "dualstack", "types": ["PRIVATE"],
                                           "vpcEndpointIds": ["vpce-2"]}}),
    ("all or nothing", edits(("replace", "/name", "n"), ("replace", "/x", "n")), 400, bad("Invalid patch path /x")),
], ids=lambda value: value if isinstance(value, str) else "")
def test_update_rest_api(walk, sentence, body, status, answer):
    if status == 200:
        walk.step(sentence, "PATCH /restapis/{A}", body, status, answer)
        walk.step("get agrees", "GET /restapis/{A}", None, 200, answer)
        return
    with no_change(walk, "GET /restapis/{A}"):
        walk.step(sentence, "PATCH /restapis/{A}", body, status, answer)


# ---- 4.7 ----

NO_RESOURCE = lost("Invalid Resource identifier specified")
PART = bad("Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the "
           "beginning and the end.")


def test_resources(walk):
    name = "Another resource with the same parent already has this name: "
    sibling = "A sibling (%s) of this resource already has a variable path part -- only one is allowed"
    walk.walk([
        ("the root has neither parent nor part", "GET /restapis/{A}/resources/{R}", None, 200,
         {"id": "{R}", "path": "/"}),
        ("a child has both", "GET /restapis/{A}/resources/{P}", None, 200,
         {"id": "{P}", "parentId": "{R}", "pathPart": "pets", "path": "/pets"}),
        ("create answers the same", "POST /restapis/{A}/resources/{P}", {"pathPart": "a.b_c-d:e"}, 201,
         {"id": ANY, "parentId": "{P}", "pathPart": "a.b_c-d:e", "path": "/pets/a.b_c-d:e"}, {"C": "id"}),
        ("a variable", "POST /restapis/{A}/resources/{P}", {"pathPart": "{pet-id}"}, 201,
         Has(path="/pets/{pet-id}"), {"V": "id"}),
        ("a second variable", "POST /restapis/{A}/resources/{P}", {"pathPart": "{child+}"}, 400,
         bad(sibling % "{pet-id}")),
        ("a greedy one", "POST /restapis/{A}/resources/{R}", {"pathPart": "{proxy+}"}, 201,
         Has(path="/{proxy+}"), {"G": "id"}),
        ("a variable beside it", "POST /restapis/{A}/resources/{R}", {"pathPart": "{x}"}, 400,
         bad(sibling % "{proxy+}")),
        ("static ones are free", "POST /restapis/{A}/resources/{R}", {"pathPart": "s"}, 201, ANY, {"S": "id"}),
        ("a child of the greedy one", "POST /restapis/{A}/resources/{G}", {"pathPart": "x"}, 400,
         bad("Cannot create a child of a resource with a greedy path variable: {proxy+}")),
        ("the same name", "POST /restapis/{A}/resources/{R}", {"pathPart": "pets"}, 409, taken(name + "pets")),
        ("an unknown parent", "POST /restapis/{A}/resources/nope", {"pathPart": "x"}, 404, NO_RESOURCE),
        ("an unknown API", "POST /restapis/nope/resources/{R}", {"pathPart": "x"}, 404, NO_RESOURCE),
    ] + [("a bad part %r" % part, "POST /restapis/{A}/resources/{R}", {"pathPart": part}, 400, PART)
         for part in ("a b", "a/b", "{a", "a}", "{a}b", "{a}{b}", "{+}", "{}", "", "x%20", "{a++}")] + [
        ("rename moves the subtree", "PATCH /restapis/{A}/resources/{P}", edit("replace", "/pathPart", "animals"), 200,
         {"id": "{P}", "parentId": "{R}", "pathPart": "animals", "path": "/animals"}),
        ("as its children tell", "GET /restapis/{A}/resources/{V}", None, 200, Has(path="/animals/{pet-id}")),
        ("a new parent", "PATCH /restapis/{A}/resources/{P}", edit("replace", "/parentId", "{S}"), 200,
         Has(path="/s/animals", parentId="{S}")),
        ("as its children tell", "GET /restapis/{A}/resources/{V}", None, 200, Has(path="/s/animals/{pet-id}")),
        ("a circle", "PATCH /restapis/{A}/resources/{S}", edit("replace", "/parentId", "{V}"), 400,
         bad("Resources cannot be cyclical.")),
        ("itself", "PATCH /restapis/{A}/resources/{S}", edit("replace", "/parentId", "{S}"), 400,
         bad("Resources cannot be cyclical.")),
        ("the root's part", "PATCH /restapis/{A}/resources/{R}", edit("replace", "/pathPart", "x"), 400,
         bad("Root resource cannot update its pathPart.")),
        ("the root's parent", "PATCH /restapis/{A}/resources/{R}", edit("replace", "/parentId", "{S}"), 400,
         bad("Root resource cannot update its parentId.")),
        ("a second name", "POST /restapis/{A}/resources/{R}", {"pathPart": "t"}, 201, ANY, {"T": "id"}),
        ("a conflict by name", "PATCH /restapis/{A}/resources/{T}", edit("replace", "/pathPart", "s"), 409,
         taken(name + "s")),
        ("a conflict by variable", "PATCH /restapis/{A}/resources/{T}", edit("replace", "/pathPart", "{x}"), 400,
         bad(sibling % "{proxy+}")),
        ("under the greedy one", "PATCH /restapis/{A}/resources/{T}", edit("replace", "/parentId", "{G}"), 400,
         bad("Cannot create a child of a resource with a greedy path variable: {proxy+}")),
        ("family A", "PATCH /restapis/{A}/resources/{T}", edit("replace", "/x", "y"), 400,
         bad("Invalid patch path  '/x' specified for op 'replace'. Must be one of: [/parentId, /pathPart]")),
        ("family A without a choice", "PATCH /restapis/{A}/resources/{T}", edit("add", "/pathPart", "y"), 400,
         bad("Invalid patch path  '/pathPart' specified for op 'add'. Please choose supported operations")),
        ("an unknown one", "PATCH /restapis/{A}/resources/nope", edit("replace", "/pathPart", "y"), 404, NO_RESOURCE),
        ("delete takes the subtree", "DELETE /restapis/{A}/resources/{S}", None, 202, None),
        ("with it", "GET /restapis/{A}/resources/{V}", None, 404, NO_RESOURCE),
        ("again", "DELETE /restapis/{A}/resources/{S}", None, 404, NO_RESOURCE),
        ("the root stays", "DELETE /restapis/{A}/resources/{R}", None, 400, ANY),
        ("a list of an unknown API", "GET /restapis/nope/resources", None, 404,
         lost("Invalid API identifier specified 000000000000:nope")),
    ])
    paths = {item["path"] for item in walk.daemon.call("GET", filled("/restapis/{A}/resources", walk.names)).json()["item"]}
    assert paths == {"/", "/{proxy+}", "/t"}


def test_resource_methods_in_answers(walk):
    deployable(walk)
    full = {"GET": Has(httpMethod="GET", methodIntegration=Has(type="MOCK"))}
    walk.walk([
        ("verbs alone", "GET /restapis/{A}/resources/{P}", None, 200, Has(resourceMethods={"GET": {}})),
        ("embedded", "GET /restapis/{A}/resources/{P}?embed=methods", None, 200, Has(resourceMethods=full)),
        ("lists too", "GET /restapis/{A}/resources?limit=500", None, 200,
         Has(item=[Has(path="/", resourceMethods=ABSENT), Has(path="/pets", resourceMethods={"GET": {}})])),
        ("embedded in lists", "GET /restapis/{A}/resources?embed=methods", None, 200,
         Has(item=[Has(path="/"), Has(resourceMethods=full)])),
    ])


# ---- 4.8 ----

METHOD = "/restapis/{A}/resources/{P}/methods/GET"
NO_METHOD = lost("Invalid Method identifier specified")
PLAIN = {"apiKeyRequired": False, "authorizationType": "NONE", "httpMethod": "GET"}
AUTHORIZER = bad("Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS "
                 "requires a valid authorizer.")


def method(**members):
    return {"authorizationType": "NONE", **members}


@pytest.mark.parametrize("sentence, target, body, status, answer", [
    ("the least", METHOD, method(), 201, PLAIN),
    ("ANY", METHOD.replace("GET", "ANY"), method(), 201, {**PLAIN, "httpMethod": "ANY"}),
    ("lower-case none", METHOD, {"authorizationType": "none"}, 201, PLAIN),
    ("the rest", METHOD, method(apiKeyRequired=True, operationName="List", requestModels={"application/json": "Empty"},
                                requestParameters={"method.request.querystring.q": True}), 201,
     {**PLAIN, "apiKeyRequired": True, "operationName": "List", "requestModels": {"application/json": "Empty"},
      "requestParameters": {"method.request.querystring.q": True}}),
    ("a verb that is none", METHOD.replace("GET", "BREW"), method(), 400,
     bad("Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY")),
    ("an unknown API", METHOD.replace("{A}", "nope"), method(), 404, NO_RESOURCE),
    ("an unknown resource", METHOD.replace("{P}", "nope"), method(), 404, NO_RESOURCE),
    ("CUSTOM without", METHOD, {"authorizationType": "CUSTOM"}, 400, AUTHORIZER),
    ("COGNITO with an unknown one", METHOD, {"authorizationType": "COGNITO_USER_POOLS", "authorizerId": "nope"}, 400,
     AUTHORIZER),
    ("an authorizer that nobody asks", METHOD, method(authorizerId="nope"), 201, PLAIN),
    ("an unknown validator", METHOD, method(requestValidatorId="nope"), 400,
     bad("Invalid Request Validator identifier specified")),
    ("an unknown model", METHOD, method(requestModels={"application/json": "Nope"}), 400,
     bad("Invalid model identifier specified: Nope")),
    ("one name in two places", METHOD, method(requestParameters={"method.request.path.x": True,
                                                                 "method.request.header.x": True}), 400,
     bad("Parameter names must be unique across querystring, header and path")),
    ("scopes without Cognito", METHOD, method(authorizationScopes=["a"]), 400,
     bad("Authorization Scopes are only valid for COGNITO_USER_POOLS authorization type")),
    ("a parameter that is none", METHOD, method(requestParameters={"method.x": True}), 400,
     bad("Invalid mapping expression parameter specified: method.x")),
    ("no type", METHOD, {}, 400, invalid("Value null at 'putMethodInput.authorizationType' failed to satisfy "
                                         "constraint: Member must not be null")),
], ids=lambda value: value if isinstance(value, str) and "/" not in value else "")
def test_put_method(walk, sentence, target, body, status, answer):
    walk.step(sentence, "PUT " + target, body, status, answer)
    if status == 201:
        walk.step("get agrees", "GET " + target, None, 200, answer)


@pytest.mark.parametrize("sentence, body, status, answer", [
    ("a key required", edit("replace", "/apiKeyRequired", "true"), 200, {**PLAIN, "apiKeyRequired": True}),
    ("nonsense is false", edit("replace", "/apiKeyRequired", "not-a-boolean"), 200, PLAIN),
    ("IAM", edit("replace", "/authorizationType", "AWS_IAM"), 200, {**PLAIN, "authorizationType": "AWS_IAM"}),
    ("CUSTOM without an authorizer", edit("replace", "/authorizationType", "CUSTOM"), 400, AUTHORIZER),
    ("an authorizer while NONE", edit("replace", "/authorizerId", "nope"), 200, PLAIN),
    ("a name", edit("replace", "/operationName", "x"), 200, {**PLAIN, "operationName": "x"}),
    ("an unknown validator", edit("replace", "/requestValidatorId", "x"), 400,
     bad("Invalid Request Validator identifier specified")),
    ("no validator", edit("replace", "/requestValidatorId", ""), 200, PLAIN),
    ("a parameter", edit("add", "/requestParameters/method.request.header.X", "true"), 200,
     {**PLAIN, "requestParameters": {"method.request.header.X": True}}),
    ("a parameter replaced", edits(("add", "/requestParameters/method.request.header.X", "true"),
                                   ("replace", "/requestParameters/method.request.header.X", "false")), 200,
     {**PLAIN, "requestParameters": {"method.request.header.X": False}}),
    ("the last parameter", edits(("add", "/requestParameters/method.request.header.X", "true"),
                                 ("remove", "/requestParameters/method.request.header.X")), 200, PLAIN),
    ("a model", edit("add", "/requestModels/application~1json", "Error"), 200,
     {**PLAIN, "requestModels": {"application/json": "Error"}}),
    ("the last model", edits(("add", "/requestModels/application~1json", "Error"),
                             ("remove", "/requestModels/application~1json")), 200, PLAIN),
    ("the bare map", edit("add", "/requestParameters", "x"), 400, bad("Invalid patch path /requestParameters")),
    ("an un-escaped type", edit("add", "/requestModels/application/json", "Error"), 400,
     bad("Invalid patch path /requestModels/application/json")),
    ("a wrong op", edit("add", "/apiKeyRequired", "true"), 400, ONLY_REPLACE),
    ("an unknown path", edit("replace", "/httpMethod", "PUT"), 400, bad("Invalid patch path /httpMethod")),
], ids=lambda value: value if isinstance(value, str) else "")
def test_update_method(walk, sentence, body, status, answer):
    walk.step("a method", "PUT " + METHOD, method(), 201, PLAIN)
    with contextlib.nullcontext() if status == 200 else no_change(walk, "GET " + METHOD):
        walk.step(sentence, "PATCH " + METHOD, body, status, answer)


def test_methods_that_are_missing_or_there_twice(walk):
    walk.walk([
        ("get", "GET " + METHOD, None, 404, NO_METHOD),
        ("update", "PATCH " + METHOD, edit("replace", "/apiKeyRequired", "true"), 404, NO_METHOD),
        ("delete", "DELETE " + METHOD, None, 404, NO_METHOD),
        ("put", "PUT " + METHOD, method(), 201, PLAIN),
        ("twice", "PUT " + METHOD, method(), 409, taken("Method already exists for this resource")),
        ("delete", "DELETE " + METHOD, None, 204, None),
        ("gone", "GET " + METHOD, None, 404, NO_METHOD),
    ])


def test_method_responses(walk):
    code = METHOD + "/responses/200"
    no_code = lost("Invalid Response status code specified")
    model, header = "/responseModels/application~1json", "/responseParameters/method.response.header.X"
    pattern = "Value '%s' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression " \
              "pattern: [1-5]\\d\\d"
    walk.walk([
        ("no method", "PUT " + code, {}, 404, NO_METHOD),
        ("a method", "PUT " + METHOD, method(), 201),
        ("absent stays absent", "PUT " + code, {}, 201, {"statusCode": "200"}),
        ("twice", "PUT " + code, {}, 409, taken("Response already exists for this resource")),
        ("empty stays empty", "PUT " + METHOD + "/responses/201", {"responseParameters": {}, "responseModels": {}}, 201,
         {"statusCode": "201", "responseParameters": {}, "responseModels": {}}),
        ("an unknown model", "PUT " + METHOD + "/responses/202", {"responseModels": {"application/json": "Nope"}}, 400,
         bad("Invalid model identifier specified: Nope")),
        ("no status", "PUT " + METHOD + "/responses/x", {}, 400, invalid(pattern % "x")),
        ("out of range", "GET " + METHOD + "/responses/600", None, 400, invalid(pattern % "600")),
        ("an unknown code", "GET " + METHOD + "/responses/404", None, 404, no_code),
        ("update of an unknown code", "PATCH " + METHOD + "/responses/404", edit("add", header, "true"), 404, no_code),
        ("delete of an unknown code", "DELETE " + METHOD + "/responses/404", None, 404, no_code),
        ("add is 201", "PATCH " + code, edit("add", header, "true"), 201,
         {"statusCode": "200", "responseParameters": {"method.response.header.X": True}}),
        ("a wrong parameter", "PATCH " + code, edit("replace", header + "Y", "true"), 404,
         lost("Invalid parameter name specified")),
        ("a wrong parameter removed", "PATCH " + code, edit("remove", header + "Y"), 404,
         lost("Invalid parameter name specified")),
        ("a wrong type", "PATCH " + code, edit("replace", model, "Empty"), 404,
         lost("Content-Type specified was not found")),
        ("a wrong type removed", "PATCH " + code, edit("remove", model), 404,
         lost("Content-Type specified was not found")),
        ("another path", "PATCH " + code, edit("replace", "/x", "y"), 400, bad("Invalid patch path /x")),
        ("the bare map", "PATCH " + code, edit("add", "/responseParameters", "y"), 400,
         bad("Invalid patch path /responseParameters")),
        ("empty maps vanish", "PATCH " + code, edit("remove", header), 201, {"statusCode": "200"}),
        ("a model", "PATCH " + code, edit("add", model, "Empty"), 201,
         {"statusCode": "200", "responseModels": {"application/json": "Empty"}}),
        ("the method tells of it", "GET " + METHOD, None, 200,
         Has(methodResponses=Has(**{"200": Has(statusCode="200")}))),
        ("delete", "DELETE " + code, None, 204, None),
        ("gone", "GET " + code, None, 404, no_code),
    ])


# ---- 4.9 ----

INTEGRATION = METHOD + "/integration"
MOCK = {"type": "MOCK", "cacheKeyParameters": [], "cacheNamespace": "{P}", "passthroughBehavior": "WHEN_NO_MATCH",
        "timeoutInMillis": 29000}
HTTP = {**MOCK, "type": "HTTP_PROXY", "connectionType": "INTERNET", "httpMethod": "GET", "uri": "http://example.org/"}
LAMBDA = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" \
         "arn:aws:lambda:us-east-1:000000000000:function:f/invocations"
MAPPED = "integration.request.querystring.q"


def http(**members):
    return {"type": "HTTP_PROXY", "httpMethod": "GET", "uri": "http://example.org/", **members}


def mapping(text):
    return bad("Invalid mapping expression specified: Validation Result: warnings : [], errors : [%s]" % text)


@pytest.mark.parametrize("sentence, body, status, answer", [
    ("MOCK has no connection", {"type": "MOCK"}, 201, MOCK),
    ("MOCK shows a verb that was given", {"type": "MOCK", "httpMethod": "POST"}, 201, {**MOCK, "httpMethod": "POST"}),
    ("HTTP_PROXY has one", http(), 201, HTTP),
    ("HTTP has one", http(type="HTTP"), 201, {**HTTP, "type": "HTTP"}),
    ("AWS_PROXY has none", {"type": "AWS_PROXY", "httpMethod": "POST", "uri": LAMBDA}, 201,
     {**MOCK, "type": "AWS_PROXY", "httpMethod": "POST", "uri": LAMBDA}),
    ("VPC_LINK as given", http(connectionType="VPC_LINK", connectionId="v"), 201,
     {**HTTP, "connectionType": "VPC_LINK", "connectionId": "v"}),
    ("VPC_LINK without a link", http(connectionType="VPC_LINK"), 400, bad(
        "ConnectionId should be set to the vpcLinkId or stage variable on connection type VPC_LINK")),
    ("the rest", http(credentials="arn:aws:iam::1:role/r", contentHandling="CONVERT_TO_TEXT", timeoutInMillis=50,
                      cacheNamespace="n", passthroughBehavior="NEVER", tlsConfig={"insecureSkipVerification": True},
                      requestTemplates={"application/json": "x"}, requestParameters={MAPPED: "'v'"}), 201,
     {**HTTP, "credentials": "arn:aws:iam::1:role/r", "contentHandling": "CONVERT_TO_TEXT", "timeoutInMillis": 50,
      "cacheNamespace": "n", "passthroughBehavior": "NEVER", "tlsConfig": {"insecureSkipVerification": True},
      "requestTemplates": {"application/json": "x"}, "requestParameters": {MAPPED: "'v'"}}),
    ("a null template", {"type": "MOCK", "requestTemplates": {"application/json": None}}, 201,
     {**MOCK, "requestTemplates": {"application/json": None}}),
    ("an empty template is null", {"type": "MOCK", "requestTemplates": {"application/json": ""}}, 201,
     {**MOCK, "requestTemplates": {"application/json": None}}),
    ("the newer members are kept", http(responseTransferMode="STREAM"), 201, {**HTTP, "responseTransferMode": "STREAM"}),
    ("a type that is none", {"type": "x"}, 400, invalid(
        "Value 'x' at 'putIntegrationInput.type' failed to satisfy constraint: Member must satisfy enum value set: "
        "[HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]")),
    ("no verb", {"type": "HTTP_PROXY", "uri": "http://example.org/"}, 400,
     bad("Enumeration value for HttpMethod must be non-empty")),
    ("no endpoint", {"type": "HTTP", "httpMethod": "GET", "uri": "x"}, 400,
     bad("Invalid HTTP endpoint specified for URI")),
    ("no ARN", {"type": "AWS", "httpMethod": "GET", "uri": "http://example.org/"}, 400,
     bad("Invalid ARN specified in the request")),
    ("an ARN without target", {"type": "AWS", "httpMethod": "GET", "uri": "arn:aws:apigateway:us-east-1:s3:x"}, 400,
     bad("AWS ARN for integration must contain path or action")),
    ("a proxy to another service", {"type": "AWS_PROXY", "httpMethod": "GET",
                                    "uri": "arn:aws:apigateway:us-east-1:s3:path/x"}, 400,
     bad("Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.")),
    ("AWS without a role", {"type": "AWS", "httpMethod": "GET", "uri": "arn:aws:apigateway:us-east-1:s3:path/x"}, 400,
     bad("Role ARN must be specified for AWS integrations")),
    ("a bare true", http(requestParameters={MAPPED: "true"}), 400,
     mapping("Invalid mapping expression specified: true")),
    ("not declared", http(requestParameters={MAPPED: "method.request.querystring.q"}), 400,
     mapping("Invalid mapping expression parameter specified: method.request.querystring.q")),
    ("declared", http(requestParameters={MAPPED: "method.request.header.H"}), 201,
     {**HTTP, "requestParameters": {MAPPED: "method.request.header.H"}}),
    ("too short", http(timeoutInMillis=49), 400, bad("Timeout should be between 50 ms and 29000 ms")),
    ("too long", http(timeoutInMillis=29001), 400, bad("Timeout should be between 50 ms and 29000 ms")),
    ("a cache key", http(cacheKeyParameters=["method.request.header.H"]), 201,
     {**HTTP, "cacheKeyParameters": ["method.request.header.H"]}),
    ("a cache key that is none", http(cacheKeyParameters=["method.request.header.N"]), 400,
     bad("Invalid cache key parameter specified")),
], ids=lambda value: value if isinstance(value, str) else "")
def test_put_integration(walk, sentence, body, status, answer):
    walk.step("a method", "PUT " + METHOD, method(requestParameters={"method.request.header.H": True}), 201)
    walk.step(sentence, "PUT " + INTEGRATION, body, status, answer)
    if status == 201:
        walk.step("get agrees", "GET " + INTEGRATION, None, 200, answer)


def test_integrations_that_are_missing(walk):
    no_integration = lost("Invalid Integration identifier specified")
    for request, body in (("GET", None), ("PUT", {"type": "MOCK"}), ("DELETE", None),
                          ("PATCH", edit("replace", "/uri", "http://x/"))):
        walk.step("no API", request + " " + INTEGRATION.replace("{A}", "nope"), body, 404, NO_RESOURCE)
        walk.step("no resource", request + " " + INTEGRATION.replace("{P}", "nope"), body, 404, NO_RESOURCE)
        walk.step("no method", request + " " + INTEGRATION, body, 404, NO_METHOD)
    walk.step("a method", "PUT " + METHOD, method(), 201)
    for request, body in (("GET", None), ("DELETE", None), ("PATCH", edit("replace", "/uri", "http://x/"))):
        walk.step("no integration", request + " " + INTEGRATION, body, 404, no_integration)
    walk.walk([
        ("put", "PUT " + INTEGRATION, {"type": "MOCK"}, 201, MOCK),
        ("put again replaces", "PUT " + INTEGRATION, http(), 201, HTTP),
        ("delete", "DELETE " + INTEGRATION, None, 204, None),
        ("gone", "GET " + INTEGRATION, None, 404, no_integration),
    ])


@pytest.mark.parametrize("sentence, body, status, answer", [
    ("verb", edit("replace", "/httpMethod", "POST"), 200, {**HTTP, "httpMethod": "POST"}),
    ("uri", edit("replace", "/uri", "https://x/"), 200, {**HTTP, "uri": "https://x/"}),
    ("a bad uri", edit("replace", "/uri", "x"), 400, bad("Invalid HTTP endpoint specified for URI")),
    ("passthrough", edit("replace", "/passthroughBehavior", "NEVER"), 200, {**HTTP, "passthroughBehavior": "NEVER"}),
    ("timeout", edit("replace", "/timeoutInMillis", "100"), 200, {**HTTP, "timeoutInMillis": 100}),
    ("a bad timeout", edit("replace", "/timeoutInMillis", "1"), 400,
     bad("Timeout should be between 50 ms and 29000 ms")),
    ("handling", edit("replace", "/contentHandling", "CONVERT_TO_BINARY"), 200,
     {**HTTP, "contentHandling": "CONVERT_TO_BINARY"}),
    ("no handling", edits(("replace", "/contentHandling", "CONVERT_TO_BINARY"), ("replace", "/contentHandling", "")),
     200, HTTP),
    ("credentials", edit("replace", "/credentials", "arn:aws:iam::1:role/r"), 200,
     {**HTTP, "credentials": "arn:aws:iam::1:role/r"}),
    ("namespace", edit("replace", "/cacheNamespace", "n"), 200, {**HTTP, "cacheNamespace": "n"}),
    ("a link", edits(("replace", "/connectionType", "VPC_LINK"), ("replace", "/connectionId", "v")), 200,
     {**HTTP, "connectionType": "VPC_LINK", "connectionId": "v"}),
    ("tls", edit("replace", "/tlsConfig/insecureSkipVerification", "true"), 200,
     {**HTTP, "tlsConfig": {"insecureSkipVerification": True}}),
    ("a parameter", edit("add", "/requestParameters/" + MAPPED, "'v'"), 200,
     {**HTTP, "requestParameters": {MAPPED: "'v'"}}),
    ("a bad parameter", edit("add", "/requestParameters/" + MAPPED, "true"), 400,
     mapping("Invalid mapping expression specified: true")),
    ("a template", edit("add", "/requestTemplates/application~1json", "x"), 200,
     {**HTTP, "requestTemplates": {"application/json": "x"}}),
    ("an empty template", edit("add", "/requestTemplates/application~1json", ""), 200,
     {**HTTP, "requestTemplates": {"application/json": None}}),
    ("a template without value", edit("add", "/requestTemplates/application~1json"), 200,
     {**HTTP, "requestTemplates": {"application/json": None}}),
    ("a cache key", edit("add", "/cacheKeyParameters/method.request.header.H", ""), 200,
     {**HTTP, "cacheKeyParameters": ["method.request.header.H"]}),
    ("no cache key", edits(("add", "/cacheKeyParameters/method.request.header.H", ""),
                           ("remove", "/cacheKeyParameters/method.request.header.H", "")), 200, HTTP),
    ("never the type", edit("replace", "/type", "HTTP"), 400, bad("Invalid patch path /type")),
], ids=lambda value: value if isinstance(value, str) else "")
def test_update_integration(walk, sentence, body, status, answer):
    walk.step("a method", "PUT " + METHOD, method(requestParameters={"method.request.header.H": True}), 201)
    walk.step("an integration", "PUT " + INTEGRATION, http(), 201, HTTP)
    with contextlib.nullcontext() if status == 200 else no_change(walk, "GET " + INTEGRATION):
        walk.step(sentence, "PATCH " + INTEGRATION, body, status, answer)


def test_integration_responses(walk):
    code = INTEGRATION + "/responses/200"
    template = "/responseTemplates/application~1json"
    no_integration = lost("Invalid Integration identifier specified")
    pattern = "Value 'x' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression " \
              "pattern: [1-5]\\d\\d"
    walk.walk([
        ("no method", "PUT " + code, {}, 404, NO_METHOD),
        ("delete tells of the integration", "DELETE " + code, None, 404, no_integration),
        ("no resource", "GET " + code.replace("{P}", "nope"), None, 404, NO_RESOURCE),
        ("a method", "PUT " + METHOD, method(), 201),
        ("no integration", "PUT " + code, {}, 404, no_integration),
        ("an integration", "PUT " + INTEGRATION, {"type": "MOCK"}, 201),
        ("a method response", "PUT " + METHOD + "/responses/200",
         {"responseParameters": {"method.response.header.X": False}}, 201),
        ("absent stays absent", "PUT " + code, {}, 201, {"statusCode": "200"}),
        ("a second put overwrites; empty stays empty", "PUT " + code, {"selectionPattern": "", "responseTemplates": {}},
         201, {"statusCode": "200", "selectionPattern": "", "responseTemplates": {}}),
        ("null stays null", "PUT " + code, {"responseTemplates": {"application/json": None}}, 201,
         {"statusCode": "200", "responseTemplates": {"application/json": None}}),
        ("empty becomes null", "PUT " + code, {"responseTemplates": {"application/json": ""}}, 201,
         {"statusCode": "200", "responseTemplates": {"application/json": None}}),
        ("all", "PUT " + code, {"selectionPattern": "2\\d\\d", "contentHandling": "CONVERT_TO_TEXT",
                                "responseParameters": {"method.response.header.X": "'v'"}}, 201,
         {"statusCode": "200", "selectionPattern": "2\\d\\d", "contentHandling": "CONVERT_TO_TEXT",
          "responseParameters": {"method.response.header.X": "'v'"}}),
        ("a bad code", "PUT " + INTEGRATION + "/responses/x", {}, 400, invalid(pattern)),
        ("a bad type", "PUT " + code, {"responseTemplates": {"123": "x"}}, 400,
         bad("Validation Result: warnings : [], errors : [Invalid content type specified: 123]")),
        ("a bad pattern", "PUT " + code, {"selectionPattern": "("}, 400, bad("Invalid regex pattern specified")),
        ("an unknown code", "GET " + INTEGRATION + "/responses/404", None, 404,
         lost("Invalid Response status code specified")),
        ("update", "PATCH " + code, edits(("replace", "/selectionPattern", "3.."),
                                          ("replace", "/contentHandling", "CONVERT_TO_BINARY"),
                                          ("remove", "/responseParameters/method.response.header.X"),
                                          ("add", template, "t")), 200,
         {"statusCode": "200", "selectionPattern": "3..", "contentHandling": "CONVERT_TO_BINARY",
          "responseTemplates": {"application/json": "t"}}),
        ("a template without value", "PATCH " + code, edit("replace", template), 200,
         Has(responseTemplates={"application/json": None})),
        ("the integration tells of it", "GET " + INTEGRATION, None, 200,
         Has(integrationResponses=Has(**{"200": Has(statusCode="200")}))),
        ("delete", "DELETE " + code, None, 204, None),
        ("gone", "GET " + code, None, 404, lost("Invalid Response status code specified")),
    ])


# ---- 4.10 ----

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


def test_deployments(walk):
    canary = "Invalid deployment content specified."
    named = canary + "Non null and non empty stageName must be provided for canary deployment. Provided value is "
    one = "/restapis/{A}/deployments/{D}"
    none = lost("Invalid Deployment identifier specified")
    walk.walk([
        ("no methods", "POST /restapis/{A}/deployments", {}, 400, bad("The REST API doesn't contain any methods")),
        ("a method", "PUT " + METHOD, method(), 201),
        ("without integration", "POST /restapis/{A}/deployments", {}, 400, bad("No integration defined for method")),
        ("an integration", "PUT " + INTEGRATION, {"type": "MOCK"}, 201),
        ("an unknown API", "POST /restapis/nope/deployments", {}, 404,
         lost("Invalid API identifier specified 000000000000:nope")),
        ("the least", "POST /restapis/{A}/deployments", {}, 201, {"id": ANY, "createdDate": ANY}, {"D": "id"}),
        ("described", "POST /restapis/{A}/deployments", {"description": "d"}, 201,
         {"id": ANY, "createdDate": ANY, "description": "d"}),
        ("an empty stage name is none", "POST /restapis/{A}/deployments", {"stageName": ""}, 201, ANY),
        ("no stage came of it", "GET /restapis/{A}/stages", None, 200, {"item": []}),
        ("with a stage", "POST /restapis/{A}/deployments",
         {"stageName": "dev", "stageDescription": "s", "variables": {"v": "1"}, "tracingEnabled": True}, 201,
         {"id": ANY, "createdDate": ANY}, {"E": "id"}),
        ("which it made", "GET /restapis/{A}/stages/dev", None, 200,
         {**STAGE, "deploymentId": "{E}", "description": "s", "variables": {"v": "1"}, "tracingEnabled": True}),
        ("and points on", "POST /restapis/{A}/deployments", {"stageName": "dev"}, 201, ANY, {"F": "id"}),
        ("all else stays", "GET /restapis/{A}/stages/dev", None, 200,
         {**STAGE, "deploymentId": "{F}", "description": "s", "variables": {"v": "1"}, "tracingEnabled": True}),
        ("a canary needs a stage", "POST /restapis/{A}/deployments", {"canarySettings": {"percentTraffic": 1}}, 400,
         bad(named + "null")),
        ("with a name", "POST /restapis/{A}/deployments", {"stageName": "", "canarySettings": {"percentTraffic": 1}},
         400, bad(named)),
        ("that exists", "POST /restapis/{A}/deployments", {"stageName": "no", "canarySettings": {"percentTraffic": 1}},
         400, bad(canary + "Stage no must already be created before making a canary release deployment")),
        ("a canary", "POST /restapis/{A}/deployments",
         {"stageName": "dev", "canarySettings": {"percentTraffic": 50, "stageVariableOverrides": {"v": "2"}}}, 201, ANY,
         {"G": "id"}),
        ("beside the stage's own", "GET /restapis/{A}/stages/dev", None, 200, Has(
            deploymentId="{F}", canarySettings={"deploymentId": "{G}", "percentTraffic": 50.0, "useStageCache": False,
                                                "stageVariableOverrides": {"v": "2"}})),
        ("get", "GET " + one, None, 200, {"id": "{D}", "createdDate": ANY}),
        ("the summary", "GET " + one + "?embed=apisummary", None, 200,
         {"id": "{D}", "createdDate": ANY,
          "apiSummary": {"/pets": {"GET": {"authorizationType": "NONE", "apiKeyRequired": False}}}}),
        ("list", "GET /restapis/{A}/deployments?limit=1", None, 200,
         {"item": [{"id": ANY, "createdDate": ANY}], "position": ANY}),
        ("update", "PATCH " + one, edit("replace", "/description", "x"), 200,
         {"id": "{D}", "createdDate": ANY, "description": "x"}),
        ("unknown", "GET /restapis/{A}/deployments/nope", None, 404, none),
        ("update unknown", "PATCH /restapis/{A}/deployments/nope", edit("replace", "/description", "x"), 404, none),
        ("delete unknown", "DELETE /restapis/{A}/deployments/nope", None, 404, none),
        ("an active one", "DELETE /restapis/{A}/deployments/{F}", None, 400,
         bad("Active stages pointing to this deployment must be moved or deleted")),
        ("an active canary", "DELETE /restapis/{A}/deployments/{G}", None, 400,
         bad("Active stages with canary settings pointing to this deployment must be moved or deleted")),
        ("one that rests", "DELETE " + one, None, 202, None),
        ("gone", "GET " + one, None, 404, none),
    ])


# ---- 4.11 ----

STAGE = {"stageName": "dev", "deploymentId": ANY, "cacheClusterEnabled": False, "cacheClusterStatus": "NOT_AVAILABLE",
         "methodSettings": {}, "tracingEnabled": False, "createdDate": ANY, "lastUpdatedDate": ANY}


def test_stages(walk):
    word = "Invalid stage variable name: a-b. Please use names with only word characters."
    text = "Invalid stage variable value of key a.  Please use values with alphanumeric characters and the symbols " \
           "' ', -', '.', '_', ':', '/', '?', '&', '=', and ','."
    deployable(walk)
    stages = "POST /restapis/{A}/stages"
    new = {"stageName": "dev", "deploymentId": "{D}"}
    walk.walk([
        ("a deployment", "POST /restapis/{A}/deployments", {}, 201, ANY, {"D": "id"}),
        ("an unknown deployment", stages, {**new, "deploymentId": "nope"}, 400, bad("Deployment id does not exist")),
        ("a bad name", stages, {**new, "stageName": "a.b"}, 400, bad("Stage name only allows a-zA-Z0-9_")),
        ("a bad variable", stages, {**new, "variables": {"a-b": "x"}}, 400, bad(word)),
        ("a bad value", stages, {**new, "variables": {"a": "<"}}, 400, bad(text)),
        ("no deployment", stages, {"stageName": "dev"}, 400, invalid(
            "Value null at 'createStageInput.deploymentId' failed to satisfy constraint: Member must not be null")),
        ("the least", stages, new, 201, {**STAGE, "deploymentId": "{D}"}),
        ("twice", stages, new, 409, taken("Stage already exists")),
        ("the rest", stages,
         {**new, "stageName": "Full-1_", "description": "d", "variables": {"a": "x y-._:/?&=,"}, "tags": {"k": "v"},
          "documentationVersion": "1", "tracingEnabled": True, "cacheClusterEnabled": True, "cacheClusterSize": "1.6"},
         201, {**STAGE, "stageName": "Full-1_", "description": "d", "variables": {"a": "x y-._:/?&=,"},
               "tags": {"k": "v"}, "documentationVersion": "1", "tracingEnabled": True, "cacheClusterEnabled": True,
               "cacheClusterSize": "1.6", "cacheClusterStatus": ANY}),
        ("get has no tags when none", "GET /restapis/{A}/stages/dev", None, 200, STAGE),
        ("unknown", "GET /restapis/{A}/stages/nope", None, 404, lost("Invalid stage identifier specified")),
        ("list", "GET /restapis/{A}/stages", None, 200, {"item": [ANY, ANY]}),
        ("by deployment", "GET /restapis/{A}/stages?deploymentId=nope", None, 200, {"item": []}),
        ("a plan", "POST /usageplans", {"name": "p", "apiStages": [{"apiId": "{A}", "stage": "dev"}]}, 201, ANY,
         {"U": "id"}),
        ("a plan does not block", "DELETE /restapis/{A}/stages/dev", None, 202, None),
        ("and lets go", "GET /usageplans/{U}", None, 200, Has(apiStages=[])),
        ("gone", "DELETE /restapis/{A}/stages/dev", None, 404, lost("Invalid stage identifier specified")),
    ])


SETTING = {"cacheDataEncrypted": False, "cacheTtlInSeconds": 300, "cachingEnabled": False, "dataTraceEnabled": False,
           "metricsEnabled": False, "requireAuthorizationForCacheControl": True, "throttlingBurstLimit": 5000,
           "throttlingRateLimit": 10000.0, "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER"}
LOG_PATH = bad("Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, "
               "/accessLogSettings/format]")
LOG_ARN = "arn:aws:logs:us-east-1:000000000000:log-group:g"


def settings(**entries):
    return {**STAGE, "methodSettings": entries}


def canary(**members):
    return {**STAGE, "canarySettings": {"deploymentId": "{D}", "percentTraffic": 0.0, "useStageCache": False, **members}}


def no_setting(key):
    return bad("Cannot remove method setting %s because there is no method setting for this method " % key)


def wrong_copy(path, source):
    return bad("Invalid copy operation with path: %s and from %s. Valid copy:path are [/deploymentId, /variables] and "
               "valid copy:from are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]"
               % (path, source))


@pytest.mark.parametrize("sentence, body, status, answer", [
    ("deployment", edit("replace", "/deploymentId", "{D}"), 200, {**STAGE, "deploymentId": "{D}"}),
    ("unknown deployment", edit("replace", "/deploymentId", "nope"), 400, bad("Deployment id does not exist")),
    ("description", edit("replace", "/description", "d"), 200, {**STAGE, "description": "d"}),
    ("certificate", edit("replace", "/clientCertificateId", "c"), 200, {**STAGE, "clientCertificateId": "c"}),
    ("documentation", edit("replace", "/documentationVersion", "1"), 200, {**STAGE, "documentationVersion": "1"}),
    ("tracing", edit("replace", "/tracingEnabled", "true"), 200, {**STAGE, "tracingEnabled": True}),
    ("cache size", edit("replace", "/cacheClusterSize", "0.5"), 200, {**STAGE, "cacheClusterSize": "0.5"}),
    ("replace creates a variable", edit("replace", "/variables/v", "1"), 200, {**STAGE, "variables": {"v": "1"}}),
    ("the last variable removed", edits(("replace", "/variables/v", "1"), ("remove", "/variables/v")), 200, STAGE),
    ("a log", edits(("add", "/accessLogSettings/destinationArn", LOG_ARN),
                    ("replace", "/accessLogSettings/format", "$context.requestId")), 200,
     {**STAGE, "accessLogSettings": {"destinationArn": LOG_ARN, "format": "$context.requestId"}}),
    ("the log removed", edits(("add", "/accessLogSettings/destinationArn", LOG_ARN), ("remove", "/accessLogSettings")),
     200, STAGE),
    ("an empty log", edit("replace", "/accessLogSettings/destinationArn", ""), 400,
     bad("Access Log value must not be empty")),
    ("a wrong op on the log", edit("replace", "/accessLogSettings", "x"), 400, LOG_PATH),
    ("another path of the log", edit("replace", "/accessLogSettings/x", "x"), 400, LOG_PATH),
    ("a canary comes of a setting", edit("replace", "/canarySettings/percentTraffic", "50"), 200,
     canary(percentTraffic=50.0)),
    ("of another", edit("replace", "/canarySettings/useStageCache", "true"), 200, canary(useStageCache=True)),
    ("of its variables", edit("replace", "/canarySettings/stageVariableOverrides/v", "2"), 200,
     canary(stageVariableOverrides={"v": "2"})),
    ("a variable of it removed", edits(("replace", "/canarySettings/stageVariableOverrides/v", "2"),
                                       ("remove", "/canarySettings/stageVariableOverrides/v")), 200, canary()),
    ("an unknown deployment", edit("replace", "/canarySettings/deploymentId", "nope"), 400,
     bad("Deployment id does not exist")),
    ("it cannot be added", edit("add", "/canarySettings/deploymentId", "{D}"), 400,
     bad("Invalid add operation with path: /canarySettings/deploymentId")),
    ("removed", edits(("replace", "/canarySettings/percentTraffic", "50"), ("remove", "/canarySettings")), 200, STAGE),
    ("promoted", edits(("replace", "/canarySettings/stageVariableOverrides/v", "2"),
                       ("replace", "/variables/w", "1")), 200, ANY),
    ("no canary", edit("copy", "/deploymentId", **{"from": "/canarySettings/deploymentId"}), 400,
     bad("Promotion not available. Canary does not exist.")),
    ("wrong ends", edit("copy", "/variables", **{"from": "/canarySettings/deploymentId"}), 400,
     wrong_copy("/variables", "/canarySettings/deploymentId")),
    ("tags are not here", edit("replace", "/tags/x", "y"), 400, ANY),
    ("one setting fills the entry", edit("replace", "/*/*/throttling/rateLimit", "1"), 200,
     settings(**{"*/*": {**SETTING, "throttlingRateLimit": 1.0}})),
    ("log level only when set", edit("replace", "/*/*/logging/loglevel", "INFO"), 200,
     settings(**{"*/*": {**SETTING, "loggingLevel": "INFO"}})),
    ("kept as given", edit("replace", "/test/GET/throttling/burstLimit", "1"), 200,
     settings(**{"test/GET": {**SETTING, "throttlingBurstLimit": 1}})),
    ("kept as given, escaped", edit("replace", "/~1pets~1{id}/GET/metrics/enabled", "true"), 200,
     settings(**{"~1pets~1{id}/GET": {**SETTING, "metricsEnabled": True}})),
    ("a specific one starts from all", edits(("replace", "/*/*/caching/enabled", "true"),
                                             ("replace", "/a/GET/metrics/enabled", "true"),
                                             ("replace", "/*/*/caching/enabled", "false")), 200,
     settings(**{"*/*": SETTING, "a/GET": {**SETTING, "cachingEnabled": True, "metricsEnabled": True}})),
    ("the others", edits(("replace", "/*/*/logging/dataTrace", "true"), ("replace", "/*/*/caching/ttlInSeconds", "1"),
                         ("replace", "/*/*/caching/dataEncrypted", "true"),
                         ("replace", "/*/*/caching/requireAuthorizationForCacheControl", "false"),
                         ("replace", "/*/*/caching/unauthorizedCacheControlHeaderStrategy", "FAIL_WITH_403")), 200,
     settings(**{"*/*": {**SETTING, "dataTraceEnabled": True, "cacheTtlInSeconds": 1, "cacheDataEncrypted": True,
                         "requireAuthorizationForCacheControl": False,
                         "unauthorizedCacheControlHeaderStrategy": "FAIL_WITH_403"}})),
    ("too long a time", edit("replace", "/*/*/caching/ttlInSeconds", "3601"), 400,
     bad("Invalid time-to-live setting, must be an integer no greater than 3600")),
    ("an entry removed", edits(("replace", "/a/GET/metrics/enabled", "true"), ("remove", "/a/GET")), 200, STAGE),
    ("no entry", edit("remove", "/a/GET"), 400, no_setting("a/GET")),
    ("no entry for all", edit("remove", "/*/*"), 400, no_setting("*/*")),
    ("an unknown remove path", edit("remove", "/x"), 400, no_setting("x")),
    ("no such variable of a canary", edit("remove", "/canarySettings/stageVariableOverrides/v"), 400,
     no_setting("canarySettings/stageVariableOverrides/v")),
    ("nothing removed", edit("remove", ""), 400, ANY),
    ("nothing replaced", edit("replace", "", "x"), 400, ANY),
    ("no slash in front", edit("remove", "x"), 400, ANY),
], ids=lambda value: value if isinstance(value, str) else "")
def test_update_stage(walk, sentence, body, status, answer):
    deployed(walk)
    target = "/restapis/{A}/stages/dev"
    if status == 200:
        walk.step(sentence, "PATCH " + target, body, status, answer)
        walk.step("get agrees", "GET " + target, None, 200, answer)
        return
    with no_change(walk, "GET " + target):
        walk.step(sentence, "PATCH " + target, body, status, answer)


def test_a_canary_is_promoted(walk):
    deployed(walk)
    walk.walk([
        ("a canary", "POST /restapis/{A}/deployments",
         {"stageName": "dev", "canarySettings": {"stageVariableOverrides": {"v": "2"}}}, 201, ANY, {"C": "id"}),
        ("a variable of the stage", "PATCH /restapis/{A}/stages/dev", edit("replace", "/variables/w", "1")),
        ("both are copied", "PATCH /restapis/{A}/stages/dev", {"patchOperations": [
            {"op": "copy", "path": "/deploymentId", "from": "/canarySettings/deploymentId"},
            {"op": "copy", "path": "/variables", "from": "/canarySettings/stageVariableOverrides"},
            {"op": "remove", "path": "/canarySettings"}]}, 200,
         {**STAGE, "deploymentId": "{C}", "variables": {"v": "2", "w": "1"}}),
    ])


def test_an_unknown_setting_is_told_the_known_ones(walk):
    deployed(walk)
    for path in ("/x", "/*/*/x/y", "/tags/x", "/stageName"):
        got = walk.daemon.call("PATCH", filled("/restapis/{A}/stages/dev", walk.names), edit("replace", path, "y"))
        text = got.json()["message"]
        assert (got.status, got.error_type) == (400, "BadRequestException")
        assert text.startswith("Invalid method setting path: %s. Must be one of: [/deploymentId, /description, "
                               "/cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, "
                               "/accessLogSettings, " % path)
        assert text.endswith("/variables/{variable_name}, /tracingEnabled]")


# ---- 5: what Terraform's provider sends and reads ----

def test_terraform_rest_api(walk):
    one = "/restapis/{A}"
    walk.walk([
        ("create", "POST /restapis", {"name": "tf", "description": "Managed by Terraform", "apiKeySource": "HEADER",
                                      "binaryMediaTypes": ["b/b", "a/a"], "disableExecuteApiEndpoint": False,
                                      "minimumCompressionSize": 10, "tags": {"k": "v"},
                                      "endpointConfiguration": {"types": ["REGIONAL"]}}, 201, ANY, {"A": "id"}),
        ("read", "GET " + one, None, 200, Has(tags={"k": "v"}, binaryMediaTypes=["b/b", "a/a"],
                                              minimumCompressionSize=10, policy=ABSENT)),
        ("the root by its path", "GET " + one + "/resources", None, 200, {"item": [{"id": ANY, "path": "/"}]}),
        ("update", "PATCH " + one, edits(("replace", "/name", "tf2"), ("replace", "/description", ""),
                                         ("replace", "/apiKeySource", "AUTHORIZER"),
                                         ("replace", "/disableExecuteApiEndpoint", "true"),
                                         ("replace", "/minimumCompressionSize", ""),
                                         ("remove", "/binaryMediaTypes/b~1b"), ("remove", "/binaryMediaTypes/a~1a"),
                                         ("add", "/binaryMediaTypes/a~1a"), ("add", "/binaryMediaTypes/c~1c"),
                                         ("replace", "/endpointConfiguration/types/0", "EDGE"),
                                         ("replace", "/policy", '{"Statement": []}')), 200, Has(name="tf2")),
        ("read", "GET " + one, None, 200,
         Has(description=ABSENT, apiKeySource="AUTHORIZER", minimumCompressionSize=ABSENT, tags={"k": "v"},
             binaryMediaTypes=["a/a", "c/c"], policy='{\\"Statement\\": []}', disableExecuteApiEndpoint=True,
             endpointConfiguration=Has(types=["EDGE"]))),
        ("delete", "DELETE " + one, None, 202, None),
        ("delete of what is gone", "DELETE " + one, None, 404, ANY),
    ])


def test_terraform_resource_method_and_responses(walk):
    code = METHOD + "/responses/200"
    back = INTEGRATION + "/responses/200"
    header = "/responseParameters/method.response.header.X"
    walk.walk([
        ("method", "PUT " + METHOD, {"authorizationType": "NONE", "apiKeyRequired": True, "requestModels": {},
                                     "requestParameters": {"method.request.querystring.q": False}}, 201),
        ("read", "GET " + METHOD, None, 200, Has(apiKeyRequired=True, authorizationType="NONE",
                                                 requestParameters={"method.request.querystring.q": False})),
        ("integration", "PUT " + INTEGRATION, {
            "type": "HTTP_PROXY", "httpMethod": "GET", "uri": "http://example.org/", "connectionType": "INTERNET",
            "timeoutInMillis": 29000, "requestTemplates": {"application/json": ""},
            "requestParameters": {"integration.request.querystring.q": "method.request.querystring.q"}}, 201),
        ("read", "GET " + INTEGRATION, None, 200,
         {**HTTP, "requestTemplates": {"application/json": None},
          "requestParameters": {"integration.request.querystring.q": "method.request.querystring.q"}}),
        ("method response", "PUT " + code, {"responseModels": {"application/json": "Error"},
                                            "responseParameters": {"method.response.header.X": True}}, 201),
        ("integration response", "PUT " + back, {
            "responseTemplates": {"application/json": "", "application/xml": "#set($x = 1)"},
            "responseParameters": {"method.response.header.X": "'v'"}}, 201),
        ("read", "GET " + back, None, 200, {
            "statusCode": "200", "responseParameters": {"method.response.header.X": "'v'"},
            "responseTemplates": {"application/json": None, "application/xml": "#set($x = 1)"}}),
        ("update of the integration", "PATCH " + INTEGRATION, edits(
            ("replace", "/requestTemplates/application~1json", "t"), ("add", "/requestTemplates/application~1xml", "u"),
            ("remove", "/requestParameters/integration.request.querystring.q"),
            ("replace", "/cacheNamespace", "n"), ("replace", "/connectionType", "INTERNET"),
            ("replace", "/connectionId", ""), ("replace", "/timeoutInMillis", "1000"),
            ("replace", "/uri", "http://example.com/"), ("replace", "/passthroughBehavior", "NEVER"),
            ("add", "/cacheKeyParameters/method.request.querystring.q", "")), 200,
         {**HTTP, "requestTemplates": {"application/json": "t", "application/xml": "u"}, "cacheNamespace": "n",
          "timeoutInMillis": 1000, "uri": "http://example.com/", "passthroughBehavior": "NEVER",
          "cacheKeyParameters": ["method.request.querystring.q"], "integrationResponses": ANY}),
        ("update of the method response", "PATCH " + code, edits(
            ("replace", header, "false"), ("remove", "/responseModels/application~1json")), 201,
         {"statusCode": "200", "responseParameters": {"method.response.header.X": False}}),
        ("update of the method", "PATCH " + METHOD, edits(
            ("replace", "/apiKeyRequired", "false"), ("replace", "/authorizationType", "AWS_IAM"),
            ("replace", "/requestParameters/method.request.querystring.q", "true"),
            ("add", "/requestModels/application~1json", "Error"), ("replace", "/operationName", "List")), 200,
         Has(apiKeyRequired=False, authorizationType="AWS_IAM", operationName="List",
             requestModels={"application/json": "Error"}, requestParameters={"method.request.querystring.q": True})),
        ("delete", "DELETE " + back, None, 204, None), ("delete", "DELETE " + code, None, 204, None),
        ("delete", "DELETE " + INTEGRATION, None, 204, None), ("delete", "DELETE " + METHOD, None, 204, None),
        ("delete", "DELETE /restapis/{A}/resources/{P}", None, 202, None),
    ])


def test_terraform_deployment_stage_and_method_settings(walk):
    deployable(walk)
    stage, burst = "/restapis/{A}/stages/prod", {"throttlingBurstLimit": -1, "throttlingRateLimit": -1.0}
    walk.walk([
        ("deployment", "POST /restapis/{A}/deployments", {"description": ""}, 201, ANY, {"D": "id"}),
        ("read", "GET /restapis/{A}/deployments/{D}", None, 200, Has(id="{D}", createdDate=ANY)),
        ("stage", "POST /restapis/{A}/stages", {"stageName": "prod", "deploymentId": "{D}", "tracingEnabled": False,
                                                "cacheClusterEnabled": False, "tags": {"k": "v"}}, 201),
        ("its log", "PATCH " + stage, edits(("replace", "/accessLogSettings/destinationArn", LOG_ARN),
                                            ("replace", "/accessLogSettings/format", "$context.requestId")), 200),
        ("read", "GET " + stage, None, 200, Has(accessLogSettings=ANY, tags={"k": "v"}, variables=ABSENT)),
        ("update", "PATCH " + stage, edits(
            ("remove", "/accessLogSettings"), ("replace", "/variables/a", "1"), ("replace", "/description", "d"),
            ("replace", "/deploymentId", "{D}"), ("replace", "/tracingEnabled", "true"),
            ("replace", "/canarySettings/percentTraffic", "33.330000")), 200,
         Has(accessLogSettings=ABSENT, variables={"a": "1"}, canarySettings=Has(percentTraffic=33.33))),
        ("settings", "PATCH " + stage, edits(
            ("replace", "/path1/GET/metrics/enabled", "true"), ("replace", "/path1/GET/logging/loglevel", "INFO"),
            ("replace", "/path1/GET/throttling/burstLimit", "-1"),
            ("replace", "/path1/GET/throttling/rateLimit", "-1.000000")), 200),
        ("read by the exact key", "GET " + stage, None, 200, Has(methodSettings={
            "path1/GET": {**SETTING, **burst, "metricsEnabled": True, "loggingLevel": "INFO"}})),
        ("a rate", "PATCH " + stage, edit("replace", "/path1/GET/throttling/rateLimit", "100.000000"), 200,
         Has(methodSettings={"path1/GET": Has(throttlingRateLimit=100.0)})),
        ("removed", "PATCH " + stage, edit("remove", "/path1/GET"), 200, Has(methodSettings={})),
        ("removed again", "PATCH " + stage, edit("remove", "/path1/GET"), 400, no_setting("path1/GET")),
        ("delete", "DELETE " + stage, None, 202, None),
        ("delete", "DELETE /restapis/{A}/deployments/{D}", None, 202, None),
    ])
