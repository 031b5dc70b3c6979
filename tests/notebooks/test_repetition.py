"""The notebooks are the same every time: strictly compared five times in a row, and once with two threads."""

import os
import subprocess
import sys

import pytest

from helpers import ROOT

pytestmark = pytest.mark.long
NOTEBOOKS = sorted((ROOT / "notebooks" / "executed").glob("*.ipynb"))
# Notebooks ask for one thread before they import torch. So it is imported before them, and every cell says what it ran with.
STARTUP = """
import torch
def note(result):
    with open({file!r}, "a") as out:
        print(torch.get_num_threads(), file=out)
get_ipython().events.register("post_run_cell", note)
"""


def nbval(notebook, folder, threads):
    """Run and compare one notebook; returns what pytest says, and the numbers of threads its cells ran with."""
    startup, seen = folder / "profile_default" / "startup", folder / "threads"
    startup.mkdir(parents=True)
    (startup / "threads.py").write_text(STARTUP.format(file=str(seen)))
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "IPYTHONDIR": str(folder)}
    environment |= {"MICRA_LITE_PROGRESS": "", "MICRA_LITE_UNATTENDED": "1"}
    environment["OMP_WAIT_POLICY"] = "passive"  # or waiting threads spin, and starve the notebook that runs beside it
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", "--nbval-sanitize-with",
               str(ROOT / "notebooks" / "nbval_sanitize.cfg"), str(notebook)]  # fmt: skip
    ran = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=3600)
    return ran, set(map(int, seen.read_text().split()))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.stem)
@pytest.mark.parametrize(("round_", "threads"), [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 2)])
def test_a_notebook_is_the_same_every_time(notebook, tmp_path, round_, threads):
    ran, seen = nbval(notebook, tmp_path, threads)
    assert ran.returncode == 0, ran.stdout[-4000:]
    assert seen == {threads}
