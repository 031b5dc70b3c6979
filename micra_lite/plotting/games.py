"""Pictures of games: a board with its agents, or a payoff table, as RGB arrays; and the same in words.

Colours are those of Okabe and Ito, which colour-blind people can tell apart; agents differ in shape and
letters too. The figures are drawn off screen and belong to nobody's pyplot.
"""

from __future__ import annotations

import re
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
from ..games.board import BoardGame
from ..games.matrix import MatrixGame
from ..games.weather import Weather

BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
VERMILLION, SKY, YELLOW, BLACK = "#D55E00", "#56B4E9", "#F0E442", "#000000"
_TARGETS = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), (PURPLE, "p"))  # targets: round or angular, all upright
_EXTERNALS = ((VERMILLION, "D"), (SKY, "X"), (YELLOW, "*"))  # externals: standing on a corner, or crossed
DPI = 110  # a board is 4 inches wide: readable beside text


def picture(game: Game, state: Tensor) -> np.ndarray:
    """One state (d,) as an RGB picture (H, W, 3), uint8. Raises TypeError for a game without a picture."""
    if isinstance(game, MatrixGame) and len(game.agents) in (2, 3):
        return payoff_table(game)
    if isinstance(game, BoardGame):
        return board(game, state)
    if isinstance(game, Weather):
        return wardrobe(game, state)
    raise TypeError(f"{game.name} has no picture")


def words(game: Game, state: Tensor) -> str:
    """What `picture` shows, as a sentence. Raises TypeError for a game without a picture."""
    if isinstance(game, MatrixGame):
        cells = []
        for action in game.joint_actions().tolist():
            names = [game.action_names[j][a] for j, a in enumerate(action)]
            cells.append(f"{', '.join(names)}: {', '.join(f'{x + 0.0:g}' for x in game.payoffs[tuple(action)])}")
        text = f"Payoffs of {game.name} to {', '.join(game.agents)}, for each joint action: {'; '.join(cells)}."
        return text.replace("-", "−")
    if isinstance(game, BoardGame):
        stand = [f"{a} in {place(game, c)}" for a, c in zip(game.agents, state.tolist(), strict=True)]
        return f"The board of {game.name}, {game.rows} rows by {game.columns} columns: {', '.join(stand)}."
    if isinstance(game, Weather):
        earns = [
            f"{a} {', '.join(f'{x:g}' for x in row)}" for a, row in zip(game.agents, game.earnings(state), strict=True)
        ]
        return f"The weather is {game.kind(state)}. Each number of coats, from none, earns {'; '.join(earns)}."
    raise TypeError(f"{game.name} has no picture")


def place(game: BoardGame, cell: int) -> str:
    """A cell in words, counted from 1 at the top left."""
    return f"row {cell // game.columns + 1}, column {cell % game.columns + 1}"


def look(game: Game, agent: str) -> tuple[str, str, str]:
    """Colour, marker and letters of an agent: hunter_2 is h2."""
    targets = agent in game.targets
    team, looks = (game.targets, _TARGETS) if targets else (game.externals, _EXTERNALS)
    colour, marker = looks[team.index(agent) % len(looks)]
    return colour, marker, agent[0] + "".join(re.findall(r"\d+", agent))


def board(game: BoardGame, state: Tensor) -> np.ndarray:
    """The board with each agent on its cell (n,), and the game's sites as grey, labelled cells."""
    figure, axes = sheet(game)
    for agent, spot in zip(game.agents, spots(game, state.tolist()), strict=True):
        token(axes, game, agent, *spot)
    return pixels(figure)


def sheet(game: BoardGame) -> tuple[Figure, Axes]:
    """A figure with an empty board and the agents in its legend."""
    figure = Figure(figsize=(4.0, 4.0 * game.rows / game.columns + 0.6), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    empty_board(axes, game, min(11, 24 / game.columns + 2))
    figure.legend(handles=legend(game, game.agents), loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return figure, axes


def legend(game: Game, agents: Sequence[str]) -> list[Line2D]:
    """A legend's entry for each of these agents."""
    entries = []
    for agent in agents:
        colour, marker, letters = look(game, agent)
        label = f"{letters}: {agent} ({'target' if agent in game.targets else 'external'})"
        style: dict[str, Any] = {"linestyle": "", "markersize": 9, "markeredgecolor": "black"}
        entries.append(Line2D([], [], color=colour, marker=marker, label=label, **style))
    return entries


def empty_board(axes: Axes, game: BoardGame, fontsize: float) -> None:
    """Draw the cells and the sites; cell (row, column) has its middle at x = column, y = row, downwards."""
    rows, columns = game.rows, game.columns
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5), aspect="equal", xticks=[], yticks=[])
    axes.hlines(np.arange(rows + 1) - 0.5, -0.5, columns - 0.5, color="0.75", linewidth=1)
    axes.vlines(np.arange(columns + 1) - 0.5, -0.5, rows - 0.5, color="0.75", linewidth=1)
    for label, cell in game.sites.items():
        row, column = divmod(cell, columns)
        axes.fill_between([column - 0.5, column + 0.5], row - 0.5, row + 0.5, color="0.88", linewidth=0)
        axes.text(column - 0.46, row - 0.46, label, ha="left", va="top", fontsize=fontsize, color="0.2")


def spots(game: BoardGame, cells: Sequence[int]) -> list[tuple[float, float, float]]:
    """Where the signs of agents on these cells go: x, y, and their side in points.

    Those that share a cell stand around its middle, and are smaller.
    """
    room = 72 * 3.6 / game.columns  # points that a cell's side takes
    places, met = [], dict.fromkeys(cells, 0)
    for cell in cells:
        row, column = divmod(cell, game.columns)
        company = cells.count(cell)
        angle = 2 * np.pi * met[cell] / company
        met[cell] += 1
        aside, share = {1: (0.0, 0.55), 2: (0.25, 0.38)}.get(company, (0.27, 0.31))
        places.append((column - aside * np.cos(angle), row - aside * np.sin(angle), share * room))
    return places


def token(axes: Axes, game: Game, agent: str, x: float, y: float, side: float, faded: bool = False) -> list[Artist]:
    """One agent's sign at (x, y): colour, shape and letters; `side` in points."""
    colour, marker, letters = look(game, agent)
    ink = "white" if colour in (BLUE, VERMILLION) and not faded else "black"
    fill = pale(colour, 0.4) if faded else to_rgb(colour)
    side *= 0.8 if marker == "D" else 1.0  # a diamond's size is that of its side
    sign: dict[str, Any] = {"markersize": side, "markeredgecolor": "0.5" if faded else "black", "markeredgewidth": 0.8}
    font: dict[str, Any] = {"fontsize": 0.4 * side, "weight": "bold", "color": ink, "ha": "center"}
    lower = 0.12 * side if marker == "^" else 0.0  # a triangle is widest below
    return [
        *axes.plot(x, y, marker, color=fill, **sign),
        axes.annotate(letters, (x, y), (0, -lower), textcoords="offset points", va="center_baseline", **font),
    ]


def pale(colour: str, share: float) -> tuple[float, float, float]:
    """A colour, `share` of it in white: opaque, unlike a transparent one."""
    red, green, blue = to_rgb(colour)
    return 1 - share * (1 - red), 1 - share * (1 - green), 1 - share * (1 - blue)


def payoff_table(game: MatrixGame) -> np.ndarray:
    """The payoffs of a game of two or three, one table per action of the third; a cell lists all payoffs."""
    payoffs = game.payoffs.numpy()  # (A_1, A_2[, A_3], n)
    names, n = game.action_names, len(game.agents)
    slices = [payoffs] if n == 2 else [payoffs[:, :, k] for k in range(payoffs.shape[2])]
    rows, columns = payoffs.shape[:2]
    figsize = (len(slices) * (1.1 * columns + 0.9), 0.75 * rows + 1.4)
    figure = Figure(figsize=figsize, dpi=DPI, layout="constrained")
    panels = figure.subplots(1, len(slices), squeeze=False)[0]
    for k, (axes, table) in enumerate(zip(panels, slices, strict=True)):
        axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
        axes.set_xticks(range(columns), names[1])
        axes.set_yticks(range(rows), names[0], rotation=90, va="center")
        axes.tick_params(length=0, labelsize=10, labeltop=True, labelbottom=False)
        axes.set_ylabel(game.agents[0], weight="bold")
        title = game.agents[1] if n == 2 else f"{game.agents[1]}   ({game.agents[2]}: {names[2][k]})"
        axes.set_title(title, weight="bold", fontsize=11)
        grid = {"color": "0.75", "linewidth": 1, "clip_on": False}
        axes.hlines(np.arange(rows + 1) - 0.5, -0.5, columns - 0.5, **grid)
        axes.vlines(np.arange(columns + 1) - 0.5, -0.5, rows - 0.5, **grid)
        for spine in axes.spines.values():
            spine.set_visible(False)
        for row in range(rows):
            for column in range(columns):
                text = ",  ".join(f"{pay + 0.0:g}" for pay in table[row, column])  # n payoffs; no −0
                axes.text(column, row, text, ha="center", va="center", fontsize=12)
    who = ", ".join(f"{a} ({'target' if a in game.targets else 'external'})" for a in game.agents)
    figure.supxlabel(f"payoffs to {who}", fontsize=10)
    return pixels(figure)


def wardrobe(game: Weather, state: Tensor) -> np.ndarray:
    """The weather (1,), and what each agent earns by each number of coats in it."""
    most, rows = max(game.n_actions), len(game.agents)
    figure = Figure(figsize=(1.1 * most + 1.4, 0.42 * rows + 1.1), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    axes.set(
        xlim=(-0.5, most - 0.5), ylim=(rows - 0.5, -0.5), xlabel="coats", title=f"The weather is {game.kind(state)}"
    )
    axes.set_xticks(range(most))
    axes.set_yticks(range(rows), [f"{a} ({'target' if a in game.targets else 'external'})" for a in game.agents])
    axes.tick_params(length=0, labelsize=10)
    for row, earned in enumerate(game.earnings(state)):
        for coats, value in enumerate(earned):
            best = value == max(earned)
            text = f"{value:.2f}" + (" ★" if best else "")
            axes.text(coats, row, text, ha="center", va="center", fontsize=11, weight="bold" if best else "normal")
    figure.supxlabel("what it earns; ★ the most", fontsize=9)
    return pixels(figure)


def pixels(figure: Figure) -> np.ndarray:
    """A figure as an RGB array (H, W, 3), uint8."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
