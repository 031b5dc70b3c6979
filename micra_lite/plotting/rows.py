"""Scores in rows: a name for each row, its score as a mark, and single scores or an interval beside it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from ..registry import GRID_TASKS
from .results import measured
from .style import BLUE, PAPER, VERMILLION

Interval = tuple[float, float, float]  # score, low, high


def signed(value: float, digits: int = 2) -> str:
    """A number with a real minus sign, never −0.00.

    >>> signed(-0.128), signed(-0.001)
    ('−0.13', '0.00')
    """
    shown = f"{value:.{digits}f}"
    return shown.replace("-", "" if float(shown) == 0 else "−")


def score_rows(
    each: Mapping[str, Sequence[float]], together: Mapping[str, float], one: str, title: str
) -> tuple[Figure, str]:
    """A row for each name: single normalised scores (hollow; `one` says of what), and all together (filled).

    Returns the figure and its words.
    """
    figure = Figure(figsize=(8.0, 1.0 + 0.42 * len(each)), layout="constrained")
    axes = figure.subplots()
    for row, (name, scores) in enumerate(each.items()):
        axes.plot(scores, [row - 0.15] * len(scores), "o", mfc="none", color=BLUE, label=one if row == 0 else None)
        axes.plot(
            together[name], row + 0.15, "D", color=VERMILLION, markersize=8, label="all together" if row == 0 else None
        )
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_yticks(range(len(each)), list(each))
    axes.set_ylim(len(each) - 0.5, -0.5)
    axes.set_xlim(min(0.0, axes.get_xlim()[0]))  # from the random team on: a small difference looks small
    axes.set(xlabel="normalised score (0: random team, 1: best response)", title=title)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    axes.grid(axis="x", color="0.9")
    told = "; ".join(f"{name}: {signed(together[name])}" for name in each)
    return figure, f"{title}, normalised scores, all together: {told}."


def adaptation_rows() -> dict[tuple[str, str, int], dict]:
    """The rows of the committed benchmark of adaptation, by task, method and number of watched episodes.

    Where a method was measured beside several sets of newcomers, the smallest set, beside which all methods were.
    """
    rows = json.loads(measured("adaptation.json").read_text(encoding="utf-8"))["rows"]
    return {(r["task"], r["method"], r["episodes"]): r for r in sorted(rows, key=lambda r: -r["externals"])}


def adaptation_panels(methods: Mapping[str, tuple[str, int]]) -> dict[str, dict[str, Interval]]:
    """For each task the scores of these methods, name → (method, watched episodes), for `interval_panels`."""
    rows, panels = adaptation_rows(), {}
    for task in GRID_TASKS:
        there = {name: rows[task, *key] for name, key in methods.items() if (task, *key) in rows}
        if there:
            panels[task] = {name: (r["score"], r["low"], r["high"]) for name, r in there.items()}
    return panels


def interval_panels(
    panels: Mapping[str, Mapping[str, Interval]], label: str, title: str, at: float, columns: int = 4
) -> tuple[Figure, str]:
    """A panel for each key, in it a row for each name: a score and its interval, hollow where `at` lies inside.

    Args: label, of the horizontal axis; at, where every panel has a vertical line. Returns the figure and its words.
    """
    columns = max(1, min(columns, len(panels)))
    deep = max(1, math.ceil(len(panels) / columns))
    names = list(dict.fromkeys(name for rows in panels.values() for name in rows))
    figure = Figure(figsize=(8.6, 1.0 + deep * (0.7 + 0.3 * len(names))), layout="constrained")
    everywhere = list(figure.subplots(deep, columns, sharex=True, sharey=True, squeeze=False).flat)
    for axes in everywhere[len(panels) :]:
        axes.remove()
    told = []
    for axes, (panel, rows) in zip(everywhere, panels.items(), strict=False):
        for name, (score, low, high) in rows.items():
            bars, face = [[score - low], [high - score]], PAPER if low <= at <= high else VERMILLION
            axes.errorbar(score, names.index(name), xerr=bars, fmt="D", color=VERMILLION, mfc=face, capsize=4)
        axes.axvline(at, color="black", linewidth=0.8)
        axes.grid(axis="x", color="0.9")
        axes.set_title(panel, fontsize=10)
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
        each = (f"{n} {signed(score)} ({signed(low)} to {signed(high)})" for n, (score, low, high) in rows.items())
        told.append(f"{panel}: {', '.join(each)}")
    figure.supxlabel(label, fontsize=10)
    figure.suptitle(title, fontsize=11)
    return figure, f"{title}. {label}, with intervals. {'; '.join(told)}."
