"""Fixtures of every integration test. This file lies here so that pytest puts tests/ on the path of each of them."""

import pytest

import harness


@pytest.fixture
def faregated():
    """A faregated alone, started, talking on its unix socket."""
    with harness.Faregated() as instance:
        yield instance


@pytest.fixture
def faregate():
    """The whole: `faregate run` with nginx in front."""
    with harness.Faregate() as instance:
        yield instance


@pytest.fixture
def backend():
    """An HTTP server that answers what it was asked."""
    with harness.Backend() as server:
        yield server
