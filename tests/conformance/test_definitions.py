"""Gateway responses, models, request validators, tags, SDK types and flushes as boto3 sees them (reference 3.5, 4.12, 4.13)."""

import botocore.exceptions
import pytest

import harness
import scenes


@pytest.fixture(scope="module")
def scene(daemon):
    return scenes.Scene(daemon)


def pages(api, name, **arguments):
    """The names or ids of what a paginator hands out, and the number of its pages."""
    answers = list(api.get_paginator(name).paginate(PaginationConfig={"PageSize": 2}, **arguments))
    return [item for answer in answers for item in answer["items"]], len(answers)


def refused(call, code, message, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    assert (caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]) == (code, message)


def test_paginators_see_everything_once(scene):
    api, where = scene.api, {"restApiId": scene.api_id}
    for name in ("A", "B", "C"):
        api.create_model(name=name, contentType="application/json", schema="{}", **where)
        api.create_request_validator(name=name, **where)
    models, count = pages(api, "get_models", **where)
    assert ([one["name"] for one in models], count) == (["Empty", "Error", "A", "B", "C"], 3)
    validators, count = pages(api, "get_request_validators", **where)
    assert ([one["name"] for one in validators], count) == (["A", "B", "C"], 2)
    responses, count = pages(api, "get_gateway_responses", **where)
    kinds = [one["responseType"] for one in responses]
    assert (kinds, len(kinds), count) == (sorted(kinds), 21, 11)
    types, count = pages(api, "get_sdk_types")
    assert ([one["id"] for one in types], count) == (
        ["android", "java", "javascript", "objectivec", "ruby", "swift"], 3)


def test_the_life_of_a_gateway_response(scene):
    api, where = scene.api, {"restApiId": scene.api_id, "responseType": "DEFAULT_5XX"}
    put = api.put_gateway_response(statusCode="503", responseParameters={"gatewayresponse.header.A": "'a'"}, **where)
    assert (put["statusCode"], put["defaultResponse"]) == ("503", False)
    shown = api.get_gateway_response(restApiId=scene.api_id, responseType="INTEGRATION_TIMEOUT")
    assert (shown["statusCode"], shown["defaultResponse"]) == ("503", True)
    changed = api.update_gateway_response(patchOperations=[
        {"op": "replace", "path": "/responseTemplates/application~1json", "value": "{}"}], **where)
    assert changed["responseTemplates"] == {"application/json": "{}"}
    api.delete_gateway_response(**where)
    refused(api.delete_gateway_response, "NotFoundException", "Gateway response type not defined on api", **where)


def test_models_and_validators_in_use(scene):
    api, where = scene.api, {"restApiId": scene.api_id}
    api.create_model(name="Pet", contentType="application/json", schema='{"properties":{"name":{"type":"string"}}}', **where)
    validator = api.create_request_validator(name="v", validateRequestBody=True, **where)["id"]
    place = {"resourceId": scene.resource("kennel"), "httpMethod": "POST", **where}
    api.put_method(authorizationType="NONE", requestModels={"application/json": "Pet"}, requestValidatorId=validator, **place)
    assert api.get_model_template(modelName="Pet", **where)["value"] == (
        "#set($inputRoot = $input.path('$'))\n{\n  \"name\" : \"foo\"\n}")
    refused(api.delete_model, "ConflictException",
            "Cannot delete model 'Pet', is referenced in method request: /kennel/POST", modelName="Pet", **where)
    refused(api.delete_request_validator, "ConflictException", "Cannot delete validator '%s', is referenced in method "
            "request: /kennel/POST" % validator, requestValidatorId=validator, **where)
    api.delete_method(**place)
    api.delete_model(modelName="Pet", **where)
    api.delete_request_validator(requestValidatorId=validator, **where)


def test_tags_flushes_and_the_account(scene):
    api = scene.api
    arn = "arn:aws:apigateway:%s::/restapis/%s/stages/%s" % (harness.REGION, scene.api_id, scene.stage)
    api.tag_resource(resourceArn=arn, tags={"a b": "1", "c/d": "2"})
    api.untag_resource(resourceArn=arn, tagKeys=["a b", "nope"])
    assert api.get_tags(resourceArn=arn)["tags"] == {"c/d": "2"}
    assert api.get_stage(restApiId=scene.api_id, stageName=scene.stage)["tags"] == {"c/d": "2"}
    for flush in (api.flush_stage_cache, api.flush_stage_authorizers_cache):
        flush(restApiId=scene.api_id, stageName=scene.stage)
        refused(flush, "NotFoundException", "Invalid stage identifier specified", restApiId=scene.api_id, stageName="no")
    role = {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::000000000000:role/logs"}
    assert api.update_account(patchOperations=[role])["cloudwatchRoleArn"] == role["value"]
    assert api.get_sdk_type(id="java")["configurationProperties"][0]["required"] is True
