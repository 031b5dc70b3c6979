"""The critic as a table: temporal differences fill in Q(s, a), beside the exact table.

A hunter and a prey on 2 × 2 cells: 12 states (they never begin a move on one cell), 25 joint actions. The data D are
played once, by a fixed team that explores with ε, beside one prey or beside many. One sweep moves every entry of which D
has transitions a part of the way to the mean of their targets

    y = r + γ Σ_{a′} π_𝒯(a′_𝒯|s′) π_ℰ(a′_ℰ|s′) Q̄(s′, a′)

with Q̄ the table before the sweep and π_ℰ the prey that is valued, whichever prey played. Entries without data stay 0.

`hunter_and_prey` gives the game and the policies, `transitions_beside` the data, `learned_table` what is learned from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from .. import exact
from ..exact import Array
from ..exact.tabulate import Tabulated
from ..games import board
from ..games.tabular import TabularGame
from ..plotting import style
from ..registry import external_family, make
from .drawing import charts, svg
from .drawing.base import Explorer, Picture, choice, groups, slider
from .drawing.svg import number, text

SWEEPS = (0, 1, 2, 3, 5, 10, 20, 50, 100, 200)
EXPLORATION = {"ε = 0": 0.0, "ε = 0.2": 0.2}
PREY = {"prey A": 0, "prey B": 1}
PLAYED = {"prey A alone": 0, "32 other prey": 32}
STATES = tuple(s for s in range(16) if s // 4 != s % 4)  # those that occur: hunter's cell · 4 + prey's cell
RATE = 0.5  # how far one sweep moves an entry towards its mean target
EPISODES, LENGTH, SEED = 384, 25, 0
MOVES = tuple(board.MOVES)


@dataclass(frozen=True)
class TabularData:
    """D: N transitions of a tabulated game; joint actions as their row-major number. Each (N,)."""

    state: NDArray[np.int64]
    joint: NDArray[np.int64]
    reward: Array
    next_state: NDArray[np.int64]

    def counts(self, shape: tuple[int, ...]) -> NDArray[np.int64]:
        """The number of times each joint action was taken in each state, (S, |A|)."""
        return np.bincount(self.state * shape[1] + self.joint, minlength=shape[0] * shape[1]).reshape(shape)


def draw_rows(chances: Array, rng: np.random.Generator) -> NDArray[np.int64]:
    """One draw from each row of chances (N, K), (N,)."""
    edges = chances.cumsum(1)
    return (rng.random((len(chances), 1)) * edges[:, -1:] >= edges).sum(1)


def collect_transitions(
    game: Tabulated, policies: Sequence[Array], episodes: int, length: int, rng: np.random.Generator
) -> TabularData:
    """Play `episodes` of `length` steps each by `policies`, one (S, A_j) per agent; returns all their transitions.

    All episodes are played at the same time, so first come the first transitions of all, then the second, and so on.
    """
    joint_policy, rewards = exact.joint_policy(policies), exact.team_reward(game)
    T = game.T.toarray().reshape(*rewards.shape, game.S)
    state, steps = draw_rows(np.tile(game.start, (episodes, 1)), rng), []
    for _ in range(length):
        joint = draw_rows(joint_policy[state], rng)
        after = draw_rows(T[state, joint], rng)
        steps.append((state, joint, rewards[state, joint], after))
        state = after
    return TabularData(*(np.concatenate(column) for column in zip(*steps, strict=True)))


def expected_targets(game: Tabulated, data: TabularData, slow: Array, joint_policy: Array) -> Array:
    """y of every transition, (N,), from Q̄ and the joint policy that is valued, both (S, |A|). Nothing ends here."""
    return data.reward + game.gamma * (joint_policy * slow).sum(1)[data.next_state]


def sweep(q: Array, data: TabularData, y: Array, rate: float) -> Array:
    """Q after one sweep: every entry with data goes `rate` of the way to the mean of its targets. q (S, |A|), y (N,)."""
    counts = data.counts(q.shape)
    sums = np.bincount(data.state * q.shape[1] + data.joint, y, minlength=q.size).reshape(q.shape)
    return np.where(counts > 0, q + rate * (sums / np.maximum(counts, 1) - q), q)


@dataclass(frozen=True)
class LearnedTable:
    """A table learned from data, after each number of SWEEPS, beside the exact one."""

    learned: list[Array]  # each (S, |A|); the last is that after 200 sweeps
    truth: Array  # (S, |A|)
    counts: NDArray[np.int64]  # (S, |A|): how often each joint action was taken
    team: NDArray[np.int64]  # the hunter's action in each state, (S,)

    def error(self, k: int, taken: bool, state: int | None = None) -> float | None:
        """The mean |Q − exact| over joint actions (never) taken, in one state or in all; None where there is none."""
        rows = list(STATES) if state is None else state
        which = (self.counts[rows] > 0) == taken
        return float(np.abs(self.learned[k] - self.truth)[rows][which].mean()) if which.any() else None


@lru_cache(maxsize=1)
def hunter_and_prey() -> tuple[Tabulated, list[Array], Array, Array]:
    """The game and everybody's policies; in all of them a row for each of the S states, a column for each of five moves.

    Returns:
        game, written out as arrays; team, a list with the hunter's policy (S, 5): the best response to the average prey;
        newcomers (2, S, 5), prey A and prey B, both held out; others (32, S, 5), prey that may play while data are collected.
    """
    pursuit = make("pursuit", size=2, hunters=1)
    game, family = exact.tabulate(pursuit), external_family("pursuit", pursuit)
    assert isinstance(pursuit, TabularGame)
    known = pursuit.tables(family.split("train"))[0].double().numpy()
    new = pursuit.tables(family.split("held-out")[:2])[0].double().numpy()
    return game, exact.best_response(game, [known.mean(0)]).policies, new, known[:32]


@lru_cache(maxsize=4)
def transitions_beside(exploration: float, beside: str) -> TabularData:
    """The transitions of 384 episodes of the team, which plays at random with probability `exploration`; always the same.

    `beside` is who else plays, a key of PLAYED: "prey A alone", or "32 other prey" with 12 episodes each.
    """
    game, team, new, known = hunter_and_prey()
    prey, rng = known[: PLAYED[beside]] if PLAYED[beside] else new[:1], np.random.default_rng(SEED)
    behaviour = [(1 - exploration) * p + exploration / p.shape[1] for p in team]
    parts = [collect_transitions(game, [*behaviour, p], EPISODES // len(prey), LENGTH, rng) for p in prey]
    columns = ("state", "joint", "reward", "next_state")
    return TabularData(*(np.concatenate([getattr(part, c) for part in parts]) for c in columns))


@lru_cache(maxsize=8)
def learned_table(exploration: float, beside: str, against: str) -> LearnedTable:
    """What up to 200 sweeps over `transitions_beside(exploration, beside)` teach of the team's Q against a prey.

    `against` is the prey that the targets' expectation is taken over, a key of PREY: "prey A" or "prey B".
    """
    game, team, new, _ = hunter_and_prey()
    data, policies = transitions_beside(exploration, beside), [*team, new[PREY[against]]]
    joint_policy = exact.joint_policy(policies)
    q = np.zeros(joint_policy.shape)
    kept = [q]
    for k in range(1, SWEEPS[-1] + 1):
        q = sweep(q, data, expected_targets(game, data, q, joint_policy), RATE)
        if k in SWEEPS:
            kept.append(q)
    truth = exact.joint_q(game, policies).reshape(q.shape)
    return LearnedTable(kept, truth, data.counts(q.shape), team[0].argmax(1))


def _said(error: float | None) -> str:
    return "none" if error is None else number(error, 3)


def in_words(x: LearnedTable, k: int, state: int, asked: str) -> str:
    """The picture in words, from the numbers alone."""
    rows = " ".join(
        f"Hunter {MOVES[a]}: "
        + ", ".join(
            f"{MOVES[b]} {number(x.learned[k][state, 5 * a + b])} exact {number(x.truth[state, 5 * a + b])}"
            + ("" if x.counts[state, 5 * a + b] else " never taken")
            for b in range(5)
        )
        + "."
        for a in range(5)
    )
    hunter, prey = divmod(state, 4)
    return (
        f"{asked}. State {state}: hunter in {_cell(hunter)}, prey in {_cell(prey)}; the team plays {MOVES[x.team[state]]}. "
        f"After {SWEEPS[k]} sweeps, by the prey's move: {rows} "
        f"Mean error in this state: taken {_said(x.error(k, True, state))}, never taken {_said(x.error(k, False, state))}. "
        f"In all states: taken {_said(x.error(k, True))}, never taken {_said(x.error(k, False))}. "
        f"Joint actions of which there are data: {int((x.counts > 0).sum())} of {25 * len(STATES)}."
    )


def _cell(cell: int) -> str:
    return f"row {cell // 2 + 1} column {cell % 2 + 1}"


def draw(x: LearnedTable, k: int, state: int, asked: str) -> Picture:
    """The board, both tables side by side, and the errors over the sweeps."""
    parts = []
    for cell in range(4):
        left, top = 8.0 + 44 * (cell % 2), 8.0 + 44 * (cell // 2)
        who = " ".join(w for w, at in zip("HP", divmod(state, 4), strict=True) if at == cell)
        parts.append(charts.cell(left, top, 44, 44, who, bold=True))
    hunter, prey = divmod(state, 4)
    lines = [f"Hunter (H) in {_cell(hunter)}, prey (P) in {_cell(prey)}.", f"The team plays {MOVES[x.team[state]]} (▸).",
             "Hatched: this joint action is not in the data."]  # fmt: skip
    parts += [text(112, 28 + 24 * j, words, 14) for j, words in enumerate(lines)]
    reach = max(float(np.abs(x.truth).max()), 1e-9)
    names = [("▸ " if a == x.team[state] else "") + MOVES[a] for a in range(5)]
    for left, title, q in ((0.0, f"learned, after {SWEEPS[k]} sweeps", x.learned[k]), (340.0, "exact", x.truth)):
        entries = q[state].reshape(5, 5)
        parts.append(text(left + 90, 122, title, 14, bold=True))
        drawn, bottom = charts.table(left, 130, MOVES, names, entries, np.clip(np.abs(entries) / reach, 0, 1), 48, 28)
        parts.append(drawn)
        for a in range(5):
            for b in range(5):
                if left == 0 and not x.counts[state, 5 * a + b]:
                    parts.append(svg.hatch(90 + 48 * b, 150 + 28 * a, 48, 28, style.GREY, 8))
                    parts.append(svg.rect(97 + 48 * b, 155 + 28 * a, 34, 18, svg.PAPER))  # the number stays readable
                    parts.append(text(114 + 48 * b, 169 + 28 * a, number(entries[a, b]), 13, "middle"))
        parts.append(text(left + 86, 144, "hunter ↓ prey →", 10, "end", fill=style.GREY))
    top, low = bottom + 44, bottom + 164
    high = svg.round_up(max(e for j in range(len(SWEEPS)) for t in (True, False) if (e := x.error(j, t)) is not None))
    parts.append(text(8, top - 20, "Mean |learned − exact| over all states", 14, bold=True))
    across = [60 + 40.0 * j for j in range(len(SWEEPS))]
    for taken, colour, words in ((True, style.BLUE, "○ taken"), (False, style.VERMILLION, "◆ never taken")):
        errors = [x.error(j, taken) for j in range(len(SWEEPS))]
        points = [(u, low - (low - top) * e / high) for u, e in zip(across, errors, strict=True) if e is not None]
        parts.append(svg.polyline(points, colour, 2.5, not taken))
        for u, v in points:
            parts.append(svg.circle(u, v, 3.5, colour) if taken else svg.diamond(u, v, 5, colour))
        y = top + (24 if taken else 86)
        parts.append(text(452, y, words, 14, bold=True, fill=colour))
        here = f"here {_said(x.error(k, taken, state))}, everywhere {_said(x.error(k, taken))}"
        parts.append(text(452, y + 20, here, 13))
    parts += [svg.line(40, low, across[-1] + 16, low, style.INK), svg.line(40, top, 40, low, style.INK),
              svg.line(across[k], top, across[k], low, style.INK, True)]  # fmt: skip
    parts += [text(36, h + 4, words, 11, "end") for h, words in ((top, f"{high:g}"), (low, "0"))]
    parts += [text(u, low + 16, str(s), 12, "middle", j == k) for j, (u, s) in enumerate(zip(across, SWEEPS, strict=True))]  # fmt: skip
    parts.append(text(240, low + 34, "sweeps over the data", 13, "middle"))
    alt = in_words(x, k, state, asked)
    return Picture(svg.document(low + 46, parts, alt), alt)


class CriticTable(Explorer):
    """A critic's table fills in: sliders for the sweeps and the state, choices of ε, of the prey that played and is valued.

    Without `choose_prey` prey A has played alone and is valued, and there is nothing to choose but ε.

    >>> table = CriticTable("ε = 0")
    >>> table.alt.split(". ")[0]
    'ε = 0, played beside prey A alone, valued against prey A'
    """

    def __init__(self, exploration: str = "ε = 0.2", choose_prey: bool = True) -> None:
        if exploration not in EXPLORATION:
            raise ValueError(f"{exploration!r} is not known; there are {list(EXPLORATION)}")
        super().__init__()
        self.exploration = choice("Exploration", list(EXPLORATION), value=exploration)
        self.played = choice("Played beside", list(PLAYED))
        self.against = choice("Valued against", list(PREY))
        self.sweeps = slider(ipywidgets.SelectionSlider, "Sweeps", options=[(str(s), k) for k, s in enumerate(SWEEPS)])
        self.sweeps.value = SWEEPS.index(10)
        self.state = slider(ipywidgets.SelectionSlider, "State", options=[(str(s), s) for s in STATES])
        choices = [self.exploration, self.played, self.against] if choose_prey else [self.exploration]
        for control in (*choices, self.sweeps, self.state):
            control.observe(self.redraw, "value")
        self.show([*choices, groups([[self.sweeps], [self.state]])])

    def table(self) -> LearnedTable:
        """The chosen one of eight tables, each learned once."""
        return learned_table(EXPLORATION[self.exploration.value], self.played.value, self.against.value)

    def picture(self) -> Picture:
        asked = f"{self.exploration.value}, played beside {self.played.value}, valued against {self.against.value}"
        return draw(self.table(), self.sweeps.value, self.state.value, asked)
