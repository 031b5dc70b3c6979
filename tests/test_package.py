"""The package as a whole: what importing loads, and that the public names are there."""

import os
import subprocess
import sys

import pytest

import micra_lite


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


def test_importing_loads_nothing_heavy_beside_torch():
    """What it adds to `import torch` in seconds, benchmarks/throughput.py measures."""
    heavy = ("scipy", "matplotlib", "pettingzoo", "gymnasium", "ipywidgets")
    for use in ("", "micra_lite.make('pursuit'); micra_lite.external_family('pursuit')"):
        assert run(f"import sys, micra_lite\n{use}\nprint([m for m in {heavy} if m in sys.modules])").strip() == "[]"
