"""Teams against each other, and equilibria.

1. `cross_play`: the best response to one external, played against another; the diagonal is the best possible.
2. `nash_conv`: the distance of two opposed teams from an equilibrium.
3. `nash_equilibria` of a two-player matrix game.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import combinations, product

import numpy as np

from .tabulate import Tabulated
from .values import Array, best_response, evaluate, team_reward, team_value


def cross_play(game: Tabulated, externals: Sequence[Sequence[Array]]) -> Array:
    """Values (K, K): entry (j, k) is the value of the best response to external j against external k.

    `externals[k]` is the list of policies (S, A_e) of external k. No entry of a column exceeds its diagonal one.
    """
    responses = [best_response(game, x).policies for x in externals]
    return np.array([[team_value(game, team, x) for x in externals] for team in responses])


def nash_conv(game: Tabulated, policies: Sequence[Array]) -> float:
    """The sum of both teams' gains from a best response to the other; 0 at an equilibrium.

    Args: policies, one (S, A_j) per agent, in the agents' order. The externals are the second team.
    Raises ValueError unless the teams' mean rewards add up to zero.

    The members of a team act independently. A team of two or more may need to correlate its actions to reach the value
    of the game; then even the best independent policies leave a NashConv above zero.
    Source: Lanctot et al., "A unified game-theoretic approach to multiagent reinforcement learning" (2017).
    """
    other_side = dataclasses.replace(game, target_axes=game.external_axes, external_axes=game.target_axes)
    ours, theirs = team_reward(game), team_reward(other_side)
    if np.abs(ours + theirs).max() > 1e-9:
        raise ValueError(
            "NashConv of two teams is for zero-sum games: here the targets' and the externals' mean rewards add up to "
            f"as much as {np.abs(ours + theirs).max():.3g}"
        )
    value = game.start @ evaluate(game, policies)
    gain_ours = best_response(game, [policies[e] for e in game.external_axes]).value - value
    gain_theirs = best_response(other_side, [policies[i] for i in game.target_axes]).value + value
    return float(gain_ours + gain_theirs)


def nash_equilibria(payoffs: Array) -> list[tuple[Array, Array]]:
    """The Nash equilibria of a two-player matrix game whose supports have equal size: all, in a game without ties.

    Args: payoffs (A_1, A_2, 2). Returns pairs of policies (A_1,) and (A_2,). Support enumeration: for each pair of
    supports, find the mixtures that make the other player indifferent, and keep those that nobody has a reason to leave.

    >>> pennies = np.array([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    >>> [[p.tolist() for p in pair] for pair in nash_equilibria(pennies)]
    [[[0.5, 0.5], [0.5, 0.5]]]
    """
    row, column = np.moveaxis(np.asarray(payoffs, float), -1, 0)
    found: list[tuple[Array, Array]] = []
    for size in range(1, min(row.shape) + 1):
        supports = product(combinations(range(row.shape[0]), size), combinations(range(row.shape[1]), size))
        for rows, columns in supports:
            y = _indifferent(row[np.ix_(rows, columns)])  # the column player's mixture
            x = _indifferent(column[np.ix_(rows, columns)].T)
            if x is None or y is None:
                continue
            p, q = np.zeros(row.shape[0]), np.zeros(row.shape[1])
            p[list(rows)], q[list(columns)] = x, y
            values = (row @ q, p @ column)
            stay = all(v.max() <= v @ own + 1e-9 for v, own in zip(values, (p, q), strict=True))
            known = any(np.abs(p - a).max() + np.abs(q - b).max() < 1e-9 for a, b in found)
            if stay and not known:
                found.append((p, q))
    return found


def _indifferent(table: Array) -> Array | None:
    """The mixture of columns under which all rows of a square table have the same value; None if there is none."""
    k = len(table)
    system = np.block([[table, -np.ones((k, 1))], [np.ones((1, k)), np.zeros((1, 1))]])
    if abs(np.linalg.det(system)) < 1e-9:
        return None
    mixture = np.linalg.solve(system, np.append(np.zeros(k), 1.0))[:k]
    return mixture if mixture.min() > -1e-9 else None
