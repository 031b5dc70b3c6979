"""Pictures of games as RGB arrays, and the same in words.

A game says what is where (its method `scene`); here every scene is drawn: a `Board` with its agents, or a `Table`. The figures
are drawn off screen and belong to nobody's pyplot.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from torch import Tensor

from ..game import Game
from ..games.scene import Board, Table, name_and_role
from .style import WHITE_LETTERS, look, pale

DPI = 110  # a board is 4 inches wide: readable beside text


def scene_of(game: Game, state: Tensor) -> Board | Table:
    """The scene of one state (d,). Raises TypeError for a game without a scene, or with one of an unknown kind."""
    if not hasattr(game, "scene"):
        raise TypeError(f"{game.name} has no picture: it has no method `scene(state)`, which says what is where")
    scene = game.scene(state)
    if not isinstance(scene, Board | Table):
        raise TypeError(f"{game.name}.scene must return a Board or a Table of micra_lite.games.scene; got {scene!r}")
    return scene


def picture(game: Game, state: Tensor) -> np.ndarray:
    """One state (d,) as an RGB picture (H, W, 3), uint8. Raises TypeError for a game without a scene.

    A game without one whose environments draw themselves has a method `picture`: it shows the state that it is in now.
    """
    if not hasattr(game, "scene") and getattr(game, "renders", False):
        return game.picture(state)  # type: ignore[attr-defined]
    scene = scene_of(game, state)
    return draw_table(scene) if isinstance(scene, Table) else draw_board(game, scene)


def words(game: Game, state: Tensor) -> str:
    """The sentence for `picture`. Raises TypeError for a game without a scene."""
    scene = scene_of(game, state)
    title = f"{scene.title}. " if scene.title else ""
    if isinstance(scene, Board):
        stand = [f"{agent} in {place(scene.columns, cell)}" for agent, cell in scene.agents.items()]
        size = f"{scene.rows} row{'s' * (scene.rows > 1)} by {scene.columns} column{'s' * (scene.columns > 1)}"
        return f"{title}The board of {game.name}, {size}: {', '.join(stand) or 'empty'}."
    *most, last = [name for name, _ in scene.axes]
    cells = []
    for at, text in sorted(scene.cells.items()):
        names = ", ".join(axis[1][k] for axis, k in zip(scene.axes, at, strict=True))
        cells.append(f"{names}: {text}{' ★' if at in scene.marked else ''}")
    return f"{title}The table of {game.name}: {scene.caption}, by {', '.join(most)} and {last}. {'; '.join(cells)}."


def action_names(game: Game, axis: int) -> list[str]:
    """The names of an agent's actions where the game has any, else their numbers."""
    names = getattr(game, "action_names", None)
    return list(names[axis]) if names else [str(action) for action in range(game.n_actions[axis])]


def place(columns: int, cell: int) -> str:
    """A cell of a board in words, counted from 1 at the top left."""
    return f"row {cell // columns + 1}, column {cell % columns + 1}"


# --- Boards -------------------------------------------------------------------------------------------------------


def draw_board(game: Game, board: Board) -> np.ndarray:
    """The board with each agent on its cell, and its sites as grey, labelled cells."""
    figure, axes = sheet(game, board, list(board.agents))
    axes.set_title(board.title, fontsize=10)
    for agent, spot in zip(board.agents, spots(board.columns, list(board.agents.values())), strict=True):
        token(axes, game, agent, *spot)
    return pixels(figure)


def sheet(game: Game, board: Board, agents: Sequence[str]) -> tuple[Figure, Axes]:
    """A figure with an empty board and these agents in its legend."""
    figure = Figure(figsize=(4.0, 4.0 * board.rows / board.columns + 0.6), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    empty_board(axes, board, min(11, 24 / board.columns + 2))
    figure.legend(handles=legend(game, agents), loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return figure, axes


def legend(game: Game, agents: Sequence[str]) -> list[Line2D]:
    """A legend's entry for each of these agents."""
    entries = []
    for agent in agents:
        colour, marker, letters = look(game, agent)
        style: dict[str, Any] = {"linestyle": "", "markersize": 9, "markeredgecolor": "black"}
        label = f"{letters}: {name_and_role(game, agent)}"
        entries.append(Line2D([], [], color=colour, marker=marker, label=label, **style))
    return entries


def empty_board(axes: Axes, board: Board, fontsize: float) -> None:
    """Draw the cells and the sites; the middle of cell (row, column) is at x = column, y = row, downwards."""
    rows, columns = board.rows, board.columns
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5), aspect="equal", xticks=[], yticks=[])
    _grid(axes, rows, columns)
    for label, cell in board.sites.items():
        row, column = divmod(cell, columns)
        axes.fill_between([column - 0.5, column + 0.5], row - 0.5, row + 0.5, color="0.88", linewidth=0)
        axes.text(column - 0.46, row - 0.46, label, ha="left", va="top", fontsize=fontsize, color="0.2")


def _grid(axes: Axes, rows: int, columns: int, **style: Any) -> None:
    axes.hlines(np.arange(rows + 1) - 0.5, -0.5, columns - 0.5, color="0.75", linewidth=1, **style)
    axes.vlines(np.arange(columns + 1) - 0.5, -0.5, rows - 0.5, color="0.75", linewidth=1, **style)


def spots(columns: int, cells: Sequence[int]) -> list[tuple[float, float, float]]:
    """The places of agents that stand on `cells`: x, y, and the side of their signs in points.

    Agents that share a cell stand around its middle, and their signs are smaller.
    """
    room = 72 * 3.6 / columns  # points that a cell's side takes
    places, met = [], dict.fromkeys(cells, 0)
    for cell in cells:
        row, column = divmod(cell, columns)
        company = cells.count(cell)
        angle = 2 * np.pi * met[cell] / company
        met[cell] += 1
        aside, share = {1: (0.0, 0.55), 2: (0.25, 0.38)}.get(company, (0.27, 0.31))
        places.append((column - aside * np.cos(angle), row - aside * np.sin(angle), share * room))
    return places


def token(axes: Axes, game: Game, agent: str, x: float, y: float, side: float, faded: bool = False) -> list[Artist]:
    """Draw one agent's sign at (x, y): colour, shape and letters; `side` in points."""
    colour, marker, letters = look(game, agent)
    ink = "white" if colour in WHITE_LETTERS and not faded else "black"
    fill = pale(colour, 0.4) if faded else to_rgb(colour)
    side *= 0.8 if marker == "D" else 1.0  # matplotlib's diamonds are wider than their marker size
    sign: dict[str, Any] = {"markersize": side, "markeredgecolor": "0.5" if faded else "black", "markeredgewidth": 0.8}
    font: dict[str, Any] = {"fontsize": 0.4 * side, "weight": "bold", "color": ink, "ha": "center"}
    lower = 0.12 * side if marker == "^" else 0.0  # a triangle is widest below
    return [
        *axes.plot(x, y, marker, color=fill, **sign),
        axes.annotate(letters, (x, y), (0, -lower), textcoords="offset points", va="center_baseline", **font),
    ]


# --- Tables -------------------------------------------------------------------------------------------------------


def draw_table(table: Table) -> np.ndarray:
    """The table, or several side by side; marked cells are bold and have a star."""
    (row_title, rows), (column_title, columns), *third = table.axes
    layer_title, layers = third[0] if third else ("", ("",))
    upright = max(map(len, rows)) <= 11  # longer names would not fit beside a row
    widest = max(map(len, table.cells.values()))
    width = len(layers) * (
        max(1.1, 0.1 * widest) * len(columns) + (0.9 if upright else 0.5 + 0.08 * max(map(len, rows)))
    )
    figure = Figure(figsize=(width, 0.75 * len(rows) + (1.7 if table.title else 1.4)), dpi=DPI, layout="constrained")
    panels = figure.subplots(1, len(layers), squeeze=False)[0]
    for k, (axes, layer) in enumerate(zip(panels, layers, strict=True)):
        axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
        axes.set_xticks(range(len(columns)), columns)
        axes.set_yticks(range(len(rows)), rows, rotation=90 if upright else 0, va="center")
        axes.tick_params(length=0, labelsize=10, labeltop=True, labelbottom=False)
        axes.set_ylabel(row_title, weight="bold")
        axes.set_title(
            f"{column_title}   ({layer_title}: {layer})" if third else column_title, weight="bold", fontsize=11
        )
        _grid(axes, len(rows), len(columns), clip_on=False)
        for spine in axes.spines.values():
            spine.set_visible(False)
        for at, text in table.cells.items():
            if at[2:] in ((), (k,)):
                star, weight = (" ★", "bold") if at in table.marked else ("", "normal")
                axes.text(at[1], at[0], text + star, ha="center", va="center", fontsize=12, weight=weight)
    figure.suptitle(table.title)
    figure.supxlabel(table.caption, fontsize=10)
    return pixels(figure)


def pixels(figure: Figure) -> np.ndarray:
    """A figure as an RGB array (H, W, 3), uint8."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
