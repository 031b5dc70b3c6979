"""Eq. 2 on a matrix game: move a policy, and the two sums and the regrets follow."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import ipywidgets
import torch
from torch import Tensor

from ..games.matrix import MATRIX_GAMES, MatrixGame
from ..plotting import style
from ..registry import make
from ..regret import counterfactual_regret_advantage, counterfactual_values
from .drawing import charts, svg
from .drawing.base import Explorer, Picture, choice, groups
from .drawing.policies import TOGETHER, hundredths, menu_of, probabilities, probability_sliders
from .drawing.svg import number, short, text


@dataclass(frozen=True)
class Regrets:
    """Eq. 2 for one target of a matrix game, with all terms that the picture, its words and the sums show."""

    game: MatrixGame
    i: int  # the target's axis
    policies: list[Tensor]  # n × (A_j,)
    others: list[int]  # the other agents' axes
    joint: list[tuple[int, ...]]  # their joint actions, J of them
    weights: list[float]  # (J,) the probability of each
    payoffs: list[list[float]]  # (A_i, J): Q(s, [a_i, a_-i]), which is the payoff in a one-shot game
    values: list[float]  # (A_i,) v(s | i plays a_i)
    value: float  # v(s)
    regrets: list[float]  # (A_i,)

    @classmethod
    def of(cls, game: MatrixGame, i: int, policies: list[Tensor]) -> Regrets:
        """Compute everything for target axis `i`; policies n × (A_j,), float64."""
        q = game.payoffs[..., i].double()[None]  # (1, A_1, …, A_n)
        batch = [p[None] for p in policies]
        values = counterfactual_values(q, batch, i)[0]
        regrets = counterfactual_regret_advantage(q, batch, [i])[0][0]
        others = [j for j in range(len(policies)) if j != i]
        joint = list(itertools.product(*[range(game.n_actions[j]) for j in others]))
        weights = [math.prod(float(policies[j][a]) for j, a in zip(others, actions, strict=True)) for actions in joint]
        payoffs = q[0].movedim(i, 0).reshape(game.n_actions[i], -1).tolist()
        value = float(policies[i] @ values)
        return cls(game, i, policies, others, joint, weights, payoffs, values.tolist(), value, regrets.tolist())

    @property
    def own(self) -> list[tuple[str, float]]:
        """The target's actions with their probabilities."""
        return list(zip(self.game.action_names[self.i], self.policies[self.i].tolist(), strict=True))


def in_words(r: Regrets) -> str:
    """The picture in words, from the numbers alone."""

    def listed(names: Sequence[str], numbers: Sequence[float]) -> str:
        return ", ".join(f"{name} {number(x)}" for name, x in zip(names, numbers, strict=True))

    names = r.game.action_names
    policies = "; ".join(f"{a} plays {listed(names[j], r.policies[j].tolist())}" for j, a in enumerate(r.game.agents))
    best = max(range(len(r.regrets)), key=lambda a: r.regrets[a])
    if max(r.regrets) < 0.005:
        verdict = "No action would do better than the policy does."
    else:
        verdict = f"The policy should play {names[r.i][best]} more often."
    return (
        f"Game {r.game.name}, target {r.game.agents[r.i]}. Policies: {policies}. "
        f"Value of each own action: {listed(names[r.i], r.values)}. Value of the policy: {number(r.value)}. "
        f"Regret advantage: {listed(names[r.i], r.regrets)}. {verdict}"
    )


def sums(r: Regrets) -> str:
    """The two sums of Eq. 2 written out with their numbers, as HTML."""

    def bracketed(x: float | str) -> str:
        shown = x if isinstance(x, str) else short(x)
        return f"({shown})" if shown.startswith("−") else shown

    rows = []
    for (name, _), value, payoffs in zip(r.own, r.values, r.payoffs, strict=True):
        terms = " + ".join(f"{short(w)}·{bracketed(short(q))}" for w, q in zip(r.weights, payoffs, strict=True))
        rows.append((f"v(s | plays {name})", f"{terms} = {short(value)}"))
    weighted = " + ".join(f"{short(p)}·{bracketed(v)}" for (_, p), v in zip(r.own, r.values, strict=True))
    rows.append(("v(s)", f"{weighted} = {short(r.value)}"))
    for (name, _), value, regret in zip(r.own, r.values, r.regrets, strict=True):
        rows.append((f"A({name})", f"{short(value)} − {bracketed(r.value)} = {short(regret)}"))
    check = " + ".join(f"{short(p)}·{bracketed(a)}" for (_, p), a in zip(r.own, r.regrets, strict=True))
    total = sum(p * a for (_, p), a in zip(r.own, r.regrets, strict=True))
    rows.append(("Σ π·A", f"{check} = {short(total)}"))
    cells = "".join(
        f'<tr><td style="text-align: right; padding-right: 0.6em">{escape(left)} =</td>'
        f'<td style="text-align: left">{escape(right)}</td></tr>'
        for left, right in rows
    )
    return (
        f'<table style="font-family: monospace; margin: 0.4em 0">{cells}</table>'
        "<p>The first sums average over the others' actions; v(s) averages over its own action as well; the regret is "
        "their difference (Eq. 2, <code>micra_lite.regret.counterfactual_regret_advantage</code>). Weighted with the "
        "policy, regrets always cancel.</p>"
    )


def draw(r: Regrets) -> Picture:
    """The payoffs with their weights, the value of each own action, and the regrets as bars in the same rows."""
    names, agents = r.game.action_names, r.game.agents
    left, columns = 122, len(r.joint)
    wide = min(60.0, 270 / columns)
    v_left = left + columns * wide + 10
    row, high = 40, 22 * (len(r.others) + 1) + 34
    parts = [text(4, 18, f"payoffs to {agents[r.i]}", 13, bold=True)]
    for k, j in enumerate(r.others):  # one line for each of the others: its action in each column
        y = 40 + 22 * k
        parts.append(text(left - 6, y, f"{agents[j]} plays", 12, "end", fill=style.GREY))
        for c, actions in enumerate(r.joint):
            name = names[j][actions[k]]
            parts.append(text(left + (c + 0.5) * wide, y, name, svg.fitting(name, wide - 2, 12), "middle"))
    parts.append(text(left - 6, high - 12, "with weight", 12, "end", fill=style.GREY))
    parts += [
        text(left + (c + 0.5) * wide, high - 12, short(w), svg.fitting(short(w), wide - 2, 12), "middle", True)
        for c, w in enumerate(r.weights)
    ]
    # No regret exceeds the payoffs' span. Most are far smaller, so the scale starts at a quarter of it and doubles if needed.
    reach = (max(map(max, r.payoffs)) - min(map(min, r.payoffs))) / 4 or 1.0
    while max(map(abs, r.regrets)) > reach:
        reach *= 2
    axis = charts.Axis(v_left + 122, svg.WIDTH - 48, -reach, reach)
    parts += [
        text(v_left + 32, high - 12, "value v", 12, "middle", True),
        text((axis.left + axis.right) / 2, high - 12, "regret advantage A", 12, "middle", True),
    ]
    for a, (name, p) in enumerate(r.own):
        y = high + a * row
        parts.append(text(left - 6, y + 17, name, svg.fitting(name, 112), "end", True))
        parts.append(text(left - 6, y + 32, f"π = {short(p)}", 11, "end", fill=style.GREY))
        for c, weight in enumerate(r.weights):
            parts.append(charts.cell(left + c * wide, y, wide, row, short(r.payoffs[a][c]), weight))
        parts.append(text(v_left + 32, y + row / 2 + 5, number(r.values[a]), 13, "middle"))
        parts.append(charts.bar(axis, y + 12, r.regrets[a]))
    bottom = high + len(r.own) * row
    parts.append(charts.value_axis(axis, high, bottom, "units of payoff"))
    parts.append(text(v_left, bottom + 24, "v(s)", 12, "end", fill=style.GREY))
    parts.append(text(v_left + 32, bottom + 24, number(r.value), 13, "middle", True))
    alt = in_words(r)
    return Picture(svg.document(bottom + 40, parts, alt), alt, sums(r))


class RegretExplorer(Explorer):
    """Eq. 2 on a matrix game: sliders for everybody's policy, buttons for the game and for the target.

    All sliders are probabilities. An agent with two actions has one, that of its first action; an agent with more has one
    for each, and they move together so that they add up to 1. A game that one comes back to is as it was left.

    Args: game, which is shown first; games, which are offered (all, unless given; with one there are no buttons for it);
    policies, where the sliders of `game` start, one (A_j,) per agent in the agents' order.

    >>> explorer = RegretExplorer("stag_hunt", games=["stag_hunt"])
    >>> explorer.sliders[1][0].value = 0.75  # the column player goes for the stag three times out of four
    >>> explorer.alt.split(". ")[-1]
    'The policy should play stag more often.'
    """

    def __init__(
        self, game: str = "rectangular", games: Sequence[str] | None = None,
        policies: Sequence[Sequence[float]] | None = None,
    ) -> None:  # fmt: skip
        offered = menu_of(game, games, MATRIX_GAMES, "is not a matrix game; the explorer knows")
        super().__init__()
        self.game_menu = choice("Game", offered, value=game)
        self.target_menu = choice("Regrets of", [])
        self.sliders: list[list] = []  # per agent, in the agents' order
        self.dealt: dict[str, tuple[MatrixGame, list[list]]] = {}  # the games shown so far, with their sliders
        self.targets: dict[str, str] = {}  # the target that was chosen in each
        self.opening = game, policies
        self.game_menu.observe(self._deal, "value")
        self._deal()

    def _deal(self, change: object = None) -> None:
        """Show another game: with its own sliders if it was here before, with new ones if not."""
        name = self.game_menu.value
        if name not in self.dealt:
            made = make(name)
            assert isinstance(made, MatrixGame)
            self.dealt[name] = (
                made,
                [
                    probability_sliders(agent, names, start, self.redraw)
                    for agent, names, start in zip(made.agents, made.action_names, self.start(made), strict=True)
                ],
            )
        self.game, self.sliders = self.dealt[name]
        chosen = self.targets.get(name, self.game.targets[0])
        if self.target_menu.options:
            self.target_menu.unobserve(self._choose, "value")  # what follows is nobody's choice
        self.target_menu.options = self.game.targets
        self.target_menu.value = chosen
        self.target_menu.observe(self._choose, "value")
        menus = [m for m in (self.game_menu, self.target_menu) if len(m.options) > 1]
        note = [ipywidgets.HTML(TOGETHER)] if max(self.game.n_actions) > 2 else []
        self.show([*menus, groups(self.sliders), *note])

    def start(self, game: MatrixGame) -> list[list[float]]:
        """Where the sliders of a game open, one (A_j,) per agent: targets are undecided, the others have a preference."""
        name, policies = self.opening
        if policies is not None and game.name == name:
            return [list(own) for own in policies]
        start = []
        for agent, n in zip(game.agents, game.n_actions, strict=True):
            preferred = [0.7, 0.3] if n == 2 else [0.5, 0.3, *[0.2 / max(1, n - 2)] * (n - 2)]
            start.append([1 / n] * n if agent in game.targets else preferred)
        return start

    def live(self) -> dict[str, Any]:
        """The games that are offered, as numbers: a page computes the regrets itself."""
        games = []
        for name in self.game_menu.options:
            game = make(name)
            assert isinstance(game, MatrixGame)
            start = self.start(game)
            games.append({
                "name": name, "agents": game.agents, "targets": game.targets, "actions": game.action_names,
                "payoffs": game.payoffs.tolist(), "start": start, "shown": [hundredths(own) for own in start],
            })  # fmt: skip
        return {"games": games, "opening": list(self.game_menu.options).index(self.opening[0])}

    def _choose(self, change: object = None) -> None:
        """Show another target's regrets, and remember it for this game."""
        self.targets[self.game.name] = self.target_menu.value
        self.redraw()

    def policies(self) -> list[Tensor]:
        """The policies on the sliders, n × (A_j,), float64."""
        return [torch.tensor(probabilities(own), dtype=torch.float64) for own in self.sliders]

    def picture(self) -> Picture:
        return draw(Regrets.of(self.game, self.game.agents.index(self.target_menu.value), self.policies()))
