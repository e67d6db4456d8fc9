"""No operation of the table is left out by the scenarios, and what is not built says so."""

import pathlib

import botocore.session
import pytest

import harness
import script
from operations import OPERATIONS


@pytest.mark.parametrize("client", ["boto3", "aws", "javascript"])
def test_every_built_operation_is_asked(client):
    """What boto3 and aws do not know yet is asked by the SDK for JavaScript alone."""
    known = set(botocore.session.get_session().get_service_model("apigateway").operation_names)
    built = {name for name, row in OPERATIONS.items() if row.is_built}
    due = built if client == "javascript" else built & known
    asked = set().union(*(one.operations() for one in script.scenarios_for(client)))
    assert sorted(due - asked) == []


def test_titles_are_told_apart():
    titles = [one.title for one in script.load()]
    assert sorted(titles) == sorted(set(titles))


def test_what_is_not_built_answers_501_and_has_a_reason():  # rule C1
    reasons = (pathlib.Path(harness.SOURCE) / "docs" / "rules" / "differences.md").read_text()
    with harness.Faregated() as daemon:
        for name, row in OPERATIONS.items():
            if not row.is_built:
                assert "\n| %s |" % name in reasons
                answer = daemon.call(row.verb, row.target_of_nothing(), body=None if row.verb == "GET" else b"{}")
                assert (answer.status, answer.error_type) == (501, "NotImplementedException"), name
                assert answer.json() == {"message": "The operation %s is not implemented yet." % name}
