"""Scoring of a run of `peers` on its way, and its summary at the end."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import micra_lite
from learning_table import FEW, WATCHED
from micra_lite import exact
from peers_environment import TASK
from runs import game_of, score, yardstick

REACHED = (0.4, 0.6, 0.8)  # for each of these scores: when was it reached?


class Scorer:
    """Exact scores against the held-out externals, of teams that play all alike and of teams that adapt."""

    def __init__(self, cache: Path) -> None:
        self.game, family = game_of(TASK)
        self.table, self.scale = exact.tabulate(self.game), yardstick(TASK, cache)
        self.externals = family.split("held-out")
        self.prey = [t.numpy() for t in self.game.tables(self.externals)]  # per external agent (K, S, A_e)

    def values(self, team: Sequence[np.ndarray]) -> np.ndarray:
        """The exact value of policies (S, A_i), one for each hunter, against each of K externals, (K,)."""
        each = range(len(self.prey[0]))
        return np.array([exact.team_value(self.table, team, [moves[k] for moves in self.prey]) for k in each])

    def scores(self, team: Sequence[np.ndarray]) -> dict[str, float]:
        """Normalised scores against the first few and all, of the policies and of their likeliest moves."""
        greedy = [np.eye(policy.shape[1])[policy.argmax(1)] for policy in team]
        return self.normalised(score=self.values(team), greedy=self.values(greedy))

    def adapted_scores(self, state: micra_lite.TrainingState) -> dict[str, float]:
        """The same for a team that watches a few episodes of each external and adapts; of its policies only."""
        seed = state.settings.seed
        return self.normalised(
            score=exact.adaptation_scores(state, self.table, self.externals, WATCHED, seed=seed).after
        )

    def normalised(self, **found: np.ndarray) -> dict[str, float]:
        """Values against each external, (K,), as scores against the first few and all."""
        counts = (FEW, len(self.externals))
        return {f"{name}_{n}": score(self.scale, values, n) for name, values in found.items() for n in counts}


class Run:
    """The points of one run, each with the training time up to it; the clocks stop while a point is scored."""

    def __init__(self, method: str) -> None:
        self.method, self.points, self.spent = method, list[dict[str, Any]](), np.zeros(2)
        self.start = self.clocks()

    @staticmethod
    def clocks() -> np.ndarray:
        """CPU-seconds and wall-clock seconds, (2,)."""
        return np.array([time.process_time(), time.perf_counter()])

    def point(self, steps: int, gradient_steps: int, scores: Callable[[], dict[str, float]]) -> None:
        """Score a team as it is after so many steps."""
        if self.points:  # the time before the first point went into imports and preparations
            self.spent += self.clocks() - self.start
        said = {"steps": steps, "gradient_steps": gradient_steps, "cpu_seconds": round(float(self.spent[0]), 2),
                "wall_seconds": round(float(self.spent[1]), 2), **scores()}  # fmt: skip
        self.points.append(said)
        print(self.method, said, flush=True)
        self.start = self.clocks()

    def row(self, seed: int) -> dict[str, Any]:
        """The whole run as a row; `reached` has, for each of these scores, the first point at or above it, or None."""
        last = self.points[-1]
        name = next(n for n in last if n.startswith("score") and n != f"score_{FEW}")
        first = {str(x): next((p for p in self.points if p[name] >= x), None) for x in REACHED}
        keys = ("steps", "cpu_seconds", "wall_seconds")
        return {"method": self.method, "seed": seed, **last,
                "peak_memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
                "reached": {x: p and {k: p[k] for k in keys} for x, p in first.items()}, "points": self.points}  # fmt: skip
