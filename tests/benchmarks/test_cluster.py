"""Sweeps on a cluster: runs of a killed worker are repeated, no others are, and the process ends by itself."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from helpers import ROOT

RUNS = 12
# A benchmark whose runs do nothing; it keeps each as the benchmarks do, and says when one is complete.
SWEEP = f"""
import json, os, sys, time
from pathlib import Path
from joblib import delayed
from runs import keep, run_all

def run(k, cache):
    path = cache / f"{{k}}.json"
    if path.exists():
        return json.loads(path.read_text())
    (cache / f"{{k}}.begun").write_text(str(os.getpid()))
    done = [p for p in cache.glob("*.begun") if p.read_text() == str(os.getpid()) and p.with_suffix(".json").exists()]
    while done and not (cache / "go").exists():  # after its first run a worker stops in the middle of the next
        time.sleep(0.05)
    with (cache / "log").open("a") as file:
        file.write(f"{{k}}\\n")
    return keep(path, [{{"run": k, "worker": os.getpid()}}])

if __name__ == "__main__":
    cache = Path(sys.argv[2])
    found = run_all([delayed(run)(k, cache) for k in range({RUNS})], 2, "dask", sys.argv[1])
    (cache / "result").write_text(json.dumps(found))
"""


def wait_for(what, seconds=1800):
    """Wait until it is true; returns its value."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
    return found


@pytest.fixture
def started(tmp_path):
    """Starts processes that are killed at the end of the test, their output in files."""
    processes = []

    def start(name, *command):
        with (tmp_path / f"{name}.txt").open("w") as output:
            processes.append(subprocess.Popen(
                [sys.executable, *command], cwd=tmp_path, stdout=output, stderr=output,
                env={**os.environ, "PYTHONPATH": str(ROOT / "benchmarks"), "OMP_NUM_THREADS": "1"},
            ))  # fmt: skip
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.wait()


@pytest.mark.long
def test_a_killed_worker_costs_no_run_and_none_is_there_twice(started, tmp_path):
    pytest.importorskip("distributed", reason="needs the extra: pip install 'micra_lite[cluster]'")
    cache, place = tmp_path / "cache", tmp_path / "scheduler.json"
    cache.mkdir()
    (tmp_path / "sweep.py").write_text(SWEEP)
    local = ["--host", "127.0.0.1", "--scheduler-file", str(place)]
    started("scheduler", "-m", "distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard", *local)
    address = wait_for(lambda: place.exists() and place.read_text() and json.loads(place.read_text())["address"])
    workers = [
        started(f"worker{j}", "-m", "distributed.cli.dask_worker", "--no-nanny", "--nthreads", "1", "--no-dashboard", *local)
        for j in range(2)
    ]  # fmt: skip
    for j in range(2):
        wait_for(lambda j=j: "Registered to" in (tmp_path / f"worker{j}.txt").read_text())
    sweep = started("sweep", "sweep.py", address, str(cache))

    def running():
        """The run that a worker is in the middle of, and the worker's process."""
        assert sweep.poll() is None, (tmp_path / "sweep.txt").read_text()
        begun = [p for p in cache.glob("*.begun") if p.read_text() == str(workers[0].pid)]
        return len(list(cache.glob("*.json"))) == 2 and [p.stem for p in begun if not p.with_suffix(".json").exists()]

    (lost,) = wait_for(running)
    workers[0].send_signal(signal.SIGKILL)
    (cache / "go").touch()
    assert sweep.wait(1800) == 0, (tmp_path / "sweep.txt").read_text()
    found = json.loads((cache / "result").read_text())
    assert [run["run"] for (run,) in found] == list(range(RUNS))
    assert Counter((cache / "log").read_text().split()) == {str(k): 1 for k in range(RUNS)}
    assert found[int(lost)][0]["worker"] == workers[1].pid
    assert {run["worker"] for (run,) in found} == {worker.pid for worker in workers}


@pytest.mark.parametrize(("backend", "install"), [("dask", r"micra_lite\[cluster\]"), ("ray", "ray")])
def test_a_missing_backend_says_what_to_install(backend, install, benchmark, monkeypatch):
    runs = benchmark("runs")
    monkeypatch.setattr(runs.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=f"pip install '{install}'"):
        runs.run_all([], 1, backend)
