"""Pursuit 3×3, unseen prey: normalised scores before and after adaptation, for the three answers, over seeds.

Writes benchmarks/results/adaptation.json. Every finished run is kept in runs/benchmarks/pursuit, so that a benchmark that was stopped goes on where it was.

    python benchmarks/pursuit.py --seeds 10 --jobs 2
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")  # one process per seed: threads would only wait for each other

import numpy as np
import torch
from common import interquartile_mean, write
from joblib import Parallel, delayed

import micra_lite
from micra_lite import evaluate, exact
from micra_lite.phases import last, offline_training, true_belief

# The answers that take gradient steps are scored on the first so many of the held-out externals: they cost seconds each.
FEW = 12
# variant → the settings that differ from the defaults
VARIANTS: dict[str, dict[str, Any]] = {
    "conditioned": {},
    "unconditioned": {"conditioned": False},
}


def run(variant: str, seed: int, updates: int, newcomers: int, cache: Path) -> list[dict[str, Any]]:
    """Train one variant from one seed and score it: rows of {method, episodes, externals, score, …}."""
    path = cache / f"{variant.replace(' ', '-')}-{seed}-{updates}-{newcomers}.json"
    if path.exists():
        return json.loads(path.read_text())
    torch.set_num_threads(1)
    game, family = micra_lite.make("pursuit"), micra_lite.external_family("pursuit")
    settings = micra_lite.Settings(seed=seed, updates=updates, **VARIANTS[variant])
    start = time.process_time()
    state = last(offline_training(game, family, settings)).state
    training = time.process_time() - start
    externals, table = family.split("held-out")[:newcomers], game.tabulate()
    scale = yardstick(newcomers, cache)
    rows = []

    def add(method: str, episodes: int, values: np.ndarray, nats: np.ndarray, pairs: float, seconds: float) -> None:
        few = slice(len(values))
        part = exact.Yardstick(scale.random[few], scale.best[few], [])
        rows.append({
            "method": method, "episodes": episodes, "externals": len(values), "score": part.normalised_score(values),
            "worst": float(part.each(values).min()), "excess_nats": float(np.mean(nats)), "pairs": pairs,
            "seconds": seconds, "environment_steps": state.environment_steps, "training_cpu_seconds": training,
        })  # fmt: skip

    plans = [(0, newcomers), (5, newcomers), (1, FEW), (20, FEW)] if variant == "conditioned" else [(0, newcomers)]
    for episodes, count in plans:
        s = evaluate.adaptation_scores(state, table, externals[:count], episodes, seed=1000 * seed)
        how = (float(s.pairs.mean()), float(s.seconds.mean()))
        add(variant, episodes, s.after, s.excess_nats, *how)
        if count > FEW:  # again for the same few externals as the answers below
            add(variant, episodes, s.after[:FEW], s.excess_nats[:FEW], *how)
    for answer in ("frozen", "re-imagined"):
        chosen = replace(settings, answer=answer)
        s = evaluate.adaptation_scores(state, table, externals[:FEW], 5, chosen, seed=1000 * seed)
        add(f"{variant}, {answer}", 5, s.after, s.excess_nats, float(s.pairs.mean()), float(s.seconds.mean()))
    if variant == "conditioned":
        belief = true_belief(state, externals, torch.arange(newcomers))
        with true_predictions(state, externals):
            values = evaluate.exact_values(state, table, externals, belief)
        for count in (newcomers, FEW):
            add("conditioned, true external policy", 0, values[:count], np.zeros(count), 0.0, 0.0)
    cache.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".partial").write_text(json.dumps(rows))
    path.with_suffix(".partial").replace(path)
    return rows


def yardstick(newcomers: int, cache: Path) -> exact.Yardstick:
    """The scale for the first so many held-out externals, solved once and kept."""
    path = cache / f"yardstick-{newcomers}.npz"
    if not path.exists():
        game = micra_lite.make("pursuit")
        scale = evaluate.yardstick_for(
            game.tabulate(), micra_lite.external_family("pursuit").split("held-out")[:newcomers], game
        )
        cache.mkdir(parents=True, exist_ok=True)
        np.savez(path, random=scale.random, best=scale.best)
    kept = np.load(path)
    return exact.Yardstick(kept["random"], kept["best"], [])


class true_predictions:
    """While open, the agent's `predict` answers with the true policies of the K externals: what a perfect imitator would give."""

    def __init__(self, state: micra_lite.TrainingState, externals: micra_lite.Externals) -> None:
        self.agent, self.tables = state.agent, externals.tables(state.game)

    def __enter__(self) -> None:
        self.agent.predict = lambda belief, features: [t.float() for t in self.tables]  # scored on all states, in order

    def __exit__(self, *_: object) -> None:
        del self.agent.predict


def main() -> None:
    """Run what is missing, then write the results and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--updates", type=int, default=micra_lite.Settings().updates)
    parser.add_argument("--newcomers", type=int, default=64, help="held-out prey to meet (the first so many)")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=Path("runs/benchmarks/pursuit"))
    options = parser.parse_args()
    yardstick(options.newcomers, options.cache)
    work = [(v, s) for v in VARIANTS for s in range(options.seeds)]
    done = Parallel(n_jobs=options.jobs, verbose=10)(
        delayed(run)(v, s, options.updates, options.newcomers, options.cache) for v, s in work
    )
    rows = [row for rows in done for row in rows]
    found = []
    for key in dict.fromkeys((r["method"], r["episodes"], r["externals"]) for r in rows):
        method, episodes, externals = key
        same = [r for r in rows if (r["method"], r["episodes"], r["externals"]) == key]
        if len(same) < options.seeds:
            continue
        score, low, high = interquartile_mean([r["score"] for r in same])
        mean = {n: float(np.mean([r[n] for r in same])) for n in ("excess_nats", "pairs", "seconds", "worst",
                                                                  "environment_steps", "training_cpu_seconds")}  # fmt: skip
        found.append({
            "task": "pursuit", "method": method, "episodes": episodes, "externals": externals, "score": score, "low": low, "high": high,
            "bayes_nats": None, **mean, "seed_scores": [r["score"] for r in same],
        })  # fmt: skip
        print(
            f"{method:28s} {episodes:3d} episodes, {externals} prey  {score:.3f} [{low:.3f}, {high:.3f}]  {mean['excess_nats']:.3f} nats"
        )
    print(write("adaptation", options.seeds, found,
                settings=asdict(micra_lite.Settings(updates=options.updates))))  # fmt: skip


if __name__ == "__main__":
    main()
