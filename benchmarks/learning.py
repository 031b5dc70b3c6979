"""Learning curves: MICRA, its ablations and the baselines, against environment steps, scored exactly.

Two panels. *nobody adapts*: no actor is told anything about the externals; in training, MICRA's critic is. *everyone
adapts*: actors and critics of every method are conditioned on an imitator, which learns beside them; at three points each
team watches five episodes of every newcomer. On pursuit, where nobody adapts, MICRA's ablations run too: without an
imitator, and with the true policies (for other advantages see `advantages`). Each run is kept in runs/benchmarks/learning,
point by point, so that a stopped benchmark resumes where it was. Writes benchmarks/results/learning.json, and beside it
learning-runs.csv and learning-externals.csv.gz, and docs/learning-TASK.png.

    python benchmarks/learning.py --tasks pursuit --seeds 10 --jobs 2
    python benchmarks/learning.py --tune                            tune every method: tuning.json
    python benchmarks/learning.py --backend dask --address HOST:PORT
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import json
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")  # one process per run: threads would only wait for each other

import numpy as np
import torch
from joblib import delayed

import micra_lite
from common import RESULTS, read, write_part
from learning_figure import learning_figure
from learning_table import FEW, PANELS, POINTS, PROFILE_AT, WATCHED, aggregate, summary
from micra_lite import exact
from micra_lite.baselines import methods
from micra_lite.baselines.methods import PUBLISHED
from micra_lite.exact import tabulate
from micra_lite.plotting import style
from runs import each_score, keep, run_all, score, yardstick
from tuning import TUNING, configurations, space, winners

DOCS = Path(__file__).parent.parent / "docs"
ADAPTED = (3, 6, 10)  # the points at which teams adapt, in the second panel
STEPS = TUNING["steps"]  # the budget that every method was tuned for
Train = Callable[..., Iterator[micra_lite.Record]]  # (game, family, settings, state) → records
ABLATIONS = ("MICRA, no imitator", "MICRA, true external")  # in what MICRA knows of the externals


def plan(
    tasks: Sequence[str], named: Sequence[str] | None, panels: Sequence[str], seeds: int
) -> list[tuple[str, str, str, int]]:
    """The runs: (task, method, panel, seed), seed after seed. Ablations run only where nobody adapts."""
    return [
        (task, method, panel, seed)
        for seed in range(seeds)
        for task in tasks
        for panel in panels
        for method in named or (*PUBLISHED, *(ABLATIONS if task == "pursuit" else ()))
        if method in PUBLISHED or panel == PANELS[0]
    ]


def settings_of(
    task: str, method: str, panel: str, seed: int, steps: int, tuned: dict[str, Any]
) -> micra_lite.Settings:
    """A method's settings on a task, for at least `steps` environment steps; ablations have MICRA's."""
    base = micra_lite.settings_for(task, seed=seed, conditioned=panel == PANELS[1])
    settings = methods.settings_of(method, base, **tuned)
    return replace(settings, updates=math.ceil(steps / round_steps(task, settings)) * settings.updates_per_round)


def meta_updates(steps: int, tuned: dict[str, dict[str, Any]]) -> dict[str, int]:
    """The number of each method's meta-updates in so many steps of pursuit where everyone adapts."""
    found = {m: settings_of("pursuit", m, PANELS[1], 0, steps, tuned.get(m, {})) for m in PUBLISHED}
    return {method: math.ceil(settings.updates / settings.meta_every) for method, settings in found.items()}


def round_steps(task: str, settings: micra_lite.Settings) -> int:
    """The environment steps of one round; episodes of the grid tasks always last to the horizon."""
    return settings.externals_per_round * settings.episodes_per_external * micra_lite.make(task).horizon


def whole_rounds(task: str, steps: int, tuned: dict[str, dict[str, Any]]) -> int:
    """The budget, raised to whole rounds of every method, so that all get the same number of steps."""
    each = [
        settings_of(task, m, PANELS[0], 0, 1, tuned.get(m if m in PUBLISHED else "MICRA", {})) for m in methods.METHODS
    ]
    common = math.lcm(*(round_steps(task, settings) for settings in each))
    return math.ceil(steps / common) * common


def run(
    task: str, method: str, panel: str, split: str, settings: micra_lite.Settings, cache: Path, train: Train | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Train one team, or resume its training, and score it at every point: rows of {point, step, watched, externals, score}.

    `train` takes the place of the method's own training.
    """
    known = hashlib.sha1(repr((asdict(settings), split, POINTS, ADAPTED, FEW)).encode()).hexdigest()[:10]
    name = f"{task}-{method}-{panel}-{settings.seed}-{known}".replace(" ", "_").replace(",", "")
    path, checkpoint = cache / f"{name}.json", cache / f"{name}.pt"
    rows: list[dict[str, Any]] = json.loads(path.read_text()) if path.exists() else []
    points = {round(settings.updates * j / POINTS): j for j in range(POINTS + 1)}
    if rows and rows[-1]["point"] == POINTS:
        return rows
    torch.set_num_threads(1)
    game, family = micra_lite.make(task), micra_lite.external_family(task)
    state = micra_lite.load(checkpoint) if checkpoint.exists() else methods.initial_state(method, game, settings)
    records = (train or partial(methods.train, method))(game, family, settings, state)
    table, scale, externals = tabulate(game), yardstick(task, cache, split), family.split(split)
    seconds = 0.0 if not rows else rows[-1]["training_cpu_seconds"]
    start = time.process_time()
    while True:
        point = points.get(state.updates)
        if point is not None and not any(r["point"] == point for r in rows):
            seconds += time.process_time() - start
            micra_lite.save(checkpoint, state)
            said = {
                "task": task, "panel": panel, "method": method, "seed": settings.seed, "point": point,
                "step": state.environment_steps, "training_cpu_seconds": seconds,
            }  # fmt: skip
            rows += [{**said, **found} for found in scores(state, table, scale, externals, point)]
            keep(path, rows)
            start = time.process_time()
        if state.updates >= settings.updates:
            checkpoint.unlink(missing_ok=True)
            return rows
        state = next(records).state


def scores(state: Any, table: Any, scale: Any, externals: Any, point: int) -> Iterable[dict[str, Any]]:
    """Scores of the team as it is and, at some points, after watching: rows of {watched, externals, score}."""
    met = externals if point == POINTS else externals[:FEW]
    values, after = exact.exact_values(state, table, met), None
    if state.settings.conditioned and point in ADAPTED:
        after = exact.adaptation_scores(state, table, met, WATCHED, seed=state.settings.seed).after
    for watched, found in ((0, values), (WATCHED, after)):
        if found is not None:
            for count in dict.fromkeys((FEW, len(met))):
                row = {"watched": watched, "externals": count, "score": score(scale, found, count)}
                # one by one only where all are counted, so that each appears once
                yield row | ({"each": each_score(scale, found)} if count == len(met) else {})


def tune(options: argparse.Namespace) -> None:
    """Random search on pursuit's validation externals where nobody adapts, with the same budget for every method."""
    yardstick("pursuit", options.cache, "validation")
    steps, panel = options.steps or TUNING["steps"], PANELS[0]
    tried = [
        {"method": method, "configuration": c, "changes": changes}
        for method in options.methods or PUBLISHED
        if method in PUBLISHED
        for c, changes in enumerate(configurations(method, options.configurations))
    ]
    calls = [
        delayed(run)("pursuit", r["method"], panel, "validation", settings, options.cache)
        for r in tried
        for seed in range(TUNING["seeds"])
        for settings in [settings_of("pursuit", r["method"], panel, seed, steps, r["changes"])]
    ]
    final = [rows[-1]["score"] for rows in run_all(calls, options.jobs, options.backend, options.address)]
    for r, scores in zip(tried, np.reshape(final, (-1, TUNING["seeds"])).tolist(), strict=True):
        r.update(scores=scores, score=float(np.mean(scores)))
    best = {
        r["method"]: r["changes"] for r in sorted(tried, key=lambda r: r["score"])
    }  # the best of each comes last and stays
    known = {"winners": best, "space": {m: space(m) for m in best}}
    print(write_part("tuning", TUNING["seeds"], tried, known, "method", steps=steps))


def write_runs(rows: list[dict[str, Any]]) -> None:
    """Write every point of every run to learning-runs.csv, and each external's score to learning-externals.csv.gz.

    Rows of other tasks stay in the files.
    """
    now = {r["task"] for r in rows}
    names: tuple[str, ...] = ("task", "panel", "method", "seed", "point", "step", "training_cpu_seconds", "watched",
                              "externals", "score")  # fmt: skip
    _write_sheet(RESULTS / "learning-runs.csv", open, names, rows, now)
    names = ("task", "panel", "method", "seed", "step", "watched", "external", "score")
    each = [row | {"external": k, "score": round(x, 4)} for row in rows for k, x in enumerate(row.get("each", ()))]
    _write_sheet(RESULTS / "learning-externals.csv.gz", gzip.open, names, each, now)


def _write_sheet(path: Path, opened: Any, names: Sequence[str], rows: list[dict[str, Any]], now: set[str]) -> None:
    kept = []
    if path.exists():
        with opened(path, "rt", newline="", encoding="utf-8") as file:
            kept = [row for row in csv.DictReader(file) if row["task"] not in now]
    with opened(path, "wt", newline="", encoding="utf-8") as file:
        sheet = csv.DictWriter(file, names, extrasaction="ignore")
        sheet.writeheader()
        sheet.writerows([*kept, *rows])


def main() -> None:
    """Run what is missing, then write results, runs and figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="+", default=list(micra_lite.registry.GRID_TASKS))
    parser.add_argument(
        "--methods", nargs="+", choices=list(methods.METHODS), metavar="METHOD",
        help="default: MICRA and the published ones, and on pursuit two ablations",
    )  # fmt: skip
    parser.add_argument("--panels", nargs="+", default=list(PANELS), choices=PANELS)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument(
        "--steps", type=int, help=f"environment steps of a run (default: {STEPS:,}; tuning: {TUNING['steps']:,})"
    )
    parser.add_argument("--tune", action="store_true", help="tune every method's settings instead")
    parser.add_argument("--configurations", type=int, default=TUNING["configurations"], help="number that tuning tries")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--backend", default="loky", choices=["loky", "dask", "ray"])
    parser.add_argument("--address", help="of the cluster's scheduler")
    parser.add_argument("--cache", type=Path, default=Path("runs/benchmarks/learning"))
    options = parser.parse_args()
    if options.tune:
        return tune(options)
    steps, tuned = options.steps or STEPS, winners()
    budgets = {task: whole_rounds(task, steps, tuned) for task in options.tasks}
    for task in options.tasks:
        yardstick(task, options.cache)
    calls = [
        delayed(run)(task, method, panel, "held-out", settings_of(
            task, method, panel, seed, budgets[task], tuned.get(method if method in PUBLISHED else "MICRA", {})), options.cache)
        for task, method, panel, seed in plan(options.tasks, options.methods, options.panels, options.seeds)
    ]  # fmt: skip
    done = run_all(calls, options.jobs, options.backend, options.address)
    rows = [row for found in done for row in found]
    write_runs(rows)
    table = summary(rows)
    kept = [r for r in read("learning").get("rows", []) if r["task"] not in options.tasks]
    overall = aggregate([*kept, *table])
    for r in table:
        print(f"{r['task']}, {r['panel']}: {r['method']} {r['final']:.3f} [{r['low']:.3f}, {r['high']:.3f}]")
    about = {"steps": steps, "tuned": tuned, "aggregate": overall, "profile_at": PROFILE_AT,
             "meta_updates": meta_updates(whole_rounds("pursuit", steps, tuned), tuned)}  # fmt: skip
    print(write_part("learning", options.seeds, table, {"budgets": budgets}, **about))
    for task in options.tasks:
        figure, alt = learning_figure(task, [r for r in rows if r["task"] == task and r["externals"] == FEW])
        style.save(figure, DOCS / f"learning-{task}.png", alt)
        print(DOCS / f"learning-{task}.png")


if __name__ == "__main__":
    main()
