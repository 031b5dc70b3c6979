"""Externals that change: how soon a team notices, how often it is wrong, and what noticing is worth.

Each encounter is played by a trained team that has watched five episodes of one held-out external; at a random episode
another one takes its place, and nobody says so. Three teams meet the same pairs at the same times:

    watches       `vigilant_execution` at each threshold: raises alarms, then adapts again from the meta-parameters
    is told       starts anew at the step of the change, and has no alarms
    never asks    keeps its belief about the first external

Writes benchmarks/results/switching.json: delay (steps from the change to the first alarm after it), share of changes
noticed, false alarms per thousand steps before the change, and reward per step before it, in the fifty steps after it, and
later. The teams are those of `benchmarks/adaptation.py`, from its cache.

    python benchmarks/switching.py --tasks pursuit --seeds 10 --jobs 2
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")  # one process per seed: threads would only wait for each other

import numpy as np
import torch
from joblib import delayed

import micra_lite
from adaptation import team_of, trained_team
from common import interquartile_mean, write
from micra_lite import Externals, execution, last, online_adaptation, watch
from micra_lite.extensions.change_detection import ChangeRecord, Succession, vigilant_execution
from runs import keep, run_all

EPISODES = 20  # of an encounter; the change comes in its second quarter
ENCOUNTERS = 12
WATCHED = 5  # episodes of the first external, before the encounter
THRESHOLDS = (3.0, 5.0, 7.0, 10.0)  # nats
SOON = 50  # steps after the change that are reported separately


def encounter(team: micra_lite.TrainingState, k: int, method: str, threshold: float) -> dict[str, float]:
    """Play beside held-out external k and, from a random episode on, k + 1; returns alarms and rewards."""
    game, externals = team.game, micra_lite.external_family(team.game.name).split("held-out")
    first, second = externals[k], externals[(k + 1) % len(externals)]
    before = int(np.random.default_rng(k).integers(EPISODES // 4, EPISODES // 2 + 1))  # episodes with the first
    switch = before * game.horizon
    watched = watch(team, first, WATCHED, seed=k)
    adapted = last(online_adaptation(team, watched)).state

    both = Succession.of(lambda step: first if step < switch else second)

    def vigilant(state: micra_lite.TrainingState, external: Externals, episodes: int, known: list) -> list:
        return list(vigilant_execution(state, game, external, episodes, threshold, seed=k, watched=known))

    if method == "is told":
        records = vigilant(adapted, first, before, watched) + vigilant(team, second, EPISODES - before, [])
    elif method == "never asks":
        records = list(execution(adapted, game, both, EPISODES, seed=k))
    else:
        records = vigilant(adapted, both, EPISODES, watched)
    rewards = [float(r.rewards[list(game.target_axes)].mean()) for r in records]
    alarms = [step for step, r in enumerate(records) if isinstance(r, ChangeRecord) and r.changed]
    late = [step - switch for step in alarms if step >= switch]
    return {
        "noticed": float(bool(late)),
        "delay": float(late[0]) if late else float("nan"),
        "false_alarms": sum(step < switch for step in alarms) * 1000 / switch,
        "before": float(np.mean(rewards[:switch])),
        "at_once": float(np.mean(rewards[switch : switch + SOON])),
        "later": float(np.mean(rewards[switch + SOON :])),
    }


def run(task: str, seed: int, cache: Path) -> list[dict[str, Any]]:
    """All encounters of one trained team: a row for each method and threshold."""
    settings, checkpoint = team_of(task, "conditioned", seed, None, cache)
    path = cache / f"switching-{checkpoint.stem}.json"
    if path.exists():
        return json.loads(path.read_text())
    torch.set_num_threads(1)
    team, _ = trained_team(task, settings, checkpoint)
    rows = []
    for method, thresholds in (("watches", THRESHOLDS), ("is told", (float("inf"),)), ("never asks", (float("inf"),))):
        for threshold in thresholds:
            met = [encounter(team, k, method, threshold) for k in range(ENCOUNTERS)]
            mean = {n: float(np.mean([m[n] for m in met if not np.isnan(m[n])] or [np.nan])) for n in met[0]}
            rows.append({"task": task, "method": method, "threshold": threshold, **mean})
    return keep(path, rows)


def main() -> None:
    """Run what is missing, then write the results and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="+", default=["pursuit"])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=Path("runs/benchmarks/adaptation"))
    options = parser.parse_args()
    done = run_all(
        [delayed(run)(t, s, options.cache) for t in options.tasks for s in range(options.seeds)], options.jobs
    )
    found = [row for rows in done for row in rows]
    rows = []
    for task, method, threshold in dict.fromkeys((r["task"], r["method"], r["threshold"]) for r in found):
        same = [r for r in found if (r["task"], r["method"], r["threshold"]) == (task, method, threshold)]
        row: dict[str, Any] = {"task": task, "method": method, "threshold": threshold if threshold < 1e9 else None}
        about_alarms = ("noticed", "delay", "false_alarms") if method == "watches" else ()
        for name in (*about_alarms, "before", "at_once", "later"):
            row[name], row[f"{name}_low"], row[f"{name}_high"] = interquartile_mean([r[name] for r in same])
        rows.append(row)
        print({n: round(v, 3) if isinstance(v, float) else v for n, v in row.items()})
    print(write("switching", options.seeds, rows))


if __name__ == "__main__":
    main()
