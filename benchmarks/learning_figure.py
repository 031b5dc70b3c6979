"""The figure of learning curves: one panel if nobody adapts, one if everyone does; MICRA is the red line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from common import interquartile_mean, read
from micra_lite.plotting.results import label_ends
from micra_lite.plotting.style import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILLION

# Colour, line and marker of each method; ablations are thin.
STYLE = {
    "MICRA": (VERMILLION, "-", "o"), "independent actor-critic": (BLUE, "--", "s"), "central-V actor-critic": (SKY, "-.", "^"),
    "COMA": (GREEN, ":", "D"), "MADDPG": (ORANGE, "--", "v"), "MICRA, sampled regret": (PURPLE, "-", "o"),
    "MICRA, COMA advantage": (PURPLE, ":", "D"), "MICRA, independent advantage": (PURPLE, "--", "s"),
    "MICRA, no imitator": (GREY, "-.", "x"), "MICRA, true external": (GREY, "-", "*"),
}  # fmt: skip


def learning_figure(task: str, rows: Sequence[Mapping[str, Any]]) -> tuple[Figure, str]:
    """Score against environment steps, interquartile means over seeds with 95% intervals; the figure and its alt text.

    Rows of one task and one set of externals, as `learning.run` makes them. Where teams adapt, lines are the adapted teams'.
    """
    panels = list(dict.fromkeys(r["panel"] for r in rows))
    figure = Figure(figsize=(5.8 * len(panels), 4.2), layout="constrained")
    end, words = max(r["step"] for r in rows), []
    for axes, panel in zip(figure.subplots(1, len(panels), sharey=True, squeeze=False)[0], panels, strict=True):
        here = [r for r in rows if r["panel"] == panel]
        watched = max(r["watched"] for r in here)
        ends = []
        for method in [m for m in STYLE if any(r["method"] == m for r in here)]:
            colour, line, marker = STYLE[method]
            mine = [r for r in here if r["method"] == method and r["watched"] == watched]
            points = [[r for r in mine if r["point"] == point] for point in sorted({r["point"] for r in mine})]
            steps = [np.mean([r["step"] for r in same]) for same in points]
            middle, low, high = np.transpose([interquartile_mean([r["score"] for r in same]) for same in points])
            axes.plot(steps, middle, line, marker=marker, color=colour, markersize=4, linewidth=2.4 if method == "MICRA" else 1.2,
                      zorder=3 if method == "MICRA" else 2, label=method)  # fmt: skip
            axes.fill_between(steps, low, high, color=colour, alpha=0.12, linewidth=0)
            ends.append((float(middle[-1]), method))
        above = np.inf
        for height, name in sorted(limits(task, watched), reverse=True):
            axes.axhline(height, color="black", linestyle=":", linewidth=1)
            below = above - height < 0.06  # no room above the line
            axes.annotate(name, (0, height), (2, -2 if below else 2), va="top" if below else "bottom",
                          textcoords="offset points", fontsize=8)  # fmt: skip
            above = height
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.set(
            xlabel="environment steps",
            xlim=(-0.04 * end, None),
            ylim=(None, 1.09),
            title=panel + (f" ({watched} watched episodes)" if watched else ""),
        )
        axes.grid(color="0.9", linewidth=0.8)
        words.append(f"{panel}: " + ", ".join(f"{name} {height:.2f}" for height, name in sorted(ends, reverse=True)))
    for axes in figure.axes:  # now that their common scale is known
        label_ends(axes)
    figure.axes[0].set_ylabel("normalised score (1: best response)")
    seeds, met = len({r["seed"] for r in rows}), f"the first {rows[0]['externals']} unseen externals"
    figure.suptitle(f"{task}, {met}: interquartile means over {seeds} seeds, and their 95% intervals", fontsize=11)
    return figure, f"Learning curves in {task}, final scores against {met}. {'; '.join(words)}."


def limits(task: str, watched: int) -> list[tuple[float, str]]:
    """Upper limits as (score, name): the best response, the best fixed team and, after watching, the Bayes-greedy team.

    Those that have not been measured are left out. Names are short, so that they do not reach the first adapted teams.
    """
    fixed = [
        (r["headroom_average"], "best fixed team\n(against all 64)")
        for r in read("games").get("rows", [])
        if r["game"] == task
    ]
    greedy = [(r["score"], "Bayes-greedy team") for r in read("adaptation").get("rows", [])
              if (r["task"], r["method"], r["episodes"]) == (task, "Bayes-greedy team", watched) and watched]  # fmt: skip
    return [(1.0, "best response"), *fixed, *greedy]
