"""The contribution of regret itself: MICRA's own loop with another advantage in place of Eq. 2's, and no other change.

Critic, off-policy data, model of the externals and networks are the same; nobody adapts. MICRA sums over own actions
exactly; the rivals must sample them. Sampled CRA differs from the rivals in regret alone. Tasks: pursuit with two and three
hunters; matrix games of four and six players with random payoffs, another game for every seed; the usual batches and small
ones. Scores are normalised and exact; for three hunters, whose table is too large, they are returns per episode above a
random team's. Writes benchmarks/results/advantages.json: the score at the end, and its mean over the training.

    python benchmarks/advantages.py --seeds 10 --jobs 2
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")  # one process per run: threads would only wait for each other

import numpy as np
import torch
from joblib import delayed

import micra_lite
from common import interquartile_mean, write
from micra_lite import exact
from micra_lite.baselines import methods
from micra_lite.exact.tabulate import table_entries, tabulate
from micra_lite.externals import ExternalFamily, Externals
from micra_lite.game import Game
from micra_lite.games.matrix import ONE_DECISION, MixedStrategies
from micra_lite.games.tabular import TabularGame
from runs import keep, run_all
from tuning import winners
from variance import random_payoffs

# Name → the method that has it; the first is compared with the others.
ADVANTAGES = {
    "CRA": "MICRA", "CRA, sampled": "MICRA, sampled regret", "COMA": "MICRA, COMA advantage",
    "independent": "MICRA, independent advantage",
}  # fmt: skip
POINTS = 8  # of a curve
EXTERNALS = 12  # held-out, met at every point
LARGE = 5_000_000  # entries of a table: beyond, scoring takes longer than training
EPISODES = 64  # played with each of them where there is no table


class Task(NamedTuple):
    """A game with its family, for each seed, and the settings to train with."""

    name: str
    agents: int
    game: Callable[[int], tuple[Game, ExternalFamily]]
    settings: dict[str, Any]
    batches: tuple[int, int]  # transitions of each external in an update: as usual, and few


def hunters(count: int) -> Callable[[int], tuple[Game, ExternalFamily]]:
    """Pursuit with so many hunters, the same game for every seed."""

    def made(seed: int) -> tuple[Game, ExternalFamily]:
        game = micra_lite.make("pursuit", hunters=count)
        return game, micra_lite.external_family("pursuit", game)

    return made


def payoffs(players: int) -> Callable[[int], tuple[Game, ExternalFamily]]:
    """A matrix game with random payoffs, another one for every seed."""

    def made(seed: int) -> tuple[Game, ExternalFamily]:
        game = random_payoffs(players, seed)
        return game, MixedStrategies(game)

    return made


def tasks() -> list[Task]:
    """The tasks: pursuit with the settings tuned for MICRA there, matrix games with small networks."""
    tuned = {"externals_per_round": 4, "updates": 160, **winners().get("MICRA", {})}
    small = {**ONE_DECISION, "updates": 200, "entropy_coefficient": 0.05, "entropy_start": 10.0}
    grids = [Task("pursuit", n + 1, hunters(n), tuned, (64, 4)) for n in (2, 3)]
    return grids + [Task("random payoffs", n, payoffs(n), small, (16, 1)) for n in (4, 6)]


def scorer(game: Game, externals: Externals) -> Callable[[micra_lite.TrainingState], float]:
    """A function that scores a team against these externals: exactly, where there is a table."""
    if isinstance(game, TabularGame) and table_entries(game) <= LARGE:
        table = tabulate(game)
        scale = exact.yardstick_for(table, externals, game)
        return lambda state: scale.normalised_score(exact.exact_values(state, table, externals))
    start = micra_lite.TrainingState.initial(game, micra_lite.Settings(conditioned=False))
    random = exact.mean_return(start, externals, 4 * EPISODES, exploration=1.0).mean()
    return lambda state: float(exact.mean_return(state, externals, EPISODES).mean() - random)


def run(task: Task, advantage: str, batch: int, seed: int, cache: Path) -> list[float]:
    """The scores of one training at its points, the untrained team's first."""
    path = cache / f"{task.name}-{task.agents}-{advantage}-{batch}-{seed}.json".replace(" ", "_").replace(",", "")
    if path.exists():
        return json.loads(path.read_text())
    torch.set_num_threads(1)
    game, family = task.game(seed)
    settings = micra_lite.Settings(seed=seed, conditioned=False, **task.settings | {"states_per_external": batch})
    value = scorer(game, family.split("held-out")[:EXTERNALS])
    scores = [value(micra_lite.TrainingState.initial(game, settings))]
    points = {round(settings.updates * j / POINTS) for j in range(1, POINTS + 1)}
    for record in methods.train(ADVANTAGES[advantage], game, family, settings):
        if record.step in points:
            scores.append(value(record.state))
    return keep(path, scores)


def summary(task: Task, batch: int, curves: dict[str, list[list[float]]]) -> list[dict[str, Any]]:
    """Scores over seeds, at the end (`final`) and on average after the first point (`during`), and CRA's lead in the latter.

    `lead` is CRA's, `wins` the number of seeds in which it leads; `sampled_lead` is that of sampled CRA, which samples own
    actions as the rivals do. Seeds are compared one by one: random games differ more than the methods.
    """
    during = {advantage: [float(np.mean(scores[1:])) for scores in runs] for advantage, runs in curves.items()}
    rows: list[dict[str, Any]] = []
    for advantage, runs in curves.items():
        row: dict[str, Any] = {"task": task.name, "agents": task.agents, "batch": batch, "advantage": advantage}
        for name, found in (("during", during[advantage]), ("final", [scores[-1] for scores in runs])):
            row[name], row[f"{name}_low"], row[f"{name}_high"] = interquartile_mean(found)
        for name, ours in zip(("lead", "sampled_lead"), list(during)[: len(rows)], strict=False):  # those before it
            leads = [a - b for a, b in zip(during[ours], during[advantage], strict=True)]
            row[name], row[f"{name}_low"], row[f"{name}_high"] = interquartile_mean(leads)
            if name == "lead":
                row["wins"] = sum(x > 0 for x in leads)
        rows.append(row | {"seed_during": during[advantage]})
    return rows


def main() -> None:
    """Run what is missing, then write the result and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=Path("runs/benchmarks/advantages"))
    options = parser.parse_args()
    work = [(t, b, a, s) for t in tasks() for b in t.batches for a in ADVANTAGES for s in range(options.seeds)]
    done = run_all([delayed(run)(t, a, b, s, options.cache) for t, b, a, s in work], options.jobs)
    rows = []
    for task in tasks():
        for batch in task.batches:
            curves: dict[str, list[list[float]]] = {a: [] for a in ADVANTAGES}
            for (t, b, a, _), scores in zip(work, done, strict=True):
                if (t.name, t.agents, b) == (task.name, task.agents, batch):
                    curves[a].append(scores)
            rows += summary(task, batch, curves)
    for r in rows:
        print(f"{r['task']:15s} {r['agents']} agents, batch {r['batch']:2d}, {r['advantage']:12s} during {r['during']:.3f} "
              f"[{r['during_low']:.3f}, {r['during_high']:.3f}], final {r['final']:.3f} [{r['final_low']:.3f}, {r['final_high']:.3f}]")  # fmt: skip
    print(write("advantages", options.seeds, rows))


if __name__ == "__main__":
    main()
