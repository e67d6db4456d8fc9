"""Every paginator of boto3's service model, page by page; what stands in for the waiters that the model lacks."""

import time

import botocore
import pytest

import harness

CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/1"
LAMBDA = ("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
          "arn:aws:lambda:us-east-1:000000000000:function:f/invocations")
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/n/1"


@pytest.fixture(scope="module")
def gateway():
    with harness.Faregate(workers=1) as instance:
        yield instance


@pytest.fixture(scope="module")
def api(gateway):
    return harness.client(gateway)


@pytest.fixture(scope="module")
def api_id(gateway, api):
    return harness.make_api(gateway, api_client=api)


class Scene:
    """Where the things of a list are made: an API with a stage."""

    def __init__(self, gateway, api, api_id):
        self.gateway, self.api, self.api_id = gateway, api, api_id

    def plan(self):
        return harness.make_plan(self.gateway, [(self.api_id, "dev")], quota=9, api_client=self.api)

    def used_plan(self):
        plan = self.plan()
        for _ in range(3):
            value = harness.make_key(self.gateway, plan, api_client=self.api)[1]
            assert self.gateway.get("/_aws/execute-api/%s/dev/weather" % self.api_id, value).status == 200
        return plan

    def domain(self, name):
        return self.api.create_domain_name(domainName=name, regionalCertificateArn=CERTIFICATE,
                                           endpointConfiguration={"types": ["REGIONAL"]})["domainName"]


def three(make):
    for number in range(3):
        make("thing%d" % number)
    return {}


def of_api(scene, make):
    three(make)
    return {"restApiId": scene.api_id}


def keys(scene):
    return three(lambda name: scene.api.create_api_key(name=name))


def plans(scene):
    return three(lambda name: scene.api.create_usage_plan(name=name))


def plan_keys(scene):
    plan = scene.plan()
    three(lambda _: harness.make_key(scene.gateway, plan, api_client=scene.api))
    return {"usagePlanId": plan}


def usage(scene):
    today = time.strftime("%Y-%m-%d", time.gmtime())
    return {"usagePlanId": scene.used_plan(), "startDate": today, "endDate": today}


def rest_apis(scene):
    return three(lambda name: scene.api.create_rest_api(name=name))


def resources(scene):
    root = next(item["id"] for item in scene.api.get_resources(restApiId=scene.api_id)["items"] if item["path"] == "/")
    return of_api(scene, lambda name: scene.api.create_resource(restApiId=scene.api_id, parentId=root, pathPart=name))


def deployments(scene):
    return of_api(scene, lambda _: scene.api.create_deployment(restApiId=scene.api_id))


def authorizers(scene):
    return of_api(scene, lambda name: scene.api.create_authorizer(
        restApiId=scene.api_id, name=name, type="TOKEN", authorizerUri=LAMBDA, identitySource="method.request.header.A"))


def models(scene):
    return of_api(scene, lambda name: scene.api.create_model(
        restApiId=scene.api_id, name=name, contentType="application/json", schema='{"type":"object"}'))


def validators(scene):
    return of_api(scene, lambda name: scene.api.create_request_validator(restApiId=scene.api_id, name=name))


def gateway_responses(scene):
    return {"restApiId": scene.api_id}


def documentation_parts(scene):
    return of_api(scene, lambda name: scene.api.create_documentation_part(
        restApiId=scene.api_id, location={"type": "MODEL", "name": name}, properties="{}"))


def documentation_versions(scene):
    return of_api(scene, lambda name: scene.api.create_documentation_version(
        restApiId=scene.api_id, documentationVersion=name))


def domains(scene):
    return three(lambda name: scene.domain(name + ".example.com"))


def base_paths(scene):
    domain = scene.domain("paths.example.com")
    three(lambda name: scene.api.create_base_path_mapping(domainName=domain, restApiId=scene.api_id, basePath=name))
    return {"domainName": domain}


def client_certificates(scene):
    return three(lambda name: scene.api.generate_client_certificate(description=name))


def vpc_links(scene):
    return three(lambda name: scene.api.create_vpc_link(name=name, targetArns=[BALANCER]))


PAGINATORS = {
    "GetApiKeys": keys, "GetAuthorizers": authorizers, "GetBasePathMappings": base_paths,
    "GetClientCertificates": client_certificates, "GetDeployments": deployments,
    "GetDocumentationParts": documentation_parts, "GetDocumentationVersions": documentation_versions,
    "GetDomainNames": domains, "GetGatewayResponses": gateway_responses, "GetModels": models,
    "GetRequestValidators": validators, "GetResources": resources, "GetRestApis": rest_apis,
    "GetSdkTypes": lambda scene: {}, "GetUsage": usage, "GetUsagePlanKeys": plan_keys, "GetUsagePlans": plans,
    "GetVpcLinks": vpc_links,
}


def test_these_are_all_the_paginators(api):
    names = api.meta.service_model.operation_names
    assert {name for name in names if api.can_paginate(botocore.xform_name(name))} == set(PAGINATORS)


def listed(pages):
    """Every item of the pages, as something that can be compared."""
    found = []
    for page in pages:
        items = page["items"]
        found += sorted(items.items()) if isinstance(items, dict) else items
    return found


@pytest.mark.parametrize("operation", PAGINATORS)
def test_pages(gateway, api, api_id, operation):
    given = PAGINATORS[operation](Scene(gateway, api, api_id))
    paginator = api.get_paginator(botocore.xform_name(operation))
    whole = listed(paginator.paginate(**given, PaginationConfig={"PageSize": 500}))
    pages = list(paginator.paginate(**given, PaginationConfig={"PageSize": 1}))
    assert len(pages) == len(whole) >= 3  # rule C5: the last page says that it is the last
    assert listed(pages) == whole
    assert all("position" in page for page in pages[:-1]) and "position" not in pages[-1]
    some = paginator.paginate(**given, PaginationConfig={"PageSize": 2, "MaxItems": 2}).build_full_result()
    if not isinstance(some["items"], dict):  # boto3 cuts lists alone
        rest = paginator.paginate(**given, PaginationConfig={"StartingToken": some["NextToken"]})
        assert some["items"] + listed(rest) == whole


def test_there_are_no_waiters(api):
    assert api.waiter_names == []


def test_a_vpc_link_becomes_available(api):
    link = api.create_vpc_link(name="link", targetArns=[BALANCER])
    assert link["status"] == "PENDING"

    def is_available():
        got = api.get_vpc_link(vpcLinkId=link["id"])
        assert got["status"] in ("PENDING", "AVAILABLE")
        return got["status"] == "AVAILABLE" and got
    assert harness.wait_until(is_available)["statusMessage"] == "Your vpc link is ready for use"
    api.delete_vpc_link(vpcLinkId=link["id"])

    def is_gone():
        try:
            return api.get_vpc_link(vpcLinkId=link["id"])["status"] != "DELETING"
        except api.exceptions.NotFoundException:
            return True
    harness.wait_until(is_gone)


def test_a_domain_name_becomes_available_again(api):
    domain = Scene(None, api, None).domain("waited.example.com")
    api.update_domain_name(domainName=domain, patchOperations=[
        {"op": "replace", "path": "/securityPolicy", "value": "TLS_1_2"}])
    harness.wait_until(lambda: api.get_domain_name(domainName=domain)["domainNameStatus"] == "AVAILABLE")
