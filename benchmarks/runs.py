"""Long benchmarks: what is kept when they are stopped, the scale of their scores, and how they are spread.

Apart from `common`, which is cheap to import: some benchmarks measure just that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, parallel_config

import micra_lite
from micra_lite import evaluate, exact


def keep(path: Path, content: Any) -> Any:
    """Write `content` to a json file, whole or not at all; returns it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content))
    partial.replace(path)
    return content


def yardstick(task: str, cache: Path, split: str = "held-out") -> exact.Yardstick:
    """The scale for the externals of one split, solved once and kept in `cache`."""
    path = cache / f"yardstick-{task}-{split}.json"
    if not path.exists():
        game = micra_lite.make(task)
        scale = evaluate.yardstick_for(game.tabulate(), micra_lite.external_family(task).split(split), game)
        keep(path, {"random": list(scale.random), "best": list(scale.best)})
    kept = json.loads(path.read_text())
    return exact.Yardstick(np.array(kept["random"]), np.array(kept["best"]), [])


def score(scale: exact.Yardstick, values: Any, count: int | None = None) -> float:
    """The normalised score over the first `count` externals (all that were valued, without it)."""
    count = count or len(values)
    return exact.Yardstick(scale.random[:count], scale.best[:count], []).normalised_score(np.array(values[:count]))


def run_all(work: Iterable[Any], jobs: int, backend: str = "loky", address: str | None = None) -> list[Any]:
    """Run joblib's delayed calls: in processes of this machine ("loky"), or on the cluster at `address`.

    "dask" and "ray" need the package of that name, and workers that have this project installed and benchmarks/ on their
    PYTHONPATH. They should share the folder of kept runs: without it results come back, but what was stopped starts anew.
    """
    if backend == "dask":
        from distributed import Client

        Client(address)  # from now on joblib's
    elif backend == "ray":
        import ray
        from ray.util.joblib import register_ray

        ray.init(address=address)
        register_ray()
    with parallel_config(backend, n_jobs=jobs):
        return Parallel(verbose=10)(work)
