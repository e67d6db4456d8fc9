"""Domain names, base paths, VPC links, client certificates and documentation as real clients see them: boto3 with its
paginators, and one walk of the `aws` command. The certificates are checked by OpenSSL's own command."""

import json
import os
import ssl
import subprocess
import tempfile

import botocore.exceptions
import pytest

import harness

ARN = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/pets/1"
PAGE = {"PageSize": 2}
AWS_MANY = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "clients", "aws_many.py")


@pytest.fixture(scope="module")
def daemon():
    with harness.Faregated() as instance:
        yield instance


@pytest.fixture(scope="module")
def api(daemon):
    return harness.client(daemon)


def root_of(api, api_id):
    return api.get_resources(restApiId=api_id)["items"][0]["id"]


@pytest.fixture
def api_id(api):
    """With a MOCK on /, deployed to dev."""
    made_id = api.create_rest_api(name="pets")["id"]
    where = {"restApiId": made_id, "resourceId": root_of(api, made_id), "httpMethod": "GET"}
    api.put_method(**where, authorizationType="NONE")
    api.put_integration(**where, type="MOCK")
    api.create_deployment(restApiId=made_id, stageName="dev")
    return made_id


def paged(api, operation, **arguments):
    """All items, and the number of pages of two that they came in."""
    pages = list(api.get_paginator(operation).paginate(**arguments, PaginationConfig=PAGE))
    return [item for page in pages for item in page["items"]], len(pages)


def refusal(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        call(**arguments)
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]


def replace(**values):
    return [{"op": "replace", "path": "/" + path, "value": value} for path, value in values.items()]


def upload(name, days=30):
    """A certificate and its key, made by somebody else."""
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = os.path.join(folder, "key"), os.path.join(folder, "certificate")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-keyout", key, "-out", certificate, "-subj", "/O=tests", "-days", str(days),
                        "-addext", "subjectAltName=DNS:" + name], check=True, stderr=subprocess.DEVNULL)
        with open(key) as key_file, open(certificate) as certificate_file:
            return certificate_file.read(), key_file.read()


def test_domain_names(api):
    """Rules DN2, DN3, DN8, DN9."""
    for name in ("One.example.com", "two.example.com", "*.three.example.com"):
        made = api.create_domain_name(domainName=name, endpointConfiguration={"types": ["REGIONAL"]},
                                      regionalCertificateArn="arn:aws:acm:us-east-1:0:certificate/c")
        assert made["domainName"] == name.lower() and made["domainNameStatus"] == "AVAILABLE"
        assert api.get_domain_name(domainName=name)["regionalDomainName"] == made["regionalDomainName"]
    items, page_count = paged(api, "get_domain_names")
    assert [item["domainName"] for item in items] == ["one.example.com", "two.example.com", "*.three.example.com"]
    assert page_count == 2
    changed = api.update_domain_name(domainName="one.example.com", patchOperations=replace(securityPolicy="TLS_1_0"))
    assert changed["securityPolicy"] == "TLS_1_0" and changed["tags"] == {}
    for item in items:
        api.delete_domain_name(domainName=item["domainName"])
    assert refusal(api.get_domain_name, domainName="one.example.com") == (
        "NotFoundException", "Invalid domain name identifier specified")


def test_uploaded_certificates(daemon, api):
    """Rules DN6, DN7: a certificate that another program made."""
    certificate, key = upload("up.example.com")
    made = api.create_domain_name(domainName="up.example.com", certificateName="mine", certificateBody=certificate,
                                  certificatePrivateKey=key)
    assert made["certificateName"] == "mine" and made["certificateUploadDate"]
    assert "BEGIN" not in json.dumps(daemon.call("GET", "/domainnames/up.example.com").json())
    other, other_key = upload("other.example.com")
    assert refusal(api.update_domain_name, domainName="up.example.com",
                   patchOperations=replace(certificateBody=other, certificatePrivateKey=other_key)) == (
        "BadRequestException", "certificateBody: the certificate does not cover the domain name")
    assert refusal(api.update_domain_name, domainName="up.example.com",
                   patchOperations=replace(certificatePrivateKey=other_key)) == (
        "BadRequestException", "certificatePrivateKey: the key does not belong to the certificate")
    with open(os.path.join(daemon.data_dir, "faregate.db"), "rb") as stored:
        assert b"PRIVATE KEY" not in stored.read()
    api.delete_domain_name(domainName="up.example.com")


def test_base_path_mappings(api, api_id):
    """Rules BP1, BP2, BP4, BP5."""
    where = {"domainName": "paths.example.com"}
    api.create_domain_name(**where)
    for path in ("", "v1", "v2"):
        api.create_base_path_mapping(**where, basePath=path, restApiId=api_id, stage="dev")
    items, page_count = paged(api, "get_base_path_mappings", **where)
    assert [item["basePath"] for item in items] == ["(none)", "v1", "v2"] and page_count == 2
    assert api.get_base_path_mapping(**where, basePath="(none)")["restApiId"] == api_id
    assert api.update_base_path_mapping(**where, basePath="v2", patchOperations=replace(basePath="v3", stage=""))[
        "basePath"] == "v3"
    assert refusal(api.delete_rest_api, restApiId=api_id) == (
        "BadRequestException", "Please remove all base path mappings related to your API")
    for path in ("(none)", "v1", "v3"):
        api.delete_base_path_mapping(**where, basePath=path)
    api.delete_rest_api(restApiId=api_id)
    api.delete_domain_name(**where)


def test_vpc_links(api, api_id):
    """Rules VL1, VL4, VL5."""
    ids = []
    for name in "abc":
        made = api.create_vpc_link(name=name, targetArns=[ARN], tags={"k": "v"})
        assert made["status"] == "PENDING"
        assert api.get_vpc_link(vpcLinkId=made["id"])["status"] == "AVAILABLE"
        ids.append(made["id"])
    items, page_count = paged(api, "get_vpc_links")
    assert [item["id"] for item in items] == ids and page_count == 2
    assert api.update_vpc_link(vpcLinkId=ids[0], patchOperations=replace(name="d"))["name"] == "d"
    where = {"restApiId": api_id, "resourceId": root_of(api, api_id), "httpMethod": "GET"}
    link = {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": "http://pets/", "connectionType": "VPC_LINK"}
    assert refusal(api.put_integration, **where, **link, connectionId="nope")[0] == "BadRequestException"
    assert api.put_integration(**where, **link, connectionId=ids[0])["connectionId"] == ids[0]
    assert refusal(api.delete_vpc_link, vpcLinkId=ids[0])[1] == (
        "Vpc Link %s is used by the method GET / of the API %s" % (ids[0], api_id))
    api.put_integration(**where, type="MOCK")
    for link_id in ids:
        api.delete_vpc_link(vpcLinkId=link_id)


def test_client_certificates(api, api_id):
    """Rules CC1, CC2, CC5."""
    ids = []
    for description in "abc":
        made = api.generate_client_certificate(description=description, tags={"k": "v"})
        assert (made["expirationDate"] - made["createdDate"]).days == 365
        assert ssl.PEM_cert_to_DER_cert(made["pemEncodedCertificate"])
        ids.append(made["clientCertificateId"])
    text = subprocess.run(["openssl", "x509", "-noout", "-subject", "-issuer", "-text"], check=True, text=True,
                          input=made["pemEncodedCertificate"], stdout=subprocess.PIPE).stdout
    assert "CN = ApiGateway" in text and "(2048 bit)" in text and "Version: 3" in text
    items, page_count = paged(api, "get_client_certificates")
    assert [item["clientCertificateId"] for item in items] == ids and page_count == 2
    stage = {"restApiId": api_id, "stageName": "dev"}
    api.update_stage(**stage, patchOperations=replace(clientCertificateId=ids[0]))
    assert refusal(api.delete_client_certificate, clientCertificateId=ids[0])[0] == "BadRequestException"
    api.update_stage(**stage, patchOperations=replace(clientCertificateId=""))
    for certificate_id in ids:
        api.delete_client_certificate(clientCertificateId=certificate_id)


def test_documentation(api, api_id):
    """Rules DP1, DP5, DP7, DP8."""
    where = {"restApiId": api_id}
    for path in ("/", "/a", "/b"):
        api.create_documentation_part(**where, location={"type": "RESOURCE", "path": path}, properties='{"d":"x"}')
    items, page_count = paged(api, "get_documentation_parts", **where, type="RESOURCE")
    assert [item["location"]["path"] for item in items] == ["/", "/a", "/b"] and page_count == 2
    api.update_documentation_part(**where, documentationPartId=items[0]["id"],
                                  patchOperations=replace(properties='{"d":"y"}'))
    missing, _ = paged(api, "get_documentation_parts", **where, locationStatus="UNDOCUMENTED")
    assert {"type": "METHOD", "path": "/", "method": "GET"} in [item["location"] for item in missing]
    document = {"openapi": "3.0.1", "x-amazon-apigateway-documentation": {"documentationParts": [
        {"location": {"type": "API"}, "properties": {"info": {"description": "d"}}}]}}
    imported = api.import_documentation_parts(**where, mode="merge", body=json.dumps(document).encode())
    assert api.get_documentation_part(**where, documentationPartId=imported["ids"][0])["location"] == {"type": "API"}
    for version in "123":
        api.create_documentation_version(**where, documentationVersion=version, stageName="dev")
    versions, page_count = paged(api, "get_documentation_versions", **where)
    assert [item["version"] for item in versions] == ["1", "2", "3"] and page_count == 2
    assert api.get_stage(**where, stageName="dev")["documentationVersion"] == "3"
    api.delete_documentation_part(**where, documentationPartId=items[0]["id"])
    api.delete_documentation_version(**where, documentationVersion="1")


def test_access_associations(daemon):
    """Rules DN10, DN11: newer than the distribution's boto3."""
    made = daemon.call("POST", "/domainnames", {"domainName": "in.example.com",
                                                "endpointConfiguration": {"types": ["PRIVATE"]}}).json()
    body = {"domainNameArn": made["domainNameArn"], "accessAssociationSourceType": "VPCE",
            "accessAssociationSource": "vpce-1"}
    answer = daemon.call("POST", "/domainnameaccessassociations", body)
    assert answer.status == 201
    assert daemon.call("GET", "/domainnameaccessassociations").json()["item"] == [answer.json()]
    assert daemon.call("DELETE", "/domainnames/in.example.com").status == 202


def aws(daemon, *walk):
    """The answers to commands, one after the other, of one process: starting `aws` takes long."""
    environment = harness.environment()
    key_id, secret = daemon.credentials()
    environment.update(AWS_ACCESS_KEY_ID=key_id, AWS_SECRET_ACCESS_KEY=secret, AWS_DEFAULT_REGION=harness.REGION,
                       AWS_PAGER="", AWS_CONFIG_FILE="/nonexistent")
    ends = ["--output", "json", "--endpoint-url", "http://127.0.0.1:%d" % daemon.control_port(), "apigateway"]
    lines = "".join(json.dumps(ends + words) + "\n" for words in walk)
    done = subprocess.run(["/usr/bin/python3", AWS_MANY], input=lines, env=environment,
                          stdout=subprocess.PIPE, text=True, check=True, timeout=120)
    for line, words in zip(done.stdout.splitlines(), walk, strict=True):
        code, out, error = json.loads(line)
        assert code == 0, "%s: %s" % (" ".join(words), error)
        yield json.loads(out) if out.strip() else None


def test_the_aws_command(daemon, api_id):
    """A domain name for a stage, from nothing to nothing."""
    domain = ["--domain-name", "walk.example.com"]
    made, mapping, moved, listed, unmapped, gone = aws(
        daemon,
        ["create-domain-name", *domain, "--regional-certificate-arn", "arn:aws:acm:x:0:certificate/c",
         "--endpoint-configuration", "types=REGIONAL", "--security-policy", "TLS_1_2", "--tags", "team=pets"],
        ["create-base-path-mapping", *domain, "--rest-api-id", api_id, "--stage", "dev"],
        ["update-base-path-mapping", *domain, "--base-path", "(none)", "--patch-operations",
         "op=replace,path=/basePath,value=v1"],
        ["get-base-path-mappings", *domain],
        ["delete-base-path-mapping", *domain, "--base-path", "v1"],
        ["delete-domain-name", *domain])
    assert made["tags"] == {"team": "pets"} and made["regionalDomainName"].startswith("d-")
    assert mapping == {"basePath": "(none)", "restApiId": api_id, "stage": "dev"}
    assert moved["basePath"] == "v1" and listed["items"] == [moved]
    assert unmapped is None and gone is None
