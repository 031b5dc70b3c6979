"""The package as a whole: what importing costs, what the public names are, how the core is kept small."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import micra_lite

ROOT = Path(micra_lite.__file__).parent


def run(code: str) -> str:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment, timeout=1800
    ).stdout


def test_every_public_name_can_be_had():
    for name in micra_lite.__all__:
        assert getattr(micra_lite, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = micra_lite.nothing


def test_importing_loads_neither_torch_nor_anything_heavy():
    """`import micra_lite` alone is cheap; a name is paid for when it is used (benchmarks/throughput.py times it)."""
    code = (
        "import sys, micra_lite; print([m for m in ('torch', 'scipy', 'matplotlib', 'pettingzoo') if m in sys.modules])"
    )
    assert run(code).strip() == "[]"
    code = (
        "import sys, micra_lite; micra_lite.offline_training; micra_lite.make('pursuit'); "
        "print([m for m in ('scipy.sparse', 'matplotlib', 'pettingzoo', 'gymnasium') if m in sys.modules])"
    )
    assert run(code).strip() == "[]"


def test_help_needs_no_torch():
    code = (
        "import sys, contextlib, micra_lite.cli as c\n"
        "with contextlib.suppress(SystemExit): c.main(['--help'])\n"
        "print('torch' in sys.modules)"
    )
    assert run(code).strip().endswith("False")


def test_no_file_outgrows_one_idea():
    for path in ROOT.rglob("*.py"):
        assert len(path.read_text().splitlines()) <= 400, path
