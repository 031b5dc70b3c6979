"""A board as a drawing, and the sign of each agent."""

from __future__ import annotations

from collections.abc import Sequence

from ...game import Game
from ...games.scene import Board, name_and_role
from ...plotting import style
from ...plotting.games import place
from ...plotting.style import look
from . import svg
from .svg import text

Drawing = tuple[list[str], float, str]  # parts, height, and the same in words

_SHAPES = {  # corners around (0, 0) of the markers in `plotting.style`
    "o": "", "s": "-1,-1 1,-1 1,1 -1,1", "^": "0,-1.2 1.15,0.9 -1.15,0.9", "p": "0,-1.1 1.1,-0.3 0.7,1 -0.7,1 -1.1,-0.3",
    "D": "0,-1.2 1.2,0 0,1.2 -1.2,0", "X": "-1,-1 0,-0.4 1,-1 0.4,0 1,1 0,0.4 -1,1 -0.4,0", "*": "0,-1.2 0.4,-0.3 1.2,-0.3 "
    "0.5,0.3 0.8,1.2 0,0.6 -0.8,1.2 -0.5,0.3 -1.2,-0.3 -0.4,-0.3",
}  # fmt: skip


def cell_middle(scene: Board, cell: int) -> tuple[float, float, float]:
    """The place where `board` draws a cell: x and y of its middle, and its side."""
    side = min(64.0, 224 / max(scene.rows, scene.columns))
    return 8 + (cell % scene.columns + 0.5) * side, 8 + (cell // scene.columns + 0.5) * side, side


def board(game: Game, scene: Board, under: Sequence[str] = ()) -> Drawing:
    """The board; every agent has a shape, a colour and letters of its own, sites are grey; `under` goes below agents."""
    rows, columns = scene.rows, scene.columns
    side = cell_middle(scene, 0)[2]
    named = {cell: label for label, cell in scene.sites.items()}
    parts = []
    for cell in range(rows * columns):
        left, top = 8 + cell % columns * side, 8 + cell // columns * side
        parts.append(svg.rect(left, top, side, side, style.GREY, style.GREY, 0.2 if cell in named else 0.0))
        if cell in named:
            parts.append(text(left + 2, top + 11, named[cell], min(11, 0.16 * side)))
    parts += under
    cells, told = list(scene.agents.values()), []
    for k, (agent, where) in enumerate(scene.agents.items()):
        company = [j for j, other in enumerate(cells) if other == where]  # agents that share the cell, side by side
        aside = (company.index(k) - (len(company) - 1) / 2) * side / len(company)
        x, y, _ = cell_middle(scene, where)
        reach = 0.3 * side / (1 if len(company) == 1 else 1.6)
        parts.append(token(game, agent, x + aside, y, reach))
        legend = 40 + 30 * k
        parts.append(token(game, agent, columns * side + 50, legend - 5, 10))
        parts.append(text(columns * side + 72, legend, f"{name_and_role(game, agent)}, {place(columns, where)}"))
        told.append(f"{agent} at {place(columns, where)}")
    height = max(16 + rows * side, 40 + 30 * len(cells))
    title = f"{scene.title}. " if scene.title else ""
    if title:
        parts.append(text(8, height + 12, scene.title, svg.fitting(scene.title, svg.WIDTH - 16)))
        height += 20
    return parts, height, f"{title}A board of {rows} by {columns} cells: {'; '.join(told)}."


def token(game: Game, agent: str, x: float, y: float, reach: float) -> str:
    """An agent's sign: shape, colour and letters, as `micra_lite.plotting` draws it."""
    colour, marker, letters = look(game, agent)
    corners = _SHAPES.get(marker, "")
    if corners:
        points = " ".join(
            f"{x + reach * float(a):.4g},{y + reach * float(b):.4g}" for a, b in (c.split(",") for c in corners.split())
        )
        shape = f'<polygon points="{points}" fill="{colour}" stroke="{style.INK}"/>'
    else:
        shape = f'<circle cx="{x:.4g}" cy="{y:.4g}" r="{1.05 * reach:.4g}" fill="{colour}" stroke="{style.INK}"/>'
    ink = style.PAPER if colour in (*style.WHITE_LETTERS, style.GREEN) else style.INK
    return shape + text(x, y + 0.3 * reach, letters, 0.85 * reach, "middle", True, ink)
