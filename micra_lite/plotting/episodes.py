"""An episode on a board as an animated picture."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from PIL import Image
from torch import Tensor

from ..game import Game
from ..games.board import BoardGame
from ..games.scene import Board
from .games import pixels, scene_of, sheet, spots, token
from .style import look, pale

FRAME_MS = 500  # milliseconds that a frame is shown; the last one four times as long
Place = tuple[int, int]  # row and column, possibly beyond the board


def animation(game: Game, states: Tensor, actions: Tensor, rewards: Tensor) -> tuple[bytes, str]:
    """An episode as an animated GIF, two frames a second, and its alt text.

    Args: states (T+1, d), actions (T, n) and rewards (T, n) of one episode. Frame t shows state t and how it came about:
    a faint arrow leads from where an agent stood to where it landed. Where the game knows the directions of its moves (a
    `BoardGame`), an agent that started again elsewhere is also drawn, faded, where it had landed. Raises TypeError for a
    game whose scenes are no boards.

    In a notebook: `IPython.display.Image(gif, alt=alt)`.
    """
    boards = []
    for state in states:
        board = scene_of(game, state)
        if not isinstance(board, Board):
            raise TypeError(f"{game.name} has no board, so its episodes cannot be drawn")
        boards.append(board)
    figure, axes = sheet(game, boards[0], [a for a in game.agents if any(a in board.agents for board in boards)])
    T, frames = len(actions), []
    for t, board in enumerate(boards):
        before = boards[t - 1] if t else board
        landed = landing_places(game, before, board, actions[t - 1] if t else None)
        artists = _frame(axes, game, before, landed, board)
        title = f"step {t} of {T}" + (f": {board.title}" if board.title else "")
        axes.set_title(f"{title}\n{_caption(game, rewards[:t], landed, board)}", loc="left", fontsize=10)
        frames.append(pixels(figure))
        figure.set_layout_engine("none")  # the first frame's layout holds for all
        for artist in artists:
            artist.remove()
    earned = zip(game.agents, rewards.sum(0).tolist(), strict=True)
    totals = ", ".join(f"{agent} {total:g}" for agent, total in earned).replace("-", "−")
    paid_in = [str(t + 1) for t in range(T) if rewards[t].any()]
    when = f"rewards were paid in step{'s'[: len(paid_in) - 1]} {', '.join(paid_in)}" if paid_in else "nothing was paid"
    alt = f"An episode of {game.name}, {T} steps, one frame for each state. Total rewards: {totals}; {when}."
    return _gif(frames, alt), alt


def landing_places(game: Game, before: Board, now: Board, actions: Tensor | None) -> dict[str, Place]:
    """Row and column where each agent on the board `now` landed by its last action, before it may have started again.

    Without `actions` (n,), or where the game does not know its moves' directions: where it stands.
    """
    places = {agent: divmod(cell, now.columns) for agent, cell in now.agents.items()}
    if actions is not None and isinstance(game, BoardGame):
        moves = zip(game.agents, actions.tolist(), strict=True)
        places.update({agent: game.landing_place(agent, before.agents[agent], a) for agent, a in moves})
    return places


def started_again(landed: Mapping[str, Place], now: Board) -> list[str]:
    """The agents that start again elsewhere than they landed."""
    return [agent for agent, cell in now.agents.items() if landed[agent] != divmod(cell, now.columns)]


def _caption(game: Game, rewards: Tensor, landed: Mapping[str, Place], now: Board) -> str:
    """The payments of the last of the rewards (t, n), and the agents that start again."""
    if len(rewards) == 0:
        return "the start"
    again = [look(game, agent)[2] for agent in started_again(landed, now)]
    starts = f"; {', '.join(again)} start{'' if again[1:] else 's'} again" if again else ""
    return paid_in_words(game, rewards[-1]) + starts


def paid_in_words(game: Game, rewards: Tensor) -> str:
    """One step's rewards (n,) in words, agents with the same pay together: "h1, h2: +1; p: −1"."""
    groups: dict[float, list[str]] = {}
    for agent, pay in zip(game.agents, rewards.tolist(), strict=True):
        if pay:
            groups.setdefault(pay, []).append(look(game, agent)[2])
    return "; ".join(f"{', '.join(who)}: {pay:+g}" for pay, who in groups.items()).replace("-", "−") or "nothing paid"


def _frame(axes: Axes, game: Game, before: Board, landed: Mapping[str, Place], now: Board) -> list[Artist]:
    """Draw the agents on the board `now`, with arrows from the board `before` to the places where they `landed`."""
    starts = dict(zip(before.agents, spots(now.columns, list(before.agents.values())), strict=True))
    standing, artists = list(now.agents.items()), []
    arrows = []  # agent, and the number in `standing` of the sign at which its arrow ends
    for j, (agent, cell) in enumerate(now.agents.items()):
        if agent not in starts:
            continue
        (row, column), at = landed[agent], before.agents[agent]
        if not 0 <= column < now.columns:  # the end of the road is half a step away
            from_row, from_column = divmod(at, now.columns)
            end = (from_column + column) / 2, (from_row + row) / 2
            artists.append(_arrow(axes, game, agent, starts[agent][:2], end, 0))
            continue
        place = row * now.columns + column
        if place != cell:  # the agent started again elsewhere
            standing.append((agent, place))
        if place != at:
            arrows.append((agent, j if place == cell else len(standing) - 1))
    places = spots(now.columns, [cell for _, cell in standing])
    for agent, sign in arrows:
        x, y, side = places[sign]
        artists.append(_arrow(axes, game, agent, starts[agent][:2], (x, y), 0.55 * side))
    for k, ((agent, _), spot) in enumerate(zip(standing, places, strict=True)):
        artists += token(axes, game, agent, *spot, faded=k >= len(now.agents))
    return artists


def _arrow(
    axes: Axes, game: Game, agent: str, start: tuple[float, float], end: tuple[float, float], short: float
) -> Artist:
    """Draw a pale arrow, dashed for an external, that stops `short` points before `end`: at a sign, not under it."""
    colour = pale(look(game, agent)[0], 0.7)
    arrow: dict[str, Any] = {
        "arrowstyle": "-|>", "color": colour, "linewidth": 2.2, "mutation_scale": 16, "shrinkA": 0, "shrinkB": short,
        "linestyle": "-" if agent in game.targets else (0, (2, 1)),
    }  # fmt: skip
    return axes.annotate("", end, start, arrowprops=arrow, zorder=1.8)


def _gif(frames: Sequence[np.ndarray], alt: str) -> bytes:
    """Frames (H, W, 3) as a GIF that repeats; the frames share one colour table, and the alt text is the comment."""
    height = len(frames[0])
    strip = Image.fromarray(np.concatenate(frames)).quantize(128)
    images = [strip.crop((0, k * height, strip.width, (k + 1) * height)) for k in range(len(frames))]
    duration = [FRAME_MS] * (len(frames) - 1) + [4 * FRAME_MS]
    file = io.BytesIO()
    images[0].save(
        file, "GIF", save_all=True, append_images=images[1:], duration=duration, loop=0, comment=alt.encode()
    )
    return file.getvalue()
