"""What limits how fast MICRA learns where nobody adapts: its parts, one after another, replaced by their exact counterparts.

First the imitator by the true policies of the training externals; then the critic's Q, from which the actors' regrets
are made, by the exact joint Q of the team as it plays, beside each of these externals. Without an imitator its loss goes
too, from which the features learn in part. Whether a learned critic wants for data or for gradient steps on them is told
by more steps on the same number of transitions collected. Data, networks, actors and budget stay; tuned settings and points
are those of benchmarks/learning.py, and so are the runs of the first two (in its cache).
Writes benchmarks/results/limits.json.

    python benchmarks/limits.py --tasks pursuit crossing --seeds 10 --jobs 2
"""

from __future__ import annotations

import argparse
import os
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")  # one process per run: threads would only wait for each other

import torch
from joblib import delayed
from torch import Tensor

from common import interquartile_mean, write_part
from learning import STEPS, run, settings_of, whole_rounds
from learning_table import FEW, PANELS
from micra_lite import exact, phases, updates
from runs import game_of, run_all, yardstick
from tuning import winners

MORE = 4  # times the gradient steps
MORE_STEPS = f"imitator; {MORE} times the gradient steps"
# What is replaced → what then trains.
METHOD = {"nothing": "MICRA", **dict.fromkeys(("imitator", MORE_STEPS, "imitator and critic"), "MICRA, true external")}


class ExactCritic:
    """Gives actors regrets of the exact Q: the team's as it plays at the start of the update, beside each external."""

    def __init__(self, task: str) -> None:
        self.game, family = game_of(task)
        self.table = exact.tabulate(self.game)
        self.externals = [t.double().numpy() for t in self.game.tables(family.split("train"))]  # (K, S, A_e) each
        self.value, self.regrets_of = updates.value_and_improve, updates.advantages  # before they are replaced
        self.updates, self.q = -1, dict[int, Tensor]()  # external → (S, A_1, …, A_n)

    def value_and_improve(self, state: Any, belief: Any, batch: Any, true: Any, **others: Any) -> Any:
        """As `learning.value_and_improve`, which the critic needs to learn on: the extractor learns from it."""
        if state.updates != self.updates:
            self.updates, self.q = state.updates, {}
            self.team = [t[0].double().numpy() for t in exact.team_tables(state)]
        self.shown, self.met = self.game.encode(batch["state"]), true[1].tolist()  # (K, N), K externals
        return self.value(state, belief, batch, true=true, **others)

    def advantages(self, state: Any, q: Tensor, joint: list[Tensor]) -> list[Tensor]:
        """As `learning.advantages`, with the exact Q in the place of `q`."""
        rows = [self.exact_q(k)[shown] for k, shown in zip(self.met, self.shown, strict=True)]
        return self.regrets_of(state, torch.cat(rows).to(q.dtype), joint)

    def exact_q(self, k: int) -> Tensor:
        """Q(s, a) of the team beside training external number k, (S, A_1, …, A_n)."""
        if k not in self.q:
            policies = dict(zip(self.table.target_axes, self.team, strict=True))
            policies |= {e: t[k] for e, t in zip(self.table.external_axes, self.externals, strict=True)}
            self.q[k] = torch.from_numpy(exact.joint_q(self.table, [policies[j] for j in sorted(policies)]))
        return self.q[k]


def curve(task: str, replaced: str, seed: int, settings: Any, cache: Path) -> list[tuple[int, float]]:
    """One run: (environment steps, score) at every point."""
    method = METHOD[replaced]
    if replaced == MORE_STEPS:  # of critic and actors, on transitions drawn anew from the same data
        settings = replace(settings, value_steps=MORE * settings.value_steps)
    with ExitStack() as changed:
        if replaced == "imitator and critic":
            critic, cache = ExactCritic(task), cache / "exact-critic"
            changed.enter_context(patch.object(phases, "value_and_improve", critic.value_and_improve))
            changed.enter_context(patch.object(updates, "advantages", critic.advantages))
        rows = run(task, method, PANELS[0], "held-out", settings, cache)
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
