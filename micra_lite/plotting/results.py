"""Figures of results, each with an alt text made from the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import offset_copy

from ..exact import Array
from .style import BLUE, GREY, TASKS, VERMILLION


def measured(name: str) -> Path:
    """The file of a committed benchmark, such as "adaptation.json": part of an installed package, or of a checkout.

    Raises FileNotFoundError where there is none of that name.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "measured", package.parent / "benchmarks" / "results"):
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError(f"there is no measured result {name!r} in {package / 'measured'} or in benchmarks/results")


def adaptation_figure(
    game: str, labels: Sequence[str], before: Array, after: Array, episodes: int
) -> tuple[Figure, str]:
    """Each newcomer's normalised score before and after adaptation, (K,) each; returns the figure and its alt text."""
    order = np.argsort(after)
    rows = np.arange(len(labels))
    figure = Figure(figsize=(7.2, 1.6 + 0.32 * len(labels)), layout="constrained")
    axes = figure.subplots()
    axes.hlines(rows, before[order], after[order], color=GREY, linewidth=1.5, zorder=1)
    axes.scatter(before[order], rows, marker="o", s=55, facecolor="white", edgecolor=BLUE, linewidth=1.8, zorder=2,
                 label="before: nothing watched")  # fmt: skip
    axes.scatter(
        after[order], rows, marker="D", s=50, color=VERMILLION, zorder=3, label=f"after {episodes} watched episodes"
    )
    for value, name in ((0.0, "random team"), (1.0, "best response")):
        axes.axvline(value, color="black", linestyle=":", linewidth=1)
        axes.annotate(name, (value, 1.0), (0, 4), xycoords=("data", "axes fraction"), textcoords="offset points",
                      ha="center", fontsize=9)  # fmt: skip
    low = min(0.0, float(before.min()), float(after.min()))
    axes.set(xlim=(low - 0.06, 1.06), yticks=rows, yticklabels=[labels[i] for i in order],
             xlabel="normalised score (0: random team, 1: best response to this external)")  # fmt: skip
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    figure.suptitle(f"{game}: a trained team meets externals it has never seen", fontsize=11)
    gained = int((after > before).sum())
    alt = (
        f"Normalised scores of a team in {game} against {len(labels)} unseen externals. Mean before adaptation "
        f"{before.mean():.2f}, after {episodes} watched episodes {after.mean():.2f}; {gained} of {len(labels)} rose."
    )
    return figure, alt


def curves_figure(curves: Mapping[str, Sequence[tuple[int, float]]]) -> tuple[Figure, str]:
    """Training curves, a panel for each quantity: name (with its unit) → (update, value). Also returns the alt text."""
    figure = Figure(figsize=(3.1 * len(curves), 2.7), layout="constrained")
    panels = figure.subplots(1, len(curves), squeeze=False)[0]
    parts = []
    for axes, (name, points) in zip(panels, curves.items(), strict=True):
        x, y = np.array(points, dtype=float).T
        axes.plot(x, y, color=BLUE)
        axes.set(xlabel="update", title=name)
        axes.title.set_fontsize(10)
        parts.append(f"{name} from {y[0]:.3g} to {y[-1]:.3g}")
    return figure, "Training curves: " + "; ".join(parts) + "."


def bars_figure(title: str, labels: Sequence[str], values: Array, unit: str) -> tuple[Figure, str]:
    """One bar for each label, with its value beside it; returns the figure and its alt text."""
    figure = Figure(figsize=(6.4, 1.2 + 0.4 * len(labels)), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh(labels, values, color=BLUE)
    axes.bar_label(bars, fmt="%.2f", padding=3)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.margins(x=0.15)
    axes.invert_yaxis()
    axes.set(xlabel=unit, title=title)
    return figure, f"{title}: " + ", ".join(f"{n} {v:.2f}" for n, v in zip(labels, values, strict=True)) + f" ({unit})."


def cross_play_figure(game: str, scores: Array) -> tuple[Figure, str]:
    """Normalised cross-play (K, K): the best response to external j (row) against external k (column)."""
    K = len(scores)
    figure = Figure(figsize=(1.6 + 0.55 * K, 1.4 + 0.5 * K), layout="constrained")
    axes = figure.subplots()
    colours = colormaps["cividis"].with_extremes(under="0.45")  # worse than a random team
    shown = axes.imshow(scores, cmap=colours, vmin=0, vmax=1)
    for j in range(K):
        for k in range(K):
            ink = "black" if scores[j, k] > 0.55 else "white"
            value = f"{scores[j, k].round(2) + 0.0:.2f}".replace("-", "−")
            axes.text(k, j, value, ha="center", va="center", fontsize=8, color=ink)
    axes.set(xticks=range(K), yticks=range(K), xlabel="played against external", ylabel="best response to external",
             title=f"{game}: cross-play")  # fmt: skip
    label = "normalised score (0: random team, 1: best response; grey: below 0)"
    figure.colorbar(shown, ax=axes, label=label, extend="min")
    wrong = scores[~np.eye(K, dtype=bool)]
    spread = f"from {wrong.min():.2f} to {wrong.max():.2f}".replace("-", "−")
    alt = (
        f"Cross-play in {game}: normalised scores of best responses to {K} externals, played against each of them. 1.00 on "
        f"the diagonal; against a wrong external {wrong.mean():.2f} on average, {spread}."
    )
    return figure, alt


def label_ends(axes: Axes, apart: float = 0.055) -> None:
    """Write every line's label to the right of the axes, tied to the line's last point.

    Labels are at least `apart` apart, a share of the axes' height. Labels that would overlap move up; those that leave the
    axes move down again.
    """
    beside = offset_copy(axes.transAxes, axes.get_figure(root=True), x=15, units="points")  # whatever the axes' width
    low, high = axes.get_ylim()
    lines = [line for line in axes.lines if not str(line.get_label()).startswith("_")]
    ends = {line: tuple(float(np.asarray(data)[-1]) for data in line.get_data()) for line in lines}
    lines.sort(key=lambda line: ends[line][1])
    heights = [(ends[line][1] - low) / (high - low) for line in lines]
    for k in range(1, len(lines)):
        heights[k] = max(heights[k], heights[k - 1] + apart)
    for k in reversed(range(len(lines))):
        heights[k] = min(heights[k], 1.0 - apart * (len(lines) - 1 - k))
    for line, height in zip(lines, heights, strict=True):
        x, y = ends[line]
        tie = {"arrowstyle": "-", "color": line.get_color(), "linewidth": 0.8, "shrinkA": 0, "shrinkB": 3,
               "relpos": (0, 0.5)}  # fmt: skip
        axes.annotate(str(line.get_label()), (x, y), (1.0, height), textcoords=beside, fontsize=9, va="center",
                      arrowprops=tie, annotation_clip=False)  # fmt: skip


def variance_figure(rows: Sequence[Mapping[str, Any]], middle: float = 0.5) -> tuple[Figure, str]:
    """CRA's variance as a share of COMA's, with the own action sampled in both, from rows of `variance.json`.

    Two panels show it against exploration with two targets, beside held-out externals and beside the average one; the third
    against the number of agents at exploration `middle`, beside held-out externals. Returns the figure and its alt text.
    """
    sampled = [r for r in rows if r["method"] == "CRA, sampled"]
    held_out, average = ([r for r in sampled if r["external"] == which] for which in ("held-out", "average"))
    panels = [
        (
            "three agents, a held-out external",
            "exploration ε",
            [r for r in held_out if r["agents"] == 3],
            "exploration",
        ),
        (
            "three agents, the average external",
            "exploration ε",
            [r for r in average if r["agents"] == 3],
            "exploration",
        ),
        (f"held-out externals, ε = {middle}", "agents", [r for r in held_out if r["exploration"] == middle], "agents"),
    ]
    figure = Figure(figsize=(12.5, 4.0), layout="constrained")
    spoken = []
    for axes, (title, label, chosen, key) in zip(figure.subplots(1, 3, sharey=True), panels, strict=True):
        axes.set(title=title, xlabel=label, ylim=(0, 1.05), xticks=sorted({r[key] for r in chosen}))
        axes.title.set_fontsize(10)
        axes.grid(color="0.9", linewidth=0.8)
        words = []
        for task in dict.fromkeys(r["task"] for r in chosen):
            colour, marker, style = TASKS[task]
            x, y = zip(*sorted((r[key], r["ratio_to_coma"]) for r in chosen if r["task"] == task), strict=True)
            axes.plot(x, y, color=colour, marker=marker, linestyle=style, markersize=5, label=task)
            words.append(f"{task} {y[0]:.2f} to {y[-1]:.2f}")
        label_ends(axes)
        spoken.append(
            f"{title}, {label} from {min(r[key] for r in chosen)} to {max(r[key] for r in chosen)}: {', '.join(words)}"
        )
    figure.axes[0].set_ylabel("variance of CRA's estimate (COMA = 1)")
    figure.suptitle(
        "Variance that is left when the gradient estimate of one decision averages over the others' actions",
        fontsize=11,
    )
    return figure, f"Variance of CRA's gradient estimate as a share of COMA's. {'. '.join(spoken)}."
