"""Eq. 3 from one decision: every possible gradient estimate, by enumeration, around the exact gradient."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

import ipywidgets
import torch
from torch import Tensor

from ..baselines.advantages import coma_advantage
from ..games.matrix import MatrixGame
from ..games.weather import Weather
from ..plotting import style
from ..registry import make
from ..regret import counterfactual_regret_advantage
from .drawing import charts, svg
from .drawing.base import Explorer, Picture, choice, groups, slider
from .drawing.policies import TOGETHER, probabilities, probability_sliders
from .drawing.svg import number, text

CLOUD_GAMES = (
    "rectangular", "matching_pennies", "stag_hunt", "climbing", "meeting", "odd_one_out", "warm_weather",
)  # fmt: skip
COLOURS = {
    "REINFORCE": style.GREY, "baseline v(s)": style.VERMILLION, "COMA": style.ORANGE, "CRA": style.BLUE,
}  # fmt: skip
MOST_DRAWS = 6


def warm_weather() -> MatrixGame:
    """The game `weather` on one warm day: everybody is paid the sum of what all earn, so Q is additive."""
    game = Weather()
    earned = torch.zeros(game.n_actions, dtype=torch.float64)
    for j, own in enumerate(game.earnings(game.states()[0])):
        earned = earned + torch.tensor(own, dtype=torch.float64).view(-1, *[1] * (len(game.agents) - 1 - j))
    coats = ("none", "one", "two", "three")
    names = tuple(coats[:size] for size in game.n_actions)
    payoffs = earned[..., None].expand(*earned.shape, len(game.agents)).clone()
    return MatrixGame("warm_weather", payoffs, ("row", "column"), ("third",), names)


@dataclass(frozen=True)
class Cloud:
    """One estimator of one logit's gradient: its possible estimates and their probabilities."""

    name: str
    points: list[tuple[float, float]]  # (estimate, probability), ascending; estimates in units of payoff per nat
    mean: float
    variance: float

    @classmethod
    def of(cls, name: str, pairs: Iterable[tuple[float, float]]) -> Cloud:
        """Collect (estimate, probability) pairs: equal estimates become one, impossible ones are left out."""
        merged: dict[float, float] = {}
        for estimate, p in pairs:
            if p > 0:
                key = round(estimate, 9) + 0.0
                merged[key] = merged.get(key, 0.0) + p
        mean = sum(x * p for x, p in merged.items())
        return cls(name, sorted(merged.items()), mean, sum((x - mean) ** 2 * p for x, p in merged.items()))


def clouds(q: Tensor, policies: list[Tensor], i: int, logit: int, draws: int | None = None) -> list[Cloud]:
    """The possible gradient estimates of target i's logit from one joint action drawn from the policies.

    An estimate is (∂ log π_i(a_i)/∂ logit) · w with the softmax's score 1[a_i = logit] − π_i(logit) and, in this order,
    w = Q(s, a); Q(s, a) − v(s); COMA's advantage; its mean over `draws` fresh draws of the others, unless None; the CRA.

    Args: q (A_1, …, A_n), units of return; policies, n × (A_j,), float64. All have the same mean, the exact gradient.
    """
    joint = list(product(*map(range, q.shape)))  # all joint actions, J of them
    actions, q = torch.tensor(joint), q.double()
    likely = torch.stack([p[actions[:, j]] for j, p in enumerate(policies)]).prod(0)  # (J,)
    taken = q.reshape(-1)  # (J,)
    own, rows = actions[:, i], range(len(joint))
    many = [p.expand(len(joint), -1) for p in policies]
    coma = coma_advantage(q.expand(len(joint), *q.shape), many, [i], actions)[0][rows, own]
    regret = counterfactual_regret_advantage(q[None], [p[None] for p in policies], [i])[0][0]  # (A_i,)
    score = (own == logit).double() - policies[i][logit]

    def cloud(name: str, weight: Tensor) -> Cloud:
        return Cloud.of(name, zip((score * weight).tolist(), likely.tolist(), strict=True))

    found = [cloud("REINFORCE", taken), cloud("baseline v(s)", taken - likely @ taken), cloud("COMA", coma)]
    if draws is not None:
        fresh: list[tuple[float, float]] = []
        for a, p in enumerate(policies[i].tolist()):
            if p > 0:
                single = [(float(coma[r]), float(likely[r]) / p) for r in rows if joint[r][i] == a]
                one = float(score[own == a][0]) / draws
                fresh += [(one * x, p * w) for x, w in _sum_of_draws(single, draws).items()]
        found.append(Cloud.of(f"CRA, {draws} draw{'s' * (draws > 1)}", fresh))
    return [*found, cloud("CRA", regret[own])]


def _sum_of_draws(single: list[tuple[float, float]], draws: int) -> dict[float, float]:
    """The distribution of the sum of `draws` independent draws from `single` (value, probability)."""
    once = Cloud.of("", single).points
    total = {0.0: 1.0}
    for _ in range(draws):
        longer: dict[float, float] = {}
        for x, p in total.items():
            for y, w in once:
                key = round(x + y, 9)
                longer[key] = longer.get(key, 0.0) + p * w
        total = longer
    return total


def in_words(game: MatrixGame, i: int, logit: int, policies: list[Tensor], found: list[Cloud]) -> str:
    """The picture in words, from the numbers alone."""
    names = game.action_names
    played = "; ".join(
        f"{agent} plays {', '.join(f'{n} {number(x)}' for n, x in zip(names[j], policies[j].tolist(), strict=True))}"
        for j, agent in enumerate(game.agents)
    )
    each = " ".join(
        f"{c.name}: {len(c.points)} possible, from {number(c.points[0][0])} to {number(c.points[-1][0])}, "
        f"variance {number(c.variance, 3)}."
        for c in found
    )
    return (
        f"Game {game.name}, target {game.agents[i]}, logit of {names[i][logit]}. Policies: {played}. "
        f"Exact gradient: {number(found[-1].mean, 3)}. Estimates from one joint action. {each} {verdict(found)}"
    )


def verdict(found: list[Cloud]) -> str:
    """CRA's variance beside COMA's."""
    coma, regret = found[2].variance, found[-1].variance
    if coma < 1e-9:
        return "Neither COMA's estimates nor CRA's vary."
    return f"CRA has {number(regret / coma)} of COMA's variance."


def draw(game: MatrixGame, i: int, logit: int, policies: list[Tensor], draws: int | None = None) -> Picture:
    """A row of stems for each estimator over one axis, with the exact gradient as a dashed line through all of them."""
    found = clouds(game.payoffs[..., i], policies, i, logit, draws)
    low = min(0.0, *(min(c.points[0][0], c.mean - c.variance**0.5) for c in found))
    high = max(0.0, *(max(c.points[-1][0], c.mean + c.variance**0.5) for c in found))
    step = svg.round_up(max(high - low, 1e-6)) / 20
    axis = charts.Axis(170, svg.WIDTH - 30, math.floor(low / step) * step, math.ceil(high / step + 1e-6) * step)
    top, tall = 52.0, 66.0
    exact = axis(found[-1].mean)
    words = f"◆ exact gradient {number(found[-1].mean, 3)}"
    half = 4.2 * len(words)
    parts = [text(min(max(exact, 170 + half - 40), svg.WIDTH - half), 18, words, 13, "middle", True)]
    for r, c in enumerate(found):
        colour, y = COLOURS.get(c.name, style.GREEN), top + tall * r + 40  # where the stems stand
        parts += [
            text(8, y - 22, c.name, 14, bold=True), text(8, y - 5, f"variance {number(c.variance, 3)}", 13),
            text(8, y + 9, f"{len(c.points)} possible", 11, fill=style.GREY),
            svg.line(axis.left, y, axis.right, y),
        ]  # fmt: skip
        most, wide = max(p for _, p in c.points), 5 if len(c.points) < 20 else 2
        for x, p in c.points:  # at least 3 pixels: improbable estimates stay visible
            parts.append(svg.polyline([(axis(x), y), (axis(x), y - 3 - 37 * p / most)], colour, wide))
        left, right = axis(c.mean - c.variance**0.5), axis(c.mean + c.variance**0.5)
        parts.append(svg.rect(left, y + 4, max(2.0, right - left), 7, colour, style.INK))
    bottom = top + tall * len(found)
    parts += [svg.line(exact, 26, exact, bottom, style.INK, True), svg.diamond(exact, 30, 6, style.INK)]
    named = f"estimated gradient of the logit of {game.action_names[i][logit]}, units of payoff"
    legend = "Stems: possible estimates; the more probable, the taller. Bars: mean ± standard deviation."
    parts += [
        charts.value_axis(axis, bottom, bottom, named), text(8, bottom + 52, legend, 12),
        text(8, bottom + 72, verdict(found), 13, bold=True),
    ]  # fmt: skip
    alt = in_words(game, i, logit, policies, found)
    return Picture(svg.document(bottom + 84, parts, alt), alt)


class GradientCloud(Explorer):
    """All gradient estimates that one decision can give, with sliders for everybody's policy.

    With `draws`, a slider for the number of draws of the others too, and a fifth row: CRA from that many draws.

    >>> cloud = GradientCloud("warm_weather")
    >>> cloud.alt.split(". ")[-1]
    "CRA has 1.00 of COMA's variance."
    """

    def __init__(self, game: str = "rectangular", draws: int | None = None) -> None:
        if game not in CLOUD_GAMES:
            raise ValueError(f"{game!r} has no cloud; the widget knows {list(CLOUD_GAMES)}")
        super().__init__()
        self.game_menu = choice("Game", list(CLOUD_GAMES), value=game)
        self.target_menu, self.logit_menu = choice("Gradient of", []), choice("Logit of", [])
        self.draws: ipywidgets.IntSlider | None = None
        if draws is not None:
            self.draws = slider(ipywidgets.IntSlider, "Draws of the others", value=draws, min=1, max=MOST_DRAWS)
            self.draws.observe(self.redraw, "value")
        self.sliders: list[list] = []  # per agent, in the agents' order
        self.game_menu.observe(self._deal, "value")
        self.target_menu.observe(self._name_logits, "value")
        self.logit_menu.observe(self.redraw, "value")
        self._deal()

    def _deal(self, change: object = None) -> None:
        """Show another game, with new sliders for its agents."""
        name = self.game_menu.value
        made = warm_weather() if name == "warm_weather" else make(name)
        assert isinstance(made, MatrixGame)
        self.game = made
        self.sliders = []
        for agent, names in zip(made.agents, made.action_names, strict=True):
            first, preferred = (0.3, (3, 2, 1)) if agent in made.targets else (0.7, (4, 2, 2, 2))
            weights = (first, 1 - first) if len(names) == 2 else preferred[: len(names)]
            start = [w / sum(weights) for w in weights]
            self.sliders.append(probability_sliders(agent, names, start, self.redraw))
        self.target_menu.options = made.targets
        self.target_menu.value = made.targets[0]
        self._name_logits()
        menus = [self.game_menu, self.target_menu, self.logit_menu]
        together = [ipywidgets.HTML(TOGETHER)] if any(len(own) > 1 for own in self.sliders) else []
        self.show([*menus, groups(self.sliders), *together, *([self.draws] if self.draws else [])])

    @property
    def target(self) -> int:
        """The axis of the chosen target."""
        return self.game.agents.index(self.target_menu.value)

    def _name_logits(self, change: object = None) -> None:
        """Offer the logits of the chosen target's actions."""
        self.logit_menu.options = self.game.action_names[self.target]
        self.logit_menu.value = self.game.action_names[self.target][0]
        self.redraw()

    def policies(self) -> list[Tensor]:
        """The policies on the sliders, n × (A_j,), float64."""
        return [torch.tensor(probabilities(own), dtype=torch.float64) for own in self.sliders]

    def picture(self) -> Picture:
        logit = self.game.action_names[self.target].index(self.logit_menu.value)
        return draw(self.game, self.target, logit, self.policies(), self.draws.value if self.draws else None)
