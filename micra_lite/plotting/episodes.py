"""Moves on a board: where they lead, and an episode as an animated picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from PIL import Image
from torch import Tensor

from ..game import Game
from ..games.board import BoardGame
from ..games.crossing import Crossing
from .games import look, pale, pixels, sheet, spots, token

_STEPS = {  # (rows, columns) of each move by its name; in crossing as a driver sees it who goes east
    "stay": (0, 0), "north": (-1, 0), "south": (1, 0), "west": (0, -1), "east": (0, 1),
    "brake": (0, 0), "straight": (0, 1), "left": (-1, 1), "right": (1, 1),
}  # fmt: skip
FRAME_MS = 500  # milliseconds that a frame is shown; the last one four times as long


def step_of(game: BoardGame, agent: str, action: int) -> tuple[int, int]:
    """The direction of a move in (rows, columns), whether or not a wall is in its way."""
    rows, columns = _STEPS[game.action_names[game.agents.index(agent)][action]]
    turn = -1 if isinstance(game, Crossing) and agent in game.externals else 1  # who goes west has left in the south
    return turn * rows, turn * columns


def landing(game: BoardGame, agent: str, cell: int, action: int) -> tuple[int, int]:
    """Row and column where a move ends. A wall stops it; who leaves the road of crossing is one column beyond it."""
    rows, columns = step_of(game, agent, action)
    row = min(max(cell // game.columns + rows, 0), game.rows - 1)
    column = cell % game.columns + columns
    return row, column if isinstance(game, Crossing) else min(max(column, 0), game.columns - 1)


def animation(game: Game, states: Tensor, actions: Tensor, rewards: Tensor) -> tuple[bytes, str]:
    """An episode as an animated GIF, two frames a second, and its alt text.

    Args: states (T+1, d), actions (T, n) and rewards (T, n) of one episode. Frame t shows state t and how it came about:
    a faint arrow leads from where an agent stood to where it landed; who started again elsewhere is drawn once more,
    faded, where it had landed. Raises TypeError for a game without a board.

    In a notebook: `IPython.display.Image(gif, alt=alt)`.
    """
    if not isinstance(game, BoardGame):
        raise TypeError(f"{game.name} has no board, so its episodes cannot be drawn")
    figure, axes = sheet(game)
    T, frames = len(actions), []
    for t, now in enumerate(states.tolist()):
        before = states[t - 1].tolist() if t else now
        landed = [divmod(cell, game.columns) for cell in now]
        if t:
            moves = zip(game.agents, before, actions[t - 1].tolist(), strict=True)
            landed = [landing(game, *move) for move in moves]
        artists = _frame(axes, game, before, landed, now)
        axes.set_title(f"step {t} of {T}\n{_caption(game, rewards[:t], landed, now)}", loc="left", fontsize=10)
        frames.append(pixels(figure))
        figure.set_layout_engine("none")  # the first frame's layout holds for all
        for artist in artists:
            artist.remove()
    totals = ", ".join(f"{a} {x:g}" for a, x in zip(game.agents, rewards.sum(0).tolist(), strict=True)).replace(
        "-", "−"
    )
    paid_in = [str(t + 1) for t in range(T) if rewards[t].any()]
    when = f"rewards were paid in step{'s'[: len(paid_in) - 1]} {', '.join(paid_in)}" if paid_in else "nothing was paid"
    alt = f"An episode of {game.name}, {T} steps, one frame for each state. Earned in all: {totals}; {when}."
    return _gif(frames, alt), alt


def _caption(game: BoardGame, rewards: Tensor, landed: Sequence[tuple[int, int]], now: Sequence[int]) -> str:
    """What the last of the rewards (t, n) paid, and who starts again elsewhere than it landed."""
    if len(rewards) == 0:
        return "the start"
    again = [
        look(game, agent)[2]
        for agent, place, cell in zip(game.agents, landed, now, strict=True)
        if place != divmod(cell, game.columns)
    ]
    starts = f"; {', '.join(again)} start{'' if again[1:] else 's'} again" if again else ""
    return paid_in_words(game, rewards[-1]) + starts


def paid_in_words(game: Game, rewards: Tensor) -> str:
    """Who was paid what (n,), those with the same pay together: "h1, h2: +1; p: −1"."""
    groups: dict[float, list[str]] = {}
    for agent, pay in zip(game.agents, rewards.tolist(), strict=True):
        if pay:
            groups.setdefault(pay, []).append(look(game, agent)[2])
    return "; ".join(f"{', '.join(who)}: {pay:+g}" for pay, who in groups.items()).replace("-", "−") or "nothing paid"


def _frame(
    axes: Axes, game: BoardGame, before: Sequence[int], landed: Sequence[tuple[int, int]], now: Sequence[int]
) -> list[Artist]:
    """Draw the agents on their cells `now` (n,), and how they came from the cells `before` by where they `landed`."""
    standing, artists = list(zip(game.agents, now, strict=True)), []
    starts = spots(game, before)
    arrows = []  # from a point to a sign (its number in `standing`) or to a point
    for j, (agent, (row, column)) in enumerate(zip(game.agents, landed, strict=True)):
        cell = row * game.columns + column
        start = starts[j][:2]
        if not 0 <= column < game.columns:  # the end of the road is half a step away
            from_row, from_column = divmod(before[j], game.columns)
            artists.append(_arrow(axes, game, agent, start, ((from_column + column) / 2, (from_row + row) / 2), 0))
            continue
        if cell != now[j]:  # it started again elsewhere
            standing.append((agent, cell))
        if cell != before[j]:
            arrows.append((agent, start, j if cell == now[j] else len(standing) - 1))
    places = spots(game, [cell for _, cell in standing])
    for agent, start, sign in arrows:
        x, y, side = places[sign]
        artists.append(_arrow(axes, game, agent, start, (x, y), 0.55 * side))
    for k, ((agent, _), place) in enumerate(zip(standing, places, strict=True)):
        artists += token(axes, game, agent, *place, faded=k >= len(now))
    return artists


def _arrow(
    axes: Axes, game: BoardGame, agent: str, start: tuple[float, float], end: tuple[float, float], short: float
) -> Artist:
    """A pale arrow, dashed for an external, that ends `short` points before its end: up to a sign, not under it."""
    colour = pale(look(game, agent)[0], 0.7)
    arrow: dict[str, Any] = {
        "arrowstyle": "-|>", "color": colour, "linewidth": 2.2, "mutation_scale": 16, "shrinkA": 0, "shrinkB": short,
        "linestyle": "-" if agent in game.targets else (0, (2, 1)),
    }  # fmt: skip
    return axes.annotate("", end, start, arrowprops=arrow, zorder=1.8)


def _gif(frames: Sequence[np.ndarray], alt: str) -> bytes:
    """Frames (H, W, 3) as a GIF that repeats, all in the same colours; the alt text is its comment."""
    height = len(frames[0])
    strip = Image.fromarray(np.concatenate(frames)).quantize(128)
    images = [strip.crop((0, k * height, strip.width, (k + 1) * height)) for k in range(len(frames))]
    duration = [FRAME_MS] * (len(frames) - 1) + [4 * FRAME_MS]
    file = io.BytesIO()
    images[0].save(
        file, "GIF", save_all=True, append_images=images[1:], duration=duration, loop=0, comment=alt.encode()
    )
    return file.getvalue()
