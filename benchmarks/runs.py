"""Helpers for long benchmarks: keeping finished runs, the scale of scores, and running in parallel or on a cluster.

Apart from `common`, which must stay cheap to import, because some benchmarks measure imports.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from joblib import Parallel, parallel_config

if TYPE_CHECKING:  # imported where it is used: distributing work needs no torch
    from micra_lite import exact

INSTALL = {"dask": "micra_lite[cluster]", "ray": "ray"}  # what each backend needs
PATIENCE = 120  # seconds for a cluster to answer


def game_of(task: str) -> tuple[Any, Any]:
    """The game of a task and its family of externals. Options are whole numbers: "pursuit", "pursuit:view=1"."""
    import micra_lite

    name, *options = task.split(":")
    game = micra_lite.make(name, **{key: int(value) for key, value in (o.split("=") for o in options)})
    return game, micra_lite.external_family(name, game)


def file_name(task: str) -> str:
    """The name of a task as a part of file names.

    >>> file_name("pursuit:view=1")
    'pursuit-view1'
    """
    return task.replace(":", "-").replace("=", "")


def kind_of(task: str) -> str:
    """The group of a task in tables and figures.

    >>> kind_of("chicken"), kind_of("pursuit:view=1")
    ('matrix games', 'partial views')
    """
    from micra_lite.games.matrix import MATRIX_GAMES
    from micra_lite.registry import CONTROLS

    if task in MATRIX_GAMES:
        return "matrix games"
    if ":view=" in task:
        return "partial views"
    return "nothing to gain" if task in CONTROLS else "grid tasks"


def keep(path: Path, content: Any) -> Any:
    """Write `content` to a json file, whole or not at all, and return it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content))
    partial.replace(path)
    return content


def yardstick(task: str, cache: Path, split: str = "held-out") -> exact.Yardstick:
    """The scale for the externals of one split, solved once and kept in `cache`."""
    import numpy as np

    from micra_lite import exact

    path = cache / f"yardstick-{file_name(task)}-{split}.json"
    if not path.exists():
        game, family = game_of(task)
        scale = exact.yardstick_for(exact.tabulate(game), family.split(split), game)
        keep(path, {"random": list(scale.random), "best": list(scale.best)})
    kept = json.loads(path.read_text())
    return exact.Yardstick(np.array(kept["random"]), np.array(kept["best"]), [])


def score(scale: exact.Yardstick, values: Any, count: int | None = None) -> float:
    """The normalised score over the first `count` externals, by default over all that have a value."""
    import numpy as np

    from micra_lite import exact

    count = count or len(values)
    return exact.Yardstick(scale.random[:count], scale.best[:count], []).normalised_score(np.array(values[:count]))


def each_score(scale: exact.Yardstick, values: Any) -> list[float]:
    """The normalised score against each external that has a value."""
    import numpy as np

    random, best = (np.asarray(known)[: len(values)] for known in (scale.random, scale.best))
    return ((np.asarray(values) - random) / (best - random)).tolist()


def run_all(work: Iterable[Any], jobs: int, backend: str = "loky", address: str | None = None) -> list[Any]:
    """Run joblib's delayed calls: in processes of this machine ("loky"), or on the cluster at `address`.

    "dask" and "ray" need the package of that name, and workers with this project installed and benchmarks/ on their
    PYTHONPATH. Workers should share the folder of kept runs; otherwise results come back, but stopped runs start anew.
    Runs of a lost worker are repeated by another one.
    """
    package = {"dask": "distributed"}.get(backend, backend)
    if backend != "loky" and importlib.util.find_spec(package) is None:
        raise ModuleNotFoundError(
            f"--backend {backend} needs a package that is missing: pip install '{INSTALL[backend]}'"
        )
    with ExitStack() as cluster:
        if backend == "dask":
            from distributed import Client

            # Closed whatever happens: an open client keeps the process from ending. A worker does not answer while it
            # imports torch, which takes a minute on a busy machine.
            cluster.enter_context(Client(address, timeout=PATIENCE))
            cluster.enter_context(parallel_config("dask", wait_for_workers_timeout=PATIENCE))
        elif backend == "ray":
            import ray
            from ray.util.joblib import register_ray

            ray.init(address=address)
            cluster.callback(ray.shutdown)
            register_ray()
            cluster.enter_context(parallel_config("ray", n_jobs=jobs))
        else:
            cluster.enter_context(parallel_config(backend, n_jobs=jobs))
        # Finished runs return at once, from which joblib would conclude to hand out long ones by the dozen, too.
        return Parallel(verbose=10, batch_size=1)(work)
