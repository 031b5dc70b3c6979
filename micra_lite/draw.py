"""Pictures of games: a board with its agents, or a payoff table, as RGB arrays.

Colours are those of Okabe and Ito, which colour-blind people can tell apart; agents differ in shape and
letters too. The figures are drawn off screen and belong to nobody's pyplot.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from torch import Tensor

from .games import Game
from .grids.board import BoardGame
from .matrix_games import MatrixGame

BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
VERMILLION, SKY, YELLOW, BLACK = "#D55E00", "#56B4E9", "#F0E442", "#000000"
_TARGETS = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), (PURPLE, "p"))  # targets: round or angular, all upright
_EXTERNALS = ((VERMILLION, "D"), (SKY, "X"), (YELLOW, "*"))  # externals: standing on a corner, or crossed


def picture(game: Game, state: Tensor) -> np.ndarray:
    """One state (d,) as an RGB picture (H, W, 3), uint8. Raises TypeError for a game without a picture."""
    if isinstance(game, MatrixGame) and len(game.agents) in (2, 3):
        return payoff_table(game)
    if isinstance(game, BoardGame):
        return board(game, dict(zip(game.agents, state.tolist(), strict=True)))
    raise TypeError(f"{game.name} has no picture")


def look(game: Game, agent: str) -> tuple[str, str, str]:
    """Colour, marker and letters of an agent: hunter_2 is h2."""
    targets = agent in game.targets
    team, looks = (game.targets, _TARGETS) if targets else (game.externals, _EXTERNALS)
    colour, marker = looks[team.index(agent) % len(looks)]
    return colour, marker, agent[0] + "".join(re.findall(r"\d+", agent))


def board(game: BoardGame, cells: Mapping[str, int]) -> np.ndarray:
    """The board with each agent on its cell, and the game's sites as grey, labelled cells."""
    rows, columns = game.rows, game.columns
    figure = Figure(figsize=(4.0, 4.0 * rows / columns + 0.6), dpi=80, layout="constrained")
    axes = figure.add_subplot()
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5), aspect="equal", xticks=[], yticks=[])
    axes.hlines(np.arange(rows + 1) - 0.5, -0.5, columns - 0.5, color="0.75", linewidth=1)
    axes.vlines(np.arange(columns + 1) - 0.5, -0.5, rows - 0.5, color="0.75", linewidth=1)
    for label, cell in game.sites.items():
        row, column = divmod(cell, columns)
        axes.fill_between([column - 0.5, column + 0.5], row - 0.5, row + 0.5, color="0.88", linewidth=0)
        axes.text(
            column - 0.46, row - 0.46, label, ha="left", va="top", fontsize=min(11, 24 / columns + 2), color="0.2"
        )
    room = 72 * 3.6 / columns  # points that a cell's side takes
    handles = []
    for agent, cell in cells.items():
        row, column = divmod(int(cell), columns)
        # Agents that share a cell stand around its middle, and are smaller.
        company = [other for other, c in cells.items() if c == cell]
        angle = 2 * np.pi * company.index(agent) / len(company)
        aside = 0.0 if len(company) == 1 else 0.25
        colour, marker, letters = look(game, agent)
        ink = "white" if colour in (BLUE, GREEN, VERMILLION) else "black"
        x, y = column - aside * np.cos(angle), row - aside * np.sin(angle)
        side = room * (0.55 if len(company) == 1 else 0.38)
        side *= 0.8 if marker == "D" else 1.0  # a diamond's size is that of its side
        axes.plot(x, y, marker, color=colour, markersize=side, markeredgecolor="black", markeredgewidth=0.8)
        font: dict[str, Any] = {"fontsize": 0.34 * side, "weight": "bold", "color": ink}
        axes.text(x, y, letters, ha="center", va="center_baseline", **font)
        kind = "target" if agent in game.targets else "external"
        label = f"{letters}: {agent} ({kind})"
        handles += axes.plot([], [], marker, color=colour, markersize=9, markeredgecolor="black", label=label)
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return _pixels(figure)


def payoff_table(game: MatrixGame) -> np.ndarray:
    """The payoffs of a game of two or three, one table per action of the third; a cell lists all payoffs."""
    payoffs = game.payoffs.numpy()  # (A_1, A_2[, A_3], n)
    names, n = game.action_names, len(game.agents)
    slices = [payoffs] if n == 2 else [payoffs[:, :, k] for k in range(payoffs.shape[2])]
    rows, columns = payoffs.shape[:2]
    figsize = (len(slices) * (1.1 * columns + 0.9), 0.75 * rows + 1.4)
    figure = Figure(figsize=figsize, dpi=80, layout="constrained")
    panels = figure.subplots(1, len(slices), squeeze=False)[0]
    for k, (axes, table) in enumerate(zip(panels, slices, strict=True)):
        axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
        axes.set_xticks(range(columns), names[1])
        axes.set_yticks(range(rows), names[0], rotation=90, va="center")
        axes.tick_params(length=0, labelsize=9, labeltop=True, labelbottom=False)
        axes.set_ylabel(game.agents[0], weight="bold")
        title = game.agents[1] if n == 2 else f"{game.agents[1]}   ({game.agents[2]}: {names[2][k]})"
        axes.set_title(title, weight="bold", fontsize=10)
        grid = {"color": "0.75", "linewidth": 1, "clip_on": False}
        axes.hlines(np.arange(rows + 1) - 0.5, -0.5, columns - 0.5, **grid)
        axes.vlines(np.arange(columns + 1) - 0.5, -0.5, rows - 0.5, **grid)
        for spine in axes.spines.values():
            spine.set_visible(False)
        for row in range(rows):
            for column in range(columns):
                text = ",  ".join(f"{pay:g}" for pay in table[row, column])  # n payoffs
                axes.text(column, row, text, ha="center", va="center", fontsize=11)
    who = ", ".join(f"{a} ({'target' if a in game.targets else 'external'})" for a in game.agents)
    figure.supxlabel(f"payoffs to {who}", fontsize=8)
    return _pixels(figure)


def _pixels(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
