"""The imitator's belief, the Bayes predictor's and the truth as moves come in.

A hunter and a prey on 2 × 2 cells, as in `critic_table`: 12 states. A prey is watched for n moves, in states drawn at
random. The imitator adapts to these pairs (Eq. 4). The Bayes predictor weights 2,048 known prey by their likelihood.
Both then predict the prey's next move in every state. The error is in nats above the prey's entropy, averaged over states.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import ipywidgets
import torch
from torch import Tensor

from ..games.tabular import TabularGame
from ..imitation import adapt, predict
from ..networks import MetaImitator
from ..plotting import style
from ..registry import external_family, make
from .critic_table import MOVES, STATES
from .drawing import charts, svg
from .drawing.base import Explorer, Picture, choice, groups, slider
from .drawing.svg import number, text

WATCHED = (0, 1, 2, 3, 5, 10, 20, 50)
LOOKS = (("played", style.INK), ("imitator", style.BLUE), ("Bayes", style.ORANGE))


@lru_cache(maxsize=1)
def prey_tables() -> tuple[Tensor, Tensor, Tensor]:
    """A prey's observations of the 12 states, (S, O); policies of known and of new prey, (2048, S, 5) and (64, S, 5)."""
    game = make("pursuit", size=2, hunters=1)
    family, rows = external_family("pursuit", game), list(STATES)
    seen = game.observe(torch.tensor([divmod(s, 4) for s in STATES]))[game.external_axes[0]].double()
    assert isinstance(game, TabularGame)
    known, new = (game.tables(family.split(which))[0].double()[:, rows] for which in ("train", "held-out"))
    return seen, known, new


def draw_moves(tables: Tensor, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw `count` watched moves of each of K prey (K, S, A): random states (K, count), and moves (K, count)."""
    states = torch.randint(tables.shape[1], (len(tables), count), generator=generator)
    policies = tables[torch.arange(len(tables))[:, None], states]  # (K, count, A)
    return states, torch.multinomial(policies.flatten(0, 1), 1, generator=generator).view(states.shape)


def by_imitator(imitator: MetaImitator, states: Tensor, moves: Tensor, steps: int = 5) -> Tensor:
    """δ(· | o; θ′) in every state after adaptation to watched (K, n) pairs, (K, S, A)."""
    seen = prey_tables()[0]
    adapted = adapt(imitator, seen[states], moves, steps)
    return predict(imitator, adapted, seen.expand(len(states), *seen.shape)).exp().detach()


def by_bayes(known: Tensor, states: Tensor, moves: Tensor) -> Tensor:
    """The posterior-mean policies over `known` prey (M, S, A) under a uniform prior, (K, S, A)."""
    predicted = []
    for own, made in zip(states, moves, strict=True):
        likelihood = known[:, own, made].log().sum(1)  # (M,)
        predicted.append(torch.einsum("m,msa->sa", likelihood.softmax(0), known))
    return torch.stack(predicted)


def excess(truth: Tensor, predicted: Tensor) -> Tensor:
    """Expected loss above the true policy's entropy, nats: KL(truth ‖ predicted), (…, S, A) → (…, S)."""
    return (torch.xlogy(truth, truth) - torch.xlogy(truth, predicted)).sum(-1)


@dataclass(frozen=True)
class WatchedPrey:
    """One prey, watched: predictions after each number of WATCHED moves."""

    truth: Tensor  # (S, A)
    states: Tensor  # (50,)
    moves: Tensor  # (50,)
    predicted: list[Tensor]  # by the imitator and by Bayes, (len(WATCHED), S, A) each

    @classmethod
    def of(cls, imitator: MetaImitator, prey: int) -> WatchedPrey:
        _, known, new = prey_tables()
        states, moves = draw_moves(new[prey : prey + 1], WATCHED[-1], torch.Generator().manual_seed(prey))
        imitated = [by_imitator(imitator, states[:, :n], moves[:, :n]) for n in WATCHED]
        ideal = [by_bayes(known, states[:, :n], moves[:, :n]) for n in WATCHED]
        return cls(new[prey], states[0], moves[0], [torch.cat(imitated), torch.cat(ideal)])

    def errors(self, who: int) -> list[float]:
        """The mean error over states after each number of moves: imitator (0) or Bayes (1), nats."""
        return excess(self.truth, self.predicted[who]).mean(-1).tolist()


def _cell(cell: int) -> str:
    return f"row {cell // 2 + 1} column {cell % 2 + 1}"


def draw(x: WatchedPrey, prey: int, k: int, row: int) -> Picture:
    """Bars for the next move in one state, and the errors over the number of watched moves."""
    n, here = WATCHED[k], x.states[: WATCHED[k]] == row
    hunter, own = divmod(STATES[row], 4)
    shown = [x.truth[row], *(p[k, row] for p in x.predicted)]
    errors = [x.errors(who) for who in (0, 1)]
    counted = ", ".join(f"{m} {int((x.moves[:n][here] == a).sum())}" for a, m in enumerate(MOVES))
    each = " ".join(
        f"{move}: "
        + ", ".join(f"{name} {number(float(p[a]))}" for (name, _), p in zip(LOOKS, shown, strict=True))
        + "."
        for a, move in enumerate(MOVES)
    )
    alt = (
        f"Prey {prey}, {n} moves watched. State {STATES[row]}: hunter in {_cell(hunter)}, prey in {_cell(own)}. "
        f"Watched in this state: {counted}. {each} "
        f"Mean error over all states: imitator {number(errors[0][k], 3)}, Bayes {number(errors[1][k], 3)} nats."
    )
    parts = [text(8, 20, f"Prey {prey} after {n} watched moves: hunter in {_cell(hunter)}, prey in {_cell(own)}", 14, bold=True),
             text(8, 42, f"watched in this state: {counted}", 13)]  # fmt: skip
    axis = charts.Axis(150, 560, 0, 1)
    for a, move in enumerate(MOVES):
        top = 60.0 + 62 * a
        parts.append(text(60, top + 30, move, 14, "end", bold=True))
        for j, ((name, colour), p) in enumerate(zip(LOOKS, shown, strict=True)):
            parts.append(text(142, top + 13 + 18 * j, name, 12, "end"))
            parts.append(charts.bar(axis, top + 18 * j, float(p[a]), colour, outline=j == 0))
    top, low = 420.0, 530.0
    high = svg.round_up(max(max(e) for e in errors))
    parts.append(text(8, top - 22, "Mean error over all states, nats", 14, bold=True))
    across = [70 + 50.0 * j for j in range(len(WATCHED))]
    for (name, colour), errs, y in zip(LOOKS[1:], errors, (top + 20, top + 62), strict=True):
        points = [(u, low - (low - top) * e / high) for u, e in zip(across, errs, strict=True)]
        parts.append(svg.polyline(points, colour, 2.5, name == "Bayes"))
        for u, v in points:
            parts.append(svg.circle(u, v, 3.5, colour) if name == "imitator" else svg.diamond(u, v, 5, colour))
        parts.append(text(470, y, f"{'○' if name == 'imitator' else '◆'} {name}: {number(errs[k], 3)}", 14, bold=True))
    parts += [svg.line(50, low, across[-1] + 16, low, style.INK), svg.line(50, top, 50, low, style.INK),
              svg.line(across[k], top, across[k], low, style.INK, True)]  # fmt: skip
    parts += [text(46, h + 4, words, 11, "end") for h, words in ((top, f"{high:g}"), (low, "0"))]
    parts += [text(u, low + 16, str(w), 12, "middle", j == k) for j, (u, w) in enumerate(zip(across, WATCHED, strict=True))]  # fmt: skip
    parts.append(text(245, low + 34, "watched moves", 13, "middle"))
    return Picture(svg.document(low + 46, parts, alt), alt)


class ImitatorBelief(Explorer):
    """An imitator's belief of a new prey: sliders for the watched moves and the state, a choice of prey.

    Args: imitator, a trained `MetaImitator` in float64 over a prey's observations; an untrained one works as well.

    >>> seen = prey_tables()[0]  # what a prey sees in 12 states
    >>> belief = ImitatorBelief(MetaImitator(seen.shape[1], 8, 5, step_size=0.5).double())
    >>> belief.watched.value = 3
    >>> belief.alt.split(". ")[0]
    'Prey 0, 3 moves watched'
    """

    trained = True

    def __init__(self, imitator: MetaImitator) -> None:
        super().__init__()
        self.watched_prey = [WatchedPrey.of(imitator, prey) for prey in range(4)]
        self.prey = choice("Prey", [(str(p), p) for p in range(4)])
        self.watched = slider(
            ipywidgets.SelectionSlider, "Watched moves", options=[(str(n), k) for k, n in enumerate(WATCHED)]
        )
        self.state = slider(
            ipywidgets.SelectionSlider, "State", options=[(str(s), row) for row, s in enumerate(STATES)]
        )
        for control in (self.prey, self.watched, self.state):
            control.observe(self.redraw, "value")
        self.show([self.prey, groups([[self.watched], [self.state]])])

    def picture(self) -> Picture:
        return draw(self.watched_prey[self.prey.value], self.prey.value, self.watched.value, self.state.value)
