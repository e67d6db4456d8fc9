"""Reference 4.6 and 4.7, statement by statement."""

import pytest

from rows import (ABSENT, ANY, API, Error, Has, NO_RESOURCE, ONLY_REPLACE, Walk, bad, deployable, edit, edits,
                  filled, invalid, lost, no_change, taken)


COMPRESSION = bad("Invalid minimum compression size, must be between 0 and 10485760")
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
    listed = walk.daemon.call("GET", filled("/restapis/{A}/resources", walk.names)).json()
    paths = {item["path"] for item in listed["item"]}
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
