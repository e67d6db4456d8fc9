"""The module's tests stand beside it and use what tests/ has: harness and scenes."""

import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests"))

import harness  # noqa: E402
import node as nodes  # noqa: E402


@pytest.fixture
def backend():
    with harness.Backend() as server:
        yield server


@pytest.fixture
def node():
    """faregated and an nginx with a gateway location."""
    with nodes.Node() as started:
        yield started
