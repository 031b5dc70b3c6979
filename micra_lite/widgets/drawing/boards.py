"""The state of a game as a drawing: a board with its agents, else the game's own picture, else the bare observation."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from io import BytesIO

import numpy as np
from torch import Tensor

from micra_lite.plotting.games import picture

from ...game import Game
from ...games.board import BoardGame
from ...games.matrix import MatrixGame
from ...plotting.games import look
from ...training_state import Record
from ..drawing import svg
from .svg import number, short, text

Scene = tuple[list[str], float, str]  # parts, height, what they show in words

_SHAPES = {  # corners of each marker that `draw.look` knows, around (0, 0)
    "o": "", "s": "-1,-1 1,-1 1,1 -1,1", "^": "0,-1.2 1.15,0.9 -1.15,0.9", "p": "0,-1.1 1.1,-0.3 0.7,1 -0.7,1 -1.1,-0.3",
    "D": "0,-1.2 1.2,0 0,1.2 -1.2,0", "X": "-1,-1 0,-0.4 1,-1 0.4,0 1,1 0,0.4 -1,1 -0.4,0", "*": "0,-1.2 0.4,-0.3 1.2,-0.3 "
    "0.5,0.3 0.8,1.2 0,0.6 -0.8,1.2 -0.5,0.3 -1.2,-0.3 -0.4,-0.3",
}  # fmt: skip


def scene(record: Record) -> Scene:
    """What the state of a record looks like."""
    game, state = record.state.game, record.game_state
    assert state is not None
    if isinstance(game, BoardGame):
        return board(game, state)
    try:
        return photograph(game, state)
    except TypeError:  # a game without a picture
        return strip(record.observations[0])


def place(cell: int, columns: int) -> str:
    """A cell in words, rows and columns counted from 1 at the top left."""
    return f"row {cell // columns + 1}, column {cell % columns + 1}"


def cell_middle(game: BoardGame, cell: int) -> tuple[float, float, float]:
    """Where `board` draws a cell: x and y of its middle, and its side."""
    side = min(64.0, 224 / max(game.rows, game.columns))
    return 8 + (cell % game.columns + 0.5) * side, 8 + (cell // game.columns + 0.5) * side, side


def board(game: BoardGame, state: Tensor, under: Sequence[str] = ()) -> Scene:
    """The board; every agent has a shape, a colour and letters of its own, sites are grey; `under` goes below agents."""
    rows, columns = game.rows, game.columns
    side = cell_middle(game, 0)[2]
    named = {cell: label for label, cell in game.sites.items()}
    parts = []
    for cell in range(game.cells):
        r, c = divmod(cell, columns)
        parts.append(
            svg.rect(8 + c * side, 8 + r * side, side, side, svg.FAINT if cell in named else svg.PAPER, svg.FAINT)
        )
        if cell in named:
            parts.append(text(10 + c * side, 19 + r * side, named[cell], min(11, 0.16 * side)))
    parts += under
    cells, words = state.tolist(), []
    for k, (agent, where) in enumerate(zip(game.agents, cells, strict=True)):
        company = [j for j, other in enumerate(cells) if other == where]  # those who share the cell stand side by side
        aside = (company.index(k) - (len(company) - 1) / 2) * side / len(company)
        x, y = cell_middle(game, where)[0] + aside, cell_middle(game, where)[1]
        reach = 0.3 * side / (1 if len(company) == 1 else 1.6)
        parts.append(token(game, agent, x, y, reach))
        legend = 40 + 30 * k
        parts.append(token(game, agent, columns * side + 50, legend - 5, 10))
        kind = "target" if agent in game.targets else "external"
        parts.append(text(columns * side + 72, legend, f"{agent} ({kind}), {place(where, columns)}"))
        words.append(f"{agent} at {place(where, columns)}")
    height = max(16 + rows * side, 40 + 30 * len(cells))
    return parts, height, f"A board of {rows} by {columns} cells: {'; '.join(words)}."


def token(game: Game, agent: str, x: float, y: float, reach: float) -> str:
    """An agent's sign: shape, colour and letters, as in `micra_lite.plotting.games`."""
    colour, marker, letters = look(game, agent)
    corners = _SHAPES.get(marker, "")
    if corners:
        points = " ".join(
            f"{x + reach * float(a):.4g},{y + reach * float(b):.4g}" for a, b in (c.split(",") for c in corners.split())
        )
        shape = f'<polygon points="{points}" fill="{colour}" stroke="{svg.INK}"/>'
    else:
        shape = f'<circle cx="{x:.4g}" cy="{y:.4g}" r="{1.05 * reach:.4g}" fill="{colour}" stroke="{svg.INK}"/>'
    ink = svg.PAPER if colour in (svg.BLUE, svg.GREEN, svg.VERMILLION) else svg.INK
    return shape + text(x, y + 0.3 * reach, letters, 0.85 * reach, "middle", True, ink)


def photograph(game: Game, state: Tensor) -> Scene:
    """The game's own picture, set into the drawing. Raises TypeError where it has none."""
    from matplotlib.image import imsave

    pixels = np.asarray(picture(game, state))  # (H, W, 3)
    file = BytesIO()
    imsave(file, pixels, format="png")
    scale = min(260 / pixels.shape[0], (svg.WIDTH - 16) / pixels.shape[1])
    height, width = scale * pixels.shape[0], scale * pixels.shape[1]
    data = base64.b64encode(file.getvalue()).decode()
    image = f'<image x="8" y="8" width="{width:.4g}" height="{height:.4g}" href="data:image/png;base64,{data}"/>'
    numbers = ", ".join(short(x) for x in state.tolist())
    once = isinstance(game, MatrixGame)
    what = "The only state: everybody moves once, at the same time." if once else f"State {numbers}."
    return [image], height + 16, f"{game.name}. {what}"


def strip(observation: Tensor) -> Scene:
    """An observation (O,) as a row of cells, the darker the larger."""
    values = observation.tolist()
    low, high = min(values), max(values)
    width = (svg.WIDTH - 16) / len(values)
    parts = [text(8, 20, "observation", bold=True)]
    for k, value in enumerate(values):
        shade = (value - low) / (high - low) if high > low else 0.5
        parts.append(svg.rect(8 + k * width, 30, width, 30, svg.BLUE, svg.FAINT, min(0.99, shade)))
    parts.append(text(8, 78, f"from {number(low)} (white) to {number(high)} (blue)", 12))
    return parts, 88, f"An observation of {len(values)} numbers from {number(low)} to {number(high)}."
