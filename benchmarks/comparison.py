"""Leads: MICRA's final score minus that of each other method, from the runs that benchmarks/learning.py keeps.

Scores are against all held-out externals, after watching where teams adapt. The interval of a difference is a bootstrap
over seeds and externals, resampled alike for both methods. A method is called ahead or behind only where the interval does
not contain 0. Writes benchmarks/results/comparison.json and docs/comparison.png.

    python benchmarks/comparison.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy import stats

from common import RESULTS, write
from learning_figure import STYLE
from micra_lite.baselines.methods import PUBLISHED
from micra_lite.plotting import style
from readme_tables import standing
from runs import yardstick

CACHE, DOCS = Path("runs/benchmarks/learning"), Path(__file__).parent.parent / "docs"
DRAWS = 5000
Array = np.ndarray


def final_scores() -> dict[tuple[str, str, str], Array]:
    """Task, panel and method → the scores of its runs beside each external at the end, (seeds, externals)."""
    found = {}
    sheet = pandas.read_csv(RESULTS / "learning-externals.csv.gz")
    for key, rows in sheet.groupby(["task", "panel", "method"], sort=False):
        last = rows[(rows.step == rows.step.max()) & (rows.watched == rows.watched.max())]
        found[key] = last.pivot(index="seed", columns="external", values="score").to_numpy()
    return found


def lead(ours: Array, theirs: Array, weights: Array) -> dict[str, float]:
    """Our score minus theirs: of interquartile means over seeds with a 95% interval, and of plain means.

    Args: scores beside each external, (seeds, externals) each; weights, what each external counts in a score, (externals,).
    """
    seeds, externals = ours.shape
    rng = np.random.default_rng(0)
    counts = rng.multinomial(externals, np.full(externals, 1 / externals), DRAWS) * weights  # (draws, externals)
    drawn = rng.integers(seeds, size=(DRAWS, seeds))

    def again(each: Array) -> Array:  # (draws,)
        scores = counts @ each.T / counts.sum(1, keepdims=True)  # (draws, seeds)
        return stats.trim_mean(np.take_along_axis(scores, drawn, 1), 0.25, axis=1)

    low, high = np.quantile(again(ours) - again(theirs), [0.025, 0.975])
    a, b = (each @ weights / weights.sum() for each in (ours, theirs))  # (seeds,)
    return {"lead": float(stats.trim_mean(a, 0.25) - stats.trim_mean(b, 0.25)), "low": float(low), "high": float(high),
            "mean_lead": float(a.mean() - b.mean())}  # fmt: skip


def comparison_figure(rows: Sequence[Mapping[str, Any]]) -> tuple[Figure, str]:
    """One panel for each panel of the learning curves, a block for each task, a line for each method; and the alt text."""
    panels, tasks = (list(dict.fromkeys(r[key] for r in rows)) for key in ("panel", "task"))
    methods = [m for m in STYLE if any(r["method"] == m for r in rows)]
    block = len(methods) + 1
    figure = Figure(figsize=(9.6, 0.9 + 0.21 * block * len(tasks)), layout="constrained")
    words = []
    for axes, panel in zip(figure.subplots(1, len(panels), sharex=True, sharey=True), panels, strict=True):
        for r in (r for r in rows if r["panel"] == panel):
            y = tasks.index(r["task"]) * block + 1 + methods.index(r["method"])
            colour, _, marker = STYLE[r["method"]]
            axes.plot([r["low"], r["high"]], [y, y], color=colour, linewidth=2)
            axes.plot(r["lead"], y, marker, color=colour)
            axes.plot(r["mean_lead"], y, "|", color="black", markersize=11)
        axes.axvline(0, color="black", linewidth=1)
        axes.set(title=panel, xlabel="MICRA's final score minus that of the other method")
        axes.grid(axis="x", color="0.9", linewidth=0.8)
        axes.set_axisbelow(True)
        words.append(f"{panel}: " + "; ".join(f"{task} " + ", ".join(
            f"{r['method']} {r['lead']:+.2f} ({standing(r).split()[0]})"
            for r in rows if (r["panel"], r["task"]) == (panel, task)) for task in tasks))  # fmt: skip
    axes.set_yticks(range(block * len(tasks)), [name for task in tasks for name in (task, *methods)])
    axes.set_ylim(block * len(tasks) - 0.4, -0.6)
    for label in figure.axes[0].get_yticklabels()[::block]:
        label.set_fontweight("bold")
    interval = Line2D([], [], color=style.GREY, marker="o", linewidth=2, label="interquartile means, 95% interval")
    mean = Line2D([], [], color="black", marker="|", linewidth=0, markersize=11, label="plain means")
    figure.legend(handles=[interval, mean], loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    met = f"{rows[0]['externals']} unseen externals, {rows[0]['seeds']} seeds"
    figure.suptitle(f"Right of 0 MICRA scores more ({met}); an interval with 0 in it: nobody is ahead", fontsize=11)
    return figure, f"MICRA's final score minus that of each other method ({met}). {'. '.join(words)}."


def main() -> None:
    """Compare the finished runs, write the result and draw it."""
    ends, rows = final_scores(), []
    for (task, panel, method), theirs in ends.items():
        if method in PUBLISHED and method != "MICRA":
            scale = yardstick(task, CACHE)
            found = lead(ends[task, panel, "MICRA"], theirs, scale.best - scale.random)
            seeds, externals = theirs.shape
            rows.append(
                {"task": task, "panel": panel, "method": method, "seeds": seeds, "externals": externals, **found}
            )
    print(write("comparison", min(r["seeds"] for r in rows), rows))
    figure, alt = comparison_figure(rows)
    style.save(figure, DOCS / "comparison.png", alt)


if __name__ == "__main__":
    main()
