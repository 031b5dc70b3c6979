import importlib

import pytest

from helpers import ROOT


@pytest.fixture(scope="module")
def benchmark():
    """Imports a module of benchmarks/ by its name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        yield importlib.import_module
