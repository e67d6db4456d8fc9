"""Spin looks at every order of steps of the lease protocol: it holds, and each planted fault is found."""

import pathlib
import subprocess

import pytest

MODEL = pathlib.Path(__file__).with_name("lease.pml")


def search(folder, *defines):
    """(errors, states) of an exhaustive search."""
    options = ["-D" + define for define in defines]
    subprocess.run(["spin", "-a", *options, str(MODEL)], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["gcc", "-O1", "-w", "-DSAFETY", "-DCOLLAPSE", "-o", "pan", "pan.c"], cwd=folder,
                   check=True)
    done = subprocess.run(["./pan", "-m100000", "-w24"], cwd=folder, check=True, text=True, stdout=subprocess.PIPE)
    assert "max search depth too small" not in done.stdout, done.stdout
    words = done.stdout.split()
    return int(words[words.index("errors:") + 1]), int(words[words.index("stored") - 2])


@pytest.mark.parametrize("nodes,limit,crashes,returns", [(1, 5, 2, 2), (2, 3, 1, 1)])
def test_no_order_of_steps_grants_or_spends_too_much(tmp_path, nodes, limit, crashes, returns):
    errors, states = search(tmp_path, f"NODES={nodes}", f"LIMIT={limit}", f"CRASHES={crashes}", f"RETURNS={returns}")
    assert errors == 0 and states > 10_000


@pytest.mark.parametrize("fault", ["PUBLISH_FIRST", "FORGET_SPENT", "KEEP_NUMBER"])
def test_a_planted_fault_is_found(tmp_path, fault):
    errors, _ = search(tmp_path, "NODES=2", "LIMIT=3", "CRASHES=1", "RETURNS=1", fault)
    assert errors > 0
