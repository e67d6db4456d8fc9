"""A forbidden include does not compile: each layer's include path holds exactly the layers it may use."""

import json
import os
import pathlib
import shlex
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FG_BUILD", ROOT / "build"))


def compile_words(layer):
    """How the build compiles a file of the layer, without the file and the output."""
    for command in json.loads((BUILD / "compile_commands.json").read_text()):
        if pathlib.Path(command["file"]).parent == ROOT / "src" / layer:
            words = shlex.split(command["command"])
            return words[:words.index("-o")] + ["-fsyntax-only", "-x", "c", "-"]
    raise AssertionError("the build has no file of " + layer)


def includes(layer, header):
    return subprocess.run(compile_words(layer), input='#include "%s"\n' % header, text=True,
                          stderr=subprocess.PIPE, cwd=BUILD)


@pytest.mark.parametrize("layer,header", [
    ("base", "gate/gate.h"), ("limit", "model/api_key.h"), ("model", "store/store.h"), ("route", "gate/gate.h"),
    ("gate", "store/store.h"), ("gate", "control/control.h"), ("store", "gate/gate.h"), ("auth", "store/store.h"),
    ("agent", "control/control.h"), ("mapping", "gate/gate.h")])
def test_a_forbidden_include_does_not_compile(layer, header):
    done = includes(layer, header)
    assert done.returncode != 0
    assert header in done.stderr and "No such file" in done.stderr


@pytest.mark.parametrize("layer,header", [
    ("limit", "base/clock.h"), ("gate", "limit/quota.h"), ("agent", "gate/gate.h"), ("control", "store/store.h")])
def test_an_allowed_one_does(layer, header):
    assert includes(layer, header).returncode == 0
