"""A critic made of small parts on a lamp with three switches, and its regrets.

You, a mate and a stranger each leave a switch on or off, all at once. Q mixes two payoffs: 1 if an odd number is on (a
lamp with three switches, on which all three matter), and 1 if you do as the stranger does (on which two matter). A critic
with terms of one agent ("single") or of one and two agents ("pairwise") is fitted to all joint actions by least squares,
each weighted with its frequency in the data. Everything is a finite sum; nothing is sampled.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product

import ipywidgets
import numpy as np
import torch

from ..exact import Array
from ..regret import counterfactual_regret_advantage
from .drawing import charts, svg
from .drawing.base import Explorer, Picture, slider
from .drawing.svg import number, text

WHO = ("you", "mate", "stranger")
JOINT = tuple(product((0, 1), repeat=3))  # off is 0, on is 1
CRITICS = ("exact", "pairwise", "single")


def payoffs(share: float) -> Array:
    """Q(a), (2, 2, 2): `share` of the lamp with three switches, the rest for doing as the stranger does."""
    lamp = np.array([sum(a) % 2 for a in JOINT], float)
    alike = np.array([a[0] == a[2] for a in JOINT], float)
    return (share * lamp + (1 - share) * alike).reshape(2, 2, 2)


def how_often(policies: Sequence[Array]) -> Array:
    """The probability of each joint action, (A_1, …, A_n), for independent policies (A_j,)."""
    weights = np.ones(())
    for policy in policies:
        weights = weights[..., None] * policy
    return weights


def features(n_actions: Sequence[int], order: int) -> Array:
    """One column for every setting of every group of at most `order` agents: 1 where a joint action has it; (∏ A_j, F)."""
    joint = np.array(list(product(*map(range, n_actions))))
    columns = [np.ones(len(joint))]
    for size in range(1, order + 1):
        for group in combinations(range(len(n_actions)), size):
            for setting in product(*(range(n_actions[j]) for j in group)):
                columns.append((joint[:, group] == setting).all(1).astype(float))
    return np.stack(columns, 1)


def fit(q: Array, weights: Array, order: int) -> Array:
    """The critic with terms of at most `order` agents that is nearest to q: least Σ weights · (q − fitted)²; like q."""
    x, root = features(q.shape, order), np.sqrt(weights.reshape(-1))
    solution = np.linalg.lstsq(root[:, None] * x, root * q.reshape(-1), rcond=None)[0]
    return (x @ solution).reshape(q.shape)


def regret_of_on(q: Array, on: float) -> float:
    """Your regret advantage (Eq. 2) of switching on, if you do so half of the time and the others with probability `on`."""
    policies = [torch.tensor([[1 - p, p]], dtype=torch.float64) for p in (0.5, on, on)]
    return float(counterfactual_regret_advantage(torch.from_numpy(q)[None], policies, [0])[0][0, 1])


class ThreeSwitches(Explorer):
    """The errors of a pairwise and a single critic, and of their regrets, when the others change after the data.

    It starts with a mixture of both payoffs: what pairs make of the lamp alone (share 1) is for the reader to find out.

    >>> switches = ThreeSwitches()
    >>> switches.now.value = 0.5
    >>> "Regret of on: exact 0.00, pairwise 0.00, single 0.00." in switches.alt
    True
    """

    def __init__(self) -> None:
        super().__init__()
        kind = ipywidgets.FloatSlider
        self.share = slider(kind, "Three-way share", value=0.5, min=0.0, max=1.0, step=0.1)
        self.data = slider(kind, "Others on: in D", value=0.5, min=0.1, max=0.9, step=0.1)
        self.now = slider(kind, "Others on: now", value=0.8, min=0.0, max=1.0, step=0.1)
        for control in (self.share, self.data, self.now):
            control.observe(self.redraw, "value")
        self.show([self.share, self.data, self.now])

    def picture(self) -> Picture:
        share, data, now = self.share.value, self.data.value, self.now.value
        q = payoffs(share)
        weights = how_often([np.array([1 - p, p]) for p in (0.5, data, data)])
        tables = [q, fit(q, weights, 2), fit(q, weights, 1)]
        regrets = [round(regret_of_on(table, now), 12) for table in tables]
        alt = in_words(share, data, now, tables, weights, regrets)
        names = [" ".join("on" if x else "off" for x in a) for a in JOINT]
        entries = np.stack([100 * weights.reshape(-1), *(t.reshape(-1) for t in tables)], 1)
        shades = np.clip(entries, 0, 1) * [0, 1, 1, 1]
        parts = [text(8, 18, f"Q({', '.join(WHO)})", 13, bold=True)]
        grid, end = charts.table(8, 26, ["% of D", *CRITICS], names, entries.tolist(), shades.tolist(), 56, 26)
        reach = svg.round_up(max(0.5, *map(abs, regrets)))
        bars, below = charts.bar_panel(350, 4, 322, "your regret of on, now", CRITICS, regrets, -reach, reach, "return")
        parts += [grid, bars, text(350, below + 24, "You switch on half of the time.", 13)]
        for k, name in enumerate(CRITICS[1:], 1):
            parts.append(text(350, below + 32 + 20 * k, f"{name}: {verdict(regrets[k], regrets[0])}", 13, bold=True))
        return Picture(svg.document(max(end, below + 76) + 8, parts, alt), alt)


def verdict(regret: float, exact: float) -> str:
    """The error of a critic's regret, in words."""
    if abs(regret - exact) < 0.005:
        return "right"
    if min(abs(regret), abs(exact)) >= 0.005 and regret * exact < 0:
        return "points the wrong way"
    return f"off by {number(abs(regret - exact))}"


def in_words(
    share: float, data: float, now: float, tables: Sequence[Array], weights: Array, regrets: Sequence[float]
) -> str:
    """The picture in words, from the numbers alone."""
    each = "; ".join(
        f"{' '.join('on' if x else 'off' for x in a)}: {number(100 * float(weights[a]), 1)} percent, "
        + ", ".join(f"{name} {number(float(t[a]))}" for name, t in zip(CRITICS, tables, strict=True))
        for a in JOINT
    )
    told = ", ".join(f"{name} {number(r)}" for name, r in zip(CRITICS, regrets, strict=True))
    ends = ", ".join(f"{name} {verdict(r, regrets[0])}" for name, r in zip(CRITICS[1:], regrets[1:], strict=True))
    return (
        f"Three-way share {number(share, 1)}. The others are on with probability {number(data, 1)} in D, {number(now, 1)} now. "
        f"Joint actions of {', '.join(WHO)}: {each}. You switch on half of the time. Regret of on: {told}. So: {ends}."
    )
