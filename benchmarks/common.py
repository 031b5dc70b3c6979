"""What the benchmarks share: where results go, what they say of the machine, and statistics by `rliable`."""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

RESULTS = Path(__file__).parent / "results"


def write(name: str, seeds: int, rows: list[dict[str, Any]], **more: Any) -> Path:
    """Write benchmarks/results/NAME.json: the command, versions, machine, seeds and rows."""
    content = {
        "command": "python " + " ".join([f"benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]]),
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        "machine": f"{platform.system()} {platform.machine()}, one thread per process",
        "seeds": seeds,
        **more,
        "rows": rows,
    }
    path = RESULTS / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def interquartile_mean(scores: list[float]) -> tuple[float, float, float]:
    """The interquartile mean over seeds and its 95% bootstrap interval: (mean, low, high)."""
    from rliable import library, metrics

    np.random.seed(0)  # noqa: NPY002 - rliable draws its bootstrap from numpy's global generator
    runs = {"runs": np.asarray(scores, dtype=float)[:, None]}  # (seeds, 1)
    mean, interval = library.get_interval_estimates(runs, lambda x: np.array([metrics.aggregate_iqm(x)]), reps=5000)
    return float(mean["runs"][0]), float(interval["runs"][0, 0]), float(interval["runs"][1, 0])
