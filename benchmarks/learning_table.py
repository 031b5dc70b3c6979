"""What learning curves come to: final scores, steps to 90%, and how sure it is who is ahead, by `rliable`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from common import interquartile_mean

PANELS = ("nobody adapts", "everyone adapts")
POINTS = 10  # of a curve, besides the untrained team
WATCHED = 5  # episodes of each newcomer
FEW = 12  # externals at every point; the last point meets all of them
PROFILE_AT = [round(0.05 * j, 2) for j in range(21)]  # the scores at which performance profiles are taken


def summary(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Per task, panel and method: final score over all externals, and steps to 90% of the best unadapted final score.

    A run that never gets there counts with the full budget. Steps are over the first `FEW` externals, before watching.
    `improvement`: the probability that a run of MICRA ends above one of this method (1/2: no difference).
    """
    found = []
    for task in dict.fromkeys(r["task"] for r in rows):
        here = [r for r in rows if r["task"] == task]
        last = [r for r in here if r["point"] == POINTS]
        few = [r for r in last if r["externals"] == FEW and r["watched"] == 0 and r["panel"] == PANELS[0]]
        finals = [
            interquartile_mean([r["score"] for r in few if r["method"] == m])[0] for m in {r["method"] for r in few}
        ]
        for panel, method in dict.fromkeys((r["panel"], r["method"]) for r in here):
            mine = [r for r in here if r["panel"] == panel and r["method"] == method]
            watched = WATCHED if panel == PANELS[1] else 0
            ends = [r for r in mine if r["point"] == POINTS]
            final = [r["score"] for r in ends if r["watched"] == watched and r["externals"] != FEW]
            middle, low, high = interquartile_mean(final)
            reached = []
            for seed in dict.fromkeys(r["seed"] for r in mine):
                run = [r for r in mine if r["seed"] == seed and r["externals"] == FEW and r["watched"] == 0]
                there = [r["step"] for r in run if finals and r["score"] >= 0.9 * max(finals)]
                reached.append(min([*there, max(r["step"] for r in run)]))
            found.append({
                "task": task, "panel": panel, "method": method,
                "steps_to_90": interquartile_mean(reached)[0] if watched == 0 else None,
                "final": middle, "low": low, "high": high, "seeds": len(final),
                "cpu_seconds_per_100k_steps": 1e5 * float(np.mean([r["training_cpu_seconds"] / r["step"] for r in ends])),
                "seed_finals": final,
            })  # fmt: skip
    for r in found:
        micra = next((m for m in found if (m["task"], m["panel"], m["method"]) == (r["task"], r["panel"], "MICRA")), r)
        if micra is not r:
            r["improvement"], r["improvement_low"], r["improvement_high"] = improvement([micra], [r])
    return found


def improvement(ours: Sequence[dict[str, Any]], theirs: Sequence[dict[str, Any]]) -> tuple[float, float, float]:
    """The probability that a run of ours ends above one of theirs, the mean over tasks, with its 95% interval."""
    from rliable import library, metrics

    np.random.seed(0)  # noqa: NPY002 - rliable draws its bootstrap from numpy's global generator
    mean, interval = library.get_interval_estimates(
        {"pair": (finals(ours), finals(theirs))},
        lambda x, y: np.array([metrics.probability_of_improvement(x, y)]),
        reps=1000,
    )
    return float(mean["pair"][0]), float(interval["pair"][0, 0]), float(interval["pair"][1, 0])


def finals(rows: Sequence[dict[str, Any]]) -> np.ndarray:
    """The final scores of one method in several tasks: (seeds, tasks), as many seeds as all have."""
    seeds = min(len(r["seed_finals"]) for r in rows)
    return np.transpose([r["seed_finals"][:seeds] for r in rows])


def aggregate(table: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Over the tasks that a method shares with MICRA: the geometric mean of its steps to 90% as a multiple of MICRA's,
    the probability of improvement, and the performance profile: the share of runs that end above each of `PROFILE_AT`.
    """
    from rliable import library

    found = []
    for panel, method in dict.fromkeys((r["panel"], r["method"]) for r in table):
        mine = {r["task"]: r for r in table if (r["panel"], r["method"]) == (panel, method)}
        micra = {r["task"]: r for r in table if (r["panel"], r["method"]) == (panel, "MICRA") and r["task"] in mine}
        np.random.seed(0)  # noqa: NPY002
        runs = finals(list(mine.values()))
        profile, interval = library.create_performance_profile({"runs": runs}, np.array(PROFILE_AT), reps=500)
        row = {"panel": panel, "method": method, "tasks": list(mine), "profile": profile["runs"].tolist(),
               "profile_low": interval["runs"][0].tolist(), "profile_high": interval["runs"][1].tolist()}  # fmt: skip
        if micra:
            pairs = [(micra[task], mine[task]) for task in micra]
            if all(m["steps_to_90"] and r["steps_to_90"] for m, r in pairs):
                row["steps_ratio"] = float(
                    np.exp(np.mean([np.log(r["steps_to_90"] / m["steps_to_90"]) for m, r in pairs]))
                )
            if method != "MICRA":
                ours, theirs = zip(*pairs, strict=True)
                row["improvement"], row["improvement_low"], row["improvement_high"] = improvement(ours, theirs)
        found.append(row)
    return found


def lines(table: Sequence[dict[str, Any]], overall: Sequence[dict[str, Any]]) -> list[str]:
    """Both, as a table in markdown."""
    head = [
        "| task | panel | method | final score | steps to 90% | MICRA is better, probability | CPU-s per 100k steps |",
        "|---|---|---|---|---|---|---|",
    ]
    for r in table:
        steps = f"{r['steps_to_90']:,.0f}" if r["steps_to_90"] is not None else ""
        head.append(f"| {r['task']} | {r['panel']} | {r['method']} | {r['final']:.3f} [{r['low']:.3f}, {r['high']:.3f}] "
                    f"| {steps} | {_better(r)} | {r['cpu_seconds_per_100k_steps']:.1f} |")  # fmt: skip
    head += ["", "Over all tasks: steps to 90% as a multiple of MICRA's (geometric mean), and the share of runs that end above a score:", "",
             "| panel | method | steps to 90%, ratio | MICRA is better, probability | above 0.5 | above 0.7 | above 0.9 |",
             "|---|---|---|---|---|---|---|"]  # fmt: skip
    for r in overall:
        ratio = f"{r['steps_ratio']:.2f}" if "steps_ratio" in r else ""
        above = " | ".join(f"{r['profile'][PROFILE_AT.index(at)]:.2f}" for at in (0.5, 0.7, 0.9))
        head.append(f"| {r['panel']} | {r['method']} | {ratio} | {_better(r)} | {above} |")
    return head


def _better(r: dict[str, Any]) -> str:
    if "improvement" not in r:
        return ""
    return f"{r['improvement']:.2f} [{r['improvement_low']:.2f}, {r['improvement_high']:.2f}]"
