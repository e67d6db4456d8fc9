"""Every scenario with boto3, each answer read as strictly as Go reads it."""

import boto3
import botocore.config
import botocore.exceptions
import pytest

import harness
import script
import shapes
from operations import OPERATIONS


@pytest.fixture(scope="module")
def ask():
    with harness.Faregated() as daemon:
        key_id, secret = daemon.credentials()
        client = shapes.watch(boto3.client(
            "apigateway", region_name=harness.REGION, aws_access_key_id=key_id, aws_secret_access_key=secret,
            endpoint_url="http://127.0.0.1:%d" % daemon.control_port(),
            config=botocore.config.Config(retries={"total_max_attempts": 1}, parameter_validation=False)))
        yield lambda operation, asked: answered(client, operation, asked)


def answered(client, operation, asked):
    body = asked.get("body")
    if isinstance(body, dict):
        asked["body"] = body["@bytes"].encode()
    try:
        got = client._make_api_call(operation, asked)
    except botocore.exceptions.ClientError as error:
        raise script.Refusal(error.response["Error"]["Code"], error.response["Error"]["Message"]) from None
    status = got.pop("ResponseMetadata")["HTTPStatusCode"]
    assert status == OPERATIONS[operation].status
    if hasattr(got.get("body"), "read"):
        got["body"] = got["body"].read()
    return got


@pytest.mark.parametrize("scenario", script.scenarios_for("boto3"), ids=lambda scenario: scenario.title)
def test_boto3(ask, scenario):
    script.play(scenario, ask)
