"""Draw the chain's five links: the board with its arrows, two predictions, a slice of Q, regrets, and policies."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import torch

from ...games.scene import Board
from ...games.tabular import TabularGame
from ...plotting import style
from ...plotting.games import action_names, scene_of
from . import boards, charts, svg
from .base import Picture
from .svg import number, text

if TYPE_CHECKING:
    from ..chain import Links

LINKS = {  # name → its heading, in the order of the chain
    "externals": "1 What the prey does",
    "imitator": "2 What is predicted",
    "critic": "3 The critic: Q(s, a)",
    "regret": "4 Regrets",
    "actors": "5 The new policy",
}
STEP = {"north": (0, -1), "south": (0, 1), "west": (-1, 0), "east": (1, 0)}
TOP, SECOND, ROW = 8.0, 264.0, 30.0  # where the two rows of panels begin; the height of a table's row
FRAMES = {  # left, top, width, height of each link's panel
    "externals": (244.0, TOP, 214.0, 232.0),
    "imitator": (462.0, TOP, 214.0, 232.0),
    "critic": (4.0, SECOND, 306.0, 236.0),
    "regret": (314.0, SECOND, 190.0, 236.0),
    "actors": (508.0, SECOND, 168.0, 236.0),
}


def bars(left: float, width: float, top: float, names: Sequence[str], values: Sequence[float], reach: float,
         colour: str, before: Sequence[float] | None = None, signed: bool = False) -> list[str]:  # fmt: skip
    """A bar for each move, from zero (in the middle if `signed`); `before` puts a mark on each bar's row."""
    room = 40.0  # for the value beside a bar
    axis = charts.Axis(left + room if signed else left, left + width - room, -reach if signed else 0.0, reach)
    parts = [svg.line(axis(0), top, axis(0), top + ROW * len(names), style.INK)]
    for k, value in enumerate(values):
        y = top + k * ROW + 7
        parts.append(
            charts.bar(axis, y, value, colour) if before is None else changed(axis, y, before[k], value, colour)
        )
    return parts


def changed(axis: charts.Axis, y: float, before: float, value: float, colour: str) -> str:
    """A bar with a mark where it was before, and its value beside both."""
    x, end = axis(before), axis(max(before, value))
    return (
        svg.rect(axis(0), y, axis(value) - axis(0), charts.BAR, colour)
        + f'<path d="M{x:.4g} {y - 4:.4g}v{charts.BAR + 8}" stroke="{style.INK}" stroke-width="3"/>'
        + text(end + 6, y + 13, number(value), 12)
    )


def headings(lit: str) -> list[str]:
    """A frame and a heading for each panel; the lesson's own has a thick frame, and says so."""
    parts = []
    for name, (left, top, width, height) in FRAMES.items():
        own = name == lit
        colour, thick = (style.BLUE, 4) if own else (style.GREY, 1)
        parts.append(
            f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" rx="6" fill="none" stroke="{colour}" '
            f'stroke-width="{thick}"/>'
        )
        words = LINKS[name]
        parts.append(text(left + 8, top + 20, words, svg.fitting(words, width - 16, 14), bold=True))
        if own:
            parts.append(text(left + width - 8, top + height - 6, "this lesson", 11, "end", True, style.BLUE))
    return parts


def arrows(scene: Board, cell: int, moves: Sequence[str], policy: Sequence[float], colour: str, aside: float = 0.0,
           dashed: bool = False) -> list[str]:  # fmt: skip
    """From an agent's cell one arrow for each move that is played often enough to be seen, as long as it is probable."""
    x, y, side = boards.cell_middle(scene, cell)
    parts = []
    for move, p in zip(moves, policy, strict=True):
        if move in STEP and p >= 0.05:
            u, v = STEP[move]
            start, length = 0.3 * side, 0.75 * side * p
            x0, y0 = x + u * start - v * aside, y + v * start + u * aside
            parts.append(
                svg.arrow(x0, y0, x0 + u * length, y0 + v * length, colour, 6.0 if not dashed else 2.5, dashed)
            )
    return parts


def draw(game: TabularGame, state: Sequence[int], links: Links, lit: str, share: float, watched: int) -> Picture:
    """The whole chain for the present prey; `lit` is the lesson's own link."""
    moves = action_names(game, 0)
    scene = scene_of(game, torch.tensor(list(state)))
    assert isinstance(scene, Board)
    scene = Board(scene.rows, scene.columns, scene.agents, scene.sites, "")
    before, after = ([p.tolist() for p in policies] for policies in (links.before, links.after))
    played, predicted, regret = links.played.tolist(), links.predicted.tolist(), links.regrets[0].tolist()
    prey_look = style.look(game, game.externals[0])[0]

    parts = board(game, scene, state, moves, after, played, predicted, prey_look) + headings(lit)
    for name, values in (("externals", played), ("imitator", predicted)):
        left, top, width, _ = FRAMES[name]
        parts += [text(left + 62, top + 62 + k * ROW, move, 13, "end") for k, move in enumerate(moves)]
        parts += bars(
            left + 70, width - 74, top + 42, moves, values, 1.0, prey_look if name == "externals" else style.GREY
        )
        parts.append(text(left + 8, top + 212, "probability of each move", 11, fill=style.GREY))
    parts += q_slice(moves, links, predicted)
    left, top, width, _ = FRAMES["regret"]
    reach = 1.2 * max(map(abs, regret))  # room beside the names
    parts += [text(left + 44, top + 84 + k * ROW, move, 12, "end") for k, move in enumerate(moves)]
    parts += bars(left + 46, width - 48, top + 64, moves, regret, reach, style.BLUE, signed=True)
    parts.append(text(left + 8, top + 40, "of hunter 1, in return", 11, fill=style.GREY))
    left, top, width, _ = FRAMES["actors"]
    parts += [text(left + 44, top + 84 + k * ROW, move, 12, "end") for k, move in enumerate(moves)]
    parts += bars(
        left + 48, width - 50, top + 64, moves, after[0], 1.0, style.look(game, game.targets[0])[0], before[0]
    )
    parts.append(text(left + 8, top + 40, "of hunter 1; mark: before", 11, fill=style.GREY))

    alt = words(moves, links, share, watched, lit)
    return Picture(svg.document(SECOND + 244, parts, alt), alt, f"<p>{escape(sentence(moves, links))}</p>")


def board(game: TabularGame, scene: Board, state: Sequence[int], moves: Sequence[str], after: Sequence[Sequence[float]],
          played: Sequence[float], predicted: Sequence[float], prey_look: str) -> list[str]:  # fmt: skip
    """The state, with an arrow for what each agent does: the longer, the more probable."""
    side, parts = boards.cell_middle(scene, 0)[2], []
    for cell in range(scene.rows * scene.columns):
        x, y = cell % scene.columns * side + 8, cell // scene.columns * side + 8
        parts.append(svg.rect(x, y, side, side, style.PAPER, style.GREY))
    for k, policy in enumerate(after):
        parts += arrows(scene, state[k], moves, policy, style.look(game, game.targets[k])[0])
    parts += arrows(scene, state[-1], moves, played, prey_look, aside=-7)
    parts += arrows(scene, state[-1], moves, predicted, style.INK, aside=7, dashed=True)
    for agent, cell in scene.agents.items():
        x, y, _ = boards.cell_middle(scene, cell)
        parts.append(boards.token(game, agent, x, y, 0.22 * side))
    bottom = scene.rows * side + 26
    parts.append(text(8, bottom, "arrows: the longer, the more probable", 11))
    parts.append(text(8, bottom + 15, "dashed: what is predicted of the prey", 11))
    return parts


def q_slice(moves: Sequence[str], links: Links, predicted: Sequence[float]) -> list[str]:
    """Q for hunter 1's moves (rows) and the prey's (columns), and above the columns the predicted probabilities."""
    left, top, _, _ = FRAMES["critic"]
    q = links.q.tolist()
    low, high = min(map(min, q)), max(map(max, q))
    shades = [[(value - low) / max(high - low, 1e-9) for value in row] for row in q]
    parts = [text(left + 84, top + 40, "weight", 11, "end", fill=style.GREY)]
    width = 42.0
    for c, (move, p) in enumerate(zip(moves, predicted, strict=True)):
        x = left + 90 + (c + 0.5) * width
        parts.append(text(x, top + 40, number(p), 12, "middle", p == max(predicted)))
        parts.append(text(x, top + 58, move, 12, "middle"))
    for r, move in enumerate(moves):
        y = top + 64 + r * ROW
        parts.append(text(left + 84, y + 20, move, 13, "end"))
        for c in range(len(moves)):
            parts.append(charts.cell(left + 90 + c * width, y, width, ROW, number(q[r][c]), shades[r][c]))
    parts.append(text(left + 8, top + 230, "rows: hunter 1, columns: prey", 11, fill=style.GREY))
    return parts


def best(moves: Sequence[str], values: Sequence[float]) -> str:
    """The name of the move with the largest value."""
    return moves[max(range(len(moves)), key=values.__getitem__)]


def sentence(moves: Sequence[str], links: Links) -> str:
    """The chain in one sentence."""
    played, predicted, regret = links.played.tolist(), links.predicted.tolist(), links.regrets[0].tolist()
    after = [p.tolist() for p in links.after]
    return (
        f"The prey's likeliest move: {best(moves, played)} ({number(max(played))}); predicted: {best(moves, predicted)} "
        f"({number(max(predicted))}). Hunter 1's largest regret: {best(moves, regret)} ({number(max(regret))}). If both follow "
        f"their regrets, hunter 1 plays {best(moves, after[0])} ({number(max(after[0]))}) and hunter 2 "
        f"{best(moves, after[1])} ({number(max(after[1]))})."
    )


def words(moves: Sequence[str], links: Links, share: float, watched: int, lit: str) -> str:
    """All numbers of the drawing, in words."""

    def listed(values: Sequence[float]) -> str:
        return ", ".join(f"{move} {number(v)}" for move, v in zip(moves, values, strict=True))

    rows = "; ".join(
        f"hunter 1 {move}: {', '.join(map(number, row))}" for move, row in zip(moves, links.q.tolist(), strict=True)
    )
    own = f" The framed link: {LINKS[lit][2:]}." if lit else ""
    return (
        f"The chain: prey {number(100 * share, 0)} percent B, the rest A; {watched} moves watched. {sentence(moves, links)} The prey's moves: "
        f"{listed(links.played.tolist())}. Predicted: {listed(links.predicted.tolist())}. Q for the prey's moves "
        f"{', '.join(moves)}: {rows}. Regrets of hunter 1: {listed(links.regrets[0].tolist())}. Its policy before: "
        f"{listed(links.before[0].tolist())}; after: {listed(links.after[0].tolist())}.{own}"
    )
