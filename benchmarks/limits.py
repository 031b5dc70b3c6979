"""Limits to how fast MICRA learns where nobody adapts: its parts are replaced by exact ones, one after another.

First the imitator is replaced by the true policies of the training externals; then the critic's Q, from which the actors'
regrets are computed, by the exact joint Q of the team as it plays beside each of these externals. Without an imitator its
loss is gone too, from which the features learn in part. More gradient steps on as much data tell whether a learned critic
lacks data or steps. Data, networks, actors and budget are the same in all; tuned settings and points are those of
benchmarks/learning.py, and the first two share its kept runs. Writes benchmarks/results/limits.json.

    python benchmarks/limits.py --tasks pursuit crossing --seeds 10 --jobs 2
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")  # one process per run: threads would only wait for each other

import torch
from joblib import delayed
from torch import Tensor

from common import interquartile_mean, write_part
from learning import STEPS, run, settings_of, whole_rounds
from learning_table import FEW, PANELS
from micra_lite import ExternalFamily, Game, Record, Settings, TrainingState, exact
from micra_lite.baselines.ablations import true_externals
from micra_lite.game import in_agents_order
from micra_lite.rollouts import collect, draw_transitions
from micra_lite.updates import Advantages, counterfactual_regrets, update
from runs import game_of, run_all, yardstick
from tuning import winners

MORE = 4  # times the gradient steps
MORE_STEPS = f"imitator; {MORE} times the gradient steps"
# The part that is replaced → the method that then trains.
METHOD = {"nothing": "MICRA", **dict.fromkeys(("imitator", MORE_STEPS, "imitator and critic"), "MICRA, true external")}


class ExactCritic:
    """Exact regrets for the actors: from the Q of the team as it plays at the start of the update, beside each external."""

    def __init__(self, task: str) -> None:
        self.game, family = game_of(task)
        self.table = exact.tabulate(self.game)
        self.externals = [t.double().numpy() for t in self.game.tables(family.split("train"))]  # (K, S, A_e) each

    def train(self, game: Game, family: ExternalFamily, settings: Settings, state: TrainingState) -> Iterator[Record]:
        """As `offline_training` with the true externals. The critic still learns, because the extractor learns from it."""
        externals = family.split("train")
        while state.updates < settings.updates:
            if state.updates % settings.updates_per_round == 0:
                collect(state, externals)
            state.set_rates()
            groups = state.replay.groups(settings.externals_per_update, state.generator)
            critic_belief, team_belief, _ = true_externals(state, externals, groups)
            q = self.joint_q(state, state.replay.store["external"][groups])
            for _ in range(settings.value_steps):
                for which, batch in draw_transitions(state, externals, groups):
                    judge = self.advantages(q[which], batch.states)
                    shown = update(state, critic_belief[which], team_belief[which], batch, judge)
            state.updates += 1
            yield Record("offline training", state.updates, state, **shown)

    def joint_q(self, state: TrainingState, k: Tensor) -> Tensor:
        """Q(s, a) of the team beside the training externals number k (K,), (K, S, A_1, …, A_n)."""
        team = [t[0].double().numpy() for t in exact.team_tables(state)]
        found = {}
        for number in set(k.tolist()):
            own = [t[number] for t in self.externals]
            policies = in_agents_order(self.table.target_axes, self.table.external_axes, team, own)
            found[number] = torch.from_numpy(exact.joint_q(self.table, policies))
        return torch.stack([found[number] for number in k.tolist()]).to(state.settings.torch_dtype)

    def advantages(self, q: Tensor, states: Tensor) -> Advantages:
        """Eq. 2 from exact q (K, S, A_1, …, A_n) in states (1 or K, N, d); the learned critic's answer is ignored."""
        found = q[torch.arange(len(q))[:, None], self.game.encode(states)]  # (K, N, A_1, …, A_n)
        return lambda learned, *given: counterfactual_regrets(exact.JointTable(found), *given)


def curve(task: str, replaced: str, seed: int, settings: Settings, cache: Path) -> list[tuple[int, float]]:
    """One run: (environment steps, score) at every point."""
    train = None
    if replaced == MORE_STEPS:  # of critic and actors, on transitions drawn anew from the same data
        settings = replace(settings, value_steps=MORE * settings.value_steps)
    elif replaced == "imitator and critic":
        train, cache = ExactCritic(task).train, cache / "exact-critic"
    rows = run(task, METHOD[replaced], PANELS[0], "held-out", settings, cache, train)
    return [(r["step"], r["score"]) for r in rows if r["externals"] == FEW]


def main() -> None:
    """Run what is missing, then write the result and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="+", default=["pursuit", "crossing"])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=Path("runs/benchmarks/learning"))
    options = parser.parse_args()
    tuned = winners()
    budgets = {task: whole_rounds(task, STEPS, tuned) for task in options.tasks}
    for task in options.tasks:
        yardstick(task, options.cache)
    work = [(task, replaced, seed) for task in options.tasks for seed in range(options.seeds) for replaced in METHOD]
    calls = []
    for task, replaced, seed in work:
        settings = settings_of(task, METHOD[replaced], PANELS[0], seed, budgets[task], tuned.get("MICRA", {}))
        calls.append(delayed(curve)(task, replaced, seed, settings, options.cache))
    curves = dict(zip(work, run_all(calls, options.jobs), strict=True))
    rows = []
    for task in options.tasks:
        for replaced in METHOD:
            print(task, f"{replaced:20s}", end="")
            for at in zip(*(curves[task, replaced, seed] for seed in range(options.seeds)), strict=True):
                score, low, high = interquartile_mean([x for _, x in at])
                rows.append(
                    {"task": task, "replaced": replaced, "step": at[0][0], "score": score, "low": low, "high": high}
                )
                print(f" {score:.3f}", end="")
            print()
    print(write_part("limits", options.seeds, rows, {"budgets": budgets}))


if __name__ == "__main__":
    main()
