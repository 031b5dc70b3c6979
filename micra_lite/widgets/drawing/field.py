"""The field of regrets over two players' policies, and a path through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...exact import Array, nash_equilibria
from ...exact.dynamics import Pair, both_regrets, drift, regret_matching, replicator_path
from ...games.matrix import MatrixGame
from ...plotting import style
from . import charts, svg
from .base import Picture
from .svg import number, text

PATHS = ("follow the regrets", "regret matching")
EDGE = 0.005  # paths start this far inside, because an action that is never played cannot grow
SHORTEST, LONGEST = 13.0, 34.0  # arrows, pixels: the slowest shows its direction, too
Point = tuple[float, float]


@dataclass(frozen=True)
class Trajectory:
    """The path of two policies of a game by one of PATHS, and what is needed to draw it."""

    game: MatrixGame
    start: Pair  # (A_1,), (A_2,)
    way: str  # one of PATHS
    path: Pair  # (steps+1, A_i): of regret matching, the averages
    rounds: Pair | None  # of regret matching, the policies of each round
    regrets: tuple[list[float], list[float]]  # at the start
    left: float  # the largest regret at the path's end: 0 at an equilibrium
    rest: list[tuple[Array, Array]]  # the equilibria

    @classmethod
    def of(cls, game: MatrixGame, start: Pair, way: str, steps: int) -> Trajectory:
        """Compute everything from `start`, policies (A_1,) and (A_2,)."""
        regrets = both_regrets(game.payoffs, (start[0][None], start[1][None]))
        inside = tuple((1 - EDGE * len(p)) * p + EDGE for p in start)
        rounds = None
        if way == PATHS[0]:
            path = replicator_path(game.payoffs, (inside[0], inside[1]), steps)
        else:
            rounds, path = regret_matching(game.payoffs, start, steps)
        last = both_regrets(game.payoffs, (path[0][-1:], path[1][-1:]))
        left = max(float(r.max()) for r in last)
        return cls(game, start, way, path, rounds, (regrets[0][0].tolist(), regrets[1][0].tolist()), left,
                   nash_equilibria(game.payoffs.numpy()))  # fmt: skip


def in_words(c: Trajectory) -> str:
    """The picture in words, from the numbers alone."""
    agents, names = c.game.agents, c.game.action_names

    def told(pair: Sequence[Sequence[float]]) -> str:
        each = [", ".join(f"{n} {number(x)}" for n, x in zip(names[j], pair[j], strict=True)) for j in (0, 1)]
        return "; ".join(f"{agents[j]} {each[j]}" for j in (0, 1))

    wishes = [
        f"{agents[j]} is pushed towards {names[j][max(range(len(r)), key=r.__getitem__)]}"
        if max(r) > 0.005
        else f"{agents[j]} is not pushed"
        for j, r in enumerate(c.regrets)
    ]
    steps = len(c.path[0]) - 1
    end = "the average is" if c.rounds else "the policies are"
    rest = " | ".join(told([p.tolist(), q.tolist()]) for p, q in c.rest)
    return (
        f"Game {c.game.name}. Policies: {told([p.tolist() for p in c.start])}. Regret advantages: {told(c.regrets)}: "
        f"{wishes[0]}, {wishes[1]}. Path: {c.way}, {steps} steps; then {end} {told([p[-1].tolist() for p in c.path])}, "
        f"and the largest regret left is {number(max(0.0, c.left))}. Equilibria: {rest}."
    )


def arrows(at: Sequence[Point], to: Sequence[Point]) -> list[str]:
    """Arrows at the points `at` along `to` (pixels per time); lengths grow with the square root of speed."""
    speeds = [(x * x + y * y) ** 0.5 for x, y in to]
    top = max(speeds) or 1.0
    drawn = []
    for (x, y), (u, v), speed in zip(at, to, speeds, strict=True):
        if speed > 1e-6 * top:
            half = (SHORTEST + (LONGEST - SHORTEST) * (speed / top) ** 0.5) / 2 / speed
            drawn.append(arrow(x - half * u, y - half * v, x + half * u, y + half * v))
    return drawn


def arrow(x1: float, y1: float, x2: float, y2: float) -> str:
    """A thin shaft and a head that stays large where the arrow is short."""
    length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
    u, v = 10 * (x2 - x1) / length, 10 * (y2 - y1) / length  # along the head, which is 10 long and 8 wide
    x, y = x2 - u, y2 - v
    head = [(x2, y2), (x - 0.4 * v, y + 0.4 * u), (x + 0.4 * v, y - 0.4 * u)]
    corners = " ".join(f"{a:.4g},{b:.4g}" for a, b in head)
    return svg.line(x1, y1, x, y, style.GREY) + f'<polygon points="{corners}" fill="{style.GREY}"/>'


def trail(c: Trajectory, pixels: Sequence[Sequence[Point]], rest: Sequence[Point]) -> list[str]:
    """A path (and the rounds behind it), its two ends, and the equilibria; `pixels` is [path] or [path, rounds]."""
    parts = [svg.star(x, y, 10, style.GREEN) for x, y in rest]
    if len(pixels) > 1:
        parts += [svg.polyline(pixels[1], style.SKY, 1, True)]
    parts += [svg.polyline(pixels[0], style.BLUE, 2.5), svg.circle(*pixels[0][0], 6, style.BLUE)]
    return [*parts, svg.diamond(*pixels[0][-1], 6, style.VERMILLION)]


def square(c: Trajectory) -> tuple[list[str], float]:
    """The field for two actions each: row's probability of its first action to the right, column's upwards.

    Returns it, with both players' regrets beside it, and the y where it ends.
    """
    left, top, side = 44.0, 34.0, 340.0

    def pixel(x: float, y: float) -> Point:
        return left + side * x, top + side * (1 - y)

    ticks = torch.arange(1 / 18, 1, 1 / 9, dtype=torch.float64)
    grid = torch.cartesian_prod(ticks, ticks)  # (B, 2)
    moved = drift(c.game.payoffs, _firsts(grid))
    parts = [svg.rect(left, top, side, side, style.PAPER, style.GREY)]
    to = [(u, -v) for u, v in zip(moved[0][:, 0].tolist(), moved[1][:, 0].tolist(), strict=True)]
    parts += arrows([pixel(x, y) for x, y in grid.tolist()], to)
    for tick in (0.0, 0.5, 1.0):
        parts += [
            text(pixel(tick, 0)[0], top + side + 15, f"{tick:g}", 11, "middle", fill=style.GREY),
            text(left - 6, pixel(0, tick)[1] + 4, f"{tick:g}", 11, "end", fill=style.GREY),
        ]
    names = c.game.action_names
    parts += [
        text(left + side / 2, top + side + 32, f"row: P({names[0][0]})", 13, "middle", True),
        text(4, top - 12, f"column: P({names[1][0]})", 13, "start", True),
    ]
    pairs = [c.path] if c.rounds is None else [c.path, c.rounds]
    lines = [[pixel(*xy) for xy in zip(p[:, 0].tolist(), q[:, 0].tolist(), strict=True)] for p, q in pairs]
    parts += trail(c, lines, [pixel(p[0], q[0]) for p, q in c.rest])
    y = 60.0
    for j in (0, 1):
        bars, y = regret_bars(c, j, 404, y, 272)
        parts.append(bars)
        y += 24
    return parts, top + side + 40


def regret_bars(c: Trajectory, j: int, x: float, y: float, width: float) -> tuple[str, float]:
    """The regrets of one player at the start, and the y where they end; both players' bars have one scale."""
    reach = svg.round_up(max(abs(r) for own in c.regrets for r in own))
    title = f"regrets of {c.game.agents[j]} at ○"
    return charts.bar_panel(x, y, width, title, c.game.action_names[j], c.regrets[j], -reach, reach, "units of payoff")


def _firsts(points: Tensor) -> Pair:
    """Probabilities of the first of two actions (B, 2) as two policies (B, 2)."""
    x, y = points.unbind(1)
    return torch.stack([x, 1 - x], 1), torch.stack([y, 1 - y], 1)


def triangles(c: Trajectory) -> tuple[list[str], float]:
    """The field for three actions each: a triangle for each player, with its actions at the corners; the other is fixed.

    Returns it, with each player's regrets below its triangle, and the y where it ends.
    """
    parts, bottom = [], 0.0
    side, top, n = 296.0, 52.0, 9
    base = top + side * 0.75**0.5
    cuts = [[i, j, n - i - j] for i in range(1, n - 1) for j in range(1, n - i)]
    grid = torch.tensor(cuts, dtype=torch.float64) / n
    for j, agent in enumerate(c.game.agents):
        x0 = 22.0 + 340 * j
        corners = torch.tensor([[x0, base], [x0 + side, base], [x0 + side / 2, top]], dtype=torch.float64)
        here = grid @ corners  # (B, 2) pixels
        other = c.start[1 - j].expand(len(grid), -1)
        moved = drift(c.game.payoffs, (grid, other) if j == 0 else (other, grid))[j] @ corners
        outline = [tuple(corner) for corner in corners.tolist()]
        parts.append(svg.polyline([*outline, outline[0]], style.GREY, 1))
        parts += arrows([(x, y) for x, y in here.tolist()], [(u, v) for u, v in moved.tolist()])
        names = c.game.action_names[j]
        for (x, y), name, (dx, dy, anchor) in zip(
            outline, names, ((-14, 18, "start"), (14, 18, "end"), (0, -8, "middle")), strict=True
        ):
            parts.append(text(x + dx, y + dy, name, 13, anchor))
        parts.append(text(x0 + side / 2, 20, f"{agent}'s policy", 13, "middle", True))
        pairs = [c.path] if c.rounds is None else [c.path, c.rounds]
        lines = [[(x, y) for x, y in (p[j] @ corners).tolist()] for p in pairs]
        rest = [tuple((torch.from_numpy(e[j]) @ corners).tolist()) for e in c.rest]
        parts += trail(c, lines, rest)
        bars, bottom = regret_bars(c, j, x0 - 14, base + 36, side + 24)
        parts.append(bars)
    return parts, bottom


def draw(c: Trajectory) -> Picture:
    """The field and the path, both players' regrets at the start, and a legend."""
    parts, y = square(c) if len(c.start[0]) == 2 else triangles(c)
    y += 18
    signs = [
        (svg.circle(16, y, 6, style.BLUE), 28, "start (sliders)"), (svg.diamond(156, y, 6, style.VERMILLION), 168, "end of the path"),
        (svg.star(292, y, 9, style.GREEN), 306, "equilibrium"),
        (svg.polyline([(402, y), (428, y)], style.BLUE, 2.5), 434, "average so far" if c.rounds else "path"),
    ]  # fmt: skip
    if c.rounds:
        signs.append((svg.line(548, y, 574, y, style.SKY, True), 580, "each round"))
    for sign, x, words in signs:
        parts += [sign, text(x, y + 5, words, 12)]
    alt = in_words(c)
    body = f"<p>Largest regret left at the end of the path: {number(max(0.0, c.left), 3)} (0 at an equilibrium).</p>"
    return Picture(svg.document(y + 18, parts, alt), alt, body)
