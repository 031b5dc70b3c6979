"""Statistics of learning curves, by `rliable`: final scores, steps to 90%, and how certain it is which method is ahead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import stats

from common import interquartile_mean
from micra_lite.baselines.methods import PUBLISHED

PANELS = ("nobody adapts", "everyone adapts")
POINTS = 10  # of a curve, besides the untrained team
WATCHED = 5  # episodes of each newcomer
FEW = 12  # externals at every point; the last point meets all of them
PROFILE_AT = [round(0.05 * j, 2) for j in range(21)]  # the scores at which performance profiles are taken


def summary(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Per task, panel and method: final score over all externals, and steps to 90% of the best unadapted final score.

    That is the best of the published methods, MICRA among them. A run that never gets there counts with its whole budget;
    `got_there` is the number that did. Steps are those against the first `FEW` externals, before watching.
    """
    found = []
    for task in dict.fromkeys(r["task"] for r in rows):
        here = [r for r in rows if r["task"] == task]
        last = [r for r in here if r["point"] == POINTS]
        few = [r for r in last if r["externals"] == FEW and r["watched"] == 0 and r["panel"] == PANELS[0]]
        published = {r["method"] for r in few} & set(PUBLISHED)
        best = max(
            [interquartile_mean([r["score"] for r in few if r["method"] == m])[0] for m in published], default=np.inf
        )
        for panel, method in dict.fromkeys((r["panel"], r["method"]) for r in here):
            mine = [r for r in here if r["panel"] == panel and r["method"] == method]
            watched = WATCHED if panel == PANELS[1] else 0
            ends = [r for r in mine if r["point"] == POINTS]
            final = [r["score"] for r in ends if r["watched"] == watched and r["externals"] != FEW]
            middle, low, high = interquartile_mean(final)
            reached, got_there = [], 0
            for seed in dict.fromkeys(r["seed"] for r in mine):
                run = [r for r in mine if r["seed"] == seed and r["externals"] == FEW and r["watched"] == 0]
                there = [r["step"] for r in run if r["score"] >= 0.9 * best]
                reached.append(min([*there, max(r["step"] for r in run)]))
                got_there += bool(there)
            found.append({
                "task": task, "panel": panel, "method": method,
                "steps_to_90": interquartile_mean(reached)[0] if watched == 0 else None,
                "got_there": got_there if watched == 0 else None, "seed_steps": reached if watched == 0 else None,
                "final": middle, "low": low, "high": high, "seeds": len(final),
                "cpu_seconds_per_100k_steps": 1e5 * float(np.mean([r["training_cpu_seconds"] / r["step"] for r in ends])),
                "seed_finals": final,
            })  # fmt: skip
    return found


def improvement(ours: Sequence[dict[str, Any]], theirs: Sequence[dict[str, Any]]) -> tuple[float, float, float]:
    """The probability that a run of ours ends above one of theirs, the mean over tasks, with its 95% interval."""
    from rliable import metrics

    return _interval(metrics.probability_of_improvement, over_seeds(ours), over_seeds(theirs))


def steps_ratio(ours: Sequence[dict[str, Any]], theirs: Sequence[dict[str, Any]]) -> tuple[float, float, float]:
    """Their steps to 90% as a multiple of ours, the geometric mean over tasks, with its 95% interval."""
    return _interval(
        lambda x, y: stats.gmean(stats.trim_mean(y, 0.25) / stats.trim_mean(x, 0.25)),
        *(over_seeds(rows, "seed_steps") for rows in (ours, theirs)),
    )


def _interval(statistic: Callable[..., float], ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float, float]:
    """A statistic of two methods' runs, (seeds, tasks) each, and its 95% interval by a bootstrap within each task."""
    from rliable import library

    np.random.seed(0)  # noqa: NPY002 - rliable draws its bootstrap from numpy's global generator
    mean, interval = library.get_interval_estimates(
        {"pair": (ours, theirs)}, lambda x, y: np.array([statistic(x, y)]), reps=1000
    )
    return float(mean["pair"][0]), float(interval["pair"][0, 0]), float(interval["pair"][1, 0])


def over_seeds(rows: Sequence[dict[str, Any]], name: str = "seed_finals") -> np.ndarray:
    """One column of one method's rows, by default final scores, (seeds, tasks), for the seeds that all tasks have."""
    seeds = min(len(r[name]) for r in rows)
    return np.transpose([r[name][:seeds] for r in rows])


def aggregate(table: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each published method beside MICRA, over the tasks that both have.

    The geometric mean over tasks of its steps to 90% as a multiple of MICRA's (of interquartile means, and of means); the
    probability of improvement; the performance profile, which is the share of runs that end above each of `PROFILE_AT`.
    """
    from rliable import library

    found = []
    for panel, method in dict.fromkeys((r["panel"], r["method"]) for r in table if r["method"] in PUBLISHED):
        mine = {r["task"]: r for r in table if (r["panel"], r["method"]) == (panel, method)}
        micra = {r["task"]: r for r in table if (r["panel"], r["method"]) == (panel, "MICRA") and r["task"] in mine}
        np.random.seed(0)  # noqa: NPY002
        runs = over_seeds(list(mine.values()))
        profile, interval = library.create_performance_profile({"runs": runs}, np.array(PROFILE_AT), reps=500)
        row = {"panel": panel, "method": method, "tasks": list(mine), "profile": profile["runs"].tolist(),
               "profile_low": interval["runs"][0].tolist(), "profile_high": interval["runs"][1].tolist()}  # fmt: skip
        if micra and method != "MICRA":
            ours, theirs = zip(*[(micra[task], mine[task]) for task in micra], strict=True)
            row["improvement"], row["improvement_low"], row["improvement_high"] = improvement(ours, theirs)
            if panel == PANELS[0]:
                row["steps_ratio"], row["steps_ratio_low"], row["steps_ratio_high"] = steps_ratio(ours, theirs)
                row["steps_ratio_of_means"] = float(stats.gmean(
                    [np.mean(r["seed_steps"]) / np.mean(m["seed_steps"]) for m, r in zip(ours, theirs, strict=True)]
                ))  # fmt: skip
        found.append(row)
    return found
