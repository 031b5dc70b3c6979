"""A family of externals in pictures: their policies side by side."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrow
from torch import Tensor

from ..exact import Array
from ..externals import Externals
from ..game import Game
from ..games.board import BoardGame
from .games import action_names, empty_board, legend, place, scene_of, token
from .style import BLUE, ORANGE

REACH, GAP = 0.42, 0.05  # of a cell's side: the length of a certain move's arrow, and its distance from the middle
NEGLIGIBLE = 0.05  # less probable moves are not drawn
_CORNERS = ((0.3, 0.3), (0.3, -0.3), (-0.3, 0.3), (-0.3, -0.3))  # (rightwards, downwards) from the middle of a cell
WIDTH = 7.2  # inches


def family_figure(game: Game, externals: Externals, state: Tensor) -> tuple[Figure, str]:
    """Externals side by side, a panel each (up to six are readable); returns the figure and its alt text.

    In a `BoardGame`: arrows for the external's moves from each cell while the targets stand as in `state` (d,), and its
    parameters as bars. In any other game with a scene: the probabilities of its actions in `state` as bars.
    Raises TypeError for a game without a scene.
    """
    if isinstance(game, BoardGame):
        return _boards(game, externals, state)
    return _strategies(game, externals, state)


def policies_by_cell(game: BoardGame, externals: Externals, state: Tensor) -> Array:
    """π_k(a | the external in that cell, the targets as in `state`), (K, cells, A_e)."""
    (axis,) = game.external_axes
    states = state.repeat(game.cells, 1)
    states[:, axis] = torch.arange(game.cells)
    K, seen = len(externals), game.observe(states)[axis]
    k = torch.arange(K).repeat_interleave(game.cells)
    return externals.policies(k, [seen.repeat(K, 1)])[0].double().reshape(K, game.cells, -1).numpy()


def arrows(game: BoardGame, agent: str, policy: Array) -> Array:
    """One arrow (rightwards, downwards) for each move, (A, 2), in cells: its length is `REACH` times the probability."""
    steps = np.array([game.direction(agent, a)[::-1] for a in range(len(policy))], dtype=float)  # (A, 2)
    length = np.linalg.norm(steps, axis=1, keepdims=True)
    return REACH * policy[:, None] * steps / np.maximum(length, 1)


def difference(policies: Array) -> float:
    """Total variation distance of K policies (K, C, A), the mean over pairs and cells: 0 alike, 1 disjoint."""
    distances = [0.5 * np.abs(p - q).sum(-1).mean() for p, q in combinations(policies, 2)]
    return float(np.mean(distances)) if distances else 0.0


def _boards(game: BoardGame, externals: Externals, state: Tensor) -> tuple[Figure, str]:
    (agent,) = game.externals
    moves = game.action_names[game.external_axes[0]]
    policies, parameters = policies_by_cell(game, externals, state), externals.parameters.numpy()
    board, cells = game.scene(state), game.external_cells()
    wide, tall = _grid(len(externals))
    side = min(3.0, 0.85 * WIDTH / wide)  # inches that a board takes
    heights = [side * game.rows / game.columns, 0.16 * parameters.shape[1]]
    figure = Figure(figsize=(WIDTH, tall * (sum(heights) + 0.45) + 0.75), layout="constrained")
    panels = figure.subplots(2 * tall, wide, squeeze=False, height_ratios=heights * tall)
    stand = [int(state[i]) for i in game.target_axes]
    low, high = min(0.0, parameters.min()), max(0.0, parameters.max())
    for k, title in enumerate(_titles(agent, externals)):
        panel, strip = panels[2 * (k // wide), k % wide], panels[2 * (k // wide) + 1, k % wide]
        empty_board(panel, board, 7)
        panel.set_title(title, fontsize=9)
        for cell in cells:
            draw_policy(panel, game, agent, cell, policies[k, cell])
        for i, (target, at) in enumerate(zip(game.targets, stand, strict=True)):
            right, down = _CORNERS[stand[:i].count(at) % 4]  # out of the arrows' way
            token(panel, game, target, at % game.columns + right, at // game.columns + down, 24 * side / game.columns)
        _bars(strip, externals.family.parameter_names, parameters[k], named=k % wide == 0)
        strip.set_xlim(1.5 * low - 0.1 * high, 1.3 * high - 0.1 * low)
    for axes in panels.ravel():
        axes.set_visible(bool(axes.get_title()) or bool(axes.containers))
    key = (
        "arrows: the probability of a move, by length and width; ring: of staying, by radius (1: to the edge of the cell)\n"
        f"moves below {NEGLIGIBLE} are left out; bars: the parameters, without unit; where the targets stand:"
    )  # fmt: skip
    figure.legend(handles=legend(game, game.targets), title=key, title_fontsize=8, fontsize=8, loc="outside lower center",
                  ncols=len(game.targets), frameon=False)  # fmt: skip
    shown = policies[:, cells]
    where = [f"{a} stands in {place(game.columns, c)}" for a, c in zip(game.targets, stand, strict=True)]
    alt = f"Moves of {len(externals)} externals of {game.name} from each cell while {' and '.join(where)}. "
    return figure, alt + _in_words(agent, moves, shown, ", mean over cells")


def draw_policy(axes: Axes, game: BoardGame, agent: str, cell: int, policy: Array) -> None:
    """Draw the moves of one policy (A,) from a cell: an arrow each, and a ring for staying."""
    row, column = divmod(cell, game.columns)
    for a, (right, down) in enumerate(arrows(game, agent, policy)):
        probability = float(policy[a])
        if probability < NEGLIGIBLE:
            continue
        length = np.hypot(right, down)
        if length == 0:
            ring = Circle((column, row), (GAP + REACH) * probability, fill=False, edgecolor=ORANGE, linewidth=2)
            axes.add_patch(ring)
            continue
        x, y = column + GAP * right / length, row + GAP * down / length
        wide = 0.02 + 0.09 * probability
        head = {"head_width": 2.6 * wide, "head_length": min(0.14, 0.6 * length), "length_includes_head": True}
        axes.add_patch(FancyArrow(x, y, right, down, width=wide, facecolor=BLUE, linewidth=0, **head))


def _strategies(game: Game, externals: Externals, state: Tensor) -> tuple[Figure, str]:
    title = scene_of(game, state).title
    seen = game.observe(state[None])
    K = len(externals)
    chosen = externals.policies(torch.arange(K), [seen[e].expand(K, -1) for e in game.external_axes])  # (K, A_e) each
    alone = len(game.externals) == 1
    moves = [action_names(game, e) for e in game.external_axes]
    names = [a if alone else f"{x}: {a}" for x, own in zip(game.externals, moves, strict=True) for a in own]
    values = torch.cat(chosen, dim=1).numpy()
    wide, tall = _grid(K)
    figure = Figure(figsize=(WIDTH, tall * (0.5 + 0.3 * len(names)) + 0.5), layout="constrained")
    panels = figure.subplots(tall, wide, squeeze=False)
    for axes in panels.ravel()[K:]:
        axes.set_visible(False)
    for k, name in enumerate(_titles(" and ".join(game.externals), externals)):
        axes = panels[k // wide, k % wide]
        _bars(axes, names, values[k], named=k % wide == 0, decimals=2)
        axes.set_xlim(0, 1.25)
        axes.set_title(name, fontsize=9)
    figure.supxlabel("probability of each action", fontsize=9)
    if title:
        figure.suptitle(title, fontsize=10)
    sentences = [f"The policies of {K} externals of {game.name}.", *([f"{title}."] if title else [])]
    for agent, own, policy in zip(game.externals, moves, chosen, strict=True):
        sentences.append(_in_words(agent, own, policy.double().numpy()[:, None]))
    return figure, " ".join(sentences)


def _in_words(agent: str, moves: Sequence[str], policies: Array, over: str = "") -> str:
    """The likeliest action of each of K policies (K, C, A), and how much they differ."""
    most = [f"{agent} {k} {moves[p.argmax()]} ({p.max():.2f})" for k, p in enumerate(policies.mean(1))]
    text = f"Likeliest action and its probability{over}: {', '.join(most)}."
    if len(policies) > 1:
        text += f" Two of them differ by {difference(policies):.2f} on average (total variation: 0 alike, 1 disjoint)."
    return text


def _grid(K: int) -> tuple[int, int]:
    """Number of panels in a row, and of rows, for K panels."""
    wide = 2 if K == 4 else min(K, 3)
    return wide, -(-K // wide)


def _titles(agent: str, externals: Externals) -> list[str]:
    return [f"{agent} {k} (seed {seed})" for k, seed in enumerate(externals.seeds)]


def _bars(axes: Axes, names: Sequence[str], values: Array, named: bool, decimals: int = 1) -> None:
    """Draw one bar for each value, which is written beside it; names only where `named`."""
    bars = axes.barh(range(len(values)), values, color=BLUE, height=0.7)
    written = [f"{round(v, decimals) + 0.0:.{decimals}f}".replace("-", "−") for v in values.tolist()]  # no −0.0
    axes.bar_label(bars, written, fontsize=8, padding=2)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(range(len(values)), names if named else [""] * len(values), fontsize=8)
    axes.tick_params(length=0)
    axes.set(xticks=[], ylim=(len(values) - 0.4, -0.6))
    for spine in axes.spines.values():
        spine.set_visible(False)
