"""How much more is to be learned from the same data: gradient steps per environment step (the replay ratio), times four.

MICRA and MADDPG keep all their data and can learn from them as often as they like. Nobody adapts, settings are those of
benchmarks/learning.py, and so are the other methods' runs (in its cache); but after every update of the imitator critic
and actors take four times as many steps, each on transitions drawn anew. Steps to 90% are to the same thresholds as
there. (On-policy methods can only go over a round again, and how often was tuned.) Writes benchmarks/results/replay-ratio.json.

    python benchmarks/replay_ratio.py --seeds 10 --jobs 2
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from joblib import delayed

import micra_lite
from common import write
from learning import STEPS, run, settings_of, whole_rounds
from learning_table import PANELS, steps_ratio, summary
from runs import run_all, yardstick
from tuning import TUNED, winners

METHODS = ("MICRA", "MADDPG")
TIMES = 4
NAME = f"{{}}, {TIMES} times the gradient steps"
OURS = NAME.format("MICRA")


def ratios(table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every method's steps to 90% as a multiple of MICRA's with more gradient steps, the geometric mean over tasks."""
    ours = {r["task"]: r for r in table if r["method"] == OURS}
    found = []
    for method in dict.fromkeys(r["method"] for r in table if r["method"] != OURS):
        theirs = {r["task"]: r for r in table if r["method"] == method}
        ratio = steps_ratio(list(ours.values()), [theirs[task] for task in ours])
        found.append({"method": method, "tasks": list(ours), **ratio})
    return found


def main() -> None:
    """Run what is missing, then write the result and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="+", default=list(micra_lite.catalogue.GRID_TASKS))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=Path("runs/benchmarks/learning"))
    options = parser.parse_args()
    tuned, panel, calls = winners(), PANELS[0], []
    budgets = {task: whole_rounds(task, STEPS, tuned) for task in options.tasks}
    for task in options.tasks:
        yardstick(task, options.cache)
    runs = [(method, times) for method in TUNED for times in ((1, TIMES) if method in METHODS else (1,))]
    work = [(s, task, *which) for s in range(options.seeds) for task in options.tasks for which in runs]
    for seed, task, method, times in work:
        settings = settings_of(task, method, panel, seed, budgets[task], tuned.get(method, {}))
        settings = replace(settings, value_steps=times * settings.value_steps)
        calls.append(delayed(run)(task, method, panel, "held-out", settings, options.cache))
    rows = []
    for (_, _, method, times), found in zip(work, run_all(calls, options.jobs), strict=True):
        rows += [r | {"method": method if times == 1 else NAME.format(method)} for r in found]
    table = summary(rows)
    overall = ratios(table)
    print(*table, *overall, sep="\n")
    print(write("replay-ratio", options.seeds, table, ratios=overall))


if __name__ == "__main__":
    main()
