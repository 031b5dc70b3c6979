"""Learning curves, and the evidence of a few seeds: choose seeds and a budget, and see how often each method is first.

1. `read_runs` reads the runs that `benchmarks/learning.py` keeps; `curves_of` picks those of one task and panel.
2. `standing` ranks the methods at a budget with some seeds; `first_in` counts the first places over choices of seeds.
3. `LearningCurves` draws both; a method has a colour, a marker and a kind of line, and its name beside the line's end.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np

from ..plotting import style
from .drawing import charts, svg
from .drawing.base import Explorer, Picture, choice, groups, slider
from .drawing.svg import number, text

Curves = dict[str, dict[int, list[tuple[int, float]]]]  # method → seed → (environment steps, score), in order
DRAWS = 12  # different choices of seeds
ENOUGH = 10  # seeds; with fewer there is a warning
RIGHT = 440.0  # where the curves end; right of it are their names
Look = tuple[str, str, str]  # colour, marker, and the line's dashes ("" for none): each alone tells methods apart
LOOKS: dict[str, Look] = {
    "MICRA": (style.VERMILLION, "circle", ""), "independent actor-critic": (style.BLUE, "square", "7 4"),
    "central-V actor-critic": (style.SKY, "triangle", "12 4"), "COMA": (style.GREEN, "diamond", "2 4"),
    "MADDPG": (style.ORANGE, "wedge", "10 4 2 4"),
}  # fmt: skip
SPARE: tuple[Look, ...] = (
    (style.PURPLE, "square", "7 4"), (style.BLUE, "triangle", "12 4"), (style.GREEN, "diamond", "2 4"),
    (style.ORANGE, "wedge", "10 4 2 4"), (style.SKY, "square", "4 4"),
)  # fmt: skip  # for ablations, which stand beside MICRA alone


def read_runs(path: str | Path) -> list[dict[str, Any]]:
    """The rows of learning-runs.csv; none where there is no such file."""
    if not Path(path).exists():
        return []
    kinds = {"seed": int, "point": int, "step": int, "watched": int, "externals": int, "score": float}
    with open(path, newline="", encoding="utf-8") as file:
        return [{name: kinds.get(name, str)(value) for name, value in row.items()} for row in csv.DictReader(file)]


def curves_of(rows: Sequence[Mapping[str, Any]], task: str, panel: str) -> Curves:
    """Every seed's curve of every method, against the externals met at every point; adapted teams where teams adapt."""
    here = [r for r in rows if r["task"] == task and r["panel"] == panel]
    few, watched = min(r["externals"] for r in here), max(r["watched"] for r in here)
    found: Curves = {}
    for r in here:
        if r["externals"] == few and (r["watched"] == watched or r["point"] == 0):
            found.setdefault(r["method"], {}).setdefault(r["seed"], []).append((r["step"], r["score"]))
    return {m: {seed: sorted(points) for seed, points in seeds.items()} for m, seeds in found.items()}


def interquartile_mean(scores: Sequence[float]) -> float:
    """The mean without the lowest and the highest quarter; of three or fewer scores, the mean."""
    cut = len(scores) // 4
    return float(np.mean(np.sort(scores)[cut : len(scores) - cut]))


def reached(points: Sequence[tuple[int, float]], budget: float) -> float:
    """The score at the budget, interpolated linearly, since methods are scored after different numbers of steps."""
    steps, scores = zip(*points, strict=True)
    return float(np.interp(budget, steps, scores))


def standing(curves: Curves, seeds: Sequence[int], budget: float) -> list[tuple[float, str]]:
    """(score, method), the best first: interquartile means over `seeds` after `budget` environment steps."""
    means = [(interquartile_mean([reached(curves[m][s], budget) for s in seeds]), m) for m in curves]
    return sorted(means, reverse=True)


def first_in(curves: Curves, seeds: Sequence[int], count: int, budget: float) -> Counter[str]:
    """The number of times each method is first, over all choices of `count` of the `seeds`."""
    return Counter(standing(curves, some, budget)[0][1] for some in combinations(seeds, count))


class LearningCurves(Explorer):
    """The ranks of methods after a number of environment steps, with a few seeds and with all choices of as many.

    Args: rows as in learning-runs.csv: mappings with task, panel, method, seed, point, step, watched, externals and score.
    Raises ValueError where there are none.

    >>> about = {"task": "pursuit", "panel": "nobody adapts", "point": 0, "step": 100, "watched": 0, "externals": 12}
    >>> rows = [{**about, "method": m, "seed": s, "score": 0.5 + s / 10} for m in ("MICRA", "COMA") for s in range(2)]
    >>> LearningCurves(rows).seeds.max
    2
    """

    trained = True

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        if not rows:
            raise ValueError("no learning curves: give rows as in benchmarks/results/learning-runs.csv")
        self.rows = rows
        shown = list(dict.fromkeys(f"{r['task']}, {r['panel']}" for r in rows))
        self.task = choice("Task", shown)
        self.beside = choice("Beside MICRA", ["baselines", "ablations"])
        self.seeds = slider(ipywidgets.IntSlider, "Seeds", value=1, min=1, max=2)
        self.draw = slider(ipywidgets.IntSlider, "Another draw", value=1, min=1, max=DRAWS)
        self.budget = slider(ipywidgets.IntSlider, "Budget, % of steps", value=100, min=10, max=100, step=10)
        self.choose()
        self.task.observe(self.choose, "value")
        for control in (self.task, self.beside, self.seeds, self.draw, self.budget):
            control.observe(self.redraw, "value")
        many = any(r["method"].startswith("MICRA,") for r in rows)
        first = [self.task, *([self.beside] if many else [])]
        self.show([*first, groups([[self.seeds, self.draw], [self.budget]])])

    def choose(self, change: object = None) -> None:
        """Show another task: its curves, the seeds that every method has, and ablations where there are any."""
        self.curves = curves_of(self.rows, *self.task.value.rsplit(", ", 1))
        self.beside.disabled = not any(m.startswith("MICRA,") for m in self.curves)
        self.known = sorted(set.intersection(*(set(seeds) for seeds in self.curves.values())))
        self.seeds.max = len(self.known)

    def picture(self) -> Picture:
        ablations = self.beside.value == "ablations" and not self.beside.disabled
        methods = [m for m in self.curves if m == "MICRA" or m.startswith("MICRA,") == ablations]
        curves = {m: self.curves[m] for m in methods}
        order = np.random.default_rng(self.draw.value).permutation(self.known)
        seeds = sorted(order[: self.seeds.value].tolist())
        whole = max(points[-1][0] for runs in curves.values() for points in runs.values())
        budget = self.budget.value / 100 * whole
        ranks = standing(curves, seeds, budget)
        counts = first_in(curves, self.known, len(seeds), budget)
        listed = ", ".join(f"{m} {number(score)}" for score, m in ranks)
        firsts = ", ".join(f"{m} {n}" for m, n in counts.most_common())
        few = "" if len(self.known) >= ENOUGH else f" There are only {len(self.known)} seeds: no evidence yet."
        lines = [
            f"Seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))} out of {len(self.known)} seeds; after {budget:,.0f} environment steps.",
            f"First here: {ranks[0][1]}.",
            f"Over all {sum(counts.values())} choices of {len(seeds)} seed{'s' if len(seeds) > 1 else ''}, first is: {firsts}.{few}",
        ]
        alt = f"Learning curves, {self.task.value}. {lines[0]} Scores: {listed}. {lines[1]} {lines[2]}"
        return Picture(sheet(self.task.value, curves, seeds, budget, whole, ranks, lines, alt), alt)


def looks_of(methods: Sequence[str]) -> dict[str, Look]:
    """Colour, marker and dashes of each method; the published ones always have the same."""
    spare = iter(SPARE)
    return {m: LOOKS.get(m) or next(spare, (style.GREY, "circle", "1 3")) for m in methods}


def mark(shape: str, x: float, y: float, colour: str, filled: bool, reach: float = 4.5) -> str:
    """A small circle, square, triangle, wedge (a triangle upside down) or diamond, filled or hollow."""
    fill = colour if filled else style.PAPER
    if shape == "circle":
        return svg.circle(x, y, reach - 0.5, colour, fill)
    corners = {
        "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
        "triangle": ((0, -1.1), (1.1, 0.9), (-1.1, 0.9)),
        "wedge": ((0, 1.1), (1.1, -0.9), (-1.1, -0.9)),
        "diamond": ((0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)),
    }[shape]
    points = " ".join(f"{x + reach * u:.4g},{y + reach * v:.4g}" for u, v in corners)
    return f'<polygon points="{points}" fill="{fill}" stroke="{colour}" stroke-width="2"/>'


def curve(points: Sequence[tuple[float, float]], look: Look, width: float) -> str:
    """A line in a method's colour and dashes, with its marker at every second point and at both ends."""
    colour, shape, dashes = look
    dash = f' stroke-dasharray="{dashes}"' if dashes else ""
    path = " ".join(f"{x:.4g},{y:.4g}" for x, y in points)
    line = f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width:g}"{dash}/>'
    return line + "".join(mark(shape, x, y, colour, True, 3.5) for x, y in [*points[:-1:2], points[-1]])


def dark(colour: str) -> str:
    """The same colour, dark enough to be read as text on white."""
    return "#" + "".join(f"{int(0.6 * int(colour[k : k + 2], 16)):02x}" for k in (1, 3, 5))


def spread(heights: Sequence[float], apart: float, top: float, low: float) -> list[float]:
    """Heights in ascending order, moved as little as it takes to be `apart` and between `top` and `low`."""
    places: list[float] = []
    for k, height in enumerate(heights):
        highest = places[-1] + apart if places else top
        places.append(max(highest, min(height, low - apart * (len(heights) - 1 - k))))
    return places


def sheet(
    title: str, curves: Curves, seeds: Sequence[int], budget: float, whole: int, ranks: Sequence[tuple[float, str]],
    lines: Sequence[str], alt: str,
) -> str:  # fmt: skip
    """The drawing: a line for each method, every seed at the budget, and names tied to the lines' right ends."""
    scores = [score for runs in curves.values() for s in seeds for _, score in runs[s]]
    low, high = min(0.0, *scores), max(1.0, *scores)
    x, y = charts.Axis(52, RIGHT, 0, whole), charts.Axis(300, 40, low, high)
    parts = [text(8, 20, f"{title}: normalised score", 14, bold=True)]
    for level, words in ((0.0, "0"), (0.5, "0.5"), (1.0, "1")):
        parts += [
            svg.line(52, y(level), RIGHT, y(level), style.GREY, level > 0),
            text(46, y(level) + 4, words, 12, "end"),
        ]
    parts += [svg.line(52, 40, 52, 300, style.INK), svg.line(x(budget), 30, x(budget), 300, style.INK, True)]
    parts += [text(x(f * whole), 318, f"{f * whole:,.0f}", 12, "middle") for f in (0.0, 0.5, 1.0)]
    parts += [text(x(0.5 * whole), 338, "environment steps", 13, "middle"), text(58, y(1) - 5, "1: best response", 11)]
    parts.append(text(RIGHT + 42, 20, "score at the budget", 12))
    looks, ends = looks_of(list(curves)), {}
    for m in sorted(curves, key="MICRA".__eq__):  # MICRA last, on top
        steps = sorted({step for s in seeds for step, _ in curves[m][s]})
        line = [(x(b), y(interquartile_mean([reached(curves[m][s], b) for s in seeds]))) for b in steps]
        parts.append(curve(line, looks[m], 3 if m == "MICRA" else 2))
        parts += [mark(looks[m][1], x(budget), y(reached(curves[m][s], budget)), looks[m][0], False) for s in seeds]
        ends[m] = line[-1]
    found = {m: score for score, m in ranks}
    order = sorted(ends, key=lambda m: (ends[m][1], m))  # from the top down
    places = spread([ends[m][1] for m in order], 19, 40, 300)
    for m, place in zip(order, places, strict=True):
        colour, shape, _ = looks[m]
        name = f"{m} {number(found[m])}"
        parts += [
            svg.line(*ends[m], RIGHT + 24, place, colour),
            mark(shape, RIGHT + 31, place, colour, True),
            text(RIGHT + 42, place + 4, name, svg.fitting(name, 192, 12), bold=m == "MICRA", fill=dark(colour)),
        ]
    for k, words in enumerate(lines):
        parts.append(text(8, 366 + 22 * k, words, svg.fitting(words, 664, 13), bold=k == 1))
    return svg.document(424, parts, alt)
