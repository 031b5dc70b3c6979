"""Unseen externals: normalised scores and imitation errors before and after adaptation, beside what is possible.

For each seed a team is trained, meets the held-out externals of its task, watches them (ε = 0.1) and adapts; scores are
exact. The three ways to adapt are shown beside the same team with the Bayes predictor or the true policy in the imitator's
place, and beside the Bayes-greedy team on the same watched episodes. Writes benchmarks/results/adaptation.json. Checkpoints
and finished runs are kept in runs/benchmarks/adaptation, so that a stopped benchmark resumes where it was.

    python benchmarks/adaptation.py --seeds 10 --jobs 2     grid tasks, matrix games, controls, partial views: many hours
    python benchmarks/adaptation.py --tasks pursuit gates
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")  # one process per seed: threads would only wait for each other

import numpy as np
import torch
from joblib import delayed

import imitators
import micra_lite
from adaptation_figure import adaptation_curves, before_and_after
from common import interquartile_mean, read, write_part
from micra_lite import exact, registry
from micra_lite.games.matrix import MATRIX_GAMES
from micra_lite.plotting import style
from runs import file_name, game_of, keep, kind_of, run_all, score, yardstick

TASKS = [*registry.GRID_TASKS, *MATRIX_GAMES, *registry.CONTROLS, "pursuit:view=1"]
DOCS = Path(__file__).parent.parent / "docs"
BUDGETS = (1, 2, 5, 10, 20)  # watched episodes
MAIN = 5  # the budget at which everything is compared
FEW = 12  # externals for whatever takes seconds each (gradient steps, posteriors, the other budgets): the first so many
PARTICLES = 256  # of the Bayes predictor
IMITATOR_UPDATES = 300  # of the imitators trained in other ways
SAVE_EVERY = 250  # updates
# variant → settings other than the task's
VARIANTS: dict[str, dict[str, Any]] = {"conditioned": {}, "unconditioned": {"conditioned": False}}
# name of a row → the networks that learn on once the imitator has adapted
LEARNS_ON: dict[str, Literal["actors", "actors and critic"]] = {"frozen": "actors", "re-imagined": "actors and critic"}


def trained_team(task: str, settings: micra_lite.Settings, path: Path) -> tuple[micra_lite.TrainingState, float]:
    """Train a team to the end, from its last checkpoint if there is one; returns it and the CPU seconds spent in all."""
    spent = path.with_suffix(".cpu")
    start = time.process_time() - (float(spent.read_text()) if spent.exists() else 0.0)
    state = micra_lite.load(path) if path.exists() else None
    game, family = game_of(task)
    for record in micra_lite.offline_training(game, family, settings, state):
        state = record.state
        if record.step % SAVE_EVERY == 0 or record.step == settings.updates:
            micra_lite.save(path, state)
            spent.write_text(str(time.process_time() - start))
    assert state is not None
    return state, time.process_time() - start


def team_of(task: str, variant: str, seed: int, updates: int | None, cache: Path) -> tuple[micra_lite.Settings, Path]:
    """The settings of one team, and where its checkpoint is kept."""
    changes = {"updates": updates} if updates else {}
    settings = micra_lite.settings_for(task.split(":")[0], seed=seed, **changes, **VARIANTS[variant])
    return settings, cache / f"{file_name(task)}-{variant}-{seed}-{settings.updates}.pt"


def run(task: str, variant: str, seed: int, updates: int | None, cache: Path) -> list[dict[str, Any]]:
    """Train one variant from one seed and score it: rows of {method, episodes, externals, score, …}."""
    settings, checkpoint = team_of(task, variant, seed, updates, cache)
    path = checkpoint.with_suffix(".json")
    if path.exists():
        return json.loads(path.read_text())
    torch.set_num_threads(1)
    state, training = trained_team(task, settings, checkpoint)
    game, (_, family) = state.game, game_of(task)
    externals, table = family.split("held-out"), exact.tabulate(game)
    true = game.tables(externals)  # per external agent (K, S, A_e)
    scale = yardstick(task, cache)
    rows: list[dict[str, Any]] = []

    def add(method: str, episodes: int, values: Sequence[float] | np.ndarray, nats: Sequence[float] | np.ndarray,
            seconds: float = 0.0, pairs: float = 0.0, **more: Any) -> None:  # fmt: skip
        for count in dict.fromkeys((len(values), FEW)):
            part = exact.Yardstick(scale.random[:count], scale.best[:count], [])  # for the worst of them
            rows.append({
                "task": task, "method": method, "episodes": episodes, "externals": count,
                "score": score(scale, values, count),
                "worst": float(part.each(np.array(values[:count])).min()), "excess_nats": float(np.mean(nats[:count])),
                "pairs": pairs, "seconds": seconds, "environment_steps": state.environment_steps,
                "training_cpu_seconds": training, **more,
            })  # fmt: skip

    def add_found(method: str, episodes: int, found: exact.AdaptationScores) -> None:
        add(method, episodes, found.after, found.excess_nats, found.seconds.mean().item(), found.pairs.mean().item())

    before = exact.adaptation_scores(state, table, externals, 0)
    add(variant, 0, before.after, before.excess_nats)
    if variant == "conditioned":
        if game.full_view:  # else each target has a view, and a prediction, of its own
            ideal = exact.exact_values(state, table, externals, predictions=true)
            add("conditioned, true external policy", 0, ideal, np.zeros(len(externals)))
        for episodes in BUDGETS:
            met = externals if episodes == MAIN else externals[:FEW]
            found = exact.adaptation_scores(state, table, met, episodes, seed=1000 * seed)
            add_found(variant, episodes, found)
            if episodes == MAIN and game.full_view:
                imitators.compare(state, table, found, MAIN, IMITATOR_UPDATES, add)
            bayes(state, table, found, episodes, true, add)
    for name, learns in LEARNS_ON.items():
        chosen = replace(settings, after_imitation=learns)
        found = exact.adaptation_scores(state, table, externals[:FEW], MAIN, chosen, seed=1000 * seed)
        add_found(f"{variant}, {name}", MAIN, found)
    return keep(path, rows)


def bayes(
    state: Any, table: Any, found: exact.AdaptationScores, episodes: int, true: list[torch.Tensor], add: Any
) -> None:
    """Add rows of the Bayes predictor in the imitator's place, and of the Bayes-greedy team, both on what was watched."""
    game, family = state.game, micra_lite.external_family(state.game.name, state.game)
    predictions, nats, greedy, seconds = [], [], [], []
    for k in range(FEW):
        start = time.perf_counter()
        prediction = exact.bayes_predictor(game, family, found.watched[k], PARTICLES, seed=k)
        seconds.append(time.perf_counter() - start)
        assert prediction.effective_sample_size >= 100
        own = [t[k].numpy() for t in true]
        nats.append(float(found.visits[k] @ exact.excess_nats(own, prediction.policies)))
        greedy.append(exact.team_value(table, exact.bayes_greedy_team(table, prediction).policies, own))
        predictions.append(prediction.policies)
    if game.full_view:
        given = [torch.from_numpy(np.stack([p[j] for p in predictions])) for j in range(len(true))]  # (FEW, S, A_e)
        values = exact.exact_values(state, table, family.split("held-out")[:FEW], predictions=given)
        add("conditioned, Bayes predictor", episodes, values, nats, float(np.mean(seconds)))
    add("Bayes-greedy team", episodes, greedy, nats, float(np.mean(seconds)))


def summary(rows: list[dict[str, Any]], seeds: int) -> list[dict[str, Any]]:
    """Interquartile means over seeds, with intervals, of the scores; means of everything else."""
    bayes_nats = {(r["task"], r["episodes"]): [] for r in rows}
    for r in rows:
        if r["method"] == "Bayes-greedy team":
            bayes_nats[r["task"], r["episodes"]].append(r["excess_nats"])
    found = []
    for key in dict.fromkeys((r["task"], r["method"], r["episodes"], r["externals"]) for r in rows):
        task, method, episodes, externals = key
        same = [r for r in rows if (r["task"], r["method"], r["episodes"], r["externals"]) == key]
        if len(same) < seeds:
            continue
        score, low, high = interquartile_mean([r["score"] for r in same])
        beside = bayes_nats[task, episodes] if externals == FEW else []
        mean = {n: float(np.mean([r[n] for r in same])) for n in ("excess_nats", "pairs", "seconds", "worst",
                                                                  "environment_steps", "training_cpu_seconds")}  # fmt: skip
        found.append({
            "task": task, "method": method, "episodes": episodes, "externals": externals, "score": score, "low": low,
            "high": high, "bayes_nats": float(np.mean(beside)) if beside else None, **mean,
            "seed_scores": [r["score"] for r in same],
        })  # fmt: skip
    return found


def main() -> None:
    """Run what is missing, then write the results and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="+", default=TASKS)
    parser.add_argument("--variants", nargs="+", default=["conditioned"], choices=list(VARIANTS))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--updates", type=int, help="of each training (default: the task's settings)")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=Path("runs/benchmarks/adaptation"))
    options = parser.parse_args()
    for task in options.tasks:
        yardstick(task, options.cache)
    work = [(t, v, s) for s in range(options.seeds) for v in options.variants for t in options.tasks]
    done = run_all([delayed(run)(t, v, s, options.updates, options.cache) for t, v, s in work], options.jobs)
    rows = summary([row for rows in done for row in rows], options.seeds)
    for r in rows:
        print(f"{r['task']:12s} {r['method']:34s} {r['episodes']:3d} episodes, {r['externals']:2d} externals  {r['score']:.3f} "
              f"[{r['low']:.3f}, {r['high']:.3f}]  {r['excess_nats']:.3f} nats, {r['seconds']:.2f} s")  # fmt: skip
    settings = {t: asdict(micra_lite.settings_for(t.split(":")[0], **({"updates": options.updates} if options.updates else {})))
                for t in options.tasks}  # fmt: skip
    print(write_part("adaptation", options.seeds, rows, {"settings": settings}))
    draw(options.tasks)


def draw(tasks: Sequence[str]) -> None:
    """Draw the figure of all tasks, and one for each of `tasks`, from the results so far."""
    kept, games = read("adaptation")["rows"], read("games")
    fixed = {r["game"]: r["headroom_average"] for r in [*games["rows"], *games["matrix_games"]]}
    groups: dict[str, list[dict[str, Any]]] = {}
    for r in kept:
        if r["method"] == "conditioned" and r["externals"] != FEW and r["episodes"] in (0, MAIN):
            groups.setdefault(kind_of(r["task"]), []).append(r)
    made = {"adaptation": before_and_after(groups, fixed)}
    for task in (t for t in tasks if kind_of(t) != "matrix games"):
        few = [r for r in kept if r["task"] == task and r["externals"] == FEW]
        made[f"adaptation-{file_name(task)}"] = adaptation_curves(task, few)
    for name, (figure, alt) in made.items():
        style.save(figure, DOCS / f"{name}.png", alt)
        print(DOCS / f"{name}.png")


if __name__ == "__main__":
    main()
