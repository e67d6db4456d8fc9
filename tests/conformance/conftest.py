import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import pytest  # noqa: E402

import harness  # noqa: E402
import rows  # noqa: E402


@pytest.fixture(scope="module")
def daemon():
    with harness.Faregated() as instance:
        yield instance


@pytest.fixture
def walk(daemon):
    """With an API {A}, its root {R} and a resource {P} at /pets."""
    walk = rows.Walk(daemon)
    walk.walk([
        ("an API", "POST /restapis", {"name": "pets"}, 201, rows.ANY, {"A": "id", "R": "rootResourceId"}),
        ("a resource", "POST /restapis/{A}/resources/{R}", {"pathPart": "pets"}, 201, rows.ANY, {"P": "id"}),
    ])
    return walk
