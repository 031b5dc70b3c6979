"""One thread per process: the networks are small, and the tests run side by side. Drawn examples are the same every time.

Nobody's progress is read or written, unless a test says where.
"""

import os
import shutil

import hypothesis
import pytest
import torch

os.environ["MICRA_LITE_PROGRESS"] = ""
torch.set_num_threads(1)
pytest.register_assert_rewrite("helpers")  # their assertions say what they found, too
busy = [hypothesis.HealthCheck.too_slow]  # a busy machine is no fault
phases = [phase for phase in hypothesis.Phase if phase.name != "explain"]  # its tracing may hang in CPython 3.11
hypothesis.settings.register_profile(
    "same every time", derandomize=True, deadline=None, suppress_health_check=busy, phases=phases
)
hypothesis.settings.load_profile("same every time")


@pytest.fixture(scope="session")
def browser():
    """A Chromium, for tests marked `browser`."""
    from helpers.browser import chromium

    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """The address of a JupyterLab over the notebooks that students open, for tests marked `browser`."""
    from helpers import ROOT
    from helpers.browser import SCREENSHOTS, jupyterlab

    folder = tmp_path_factory.mktemp("lab") / "notebooks"
    folder.mkdir()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        shutil.copy(path, folder)
    SCREENSHOTS.mkdir(exist_ok=True)
    with jupyterlab(folder) as address:
        yield address


@pytest.fixture(scope="session")
def site(tmp_path_factory, worker_id):
    """The folder with the site, as `make site` makes it, for tests marked `browser`; built once for all workers."""
    from filelock import FileLock

    from helpers.site import build

    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent
    with FileLock(shared / "site.lock"):
        return shared / "site" if (shared / "site").exists() else build(shared / "site")
