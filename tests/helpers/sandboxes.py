"""The sandboxes that work here, and the verdicts on what comes out of them.

A kind that does not work is skipped, but for the one that the environment variable MICRA_REQUIRE_SANDBOX names.
"""

import os

import pytest
import torch

from micra_exercises import check
from micra_exercises.judge import judge
from micra_exercises.tutor.sandbox import KINDS, Sandbox, SandboxError, open_sandbox
from micra_exercises.variants import chosen

REQUIRED = os.environ.get("MICRA_REQUIRE_SANDBOX")


@pytest.fixture(scope="module", params=KINDS[:-1])
def sandbox(request):
    """A sandbox of each kind that protects."""
    try:
        found = Sandbox(request.param)
    except SandboxError as reason:
        if request.param == REQUIRED:
            pytest.fail(f"{reason}, and MICRA_REQUIRE_SANDBOX={REQUIRED} asks for it")
        pytest.skip(f"{request.param}: {reason}")
    with found:
        yield found


@pytest.fixture(scope="module")
def any_sandbox():
    """The first that works, where the kind makes no difference."""
    try:
        found = open_sandbox(unsafe=False)
    except SandboxError as reason:
        if REQUIRED:
            pytest.fail(f"{reason}, and MICRA_REQUIRE_SANDBOX={REQUIRED} asks for one")
        pytest.skip(str(reason))
    with found:
        yield found


def last_verdicts(records, seed=0, variant=0):
    """exercise → the verdict on its last record."""
    said = {}
    before = torch.get_default_dtype()
    with chosen(variant):
        for record in records:
            if "run" in record:
                torch.set_default_dtype(getattr(torch, record["dtype"].removeprefix("torch.")))
                said[record["exercise"]] = judge(getattr(check, record["exercise"]), record["run"], seed)
                torch.set_default_dtype(before)
    return said


def told(sandbox, code):
    """The number that `code`, run in the sandbox, calls x."""
    cells = [
        "import os, sys, time, threading\nfrom micra_exercises import check",
        code,
        "check.regrets_by_hand([x, x])",
    ]
    found, ended = sandbox.run(cells)
    assert found, ended
    return found[-1]["run"].results[0].value[0]
