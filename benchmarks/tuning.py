"""The random search of `benchmarks/learning.py --tune`, of the same size for every method, and the settings that it found."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from common import read
from micra_lite.baselines.methods import PUBLISHED

TUNING = {"configurations": 16, "seeds": 2, "steps": 100_000}
# Drawn log-uniformly from (low, high), uniformly from a list.
EVERYBODY = {
    "critic_rate": (5e-4, 1e-2), "actor_rate": (3e-4, 1e-2), "entropy_coefficient": (3e-3, 0.1), "target_rate": (3e-3, 0.1),
}  # fmt: skip
ON_POLICY = {"externals_per_round": [2, 4, 8], "value_steps": [1, 3, 8], "trace_decay": [0.5, 0.8, 0.95, 1.0]}
OFF_POLICY = {"externals_per_round": [4, 8, 16], "value_steps": [1, 3, 5], "exploration": [0.05, 0.1, 0.2, 0.4]}


def space(method: str) -> dict[str, Any]:
    """The settings that are tuned for a method, with the values that they may take."""
    return {**EVERYBODY, **(OFF_POLICY if method in ("MICRA", "MADDPG") else ON_POLICY)}


def configurations(method: str, count: int) -> list[dict[str, Any]]:
    """The method's usual settings, then `count` − 1 configurations drawn from its space; the same every time."""
    rng = np.random.default_rng(PUBLISHED.index(method))
    drawn: list[dict[str, Any]] = [{}]
    for _ in range(count - 1):
        changes = {}
        for name, values in space(method).items():
            if isinstance(values, list):
                changes[name] = rng.choice(values).item()
            else:
                changes[name] = float(f"{math.exp(rng.uniform(*np.log(values))):.3g}")
        drawn.append(changes)
    return drawn


def winners() -> dict[str, dict[str, Any]]:
    """The best settings found for each method; empty before the search has been run."""
    return read("tuning").get("winners", {})
