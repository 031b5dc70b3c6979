"""Trained teams in others' environments: what they earn at random, trained but unadapted, and adapted to held-out externals.

Called by `environments.py --train`. Each run (a task and a seed) is kept in the cache once it is finished. Returns are
undiscounted, per episode, means over the targets; a team adapts to five watched episodes (its imitators; then it plays).
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from joblib import delayed

import micra_lite
from common import write_part
from micra_lite import ExternalFamily, Game, Settings, TrainingState, last, offline_training, play
from micra_lite.agent import adapted_belief, prior_belief
from micra_lite.exact.scores import mean_return
from micra_lite.extensions.input_checks import training_externals
from micra_lite.interop.foraging import SETTINGS as FORAGING
from micra_lite.interop.foraging import PartnerFamily, foraging
from micra_lite.interop.simple_tag import SETTINGS as PARTICLES
from runs import keep, run_all

MET = 16  # held-out externals
WATCHED = 5  # episodes of each
SCORED = 32  # episodes beside each
Task = tuple[Game, ExternalFamily | None, Settings]


def tag() -> Task:
    return micra_lite.make("simple_tag"), micra_lite.external_family("simple_tag"), Settings(**PARTICLES)


def spread(targets: int) -> Game:
    """mpe2's simple_spread: three agents are to cover three landmarks."""
    from mpe2 import simple_spread_v3

    return micra_lite.from_parallel_env(simple_spread_v3.parallel_env, targets=[f"agent_{t}" for t in range(targets)])


def spread_alone() -> Task:
    return spread(3), None, Settings(**PARTICLES)


def spread_beside_one() -> Task:
    """The third agent takes the landmark that lies farthest in a direction of its own: 16 to train with, 16 others to meet."""
    game, angles = spread(2), [math.tau * k / 32 for k in range(32)]
    train, held_out = [[directed(a) for a in angles[first::2]] for first in (0, 1)]
    return game, micra_lite.from_policies(game, train=train, held_out=held_out), Settings(**PARTICLES)


def directed(angle: float) -> Callable[[torch.Tensor], torch.Tensor]:
    """An agent of simple_spread that goes to the landmark that lies farthest in the direction of an angle."""
    direction = torch.tensor([math.cos(angle), math.sin(angle)])

    def policy(seen: torch.Tensor) -> torch.Tensor:
        velocity, landmarks = seen[:, :2], seen[:, 4:10].unflatten(1, (3, 2))  # (B, 2), (B, 3, 2) relative to itself
        chosen = landmarks[torch.arange(len(seen)), (landmarks @ direction).argmax(1)]  # (B, 2)
        x, y = (8 * (chosen - 0.3 * velocity)).unbind(1)  # it glides on for 0.3 seconds
        return torch.stack([torch.zeros_like(x), -x, x, -y, y], 1).softmax(1)  # none, left, right, down, up

    return policy


def forage() -> Task:
    return foraging(), PartnerFamily(), Settings(**FORAGING)


TASKS = {
    "simple_tag": tag, "simple_spread, all ours": spread_alone, "simple_spread, one external": spread_beside_one,
    "foraging": forage,
}  # fmt: skip


def run(task: str, seed: int, updates: int | None, cache: Path) -> dict[str, Any]:
    """Train one team and score it: {task, seed, steps, seconds, returns}, returns of each way to play, (K,) each."""
    name = task.replace(", ", "-").replace(" ", "_")
    path = cache / f"{name}-{seed}-{updates or 'all'}.json"
    if path.exists():
        return json.loads(path.read_text())
    torch.set_num_threads(1)
    game, family, settings = TASKS[task]()
    settings = settings.__class__(**{**vars(settings), "seed": seed, "updates": updates or settings.updates})
    start = time.process_time()
    state = last(offline_training(game, family, settings)).state
    seconds = time.process_time() - start
    returns = {way: r.tolist() for way, r in scores(state, family, seed).items()}
    found = {"task": task, "seed": seed, "steps": state.environment_steps, "seconds": seconds, "returns": returns}
    print({**found, "returns": {way: round(float(np.mean(r)), 3) for way, r in returns.items()}}, flush=True)
    return keep(path, found)


def scores(state: TrainingState, family: ExternalFamily | None, seed: int) -> dict[str, torch.Tensor]:
    """Mean returns (K,) beside each held-out external: at random, trained, and adapted where there is one to adapt to."""
    met = training_externals(state.game, None) if family is None else family.split("held-out")[:MET]
    prior = prior_belief(state.agent, len(met))
    ways = [("random", prior, 1.0), ("trained", prior, 0.0)]
    if family is not None:
        watched = play(state, met, prior, WATCHED, 0.1, torch.Generator().manual_seed(seed))
        pairs = watched.pairs(slice(WATCHED), state.observe)
        ways.append(("adapted", adapted_belief(state.agent, pairs, state.settings.inner_steps), 0.0))
    episodes = SCORED if family else SCORED * MET  # as many in all
    return {way: mean_return(state, met, episodes, belief, seed, exploration) for way, belief, exploration in ways}


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """The mean of values (seeds, externals), and its 95% bootstrap interval over both: (mean, low, high)."""
    S, K = values.shape
    rng = np.random.default_rng(0)
    seeds, externals = rng.integers(S, size=(5000, S, 1)), rng.integers(K, size=(5000, 1, K))
    low, high = np.quantile(values[seeds, externals].mean((1, 2)), [0.025, 0.975])
    return float(values.mean()), float(low), float(high)


def rows_of(task: str, runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row for each way to play and for each gain: {task, method, score, low, high, steps, seconds}."""
    values = {way: np.array([r["returns"][way] for r in runs]) for way in runs[0]["returns"]}  # (seeds, externals)
    values["trained − random"] = values["trained"] - values["random"]
    if "adapted" in values:
        values["adapted − trained"] = values["adapted"] - values["trained"]
    cost = {what: float(np.mean([r[what] for r in runs])) for what in ("steps", "seconds")}
    rows = []
    for method, each in values.items():
        score, low, high = interval(each)
        rows.append({"task": task, "method": method, "score": score, "low": low, "high": high, "externals": each.shape[1],
                     "seeds": len(runs), **cost})  # fmt: skip
    return rows


def train_all(tasks: list[str], seeds: int, updates: int | None, jobs: int, cache: Path) -> Path:
    """Run what is missing and write the results, task by task."""
    for task in tasks:
        runs = run_all([delayed(run)(task, seed, updates, cache) for seed in range(seeds)], jobs)
        rows = rows_of(task, runs)
        for row in rows:
            print(f"{task:30s} {row['method']:20s} {row['score']:.3f} [{row['low']:.3f}, {row['high']:.3f}]")
        path = write_part("environments_training", seeds, rows, {})
    return path
