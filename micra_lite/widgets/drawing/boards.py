"""The state of a game as a drawing: its scene, or the bare observation of a game without one."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from io import BytesIO

import numpy as np
from torch import Tensor

from ...game import Game
from ...games.scene import Board, name_and_role
from ...plotting import style
from ...plotting.games import picture, place, scene_of, words
from ...plotting.style import look
from ...training_state import Record
from . import svg
from .svg import number, text

Drawing = tuple[list[str], float, str]  # parts, height, and the same in words

_SHAPES = {  # corners around (0, 0) of the markers in `plotting.style`
    "o": "", "s": "-1,-1 1,-1 1,1 -1,1", "^": "0,-1.2 1.15,0.9 -1.15,0.9", "p": "0,-1.1 1.1,-0.3 0.7,1 -0.7,1 -1.1,-0.3",
    "D": "0,-1.2 1.2,0 0,1.2 -1.2,0", "X": "-1,-1 0,-0.4 1,-1 0.4,0 1,1 0,0.4 -1,1 -0.4,0", "*": "0,-1.2 0.4,-0.3 1.2,-0.3 "
    "0.5,0.3 0.8,1.2 0,0.6 -0.8,1.2 -0.5,0.3 -1.2,-0.3 -0.4,-0.3",
}  # fmt: skip


def state(record: Record) -> Drawing:
    """The state of a record: a board as SVG, a table as the picture that `plotting` makes of it."""
    game, shown = record.state.game, record.game_state
    assert shown is not None
    try:
        scene = scene_of(game, shown)
    except TypeError:  # a game without a scene
        return strip(record.observations[0])
    return board(game, scene) if isinstance(scene, Board) else photograph(picture(game, shown), words(game, shown))


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


def photograph(pixels: np.ndarray, said: str) -> Drawing:
    """A picture (H, W, 3), set into the drawing, with its words."""
    from matplotlib.image import imsave

    file = BytesIO()
    imsave(file, pixels, format="png")
    scale = min(260 / pixels.shape[0], (svg.WIDTH - 16) / pixels.shape[1])
    height, width = scale * pixels.shape[0], scale * pixels.shape[1]
    data = base64.b64encode(file.getvalue()).decode()
    image = f'<image x="8" y="8" width="{width:.4g}" height="{height:.4g}" href="data:image/png;base64,{data}"/>'
    return [image], height + 16, said


def strip(observation: Tensor) -> Drawing:
    """An observation (O,) as a row of cells, the darker the larger."""
    values = observation.tolist()
    low, high = min(values), max(values)
    width = (svg.WIDTH - 16) / len(values)
    parts = [text(8, 20, "observation", bold=True)]
    for k, value in enumerate(values):
        shade = (value - low) / (high - low) if high > low else 0.5
        parts.append(svg.rect(8 + k * width, 30, width, 30, style.BLUE, style.GREY, min(0.99, shade)))
    parts.append(text(8, 78, f"from {number(low)} (white) to {number(high)} (blue)", 12))
    return parts, 88, f"An observation of {len(values)} numbers from {number(low)} to {number(high)}."
