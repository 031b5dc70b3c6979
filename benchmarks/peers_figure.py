"""The figure of `peers`: scores against what they cost, in environment steps and in CPU-seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from common import interquartile_mean
from micra_lite.plotting.results import label_ends
from micra_lite.plotting.style import BLUE, GREEN, GREY, ORANGE, VERMILLION

# Colour, line and marker of each team, and its name.
STYLE = {
    "MICRA": (VERMILLION, "-", "o", "MICRA"), "MICRA, adapting": (VERMILLION, "--", "s", "MICRA, adapting"),
    "MAPPO": (BLUE, "-", "^", "BenchMARL MAPPO"), "MADDPG": (ORANGE, "--", "v", "BenchMARL MADDPG"),
    "MASAC": (GREEN, "-.", "D", "BenchMARL MASAC"), "EPyMARL COMA": (GREY, ":", "x", "EPyMARL COMA"),
}  # fmt: skip
COSTS = {"steps": "environment steps", "cpu_seconds": "CPU-seconds of training, one thread"}


def peers_figure(rows: Sequence[Mapping[str, Any]], fixed: float) -> tuple[Figure, str]:
    """Interquartile means over runs with 95% intervals, at their mean cost; the figure and its alt text.

    Args: rows, runs as `peers` keeps them; fixed, the score of the best fixed team found.
    """
    figure = Figure(figsize=(11.6, 4.2), layout="constrained")
    teams = [m for m in STYLE if any(r["method"] == m for r in rows)]
    words = []
    for axes, (cost, name) in zip(figure.subplots(1, 2, sharey=True), COSTS.items(), strict=True):
        for method in teams:
            colour, line, marker, label = STYLE[method]
            points = list(zip(*(r["points"][1:] for r in rows if r["method"] == method), strict=True))  # trained ones
            scores = [interquartile_mean([p["score_64"] for p in same]) for same in points]
            spent = [float(np.mean([p[cost] for p in same])) for same in points]
            middle, low, high = np.transpose(scores)
            axes.plot(spent, middle, line, marker=marker, color=colour, markersize=4, label=label)
            axes.fill_between(spent, low, high, color=colour, alpha=0.12, linewidth=0)
            if cost == "cpu_seconds":
                words.append(f"{label} {middle[-1]:.2f} after {spent[-1]:,.0f} CPU-seconds")
        axes.axhline(fixed, color="black", linestyle=":", linewidth=1)
        axes.set(xlabel=name, xscale="log", ylim=(None, 1.0))
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.grid(color="0.9", linewidth=0.8)
        axes.annotate("best fixed team", (0.72, fixed), (2, 2), xycoords=("axes fraction", "data"),
                      textcoords="offset points", fontsize=8)  # fmt: skip
    for axes in figure.axes:
        label_ends(axes)
    figure.axes[0].set_ylabel("normalised score (1: best response)")
    seeds = min(sum(r["method"] == m for r in rows) for m in teams)
    figure.suptitle(
        f"pursuit, 64 unseen externals: interquartile means over {seeds} seeds, and their 95% intervals", fontsize=11
    )
    return figure, f"Public peers and MICRA on pursuit, final scores against 64 unseen externals: {', '.join(words)}."
