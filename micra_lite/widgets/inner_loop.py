"""Eq. 4 in one parameter: from one starting point to several externals, and the losses from every other start.

The externals are column players of matching pennies that play heads with probability p. The imitator has one parameter, the
log-odds θ of heads: δ(heads) = σ(θ). For h heads among n watched moves, the inner step is θ ← θ − α (σ(θ) − h/n), with
α · n/(n + n_0) for α where n_0 is not 0. Expectations over h are finite sums; nothing is sampled.
Errors are in nats above a column's own entropy, so that 0 is its exact policy, and are drawn on a logarithmic scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ipywidgets
import numpy as np
from scipy.special import expit, logit
from scipy.stats import binom

from ..exact import Array
from ..plotting import style
from .drawing import charts, svg
from .drawing.base import Explorer, Picture, choice, groups, slider
from .drawing.svg import number, text

POPULATIONS = {
    "two alike, one other": (0.98, 0.96, 0.3), "opposites": (0.9, 0.1), "all alike": (0.8, 0.75, 0.7),
    "in between": (0.9, 0.6, 0.1),
}  # fmt: skip
WATCHED: dict[str, int | None] = {**{str(n): n for n in (0, 1, 2, 3, 5, 10, 20)}, "∞": None}
GRID = np.linspace(0.005, 0.995, 199)  # starting points that are tried, as δ(heads)
LOW, HIGH = 150.0, 500.0  # where δ = 0 and δ = 1 are drawn
LEAST, MOST = 5e-4, 2.0  # the errors that are drawn, nats: from the bottom to the top


def loss(theta: Array, p: float) -> Array:
    """Cross-entropy, in nats, of a column that plays heads with p, for log-odds θ of any shape."""
    return p * np.logaddexp(0, -theta) + (1 - p) * np.logaddexp(0, theta)


def error(theta: Array, p: float) -> Array:
    """The loss above the column's own entropy, in nats: KL(p ‖ δ), for log-odds θ of any shape."""
    return loss(theta, p) - loss(np.asarray(logit(p)), p)


def adapted(theta: Array, frequency: Array, step_size: float, steps: int) -> Array:
    """θ′ after the inner loop, for watched frequencies of heads; shapes broadcast."""
    theta = theta + 0 * frequency
    for _ in range(steps):
        theta = theta - step_size * (expit(theta) - frequency)
    return theta


@dataclass(frozen=True)
class InnerLoop:
    """Settings of the inner loop: α, the number of steps, n watched moves (None: so many that h/n = p), and n_0."""

    step_size: float
    steps: int
    watched: int | None
    prior_pairs: float = 0.0

    def ends(self, theta: Array, p: float) -> tuple[Array, Array]:
        """The possible ends of θ (G,) for a column p: θ′ (G, H) and their probabilities (H,)."""
        n = self.watched
        if n == 0:
            return theta[:, None], np.ones(1)
        frequency, weights = (np.array([p]), np.ones(1)) if n is None else (
            np.arange(n + 1) / n, binom.pmf(np.arange(n + 1), n, p))  # fmt: skip
        size = self.step_size * (1.0 if n is None else n / (n + self.prior_pairs))
        return adapted(theta[:, None], frequency, size, self.steps), weights

    def query_loss(self, theta: Array, p: float) -> Array:
        """The expected loss on new moves after adaptation from θ (G,), nats, (G,)."""
        ends, weights = self.ends(theta, p)
        return loss(ends, p) @ weights

    def query_error(self, theta: Array, p: float) -> Array:
        """The same above the column's own entropy, (G,)."""
        ends, weights = self.ends(theta, p)
        return error(ends, p) @ weights


@dataclass(frozen=True)
class Landscape:
    """A population, a start, and the errors from there and from every other start, nats above entropy."""

    columns: Sequence[float]
    start: float  # δ(heads) before adaptation
    loop: InnerLoop
    before: list[float]  # each column's error at the start
    after: list[float]  # … and after adaptation
    curves: tuple[Array, Array]  # the mean error before and after, for all of GRID

    @classmethod
    def of(cls, columns: Sequence[float], start: float, loop: InnerLoop) -> Landscape:
        theta, grid = logit(np.array([start])), logit(GRID)
        curves = (
            np.mean([error(grid, p) for p in columns], 0),
            np.mean([loop.query_error(grid, p) for p in columns], 0),
        )
        before = [float(error(theta, p)[0]) for p in columns]
        return cls(columns, start, loop, before, [float(loop.query_error(theta, p)[0]) for p in columns], curves)

    def best(self, which: int) -> float:
        """The best start of GRID, before (0) or after (1) adaptation."""
        return float(GRID[self.curves[which].argmin()])


def in_words(x: Landscape) -> str:
    """The picture in words, from the numbers alone."""
    n = x.loop.watched
    each = " ".join(
        f"Column {number(p)}: error {number(b, 4)} before, {number(a, 4)} after."
        for p, b, a in zip(x.columns, x.before, x.after, strict=True)
    )
    return (
        f"Columns {', '.join(map(number, x.columns))}. Start {number(x.start)}, step size {number(x.loop.step_size)}, {x.loop.steps} steps, "
        f"{'endlessly many' if n is None else n} watched moves, the start worth {number(x.loop.prior_pairs, 0)} moves (n₀). {each} "
        f"Mean error {number(float(np.mean(x.before)), 4)} nats before, {number(float(np.mean(x.after)), 4)} after. "
        f"The best start is {number(x.best(0), 3)} without adaptation, {number(x.best(1), 3)} with it, "
        f"where the mean error after is {number(float(x.curves[1].min()), 4)}."
    )


def draw(x: Landscape) -> Picture:
    """Above, the possible ends of each column's imitator; below, the mean error before and after for every start."""
    axis = charts.Axis(LOW, HIGH, 0, 1)
    here, y = axis(x.start), 22.0
    parts = [text(here, 16, "○ start", 13, "middle", True), text(548, 16, "error, nats", 13, bold=True)]
    theta = logit(np.array([x.start]))
    for p, before, after in zip(x.columns, x.before, x.after, strict=True):
        y += 50
        ends, weights = x.loop.ends(theta, p)
        parts += [text(8, y - 6, f"column {number(p)}", 14, bold=True), svg.line(LOW, y, HIGH, y)]
        for end, w in zip(expit(ends[0]), weights, strict=True):
            if w > 1e-4:
                parts.append(svg.polyline([(axis(end), y), (axis(end), y - 3 - 28 * w / weights.max())], style.BLUE, 4))
        if x.loop.watched is None:  # a single path, whose steps can be shown
            stops = [
                float(expit(adapted(theta, np.array([p]), x.loop.step_size, k))[0]) for k in range(x.loop.steps + 1)
            ]
            parts += [svg.line(axis(stop), y, axis(stop), y - 8, style.INK) for stop in stops]
        parts += [svg.circle(here, y, 4), svg.diamond(axis(p), y, 6, style.VERMILLION)]
        parts.append(text(548, y - 6, f"{number(before, 3)} → {number(after, 4)}", 13))
    top, bottom = y + 40, y + 220

    def height(value: Array | float) -> Array:
        """Where an error is drawn: every tenth of it as far below."""
        share = np.log(np.clip(value, LEAST, MOST) / LEAST) / np.log(MOST / LEAST)
        return bottom - (bottom - top) * share

    parts += [svg.line(LOW, float(height(v)), HIGH, float(height(v))) for v in (1.0, 0.1, 0.01, 0.001)]
    lines = ((style.INK, True, "before"), (style.BLUE, False, "after"))
    for k, (colour, dashed, words) in enumerate(lines):
        seen = [(axis(g), float(height(e))) for g, e in zip(GRID, x.curves[k], strict=True) if e <= MOST]
        parts.append(svg.polyline(seen, colour, 2.5, dashed))
        parts.append(svg.star(axis(x.best(k)), float(height(x.curves[k].min())), 8, style.GREEN))
        parts += [svg.line(520, top + 24 + 24 * k, 552, top + 24 + 24 * k, colour, dashed),
                  text(560, top + 29 + 24 * k, words, 13)]  # fmt: skip
        parts.append(text(560, top + 105 + 20 * k, f"{words}: {number(x.best(k))}", 13))
    parts += [svg.star(530, top + 81, 8, style.GREEN), text(544, top + 86, "best start", 13, bold=True)]
    parts += [svg.line(here, 24, here, bottom, style.GREY, True), svg.line(LOW, bottom, HIGH, bottom, style.INK),
              svg.line(LOW, top, LOW, bottom, style.INK)]  # fmt: skip
    parts += [text(LOW - 6, float(height(v)) + 4, f"{v:g}", 11, "end") for v in (1.0, 0.1, 0.01, 0.001)]
    parts += [text(axis(v), bottom + 16, f"{v:g}", 11, "middle") for v in (0, 0.25, 0.5, 0.75, 1)]
    parts += [
        text(8, top + 40, "mean error", 13),
        text(8, top + 57, "from every", 13),
        text(8, top + 74, "start, nats", 13),
    ]
    parts.append(text((LOW + HIGH) / 2, bottom + 32, "δ(heads)", 13, "middle"))
    legend = "◆ the column's policy. Stems: possible ends of its imitator; the more probable, the taller."
    parts.append(text(8, bottom + 56, legend, 12))
    alt = in_words(x)
    return Picture(svg.document(bottom + 68, parts, alt), alt)


class StartingPoint(Explorer):
    """The inner loop: sliders for its start, step size, steps, watched moves and n_0.

    >>> point = StartingPoint("opposites")
    >>> point.steps.value = 0
    >>> "Mean error 0.5119 nats before, 0.5119 after" in point.alt
    True
    """

    def __init__(self, columns: str = "two alike, one other") -> None:
        if columns not in POPULATIONS:
            raise ValueError(f"{columns!r} is no population; the populations are {list(POPULATIONS)}")
        super().__init__()
        self.columns = choice("Columns", list(POPULATIONS), value=columns)
        kind, counted = ipywidgets.FloatSlider, ipywidgets.IntSlider
        self.start = slider(kind, "Start: δ(heads)", value=0.75, min=0.01, max=0.99, step=0.01)
        self.step_size = slider(kind, "Step size α", value=4.0, min=0.0, max=5.0, step=0.25)
        self.steps = slider(counted, "Inner steps", value=2, min=0, max=5)
        self.watched = slider(ipywidgets.SelectionSlider, "Watched moves", options=list(WATCHED), value="∞")
        self.prior_pairs = slider(counted, "Start's worth n₀", value=0, min=0, max=10)
        controls = [self.start, self.step_size, self.steps, self.watched, self.prior_pairs]
        for control in (self.columns, *controls):
            control.observe(self.redraw, "value")
        self.show([self.columns, groups([controls[:3], controls[3:]])])

    def picture(self) -> Picture:
        loop = InnerLoop(
            self.step_size.value, self.steps.value, WATCHED[self.watched.value], float(self.prior_pairs.value)
        )
        return draw(Landscape.of(POPULATIONS[self.columns.value], self.start.value, loop))
