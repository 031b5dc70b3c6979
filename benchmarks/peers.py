"""Public peers on our task: BenchMARL's MAPPO, MADDPG and MASAC hunt in pursuit 3×3, scored exactly as our teams are.

They play through the PettingZoo face: the two hunters are the learners, and the prey is a part of the environment; every
episode draws a new one from the training externals. Reward, horizon and discount are the game's, all other settings
BenchMARL's own (see `peers_benchmarl`). No peer is told anything about the prey, so the comparison is with MICRA where
nobody adapts: MICRA is trained beside them, with its usual settings, untuned as theirs are, and a budget of its own, as it
takes many cheap steps where they take few dear ones; it is reported after as many steps as theirs, too. Nobody who plays
all prey alike can be expected to reach a score of 0.8 (the best such team found has 0.69, see benchmarks/games.py): how
long that takes is measured of MICRA as it is meant, adapting to each prey after five watched episodes.

BenchMARL's MADDPG has no discrete actions (neither Gumbel nor another). The nearest that it offers is twofold: MADDPG with
continuous actions, where each hunter names a direction and its move is drawn in proportion (a number for each of the
moves was tried first: in the one run of it, actors soon gave all moves the same); and MASAC, also off-policy with
a critic of the joint actions, which has discrete ones.

A run is a process of its own on one thread. Its CPU-seconds (user and system) and wall-clock seconds (with any waiting for
other work on the machine) are those of training, without imports and scoring; its peak memory is the whole process's.
Scores are of the stochastic policies, without exploration noise; `greedy` of their likeliest moves, by which BenchMARL
evaluates. Finished runs are kept in runs/benchmarks/peers, a stopped one starts again. Writes benchmarks/results/peers.json.

    pip install --no-deps -r benchmarks/requirements-peers.txt
    python benchmarks/peers.py --seeds 5 --steps 60000
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import resource
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

import numpy as np
import torch

import micra_lite
from common import interquartile_mean, write
from learning import round_steps
from learning_table import FEW, POINTS, WATCHED
from micra_lite import evaluate, exact
from peers_environment import TASK, hunters_env, pointed
from runs import game_of, keep, score, yardstick

OURS = {"MICRA": False, "MICRA, adapting": True}  # whether its actors are told what the imitator expects
METHODS = ("MAPPO", "MADDPG", "MASAC", *OURS)
OUR_STEPS = 640_000
ROUND = 6000  # environment steps between two points: one iteration of BenchMARL's
REACHED = (0.4, 0.6, 0.8)  # the scores of which it is told when they were reached


class Scorer:
    """The held-out externals, and what a team that plays them all alike scores against them."""

    def __init__(self, cache: Path) -> None:
        self.game, family = game_of(TASK)
        self.table, self.scale = self.game.tabulate(), yardstick(TASK, cache)
        self.externals = family.split("held-out")
        self.prey = [t.numpy() for t in self.externals.tables(self.game)]  # per external agent (K, S, A_e)

    def values(self, team: Sequence[np.ndarray]) -> np.ndarray:
        """The exact value of policies (S, A_i), one for each hunter, against each of K externals, (K,)."""
        each = range(len(self.prey[0]))
        return np.array([exact.team_value(self.table, team, [moves[k] for moves in self.prey]) for k in each])

    def scores(self, team: Sequence[np.ndarray]) -> dict[str, float]:
        """Normalised scores against the first few and all, of the policies and of their likeliest moves."""
        greedy = [np.eye(policy.shape[1])[policy.argmax(1)] for policy in team]
        return self._normalised(score=self.values(team), greedy=self.values(greedy))

    def adapted_scores(self, state: micra_lite.TrainingState) -> dict[str, float]:
        """The same of a team that watches each external for a few episodes, and adapts; its policies only."""
        seed = state.settings.seed
        return self._normalised(
            score=evaluate.adaptation_scores(state, self.table, self.externals, WATCHED, seed=seed).after
        )

    def _normalised(self, **found: np.ndarray) -> dict[str, float]:
        counts = (FEW, len(self.externals))
        return {f"{name}_{n}": score(self.scale, values, n) for name, values in found.items() for n in counts}


class Run:
    """One run's points, and the time that it took to get there; the clocks stand still while a point is scored."""

    def __init__(self, method: str) -> None:
        self.method, self.points, self.spent = method, list[dict[str, Any]](), np.zeros(2)
        self.start = self.clocks()

    @staticmethod
    def clocks() -> np.ndarray:
        """CPU-seconds and wall-clock seconds, (2,)."""
        return np.array([time.process_time(), time.perf_counter()])

    def point(self, steps: int, gradient_steps: int, scores: Callable[[], dict[str, float]]) -> None:
        """Score a team as it is after so many steps."""
        self.spent += self.clocks() - self.start
        said = {"steps": steps, "gradient_steps": gradient_steps, "cpu_seconds": round(float(self.spent[0]), 2),
                "wall_seconds": round(float(self.spent[1]), 2), **scores()}  # fmt: skip
        self.points.append(said)
        print(self.method, said, flush=True)
        self.start = self.clocks()

    def row(self, seed: int) -> dict[str, Any]:
        """The whole run; reached: the first point at or above a score against all externals, None where there is none."""
        last = self.points[-1]
        name = next(n for n in last if n.startswith("score") and n != f"score_{FEW}")
        first = {str(x): next((p for p in self.points if p[name] >= x), None) for x in REACHED}
        keys = ("steps", "cpu_seconds", "wall_seconds")
        return {"method": self.method, "seed": seed, **last,
                "peak_memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
                "reached": {x: p and {k: p[k] for k in keys} for x, p in first.items()}, "points": self.points}  # fmt: skip


def train_micra(seed: int, run: Run, scorer: Scorer) -> None:
    """MICRA with its usual settings. Not adapting, its actors are told nothing of the externals (its critic, in training, is)."""
    game, family = game_of(TASK)
    adapting = OURS[run.method]
    usual = micra_lite.settings_for(TASK, seed=seed, conditioned=adapting)
    updates = math.ceil(OUR_STEPS / round_steps(TASK, usual)) * usual.updates_per_round
    settings = micra_lite.settings_for(TASK, seed=seed, conditioned=adapting, updates=updates)
    state = micra_lite.TrainingState.initial(game, settings)
    records = micra_lite.offline_training(game, family, settings, state)
    points = {round(settings.updates * j / POINTS) for j in range(POINTS + 1)}

    def scores() -> dict[str, float]:
        if adapting:
            return scorer.adapted_scores(state)
        return scorer.scores([t[0].double().numpy() for t in evaluate.team_tables(state)])

    while True:
        if state.updates in points:
            run.point(state.environment_steps, state.updates * settings.value_steps, scores)
        if state.updates >= settings.updates:
            return
        state = next(records).state


def run_one(method: str, seed: int, steps: int, cache: Path) -> dict[str, Any]:
    """One run from the beginning to the end, kept when it has ended."""
    torch.set_num_threads(1)
    scorer, run = Scorer(cache), Run(method)
    if method in OURS:
        train_micra(seed, run, scorer)
    else:
        import peers_benchmarl  # which needs BenchMARL

        game = scorer.game
        seen = game.observe(game.states())
        observations = torch.stack([seen[i] for i in game.target_axes], 1)  # (S, m, O)

        def point(steps: int, gradient_steps: int, said: torch.Tensor) -> None:
            """`said`: by the actors in every state, (S, m, A)."""
            policies = pointed(said) if method == "MADDPG" else said.double().numpy()
            team = [policies[:, i] for i in range(policies.shape[1])]
            run.point(steps, gradient_steps, lambda: scorer.scores(team))

        make_env = partial(hunters_env, method == "MADDPG")
        peers_benchmarl.train(method, seed, steps, make_env, game.horizon, game.gamma, observations, point)
    return keep(file_of(method, seed, steps, cache), run.row(seed))


def file_of(method: str, seed: int, steps: int, cache: Path) -> Path:
    """Where a finished run is kept."""
    return cache / f"{method.replace(', ', '_')}-{OUR_STEPS if method in OURS else steps}-{seed}.json"


def at(row: dict[str, Any], steps: int) -> dict[str, Any]:
    """A run as it was at the first point with at least so many steps."""
    point = next(p for p in row["points"] if p["steps"] >= steps)
    reached = {x: p if p and p["steps"] <= point["steps"] else None for x, p in row["reached"].items()}
    return row | point | {"reached": reached}


def summary(rows: Sequence[dict[str, Any]], steps: int) -> list[dict[str, Any]]:
    """Per method, and of MICRA after as many steps: interquartile means and 95% intervals of scores, means of all else.

    Of each score to reach: how many runs did, and the mean CPU-seconds that those took.
    """
    early = [at(r, steps) | {"method": f"{r['method']}, after as many steps"} for r in rows if r["method"] in OURS]
    found = []
    for method in dict.fromkeys(r["method"] for r in [*rows, *early]):
        mine = [r for r in [*rows, *early] if r["method"] == method]
        numbers = [k for k, x in mine[0].items() if isinstance(x, int | float) and k != "seed"]
        row = {"method": method, "seeds": len(mine)} | {k: float(np.mean([r[k] for r in mine])) for k in numbers}
        for name in (k for k in numbers if k.startswith(("score", "greedy"))):
            row[name], row[f"{name}_low"], row[f"{name}_high"] = interquartile_mean([r[name] for r in mine])
        there = {x: [r["reached"][x]["cpu_seconds"] for r in mine if r["reached"][x]] for x in mine[0]["reached"]}
        row["reached"] = {x: len(seconds) for x, seconds in there.items()}
        row["cpu_seconds_to"] = {x: float(np.mean(seconds)) if seconds else None for x, seconds in there.items()}
        found.append(row)
    return found


def main() -> None:
    """Run what is missing, seed after seed, and write what there is after every run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS, metavar="METHOD")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument(
        "--steps", type=int, default=60_000, help=f"of a peer's run, raised to whole iterations of {ROUND:,}"
    )
    parser.add_argument("--cache", type=Path, default=Path("runs/benchmarks/peers"))
    options = parser.parse_args()
    steps = math.ceil(options.steps / ROUND) * ROUND
    yardstick(TASK, options.cache)
    packages = {name: version(name) for name in ("benchmarl", "torchrl", "tensordict")}
    for seed in range(options.seeds):
        for method in options.methods:
            if not file_of(method, seed, steps, options.cache).exists():
                # A fresh process each, so that peak memory is one run's.
                with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                    pool.submit(run_one, method, seed, steps, options.cache).result()
            files = [file_of(m, s, steps, options.cache) for m in options.methods for s in range(options.seeds)]
            rows = [json.loads(file.read_text()) for file in files if file.exists()]
            seeds = min(sum(r["method"] == m for r in rows) for m in options.methods)
            print(write("peers", seeds, rows, steps=steps, packages=packages, summary=summary(rows, steps)))


if __name__ == "__main__":
    main()
