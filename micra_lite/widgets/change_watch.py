"""Page's cumulative sum: the threshold, the newcomer and the time of the change determine suspicion, alarms and rewards.

Rock, paper, scissors against a column player whose habit is known exactly (θ′): it likes rock. No other player has been
watched, so θ is uniform over the three moves. From some move on, another player plays. As in `extensions.change_detection`,
S_t sums the log-likelihood ratio of θ to θ′; above the threshold b there is an alarm, and the team forgets the old habit
and learns from the moves since S was last 0, move by move. It always plays the best response to its belief.

The moves come from fixed random numbers, so that a control changes nothing but what it names.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import ipywidgets
import numpy as np

from ..exact import Array
from ..plotting import style
from .drawing import charts, svg
from .drawing.base import Explorer, Picture, choice, groups, slider
from .drawing.svg import number, text

T = 200  # moves shown
KNOWN = (0.7, 0.15, 0.15)  # π_ℰ = θ′: rock, paper, scissors
WHO = {
    "nobody": KNOWN, "one who likes scissors": (0.15, 0.15, 0.7), "one who plays all alike": (1 / 3, 1 / 3, 1 / 3),
    "one who likes rock a little less": (0.6, 0.2, 0.2),
}  # fmt: skip
PAYOFF = np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]])  # yours: your move (row), the column's
EVIDENCE = np.log(1 / 3) - np.log(KNOWN)  # z of each move while θ′ is what is known, nats
THRESHOLDS = tuple(0.5 * k for k in range(1, 17))


def draw_moves(policy: Sequence[float], uniform: Array) -> np.ndarray:
    """Moves drawn from a policy (3,) with given uniform random numbers."""
    return np.minimum(np.searchsorted(np.cumsum(policy), uniform, side="right"), 2)


@dataclass(frozen=True)
class Run:
    """One run of T moves: suspicion, alarms, and expected rewards."""

    suspicion: list[float]  # S_t before an alarm resets it to 0, nats
    alarms: list[int]  # number of moves played at each alarm, 1 … T
    rewards: list[float]  # expected reward of each move


def watch_out(threshold: float, change: int, who: str) -> Run:
    """Play T moves: the first `change` of them against the known column, then against `who`."""
    uniform = np.random.default_rng(3).random(T)
    moves = np.concatenate([draw_moves(KNOWN, uniform[:change]), draw_moves(WHO[who], uniform[change:])])
    belief, trusted, suspect, S = np.array(KNOWN), np.ones(3), np.zeros(3), 0.0
    suspicion, alarms, rewards, learning = [], [], [], False
    for t, move in enumerate(moves):
        answer = (PAYOFF @ belief).round(9).argmax()
        rewards.append(float(PAYOFF[answer] @ (KNOWN if t < change else WHO[who])))
        S = max(0.0, S + math.log(1 / 3) - math.log(belief[move]))
        suspect[move] += 1
        suspicion.append(S)
        if alarm := threshold < S:
            alarms.append(t + 1)
            trusted, learning, S = np.ones(3), True, 0.0
        if alarm or S == 0:
            trusted, suspect = trusted + suspect, np.zeros(3)
        if learning:  # the Bayes predictor under a uniform prior over habits: counts plus one
            belief = trusted / trusted.sum()
    return Run(suspicion, alarms, rewards)


def alarm_times(evidence: Array, thresholds: Sequence[float]) -> tuple[Array, Array]:
    """The time of the first alarm (∞: none) and the number of alarms, S being reset by each: (H, R) from evidence (R, T)."""
    b = np.asarray(thresholds)[:, None]
    S, first, count = (np.full((len(b), len(evidence)), x) for x in (0.0, np.inf, 0.0))
    for t, z in enumerate(evidence.T, 1):
        S = np.maximum(0.0, S + z)
        alarm = b < S
        first[alarm & np.isinf(first)] = t
        count += alarm
        S[alarm] = 0.0
    return first, count


@lru_cache(maxsize=1)
def trade_off() -> dict[str, Array]:
    """For each of THRESHOLDS, the mean number of moves between false alarms, and the mean delay beside two newcomers.

    From 200 runs of 2,000 moves of the known column, and 1,000 of 400 moves of each newcomer, with S = 0 at the change.
    """
    rng = np.random.default_rng(0)
    quiet = EVIDENCE[draw_moves(KNOWN, rng.random((200, 2000)))]
    found = {"nobody": quiet.size / alarm_times(quiet, THRESHOLDS)[1].sum(1)}
    for who in list(WHO)[1:3]:
        evidence = EVIDENCE[draw_moves(WHO[who], rng.random((1000, 400)))]
        found[who] = np.minimum(alarm_times(evidence, THRESHOLDS)[0], 400).mean(1)
    return found


def in_words(threshold: float, change: int, who: str, run: Run) -> tuple[str, list[str]]:
    """The run in words: all of it as alt text, and three lines for the picture."""
    before = [a for a in run.alarms if a <= change or who == "nobody"]
    after = [a for a in run.alarms if a not in before]
    listed = ", ".join(map(str, run.alarms)) or "none"
    if who == "nobody":
        noticed = f"Nobody comes. False alarms: {len(before)}."
    elif after:
        noticed = f"Delay: {after[0] - change} moves. False alarms: {len(before)}; further alarms: {len(after) - 1}."
    else:
        noticed = f"Not noticed. False alarms: {len(before)}."
    seen = after[0] if after else T
    parts = [
        ("before the change", 0, change),
        ("until the alarm" if after else "since then", change, seen),
        ("after it", seen, T),
    ]
    if who == "nobody":
        parts = [("over all moves", 0, T)]
    earned = ", ".join(f"{number(float(np.mean(run.rewards[a:b])))} {words}" for words, a, b in parts if b > a)
    k, many = THRESHOLDS.index(threshold), trade_off()
    often = f"a false alarm every {many['nobody'][k]:,.0f} moves (Lorden: at least {math.exp(threshold):,.1f})"
    slow = f"; mean delay {many[who][k]:.1f} moves" if who in many and who != "nobody" else ""
    lines = [
        f"Alarms after move: {listed}. {noticed}",
        f"Mean reward per move: {earned}.",
        f"Over many runs: {often}{slow}.",
    ]
    comes = "" if who == "nobody" else f" After move {change} comes {who}."
    S = "; ".join(f"{t}: {number(run.suspicion[t - 1], 1)}" for t in range(20, T + 1, 20))
    alt = (
        f"Threshold {number(threshold, 1)} nats, {T} moves.{comes} {' '.join(lines)} Suspicion in nats after move {S}."
    )
    if len(run.alarms) > 8:  # the picture has them all as diamonds; a line has room for five
        lines[0] = lines[0].replace(listed, ", ".join(map(str, run.alarms[:5])) + f", … ({len(run.alarms)} in all)")
    return alt, lines


def draw(threshold: float, change: int, who: str) -> Picture:
    """Suspicion above, rewards below, over the moves."""
    run = watch_out(threshold, change, who)
    alt, lines = in_words(threshold, change, who, run)
    x = charts.Axis(60, 660, 0, T)
    top, low = 44.0, 214.0
    high = max(2.0, 1.1 * max(threshold, *run.suspicion))
    y = charts.Axis(low, top, 0, high)
    parts = [text(8, 20, "Suspicion S, nats", 14, bold=True), text(672, 20, "◆ alarm", 13, "end", True)]
    parts += [svg.line(60, low, 660, low, style.INK), svg.line(60, top, 60, low, style.INK), text(54, low + 4, "0", 12, "end"),
              svg.line(60, y(threshold), 660, y(threshold), style.VERMILLION, True),
              text(54, y(threshold) + 4, f"b = {number(threshold, 1)}", 12, "end", True)]  # fmt: skip
    points, zero = [(x(0), low)], False
    for t, S in enumerate(run.suspicion, 1):
        if zero:  # an alarm resets the sum
            points.append((x(t - 1), low))
        points.append((x(t), y(S)))
        zero = t in run.alarms
    parts.append(svg.polyline(points, style.BLUE, 2))
    parts += [svg.diamond(x(a), y(run.suspicion[a - 1]), 7, style.ORANGE) for a in run.alarms]
    top, low = 262.0, 352.0
    y = charts.Axis(low, top, -0.7, 0.7)
    parts.append(text(8, 246, "Expected reward of each move", 14, bold=True))
    parts += [text(54, y(v) + 4, number(v, 1), 12, "end") for v in (-0.5, 0.0, 0.5)]
    parts += [
        svg.line(60, y(0), 660, y(0), style.GREY),
        svg.line(60, low, 660, low, style.INK),
        svg.line(60, top, 60, low, style.INK),
    ]
    parts.append(svg.polyline([(x(t + d), y(r)) for t, r in enumerate(run.rewards) for d in (0, 1)], style.GREEN, 2.5))
    parts += [text(x(t), low + 17, str(t), 12, "middle") for t in range(0, T + 1, 40)]
    parts.append(text(360, low + 34, "moves played", 13, "middle"))
    if who != "nobody":
        parts.append(svg.line(x(change), 34, x(change), low, style.INK, True))
        parts.append(text(x(change), 32, f"↓ {who}", 13, "start" if change < 100 else "end"))
    for k, line in enumerate(lines):
        parts.append(text(8, low + 62 + 22 * k, line, svg.fitting(line, 664, 13), bold=k == 0))
    return Picture(svg.document(low + 118, parts, alt), alt)


class ChangeWatch(Explorer):
    """The threshold of suspicion: false alarms against delay.

    >>> watch = ChangeWatch()
    >>> watch.who.value = "nobody"
    >>> "Nobody comes." in watch.alt
    True
    """

    def __init__(self) -> None:
        super().__init__()
        self.threshold = slider(ipywidgets.FloatSlider, "Threshold, nats", value=4.0, min=THRESHOLDS[0], max=THRESHOLDS[-1], step=0.5)  # fmt: skip
        self.change = slider(ipywidgets.IntSlider, "Change after move", value=80, min=20, max=160, step=10)
        self.who = choice("Who comes", list(WHO), value="one who likes scissors")
        for control in (self.threshold, self.change, self.who):
            control.observe(self.redraw, "value")
        self.show([groups([[self.threshold], [self.change]]), self.who])

    def picture(self) -> Picture:
        # browsers add up the slider's steps: 3.0000000000000004 means 3
        threshold = min(THRESHOLDS, key=lambda b: abs(b - self.threshold.value))
        return draw(threshold, self.change.value, self.who.value)
